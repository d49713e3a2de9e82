//! Whether a message is taken: a pure state machine, state in, state out.
//!
//! The order of its checks is part of it. Nothing is charged to a reporter before its signature
//! holds, so nobody is silenced by forgeries in his name; a stranger costs no state at all. It
//! stops at the first check that fails.
//!
//! Source: spec "Gossip between members". Codes: `message_accepted`, `sender_not_connected`,
//! `sender_exhausted`, `message_too_large`, `message_malformed`, `version_unknown`,
//! `reporter_not_member`, `message_known`, `message_not_fresh`, `seq_not_rising`, `seq_ahead`,
//! `reporter_limit`, `too_many_announcements`, and those of [`super::signature`].

use super::body::{self, Known, SpliceAnswer, SpliceCheck};
use super::*;
use crate::error::ErrorCode;
use crate::sorting;
use crate::table::Table;
use crate::value::{self, FromValue, Value};

/// A member of the fleet, as the receiver knows it.
#[record]
pub struct MemberStanding {
    /// Whether the fleet shut it out.
    #[serde(default)]
    pub banned: bool,
    /// Whether it is connected to us.
    #[serde(default)]
    pub connected: bool,
    /// Its public key.
    pub member_id: NodeId,
}

/// Everything that is kept between messages; bounded for every member.
#[record(Default)]
pub struct GossipState {
    /// What each sender may still send.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub buckets: Table<NodeId, Bucket>,
    /// What each reporter said.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub reporters: Table<NodeId, Reporter>,
}

/// What a sender may still send.
#[record]
pub struct Bucket {
    /// When it was counted.
    pub at: Seconds,
    /// The points that were left, in sixtieths, so that a second refills a whole number.
    pub left: Count,
}

/// What a reporter said.
#[record(Default)]
pub struct Reporter {
    /// Its announced splices, one for each peer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<Announcement>,
    /// Its answers about peers, one for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answered>,
    /// Its last message of each kind.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub last: Table<Kind, Stored>,
    /// The digests of its last accepted messages, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<String>,
    /// When its messages of each kind were accepted, within the last hour.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub stamps: Table<Kind, Vec<Seconds>>,
}

/// An announced splice that reserves.
#[record]
pub struct Announcement {
    /// When it was made.
    pub at: Seconds,
    /// What it says.
    pub splice: SpliceCheck,
}

/// A signed answer about a peer.
#[record]
pub struct Answered {
    /// What it says.
    pub answer: SpliceAnswer,
    /// When it was made.
    pub at: Seconds,
}

/// The last message of a kind.
#[record]
pub struct Stored {
    /// When it was made.
    pub at: Seconds,
    /// The observations.
    pub body: Plain,
    /// The digest of its text.
    pub digest: String,
    /// Its number.
    pub seq: Serial,
}

/// A message that arrived.
#[record]
#[schemars(rename = "GossipAcceptInput")]
pub struct AcceptInput {
    /// Who sent it; that need not be who made it.
    pub from: NodeId,
    /// How often it was passed on before it came here.
    #[serde(default)]
    pub hops: Count,
    /// The members of the fleet, without us.
    pub members: Vec<MemberStanding>,
    /// The message: its bytes as text, or the object they hold.
    pub message: Plain,
    /// The time.
    pub now: Seconds,
    /// What was kept so far.
    #[serde(default)]
    pub state: GossipState,
}

/// What became of a message.
#[choice]
#[schemars(rename = "GossipOutcome")]
pub enum Outcome {
    /// It was taken and stored.
    Accepted,
    /// It was refused.
    Refused,
    /// It is nothing new, or nothing for us; nobody need be told.
    Dropped,
}

/// What became of a message, and what is kept now.
#[record(open)]
pub struct Received {
    /// sha256 of the signed text, the id of the message.
    pub digest: Option<String>,
    /// What it is about, when it was accepted.
    pub kind: Option<Kind>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether to pass it on to the other members.
    pub relay: bool,
    /// Who made it, when it was accepted.
    pub reporter: Option<NodeId>,
    /// What is kept now.
    pub state: GossipState,
}

