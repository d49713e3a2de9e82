//! A rebalance in question: the channel that may give, the channel that should be filled, and the
//! terms of its value.

use super::destination::{Destination, refusals};
use super::flow::Flow;
use super::market::Market;
use super::{Model, RealSat};
use crate::config::Config;
use crate::entries::{Entries, Entry};
use crate::error::Error;
use crate::fleet::channel::{Demand, Phase, yes};
use crate::fleet::health::Tier;
use crate::reason::Why;
use crate::units::{Count, Msat, Multiplier, NodeId, Ppm, Real, Sat, Seconds, Share, SignedPpm};

/// A channel that may give.
#[record]
#[schemars(rename = "SourceChannel")]
pub struct Source {
    /// How old it is, in days; old when absent.
    pub age_days: Option<Count>,
    /// Its capacity.
    pub capacity_sats: Sat,
    /// Its id.
    pub channel_id: NodeId,
    /// Whether its peer is online.
    #[serde(default = "yes")]
    pub connected: bool,
    /// How often it failed in a row.
    #[serde(default)]
    pub fails: Count,
    /// What we charge there.
    pub fee_ppm: Ppm,
    /// What moved through it.
    pub flow: Option<Flow>,
    /// The part on our side; what it can send when absent.
    pub local_sats: Option<Sat>,
    /// The peer at the other end.
    pub peer_id: Option<NodeId>,
    /// Where it is in its life; usable when absent.
    pub phase: Option<Phase>,
    /// What it can send now.
    pub spendable_sats: Sat,
    /// For what percentage of the last day its peer was online.
    pub uptime_pct: Option<Real>,
}

impl Entry for Source {
    const ID: &'static str = "channel_id";
    fn id(&self) -> &str {
        self.channel_id.as_str()
    }
}

/// A channel that may give, and how well.
#[record(open)]
pub struct Ranked {
    /// Its id.
    pub channel_id: NodeId,
    /// The most that it can give and keep its share.
    pub gives_sats: Option<Sat>,
    /// The share that stays on our side after it gave.
    pub local_share_after: Option<Real>,
    /// What its sats would have earned here.
    pub loss: Option<RealSat>,
    /// What its liquidity would have earned here, weighted by how likely that was.
    pub opportunity_ppm: Option<Ppm>,
    /// How well it gives by the deployed plugin's points; more is better.
    pub score: Option<Real>,
    /// What is left of the destination's fee.
    pub spread_ppm: Option<SignedPpm>,
    /// The share of its capacity that moves in a day.
    pub turnover: Option<Share>,
}

impl Ranked {
    /// A channel of which nothing is told yet.
    pub(super) fn of(channel_id: &NodeId) -> Self {
        Self {
            channel_id: channel_id.clone(),
            gives_sats: None,
            local_share_after: None,
            loss: None,
            opportunity_ppm: None,
            score: None,
            spread_ppm: None,
            turnover: None,
        }
    }
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
            Share::clamped((good + 1.0) / (good + bad + 2.0))
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

/// What a channel sells of what it can send: before and after a move.
#[record(open, Copy)]
pub struct Sales {
    /// Days with a forward out that are expected within 90 days.
    pub active_days: Real,
    /// Sats out that are expected on such a day.
    pub sats_per_active_day: RealSat,
    /// How many sats are used of those that it can send after the move.
    pub used_after: RealSat,
    /// How many sats are used of those that it can send before the move.
    pub used_before: RealSat,
}

impl Sales {
    pub(super) fn of(market: &Market, before: f64, after: f64) -> Result<Self, Error> {
        Ok(Self {
            active_days: Real::new(market.nu)?,
            sats_per_active_day: RealSat::new(market.day)?,
            used_after: RealSat::new(market.used(after))?,
            used_before: RealSat::new(market.used(before))?,
        })
    }
}
