//! What the deployed plugins do wrong and trimtab does not, asked as a host asks. The table of all
//! such defects, most of which have their test beside the code, is in docs/plugins.md.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use serde_json::{Value, json};
use trimtab_core::error::Error;
use trimtab_core::policy::Policy;

fn ask(profile: &str, operation: &str, input: &Value) -> Result<Value, Error> {
    let policy = Policy::new(profile, None).unwrap();
    let answer = policy.call(operation, input.to_string().as_bytes())?;
    let envelope: Value = serde_json::from_slice(&answer).unwrap();
    assert!(!envelope["reasons"].as_array().unwrap().is_empty());
    Ok(envelope["decision"].clone())
}

fn codes(operation: &str, input: &Value) -> Vec<String> {
    let answer = Policy::plan()
        .call(operation, input.to_string().as_bytes())
        .unwrap();
    let envelope: Value = serde_json::from_slice(&answer).unwrap();
    let reasons = envelope["reasons"].as_array().unwrap().iter();
    reasons
        .map(|reason| reason["code"].as_str().unwrap().to_owned())
        .collect()
}

/// A consistent health report.
fn verified(report: &[(&str, Value)]) -> Value {
    let mut input = json!({
        "evidence": {"public_capacity_sats": 50_000_000, "public_channels": 10}, "now": 10_000,
        "report": {"at": 10_000, "capacity_sats": 50_000_000, "channels": 10, "imbalance_bp": 20_000,
            "profitable": 6, "stagnant": 1, "total": 10, "underwater": 2, "windows": [100, 100, 100, 100]},
    });
    for (field, value) in report {
        input["report"][*field] = value.clone();
    }
    input
}

#[test]
fn a_score_can_not_be_claimed_and_true_is_no_number() {
    for (field, value) in [("overall_health", json!(100)), ("score", json!(100))] {
        let error = ask("plan", "health.verify", &verified(&[(field, value)])).unwrap_err();
        assert_eq!(error.code.as_str(), "unknown_field");
    }
    let error = ask(
        "plan",
        "health.verify",
        &verified(&[("total", json!(true))]),
    )
    .unwrap_err();
    assert_eq!(error.code.as_str(), "malformed");
}

#[test]
fn capacity_that_the_graph_does_not_show_is_found_out() {
    let input = verified(&[("capacity_sats", json!(1_125_899_906_842_624u64))]);
    let found = codes("health.verify", &input);
    assert!(
        found.contains(&"capacity_above_announced".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_member_that_stopped_reporting_does_not_count_in_the_average() {
    let fresh = json!({"member_id": "aa", "at": 100_000_000, "score": 80});
    let silent = json!({"member_id": "bb", "at": 1, "score": 10});
    let input = json!({"now": 100_000_000, "members": [fresh, silent]});
    assert_eq!(
        ask("plan", "health.fleet", &input).unwrap()["fleet_health"],
        80
    );
}

#[test]
fn a_rebalance_that_is_over_blocks_nobody() {
    let input = |now: u64| {
        json!({"target_peer": "x", "now": now, "us": {"node_id": "us"}, "members": [
            {"member_id": "aa", "at": 900, "rebalancing": [{"peer_id": "x", "at": 900, "expected_end": 1200}]}]})
    };
    let conflict =
        |now| ask("plan", "rebalance.conflict", &input(now)).unwrap()["conflict"].clone();
    assert_eq!(
        (conflict(1000), conflict(1201)),
        (json!(true), json!(false))
    );
}

#[test]
fn a_negative_splice_is_refused_and_an_unknown_total_is_not_safe() {
    let mut input = json!({"peer_id": "x", "now": 1000, "type": "splice_out", "amount_sats": -5_000_000,
        "peer_public_sats": 20_000_000, "ours": {"channels": [{"capacity_sats": 2_000_000}]}, "others": []});
    for profile in ["plan", "cl-hive"] {
        let error = ask(profile, "splice.check", &input).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.field.as_str()),
            ("out_of_range", "amount_sats")
        );
    }
    input["amount_sats"] = json!(1);
    input["peer_public_sats"] = json!(0);
    for profile in ["plan", "cl-hive"] {
        let told = ask(profile, "splice.check", &input).unwrap();
        assert_eq!(told["safety"], "unchecked");
    }
}

#[test]
fn a_target_is_never_above_the_capacity() {
    for profile in ["plan", "cl-hive"] {
        for moved in [0u64, 1_000, 21_000_000, 2_000_000_000] {
            let input = json!({"capacity_sats": 1_000_000, "spendable_sats": 0,
                "flow": {"kind": "source", "sats_in": 0, "sats_out": moved}});
            let sized = ask(profile, "rebalance.size", &input).unwrap();
            assert!(
                sized["target_sats"].as_u64().unwrap() <= 1_000_000,
                "{sized}"
            );
        }
    }
}

#[test]
fn a_multiplier_in_a_report_is_an_unknown_field() {
    let input =
        json!({"ev_sats": 8.0, "min_ev_sats": 10.0, "tier": "stable", "budget_multiplier": 99.0});
    let error = ask("plan", "rebalance.accept", &input).unwrap_err();
    assert_eq!(error.code.as_str(), "unknown_field");
}

#[test]
fn every_need_of_a_member_is_kept() {
    let trouble =
        |peer: &str| json!({"capacity_sats": 1_000_000, "local_pct": 0.05, "peer_id": peer});
    let input = json!({"now": 1000, "us": {"node_id": "us"}, "members": [
        {"member_id": "aa", "at": 1000, "depleted": [trouble("x"), trouble("y"), trouble("z")]}]});
    let found = ask("plan", "liquidity.needs", &input).unwrap();
    assert_eq!(found["fleet_needs"].as_array().unwrap().len(), 3);
}

#[test]
fn nesting_ends_at_a_depth_and_nothing_is_divided_by_zero() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = Policy::plan().call("health.score", deep.as_bytes());
    assert_eq!(error.unwrap_err().code.as_str(), "malformed");
    for profile in ["plan", "cl-hive"] {
        let empty = json!({"capacity_sats": 0, "local_sats": 0});
        assert!(ask(profile, "liquidity.classify", &empty).is_ok());
        let nobody = json!({"channels": 0, "capacity_sats": 0, "available_sats": 0,
            "revenue_sats": 0, "average_capacity_sats": 0, "average_revenue_sats": 0});
        assert!(ask(profile, "health.gossip_scale", &nobody).is_ok());
    }
}
