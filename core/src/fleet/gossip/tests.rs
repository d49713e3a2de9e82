//! The laws of gossip: what honest members say is kept, whatever the others do.

use k256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::accept::{
    AcceptInput, GossipState, MemberStanding, Outcome, Received, Reporter, accept,
};
use super::signature::tests::sign;
use super::*;
use crate::fleet::health::tests::cases;
use crate::value::{self, Value};

pub(in crate::fleet) const NOW: u64 = 1_795_000_000;

fn key(n: u8) -> SigningKey {
    SigningKey::from_slice(&[n; 32]).unwrap()
}

pub(in crate::fleet) fn id(n: u8) -> NodeId {
    let point = key(n).verifying_key().to_sec1_point(true);
    NodeId::new(&canonical::hex(point.as_bytes())).unwrap()
}

pub(in crate::fleet) fn plain(json: &Json) -> Plain {
    let text = json.to_string();
    Plain::new(Value::from_json(text.as_bytes()).unwrap().into_owned())
}

pub(in crate::fleet) fn health(earned: u64) -> Json {
    json!({
        "profitable": 3, "underwater": 1, "stagnant": 0, "total": 5, "channels": 5,
        "capacity_sats": 9_000_000, "imbalance_bp": 12_000, "revenue_sats": [1, 2, 3, earned],
        "mood": "an unknown field is signed too",
    })
}

pub(in crate::fleet) fn announce(peer: &str, expires: u64) -> Json {
    json!({
        "peer": peer, "type": "splice_out", "amount_sats": 5, "intent": "announce", "expires": expires,
    })
}

/// A signed message of member `n`.
pub(in crate::fleet) fn message(n: u8, kind: &str, body: &Json, at: u64, last: u64) -> Json {
    let input = json!({ "kind": kind, "reporter": id(n).as_str(), "at": at, "last_seq": last, "body": body });
    let input = input.to_string();
    let input: BuildInput = value::decode(&Value::from_json(input.as_bytes()).unwrap()).unwrap();
    let built = build(&Config::default(), &input, &mut Why::off()).unwrap();
    let mut message: Json =
        serde_json::from_str(&canonical::text(&built.message).unwrap()).unwrap();
    message["sig"] = json!(sign(&key(n), &built.text));
    message
}

fn members() -> Vec<MemberStanding> {
    (1..=4)
        .map(|n| MemberStanding {
            banned: false,
            connected: true,
            member_id: id(n),
        })
        .collect()
}

fn hear(state: &GossipState, from: u8, now: u64, message: &Json) -> (Received, &'static str) {
    let input = AcceptInput {
        from: id(from),
        hops: Count::MIN,
        members: members(),
        message: plain(message),
        now: Seconds::new(now).unwrap(),
        state: state.clone(),
    };
    let mut why = Why::new();
    let received = accept(&Config::default(), &input, &mut why).unwrap();
    let reasons = why.into_reasons();
    assert_eq!(reasons.len(), 1);
    (received, reasons[0].code.entry().name)
}

fn code(state: &GossipState, from: u8, now: u64, message: &Json) -> &'static str {
    hear(state, from, now, message).1
}

fn new() -> GossipState {
    GossipState::default()
}

#[test]
fn a_message_is_taken_once_also_from_another_sender() {
    let report = message(1, "health_status", &health(4), NOW, 0);
    let (first, why) = hear(&new(), 2, NOW + 5, &report);
    assert_eq!(
        (first.outcome, why, first.relay),
        (Outcome::Accepted, "message_accepted", true)
    );
    for from in [1, 2, 3] {
        let (again, why) = hear(&first.state, from, NOW + 6, &report);
        assert_eq!((again.outcome, why), (Outcome::Dropped, "message_known"));
        assert_eq!(again.state.reporters, first.state.reporters);
    }
    // As text, and with its whole numbers as floats, it is the same message.
    let text = Json::String(report.to_string().replace(":5,", ":5.0,"));
    assert_eq!(code(&first.state, 2, NOW + 6, &text), "message_known");
}

