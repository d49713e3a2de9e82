//! The laws of splice safety.

use super::*;
use crate::config::Profile;
use crate::fleet::channel::{Channel, Phase};
use crate::fleet::health::tests::cases;
use crate::fleet::member::{AnnouncedSplice, Member, PeerAnswer, PeerCapacity};
use crate::reason::Quantity;
use crate::units::{Count, Share};
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
        capacity_sats: sat(ours),
        ..OwnChannel::default()
    };
    let others: Vec<Other> = others
        .iter()
        .enumerate()
        .map(|(n, sats)| member(&format!("m{n}"), *sats))
        .collect();
    CheckInput {
        amount_sats: sat(amount),
        channel_id: None,
        hive_reachable: true,
        in_flight: Vec::new(),
        now: Seconds::new(NOW).unwrap(),
        others: others.into(),
        ours: Some(Ours {
            channels: vec![channel],
            node_id: Some(node("us")),
        }),
        peer_id: node("peer"),
        peer_public_sats: Some(sat(public)),
        strict: false,
        splice_type: SpliceType::SpliceOut,
    }
}

fn largest(input: &CheckInput) -> HeadroomInput {
    HeadroomInput {
        channel_id: input.channel_id.clone(),
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

/// A channel of ours, of which some numbers may be absent.
fn own_channels() -> impl Strategy<Value = OwnChannel> {
    let maybe = |most: u64| prop::option::weighted(0.7, 0..=most);
    let phases = [
        Phase::Opening,
        Phase::Usable,
        Phase::Closing,
        Phase::Unknown,
    ];
    let phase = prop::option::of(prop::sample::select(phases.to_vec()));
    let amounts = (sats(), maybe(20_000_000), maybe(20_000_000), maybe(300_000));
    (
        amounts,
        phase,
        prop::option::weighted(0.1, sats()),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |((capacity, local, spendable, reserve), phase, pending, splicing)| OwnChannel {
                after_pending_sats: pending.map(sat),
                capacity_sats: sat(capacity),
                channel_id: None,
                local_sats: local.map(|local| sat(local.min(capacity))),
                phase,
                reserve_sats: reserve.map(sat),
                spendable_sats: spendable.map(|local| sat(local.min(capacity))),
                splicing,
            },
        )
}

prop_compose! {
    /// Our side in any state, with any of its numbers absent.
    fn sides()(
        channels in prop::collection::vec(own_channels(), 0..4), others in prop::collection::vec(sats(), 0..3),
        public in 1..300_000_000_u64, amount in sats(), flights in prop::collection::vec(0..2_000_000_u64, 0..3),
    ) -> CheckInput {
        let mut input = question(0, &others, public, amount);
        input.ours = Some(Ours { channels, node_id: None });
        input.in_flight = flights.into_iter().map(sat).collect();
        input
    }
}

/// What one of our channels can give for certain, by the words of the rule; the capacity where
/// nothing is told.
fn carries(channel: &OwnChannel) -> u64 {
    let usable = channel.phase.is_none_or(|phase| phase == Phase::Usable);
    if !usable || channel.splicing || channel.after_pending_sats.is_some() {
        return 0;
    }
    let capacity = channel.capacity_sats.get();
    let reserve = channel
        .reserve_sats
        .map_or(capacity.div_ceil(100), Sat::get);
    let own = channel
        .local_sats
        .map_or(capacity, |local| local.get().saturating_sub(reserve));
    own.min(channel.spendable_sats.map_or(capacity, Sat::get))
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
        config in configs(), input in prop_oneof![questions(), sides()],
    ) {
        let mut why = Why::new();
        if check(&config, &input, &mut why).is_err() {
            return Ok(());
        }
        for reason in why.into_reasons() {
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
    fn no_exit_is_ever_proposed_that_no_channel_can_carry(config in configs(), input in sides()) {
        let channels = &input.ours.as_ref().unwrap().channels;
        let told = channels.iter().any(|one| {
            let usable = one.phase.is_none_or(|phase| phase == Phase::Usable);
            usable && (one.local_sats.is_some() || one.spendable_sats.is_some())
        });
        prop_assume!(told);
        let leaving: u64 = input.in_flight.iter().map(|one| one.get()).sum();
        let most = channels.iter().map(carries).max().unwrap().saturating_sub(leaving);
        let room = headroom(&config, &largest(&input), &mut Why::off()).unwrap();
        prop_assert_eq!(room.gives_sats, Some(sat(most)));
        prop_assert!(room.headroom_sats.is_none_or(|room| room.get() <= most));
        for amount in [most, most + 1, input.amount_sats.get()] {
            let input = CheckInput { amount_sats: sat(amount), ..input.clone() };
            let mut why = Why::new();
            let Ok(advice) = check(&config, &input, &mut why) else {
                // More than we hold at all, although a channel is said to hold it.
                prop_assert!(amount <= most);
                continue;
            };
            let beyond = why.reasons().iter().any(|reason| reason.code == Code::BeyondOwnBalance);
            prop_assert_eq!(beyond, amount > most);
            prop_assert_eq!(amount > most, advice.safety == Safety::Blocked && beyond);
            prop_assert!(!beyond || !advice.can_proceed);
        }
    }

    #[test]
    fn headroom_and_check_agree_whatever_is_known_of_our_side(config in configs(), input in sides()) {
        let room = headroom(&config, &largest(&input), &mut Why::off()).unwrap();
        let safe = |amount: u64| {
            let input = CheckInput { amount_sats: sat(amount), ..input.clone() };
            check(&config, &input, &mut Why::off()).is_ok_and(|advice| advice.safety == Safety::Safe)
        };
        match room.headroom_sats.map(Sat::get) {
            None => prop_assert!(!safe(0)),
            Some(most) => prop_assert!(safe(most) && (most == room.ours_sats.get() || !safe(most + 1))),
        }
    }

    #[test]
    fn a_member_with_absurd_numbers_changes_nothing_for_the_rest(
        config in configs(), input in questions(), absurd in prop::collection::vec(2_000_000_000_000_000..=2_100_000_000_000_000_u64, 2..4),
    ) {
        let before = advice(&config, &input);
        let mut others: Vec<Other> = input.others.readable().to_vec();
        let mut liar = member("liar", 0);
        liar.channels = Some(absurd.into_iter().map(sat).collect());
        others.push(liar);
        let turned = CheckInput { others: others.clone().into(), ..input.clone() };
        prop_assert_eq!(advice(&config, &turned), before);
        prop_assert!(reasons(&config, &turned).iter().any(|reason| reason.code == Code::CapacityAbsurd));
        let coming = CheckInput { splice_type: SpliceType::SpliceIn, ..turned };
        prop_assert_eq!(advice(&config, &coming).safety, Safety::Safe);
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

fn told(input: &CheckInput) -> (Safety, Vec<Code>) {
    let mut why = Why::new();
    let advice = check(&Config::default(), input, &mut why).unwrap();
    (
        advice.safety,
        why.reasons().iter().map(|reason| reason.code).collect(),
    )
}

fn with(channels: Vec<OwnChannel>, amount: u64) -> CheckInput {
    let mut input = question(0, &[9_000_000], 20_000_000, amount);
    let node_id = Some(node("us"));
    input.ours = Some(Ours { channels, node_id });
    input
}

fn channel(capacity: u64, local: u64, reserve: Option<u64>, spendable: Option<u64>) -> OwnChannel {
    OwnChannel {
        capacity_sats: sat(capacity),
        channel_id: Some(node(&format!("c{capacity}"))),
        local_sats: Some(sat(local)),
        reserve_sats: reserve.map(sat),
        spendable_sats: spendable.map(sat),
        ..OwnChannel::default()
    }
}

/// The largest amount that is not beyond what one channel can give.
fn most(channels: &[OwnChannel], named: Option<&str>) -> Option<u64> {
    let mut input = with(channels.to_vec(), 0);
    input.channel_id = named.map(node);
    advice(&Config::default(), &input).gives_sats.map(Sat::get)
}

#[test]
fn one_channel_gives_its_own_balance_less_reserve_and_htlcs() {
    // A case of the field: 565,000 of 10,000,000 sat are ours, of which 100,000 must stay.
    let small = channel(10_000_000, 565_000, Some(100_000), None);
    assert_eq!(most(std::slice::from_ref(&small), None), Some(465_000));
    let (safety, codes) = told(&with(vec![small.clone()], 465_001));
    assert_eq!(safety, Safety::Blocked);
    assert!(codes.contains(&Code::BeyondOwnBalance));
    assert_eq!(told(&with(vec![small.clone()], 465_000)).0, Safety::Safe);
    // An unknown reserve is a hundredth of the capacity, rounded up.
    assert_eq!(
        most(&[channel(10_000_001, 565_000, None, None)], None),
        Some(464_999)
    );
    let held = channel(10_000_000, 565_000, Some(100_000), Some(40_000));
    assert_eq!(most(&[held], None), Some(40_000));
    // Two channels do not add up, and a named one stands alone.
    let other = channel(3_000_000, 300_000, Some(30_000), None);
    let both = [small.clone(), other];
    assert_eq!(most(&both, None), Some(465_000));
    assert_eq!(most(&both, Some("c3000000")), Some(270_000));
    let mut input = with(both.to_vec(), 0);
    input.channel_id = Some(node("c4"));
    let error = check(&Config::default(), &input, &mut Why::off()).unwrap_err();
    assert_eq!(error.field, "channel_id");
    // Our own exits in flight have left already.
    let mut input = with(vec![small], 0);
    input.in_flight = vec![sat(400_000), sat(60_000)];
    assert_eq!(
        advice(&Config::default(), &input).gives_sats,
        Some(sat(5_000))
    );
}

#[test]
fn a_channel_that_is_spliced_or_not_usable_gives_nothing() {
    let whole = channel(10_000_000, 9_000_000, Some(0), None);
    let mut spliced = whole.clone();
    spliced.splicing = true;
    assert_eq!(most(&[spliced], None), Some(0));
    let mut pending = whole.clone();
    pending.after_pending_sats = Some(sat(10_000_000));
    assert_eq!(most(&[pending], None), Some(0));
    for phase in [
        Phase::Proposed,
        Phase::Opening,
        Phase::Closing,
        Phase::Unknown,
    ] {
        let mut other = whole.clone();
        other.phase = Some(phase);
        let input = with(vec![other, channel(1_000_000, 500_000, Some(0), None)], 0);
        let advice = advice(&Config::default(), &input);
        assert_eq!(
            (advice.ours_sats, advice.gives_sats),
            (sat(1_000_000), Some(sat(500_000)))
        );
        assert!(told(&input).1.contains(&Code::NotInNormalOperation));
    }
}

#[test]
fn an_unknown_balance_is_told_and_bounds_nothing() {
    let mut blind = channel(10_000_000, 0, None, None);
    blind.local_sats = None;
    let input = with(vec![blind.clone()], 10_000_000);
    assert_eq!(most(&[blind.clone()], None), None);
    let (safety, codes) = told(&input);
    assert_eq!(safety, Safety::Safe);
    assert!(codes.contains(&Code::BalanceUnknown));
    // Where another one tells its balance, the blind one can give what it holds at most.
    let told_one = channel(3_000_000, 300_000, Some(30_000), None);
    assert_eq!(most(&[blind.clone(), told_one], None), Some(10_000_000));
    // What can be sent is enough to know.
    blind.spendable_sats = Some(sat(7));
    assert_eq!(most(&[blind.clone()], None), Some(7));
    assert!(
        !told(&with(vec![blind], 7))
            .1
            .contains(&Code::BalanceUnknown)
    );
}

#[test]
fn of_absurd_members_the_largest_goes_first_and_of_equal_ones_the_larger_id() {
    let mut input = question(0, &[], 10, 0);
    let most = Sat::MAX.get();
    let list = [("a", most - 10), ("b", most - 10), ("c", 10), ("d", 1)];
    let members = list.map(|(id, sats)| member(id, sats));
    input.others = members.to_vec().into();
    let aside: Vec<_> = reasons(&Config::default(), &input)
        .into_iter()
        .filter(|reason| reason.code == Code::CapacityAbsurd)
        .map(|reason| reason.subject.unwrap())
        .collect();
    assert_eq!(aside, ["b", "a"]);
    assert_eq!(advice(&Config::default(), &input).others_sats, sat(11));
    input.others = members[1..3].to_vec().into();
    assert_eq!(advice(&Config::default(), &input).others_sats, Sat::MAX);
}

/// A member that reports, answers and announces.
fn reporting() -> Member {
    let out = |peer: &str, amount, splice_type| AnnouncedSplice {
        amount_sats: sat(amount),
        expires: Seconds::new(NOW + 5).unwrap(),
        peer_id: node(peer),
        splice_type,
    };
    let answer = |peer: &str, age: u64, capacity| PeerAnswer {
        at: Seconds::new(NOW - age).unwrap(),
        capacity_sats: sat(capacity),
        peer_id: node(peer),
    };
    let held = |peer: &str, capacity| PeerCapacity {
        capacity_sats: sat(capacity),
        channels: None,
        peer_id: node(peer),
    };
    Member {
        answers: vec![
            answer("peer", 9, 70),
            answer("peer", 8, 60),
            answer("peer", 8, 50),
            answer("peer", 8, 55),
            answer("else", 1, 1),
        ],
        at: Seconds::new(NOW).unwrap(),
        capacities: vec![held("peer", 100), held("else", 7), held("peer", 20)],
        splices: vec![
            out("peer", 5, SpliceType::SpliceOut),
            out("peer", 1_000, SpliceType::SpliceIn),
            out("else", 1_000, SpliceType::SpliceOut),
            out("peer", 6, SpliceType::SpliceOut),
        ],
        ..Member::silent(node("m"))
    }
}

#[test]
fn of_a_report_only_the_exits_at_the_peer_and_the_newest_smallest_answer_count() {
    let other = Other::at_peer(&reporting(), &node("peer")).unwrap();
    let amounts: Vec<u64> = other
        .announced
        .iter()
        .map(|one| one.amount_sats.get())
        .collect();
    assert_eq!(amounts, [5, 6]);
    let answer = other.answer.clone().unwrap();
    assert_eq!((answer.at.get(), answer.capacity_sats.get()), (NOW - 8, 50));
    assert_eq!(other.channels, Some(vec![sat(100), sat(20)]));
    let member = reporting();
    let all = Other::by_peer(&member);
    assert_eq!(all.get(&node("peer")), Some(&Some(other)));
    assert_eq!(
        Other::at_peer(&Member::silent(node("m")), &node("peer")),
        None
    );
    let mut liar = reporting();
    liar.implausible = true;
    assert_eq!(Other::at_peer(&liar, &node("peer")), None);
}

#[test]
fn only_a_member_without_capacities_is_estimated_and_as_old_as_its_health_report() {
    let mut member = reporting();
    member.node_capacity_sats = Some(sat(900));
    member.node_channels = Some(Count::new(9).unwrap());
    assert!(!Other::estimates(&member));
    let other = Other::at_peer(&member, &node("peer")).unwrap();
    assert_eq!(
        (other.node_capacity_sats, other.node_channels),
        (None, None)
    );
    member.capacities.clear();
    member.health_at = Some(Seconds::new(NOW - 3).unwrap());
    assert!(Other::estimates(&member));
    let other = Other::at_peer(&member, &node("nobody")).unwrap();
    assert_eq!((other.at.get(), other.channels), (NOW - 3, None));
    assert_eq!(other.node_capacity_sats, Some(sat(900)));
}

#[test]
fn the_bounds_of_the_rules_are_met_to_the_sat() {
    let deployed = Config::of(Profile::ClHive);
    let safety = |config: &Config, ours, others: &[u64], public, amount| {
        advice(config, &question(ours, others, public, amount)).safety
    };
    // A tenth of the public capacity is enough, one sat less is not.
    let plan = Config::default();
    assert_eq!(
        safety(&plan, 3_000_000, &[], 20_000_000, 1_000_000),
        Safety::Safe
    );
    assert_eq!(
        safety(&plan, 3_000_000, &[], 20_000_000, 1_000_001),
        Safety::Coordinate
    );
    assert_eq!(
        safety(&plan, 3_000_000, &[], 20_000_000, 3_000_000),
        Safety::Blocked
    );
    assert_eq!(
        safety(&plan, 3_000_000, &[1], 200_000_000, 3_000_000),
        Safety::Safe
    );
    // The share is one of what the fleet holds where that is more than is public.
    let above = advice(&plan, &question(3_000_000, &[], 1_000_000, 0));
    assert_eq!(above.fleet_share, Some(Real::new(1.0).unwrap()));
    let above = advice(&deployed, &question(3_000_000, &[], 1_000_000, 0));
    assert_eq!(above.fleet_share, Some(Real::new(3.0).unwrap()));
    // Deployed: what we keep is enough by itself from a million sats on.
    let (ours, public) = (3_000_000, 300_000_000);
    assert_eq!(
        safety(&deployed, ours, &[], public, 2_000_000),
        Safety::Safe
    );
    assert_eq!(
        safety(&deployed, ours, &[], public, 2_000_001),
        Safety::Coordinate
    );
    assert_eq!(safety(&plan, ours, &[], public, 1), Safety::Coordinate);
    // Others cover from a million sats on, in the plan from one.
    assert_eq!(
        safety(&deployed, ours, &[1_000_000], public, ours),
        Safety::Safe
    );
    assert_eq!(
        safety(&deployed, ours, &[999_999], public, ours),
        Safety::Coordinate
    );
    let mut free = deployed.clone();
    free.splice.min_sats = Sat::MIN;
    free.splice.min_share = Share::MAX;
    assert_eq!(safety(&free, 5, &[], 100, 4), Safety::Safe);
    assert_eq!(safety(&free, 5, &[], 100, 5), Safety::Blocked);
}

#[test]
fn what_a_channel_of_a_snapshot_tells_is_what_counts_of_it() {
    let mut one = Channel::plain(node("c"), node("peer"), sat(400), sat(1_000));
    one.reserve_sats = Some(sat(10));
    one.spendable_sats = Some(sat(350));
    one.phase = Some(Phase::Usable);
    assert_eq!(most(&[OwnChannel::of(&one)], None), Some(350));
    one.pending_capacity_sats = Some(sat(700));
    one.splicing = true;
    let spliced = OwnChannel::of(&one);
    assert_eq!(most(std::slice::from_ref(&spliced), None), Some(0));
    let advice = advice(&Config::default(), &with(vec![spliced], 0));
    assert_eq!(advice.ours_sats, sat(700));
}

#[test]
fn what_the_fleet_holds_is_held_against_what_is_public_to_the_sat() {
    let above = |ours, public, reachable| {
        let mut input = question(ours, &[], public, 0);
        input.hive_reachable = reachable;
        told(&input).1.contains(&Code::CapacityAbovePublic)
    };
    assert!(!above(1_000, 1_000, true));
    assert!(above(1_001, 1_000, true));
    // Without the others nobody knows what the fleet holds.
    assert!(!above(1_001, 1_000, false));
}

#[test]
fn a_report_and_an_answer_count_up_to_their_age_and_not_beyond() {
    let held = |other: Other| {
        let mut input = question(0, &[], 1, 0);
        input.others = vec![other].into();
        advice(&Config::default(), &input).others_sats.get()
    };
    let at = |at: u64| Other {
        at: Seconds::new(at).unwrap(),
        ..member("m", 7)
    };
    assert_eq!([held(at(NOW - 3_600)), held(at(NOW - 3_601))], [7, 0]);
    assert_eq!([held(at(NOW + 600)), held(at(NOW + 601))], [7, 0]);
    let answered = |at: u64| {
        let mut other = member("m", 7);
        let capacity_sats = sat(9);
        other.answer = Some(Answer {
            at: Seconds::new(at).unwrap(),
            capacity_sats,
        });
        held(other)
    };
    assert_eq!([answered(NOW - 600), answered(NOW - 601)], [9, 7]);
    assert_eq!([answered(NOW + 600), answered(NOW + 601)], [9, 7]);
}

#[test]
fn what_comes_in_must_fit_beside_what_is_there() {
    let aside = |amount| {
        let mut input = question(0, &[Sat::MAX.get() - 10], 1, amount);
        input.splice_type = SpliceType::SpliceIn;
        told(&input).1.contains(&Code::CapacityAbsurd)
    };
    assert_eq!([aside(10), aside(11)], [false, true]);
    let mut ours = question(Sat::MAX.get(), &[], 1, 1);
    ours.splice_type = SpliceType::SpliceIn;
    let error = check(&Config::default(), &ours, &mut Why::off()).unwrap_err();
    assert_eq!(error.field, "amount_sats");
}

#[test]
fn a_verdict_speaks_with_refusals_where_it_blocks_and_with_a_deferral_where_it_waits() {
    let effect = |input: &CheckInput, code| {
        let all = reasons(&Config::default(), input);
        let one = all.into_iter().find(|reason| reason.code == code);
        one.map(|reason| (reason.effect, reason.binding))
    };
    let waits = question(3_000_000, &[], 300_000_000, 1);
    assert_eq!(
        effect(&waits, Code::ShareBelowMinimum),
        Some((Effect::Defer, true))
    );
    assert_eq!(effect(&waits, Code::WouldDisconnect), None);
    let blocks = question(3_000_000, &[], 300_000_000, 3_000_000);
    assert_eq!(
        effect(&blocks, Code::ShareBelowMinimum),
        Some((Effect::Refuse, true))
    );
    assert_eq!(
        effect(&blocks, Code::WouldDisconnect),
        Some((Effect::Refuse, false))
    );
    let safe = question(3_000_000, &[1], 3_000_000, 0);
    assert_eq!(effect(&safe, Code::ShareKept), Some((Effect::Allow, false)));
    let beyond = with(vec![channel(3_000_000, 10, Some(0), None)], 11);
    assert_eq!(
        effect(&beyond, Code::BeyondOwnBalance),
        Some((Effect::Refuse, true))
    );
    assert_eq!(effect(&beyond, Code::OthersCover), None);
}

/// Our channels, each under an id of its own.
fn named(input: &mut CheckInput) -> &mut Vec<OwnChannel> {
    let channels = &mut input.ours.as_mut().unwrap().channels;
    for (n, channel) in channels.iter_mut().enumerate() {
        channel.channel_id = Some(node(&format!("c{n}")));
    }
    channels
}

proptest! {
    #![proptest_config(cases(0x5b11_ce0a))]

    #[test]
    fn where_no_channel_can_be_spliced_now_nothing_leaves_whatever_is_known_of_them(config in configs(), input in sides()) {
        let mut input = input;
        for channel in named(&mut input) {
            channel.splicing |= channel.phase.is_none_or(|phase| phase == Phase::Usable);
        }
        prop_assume!(!named(&mut input).is_empty());
        let room = headroom(&config, &largest(&input), &mut Why::off()).unwrap();
        prop_assert_eq!(room.gives_sats, Some(Sat::MIN));
        prop_assert!(room.headroom_sats.is_none_or(|room| room == Sat::MIN));
        for amount in [1, input.amount_sats.get().max(1)] {
            let input = CheckInput { amount_sats: sat(amount), ..input.clone() };
            prop_assert_eq!(advice(&config, &input).safety, Safety::Blocked);
        }
    }

    #[test]
    fn nothing_leaves_a_named_channel_that_is_not_usable_whatever_the_others_hold(
        config in configs(), input in sides(), told in prop::option::of(0..=9_000_000_u64),
        phase in prop::sample::select(vec![Phase::Proposed, Phase::Opening, Phase::Closing, Phase::Unknown]),
    ) {
        let mut input = input;
        let id = node("leaving");
        named(&mut input).push(OwnChannel {
            capacity_sats: sat(9_000_000), channel_id: Some(id.clone()), local_sats: told.map(sat), phase: Some(phase),
            ..OwnChannel::default()
        });
        input.channel_id = Some(id);
        let room = headroom(&config, &largest(&input), &mut Why::off()).unwrap();
        prop_assert_eq!(room.gives_sats, Some(Sat::MIN));
        input.amount_sats = input.amount_sats.max(sat(1));
        prop_assert_eq!(advice(&config, &input).safety, Safety::Blocked);
    }

    #[test]
    fn a_channel_that_is_listed_twice_is_refused(config in configs(), input in sides(), at in any::<prop::sample::Index>()) {
        let mut input = input;
        let channels = named(&mut input);
        prop_assume!(!channels.is_empty());
        channels.push(at.get(channels).clone());
        let errors = [
            check(&config, &input, &mut Why::off()).unwrap_err(),
            headroom(&config, &largest(&input), &mut Why::off()).unwrap_err(),
        ];
        for error in errors {
            prop_assert_eq!((error.code, error.field.as_str()), (crate::error::ErrorCode::Duplicate, "ours.channels"));
        }
    }
}
