//! A fleet's members, kept between questions: query time grows with the size of the answer, not
//! with the number of stored reports.
//!
//! ```
//! use trimtab_core::{operations::opened, value::Value};
//! let mut book = opened::open("fleet_book", &Value::from_json(br#"{"state":{"us":{"node_id":"02us"}}}"#)?)?;
//! book.call_bytes("set_report", br#"{"member_id":"02aa","at":900,"tier":"struggling",
//!     "depleted":[{"peer_id":"03xx","local_pct":0.05,"capacity_sats":5000000}]}"#)?;
//! let needs = book.call_bytes("needs", br#"{"now":1000,"first":50}"#)?;
//! assert!(String::from_utf8_lossy(&needs).contains(r#""need_type":"outbound""#));
//! let fee = book.call_bytes("fees", br#"{"now":1000,"peer_id":"03xx","base_ppm":1000}"#)?;
//! assert!(String::from_utf8_lossy(&fee).contains(r#""fee_ppm":950"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! An answer has the same bytes as that of the stateless operation on the snapshot. Reports come
//! in as records (`set_report`) or as signed messages (`take`); the last one of a member counts. A
//! member that never reported is still a member; its report is treated as stale.
//!
//! Source: spec of the fleet, section 9.

pub(in crate::fleet) mod directory;
mod index;
mod methods;
mod questions;
#[cfg(test)]
mod tests;

pub use methods::*;
pub use questions::*;

use crate::canonical;
use crate::entries::{Entries, Entry};
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::gossip::accept::{Arrival, GossipState, Roster, Taken, receive};
use crate::fleet::gossip::bridge;
use crate::fleet::health::verify::Evidence;
use crate::fleet::member::{Member, Us};
use crate::fleet::rebalance::candidate::Source;
use crate::policy::Policy;
use crate::reason::Why;
use crate::units::{Count, NodeId, Sat};
use directory::Directory;
use index::Index;

/// A node of the fleet, as we know it apart from what it says.
#[record]
pub struct FleetMember {
    /// Whether the fleet shut it out; then it is no member, and nothing of it is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub banned: bool,
    /// Whether it is connected to us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub connected: bool,
    /// Its public key.
    pub member_id: NodeId,
    /// Its public capacity, which its reports are held against.
    pub public_capacity_sats: Option<Sat>,
    /// How many public channels it has.
    pub public_channels: Option<Count>,
}

impl Entry for FleetMember {
    const ID: &'static str = "member_id";
    fn id(&self) -> &str {
        self.member_id.as_str()
    }
}

/// An external peer, as the graph shows it.
#[record]
pub struct FleetPeer {
    /// The peer.
    pub peer_id: NodeId,
    /// Its public capacity; absent when unknown.
    pub public_capacity_sats: Option<Sat>,
}

impl Entry for FleetPeer {
    const ID: &'static str = "peer_id";
    fn id(&self) -> &str {
        self.peer_id.as_str()
    }
}

/// Everything a book knows.
#[record]
pub struct FleetSnapshot {
    /// What is kept of the messages of members.
    #[serde(default)]
    pub gossip: GossipState,
    /// The members, without us.
    #[serde(default)]
    pub members: Entries<FleetMember>,
    /// External peers.
    #[serde(default)]
    pub peers: Entries<FleetPeer>,
    /// What each member reported last, as the stateless operations take it.
    #[serde(default)]
    pub reports: Entries<Member>,
    /// The channels that may give in a rebalance.
    #[serde(default)]
    pub sources: Entries<Source>,
    /// We ourselves.
    pub us: Us,
}

/// What is known of a fleet, kept between questions.
#[derive(Debug)]
pub struct FleetBook {
    policy: Policy,
    /// We ourselves, without the channels.
    us: Us,
    channels: Directory<Channel>,
    roster: Directory<FleetMember>,
    peers: Directory<FleetPeer>,
    sources: Directory<Source>,
    gossip: GossipState,
    index: Index,
}

