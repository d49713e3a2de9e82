//! What one member of the fleet reported, as its receiver keeps it: the one record that every
//! fleet policy reads, with what may count of it.
//!
//! A report carries observations (counts, channels, activity), never a score: the tier is derived
//! here, and an unknown or stale one is `stable`.

use super::channel::Channel;
use super::health::{HealthConfig, Tier};
use crate::entries::{Entries, Entry};
use crate::units::{Count, NodeId, Points, Sat, Seconds, Share};

/// What a member reported.
#[record]
pub struct Member {
    /// What it answered when it was asked about a peer, signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<PeerAnswer>,
    /// When it reported its liquidity; 0 when never.
    pub at: Seconds,
    /// What it holds towards each external peer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacities: Vec<PeerCapacity>,
    /// Its channels with little on its own side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depleted: Vec<Trouble>,
    /// When it reported its health; absent when never.
    pub health_at: Option<Seconds>,
    /// Whether its reports contradict what we see; then nothing of it counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implausible: bool,
    /// Its node id.
    pub member_id: NodeId,
    /// The capacity of the whole node, where it reported none towards single peers.
    pub node_capacity_sats: Option<Sat>,
    /// How many channels the whole node has.
    pub node_channels: Option<Count>,
    /// Where it is rebalancing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rebalancing: Vec<Activity>,
    /// Its channels with nearly all on its own side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saturated: Vec<Trouble>,
    /// The score that we derived from its health report.
    pub score: Option<Points>,
    /// The splices it announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splices: Vec<AnnouncedSplice>,
    /// The tier, where the score is not known.
    pub tier: Option<Tier>,
}

/// A depleted or saturated channel of a member.
#[record]
pub struct Trouble {
    /// The capacity of the channel.
    pub capacity_sats: Sat,
    /// The share on the member's own side.
    pub local_pct: Share,
    /// The peer at the other end.
    pub peer_id: NodeId,
}

/// A rebalance that somebody announced.
#[record]
pub struct Activity {
    /// When it was announced.
    pub at: Seconds,
    /// When it should be over.
    pub expected_end: Seconds,
    /// The peer through which it goes.
    pub peer_id: NodeId,
}

/// What a member holds towards a peer.
#[record]
pub struct PeerCapacity {
    /// The sum of its channels with the peer.
    pub capacity_sats: Sat,
    /// How many channels that is.
    pub channels: Option<Count>,
    /// The peer.
    pub peer_id: NodeId,
}

/// What a member answered about a peer.
#[record]
pub struct PeerAnswer {
    /// When it answered.
    pub at: Seconds,
    /// What it holds with the peer.
    pub capacity_sats: Sat,
    /// The peer.
    pub peer_id: NodeId,
}

/// Which way a splice goes.
#[choice]
pub enum SpliceType {
    /// Capacity is added.
    SpliceIn,
    /// Capacity is taken out.
    SpliceOut,
}

/// A splice that a member announced.
#[record]
pub struct AnnouncedSplice {
    /// How much.
    pub amount_sats: Sat,
    /// Until when the announcement holds.
    pub expires: Seconds,
    /// The peer at the other end.
    pub peer_id: NodeId,
    /// Which way it goes.
    pub splice_type: SpliceType,
}

/// We ourselves: our own channels and what we announced.
#[record]
pub struct Us {
    /// Our channels.
    #[serde(default)]
    pub channels: Entries<Channel>,
    /// Our node id; a report under this id never counts as another member's.
    pub node_id: NodeId,
    /// Where we are rebalancing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rebalancing: Vec<Activity>,
    /// The tier of our last accepted health report; stable when absent.
    pub tier: Option<Tier>,
}

impl Entry for Member {
    const ID: &'static str = "member_id";
    fn id(&self) -> &str {
        self.member_id.as_str()
    }
}

impl Member {
    /// A member of which nothing is known yet.
    #[must_use]
    pub const fn silent(member_id: NodeId) -> Self {
        Self {
            answers: Vec::new(),
            at: Seconds::MIN,
            capacities: Vec::new(),
            depleted: Vec::new(),
            health_at: None,
            implausible: false,
            member_id,
            node_capacity_sats: None,
            node_channels: None,
            rebalancing: Vec::new(),
            saturated: Vec::new(),
            score: None,
            splices: Vec::new(),
            tier: None,
        }
    }

    /// The tier that counts at `now`: stable when it is unknown or too old.
    #[must_use]
    pub fn tier_at(&self, config: &HealthConfig, now: Seconds, max_age: Seconds) -> Tier {
        let fresh = is_fresh(self.health_at.unwrap_or(self.at), now, max_age);
        let known = self.score.map(|score| Tier::of(config, score));
        let known = known.or(self.tier);
        known.filter(|_| fresh).unwrap_or(Tier::Stable)
    }
}

/// No honest stamp runs further ahead of our clock than this.
pub(super) const CLOCKS_DIFFER: Seconds = Seconds::constant(600);

/// Whether something said at `at` is from later than clocks differ: it would never grow old.
pub(super) fn is_ahead(at: Seconds, now: Seconds) -> bool {
    at.less(now) > CLOCKS_DIFFER
}

/// Whether something said at `at` still counts. The future is not older than now: gossip refuses
/// stamps that run ahead by more than clocks do.
pub(super) fn is_fresh(at: Seconds, now: Seconds, max_age: Seconds) -> bool {
    now.less(at) <= max_age
}
