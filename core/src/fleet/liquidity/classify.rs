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
use crate::fleet::channel::{ChannelFlow, HopFee, Phase, RecentFlow, full_share, local_share, yes};
use crate::fleet::health::profit::nearest;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, Msat, NodeId, Ppm, Sat, Share};

/// The channel to judge; a channel of a snapshot as it is, or its two amounts alone.
#[record]
pub struct ClassifyInput {
    /// How old it is, in whole days; changes nothing.
    pub age_days: Option<Count>,
    /// Whether the graph shows it; changes nothing.
    pub announced: Option<bool>,
    /// Its whole capacity.
    pub capacity_sats: Sat,
    /// Its id; only named in the reasons.
    pub channel_id: Option<NodeId>,
    /// Whether its operator lets no forward out through it: then it needs nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed_to_forwards: bool,
    /// Whether the peer is there; changes nothing.
    pub connected: Option<bool>,
    /// Our fee for each forward; changes nothing.
    pub fee_base_msat: Option<Msat>,
    /// Our fee rate on it; changes nothing.
    pub fee_ppm: Option<Ppm>,
    /// What others sent through it; changes nothing.
    pub flow: Option<ChannelFlow>,
    /// What the last hop into it costs; changes nothing.
    pub last_hop: Option<HopFee>,
    /// The part on our side.
    pub local_sats: Sat,
    /// The node at the other end; changes nothing.
    pub peer_id: Option<NodeId>,
    /// The smallest capacity that a splice in flight may leave; changes nothing.
    pub pending_capacity_sats: Option<Sat>,
    /// Where it is in its life; absent: as `usable` says.
    pub phase: Option<Phase>,
    /// Whether it is not to be announced; changes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// What can be received; changes nothing.
    pub receivable_sats: Option<Sat>,
    /// What others sent through it of late; changes nothing.
    pub recent_flow: Option<RecentFlow>,
    /// What has to stay on our side; changes nothing.
    pub reserve_sats: Option<Sat>,
    /// What rebalances into it cost; changes nothing.
    pub route_cost_ppm: Option<Ppm>,
    /// Its place in the chain; changes nothing.
    pub short_channel_id: Option<NodeId>,
    /// What can be sent; changes nothing.
    pub spendable_sats: Option<Sat>,
    /// Whether a splice is in flight.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub splicing: bool,
    /// Whether it is in normal operation.
    #[serde(default = "yes")]
    pub usable: bool,
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

/// Judges a channel.
pub fn classify(
    config: &Config,
    input: &ClassifyInput,
    why: &mut Why,
) -> Result<Classified, Error> {
    let config = &config.liquidity;
    let subject = |reason: Reason| match &input.channel_id {
        Some(id) => reason.about(id),
        None => reason,
    };
    let quiet = |class| Classified {
        amount_sats: Sat::MIN,
        class,
        local_pct: full_share(input.local_sats, input.capacity_sats),
        need_type: None,
        severity: None,
    };
    let phase = input.phase();
    if phase != Phase::Usable {
        why.add(|| {
            let reason = Reason::new(Code::NotInNormalOperation, Effect::Unchecked);
            subject(reason.observed(phase.as_str()))
        });
        return Ok(quiet(LiquidityClass::Unusable));
    }
    if input.splicing {
        why.add(|| {
            let reason = Reason::new(Code::SpliceInFlight, Effect::Warn);
            subject(reason.observed(input.local_sats))
        });
    }
    if input.closed_to_forwards {
        why.add(|| subject(Reason::new(Code::ClosedToForwards, Effect::Warn)));
        return Ok(quiet(LiquidityClass::Balanced));
    }
    let Some(local_pct) = local_share(input.local_sats, input.capacity_sats) else {
        why.add(|| subject(Reason::new(Code::EmptyChannel, Effect::Unchecked)));
        return Ok(quiet(LiquidityClass::Balanced));
    };
    let need = config.trouble(local_pct);
    why.add(|| subject(explain(config, input, need, local_pct)));
    let Some((need_type, severity)) = need else {
        return Ok(quiet(LiquidityClass::Balanced));
    };
    Ok(Classified {
        amount_sats: to_balance(input),
        class: match need_type {
            NeedType::Outbound => LiquidityClass::Depleted,
            NeedType::Inbound => LiquidityClass::Saturated,
        },
        need_type: Some(need_type),
        severity: Some(severity),
        ..quiet(LiquidityClass::Balanced)
    })
}

impl ClassifyInput {
    /// Where the channel is in its life.
    fn phase(&self) -> Phase {
        let told = match self.usable || self.splicing {
            true => Phase::Usable,
            false => Phase::Unknown,
        };
        self.phase.unwrap_or(told)
    }
}

/// The plugin's own formula in f64; a float cast truncates.
fn to_balance(input: &ClassifyInput) -> Sat {
    let away = (input.capacity_sats.as_f64() * 0.5 - input.local_sats.as_f64()).abs();
    Sat::clamped(away as u64)
}

fn explain(
    config: &LiquidityConfig,
    input: &ClassifyInput,
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
        local_share(Sat::clamped(local), input.capacity_sats)
            .is_some_and(|pct| kind(config.trouble(pct)) != kind(need))
    };
    let now = input.local_sats.get();
    let up = flip::first_integer(now, input.capacity_sats.get(), left);
    let down = flip::last_integer(Sat::MIN.get(), now, left);
    Reason::new(code, effect)
        .observed(local_pct)
        .limit(limit)
        .flip_if("local_sats", nearest(now, down, up))
}
