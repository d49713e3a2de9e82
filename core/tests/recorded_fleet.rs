//! Profile `cl-hive` gives the numbers that the deployed plugins gave, case by case; where we
//! refuse an input that they accept, the test says with which error.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use serde_json::{Value, json};
use trimtab_core::error::Error;
use trimtab_core::policy::Policy;

const RECORDED: &str = include_str!("../../tests/fixtures/recorded/cl-hive.jsonl");
const MORE: &str = include_str!("../../tests/fixtures/recorded/cl-hive-more.jsonl");
const LEGAL: &str = include_str!("../../tests/fixtures/recorded/cl-hive-legal.jsonl");

fn cases(name: &str) -> Vec<(Value, Value)> {
    let parsed = RECORDED
        .lines()
        .chain(LEGAL.lines())
        .chain(MORE.lines())
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            case
        });
    let chosen: Vec<_> = parsed
        .filter(|case| case["fn"] == name)
        .map(|case| (case["in"].clone(), case["out"].clone()))
        .collect();
    assert!(!chosen.is_empty(), "no recorded case of {name}");
    chosen
}

fn ask(operation: &str, input: &Value) -> Result<Value, Error> {
    let policy = Policy::new("cl-hive", None).unwrap();
    let answer = policy.call(operation, input.to_string().as_bytes())?;
    let envelope: Value = serde_json::from_slice(&answer).unwrap();
    assert!(
        !envelope["reasons"].as_array().unwrap().is_empty(),
        "{operation} {input}: no reason"
    );
    Ok(envelope["decision"].clone())
}

fn share(value: &Value) -> bool {
    value.as_f64().is_some_and(|x| (0.0..=1.0).contains(&x))
}

#[test]
fn health_score() {
    let (mut equal, mut refused) = (0, 0);
    for (input, out) in cases("health_score") {
        let asked = ask(
            "health.score",
            &json!({"profitable_pct": input[0], "underwater_pct": input[1],
                    "liquidity_score": input[2], "trend": input[3]}),
        );
        let words = ["improving", "stable", "declining"];
        let liquid = input[2]
            .as_f64()
            .is_some_and(|x| (0.0..=100.0).contains(&x));
        if !share(&input[0]) || !share(&input[1]) || !liquid {
            assert_eq!(asked.unwrap_err().code.as_str(), "out_of_range", "{input}");
            refused += 1;
        } else if !input[3].as_str().is_some_and(|word| words.contains(&word)) {
            let code = asked.unwrap_err().code.as_str();
            assert!(
                ["malformed", "out_of_range"].contains(&code),
                "{input}: {code}"
            );
            refused += 1;
        } else {
            let decision = asked.unwrap();
            assert_eq!(json!([decision["score"], decision["tier"]]), out, "{input}");
            equal += 1;
        }
    }
    assert!(
        equal >= 60 && refused > 0,
        "{equal} equal, {refused} refused"
    );
}

#[test]
fn nan_is_refused_where_the_plugin_takes_it_for_the_best_value() {
    const FIELDS: [&str; 3] = ["profitable_pct", "underwater_pct", "liquidity_score"];
    let mut refused = std::collections::BTreeSet::new();
    for (input, _) in cases("health_score_nan") {
        let mut asked = json!({"profitable_pct": 0.5, "underwater_pct": 0.5,
                    "liquidity_score": 50.0, "trend": "stable"});
        let nan = (0..3).find(|n| input[n][0] == "nan").unwrap();
        asked[FIELDS[nan]] = json!({"$f64": "NaN"});
        let error = ask("health.score", &asked).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.field.as_str()),
            ("out_of_range", FIELDS[nan])
        );
        refused.insert(nan);
    }
    assert_eq!(refused.len(), 3, "each of the three is recorded as NaN");
}

#[test]
fn liquidity_score() {
    let (mut equal, mut refused) = (0, 0);
    for (input, out) in cases("liquidity_score") {
        let shares = input.as_array().unwrap();
        let channels: Vec<_> = shares.iter().map(|pct| json!({"local_pct": pct})).collect();
        let asked = ask("health.liquidity_score", &json!({"channels": channels}));
        if shares.iter().all(share) {
            assert_eq!(asked.unwrap()["liquidity_score"], out, "{input}");
            equal += 1;
        } else {
            assert_eq!(asked.unwrap_err().code.as_str(), "out_of_range", "{input}");
            refused += 1;
        }
    }
    assert!(
        equal >= 60 && refused > 0,
        "{equal} equal, {refused} refused"
    );
}

