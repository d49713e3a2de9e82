//! What all instances of a sandbox share, what a call cost, and the check of what a foreign module
//! answers.

use serde::Serialize;

use trimtab_core::operations::opened;
use trimtab_core::value::Value;
use trimtab_core::{canonical, policy};
use wasmtime::{Engine, InstancePre};

use crate::error::HostError;
use crate::limits::{Limits, Watch};
use crate::module::Exports;
use crate::native;
use crate::ticker::{Running, Ticker};

/// What a call cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Fuel used, where fuel is counted.
    pub fuel: Option<u64>,
    /// The most memory the instance ever had, in bytes.
    pub peak_memory_bytes: u64,
    /// Length of the input.
    pub bytes_in: u64,
    /// Length of the answer.
    pub bytes_out: u64,
    /// Time on the clock, the instance included.
    pub microseconds: u64,
}

/// What all instances of a sandbox share.
pub(crate) struct Shared {
    pub(crate) ready: InstancePre<Watch>,
    pub(crate) exports: Exports,
    pub(crate) limits: Limits,
    pub(crate) digest: String,
    pub(crate) foreign: bool,
    pub(crate) engine: Engine,
    pub(crate) ticker: Option<Ticker>,
}

impl Shared {
    /// Announces a call to the clock, where there is one.
    pub(crate) fn running(&self) -> Option<Running<'_>> {
        self.ticker.as_ref().map(Ticker::running)
    }

    /// What a foreign module answers is held against the core of this host, under the same
    /// profile and config.
    pub(crate) fn vouch(
        &self,
        setting: &[u8],
        operation: &str,
        input: &[u8],
        answer: &[u8],
    ) -> Result<(), HostError> {
        if !self.foreign {
            return Ok(());
        }
        check_envelope(answer)?;
        match operation {
            "hub.plan" => check_plan(setting, input, answer),
            // The method of a hub_book: its state is inside the module, whose word is not enough.
            "plan" => Err(HostError::BadModule(
                "a plan from inside a foreign book cannot be checked: ask hub.plan with the state"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// A plan may leave only if the checker of core accepts it.
fn check_plan(setting: &[u8], state: &[u8], envelope: &[u8]) -> Result<(), HostError> {
    let envelope = Value::from_json(envelope)?;
    let plan = envelope.get("decision").cloned().unwrap_or(Value::Null);
    let question = Value::Map(vec![
        ("plan".into(), plan),
        ("state".into(), policy::parse(state)?),
    ]);
    let verified = native::guarded(|| {
        let question = canonical::text(&question)?;
        let mut checker = opened::open("policy", &policy::parse(setting)?)?;
        checker.call_bytes("hub.verify_plan", question.as_bytes())
    });
    let verified = verified
        .map_err(|error| HostError::BadModule(format!("its plan cannot be checked: {error}")))?;
    let verified = Value::from_json(&verified)?;
    let valid = verified
        .get("decision")
        .and_then(|decision| decision.get("valid"));
    if valid == Some(&Value::Bool(true)) {
        return Ok(());
    }
    let broken = verified.get("reasons").and_then(|reasons| match reasons {
        Value::List(reasons) => reasons.first()?.get("code")?.as_text(),
        _ => None,
    });
    Err(HostError::BadModule(format!(
        "its plan breaks a law: {}",
        broken.unwrap_or("no reason")
    )))
}

/// An envelope is an object with a decision; a foreign module has to show one.
fn check_envelope(bytes: &[u8]) -> Result<(), HostError> {
    match Value::from_json(bytes) {
        Ok(value) if value.get("decision").is_some() => Ok(()),
        Ok(_) => Err(HostError::BadModule(
            "its answer has no decision".to_owned(),
        )),
        Err(error) => Err(HostError::BadModule(format!(
            "its answer is not JSON: {error}"
        ))),
    }
}
