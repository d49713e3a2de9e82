//! The laws of the advice on a node.

use proptest::prelude::*;

use super::refusals::Refusals;
use super::*;
use crate::canonical;
use crate::fleet::channel::{Channel, ChannelFlow, HopFee, Phase};
use crate::fleet::health::tests::cases;
use crate::fleet::member::{Activity, PeerCapacity, Trouble, Us};
use crate::fleet::snapshot::{LeftOut, Snapshot, Unattributed};
use crate::fleet::splice::{HeadroomInput, Other, Ours, OwnChannel, headroom};
use crate::fleet::tests::{OWN_PEER, odd_members};
use crate::operations::{FleetAdvise, FleetExplain};
use crate::policy::Policy;
use crate::reason::{Code, Effect, Reason};
use crate::units::{Msat, Ppm, Seconds, Share};
use crate::value::{self, Value};

const NOW: u64 = 1_795_564_800;

fn id(text: &str) -> NodeId {
    NodeId::new(text).unwrap()
}

fn sat(n: u64) -> Sat {
    Sat::new(n).unwrap()
}

fn share(part: u64, whole: u64) -> Sat {
    sat(whole * part / 100)
}

#[test]
fn refusals_are_counted_by_their_reason_with_the_one_closest_to_a_yes() {
    let refused = |code: Code, subject: &str, observed: u64, limit: u64| {
        let reason = Reason::new(code, Effect::Refuse).about(subject);
        reason.observed(observed).limit(limit)
    };
    let mut refusals = Refusals::default();
    refusals.add(&refused(Code::SourceDrains, "d", 1, 2));
    // Half of the limit is missing; then a tenth of it, twice.
    refusals.add(&refused(Code::SourceTooSmall, "a", 50, 100));
    refusals.add(&refused(Code::SourceTooSmall, "c", 900, 1000));
    refusals.add(&refused(Code::SourceTooSmall, "b", 900, 1000));
    refusals.add(&refused(Code::SourceTooSmall, "z", 900, 1000));
    let counted = refusals.counted();
    let told: Vec<_> = counted
        .iter()
        .map(|one| (one.code, one.count.get(), one.closest.subject.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Code::SourceTooSmall, 4, Some("b")),
            (Code::SourceDrains, 1, Some("d")),
        ]
    );
}

prop_compose! {
    fn channel(n: usize)(
        peer in 0..6_u8, capacity in 0..40_000_000_u64, local in 0..=100_u64, spendable in prop::option::of(0..=100_u64),
        receivable in prop::option::of(0..=100_u64), phase in prop::option::weighted(0.9, 0..8_u8), connected in prop::option::of(prop::bool::weighted(0.9)),
        fee in prop::option::of(0..3_000_u32), days in 0..=60_u32, sold in 0..5_000_000_u64, age in prop::option::of(0..800_u32),
        route in prop::option::of(0..1_500_u32), closed in prop::bool::weighted(0.05), hop in prop::option::of((0..2_000_u64, 0..500_u32)),
        reserve in prop::option::of(0..=30_u64), splice in prop::option::weighted(0.2, prop::option::of(0..=150_u64)),
    ) -> Channel {
        let local = share(local, capacity);
        Channel {
            age_days: age.map(Count::constant),
            closed_to_forwards: closed,
            connected,
            fee_ppm: fee.map(|fee| Ppm::new(fee).unwrap()),
            flow: Some(ChannelFlow { days_out: Count::constant(days), sats_in: sat(0), sats_out: sat(sold) }),
            last_hop: hop.map(|(base, ppm)| HopFee { base_msat: Msat::new(base).unwrap(), ppm: Ppm::new(ppm).unwrap() }),
            phase: phase.map(|phase| match phase {
                0 => Phase::Opening,
                1 => Phase::Closing,
                2 => Phase::Unknown,
                _ => Phase::Usable,
            }),
            pending_capacity_sats: splice.flatten().map(|part| share(part, capacity)),
            receivable_sats: receivable.map(|part| share(part, capacity - local.get())),
            reserve_sats: reserve.map(|part| share(part, capacity)),
            route_cost_ppm: route.map(|ppm| Ppm::new(ppm).unwrap()),
            spendable_sats: spendable.map(|part| share(part, local.get())),
            splicing: splice.is_some(),
            ..Channel::plain(id(&format!("c{n:02}")), id(&format!("03p{peer}")), local, sat(capacity))
        }
    }
}

