//! `trimtab call`: one call, or one a line.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::time::Instant;
use trimtab_core::error::Error;
use trimtab_core::policy::MAX_INPUT_BYTES;
use trimtab_core::value::{self, FromValue, Value};
use trimtab_host::HostError;

use super::arguments::{Asked, Logged};
use super::caller::{Caller, Host, Json};
use super::failure::{Failure, bytes_of, exit_code};
use super::logging::RunLog;
use super::paint::{self, in_style};

/// What to print beside or instead of the envelope.
#[derive(Clone, Copy)]
pub struct Show {
    pub explain: bool,
    pub report: bool,
}

/// One call. The envelope, or the error as JSON, goes to standard output.
pub fn one(
    op: &str,
    file: Option<&Path>,
    show: Show,
    logged: &Logged,
    asked: &Asked,
) -> Result<u8, Failure> {
    let input = bytes_of(file)?;
    let caller = Host::of(asked).map_err(Failure::from).and_then(|host| {
        let log = RunLog::open(logged, &host)?;
        Ok((host.asked(asked)?, log))
    });
    let (answer, report) = match caller {
        Ok((caller, log)) => {
            let begun = Instant::now();
            let (answer, report) = caller.call_reported(op, &input);
            if let Some(mut log) = log {
                let took = begun.elapsed();
                let config = match &asked.config {
                    Some(file) => Some(bytes_of(Some(file))?),
                    None => None,
                };
                let setting = (asked.profile.as_str(), config.as_deref());
                log.append(setting, op, &input, &answer, took)?;
                log.close()?;
            }
            let answer = answer.and_then(|envelope| match show.explain {
                true => explained(&caller, &envelope),
                false => Ok(envelope),
            });
            (answer, report)
        }
        Err(Failure::Call(error)) => (Err(error), None),
        Err(other) => return Err(other),
    };
    if let (true, Some(report)) = (show.report, report) {
        let report = serde_json::to_string(&report).unwrap_or_default();
        paint::complain(&report);
    }
    match answer {
        Ok(text) => {
            put(&mut anstream::stdout().lock(), &text)?;
            Ok(0)
        }
        Err(error) if show.explain => Err(error.into()),
        Err(error) => {
            put(&mut anstream::stdout().lock(), &error.text())?;
            Ok(exit_code(&error))
        }
    }
}

fn put(out: &mut impl std::io::Write, text: &[u8]) -> std::io::Result<()> {
    out.write_all(text)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The decision field by field, then a sentence for each reason.
fn explained(caller: &Caller, envelope: &[u8]) -> Result<Vec<u8>, HostError> {
    let envelope: Json = serde_json::from_slice(envelope)
        .map_err(|error| HostError::BadModule(format!("its answer is not JSON: {error}")))?;
    let mut page = Vec::new();
    if let Some(Json::Object(fields)) = envelope.get("decision") {
        let column = fields.keys().map(String::len).max().unwrap_or(0);
        for (name, field) in fields {
            let field = field.as_str().map_or(field.to_string(), str::to_owned);
            let name = in_style(paint::DIM, format_args!("{name:column$}"));
            page.push(format!("{name}  {field}"));
        }
    }
    let reasons = envelope.get("reasons").and_then(Json::as_array);
    let sentences = caller.sentences(&envelope)?;
    for (reason, sentence) in reasons.into_iter().flatten().zip(sentences) {
        let word = |key: &str| reason.get(key).and_then(Json::as_str).unwrap_or_default();
        let effect = in_style(paint::of_word(word("effect")), word("effect"));
        let binding = reason.get("binding") == Some(&Json::Bool(true));
        let mark = if binding { "*" } else { "-" };
        let line = format!("{mark} {effect} {}: {sentence}", word("code"));
        // A script reads lines, a person reads a page.
        page.push(match paint::is_terminal() {
            true => paint::wrapped(&line, 0, paint::width()),
            false => line,
        });
    }
    let aside = envelope.get("quarantined").and_then(Json::as_array);
    for entry in aside.into_iter().flatten() {
        page.push(format!("- set aside {entry}"));
    }
    Ok(page.join("\n").into_bytes())
}

/// One line of `--lines`; the parts keep their own bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    #[serde(borrow)]
    op: Option<Cow<'l, str>>,
    #[serde(borrow)]
    input: Option<&'l RawValue>,
    #[serde(borrow)]
    profile: Option<Cow<'l, str>>,
    #[serde(borrow)]
    config: Option<&'l RawValue>,
}

/// For a mistake in a line: the same fields, so that the reader names it as every operation does.
#[derive(FromValue)]
#[serde(deny_unknown_fields)]
struct Checked {
    #[serde(rename = "op")]
    _op: Option<String>,
    #[serde(rename = "input")]
    _input: Option<serde::de::IgnoredAny>,
    #[serde(rename = "profile")]
    _profile: Option<String>,
    #[serde(rename = "config")]
    _config: Option<serde::de::IgnoredAny>,
}