#[test]
fn the_checks_come_in_their_order() {
    let state = new();
    let good = message(1, "health_status", &health(4), NOW, 0);
    let with = |field: &str, value: Json| {
        let mut changed = good.clone();
        changed[field] = value;
        changed
    };
    assert_eq!(code(&state, 9, NOW, &json!(7)), "sender_not_connected");
    assert_eq!(hear(&state, 9, NOW, &good).0.state, state);
    let large = json!({ "filler": "x".repeat(32 * 1024) });
    assert_eq!(code(&state, 2, NOW, &large), "message_too_large");
    assert_eq!(code(&state, 2, NOW, &json!("{")), "message_malformed");
    assert_eq!(
        code(&state, 2, NOW, &with("hops", json!(0))),
        "message_malformed"
    );
    assert_eq!(
        code(&state, 2, NOW, &with("at", json!(true))),
        "message_malformed"
    );
    assert_eq!(
        code(&state, 2, NOW, &with("v", json!(2))),
        "version_unknown"
    );
    let half = with("body", json!({ "profitable": 0.5 }));
    assert_eq!(code(&state, 2, NOW, &half), "message_malformed");
    let stranger = message(9, "health_status", &health(4), NOW, 0);
    assert_eq!(code(&state, 2, NOW, &stranger), "reporter_not_member");
    assert_eq!(code(&state, 2, NOW + 601, &good), "message_not_fresh");
    assert_eq!(code(&state, 2, NOW - 601, &good), "message_not_fresh");
    assert_eq!(code(&state, 2, NOW + 600, &good), "message_accepted");
    let ahead = message(1, "health_status", &health(4), NOW, (NOW + 600) * 1000);
    assert_eq!(code(&state, 2, NOW, &ahead), "seq_ahead");
    let latest = message(1, "health_status", &health(4), NOW, (NOW + 600) * 1000 - 1);
    assert_eq!(code(&state, 2, NOW, &latest), "message_accepted");
    let zero = with("seq", json!(0));
    assert_eq!(code(&state, 2, NOW, &zero), "seq_not_rising");
    let forged = with("body", health(1_000_000));
    assert_eq!(code(&state, 2, NOW, &forged), "signature_of_another");
    assert_eq!(
        code(&state, 2, NOW, &with("sig", json!("y"))),
        "signature_malformed"
    );
}

#[test]
fn a_second_health_report_waits_for_an_hour_and_old_ones_never_come_back() {
    let first = message(1, "health_status", &health(4), NOW, 0);
    let state = hear(&new(), 1, NOW, &first).0.state;
    let soon = message(1, "health_status", &health(5), NOW + 3599, 0);
    assert_eq!(code(&state, 1, NOW + 3599, &soon), "reporter_limit");
    let later = message(1, "health_status", &health(5), NOW + 3600, 0);
    assert_eq!(code(&state, 1, NOW + 3600, &later), "message_accepted");
    let older = message(1, "health_status", &health(6), NOW - 1, 0);
    assert_eq!(code(&state, 1, NOW, &older), "seq_not_rising");
}

#[test]
fn a_flood_empties_the_senders_bucket_and_no_other() {
    let mut state = new();
    let mut taken = 0;
    loop {
        let (received, why) = hear(&state, 2, NOW, &json!("junk"));
        state = received.state;
        if why == "sender_exhausted" {
            break;
        }
        taken += 1;
    }
    assert_eq!(taken, 60);
    let report = message(1, "health_status", &health(4), NOW, 0);
    assert_eq!(code(&state, 2, NOW, &report), "sender_exhausted");
    assert_eq!(code(&state, 1, NOW, &report), "message_accepted");
    assert_eq!(code(&state, 2, NOW + 1, &report), "message_accepted");
    // A clock that runs back and forth again fills nothing.
    let back = hear(&state, 2, NOW - 500, &json!("junk")).0.state;
    assert_eq!(code(&back, 2, NOW, &report), "sender_exhausted");
}

proptest! {
    #![proptest_config(crate::proofs::config())]

    #[test]
    fn a_clock_that_was_once_ahead_silences_nobody_for_longer_than_clocks_differ(ahead in 0u64..4_000_000_000) {
        let mut state = hear(&new(), 2, NOW, &json!("junk")).0.state;
        let bucket = state.buckets.get_mut(&id(2)).unwrap();
        bucket.at = Seconds::new(NOW + ahead).unwrap();
        bucket.left = Count::MIN;
        let again = hear(&state, 2, NOW, &json!("junk"));
        prop_assert_eq!(again.1, "sender_exhausted", "going back fills nothing");
        let report = message(1, "health_status", &health(4), NOW + 602, 0);
        prop_assert_eq!(code(&again.0.state, 2, NOW + 602, &report), "message_accepted");
    }
}

