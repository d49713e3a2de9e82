//! Whether one more report fits its limit: a sliding window, state in and state out.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let answer = Policy::plan().call("limits.check", br#"{"history":[100],"now":159}"#)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""retry_at":160"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! A stamp counts while its age is below the period; a stamp of the future counts as of now.
//!
//! Source: plan §7, plugin. Codes: `within_limit`, `rate_limited`.

use crate::config::Config;
pub use crate::config::limits::LimitsConfig;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Count, Seconds};

/// Past reports and the one that asks.
#[record]
pub struct LimitInput {
    /// So many fit the period; that of local reports when absent.
    pub count: Option<Count>,
    /// When earlier ones were accepted.
    pub history: Vec<Seconds>,
    /// The present moment.
    pub now: Seconds,
    /// The period; that of local reports when absent.
    pub period_s: Option<Seconds>,
}

/// Whether one more fits.
#[record(open)]
pub struct Limited {
    /// Whether it fits.
    pub allowed: bool,
    /// The history to keep, this one included when it fits, oldest first.
    pub history: Vec<Seconds>,
    /// When one would fit; absent when one fits now or never will.
    pub retry_at: Option<Seconds>,
}

/// Whether one more report fits its limit.
pub fn check(config: &Config, input: &LimitInput, why: &mut Why) -> Result<Limited, Error> {
    let count = input.count.unwrap_or(config.limits.report_count);
    let period = input.period_s.unwrap_or(config.limits.report_period_s);
    let most = usize::try_from(count.get()).unwrap_or(usize::MAX);
    let mut history: Vec<Seconds> = input.history.clone();
    history.retain(|at| input.now.less(*at) < period);
    sorting::by(&mut history, Ord::cmp);
    let observed = history.len() as u64;
    let allowed = history.len() < most;
    let retry_at = match history.len().checked_sub(most) {
        // The stamp whose end makes room; with room for none there is no such stamp.
        Some(over) if most > 0 => history
            .get(over)
            .map(|at| Seconds::clamped(at.get().saturating_add(period.get()))),
        _ => None,
    };
    let (code, effect) = match allowed {
        true => (Code::WithinLimit, Effect::Allow),
        false => (Code::RateLimited, Effect::Defer),
    };
    why.add(|| {
        let reason = Reason::new(code, effect).observed(observed).limit(count);
        reason.flip_if("now", retry_at)
    });
    if allowed {
        history.push(input.now);
        sorting::by(&mut history, Ord::cmp);
    }
    Ok(Limited {
        allowed,
        history,
        retry_at,
    })
}
