//! `trimtab what-if`: how an outcome changes with the input, and where it turns.

use clap::Args;
use serde_json::json;
use std::path::PathBuf;

use super::arguments::Asked;
use super::caller::{Caller, Host, Json};
use super::failure::{Failure, bytes_of};
use super::paint::{self, Page, in_style};

#[derive(Args, Debug)]
pub struct WhatIfArguments {
    /// The operation.
    op: String,
    /// The input as JSON; `-` reads standard input.
    input: PathBuf,
    /// Change a field first, such as channels[0].local_pct=0.2; the value is JSON, or else a text.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Try a field from one value to another in so many equal steps, such as inbound_ppm=0..2000/20.
    #[arg(long, value_name = "PATH=FROM..TO/STEPS")]
    sweep: Option<String>,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

/// More steps say nothing that fewer do not.
const MOST_STEPS: u64 = 10_000;

/// So often an interval is halved to find where the outcome turns.
const HALVINGS: u32 = 60;

/// What is tried.
struct Sweep {
    path: String,
    from: f64,
    to: f64,
    steps: u64,
    /// Both ends are whole: so is every value between them.
    whole: bool,
}

/// What was answered to one value.
struct Point {
    value: Json,
    /// The words of the decision, the codes: two points with the same ones are the same outcome.
    outcome: String,
    numbers: Vec<(String, f64)>,
}

/// Between these two values the outcome turns.
struct Turn {
    below: Json,
    above: Json,
    before: String,
    after: String,
}

pub fn run(arguments: &WhatIfArguments) -> Result<u8, Failure> {
    let bytes = bytes_of(Some(&arguments.input))?;
    let input: Json = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::Usage(format!("{}: {error}", arguments.input.display())))?;
    let mut changed = input.clone();
    for set in &arguments.set {
        let (path, value) = set
            .split_once('=')
            .ok_or_else(|| usage(format!("--set {set}: PATH=VALUE is wanted")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
        put(&mut changed, path, value)?;
    }
    let sweep = arguments.sweep.as_deref().map(Sweep::read).transpose()?;
    let host = Host::of(&arguments.asked)?;
    let caller = host.asked(&arguments.asked)?;
    let ask = Ask {
        caller: &caller,
        op: &arguments.op,
    };
    let mut page = Page::default();
    match sweep {
        None => {
            let values = [json!("as given"), json!("changed")];
            let points = [
                ask.point(&values[0], &input),
                ask.point(&values[1], &changed),
            ];
            ask.two(&points, arguments, &mut page);
        }
        Some(sweep) => ask.swept(&sweep, &changed, arguments, &mut page)?,
    }
    page.print()?;
    Ok(0)
}

fn usage(what: String) -> Failure {
    Failure::Usage(what)
}

/// Puts `value` at a path such as `channels[0].local_pct`; the last step of a record may be new.
fn put(input: &mut Json, path: &str, value: Json) -> Result<(), Failure> {
    let wrong = |step: &str| usage(format!("{path}: the input has no {step}"));
    let steps: Vec<&str> = path
        .split(['.', '['])
        .filter(|step| !step.is_empty())
        .collect();
    let Some((last, before)) = steps.split_last() else {
        return Err(usage(format!(
            "{path:?}: a path is wanted, such as channels[0].fee_ppm"
        )));
    };
    let mut here = input;
    for step in before {
        here = inside(here, step).ok_or_else(|| wrong(step))?;
    }
    match (&mut *here, last.strip_suffix(']')) {
        (Json::Object(fields), None) => {
            fields.insert((*last).to_owned(), value);
            Ok(())
        }
        (here, _) => {
            *inside(here, last).ok_or_else(|| wrong(last))? = value;
            Ok(())
        }
    }
}

fn inside<'j>(value: &'j mut Json, step: &str) -> Option<&'j mut Json> {
    match (value, step.strip_suffix(']')) {
        (Json::Array(entries), Some(index)) => entries.get_mut(index.parse::<usize>().ok()?),
        (Json::Object(fields), None) => fields.get_mut(step),
        _ => None,
    }
}

