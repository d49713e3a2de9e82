//! Who in the fleet needs which liquidity where, who has too much, and how much we could help.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let fleet = br#"{"now": 1000, "us": {"node_id": "02us"}, "members": [
//!     {"member_id": "02aa", "at": 900, "tier": "struggling",
//!      "depleted": [{"peer_id": "03xx", "local_pct": 0.05, "capacity_sats": 5000000}]}]}"#;
//! let answer = Policy::plan().call("liquidity.needs", fleet)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""need_type":"outbound""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan §3. Codes: `fleet_needs`, `no_fleet_need`, `fleet_excess`, `no_fleet_excess`,
//! `stale_report`, `member_implausible`, `relevance`.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::{LiquidityConfig, NeedType, Severity};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::{Channel, local_share};
use crate::fleet::health::Tier;
use crate::fleet::member::{Member, Trouble};
use crate::fleet::view::{FleetInput, View, explain_count, wanted};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Table;
use crate::units::{Count, NodeId, Sat, Seconds, Share};

/// What one member needs at one peer.
#[record]
pub struct Need {
    /// The capacity of the channel.
    pub capacity_sats: Sat,
    /// The share on the member's side.
    pub local_pct: Share,
    /// Who needs it.
    pub member_id: NodeId,
    /// What is needed.
    pub need_type: NeedType,
    /// How much we could help by fees and routes.
    pub our_relevance: Share,
    /// The external peer.
    pub peer_id: NodeId,
    /// How badly.
    pub severity: Severity,
    /// The member's tier.
    pub tier: Tier,
}

/// What the fleet needs.
#[record(open)]
pub struct Needs {
    /// Worst tier first, then severity, then where we can help most.
    pub fleet_needs: Vec<Need>,
}

/// Where one member has more on its own side than it can use.
#[record(open)]
pub struct Excess {
    /// What is above half of the capacity.
    pub amount_sats: Sat,
    /// The capacity of the channel.
    pub capacity_sats: Sat,
    /// The share on the member's side.
    pub local_pct: Share,
    /// Who has it.
    pub member_id: NodeId,
    /// The external peer.
    pub peer_id: NodeId,
    /// The member's tier.
    pub tier: Tier,
}

/// Where the fleet has too much on its own side.
#[record(open)]
pub struct Excesses {
    /// The largest amount first.
    pub fleet_excess: Vec<Excess>,
}

/// Our channels to one peer.
#[record(Default)]
pub struct RelevanceInput {
    /// Our channels to the peer that are in normal operation.
    pub channels: Vec<Balance>,
}

/// The two amounts of a channel.
#[record(Copy)]
pub struct Balance {
    /// The whole capacity.
    pub capacity_sats: Sat,
    /// The part on our side.
    pub local_sats: Sat,
}

/// How much we could help at a peer.
#[record(open, Copy)]
pub struct Relevance {
    /// 0 where we have no channel, 1 with a large and balanced one.
    pub our_relevance: Share,
}

/// How much we could help at a peer.
pub fn relevance(
    config: &Config,
    input: &RelevanceInput,
    why: &mut Why,
) -> Result<Relevance, Error> {
    let mut ours = Ours::default();
    input
        .channels
        .iter()
        .for_each(|one| ours.add(one.local_sats, one.capacity_sats));
    Ok(told_relevance(ours.relevance(&config.liquidity), why))
}

/// The answer about our relevance, and its reason.
pub(in crate::fleet) fn told_relevance(relevance: Share, why: &mut Why) -> Relevance {
    why.add(|| Reason::new(Code::Relevance, Effect::Allow).observed(relevance));
    Relevance {
        our_relevance: relevance,
    }
}

/// What we hold towards one peer. Sums of sats are below 2^64 for any list that fits in memory.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::fleet) struct Ours {
    local: u128,
    capacity: u128,
}

impl Ours {
    pub fn add(&mut self, local: Sat, capacity: Sat) {
        self.local += u128::from(local.get());
        self.capacity += u128::from(capacity.get());
    }

    pub fn relevance(&self, config: &LiquidityConfig) -> Share {
        if self.capacity == 0 {
            return Share::MIN;
        }
        let capacity = self.capacity as f64;
        let balance = 1.0 - (0.5 - self.local as f64 / capacity).abs() * 2.0;
        let size = (capacity / config.full_relevance_sats.as_f64()).min(1.0);
        Share::clamped(balance * 0.6 + size * 0.4)
    }
}

/// What other members need at external peers.
pub fn needs(config: &Config, input: &FleetInput, why: &mut Why) -> Result<Needs, Error> {
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let ready = ready_of(config, &view);
    let lists = ready
        .iter()
        .map(|(member, needs)| (*member, needs.as_slice()));
    Ok(worst_first(config, lists, view.now, input.first, why))
}

