//! From what a host observed to the one text of its line, and the digest that the next line names.

use std::borrow::Cow;

use crate::canonical;
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::log::{FORMAT, LogBegan, LogKind, mask};
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::Table;
use crate::units::{Millis, Serial};
use crate::value::{self, Value};

/// Texts that nest deeper are kept as text: the line around them must still be read.
const DEEPEST: usize = 100;

/// What a host observed.
#[record(Default)]
pub struct LogLineInput {
    /// The number of the line; each is one more than the last one, dropped lines counted.
    pub seq: Serial,
    /// When, in milliseconds since 1970.
    pub at: Millis,
    /// What the line tells; a decision when absent.
    #[serde(default)]
    pub kind: LogKind,
    /// The name of the operation or method; of a handle also `open` and `close`.
    pub op: Option<String>,
    /// The bytes of the input, as text.
    pub input: Option<String>,
    /// The bytes of an input that is no text, in hexadecimal: columns.
    pub input_hex: Option<String>,
    /// The bytes of the answer, as text: an envelope or `{"error": …}`.
    pub output: Option<String>,
    /// The bytes of an answer that is no text, in hexadecimal: columns.
    pub output_hex: Option<String>,
    /// sha256 of the module that decided; `native` where the core ran without one.
    pub module: Option<String>,
    /// sha256 of the canonical config.
    pub config: Option<String>,
    /// The number of the handle, within this log.
    pub handle: Option<Serial>,
    /// The kind of the handle that `open` opens.
    pub opens: Option<String>,
    /// What the host calls this decision.
    pub decision_id: Option<String>,
    /// Who asked.
    pub caller: Option<String>,
    /// What else the host wants to know later.
    pub labels: Option<Table<String, String>>,
    /// How long the call took, in microseconds.
    pub duration_us: Option<Serial>,
    /// The sha256 of the line before; absent on the first line of a log.
    pub prev: Option<String>,
    /// JSON pointers to what must not be told, `*` for every entry.
    #[serde(default)]
    pub mask: Vec<String>,
    /// Why a snapshot is written.
    pub began: Option<LogBegan>,
    /// Whether the log had ended in order before it was resumed.
    pub ended: Option<bool>,
    /// How many bytes of a line that was cut off were removed before the log was resumed.
    pub cut_bytes: Option<Serial>,
    /// How many lines were dropped since the log was opened.
    pub dropped: Option<Serial>,
    /// The handles that are open.
    pub handles: Option<Vec<LogHandle>>,
    /// The policies that lines name.
    pub policies: Option<Vec<LogPolicy>>,
}

/// An open handle, as what opens it again.
#[record]
pub struct LogHandle {
    /// Its number, within this log.
    pub handle: Serial,
    /// Its kind.
    pub opens: String,
    /// What it is opened with, as text.
    pub input: String,
}

/// A policy that lines name by the digest of its config.
#[record]
pub struct LogPolicy {
    /// sha256 of the canonical config.
    pub config: String,
    /// The profile to start from.
    pub profile: String,
    /// The fields of the config to change, as text.
    pub overrides: Option<String>,
}

/// A line of the log.
#[record(open)]
pub struct LogLine {
    /// sha256 of the line: what the next line names as `prev`.
    pub hash: String,
    /// The line, without the line break that ends it.
    pub line: String,
    /// Where something was left out.
    pub masked: Vec<String>,
    /// The number of the next line.
    pub next_seq: Serial,
}

/// A part that crossed as bytes.
enum Piece {
    /// It is JSON.
    Plain(Value<'static>),
    /// It is no JSON, or too deep for a line.
    Text(String),
    /// It is no text.
    Hex(String),
}

impl Piece {
    fn of(name: &str, text: Option<&String>, hex: Option<&String>) -> Result<Option<Self>, Error> {
        match (text, hex) {
            (None, None) => Ok(None),
            (Some(text), None) => Ok(Some(match value::Value::from_json(text.as_bytes()) {
                Ok(value) if depth(&value) <= DEEPEST => Self::Plain(value.into_owned()),
                _ => Self::Text(text.clone()),
            })),
            (None, Some(hex)) if is_hex(hex) => Ok(Some(Self::Hex(hex.clone()))),
            (None, Some(hex)) => {
                let expected = "an even number of digits 0-9 and a-f";
                let got = format_args!("\"{hex}\"").to_string();
                Err(Error::out_of_range(format!("{name}_hex"), got, expected))
            }
            (Some(_), Some(_)) => {
                let hex = format!("{name}_hex");
                let expected = format!("one of {name} and {hex}");
                Err(Error::new(ErrorCode::Duplicate, hex, "both", expected))
            }
        }
    }

