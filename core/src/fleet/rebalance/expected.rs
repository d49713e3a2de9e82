//! The model `expected_cost`: income, less what the source loses, less what the route costs.

use super::evaluate::{Case, Evaluated, Flips, Terms};
use super::sources::base_threshold;
use super::*;
use crate::units::{Ppm, Sat};

/// The plain numbers behind the value of a case.
struct Value {
    income: f64,
    source_loss: f64,
    cost: f64,
    p: f64,
    attempt: f64,
    threshold: f64,
}

impl Value {
    fn of(case: &Case<'_>, multiplier: Multiplier) -> Result<Self, Error> {
        let settings = &case.config.rebalance;
        let (amount, used) = (case.amount.as_f64(), case.utilisation());
        let rate = |ppm: Ppm| f64::from(ppm.get());
        let likely = (case.best.turnover.get() * 7.0).min(1.0);
        let base = RealSat::named("amount_sats", base_threshold(settings, case.amount) as f64)?;
        Ok(Self {
            income: amount * used * rate(case.out) / 1e6,
            source_loss: amount * used * rate(case.best.source.fee_ppm) * likely / 1e6,
            cost: amount * rate(case.inbound) / 1e6 + case.input.fixed_msat.as_f64() / 1000.0,
            p: case.p.get(),
            attempt: case.input.attempt_cost_sats.as_f64(),
            threshold: scaled(settings, base, multiplier)?.get(),
        })
    }

    fn ev_at(&self, cost: f64) -> f64 {
        self.p * (self.income - self.source_loss - cost) - (1.0 - self.p) * self.attempt
    }

    fn ev(&self) -> f64 {
        self.ev_at(self.cost)
    }

    /// The most whole sats that the route may cost, so that the value still reaches the
    /// threshold; none when nothing may.
    fn budget(&self) -> Option<u64> {
        if self.p <= 0.0 {
            return None;
        }
        let due = (self.threshold + (1.0 - self.p) * self.attempt) / self.p;
        let guess = (self.income - self.source_loss - due).floor().max(0.0) as u64;
        // The guess divides and the value multiplies: the last bit may say otherwise.
        let (low, high) = (guess.saturating_sub(2), guess.saturating_add(2));
        flip::last_integer_near(guess, low, high, |cost| {
            self.ev_at(cost as f64) >= self.threshold
        })
    }

    fn accepted(&self, left: Option<Sat>) -> bool {
        let payable = left.is_none_or(|left| self.cost <= left.as_f64());
        self.budget().is_some() && self.ev() >= self.threshold && payable
    }
}

/// Values a case by its expected cost.
pub(super) fn value(
    case: &Case<'_>,
    refused: Evaluated,
    why: &mut Why,
) -> Result<Evaluated, Error> {
    let value = Value::of(case, refused.multiplier)?;
    let left = case.input.budget_left_sats;
    let terms = terms(case, &value)?;
    let flips = flips(case, &value, refused.multiplier)?;
    explain(case, &value, &flips, why);
    let accepted = value.accepted(left);
    Ok(Evaluated {
        accepted,
        amount_sats: accepted.then_some(case.amount),
        flips: Some(flips),
        max_fee_ppm: terms.max_fee_ppm.filter(|_| accepted),
        source: accepted.then(|| case.best.source.channel_id.clone()),
        terms: Some(terms),
        ..refused
    })
}

fn terms(case: &Case<'_>, value: &Value) -> Result<Terms, Error> {
    let named = |name: &str, x: f64| RealSat::named(name, x).map(Some);
    let affordable = value.budget().map(Sat::new).transpose()?;
    let budget = affordable.map(|budget| {
        let left = case.input.budget_left_sats.unwrap_or(budget);
        budget.min(left)
    });
    let max_fee = budget.map(|budget| {
        let rate = u128::from(budget.get()) * 1_000_000 / u128::from(case.amount.get().max(1));
        Ppm::new(u32::try_from(rate).unwrap_or(u32::MAX))
    });
    Ok(Terms {
        budget_sats: budget,
        budget_msat: budget.map(Sat::to_msat),
        cost: named("inbound_ppm", value.cost)?,
        ev: named("ev", value.ev())?,
        income: named("fee_ppm", value.income)?,
        max_fee_ppm: max_fee.transpose()?,
        source_loss: named("sources", value.source_loss)?,
        threshold: named("threshold", value.threshold)?,
        utilisation: Some(crate::units::Share::constant(case.utilisation())),
        ..case.terms()?
    })
}

