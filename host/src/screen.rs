//! Which modules the compiler is spared. Nothing can end a compiler once it runs, and a few kilobytes
//! can be written so that it takes hours and all memory: where control flow joins, it asks for every
//! local variable, so its work grows with the product of both.

use wasmparser::{FunctionBody, Operator, Parser, Payload, Result};

use crate::error::HostError;

/// The most that locals times jumps may add up to, over all functions. Half of it, in one function made
/// for that, took the compiler seven seconds and 340 MB; our own module has a third of it.
const MOST_WORK: u64 = 1 << 22;

/// The longest function in bytes.
const LONGEST_FUNCTION: u64 = 1 << 19;

/// Refuses what would cost too much. What is no module is left to the compiler to name.
pub(crate) fn check(bytes: &[u8]) -> std::result::Result<(), HostError> {
    let Ok(work) = work(bytes) else {
        return Ok(());
    };
    if work.longest > LONGEST_FUNCTION {
        return Err(HostError::BadModule(format!(
            "a function of it has {} bytes, {LONGEST_FUNCTION} are allowed",
            work.longest
        )));
    }
    if work.total > MOST_WORK {
        return Err(HostError::BadModule(format!(
            "locals times jumps of its functions are {}, {MOST_WORK} are allowed",
            work.total
        )));
    }
    Ok(())
}

#[derive(Default)]
struct Work {
    /// Locals times jumps.
    total: u64,
    /// Bytes of the longest function.
    longest: u64,
    /// Parameters and results of the largest type.
    arity: u64,
}

fn work(bytes: &[u8]) -> Result<Work> {
    let mut work = Work::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Payload::TypeSection(types) = payload {
            for ty in types.into_iter_err_on_gc_types() {
                let ty = ty?;
                let arity = ty.params().len() + ty.results().len();
                work.arity = work.arity.max(arity as u64);
            }
        } else if let Payload::CodeSectionEntry(body) = payload {
            let length = body.range().len() as u64;
            work.longest = work.longest.max(length);
            // What is too long is not read.
            if length <= LONGEST_FUNCTION {
                let product = locals(&body, work.arity)?.saturating_mul(jumps(&body)?);
                work.total = work.total.saturating_add(product);
            }
        }
    }
    Ok(work)
}

/// With what the largest type passes: parameters are locals, and blocks pass values too.
fn locals(body: &FunctionBody<'_>, arity: u64) -> Result<u64> {
    let mut count = arity;
    for group in body.get_locals_reader()? {
        let (many, _) = group?;
        count = count.saturating_add(u64::from(many));
    }
    Ok(count)
}

/// The edges of the control flow.
fn jumps(body: &FunctionBody<'_>) -> Result<u64> {
    let mut count = 0u64;
    for operator in body.get_operators_reader()? {
        count += match operator? {
            Operator::BrTable { targets } => u64::from(targets.len()) + 1,
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::Br { .. }
            | Operator::BrIf { .. } => 1,
            _ => 0,
        };
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop")]

    use super::*;
    use crate::MODULE;

    #[test]
    fn our_own_module_is_far_from_the_bounds() {
        let work = work(MODULE).unwrap();
        assert!(work.total * 2 < MOST_WORK, "{}", work.total);
        assert!(work.longest * 2 < LONGEST_FUNCTION, "{}", work.longest);
    }
}
