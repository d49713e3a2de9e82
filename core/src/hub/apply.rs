//! What a plan changes in a hub's own state: the draft, the marks, the workspaces, the memory.
//! What the chain and the peers then do is theirs; it comes back with the next state.

use crate::account::algebra::Side;
use crate::error::Error;
use crate::hub::plan::Plan;
use crate::hub::plan::action::Action;
use crate::hub::state::{
    Account, Batch, DepositEntry, DepositPair, HubState, OpKind, SentBatch, SettlementEntry,
    WithdrawalEntry, Workspace, WorkspaceStatus,
};
use crate::units::{EntityId, SignedTokenAmount, TokenAmount, TokenId};

/// An action at which the runtime stops; it then drops the whole frame.
fn forbidden(got: &str, expected: &str) -> Error {
    Error::out_of_range("plan.actions", got, expected)
}

/// A plan broadcasts once, at its end.
pub(crate) fn broadcasts_last(plan: &Plan) -> Result<(), Error> {
    let mut before = plan.actions.iter().rev().skip(1);
    match before.any(|action| *action == Action::Broadcast {}) {
        true => Err(forbidden("an action after a broadcast", "a broadcast last")),
        false => Ok(()),
    }
}

/// No step of a settlement is taken while another one is queued or under way.
fn free_to_settle(account: &Account) -> Result<(), Error> {
    match account.pending_settlement {
        true => Err(forbidden(
            "a step of a settlement that has another one pending",
            "one step at a time",
        )),
        false => Ok(()),
    }
}

/// Whether the runtime puts the settlement of `account` into the draft; it passes over one that is
/// not there, submitted, unsigned or behind a sent batch.
fn executes(hub: &HubState, account: &Account) -> Result<bool, Error> {
    let Some(workspace) = &account.workspace else {
        return Ok(false);
    };
    free_to_settle(account)?;
    if workspace.status == WorkspaceStatus::Submitted {
        return Ok(false);
    }
    let side = hub.side(&account.account_id);
    if workspace.executor_is_left != side.is_left() {
        return Err(forbidden(
            "settle_execute of a settlement that the peer executes",
            "one that the hub executes",
        ));
    }
    if !workspace.peer_signed(side) {
        return Ok(false);
    }
    if workspace.status != WorkspaceStatus::ReadyToSubmit {
        return Err(forbidden(
            "settle_execute of a settlement under way",
            "one that both sides signed",
        ));
    }
    if hub.sent.is_some() {
        return Ok(false);
    }
    let is_ours = |account_id: &EntityId| *account_id == account.account_id;
    let settles = |entry: &SettlementEntry| is_ours(&entry.account_id);
    let withdraws = |entry: &WithdrawalEntry| is_ours(&entry.account_id);
    if hub.draft.settlements.iter().any(settles) || hub.draft.c2r.iter().any(withdraws) {
        return Err(forbidden(
            "settle_execute of an account that the draft settles with already",
            "one settlement of an account in a batch",
        ));
    }
    Ok(true)
}

/// The change of one account that an action brings, seen before the hub's own part changes; nothing
/// where it brings none.
pub(crate) fn changed(
    hub: &HubState,
    account: &Account,
    action: &Action,
) -> Result<Option<Account>, Error> {
    let side = hub.side(&account.account_id);
    let mut account = account.clone();
    match action {
        Action::Deposit { token_id, .. } => {
            account.submitted.insert(*token_id, hub.now);
        }
        Action::SettlePropose { ops, .. } => {
            // The runtime passes over a second one.
            if account.workspace.is_some() {
                return Ok(None);
            }
            free_to_settle(&account)?;
            account.workspace = Some(Workspace {
                ops: ops.clone(),
                last_modified_by_left: side.is_left(),
                executor_is_left: side.is_left(),
                // The runtime signs when the settlement is agreed, not when it is proposed.
                status: WorkspaceStatus::AwaitingCounterparty,
                left_signed: false,
                right_signed: false,
                sealed: false,
                updated_at: Some(hub.now),
            });
        }
        Action::SettleReject { .. } => {
            if let Some(workspace) = account.workspace.take() {
                free_to_settle(&account)?;
                if workspace.is_sealed() {
                    return Err(forbidden(
                        "settle_reject of a settlement that is signed or sealed",
                        "one that nobody signed",
                    ));
                }
            }
        }
        Action::SettleExecute { .. } => {
            let executes = executes(hub, &account)?;
            if let Some(workspace) = account.workspace.as_mut().filter(|_| executes) {
                workspace.status = WorkspaceStatus::Submitted;
            }
        }
        _ => return Ok(None),
    }
    Ok(Some(account))
}

