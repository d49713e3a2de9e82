//! Decides how payment-channel nodes and hubs should steer their liquidity, and says why; acts on nothing.
//!
//! ```
//! use trimtab_core::{fleet::health, operations::HealthScore, policy::Policy, units::{Score, Share}};
//!
//! let decided = Policy::plan().decide::<HealthScore>(&health::ScoreInput {
//!     profitable_pct: Share::new(0.36)?,
//!     underwater_pct: Share::new(0.40)?,
//!     liquidity_score: Score::new(50.0)?,
//!     trend: health::Trend::Stable,
//! })?;
//! assert_eq!((decided.decision.score.get(), decided.decision.tier), (47, health::Tier::Vulnerable));
//! assert_eq!(
//!     decided.reasons[0].sentence(),
//!     "the health score is 47; the tier stable begins above 50; \
//!      this would change with profitable_pct = about 0.45"
//! );
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Every decision is a pure function of its input: no clock, no randomness, no I/O, no hash order,
//! no float function whose last bit differs between hosts. The same input gives the same bytes
//! natively, in the WebAssembly module, in Python and in JavaScript.
//!
//! | room | decides |
//! |---|---|
//! | [`fleet`] | for a fleet of Lightning nodes: health, liquidity, fees, rebalancing, splices |
//! | [`account`] | for every entity: what an account holds and owes, whether to ask for collateral |
//! | [`hub`] | for a hub: who is served, from what, in which order |
//! | [`log`] | how a host writes down what was decided, so that it can be replayed |
//! | [`policy`] | a config in force, and the envelope of every answer |
//! | [`books`] | state that stays inside, above the rules |
//! | [`operations`] | the table of operations: one way to call them all |
//! | [`reason`], [`error`](mod@error) | why, and what was wrong with the input |
//!
//! Nothing here moves funds. Fleet policies inform and advise; hub policies return a plan.

#![forbid(unsafe_code)]

// What the derive writes names this crate as the others do.
extern crate self as trimtab_core;
// `#[record]` and `#[choice]` stand in almost every file.
#[macro_use]
extern crate trimtab_derive;
// The derives that `#[record]` stands for, for records still written out.
#[allow(unused_imports, reason = "records written out are becoming fewer")]
#[macro_use]
extern crate schemars;
#[allow(unused_imports, reason = "records written out are becoming fewer")]
#[macro_use]
extern crate serde;

pub mod account;
pub mod books;
pub mod canonical;
#[cfg(test)]
mod circles;
pub mod config;
pub mod entries;
pub mod error;
pub mod fleet;
pub mod flip;
mod float;
pub mod hub;
pub mod lint;
pub mod log;
pub mod operations;
pub mod policy;
#[cfg(test)]
mod proofs;
pub mod reason;
pub mod record;
pub mod registry;
mod sorting;
pub mod table;
pub mod units;
pub mod value;
pub mod words;
