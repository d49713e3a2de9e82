//! Every case on every surface, and where two of them differ.
//!
//! A surface answers each case twice: with bytes (`call(op, bytes)`, canonical bytes back) and
//! through its typed method with native values. Core is the measure of both.

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::path::Path;
use std::process::{Child, Command};

use trimtab_core::canonical;
use trimtab_core::error::Error;
use trimtab_core::operations::{self, opened};
use trimtab_core::policy::{Decided, Op, Policy, error_text};
use trimtab_core::value;
use trimtab_host::{HostError, Sandbox};

use crate::native::{self, Schemas};
use crate::vectors::{Case, Suite};

/// A way to call the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Surface {
    /// Core, called from Rust.
    Native,
    /// The module in the sandbox of the host.
    Wasmtime,
    /// The npm package in Node.
    Node,
    /// The npm package in Bun.
    Bun,
    /// The Python extension.
    Pyo3,
    /// The module in the sandbox of the Python package.
    WasmtimePy,
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Native => "native",
            Self::Wasmtime => "wasmtime",
            Self::Node => "node",
            Self::Bun => "bun",
            Self::Pyo3 => "pyo3",
            Self::WasmtimePy => "wasmtime-py",
        })
    }
}

/// One case as the runners of other languages read it, one a line.
#[derive(Debug, Serialize)]
pub struct Job<'c> {
    op: &'c str,
    method: String,
    name: &'c str,
    profile: &'c str,
    config: Option<&'c RawValue>,
    /// The bytes to call with.
    text: &'c str,
    /// The same input with markers, where a host can write it as an object. For a handle: what it
    /// is opened with.
    typed: Option<Json>,
    /// What is asked of a handle of the kind `op`; empty for an operation.
    steps: Vec<Step>,
    #[serde(skip)]
    case: &'c Case,
}

/// One call of a method of a handle.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    method: &'static str,
    /// The bytes to call with; the same for the typed method, which needs no marker.
    input: Json,
}

/// What a surface answers to one case.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Answer {
    /// The bytes.
    pub bytes: String,
    /// What the typed method gave, where the case has a native form.
    #[serde(default)]
    pub typed: Option<Json>,
}

/// A case on which a surface does not answer as core does.
#[derive(Debug)]
pub struct Difference {
    surface: Surface,
    case: String,
    way: &'static str,
    core: String,
    answered: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            surface,
            case,
            way,
            core,
            answered,
        } = self;
        write!(
            f,
            "{surface}: {case}: {way} differ\n  core     {core}\n  {surface:8} {answered}"
        )
    }
}

/// The jobs of all cases, in order.
#[must_use]
pub fn jobs(suites: &[Suite]) -> Vec<Job<'_>> {
    let schemas = Schemas::default();
    let mut jobs = Vec::new();
    for Suite { operation, cases } in suites {
        let method = schemas.method(operation).unwrap_or_default();
        jobs.extend(cases.iter().map(|case| {
            Job {
                op: operation,
                method: method.to_owned(),
                name: &case.name,
                profile: case.profile(),
                config: case.config.as_deref(),
                text: case.bytes(),
                // In the file of jobs `null` says that there is none.
                typed: schemas
                    .marked(operation, case.bytes())
                    .filter(|input| !input.is_null()),
                steps: Vec::new(),
                case,
            }
        }));
        jobs.extend(
            cases
                .iter()
                .filter_map(|case| session(&schemas, operation, case)),
        );
    }
    jobs
}

/// What a case of `hub.plan` or `liquidity.needs` asks, asked of a book that holds its input.
fn session<'c>(schemas: &Schemas, operation: &str, case: &'c Case) -> Option<Job<'c>> {
    let input = schemas.marked(operation, case.bytes())?;
    let now = input.get("now").cloned().unwrap_or_default();
    let (kind, state, steps) = match operation {
        "hub.plan" => {
            let later = now
                .as_u64()
                .map(|now| json!({ "now": now.saturating_add(60_000) }));
            let asked = [
                ("plan", json!({})),
                ("snapshot", json!({})),
                ("digest", json!({})),
                ("plan", later.unwrap_or_default()),
            ];
            ("hub_book", input, asked.to_vec())
        }
        "liquidity.needs" => {
            let asked = json!({ "now": now, "first": 3 });
            let at = json!({ "now": now });
            let told =
                ["needs", "excess", "competition", "health"].map(|name| (name, asked.clone()));
            let mut steps = vec![
                ("state", at),
                ("snapshot", json!({})),
                ("digest", json!({})),
            ];
            steps.extend(told);
            let state = json!({ "us": input.get("us"), "reports": input.get("members") });
            ("fleet_book", state, steps)
        }
        _ => return None,
    };
    let mut opened = json!({ "profile": case.profile(), "state": state });
    if let (Some(config), Some(fields)) = (&case.config, opened.as_object_mut()) {
        let config = serde_json::from_str(config.get()).ok()?;
        fields.insert("config".to_owned(), config);
    }
    let step = |(method, input)| Step { method, input };
    Some(Job {
        op: kind,
        method: String::new(),
        name: &case.name,
        profile: case.profile(),
        config: None,
        text: "",
        typed: Some(opened),
        steps: steps.into_iter().map(step).collect(),
        case,
    })
}

