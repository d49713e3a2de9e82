//! What the graph shows: the public capacity of every node, which of our channels others can see,
//! and the fees of the last hop where the node's own list has none.
//!
//! A channel that is not public is no public capacity, and neither is one whose both directions are
//! inactive: closing ones stay listed. After a splice the old and the new short_channel_id stand
//! side by side for up to 72 blocks. Between us and a peer only the ids of our own list count;
//! between others it cannot be told. A channel of ours whose peer is away is inactive in both
//! directions too: it adds no public capacity meanwhile and is in no report, but it is announced
//! as before.

use super::listed::Listed;
use super::raw::{ClnInput, GraphChannel};
use crate::error::Error;
use crate::fleet::channel::{Channel, HopFee};
use crate::fleet::member::PeerCapacity;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Set;
use crate::units::{Count, NodeId, Sat};

/// What the graph shows.
pub(super) struct Graph<'i> {
    /// By node.
    pub capacities: Vec<PeerCapacity>,
    /// Whether others see any capacity of ours in it, be it under a short_channel_id of the past.
    shows_us: bool,
    /// Our own short_channel_ids that it shows.
    ours: Set<&'i str>,
    /// Those that are inactive in both directions: the peer is away, or the channel closes.
    inactive: Set<&'i str>,
}

/// Reads the graph; nothing where it is unknown.
pub(super) fn graph<'i>(
    input: &'i ClnInput,
    listed: &mut Listed<'i>,
    why: &mut Why,
) -> Result<Option<Graph<'i>>, Error> {
    let Some(answer) = &input.listchannels else {
        why.add(|| Reason::new(Code::GraphUnknown, Effect::Unchecked));
        return Ok(None);
    };
    let channels = answer.channels.each(why);
    let names = listed
        .all
        .iter()
        .filter_map(|raw| raw.short_channel_id.as_ref());
    let own: Set<&str> = names.map(NodeId::as_str).collect();
    let public = channels.iter().filter(|one| one.public != Some(false));
    let mut directions: Vec<&GraphChannel> = public.collect();
    sorting::by(&mut directions, |a, b| place(a).cmp(&place(b)));
    let mut ends: Vec<(&NodeId, Sat)> = Vec::new();
    let (mut ours, mut inactive) = (Vec::new(), Vec::new());
    let mut shows_us = false;
    for channel in directions.chunk_by(|a, b| a.short_channel_id == b.short_channel_id) {
        let nodes = nodes(channel);
        if nodes.contains(&&input.getinfo.id) {
            shows_us |= counted(channel).is_some();
            let id = channel.first().map(|one| one.short_channel_id.as_str());
            let Some(id) = id.filter(|id| own.contains(id)) else {
                continue;
            };
            match counted(channel) {
                Some(_) => ours.push(id),
                None => inactive.push(id),
            }
        }
        let Some(capacity) = counted(channel) else {
            continue;
        };
        ends.extend(nodes.into_iter().map(|node| (node, capacity)));
    }
    let graph = Graph {
        capacities: capacities(ends)?,
        shows_us,
        ours: ours.into_iter().collect(),
        inactive: inactive.into_iter().collect(),
    };
    graph.mark(&mut listed.channels, channels, &own);
    Ok(Some(graph))
}

/// An order that does not depend on the node's.
fn place(one: &GraphChannel) -> impl Ord + use<'_> {
    (
        &one.short_channel_id,
        &one.source,
        &one.destination,
        one.amount_msat,
        one.active,
    )
}

/// The capacity of a channel that counts as public.
fn counted(directions: &[&GraphChannel]) -> Option<Sat> {
    let (first, last) = (directions.first()?, directions.last()?);
    let both = first.source != last.source;
    let active = directions.iter().any(|one| one.active != Some(false));
    // Two answers may have been put together; the larger of two amounts is the newer splice's or
    // the older one's, and the smaller is the safer.
    let capacity = directions
        .iter()
        .map(|one| one.amount_msat.get().floor())
        .min()?;
    (active || !both).then_some(capacity)
}

/// The nodes at its ends.
fn nodes<'i>(directions: &[&'i GraphChannel]) -> Vec<&'i NodeId> {
    let ends = directions
        .iter()
        .flat_map(|one| std::iter::once(&one.source).chain(&one.destination));
    let mut nodes: Vec<&NodeId> = ends.collect();
    sorting::by(&mut nodes, Ord::cmp);
    nodes.dedup();
    nodes
}

fn capacities(mut ends: Vec<(&NodeId, Sat)>) -> Result<Vec<PeerCapacity>, Error> {
    sorting::by(&mut ends, Ord::cmp);
    let mut capacities = Vec::new();
    for same in ends.chunk_by(|a, b| a.0 == b.0) {
        let Some((node, _)) = same.first() else {
            continue;
        };
        let mut all = same.iter().map(|(_, capacity)| *capacity);
        let sum = all.try_fold(Sat::MIN, Sat::plus);
        capacities.push(PeerCapacity {
            capacity_sats: sum.map_err(|error| error.inside("listchannels"))?,
            channels: Some(Count::clamped(
                u32::try_from(same.len()).unwrap_or(u32::MAX),
            )),
            peer_id: (*node).clone(),
        });
    }
    Ok(capacities)
}

impl Graph<'_> {
    /// Whether it shows a channel of ours. One that is used is announced also while its peer is away
    /// and neither side forwards.
    fn shows(&self, channel: &Channel) -> bool {
        channel.short_channel_id.as_ref().is_some_and(|id| {
            let id = id.as_str();
            self.ours.contains(id) || channel.counts() && self.inactive.contains(id)
        })
    }

    /// Says of each channel whether others can see it, and what its last hop costs.
    fn mark(&self, channels: &mut [Channel], graph: &[GraphChannel], own: &Set<&str>) {
        let known = graph
            .iter()
            .filter(|one| own.contains(one.short_channel_id.as_str()));
        let known: Vec<&GraphChannel> = known.collect();
        let shows_us = self.shows_us || channels.iter().any(|one| self.shows(one));
        for channel in channels {
            let shown = self.shows(channel);
            let id = channel.short_channel_id.as_ref();
            channel.inactive =
                channel.counts() && id.is_some_and(|id| self.inactive.contains(id.as_str()));
            // A graph without any channel of ours is of a node that has heard of nobody yet: what
            // it does not show may be announced all the same.
            if shows_us || channel.private {
                channel.announced = Some(shown && !channel.private);
            }
            if channel.last_hop.is_none() {
                channel.last_hop = id.and_then(|id| last_hop(&known, id, &channel.peer_id));
            }
        }
    }
}

/// The dearest of what is said about the way from `peer` to us.
fn last_hop(known: &[&GraphChannel], id: &NodeId, peer: &NodeId) -> Option<HopFee> {
    let into = known.iter();
    let into = into.filter(|one| one.short_channel_id == *id && one.source == *peer);
    let fees = into.filter_map(|one| Some((one.base_fee_millisatoshi?, one.fee_per_millionth?)));
    let (base_msat, ppm) = fees.max()?;
    Some(HopFee { base_msat, ppm })
}