impl Roster for Directory<FleetMember> {
    fn trusts(&self, id: &NodeId) -> bool {
        self.get(id).is_some_and(|member| !member.banned)
    }
    fn connects(&self, id: &NodeId) -> bool {
        self.get(id).is_some_and(|member| member.connected)
    }
}

/// The entries of a list in which none may be bad: a book never holds what it could not give back.
fn all<T: Entry + Clone>(list: &Entries<T>, name: &str) -> Result<Vec<T>, Error> {
    let mut why = Why::off();
    let usable: Vec<T> = list.usable(&mut why).into_iter().cloned().collect();
    match why.finish().1.into_iter().next() {
        Some(aside) => Err(aside.error.inside(name)),
        None => Ok(usable),
    }
}

impl FleetBook {
    /// A book of what `state` holds.
    pub fn new(policy: Policy, state: &FleetSnapshot) -> Result<Self, Error> {
        let us = Us {
            channels: Entries::default(),
            ..state.us.clone()
        };
        let mut book = Self {
            index: Index::of(us.node_id.clone()),
            policy,
            us,
            channels: Directory::new(),
            roster: Directory::new(),
            peers: Directory::new(),
            sources: Directory::new(),
            gossip: state.gossip.clone(),
        };
        let channels = all(&state.us.channels, "channels").map_err(|error| error.inside("us"))?;
        for channel in channels {
            book.set_channel(channel);
        }
        for peer in all(&state.peers, "peers")? {
            book.set_peer(peer);
        }
        for source in all(&state.sources, "sources")? {
            book.set_source(source);
        }
        let members = all(&state.members, "members")?;
        for member in &members {
            book.roster.insert(member.member_id.clone(), member.clone());
        }
        for report in all(&state.reports, "reports")? {
            book.set_report(report)
                .map_err(|error| error.inside("reports"))?;
        }
        for member in members {
            book.set_member(member);
        }
        book.forget_strangers();
        Ok(book)
    }

    /// The policy it answers under.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// We ourselves, without the channels.
    #[must_use]
    pub const fn us(&self) -> &Us {
        &self.us
    }

    /// Adds a member, or replaces what we know of it; its reports stay unless it is banned.
    pub fn set_member(&mut self, member: FleetMember) {
        let id = member.member_id.clone();
        let banned = member.banned;
        self.roster.insert(id.clone(), member);
        if banned {
            self.forget(&id);
        } else if !self.index.holds(&id) {
            let config = self.policy.config();
            self.index.set(config, Member::silent(id));
        }
    }

    /// Takes a report as it is, in place of the last one of that member.
    pub fn set_report(&mut self, report: Member) -> Result<(), Error> {
        if self
            .roster
            .get(&report.member_id)
            .is_some_and(|one| one.banned)
        {
            let got = &report.member_id;
            return Err(Error::out_of_range("member_id", got, "no banned member"));
        }
        self.index.set(self.policy.config(), report);
        Ok(())
    }

    /// Forgets a member and all that it said; whether it was there.
    pub fn remove_member(&mut self, id: &NodeId) -> bool {
        let known = self.roster.remove(id).is_some();
        self.forget(id) || known
    }

    fn forget(&mut self, id: &NodeId) -> bool {
        self.gossip.reporters.remove(id);
        self.gossip.buckets.remove(id);
        self.index.remove(self.policy.config(), id)
    }

    /// Who left the fleet leaves nothing behind.
    fn forget_strangers(&mut self) {
        let roster = &self.roster;
        self.gossip.reporters.retain(|id, _| roster.trusts(id));
        self.gossip.buckets.retain(|id, _| roster.trusts(id));
    }

    /// Adds a channel of ours, or replaces it.
    pub fn set_channel(&mut self, channel: Channel) {
        let (id, peer) = (channel.channel_id.clone(), channel.peer_id.clone());
        let before = self.channels.insert(id, channel);
        if let Some(before) = before.filter(|before| before.peer_id != peer) {
            self.index_channels(&before.peer_id);
        }
        self.index_channels(&peer);
    }

