//! Whether a line is the one that must come next, and if not, what happened.

use crate::canonical;
use crate::config::Config;
use crate::error::Error;
use crate::log::LogKind;
use crate::log::line::next;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::Serial;
use crate::value::{self, Value};

/// A line, and what must come next.
#[record(Default)]
pub struct LogCheckInput {
    /// The line, without its line break.
    pub line: String,
    /// The number that is due; absent at the beginning of what is checked.
    pub seq: Option<Serial>,
    /// The sha256 of the line before; absent at the beginning of what is checked.
    pub prev: Option<String>,
    /// Whether the file ends in this line without a line break.
    #[serde(default)]
    pub is_cut: bool,
}

/// What was found.
#[record(open)]
pub struct LogChecked {
    /// Whether the line is the one that must come next, dropped lines allowed.
    pub sound: bool,
    /// sha256 of the line: what the next line must name as `prev`.
    pub hash: String,
    /// The number of the line, where it can be read.
    pub seq: Option<Serial>,
    /// The number that is due next; absent where the line has none.
    pub next_seq: Option<Serial>,
    /// What the line tells, where it can be read.
    pub kind: Option<LogKind>,
    /// How many lines the writer dropped before this one.
    pub dropped: Serial,
    /// Whether something was left out of the line.
    pub masked: bool,
}

/// What the check needs of a line.
#[record(open)]
struct Links {
    seq: Serial,
    kind: LogKind,
    prev: Option<String>,
    masked: Option<Vec<String>>,
}

/// Checks one line.
pub fn check(_: &Config, input: &LogCheckInput, why: &mut Why) -> Result<LogChecked, Error> {
    let hash = canonical::digest(input.line.as_bytes());
    let nothing = LogChecked {
        sound: false,
        hash,
        seq: None,
        next_seq: None,
        kind: None,
        dropped: Serial::MIN,
        masked: false,
    };
    if input.is_cut {
        let bytes = input.line.len() as u64;
        why.add(|| Reason::new(Code::LogLineCut, Effect::Refuse).observed(bytes));
        return Ok(nothing);
    }
    let read = Value::from_json(input.line.as_bytes());
    let links = read.as_ref().map(value::decode::<Links>);
    let (value, links) = match (&read, links) {
        (Ok(value), Ok(Ok(links))) => (value, links),
        _ => {
            why.add(|| Reason::new(Code::LogLineUnreadable, Effect::Refuse));
            return Ok(nothing);
        }
    };
    let mut faults = Vec::new();
    if canonical::text(value)? != input.line {
        faults.push(Reason::new(Code::LogLineNotCanonical, Effect::Refuse));
    }
    let linked = input.prev.is_none() || input.prev == links.prev;
    let mut dropped = Serial::MIN;
    let (seq, due) = (links.seq, input.seq.unwrap_or(links.seq));
    let numbered = |code, effect| Reason::new(code, effect).observed(seq).limit(due);
    match (seq < due, seq.less(due), linked) {
        (true, _, _) => faults.push(numbered(Code::LogOutOfOrder, Effect::Refuse)),
        (false, Serial::MIN, true) => {}
        (false, Serial::MIN, false) => {
            faults.push(Reason::new(Code::LogPrevDiffers, Effect::Refuse))
        }
        (false, gap, true) => {
            dropped = gap;
            why.add(|| Reason::new(Code::LogLinesDropped, Effect::Warn).observed(gap));
        }
        (false, gap, false) => {
            faults.push(Reason::new(Code::LogLinesMissing, Effect::Refuse).observed(gap));
        }
    }
    let begins = input.seq.is_none() && input.prev.is_none();
    if begins && links.prev.is_some() {
        why.add(|| Reason::new(Code::LogBeginsLate, Effect::Warn).observed(seq));
    }
    if faults.is_empty() {
        why.add(|| Reason::new(Code::LogLineSound, Effect::Allow));
    }
    let sound = faults.is_empty();
    faults.into_iter().for_each(|fault| why.add(|| fault));
    Ok(LogChecked {
        sound,
        seq: Some(seq),
        next_seq: next(seq).ok(),
        kind: Some(links.kind),
        dropped,
        masked: links.masked.is_some(),
        ..nothing
    })
}
