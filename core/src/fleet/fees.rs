//! Whether our fee towards a peer moves a step because another member needs flow there. The public
//! network does the rest; no sat moves between members.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let asked = br#"{"peer_id": "03xx", "base_ppm": 1000, "needs": [
//!     {"member_id": "02aa", "peer_id": "03xx", "need_type": "outbound", "severity": "high", "tier": "struggling",
//!      "local_pct": 0.05, "capacity_sats": 5000000, "our_relevance": 0.5}]}"#;
//! let answer = Policy::plan().call("fees.adjust", asked)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""fee_ppm":950"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Laws: one step at most, however many ask, and never a step on a step; never below the floor unless
//! the base already is; never up from an intended 0; never down where we could not carry the flow.
//!
//! Source: plan §4; `legacy.fee` is the deployed plugin's own rule, outside these laws. Codes:
//! `fee_lowered`, `fee_raised`, `fee_unchanged`, `helps_tier`, `own_channel_depleted`,
//! `intended_fee_unknown`.

use super::channel::{Channel, local_share};
use super::health::Tier;
use super::liquidity::needs::{Balance, Need, order};
use super::liquidity::prioritize::Urgency;
use super::liquidity::{NeedType, Severity};
use crate::config::Config;
pub use crate::config::fees::FeesConfig;
use crate::error::Error;
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{NodeId, Ppm, Real, Sat};

/// A step that we made before.
#[record(Copy, Eq)]
pub struct FeeStep {
    /// The fee that we intended then, without the fleet.
    pub base_ppm: Ppm,
    /// The fee that was set for the fleet.
    pub fee_ppm: Ppm,
}

/// The fee to adjust, and what the fleet needs.
#[record]
pub struct AdjustInput {
    /// The fee we intend without the fleet; where it is absent, `last_step` may tell it.
    pub base_ppm: Option<Ppm>,
    /// No higher than this; the config's when absent.
    pub ceiling_ppm: Option<Ppm>,
    /// The fee that is set now.
    pub fee_in_force_ppm: Option<Ppm>,
    /// No lower than this; the config's when absent.
    pub floor_ppm: Option<Ppm>,
    /// The last step that we made here: while its fee is in force, its base is what we intend.
    pub last_step: Option<FeeStep>,
    /// What the fleet needs, as `liquidity.needs` answers.
    pub needs: Vec<Need>,
    /// Our node id; our own needs change no fee of ours.
    pub our_id: Option<NodeId>,
    /// Our own usable channels with the peer together: when they are depleted, no fee is lowered.
    pub own: Option<Balance>,
    /// The peer towards which the fee is.
    pub peer_id: NodeId,
}

/// Which way a fee moved.
#[choice]
pub enum Step {
    /// A step down, to attract flow towards the peer.
    Lowered,
    /// A step up, to slow flow towards the peer.
    Raised,
    /// None.
    Unchanged,
}

/// The fee to set.
#[record(open)]
pub struct Adjusted {
    /// The fee; absent where nobody knows what we intend without the fleet. Then `step` tells which
    /// way it should be from there.
    pub fee_ppm: Option<Ppm>,
    /// The tier of the member it helps; absent when none.
    pub for_tier: Option<Tier>,
    /// Which way it moved.
    pub step: Step,
}

/// Moves a fee by at most one step for the neediest member.
pub fn adjust(config: &Config, input: &AdjustInput, why: &mut Why) -> Result<Adjusted, Error> {
    let fee = Fee {
        base: input.base_ppm,
        ceiling: input.ceiling_ppm,
        floor: input.floor_ppm,
        in_force: input.fee_in_force_ppm,
        last_step: input.last_step,
        own: input.own,
        peer: &input.peer_id,
    };
    let theirs = |need: &&Need| {
        need.peer_id == input.peer_id && Some(&need.member_id) != input.our_id.as_ref()
    };
    adjust_for(config, &fee, input.needs.iter().filter(theirs), why)
}

/// A fee towards a peer, its bounds, and our own balance there.
pub(super) struct Fee<'f> {
    pub base: Option<Ppm>,
    pub ceiling: Option<Ppm>,
    pub floor: Option<Ppm>,
    pub in_force: Option<Ppm>,
    pub last_step: Option<FeeStep>,
    pub own: Option<Balance>,
    pub peer: &'f NodeId,
}