    /// Its entry in the line.
    fn entry(self, name: &'static str) -> (Cow<'static, str>, Value<'static>) {
        let text = |text: String| Value::Text(Cow::Owned(text));
        match self {
            Self::Plain(value) => (name.into(), value),
            Self::Text(kept) => (format!("{name}_text").into(), text(kept)),
            Self::Hex(digits) => (format!("{name}_hex").into(), text(digits)),
        }
    }
}

fn is_hex(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len().is_multiple_of(2) && text.bytes().all(is_digit)
}

/// How deep a value nests; inputs nest no deeper than [`value::MAX_DEPTH`].
fn depth(value: &Value<'_>) -> usize {
    match value {
        Value::List(entries) => 1 + entries.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(_, value)| depth(value));
            1 + entries.max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// What each kind of line must have; what it may have beside `seq`, `at`, `prev` and `mask`.
const fn fields_of(kind: LogKind) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        LogKind::Decision => (
            &["op", "module", "config", "input", "output"],
            &["caller", "decision_id", "duration_us", "labels"],
        ),
        LogKind::Handle => (
            &["op", "module", "handle"],
            &[
                "caller",
                "config",
                "decision_id",
                "duration_us",
                "input",
                "labels",
                "opens",
                "output",
            ],
        ),
        LogKind::Snapshot => (
            &["module", "began"],
            &["cut_bytes", "dropped", "ended", "handles", "policies"],
        ),
        LogKind::Policy => (&["policies"], &[]),
        LogKind::End => (&[], &["dropped"]),
    }
}

fn fits(input: &LogLineInput) -> Result<(), Error> {
    let given = [
        ("began", input.began.is_some()),
        ("caller", input.caller.is_some()),
        ("config", input.config.is_some()),
        ("cut_bytes", input.cut_bytes.is_some()),
        ("decision_id", input.decision_id.is_some()),
        ("dropped", input.dropped.is_some()),
        ("duration_us", input.duration_us.is_some()),
        ("ended", input.ended.is_some()),
        ("handle", input.handle.is_some()),
        ("handles", input.handles.is_some()),
        ("input", input.input.is_some() || input.input_hex.is_some()),
        ("labels", input.labels.is_some()),
        ("module", input.module.is_some()),
        ("op", input.op.is_some()),
        ("opens", input.opens.is_some()),
        (
            "output",
            input.output.is_some() || input.output_hex.is_some(),
        ),
        ("policies", input.policies.is_some()),
    ];
    let (needed, allowed) = fields_of(input.kind);
    for (name, is_given) in given {
        match (is_given, needed.contains(&name), allowed.contains(&name)) {
            (false, true, _) => return Err(Error::missing(name)),
            (true, false, false) => {
                let expected = [needed, allowed].concat().join(" | ");
                let got = "a field of another kind of line";
                return Err(Error::new(ErrorCode::UnknownField, name, got, expected));
            }
            _ => {}
        }
    }
    if input.prev.is_none() && input.kind != LogKind::Snapshot {
        let expected = "the digest of the line before: only a snapshot begins a log";
        return Err(Error::new(
            ErrorCode::MissingField,
            "prev",
            "nothing",
            expected,
        ));
    }
    let opens = input.op.as_deref() == Some("open");
    if input.kind == LogKind::Handle && opens != input.opens.is_some() {
        let (got, expected) = match opens {
            true => ("nothing", "the kind of handle that is opened"),
            false => ("a kind of handle", "nothing but with the operation open"),
        };
        return Err(Error::out_of_range("opens", got, expected));
    }
    Ok(())
}

