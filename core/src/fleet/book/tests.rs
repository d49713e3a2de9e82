//! The book answers as the stateless operations do, whatever happened to it before.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

use super::*;
use crate::config::Config;
use crate::fleet::channel::Phase;
use crate::fleet::conflict::{ConflictInput, conflict};
use crate::fleet::fees::{AdjustInput, FeeStep, adjust};
use crate::fleet::gossip::Kind;
use crate::fleet::gossip::accept::{AcceptInput, MemberStanding, Outcome, accept};
use crate::fleet::gossip::tests::{NOW, announce, health, id as key, message, plain};
use crate::fleet::health::Tier;
use crate::fleet::health::fleet::{FleetHealthInput, fleet};
use crate::fleet::health::verify::Verdict;
use crate::fleet::liquidity::needs::{Balance, RelevanceInput, excess, needs, relevance};
use crate::fleet::liquidity::state::{competition, state};
use crate::fleet::member::{
    Activity, AnnouncedSplice, PeerAnswer, PeerCapacity, SpliceType, Trouble,
};
use crate::fleet::rebalance::candidate::EvaluateInput;
use crate::fleet::rebalance::evaluate::evaluate;
use crate::fleet::splice::{CheckInput, HeadroomInput, Other, Ours, OwnChannel, check, headroom};
use crate::fleet::topology::{AdviseInput, Candidate, advise};
use crate::fleet::view::FleetInput;
use crate::proofs;
use crate::reason::Effect;
use crate::units::{Points, Ppm, Seconds, Share};
use crate::value::{self, Value};
use serde::Serialize;

/// An answer with all its reasons, as one text.
fn told<T: Serialize>(ask: impl FnOnce(&mut Why) -> Result<T, Error>) -> String {
    let mut why = Why::new();
    let answer = ask(&mut why);
    let (reasons, aside) = why.finish();
    match answer {
        Ok(answer) => canonical::text(&(answer, reasons, aside)).unwrap(),
        Err(error) => canonical::text(&error).unwrap(),
    }
}

fn id(text: &str) -> NodeId {
    NodeId::new(text).unwrap()
}

const LAST_STEP: FeeStep = FeeStep {
    base_ppm: Ppm::constant(1000),
    fee_ppm: Ppm::constant(950),
};

fn candidate() -> EvaluateInput {
    let input = json!({ "inbound_ppm": 300, "p_success": 0.7, "tier": "vulnerable",
        "destination": { "age_days": 30, "capacity_sats": 10_000_000, "fee_ppm": 2000, "spendable_sats": 100_000 } });
    value::decode(&Value::from_json(input.to_string().as_bytes()).unwrap()).unwrap()
}