fn member(n: u8, peer: u8, waits: bool, held: u64) -> Member {
    let rebalancing = Activity {
        at: Seconds::constant(NOW - 10),
        expected_end: Seconds::constant(NOW + 300),
        peer_id: id(&format!("03p{peer}")),
    };
    Member {
        at: Seconds::constant(NOW - 10),
        capacities: vec![held_at(peer, held)],
        depleted: vec![Trouble {
            capacity_sats: sat(1_000_000),
            local_pct: Share::constant(0.02),
            peer_id: id(&format!("03p{}", (peer + 1) % 8)),
        }],
        rebalancing: if waits { vec![rebalancing] } else { Vec::new() },
        ..Member::silent(id(&format!("02m{n}")))
    }
}

fn held_at(peer: u8, sats: u64) -> PeerCapacity {
    PeerCapacity {
        capacity_sats: sat(sats),
        channels: None,
        peer_id: id(&format!("03p{peer}")),
    }
}

fn decision(subject: String, way: u8) -> OperatorDecision {
    OperatorDecision {
        fee: None,
        rebalance: Some(match way {
            0 => RebalanceDecision::Off,
            1 => RebalanceDecision::SourceOnly,
            2 => RebalanceDecision::DestinationOnly,
            _ => RebalanceDecision::Both,
        }),
        subject: id(&subject),
    }
}

fn node(channels: Vec<Channel>) -> NodeAdviceInput {
    NodeAdviceInput {
        budget: SpentBudget {
            base_sats: Some(sat(5_000)),
            ..SpentBudget::default()
        },
        exits: Vec::new(),
        fee_steps: Vec::new().into(),
        first: None,
        health: None,
        members: Vec::new().into(),
        now: Seconds::constant(NOW),
        operator: Vec::new().into(),
        snapshot: Snapshot {
            alias: None,
            assess: None,
            at: Seconds::constant(NOW),
            capacity_sats: sat(0),
            demand: None,
            health_report: None,
            left_out: LeftOut::default(),
            profits: Vec::new(),
            public_capacities: Vec::new(),
            report: Member::silent(id("02us")),
            revenue_windows: Vec::new(),
            unattributed: Unattributed::default(),
            us: Us {
                channels: channels.into(),
                node_id: id("02us"),
                rebalancing: Vec::new(),
                tier: None,
            },
        },
    }
}

prop_compose! {
    fn nodes()(count in 0..14_usize)(
        channels in (0..count).map(channel).collect::<Vec<_>>(),
        members in prop::collection::vec((0..6_u8, prop::bool::weighted(0.3), 0..20_000_000_u64), 0..4),
        decisions in prop::collection::btree_map(0..14_usize, 0..4_u8, 0..4),
        spent in 0..6_000_u64, tier in prop::option::of(0..4_usize),
        public in prop::collection::btree_map(0..6_u8, 0..200_000_000_u64, 0..7), exits in prop::collection::vec((0..6_u8, 0..4_000_000_u64), 0..4),
    ) -> NodeAdviceInput {
        let members = members.into_iter().enumerate();
        let members: Vec<Member> = members.map(|(n, (peer, waits, held))| member(n as u8, peer, waits, held)).collect();
        let decisions = decisions.into_iter();
        let operator: Vec<_> = decisions.map(|(n, way)| decision(format!("c{n:02}"), way)).collect();
        let mut input = node(channels);
        input.members = members.into();
        input.snapshot.public_capacities = public.into_iter().map(|(peer, sats)| held_at(peer, sats)).collect();
        let exits = exits.into_iter().map(|(peer, sats)| ExitInFlight {
            amount_sats: sat(sats),
            peer_id: id(&format!("03p{peer}")),
        });
        input.exits = exits.collect();
        input.operator = operator.into();
        input.budget.spent_sats = sat(spent);
        let tiers = [Tier::Struggling, Tier::Vulnerable, Tier::Stable, Tier::Thriving];
        input.snapshot.us.tier = tier.and_then(|tier| tiers.get(tier).copied());
        input
    }
}

fn advice(input: &NodeAdviceInput) -> crate::policy::Decided<NodeAdvice> {
    Policy::plan().decide::<FleetAdvise>(input).unwrap()
}

fn proposed(advice: &NodeAdvice) -> impl Iterator<Item = &MoveAdvice> {
    let moves = advice.rebalances.iter();
    moves.filter(|one| matches!(one.outcome, MoveOutcome::WorthIt | MoveOutcome::PaysBelow))
}

