//! How the fleet does as a whole: who lacks what, where several members are in trouble at once,
//! and where members compete for the same peer.
//!
//! Source: plan §3, plugin. Codes: `bottlenecks`, `no_bottleneck`, `competition`,
//! `no_competition`, `stale_report`, `member_implausible`.

use super::NeedType;
use super::needs::trouble_of;
use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::member::{Activity, Member};
use crate::fleet::view::{FleetInput, View, counts_until, explain_count, truncated};
use crate::reason::{Code, Why};
use crate::sorting;
use crate::units::{Count, NodeId, Share};

/// More bottlenecks than this help nobody.
const MOST_BOTTLENECKS: usize = 10;

/// How the fleet and we do.
#[record(open)]
pub struct FleetState {
    /// Our channels that are neither depleted nor saturated.
    pub balanced_channels: Count,
    /// External peers at which several members are in trouble, most members first.
    pub common_bottleneck_peers: Vec<NodeId>,
    /// Our depleted channels.
    pub depleted_channels: Count,
    /// Members that rebalance now, we included.
    pub members_rebalancing: Count,
    /// Other members with a depleted channel.
    pub members_with_depleted_channels: Count,
    /// Other members with a saturated channel.
    pub members_with_excess_outbound: Count,
    /// Our saturated channels.
    pub saturated_channels: Count,
}

/// A peer that several members serve.
#[record(open)]
pub struct Contested {
    /// The share of fees that the competition may cost.
    pub fee_loss: Share,
    /// The members that serve it, we included.
    pub members: Vec<NodeId>,
    /// The external peer.
    pub peer_id: NodeId,
}

/// Peers that several members serve.
#[record(open)]
pub struct Competition {
    /// Most members first.
    pub contested: Vec<Contested>,
}

/// How the fleet and we do.
pub fn state(config: &Config, input: &FleetInput, why: &mut Why) -> Result<FleetState, Error> {
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let has = |member: &Member, kind: NeedType| {
        let troubles = match kind {
            NeedType::Outbound => &member.depleted,
            NeedType::Inbound => &member.saturated,
        };
        troubles.iter().any(|one| view.is_external(&one.peer_id))
    };
    let mut pairs: Vec<(&NodeId, &NodeId)> = Vec::new();
    for member in &view.others {
        let troubles = member.depleted.iter().chain(&member.saturated);
        pairs.extend(troubles.map(|one| (&one.peer_id, &member.member_id)));
    }
    let ours = troubled(config, &view.channels);
    pairs.extend(ours.map(|channel| (&channel.peer_id, &view.us.node_id)));
    Ok(state_of(config, &view, has, by_peer(pairs), why))
}

/// Our channels that are depleted or saturated.
pub(in crate::fleet) fn troubled<'v, 'f>(
    config: &'v Config,
    channels: &'v [&'f Channel],
) -> impl Iterator<Item = &'f Channel> {
    let troubled = |channel: &&Channel| trouble_of(&config.liquidity, channel).is_some();
    channels.iter().copied().filter(troubled)
}

