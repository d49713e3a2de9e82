//! Whether a splice keeps the fleet connected to a peer; advice, the caller may always proceed.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let answer = Policy::plan().call("splice.check", br#"{
//!   "peer_id": "acinq", "type": "splice_out", "amount_sats": 1500000, "now": 1795000000,
//!   "ours": { "node_id": "us", "channels": [{ "capacity_sats": 2000000 }] },
//!   "others": [], "peer_public_sats": 20000000
//! }"#)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""safety":"coordinate""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan, phase 3. Unknown is never safe, stale never counts, we never cover ourselves.
//! Codes: `hive_unreachable`, `peer_capacity_unknown`, `splice_in_adds`, `share_kept`,
//! `others_cover`, `partial_kept`, `share_below_minimum`, `capacity_below_minimum`,
//! `would_disconnect`, `capacity_above_public`, `capacity_estimated`, `stale_capacity`,
//! `own_report_ignored`, `exits_in_flight`.

use crate::config::{Config, Profile};
use crate::entries::{Entries, Entry};
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::member::{Member, SpliceType};
use crate::flip;
use crate::lint;
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::Table;
use crate::units::{Count, NodeId, Real, Sat, Seconds, Share};

/// What an operator may set about splices.
#[record]
pub struct SpliceConfig {
    /// How long a signed answer replaces a member's estimate.
    pub max_answer_age_s: Seconds,
    /// A member's report older than this is no capacity.
    pub max_report_age_s: Seconds,
    /// How far a stamp may lie in the future before it counts as no report.
    pub max_skew_s: Seconds,
    /// The fleet should keep at least this much with the peer.
    pub min_sats: Sat,
    /// The fleet should keep at least this share of the peer's capacity.
    pub min_share: Share,
    /// Whether what our own channels keep can be enough by itself.
    pub partial: bool,
    /// What a share is a share of.
    pub whole: Whole,
}

/// What the share of the fleet is a share of.
#[choice]
pub enum Whole {
    /// The peer's public capacity, or that of the fleet where it is larger.
    AtLeastFleet,
    /// The peer's public capacity.
    Public,
}

impl Default for SpliceConfig {
    fn default() -> Self {
        Self::of(Profile::Plan)
    }
}

impl SpliceConfig {
    /// The constants of `profile`.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let deployed = profile == Profile::ClHive;
        Self {
            max_answer_age_s: Seconds::new(600).unwrap_or_default(),
            max_report_age_s: Seconds::new(3600).unwrap_or_default(),
            max_skew_s: Seconds::new(600).unwrap_or_default(),
            min_sats: Sat::new(if deployed { 1_000_000 } else { 0 }).unwrap_or_default(),
            min_share: Share::constant(if deployed { 0.05 } else { 0.10 }),
            partial: deployed,
            whole: if deployed {
                Whole::Public
            } else {
                Whole::AtLeastFleet
            },
        }
    }

    /// Nothing here excludes anything else.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Warns of settings that change nothing.
    pub fn lint(&self, why: &mut Why) {
        if self.partial && self.min_sats == Sat::MIN {
            // Then every amount below our own is safe, and the share is never asked.
            why.add(|| lint::without_effect("splice.min_share"));
        }
    }
}

