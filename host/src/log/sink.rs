//! Where lines go: a file, its rotation and its retention.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::LogError;
use super::options::LogOptions;
use super::reader::{files, rotated};

/// Where lines go. A test or another kind of store brings its own.
pub trait Sink: Send {
    /// Writes all of `bytes`, or nothing of it that stays.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Forces what was written to the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// How long the present file is, where there are files.
    fn length(&self) -> u64 {
        0
    }

    /// Begins a new file; the present one began with line `first`. Whether there is a new one.
    fn rotate(&mut self, _first: u64) -> io::Result<bool> {
        Ok(false)
    }
}

/// What stood at the end of a log that is opened again.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tail {
    /// The last whole line.
    pub(super) line: Option<Vec<u8>>,
    /// How many bytes of a cut line were removed.
    pub(super) cut_bytes: u64,
}

/// A file that only its owner can read, and the older ones beside it.
#[derive(Debug)]
pub struct FileSink {
    path: PathBuf,
    file: File,
    length: u64,
    /// What a failed write left behind must go before the next one.
    torn: bool,
    keep_files: Option<u32>,
    keep_age: Option<Duration>,
}

impl FileSink {
    /// Opens or creates the file, locked against other writers. What was cut off at its end is
    /// removed.
    pub(super) fn open(options: &LogOptions) -> Result<(Self, Tail), LogError> {
        let path = &options.path;
        let named = |error| LogError::File(path.clone(), error);
        let mut file = locked(path)?;
        let mut tail = last_line(&mut file).map_err(named)?;
        let length = file.seek(SeekFrom::End(0)).map_err(named)?;
        let kept = length.saturating_sub(tail.cut_bytes);
        if tail.cut_bytes > 0 {
            file.set_len(kept).map_err(named)?;
            file.sync_data().map_err(named)?;
        }
        if tail.line.is_none() {
            // The process may have ended between the end of one file and the beginning of the next.
            let older = files(path).map_err(named)?;
            let older = older.into_iter().rfind(|one| one != path);
            if let Some(older) = older {
                let opened = File::open(&older);
                let mut opened = opened.map_err(|error| LogError::File(older.clone(), error))?;
                tail.line = last_line(&mut opened).map_err(named)?.line;
            }
        }
        let sink = Self {
            path: path.clone(),
            file,
            length: kept,
            torn: false,
            keep_files: options.keep_files,
            keep_age: options.keep_age,
        };
        Ok((sink, tail))
    }

    /// Removes what nobody wants to keep. A file that cannot be removed is tried again next time.
    fn retire(&self) -> io::Result<()> {
        let older: Vec<PathBuf> = files(&self.path)?
            .into_iter()
            .filter(|one| *one != self.path)
            .collect();
        let most = self.keep_files.map_or(usize::MAX, |most| most as usize);
        let too_many = older.len().saturating_sub(most);
        for (index, file) in older.iter().enumerate() {
            let written = fs::metadata(file)?.modified()?;
            let age = SystemTime::now()
                .duration_since(written)
                .unwrap_or_default();
            if index < too_many || self.keep_age.is_some_and(|most| age > most) {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    fn mend(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.torn = false;
        Ok(())
    }
}

/// A file that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn locked(path: &Path) -> Result<File, LogError> {
    let file = private().open(path);
    let file = file.map_err(|error| LogError::File(path.to_owned(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(LogError::File(path.to_owned(), error)),
    }
}

/// The last whole line, and how many bytes stand behind it. Read from the end, in growing steps:
/// a log may be large.
fn last_line(file: &mut File) -> io::Result<Tail> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut window = (64 << 10).min(length);
    loop {
        file.seek(SeekFrom::Start(length - window))?;
        let mut bytes = Vec::new();
        (&mut *file).take(window).read_to_end(&mut bytes)?;
        let whole = window == length;
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let before = end.and_then(|end| bytes.get(..end));
        let begin = before.and_then(|line| line.iter().rposition(|byte| *byte == b'\n'));
        match (before, begin) {
            (Some(line), begin) if begin.is_some() || whole => {
                let from = begin.map_or(0, |begin| begin + 1);
                let cut = bytes.len() as u64 - line.len() as u64 - 1;
                return Ok(Tail {
                    line: line.get(from..).map(<[u8]>::to_vec),
                    cut_bytes: cut,
                });
            }
            (None, _) if whole => {
                return Ok(Tail {
                    line: None,
                    cut_bytes: length,
                });
            }
            _ => window = window.saturating_mul(4).min(length),
        }
    }
}

impl Sink for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.torn {
            self.mend()?;
        }
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                // A disk that is full takes the first bytes of a line and not the rest.
                self.torn = true;
                let _ = self.mend();
                Err(error)
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn length(&self) -> u64 {
        self.length
    }

    fn rotate(&mut self, first: u64) -> io::Result<bool> {
        self.file.sync_data()?;
        let older = rotated(&self.path, first);
        fs::rename(&self.path, &older)?;
        match locked(&self.path) {
            Ok(file) => {
                (self.file, self.length) = (file, 0);
                if let Some(folder) = self.path.parent().filter(|one| !one.as_os_str().is_empty()) {
                    // So that a power failure does not take the new name away again.
                    let _ = File::open(folder).and_then(|folder| folder.sync_all());
                }
                self.retire()?;
                Ok(true)
            }
            Err(error) => {
                // Better one file that is too long than none.
                fs::rename(&older, &self.path)?;
                Err(io::Error::other(error.to_string()))
            }
        }
    }
}
