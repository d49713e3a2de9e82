//! What moves through a channel.

use crate::units::{Count, Sat, Share};

/// Which way liquidity mostly goes.
#[choice(Default)]
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
#[record(Copy, Default, Eq)]
pub struct Flow {
    /// On how many of the last 60 days something left.
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
    const UNWATCHED: Share = Share::constant(0.05);
    const LEAST: f64 = 0.0001;
    if capacity == Sat::MIN {
        return Share::MIN;
    }
    let Some(flow) = flow else {
        return UNWATCHED;
    };
    Share::clamped((flow.a_day(window_days) / capacity.as_f64()).max(LEAST))
}