/// What became of a message that a book took, which keeps the state itself.
#[record(open)]
#[schemars(rename = "MessageOutcome")]
pub struct Taken {
    /// sha256 of the signed text, the id of the message.
    pub digest: Option<String>,
    /// What it is about, when it was accepted.
    pub kind: Option<Kind>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether to pass it on to the other members.
    pub relay: bool,
    /// Who made it, when it was accepted.
    pub reporter: Option<NodeId>,
}

/// A message as it arrives.
pub(in crate::fleet) struct Arrival<'a> {
    pub from: &'a NodeId,
    pub hops: Count,
    pub message: &'a Plain,
    pub now: Seconds,
}

/// What the receiver knows of the members, by id.
pub(in crate::fleet) trait Roster {
    /// Whether the fleet counts it as a member and did not shut it out.
    fn trusts(&self, id: &NodeId) -> bool;
    /// Whether it is connected to us.
    fn connects(&self, id: &NodeId) -> bool;
}

impl Roster for Table<&NodeId, &MemberStanding> {
    fn trusts(&self, id: &NodeId) -> bool {
        self.get(id).is_some_and(|member| !member.banned)
    }
    fn connects(&self, id: &NodeId) -> bool {
        self.get(id).is_some_and(|member| member.connected)
    }
}

/// A message of the right shape.
struct Message {
    unsigned: Unsigned,
    sig: String,
    known: Known,
    text: String,
    digest: String,
}

/// Takes or refuses a message.
pub fn accept(config: &Config, input: &AcceptInput, why: &mut Why) -> Result<Received, Error> {
    let members = standings(&input.members)?;
    let mut state = input.state.clone();
    let arrival = Arrival {
        from: &input.from,
        hops: input.hops,
        message: &input.message,
        now: input.now,
    };
    let taken = receive(&config.gossip, &arrival, &members, &mut state, why);
    if taken.outcome == Outcome::Accepted {
        // Who left the fleet leaves nothing behind.
        state.reporters.retain(|id, _| members.contains_key(id));
        state.buckets.retain(|id, _| members.contains_key(id));
    }
    Ok(Received {
        digest: taken.digest,
        kind: taken.kind,
        outcome: taken.outcome,
        relay: taken.relay,
        reporter: taken.reporter,
        state,
    })
}

/// Takes or refuses a message into `state`; the one that a member leaves behind is for the caller
/// to forget.
pub(in crate::fleet) fn receive(
    config: &GossipConfig,
    arrival: &Arrival<'_>,
    members: &impl Roster,
    state: &mut GossipState,
    why: &mut Why,
) -> Taken {
    match take(config, arrival, members, state) {
        Ok(message) => {
            let about = message.unsigned.reporter;
            why.add(|| Reason::new(Code::MessageAccepted, Effect::Allow).about(&about));
            Taken {
                digest: Some(message.digest),
                kind: Some(message.unsigned.kind),
                outcome: Outcome::Accepted,
                relay: arrival.hops < config.max_hops,
                reporter: Some(about),
            }
        }
        Err(stop) => {
            why.add(|| *stop.reason);
            Taken {
                digest: stop.digest,
                kind: None,
                outcome: stop.outcome,
                relay: false,
                reporter: None,
            }
        }
    }
}

fn standings(members: &[MemberStanding]) -> Result<Table<&NodeId, &MemberStanding>, Error> {
    let again = sorting::repeats(members.iter().map(|member| &member.member_id));
    if let Some((member, _)) = members.iter().zip(again).find(|(_, again)| *again) {
        return Err(Error::duplicate("members", &member.member_id));
    }
    let by_id = members.iter().map(|member| (&member.member_id, member));
    Ok(by_id.collect())
}

/// Why a message was not taken.
struct Stop {
    reason: Box<Reason>,
    outcome: Outcome,
    digest: Option<String>,
    /// Whether it costs its sender more.
    guilty: bool,
}

