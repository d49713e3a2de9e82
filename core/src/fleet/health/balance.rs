//! How evenly a node's channels are filled: 100 when every channel is half full.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"channels":[{"local_pct":0.1},{"local_pct":0.5}]}"#;
//! let answer = Policy::plan().call("health.liquidity_score", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""liquidity_score":80"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! With `spread: "half"` (plan, plugin) a node whose channels are all empty or all full scores 50,
//! the same as a node without channels; `spread: "full"` gives it 0.
//!
//! Source: plan §1, plugin. Codes: `liquidity_spread`, `no_channels`.

use super::{HealthConfig, Spread};
use crate::config::Config;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Points, Share};

/// A node without channels is neither well nor badly spread.
const NO_CHANNELS: Points = Points::constant(50);

/// The channels to judge.
#[record(Default)]
pub struct LiquidityScoreInput {
    /// The node's channels.
    pub channels: Vec<LocalShare>,
}

/// How full a channel is on our side.
#[record(Copy)]
pub struct LocalShare {
    /// Share of the capacity on our side.
    pub local_pct: Share,
}

/// How evenly the channels are filled.
#[record(open, Copy)]
pub struct LiquidityScored {
    /// The score.
    pub liquidity_score: Points,
}

/// Scores the spread of a node's channels.
pub fn liquidity_score(
    config: &Config,
    input: &LiquidityScoreInput,
    why: &mut Why,
) -> Result<LiquidityScored, Error> {
    Ok(LiquidityScored {
        liquidity_score: spread_score(&config.health, &input.channels, why),
    })
}

pub(super) fn spread_score(
    config: &HealthConfig,
    channels: &[LocalShare],
    why: &mut Why,
) -> Points {
    if channels.is_empty() {
        why.add(|| Reason::new(Code::NoChannels, Effect::Unchecked));
        return NO_CHANNELS;
    }
    let penalty = |channel: &LocalShare| (channel.local_pct.get() - 0.5).abs() * 100.0;
    let sum = config.sum_order.sum(channels.iter().map(penalty).collect());
    let count = channels.len() as f64;
    let score = match config.spread {
        Spread::Half => 100.0 - sum / count,
        Spread::Full => 100.0 - 2.0 * sum / count,
    };
    why.add(|| {
        let away = sum / count / 100.0;
        Reason::new(Code::LiquiditySpread, Effect::Adjust).observed(Share::clamped(away))
    });
    points_of(score)
}

/// Truncated and clamped; a float cast saturates.
pub(super) fn points_of(score: f64) -> Points {
    Points::clamped(score as u8)
}
