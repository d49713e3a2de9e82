//! The model `cl_revenue_ops`: the deployed plugin's value of a rebalance, step by step, in its
//! order of operations. The whole fee budget counts as cost.

use super::candidate::{Asked, Evaluated, Flips, Source, Terms};
use super::flow::turnover;
use super::scoring::{Ask, Candidate, base_threshold, best, pays, tolerance_ppm};
use super::size::{SizeInput, size};
use super::*;
use crate::units::{Msat, Ppm, Real, Sat, Share, SignedPpm};

/// A candidate with its source and amount found.
#[derive(Clone, Copy, Debug)]
struct Case<'c> {
    asked: Asked<'c>,
    amount: Sat,
    need: Sat,
    out: Ppm,
    inbound: Ppm,
    p: Share,
    turnover: Share,
    best: Candidate<'c>,
}

impl Case<'_> {
    /// What is left of the destination's fee.
    fn spread(&self) -> i64 {
        let signed = |ppm: Ppm| i64::from(ppm.get());
        signed(self.out) - signed(self.inbound) - signed(self.best.opportunity_ppm)
    }

    /// The share of the moved sats that will be used before the next rebalance.
    fn utilisation(&self) -> f64 {
        let hours = f64::from(self.asked.config.rebalance.cooldown_h.get());
        (self.turnover.get() * hours / 24.0).clamp(0.05, 1.0)
    }

    fn terms(&self) -> Result<Terms, Error> {
        Ok(Terms {
            destination_turnover: Some(self.turnover),
            opportunity_ppm: Some(self.best.opportunity_ppm),
            source_turnover: Some(self.best.turnover),
            spread_ppm: Some(SignedPpm::new(self.spread())?),
            ..self.asked.terms(self.amount, self.best.source)
        })
    }
}

/// Values a rebalance out of `sources` as the deployed plugin does.
pub(super) fn evaluate<'c>(
    asked: Asked<'c>,
    sources: impl Iterator<Item = &'c Source>,
    why: &mut Why,
) -> Result<Evaluated, Error> {
    let config = asked.config;
    let destination = &asked.input.destination;
    let refused = asked.refused();
    let welcome = asked.is_welcome(why);
    let (amount, need) = sized(asked, why)?;
    let (true, Some(amount)) = (welcome, amount) else {
        return Ok(refused);
    };
    let ask = Ask {
        amount,
        inbound: asked.input.inbound_ppm,
        out: asked.out(),
    };
    let Some(best) = best(config, sources, ask, why)? else {
        return Ok(refused);
    };
    let case = Case {
        asked,
        amount,
        need,
        out: ask.out,
        inbound: ask.inbound,
        p: asked.chance(),
        turnover: turnover(
            destination.flow.as_ref(),
            destination.capacity_sats,
            config.rebalance.flow_window_days,
        ),
        best,
    };
    value(&case, refused, why)
}

/// How much to move, and how much is missing.
fn sized(asked: Asked<'_>, why: &mut Why) -> Result<(Option<Sat>, Sat), Error> {
    let question = SizeInput::of(&asked.input.destination, asked.input.demand);
    let sized = |why: &mut Why| {
        size(asked.config, &question, why).map_err(|error| error.inside("destination"))
    };
    match asked.amount()? {
        Some(amount) => {
            let need = sized(&mut Why::off())?.need_sats;
            Ok((Some(amount), need.max(amount)))
        }
        None => {
            let sized = sized(why)?;
            Ok((sized.amount_sats, sized.need_sats))
        }
    }
}

/// Why a case is not valued to the end.
enum Stop {
    Spread { spread: i128, least: i128 },
    Kelly(f64),
    Fee,
}

/// A case that is valued to the end.
struct Value {
    tolerance: i128,
    kelly: Option<f64>,
    budget_msat: i128,
    budget: i128,
    max_fee: i128,
    used: f64,
    income: f64,
    loss: f64,
    profit: f64,
    threshold: f64,
}

