//! One channel of ours, as every fleet policy reads it: what [`snapshot.cln`](super::snapshot) gives.

use crate::config::Config;
use crate::entries::Entry;
use crate::error::Error;
use crate::sorting;
use crate::units::{Count, Msat, NodeId, Ppm, Sat, Share};

/// Where a channel is in its life. What a node lists is not what it can use.
#[choice]
pub enum Phase {
    /// Talked about, not committed: a stranger can leave it so for ever. It counts nowhere.
    Proposed,
    /// Committed and not open yet.
    Opening,
    /// It forwards, also while a splice waits for its confirmations.
    Usable,
    /// On its way out, or its node lost its state.
    Closing,
    /// In a state that we do not know.
    Unknown,
}

impl Phase {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Opening => "opening",
            Self::Usable => "usable",
            Self::Closing => "closing",
            Self::Unknown => "unknown",
        }
    }
}

/// What the last hop into a channel costs.
#[record(Copy, Eq)]
pub struct HopFee {
    /// For each payment.
    pub base_msat: Msat,
    /// For what it carries.
    pub ppm: Ppm,
}

/// What others sent through a channel in the last 60 days.
#[record(Copy, Default, Eq)]
pub struct ChannelFlow {
    /// Days with at least one settled forward out.
    pub days_out: Count,
    /// What arrived.
    #[serde(default)]
    pub sats_in: Sat,
    /// What left.
    pub sats_out: Sat,
}

/// What others sent through a channel within `rebalance.flow_window_days`.
#[record(Copy, Default, Eq)]
pub struct RecentFlow {
    /// What arrived.
    pub sats_in: Sat,
    /// What left.
    pub sats_out: Sat,
}

/// How much the channels of a node are asked for, on average.
#[record(Copy, Default)]
pub struct Demand {
    /// The share of days on which a usable channel forwards out; 0.07 when absent.
    pub lambda: Option<Share>,
    /// What leaves through a channel on such a day; where it is absent, the amount in question.
    pub sats_per_active_day: Option<Sat>,
}

