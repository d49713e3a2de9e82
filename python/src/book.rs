//! Handles: state that stays in Rust between calls.

use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use pyo3::types::{PyBytes, PyDict};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use trimtab_core::books::{self, Method};
use trimtab_core::config::Profile;
use trimtab_core::error::Error;
use trimtab_core::fleet::book::FleetBook;
use trimtab_core::hub::book::HubBook;
use trimtab_core::operations::opened::{self, Opened};
use trimtab_core::policy::{self, Policy, Stamp};
use trimtab_core::reason::{Quarantined, Reason, Why};
use trimtab_core::{for_each_fleet_method, for_each_hub_method};

use crate::boundary::{Failure, contained, guarded};
use crate::decision::{Decided, Decision};
use crate::intake;
use crate::operations::{self, Answered, BoundOperation};
use crate::policy::{Bytes, answer, raised, told};

/// A handle of some kind: `policy`, `fleet_book` or `hub_book`.
#[pyclass(frozen, subclass, module = "trimtab")]
pub struct Handled(Arc<Shared>);

/// What a handle and its bound methods share.
struct Shared {
    kind: String,
    by: By,
    opened: Mutex<Opened>,
}

/// What knows the typed methods of a handle.
enum By {
    Policy(Arc<Policy>),
    Book(&'static Methods),
}

impl Shared {
    /// One call at a time; who waits for his turn lets the other threads of Python run.
    fn lock(&self, py: Python<'_>) -> Result<MutexGuard<'_, Opened>, Failure> {
        self.opened.lock_py_attached(py).map_err(|_| {
            // A panic in the middle of a change: nobody knows what the state is worth now.
            Error::internal("a handle that a defect left half changed; open it anew").into()
        })
    }

    fn ask(&self, op: &str, input: &Bound<'_, PyAny>) -> Answered {
        match &self.by {
            By::Policy(policy) => (operations::named(op)?.decide)(policy, input),
            By::Book(methods) => (methods.named(op)?.ask)(self, input),
        }
    }

    fn answered(&self, py: Python<'_>, op: &str, input: &Bytes) -> Result<Vec<u8>, Failure> {
        contained(|| {
            let mut guard = self.lock(py)?;
            let opened = &mut *guard;
            answer(py, input, |input| opened.call_bytes(op, input))
        })
    }
}

/// A book as it lies in a handle.
trait Book: Send + Sized + 'static {
    fn of(opened: &mut Opened) -> Option<&mut Self>;
    fn policy(&self) -> &Policy;
}

/// The typed methods of one kind of book.
struct Methods {
    /// Core finds the name, and words the error, so that it is the same one everywhere.
    known: fn(&str) -> Result<&'static str, Error>,
    entries: Vec<Entry>,
}

struct Entry {
    method: &'static str,
    ask: fn(&Shared, &Bound<'_, PyAny>) -> Answered,
}

impl Methods {
    fn named(&self, op: &str) -> Result<&Entry, Error> {
        let known = (self.known)(op)?;
        let found = self.entries.iter().find(|entry| entry.method == known);
        found.ok_or_else(|| Error::internal("a method without its Python entry"))
    }
}

macro_rules! methods {
    ($book:ident, $table:path, $methods:ident: $($marker:ident),* $(,)?) => {
        impl Book for $book {
            fn of(opened: &mut Opened) -> Option<&mut Self> {
                match opened {
                    Opened::$book(book) => Some(book),
                    _ => None,
                }
            }
            fn policy(&self) -> &Policy {
                self.policy()
            }
        }

        static $methods: LazyLock<Methods> = LazyLock::new(|| Methods {
            known: |op| books::method($table, op).map(|method| method.name),
            entries: vec![$(Entry {
                method: <$marker as Method<$book>>::NAME,
                ask: asked::<$book, $marker>,
            }),*],
        });
    };
}

macro_rules! fleet_methods {
    ($book:path, $($marker:ident),* $(,)?) => {
        use trimtab_core::fleet::book::{self as fleet, $($marker),*};
        methods!(FleetBook, fleet::METHODS, FLEET: $($marker),*);
    };
}

macro_rules! hub_methods {
    ($book:path, $($marker:ident),* $(,)?) => {
        use trimtab_core::hub::book::{self as hub, $($marker),*};
        methods!(HubBook, hub::METHODS, HUB: $($marker),*);
    };
}

for_each_fleet_method!(fleet_methods);
for_each_hub_method!(hub_methods);

/// Runs a method; other threads of Python run meanwhile.
fn asked<B, M>(shared: &Shared, input: &Bound<'_, PyAny>) -> Answered
where
    B: Book,
    M: Method<B>,
    M::Input: Sync,
    M::Output: Send + Sync + 'static,
{
    let py = input.py();
    let input: M::Input = operations::input_of(input)?;
    let mut guard = shared.lock(py)?;
    let book = B::of(&mut guard).ok_or_else(|| Error::internal("a book of another kind"))?;
    let mut why = Why::new();
    let (book, decision) = py.detach(|| {
        let decision = M::run(book, &input, &mut why);
        (book, decision)
    });
    let (reasons, quarantined) = why.finish();
    let policy = book.policy();
    Ok(Box::new(Told {
        decision: decision?,
        digest: policy.digest().to_owned(),
        profile: policy.profile(),
        quarantined,
        reasons,
    }))
}

/// What a book answered. Its state may have moved on, so the reasons are kept.
struct Told<T> {
    decision: T,
    digest: String,
    profile: Profile,
    quarantined: Vec<Quarantined>,
    reasons: Vec<Reason>,
}

impl<T: serde::Serialize + Send + Sync> Decided for Told<T> {
    type Outcome = T;

    fn outcome(&self) -> &T {
        &self.decision
    }

    fn why(&self) -> Result<Vec<Reason>, Error> {
        Ok(self.reasons.clone())
    }

    fn aside(&self) -> &[Quarantined] {
        &self.quarantined
    }

    fn stamp(&self) -> Stamp<'_> {
        policy::stamp(self.profile, &self.digest)
    }
}

#[pymethods]
impl Handled {
    /// Opens a handle; the fields are its input, such as `profile` and `config`.
    #[new]
    #[pyo3(signature = (kind, input = None, /))]
    fn new(py: Python<'_>, kind: String, input: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let nothing = PyDict::new(py).into_any();
        let opened = guarded(py, || {
            let input = intake::value(input.unwrap_or(&nothing))?;
            Ok(opened::open(&kind, &input)?)
        })?;
        let by = match &opened {
            Opened::Policy(policy) => By::Policy(Arc::clone(policy)),
            Opened::FleetBook(_) => By::Book(&FLEET),
            Opened::HubBook(_) => By::Book(&HUB),
        };
        let opened = Mutex::new(opened);
        Ok(Self(Arc::new(Shared { kind, by, opened })))
    }

    /// Which kind of handle it is.
    #[getter]
    fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Calls an operation on it; returns the envelope. A failed call changes nothing.
    #[pyo3(signature = (op, input, /))]
    fn call<'py>(&self, op: &str, input: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let py = input.py();
        guarded(
            py,
            || Ok(Decision::of(self.0.ask(op, input)?).envelope(py)?),
        )
    }

    /// The typed method of an operation: one record as argument, or its fields by name.
    fn bound(&self, op: String) -> BoundOperation {
        let shared = Arc::clone(&self.0);
        BoundOperation::new(&self.0.kind, &op.clone(), move |arguments, fields| {
            let input = operations::input(arguments, fields)?;
            let py = arguments.py();
            let answer = guarded(py, || shared.ask(&op, &input))?;
            Py::new(py, Decision::of(answer))
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
        raised(py, self.0.answered(py, op, &input))
    }

    /// As `call_bytes`, but an error is returned as JSON too.
    #[pyo3(signature = (op, input, /))]
    fn answer_bytes<'py>(
        &self,
        py: Python<'py>,
        op: &str,
        input: Bytes,
    ) -> PyResult<Bound<'py, PyBytes>> {
        told(py, self.0.answered(py, op, &input))
    }
}
