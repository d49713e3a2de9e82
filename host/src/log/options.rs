//! How a log is kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// When what was written is forced to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before [`Writer::append`](super::Writer::append) returns.
    Always,
    /// Once in so long a time; a power failure may take what was written since.
    Interval(Duration),
    /// When the operating system likes.
    Never,
}

/// What happens to a call whose line cannot be written before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overload {
    /// The call is refused: nothing is decided that is not on the log.
    Refuse,
    /// The call goes on, its line is dropped, counted and visible as a gap.
    Drop,
}

/// How a log is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LogOptions {
    /// The file that is written; older ones stand beside it with the number of their first line.
    pub path: PathBuf,
    /// The sha256 of the module that decides, or `native`.
    pub module: String,
    /// When what was written is forced to the disk.
    pub fsync: Fsync,
    /// A file that would become longer is followed by a new one.
    pub max_bytes: Option<u64>,
    /// A file that is older is followed by a new one.
    pub max_age: Option<Duration>,
    /// So many older files are kept.
    pub keep_files: Option<u32>,
    /// Older files that were last written longer ago are removed.
    pub keep_age: Option<Duration>,
    /// How long an append waits for a full disk or a slow sink.
    pub deadline: Duration,
    /// What happens then.
    pub overload: Overload,
    /// So many lines may wait to be written.
    pub queue: usize,
    /// JSON pointers to what must not be told, `*` for every entry of a list or record.
    pub mask: Vec<String>,
}

impl LogOptions {
    /// The usual: forced to the disk once a second, files of 64 MiB, none removed, a call is
    /// refused after five seconds.
    #[must_use]
    pub fn new(path: &Path, module: &str) -> Self {
        Self {
            path: path.to_owned(),
            module: module.to_owned(),
            fsync: Fsync::Interval(Duration::from_secs(1)),
            max_bytes: Some(64 << 20),
            max_age: None,
            keep_files: None,
            keep_age: None,
            deadline: Duration::from_secs(5),
            overload: Overload::Refuse,
            queue: 1024,
            mask: Vec::new(),
        }
    }
}
