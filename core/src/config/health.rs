//! What an operator may set about health, and the table of tiers.

use crate::config::profile::Profile;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Count, Multiplier, Points, Real, Sat, Seconds, Share};

/// What an operator may set about health.
#[record]
pub struct HealthConfig {
    /// A reporter may have this many more channels than it announces, whatever its size.
    pub announced_slack: Count,
    /// A reporter may claim this multiple of its public capacity.
    pub capacity_slack: Real,
    /// A channel without costs is profitable where it earned more than this.
    pub dust_sats: Sat,
    /// A channel younger than this that cost nothing but its opening is not judged yet.
    pub grace_days: Count,
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
    /// How the points of a score become a whole number.
    pub rounding: Rounding,
    /// How far the worst spread lowers the liquidity score.
    pub spread: Spread,
    /// A score of at most this is of the tier `stable`, a higher one is `thriving`.
    pub stable_max: Points,
    /// Without activity for so many days a channel can be stagnant.
    pub stagnant_days: Count,
    /// Which idle channels are stagnant.
    pub stagnant_if: StagnantIf,
    /// A score of at most this is of the tier `struggling`.
    pub struggling_max: Points,
    /// In which order floats are added.
    pub sum_order: SumOrder,
    /// So many points beyond its bound a score must lie before a known tier changes.
    pub tier_hysteresis: Points,
    /// Revenue falls below this percentage of the windows before; absent: below 100 / `trend_ratio`.
    pub trend_falls_below: Option<Count>,
    /// Revenue rises above this percentage of the windows before.
    pub trend_ratio: Count,
    /// A score of at most this is of the tier `vulnerable`.
    pub vulnerable_max: Points,
}

/// How the points of a score become a whole number.
#[choice]
#[schemars(rename = "ScoreRounding")]
pub enum Rounding {
    /// Cut off, as the plan does.
    Truncate,
    /// To the nearest, a half to the even one, as later generations of the plugin do.
    Nearest,
}

impl Rounding {
    /// A total of points as a score: within 0..=100.
    #[must_use]
    pub fn score(self, total: f64) -> Points {
        // The parts are within 0..=100 and a float cast saturates.
        let whole = (total as u8).min(100);
        let rest = total - f64::from(whole);
        let up = self == Self::Nearest && (rest > 0.5 || (rest == 0.5 && whole % 2 == 1));
        Points::clamped(whole.saturating_add(u8::from(up)).min(100))
    }
}

