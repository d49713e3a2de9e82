//! The model `demand`: what moved sats earn depends on whether somebody wants them *there*, and days
//! with a forward tell that, volume does not.
//!
//! ```text
//! nu(H)       = H * (n + 7*lambda) / (min(60, g) + 7)     days with a forward out within H days
//! day         = (o + 2*d) / (n + 2)                       sats out on such a day
//! y(x)        = nu(90) * min(1, day/x)
//! U(x)        = x * y(x) / (1 + y(x))                     of the first x sats, how many are used
//! income      = out_ppm/1e6 * (U(spendable + a) - U(spendable))      at the destination
//! source_loss = src_ppm/1e6 * (U(spendable) - U(spendable - a))      at the source
//! cost        = a*inbound_ppm/1e6 + fixed_msat/1000       the expected cost, not the budget
//! attempts    = attempt_cost * (1-p)/p
//! ev          = income - source_loss - cost - attempts
//! threshold   = max(min_ev, margin*cost) / multiplier
//! ```
//!
//! n: days of the last 60 with a forward out, o: the sats of those days, g: the age in days, lambda
//! and d: what the node's channels show on average. U rises and is concave: what is there already
//! is sold first.

use super::candidate::{Asked, Evaluated, Flips, Sales, Source, Terms};
use super::destination::cut_to_room;
use super::giving::{Giver, Move, able, admissible};
use super::market::{Market, is_watched, loss};
use super::size::{SizeInput, size};
use super::*;
use crate::units::{Ppm, Sat};

/// A candidate with its source and amount found.
#[derive(Clone, Copy, Debug)]
struct Case<'c> {
    asked: Asked<'c>,
    amount: Sat,
    /// The amount in question, which stands for the sats of an active day where nobody knows them;
    /// it stays while other amounts are looked at.
    usual: Sat,
    inbound: Ppm,
    out: Ppm,
    giver: Giver<'c>,
}

impl Case<'_> {
    fn destination_market(&self) -> Market {
        let (destination, demand) = (&self.asked.input.destination, &self.asked.input.demand);
        let flow = destination.flow.as_ref();
        Market::of(flow, destination.age_days, demand, self.usual)
    }

    fn source_market(&self) -> Market {
        let (source, demand) = (self.giver.source, &self.asked.input.demand);
        Market::of(source.flow.as_ref(), source.age_days, demand, self.usual)
    }

    /// The most that can move from this source.
    fn most_movable(&self) -> Sat {
        let room = self.asked.input.destination.room();
        room.min(self.giver.gives)
    }

    fn left(&self) -> Option<Sat> {
        self.asked.input.budget_left_sats
    }
}

/// Values a rebalance out of `sources` by the demand at its destination.
pub(super) fn evaluate<'c>(
    asked: Asked<'c>,
    sources: impl Iterator<Item = &'c Source>,
    why: &mut Why,
) -> Result<Evaluated, Error> {
    let refused = asked.refused();
    let welcome = asked.is_welcome(why);
    let (true, Some(amount)) = (welcome, wanted(asked, why)?) else {
        return Ok(refused);
    };
    let wanted = Move {
        amount: asked.input.amount_sats,
        demand: asked.input.demand,
        peer: asked.input.destination.peer_id.as_ref(),
    };
    let admissible = admissible(asked.config, wanted, sources, why);
    let most = admissible.iter().map(|one| one.gives).max();
    let amount = match asked.input.amount_sats {
        Some(_) => amount,
        None => cut_to_source(
            &asked.config.rebalance,
            amount,
            most.unwrap_or_default(),
            why,
        ),
    };
    let giving = able(&admissible, wanted, amount, why);
    let Some(giver) = giving.into_iter().min_by(Giver::order) else {
        return Ok(refused);
    };
    if !is_watched(giver.source.flow.as_ref()) {
        why.add(|| Reason::new(Code::DemandUnknown, Effect::Warn).about(&giver.source.channel_id));
    }
    let case = Case {
        asked,
        amount,
        usual: amount,
        inbound: asked.input.inbound_ppm,
        out: asked.out(),
        giver,
    };
    value(&case, refused, why)
}

