//! What a book looks members up by: everything that does not change with time worked out, per
//! member and per peer. Whether a report still counts is asked with each question.

use super::directory::Directory;
use crate::config::Config;
use crate::fleet::channel::Channel;
use crate::fleet::fees::own_balance;
use crate::fleet::liquidity::needs::{self, Balance, Ready, ready, trouble_of};
use crate::fleet::member::Member;
use crate::fleet::splice::{Other, Ours, OwnChannel};
use crate::sorting;
use crate::table::Set;
use crate::units::{NodeId, Sat, Seconds, Share};

/// A member with what it needs, in order.
#[derive(Debug)]
pub struct Card {
    pub member: Member,
    pub needs: Vec<Ready>,
    /// The places of the needs, by peer.
    by_peer: Vec<usize>,
}

impl Card {
    fn of(member: Member, needs: Vec<Ready>) -> Self {
        let mut places: Vec<(&NodeId, usize)> =
            needs.iter().map(|need| &need.peer_id).zip(0..).collect();
        sorting::by(&mut places, Ord::cmp);
        Self {
            by_peer: places.into_iter().map(|(_, place)| place).collect(),
            member,
            needs,
        }
    }

    /// What the member needs at one peer.
    pub fn needs_at<'c>(&'c self, peer: &NodeId) -> impl Iterator<Item = &'c Ready> {
        let need = |place: &usize| self.needs.get(*place);
        let before = |place: &usize| need(place).is_some_and(|need| need.peer_id < *peer);
        let from = self.by_peer.partition_point(before);
        let places = self.by_peer.iter().skip(from);
        let needs = places.filter_map(|place| self.needs.get(*place));
        needs.take_while(|need| need.peer_id == *peer)
    }
}

/// What one member says of one peer.
#[derive(Debug)]
pub struct Said {
    /// When it reported its liquidity.
    pub at: Seconds,
    pub member_id: NodeId,
    /// What it holds there, where it told.
    pub other: Option<Other>,
    /// Whether it lists a capacity there.
    pub serves: bool,
    /// Whether it has trouble there.
    pub troubled: bool,
}

/// All that is known of one peer.
#[derive(Debug)]
pub struct Row {
    /// What our channels with it that count hold together, as far as they can carry.
    pub balance: Option<Balance>,
    /// What of ours is on its way there.
    pub opening: Vec<Sat>,
    /// Our channels with it that count.
    pub ours: Ours,
    pub relevance: Share,
    /// What the other members say of it, by member.
    pub said: Vec<Said>,
    /// Whether we have trouble there.
    pub troubled: bool,
}

/// The members and peers of a book.
#[derive(Debug)]
pub struct Index {
    cards: Directory<Card>,
    /// Members of which only the size of the whole node is known.
    estimated: Directory<()>,
    /// All members, we included.
    ids: Directory<()>,
    rows: Directory<Row>,
    our_id: NodeId,
}

impl Index {
    /// An index of nobody but us.
    pub fn of(our_id: NodeId) -> Self {
        let mut ids = Directory::new();
        ids.insert(our_id.clone(), ());
        Self {
            cards: Directory::new(),
            estimated: Directory::new(),
            ids,
            rows: Directory::new(),
            our_id,
        }
    }

    /// Whether it has a report of that member, a stale one included.
    pub fn holds(&self, id: &NodeId) -> bool {
        self.cards.contains(id)
    }

