//! The arguments of the command.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;
use trimtab_core::config::Profile;
use trimtab_host::Limits;
use trimtab_host::check::CheckOptions;

use super::logs::LogTask;
use super::replay::ReplayArguments;
use super::what_if::WhatIfArguments;

/// Portable liquidity policies for Lightning fleets and payment hubs, with reasons.
///
/// Exit codes: 0 decided, 1 the module failed, 2 bad input, 3 a limit was hit.
#[derive(Debug, Parser)]
#[command(name = "trimtab", version, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub task: Task,
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Show real decisions on the data that this program carries.
    Demo {
        /// Print JSON instead of the page.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// List the operations.
    Ops {
        /// Print JSON instead of the page.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// Print the digests of module and config, the version and the version of the interface.
    Digest {
        /// Print JSON instead of the page.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// Print every setting in force as JSON.
    ///
    /// The same text can be given back as --config.
    Config {
        #[command(flatten)]
        asked: Asked,
    },
    /// Judge a fleet from the answers of its Core Lightning nodes.
    ///
    /// DIR holds one folder per node: getinfo.json, listpeerchannels.json (before 23.02
    /// listpeers.json) and, where known,
    /// listforwards.json, bkpr-listincome.json, listchannelmoves.json,
    /// bkpr-listaccountevents.json; if wanted, operator.json (the operator's decisions) and
    /// budget.json, as fleet.advise reads them. Beside the folders stand listchannels.json and,
    /// if wanted, fleet.json: {"members": [folders], "now": seconds}.
    Fleet {
        /// The folder with the answers.
        dir: PathBuf,
        /// The folders of the members; all others are external peers.
        #[arg(long, value_delimiter = ',')]
        members: Option<Vec<String>>,
        /// The moment of the answers, in seconds; the newest time in the answers when absent.
        #[arg(long)]
        now: Option<u64>,
        /// Say why nothing is rebalanced at this channel or peer, instead of the page.
        #[arg(long, value_name = "CHANNEL|PEER")]
        why: Option<String>,
        /// Print what was decided as JSON instead of the page.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// Judge a hub from its state.
    Hub {
        /// The state as JSON; `-` reads standard input.
        state: PathBuf,
        /// Give every reason about this account, instead of the page.
        #[arg(long, value_name = "ACCOUNT")]
        why: Option<String>,
        /// Print what was decided as JSON instead of the page.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// Say what a policy module is, wants and costs, and whether a host would run it.
    ///
    /// Works on any bytes. Exit codes: 0 a host would run it, 1 it would not.
    Check {
        /// The module; `-` reads standard input.
        module: PathBuf,
        /// Print everything as JSON instead of the page.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        allowed: Allowed,
    },
    /// Call one operation with JSON and print the envelope.
    Call {
        /// The operation, as `trimtab ops` lists it; optional with --lines.
        #[arg(required_unless_present = "lines")]
        op: Option<String>,
        /// The input; standard input when absent or `-`.
        file: Option<PathBuf>,
        /// Read JSON lines {"op","input","profile"?,"config"?}; write an envelope or error for each.
        #[arg(long)]
        lines: bool,
        /// Print sentences for people instead of the envelope.
        #[arg(long, conflicts_with = "lines")]
        explain: bool,
        /// Print to standard error what the call cost.
        #[arg(long, conflicts_with_all = ["lines", "native"])]
        report: bool,
        #[command(flatten)]
        logged: Logged,
        #[command(flatten)]
        asked: Asked,
    },
    /// Serve the policy over HTTP and JSON-RPC, on a Unix socket or a loopback port.
    ///
    /// SIGHUP reads config and token again, SIGTERM and SIGINT end it when the running requests are
    /// done. It speaks no TLS: put a proxy in front. docs/service.md has the paths and the limits.
    #[cfg(unix)]
    Serve(Box<super::serve::Arguments>),
    /// Print the completions for a shell.
    Completions {
        /// bash, elvish, fish, powershell or zsh.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
    /// Ask a decision log again and report where the answers part.
    ///
    /// Under another module, profile or config it tells how many decisions would have been
    /// others, which reasons came and went, and what would have been moved. Exit code 1 when an
    /// answer differs though nothing else was asked for.
    Replay(ReplayArguments),
    /// Check, read and count a decision log.
    #[command(subcommand)]
    Log(LogTask),
    /// Show how an outcome changes with the input, and where it turns.
    WhatIf(WhatIfArguments),
}

/// What a module that is checked may use.
#[derive(Args, Debug)]
pub struct Allowed {
    /// Units of work that a call may use.
    #[arg(long)]
    pub fuel: Option<u64>,
    /// Milliseconds that a call may take.
    #[arg(long, value_name = "MS")]
    pub deadline_ms: Option<u64>,
    /// MiB of memory that the module may have.
    #[arg(long, value_name = "MIB")]
    pub memory_mb: Option<u64>,
    /// Seconds that compiling may take, and all calls together.
    #[arg(long, value_name = "S")]
    pub time_s: Option<u64>,
}

impl Allowed {
    /// Under which limits the module is checked.
    pub fn options(&self) -> CheckOptions {
        let usual = CheckOptions::default();
        let limits = Limits {
            fuel: self.fuel.or(usual.limits.fuel),
            deadline: self
                .deadline_ms
                .map(Duration::from_millis)
                .or(usual.limits.deadline),
            memory_bytes: self
                .memory_mb
                .map_or(usual.limits.memory_bytes, |mib| mib.saturating_mul(1 << 20)),
            ..usual.limits
        };
        CheckOptions {
            limits,
            time: self.time_s.map_or(usual.time, Duration::from_secs),
            cached: true,
        }
    }
}

/// Where the calls of a run are written down.
#[derive(Args, Debug)]
pub struct Logged {
    /// Write every call to this decision log; one that is there is gone on with.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Leave this out of the log: a JSON pointer such as /input/channels/*/peer_id.
    #[arg(long, value_name = "POINTER", requires = "log")]
    pub log_mask: Vec<String>,
}

/// Whom to ask, and how.
#[derive(Args, Debug)]
pub struct Asked {
    /// plan, cl-hive or xln.
    #[arg(long, default_value = Profile::default().as_str())]
    pub profile: String,
    /// A JSON file with the fields of the config to change.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Ask the core of this program directly, without the sandbox and its limits.
    #[arg(long, conflicts_with_all = ["fuel", "deadline_ms", "memory_mb"])]
    pub native: bool,
    /// Units of work that a call may use.
    #[arg(long)]
    pub fuel: Option<u64>,
    /// Milliseconds that a call may take.
    #[arg(long, value_name = "MS")]
    pub deadline_ms: Option<u64>,
    /// MiB of memory that the module may have.
    #[arg(long, value_name = "MIB")]
    pub memory_mb: Option<u64>,
}

impl Asked {
    /// What a call may use.
    pub fn limits(&self) -> Limits {
        let usual = Limits::default();
        Limits {
            fuel: self.fuel.or(usual.fuel),
            deadline: self
                .deadline_ms
                .map(Duration::from_millis)
                .or(usual.deadline),
            memory_bytes: self
                .memory_mb
                .map_or(usual.memory_bytes, |mib| mib.saturating_mul(1 << 20)),
            ..usual
        }
    }
}
