//! Which depleted channels are worth filling now, from where, and what stands against the others.

use super::node::{Node, Scene};
use super::operator::set_by_operator;
use super::refusals::{RefusalCount, Refusals};
use crate::error::Error;
use crate::fleet::channel::{Channel, HopFee};
use crate::fleet::conflict::{Action, conflict_of};
use crate::fleet::rebalance::candidate::Source;
use crate::fleet::rebalance::candidate::{EvaluateInput, Evaluated};
use crate::fleet::rebalance::evaluate::evaluate_from;
use crate::fleet::view::View;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Set;
use crate::units::{Count, NodeId, Ppm, RealSat, Sat, Seconds};

/// What the advice on filling one channel is.
#[choice]
pub enum MoveOutcome {
    /// It pays at what the route costs.
    WorthIt,
    /// What the route costs is unknown: it pays up to the given rate.
    PaysBelow,
    /// It pays, but a better proposal uses the budget or the source, or another member goes first.
    Waits,
    /// It does not pay, or it cannot be done.
    Refused,
}

/// The advice on filling one depleted channel.
#[record(open)]
pub struct MoveAdvice {
    /// How much to move.
    pub amount_sats: Option<Sat>,
    /// The channel to fill.
    pub channel_id: NodeId,
    /// What it is expected to be worth.
    pub ev: Option<RealSat>,
    /// What the route is expected to cost; absent where that is unknown.
    pub inbound_ppm: Option<Ppm>,
    /// What the peer takes for the last hop into the channel, its base fee included; absent where
    /// nobody tells it.
    pub last_hop: Option<HopFee>,
    /// The most to pay for the route.
    pub max_fee_ppm: Option<Ppm>,
    /// What the advice is.
    pub outcome: MoveOutcome,
    /// The dearest route at which it pays.
    pub pays_up_to_ppm: Option<Ppm>,
    /// The peer of the channel.
    pub peer_id: NodeId,
    /// Why, the sources aside.
    pub reasons: Vec<Reason>,
    /// Its place in the chain.
    pub short_channel_id: Option<NodeId>,
    /// The channel that gives best.
    pub source: Option<NodeId>,
    /// Why the other channels do not give.
    pub source_refusals: Vec<RefusalCount>,
    /// How many channels were considered as source.
    pub sources: Count,
    /// The least value that our tier accepts.
    pub threshold: Option<RealSat>,
    /// When to ask again, where another member goes first.
    pub until: Option<Seconds>,
}

/// A depleted channel with what became of it.
struct Attempt<'i> {
    channel: &'i Channel,
    question: EvaluateInput,
    /// What the route costs, where that is known.
    cost: Option<Ppm>,
    evaluated: Option<Evaluated>,
    reasons: Vec<Reason>,
    sources: Sources,
}

/// What was said about the sources of one destination.
#[derive(Debug, Default)]
struct Sources {
    considered: u32,
    refusals: Refusals,
}

/// Every depleted channel with the advice on filling it, the best first.
pub(super) fn moves(
    scene: &Scene<'_, '_>,
    why: &mut Why,
) -> Result<(Vec<MoveAdvice>, Vec<RefusalCount>), Error> {
    let node = scene.node;
    let sources = node.sources();
    let mut attempts = Vec::new();
    for (channel, _) in node.depleted()? {
        attempts.push(attempt(node, channel, &sources, node.budget.left_sats)?);
    }
    sorting::by(&mut attempts, order);
    let mut left = Left {
        budget: node.budget.left_sats,
        sources,
    };
    let mut advice = Vec::new();
    for first in attempts {
        advice.push(left.granted(node, scene.rivals, first)?);
    }
    sorting::by(&mut advice, |a: &MoveAdvice, b: &MoveAdvice| {
        a.outcome
            .cmp(&b.outcome)
            .then_with(|| dearer(a.ev, b.ev))
            .then_with(|| a.channel_id.cmp(&b.channel_id))
    });
    explain(&advice, why);
    let mut refusals = Refusals::default();
    for one in advice
        .iter()
        .filter(|one| one.outcome == MoveOutcome::Refused)
    {
        one.reasons
            .iter()
            .find(|reason| reason.binding)
            .into_iter()
            .for_each(|binding| refusals.add(binding));
    }
    Ok((advice, refusals.counted()))
}

/// How many of the depleted channels are worth filling.
fn explain(advice: &[MoveAdvice], why: &mut Why) {
    let paying =
        |one: &&MoveAdvice| matches!(one.outcome, MoveOutcome::WorthIt | MoveOutcome::PaysBelow);
    let paying = advice.iter().filter(paying).count();
    why.add(|| {
        let (code, effect) = match paying {
            0 => (Code::NoRebalancePays, Effect::Allow),
            _ => (Code::RebalancePays, Effect::Adjust),
        };
        Reason::new(code, effect)
            .observed(paying as u64)
            .limit(advice.len() as u64)
    });
}

/// Who gets the budget and the sats of a source first: what pays at a known cost, then what is
/// worth most; ties by id.
fn order(a: &Attempt<'_>, b: &Attempt<'_>) -> std::cmp::Ordering {
    b.cost
        .is_some()
        .cmp(&a.cost.is_some())
        .then_with(|| dearer(a.ev(), b.ev()))
        .then_with(|| a.channel.channel_id.cmp(&b.channel.channel_id))
}

/// The larger value first, an unknown one last.
fn dearer(a: Option<RealSat>, b: Option<RealSat>) -> std::cmp::Ordering {
    let value = |ev: Option<RealSat>| ev.map_or(f64::NEG_INFINITY, RealSat::get);
    value(b).total_cmp(&value(a))
}

