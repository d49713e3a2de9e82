//! The operations as Python calls them: one entry per operation, made from core's table.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::{Arc, OnceLock};
use trimtab_core::error::Error;
use trimtab_core::for_each_operation;
use trimtab_core::operations;
use trimtab_core::policy::{Op, Policy, Stamp};
use trimtab_core::reason::{Quarantined, Reason, Why};
use trimtab_core::value::{self, FromValue};

use crate::boundary::{Failure, guarded};
use crate::decision::{self, Answer, Decision};
use crate::help::{HELP, Help};
use crate::{intake, reader};

type Call = dyn for<'py> Fn(&Bound<'py, PyTuple>, Option<&Bound<'py, PyDict>>) -> PyResult<Py<Decision>>
    + Send
    + Sync;

// A typed method that knows whom it asks. To `help` and `inspect` it is a function with a name, a
// signature and a docstring; a comment for Python would stand in the way of the docstring.
#[allow(missing_docs)]
#[pyclass(frozen, name = "method", module = "trimtab")]
pub struct BoundOperation {
    help: Option<&'static Help>,
    call: Box<Call>,
}

impl BoundOperation {
    /// The typed method of an operation of a kind of handle.
    pub fn new(
        kind: &str,
        operation: &str,
        call: impl for<'py> Fn(
            &Bound<'py, PyTuple>,
            Option<&Bound<'py, PyDict>>,
        ) -> PyResult<Py<Decision>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            help: help_of(kind).find(|help| help.operation == operation),
            call: Box::new(call),
        }
    }

    fn parts(&self) -> (&'static str, &'static str) {
        self.help.map(parts_of).unwrap_or_default()
    }
}

#[pymethods]
impl BoundOperation {
    #[pyo3(signature = (*arguments, **fields))]
    fn __call__(
        &self,
        arguments: &Bound<'_, PyTuple>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Decision>> {
        (self.call)(arguments, fields)
    }

    /// It is bound already; that it could be makes it a routine for `inspect`.
    const fn __get__(
        slf: Py<Self>,
        _instance: Option<&Bound<'_, PyAny>>,
        _owner: Option<&Bound<'_, PyAny>>,
    ) -> Py<Self> {
        slf
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        let name = self.help.map(|help| help.method.to_str());
        name.and_then(Result::ok).unwrap_or_default()
    }

    #[getter]
    fn __doc__(&self) -> &'static str {
        self.parts().1
    }

    #[getter]
    fn __text_signature__(&self) -> String {
        // Its first argument is given already.
        self.parts().0.replacen("$self, ", "", 1)
    }

    fn __repr__(&self) -> String {
        format!("<method {}>", self.__name__())
    }
}

/// What a call gives.
pub type Answered = Result<Box<dyn Answer>, Failure>;

/// One operation.
#[derive(Debug)]
pub struct Entry {
    /// Its name, `family.verb`.
    pub name: &'static str,
    /// The name of its typed method.
    pub method: &'static str,
    /// What it decides, in one sentence.
    pub summary: &'static str,
    /// Decides, with reasons.
    pub decide: fn(&Arc<Policy>, &Bound<'_, PyAny>) -> Answered,
    /// The typed method of one policy, as a function.
    pub bind: fn(Arc<Policy>) -> BoundOperation,
}

macro_rules! entries {
    ($(($method:ident, $marker:ident, $($row:tt)*),)*) => {
        /// Every operation, in the order of core's table.
        pub static ENTRIES: &[Entry] = &[$(Entry {
            name: <operations::$marker as Op>::NAME,
            method: stringify!($method),
            summary: <operations::$marker as Op>::SUMMARY,
            decide: |policy, input| decided::<operations::$marker>(policy, input, Why::new()),
            bind: bound::<operations::$marker>,
        }),*];
    };
}

for_each_operation!(entries);

/// The operation of that name.
pub fn named(name: &str) -> Result<&'static Entry, Error> {
    // Core words the error, so that it is the same one everywhere.
    let known = trimtab_core::operations::operation(name)?;
    ENTRIES
        .iter()
        .find(|entry| entry.name == known.name)
        .ok_or_else(|| Error::internal("an operation without its Python entry"))
}