/// Every question, as the stateless operations answer it from a snapshot.
fn stateless(
    config: &Config,
    snapshot: &FleetSnapshot,
    now: Seconds,
    peer: &NodeId,
) -> Vec<String> {
    let fleet_input = |first: Option<u32>| FleetInput {
        first: first.map(Count::constant),
        members: snapshot.reports.clone(),
        now,
        us: snapshot.us.clone(),
    };
    let public = |peer: &NodeId| {
        let peers = snapshot.peers.readable();
        let known = peers.iter().find(|one| one.peer_id == *peer);
        known.and_then(|one| one.public_capacity_sats)
    };
    let here = || {
        let ours = snapshot.us.channels.readable().iter();
        ours.filter(|one| one.peer_id == *peer && one.counts())
    };
    let ours = Ours {
        channels: here().map(OwnChannel::of).collect(),
        node_id: Some(snapshot.us.node_id.clone()),
    };
    let reports = snapshot.reports.readable().iter();
    let others = reports.filter(|one| one.member_id != snapshot.us.node_id);
    let others: Vec<Other> = others.filter_map(|one| Other::at_peer(one, peer)).collect();
    let exit = |splice_type, amount| CheckInput {
        amount_sats: Sat::constant(amount),
        channel_id: None,
        hive_reachable: true,
        in_flight: vec![Sat::constant(1000)],
        now,
        others: others.clone().into(),
        ours: Some(ours.clone()),
        peer_id: peer.clone(),
        peer_public_sats: public(peer),
        splice_type,
        strict: false,
    };
    let candidates = |peers: Vec<NodeId>| AdviseInput {
        candidates: peers
            .into_iter()
            .map(|peer_id| Candidate {
                public_capacity_sats: public(&peer_id),
                peer_id,
            })
            .collect(),
        members: snapshot.reports.clone(),
        now,
        us: snapshot.us.clone(),
    };
    let known = snapshot.peers.readable().iter();
    let known: Vec<NodeId> = known.map(|one| one.peer_id.clone()).collect();
    let all = needs(config, &fleet_input(None), &mut Why::off()).unwrap();
    let balances = here().map(|one| Balance {
        capacity_sats: one.capacity_sats,
        local_sats: one.local_sats,
    });
    vec![
        told(|why| needs(config, &fleet_input(None), why)),
        told(|why| needs(config, &fleet_input(Some(3)), why)),
        told(|why| excess(config, &fleet_input(None), why)),
        told(|why| excess(config, &fleet_input(Some(2)), why)),
        told(|why| state(config, &fleet_input(None), why)),
        told(|why| competition(config, &fleet_input(None), why)),
        told(|why| competition(config, &fleet_input(Some(1)), why)),
        told(|why| {
            let channels = balances.collect();
            relevance(config, &RelevanceInput { channels }, why)
        }),
        told(|why| {
            let members = snapshot.reports.clone();
            let first = Some(Count::constant(2));
            fleet(
                config,
                &FleetHealthInput {
                    first,
                    members,
                    now,
                },
                why,
            )
        }),
        told(|why| {
            let input = ConflictInput {
                members: snapshot.reports.clone(),
                now,
                target_peer: peer.clone(),
                us: snapshot.us.clone(),
            };
            conflict(config, &input, why)
        }),
        told(|why| {
            let away = |one: &Channel| one.connected == Some(false);
            let open = here().any(|one| !one.closed_to_forwards);
            let there = here().any(|one| !one.closed_to_forwards && !away(one));
            let carries =
                |one: &Channel| (!open || !one.closed_to_forwards) && (!there || !away(one));
            let sum = |of: &dyn Fn(&Channel) -> Sat| {
                let carrying = here().filter(|one| carries(one));
                Sat::constant(carrying.map(|one| of(one).get()).sum())
            };
            let input = AdjustInput {
                base_ppm: None,
                ceiling_ppm: None,
                fee_in_force_ppm: Some(LAST_STEP.fee_ppm),
                floor_ppm: None,
                last_step: Some(LAST_STEP),
                needs: all.fleet_needs,
                our_id: Some(snapshot.us.node_id.clone()),
                own: here().next().is_some().then(|| Balance {
                    capacity_sats: sum(&|one| one.capacity_sats),
                    local_sats: sum(&|one| one.local_sats),
                }),
                peer_id: peer.clone(),
            };
            adjust(config, &input, why)
        }),
        told(|why| check(config, &exit(SpliceType::SpliceOut, 900_000), why)),
        told(|why| check(config, &exit(SpliceType::SpliceIn, 900_000), why)),
        told(|why| {
            let CheckInput {
                hive_reachable,
                in_flight,
                peer_public_sats,
                ..
            } = exit(SpliceType::SpliceOut, 0);
            let input = HeadroomInput {
                channel_id: None,
                hive_reachable,
                in_flight,
                now,
                others: others.clone().into(),
                ours: Some(ours.clone()),
                peer_id: peer.clone(),
                peer_public_sats,
            };
            headroom(config, &input, why)
        }),
        told(|why| advise(config, &candidates(known), why)),
        told(|why| advise(config, &candidates(vec![peer.clone(), id("p0x")]), why)),
        told(|why| {
            let sources = snapshot.sources.clone();
            evaluate(
                config,
                &EvaluateInput {
                    sources,
                    ..candidate()
                },
                why,
            )
        }),
    ]
}