#[test]
fn only_announcements_reserve_one_for_each_peer_and_eight_in_all() {
    let mut state = new();
    let say = |state: &GossipState, body: &Json, last: u64| {
        let (received, why) = hear(
            state,
            1,
            NOW,
            &message(1, "splice_check", body, NOW, NOW * 1000 + last),
        );
        (received.state, why)
    };
    for n in 0..8 {
        let (next, why) = say(&state, &announce(&format!("p{n}"), NOW + 300), n);
        assert_eq!(why, "message_accepted");
        state = next;
    }
    assert_eq!(state.reporters.get(&id(1)).unwrap().announced.len(), 8);
    let (_, why) = say(&state, &announce("p8", NOW + 300), 20);
    assert_eq!(why, "too_many_announcements");
    let (again, why) = say(&state, &announce("p3", NOW + 600), 21);
    assert_eq!(
        (why, again.reporters.get(&id(1)).unwrap().announced.len()),
        ("message_accepted", 8)
    );
    let mut query = announce("p9", NOW + 300);
    query["intent"] = json!("query");
    let (asked, why) = say(&again, &query, 22);
    assert_eq!(
        (why, asked.reporters.get(&id(1)).unwrap().announced.len()),
        ("message_accepted", 8)
    );
}

#[test]
fn what_counts_no_longer_is_not_kept() {
    let kept = |state: &GossipState, at: u64, kind: &str, body: &Json| {
        let state = hear(state, 1, at, &message(1, kind, body, NOW, 0)).0.state;
        (state.reporters.get(&id(1)).unwrap().clone(), state)
    };
    let splice = announce("p0", NOW + 300);
    let (before, state) = kept(&new(), NOW + 299, "splice_check", &splice);
    assert_eq!(before.announced.len(), 1);
    let (late, _) = kept(&new(), NOW + 300, "splice_check", &splice);
    assert_eq!(late.announced.len(), 0);
    let hear_again = |at: u64| {
        let message = message(1, "liquidity_state", &json!({}), at, 0);
        let state = hear(&state, 1, at, &message).0.state;
        state.reporters.get(&id(1)).unwrap().clone()
    };
    assert_eq!(hear_again(NOW + 300).announced.len(), 0);
    // It was accepted at NOW + 299, and counts against its sender for an hour.
    let has_stamp = |reporter: &Reporter| reporter.stamps.get(&Kind::SpliceCheck).is_some();
    assert!(has_stamp(&hear_again(NOW + 299 + 3599)));
    assert!(!has_stamp(&hear_again(NOW + 299 + 3600)));
}

#[test]
fn a_member_that_left_leaves_nothing_behind() {
    let mut state = new();
    for n in [1, 2] {
        state = hear(
            &state,
            n,
            NOW,
            &message(n, "health_status", &health(4), NOW, 0),
        )
        .0
        .state;
    }
    let input = AcceptInput {
        from: id(1),
        hops: Count::new(3).unwrap(),
        members: members()
            .into_iter()
            .filter(|member| member.member_id != id(2))
            .collect(),
        message: plain(&message(1, "liquidity_state", &json!({}), NOW, 0)),
        now: Seconds::new(NOW).unwrap(),
        state,
    };
    let received = accept(&Config::default(), &input, &mut Why::off()).unwrap();
    assert_eq!(received.outcome, Outcome::Accepted);
    assert!(!received.relay, "three hops are enough");
    assert_eq!(received.state.reporters.len(), 1);
}

/// What happens in the model.
#[derive(Clone, Debug)]
enum Event {
    /// Honest member 1 or 2 reports; the liar, member 4, passes it on first.
    Report {
        by: u8,
        kind: u8,
        relayed_first: bool,
    },
    /// The liar repeats something that was said.
    Replay { which: usize },
    /// The liar changes something that was said and keeps the signature.
    Change { which: usize, field: u8 },
    /// The liar signs something in another's name, far ahead.
    Forge { of: u8, kind: u8 },
    /// The liar reports about itself.
    Own { kind: u8 },
    /// The liar sends junk.
    Flood { times: u8 },
    /// Time passes.
    Wait { seconds: u64 },
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..3_u8, 0..3_u8, any::<bool>()).prop_map(|(by, kind, relayed_first)| Event::Report { by, kind, relayed_first }),
        2 => any::<usize>().prop_map(|which| Event::Replay { which }),
        2 => (any::<usize>(), 0..5_u8).prop_map(|(which, field)| Event::Change { which, field }),
        2 => (1..3_u8, 0..3_u8).prop_map(|(of, kind)| Event::Forge { of, kind }),
        1 => (0..3_u8).prop_map(|kind| Event::Own { kind }),
        1 => (0..80_u8).prop_map(|times| Event::Flood { times }),
        2 => prop_oneof![0..5_u64, 100..1000_u64, 3000..8000_u64].prop_map(|seconds| Event::Wait { seconds }),
    ]
}

