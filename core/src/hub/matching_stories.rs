use super::*;
use crate::operations::HubMatch;
use crate::policy::{Decided, Policy};
use crate::proofs;
use proptest::prelude::{Just, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy as Generator;

fn spender(id: &str, amount: u128) -> Spender {
    Spender {
        id: EntityId::new(id).unwrap(),
        token_id: TokenId::constant(1),
        amount: TokenAmount::new(amount),
    }
}

fn receiver(id: &str, amount: u128, requested_at: u64, fee: u128) -> Receiver {
    Receiver {
        id: EntityId::new(id).unwrap(),
        token_id: TokenId::constant(1),
        amount: TokenAmount::new(amount),
        requested_at: Millis::constant(requested_at),
        fee: TokenAmount::new(fee),
    }
}

fn matched(
    strategy: Strategy,
    spenders: Vec<Spender>,
    receivers: Vec<Receiver>,
) -> Decided<Matched> {
    let input = MatchInput {
        strategy: Some(strategy),
        spenders,
        receivers,
    };
    Policy::plan().decide::<HubMatch>(&input).unwrap()
}

fn triples(token: &TokenMatches) -> Vec<(&str, &str, String)> {
    let triple = |m: &'_ Match| m.amount.to_string();
    token
        .matches
        .iter()
        .map(|m| (m.spender.as_str(), m.receiver.as_str(), triple(m)))
        .collect()
}

#[test]
fn matches_single_spender_with_single_receiver() {
    let decided = matched(
        Strategy::Amount,
        vec![spender("alice", 100)],
        vec![receiver("bob", 100, 0, 0)],
    );
    let token = &decided.decision.tokens[0];
    assert_eq!(triples(token), [("alice", "bob", "100".to_owned())]);
    assert!(token.unmatched_receivers.is_empty() && token.unmatched_spenders.is_empty());
    assert!(token.proof.reserve_used.is_zero());
    assert_eq!(token.proof.operations.get(), 2);
    assert_eq!(decided.reasons.len(), 1);
}

#[test]
fn handles_partial_matches() {
    let decided = matched(
        Strategy::Amount,
        vec![spender("alice", 50)],
        vec![receiver("bob", 100, 0, 0)],
    );
    let token = &decided.decision.tokens[0];
    assert_eq!(triples(token), [("alice", "bob", "50".to_owned())]);
    assert_eq!(token.proof.reserve_used.to_string(), "50");
    let part = &decided.reasons[1];
    assert_eq!(part.code, Code::ReceiverMatchedInPart);
    assert_eq!(part.flip.as_ref().unwrap().to.to_string(), "100");
}

#[test]
fn prioritizes_by_amount() {
    let decided = matched(
        Strategy::Amount,
        vec![spender("alice", 100)],
        vec![
            receiver("bob", 60, 0, 0),
            receiver("carol", 80, 9, 0),
            receiver("dave", 70, 0, 9),
        ],
    );
    let token = &decided.decision.tokens[0];
    let expected = [
        ("alice", "carol", "80".to_owned()),
        ("alice", "dave", "20".to_owned()),
    ];
    assert_eq!(triples(token), expected);
    let left: Vec<&str> = token
        .unmatched_receivers
        .iter()
        .map(|rest| rest.id.as_str())
        .collect();
    assert_eq!(left, ["dave", "bob"]);
}

#[test]
fn prioritizes_by_time_and_by_fee() {
    let receivers = vec![
        receiver("bob", 60, 5, 1),
        receiver("carol", 80, 9, 2),
        receiver("dave", 70, 5, 2),
    ];
    let first = |strategy| {
        let decided = matched(strategy, vec![spender("alice", 10)], receivers.clone());
        decided.decision.tokens[0].matches[0]
            .receiver
            .as_str()
            .to_owned()
    };
    assert_eq!(first(Strategy::Time), "dave");
    assert_eq!(first(Strategy::Fee), "carol");
}

#[test]
fn a_peer_stands_once_per_token_and_on_one_side() {
    let refused = |spenders, receivers| {
        let input = MatchInput {
            strategy: None,
            spenders,
            receivers,
        };
        Policy::plan().decide::<HubMatch>(&input).unwrap_err()
    };
    let twice = refused(vec![spender("alice", 1), spender("alice", 1)], vec![]);
    assert_eq!(
        (twice.code.as_str(), twice.field.as_str()),
        ("duplicate", "spenders.id")
    );
    let both = refused(vec![spender("alice", 1)], vec![receiver("alice", 1, 0, 0)]);
    assert_eq!(both.code.as_str(), "duplicate");
}

fn inputs() -> impl Generator<Value = MatchInput> {
    let entries = prop::collection::btree_map((0u32..3, 0u32..30), 0u128..9, 0..24);
    (
        entries,
        prop::collection::vec((any::<bool>(), 0u64..3, 0u128..3), 24),
        0usize..3,
    )
        .prop_map(|(entries, rest, strategy)| {
            let mut input = MatchInput {
                strategy: Some([Strategy::Amount, Strategy::Time, Strategy::Fee][strategy]),
                ..MatchInput::default()
            };
            for (((token, id), amount), (spends, since, fee)) in entries.into_iter().zip(rest) {
                let id = format!("p{id:02}");
                let token_id = TokenId::constant(token);
                if spends {
                    input.spenders.push(Spender {
                        token_id,
                        ..spender(&id, amount)
                    });
                } else {
                    input.receivers.push(Receiver {
                        token_id,
                        ..receiver(&id, amount, since, fee)
                    });
                }
            }
            input
        })
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn the_order_of_the_input_changes_nothing(
        (input, shuffled) in inputs().prop_flat_map(|input| {
            let spenders = Just(input.spenders.clone()).prop_shuffle();
            let receivers = Just(input.receivers.clone()).prop_shuffle();
            (Just(input), (spenders, receivers))
        })
    ) {
        let (spenders, receivers) = shuffled;
        let other = MatchInput { spenders, receivers, ..input.clone() };
        let policy = Policy::plan();
        prop_assert_eq!(policy.decide::<HubMatch>(&input), policy.decide::<HubMatch>(&other));
    }

    #[test]
    fn what_a_reason_asks_for_ends_it_and_one_unit_less_does_not(input in inputs()) {
        let policy = Policy::plan();
        let decided = policy.decide::<HubMatch>(&input).unwrap();
        for reason in decided.reasons.iter().filter(|reason| reason.effect != Effect::Allow) {
            let id = EntityId::new(reason.subject.as_ref().unwrap()).unwrap();
            let subject = |token: &&TokenMatches| token.unmatched_receivers.iter().any(|rest| rest.id == id);
            for token in decided.decision.tokens.iter().filter(subject) {
                let to: u128 = reason.flip.as_ref().unwrap().to.to_string().parse().unwrap();
                let have: u128 = token.proof.recoverable.to_string().parse().unwrap();
                let still_there = |more: u128| {
                    let mut input = input.clone();
                    input.spenders.push(Spender { token_id: token.token_id, ..spender("zz", more) });
                    let again = policy.decide::<HubMatch>(&input).unwrap().decision;
                    again.tokens.iter().filter(|t| t.token_id == token.token_id)
                        .any(|t| t.unmatched_receivers.iter().any(|rest| rest.id == id))
                };
                // One peer may wait for several tokens; each has its own reason.
                if to <= have { continue; }
                let rest: Vec<_> = decided.reasons.iter().filter(|r| r.subject == reason.subject).collect();
                if rest.len() == 1 {
                    prop_assert!(!still_there(to - have) && still_there(to - have - 1));
                }
            }
        }
    }

    #[test]
    fn every_decision_has_a_reason(input in inputs()) {
        prop_assert!(!Policy::plan().decide::<HubMatch>(&input).unwrap().reasons.is_empty());
    }
}
