//! The one WebAssembly module of trimtab: a surface for JavaScript and a raw one for every other
//! host, in the same bytes. No rule lives here: both carry values to `trimtab_core` and back.
//!
//! | room | carries |
//! |---|---|
//! | [`protocol`] | operation names, bytes and handles: what the raw interface says, without pointers |
//! | `raw` | the exports `tt_*` that any host can call with integers (only in the module) |
//! | `memory` | how the memory of an instance grows (only in the module) |
//! | [`surface`] | the functions and classes that the npm package wraps |
//! | [`intake`], [`outlet`] | JavaScript values to plain values and back |
//!
//! The raw interface never reaches an import, so a host may link every import to a trap.

pub mod intake;
#[cfg(target_arch = "wasm32")]
mod memory;
pub mod outlet;
pub mod protocol;
#[cfg(target_arch = "wasm32")]
pub mod raw;
pub mod surface;
