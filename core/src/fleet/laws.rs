//! Laws that hold for several fleet policies alike: every flip flips, and no order matters.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::config::Profile;
use crate::policy::Policy;
use crate::proofs;

/// What an operation answers; without its order of reasons about the members, which is by id.
fn ask(operation: &str, input: &Json) -> Json {
    let answer = Policy::plan().call(operation, input.to_string().as_bytes());
    serde_json::from_slice(&answer.unwrap()).unwrap()
}

/// What the profile of the deployed plugins answers.
fn ask_deployed(operation: &str, input: &Json) -> Json {
    let answer = Policy::of(Profile::ClHive).call(operation, input.to_string().as_bytes());
    serde_json::from_slice(&answer.unwrap()).unwrap()
}

fn reason<'a>(answer: &'a Json, code: &str) -> Option<&'a Json> {
    let reasons = answer["reasons"].as_array().unwrap();
    reasons.iter().find(|reason| reason["code"] == code)
}

/// The same input with one field, also one inside another record, set to a whole number.
fn with(input: &Json, field: &str, to: i64) -> Json {
    let mut changed = input.clone();
    let place = format!("/{}", field.replace('.', "/"));
    *changed.pointer_mut(&place).unwrap() = json!(to);
    changed
}

/// With `to` a reason is gone, and one step back it is there.
fn every_flip_flips(operation: &str, input: &Json) {
    let answer = ask(operation, input);
    for told in answer["reasons"].as_array().unwrap() {
        let Some(flip) = told.get("flip") else {
            continue;
        };
        let (code, field) = (
            told["code"].as_str().unwrap(),
            flip["field"].as_str().unwrap(),
        );
        let to: i64 = flip["to"].as_str().unwrap().parse().unwrap();
        let place = format!("/{}", field.replace('.', "/"));
        let now = input.pointer(&place).unwrap().as_i64().unwrap();
        let gone = ask(operation, &with(input, field, to));
        assert!(reason(&gone, code).is_none(), "{code} stays at {to}");
        let back = ask(operation, &with(input, field, to - (to - now).signum()));
        assert!(reason(&back, code).is_some(), "{code} is gone before {to}");
    }
}

const NOW: i64 = 1_000_000;

/// Score, age, whether it lies, and channels (peer, share in twentieths, size) of a member.
type Part = (i64, i64, bool, Vec<(u8, i64, i64)>);

prop_compose! {
    fn members()(
        parts in prop::collection::vec((0..=100i64, 0..9000i64, any::<bool>(), prop::collection::vec((0..5u8, 0..=20i64, 1..9i64), 0..4)), 0..7)
    ) -> Vec<Json> {
        let one = |(n, (score, age, implausible, channels)): (usize, Part)| {
            let trouble = |low: bool| -> Vec<Json> {
                let here = channels.iter().filter(|(_, part, _)| (*part < 10) == low);
                here.map(|(peer, part, size)| json!({
                    "peer_id": format!("p{peer}"), "local_pct": *part as f64 / 20.0, "capacity_sats": size * 1_000_000,
                })).collect()
            };
            let of = |make: &dyn Fn(&str, i64) -> Json| -> Vec<Json> {
                channels.iter().map(|(peer, part, _)| make(&format!("p{peer}"), *part)).collect()
            };
            json!({
                "member_id": format!("m{n}"), "at": NOW - age, "score": score, "implausible": implausible,
                "depleted": trouble(true), "saturated": trouble(false),
                "capacities": of(&|peer, part| json!({ "peer_id": peer, "capacity_sats": part * 100_000 })),
                "rebalancing": of(&|peer, part| json!({ "peer_id": peer, "at": NOW - part * 60, "expected_end": NOW + part * 30 })),
            })
        };
        parts.into_iter().enumerate().map(one).collect()
    }
}