/// Whose account an action changes.
#[must_use]
pub fn account_of(action: &Action) -> Option<&EntityId> {
    match action {
        Action::Deposit { account_id, .. }
        | Action::SettlePropose { account_id, .. }
        | Action::SettleReject { account_id }
        | Action::SettleExecute { account_id } => Some(account_id),
        _ => None,
    }
}

/// The change of the hub's own part that an action brings; `account` is the one it is about.
pub(crate) fn apply_to_hub(
    hub: &mut HubState,
    account: Option<&Account>,
    action: &Action,
) -> Result<(), Error> {
    match action {
        Action::Deposit {
            account_id,
            amount,
            token_id,
        } => add_deposit(hub, account_id, *token_id, *amount)?,
        Action::SettleExecute { .. } => {
            let Some(account) = account else {
                return Ok(());
            };
            if !executes(hub, account)? {
                return Ok(());
            }
            let side = hub.side(&account.account_id);
            add_settlement(&mut hub.draft, account, side)?;
        }
        Action::AbortSentBatch { requeue } => {
            let sent = hub.sent.take().filter(|_| *requeue);
            if let Some(sent) = sent {
                hub.recovery.insert(0, sent.batch);
            }
        }
        Action::Broadcast {} => {
            if hub.sent.is_some() {
                return Err(forbidden(
                    "a broadcast while a batch is sent",
                    "no broadcast before that batch settles or is taken back",
                ));
            }
            if hub.recovery.is_empty() && hub.draft.is_empty() {
                return Ok(());
            }
            // A batch that was taken back goes first.
            let batch = match hub.recovery.is_empty() {
                false => hub.recovery.remove(0),
                true => std::mem::take(&mut hub.draft),
            };
            hub.sent = Some(SentBatch {
                sent_at: hub.submit_clock.unwrap_or(hub.now),
                batch,
            });
        }
        _ => {}
    }
    Ok(())
}

fn add_deposit(
    hub: &mut HubState,
    account_id: &EntityId,
    token_id: TokenId,
    amount: TokenAmount,
) -> Result<(), Error> {
    let own = hub.hub_id.clone();
    let is_own = |entry: &&mut DepositEntry| {
        let side = entry.receiving_entity.as_ref();
        entry.token_id == token_id && side.is_none_or(|side| *side == own)
    };
    let pair = DepositPair {
        account_id: account_id.clone(),
        amount,
    };
    match hub.draft.r2c.iter_mut().find(is_own) {
        Some(entry) => {
            let same = |pair: &&mut DepositPair| pair.account_id == *account_id;
            match entry.pairs.iter_mut().find(same) {
                Some(pair) => pair.amount = pair.amount.plus(amount)?,
                None => entry.pairs.push(pair),
            }
        }
        None => hub.draft.r2c.push(DepositEntry {
            token_id,
            receiving_entity: None,
            pairs: vec![pair],
        }),
    }
    Ok(())
}

fn add_settlement(draft: &mut Batch, account: &Account, side: Side) -> Result<(), Error> {
    for op in account
        .workspace
        .iter()
        .flat_map(|workspace| &workspace.ops)
    {
        let account_id = account.account_id.clone();
        match (op.kind, op.paid_to(side)) {
            (OpKind::C2r, _) => draft.c2r.push(WithdrawalEntry {
                account_id,
                token_id: op.token_id,
                amount: op.amount,
            }),
            (_, Some(paid)) => draft.settlements.push(SettlementEntry {
                account_id,
                token_id: op.token_id,
                reserve_diff: SignedTokenAmount::new(paid.wide())?,
            }),
            (_, None) => {}
        }
    }
    Ok(())
}

/// Applies what does not concern an account.
pub(crate) fn finish(hub: &mut HubState, plan: &Plan) {
    hub.memory = plan.memory.clone();
    hub.replenish_answers.clear();
}
