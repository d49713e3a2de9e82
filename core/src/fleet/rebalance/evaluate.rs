//! What a rebalance is worth, by one of two models, and which values would change the answer.
//!
//! `demand` holds what the moved sats will earn, from how often somebody wants them there, against
//! what the route is *expected* to cost. `cl_revenue_ops` repeats the deployed plugin step by step,
//! which takes the whole fee budget for the cost: there a dearer route looks better. It is here to
//! be compared with.
//!
//! Source: spec "Budget and EV threshold"; the deployed plugin. Codes: those of [`super::size`] and
//! [`super::sources`], `destination_is_sink`, `destination_offline`, `destination_zombie`,
//! `destination_underwater`, `not_in_normal_operation`, `channel_too_young`,
//! `amount_cut_to_receivable`, `amount_cut_to_source`, `not_affordable`, `value_below_threshold`,
//! `value_reaches_threshold`, `budget_too_small`, `spread_below_tolerance`, `kelly_refuses`,
//! `no_fee_left`, `profit_below_threshold`, `profit_reaches_threshold`.

use super::demand::Sales;
use super::flow::{Flow, FlowKind};
use super::sources::Source;
use super::*;
use crate::entries::Entries;
use crate::fleet::channel::{Demand, Phase, yes};
use crate::units::{Count, Msat, Ppm, Real, Sat, Share, SignedPpm};

/// The channel that should be filled.
#[record]
pub struct Destination {
    /// How old it is, in days; old when absent.
    pub age_days: Option<Count>,
    /// The fee that was announced last, where it differs; 0 when none was.
    #[serde(default)]
    pub broadcast_fee_ppm: Ppm,
    /// Its capacity.
    pub capacity_sats: Sat,
    /// How it earned so far.
    #[serde(default)]
    pub class: ChannelClass,
    /// Whether its peer is online.
    #[serde(default = "yes")]
    pub connected: bool,
    /// What we charge there.
    pub fee_ppm: Ppm,
    /// What moved through it.
    pub flow: Option<Flow>,
    /// The part on our side; what it can send when absent.
    pub local_sats: Option<Sat>,
    /// What the last sats spent on it returned.
    pub marginal_roi: Option<Real>,
    /// The peer at the other end.
    pub peer_id: Option<NodeId>,
    /// Where it is in its life; usable when absent.
    pub phase: Option<Phase>,
    /// What it can receive now.
    pub receivable_sats: Option<Sat>,
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
    /// How much the channels of our node sell.
    #[serde(default)]
    pub demand: Demand,
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
    /// Which values would change the answer.
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

/// Which values would change the answer, all else fixed, the source included.
#[record(open, Copy, Default)]
pub struct Flips {
    /// The largest amount at which it is accepted; the deployed model has no such bound.
    pub max_amount_sats: Option<Sat>,
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
    /// What the failed attempts before a success are expected to cost.
    pub attempts: Option<RealSat>,
    /// The most that may be paid for the route.
    pub budget_sats: Option<Sat>,
    /// The same, in thousandths.
    pub budget_msat: Option<Msat>,
    /// What the route is expected to cost.
    pub cost: Option<RealSat>,
    /// What the destination sells.
    pub destination_sales: Option<Sales>,
    /// The share of the destination's capacity that moves in a day.
    pub destination_turnover: Option<Share>,
    /// What the rebalance is worth.
    pub ev: Option<RealSat>,
    /// What the moved sats should earn.
    pub income: Option<RealSat>,
    /// The share of the bet that is placed.
    pub kelly: Option<Real>,
    /// The most to pay for the route.
    pub max_fee_ppm: Option<Ppm>,
    /// What the source's liquidity would have earned, weighted by how likely that was.
    pub opportunity_ppm: Option<Ppm>,
    /// What we charge at the destination.
    pub out_ppm: Ppm,
    /// How likely it succeeds.
    pub p_success: Share,
    /// What the moved sats would have earned at the source.
    pub source_loss: Option<RealSat>,
    /// What we charge at the source.
    pub source_ppm: Ppm,
    /// What the source sells.
    pub source_sales: Option<Sales>,
    /// The share of the source's capacity that moves in a day.
    pub source_turnover: Option<Share>,
    /// What is left of the destination's fee.
    pub spread_ppm: Option<SignedPpm>,
    /// The least value that we accept.
    pub threshold: Option<RealSat>,
    /// The loss that is tolerated.
    pub tolerance_ppm: Option<SignedPpm>,
    /// The share of the moved sats that will be used.
    pub utilisation: Option<Share>,
}

/// What both models value: the question, and what our health makes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'c> {
    pub config: &'c Config,
    pub input: &'c EvaluateInput,
    pub tier: Option<Tier>,
    pub multiplier: Multiplier,
}

