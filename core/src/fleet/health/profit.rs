//! Whether a channel earns: what it forwarded against what it cost over the last 30 days.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"revenue_msat":500,"cost_msat":155000,"idle_s":864000}"#;
//! let answer = Policy::plan().call("health.profit", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""class":"stagnant""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Revenue is the fees of settled forwards out through the channel; the cost is its on-chain and
//! rebalance fees in the node's own books.
//!
//! Source: plan §1. Codes: `channel_profitable`, `channel_breaks_even`, `channel_underwater`,
//! `channel_stagnant`, `cost_unknown`.

use super::HealthConfig;
use crate::config::Config;
use crate::error::Error;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Msat, NodeId, Real, Seconds};

/// A channel's books over the last 30 days.
#[record]
pub struct ProfitInput {
    /// Which channel; only named in the reasons.
    pub channel_id: Option<NodeId>,
    /// On-chain and rebalance fees; absent when the books could not be read.
    pub cost_msat: Option<Msat>,
    /// Time since the last forward through the channel, or since it opened; absent when unknown.
    pub idle_s: Option<Seconds>,
    /// Fees of settled forwards out through the channel.
    pub revenue_msat: Msat,
}

/// What a channel is worth to its node, worst first.
#[choice]
pub enum ProfitClass {
    /// It loses, and nothing moves.
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
    };
    let subject = |reason: Reason| match &input.channel_id {
        Some(id) => reason.about(id),
        None => reason,
    };
    if input.cost_msat.is_none() {
        why.add(|| subject(Reason::new(Code::CostUnknown, Effect::Unchecked)));
    }
    let class = rule.class(input.revenue_msat);
    why.add(|| subject(rule.explain(class, input.revenue_msat)));
    Ok(Profit {
        class,
        roi: rule.roi(input.revenue_msat).map(Real::constant),
    })
}

/// What decides about a revenue.
struct Rule<'c> {
    config: &'c HealthConfig,
    cost: Msat,
    idle: Option<Seconds>,
}

impl Rule<'_> {
    fn roi(&self, revenue: Msat) -> Option<f64> {
        let gain = i128::from(revenue.get()) - i128::from(self.cost.get());
        (self.cost > Msat::MIN).then(|| gain as f64 / self.cost.as_f64())
    }

    fn class(&self, revenue: Msat) -> ProfitClass {
        let Some(roi) = self.roi(revenue) else {
            return match revenue {
                Msat::MIN => ProfitClass::BreakEven,
                _ => ProfitClass::Profitable,
            };
        };
        let idle = self
            .idle
            .is_some_and(|idle| idle >= self.config.idle_after_s);
        if roi > self.config.profit_above.get() {
            ProfitClass::Profitable
        } else if roi >= self.config.loss_below.get() {
            ProfitClass::BreakEven
        } else if idle {
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
        let left = |n: u64| self.class(Msat::constant(n)) != class;
        let now = revenue.get();
        let up = flip::first_integer(now, Msat::MAX.get(), left);
        let down = flip::last_integer(Msat::MIN.get(), now, left);
        Reason::new(code, effect)
            .observed(revenue)
            .limit(self.cost)
            .flip_if("revenue_msat", nearest(now, down, up))
    }
}

/// The nearer of two flips; upwards when both are as near.
pub(in crate::fleet) fn nearest(now: u64, down: Option<u64>, up: Option<u64>) -> Option<u64> {
    match (down, up) {
        (Some(down), Some(up)) if now.abs_diff(down) < now.abs_diff(up) => Some(down),
        (down, up) => up.or(down),
    }
}
