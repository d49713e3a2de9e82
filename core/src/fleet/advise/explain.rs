//! Why nothing is rebalanced here: one channel, or every channel with one peer, each with every
//! source and destination that was tried, its fee, its splices and what the operator set.

use super::around::{FeeAdvice, SpliceAdvice};
use super::left_out::{Standing, counted, standing};
use super::moves::{MoveAdvice, about, moves};
use super::node::{Node, Scene, scene};
use super::operator::{FeeDecision, RebalanceDecision, is_about, set_by_operator};
use super::question::NodeAdviceInput;
use super::refusals::{RefusalCount, Refusals};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::liquidity::classify::LiquidityClass;
use crate::fleet::rebalance::candidate::Source;
use crate::fleet::rebalance::candidate::{EvaluateInput, Terms};
use crate::fleet::rebalance::evaluate::evaluate_from;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Count, NodeId, RealSat, Sat};

/// What is asked about, and of which node.
#[record]
pub struct NodeExplainInput {
    /// The same question that `fleet.advise` answers.
    pub asked: NodeAdviceInput,
    /// Only so many entries of each list of pairs; ten when absent.
    pub first: Option<Count>,
    /// A channel by its channel_id or short_channel_id, or a peer by its node id.
    pub subject: NodeId,
}

/// Everything about one channel or one peer.
#[record(open)]
pub struct NodeExplained {
    /// Each channel that the subject names, by id.
    pub channels: Vec<ChannelExplained>,
    /// How much may leave towards each peer among them.
    pub splices: Vec<SpliceAdvice>,
}

/// Everything about one channel.
#[record(open)]
pub struct ChannelExplained {
    /// Its capacity.
    pub capacity_sats: Sat,
    /// Its id.
    pub channel_id: NodeId,
    /// How full it is.
    pub class: LiquidityClass,
    /// What the operator set for its fee.
    pub fee_decision: Option<FeeDecision>,
    /// The advice on its fee.
    pub fee: Option<FeeAdvice>,
    /// Filling it, out of each other channel.
    pub into: PairsExplained,
    /// The advice of `fleet.advise` on filling it; only a depleted channel has one.
    pub advice: Option<MoveAdvice>,
    /// The part on our side.
    pub local_sats: Sat,
    /// Filling each depleted channel out of it.
    pub out_of: PairsExplained,
    /// Its peer.
    pub peer_id: NodeId,
    /// What stands against every move of it, the other end aside.
    pub reasons: Vec<Reason>,
    /// What the operator set for rebalancing it.
    pub rebalance_decision: RebalanceDecision,
    /// Its place in the chain.
    pub short_channel_id: Option<NodeId>,
    /// Why it is left out, if it is.
    pub standing: Option<Standing>,
}

/// Every move between a channel and the others.
#[record(open)]
pub struct PairsExplained {
    /// The best, or those closest to a yes.
    pub best: Vec<PairExplained>,
    /// How often each reason refused.
    pub refusals: Vec<RefusalCount>,
    /// How many were tried.
    pub tried: Count,
    /// How many pay at the cost that is known, or at the least that is possible.
    pub pay: Count,
}

/// One move between two channels.
#[record(open)]
pub struct PairExplained {
    /// Whether it pays.
    pub accepted: bool,
    /// The reason that decides against it, with the value that would end it.
    pub binding: Option<Reason>,
    /// The channel at the other end.
    pub channel_id: NodeId,
    /// What it is expected to be worth.
    pub ev: Option<RealSat>,
    /// The peer at the other end.
    pub peer_id: NodeId,
    /// Every term of the value, as far as it was computed.
    pub terms: Option<Terms>,
}

/// So many pairs of a list are told where nothing else is asked for.
const PAIRS: u32 = 10;

/// Explains one channel, or every channel with one peer.
pub fn explain(
    config: &Config,
    input: &NodeExplainInput,
    why: &mut Why,
) -> Result<NodeExplained, Error> {
    scene(config, &input.asked, why, |scene, why| {
        let node = scene.node;
        let named = |channel: &&&Channel| is_about(&input.subject, channel);
        let asked: Vec<&Channel> = node.channels.iter().filter(named).copied().collect();
        if asked.is_empty() {
            return Err(Error::out_of_range(
                "subject",
                format_args!("\"{}\"", input.subject),
                "a channel or peer of the snapshot",
            ));
        }
        let first = input.first.map_or(PAIRS, Count::get);
        let explainer = Explainer::of(scene, first, why)?;
        let mut channels = Vec::new();
        for channel in &asked {
            channels.push(explainer.channel(channel)?);
        }
        let peers: crate::table::Set<&NodeId> = asked.iter().map(|one| &one.peer_id).collect();
        let mut splices = super::around::splices(node, scene.view)?.0;
        splices.retain(|splice| peers.contains(&splice.peer_id));
        Ok(NodeExplained { channels, splices })
    })
}

/// A node with the moves that were advised, and each of its channels as a source.
struct Explainer<'n, 'i> {
    node: &'n Node<'i>,
    advised: Vec<MoveAdvice>,
    depleted: Vec<&'i Channel>,
    fees: super::around::Fees<'n, 'i>,
    first: usize,
    sources: Vec<Source>,
}

