//! What an operator may set about splices.

use crate::config::profile::Profile;
use crate::error::Error;
use crate::reason::{Reason, Why};
use crate::units::{Sat, Seconds, Share};

/// What an operator may set about splices.
#[record]
pub struct SpliceConfig {
    /// How long a signed answer replaces a member's estimate.
    pub max_answer_age_s: Seconds,
    /// A member's report older than this is no capacity.
    pub max_report_age_s: Seconds,
    /// How far a stamp may lie in the future before it counts as no report.
    pub max_skew_s: Seconds,
    /// The fleet should keep at least this much with the peer.
    pub min_sats: Sat,
    /// The fleet should keep at least this share of the peer's capacity.
    pub min_share: Share,
    /// Whether what our own channels keep can be enough by itself.
    pub partial: bool,
    /// What a share is a share of.
    pub whole: Whole,
}

/// What the share of the fleet is a share of.
#[choice]
pub enum Whole {
    /// The peer's public capacity, or that of the fleet where it is larger.
    AtLeastFleet,
    /// The peer's public capacity.
    Public,
}

impl Default for SpliceConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl SpliceConfig {
    /// The constants of `profile`.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let deployed = profile == Profile::ClHive;
        Self {
            max_answer_age_s: const { Seconds::constant(600) },
            max_report_age_s: const { Seconds::constant(3600) },
            max_skew_s: const { Seconds::constant(600) },
            min_sats: if deployed {
                const { Sat::constant(1_000_000) }
            } else {
                const { Sat::constant(0) }
            },
            min_share: if deployed {
                const { Share::constant(0.05) }
            } else {
                const { Share::constant(0.10) }
            },
            partial: deployed,
            whole: if deployed {
                Whole::Public
            } else {
                Whole::AtLeastFleet
            },
        }
    }

    /// Nothing here excludes anything else.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Warns of settings that change nothing.
    pub fn lint(&self, why: &mut Why) {
        if self.partial && self.min_sats == Sat::MIN {
            // Then every amount below our own is safe, and the share is never asked.
            why.add(|| Reason::without_effect("splice.min_share"));
        }
    }
}
