//! The policy in force: where a call goes.

use std::sync::{Mutex, PoisonError};

use serde_json::Value as Json;
use trimtab_core::error::Error;
use trimtab_core::operations;
use trimtab_core::policy::{self as core_policy, Policy as Core};
use trimtab_core::value::Value;

use super::Stopped;
use super::settings::Choice;
use crate::error::HostError;
use crate::handle::Handle;
use crate::log::PolicyNote;
use crate::native;
use crate::sandbox::{Policy, Sandbox};

/// An instance that holds more memory after a call is replaced: a single large request shall not
/// keep its memory for good.
const KEPT_BYTES: u64 = 64 << 20;

/// A policy under one profile and config, ready to be asked from many threads.
pub(super) struct Desk {
    way: Way,
    /// Who decides, as every envelope says it: name, version, profile, digest of the config.
    pub(super) stamp: Json,
    /// The policy as lines of the log name it.
    pub(super) note: PolicyNote,
}

enum Way {
    /// The core of this program.
    Native(Box<Core>),
    /// Instances that stay open, as many as there are threads.
    Staying {
        policy: Policy,
        idle: Mutex<Vec<Handle>>,
    },
}

/// What stays the same when the config changes: the compiled module.
pub(super) struct Maker {
    sandbox: Option<Sandbox>,
    choice: Choice,
}

impl Maker {
    pub(super) fn new(choice: &Choice) -> Result<Self, HostError> {
        let sandbox = if choice.native {
            None
        } else {
            let builder = Sandbox::builder().limits(choice.limits.clone());
            let builder = if choice.cached {
                builder.cached()
            } else {
                builder
            };
            Some(builder.build()?)
        };
        Ok(Self {
            sandbox,
            choice: choice.clone(),
        })
    }

    /// The digest of the module that decides; `None` without a sandbox.
    pub(super) fn module(&self) -> Option<&str> {
        self.sandbox.as_ref().map(Sandbox::digest)
    }

    /// The policy that the files say now, opened and asked once.
    pub(super) fn desk(&self) -> Result<Desk, Stopped> {
        let config = match &self.choice.config {
            Some(file) => Some(
                std::fs::read(file)
                    .map_err(|error| Stopped::Setting(format!("{}: {error}", file.display())))?,
            ),
            None => None,
        };
        let profile = match self.choice.profile.as_str() {
            "" => "plan",
            profile => profile,
        };
        let way = self.way(profile, config.as_deref())?;
        let mut desk = Desk {
            note: PolicyNote::of(profile, config.as_deref()).map_err(HostError::from)?,
            way,
            stamp: Json::Null,
        };
        let explained = desk.ask("policy.explain", r#"{"reasons":[]}"#)?;
        desk.stamp = explained.get("policy").cloned().unwrap_or(Json::Null);
        Ok(desk)
    }

    fn way(&self, profile: &str, config: Option<&[u8]>) -> Result<Way, HostError> {
        let Some(sandbox) = &self.sandbox else {
            let parsed = config.map(core_policy::parse).transpose();
            let parsed = parsed.map_err(|error| error.inside("config"))?;
            let parsed = parsed.filter(|config| *config != Value::Null);
            let made = native::guarded(|| Core::new(profile, parsed.as_ref()))?;
            return Ok(Way::Native(Box::new(made)));
        };
        Ok(Way::Staying {
            policy: sandbox.policy(profile, config)?,
            idle: Mutex::default(),
        })
    }
}

impl Desk {
    /// The envelope of a decision, byte for byte what core answers.
    pub(super) fn call(&self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError> {
        // A name in no table wakes no instance; columns of bytes are not JSON.
        operations::operation(operation)?;
        match &self.way {
            Way::Native(policy) => Ok(native::call(policy, operation, input)?),
            Way::Staying { policy, idle } => {
                let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let mut handle = match waiting {
                    Some(handle) => handle,
                    None => policy.open()?,
                };
                let answer = handle.call_on(operation, input);
                let held = handle.report().map(|report| report.peak_memory_bytes);
                // A lost handle has no report.
                if held.is_some_and(|held| held <= KEPT_BYTES) {
                    idle.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(handle);
                }
                answer
            }
        }
    }

    /// Calls with a text and reads the envelope.
    pub(super) fn ask(&self, operation: &str, input: &str) -> Result<Json, HostError> {
        let envelope = self.call(operation, input.as_bytes())?;
        serde_json::from_slice(&envelope)
            .map_err(|error| HostError::from(Error::internal(format_args!("{error}"))))
    }
}
