use super::*;
use crate::account::algebra::tests::deltas;
use crate::hub::state::{AccountStatus, FeeState, Request};
use crate::operations::HubDetect;
use crate::policy::{Decided, Policy};
use crate::proofs;
use crate::units::Serial;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};
use std::collections::BTreeSet;

fn request(amount: u128) -> Request {
    Request {
        token_id: TokenId::constant(1),
        amount: TokenAmount::new(amount),
        fee: Some(FeeState {
            request_id: None,
            fee_token_id: None,
            fee_paid_upfront: TokenAmount::ZERO,
            policy_version: Serial::constant(1),
            requested_at: Millis::constant(5),
            requested_by_left: None,
            refund: None,
        }),
    }
}

fn hub(accounts: Vec<Account>) -> HubState {
    HubState {
        accounts: accounts.into(),
        ..HubState::empty(EntityId::new("0x55").unwrap(), Millis::constant(9))
    }
}

fn detected(hub: &HubState) -> Decided<Detected> {
    Policy::plan().decide::<HubDetect>(hub).unwrap()
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn nobody_is_both_and_nobody_gives_more_than_it_holds(
        entries in prop::collection::vec((deltas(), 0u128..3_000, 0u8..10), 0..12)
    ) {
        let accounts: Vec<Account> = entries.iter().enumerate().map(|(place, (delta, amount, kind))| {
            let id = EntityId::new(&format!("0x{:02x}", place * 20 + 1)).unwrap();
            let mut account = Account::empty(id);
            let delta = Delta { token_id: TokenId::constant(1), ..delta.clone() };
            account.deltas.push(delta);
            if *kind > 5 { account.requests.push(request(*amount)); }
            if *kind == 0 { account.status = AccountStatus::Disputed; }
            account.peer_reserves.insert(TokenId::constant(1), TokenAmount::new(*amount));
            account
        }).collect();
        let state = hub(accounts.clone());
        let answer = detected(&state);
        prop_assert!(!answer.reasons.is_empty());
        for token in &answer.decision.tokens {
            let spenders: BTreeSet<_> = token.spenders.iter().map(|s| &s.account_id).collect();
            prop_assert!(token.receivers.iter().all(|r| !spenders.contains(&r.account_id)));
            for spender in &token.spenders {
                let account = accounts.iter().find(|a| a.account_id == spender.account_id).unwrap();
                prop_assert!(account.is_active());
                let seen = account.deltas[0].seen_from(state.side(&account.account_id)).unwrap();
                prop_assert!(spender.by_withdrawal <= seen.free_share);
                prop_assert!(spender.by_settlement <= seen.peer_debt);
                prop_assert!(spender.by_settlement <= *account.peer_reserves.get(&TokenId::constant(1)).unwrap());
            }
            for receiver in &token.receivers {
                prop_assert!(receiver.amount <= receiver.claim && !receiver.amount.is_zero());
            }
        }
        let mut reversed = accounts;
        reversed.reverse();
        prop_assert_eq!(detected(&hub(reversed)), answer);
    }

    #[test]
    fn a_bad_account_is_set_aside_and_the_others_are_detected(token in 100u32..60_000, twice in any::<bool>()) {
        let mut bad = Account::empty(EntityId::new("0x01").unwrap());
        bad.deltas.push(Delta::empty(TokenId::constant(token)));
        let mut good = Account::empty(EntityId::new("0x02").unwrap());
        good.deltas.push(Delta { collateral: TokenAmount::new(9), ..Delta::empty(TokenId::constant(1)) });
        let mut accounts = vec![bad.clone(), good];
        if twice { accounts.push(bad); }
        let answer = detected(&hub(accounts));
        prop_assert!(!answer.quarantined.is_empty());
        // The hub is RIGHT here: all of the collateral is its own share.
        prop_assert_eq!(answer.decision.tokens[0].spenders[0].by_withdrawal, TokenAmount::new(9));
    }
}

#[test]
fn a_request_without_a_claim_waits_and_is_not_asked_back() {
    let mut account = Account::empty(EntityId::new("0x02").unwrap());
    account.deltas.push(Delta {
        collateral: TokenAmount::new(9),
        ..Delta::empty(TokenId::constant(1))
    });
    account.requests.push(request(5));
    let answer = detected(&hub(vec![account]));
    assert!(answer.decision.tokens.is_empty());
    assert_eq!(answer.reasons[0].code, Code::RequestWithoutClaim);
}
