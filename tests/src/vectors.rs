//! The cases of `tests/vectors`: what an operation is asked and what it must answer.
//!
//! The format is described in `tests/vectors/README.md`.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use trimtab_core::canonical;
use trimtab_core::error::Error;
use trimtab_core::operations::{self, OPERATIONS};
use trimtab_core::policy::{Policy, error_text};
use trimtab_core::reason::Code;
use trimtab_core::registry::COMPOSED;
use trimtab_core::value::{self, Value};

/// No operation has fewer cases.
pub const FEWEST: usize = 20;

/// One case. Texts are kept as they stand, so that 1 and 1.0 reach the policy as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows; unique in its file.
    pub name: String,
    /// Where the expectation comes from.
    pub origin: String,
    /// The profile, `plan` if absent.
    #[serde(default)]
    pub profile: Option<String>,
    /// Overrides of the profile's config.
    #[serde(default)]
    pub config: Option<Box<RawValue>>,
    /// The input of the operation, also `null`.
    #[serde(default, deserialize_with = "given")]
    pub input: Option<Box<RawValue>>,
    /// Instead of `input`: bytes that need not be JSON.
    #[serde(default)]
    pub text: Option<String>,
    /// The envelope (its `policy` part may be left out) or `{"error": …}`.
    #[serde(default)]
    pub expect: Option<Box<RawValue>>,
}

/// Here `null` is an input, not the lack of one.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

impl Case {
    /// What the operation is called with.
    #[must_use]
    pub fn bytes(&self) -> &str {
        match (&self.text, &self.input) {
            (Some(text), _) => text,
            (None, Some(input)) => input.get(),
            (None, None) => "",
        }
    }

    /// The name of the profile.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.profile.as_deref().unwrap_or("plan")
    }

    /// The policy that the case is decided under.
    pub fn policy(&self) -> Result<Policy, Error> {
        let config = match &self.config {
            Some(config) => Some(Value::from_json(config.get().as_bytes())?),
            None => None,
        };
        Policy::new(self.profile(), config.as_ref())
    }

    /// What core answers, as bytes.
    #[must_use]
    pub fn answer(&self, operation: &str) -> Vec<u8> {
        self.policy()
            .and_then(|policy| policy.call(operation, self.bytes().as_bytes()))
            .unwrap_or_else(|error| error_text(&error))
    }

    /// What the answer must be, as bytes. Who decided is known without the file: the digest of the
    /// config changes with every new setting, what is decided does not.
    pub fn expected(&self) -> Result<Option<String>> {
        let Some(expect) = &self.expect else {
            return Ok(None);
        };
        let mut expect = Value::from_json(expect.get().as_bytes())?.into_owned();
        if let (Value::Map(fields), Ok(policy)) = (&mut expect, self.policy()) {
            if fields.iter().any(|(key, _)| key == "decision") {
                fields.retain(|(key, _)| key != "policy");
                fields.push(("policy".into(), value::encode(&policy.stamp())?));
            }
            fields.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Ok(Some(canonical::text(&expect)?))
    }
}

/// The cases of one operation.
#[derive(Debug)]
pub struct Suite {
    /// The operation.
    pub operation: String,
    /// Its cases, in the order of the file.
    pub cases: Vec<Case>,
}

