//! The laws of the fleet policies, and the plan's second phase from a report to a fee.

use proptest::prelude::*;

use super::channel::{Channel, Phase};
use super::conflict::{Action, ConflictInput, conflict};
use super::fees::{AdjustInput, FeeStep, adjust};
use super::health::Tier;
use super::health::tests::cases;
use super::limits::{LimitInput, check};
use super::liquidity::needs::{Balance, Need, excess, needs};
use super::liquidity::state::{competition, state};
use super::liquidity::{NeedType, Severity};
use super::member::{Activity, AnnouncedSplice, Member, PeerCapacity, SpliceType, Trouble, Us};
use super::splice::{CheckInput, Other, Ours, OwnChannel};
use super::topology::{AdviseInput, Candidate, advise};
use super::view::FleetInput;
use crate::canonical;
use crate::config::{Config, Profile};
use crate::reason::{Code, Reason, Why};
use crate::units::{Count, NodeId, Ppm, Sat, Seconds, Share};

const NOW: u64 = 1_000_000;

fn id(text: &str) -> NodeId {
    NodeId::new(text).unwrap()
}

fn trouble(peer: &str, pct: f64) -> Trouble {
    Trouble {
        capacity_sats: Sat::constant(5_000_000),
        local_pct: Share::constant(pct),
        peer_id: id(peer),
    }
}

fn member(name: &str, tier: Option<Tier>) -> Member {
    Member {
        at: Seconds::constant(NOW),
        tier,
        ..Member::silent(id(name))
    }
}

fn us() -> Us {
    Us {
        channels: Vec::new().into(),
        node_id: id("us"),
        rebalancing: Vec::new(),
        tier: None,
    }
}

fn fleet(members: Vec<Member>) -> FleetInput {
    FleetInput {
        first: None,
        members: members.into(),
        now: Seconds::constant(NOW),
        us: us(),
    }
}

fn fee(members: Vec<Member>, base: u32) -> (u32, Vec<Reason>) {
    let found = needs(&Config::default(), &fleet(members), &mut Why::off()).unwrap();
    let input = AdjustInput {
        base_ppm: Some(Ppm::constant(base)),
        ceiling_ppm: None,
        fee_in_force_ppm: None,
        floor_ppm: None,
        last_step: None,
        needs: found.fleet_needs,
        our_id: Some(id("us")),
        own: None,
        peer_id: id("peer"),
    };
    let mut why = Why::new();
    let fee = adjust(&Config::default(), &input, &mut why)
        .unwrap()
        .fee_ppm
        .unwrap()
        .get();
    (fee, why.into_reasons())
}

#[test]
fn a_reported_depletion_lowers_another_members_fee_and_names_the_tier() {
    let mut needy = member("aa", Some(Tier::Struggling));
    needy.depleted.push(trouble("peer", 0.05));
    let (lowered, reasons) = fee(vec![needy.clone()], 1000);
    assert_eq!(lowered, 950);
    let tier = reasons
        .iter()
        .find(|reason| reason.code == Code::HelpsTier)
        .unwrap();
    assert_eq!(tier.observed.as_ref().unwrap().to_string(), "struggling");

    let mut stale = needy.clone();
    stale.at = Seconds::constant(NOW - 3601);
    assert_eq!(fee(vec![stale], 1000).0, 1000);
    let mut ours = needy.clone();
    ours.member_id = id("us");
    assert_eq!(fee(vec![ours], 1000).0, 1000);
    let mut liar = needy.clone();
    liar.implausible = true;
    assert_eq!(fee(vec![liar], 1000).0, 1000);
    let mut mild = needy.clone();
    mild.depleted = vec![trouble("peer", 0.1)];
    assert_eq!(fee(vec![mild], 1000).0, 1000);
    // A peer that is a member is not external.
    assert_eq!(fee(vec![needy, member("peer", None)], 1000).0, 1000);
}

