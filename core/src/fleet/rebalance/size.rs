//! How much a channel should be filled with.
//!
//! The model `demand` aims at the sales of a month, half of the capacity at most: there is no cliff
//! where nothing was sold yet. `cl_revenue_ops` aims at a share of the capacity and three days of
//! volume, as the deployed plugin does.
//!
//! Source: spec "rebalance.size"; the deployed plugin. Codes: `nothing_needed`, `amount_sized`; of
//! the model `demand`: `demand_unknown`, `amount_cut_to_receivable`; of `cl_revenue_ops`: `slow_channel`,
//! `target_below_minimum`.

use super::destination::{Destination, cut_to_room, room};
use super::market::{Market, is_watched};
use super::*;
use crate::fleet::channel::Demand;
use crate::fleet::rebalance::flow::{Flow, FlowKind};
use crate::units::{Count, Real, Sat, Share};

/// A channel that wants to be filled.
#[record]
pub struct SizeInput {
    /// How old it is, in days; old when absent, for the deployed model young.
    pub age_days: Option<Count>,
    /// Its capacity.
    pub capacity_sats: Sat,
    /// How much the channels of our node sell.
    #[serde(default)]
    pub demand: Demand,
    /// What moved through it.
    pub flow: Option<Flow>,
    /// The part on our side; what it can send when absent.
    pub local_sats: Option<Sat>,
    /// What it can receive now.
    pub receivable_sats: Option<Sat>,
    /// What it can send now.
    pub spendable_sats: Sat,
}

impl SizeInput {
    /// The question about a destination.
    #[must_use]
    pub(super) const fn of(destination: &Destination, demand: Demand) -> Self {
        Self {
            age_days: destination.age_days,
            capacity_sats: destination.capacity_sats,
            demand,
            flow: destination.flow,
            local_sats: destination.local_sats,
            receivable_sats: destination.receivable_sats,
            spendable_sats: destination.spendable_sats,
        }
    }

    /// The most that can arrive.
    fn room(&self) -> Sat {
        room(
            self.capacity_sats,
            self.local_sats,
            self.receivable_sats,
            self.spendable_sats,
        )
    }
}

/// How much to move.
#[record(open, Copy)]
pub struct Sized {
    /// Days with a forward out that are expected within 30 days.
    pub active_days: Option<Real>,
    /// How much to move; none when nothing should be.
    pub amount_sats: Option<Sat>,
    /// What moves through the channel in a day.
    pub daily_volume: Option<RealSat>,
    /// What is missing to the target.
    pub need_sats: Sat,
    /// Sats out that are expected on an active day.
    pub sats_per_active_day: Option<RealSat>,
    /// The share of the capacity that is aimed at.
    pub target_ratio: Option<Share>,
    /// What the channel should be able to send.
    pub target_sats: Sat,
}

/// Sizes a rebalance towards a channel.
pub fn size(config: &Config, input: &SizeInput, why: &mut Why) -> Result<Sized, Error> {
    if input.spendable_sats > input.capacity_sats {
        let most = format_args!("at most the capacity of {}", input.capacity_sats).to_string();
        return Err(Error::out_of_range(
            "spendable_sats",
            input.spendable_sats,
            most,
        ));
    }
    match config.rebalance.model {
        Model::Demand => by_demand(&config.rebalance, input, why),
        Model::ClRevenueOps => by_volume(&config.rebalance, input, why),
    }
}

/// As much as a month sells.
fn by_demand(settings: &RebalanceConfig, input: &SizeInput, why: &mut Why) -> Result<Sized, Error> {
    let flow = input.flow.as_ref();
    if !is_watched(flow) {
        why.add(|| Reason::new(Code::DemandUnknown, Effect::Warn));
    }
    // How much will be moved is not known yet: at most this.
    let usual = settings.chunk_sats.min(settings.max_amount_sats);
    let market = Market::of(flow, input.age_days, &input.demand, usual);
    let target = Sat::named("capacity_sats", market.stock(input.capacity_sats) as u64)?;
    let need = target.less(input.spendable_sats);
    let local = input.local_sats.unwrap_or(input.spendable_sats);
    let half = Sat::clamped(input.capacity_sats.get() / 2);
    let has_room = half.less(local) >= settings.min_amount_sats;
    let least = if has_room {
        settings.min_amount_sats
    } else {
        Sat::MIN
    };
    let amount = need
        .max(least)
        .min(settings.chunk_sats)
        .min(settings.max_amount_sats);
    let amount = (need > Sat::MIN).then_some(amount);
    explain(input, target, need, amount, why);
    let amount = amount.and_then(|amount| cut_to_room(amount, input.room(), false, why));
    Ok(Sized {
        active_days: Some(Real::new(market.stock_nu)?),
        amount_sats: amount,
        daily_volume: None,
        need_sats: need,
        sats_per_active_day: Some(RealSat::new(market.day)?),
        target_ratio: None,
        target_sats: target,
    })
}

