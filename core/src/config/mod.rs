//! What an operator may set: one plain struct per policy family, `Default` = profile `plan` (the
//! constants of the two design documents), and the two profiles of the deployed systems.
//!
//! ```
//! use trimtab_core::config::{Config, Profile};
//! assert_eq!(Config::default(), Config::of(Profile::Plan));
//! assert_eq!(Profile::named("cl-hive")?, Profile::ClHive);
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```

pub mod amount;
pub mod fees;
pub mod gossip;
pub mod health;
pub mod hub;
pub mod limits;
pub mod liquidity;
pub mod profile;
pub mod rebalance;
pub mod snapshot;
pub mod splice;
pub mod topology;

pub use profile::Profile;

use crate::canonical;
use crate::error::Error;
use crate::reason::Why;
use crate::value::{self, Value};
use fees::FeesConfig;
use gossip::GossipConfig;
use health::HealthConfig;
use hub::HubConfig;
use limits::LimitsConfig;
use liquidity::LiquidityConfig;
use rebalance::RebalanceConfig;
use snapshot::SnapshotConfig;
use splice::SpliceConfig;
use topology::TopologyConfig;

/// Everything an operator may set.
#[record(Default)]
pub struct Config {
    /// Fees that help the fleet.
    pub fees: FeesConfig,
    /// Limits of what members tell each other.
    pub gossip: GossipConfig,
    /// Health scores, tiers and budget multipliers.
    pub health: HealthConfig,
    /// How often something may be reported.
    pub limits: LimitsConfig,
    /// Depleted and saturated channels, needs, relevance.
    pub liquidity: LiquidityConfig,
    /// Advice on new channels.
    pub topology: TopologyConfig,
    /// A hub: who is served, from what, and when.
    pub hub: HubConfig,
    /// Thresholds, budgets and the value of rebalances.
    pub rebalance: RebalanceConfig,
    /// How a node is read.
    pub snapshot: SnapshotConfig,
    /// What the fleet keeps with a peer.
    pub splice: SpliceConfig,
}

impl Config {
    /// The constants and variants of `profile`.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        Self {
            fees: FeesConfig::of(profile),
            gossip: GossipConfig::of(profile),
            health: HealthConfig::of(profile),
            limits: LimitsConfig::of(profile),
            liquidity: LiquidityConfig::of(profile),
            topology: TopologyConfig::of(profile),
            hub: HubConfig::of(profile),
            rebalance: RebalanceConfig::of(profile),
            snapshot: SnapshotConfig::of(profile),
            splice: SpliceConfig::of(profile),
        }
    }

    /// `self` with the given fields changed, checked as a whole.
    pub fn with(&self, overrides: &Value<'_>) -> Result<Self, Error> {
        let Value::Map(_) = overrides else {
            return Err(Error::new(
                crate::error::ErrorCode::Malformed,
                "config",
                canonical::text(overrides)?,
                "an object",
            ));
        };
        let merged = value::encode(self)?.overlaid(overrides.clone().into_owned());
        let config: Self = value::decode(&merged).map_err(|error| error.inside("config"))?;
        config.validate().map_err(|error| error.inside("config"))?;
        Ok(config)
    }

    /// Refuses what can never make sense; what is merely odd is for `config.lint`.
    pub fn validate(&self) -> Result<(), Error> {
        self.fees.validate().map_err(|error| error.inside("fees"))?;
        self.gossip
            .validate()
            .map_err(|error| error.inside("gossip"))?;
        self.health
            .validate()
            .map_err(|error| error.inside("health"))?;
        self.liquidity
            .validate()
            .map_err(|error| error.inside("liquidity"))?;
        self.hub.validate().map_err(|error| error.inside("hub"))?;
        self.rebalance
            .validate()
            .map_err(|error| error.inside("rebalance"))?;
        self.splice
            .validate()
            .map_err(|error| error.inside("splice"))?;
        Ok(())
    }

    /// Adds a warning for everything that is legal and odd; see [`crate::lint`].
    pub fn lint(&self, why: &mut Why) {
        self.fees.lint(why);
        self.gossip.lint(why);
        self.health.lint(why);
        self.liquidity.lint(why);
        self.rebalance.lint(why);
        self.splice.lint(why);
        self.hub.lint(why);
    }

    /// sha256 of the canonical config: two nodes with the same digest decide alike.
    pub fn digest(&self) -> Result<String, Error> {
        canonical::digest_of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_profile_is_that_of_its_config() {
        let worked_out = Profile::ALL.map(|profile| Config::of(profile).digest().unwrap());
        assert_eq!(Profile::ALL.map(Profile::digest).to_vec(), worked_out);
    }
}
