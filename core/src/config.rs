//! What an operator may set: one plain struct per policy family, `Default` = profile `plan` (the
//! constants of the two design documents), and the two profiles of the deployed systems.
//!
//! ```
//! use trimtab_core::config::{Config, Profile};
//! assert_eq!(Config::default(), Config::of(Profile::Plan));
//! assert_eq!(Profile::named("cl-hive")?, Profile::ClHive);
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```

use crate::canonical;
use crate::error::Error;
use crate::fleet::fees::FeesConfig;
use crate::fleet::gossip::GossipConfig;
use crate::fleet::health::HealthConfig;
use crate::fleet::limits::LimitsConfig;
use crate::fleet::liquidity::LiquidityConfig;
use crate::fleet::rebalance::RebalanceConfig;
use crate::fleet::snapshot::SnapshotConfig;
use crate::fleet::splice::SpliceConfig;
use crate::fleet::topology::TopologyConfig;
use crate::hub::config::HubConfig;
use crate::reason::Why;
use crate::value::{self, Value};

/// Whose constants and variants a policy starts from.
#[choice(Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Profile {
    /// The two design documents.
    #[default]
    Plan,
    /// The deployed Core Lightning plugins.
    ClHive,
    /// The deployed hub runtime.
    Xln,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Plan, Self::ClHive, Self::Xln];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::ClHive => "cl-hive",
            Self::Xln => "xln",
        }
    }

    /// The digest of its config, worked out once for all: an instance that lives for one call would
    /// spend more on it than on the call. A test holds it against [`Config::digest`].
    #[must_use]
    pub const fn digest(self) -> &'static str {
        match self {
            Self::Plan => "bfe62c5119e19213c1addbeaf58e56e453def3249a62926cf573718ad11ff767",
            Self::ClHive => "7efd78d3047d8977ad3e0c294542588a158e244ff55baa6e2df7d211239d083b",
            Self::Xln => "f272d25e1246a5163db0c7e50eea77c210030267f1bea01a282fe9542fb07de2",
        }
    }

    /// The profile of that name.
    pub fn named(name: &str) -> Result<Self, Error> {
        let named = Self::ALL
            .into_iter()
            .find(|profile| profile.as_str() == name);
        named.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(" | ");
            Error::out_of_range("profile", format_args!("\"{name}\""), names)
        })
    }
}

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