fn turned(list: &[Json]) -> Vec<Json> {
    let turn = |one: &Json| {
        let mut one = one.clone();
        for field in ["depleted", "saturated", "capacities", "rebalancing"] {
            one[field].as_array_mut().unwrap().reverse();
        }
        one
    };
    list.iter().rev().map(turn).collect()
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn the_flip_of_a_channel_flips(capacity in 1..40_000_000i64, part in 0..=1000i64, by in 0..3i64) {
        let local = (capacity * part / 1000 + by - 1).clamp(0, capacity);
        every_flip_flips("liquidity.classify", &json!({ "capacity_sats": capacity, "local_sats": local }));
    }

    #[test]
    fn the_flips_of_a_verified_report_flip(
        channels in 0..60i64, capacity in 0..90_000_000i64, at in -9000..2000i64,
        public in (prop::option::of(0..40i64), prop::option::of(0..50_000_000i64)), before in prop::option::of(-9000..2000i64),
    ) {
        let mut evidence = json!({});
        if let Some(channels) = public.0 {
            evidence["public_channels"] = json!(channels);
        }
        if let Some(capacity) = public.1 {
            evidence["public_capacity_sats"] = json!(capacity);
        }
        if let Some(before) = before {
            evidence["previous"] = json!({ "at": NOW + before, "score": 50 });
        }
        let report = json!({
            "at": NOW + at, "capacity_sats": capacity, "channels": channels, "imbalance_bp": 0, "profitable": 0,
            "stagnant": 0, "total": 0, "underwater": 0, "windows": [],
        });
        every_flip_flips("health.verify", &json!({ "evidence": evidence, "now": NOW, "report": report }));
    }

    #[test]
    fn the_flip_of_a_conflict_flips(list in members(), tier in any::<bool>(), announced in any::<bool>()) {
        let mut us = json!({ "node_id": "us", "tier": if tier { "struggling" } else { "thriving" } });
        if announced {
            us["rebalancing"] = json!([{ "peer_id": "p0", "at": NOW, "expected_end": NOW + 10_000 }]);
        }
        every_flip_flips("rebalance.conflict", &json!({ "members": list, "now": NOW, "target_peer": "p0", "us": us }));
    }

    #[test]
    fn no_order_changes_conflict_advice_or_fleet_health(list in members()) {
        let us = json!({ "node_id": "us" });
        let candidates: Vec<Json> = (0..4).map(|n| json!({ "peer_id": format!("p{n}"), "public_capacity_sats": n * 900_000 })).collect();
        let all = |list: &[Json], candidates: &[Json]| [
            ask("rebalance.conflict", &json!({ "members": list, "now": NOW, "target_peer": "p0", "us": us })),
            ask("topology.advise", &json!({ "members": list, "now": NOW, "candidates": candidates, "us": us })),
            ask("health.fleet", &json!({ "members": list, "now": NOW })),
            ask("liquidity.excess", &json!({ "members": list, "now": NOW, "us": us })),
        ];
        let reversed: Vec<Json> = candidates.iter().rev().cloned().collect();
        prop_assert_eq!(all(&list, &candidates), all(&turned(&list), &reversed));
    }
}

#[test]
fn a_source_that_drains_gives_only_when_nearly_full() {
    let of = |spendable: i64| {
        ask_deployed(
            "rebalance.sources",
            &json!({ "amount_sats": 1, "inbound_ppm": 1, "out_ppm": 2000, "sources": [{
            "channel_id": "1x1x0", "capacity_sats": 1000, "spendable_sats": spendable, "fee_ppm": 5,
            "flow": { "kind": "source", "sats_in": 0, "sats_out": 500 } }] }),
        )
    };
    assert!(reason(&of(799), "source_drains").is_some());
    assert!(reason(&of(800), "source_drains").is_none());
}

#[test]
fn a_target_below_the_smallest_amount_is_not_filled() {
    let least = Policy::of(Profile::ClHive)
        .config()
        .rebalance
        .min_amount_sats
        .get();
    let of = |capacity: u64| {
        ask_deployed(
            "rebalance.size",
            &json!({ "capacity_sats": capacity, "spendable_sats": 0 }),
        )
    };
    // Half of the capacity is the target of a channel that nobody watched.
    assert!(reason(&of(least * 2 - 2), "target_below_minimum").is_some());
    assert!(reason(&of(least * 2), "target_below_minimum").is_none());
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn no_score_and_no_rebalance_counts_that_is_stamped_later_than_clocks_differ(list in members(), ahead in 601..1_000_000_000i64) {
        let us = json!({ "node_id": "us" });
        let activity = json!([{ "peer_id": "p0", "at": NOW + ahead, "expected_end": NOW + ahead + 900 }]);
        // One that reports out of the future, and one that announces a rebalance of the future now.
        let late = json!({ "member_id": "late", "at": NOW + ahead, "score": 3, "rebalancing": activity });
        let early = json!({ "member_id": "early", "at": NOW, "rebalancing": activity });
        let with = |more: &[&Json]| {
            let all = list.iter().chain(more.iter().copied());
            json!({ "members": all.collect::<Vec<_>>(), "now": NOW, "us": us })
        };
        let health = |list: Json| {
            let mut told = ask("health.fleet", &json!({ "members": list["members"], "now": NOW }));
            let stale = reason(&told, "stale_report").cloned();
            told["decision"]["members"] = json!(null);
            (told["decision"].clone(), stale)
        };
        let (before, (after, stale)) = (health(with(&[])), health(with(&[&late])));
        prop_assert_eq!(before.0, after);
        prop_assert!(stale.is_some());
        let conflict = |list: Json| {
            let mut asked = list;
            asked["target_peer"] = json!("p0");
            ask("rebalance.conflict", &asked)["decision"].clone()
        };
        prop_assert_eq!(conflict(with(&[])), conflict(with(&[&early, &late])));
        let state = |list: Json| ask("liquidity.state", &list)["decision"]["members_rebalancing"].clone();
        prop_assert_eq!(state(with(&[])), state(with(&[&early, &late])));
    }
}

#[test]
fn a_stamp_as_far_ahead_as_clocks_differ_still_counts() {
    let counts = |ahead: i64| {
        let asked = json!({ "now": NOW, "members": [{ "member_id": "m", "at": NOW + ahead, "score": 90 }] });
        ask("health.fleet", &asked)
    };
    assert_eq!(counts(600)["decision"]["member_count"], 1);
    let beyond = counts(601);
    assert_eq!(beyond["decision"]["member_count"], 0);
    let stale = reason(&beyond, "stale_report").unwrap();
    assert_eq!(
        (&stale["observed"], &stale["limit"]),
        (&json!("-601"), &json!("-600"))
    );
}
