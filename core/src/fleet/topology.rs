//! Which external peers a new channel of ours would help most, and where it would only add
//! capacity that the fleet already has. Advice only.
//!
//! Source: plan §8. Codes: `peer_helps`, `peer_helps_nobody`, `peer_redundant`, `opening_counted`,
//! `capacity_absurd`, `peer_capacity_unknown`, `no_candidate`, `stale_report`, `member_implausible`.

use super::health::Tier;
use super::liquidity::needs::{Ready, ready_of};
use super::liquidity::{NeedType, Severity};
use super::member::{Member, Us};
use super::view::{View, set_aside};
use crate::config::Config;
pub use crate::config::topology::TopologyConfig;
use crate::entries::Entries;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::{Set, Table};
use crate::units::{Hundredths, NodeId, Real, Sat, Seconds};

/// The peers to compare.
#[record]
pub struct AdviseInput {
    /// The peers to compare; members among them are passed over.
    pub candidates: Vec<Candidate>,
    /// What each member reported last; our own report is skipped.
    #[serde(default)]
    pub members: Entries<Member>,
    /// The present moment.
    pub now: Seconds,
    /// We ourselves.
    pub us: Us,
}

/// A peer that a new channel could go to.
#[record]
pub struct Candidate {
    /// The peer.
    pub peer_id: NodeId,
    /// Its public capacity; absent when unknown.
    pub public_capacity_sats: Option<Sat>,
}

/// What a channel to one peer would be worth to the fleet.
#[record(open)]
#[schemars(rename = "PeerAdvice")]
pub struct Advice {
    /// The fleet's share of the peer's capacity; absent when unknown.
    pub fleet_share: Option<Real>,
    /// The members it would help.
    pub helps: Vec<NodeId>,
    /// The peer.
    pub peer_id: NodeId,
    /// Whether the fleet's capacity already suffices.
    pub redundant: bool,
    /// The score, in hundredths.
    pub score: Hundredths,
}

/// The peers, best first.
#[record(open)]
#[schemars(rename = "TopologyAdvice")]
pub struct Advised {
    /// The best first.
    pub advice: Vec<Advice>,
}

const fn weight(tier: Tier, severity: Severity) -> i64 {
    let whole = match tier {
        Tier::Struggling => 100,
        Tier::Vulnerable => 60,
        Tier::Stable => 20,
        Tier::Thriving => 0,
    };
    match severity {
        Severity::High => whole,
        Severity::Medium => whole / 2,
    }
}

/// Compares peers for a new channel of ours.
pub fn advise(config: &Config, input: &AdviseInput, why: &mut Why) -> Result<Advised, Error> {
    let candidates = distinct(&input.candidates)?;
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let ready = ready_of(config, &view);
    let mut at_peer: Table<&NodeId, Standing<'_>> =
        Table::slots(candidates.iter().map(|candidate| &candidate.peer_id));
    for (member, needs) in &ready {
        for need in needs {
            if let Some(standing) = at_peer.get_mut(&need.peer_id) {
                standing.ask(member, need);
            }
        }
    }
    for member in &view.others {
        for held in &member.capacities {
            if let Some(standing) = at_peer.get_mut(&held.peer_id) {
                standing.hold(&member.member_id, held.capacity_sats);
            }
        }
    }
    for channel in view.channels.iter().chain(&view.opening) {
        if let Some(standing) = at_peer.get_mut(&channel.peer_id) {
            standing.own(channel.capacity_sats, channel.is_opening())?;
        }
    }
    let standing = |peer: &NodeId| Ok(at_peer.get(peer).cloned().unwrap_or_default());
    advise_of(config, &view, candidates, standing, why)
}

/// Candidates by id; none may stand twice.
pub(super) fn distinct(candidates: &[Candidate]) -> Result<Vec<&Candidate>, Error> {
    let mut sorted: Vec<&Candidate> = candidates.iter().collect();
    sorting::by(&mut sorted, |a, b| a.peer_id.cmp(&b.peer_id));
    let mut pairs = sorted.iter().zip(sorted.iter().skip(1));
    match pairs.find(|(a, b)| a.peer_id == b.peer_id) {
        Some((twice, _)) => Err(Error::duplicate("candidates", &twice.peer_id)),
        None => Ok(sorted),
    }
}

