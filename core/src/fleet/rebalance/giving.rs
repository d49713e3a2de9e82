//! Which sources may give in the model `demand`, how much, and what they lose by it.

use std::cmp::Ordering;

use super::candidate::{Ranked, Source};
use super::market::{Market, loss};
use super::*;
use crate::fleet::channel::{Demand, Phase, local_share};
use crate::units::{Real, Sat, Share};

/// A move whose source is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'m> {
    /// The amount that the caller asks for; none when we size it.
    pub amount: Option<Sat>,
    pub demand: Demand,
    /// The peer of the channel that should be filled.
    pub peer: Option<&'m NodeId>,
}

/// A source that may give, and the most that it can give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admissible<'s> {
    pub source: &'s Source,
    pub gives: Sat,
}

/// A source that can give the amount.
#[derive(Clone, Copy, Debug)]
pub(super) struct Giver<'s> {
    pub source: &'s Source,
    pub gives: Sat,
    loss: f64,
    share_after: f64,
}

impl Giver<'_> {
    /// The least loss first, then the fullest afterwards: of two that lose alike the emptier one
    /// would sooner ask for its sats back. Ties by id.
    pub fn order(&self, other: &Self) -> Ordering {
        self.loss
            .total_cmp(&other.loss)
            .then(other.share_after.total_cmp(&self.share_after))
            .then_with(|| self.source.channel_id.cmp(&other.source.channel_id))
    }

    pub fn ranked(&self) -> Result<Ranked, Error> {
        Ok(Ranked {
            gives_sats: Some(self.gives),
            local_share_after: Some(Real::new(self.share_after)?),
            loss: Some(RealSat::new(self.loss)?),
            ..Ranked::of(&self.source.channel_id)
        })
    }
}

/// What a source keeps of its capacity: below the bound of a depleted channel it would ask for a
/// rebalance itself, and the sats would go to and fro at a fee each time.
fn kept_share(config: &Config) -> Share {
    let set = config.rebalance.source_min_share;
    set.unwrap_or(config.liquidity.depleted_below)
}

fn share_after(source: &Source, amount: u64) -> f64 {
    let local = source.local_sats.unwrap_or(source.spendable_sats);
    let left = Sat::clamped(local.get().saturating_sub(amount));
    local_share(left, source.capacity_sats).unwrap_or(0.0)
}

/// The most that a source can give and keep its share.
fn gives(kept: Share, source: &Source) -> Sat {
    let local = source.local_sats.unwrap_or(source.spendable_sats);
    let most = source.spendable_sats.min(source.capacity_sats).min(local);
    let guess = local.as_f64() - kept.get() * source.capacity_sats.as_f64();
    let keeps = |amount: u64| share_after(source, amount) >= kept.get();
    // The guess multiplies and the rule divides: the last bit may say otherwise.
    let found = flip::last_integer_near(guess.max(0.0) as u64, 0, most.get(), keeps);
    Sat::clamped(found.unwrap_or(0))
}

/// The sources that may give at all; every other one has its reasons.
pub(super) fn admissible<'s>(
    config: &Config,
    wanted: Move<'_>,
    sources: impl Iterator<Item = &'s Source>,
    why: &mut Why,
) -> Vec<Admissible<'s>> {
    let kept = kept_share(config);
    if wanted.peer.is_none() {
        why.add(|| Reason::new(Code::PeerUnknown, Effect::Warn));
    }
    let mut found = Vec::new();
    for source in sources {
        let refusals = refusals(config, kept, wanted, source);
        let fits = refusals.is_empty();
        if wanted.peer.is_some() && source.peer_id.is_none() {
            why.add(|| Reason::new(Code::PeerUnknown, Effect::Warn).about(&source.channel_id));
        }
        for refusal in refusals {
            why.add(|| refusal.about(&source.channel_id));
        }
        if fits {
            let gives = gives(kept, source);
            found.push(Admissible { source, gives });
        }
    }
    found
}

fn refusals(config: &Config, kept: Share, wanted: Move<'_>, source: &Source) -> Vec<Reason> {
    let settings = &config.rebalance;
    let refuse = |code| Reason::new(code, Effect::Adjust);
    let mut refusals = Vec::new();
    // The peer may forward over any of its channels: the payment can come back through the one it
    // left, for a fee and nothing else.
    if wanted.peer.is_some() && source.peer_id.as_ref() == wanted.peer {
        refusals.push(refuse(Code::SamePeer));
    }
    if source.phase.is_some_and(|phase| phase != Phase::Usable) {
        refusals.push(refuse(Code::NotInNormalOperation));
    }
    let uptime = source.uptime_pct.unwrap_or(const { Real::constant(100.0) });
    if !source.connected || uptime < settings.min_uptime_pct {
        refusals.push(
            refuse(Code::SourceOffline)
                .observed(uptime)
                .limit(settings.min_uptime_pct),
        );
    }
    let share = share_after(source, 0);
    if share < kept.get() {
        let reason = refuse(Code::SourceDepleted);
        refusals.push(reason.observed(share).limit(kept));
    }
    refusals
}

/// Those that can give `amount`; every other one has its reason.
pub(super) fn able<'s>(
    admissible: &[Admissible<'s>],
    wanted: Move<'_>,
    amount: Sat,
    why: &mut Why,
) -> Vec<Giver<'s>> {
    let mut giving = Vec::new();
    for one in admissible {
        let source = one.source;
        if one.gives < amount {
            why.add(|| {
                Reason::new(Code::SourceGivesLess, Effect::Adjust)
                    .about(&source.channel_id)
                    .observed(one.gives)
                    .limit(amount)
                    .flip_if("amount_sats", asked_less(wanted, one.gives))
            });
            continue;
        }
        let (flow, age) = (source.flow.as_ref(), source.age_days);
        let market = Market::of(flow, age, &wanted.demand, amount);
        giving.push(Giver {
            source,
            gives: one.gives,
            loss: loss(&market, source.spendable_sats, source.fee_ppm, amount),
            share_after: share_after(source, amount.get()),
        });
    }
    if giving.is_empty() {
        let most = admissible.iter().map(|one| one.gives).max();
        why.add(|| {
            Reason::new(Code::NoSource, Effect::Refuse).flip_if(
                "amount_sats",
                most.and_then(|most| asked_less(wanted, most)),
            )
        });
    }
    giving
}

/// An amount that the caller could ask for instead.
fn asked_less(wanted: Move<'_>, gives: Sat) -> Option<Sat> {
    let legal = wanted.amount.is_some() && gives > Sat::MIN;
    legal.then_some(gives)
}
