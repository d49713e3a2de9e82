//! What all instances of a sandbox share, and what a call cost.

use serde::Serialize;

use wasmtime::{Engine, InstancePre};

use crate::error::HostError;
use crate::limits::{Limits, Watch};
use crate::module::Exports;
use crate::ticker::{Running, Ticker};
use crate::vouch;

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
        vouch::check(setting, operation, input, answer)
    }
}
