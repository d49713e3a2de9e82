//! The policy as a service: HTTP and JSON-RPC 2.0 on a Unix socket or a loopback port.
//!
//! ```no_run
//! use trimtab_host::serve::{self, Settings};
//! let settings = Settings {
//!     socket: Some("/run/trimtab/trimtab.sock".into()),
//!     ..Settings::default()
//! };
//! serve::run(settings, |line| eprintln!("{line}"))?;
//! # Ok::<(), serve::Stopped>(())
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `settings` | where it listens, which policy, every limit |
//! | `desk` | the policy in force: instances that stay open, or the core of this program |
//! | `service` | the policy, its token and its counters; the change of policy without a gap |
//! | `routes`, `rpc` | the two ways to ask |
//! | `refusal` | every error: code, status, number in JSON-RPC |
//! | `openapi` | the description, derived from what the policy says of itself |
//! | `listen`, `steady` | sockets, connections, their limits and their end |
//! | `metrics` | what is counted |
//!
//! # Choices
//! - **One policy is always in force.** A new config is read, checked and opened before it takes
//!   the place of the old one; a request keeps the policy that it began with.
//! - **Decisions run on threads of their own**, not on the threads that move bytes, so that a long
//!   decision delays no other connection. Only what is small and waits for no log is decided where
//!   it was read: to change threads would take longer.
//! - **The module stays open in one instance per thread**: its operations are pure, and a staying
//!   instance answers several times faster than a fresh one. One whose memory has grown, and one
//!   whose call was ended by a limit or a trap, is replaced.
//! - **No TLS**: a proxy does that better. Without a token the service listens only where nobody
//!   but this machine can reach it.
//! - **Requests of web pages are refused** (they carry `Origin`): any page in a browser of this
//!   machine could reach a loopback port.

mod desk;
mod listen;
mod metrics;
mod openapi;
mod refusal;
mod routes;
mod rpc;
mod service;
mod settings;
mod steady;
mod token;

use std::fmt;

use crate::error::HostError;

pub use settings::{Bounds, Choice, Settings};

/// Why the service ended or never began.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stopped {
    /// The policy cannot be made.
    Policy(HostError),
    /// A setting is no good: a file, an address, a choice that is refused.
    Setting(String),
    /// Some requests were not finished within the time for it.
    Unfinished,
}

impl From<HostError> for Stopped {
    fn from(error: HostError) -> Self {
        Self::Policy(error)
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(error) => error.fmt(f),
            Self::Setting(what) => f.write_str(what),
            Self::Unfinished => f.write_str("some requests were not finished in time"),
        }
    }
}

impl std::error::Error for Stopped {}

/// Serves until SIGTERM or SIGINT; SIGHUP reads config and token again. `tell` gets a line for the
/// operator now and then: where it listens, what a new config was refused for.
pub fn run(settings: Settings, tell: impl Fn(&str) + Send + Sync + 'static) -> Result<(), Stopped> {
    settings.check()?;
    let service = service::Service::new(settings, Box::new(tell))?;
    let bounds = &service.settings.bounds;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(bounds.workers)
        .max_blocking_threads(bounds.workers)
        .enable_all()
        .build()
        .map_err(|error| Stopped::Setting(format!("no threads: {error}")))?;
    let ended = runtime.block_on(listen::until_told(service));
    // A native decision that nobody waits for any more cannot be interrupted.
    runtime.shutdown_background();
    ended
}