#[test]
fn needs_come_worst_tier_first_and_an_unknown_or_old_tier_is_stable() {
    let mut members = Vec::new();
    for (name, tier, pct) in [
        ("aa", Some(Tier::Thriving), 0.05),
        ("bb", None, 0.05),
        ("cc", Some(Tier::Vulnerable), 0.15),
        ("dd", Some(Tier::Vulnerable), 0.05),
    ] {
        let mut one = member(name, tier);
        one.depleted.push(trouble("peer", pct));
        members.push(one);
    }
    let mut old = member("ee", Some(Tier::Struggling));
    old.health_at = Some(Seconds::constant(NOW - 7201));
    old.saturated.push(trouble("peer", 0.95));
    members.push(old);
    let found = needs(&Config::default(), &fleet(members), &mut Why::off()).unwrap();
    let order: Vec<_> = found
        .fleet_needs
        .iter()
        .map(|need| (need.member_id.as_str(), need.tier, need.severity))
        .collect();
    assert_eq!(
        order,
        [
            ("dd", Tier::Vulnerable, Severity::High),
            ("cc", Tier::Vulnerable, Severity::Medium),
            ("bb", Tier::Stable, Severity::High),
            ("ee", Tier::Stable, Severity::High),
            ("aa", Tier::Thriving, Severity::High),
        ]
    );
}

#[test]
fn a_bottleneck_needs_two_different_members() {
    let mut one = member("aa", None);
    one.depleted = vec![
        trouble("p", 0.1),
        trouble("p", 0.05),
        trouble("q", 0.1),
        trouble("bb", 0.1),
    ];
    let mut two = member("bb", None);
    two.saturated = vec![trouble("q", 0.95)];
    let told = state(&Config::default(), &fleet(vec![one, two]), &mut Why::off()).unwrap();
    assert_eq!(told.common_bottleneck_peers, [id("q")]);
    assert_eq!(told.members_with_depleted_channels, Count::constant(1));
    assert_eq!(told.members_with_excess_outbound, Count::constant(1));
}

#[test]
fn competition_is_near_linear() {
    let serve = |members: usize, peers: usize| {
        let one = |m: usize| {
            let mut one = member(&format!("m{m:05}"), None);
            let capacity = |p: usize| PeerCapacity {
                capacity_sats: Sat::constant(1),
                channels: None,
                peer_id: id(&format!("p{p:05}")),
            };
            one.capacities = (0..peers).map(capacity).collect();
            one
        };
        fleet((0..members).map(one).collect())
    };
    let compared = |members: usize| {
        let fleet = serve(members, 200);
        crate::units::steps::of(|| {
            competition(&Config::default(), &fleet, &mut Why::off()).unwrap()
        })
    };
    let (_, fewer) = compared(75);
    let (found, steps) = compared(300);
    assert_eq!(found.contested.len(), 200);
    assert_eq!(found.contested[0].fee_loss.get(), 0.40);
    // 60,000 pairs of member and peer; each pair with every other would be 1,800,000,000 steps.
    assert!(steps < 60_000 * 60, "{steps} comparisons");
    // Four times as many members are not sixteen times as many steps.
    assert!(steps < 6 * fewer, "{fewer}, then {steps} comparisons");
    let two = competition(&Config::default(), &serve(2, 1), &mut Why::off()).unwrap();
    assert_eq!(two.contested[0].fee_loss.get(), 0.15);
}

