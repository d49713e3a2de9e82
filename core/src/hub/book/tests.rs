//! The book plans as the stateless operation does, whatever happened to it before.

use super::*;
use crate::canonical;
use crate::hub::plan::open_laws::odd_hubs;
use crate::hub::plan::tests::laws::hubs;
use crate::proofs;
use proptest::prelude::*;

fn bytes(plan: &Plan, why: Why) -> String {
    let (reasons, aside) = why.finish();
    canonical::text(&(plan, reasons, aside)).unwrap()
}

fn stateless(policy: &Policy, state: &HubState) -> String {
    let mut why = Why::new();
    let plan = plan::plan(policy.config(), state, &mut why).unwrap();
    bytes(&plan, why)
}

/// Our policy with limits for both tokens of the random hubs, or the runtime's.
fn policy(of_ours: bool) -> Policy {
    let text: &[u8] = br#"{"hub":{"token_limits":{"2":{"floor":"100","min_reserve":"200","target_reserve":"400","min_deposit":"0.1"}}}}"#;
    let config = crate::value::Value::from_json(text).unwrap();
    match of_ours {
        true => Policy::new("plan", Some(&config)).unwrap(),
        false => Policy::new("xln", None).unwrap(),
    }
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn a_book_plans_as_its_snapshot_does_after_any_changes(first in odd_hubs(), second in odd_hubs(), cut in 0usize..100, of_ours in proptest::bool::weighted(0.8)) {
        let policy = policy(of_ours);
        let mut book = HubBook::new(policy.clone(), first.clone()).unwrap();
        for (place, account) in second.accounts.readable().iter().enumerate() {
            if place % 3 == 0 {
                book.remove(&account.account_id).unwrap();
            } else if place < cut {
                book.set_account(account.clone()).unwrap();
            }
        }
        for round in 0..3u64 {
            let now = Millis::new(1_000_000 + round * 40_000).unwrap();
            let mut why = Why::new();
            let plan = book.plan(now, &mut why).unwrap();
            prop_assert_eq!(bytes(&plan, why), stateless(&policy, &book.snapshot().unwrap()));
            book.apply(&plan).unwrap();
        }
        let snapshot = book.snapshot().unwrap();
        let again = HubBook::new(policy, snapshot.clone()).unwrap();
        prop_assert_eq!(again.digest().unwrap(), book.digest().unwrap());
        prop_assert_eq!(again.snapshot().unwrap(), snapshot);
    }

    #[test]
    fn a_packed_account_unpacks_to_itself(state in hubs()) {
        for account in state.accounts.readable() {
            if let Some(packed) = packed::pack(account) {
                let back = packed::unpack(account.account_id.clone(), &packed).unwrap();
                prop_assert_eq!(&back, account);
            }
            let key = Key::of(&account.account_id);
            prop_assert_eq!(key.id().unwrap(), account.account_id.clone());
        }
    }

    #[test]
    fn keys_are_ordered_as_their_texts(a in "(0x[0-9a-f]{64}|[!-~]{1,12})", b in "(0x[0-9a-f]{64}|[!-~]{1,12})") {
        let (a, b) = (EntityId::new(&a).unwrap(), EntityId::new(&b).unwrap());
        prop_assert_eq!(Key::of(&a).cmp(&Key::of(&b)), a.cmp(&b));
    }
}
