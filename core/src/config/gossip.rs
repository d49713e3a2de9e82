//! What an operator may set about gossip.

use crate::config::profile::Profile;
use crate::error::Error;
use crate::reason::{Reason, Why};
use crate::units::{Count, Seconds};

/// What an operator may set about gossip.
#[record]
pub struct GossipConfig {
    /// How many messages of a sender are taken a minute, in points.
    pub bucket_points: Count,
    /// How far a stamp may lie from our clock.
    pub freshness_s: Seconds,
    /// Health reports of one reporter that are taken in an hour.
    pub health_per_hour: Count,
    /// A message of the deployed plugin may be this old.
    pub legacy_max_age_s: Seconds,
    /// Liquidity reports of one reporter that are taken in an hour.
    pub liquidity_per_hour: Count,
    /// No message is larger, in bytes.
    pub max_bytes: Count,
    /// A message is passed on at most this often.
    pub max_hops: Count,
    /// What a malformed or badly signed message costs its sender, in points.
    pub penalty_points: Count,
    /// Splice checks of one reporter that are taken in an hour, and as many answers.
    pub splice_per_hour: Count,
}

impl Default for GossipConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl GossipConfig {
    /// The constants of `profile`.
    #[must_use]
    pub fn of(_profile: Profile) -> Self {
        Self {
            bucket_points: const { Count::constant(600) },
            freshness_s: const { Seconds::constant(600) },
            health_per_hour: const { Count::constant(1) },
            legacy_max_age_s: const { Seconds::constant(3600) },
            liquidity_per_hour: const { Count::constant(20) },
            max_bytes: const { Count::constant(32 * 1024) },
            max_hops: const { Count::constant(3) },
            penalty_points: const { Count::constant(10) },
            splice_per_hour: const { Count::constant(20) },
        }
    }

    /// Refuses limits under which nothing could ever pass.
    pub fn validate(&self) -> Result<(), Error> {
        let limits = [
            ("bucket_points", self.bucket_points),
            ("health_per_hour", self.health_per_hour),
            ("liquidity_per_hour", self.liquidity_per_hour),
            ("max_bytes", self.max_bytes),
            ("penalty_points", self.penalty_points),
            ("splice_per_hour", self.splice_per_hour),
        ];
        match limits.into_iter().find(|(_, limit)| *limit == Count::MIN) {
            Some((field, limit)) => Err(Error::out_of_range(field, limit, "at least 1")),
            None => Ok(()),
        }
    }

    /// Warns of settings that change nothing.
    pub fn lint(&self, why: &mut Why) {
        if self.penalty_points == const { Count::constant(1) } {
            // Then a forgery costs no more than an honest message.
            why.add(|| Reason::without_effect("gossip.penalty_points"));
        }
    }
}
