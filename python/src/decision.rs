//! A decision as Python sees it: the fields of the outcome are attributes, and what nobody reads is
//! never built.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString};
use serde::Serialize;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_core::policy::Stamp;
use trimtab_core::reason::{Quarantined, Reason};
use trimtab_core::value;

use crate::boundary::{Failure, guarded};
use crate::writer::{self, Picked};
use crate::{intake, names};

/// What stands behind a [`Decision`].
pub trait Answer: Send + Sync {
    /// One field of the outcome.
    fn field<'py>(
        &self,
        py: Python<'py>,
        same: &dyn Fn(&'static str) -> bool,
    ) -> PyResult<Picked<'py>>;
    /// The outcome.
    fn decision<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
    /// Every reason, in evaluation order.
    fn reasons(&self) -> Result<Vec<Reason>, Failure>;
    /// The entries that were set aside.
    fn quarantined<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
    /// Who decided, under which config.
    fn policy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
}

/// A decision that core made in this process, with what an [`Answer`] is written from.
pub trait Decided: Send + Sync {
    /// The record of the outcome.
    type Outcome: Serialize;
    /// The outcome.
    fn outcome(&self) -> &Self::Outcome;
    /// Every reason, in evaluation order.
    fn why(&self) -> Result<Vec<Reason>, Error>;
    /// The entries that were set aside.
    fn aside(&self) -> &[Quarantined];
    /// Who decided, under which config.
    fn stamp(&self) -> Stamp<'_>;
}

impl<D: Decided> Answer for D {
    fn field<'py>(
        &self,
        py: Python<'py>,
        same: &dyn Fn(&'static str) -> bool,
    ) -> PyResult<Picked<'py>> {
        writer::pick(py, self.outcome(), same)
    }

    fn decision<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        writer::write(py, self.outcome())
    }

    fn reasons(&self) -> Result<Vec<Reason>, Failure> {
        Ok(self.why()?)
    }

    fn quarantined<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        writer::write(py, self.aside())
    }

    fn policy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        writer::write(py, &self.stamp())
    }
}

/// The outcome of an operation; its fields are attributes. `reasons` are built when read.
#[pyclass(frozen, subclass, module = "trimtab")]
pub struct Decision {
    answer: Box<dyn Answer>,
    reasons: PyOnceLock<Py<PyAny>>,
}

/// These names mean the envelope; a field of the outcome that has one is in `decision`.
fn is_of_envelope(name: &str) -> bool {
    matches!(
        name,
        "decision" | "reasons" | "quarantined" | "policy" | "explain" | "to_dict" | "of_envelope"
    )
}

impl Decision {
    /// The decision of an answer.
    pub const fn of(answer: Box<dyn Answer>) -> Self {
        Self {
            answer,
            reasons: PyOnceLock::new(),
        }
    }

    /// The envelope as `trimtab.call` returns it.
    pub fn envelope<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let envelope = PyDict::new(py);
        envelope.set_item("decision", self.answer.decision(py)?)?;
        envelope.set_item("policy", self.answer.policy(py)?)?;
        let quarantined = self.answer.quarantined(py)?;
        if !quarantined.is_empty()? {
            envelope.set_item("quarantined", quarantined)?;
        }
        envelope.set_item("reasons", self.reasons(py)?)?;
        Ok(envelope)
    }

    fn field<'py>(
        &self,
        py: Python<'py>,
        same: impl Fn(&'static str) -> bool,
    ) -> PyResult<Picked<'py>> {
        self.answer
            .field(py, &|name| same(name) && !is_of_envelope(name))
    }

    /// A field of an outcome whose names are not ours: a description, or another host's answer.
    fn entry<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let decision = self.answer.decision(py)?;
        match decision.cast::<PyDict>() {
            Ok(fields) => fields.get_item(name),
            Err(_) => Ok(None),
        }
    }
}

#[pymethods]
impl Decision {
    /// A decision of an envelope that another host returned.
    #[staticmethod]
    fn of_envelope(envelope: Bound<'_, PyDict>) -> Self {
        Self::of(Box::new(Envelope(envelope.unbind())))
    }