#[test]
fn advice_prefers_the_neediest_and_warns_of_redundancy() {
    let mut one = member("aa", Some(Tier::Struggling));
    one.depleted = vec![trouble("p", 0.05), trouble("q", 0.15)];
    one.capacities = vec![PeerCapacity {
        capacity_sats: Sat::constant(30),
        channels: None,
        peer_id: id("p"),
    }];
    let candidate = |peer: &str, public: Option<u64>| Candidate {
        peer_id: id(peer),
        public_capacity_sats: public.map(Sat::constant),
    };
    let input = AdviseInput {
        candidates: vec![
            candidate("q", None),
            candidate("p", Some(100)),
            candidate("aa", None),
        ],
        members: vec![one].into(),
        now: Seconds::constant(NOW),
        us: us(),
    };
    let mut why = Why::new();
    let advice = advise(&Config::default(), &input, &mut why).unwrap().advice;
    // p: 100 for the struggling member, less (0.3 - 0.1) * 2 = 0.4; q: half of 100.
    let scores: Vec<_> = advice
        .iter()
        .map(|one| (one.peer_id.as_str(), one.score.get()))
        .collect();
    assert_eq!(scores, [("p", 60), ("q", 50)]);
    let codes: Vec<_> = why.reasons().iter().map(|reason| reason.code).collect();
    assert!(
        codes.contains(&Code::PeerRedundant) && codes.contains(&Code::CandidateCapacityUnknown)
    );
}

#[test]
fn a_channel_on_its_way_counts_as_our_capacity_and_one_that_closes_does_not() {
    let mut needy = member("aa", Some(Tier::Struggling));
    needy.depleted = vec![trouble("p", 0.03)];
    let ask = |phase: Option<Phase>, usable: bool| {
        let sats = Sat::constant(50_000_000);
        let mut channel = Channel::plain(id("c"), id("p"), sats, sats);
        (channel.phase, channel.usable) = (phase, usable);
        let mut us = us();
        us.channels = vec![channel].into();
        let input = AdviseInput {
            candidates: vec![Candidate {
                peer_id: id("p"),
                public_capacity_sats: Some(Sat::constant(200_000_000)),
            }],
            members: vec![needy.clone()].into(),
            now: Seconds::constant(NOW),
            us,
        };
        let mut why = Why::new();
        let advice = advise(&Config::default(), &input, &mut why).unwrap().advice;
        let told = why
            .reasons()
            .iter()
            .any(|reason| reason.code == Code::OpeningCounted);
        (advice[0].redundant, told)
    };
    assert_eq!(ask(Some(Phase::Opening), false), (true, true));
    assert_eq!(ask(Some(Phase::Usable), true), (true, false));
    for phase in [Phase::Proposed, Phase::Closing, Phase::Unknown] {
        assert_eq!(ask(Some(phase), false), (false, false));
    }
    // An old caller says only that it cannot be used.
    assert_eq!(ask(None, false), (true, true));
}

#[test]
fn a_channel_closed_to_forwards_needs_nothing_and_one_that_is_not_usable_is_not_counted() {
    let count = |closed: bool, phase: Phase| {
        let local = Sat::constant(1);
        let mut channel = Channel::plain(id("c"), id("p"), local, Sat::constant(5_000_000));
        (channel.closed_to_forwards, channel.phase) = (closed, Some(phase));
        let mut input = fleet(Vec::new());
        input.us.channels = vec![channel].into();
        let told = state(&Config::default(), &input, &mut Why::off()).unwrap();
        (told.depleted_channels.get(), told.balanced_channels.get())
    };
    assert_eq!(count(false, Phase::Usable), (1, 0));
    assert_eq!(count(true, Phase::Usable), (0, 1));
    for phase in [
        Phase::Proposed,
        Phase::Opening,
        Phase::Closing,
        Phase::Unknown,
    ] {
        assert_eq!(count(false, phase), (0, 0));
    }
}