/// One of our channels with the peer.
#[record]
pub struct OwnChannel {
    /// What it will hold when the splices that are under way have confirmed.
    pub after_pending_sats: Option<Sat>,
    /// What it holds confirmed.
    pub capacity_sats: Sat,
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

/// A member's signed answer about the peer.
#[record]
pub struct Answer {
    /// When it was given.
    pub at: Seconds,
    /// What the member holds with the peer.
    pub capacity_sats: Sat,
}

/// A splice-out that a member announced.
#[record]
pub struct Announced {
    /// How much will leave.
    pub amount_sats: Sat,
    /// Until when the announcement holds.
    pub expires: Seconds,
}

/// What another member holds with the peer, as far as we know.
#[record]
pub struct Other {
    /// Its announced splice-outs at this peer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<Announced>,
    /// Its signed answer.
    pub answer: Option<Answer>,
    /// When it reported.
    pub at: Seconds,
    /// Its reported capacity with the peer, channel by channel.
    pub channels: Option<Vec<Sat>>,
    /// Its node id.
    pub member_id: NodeId,
    /// The capacity of the whole node, where it reported no channels: only an estimate.
    pub node_capacity_sats: Option<Sat>,
    /// How many channels the whole node has.
    pub node_channels: Option<Count>,
}

impl OwnChannel {
    /// What counts of a channel of ours.
    #[must_use]
    pub const fn of(channel: &Channel) -> Self {
        Self {
            after_pending_sats: channel.pending_capacity_sats,
            capacity_sats: channel.capacity_sats,
        }
    }
}

impl Other {
    /// What a member holds with `peer`, as far as its reports tell; nothing when they do not.
    #[must_use]
    pub fn at_peer(member: &Member, peer: &NodeId) -> Option<Self> {
        let here = told(member, |one| one == peer).remove(peer);
        Self::of(member, here.unwrap_or_default())
    }

    /// The same for every peer that the reports name.
    pub(in crate::fleet) fn by_peer(member: &Member) -> Table<&NodeId, Option<Self>> {
        let told = told(member, |_| true).into_iter();
        told.map(|(peer, told)| (peer, Self::of(member, told)))
            .collect()
    }

    /// Whether only the size of the whole node is known: then it is an estimate for every peer.
    pub(in crate::fleet) fn estimates(member: &Member) -> bool {
        member.capacities.is_empty() && member.node_capacity_sats.is_some()
    }