impl Stop {
    fn refused(reason: Reason) -> Self {
        Self {
            reason: Box::new(reason),
            outcome: Outcome::Refused,
            digest: None,
            guilty: false,
        }
    }

    fn guilty(reason: Reason) -> Self {
        Self {
            guilty: true,
            ..Self::refused(reason)
        }
    }

    fn dropped(reason: Reason) -> Self {
        Self {
            outcome: Outcome::Dropped,
            ..Self::refused(reason)
        }
    }

    fn of(mut self, message: &Message) -> Self {
        self.digest = Some(message.digest.clone());
        self.reason.subject = Some(message.unsigned.reporter.to_string());
        self
    }
}

/// The checks, in the order that the spec gives.
fn take(
    config: &GossipConfig,
    input: &Arrival<'_>,
    members: &impl Roster,
    state: &mut GossipState,
) -> Result<Message, Stop> {
    if !members.trusts(input.from) || !members.connects(input.from) {
        let reason = Reason::new(Code::SenderNotConnected, Effect::Refuse);
        return Err(Stop::dropped(reason.about(input.from)));
    }
    let mut bucket = filled(config, input, state);
    if bucket.left < PART {
        let before = state.buckets.get(input.from);
        if before.is_some_and(|before| before.at > bucket.at) {
            // Else it would never fill from where the clock is now.
            state.buckets.insert(input.from.clone(), bucket);
        }
        let reason = Reason::new(Code::SenderExhausted, Effect::Refuse).about(input.from);
        return Err(Stop::refused(reason.observed(0_u64).limit(1_u64)));
    }
    let read = read(config, input.message);
    let verdict = read.and_then(|message| judge(config, input, members, state, message));
    let guilty = verdict.as_ref().is_err_and(|stop| stop.guilty);
    let points = if guilty { config.penalty_points } else { ONE };
    let cost = points.get().saturating_mul(PART.get());
    bucket.left = bucket.left.less(Count::new(cost).unwrap_or(Count::MAX));
    state.buckets.insert(input.from.clone(), bucket);
    let message = verdict?;
    let about = &message.unsigned.reporter;
    let reporter = state.reporters.slot(about.clone());
    store(input.now, &message, reporter);
    Ok(message)
}

/// The checks of a message of the right shape; they change nothing.
fn judge(
    config: &GossipConfig,
    input: &Arrival<'_>,
    members: &impl Roster,
    state: &GossipState,
    message: Message,
) -> Result<Message, Stop> {
    let about = &message.unsigned;
    if !members.trusts(&about.reporter) {
        let reason = Reason::new(Code::ReporterNotMember, Effect::Refuse);
        return Err(Stop::refused(reason).of(&message));
    }
    let known = state.reporters.get(&about.reporter);
    is_new(config, input, &message, known)?;
    signature::check(&message.text, &message.sig, about.reporter.as_str())
        .map_err(|fault| Stop::guilty(Reason::new(fault.code(), Effect::Refuse)).of(&message))?;
    if let Some(reporter) = known {
        has_room(config, input.now, &message, reporter)?;
    }
    Ok(message)
}

/// A point has sixty parts, so that a second refills a whole number of them.
const PART: Count = Count::constant(60);
const ONE: Count = Count::constant(1);

/// The sender's bucket as it is now; it fills up within a minute.
fn filled(config: &GossipConfig, input: &Arrival<'_>, state: &GossipState) -> Bucket {
    let a_second = u64::from(config.bucket_points.get());
    let full = a_second * u64::from(PART.get());
    let before = state.buckets.get(input.from);
    let left = before.map_or(full, |bucket| {
        let passed = input.now.less(bucket.at).get().min(60);
        full.min(u64::from(bucket.left.get()) + passed * a_second)
    });
    // A clock that runs back a little must not fill the bucket again. One that was further ahead
    // than clocks differ would silence the sender until that time has come.
    let latest = input.now.get().saturating_add(config.freshness_s.get());
    let ahead = before.map(|bucket| bucket.at);
    let ahead = ahead.filter(|at| *at > input.now && at.get() <= latest);
    Bucket {
        at: ahead.unwrap_or(input.now),
        left: Count::new(u32::try_from(left).unwrap_or(u32::MAX)).unwrap_or(Count::MAX),
    }
}

