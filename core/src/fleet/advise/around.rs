//! What may help besides moving sats: a step of a fee, a splice, a channel to another peer.

use super::moves::about;
use super::node::Node;
use super::operator::set_by_operator;
use super::question::FeeStepTaken;
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::fees::{Fee, FeeStep, Step, adjust_for, own_balance};
use crate::fleet::health::Tier;
use crate::fleet::liquidity::needs::{Balance, Need, ready_of};
use crate::fleet::member::Member;
use crate::fleet::splice::{Other, Ours, OwnChannel, Situation, room};
use crate::fleet::topology::{self, AdviseInput, Candidate};
use crate::fleet::view::View;
use crate::reason::{Effect, Reason, Why};
use crate::sorting;
use crate::table::{Set, Table};
use crate::units::{Hundredths, NodeId, Ppm, Real, Sat};

/// The advice on the fee of one channel.
#[record(open)]
pub struct FeeAdvice {
    /// The fee that is intended without the fleet.
    pub base_ppm: Option<Ppm>,
    /// The channel.
    pub channel_id: NodeId,
    /// The fee to set; absent where the intended one is unknown.
    pub fee_ppm: Option<Ppm>,
    /// The tier of the member that it helps.
    pub for_tier: Option<Tier>,
    /// The peer.
    pub peer_id: NodeId,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Its place in the chain.
    pub short_channel_id: Option<NodeId>,
    /// Which way it moves.
    pub step: Step,
}

/// A peer to which a channel of ours would help other members.
#[record(open)]
pub struct NewChannelAdvice {
    /// The fleet's share of the peer's capacity; absent when unknown.
    pub fleet_share: Option<Real>,
    /// The members it would help.
    pub helps: Vec<NodeId>,
    /// The peer.
    pub peer_id: NodeId,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The score, in hundredths.
    pub score: Hundredths,
}

/// How much may leave towards one peer.
#[record(open)]
pub struct SpliceAdvice {
    /// The largest splice-out that is safe, and that one channel can give.
    pub headroom_sats: Option<Sat>,
    /// The peer.
    pub peer_id: NodeId,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What the needs of other members do to our fees.
pub(super) struct Fees<'n, 'i> {
    node: &'n Node<'i>,
    needs: Table<NodeId, Vec<Need>>,
    taken: Table<&'i str, &'i FeeStepTaken>,
    /// What we hold towards each external peer.
    own: Table<NodeId, Balance>,
}

impl<'n, 'i> Fees<'n, 'i> {
    pub fn of(node: &'n Node<'i>, view: &View<'_>, why: &mut Why) -> Self {
        let health = &node.config.health;
        let ready = ready_of(node.config, view);
        let all = ready.iter().flat_map(|(member, needs)| {
            let tier = member.tier_at(health, view.now, health.max_report_age_s);
            needs.iter().map(move |need| need.of(member, tier))
        });
        let all: Vec<Need> = all.collect();
        let peers = all.iter().map(|need| need.peer_id.clone());
        let mut needs: Table<NodeId, Vec<Need>> = Table::slots(peers);
        for need in all {
            if let Some(at_peer) = needs.get_mut(&need.peer_id) {
                at_peer.push(need);
            }
        }
        let taken = node.input.fee_steps.usable(why).into_iter();
        let taken = taken.map(|step| (step.channel_id.as_str(), step)).collect();
        let mut channels: Vec<&Channel> = view.channels.clone();
        sorting::by(&mut channels, |a, b| a.peer_id.cmp(&b.peer_id));
        let peers = channels.chunk_by(|a, b| a.peer_id == b.peer_id);
        let balance = |channels: &[&Channel]| {
            let peer = channels.first()?.peer_id.clone();
            Some((peer, own_balance(channels.iter().copied())?))
        };
        let own = peers.filter_map(balance).collect();
        Self {
            node,
            needs,
            taken,
            own,
        }
    }

    /// Every step to take now, and every one whose size is unknown, by channel.
    pub fn steps(&self, view: &View<'_>) -> Result<Vec<FeeAdvice>, Error> {
        let mut steps = Vec::new();
        for channel in &view.channels {
            let advice = self.advice(channel)?;
            let off = self.node.decisions.on(channel).fee;
            let off = off.is_some_and(|decision| decision.off);
            // What the operator ruled out is said too, where somebody asks for it.
            steps.extend(advice.filter(|advice| off || advice.fee_ppm != channel.fee_ppm));
        }
        Ok(steps)
    }

