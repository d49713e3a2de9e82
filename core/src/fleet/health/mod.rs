//! How well a node does, from observable counts: score, tier and the multiplier of its *own* budget.
//!
//! ```
//! use trimtab_core::{config::Config, fleet::health::{self, Tier, Trend}, reason::Why, units::{Score, Share}};
//! let input = health::ScoreInput {
//!     profitable_pct: Share::new(1.0)?,
//!     underwater_pct: Share::new(0.0)?,
//!     liquidity_score: Score::new(100.0)?,
//!     trend: Trend::Improving,
//! };
//! let scored = health::score(&Config::default(), &input, &mut Why::off())?;
//! assert_eq!((scored.score.get(), scored.tier), (100, Tier::Thriving));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan, phase 1. Codes: `below_vulnerable`, `below_stable`, `below_thriving`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Config, Profile};
use crate::error::Error;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Multiplier, Points, Score, Share};

/// What an operator may set about health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthConfig {
    /// No multiplier is smaller.
    pub min_multiplier: Multiplier,
    /// No multiplier is larger.
    pub max_multiplier: Multiplier,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl HealthConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(_profile: Profile) -> Self {
        Self {
            min_multiplier: Multiplier::constant(0.5),
            max_multiplier: Multiplier::constant(2.5),
        }
    }

    /// Refuses bounds that exclude each other.
    pub fn validate(&self) -> Result<(), Error> {
        if self.min_multiplier > self.max_multiplier {
            return Err(Error::out_of_range(
                "min_multiplier",
                self.min_multiplier,
                "at most max_multiplier",
            ));
        }
        Ok(())
    }

    /// Bounds that give two tiers the same multiplier take the sense out of the tiers.
    pub fn lint(&self, why: &mut Why) {
        for (row, better) in TIERS.iter().zip(TIERS.iter().skip(1)) {
            let (own, next) = (row.tier.multiplier(self), better.tier.multiplier(self));
            let bound = if own.get() < row.multiplier {
                self.max_multiplier
            } else {
                self.min_multiplier
            };
            if own == next {
                why.add(|| {
                    Reason::new(Code::TiersShareMultiplier, Effect::Warn)
                        .about(row.tier.as_str())
                        .observed(bound)
                        .limit(own)
                });
            }
        }
    }
}

/// Where revenue is going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Up.
    Improving,
    /// Neither.
    #[default]
    Stable,
    /// Down.
    Declining,
}

impl Trend {
    const fn points(self) -> f64 {
        match self {
            Self::Improving => 10.0,
            Self::Stable => 5.0,
            Self::Declining => 0.0,
        }
    }
}

/// How well a node does, worst first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A score of at most 30.
    Struggling,
    /// A score of at most 50.
    Vulnerable,
    /// A score of at most 70.
    Stable,
    /// A score above 70.
    Thriving,
}

/// One row of the table of tiers.
struct TierRow {
    tier: Tier,
    upper: u8,
    multiplier: f64,
    not_above: Option<Code>,
}

/// The tiers, worst first; the last one has no tier above it.
const TIERS: [TierRow; 4] = [
    TierRow {
        tier: Tier::Struggling,
        upper: 30,
        multiplier: 2.0,
        not_above: Some(Code::BelowVulnerable),
    },
    TierRow {
        tier: Tier::Vulnerable,
        upper: 50,
        multiplier: 1.5,
        not_above: Some(Code::BelowStable),
    },
    TierRow {
        tier: Tier::Stable,
        upper: 70,
        multiplier: 1.0,
        not_above: Some(Code::BelowThriving),
    },
    TierRow {
        tier: Tier::Thriving,
        upper: 100,
        multiplier: 0.75,
        not_above: None,
    },
];

impl Tier {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Struggling => "struggling",
            Self::Vulnerable => "vulnerable",
            Self::Stable => "stable",
            Self::Thriving => "thriving",
        }
    }

    /// The tier of a score.
    #[must_use]
    pub fn of(score: Points) -> Self {
        TIERS
            .iter()
            .find(|row| score.get() <= row.upper)
            .map_or(Self::Thriving, |row| row.tier)
    }

    /// How much of its own budget a node of this tier spends, within the configured bounds.
    #[must_use]
    pub fn multiplier(self, config: &HealthConfig) -> Multiplier {
        let table = TIERS
            .iter()
            .find(|row| row.tier == self)
            .map_or(1.0, |row| row.multiplier);
        Multiplier::constant(
            table
                .min(config.max_multiplier.get())
                .max(config.min_multiplier.get()),
        )
    }
}

/// The shares of a node's channels and the state of its liquidity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreInput {
    /// Share of channels that earn.
    pub profitable_pct: Share,
    /// Share of channels that lose.
    pub underwater_pct: Share,
    /// How balanced the channels are, 0 to 100.
    pub liquidity_score: Score,
    /// Where revenue is going.
    pub trend: Trend,
}

/// A health score with what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scored {
    /// Multiplier of the node's own budget and threshold.
    pub budget_multiplier: Multiplier,
    /// The score.
    pub score: Points,
    /// The tier of the score.
    pub tier: Tier,
}

/// Scores a node.
pub fn score(config: &Config, input: &ScoreInput, why: &mut Why) -> Result<Scored, Error> {
    let score = points(input);
    let tier = Tier::of(score);
    for row in TIERS.iter().filter(|row| score.get() <= row.upper) {
        let Some(code) = row.not_above else { break };
        why.add(|| {
            let lifts = |pct: f64| {
                points(&ScoreInput {
                    profitable_pct: Share::constant(pct),
                    ..input.clone()
                })
                .get()
                    > row.upper
            };
            let to = flip::first_real(input.profitable_pct.get(), Share::MAX.get(), lifts);
            Reason::new(code, Effect::Adjust)
                .observed(score)
                .limit(u64::from(row.upper))
                .flip_if("profitable_pct", to)
        });
    }
    Ok(Scored {
        budget_multiplier: tier.multiplier(&config.health),
        score,
        tier,
    })
}

/// The plan's formula, left to right in f64, truncated.
fn points(input: &ScoreInput) -> Points {
    let total = input.profitable_pct.get() * 40.0
        + (1.0 - input.underwater_pct.get()) * 30.0
        + (input.liquidity_score.get() / 100.0) * 20.0
        + input.trend.points();
    // The parts are within 0..=100 and a float cast saturates.
    Points::new((total as u8).min(100)).unwrap_or(Points::MAX)
}
