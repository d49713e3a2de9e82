//! Where the service listens, which policy it asks, and every limit.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Stopped;
use crate::limits::Limits;
use crate::log::LogOptions;

/// What to serve, and where.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The Unix socket; its file is only for this user.
    pub socket: Option<PathBuf>,
    /// The address for HTTP.
    pub http: Option<SocketAddr>,
    /// Whether an address that other machines can reach is allowed; it needs a token too.
    pub remote: bool,
    /// The file with the bearer token that every request must show.
    pub token: Option<PathBuf>,
    /// Which policy.
    pub choice: Choice,
    /// The limits of the service; those of a call are in `choice`.
    pub bounds: Bounds,
    /// The decision log; its module is the one that decides, whatever is given here.
    pub log: Option<LogOptions>,
}

/// Which policy decides.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `plan`, `cl-hive` or `xln`; `plan` when empty.
    pub profile: String,
    /// A JSON file with the fields of the config to change; read again on SIGHUP.
    pub config: Option<PathBuf>,
    /// Whether the core of this program decides, without the sandbox and its limits.
    pub native: bool,
    /// What a call in the sandbox may use.
    pub limits: Limits,
    /// Whether the compiled module is kept in the cache directory of the user.
    pub cached: bool,
}

/// The limits of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Connections at once.
    pub connections: usize,
    /// Requests at once; health checks are not counted.
    pub requests: usize,
    /// Calls in one JSON-RPC batch.
    pub batch: usize,
    /// Threads that decide, and as many that move bytes.
    pub workers: usize,
    /// From the head of a request to its answer.
    pub request_time: Duration,
    /// For a request's head to arrive, for the next part of its body, for the reader to take the
    /// next part of an answer; so long may a connection be idle, too.
    pub io_time: Duration,
    /// For the requests that run when the service is told to stop.
    pub stop_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            head_bytes: 16 << 10,
            connections: 256,
            requests: 64,
            batch: 100,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            request_time: Duration::from_secs(30),
            io_time: Duration::from_secs(10),
            stop_time: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// What a call may use when a service asks: less than a person at a terminal may.
    #[must_use]
    pub fn usual_limits() -> Limits {
        Limits {
            deadline: Some(Duration::from_secs(10)),
            memory_bytes: 1 << 30,
            result_bytes: 64 << 20,
            ..Limits::default()
        }
    }

    /// Refuses what would be served to the wrong people or not at all.
    pub(super) fn check(&self) -> Result<(), Stopped> {
        let bounds = &self.bounds;
        let refuse = |what: &str| Err(Stopped::Setting(what.to_owned()));
        if self.socket.is_none() && self.http.is_none() {
            return refuse("where to listen? Give --socket PATH or --http 127.0.0.1:PORT");
        }
        let reachable = self.http.is_some_and(|http| !http.ip().is_loopback());
        if reachable && !(self.remote && self.token.is_some()) {
            return refuse(
                "other machines can reach this address: it needs --token-file FILE and \
                 --allow-remote, and TLS from a proxy in front",
            );
        }
        let counts = [
            bounds.body_bytes,
            bounds.head_bytes,
            bounds.connections,
            bounds.requests,
            bounds.batch,
            bounds.workers,
        ];
        let times = [bounds.request_time, bounds.io_time];
        if counts.contains(&0) || times.contains(&Duration::ZERO) {
            return refuse("a limit of zero would refuse everything");
        }
        Ok(())
    }
}