#[test]
fn an_absurd_member_is_named_and_changes_no_advice_for_the_others() {
    let mut needy = member("aa", Some(Tier::Struggling));
    needy.depleted = vec![trouble("p", 0.03)];
    let mut liar = member("bb", None);
    let capacity = |sats| PeerCapacity {
        capacity_sats: Sat::constant(sats),
        channels: None,
        peer_id: id("p"),
    };
    liar.capacities = vec![
        capacity(2_000_000_000_000_000),
        capacity(2_000_000_000_000_000),
    ];
    let ask = |members: Vec<Member>| {
        let input = AdviseInput {
            candidates: vec![Candidate {
                peer_id: id("p"),
                public_capacity_sats: Some(Sat::constant(200_000_000)),
            }],
            members: members.into(),
            now: Seconds::constant(NOW),
            us: us(),
        };
        let mut why = Why::new();
        let advice = advise(&Config::default(), &input, &mut why).unwrap();
        let told = why
            .reasons()
            .iter()
            .any(|reason| reason.code == Code::CapacityAbsurd);
        (advice, told)
    };
    let (alone, with) = (ask(vec![needy.clone()]), ask(vec![needy, liar]));
    assert_eq!(alone.0, with.0);
    assert_eq!((alone.1, with.1), (false, true));
}

fn tiers() -> impl Strategy<Value = Option<Tier>> {
    prop::option::of(prop::sample::select(vec![
        Tier::Struggling,
        Tier::Vulnerable,
        Tier::Stable,
        Tier::Thriving,
    ]))
}

/// Tier, age and channels (peer, share) of a member.
type Part = (Option<Tier>, u64, Vec<(u8, f64)>);

prop_compose! {
    fn members()(
        parts in prop::collection::vec((tiers(), 0..10_000u64, prop::collection::vec((0..6u8, 0.0..=1.0f64), 0..5)), 0..8)
    ) -> Vec<Member> {
        let one = |(index, part): (usize, Part)| {
            let (tier, age, channels) = part;
            let mut one = member(&format!("m{index}"), tier);
            one.at = Seconds::constant(NOW - age);
            for (peer, pct) in channels {
                let peer = format!("p{peer}");
                match pct < 0.5 {
                    true => one.depleted.push(trouble(&peer, pct)),
                    false => one.saturated.push(trouble(&peer, pct)),
                }
            }
            one
        };
        parts.into_iter().enumerate().map(one).collect()
    }
}

/// A peer at which only the odd member needs something.
pub(super) const OWN_PEER: &str = "0odd";

/// How a member is odd.
#[derive(Clone, Copy, Debug)]
enum Oddity {
    /// It never said anything.
    Silent,
    /// It has not said anything for long.
    Stale,
    /// What it says contradicts what we see.
    Lying,
    /// It says of its channels what no chain can hold.
    Absurd,
}

prop_compose! {
    /// A member that must change nothing for the others; the peers are named with `prefix`.
    pub(super) fn odd_members(now: u64, prefix: &'static str)(
        name in prop::sample::select(vec!["00", "m1x", "zz"]), age in 7_201..900_000_u64, pct in 0.0..=1.0f64, tier in tiers(),
        oddity in prop::sample::select(vec![Oddity::Silent, Oddity::Stale, Oddity::Lying, Oddity::Absurd]),
        absurd in 2_000_000_000_000_000..=2_100_000_000_000_000_u64,
    ) -> Member {
        let mut odd = Member { tier, ..Member::silent(id(name)) };
        let peers: Vec<NodeId> = (0..6).map(|n| id(&format!("{prefix}{n}"))).collect();
        let holds = |sats: u64| peers.iter().map(|peer| PeerCapacity {
            capacity_sats: Sat::constant(sats),
            channels: None,
            peer_id: peer.clone(),
        }).collect::<Vec<_>>();
        odd.at = match oddity {
            Oddity::Silent => return odd,
            Oddity::Stale => Seconds::constant(now.saturating_sub(age)),
            _ => Seconds::constant(now),
        };
        match oddity {
            Oddity::Absurd => odd.capacities = [holds(absurd), holds(absurd)].concat(),
            _ => {
                odd.capacities = holds(absurd / 100_000_000);
                odd.implausible = matches!(oddity, Oddity::Lying);
                let all = peers.iter().map(|peer| trouble(peer.as_str(), pct));
                (odd.depleted, odd.saturated) = (all.clone().collect(), all.collect());
            }
        }
        let at = odd.at;
        if odd.implausible {
            odd.rebalancing = peers.iter().map(|peer| Activity {
                at,
                expected_end: Seconds::constant(now + 300),
                peer_id: peer.clone(),
            }).collect();
        }
        // Nobody else needs anything here: what it says of itself stays its own.
        odd.depleted.push(Trouble { capacity_sats: Sat::MAX, ..trouble(OWN_PEER, 0.01) });
        odd.saturated.push(Trouble { capacity_sats: Sat::MAX, ..trouble(OWN_PEER, 0.99) });
        let exits = peers.iter().map(|peer| AnnouncedSplice {
            amount_sats: Sat::constant(1_000_000),
            expires: Seconds::constant(now + 300),
            peer_id: peer.clone(),
            splice_type: SpliceType::SpliceOut,
        });
        odd.splices = exits.collect();
        odd
    }
}

