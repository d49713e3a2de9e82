//! Whether a stranger's module may be run: what it is, what it wants, what it costs, which laws it
//! keeps.
//!
//! ```
//! use trimtab_host::check::{self, CheckOptions};
//! let found = check::module(b"no module", &CheckOptions::default());
//! assert!(!found.verdict.would_run);
//! assert_eq!(found.verdict.reasons[0].code, "bad_module");
//! ```
//!
//! The module is asked every operation of this host with embedded samples (`samples.json`, taken from
//! the vectors of the repository), each twice in a fresh instance. An operation that it answers with
//! the error `unknown_operation` is not its own and is not held against it.
//!
//! Compiling runs on a thread of its own, because nothing can end it: when its time is over, the
//! thread is left behind and ends with the process. A service that checks modules of strangers
//! therefore does so in a process of its own, as `trimtab check` is one.

mod facts;
mod probe;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Serialize;
use trimtab_core::canonical;

pub use facts::{Export, Identity, Import, MemoryWanted, Wants};
pub use probe::{Cost, Outcome};

use crate::error::HostError;
use crate::limits::Limits;
use crate::module::{MODULE, Source};
use crate::sandbox::{Builder, Sandbox};
use facts::Seen;
use probe::Probe;

/// Under which limits a module is checked.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// What each call may use.
    pub limits: Limits,
    /// How long compiling may take, and how long all calls together.
    pub time: Duration,
    /// Whether what was compiled may come from the cache; see [`Builder::cached`].
    pub cached: bool,
}

impl Default for CheckOptions {
    /// The samples are small, so is what they may use.
    fn default() -> Self {
        Self {
            limits: Limits {
                fuel: Some(1_000_000_000),
                deadline: Some(Duration::from_secs(2)),
                memory_bytes: 256 << 20,
                ..Limits::default()
            },
            time: Duration::from_secs(60),
            cached: false,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ModuleCheck {
    /// What it is.
    pub module: Identity,
    /// What it asks for; `None` if it cannot be compiled.
    pub wants: Option<Wants>,
    /// What it costs.
    pub costs: Costs,
    /// The laws, each with whether it was kept.
    pub laws: Vec<LawFound>,
    /// Whether a host would run it under these limits.
    pub verdict: Verdict,
}

/// What it costs.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Costs {
    /// Time of compiling and linking.
    pub compile_microseconds: u64,
    /// The most memory of any instance.
    pub peak_memory_bytes: u64,
    /// Every sample that it was asked.
    pub operations: Vec<Cost>,
}

/// What every module has to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Law {
    /// It is a WebAssembly module that this host can compile in the time given.
    Compiles,
    /// It imports nothing.
    ImportsNothing,
    /// It has the exports of the raw interface, in this version.
    Interface,
    /// It keeps fuel, time, memory and length of answers, and ends no call with a trap.
    WithinLimits,
    /// Its answers are canonical JSON and have the shape of the operation.
    Shape,
    /// Its hub plans keep what `hub.verify_plan` checks.
    PlanLaws,
    /// The same input gives the same bytes for the same fuel in every instance.
    Deterministic,
}

impl Law {
    /// Every law, in the order in which they are checked.
    pub const ALL: [Self; 7] = [
        Self::Compiles,
        Self::ImportsNothing,
        Self::Interface,
        Self::WithinLimits,
        Self::Shape,
        Self::PlanLaws,
        Self::Deterministic,
    ];

    /// What it asks, in words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Compiles => "is a module that compiles in time",
            Self::ImportsNothing => "imports nothing",
            Self::Interface => "speaks the raw interface",
            Self::WithinLimits => "ends every call, within its limits",
            Self::Shape => "answers in canonical JSON of the operation's shape",
            Self::PlanLaws => "makes hub plans that keep the laws",
            Self::Deterministic => "gives the same bytes for the same input",
        }
    }

    /// The law that an error of a call breaks.
    const fn broken_by(error: &HostError) -> Self {
        match error {
            HostError::BrokenLaw { .. } => Self::PlanLaws,
            HostError::BadModule(_) => Self::Shape,
            _ => Self::WithinLimits,
        }
    }
}

/// How one law fared.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LawFound {
    /// The law.
    pub law: Law,
    /// Whether it was kept; `None` if nothing could be checked.
    pub kept: Option<bool>,
    /// How often it was checked.
    pub checked: u32,
}

/// Whether a host would run it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether it would.
    pub would_run: bool,
    /// Why not; empty if it would.
    pub reasons: Vec<Refusal>,
}

/// Why a host would not run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The law that is broken.
    pub law: Law,
    /// The stable name of what went wrong: a code of [`HostError`] or `not_deterministic`.
    pub code: String,
    /// The operation, where it is about one.
    pub operation: Option<String>,
    /// The sample that shows it.
    pub sample: Option<String>,
    /// The sentence.
    pub text: String,
}