/// The amount that is asked for, or that the destination needs; never more than it can receive.
fn wanted(asked: Asked<'_>, why: &mut Why) -> Result<Option<Sat>, Error> {
    let destination = &asked.input.destination;
    if let Some(amount) = asked.amount()? {
        if !is_watched(destination.flow.as_ref()) {
            why.add(|| Reason::new(Code::DemandUnknown, Effect::Warn));
        }
        return Ok(cut_to_room(amount, destination.room(), true, why));
    }
    let question = SizeInput::of(destination, asked.input.demand);
    let sized = size(asked.config, &question, why).map_err(|error| error.inside("destination"))?;
    Ok(sized.amount_sats)
}

/// Of the sized amount what the best source can give, but no job is too small.
fn cut_to_source(settings: &RebalanceConfig, amount: Sat, most: Sat, why: &mut Why) -> Sat {
    if most >= amount || most < settings.min_amount_sats.min(amount) {
        return amount;
    }
    why.add(|| {
        Reason::new(Code::AmountCutToSource, Effect::Adjust)
            .observed(amount)
            .limit(most)
    });
    most
}

/// The plain numbers behind the value of a case.
#[derive(Clone, Copy, Debug)]
struct Value<'c> {
    config: &'c RebalanceConfig,
    income: f64,
    source_loss: f64,
    cost: f64,
    p: f64,
    attempt: f64,
    multiplier: Multiplier,
}

impl<'c> Value<'c> {
    fn of(case: &Case<'c>, multiplier: Multiplier) -> Self {
        let source = case.giver.source;
        let sent = case.asked.input.destination.spendable_sats.as_f64();
        let (here, there) = (case.destination_market(), case.source_market());
        let more = here.used(sent + case.amount.as_f64()) - here.used(sent);
        Self {
            config: &case.asked.config.rebalance,
            income: f64::from(case.out.get()) / 1e6 * more,
            source_loss: loss(&there, source.spendable_sats, source.fee_ppm, case.amount),
            cost: cost_at(case, case.inbound.get().into()),
            p: case.asked.chance().get(),
            attempt: case.asked.input.attempt_cost_sats.as_f64(),
            multiplier,
        }
    }

    /// What the failed attempts before a success cost; endless where none succeeds.
    fn attempts(&self) -> Option<f64> {
        (self.p > 0.0).then(|| self.attempt * (1.0 - self.p) / self.p)
    }

    fn ev_at(&self, cost: f64) -> Option<f64> {
        Some(self.income - self.source_loss - cost - self.attempts()?)
    }

    fn ev(&self) -> Option<f64> {
        self.ev_at(self.cost)
    }

    /// A dearer route must earn more.
    fn threshold_at(&self, cost: f64) -> f64 {
        let least = self.config.min_ev_sats.as_f64();
        let due = least.max(self.config.margin.get() * cost);
        // Neither is negative and both are finite: dividing by a bounded multiplier keeps them so.
        scaled(self.config, RealSat::clamped(due), self.multiplier).map_or(due, RealSat::get)
    }

    fn threshold(&self) -> f64 {
        self.threshold_at(self.cost)
    }

    fn pays_at(&self, cost: f64) -> bool {
        self.ev_at(cost)
            .is_some_and(|ev| ev >= self.threshold_at(cost))
    }

    fn pays(&self) -> bool {
        self.pays_at(self.cost)
    }

    /// The most whole sats that the route may cost; none when nothing may.
    fn budget(&self) -> Option<u64> {
        let gain = self.ev_at(0.0)?;
        let share = 1.0 + self.config.margin.get() / self.multiplier.get().max(f64::MIN_POSITIVE);
        let guess = (gain - self.threshold_at(0.0)).min(gain / share);
        let guess = guess.floor().max(0.0) as u64;
        // The guess divides and the rule multiplies: the last bit may say otherwise.
        let most = guess.saturating_add(2);
        flip::last_integer_near(guess, 0, most, |cost| self.pays_at(cost as f64))
    }