#[test]
fn what_is_worth_most_takes_from_a_scarce_source_first() {
    let channel = |name: &str, local: u64, capacity: u64, fee: u32, days: u32| Channel {
        fee_ppm: Some(Ppm::constant(fee)),
        flow: Some(ChannelFlow {
            days_out: Count::constant(days),
            sats_in: sat(0),
            sats_out: sat(u64::from(days) * 400_000),
        }),
        route_cost_ppm: Some(Ppm::constant(50)),
        ..Channel::plain(
            id(name),
            id(&format!("03p{name}")),
            sat(local),
            sat(capacity),
        )
    };
    let source = channel("c00", 4_500_000, 20_000_000, 10, 1);
    let cheap = channel("c01", 100_000, 10_000_000, 500, 40);
    let dear = channel("c02", 100_000, 10_000_000, 2_000, 40);
    let amount = |channels: &[&Channel], of: &Channel| {
        let channels = channels.iter().map(|one| (*one).clone()).collect();
        let decided = advice(&node(channels)).decision;
        let found = proposed(&decided).find(|one| one.channel_id == of.channel_id);
        found.and_then(|one| one.amount_sats)
    };
    let both = [&source, &cheap, &dear];
    assert!(amount(&[&source, &cheap], &cheap).is_some());
    assert!(amount(&both, &cheap) < amount(&[&source, &cheap], &cheap));
    assert!(amount(&both, &dear).is_some());
    assert_eq!(amount(&both, &dear), amount(&[&source, &dear], &dear));
}

fn channels_of(input: &NodeAdviceInput) -> &[Channel] {
    input.snapshot.us.channels.readable()
}

/// The channels with a peer that count.
fn usable<'i>(input: &'i NodeAdviceInput, peer: &NodeId) -> impl Iterator<Item = &'i Channel> {
    let channels = channels_of(input).iter();
    channels.filter(move |one| one.peer_id == *peer && one.counts())
}

/// What leaves a peer already, and no channel shows it.
fn leaving(input: &NodeAdviceInput, peer: &NodeId) -> u64 {
    let exits = input.exits.iter().filter(|exit| exit.peer_id == *peer);
    exits.map(|exit| exit.amount_sats.get()).sum()
}

/// The most that one splice can take out of a channel, by the words of the rule.
fn gives(channel: &Channel) -> u64 {
    if channel.splicing {
        return 0;
    }
    let capacity = channel.capacity_sats.get();
    let reserve = channel
        .reserve_sats
        .map_or(capacity.div_ceil(100), Sat::get);
    let own = channel.local_sats.get().saturating_sub(reserve);
    own.min(channel.spendable_sats.map_or(capacity, Sat::get))
}

