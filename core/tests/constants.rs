//! A constant out of range must not compile: in the source `constant` is only called where the
//! compiler works it out.

#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::path::Path;

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let is_test = ["tests", "laws", "stories"]
            .iter()
            .any(|end| name.ends_with(end));
        if file.is_dir() && !is_test {
            sources(&file, found);
        } else if file.extension().is_some_and(|kind| kind == "rs") && !is_test {
            let text = std::fs::read_to_string(&file).unwrap();
            let source = text.split("#[cfg(test)]").next().unwrap().to_owned();
            found.push((file.to_string_lossy().into_owned(), source));
        }
    }
}

/// The start of the statement or item that a place lies in.
fn statement(before: &str) -> &str {
    // The length in the type of an array ends no statement.
    let ends = [";\n", "{\n", "}\n"];
    let start = ends
        .iter()
        .filter_map(|end| before.rfind(end))
        .max()
        .unwrap_or(0);
    before.get(start..).unwrap_or_default()
}

#[test]
fn constants_of_units_are_checked_by_the_compiler() {
    let mut found = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    let mut called = 0;
    for (file, source) in &found {
        let code: String = source
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n");
        for (at, _) in code.match_indices("::constant(") {
            let before = code.get(..at).unwrap();
            let name = before
                .rfind(|c: char| !c.is_alphanumeric())
                .map_or(0, |at| at + 1);
            let before = before.get(..name).unwrap();
            let is_item = statement(before).contains("const ");
            let is_block = before.trim_end().ends_with("const {");
            assert!(
                is_item || is_block,
                "{file}: {}",
                code.get(name..at + 20).unwrap()
            );
            called += 1;
        }
    }
    assert!(called > 100, "only {called} constants");
}
