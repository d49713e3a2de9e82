//! The questions to a book, each answered by the rule of its stateless operation.

use super::FleetBook;
use super::index::{Card, Row};
use crate::error::Error;
use crate::fleet::conflict::{Conflict, conflict_of};
use crate::fleet::fees::{Adjusted, Fee, FeeStep, adjust_for};
use crate::fleet::gossip::bridge;
use crate::fleet::health::fleet::{FleetHealth, fleet_of};
use crate::fleet::health::verify::Verified;
use crate::fleet::liquidity::NeedType;
use crate::fleet::liquidity::needs::{
    Excesses, Need, Needs, Ready, Relevance, most_first, told_relevance, worst_first,
};
use crate::fleet::liquidity::state::{Competition, FleetState, competition_of, state_of};
use crate::fleet::member::{Member, is_fresh};
use crate::fleet::rebalance::candidate::{EvaluateInput, Evaluated};
use crate::fleet::rebalance::evaluate::evaluate_from;
use crate::fleet::splice::{
    self, CheckInput, Checked, Headroom, HeadroomInput, Other, Ours, Question, Situation,
};
use crate::fleet::topology::{Advised, Candidate, Standing, advise_of, distinct};
use crate::fleet::view::{Fleet, View, may_count};
use crate::reason::Why;
use crate::units::{Count, NodeId, Ppm, Sat, Seconds, Share};

/// When something is asked.
#[record]
pub struct AskNow {
    /// The present moment.
    pub now: Seconds,
}

/// When something is asked, and how much of the answer is wanted.
#[record]
pub struct AskFirst {
    /// Only so many entries of the answer; all when absent.
    pub first: Option<Count>,
    /// The present moment.
    pub now: Seconds,
}

/// Which peer is asked about.
#[record]
pub struct AskPeer {
    /// The peer.
    pub peer_id: NodeId,
}

/// Which member is asked about.
#[record]
pub struct AskMember {
    /// The member.
    pub member_id: NodeId,
    /// The present moment.
    pub now: Seconds,
}

/// A rebalance that might meet another member's.
#[record]
pub struct AskConflict {
    /// The present moment.
    pub now: Seconds,
    /// The peer through which we would rebalance.
    pub target_peer: NodeId,
}

/// A fee that might help another member.
#[record]
pub struct AskFee {
    /// The fee we intend without the fleet; where it is absent, `last_step` may tell it.
    pub base_ppm: Option<Ppm>,
    /// No higher than this; the config's when absent.
    pub ceiling_ppm: Option<Ppm>,
    /// The fee that is set now.
    pub fee_in_force_ppm: Option<Ppm>,
    /// No lower than this; the config's when absent.
    pub floor_ppm: Option<Ppm>,
    /// The last step that we made here: while its fee is in force, its base is what we intend.
    pub last_step: Option<FeeStep>,
    /// The present moment.
    pub now: Seconds,
    /// The peer towards which the fee is.
    pub peer_id: NodeId,
}

/// Peers that a new channel could go to.
#[record]
pub struct AskAdvice {
    /// The peers to compare; all that were set when absent.
    pub candidates: Option<Vec<NodeId>>,
    /// The present moment.
    pub now: Seconds,
}