fn body_of(kind: u8, now: u64) -> (&'static str, Json) {
    match kind {
        0 => ("health_status", health(now % 1000)),
        1 => (
            "liquidity_state",
            json!({ "capacities": [{ "peer": "p", "capacity_sats": now }] }),
        ),
        _ => (
            "splice_check",
            announce(&format!("p{}", now % 3), now + 300),
        ),
    }
}

/// One fleet with a liar and one without: the honest reporters must look the same in both.
#[derive(Default)]
struct Model {
    now: u64,
    seq: u64,
    disturbed: GossipState,
    clean: GossipState,
    said: Vec<Json>,
}

impl Model {
    fn lie(&mut self, message: &Json) {
        self.disturbed = hear(&self.disturbed, 4, self.now, message).0.state;
    }

    fn report(&mut self, by: u8, kind: u8, relayed_first: bool) {
        let (kind, body) = body_of(kind, self.now);
        self.seq = (self.seq + 1).max(self.now * 1000);
        let message = message(by, kind, &body, self.now, self.seq);
        if relayed_first {
            self.lie(&message);
        }
        let (disturbed, why) = hear(&self.disturbed, by, self.now, &message);
        let (clean, expected) = hear(&self.clean, by, self.now, &message);
        assert!(
            why == expected || (why == "message_known" && expected == "message_accepted"),
            "{why} instead of {expected}"
        );
        (self.disturbed, self.clean) = (disturbed.state, clean.state);
        self.said.push(message);
    }

    fn happen(&mut self, event: &Event) {
        let pick = |said: &[Json], which: usize| said.get(which % said.len().max(1)).cloned();
        match event {
            Event::Report {
                by,
                kind,
                relayed_first,
            } => self.report(*by, *kind, *relayed_first),
            Event::Wait { seconds } => self.now += seconds,
            Event::Flood { times } => (0..*times).for_each(|_| self.lie(&json!("junk"))),
            Event::Own { kind } => {
                let (kind, body) = body_of(*kind, self.now);
                self.lie(&message(4, kind, &body, self.now, 0));
            }
            Event::Replay { which } => {
                if let Some(old) = pick(&self.said, *which) {
                    self.lie(&old);
                }
            }
            Event::Change { which, field } => {
                if let Some(mut old) = pick(&self.said, *which) {
                    match field {
                        0 => old["seq"] = json!(self.now * 1000 + 500_000),
                        1 => old["at"] = json!(self.now),
                        2 => old["body"]["capacity_sats"] = json!(1),
                        3 => old["reporter"] = json!(id(3).as_str()),
                        _ => old["kind"] = json!("liquidity_state"),
                    }
                    self.lie(&old);
                }
            }
            Event::Forge { of, kind } => {
                let (kind, body) = body_of(*kind, self.now);
                let mut forged = message(4, kind, &body, self.now, self.now * 1000 + 599_000);
                forged["reporter"] = json!(id(*of).as_str());
                self.lie(&forged);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(0).cases / 8 + 1, ..cases(0x6055_1b00) })]

    #[test]
    fn nothing_that_others_send_changes_what_is_kept_of_the_honest(
        events in prop::collection::vec(events(), 1..24),
    ) {
        let mut model = Model { now: NOW, ..Model::default() };
        for event in &events {
            model.happen(event);
            for honest in [1, 2] {
                prop_assert_eq!(
                    model.disturbed.reporters.get(&id(honest)),
                    model.clean.reporters.get(&id(honest)),
                    "after {:?}", event
                );
            }
            prop_assert!(!model.disturbed.reporters.contains_key(&id(3)), "member 3 said nothing");
            let size = canonical::text(&model.disturbed).unwrap().len();
            prop_assert!(size < 4 * 8192, "{size} bytes are kept");
        }
    }
}