/// A message out of what arrived: size, then shape and bounds.
fn read(config: &GossipConfig, message: &Plain) -> Result<Message, Stop> {
    let malformed = |error: Error| {
        let field = match error.field.as_str() {
            "" => "message".to_owned(),
            field => format!("message.{field}"),
        };
        Stop::guilty(Reason::new(Code::MessageMalformed, Effect::Refuse).about(field))
    };
    let (size, parsed) = match message.value() {
        Value::Text(text) => (text.len(), None),
        object => (
            canonical::text(object).map_err(malformed)?.len(),
            Some(object),
        ),
    };
    if size > config.max_bytes.get() as usize {
        return Err(Stop::guilty(
            Reason::new(Code::MessageTooLarge, Effect::Refuse)
                .observed(size as u64)
                .limit(config.max_bytes),
        ));
    }
    let text = message.value().as_text().unwrap_or_default();
    let object = match parsed {
        Some(object) => object.clone(),
        None => Value::from_json(text.as_bytes())
            .map_err(malformed)?
            .into_owned(),
    };
    let object = normal(&object).map_err(malformed)?;
    if object
        .get("v")
        .is_some_and(|v| matches!(v, Value::Unsigned(n) if *n != VERSION))
    {
        return Err(Stop::dropped(Reason::new(
            Code::VersionUnknown,
            Effect::Refuse,
        )));
    }
    shaped(&object).map_err(malformed)
}

/// The fields of a message on the wire.
#[derive(FromValue)]
#[serde(deny_unknown_fields)]
struct Wire {
    at: Seconds,
    body: Plain,
    kind: Kind,
    reporter: NodeId,
    seq: Serial,
    sig: String,
    v: Count,
}

fn shaped(object: &Value<'_>) -> Result<Message, Error> {
    let wire: Wire = value::decode(object)?;
    if !is_public_key(wire.reporter.as_str()) {
        return Err(Error::out_of_range(
            "reporter",
            &wire.reporter,
            PUBLIC_KEY_SHAPE,
        ));
    }
    let Value::Map(_) = wire.body.value() else {
        return Err(Error::new(
            ErrorCode::Malformed,
            "body",
            "no object",
            "an object",
        ));
    };
    let known =
        body::check(wire.kind, wire.body.value(), wire.at).map_err(|error| error.inside("body"))?;
    let unsigned = Unsigned {
        at: wire.at,
        body: wire.body,
        kind: wire.kind,
        reporter: wire.reporter,
        seq: wire.seq,
        v: wire.v,
    };
    let text = signed_text(&unsigned)?;
    Ok(Message {
        digest: canonical::digest(text.as_bytes()),
        known,
        sig: wire.sig,
        text,
        unsigned,
    })
}

/// Whether a message is neither known, nor stale, nor older than what we have.
fn is_new(
    config: &GossipConfig,
    input: &Arrival<'_>,
    message: &Message,
    known: Option<&Reporter>,
) -> Result<(), Stop> {
    let (now, about) = (input.now, &message.unsigned);
    if known.is_some_and(|reporter| reporter.recent.contains(&message.digest)) {
        let reason = Reason::new(Code::MessageKnown, Effect::Refuse);
        return Err(Stop::dropped(reason).of(message));
    }
    let apart = now.less(about.at).max(about.at.less(now));
    if apart > config.freshness_s {
        let reason = Reason::new(Code::MessageNotFresh, Effect::Refuse)
            .observed(apart)
            .limit(config.freshness_s);
        return Err(Stop::refused(reason).of(message));
    }
    let last = known.and_then(|reporter| reporter.last.get(&about.kind));
    let last = last.map_or(Serial::MIN, |stored| stored.seq);
    if about.seq <= last {
        let reason = Reason::new(Code::SeqNotRising, Effect::Refuse)
            .observed(about.seq)
            .limit(last);
        return Err(Stop::refused(reason).of(message));
    }
    let latest = now
        .get()
        .saturating_add(config.freshness_s.get())
        .saturating_mul(1000);
    if about.seq.get() > latest {
        let reason = Reason::new(Code::SeqAhead, Effect::Refuse)
            .observed(about.seq)
            .limit(latest);
        return Err(Stop::refused(reason).of(message));
    }
    Ok(())
}