impl Refusal {
    fn of(law: Law, error: &HostError) -> Self {
        Self {
            law,
            code: error.code().to_owned(),
            operation: None,
            sample: None,
            text: error.to_string(),
        }
    }
}

/// Checks a module, whatever these bytes are. Never fails: what is wrong is in the verdict.
#[must_use]
pub fn module(bytes: &[u8], options: &CheckOptions) -> ModuleCheck {
    let mut found = ModuleCheck {
        module: Identity::of(bytes, canonical::digest(bytes), bytes != MODULE),
        wants: None,
        costs: Costs::default(),
        laws: Vec::new(),
        verdict: Verdict {
            would_run: false,
            reasons: Vec::new(),
        },
    };
    let begun = compiled(bytes, options);
    found.costs.compile_microseconds = begun.microseconds;
    let mut ledger = Ledger::default();
    let sandbox = found.take(begun, &mut ledger);
    if let Some(sandbox) = sandbox {
        Probe::new(&sandbox, options).run(&mut found, &mut ledger);
    }
    found.laws = ledger.laws();
    found.verdict.would_run = ledger.reasons.is_empty();
    found.verdict.reasons = ledger.reasons;
    found
}

impl ModuleCheck {
    /// What compiling showed; the sandbox, if there is one.
    fn take(&mut self, begun: Begun, ledger: &mut Ledger) -> Option<Sandbox> {
        let Some(seen) = begun.seen else {
            let error = begun.sandbox.err()?;
            ledger.refuse(Refusal::of(Law::Compiles, &error));
            return None;
        };
        self.wants = Some(seen.wants);
        ledger.kept(Law::Compiles);
        let laws = [Law::ImportsNothing, Law::Interface, Law::WithinLimits];
        for (law, fault) in laws.into_iter().zip(&seen.faults) {
            match fault {
                Some(error) => ledger.refuse(Refusal::of(law, error)),
                None => ledger.kept(law),
            }
        }
        match begun.sandbox {
            Ok(sandbox) => Some(sandbox),
            Err(error) => {
                // A start function, or the wrong version.
                if seen.faults.iter().all(Option::is_none) {
                    let law = match error {
                        HostError::BadModule(_) => Law::Interface,
                        _ => Law::WithinLimits,
                    };
                    ledger.refuse(Refusal::of(law, &error));
                }
                None
            }
        }
    }
}

/// Which laws were checked, and what broke them.
#[derive(Default)]
struct Ledger {
    checked: Vec<Law>,
    reasons: Vec<Refusal>,
}

impl Ledger {
    fn kept(&mut self, law: Law) {
        self.checked.push(law);
    }

    fn refuse(&mut self, reason: Refusal) {
        self.checked.push(reason.law);
        self.reasons.push(reason);
    }

    fn laws(&self) -> Vec<LawFound> {
        let found = Law::ALL.into_iter().map(|law| {
            let checked = self.checked.iter().filter(|seen| **seen == law).count();
            let broken = self.reasons.iter().any(|reason| reason.law == law);
            LawFound {
                law,
                kept: (checked > 0).then_some(!broken),
                checked: u32::try_from(checked).unwrap_or(u32::MAX),
            }
        });
        found.collect()
    }
}

/// What came out of compiling.
struct Begun {
    seen: Option<Seen>,
    sandbox: Result<Sandbox, HostError>,
    microseconds: u64,
}

/// Compiles on a thread of its own: a hostile module may be made to take long, and a panic of the
/// compiler must not end the process.
fn compiled(bytes: &[u8], options: &CheckOptions) -> Begun {
    let (tell, told) = mpsc::channel();
    let (bytes, options_of_thread) = (bytes.to_vec(), options.clone());
    let begun = Instant::now();
    let thread = std::thread::Builder::new()
        .name("trimtab-compile".to_owned())
        .spawn(move || {
            let mut seen = None;
            let look = |source: &Source<'_>, module: &wasmtime::Module| {
                seen = Some(Seen::of(source, module, &options_of_thread.limits));
            };
            let builder = Builder::default()
                .module(&bytes)
                .limits(options_of_thread.limits.clone());
            let builder = match options_of_thread.cached {
                true => builder.cached(),
                false => builder,
            };
            let sandbox = builder.built(look);
            // Nobody listens any more when the time was over.
            let _ = tell.send((seen, sandbox));
        });
    let outcome = match thread {
        Ok(_) => told.recv_timeout(options.time),
        Err(error) => {
            return Begun {
                seen: None,
                sandbox: Err(HostError::Unavailable(error.to_string())),
                microseconds: 0,
            };
        }
    };
    let microseconds = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (seen, sandbox) = outcome.unwrap_or_else(|error| {
        let error = match error {
            mpsc::RecvTimeoutError::Timeout => HostError::Deadline {
                limit: options.time,
            },
            mpsc::RecvTimeoutError::Disconnected => {
                HostError::BadModule("the compiler gave up on it".to_owned())
            }
        };
        (None, Err(error))
    });
    Begun {
        seen,
        sandbox,
        microseconds,
    }
}
