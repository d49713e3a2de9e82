//! Fills in what each case of the given vector files expects, as core decides now; to be reviewed
//! by a person before it is committed.
//!
//! `cargo run -q --example expect tests/vectors/health.score.json …`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool for the authors of vectors"
)]

use serde_json::Value as Json;
use trimtab_core::policy::{Policy, error_text};
use trimtab_core::value::Value;

fn main() {
    for path in std::env::args().skip(1) {
        let operation = std::path::Path::new(&path)
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let mut cases: Vec<Json> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for case in &mut cases {
            case["expect"] = expect(&operation, case);
        }
        let lines: Vec<String> = cases.iter().map(Json::to_string).collect();
        std::fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
}

fn expect(operation: &str, case: &Json) -> Json {
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
