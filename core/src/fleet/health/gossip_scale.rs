//! The deployed plugin's second health scale, by capacity instead of profit; only for running
//! beside it. Its tiers are not ours.
//!
//! Source: plugin. Codes: `legacy_scale`.

use super::balance::points_of;
use crate::config::Config;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, Points, RealSat, Sat};

/// What the second scale looks at.
#[record]
pub struct GossipScaleInput {
    /// The part of the capacity on our side.
    pub available_sats: Sat,
    /// The fleet's average capacity.
    pub average_capacity_sats: RealSat,
    /// The fleet's average revenue.
    pub average_revenue_sats: RealSat,
    /// Our capacity.
    pub capacity_sats: Sat,
    /// Our channels.
    pub channels: Count,
    /// Our revenue.
    pub revenue_sats: Sat,
}

/// A tier of the second scale.
#[choice]
pub enum GossipTier {
    /// Below 25.
    Critical,
    /// Below 50.
    Struggling,
    /// Below 75.
    Healthy,
    /// From 75.
    Thriving,
}

/// A score of the second scale.
#[record(open, Copy)]
pub struct GossipScaled {
    /// How balanced we are.
    pub balance_score: Points,
    /// Whether the plugin calls us able to help.
    pub can_help_others: bool,
    /// Our capacity against the average.
    pub capacity_score: Points,
    /// Ten per channel.
    pub connectivity_score: Points,
    /// Whether the plugin calls us in need.
    pub needs_help: bool,
    /// The score.
    pub overall_health: Points,
    /// Our revenue against the average.
    pub revenue_score: Points,
    /// The tier of this scale.
    pub tier: GossipTier,
}

/// Scores a node on the second scale.
pub fn gossip_scale(
    _: &Config,
    input: &GossipScaleInput,
    why: &mut Why,
) -> Result<GossipScaled, Error> {
    let against = |own: Sat, average: RealSat| match average.get() > 0.0 {
        true => points_of((own.as_f64() / average.get() * 50.0).min(100.0)),
        false => const { Points::constant(50) },
    };
    let capacity = against(input.capacity_sats, input.average_capacity_sats);
    let revenue = against(input.revenue_sats, input.average_revenue_sats);
    let connectivity = points_of((f64::from(input.channels.get()) * 10.0).min(100.0));
    let balance = match input.capacity_sats {
        Sat::MIN => const { Points::constant(50) },
        all => {
            let away = (0.5 - input.available_sats.as_f64() / all.as_f64()).abs();
            points_of(100.0 - away * 200.0)
        }
    };
    let part = |points: Points, weight: f64| f64::from(points.get()) * weight;
    let overall = points_of(
        part(capacity, 0.25) + part(revenue, 0.30) + part(connectivity, 0.25) + part(balance, 0.20),
    );
    why.add(|| Reason::new(Code::LegacyScale, Effect::Warn).observed(overall));
    Ok(GossipScaled {
        balance_score: balance,
        can_help_others: overall.get() >= 50,
        capacity_score: capacity,
        connectivity_score: connectivity,
        needs_help: overall.get() < 50,
        overall_health: overall,
        revenue_score: revenue,
        tier: match overall.get() {
            75.. => GossipTier::Thriving,
            50.. => GossipTier::Healthy,
            25.. => GossipTier::Struggling,
            _ => GossipTier::Critical,
        },
    })
}