/// What each fleet policy answers about everybody but one member.
fn answers(config: &Config, list: &[Member], but: &NodeId, held: u64) -> String {
    let why = &mut Why::off();
    let input = fleet(list.to_vec());
    let mut needed = needs(config, &input, why).unwrap().fleet_needs;
    let all = needed.clone();
    needed.retain(|need| need.member_id != *but);
    let mut full = excess(config, &input, why).unwrap().fleet_excess;
    full.retain(|one| one.member_id != *but);
    let peers: Vec<NodeId> = (0..6).map(|n| id(&format!("p{n}"))).collect();
    let public = Sat::constant(20_000_000);
    let asked = AdviseInput {
        candidates: peers
            .iter()
            .map(|peer| Candidate {
                peer_id: peer.clone(),
                public_capacity_sats: Some(public),
            })
            .collect(),
        members: list.to_vec().into(),
        now: Seconds::constant(NOW),
        us: Us {
            channels: vec![Channel::plain(
                id("c"),
                id("p0"),
                Sat::constant(held),
                Sat::constant(held),
            )]
            .into(),
            ..us()
        },
    };
    let mut told =
        vec![canonical::text(&(needed, full, advise(config, &asked, why).unwrap())).unwrap()];
    for peer in peers {
        let fee = AdjustInput {
            base_ppm: Some(Ppm::constant(1000)),
            ceiling_ppm: None,
            fee_in_force_ppm: None,
            floor_ppm: None,
            last_step: None,
            needs: all.clone(),
            our_id: Some(id("us")),
            own: None,
            peer_id: peer.clone(),
        };
        let fee = adjust(config, &fee, why).unwrap();
        let others = list
            .iter()
            .filter_map(|member| Other::at_peer(member, &peer));
        let ours = OwnChannel {
            capacity_sats: Sat::constant(held),
            ..OwnChannel::default()
        };
        let splice = CheckInput {
            amount_sats: Sat::constant(held / 2),
            channel_id: None,
            hive_reachable: true,
            in_flight: Vec::new(),
            now: Seconds::constant(NOW),
            others: others.collect::<Vec<_>>().into(),
            ours: Some(Ours {
                channels: vec![ours],
                node_id: Some(id("us")),
            }),
            peer_id: peer.clone(),
            peer_public_sats: Some(public),
            strict: false,
            splice_type: SpliceType::SpliceOut,
        };
        let splice = crate::fleet::splice::check(config, &splice, why).unwrap();
        let rival = ConflictInput {
            members: list.to_vec().into(),
            now: Seconds::constant(NOW),
            target_peer: peer,
            us: us(),
        };
        let rival = conflict(config, &rival, why).unwrap();
        told.push(canonical::text(&(fee, splice, rival)).unwrap());
    }
    told.join("\n")
}

