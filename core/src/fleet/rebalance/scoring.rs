//! How the deployed plugin chooses a source: which may give, and with how many points.

use std::cmp::Ordering;

use super::candidate::{Ranked, Source};
use super::flow::{FlowKind, turnover};
use super::*;
use crate::units::{Ppm, Real, Sat, Share, SignedPpm};

/// What a source is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub amount: Sat,
    pub inbound: Ppm,
    pub out: Ppm,
}

/// A source that was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'s> {
    pub source: &'s Source,
    pub opportunity_ppm: Ppm,
    pub score: Real,
    pub spread_ppm: SignedPpm,
    pub turnover: Share,
}

impl Candidate<'_> {
    /// Best first; ties by id.
    pub fn order(&self, other: &Self) -> Ordering {
        let best_first = other.score.get().total_cmp(&self.score.get());
        best_first.then_with(|| self.source.channel_id.cmp(&other.source.channel_id))
    }

    pub fn ranked(&self) -> Ranked {
        Ranked {
            opportunity_ppm: Some(self.opportunity_ppm),
            score: Some(self.score),
            spread_ppm: Some(self.spread_ppm),
            turnover: Some(self.turnover),
            ..Ranked::of(&self.source.channel_id)
        }
    }
}

/// Looks at every source; those that may give go to `take`, every other one has a reason.
pub(super) fn each_giving<'s>(
    config: &Config,
    sources: impl Iterator<Item = &'s Source>,
    ask: Ask,
    why: &mut Why,
    mut take: impl FnMut(Candidate<'s>),
) -> Result<(), Error> {
    let mut some = false;
    for source in sources {
        let fits = may_give(&config.rebalance, source, ask.amount, why);
        let scored = scored(&config.rebalance, source, ask)?;
        let pays = pays(&config.rebalance, &scored, ask, why);
        if fits && pays {
            some = true;
            take(scored);
        }
    }
    if !some {
        why.add(|| Reason::new(Code::NoSource, Effect::Refuse));
    }
    Ok(())
}

/// The source that gives best.
pub(super) fn best<'s>(
    config: &Config,
    sources: impl Iterator<Item = &'s Source>,
    ask: Ask,
    why: &mut Why,
) -> Result<Option<Candidate<'s>>, Error> {
    let mut best: Option<Candidate<'s>> = None;
    each_giving(config, sources, ask, why, |candidate| {
        if best.is_none_or(|best| candidate.order(&best).is_lt()) {
            best = Some(candidate);
        }
    })?;
    Ok(best)
}

fn ratio(source: &Source) -> f64 {
    if source.capacity_sats == Sat::MIN {
        return 0.0;
    }
    source.spendable_sats.as_f64() / source.capacity_sats.as_f64()
}

fn may_give(settings: &RebalanceConfig, source: &Source, amount: Sat, why: &mut Why) -> bool {
    const KEPT_BY_A_SOURCE: f64 = 0.80;
    let mut refusals = Vec::new();
    if source.spendable_sats < amount {
        refusals.push(
            Reason::new(Code::SourceTooSmall, Effect::Adjust)
                .observed(source.spendable_sats)
                .limit(amount)
                .flip("spendable_sats", amount),
        );
    }
    let uptime = source.uptime_pct.unwrap_or(const { Real::constant(100.0) });
    if !source.connected || uptime < settings.min_uptime_pct {
        refusals.push(
            Reason::new(Code::SourceOffline, Effect::Adjust)
                .observed(uptime)
                .limit(settings.min_uptime_pct),
        );
    }
    let drains = source
        .flow
        .is_some_and(|flow| flow.kind == FlowKind::Source);
    if drains && ratio(source) < KEPT_BY_A_SOURCE {
        refusals.push(
            Reason::new(Code::SourceDrains, Effect::Adjust)
                .observed(ratio(source))
                .limit(KEPT_BY_A_SOURCE),
        );
    }
    let fits = refusals.is_empty();
    for refusal in refusals {
        why.add(|| refusal.about(&source.channel_id));
    }
    fits
}

fn scored<'s>(
    settings: &RebalanceConfig,
    source: &'s Source,
    ask: Ask,
) -> Result<Candidate<'s>, Error> {
    let kind = source.flow.map_or(FlowKind::Unknown, |flow| flow.kind);
    let turnover = turnover(
        source.flow.as_ref(),
        source.capacity_sats,
        settings.flow_window_days,
    );
    let (fee, turn) = (f64::from(source.fee_ppm.get()), turnover.get());
    let base = if turn < 0.10 {
        turn.max(0.01)
    } else {
        (turn * 7.0).min(1.0)
    };
    let likely = match kind {
        FlowKind::Sink => 0.3,
        FlowKind::Source => 1.5,
        FlowKind::Balanced | FlowKind::Unknown => 1.0,
    };
    let opportunity = Ppm::named("fee_ppm", (fee * (base * likely)) as u32)?;
    let signed = |ppm: Ppm| i64::from(ppm.get());
    let spread = signed(ask.out) - signed(ask.inbound) - signed(opportunity);
    Ok(Candidate {
        source,
        opportunity_ppm: opportunity,
        score: Real::new(score(source, kind, turn))?,
        spread_ppm: SignedPpm::new(spread)?,
        turnover,
    })
}

/// Its points, added in its order.
fn score(source: &Source, kind: FlowKind, turn: f64) -> f64 {
    let mut score = ratio(source) * 50.0 - f64::from(source.fee_ppm.get()) / 10.0;
    if kind == FlowKind::Sink {
        score += 100.0;
    }
    if kind == FlowKind::Balanced {
        score += 20.0;
        if turn < 0.0015 {
            score += 10.0;
        }
    }
    score - f64::from(source.fails.get()) * 50.0
}

/// What the deployed plugin asks of a source before it values it.
pub(super) fn pays(
    settings: &RebalanceConfig,
    scored: &Candidate<'_>,
    ask: Ask,
    why: &mut Why,
) -> bool {
    let spread = i128::from(scored.spread_ppm.get());
    let least = -tolerance_ppm(settings.tolerance_sats, ask.amount);
    let least_profit = base_threshold(settings, ask.amount);
    let profit = (spread * i128::from(ask.amount.get())).div_euclid(1_000_000);
    if spread < least {
        why.add(|| {
            Reason::new(Code::SpreadBeyondTolerance, Effect::Adjust)
                .about(&scored.source.channel_id)
                .observed(spread)
                .limit(least)
        });
    }
    if profit < least_profit {
        why.add(|| {
            Reason::new(Code::SourceEarnsTooLittle, Effect::Adjust)
                .about(&scored.source.channel_id)
                .observed(profit)
                .limit(least_profit)
        });
    }
    spread >= least && profit >= least_profit
}

/// A tolerated loss as parts of an amount.
pub(super) fn tolerance_ppm(tolerance: Sat, amount: Sat) -> i128 {
    (tolerance.as_f64() * 1_000_000.0 / amount.get().max(1) as f64) as i128
}

/// The least profit of a healthy node on an amount.
pub(super) fn base_threshold(settings: &RebalanceConfig, amount: Sat) -> i128 {
    match settings.min_profit_ppm.get() {
        0 => settings.min_profit_sats.get().into(),
        ppm => (i128::from(amount.get()) * i128::from(ppm)).div_euclid(1_000_000),
    }
}
