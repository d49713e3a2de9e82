//! The answers of a Core Lightning node as it gives them: what we read of them, everything else
//! ignored, and one bad entry never the end of a list.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Error as _, Unexpected};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

use crate::entries::{Entries, Entry};
use crate::units::{Msat, NodeId, Ppm, Real, Seconds};
use crate::value::{Fault, FromValue, Node, Source, wrong_type};

/// The raw answers of a Core Lightning node.
#[record]
pub struct ClnInput {
    /// The answer of `bkpr-listincome`; absent when the node keeps no books.
    #[serde(
        default,
        alias = "bkpr-listincome",
        skip_serializing_if = "Option::is_none"
    )]
    pub bkpr_listincome: Option<ListIncome>,
    /// The answer of `getinfo`.
    pub getinfo: GetInfo,
    /// The answer of `listchannels`.
    pub listchannels: Option<ListChannels>,
    /// The answer of `listforwards`.
    pub listforwards: Option<ListForwards>,
    /// The answer of `listpeerchannels`.
    pub listpeerchannels: ListPeerChannels,
    /// The moment of the answers.
    pub now: Seconds,
}

/// The answer of `getinfo`.
#[record(open)]
pub struct GetInfo {
    /// The name the node gives itself.
    pub alias: Option<String>,
    /// The node's id.
    pub id: NodeId,
}

/// The answer of `listpeerchannels`.
#[record(open)]
pub struct ListPeerChannels {
    /// The channels.
    pub channels: Entries<PeerChannel>,
}

/// One channel of `listpeerchannels`.
#[record(open)]
pub struct PeerChannel {
    /// Its names where it has no place in the chain that others know.
    pub alias: Option<Alias>,
    /// Its id.
    pub channel_id: NodeId,
    /// Our fee rate.
    pub fee_proportional_millionths: Option<Ppm>,
    /// Funding transactions that are not final yet: splices.
    pub inflight: Option<Vec<Inflight>>,
    /// The node at the other end.
    pub peer_id: NodeId,
    /// Whether the graph does not know it.
    pub private: Option<bool>,
    /// Its place in the chain.
    pub short_channel_id: Option<NodeId>,
    /// The state, such as `CHANNELD_NORMAL`.
    pub state: String,
    /// The part on our side.
    pub to_us_msat: NodeMsat,
    /// The whole capacity.
    pub total_msat: NodeMsat,
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
    /// The capacity it would leave.
    pub total_funding_msat: NodeMsat,
}

/// The answer of `listchannels`.
#[record(open)]
pub struct ListChannels {
    /// Each public channel, once per direction.
    pub channels: Entries<GraphChannel>,
}

/// One direction of a public channel.
#[record(open)]
pub struct GraphChannel {
    /// The capacity.
    pub amount_msat: NodeMsat,
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
    /// The channel it left through, if it did.
    pub out_channel: Option<NodeId>,
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
    /// What it cost.
    #[serde(default)]
    pub debit_msat: NodeMsat,
    /// What it was for.
    pub tag: String,
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

entry! {
    PeerChannel by channel_id = "channel_id",
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
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        let amount = match source.node()? {
            Node::Text(text) => {
                let digits = text.strip_suffix("msat").unwrap_or(&text);
                let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                let amount = digits.parse().ok().filter(|_| plain);
                amount
                    .and_then(|n| Msat::new(n).ok())
                    .ok_or_else(|| Fault::invalid_value(Unexpected::Str(&text), &NODE_MSAT_SHAPE))
            }
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
