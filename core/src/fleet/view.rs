//! Which members count in a question about the fleet: not ourselves, not the stale, not the
//! implausible; and which peers are external.

use super::book::directory::Directory;
use super::channel::Channel;
use super::member::{Activity, CLOCKS_DIFFER, Member, Us, is_ahead, is_fresh};
use crate::entries::Entries;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::Set;
use crate::units::{Count, NodeId, Sat, Seconds};

/// The fleet as we know it.
#[record]
pub struct FleetInput {
    /// Only so many entries of the answer; all when absent.
    pub first: Option<Count>,
    /// What each member reported last; our own report is skipped.
    #[serde(default)]
    pub members: Entries<Member>,
    /// The present moment.
    pub now: Seconds,
    /// We ourselves.
    pub us: Us,
}

/// The members that count, and what is external to the fleet.
pub(super) struct View<'f> {
    /// The other members that count, by id.
    pub others: Vec<&'f Member>,
    /// Our channels that count, to external peers, by id.
    pub channels: Vec<&'f Channel>,
    /// Our channels to external peers that are on their way, by id.
    pub opening: Vec<&'f Channel>,
    pub fleet: Fleet<'f>,
    pub us: &'f Us,
    pub now: Seconds,
}

/// The ids of all members, we included.
pub(super) enum Fleet<'f> {
    /// As an input lists them.
    Listed(Set<&'f str>),
    /// As a book keeps them.
    Kept(&'f Directory<()>),
}

impl<'f> View<'f> {
    /// Reports older than `max_age` are dropped with a reason.
    pub fn of(
        members: &'f Entries<Member>,
        us: &'f Us,
        now: Seconds,
        max_age: Seconds,
        why: &mut Why,
    ) -> Self {
        let members = members.usable(why);
        let mut fleet: Set<&str> = members.iter().map(|one| one.member_id.as_str()).collect();
        fleet.insert(us.node_id.as_str());
        let others = members
            .into_iter()
            .filter(|member| member.member_id != us.node_id && may_count(member, now, max_age, why))
            .collect();
        let mut view = Self {
            others,
            channels: Vec::new(),
            opening: Vec::new(),
            fleet: Fleet::Listed(fleet),
            us,
            now,
        };
        let mut channels = us.channels.usable(why);
        channels.retain(|channel| view.is_external(&channel.peer_id));
        let all = channels.iter().copied();
        view.opening = all.filter(|channel| channel.is_opening()).collect();
        channels.retain(|channel| channel.counts());
        view.channels = channels;
        view
    }

    /// Whether `peer` is neither a member nor we.
    pub fn is_external(&self, peer: &NodeId) -> bool {
        match &self.fleet {
            Fleet::Listed(ids) => !ids.contains(peer.as_str()),
            Fleet::Kept(ids) => !ids.contains(peer),
        }
    }
}

/// Whether a member's reports count now; a reason when they do not.
pub(super) fn may_count(member: &Member, now: Seconds, max_age: Seconds, why: &mut Why) -> bool {
    if member.implausible {
        why.add(|| Reason::new(Code::MemberImplausible, Effect::Warn).about(&member.member_id));
        return false;
    }
    let fresh = is_fresh(member.at, now, max_age);
    if !fresh {
        why.add(|| stale(&member.member_id, member.at, now, max_age));
    }
    fresh
}

/// The reason that a report of `at` does not count: it is too old, or of a time to come; then its age
/// is below nothing.
pub(super) fn stale(member: &NodeId, at: Seconds, now: Seconds, max_age: Seconds) -> Reason {
    let reason = Reason::new(Code::StaleReport, Effect::Warn).about(member);
    match is_ahead(at, now) {
        true => reason
            .observed(-i128::from(at.less(now).get()))
            .limit(-i128::from(CLOCKS_DIFFER.get())),
        false => reason.observed(now.less(at)).limit(max_age),
    }
}

/// Until when an announced rebalance counts, where it counts now: it has begun, and is not over.
pub(super) fn counts_until(activity: &Activity, now: Seconds, longest: Seconds) -> Option<Seconds> {
    let latest = activity.at.get().saturating_add(longest.get());
    let end = Seconds::clamped(latest.min(activity.expected_end.get()));
    (now < end && !is_ahead(activity.at, now)).then_some(end)
}

/// Adds the reason that a question found so many entries.
pub(super) fn explain_count(found: usize, some: Code, none: Code, why: &mut Why) {
    why.add(|| match found {
        0 => Reason::new(none, Effect::Allow),
        found => Reason::new(some, Effect::Adjust).observed(found as u64),
    });
}

/// The sum of what members hold, where `ahead` is held already. A member whose numbers no chain can
/// hold is set aside, the largest first, of equal ones the larger id: its nonsense must not turn the
/// answer for everybody into an error.
pub(super) fn set_aside(ahead: Sat, mut held: Vec<(u128, &NodeId)>, why: &mut Why) -> Sat {
    let room = u128::from(Sat::MAX.less(ahead).get());
    let mut sum: u128 = held.iter().map(|(sats, _)| sats).sum();
    if sum > room {
        sorting::by(&mut held, Ord::cmp);
    }
    while sum > room {
        let Some((sats, id)) = held.pop() else {
            break;
        };
        sum -= sats;
        why.add(|| {
            Reason::new(Code::CapacityAbsurd, Effect::Warn)
                .about(id)
                .observed(i128::try_from(sats).unwrap_or(i128::MAX))
                .limit(Sat::MAX)
        });
    }
    Sat::clamped(u64::try_from(sum).unwrap_or(u64::MAX))
}

/// How many entries are asked for.
pub(super) fn wanted(first: Option<Count>) -> usize {
    first.map_or(usize::MAX, |first| {
        usize::try_from(first.get()).unwrap_or(usize::MAX)
    })
}

/// The first `first` entries.
pub(super) fn truncated<T>(mut entries: Vec<T>, first: Option<Count>) -> Vec<T> {
    entries.truncate(wanted(first));
    entries
}
