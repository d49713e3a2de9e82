//! The field cases of `tests/field`: operations on the core, pages through the command.

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use trimtab_core::policy::{self, Policy};
use trimtab_core::value::Value;

struct Case {
    name: String,
    json: Json,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/field");
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.sort();
    files
        .iter()
        .map(|file| Case {
            name: file.file_stem().unwrap().to_string_lossy().into_owned(),
            json: serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap(),
        })
        .collect()
}

/// What the project answers now: a page as a text, an envelope or an error as an object.
fn answer(case: &Case) -> Json {
    let ask = &case.json["ask"];
    if let Some(fleet) = ask.get("fleet") {
        return Json::String(page(&case.name, fleet));
    }
    let config = ask.get("config").map(|config| config.to_string());
    let config = config
        .as_ref()
        .map(|text| Value::from_json(text.as_bytes()).unwrap());
    let policy = Policy::new("plan", config.as_ref()).unwrap();
    let operation = ask["op"].as_str().unwrap();
    let answer = policy.call(operation, ask["input"].to_string().as_bytes());
    let answer = answer.unwrap_or_else(|error| policy::error_text(&error));
    serde_json::from_slice(&answer).unwrap()
}

fn page(name: &str, fleet: &Json) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("field")
        .join(name);
    for (node, files) in fleet["nodes"].as_object().unwrap() {
        let node = folder.join(node);
        std::fs::create_dir_all(&node).unwrap();
        for (file, content) in files.as_object().unwrap() {
            std::fs::write(node.join(format!("{file}.json")), content.to_string()).unwrap();
        }
    }
    if let Some(channels) = fleet.get("listchannels") {
        std::fs::write(folder.join("listchannels.json"), channels.to_string()).unwrap();
    }
    let now = fleet["now"].to_string();
    let folder = folder.to_str().unwrap();
    let output = super::run(&["fleet", folder, "--now", &now, "--native"], "");
    format!("{}{}", super::out(&output), super::err(&output))
}

fn codes(answer: &Json) -> Vec<&str> {
    let outcomes = answer
        .pointer("/decision/outcomes")
        .and_then(Json::as_array);
    let own = std::iter::once(answer);
    own.chain(outcomes.into_iter().flatten())
        .filter_map(|part| part["reasons"].as_array())
        .flatten()
        .filter_map(|reason| reason["code"].as_str())
        .collect()
}

/// Patterns of pages are words that may stand beside each other as `a|b`.
fn has(page: &Json, pattern: &Json) -> bool {
    let (page, pattern) = (page.as_str().unwrap(), pattern.as_str().unwrap());
    pattern.split('|').any(|part| page.contains(part))
}

fn holds(found: &Json, want: &Json) -> bool {
    if let Some(pattern) = want.get("page_has") {
        return has(found, pattern);
    }
    if let Some(pattern) = want.get("page_lacks") {
        return !has(found, pattern);
    }
    if let Some(code) = want.get("reason") {
        return codes(found).contains(&code.as_str().unwrap());
    }
    if let Some(code) = want.get("no_reason") {
        return !codes(found).contains(&code.as_str().unwrap());
    }
    let value = found.pointer(want["at"].as_str().unwrap());
    let value = value.unwrap_or(&Json::Null);
    if want.get("absent").is_some() {
        let empty = [Json::Null, serde_json::json!([]), serde_json::json!({})];
        return empty.contains(value);
    }
    match want.get("is_not") {
        Some(other) => value != other,
        None => *value == want["is"],
    }
}

#[test]
fn every_field_case_is_answered_as_an_expert_would() {
    let cases = cases();
    assert_eq!(cases.len(), 28);
    let mut failed = Vec::new();
    for case in &cases {
        let found = answer(case);
        for want in case.json["want"].as_array().unwrap() {
            if !holds(&found, want) {
                failed.push(format!("{}: {want}", case.name));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_check_that_does_not_hold_is_found() {
    let found = serde_json::json!({"reasons": [{"code": "a"}], "decision": {"x": 1}});
    for want in [
        serde_json::json!({"reason": "b"}),
        serde_json::json!({"no_reason": "a"}),
        serde_json::json!({"at": "/decision/x", "is": 2}),
        serde_json::json!({"at": "/decision/x", "is_not": 1}),
        serde_json::json!({"at": "/decision/x", "absent": true}),
    ] {
        assert!(!holds(&found, &want), "{want}");
    }
}