#[test]
fn the_nodes_of_these_laws_show_every_kind_of_splice() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let [mut some, mut nothing, mut none, mut unknown] = [0_u32; 4];
    for _ in 0..200 {
        let input = nodes().new_tree(&mut runner).unwrap().current();
        let told = advice(&input).decision;
        unknown += told.splices_unchecked.get();
        for splice in told.splices {
            match splice.headroom_sats.map(Sat::get) {
                None => none += 1,
                Some(0) => nothing += 1,
                Some(_) => some += 1,
            }
        }
    }
    for count in [some, nothing, none, unknown] {
        assert!(count > 20, "{some} {nothing} {none} {unknown}");
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn shuffled_input_gives_the_same_bytes(input in nodes(), by in 0..14_usize) {
        let told = canonical::text(&advice(&input)).unwrap();
        let mut other = input.clone();
        let mut channels = channels_of(&input).to_vec();
        let mut members = input.members.readable().to_vec();
        let mut decisions = input.operator.readable().to_vec();
        let by = by % channels.len().max(1);
        channels.rotate_left(by);
        members.reverse();
        decisions.reverse();
        other.exits.reverse();
        other.snapshot.public_capacities.reverse();
        other.snapshot.us.channels = channels.into();
        other.members = members.into();
        other.operator = decisions.into();
        prop_assert_eq!(canonical::text(&advice(&other)).unwrap(), told);
    }

    #[test]
    fn what_the_operator_ruled_out_is_never_proposed(input in nodes()) {
        let decided = advice(&input).decision;
        for one in proposed(&decided) {
            for decision in input.operator.readable() {
                let way = decision.rebalance.unwrap();
                if decision.subject == one.channel_id {
                    prop_assert!(way.may_receive(), "{one:?}");
                }
                if Some(&decision.subject) == one.source.as_ref() {
                    prop_assert!(way.may_give(), "{one:?}");
                }
            }
        }
    }

    #[test]
    fn proposals_together_ask_no_more_than_both_ends_and_the_budget_have(input in nodes()) {
        let decided = advice(&input).decision;
        let config = Policy::plan().config().clone();
        let mut fees = 0_u128;
        let mut given: std::collections::BTreeMap<&NodeId, u64> = std::collections::BTreeMap::new();
        for one in proposed(&decided) {
            let (amount, source) = (one.amount_sats.unwrap(), one.source.as_ref().unwrap());
            let fee = one.max_fee_ppm.unwrap();
            fees += (u128::from(amount.get()) * u128::from(fee.get())).div_ceil(1_000_000);
            *given.entry(source).or_default() += amount.get();
            let to = channels_of(&input).iter().find(|channel| channel.channel_id == one.channel_id).unwrap();
            let from = channels_of(&input).iter().find(|channel| channel.channel_id == *source).unwrap();
            for end in [to, from] {
                prop_assert!(end.counts() && end.connected != Some(false), "{end:?}");
            }
            prop_assert!(to.peer_id != from.peer_id);
            prop_assert!(to.receivable_sats.is_none_or(|most| amount <= most));
            let capacity = to.pending_capacity_sats.map_or(to.capacity_sats, |least| least.min(to.capacity_sats));
            prop_assert!(to.local_sats.plus(amount).unwrap() <= capacity, "{amount} into {to:?}");
        }
        for (source, sum) in given {
            let from = channels_of(&input).iter().find(|channel| channel.channel_id == *source).unwrap();
            prop_assert!(from.spendable_sats.is_none_or(|most| sum <= most.get()));
            let own = from.local_sats.less(from.reserve_sats.unwrap_or_default());
            prop_assert!(sum <= own.get(), "{sum} out of {from:?}");
            let kept = from.local_sats.get().saturating_sub(sum) as f64;
            let least = config.rebalance.source_min_share.unwrap_or(config.liquidity.depleted_below).get() * from.capacity_sats.as_f64();
            prop_assert!(kept >= least - 1.0, "{kept} of {least}");
        }
        prop_assert!(fees <= u128::from(decided.budget.left_sats.get()));
    }

    #[test]
    fn headroom_is_never_above_the_most_that_one_channel_gives(input in nodes()) {
        let decided = advice(&input).decision;
        let known = |peer: &NodeId| input.snapshot.public_capacities.iter().find(|one| one.peer_id == *peer);
        let mut peers: Vec<&NodeId> = channels_of(&input).iter().filter(|one| one.counts()).map(|one| &one.peer_id).collect();
        peers.sort();
        peers.dedup();
        // Each external peer is either told of or counted as unknown.
        let (told, unknown): (Vec<&NodeId>, Vec<&NodeId>) = peers.into_iter().partition(|peer| known(peer).is_some());
        prop_assert_eq!(decided.splices.len(), told.len());
        prop_assert_eq!(decided.splices_unchecked.get() as usize, unknown.len());
        for splice in &decided.splices {
            let peer = &splice.peer_id;
            prop_assert!(told.contains(&peer));
            let most = usable(&input, peer).map(gives).max().unwrap();
            let most = most.saturating_sub(leaving(&input, peer));
            let room = splice.headroom_sats.map(Sat::get);
            prop_assert!(room.is_none_or(|room| room <= most), "{room:?} of {most}");
            // The same as the operation by itself.
            let others = input.members.readable().iter().filter_map(|member| Other::at_peer(member, peer));
            let asked = HeadroomInput {
                channel_id: None,
                hive_reachable: true,
                in_flight: input.exits.iter().filter(|exit| exit.peer_id == *peer).map(|exit| exit.amount_sats).collect(),
                now: input.now,
                others: others.collect::<Vec<_>>().into(),
                ours: Some(Ours {
                    channels: usable(&input, peer).map(OwnChannel::of).collect(),
                    node_id: Some(id("02us")),
                }),
                peer_id: peer.clone(),
                peer_public_sats: known(peer).map(|one| one.capacity_sats),
            };
            let alone = headroom(Policy::plan().config(), &asked, &mut Why::off()).unwrap();
            prop_assert_eq!(alone.headroom_sats, splice.headroom_sats);
            prop_assert_eq!(alone.gives_sats, Some(sat(most)));
        }
        // A page about one channel says the same.
        for channel in channels_of(&input).iter().filter(|one| one.counts()) {
            let asked = NodeExplainInput { asked: input.clone(), first: None, subject: channel.channel_id.clone() };
            let page = Policy::plan().decide::<FleetExplain>(&asked).unwrap().decision;
            let same: Vec<&SpliceAdvice> = decided.splices.iter().filter(|one| one.peer_id == channel.peer_id).collect();
            prop_assert_eq!(page.splices.iter().collect::<Vec<_>>(), same);
        }
    }

    #[test]
    fn one_absurd_silent_or_lying_member_changes_nothing_for_the_rest(input in nodes(), odd in odd_members(NOW, "03p")) {
        let before = advice(&input).decision;
        let mut members = input.members.readable().to_vec();
        members.push(odd);
        let with = NodeAdviceInput { members: members.into(), ..input };
        let after = advice(&with).decision;
        let rooms = |advice: &NodeAdvice| {
            let rooms = advice.splices.iter();
            rooms.map(|one| (one.peer_id.clone(), one.headroom_sats)).collect::<Vec<_>>()
        };
        prop_assert_eq!(rooms(&after), rooms(&before));
        prop_assert_eq!(after.splices_unchecked, before.splices_unchecked);
        prop_assert_eq!(after.fees, before.fees);
        prop_assert_eq!(after.rebalances, before.rebalances);
        prop_assert_eq!(after.refusals, before.refusals);
        prop_assert_eq!(after.avoid, before.avoid);
        prop_assert_eq!(after.needs, before.needs);
        // What it needs itself may be an advice of its own.
        let of_others = after.new_channels.into_iter().filter(|one| one.peer_id.as_str() != OWN_PEER);
        prop_assert_eq!(of_others.collect::<Vec<_>>(), before.new_channels);
    }

    #[test]
    fn what_can_move_is_the_sum_of_what_is_told_and_unknown_where_nothing_is(input in nodes()) {
        let decided = advice(&input).decision;
        let online = channels_of(&input).iter().filter(|one| one.counts() && one.connected != Some(false));
        let online: Vec<&Channel> = online.collect();
        let told = |of: fn(&Channel) -> Option<Sat>| {
            let told: Vec<u64> = online.iter().filter_map(|one| of(one)).map(Sat::get).collect();
            (online.is_empty() || !told.is_empty()).then(|| told.into_iter().sum::<u64>())
        };
        let (into, out) = (told(|one| one.receivable_sats), told(|one| one.spendable_sats));
        prop_assert_eq!(decided.movable_in_sats.is_some(), into.is_some());
        prop_assert_eq!(decided.movable_out_sats.is_some(), out.is_some());
        prop_assert!(decided.movable_in_sats.map(Sat::get) <= into);
        prop_assert!(decided.movable_out_sats.map(Sat::get) <= out);
    }

    #[test]
    fn of_what_ends_alike_the_most_worth_comes_first(input in nodes()) {
        let decided = advice(&input).decision;
        for one in proposed(&decided) {
            prop_assert!(one.ev.is_some(), "{one:?}");
        }
        for pair in decided.rebalances.windows(2) {
            let [a, b] = pair else { continue };
            if a.outcome == b.outcome {
                let worth = |one: &MoveAdvice| one.ev.map_or(f64::NEG_INFINITY, |ev| ev.get());
                prop_assert!((worth(b), &a.channel_id) <= (worth(a), &b.channel_id), "{a:?} before {b:?}");
            }
        }
    }

    #[test]
    fn a_bad_channel_is_set_aside_and_the_rest_is_advised(input in nodes()) {
        let plain = advice(&input);
        let mut given = value::encode(&input).unwrap();
        spoil(&mut given);
        let spoiled: NodeAdviceInput = value::decode(&given).unwrap();
        let told = advice(&spoiled);
        prop_assert_eq!(told.quarantined.len(), 1);
        prop_assert_eq!(told.decision.left_out.listed.set_aside.get(), 1);
        prop_assert_eq!(told.decision.rebalances, plain.decision.rebalances);
        prop_assert_eq!(told.decision.needs, plain.decision.needs);
    }

    #[test]
    fn a_channel_is_explained_with_every_other_channel(input in nodes()) {
        for channel in channels_of(&input) {
            let asked = NodeExplainInput {
                asked: input.clone(),
                first: None,
                subject: channel.channel_id.clone(),
            };
            let told = Policy::plan().decide::<FleetExplain>(&asked).unwrap().decision;
            let told = told.channels.first().unwrap();
            prop_assert_eq!(told.into.tried.get() as usize, channels_of(&input).len() - 1);
            let none = told.into.best.iter().find(|pair| pair.accepted == pair.binding.is_some());
            prop_assert!(none.is_none(), "{none:?}");
        }
    }
}

