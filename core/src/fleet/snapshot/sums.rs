//! Sums of what moved, over the days that count.

use crate::fleet::channel::{ChannelFlow, RecentFlow};
use crate::units::{Count, Msat, Sat};

pub(super) const DAY: u64 = 24 * 3600;

pub(super) const PROFIT_DAYS: u64 = 30;

/// Over how many days flow is summed.
pub(super) const FLOW_DAYS: u32 = 60;

/// A day is a bit, the newest first.
#[derive(Clone, Copy, Default)]
pub(super) struct Days(u64);

/// What others sent through a channel.
#[derive(Clone, Copy, Default)]
pub(super) struct FlowSums {
    days_out: Days,
    sent: u128,
    received: u128,
    sent_lately: u128,
    received_lately: u128,
}

impl Days {
    pub fn add(&mut self, age: u64) {
        if age < u64::from(FLOW_DAYS) * DAY {
            self.0 |= 1 << (age / DAY);
        }
    }
}

impl FlowSums {
    pub fn send(&mut self, age: u64, lately: u64, msat: u64) {
        self.days_out.add(age);
        add_within(&mut self.sent, msat, age, u64::from(FLOW_DAYS) * DAY);
        add_within(&mut self.sent_lately, msat, age, lately);
    }

    /// Days on which something left, as another source tells.
    pub const fn also_sent_on(&mut self, days: Days) {
        self.days_out.0 |= days.0;
    }

    pub fn receive(&mut self, age: u64, lately: u64, msat: u64) {
        add_within(&mut self.received, msat, age, u64::from(FLOW_DAYS) * DAY);
        add_within(&mut self.received_lately, msat, age, lately);
    }
}

/// Adds what is younger than `within`.
pub(super) fn add_within(sum: &mut u128, msat: u64, age: u64, within: u64) {
    if age < within {
        *sum += u128::from(msat);
    }
}

/// More than all bitcoin can only be a defect of the node's books; it stays the largest amount.
pub(super) fn sum_of(msat: u128) -> Msat {
    let cut = u64::try_from(msat).unwrap_or(u64::MAX);
    Msat::clamped(cut.min(Msat::MAX.get()))
}

pub(super) fn sats_of(msat: u128) -> Sat {
    sum_of(msat).floor()
}

impl FlowSums {
    pub fn told(&self) -> ChannelFlow {
        ChannelFlow {
            days_out: Count::clamped(self.days_out.0.count_ones()),
            sats_in: sats_of(self.received),
            sats_out: sats_of(self.sent),
        }
    }

    pub fn lately(&self) -> RecentFlow {
        RecentFlow {
            sats_in: sats_of(self.received_lately),
            sats_out: sats_of(self.sent_lately),
        }
    }
}
