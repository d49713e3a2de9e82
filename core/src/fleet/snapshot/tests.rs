//! What the real nodes of the fixtures and crooked answers become.

use serde_json::{Value as Json, json};

use super::*;
use crate::fleet::channel::{HopFee, Phase};
use crate::fleet::health::assess::assess;
use crate::reason::Reason;
use crate::units::Ppm;
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
        (node!("l1"), 3, 0, 48),
        (node!("l2"), 4, 0, 49),
        (node!("l5"), 5, 926_506, 50),
    ] {
        let (snapshot, reasons, aside) = taken(&answers);
        assert!(aside.is_empty());
        // A network of a few hours: too young for a trend or an idle channel, and nobody rebalanced.
        let known = [
            "snapshot_taken",
            "route_cost_unknown",
            "idle_unknown",
            "insufficient_history",
        ];
        let told = codes(&reasons);
        assert!(told.iter().all(|code| known.contains(code)), "{told:?}");
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
    // l1 paid for the opening of young channels: no reason to judge them yet.
    let (snapshot, _, _) = taken(&node!("l1"));
    for one in &snapshot.profits {
        assert!(
            one.books.cost_msat > Some(Msat::MIN) && one.books.cost_msat == one.books.opening_msat
        );
        assert_eq!(one.profit.class, ProfitClass::BreakEven);
    }
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
fn only_usable_channels_count_and_a_splice_is_marked() {
    let (snapshot, reasons, _) = taken(&answers(vec![
        channel(
            "a",
            json!({"state": "CHANNELD_AWAITING_SPLICE",
                            "inflight": [{"total_funding_msat": 9000}, {"total_funding_msat": 3000}]}),
        ),
        channel("b", json!({"state": "CHANNELD_SHUTTING_DOWN"})),
        channel("c", json!({})),
    ]));
    let channels = snapshot.us.channels.readable();
    let seen: Vec<_> = channels
        .iter()
        .map(|one| {
            (
                one.phase,
                one.splicing,
                one.capacity_sats.get(),
                one.local_sats.get(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            // Nobody says who takes the 2 sat out: it may be us.
            (Some(Phase::Usable), true, 3, 0),
            (Some(Phase::Closing), false, 5, 1),
            (Some(Phase::Usable), false, 5, 1)
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
            "graph_unknown",
            "route_cost_unknown"
        ]
    );
    assert_eq!(snapshot.capacity_sats.get(), 8);
    assert_eq!(snapshot.left_out.closing.get(), 1);
    assert!(snapshot.assess.is_none());
}

#[test]
fn every_state_has_its_phase_and_a_lost_one_is_never_usable() {
    let phase = |state: &str, lost: bool| {
        let (snapshot, _, aside) = taken(&answers(vec![channel(
            "c",
            json!({"state": state, "lost_state": lost}),
        )]));
        assert!(aside.is_empty());
        snapshot.us.channels.readable()[0].phase.unwrap()
    };
    for (expected, states) in [
        (
            Phase::Proposed,
            &[
                "OPENINGD",
                "DUALOPEND_OPEN_INIT",
                "DUALOPEND_OPEN_COMMIT_READY",
            ][..],
        ),
        (
            Phase::Opening,
            &[
                "DUALOPEND_OPEN_COMMITTED",
                "DUALOPEND_AWAITING_LOCKIN",
                "CHANNELD_AWAITING_LOCKIN",
            ],
        ),
        (
            Phase::Usable,
            &["CHANNELD_NORMAL", "CHANNELD_AWAITING_SPLICE"],
        ),
        (
            Phase::Closing,
            &[
                "CHANNELD_SHUTTING_DOWN",
                "CLOSINGD_SIGEXCHANGE",
                "CLOSINGD_COMPLETE",
                "AWAITING_UNILATERAL",
                "FUNDING_SPEND_SEEN",
                "ONCHAIN",
                "CLOSED",
            ],
        ),
        (Phase::Unknown, &["A_STATE_OF_TOMORROW"]),
    ] {
        for state in states {
            assert_eq!(phase(state, false), expected, "{state}");
            assert_eq!(phase(state, true), Phase::Closing, "{state}");
        }
    }
}

#[test]
fn of_two_channels_with_one_id_the_usable_one_counts() {
    let opening = json!({"state": "CHANNELD_AWAITING_LOCKIN", "to_us_msat": 0});
    let (snapshot, reasons, aside) = taken(&answers(vec![
        channel("c", opening.clone()),
        channel("c", json!({})),
    ]));
    assert!(aside.is_empty());
    assert_eq!(
        (
            snapshot.capacity_sats.get(),
            snapshot.left_out.duplicate.get()
        ),
        (5, 1)
    );
    assert!(codes(&reasons).contains(&"duplicate_channel_id"));
    // Two usable ones: nobody can tell which.
    let both = vec![
        channel("c", json!({})),
        channel("c", json!({})),
        channel("c", opening),
    ];
    let (snapshot, _, aside) = taken(&answers(both));
    assert_eq!(
        (
            aside.len(),
            snapshot.us.channels.len(),
            snapshot.left_out.set_aside.get()
        ),
        (2, 0, 2)
    );
}

#[test]
fn a_channel_without_an_id_is_only_malformed_where_it_is_usable() {
    let bare =
        |state: &str| json!({"peer_id": "02cc", "state": state, "to_us_msat": 5, "total_msat": 9});
    let (snapshot, reasons, aside) =
        taken(&answers(vec![bare("OPENINGD"), channel("c", json!({}))]));
    assert!(aside.is_empty());
    assert_eq!(
        (snapshot.us.channels.len(), snapshot.left_out.proposed.get()),
        (1, 1)
    );
    let told = reasons
        .iter()
        .find(|reason| reason.subject.as_deref() == Some("02cc"));
    assert_eq!(
        told.map(|reason| reason.code.entry().name),
        Some("not_in_normal_operation")
    );
    let (snapshot, _, aside) = taken(&answers(vec![bare("CHANNELD_NORMAL")]));
    assert_eq!(
        (aside[0].subject.as_str(), aside[0].error.field.as_str()),
        ("02cc", "channel_id")
    );
    assert_eq!(snapshot.left_out.set_aside.get(), 1);
}

#[test]
fn listpeers_of_old_is_read() {
    let old = json!({"state": "CHANNELD_NORMAL", "channel_id": "c", "short_channel_id": "1x1x1",
                     "to_us_msat": "1999msat", "total_msat": "5000msat", "spendable_msat": "999msat"});
    let mut asked = json!({"now": 10_000_000, "getinfo": {"id": "03aa"},
                           "listpeers": {"peers": [{"id": "02bb", "connected": false, "channels": [old]},
                                                   {"id": "02cc", "connected": true}]}});
    let (snapshot, _, aside) = taken(&asked);
    assert!(aside.is_empty());
    let channel = &snapshot.us.channels.readable()[0];
    assert_eq!(
        (channel.peer_id.as_str(), channel.connected),
        ("02bb", Some(false))
    );
    assert_eq!(
        (
            channel.local_sats.get(),
            channel.spendable_sats.map(|one| one.get())
        ),
        (1, Some(0))
    );
    // The newer answer counts where both are there; one of them has to be.
    asked["listpeerchannels"] = json!({"channels": []});
    assert!(taken(&asked).0.us.channels.is_empty());
    let input: ClnInput =
        value::decode(&Value::from_json(br#"{"now": 1, "getinfo": {"id": "03aa"}}"#).unwrap())
            .unwrap();
    let error = cln(&Config::default(), &input, &mut Why::off()).unwrap_err();
    assert_eq!(error.field, "listpeerchannels");
}

#[test]
fn a_limit_of_no_limit_is_read_and_one_below_a_sat_closes_the_channel() {
    let closed = |limit: Json| {
        let (snapshot, _, aside) = taken(&answers(vec![channel(
            "c",
            json!({"maximum_htlc_out_msat": limit}),
        )]));
        assert!(aside.is_empty());
        snapshot.us.channels.readable()[0].closed_to_forwards
    };
    assert!(!closed(json!(u64::MAX)) && !closed(json!("18446744073709551615msat")));
    assert!(!closed(json!(18_446_744_073_709_552_000_f64)) && !closed(json!(1000)));
    assert!(closed(json!(999)) && closed(json!("1msat")));
}

#[test]
fn what_is_not_public_or_not_active_is_no_public_capacity() {
    let mut asked = answers(vec![channel("c", json!({"short_channel_id": "7x1x1"}))]);
    let way = |source: &str, to: &str, id: &str, more: Json| {
        let mut way = json!({"source": source, "destination": to, "short_channel_id": id, "amount_msat": 9000});
        way.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        way
    };
    let off = json!({"active": false});
    asked["listchannels"] = json!({"channels": [
        way("02bb", "02cc", "1x1x1", json!({"public": false})),
        // Both directions are inactive; then one of two; then the only one that is known.
        way("02bb", "02cc", "2x1x1", off.clone()), way("02cc", "02bb", "2x1x1", off.clone()),
        way("02bb", "02cc", "3x1x1", off.clone()), way("02cc", "02bb", "3x1x1", json!({"active": true})),
        way("02dd", "02cc", "4x1x1", off),
        // Between us and a peer: an old place of a spliced channel, then the one that we list.
        way("03aa", "02bb", "6x1x1", json!({})), way("02bb", "03aa", "6x1x1", json!({})),
        way("02bb", "03aa", "7x1x1", json!({"base_fee_millisatoshi": 3, "fee_per_millionth": 4})),
    ]});
    let (snapshot, _, _) = taken(&asked);
    let shown: Vec<_> = snapshot
        .public_capacities
        .iter()
        .map(|one| {
            (
                one.peer_id.as_str(),
                one.capacity_sats.get(),
                one.channels.map(|n| n.get()),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("02bb", 18, Some(2)),
            ("02cc", 18, Some(2)),
            ("02dd", 9, Some(1)),
            ("03aa", 9, Some(1))
        ]
    );
    let channel = &snapshot.us.channels.readable()[0];
    assert_eq!(channel.announced, Some(true));
    // Before 24.02 only the graph has the fees of the peer.
    let fee = HopFee {
        base_msat: Msat::constant(3),
        ppm: Ppm::constant(4),
    };
    assert_eq!(channel.last_hop, Some(fee));
}

#[test]
fn a_channel_that_the_graph_does_not_show_yet_is_told_to_nobody() {
    let mut asked = answers(vec![
        channel("a", json!({"short_channel_id": "1x1x1"})),
        channel("b", json!({"short_channel_id": "2x1x1"})),
    ]);
    let told = |asked: &Json| {
        let snapshot = taken(asked).0;
        (
            snapshot.capacity_sats.get(),
            snapshot.left_out.unannounced.get(),
        )
    };
    assert_eq!(told(&asked), (10, 0));
    let shown = |id: &str| json!({"source": "03aa", "destination": "02bb", "short_channel_id": id, "amount_msat": 5000});
    asked["listchannels"] = json!({"channels": [shown("1x1x1")]});
    assert_eq!(told(&asked), (5, 1));
    // A graph that has not heard of us says nothing about our channels.
    asked["listchannels"] =
        json!({"channels": [{"source": "02cc", "short_channel_id": "9x9x9", "amount_msat": 1}]});
    assert_eq!(told(&asked), (10, 0));
}

#[test]
fn nothing_stands_still_where_nobody_remembers() {
    const DAY: u64 = 86_400;
    let mut asked = answers(vec![
        channel("a", json!({"short_channel_id": "1x1x1"})),
        channel("b", json!({"short_channel_id": "2x1x1"})),
    ]);
    let forward = |days: u64| {
        json!({"in_channel": "9x9x9", "out_channel": "1x1x1", "fee_msat": 1000, "status": "settled",
               "resolved_time": 10_000_000 - days * DAY})
    };
    let classes = |asked: &Json| -> Vec<(ProfitClass, Option<u64>)> {
        let judged = taken(asked).0.profits;
        judged
            .iter()
            .map(|one| {
                (
                    one.profit.class,
                    one.books.idle_s.map(|idle| idle.get() / DAY),
                )
            })
            .collect()
    };
    asked["listforwards"] = json!({"forwards": [forward(29), forward(2)]});
    assert_eq!(
        classes(&asked),
        [
            (ProfitClass::BreakEven, Some(2)),
            (ProfitClass::BreakEven, None)
        ]
    );
    let (_, reasons, _) = taken(&asked);
    assert!(codes(&reasons).contains(&"idle_unknown"));
    asked["listforwards"] = json!({"forwards": [forward(31), forward(2)]});
    assert_eq!(
        classes(&asked),
        [
            (ProfitClass::BreakEven, Some(2)),
            (ProfitClass::Stagnant, Some(31))
        ]
    );
    // The caller knows better how far the list reaches.
    asked["forwards_since"] = json!(10_000_000 - 40 * DAY);
    assert_eq!(classes(&asked)[1], (ProfitClass::Stagnant, Some(40)));
    asked["forwards_since"] = json!(10_000_000 - 5 * DAY);
    assert_eq!(classes(&asked)[1], (ProfitClass::BreakEven, None));
    // A move in is movement too.
    asked["listforwards"] = json!({"forwards": [forward(31)]});
    asked.as_object_mut().unwrap().remove("forwards_since");
    asked["listchannelmoves"] = json!({"channelmoves": [
        {"account_id": "b", "credit_msat": 5, "debit_msat": 0, "timestamp": 10_000_000 - 3 * DAY,
         "primary_tag": "routed", "payment_hash": "h"}]});
    assert_eq!(
        classes(&asked),
        [
            (ProfitClass::Stagnant, Some(31)),
            (ProfitClass::BreakEven, Some(3))
        ]
    );
}

#[test]
fn only_what_left_one_channel_and_came_into_another_is_a_rebalance() {
    let part = |account: &str, credit: u64, debit: u64| {
        json!({"account_id": account, "credit_msat": credit, "debit_msat": debit,
            "timestamp": 9_999_000, "primary_tag": "invoice", "payment_hash": "h"})
    };
    let ask = |moves: Json| {
        let mut asked = answers(["a", "b", "c"].map(|id| channel(id, json!({}))).to_vec());
        asked["listforwards"] = json!({"forwards": []});
        asked["bkpr-listincome"] = json!({"income_events": []});
        asked["listchannelmoves"] = json!({ "channelmoves": moves });
        let (snapshot, _, _) = taken(&asked);
        let costs = snapshot.profits.iter().map(|one| one.books.cost_msat);
        let rates = snapshot.us.channels.readable().iter();
        let rates = rates.map(|one| one.route_cost_ppm.map(Ppm::get));
        (
            costs
                .map(|cost| cost.map_or(0, |cost| cost.get()))
                .collect::<Vec<_>>(),
            rates.collect::<Vec<_>>(),
        )
    };
    let none = (vec![0, 0, 0], vec![None, None, None]);
    // Paid by others in two parts, and by us in two parts.
    assert_eq!(ask(json!([part("a", 5000, 0), part("b", 7000, 0)])), none);
    assert_eq!(ask(json!([part("a", 0, 5000), part("b", 0, 7000)])), none);
    // Out of one into two: the cost is shared out to the last msat; a channel that was never
    // filled has the rate of the node.
    let split = json!([part("a", 1000, 0), part("b", 2000, 0), part("c", 0, 3010)]);
    assert_eq!(ask(split), (vec![3, 7, 0], vec![Some(3334); 3]));
}

#[test]
fn the_larger_source_tells_the_windows_and_a_short_one_no_trend() {
    const WEEK: u64 = 604_800;
    let mut asked = answers(vec![channel("c", json!({"short_channel_id": "1x1x1"}))]);
    let forward = |weeks: u64, fee: u64| {
        json!({"in_channel": "9x9x9", "out_channel": "1x1x1", "fee_msat": fee, "status": "settled",
               "resolved_time": 10_000_000 - weeks * WEEK})
    };
    let routed = |weeks: u64, fee: u64| json!({"account": "c", "tag": "routed", "credit_msat": fee, "timestamp": 10_000_000 - weeks * WEEK});
    let seen = |asked: &Json| {
        let snapshot = taken(asked).0;
        let windows: Vec<u64> = snapshot
            .revenue_windows
            .iter()
            .map(|one| one.get())
            .collect();
        let trend = snapshot.assess.unwrap().trend;
        (windows, trend == TrendSource::Windows(Vec::new()))
    };
    asked["listforwards"] = json!({"forwards": [forward(0, 90), forward(3, 5)]});
    asked["bkpr-listincome"] = json!({"income_events": [routed(0, 50), routed(1, 45)]});
    // Equal sums: the income list. Neither reaches beyond the oldest window.
    assert_eq!(seen(&asked), (vec![0, 0, 45, 50], true));
    asked["listforwards"] = json!({"forwards": [forward(0, 91), forward(3, 5)]});
    assert_eq!(seen(&asked), (vec![5, 0, 0, 91], true));
    asked["listforwards"] = json!({"forwards": [forward(0, 91), forward(3, 5), forward(4, 1)]});
    assert_eq!(seen(&asked), (vec![5, 0, 0, 91], false));
}

#[test]
fn demand_is_days_with_a_forward_and_what_left_on_them() {
    const DAY: u64 = 86_400;
    let mut asked = answers(vec![
        channel("a", json!({"short_channel_id": "1x1x1"})),
        channel("b", json!({"short_channel_id": "2x1x1"})),
    ]);
    let forward = |out: &str, into: &str, hours: u64, sats: u64| {
        json!({"in_channel": into, "out_channel": out, "fee_msat": 1, "status": "settled",
               "in_msat": sats * 1000 + 1, "out_msat": sats * 1000, "resolved_time": 10_000_000 - hours * 3600})
    };
    asked["listforwards"] = json!({"forwards": [
        forward("1x1x1", "2x1x1", 1, 100), forward("1x1x1", "2x1x1", 23, 50), forward("1x1x1", "9x9x9", 25, 30),
        forward("2x1x1", "1x1x1", 24 * 59, 7), forward("2x1x1", "1x1x1", 24 * 60, 9),
    ]});
    let (snapshot, _, _) = taken(&asked);
    let flows: Vec<_> = snapshot
        .us
        .channels
        .readable()
        .iter()
        .map(|one| {
            one.flow
                .map(|flow| (flow.days_out.get(), flow.sats_out.get(), flow.sats_in.get()))
        })
        .collect();
    assert_eq!(flows, [Some((2, 180, 7)), Some((1, 7, 150))]);
    let demand = snapshot.demand.unwrap();
    assert_eq!(demand.lambda.map(Share::get), Some(3.0 / 120.0));
    assert_eq!(
        demand.sats_per_active_day.map(|sats| sats.get()),
        Some(187 / 3)
    );
    let recent = snapshot.us.channels.readable()[0].recent_flow.unwrap();
    assert_eq!((recent.sats_out.get(), recent.sats_in.get()), (180, 0));
    // A day that only the books remember counts too.
    asked["bkpr-listincome"] = json!({"income_events": [
        {"account": "a", "tag": "routed", "credit_msat": 1, "timestamp": 10_000_000 - 9 * DAY}]});
    let (snapshot, _, _) = taken(&asked);
    assert_eq!(
        snapshot.us.channels.readable()[0]
            .flow
            .unwrap()
            .days_out
            .get(),
        3
    );
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

#[test]
fn what_was_set_aside_stays_so_where_the_typed_answers_are_read_again() {
    let mut asked = answers(vec![
        channel("a", json!({})),
        channel("a", json!({"to_us_msat": "ooo"})),
        channel("b", json!({"total_msat": -1})),
        channel("c", json!({})),
        json!(7),
    ]);
    asked["listforwards"] = json!({"forwards": [{"in_channel": "x"}, 3]});
    asked["bkpr-listincome"] = json!({"income_events": [{"account": "a"}]});
    let text = asked.to_string();
    let here: ClnInput = value::decode(&Value::from_json(text.as_bytes()).unwrap()).unwrap();
    let there: ClnInput = value::decode(&value::encode(&here).unwrap()).unwrap();
    let told = |input: &ClnInput| {
        let mut why = Why::new();
        let snapshot = cln(&Config::default(), input, &mut why).unwrap();
        (snapshot, why.finish())
    };
    let (snapshot, (_, aside)) = told(&here);
    assert_eq!(told(&there), told(&here));
    assert_eq!((snapshot.us.channels.len(), aside.len()), (1, 7));
}

#[test]
fn a_channel_whose_peer_is_away_stays_announced_and_is_in_no_report_and_no_public_capacity() {
    let direction = |source: &str, destination: &str, active: bool| {
        json!({"source": source, "destination": destination, "short_channel_id": "1x1x1",
               "amount_msat": 5000, "active": active})
    };
    for (active, nodes) in [(true, 2), (false, 0)] {
        let mut asked = answers(vec![channel("c", json!({"short_channel_id": "1x1x1"}))]);
        asked["listchannels"] = json!({"channels": [
            direction("03aa", "02bb", active), direction("02bb", "03aa", active)]});
        let (snapshot, _, _) = taken(&asked);
        assert_eq!(snapshot.us.channels.readable()[0].announced, Some(true));
        assert_eq!(snapshot.us.channels.readable()[0].inactive, !active);
        assert_eq!(snapshot.left_out.unannounced.get(), u32::from(!active));
        assert_eq!(snapshot.report.capacities.len(), usize::from(active));
        assert_eq!(snapshot.public_capacities.len(), nodes);
        // One that closes is listed on, inactive too.
        asked["listpeerchannels"]["channels"][0]["state"] = json!("ONCHAIN");
        let (snapshot, _, _) = taken(&asked);
        let announced = snapshot.us.channels.readable()[0].announced;
        assert_eq!(announced, active.then_some(true));
    }
}

#[test]
fn what_a_rebalance_cost_is_in_one_number_whatever_became_of_the_channel_that_it_filled() {
    let states = [
        "CHANNELD_NORMAL",
        "CHANNELD_SHUTTING_DOWN",
        "ONCHAIN",
        "AWAITING_UNILATERAL",
        "UNHEARD_OF",
        "",
    ];
    for state in states {
        let mut channels = vec![channel("a", json!({}))];
        if !state.is_empty() {
            channels.push(channel("b", json!({"state": state})));
        }
        let mut asked = answers(channels);
        asked["bkpr-listincome"] = json!({"income_events": []});
        asked["listchannelmoves"] = json!({"channelmoves": [
            {"account_id": "a", "primary_tag": "invoice", "payment_hash": "h", "debit_msat": 1500, "timestamp": 9_999_000},
            {"account_id": "b", "primary_tag": "invoice", "payment_hash": "h", "credit_msat": 1000, "timestamp": 9_999_000}]});
        let (snapshot, _, _) = taken(&asked);
        let told = snapshot.profits.iter();
        let told: u64 = told.map(|one| one.books.cost_msat.unwrap().get()).sum();
        let rest = snapshot.unattributed.rebalances_msat.get();
        let expected = if state == "CHANNELD_NORMAL" {
            (500, 0)
        } else {
            (0, 500)
        };
        assert_eq!((told, rest), expected, "{state}");
    }
}

#[test]
fn a_channel_is_idle_only_where_forwards_in_would_show_unless_the_books_are_all_there_is() {
    let is_idle = |more: Json| {
        let mut asked = answers(vec![channel("c", json!({"short_channel_id": "1x1x1"}))]);
        asked["income_since"] = json!(1);
        asked["bkpr-listincome"] = json!({"income_events": []});
        let more = more.as_object().unwrap().clone();
        asked.as_object_mut().unwrap().extend(more);
        taken(&asked).0.profits[0].books.idle_s.is_some()
    };
    let cleaned = json!({"forwards": [{"in_channel": "9x9x9", "out_channel": "8x8x8", "fee_msat": 1,
        "status": "settled", "resolved_time": 9_999_000}]});
    let move_at = |at: u64| {
        json!({"channelmoves": [
            {"account_id": "x", "primary_tag": "routed", "credit_msat": 1, "timestamp": at}]})
    };
    assert!(is_idle(json!({})));
    assert!(!is_idle(json!({"listforwards": cleaned})));
    assert!(!is_idle(json!({"listforwards": {"forwards": []}})));
    assert!(!is_idle(json!({"listchannelmoves": move_at(9_999_000)})));
    assert!(is_idle(
        json!({"listforwards": cleaned, "forwards_since": 1})
    ));
    assert!(is_idle(
        json!({"listforwards": cleaned, "listchannelmoves": move_at(1)})
    ));
}

#[test]
fn a_name_of_two_channels_is_a_name_of_neither_and_the_first_block_is_no_age() {
    for name in [
        json!({"short_channel_id": "0x0x0"}),
        json!({"alias": {"local": "0x0x0"}}),
    ] {
        let mut asked = answers(vec![channel("a", name.clone()), channel("b", name.clone())]);
        asked["getinfo"]["blockheight"] = json!(900_000);
        asked["listforwards"] = json!({"forwards": [{"in_channel": "9x9x9", "out_channel": "0x0x0",
            "fee_msat": 5, "out_msat": 7000, "status": "settled", "resolved_time": 9_999_999}]});
        let (snapshot, _, _) = taken(&asked);
        let earned = snapshot.profits.iter();
        let earned: Vec<u64> = earned.map(|one| one.books.revenue_msat.get()).collect();
        assert_eq!(earned, [0, 0]);
        assert_eq!(snapshot.unattributed.forwards_msat.get(), 5);
        let channels = snapshot.us.channels.readable();
        assert!(channels.iter().all(|one| one.age_days.is_none()));
    }
}

#[test]
fn null_is_no_amount_where_an_amount_may_be_left_out() {
    let events = |account: &str, tag: &str, hash: &str, nothing: bool| {
        let mut both = json!([
            {account: "c", tag: "invoice", hash: "h", "credit_msat": 1000, "timestamp": 9_999_000},
            {account: "x", tag: "invoice", hash: "h", "debit_msat": 1500, "timestamp": 9_999_000},
        ]);
        if nothing {
            both[0]["debit_msat"] = json!(null);
            both[1]["credit_msat"] = json!(null);
        }
        both
    };
    let told = |nothing: bool| {
        let mut asked = answers(vec![channel("c", json!({}))]);
        let mut income = events("account", "tag", "hash", nothing);
        income[1]["tag"] = json!("onchain_fee");
        income[1]["account"] = json!("c");
        asked["bkpr-listincome"] = json!({"income_events": income});
        asked["listchannelmoves"] =
            json!({"channelmoves": events("account_id", "primary_tag", "payment_hash", nothing)});
        asked["bkpr-listaccountevents"] =
            json!({"events": events("account", "tag", "payment_id", nothing)});
        taken(&asked)
    };
    let (snapshot, _, aside) = told(true);
    assert_eq!(aside, []);
    assert_eq!(snapshot, told(false).0);
    assert_eq!(
        snapshot.profits[0].books.cost_msat.map(Msat::get),
        Some(2000)
    );
}
