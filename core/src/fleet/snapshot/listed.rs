//! What a node lists as its channels: in which phase each is, what it holds and what can move.
//!
//! A list names more than can be used: channels in the making, closing ones, two under one id. Each
//! is told and none stops the rest.

use super::LeftOut;
use super::raw::{ClnInput, Inflight, PeerChannel};
use crate::canonical;
use crate::error::Error;
use crate::fleet::channel::{Channel, HopFee, Phase};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Set;
use crate::units::{Count, Msat, NodeId, Sat};

/// A forward that may carry less than this carries nothing.
const LEAST_FORWARD: Msat = Msat::constant(1000);
const BLOCKS_A_DAY: u32 = 144;

/// What the node lists.
pub(super) struct Listed<'i> {
    /// Every channel with an id and amounts, by id.
    pub channels: Vec<Channel>,
    /// The entry of each of them.
    pub entries: Vec<&'i PeerChannel>,
    /// Every entry that could be read, under whatever name it forwards.
    pub all: Vec<&'i PeerChannel>,
    /// What is in no number.
    pub left_out: LeftOut,
}

/// One entry with what stands around it.
#[derive(Clone, Copy)]
struct Seen<'i> {
    raw: &'i PeerChannel,
    peer: Option<&'i NodeId>,
    connected: Option<bool>,
    phase: Phase,
}

/// Reads the list.
pub(super) fn listed<'i>(input: &'i ClnInput, why: &mut Why) -> Result<Listed<'i>, Error> {
    let (mut seen, bad, unreadable) = entries(input, why)?;
    sorting::by(&mut seen, |a, b| {
        let places = a.place().cmp(&b.place());
        places.then_with(|| a.rest().cmp(&b.rest()))
    });
    let mut listed = Listed {
        channels: Vec::with_capacity(seen.len()),
        entries: Vec::with_capacity(seen.len()),
        all: seen.iter().map(|one| one.raw).collect(),
        left_out: LeftOut::default(),
    };
    let usable = seen.iter().filter(|one| one.phase == Phase::Usable).count();
    let total = seen.len() + unreadable;
    why.add(|| {
        Reason::new(Code::SnapshotTaken, Effect::Allow)
            .observed(usable as u64)
            .limit(total as u64)
    });
    listed.left_out.set_aside = count_of(unreadable);
    let height = input.getinfo.blockheight;
    for same in seen.chunk_by(|a, b| a.id().is_some() && a.id() == b.id()) {
        listed.add(same, &bad, height, why);
    }
    Ok(listed)
}

/// Every readable entry; the ids of the others and how many they are.
type Read<'i> = (Vec<Seen<'i>>, Set<String>, usize);

fn entries<'i>(input: &'i ClnInput, why: &mut Why) -> Result<Read<'i>, Error> {
    let mut bad = Why::off();
    let mut seen = Vec::new();
    match (&input.listpeerchannels, &input.listpeers) {
        (Some(answer), _) => {
            let here = answer.channels.each(&mut bad).iter();
            seen.extend(here.map(|raw| Seen::of(raw, None)));
        }
        (None, Some(answer)) => {
            for peer in answer.peers.each(why) {
                let here = peer.channels.each(&mut bad).iter();
                seen.extend(here.map(|raw| Seen::of(raw, Some((&peer.id, peer.connected)))));
            }
        }
        (None, None) => return Err(Error::missing("listpeerchannels")),
    }
    let (_, bad) = bad.finish();
    let unreadable = bad.len();
    let ids = bad.iter().map(|aside| aside.subject.clone()).collect();
    for aside in bad {
        why.quarantine(aside.subject, aside.error);
    }
    Ok((seen, ids, unreadable))
}

impl<'i> Seen<'i> {
    fn of(raw: &'i PeerChannel, around: Option<(&'i NodeId, Option<bool>)>) -> Self {
        let (peer, connected) = around.unzip();
        let in_step = raw.reestablished.unwrap_or(true);
        let there = raw.peer_connected.or(connected.flatten());
        Self {
            raw,
            peer: raw.peer_id.as_ref().or(peer),
            connected: match in_step {
                true => there,
                false => Some(false),
            },
            phase: phase(raw),
        }
    }

    fn id(&self) -> Option<&'i NodeId> {
        self.raw.channel_id.as_ref()
    }

    /// An order that does not depend on the node's: the usable one of an id first.
    fn place(&self) -> impl Ord + use<'i> {
        let raw = self.raw;
        let first = match self.phase {
            Phase::Usable => 0,
            Phase::Opening => 1,
            Phase::Closing => 2,
            Phase::Unknown => 3,
            Phase::Proposed => 4,
        };
        (
            self.id(),
            first,
            self.peer,
            &raw.short_channel_id,
            raw.to_us_msat,
            raw.total_msat,
            &raw.state,
        )
    }

    /// What is left of an entry whose place another one has too: one channel seen at two moments.
    fn rest(&self) -> impl Ord + use<> {
        (self.connected, canonical::text(self.raw).ok())
    }

    /// What a reason calls it.
    fn name(&self) -> &'i str {
        self.id().or(self.peer).map_or("", NodeId::as_str)
    }
}

