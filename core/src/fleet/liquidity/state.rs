//! How the fleet does as a whole: who lacks what, where several members are in trouble at once,
//! and where members compete for the same peer.
//!
//! Source: plan §3, plugin. Codes: `bottlenecks`, `no_bottleneck`, `competition`,
//! `no_competition`, `stale_report`, `member_implausible`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::NeedType;
use super::needs::own_trouble;
use crate::config::Config;
use crate::error::Error;
use crate::fleet::member::Activity;
use crate::fleet::view::{FleetInput, View, end_of, explain_count, truncated};
use crate::reason::{Code, Why};
use crate::sorting;
use crate::units::{Count, NodeId, Share};

/// More bottlenecks than this help nobody.
const MOST_BOTTLENECKS: usize = 10;

/// How the fleet and we do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contested {
    /// The share of fees that the competition may cost.
    pub fee_loss: Share,
    /// The members that serve it, we included.
    pub members: Vec<NodeId>,
    /// The external peer.
    pub peer_id: NodeId,
}

/// Peers that several members serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Competition {
    /// Most members first.
    pub contested: Vec<Contested>,
}

/// How the fleet and we do.
pub fn state(config: &Config, input: &FleetInput, why: &mut Why) -> Result<FleetState, Error> {
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let own = |kind: Option<NeedType>| {
        let trouble = |channel: &&&_| {
            let channel: &crate::fleet::channel::Channel = channel;
            let found = own_trouble(&config.liquidity, channel.local_sats, channel.capacity_sats);
            found.map(|(found, _)| found) == kind
        };
        count(view.channels.iter().filter(trouble).count())
    };
    let external = |troubles: &[crate::fleet::member::Trouble]| {
        troubles.iter().any(|one| view.is_external(&one.peer_id))
    };
    let longest = config.liquidity.activity_counts_s;
    let active = |all: &[Activity]| all.iter().any(|one| input.now < end_of(one, longest));
    let rebalancing = view
        .others
        .iter()
        .filter(|one| active(&one.rebalancing))
        .count();
    let depleted = view
        .others
        .iter()
        .filter(|one| external(&one.depleted))
        .count();
    let saturated = view
        .others
        .iter()
        .filter(|one| external(&one.saturated))
        .count();
    let bottlenecks = bottlenecks(config, &view);
    explain_count(
        bottlenecks.len(),
        Code::Bottlenecks,
        Code::NoBottleneck,
        why,
    );
    Ok(FleetState {
        balanced_channels: own(None),
        common_bottleneck_peers: bottlenecks,
        depleted_channels: own(Some(NeedType::Outbound)),
        members_rebalancing: count(rebalancing + usize::from(active(&view.us.rebalancing))),
        members_with_depleted_channels: count(depleted),
        members_with_excess_outbound: count(saturated),
        saturated_channels: own(Some(NeedType::Inbound)),
    })
}

fn count(n: usize) -> Count {
    Count::constant(u32::try_from(n).unwrap_or(u32::MAX))
}

/// External peers with trouble at two or more different members, we included.
fn bottlenecks(config: &Config, view: &View<'_>) -> Vec<NodeId> {
    let mut pairs: Vec<(&NodeId, &NodeId)> = Vec::new();
    for member in &view.others {
        let troubles = member.depleted.iter().chain(&member.saturated);
        pairs.extend(troubles.map(|one| (&one.peer_id, &member.member_id)));
    }
    let troubled = view.channels.iter().filter(|channel| {
        own_trouble(&config.liquidity, channel.local_sats, channel.capacity_sats).is_some()
    });
    pairs.extend(troubled.map(|channel| (&channel.peer_id, &view.us.node_id)));
    let shared = shared_peers(pairs, view);
    let first = shared.into_iter().take(MOST_BOTTLENECKS);
    first.map(|(peer, _)| peer.clone()).collect()
}

/// The external peers that two or more members have in common, most members first. One sort of
/// all pairs keeps this near linear where comparing members with each other is not.
fn shared_peers<'f>(
    mut pairs: Vec<(&'f NodeId, &'f NodeId)>,
    view: &View<'_>,
) -> Vec<(&'f NodeId, Vec<&'f NodeId>)> {
    pairs.sort_unstable();
    pairs.dedup();
    let mut shared: Vec<(&NodeId, Vec<&NodeId>)> = pairs
        .chunk_by(|(a, _), (b, _)| a == b)
        .filter(|chunk| chunk.len() >= 2)
        .filter_map(|chunk| {
            let (peer, _) = chunk.first()?;
            let members = chunk.iter().map(|(_, member)| *member).collect();
            view.is_external(peer).then_some((*peer, members))
        })
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
    let shared = shared_peers(pairs, &view);
    explain_count(shared.len(), Code::Competition, Code::NoCompetition, why);
    let contested = truncated(shared, input.first)
        .into_iter()
        .map(|(peer, members)| Contested {
            fee_loss: fee_loss(members.len()),
            members: members.into_iter().cloned().collect(),
            peer_id: peer.clone(),
        });
    Ok(Competition {
        contested: contested.collect(),
    })
}

/// The plugin's estimate.
fn fee_loss(members: usize) -> Share {
    Share::constant((members.saturating_sub(1) as f64 * 0.15).min(0.40))
}
