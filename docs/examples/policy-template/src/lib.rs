//! A policy for trimtab's sandbox: change [`plan`], keep the rest.
//!
//! This one moves nothing. It looks at the reserves of a hub and tells the operator which are low.

use serde_json::{Value, json};

/// A reserve below this is low, in the smallest unit of its token.
const LOW: u128 = 1_000_000_000;

/// A batch that has not settled after this long is stuck: `sent_stale_ms` of the profile.
const STUCK_MS: u64 = 120_000;

/// Answers `hub.plan`: the state of a hub in, a plan out. `docs/reference.md` lists every field.
fn plan(state: &Value) -> Value {
    // Whoever is not a hub has nothing to do.
    if state["is_hub"] == json!(false) {
        return json!({ "actions": [] });
    }
    // A batch that is stuck must be taken back, and nothing else may be done in that tick.
    let clock = state["submit_clock"].as_u64().or(state["now"].as_u64());
    if let (Some(clock), Some(sent_at)) = (clock, state["sent"]["sent_at"].as_u64()) {
        if clock.saturating_sub(sent_at) > STUCK_MS {
            return json!({ "actions": [{ "type": "abort_sent_batch", "requeue": true }] });
        }
    }
    let mut actions = Vec::new();
    for (token, amount) in state["reserves"].as_object().into_iter().flatten() {
        let token_id: Option<u32> = token.parse().ok();
        let amount: Option<u128> = amount.as_str().and_then(|amount| amount.parse().ok());
        if let (Some(token_id), Some(0..LOW)) = (token_id, amount) {
            actions.push(json!({ "type": "alert", "code": "reserve_below_min", "token_id": token_id }));
        }
    }
    json!({ "actions": actions })
}

/// Every operation of this policy: a decision, or an error that the host shows.
fn answer(operation: &[u8], input: &[u8]) -> Result<Value, Value> {
    let error = |code: &str, field: &str, expected: &str, got: &str| {
        json!({ "code": code, "expected": expected, "field": field, "got": got })
    };
    match operation {
        b"hub.plan" => match serde_json::from_slice(input) {
            Ok(state) => Ok(plan(&state)),
            Err(_) => Err(error("malformed", "", "the state of a hub", "no JSON")),
        },
        b"policy.describe" => Ok(json!({
            "abi": tt_abi(),
            "name": env!("CARGO_PKG_NAME"),
            "operations": [{ "name": "hub.plan" }, { "name": "policy.describe" }],
            "version": env!("CARGO_PKG_VERSION"),
        })),
        _ => Err(error("unknown_operation", "op", "hub.plan", "another")),
    }
}

// --- the raw interface, see docs/abi.md ---

/// The version of the interface.
#[unsafe(no_mangle)]
pub extern "C" fn tt_abi() -> u32 {
    1
}

/// Gives the host that many bytes to write, zeroed.
#[unsafe(no_mangle)]
pub extern "C" fn tt_alloc(length: usize) -> *mut u8 {
    Box::leak(vec![0; length].into_boxed_slice()).as_mut_ptr()
}

/// Takes back what [`tt_alloc`] or an answer gave.
///
/// # Safety
/// The host passes pointer and length as it got them, and only once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tt_free(pointer: *mut u8, length: usize) {
    // SAFETY: this is the box that was leaked.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, length)) });
}

/// Calls an operation; gives `pointer << 32 | length` of the answer.
///
/// # Safety
/// Both ranges are memory that the host got from [`tt_alloc`] and wrote.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tt_call(
    operation: *const u8,
    operation_length: usize,
    input: *const u8,
    input_length: usize,
) -> u64 {
    // SAFETY: the host wrote both ranges.
    let (operation, input) = unsafe {
        (
            std::slice::from_raw_parts(operation, operation_length),
            std::slice::from_raw_parts(input, input_length),
        )
    };
    // serde_json sorts keys and writes no spaces: canonical, as long as no floats are written.
    let (first, body) = match answer(operation, input) {
        Ok(decision) => (0, json!({ "decision": decision, "reasons": [] })),
        Err(error) => (1, json!({ "error": error })),
    };
    let mut bytes = vec![first];
    bytes.extend(body.to_string().into_bytes());
    let answer = Box::leak(bytes.into_boxed_slice());
    (answer.as_mut_ptr() as u64) << 32 | answer.len() as u64
}

/// This policy opens no handles.
#[unsafe(no_mangle)]
pub extern "C" fn tt_open(_: u32, _: u32, _: u32, _: u32) -> u64 {
    std::process::abort()
}

/// This policy opens no handles.
#[unsafe(no_mangle)]
pub extern "C" fn tt_call_on(_: u32, _: u32, _: u32, _: u32, _: u32) -> u64 {
    std::process::abort()
}

/// Whatever the number, it is closed.
#[unsafe(no_mangle)]
pub extern "C" fn tt_close(_: u32) {}
