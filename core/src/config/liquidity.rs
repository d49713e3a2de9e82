//! What an operator may set about liquidity.

use crate::config::profile::Profile;
use crate::error::Error;
use crate::reason::{Reason, Why};
use crate::units::{Sat, Seconds, Share};

/// What an operator may set about liquidity.
#[record]
pub struct LiquidityConfig {
    /// An announced rebalance counts no longer than this.
    pub activity_counts_s: Seconds,
    /// A channel with less than this share on its own side is depleted.
    pub depleted_below: Share,
    /// A channel of this size is fully relevant.
    pub full_relevance_sats: Sat,
    /// Reports older than this list no need.
    pub max_report_age_s: Seconds,
    /// A channel with more than this share on its own side is saturated.
    pub saturated_above: Share,
    /// Saturation above this share is of high severity.
    pub severe_above: Share,
    /// Depletion below this share is of high severity.
    pub severe_below: Share,
}

impl Default for LiquidityConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl LiquidityConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(_profile: Profile) -> Self {
        Self {
            activity_counts_s: const { Seconds::constant(900) },
            depleted_below: const { Share::constant(0.2) },
            full_relevance_sats: const { Sat::constant(10_000_000) },
            max_report_age_s: const { Seconds::constant(3600) },
            saturated_above: const { Share::constant(0.8) },
            severe_above: const { Share::constant(0.9) },
            severe_below: const { Share::constant(0.1) },
        }
    }

    /// Refuses bounds that exclude each other.
    pub fn validate(&self) -> Result<(), Error> {
        if self.depleted_below > self.saturated_above {
            return Err(Error::out_of_range(
                "depleted_below",
                self.depleted_below,
                "at most saturated_above",
            ));
        }
        Ok(())
    }

    /// A bound of severity outside its class is never reached, or always.
    pub fn lint(&self, why: &mut Why) {
        if self.severe_below > self.depleted_below {
            why.add(|| Reason::without_effect("liquidity.severe_below"));
        }
        if self.severe_above < self.saturated_above {
            why.add(|| Reason::without_effect("liquidity.severe_above"));
        }
    }
}
