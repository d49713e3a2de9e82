//! A node's health in one record: score, tier, the points of each component, the way to the next tier.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"profitable":12,"underwater":3,"stagnant":2,"trend":"improving","liquidity_score":72}"#;
//! let answer = Policy::plan().call("health.assess", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""score":77,"stagnant":2,"tier":"thriving""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Low local balance needs *outbound* liquidity; the deployed plugin has the two flags swapped.
//!
//! With `previous_tier` the tier changes only where the score lies `health.tier_hysteresis` points
//! beyond the bound.
//!
//! Source: plan §1, plugin. Codes: those of the score, the trend and the liquidity score,
//! `trend_by_word`, `tier_held`.

use super::balance::{self, LocalShare};
use super::{HealthConfig, ScoreInput, Tier, Trend, explain_tier, parts, points, trend};
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, Msat, Multiplier, Points, Real, Score, Share};

/// What a node can observe about itself.
#[record]
#[schemars(rename = "NodeObservation")]
pub struct AssessInput {
    /// The node's channels; instead of a liquidity score.
    pub channels: Option<Vec<LocalShare>>,
    /// How balanced the channels are, 0 to 100; instead of the channels.
    pub liquidity_score: Option<Score>,
    /// The tier that was last decided: a score changes it only from some points beyond the bound on.
    pub previous_tier: Option<Tier>,
    /// Channels that earn.
    pub profitable: Count,
    /// Channels that stand still.
    pub stagnant: Count,
    /// All channels; the sum of the three when absent.
    pub total: Option<Count>,
    /// Where revenue is going, as a word or as `{"windows": […]}`, oldest first.
    pub trend: TrendSource,
    /// Channels that lose.
    pub underwater: Count,
}

/// Where the trend comes from. A word counts for ourselves only: of others we take numbers.
#[choice]
pub enum TrendSource {
    /// Up, as the node says.
    Improving,
    /// Neither, as the node says.
    Stable,
    /// Down, as the node says.
    Declining,
    /// Revenue per window, oldest first.
    Windows(Vec<Msat>),
}

/// A node's health in one record.
#[record(open)]
pub struct Assessed {
    /// Multiplier of the node's own budget and threshold.
    pub budget_multiplier: Multiplier,
    /// Whether the node is in the best tier.
    pub can_help_others: bool,
    /// Share of channels that do not lose, in whole points (a column of the deployed plugin).
    pub capacity_score: Points,
    /// The points that each component gives.
    pub components: Components,
    /// The liquidity score in whole points (a column of the deployed plugin).
    pub connectivity_score: Points,
    /// How balanced the channels are.
    pub liquidity_score: Score,
    /// Whether the node is in one of the two worst tiers.
    pub needs_help: bool,
    /// Whether most of the balance is on our side; false when the channels are not known.
    pub needs_inbound: bool,
    /// Whether most of the balance is on the peers' side; false when the channels are not known.
    pub needs_outbound: bool,
    /// Channels that earn.
    pub profitable: Count,
    /// Share of channels that earn.
    pub profitable_pct: Share,
    /// Share of channels that earn, in whole points (a column of the deployed plugin).
    pub revenue_score: Points,
    /// The score.
    pub score: Points,
    /// Channels that lose and stand still.
    pub stagnant: Count,
    /// The tier of the score, or the previous one where the score is too near to its bound.
    pub tier: Tier,
    /// The tier below; absent in the worst, or where no score falls to it.
    pub tier_below: Option<TierBelow>,
    /// The tier above; absent in the best.
    pub tier_above: Option<TierAbove>,
    /// All channels.
    pub total: Count,
    /// Where revenue is going.
    pub trend: Trend,
    /// Channels that lose.
    pub underwater: Count,
    /// Share of channels that lose.
    pub underwater_pct: Share,
}

/// The points that each component gives.
#[record(open, Copy)]
pub struct Components {
    /// Up to 20 for balanced channels.
    pub liquidity: Real,
    /// Up to 40 for channels that earn.
    pub profitable: Real,
    /// 10, 5 or 0 for the trend.
    pub trend: Real,
    /// Up to 30 for channels that do not lose.
    pub underwater: Real,
}

/// The way up.
#[record(open, Copy)]
pub struct TierAbove {
    /// Whole points that are missing.
    pub missing: Points,
    /// So many profitable channels of the same total would do; absent when no number would.
    pub profitable: Option<Count>,
    /// The tier above.
    pub tier: Tier,
}

