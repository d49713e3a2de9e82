//! Whether a channel is depleted, saturated or balanced, and what it needs.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let answer = Policy::plan().call("liquidity.classify", br#"{"capacity_sats":8000000,"local_sats":565000}"#)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""class":"depleted""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Only usable channels are judged. While a splice waits, the outcome that leaves us the least
//! counts. A channel that its operator closed to forwards needs nothing.
//!
//! Source: plan §3, plugin. Codes: `channel_depleted`, `channel_saturated`, `channel_balanced`,
//! `empty_channel`, `splice_in_flight`, `closed_to_forwards`, `not_in_normal_operation`.

use super::{LiquidityConfig, NeedType, Severity};
use crate::config::Config;
use crate::error::Error;
use crate::fleet::channel::{
    Channel, ChannelFlow, HopFee, Phase, RecentFlow, channel_record, full_share, local_share, yes,
};
use crate::fleet::health::profit::nearest;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, Msat, NodeId, Ppm, Sat, Share};

channel_record! {
    /// The channel to judge: a channel of a snapshot as it is, or its two amounts alone. Beside them
    /// `phase`, `usable`, `splicing` and `closed_to_forwards` decide; `channel_id` is named in the
    /// reasons, and the rest changes nothing.
    ClassifyInput, Option<NodeId>
}

/// How full a channel is.
#[choice]
pub enum LiquidityClass {
    /// Little is left on our side.
    Depleted,
    /// Little is left on the other side.
    Saturated,
    /// Neither, or nothing to balance.
    Balanced,
    /// Not in normal operation: not judged.
    Unusable,
}

/// How full a channel is and what it needs.
#[record(open, Copy)]
pub struct Classified {
    /// How much would bring it to balance.
    pub amount_sats: Sat,
    /// How full it is.
    pub class: LiquidityClass,
    /// The share on our side; absent for a channel without capacity.
    pub local_pct: Option<Share>,
    /// What it needs; absent when nothing.
    pub need_type: Option<NeedType>,
    /// How badly; absent when it needs nothing.
    pub severity: Option<Severity>,
}

/// What is judged of a channel.
pub(in crate::fleet) struct Judged<'c> {
    id: Option<&'c NodeId>,
    capacity_sats: Sat,
    local_sats: Sat,
    phase: Phase,
    is_splicing: bool,
    is_closed_to_forwards: bool,
}

impl<'c> From<&'c Channel> for Judged<'c> {
    fn from(channel: &'c Channel) -> Self {
        Self {
            id: Some(&channel.channel_id),
            capacity_sats: channel.capacity_sats,
            local_sats: channel.local_sats,
            phase: channel.phase_now(),
            is_splicing: channel.splicing,
            is_closed_to_forwards: channel.closed_to_forwards,
        }
    }
}

impl<'c> From<&'c ClassifyInput> for Judged<'c> {
    fn from(input: &'c ClassifyInput) -> Self {
        Self {
            id: input.channel_id.as_ref(),
            capacity_sats: input.capacity_sats,
            local_sats: input.local_sats,
            phase: input.phase_now(),
            is_splicing: input.splicing,
            is_closed_to_forwards: input.closed_to_forwards,
        }
    }
}

/// Judges a channel.
pub fn classify(
    config: &Config,
    input: &ClassifyInput,
    why: &mut Why,
) -> Result<Classified, Error> {
    Ok(judge(config, &input.into(), why))
}

/// As [`classify`], of what is judged.
pub(in crate::fleet) fn judge(config: &Config, channel: &Judged<'_>, why: &mut Why) -> Classified {
    let config = &config.liquidity;
    let subject = |reason: Reason| match channel.id {
        Some(id) => reason.about(id),
        None => reason,
    };
    let quiet = |class| Classified {
        amount_sats: Sat::MIN,
        class,
        local_pct: full_share(channel.local_sats, channel.capacity_sats),
        need_type: None,
        severity: None,
    };
    let phase = channel.phase;
    if phase != Phase::Usable {
        why.add(|| {
            let reason = Reason::new(Code::NotInNormalOperation, Effect::Unchecked);
            subject(reason.observed(phase.as_str()))
        });
        return quiet(LiquidityClass::Unusable);
    }
    if channel.is_splicing {
        why.add(|| {
            let reason = Reason::new(Code::SpliceInFlight, Effect::Warn);
            subject(reason.observed(channel.local_sats))
        });
    }
    if channel.is_closed_to_forwards {
        why.add(|| subject(Reason::new(Code::ClosedToForwards, Effect::Warn)));
        return quiet(LiquidityClass::Balanced);
    }
    let Some(local_pct) = local_share(channel.local_sats, channel.capacity_sats) else {
        why.add(|| subject(Reason::new(Code::EmptyChannel, Effect::Unchecked)));
        return quiet(LiquidityClass::Balanced);
    };
    let need = config.trouble(local_pct);
    why.add(|| subject(explain(config, channel, need, local_pct)));
    let Some((need_type, severity)) = need else {
        return quiet(LiquidityClass::Balanced);
    };
    Classified {
        amount_sats: to_balance(channel),
        class: match need_type {
            NeedType::Outbound => LiquidityClass::Depleted,
            NeedType::Inbound => LiquidityClass::Saturated,
        },
        need_type: Some(need_type),
        severity: Some(severity),
        ..quiet(LiquidityClass::Balanced)
    }
}

/// The plugin's own formula in f64; a float cast truncates.
fn to_balance(channel: &Judged<'_>) -> Sat {
    let away = (channel.capacity_sats.as_f64() * 0.5 - channel.local_sats.as_f64()).abs();
    Sat::clamped(away as u64)
}

fn explain(
    config: &LiquidityConfig,
    channel: &Judged<'_>,
    need: Option<(NeedType, Severity)>,
    local_pct: f64,
) -> Reason {
    let kind = |need: Option<(NeedType, Severity)>| need.map(|(kind, _)| kind);
    let (code, effect, limit) = match kind(need) {
        Some(NeedType::Outbound) => (Code::ChannelDepleted, Effect::Adjust, config.depleted_below),
        Some(NeedType::Inbound) => (
            Code::ChannelSaturated,
            Effect::Adjust,
            config.saturated_above,
        ),
        None => (
            Code::ChannelBalanced,
            Effect::Allow,
            const { Share::constant(0.5) },
        ),
    };
    let left = |local: u64| {
        local_share(Sat::clamped(local), channel.capacity_sats)
            .is_some_and(|pct| kind(config.trouble(pct)) != kind(need))
    };
    let now = channel.local_sats.get();
    let up = flip::first_integer(now, channel.capacity_sats.get(), left);
    let down = flip::last_integer(Sat::MIN.get(), now, left);
    Reason::new(code, effect)
        .observed(local_pct)
        .limit(limit)
        .flip_if("local_sats", nearest(now, down, up))
}
