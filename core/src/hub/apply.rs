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

/// The change of one account that an action brings; nothing where it brings none.
pub(crate) fn changed(hub: &HubState, account: &Account, action: &Action) -> Option<Account> {
    let side = hub.side(&account.account_id);
    let mut account = account.clone();
    match action {
        Action::Deposit { token_id, .. } => {
            account.submitted.insert(*token_id, hub.now);
        }
        Action::SettlePropose { ops, .. } => {
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
        Action::SettleReject { .. } => account.workspace = None,
        Action::SettleExecute { .. } => {
            if let Some(workspace) = &mut account.workspace {
                workspace.status = WorkspaceStatus::Submitted;
            }
        }
        _ => return None,
    }
    Some(account)
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
