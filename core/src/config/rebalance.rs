//! What an operator may set about rebalancing.

use crate::config::profile::Profile;
use crate::error::Error;
use crate::reason::{Reason, Why};
use crate::units::{Count, Ppm, Real, Sat, Seconds, Share, SignedSat};

/// What our health moves.
#[choice]
pub enum Nnlb {
    /// Nothing.
    Off,
    /// The threshold of the expected value.
    Threshold,
    /// The threshold and the budget.
    Both,
}

/// When a threshold is divided by the multiplier.
#[choice]
pub enum Scaling {
    /// Always.
    Always,
    /// Unless the multiplier is 1, so that nothing is rounded then.
    UnlessOne,
}

/// How a divided threshold is rounded.
#[choice]
#[schemars(rename = "ThresholdRounding")]
pub enum Rounding {
    /// Not at all.
    None,
    /// Toward zero, to whole sats.
    Truncate,
}

/// How the value of a candidate is computed.
#[choice]
pub enum Model {
    /// From how often somebody wants the sats where they go, and the expected cost of the route.
    Demand,
    /// As the deployed plugin does it, step by step.
    ClRevenueOps,
}

/// Bets less where success is uncertain; of the deployed plugin's model only.
#[record]
pub struct Kelly {
    /// Whether it is on.
    pub enabled: bool,
    /// The share of the full bet.
    pub fraction: Share,
}

/// Fills a channel that nothing moves through less.
#[record]
pub struct VelocityGate {
    /// Whether it is on.
    pub enabled: bool,
    /// Younger channels are not judged, in days.
    pub grace_days: Count,
    /// Below this share of the capacity a day, a channel is slow.
    pub min_velocity: Share,
    /// The target of a slow channel.
    pub target_ratio: Share,
}

/// What an operator may set about rebalancing.
#[record]
pub struct RebalanceConfig {
    /// The first pause after a failure; it doubles with each further one, up to 16 times.
    pub backoff_s: Seconds,
    /// The share of a day's revenue that may be spent on a day's rebalancing.
    pub budget_share: Share,
    /// No job moves more at once.
    pub chunk_sats: Sat,
    /// How long a channel rests after a success, in hours.
    pub cooldown_h: Count,
    /// Over how many days flow was summed.
    pub flow_window_days: Count,
    /// After more failures than this, give up for `give_up_s`.
    pub give_up_after: Count,
    /// How long we give up.
    pub give_up_s: Seconds,
    /// Bets less where success is uncertain.
    pub kelly: Kelly,
    /// The least expected value as a part of what the route costs; of the model `demand`.
    pub margin: Real,
    /// No job is larger.
    pub max_amount_sats: Sat,
    /// Our own health older than this is unknown.
    pub max_health_age_s: Seconds,
    /// No job is smaller.
    pub min_amount_sats: Sat,
    /// The smallest budget of a day.
    pub min_budget_sats: Sat,
    /// The least expected value of a healthy node; of the model `demand`.
    pub min_ev_sats: Sat,
    /// The least profit of a healthy node; of the deployed plugin's model.
    pub min_profit_sats: SignedSat,
    /// The least profit in parts of the amount; takes precedence when positive.
    pub min_profit_ppm: Ppm,
    /// A source or destination must have been online this percentage of the last day.
    pub min_uptime_pct: Real,
    /// How the value of a candidate is computed.
    pub model: Model,
    /// What our health moves.
    pub nnlb: Nnlb,
    /// How a divided threshold is rounded.
    pub rounding: Rounding,
    /// When a threshold is divided by the multiplier.
    pub scaling: Scaling,
    /// The share of its capacity that a source keeps; that of a depleted channel when absent.
    pub source_min_share: Option<Share>,
    /// The loss that the deployed plugin's model bears for the fleet.
    pub tolerance_sats: Sat,
    /// Fills a channel that nothing moves through less.
    pub velocity_gate: VelocityGate,
}

impl Default for RebalanceConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl RebalanceConfig {
    /// The constants of `profile`.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let deployed = profile == Profile::ClHive;
        Self {
            backoff_s: const { Seconds::constant(600) },
            budget_share: const { Share::constant(0.30) },
            chunk_sats: const { Sat::constant(500_000) },
            cooldown_h: const { Count::constant(24) },
            flow_window_days: const { Count::constant(7) },
            give_up_after: const { Count::constant(10) },
            give_up_s: const { Seconds::constant(48 * 3600) },
            kelly: Kelly {
                enabled: false,
                fraction: const { Share::constant(0.5) },
            },
            margin: const { Real::constant(0.25) },
            max_amount_sats: const { Sat::constant(5_000_000) },
            max_health_age_s: const { Seconds::constant(300) },
            min_amount_sats: if deployed {
                const { Sat::constant(50_000) }
            } else {
                const { Sat::constant(10_000) }
            },
            min_budget_sats: if deployed {
                const { Sat::constant(5_000) }
            } else {
                const { Sat::constant(500) }
            },
            min_ev_sats: const { Sat::constant(1) },
            min_profit_sats: const { SignedSat::constant(10) },
            min_profit_ppm: Ppm::MIN,
            min_uptime_pct: const { Real::constant(90.0) },
            model: if deployed {
                Model::ClRevenueOps
            } else {
                Model::Demand
            },
            nnlb: if deployed {
                Nnlb::Threshold
            } else {
                Nnlb::Both
            },
            rounding: if deployed {
                Rounding::Truncate
            } else {
                Rounding::None
            },
            scaling: if deployed {
                Scaling::UnlessOne
            } else {
                Scaling::Always
            },
            source_min_share: None,
            tolerance_sats: const { Sat::constant(50) },
            velocity_gate: VelocityGate {
                enabled: true,
                grace_days: const { Count::constant(7) },
                min_velocity: const { Share::constant(0.01) },
                target_ratio: const { Share::constant(0.15) },
            },
        }
    }

    /// Refuses bounds that exclude each other.
    pub fn validate(&self) -> Result<(), Error> {
        if self.min_amount_sats > self.max_amount_sats {
            return Err(Error::out_of_range(
                "min_amount_sats",
                self.min_amount_sats,
                "at most max_amount_sats",
            ));
        }
        if self.chunk_sats == Sat::MIN {
            return Err(Error::out_of_range(
                "chunk_sats",
                self.chunk_sats,
                "at least 1",
            ));
        }
        if self.margin.get() < 0.0 {
            return Err(Error::out_of_range("margin", self.margin, "at least 0"));
        }
        Ok(())
    }

    /// Warns of settings that change nothing.
    pub fn lint(&self, why: &mut Why) {
        if self.kelly.enabled && self.model == Model::Demand {
            why.add(|| Reason::without_effect("rebalance.kelly.enabled"));
        }
        if self.source_min_share.is_some() && self.model == Model::ClRevenueOps {
            why.add(|| Reason::without_effect("rebalance.source_min_share"));
        }
        if self.nnlb == Nnlb::Off && self.rounding == Rounding::Truncate {
            why.add(|| Reason::without_effect("rebalance.rounding"));
        }
    }
}
