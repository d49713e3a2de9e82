//! What an operator may set about fees that help the fleet.

use crate::config::health::Tier;
use crate::config::profile::Profile;
use crate::error::Error;
use crate::reason::{Reason, Why};
use crate::units::{Ppm, Real};

/// What an operator may set about fees that help the fleet.
#[record]
pub struct FeesConfig {
    /// No fee is raised above this.
    pub ceiling_ppm: Ppm,
    /// No fee is lowered below this.
    pub floor_ppm: Ppm,
    /// The factor of a step down.
    pub lower_by: Real,
    /// The factor of a step up.
    pub raise_by: Real,
    /// Whether a need for inbound liquidity raises a fee.
    pub raise_for_inbound: bool,
    /// The best tier that is helped.
    pub help_up_to: Tier,
}

impl Default for FeesConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl FeesConfig {
    /// The constants of `profile`.
    #[must_use]
    pub const fn of(profile: Profile) -> Self {
        let deployed = matches!(profile, Profile::ClHive);
        Self {
            ceiling_ppm: const { Ppm::constant(5000) },
            floor_ppm: const { Ppm::constant(10) },
            lower_by: const { Real::constant(0.95) },
            raise_by: const { Real::constant(1.05) },
            raise_for_inbound: deployed,
            help_up_to: if deployed {
                Tier::Vulnerable
            } else {
                Tier::Thriving
            },
        }
    }

    /// Refuses bounds that exclude each other and steps in the wrong direction.
    pub fn validate(&self) -> Result<(), Error> {
        if self.floor_ppm > self.ceiling_ppm {
            return Err(Error::out_of_range(
                "floor_ppm",
                self.floor_ppm,
                "at most ceiling_ppm",
            ));
        }
        if !(0.0..=1.0).contains(&self.lower_by.get()) {
            return Err(Error::out_of_range("lower_by", self.lower_by, "0..=1"));
        }
        if !(1.0..=2.0).contains(&self.raise_by.get()) {
            return Err(Error::out_of_range("raise_by", self.raise_by, "1..=2"));
        }
        Ok(())
    }

    /// A factor of 1 is no step.
    pub fn lint(&self, why: &mut Why) {
        if self.lower_by.get() >= 1.0 {
            why.add(|| Reason::without_effect("fees.lower_by"));
        }
        if self.raise_for_inbound && self.raise_by.get() <= 1.0 {
            why.add(|| Reason::without_effect("fees.raise_by"));
        }
    }
}