impl Sweep {
    fn read(text: &str) -> Result<Self, Failure> {
        let wrong = || usage(format!("--sweep {text}: PATH=FROM..TO/STEPS is wanted"));
        let (path, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (range, steps) = rest.rsplit_once('/').ok_or_else(wrong)?;
        let (from, to) = range.split_once("..").ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<f64>().ok().filter(|x| x.is_finite());
        let steps = steps.parse::<u64>().ok();
        let steps = steps.filter(|steps| (1..=MOST_STEPS).contains(steps));
        let whole = [from, to].iter().all(|end| end.parse::<i64>().is_ok());
        match (number(from), number(to), steps) {
            (Some(from), Some(to), Some(steps)) => Ok(Self {
                path: path.to_owned(),
                from,
                to,
                steps,
                whole,
            }),
            _ => Err(wrong()),
        }
    }

    fn value(&self, x: f64) -> Json {
        match self.whole {
            true => json!(x.round() as i64),
            false => json!(x),
        }
    }

    fn values(&self) -> Vec<f64> {
        let width = self.to - self.from;
        let at = |step: u64| self.from + width * (step as f64 / self.steps as f64);
        let mut values: Vec<f64> = (0..=self.steps)
            .map(at)
            .map(|x| if self.whole { x.round() } else { x })
            .collect();
        values.dedup();
        values
    }
}

/// Whom to ask what.
struct Ask<'a> {
    caller: &'a Caller,
    op: &'a str,
}

