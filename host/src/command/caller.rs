//! Whom the command asks: the module in its sandbox, or the core of this program.

use trimtab_core::policy::{self as core_policy, Decided, Op, Policy as Core};
use trimtab_core::value::{FromValue, Value};
use trimtab_host::{HostError, Policy, Report, Sandbox, native};

use super::arguments::Asked;
use super::failure::{Failure, bytes_of};

/// The sandbox, where one is wanted; policies come from here.
pub struct Host {
    sandbox: Option<Sandbox>,
}

/// A policy under one profile and config.
pub enum Caller {
    /// In the sandbox.
    Module(Policy),
    /// Without one.
    Native(Box<Core>),
}

impl Host {
    pub fn of(asked: &Asked) -> Result<Self, HostError> {
        let sandbox = if asked.native {
            None
        } else {
            Some(Sandbox::builder().limits(asked.limits()).cached().build()?)
        };
        Ok(Self { sandbox })
    }

    /// The digest of the module that decides; `None` without a sandbox.
    pub fn digest(&self) -> Option<&str> {
        self.sandbox.as_ref().map(Sandbox::digest)
    }

    pub fn policy(&self, profile: &str, config: Option<&[u8]>) -> Result<Caller, HostError> {
        match &self.sandbox {
            Some(sandbox) if profile == "plan" && config.is_none() => {
                Ok(Caller::Module(sandbox.plan().clone()))
            }
            Some(sandbox) => Ok(Caller::Module(sandbox.policy(profile, config)?)),
            None => Ok(Caller::Native(Box::new(core(profile, config)?))),
        }
    }

    /// The policy that the arguments name.
    pub fn asked(&self, asked: &Asked) -> Result<Caller, Failure> {
        let config = overrides(asked)?;
        Ok(self.policy(&asked.profile, config.as_deref())?)
    }
}

/// The file of changed fields that the arguments name.
pub fn overrides(asked: &Asked) -> Result<Option<Vec<u8>>, Failure> {
    let file = asked.config.as_ref();
    file.map(|file| bytes_of(Some(file))).transpose()
}

/// A policy in the core of this program.
pub fn core(profile: &str, config: Option<&[u8]>) -> Result<Core, HostError> {
    let parsed = config.map(core_policy::parse).transpose();
    let parsed = parsed.map_err(|error| error.inside("config"))?;
    let parsed = parsed.filter(|config| *config != Value::Null);
    Ok(native::guarded(|| Core::new(profile, parsed.as_ref()))?)
}

impl Caller {
    pub fn call(&self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError> {
        match self {
            Self::Module(policy) => policy.call(operation, input),
            Self::Native(policy) => Ok(native::call(policy, operation, input)?),
        }
    }

    pub fn call_reported(
        &self,
        operation: &str,
        input: &[u8],
    ) -> (Result<Vec<u8>, HostError>, Option<Report>) {
        match self {
            Self::Module(policy) => policy.call_reported(operation, input),
            Self::Native(_) => (self.call(operation, input), None),
        }
    }

    /// Calls with typed input and output.
    pub fn decide<O: Op>(&self, input: &O::Input) -> Result<Decided<O::Output>, HostError>
    where
        O::Output: FromValue,
    {
        match self {
            Self::Module(policy) => policy.decide::<O>(input),
            Self::Native(policy) => Ok(native::guarded(|| policy.decide::<O>(input))?),
        }
    }

    /// Calls with a JSON value and reads the envelope as one.
    pub fn ask(&self, operation: &str, input: &Json) -> Result<Json, HostError> {
        let envelope = self.call(operation, input.to_string().as_bytes())?;
        serde_json::from_slice(&envelope)
            .map_err(|error| HostError::BadModule(format!("its answer is not JSON: {error}")))
    }

    /// The sentences of the reasons of an envelope, in their order.
    pub fn sentences(&self, envelope: &Json) -> Result<Vec<String>, HostError> {
        let reasons = envelope.get("reasons").cloned().unwrap_or(Json::Null);
        let said = self.ask("policy.explain", &serde_json::json!({ "reasons": reasons }))?;
        let said = said.pointer("/decision/sentences").and_then(Json::as_array);
        Ok(said
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect())
    }
}

/// JSON that the command builds and shows.
pub type Json = serde_json::Value;
