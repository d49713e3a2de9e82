//! A model of what the runtime throws at, written again from what is known of it, without the
//! policy's code. A thrown transaction drops the whole frame, and the next wake plans it again: a
//! plan must never hold one.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::account::algebra::{Delta, Side};
use crate::config::Profile;
use crate::hub::plan::open_laws::odd_states;
use crate::hub::state::{Batch, OpKind, SettlementOp, WorkspaceStatus};
use crate::proofs;
use proptest::prelude::*;
use ruint::aliases::U256;

/// The limits of the contract.
const OPERATIONS: usize = 50;
const PAIRS_PER_ENTRY: usize = 64;
const PAIRS: usize = 256;
const SETTLEMENTS: usize = 32;

fn largest() -> U256 {
    U256::MAX >> 1
}

/// What a side can promise away, from the runtime's formula.
fn out_capacity(delta: &Delta, left: bool) -> Wide {
    let total = delta.ondelta.wide().plus(delta.offdelta.wide()).unwrap();
    let collateral = delta.collateral.wide();
    let (own_limit, allowance, hold) = match left {
        true => (
            delta.left_credit_limit,
            delta.left_allowance,
            delta.left_hold,
        ),
        false => (
            delta.right_credit_limit,
            delta.right_allowance,
            delta.right_hold,
        ),
    };
    // Seen from the right everything lies mirrored around the collateral.
    let seen = match left {
        true => total,
        false => collateral.minus(total).unwrap(),
    };
    let owed = seen.minus(collateral).unwrap().max(Wide::ZERO);
    let share = seen.min(collateral).max(Wide::ZERO);
    let owes = seen.negated().max(Wide::ZERO);
    let credit = own_limit.wide().minus(owes).unwrap().max(Wide::ZERO);
    let all = owed.plus(share).unwrap().plus(credit).unwrap();
    let free = all.minus(allowance.wide()).unwrap();
    free.minus(hold.wide()).unwrap().max(Wide::ZERO)
}

struct Model<'a> {
    hub: &'a HubState,
    accounts: BTreeMap<&'a EntityId, &'a Account>,
    /// Accounts with a step of a settlement in this frame.
    stepped: BTreeSet<&'a EntityId>,
    draft: Batch,
}

