//! Laws of reading a node, over nodes that could be.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unreachable,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test may stop, look at a clock and read what it is told"
)]

mod nodes;

use nodes::{Dice, Link, NOW, Node, node, written};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use trimtab_core::policy::Policy;

/// A node takes long to read: a long run reads no more than 10,000 of them for each law.
fn cases() -> ProptestConfig {
    let asked = std::env::var("TRIMTAB_CASES").ok();
    let cases: u32 = asked.and_then(|text| text.parse().ok()).unwrap_or(256);
    ProptestConfig {
        cases: cases.min(10_000),
        rng_seed: RngSeed::Fixed(12),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    }
}

fn call(operation: &str, input: &Value) -> Value {
    let answer = Policy::plan().call(operation, input.to_string().as_bytes());
    serde_json::from_slice(&answer.unwrap()).unwrap()
}

fn list<'v>(value: &'v Value, at: &str) -> &'v [Value] {
    value
        .pointer(at)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The lists of the answers, wherever they are.
fn lists(answers: &mut Value) -> Vec<&mut Vec<Value>> {
    let calls = answers.as_object_mut().unwrap().values_mut();
    let fields = calls.filter_map(|call| call.as_object_mut());
    fields
        .flat_map(|call| call.values_mut().filter_map(Value::as_array_mut))
        .collect()
}

fn sorted(value: Option<&Value>) -> Vec<String> {
    let mut texts: Vec<String> = value
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |list| list.iter().map(Value::to_string).collect());
    texts.sort();
    texts
}

/// What a class does to the score: only an underwater channel lowers it, only a profitable one
/// lifts it.
fn worth(class: &str) -> i8 {
    match class {
        "profitable" => 1,
        "underwater" => -1,
        _ => 0,
    }
}

fn trend(snapshot: &Value) -> Option<String> {
    let assess = snapshot.pointer("/decision/assess")?;
    let judged = call("health.assess", assess);
    judged["decision"]["trend"].as_str().map(str::to_owned)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_order_of_what_a_node_lists_changes_nothing(seed in any::<u64>()) {
        let Node { mut answers, .. } = node(seed, None);
        let before = call("snapshot.cln", &answers);
        let mut dice = Dice::of(seed ^ 1);
        for list in lists(&mut answers) {
            dice.shuffle(list);
        }
        let after = call("snapshot.cln", &answers);
        prop_assert_eq!(&before["decision"], &after["decision"]);
        prop_assert_eq!(&before["reasons"], &after["reasons"]);
        prop_assert_eq!(sorted(before.get("quarantined")), sorted(after.get("quarantined")));
    }

    #[test]
    fn nothing_that_cannot_be_used_counts_and_nothing_moves_that_a_channel_does_not_carry(seed in any::<u64>()) {
        let Node { answers, links } = node(seed, None);
        let snapshot = call("snapshot.cln", &answers);
        let decision = &snapshot["decision"];
        prop_assert_eq!(snapshot.get("quarantined").map_or(0, |q| q.as_array().unwrap().len()), 0);
        let channels = list(decision, "/us/channels");
        let link = |channel: &Value| links.iter().find(|link| link.id == channel["channel_id"]).unwrap();
        for channel in channels {
            let here = link(channel);
            let usable = here.is_usable() && channel["phase"] == "usable";
            prop_assert_eq!(channel["usable"] == true, usable);
            prop_assert_eq!(usable, here.is_usable());
            if usable {
                carries(channel, here)?;
            }
            let judged = call("liquidity.classify", channel);
            prop_assert_eq!(judged["decision"]["class"] == "unusable", !usable);
        }
        let usable: Vec<&Value> = channels.iter().filter(|one| one["usable"] == true).collect();
        prop_assert_eq!(usable.len(), links.iter().filter(|link| link.is_usable()).count());
        let judged = list(decision, "/profits");
        prop_assert!(judged.is_empty() || judged.len() == usable.len());
        let told: u64 = list(decision, "/report/capacities").iter().map(|one| one["capacity_sats"].as_u64().unwrap()).sum();
        let total: u64 = list(decision, "/report/capacities").iter().map(|one| one["channels"].as_u64().unwrap()).sum();
        prop_assert_eq!(&json!(told), &decision["capacity_sats"]);
        let private = usable.iter().filter(|one| one["private"] == true).count() as u64;
        let unannounced = decision["left_out"]["unannounced"].as_u64().unwrap();
        prop_assert!(unannounced >= private);
        prop_assert_eq!(total + unannounced, usable.len() as u64);
        if let Some(report) = decision.get("health_report") {
            prop_assert_eq!(&report["channels"], &json!(total));
            prop_assert_eq!(&report["total"], &json!(total));
            prop_assert_eq!(&report["capacity_sats"], &json!(told));
            prop_assert_eq!(&decision["assess"]["total"], &json!(total));
        }
        let told_troubles = list(decision, "/report/depleted").len() + list(decision, "/report/saturated").len();
        prop_assert!(told_troubles as u64 <= total);
    }

    #[test]
    fn a_cut_history_never_makes_a_trend_improving_and_never_betters_a_class(seed in any::<u64>(), days in 0..95u64, part in 0..86_400u64) {
        let Node { mut answers, .. } = node(seed, None);
        let before = call("snapshot.cln", &answers);
        let cut = NOW - days * 86_400 - part;
        let old = |entry: &Value, field: &str| entry[field].as_f64().unwrap() < cut as f64;
        if let Some(forwards) = answers.pointer_mut("/listforwards/forwards").and_then(Value::as_array_mut) {
            forwards.retain(|one| !old(one, "resolved_time"));
        }
        if let Some(events) = answers.pointer_mut("/bkpr_listincome/income_events").and_then(Value::as_array_mut) {
            events.retain(|one| one["tag"] != "routed" || !old(one, "timestamp"));
        }
        let after = call("snapshot.cln", &answers);
        if trend(&before).as_deref() != Some("improving") {
            prop_assert!(trend(&after).as_deref() != Some("improving"));
        }
        let (had, has) = (list(&before, "/decision/profits"), list(&after, "/decision/profits"));
        prop_assert_eq!(had.len(), has.len());
        for (had, has) in had.iter().zip(has) {
            let class = |one: &Value| worth(one["profit"]["class"].as_str().unwrap());
            prop_assert!(class(has) <= class(had), "{} {}", had, has);
        }
    }

    #[test]
    fn our_own_honest_report_is_never_implausible_to_who_sees_the_same_graph(seed in any::<u64>()) {
        let Node { answers, links } = node(seed, None);
        let ours = call("snapshot.cln", &answers);
        let (Some(report), Some(graph)) = (ours.pointer("/decision/health_report"), answers.get("listchannels")) else {
            return Ok(());
        };
        let us = answers["getinfo"]["id"].as_str().unwrap();
        let peers = links.iter().map(|link| link.peer.as_str());
        for other in peers.take(3).chain(["02stranger"]) {
            let theirs: Vec<Link> = links.iter().filter(|link| link.peer == other).map(Link::mirrored).collect();
            let mut asked = written(&mut Dice::of(seed ^ 2), other, &theirs);
            asked["listchannels"] = graph.clone();
            asked["getinfo"]["id"] = json!(other);
            let seen = call("snapshot.cln", &asked);
            let verdict = call("health.verify", &json!({ "now": NOW, "report": report, "evidence": evidence(&seen, us) }));
            let reasons = verdict["reasons"].to_string();
            prop_assert_ne!(&verdict["decision"]["verdict"], "implausible", "{} {}", other, reasons);
        }
    }
}

