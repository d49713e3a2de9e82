//! Whether to rebalance through a peer now, while other members may do the same and bid up the
//! same route.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let asked = br#"{"target_peer": "03xx", "now": 1000, "us": {"node_id": "02us"}, "members": [
//!     {"member_id": "02aa", "at": 900, "rebalancing": [{"peer_id": "03xx", "at": 900, "expected_end": 1200}]}]}"#;
//! let answer = Policy::plan().call("rebalance.conflict", asked)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""action":"delay_rebalance""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! When both sides announced, the worse tier goes first, then the smaller id. Both judge by the
//! last accepted health report of each, so over the same messages exactly one of two proceeds;
//! that is also why no report is too old here.
//!
//! Source: plan §5. Codes: `peer_free`, `peer_in_use`, `has_priority`, `yields`,
//! `member_implausible`.

use super::health::Tier;
use super::member::{Activity, Member, Us};
use super::view::{View, counts_until};
use crate::config::Config;
use crate::entries::Entries;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::Set;
use crate::units::{NodeId, Seconds};

/// The peer through which we would rebalance.
#[record]
pub struct ConflictInput {
    /// What each member reported last; our own report is skipped.
    #[serde(default)]
    pub members: Entries<Member>,
    /// The present moment.
    pub now: Seconds,
    /// The peer through which we would rebalance.
    pub target_peer: NodeId,
    /// We ourselves, with what we announced.
    pub us: Us,
}

/// What to do about a rebalance.
#[choice]
#[schemars(rename = "ConflictAction")]
pub enum Action {
    /// Go ahead.
    Proceed,
    /// Wait.
    DelayRebalance,
}

/// Whether to rebalance through a peer now.
#[record(open)]
pub struct Conflict {
    /// What to do.
    pub action: Action,
    /// Peers that other members use now, for a path around them.
    pub avoid: Vec<NodeId>,
    /// Whether another member is using the peer.
    pub conflict: bool,
    /// The member before which we go.
    pub priority_over: Option<NodeId>,
    /// When to ask again.
    pub until: Option<Seconds>,
    /// The member that goes before us.
    pub yield_to: Option<NodeId>,
}

/// A member that uses the target peer.
struct Rival<'f> {
    id: &'f NodeId,
    tier: Tier,
    end: Seconds,
}

/// Whether to rebalance through a peer now.
pub fn conflict(config: &Config, input: &ConflictInput, why: &mut Why) -> Result<Conflict, Error> {
    let view = View::of(&input.members, &input.us, input.now, Seconds::MAX, why);
    Ok(conflict_of(config, &view, &input.target_peer, why))
}

/// Whether to rebalance through `target` now, in view of the members that count.
pub(super) fn conflict_of(
    config: &Config,
    view: &View<'_>,
    target: &NodeId,
    why: &mut Why,
) -> Conflict {
    let longest = config.liquidity.activity_counts_s;
    let end_at = |all: &[Activity], peer: &NodeId| {
        let here = all.iter().filter(|one| one.peer_id == *peer);
        here.filter_map(|one| counts_until(one, view.now, longest))
            .max()
    };
    let rivals: Vec<Rival<'_>> = view
        .others
        .iter()
        .filter_map(|member| {
            let end = end_at(&member.rebalancing, target)?;
            let tier = member.tier_at(&config.health, view.now, Seconds::MAX);
            Some(Rival {
                id: &member.member_id,
                tier,
                end,
            })
        })
        .collect();
    let announced = end_at(&view.us.rebalancing, target).is_some();
    let answer = Conflict {
        action: Action::Proceed,
        avoid: in_use(view, longest),
        conflict: !rivals.is_empty(),
        priority_over: None,
        until: None,
        yield_to: None,
    };
    if rivals.is_empty() {
        why.add(|| Reason::new(Code::PeerFree, Effect::Allow).about(target));
        answer
    } else if announced {
        by_rank(view, target, &rivals, answer, why)
    } else {
        delayed(view.now, target, &rivals, answer, Code::PeerInUse, why)
    }
}

/// The peers that other members use now.
fn in_use(view: &View<'_>, longest: Seconds) -> Vec<NodeId> {
    let all = view.others.iter().flat_map(|member| &member.rebalancing);
    let active = all.filter(|one| counts_until(one, view.now, longest).is_some());
    let peers: Set<&NodeId> = active.map(|one| &one.peer_id).collect();
    peers.into_iter().cloned().collect()
}

fn by_rank(
    view: &View<'_>,
    target: &NodeId,
    rivals: &[Rival<'_>],
    answer: Conflict,
    why: &mut Why,
) -> Conflict {
    let own = (view.us.tier.unwrap_or(Tier::Stable), &view.us.node_id);
    let first = rivals.iter().min_by_key(|rival| (rival.tier, rival.id));
    match first {
        Some(rival) if (rival.tier, rival.id) < own => {
            let before: Vec<Rival<'_>> = rivals
                .iter()
                .filter(|rival| (rival.tier, rival.id) < own)
                .map(|rival| Rival { ..*rival })
                .collect();
            let yield_to = Some(rival.id.clone());
            let answer = Conflict { yield_to, ..answer };
            delayed(view.now, target, &before, answer, Code::Yields, why)
        }
        Some(rival) => {
            why.add(|| {
                Reason::new(Code::HasPriority, Effect::Allow)
                    .about(rival.id)
                    .observed(own.0.as_str())
                    .limit(rival.tier.as_str())
            });
            Conflict {
                priority_over: Some(rival.id.clone()),
                ..answer
            }
        }
        None => answer,
    }
}

/// Waits for the first of `rivals` to end; the reason itself ends with the last.
fn delayed(
    now: Seconds,
    target: &NodeId,
    rivals: &[Rival<'_>],
    answer: Conflict,
    code: Code,
    why: &mut Why,
) -> Conflict {
    let earliest = rivals.iter().map(|rival| rival.end).min();
    let latest = rivals.iter().map(|rival| rival.end).max();
    why.add(|| {
        let reason = Reason::new(code, Effect::Defer).about(target).observed(now);
        reason
            .limit(latest.unwrap_or_default())
            .flip_if("now", latest)
    });
    Conflict {
        action: Action::DelayRebalance,
        until: earliest,
        ..answer
    }
}
