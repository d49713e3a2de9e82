//! The Python extension of trimtab. No rule lives here: it carries objects and bytes to
//! `trimtab_core` and back.
//!
//! | room | carries |
//! |---|---|
//! | [`policy`], [`book`], [`decision`] | the classes that the package `trimtab` shows |
//! | [`operations`] | one entry per operation, from core's table |
//! | [`help`] | what each typed method says of itself, derived from core |
//! | [`reader`], [`writer`] | the fast way: Python objects straight to typed records and back |
//! | [`intake`] | the slow way: Python objects to plain values, every mistake with its path |
//! | [`boundary`], [`names`] | exceptions; the Python strings of our own names |

pub mod book;
pub mod boundary;
pub mod decision;
pub mod help;
pub mod intake;
pub mod names;
pub mod operations;
pub mod policy;
pub mod reader;
pub mod writer;

use pyo3::prelude::*;

/// `trimtab._native`.
#[pymodule]
mod _native {
    use pyo3::prelude::*;
    use pyo3::types::{PyBytes, PyDict, PyTuple};
    use trimtab_core::value::Value;
    use trimtab_core::{books, canonical, policy as core};

    use crate::boundary::guarded;
    use crate::intake;
    use crate::operations::{ENTRIES, help_of, parts_of};
    use crate::policy::{self, Bytes, add_methods, answer, policy_of, raised, told};

    #[pymodule_export]
    use crate::book::Handled;
    #[pymodule_export]
    use crate::decision::Decision;
    #[pymodule_export]
    use crate::policy::{Operation, Policy};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", core::VERSION)?;
        module.add("ABI", core::ABI)?;
        module.add(
            "BOOK_QUESTIONS",
            PyTuple::new(module.py(), books::QUESTIONS)?,
        )?;
        add_methods(module.py())
    }

    /// Calls an operation by name; returns the envelope.
    #[pyfunction]
    #[pyo3(signature = (op, input, /, *, profile = "plan", config = None))]
    fn call<'py>(
        py: Python<'py>,
        op: &str,
        input: &Bound<'py, PyAny>,
        profile: &str,
        config: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        guarded(py, || {
            policy::envelope(&policy_of(profile, config)?, op, input)
        })
    }

    /// Calls an operation with JSON; returns the canonical JSON of the envelope.
    #[pyfunction]
    #[pyo3(signature = (op, input, /, *, profile = "plan", config = None))]
    fn call_bytes<'py>(
        py: Python<'py>,
        op: &str,
        input: Bytes,
        profile: &str,
        config: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let policy = guarded(py, || policy_of(profile, config))?;
        raised(py, answer(py, &input, |input| policy.call(op, input)))
    }

    /// As `call_bytes`, but an error is returned as JSON too.
    #[pyfunction]
    #[pyo3(signature = (op, input, /, *, profile = "plan", config = None))]
    fn answer_bytes<'py>(
        py: Python<'py>,
        op: &str,
        input: Bytes,
        profile: &str,
        config: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let answered = policy_of(profile, config)
            .and_then(|policy| answer(py, &input, |input| policy.call(op, input)));
        told(py, answered)
    }

    /// The canonical JSON of an object. An `int` beyond 64 bits becomes a decimal string, as an
    /// amount is written, or, unless `exact`, a float, as another reader of JSON would take it.
    #[pyfunction]
    #[pyo3(signature = (value, /, *, exact = true))]
    fn to_json<'py>(
        py: Python<'py>,
        value: &Bound<'py, PyAny>,
        exact: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let text = guarded(py, || {
            let mut value = intake::value(value)?;
            if !exact {
                round(&mut value);
            }
            Ok(canonical::text(&value)?)
        })?;
        Ok(PyBytes::new(py, text.as_bytes()))
    }

    fn round(value: &mut Value<'static>) {
        match value {
            Value::Integer(digits) => *value = Value::Float(digits.parse().unwrap_or(f64::NAN)),
            Value::List(entries) => entries.iter_mut().for_each(round),
            Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| round(value)),
            _ => {}
        }
    }

    /// sha256 of the canonical JSON of the typed input: 1, 1.0 and an absent default are one input.
    #[pyfunction]
    #[pyo3(signature = (op, input, /))]
    fn input_digest(py: Python<'_>, op: &str, input: &Bound<'_, PyAny>) -> PyResult<String> {
        guarded(py, || {
            Ok(trimtab_core::operations::input_digest(
                op,
                &intake::value(input)?,
            )?)
        })
    }

    /// An error in one sentence.
    #[pyfunction]
    #[pyo3(signature = (code, field, got, expected, offset = None, /))]
    fn sentence(code: &str, field: &str, got: &str, expected: &str, offset: Option<u64>) -> String {
        trimtab_core::error::sentence(code, field, got, expected, offset)
    }

    /// Method, name and summary of every operation.
    #[pyfunction]
    fn operations() -> Vec<(&'static str, &'static str, &'static str)> {
        let told = ENTRIES
            .iter()
            .map(|entry| (entry.method, entry.name, entry.summary));
        told.collect()
    }

    /// Method, operation, signature and docstring of every typed method of a kind of handle.
    #[pyfunction]
    #[pyo3(signature = (kind, /))]
    fn methods(kind: &str) -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
        let told = help_of(kind).map(|help| {
            let (signature, doc) = parts_of(help);
            let method = help.method.to_str().unwrap_or_default();
            (method, help.operation, signature, doc)
        });
        told.collect()
    }

    /// Ends in a panic on purpose: the tests prove with it that a defect raises and does not kill.
    #[pyfunction]
    #[allow(clippy::panic)]
    fn _panic(py: Python<'_>, message: String) -> PyResult<()> {
        guarded(py, || panic!("{message}"))
    }
}