fn explain(case: &Case<'_>, value: &Value, flips: &Flips, why: &mut Why) {
    let (ev, threshold) = (value.ev(), value.threshold);
    if value.budget().is_none() {
        why.add(|| {
            Reason::new(Code::NotAffordable, Effect::Refuse)
                .observed(value.ev_at(0.0))
                .limit(threshold)
                .flip_if("fee_ppm", dearer(case, value))
        });
    }
    let at = |inbound: u64| value.ev_at(cost_at(case, inbound)) >= threshold;
    let most = u64::from(u32::MAX);
    if ev < threshold {
        why.add(|| {
            Reason::new(Code::ValueBelowThreshold, Effect::Refuse)
                .observed(ev)
                .limit(threshold)
                .flip_if("inbound_ppm", flip::last_integer(0, most, at))
        });
    }
    let left = case.input.budget_left_sats;
    if let Some(left) = left.filter(|left| value.cost > left.as_f64()) {
        why.add(|| {
            Reason::new(Code::BudgetTooSmall, Effect::Refuse)
                .observed(value.cost)
                .limit(left)
                .flip("budget_left_sats", value.cost.ceil() as u64)
        });
    }
    if value.accepted(left) {
        why.add(|| {
            let now = u64::from(case.inbound.get());
            let dearer = flip::first_integer(now, most, |inbound| !at(inbound));
            Reason::new(Code::ValueReachesThreshold, Effect::Allow)
                .observed(ev)
                .limit(threshold)
                .flip_if(
                    "inbound_ppm",
                    dearer.filter(|_| flips.max_inbound_ppm.is_some()),
                )
        });
    }
}

fn cost_at(case: &Case<'_>, inbound: u64) -> f64 {
    case.amount.as_f64() * inbound as f64 / 1e6 + case.input.fixed_msat.as_f64() / 1000.0
}

/// The least fee of the destination at which something may be paid for the route; an announced
/// fee stands in its way.
fn dearer(case: &Case<'_>, value: &Value) -> Option<u64> {
    if case.input.destination.broadcast_fee_ppm > Ppm::MIN || value.p <= 0.0 {
        return None;
    }
    let now = u64::from(case.out.get());
    flip::first_integer(now, u64::from(u32::MAX), |out| {
        let income = case.amount.as_f64() * case.utilisation() * out as f64 / 1e6;
        let richer = Value { income, ..*value };
        richer.budget().is_some()
    })
}

fn flips(case: &Case<'_>, value: &Value, multiplier: Multiplier) -> Result<Flips, Error> {
    let left = case.input.budget_left_sats;
    let at_inbound = |inbound: u64| {
        let cost = cost_at(case, inbound);
        Value { cost, ..*value }.accepted(left)
    };
    let affordable = value.budget().unwrap_or_default() as f64 - cost_at(case, 0);
    let guess = affordable * 1e6 / case.amount.as_f64().max(1.0);
    let max_inbound = flip::last_integer_near(guess as u64, 0, u32::MAX.into(), at_inbound);
    let with_tier = |tier: Tier| {
        let multiplier = own_multiplier(case.config, Some(tier));
        Value::of(case, multiplier).is_ok_and(|value| value.accepted(left))
    };
    Ok(Flips {
        max_inbound_ppm: match max_inbound {
            Some(inbound) => Some(Ppm::new(u32::try_from(inbound).unwrap_or(u32::MAX))?),
            None => None,
        },
        min_amount_sats: least_amount(case, value, multiplier)?,
        tier: case.other_tier(value.accepted(left), with_tier),
    })
}

/// Where a sat more always earns more, the smallest amount that is accepted.
fn least_amount(
    case: &Case<'_>,
    value: &Value,
    multiplier: Multiplier,
) -> Result<Option<Sat>, Error> {
    let rate = case.amount.as_f64() * f64::from(case.inbound.get()) / 1e6;
    let gain = value.income - value.source_loss - rate;
    if gain <= 0.0 {
        return Ok(None);
    }
    let destination = &case.input.destination;
    let room = destination.capacity_sats.less(destination.spendable_sats);
    let most = room.min(case.best.source.spendable_sats).get();
    let accepted = |amount: u64| {
        let amount = Sat::new(amount).unwrap_or_default();
        let other = Case { amount, ..*case };
        Value::of(&other, multiplier).is_ok_and(|value| value.accepted(None))
    };
    let due = (value.threshold + (1.0 - value.p) * value.attempt) / value.p + cost_at(case, 0);
    let guess = due * case.amount.as_f64() / gain;
    flip::first_integer_near(guess as u64, 1, most, accepted)
        .map(Sat::new)
        .transpose()
}