fn explain(input: &SizeInput, target: Sat, need: Sat, amount: Option<Sat>, why: &mut Why) {
    why.add(|| match amount {
        None => Reason::new(Code::NothingNeeded, Effect::Refuse)
            .observed(input.spendable_sats)
            .limit(target)
            .flip_if("spendable_sats", target.get().checked_sub(1)),
        Some(amount) => Reason::new(Code::AmountSized, Effect::Allow)
            .observed(amount)
            .limit(need),
    });
}

/// As the deployed plugin sizes it.
fn by_volume(settings: &RebalanceConfig, input: &SizeInput, why: &mut Why) -> Result<Sized, Error> {
    let flow = input.flow.as_ref();
    let daily = flow.map_or(0.0, |flow| flow.a_day(settings.flow_window_days));
    let ratio = target_ratio(settings, input, daily, why);
    let target = target(input, ratio.get(), daily)?;
    let need = target.less(input.spendable_sats);
    let amount = amount(settings, input, target, need, why);
    Ok(Sized {
        active_days: None,
        amount_sats: amount,
        daily_volume: Some(RealSat::new(daily)?),
        need_sats: need,
        sats_per_active_day: None,
        target_ratio: Some(ratio),
        target_sats: target,
    })
}

/// A channel through which nothing moves would only lock up what is sent there.
fn target_ratio(settings: &RebalanceConfig, input: &SizeInput, daily: f64, why: &mut Why) -> Share {
    const OF_A_SOURCE: Share = Share::constant(0.85);
    const OF_OTHERS: Share = Share::constant(0.50);
    let gate = &settings.velocity_gate;
    let capacity = input.capacity_sats.as_f64();
    let age = input.age_days.unwrap_or_default();
    let judged = gate.enabled && age >= gate.grace_days && capacity > 0.0;
    if judged && daily / capacity < gate.min_velocity.get() {
        why.add(|| {
            Reason::new(Code::SlowChannel, Effect::Adjust)
                .observed(daily / capacity)
                .limit(gate.min_velocity)
        });
        return gate.target_ratio;
    }
    let source = input.flow.is_some_and(|flow| flow.kind == FlowKind::Source);
    if source { OF_A_SOURCE } else { OF_OTHERS }
}

/// A share of the capacity, but not more than three days of volume where there is any.
fn target(input: &SizeInput, ratio: f64, daily: f64) -> Result<Sat, Error> {
    let by_capacity = Sat::new((input.capacity_sats.as_f64() * ratio) as u64)?;
    let by_volume = (daily * 3.0) as u64;
    let target = match by_volume {
        0 => by_capacity.get(),
        _ => by_capacity.get().min(by_volume),
    };
    Sat::new(target.min(input.capacity_sats.get()))
}

fn amount(
    settings: &RebalanceConfig,
    input: &SizeInput,
    target: Sat,
    need: Sat,
    why: &mut Why,
) -> Option<Sat> {
    if target < settings.min_amount_sats {
        why.add(|| {
            Reason::new(Code::TargetBelowMinimum, Effect::Refuse)
                .observed(target)
                .limit(settings.min_amount_sats)
        });
        return None;
    }
    let headroom = input.capacity_sats.less(input.spendable_sats);
    let wanted = settings
        .max_amount_sats
        .min(settings.min_amount_sats.max(need));
    let amount = wanted.min(headroom).min(settings.chunk_sats);
    let amount = (need > Sat::MIN).then_some(amount);
    explain(input, target, need, amount, why);
    amount
}
