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

/// Account, token and amounts.
type Cells<'r> = (&'r str, u32, [i128; 7]);

/// The columns of bytes of some rows: those of the bits that are set.
fn column_bytes(rows: &[Cells<'_>], present: u32) -> Vec<u8> {
    let ids: Vec<&str> = rows.iter().map(|row| row.0).collect();
    let ids = ids.join("\n");
    let mut bytes = Vec::from(*crate::hub::columns::MAGIC);
    for word in [rows.len() as u32, present, ids.len() as u32] {
        bytes.extend(word.to_le_bytes());
    }
    for column in 0..7 {
        if present >> column & 1 == 1 {
            rows.iter()
                .for_each(|row| bytes.extend(row.2[column].to_le_bytes()));
        }
    }
    rows.iter()
        .for_each(|row| bytes.extend(row.1.to_le_bytes()));
    bytes.extend(ids.as_bytes());
    bytes
}

fn hub_without_accounts() -> HubBook {
    let input = br#"{"state":{"hub_id":"0x11","now":1}}"#;
    open(&crate::value::Value::from_json(input).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn columns_of_bytes_load_as_columns_of_text_do(
        rows in proptest::collection::vec((0u8..40, 1u32..3, any::<[i64; 7]>(), 0u32..60), 0..40),
        present in 0u32..128,
    ) {
        let mut known = std::collections::BTreeMap::new();
        for (peer, token, amounts, shift) in rows {
            let amounts = amounts.map(|amount| i128::from(amount) << shift);
            let signed = |column: usize| column == 1 || column == 2;
            let amounts = std::array::from_fn(|column| match present >> column & 1 {
                1 if signed(column) => amounts[column],
                1 => amounts[column].abs(),
                _ => 0,
            });
            known.insert((format!("0x{peer:064x}"), token), amounts);
        }
        let rows: Vec<Cells<'_>> =
            known.iter().map(|((peer, token), amounts)| (peer.as_str(), *token, *amounts)).collect();
        let names = ["collateral", "ondelta", "offdelta", "left_credit_limit", "right_credit_limit", "left_hold", "right_hold"];
        let list = |cell: &dyn Fn(&Cells<'_>) -> String| {
            rows.iter().map(cell).collect::<Vec<_>>().join(",")
        };
        let columns = names.iter().enumerate()
            .map(|(column, name)| format!(",\"{name}\":[{}]", list(&|row| format!("\"{}\"", row.2[column]))));
        let text = format!(
            "{{\"account_id\":[{}],\"token_id\":[{}]{}}}",
            list(&|row| format!("\"{}\"", row.0)), list(&|row| row.1.to_string()), columns.collect::<String>(),
        );
        let (mut of_text, mut of_bytes) = (hub_without_accounts(), hub_without_accounts());
        let told = of_text.call_bytes("load", text.as_bytes()).unwrap();
        prop_assert_eq!(of_bytes.load_columns(&column_bytes(&rows, present)).unwrap(), told);
        prop_assert_eq!(of_bytes.digest().unwrap(), of_text.digest().unwrap());
    }

    #[test]
    fn broken_columns_change_nothing(cut in 0usize..300, place in 0usize..300, byte in any::<u8>()) {
        let good = column_bytes(&[("0xaa", 1, [5, -5, 7, 1, 1, 0, 0]), ("0xbb", 1, [1; 7])], 127);
        let mut book = hub_without_accounts();
        book.load_columns(&good).unwrap();
        let before = book.digest().unwrap();
        let short = book.load_columns(&good[..cut.min(good.len() - 1)]).unwrap_err();
        prop_assert!(!short.expected.is_empty());
        let mut bad = good.clone();
        let place = place % good.len();
        bad[place] = byte;
        if book.load_columns(&bad).is_err() {
            prop_assert_eq!(book.digest().unwrap(), before);
        }
    }
}

#[test]
fn a_bad_cell_of_a_column_is_named() {
    let mut book = hub_without_accounts();
    let mut refused = |rows: &[Cells<'_>], present| {
        let error = book.load_columns(&column_bytes(rows, present)).unwrap_err();
        (error.field, error.got)
    };
    let row = [1; 7];
    assert_eq!(
        refused(&[("0xaa", 1, row), ("0xbb", 1, [-4; 7])], 1),
        ("collateral[1]".to_owned(), "-4".to_owned())
    );
    assert_eq!(refused(&[("0xaa", 0x7fff_ffff, row)], 1).0, "token_id[0]");
    assert_eq!(
        refused(&[("", 1, row), ("0xaa", 1, row)], 1).0,
        "account_id[0]"
    );
    assert_eq!(refused(&[("0xaa", 1, row)], 1 << 7).0, "columns");
    assert_eq!(
        refused(&[("0xaa", 1, row), ("0xbb", 1, row), ("0xaa", 2, row)], 1).0,
        "account_id"
    );
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn what_opens_a_book_again_opens_the_same_book(state in odd_hubs(), of_ours in proptest::bool::weighted(0.8), changed in any::<bool>()) {
        let mut book = HubBook::new(policy(of_ours), state).unwrap();
        if changed {
            book.call_bytes("set_hub", br#"{"config":{"hub":{"max_wait_ms":777000}}}"#).unwrap();
        }
        let told = book.call_bytes("opening", b"{}").unwrap();
        let envelope = crate::value::Value::from_json(&told).unwrap();
        let mut again = open(envelope.get("decision").unwrap()).unwrap();
        prop_assert_eq!(again.policy().digest(), book.policy().digest());
        prop_assert_eq!(again.digest().unwrap(), book.digest().unwrap());
        prop_assert_eq!(again.call_bytes("opening", b"{}").unwrap(), told);
        let plan = |book: &mut HubBook| book.call_bytes("plan", br#"{"now":1000000}"#).unwrap();
        prop_assert_eq!(plan(&mut again), plan(&mut book));
    }
}

#[test]
fn what_the_runtime_stops_at_is_not_applied_and_what_it_passes_over_changes_nothing() {
    let open = |account: &str, more: &str| {
        let text = format!(
            r#"{{"state":{{"hub_id":"0x11","now":1000,"accounts":[{{"account_id":"0x22",
            "deltas":[{{"token_id":1,"collateral":"90","ondelta":"90"}}]{account}}}]{more}}}}}"#
        );
        super::open(&crate::value::Value::from_json(text.as_bytes()).unwrap()).unwrap()
    };
    let workspace = |status: &str, more: &str| {
        format!(
            r#","workspace":{{"ops":[{{"type":"c2r","token_id":1,"amount":"9"}}],"last_modified_by_left":true,
            "executor_is_left":true,"status":"{status}"{more}}}"#
        )
    };
    let ready = workspace(
        "ready_to_submit",
        r#","left_signed":true,"right_signed":true"#,
    );
    let [execute, reject, propose] = [
        r#"{"type":"settle_execute","account_id":"0x22"}"#,
        r#"{"type":"settle_reject","account_id":"0x22"}"#,
        r#"{"type":"settle_propose","account_id":"0x22","executor_is_left":true,"memo":"","ops":[]}"#,
    ];
    let (broadcast, deposit) = (
        r#"{"type":"broadcast"}"#,
        r#"{"type":"deposit","account_id":"0x22","token_id":1,"amount":"5"}"#,
    );
    let draft = r#","draft":{"r2r":[{"token_id":1,"amount":"5"}]}"#;
    let sent = r#","sent":{"sent_at":1},"draft":{"r2r":[{"token_id":1,"amount":"5"}]}"#;
    let carried = r#","draft":{"c2r":[{"account_id":"0x22","token_id":1,"amount":"9"}]}"#;
    let of_peer = ready.replace(r#""executor_is_left":true"#, r#""executor_is_left":false"#);
    let early = workspace("awaiting_counterparty", r#","right_signed":true"#);
    let pending = |workspace: &str| format!(r#"{workspace},"pending_settlement":true"#);
    for (account, more, actions) in [
        ("", sent, broadcast),
        ("", draft, &format!("{broadcast},{broadcast}")),
        ("", draft, &format!("{broadcast},{deposit}")),
        (ready.as_str(), carried, execute),
        (&of_peer, "", execute),
        (&early, "", execute),
        (&pending(&ready), "", execute),
        (&ready, "", reject),
        (
            &pending(&workspace("awaiting_counterparty", "")),
            "",
            reject,
        ),
        (&pending(""), "", propose),
    ] {
        let mut book = open(account, more);
        let before = book.digest().unwrap();
        let plan = format!(r#"{{"plan":{{"actions":[{actions}]}}}}"#);
        let error = book.call_plan(&plan).unwrap_err();
        assert_eq!(error.field, "plan.actions", "{account} {more} {actions}");
        assert_eq!(book.digest().unwrap(), before);
    }
    for (account, more, actions) in [
        ("", "", broadcast),
        ("", "", execute),
        ("", "", reject),
        (
            workspace("submitted", r#","right_signed":true"#).as_str(),
            "",
            execute,
        ),
        (&workspace("ready_to_submit", ""), "", execute),
        (&ready, sent, execute),
        (&ready, "", propose),
    ] {
        let mut book = open(account, more);
        let before = book.digest().unwrap();
        let plan = format!(r#"{{"plan":{{"actions":[{actions}]}}}}"#);
        book.call_plan(&plan).unwrap();
        assert_eq!(book.digest().unwrap(), before, "{account} {more} {actions}");
    }
    let mut book = open(&ready, "");
    book.call_plan(&format!(
        r#"{{"plan":{{"actions":[{execute},{broadcast}]}}}}"#
    ))
    .unwrap();
    assert_eq!(book.hub().sent.as_ref().unwrap().batch.c2r.len(), 1);
}

impl HubBook {
    /// Applies a plan that comes as text.
    fn call_plan(&mut self, text: &str) -> Result<(), Error> {
        let input = crate::value::Value::from_json(text.as_bytes())?;
        let input: ApplyPlan = crate::value::decode(&input)?;
        self.apply(&input.plan)
    }
}

#[test]
fn a_state_that_a_book_refuses_names_the_account() {
    let account = format!("0x{}", "22".repeat(32));
    let bad =
        format!(r#"{{"account_id":"{account}","deltas":[{{"token_id":1,"collateral":"-1"}}]}}"#);
    let twice = format!(r#"{{"account_id":"{account}"}},{{"account_id":"{account}"}}"#);
    for accounts in [bad, twice] {
        let text = format!(
            r#"{{"hub_id":"0x11","now":1,"accounts":[{{"account_id":"0x33"}},{accounts}]}}"#
        );
        let value = crate::value::Value::from_json(text.as_bytes()).unwrap();
        let state: HubState = crate::value::decode(&value).unwrap();
        let refused = HubBook::new(Policy::plan(), state).unwrap_err();
        let place = format!("accounts.{account}.");
        assert!(refused.field.starts_with(&place), "{refused:?}");
    }
}