/// What core answers.
pub fn native(jobs: &[Job<'_>]) -> Result<Vec<Answer>> {
    jobs.iter().map(|job| native_answer(job)).collect()
}

fn native_answer(job: &Job<'_>) -> Result<Answer> {
    if !job.steps.is_empty() {
        return native_session(job);
    }
    let typed = job.typed.as_ref().map(|input| match job.case.policy() {
        Ok(policy) => typed_call(job.op, input, &policy),
        Err(error) => Ok(Err(error)),
    });
    Ok(Answer {
        bytes: String::from_utf8(job.case.answer(job.op))?,
        typed: typed
            .transpose()?
            .map(|answer| tree(answer.as_deref()))
            .transpose()?,
    })
}

fn native_session(job: &Job<'_>) -> Result<Answer> {
    let opened = native::value(job.typed.as_ref().unwrap_or(&Json::Null));
    let mut book = match opened::open(job.op, &opened) {
        Ok(book) => book,
        Err(error) => return refused_session(&error),
    };
    let mut lines = Vec::new();
    for step in &job.steps {
        let answer = book.call_bytes(step.method, step.input.to_string().as_bytes());
        lines.push(String::from_utf8(
            answer.unwrap_or_else(|error| error_text(&error)),
        )?);
    }
    told(&lines)
}

fn refused_session(error: &Error) -> Result<Answer> {
    let bytes = String::from_utf8(error_text(error))?;
    Ok(Answer {
        typed: Some(serde_json::from_str(&bytes)?),
        bytes,
    })
}

/// The answers of a session: line by line, and as one typed outcome.
fn told(lines: &[String]) -> Result<Answer> {
    let trees = lines.iter().map(|line| serde_json::from_str(line));
    let trees = trees.collect::<Result<Vec<Json>, _>>()?;
    Ok(Answer {
        bytes: lines.join("\n"),
        typed: Some(json!({ "decision": trees })),
    })
}

/// What the module answers in the sandbox of the host, each import a trap.
pub fn wasmtime(jobs: &[Job<'_>]) -> Result<Vec<Answer>> {
    let sandbox = Sandbox::new()?;
    jobs.iter()
        .map(|job| wasmtime_answer(&sandbox, job))
        .collect()
}

fn wasmtime_answer(sandbox: &Sandbox, job: &Job<'_>) -> Result<Answer> {
    if !job.steps.is_empty() {
        return wasmtime_session(sandbox, job);
    }
    let config = job.config.map(|config| config.get().as_bytes());
    let by_default = config.is_none() && job.profile == "plan";
    let call = |input: &[u8]| {
        if by_default {
            return sandbox.call(job.op, input);
        }
        sandbox.policy(job.profile, config)?.call(job.op, input)
    };
    let bytes = call(job.text.as_bytes()).or_else(refused)?;
    let typed = job
        .typed
        .as_ref()
        .map(|input| match typed_text(job.op, input)? {
            Ok(text) => call(text.as_bytes()).or_else(refused),
            Err(error) => Ok(error_text(&error)),
        });
    let typed = typed.transpose()?;
    Ok(Answer {
        bytes: String::from_utf8(bytes)?,
        typed: typed
            .map(|bytes| serde_json::from_slice(&bytes))
            .transpose()?,
    })
}

fn wasmtime_session(sandbox: &Sandbox, job: &Job<'_>) -> Result<Answer> {
    let opened = native::value(job.typed.as_ref().unwrap_or(&Json::Null));
    let mut book = match sandbox.open(job.op, canonical::text(&opened)?.as_bytes()) {
        Ok(book) => book,
        Err(HostError::BadInput(error)) => return refused_session(&error),
        Err(other) => return Err(other.into()),
    };
    let mut lines = Vec::new();
    for step in &job.steps {
        let answer = book.call_on(step.method, step.input.to_string().as_bytes());
        lines.push(String::from_utf8(answer.or_else(refused)?)?);
    }
    told(&lines)
}

fn refused(error: HostError) -> Result<Vec<u8>> {
    match error {
        HostError::BadInput(error) => Ok(error_text(&error)),
        other => Err(other.into()),
    }
}

fn tree(answer: Result<&str, &Error>) -> Result<Json> {
    Ok(match answer {
        Ok(text) => serde_json::from_str(text)?,
        Err(error) => serde_json::from_slice(&error_text(error))?,
    })
}

macro_rules! typed {
    ($(($method:ident, $marker:ident, $($row:tt)*),)*) => {
        /// The typed method of `operation`: the canonical text of its answer.
        fn typed_call(operation: &str, marked: &Json, policy: &Policy) -> Result<Result<String, Error>> {
            match operation {
                $(<operations::$marker as Op>::NAME => Ok(decided::<operations::$marker>(marked, policy)),)*
                other => anyhow::bail!("{other} has no typed method"),
            }
        }

        /// The typed input of `operation` as it crosses to a sandbox.
        fn typed_text(operation: &str, marked: &Json) -> Result<Result<String, Error>> {
            match operation {
                $(<operations::$marker as Op>::NAME => Ok(crossing::<operations::$marker>(marked)),)*
                other => anyhow::bail!("{other} has no typed method"),
            }
        }
    };
}

trimtab_core::for_each_operation!(typed);

fn decided<O: Op>(marked: &Json, policy: &Policy) -> Result<String, Error> {
    let input: O::Input = value::decode(&native::value(marked))?;
    let decided: Decided<O::Output> = policy.decide::<O>(&input)?;
    canonical::text(&decided)
}

fn crossing<O: Op>(marked: &Json) -> Result<String, Error> {
    let input: O::Input = value::decode(&native::value(marked))?;
    canonical::text(&input)
}

/// A runner of another language at work.
#[derive(Debug)]
pub struct Runner {
    surface: Surface,
    child: Child,
    answers: std::path::PathBuf,
}

impl Runner {
    /// Starts `program script surface jobs answers`.
    pub fn start(surface: Surface, program: &str, script: &Path, folder: &Path) -> Result<Self> {
        let answers = folder.join(format!("{surface}.jsonl"));
        let mut command = Command::new(program);
        command
            .arg(script)
            .arg(surface.to_string())
            .arg(folder.join("cases.jsonl"))
            .arg(&answers);
        let child = command
            .spawn()
            .with_context(|| format!("{surface}: {program} does not start"))?;
        Ok(Self {
            surface,
            child,
            answers,
        })
    }

    /// Its answers, one a case.
    pub fn answers(mut self) -> Result<Vec<Answer>> {
        let status = self.child.wait()?;
        ensure!(
            status.success(),
            "{}: its runner ended with {status}",
            self.surface
        );
        let text = std::fs::read_to_string(&self.answers)?;
        text.lines()
            .map(|line| Ok(serde_json::from_str(line)?))
            .collect()
    }
}

/// Where `answers` differ from those of core.
#[must_use]
pub fn differences(
    surface: Surface,
    jobs: &[Job<'_>],
    core: &[Answer],
    answers: &[Answer],
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |job: &Job<'_>, way, core: String, answered: String| {
        if core != answered {
            let case = format!("{}: {}", job.op, job.name);
            found.push(Difference {
                surface,
                case,
                way,
                core,
                answered,
            });
        }
    };
    for (index, (job, core)) in jobs.iter().zip(core).enumerate() {
        let answer = answers.get(index);
        let bytes = answer.map_or("nothing", |answer| &answer.bytes);
        differ(
            job,
            "bytes",
            comparable(job, &core.bytes),
            comparable(job, bytes),
        );
        let outcome = outcome_text(answer);
        let (core, answered) = (outcome_text(Some(core)), outcome);
        differ(
            job,
            "decisions",
            comparable(job, &core),
            comparable(job, &answered),
        );
    }
    found
}

/// What must be equal everywhere. A session is written anew by each surface, with spaces of its own
/// or without any text, so there the place of a mistake in that text is none of the answer.
fn comparable(job: &Job<'_>, answer: &str) -> String {
    if job.steps.is_empty() {
        return answer.to_owned();
    }
    let mut parts = answer.split(",\"offset\":");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(
            part.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '"'),
        );
    }
    text
}

