//! The parts of a line, for who replays or shows it: without a tree of what need not be looked at.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::{Error, ErrorCode};
use crate::log::{LogBegan, LogKind};
use crate::value::FromValue;
use crate::value::Value;

/// A line, its long parts unread.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'l> {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Why a snapshot was written.
    #[serde(borrow)]
    pub began: Option<Cow<'l, str>>,
    /// Who asked.
    #[serde(borrow)]
    pub caller: Option<Cow<'l, str>>,
    /// sha256 of the canonical config.
    #[serde(borrow)]
    pub config: Option<Cow<'l, str>>,
    /// Bytes of a cut line that were removed before the log was resumed.
    pub cut_bytes: Option<u64>,
    /// What the host calls this decision.
    #[serde(borrow)]
    pub decision_id: Option<Cow<'l, str>>,
    /// Lines dropped since the log was opened.
    pub dropped: Option<u64>,
    /// How long the call took.
    pub duration_us: Option<u64>,
    /// Whether the log had ended in order before it was resumed.
    pub ended: Option<bool>,
    /// The version of the format.
    pub format: Option<u64>,
    /// The number of the handle.
    pub handle: Option<u64>,
    /// The handles that are open.
    #[serde(borrow)]
    pub handles: Option<Vec<Handle<'l>>>,
    /// The input, where it is JSON.
    #[serde(borrow, default, deserialize_with = "present")]
    pub input: Option<&'l RawValue>,
    /// The input in hexadecimal.
    #[serde(borrow)]
    pub input_hex: Option<Cow<'l, str>>,
    /// The input as text.
    #[serde(borrow)]
    pub input_text: Option<Cow<'l, str>>,
    /// What the line tells.
    #[serde(borrow, rename = "kind")]
    kind_word: Cow<'l, str>,
    /// What else the host wanted to know.
    pub labels: Option<BTreeMap<String, String>>,
    /// Where something was left out.
    pub masked: Option<Vec<String>>,
    /// sha256 of the module.
    #[serde(borrow)]
    pub module: Option<Cow<'l, str>>,
    /// The operation or method.
    #[serde(borrow)]
    pub op: Option<Cow<'l, str>>,
    /// The kind of handle that is opened.
    #[serde(borrow)]
    pub opens: Option<Cow<'l, str>>,
    /// The answer, where it is JSON.
    #[serde(borrow, default, deserialize_with = "present")]
    pub output: Option<&'l RawValue>,
    /// The answer in hexadecimal.
    #[serde(borrow)]
    pub output_hex: Option<Cow<'l, str>>,
    /// The answer as text.
    #[serde(borrow)]
    pub output_text: Option<Cow<'l, str>>,
    /// The policies that lines name.
    #[serde(borrow)]
    pub policies: Option<Vec<Policy<'l>>>,
    /// The sha256 of the line before.
    #[serde(borrow)]
    pub prev: Option<Cow<'l, str>>,
    /// The number of the line.
    pub seq: u64,
}

/// What is there, `null` too: an input of `null` was asked, an absent one was not.
fn present<'de, D: Deserializer<'de>>(part: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(part).map(Some)
}

/// An open handle, as what opens it again.
#[derive(Clone, Debug, Deserialize)]
pub struct Handle<'l> {
    /// Its number.
    pub handle: u64,
    /// What it is opened with.
    #[serde(borrow)]
    pub input: &'l RawValue,
    /// Its kind.
    #[serde(borrow)]
    pub opens: Cow<'l, str>,
}

/// A policy that lines name by the digest of its config.
#[derive(Clone, Debug, Deserialize)]
pub struct Policy<'l> {
    /// sha256 of the canonical config.
    #[serde(borrow)]
    pub config: Cow<'l, str>,
    /// The fields of the config to change.
    #[serde(borrow)]
    pub overrides: Option<&'l RawValue>,
    /// The profile to start from.
    #[serde(borrow)]
    pub profile: Cow<'l, str>,
}

impl<'l> Line<'l> {
    /// Reads a line.
    pub fn read(line: &'l [u8]) -> Result<Self, Error> {
        let read: Self = serde_json::from_slice(line).map_err(|error| {
            Error::new(ErrorCode::Malformed, "", error, "a line of a decision log")
        })?;
        LogKind::from_key(&read.kind_word)
            .map(drop)
            .map_err(|_| Error::out_of_range("kind", &read.kind_word, "a kind of line"))?;
        Ok(read)
    }

    /// What the line tells.
    #[must_use]
    pub fn kind(&self) -> LogKind {
        // The word was read before.
        LogKind::from_key(&self.kind_word).unwrap_or_default()
    }

    /// Why a snapshot was written.
    #[must_use]
    pub fn began(&self) -> Option<LogBegan> {
        let word = self.began.as_deref()?;
        crate::value::decode(&Value::Text(word.into())).ok()
    }
}