/// Which idle channels are stagnant.
#[choice]
pub enum StagnantIf {
    /// All of them.
    Idle,
    /// Those that lose, as the deployed plugin has it.
    Losing,
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

impl Default for HealthConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl HealthConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(profile: Profile) -> Self {
        let deployed = matches!(profile, Profile::ClHive);
        Self {
            announced_slack: const { Count::constant(5) },
            capacity_slack: const { Real::constant(1.5) },
            dust_sats: if deployed {
                const { Sat::constant(0) }
            } else {
                const { Sat::constant(10) }
            },
            grace_days: if deployed {
                const { Count::constant(0) }
            } else {
                const { Count::constant(30) }
            },
            loss_below: const { Real::constant(-0.10) },
            max_jump: const { Points::constant(40) },
            max_multiplier: const { Multiplier::constant(2.5) },
            max_report_age_s: const { Seconds::constant(7200) },
            min_multiplier: const { Multiplier::constant(0.5) },
            needs_inbound_above: const { Share::constant(0.7) },
            needs_outbound_below: const { Share::constant(0.3) },
            profit_above: const { Real::constant(0.10) },
            rounding: Rounding::Truncate,
            spread: Spread::Half,
            stable_max: const { Points::constant(70) },
            stagnant_days: if deployed {
                const { Count::constant(7) }
            } else {
                const { Count::constant(30) }
            },
            stagnant_if: if deployed {
                StagnantIf::Losing
            } else {
                StagnantIf::Idle
            },
            struggling_max: const { Points::constant(30) },
            sum_order: if deployed {
                SumOrder::Input
            } else {
                SumOrder::Ascending
            },
            tier_hysteresis: const { Points::constant(3) },
            trend_falls_below: if deployed {
                Some(const { Count::constant(95) })
            } else {
                None
            },
            trend_ratio: if deployed {
                const { Count::constant(105) }
            } else {
                const { Count::constant(250) }
            },
            vulnerable_max: const { Points::constant(50) },
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
        if self.vulnerable_max <= self.struggling_max {
            return Err(Error::out_of_range(
                "vulnerable_max",
                self.vulnerable_max,
                "above struggling_max",
            ));
        }
        if self.stable_max <= self.vulnerable_max || self.stable_max.get() > 99 {
            return Err(Error::out_of_range(
                "stable_max",
                self.stable_max,
                "above vulnerable_max and at most 99",
            ));
        }
        if self.trend_ratio.get() < 100 {
            return Err(Error::out_of_range(
                "trend_ratio",
                self.trend_ratio,
                "at least 100",
            ));
        }
        if let Some(falls) = self.trend_falls_below.filter(|falls| falls.get() > 100) {
            return Err(Error::out_of_range(
                "trend_falls_below",
                falls,
                "at most 100",
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

/// How well a node does, worst first.
#[choice]
pub enum Tier {
    /// A score of at most `health.struggling_max`.
    Struggling,
    /// A score of at most `health.vulnerable_max`.
    Vulnerable,
    /// A score of at most `health.stable_max`.
    Stable,
    /// A higher score.
    Thriving,
}

/// One row of the table of tiers.
pub(crate) struct TierRow {
    /// The tier.
    pub tier: Tier,
    /// The multiplier of its budget.
    pub multiplier: f64,
    /// The reason that a node of this tier is in none above.
    pub not_above: Option<Code>,
}

/// The tiers, worst first; the last one has no tier above it.
pub(crate) const TIERS: [TierRow; 4] = [
    TierRow {
        tier: Tier::Struggling,
        multiplier: 2.0,
        not_above: Some(Code::BelowVulnerable),
    },
    TierRow {
        tier: Tier::Vulnerable,
        multiplier: 1.5,
        not_above: Some(Code::BelowStable),
    },
    TierRow {
        tier: Tier::Stable,
        multiplier: 1.0,
        not_above: Some(Code::BelowThriving),
    },
    TierRow {
        tier: Tier::Thriving,
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

    /// The highest score of this tier.
    #[must_use]
    pub const fn upper(self, config: &HealthConfig) -> Points {
        match self {
            Self::Struggling => config.struggling_max,
            Self::Vulnerable => config.vulnerable_max,
            Self::Stable => config.stable_max,
            Self::Thriving => Points::MAX,
        }
    }

    /// The tier of a score.
    #[must_use]
    pub fn of(config: &HealthConfig, score: Points) -> Self {
        TIERS
            .iter()
            .find(|row| score <= row.tier.upper(config))
            .map_or(Self::Thriving, |row| row.tier)
    }

    /// The tier above.
    #[must_use]
    pub const fn better(self) -> Option<Self> {
        match self {
            Self::Struggling => Some(Self::Vulnerable),
            Self::Vulnerable => Some(Self::Stable),
            Self::Stable => Some(Self::Thriving),
            Self::Thriving => None,
        }
    }

    /// The tier below.
    #[must_use]
    pub const fn worse(self) -> Option<Self> {
        match self {
            Self::Struggling => None,
            Self::Vulnerable => Some(Self::Struggling),
            Self::Stable => Some(Self::Vulnerable),
            Self::Thriving => Some(Self::Stable),
        }
    }

    /// How much of its own budget a node of this tier spends, within the configured bounds.
    #[must_use]
    pub fn multiplier(self, config: &HealthConfig) -> Multiplier {
        let table = TIERS
            .iter()
            .find(|row| row.tier == self)
            .map_or(1.0, |row| row.multiplier);
        Multiplier::clamped(
            table
                .min(config.max_multiplier.get())
                .max(config.min_multiplier.get()),
        )
    }
}