    fn of(member: &Member, told: Told) -> Option<Self> {
        let estimated = Self::estimates(member);
        let empty = told == Told::default();
        (!member.implausible && (estimated || !empty)).then(|| Self {
            announced: told.announced,
            answer: told.answer,
            at: match estimated {
                true => member.health_at.unwrap_or(member.at),
                false => member.at,
            },
            channels: (!estimated).then_some(told.channels),
            member_id: member.member_id.clone(),
            node_capacity_sats: member.node_capacity_sats.filter(|_| estimated),
            node_channels: member.node_channels.filter(|_| estimated),
        })
    }
}

/// What a member's reports say of one peer.
#[derive(Default, PartialEq)]
struct Told {
    announced: Vec<Announced>,
    answer: Option<Answer>,
    channels: Vec<Sat>,
}

fn told(member: &Member, wanted: impl Fn(&NodeId) -> bool) -> Table<&NodeId, Told> {
    let held = member.capacities.iter().filter(|one| wanted(&one.peer_id));
    let exits = member.splices.iter();
    let exits = exits.filter(|one| one.splice_type == SpliceType::SpliceOut);
    let exits = exits.filter(|one| wanted(&one.peer_id));
    let answers = member.answers.iter().filter(|one| wanted(&one.peer_id));
    let peers = held.clone().map(|one| &one.peer_id);
    let peers = peers.chain(exits.clone().map(|one| &one.peer_id));
    let peers = peers.chain(answers.clone().map(|one| &one.peer_id));
    let mut told: Table<&NodeId, Told> = Table::slots(peers);
    for one in held {
        told.slot(&one.peer_id).channels.push(one.capacity_sats);
    }
    for one in exits {
        let here = told.slot(&one.peer_id);
        here.announced.push(Announced {
            amount_sats: one.amount_sats,
            expires: one.expires,
        });
    }
    for one in answers {
        let here = told.slot(&one.peer_id);
        // Of several the newest; of those that are as new the least.
        let known = here.answer.as_ref();
        let key = (one.at, std::cmp::Reverse(one.capacity_sats));
        if known.is_none_or(|known| (known.at, std::cmp::Reverse(known.capacity_sats)) < key) {
            here.answer = Some(Answer {
                at: one.at,
                capacity_sats: one.capacity_sats,
            });
        }
    }
    told
}

impl Entry for Other {
    const ID: &'static str = "member_id";
    fn id(&self) -> &str {
        self.member_id.as_str()
    }
}

/// A splice that wants advice.
#[record]
pub struct CheckInput {
    /// How much.
    pub amount_sats: Sat,
    /// Whether the other members could be asked at all.
    #[serde(default = "yes")]
    pub hive_reachable: bool,
    /// Our own exits from this peer that none of our channels shows as pending yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_flight: Vec<Sat>,
    /// The time.
    pub now: Seconds,
    /// What the other members hold.
    #[serde(default)]
    pub others: Entries<Other>,
    /// What we hold.
    pub ours: Ours,
    /// The peer.
    pub peer_id: NodeId,
    /// The public capacity of the peer; unknown when absent.
    pub peer_public_sats: Option<Sat>,
    /// Whether what could not be checked is refused.
    #[serde(default)]
    pub strict: bool,
    /// Which way it goes.
    #[serde(rename = "type")]
    pub splice_type: SpliceType,
}

/// How much may leave a peer.
#[record]
pub struct HeadroomInput {
    /// Whether the other members could be asked at all.
    #[serde(default = "yes")]
    pub hive_reachable: bool,
    /// Our own exits from this peer that none of our channels shows as pending yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_flight: Vec<Sat>,
    /// The time.
    pub now: Seconds,
    /// What the other members hold.
    #[serde(default)]
    pub others: Entries<Other>,
    /// What we hold.
    pub ours: Ours,
    /// The peer.
    pub peer_id: NodeId,
    /// The public capacity of the peer; unknown when absent.
    pub peer_public_sats: Option<Sat>,
}

fn yes() -> bool {
    true
}

/// The advice about a splice.
#[choice]
pub enum Safety {
    /// The fleet stays connected.
    Safe,
    /// Too little is known to say.
    Unchecked,
    /// Wait until another member adds capacity.
    Coordinate,
    /// The fleet would lose the peer.
    Blocked,
}

/// The advice with what it rests on.
#[record(open)]
pub struct Checked {
    /// Whether the advice is to go on.
    pub can_proceed: bool,
    /// What the fleet holds with the peer.
    pub fleet_sats: Sat,
    /// The fleet's share of the peer's capacity.
    pub fleet_share: Option<Real>,
    /// What the fleet will hold.
    pub new_fleet_sats: Sat,
    /// The fleet's share afterwards.
    pub new_share: Option<Real>,
    /// What the other members hold.
    pub others_sats: Sat,
    /// What we hold.
    pub ours_sats: Sat,
    /// What the shares are shares of.
    pub peer_total_sats: Option<Sat>,
    /// The advice.
    pub safety: Safety,
}

/// How much may leave a peer.
#[record(open)]
pub struct Headroom {
    /// What the fleet holds with the peer.
    pub fleet_sats: Sat,
    /// The largest amount that is safe; none when nothing is.
    pub headroom_sats: Option<Sat>,
    /// What the other members hold.
    pub others_sats: Sat,
    /// What we hold.
    pub ours_sats: Sat,
}

/// What the rule is asked with, once everything is counted.
#[derive(Clone, Copy, Debug)]
struct Standing<'c> {
    config: &'c SpliceConfig,
    ours: Sat,
    others: Sat,
    fleet: Sat,
    /// What the shares are shares of; none when unknown.
    total: Option<Sat>,
}

impl Standing<'_> {
    fn left(&self, amount: u64) -> u64 {
        self.fleet.get().saturating_sub(amount)
    }

    fn share(&self, sats: u64) -> f64 {
        let total = self.total.map_or(0.0, Sat::as_f64);
        if total > 0.0 {
            sats as f64 / total
        } else {
            0.0
        }
    }

    fn keeps_share(&self, amount: u64) -> bool {
        self.share(self.left(amount)) >= self.config.min_share.get()
    }

    fn keeps_sats(&self, amount: u64) -> bool {
        self.left(amount) >= self.config.min_sats.get()
    }

    fn others_cover(&self) -> bool {
        self.others.get() >= self.config.min_sats.get().max(1)
    }

    fn keeps_part(&self, amount: u64) -> bool {
        let ours = self.ours.get();
        self.config.partial && ours > amount && ours - amount >= self.config.min_sats.get()
    }

    fn safe(&self, amount: u64) -> bool {
        (self.keeps_share(amount) && self.keeps_sats(amount))
            || self.others_cover()
            || self.keeps_part(amount)
    }
}