    /// Forgets a channel of ours; whether it was there.
    pub fn remove_channel(&mut self, id: &NodeId) -> bool {
        let before = self.channels.remove(id);
        if let Some(before) = &before {
            self.index_channels(&before.peer_id);
        }
        before.is_some()
    }

    fn index_channels(&mut self, peer: &NodeId) {
        let all = self.channels.values();
        let here = all.filter(|one| one.peer_id == *peer);
        self.index.set_channels(self.policy.config(), peer, here);
    }

    /// Adds an external peer, or replaces what the graph shows of it.
    pub fn set_peer(&mut self, peer: FleetPeer) {
        self.peers.insert(peer.peer_id.clone(), peer);
    }

    /// Forgets what the graph shows of a peer; whether it was there.
    pub fn remove_peer(&mut self, id: &NodeId) -> bool {
        self.peers.remove(id).is_some()
    }

    /// Adds a channel that may give in a rebalance, or replaces it.
    pub fn set_source(&mut self, source: Source) {
        self.sources.insert(source.channel_id.clone(), source);
    }

    /// Forgets a channel that might have given; whether it was there.
    pub fn remove_source(&mut self, id: &NodeId) -> bool {
        self.sources.remove(id).is_some()
    }

    /// Takes a message as `gossip.accept` does; what it says becomes the report of its member.
    pub(super) fn take(&mut self, arrival: &Arrival<'_>, why: &mut Why) -> Result<Taken, Error> {
        let config = self.policy.config();
        let taken = receive(&config.gossip, arrival, &self.roster, &mut self.gossip, why);
        let Some(id) = &taken.reporter else {
            return Ok(taken);
        };
        let said = self.gossip.reporters.get(id);
        let known = self.roster.get(id);
        if let (Some(said), Some(known)) = (said, known) {
            let evidence = self.evidence(known);
            let report = bridge::member(config, id, said, &evidence)?;
            self.index.set(config, report);
        }
        Ok(taken)
    }

    /// What we see of a member ourselves.
    fn evidence(&self, member: &FleetMember) -> Evidence {
        let config = self.policy.config();
        // A channel that the other members are not told of is in no report, so it is no evidence.
        // Nor is one that we only take for announced, since the graph shows none of ours: a member
        // that the graph shows knows that this one is not in it.
        let public = member.public_capacity_sats.unwrap_or_default() > Sat::MIN;
        let unseen = public && !config.snapshot.report_unannounced;
        let ours = self
            .channels
            .values()
            .filter(|one| {
                one.peer_id == member.member_id && one.counts() && one.is_reported(config)
            })
            .filter(|one| one.announced.is_some() || !unseen);
        let shared: Vec<Sat> = ours.map(Channel::safe_capacity).collect();
        let capacity = shared.iter().map(|one| one.get()).sum();
        Evidence {
            our_capacity_sats: Sat::new(capacity).ok(),
            our_channels: u32::try_from(shared.len()).map(Count::clamped).ok(),
            previous: None,
            public_capacity_sats: member.public_capacity_sats,
            public_channels: member.public_channels,
        }
    }

    /// Everything the book knows, each list by id.
    #[must_use]
    pub fn snapshot(&self) -> FleetSnapshot {
        fn list<T: Clone>(kept: &Directory<T>) -> Entries<T> {
            kept.values().cloned().collect::<Vec<T>>().into()
        }
        let reports: Vec<Member> = self.index.members().cloned().collect();
        FleetSnapshot {
            gossip: self.gossip.clone(),
            members: list(&self.roster),
            peers: list(&self.peers),
            reports: reports.into(),
            sources: list(&self.sources),
            us: Us {
                channels: list(&self.channels),
                ..self.us.clone()
            },
        }
    }

    /// sha256 of the canonical snapshot: two books with the same digest answer alike.
    pub fn digest(&self) -> Result<String, Error> {
        canonical::digest_of(&self.snapshot())
    }
}