#[test]
fn the_bounds_of_trouble_are_themselves_no_trouble() {
    let config = Config::default().liquidity;
    let (depleted, saturated) = (config.depleted_below.get(), config.saturated_above.get());
    let (severe_below, severe_above) = (config.severe_below.get(), config.severe_above.get());
    let (outbound, inbound) = (NeedType::Outbound, NeedType::Inbound);
    for (local_pct, expected) in [
        (depleted, None),
        (depleted.next_down(), Some((outbound, Severity::Medium))),
        (severe_below, Some((outbound, Severity::Medium))),
        (severe_below.next_down(), Some((outbound, Severity::High))),
        (saturated, None),
        (saturated.next_up(), Some((inbound, Severity::Medium))),
        (severe_above, Some((inbound, Severity::Medium))),
        (severe_above.next_up(), Some((inbound, Severity::High))),
    ] {
        assert_eq!(config.trouble(local_pct), expected, "{local_pct}");
    }
}

#[test]
fn a_share_at_its_bound_is_not_redundant() {
    let is_redundant = |held: u64, public: u64| {
        let mut one = member("aa", Some(Tier::Stable));
        one.depleted = vec![trouble("p", 0.05)];
        one.capacities = vec![PeerCapacity {
            capacity_sats: Sat::constant(held),
            channels: None,
            peer_id: id("p"),
        }];
        let input = AdviseInput {
            candidates: vec![Candidate {
                peer_id: id("p"),
                public_capacity_sats: Some(Sat::constant(public)),
            }],
            members: vec![one].into(),
            now: Seconds::constant(NOW),
            us: us(),
        };
        let mut why = Why::new();
        let advice = advise(&Config::default(), &input, &mut why).unwrap().advice;
        let mut codes = why.reasons().iter().map(|reason| reason.code);
        let is_told = codes.any(|code| code == Code::PeerRedundant);
        assert_eq!(is_told, advice[0].redundant);
        is_told
    };
    assert_eq!(Config::default().topology.min_share.get(), 0.1);
    assert!(!is_redundant(100, 1000));
    assert!(is_redundant(101, 1000));
    // A peer of which the graph shows nothing has no known share.
    assert!(!is_redundant(100, 0));
}

#[test]
fn who_yields_waits_for_those_that_go_first_and_for_no_others() {
    let until = |end: u64| {
        vec![Activity {
            at: Seconds::constant(NOW - 10),
            expected_end: Seconds::constant(NOW + end),
            peer_id: id("peer"),
        }]
    };
    let ask = |members: Vec<Member>| {
        let mut us = us();
        (us.tier, us.rebalancing) = (Some(Tier::Stable), until(400));
        let input = ConflictInput {
            members: members.into(),
            now: Seconds::constant(NOW),
            target_peer: id("peer"),
            us,
        };
        conflict(&Config::default(), &input, &mut Why::off()).unwrap()
    };
    let (mut first, mut last) = (
        member("aa", Some(Tier::Struggling)),
        member("bb", Some(Tier::Thriving)),
    );
    let free = ask(vec![first.clone(), last.clone()]);
    assert!(!free.conflict && free.until.is_none());
    (first.rebalancing, last.rebalancing) = (until(300), until(100));
    let yielded = ask(vec![first.clone(), last.clone()]);
    assert!(yielded.conflict);
    assert_eq!(yielded.yield_to, Some(first.member_id));
    assert_eq!(yielded.until, Some(Seconds::constant(NOW + 300)));
    let before = ask(vec![last.clone()]);
    assert!(before.conflict && before.until.is_none());
    assert_eq!(before.priority_over, Some(last.member_id));
}

