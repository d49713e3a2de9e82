//! Asks a module every operation and writes down what it answers, what that costs and what it breaks.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trimtab_core::error::ErrorCode;
use trimtab_core::policy::ABI;
use trimtab_core::value::Value;

use super::{CheckOptions, Law, Ledger, ModuleCheck, Refusal};
use crate::error::HostError;
use crate::sandbox::Sandbox;

/// What every module is asked.
const SAMPLES: &str = include_str!("samples.json");

/// Where a module says what it is.
const DESCRIBE: &str = "policy.describe";

/// One question.
#[derive(Debug, Deserialize)]
struct Sample<'s> {
    operation: &'s str,
    name: &'s str,
    #[serde(borrow)]
    input: &'s RawValue,
}

/// How one sample was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// With a decision.
    Decided,
    /// With an error about the input.
    Refused,
    /// The module has no such operation.
    NotOffered,
    /// With no answer that a host lets out.
    Failed,
}

/// What one sample cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// The operation.
    pub operation: String,
    /// The sample.
    pub sample: String,
    /// How it was answered.
    pub outcome: Outcome,
    /// The code of the error, if there was one.
    pub code: Option<String>,
    /// Fuel, where it is counted.
    pub fuel: Option<u64>,
    /// The shorter time of two, the instance included.
    pub microseconds: u64,
    /// The most memory.
    pub peak_memory_bytes: u64,
    /// Bytes of the answer.
    pub bytes_out: u64,
}

pub(super) struct Probe<'p> {
    sandbox: &'p Sandbox,
    options: &'p CheckOptions,
    begun: Instant,
}

impl<'p> Probe<'p> {
    pub(super) fn new(sandbox: &'p Sandbox, options: &'p CheckOptions) -> Self {
        Self {
            sandbox,
            options,
            begun: Instant::now(),
        }
    }

    pub(super) fn run(&self, found: &mut ModuleCheck, ledger: &mut Ledger) {
        // Nothing is built that speaks another version.
        found.module.abi = Some(ABI);
        self.describe(found);
        let samples: Vec<Sample<'_>> = match serde_json::from_str(SAMPLES) {
            Ok(samples) => samples,
            // A defect of ours; nothing is said to be well that was not looked at.
            Err(error) => {
                let error = HostError::Unavailable(format!("samples.json: {error}"));
                ledger.refuse(Refusal::of(Law::Shape, &error));
                return;
            }
        };
        // What failed once is not asked again: each failure may cost a whole deadline.
        let mut failed = "";
        for sample in &samples {
            if sample.operation == failed {
                continue;
            }
            if self.begun.elapsed() > self.options.time {
                let limit = self.options.time;
                ledger.refuse(Refusal::of(
                    Law::WithinLimits,
                    &HostError::Deadline { limit },
                ));
                return;
            }
            let cost = self.ask(sample, ledger);
            found.costs.peak_memory_bytes =
                found.costs.peak_memory_bytes.max(cost.peak_memory_bytes);
            if cost.outcome == Outcome::Failed {
                failed = sample.operation;
            }
            found.costs.operations.push(cost);
        }
    }

    /// Name and version, if it tells them; it need not.
    fn describe(&self, found: &mut ModuleCheck) {
        let Ok(answer) = self.sandbox.call(DESCRIBE, b"{}") else {
            return;
        };
        let Ok(described) = Value::from_json(&answer) else {
            return;
        };
        let told = |key: &str| {
            let text = described.get("decision")?.get(key)?.as_text()?;
            // It is shown on a terminal, and the module chose it.
            let plain: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
            Some(plain)
        };
        found.module.name = told("name");
        found.module.version = told("version");
    }

    fn ask(&self, sample: &Sample<'_>, ledger: &mut Ledger) -> Cost {
        let input = sample.input.get().as_bytes();
        let (first, report) = self.sandbox.call_reported(sample.operation, input);
        let mut cost = Cost {
            operation: sample.operation.to_owned(),
            sample: sample.name.to_owned(),
            outcome: outcome(&first),
            code: first.as_ref().err().map(|error| error.code().to_owned()),
            fuel: report.as_ref().and_then(|report| report.fuel),
            microseconds: report.as_ref().map_or(0, |report| report.microseconds),
            peak_memory_bytes: report.as_ref().map_or(0, |report| report.peak_memory_bytes),
            bytes_out: report.as_ref().map_or(0, |report| report.bytes_out),
        };
        let mut refuse = |law, code: &str, text: String| {
            ledger.refuse(Refusal {
                law,
                code: code.to_owned(),
                operation: Some(sample.operation.to_owned()),
                sample: Some(sample.name.to_owned()),
                text,
            });
        };
        if let (Outcome::Failed, Err(error)) = (cost.outcome, &first) {
            refuse(Law::broken_by(error), error.code(), error.to_string());
            return cost;
        }
        let (second, again) = self.sandbox.call_reported(sample.operation, input);
        let fuel = again.as_ref().and_then(|report| report.fuel);
        if said(&first) != said(&second) {
            let text = "two instances gave two answers to the same input".to_owned();
            refuse(Law::Deterministic, "not_deterministic", text);
        } else if fuel != cost.fuel {
            let text = format!(
                "the same input took {} fuel in one instance and {} in another",
                cost.fuel.unwrap_or(0),
                fuel.unwrap_or(0)
            );
            refuse(Law::Deterministic, "not_deterministic", text);
        } else {
            ledger.kept(Law::Deterministic);
        }
        if let Some(again) = again {
            cost.microseconds = cost.microseconds.min(again.microseconds);
        }
        ledger.kept(Law::WithinLimits);
        if cost.outcome == Outcome::Decided {
            ledger.kept(Law::Shape);
            if sample.operation == "hub.plan" {
                ledger.kept(Law::PlanLaws);
            }
        }
        cost
    }
}

fn outcome(answer: &Result<Vec<u8>, HostError>) -> Outcome {
    match answer {
        Ok(_) => Outcome::Decided,
        Err(HostError::BadInput(error)) => match error.code {
            ErrorCode::UnknownOperation => Outcome::NotOffered,
            ErrorCode::Internal => Outcome::Failed,
            _ => Outcome::Refused,
        },
        Err(_) => Outcome::Failed,
    }
}

/// The bytes of an answer, whatever it is.
fn said(answer: &Result<Vec<u8>, HostError>) -> Vec<u8> {
    match answer {
        Ok(bytes) => bytes.clone(),
        Err(error) => error.text(),
    }
}