impl Fee<'_> {
    /// What we intend without the fleet; nothing where only the fee in force is known. The fee of a
    /// step is not intended: taken for it, a step would feed on a step.
    fn intended(&self) -> Result<Option<Ppm>, Error> {
        let step = self
            .last_step
            .filter(|step| self.in_force == Some(step.fee_ppm));
        match (self.base, step) {
            (Some(base), Some(step)) if base == step.fee_ppm => Ok(Some(step.base_ppm)),
            (Some(base), _) => Ok(Some(base)),
            (None, Some(step)) => Ok(Some(step.base_ppm)),
            (None, None) if self.in_force.is_some() => Ok(None),
            (None, None) => Err(Error::missing("base_ppm")),
        }
    }

    /// Why our own channels could not carry what a lower fee attracts.
    fn depleted(&self, config: &Config) -> Option<Reason> {
        let (own, bound) = (self.own?, config.liquidity.depleted_below);
        let share = |local: u64| local_share(Sat::clamped(local), own.capacity_sats);
        let low = |local: u64| share(local).is_some_and(|share| share < bound.get());
        let now = own.local_sats.get();
        let enough = || flip::first_integer(now, own.capacity_sats.get(), |local| !low(local));
        low(now).then(|| {
            Reason::new(Code::OwnChannelDepleted, Effect::Refuse)
                .about(self.peer)
                .observed(share(now).unwrap_or(0.0))
                .limit(bound)
                .flip_if("own.local_sats", enough())
        })
    }
}

/// What our own usable channels with a peer hold together, of those that can carry a payment to it
/// now: one that its operator closed to forwards carries none, nor does one whose peer is away. Where
/// none can now, all that are open to forwards; where none is open, all.
pub(super) fn own_balance<'c>(channels: impl Iterator<Item = &'c Channel>) -> Option<Balance> {
    let rank = |channel: &Channel| match (channel.closed_to_forwards, channel.connected) {
        (true, _) => 0_u8,
        (false, Some(false)) => 1,
        (false, _) => 2,
    };
    let mut best: Option<(u8, Balance)> = None;
    for channel in channels {
        let rank = rank(channel);
        let before = best.filter(|(known, _)| *known >= rank);
        best = Some(match before {
            Some((known, sum)) if known == rank => (rank, sum.with(channel)),
            Some(better) => better,
            None => (rank, Balance::NOTHING.with(channel)),
        });
    }
    best.map(|(_, sum)| sum)
}

impl Balance {
    const NOTHING: Self = Self {
        capacity_sats: Sat::MIN,
        local_sats: Sat::MIN,
    };

    /// The sum with a channel; more than all bitcoin stays the largest amount.
    fn with(self, channel: &Channel) -> Self {
        let sum = |a: Sat, b: Sat| a.plus(b).unwrap_or(Sat::MAX);
        Self {
            capacity_sats: sum(self.capacity_sats, channel.capacity_sats),
            local_sats: sum(self.local_sats, channel.local_sats),
        }
    }
}

/// Moves a fee by at most one step for the neediest of `needs`, all of other members at that peer.
pub(super) fn adjust_for<'n>(
    config: &Config,
    fee: &Fee<'_>,
    needs: impl Iterator<Item = &'n Need>,
    why: &mut Why,
) -> Result<Adjusted, Error> {
    let settings = &config.fees;
    let floor = fee.floor.unwrap_or(settings.floor_ppm);
    let ceiling = fee.ceiling.unwrap_or(settings.ceiling_ppm);
    if floor > ceiling {
        return Err(Error::out_of_range(
            "floor_ppm",
            floor,
            "at most ceiling_ppm",
        ));
    }
    let intended = fee.intended()?;
    let asks = |need: &&Need| {
        need.severity == Severity::High
            && need.tier <= settings.help_up_to
            && (need.need_type == NeedType::Outbound || settings.raise_for_inbound)
    };
    let depleted = fee.depleted(config);
    let lowers = |need: &&Need| need.need_type == NeedType::Outbound;
    let asking: Vec<&Need> = needs.filter(asks).collect();
    if asking.iter().any(lowers)
        && let Some(reason) = &depleted
    {
        why.add(|| reason.clone());
    }
    let able = asking.into_iter();
    let able = able.filter(|need| depleted.is_none() || !lowers(need));
    let neediest = able.min_by(|a, b| order(a, b));
    let Some(base) = intended else {
        return Ok(unnumbered(fee, neediest, why));
    };
    let to = neediest.map_or(base, |need| match need.need_type {
        NeedType::Outbound => scaled(base, settings.lower_by).max(base.min(floor)),
        NeedType::Inbound => scaled(base, settings.raise_by).min(base.max(ceiling)),
    });
    let (step, code) = match to.cmp(&base) {
        std::cmp::Ordering::Less => (Step::Lowered, Code::FeeLowered),
        std::cmp::Ordering::Greater => (Step::Raised, Code::FeeRaised),
        std::cmp::Ordering::Equal => (Step::Unchanged, Code::FeeUnchanged),
    };
    let effect = if step == Step::Unchanged {
        Effect::Allow
    } else {
        Effect::Adjust
    };
    why.add(|| {
        Reason::new(code, effect)
            .about(fee.peer)
            .observed(to)
            .limit(base)
    });
    Ok(Adjusted {
        fee_ppm: Some(to),
        for_tier: helped(neediest.filter(|_| step != Step::Unchanged), why),
        step,
    })
}