impl<'i> Listed<'i> {
    /// Adds the entries of one id, or a single one without an id.
    fn add(&mut self, same: &[Seen<'i>], bad: &Set<String>, height: Option<Count>, why: &mut Why) {
        let usable = same.iter().filter(|one| one.phase == Phase::Usable).count();
        // Nobody can tell what an unreadable entry of this id is.
        let unclear = same
            .iter()
            .any(|one| one.id().is_some_and(|id| bad.contains(id.as_str())));
        for (rank, one) in same.iter().enumerate() {
            let twice = one.phase == Phase::Usable && (usable > 1 || unclear);
            if twice {
                let name = one.name();
                self.set_aside(name, Error::duplicate("channel_id", name), why);
                continue;
            }
            if one.phase != Phase::Usable {
                self.explain(one, why);
            }
            if rank > 0 {
                why.add(|| Reason::new(Code::DuplicateChannelId, Effect::Warn).about(one.name()));
                increment(&mut self.left_out.duplicate);
                continue;
            }
            if let Some(left_out) = self.left_out.of(one.phase) {
                increment(left_out);
            }
            match one.channel(height) {
                Ok(Some(channel)) => {
                    explain_splice(&channel, one.raw, why);
                    self.channels.push(channel);
                    self.entries.push(one.raw);
                }
                Ok(None) => {}
                Err(error) => self.set_aside(one.name(), error, why),
            }
        }
    }

    fn set_aside(&mut self, name: &str, error: Error, why: &mut Why) {
        increment(&mut self.left_out.set_aside);
        why.quarantine(name, error);
    }

    fn explain(&self, one: &Seen<'i>, why: &mut Why) {
        why.add(|| {
            Reason::new(Code::NotInNormalOperation, Effect::Unchecked)
                .about(one.name())
                .observed(one.phase.as_str())
        });
    }
}

impl LeftOut {
    /// The number of a phase that does not count.
    const fn of(&mut self, phase: Phase) -> Option<&mut Count> {
        match phase {
            Phase::Usable => None,
            Phase::Proposed => Some(&mut self.proposed),
            Phase::Opening => Some(&mut self.opening),
            Phase::Closing => Some(&mut self.closing),
            Phase::Unknown => Some(&mut self.unknown),
        }
    }
}

/// One more.
pub(super) fn increment(count: &mut Count) {
    *count = Count::clamped(count.get().saturating_add(1));
}

pub(super) fn count_of(n: usize) -> Count {
    Count::clamped(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The phase of a state. `reestablished` stays true while a channel closes: it says nothing here.
fn phase(raw: &PeerChannel) -> Phase {
    if raw.lost_state == Some(true) {
        return Phase::Closing;
    }
    match raw.state.as_str() {
        "OPENINGD" | "DUALOPEND_OPEN_INIT" | "DUALOPEND_OPEN_COMMIT_READY" => Phase::Proposed,
        "DUALOPEND_OPEN_COMMITTED" | "DUALOPEND_AWAITING_LOCKIN" | "CHANNELD_AWAITING_LOCKIN" => {
            Phase::Opening
        }
        NORMAL | AWAITING_SPLICE => Phase::Usable,
        "CHANNELD_SHUTTING_DOWN"
        | "CLOSINGD_SIGEXCHANGE"
        | "CLOSINGD_COMPLETE"
        | "AWAITING_UNILATERAL"
        | "FUNDING_SPEND_SEEN"
        | "ONCHAIN"
        | "CLOSED" => Phase::Closing,
        _ => Phase::Unknown,
    }
}

const NORMAL: &str = "CHANNELD_NORMAL";
const AWAITING_SPLICE: &str = "CHANNELD_AWAITING_SPLICE";

impl Seen<'_> {
    /// The channel; nothing where one that is not usable lacks what a channel has.
    fn channel(&self, height: Option<Count>) -> Result<Option<Channel>, Error> {
        let raw = self.raw;
        let usable = self.phase == Phase::Usable;
        let known = (self.id(), self.peer, raw.to_us_msat, raw.total_msat);
        let (Some(id), Some(peer), Some(to_us), Some(total)) = known else {
            let missing = match known {
                (None, ..) => "channel_id",
                (_, None, ..) => "peer_id",
                (_, _, None, _) => "to_us_msat",
                _ => "total_msat",
            };
            return match usable {
                true => Err(Error::missing(missing)),
                false => Ok(None),
            };
        };
        let splicing = usable && raw.state == AWAITING_SPLICE;
        let splices = match &raw.inflight {
            Some(inflight) if splicing => inflight.as_slice(),
            _ => &[],
        };
        let amounts = Amounts::of(to_us.get(), total.get(), splices);
        let closed = raw
            .maximum_htlc_out_msat
            .is_some_and(|most| most.get() < LEAST_FORWARD);
        let reserve = raw
            .our_reserve_msat
            .map(|reserve| reserve.get().get().div_ceil(1000));
        Ok(Some(Channel {
            age_days: age(raw, height),
            closed_to_forwards: closed,
            connected: self.connected,
            fee_base_msat: raw.fee_base_msat.map(|fee| fee.get()),
            fee_ppm: raw.fee_proportional_millionths,
            last_hop: last_hop(raw),
            pending_capacity_sats: splicing.then_some(amounts.least_capacity),
            phase: Some(self.phase),
            private: raw.private.unwrap_or(false),
            receivable_sats: raw
                .receivable_msat
                .map(|n| less(n.get(), amounts.receive_less)),
            reserve_sats: Some(Sat::clamped(
                reserve.unwrap_or(amounts.capacity.get().div_ceil(100)),
            )),
            short_channel_id: raw.short_channel_id.clone(),
            spendable_sats: raw
                .spendable_msat
                .map(|n| less(n.get(), amounts.spend_less)),
            splicing,
            usable,
            ..Channel::plain(id.clone(), peer.clone(), amounts.local, amounts.capacity)
        }))
    }
}

/// The fees that the peer announced; before 24.02 only the graph has them.
fn last_hop(raw: &PeerChannel) -> Option<HopFee> {
    let remote = raw.updates.as_ref()?.remote.as_ref()?;
    Some(HopFee {
        base_msat: remote.fee_base_msat.get(),
        ppm: remote.fee_proportional_millionths,
    })
}

/// Whole days since the block of its place in the chain. No channel is in the first block: a place
/// there stands for one that is not known yet.
fn age(raw: &PeerChannel, height: Option<Count>) -> Option<Count> {
    let place = raw.short_channel_id.as_ref()?.as_str();
    let (block, _) = place.split_once('x')?;
    let block: u32 = block.parse().ok().filter(|block| *block > 0)?;
    Some(Count::clamped(
        height?.get().saturating_sub(block) / BLOCKS_A_DAY,
    ))
}

/// What is left, in whole sats.
fn less(msat: Msat, part: i128) -> Sat {
    let left = i128::from(msat.get()).saturating_sub(part).max(0);
    Sat::clamped(u64::try_from(left / 1000).unwrap_or(0))
}

/// What a channel holds, and by how much less can move than the node says.
struct Amounts {
    local: Sat,
    capacity: Sat,
    least_capacity: Sat,
    spend_less: i128,
    receive_less: i128,
}

impl Amounts {
    /// Nobody knows which of the splices in flight confirms, or whether one does: the outcome that
    /// leaves us the least counts. Our node takes a payment beyond it, and the peer drops the
    /// connection.
    fn of(to_us: Msat, total: Msat, splices: &[Inflight]) -> Self {
        let (to_us, total) = (i128::from(to_us.get()), i128::from(total.get()));
        let mut least = (to_us, total);
        let mut least_capacity = total;
        let (mut spend_less, mut receive_less) = (0, 0);
        for splice in splices {
            let capacity = i128::from(splice.total_funding_msat.get().get());
            let grown = capacity - total;
            // A node that does not say who takes out may mean either side.
            let (ours, theirs) = match splice.splice_amount {
                Some(amount) => {
                    let ours = i128::from(amount.get()) * 1000;
                    (ours, grown - ours)
                }
                None => (grown.min(0), grown.min(0)),
            };
            least = least.min(((to_us + ours).max(0), capacity));
            least_capacity = least_capacity.min(capacity);
            spend_less = spend_less.max(-ours);
            receive_less = receive_less.max(-theirs);
        }
        Self {
            local: sats(least.0),
            capacity: sats(least.1),
            least_capacity: sats(least_capacity),
            spend_less,
            receive_less,
        }
    }
}

fn sats(msat: i128) -> Sat {
    Sat::clamped(u64::try_from(msat / 1000).unwrap_or(0))
}

fn explain_splice(channel: &Channel, raw: &PeerChannel, why: &mut Why) {
    if channel.splicing {
        why.add(|| {
            let before = raw.to_us_msat.unwrap_or_default().get().floor();
            Reason::new(Code::SpliceInFlight, Effect::Warn)
                .about(&channel.channel_id)
                .observed(channel.local_sats)
                .limit(before)
        });
    }
    if channel.closed_to_forwards && channel.usable {
        why.add(|| Reason::new(Code::ClosedToForwards, Effect::Warn).about(&channel.channel_id));
    }
}
