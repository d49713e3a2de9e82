//! Where liquidity lacks, at home and in the fleet, so that each node can help by its own fees and
//! its own choice of routes. No policy here moves a sat.
//!
//! | file | decides |
//! |---|---|
//! | [`classify`] | whether a channel is depleted, saturated or balanced |
//! | [`needs`] | who needs what where, who has too much, how much we could help |
//! | [`state`] | how the fleet does, bottlenecks, competition |
//! | [`prioritize`] | which need first |

pub mod classify;
pub mod needs;
pub mod prioritize;
pub mod state;

use crate::config::Profile;
use crate::error::Error;
use crate::lint::without_effect;
use crate::reason::Why;
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
            activity_counts_s: Seconds::constant(900),
            depleted_below: Share::constant(0.2),
            full_relevance_sats: Sat::constant(10_000_000),
            max_report_age_s: Seconds::constant(3600),
            saturated_above: Share::constant(0.8),
            severe_above: Share::constant(0.9),
            severe_below: Share::constant(0.1),
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
            why.add(|| without_effect("liquidity.severe_below"));
        }
        if self.severe_above < self.saturated_above {
            why.add(|| without_effect("liquidity.severe_above"));
        }
    }
}

/// How badly something is needed, worst first.
#[choice]
pub enum Severity {
    /// Nearly nothing left.
    High,
    /// Little left.
    Medium,
}

/// What kind of liquidity is needed.
#[choice]
pub enum NeedType {
    /// Balance on the other side: room to receive.
    Inbound,
    /// Balance on the own side: room to send.
    Outbound,
}

impl LiquidityConfig {
    /// How badly a channel with this share on its own side is in trouble, and what it needs.
    #[must_use]
    pub fn trouble(&self, local_pct: f64) -> Option<(NeedType, Severity)> {
        let severity = |severe: bool| {
            if severe {
                Severity::High
            } else {
                Severity::Medium
            }
        };
        if local_pct < self.depleted_below.get() {
            let severe = local_pct < self.severe_below.get();
            return Some((NeedType::Outbound, severity(severe)));
        }
        (local_pct > self.saturated_above.get()).then(|| {
            (
                NeedType::Inbound,
                severity(local_pct > self.severe_above.get()),
            )
        })
    }
}
