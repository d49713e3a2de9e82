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

fn policy_of(settings: &Value) -> Policy {
    let config = json!({ "rebalance": {
        "kelly": { "enabled": settings["enable_kelly"], "fraction": settings["kelly_fraction"] },
        "min_profit_sats": settings["rebalance_min_profit"],
        "min_profit_ppm": settings["rebalance_min_profit_ppm"],
        "tolerance_sats": settings["hive_rebalance_tolerance"],
        "cooldown_h": settings["rebalance_cooldown_hours"],
        "min_amount_sats": settings["rebalance_min_amount"],
        "max_amount_sats": settings["rebalance_max_amount"],
        "chunk_sats": settings["sling_chunk_size_sats"],
        "flow_window_days": settings["flow_window_days"],
        "velocity_gate": {
            "enabled": settings["enable_velocity_gate"],
            "min_velocity": settings["min_velocity_threshold"],
            "grace_days": settings["new_channel_grace_days"],
        },
    }});
    let text = config.to_string();
    let overrides = trimtab_core::value::Value::from_json(text.as_bytes()).unwrap();
    Policy::new("cl-hive", Some(&overrides)).unwrap()
}

fn candidate(case: &Value) -> Value {
    let flow = |channel: &Value| {
        let state = &channel["state"];
        json!({ "kind": state["state"], "sats_in": state["sats_in"], "sats_out": state["sats_out"] })
    };
    let (to, from) = (&case["dest"], &case["source"]);
    let tier = match case["nnlb_multiplier"].as_f64().unwrap() {
        2.0 => "struggling",
        1.5 => "vulnerable",
        0.75 => "thriving",
        _ => "stable",
    };
    json!({
        "inbound_ppm": case["inbound_ppm"], "p_success": case["kelly_p"], "tier": tier,
        "destination": {
            "capacity_sats": to["capacity"], "spendable_sats": to["spendable_sats"],
            "fee_ppm": to["fee_ppm"], "broadcast_fee_ppm": case["broadcast_fee_ppm"],
            "age_days": to["age_days"], "flow": flow(to),
        },
        "sources": [{
            "channel_id": "S1", "capacity_sats": from["capacity"], "fee_ppm": from["fee_ppm"],
            "spendable_sats": from["spendable_sats"], "flow": flow(from),
        }],
    })
}

/// The plugin rounds what it shows to four places.
fn shown(x: &Value) -> String {
    format!("{:.4}", x.as_f64().unwrap())
}

#[test]
fn ev() {
    let (mut accepted, mut refused) = (0, 0);
    for (case, out) in cases("ev", RECORDED) {
        let got = ask(
            &policy_of(&case["cfg"]),
            "rebalance.evaluate",
            &candidate(&case),
        )
        .unwrap();
        assert_eq!(got["accepted"], json!(!out.is_null()), "{case} {got}");
        if out.is_null() {
            refused += 1;
            continue;
        }
        accepted += 1;
        let terms = &got["terms"];
        assert_eq!(got["source"], "S1");
        for (ours, theirs) in [
            (&got["amount_sats"], "amount_sats"),
            (&got["max_fee_ppm"], "max_fee_ppm"),
            (&terms["out_ppm"], "outbound_fee_ppm"),
            (&terms["source_ppm"], "source_fee_ppm"),
            (&terms["opportunity_ppm"], "weighted_opp_cost_ppm"),
            (&terms["spread_ppm"], "spread_ppm"),
            (&terms["budget_sats"], "max_budget_sats"),
            (&terms["budget_msat"], "max_budget_msat"),
            (&terms["ev"], "expected_profit_sats"),
        ] {
            assert_eq!(*ours, out[theirs], "{theirs} of {case}");
        }
        assert_eq!(
            shown(&terms["destination_turnover"]),
            shown(&out["dest_turnover_rate"])
        );
        assert_eq!(
            shown(&terms["source_turnover"]),
            shown(&out["source_turnover_rate"])
        );
    }
    assert_eq!((accepted, refused), (159, 108));
}

#[test]
fn signed_texts() {
    let policy = Policy::new("cl-hive", None).unwrap();
    for kind in [
        "health_report",
        "liquidity_need",
        "liquidity_snapshot",
        "gossip",
    ] {
        for (payload, out) in cases(&format!("{kind}_signing"), RECORDED) {
            let input = json!({ "kind": kind, "payload": payload });
            let got = ask(&policy, "gossip.legacy_text", &input).unwrap();
            assert_eq!(got["text"], out, "{payload}");
        }
    }
}
