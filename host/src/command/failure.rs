//! Why the command ends early, its exit codes, and the files that it reads.

use std::fmt;
use std::path::Path;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_host::HostError;

/// Why the command ends early.
#[derive(Debug)]
pub enum Failure {
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
pub const fn exit_code(error: &HostError) -> u8 {
    match error {
        HostError::BadInput(error) if matches!(error.code, ErrorCode::Internal) => 1,
        HostError::BadInput(_) => 2,
        error if error.is_limit() => 3,
        _ => 1,
    }
}

/// The bytes of a file, or of standard input.
pub fn bytes_of(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let named = file.filter(|file| file.as_os_str() != "-");
    let read = match named {
        Some(file) => std::fs::read(file),
        None => {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
        }
    };
    let name = named.map_or("standard input".into(), Path::to_string_lossy);
    read.map_err(|error| Failure::Usage(format!("{name}: {error}")))
}