    fn accepted(&self, left: Option<Sat>) -> bool {
        let payable = left.is_none_or(|left| self.cost <= left.as_f64());
        self.pays() && payable
    }
}

/// Values a case by the demand at its destination.
fn value(case: &Case<'_>, refused: Evaluated, why: &mut Why) -> Result<Evaluated, Error> {
    let value = Value::of(case, refused.multiplier);
    let left = case.left();
    let terms = terms(case, &value)?;
    explain(case, &value, why);
    let accepted = value.accepted(left);
    Ok(Evaluated {
        accepted,
        amount_sats: accepted.then_some(case.amount),
        flips: Some(flips(case, &value)?),
        max_fee_ppm: terms.max_fee_ppm.filter(|_| accepted),
        source: accepted.then(|| case.giver.source.channel_id.clone()),
        terms: Some(terms),
        ..refused
    })
}

fn terms(case: &Case<'_>, value: &Value<'_>) -> Result<Terms, Error> {
    let named = |name: &str, x: Option<f64>| x.map(|x| RealSat::named(name, x)).transpose();
    let budget = value.budget().map(Sat::new).transpose()?.map(|budget| {
        let left = case.left().unwrap_or(budget);
        budget.min(left)
    });
    let max_fee = budget.map(|budget| {
        let rate = u128::from(budget.get()) * 1_000_000 / u128::from(case.amount.get().max(1));
        Ppm::new(u32::try_from(rate).unwrap_or(u32::MAX))
    });
    let moved = case.amount.as_f64();
    let there = case.giver.source.spendable_sats.as_f64();
    let here = case.asked.input.destination.spendable_sats.as_f64();
    Ok(Terms {
        attempts: named("attempt_cost_sats", value.attempts())?,
        budget_sats: budget,
        budget_msat: budget.map(Sat::to_msat),
        cost: named("inbound_ppm", Some(value.cost))?,
        destination_sales: Some(Sales::of(&case.destination_market(), here, here + moved)?),
        ev: named("ev", value.ev())?,
        income: named("fee_ppm", Some(value.income))?,
        max_fee_ppm: max_fee.transpose()?,
        source_loss: named("sources", Some(value.source_loss))?,
        source_sales: Some(Sales::of(&case.source_market(), there, there - moved)?),
        threshold: named("threshold", Some(value.threshold()))?,
        ..case.asked.terms(case.amount, case.giver.source)
    })
}

fn explain(case: &Case<'_>, value: &Value<'_>, why: &mut Why) {
    let most = u64::from(u32::MAX);
    let at = |inbound: u64| value.pays_at(cost_at(case, inbound));
    if value.budget().is_none() {
        why.add(|| {
            let reason = Reason::new(Code::NotAffordable, Effect::Refuse);
            let reason = match value.ev_at(0.0) {
                Some(ev) => reason.observed(ev),
                None => reason,
            };
            reason
                .limit(value.threshold_at(0.0))
                .flip_if("fee_ppm", dearer(case, value))
        });
    }
    let (Some(ev), threshold) = (value.ev(), value.threshold()) else {
        return;
    };
    if !value.pays() {
        why.add(|| {
            Reason::new(Code::ValueBelowThreshold, Effect::Refuse)
                .observed(ev)
                .limit(threshold)
                .flip_if("inbound_ppm", flip::last_integer(0, most, at))
        });
    }
    let left = case.left();
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
            let payable = |cost: f64| left.is_none_or(|left| cost <= left.as_f64());
            let ends = |to: u64| !at(to) || !payable(cost_at(case, to));
            Reason::new(Code::ValueReachesThreshold, Effect::Allow)
                .observed(ev)
                .limit(threshold)
                .flip_if("inbound_ppm", flip::first_integer(now, most, ends))
        });
    }
}