impl<'n, 'i> Explainer<'n, 'i> {
    fn of(scene: &Scene<'n, 'i>, first: u32, why: &mut Why) -> Result<Self, Error> {
        let node = scene.node;
        let depleted = node.depleted()?.into_iter().map(|(channel, _)| channel);
        Ok(Self {
            advised: moves(scene, why)?.0,
            depleted: depleted.collect(),
            fees: super::around::Fees::of(node, scene.view, why),
            first: usize::try_from(first).unwrap_or(usize::MAX),
            sources: node.sources(),
            node,
        })
    }

    fn channel(&self, channel: &'i Channel) -> Result<ChannelExplained, Error> {
        let in_force = self.node.decisions.on(channel);
        let mut said = Why::new();
        let classified = self.node.class(channel, &mut said);
        let word = in_force.rebalance.as_str();
        if in_force.rebalance != RebalanceDecision::Both {
            said.add(|| set_by_operator(channel, Effect::Refuse, word));
        }
        let advised = self.advised.iter();
        let mut advised = advised.filter(|one| one.channel_id == channel.channel_id);
        Ok(ChannelExplained {
            advice: advised.next().cloned(),
            capacity_sats: channel.capacity_sats,
            channel_id: channel.channel_id.clone(),
            class: classified.class,
            fee: self.fees.advice(channel)?,
            fee_decision: in_force.fee.cloned(),
            into: self.into(channel)?,
            local_sats: channel.local_sats,
            out_of: self.out_of(channel)?,
            peer_id: channel.peer_id.clone(),
            reasons: said.into_reasons(),
            rebalance_decision: in_force.rebalance,
            short_channel_id: channel.short_channel_id.clone(),
            standing: standing(channel),
        })
    }

    /// Every way to fill `channel`.
    fn into(&self, channel: &Channel) -> Result<PairsExplained, Error> {
        let mut pairs = Vec::new();
        let (question, _) = self.node.question(channel, self.node.budget.left_sats);
        for source in &self.sources {
            if source.channel_id != channel.channel_id {
                pairs.push(self.pair(&question, channel, source, &source.channel_id)?);
            }
        }
        Ok(self.told(pairs))
    }

    /// Every way to fill another channel out of `channel`.
    fn out_of(&self, channel: &Channel) -> Result<PairsExplained, Error> {
        let mut pairs = Vec::new();
        let place = |source: &&Source| source.channel_id == channel.channel_id;
        if let Some(source) = self.sources.iter().find(place) {
            for depleted in &self.depleted {
                if depleted.channel_id != channel.channel_id {
                    let (question, _) = self.node.question(depleted, self.node.budget.left_sats);
                    pairs.push(self.pair(&question, depleted, source, &depleted.channel_id)?);
                }
            }
        }
        Ok(self.told(pairs))
    }

    /// What `source` could do for `channel`; `other` is the end that is told.
    fn pair(
        &self,
        question: &EvaluateInput,
        channel: &Channel,
        source: &Source,
        other: &NodeId,
    ) -> Result<PairExplained, Error> {
        let node = self.node;
        let in_force = node.decisions.on(channel);
        let ruled_out = match in_force.rebalance.may_receive() {
            true => node.barred(source),
            false => Some(set_by_operator(
                channel,
                Effect::Refuse,
                in_force.rebalance.as_str(),
            )),
        };
        let peer_id = node
            .channel(other)
            .map_or(&channel.peer_id, |one| &one.peer_id);
        let told = |accepted, binding, terms: Option<Terms>| PairExplained {
            accepted,
            binding,
            channel_id: other.clone(),
            ev: terms.as_ref().and_then(|terms| terms.ev),
            peer_id: peer_id.clone(),
            terms,
        };
        if let Some(reason) = ruled_out {
            return Ok(told(false, Some(reason), None));
        }
        let mut why = Why::new();
        let alone = std::iter::once(source);
        let evaluated = evaluate_from(node.config, question, alone, &mut why)?;
        let binding = match evaluated.accepted {
            true => None,
            false => against(channel, source, why.into_reasons()),
        };
        Ok(told(evaluated.accepted, binding, evaluated.terms))
    }

    /// The pairs that pay, then those closest to a yes; ties by id.
    fn told(&self, mut pairs: Vec<PairExplained>) -> PairsExplained {
        let mut refusals = Refusals::default();
        for binding in pairs.iter().filter_map(|pair| pair.binding.as_ref()) {
            refusals.add(binding);
        }
        let tried = counted(pairs.len());
        let pay = counted(pairs.iter().filter(|pair| pair.accepted).count());
        let value = |pair: &PairExplained| pair.ev.map_or(f64::NEG_INFINITY, RealSat::get);
        sorting::by(&mut pairs, |a, b| {
            b.accepted
                .cmp(&a.accepted)
                .then_with(|| value(b).total_cmp(&value(a)))
                .then_with(|| a.channel_id.cmp(&b.channel_id))
        });
        pairs.truncate(self.first);
        PairsExplained {
            best: pairs,
            refusals: refusals.counted(),
            tried,
            pay,
        }
    }
}

/// The reason that decides against a pair: what stands against its source, where only that does,
/// else the first refusal.
fn against(channel: &Channel, source: &Source, reasons: Vec<Reason>) -> Option<Reason> {
    let of_source = |reason: &Reason| reason.subject.as_deref() == Some(source.channel_id.as_str());
    let mut refusals: Vec<Reason> = reasons
        .into_iter()
        .filter(|reason| matches!(reason.effect, Effect::Refuse) || of_source(reason))
        .filter(|reason| reason.code != Code::NoSource && reason.effect != Effect::Allow)
        .collect();
    let first = (!refusals.is_empty()).then(|| refusals.remove(0))?;
    Some(about(channel, first))
}
