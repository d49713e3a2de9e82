//! The examples of the documents are built, checked and run.

use super::{checked, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use trimtab_host::check::Outcome;
use trimtab_host::{HostError, Sandbox};

const LOW: &[u8] = br#"{"hub_id":"0x11","now":1,"reserves":{"1":"900000000","2":"5000000000"}}"#;

fn minimal() -> Vec<u8> {
    wat::parse_file(root().join("docs/examples/minimal.wat")).unwrap()
}

/// Built as the page says.
fn template() -> Vec<u8> {
    let folder = root().join("docs/examples/policy-template");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policy-template");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    std::fs::read(target.join("wasm32-unknown-unknown/release/my_policy.wasm")).unwrap()
}

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, bytes).unwrap();
    file
}

fn command(module: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .arg("check")
        .arg(module)
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn the_minimal_example_is_run_and_plans_nothing() {
    let module = minimal();
    let found = checked(&module);
    assert!(found.verdict.would_run, "{:?}", found.verdict);
    assert!(
        found.laws.iter().all(|law| law.kept == Some(true)),
        "{:?}",
        found.laws
    );
    let wants = found.wants.unwrap();
    assert!(wants.imports.is_empty());
    let memory = wants.memory.unwrap();
    assert_eq!(
        (memory.declared_bytes, memory.maximum_bytes),
        (1 << 16, Some(16 << 16))
    );
    for cost in &found.costs.operations {
        let expected = match (cost.operation.as_str(), cost.sample.contains("batch")) {
            ("hub.plan", false) => Outcome::Decided,
            // It cannot tell whether the batch is stuck.
            ("hub.plan", true) => Outcome::Refused,
            _ => Outcome::NotOffered,
        };
        assert_eq!(cost.outcome, expected, "{cost:?}");
        assert!(cost.fuel.unwrap() > 0);
    }
    let sandbox = Sandbox::builder().module(&module).build().unwrap();
    assert_eq!(
        sandbox.call("hub.plan", LOW).unwrap(),
        br#"{"decision":{"actions":[]},"reasons":[]}"#
    );
    assert!(matches!(
        sandbox.call("hub.planx", LOW),
        Err(HostError::BadInput(_))
    ));
    // An input larger than the memory it may have is refused, not written somewhere.
    let large = vec![b' '; 2 << 20];
    assert!(matches!(
        sandbox.call("hub.plan", &large),
        Err(HostError::MemoryLimit { .. })
    ));
}

#[test]
fn the_template_is_built_checked_and_run() {
    let module = template();
    let file = written("template.wasm", &module);
    let page = command(&file, &[]);
    let text = String::from_utf8(page.stdout).unwrap();
    assert_eq!(page.status.code(), Some(0), "{text}");
    for part in ["my-policy", "A host would run it.", "hub.plan"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let sandbox = Sandbox::builder().module(&module).build().unwrap();
    let answer = sandbox.call("hub.plan", LOW).unwrap();
    assert_eq!(
        String::from_utf8(answer).unwrap(),
        r#"{"decision":{"actions":[{"code":"reserve_below_min","token_id":1,"type":"alert"}]},"reasons":[]}"#
    );
    assert!(matches!(
        sandbox.call("hub.plan", b"no JSON"),
        Err(HostError::BadInput(error)) if error.expected == "the state of a hub"
    ));
}

#[test]
fn our_own_module_keeps_every_law() {
    let found = checked(trimtab_host::MODULE);
    assert!(found.verdict.would_run, "{:?}", found.verdict);
    assert_eq!(found.module.name.as_deref(), Some("trimtab"));
    assert_eq!(
        found.module.version.as_deref(),
        Some(trimtab_core::policy::VERSION)
    );
    assert!(!found.module.foreign);
    for cost in &found.costs.operations {
        assert_eq!(cost.outcome, Outcome::Decided, "{cost:?}");
    }
}

#[test]
fn check_prints_json_and_says_no_with_exit_code_1() {
    let file = written("junk.wasm", b"\0asm junk");
    let output = command(&file, &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["verdict"]["would_run"], false);
    assert_eq!(found["verdict"]["reasons"][0]["code"], "bad_module");
    assert_eq!(found["verdict"]["reasons"][0]["law"], "compiles");
    assert_eq!(found["wants"], serde_json::Value::Null);
    assert_eq!(found["module"]["bytes"], 9);
    let file = written("minimal.wasm", &minimal());
    let output = command(&file, &["--json"]);
    assert_eq!(output.status.code(), Some(0));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["verdict"]["would_run"], true);
    assert_eq!(found["module"]["abi"], 1);
    let absent = command(Path::new("/no/such/module"), &[]);
    assert_eq!(absent.status.code(), Some(2));
}

#[test]
fn check_reads_no_more_than_a_module_may_have() {
    let endless = command(Path::new("/dev/zero"), &[]);
    assert_eq!(endless.status.code(), Some(1));
    let said = String::from_utf8(endless.stderr).unwrap();
    assert!(said.contains("more than"), "{said}");
}

#[test]
fn what_a_stranger_wrote_steers_no_terminal() {
    let answer =
        r#"{"error":{"code":"internal","expected":"\u001b[31m","field":"\u0007","got":"\u009b"}}"#;
    let answer = format!("\x01{answer}");
    for head in [r#"(import "\1b[2J" "\07" (func))"#, ""] {
        let hostile = super::Hand {
            head,
            answer: answer.as_bytes(),
            ..super::Hand::default()
        };
        let file = written("steering.wasm", &hostile.binary());
        let output = command(&file, &[]);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("would not run"), "{text}");
        let steers = text.chars().any(|c| c.is_control() && c != '\n');
        assert!(!steers, "{text:?}");
    }
}
