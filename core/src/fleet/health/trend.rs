//! Where revenue is going: the last half of equal windows against the first half.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let answer = Policy::plan().call("health.trend", br#"{"windows":[1000,1000,1000,5000]}"#)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""trend":"improving""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! The bound is far out (`health.trend_ratio`): on a real node a fortnight against the one before
//! lies between half and two and a half times by chance.
//!
//! Source: plan §1. Codes: `revenue_rising`, `revenue_falling`, `revenue_steady`,
//! `insufficient_history`.

use super::{HealthConfig, Trend};
use crate::config::Config;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::Msat;

/// Revenue of equal, adjoining stretches of time.
#[record(Default)]
pub struct TrendInput {
    /// Revenue per window, oldest first.
    pub windows: Vec<Msat>,
}

/// Where revenue is going.
#[record(open, Copy)]
pub struct Trended {
    /// The trend.
    pub trend: Trend,
}

/// The trend of a node's revenue.
pub fn trend(config: &Config, input: &TrendInput, why: &mut Why) -> Result<Trended, Error> {
    Ok(Trended {
        trend: trend_of(&config.health, &input.windows, why),
    })
}

pub(super) fn trend_of(config: &HealthConfig, windows: &[Msat], why: &mut Why) -> Trend {
    let half = windows.len() / 2;
    if half == 0 {
        why.add(|| too_short(windows.len() as u64, 2));
        return Trend::Stable;
    }
    // A sum of u64 in i128 cannot overflow before the list outgrows any memory.
    let sum = |window: &Msat| i128::from(window.get());
    let first: i128 = windows.iter().take(half).map(sum).sum();
    let last: i128 = windows.iter().rev().take(half).map(sum).sum();
    let rises = i128::from(config.trend_ratio.get());
    // Below this part of the first half it falls.
    let (part, whole) = match config.trend_falls_below {
        Some(percent) => (i128::from(percent.get()), 100),
        None => (100, rises),
    };
    let (trend, code, bound) = if last * 100 > first * rises {
        (Trend::Improving, Code::RevenueRising, first * rises / 100)
    } else if last * whole < first * part {
        (
            Trend::Declining,
            Code::RevenueFalling,
            first * part / whole.max(1),
        )
    } else {
        (Trend::Stable, Code::RevenueSteady, first)
    };
    why.add(|| {
        Reason::new(code, Effect::Adjust)
            .observed(last)
            .limit(bound)
    });
    trend
}

/// So many windows show no trend.
pub(in crate::fleet) fn too_short(windows: u64, needed: u64) -> Reason {
    Reason::new(Code::InsufficientHistory, Effect::Unchecked)
        .observed(windows)
        .limit(needed)
}
