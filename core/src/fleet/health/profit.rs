//! Whether a channel earns: what it forwarded against what it cost over the last 30 days.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"revenue_msat":500,"cost_msat":155000,"idle_s":2592000}"#;
//! let answer = Policy::plan().call("health.profit", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""class":"stagnant""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Revenue is what it forwarded and what it was leased for; the cost is its on-chain, lease and
//! rebalance fees in the node's own books. What decides, in this order: a young channel that cost
//! nothing but its opening, one that stands still, one without costs, the return.
//!
//! Profile `cl-hive` keeps the rule of the deployed plugin: no grace, no dust, and only a losing
//! channel can be stagnant.
//!
//! Source: plan §1, facts about a real node. Codes: `channel_profitable`, `channel_breaks_even`,
//! `channel_underwater`, `channel_stagnant`, `young_channel`, `cost_unknown`.

use super::{HOUR, HealthConfig, StagnantIf};
use crate::config::Config;
use crate::error::Error;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, Msat, NodeId, Real, Seconds};

/// A channel's books over the last 30 days.
#[record]
#[schemars(rename = "ChannelHistory")]
pub struct ProfitInput {
    /// How old the channel is, in whole days; absent when unknown: then it is no young one.
    pub age_days: Option<Count>,
    /// Which channel; only named in the reasons.
    pub channel_id: Option<NodeId>,
    /// On-chain, lease and rebalance fees; absent when the books could not be read.
    pub cost_msat: Option<Msat>,
    /// Time since the last forward through the channel in either direction; absent when unknown.
    pub idle_s: Option<Seconds>,
    /// The part of the cost that opened the channel.
    pub opening_msat: Option<Msat>,
    /// Fees of settled forwards out through the channel, and what it was leased for.
    pub revenue_msat: Msat,
}

/// What a channel is worth to its node, worst first.
#[choice]
pub enum ProfitClass {
    /// Nothing moves.
    Stagnant,
    /// It loses.
    Underwater,
    /// Neither; it counts in the total only.
    BreakEven,
    /// It earns.
    Profitable,
}

/// How a channel does.
#[record(open, Copy)]
pub struct Profit {
    /// What the channel is worth.
    pub class: ProfitClass,
    /// Return on what it cost; absent when it cost nothing.
    pub roi: Option<Real>,
}

/// Classifies a channel.
pub fn profit(config: &Config, input: &ProfitInput, why: &mut Why) -> Result<Profit, Error> {
    let rule = Rule {
        config: &config.health,
        cost: input.cost_msat.unwrap_or_default(),
        idle: input.idle_s,
        young: is_young(&config.health, input),
    };
    let subject = |reason: Reason| match &input.channel_id {
        Some(id) => reason.about(id),
        None => reason,
    };
    if input.cost_msat.is_none() {
        why.add(|| subject(Reason::new(Code::CostUnknown, Effect::Unchecked)));
    }
    let class = rule.class(input.revenue_msat);
    if let (true, Some(age)) = (rule.young, input.age_days) {
        why.add(|| {
            let grace = config.health.grace_days;
            let reason = Reason::new(Code::YoungChannel, Effect::Adjust)
                .observed(age)
                .limit(grace);
            subject(reason.flip("age_days", grace))
        });
    } else {
        why.add(|| subject(rule.explain(class, input.revenue_msat)));
    }
    Ok(Profit {
        class,
        roi: rule.roi(input.revenue_msat).map(Real::clamped),
    })
}

/// All losing channels of a real node were younger than two weeks: their opening fee.
fn is_young(config: &HealthConfig, input: &ProfitInput) -> bool {
    let cost = input.cost_msat.unwrap_or_default();
    let opening = input.opening_msat.unwrap_or_default();
    cost <= opening && input.age_days.is_some_and(|age| age < config.grace_days)
}

/// What decides about a revenue.
struct Rule<'c> {
    config: &'c HealthConfig,
    cost: Msat,
    idle: Option<Seconds>,
    young: bool,
}

impl Rule<'_> {
    fn roi(&self, revenue: Msat) -> Option<f64> {
        let gain = i128::from(revenue.get()) - i128::from(self.cost.get());
        (self.cost > Msat::MIN).then(|| gain as f64 / self.cost.as_f64())
    }

    /// From so many seconds without activity on it is idle.
    fn idle_from(&self) -> u64 {
        u64::from(self.config.stagnant_days.get()) * 24 * HOUR
    }

    fn is_idle(&self) -> bool {
        self.idle.is_some_and(|idle| idle.get() >= self.idle_from())
    }

    fn class(&self, revenue: Msat) -> ProfitClass {
        if self.young {
            return ProfitClass::BreakEven;
        }
        if self.config.stagnant_if == StagnantIf::Idle && self.is_idle() {
            return ProfitClass::Stagnant;
        }
        let Some(roi) = self.roi(revenue) else {
            return match revenue > self.config.dust_sats.to_msat() {
                true => ProfitClass::Profitable,
                false => ProfitClass::BreakEven,
            };
        };
        if roi > self.config.profit_above.get() {
            ProfitClass::Profitable
        } else if roi >= self.config.loss_below.get() {
            ProfitClass::BreakEven
        } else if self.is_idle() {
            ProfitClass::Stagnant
        } else {
            ProfitClass::Underwater
        }
    }

    fn explain(&self, class: ProfitClass, revenue: Msat) -> Reason {
        let (code, effect) = match class {
            ProfitClass::Profitable => (Code::ChannelProfitable, Effect::Allow),
            ProfitClass::BreakEven => (Code::ChannelBreaksEven, Effect::Adjust),
            ProfitClass::Underwater => (Code::ChannelUnderwater, Effect::Adjust),
            ProfitClass::Stagnant => (Code::ChannelStagnant, Effect::Adjust),
        };
        let reason = Reason::new(code, effect).observed(revenue).limit(self.cost);
        if class == ProfitClass::Stagnant {
            // What it earned changes nothing where standing still decides.
            let busy = Seconds::clamped(self.idle_from().saturating_sub(1));
            return reason.flip("idle_s", busy);
        }
        let left = |n: u64| self.class(Msat::clamped(n)) != class;
        let now = revenue.get();
        let up = flip::first_integer(now, Msat::MAX.get(), left);
        let down = flip::last_integer(Msat::MIN.get(), now, left);
        reason.flip_if("revenue_msat", nearest(now, down, up))
    }
}

/// The nearer of two flips; upwards when both are as near.
pub(in crate::fleet) fn nearest(now: u64, down: Option<u64>, up: Option<u64>) -> Option<u64> {
    match (down, up) {
        (Some(down), Some(up)) if now.abs_diff(down) < now.abs_diff(up) => Some(down),
        (down, up) => up.or(down),
    }
}
