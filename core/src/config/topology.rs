//! What an operator may set about advice on new channels.

use crate::config::profile::Profile;
use crate::units::Share;

/// What an operator may set about advice on new channels.
#[record]
pub struct TopologyConfig {
    /// Above this share of a peer's capacity, more capacity of the fleet is redundant.
    pub min_share: Share,
}

impl Default for TopologyConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl TopologyConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(profile: Profile) -> Self {
        Self {
            min_share: match profile {
                Profile::ClHive => const { Share::constant(0.05) },
                Profile::Plan | Profile::Xln => const { Share::constant(0.10) },
            },
        }
    }
}
