//! The methods of the book on every surface.

use super::{
    AskAdvice, AskConflict, AskFee, AskFirst, AskMember, AskNow, AskPeer, FleetBook, FleetMember,
    FleetPeer, FleetSnapshot,
};
use crate::books::{BookDigest, Nothing, book_method, book_methods};
use crate::config::{Config, Profile};
use crate::error::Error;
use crate::fleet::channel::Channel;
use crate::fleet::conflict::Conflict;
use crate::fleet::fees::Adjusted;
use crate::fleet::gossip::accept::{Arrival, Taken};
use crate::fleet::gossip::plain::Plain;
use crate::fleet::health::Tier;
use crate::fleet::health::fleet::FleetHealth;
use crate::fleet::health::verify::Verified;
use crate::fleet::liquidity::needs::{Excesses, Needs, Relevance};
use crate::fleet::liquidity::state::{Competition, FleetState};
use crate::fleet::member::{Activity, Member};
use crate::fleet::rebalance::candidate::Source;
use crate::fleet::rebalance::candidate::{EvaluateInput, Evaluated};
use crate::fleet::splice::{CheckInput, Checked, Headroom, HeadroomInput};
use crate::fleet::topology::Advised;
use crate::lint::Overrides;
use crate::policy::Policy;
use crate::units::{Count, NodeId, Seconds};
use crate::value::{self, Value};

/// What a book is opened with.
#[record]
pub struct OpenFleetBook {
    /// The profile to start from; `plan` when absent.
    pub profile: Option<String>,
    /// Fields of the config to change.
    pub config: Option<Overrides>,
    /// The fleet: at least we ourselves.
    pub state: FleetSnapshot,
}

/// What opens the same book again, config and state as they are now.
#[record(open)]
pub struct FleetBookOpening {
    /// The profile it was made from.
    pub profile: Profile,
    /// The config in force.
    pub config: Config,
    /// Everything the book knows.
    pub state: FleetSnapshot,
}

/// Opens a book.
pub fn open(input: &Value<'_>) -> Result<FleetBook, Error> {
    let input: OpenFleetBook = value::decode(input)?;
    let profile = input.profile.as_deref().unwrap_or("plan");
    let policy = Policy::new(profile, input.config.as_ref().map(Overrides::value))?;
    FleetBook::new(policy, &input.state).map_err(|error| error.inside("state"))
}

/// What changed about ourselves; what is absent stays.
#[record(Default)]
pub struct SetUs {
    /// Where we are rebalancing.
    pub rebalancing: Option<Vec<Activity>>,
    /// The tier of our last accepted health report.
    pub tier: Option<Tier>,
}

/// What to forget; what is absent stays.
#[record(Default)]
pub struct RemoveFromFleet {
    /// A channel of ours.
    pub channel_id: Option<NodeId>,
    /// A member, with all that it said.
    pub member_id: Option<NodeId>,
    /// What the graph shows of a peer.
    pub peer_id: Option<NodeId>,
    /// A channel that might give in a rebalance.
    pub source_id: Option<NodeId>,
}

/// A message that arrived.
#[record]
pub struct TakeMessage {
    /// Who sent it; that need not be who made it.
    pub from: NodeId,
    /// How often it was passed on before it came here.
    #[serde(default)]
    pub hops: Count,
    /// The message: its bytes as text, or the object they hold.
    pub message: Plain,
    /// The time.
    pub now: Seconds,
}

/// What to go back to.
#[record]
pub struct RestoreFleet {
    /// A snapshot.
    pub state: FleetSnapshot,
}

/// How much the book holds now.
#[record(open, Copy)]
#[schemars(rename = "FleetBookSize")]
pub struct FleetHeld {
    /// Whether the call changed anything.
    pub changed: bool,
    /// Our channels.
    pub channels: Count,
    /// Peers as the graph shows them.
    pub peers: Count,
    /// Members with a report, if only that of their silence.
    pub reports: Count,
    /// Channels that may give in a rebalance.
    pub sources: Count,
}

fn held(book: &FleetBook, changed: bool) -> Result<FleetHeld, Error> {
    let count = |n: usize| Count::new(u32::try_from(n).unwrap_or(u32::MAX));
    Ok(FleetHeld {
        changed,
        channels: count(book.channels.len())?,
        peers: count(book.peers.len())?,
        reports: count(book.index.len())?,
        sources: count(book.sources.len())?,
    })
}

macro_rules! method {
    ($($rest:tt)*) => { book_method!(FleetBook, $($rest)*); };
}

