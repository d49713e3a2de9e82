//! The raw interface: integers and bytes, for every host that is not JavaScript. `docs/abi.md`
//! describes it for strangers.
//!
//! The caller owns what `tt_alloc` gives and what an answer points to, and returns both to
//! `tt_free` with the same length. An answer is packed as `pointer << 32 | length`.
//!
//! The unsafe code of the workspace is here and in `memory`: here, reading what a pointer of the host
//! names.
#![allow(unsafe_code)]
// Hosts call these, never Rust: a host cannot be told `unsafe`.
#![allow(clippy::not_unsafe_ptr_arg_deref)]

use std::cell::RefCell;

use crate::protocol::{self, Session};

thread_local! {
    static SESSION: RefCell<Session> = const { RefCell::new(Session::new()) };
}

/// The version of this surface.
// SAFETY: the name is ours alone; nothing else in the module exports one that begins with `tt_`.
#[unsafe(no_mangle)]
pub extern "C" fn tt_abi() -> u32 {
    trimtab_core::policy::ABI
}

/// `length` bytes for the caller to write, or 0 if the memory does not suffice.
// SAFETY: as `tt_abi`.
#[unsafe(no_mangle)]
pub extern "C" fn tt_alloc(length: usize) -> *mut u8 {
    let mut bytes: Vec<u8> = Vec::new();
    if bytes.try_reserve_exact(length).is_err() {
        return std::ptr::null_mut();
    }
    bytes.resize(length, 0);
    Box::into_raw(bytes.into_boxed_slice()).cast()
}

/// Takes back bytes that `tt_alloc` or an answer gave, with their length.
// SAFETY: as `tt_abi`.
#[unsafe(no_mangle)]
pub extern "C" fn tt_free(pointer: *mut u8, length: usize) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: by the contract of this surface the pair comes from `tt_alloc` or from an answer,
    // both boxed slices of that length, and is returned once. A host that breaks the contract
    // damages only its own instance: the memory of the module is all that the pointer can reach.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, length)) });
}

/// Calls an operation under the profile `plan`; the input is the bare input of the operation.
// SAFETY: as `tt_abi`.
#[unsafe(no_mangle)]
pub extern "C" fn tt_call(
    operation: *const u8,
    operation_length: usize,
    input: *const u8,
    input_length: usize,
) -> u64 {
    // SAFETY: the host vouches for both ranges, see `bytes`.
    let (operation, input) = unsafe {
        (
            bytes(operation, operation_length),
            bytes(input, input_length),
        )
    };
    packed(protocol::call(operation, input))
}

/// Opens a handle of a kind (`policy`, `fleet_book`, `hub_book`): `{"handle":n}` or an error.
// SAFETY: as `tt_abi`.
#[unsafe(no_mangle)]
pub extern "C" fn tt_open(
    kind: *const u8,
    kind_length: usize,
    input: *const u8,
    input_length: usize,
) -> u64 {
    // SAFETY: the host vouches for both ranges, see `bytes`.
    let (kind, input) = unsafe { (bytes(kind, kind_length), bytes(input, input_length)) };
    packed(SESSION.with_borrow_mut(|session| session.open(kind, input)))
}

/// Calls an operation on an open handle.
// SAFETY: as `tt_abi`.
#[unsafe(no_mangle)]
pub extern "C" fn tt_call_on(
    handle: u32,
    operation: *const u8,
    operation_length: usize,
    input: *const u8,
    input_length: usize,
) -> u64 {
    // SAFETY: the host vouches for both ranges, see `bytes`.
    let (operation, input) = unsafe {
        (
            bytes(operation, operation_length),
            bytes(input, input_length),
        )
    };
    packed(SESSION.with_borrow_mut(|session| session.call_on(handle, operation, input)))
}

/// Lets a handle go.
// SAFETY: as `tt_abi`.
#[unsafe(no_mangle)]
pub extern "C" fn tt_close(handle: u32) {
    SESSION.with_borrow_mut(|session| session.close(handle));
}

/// The bytes that a host wrote.
///
/// # Safety
/// `pointer..pointer + length` was given by `tt_alloc`, written by the host and not yet freed; or
/// `length` is 0. The instance runs one call at a time, so nothing changes the bytes meanwhile.
unsafe fn bytes<'b>(pointer: *const u8, length: usize) -> &'b [u8] {
    if pointer.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise above; wasm traps on what lies outside its memory.
    unsafe { std::slice::from_raw_parts(pointer, length) }
}

/// Gives the answer to the caller, who frees it.
fn packed(answer: Vec<u8>) -> u64 {
    let length = answer.len() as u64;
    let pointer: *mut u8 = Box::into_raw(answer.into_boxed_slice()).cast();
    (pointer as usize as u64) << 32 | length
}
