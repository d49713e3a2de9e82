//! Real nodes in odd states (`tests/fixtures/cln-odd`): each moment is read, and what its README says
//! of it holds to the msat.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop"
)]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use trimtab_core::policy::Policy;

const C12: &str = "e66648";
const C13: &str = "393c3c";
const C14: &str = "f101da";
const C15: &str = "7a1b6c";
const C16: &str = "feb831";
const C17: &str = "2dde2b";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/cln-odd")
}

fn json_of(path: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// The newest time in the answers.
fn newest(value: &Value) -> u64 {
    match value {
        Value::Array(entries) => entries.iter().map(newest).max().unwrap_or(0),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| match name.as_str() {
                "resolved_time" | "received_time" | "timestamp" => {
                    field.as_f64().map_or(0, |time| time as u64)
                }
                _ => newest(field),
            })
            .max()
            .unwrap_or(0),
        _ => 0,
    }
}

/// The answers of a node at a moment, named by the beginning of its folder.
fn answers(moment: &str, node: &str) -> Value {
    let moments = std::fs::read_dir(folder()).unwrap();
    let mut names = moments.map(|entry| entry.unwrap().path());
    let moment = names
        .find(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(&format!("{moment}-"))
        })
        .unwrap();
    of_folder(&moment, node)
}

fn of_folder(moment: &Path, node: &str) -> Value {
    let mut answers = json!({});
    for call in [
        "getinfo",
        "listpeerchannels",
        "listforwards",
        "bkpr-listincome",
        "listchannelmoves",
        "bkpr-listaccountevents",
    ] {
        if let Some(answer) = json_of(&moment.join(node).join(format!("{call}.json"))) {
            answers[call] = answer;
        }
    }
    if let Some(graph) = json_of(&moment.join("listchannels.json")) {
        answers["listchannels"] = graph;
    }
    answers["now"] = json!(newest(&answers) + 60);
    answers
}

/// The envelope of `snapshot.cln`.
fn asked(answers: &Value) -> Value {
    let policy = Policy::plan();
    let bytes = policy.call("snapshot.cln", answers.to_string().as_bytes());
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

fn read(moment: &str, node: &str) -> Value {
    asked(&answers(moment, node))
}

fn channel<'e>(envelope: &'e Value, id: &str) -> &'e Value {
    let channels = envelope["decision"]["us"]["channels"].as_array().unwrap();
    let named = |one: &&Value| one["channel_id"].as_str().unwrap().starts_with(id);
    channels.iter().find(named).unwrap_or(&Value::Null)
}

fn books<'e>(envelope: &'e Value, id: &str) -> &'e Value {
    let profits = envelope["decision"]["profits"].as_array().unwrap();
    let named = |one: &&Value| {
        let name = one["books"]["channel_id"].as_str();
        name.unwrap().starts_with(id)
    };
    let found = profits.iter().find(named);
    found.map_or(&Value::Null, |one| &one["books"])
}

fn codes(envelope: &Value) -> Vec<&str> {
    let reasons = envelope["reasons"].as_array().unwrap();
    reasons
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

/// The reasons of one code about one channel.
fn reason<'e>(envelope: &'e Value, code: &str, id: &str) -> Option<&'e Value> {
    let mut reasons = envelope["reasons"].as_array().unwrap().iter();
    reasons.find(|one| {
        one["code"] == code
            && one["subject"]
                .as_str()
                .is_some_and(|name| name.starts_with(id))
    })
}

fn all_revenue(envelope: &Value) -> u64 {
    let profits = envelope["decision"]["profits"].as_array().unwrap();
    let revenue = |one: &Value| one["books"]["revenue_msat"].as_u64().unwrap();
    profits.iter().map(revenue).sum()
}

/// Capacity and channels that the graph shows of a node.
fn public(envelope: &Value, node: &Value) -> (u64, u64) {
    let all = envelope["decision"]["public_capacities"]
        .as_array()
        .unwrap();
    let found = all.iter().find(|one| one["peer_id"] == *node).unwrap();
    let number = |field: &str| found[field].as_u64().unwrap();
    (number("capacity_sats"), number("channels"))
}

