//! The lines of a log, over all its files, oldest first.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::error::LogError;

/// The name of the file whose first line had this number, once a newer file has begun.
pub(super) fn rotated(path: &Path, first: u64) -> PathBuf {
    let (stem, end) = parts(path);
    path.with_file_name(format!("{stem}.{first:016}{end}"))
}

/// The name without its ending, and the ending with its dot.
fn parts(path: &Path) -> (String, String) {
    let text = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    match path.extension() {
        Some(end) => (text(path.file_stem()), format!(".{}", text(Some(end)))),
        None => (text(path.file_name()), String::new()),
    }
}

/// The files of the log that is written to `path`, oldest first, `path` itself last. An older file
/// is a log of its own.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (stem, end) = parts(path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut numbered = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let number = name
            .strip_prefix(&format!("{stem}."))
            .and_then(|rest| rest.strip_suffix(&end))
            .filter(|number| number.len() == 16)
            .and_then(|number| number.parse::<u64>().ok());
        numbered.extend(number.map(|number| (number, path.with_file_name(name))));
    }
    numbered.sort();
    let mut all: Vec<PathBuf> = numbered.into_iter().map(|(_, file)| file).collect();
    if path.exists() {
        all.push(path.to_owned());
    }
    Ok(all)
}

/// One line as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The place of its file among all files of the log.
    pub file: usize,
    /// Its place in the file, from 1.
    pub number: u64,
    /// Its bytes, without the line break.
    pub bytes: Vec<u8>,
    /// Whether the file ends in it without a line break.
    pub is_cut: bool,
}

/// The lines of a log, oldest first.
#[derive(Debug)]
pub struct Reader {
    files: Vec<PathBuf>,
    next_file: usize,
    open: Option<BufReader<File>>,
    number: u64,
    bytes: u64,
}

impl Reader {
    /// Opens the log that is, or was, written to `path`.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let named = |error| LogError::File(path.to_owned(), error);
        let files = files(path).map_err(named)?;
        if files.is_empty() {
            return Err(named(io::Error::from(io::ErrorKind::NotFound)));
        }
        Ok(Self {
            files,
            next_file: 0,
            open: None,
            number: 0,
            bytes: 0,
        })
    }

    /// The files, oldest first.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// How many bytes all files have.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        let lengths = self.files.iter().filter_map(|file| file.metadata().ok());
        lengths.map(|found| found.len()).sum()
    }

    /// How many bytes were read.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line, read into `entry`; whether there was one. Without a new buffer for each.
    pub fn read_into(&mut self, entry: &mut Entry) -> Result<bool, LogError> {
        loop {
            let named = |file: &PathBuf, error| LogError::File(file.clone(), error);
            let Some(open) = &mut self.open else {
                let Some(file) = self.files.get(self.next_file) else {
                    return Ok(false);
                };
                let opened = File::open(file).map_err(|error| named(file, error))?;
                self.open = Some(BufReader::with_capacity(256 << 10, opened));
                self.next_file += 1;
                self.number = 0;
                continue;
            };
            entry.bytes.clear();
            let read = open.read_until(b'\n', &mut entry.bytes).map_err(|error| {
                let file = self.files.get(self.next_file.saturating_sub(1));
                named(file.unwrap_or(&PathBuf::new()), error)
            })?;
            if read == 0 {
                self.open = None;
                continue;
            }
            self.number += 1;
            self.bytes += read as u64;
            entry.is_cut = entry.bytes.pop_if(|byte| *byte == b'\n').is_none();
            entry.file = self.next_file.saturating_sub(1);
            entry.number = self.number;
            return Ok(true);
        }
    }
}

impl Entry {
    /// Nothing yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            file: 0,
            number: 0,
            bytes: Vec::new(),
            is_cut: false,
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut entry = Entry::empty();
        match self.read_into(&mut entry) {
            Ok(true) => Some(Ok(entry)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
