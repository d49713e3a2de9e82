//! How much a channel should be filled with.
//!
//! Source: the deployed plugin. Codes: `slow_channel`, `target_below_minimum`, `nothing_needed`,
//! `amount_sized`.

use super::flow::{Flow, FlowKind};
use super::*;
use crate::units::{Count, Sat, Share};

/// A channel that wants to be filled.
#[record]
pub struct SizeInput {
    /// How old it is, in days.
    #[serde(default)]
    pub age_days: Count,
    /// Its capacity.
    pub capacity_sats: Sat,
    /// What moved through it.
    pub flow: Option<Flow>,
    /// What it can send now.
    pub spendable_sats: Sat,
}

/// How much to move.
#[record(open, Copy)]
pub struct Sized {
    /// How much to move; none when nothing should be.
    pub amount_sats: Option<Sat>,
    /// What moves through the channel in a day.
    pub daily_volume: RealSat,
    /// What is missing to the target.
    pub need_sats: Sat,
    /// The share of the capacity that is aimed at.
    pub target_ratio: Share,
    /// What the channel should be able to send.
    pub target_sats: Sat,
}

/// Sizes a rebalance towards a channel.
pub fn size(config: &Config, input: &SizeInput, why: &mut Why) -> Result<Sized, Error> {
    let settings = &config.rebalance;
    if input.spendable_sats > input.capacity_sats {
        let most = format_args!("at most the capacity of {}", input.capacity_sats).to_string();
        return Err(Error::out_of_range(
            "spendable_sats",
            input.spendable_sats,
            most,
        ));
    }
    let flow = input.flow.as_ref();
    let daily = flow.map_or(0.0, |flow| flow.a_day(settings.flow_window_days));
    let ratio = target_ratio(settings, input, daily, why);
    let target = target(input, ratio.get(), daily)?;
    let need = target.less(input.spendable_sats);
    let amount = amount(settings, input, target, need, why);
    Ok(Sized {
        amount_sats: amount,
        daily_volume: RealSat::new(daily)?,
        need_sats: need,
        target_ratio: ratio,
        target_sats: target,
    })
}

/// A channel through which nothing moves would only lock up what is sent there.
fn target_ratio(settings: &RebalanceConfig, input: &SizeInput, daily: f64, why: &mut Why) -> Share {
    const OF_A_SOURCE: f64 = 0.85;
    const OF_OTHERS: f64 = 0.50;
    let gate = &settings.velocity_gate;
    let capacity = input.capacity_sats.as_f64();
    let judged = gate.enabled && input.age_days >= gate.grace_days && capacity > 0.0;
    if judged && daily / capacity < gate.min_velocity.get() {
        why.add(|| {
            Reason::new(Code::SlowChannel, Effect::Adjust)
                .observed(daily / capacity)
                .limit(gate.min_velocity)
        });
        return gate.target_ratio;
    }
    let source = input.flow.is_some_and(|flow| flow.kind == FlowKind::Source);
    Share::constant(if source { OF_A_SOURCE } else { OF_OTHERS })
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
    if need == Sat::MIN {
        why.add(|| {
            Reason::new(Code::NothingNeeded, Effect::Refuse)
                .observed(input.spendable_sats)
                .limit(target)
                .flip_if("spendable_sats", target.get().checked_sub(1))
        });
        return None;
    }
    let headroom = input.capacity_sats.less(input.spendable_sats);
    let wanted = settings
        .max_amount_sats
        .min(settings.min_amount_sats.max(need));
    let amount = wanted.min(headroom).min(settings.chunk_sats);
    why.add(|| {
        Reason::new(Code::AmountSized, Effect::Allow)
            .observed(amount)
            .limit(need)
    });
    Some(amount)
}