/// `local_sats`, `capacity_sats`, `spendable_sats`, `receivable_sats`.
fn amounts(channel: &Value) -> [u64; 4] {
    let fields = [
        "local_sats",
        "capacity_sats",
        "spendable_sats",
        "receivable_sats",
    ];
    fields.map(|field| channel[field].as_u64().unwrap_or(u64::MAX))
}

#[test]
fn every_moment_is_read_and_nothing_is_set_aside() {
    let mut read = 0;
    let mut moments: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    moments.sort();
    assert_eq!(moments.len(), 31);
    for moment in moments {
        for node in ["l1", "l2", "l3", "l4", "l5", "l6", "l7"] {
            if !moment.join(node).is_dir() {
                continue;
            }
            let answers = of_folder(&moment, node);
            let envelope = asked(&answers);
            assert!(
                envelope.get("quarantined").is_none_or(|q| *q == json!([])),
                "{moment:?} {node}"
            );
            let decision = &envelope["decision"];
            let listed = answers["listpeerchannels"]["channels"].as_array().unwrap();
            let told: u64 = ["closing", "duplicate", "opening", "proposed", "unknown"]
                .map(|name| decision["left_out"][name].as_u64().unwrap())
                .into_iter()
                .sum();
            let usable = |one: &&Value| one["usable"] == true;
            let channels = decision["us"]["channels"].as_array().unwrap();
            let usable = channels.iter().filter(usable).count();
            assert_eq!(usable + told as usize, listed.len(), "{moment:?} {node}");
            // Alone, no channel holds more than its capacity, and none sends more than it holds.
            for one in channels.iter().filter(|one| one["usable"] == true) {
                let [local, capacity, spendable, receivable] = amounts(one);
                assert!(local <= capacity, "{moment:?} {node} {one}");
                assert!(
                    spendable <= local && receivable <= capacity - local,
                    "{moment:?} {node} {one}"
                );
            }
            read += 1;
        }
    }
    assert_eq!(read, 54);
}

#[test]
fn forwards_are_revenue_where_they_left() {
    for (moment, fees) in [("01", 98_525), ("24", 253_922)] {
        let answers = answers(moment, "l1");
        let envelope = asked(&answers);
        let windows = &envelope["decision"]["revenue_windows"];
        assert_eq!(*windows, json!([0, 0, 0, fees]));
        // Channels that close are judged no more; what they earned is in the sum of the node.
        let events = answers["bkpr-listincome"]["income_events"]
            .as_array()
            .unwrap();
        let closing = events.iter().filter(|event| {
            let account = event["account"].as_str().unwrap();
            event["tag"] == "routed" && books(&envelope, account).is_null()
        });
        let closing: u64 = closing
            .map(|event| event["credit_msat"].as_u64().unwrap())
            .sum();
        assert_eq!(all_revenue(&envelope) + closing, fees);
        assert_eq!(closing, if moment == "24" { 9_800 } else { 0 });
        // A history of a few hours shows no trend.
        assert!(codes(&envelope).contains(&"insufficient_history"));
        assert_eq!(
            envelope["decision"]["assess"]["trend"],
            json!({"windows": []})
        );
    }
}

#[test]
fn a_rebalance_costs_the_channel_that_was_filled() {
    let onchain =
        |envelope: &Value, id: &str| books(envelope, id)["opening_msat"].as_u64().unwrap_or(0);
    let rebalanced = |envelope: &Value| {
        [C12, C13, C14]
            .map(|id| books(envelope, id)["cost_msat"].as_u64().unwrap() - onchain(envelope, id))
    };
    let expected = [75_026, 300_392, 32_154];
    let mut answers = answers("02", "l1");
    assert_eq!(rebalanced(&asked(&answers)), expected);
    assert_eq!(expected.iter().sum::<u64>(), 407_572);
    // The events of the accounts say the same.
    let moves = answers
        .as_object_mut()
        .unwrap()
        .remove("listchannelmoves")
        .unwrap();
    let from_events = asked(&answers);
    assert_eq!(rebalanced(&from_events), expected);
    // With neither, the books tell only where the money left: no channel bears it.
    answers
        .as_object_mut()
        .unwrap()
        .remove("bkpr-listaccountevents");
    let unattributed = asked(&answers);
    assert_eq!(rebalanced(&unattributed), [0, 0, 0]);
    assert_eq!(
        unattributed["decision"]["unattributed"]["rebalances_msat"],
        407_572
    );
    assert!(codes(&unattributed).contains(&"rebalance_cost_unattributed"));
    assert!(codes(&unattributed).contains(&"route_cost_unknown"));
    // What a route costs: R2 moved more into c13 than R1, R4 moved little; R3 is all there is of c12.
    answers["listchannelmoves"] = moves;
    let envelope = asked(&answers);
    let rates =
        [C12, C13, C14].map(|id| channel(&envelope, id)["route_cost_ppm"].as_u64().unwrap());
    let ppm = |cost: u64, amount: u64| (cost * 1000).div_ceil(amount);
    assert_eq!(
        rates,
        [
            ppm(107_180, 200_000),
            ppm(152_283, 300_000),
            ppm(107_180, 200_000)
        ]
    );
}

