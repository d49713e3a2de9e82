//! The channel that should be filled, and whether that is welcome at all, whatever it is worth.

use super::flow::{Flow, FlowKind};
use super::{Model, RebalanceConfig};
use crate::fleet::channel::{Phase, yes};
use crate::flip;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, NodeId, Ppm, Real, Sat};

/// The channel that should be filled.
#[record]
pub struct Destination {
    /// How old it is, in days; old when absent.
    pub age_days: Option<Count>,
    /// The fee that was announced last, where it differs; 0 when none was.
    #[serde(default)]
    pub broadcast_fee_ppm: Ppm,
    /// Its capacity.
    pub capacity_sats: Sat,
    /// How it earned so far.
    #[serde(default)]
    pub class: ChannelClass,
    /// Whether its peer is online.
    #[serde(default = "yes")]
    pub connected: bool,
    /// What we charge there.
    pub fee_ppm: Ppm,
    /// What moved through it.
    pub flow: Option<Flow>,
    /// The part on our side; what it can send when absent.
    pub local_sats: Option<Sat>,
    /// What the last sats spent on it returned.
    pub marginal_roi: Option<Real>,
    /// The peer at the other end.
    pub peer_id: Option<NodeId>,
    /// Where it is in its life; usable when absent.
    pub phase: Option<Phase>,
    /// What it can receive now.
    pub receivable_sats: Option<Sat>,
    /// What it can send now.
    pub spendable_sats: Sat,
    /// For what percentage of the last day its peer was online.
    pub uptime_pct: Option<Real>,
}

impl Destination {
    /// The most that can arrive.
    pub(super) fn room(&self) -> Sat {
        room(
            self.capacity_sats,
            self.local_sats,
            self.receivable_sats,
            self.spendable_sats,
        )
    }
}

/// The most that can arrive in a channel: each number that is told bounds it, whichever others are
/// absent. What waits in HTLCs is not spendable and takes its place all the same.
pub(super) fn room(
    capacity: Sat,
    local: Option<Sat>,
    receivable: Option<Sat>,
    spendable: Sat,
) -> Sat {
    let local = local.unwrap_or(spendable).max(spendable);
    let room = capacity.less(local);
    receivable.map_or(room, |most| most.min(room))
}

/// Of a wanted amount what fits into the room; none where nothing fits. `asked`: the caller named
/// the amount, and could name a smaller one.
pub(super) fn cut_to_room(wanted: Sat, room: Sat, asked: bool, why: &mut Why) -> Option<Sat> {
    if wanted <= room {
        return Some(wanted);
    }
    let nothing = room == Sat::MIN;
    let asked_less = (asked && !nothing).then_some(room);
    why.add(|| {
        let effect = if nothing {
            Effect::Refuse
        } else {
            Effect::Adjust
        };
        Reason::new(Code::AmountCutToReceivable, effect)
            .observed(wanted)
            .limit(room)
            .flip_if("amount_sats", asked_less)
    });
    (!nothing).then_some(room)
}

/// How a channel earned so far.
#[choice(Default)]
pub enum ChannelClass {
    /// More than it cost.
    Profitable,
    /// About what it cost.
    #[default]
    BreakEven,
    /// Less than it cost.
    Underwater,
    /// Less than it cost, and nothing moves.
    StagnantCandidate,
    /// Less than it cost, and every attempt to help failed.
    Zombie,
}

/// Every reason for which it is not.
pub(super) fn refusals(settings: &RebalanceConfig, destination: &Destination) -> Vec<Reason> {
    let mut refusals = Vec::new();
    let refuse = |code| Reason::new(code, Effect::Refuse);
    let flow = destination.flow.unwrap_or_default();
    if flow.kind == FlowKind::Sink {
        refusals.push(refuse(Code::DestinationIsSink));
    }
    let uptime = destination
        .uptime_pct
        .unwrap_or(const { Real::constant(100.0) });
    // The deployed plugin judges by uptime alone, and knows neither phases nor a first week.
    let demand = settings.model == Model::Demand;
    let gone = demand && !destination.connected;
    if gone || uptime < settings.min_uptime_pct {
        let back = Some(settings.min_uptime_pct).filter(|_| !gone);
        refusals.push(
            refuse(Code::DestinationOffline)
                .observed(uptime)
                .limit(settings.min_uptime_pct)
                .flip_if("uptime_pct", back),
        );
    }
    if destination.class == ChannelClass::Zombie {
        refusals.push(refuse(Code::DestinationZombie));
    }
    let roi = destination.marginal_roi.unwrap_or_default();
    if destination.class == ChannelClass::Underwater && roi.get() <= 0.0 {
        refusals.push(
            refuse(Code::DestinationUnderwater)
                .observed(roi)
                .flip("marginal_roi", flip::above(0.0)),
        );
    }
    if demand {
        refusals.extend(unusable(destination));
    }
    refusals
}

/// A first week without a sale says nothing: on a real node it foretold neither use nor disuse.
const FIRST_WEEK_DAYS: u32 = 7;

fn unusable(destination: &Destination) -> Vec<Reason> {
    let mut refusals = Vec::new();
    let refuse = |code| Reason::new(code, Effect::Refuse);
    if destination
        .phase
        .is_some_and(|phase| phase != Phase::Usable)
    {
        refusals.push(refuse(Code::NotInNormalOperation));
    }
    let flow = destination.flow.unwrap_or_default();
    let sold = flow.days_out.unwrap_or_default() > Count::MIN || flow.sats_out > Sat::MIN;
    let young = destination
        .age_days
        .filter(|age| age.get() < FIRST_WEEK_DAYS);
    if let Some(age) = young.filter(|_| !sold) {
        refusals.push(
            refuse(Code::ChannelTooYoung)
                .observed(age)
                .limit(u64::from(FIRST_WEEK_DAYS))
                .flip("age_days", u64::from(FIRST_WEEK_DAYS)),
        );
    }
    refusals
}