/// Advises about one splice.
pub fn check(config: &Config, input: &CheckInput, why: &mut Why) -> Result<Checked, Error> {
    let situation = Situation {
        hive_reachable: input.hive_reachable,
        in_flight: &input.in_flight,
        now: input.now,
        ours: &input.ours,
        public: input.peer_public_sats,
    };
    let wish = Wish {
        amount: input.amount_sats,
        splice_type: input.splice_type,
        strict: input.strict,
    };
    let others = input.others.usable(why);
    advise(config, &situation, others, wish, why)
}

/// The splice that wants advice.
#[derive(Clone, Copy, Debug)]
pub(in crate::fleet) struct Wish {
    pub amount: Sat,
    pub splice_type: SpliceType,
    pub strict: bool,
}

/// Advises about one splice, the other members by id.
pub(in crate::fleet) fn advise<'o>(
    config: &Config,
    situation: &Situation<'_>,
    others: impl IntoIterator<Item = &'o Other>,
    wish: Wish,
    why: &mut Why,
) -> Result<Checked, Error> {
    let standing = situation.standing(&config.splice, others, why)?;
    let amount = wish.amount;
    let (safety, new) = match wish.splice_type {
        SpliceType::SpliceIn => {
            why.add(|| Reason::new(Code::SpliceInAdds, Effect::Allow).observed(amount));
            (Safety::Safe, standing.fleet.plus(amount)?)
        }
        SpliceType::SpliceOut => {
            let safety = exit(&standing, situation.hive_reachable, amount, why)?;
            (safety, standing.fleet.less(amount))
        }
    };
    let share = |sats: Sat| match standing.total {
        Some(_) => Real::new(standing.share(sats.get())).map(Some),
        None => Ok(None),
    };
    let refused = match safety {
        Safety::Blocked => true,
        Safety::Unchecked => wish.strict,
        Safety::Safe | Safety::Coordinate => false,
    };
    Ok(Checked {
        can_proceed: !refused,
        fleet_sats: standing.fleet,
        fleet_share: share(standing.fleet)?,
        new_fleet_sats: new,
        new_share: share(new)?,
        others_sats: standing.others,
        ours_sats: standing.ours,
        peer_total_sats: standing.total,
        safety,
    })
}

/// The largest splice-out that is safe.
pub fn headroom(config: &Config, input: &HeadroomInput, why: &mut Why) -> Result<Headroom, Error> {
    let situation = Situation {
        hive_reachable: input.hive_reachable,
        in_flight: &input.in_flight,
        now: input.now,
        ours: &input.ours,
        public: input.peer_public_sats,
    };
    let others = input.others.usable(why);
    room(config, &situation, others, why)
}

/// The largest splice-out that is safe, the other members by id.
pub(in crate::fleet) fn room<'o>(
    config: &Config,
    situation: &Situation<'_>,
    others: impl IntoIterator<Item = &'o Other>,
    why: &mut Why,
) -> Result<Headroom, Error> {
    let standing = situation.standing(&config.splice, others, why)?;
    let known = situation.hive_reachable && standing.total.is_some();
    let most = flip::last_integer(0, standing.ours.get(), |amount| {
        known && standing.safe(amount)
    });
    if known {
        explain(&standing, most.unwrap_or(0), why);
    } else {
        unknown(situation.hive_reachable, why);
    }
    Ok(Headroom {
        fleet_sats: standing.fleet,
        headroom_sats: most.map(Sat::new).transpose()?,
        others_sats: standing.others,
        ours_sats: standing.ours,
    })
}

fn exit(
    standing: &Standing<'_>,
    hive_reachable: bool,
    amount: Sat,
    why: &mut Why,
) -> Result<Safety, Error> {
    if !hive_reachable || standing.total.is_none() {
        unknown(hive_reachable, why);
        return Ok(Safety::Unchecked);
    }
    if amount > standing.ours {
        let most = format_args!("0..={}, what we hold with the peer", standing.ours).to_string();
        return Err(Error::out_of_range("amount_sats", amount, most));
    }
    explain(standing, amount.get(), why);
    Ok(if standing.safe(amount.get()) {
        Safety::Safe
    } else if standing.left(amount.get()) > 0 {
        Safety::Coordinate
    } else {
        Safety::Blocked
    })
}