#[test]
fn update_our_health() {
    let (mut equal, mut refused) = (0, 0);
    for (input, out) in cases("update_our_health") {
        let asked = ask(
            "health.assess",
            &json!({"profitable": input[0], "underwater": input[1], "stagnant": input[2],
                    "total": input[3], "trend": input[4], "liquidity_score": input[5]}),
        );
        let n = |i: usize| input[i].as_i64().unwrap();
        let legal =
            (0..6).all(|i| i == 4 || n(i) >= 0) && n(0) + n(1) + n(2) <= n(3) && n(5) <= 100;
        if !legal {
            assert_eq!(asked.unwrap_err().code.as_str(), "out_of_range", "{input}");
            refused += 1;
            continue;
        }
        let decision = asked.unwrap();
        let (ret, db) = match out.get("ret") {
            Some(ret) => (ret, &out["db"]),
            None => (&out, &out),
        };
        for (ours, theirs) in [
            ("score", "health_score"),
            ("tier", "health_tier"),
            ("budget_multiplier", "budget_multiplier"),
            ("capacity_score", "capacity_score"),
            ("revenue_score", "revenue_score"),
        ] {
            assert_eq!(decision[ours], ret[theirs], "{input} {ours}");
        }
        for column in ["needs_help", "can_help_others", "connectivity_score"] {
            assert_eq!(decision[column], db[column], "{input} {column}");
        }
        equal += 1;
    }
    assert!(
        equal >= 60 && refused > 0,
        "{equal} equal, {refused} refused"
    );
}

#[test]
fn assess_need() {
    for (input, out) in cases("assess_need") {
        let decision = ask(
            "liquidity.classify",
            &json!({"capacity_sats": input[0], "local_sats": input[1]}),
        )
        .unwrap();
        let ours = match decision.get("need_type") {
            None => json!([]),
            Some(need) => json!([[
                need,
                decision["amount_sats"],
                decision["severity"],
                decision["local_pct"]
            ]]),
        };
        let theirs: Vec<Value> = out
            .as_array()
            .unwrap()
            .iter()
            .map(|need| {
                json!([
                    need["need_type"],
                    need["amount_sats"],
                    need["urgency"],
                    need["current_balance_pct"]
                ])
            })
            .collect();
        assert_eq!(ours, Value::Array(theirs), "{input}");
    }
}

#[test]
fn fleet_summary() {
    for (input, out) in cases("fleet_summary") {
        let member = |row: &Value| json!({"member_id": row[0], "at": 1000, "score": row[1]});
        // The plugin knows a member without a name as well; an id of ours has at least one character.
        let members: Vec<_> = input.as_array().unwrap().iter().map(member).collect();
        let decision = ask("health.fleet", &json!({"members": members, "now": 1000})).unwrap();
        for field in [
            "fleet_health",
            "member_count",
            "struggling_count",
            "vulnerable_count",
            "stable_count",
            "thriving_count",
        ] {
            assert_eq!(decision[field], out[field], "{input} {field}");
        }
        let row = |id: &str, score: &str, tier: &str, one: &Value| {
            json!([one[id], one[score], one[tier], one["budget_multiplier"]])
        };
        let ours = decision["members"].as_array().unwrap().iter();
        let ours: Vec<_> = ours
            .map(|one| row("member_id", "score", "tier", one))
            .collect();
        let theirs = out["members"].as_array().unwrap().iter();
        let theirs: Vec<_> = theirs
            .map(|one| row("peer_id", "health_score", "health_tier", one))
            .collect();
        assert_eq!(ours, theirs, "{input}");
    }
}

#[test]
fn gossip_health() {
    for (input, out) in cases("gossip_health") {
        let decision = ask(
            "health.gossip_scale",
            &json!({"capacity_sats": input[0], "available_sats": input[1], "channels": input[2],
                    "revenue_sats": input[3], "average_capacity_sats": input[4], "average_revenue_sats": input[5]}),
        )
        .unwrap();
        assert_eq!(decision, out, "{input}");
    }
}

#[test]
fn relevance() {
    for (input, out) in cases("relevance") {
        let channel = |one: &Value| json!({"capacity_sats": one[0], "local_sats": one[1]});
        let channels: Vec<_> = input.as_array().unwrap().iter().map(channel).collect();
        let decision = ask("liquidity.relevance", &json!({"channels": channels})).unwrap();
        assert_eq!(decision["our_relevance"], out, "{input}");
    }
}

#[test]
fn fleet_fee() {
    let mut words = std::collections::BTreeSet::new();
    for (input, out) in cases("fleet_fee") {
        words.insert(input[2].to_string());
        let decision = ask(
            "legacy.fee",
            &json!({"peer_id": "P", "base_ppm": input[0], "min_fee_ppm": input[3], "max_fee_ppm": input[4],
                    "needs": [{"peer_id": "P", "need_type": input[1], "health_tier": input[2], "severity": "high"}]}),
        )
        .unwrap();
        assert_eq!(decision["fee_ppm"], out, "{input}");
    }
    // Every word of both scales occurs, so that none of them may refuse the call.
    assert!(words.len() >= 5, "{words:?}");
}