#[test]
fn each_rebalance_alone_costs_what_it_cost() {
    // By the hash of each: what the parts left with, less what arrived.
    let answers = answers("02", "l1");
    let moves = answers["listchannelmoves"]["channelmoves"]
        .as_array()
        .unwrap();
    let own = moves.iter().filter(|one| one["primary_tag"] == "invoice");
    let mut hashes: Vec<&str> = own
        .map(|one| one["payment_hash"].as_str().unwrap())
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut costs: Vec<u64> = Vec::new();
    for hash in hashes {
        let mut alone = answers.clone();
        let kept: Vec<&Value> = moves
            .iter()
            .filter(|one| one["payment_hash"] == hash)
            .collect();
        alone["listchannelmoves"] = json!({ "channelmoves": kept });
        let envelope = asked(&alone);
        let cost = |id: &str| {
            let books = books(&envelope, id);
            books["cost_msat"].as_u64().unwrap() - books["opening_msat"].as_u64().unwrap_or(0)
        };
        costs.push([C12, C13, C14].into_iter().map(cost).sum());
    }
    costs.sort_unstable();
    // R4, R3 (81,685 + 25,495), R1, R2 (104,528 + 47,755).
    assert_eq!(costs, [3_605, 107_180, 144_504, 152_283]);
}

#[test]
fn a_channel_known_only_by_its_alias_forwards_and_one_in_the_making_does_not_count() {
    let envelope = read("03", "l1");
    let private = channel(&envelope, C15);
    assert_eq!(private["phase"], "usable");
    assert_eq!(
        (&private["private"], &private["announced"]),
        (&json!(true), &json!(false))
    );
    assert!(private.get("short_channel_id").is_none() && private.get("age_days").is_none());
    assert!(books(&envelope, C15)["revenue_msat"].as_u64().unwrap() > 0);
    assert_eq!(private["flow"]["days_out"], 1);
    let opening = channel(&envelope, C17);
    assert_eq!(
        (&opening["phase"], &opening["usable"]),
        (&json!("opening"), &json!(false))
    );
    assert!(reason(&envelope, "not_in_normal_operation", C17).is_some());
    assert_eq!(envelope["decision"]["left_out"]["opening"], 1);
    assert_eq!(envelope["decision"]["left_out"]["unannounced"], 1);
}

#[test]
fn what_others_cannot_see_is_told_to_nobody() {
    for moment in ["04", "05", "08"] {
        let envelope = read(moment, "l1");
        let decision = &envelope["decision"];
        let l5 = channel(&envelope, C15)["peer_id"].clone();
        let capacities = decision["report"]["capacities"].as_array().unwrap();
        assert!(
            capacities.iter().all(|one| one["peer_id"] != l5),
            "{moment}"
        );
        assert!(
            decision["public_capacities"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["peer_id"] != l5)
        );
        let report = &decision["health_report"];
        assert_eq!(
            (&report["channels"], &report["total"]),
            (&json!(4), &json!(4))
        );
        assert_eq!(decision["assess"]["total"], 4);
        assert_eq!(report["capacity_sats"], decision["capacity_sats"]);
        // It is judged all the same, for ourselves.
        assert_eq!(decision["profits"].as_array().unwrap().len(), 5);
    }
}

