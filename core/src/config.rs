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
            Self::Plan => "8969458f91584e0fbc835c0afc9946c05d739e3a6e9d3272042a5657c35f76dd",
            Self::ClHive => "ce0ab88598d9606babe37272588d2aed1cbe41c196a51b30798fe1fb41b559e4",
            Self::Xln => "205add2943c7d83097f7df28c6c31afb2bc6e89dda9cdd0d2d54b1afeb931ddc",
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
        for profile in Profile::ALL {
            let worked_out = Config::of(profile).digest().unwrap();
            assert_eq!(profile.digest(), worked_out, "{profile:?}");
        }
    }
}