    /// The advice on the fee of `channel`: none where nobody asks and nothing was taken, none where
    /// the operator wants none, and none where the operator lets nothing out: no fee brings flow there.
    pub fn advice(&self, channel: &Channel) -> Result<Option<FeeAdvice>, Error> {
        if channel.closed_to_forwards {
            return Ok(None);
        }
        let decision = self.node.decisions.on(channel).fee;
        let taken = self.taken.get(channel.channel_id.as_str());
        let needs = self
            .needs
            .get(&channel.peer_id)
            .map_or(&[][..], Vec::as_slice);
        if needs.is_empty() && taken.is_none() {
            return Ok(None);
        }
        // Neither the fee that is intended nor the one in force is known: nothing to step from.
        let intended = decision.and_then(|decision| decision.intended_ppm);
        if channel.fee_ppm.or(intended).is_none() {
            return Ok(None);
        }
        let mut why = Why::new();
        let taken = taken.map(|taken| FeeStep {
            base_ppm: taken.base_ppm,
            fee_ppm: taken.fee_ppm,
        });
        let question = Fee {
            base: intended,
            ceiling: decision.and_then(|decision| decision.maximum_ppm),
            floor: decision.and_then(|decision| decision.minimum_ppm),
            in_force: channel.fee_ppm,
            last_step: taken,
            own: self.own.get(&channel.peer_id).copied(),
            peer: &channel.peer_id,
        };
        let advice = FeeAdvice {
            base_ppm: intended.or(taken.map(|taken| taken.base_ppm)),
            channel_id: channel.channel_id.clone(),
            fee_ppm: channel.fee_ppm,
            for_tier: None,
            peer_id: channel.peer_id.clone(),
            reasons: Vec::new(),
            short_channel_id: channel.short_channel_id.clone(),
            step: Step::Unchanged,
        };
        if decision.is_some_and(|decision| decision.off) {
            why.add(|| set_by_operator(channel, Effect::Refuse, "off"));
            let reasons = why.into_reasons();
            return Ok(Some(FeeAdvice { reasons, ..advice }));
        }
        let adjusted = adjust_for(self.node.config, &question, needs.iter(), &mut why)?;
        if decision.is_some() {
            why.add(|| set_by_operator(channel, Effect::Adjust, "bounds"));
        }
        let reasons = why.into_reasons().into_iter();
        Ok(Some(FeeAdvice {
            fee_ppm: adjusted.fee_ppm,
            for_tier: adjusted.for_tier,
            reasons: reasons.map(|reason| about(channel, reason)).collect(),
            step: adjusted.step,
            ..advice
        }))
    }
}

/// How much may leave towards each external peer of ours whose public capacity is known, the most
/// first; and for how many it is unknown.
pub(super) fn splices(node: &Node<'_>, view: &View<'_>) -> Result<(Vec<SpliceAdvice>, u32), Error> {
    let peers: Set<&NodeId> = view
        .channels
        .iter()
        .map(|channel| &channel.peer_id)
        .collect();
    let peers: Vec<&NodeId> = peers.into_iter().collect();
    let members = node.input.members.usable(&mut Why::off()).into_iter();
    let members: Vec<&Member> = members
        .filter(|one| one.member_id != node.us.node_id)
        .collect();
    let mut others: Table<&NodeId, Vec<Other>> = Table::slots(peers.iter().copied());
    for member in members {
        if Other::estimates(member) {
            for peer in peers.iter().copied() {
                others.slot(peer).extend(Other::at_peer(member, peer));
            }
            continue;
        }
        for (peer, other) in Other::by_peer(member) {
            if let Some(at_peer) = others.get_mut(peer) {
                at_peer.extend(other);
            }
        }
    }
    let public = node.input.snapshot.public_capacities.iter();
    let public: Table<&NodeId, Sat> = public
        .map(|known| (&known.peer_id, known.capacity_sats))
        .collect();
    let mut advice = Vec::new();
    let mut unchecked = 0_u32;
    for peer in peers.iter().copied() {
        let Some(public) = public.get(peer).copied() else {
            unchecked = unchecked.saturating_add(1);
            continue;
        };
        let channels = view.channels.iter().filter(|one| one.peer_id == *peer);
        let ours = Ours {
            channels: channels.map(|channel| OwnChannel::of(channel)).collect(),
            node_id: Some(node.us.node_id.clone()),
        };
        let exits = node.input.exits.iter();
        let exits = exits.filter(|exit| exit.peer_id == *peer);
        let in_flight: Vec<Sat> = exits.map(|exit| exit.amount_sats).collect();
        let situation = Situation {
            channel_id: None,
            hive_reachable: true,
            in_flight: &in_flight,
            now: view.now,
            ours: &ours,
            public: Some(public),
        };
        let mut why = Why::new();
        let at_peer = others.get(peer).map_or(&[][..], Vec::as_slice);
        let room = room(node.config, &situation, at_peer, &mut why)?;
        advice.push(SpliceAdvice {
            headroom_sats: room.headroom_sats,
            peer_id: peer.clone(),
            reasons: why.into_reasons(),
        });
    }
    sorting::by(&mut advice, |a: &SpliceAdvice, b: &SpliceAdvice| {
        b.headroom_sats
            .cmp(&a.headroom_sats)
            .then_with(|| a.peer_id.cmp(&b.peer_id))
    });
    Ok((advice, unchecked))
}

/// The external peers that other members lack outbound liquidity at, as candidates for a channel of
/// ours; those that would help, the best first.
pub(super) fn new_channels(
    node: &Node<'_>,
    view: &View<'_>,
) -> Result<Vec<NewChannelAdvice>, Error> {
    let depleted = view.others.iter().flat_map(|member| &member.depleted);
    let peers: Set<&NodeId> = depleted.map(|trouble| &trouble.peer_id).collect();
    let public = node.input.snapshot.public_capacities.iter();
    let public: Table<&NodeId, Sat> = public
        .map(|known| (&known.peer_id, known.capacity_sats))
        .collect();
    let candidates: Vec<Candidate> = peers
        .into_iter()
        .map(|peer| Candidate {
            peer_id: peer.clone(),
            public_capacity_sats: public.get(peer).copied(),
        })
        .collect();
    let question = AdviseInput {
        candidates,
        members: node.input.members.clone(),
        now: view.now,
        us: node.us.clone(),
    };
    let mut said = Why::new();
    let advised = topology::advise(node.config, &question, &mut said)?.advice;
    let said = said.into_reasons();
    let helping = advised
        .into_iter()
        .filter(|one| one.score > const { Hundredths::constant(0) } && !one.redundant);
    let told = helping.map(|one| NewChannelAdvice {
        reasons: said
            .iter()
            .filter(|reason| reason.subject.as_deref() == Some(one.peer_id.as_str()))
            .cloned()
            .collect(),
        fleet_share: one.fleet_share,
        helps: one.helps,
        peer_id: one.peer_id,
        score: one.score,
    });
    Ok(told.collect())
}