#[test]
fn our_own_payment_through_ourselves_is_no_rebalance() {
    let answers = answers("08", "l1");
    let moves = answers["listchannelmoves"]["channelmoves"]
        .as_array()
        .unwrap();
    let own: Vec<&Value> = moves
        .iter()
        .filter(|one| {
            one["payment_hash"]
                .as_str()
                .is_some_and(|hash| hash.starts_with("618d97"))
        })
        .collect();
    let tags: Vec<&str> = own
        .iter()
        .map(|one| one["primary_tag"].as_str().unwrap())
        .collect();
    assert!(tags.contains(&"routed") && tags.contains(&"invoice"));
    let mut alone = answers.clone();
    alone["listchannelmoves"] = json!({ "channelmoves": own });
    let envelope = asked(&alone);
    assert!(codes(&envelope).contains(&"route_cost_unknown"));
    assert_eq!(envelope["decision"]["unattributed"]["rebalances_msat"], 0);
}

#[test]
fn a_splice_in_flight_counts_with_the_outcome_that_leaves_us_the_least() {
    // Local and capacity in msat as listed; what the splice takes; what is left of the spendable.
    let envelope = read("05", "l1");
    let one = channel(&envelope, C14);
    let left = (1_732_741_540 - 500_775_000) / 1000;
    assert_eq!(
        amounts(one)[..3],
        [left, 2_499_225, (1_699_154_540 - 500_775_000) / 1000]
    );
    assert_eq!(
        (&one["splicing"], &one["pending_capacity_sats"]),
        (&json!(true), &json!(2_499_225))
    );
    let told = reason(&envelope, "splice_in_flight", C14).unwrap();
    assert_eq!(
        (&told["observed"], &told["limit"]),
        (&json!(left.to_string()), &json!("1732741"))
    );
    // The peer sees that nothing of its own moves, and the same capacity.
    let theirs = read("05", "l4");
    let same = channel(&theirs, C14);
    assert_eq!(same["capacity_sats"], 2_499_225);
    assert_eq!(
        same["local_sats"],
        (3_000_000_000_u64 - 1_732_741_540) / 1000
    );
    // A replaced or refused one stays listed: of three the largest exit counts.
    let envelope = read("06", "l1");
    let one = channel(&envelope, C14);
    assert_eq!(amounts(one)[..2], [1_100_021, 2_388_278]);
    assert_eq!(one["pending_capacity_sats"], 2_388_278);
}

#[test]
fn after_a_splice_the_new_place_counts_and_the_old_one_is_no_second_channel() {
    let envelope = read("07", "l1");
    let one = channel(&envelope, C14);
    assert_eq!(one["short_channel_id"], "134x1x1");
    assert_eq!(amounts(one)[..3], [1_100_021, 2_388_278, 1_072_552]);
    assert_eq!(one["reserve_sats"], 23_882);
    assert_eq!(one["splicing"], Value::Null);
    assert_eq!(one["closed_to_forwards"], Value::Null);
    let answers = answers("07", "l1");
    let listed = answers["listchannels"]["channels"].as_array().unwrap();
    for id in ["120x1x0", "134x1x1"] {
        let both = listed
            .iter()
            .filter(|one| one["short_channel_id"] == id && one["active"] == true);
        assert_eq!(both.count(), 2, "{id}");
    }
    // l1 shows c12, c13, c14, c17; l4 shows c14 and c43.
    let decision = &envelope["decision"];
    let us = &decision["us"]["node_id"];
    assert_eq!(
        public(&envelope, us),
        (4_000_000 + 4_000_000 + 2_388_278 + 1_500_000, 4)
    );
    let l4 = &one["peer_id"];
    assert_eq!(public(&envelope, l4), (2_388_278 + 3_000_000, 2));
}

#[test]
fn a_splice_loses_no_revenue_and_its_fees_are_costs() {
    let envelope = read("08", "l1");
    let books = books(&envelope, C14);
    assert_eq!(books["revenue_msat"], 55_525);
    // The opening, the splice, and its part of the rebalances R3.
    assert_eq!(books["opening_msat"], 616_000);
    assert_eq!(books["cost_msat"], 616_000 + 11_722_000 + 32_154);
    // The forwards under its present names alone would tell 9,800.
    let mut answers = answers("08", "l1");
    answers.as_object_mut().unwrap().remove("bkpr-listincome");
    let forwards = asked(&answers);
    assert_eq!(self::books(&forwards, C14)["revenue_msat"], 9_800);
    assert_eq!(
        forwards["decision"]["unattributed"]["forwards_msat"],
        45_725
    );
    assert!(codes(&forwards).contains(&"forwards_of_unknown_channels"));
}