    /// How many members it has.
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// Every member's report, by id.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.cards.values().map(|card| &card.member)
    }

    /// Every member but us, by id.
    pub fn others(&self) -> impl Iterator<Item = &Card> {
        let all = self.cards.values();
        all.filter(|card| card.member.member_id != self.our_id)
    }

    pub fn card(&self, id: &NodeId) -> Option<&Card> {
        self.cards.get(id)
    }

    pub const fn ids(&self) -> &Directory<()> {
        &self.ids
    }

    pub const fn rows(&self) -> &Directory<Row> {
        &self.rows
    }

    pub fn row(&self, peer: &NodeId) -> Option<&Row> {
        self.rows.get(peer)
    }

    /// What the other members hold with a peer, by member: what they say of it, and estimates.
    pub fn others_at<'i>(&'i self, peer: &NodeId, estimates: &'i mut Vec<Other>) -> Vec<&'i Other> {
        let said = self.row(peer).map_or(&[][..], |row| &row.said);
        let mut others = Vec::with_capacity(said.len() + self.estimated.len());
        others.extend(said.iter().filter_map(|said| said.other.as_ref()));
        if self.estimated.is_empty() {
            return others;
        }
        let told = |id: &NodeId| {
            let place = said.binary_search_by(|said| said.member_id.cmp(id));
            let said = place.ok().and_then(|place| said.get(place));
            said.is_some_and(|said| said.other.is_some())
        };
        let cards = self.estimated.keys().filter(|id| !told(id));
        let cards = cards.filter_map(|id| self.cards.get(id));
        estimates.extend(cards.filter_map(|card| Other::at_peer(&card.member, peer)));
        others.extend(estimates.iter());
        sorting::by(&mut others, |a, b| a.member_id.cmp(&b.member_id));
        others
    }

    /// Takes a member's report, in place of its last one.
    pub fn set(&mut self, config: &Config, member: Member) {
        let id = member.member_id.clone();
        self.unlist(&id);
        let new = self.ids.insert(id.clone(), ()).is_none();
        self.list(&member);
        let needs = self.needs_of(config, &member);
        self.cards.insert(id.clone(), Card::of(member, needs));
        if new {
            // What was an external peer is none any more.
            self.refresh(config, &id);
        }
    }

    /// Forgets a member; whether it was there.
    pub fn remove(&mut self, config: &Config, id: &NodeId) -> bool {
        self.unlist(id);
        let known = self.cards.remove(id).is_some();
        if known && *id != self.our_id {
            self.ids.remove(id);
            self.refresh(config, id);
        }
        known
    }

    /// Takes our channels with a peer, in place of those before.
    pub fn set_channels<'c>(
        &mut self,
        config: &Config,
        peer: &NodeId,
        channels: impl Iterator<Item = &'c Channel>,
    ) {
        let mut sum = needs::Ours::default();
        let mut troubled = false;
        let mut counting = Vec::new();
        let mut opening = Vec::new();
        for channel in channels {
            if channel.is_opening() {
                opening.push(channel.capacity_sats);
            }
            if !channel.counts() {
                continue;
            }
            sum.add(channel.local_sats, channel.capacity_sats);
            troubled |= trouble_of(&config.liquidity, channel).is_some();
            counting.push(channel);
        }
        let balance = own_balance(counting.iter().copied());
        let kept = counting.into_iter().map(OwnChannel::of).collect();
        let relevance = sum.relevance(&config.liquidity);
        let mut moved = false;
        if let Some(row) = self.row_mut(peer) {
            moved = row.relevance != relevance;
            (row.ours.channels, row.relevance, row.troubled) = (kept, relevance, troubled);
            (row.opening, row.balance) = (opening, balance);
        }
        if moved {
            self.refresh(config, peer);
        }
        self.drop_empty(peer);
    }

    /// The row of a peer, which gets one if it has none.
    fn row_mut(&mut self, peer: &NodeId) -> Option<&mut Row> {
        if !self.rows.contains(peer) {
            let empty = Row {
                balance: None,
                // Our own report is in no row: there is nothing to tell apart.
                opening: Vec::new(),
                ours: Ours::default(),
                relevance: Share::MIN,
                said: Vec::new(),
                troubled: false,
            };
            self.rows.insert(peer.clone(), empty);
        }
        self.rows.get_mut(peer)
    }

    fn drop_empty(&mut self, peer: &NodeId) {
        let empty = |row: &Row| {
            row.said.is_empty() && row.ours.channels.is_empty() && row.opening.is_empty()
        };
        if self.rows.get(peer).is_some_and(empty) {
            self.rows.remove(peer);
        }
    }

    /// Of an implausible member nothing counts, and our own report tells us nothing.
    fn listens_to(&self, member: &Member) -> bool {
        !member.implausible && member.member_id != self.our_id
    }

    fn needs_of(&self, config: &Config, member: &Member) -> Vec<Ready> {
        if !self.listens_to(member) {
            return Vec::new();
        }
        ready(&config.liquidity, member, |peer| {
            let relevance = self.row(peer).map_or(Share::MIN, |row| row.relevance);
            (!self.ids.contains(peer)).then_some(relevance)
        })
    }

    /// Works out again what members in trouble at `peer` need.
    fn refresh(&mut self, config: &Config, peer: &NodeId) {
        let said = self.row(peer).map_or(&[][..], |row| &row.said);
        let troubled = said.iter().filter(|said| said.troubled);
        let ids: Vec<NodeId> = troubled.map(|said| said.member_id.clone()).collect();
        for id in ids {
            if let Some(card) = self.cards.remove(&id) {
                let needs = self.needs_of(config, &card.member);
                self.cards.insert(id, Card::of(card.member, needs));
            }
        }
    }

    fn list(&mut self, member: &Member) {
        if !self.listens_to(member) {
            return;
        }
        if Other::estimates(member) {
            self.estimated.insert(member.member_id.clone(), ());
        }
        let mut others = Other::by_peer(member);
        let serves = member.capacities.iter();
        let serves: Set<&NodeId> = serves.map(|one| &one.peer_id).collect();
        let troubles = member.depleted.iter().chain(&member.saturated);
        let troubled: Set<&NodeId> = troubles.map(|one| &one.peer_id).collect();
        for peer in peers_of(member) {
            let said = Said {
                at: member.at,
                member_id: member.member_id.clone(),
                other: others.get_mut(peer).and_then(Option::take),
                serves: serves.contains(peer),
                troubled: troubled.contains(peer),
            };
            let Some(row) = self.row_mut(peer) else {
                continue;
            };
            let place = row
                .said
                .partition_point(|one| one.member_id < said.member_id);
            row.said.insert(place, said);
        }
    }

    fn unlist(&mut self, id: &NodeId) {
        self.estimated.remove(id);
        let Some(card) = self.cards.get(id) else {
            return;
        };
        let peers: Vec<NodeId> = peers_of(&card.member).into_iter().cloned().collect();
        for peer in peers {
            if let Some(row) = self.rows.get_mut(&peer) {
                let place = row.said.binary_search_by(|said| said.member_id.cmp(id));
                if let Ok(place) = place {
                    row.said.remove(place);
                }
            }
            self.drop_empty(&peer);
        }
    }
}

/// The peers that a report names, but for those that are only being rebalanced through.
fn peers_of(member: &Member) -> Set<&NodeId> {
    let troubles = member.depleted.iter().chain(&member.saturated);
    let troubles = troubles.map(|one| &one.peer_id);
    let capacities = member.capacities.iter().map(|one| &one.peer_id);
    let splices = member.splices.iter().map(|one| &one.peer_id);
    let answers = member.answers.iter().map(|one| &one.peer_id);
    let peers = troubles.chain(capacities).chain(splices);
    peers.chain(answers).collect()
}