/// How the fleet and we do; `has` tells whether a member has trouble of a kind at an external peer,
/// `groups` which members, we included, have trouble at each peer.
pub(in crate::fleet) fn state_of<'f>(
    config: &Config,
    view: &View<'f>,
    has: impl Fn(&Member, NeedType) -> bool,
    groups: impl Iterator<Item = (&'f NodeId, Vec<&'f NodeId>)>,
    why: &mut Why,
) -> FleetState {
    let own = |kind: Option<NeedType>| {
        let trouble = |channel: &&&Channel| {
            let found = trouble_of(&config.liquidity, channel);
            found.map(|(found, _)| found) == kind
        };
        count(view.channels.iter().filter(trouble).count())
    };
    let longest = config.liquidity.activity_counts_s;
    let counts = |one: &Activity| counts_until(one, view.now, longest).is_some();
    let active = |all: &[Activity]| all.iter().any(counts);
    let others = |counts: &dyn Fn(&Member) -> bool| {
        view.others.iter().filter(|member| counts(member)).count()
    };
    let rebalancing = others(&|member| active(&member.rebalancing));
    let first = shared_peers(groups, view)
        .into_iter()
        .take(MOST_BOTTLENECKS);
    let bottlenecks: Vec<NodeId> = first.map(|(peer, _)| peer.clone()).collect();
    explain_count(
        bottlenecks.len(),
        Code::Bottlenecks,
        Code::NoBottleneck,
        why,
    );
    FleetState {
        balanced_channels: own(None),
        common_bottleneck_peers: bottlenecks,
        depleted_channels: own(Some(NeedType::Outbound)),
        members_rebalancing: count(rebalancing + usize::from(active(&view.us.rebalancing))),
        members_with_depleted_channels: count(others(&|member| has(member, NeedType::Outbound))),
        members_with_excess_outbound: count(others(&|member| has(member, NeedType::Inbound))),
        saturated_channels: own(Some(NeedType::Inbound)),
    }
}

fn count(n: usize) -> Count {
    Count::clamped(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The members of each peer. One sort of all pairs keeps this near linear where comparing members
/// with each other is not.
fn by_peer<'f>(
    mut pairs: Vec<(&'f NodeId, &'f NodeId)>,
) -> impl Iterator<Item = (&'f NodeId, Vec<&'f NodeId>)> {
    pairs.sort_unstable();
    pairs.dedup();
    let mut groups: Vec<(&NodeId, Vec<&NodeId>)> = Vec::new();
    for (peer, member) in pairs {
        match groups.last_mut() {
            Some((last, members)) if *last == peer => members.push(member),
            _ => groups.push((peer, vec![member])),
        }
    }
    groups.into_iter()
}

/// The external peers that two or more members have in common, most members first.
fn shared_peers<'f>(
    groups: impl Iterator<Item = (&'f NodeId, Vec<&'f NodeId>)>,
    view: &View<'_>,
) -> Vec<(&'f NodeId, Vec<&'f NodeId>)> {
    let mut shared: Vec<_> = groups
        .filter(|(peer, members)| members.len() >= 2 && view.is_external(peer))
        .collect();
    sorting::by(&mut shared, |a, b| (b.1.len(), a.0).cmp(&(a.1.len(), b.0)));
    shared
}

/// Peers that two or more members serve, and what that may cost them.
pub fn competition(
    config: &Config,
    input: &FleetInput,
    why: &mut Why,
) -> Result<Competition, Error> {
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let mut pairs: Vec<(&NodeId, &NodeId)> = Vec::new();
    for member in &view.others {
        let served = member
            .capacities
            .iter()
            .map(|one| (&one.peer_id, &member.member_id));
        pairs.extend(served);
    }
    pairs.extend(
        view.channels
            .iter()
            .map(|one| (&one.peer_id, &view.us.node_id)),
    );
    Ok(competition_of(&view, by_peer(pairs), input.first, why))
}

/// The peers of `groups` that two or more members serve, we included.
pub(in crate::fleet) fn competition_of<'f>(
    view: &View<'f>,
    groups: impl Iterator<Item = (&'f NodeId, Vec<&'f NodeId>)>,
    first: Option<Count>,
    why: &mut Why,
) -> Competition {
    let shared = shared_peers(groups, view);
    explain_count(shared.len(), Code::Competition, Code::NoCompetition, why);
    let contested = truncated(shared, first)
        .into_iter()
        .map(|(peer, members)| Contested {
            fee_loss: fee_loss(members.len()),
            members: members.into_iter().cloned().collect(),
            peer_id: peer.clone(),
        });
    Competition {
        contested: contested.collect(),
    }
}

/// The plugin's estimate.
fn fee_loss(members: usize) -> Share {
    Share::clamped((members.saturating_sub(1) as f64 * 0.15).min(0.40))
}
