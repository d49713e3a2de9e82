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
//! Source: plan, phase 1. Codes: `below_vulnerable`, `below_stable`, `below_thriving`, `thriving`.
//!
//! | file | decides |
//! |---|---|
//! | [`profit`] | whether a channel earns, from its forwards and its costs |
//! | [`balance`] | how evenly the channels are filled |
//! | [`trend`] | where revenue is going |
//! | [`assess`] | all of it in one record |
//! | [`mod@fleet`] | how the fleet does as a whole |
//! | [`verify`] | whether a report fits what we see |
//! | [`gossip_scale`] | the deployed plugin's second scale |

pub mod assess;
pub mod balance;
pub mod fleet;
pub mod gossip_scale;
pub mod profit;
pub mod trend;
pub mod verify;

use crate::config::{Config, Profile};
use crate::error::Error;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Count, Multiplier, Points, Real, Score, Seconds, Share};

/// What an operator may set about health.
#[record]
pub struct HealthConfig {
    /// A reporter may have this many more channels than it announces, whatever its size.
    pub announced_slack: Count,
    /// A reporter may claim this multiple of its public capacity.
    pub capacity_slack: Real,
    /// Without activity for this long, a losing channel is stagnant.
    pub idle_after_s: Seconds,
    /// A channel whose return is below this loses.
    pub loss_below: Real,
    /// A score that moves by more than this between two reports is worth a warning.
    pub max_jump: Points,
    /// No multiplier is larger.
    pub max_multiplier: Multiplier,
    /// A report older than this is listed, not averaged.
    pub max_report_age_s: Seconds,
    /// No multiplier is smaller.
    pub min_multiplier: Multiplier,
    /// Above this share of its capacity on its own side, a node needs inbound liquidity.
    pub needs_inbound_above: Share,
    /// Below this share of its capacity on its own side, a node needs outbound liquidity.
    pub needs_outbound_below: Share,
    /// A channel whose return is above this is profitable.
    pub profit_above: Real,
    /// How far the worst spread lowers the liquidity score.
    pub spread: Spread,
    /// In which order floats are added.
    pub sum_order: SumOrder,
}

/// How far the worst spread of balances lowers the liquidity score.
#[choice]
pub enum Spread {
    /// To 50, so that a node whose channels are all empty scores as one without channels.
    Half,
    /// To 0.
    Full,
}

/// In which order floats are added: a sum of floats depends on it.
#[choice]
pub enum SumOrder {
    /// By value, so that the order of the input changes nothing.
    Ascending,
    /// As the input has them, as the deployed plugin adds.
    Input,
}

impl SumOrder {
    /// The sum of `terms` in this order.
    #[must_use]
    pub fn sum(self, mut terms: Vec<f64>) -> f64 {
        if self == Self::Ascending {
            sorting::by(&mut terms, f64::total_cmp);
        }
        terms.into_iter().fold(0.0, |sum, term| sum + term)
    }
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Default for HealthConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl HealthConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(profile: Profile) -> Self {
        Self {
            announced_slack: Count::constant(5),
            capacity_slack: Real::constant(1.5),
            idle_after_s: Seconds::constant(7 * DAY),
            loss_below: Real::constant(-0.10),
            max_jump: Points::constant(40),
            max_multiplier: Multiplier::constant(2.5),
            max_report_age_s: Seconds::constant(2 * HOUR),
            min_multiplier: Multiplier::constant(0.5),
            needs_inbound_above: Share::constant(0.7),
            needs_outbound_below: Share::constant(0.3),
            profit_above: Real::constant(0.10),
            spread: Spread::Half,
            sum_order: match profile {
                Profile::ClHive => SumOrder::Input,
                Profile::Plan | Profile::Xln => SumOrder::Ascending,
            },
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
        if self.loss_below > self.profit_above {
            return Err(Error::out_of_range(
                "loss_below",
                self.loss_below,
                "at most profit_above",
            ));
        }
        if self.needs_outbound_below > self.needs_inbound_above {
            return Err(Error::out_of_range(
                "needs_outbound_below",
                self.needs_outbound_below,
                "at most needs_inbound_above",
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
#[choice(Default)]
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
    const fn part(self) -> f64 {
        match self {
            Self::Improving => 1.0,
            Self::Stable => 0.5,
            Self::Declining => 0.0,
        }
    }
}

/// How well a node does, worst first.
#[choice]
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
#[record]
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
#[record(open, Copy)]
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
    let with = |pct: f64| {
        points(&ScoreInput {
            profitable_pct: Share::constant(pct),
            ..input.clone()
        })
    };
    explain_tier(score, why, |reason, upper| {
        let now = input.profitable_pct.get();
        let lifted = |pct: f64| with(pct).get() > upper;
        let to = if score.get() > upper {
            flip::last_real(Share::MIN.get(), now, |pct| !lifted(pct))
        } else {
            flip::first_real(now, Share::MAX.get(), lifted)
        };
        reason.flip_if("profitable_pct", to)
    });
    Ok(scored(&config.health, score))
}

/// What follows from a score.
fn scored(config: &HealthConfig, score: Points) -> Scored {
    let tier = Tier::of(score);
    Scored {
        budget_multiplier: tier.multiplier(config),
        score,
        tier,
    }
}

/// One reason per tier that the score does not reach, or that it reached the best.
fn explain_tier(score: Points, why: &mut Why, flipped: impl Fn(Reason, u8) -> Reason) {
    for row in TIERS.iter().filter(|row| score.get() <= row.upper) {
        let Some(code) = row.not_above else { break };
        why.add(|| {
            let reason = Reason::new(code, Effect::Adjust)
                .observed(score)
                .limit(u64::from(row.upper));
            flipped(reason, row.upper)
        });
    }
    if let (Tier::Thriving, Some(row)) = (Tier::of(score), best_but_one()) {
        why.add(|| {
            let reason = Reason::new(Code::Thriving, Effect::Allow)
                .observed(score)
                .limit(u64::from(row.upper));
            flipped(reason, row.upper)
        });
    }
}

fn best_but_one() -> Option<&'static TierRow> {
    TIERS.iter().rev().nth(1)
}

/// The points of each component of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Parts {
    profitable: f64,
    underwater: f64,
    liquidity: f64,
    trend: f64,
}

/// What each component gives at most.
const MOST: Parts = Parts {
    profitable: 40.0,
    underwater: 30.0,
    liquidity: 20.0,
    trend: 10.0,
};

/// The plan's formula, part by part.
fn parts(input: &ScoreInput) -> Parts {
    Parts {
        profitable: input.profitable_pct.get() * MOST.profitable,
        underwater: (1.0 - input.underwater_pct.get()) * MOST.underwater,
        liquidity: (input.liquidity_score.get() / 100.0) * MOST.liquidity,
        trend: input.trend.part() * MOST.trend,
    }
}

/// The sum of the parts, left to right in f64, truncated.
fn points(input: &ScoreInput) -> Points {
    let parts = parts(input);
    let total = parts.profitable + parts.underwater + parts.liquidity + parts.trend;
    // The parts are within 0..=100 and a float cast saturates.
    Points::new((total as u8).min(100)).unwrap_or(Points::MAX)
}

#[cfg(test)]
pub(in crate::fleet) mod tests;
