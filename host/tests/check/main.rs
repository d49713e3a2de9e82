//! Modules of strangers: the examples of the documents, ten that cheat, and random ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod examples;
mod hostile;
mod laws;
mod random;

use std::path::{Path, PathBuf};
use trimtab_host::check::{CheckOptions, ModuleCheck};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn checked(bytes: &[u8]) -> ModuleCheck {
    trimtab_host::check::module(bytes, &CheckOptions::default())
}

/// The codes of the reasons of a verdict.
fn codes(found: &ModuleCheck) -> Vec<&str> {
    let reasons = found.verdict.reasons.iter();
    reasons.map(|reason| reason.code.as_str()).collect()
}

/// A module that speaks the interface, by hand: `answer` lies at 64, `call` is the body of `tt_call`.
struct Hand<'h> {
    head: &'h str,
    memory: &'h str,
    answer: &'h [u8],
    call: &'h str,
}

/// Gives the answer.
const ANSWERS: &str = "(i64.or (i64.shl (i64.const 64) (i64.const 32)) (i64.const LENGTH))";

impl Default for Hand<'_> {
    fn default() -> Self {
        Self {
            head: "",
            memory: r#"(memory (export "memory") 4)"#,
            answer: b"\0{\"decision\":{\"actions\":[]}}",
            call: ANSWERS,
        }
    }
}

impl Hand<'_> {
    fn binary(&self) -> Vec<u8> {
        let bytes: String = self
            .answer
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let call = self.call.replace("LENGTH", &self.answer.len().to_string());
        let Self { head, memory, .. } = self;
        wat::parse_str(format!(
            r#"(module {head} {memory}
              (data (i32.const 64) "{bytes}")
              (func (export "tt_abi") (result i32) (i32.const 1))
              (func (export "tt_alloc") (param i32) (result i32) (i32.const 65536))
              (func (export "tt_free") (param i32 i32))
              (func (export "tt_call") (param i32 i32 i32 i32) (result i64) {call})
              (func (export "tt_open") (param i32 i32 i32 i32) (result i64) (unreachable))
              (func (export "tt_call_on") (param i32 i32 i32 i32 i32) (result i64) (unreachable))
              (func (export "tt_close") (param i32)))"#
        ))
        .unwrap()
    }
}
