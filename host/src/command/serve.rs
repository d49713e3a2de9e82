//! `trimtab serve`: from the arguments to the service.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use trimtab_host::log::{Fsync, LogOptions, Overload};
use trimtab_host::serve::{self, Bounds, Choice, Settings, Stopped};
use trimtab_host::{HostError, Limits};

use super::arguments::{Asked, Logged};
use super::failure::Failure;
use super::paint;

/// Where to listen and how much to take.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Listen on a Unix socket; its file is for this user only.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Listen on an address; port 0 takes a free one and says which.
    #[arg(long, value_name = "IP:PORT")]
    http: Option<SocketAddr>,
    /// Every request must show the token in this file (`Authorization: Bearer`).
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Allow an address that other machines can reach; needs --token-file.
    #[arg(long, requires = "token_file")]
    allow_remote: bool,
    /// KiB of a request's body [16384].
    #[arg(long, value_name = "KIB")]
    max_body_kb: Option<usize>,
    /// KiB of an answer of the sandbox [65536].
    #[arg(long, value_name = "KIB", conflicts_with = "native")]
    max_answer_kb: Option<u64>,
    /// Connections at once [256].
    #[arg(long, value_name = "N")]
    max_connections: Option<usize>,
    /// Requests at once [64].
    #[arg(long, value_name = "N")]
    max_requests: Option<usize>,
    /// Calls in one JSON-RPC batch [100].
    #[arg(long, value_name = "N")]
    max_batch: Option<usize>,
    /// Threads that decide [one per processor].
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Milliseconds from a request's head to its answer [30000].
    #[arg(long, value_name = "MS")]
    request_ms: Option<u64>,
    /// Milliseconds for a head or the next part of a body or answer, and for idle connections [10000].
    #[arg(long, value_name = "MS")]
    io_ms: Option<u64>,
    /// Milliseconds for running requests when told to stop [10000].
    #[arg(long, value_name = "MS")]
    stop_ms: Option<u64>,
    #[command(flatten)]
    logged: Logged,
    /// A call goes on without its line when the log cannot be written; otherwise it is refused.
    #[arg(long, requires = "log")]
    log_drop: bool,
    /// Force every line to the disk before its call is answered; otherwise once a second.
    #[arg(long, requires = "log")]
    log_sync: bool,
    /// MiB of a file of the log before a new one begins [64].
    #[arg(long, value_name = "MIB", requires = "log")]
    log_max_mb: Option<u64>,
    /// Older files of the log that are kept [all].
    #[arg(long, value_name = "N", requires = "log")]
    log_keep: Option<u32>,
    #[command(flatten)]
    asked: Asked,
}

impl Arguments {
    fn log(&self) -> Option<LogOptions> {
        let mut log = LogOptions::new(self.logged.log.as_deref()?, "");
        log.mask.clone_from(&self.logged.log_mask);
        if self.log_drop {
            log.overload = Overload::Drop;
        }
        if self.log_sync {
            log.fsync = Fsync::Always;
        }
        let bytes = self.log_max_mb.map(|mib| mib.saturating_mul(1 << 20));
        log.max_bytes = bytes.or(log.max_bytes);
        log.keep_files = self.log_keep;
        Some(log)
    }

    fn settings(&self) -> Settings {
        let asked = &self.asked;
        let usual = Bounds::default();
        let time = |given: Option<u64>, usual| given.map_or(usual, Duration::from_millis);
        let limits = Settings::usual_limits();
        let chosen = asked.limits();
        Settings {
            socket: self.socket.clone(),
            http: self.http,
            remote: self.allow_remote,
            token: self.token_file.clone(),
            log: self.log(),
            choice: Choice {
                profile: asked.profile.clone(),
                config: asked.config.clone(),
                native: asked.native,
                limits: Limits {
                    fuel: asked.fuel.or(limits.fuel),
                    deadline: asked.deadline_ms.and(chosen.deadline).or(limits.deadline),
                    memory_bytes: match asked.memory_mb {
                        Some(_) => chosen.memory_bytes,
                        None => limits.memory_bytes,
                    },
                    result_bytes: self
                        .max_answer_kb
                        .map_or(limits.result_bytes, |kib| kib.saturating_mul(1 << 10)),
                    ..limits
                },
                cached: true,
            },
            bounds: Bounds {
                body_bytes: self
                    .max_body_kb
                    .map_or(usual.body_bytes, |kib| kib.saturating_mul(1 << 10)),
                connections: self.max_connections.unwrap_or(usual.connections),
                requests: self.max_requests.unwrap_or(usual.requests),
                batch: self.max_batch.unwrap_or(usual.batch),
                workers: self.workers.unwrap_or(usual.workers),
                request_time: time(self.request_ms, usual.request_time),
                io_time: time(self.io_ms, usual.io_time),
                stop_time: time(self.stop_ms, usual.stop_time),
                ..usual
            },
        }
    }
}

/// Serves until a signal ends it.
pub fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let ended = serve::run(arguments.settings(), |line| paint::complain(&line));
    ended.map(|()| 0).map_err(|stopped| match stopped {
        Stopped::Policy(error) => Failure::Call(error),
        Stopped::Setting(what) => Failure::Usage(what),
        other => Failure::Call(HostError::Unavailable(other.to_string())),
    })
}
