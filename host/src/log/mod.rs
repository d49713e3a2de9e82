//! The decision log: what was asked and answered, one line of JSON each, in a chain of digests.
//!
//! ```
//! use std::time::Duration;
//! use trimtab_host::log::{LogOptions, Observed, PolicyNote, Reader, Writer};
//! # let folder = std::env::temp_dir().join(format!("trimtab-log-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # let path = folder.join("decisions.jsonl");
//! let writer = Writer::open(LogOptions::new(&path, "native"))?;
//! let policy = PolicyNote::of("plan", None)?;
//! let input = br#"{"ev":8.0,"min_ev":10.0}"#;
//! let answer = trimtab_core::policy::Policy::plan().call("rebalance.accept", input)?;
//! writer.append(&Observed::new("rebalance.accept", &policy, input, &answer))?;
//! writer.close()?;
//! assert_eq!(Reader::open(&path)?.count(), 4); // a snapshot, the policy, the decision, the end
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How a line looks is decided in core (`log.line`), the same for every writer; here are the
//! files, the clock and the waiting. `docs/decision-log.md` says what is promised.
//!
//! | file | holds |
//! |---|---|
//! | [`Writer`] | one thread that numbers, chains and writes; who appends waits for its line |
//! | [`Held`] | a handle whose calls are logged, and whose state begins each new file |
//! | [`Sink`], [`FileSink`] | where lines go: a file, its rotation and retention |
//! | [`Reader`], [`verify`] | the lines of all files, oldest first, and what is wrong with them |
//! | [`Replayer`], [`Compared`] | a log asked again, and where the answers part |

mod compare;
mod error;
mod held;
mod options;
mod reader;
mod replay;
mod sink;
mod verify;
mod writer;

pub use compare::{Compared, Difference, Stage, compare};
pub use error::LogError;
pub use held::{Callee, Held};
pub use options::{Fsync, LogOptions, Overload};
pub use reader::{Entry, Reader, files};
pub use replay::{Decider, Native, Replayed, Replayer, Sandboxed, Skip};
pub use sink::{FileSink, Sink};
pub use verify::{Fault, Verified, verify};
pub use writer::{Counters, Observed, Opening, PolicyNote, Receipt, Writer};
