//! Random modules and mutated bytes: whatever they are, a check ends with a verdict, a call with a
//! typed error, and memory stays bounded.
//!
//! 200 modules by default; `TRIMTAB_MODULES=10000` asks for more.

use super::root;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;
use trimtab_host::check::{self, CheckOptions, ModuleCheck};
use trimtab_host::{Limits, MODULE};

const SEED: u64 = 20_260_601;
const USUAL: usize = 200;

/// One in so many is made of our own module, which takes seconds to compile.
const OWN_SHARE: usize = 25;

/// More than any of them may take, on any machine: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(300);

/// What the compiler and one instance may take besides what the process had before.
const MEMORY_GROWTH: u64 = 1 << 30;

fn options() -> CheckOptions {
    CheckOptions {
        limits: Limits {
            fuel: Some(2_000_000),
            deadline: Some(Duration::from_secs(2)),
            memory_bytes: 64 << 20,
            table_entries: 10_000,
            ..Limits::default()
        },
        ..CheckOptions::default()
    }
}

/// Writes the modules, the same ones every time.
fn modules(count: usize) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("modules-{count}"));
    // What an earlier run with other modules left would be taken for ours.
    let _ = std::fs::remove_dir_all(&folder);
    let small = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small.wasm");
    std::fs::write(
        &small,
        wat::parse_file(root().join("docs/examples/minimal.wat")).unwrap(),
    )
    .unwrap();
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own.wasm");
    std::fs::write(&own, MODULE).unwrap();
    let of_own = count / OWN_SHARE;
    let made = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--locked", "--manifest-path"])
        .arg(root().join("tests/modules/Cargo.toml"))
        .arg("--target-dir")
        .arg(root().join("target/modules"))
        .arg("--")
        .arg(&folder)
        .args([SEED.to_string(), (count - of_own).to_string()])
        .args([&small, &own])
        .arg(of_own.to_string())
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut found: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    assert_eq!(found.len(), count);
    found
}

/// The most memory that the process ever had in use.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

/// Checks on a thread, so that a hang is found.
fn checked(file: &Path) -> ModuleCheck {
    let (tell, told) = mpsc::channel();
    let bytes = std::fs::read(file).unwrap();
    std::thread::spawn(move || drop(tell.send(check::module(&bytes, &options()))));
    told.recv_timeout(HANGS)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn kind(file: &Path) -> String {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    name.split_once('-').unwrap().1.to_owned()
}

#[test]
fn random_modules_never_panic_hang_or_grow_without_bound() {
    let asked = std::env::var("TRIMTAB_MODULES").ok();
    let count = asked.map_or(USUAL, |count| count.parse().unwrap());
    let before = peak();
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for file in modules(count) {
        let found = checked(&file);
        let reasons = &found.verdict.reasons;
        assert_eq!(found.verdict.would_run, reasons.is_empty());
        assert!(
            found.costs.peak_memory_bytes <= options().limits.memory_bytes,
            "{}",
            file.display()
        );
        for cost in &found.costs.operations {
            assert!(cost.fuel.unwrap_or(0) <= 2_000_000 + 1000, "{cost:?}");
        }
        let code = reasons.first().map_or("would run", |reason| &reason.code);
        assert!(
            !["internal", "unavailable"].contains(&code),
            "{}: {reasons:?}",
            file.display()
        );
        *told.entry((kind(&file), code.to_owned())).or_default() += 1;
        if let (Some(before), Some(now)) = (before, peak()) {
            let grown = now.saturating_sub(before);
            assert!(grown < MEMORY_GROWTH, "{}: {grown}", file.display());
        }
    }
    // The table is for the reader of a long run.
    println!("{told:#?}");
    let reached = |code: &str| told.keys().any(|(_, found)| found == code);
    assert!(reached("bad_module") && reached("would run"), "{told:?}");
    // Those that speak the interface are called, not only refused.
    let called = told
        .keys()
        .any(|(kind, code)| kind == "speaking" && code != "bad_module");
    assert!(called, "{told:?}");
}
