//! The tool as it is run.

#![allow(clippy::panic)]

use std::process::Command;

#[test]
fn every_derived_file_is_the_one_that_core_gives() {
    let tool = env!("CARGO_BIN_EXE_trimtab-pack");
    let checked = Command::new(tool).args(["generate", "--check"]).output();
    let checked = checked.unwrap_or_else(|error| panic!("{tool}: {error}"));
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
}
