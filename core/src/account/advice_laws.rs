use super::*;
use crate::account::algebra::tests::deltas;
use crate::operations::AccountRequestAdvice;
use crate::policy::{Decided, Policy};
use crate::proofs;
use crate::units::SignedTokenAmount;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

fn amount(units: u128) -> TokenAmount {
    TokenAmount::new(units)
}

fn owed(units: u128) -> Delta {
    // The entity below is RIGHT: a negative total is owed to it.
    Delta {
        offdelta: SignedTokenAmount::new(amount(units).wide().negated()).unwrap(),
        ..Delta::empty(TokenId::constant(1))
    }
}

fn token(units: u128) -> AdviceToken {
    AdviceToken {
        delta: owed(units),
        policy: Some(RequestPolicy {
            soft_limit: amount(500),
            hard_limit: amount(10_000),
            max_fee: amount(15),
        }),
        terms: Some(FeeTerms {
            policy_version: Serial::constant(1),
            base_fee: amount(1),
            gas_fee: amount(0),
            fee_bps: Bps::constant(10),
        }),
        open_request: TokenAmount::ZERO,
    }
}

fn input(token: AdviceToken) -> AdviceInput {
    AdviceInput {
        entity_id: EntityId::new("0x22").unwrap(),
        peer_id: EntityId::new("0x11").unwrap(),
        now: crate::units::Millis::MIN,
        is_hub: false,
        pending_frame: false,
        workspace: false,
        tokens: vec![token],
    }
}

fn decided(input: &AdviceInput) -> Decided<Advised> {
    Policy::plan()
        .decide::<AccountRequestAdvice>(input)
        .unwrap()
}

fn advice(input: &AdviceInput) -> Advice {
    decided(input).decision.tokens[0].advice
}

#[test]
fn a_claim_above_the_soft_limit_is_asked_for_in_full() {
    assert_eq!(advice(&input(token(500))), Advice::No);
    let answer = decided(&input(token(501))).decision;
    let request = answer.tokens[0].request.as_ref().unwrap();
    assert_eq!((request.amount, request.fee), (amount(501), amount(1)));
}

#[test]
fn what_is_under_way_makes_it_wait() {
    let plain = input(token(900));
    let open = AdviceToken {
        open_request: amount(1),
        ..token(900)
    };
    assert_eq!(advice(&input(open)), Advice::Wait);
    assert_eq!(
        advice(&AdviceInput {
            pending_frame: true,
            ..plain.clone()
        }),
        Advice::Wait
    );
    assert_eq!(
        advice(&AdviceInput {
            workspace: true,
            ..plain.clone()
        }),
        Advice::Wait
    );
    assert_eq!(
        advice(&AdviceInput {
            is_hub: true,
            ..plain
        }),
        Advice::No
    );
}

#[test]
fn equal_limits_mean_by_hand() {
    let mut by_hand = token(900);
    by_hand.policy.as_mut().unwrap().hard_limit = amount(500);
    assert_eq!(advice(&input(by_hand)), Advice::Manual);
    assert_eq!(
        advice(&input(AdviceToken {
            policy: None,
            ..token(900)
        })),
        Advice::No
    );
    assert_eq!(
        advice(&input(AdviceToken {
            terms: None,
            ..token(900)
        })),
        Advice::No
    );
}

#[test]
fn a_claim_above_the_hard_limit_is_severe() {
    let mut much = token(10_001);
    assert!(decided(&input(much.clone())).decision.tokens[0].severe);
    much.delta = owed(10_000);
    assert!(!decided(&input(much)).decision.tokens[0].severe);
}

#[test]
fn a_fee_that_reaches_the_claim_names_the_base_fee_that_would_not() {
    let base_fee_named = |base_fee, gas_fee| {
        let mut dear = token(600);
        dear.policy.as_mut().unwrap().max_fee = amount(10_000);
        dear.terms = Some(FeeTerms {
            policy_version: Serial::constant(1),
            base_fee: amount(base_fee),
            gas_fee: amount(gas_fee),
            fee_bps: Bps::constant(0),
        });
        let reasons = decided(&input(dear)).reasons;
        let reason = reasons
            .into_iter()
            .find(|reason| reason.code == Code::FeeNotBelowClaim);
        reason.unwrap().flip.map(|flip| flip.to.to_string())
    };
    assert_eq!(base_fee_named(600, 0).as_deref(), Some("599"));
    assert_eq!(base_fee_named(1, 599).as_deref(), Some("0"));
    // Without any base fee the fee would still reach the claim.
    assert_eq!(base_fee_named(1, 600), None);
}

