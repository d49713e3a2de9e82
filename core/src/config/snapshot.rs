//! What an operator may set about reading a node.

use crate::config::profile::Profile;

/// What an operator may set about the reading of a node.
#[record]
pub struct SnapshotConfig {
    /// Whether the other members are told of channels that the graph does not show.
    pub report_unannounced: bool,
}

impl Default for SnapshotConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl SnapshotConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(_profile: Profile) -> Self {
        Self {
            report_unannounced: false,
        }
    }
}
