//! Every vector of `tests/vectors`, on the surface nearest to the rules: core itself.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop"
)]

use serde_json::Value as Json;
use trimtab_core::policy::{OPERATIONS, Policy, error_text};
use trimtab_core::value::Value;

#[test]
fn every_vector_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    let mut wrong = Vec::new();
    for operation in OPERATIONS {
        let Ok(bytes) = std::fs::read(format!("{folder}/{}.json", operation.name)) else {
            continue;
        };
        let cases: Vec<Json> = serde_json::from_slice(&bytes).unwrap();
        assert!(
            cases.len() >= 20,
            "{} has {} cases",
            operation.name,
            cases.len()
        );
        for case in &cases {
            let got = answer(operation.name, case);
            if steady(&got) != steady(&case["expect"]) {
                wrong.push(format!("{} {}: {got}", operation.name, case["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The digest of the config changes with every setting that is added anywhere; that two surfaces
/// agree on it is for the parity run, which compares whole envelopes of one build.
fn steady(envelope: &Json) -> Json {
    let mut steady = envelope.clone();
    for pointer in ["/policy/config", "/decision/config", "/error/expected"] {
        if let Some(value) = steady.pointer_mut(pointer) {
            *value = Json::Null;
        }
    }
    steady
}

fn answer(operation: &str, case: &Json) -> Json {
    let profile = case["profile"].as_str().unwrap_or("plan");
    let config = case.get("config").map(Json::to_string);
    let config = config
        .as_ref()
        .map(|text| Value::from_json(text.as_bytes()).unwrap());
    let answer = Policy::new(profile, config.as_ref())
        .and_then(|policy| policy.call(operation, case["input"].to_string().as_bytes()))
        .unwrap_or_else(|error| error_text(&error));
    serde_json::from_slice(&answer).unwrap()
}
