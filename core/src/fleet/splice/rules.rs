//! The rules of an exit, one row each: what it says, when it holds, how it speaks, what ends it.
//! Verdict and reasons come from the same rows.

use super::Safety;
use super::standing::Standing;
use crate::flip;
use crate::reason::{Code, Effect, Quantity, Reason, Why};
use crate::units::Sat;

/// When a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// First: what no channel can do.
    Bound,
    /// Where too little is known for the others.
    Unknown,
    /// Each makes the exit safe by itself, within the bound.
    For,
    /// Where none of those holds.
    Against,
}

/// What would end what a rule says.
#[derive(Clone, Copy, Debug)]
enum End {
    /// No amount does.
    Never,
    /// A larger amount.
    More,
    /// A smaller amount.
    Less,
    /// This value of another field.
    Field(&'static str, &'static str),
}

/// What a rule saw and what it holds it against.
type Shown = (Option<Quantity>, Option<Quantity>);

/// One rule.
struct Rule {
    code: Code,
    stage: Stage,
    verdict: Safety,
    holds: fn(&Standing<'_>, u64) -> bool,
    shows: fn(&Standing<'_>, u64) -> Shown,
    ends: End,
}

fn both(observed: impl Into<Quantity>, limit: impl Into<Quantity>) -> Shown {
    (Some(observed.into()), Some(limit.into()))
}

fn keeps_share(standing: &Standing<'_>, amount: u64) -> bool {
    standing.share(standing.left(amount)) >= standing.config.min_share.get()
}

fn keeps_sats(standing: &Standing<'_>, amount: u64) -> bool {
    standing.left(amount) >= standing.config.min_sats.get()
}

fn share_after(standing: &Standing<'_>, amount: u64) -> Shown {
    let share = standing.share(standing.left(amount));
    both(share, standing.config.min_share)
}

fn least_of_others(standing: &Standing<'_>) -> Sat {
    standing.config.min_sats.max(const { Sat::constant(1) })
}

/// In the order in which they speak.
static RULES: [Rule; 9] = [
    Rule {
        code: Code::BeyondOwnBalance,
        stage: Stage::Bound,
        verdict: Safety::Blocked,
        holds: |standing, amount| standing.gives.is_some_and(|most| amount > most.get()),
        shows: |standing, amount| both(amount, standing.gives.unwrap_or_default()),
        ends: End::Less,
    },
    Rule {
        code: Code::HiveUnreachable,
        stage: Stage::Unknown,
        verdict: Safety::Unchecked,
        holds: |standing, _| !standing.reachable,
        shows: |_, _| (None, None),
        ends: End::Field("hive_reachable", "true"),
    },
    Rule {
        code: Code::PeerCapacityUnknown,
        stage: Stage::Unknown,
        verdict: Safety::Unchecked,
        holds: |standing, _| standing.reachable && standing.total.is_none(),
        shows: |_, _| (None, None),
        ends: End::Field("peer_public_sats", "1"),
    },
    Rule {
        code: Code::ShareKept,
        stage: Stage::For,
        verdict: Safety::Safe,
        holds: |standing, amount| keeps_share(standing, amount) && keeps_sats(standing, amount),
        shows: share_after,
        ends: End::More,
    },
    Rule {
        code: Code::OthersCover,
        stage: Stage::For,
        verdict: Safety::Safe,
        holds: |standing, _| standing.others >= least_of_others(standing),
        shows: |standing, _| both(standing.others, least_of_others(standing)),
        ends: End::Never,
    },
    Rule {
        code: Code::PartialKept,
        stage: Stage::For,
        verdict: Safety::Safe,
        holds: |standing, amount| {
            let (ours, config) = (standing.ours.get(), standing.config);
            config.partial && ours > amount && ours - amount >= config.min_sats.get()
        },
        shows: |standing, amount| {
            let kept = standing.ours.get().saturating_sub(amount);
            both(kept, standing.config.min_sats)
        },
        ends: End::More,
    },
    Rule {
        code: Code::ShareBelowMinimum,
        stage: Stage::Against,
        verdict: Safety::Coordinate,
        holds: |standing, amount| !keeps_share(standing, amount),
        shows: share_after,
        ends: End::Less,
    },
    Rule {
        code: Code::CapacityBelowMinimum,
        stage: Stage::Against,
        verdict: Safety::Coordinate,
        holds: |standing, amount| !keeps_sats(standing, amount),
        shows: |standing, amount| both(standing.left(amount), standing.config.min_sats),
        ends: End::Less,
    },
    Rule {
        code: Code::WouldDisconnect,
        stage: Stage::Against,
        verdict: Safety::Blocked,
        holds: |standing, amount| standing.left(amount) == 0,
        shows: |standing, amount| both(amount, standing.fleet),
        ends: End::Less,
    },
];

/// Whether a rule of a stage holds.
fn any(stage: Stage, standing: &Standing<'_>, amount: u64) -> bool {
    let mut rules = RULES.iter().filter(|rule| rule.stage == stage);
    rules.any(|rule| (rule.holds)(standing, amount))
}

/// Whether no channel of ours can give so much.
pub(super) fn is_beyond(standing: &Standing<'_>, amount: u64) -> bool {
    any(Stage::Bound, standing, amount)
}

impl Rule {
    /// Whether it has a say about this amount.
    fn speaks(&self, standing: &Standing<'_>, amount: u64) -> bool {
        let asked = match self.stage {
            Stage::Bound | Stage::Unknown => true,
            Stage::For => standing.is_known() && !is_beyond(standing, amount),
            Stage::Against => standing.is_known() && !any(Stage::For, standing, amount),
        };
        asked && (self.holds)(standing, amount)
    }

    fn effect(&self, verdict: Safety) -> Effect {
        match (self.stage, verdict) {
            (Stage::For, _) => Effect::Allow,
            (Stage::Unknown, _) => Effect::Unchecked,
            (_, Safety::Blocked) => Effect::Refuse,
            _ => Effect::Defer,
        }
    }

    fn reason(&self, standing: &Standing<'_>, amount: u64, verdict: Safety) -> Reason {
        let mut reason = Reason::new(self.code, self.effect(verdict));
        (reason.observed, reason.limit) = (self.shows)(standing, amount);
        let most = standing.ours.get();
        let silent = |to: u64| !self.speaks(standing, to);
        match self.ends {
            End::Never => reason,
            End::More => reason.flip_if("amount_sats", flip::first_integer(amount, most, silent)),
            End::Less => reason.flip_if("amount_sats", flip::last_integer(0, amount, silent)),
            End::Field(field, to) => reason.flip(field, to),
        }
    }
}

/// The verdict on an exit: the worst that any rule says.
pub(super) fn verdict(standing: &Standing<'_>, amount: u64) -> Safety {
    let speaking = RULES.iter().filter(|rule| rule.speaks(standing, amount));
    let verdicts = speaking.map(|rule| rule.verdict);
    verdicts.max().unwrap_or(Safety::Unchecked)
}

/// The reasons of that verdict.
pub(super) fn explain(standing: &Standing<'_>, amount: u64, why: &mut Why) {
    let verdict = verdict(standing, amount);
    for rule in RULES.iter().filter(|rule| rule.speaks(standing, amount)) {
        why.add(|| rule.reason(standing, amount, verdict));
    }
}