/// The way down.
#[record(open, Copy)]
pub struct TierBelow {
    /// Whole points whose loss is enough to fall.
    pub spare: Points,
    /// The tier below.
    pub tier: Tier,
}

/// The shares that a score is made of.
struct Shares {
    profitable: u32,
    underwater: u32,
    total: u32,
}

impl Shares {
    /// Nothing is known of a node without channels: it is taken as average.
    fn of(part: u32, total: u32, unknown: f64) -> Share {
        match total {
            0 => Share::clamped(unknown),
            _ => Share::clamped(f64::from(part) / f64::from(total)),
        }
    }

    fn profitable_pct(&self) -> Share {
        Self::of(self.profitable, self.total, 0.5)
    }

    fn underwater_pct(&self) -> Share {
        Self::of(self.underwater, self.total, 0.0)
    }
}

/// Judges a node.
pub fn assess(config: &Config, input: &AssessInput, why: &mut Why) -> Result<Assessed, Error> {
    let config = &config.health;
    let shares = Shares {
        profitable: input.profitable.get(),
        underwater: input.underwater.get(),
        total: total(input)?.get(),
    };
    let scoring = ScoreInput {
        profitable_pct: shares.profitable_pct(),
        underwater_pct: shares.underwater_pct(),
        liquidity_score: liquidity(config, input, why)?,
        trend: trend_from(config, &input.trend, why),
    };
    let score = points(config, &scoring);
    explain_tier(config, score, why, |reason, _| reason);
    let ladder = Ladder::of(config, input.previous_tier);
    let tier = ladder.tier(score);
    ladder.explain(score, tier, why);
    let local = input.channels.as_deref().and_then(|c| mean(config, c));
    Ok(Assessed {
        budget_multiplier: tier.multiplier(config),
        can_help_others: tier == Tier::Thriving,
        capacity_score: balance::points_of((1.0 - scoring.underwater_pct.get()) * 100.0),
        components: components(&scoring),
        connectivity_score: balance::points_of(scoring.liquidity_score.get()),
        liquidity_score: scoring.liquidity_score,
        needs_help: tier <= Tier::Vulnerable,
        needs_inbound: local.is_some_and(|pct| pct > config.needs_inbound_above.get()),
        needs_outbound: local.is_some_and(|pct| pct < config.needs_outbound_below.get()),
        profitable: input.profitable,
        profitable_pct: scoring.profitable_pct,
        revenue_score: balance::points_of(scoring.profitable_pct.get() * 100.0),
        score,
        stagnant: input.stagnant,
        tier,
        tier_above: above(&ladder, &shares, &scoring, score, tier),
        tier_below: below(&ladder, score, tier),
        total: Count::clamped(shares.total),
        trend: scoring.trend,
        underwater: input.underwater,
        underwater_pct: scoring.underwater_pct,
    })
}

/// Where the tier changes. One that is known changes only some points beyond its bound: a budget
/// must not flip with noise.
struct Ladder<'c> {
    config: &'c HealthConfig,
    previous: Option<Tier>,
}

impl<'c> Ladder<'c> {
    const fn of(config: &'c HealthConfig, previous: Option<Tier>) -> Self {
        Self { config, previous }
    }

    fn hysteresis(&self) -> u8 {
        self.previous
            .map_or(0, |_| self.config.tier_hysteresis.get())
    }

    /// The least score that lifts a node above `tier`; it may lie above 100.
    fn rises_at(&self, tier: Tier) -> u8 {
        let upper = tier.upper(self.config).get();
        upper.saturating_add(self.hysteresis().max(1))
    }

    /// The highest score that lets a node fall to `tier`; there may be none.
    fn falls_at(&self, tier: Tier) -> Option<u8> {
        let upper = tier.upper(self.config).get();
        upper.checked_sub(self.hysteresis())
    }

    fn tier(&self, score: Points) -> Tier {
        let Some(mut tier) = self.previous else {
            return Tier::of(self.config, score);
        };
        while let Some(better) = tier.better().filter(|_| score.get() >= self.rises_at(tier)) {
            tier = better;
        }
        while let Some(worse) = tier
            .worse()
            .filter(|worse| self.falls_at(*worse).is_some_and(|at| score.get() <= at))
        {
            tier = worse;
        }
        tier
    }

