//! Where a settlement of ours stands: executed, if both sides signed it and what it takes is still
//! ours; counted as on its way, while it is young; withdrawn, if nobody answers and the runtime lets
//! it be withdrawn.
//!
//! The runtime refuses to reject a settlement with any signature, hash or proof on it, and any step
//! of a settlement while another one or a frame waits; it then drops the whole frame. So none of
//! that is ever planned, and a peer that never answers is left alone.

use crate::account::algebra::Side;
use crate::config::hub::HubConfig;
use crate::error::Error;
use crate::hub::guard::{self, Recoverable};
use crate::hub::memory::Asked;
use crate::hub::plan::reserve;
use crate::hub::state::{Account, HubState, OpKind, SettlementOp, Workspace, WorkspaceStatus};
use crate::table::Table;
use crate::units::{EntityId, Millis, TokenAmount, TokenId, Wide};

/// What batches that have not settled take out of the accounts, per account and token: of the own
/// share, and of the peer's debt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaving(Table<EntityId, Table<TokenId, (Wide, Wide)>>);

impl Leaving {
    /// What draft, sent and recovery batches take; each batch once.
    pub fn of(hub: &HubState) -> Result<Self, Error> {
        let batches = reserve::unsettled(hub);
        let shares = batches.iter().flat_map(|batch| &batch.c2r);
        let debts = batches.iter().flat_map(|batch| &batch.settlements);
        let shares = shares.map(|entry| {
            let part = (entry.amount.wide(), Wide::ZERO);
            (&entry.account_id, entry.token_id, part)
        });
        let debts = debts.map(|entry| {
            let part = (Wide::ZERO, entry.reserve_diff.wide().max(Wide::ZERO));
            (&entry.account_id, entry.token_id, part)
        });
        let parts = shares.chain(debts);
        let mut all: Table<EntityId, Table<TokenId, (Wide, Wide)>> =
            Table::slots(parts.clone().map(|(account_id, _, _)| account_id.clone()));
        for (account_id, token_id, part) in parts {
            if let Some(tokens) = all.get_mut(account_id) {
                let sum = tokens.slot(token_id);
                *sum = (sum.0.plus(part.0)?, sum.1.plus(part.1)?);
            }
        }
        Ok(Self(all))
    }

    /// Whether some batch settles with the account.
    #[must_use]
    pub fn has(&self, account_id: &EntityId) -> bool {
        !self.0.is_empty() && self.0.contains_key(account_id)
    }

    /// What is left to take of what could be taken from an account.
    pub fn rest(
        &self,
        account_id: &EntityId,
        token_id: TokenId,
        of: Recoverable,
    ) -> Result<Recoverable, Error> {
        let taken = self.0.get(account_id);
        let Some((share, debt)) = taken.and_then(|tokens| tokens.get(&token_id)) else {
            return Ok(of);
        };
        // A settlement may take of the share too what the debt does not cover.
        let owed = of.by_settlement.wide();
        let share = share.plus(debt.minus(owed)?.max(Wide::ZERO))?;
        let left = |all: TokenAmount, taken: Wide| all.wide().minus(taken)?.positive_part();
        Ok(Recoverable {
            by_withdrawal: left(of.by_withdrawal, share)?,
            by_settlement: left(of.by_settlement, *debt)?,
        })
    }
}

/// More than is ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrunk {
    /// The token.
    pub token_id: TokenId,
    /// What the settlement takes.
    pub asked: TokenAmount,
    /// What may be taken.
    pub left: TokenAmount,
}

/// Where a settlement under way stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// Nothing of ours is open.
    No,
    /// Both sides signed it, and all that it takes is ours.
    Ripe,
    /// Both sides signed it, and some batch settles with the account already.
    Carried,
    /// It is young: what it asks is on its way.
    Young,
    /// Nobody knows how old it is: it is remembered from now on, and counts as nothing.
    Ageless,
    /// It is old, and nothing can be done with it now.
    Old,
    /// It is too old, unsigned, and nothing is pending: it can be withdrawn. Its age.
    Unanswered(Millis),
    /// Signed or sealed, and too old or too large: it can be neither executed nor withdrawn.
    Sealed(Option<Shrunk>, Option<Millis>),
}

/// What `workspace` brings into the reserve of `side`, part by part.
pub fn gains(workspace: &Workspace, side: Side) -> impl Iterator<Item = (TokenId, Wide)> + Clone {
    workspace.ops.iter().filter_map(move |op| {
        let amount = taken(op, side);
        (!amount.is_zero()).then(|| (op.token_id, amount.wide()))
    })
}

