//! Which external peers a new channel of ours would help most, and where it would only add
//! capacity that the fleet already has. Advice only.
//!
//! Source: plan §8. Codes: `peer_helps`, `peer_helps_nobody`, `peer_redundant`, `peer_capacity_unknown`,
//! `no_candidate`, `stale_report`, `member_implausible`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::health::Tier;
use super::liquidity::needs::{Need, needs_of};
use super::liquidity::{NeedType, Severity};
use super::member::{Member, Us};
use super::view::View;
use crate::config::{Config, Profile};
use crate::entries::Entries;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Hundredths, NodeId, Real, Sat, Seconds, Share};

/// What an operator may set about advice on new channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopologyConfig {
    /// Above this share of a peer's capacity, more capacity of the fleet is redundant.
    pub min_share: Share,
}

impl Default for TopologyConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl TopologyConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(profile: Profile) -> Self {
        Self {
            min_share: match profile {
                Profile::ClHive => Share::constant(0.05),
                Profile::Plan | Profile::Xln => Share::constant(0.10),
            },
        }
    }
}

/// The peers to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The peer.
    pub peer_id: NodeId,
    /// Its public capacity; absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_capacity_sats: Option<Sat>,
}

/// What a channel to one peer would be worth to the fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// The fleet's share of the peer's capacity; absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    let mut seen = BTreeSet::new();
    if let Some(one) = input
        .candidates
        .iter()
        .find(|one| !seen.insert(&one.peer_id))
    {
        return Err(Error::duplicate("candidates", &one.peer_id));
    }
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let needs = needs_of(config, &view);
    let mut at_peer: BTreeMap<&NodeId, Vec<&Need>> = BTreeMap::new();
    for need in needs
        .iter()
        .filter(|need| need.need_type == NeedType::Outbound)
    {
        at_peer.entry(&need.peer_id).or_default().push(need);
    }
    let held = held(&view)?;
    let mut candidates: Vec<&Candidate> = input.candidates.iter().collect();
    candidates.retain(|one| view.is_external(&one.peer_id));
    sorting::by(&mut candidates, |a, b| a.peer_id.cmp(&b.peer_id));
    let none = Vec::new();
    let mut advice: Vec<Advice> = Vec::new();
    for candidate in candidates {
        let asked = at_peer.get(&candidate.peer_id).unwrap_or(&none);
        let fleet = held.get(&candidate.peer_id).copied().unwrap_or_default();
        advice.push(advice_on(config, candidate, asked, fleet, why));
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

/// What the fleet, we included, holds towards each peer.
fn held<'f>(view: &View<'f>) -> Result<BTreeMap<&'f NodeId, Sat>, Error> {
    let mut held: BTreeMap<&NodeId, Sat> = BTreeMap::new();
    let theirs = view.others.iter().flat_map(|member| &member.capacities);
    let theirs = theirs.map(|one| (&one.peer_id, one.capacity_sats));
    let ours = view
        .channels
        .iter()
        .map(|one| (&one.peer_id, one.capacity_sats));
    for (peer, capacity) in theirs.chain(ours) {
        let sum = held.entry(peer).or_default();
        *sum = sum
            .plus(capacity)
            .map_err(|error| error.inside("members"))?;
    }
    Ok(held)
}

fn advice_on(
    config: &Config,
    candidate: &Candidate,
    asked: &[&Need],
    fleet: Sat,
    why: &mut Why,
) -> Advice {
    let peer = &candidate.peer_id;
    let helps: BTreeSet<&NodeId> = asked.iter().map(|need| &need.member_id).collect();
    let help: i64 = asked
        .iter()
        .map(|need| weight(need.tier, need.severity))
        .sum();
    let public = candidate
        .public_capacity_sats
        .filter(|public| *public > Sat::MIN);
    // What we hold is capacity too, even where the graph does not show it.
    let share = public.map(|public| fleet.as_f64() / public.max(fleet).as_f64());
    let min_share = config.topology.min_share;
    let excess = share.map_or(0.0, |share| (share - min_share.get()).max(0.0) * 2.0);
    // A float cast floors what is not negative.
    let score = Hundredths::constant(help.saturating_sub((excess * 100.0) as i64));
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
    Advice {
        fleet_share: share.map(Real::constant),
        helps: helps.into_iter().cloned().collect(),
        peer_id: peer.clone(),
        redundant: share.is_some_and(|share| share > min_share.get()),
        score,
    }
}
