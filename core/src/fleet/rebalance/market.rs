//! What a channel sells, from the days with a forward out: the middle of the model `demand`.

use super::flow::Flow;
use crate::fleet::channel::Demand;
use crate::units::{Count, Ppm, Sat};

/// Days over which flow is watched.
const WATCHED_DAYS: f64 = 60.0;

/// How many days of the node's average stand beside what a channel shows.
const IMAGINED_DAYS: f64 = 7.0;

/// How many active days of the node's average amount stand beside what a channel shows.
const IMAGINED_ACTIVE_DAYS: f64 = 2.0;

/// How long moved sats may wait for a buyer, in days.
const HORIZON_DAYS: f64 = 90.0;

/// Over how many days a channel is filled ahead.
const STOCK_DAYS: f64 = 30.0;

/// The share of active days of a node that nobody watched.
const USUAL_LAMBDA: f64 = 0.07;

/// What a channel sells, as far as anybody knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Market {
    /// Days with a forward out within the horizon.
    pub nu: f64,
    /// The same within the days that a channel is filled ahead.
    pub stock_nu: f64,
    /// Sats out on such a day.
    pub day: f64,
}

impl Market {
    /// `usual` stands for the sats of an active day where the node does not know them.
    pub fn of(flow: Option<&Flow>, age: Option<Count>, demand: &Demand, usual: Sat) -> Self {
        let lambda = demand.lambda.map_or(USUAL_LAMBDA, |share| share.get());
        let d = demand.sats_per_active_day.unwrap_or(usual).as_f64();
        let watched = flow.and_then(|flow| Some((flow.days_out?, flow.sats_out)));
        let (n, o) = match watched {
            Some((days, sats)) => (f64::from(days.get()), sats.as_f64()),
            None => (lambda * WATCHED_DAYS, lambda * WATCHED_DAYS * d),
        };
        let g = age.map_or(WATCHED_DAYS, |days| f64::from(days.get()));
        let nu = |horizon: f64| {
            horizon * (n + IMAGINED_DAYS * lambda) / (g.min(WATCHED_DAYS) + IMAGINED_DAYS)
        };
        Self {
            nu: nu(HORIZON_DAYS),
            stock_nu: nu(STOCK_DAYS),
            day: (o + IMAGINED_ACTIVE_DAYS * d) / (n + IMAGINED_ACTIVE_DAYS),
        }
    }

    /// How often the first `x` sats are wanted within the horizon.
    fn turns(&self, x: f64) -> f64 {
        self.nu * (self.day / x).min(1.0)
    }

    /// Of the first `x` sats, how many are used.
    pub fn used(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        let y = self.turns(x);
        x * y / (1.0 + y)
    }

    /// The sales of a month: what a channel should be able to send, half of its capacity at most.
    pub fn stock(&self, capacity: Sat) -> f64 {
        (capacity.as_f64() / 2.0)
            .min(self.day * self.stock_nu)
            .floor()
    }
}

/// Whether anybody watched what leaves a channel.
pub(super) fn is_watched(flow: Option<&Flow>) -> bool {
    flow.is_some_and(|flow| flow.days_out.is_some())
}

/// What a source loses by giving `amount`.
pub(super) fn loss(market: &Market, spendable: Sat, fee: Ppm, amount: Sat) -> f64 {
    let spendable = spendable.as_f64();
    let sold = market.used(spendable) - market.used(spendable - amount.as_f64());
    f64::from(fee.get()) / 1e6 * sold
}
