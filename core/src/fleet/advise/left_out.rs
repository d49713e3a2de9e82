//! What the node lists and the advice cannot use, in one block.

use super::node::Node;
use crate::fleet::channel::{Channel, Phase};
use crate::fleet::snapshot::LeftOut;
use crate::units::{Count, NodeId};

/// Why a channel is left out.
#[choice]
pub enum Standing {
    /// Asked for, and nothing is bound yet.
    Proposed,
    /// On its way to be used.
    Opening,
    /// It is being closed, or is closed.
    Closing,
    /// In a state that is none of these.
    Unknown,
    /// In normal operation, and its peer is not there.
    Offline,
    /// Its operator lets no forward out through it.
    ClosedToForwards,
}

/// A channel that is left out.
#[record(open)]
pub struct LeftOutChannel {
    /// Its id.
    pub channel_id: NodeId,
    /// Its peer.
    pub peer_id: NodeId,
    /// Its place in the chain.
    pub short_channel_id: Option<NodeId>,
    /// Why it is left out.
    pub standing: Standing,
}

/// What the node lists and the advice cannot use.
#[record(open)]
pub struct NotAdvised {
    /// Each channel, by standing and id.
    pub channels: Vec<LeftOutChannel>,
    /// In normal operation, closed to forwards by their operator.
    pub closed_to_forwards: Count,
    /// What the snapshot left out, and why; entries that this call set aside are added.
    pub listed: LeftOut,
    /// In normal operation, and the peer is not there.
    pub offline: Count,
}

/// Why `channel` is left out; nothing where it is not.
pub(super) const fn standing(channel: &Channel) -> Option<Standing> {
    if !channel.counts() {
        return Some(match channel.phase {
            Some(Phase::Proposed) => Standing::Proposed,
            Some(Phase::Opening) => Standing::Opening,
            Some(Phase::Closing) => Standing::Closing,
            Some(Phase::Usable | Phase::Unknown) | None => Standing::Unknown,
        });
    }
    if channel.closed_to_forwards {
        return Some(Standing::ClosedToForwards);
    }
    match channel.connected {
        Some(false) => Some(Standing::Offline),
        _ => None,
    }
}

/// What is left out of the channels of a node.
pub(super) fn not_advised(node: &Node<'_>, set_aside: usize) -> NotAdvised {
    let mut channels = Vec::new();
    for channel in &node.channels {
        channels.extend(standing(channel).map(|standing| LeftOutChannel {
            channel_id: channel.channel_id.clone(),
            peer_id: channel.peer_id.clone(),
            short_channel_id: channel.short_channel_id.clone(),
            standing,
        }));
    }
    crate::sorting::by(&mut channels, |a: &LeftOutChannel, b: &LeftOutChannel| {
        a.standing
            .cmp(&b.standing)
            .then_with(|| a.channel_id.cmp(&b.channel_id))
    });
    let count = |wanted: Standing| {
        let found = channels.iter().filter(|one| one.standing == wanted);
        counted(found.count())
    };
    let listed = node.input.snapshot.left_out;
    let aside = listed
        .set_aside
        .get()
        .saturating_add(counted(set_aside).get());
    NotAdvised {
        closed_to_forwards: count(Standing::ClosedToForwards),
        listed: LeftOut {
            set_aside: Count::clamped(aside),
            ..listed
        },
        offline: count(Standing::Offline),
        channels,
    }
}

/// A count that fits in memory.
pub(super) fn counted(n: usize) -> Count {
    Count::clamped(u32::try_from(n).unwrap_or(u32::MAX))
}