fn taken(op: &SettlementOp, side: Side) -> TokenAmount {
    match op.kind {
        OpKind::C2r => op.amount,
        _ => op.paid_to(side).unwrap_or_default(),
    }
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

/// Where the settlement of `account` stands; `asked` is what is remembered of it.
pub fn standing(
    config: &HubConfig,
    account: &Account,
    side: Side,
    asked: Option<&Asked>,
    leaving: &Leaving,
    now: Millis,
) -> Result<Standing, Error> {
    if !account.is_active() {
        return Ok(Standing::No);
    }
    // A moment that has not come yet says nothing.
    let known = |at: &Millis| *at <= now;
    let remembered = asked.and_then(|asked| asked.at);
    let Some(workspace) = &account.workspace else {
        // To a peer that is offline the runtime shows the frame only.
        let is_open = remembered.is_some() && account.is_pending();
        return Ok(
            match is_open.then(|| age(config, remembered.filter(known), now)) {
                None => Standing::No,
                Some(Age::Young) => Standing::Young,
                Some(Age::Unknown) => Standing::Ageless,
                Some(_) => Standing::Old,
            },
        );
    };
    let is_open = workspace.is_of(side)
        && workspace.status != WorkspaceStatus::Submitted
        && !workspace.ops.is_empty()
        && workspace
            .ops
            .iter()
            .all(|op| is_of_our_kind(config, op, side));
    if !is_open {
        return Ok(Standing::No);
    }
    let agreed = workspace.status == WorkspaceStatus::ReadyToSubmit && workspace.peer_signed(side);
    // The runtime adds no second settlement of an account to a batch.
    if agreed && leaving.has(&account.account_id) {
        return Ok(Standing::Carried);
    }
    if agreed && !account.is_pending() {
        return Ok(match shrunk(account, workspace, side)? {
            None => Standing::Ripe,
            Some(shrunk) => Standing::Sealed(Some(shrunk), None),
        });
    }
    let at = workspace
        .updated_at
        .filter(known)
        .or(remembered.filter(known));
    Ok(match age(config, at, now) {
        Age::Young => Standing::Young,
        Age::Unknown => Standing::Ageless,
        Age::Old(age) if workspace.is_sealed() => Standing::Sealed(None, Some(age)),
        Age::Old(age) if !account.is_pending() => Standing::Unanswered(age),
        Age::Stale | Age::Old(_) => Standing::Old,
    })
}

enum Age {
    Unknown,
    Young,
    /// Just as old as a proposal may become.
    Stale,
    Old(Millis),
}

fn age(config: &HubConfig, at: Option<Millis>, now: Millis) -> Age {
    let Some(stale) = config.proposal_stale_ms else {
        return Age::Young;
    };
    let Some(at) = at else {
        return Age::Unknown;
    };
    let age = now.less(at);
    match age.cmp(&stale) {
        std::cmp::Ordering::Less => Age::Young,
        std::cmp::Ordering::Equal => Age::Stale,
        std::cmp::Ordering::Greater => Age::Old(age),
    }
}

/// When a proposal of that moment becomes stale, and when it is too old.
#[must_use]
pub fn moments(config: &HubConfig, at: Millis) -> [Option<Millis>; 2] {
    let stale = config
        .proposal_stale_ms
        .and_then(|stale| at.plus(stale).ok());
    let old = stale.and_then(|at| at.plus(const { Millis::constant(1) }).ok());
    [stale, old]
}

fn is_of_our_kind(config: &HubConfig, op: &SettlementOp, side: Side) -> bool {
    match op.kind {
        OpKind::C2r => !op.amount.is_zero(),
        _ => config.pull_unsecured && op.paid_to(side).is_some(),
    }
}

/// What is on its way with an open settlement: at most what the same one could take now, besides
/// what batches take already.
pub fn on_its_way(
    account: &Account,
    side: Side,
    asked: Option<&Asked>,
    leaving: &Leaving,
) -> Result<Vec<(TokenId, Wide)>, Error> {
    // Per token: what is asked of the share, and of the debt.
    let mut sums: Table<TokenId, (Wide, Wide)> = Table::new();
    match (&account.workspace, asked) {
        (Some(workspace), _) => sums = parts(workspace, side)?,
        (None, Some(asked)) => {
            for (token_id, amount) in &asked.amounts {
                let (share, debt) = sums.slot(*token_id);
                *if asked.is_debt { debt } else { share } = amount.wide();
            }
        }
        (None, None) => {}
    }
    let mut on_its_way = Vec::new();
    for (token_id, (share, debt)) in sums {
        let Some(delta) = account.delta(token_id) else {
            continue;
        };
        let now = guard::still_recoverable(account, delta, side)?;
        let now = leaving.rest(&account.account_id, token_id, now)?;
        let share = share.min(now.by_withdrawal.wide());
        on_its_way.push((token_id, share.plus(debt.min(now.by_settlement.wide()))?));
    }
    Ok(on_its_way)
}

/// What a settlement takes of each token: of the own share, and of the peer's debt.
fn parts(workspace: &Workspace, side: Side) -> Result<Table<TokenId, (Wide, Wide)>, Error> {
    let mut parts: Table<TokenId, (Wide, Wide)> =
        Table::slots(workspace.ops.iter().map(|op| op.token_id));
    for op in &workspace.ops {
        let (share, debt) = parts.slot(op.token_id);
        let part = match op.kind {
            OpKind::C2r => share,
            _ => debt,
        };
        *part = part.plus(taken(op, side).wide())?;
    }
    Ok(parts)
}

/// The first token of which the settlement takes more than is ours now.
pub fn shrunk(
    account: &Account,
    workspace: &Workspace,
    side: Side,
) -> Result<Option<Shrunk>, Error> {
    for (token_id, (share, debt)) in parts(workspace, side)? {
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
                return Ok(Some(Shrunk {
                    token_id,
                    asked,
                    left,
                }));
            }
        }
    }
    Ok(None)
}