/// Why nothing can be said; each has its own way out.
fn unknown(hive_reachable: bool, why: &mut Why) {
    why.add(|| match hive_reachable {
        true => Reason::new(Code::PeerCapacityUnknown, Effect::Unchecked)
            .flip("peer_public_sats", 1_u64),
        false => {
            Reason::new(Code::HiveUnreachable, Effect::Unchecked).flip("hive_reachable", "true")
        }
    });
}

/// Every rule that speaks for a safe exit, or every one that fails it.
fn explain(standing: &Standing<'_>, amount: u64, why: &mut Why) {
    if standing.safe(amount) {
        speak_for(standing, amount, why);
    } else {
        speak_against(standing, amount, why);
    }
}

fn speak_for(standing: &Standing<'_>, amount: u64, why: &mut Why) {
    let most = standing.ours.get();
    let (min_share, min_sats) = (standing.config.min_share, standing.config.min_sats);
    let kept = |amount: u64| standing.keeps_share(amount) && standing.keeps_sats(amount);
    if kept(amount) {
        why.add(|| {
            Reason::new(Code::ShareKept, Effect::Allow)
                .observed(standing.share(standing.left(amount)))
                .limit(min_share)
                .flip_if(
                    "amount_sats",
                    flip::first_integer(amount, most, |to| !kept(to)),
                )
        });
    }
    if standing.others_cover() {
        why.add(|| {
            Reason::new(Code::OthersCover, Effect::Allow)
                .observed(standing.others)
                .limit(min_sats.max(Sat::new(1).unwrap_or_default()))
        });
    }
    if standing.keeps_part(amount) {
        why.add(|| {
            Reason::new(Code::PartialKept, Effect::Allow)
                .observed(standing.ours.get().saturating_sub(amount))
                .limit(min_sats)
                .flip_if(
                    "amount_sats",
                    flip::first_integer(amount, most, |to| !standing.keeps_part(to)),
                )
        });
    }
}

fn speak_against(standing: &Standing<'_>, amount: u64, why: &mut Why) {
    let blocked = standing.left(amount) == 0;
    let effect = if blocked {
        Effect::Refuse
    } else {
        Effect::Defer
    };
    let gone = |holds: &dyn Fn(u64) -> bool| {
        flip::last_integer(0, amount, |to| standing.safe(to) || holds(to))
    };
    if !standing.keeps_share(amount) {
        why.add(|| {
            Reason::new(Code::ShareBelowMinimum, effect)
                .observed(standing.share(standing.left(amount)))
                .limit(standing.config.min_share)
                .flip_if("amount_sats", gone(&|to| standing.keeps_share(to)))
        });
    }
    if !standing.keeps_sats(amount) {
        why.add(|| {
            Reason::new(Code::CapacityBelowMinimum, effect)
                .observed(standing.left(amount))
                .limit(standing.config.min_sats)
                .flip_if("amount_sats", gone(&|to| standing.keeps_sats(to)))
        });
    }
    if blocked {
        why.add(|| {
            Reason::new(Code::WouldDisconnect, Effect::Refuse)
                .observed(amount)
                .limit(standing.fleet)
                .flip_if("amount_sats", gone(&|to| standing.left(to) > 0))
        });
    }
}

/// What both questions are asked with.
pub(in crate::fleet) struct Situation<'i> {
    pub hive_reachable: bool,
    pub in_flight: &'i [Sat],
    pub now: Seconds,
    pub ours: &'i Ours,
    pub public: Option<Sat>,
}