/// The text of a line and its digest.
pub fn line(_: &Config, input: &LogLineInput, why: &mut Why) -> Result<LogLine, Error> {
    fits(input)?;
    let mut is_text = false;
    let mut fields: Vec<(Cow<'static, str>, Value<'static>)> = vec![
        ("at".into(), Value::Unsigned(input.at.get())),
        ("kind".into(), value::encode(&input.kind)?),
        ("seq".into(), Value::Unsigned(input.seq.get())),
    ];
    for (name, text) in [
        ("caller", &input.caller),
        ("config", &input.config),
        ("decision_id", &input.decision_id),
        ("module", &input.module),
        ("op", &input.op),
        ("opens", &input.opens),
        ("prev", &input.prev),
    ] {
        let text = text.as_ref().map(|text| Value::Text(text.clone().into()));
        fields.extend(text.map(|text| (name.into(), text)));
    }
    for (name, number) in [
        ("cut_bytes", input.cut_bytes),
        ("dropped", input.dropped),
        ("duration_us", input.duration_us),
        ("handle", input.handle),
    ] {
        fields.extend(number.map(|n| (name.into(), Value::Unsigned(n.get()))));
    }
    for (name, text, hex) in [
        ("input", &input.input, &input.input_hex),
        ("output", &input.output, &input.output_hex),
    ] {
        if let Some(piece) = Piece::of(name, text.as_ref(), hex.as_ref())? {
            is_text |= matches!(piece, Piece::Text(_));
            fields.push(piece.entry(name));
        }
    }
    if let Some(labels) = &input.labels {
        fields.push(("labels".into(), value::encode(labels)?));
    }
    if let Some(ended) = input.ended {
        fields.push(("ended".into(), Value::Bool(ended)));
    }
    if let Some(began) = input.began {
        fields.push(("began".into(), value::encode(&began)?));
        fields.push(("format".into(), Value::Unsigned(FORMAT)));
    }
    for (name, list) in [
        ("handles", handles(input.handles.as_deref())?),
        ("policies", policies(input.policies.as_deref())?),
    ] {
        fields.extend(list.map(|list| (name.into(), Value::List(list))));
    }
    let mut whole = Value::Map(fields);
    let masked = mask::apply(&mut whole, &input.mask)?;
    if let (false, Value::Map(fields)) = (masked.is_empty(), &mut whole) {
        fields.push(("masked".into(), value::encode(&masked)?));
    }
    let line = canonical::text(&whole)?;
    let told = |code, effect, observed: Option<u64>| {
        let reason = Reason::new(code, effect);
        observed.map_or(reason.clone(), |n| reason.observed(n))
    };
    why.add(|| told(Code::LogLineWritten, Effect::Allow, None));
    if !masked.is_empty() {
        let count = masked.len() as u64;
        why.add(|| told(Code::LogFieldsMasked, Effect::Adjust, Some(count)));
    }
    if is_text {
        why.add(|| told(Code::LogKeptAsText, Effect::Adjust, None));
    }
    Ok(LogLine {
        hash: canonical::digest(line.as_bytes()),
        line,
        masked,
        next_seq: next(input.seq)?,
    })
}

/// The number of the line after `seq`.
pub(super) fn next(seq: Serial) -> Result<Serial, Error> {
    Serial::named("seq", seq.get().saturating_add(1))
}

fn handles(handles: Option<&[LogHandle]>) -> Result<Option<Vec<Value<'static>>>, Error> {
    let written = |(index, one): (usize, &LogHandle)| {
        let input = Value::from_json(one.input.as_bytes());
        let input = input.map_err(|error| error.inside("input").at(index).inside("handles"))?;
        Ok(Value::Map(vec![
            ("handle".into(), Value::Unsigned(one.handle.get())),
            ("input".into(), input.into_owned()),
            ("opens".into(), Value::Text(one.opens.clone().into())),
        ]))
    };
    let all = handles.map(|all| all.iter().enumerate().map(written).collect());
    all.transpose()
}

fn policies(policies: Option<&[LogPolicy]>) -> Result<Option<Vec<Value<'static>>>, Error> {
    let written = |(index, one): (usize, &LogPolicy)| {
        let text = |text: &String| Value::Text(text.clone().into());
        let mut fields = vec![
            ("config".into(), text(&one.config)),
            ("profile".into(), text(&one.profile)),
        ];
        if let Some(overrides) = &one.overrides {
            let overrides = Value::from_json(overrides.as_bytes());
            let overrides = overrides
                .map_err(|error| error.inside("overrides").at(index).inside("policies"))?;
            fields.push(("overrides".into(), overrides.into_owned()));
        }
        Ok(Value::Map(fields))
    };
    let all = policies.map(|all| all.iter().enumerate().map(written).collect());
    all.transpose()
}