/// A stamp counts for this long.
const PERIOD: u64 = 3600;
const ANNOUNCEMENTS: usize = 8;

/// Whether the limits of its reporter let the message in. A reporter of whom nothing is kept is
/// below every limit.
fn has_room(
    config: &GossipConfig,
    now: Seconds,
    message: &Message,
    reporter: &Reporter,
) -> Result<(), Stop> {
    let kind = message.unsigned.kind;
    let limit = match kind {
        Kind::HealthStatus => config.health_per_hour,
        Kind::LiquidityState => config.liquidity_per_hour,
        Kind::SpliceCheck | Kind::SpliceCheckAnswer => config.splice_per_hour,
    };
    let stamps = reporter.stamps.get(&kind).into_iter().flatten();
    let counting = stamps
        .filter(|stamp| now.less(**stamp).get() < PERIOD)
        .count();
    if counting >= limit.get() as usize {
        let reason = Reason::new(Code::ReporterLimit, Effect::Refuse)
            .observed(counting as u64 + 1)
            .limit(limit);
        return Err(Stop::refused(reason).of(message));
    }
    let Some(splice) = message.known.announced() else {
        return Ok(());
    };
    let open = |one: &&Announcement| one.splice.expires > now && one.splice.peer != splice.peer;
    if reporter.announced.iter().filter(open).count() >= ANNOUNCEMENTS {
        let reason = Reason::new(Code::TooManyAnnouncements, Effect::Refuse)
            .observed(ANNOUNCEMENTS as u64 + 1)
            .limit(ANNOUNCEMENTS as u64);
        return Err(Stop::refused(reason).of(message));
    }
    Ok(())
}

/// Counts the message against its reporter and keeps it.
fn store(now: Seconds, message: &Message, reporter: &mut Reporter) {
    const RECENT: usize = 8;
    let about = &message.unsigned;
    for stamps in reporter.stamps.values_mut() {
        stamps.retain(|stamp| now.less(*stamp).get() < PERIOD);
    }
    reporter.stamps.retain(|_, stamps| !stamps.is_empty());
    reporter.stamps.slot(about.kind).push(now);
    keep_splice(now, message, reporter);
    reporter.recent.push(message.digest.clone());
    let surplus = reporter.recent.len().saturating_sub(RECENT);
    reporter.recent.drain(..surplus);
    let stored = Stored {
        at: about.at,
        body: about.body.clone(),
        digest: message.digest.clone(),
        seq: about.seq,
    };
    reporter.last.insert(about.kind, stored);
}

/// Keeps announcements and answers for as long as they count.
fn keep_splice(now: Seconds, message: &Message, reporter: &mut Reporter) {
    const ANSWERS: usize = 20;
    const ANSWER_HOLDS: u64 = 600;
    let at = message.unsigned.at;
    reporter.announced.retain(|open| open.splice.expires > now);
    reporter
        .answers
        .retain(|given| now.less(given.at).get() <= ANSWER_HOLDS);
    if let Some(splice) = message.known.announced() {
        reporter
            .announced
            .retain(|open| open.splice.peer != splice.peer);
        if splice.expires > now {
            let splice = splice.clone();
            reporter.announced.push(Announcement { at, splice });
        }
    }
    if let Known::Answer(answer) = &message.known {
        reporter
            .answers
            .retain(|given| given.answer.peer != answer.peer);
        let surplus = (reporter.answers.len() + 1).saturating_sub(ANSWERS);
        reporter.answers.drain(..surplus);
        let answer = answer.clone();
        reporter.answers.push(Answered { answer, at });
    }
}