/// Where the vectors lie.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Every vector file, by operation.
pub fn load() -> Result<Vec<Suite>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder()).context("tests/vectors")? {
        paths.push(entry?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    paths.sort();
    paths.iter().map(|path| suite(path)).collect()
}

/// One vector file.
pub fn suite(path: &Path) -> Result<Suite> {
    let operation = path.file_stem().unwrap_or_default().to_string_lossy();
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(Suite {
        operation: operation.into_owned(),
        cases: serde_json::from_str(&text).with_context(|| path.display().to_string())?,
    })
}

/// What is wrong with the files themselves: one line per finding.
#[must_use]
pub fn malformed(suites: &[Suite]) -> Vec<String> {
    let mut found = Vec::new();
    for operation in OPERATIONS {
        if !suites.iter().any(|suite| suite.operation == operation.name) {
            found.push(format!("{}: no vectors", operation.name));
        }
    }
    for Suite { operation, cases } in suites {
        if operations::operation(operation).is_err() {
            found.push(format!("{operation}: no operation has this name"));
        }
        if cases.len() < FEWEST {
            found.push(format!(
                "{operation}: {} cases, {FEWEST} are due",
                cases.len()
            ));
        }
        let mut names = BTreeSet::new();
        for case in cases {
            if case.name.is_empty() || case.origin.is_empty() || !names.insert(&case.name) {
                found.push(format!(
                    "{operation}: {:?} needs a name of its own and an origin",
                    case.name
                ));
            }
            if case.text.is_some() == case.input.is_some() {
                found.push(format!("{operation}: {}: either input or text", case.name));
            }
            // Its answer is made by the code, and a test of core holds it to the committed file.
            if case.expect.is_none() && operation != "policy.describe" {
                found.push(format!("{operation}: {}: nothing is expected", case.name));
            }
        }
    }
    found
}

/// The cases that core answers otherwise than expected: one line per finding.
pub fn wrong(suites: &[Suite]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for Suite { operation, cases } in suites {
        for case in cases {
            let answer = String::from_utf8(case.answer(operation))?;
            if let Some(expected) = case.expected()?
                && expected != answer
            {
                let name = &case.name;
                found.push(format!(
                    "{operation}: {name}\n  expected {expected}\n  answered {answer}"
                ));
            }
        }
    }
    Ok(found)
}

/// The pairs of code and operation that occur in the answers.
#[must_use]
pub fn occurring(suites: &[Suite]) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for Suite { operation, cases } in suites {
        for case in cases {
            let answer = case.answer(operation);
            let answer = Value::from_json(&answer).unwrap_or(Value::Null);
            let mut codes = BTreeSet::new();
            collect_codes(&answer, &mut codes);
            pairs.extend(codes.into_iter().map(|code| (code, operation.clone())));
        }
    }
    pairs
}

/// The codes of every reason in an answer, also of those that explain one outcome of many.
/// Reasons that were only put into words are told from an answer's own by their place.
fn collect_codes(value: &Value<'_>, codes: &mut BTreeSet<String>) {
    match value {
        Value::Map(_) if value.get("sentences").is_some() => {}
        Value::Map(fields) => {
            if let (Some(Value::Text(code)), Some(_)) = (value.get("code"), value.get("effect")) {
                codes.insert(code.clone().into_owned());
            }
            fields
                .iter()
                .for_each(|(_, value)| collect_codes(value, codes));
        }
        Value::List(entries) => entries.iter().for_each(|value| collect_codes(value, codes)),
        _ => {}
    }
}

/// The pairs of code and operation that the registry promises.
#[must_use]
pub fn registered() -> BTreeSet<(String, String)> {
    let entries = Code::ALL.iter().map(|code| code.entry());
    entries
        .flat_map(|entry| {
            let pair = |operation: &&str| (entry.name.to_owned(), (*operation).to_owned());
            entry.operations.iter().map(pair)
        })
        .collect()
}

/// The pairs of code and operation that an operation may return because it asks another for it.
#[must_use]
pub fn composed() -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for (operation, _) in COMPOSED {
        let codes = Code::ALL.iter().map(|code| code.entry());
        let codes = codes.filter(|entry| entry.is_returned_by(operation));
        pairs.extend(codes.map(|entry| (entry.name.to_owned(), (*operation).to_owned())));
    }
    pairs
}

/// The file of a suite with `expect` filled in from what core answers now, one case a line.
pub fn blessed(suite: &Suite) -> Result<String> {
    let mut lines = Vec::new();
    for case in &suite.cases {
        lines.push(blessed_case(&suite.operation, case)?);
    }
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

fn blessed_case(operation: &str, case: &Case) -> Result<String> {
    let mut fields = vec![
        ("name", serde_json::to_string(&case.name)?),
        ("origin", serde_json::to_string(&case.origin)?),
    ];
    if let Some(profile) = &case.profile {
        fields.push(("profile", serde_json::to_string(profile)?));
    }
    if let Some(config) = &case.config {
        fields.push(("config", config.get().to_owned()));
    }
    if let Some(text) = &case.text {
        fields.push(("text", serde_json::to_string(text)?));
    }
    if let Some(input) = &case.input {
        fields.push(("input", input.get().to_owned()));
    }
    let answer = case.answer(operation);
    let mut answer = Value::from_json(&answer)?;
    let decided = answer.get("decision").is_some();
    if let Value::Map(parts) = &mut answer {
        parts.retain(|(key, _)| key != "policy");
    }
    if !(decided && operation == "policy.describe") {
        fields.push(("expect", canonical::text(&answer)?));
    }
    let fields: Vec<String> = fields
        .iter()
        .map(|(key, text)| format!("{key:?}:{text}"))
        .collect();
    Ok(format!("{{{}}}", fields.join(",")))
}