/// The tier that a step helps, told.
fn helped(neediest: Option<&Need>, why: &mut Why) -> Option<Tier> {
    let tier = neediest?.tier;
    why.add(|| Reason::new(Code::HelpsTier, Effect::Adjust).observed(tier.as_str()));
    Some(tier)
}

/// A step from a fee that only the operator knows.
fn unnumbered(fee: &Fee<'_>, neediest: Option<&Need>, why: &mut Why) -> Adjusted {
    why.add(|| {
        let reason = Reason::new(Code::IntendedFeeUnknown, Effect::Unchecked).about(fee.peer);
        match fee.in_force {
            Some(in_force) => reason.observed(in_force),
            None => reason,
        }
    });
    Adjusted {
        fee_ppm: None,
        for_tier: helped(neediest, why),
        step: match neediest.map(|need| need.need_type) {
            Some(NeedType::Outbound) => Step::Lowered,
            Some(NeedType::Inbound) => Step::Raised,
            None => Step::Unchanged,
        },
    }
}

/// A float cast truncates and saturates.
fn scaled(base: Ppm, factor: Real) -> Ppm {
    Ppm::clamped((f64::from(base.get()) * factor.get()) as u32)
}

/// The deployed fee controller's question.
#[record]
pub struct LegacyFeeInput {
    /// The fee we intend without the fleet.
    pub base_ppm: Ppm,
    /// Its highest fee.
    pub max_fee_ppm: Ppm,
    /// Its lowest fee.
    pub min_fee_ppm: Ppm,
    /// The fleet's needs in its own order.
    pub needs: Vec<LegacyNeed>,
    /// The peer towards which the fee is.
    pub peer_id: NodeId,
}

/// A need as the deployed plugin words it.
#[record]
pub struct LegacyNeed {
    /// The member's tier: any word of either scale; a need without one, or with one that is not to
    /// be helped, is passed over.
    pub health_tier: Option<String>,
    /// What is needed.
    pub need_type: LegacyNeedType,
    /// The peer.
    pub peer_id: NodeId,
    /// How badly.
    pub severity: Urgency,
}

/// What the deployed plugin knows to be needed.
#[choice]
pub enum LegacyNeedType {
    /// Room to receive.
    Inbound,
    /// Room to send.
    Outbound,
    /// Neither; passed over.
    Rebalance,
}

/// The deployed fee controller's answer.
#[record(open, Copy)]
pub struct LegacyFee {
    /// The fee.
    pub fee_ppm: Ppm,
}

/// The deployed plugin's rule as it stands: the first matching need decides, a 0 is lifted.
pub fn legacy_fee(_: &Config, input: &LegacyFeeInput, why: &mut Why) -> Result<LegacyFee, Error> {
    const HELPED: [Tier; 2] = [Tier::Struggling, Tier::Vulnerable];
    let matches = |need: &&LegacyNeed| {
        need.peer_id == input.peer_id
            && matches!(need.severity, Urgency::Critical | Urgency::High)
            && HELPED
                .iter()
                .any(|tier| need.health_tier.as_deref() == Some(tier.as_str()))
            && need.need_type != LegacyNeedType::Rebalance
    };
    let base = input.base_ppm;
    let first = input.needs.iter().find(matches).map(|need| need.need_type);
    let fee = match first {
        Some(LegacyNeedType::Outbound) => {
            scaled(base, const { Real::constant(0.95) }).max(input.min_fee_ppm)
        }
        Some(LegacyNeedType::Inbound) => {
            scaled(base, const { Real::constant(1.05) }).min(input.max_fee_ppm)
        }
        Some(LegacyNeedType::Rebalance) | None => base,
    };
    let code = match fee.cmp(&base) {
        std::cmp::Ordering::Less => Code::FeeLowered,
        std::cmp::Ordering::Greater => Code::FeeRaised,
        std::cmp::Ordering::Equal => Code::FeeUnchanged,
    };
    why.add(|| {
        Reason::new(code, Effect::Adjust)
            .about(&input.peer_id)
            .observed(fee)
            .limit(base)
    });
    Ok(LegacyFee { fee_ppm: fee })
}
