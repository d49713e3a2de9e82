//! What moves through a channel.

use super::*;
use crate::units::{Count, Sat, Share};
use crate::value::FromValue;

/// Which way liquidity mostly goes.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    FromValue,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// It leaves through this channel.
    Source,
    /// It arrives through this channel.
    Sink,
    /// Both alike.
    Balanced,
    /// Nobody knows.
    #[default]
    Unknown,
}

/// What moved through a channel: within 60 days for the model `demand`, which needs the days; within
/// the configured window for the deployed plugin's model.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromValue, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// On how many of the last 60 days something left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_out: Option<Count>,
    /// Which way it mostly goes.
    #[serde(default)]
    pub kind: FlowKind,
    /// What arrived.
    #[serde(default)]
    pub sats_in: Sat,
    /// What left.
    pub sats_out: Sat,
}

impl Flow {
    /// What moves in a day, in sats.
    #[must_use]
    pub fn a_day(&self, window_days: Count) -> f64 {
        (self.sats_in.as_f64() + self.sats_out.as_f64()) / f64::from(window_days.get().max(1))
    }
}

/// The share of a channel's capacity that moves in a day; a guess where nobody watched.
#[must_use]
pub fn turnover(flow: Option<&Flow>, capacity: Sat, window_days: Count) -> Share {
    const UNWATCHED: f64 = 0.05;
    const LEAST: f64 = 0.0001;
    if capacity == Sat::MIN {
        return Share::MIN;
    }
    let Some(flow) = flow else {
        return Share::constant(UNWATCHED);
    };
    Share::constant((flow.a_day(window_days) / capacity.as_f64()).max(LEAST))
}
