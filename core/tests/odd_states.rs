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

/// A channel as the node lists it.
fn listed(moment: &str, node: &str, id: &str) -> Value {
    let answers = answers(moment, node);
    let channels = answers["listpeerchannels"]["channels"].as_array().unwrap();
    let named = |one: &&Value| {
        one["channel_id"]
            .as_str()
            .is_some_and(|name| name.starts_with(id))
    };
    channels.iter().find(named).unwrap().clone()
}

/// What each splice in flight takes and the capacity it would leave.
fn inflight(raw: &Value) -> Vec<(i64, u64)> {
    let splices = raw["inflight"].as_array().map_or(&[][..], Vec::as_slice);
    let told = |one: &Value| {
        (
            one["splice_amount"].as_i64().unwrap(),
            msat(one, "total_funding_msat"),
        )
    };
    splices.iter().map(told).collect()
}

fn msat(raw: &Value, field: &str) -> u64 {
    raw[field].as_u64().unwrap()
}

fn forwards(answers: &Value) -> &[Value] {
    answers["listforwards"]["forwards"].as_array().unwrap()
}

/// How many forwards ended so.
fn ended(answers: &Value, status: &str) -> usize {
    let forwards = forwards(answers).iter();
    forwards.filter(|one| one["status"] == status).count()
}

/// Why our node refused forwards, in the order of the answer.
fn refused(answers: &Value) -> Vec<&str> {
    let forwards = forwards(answers).iter();
    forwards
        .filter_map(|one| one["failreason"].as_str())
        .collect()
}

/// Debits and credits of a tag in the books of a channel.
fn booked(answers: &Value, id: &str, tag: &str) -> (u64, u64) {
    let events = answers["bkpr-listincome"]["income_events"]
        .as_array()
        .unwrap();
    let here = events
        .iter()
        .filter(|one| one["tag"] == tag && one["account"].as_str().unwrap().starts_with(id));
    here.fold((0, 0), |(debit, credit), one| {
        (
            debit + msat(one, "debit_msat"),
            credit + msat(one, "credit_msat"),
        )
    })
}

/// The places in the chain under which the graph shows channels of a node.
fn shown(answers: &Value) -> Vec<&str> {
    let us = &answers["getinfo"]["id"];
    let graph = answers["listchannels"]["channels"]
        .as_array()
        .unwrap()
        .iter();
    let ours = graph.filter(|one| one["source"] == *us || one["destination"] == *us);
    let mut ids: Vec<&str> = ours
        .map(|one| one["short_channel_id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What each own payment of the node cost that left through one of its channels and came back
/// through another, the least first.
fn rebalances(moment: &str) -> Vec<u64> {
    let answers = answers(moment, "l1");
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
            let (onchain, _) = booked(&answers, id, "onchain_fee");
            books(&envelope, id)["cost_msat"].as_u64().unwrap() - onchain
        };
        costs.push([C12, C13, C14].into_iter().map(cost).sum());
    }
    // An own payment to somebody else is no rebalance and costs no channel anything.
    costs.retain(|cost| *cost > 0);
    costs.sort_unstable();
    costs
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
        assert_eq!(answers["getinfo"]["fees_collected_msat"], fees);
        // A history of a few hours shows no trend.
        assert!(codes(&envelope).contains(&"insufficient_history"));
        assert_eq!(
            envelope["decision"]["assess"]["trend"],
            json!({"windows": []})
        );
    }
    let early = answers("01", "l1");
    let counts = ["settled", "failed", "local_failed"].map(|status| ended(&early, status));
    assert_eq!(counts, [18, 3, 2]);
    assert_eq!(
        refused(&early),
        ["WIRE_FEE_INSUFFICIENT", "WIRE_UNKNOWN_NEXT_PEER"]
    );
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
    // By the hash of each: what the parts left with, less what arrived. R4, R3 (81,685 + 25,495),
    // R1, R2 (104,528 + 47,755).
    assert_eq!(rebalances("02"), [3_605, 107_180, 144_504, 152_283]);
    // R7 (40,336 + 34,790) and R6 besides; an own payment to another node is none.
    let all = [3_605, 75_126, 77_437, 107_180, 144_504, 152_283];
    assert_eq!(rebalances("24"), all);
    // Between them nothing tells the channel, and the node bears the sum.
    let envelope = read("19", "l1");
    let sum: u64 = all.iter().sum();
    assert_eq!(envelope["decision"]["unattributed"]["rebalances_msat"], sum);
}