impl<'a> Model<'a> {
    /// What the runtime throws first, if anything.
    fn thrown(hub: &'a HubState, actions: &'a [Action]) -> Option<&'static str> {
        let readable = hub.accounts.readable().iter();
        let mut model = Model {
            hub,
            accounts: readable.map(|a| (&a.account_id, a)).collect(),
            stepped: BTreeSet::new(),
            draft: hub.draft.clone(),
        };
        let mut broadcasts = 0;
        for (place, action) in actions.iter().enumerate() {
            let thrown = match action {
                Action::AbortSentBatch { .. } => hub.sent.is_none().then_some("nothing was sent"),
                Action::SettleReject { account_id } => model.reject(account_id),
                Action::SettlePropose {
                    account_id, ops, ..
                } => model.propose(account_id, ops),
                Action::SettleExecute { account_id } => model.execute(account_id),
                Action::Deposit {
                    account_id,
                    amount,
                    token_id,
                } => model.deposit(account_id, *token_id, *amount),
                Action::Broadcast {} => {
                    broadcasts += 1;
                    if hub.sent.is_some() {
                        Some("a batch is sent already")
                    } else if broadcasts > 1 || hub.broadcast_in_input {
                        Some("a second broadcast")
                    } else if place + 1 < actions.len() {
                        Some("the broadcast is not last")
                    } else {
                        None
                    }
                }
                Action::Replenish { .. } | Action::Alert { .. } => None,
            };
            if thrown.is_some() {
                return thrown;
            }
        }
        None
    }

    /// Any step of a settlement while one is queued or a frame waits.
    fn step(&mut self, id: &'a EntityId) -> Result<&'a Account, &'static str> {
        let account = self.accounts.get(id).copied().ok_or("no such account")?;
        let pending = account.pending_frame || account.pending_settlement;
        if pending || !self.stepped.insert(id) {
            return Err("a transition is pending already");
        }
        Ok(account)
    }

    fn reject(&mut self, id: &'a EntityId) -> Option<&'static str> {
        let account = match self.step(id) {
            Ok(account) => account,
            Err(thrown) => return Some(thrown),
        };
        let Some(workspace) = &account.workspace else {
            return Some("no settlement to reject");
        };
        let signed = workspace.left_signed || workspace.right_signed || workspace.sealed;
        let agreed = matches!(
            workspace.status,
            WorkspaceStatus::ReadyToSubmit | WorkspaceStatus::Submitted
        );
        (signed || agreed).then_some("a signed settlement cannot be rejected")
    }

    fn propose(&mut self, id: &'a EntityId, ops: &[SettlementOp]) -> Option<&'static str> {
        let account = match self.step(id) {
            Ok(account) => account,
            Err(thrown) => return Some(thrown),
        };
        if account.workspace.is_some() {
            return Some("a settlement is open already");
        }
        if ops.is_empty() {
            return Some("a settlement of nothing");
        }
        let left = self.hub.hub_id < *id;
        for op in ops {
            let Some(delta) = account.delta(op.token_id) else {
                return Some("no such token");
            };
            let (amount, holder) = match op.kind {
                OpKind::C2r => (op.amount.get(), left),
                OpKind::RawDiff => {
                    let own = if left { op.left_diff } else { op.right_diff };
                    (own.wide().positive_part().unwrap().get(), !left)
                }
                _ => return Some("not what a hub proposes"),
            };
            let sum = op.left_diff.wide().plus(op.right_diff.wide()).unwrap();
            let sum = sum.plus(op.collateral_diff.wide()).unwrap();
            if sum != Wide::ZERO {
                return Some("the differences do not add up");
            }
            if amount.is_zero() || amount > largest() {
                return Some("an amount out of its range");
            }
            if TokenAmount::from_u256(amount).wide() > out_capacity(delta, holder) {
                return Some("more than can be put on hold");
            }
            let moved = match (op.kind, left) {
                (OpKind::C2r, true) => TokenAmount::from_u256(amount).wide().negated(),
                (OpKind::C2r, false) => Wide::ZERO,
                _ => op.ondelta_diff.wide(),
            };
            let after = delta.ondelta.wide().plus(moved).unwrap();
            if crate::units::SignedTokenAmount::new(after).is_err() {
                return Some("ondelta out of its range");
            }
        }
        None
    }

    fn execute(&mut self, id: &'a EntityId) -> Option<&'static str> {
        let account = match self.step(id) {
            Ok(account) => account,
            Err(thrown) => return Some(thrown),
        };
        let left = self.hub.hub_id < *id;
        let Some(workspace) = &account.workspace else {
            return Some("no settlement to execute");
        };
        let counter_signed = match left {
            true => workspace.right_signed,
            false => workspace.left_signed,
        };
        if workspace.status != WorkspaceStatus::ReadyToSubmit || !counter_signed {
            return Some("not signed by both");
        }
        if workspace.executor_is_left != left {
            return Some("not ours to execute");
        }
        if self.hub.sent.is_some() {
            return Some("a batch is on its way");
        }
        let withdraws = self.draft.c2r.iter().any(|entry| entry.account_id == *id);
        let settles = self.draft.settlements.iter();
        if withdraws || settles.clone().any(|entry| entry.account_id == *id) {
            return Some("another settlement of the account is in the draft");
        }
        for op in &workspace.ops {
            match op.kind {
                OpKind::C2r => self.draft.c2r.push(crate::hub::state::WithdrawalEntry {
                    account_id: id.clone(),
                    token_id: op.token_id,
                    amount: op.amount,
                }),
                _ => self
                    .draft
                    .settlements
                    .push(crate::hub::state::SettlementEntry {
                        account_id: id.clone(),
                        token_id: op.token_id,
                        reserve_diff: if left { op.left_diff } else { op.right_diff },
                    }),
            }
        }
        self.over_limit()
    }

    fn deposit(
        &mut self,
        id: &'a EntityId,
        token_id: TokenId,
        amount: TokenAmount,
    ) -> Option<&'static str> {
        let Some(account) = self.accounts.get(id) else {
            return Some("no such account");
        };
        if self.hub.sent.is_some() {
            return Some("a batch is on its way");
        }
        if amount.is_zero() || amount.get() > largest() || account.delta(token_id).is_none() {
            return Some("an amount out of its range");
        }
        let fee = account.requests.iter().filter(|r| r.token_id == token_id);
        if fee.clone().any(|request| request.fee.is_none()) {
            return Some("a request without its fee state");
        }
        let own = |entry: &&mut crate::hub::state::DepositEntry| {
            let side = entry.receiving_entity.as_ref();
            entry.token_id == token_id && side.is_none_or(|side| *side == self.hub.hub_id)
        };
        let pair = crate::hub::state::DepositPair {
            account_id: id.clone(),
            amount,
        };
        match self.draft.r2c.iter_mut().find(own) {
            Some(entry) => entry.pairs.push(pair),
            None => self.draft.r2c.push(crate::hub::state::DepositEntry {
                token_id,
                receiving_entity: None,
                pairs: vec![pair],
            }),
        }
        self.over_limit()
    }

    fn over_limit(&self) -> Option<&'static str> {
        let draft = &self.draft;
        let operations = draft.r2c.len()
            + draft.c2r.len()
            + draft.r2r.len()
            + draft.r2e.len()
            + draft.e2r.len()
            + draft.settlements.len()
            + draft.other_operations.get() as usize;
        let pairs = draft.r2c.iter().map(|entry| entry.pairs.len());
        let over = operations > OPERATIONS
            || pairs.clone().any(|pairs| pairs > PAIRS_PER_ENTRY)
            || pairs.sum::<usize>() > PAIRS
            || draft.settlements.len() > SETTLEMENTS;
        over.then_some("more than the contract takes")
    }
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn no_plan_holds_what_the_runtime_throws_at((config, state) in odd_states(), profile in 0u8..3) {
        let config = match profile {
            0 => config,
            1 => Config::of(Profile::Plan),
            _ => Config::of(Profile::Xln),
        };
        let plan = plan(&config, &state, &mut Why::off()).unwrap();
        let thrown = Model::thrown(&state, &plan.actions);
        prop_assert!(thrown.is_none(), "{:?}: {:?}", thrown, plan.actions);
        let input = crate::hub::verify::HubVerifyInput { state, plan };
        let mut why = Why::new();
        let verified = crate::hub::verify::verify(&config, &input, &mut why).unwrap();
        prop_assert!(verified.valid, "{:?} {:?}", why.reasons(), input.plan.actions);
    }
}

