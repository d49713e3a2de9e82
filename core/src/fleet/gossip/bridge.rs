//! What a member's messages amount to: the one record that every fleet policy reads. Where a member
//! speaks of itself, what we see decides whether it counts.
//!
//! [`Other::at_peer`](crate::fleet::splice::Other::at_peer) makes of that record what a splice at
//! one peer is checked with.
//!
//! Source: spec "Gossip between members", plan §1 ("cannot spoof").

use super::Kind;
use super::accept::{Reporter, Stored};
use super::body::{Capacity, HealthStatus, LiquidityState, Rebalancing, Trouble};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::health::verify::{
    Evidence, HealthReport, Verdict, Verified, VerifyInput, verify,
};
use crate::fleet::member::{self, Activity, AnnouncedSplice, Member, PeerAnswer, PeerCapacity};
use crate::reason::Why;
use crate::units::{BasisPoints, NodeId, Sat, Seconds, Share};
use crate::value;

/// The record of a member out of what it said and what we see of it. It does not depend on the
/// time: what is too old is for each policy to say.
pub fn member(
    config: &Config,
    member_id: &NodeId,
    reporter: &Reporter,
    evidence: &Evidence,
) -> Result<Member, Error> {
    let mut member = Member::silent(member_id.clone());
    if let Some(stored) = reporter.last.get(&Kind::HealthStatus) {
        add_health(config, stored, evidence, &mut member)?;
    }
    if let Some(stored) = reporter.last.get(&Kind::LiquidityState) {
        add_liquidity(stored, &mut member)?;
    }
    let announced = reporter.announced.iter().map(|one| AnnouncedSplice {
        amount_sats: one.splice.amount_sats,
        expires: one.splice.expires,
        peer_id: one.splice.peer.clone(),
        splice_type: one.splice.splice_type,
    });
    member.splices = announced.collect();
    let answers = reporter.answers.iter().map(|one| PeerAnswer {
        at: one.at,
        capacity_sats: one.answer.capacity_sats,
        peer_id: one.answer.peer.clone(),
    });
    member.answers = answers.collect();
    Ok(member)
}

fn add_health(
    config: &Config,
    stored: &Stored,
    evidence: &Evidence,
    member: &mut Member,
) -> Result<(), Error> {
    let health: HealthStatus = value::decode(stored.body.value())?;
    // Whether it is fresh and new was asked when it was accepted.
    let input = question(stored, &health, evidence, stored.at)?;
    let verified = verify(config, &input, &mut Why::off())?;
    member.health_at = Some(stored.at);
    member.implausible = verified.verdict == Verdict::Implausible;
    member.node_capacity_sats = Some(health.capacity_sats);
    member.node_channels = Some(health.channels);
    member.score = Some(verified.score);
    Ok(())
}

/// Holds the health report of a member against what we see of it at `now`; nothing where it told
/// none.
pub fn judged(
    config: &Config,
    reporter: &Reporter,
    evidence: &Evidence,
    now: Seconds,
    why: &mut Why,
) -> Result<Option<Verified>, Error> {
    let Some(stored) = reporter.last.get(&Kind::HealthStatus) else {
        return Ok(None);
    };
    let health: HealthStatus = value::decode(stored.body.value())?;
    let input = question(stored, &health, evidence, now)?;
    verify(config, &input, why).map(Some)
}

fn question(
    stored: &Stored,
    health: &HealthStatus,
    evidence: &Evidence,
    now: Seconds,
) -> Result<VerifyInput, Error> {
    let report = HealthReport {
        at: stored.at,
        capacity_sats: health.capacity_sats,
        channels: health.channels,
        imbalance_bp: BasisPoints::new(health.imbalance_bp.get())?,
        profitable: health.profitable,
        stagnant: health.stagnant,
        total: health.total,
        underwater: health.underwater,
        windows: health
            .revenue_sats
            .iter()
            .map(|sum| sum.to_msat())
            .collect(),
    };
    Ok(VerifyInput {
        evidence: evidence.clone(),
        now,
        report,
    })
}

fn add_liquidity(stored: &Stored, member: &mut Member) -> Result<(), Error> {
    let state: LiquidityState = value::decode(stored.body.value())?;
    let troubles =
        |list: &[Trouble]| -> Vec<member::Trouble> { list.iter().map(trouble).collect() };
    member.at = stored.at;
    member.capacities = state.capacities.into_iter().map(capacity).collect();
    member.depleted = troubles(&state.depleted);
    member.saturated = troubles(&state.saturated);
    let activities = state.rebalancing.into_iter();
    member.rebalancing = activities.map(|one| activity(one, stored.at)).collect();
    // Whoever says where it holds what holds nothing elsewhere.
    member.node_capacity_sats = None;
    member.node_channels = None;
    Ok(())
}

fn trouble(one: &Trouble) -> member::Trouble {
    member::Trouble {
        capacity_sats: one.capacity_sats,
        local_pct: Share::clamped(f64::from(one.local_per_mille.get()) / 1000.0),
        peer_id: one.peer.clone(),
    }
}

fn capacity(one: Capacity) -> PeerCapacity {
    let capacity_sats: Sat = one.capacity_sats;
    PeerCapacity {
        capacity_sats,
        channels: None,
        peer_id: one.peer,
    }
}

/// A start in the future would hold the peer for longer than an announcement may.
fn activity(one: Rebalancing, reported: Seconds) -> Activity {
    Activity {
        at: one.start.min(reported),
        expected_end: one.expected_end,
        peer_id: one.peer,
    }
}