/// Adds a channel that cannot be read.
fn spoil(input: &mut Value<'static>) {
    let mut place = input;
    for key in ["snapshot", "us", "channels"] {
        let Value::Map(fields) = place else { return };
        let found = fields.iter_mut().find(|(name, _)| name == key);
        place = &mut found.unwrap().1;
    }
    if let Value::List(channels) = place {
        channels.push(Value::from_json(br#"{"channel_id":"zz","local_sats":-1}"#).unwrap());
    }
}

#[test]
fn nothing_pays_where_the_route_costs_more_than_it_earns() {
    let full = Channel {
        fee_ppm: Some(Ppm::constant(1)),
        ..Channel::plain(id("s"), id("03ps"), sat(9_000_000), sat(10_000_000))
    };
    let empty = Channel {
        fee_ppm: Some(Ppm::constant(500)),
        route_cost_ppm: Some(Ppm::constant(400)),
        ..Channel::plain(id("d"), id("03pd"), sat(100_000), sat(10_000_000))
    };
    let told = advice(&node(vec![full, empty])).decision;
    assert_eq!(told.rebalances.len(), 1);
    assert_eq!(told.rebalances[0].outcome, MoveOutcome::Refused);
    assert_eq!(told.refusals.len(), 1);
    assert_eq!(told.refusals[0].closest.subject.as_deref(), Some("d"));
}

/// A channel that forwards, to the peer at which a member asks for help.
fn asked_for(name: &str, part: u64) -> Channel {
    let capacity = 10_000_000;
    Channel {
        connected: Some(true),
        fee_ppm: Some(Ppm::constant(100)),
        ..Channel::plain(id(name), id("03p1"), share(part, capacity), sat(capacity))
    }
}

/// The advice on fees while a struggling member lacks outbound liquidity at that peer.
fn fees_of(channels: Vec<Channel>) -> Vec<FeeAdvice> {
    let asks = Member {
        tier: Some(Tier::Struggling),
        ..member(0, 0, false, 0)
    };
    let asked = NodeAdviceInput {
        members: vec![asks].into(),
        ..node(channels)
    };
    advice(&asked).decision.fees
}

proptest! {
    #![proptest_config(cases(0xfee5))]

    #[test]
    fn a_channel_that_carries_nothing_changes_no_other_fee(part in 0..=100_u64, other in 0..=100_u64, closed in any::<bool>()) {
        let idle = Channel {
            closed_to_forwards: closed,
            connected: Some(closed),
            ..asked_for("b", other)
        };
        let alone = fees_of(vec![asked_for("a", part)]);
        let mut beside = fees_of(vec![asked_for("a", part), idle]);
        let of_idle = beside.iter().any(|one| one.channel_id == id("b"));
        prop_assert!(!(closed && of_idle), "a step where nothing is let out");
        beside.retain(|one| one.channel_id == id("a"));
        prop_assert_eq!(&beside, &alone);
        let step = if part < 20 { crate::fleet::fees::Step::Unchanged } else { crate::fleet::fees::Step::Lowered };
        prop_assert_eq!(alone.iter().map(|one| one.step).collect::<Vec<_>>(), vec![step]);
    }

    #[test]
    fn books_that_list_a_channel_twice_are_refused(twice in any::<bool>()) {
        let judged = |channel: &str| crate::fleet::snapshot::ChannelProfit {
            books: crate::fleet::health::profit::ProfitInput {
                age_days: None, channel_id: Some(id(channel)), cost_msat: None, idle_s: None, opening_msat: None,
                revenue_msat: Msat::constant(1_000_000),
            },
            profit: crate::fleet::health::profit::Profit {
                class: crate::fleet::health::profit::ProfitClass::Profitable, roi: None,
            },
        };
        let mut asked = node(vec![asked_for("a", 50), asked_for("b", 50)]);
        asked.snapshot.profits = vec![judged("a"), judged(if twice { "a" } else { "b" })];
        let told = advise(&Config::default(), &asked, &mut Why::off());
        prop_assert_eq!(told.is_err(), twice);
    }
}
