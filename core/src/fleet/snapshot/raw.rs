//! The answers of a Core Lightning node as it gives them: what we read of them, everything else
//! ignored, and one bad entry never the end of a list.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Error as _, Unexpected};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

use crate::entries::{Entries, Entry};
use crate::units::{Count, Msat, NodeId, Ppm, Real, Seconds, SignedSat};
use crate::value::{Fault, FromValue, Node, Source, wrong_type};

/// The raw answers of a Core Lightning node.
#[record]
pub struct ClnInput {
    /// The answer of `bkpr-listaccountevents`: it tells own rebalances where `listchannelmoves` is
    /// missing.
    #[serde(
        default,
        alias = "bkpr-listaccountevents",
        skip_serializing_if = "Option::is_none"
    )]
    pub bkpr_listaccountevents: Option<ListAccountEvents>,
    /// The answer of `bkpr-listincome`; absent when the node keeps no books.
    #[serde(
        default,
        alias = "bkpr-listincome",
        skip_serializing_if = "Option::is_none"
    )]
    pub bkpr_listincome: Option<ListIncome>,
    /// From when on `listforwards` is whole; its oldest settled forward when absent.
    pub forwards_since: Option<Seconds>,
    /// The answer of `getinfo`.
    pub getinfo: GetInfo,
    /// From when on `bkpr-listincome` is whole; its oldest routed credit when absent.
    pub income_since: Option<Seconds>,
    /// The answer of `listchannelmoves`: what moved in each channel, and own rebalances.
    pub listchannelmoves: Option<ListChannelMoves>,
    /// The answer of `listchannels`.
    pub listchannels: Option<ListChannels>,
    /// The answer of `listforwards`.
    pub listforwards: Option<ListForwards>,
    /// The answer of `listpeerchannels`; only a node older than 23.02 has none.
    pub listpeerchannels: Option<ListPeerChannels>,
    /// The answer of `listpeers` of a node older than 23.02, with the channels inside.
    pub listpeers: Option<ListPeers>,
    /// The moment of the answers.
    pub now: Seconds,
}

/// The answer of `getinfo`.
#[record(open)]
pub struct GetInfo {
    /// The name the node gives itself.
    pub alias: Option<String>,
    /// The height of the chain.
    pub blockheight: Option<Count>,
    /// The node's id.
    pub id: NodeId,
}

/// The answer of `listpeerchannels`.
#[record(open)]
pub struct ListPeerChannels {
    /// The channels.
    pub channels: Entries<PeerChannel>,
}

/// The answer of `listpeers` of a node older than 23.02.
#[record(open)]
pub struct ListPeers {
    /// The peers.
    pub peers: Entries<OldPeer>,
}

/// A peer with its channels.
#[record(open)]
pub struct OldPeer {
    /// The channels with it. A newer node tells none here: that is not a node without channels.
    pub channels: Entries<PeerChannel>,
    /// Whether it is there.
    pub connected: Option<bool>,
    /// The node.
    pub id: NodeId,
}

/// One channel of `listpeerchannels`. One in the making lacks most of it.
#[record(open)]
pub struct PeerChannel {
    /// Its names where it has no place in the chain that others know.
    pub alias: Option<Alias>,
    /// Its id.
    pub channel_id: Option<NodeId>,
    /// Our fee for each forward.
    pub fee_base_msat: Option<NodeMsat>,
    /// Our fee rate.
    pub fee_proportional_millionths: Option<Ppm>,
    /// Funding transactions that are not final yet: splices, or an opening.
    pub inflight: Option<Vec<Inflight>>,
    /// Whether we lost the state of it.
    pub lost_state: Option<bool>,
    /// The largest forward that we let out.
    pub maximum_htlc_out_msat: Option<NodeLimit>,
    /// Who opened it.
    pub opener: Option<String>,
    /// What has to stay on our side.
    pub our_reserve_msat: Option<NodeLimit>,
    /// Whether the peer is there.
    pub peer_connected: Option<bool>,
    /// The node at the other end.
    pub peer_id: Option<NodeId>,
    /// Whether it is not announced.
    pub private: Option<bool>,
    /// What can be received.
    pub receivable_msat: Option<NodeLimit>,
    /// Whether both sides agreed on its state since they met again; absent while the peer is away.
    pub reestablished: Option<bool>,
    /// Its place in the chain.
    pub short_channel_id: Option<NodeId>,
    /// What can be sent.
    pub spendable_msat: Option<NodeLimit>,
    /// The state, such as `CHANNELD_NORMAL`.
    pub state: String,
    /// The part on our side.
    pub to_us_msat: Option<NodeMsat>,
    /// The whole capacity.
    pub total_msat: Option<NodeMsat>,
    /// The fees of both sides.
    pub updates: Option<Updates>,
}