#[test]
fn splices_of_both_ends_are_told_apart() {
    let envelope = read("09", "l1");
    let into = channel(&envelope, C13);
    let listed = |moment: &str, node: &str, id: &str| {
        let answers = answers(moment, node);
        let channels = answers["listpeerchannels"]["channels"]
            .as_array()
            .unwrap()
            .clone();
        channels
            .into_iter()
            .find(|one| {
                one["channel_id"]
                    .as_str()
                    .is_some_and(|name| name.starts_with(id))
            })
            .unwrap()
    };
    let msat = |raw: &Value, field: &str| raw[field].as_u64().unwrap();
    // A splice-in adds nothing before it confirms.
    let raw = listed("09", "l1", C13);
    assert_eq!(into["capacity_sats"], 4_000_000);
    assert_eq!(into["local_sats"], msat(&raw, "to_us_msat") / 1000);
    assert_eq!(into["spendable_sats"], msat(&raw, "spendable_msat") / 1000);
    // The peer's exit takes from what we can receive, not from what we can send.
    let raw = listed("09", "l1", C12);
    let out = channel(&envelope, C12);
    assert_eq!(out["capacity_sats"], 3_699_225);
    assert_eq!(out["local_sats"], msat(&raw, "to_us_msat") / 1000);
    assert_eq!(
        out["receivable_sats"],
        (msat(&raw, "receivable_msat") - 300_775_000) / 1000
    );
    let raw = listed("09", "l2", C12);
    let theirs = read("09", "l2");
    let same = channel(&theirs, C12);
    assert_eq!(
        same["local_sats"],
        (msat(&raw, "to_us_msat") - 300_775_000) / 1000
    );
    // Confirmed.
    let envelope = read("10", "l1");
    assert_eq!(channel(&envelope, C13)["capacity_sats"], 4_400_000);
    assert_eq!(channel(&envelope, C12)["capacity_sats"], 3_699_225);
    assert_eq!(channel(&envelope, C12)["receivable_sats"], 1_512_161);
    let us = &envelope["decision"]["us"]["node_id"];
    assert_eq!(
        public(&envelope, us),
        (4_400_000 + 3_699_225 + 2_388_278 + 1_500_000, 4)
    );
}

#[test]
fn htlcs_that_are_held_cannot_leave_twice() {
    let envelope = read("11", "l1");
    let one = channel(&envelope, C14);
    assert_eq!(
        (&one["local_sats"], &one["spendable_sats"]),
        (&json!(1_030_023), &json!(451_868))
    );
    assert_eq!(channel(&envelope, C13)["receivable_sats"], 2_289_817);
    // A splice on top: 400,000 were refused by the peer, 251,000 were taken.
    let envelope = read("12", "l1");
    let spendable = channel(&envelope, C14)["spendable_sats"].as_u64().unwrap();
    assert_eq!(spendable, (451_868_540 - 200_775_000) / 1000);
    assert!((251_000..400_000).contains(&spendable));
}

#[test]
fn an_opening_in_any_step_counts_nowhere() {
    let envelope = read("13", "l1");
    assert_eq!(envelope["decision"]["left_out"]["proposed"], 2);
    let l1 = envelope["decision"]["us"]["node_id"].clone();
    let theirs = read("13", "l6");
    // Neither side has amounts or an id there; the reason is about the peer.
    assert_eq!(theirs["decision"]["us"]["channels"], json!([]));
    assert!(reason(&theirs, "not_in_normal_operation", "").is_some());
    assert_ne!(l1, Value::Null);
    let depleted = envelope["decision"]["report"]["depleted"]
        .as_array()
        .unwrap();
    let one = channel(&envelope, C14);
    assert_eq!(one["local_sats"], 28_248);
    assert!(
        depleted
            .iter()
            .any(|trouble| trouble["peer_id"] == one["peer_id"])
    );
    for (moment, spendable) in [("14", Some(783_346)), ("15", None)] {
        for node in ["l1", "l6"] {
            let envelope = read(moment, node);
            let one = channel(&envelope, C16);
            assert_eq!(
                (&one["phase"], &one["usable"]),
                (&json!("opening"), &json!(false))
            );
            assert_eq!(one["splicing"], Value::Null);
            assert!(one.get("pending_capacity_sats").is_none());
            assert!(reason(&envelope, "splice_in_flight", C16).is_none());
            assert!(books(&envelope, C16).is_null());
            if let (Some(spendable), "l1") = (spendable, node) {
                assert_eq!(one["spendable_sats"], spendable);
                assert_eq!(one["connected"], false);
            }
        }
    }
}