/// What the fleet needs and holds at one peer.
#[derive(Clone, Default)]
pub(super) struct Standing<'f> {
    asked: Vec<(&'f Member, Severity)>,
    /// What other members hold there, by member.
    held: Vec<(u128, &'f NodeId)>,
    /// What we hold there, with what is on its way.
    ours: Sat,
    /// What of it is on its way.
    opening: Sat,
}

impl<'f> Standing<'f> {
    /// Adds what a member needs there.
    pub fn ask(&mut self, member: &'f Member, need: &Ready) {
        if need.need_type == NeedType::Outbound {
            self.asked.push((member, need.severity));
        }
    }

    /// Adds what a member holds there; the members come one after the other.
    pub fn hold(&mut self, member: &'f NodeId, capacity: Sat) {
        let capacity = u128::from(capacity.get());
        match self.held.last_mut() {
            Some((sum, last)) if *last == member => *sum += capacity,
            _ => self.held.push((capacity, member)),
        }
    }

    /// Adds a channel of ours there.
    pub fn own(&mut self, capacity: Sat, is_opening: bool) -> Result<(), Error> {
        let inside = |error: Error| error.inside("us");
        self.ours = self.ours.plus(capacity).map_err(inside)?;
        if is_opening {
            self.opening = self.opening.plus(capacity).map_err(inside)?;
        }
        Ok(())
    }
}

/// Compares candidates, which are by id.
pub(super) fn advise_of<'f>(
    config: &Config,
    view: &View<'f>,
    candidates: Vec<&Candidate>,
    standing: impl Fn(&NodeId) -> Result<Standing<'f>, Error>,
    why: &mut Why,
) -> Result<Advised, Error> {
    let mut advice: Vec<Advice> = Vec::new();
    for candidate in candidates {
        if view.is_external(&candidate.peer_id) {
            let standing = standing(&candidate.peer_id)?;
            advice.push(advice_on(config, candidate, standing, view.now, why)?);
        }
    }
    if advice.is_empty() {
        why.add(|| Reason::new(Code::NoCandidate, Effect::Allow));
    }
    sorting::by(&mut advice, |a, b| {
        b.score
            .cmp(&a.score)
            .then_with(|| a.peer_id.cmp(&b.peer_id))
    });
    Ok(Advised { advice })
}

fn advice_on(
    config: &Config,
    candidate: &Candidate,
    standing: Standing<'_>,
    now: Seconds,
    why: &mut Why,
) -> Result<Advice, Error> {
    let peer = &candidate.peer_id;
    let asked = &standing.asked;
    if standing.opening > Sat::MIN {
        why.add(|| {
            let reason = Reason::new(Code::OpeningCounted, Effect::Adjust).about(peer);
            reason.observed(standing.opening)
        });
    }
    let fleet = standing
        .ours
        .plus(set_aside(standing.ours, standing.held, why))?;
    let helps: Set<&NodeId> = asked.iter().map(|(member, _)| &member.member_id).collect();
    let tier =
        |member: &Member| member.tier_at(&config.health, now, config.health.max_report_age_s);
    let help: i64 = asked
        .iter()
        .map(|(member, severity)| weight(tier(member), *severity))
        .sum();
    let public = candidate
        .public_capacity_sats
        .filter(|public| *public > Sat::MIN);
    // What we hold is capacity too, even where the graph does not show it.
    let share = public.map(|public| fleet.as_f64() / public.max(fleet).as_f64());
    let min_share = config.topology.min_share;
    let excess = share.map_or(0.0, |share| (share - min_share.get()).max(0.0) * 2.0);
    // A float cast floors what is not negative.
    let score = Hundredths::clamped(help.saturating_sub((excess * 100.0) as i64));
    match share {
        None => {
            why.add(|| Reason::new(Code::CandidateCapacityUnknown, Effect::Unchecked).about(peer))
        }
        Some(share) if share > min_share.get() => why.add(|| {
            let reason = Reason::new(Code::PeerRedundant, Effect::Adjust).about(peer);
            reason.observed(share).limit(min_share)
        }),
        Some(_) => {}
    }
    why.add(|| match help {
        0 => Reason::new(Code::PeerHelpsNobody, Effect::Allow).about(peer),
        _ => {
            let reason = Reason::new(Code::PeerHelps, Effect::Allow).about(peer);
            reason.observed(helps.len() as u64)
        }
    });
    Ok(Advice {
        fleet_share: share.map(Real::clamped),
        helps: helps.into_iter().cloned().collect(),
        peer_id: peer.clone(),
        redundant: share.is_some_and(|share| share > min_share.get()),
        score,
    })
}