/// The same questions to a book.
fn asked(book: &FleetBook, now: Seconds, peer: &NodeId) -> Vec<String> {
    let first = |first: Option<u32>| AskFirst {
        first: first.map(Count::constant),
        now,
    };
    let exit = |splice_type, amount| CheckInput {
        amount_sats: Sat::constant(amount),
        channel_id: None,
        hive_reachable: true,
        in_flight: vec![Sat::constant(1000)],
        now,
        others: Entries::default(),
        ours: None,
        peer_id: peer.clone(),
        peer_public_sats: None,
        splice_type,
        strict: false,
    };
    let advice = |candidates| AskAdvice { candidates, now };
    let some = Some(vec![peer.clone(), id("p0x")]);
    vec![
        told(|why| Ok(book.needs(&first(None), why))),
        told(|why| Ok(book.needs(&first(Some(3)), why))),
        told(|why| Ok(book.excess(&first(None), why))),
        told(|why| Ok(book.excess(&first(Some(2)), why))),
        told(|why| Ok(book.state(&AskNow { now }, why))),
        told(|why| Ok(book.competition(&first(None), why))),
        told(|why| Ok(book.competition(&first(Some(1)), why))),
        told(|why| {
            let peer_id = peer.clone();
            Ok(book.relevance(&AskPeer { peer_id }, why))
        }),
        told(|why| Ok(book.health(&first(Some(2)), why))),
        told(|why| {
            let target_peer = peer.clone();
            Ok(book.conflict(&AskConflict { now, target_peer }, why))
        }),
        told(|why| {
            let ask = AskFee {
                base_ppm: None,
                ceiling_ppm: None,
                fee_in_force_ppm: Some(LAST_STEP.fee_ppm),
                floor_ppm: None,
                last_step: Some(LAST_STEP),
                now,
                peer_id: peer.clone(),
            };
            book.fees(&ask, why)
        }),
        told(|why| book.splice(&exit(SpliceType::SpliceOut, 900_000), why)),
        told(|why| book.splice(&exit(SpliceType::SpliceIn, 900_000), why)),
        told(|why| {
            let ask = HeadroomInput {
                channel_id: None,
                hive_reachable: true,
                in_flight: vec![Sat::constant(1000)],
                now,
                others: Entries::default(),
                ours: None,
                peer_id: peer.clone(),
                peer_public_sats: None,
            };
            book.headroom(&ask, why)
        }),
        told(|why| book.advise(&advice(None), why)),
        told(|why| book.advise(&advice(some), why)),
        told(|why| book.evaluate(&candidate(), why)),
    ]
}

#[derive(Clone, Debug)]
enum Change {
    Report(Box<Member>),
    Member(FleetMember),
    Channel(Channel),
    Peer(FleetPeer),
    Source(Source),
    Us(Option<Tier>, Vec<Activity>),
    Forget(NodeId),
}

fn make(book: &mut FleetBook, change: Change) {
    match change {
        // Of a banned member nothing is taken.
        Change::Report(report) => drop(book.set_report(*report)),
        Change::Member(member) => book.set_member(member),
        Change::Channel(channel) => book.set_channel(channel),
        Change::Peer(peer) => book.set_peer(peer),
        Change::Source(source) => book.set_source(source),
        Change::Us(tier, rebalancing) => (book.us.tier, book.us.rebalancing) = (tier, rebalancing),
        Change::Forget(id) => {
            book.remove_member(&id);
            book.remove_channel(&id);
            book.remove_peer(&id);
            book.remove_source(&id);
        }
    }
}

/// Members, peers and we ourselves: a peer may become a member and the other way round.
fn ids() -> impl Strategy<Value = NodeId> {
    let names = ["aa", "bb", "cc", "dd", "p0", "p1", "p2", "us"];
    select(names.map(id).to_vec())
}

fn times() -> impl Strategy<Value = Seconds> {
    (0..9_000u64).prop_map(|age| Seconds::constant(NOW - age))
}

fn sats() -> impl Strategy<Value = Sat> {
    (0..12_000_000u64).prop_map(Sat::constant)
}

prop_compose! {
    fn troubles()(list in prop::collection::vec((ids(), sats(), 0..=20u8), 0..4)) -> Vec<Trouble> {
        let trouble = |(peer_id, capacity_sats, parts): (NodeId, Sat, u8)| Trouble {
            capacity_sats,
            local_pct: Share::constant(f64::from(parts) / 20.0),
            peer_id,
        };
        list.into_iter().map(trouble).collect()
    }
}

prop_compose! {
    fn activities()(list in prop::collection::vec((ids(), times(), 0..2000u64), 0..3)) -> Vec<Activity> {
        let activity = |(peer_id, at, length): (NodeId, Seconds, u64)| Activity {
            at,
            expected_end: Seconds::constant(at.get() + length),
            peer_id,
        };
        list.into_iter().map(activity).collect()
    }
}

