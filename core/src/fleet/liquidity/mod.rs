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

pub use crate::config::liquidity::LiquidityConfig;

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
