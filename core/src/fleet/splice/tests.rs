//! The laws of splice safety.

use super::*;
use crate::fleet::health::tests::cases;
use crate::reason::Quantity;
use proptest::prelude::*;

fn sat(n: u64) -> Sat {
    Sat::new(n).unwrap()
}

fn node(id: &str) -> NodeId {
    NodeId::new(id).unwrap()
}

fn member(id: &str, sats: u64) -> Other {
    Other {
        announced: Vec::new(),
        answer: None,
        at: Seconds::new(NOW).unwrap(),
        channels: Some(vec![sat(sats)]),
        member_id: node(id),
        node_capacity_sats: None,
        node_channels: None,
    }
}

const NOW: u64 = 1_795_000_000;

fn question(ours: u64, others: &[u64], public: u64, amount: u64) -> CheckInput {
    let channel = OwnChannel {
        after_pending_sats: None,
        capacity_sats: sat(ours),
    };
    let others: Vec<Other> = others
        .iter()
        .enumerate()
        .map(|(n, sats)| member(&format!("m{n}"), *sats))
        .collect();
    CheckInput {
        amount_sats: sat(amount),
        hive_reachable: true,
        in_flight: Vec::new(),
        now: Seconds::new(NOW).unwrap(),
        others: others.into(),
        ours: Ours {
            channels: vec![channel],
            node_id: Some(node("us")),
        },
        peer_id: node("peer"),
        peer_public_sats: Some(sat(public)),
        strict: false,
        splice_type: SpliceType::SpliceOut,
    }
}

fn largest(input: &CheckInput) -> HeadroomInput {
    HeadroomInput {
        hive_reachable: input.hive_reachable,
        in_flight: input.in_flight.clone(),
        now: input.now,
        others: input.others.clone(),
        ours: input.ours.clone(),
        peer_id: input.peer_id.clone(),
        peer_public_sats: input.peer_public_sats,
    }
}

fn advice(config: &Config, input: &CheckInput) -> Checked {
    check(config, input, &mut Why::off()).unwrap()
}

fn reasons(config: &Config, input: &CheckInput) -> Vec<Reason> {
    let mut why = Why::new();
    check(config, input, &mut why).unwrap();
    why.into_reasons()
}

fn configs() -> impl Strategy<Value = Config> {
    prop::sample::select(vec![Profile::Plan, Profile::ClHive]).prop_map(Config::of)
}

/// Amounts near the bounds that the rules look at.
fn sats() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), 999_998..1_000_003_u64, 0..30_000_000_u64]
}

prop_compose! {
    fn questions()(
        ours in sats(), others in prop::collection::vec(sats(), 0..4), public in 1..300_000_000_u64,
        part in 0.0..=1.0f64,
    ) -> CheckInput {
        question(ours, &others, public, (ours as f64 * part) as u64)
    }
}