fn cost_at(case: &Case<'_>, inbound: u64) -> f64 {
    case.amount.as_f64() * inbound as f64 / 1e6 + case.asked.input.fixed_msat.as_f64() / 1000.0
}

/// The least fee of the destination at which something may be paid for the route; an announced
/// fee stands in its way.
fn dearer(case: &Case<'_>, value: &Value<'_>) -> Option<u64> {
    if case.asked.input.destination.broadcast_fee_ppm > Ppm::MIN {
        return None;
    }
    let now = u64::from(case.out.get());
    flip::first_integer(now, u64::from(u32::MAX), |out| {
        let out = Ppm::new(u32::try_from(out).unwrap_or(u32::MAX)).unwrap_or_default();
        let richer = Value::of(&Case { out, ..*case }, value.multiplier);
        richer.budget().is_some()
    })
}

fn flips(case: &Case<'_>, value: &Value<'_>) -> Result<Flips, Error> {
    let left = case.left();
    let at_inbound = |inbound: u64| {
        let cost = cost_at(case, inbound);
        Value { cost, ..*value }.accepted(left)
    };
    let affordable = value.budget().unwrap_or_default() as f64 - cost_at(case, 0);
    let guess = affordable * 1e6 / case.amount.as_f64().max(1.0);
    let max_inbound = flip::last_integer_near(guess as u64, 0, u32::MAX.into(), at_inbound);
    let with_tier = |tier: Tier| {
        let multiplier = own_multiplier(case.asked.config, Some(tier));
        Value::of(case, multiplier).accepted(left)
    };
    let (least, most) = amounts(case, value);
    Ok(Flips {
        max_amount_sats: most.map(Sat::new).transpose()?,
        max_inbound_ppm: match max_inbound {
            Some(inbound) => Some(Ppm::new(u32::try_from(inbound).unwrap_or(u32::MAX))?),
            None => None,
        },
        min_amount_sats: least.map(Sat::new).transpose()?,
        tier: case.asked.other_tier(value.accepted(left), with_tier),
    })
}

/// The smallest and the largest amount that are accepted. The value less its threshold is concave
/// in the amount, so that everything between them is accepted and nothing beside them.
fn amounts(case: &Case<'_>, value: &Value<'_>) -> (Option<u64>, Option<u64>) {
    let left = case.left();
    let at = |amount: u64| {
        let amount = Sat::new(amount).unwrap_or_default();
        Value::of(&Case { amount, ..*case }, value.multiplier)
    };
    let above = |amount: u64| {
        let value = at(amount);
        value
            .ev()
            .map_or(f64::NEG_INFINITY, |ev| ev - value.threshold())
    };
    let accepted = |amount: u64| at(amount).accepted(left);
    let room = case.most_movable().get();
    if room == 0 {
        return (None, None);
    }
    let now = case.amount.get();
    let inside = if value.accepted(left) {
        now
    } else {
        highest(1, room, above)
    };
    if !accepted(inside) {
        // What is left of the budget may cut the top off: then the largest payable amount decides.
        let payable = |amount: u64| left.is_none_or(|left| at(amount).cost <= left.as_f64());
        let inside = flip::last_integer(1, inside, payable).filter(|amount| accepted(*amount));
        return match inside {
            Some(top) => (flip::first_integer(1, top, accepted), Some(top)),
            None => (None, None),
        };
    }
    (
        flip::first_integer(1, inside, accepted),
        flip::last_integer(inside, room, accepted),
    )
}

/// Where a concave function is highest.
fn highest(low: u64, high: u64, of: impl Fn(u64) -> f64) -> u64 {
    let (mut low, mut high) = (low, high);
    while high - low > 2 {
        let third = (high - low) / 3;
        let (a, b) = (low + third, high - third);
        if of(a) < of(b) {
            low = a;
        } else {
            high = b;
        }
    }
    let mut best = low;
    for x in low..=high {
        if of(x) > of(best) {
            best = x;
        }
    }
    best
}