#[test]
fn the_model_throws_at_what_the_runtime_throws_at() {
    let hub = |account: &str, more: &str| -> HubState {
        let text = format!(
            r#"{{"hub_id":"0x11","now":1000000,"accounts":[{{"account_id":"0x22",{account}}}]{more}}}"#
        );
        crate::value::decode(&crate::value::Value::from_json(text.as_bytes()).unwrap()).unwrap()
    };
    let peer = || EntityId::new("0x22").unwrap();
    let asked = |more: &str| {
        format!(
            r#""deltas":[{{"token_id":1,"collateral":"90","ondelta":"90"}}],
            "workspace":{{"ops":[{{"type":"c2r","token_id":1,"amount":"9"}}],"last_modified_by_left":true,
            "executor_is_left":true,"status":"awaiting_counterparty"{more}}}"#
        )
    };
    let reject = [Action::SettleReject { account_id: peer() }];
    assert_eq!(Model::thrown(&hub(&asked(""), ""), &reject), None);
    for sealed in [
        r#","sealed":true"#,
        r#","left_signed":true"#,
        r#","right_signed":true"#,
    ] {
        let state = hub(&asked(sealed), "");
        assert_eq!(
            Model::thrown(&state, &reject),
            Some("a signed settlement cannot be rejected")
        );
    }
    let waiting = hub(&format!(r#"{},"pending_settlement":true"#, asked("")), "");
    assert_eq!(
        Model::thrown(&waiting, &reject),
        Some("a transition is pending already")
    );
    let take = |amount: u128| {
        [Action::SettlePropose {
            account_id: peer(),
            executor_is_left: true,
            memo: String::new(),
            ops: vec![SettlementOp::withdrawal(
                TokenId::constant(1),
                TokenAmount::new(amount),
            )],
        }]
    };
    let held = r#""deltas":[{"token_id":1,"collateral":"90","ondelta":"90","left_hold":"30"}]"#;
    assert_eq!(Model::thrown(&hub(held, ""), &take(60)), None);
    assert_eq!(
        Model::thrown(&hub(held, ""), &take(61)),
        Some("more than can be put on hold")
    );
    let owes = r#""deltas":[{"token_id":1,"offdelta":"50","right_credit_limit":"80"}]"#;
    let pay = |amount: u128| {
        let op =
            SettlementOp::debt_payment(Side::Left, TokenId::constant(1), TokenAmount::new(amount));
        [Action::SettlePropose {
            account_id: peer(),
            executor_is_left: true,
            memo: String::new(),
            ops: vec![op.unwrap()],
        }]
    };
    assert_eq!(Model::thrown(&hub(owes, ""), &pay(30)), None);
    assert_eq!(
        Model::thrown(&hub(owes, ""), &pay(31)),
        Some("more than can be put on hold")
    );
    let sent = hub(held, r#","sent":{"sent_at":1}"#);
    assert_eq!(
        Model::thrown(&sent, &[Action::Broadcast {}]),
        Some("a batch is sent already")
    );
}