impl Ask<'_> {
    /// What is answered to an input. A mistake in it is an outcome too.
    fn point(&self, value: &Json, input: &Json) -> Point {
        let answer = match self.caller.ask(self.op, input) {
            Ok(answer) => answer,
            Err(error) => serde_json::from_slice(&error.text()).unwrap_or_default(),
        };
        let mut numbers = Vec::new();
        let mut words = Vec::new();
        if let Some(error) = answer.get("error") {
            let text = |name: &str| error.get(name).and_then(Json::as_str).unwrap_or_default();
            words.push(format!("error {} {}", text("code"), text("field")));
        }
        if let Some(decision) = answer.get("decision") {
            leaves("", decision, &mut words, &mut numbers);
        }
        let reasons = answer.get("reasons").and_then(Json::as_array);
        let told = reasons.into_iter().flatten().filter_map(|reason| {
            let word = |name: &str| reason.get(name).and_then(Json::as_str);
            Some(format!("{} {}", word("effect")?, word("code")?))
        });
        words.extend(told);
        Point {
            value: value.clone(),
            outcome: words.join(", "),
            numbers,
        }
    }

    fn at(&self, sweep: &Sweep, input: &Json, x: f64) -> Result<Point, Failure> {
        let mut input = input.clone();
        let value = sweep.value(x);
        put(&mut input, &sweep.path, value.clone())?;
        Ok(self.point(&value, &input))
    }

    /// The closest two values between which the outcome turns.
    fn turn(&self, sweep: &Sweep, input: &Json, between: (f64, f64)) -> Result<Turn, Failure> {
        let (mut low, mut high) = between;
        let mut below = self.at(sweep, input, low)?;
        let mut above = self.at(sweep, input, high)?;
        let before = below.outcome.clone();
        for _ in 0..HALVINGS {
            let middle = low + (high - low) / 2.0;
            let middle = if sweep.whole { middle.floor() } else { middle };
            if middle == low || middle == high {
                break;
            }
            let point = self.at(sweep, input, middle)?;
            match point.outcome == before {
                true => (low, below) = (middle, point),
                false => (high, above) = (middle, point),
            }
        }
        Ok(Turn {
            below: below.value,
            above: above.value,
            before,
            after: above.outcome,
        })
    }

    fn two(&self, points: &[Point; 2], arguments: &WhatIfArguments, page: &mut Page) {
        let [given, changed] = points;
        if arguments.json {
            let told =
                |point: &Point| json!({ "numbers": numbers(point), "outcome": point.outcome });
            page.line(json!({
                "as_given": told(given), "changed": told(changed), "op": self.op,
                "turns": given.outcome != changed.outcome,
            }));
            return;
        }
        if arguments.csv {
            return csv("input", points, page);
        }
        let turns = match given.outcome == changed.outcome {
            true => in_style(paint::GOOD, "the outcome stays"),
            false => in_style(paint::FAIR, "the outcome turns"),
        };
        page.line(format_args!("{}: {turns}", self.op));
        page.tell("as given:", &given.outcome);
        page.tell("changed: ", &changed.outcome);
        for (path, before, after) in moved(given, changed) {
            page.line(format_args!("     {path}  {before} -> {after}"));
        }
    }

    fn swept(
        &self,
        sweep: &Sweep,
        input: &Json,
        arguments: &WhatIfArguments,
        page: &mut Page,
    ) -> Result<(), Failure> {
        let values = sweep.values();
        let points = values.iter().map(|x| self.at(sweep, input, *x));
        let points = points.collect::<Result<Vec<_>, _>>()?;
        if arguments.csv {
            csv(&sweep.path, &points, page);
            return Ok(());
        }
        let pairs = points.iter().zip(points.iter().skip(1));
        let pairs = pairs.zip(values.iter().zip(values.iter().skip(1)));
        let mut turns = Vec::new();
        for ((a, b), (low, high)) in pairs {
            if a.outcome != b.outcome {
                turns.push(self.turn(sweep, input, (*low, *high))?);
            }
        }
        if arguments.json {
            let told = |point: &Point| {
                json!({
                    "numbers": numbers(point), "outcome": point.outcome, "value": point.value,
                })
            };
            let turn = |turn: &Turn| {
                json!({
                    "above": turn.above, "after": turn.after, "before": turn.before,
                    "below": turn.below,
                })
            };
            page.line(json!({
                "op": self.op, "path": sweep.path,
                "points": points.iter().map(told).collect::<Vec<_>>(),
                "turns": turns.iter().map(turn).collect::<Vec<_>>(),
            }));
            return Ok(());
        }
        self.picture(sweep, &points, &turns, page);
        Ok(())
    }

    fn picture(&self, sweep: &Sweep, points: &[Point], turns: &[Turn], page: &mut Page) {
        let mut outcomes: Vec<&str> = Vec::new();
        for point in points {
            if !outcomes.contains(&point.outcome.as_str()) {
                outcomes.push(&point.outcome);
            }
        }
        page.title(format_args!(
            "{} with {} from {} to {}",
            self.op,
            sweep.path,
            sweep.value(sweep.from),
            sweep.value(sweep.to),
        ));
        let room = paint::width().saturating_sub(10);
        let shown: Vec<&Point> = match points.len() > room {
            true => (0..room)
                .filter_map(|place| points.get(place * points.len() / room))
                .collect(),
            false => points.iter().collect(),
        };
        // A chart is for eyes; a script reads the values below, or asks for CSV.
        if paint::is_terminal() {
            for (place, outcome) in outcomes.iter().enumerate() {
                let mark = |point: &&Point| {
                    if point.outcome == *outcome {
                        '█'
                    } else {
                        '·'
                    }
                };
                let row: String = shown.iter().map(mark).collect();
                page.line(format_args!("  {:>3}  {row}", letter(place)));
            }
            for (path, row) in sparks(&shown).into_iter().take(3) {
                page.line(format_args!("       {row}  {}", in_style(paint::DIM, path)));
            }
        }
        for (place, outcome) in outcomes.iter().enumerate() {
            page.tell(&format!("{}:", letter(place)), outcome);
        }
        if turns.is_empty() {
            page.line("  the outcome never turns in this range");
        }
        let letter_of = |outcome: &str| {
            let place = outcomes.iter().position(|one| *one == outcome);
            place.map_or("?".to_owned(), letter)
        };
        for turn in turns {
            page.line(format_args!(
                "  {} {} is {}, {} is {}",
                in_style(paint::FAIR, "turns:"),
                turn.below,
                letter_of(&turn.before),
                turn.above,
                letter_of(&turn.after),
            ));
        }
    }
}

