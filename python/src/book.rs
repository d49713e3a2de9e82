//! Handles: state that stays in Rust between calls.

use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use pyo3::types::{PyBytes, PyDict};
use std::sync::{Mutex, MutexGuard};
use trimtab_core::error::Error;
use trimtab_core::policy::{self, Handle};

use crate::boundary::{Failure, contained, guarded};
use crate::policy::{Bytes, answer, raised, told};
use crate::{intake, writer};

/// A handle of some kind: `policy`, `fleet_book` or `hub_book`.
#[pyclass(frozen, subclass, module = "trimtab")]
pub struct Handled {
    kind: String,
    handle: Mutex<Box<dyn Handle + Send>>,
}

impl Handled {
    /// One call at a time; who waits for his turn lets the other threads of Python run.
    fn lock(&self, py: Python<'_>) -> Result<MutexGuard<'_, Box<dyn Handle + Send>>, Failure> {
        self.handle.lock_py_attached(py).map_err(|_| {
            // A panic in the middle of a change: nobody knows what the state is worth now.
            Error::internal("a handle that a defect left half changed; open it anew").into()
        })
    }
}

#[pymethods]
impl Handled {
    /// Opens a handle; the fields are its input, such as `profile` and `config`.
    #[new]
    #[pyo3(signature = (kind, input = None, /))]
    fn new(py: Python<'_>, kind: String, input: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let nothing = PyDict::new(py).into_any();
        let handle = guarded(py, || {
            let input = intake::value(input.unwrap_or(&nothing))?;
            Ok(policy::open(&kind, &input)?)
        })?;
        let handle = Mutex::new(handle);
        Ok(Self { kind, handle })
    }

    /// Which kind of handle it is.
    #[getter]
    fn kind(&self) -> &str {
        &self.kind
    }

    /// Calls an operation on it; returns the envelope. A failed call changes nothing.
    #[pyo3(signature = (op, input, /))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        input: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || {
            let input = intake::value(input)?;
            let answer = {
                let mut guard = self.lock(py)?;
                let handle = &mut *guard;
                py.detach(|| handle.call_on(op, &input))?
            };
            Ok(writer::write(py, &answer)?)
        })
    }

    /// Calls an operation with JSON; returns the canonical JSON of the envelope.
    #[pyo3(signature = (op, input, /))]
    fn call_bytes<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        input: Bytes,
    ) -> PyResult<Bound<'py, PyBytes>> {
        raised(py, self.answered(py, op, &input))
    }

    /// As `call_bytes`, but an error is returned as JSON too.
    #[pyo3(signature = (op, input, /))]
    fn answer_bytes<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        input: Bytes,
    ) -> PyResult<Bound<'py, PyBytes>> {
        told(py, self.answered(py, op, &input))
    }
}

impl Handled {
    fn answered(&self, py: Python<'_>, op: &str, input: &Bytes) -> Result<Vec<u8>, Failure> {
        contained(|| {
            let mut guard = self.lock(py)?;
            let handle = &mut *guard;
            answer(py, input, |input| handle.call_bytes(op, input))
        })
    }
}