fn outcome_text(answer: Option<&Answer>) -> String {
    let typed = answer.and_then(|answer| answer.typed.as_ref());
    typed.map_or_else(
        || "nothing".to_owned(),
        |typed| native::outcome(typed).to_string(),
    )
}

/// sha256 over the bytes of all answers, and over all typed outcomes.
#[must_use]
pub fn digests(answers: &[Answer]) -> (String, String) {
    let over = |lines: &mut dyn Iterator<Item = String>| {
        let mut hash = Sha256::new();
        for line in lines {
            hash.update(line.as_bytes());
            hash.update(b"\n");
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    (
        over(&mut answers.iter().map(|answer| answer.bytes.clone())),
        over(&mut answers.iter().map(|answer| outcome_text(Some(answer)))),
    )
}

/// Changes one answer, so that the harness can be seen to find it.
pub fn plant(answers: &mut [Answer], index: usize, way: Way) {
    let Some(answer) = answers.get_mut(index) else {
        return;
    };
    match way {
        Way::Bytes => answer.bytes.push(' '),
        Way::Typed => answer.typed = Some(serde_json::json!({ "decision": "planted" })),
    }
}

/// Which of the two answers of a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// `call(op, bytes)`.
    Bytes,
    /// The typed method.
    Typed,
}
