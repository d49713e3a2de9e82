//! What a rebalance is worth, by one of two models, and what would turn the answer round.
//!
//! `expected_cost` holds the income of the moved sats against what the route is *expected* to
//! cost. `cl_revenue_ops` repeats the deployed plugin step by step, which takes the whole fee
//! budget for the cost: there a dearer route looks better. It is here to be compared with.
//!
//! Source: spec "Budget and EV threshold"; the deployed plugin. Codes: those of [`super::size`] and
//! [`super::sources`], `destination_is_sink`, `destination_offline`, `destination_zombie`,
//! `destination_underwater`, `not_affordable`, `value_below_threshold`, `value_reaches_threshold`,
//! `budget_too_small`, `spread_below_tolerance`, `kelly_refuses`, `no_fee_left`,
//! `profit_below_threshold`, `profit_reaches_threshold`.

use super::flow::{Flow, FlowKind, turnover};
use super::size::{SizeInput, Sized, size};
use super::sources::{Ask, Candidate, Source, best};
use super::*;
use crate::entries::Entries;
use crate::units::{Count, Msat, Ppm, Real, Sat, Share, SignedPpm};

/// The channel that should be filled.
#[record]
pub struct Destination {
    /// How old it is, in days.
    #[serde(default)]
    pub age_days: Count,
    /// The fee that was announced last, where it differs; 0 when none was.
    #[serde(default)]
    pub broadcast_fee_ppm: Ppm,
    /// Its capacity.
    pub capacity_sats: Sat,
    /// How it earned so far.
    #[serde(default)]
    pub class: ChannelClass,
    /// What we charge there.
    pub fee_ppm: Ppm,
    /// What moved through it.
    pub flow: Option<Flow>,
    /// What the last sats spent on it returned.
    pub marginal_roi: Option<Real>,
    /// The peer at the other end.
    pub peer_id: Option<NodeId>,
    /// What it can send now.
    pub spendable_sats: Sat,
    /// For what percentage of the last day its peer was online.
    pub uptime_pct: Option<Real>,
}

/// How a channel earned so far.
#[choice(Default)]
pub enum ChannelClass {
    /// More than it cost.
    Profitable,
    /// About what it cost.
    #[default]
    BreakEven,
    /// Less than it cost.
    Underwater,
    /// Less than it cost, and nothing moves.
    StagnantCandidate,
    /// Less than it cost, and every attempt to help failed.
    Zombie,
}

/// A rebalance that might be done.
#[record]
pub struct EvaluateInput {
    /// How much to move; sized from the destination when absent.
    pub amount_sats: Option<Sat>,
    /// What a failed attempt costs.
    #[serde(default)]
    pub attempt_cost_sats: Sat,
    /// What is left of our budget after what is spent and reserved; unlimited when absent.
    pub budget_left_sats: Option<Sat>,
    /// The channel that should be filled.
    pub destination: Destination,
    /// How often a rebalance to it failed.
    #[serde(default)]
    pub failures: Count,
    /// What the route costs besides its rate.
    #[serde(default)]
    pub fixed_msat: Msat,
    /// How old our tier is; beyond the configured age it counts as unknown.
    pub health_age_s: Option<Seconds>,
    /// What the route is expected to cost.
    pub inbound_ppm: Ppm,
    /// How likely it succeeds; from successes and failures when absent.
    pub p_success: Option<Share>,
    /// The channels that may give; a book has its own.
    #[serde(default)]
    pub sources: Entries<Source>,
    /// How often a rebalance to it succeeded.
    #[serde(default)]
    pub successes: Count,
    /// Our own tier; unknown when absent.
    pub tier: Option<Tier>,
}

/// What a rebalance is worth.
#[record(open)]
pub struct Evaluated {
    /// Whether it should be done.
    pub accepted: bool,
    /// How much to move, when it is accepted.
    pub amount_sats: Option<Sat>,
    /// What would turn the answer round.
    pub flips: Option<Flips>,
    /// The most to pay for the route, when it is accepted.
    pub max_fee_ppm: Option<Ppm>,
    /// The model that valued it.
    pub model: Model,
    /// The multiplier in force.
    pub multiplier: Multiplier,
    /// From where to move, when it is accepted.
    pub source: Option<NodeId>,
    /// Every term of the value, as far as it was computed.
    pub terms: Option<Terms>,
}

/// What would turn the answer round, all else fixed, the source included.
#[record(open, Copy, Default)]
pub struct Flips {
    /// The dearest route at which it is accepted; none when it never is.
    pub max_inbound_ppm: Option<Ppm>,
    /// The smallest amount at which it is accepted; the deployed model has no such bound.
    pub min_amount_sats: Option<Sat>,
    /// The nearest tier at which the answer is the other one.
    pub tier: Option<Tier>,
}

