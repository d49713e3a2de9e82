//! Runs the trimtab policy module, or a stranger's module that speaks the same interface, in a
//! sandbox: the module can call nothing, and it has only so much fuel, time and memory.
//!
//! ```
//! use trimtab_host::{HostError, Sandbox};
//! let sandbox = Sandbox::new()?;
//! let input = br#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;
//! let answer = sandbox.call("health.score", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""score":72,"tier":"thriving""#));
//!
//! let refused = sandbox.call("health.score", br#"{"profitable_pct":1.5}"#);
//! assert!(matches!(refused, Err(HostError::BadInput(error)) if error.field == "profitable_pct"));
//! # Ok::<(), HostError>(())
//! ```
//!
//! Each call gets a fresh instance, so that no call can see another; a [`Handle`] pins one
//! instance for state that stays open between calls (a parsed config, a hub's accounts).
//!
//! | room | holds |
//! |---|---|
//! | [`Sandbox`], [`Policy`], [`Handle`] | the ways to call |
//! | [`Builder`], [`Limits`] | which module, under which limits |
//! | [`HostError`] | bad input, a limit that was hit, a module that misbehaved |
//! | [`Report`] | what a call cost |
//! | [`check`] | whether a stranger's module may be run, and what it costs |
//! | [`native`] | the same call without a sandbox |
//! | [`log`] | what was asked and answered, kept so that it can be asked again |
//! | `serve` | the policy as a service, on Unix systems |
//!
//! # Choices
//! - **NaN**: trimtab's own module lets no NaN out (every input float is checked and a NaN is
//!   written as a marker, whatever its bits), so its floats run at full speed. In a foreign module
//!   the bits of a NaN could reach a decision and differ between processors, so there they are
//!   made canonical, at up to twice the time of float loops.
//! - **Fuel** is set after instantiation: what instantiation costs differs between operating
//!   systems. Fuel is a limit, never part of an identity.
//! - **A limit that is hit ends the call** with a typed error; a handle whose call was ended so is
//!   lost, because nobody knows what its memory holds.
//! - **Compiling the module takes seconds.** The command `trimtab` keeps what was compiled in the
//!   user's cache directory; a service decides for itself ([`Builder::cached`]), because whoever may
//!   write there decides what runs.
//! - **What a foreign module answers** is checked by the core of this host before it is let out: it is
//!   canonical JSON, the answer to an operation of ours has its shape, and a hub plan keeps the
//!   conservation and cap laws.

#![forbid(unsafe_code)]

pub mod check;
mod error;
mod handle;
mod instance;
mod limits;
pub mod log;
mod module;
pub mod native;
mod sandbox;
mod screen;
#[cfg(unix)]
pub mod serve;
mod shared;
mod ticker;
mod vouch;

pub use error::HostError;
pub use handle::Handle;
pub use limits::Limits;
pub use module::MODULE;
pub use sandbox::{Builder, Policy, Sandbox};
pub use shared::Report;