/// The names of a channel without a public place in the chain.
#[record(open)]
pub struct Alias {
    /// The name under which our node forwards.
    pub local: Option<NodeId>,
}

/// A funding transaction that is not final yet.
#[record(open)]
pub struct Inflight {
    /// What it adds to our side; negative for what it takes, its on-chain fee included.
    pub splice_amount: Option<SignedSat>,
    /// The capacity it would leave.
    pub total_funding_msat: NodeMsat,
}

/// What both sides announced of a channel.
#[record(open)]
pub struct Updates {
    /// What the peer announced.
    pub remote: Option<Update>,
}

/// What one side announced of a channel.
#[record(open)]
pub struct Update {
    /// Its fee for each payment.
    pub fee_base_msat: NodeMsat,
    /// Its fee rate.
    pub fee_proportional_millionths: Ppm,
}

/// The answer of `listchannels`.
#[record(open)]
pub struct ListChannels {
    /// Each channel of the graph, once per direction.
    pub channels: Entries<GraphChannel>,
}

/// One direction of a channel of the graph.
#[record(open)]
pub struct GraphChannel {
    /// Whether it forwards; absent in old answers: it does.
    pub active: Option<bool>,
    /// The capacity.
    pub amount_msat: NodeMsat,
    /// Its fee for each payment.
    pub base_fee_millisatoshi: Option<Msat>,
    /// The node it leads to.
    pub destination: Option<NodeId>,
    /// Its fee rate.
    pub fee_per_millionth: Option<Ppm>,
    /// Whether others know it; absent: they do.
    pub public: Option<bool>,
    /// Its place in the chain.
    pub short_channel_id: NodeId,
    /// The node it leads away from.
    pub source: NodeId,
}

/// The answer of `listforwards`.
#[record(open)]
pub struct ListForwards {
    /// The forwards, whatever became of them.
    pub forwards: Entries<Forward>,
}

/// One forward.
#[record(open)]
pub struct Forward {
    /// What it earned, if it was settled.
    pub fee_msat: Option<NodeMsat>,
    /// The channel it came through.
    pub in_channel: NodeId,
    /// What came.
    pub in_msat: Option<NodeMsat>,
    /// The channel it left through, if it did.
    pub out_channel: Option<NodeId>,
    /// What left.
    pub out_msat: Option<NodeMsat>,
    /// When it came.
    pub received_time: Option<Real>,
    /// When it was over.
    pub resolved_time: Option<Real>,
    /// What became of it, such as `settled`.
    pub status: String,
}

/// The answer of `bkpr-listincome`.
#[record(open)]
pub struct ListIncome {
    /// The events.
    pub income_events: Entries<IncomeEvent>,
}

/// One event in the node's books.
#[record(open)]
pub struct IncomeEvent {
    /// The channel it belongs to, or a wallet.
    pub account: String,
    /// What it brought.
    #[serde(default)]
    pub credit_msat: NodeMsat,
    /// What it cost.
    #[serde(default)]
    pub debit_msat: NodeMsat,
    /// What it was for.
    pub tag: String,
    /// When it was.
    pub timestamp: Seconds,
    /// The transaction it paid for.
    pub txid: Option<String>,
}

/// The answer of `bkpr-listaccountevents`.
#[record(open)]
pub struct ListAccountEvents {
    /// The events.
    pub events: Entries<AccountEvent>,
}

/// One event of an account.
#[record(open)]
pub struct AccountEvent {
    /// The channel, or a wallet.
    pub account: String,
    /// What came in.
    #[serde(default)]
    pub credit_msat: NodeMsat,
    /// What went out.
    #[serde(default)]
    pub debit_msat: NodeMsat,
    /// The hash of the payment it belongs to.
    pub payment_id: Option<String>,
    /// What it was for.
    pub tag: String,
    /// When it was.
    pub timestamp: Seconds,
}

/// The answer of `listchannelmoves`.
#[record(open)]
pub struct ListChannelMoves {
    /// The moves.
    pub channelmoves: Entries<ChannelMove>,
}

/// One move of money in a channel.
#[record(open)]
pub struct ChannelMove {
    /// The channel.
    pub account_id: String,
    /// What came in.
    #[serde(default)]
    pub credit_msat: NodeMsat,
    /// What went out.
    #[serde(default)]
    pub debit_msat: NodeMsat,
    /// The hash of the payment it belongs to.
    pub payment_hash: Option<String>,
    /// What it was for.
    pub primary_tag: String,
    /// When it was.
    pub timestamp: Seconds,
}