/// What the typed methods of a kind of handle say of themselves.
pub fn help_of(kind: &str) -> impl Iterator<Item = &'static Help> {
    HELP.iter().filter(move |help| help.kind == kind)
}

/// The signature and the docstring.
pub fn parts_of(help: &Help) -> (&'static str, &'static str) {
    let text = help.text.to_str().unwrap_or_default();
    let name = help.method.count_bytes();
    let (signature, doc) = text.split_once("\n--\n\n").unwrap_or((text, ""));
    (signature.get(name..).unwrap_or_default(), doc)
}

/// The typed method: one record as argument, or its fields by name. The reasons wait until somebody
/// reads them.
fn bound<O>(policy: Arc<Policy>) -> BoundOperation
where
    O: Op + 'static,
    O::Input: Send + Sync + 'static,
    O::Output: Send + Sync + 'static,
{
    BoundOperation::new("policy", O::NAME, move |arguments, fields| {
        let input = input(arguments, fields)?;
        let py = arguments.py();
        let answer = guarded(py, || decided::<O>(&policy, &input, Why::off()))?;
        Py::new(py, Decision::of(answer))
    })
}

/// The one record, or the fields by name as one.
pub fn input<'py>(
    arguments: &Bound<'py, PyTuple>,
    fields: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    match (arguments.len(), fields) {
        (0, Some(fields)) => Ok(fields.clone().into_any()),
        (0, None) => Ok(PyDict::new(arguments.py()).into_any()),
        (1, None) => arguments.get_item(0),
        _ => Err(PyTypeError::new_err(
            "takes either one input or its fields by name",
        )),
    }
}

/// The typed input: read the fast way, or the slow way that names a mistake.
pub fn input_of<T: FromValue>(any: &Bound<'_, PyAny>) -> Result<T, Failure> {
    match reader::read(any) {
        Some(input) => Ok(input),
        None => Ok(value::decode(&intake::value(any)?)?),
    }
}

fn decided<O>(policy: &Arc<Policy>, any: &Bound<'_, PyAny>, mut why: Why) -> Answered
where
    O: Op + 'static,
    O::Input: Send + Sync + 'static,
    O::Output: Send + Sync + 'static,
{
    let input: O::Input = input_of(any)?;
    let decision = O::decide(policy.config(), &input, &mut why)?;
    let (reasons, quarantined) = why.finish();
    let known = OnceLock::new();
    if !reasons.is_empty() {
        drop(known.set(Ok(reasons)));
    }
    Ok(Box::new(Decided::<O> {
        policy: Arc::clone(policy),
        input,
        decision,
        quarantined,
        reasons: known,
    }))
}

/// A decision, and what it takes to say why.
struct Decided<O: Op> {
    policy: Arc<Policy>,
    input: O::Input,
    decision: O::Output,
    quarantined: Vec<Quarantined>,
    reasons: OnceLock<Result<Vec<Reason>, Error>>,
}

impl<O: Op> Decided<O> {
    /// A decision is a pure function of its input: asked again with the collector on, it is the
    /// same one.
    fn told(&self) -> &Result<Vec<Reason>, Error> {
        self.reasons.get_or_init(|| {
            let mut why = Why::new();
            O::decide(self.policy.config(), &self.input, &mut why)?;
            Ok(why.into_reasons())
        })
    }
}

impl<O> decision::Decided for Decided<O>
where
    O: Op,
    O::Input: Send + Sync,
    O::Output: Send + Sync,
{
    type Outcome = O::Output;

    fn outcome(&self) -> &O::Output {
        &self.decision
    }

    fn why(&self) -> Result<Vec<Reason>, Error> {
        self.told().clone()
    }

    fn aside(&self) -> &[Quarantined] {
        &self.quarantined
    }

    fn stamp(&self) -> Stamp<'_> {
        self.policy.stamp()
    }
}
