//! When a channel may be tried again: back-off after failures, rest after a success.
//!
//! Source: the deployed plugin. Codes: `backing_off`, `given_up`, `cooling_down`, `ready`.

use super::*;
use crate::units::Count;

/// The failures of a channel.
#[record]
pub struct BackoffInput {
    /// How often it failed in a row.
    pub fails: Count,
    /// When it failed last; never when absent.
    pub last_failure: Option<Seconds>,
    /// The time.
    pub now: Seconds,
}

/// The last success of a channel.
#[record]
pub struct CooldownInput {
    /// When it last succeeded; never when absent.
    pub last_success: Option<Seconds>,
    /// The time.
    pub now: Seconds,
}

/// Whether a channel may be tried now.
#[record(open, Copy)]
pub struct Pause {
    /// Whether it may be tried now.
    pub ready: bool,
    /// How long until it may.
    pub wait_s: Seconds,
}

/// Answers whether a channel that failed may be tried again.
pub fn backoff(config: &Config, input: &BackoffInput, why: &mut Why) -> Result<Pause, Error> {
    let settings = &config.rebalance;
    let Some(last) = input.last_failure else {
        return Ok(pause(None, Code::Ready, input.now, why));
    };
    let doubled = settings.backoff_s.get() << input.fails.get().min(4);
    let until_retry = last.plus(Seconds::named("backoff_s", doubled)?)?;
    if input.fails > settings.give_up_after {
        let until = last.plus(settings.give_up_s)?.max(until_retry);
        return Ok(pause(Some(until), Code::GivenUp, input.now, why));
    }
    Ok(pause(Some(until_retry), Code::BackingOff, input.now, why))
}

/// Answers whether a channel that succeeded has rested.
pub fn cooldown(config: &Config, input: &CooldownInput, why: &mut Why) -> Result<Pause, Error> {
    let rest = Seconds::new(u64::from(config.rebalance.cooldown_h.get()) * 3600)?;
    let until = match input.last_success {
        Some(last) => Some(last.plus(rest)?),
        None => None,
    };
    Ok(pause(until, Code::CoolingDown, input.now, why))
}

fn pause(until: Option<Seconds>, code: Code, now: Seconds, why: &mut Why) -> Pause {
    let wait_s = until.map_or(Seconds::MIN, |until| until.less(now));
    let ready = wait_s == Seconds::MIN;
    why.add(|| match until.filter(|_| !ready) {
        Some(until) => Reason::new(code, Effect::Defer)
            .observed(now)
            .limit(until)
            .flip("now", until),
        None => Reason::new(Code::Ready, Effect::Allow),
    });
    Pause { ready, wait_s }
}
