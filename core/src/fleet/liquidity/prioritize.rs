//! In which order needs deserve attention: the worse the health and the more urgent, the sooner.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let needs = br#"{"needs":[{"id":"a","health_score":90,"urgency":"high"},{"id":"b","health_score":20,"urgency":"low"}]}"#;
//! let answer = Policy::plan().call("liquidity.prioritize", needs)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#"[{"id":"b","priority":0.4}"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan §3, plugin. Codes: `needs_ordered`.

use crate::config::Config;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{NodeId, Real, Score};

/// The needs to order.
#[record(Default)]
pub struct PrioritizeInput {
    /// The needs; those of equal priority keep this order.
    pub needs: Vec<Urgent>,
}

/// One need.
#[record]
pub struct Urgent {
    /// The health score of whoever needs it.
    pub health_score: Score,
    /// Its id.
    pub id: NodeId,
    /// How urgent it is.
    pub urgency: Urgency,
}

/// How urgent a need is.
#[choice]
pub enum Urgency {
    /// Twice a medium one.
    Critical,
    /// Half as much again as a medium one.
    High,
    /// The measure.
    Medium,
    /// Half a medium one.
    Low,
}

impl Urgency {
    const fn weight(self) -> f64 {
        match self {
            Self::Critical => 2.0,
            Self::High => 1.5,
            Self::Medium => 1.0,
            Self::Low => 0.5,
        }
    }
}

/// A need with its priority.
#[record(open)]
pub struct Prioritized {
    /// Its id.
    pub id: NodeId,
    /// 0 for a healthy node, up to 2.
    pub priority: Real,
}

/// The needs in order.
#[record(open)]
pub struct PrioritizedNeeds {
    /// The highest priority first.
    pub needs: Vec<Prioritized>,
}

/// Orders needs.
pub fn prioritize(
    _: &Config,
    input: &PrioritizeInput,
    why: &mut Why,
) -> Result<PrioritizedNeeds, Error> {
    let again = sorting::repeats(input.needs.iter().map(|need| &need.id));
    if let Some((need, _)) = input.needs.iter().zip(again).find(|(_, again)| *again) {
        return Err(Error::duplicate("needs", &need.id));
    }
    let priority = |need: &Urgent| Prioritized {
        id: need.id.clone(),
        priority: Real::clamped((1.0 - need.health_score.get() / 100.0) * need.urgency.weight()),
    };
    let mut needs: Vec<Prioritized> = input.needs.iter().map(priority).collect();
    sorting::by(&mut needs, |a, b| {
        b.priority.get().total_cmp(&a.priority.get())
    });
    why.add(|| Reason::new(Code::NeedsOrdered, Effect::Allow).observed(needs.len() as u64));
    Ok(PrioritizedNeeds { needs })
}