macro_rules! entry {
    ($($name:ident by $id:ident = $text:literal),* $(,)?) => {
        $(impl Entry for $name {
            const ID: &'static str = $text;
            fn id(&self) -> &str {
                AsId::as_id(&self.$id)
            }
        })*
    };
}

/// An id as text.
trait AsId {
    fn as_id(&self) -> &str;
}

impl AsId for NodeId {
    fn as_id(&self) -> &str {
        self.as_str()
    }
}

impl AsId for String {
    fn as_id(&self) -> &str {
        self
    }
}

impl Entry for PeerChannel {
    const ID: &'static str = "channel_id";
    fn id(&self) -> &str {
        self.channel_id.as_ref().map_or("", NodeId::as_str)
    }
}

entry! {
    OldPeer by id = "id",
    AccountEvent by account = "account",
    ChannelMove by account_id = "account_id",
    GraphChannel by short_channel_id = "short_channel_id",
    Forward by in_channel = "in_channel",
    IncomeEvent by account = "account",
}

/// An amount as nodes have written it over the years: `1000` or `"1000msat"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeMsat(Msat);

impl NodeMsat {
    /// The amount.
    #[must_use]
    pub const fn get(self) -> Msat {
        self.0
    }
}

impl Serialize for NodeMsat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

const NODE_MSAT_SHAPE: &str = "millisatoshis, as an integer or as \"1000msat\"";

impl FromValue for NodeMsat {
    // A node that does not know an amount writes null where another leaves it out.
    const NULL_IS_ABSENCE: bool = true;

    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        let amount = match source.node()? {
            Node::Text(text) => digits(&text)
                .and_then(|n| Msat::new(n).ok())
                .ok_or_else(|| Fault::invalid_value(Unexpected::Str(&text), &NODE_MSAT_SHAPE)),
            Node::Unsigned(n) => Msat::new(n)
                .map_err(|_| Fault::invalid_value(Unexpected::Unsigned(n), &NODE_MSAT_SHAPE)),
            Node::Signed(n) => Err(Fault::invalid_value(
                Unexpected::Signed(n),
                &NODE_MSAT_SHAPE,
            )),
            Node::Float(_) | Node::Integer(_) => Msat::from_value(source),
            node => Err(wrong_type(&node, &NODE_MSAT_SHAPE)),
        };
        amount.map(Self)
    }
}

/// As [`NodeMsat`], for what a node may set to no limit at all: more than all bitcoin is all bitcoin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeLimit(Msat);

impl NodeLimit {
    /// The amount.
    #[must_use]
    pub const fn get(self) -> Msat {
        self.0
    }
}

impl Serialize for NodeLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl NodeLimit {
    fn cut(n: u64) -> Self {
        Self(Msat::clamped(n.min(Msat::MAX.get())))
    }
}

/// The number in `"1000"` or `"1000msat"`.
fn digits(text: &str) -> Option<u64> {
    let digits = text.strip_suffix("msat").unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

impl FromValue for NodeLimit {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        match source.node()? {
            Node::Text(text) => digits(&text)
                .map(Self::cut)
                .ok_or_else(|| Fault::invalid_value(Unexpected::Str(&text), &NODE_MSAT_SHAPE)),
            Node::Unsigned(n) => Ok(Self::cut(n)),
            // A host without integers of 64 bits has "no limit" as a float or a big integer.
            Node::Float(x) if x.is_finite() && x > Msat::MAX.as_f64() => Ok(Self(Msat::MAX)),
            Node::Integer(whole) if digits(&whole).is_some() => {
                Ok(Self::cut(digits(&whole).unwrap_or(u64::MAX)))
            }
            _ => NodeMsat::from_value(source).map(|NodeMsat(amount)| Self(amount)),
        }
    }
}

impl JsonSchema for NodeLimit {
    fn schema_name() -> Cow<'static, str> {
        "NodeLimit".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^[0-9]+(msat)?$" },
            ],
            "description": "millisatoshis, as an integer or as \"1000msat\"; more than all bitcoin is no limit",
            "x-unit": "msat",
        })
    }
}

impl JsonSchema for NodeMsat {
    fn schema_name() -> Cow<'static, str> {
        "NodeMsat".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": Msat::MAX.get() },
                { "type": "string", "pattern": "^[0-9]+(msat)?$" },
            ],
            "description": "millisatoshis, as an integer or as \"1000msat\"", "x-unit": "msat",
        })
    }
}
