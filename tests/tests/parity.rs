//! The harness of parity turns red, and says where, when one surface answers one case otherwise.

use std::process::{Command, Output};

fn parity(arguments: &[&str]) -> std::io::Result<Output> {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/parity");
    Command::new(env!("CARGO_BIN_EXE_parity"))
        .args(["--surfaces", "native,wasmtime", "--folder", folder])
        .args(arguments)
        .output()
}

fn first_difference(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find(|line| line.contains(" differ"))
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn core_and_sandbox_answer_every_case_alike() -> std::io::Result<()> {
    let output = parity(&[])?;
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains(" 0 differences"),
        "{told}"
    );
    Ok(())
}

#[test]
fn a_planted_difference_turns_the_run_red_and_is_named() -> std::io::Result<()> {
    for way in ["bytes", "typed"] {
        let output = parity(&["--plant", "wasmtime", "--plant-in", way])?;
        assert_eq!(output.status.code(), Some(1));
        let line = first_difference(&output);
        assert!(
            line.starts_with("wasmtime: account.request_advice: "),
            "{line}"
        );
    }
    Ok(())
}
