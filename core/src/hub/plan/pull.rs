//! Pulling back: from whom, and how much. `funding` decides how much, never who waits.

use crate::account::algebra::Side;
use crate::error::Error;
use crate::hub::config::{Funding, HubConfig};
use crate::hub::guard::{self, Recoverable};
use crate::hub::limits::{TokenLimits, Tokens};
use crate::hub::plan::{Accounts, order, reserve, walk::Used};
use crate::hub::state::{Account, SettlementOp};
use crate::sorting;
use crate::table::Table;
use crate::units::{EntityId, TokenAmount, TokenId, Wide};

/// What the hub may ask back in one token of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// The token.
    pub token_id: TokenId,
    /// How much.
    pub amount: Recoverable,
}

/// What the hub may ask back from `account` in this tick, whatever it needs. Never while a
/// settlement or frame is pending, never for a token that the peer requests collateral in.
pub fn offers(
    config: &HubConfig,
    tokens: &Tokens,
    account: &Account,
    side: Side,
) -> Result<Vec<Offer>, Error> {
    let pending =
        account.workspace.is_some() || account.pending_frame || account.pending_settlement;
    if pending || !account.is_active() {
        return Ok(Vec::new());
    }
    let mut offers = Vec::new();
    for delta in &account.deltas {
        if account.request(delta.token_id).is_some() {
            continue;
        }
        let limits = tokens.get(delta.token_id)?;
        let all = guard::recoverable(config, account, delta, side)?;
        let amount = match config.funding {
            Funding::Sweep if all.by_withdrawal <= limits.sweep_above => continue,
            Funding::Sweep => Recoverable {
                by_settlement: TokenAmount::ZERO,
                ..all
            },
            Funding::MatchFirst | Funding::ReserveFirst => all,
        };
        let amount = Recoverable {
            by_withdrawal: amount.by_withdrawal.less(limits.keep_buffer),
            ..amount
        };
        if amount.total() >= limits.min_deposit {
            offers.push(Offer {
                token_id: delta.token_id,
                amount,
            });
        }
    }
    sorting::by(&mut offers, |a, b| a.token_id.cmp(&b.token_id));
    Ok(offers)
}

/// How much of a token is to be pulled back.
pub fn need(
    config: &HubConfig,
    limits: &TokenLimits,
    account: &reserve::Account,
    used: Used,
    open: Wide,
) -> Result<Wide, Error> {
    let granted = used.granted.wide();
    let inflow = account.flow.inflow;
    let positive = |wide: Wide| wide.max(Wide::ZERO);
    match config.funding {
        Funding::Sweep => Ok(TokenAmount::MAX.wide()),
        Funding::MatchFirst => {
            let from_reserve = positive(granted.minus(inflow)?);
            from_reserve.plus(positive(used.unmet.minus(open)?))
        }
        Funding::ReserveFirst => {
            let after = account.net.plus(inflow)?.minus(granted)?;
            let lacking = positive(limits.min_reserve.wide().minus(after)?);
            Ok(positive(used.unmet.plus(lacking)?.minus(open)?))
        }
    }
}

/// A settlement to propose.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The peer.
    pub account_id: EntityId,
    /// What it brings, per token.
    pub parts: Table<TokenId, Recoverable>,
}

impl Proposal {
    /// What the settlement does, tokens ascending.
    pub fn ops(&self, side: Side) -> Result<Vec<SettlementOp>, Error> {
        let mut ops = Vec::new();
        for (token_id, part) in &self.parts {
            if !part.by_withdrawal.is_zero() {
                ops.push(SettlementOp::withdrawal(*token_id, part.by_withdrawal));
            }
            if !part.by_settlement.is_zero() {
                ops.push(SettlementOp::debt_payment(
                    side,
                    *token_id,
                    part.by_settlement,
                )?);
            }
        }
        Ok(ops)
    }
}

/// The settlements to propose: per token the largest offers that cover the need, the last one in
/// part; tokens interleave by rank, so that units of different tokens are never compared.
pub fn proposals(
    config: &HubConfig,
    accounts: &dyn Accounts,
    needs: &Table<TokenId, Wide>,
) -> Result<Vec<Proposal>, Error> {
    let most = usize::try_from(config.max_proposals.get()).unwrap_or(usize::MAX);
    let mut lists = Vec::new();
    for (token_id, need) in needs {
        let mut left = *need;
        let mut list = Vec::new();
        if left > Wide::ZERO {
            for account_id in accounts.offering(*token_id).take(most) {
                let Some(offer) = accounts.offer(&account_id, *token_id)? else {
                    continue;
                };
                let part = offer.amount.part(guard::reported(left));
                left = left.minus(part.total().wide())?;
                list.push((account_id, *token_id, part));
                if left <= Wide::ZERO {
                    break;
                }
            }
        }
        lists.push(list);
    }
    let mut chosen: Vec<Proposal> = Vec::new();
    let ids = lists.iter().flatten().map(|(id, _, _)| id.clone());
    let mut places: Table<EntityId, Option<usize>> = Table::slots(ids);
    for (account_id, token_id, part) in order::interleaved(lists) {
        let place = match places.slot(account_id.clone()) {
            Some(place) => *place,
            none if chosen.len() < most => {
                *none = Some(chosen.len());
                chosen.push(Proposal {
                    account_id,
                    parts: Table::new(),
                });
                chosen.len() - 1
            }
            _ => continue,
        };
        if let Some(proposal) = chosen.get_mut(place) {
            proposal.parts.insert(token_id, part);
        }
    }
    if config.funding == Funding::Sweep {
        complete(accounts, needs, &mut chosen)?;
    }
    Ok(chosen)
}

/// A sweep takes every token of an account that it asks at all: one signature, not several.
fn complete(
    accounts: &dyn Accounts,
    needs: &Table<TokenId, Wide>,
    chosen: &mut [Proposal],
) -> Result<(), Error> {
    for proposal in chosen {
        for token_id in needs.keys() {
            if let Some(offer) = accounts.offer(&proposal.account_id, *token_id)? {
                proposal.parts.insert(*token_id, offer.amount);
            }
        }
    }
    Ok(())
}
