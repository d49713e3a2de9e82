//! What other members hold with a peer, as far as their reports tell.

use crate::entries::Entry;
use crate::fleet::member::{Member, SpliceType};
use crate::table::Table;
use crate::units::{Count, NodeId, Sat, Seconds};

/// A member's signed answer about the peer.
#[record]
pub struct Answer {
    /// When it was given.
    pub at: Seconds,
    /// What the member holds with the peer.
    pub capacity_sats: Sat,
}

/// A splice-out that a member announced.
#[record]
pub struct Announced {
    /// How much will leave.
    pub amount_sats: Sat,
    /// Until when the announcement holds.
    pub expires: Seconds,
}

/// What another member holds with the peer, as far as we know.
#[record]
pub struct Other {
    /// Its announced splice-outs at this peer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<Announced>,
    /// Its signed answer.
    pub answer: Option<Answer>,
    /// When it reported.
    pub at: Seconds,
    /// Its reported capacity with the peer, channel by channel.
    pub channels: Option<Vec<Sat>>,
    /// Its node id.
    pub member_id: NodeId,
    /// The capacity of the whole node, where it reported no channels: only an estimate.
    pub node_capacity_sats: Option<Sat>,
    /// How many channels the whole node has.
    pub node_channels: Option<Count>,
}

impl Other {
    /// What a member holds with `peer`, as far as its reports tell; nothing when they do not.
    #[must_use]
    pub fn at_peer(member: &Member, peer: &NodeId) -> Option<Self> {
        let here = told(member, |one| one == peer).remove(peer);
        Self::of(member, here.unwrap_or_default())
    }

    /// The same for every peer that the reports name.
    pub(in crate::fleet) fn by_peer(member: &Member) -> Table<&NodeId, Option<Self>> {
        let told = told(member, |_| true).into_iter();
        told.map(|(peer, told)| (peer, Self::of(member, told)))
            .collect()
    }

    /// Whether only the size of the whole node is known: then it is an estimate for every peer.
    pub(in crate::fleet) fn estimates(member: &Member) -> bool {
        member.capacities.is_empty() && member.node_capacity_sats.is_some()
    }

    fn of(member: &Member, told: Told) -> Option<Self> {
        let estimated = Self::estimates(member);
        let empty = told == Told::default();
        (!member.implausible && (estimated || !empty)).then(|| Self {
            announced: told.announced,
            answer: told.answer,
            at: match estimated {
                true => member.health_at.unwrap_or(member.at),
                false => member.at,
            },
            channels: (!estimated).then_some(told.channels),
            member_id: member.member_id.clone(),
            node_capacity_sats: member.node_capacity_sats.filter(|_| estimated),
            node_channels: member.node_channels.filter(|_| estimated),
        })
    }
}

/// What a member's reports say of one peer.
#[derive(Default, PartialEq)]
struct Told {
    announced: Vec<Announced>,
    answer: Option<Answer>,
    channels: Vec<Sat>,
}

fn told(member: &Member, wanted: impl Fn(&NodeId) -> bool) -> Table<&NodeId, Told> {
    let held = member.capacities.iter().filter(|one| wanted(&one.peer_id));
    let exits = member.splices.iter();
    let exits = exits.filter(|one| one.splice_type == SpliceType::SpliceOut);
    let exits = exits.filter(|one| wanted(&one.peer_id));
    let answers = member.answers.iter().filter(|one| wanted(&one.peer_id));
    let peers = held.clone().map(|one| &one.peer_id);
    let peers = peers.chain(exits.clone().map(|one| &one.peer_id));
    let peers = peers.chain(answers.clone().map(|one| &one.peer_id));
    let mut told: Table<&NodeId, Told> = Table::slots(peers);
    for one in held {
        told.slot(&one.peer_id).channels.push(one.capacity_sats);
    }
    for one in exits {
        let here = told.slot(&one.peer_id);
        here.announced.push(Announced {
            amount_sats: one.amount_sats,
            expires: one.expires,
        });
    }
    for one in answers {
        let here = told.slot(&one.peer_id);
        // Of several the newest; of those that are as new the least.
        let known = here.answer.as_ref();
        let key = (one.at, std::cmp::Reverse(one.capacity_sats));
        if known.is_none_or(|known| (known.at, std::cmp::Reverse(known.capacity_sats)) < key) {
            here.answer = Some(Answer {
                at: one.at,
                capacity_sats: one.capacity_sats,
            });
        }
    }
    told
}

impl Entry for Other {
    const ID: &'static str = "member_id";
    fn id(&self) -> &str {
        self.member_id.as_str()
    }
}
