//! Our own channels with a peer: what counts of them, and how much one of them can give.

use crate::error::Error;
use crate::fleet::channel::{Channel, Phase, each_once};
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{NodeId, Sat};

/// One of our channels with the peer.
#[record(Default)]
pub struct OwnChannel {
    /// What it will hold when the splices that are under way have confirmed.
    pub after_pending_sats: Option<Sat>,
    /// What it holds confirmed.
    pub capacity_sats: Sat,
    /// Its id.
    pub channel_id: Option<NodeId>,
    /// The part on our side.
    pub local_sats: Option<Sat>,
    /// Where it is in its life; usable when absent.
    pub phase: Option<Phase>,
    /// What must stay on our side; a hundredth of the capacity when absent.
    pub reserve_sats: Option<Sat>,
    /// What it can send now: HTLCs cannot leave.
    pub spendable_sats: Option<Sat>,
    /// Whether a splice is under way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub splicing: bool,
}

/// Our own side.
#[record(Default)]
pub struct Ours {
    /// Our channels with the peer.
    #[serde(default)]
    pub channels: Vec<OwnChannel>,
    /// Our node id; a report under this id never counts as another member's.
    pub node_id: Option<NodeId>,
}

impl OwnChannel {
    /// What counts of a channel of ours.
    #[must_use]
    pub fn of(channel: &Channel) -> Self {
        Self {
            after_pending_sats: channel.pending_capacity_sats,
            capacity_sats: channel.capacity_sats,
            channel_id: Some(channel.channel_id.clone()),
            local_sats: Some(channel.local_sats),
            phase: channel.phase,
            reserve_sats: channel.reserve_sats,
            spendable_sats: channel.spendable_sats,
            splicing: channel.splicing,
        }
    }

    fn is_usable(&self) -> bool {
        self.phase.is_none_or(|phase| phase == Phase::Usable)
    }

    /// What is sure to remain of it, whichever splice confirms.
    fn held(&self) -> Sat {
        let after = self.after_pending_sats.unwrap_or(self.capacity_sats);
        self.capacity_sats.min(after)
    }

    /// Whether anything is known of what is on our side.
    const fn is_told(&self) -> bool {
        self.local_sats.is_some() || self.spendable_sats.is_some()
    }

    /// The most that a splice can take out of it: nothing while another is under way, and never
    /// more than it holds, where nobody knows more.
    fn gives(&self) -> Sat {
        if self.splicing || self.after_pending_sats.is_some() {
            return Sat::MIN;
        }
        let hundredth = Sat::clamped(self.capacity_sats.get().div_ceil(100));
        let reserve = self.reserve_sats.unwrap_or(hundredth);
        let own = self.local_sats.map(|local| local.less(reserve));
        let most = self.spendable_sats.unwrap_or(self.capacity_sats);
        own.unwrap_or(most).min(most).min(self.capacity_sats)
    }
}

/// What counts of our side.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnSide {
    /// What we hold with the peer, without what is leaving.
    pub held: Sat,
    /// The most that one splice can take out; none where no balance is known.
    pub gives: Option<Sat>,
}

impl Ours {
    /// Adds our side up. Two exits of ours must not both count the same sats: each takes its own
    /// away first.
    pub(super) fn count(
        &self,
        named: Option<&NodeId>,
        in_flight: &[Sat],
        why: &mut Why,
    ) -> Result<OwnSide, Error> {
        let mut held = Sat::MIN;
        for channel in &self.channels {
            if channel.is_usable() {
                held = held.plus(channel.held())?;
            } else {
                why.add(|| {
                    let reason = Reason::new(Code::NotInNormalOperation, Effect::Warn);
                    match &channel.channel_id {
                        Some(id) => reason.about(id),
                        None => reason,
                    }
                });
            }
        }
        let mut leaving = Sat::MIN;
        for exit in in_flight {
            leaving = leaving.plus(*exit)?;
        }
        if leaving > Sat::MIN {
            why.add(|| {
                Reason::new(Code::ExitsInFlight, Effect::Adjust)
                    .observed(leaving)
                    .limit(held)
            });
        }
        Ok(OwnSide {
            held: held.less(leaving),
            gives: self.gives(named).map(|most| most.less(leaving)),
        })
    }

    fn givers<'o>(&'o self, named: Option<&'o NodeId>) -> impl Iterator<Item = &'o OwnChannel> {
        let usable = self.channels.iter().filter(|channel| channel.is_usable());
        usable.filter(move |channel| named.is_none() || channel.channel_id.as_ref() == named)
    }

    /// A splice changes one channel: the most that one gives. Where we have channels and none of
    /// them can be spliced now, that is nothing, whatever their balances are.
    fn gives(&self, named: Option<&NodeId>) -> Option<Sat> {
        if !self.channels.is_empty() && self.givers(named).all(|channel| channel.splicing) {
            return Some(Sat::MIN);
        }
        let told = self.givers(named).any(OwnChannel::is_told);
        let most = self.givers(named).map(OwnChannel::gives).max();
        most.filter(|_| told)
    }

    /// Whether the balance of a channel that may give is unknown.
    pub(super) fn keeps_a_secret(&self, named: Option<&NodeId>) -> bool {
        let mut able = self.givers(named).filter(|channel| !channel.splicing);
        able.any(|channel| !channel.is_told())
    }

    /// Refuses a channel that is listed twice: it would count twice.
    pub(super) fn each_once(&self) -> Result<(), Error> {
        let ids = self.channels.iter();
        let ids = ids.filter_map(|channel| channel.channel_id.as_ref());
        each_once(ids, "ours.channels")
    }
}