#[test]
fn what_is_pushed_at_an_opening_is_neither_revenue_nor_cost() {
    // Debit and credit of each side, and what the opening cost its opener.
    for (node, id, pushed, opening) in [
        ("l1", C12, (2_000_000_000, 0), 657_000),
        ("l1", C13, (0, 1_500_000_000), 0),
        ("l1", C14, (1_200_000_000, 0), 616_000),
        ("l2", C12, (0, 2_000_000_000), 0),
        ("l3", C13, (1_500_000_000, 0), 657_000),
        ("l4", C14, (0, 1_200_000_000), 0),
    ] {
        let answers = answers("00", node);
        assert_eq!(booked(&answers, id, "pushed"), pushed, "{node} {id}");
        let envelope = asked(&answers);
        let told = books(&envelope, id);
        assert_eq!(told["revenue_msat"], 0, "{node} {id}");
        assert_eq!(told["cost_msat"], opening, "{node} {id}");
        assert_eq!(envelope["decision"]["revenue_windows"], json!([0, 0, 0, 0]));
    }
}

#[test]
fn the_chain_is_as_high_as_it_was_and_fees_are_those_that_were_set() {
    let heights = [
        ("00", 127),
        ("04", 133),
        ("07", 139),
        ("10", 145),
        ("13", 151),
        ("16", 157),
        ("19", 166),
        ("21", 167),
        ("23", 168),
        ("27", 274),
        ("28", 286),
        ("29", 359),
        ("30", 374),
    ];
    for (moment, height) in heights {
        assert_eq!(
            answers(moment, "l1")["getinfo"]["blockheight"],
            height,
            "{moment}"
        );
    }
    let ours = |moment: &str, id: &str| {
        let envelope = read(moment, "l1");
        let one = channel(&envelope, id);
        (msat(one, "fee_base_msat"), msat(one, "fee_ppm"))
    };
    let theirs = |moment: &str, id: &str| {
        let envelope = read(moment, "l1");
        let last = &channel(&envelope, id)["last_hop"];
        (msat(last, "base_msat"), msat(last, "ppm"))
    };
    for id in [C12, C13, C14] {
        assert_eq!(ours("01", id), (1000, 100));
    }
    assert_eq!(theirs("01", C12), (500, 250));
    assert_eq!(theirs("01", C13), (1234, 321));
    assert_eq!(theirs("01", C14), (2000, 50));
    for id in [C15, C16, C17] {
        assert_eq!(theirs("16", id), (1, 10));
    }
    assert_eq!((ours("16", C13), ours("17", C13)), ((1000, 100), (0, 0)));
    assert_eq!(
        (theirs("16", C12), theirs("17", C12)),
        ((500, 250), (5000, 700))
    );
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
    // Two forwards, both under our own name for it.
    let alias = json!("4250022x15828606x50280");
    let answers = answers("03", "l1");
    let out = forwards(&answers)
        .iter()
        .filter(|one| one["out_channel"] == alias);
    let fees: Vec<u64> = out.map(|one| msat(one, "fee_msat")).collect();
    assert_eq!(fees, [2_000, 3_000]);
    assert_eq!(listed("03", "l1", C15)["alias"]["local"], alias);
    assert_eq!(books(&envelope, C15)["revenue_msat"], 5_000);
    assert_eq!(private["flow"]["days_out"], 1);
    let raw = listed("03", "l1", C17);
    assert_eq!(raw["state"], "CHANNELD_AWAITING_LOCKIN");
    assert!(raw["alias"]["local"].is_string() && raw.get("short_channel_id").is_none());
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
fn a_confirmed_channel_forwards_under_its_alias_and_its_place_and_only_one_of_them_is_open() {
    let answers = answers("04", "l1");
    let place = |one: &&Value| one["out_channel"] == "128x1x0";
    let told: Vec<(&str, &Value)> = forwards(&answers)
        .iter()
        .filter(place)
        .map(|one| (one["status"].as_str().unwrap(), &one["failreason"]))
        .collect();
    assert_eq!(
        told,
        [
            ("settled", &Value::Null),
            ("local_failed", &json!("WIRE_UNKNOWN_NEXT_PEER"))
        ]
    );
    assert_eq!(refused(&answers)[3], "WIRE_TEMPORARY_CHANNEL_FAILURE");
    assert!(!shown(&answers).contains(&"128x1x0"));
    assert_eq!(books(&asked(&answers), C15)["revenue_msat"], 7_500);
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
    let mut sorted = tags.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["invoice", "routed", "routed"]);
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
    assert_eq!(one["receivable_sats"], 1_237_258);
    assert_eq!(
        inflight(&listed("05", "l1", C14)),
        [(-500_775, 2_499_225_000)]
    );
    // The peer sees that nothing of its own moves, and the same capacity.
    assert_eq!(inflight(&listed("05", "l4", C14)), [(0, 2_499_225_000)]);
    let theirs = read("05", "l4");
    let same = channel(&theirs, C14);
    assert_eq!(same["capacity_sats"], 2_499_225);
    assert_eq!(
        same["local_sats"],
        (3_000_000_000_u64 - 1_732_741_540) / 1000
    );
    // It receives less by what leaves our side.
    assert_eq!(same["receivable_sats"], 1_198_379);
    assert_eq!(1_699_154_540 - 500_775_000, 1_198_379_540);
    // A replaced or refused one stays listed: of three the largest exit counts.
    let three = [
        (-500_775, 2_499_225_000),
        (-600_775, 2_399_225_000),
        (-611_722, 2_388_278_000),
    ];
    let raw = listed("06", "l1", C14);
    assert_eq!(inflight(&raw), three);
    assert_eq!(msat(&raw, "to_us_msat") - 611_722_000, 1_100_021_640);
    // What forwards while it waits still does so under the old place.
    let over = |moment: &str| {
        let answers = answers(moment, "l1");
        let settled = forwards(&answers)
            .iter()
            .filter(|one| one["status"] == "settled");
        settled
            .filter(|one| one["in_channel"] == "120x1x0" || one["out_channel"] == "120x1x0")
            .count()
    };
    assert_eq!(over("06") - over("05"), 3);
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
    let raw = listed("07", "l1", C14);
    let (ours, spendable) = (msat(&raw, "to_us_msat"), msat(&raw, "spendable_msat"));
    // The reserve and the fee of the commitment stay.
    assert_eq!(
        (ours, spendable),
        (1_100_021_640, ours - 23_882_000 - 3_587_000)
    );
    assert_eq!(spendable, 1_072_552_640);
    // The largest forward is still that of the old capacity.
    assert_eq!(msat(&raw, "maximum_htlc_out_msat"), 2_970_000_000);
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
    assert_eq!(
        booked(&answers, C14, "onchain_fee"),
        (616_000 + 11_722_000, 0)
    );
    // The events of the account look like a close and an open.
    let events = answers["bkpr-listaccountevents"]["events"]
        .as_array()
        .unwrap()
        .iter();
    let here = events.filter(|one| one["account"].as_str().unwrap().starts_with(C14));
    let tags: Vec<&str> = here.map(|one| one["tag"].as_str().unwrap()).collect();
    let count = |tag: &str| tags.iter().filter(|one| **one == tag).count();
    assert_eq!((count("channel_open"), count("channel_close")), (2, 1));
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
    // A splice-in adds nothing before it confirms.
    let raw = listed("09", "l1", C13);
    assert_eq!(inflight(&raw), [(400_000, 4_400_000_000)]);
    assert_eq!(into["capacity_sats"], 4_000_000);
    assert_eq!(into["local_sats"], msat(&raw, "to_us_msat") / 1000);
    assert_eq!(into["spendable_sats"], msat(&raw, "spendable_msat") / 1000);
    // The peer's exit takes from what we can receive, not from what we can send.
    let raw = listed("09", "l1", C12);
    assert_eq!(inflight(&raw), [(0, 3_699_225_000)]);
    let out = channel(&envelope, C12);
    assert_eq!(out["capacity_sats"], 3_699_225);
    assert_eq!(out["local_sats"], msat(&raw, "to_us_msat") / 1000);
    assert_eq!(
        out["receivable_sats"],
        (msat(&raw, "receivable_msat") - 300_775_000) / 1000
    );
    let raw = listed("09", "l2", C12);
    assert_eq!(inflight(&raw), [(-300_775, 3_699_225_000)]);
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
    assert_eq!(
        msat(&listed("10", "l1", C12), "receivable_msat"),
        1_512_161_557
    );
    // Ours cost us 1,007,000; the peer's cost us nothing besides the opening.
    assert_eq!(books(&envelope, C13)["cost_msat"], 1_007_000);
    assert_eq!(books(&envelope, C12)["cost_msat"], 657_000);
    assert_eq!(
        booked(&answers("10", "l1"), C12, "onchain_fee"),
        booked(&answers("08", "l1"), C12, "onchain_fee")
    );
    let old = ["117x1x0", "118x1x0", "120x1x0"];
    let new = ["134x1x1", "140x1x0", "140x2x1"];
    let graph = answers("10", "l1");
    let mut all: Vec<&str> = old.into_iter().chain(new).chain(["128x2x0"]).collect();
    all.sort_unstable();
    assert_eq!(shown(&graph), all);
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
    let raw = listed("11", "l1", C14);
    assert_eq!(
        (msat(&raw, "to_us_msat"), msat(&raw, "spendable_msat")),
        (1_030_023_540, 451_868_540)
    );
    assert_eq!(
        msat(&listed("11", "l1", C13), "receivable_msat"),
        2_289_817_180
    );
    // One of the four is a forward yet.
    let answers = answers("11", "l1");
    let offered: Vec<&Value> = forwards(&answers)
        .iter()
        .filter(|one| one["status"] == "offered")
        .collect();
    assert_eq!(offered.len(), 1);
    assert_eq!(
        (&offered[0]["in_channel"], &offered[0]["out_channel"]),
        (&json!("140x1x0"), &json!("134x1x1"))
    );
    assert_eq!(msat(offered[0], "out_msat"), 300_000_000);
    // A splice on top: 400,000 were refused by the peer, 251,000 were taken.
    let envelope = read("12", "l1");
    let spendable = channel(&envelope, C14)["spendable_sats"].as_u64().unwrap();
    let raw = listed("12", "l1", C14);
    assert_eq!(inflight(&raw), [(-200_775, 2_187_503_000)]);
    assert_eq!(msat(&raw, "spendable_msat"), 451_868_540);
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
    let states = |moment: &str, node: &str| {
        let answers = answers(moment, node);
        let channels = answers["listpeerchannels"]["channels"].as_array().unwrap();
        let early = channels
            .iter()
            .filter(|one| one.get("channel_id").is_none());
        early.cloned().collect::<Vec<Value>>()
    };
    let early = states("13", "l1");
    let mut told: Vec<(&str, u64, u64)> = early
        .iter()
        .map(|one| {
            (
                one["state"].as_str().unwrap(),
                msat(one, "total_msat"),
                msat(one, "to_us_msat"),
            )
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("DUALOPEND_OPEN_INIT", 800_000_000, 800_000_000),
            ("OPENINGD", 700_000_000, 700_000_000)
        ]
    );
    for (one, missing) in early.iter().zip(
        [&[
            "short_channel_id",
            "private",
            "reestablished",
            "spendable_msat",
            "alias",
        ]; 2],
    ) {
        assert!(
            missing.iter().all(|field| one.get(field).is_none()),
            "{one}"
        );
    }
    let theirs = &states("13", "l6")[0];
    assert_eq!(theirs["state"], "DUALOPEND_OPEN_INIT");
    assert!(theirs.get("total_msat").is_none() && theirs.get("to_us_msat").is_none());
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
    assert_eq!(msat(&listed("13", "l1", C14), "to_us_msat"), 28_248_540);
    for (moment, state) in [
        ("14", "DUALOPEND_OPEN_COMMITTED"),
        ("15", "DUALOPEND_AWAITING_LOCKIN"),
    ] {
        let raw = listed(moment, "l1", C16);
        assert_eq!(raw["state"], state);
        assert_eq!(inflight(&raw), [(0, 1_308_266_000)]);
    }
    let raw = listed("14", "l1", C16);
    assert_eq!(
        (&raw["reestablished"], msat(&raw, "spendable_msat")),
        (&json!(false), 783_346_000)
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
    assert_eq!(
        booked(&answers("16", "l1"), C16, "lease_fee"),
        (8_266_000, 0)
    );
    assert_eq!(
        booked(&answers("16", "l6"), C16, "lease_fee"),
        (0, 8_266_000)
    );
    let (here, there) = (listed("16", "l1", C16), listed("16", "l6", C16));
    assert_eq!(here["funding"]["fee_paid_msat"], 8_266_000);
    assert_eq!(there["funding"]["fee_rcvd_msat"], 8_266_000);
    // Nothing says when it ends.
    assert!(here.get("lease_expiry").is_none() && there.get("lease_expiry").is_none());
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
    let raw = listed("17", "l1", C15);
    assert_eq!(
        (&raw["peer_connected"], raw.get("reestablished")),
        (&json!(false), None)
    );
    assert_eq!(msat(&raw, "spendable_msat"), 648_414_700);
    assert_eq!(msat(&listed("17", "l1", C17), "maximum_htlc_out_msat"), 1);
    // The node let one more out for ten minutes.
    let answers = answers("17", "l1");
    let over = |one: &&Value| one["out_channel"] == "128x2x0" && one["out_msat"] == 3_000_000;
    let settled: Vec<&Value> = forwards(&answers).iter().filter(over).collect();
    assert!(settled.len() == 1 && settled[0]["status"] == "settled");
    // The peer is there, the channel is not in step yet.
    let envelope = read("18", "l1");
    for id in [C12, C13, C14, C16, C17] {
        let raw = listed("18", "l1", id);
        assert_eq!(
            (&raw["peer_connected"], &raw["reestablished"]),
            (&json!(true), &json!(false)),
            "{id}"
        );
        assert_eq!(channel(&envelope, id)["connected"], false, "{id}");
    }
    // Of the one whose peer is away nobody says whether it is in step.
    let raw = listed("18", "l1", C15);
    assert_eq!(
        (&raw["peer_connected"], raw.get("reestablished")),
        (&json!(false), None)
    );
    assert_eq!(channel(&envelope, C15)["connected"], false);
}

#[test]
fn every_way_of_closing_is_closing() {
    const C17B: &str = "27ab26";
    const C17C: &str = "c35159";
    const C12B: &str = "311725";
    for (moment, cooperative, others) in [
        (
            "20",
            "CLOSINGD_COMPLETE",
            ["CLOSINGD_SIGEXCHANGE", "AWAITING_UNILATERAL"],
        ),
        ("21", "FUNDING_SPEND_SEEN", ["FUNDING_SPEND_SEEN"; 2]),
        ("22", "ONCHAIN", ["ONCHAIN"; 2]),
    ] {
        let envelope = read(moment, "l1");
        for (id, state, spendable) in [
            (C17B, "CHANNELD_SHUTTING_DOWN", 340_070),
            (C17C, others[0], 389_413),
            (C12B, cooperative, 291_413),
            (C15, others[1], 648_414),
        ] {
            let raw = listed(moment, "l1", id);
            assert_eq!(raw["state"], state, "{moment} {id}");
            // Where the peer is there it says that it is in step, which says nothing.
            let in_step = (id != C15).then_some(&json!(true)).cloned();
            assert_eq!(raw.get("reestablished").cloned(), in_step, "{moment} {id}");
            assert_eq!(raw["peer_connected"], json!(id != C15));
            assert!(raw["short_channel_id"].is_string());
            let one = channel(&envelope, id);
            assert_eq!(
                (&one["phase"], &one["usable"]),
                (&json!("closing"), &json!(false))
            );
            assert_eq!(one["spendable_sats"], spendable, "{moment} {id}");
        }
    }
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
    let (here, there) = (listed("23", "l7", C17), listed("23", "l1", C17));
    assert_eq!(
        (&here["state"], &here["lost_state"]),
        (&json!("AWAITING_UNILATERAL"), &json!(true))
    );
    assert_eq!(
        (&there["lost_state"], &there["closer"]),
        (&json!(false), &json!("remote"))
    );
}

#[test]
fn deleting_the_forwards_loses_no_revenue() {
    let (before, mut after) = (answers("24", "l1"), answers("25", "l1"));
    after["now"] = before["now"].clone();
    let ends = |answers: &Value| {
        ["settled", "local_failed", "failed"].map(|status| ended(answers, status))
    };
    assert_eq!(ends(&before), [89, 12, 5]);
    assert_eq!(ends(&after), [0, 12, 5]);
    for answers in [&before, &after] {
        assert_eq!(answers["getinfo"]["fees_collected_msat"], 253_922);
        assert_eq!(booked(answers, "", "routed"), (0, 253_922));
    }
    assert_eq!(before["bkpr-listincome"], after["bkpr-listincome"]);
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
    for (id, ours) in [(C16, -101_163_000_i64), (C13, 100_000_000)] {
        let local = listed("26", "l1", id)["to_us_msat"].as_i64().unwrap();
        let one = channel(&envelope, id);
        assert_eq!(one["local_sats"], (local + ours.min(0)) / 1000);
        assert_eq!(one["splicing"], true);
    }
    assert_eq!(
        inflight(&listed("26", "l1", C16)),
        [(-101_163, 1_207_103_000)]
    );
    assert_eq!(
        inflight(&listed("26", "l1", C13)),
        [(100_000, 4_500_000_000)]
    );
    // Forwards are numbered on after all were deleted.
    let numbers: Vec<u64> = forwards(&answers)
        .iter()
        .map(|one| msat(one, "created_index"))
        .collect();
    assert_eq!(numbers, [107, 108, 109]);
    // Each of the two channels bears half of the fee, once it is confirmed: c16 its opening and its
    // lease besides.
    assert_eq!(books(&envelope, C16)["cost_msat"], 2_131_000 + 8_266_000);
    let after = read("27", "l1");
    assert_eq!(
        books(&after, C16)["cost_msat"],
        2_131_000 + 8_266_000 + 581_500
    );
    for id in [C13, C16] {
        let (before, _) = booked(&answers, id, "onchain_fee");
        let (after, _) = booked(&self::answers("27", "l1"), id, "onchain_fee");
        assert_eq!(after - before, 581_500);
    }
}

#[test]
fn what_filled_a_channel_that_is_gone_is_told_of_the_node() {
    let envelope = read("27", "l1");
    assert!(channel(&envelope, C14).is_null());
    // 72 blocks after a splice the old places are gone; one channel is still on its way out.
    assert_eq!(
        shown(&answers("27", "l1")),
        ["140x1x0", "169x2x0", "169x2x1"]
    );
    assert_eq!(listed("27", "l1", "27ab26")["state"], "ONCHAIN");
    assert_eq!(envelope["decision"]["left_out"]["closing"], 1);
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
    let raw = listed("28", "l1", C16);
    assert_eq!(inflight(&raw), [(-620_775, 595_553_000)]);
    let (ours, spendable) = (msat(&raw, "to_us_msat"), msat(&raw, "spendable_msat"));
    assert_eq!((ours, ours - 620_775_000), (669_409_987, 48_634_987));
    assert_eq!(spendable, 653_659_987);
    // The peer refused each of these, and all of them are above what is told.
    let told = one["spendable_sats"].as_u64().unwrap();
    assert!(
        [100_000, 42_000, 36_400]
            .into_iter()
            .all(|refused| refused > told)
    );
    let raw = listed("29", "l1", C12);
    assert_eq!(inflight(&raw), [(-2_300_775, 1_398_450_000)]);
    // By the reserve alone 60,282,155 could leave, and 60,281,000 were refused.
    let ours = msat(&raw, "to_us_msat") - 2_300_775_000;
    assert_eq!(ours - msat(&raw, "our_reserve_msat"), 60_282_155);
    let envelope = read("29", "l1");
    // 57,295,155 settled.
    let told = channel(&envelope, C12)["spendable_sats"].as_u64().unwrap();
    assert_eq!(msat(&raw, "spendable_msat") - 2_300_775_000, 56_695_155);
    assert_eq!(told, 56_695);
    assert!(told * 1000 <= 57_295_155);
    // The peer can receive as much and no more.
    let theirs = read("29", "l2");
    assert_eq!(channel(&theirs, C12)["receivable_sats"], 56_695);
    // Deep enough for long, and still in flight.
    assert_eq!(raw["state"], "CHANNELD_AWAITING_SPLICE");
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
