//! Many refusals as a count per reason code, each with the one that is closest to a yes.

use crate::reason::{Code, Quantity, Reason};
use crate::units::Count;

/// How often one reason refused something, and the case that is closest to a yes.
#[record(open)]
pub struct RefusalCount {
    /// The case that is closest to a yes: its subject, what was seen, the limit, the value that
    /// ends the reason.
    pub closest: Reason,
    /// The reason.
    pub code: Code,
    /// How often.
    pub count: Count,
}

/// Refusals, counted as they come.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<(f64, RefusalCount)>);

impl Refusals {
    /// Counts one. Of two that are as close the smaller subject is kept.
    pub fn add(&mut self, reason: &Reason) {
        let gap = gap(reason);
        let known = self.0.iter_mut().find(|(_, one)| one.code == reason.code);
        let Some((least, known)) = known else {
            let first = RefusalCount {
                closest: reason.clone(),
                code: reason.code,
                count: const { Count::constant(1) },
            };
            return self.0.push((gap, first));
        };
        known.count = Count::clamped(known.count.get().saturating_add(1));
        let closer = gap
            .total_cmp(least)
            .then_with(|| reason.subject.cmp(&known.closest.subject));
        if closer.is_lt() {
            (*least, known.closest) = (gap, reason.clone());
        }
    }

    /// The most frequent first; ties by the code's place in the registry.
    pub fn counted(self) -> Vec<RefusalCount> {
        let mut all: Vec<RefusalCount> = self.0.into_iter().map(|(_, one)| one).collect();
        crate::sorting::by(&mut all, |a, b| {
            b.count.cmp(&a.count).then(a.code.cmp(&b.code))
        });
        all
    }
}

/// How far what was seen lies from the limit, as a share of the limit; infinitely far where the
/// reason holds no two numbers or no value ends it.
fn gap(reason: &Reason) -> f64 {
    let number = |quantity: &Option<Quantity>| match quantity {
        Some(Quantity::Whole(n)) => Some(*n as f64),
        Some(Quantity::Real(x)) => Some(*x),
        _ => None,
    };
    match (number(&reason.observed), number(&reason.limit)) {
        (Some(observed), Some(limit)) => (observed - limit).abs() / limit.abs().max(1.0),
        _ => f64::INFINITY,
    }
}
