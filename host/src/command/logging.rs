//! What `--log FILE` writes: every call of this run, in the one form of a decision log.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use trimtab_host::HostError;
use trimtab_host::log::{LogError, LogOptions, Observed, PolicyNote, Writer};

use super::arguments::Logged;
use super::caller::Host;
use super::failure::Failure;

/// The log of a run.
pub struct RunLog {
    writer: Writer,
    notes: BTreeMap<(String, Option<Vec<u8>>), Option<PolicyNote>>,
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::Output(std::io::Error::other(error.to_string()))
    }
}

impl RunLog {
    /// The log that the arguments ask for, if they do.
    pub fn open(logged: &Logged, host: &Host) -> Result<Option<Self>, Failure> {
        let Some(file) = &logged.log else {
            return Ok(None);
        };
        let mut options = LogOptions::new(file, host.digest().unwrap_or("native"));
        options.mask.clone_from(&logged.log_mask);
        let writer = Writer::open(options)?;
        told(file, &writer);
        Ok(Some(Self {
            writer,
            notes: BTreeMap::new(),
        }))
    }

    /// Writes one call. Without its line the call does not count: the failure ends the run.
    pub fn append(
        &mut self,
        (profile, config): (&str, Option<&[u8]>),
        op: &str,
        input: &[u8],
        answer: &Result<Vec<u8>, HostError>,
        took: Duration,
    ) -> Result<(), HostError> {
        let key = (profile.to_owned(), config.map(<[u8]>::to_vec));
        let note = self.notes.entry(key);
        let note = note.or_insert_with(|| PolicyNote::of(profile, config).ok());
        let Some(note) = note else {
            // Nothing decides under a config that is no good.
            return Ok(());
        };
        let error = answer.as_ref().err().map(HostError::text);
        let output = match (answer, &error) {
            (Ok(answer), _) => answer.as_slice(),
            (Err(_), error) => error.as_deref().unwrap_or_default(),
        };
        let observed = Observed {
            duration: Some(took),
            ..Observed::new(op, note, input, output)
        };
        let written = self.writer.append(&observed);
        written
            .map(drop)
            .map_err(|error| HostError::Unavailable(error.to_string()))
    }

    /// Ends the log.
    pub fn close(self) -> Result<(), Failure> {
        Ok(self.writer.close()?)
    }
}

/// Says what a log that is gone on with had lost.
fn told(file: &Path, writer: &Writer) {
    let opening = writer.opening();
    if opening.resumed && !opening.ended {
        let cut = match opening.cut_bytes {
            0 => String::new(),
            bytes => format!("; {bytes} bytes of a cut line were removed"),
        };
        let file = file.display();
        let what = format!("{file}: the log was not closed in order{cut}");
        super::paint::complain(&what);
    }
}
