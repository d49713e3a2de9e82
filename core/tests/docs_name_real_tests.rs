//! The tables of defects and differences in the docs name tests. Each must exist where they say.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether a test of that name is written in a source: in Rust behind an attribute or in a
/// `proptest!` block, in Python as a function that pytest collects.
fn has_test(source: &str, file: &str, name: &str) -> bool {
    let keyword = if file.ends_with(".py") {
        assert!(name.starts_with("test_"), "{name}");
        "def"
    } else {
        "fn"
    };
    let start = format!("{keyword} {name}(");
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let Some(at) = lines.iter().position(|line| line.starts_with(&start)) else {
        return false;
    };
    let before = lines.iter().take(at).rev();
    let mut marks = before.take_while(|line| line.starts_with('#') || line.starts_with("//"));
    keyword == "def" || marks.any(|line| *line == "#[test]")
}

/// The rows of all tables but their heads and rules, in cells.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let lines: Vec<_> = page.lines().collect();
    let body = lines.iter().enumerate().filter(|(at, line)| {
        let next = lines.get(at + 1).copied().unwrap_or_default();
        line.starts_with('|') && !line.starts_with("|---") && !next.starts_with("|---")
    });
    body.map(|(_, line)| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

fn check(page: &str, at_least: usize) {
    let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let mut named = 0;
    for span in text.split('`').skip(1).step_by(2) {
        let Some((file, name)) = span.split_once("::") else {
            continue;
        };
        let source = fs::read_to_string(root().join(file));
        assert!(source.is_ok(), "{page} names {file}, which is not there");
        let source = source.unwrap();
        assert!(has_test(&source, file, name), "{page}: no test {span}");
        named += 1;
    }
    assert!(named >= at_least, "{page} names {named} tests");
    for row in rows(&text) {
        let test = row.last().unwrap();
        let excused = row.iter().any(|cell| cell.contains("*not in trimtab"));
        assert!(
            test.contains("::") || (test.is_empty() && excused),
            "{page}: {row:?}"
        );
    }
}

#[test]
fn the_page_of_the_plugins_names_tests_that_exist() {
    check("plugins.md", 60);
}

#[test]
fn the_page_of_the_runtime_names_tests_that_exist() {
    check("runtime.md", 30);
}

#[test]
fn the_threat_model_names_tests_that_exist() {
    check("../SECURITY.md", 20);
}

#[test]
fn every_difference_from_the_runtime_is_a_row() {
    let tests = fs::read_to_string(root().join("core/src/hub/plan/tests.rs")).unwrap();
    let page = fs::read_to_string(root().join("docs/runtime.md")).unwrap();
    let mut found = 0;
    for line in tests.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("fn difference_") {
            let name = rest.split('(').next().unwrap();
            assert!(page.contains(&format!("::difference_{name}`")), "{name}");
            found += 1;
        }
    }
    assert!(found >= 12, "{found} differences");
}

#[test]
fn a_name_that_is_not_a_test_is_noticed() {
    let source = "#[test]\nfn one() {\n}\nfn two() {\n}\n#[test]\n#[ignore]\nfn three_more() {}";
    assert!(has_test(source, "a.rs", "one") && has_test(source, "a.rs", "three_more"));
    assert!(!has_test(source, "a.rs", "two") && !has_test(source, "a.rs", "three"));
}