impl<'c> Asked<'c> {
    /// What we charge at the destination.
    pub fn out(&self) -> Ppm {
        match self.input.destination.broadcast_fee_ppm {
            Ppm::MIN => self.input.destination.fee_ppm,
            announced => announced,
        }
    }

    /// The chance of success, from what happened so far: one imagined success and failure each.
    pub fn chance(&self) -> Share {
        self.input.p_success.unwrap_or_else(|| {
            let (good, bad) = (self.input.successes.as_f64(), self.input.failures.as_f64());
            Share::constant((good + 1.0) / (good + bad + 2.0))
        })
    }

    /// The amount that is asked for; it must fit the destination.
    pub fn amount(&self) -> Result<Option<Sat>, Error> {
        let destination = &self.input.destination;
        let Some(amount) = self.input.amount_sats else {
            return Ok(None);
        };
        let headroom = destination.capacity_sats.less(destination.spendable_sats);
        if amount > headroom || amount == Sat::MIN {
            let allowed = format_args!("1..={headroom}, what the destination can take").to_string();
            return Err(Error::out_of_range("amount_sats", amount, allowed));
        }
        Ok(Some(amount))
    }

    /// The answer before anything speaks for it.
    pub fn refused(&self) -> Evaluated {
        Evaluated {
            accepted: false,
            amount_sats: None,
            flips: None,
            max_fee_ppm: None,
            model: self.config.rebalance.model,
            multiplier: self.multiplier,
            source: None,
            terms: None,
        }
    }

    /// The terms that every model has.
    pub fn terms(&self, amount: Sat, source: &Source) -> Terms {
        Terms {
            amount_sats: amount,
            attempts: None,
            budget_sats: None,
            budget_msat: None,
            cost: None,
            destination_sales: None,
            destination_turnover: None,
            ev: None,
            income: None,
            kelly: None,
            max_fee_ppm: None,
            opportunity_ppm: None,
            out_ppm: self.out(),
            p_success: self.chance(),
            source_loss: None,
            source_ppm: source.fee_ppm,
            source_sales: None,
            source_turnover: None,
            spread_ppm: None,
            threshold: None,
            tolerance_ppm: None,
            utilisation: None,
        }
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

    /// Whether any rebalance to the destination is welcome, whatever it is worth.
    pub fn is_welcome(&self, why: &mut Why) -> bool {
        let refusals = refusals(&self.config.rebalance, &self.input.destination);
        let welcome = refusals.is_empty();
        refusals.into_iter().for_each(|refusal| why.add(|| refusal));
        welcome
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
    let asked = Asked {
        config,
        input,
        tier,
        multiplier: own_multiplier(config, tier),
    };
    match config.rebalance.model {
        Model::Demand => demand::evaluate(asked, sources, why),
        Model::ClRevenueOps => deployed::evaluate(asked, sources, why),
    }
}

fn refusals(settings: &RebalanceConfig, destination: &Destination) -> Vec<Reason> {
    let mut refusals = Vec::new();
    let refuse = |code| Reason::new(code, Effect::Refuse);
    let flow = destination.flow.unwrap_or_default();
    if flow.kind == FlowKind::Sink {
        refusals.push(refuse(Code::DestinationIsSink));
    }
    let uptime = destination.uptime_pct.unwrap_or(Real::constant(100.0));
    // The deployed plugin judges by uptime alone, and knows neither phases nor a first week.
    let demand = settings.model == Model::Demand;
    let gone = demand && !destination.connected;
    if gone || uptime < settings.min_uptime_pct {
        let back = Some(settings.min_uptime_pct).filter(|_| !gone);
        refusals.push(
            refuse(Code::DestinationOffline)
                .observed(uptime)
                .limit(settings.min_uptime_pct)
                .flip_if("uptime_pct", back),
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
    if demand {
        refusals.extend(unusable(destination));
    }
    refusals
}

/// A first week without a sale says nothing: on a real node it foretold neither use nor disuse.
const FIRST_WEEK_DAYS: u32 = 7;

fn unusable(destination: &Destination) -> Vec<Reason> {
    let mut refusals = Vec::new();
    let refuse = |code| Reason::new(code, Effect::Refuse);
    if destination
        .phase
        .is_some_and(|phase| phase != Phase::Usable)
    {
        refusals.push(refuse(Code::NotInNormalOperation));
    }
    let flow = destination.flow.unwrap_or_default();
    let sold = flow.days_out.unwrap_or_default() > Count::MIN || flow.sats_out > Sat::MIN;
    let young = destination
        .age_days
        .filter(|age| age.get() < FIRST_WEEK_DAYS);
    if let Some(age) = young.filter(|_| !sold) {
        refusals.push(
            refuse(Code::ChannelTooYoung)
                .observed(age)
                .limit(u64::from(FIRST_WEEK_DAYS))
                .flip("age_days", u64::from(FIRST_WEEK_DAYS)),
        );
    }
    refusals
}