prop_compose! {
    fn reports()(
        member_id in ids(), at in times(), depleted in troubles(), saturated in troubles(),
        rebalancing in activities(), score in prop::option::of(0..=100u8), health_at in prop::option::of(times()),
        implausible in prop::bool::weighted(0.1), held in prop::collection::vec((ids(), sats()), 0..4),
        exits in prop::collection::vec((ids(), sats(), any::<bool>(), 0..2000u64), 0..2),
        answers in prop::collection::vec((ids(), sats(), times()), 0..2), node in prop::option::of(sats()),
    ) -> Member {
        Member {
            answers: answers.into_iter().map(|(peer_id, capacity_sats, at)| PeerAnswer { at, capacity_sats, peer_id }).collect(),
            at,
            capacities: held.into_iter().map(|(peer_id, capacity_sats)| PeerCapacity { capacity_sats, channels: None, peer_id }).collect(),
            depleted,
            health_at,
            implausible,
            node_capacity_sats: node,
            node_channels: node.map(|_| Count::constant(3)),
            rebalancing,
            saturated,
            score: score.map(Points::constant),
            splices: exits.into_iter().map(|(peer_id, amount_sats, out, left)| AnnouncedSplice {
                amount_sats,
                expires: Seconds::constant(NOW - 1000 + left),
                peer_id,
                splice_type: if out { SpliceType::SpliceOut } else { SpliceType::SpliceIn },
            }).collect(),
            ..Member::silent(member_id)
        }
    }
}

prop_compose! {
    fn channels()(
        n in 0..5u8, peer_id in ids(), capacity_sats in sats(), part in 0..=20u64, pending in prop::option::of(sats()),
        splicing in any::<bool>(), usable in prop::bool::weighted(0.8), reserve in prop::option::of(sats()),
        spendable in prop::option::of(sats()), phase in prop::option::of(select(vec![Phase::Opening, Phase::Usable, Phase::Closing])),
    ) -> Channel {
        Channel {
            closed_to_forwards: reserve.is_some_and(|sats| sats.get() % 3 == 0),
            pending_capacity_sats: pending,
            phase,
            reserve_sats: reserve,
            spendable_sats: spendable,
            splicing,
            usable,
            ..Channel::plain(
                id(&format!("c{n}")),
                peer_id,
                Sat::constant(capacity_sats.get() * part / 20),
                capacity_sats,
            )
        }
    }
}

fn tiers() -> impl Strategy<Value = Option<Tier>> {
    let tiers = [
        Tier::Struggling,
        Tier::Vulnerable,
        Tier::Stable,
        Tier::Thriving,
    ];
    prop::option::of(select(tiers.to_vec()))
}

fn changes() -> impl Strategy<Value = Change> {
    let member = (ids(), any::<bool>(), prop::bool::weighted(0.2));
    let member = member.prop_map(|(member_id, connected, banned)| FleetMember {
        banned,
        connected,
        member_id,
        public_capacity_sats: None,
        public_channels: None,
    });
    let peer =
        (ids(), prop::option::of(sats())).prop_map(|(peer_id, public_capacity_sats)| FleetPeer {
            peer_id,
            public_capacity_sats,
        });
    let ends = (prop::option::of(ids()), any::<bool>());
    let source =
        (0..4u8, sats(), 0..2000u32, ends).prop_map(|(n, spendable_sats, fee, ends)| Source {
            age_days: None,
            capacity_sats: Sat::constant(12_000_000),
            channel_id: id(&format!("s{n}")),
            connected: ends.1,
            fails: Count::MIN,
            fee_ppm: Ppm::constant(fee),
            flow: None,
            local_sats: None,
            peer_id: ends.0,
            phase: None,
            spendable_sats,
            uptime_pct: None,
        });
    prop_oneof![
        6 => reports().prop_map(|report| Change::Report(Box::new(report))),
        2 => member.prop_map(Change::Member),
        3 => channels().prop_map(Change::Channel),
        2 => peer.prop_map(Change::Peer),
        1 => source.prop_map(Change::Source),
        1 => (tiers(), activities()).prop_map(|(tier, activities)| Change::Us(tier, activities)),
        2 => ids().prop_map(Change::Forget),
        1 => select(vec![id("c0"), id("c1"), id("s0"), id("s1")]).prop_map(Change::Forget),
    ]
}

