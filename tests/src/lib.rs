//! Vectors, parity, the world simulator and benches of trimtab.
//!
//! | room | holds |
//! |---|---|
//! | [`vectors`] | the cases of `tests/vectors` and what core answers to them |
//! | [`native`] | the same cases as a caller of typed methods would write them |
//! | [`parity`] | every case on every surface, and where two of them differ |

pub mod native;
pub mod parity;
pub mod vectors;

// The Rust examples of the front page are compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