impl Value {
    fn of(case: &Case<'_>, multiplier: Multiplier) -> Result<Result<Self, Stop>, Error> {
        let settings = &case.asked.config.rebalance;
        let (spread, amount) = (i128::from(case.spread()), i128::from(case.amount.get()));
        let amount_msat = amount * 1000;
        let tolerance = tolerance_ppm(settings.tolerance_sats, case.need);
        if spread < -tolerance {
            return Ok(Err(Stop::Spread {
                spread,
                least: -tolerance,
            }));
        }
        let paid = if spread > 0 { spread } else { tolerance };
        let mut budget_msat = (paid * amount_msat).div_euclid(1_000_000).max(1000);
        let mut budget = (budget_msat + 999).div_euclid(1000);
        let kelly = settings.kelly.enabled.then(|| kelly(case));
        if let Some(kelly) = kelly {
            if kelly <= 0.0 {
                return Ok(Err(Stop::Kelly(kelly)));
            }
            budget = (budget as f64 * kelly) as i128;
            budget_msat = budget * 1000;
        }
        let budget_ppm = (budget_msat * 1_000_000).div_euclid(amount_msat.max(1));
        if budget_ppm <= 0 {
            return Ok(Err(Stop::Fee));
        }
        let fair = i128::from(case.inbound.get()) + spread.div_euclid(2);
        let used = case.utilisation();
        let (income, loss) = (income(case, used), loss(case, used));
        Ok(Ok(Self {
            tolerance,
            kelly,
            budget_msat,
            budget,
            max_fee: fair.min(budget_ppm).max(1),
            used,
            income,
            loss,
            profit: income - budget as f64 - loss,
            threshold: threshold_of(case, multiplier)?,
        }))
    }

    fn accepted(&self) -> bool {
        // The plugin refuses what is below and takes the rest.
        self.profit >= self.threshold
    }

    fn affordable(&self, left: Option<Sat>) -> bool {
        let payable = left.is_none_or(|left| self.budget <= i128::from(left.get()));
        self.accepted() && payable
    }
}

/// How much of the bet is placed.
fn kelly(case: &Case<'_>) -> f64 {
    let p = case.p.get();
    let cost = i64::from(case.inbound.get()) + i64::from(case.best.opportunity_ppm.get());
    let odds = match cost {
        ..=0 => f64::INFINITY,
        cost => f64::from(case.out.get()) / cost as f64,
    };
    let share = if odds > 0.0 {
        p - (1.0 - p) / odds
    } else {
        -1.0
    };
    (share * case.asked.config.rebalance.kelly.fraction.get()).min(1.0)
}

fn income(case: &Case<'_>, used: f64) -> f64 {
    floor_divided(case.amount.as_f64() * used * f64::from(case.out.get()), 1e6)
}

fn loss(case: &Case<'_>, used: f64) -> f64 {
    let likely = (case.best.turnover.get() * 7.0).min(1.0);
    let whole = case.amount.as_f64() * used * f64::from(case.best.source.fee_ppm.get()) * likely;
    floor_divided(whole, 1e6)
}

/// Python's `x // y` for a positive `y` and a non-negative `x`: by the remainder, not by the
/// quotient, whose rounding could reach the next integer.
fn floor_divided(x: f64, y: f64) -> f64 {
    let quotient = (x - x % y) / y;
    let floored = quotient.floor();
    if quotient - floored > 0.5 {
        floored + 1.0
    } else {
        floored
    }
}

fn threshold_of(case: &Case<'_>, multiplier: Multiplier) -> Result<f64, Error> {
    let settings = &case.asked.config.rebalance;
    let base = RealSat::named("amount_sats", base_threshold(settings, case.amount) as f64)?;
    let threshold = scaled(settings, base, multiplier)?.get();
    Ok(threshold.max(-settings.tolerance_sats.as_f64()))
}

/// Values a case as the deployed plugin does.
fn value(case: &Case<'_>, refused: Evaluated, why: &mut Why) -> Result<Evaluated, Error> {
    let multiplier = refused.multiplier;
    let valued = match Value::of(case, multiplier)? {
        Ok(valued) => valued,
        Err(stop) => {
            explain_stop(case, &stop, multiplier, why);
            return Ok(Evaluated {
                flips: Some(flips(case, multiplier, None)?),
                terms: Some(case.terms()?),
                ..refused
            });
        }
    };
    let terms = terms(case, &valued)?;
    let flips = flips(case, multiplier, Some(&valued))?;
    explain(case, &valued, &flips, why);
    let accepted = valued.affordable(case.asked.input.budget_left_sats);
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
    let overflow = |_| Error::overflow("amount_sats");
    let whole = |n: i128| u64::try_from(n).map_err(|_| Error::overflow("amount_sats"));
    let real = |x: f64| RealSat::new(x).map(Some).map_err(overflow);
    let kelly = value.kelly.map(Real::new).transpose()?;
    let max_fee = u32::try_from(value.max_fee).unwrap_or(u32::MAX);
    Ok(Terms {
        budget_sats: Some(Sat::new(whole(value.budget)?).map_err(overflow)?),
        budget_msat: Some(Msat::new(whole(value.budget_msat)?).map_err(overflow)?),
        cost: real(value.budget as f64)?,
        ev: real(value.profit)?,
        income: real(value.income)?,
        kelly,
        max_fee_ppm: Some(Ppm::new(max_fee)?),
        source_loss: real(value.loss)?,
        threshold: real(value.threshold)?,
        tolerance_ppm: i64::try_from(value.tolerance)
            .ok()
            .and_then(|ppm| SignedPpm::new(ppm).ok()),
        utilisation: Some(Share::clamped(value.used)),
        ..case.terms()?
    })
}

