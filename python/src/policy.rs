//! The class `Policy`: a config, parsed and checked once, with a typed method per operation.

use pyo3::Borrowed;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use std::sync::{Arc, LazyLock};
use trimtab_core::config::Profile;
use trimtab_core::error::Error;
use trimtab_core::policy;

use crate::boundary::{Failure, contained, guarded};
use crate::decision::Decision;
use crate::operations::{self, Entry};
use crate::{intake, writer};

/// Below this many bytes a call is over before another thread could take its turn.
const WORTH_LETTING_GO: usize = 16 << 10;

/// A config, parsed and checked once, under which operations are called.
#[pyclass(frozen, dict, module = "trimtab")]
#[derive(Debug)]
pub struct Policy(Arc<policy::Policy>);

/// The policy of a profile with some fields of its config changed.
pub fn policy_of(
    profile: &str,
    config: Option<&Bound<'_, PyAny>>,
) -> Result<Arc<policy::Policy>, Failure> {
    static PLAIN: LazyLock<Vec<Arc<policy::Policy>>> = LazyLock::new(|| {
        let of = |profile| Arc::new(policy::Policy::of(profile));
        Profile::ALL.map(of).into()
    });
    let Some(config) = config else {
        let named = Profile::named(profile)?;
        let plain = PLAIN.iter().find(|policy| policy.profile() == named);
        return Ok(plain
            .cloned()
            .unwrap_or_else(|| Arc::new(policy::Policy::of(named))));
    };
    let config = intake::value(config).map_err(|failure| failure.inside("config"))?;
    Ok(Arc::new(policy::Policy::new(profile, Some(&config))?))
}

/// The envelope of one call.
pub fn envelope<'py>(
    policy: &Arc<policy::Policy>,
    operation: &str,
    input: &Bound<'py, PyAny>,
) -> Result<Bound<'py, PyDict>, Failure> {
    let answer = (operations::named(operation)?.decide)(policy, input)?;
    Ok(Decision::of(answer).envelope(input.py())?)
}

/// The bytes of an input: `bytes`, `bytearray` or `str`.
pub enum Bytes {
    /// Bytes, borrowed from Python.
    Bytes(pyo3::pybacked::PyBackedBytes),
    /// A text, as UTF-8.
    Text(pyo3::pybacked::PyBackedStr),
}

// Not derived: a variant that does not fit would word an error for nobody, at the cost of a call.
impl<'a, 'py> FromPyObject<'a, 'py> for Bytes {
    type Error = PyErr;

    fn extract(any: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if any.is_instance_of::<PyString>() {
            return any.extract().map(Self::Text);
        }
        any.extract().map(Self::Bytes).map_err(|_| {
            let got = any.get_type().qualname();
            let got = got.map_or_else(|_| "something else".to_owned(), |name| name.to_string());
            PyTypeError::new_err(format!("takes bytes, bytearray or str, not {got}"))
        })
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// Canonical bytes of one call. Other threads of Python run meanwhile if there is much to do.
pub fn answer(
    py: Python<'_>,
    input: &Bytes,
    run: impl FnOnce(&[u8]) -> Result<Vec<u8>, Error> + Send,
) -> Result<Vec<u8>, Failure> {
    let input = input.as_ref();
    let run = || contained(|| Ok(run(input)?));
    if input.len() < WORTH_LETTING_GO {
        return run();
    }
    py.detach(run)
}

/// The answer as bytes; an error is raised.
pub fn raised<'py>(
    py: Python<'py>,
    answer: Result<Vec<u8>, Failure>,
) -> PyResult<Bound<'py, PyBytes>> {
    guarded(py, || answer).map(|bytes| PyBytes::new(py, &bytes))
}

/// The answer as bytes; an error is the bytes that tell it.
pub fn told<'py>(
    py: Python<'py>,
    answer: Result<Vec<u8>, Failure>,
) -> PyResult<Bound<'py, PyBytes>> {
    match answer {
        Ok(bytes) => Ok(PyBytes::new(py, &bytes)),
        Err(Failure::Told(error)) => Ok(PyBytes::new(py, &policy::error_text(&error))),
        Err(Failure::Raised(error)) => Err(error),
    }
}

