//! `trimtab replay`: asks a log again, and tells where the answers part; under another module or
//! config it tells what would have been decided.

use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use trimtab_core::canonical;
use trimtab_core::log::LogKind;
use trimtab_core::log::read::Line;
use trimtab_core::units::{TokenAmount, Wide};
use trimtab_host::Sandbox;
use trimtab_host::log::{
    Compared, Decider, Difference, Entry, Native, Reader, Replayed, Replayer, Sandboxed, Skip,
    Stage,
};

use super::caller::Json;
use super::failure::{Failure, bytes_of};
use super::logs::opened;
use super::paint::{self, Page, counted, grouped, in_style};
use super::progress;

#[derive(Args, Debug)]
pub struct ReplayArguments {
    /// The file that was written; the older files beside it are read first.
    log: PathBuf,
    /// Ask this module instead of the one that this program carries.
    #[arg(long, value_name = "FILE", conflicts_with = "native")]
    module: Option<PathBuf>,
    /// Ask under this config (JSON) instead of those of the log.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask under this profile instead of those of the log.
    #[arg(long)]
    profile: Option<String>,
    /// Stop at the first difference.
    #[arg(long)]
    stop_at_first: bool,
    /// Ask the core of this program directly.
    #[arg(long)]
    native: bool,
    /// Ask the module in its sandbox, which is the usual.
    #[arg(long, conflicts_with = "native")]
    sandbox: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// So many differences are told one by one.
const TOLD: usize = 10;

/// A difference and where it is.
struct Found {
    place: String,
    seq: u64,
    op: String,
    difference: Difference,
}

/// What was found.
#[derive(Default)]
struct Report {
    files: u64,
    decisions: u64,
    handle_calls: u64,
    same: u64,
    skipped: BTreeMap<Skip, u64>,
    unreadable: u64,
    /// The first line that does not follow the one before it.
    broken: Option<String>,
    first: Vec<Found>,
    rows: BTreeMap<String, Row>,
    /// How often each code came and went in lines that changed.
    codes: BTreeMap<String, (u64, u64)>,
    /// What was moved, by unit, in the log and now.
    money: BTreeMap<String, (Option<Wide>, Option<Wide>)>,
}

/// The lines of one operation.
#[derive(Default)]
struct Row {
    asked: u64,
    stages: BTreeMap<Stage, u64>,
}

pub fn run(arguments: &ReplayArguments) -> Result<u8, Failure> {
    let config = match &arguments.config {
        Some(file) => Some(bytes_of(Some(file))?),
        None => None,
    };
    let report = if arguments.native {
        asked(arguments, config.as_deref(), Native)?
    } else {
        let module = match &arguments.module {
            Some(file) => Some(bytes_of(Some(file))?),
            None => None,
        };
        let builder = Sandbox::builder().cached();
        let sandbox = match &module {
            Some(bytes) => builder.module(bytes).build()?,
            None => builder.build()?,
        };
        asked(arguments, config.as_deref(), Sandboxed(sandbox))?
    };
    let changed = report.decisions + report.handle_calls - report.same;
    let what_if = arguments.is_what_if();
    let mut page = Page::default();
    match arguments.json {
        true => page.line(report.object()),
        false => report.page(what_if, &mut page),
    }
    page.print()?;
    let wrong = report.broken.is_some() || report.unreadable > 0 || (!what_if && changed > 0);
    Ok(u8::from(wrong))
}

impl ReplayArguments {
    fn is_what_if(&self) -> bool {
        self.module.is_some() || self.config.is_some() || self.profile.is_some()
    }
}

fn asked<D: Decider>(
    arguments: &ReplayArguments,
    config: Option<&[u8]>,
    decider: D,
) -> Result<Report, Failure> {
    let mut reader = opened(&arguments.log)?;
    let mut replayer = Replayer::new(decider);
    if config.is_some() || arguments.profile.is_some() {
        replayer = replayer.under(arguments.profile.as_deref(), config)?;
    }
    let bar = progress::over_bytes(reader.total_bytes(), "replaying");
    let mut report = Report {
        files: reader.files().len() as u64,
        ..Report::default()
    };
    let (mut entry, mut prev) = (Entry::empty(), None::<String>);
    while reader.read_into(&mut entry)? {
        bar.set_position(reader.bytes());
        let Ok(line) = Line::read(&entry.bytes) else {
            // The file may end in the middle of a line that is being written.
            report.unreadable += u64::from(!entry.is_cut);
            continue;
        };
        if prev.is_some() && prev.as_deref() != line.prev.as_deref() && report.broken.is_none() {
            report.broken = Some(place(&reader, &entry));
        }
        prev = Some(canonical::digest(&entry.bytes));
        let replayed = replayer.replay(&line)?;
        let place = || place(&reader, &entry);
        report.count(&line, &replayed, place);
        if arguments.stop_at_first && !report.first.is_empty() {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(report)
}

fn place(reader: &Reader, entry: &Entry) -> String {
    let file = reader.files().get(entry.file);
    let name = file.and_then(|file| file.file_name()).map(Path::new);
    let name = name.map_or_else(String::new, |name| name.display().to_string());
    format!("{name}:{}", entry.number)
}

impl Report {
    fn count(&mut self, line: &Line<'_>, replayed: &Replayed, place: impl Fn() -> String) {
        let (compared, answer) = match replayed {
            Replayed::Nothing => return,
            Replayed::Skipped(skip) => {
                *self.skipped.entry(*skip).or_default() += 1;
                return;
            }
            Replayed::Asked { compared, answer } => (compared, answer),
        };
        match line.kind() {
            LogKind::Handle => self.handle_calls += 1,
            _ => self.decisions += 1,
        }
        let op = line.op.as_deref().unwrap_or_default();
        if !self.rows.contains_key(op) {
            self.rows.insert(op.to_owned(), Row::default());
        }
        let Some(row) = self.rows.get_mut(op) else {
            return;
        };
        row.asked += 1;
        let logged = line.output.map_or("", |output| output.get());
        let moves = moves_money(op);
        match compared {
            Compared::Same => {
                self.same += 1;
                if moves {
                    let moved = read(logged.as_bytes());
                    self.moved(op, &moved, &moved);
                }
            }
            Compared::Differs(difference) => {
                *row.stages.entry(difference.stage).or_default() += 1;
                let (before, after) = (read(logged.as_bytes()), read(answer));
                self.changed_codes(&before, &after);
                if moves {
                    self.moved(op, &before, &after);
                }
                if self.first.len() < TOLD {
                    self.first.push(Found {
                        place: place(),
                        seq: line.seq,
                        op: op.to_owned(),
                        difference: difference.clone(),
                    });
                }
            }
        }
    }

    fn changed_codes(&mut self, before: &Json, after: &Json) {
        let (mut before, mut after) = (codes(before), codes(after));
        before.sort();
        after.sort();
        for code in &after {
            match before.iter().position(|one| one == code) {
                Some(place) => drop(before.remove(place)),
                None => self.codes.entry(code.clone()).or_default().0 += 1,
            }
        }
        for code in before {
            self.codes.entry(code).or_default().1 += 1;
        }
    }

    fn moved(&mut self, op: &str, before: &Json, after: &Json) {
        let (before, after) = (amounts(op, before), amounts(op, after));
        for (unit, amount) in before {
            let (sum, _) = self.sums(unit);
            *sum = sum.and_then(|sum| sum.plus(amount).ok());
        }
        for (unit, amount) in after {
            let (_, sum) = self.sums(unit);
            *sum = sum.and_then(|sum| sum.plus(amount).ok());
        }
    }

    fn sums(&mut self, unit: String) -> &mut (Option<Wide>, Option<Wide>) {
        self.money
            .entry(unit)
            .or_insert((Some(Wide::ZERO), Some(Wide::ZERO)))
    }

    fn changed(&self) -> u64 {
        self.decisions + self.handle_calls - self.same
    }

    fn object(&self) -> Json {
        let skipped = |skip| self.skipped.get(&skip).copied().unwrap_or(0);
        let rows: serde_json::Map<String, Json> = self
            .rows
            .iter()
            .map(|(op, row)| {
                let of = |stage| row.stages.get(&stage).copied().unwrap_or(0);
                let told = json!({
                    "asked": row.asked, "codes": of(Stage::Codes), "numbers": of(Stage::Numbers),
                    "outcome": of(Stage::Outcome),
                });
                (op.clone(), told)
            })
            .collect();
        let codes: serde_json::Map<String, Json> = self
            .codes
            .iter()
            .map(|(code, (came, went))| (code.clone(), json!({ "came": came, "went": went })))
            .collect();
        let money: serde_json::Map<String, Json> = self
            .money
            .iter()
            .map(|(unit, (before, after))| {
                let told = json!({ "after": sum(after), "before": sum(before) });
                (unit.clone(), told)
            })
            .collect();
        let first = |found: &Found| {
            json!({
                "difference": found.difference, "op": found.op, "place": found.place,
                "seq": found.seq,
            })
        };
        json!({
            "broken_at": self.broken, "changed": self.changed(), "codes": codes,
            "decisions": self.decisions, "differences": self.first.iter().map(first).collect::<Vec<_>>(),
            "files": self.files, "handle_calls": self.handle_calls, "moved": money,
            "operations": rows, "same": self.same,
            "skipped": {
                "limit": skipped(Skip::Limit), "masked": skipped(Skip::Masked),
                "unknown": skipped(Skip::Unknown),
            },
            "unreadable": self.unreadable,
        })
    }

    fn page(&self, what_if: bool, page: &mut Page) {
        let changed = self.changed();
        let word = match (changed, what_if) {
            (0, _) => in_style(paint::GOOD, "no difference"),
            (_, true) => in_style(paint::FAIR, counted(changed, "changes", "change")),
            (_, false) => in_style(paint::BAD, counted(changed, "differs", "differ")),
        };
        page.line(format_args!(
            "{} and {} on handles asked again, {}: {word}",
            counted(self.decisions, "decision", "decisions"),
            counted(self.handle_calls, "call", "calls"),
            counted(self.files, "file", "files"),
        ));
        for (skip, what) in [
            (Skip::Masked, "masked, so that they cannot be asked again"),
            (Skip::Limit, "ended by a limit of the host that wrote them"),
            (
                Skip::Unknown,
                "on a policy or handle that this log does not tell",
            ),
        ] {
            if let Some(count) = self.skipped.get(&skip) {
                page.line(format_args!(
                    "  {:>10} {}",
                    grouped(count),
                    in_style(paint::FAIR, what)
                ));
            }
        }
        if let Some(place) = &self.broken {
            let said = format!(
                "{place}: this line does not follow the one before it: `trimtab log verify` says what happened"
            );
            page.tell(&in_style(paint::BAD, "-"), &said);
        }
        if self.unreadable > 0 {
            let unreadable = counted(self.unreadable, "line", "lines");
            let said = format!("{unreadable} cannot be read");
            page.tell(&in_style(paint::BAD, "-"), &said);
        }
        if changed > 0 {
            self.tables(page);
        }
        self.money_table(page);
        for found in &self.first {
            let difference = &found.difference;
            let stage = stage_word(difference.stage);
            page.line(format_args!(
                "{} line {} {} {stage} {}",
                in_style(paint::DIM, &found.place),
                grouped(found.seq),
                found.op,
                difference.path,
            ));
            page.say(
                "-",
                &format!("{} -> {}", difference.logged, difference.replayed),
            );
        }
        let more = changed.saturating_sub(self.first.len() as u64);
        if more > 0 {
            page.line(in_style(
                paint::DIM,
                format_args!("and {} more", grouped(more)),
            ));
        }
    }

    fn tables(&self, page: &mut Page) {
        page.line("");
        let head = format!(
            "{:24}{:>10}{:>10}{:>10}{:>10}",
            "operation", "asked", "outcome", "codes", "numbers"
        );
        page.line(in_style(paint::DIM, head));
        for (op, row) in self.rows.iter().filter(|(_, row)| !row.stages.is_empty()) {
            let of = |stage| grouped(row.stages.get(&stage).copied().unwrap_or(0));
            page.line(format_args!(
                "{op:24}{:>10}{:>10}{:>10}{:>10}",
                grouped(row.asked),
                of(Stage::Outcome),
                of(Stage::Codes),
                of(Stage::Numbers),
            ));
        }
        if !self.codes.is_empty() {
            let head = format!("{:44}{:>10}{:>10}", "code", "came", "went");
            page.line(in_style(paint::DIM, head));
        }
        for (code, (came, went)) in &self.codes {
            page.line(format_args!(
                "{code:44}{:>10}{:>10}",
                grouped(came),
                grouped(went)
            ));
        }
    }

    fn money_table(&self, page: &mut Page) {
        let moved = self
            .money
            .iter()
            .filter(|(_, (before, after))| before != after);
        let rows: Vec<_> = moved.collect();
        if !rows.is_empty() {
            let head = format!("{:24}{:>28}{:>28}", "moved", "in the log", "now");
            page.line(in_style(paint::DIM, head));
        }
        for (unit, (before, after)) in rows {
            let (before, after) = (grouped(sum(before)), grouped(sum(after)));
            page.line(format_args!("{unit:24}{before:>28}{after:>28}"));
        }
    }
}

const fn stage_word(stage: Stage) -> &'static str {
    match stage {
        Stage::Outcome => "outcome",
        Stage::Codes => "codes",
        Stage::Numbers => "numbers",
    }
}

fn sum(sum: &Option<Wide>) -> String {
    let too_large = || "beyond 512 bits".to_owned();
    sum.as_ref().map_or_else(too_large, ToString::to_string)
}

fn read(answer: &[u8]) -> Json {
    serde_json::from_slice(answer).unwrap_or_default()
}

/// The codes of an answer: those of its reasons, of what it holds too, or of its error.
fn codes(answer: &Json) -> Vec<String> {
    if let Some(code) = answer.pointer("/error/code").and_then(Json::as_str) {
        return vec![format!("error {code}")];
    }
    let mut found = Vec::new();
    collect_codes(answer, &mut found);
    found
}

fn collect_codes(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::Array(entries) => entries.iter().for_each(|one| collect_codes(one, found)),
        Json::Object(fields) => {
            let reasons = fields.get("reasons").and_then(Json::as_array);
            let code = |reason: &Json| Some(reason.get("code")?.as_str()?.to_owned());
            found.extend(reasons.into_iter().flatten().filter_map(code));
            fields.values().for_each(|one| collect_codes(one, found));
        }
        _ => {}
    }
}

/// The operations whose decision is to move something.
fn moves_money(op: &str) -> bool {
    matches!(op, "hub.plan" | "plan" | "rebalance.evaluate" | "evaluate")
}

/// What a decision moves, by unit.
fn amounts(op: &str, answer: &Json) -> Vec<(String, Wide)> {
    let Some(decision) = answer.get("decision") else {
        return Vec::new();
    };
    let amount = |value: &Json| -> Option<Wide> {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        Some(text.parse::<TokenAmount>().ok()?.wide())
    };
    if matches!(op, "rebalance.evaluate" | "evaluate") {
        let moved = decision.get("amount_sats").and_then(amount);
        return moved
            .map(|moved| ("rebalanced, sat".to_owned(), moved))
            .into_iter()
            .collect();
    }
    let actions = decision.get("actions").and_then(Json::as_array);
    let moved = actions.into_iter().flatten().filter_map(|action| {
        let kind = action.get("type")?.as_str()?;
        let token = action.get("token_id")?.as_u64()?;
        let moved = amount(action.get("amount")?)?;
        matches!(kind, "deposit" | "replenish").then(|| (format!("{kind}, token {token}"), moved))
    });
    moved.collect()
}