/// A need but for who has it and how it does: what does not change with time.
#[derive(Clone, Debug)]
pub(in crate::fleet) struct Ready {
    pub capacity_sats: Sat,
    pub local_pct: Share,
    pub need_type: NeedType,
    pub our_relevance: Share,
    pub peer_id: NodeId,
    pub severity: Severity,
}

impl Ready {
    /// The need, now that its member is known.
    pub fn of(&self, member: &Member, tier: Tier) -> Need {
        Need {
            capacity_sats: self.capacity_sats,
            local_pct: self.local_pct,
            member_id: member.member_id.clone(),
            need_type: self.need_type,
            our_relevance: self.our_relevance,
            peer_id: self.peer_id.clone(),
            severity: self.severity,
            tier,
        }
    }

    /// As [`order`] among the needs of one member.
    fn order(&self, other: &Self) -> Ordering {
        self.severity
            .cmp(&other.severity)
            .then(more_relevant(self.our_relevance, other.our_relevance))
            .then_with(|| self.peer_id.cmp(&other.peer_id))
            .then(self.need_type.cmp(&other.need_type))
            .then(self.local_pct.get().total_cmp(&other.local_pct.get()))
            .then(self.capacity_sats.cmp(&other.capacity_sats))
    }
}

fn more_relevant(a: Share, b: Share) -> Ordering {
    b.get().total_cmp(&a.get())
}

/// What a member needs, in its order; `relevance_at` tells what we could do at an external peer.
pub(in crate::fleet) fn ready(
    config: &LiquidityConfig,
    member: &Member,
    relevance_at: impl Fn(&NodeId) -> Option<Share>,
) -> Vec<Ready> {
    let kinds = [
        (NeedType::Outbound, &member.depleted),
        (NeedType::Inbound, &member.saturated),
    ];
    let mut found = Vec::new();
    for (kind, troubles) in kinds {
        for trouble in troubles {
            let relevance = relevance_at(&trouble.peer_id);
            found.extend(relevance.map(|relevance| need(config, trouble, kind, relevance)));
        }
    }
    sorting::by(&mut found, Ready::order);
    found
}

/// The members that count, with what they need.
pub(in crate::fleet) fn ready_of<'f>(
    config: &Config,
    view: &View<'f>,
) -> Vec<(&'f Member, Vec<Ready>)> {
    let peers = view.channels.iter();
    let mut ours: Table<&str, Ours> = Table::slots(peers.map(|channel| channel.peer_id.as_str()));
    for channel in &view.channels {
        let sum = ours.slot(channel.peer_id.as_str());
        sum.add(channel.local_sats, channel.capacity_sats);
    }
    let relevance_at = |peer: &NodeId| {
        let relevance = ours
            .get(peer.as_str())
            .map_or(Share::MIN, |sum| sum.relevance(&config.liquidity));
        view.is_external(peer).then_some(relevance)
    };
    let others = view.others.iter();
    others
        .map(|member| (*member, ready(&config.liquidity, member, relevance_at)))
        .collect()
}

/// The most urgent need of one member that is not in the answer yet, and those behind it.
struct Head<'r> {
    member: &'r Member,
    next: &'r Ready,
    rest: &'r [Ready],
    tier: Tier,
}

impl Head<'_> {
    /// As [`order`] among needs of different members.
    fn order(&self, other: &Self) -> Ordering {
        (self.tier, self.next.severity)
            .cmp(&(other.tier, other.next.severity))
            .then(more_relevant(
                self.next.our_relevance,
                other.next.our_relevance,
            ))
            .then_with(|| self.member.member_id.cmp(&other.member.member_id))
    }
}

impl PartialEq for Head<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order(other).is_eq()
    }
}

impl Eq for Head<'_> {}

impl PartialOrd for Head<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head<'_> {
    /// The most urgent is the greatest, as a heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.order(self)
    }
}

/// The first needs out of one ordered list per member, without building the others.
pub(in crate::fleet) fn worst_first<'r>(
    config: &Config,
    lists: impl Iterator<Item = (&'r Member, &'r [Ready])>,
    now: Seconds,
    first: Option<Count>,
    why: &mut Why,
) -> Needs {
    let mut total = 0;
    let mut heads = Vec::new();
    for (member, needs) in lists {
        total += needs.len();
        if let Some((next, rest)) = needs.split_first() {
            let tier = member.tier_at(&config.health, now, config.health.max_report_age_s);
            heads.push(Head {
                member,
                next,
                rest,
                tier,
            });
        }
    }
    explain_count(total, Code::FleetNeeds, Code::NoFleetNeed, why);
    let mut heads = BinaryHeap::from(heads);
    let wanted = wanted(first).min(total);
    let mut fleet_needs = Vec::with_capacity(wanted);
    while fleet_needs.len() < wanted {
        let Some(mut head) = heads.peek_mut() else {
            break;
        };
        fleet_needs.push(head.next.of(head.member, head.tier));
        match head.rest.split_first() {
            Some((next, rest)) => (head.next, head.rest) = (next, rest),
            None => drop(PeekMut::pop(head)),
        }
    }
    Needs { fleet_needs }
}

