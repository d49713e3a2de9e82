//! `trimtab log`: is it whole, what does it hold.

use clap::Subcommand;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use trimtab_core::log::LogKind;
use trimtab_core::log::read::Line;
use trimtab_host::log::{Entry, Reader, Verified, verify};

use super::caller::Json;
use super::failure::Failure;
use super::paint::{self, Page, counted, grouped, in_style};
use super::progress;

#[derive(Debug, Subcommand)]
pub enum LogTask {
    /// Check every line: its form, its number and the digest of the line before.
    Verify {
        /// The file that is written; the older files beside it are read first.
        log: PathBuf,
        /// The sha256 of the last line, kept elsewhere: then a log whose end was cut off is found.
        #[arg(long, value_name = "SHA256")]
        head: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the last lines in short.
    Tail {
        /// The file that is written.
        log: PathBuf,
        /// So many lines.
        #[arg(long, short = 'n', default_value_t = 10)]
        lines: usize,
        /// Print the lines as they are.
        #[arg(long)]
        json: bool,
    },
    /// Print one line in full.
    Show {
        /// The file that is written.
        log: PathBuf,
        /// The number of the line (`seq`).
        number: u64,
        /// Print the line as it is.
        #[arg(long)]
        json: bool,
    },
    /// Count the decisions by operation, with refusals, errors and times.
    Stats {
        /// The file that is written.
        log: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(task: &LogTask) -> Result<u8, Failure> {
    match task {
        LogTask::Verify { log, head, json } => verified(log, head.as_deref(), *json),
        LogTask::Tail { log, lines, json } => tail(log, *lines, *json),
        LogTask::Show { log, number, json } => show(log, *number, *json),
        LogTask::Stats { log, json } => stats(log, *json),
    }
}

/// A log that is not there is a mistake of who asks.
pub fn opened(log: &Path) -> Result<Reader, Failure> {
    Reader::open(log).map_err(|error| Failure::Usage(error.to_string()))
}

fn verified(log: &Path, head: Option<&str>, as_json: bool) -> Result<u8, Failure> {
    let mut reader = opened(log)?;
    let bar = progress::over_bytes(reader.total_bytes(), "checking");
    let found = verify(&mut reader, |bytes| bar.set_position(bytes))?;
    bar.finish_and_clear();
    let has_head = head.is_none_or(|head| found.head.as_deref() == Some(head));
    let sound = found.sound && has_head;
    let mut page = Page::default();
    if as_json {
        let mut told = json!(found);
        if let (Some(fields), Some(_)) = (told.as_object_mut(), head) {
            fields.insert("is_head".to_owned(), json!(has_head));
        }
        page.line(&told);
    } else {
        report(&found, has_head, &mut page);
    }
    page.print()?;
    Ok(u8::from(!sound))
}

fn report(found: &Verified, has_head: bool, page: &mut Page) {
    let word = match found.sound && has_head {
        true => in_style(paint::GOOD, "sound"),
        false => in_style(paint::BAD, "not sound"),
    };
    page.line(format_args!(
        "{word}: {} in {}, numbers {} to {}",
        counted(found.lines, "line", "lines"),
        counted(found.files, "file", "files"),
        shown(found.first_seq),
        shown(found.last_seq),
    ));
    for (kind, count) in &found.kinds {
        page.line(format_args!("  {:>10} {kind}", grouped(count)));
    }
    for (count, what) in [
        (found.masked, "masked"),
        (found.dropped, "dropped by the writer"),
    ] {
        if count > 0 {
            let what = in_style(paint::FAIR, what);
            page.line(format_args!("  {:>10} {what}", grouped(count)));
        }
    }
    if !found.ended {
        page.say(
            "-",
            "the log was not closed: it is being written, or its writer was killed",
        );
    }
    for fault in &found.faults {
        let mark = in_style(paint::BAD, "-");
        let place = format!("{}:{}", fault.file, fault.line);
        let mut said = fault.sentences.join("; ");
        if let Some(seq) = fault.changed {
            said.push_str(&format!("; the changed line is number {seq}"));
        }
        page.tell(&mark, &format!("{place}: {said}"));
    }
    if !has_head {
        let mark = in_style(paint::BAD, "-");
        page.tell(
            &mark,
            "the last line is not the one that was kept: the end was cut off or changed",
        );
    }
    page.line(format_args!(
        "head {}",
        found.head.as_deref().unwrap_or("none")
    ));
}

fn shown(number: Option<u64>) -> String {
    number.map_or("unknown".to_owned(), grouped)
}

fn tail(log: &Path, lines: usize, as_json: bool) -> Result<u8, Failure> {
    let mut last = std::collections::VecDeque::new();
    for entry in opened(log)? {
        if last.len() >= lines.max(1) {
            last.pop_front();
        }
        last.push_back(entry?);
    }
    let mut page = Page::default();
    for entry in last {
        match as_json {
            true => page.line(String::from_utf8_lossy(&entry.bytes)),
            false => page.line(in_short(&entry)),
        }
    }
    page.print()?;
    Ok(0)
}

/// One line in one line.
fn in_short(entry: &Entry) -> String {
    let line = match Line::read(&entry.bytes) {
        Ok(line) => line,
        Err(_) => return in_style(paint::BAD, "a line that cannot be read"),
    };
    let op = match line.kind() {
        LogKind::Decision | LogKind::Handle => line.op.as_deref().unwrap_or_default(),
        LogKind::Snapshot => "snapshot",
        LogKind::Policy => "policy",
        LogKind::End => "end",
    };
    let handle = line
        .handle
        .map_or_else(String::new, |handle| format!("#{handle} "));
    let (style, outcome) = outcome(&line);
    format!(
        "{:>8} {} {handle}{op:22} {}",
        line.seq,
        in_style(paint::DIM, moment(line.at)),
        in_style(style, outcome),
    )
}

/// A moment in UTC, as ISO 8601 writes it.
fn moment(ms: u64) -> String {
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = civil(days);
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let (seconds, ms) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z")
}

/// Year, month and day of a day after 1970-01-01, in eras of 400 years that begin in March.
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// The first code that says no, or the error, or that all was allowed.
fn outcome(line: &Line<'_>) -> (anstyle::Style, String) {
    let output = line
        .output
        .map(|output| serde_json::from_str::<Json>(output.get()));
    let Some(Ok(output)) = output else {
        return (paint::PLAIN, String::new());
    };
    if let Some(code) = output.pointer("/error/code").and_then(Json::as_str) {
        return (paint::BAD, format!("error {code}"));
    }
    let reasons = output.get("reasons").and_then(Json::as_array);
    let word = |reason: &Json, name: &str| -> String {
        let word = reason.get(name).and_then(Json::as_str);
        word.unwrap_or_default().to_owned()
    };
    let all: Vec<&Json> = reasons.into_iter().flatten().collect();
    let binding = all
        .iter()
        .find(|one| one.get("binding") == Some(&Json::Bool(true)));
    match binding.or(all.first()) {
        Some(one) => {
            let effect = word(one, "effect");
            (
                paint::of_word(&effect),
                format!("{effect} {}", word(one, "code")),
            )
        }
        None => (paint::PLAIN, String::new()),
    }
}

fn show(log: &Path, number: u64, as_json: bool) -> Result<u8, Failure> {
    for entry in opened(log)? {
        let entry = entry?;
        let Ok(line) = Line::read(&entry.bytes) else {
            continue;
        };
        if line.seq != number {
            continue;
        }
        let mut page = Page::default();
        if as_json {
            page.line(String::from_utf8_lossy(&entry.bytes));
        } else {
            let whole: Json = serde_json::from_slice(&entry.bytes)
                .map_err(|error| Failure::Usage(error.to_string()))?;
            page.title(in_short(&entry));
            let pretty = serde_json::to_string_pretty(&whole).unwrap_or_default();
            page.line(pretty);
        }
        page.print()?;
        return Ok(0);
    }
    let log = log.display();
    Err(Failure::Usage(format!(
        "{log}: no line has the number {number}"
    )))
}

#[derive(Default)]
struct Tally {
    calls: u64,
    errors: u64,
    refused: u64,
    times: Vec<u64>,
    codes: BTreeMap<String, u64>,
}

fn stats(log: &Path, as_json: bool) -> Result<u8, Failure> {
    let mut reader = opened(log)?;
    let bar = progress::over_bytes(reader.total_bytes(), "counting");
    let (mut entry, mut tallies) = (Entry::empty(), BTreeMap::<String, Tally>::new());
    let (mut unreadable, mut first, mut last) = (0_u64, None, None);
    while reader.read_into(&mut entry)? {
        bar.set_position(reader.bytes());
        let Ok(line) = Line::read(&entry.bytes) else {
            unreadable += 1;
            continue;
        };
        first = first.or(Some(line.at));
        last = Some(line.at);
        if !matches!(line.kind(), LogKind::Decision | LogKind::Handle) {
            continue;
        }
        let tally = tallies.entry(line.op.as_deref().unwrap_or_default().to_owned());
        count(tally.or_default(), &line);
    }
    bar.finish_and_clear();
    let mut page = Page::default();
    match as_json {
        true => page.line(as_object(&mut tallies, unreadable, first, last)),
        false => table(&mut tallies, unreadable, first, last, &mut page),
    }
    page.print()?;
    Ok(0)
}

fn count(tally: &mut Tally, line: &Line<'_>) {
    tally.calls += 1;
    tally.times.extend(line.duration_us);
    let (_, outcome) = outcome(line);
    let mut words = outcome.split(' ');
    match words.next() {
        Some("error") => tally.errors += 1,
        Some("refuse" | "defer") => tally.refused += 1,
        _ => return,
    }
    if let Some(code) = words.next() {
        *tally.codes.entry(code.to_owned()).or_default() += 1;
    }
}

/// The smallest time that so many of a thousand calls did not exceed.
fn quantile(sorted: &[u64], of_thousand: usize) -> Option<u64> {
    let place = (sorted.len() * of_thousand)
        .div_ceil(1000)
        .saturating_sub(1);
    sorted.get(place).copied()
}

fn as_object(
    tallies: &mut BTreeMap<String, Tally>,
    unreadable: u64,
    first: Option<u64>,
    last: Option<u64>,
) -> Json {
    let rows: serde_json::Map<String, Json> = tallies
        .iter_mut()
        .map(|(op, tally)| {
            tally.times.sort_unstable();
            let row = json!({
                "calls": tally.calls, "codes": tally.codes, "errors": tally.errors,
                "p50_us": quantile(&tally.times, 500), "p99_us": quantile(&tally.times, 990),
                "refused": tally.refused,
            });
            (op.clone(), row)
        })
        .collect();
    json!({ "first_at": first, "last_at": last, "operations": rows, "unreadable": unreadable })
}

fn table(
    tallies: &mut BTreeMap<String, Tally>,
    unreadable: u64,
    first: Option<u64>,
    last: Option<u64>,
    page: &mut Page,
) {
    let told = |at: Option<u64>| at.map_or("nothing".to_owned(), moment);
    page.title(format_args!("{} to {}", told(first), told(last)));
    let head = format!(
        "{:24}{:>10}{:>10}{:>9}{:>10}{:>10}",
        "operation", "calls", "refused", "errors", "p50 us", "p99 us"
    );
    page.line(in_style(paint::DIM, head));
    for (op, tally) in tallies {
        tally.times.sort_unstable();
        let time = |of: usize| quantile(&tally.times, of).map_or("-".to_owned(), grouped);
        page.line(format_args!(
            "{op:24}{:>10}{:>10}{:>9}{:>10}{:>10}",
            grouped(tally.calls),
            grouped(tally.refused),
            grouped(tally.errors),
            time(500),
            time(990),
        ));
        for (code, count) in &tally.codes {
            page.line(format_args!(
                "  {:>10} {}",
                grouped(count),
                in_style(paint::DIM, code)
            ));
        }
    }
    if unreadable > 0 {
        let what = counted(
            unreadable,
            "line that cannot be read",
            "lines that cannot be read",
        );
        page.line(in_style(paint::BAD, what));
    }
}
