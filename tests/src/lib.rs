//! Vectors, parity, the world simulator and benches of trimtab.
//!
//! | room | holds |
//! |---|---|
//! | [`hub_rows`] | how long the book of a hub takes |
//! | [`vectors`] | the cases of `tests/vectors` and what core answers to them |
//! | [`native`] | the same cases as a caller of typed methods would write them |
//! | `parity` | every case on every surface, and where two of them differ |

pub mod hub_rows;
pub mod native;
#[cfg(feature = "sandbox")]
pub mod parity;
pub mod vectors;

// The Rust examples of the pages are compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../../core/README.md")]
pub struct CoreReadme;
#[cfg(doctest)]
#[doc = include_str!("../../host/README.md")]
pub struct HostReadme;
