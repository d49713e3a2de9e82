//! Whether a rebalance pays: our own threshold and budget, and what a candidate is worth.
//!
//! ```
//! use trimtab_core::{config::Config, fleet::{health::Tier, rebalance::{self, AcceptInput}}, reason::Why, units::RealSat};
//! let input = AcceptInput {
//!     channel: None,
//!     ev: RealSat::new(8.0)?,
//!     health_age_s: None,
//!     min_ev: RealSat::new(10.0)?,
//!     tier: Some(Tier::Struggling),
//! };
//! assert!(rebalance::accept(&Config::default(), &input, &mut Why::off())?.accepted);
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan, phases 1 and 2. The multiplier is ours alone, from our own health: a node that
//! does badly spends more of *its own* money on rebalancing, never that of others. Codes:
//! `threshold_scaled`, `threshold_unscaled`, `multiplier_clamped`, `health_unknown`,
//! `ev_below_threshold`, `ev_reaches_threshold`, and those of the modules below.

use crate::config::Config;
use crate::error::Error;
use crate::fleet::health::Tier;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Multiplier, NodeId, RealSat, Seconds};

pub mod budget;
pub mod candidate;
mod demand;
mod deployed;
pub mod destination;
pub mod evaluate;
pub mod flow;
mod giving;
mod market;
pub mod pause;
mod scoring;
pub mod size;
pub mod sources;

pub use crate::config::rebalance::{
    Kelly, Model, Nnlb, RebalanceConfig, Rounding, Scaling, VelocityGate,
};

/// A threshold and the multiplier that moves it.
#[record]
pub struct ThresholdInput {
    /// The least expected value of a healthy node.
    pub min_ev_sats: RealSat,
    /// The multiplier of our tier; clamped to the configured bounds.
    pub multiplier: Multiplier,
}

/// The least expected value that we accept.
#[record(open, Copy)]
pub struct Threshold {
    /// The multiplier in force.
    pub multiplier: Multiplier,
    /// The least expected value that we accept.
    pub threshold: RealSat,
}

/// Lowers a positive threshold for a node in need.
pub fn threshold(
    config: &Config,
    input: &ThresholdInput,
    why: &mut Why,
) -> Result<Threshold, Error> {
    let multiplier = clamped(config, input.multiplier, why);
    let threshold = scaled(&config.rebalance, input.min_ev_sats, multiplier)?;
    why.add(|| {
        let (code, effect) = if threshold == input.min_ev_sats {
            (Code::ThresholdUnscaled, Effect::Allow)
        } else {
            (Code::ThresholdScaled, Effect::Adjust)
        };
        Reason::new(code, effect)
            .observed(threshold)
            .limit(input.min_ev_sats)
    });
    Ok(Threshold {
        multiplier,
        threshold,
    })
}

/// An expected value that wants to be accepted.
#[record]
pub struct AcceptInput {
    /// The channel that it is about.
    pub channel: Option<NodeId>,
    /// The expected value.
    pub ev: RealSat,
    /// How old our tier is; beyond the configured age it counts as unknown.
    pub health_age_s: Option<Seconds>,
    /// The least expected value of a healthy node.
    pub min_ev: RealSat,
    /// Our own tier; unknown when absent.
    pub tier: Option<Tier>,
}

/// Whether an expected value is accepted.
#[record(open, Copy)]
pub struct Accepted {
    /// Whether the expected value reaches the threshold.
    pub accepted: bool,
    /// The multiplier in force.
    pub multiplier: Multiplier,
    /// The least expected value that we accept.
    pub threshold: RealSat,
    /// The tier that the multiplier comes from.
    pub tier: Option<Tier>,
}

/// Accepts an expected value that reaches our threshold.
pub fn accept(config: &Config, input: &AcceptInput, why: &mut Why) -> Result<Accepted, Error> {
    let tier = known_tier(config, input.tier, input.health_age_s, why);
    let multiplier = own_multiplier(config, tier);
    let threshold = scaled(&config.rebalance, input.min_ev, multiplier)?;
    let accepted = input.ev >= threshold;
    why.add(|| {
        let reason = match accepted {
            true => Reason::new(Code::EvReachesThreshold, Effect::Allow)
                .flip_if("ev", RealSat::new(flip::below(threshold.get())).ok()),
            false => Reason::new(Code::EvBelowThreshold, Effect::Refuse).flip("ev", threshold),
        };
        let reason = reason.observed(input.ev).limit(threshold);
        match &input.channel {
            Some(channel) => reason.about(channel),
            None => reason,
        }
    });
    Ok(Accepted {
        accepted,
        multiplier,
        threshold,
        tier,
    })
}

/// Our tier, where it is known and young enough to count.
pub(super) fn known_tier(
    config: &Config,
    tier: Option<Tier>,
    age: Option<Seconds>,
    why: &mut Why,
) -> Option<Tier> {
    let limit = config.rebalance.max_health_age_s;
    let young = age.is_none_or(|age| age <= limit);
    let known = tier.filter(|_| young);
    if known.is_none() {
        why.add(|| {
            let reason = Reason::new(Code::HealthUnknown, Effect::Warn);
            match age.filter(|_| tier.is_some()) {
                Some(age) => reason
                    .observed(age)
                    .limit(limit)
                    .flip("health_age_s", limit),
                None => reason,
            }
        });
    }
    known
}

/// What our tier does to the threshold.
pub(super) fn own_multiplier(config: &Config, tier: Option<Tier>) -> Multiplier {
    match tier {
        Some(tier) if config.rebalance.nnlb != Nnlb::Off => tier.multiplier(&config.health),
        _ => const { Multiplier::constant(1.0) },
    }
}

/// A multiplier from outside is never taken as it is: a member who sends 99 must not spend our sats.
pub(super) fn clamped(config: &Config, multiplier: Multiplier, why: &mut Why) -> Multiplier {
    if config.rebalance.nnlb == Nnlb::Off {
        return const { Multiplier::constant(1.0) };
    }
    let (low, high) = (config.health.min_multiplier, config.health.max_multiplier);
    let bound = if multiplier < low {
        low
    } else if multiplier > high {
        high
    } else {
        return multiplier;
    };
    why.add(|| {
        Reason::new(Code::MultiplierClamped, Effect::Adjust)
            .observed(multiplier)
            .limit(bound)
            .flip("multiplier", bound)
    });
    bound
}

/// A zero or negative threshold stays: dividing it would turn "accept a small loss" round.
pub(super) fn scaled(
    config: &RebalanceConfig,
    threshold: RealSat,
    multiplier: Multiplier,
) -> Result<RealSat, Error> {
    let skips = config.scaling == Scaling::UnlessOne && multiplier.get() == 1.0;
    if threshold.get() <= 0.0 || skips {
        return Ok(threshold);
    }
    let quotient = threshold.get() / multiplier.get();
    let rounded = match config.rounding {
        Rounding::None => quotient,
        Rounding::Truncate => quotient.trunc(),
    };
    RealSat::new(rounded).map_err(|_| Error::overflow("multiplier"))
}

#[cfg(test)]
mod tests;