/// Makes the record of a channel, as a snapshot tells it; `$id` says how its two ids are known.
macro_rules! channel_record {
    ($(#[$about:meta])* $name:ident, $($id:tt)+) => {
        #[record]
        $(#[$about])*
        pub struct $name {
            /// How old it is, in whole days; absent when unknown.
            pub age_days: Option<Count>,
            /// Whether the graph shows it; absent where no graph is known.
            pub announced: Option<bool>,
            /// Its capacity; while a splice waits, that of the outcome that leaves us the least.
            pub capacity_sats: Sat,
            /// Its id.
            pub channel_id: $($id)+,
            /// Whether its operator lets no forward out through it.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            pub closed_to_forwards: bool,
            /// Whether the peer is there and the channel is in step with it; absent where nobody says.
            pub connected: Option<bool>,
            /// Our fee for each forward out through it.
            pub fee_base_msat: Option<Msat>,
            /// Our fee rate on it.
            pub fee_ppm: Option<Ppm>,
            /// What others sent through it in 60 days; absent when unknown.
            pub flow: Option<ChannelFlow>,
            /// Whether the graph shows both of its directions disabled, as when the peer is away. Others
            /// count no capacity there meanwhile.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            pub inactive: bool,
            /// What the peer takes for the last hop into it.
            pub last_hop: Option<HopFee>,
            /// The part on our side; while a splice waits, of the outcome that leaves us the least.
            pub local_sats: Sat,
            /// The node at the other end.
            pub peer_id: $($id)+,
            /// The smallest capacity that a splice in flight may leave.
            pub pending_capacity_sats: Option<Sat>,
            /// Where it is in its life; absent: as `usable` says.
            pub phase: Option<Phase>,
            /// Whether it is not to be announced.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            pub private: bool,
            /// What can be received now; absent where the node does not say.
            pub receivable_sats: Option<Sat>,
            /// What others sent through it within `rebalance.flow_window_days`; absent when unknown.
            pub recent_flow: Option<RecentFlow>,
            /// What has to stay on our side.
            pub reserve_sats: Option<Sat>,
            /// What our own rebalances into it cost: their weighted median; absent when unknown.
            pub route_cost_ppm: Option<Ppm>,
            /// Its place in the chain, such as `124x1x0`.
            pub short_channel_id: Option<NodeId>,
            /// What can be sent now; absent where the node does not say. It does not depend on the
            /// connection.
            pub spendable_sats: Option<Sat>,
            /// Whether a splice is in flight.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            pub splicing: bool,
            /// Whether it is in normal operation; `phase` says more.
            #[serde(default = "yes")]
            pub usable: bool,
        }

        impl $name {
            /// Where it is in its life, also where only `usable` says so.
            #[must_use]
            pub const fn phase_now(&self) -> Phase {
                match self.phase {
                    Some(phase) => phase,
                    None if self.usable || self.splicing => Phase::Usable,
                    None => Phase::Unknown,
                }
            }
        }
    };
}
pub(super) use channel_record;

channel_record! {
    /// One channel of ours.
    Channel, NodeId
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
    /// A channel of which only its amounts are known, in normal operation.
    #[must_use]
    pub const fn plain(
        channel_id: NodeId,
        peer_id: NodeId,
        local_sats: Sat,
        capacity_sats: Sat,
    ) -> Self {
        Self {
            age_days: None,
            announced: None,
            capacity_sats,
            channel_id,
            closed_to_forwards: false,
            connected: None,
            fee_base_msat: None,
            fee_ppm: None,
            flow: None,
            inactive: false,
            last_hop: None,
            local_sats,
            peer_id,
            pending_capacity_sats: None,
            phase: None,
            private: false,
            receivable_sats: None,
            recent_flow: None,
            reserve_sats: None,
            route_cost_ppm: None,
            short_channel_id: None,
            spendable_sats: None,
            splicing: false,
            usable: true,
        }
    }

    /// Whether its liquidity counts: it forwards, also while a splice waits.
    #[must_use]
    pub const fn counts(&self) -> bool {
        matches!(self.phase_now(), Phase::Usable)
    }

    /// Whether it is on its way to count. One that cannot be used, and whose phase nobody told, is
    /// taken for such: a second channel beside it costs more than to wait for it.
    #[must_use]
    pub const fn is_opening(&self) -> bool {
        match self.phase {
            Some(phase) => matches!(phase, Phase::Opening),
            None => !self.counts(),
        }
    }

    /// Whether others can see it; where no graph is known, whether it is to be announced.
    #[must_use]
    pub const fn is_announced(&self) -> bool {
        match self.announced {
            Some(announced) => announced && !self.private,
            None => !self.private,
        }
    }

    /// Whether others can see it in the graph now.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        self.is_announced() && !self.inactive
    }

    /// Whether the other members are told of it.
    #[must_use]
    pub(super) const fn is_told(&self, config: &Config) -> bool {
        config.snapshot.report_unannounced || self.is_announced()
    }

    /// Whether our report counts it: the others hold a report against the graph, in which a disabled
    /// channel is no capacity.
    #[must_use]
    pub(super) const fn is_reported(&self, config: &Config) -> bool {
        self.is_told(config) && !self.inactive
    }

    /// The most that can be sent: each number that is told bounds it, whichever others are absent.
    /// What has to stay on our side can never be sent.
    #[must_use]
    pub fn most_sendable(&self) -> Sat {
        let own = self.local_sats.less(self.reserve_sats.unwrap_or_default());
        let most = self.spendable_sats.unwrap_or(own);
        most.min(own).min(self.safe_capacity())
    }

    /// The most that can be received, where that is told or a splice in flight bounds it: what lies
    /// on our side takes its place in the capacity that is sure to remain.
    #[must_use]
    pub fn most_receivable(&self) -> Option<Sat> {
        let room = self.safe_capacity().less(self.local_sats);
        let bounded = self.pending_capacity_sats.map(|_| room);
        self.receivable_sats.map(|most| most.min(room)).or(bounded)
    }

    /// The part on our side as a share of the capacity; absent for an empty channel.
    #[must_use]
    pub fn local_pct(&self) -> Option<f64> {
        local_share(self.local_sats, self.capacity_sats)
    }

    /// The capacity that is sure to remain, whichever splice in flight confirms.
    #[must_use]
    pub fn safe_capacity(&self) -> Sat {
        self.pending_capacity_sats
            .map_or(self.capacity_sats, |pending| {
                pending.min(self.capacity_sats)
            })
    }
}

/// Refuses a list in which an id stands twice: what it names would count twice.
pub(super) fn each_once<'i>(
    ids: impl Iterator<Item = &'i NodeId> + Clone,
    list: &str,
) -> Result<(), Error> {
    let repeats = sorting::repeats(ids.clone());
    match ids.zip(repeats).find(|(_, repeats)| *repeats) {
        Some((id, _)) => Err(Error::duplicate(list, id)),
        None => Ok(()),
    }
}

/// `local / capacity`; absent for an empty channel.
pub(super) fn local_share(local: Sat, capacity: Sat) -> Option<f64> {
    (capacity > Sat::MIN).then(|| local.as_f64() / capacity.as_f64())
}

/// As [`local_share`], a balance above the capacity taken as full.
pub(super) fn full_share(local: Sat, capacity: Sat) -> Option<Share> {
    local_share(local, capacity).map(Share::clamped)
}
