//! The runtime's own decisions, the plan's stories, bad states, and the laws over random hubs.

use super::*;
use crate::config::Profile;
use crate::value::{self, Value};
use serde_json::{Value as Json, json};

fn id(byte: u8) -> String {
    format!("0x{}", format!("{byte:02x}").repeat(32))
}

fn state_of(state: &Json) -> HubState {
    let text = serde_json::to_vec(state).unwrap();
    value::decode(&Value::from_json(&text).unwrap()).unwrap()
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
            config.hub.strategy = serde_json::from_value(json!(strategy)).unwrap();
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
        assert_eq!(plan.actions, []);
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
    fn difference_a_settlement_that_takes_more_than_our_share_is_withdrawn() {
        let case = named("r2c_and_c2r_and_exec_same_tick_order");
        let (plan, _) = plan_of(&config(&case), &state(&case));
        let kinds: Vec<_> = plan.actions.iter().map(Action::stage).collect();
        // The runtime executed it: reject, propose, deposit, broadcast.
        assert_eq!(kinds, [1, 2, 4, 6]);
        assert_eq!(
            plan.actions[0],
            Action::SettleReject {
                account_id: crate::units::EntityId::new(&id(0x44)).unwrap()
            }
        );
        // With the share to cover it, the runtime's order holds.
        let mut covered = case.clone();
        covered["accounts"][2]["deltas"][0] =
            json!({"tokenId": 1, "ondelta": "5", "collateral": "5"});
        let (plan, _) = plan_of(&config(&covered), &state(&covered));
        let kinds: Vec<_> = plan.actions.iter().map(Action::stage).collect();
        assert_eq!(kinds, [2, 3, 4, 6]);
    }
}