proptest! {
    #![proptest_config(cases(0x5b11_ce01))]

    #[test]
    fn headroom_and_check_agree_to_the_sat(config in configs(), input in questions()) {
        let room = headroom(&config, &largest(&input), &mut Why::off()).unwrap();
        let safe = |amount: u64| {
            let input = CheckInput { amount_sats: sat(amount), ..input.clone() };
            advice(&config, &input).safety == Safety::Safe
        };
        match room.headroom_sats.map(Sat::get) {
            None => prop_assert!(!safe(0)),
            Some(most) => {
                prop_assert!(safe(most));
                prop_assert!(most == room.ours_sats.get() || !safe(most + 1));
            }
        }
    }

    #[test]
    fn a_larger_amount_never_improves_the_verdict(
        config in configs(), input in questions(), part in 0.0..=1.0f64,
    ) {
        let smaller = (input.amount_sats.as_f64() * part) as u64;
        let less = CheckInput { amount_sats: sat(smaller), ..input.clone() };
        prop_assert!(advice(&config, &less).safety <= advice(&config, &input).safety);
    }

    #[test]
    fn more_capacity_of_others_never_worsens_the_verdict(
        config in configs(), input in questions(), more in sats(),
    ) {
        let before = advice(&config, &input);
        let mut others: Vec<Other> = input.others.readable().to_vec();
        others.push(member("z", more));
        let input = CheckInput { others: others.into(), ..input };
        prop_assert!(advice(&config, &input).safety <= before.safety);
    }

    #[test]
    fn we_never_cover_ourselves_and_a_stale_member_never_counts(
        config in configs(), input in questions(), more in sats(), age in 3_601..100_000_u64,
    ) {
        let before = advice(&config, &input);
        let mut others: Vec<Other> = input.others.readable().to_vec();
        others.push(member("us", more));
        others.push(Other { at: Seconds::new(NOW - age).unwrap(), ..member("old", more) });
        others.push(Other { at: Seconds::new(NOW + 601).unwrap(), ..member("early", more) });
        let input = CheckInput { others: others.into(), ..input };
        prop_assert_eq!(advice(&config, &input), before);
    }

    #[test]
    fn the_order_of_members_and_channels_changes_nothing(config in configs(), input in questions()) {
        let mut others: Vec<Other> = input.others.readable().to_vec();
        others.reverse();
        let turned = CheckInput { others: others.into(), ..input.clone() };
        prop_assert_eq!(advice(&config, &turned), advice(&config, &input));
        prop_assert_eq!(reasons(&config, &turned), reasons(&config, &input));
    }

    #[test]
    fn what_is_unknown_is_never_safe(config in configs(), input in questions(), strict: bool) {
        for (public, reachable) in [(None, true), (Some(Sat::MIN), true), (input.peer_public_sats, false)] {
            let blind = CheckInput {
                peer_public_sats: public, hive_reachable: reachable, strict, ..input.clone()
            };
            let advice = advice(&config, &blind);
            prop_assert_eq!((advice.safety, advice.can_proceed), (Safety::Unchecked, !strict));
            let room = headroom(&config, &largest(&blind), &mut Why::off()).unwrap();
            prop_assert_eq!(room.headroom_sats, None);
        }
    }

    #[test]
    fn every_flip_of_the_amount_ends_its_reason_and_one_step_back_does_not(
        config in configs(), input in questions(),
    ) {
        for reason in reasons(&config, &input) {
            let Some(flip) = reason.flip.filter(|flip| flip.field == "amount_sats") else { continue };
            let Quantity::Whole(to) = flip.to else { panic!("{:?}", flip.to) };
            let to = u64::try_from(to).unwrap();
            let back = if to < input.amount_sats.get() { to + 1 } else { to - 1 };
            let there = |amount: u64| {
                let input = CheckInput { amount_sats: sat(amount), ..input.clone() };
                reasons(&config, &input).iter().any(|other| other.code == reason.code)
            };
            prop_assert!(!there(to), "{:?} at {to}", reason.code);
            prop_assert!(there(back), "{:?} at {back}", reason.code);
        }
    }

    #[test]
    fn two_exits_never_count_the_same_sats(config in configs(), input in questions(), part in 0.0..=1.0f64) {
        let first = (input.amount_sats.as_f64() * part) as u64;
        let second = input.amount_sats.get() - first;
        let together = advice(&config, &input);
        let then = CheckInput {
            amount_sats: sat(second), in_flight: vec![sat(first)], ..input.clone()
        };
        let then = advice(&config, &then);
        prop_assert_eq!(then.new_fleet_sats, together.new_fleet_sats);
        // What remains is the same; only what "ours" is a part of may have shrunk.
        prop_assert!(then.safety >= together.safety || config.splice.whole == Whole::AtLeastFleet);
    }
}

#[test]
fn the_only_connected_member_is_never_told_that_others_cover() {
    // The deployed plugin counts the caller a second time and says "others have 2,000,000 sats".
    let mut input = question(2_000_000, &[], 20_000_000, 2_000_000);
    input.others = vec![member("us", 2_000_000)].into();
    for profile in [Profile::Plan, Profile::ClHive] {
        let advice = advice(&Config::of(profile), &input);
        assert_eq!(
            (advice.safety, advice.can_proceed),
            (Safety::Blocked, false)
        );
    }
}

#[test]
fn an_answer_replaces_the_estimate_and_announced_exits_are_taken_away() {
    let mut other = member("m", 0);
    other.channels = None;
    other.node_capacity_sats = Some(sat(9_000_001));
    other.node_channels = Some(Count::new(3).unwrap());
    let held = |other: &Other| {
        let mut input = question(0, &[], 1, 0);
        input.others = vec![other.clone()].into();
        advice(&Config::default(), &input).others_sats.get()
    };
    assert_eq!(held(&other), 3_000_000);
    other.answer = Some(Answer {
        at: Seconds::new(NOW - 600).unwrap(),
        capacity_sats: sat(50),
    });
    assert_eq!(held(&other), 50);
    let exit = |expires| Announced {
        amount_sats: sat(20),
        expires: Seconds::new(expires).unwrap(),
    };
    other.announced = vec![exit(NOW), exit(NOW + 1)];
    assert_eq!(held(&other), 30);
    other.answer = None;
    assert_eq!(held(&other), 2_999_980);
}

#[test]
fn more_than_we_hold_is_a_mistake_and_nothing_is_no_mistake() {
    let error = check(
        &Config::default(),
        &question(5, &[], 10, 6),
        &mut Why::off(),
    );
    assert_eq!(error.unwrap_err().field, "amount_sats");
    assert_eq!(
        advice(&Config::default(), &question(5, &[], 10, 0)).safety,
        Safety::Safe
    );
}
