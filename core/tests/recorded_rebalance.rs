//! Profile `cl-hive` advises on splices and values rebalances as the deployed plugins do, case by
//! case; where we differ on purpose, the test says how.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use serde_json::{Value, json};
use trimtab_core::error::Error;
use trimtab_core::policy::Policy;

const RECORDED: &str = include_str!("../../tests/fixtures/recorded/cl-hive.jsonl");
const LEGAL: &str = include_str!("../../tests/fixtures/recorded/cl-hive-legal.jsonl");

fn cases(name: &str, lines: &str) -> Vec<(Value, Value)> {
    let parsed = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let chosen: Vec<_> = parsed
        .filter(|case| case["fn"] == name)
        .map(|case| (case["in"].clone(), case["out"].clone()))
        .collect();
    assert!(!chosen.is_empty(), "no recorded case of {name}");
    chosen
}

fn ask(policy: &Policy, operation: &str, input: &Value) -> Result<Value, Error> {
    let answer = policy.call(operation, input.to_string().as_bytes())?;
    let envelope: Value = serde_json::from_slice(&answer).unwrap();
    assert!(
        !envelope["reasons"].as_array().unwrap().is_empty(),
        "{operation} {input}: no reason"
    );
    Ok(envelope["decision"].clone())
}

/// The plugin's inputs as ours: one other member holds what is not ours.
fn splice(case: &Value) -> Value {
    let (ours, fleet) = (
        case["our"].as_u64().unwrap(),
        case["fleet"].as_u64().unwrap(),
    );
    let mut input = json!({
        "peer_id": "X", "now": 1_795_000_000, "peer_public_sats": case["peer_total"],
        "ours": { "channels": [{ "capacity_sats": ours }] },
        "others": [{ "member_id": "m", "at": 1_795_000_000, "channels": [fleet - ours] }],
    });
    if let Some(amount) = case.get("amount") {
        input["amount_sats"] = amount.clone();
        input["type"] = json!("splice_out");
    }
    input
}

#[test]
fn splice_out() {
    let policy = Policy::new("cl-hive", None).unwrap();
    let (mut equal, mut refused, mut unchecked) = (0, 0, 0);
    for (case, out) in cases("splice_out", RECORDED) {
        let asked = ask(&policy, "splice.check", &splice(&case));
        if case["peer_total"] == 0 {
            assert_eq!(asked.unwrap()["safety"], "unchecked", "{case}");
            unchecked += 1;
        } else if case["amount"].as_u64() > case["our"].as_u64() {
            let error = asked.unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.field.as_str()),
                ("out_of_range", "amount_sats")
            );
            refused += 1;
        } else {
            let got = asked.unwrap();
            assert_eq!(got["safety"], out["safety"], "{case}");
            assert_eq!(got["can_proceed"], out["can_proceed"], "{case}");
            assert_eq!(got["fleet_sats"], out["fleet_capacity"], "{case}");
            assert_eq!(
                got["fleet_share"].as_f64(),
                out["fleet_share"].as_f64(),
                "{case}"
            );
            assert_eq!(
                got["new_share"].as_f64(),
                out["new_share"].as_f64(),
                "{case}"
            );
            if let Some(new) = out.get("new_fleet_capacity") {
                assert_eq!(got["new_fleet_sats"], *new, "{case}");
            }
            equal += 1;
        }
    }
    assert_eq!((equal + refused + unchecked, equal > 50), (150, true));
    for (case, out) in cases("splice_out", LEGAL) {
        let got = ask(&policy, "splice.check", &splice(&case));
        if case["peer_total"] == 0 {
            assert_eq!(got.unwrap()["safety"], "unchecked", "{case}");
            continue;
        }
        let got = got.unwrap();
        assert_eq!((&got["safety"], &got["can_proceed"]), (&out[0], &out[1]));
        assert_eq!(got["fleet_share"].as_f64(), out[3].as_f64(), "{case}");
        assert_eq!(got["new_share"].as_f64(), out[4].as_f64(), "{case}");
    }
}

/// The plugin's own check, from the plain facts; its recommendation is stricter in places.
fn plugin_says_safe(case: &Value, amount: u64) -> bool {
    let number = |name: &str| case[name].as_u64().unwrap();
    let (ours, fleet, total) = (number("our"), number("fleet"), number("peer_total"));
    let new = fleet.saturating_sub(amount);
    (new as f64 / total as f64 >= 0.05 && new >= 1_000_000)
        || fleet - ours >= 1_000_000
        || (ours > amount && ours - amount >= 1_000_000)
}

#[test]
fn splice_recommendations() {
    let policy = Policy::new("cl-hive", None).unwrap();
    let mut equal = 0;
    for (case, out) in cases("splice_recommendations", RECORDED) {
        let got = ask(&policy, "splice.headroom", &splice(&case)).unwrap();
        assert_eq!(got["fleet_sats"], out["fleet_capacity"], "{case}");
        assert_eq!(got["ours_sats"], out["our_capacity"], "{case}");
        assert_eq!(got["others_sats"], out["other_member_capacity"], "{case}");
        if case["peer_total"] == 0 {
            assert_eq!(got["headroom_sats"], Value::Null, "{case}");
            continue;
        }
        // Its amount counts where its own check says that no larger one is safe.
        let amount = out["safe_splice_out_amount"].as_u64().unwrap();
        let ours = case["our"].as_u64().unwrap();
        let agrees = plugin_says_safe(&case, amount)
            && amount <= ours
            && (amount == ours || !plugin_says_safe(&case, amount + 1));
        if agrees {
            assert_eq!(got["headroom_sats"].as_u64(), Some(amount), "{case}");
            equal += 1;
        }
    }
    assert!(equal > 30, "{equal}");
}