fn need(
    config: &LiquidityConfig,
    trouble: &Trouble,
    need_type: NeedType,
    our_relevance: Share,
) -> Ready {
    let severe = match need_type {
        NeedType::Outbound => trouble.local_pct < config.severe_below,
        NeedType::Inbound => trouble.local_pct > config.severe_above,
    };
    Ready {
        capacity_sats: trouble.capacity_sats,
        local_pct: trouble.local_pct,
        need_type,
        our_relevance,
        peer_id: trouble.peer_id.clone(),
        severity: if severe {
            Severity::High
        } else {
            Severity::Medium
        },
    }
}

/// Worst first; the rest of the key only makes the order independent of the input's.
pub(in crate::fleet) fn order(a: &Need, b: &Need) -> Ordering {
    (a.tier, a.severity)
        .cmp(&(b.tier, b.severity))
        .then(more_relevant(a.our_relevance, b.our_relevance))
        .then_with(|| a.member_id.cmp(&b.member_id))
        .then_with(|| a.peer_id.cmp(&b.peer_id))
        .then(a.need_type.cmp(&b.need_type))
        .then(a.local_pct.get().total_cmp(&b.local_pct.get()))
        .then(a.capacity_sats.cmp(&b.capacity_sats))
}

/// Where other members have too much on their own side.
pub fn excess(config: &Config, input: &FleetInput, why: &mut Why) -> Result<Excesses, Error> {
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let ready = ready_of(config, &view);
    let lists = ready
        .iter()
        .map(|(member, needs)| (*member, needs.as_slice()));
    Ok(most_first(config, lists, view.now, input.first, why))
}

/// The largest excesses of the members; whoever needs inbound liquidity has too much outbound.
pub(in crate::fleet) fn most_first<'r>(
    config: &Config,
    lists: impl Iterator<Item = (&'r Member, &'r [Ready])>,
    now: Seconds,
    first: Option<Count>,
    why: &mut Why,
) -> Excesses {
    let mut found: Vec<(Sat, &Member, &Ready)> = Vec::new();
    for (member, needs) in lists {
        let full = needs
            .iter()
            .filter(|one| one.need_type == NeedType::Inbound);
        found.extend(full.map(|one| (above_half(one), member, one)));
    }
    explain_count(found.len(), Code::FleetExcess, Code::NoFleetExcess, why);
    let order = |a: &(Sat, &Member, &Ready), b: &(Sat, &Member, &Ready)| {
        b.0.cmp(&a.0)
            .then_with(|| a.1.member_id.cmp(&b.1.member_id))
            .then_with(|| a.2.peer_id.cmp(&b.2.peer_id))
            .then(a.2.capacity_sats.cmp(&b.2.capacity_sats))
            .then(a.2.local_pct.get().total_cmp(&b.2.local_pct.get()))
    };
    sorting::by(&mut found, order);
    found.truncate(wanted(first));
    let excess = |(amount_sats, member, one): (Sat, &Member, &Ready)| Excess {
        amount_sats,
        capacity_sats: one.capacity_sats,
        local_pct: one.local_pct,
        member_id: member.member_id.clone(),
        peer_id: one.peer_id.clone(),
        tier: member.tier_at(&config.health, now, config.health.max_report_age_s),
    };
    Excesses {
        fleet_excess: found.into_iter().map(excess).collect(),
    }
}

fn above_half(one: &Ready) -> Sat {
    let capacity = one.capacity_sats.as_f64();
    let above_half = capacity * one.local_pct.get() - capacity * 0.5;
    Sat::clamped(above_half.max(0.0) as u64)
}

/// As [`own_trouble`]; a channel that its operator closed to forwards needs nothing.
pub(in crate::fleet) fn trouble_of(
    config: &LiquidityConfig,
    channel: &Channel,
) -> Option<(NeedType, Severity)> {
    let found = own_trouble(config, channel.local_sats, channel.capacity_sats);
    found.filter(|_| !channel.closed_to_forwards)
}

/// How badly a channel of ours is in trouble; nothing for an empty one.
fn own_trouble(
    config: &LiquidityConfig,
    local: Sat,
    capacity: Sat,
) -> Option<(NeedType, Severity)> {
    local_share(local, capacity).and_then(|pct| config.trouble(pct))
}
