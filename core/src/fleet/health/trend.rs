//! Where revenue is going: the last half of equal windows against the first half.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let answer = Policy::plan().call("health.trend", br#"{"windows":[1000,1000,1000,1200]}"#)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""trend":"improving""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan §1. Codes: `revenue_rising`, `revenue_falling`, `revenue_steady`,
//! `insufficient_history`.

use super::Trend;
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
pub fn trend(_: &Config, input: &TrendInput, why: &mut Why) -> Result<Trended, Error> {
    Ok(Trended {
        trend: trend_of(&input.windows, why),
    })
}

pub(super) fn trend_of(windows: &[Msat], why: &mut Why) -> Trend {
    let half = windows.len() / 2;
    if half == 0 {
        why.add(|| {
            Reason::new(Code::InsufficientHistory, Effect::Unchecked)
                .observed(windows.len() as u64)
                .limit(2_u64)
        });
        return Trend::Stable;
    }
    // A sum of u64 in i128 cannot overflow before the list outgrows any memory.
    let sum = |window: &Msat| i128::from(window.get());
    let first: i128 = windows.iter().take(half).map(sum).sum();
    let last: i128 = windows.iter().rev().take(half).map(sum).sum();
    let (trend, code, bound) = if last * 100 > first * 105 {
        (Trend::Improving, Code::RevenueRising, 105)
    } else if last * 100 < first * 95 {
        (Trend::Declining, Code::RevenueFalling, 95)
    } else {
        (Trend::Stable, Code::RevenueSteady, 100)
    };
    why.add(|| {
        Reason::new(code, Effect::Adjust)
            .observed(last)
            .limit(first * bound / 100)
    });
    trend
}
