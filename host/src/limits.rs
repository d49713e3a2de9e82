//! How much a call may use, and the watch that holds a module to it.

use std::fmt;
use std::time::Duration;

use trimtab_core::policy::MAX_INPUT_BYTES;
use wasmtime::ResourceLimiter;

/// What one call may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Units of work; `None` counts none, which saves about a third of the time.
    pub fuel: Option<u64>,
    /// Time on the clock; `None` sets no end, which saves about a fifth of the time.
    pub deadline: Option<Duration>,
    /// Bytes of linear memory.
    pub memory_bytes: u64,
    /// Entries of a table.
    pub table_entries: u64,
    /// Bytes of an answer.
    pub result_bytes: u64,
    /// Bytes of a module: compiling costs time and memory that no other limit counts.
    pub module_bytes: u64,
}

impl Default for Limits {
    /// Enough for the largest input that the policy takes; an operator will want less.
    fn default() -> Self {
        Self {
            fuel: Some(100_000_000_000),
            deadline: Some(Duration::from_secs(60)),
            memory_bytes: 2 << 30,
            table_entries: 20_000,
            result_bytes: MAX_INPUT_BYTES as u64,
            module_bytes: 16 << 20,
        }
    }
}

/// No module has more tables.
pub(crate) const MOST_TABLES: u32 = 4;

/// A request for more than the limits allow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exceeded {
    pub(crate) limit: u64,
    pub(crate) wanted: u64,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wanted, {} allowed", self.wanted, self.limit)
    }
}

impl std::error::Error for Exceeded {}

/// Counts the memory of one instance.
#[derive(Debug)]
pub(crate) struct Watch {
    memory_bytes: u64,
    table_entries: u64,
    /// The most memory so far.
    pub(crate) peak: u64,
}

impl Watch {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_bytes: limits.memory_bytes,
            table_entries: limits.table_entries,
            peak: 0,
        }
    }
}

/// Refusal is a trap, not a `-1` to the module: a module that asks again and again would
/// otherwise end as `OutOfFuel`, and the operator would raise the wrong limit.
fn within(limit: u64, wanted: usize) -> Result<u64, Exceeded> {
    let wanted = wanted as u64;
    if wanted > limit {
        return Err(Exceeded { limit, wanted });
    }
    Ok(wanted)
}

impl ResourceLimiter for Watch {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.peak = self.peak.max(within(self.memory_bytes, desired)?);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        within(self.table_entries, desired)?;
        Ok(true)
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        MOST_TABLES as usize
    }
}
