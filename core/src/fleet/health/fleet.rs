//! The health of the fleet: the average of what its members reported and how many are in each tier.
//!
//! Source: plan §1. Codes: `fleet_average`, `fleet_empty`, `stale_report`, `member_implausible`,
//! `score_unknown`.

use super::Tier;
use crate::config::Config;
use crate::entries::Entries;
use crate::error::Error;
use crate::fleet::member::{Member, is_ahead, is_fresh};
use crate::fleet::view::{stale, truncated};
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, Multiplier, NodeId, Points, Seconds};

/// The members, we included.
#[record]
pub struct FleetHealthInput {
    /// Only so many members are listed; all when absent. All of them count.
    pub first: Option<Count>,
    /// What each member reported last.
    pub members: Entries<Member>,
    /// The present moment.
    pub now: Seconds,
}

/// One member's health.
#[record(open)]
pub struct MemberHealth {
    /// How old its report is.
    pub age_s: Seconds,
    /// Multiplier of its own budget.
    pub budget_multiplier: Multiplier,
    /// Whether it counts in the average.
    pub counted: bool,
    /// The member.
    pub member_id: NodeId,
    /// Its score; absent when unknown.
    pub score: Option<Points>,
    /// Its tier; stable when unknown or too old.
    pub tier: Tier,
}

/// The health of the fleet.
#[record(open)]
pub struct FleetHealth {
    /// The average score, floored; 50 for an empty fleet.
    pub fleet_health: Points,
    /// Members that count.
    pub member_count: Count,
    /// The members, by id.
    pub members: Vec<MemberHealth>,
    /// Stable members that count.
    pub stable_count: Count,
    /// Struggling members that count.
    pub struggling_count: Count,
    /// Thriving members that count.
    pub thriving_count: Count,
    /// Vulnerable members that count.
    pub vulnerable_count: Count,
}

/// The health of the fleet.
pub fn fleet(
    config: &Config,
    input: &FleetHealthInput,
    why: &mut Why,
) -> Result<FleetHealth, Error> {
    let members = input.members.usable(why);
    let members = members.into_iter();
    Ok(fleet_of(config, members, input.now, input.first, why))
}

/// The health of the fleet, its members by id.
pub(in crate::fleet) fn fleet_of<'f>(
    config: &Config,
    members: impl Iterator<Item = &'f Member>,
    now: Seconds,
    first: Option<Count>,
    why: &mut Why,
) -> FleetHealth {
    let members: Vec<MemberHealth> = members
        .map(|member| judged(config, member, now, why))
        .collect();
    let counted = || members.iter().filter(|member| member.counted);
    let scores = counted()
        .filter_map(|member| member.score)
        .map(|score| u64::from(score.get()));
    let (sum, count) = scores.fold((0, 0), |(sum, count), score| (sum + score, count + 1));
    let average = u64::checked_div(sum, count).and_then(|floor| u8::try_from(floor).ok());
    why.add(|| match average {
        Some(average) => {
            Reason::new(Code::FleetAverage, Effect::Allow).observed(u64::from(average))
        }
        None => Reason::new(Code::FleetEmpty, Effect::Unchecked),
    });
    let tier = |tier: Tier| counted().filter(|member| member.tier == tier).count();
    FleetHealth {
        fleet_health: average.map_or(const { Points::constant(50) }, Points::constant),
        member_count: count_of(counted().count()),
        stable_count: count_of(tier(Tier::Stable)),
        struggling_count: count_of(tier(Tier::Struggling)),
        thriving_count: count_of(tier(Tier::Thriving)),
        vulnerable_count: count_of(tier(Tier::Vulnerable)),
        members: truncated(members, first),
    }
}

fn count_of(n: usize) -> Count {
    Count::clamped(u32::try_from(n).unwrap_or(u32::MAX))
}

fn judged(config: &Config, member: &Member, now: Seconds, why: &mut Why) -> MemberHealth {
    let max_age = config.health.max_report_age_s;
    let at = member.health_at.unwrap_or(member.at);
    let fresh = is_fresh(at, now, max_age) && !is_ahead(at, now);
    let tier = match fresh {
        true => member.tier_at(&config.health, now, max_age),
        false => Tier::Stable,
    };
    if member.implausible {
        why.add(|| Reason::new(Code::MemberImplausible, Effect::Warn).about(&member.member_id));
    } else if !fresh {
        why.add(|| stale(&member.member_id, at, now, max_age));
    } else if member.score.is_none() {
        why.add(|| Reason::new(Code::ScoreUnknown, Effect::Unchecked).about(&member.member_id));
    }
    MemberHealth {
        age_s: now.less(at),
        budget_multiplier: tier.multiplier(&config.health),
        counted: fresh && !member.implausible && member.score.is_some(),
        member_id: member.member_id.clone(),
        score: member.score,
        tier,
    }
}
