//! What the real nodes of the fixtures and crooked answers become.

use serde_json::{Value as Json, json};

use super::*;
use crate::fleet::health::assess::assess;
use crate::value::{self, Value};

fn taken(answers: &Json) -> (Snapshot, Vec<Reason>, Vec<crate::reason::Quarantined>) {
    let bytes = answers.to_string();
    let input: ClnInput = value::decode(&Value::from_json(bytes.as_bytes()).unwrap()).unwrap();
    let mut why = Why::new();
    let snapshot = cln(&Config::default(), &input, &mut why).unwrap();
    let (reasons, aside) = why.finish();
    (snapshot, reasons, aside)
}

fn codes(reasons: &[Reason]) -> Vec<&'static str> {
    reasons
        .iter()
        .map(|reason| reason.code.entry().name)
        .collect()
}

macro_rules! node {
    ($name:literal) => {
        json!({
            "now": 1795171800u64,
            "getinfo": read(include_str!(concat!("../../../../tests/fixtures/cln/", $name, "/getinfo.json"))),
            "listpeerchannels": read(include_str!(concat!("../../../../tests/fixtures/cln/", $name, "/listpeerchannels.json"))),
            "listforwards": read(include_str!(concat!("../../../../tests/fixtures/cln/", $name, "/listforwards.json"))),
            "bkpr-listincome": read(include_str!(concat!("../../../../tests/fixtures/cln/", $name, "/bkpr-listincome.json"))),
            "listchannels": read(include_str!("../../../../tests/fixtures/cln/listchannels.json")),
        })
    };
}

fn read(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn channel(id: &str, more: Json) -> Json {
    let mut channel = json!({"channel_id": id, "peer_id": "02bb", "state": "CHANNELD_NORMAL",
                             "to_us_msat": 1_999, "total_msat": "5000msat"});
    let fields = more.as_object().unwrap().clone();
    channel.as_object_mut().unwrap().extend(fields);
    channel
}

fn answers(channels: Vec<Json>) -> Json {
    json!({"now": 10_000_000, "getinfo": {"id": "03aa"}, "listpeerchannels": {"channels": channels}})
}

#[test]
fn real_nodes_are_read_and_assessed() {
    for (answers, channels, earned, score) in [
        (node!("l1"), 3, 0, 18),
        (node!("l2"), 4, 0, 27),
        (node!("l5"), 5, 926_506, 63),
    ] {
        let (snapshot, reasons, aside) = taken(&answers);
        assert!(aside.is_empty());
        assert_eq!(codes(&reasons), ["snapshot_taken"]);
        assert_eq!(
            (snapshot.us.channels.len(), snapshot.profits.len()),
            (channels, channels)
        );
        assert_eq!(snapshot.revenue_windows.last().unwrap().get(), earned);
        let input = snapshot.assess.unwrap();
        let judged = assess(&Config::default(), &input, &mut Why::off()).unwrap();
        assert_eq!(judged.score.get(), score);
        assert_eq!(snapshot.public_capacities.len(), 5);
    }
}

#[test]
fn a_channel_is_worth_its_forwards_less_its_costs() {
    let (snapshot, _, _) = taken(&node!("l5"));
    let earned: u64 = snapshot
        .profits
        .iter()
        .map(|one| one.books.revenue_msat.get())
        .sum();
    assert_eq!(
        earned,
        snapshot
            .revenue_windows
            .iter()
            .map(|window| window.get())
            .sum::<u64>()
    );
    // l5 opened no channel, so none cost it anything.
    assert!(
        snapshot
            .profits
            .iter()
            .all(|one| one.books.cost_msat == Some(Msat::MIN))
    );
    let (snapshot, _, _) = taken(&node!("l1"));
    assert!(
        snapshot
            .profits
            .iter()
            .all(|one| one.profit.class == ProfitClass::Underwater)
    );
}

#[test]
fn msats_become_sats_by_floor_in_either_spelling() {
    let (snapshot, _, _) = taken(&answers(vec![channel("c", json!({}))]));
    let channel = &snapshot.us.channels.readable()[0];
    assert_eq!(
        (channel.local_sats.get(), channel.capacity_sats.get()),
        (1, 5)
    );
}

#[test]
fn a_malformed_channel_is_set_aside_and_the_rest_is_used() {
    let (snapshot, _, aside) = taken(&answers(vec![
        channel("a", json!({"to_us_msat": -1})),
        channel("b", json!({"total_msat": "5000 msat"})),
        channel("c", json!({})),
        channel("d", json!({})),
        channel("d", json!({})),
        json!(7),
    ]));
    assert_eq!(snapshot.us.channels.len(), 1);
    let subjects: Vec<_> = aside.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "b", "[5]", "d", "d"]);
}

#[test]
fn only_normal_operation_is_usable_and_a_splice_is_marked() {
    let (snapshot, reasons, _) = taken(&answers(vec![
        channel(
            "a",
            json!({"state": "CHANNELD_AWAITING_SPLICE",
                            "inflight": [{"total_funding_msat": 9000}, {"total_funding_msat": 3000}]}),
        ),
        channel("b", json!({"state": "CHANNELD_SHUTTING_DOWN"})),
        channel("c", json!({})),
    ]));
    let seen: Vec<_> = snapshot
        .us
        .channels
        .readable()
        .iter()
        .map(|one| {
            (
                one.usable,
                one.splicing,
                one.safe_capacity().get(),
                one.local_sats.get(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (false, true, 3, 1),
            (false, false, 5, 1),
            (true, false, 5, 1)
        ]
    );
    assert_eq!(
        codes(&reasons),
        [
            "snapshot_taken",
            "splice_in_flight",
            "not_in_normal_operation",
            "forwards_unknown",
            "cost_unknown",
            "graph_unknown"
        ]
    );
    assert_eq!(snapshot.capacity_sats.get(), 10);
    assert!(snapshot.assess.is_none());
}

#[test]
fn revenue_falls_into_the_week_of_its_settlement() {
    let mut asked = answers(vec![channel("c", json!({"short_channel_id": "1x1x1"}))]);
    let forward = |age: f64, status: &str| {
        json!({"in_channel": "9x9x9", "out_channel": "1x1x1", "fee_msat": 1000, "status": status,
               "resolved_time": 10_000_000.0 - age})
    };
    let week = 604_800.0;
    asked["listforwards"] = json!({"forwards": [
        forward(-5.0, "settled"), forward(week - 1.0, "settled"), forward(week, "settled"),
        forward(4.0 * week, "settled"), forward(0.0, "failed"), {"in_channel": "x"},
    ]});
    let (snapshot, _, aside) = taken(&asked);
    let windows: Vec<_> = snapshot
        .revenue_windows
        .iter()
        .map(|one| one.get())
        .collect();
    assert_eq!(windows, [0, 0, 1000, 2000]);
    // Four weeks ago is within the thirty days of the books.
    assert_eq!(snapshot.profits[0].books.revenue_msat.get(), 4000);
    assert_eq!(aside.len(), 1);
}

#[test]
fn a_forward_under_an_alias_counts_for_its_channel() {
    let mut asked = answers(vec![channel("c", json!({"alias": {"local": "7x7x7"}}))]);
    asked["listforwards"] = json!({"forwards": [
        {"in_channel": "9x9x9", "out_channel": "7x7x7", "fee_msat": 5, "status": "settled", "resolved_time": 9_999_999.5}]});
    assert_eq!(taken(&asked).0.profits[0].books.revenue_msat.get(), 5);
}