    /// The outcome as plain dicts and lists.
    #[getter]
    fn decision<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || Ok(self.answer.decision(py)?))
    }

    /// Every reason that applied, in evaluation order.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(known) = self.reasons.get(py) {
            return Ok(known.bind(py).clone());
        }
        let built = guarded(py, || {
            Ok(writer::write(py, &self.answer.reasons()?)?.unbind())
        })?;
        Ok(self.reasons.get_or_init(py, || built).bind(py).clone())
    }

    /// The entries that were set aside because they are bad.
    #[getter]
    fn quarantined<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || Ok(self.answer.quarantined(py)?))
    }

    /// Who decided: name, version, profile and digest of the config.
    #[getter]
    fn policy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        guarded(py, || Ok(self.answer.policy(py)?))
    }

    /// One sentence per reason: with every number for the operator, without any for a peer.
    #[pyo3(signature = (view = "operator"))]
    fn explain(&self, py: Python<'_>, view: &str) -> PyResult<Vec<String>> {
        guarded(py, || {
            let words = match view {
                "operator" => |reason: &Reason| reason.sentence(),
                "peer" => |reason: &Reason| reason.code.entry().meaning().to_owned(),
                _ => {
                    let got = format_args!("\"{view}\"").to_string();
                    return Err(Error::out_of_range("view", got, "operator | peer").into());
                }
            };
            Ok(self.answer.reasons()?.iter().map(words).collect())
        })
    }

    /// The whole envelope, as `trimtab.call` returns it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        guarded(py, || Ok(self.envelope(py)?))
    }

    // The fields come first: to look on the class before would cost more than the decision.
    fn __getattribute__<'py>(
        slf: &Bound<'py, Self>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let picked = guarded(py, || {
            Ok(slf.get().field(py, |field| names::is(name, field))?)
        })?;
        if let Picked::Field(field) = picked {
            return Ok(field);
        }
        let missing = match on_the_class(slf, name) {
            Err(missing) if missing.is_instance_of::<PyAttributeError>(py) => missing,
            settled => return settled,
        };
        let text = name.to_cow()?;
        let found = guarded(py, || match picked {
            Picked::Opaque => Ok(slf.get().entry(py, name)?),
            // A name that was put together at run time is another object of the same text.
            _ => match slf.get().field(py, |field| field == text)? {
                Picked::Field(field) => Ok(Some(field)),
                _ => Ok(None),
            },
        })?;
        found.ok_or(missing)
    }

    fn __dir__(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let mut names: Vec<String> = py
            .get_type::<Self>()
            .call_method0("mro")?
            .get_item(0)?
            .dir()?
            .extract()?;
        if let Ok(fields) = self.decision(py)?.cast::<PyDict>() {
            names.extend(fields.keys().extract::<Vec<String>>()?);
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let decision = self.decision(py)?;
        let Ok(fields) = decision.cast::<PyDict>() else {
            return Ok(format!("Decision({})", decision.repr()?));
        };
        let mut parts = Vec::with_capacity(fields.len());
        for (name, field) in fields.iter() {
            parts.push(format!("{}={}", name.str()?, field.repr()?));
        }
        Ok(format!("Decision({})", parts.join(", ")))
    }
}

fn on_the_class<'py>(
    slf: &Bound<'py, Decision>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    static PLAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = slf.py();
    let plain = PLAIN.get_or_try_init(py, || -> PyResult<_> {
        Ok(py.get_type::<PyAny>().getattr("__getattribute__")?.unbind())
    })?;
    plain.bind(py).call1((slf, name))
}

/// An envelope that another host returned.
struct Envelope(Py<PyDict>);

impl Envelope {
    fn part<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.bind(py).get_item(name)
    }
}

impl Answer for Envelope {
    fn field<'py>(
        &self,
        _: Python<'py>,
        _: &dyn Fn(&'static str) -> bool,
    ) -> PyResult<Picked<'py>> {
        Ok(Picked::Opaque)
    }

    fn decision<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let decision = self.part(py, "decision")?;
        Ok(decision.unwrap_or_else(|| py.None().into_bound(py)))
    }

    fn reasons(&self) -> Result<Vec<Reason>, Failure> {
        Python::attach(|py| match self.part(py, "reasons")? {
            Some(reasons) => Ok(value::decode(&intake::value(&reasons)?)?),
            None => {
                Err(Error::new(ErrorCode::MissingField, "reasons", "nothing", "a value").into())
            }
        })
    }

    fn quarantined<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let quarantined = self.part(py, "quarantined")?;
        Ok(quarantined.unwrap_or_else(|| PyList::empty(py).into_any()))
    }

    fn policy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let policy = self.part(py, "policy")?;
        Ok(policy.unwrap_or_else(|| py.None().into_bound(py)))
    }
}
