//! What crosses the boundary when something is wrong: an exception, never a dead process.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trimtab_core::error::{Error, ErrorCode};

/// Why a call gave no answer.
#[derive(Debug)]
pub enum Failure {
    /// The input was bad, or we are.
    Told(Error),
    /// Python itself raised: an interrupt, or no memory.
    Raised(PyErr),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl Failure {
    /// The same failure, seen from the record that holds `key`.
    #[must_use]
    pub fn inside(self, key: &str) -> Self {
        match self {
            Self::Told(error) => Self::Told(error.inside(key)),
            raised => raised,
        }
    }

    /// What an object of the caller raised is a mistake in the input; an interrupt is not.
    pub fn of_input(py: Python<'_>, raised: PyErr) -> Self {
        if !raised.is_instance_of::<PyException>(py) {
            return Self::Raised(raised);
        }
        let kind = raised.get_type(py).qualname();
        let kind = kind.map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
        Self::Told(Error::new(
            ErrorCode::Malformed,
            "",
            format_args!("an object that raises {kind}"),
            "a readable object",
        ))
    }
}

/// Runs `run`; a panic in it becomes an `internal` error.
pub fn guarded<T>(py: Python<'_>, run: impl FnOnce() -> Result<T, Failure>) -> PyResult<T> {
    match contained(run) {
        Ok(answer) => Ok(answer),
        Err(Failure::Told(error)) => Err(exception(py, error)),
        Err(Failure::Raised(error)) => Err(error),
    }
}

/// As [`guarded`], where the error is wanted as it is.
pub fn contained<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(Error::internal(message(panic.as_ref())).into()))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words")
}

/// The exception of an error.
pub fn exception(py: Python<'_>, error: Error) -> PyErr {
    static INPUT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static INTERNAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = match error.code {
        ErrorCode::Internal => INTERNAL.import(py, "trimtab.errors", "InternalError"),
        _ => INPUT.import(py, "trimtab.errors", "InputError"),
    };
    let class = match class {
        Ok(class) => class.clone(),
        Err(broken) => return broken,
    };
    let told = (
        error.code.as_str(),
        error.field,
        error.got,
        error.expected,
        error.offset,
    );
    PyErr::from_type(class, told)
}