    /// The reason that the score alone would give another tier.
    fn explain(&self, score: Points, tier: Tier, why: &mut Why) {
        let alone = Tier::of(self.config, score);
        if alone == tier {
            return;
        }
        let bound = match alone > tier {
            true => Some(self.rises_at(tier)),
            false => tier.worse().and_then(|worse| self.falls_at(worse)),
        };
        why.add(|| {
            let reason = Reason::new(Code::TierHeld, Effect::Adjust).about(tier.as_str());
            let reason = reason.observed(score);
            let reason = match bound {
                Some(bound) => reason.limit(u64::from(bound)),
                None => reason,
            };
            reason.flip("previous_tier", alone.as_str())
        });
    }
}

/// Counts that do not add up are a lie or a defect; either way no score follows from them.
fn total(input: &AssessInput) -> Result<Count, Error> {
    let parts = input
        .profitable
        .plus(input.underwater)
        .and_then(|sum| sum.plus(input.stagnant))
        .map_err(|error| error.inside("total"))?;
    match input.total {
        Some(total) if total < parts => Err(Error::out_of_range(
            "total",
            total,
            "at least profitable + underwater + stagnant",
        )),
        Some(total) => Ok(total),
        None => Ok(parts),
    }
}

fn liquidity(config: &HealthConfig, input: &AssessInput, why: &mut Why) -> Result<Score, Error> {
    match (input.liquidity_score, &input.channels) {
        (Some(score), None) => Ok(score),
        (None, Some(channels)) => {
            let score = balance::spread_score(config, channels, why);
            Ok(Score::clamped(f64::from(score.get())))
        }
        (None, None) => Err(Error::missing("liquidity_score")),
        (Some(_), Some(_)) => Err(Error::new(
            ErrorCode::OutOfRange,
            "liquidity_score",
            "a score beside the channels",
            "either liquidity_score or channels",
        )),
    }
}

fn trend_from(config: &HealthConfig, source: &TrendSource, why: &mut Why) -> Trend {
    let word = match source {
        TrendSource::Windows(windows) => return trend::trend_of(config, windows, why),
        TrendSource::Improving => Trend::Improving,
        TrendSource::Stable => Trend::Stable,
        TrendSource::Declining => Trend::Declining,
    };
    why.add(|| Reason::new(Code::TrendByWord, Effect::Unchecked));
    word
}

fn mean(config: &HealthConfig, channels: &[LocalShare]) -> Option<f64> {
    let shares = channels.iter().map(|channel| channel.local_pct.get());
    let sum = config.sum_order.sum(shares.collect());
    (!channels.is_empty()).then(|| sum / channels.len() as f64)
}

fn components(input: &ScoreInput) -> Components {
    let parts = parts(input);
    Components {
        liquidity: Real::clamped(parts.liquidity),
        profitable: Real::clamped(parts.profitable),
        trend: Real::clamped(parts.trend),
        underwater: Real::clamped(parts.underwater),
    }
}

fn above(
    ladder: &Ladder<'_>,
    shares: &Shares,
    input: &ScoreInput,
    score: Points,
    tier: Tier,
) -> Option<TierAbove> {
    let next = tier.better()?;
    let rises_at = ladder.rises_at(tier);
    let lifted = |profitable: u64| {
        let profitable = u32::try_from(profitable).unwrap_or(u32::MAX);
        let profitable_pct = Shares::of(profitable, shares.total, 0.5);
        let changed = ScoreInput {
            profitable_pct,
            ..input.clone()
        };
        points(ladder.config, &changed).get() >= rises_at
    };
    // Only channels that neither lose nor earn yet, or that stand still, can start to earn.
    let most = u64::from(shares.total.saturating_sub(shares.underwater));
    let enough = flip::first_integer(u64::from(shares.profitable), most, lifted);
    Some(TierAbove {
        missing: Points::clamped(rises_at.saturating_sub(score.get()).min(100)),
        profitable: enough.map(|n| Count::clamped(u32::try_from(n).unwrap_or(u32::MAX))),
        tier: next,
    })
}

fn below(ladder: &Ladder<'_>, score: Points, tier: Tier) -> Option<TierBelow> {
    let worse = tier.worse()?;
    Some(TierBelow {
        spare: Points::clamped(score.get().saturating_sub(ladder.falls_at(worse)?)),
        tier: worse,
    })
}
