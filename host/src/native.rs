//! The same calls without a sandbox: the core of this program itself. A defect of ours becomes an
//! `internal` error here, never a dead process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use trimtab_core::error::Error;
use trimtab_core::policy::Policy;

/// Calls an operation of `policy`: the input as JSON, the answer as canonical JSON.
pub fn call(policy: &Policy, operation: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
    guarded(|| policy.call(operation, input))
}

/// Runs `work`; a panic in it is an `internal` error.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What a panic leaves behind is dropped with it: nothing outlives the call.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Error::internal(text.unwrap_or("a panic without words")))
    })
}
