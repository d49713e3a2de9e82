//! The command line: its arguments, its exit codes, and the way to the subcommands.

mod caller;
mod cases;
mod demo;
mod fleet;
mod hub;
mod node;
mod paint;
mod sharing;
mod tables;

use clap::{Args, Parser, Subcommand};
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_host::{HostError, Limits};

/// Portable liquidity policies for Lightning fleets and payment hubs, with reasons.
///
/// Exit codes: 0 decided, 1 the module failed, 2 bad input, 3 a limit was hit.
#[derive(Debug, Parser)]
#[command(name = "trimtab", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Show real decisions on the data that this program carries.
    Demo {
        #[command(flatten)]
        asked: Asked,
    },
    /// List the operations.
    Ops {
        #[command(flatten)]
        asked: Asked,
    },
    /// Print the digests of module and config, the version and the version of the interface.
    Digest {
        #[command(flatten)]
        asked: Asked,
    },
    /// Judge a fleet from the answers of its Core Lightning nodes.
    ///
    /// DIR holds one folder per node (getinfo.json, listpeerchannels.json and, where known,
    /// listforwards.json, bkpr-listincome.json), beside them listchannels.json and, if wanted,
    /// fleet.json: {"members": [folders], "now": seconds}.
    Fleet {
        /// The folder with the answers.
        dir: PathBuf,
        /// The folders of the members; all others are external peers.
        #[arg(long, value_delimiter = ',')]
        members: Option<Vec<String>>,
        /// The moment of the answers, in seconds; the newest time in the answers when absent.
        #[arg(long)]
        now: Option<u64>,
        #[command(flatten)]
        asked: Asked,
    },
    /// Judge a hub from its state.
    Hub {
        /// The state as JSON; `-` reads standard input.
        state: PathBuf,
        #[command(flatten)]
        asked: Asked,
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
        asked: Asked,
    },
}

/// Whom to ask, and how.
#[derive(Args, Debug)]
struct Asked {
    /// plan, cl-hive or xln.
    #[arg(long, default_value = "plan")]
    profile: String,
    /// A JSON file with the fields of the config to change.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask the core of this program directly, without the sandbox.
    #[arg(long)]
    native: bool,
    /// Units of work that a call may use.
    #[arg(long)]
    fuel: Option<u64>,
    /// Milliseconds that a call may take.
    #[arg(long, value_name = "MS")]
    deadline_ms: Option<u64>,
    /// MiB of memory that the module may have.
    #[arg(long, value_name = "MIB")]
    memory_mb: Option<u64>,
}

impl Asked {
    fn limits(&self) -> Limits {
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

/// Why the command ends early.
#[derive(Debug)]
enum Failure {
    /// The call gave an error, which is printed as JSON.
    Call(HostError),
    /// A file or an argument is no good.
    Usage(String),
    /// Standard output is gone.
    Output(std::io::Error),
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Call(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(HostError::BadInput(error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Usage(what) => f.write_str(what),
            Self::Output(error) => error.fmt(f),
        }
    }
}

/// Exit codes: 0 decided, 1 the module failed, 2 bad input, 3 a limit was hit.
const fn exit_code(error: &HostError) -> u8 {
    match error {
        HostError::BadInput(error) if matches!(error.code, ErrorCode::Internal) => 1,
        HostError::BadInput(_) => 2,
        error if error.is_limit() => 3,
        _ => 1,
    }
}

pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Demo { asked } => demo::run(&asked),
        Task::Ops { asked } => tables::operations(&asked),
        Task::Digest { asked } => tables::digests(&asked),
        Task::Fleet {
            dir,
            members,
            now,
            asked,
        } => fleet::run(&dir, members, now, &asked),
        Task::Hub { state, asked } => hub::run(&state, &asked),
        Task::Call {
            op,
            file,
            lines,
            explain,
            report,
            asked,
        } => {
            let show = cases::Show { explain, report };
            match (op, lines) {
                (op, true) => cases::lines(op.as_deref(), file.as_deref(), &asked),
                (Some(op), false) => cases::one(&op, file.as_deref(), show, &asked),
                (None, false) => Err(Failure::Usage("which operation?".to_owned())),
            }
        }
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => ended(&failure),
    }
}

fn ended(failure: &Failure) -> ExitCode {
    match failure {
        // Whoever read us has seen enough.
        Failure::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        _ => paint::complain(failure),
    }
    ExitCode::from(match failure {
        Failure::Call(error) => exit_code(error),
        Failure::Usage(_) => 2,
        Failure::Output(_) => 1,
    })
}

/// The bytes of a file, or of standard input.
fn bytes_of(file: Option<&std::path::Path>) -> Result<Vec<u8>, Failure> {
    let named = file.filter(|file| file.as_os_str() != "-");
    let read = match named {
        Some(file) => std::fs::read(file),
        None => {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
        }
    };
    let name = named.map_or("standard input".into(), std::path::Path::to_string_lossy);
    read.map_err(|error| Failure::Usage(format!("{name}: {error}")))
}