/// Whichever outcome confirms, what is told as movable is there.
fn carries(channel: &Value, link: &Link) -> Result<(), TestCaseError> {
    let sats = |field: &str| {
        channel
            .get(field)
            .map(|sats| i128::from(sats.as_u64().unwrap()))
    };
    let (local, capacity) = (sats("local_sats").unwrap(), sats("capacity_sats").unwrap());
    for (ours, total) in link.outcomes() {
        prop_assert!(local * 1000 <= ours.max(0), "{channel}");
        prop_assert!(
            sats("spendable_sats").unwrap_or(0) * 1000 <= ours.max(0),
            "{channel}"
        );
        prop_assert!(
            sats("receivable_sats").unwrap_or(0) * 1000 <= (total - ours).max(0),
            "{channel}"
        );
        let least = sats("pending_capacity_sats").unwrap_or(capacity);
        prop_assert!(least * 1000 <= total, "{channel}");
    }
    Ok(())
}

/// What a node sees of another, as the book takes it.
fn evidence(seen: &Value, of: &str) -> Value {
    let mut evidence = json!({ "our_capacity_sats": 0, "our_channels": 0 });
    let shared = list(seen, "/decision/us/channels")
        .iter()
        .filter(|one| one["peer_id"] == of && one["usable"] == true && one["announced"] == true);
    let safe = |one: &Value| {
        let capacity = one["capacity_sats"].as_u64().unwrap();
        one.get("pending_capacity_sats")
            .map_or(capacity, |pending| pending.as_u64().unwrap().min(capacity))
    };
    let shared: Vec<u64> = shared.map(safe).collect();
    evidence["our_capacity_sats"] = json!(shared.iter().sum::<u64>());
    evidence["our_channels"] = json!(shared.len());
    let public = list(seen, "/decision/public_capacities")
        .iter()
        .find(|one| one["peer_id"] == of);
    if let Some(public) = public {
        evidence["public_capacity_sats"] = public["capacity_sats"].clone();
        evidence["public_channels"] = public["channels"].clone();
    }
    evidence
}

/// `make bench` runs it: the goal is three times, and a time is no assertion.
#[test]
#[ignore = "a time, for people: a row of make bench"]
fn reading_the_largest_node_takes_a_small_multiple_of_parsing_it() {
    for seed in 0..5 {
        let text = node(seed, Some(400)).answers.to_string();
        let best = |run: &dyn Fn() -> usize| {
            let times = (0..15).map(|_| {
                let begin = std::time::Instant::now();
                assert!(run() > 0);
                begin.elapsed()
            });
            times.min().unwrap()
        };
        let policy = Policy::plan();
        let parsing = best(&|| {
            let value: Value = serde_json::from_str(&text).unwrap();
            value.as_object().unwrap().len()
        });
        let reading = best(&|| policy.call("snapshot.cln", text.as_bytes()).unwrap().len());
        let times = reading.as_secs_f64() / parsing.as_secs_f64();
        println!(
            "{} bytes: parsed in {parsing:?}, read in {reading:?}, {times:.2} times (goal 3)",
            text.len()
        );
    }
}
