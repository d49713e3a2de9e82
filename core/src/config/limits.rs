//! What an operator may set about limits of reports.

use crate::config::profile::Profile;
use crate::units::{Count, Seconds};

/// What an operator may set about limits.
#[record]
pub struct LimitsConfig {
    /// So many local reports fit the period.
    pub report_count: Count,
    /// The period of local reports.
    pub report_period_s: Seconds,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl LimitsConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(_profile: Profile) -> Self {
        Self {
            report_count: const { Count::constant(1) },
            report_period_s: const { Seconds::constant(60) },
        }
    }
}