fn empty() -> FleetBook {
    let us = Us {
        channels: Entries::default(),
        node_id: id("us"),
        rebalancing: Vec::new(),
        tier: None,
    };
    FleetBook::new(
        Policy::plan(),
        &FleetSnapshot {
            gossip: GossipState::default(),
            members: Entries::default(),
            peers: Entries::default(),
            reports: Entries::default(),
            sources: Entries::default(),
            us,
        },
    )
    .unwrap()
}

/// The rows of an index as text, in the order of its peers and members.
fn shape(book: &FleetBook) -> String {
    format!("{:?}", book.index)
}

fn reversed(mut snapshot: FleetSnapshot) -> FleetSnapshot {
    fn turned<T: Entry + Clone>(list: &mut Entries<T>) {
        *list = list
            .readable()
            .iter()
            .rev()
            .cloned()
            .collect::<Vec<T>>()
            .into();
    }
    turned(&mut snapshot.members);
    turned(&mut snapshot.peers);
    turned(&mut snapshot.reports);
    turned(&mut snapshot.sources);
    turned(&mut snapshot.us.channels);
    snapshot
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn a_book_answers_as_the_stateless_operations_after_any_changes(
        steps in prop::collection::vec((changes(), times(), ids()), 1..16)
    ) {
        let mut book = empty();
        for (change, now, peer) in steps {
            make(&mut book, change);
            let snapshot = book.snapshot();
            let expected = stateless(book.policy().config(), &snapshot, now, &peer);
            for (answer, expected) in asked(&book, now, &peer).into_iter().zip(expected) {
                prop_assert_eq!(answer, expected);
            }
        }
        // What changes left behind is what a fresh fill has, in any order.
        let snapshot = book.snapshot();
        for again in [snapshot.clone(), reversed(snapshot)] {
            let again = FleetBook::new(Policy::plan(), &again).unwrap();
            prop_assert_eq!(again.digest().unwrap(), book.digest().unwrap());
            prop_assert_eq!(shape(&again), shape(&book));
        }
    }

    #[test]
    fn what_opens_a_book_again_opens_the_same_book(steps in prop::collection::vec(changes(), 0..16)) {
        let mut book = empty();
        for change in steps {
            make(&mut book, change);
        }
        let told = book.call_bytes("opening", b"{}").unwrap();
        let envelope = crate::value::Value::from_json(&told).unwrap();
        let mut again = open(envelope.get("decision").unwrap()).unwrap();
        prop_assert_eq!(again.policy().digest(), book.policy().digest());
        prop_assert_eq!(again.digest().unwrap(), book.digest().unwrap());
        prop_assert_eq!(again.call_bytes("opening", b"{}").unwrap(), told);
    }

    #[test]
    fn a_message_is_taken_as_the_stateless_operation_takes_it_and_becomes_the_report(
        order in prop::collection::vec((0..MESSAGES.len(), 1..=4u8, 0..1500u64, ids()), 1..20)
    ) {
        let mut book = empty();
        let standing = |n: u8| MemberStanding { banned: false, connected: n < 4, member_id: key(n) };
        for n in 1..=3 {
            book.set_member(connected(n));
        }
        let (mut state, mut now) = (GossipState::default(), NOW - 600);
        for (which, from, passed, peer) in order {
            now += passed / 10;
            let (from, at) = (key(from), Seconds::constant(now));
            let input = AcceptInput {
                from: from.clone(),
                hops: Count::MIN,
                members: (1..=3).map(standing).collect(),
                message: MESSAGES[which].clone(),
                now: at,
                state,
            };
            let mut whys = (Why::new(), Why::new());
            let received = accept(book.policy().config(), &input, &mut whys.0).unwrap();
            let arrival = Arrival { from: &from, hops: Count::MIN, message: &MESSAGES[which], now: at };
            let taken = book.take(&arrival, &mut whys.1).unwrap();
            prop_assert_eq!(whys.0.into_reasons(), whys.1.into_reasons());
            prop_assert_eq!((taken.outcome, &taken.digest, &taken.reporter), (received.outcome, &received.digest, &received.reporter));
            prop_assert_eq!(&book.gossip, &received.state);
            state = received.state;
            for (id, said) in &state.reporters {
                let report = bridge::member(book.policy().config(), id, said, &Evidence::default()).unwrap();
                prop_assert_eq!(&book.index.card(id).unwrap().member, &report);
            }
            let snapshot = book.snapshot();
            prop_assert_eq!(asked(&book, at, &peer), stateless(book.policy().config(), &snapshot, at, &peer));
        }
        let again = FleetBook::new(Policy::plan(), &book.snapshot()).unwrap();
        prop_assert_eq!(again.digest().unwrap(), book.digest().unwrap());
    }
}

