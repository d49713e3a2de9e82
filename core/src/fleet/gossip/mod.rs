//! What members tell each other: signed observations, limited and replay-proof. No message asks
//! for funds.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"kind":"splice_check","at":1795000000,
//!   "reporter":"038101a0f8d335ce9c4ee7f10c7adc496704158fb0b687b54150dedd95dd19eb38",
//!   "body":{"peer":"acinq","type":"splice_out","amount_sats":500000,"intent":"query","expires":1795000300}}"#;
//! let answer = Policy::plan().call("gossip.build", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains("trimtab:1:splice_check:038101a0"));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: spec "Gossip between members". Signing is the node's own `signmessage`. Codes:
//! `message_built`, and those of [`accept`], [`signature`] and [`legacy`].

use crate::canonical;
use crate::config::Config;
pub use crate::config::gossip::GossipConfig;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::{Count, NodeId, Seconds, Serial};

pub mod accept;
pub mod body;
pub mod bridge;
pub mod legacy;
pub mod plain;
pub mod report;
pub mod signature;

use plain::{Plain, normal};

/// The version of the messages.
pub const VERSION: u64 = 1;

/// What a message is about.
#[choice]
pub enum Kind {
    /// How a member does.
    HealthStatus,
    /// What a member holds where.
    LiquidityState,
    /// A question about a splice, or its announcement.
    SpliceCheck,
    /// The answer to such a question.
    SpliceCheckAnswer,
}

impl Kind {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HealthStatus => "health_status",
            Self::LiquidityState => "liquidity_state",
            Self::SpliceCheck => "splice_check",
            Self::SpliceCheckAnswer => "splice_check_answer",
        }
    }
}

/// What should be told to the other members.
#[record]
pub struct BuildInput {
    /// The time.
    pub at: Seconds,
    /// The observations.
    pub body: Plain,
    /// What the message is about.
    pub kind: Kind,
    /// The number of our last message; 0 when it is lost.
    #[serde(default)]
    pub last_seq: Serial,
    /// Our public key.
    pub reporter: NodeId,
}

/// A message that lacks only its signature.
#[record(open)]
pub struct Built {
    /// sha256 of the text, the id of the message.
    pub digest: String,
    /// The message without its signature.
    pub message: Unsigned,
    /// The text to sign with the node's `signmessage`.
    pub text: String,
}

/// A message without its signature.
#[record(open)]
pub struct Unsigned {
    /// When it was made.
    pub at: Seconds,
    /// The observations, in their one form.
    pub body: Plain,
    /// What it is about.
    pub kind: Kind,
    /// Who made it.
    pub reporter: NodeId,
    /// Its number.
    pub seq: Serial,
    /// The version of the messages.
    pub v: Count,
}

/// Builds a message and the text to sign.
pub fn build(_: &Config, input: &BuildInput, why: &mut Why) -> Result<Built, Error> {
    if !is_public_key(input.reporter.as_str()) {
        return Err(Error::out_of_range(
            "reporter",
            &input.reporter,
            PUBLIC_KEY_SHAPE,
        ));
    }
    let body = normal(input.body.value()).map_err(|error| error.inside("body"))?;
    body::check(input.kind, &body, input.at).map_err(|error| error.inside("body"))?;
    // A sender that lost its state goes on from its clock and is not silenced.
    let by_clock = Serial::named("at", input.at.get().saturating_mul(1000))?;
    let seq = input.last_seq.plus(Serial::new(1)?)?.max(by_clock);
    let message = Unsigned {
        at: input.at,
        body: Plain::new(body),
        kind: input.kind,
        reporter: input.reporter.clone(),
        seq,
        v: Count::new(1)?,
    };
    let text = signed_text(&message)?;
    why.add(|| Reason::new(Code::MessageBuilt, Effect::Allow).observed(seq));
    Ok(Built {
        digest: canonical::digest(text.as_bytes()),
        message,
        text,
    })
}

/// The text that the reporter signs: it covers every field, the unknown ones of the body too.
fn signed_text(message: &Unsigned) -> Result<String, Error> {
    Ok(format!(
        "trimtab:{VERSION}:{}:{}:{}:{}:{}",
        message.kind.as_str(),
        message.reporter,
        message.seq,
        message.at,
        canonical::digest_of(message.body.value())?,
    ))
}

const PUBLIC_KEY_SHAPE: &str = "66 lower-case hexadecimal digits, the first two 02 or 03";

/// Whether a text is a compressed public key.
fn is_public_key(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 66 && (text.starts_with("02") || text.starts_with("03")) && text.bytes().all(hex)
}

#[cfg(test)]
pub(in crate::fleet) mod tests;
