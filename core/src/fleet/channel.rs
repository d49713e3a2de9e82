//! One channel of ours, as every fleet policy reads it: what [`snapshot.cln`](super::snapshot) gives.

use crate::entries::Entry;
use crate::units::{NodeId, Ppm, Sat, Share};

/// One channel of ours.
#[record]
pub struct Channel {
    /// Its whole capacity, as confirmed.
    pub capacity_sats: Sat,
    /// Its id.
    pub channel_id: NodeId,
    /// Our fee rate on it.
    pub fee_ppm: Option<Ppm>,
    /// The part on our side, as confirmed.
    pub local_sats: Sat,
    /// The node at the other end.
    pub peer_id: NodeId,
    /// The smallest capacity that a splice in flight may leave.
    pub pending_capacity_sats: Option<Sat>,
    /// Whether the graph does not know it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// Its place in the chain, such as `124x1x0`.
    pub short_channel_id: Option<NodeId>,
    /// Whether a splice is in flight: it counts with its confirmed balance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub splicing: bool,
    /// Whether it is in normal operation.
    #[serde(default = "yes")]
    pub usable: bool,
}

pub(super) const fn yes() -> bool {
    true
}

impl Entry for Channel {
    const ID: &'static str = "channel_id";
    fn id(&self) -> &str {
        self.channel_id.as_str()
    }
}

impl Channel {
    /// Whether its liquidity counts: in normal operation, or only waiting for a splice.
    #[must_use]
    pub const fn counts(&self) -> bool {
        self.usable || self.splicing
    }

    /// The part on our side as a share of the capacity; absent for an empty channel.
    #[must_use]
    pub fn local_pct(&self) -> Option<f64> {
        local_share(self.local_sats, self.capacity_sats)
    }

    /// The capacity that is sure to remain while a splice is in flight.
    #[must_use]
    pub fn safe_capacity(&self) -> Sat {
        self.pending_capacity_sats
            .map_or(self.capacity_sats, |pending| {
                pending.min(self.capacity_sats)
            })
    }
}

/// `local / capacity`; absent for an empty channel.
pub(super) fn local_share(local: Sat, capacity: Sat) -> Option<f64> {
    (capacity > Sat::MIN).then(|| local.as_f64() / capacity.as_f64())
}

/// As [`local_share`], a balance above the capacity taken as full.
pub(super) fn full_share(local: Sat, capacity: Sat) -> Option<Share> {
    local_share(local, capacity).map(Share::constant)
}