#[test]
fn collateral_of_the_entity_is_not_a_claim() {
    let mut secured = token(900);
    // Owed 900 in all, 900 of it in collateral beside the zero: RIGHT's share.
    secured.delta = Delta {
        collateral: amount(900),
        ..Delta::empty(TokenId::constant(1))
    };
    assert_eq!(advice(&input(secured)), Advice::No);
}

#[test]
fn a_request_that_the_runtime_would_reject_is_not_advised() {
    let code = |token: AdviceToken| {
        let answer = decided(&input(token));
        assert_eq!(answer.decision.tokens[0].request, None);
        let mut reasons = answer.reasons.into_iter();
        reasons.find(|reason| reason.binding).unwrap().code
    };
    let mut free = token(900);
    free.terms = Some(FeeTerms {
        policy_version: Serial::constant(1),
        base_fee: amount(0),
        gas_fee: amount(0),
        fee_bps: Bps::constant(0),
    });
    assert_eq!(code(free), Code::FeeIsZero);
    let mut unpublished = token(900);
    unpublished.terms.as_mut().unwrap().policy_version = Serial::MIN;
    assert_eq!(code(unpublished), Code::NoFeeTerms);
    let mut held = token(900);
    held.delta.right_hold = amount(900);
    assert_eq!(code(held.clone()), Code::FeeAboveCapacity);
    // One unit is what it costs.
    held.delta.right_hold = amount(899);
    assert_eq!(advice(&input(held)), Advice::Request);
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn every_flip_ends_its_reason_and_one_step_back_does_not(
        claim in 0u128..3_000, soft in 0u128..2_000, more in 0u128..2_000,
        max_fee in 0u128..40, base in 0u128..3_000, bps in 0u32..10_000, open in 0u128..2
    ) {
        let mut plain = token(claim);
        plain.policy = Some(RequestPolicy { soft_limit: amount(soft), hard_limit: amount(soft + more), max_fee: amount(max_fee) });
        plain.terms.as_mut().unwrap().base_fee = amount(base);
        plain.terms.as_mut().unwrap().fee_bps = Bps::constant(bps);
        plain.open_request = amount(open);
        for reason in decided(&input(plain.clone())).reasons {
            let Some(flip) = &reason.flip else { continue };
            let to: u128 = flip.to.to_string().parse().unwrap();
            let there = |to: u128| {
                let mut other = plain.clone();
                let (policy, terms) = (other.policy.as_mut().unwrap(), other.terms.as_mut().unwrap());
                match flip.field.as_ref() {
                    "soft_limit" => policy.soft_limit = amount(to),
                    "max_fee" => policy.max_fee = amount(to),
                    "base_fee" => terms.base_fee = amount(to),
                    _ => other.open_request = amount(to),
                }
                decided(&input(other)).reasons.iter().any(|r| r.code == reason.code)
            };
            prop_assert!(!there(to));
            let back = match reason.code {
                Code::FeeAboveMax => to.checked_sub(1).unwrap(),
                _ => to + 1,
            };
            prop_assert!(there(back), "{:?}", reason);
        }
    }

    #[test]
    fn any_delta_is_advised_or_refused_as_input(delta in deltas(), hub in any::<bool>()) {
        let mut any = token(0);
        any.delta = delta;
        let input = AdviceInput { is_hub: hub, ..input(any) };
        let policy = Policy::plan();
        if let Ok(answer) = policy.decide::<AccountRequestAdvice>(&input) {
            prop_assert!(!answer.reasons.is_empty());
            for token in answer.decision.tokens {
                prop_assert_eq!(token.request.is_some(), token.advice == Advice::Request);
            }
        }
    }

    #[test]
    fn the_order_of_tokens_changes_nothing(order in prop::sample::subsequence(vec![1u32, 2, 3, 4], 4)) {
        let list = |ids: &[u32]| ids.iter().map(|id| {
            let mut one = token(900);
            one.delta.token_id = TokenId::constant(*id);
            one
        }).collect::<Vec<_>>();
        let reversed: Vec<u32> = order.iter().rev().copied().collect();
        let with = |tokens| AdviceInput { tokens, ..input(token(1)) };
        prop_assert_eq!(decided(&with(list(&order))), decided(&with(list(&reversed))));
    }
}
