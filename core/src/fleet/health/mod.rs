//! How well a node does, from observable counts: score, tier and the multiplier of its *own* budget.
//!
//! ```
//! use trimtab_core::{config::Config, fleet::health::{self, Tier, Trend}, reason::Why, units::{Score, Share}};
//! let input = health::ScoreInput {
//!     profitable_pct: Share::new(1.0)?,
//!     underwater_pct: Share::new(0.0)?,
//!     liquidity_score: Score::new(100.0)?,
//!     trend: Trend::Improving,
//! };
//! let scored = health::score(&Config::default(), &input, &mut Why::off())?;
//! assert_eq!((scored.score.get(), scored.tier), (100, Tier::Thriving));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan, phase 1. Codes: `below_vulnerable`, `below_stable`, `below_thriving`, `thriving`.
//!
//! | file | decides |
//! |---|---|
//! | [`profit`] | whether a channel earns, from its forwards and its costs |
//! | [`balance`] | how evenly the channels are filled |
//! | [`trend`] | where revenue is going |
//! | [`assess`] | all of it in one record |
//! | [`mod@fleet`] | how the fleet does as a whole |
//! | [`verify`] | whether a report fits what we see |
//! | [`gossip_scale`] | the deployed plugin's second scale |

pub mod assess;
pub mod balance;
pub mod fleet;
pub mod gossip_scale;
pub mod profit;
pub mod trend;
pub mod verify;

use crate::config::Config;
use crate::config::health::TIERS;
pub use crate::config::health::{HealthConfig, Rounding, Spread, StagnantIf, SumOrder, Tier};
use crate::error::Error;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Multiplier, Points, Score, Share};

const HOUR: u64 = 3600;

/// Where revenue is going.
#[choice(Default)]
pub enum Trend {
    /// Up.
    Improving,
    /// Neither.
    #[default]
    Stable,
    /// Down.
    Declining,
}

impl Trend {
    const fn part(self) -> f64 {
        match self {
            Self::Improving => 1.0,
            Self::Stable => 0.5,
            Self::Declining => 0.0,
        }
    }
}

/// The shares of a node's channels and the state of its liquidity.
#[record]
pub struct ScoreInput {
    /// Share of channels that earn.
    pub profitable_pct: Share,
    /// Share of channels that lose.
    pub underwater_pct: Share,
    /// How balanced the channels are, 0 to 100.
    pub liquidity_score: Score,
    /// Where revenue is going.
    pub trend: Trend,
}

/// A health score with what follows from it.
#[record(open, Copy)]
pub struct Scored {
    /// Multiplier of the node's own budget and threshold.
    pub budget_multiplier: Multiplier,
    /// The score.
    pub score: Points,
    /// The tier of the score.
    pub tier: Tier,
}

/// Scores a node.
pub fn score(config: &Config, input: &ScoreInput, why: &mut Why) -> Result<Scored, Error> {
    let config = &config.health;
    let score = points(config, input);
    let with = |pct: f64| {
        let changed = ScoreInput {
            profitable_pct: Share::clamped(pct),
            ..input.clone()
        };
        points(config, &changed)
    };
    explain_tier(config, score, why, |reason, upper| {
        let now = input.profitable_pct.get();
        let lifted = |pct: f64| with(pct) > upper;
        let to = if score > upper {
            flip::last_real(Share::MIN.get(), now, |pct| !lifted(pct))
        } else {
            flip::first_real(now, Share::MAX.get(), lifted)
        };
        reason.flip_if("profitable_pct", to)
    });
    let tier = Tier::of(config, score);
    Ok(Scored {
        budget_multiplier: tier.multiplier(config),
        score,
        tier,
    })
}

/// One reason per tier that the score does not reach, or that it reached the best.
fn explain_tier(
    config: &HealthConfig,
    score: Points,
    why: &mut Why,
    flipped: impl Fn(Reason, Points) -> Reason,
) {
    for row in TIERS.iter().filter(|row| score <= row.tier.upper(config)) {
        let Some(code) = row.not_above else { break };
        why.add(|| {
            let upper = row.tier.upper(config);
            flipped(tier_reason(code, Effect::Adjust, score, upper), upper)
        });
    }
    if score > config.stable_max {
        why.add(|| {
            let reason = tier_reason(Code::Thriving, Effect::Allow, score, config.stable_max);
            flipped(reason, config.stable_max)
        });
    }
}

fn tier_reason(code: Code, effect: Effect, score: Points, upper: Points) -> Reason {
    Reason::new(code, effect).observed(score).limit(upper)
}

/// The points of each component of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Parts {
    profitable: f64,
    underwater: f64,
    liquidity: f64,
    trend: f64,
}

/// What each component gives at most.
const MOST: Parts = Parts {
    profitable: 40.0,
    underwater: 30.0,
    liquidity: 20.0,
    trend: 10.0,
};

/// The plan's formula, part by part.
fn parts(input: &ScoreInput) -> Parts {
    Parts {
        profitable: input.profitable_pct.get() * MOST.profitable,
        underwater: (1.0 - input.underwater_pct.get()) * MOST.underwater,
        liquidity: (input.liquidity_score.get() / 100.0) * MOST.liquidity,
        trend: input.trend.part() * MOST.trend,
    }
}

/// The sum of the parts, left to right in f64, rounded as is configured.
fn points(config: &HealthConfig, input: &ScoreInput) -> Points {
    let parts = parts(input);
    let total = parts.profitable + parts.underwater + parts.liquidity + parts.trend;
    config.rounding.score(total)
}

#[cfg(test)]
pub(in crate::fleet) mod tests;