/// The name of an outcome in the picture.
fn letter(place: usize) -> String {
    let letter = u8::try_from(place).ok().filter(|place| *place < 26);
    letter.map_or_else(
        || place.to_string(),
        |place| char::from(b'A' + place).to_string(),
    )
}

/// The words and the numbers of a decision.
fn leaves(path: &str, value: &Json, words: &mut Vec<String>, numbers: &mut Vec<(String, f64)>) {
    match value {
        Json::Object(fields) => {
            for (name, field) in fields {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                leaves(&path, field, words, numbers);
            }
        }
        Json::Array(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                leaves(&format!("{path}[{index}]"), entry, words, numbers);
            }
        }
        Json::Number(number) => numbers.extend(number.as_f64().map(|x| (path.to_owned(), x))),
        Json::String(text) => match text.parse::<f64>() {
            Ok(x) if x.is_finite() => numbers.push((path.to_owned(), x)),
            _ => words.push(format!("{path} {text}")),
        },
        Json::Bool(b) => words.push(format!("{path} {b}")),
        Json::Null => {}
    }
}

fn numbers(point: &Point) -> Json {
    let fields = point
        .numbers
        .iter()
        .map(|(path, x)| (path.clone(), json!(x)));
    Json::Object(fields.collect())
}

/// The numbers that differ, with both.
fn moved<'p>(a: &'p Point, b: &Point) -> Vec<(&'p str, f64, f64)> {
    let of = |path: &str| b.numbers.iter().find(|(name, _)| name == path);
    let rows = a.numbers.iter().filter_map(|(path, before)| {
        let (_, after) = of(path)?;
        (before != after).then_some((path.as_str(), *before, *after))
    });
    rows.collect()
}

/// A row of small columns for each number that changes.
fn sparks(points: &[&Point]) -> Vec<(String, String)> {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let Some(first) = points.first() else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for (path, _) in &first.numbers {
        let of = |point: &&Point| {
            let found = point.numbers.iter().find(|(name, _)| name == path);
            found.map(|(_, x)| *x)
        };
        let column: Vec<Option<f64>> = points.iter().map(of).collect();
        let known = || column.iter().flatten().copied();
        let (low, high) = (
            known().fold(f64::INFINITY, f64::min),
            known().fold(f64::NEG_INFINITY, f64::max),
        );
        if low >= high {
            continue;
        }
        let mark = |x: &Option<f64>| match x {
            Some(x) => {
                let place = ((x - low) / (high - low) * 7.0).round() as usize;
                HEIGHTS.get(place).copied().unwrap_or(' ')
            }
            None => ' ',
        };
        rows.push((path.clone(), column.iter().map(mark).collect()));
    }
    rows
}

fn csv(name: &str, points: &[Point], page: &mut Page) {
    let mut columns: Vec<&str> = Vec::new();
    for (path, _) in points.iter().flat_map(|point| &point.numbers) {
        if !columns.contains(&path.as_str()) {
            columns.push(path);
        }
    }
    let head = [name, "outcome"].into_iter().chain(columns.iter().copied());
    page.line(head.map(quoted).collect::<Vec<_>>().join(","));
    for point in points {
        let value = point
            .value
            .as_str()
            .map_or(point.value.to_string(), str::to_owned);
        let numbers = columns.iter().map(|column| {
            let found = point.numbers.iter().find(|(path, _)| path == column);
            found.map_or_else(String::new, |(_, x)| x.to_string())
        });
        let row = [quoted(&value), quoted(&point.outcome)]
            .into_iter()
            .chain(numbers);
        page.line(row.collect::<Vec<_>>().join(","));
    }
}

/// A field of CSV as RFC 4180 writes it.
fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
