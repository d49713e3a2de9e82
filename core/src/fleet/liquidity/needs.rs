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

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{LiquidityConfig, NeedType, Severity};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::local_share;
use crate::fleet::health::Tier;
use crate::fleet::member::{Member, Trouble};
use crate::fleet::view::{FleetInput, View, explain_count, truncated};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{NodeId, Sat, Share};

/// What one member needs at one peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Needs {
    /// Worst tier first, then severity, then where we can help most.
    pub fleet_needs: Vec<Need>,
}

/// Where one member has more on its own side than it can use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Excesses {
    /// The largest amount first.
    pub fleet_excess: Vec<Excess>,
}

/// Our channels to one peer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelevanceInput {
    /// Our channels to the peer that are in normal operation.
    pub channels: Vec<Balance>,
}

/// The two amounts of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The whole capacity.
    pub capacity_sats: Sat,
    /// The part on our side.
    pub local_sats: Sat,
}

/// How much we could help at a peer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    let relevance = ours.relevance(&config.liquidity);
    why.add(|| Reason::new(Code::Relevance, Effect::Allow).observed(relevance));
    Ok(Relevance {
        our_relevance: relevance,
    })
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
        Share::constant(balance * 0.6 + size * 0.4)
    }
}

/// What other members need at external peers.
pub fn needs(config: &Config, input: &FleetInput, why: &mut Why) -> Result<Needs, Error> {
    let max_age = config.liquidity.max_report_age_s;
    let view = View::of(&input.members, &input.us, input.now, max_age, why);
    let mut found = needs_of(config, &view);
    explain_count(found.len(), Code::FleetNeeds, Code::NoFleetNeed, why);
    sorting::by(&mut found, order);
    Ok(Needs {
        fleet_needs: truncated(found, input.first),
    })
}

/// Every need of the members that count, in no order.
pub(in crate::fleet) fn needs_of(config: &Config, view: &View<'_>) -> Vec<Need> {
    let mut ours: BTreeMap<&str, Ours> = BTreeMap::new();
    for channel in &view.channels {
        let sum = ours.entry(channel.peer_id.as_str()).or_default();
        sum.add(channel.local_sats, channel.capacity_sats);
    }
    let mut found = Vec::new();
    for member in &view.others {
        let tier = member.tier_at(view.now, config.health.max_report_age_s);
        let kinds = [
            (NeedType::Outbound, &member.depleted),
            (NeedType::Inbound, &member.saturated),
        ];
        for (kind, troubles) in kinds {
            for trouble in troubles.iter().filter(|one| view.is_external(&one.peer_id)) {
                let relevance = ours
                    .get(trouble.peer_id.as_str())
                    .map_or(Share::MIN, |sum| sum.relevance(&config.liquidity));
                found.push(need(
                    &config.liquidity,
                    member,
                    trouble,
                    (kind, tier, relevance),
                ));
            }
        }
    }
    found
}

fn need(
    config: &LiquidityConfig,
    member: &Member,
    trouble: &Trouble,
    (need_type, tier, our_relevance): (NeedType, Tier, Share),
) -> Need {
    let severe = match need_type {
        NeedType::Outbound => trouble.local_pct < config.severe_below,
        NeedType::Inbound => trouble.local_pct > config.severe_above,
    };
    Need {
        capacity_sats: trouble.capacity_sats,
        local_pct: trouble.local_pct,
        member_id: member.member_id.clone(),
        need_type,
        our_relevance,
        peer_id: trouble.peer_id.clone(),
        severity: if severe {
            Severity::High
        } else {
            Severity::Medium
        },
        tier,
    }
}

/// Worst first; the rest of the key only makes the order independent of the input's.
pub(in crate::fleet) fn order(a: &Need, b: &Need) -> Ordering {
    (a.tier, a.severity)
        .cmp(&(b.tier, b.severity))
        .then(b.our_relevance.get().total_cmp(&a.our_relevance.get()))
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
    let mut found = Vec::new();
    for member in &view.others {
        let tier = member.tier_at(view.now, config.health.max_report_age_s);
        for trouble in member
            .saturated
            .iter()
            .filter(|one| view.is_external(&one.peer_id))
        {
            let capacity = trouble.capacity_sats.as_f64();
            let above_half = capacity * trouble.local_pct.get() - capacity * 0.5;
            found.push(Excess {
                amount_sats: Sat::constant(above_half.max(0.0) as u64),
                capacity_sats: trouble.capacity_sats,
                local_pct: trouble.local_pct,
                member_id: member.member_id.clone(),
                peer_id: trouble.peer_id.clone(),
                tier,
            });
        }
    }
    explain_count(found.len(), Code::FleetExcess, Code::NoFleetExcess, why);
    sorting::by(&mut found, |a, b| {
        b.amount_sats
            .cmp(&a.amount_sats)
            .then_with(|| a.member_id.cmp(&b.member_id))
            .then_with(|| a.peer_id.cmp(&b.peer_id))
            .then(a.capacity_sats.cmp(&b.capacity_sats))
            .then(a.local_pct.get().total_cmp(&b.local_pct.get()))
    });
    Ok(Excesses {
        fleet_excess: truncated(found, input.first),
    })
}

/// How badly a channel of ours is in trouble; nothing for an empty one.
pub(in crate::fleet) fn own_trouble(
    config: &LiquidityConfig,
    local: Sat,
    capacity: Sat,
) -> Option<(NeedType, Severity)> {
    local_share(local, capacity).and_then(|pct| config.trouble(pct))
}