proptest! {
    #![proptest_config(cases(7))]

    #[test]
    fn the_order_of_members_and_channels_changes_nothing(mut list in members(), by in 0..8usize) {
        let ask = |list: &[Member]| {
            let input = fleet(list.to_vec());
            let config = Config::default();
            (
                needs(&config, &input, &mut Why::off()).unwrap(),
                state(&config, &input, &mut Why::off()).unwrap(),
                competition(&config, &input, &mut Why::off()).unwrap(),
            )
        };
        let before = ask(&list);
        let len = list.len().max(1);
        list.rotate_left(by % len);
        for one in &mut list {
            one.depleted.reverse();
            one.saturated.reverse();
        }
        prop_assert_eq!(ask(&list), before);
    }

    #[test]
    fn one_absurd_silent_or_lying_member_changes_no_answer_about_the_others(
        list in members(), odd in odd_members(NOW, "p"), held in 1..30_000_000u64, holdings in prop::collection::vec((0..6u8, 1..5_000_000u64), 0..8), deployed in any::<bool>(),
    ) {
        let config = Config::of(if deployed { Profile::ClHive } else { Profile::Plan });
        let mut list = list;
        for (n, (peer, sats)) in holdings.into_iter().enumerate() {
            let place = n % list.len().max(1);
            if let Some(one) = list.get_mut(place) {
                one.capacities.push(PeerCapacity { capacity_sats: Sat::constant(sats), channels: None, peer_id: id(&format!("p{peer}")) });
            }
        }
        let before = answers(&config, &list, &odd.member_id, held);
        let mut with = list.clone();
        with.push(odd.clone());
        prop_assert_eq!(answers(&config, &with, &odd.member_id, held), before.clone());
        // Taken at its word it would not be odd.
        let mut believed = odd;
        believed.at = Seconds::constant(NOW);
        believed.implausible = false;
        believed.capacities = vec![PeerCapacity { capacity_sats: Sat::constant(5_000_000), channels: None, peer_id: id("p0") }];
        list.push(believed.clone());
        prop_assert_ne!(answers(&config, &list, &believed.member_id, held), before);
    }

    #[test]
    fn stale_members_and_ourselves_list_no_need(list in members()) {
        let found = needs(&Config::default(), &fleet(list.clone()), &mut Why::off()).unwrap();
        for need in found.fleet_needs {
            let of = list.iter().find(|one| one.member_id == need.member_id).unwrap();
            prop_assert!(NOW - of.at.get() <= 3600);
        }
        let mut ours = list;
        ours.iter_mut().for_each(|one| one.member_id = id("us"));
        ours.truncate(1);
        prop_assert!(needs(&Config::default(), &fleet(ours), &mut Why::off()).unwrap().fleet_needs.is_empty());
    }

    #[test]
    fn a_fee_moves_one_step_at_most_and_never_up_from_nothing(
        base in 0..20_000u32, floor in 0..200u32, kinds in prop::collection::vec((any::<bool>(), tiers(), any::<bool>()), 0..6), deployed in any::<bool>(),
    ) {
        let config = Config::of(if deployed { Profile::ClHive } else { Profile::Plan });
        let need = |(index, (inbound, tier, high)): (usize, &(bool, Option<Tier>, bool))| Need {
            capacity_sats: Sat::constant(1),
            local_pct: Share::constant(0.5),
            member_id: id(&format!("m{index}")),
            need_type: if *inbound { NeedType::Inbound } else { NeedType::Outbound },
            our_relevance: Share::MIN,
            peer_id: id("peer"),
            severity: if *high { Severity::High } else { Severity::Medium },
            tier: tier.unwrap_or(Tier::Stable),
        };
        let input = AdjustInput {
            base_ppm: Some(Ppm::constant(base)),
            ceiling_ppm: None,
            fee_in_force_ppm: None,
            floor_ppm: Some(Ppm::constant(floor)),
            last_step: None,
            needs: kinds.iter().enumerate().map(need).collect(),
            our_id: None,
            own: None,
            peer_id: id("peer"),
        };
        let fee = adjust(&config, &input, &mut Why::off()).unwrap().fee_ppm.unwrap().get();
        prop_assert!(fee >= floor || fee >= base.min(floor));
        prop_assert!(fee >= (f64::from(base) * 0.95) as u32);
        prop_assert!(fee <= base.max((f64::from(base) * 1.05) as u32));
        prop_assert!(base != 0 || fee == 0);
        prop_assert!(deployed || fee <= base);
        // While that fee is in force its base is known, and a second step starts there again.
        let again = |base_ppm| AdjustInput {
            base_ppm,
            fee_in_force_ppm: Some(Ppm::constant(fee)),
            last_step: Some(FeeStep { base_ppm: Ppm::constant(base), fee_ppm: Ppm::constant(fee) }),
            ..input.clone()
        };
        for base_ppm in [None, Some(Ppm::constant(fee))] {
            let second = adjust(&config, &again(base_ppm), &mut Why::off()).unwrap();
            prop_assert_eq!(second.fee_ppm, Some(Ppm::constant(fee)));
        }
        let calm = AdjustInput { needs: Vec::new(), ..again(None) };
        let back = adjust(&config, &calm, &mut Why::off()).unwrap().fee_ppm;
        prop_assert_eq!(back, Some(Ppm::constant(base)));
        // Only the fee in force known: the way of the step, and no number.
        let blind = AdjustInput { last_step: None, ..again(None) };
        let blind = adjust(&config, &blind, &mut Why::off()).unwrap();
        prop_assert_eq!(blind.fee_ppm, None);
        // With little of our own there, no fee is lowered; it may still be raised.
        for parts in [19, 20] {
            let balance = Balance { capacity_sats: Sat::constant(100), local_sats: Sat::constant(parts) };
            let poor = AdjustInput { own: Some(balance), ..input.clone() };
            let mut why = Why::new();
            let poor = adjust(&config, &poor, &mut why).unwrap().fee_ppm.unwrap().get();
            prop_assert!(parts == 20 || poor >= base);
            prop_assert!(parts == 19 || poor == fee);
            let said = why.reasons().iter().any(|reason| reason.code == Code::OwnChannelDepleted);
            prop_assert!(!said || parts == 19);
        }
    }

    #[test]
    fn of_two_members_that_announced_exactly_one_proceeds(a in tiers(), b in tiers(), start in 0..800u64, length in 1..2000u64) {
        let activity = || vec![Activity {
            at: Seconds::constant(NOW - start),
            expected_end: Seconds::constant(NOW + length),
            peer_id: id("peer"),
        }];
        let ask = |own: (&str, Option<Tier>), other: (&str, Option<Tier>)| {
            let mut rival = member(other.0, other.1);
            rival.rebalancing = activity();
            let mut us = us();
            us.node_id = id(own.0);
            us.tier = own.1;
            us.rebalancing = activity();
            let input = ConflictInput {
                members: vec![rival].into(),
                now: Seconds::constant(NOW),
                target_peer: id("peer"),
                us,
            };
            conflict(&Config::default(), &input, &mut Why::off()).unwrap()
        };
        let (one, two) = (ask(("aa", a), ("bb", b)), ask(("bb", b), ("aa", a)));
        prop_assert_ne!(one.action, two.action);
        let winner = if one.action == Action::Proceed { &one } else { &two };
        prop_assert!(winner.priority_over.is_some() && winner.yield_to.is_none());
    }

    #[test]
    fn no_window_ever_holds_more_than_its_count(stamps in prop::collection::vec(0..50u64, 0..60), count in 0..5u32, period in 0..30u64) {
        let mut now = 0;
        let mut history = Vec::new();
        let mut accepted: Vec<u64> = Vec::new();
        for step in stamps {
            now += step / 5;
            let input = LimitInput {
                count: Some(Count::constant(count)),
                history: history.clone(),
                now: Seconds::constant(now),
                period_s: Some(Seconds::constant(period)),
            };
            let answer = check(&Config::default(), &input, &mut Why::off()).unwrap();
            if answer.allowed {
                accepted.push(now);
            } else if let Some(retry) = answer.retry_at {
                let at = |now: Seconds| check(&Config::default(), &LimitInput { now, ..input.clone() }, &mut Why::off()).unwrap().allowed;
                prop_assert!(at(retry) && !at(Seconds::constant(retry.get() - 1)));
            }
            history = answer.history;
            let within = accepted.iter().filter(|at| now - **at < period).count();
            prop_assert!(within <= usize::try_from(count).unwrap());
        }
    }
}
