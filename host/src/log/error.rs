//! Why a log could not be opened, written or read.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use trimtab_core::error::Error;

/// Why a log could not be opened, written or read.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogError {
    /// The line was not written within this time; it is counted as dropped, or may still come when
    /// the sink was in the middle of it.
    Deadline {
        /// The time that was allowed.
        limit: Duration,
    },
    /// The sink refused the line until the deadline; it is counted as dropped.
    Sink(io::Error),
    /// What was written could not be forced to the disk.
    Sync(io::Error),
    /// A file cannot be used.
    File(PathBuf, io::Error),
    /// Another process writes this log.
    InUse(PathBuf),
    /// The end of the log that is there cannot be read: it is not touched.
    Broken(PathBuf, String),
    /// What was observed makes no line.
    Observed(Error),
    /// The log was closed.
    Closed,
}

impl LogError {
    /// The stable name of the kind of error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Deadline { .. } => "log_deadline",
            Self::Sink(_) => "log_sink",
            Self::Sync(_) => "log_sync",
            Self::File(..) => "log_file",
            Self::InUse(_) => "log_in_use",
            Self::Broken(..) => "log_broken",
            Self::Observed(_) => "log_line",
            Self::Closed => "log_closed",
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline { limit } => {
                let limit = limit.as_millis();
                write!(f, "the line was not written within {limit} ms")
            }
            Self::Sink(error) => write!(f, "the line cannot be written: {error}"),
            Self::Sync(error) => write!(f, "the line cannot be forced to the disk: {error}"),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::InUse(path) => {
                write!(f, "{}: another process writes this log", path.display())
            }
            Self::Broken(path, what) => write!(
                f,
                "{}: the end of this log cannot be read ({what}); move the file away to begin a new log",
                path.display()
            ),
            Self::Observed(error) => write!(f, "what was observed makes no line: {error}"),
            Self::Closed => f.write_str("the log is closed"),
        }
    }
}

impl std::error::Error for LogError {}

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        Self::Observed(error)
    }
}