impl Situation<'_> {
    fn standing<'c, 'o>(
        &self,
        config: &'c SpliceConfig,
        all: impl IntoIterator<Item = &'o Other>,
        why: &mut Why,
    ) -> Result<Standing<'c>, Error> {
        let ours = self.ours_sats(why).map_err(|_| Error::overflow("ours"))?;
        let mut others = Sat::MIN;
        for other in all {
            let sats = self.other_sats(config, other, why)?;
            others = others.plus(sats).map_err(|_| Error::overflow("others"))?;
        }
        let fleet = ours.plus(others).map_err(|_| Error::overflow("others"))?;
        let public = self.public.filter(|public| *public > Sat::MIN);
        let total = public.map(|public| match config.whole {
            Whole::Public => public,
            Whole::AtLeastFleet => public.max(fleet),
        });
        if let (Some(public), true) = (public.filter(|public| fleet > *public), self.hive_reachable)
        {
            why.add(|| {
                Reason::new(Code::CapacityAbovePublic, Effect::Warn)
                    .observed(fleet)
                    .limit(public)
                    .flip("peer_public_sats", fleet)
            });
        }
        Ok(Standing {
            config,
            ours,
            others,
            fleet,
            total,
        })
    }

    /// Two exits of ours must not both count the same sats: each takes its own away first.
    fn ours_sats(&self, why: &mut Why) -> Result<Sat, Error> {
        let mut held = Sat::MIN;
        for channel in &self.ours.channels {
            let after = channel.after_pending_sats.unwrap_or(channel.capacity_sats);
            held = held.plus(channel.capacity_sats.min(after))?;
        }
        let mut leaving = Sat::MIN;
        for exit in self.in_flight {
            leaving = leaving.plus(*exit)?;
        }
        if leaving > Sat::MIN {
            why.add(|| {
                Reason::new(Code::ExitsInFlight, Effect::Adjust)
                    .observed(leaving)
                    .limit(held)
            });
        }
        Ok(held.less(leaving))
    }

    fn other_sats(
        &self,
        config: &SpliceConfig,
        other: &Other,
        why: &mut Why,
    ) -> Result<Sat, Error> {
        if self.ours.node_id.as_ref() == Some(&other.member_id) {
            why.add(|| Reason::new(Code::OwnReportIgnored, Effect::Adjust).about(&other.member_id));
            return Ok(Sat::MIN);
        }
        let answer = other.answer.as_ref();
        let answer = answer.filter(|answer| self.fresh(config, answer.at, config.max_answer_age_s));
        let held = match answer {
            Some(answer) => answer.capacity_sats,
            None if self.fresh(config, other.at, config.max_report_age_s) => reported(other, why)?,
            None => {
                let oldest = self.now.less(config.max_report_age_s);
                let latest = self.now.plus(config.max_skew_s)?;
                why.add(|| {
                    Reason::new(Code::StaleCapacity, Effect::Warn)
                        .about(&other.member_id)
                        .observed(other.at)
                        .limit(oldest)
                        .flip("at", other.at.clamp(oldest, latest))
                });
                Sat::MIN
            }
        };
        let open = other
            .announced
            .iter()
            .filter(|exit| exit.expires > self.now);
        Ok(open.fold(held, |held, exit| held.less(exit.amount_sats)))
    }

    fn fresh(&self, config: &SpliceConfig, at: Seconds, max_age: Seconds) -> bool {
        self.now.less(at) <= max_age && at.less(self.now) <= config.max_skew_s
    }
}

/// What a fresh report says, at best channel by channel.
fn reported(other: &Other, why: &mut Why) -> Result<Sat, Error> {
    if let Some(channels) = &other.channels {
        let sum = channels
            .iter()
            .try_fold(Sat::MIN, |sum, capacity| sum.plus(*capacity));
        return sum.map_err(|_| Error::overflow("others"));
    }
    let node = other.node_capacity_sats.unwrap_or_default().get();
    let channels = u64::from(other.node_channels.unwrap_or_default().get());
    let estimate = Sat::new(node.checked_div(channels).unwrap_or(0))?;
    why.add(|| {
        Reason::new(Code::CapacityEstimated, Effect::Warn)
            .about(&other.member_id)
            .observed(estimate)
    });
    Ok(estimate)
}

#[cfg(test)]
mod tests;