impl Attempt<'_> {
    fn ev(&self) -> Option<RealSat> {
        self.evaluated.as_ref()?.terms.as_ref()?.ev
    }

    fn accepted(&self) -> bool {
        self.evaluated.as_ref().is_some_and(|one| one.accepted)
    }
}

/// What the better proposals have left.
struct Left {
    budget: Sat,
    sources: Vec<Source>,
}

impl Left {
    /// The advice on an attempt, with only what better proposals have left.
    fn granted(
        &mut self,
        node: &Node<'_>,
        view: &View<'_>,
        first: Attempt<'_>,
    ) -> Result<MoveAdvice, Error> {
        if !first.accepted() {
            return Ok(advice(first, MoveOutcome::Refused, None));
        }
        let conflict = conflict_of(node.config, view, &first.channel.peer_id, &mut Why::off());
        if conflict.action != Action::Proceed {
            let mut said = Why::new();
            conflict_of(node.config, view, &first.channel.peer_id, &mut said);
            let mut first = first;
            first.reasons.extend(said.into_reasons());
            return Ok(advice(first, MoveOutcome::Waits, conflict.until));
        }
        let again = attempt(node, first.channel, &self.sources, self.budget)?;
        if !again.accepted() {
            return Ok(advice(again, MoveOutcome::Waits, None));
        }
        self.take(&again);
        let outcome = match again.cost {
            Some(_) => MoveOutcome::WorthIt,
            None => MoveOutcome::PaysBelow,
        };
        Ok(advice(again, outcome, None))
    }

    /// What an accepted proposal may use is gone for the next.
    fn take(&mut self, attempt: &Attempt<'_>) {
        let Some(Evaluated {
            amount_sats: Some(amount),
            max_fee_ppm: Some(fee),
            source: Some(id),
            ..
        }) = &attempt.evaluated
        else {
            return;
        };
        let most = u128::from(amount.get()) * u128::from(fee.get());
        let most = u64::try_from(most.div_ceil(1_000_000)).unwrap_or(u64::MAX);
        self.budget = self.budget.less(Sat::clamped(most));
        for source in self.sources.iter_mut().filter(|one| one.channel_id == *id) {
            source.spendable_sats = source.spendable_sats.less(*amount);
            source.local_sats = source.local_sats.map(|local| local.less(*amount));
        }
    }
}

/// Values the filling of one channel out of every source.
fn attempt<'i>(
    node: &Node<'i>,
    channel: &'i Channel,
    sources: &[Source],
    budget: Sat,
) -> Result<Attempt<'i>, Error> {
    let (question, cost) = node.question(channel, budget);
    let in_force = node.decisions.on(channel);
    let mut attempt = Attempt {
        channel,
        question,
        cost,
        evaluated: None,
        reasons: Vec::new(),
        sources: Sources::default(),
    };
    if !in_force.rebalance.may_receive() {
        let word = in_force.rebalance.as_str();
        let mut why = Why::new();
        why.add(|| set_by_operator(channel, Effect::Refuse, word));
        attempt.reasons = why.into_reasons();
        return Ok(attempt);
    }
    let others = sources
        .iter()
        .filter(|source| source.channel_id != channel.channel_id);
    let mut given: Set<&str> = Set::default();
    let mut may_give = Vec::new();
    for source in others {
        attempt.sources.considered = attempt.sources.considered.saturating_add(1);
        match node.barred(source) {
            Some(reason) => attempt.sources.refusals.add(&reason),
            None => {
                given.insert(source.channel_id.as_str());
                may_give.push(source);
            }
        }
    }
    let mut why = Why::new();
    let evaluated = evaluate_from(
        node.config,
        &attempt.question,
        may_give.into_iter(),
        &mut why,
    )?;
    for reason in why.into_reasons() {
        let of_source = reason
            .subject
            .as_deref()
            .is_some_and(|subject| given.contains(subject));
        match (of_source, reason.effect) {
            (true, Effect::Adjust | Effect::Refuse) => attempt.sources.refusals.add(&reason),
            _ => attempt.reasons.push(about(channel, reason)),
        }
    }
    attempt.evaluated = Some(evaluated);
    Ok(attempt)
}

/// A reason that names nothing is about the channel to fill.
pub(super) fn about(channel: &Channel, reason: Reason) -> Reason {
    match reason.subject {
        Some(_) => reason,
        None => reason.about(&channel.channel_id),
    }
}

fn advice(attempt: Attempt<'_>, outcome: MoveOutcome, until: Option<Seconds>) -> MoveAdvice {
    let evaluated = attempt.evaluated.as_ref();
    let terms = evaluated.and_then(|one| one.terms.as_ref());
    MoveAdvice {
        amount_sats: terms.map(|terms| terms.amount_sats),
        channel_id: attempt.channel.channel_id.clone(),
        ev: terms.and_then(|terms| terms.ev),
        inbound_ppm: attempt.cost,
        last_hop: attempt.channel.last_hop,
        max_fee_ppm: evaluated.and_then(|one| one.max_fee_ppm),
        outcome,
        pays_up_to_ppm: evaluated.and_then(|one| one.flips?.max_inbound_ppm),
        peer_id: attempt.channel.peer_id.clone(),
        short_channel_id: attempt.channel.short_channel_id.clone(),
        source: evaluated.and_then(|one| one.source.clone()),
        threshold: terms.and_then(|terms| terms.threshold),
        reasons: attempt.reasons,
        source_refusals: attempt.sources.refusals.counted(),
        sources: Count::clamped(attempt.sources.considered),
        until,
    }
}