fn explain_stop(case: &Case<'_>, stop: &Stop, multiplier: Multiplier, why: &mut Why) {
    why.add(|| match stop {
        Stop::Spread { spread, least } => {
            let cheaper = i128::from(case.inbound.get()) - (least - spread);
            Reason::new(Code::SpreadBelowTolerance, Effect::Refuse)
                .observed(*spread)
                .limit(*least)
                .flip_if("inbound_ppm", u64::try_from(cheaper).ok())
        }
        Stop::Kelly(share) => {
            let surer = flip::first_real(case.p.get(), 1.0, |p| {
                let p = Share::clamped(p);
                kelly(&Case { p, ..*case }) > 0.0
            });
            Reason::new(Code::KellyRefuses, Effect::Refuse)
                .observed(*share)
                .limit(0.0)
                .flip_if("p_success", surer)
        }
        Stop::Fee => {
            let surer = flip::first_real(case.p.get(), 1.0, |p| {
                let p = Share::clamped(p);
                let case = Case { p, ..*case };
                matches!(Value::of(&case, multiplier), Ok(Ok(_)))
            });
            Reason::new(Code::NoFeeLeft, Effect::Refuse).flip_if("p_success", surer)
        }
    });
}

fn explain(case: &Case<'_>, value: &Value, flips: &Flips, why: &mut Why) {
    let (code, effect) = match value.accepted() {
        true => (Code::ProfitReachesThreshold, Effect::Allow),
        false => (Code::ProfitBelowThreshold, Effect::Refuse),
    };
    why.add(|| {
        Reason::new(code, effect)
            .observed(value.profit)
            .limit(value.threshold)
            .flip_if("tier", flips.tier.map(Tier::as_str))
    });
    let left = case.asked.input.budget_left_sats;
    let short = left.filter(|left| value.budget > i128::from(left.get()));
    if let Some(left) = short {
        why.add(|| {
            Reason::new(Code::BudgetTooSmall, Effect::Refuse)
                .observed(value.budget as f64)
                .limit(left)
                .flip("budget_left_sats", value.budget)
        });
    }
}

/// This model finds a dearer route better until the spread is gone, so the dearest accepted one
/// lies at the top of what it still values, or just before the tolerance takes over.
fn flips(case: &Case<'_>, multiplier: Multiplier, now: Option<&Value>) -> Result<Flips, Error> {
    let at = |inbound: u64| {
        let inbound = Ppm::new(u32::try_from(inbound).unwrap_or(u32::MAX)).unwrap_or_default();
        let case = Case { inbound, ..*case };
        let value = Value::of(&case, multiplier).ok().and_then(Result::ok);
        value.filter(|_| source_pays(&case))
    };
    let left = case.asked.input.budget_left_sats;
    let accepts = |inbound: &u64| at(*inbound).is_some_and(|value| value.affordable(left));
    let top = flip::last_integer(0, u32::MAX.into(), |inbound| at(inbound).is_some());
    let spread_gone = i64::from(case.inbound.get()) + case.spread();
    let before = u64::try_from(spread_gone - 1).ok();
    let before = before.zip(top).map(|(before, top)| before.min(top));
    let dearest = top.filter(accepts).or(before.filter(accepts));
    let with_tier = |tier: Tier| {
        let multiplier = own_multiplier(case.asked.config, Some(tier));
        matches!(Value::of(case, multiplier), Ok(Ok(value)) if value.affordable(left))
    };
    let dearest = dearest.map(|inbound| Ppm::new(u32::try_from(inbound).unwrap_or(u32::MAX)));
    Ok(Flips {
        max_amount_sats: None,
        max_inbound_ppm: dearest.transpose()?,
        min_amount_sats: None,
        tier: now.and_then(|now| case.asked.other_tier(now.affordable(left), with_tier)),
    })
}

/// Whether the plugin would have taken the source at this price of the route.
fn source_pays(case: &Case<'_>) -> bool {
    let Ok(spread_ppm) = SignedPpm::new(case.spread()) else {
        return false;
    };
    let candidate = Candidate {
        spread_ppm,
        ..case.best
    };
    let ask = Ask {
        amount: case.amount,
        inbound: case.inbound,
        out: case.out,
    };
    pays(
        &case.asked.config.rebalance,
        &candidate,
        ask,
        &mut Why::off(),
    )
}