#[test]
fn a_lease_is_a_cost_here_and_revenue_there() {
    let lessee = read("16", "l1");
    let theirs = books(&lessee, C16);
    assert_eq!(theirs["cost_msat"], 8_266_000 + 2_131_000);
    assert_eq!(theirs["opening_msat"], 2_131_000);
    let lessor = read("16", "l6");
    let ours = books(&lessor, C16);
    assert_eq!(ours["revenue_msat"], 8_266_000);
    assert_eq!(ours["cost_msat"], 447_000);
}

#[test]
fn offline_restarted_and_closed_to_forwards_are_three_things() {
    let envelope = read("17", "l1");
    let offline = channel(&envelope, C15);
    assert_eq!(
        (&offline["connected"], &offline["spendable_sats"]),
        (&json!(false), &json!(648_414))
    );
    assert_eq!(offline["phase"], "usable");
    let closed = channel(&envelope, C17);
    assert_eq!(
        (&closed["closed_to_forwards"], &closed["connected"]),
        (&json!(true), &json!(true))
    );
    assert!(reason(&envelope, "closed_to_forwards", C17).is_some());
    assert_eq!(
        channel(&envelope, C12)["last_hop"],
        json!({"base_msat": 5000, "ppm": 700})
    );
    // The peer is there, the channel is not in step yet.
    let envelope = read("18", "l1");
    for id in [C12, C13, C14, C16, C17] {
        assert_eq!(channel(&envelope, id)["connected"], false, "{id}");
    }
}

#[test]
fn every_way_of_closing_is_closing() {
    for (moment, states) in [("20", 4), ("21", 4), ("22", 4)] {
        let envelope = read(moment, "l1");
        assert_eq!(
            envelope["decision"]["left_out"]["closing"], states,
            "{moment}"
        );
        let channels = envelope["decision"]["us"]["channels"].as_array().unwrap();
        let closing: Vec<&Value> = channels
            .iter()
            .filter(|one| one["phase"] == "closing")
            .collect();
        assert_eq!(closing.len(), states);
        // They keep what they could send, and two of them are in step with their peers.
        assert!(
            closing
                .iter()
                .all(|one| one["spendable_sats"].as_u64().unwrap() > 0)
        );
        assert!(closing.iter().all(|one| one["usable"] == false));
        // Of the two nodes with a channel that closes and one that stays, one public channel is left.
        let l7 = &channel(&envelope, C17)["peer_id"];
        assert_eq!(public(&envelope, l7), (1_500_000, 1));
    }
    let lost = read("23", "l7");
    assert_eq!(channel(&lost, C17)["phase"], "closing");
    assert_eq!(channel(&read("23", "l1"), C17)["usable"], false);
}

#[test]
fn deleting_the_forwards_loses_no_revenue() {
    let (before, mut after) = (answers("24", "l1"), answers("25", "l1"));
    after["now"] = before["now"].clone();
    // The moves and events are the same.
    for call in ["listchannelmoves", "bkpr-listaccountevents"] {
        after[call] = before[call].clone();
    }
    assert_eq!(
        after["listforwards"]["forwards"].as_array().unwrap().len(),
        17
    );
    let (with, without) = (asked(&before), asked(&after));
    assert_eq!(
        without["decision"]["revenue_windows"],
        json!([0, 0, 0, 253_922])
    );
    for field in [
        "profits",
        "revenue_windows",
        "assess",
        "health_report",
        "demand",
    ] {
        assert_eq!(
            with["decision"][field], without["decision"][field],
            "{field}"
        );
    }
    assert_eq!(with["decision"]["us"], without["decision"]["us"]);
}