/// The calls of a run of lines; each profile and config is made once.
struct Lines<'a> {
    host: Host,
    asked: &'a Asked,
    op: Option<&'a str>,
    config: Option<Vec<u8>>,
    made: BTreeMap<(String, Option<Vec<u8>>), Caller>,
    log: Option<RunLog>,
}

/// So many policies are kept; a run with more makes them anew.
const MOST_POLICIES: usize = 64;

/// One envelope or error for each line, in order; a bad line stops nothing.
pub fn lines(
    op: Option<&str>,
    file: Option<&Path>,
    logged: &Logged,
    asked: &Asked,
) -> Result<u8, Failure> {
    // With one argument and no operation of that name it is the file.
    let (op, file) = match (op, file) {
        (Some(op), None) if !op.contains('.') || Path::new(op).is_file() => {
            (None, Some(Path::new(op)))
        }
        other => other,
    };
    let config = match &asked.config {
        Some(file) => Some(bytes_of(Some(file))?),
        None => None,
    };
    let host = Host::of(asked)?;
    let mut run = Lines {
        log: RunLog::open(logged, &host)?,
        host,
        asked,
        op,
        config,
        made: BTreeMap::new(),
    };
    let mut input = source(file)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut worst = 0;
    while let Some(line) = next_line(&mut input)? {
        let text = match line.and_then(|line| run.answer(&line)) {
            Ok(envelope) => envelope,
            Err(error) => {
                worst = worst.max(exit_code(&error));
                error.text()
            }
        };
        out.write_all(&text)?;
        out.write_all(b"\n")?;
        // A program at the other end may wait for this answer before it asks again.
        if input.buffer().is_empty() {
            out.flush()?;
        }
    }
    out.flush()?;
    if let Some(log) = run.log {
        log.close()?;
    }
    Ok(worst)
}

fn source(file: Option<&Path>) -> Result<BufReader<Box<dyn Read>>, Failure> {
    let read: Box<dyn Read> = match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => Box::new(
            std::fs::File::open(file)
                .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?,
        ),
        None => Box::new(std::io::stdin()),
    };
    Ok(BufReader::with_capacity(1 << 16, read))
}

/// A line without its end; one that is too long is skipped whole and told.
fn next_line(
    input: &mut BufReader<Box<dyn Read>>,
) -> std::io::Result<Option<Result<Vec<u8>, HostError>>> {
    let most = MAX_INPUT_BYTES as u64 + 4096;
    let mut line = Vec::new();
    if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == most {
        input.skip_until(b'\n')?;
        let error = Error::too_large("", "a longer line", format_args!("{most} bytes"));
        return Ok(Some(Err(error.into())));
    }
    Ok(Some(Ok(line)))
}

impl Lines<'_> {
    fn answer(&mut self, line: &[u8]) -> Result<Vec<u8>, HostError> {
        let parts: Line<'_> =
            serde_json::from_slice(line).map_err(|error| misread(line, &error))?;
        let op = parts.op.as_deref().or(self.op);
        let op = op.ok_or_else(|| Error::missing("op"))?;
        let input = parts.input.ok_or_else(|| Error::missing("input"))?;
        let profile = parts.profile.as_deref().unwrap_or(&self.asked.profile);
        let config = match parts.config {
            Some(config) => Some(config.get().as_bytes().to_vec()),
            None => self.config.clone(),
        };
        let key = (profile.to_owned(), config);
        if !self.made.contains_key(&key) {
            if self.made.len() >= MOST_POLICIES {
                self.made.clear();
            }
            let made = self.host.policy(&key.0, key.1.as_deref());
            let made = made.map_err(|error| match parts.config {
                Some(config) => in_line(error, line, config),
                None => error,
            })?;
            self.made.insert(key.clone(), made);
        }
        let caller = self.made.get(&key);
        let caller = caller.ok_or_else(|| Error::internal("a policy that was just made"))?;
        let begun = Instant::now();
        let answer = caller.call(op, input.get().as_bytes());
        if let Some(log) = &mut self.log {
            let (setting, took) = ((key.0.as_str(), key.1.as_deref()), begun.elapsed());
            log.append(setting, op, input.get().as_bytes(), &answer, took)?;
        }
        answer.map_err(|error| in_line(error, line, input))
    }
}

/// An offset in a part of a line counts from the line, as every other one does.
fn in_line(error: HostError, line: &[u8], part: &RawValue) -> HostError {
    let before = part.get().as_ptr().addr().checked_sub(line.as_ptr().addr());
    match (error, before) {
        (HostError::BadInput(mut error), Some(before)) => {
            error.offset = error.offset.map(|offset| offset + before as u64);
            error.into()
        }
        (error, _) => error,
    }
}

fn misread(line: &[u8], error: &serde_json::Error) -> HostError {
    let told = Value::from_json(line)
        .and_then(|line| value::decode::<Checked>(&line))
        .map_err(|error| value::with_offset(line, error));
    let told = told.err().unwrap_or_else(|| {
        let got = error.to_string();
        Error::new(
            trimtab_core::error::ErrorCode::Malformed,
            "",
            got,
            "one line of JSON",
        )
    });
    told.into()
}
