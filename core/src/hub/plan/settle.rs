//! Settlements of ours that both sides signed: executed, if what they take is still ours, else
//! withdrawn. And what is on its way in settlements that are not signed yet.

use crate::account::algebra::Side;
use crate::error::Error;
use crate::hub::config::HubConfig;
use crate::hub::state::{Account, OpKind, Workspace, WorkspaceStatus};
use crate::table::Table;
use crate::units::{TokenAmount, TokenId, Wide};

/// What a plan does with a settlement under way.
#[derive(Clone, Debug, PartialEq)]
pub enum Ripe {
    /// Not ours, not signed, or not of our kind: nothing.
    No,
    /// It can be executed.
    Execute,
    /// It takes `asked` of `token_id` where only `left` is ours.
    Shrunk {
        /// The token.
        token_id: TokenId,
        /// What it takes.
        asked: TokenAmount,
        /// What may be taken.
        left: TokenAmount,
    },
}

/// What `workspace` brings into the reserve of `side`, part by part.
pub fn gains(workspace: &Workspace, side: Side) -> impl Iterator<Item = (TokenId, Wide)> + Clone {
    workspace.ops.iter().filter_map(move |op| {
        let amount = match op.kind {
            OpKind::C2r => op.amount,
            _ => op.paid_to(side).unwrap_or_default(),
        };
        (!amount.is_zero()).then(|| (op.token_id, amount.wide()))
    })
}

/// The sum of each token.
pub fn summed(parts: Vec<(TokenId, Wide)>) -> Result<Table<TokenId, Wide>, Error> {
    let mut sums = Table::slots(parts.iter().map(|(token_id, _)| *token_id));
    for (token_id, part) in parts {
        let sum: &mut Wide = sums.slot(token_id);
        *sum = sum.plus(part)?;
    }
    Ok(sums)
}

/// Whether the settlement of `account` can be executed now.
pub fn ripe(config: &HubConfig, account: &Account, side: Side) -> Result<Ripe, Error> {
    let Some(workspace) = &account.workspace else {
        return Ok(Ripe::No);
    };
    let of_our_kind = |op: &crate::hub::state::SettlementOp| match op.kind {
        OpKind::C2r => !op.amount.is_zero(),
        _ => config.pull_unsecured && op.paid_to(side).is_some(),
    };
    let stands = account.is_active() && !account.pending_frame && !account.pending_settlement;
    let ready = stands
        && workspace.is_of(side)
        && workspace.status == WorkspaceStatus::ReadyToSubmit
        && workspace.peer_signed(side)
        && !workspace.ops.is_empty()
        && workspace.ops.iter().all(of_our_kind);
    if !ready {
        return Ok(Ripe::No);
    }
    Ok(shrunk(account, workspace, side)?.unwrap_or(Ripe::Execute))
}

/// The first token of which the settlement takes more than is ours now.
pub fn shrunk(account: &Account, workspace: &Workspace, side: Side) -> Result<Option<Ripe>, Error> {
    let mut shares: Table<TokenId, (Wide, Wide)> =
        Table::slots(workspace.ops.iter().map(|op| op.token_id));
    for op in &workspace.ops {
        let (share, debt) = shares.slot(op.token_id);
        match op.kind {
            OpKind::C2r => *share = share.plus(op.amount.wide())?,
            _ => *debt = debt.plus(op.paid_to(side).unwrap_or_default().wide())?,
        }
    }
    for (token_id, (share, debt)) in shares {
        let position = match account.delta(token_id) {
            Some(delta) => Some(delta.seen_from(side)?),
            None => None,
        };
        let owns = position.map_or(TokenAmount::ZERO, |position| position.own_share);
        let owed = position.map_or(TokenAmount::ZERO, |position| position.peer_debt);
        // A reserve that is not shown is not known to be too small.
        let payable = account.peer_reserves.get(&token_id).copied();
        let owed = owed.min(payable.unwrap_or(TokenAmount::MAX));
        for (asked, left) in [(share, owns), (debt, owed)] {
            if asked > left.wide() {
                let asked = asked.positive_part().unwrap_or(TokenAmount::MAX);
                return Ok(Some(Ripe::Shrunk {
                    token_id,
                    asked,
                    left,
                }));
            }
        }
    }
    Ok(None)
}
