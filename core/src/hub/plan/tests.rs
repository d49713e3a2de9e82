//! The runtime's own decisions, the plan's stories, bad states, and the laws over random hubs.

use super::*;
use crate::config::Profile;
use crate::value::{self, FromValue, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

fn id(byte: u8) -> String {
    format!("0x{}", format!("{byte:02x}").repeat(32))
}

fn read<T: FromValue>(json: &Json) -> T {
    let text = serde_json::to_vec(json).unwrap();
    value::decode(&Value::from_json(&text).unwrap()).unwrap()
}

fn state_of(state: &Json) -> HubState {
    read(state)
}

fn plan_of(config: &Config, state: &Json) -> (Plan, Vec<String>) {
    let mut why = Why::new();
    let plan = plan(config, &state_of(state), &mut why).unwrap();
    let aside = why.finish().1.into_iter().map(|aside| aside.subject);
    (plan, aside.collect())
}

fn json_of(plan: &Plan) -> Json {
    serde_json::from_str(&canonical::text(plan).unwrap()).unwrap()
}

mod runtime {
    use super::*;

    fn or_zero(value: &Json) -> Json {
        if value.is_null() {
            json!("0")
        } else {
            value.clone()
        }
    }

    fn account(case: &Json) -> Json {
        let deltas = case["deltas"].as_array().unwrap().iter().map(|delta| {
            json!({
                "token_id": delta["tokenId"], "collateral": or_zero(&delta["collateral"]),
                "ondelta": or_zero(&delta["ondelta"]), "offdelta": or_zero(&delta["offdelta"]),
                "left_hold": or_zero(&delta["leftHold"]), "right_hold": or_zero(&delta["rightHold"]),
            })
        });
        let requests = case["requests"].as_array().unwrap();
        let fees = requests.iter().map(|request| {
            let refund = match &request["refund"] {
                Json::Null => Json::Null,
                refund => json!({"reason": refund["reason"], "refunded_amount": refund["refundedAmount"]}),
            };
            json!({
                "token_id": request["tokenId"], "amount": request["amount"],
                "fee": {
                    "fee_paid_upfront": or_zero(&request["feePaidUpfront"]),
                    "policy_version": request["policyVersion"], "requested_at": request["requestedAt"],
                    "refund": refund,
                },
            })
        });
        let marks = requests
            .iter()
            .filter(|request| !request["submittedAt"].is_null());
        let marks: serde_json::Map<_, _> = marks
            .map(|request| {
                (
                    request["tokenId"].to_string(),
                    request["submittedAt"].clone(),
                )
            })
            .collect();
        let workspace = match &case["workspace"] {
            Json::Null => Json::Null,
            workspace => json!({
                "ops": workspace["ops"].as_array().unwrap().iter().map(|op| json!({
                    "type": op["type"], "token_id": op["tokenId"], "amount": op["amount"],
                })).collect::<Vec<_>>(),
                "last_modified_by_left": workspace["lastModifiedByLeft"],
                "executor_is_left": workspace["executorIsLeft"], "status": workspace["status"],
                "left_signed": !workspace["leftHanko"].is_null(),
                "right_signed": !workspace["rightHanko"].is_null(),
            }),
        };
        json!({
            "account_id": case["cp"], "deltas": deltas.collect::<Vec<_>>(),
            "requests": fees.collect::<Vec<_>>(), "submitted": marks, "workspace": workspace,
        })
    }

    pub(super) fn state(case: &Json) -> Json {
        let accounts: Vec<_> = case["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(account)
            .collect();
        let batch = &case["jBatch"];
        let entries = batch["draftR2C"].as_array().cloned().unwrap_or_default();
        let r2c = entries.iter().map(|entry| {
            let pairs = entry["pairs"].as_array().unwrap().iter();
            let pairs =
                pairs.map(|pair| json!({"account_id": pair["entity"], "amount": pair["amount"]}));
            json!({
                "token_id": entry["tokenId"], "receiving_entity": entry["receivingEntity"],
                "pairs": pairs.collect::<Vec<_>>(),
            })
        });
        let sent = match &batch["sentBatch"] {
            Json::Null => Json::Null,
            sent => {
                let submitted = sent["lastSubmittedAt"].as_u64().filter(|at| *at > 0);
                json!({"sent_at": submitted.or(batch["lastBroadcast"].as_u64()).unwrap_or(0)})
            }
        };
        json!({
            "hub_id": case["hubId"], "now": case["now"], "accounts": accounts,
            "is_hub": case.get("config").is_none_or(|config| !config.is_null()),
            "submit_clock": case["submitClockNow"], "reserves": case["reserves"],
            "draft": {"r2c": r2c.collect::<Vec<_>>()}, "sent": sent,
        })
    }

    pub(super) fn config(case: &Json) -> Config {
        let mut config = Config::of(Profile::Xln);
        if let Some(strategy) = case["config"]["matchingStrategy"].as_str() {
            config.hub.strategy = read(&json!(strategy));
        }
        config
    }

    pub(super) fn cases() -> Vec<Json> {
        let text = include_str!("../../../../tests/fixtures/recorded/xln-hub.json");
        serde_json::from_str(text).unwrap()
    }

    /// The runtime's answer in the words of our actions.
    fn expected(runtime: &Json, case: &Json) -> Vec<Json> {
        let empty = Vec::new();
        let before = case["jBatch"]["draftR2C"]
            .as_array()
            .unwrap_or(&empty)
            .len();
        let txs = runtime["outputs"][0]["entityTxs"]
            .as_array()
            .unwrap_or(&empty);
        let of = |kind: &str| {
            txs.iter()
                .filter(move |tx| tx["type"] == kind)
                .collect::<Vec<_>>()
        };
        let mut actions = Vec::new();
        for tx in of("settle_propose") {
            let ops = tx["data"]["ops"].as_array().unwrap().iter();
            let ops = ops.map(
                |op| json!({"type": "c2r", "token_id": op["tokenId"], "amount": op["amount"]}),
            );
            actions.push(json!({
                "type": "settle_propose", "account_id": tx["data"]["counterpartyEntityId"],
                "executor_is_left": tx["data"]["executorIsLeft"], "memo": tx["data"]["memo"],
                "ops": ops.collect::<Vec<_>>(),
            }));
        }
        for tx in of("settle_execute") {
            actions.push(json!({
                "type": "settle_execute", "account_id": tx["data"]["counterpartyEntityId"],
            }));
        }
        for entry in runtime["draftR2C"]
            .as_array()
            .unwrap_or(&empty)
            .iter()
            .skip(before)
        {
            for pair in entry["pairs"].as_array().unwrap() {
                actions.push(json!({
                    "type": "deposit", "account_id": pair["entity"], "amount": pair["amount"],
                    "token_id": entry["tokenId"],
                }));
            }
        }
        for _ in of("j_broadcast") {
            actions.push(json!({"type": "broadcast"}));
        }
        actions
    }

    /// Where we deliberately differ, each with a test of its own below.
    const DIFFERENT: [&str; 5] = [
        "scarcity_time",
        "capped_targets_consumed_eff",
        "over_limit_batch_throws_atomically",
        "c2r_unknown_token_throws",
        "r2c_and_c2r_and_exec_same_tick_order",
    ];

    #[test]
    fn the_runtimes_decisions_are_reproduced() {
        let mut compared = 0;
        for entry in cases() {
            let (case, runtime) = (&entry["case"], &entry["runtime"]);
            let name = case["name"].as_str().unwrap();
            if DIFFERENT.contains(&name) {
                continue;
            }
            let (plan, aside) = plan_of(&config(case), &state(case));
            assert!(aside.is_empty(), "{name}");
            let plan = json_of(&plan);
            assert_eq!(plan["actions"], json!(expected(runtime, case)), "{name}");
            let events = runtime["events"].as_array().unwrap().iter();
            let blocked: Vec<_> = events
                .filter(|event| event["status"] == "blocked" && event["step"] == 2)
                .map(|event| (event["counterpartyId"].clone(), event["event"].clone()))
                .collect();
            let outcomes = plan["outcomes"].as_array().unwrap().iter();
            let ours: Vec<_> = outcomes
                .filter(|outcome| {
                    ["deferred", "refused"].contains(&outcome["outcome"].as_str().unwrap())
                })
                .filter(|outcome| !outcome["event"].is_null())
                .map(|outcome| (outcome["account_id"].clone(), outcome["event"].clone()))
                .collect();
            assert_eq!(ours, blocked, "{name}");
            compared += 1;
        }
        assert_eq!(compared, 18);
    }

    fn named(name: &str) -> Json {
        cases()
            .into_iter()
            .find(|entry| entry["case"]["name"] == name)
            .unwrap()["case"]
            .clone()
    }

    fn deposits(plan: &Plan) -> Vec<(String, String)> {
        let deposit = |action: &Action| match action {
            Action::Deposit {
                account_id, amount, ..
            } => Some((account_id.to_string(), amount.to_string())),
            _ => None,
        };
        plan.actions.iter().filter_map(deposit).collect()
    }

    #[test]
    fn difference_the_strategy_decides_before_the_reserve_is_handed_out() {
        let case = named("scarcity_time");
        let (plan, _) = plan_of(&config(&case), &state(&case));
        // The older request gets all 150; the runtime gave 100 to the smaller id first.
        assert_eq!(deposits(&plan), [(id(0x33), "150000000".to_owned())]);
    }

    #[test]
    fn difference_caps_consume_nothing() {
        let case = named("capped_targets_consumed_eff");
        let (plan, _) = plan_of(&config(&case), &state(&case));
        let served = deposits(&plan);
        assert_eq!(served.len(), 10);
        // The runtime gave the oldest 5 while 20 of the reserve stayed unused.
        assert!(
            served.iter().all(|(_, amount)| amount == "10000000"),
            "{served:?}"
        );
    }

    #[test]
    fn difference_a_full_batch_defers_instead_of_throwing() {
        let case = named("over_limit_batch_throws_atomically");
        let (plan, _) = plan_of(&config(&case), &state(&case));
        // The draft is full of what requests wait for: it is sent.
        assert_eq!(plan.actions, [Action::Broadcast {}]);
        let codes: Vec<_> = plan.outcomes.iter().map(|o| o.reasons[0].code).collect();
        assert_eq!(codes, [Code::BatchFull, Code::InBatch]);
    }

    #[test]
    fn difference_a_bad_account_is_set_aside_and_the_others_are_served() {
        let case = named("c2r_unknown_token_throws");
        let mut state = state(&case);
        let good = named("r2c_hub_right")["accounts"][0].clone();
        let mut good = account(&good);
        good["account_id"] = json!(id(0x33));
        good["deltas"][0]["offdelta"] = json!("-900000000");
        state["accounts"].as_array_mut().unwrap().push(good);
        state["reserves"] = json!({"1": "1000000000000"});
        let (plan, aside) = plan_of(&config(&case), &state);
        assert_eq!(aside, [id(0x22)]);
        assert_eq!(deposits(&plan), [(id(0x33), "500000000".to_owned())]);
    }

    #[test]
    fn difference_a_settlement_that_takes_more_than_our_share_is_neither_executed_nor_rejected() {
        let case = named("r2c_and_c2r_and_exec_same_tick_order");
        let (plan, _) = plan_of(&config(&case), &state(&case));
        let kinds: Vec<_> = plan.actions.iter().map(Action::stage).collect();
        // The runtime executed it: propose, deposit, alert, broadcast.
        assert_eq!(kinds, [2, 4, 5, 6]);
        let peer = crate::units::EntityId::new(&id(0x44)).unwrap();
        let alert = Action::alert_of(peer.clone(), Code::SettlementSealed);
        assert_eq!(plan.actions[2], alert);
        let of_peer = plan.outcomes.iter().find(|o| o.account_id == peer).unwrap();
        let codes: Vec<_> = of_peer.reasons.iter().map(|reason| reason.code).collect();
        assert_eq!(codes, [Code::ShareShrunk, Code::SettlementSealed]);
        // With the share to cover it, the runtime's order holds.
        let mut covered = case.clone();
        covered["accounts"][2]["deltas"][0] =
            json!({"tokenId": 1, "ondelta": "5", "collateral": "5"});
        let (plan, _) = plan_of(&config(&covered), &state(&covered));
        let kinds: Vec<_> = plan.actions.iter().map(Action::stage).collect();
        assert_eq!(kinds, [2, 3, 4, 6]);
    }

    /// An account whose claim on the hub and request are `claim` and that paid any fee upfront.
    fn asks(byte: u8, token: u32, claim: &str) -> Json {
        json!({
            "account_id": id(byte),
            "deltas": [{"token_id": token, "offdelta": format!("-{claim}")}],
            "requests": [{"token_id": token, "amount": claim, "fee": {
                "fee_paid_upfront": "1000000000000000000000", "requested_at": 1, "policy_version": 1,
            }}],
        })
    }

    fn hub(reserve: &str, accounts: Vec<Json>) -> Json {
        json!({"hub_id": id(0x11), "now": 1_000_000, "reserves": {"1": reserve, "2": reserve},
            "accounts": accounts})
    }

    fn as_the_runtime(state: &Json) -> Plan {
        let (plan, aside) = plan_of(&Config::of(Profile::Xln), state);
        assert!(aside.is_empty());
        plan
    }

    #[test]
    fn difference_what_a_draft_spends_is_not_spent_again() {
        let mut state = hub("500", vec![asks(0x22, 1, "400"), asks(0x33, 1, "300")]);
        state["draft"] = json!({"r2c": [{"token_id": 1, "receiving_entity": id(0x11),
            "pairs": [{"account_id": id(0x22), "amount": "400"}]}]});
        assert_eq!(
            deposits(&as_the_runtime(&state)),
            [(id(0x33), "100".to_owned())]
        );
    }

    #[test]
    fn difference_own_open_debts_are_paid_first() {
        let mut state = hub("500", vec![asks(0x22, 1, "400")]);
        state["open_debts"] = json!({"1": "450"});
        assert_eq!(
            deposits(&as_the_runtime(&state)),
            [(id(0x22), "50".to_owned())]
        );
    }

    #[test]
    fn difference_what_the_batch_brings_in_is_usable() {
        let holds = json!({"account_id": id(0x44),
            "deltas": [{"token_id": 1, "ondelta": "300", "collateral": "300"}]});
        let mut state = hub("0", vec![asks(0x22, 1, "200"), holds]);
        state["draft"] = json!({"c2r": [{"account_id": id(0x44), "token_id": 1, "amount": "300"}]});
        assert_eq!(
            deposits(&as_the_runtime(&state)),
            [(id(0x22), "200".to_owned())]
        );
    }

    #[test]
    fn difference_a_disputed_account_is_not_served() {
        let mut disputed = asks(0x22, 1, "400");
        disputed["status"] = json!("disputed");
        let plan = as_the_runtime(&hub("500", vec![disputed, asks(0x33, 1, "300")]));
        assert_eq!(deposits(&plan), [(id(0x33), "300".to_owned())]);
    }

    #[test]
    fn difference_deposits_of_several_tokens_interleave() {
        let first = asks(0x33, 1, "300");
        let plan = as_the_runtime(&hub(
            "9000",
            vec![
                asks(0x22, 2, "400"),
                first,
                asks(0x44, 1, "200"),
                asks(0x55, 2, "100"),
            ],
        ));
        // The first of each token, then the second of each, whatever the raw amounts are.
        let expected = [(0x33, "300"), (0x22, "400"), (0x44, "200"), (0x55, "100")];
        let expected = expected.map(|(byte, amount)| (id(byte), amount.to_owned()));
        assert_eq!(deposits(&plan), expected);
    }

    #[test]
    fn difference_a_draft_that_a_request_waits_for_is_sent() {
        let mut state = hub("500", vec![asks(0x22, 1, "400")]);
        state["draft"] = json!({"r2c": [{"token_id": 1, "receiving_entity": id(0x11),
            "pairs": [{"account_id": id(0x22), "amount": "400"}]}]});
        assert_eq!(as_the_runtime(&state).actions, [Action::Broadcast {}]);
        // What nobody waits for is left to whoever put it there.
        state["draft"]["r2c"][0]["pairs"][0]["account_id"] = json!(id(0x33));
        let plan = as_the_runtime(&state);
        assert_eq!(deposits(&plan), [(id(0x22), "100".to_owned())]);
        state["accounts"] = json!([]);
        assert_eq!(as_the_runtime(&state).actions, []);
        // Not while another batch is on its way, and not beside another broadcast.
        let mut state = hub("500", vec![asks(0x22, 1, "400")]);
        state["draft"] = json!({"r2c": [{"token_id": 1, "receiving_entity": id(0x11),
            "pairs": [{"account_id": id(0x22), "amount": "400"}]}]});
        state["broadcast_in_input"] = json!(true);
        assert_eq!(as_the_runtime(&state).actions, []);
        state["broadcast_in_input"] = json!(false);
        state["sent"] = json!({"sent_at": 990_000});
        assert_eq!(as_the_runtime(&state).actions, []);
        // And never where the chain would revert it.
        state["sent"] = Json::Null;
        state["reserves"] = json!({"1": "399"});
        let plan = as_the_runtime(&state);
        let alert = Action::alert_in(TokenId::constant(1), Code::DraftOvercommitted);
        assert_eq!(plan.actions, [alert]);
    }

    #[test]
    fn difference_a_sealed_settlement_is_never_rejected_and_an_old_one_neither() {
        let asked = |sealed: bool| {
            json!({"account_id": id(0x44), "deltas": [{"token_id": 1, "ondelta": "300", "collateral": "300"}],
                "workspace": {"ops": [{"type": "c2r", "token_id": 1, "amount": "900"}],
                    "last_modified_by_left": true, "executor_is_left": true, "sealed": sealed,
                    "status": "awaiting_counterparty", "updated_at": 1}})
        };
        for sealed in [false, true] {
            assert_eq!(as_the_runtime(&hub("500", vec![asked(sealed)])).actions, []);
        }
    }

    #[test]
    fn difference_units_of_different_tokens_are_never_compared() {
        // 600 whole tokens each: token 1 has six decimals, token 2 has eighteen.
        let holds = |byte: u8| {
            let (token, amount) = if byte.is_multiple_of(2) {
                (1, "600000000")
            } else {
                (2, "600000000000000000000")
            };
            json!({"account_id": id(byte), "deltas":
                [{"token_id": token, "ondelta": amount, "collateral": amount}]})
        };
        let plan = as_the_runtime(&hub("0", (0x22..0x3a).map(holds).collect()));
        let of = |token: u32| {
            let pulls = plan.actions.iter().filter(|action| match action {
                Action::SettlePropose { ops, .. } => {
                    ops.iter().all(|op| op.token_id == TokenId::constant(token))
                }
                _ => false,
            });
            pulls.count()
        };
        assert_eq!((of(1), of(2)), (5, 5));
    }

    #[test]
    fn difference_no_deposit_is_larger_than_the_contract_takes() {
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        let low = "-57896044618658097711785492504343953926634992332820282019728792003956564819968";
        let mut large = asks(0x22, 1, "1");
        large["deltas"][0] = json!({"token_id": 1, "offdelta": low, "ondelta": "-5"});
        large["requests"][0]["amount"] = json!(max);
        let fee = "57896044618658097711785492504343953926634992332820282019728792003956564819967";
        large["requests"][0]["fee"]["fee_paid_upfront"] = json!(fee);
        let given = deposits(&as_the_runtime(&hub(max, vec![large])));
        // 2^255 - 1, not the claim of 2^255 + 5.
        assert_eq!(given, [(id(0x22), fee.to_owned())]);
    }

    #[test]
    fn a_deposit_that_waits_in_a_recovery_batch_is_not_drafted_again() {
        let mut state = hub("9000", vec![asks(0x22, 1, "400")]);
        state["accounts"][0]["submitted"] = json!({"1": 1});
        let batch = json!({"r2c": [{"token_id": 1, "receiving_entity": id(0x11),
            "pairs": [{"account_id": id(0x22), "amount": "400"}]}]});
        assert_eq!(deposits(&as_the_runtime(&state)).len(), 1);
        state["recovery"] = json!([batch]);
        assert_eq!(deposits(&as_the_runtime(&state)), []);
    }
}

mod stories {
    use super::*;

    const HUB: u8 = 0x11;

    /// Tokens of six decimals.
    fn tokens(whole: i64) -> String {
        (i128::from(whole) * 1_000_000).to_string()
    }

    fn debtor(byte: u8, delta: Json) -> Json {
        let mut delta = delta;
        delta["token_id"] = json!(1);
        json!({"account_id": id(byte), "deltas": [delta]})
    }

    fn asking(byte: u8, claim: i64, amount: i64, at: u64) -> Json {
        let mut account = debtor(byte, json!({"offdelta": tokens(-claim)}));
        account["requests"] = json!([{"token_id": 1, "amount": tokens(amount), "fee": {"requested_at": 900_000 + at}}]);
        account
    }

    fn hub(reserve: i64, accounts: Vec<Json>) -> Json {
        json!({"hub_id": id(HUB), "now": 1_000_000, "reserves": {"1": tokens(reserve)}, "accounts": accounts})
    }

    fn deposited(plan: &Plan) -> Vec<(String, i64)> {
        let deposit = |action: &Action| match action {
            Action::Deposit {
                account_id, amount, ..
            } => Some((
                account_id.to_string(),
                amount.to_string().parse::<i64>().unwrap() / 1_000_000,
            )),
            _ => None,
        };
        plan.actions.iter().filter_map(deposit).collect()
    }

    fn asked_back(plan: &Plan) -> Vec<(String, i64)> {
        let total = |ops: &[crate::hub::state::SettlementOp]| -> i64 {
            let amount = |op: &crate::hub::state::SettlementOp| {
                let paid = op.paid_to(crate::account::algebra::Side::Left);
                paid.unwrap_or(op.amount)
                    .to_string()
                    .parse::<i64>()
                    .unwrap()
                    / 1_000_000
            };
            ops.iter().map(amount).sum()
        };
        let propose = |action: &Action| match action {
            Action::SettlePropose {
                account_id, ops, ..
            } => Some((account_id.to_string(), total(ops))),
            _ => None,
        };
        plan.actions.iter().filter_map(propose).collect()
    }

    fn decided(state: &Json) -> Plan {
        let (plan, aside) = plan_of(&Config::default(), state);
        assert!(aside.is_empty());
        plan
    }

    #[test]
    fn matches_single_spender_with_single_receiver() {
        let alice = debtor(
            0x22,
            json!({"collateral": tokens(100), "ondelta": tokens(100)}),
        );
        let plan = decided(&hub(5_000, vec![alice, asking(0x33, 100, 100, 1)]));
        assert_eq!(deposited(&plan), [(id(0x33), 100)]);
        assert_eq!(asked_back(&plan), [(id(0x22), 100)]);
        assert_eq!(plan.actions.last(), Some(&Action::Broadcast {}));
    }

    #[test]
    fn handles_partial_matches() {
        let alice = debtor(
            0x22,
            json!({"collateral": tokens(50), "ondelta": tokens(50)}),
        );
        let plan = decided(&hub(5_000, vec![alice, asking(0x33, 100, 100, 1)]));
        assert_eq!(deposited(&plan), [(id(0x33), 100)]);
        assert_eq!(asked_back(&plan), [(id(0x22), 50)]);
    }

    #[test]
    fn prioritizes_by_amount() {
        let plan = decided(&hub(
            800,
            vec![asking(0x22, 100, 100, 1), asking(0x33, 300, 300, 2)],
        ));
        assert_eq!(deposited(&plan), [(id(0x33), 300)]);
        assert_eq!(plan.outcomes[1].reasons[0].code, Code::ReserveShort);
    }

    #[test]
    fn inflow_that_a_draft_spends_already_pays_for_no_second_deposit() {
        let spender = debtor(
            0x44,
            json!({"collateral": tokens(121), "ondelta": tokens(121)}),
        );
        let mut state = hub(500, vec![asking(0x22, 278, 278, 1), spender]);
        let c2r = json!([{"account_id": id(0x44), "token_id": 1, "amount": tokens(121)}]);
        let pair = json!({"account_id": id(0x55), "amount": tokens(121)});
        let r2c = json!([{"token_id": 1, "receiving_entity": id(0x01), "pairs": [pair]}]);
        state["draft"] = json!({"c2r": c2r, "r2c": r2c});
        let plan = decided(&state);
        assert!(
            deposited(&plan).is_empty(),
            "the floor holds when the batch settles"
        );
        // Without the deposit in the draft its inflow is free.
        state["draft"] = json!({"c2r": c2r});
        assert_eq!(deposited(&decided(&state)), [(id(0x22), 121)]);
    }

    #[test]
    fn a_request_that_waited_too_long_goes_first() {
        let mut state = hub(
            800,
            vec![asking(0x22, 100, 100, 1), asking(0x33, 300, 300, 2)],
        );
        let old = &mut state["accounts"][0]["requests"][0]["fee"]["requested_at"];
        *old = json!(399_999);
        assert_eq!(
            deposited(&decided(&state)),
            [(id(0x22), 100), (id(0x33), 200)]
        );
        let young = &mut state["accounts"][0]["requests"][0]["fee"]["requested_at"];
        *young = json!(400_000);
        assert_eq!(deposited(&decided(&state)), [(id(0x33), 300)]);
    }

    /// Plays the chain and an honest peer: signs what is proposed, settles what is sent.
    fn alice_pays_and_bob_is_secured(alice: Json) {
        let state = state_of(&hub(5_000, vec![alice, asking(0x33, 100, 100, 1)]));
        let config = Config::default();
        let open =
            |state| crate::hub::book::HubBook::new(crate::policy::Policy::plan(), state).unwrap();
        let mut book = open(state);
        let before = book.hub().reserves.clone();
        let mut world = super::laws::World::of(&book.snapshot().unwrap());
        for second in 1..=20u64 {
            let now = Millis::new(1_000_000 + second * 5_000).unwrap();
            let plan = book.plan(now, &mut Why::new()).unwrap();
            world.check(&config, &book.snapshot().unwrap(), &plan);
            book.apply(&plan).unwrap();
            let mut state = book.snapshot().unwrap();
            world.settle(&mut state);
            book = open(state);
        }
        let seen = |byte: u8| {
            let account = book
                .account(&EntityId::new(&id(byte)).unwrap())
                .unwrap()
                .unwrap();
            let side = book.hub().side(&account.account_id);
            account.deltas[0].seen_from(side).unwrap()
        };
        let (alice, bob) = (seen(0x22), seen(0x33));
        assert!(
            alice.peer_debt.is_zero() && alice.own_share.is_zero(),
            "{alice:?}"
        );
        assert_eq!(
            (bob.own_debt, bob.peer_share),
            (TokenAmount::ZERO, TokenAmount::new(100_000_000))
        );
        assert_eq!(book.hub().reserves, before);
    }

    #[test]
    fn alices_collateral_clears_and_bob_is_collateralised_with_hub_reserves_unchanged() {
        alice_pays_and_bob_is_secured(debtor(
            0x22,
            json!({"collateral": tokens(100), "ondelta": tokens(100)}),
        ));
    }

    #[test]
    fn alices_debt_clears_and_bob_is_collateralised_with_hub_reserves_unchanged() {
        let mut alice = debtor(
            0x22,
            json!({"offdelta": tokens(100), "right_credit_limit": tokens(500)}),
        );
        alice["peer_reserves"] = json!({"1": tokens(1_000)});
        alice_pays_and_bob_is_secured(alice);
    }

    #[test]
    fn reserve_low_then_replenish_then_recovered() {
        let mut state = state_of(&hub(900, vec![]));
        let config = Config::default();
        let step = |state: &HubState| plan(&config, state, &mut Why::new()).unwrap();
        let first = step(&state);
        let [Action::Replenish { amount, id, .. }] = first.actions.as_slice() else {
            panic!("{:?}", first.actions)
        };
        assert_eq!(amount.to_string(), tokens(1_100));
        state.memory = first.memory.clone();
        state.now = Millis::new(1_005_000).unwrap();
        assert_eq!(step(&state).actions, [], "one is in flight");
        let stranger = crate::hub::state::ReplenishAnswer {
            token_id: TokenId::constant(1),
            id: "other".to_owned(),
            outcome: crate::hub::state::ReplenishOutcome::Done,
            amount: Some(*amount),
        };
        state.replenish_answers = vec![stranger];
        assert!(
            step(&state)
                .memory
                .tokens
                .get(&TokenId::constant(1))
                .unwrap()
                .in_flight
                .is_some()
        );
        state.replenish_answers[0].id = id.clone();
        state
            .reserves
            .insert(TokenId::constant(1), TokenAmount::new(2_000_000_000));
        let last = step(&state);
        assert_eq!(last.actions, []);
        let token = last.memory.tokens.get(&TokenId::constant(1)).unwrap();
        assert_eq!((token.since, &token.in_flight), (None, &None));
    }

    #[test]
    fn a_replenishment_that_fails_waits_twice_as_long_each_time_and_then_asks_the_next_source() {
        let mut state = state_of(&hub(900, vec![]));
        let config = Config::default();
        let (mut sources, mut waits, mut ids) = (Vec::new(), Vec::new(), BTreeSet::new());
        for _ in 0..4 {
            let plan = plan(&config, &state, &mut Why::new()).unwrap();
            let Action::Replenish { source, id, .. } = &plan.actions[0] else {
                panic!()
            };
            sources.push(*source);
            ids.insert(id.clone());
            state.memory = plan.memory;
            state.now = state.now.plus(config.hub.replenish_timeout_ms).unwrap();
            let plan = super::plan(&config, &state, &mut Why::new()).unwrap();
            let next = plan
                .memory
                .tokens
                .get(&TokenId::constant(1))
                .unwrap()
                .next_at
                .unwrap();
            waits.push(next.less(state.now).get() / 1000);
            state.memory = plan.memory;
            state.now = next;
        }
        use crate::config::hub::Source;
        assert_eq!(
            sources,
            [
                Source::Treasury,
                Source::Treasury,
                Source::Treasury,
                Source::Withdraw
            ]
        );
        assert_eq!(waits, [30, 60, 120, 240]);
        assert_eq!(ids.len(), 1, "every try of an episode has one id");
    }

    #[test]
    fn hub_cannot_be_drained_by_request_spam() {
        let accounts = (0x20..0x80)
            .map(|byte| asking(byte, 9_000, 9_000, 1))
            .collect();
        let plan = decided(&hub(5_000, accounts));
        let given: i64 = deposited(&plan).iter().map(|(_, amount)| amount).sum();
        assert_eq!(given, 4_500, "down to the floor of 500 and no further");
        let many = (0..400u32).map(|n| {
            let mut account = asking(0x22, 5, 5, 1);
            account["account_id"] = json!(format!("0x{:064x}", 0x2200 + n));
            account
        });
        let plan = decided(&hub(50, many.collect()));
        assert_eq!(plan.outcomes.len(), outcome::MAX_FULL_OUTCOMES);
        assert_eq!(plan.turned[0].count.get(), 144);
    }

    #[test]
    fn no_front_running_by_splitting_or_id_choice() {
        // A smaller id and an inflated amount gain nothing: what counts is the claim.
        let honest = asking(0x99, 200, 200, 1);
        let attacker = asking(0x12, 150, 9_000, 1);
        let plan = decided(&hub(700, vec![attacker, honest]));
        assert_eq!(deposited(&plan), [(id(0x99), 200)]);
        // Split over accounts, the parts stand behind the larger request.
        let parts = [
            asking(0x12, 100, 100, 1),
            asking(0x13, 100, 100, 1),
            asking(0x99, 150, 150, 2),
        ];
        let plan = decided(&hub(650, parts.to_vec()));
        assert_eq!(deposited(&plan)[0], (id(0x99), 150));
    }

    #[test]
    fn the_window_and_the_cool_down_hold_across_ticks() {
        let mut state = state_of(&hub(100_000, vec![asking(0x22, 30_000, 30_000, 1)]));
        let config = Config::default();
        let first = plan(&config, &state, &mut Why::new()).unwrap();
        assert_eq!(deposited(&first), [(id(0x22), 10_000)]);
        state.memory = first.memory;
        state.now = Millis::new(1_000_000 + 29_999).unwrap();
        let cold = plan(&config, &state, &mut Why::new()).unwrap();
        assert_eq!(cold.outcomes[0].reasons[0].code, Code::CoolDown);
        state.now = Millis::new(1_000_000 + 3_599_999).unwrap();
        let spent = plan(&config, &state, &mut Why::new()).unwrap();
        assert_eq!(spent.outcomes[0].reasons[0].code, Code::WindowUsedUp);
        state.now = Millis::new(1_000_000 + 3_600_000).unwrap();
        let over = plan(&config, &state, &mut Why::new()).unwrap();
        assert_eq!(deposited(&over), [(id(0x22), 10_000)]);
    }

    #[test]
    fn bad_accounts_are_set_aside_and_the_others_served() {
        let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        let lowest =
            "-57896044618658097711785492504343953926634992332820282019728792003956564819968";
        let mut no_fee = asking(0x24, 100, 100, 1);
        no_fee["requests"][0].as_object_mut().unwrap().remove("fee");
        let mut disputed = asking(0x26, 100, 100, 1);
        disputed["status"] = json!("disputed");
        let accounts = vec![
            debtor(0x22, json!({"left_credit_limit": max})),
            debtor(0x23, json!({"ondelta": lowest, "offdelta": lowest})),
            no_fee,
            json!({"account_id": id(0x25), "deltas": [{"token_id": 777}]}),
            disputed,
            json!({"account_id": id(0x27), "deltas": [{"token_id": 1}, {"token_id": 1}]}),
            json!({"account_id": id(0x28), "deltas": [{"token_id": 1, "collateral": "-1"}]}),
            asking(0x29, 100, 100, 1),
            asking(0x29, 100, 100, 1),
            debtor(0x2a, json!({"collateral": max})),
            asking(0x33, 100, 100, 1),
        ];
        let (plan, mut aside) = plan_of(&Config::default(), &hub(5_000, accounts));
        aside.sort();
        let expected = [0x22, 0x23, 0x24, 0x25, 0x27, 0x28, 0x29, 0x29].map(id);
        assert_eq!(aside, expected);
        assert_eq!(deposited(&plan), [(id(0x33), 100)]);
        assert_eq!(plan.outcomes[1].reasons[0].code, Code::AccountNotActive);
    }
}

pub(crate) mod laws {
    use super::*;
    use crate::account::algebra::tests::amounts;
    use crate::hub::state::{AccountStatus, Batch, OpKind, SentBatch, WorkspaceStatus};
    use crate::hub::verify::{HubVerifyInput, verify};
    use crate::proofs;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The sum of reserves and collateral per token, and the claims of each peer.
    pub(crate) struct World {
        totals: BTreeMap<TokenId, Wide>,
    }

    fn totals(state: &HubState) -> BTreeMap<TokenId, Wide> {
        let mut totals: BTreeMap<TokenId, Wide> = BTreeMap::new();
        let mut add = |token: TokenId, amount: TokenAmount| {
            let sum = totals.entry(token).or_default();
            *sum = sum.plus(amount.wide()).unwrap();
        };
        state
            .reserves
            .iter()
            .for_each(|(token, amount)| add(*token, *amount));
        for account in state.accounts.readable() {
            account
                .deltas
                .iter()
                .for_each(|delta| add(delta.token_id, delta.collateral));
            account
                .peer_reserves
                .iter()
                .for_each(|(token, amount)| add(*token, *amount));
        }
        totals
    }

    impl World {
        pub(crate) fn of(state: &HubState) -> Self {
            Self {
                totals: totals(state),
            }
        }

        /// The checker accepts the plan.
        pub(crate) fn check(&self, config: &Config, state: &HubState, plan: &Plan) {
            let input = HubVerifyInput {
                state: state.clone(),
                plan: plan.clone(),
            };
            let mut why = Why::new();
            let verified = verify(config, &input, &mut why).unwrap();
            assert!(verified.valid, "{:?} {:?}", why.reasons(), plan.actions);
        }

        /// The chain settles what was sent, honest peers sign what was proposed. Each law is
        /// checked on the way.
        pub(crate) fn settle(&mut self, state: &mut HubState) {
            let sent = state.sent.take().map(|sent| sent.batch).unwrap_or_default();
            let mut accounts: Vec<Account> = state.accounts.readable().to_vec();
            let hub_id = state.hub_id.clone();
            let change = |accounts: &mut Vec<Account>,
                          peer: &EntityId,
                          token: TokenId,
                          change: &mut dyn FnMut(
                &crate::account::algebra::Delta,
                crate::account::algebra::Side,
            ) -> crate::account::algebra::Delta| {
                let side = crate::account::algebra::Side::of(&hub_id, peer);
                let account = accounts.iter_mut().find(|a| a.account_id == *peer).unwrap();
                let delta = account
                    .deltas
                    .iter_mut()
                    .find(|d| d.token_id == token)
                    .unwrap();
                let after = change(delta, side);
                let (was, is) = (
                    delta.seen_from(side).unwrap(),
                    after.seen_from(side).unwrap(),
                );
                let sum = |p: &crate::account::algebra::Position| {
                    p.peer_share.wide().plus(p.own_debt.wide()).unwrap()
                };
                assert_eq!(sum(&was), sum(&is), "a peer's share and claim");
                assert!(
                    is.peer_share >= was.peer_share,
                    "a peer's share never falls"
                );
                assert!(
                    after.excess().unwrap() <= delta.excess().unwrap(),
                    "the band"
                );
                *delta = after;
            };
            let reserve =
                |state: &mut HubState, token: TokenId, plus: TokenAmount, minus: TokenAmount| {
                    let slot = state.reserves.slot(token);
                    let after = slot
                        .wide()
                        .plus(plus.wide())
                        .unwrap()
                        .minus(minus.wide())
                        .unwrap();
                    assert!(
                        !after.is_negative(),
                        "the reserve of {token} would be {after}"
                    );
                    *slot = after.positive_part().unwrap();
                };
            for entry in &sent.c2r {
                change(
                    &mut accounts,
                    &entry.account_id,
                    entry.token_id,
                    &mut |delta, side| delta.withdrawn(side, entry.amount).unwrap(),
                );
                reserve(state, entry.token_id, entry.amount, TokenAmount::ZERO);
            }
            for entry in &sent.settlements {
                let paid = entry.reserve_diff.wide().positive_part().unwrap();
                change(
                    &mut accounts,
                    &entry.account_id,
                    entry.token_id,
                    &mut |delta, side| delta.settled(side, paid).unwrap(),
                );
                let account = accounts
                    .iter_mut()
                    .find(|a| a.account_id == entry.account_id)
                    .unwrap();
                let theirs = account.peer_reserves.get_mut(&entry.token_id).unwrap();
                assert!(*theirs >= paid);
                *theirs = theirs.less(paid);
                reserve(state, entry.token_id, paid, TokenAmount::ZERO);
            }
            for entry in &sent.r2c {
                for pair in &entry.pairs {
                    change(
                        &mut accounts,
                        &pair.account_id,
                        entry.token_id,
                        &mut |delta, side| delta.deposited(side, pair.amount).unwrap(),
                    );
                    reserve(state, entry.token_id, TokenAmount::ZERO, pair.amount);
                    let account = accounts
                        .iter_mut()
                        .find(|a| a.account_id == pair.account_id)
                        .unwrap();
                    account.submitted.remove(&entry.token_id);
                    for request in account
                        .requests
                        .iter_mut()
                        .filter(|r| r.token_id == entry.token_id)
                    {
                        request.amount = request.amount.less(pair.amount);
                    }
                    account.requests.retain(|request| !request.amount.is_zero());
                }
            }
            for account in &mut accounts {
                let side = crate::account::algebra::Side::of(&state.hub_id, &account.account_id);
                let Some(workspace) = &mut account.workspace else {
                    continue;
                };
                if workspace.status == WorkspaceStatus::Submitted {
                    account.workspace = None;
                } else if workspace.is_of(side) {
                    workspace.status = WorkspaceStatus::ReadyToSubmit;
                    workspace.left_signed = true;
                    workspace.right_signed = true;
                }
            }
            state.accounts = accounts.into();
            assert_eq!(totals(state), self.totals, "each token is conserved");
        }
    }

    #[derive(Clone, Debug)]
    struct Row {
        delta: crate::account::algebra::Delta,
        ask: Option<(TokenAmount, u64)>,
        shown: Option<TokenAmount>,
    }

    fn sized(decimals: u32) -> impl Strategy<Value = TokenAmount> {
        let unit = 10u128.pow(decimals);
        prop_oneof![
            1 => Just(TokenAmount::ZERO),
            3 => (0u128..2_000).prop_map(move |n| TokenAmount::new(n * unit)),
            3 => (0u128..20_000_000).prop_map(move |n| TokenAmount::new(n * unit / 1_000)),
        ]
    }

    fn five(amount: TokenAmount) -> TokenAmount {
        TokenAmount::from_u256(amount.get() * ruint::aliases::U256::from(5u8))
    }

    fn rows(token: u32, decimals: u32) -> impl Strategy<Value = Row> {
        let signed = || {
            (any::<bool>(), sized(decimals)).prop_map(|(negative, amount)| {
                let wide = if negative {
                    amount.wide().negated()
                } else {
                    amount.wide()
                };
                crate::units::SignedTokenAmount::new(wide).unwrap()
            })
        };
        (
            sized(decimals),
            signed(),
            signed(),
            (sized(decimals), sized(decimals)),
            (sized(decimals), sized(decimals)),
            proptest::option::of((sized(decimals), 0u64..1_000_000)),
            proptest::option::of(sized(decimals)),
        )
            .prop_map(
                move |(collateral, ondelta, offdelta, holds, limits, ask, shown)| Row {
                    delta: crate::account::algebra::Delta {
                        collateral,
                        ondelta,
                        offdelta,
                        left_hold: holds.0,
                        right_hold: holds.1,
                        left_credit_limit: five(limits.0),
                        right_credit_limit: five(limits.1),
                        ..crate::account::algebra::Delta::empty(TokenId::constant(token))
                    },
                    ask,
                    shown,
                },
            )
    }

    fn accounts() -> impl Strategy<Value = Vec<Account>> {
        let account = || {
            let (one, two) = (rows(1, 6), rows(2, 18));
            let rows = (proptest::option::of(one), proptest::option::of(two));
            (any::<u16>(), rows, 0u8..20)
        };
        // Now and then hundreds of them.
        let sizes = prop_oneof![39 => 0..40usize, 1 => 200..500usize];
        let accounts = sizes.prop_flat_map(move |n| proptest::collection::vec(account(), n));
        accounts.prop_map(|entries| {
            let mut accounts: BTreeMap<EntityId, Account> = BTreeMap::new();
            for (number, (one, two), luck) in entries {
                let account_id = EntityId::new(&format!("0x{number:064x}")).unwrap();
                let mut account = Account::empty(account_id.clone());
                for row in [one, two].into_iter().flatten() {
                    let token_id = row.delta.token_id;
                    if let Some((amount, at)) = row.ask {
                        account.requests.push(crate::hub::state::Request {
                            token_id,
                            amount,
                            fee: Some(read(&json!({"requested_at": at}))),
                        });
                    }
                    if let Some(shown) = row.shown {
                        account.peer_reserves.insert(token_id, shown);
                    }
                    account.deltas.push(row.delta);
                }
                account.pending_frame = luck == 0;
                if luck == 1 {
                    account.status = AccountStatus::Disputed;
                }
                accounts.insert(account_id, account);
            }
            accounts.into_values().collect()
        })
    }

    pub(crate) fn hubs() -> impl Strategy<Value = HubState> {
        (accounts(), sized(6), sized(18), sized(6)).prop_map(|(accounts, one, two, debt)| {
            let hub_id = EntityId::new(&format!("0x{:064x}", 0x8000)).unwrap();
            let mut hub = HubState::empty(hub_id.clone(), Millis::constant(1_000_000));
            hub.accounts = accounts
                .into_iter()
                .filter(|a| a.account_id != hub_id)
                .collect::<Vec<_>>()
                .into();
            hub.reserves.insert(TokenId::constant(1), one);
            hub.reserves.insert(TokenId::constant(2), two);
            if debt.get() % ruint::aliases::U256::from(2u8) == ruint::aliases::U256::from(1u8) {
                hub.open_debts.insert(TokenId::constant(1), debt);
            }
            hub
        })
    }

    pub(crate) fn configs() -> impl Strategy<Value = Config> {
        use crate::config::hub::Strategy as Order;
        let funding = prop_oneof![
            Just(Funding::MatchFirst),
            Just(Funding::ReserveFirst),
            Just(Funding::Sweep)
        ];
        let order = prop_oneof![Just(Order::Amount), Just(Order::Time), Just(Order::Fee)];
        let ages = proptest::option::weighted(0.8, Just(Millis::constant(120_000)));
        let switches = (any::<bool>(), any::<bool>(), 0u8..3);
        (funding, order, switches, ages).prop_map(
            |(funding, strategy, (proactive, pull, limited), proposal_stale_ms)| {
                let mut config = Config::default();
                config.hub = HubConfig {
                    funding,
                    strategy,
                    proactive,
                    pull_unsecured: pull,
                    proposal_stale_ms,
                    ..config.hub
                };
                // Token 2 with the hub's limits, with its own, and without any.
                match limited {
                    0 => config.hub.limited_tokens = None,
                    1 => config.hub = of_two_tokens(config.hub),
                    _ => {}
                }
                config
            },
        )
    }

    /// The same hub with limits for token 2.
    pub(crate) fn of_two_tokens(mut config: HubConfig) -> HubConfig {
        use crate::config::amount::HubAmount;
        let own = crate::config::hub::OwnLimits {
            floor: Some(HubAmount::tokens(100)),
            min_reserve: Some(HubAmount::tokens(200)),
            target_reserve: Some(HubAmount::tokens(400)),
            min_deposit: Some(HubAmount::tenths(1)),
            ..Default::default()
        };
        config.token_limits.insert(TokenId::constant(2), own);
        config
    }

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn every_plan_of_ours_keeps_the_laws_until_nothing_is_left_to_do(state in hubs(), config in configs()) {
            let mut state = state;
            let mut world = World::of(&state);
            for _ in 0..4 {
                let plan = plan(&config, &state, &mut Why::off()).unwrap();
                world.check(&config, &state, &plan);
                let policy = crate::policy::Policy::plan();
                let mut book = crate::hub::book::HubBook::new(policy, state.clone()).unwrap();
                book.apply(&plan).unwrap();
                state = book.snapshot().unwrap();
                world.settle(&mut state);
                state.now = state.now.plus(Millis::constant(35_000)).unwrap();
            }
        }

        #[test]
        fn permuting_the_input_changes_nothing(state in hubs(), config in configs()) {
            let decided = plan(&config, &state, &mut Why::off()).unwrap();
            let mut turned = state.clone();
            let mut accounts: Vec<Account> = turned.accounts.readable().to_vec();
            accounts.reverse();
            for account in &mut accounts {
                account.deltas.reverse();
                account.requests.reverse();
            }
            turned.accounts = accounts.into();
            prop_assert_eq!(plan(&config, &turned, &mut Why::off()).unwrap(), decided);
        }

        #[test]
        fn extreme_amounts_never_break_a_tick(amounts in proptest::collection::vec((amounts(), amounts(), amounts(), any::<bool>()), 0..20), reserve in amounts(), debt in amounts()) {
            let mut state = HubState::empty(EntityId::new("0x8000").unwrap(), Millis::constant(1));
            state.reserves.insert(TokenId::constant(1), reserve);
            state.open_debts.insert(TokenId::constant(1), debt);
            let account = |(number, (collateral, balance, ask, negative)): (usize, (TokenAmount, TokenAmount, TokenAmount, bool))| {
                let mut account = Account::empty(EntityId::new(&format!("0x{:x}", 0x7ff0 + number)).unwrap());
                let top = crate::hub::guard::largest_transfer();
                let wide = balance.min(top).wide();
                let wide = if negative { wide.negated() } else { wide };
                account.deltas.push(crate::account::algebra::Delta {
                    collateral,
                    offdelta: crate::units::SignedTokenAmount::new(wide).unwrap(),
                    ..crate::account::algebra::Delta::empty(TokenId::constant(1))
                });
                if number % 2 == 0 {
                    account.requests.push(crate::hub::state::Request {
                        token_id: TokenId::constant(1),
                        amount: ask,
                        fee: Some(read(&json!({}))),
                    });
                }
                account
            };
            let all: Vec<Account> = amounts.into_iter().enumerate().map(account).collect();
            state.accounts = all.into_iter().filter(|a| a.account_id != state.hub_id).collect::<Vec<_>>().into();
            for profile in [Profile::Plan, Profile::Xln] {
                let config = Config::of(profile);
                let decided = plan(&config, &state, &mut Why::new()).unwrap();
                World::of(&HubState::empty(state.hub_id.clone(), state.now)).check(&config, &state, &decided);
            }
        }
    }

    #[test]
    fn every_mutation_of_a_plan_is_refused() {
        let tokens = |whole: i64| (i128::from(whole) * 1_000_000).to_string();
        let asks = |byte: u8, claim: i64| {
            json!({
                "account_id": id(byte), "deltas": [{"token_id": 1, "offdelta": tokens(-claim)}],
                "requests": [{"token_id": 1, "amount": tokens(claim), "fee": {"requested_at": 999_000}}],
            })
        };
        let ready = json!({
            "account_id": id(0x55), "deltas": [{"token_id": 1, "ondelta": tokens(60), "collateral": tokens(60)}],
            "workspace": {"ops": [{"type": "c2r", "token_id": 1, "amount": tokens(50)}], "last_modified_by_left": true,
                "executor_is_left": true, "status": "ready_to_submit", "left_signed": true, "right_signed": true},
        });
        let base = json!({
            "hub_id": id(0x11), "now": 1_000_000, "reserves": {"1": tokens(1_450)},
            "accounts": [
                asks(0x22, 300), asks(0x33, 200), ready, asks(0x66, 700),
                {"account_id": id(0x44), "deltas": [{"token_id": 1, "ondelta": tokens(400), "collateral": tokens(400)}]},
                {"account_id": id(0x77), "deltas": [{"token_id": 777}]},
            ],
        });
        let mut config = Config::default();
        config.hub.sources = vec![crate::config::hub::Source::Treasury];
        let (good, _) = plan_of(&config, &base);
        let good = json_of(&good);
        let verdict = |state: &Json, plan: &Json| {
            let input: HubVerifyInput = {
                let text = serde_json::to_vec(&json!({"state": state, "plan": plan})).unwrap();
                value::decode(&Value::from_json(&text).unwrap()).unwrap()
            };
            let mut why = Why::new();
            verify(&config, &input, &mut why).unwrap();
            why.into_reasons()
        };
        let codes = |reasons: &[Reason]| reasons.iter().map(|r| r.code).collect::<Vec<_>>();
        assert_eq!(codes(&verdict(&base, &good)), [Code::PlanValid]);
        let actions = good["actions"].as_array().unwrap().clone();
        let kinds: Vec<_> = actions
            .iter()
            .map(|action| action["type"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            kinds,
            [
                "settle_propose",
                "settle_execute",
                "deposit",
                "deposit",
                "broadcast"
            ]
        );
        let told = |actions: &[Json]| verdict(&base, &json!({ "actions": actions }));
        let with = |actions: &[Json], subject: &str, amount: i128| {
            let mut actions = actions.to_vec();
            let own = actions.iter_mut().filter(|a| a["account_id"] == subject);
            for action in own {
                let place = if action.get("ops").is_some() {
                    "/ops/0/amount"
                } else {
                    "/amount"
                };
                *action.pointer_mut(place).unwrap() = json!(amount.to_string());
            }
            actions
        };
        let refused = |change: &dyn Fn(&mut Vec<Json>), code: Code| {
            let mut changed = actions.clone();
            change(&mut changed);
            let reasons = told(&changed);
            assert!(
                codes(&reasons).contains(&code),
                "{code:?} not in {reasons:?}"
            );
            // With the amount that the flip names the refusal is gone, with one more it is there.
            for reason in reasons.iter().filter(|reason| reason.code == code) {
                let Some(flip) = &reason.flip else { continue };
                let to: i128 = flip.to.to_string().parse().unwrap();
                let subject = reason.subject.as_deref().unwrap();
                let gone = told(&with(&changed, subject, to));
                assert!(!codes(&gone).contains(&code), "{code:?} stays at {to}");
                let back = told(&with(&changed, subject, to + 1));
                assert!(codes(&back).contains(&code), "{code:?} is gone before {to}");
            }
            let flips = code.entry().flips.is_some();
            assert_eq!(
                flips,
                reasons.iter().any(|r| r.code == code && r.flip.is_some())
            );
        };
        refused(
            &|a| a[2]["amount"] = json!(tokens(701)),
            Code::PlanAboveClaim,
        );
        refused(
            &|a| a[3]["amount"] = json!(tokens(301)),
            Code::PlanAboveClaim,
        );
        refused(
            &|a| a[0]["ops"][0]["amount"] = json!(tokens(401)),
            Code::PlanAboveShare,
        );
        refused(
            &|a| a[2]["amount"] = json!(tokens(10_001)),
            Code::PlanAboveCap,
        );
        let over = json!({"type": "deposit", "account_id": id(0x33), "token_id": 1, "amount": tokens(200)});
        refused(&|a| a.insert(4, over.clone()), Code::PlanAboveUsable);
        refused(&|a| a.insert(4, over.clone()), Code::PlanCrossesFloor);
        refused(
            &|a| a[2]["account_id"] = json!(id(0x99)),
            Code::PlanUnknownAccount,
        );
        refused(&|a| a.insert(3, a[2].clone()), Code::PlanDuplicate);
        refused(
            &|a| a[2]["account_id"] = json!(id(0x77)),
            Code::PlanQuarantinedAccount,
        );
        refused(&|a| a.swap(2, 3), Code::PlanWrongOrder);
        refused(&|a| a.swap(1, 2), Code::PlanWrongOrder);
        refused(
            &|a| {
                a.pop();
            },
            Code::PlanBroadcastMissing,
        );
        refused(
            &|a| a.push(json!({"type": "broadcast"})),
            Code::PlanBroadcastMisplaced,
        );
        refused(&|a| a.swap(3, 4), Code::PlanBroadcastMisplaced);
        let ask = json!({"type": "replenish", "amount": "1", "id": "x", "source": "faucet", "token_id": 1});
        refused(&|a| a.insert(4, ask.clone()), Code::PlanNotEligible);
        let mut shrunk = base.clone();
        shrunk["accounts"][2]["deltas"][0]["ondelta"] = json!(tokens(40));
        assert!(codes(&verdict(&shrunk, &good)).contains(&Code::PlanShareShrunk));
        let mut sent = base.clone();
        sent["sent"] = json!({"sent_at": 999_000});
        assert!(codes(&verdict(&sent, &good)).contains(&Code::PlanBlocked));
        // What a reject, a debt payment, a token without limits and a draft may not be.
        let refuses = |state: &Json, action: &Json, code: Code| {
            let reasons = verdict(state, &json!({ "actions": [action] }));
            assert!(
                codes(&reasons).contains(&code),
                "{code:?} not in {reasons:?}"
            );
        };
        let open = |sealed: bool, pending: bool, age: u64| {
            json!({"hub_id": id(0x11), "now": 1_000_000, "accounts": [{
                "account_id": id(0x55), "deltas": [{"token_id": 1, "ondelta": tokens(60), "collateral": tokens(60)}],
                "pending_settlement": pending,
                "workspace": {"ops": [{"type": "c2r", "token_id": 1, "amount": tokens(50)}], "last_modified_by_left": true,
                    "executor_is_left": true, "status": "awaiting_counterparty", "sealed": sealed, "updated_at": 1_000_000 - age}}]})
        };
        let reject = json!({"type": "settle_reject", "account_id": id(0x55)});
        let accepted = verdict(&open(false, false, 120_001), &json!({"actions": [reject]}));
        assert_eq!(codes(&accepted), [Code::PlanValid]);
        for state in [
            open(true, false, 120_001),
            open(false, true, 120_001),
            open(false, false, 120_000),
        ] {
            refuses(&state, &reject, Code::PlanNotEligible);
        }
        let owes = |share: i64| {
            json!({"hub_id": id(0x11), "now": 1_000_000, "accounts": [{"account_id": id(0x55),
                "peer_reserves": {"1": tokens(1_000)}, "deltas": [{"token_id": 1, "collateral": tokens(share),
                    "ondelta": tokens(share + 100), "right_credit_limit": tokens(300)}]}]})
        };
        let propose = |ops: Json| json!({"type": "settle_propose", "account_id": id(0x55), "executor_is_left": true, "memo": "", "ops": ops});
        let pays = json!({"type": "raw_diff", "token_id": 1, "left_diff": tokens(80), "right_diff": tokens(-80), "ondelta_diff": tokens(-80)});
        let takes = json!({"type": "c2r", "token_id": 1, "amount": tokens(5)});
        let alone = verdict(&owes(5), &json!({"actions": [propose(json!([pays]))]}));
        assert_eq!(codes(&alone), [Code::PlanValid]);
        refuses(
            &owes(5),
            &propose(json!([takes, pays])),
            Code::PlanNotEligible,
        );
        refuses(&owes(80), &propose(json!([pays])), Code::PlanNotEligible);
        let mut dear = base.clone();
        dear["accounts"] = json!([{"account_id": id(0x22), "deltas": [{"token_id": 2, "offdelta": tokens(-300)}],
            "requests": [{"token_id": 2, "amount": tokens(300), "fee": {"requested_at": 999_000}}]}]);
        dear["reserves"] = json!({"2": tokens(1_000_000)});
        let deposit = json!({"type": "deposit", "account_id": id(0x22), "token_id": 2, "amount": tokens(300)});
        refuses(&dear, &deposit, Code::PlanNotEligible);
        let broadcast = json!({"type": "broadcast"});
        let mut over = base.clone();
        over["draft"] = json!({"r2r": [{"token_id": 1, "amount": tokens(1_451)}]});
        refuses(&over, &broadcast, Code::PlanDraftOvercommitted);
        over["draft"] = json!({"r2r": [{"token_id": 1, "amount": tokens(1_450)}]});
        let paid = verdict(&over, &json!({"actions": [broadcast]}));
        assert_eq!(codes(&paid), [Code::PlanValid]);
    }

    #[test]
    fn a_reserve_that_would_cross_its_floor_is_told_with_what_would_be_left_first() {
        let state = json!({"hub_id": id(0x11), "now": 1, "reserves": {"1": "900000000"}, "accounts": [{
            "account_id": id(0x22), "deltas": [{"token_id": 1, "offdelta": "-700000000"}],
            "requests": [{"token_id": 1, "amount": "700000000", "fee": {"requested_at": 1}}]}]});
        let plan = json!({"actions": [
            {"type": "deposit", "account_id": id(0x22), "token_id": 1, "amount": "500000000"}, {"type": "broadcast"}]});
        let text = serde_json::to_vec(&json!({"state": state, "plan": plan})).unwrap();
        let input: HubVerifyInput = value::decode(&Value::from_json(&text).unwrap()).unwrap();
        let mut why = Why::new();
        verify(&Config::default(), &input, &mut why).unwrap();
        let reasons = why.into_reasons();
        let reason = reasons
            .iter()
            .find(|r| r.code == Code::PlanCrossesFloor)
            .unwrap();
        let told =
            |quantity: &Option<crate::reason::Quantity>| quantity.as_ref().unwrap().to_string();
        assert_eq!(told(&reason.observed), "400000000", "what would be left");
        assert_eq!(told(&reason.limit), "500000000", "the floor");
        assert_eq!(reason.flip.as_ref().unwrap().to.to_string(), "400000000");
    }

    #[test]
    fn a_long_line_is_served_in_order_to_its_end() {
        let asks = |n: u64| {
            let want = (1_000_000 + n).to_string();
            json!({
                "account_id": format!("0x{:064x}", 0x8001 + n), "deltas": [{"token_id": 1, "offdelta": format!("-{want}")}],
                "requests": [{"token_id": 1, "amount": want, "fee": {"requested_at": 999_000}}],
            })
        };
        let state = |reserve: u64, asking: u64| {
            let accounts: Vec<Json> = (0..asking).map(asks).collect();
            state_of(&json!({
                "hub_id": format!("0x{:064x}", 0x8000), "now": 1_000_000,
                "reserves": {"1": reserve.to_string()}, "accounts": accounts,
            }))
        };
        let mut config = Config::default();
        config.hub = HubConfig {
            floor: crate::config::amount::HubAmount::tokens(0),
            max_deposits: Count::constant(2_000),
            batch_pairs: Count::constant(2_000),
            batch_pairs_per_entry: Count::constant(2_000),
            ..config.hub
        };
        // Enough for 1,200 of 1,500: the largest ones, one after the other.
        let decided = plan(&config, &state(1_200 * 1_001_499, 1_500), &mut Why::off()).unwrap();
        let served: Vec<u64> = decided
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::Deposit { account_id, .. } => {
                    let digits = account_id.as_str().trim_start_matches("0x");
                    Some(u64::from_str_radix(digits, 16).unwrap() - 0x8001)
                }
                _ => None,
            })
            .collect();
        assert_eq!(served, (300..1_500).rev().collect::<Vec<_>>());
        // Nothing is left for the others, in whatever order they come.
        let counted: u32 = decided.turned.iter().map(|turned| turned.count.get()).sum();
        assert_eq!(counted + 256, 300);
        let mut turned = state(5_000_000, 3_000);
        let decided = plan(&config, &turned, &mut Why::off()).unwrap();
        let mut accounts: Vec<Account> = turned.accounts.readable().to_vec();
        accounts.reverse();
        turned.accounts = accounts.into();
        assert_eq!(plan(&config, &turned, &mut Why::off()).unwrap(), decided);
    }

    #[test]
    fn a_sent_batch_blocks_deposits_and_a_stale_one_is_taken_back() {
        let mut state =
            HubState::empty(EntityId::new("0x11").unwrap(), Millis::constant(1_000_000));
        let sent = |at| {
            Some(SentBatch {
                sent_at: Millis::constant(at),
                batch: Batch::default(),
            })
        };
        state.sent = sent(1_000_000 - 120_001);
        let config = Config::default();
        let decided = plan(&config, &state, &mut Why::off()).unwrap();
        assert_eq!(decided.actions, [Action::AbortSentBatch { requeue: true }]);
        state.sent = sent(1_000_000 - 120_000);
        assert_eq!(plan(&config, &state, &mut Why::off()).unwrap().actions, []);
        assert_eq!(OpKind::C2r, OpKind::C2r);
    }
}
