//! Whose constants a policy starts from.

use crate::error::Error;

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
    /// spend more on it than on the call. A test holds it against
    /// [`Config::digest`](crate::config::Config::digest).
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