method!(FleetSetMember, "set_member", FleetMember => FleetHeld,
"Adds a member, or replaces what we know of it; its reports stay unless it is banned.",
|book, member, _| {
    book.set_member(member.clone());
    held(book, true)
});
method!(FleetSetReport, "set_report", Member => FleetHeld,
"Takes a member's report as it is, in place of its last one.",
|book, report, _| {
    book.set_report(report.clone())?;
    held(book, true)
});
method!(FleetSetChannel, "set_channel", Channel => FleetHeld,
"Adds a channel of ours, or replaces it.",
|book, channel, _| {
    book.set_channel(channel.clone());
    held(book, true)
});
method!(FleetSetPeer, "set_peer", FleetPeer => FleetHeld,
"Adds an external peer, or replaces what the graph shows of it.",
|book, peer, _| {
    book.set_peer(peer.clone());
    held(book, true)
});
method!(FleetSetSource, "set_source", Source => FleetHeld,
"Adds a channel that may give in a rebalance, or replaces it.",
|book, source, _| {
    book.set_source(source.clone());
    held(book, true)
});
method!(FleetSetUs, "set_us", SetUs => FleetHeld,
"Changes our own tier and announced rebalances; what is absent stays.",
|book, input, _| {
    if let Some(rebalancing) = &input.rebalancing {
        book.us.rebalancing.clone_from(rebalancing);
    }
    book.us.tier = input.tier.or(book.us.tier);
    held(book, true)
});
method!(FleetRemove, "remove", RemoveFromFleet => FleetHeld,
"Forgets a member, a channel, a peer or a source.",
|book, input, _| {
    let mut changed = false;
    if let Some(id) = &input.channel_id {
        changed |= book.remove_channel(id);
    }
    if let Some(id) = &input.member_id {
        changed |= book.remove_member(id);
    }
    if let Some(id) = &input.peer_id {
        changed |= book.remove_peer(id);
    }
    if let Some(id) = &input.source_id {
        changed |= book.remove_source(id);
    }
    held(book, changed)
});
method!(FleetTake, "take", TakeMessage => Taken,
"Takes or refuses a message as `gossip.accept` does; what it says becomes its member's report.",
|book, input, why| {
    let arrival = Arrival {
        from: &input.from,
        hops: input.hops,
        message: &input.message,
        now: input.now,
    };
    book.take(&arrival, why)
});
method!(FleetNeeds, "needs", AskFirst => Needs,
    "What other members need at external peers, as `liquidity.needs`.",
    |book, ask, why| Ok(book.needs(ask, why)));
method!(FleetExcess, "excess", AskFirst => Excesses,
    "Where other members hold too much on their own side, as `liquidity.excess`.",
    |book, ask, why| Ok(book.excess(ask, why)));
method!(FleetTellState, "state", AskNow => FleetState,
    "How the fleet and we do, as `liquidity.state`.",
    |book, ask, why| Ok(book.state(ask, why)));
method!(FleetCompetition, "competition", AskFirst => Competition,
    "External peers that several members serve, as `liquidity.competition`.",
    |book, ask, why| Ok(book.competition(ask, why)));
method!(FleetRelevance, "relevance", AskPeer => Relevance,
    "How much our channels to a peer let us help there, as `liquidity.relevance`.",
    |book, ask, why| Ok(book.relevance(ask, why)));
method!(FleetTellHealth, "health", AskFirst => FleetHealth,
    "The health of the fleet, as `health.fleet`.",
    |book, ask, why| Ok(book.health(ask, why)));
method!(FleetVerify, "verify", AskMember => Verified,
    "What the last health report of a member is worth against what we see of it, as `health.verify`.",
    |book, ask, why| book.verify(ask, why));
method!(FleetConflict, "conflict", AskConflict => Conflict,
    "Whether another member rebalances through a peer, as `rebalance.conflict`.",
    |book, ask, why| Ok(book.conflict(ask, why)));
method!(FleetFees, "fees", AskFee => Adjusted,
    "Whether our fee towards a peer moves a step for another member, as `fees.adjust`.",
    |book, ask, why| book.fees(ask, why));
method!(FleetEvaluate, "evaluate", EvaluateInput => Evaluated,
    "What a rebalance out of the sources of the book is worth, as `rebalance.evaluate`.",
    |book, ask, why| book.evaluate(ask, why));
method!(FleetSplice, "splice", CheckInput => Checked,
    "Whether a splice keeps the fleet connected to the peer, as `splice.check`.",
    |book, ask, why| book.splice(ask, why));
method!(FleetHeadroom, "headroom", HeadroomInput => Headroom,
    "The largest splice-out that keeps the fleet connected to the peer, as `splice.headroom`.",
    |book, ask, why| book.headroom(ask, why));
method!(FleetAdvise, "advise", AskAdvice => Advised,
    "Which external peers a new channel would help most, as `topology.advise`.",
    |book, ask, why| book.advise(ask, why));
method!(FleetTakeSnapshot, "snapshot", Nothing => FleetSnapshot,
    "Everything the book knows.",
    |book, _, _| Ok(book.snapshot()));
method!(FleetOpening, "opening", Nothing => FleetBookOpening,
"What opens the same book again: its profile, config and state as they are now.",
|book, _, _| Ok(FleetBookOpening {
    profile: book.policy().profile(),
    config: book.policy().config().clone(),
    state: book.snapshot(),
}));
method!(FleetRestore, "restore", RestoreFleet => FleetHeld,
"Goes back to a snapshot.",
|book, input, _| {
    *book = FleetBook::new(book.policy().clone(), &input.state)?;
    held(book, true)
});
method!(FleetTakeDigest, "digest", Nothing => BookDigest,
    "sha256 of the canonical snapshot.",
    |book, _, _| Ok(BookDigest { digest: book.digest()? }));

/// Every method of the book: `$then!` is called with its type and theirs.
#[macro_export]
macro_rules! for_each_fleet_method {
    ($then:ident) => {
        $then! {
            $crate::fleet::book::FleetBook,
            FleetSetMember, FleetSetReport, FleetSetChannel, FleetSetPeer, FleetSetSource, FleetSetUs,
            FleetRemove, FleetTake, FleetNeeds, FleetExcess, FleetTellState, FleetCompetition,
            FleetRelevance, FleetTellHealth, FleetVerify, FleetConflict, FleetFees, FleetEvaluate, FleetSplice,
            FleetHeadroom, FleetAdvise, FleetTakeSnapshot, FleetOpening,
            FleetRestore, FleetTakeDigest,
        }
    };
}

for_each_fleet_method!(book_methods);
