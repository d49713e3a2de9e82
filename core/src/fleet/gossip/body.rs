//! What the messages hold. Counts and sums, never a score: the receiver derives it.

use super::Kind;
use crate::error::Error;
use crate::fleet::member::SpliceType;
use crate::units::{Count, NodeId, Sat, Seconds};
use crate::value::{self, Value};

/// How a member does: what it can see of its own channels.
#[record(open)]
pub struct HealthStatus {
    /// The capacity of its channels.
    pub capacity_sats: Sat,
    /// How many channels it has.
    pub channels: Count,
    /// sha256 of its config.
    pub config: Option<String>,
    /// Sum over its channels of how far each lies from balance, in hundredths of a percent.
    pub imbalance_bp: Sat,
    /// Channels that earn.
    pub profitable: Count,
    /// Its revenue in four weeks, oldest first.
    pub revenue_sats: Vec<Sat>,
    /// Channels that stand still.
    pub stagnant: Count,
    /// All channels that were judged.
    pub total: Count,
    /// Channels that lose.
    pub underwater: Count,
    /// Its software.
    pub version: Option<String>,
}

/// What a member holds where.
#[record(open)]
pub struct LiquidityState {
    /// What it holds with each external peer.
    #[serde(default)]
    pub capacities: Vec<Capacity>,
    /// Its channels with little on its own side.
    #[serde(default)]
    pub depleted: Vec<Trouble>,
    /// Where it is rebalancing.
    #[serde(default)]
    pub rebalancing: Vec<Rebalancing>,
    /// Its channels with nearly all on its own side.
    #[serde(default)]
    pub saturated: Vec<Trouble>,
}

/// What a member holds with a peer.
#[record(open)]
pub struct Capacity {
    /// The sum of its channels with the peer.
    pub capacity_sats: Sat,
    /// The peer.
    pub peer: NodeId,
}

/// A depleted or saturated channel.
#[record(open)]
pub struct Trouble {
    /// The capacity of the channel.
    pub capacity_sats: Sat,
    /// The member's share, in thousandths, rounded toward its nearer end.
    pub local_per_mille: Count,
    /// The peer at the other end.
    pub peer: NodeId,
}

/// A rebalance under way.
#[record(open)]
pub struct Rebalancing {
    /// When it should be over.
    pub expected_end: Seconds,
    /// The peer through which it goes.
    pub peer: NodeId,
    /// When it began.
    pub start: Seconds,
}

/// A question about a splice, or its announcement.
#[record(open)]
pub struct SpliceCheck {
    /// How much.
    pub amount_sats: Sat,
    /// Until when it holds.
    pub expires: Seconds,
    /// Whether it is only asked or will be done.
    pub intent: Intent,
    /// The peer.
    pub peer: NodeId,
    /// Which way it goes.
    #[serde(rename = "type")]
    pub splice_type: SpliceType,
}

/// Whether a splice is only asked about or will be done.
#[choice]
pub enum Intent {
    /// It is a question.
    Query,
    /// It will be done; only this reserves.
    Announce,
}

/// The answer to a question about a splice.
#[record(open)]
pub struct SpliceAnswer {
    /// What the member holds with the peer.
    pub capacity_sats: Sat,
    /// The digest of the question.
    pub in_reply_to: String,
    /// The peer.
    pub peer: NodeId,
}

/// The bodies that change more than the last message.
pub(super) enum Known {
    /// A health report or liquidity state.
    Report,
    /// A splice check.
    Check(SpliceCheck),
    /// An answer.
    Answer(SpliceAnswer),
}

impl Known {
    /// The splice that it reserves for.
    pub fn announced(&self) -> Option<&SpliceCheck> {
        match self {
            Self::Check(splice) if splice.intent == Intent::Announce => Some(splice),
            Self::Check(_) | Self::Answer(_) | Self::Report => None,
        }
    }
}

/// Whether a body has the shape and bounds of its kind; unknown fields are signed and ignored.
pub(super) fn check(kind: Kind, body: &Value<'_>, at: Seconds) -> Result<Known, Error> {
    match kind {
        Kind::HealthStatus => {
            check_health(&value::decode(body)?)?;
            Ok(Known::Report)
        }
        Kind::LiquidityState => {
            check_liquidity(&value::decode(body)?)?;
            Ok(Known::Report)
        }
        Kind::SpliceCheck => {
            let check: SpliceCheck = value::decode(body)?;
            let latest = at.get().saturating_add(600);
            if check.expires.get() > latest {
                return Err(Error::out_of_range(
                    "expires",
                    check.expires,
                    format_args!("at most {latest}").to_string(),
                ));
            }
            Ok(Known::Check(check))
        }
        Kind::SpliceCheckAnswer => {
            let answer: SpliceAnswer = value::decode(body)?;
            check_digest("in_reply_to", &answer.in_reply_to)?;
            Ok(Known::Answer(answer))
        }
    }
}

fn check_digest(field: &str, text: &str) -> Result<(), Error> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 64 && text.bytes().all(hex) {
        return Ok(());
    }
    Err(Error::out_of_range(
        field,
        text,
        "64 lower-case hexadecimal digits",
    ))
}

fn check_health(health: &HealthStatus) -> Result<(), Error> {
    let windows = health.revenue_sats.len();
    if windows != 4 {
        return Err(Error::out_of_range("revenue_sats", windows, "4 windows"));
    }
    let most = u64::from(health.channels.get()) * 10_000;
    if health.imbalance_bp.get() > most {
        return Err(Error::out_of_range(
            "imbalance_bp",
            health.imbalance_bp,
            format_args!("at most {most}").to_string(),
        ));
    }
    let version = health.version.as_ref().map_or(0, String::len);
    if version > 64 {
        return Err(Error::too_large("version", version, "64 bytes"));
    }
    health
        .config
        .as_ref()
        .map_or(Ok(()), |config| check_digest("config", config))
}

/// So many capacities fit into a liquidity state.
pub(super) const MOST_CAPACITIES: usize = 200;
/// So many depleted and saturated channels together.
pub(super) const MOST_TROUBLES: usize = 100;
/// So many rebalances.
pub(super) const MOST_REBALANCING: usize = 32;

fn check_liquidity(state: &LiquidityState) -> Result<(), Error> {
    let troubles = state.depleted.len() + state.saturated.len();
    for (field, got, most) in [
        ("capacities", state.capacities.len(), MOST_CAPACITIES),
        ("depleted", troubles, MOST_TROUBLES),
        ("rebalancing", state.rebalancing.len(), MOST_REBALANCING),
    ] {
        if got > most {
            return Err(Error::too_large(field, got, most));
        }
    }
    let mut lists = [
        ("depleted", &state.depleted),
        ("saturated", &state.saturated),
    ]
    .into_iter();
    let beyond = lists.find_map(|(field, list)| {
        let at = list
            .iter()
            .position(|one| one.local_per_mille.get() > 1000)?;
        Some((field, at))
    });
    match beyond {
        Some((field, at)) => {
            let error = Error::out_of_range("local_per_mille", "more than 1000", "0..=1000");
            Err(error.at(at).inside(field))
        }
        None => Ok(()),
    }
}
