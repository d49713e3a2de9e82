//! Reads a whole log and names what is wrong with it.

use serde::Serialize;
use std::collections::BTreeMap;

use trimtab_core::canonical;
use trimtab_core::config::Config;
use trimtab_core::log::LogKind;
use trimtab_core::log::check::{self, LogCheckInput};
use trimtab_core::reason::{Effect, Reason, Why};
use trimtab_core::units::Serial;

use super::error::LogError;
use super::reader::{Entry, Reader};

/// Something that is wrong at a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line in the file, from 1.
    pub line: u64,
    /// Its number, where it can be read.
    pub seq: Option<u64>,
    /// The codes of `log.check`.
    pub codes: Vec<&'static str>,
    /// The same in words.
    pub sentences: Vec<String>,
    /// The line that was changed, where the lines around it tell: this one or the one before.
    pub changed: Option<u64>,
}

/// What a log holds, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verified {
    /// Whether nothing is wrong; dropped lines are told, and no fault.
    pub sound: bool,
    /// How many files there are.
    pub files: u64,
    /// How many lines there are.
    pub lines: u64,
    /// Lines by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Lines from which something was left out.
    pub masked: u64,
    /// Lines that the writer dropped, by the gaps in their numbers.
    pub dropped: u64,
    /// The number of the first line.
    pub first_seq: Option<u64>,
    /// The number of the last line.
    pub last_seq: Option<u64>,
    /// sha256 of the last line: keep it elsewhere, and whoever cuts the end off is found.
    pub head: Option<String>,
    /// Whether the log was closed in order.
    pub ended: bool,
    /// What is wrong, in order.
    pub faults: Vec<Fault>,
}

/// Reads the whole log; `told` hears the bytes read after each line.
pub fn verify(reader: &mut Reader, mut told: impl FnMut(u64)) -> Result<Verified, LogError> {
    let mut found = Verified {
        files: reader.files().len() as u64,
        ..Verified::default()
    };
    let config = Config::default();
    let (mut entry, mut due): (Entry, Option<(Option<u64>, String)>) = (Entry::empty(), None);
    // The fault of the line before, until this line tells which of the two was changed.
    let mut open: Option<(usize, String, u64)> = None;
    while reader.read_into(&mut entry)? {
        told(reader.bytes());
        found.lines += 1;
        let question = LogCheckInput {
            line: String::from_utf8_lossy(&entry.bytes).into_owned(),
            seq: due.as_ref().and_then(|(seq, _)| *seq).map(Serial::constant),
            prev: due.as_ref().map(|(_, hash)| hash.clone()),
            is_cut: entry.is_cut,
        };
        let mut why = Why::new();
        let checked = check::check(&config, &question, &mut why)?;
        let reasons = why.into_reasons();
        // Bytes that are no text have a digest too.
        let hash = match std::str::from_utf8(&entry.bytes) {
            Ok(_) => checked.hash.clone(),
            Err(_) => canonical::digest(&entry.bytes),
        };
        if let Some((index, before, seq)) = open.take()
            && let Some(fault) = found.faults.get_mut(index)
        {
            // Where the next line names this one as it stands, the one before it was changed.
            let named = names(&entry.bytes, &before);
            fault.changed = Some(if named { seq.saturating_sub(1) } else { seq });
        }
        let seq = checked.seq.map(Serial::get);
        if !checked.sound {
            let wrong = |reason: &&Reason| reason.effect == Effect::Refuse;
            let codes: Vec<_> = reasons.iter().filter(wrong).collect();
            let file = reader.files().get(entry.file);
            found.faults.push(Fault {
                file: file.map_or_else(String::new, |file| file.display().to_string()),
                line: entry.number,
                seq,
                codes: codes.iter().map(|one| one.code.entry().name).collect(),
                sentences: codes.iter().map(|one| one.sentence()).collect(),
                changed: None,
            });
            let differs = codes
                .iter()
                .any(|one| one.code.entry().name == "log_prev_differs");
            if let (true, Some(seq)) = (differs, seq) {
                open = Some((found.faults.len() - 1, hash.clone(), seq));
            }
        }
        if let Some(kind) = checked.kind {
            *found.kinds.entry(word(kind).to_owned()).or_default() += 1;
        }
        found.ended = checked.kind == Some(LogKind::End);
        found.masked += u64::from(checked.masked);
        found.dropped += checked.dropped.get();
        found.first_seq = found.first_seq.or(seq);
        found.last_seq = seq.or(found.last_seq);
        // After a line that cannot be read the next one is due at an unknown number.
        let next = checked.next_seq.map(Serial::get);
        let after = |due: u64| due.saturating_add(1);
        let expected = due.as_ref().and_then(|(seq, _)| seq.map(after));
        let late = reasons
            .iter()
            .any(|one| one.code.entry().name == "log_out_of_order");
        if !late {
            // What stands too late in the file moves nothing: the line after it is due as before.
            found.head = Some(hash.clone());
            due = Some((next.or(expected), hash));
        }
    }
    found.sound = found.faults.is_empty();
    Ok(found)
}

/// Whether a line names `hash` as the line before it.
fn names(line: &[u8], hash: &str) -> bool {
    let read = trimtab_core::log::read::Line::read(line);
    read.is_ok_and(|line| line.prev.as_deref() == Some(hash))
}

/// The word of a kind of line.
pub(super) const fn word(kind: LogKind) -> &'static str {
    match kind {
        LogKind::Decision => "decision",
        LogKind::Handle => "handle",
        LogKind::Snapshot => "snapshot",
        LogKind::Policy => "policy",
        LogKind::End => "end",
    }
}