/// Every term of the value.
#[record(open)]
pub struct Terms {
    /// How much would be moved.
    pub amount_sats: Sat,
    /// The most that may be paid for the route.
    pub budget_sats: Option<Sat>,
    /// The same, in thousandths.
    pub budget_msat: Option<Msat>,
    /// What the route is expected to cost.
    pub cost: Option<RealSat>,
    /// The share of the destination's capacity that moves in a day.
    pub destination_turnover: Share,
    /// What the rebalance is worth.
    pub ev: Option<RealSat>,
    /// What the moved sats should earn.
    pub income: Option<RealSat>,
    /// The share of the bet that is placed.
    pub kelly: Option<Real>,
    /// The most to pay for the route.
    pub max_fee_ppm: Option<Ppm>,
    /// What the source's liquidity would have earned, weighted by how likely that was.
    pub opportunity_ppm: Ppm,
    /// What we charge at the destination.
    pub out_ppm: Ppm,
    /// How likely it succeeds.
    pub p_success: Share,
    /// What the moved sats would have earned at the source.
    pub source_loss: Option<RealSat>,
    /// What we charge at the source.
    pub source_ppm: Ppm,
    /// The share of the source's capacity that moves in a day.
    pub source_turnover: Share,
    /// What is left of the destination's fee.
    pub spread_ppm: SignedPpm,
    /// The least value that we accept.
    pub threshold: Option<RealSat>,
    /// The loss that is tolerated.
    pub tolerance_ppm: Option<SignedPpm>,
    /// The share of the moved sats that will be used.
    pub utilisation: Option<Share>,
}

/// A candidate with its source and amount found: what both models value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'c> {
    pub config: &'c Config,
    pub input: &'c EvaluateInput,
    pub amount: Sat,
    pub need: Sat,
    pub out: Ppm,
    pub inbound: Ppm,
    pub p: Share,
    pub tier: Option<Tier>,
    pub turnover: Share,
    pub best: Candidate<'c>,
}

impl Case<'_> {
    /// What is left of the destination's fee.
    pub fn spread(&self) -> i64 {
        let signed = |ppm: Ppm| i64::from(ppm.get());
        signed(self.out) - signed(self.inbound) - signed(self.best.opportunity_ppm)
    }

    /// The share of the moved sats that will be used before the next rebalance.
    pub fn utilisation(&self) -> f64 {
        let hours = f64::from(self.config.rebalance.cooldown_h.get());
        (self.turnover.get() * hours / 24.0).clamp(0.05, 1.0)
    }

    /// What we know before a model speaks.
    pub fn terms(&self) -> Result<Terms, Error> {
        Ok(Terms {
            amount_sats: self.amount,
            budget_sats: None,
            budget_msat: None,
            cost: None,
            destination_turnover: self.turnover,
            ev: None,
            income: None,
            kelly: None,
            max_fee_ppm: None,
            opportunity_ppm: self.best.opportunity_ppm,
            out_ppm: self.out,
            p_success: self.p,
            source_loss: None,
            source_ppm: self.best.source.fee_ppm,
            source_turnover: self.best.turnover,
            spread_ppm: SignedPpm::new(self.spread())?,
            threshold: None,
            tolerance_ppm: None,
            utilisation: None,
        })
    }

    /// The nearest tier at which `accepted` is not what it is now: a worse one for a refusal, a
    /// better one for an acceptance.
    pub fn other_tier(&self, now: bool, accepted: impl Fn(Tier) -> bool) -> Option<Tier> {
        const WORST_FIRST: [Tier; 4] = [
            Tier::Struggling,
            Tier::Vulnerable,
            Tier::Stable,
            Tier::Thriving,
        ];
        let ours = self.tier.unwrap_or(Tier::Stable);
        if now {
            let mut better = WORST_FIRST.into_iter().filter(|tier| *tier > ours);
            better.find(|tier| !accepted(*tier))
        } else {
            let mut worse = WORST_FIRST.into_iter().rev().filter(|tier| *tier < ours);
            worse.find(|tier| accepted(*tier))
        }
    }
}

/// A tier as a word of a reason.
pub(super) const fn word(tier: Tier) -> &'static str {
    match tier {
        Tier::Struggling => "struggling",
        Tier::Vulnerable => "vulnerable",
        Tier::Stable => "stable",
        Tier::Thriving => "thriving",
    }
}