/// The profile and the config.
type Arguments<'py> = (&'static str, Bound<'py, PyAny>);

#[pymethods]
impl Policy {
    /// The policy of `profile` with the fields in `config` changed.
    #[new]
    #[pyo3(signature = (profile = "plan", config = None))]
    fn new(py: Python<'_>, profile: &str, config: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        guarded(py, || policy_of(profile, config).map(Self))
    }

    /// sha256 of the canonical config: two nodes with the same digest decide alike.
    #[getter]
    fn digest(&self) -> &str {
        self.0.digest()
    }

    /// The profile that the config started from.
    #[getter]
    fn profile(&self) -> &'static str {
        self.0.profile().as_str()
    }

    /// The config in force.
    #[getter]
    fn config<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        writer::write(py, self.0.config())
    }

    /// Calls an operation by name; returns the envelope.
    #[pyo3(signature = (op, input, /))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        input: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        guarded(py, || envelope(&self.0, op, input))
    }

    /// Calls an operation with JSON; returns the canonical JSON of the envelope.
    #[pyo3(signature = (op, input, /))]
    fn call_bytes<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        input: Bytes,
    ) -> PyResult<Bound<'py, PyBytes>> {
        raised(py, answer(py, &input, |input| self.0.call(op, input)))
    }

    /// As `call_bytes`, but an error is returned as JSON too.
    #[pyo3(signature = (op, input, /))]
    fn answer_bytes<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        input: Bytes,
    ) -> PyResult<Bound<'py, PyBytes>> {
        told(py, answer(py, &input, |input| self.0.call(op, input)))
    }

    /// What `__new__` wants, so that a policy can be copied and sent to another process.
    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<Arguments<'py>> {
        Ok((self.profile(), self.config(py)?))
    }

    /// The typed methods are made anew where they are wanted.
    fn __getstate__(&self) {}

    fn __repr__(&self) -> String {
        format!(
            "Policy(profile='{}', digest='{}')",
            self.profile(),
            self.digest()
        )
    }
}

// A typed method, seen from the class. The first read on a policy puts a function beside its
// fields that knows the policy; from then on that is found. Python reads a comment of the type
// before what the type says of each method, so this is none for Python.
#[allow(missing_docs)]
#[pyclass(frozen, module = "trimtab")]
#[derive(Debug)]
pub struct Operation(&'static Entry);

impl Operation {
    fn parts(&self) -> (&'static str, &'static str) {
        let help = operations::help_of("policy").find(|help| help.operation == self.0.name);
        help.map_or(("", ""), operations::parts_of)
    }
}

#[pymethods]
impl Operation {
    /// The name of the operation, `family.verb`.
    #[getter]
    fn operation(&self) -> &'static str {
        self.0.name
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.0.method
    }

    /// What it decides, in one sentence.
    #[getter]
    fn summary(&self) -> &'static str {
        self.0.summary
    }

    #[getter]
    fn __doc__(&self) -> &'static str {
        self.parts().1
    }

    #[getter]
    fn __text_signature__(&self) -> &'static str {
        self.parts().0
    }

    /// As every method is called from its class.
    #[pyo3(signature = (policy, /, *record, **fields))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        policy: &Bound<'py, Policy>,
        record: &Bound<'py, PyTuple>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::__get__(slf, Some(policy), None)?.call(record, fields)
    }

    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        instance: Option<&Bound<'py, Policy>>,
        _owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Some(policy) = instance else {
            return Ok(slf.clone().into_any());
        };
        let entry = slf.get().0;
        let method = (entry.bind)(Arc::clone(&policy.get().0));
        let method = Bound::new(slf.py(), method)?.into_any();
        policy.setattr(PyString::intern(slf.py(), entry.method), &method)?;
        Ok(method)
    }

    fn __repr__(&self) -> String {
        format!("<operation {}>", self.0.name)
    }
}

/// Puts the typed methods on the class.
pub fn add_methods(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<Policy>();
    for entry in operations::ENTRIES {
        class.setattr(entry.method, Py::new(py, Operation(entry))?)?;
    }
    Ok(())
}