fn connected(n: u8) -> FleetMember {
    FleetMember {
        banned: false,
        connected: true,
        member_id: key(n),
        public_capacity_sats: None,
        public_channels: None,
    }
}

fn holds(peer: &str) -> Json {
    json!({
        "capacities": [{ "peer": peer, "capacity_sats": 4_000_000 }, { "peer": "p1", "capacity_sats": 7 }],
        "depleted": [{ "peer": peer, "capacity_sats": 4_000_000, "local_per_mille": 40 }],
        "saturated": [{ "peer": "p1", "capacity_sats": 9_000_000, "local_per_mille": 960 }],
        "rebalancing": [{ "peer": peer, "start": NOW - 60, "expected_end": NOW + 600 }],
    })
}

/// Honest messages, out of order and one of a stranger's, and a forgery.
static MESSAGES: LazyLock<Vec<crate::fleet::gossip::plain::Plain>> = LazyLock::new(|| {
    let answer = json!({ "peer": "p0", "capacity_sats": 3_000_000, "in_reply_to": "0".repeat(64) });
    let mut all = Vec::new();
    for n in 1..=3u8 {
        let at = NOW - 300 + u64::from(n) * 7;
        all.push(message(n, "health_status", &health(u64::from(n)), at, 0));
        all.push(message(n, "liquidity_state", &holds("p0"), at, 0));
        all.push(message(n, "liquidity_state", &holds("p2"), at + 50, 0));
        all.push(message(n, "splice_check", &announce("p0", at + 500), at, 0));
        all.push(message(n, "splice_check_answer", &answer, at, 0));
    }
    all.push(message(4, "liquidity_state", &holds("p0"), NOW - 300, 0));
    let mut forged = message(1, "liquidity_state", &holds("p1"), NOW, 0);
    forged["sig"] = message(2, "liquidity_state", &holds("p1"), NOW, 0)["sig"].clone();
    all.push(forged);
    all.iter().map(plain).collect()
});

#[test]
fn who_was_known_in_any_way_was_there_to_be_removed() {
    let mut book = empty();
    book.set_report(Member::silent(key(1))).unwrap();
    assert!(book.remove_member(&key(1)));
    book.set_member(connected(1));
    assert!(book.remove_member(&key(1)));
    assert!(!book.remove_member(&key(1)));
}

#[test]
fn a_report_of_less_than_our_channels_with_the_member_is_implausible() {
    let is_implausible = |peer: NodeId, announced: Option<bool>, public: Option<u64>| {
        let mut book = empty();
        book.set_member(FleetMember {
            public_capacity_sats: public.map(Sat::constant),
            ..connected(1)
        });
        let ours = Sat::constant(10_000_000);
        book.set_channel(Channel {
            announced,
            ..Channel::plain(id("c0"), peer, Sat::MIN, ours)
        });
        // It tells of nine million in all.
        let arrival = Arrival {
            from: &key(1),
            hops: Count::MIN,
            message: &plain(&message(1, "health_status", &health(4), NOW, 0)),
            now: Seconds::constant(NOW),
        };
        let now = arrival.now;
        let ask = |book: &FleetBook, member_id| {
            let mut why = Why::new();
            let asked = book.verify(&AskMember { member_id, now }, &mut why);
            (asked.map(|one| one.verdict == Verdict::Implausible), why)
        };
        // Nothing was told yet, and another is no member.
        assert_eq!(ask(&book, key(1)).0.unwrap_err().field, "member_id");
        book.take(&arrival, &mut Why::off()).unwrap();
        assert_eq!(ask(&book, key(2)).0.unwrap_err().field, "member_id");
        let counts = book.index.card(&key(1)).unwrap().member.implausible;
        // Asked again, it says the same, and why.
        let (said, why) = ask(&book, key(1));
        assert_eq!(said.unwrap(), counts);
        let refused = why.reasons().iter().any(|one| one.effect == Effect::Refuse);
        assert_eq!(refused, counts);
        counts
    };
    assert!(!is_implausible(id("p0"), Some(true), None));
    for public in [None, Some(0), Some(19_000_000)] {
        assert!(is_implausible(key(1), Some(true), public));
        assert!(!is_implausible(key(1), Some(false), public));
    }
    // Where the graph shows no channel of ours, ours is in it no more than in the member's report;
    // without any graph nobody can tell.
    assert!(is_implausible(key(1), None, None));
    assert!(!is_implausible(key(1), None, Some(19_000_000)));
}