/// Values a rebalance.
pub fn evaluate(config: &Config, input: &EvaluateInput, why: &mut Why) -> Result<Evaluated, Error> {
    let usable = input.sources.usable(why);
    evaluate_from(config, input, usable.into_iter(), why)
}

/// Values a rebalance out of `sources`, which are by id; those of the input do not count.
pub(in crate::fleet) fn evaluate_from<'c>(
    config: &'c Config,
    input: &'c EvaluateInput,
    sources: impl Iterator<Item = &'c Source>,
    why: &mut Why,
) -> Result<Evaluated, Error> {
    let tier = known_tier(config, input.tier, input.health_age_s, why);
    let multiplier = own_multiplier(config, tier);
    let refused = Evaluated {
        accepted: false,
        amount_sats: None,
        flips: None,
        max_fee_ppm: None,
        model: config.rebalance.model,
        multiplier,
        source: None,
        terms: None,
    };
    let welcome = destination_is_welcome(&config.rebalance, &input.destination, why);
    let sized = sized(config, input, why)?;
    let (true, Some(amount)) = (welcome, sized.amount_sats) else {
        return Ok(refused);
    };
    let out = match input.destination.broadcast_fee_ppm {
        Ppm::MIN => input.destination.fee_ppm,
        announced => announced,
    };
    let ask = Ask {
        amount,
        inbound: input.inbound_ppm,
        out,
    };
    let Some(best) = best(config, sources, ask, why)? else {
        return Ok(refused);
    };
    let destination = &input.destination;
    let case = Case {
        config,
        input,
        amount,
        need: sized.need_sats,
        out,
        inbound: input.inbound_ppm,
        p: chance(input),
        tier,
        turnover: turnover(
            destination.flow.as_ref(),
            destination.capacity_sats,
            config.rebalance.flow_window_days,
        ),
        best,
    };
    match config.rebalance.model {
        Model::ExpectedCost => expected::value(&case, refused, why),
        Model::ClRevenueOps => deployed::value(&case, refused, why),
    }
}

/// The chance of success, from what happened so far: one imagined success and failure each.
fn chance(input: &EvaluateInput) -> Share {
    input.p_success.unwrap_or_else(|| {
        let (good, bad) = (input.successes.as_f64(), input.failures.as_f64());
        Share::constant((good + 1.0) / (good + bad + 2.0))
    })
}

fn sized(config: &Config, input: &EvaluateInput, why: &mut Why) -> Result<Sized, Error> {
    let destination = &input.destination;
    let question = SizeInput {
        age_days: destination.age_days,
        capacity_sats: destination.capacity_sats,
        flow: destination.flow,
        spendable_sats: destination.spendable_sats,
    };
    let Some(amount) = input.amount_sats else {
        return size(config, &question, why).map_err(|error| error.inside("destination"));
    };
    let headroom = destination.capacity_sats.less(destination.spendable_sats);
    if amount > headroom || amount == Sat::MIN {
        let allowed = format_args!("1..={headroom}, what the destination can take").to_string();
        return Err(Error::out_of_range("amount_sats", amount, allowed));
    }
    let sized = size(config, &question, &mut Why::off())?;
    Ok(Sized {
        amount_sats: Some(amount),
        need_sats: sized.need_sats.max(amount),
        ..sized
    })
}

fn destination_is_welcome(
    settings: &RebalanceConfig,
    destination: &Destination,
    why: &mut Why,
) -> bool {
    let mut refusals = Vec::new();
    let refuse = |code| Reason::new(code, Effect::Refuse);
    if destination
        .flow
        .is_some_and(|flow| flow.kind == FlowKind::Sink)
    {
        refusals.push(refuse(Code::DestinationIsSink));
    }
    let uptime = destination.uptime_pct.unwrap_or(Real::constant(100.0));
    if uptime < settings.min_uptime_pct {
        refusals.push(
            refuse(Code::DestinationOffline)
                .observed(uptime)
                .limit(settings.min_uptime_pct)
                .flip("uptime_pct", settings.min_uptime_pct),
        );
    }
    if destination.class == ChannelClass::Zombie {
        refusals.push(refuse(Code::DestinationZombie));
    }
    let roi = destination.marginal_roi.unwrap_or_default();
    if destination.class == ChannelClass::Underwater && roi.get() <= 0.0 {
        refusals.push(
            refuse(Code::DestinationUnderwater)
                .observed(roi)
                .flip("marginal_roi", flip::above(0.0)),
        );
    }
    let welcome = refusals.is_empty();
    refusals.into_iter().for_each(|refusal| why.add(|| refusal));
    welcome
}