#[test]
fn moves_know_more_of_a_spliced_channel_than_forwards() {
    let with = answers("24", "l1");
    let mut without = with.clone();
    without.as_object_mut().unwrap().remove("listchannelmoves");
    let sent = |answers: &Value| {
        let envelope = asked(answers);
        channel(&envelope, C14)["flow"]["sats_out"]
            .as_u64()
            .unwrap()
    };
    let moves = with["listchannelmoves"]["channelmoves"].as_array().unwrap();
    let routed = moves.iter().filter(|one| {
        one["primary_tag"] == "routed" && one["account_id"].as_str().unwrap().starts_with(C14)
    });
    let all: u64 = routed.map(|one| one["debit_msat"].as_u64().unwrap()).sum();
    assert_eq!(sent(&with), all / 1000);
    assert!(sent(&without) < sent(&with));
}

#[test]
fn one_transaction_may_be_a_splice_of_two_channels() {
    let envelope = read("26", "l1");
    let answers = answers("26", "l1");
    let listed = answers["listpeerchannels"]["channels"].as_array().unwrap();
    for (id, ours) in [(C16, -101_163_000_i64), (C13, 100_000_000)] {
        let raw = listed.iter().find(|one| {
            one["channel_id"]
                .as_str()
                .is_some_and(|name| name.starts_with(id))
        });
        let local = raw.unwrap()["to_us_msat"].as_i64().unwrap();
        let one = channel(&envelope, id);
        assert_eq!(one["local_sats"], (local + ours.min(0)) / 1000);
        assert_eq!(one["splicing"], true);
    }
}

#[test]
fn what_filled_a_channel_that_is_gone_is_told_of_the_node() {
    let envelope = read("27", "l1");
    assert!(channel(&envelope, C14).is_null());
    // Its part of R3, then R6 and both parts of R7.
    let gone = 32_154 + 77_437 + 40_336 + 34_790;
    assert_eq!(
        envelope["decision"]["unattributed"]["rebalances_msat"],
        gone
    );
    assert!(codes(&envelope).contains(&"rebalance_cost_unattributed"));
    // R1, R2 and R4, its splice and its part of the cross splice; its opening was paid by l3.
    assert_eq!(
        books(&envelope, C13)["cost_msat"],
        300_392 + 1_007_000 + 581_500
    );
    // Before it was closed the channel bore them.
    let answers = answers("24", "l1");
    let envelope = asked(&answers);
    let events = answers["bkpr-listincome"]["income_events"]
        .as_array()
        .unwrap();
    let onchain = events.iter().filter(|event| {
        event["tag"] == "onchain_fee" && event["account"].as_str().unwrap().starts_with(C14)
    });
    let onchain: u64 = onchain
        .map(|event| event["debit_msat"].as_u64().unwrap())
        .sum();
    assert_eq!(books(&envelope, C14)["cost_msat"], onchain + gone);
}

#[test]
fn nearly_all_may_be_on_its_way_out() {
    let envelope = read("28", "l1");
    let one = channel(&envelope, C16);
    assert_eq!(
        amounts(one)[..3],
        [48_634, 595_553, (653_659_987 - 620_775_000) / 1000]
    );
    let envelope = read("29", "l1");
    // 60,281,000 msat were refused, 57,295,155 settled.
    assert_eq!(channel(&envelope, C12)["spendable_sats"], 56_695);
}

#[test]
fn a_forward_in_over_an_alias_is_no_forward_of_a_stranger() {
    let answers = answers("30", "l1");
    let forwards = answers["listforwards"]["forwards"].as_array().unwrap();
    let last = forwards
        .iter()
        .find(|one| one["in_channel"] == "6362080x9457410x24132" && one["status"] == "settled")
        .unwrap();
    let envelope = asked(&answers);
    let channels = envelope["decision"]["us"]["channels"].as_array().unwrap();
    let into = channels.iter().find(|one| {
        one["flow"]["sats_in"].as_u64() == last["in_msat"].as_u64().map(|msat| msat / 1000)
    });
    assert!(into.is_some_and(|one| one["private"] == true && one["phase"] == "usable"));
}