#[test]
fn a_report_that_contradicts_the_graph_counts_nowhere() {
    let mut book = empty();
    book.set_member(FleetMember {
        public_capacity_sats: Some(Sat::constant(1_000_000)),
        ..connected(1)
    });
    let mut take = |kind: &str, body: &Json| {
        let message = plain(&message(1, kind, body, NOW, 0));
        let from = key(1);
        let arrival = Arrival {
            from: &from,
            hops: Count::MIN,
            message: &message,
            now: Seconds::constant(NOW),
        };
        let taken = book.take(&arrival, &mut Why::off()).unwrap();
        assert_eq!(taken.outcome, Outcome::Accepted);
        assert_eq!(taken.kind.map(Kind::as_str), Some(kind));
    };
    // It claims nine times what the graph shows.
    take("health_status", &health(4));
    take("liquidity_state", &holds("p0"));
    let now = Seconds::constant(NOW);
    let ask = AskFirst { first: None, now };
    let mut why = Why::new();
    assert!(book.needs(&ask, &mut why).fleet_needs.is_empty());
    let codes: Vec<_> = why
        .reasons()
        .iter()
        .map(|one| one.code.entry().name)
        .collect();
    assert_eq!(codes, ["member_implausible", "no_fleet_need"]);
    assert_eq!(book.health(&ask, &mut Why::off()).member_count, Count::MIN);
    // Seen with what it claims, it counts with its next report.
    book.set_member(FleetMember {
        public_capacity_sats: Some(Sat::constant(9_000_000)),
        ..connected(1)
    });
    let again = plain(&message(1, "liquidity_state", &holds("p2"), NOW + 1, 0));
    let from = key(1);
    let arrival = Arrival {
        from: &from,
        hops: Count::MIN,
        message: &again,
        now: Seconds::constant(NOW + 1),
    };
    book.take(&arrival, &mut Why::off()).unwrap();
    assert_eq!(book.needs(&ask, &mut Why::off()).fleet_needs.len(), 2);
}

#[test]
fn who_is_banned_leaves_nothing_behind() {
    let mut book = empty();
    let before = shape(&book);
    book.set_member(connected(1));
    let mut report = Member::silent(key(1));
    report.depleted.push(Trouble {
        capacity_sats: Sat::constant(1),
        local_pct: Share::MIN,
        peer_id: id("p0"),
    });
    book.set_report(report.clone()).unwrap();
    assert_ne!(shape(&book), before);
    book.set_member(FleetMember {
        banned: true,
        ..connected(1)
    });
    assert_eq!(shape(&book), before);
    assert_eq!(book.set_report(report).unwrap_err().field, "member_id");
}

#[test]
fn a_bad_snapshot_opens_no_book() {
    let open = |state: &str| {
        let input = format!(r#"{{"state":{{"us":{{"node_id":"us"}},{state}}}}}"#);
        open(&Value::from_json(input.as_bytes()).unwrap()).map(|_| ())
    };
    assert!(open(r#""reports":[{"member_id":"aa","at":1}]"#).is_ok());
    let twice = open(r#""reports":[{"member_id":"aa","at":1},{"member_id":"aa","at":2}]"#);
    assert_eq!(twice.unwrap_err().field, "state.reports.member_id");
    let bad = open(r#""reports":[{"member_id":"aa","at":-1}]"#);
    assert_eq!(bad.unwrap_err().field, "state.reports.at");
    let banned =
        r#""members":[{"member_id":"aa","banned":true}],"reports":[{"member_id":"aa","at":1}]"#;
    assert_eq!(open(banned).unwrap_err().field, "state.reports.member_id");
}