impl FleetBook {
    /// The other members that count, with what they need.
    fn counted<'b>(
        &'b self,
        now: Seconds,
        max_age: Seconds,
        why: &mut Why,
    ) -> impl Iterator<Item = &'b Card> {
        let others = self.index.others();
        others.filter(move |card| may_count(&card.member, now, max_age, why))
    }

    fn max_age(&self) -> Seconds {
        self.policy.config().liquidity.max_report_age_s
    }

    /// As [`View::of`] on the snapshot, without our channels.
    fn view(&self, now: Seconds, max_age: Seconds, why: &mut Why) -> View<'_> {
        let others = self.counted(now, max_age, why).map(|card| &card.member);
        View {
            others: others.collect(),
            channels: Vec::new(),
            opening: Vec::new(),
            fleet: Fleet::Kept(self.index.ids()),
            us: &self.us,
            now,
        }
    }

    /// The members that count and have `wanted` to do with the peer of a row, by id; we among them.
    fn members_of<'b>(&'b self, row: &'b Row, now: Seconds, kind: Kind) -> Vec<&'b NodeId> {
        let max_age = self.max_age();
        let (said, we) = match kind {
            Kind::Serving => (&row.said, !row.ours.channels.is_empty()),
            Kind::Troubled => (&row.said, row.troubled),
        };
        let counts = said.iter().filter(|said| match kind {
            Kind::Serving => said.serves,
            Kind::Troubled => said.troubled,
        });
        let fresh = counts.filter(|said| is_fresh(said.at, now, max_age));
        let mut members: Vec<&NodeId> = fresh.map(|said| &said.member_id).collect();
        if we {
            let place = members.partition_point(|id| **id < self.us.node_id);
            members.insert(place, &self.us.node_id);
        }
        members
    }

    /// The members of every peer that several may have in common.
    fn groups(&self, now: Seconds, kind: Kind) -> impl Iterator<Item = (&NodeId, Vec<&NodeId>)> {
        let rows = self.index.rows().iter();
        let several = rows.filter(|(_, row)| row.said.len() >= 2 || !row.ours.channels.is_empty());
        several.map(move |(peer, row)| (peer, self.members_of(row, now, kind)))
    }

    /// What the members that count need at a peer, in no order.
    fn needs_at<'b>(
        &'b self,
        peer: &NodeId,
        now: Seconds,
    ) -> impl Iterator<Item = (&'b Member, &'b Ready)> {
        let max_age = self.max_age();
        let said = self.index.row(peer).map_or(&[][..], |row| &row.said);
        let counts = said
            .iter()
            .filter(move |said| said.troubled && is_fresh(said.at, now, max_age));
        let cards = counts.filter_map(|said| self.index.card(&said.member_id));
        cards.flat_map(move |card| card.needs_at(peer).map(move |need| (&card.member, need)))
    }

    /// As `liquidity.needs`.
    pub fn needs(&self, ask: &AskFirst, why: &mut Why) -> Needs {
        let cards: Vec<&Card> = self.counted(ask.now, self.max_age(), why).collect();
        let lists = cards.iter().map(|card| (&card.member, &card.needs[..]));
        worst_first(self.policy.config(), lists, ask.now, ask.first, why)
    }

    /// As `liquidity.excess`.
    pub fn excess(&self, ask: &AskFirst, why: &mut Why) -> Excesses {
        let cards: Vec<&Card> = self.counted(ask.now, self.max_age(), why).collect();
        let lists = cards.iter().map(|card| (&card.member, &card.needs[..]));
        most_first(self.policy.config(), lists, ask.now, ask.first, why)
    }

    /// As `liquidity.state`.
    pub fn state(&self, ask: &AskNow, why: &mut Why) -> FleetState {
        let mut view = self.view(ask.now, self.max_age(), why);
        let channels = self.channels.values();
        let count = channels.filter(|one| one.counts() && !self.index.ids().contains(&one.peer_id));
        view.channels = count.collect();
        let has = |member: &Member, kind: NeedType| {
            let card = self.index.card(&member.member_id);
            card.is_some_and(|card| card.needs.iter().any(|need| need.need_type == kind))
        };
        let groups = self.groups(ask.now, Kind::Troubled);
        state_of(self.policy.config(), &view, has, groups, why)
    }

    /// As `liquidity.competition`.
    pub fn competition(&self, ask: &AskFirst, why: &mut Why) -> Competition {
        let view = self.view(ask.now, self.max_age(), why);
        let groups = self.groups(ask.now, Kind::Serving);
        competition_of(&view, groups, ask.first, why)
    }

    /// As `liquidity.relevance` of our channels with a peer.
    pub fn relevance(&self, ask: &AskPeer, why: &mut Why) -> Relevance {
        let row = self.index.row(&ask.peer_id);
        told_relevance(row.map_or(Share::MIN, |row| row.relevance), why)
    }

    /// As `health.fleet`.
    pub fn health(&self, ask: &AskFirst, why: &mut Why) -> FleetHealth {
        let members = self.index.members();
        fleet_of(self.policy.config(), members, ask.now, ask.first, why)
    }

    /// As `health.verify` with the last report of a member and what the book sees of it.
    pub fn verify(&self, ask: &AskMember, why: &mut Why) -> Result<Verified, Error> {
        let id = &ask.member_id;
        let known = self.roster.get(id).zip(self.gossip.reporters.get(id));
        let verified = known.map(|(member, said)| {
            let evidence = self.evidence(member);
            bridge::judged(self.policy.config(), said, &evidence, ask.now, why)
        });
        verified
            .transpose()?
            .flatten()
            .ok_or_else(|| Error::out_of_range("member_id", id, "a member that told its health"))
    }

    /// As `rebalance.conflict`.
    pub fn conflict(&self, ask: &AskConflict, why: &mut Why) -> Conflict {
        let view = self.view(ask.now, Seconds::MAX, why);
        conflict_of(self.policy.config(), &view, &ask.target_peer, why)
    }

    /// As `fees.adjust` with all that `liquidity.needs` answers.
    pub fn fees(&self, ask: &AskFee, why: &mut Why) -> Result<Adjusted, Error> {
        let config = self.policy.config();
        let max_age = config.health.max_report_age_s;
        let needs = self.needs_at(&ask.peer_id, ask.now);
        let needs: Vec<Need> = needs
            .map(|(member, need)| need.of(member, member.tier_at(&config.health, ask.now, max_age)))
            .collect();
        let fee = Fee {
            base: ask.base_ppm,
            ceiling: ask.ceiling_ppm,
            floor: ask.floor_ppm,
            in_force: ask.fee_in_force_ppm,
            last_step: ask.last_step,
            own: self.index.row(&ask.peer_id).and_then(|row| row.balance),
            peer: &ask.peer_id,
        };
        adjust_for(config, &fee, needs.iter(), why)
    }

    /// As `rebalance.evaluate` with the sources of the book.
    pub fn evaluate(&self, ask: &EvaluateInput, why: &mut Why) -> Result<Evaluated, Error> {
        if !ask.sources.is_empty() {
            let got = format_args!("{} sources", ask.sources.len()).to_string();
            return Err(Error::out_of_range(
                "sources",
                got,
                "none: the book has them",
            ));
        }
        evaluate_from(self.policy.config(), ask, self.sources.values(), why)
    }

    /// As `splice.check` with what the other members' reports hold, see [`Other::at_peer`].
    pub fn splice(&self, ask: &CheckInput, why: &mut Why) -> Result<Checked, Error> {
        let situation = self.situation(ask.question())?;
        let mut estimates = Vec::new();
        let others: Vec<&Other> = self.index.others_at(&ask.peer_id, &mut estimates);
        splice::advise(self.policy.config(), &situation, others, ask, why)
    }

    /// As `splice.headroom` with what the other members' reports hold.
    pub fn headroom(&self, ask: &HeadroomInput, why: &mut Why) -> Result<Headroom, Error> {
        let situation = self.situation(ask.question())?;
        let mut estimates = Vec::new();
        let others: Vec<&Other> = self.index.others_at(&ask.peer_id, &mut estimates);
        splice::room(self.policy.config(), &situation, others, why)
    }

    fn situation<'b>(&'b self, question: Question<'b>) -> Result<Situation<'b>, Error> {
        static NONE: Ours = Ours {
            channels: Vec::new(),
            node_id: None,
        };
        let row = self.index.row(question.peer_id);
        let ours = row.map_or(&NONE, |row| &row.ours);
        question.known(ours, self.public_capacity(question.peer_id))
    }

    fn public_capacity(&self, peer: &NodeId) -> Option<Sat> {
        let known = self.peers.get(peer)?;
        known.public_capacity_sats
    }

    /// As `topology.advise`, the capacities as they were set.
    pub fn advise(&self, ask: &AskAdvice, why: &mut Why) -> Result<Advised, Error> {
        let candidate = |peer: &NodeId| Candidate {
            peer_id: peer.clone(),
            public_capacity_sats: self.public_capacity(peer),
        };
        let candidates: Vec<Candidate> = match &ask.candidates {
            Some(peers) => peers.iter().map(candidate).collect(),
            None => self.peers.keys().map(candidate).collect(),
        };
        let sorted = distinct(&candidates)?;
        let view = self.view(ask.now, self.max_age(), why);
        let standing = |peer: &NodeId| self.standing_at(peer, ask.now);
        advise_of(self.policy.config(), &view, sorted, standing, why)
    }

    fn standing_at(&self, peer: &NodeId, now: Seconds) -> Result<Standing<'_>, Error> {
        let mut standing = Standing::default();
        let Some(row) = self.index.row(peer) else {
            return Ok(standing);
        };
        for (member, need) in self.needs_at(peer, now) {
            standing.ask(member, need);
        }
        let fresh = |at: Seconds| is_fresh(at, now, self.max_age());
        let said = row.said.iter().filter(|said| fresh(said.at));
        for said in said {
            let held = said
                .other
                .as_ref()
                .and_then(|other| other.channels.as_ref());
            for capacity in held.into_iter().flatten() {
                standing.hold(&said.member_id, *capacity);
            }
        }
        for channel in &row.ours.channels {
            standing.own(channel.capacity_sats, false)?;
        }
        for capacity in &row.opening {
            standing.own(*capacity, true)?;
        }
        Ok(standing)
    }
}

/// What members may have to do with a peer.
#[derive(Clone, Copy)]
enum Kind {
    /// They hold capacity there.
    Serving,
    /// They have trouble there.
    Troubled,
}
