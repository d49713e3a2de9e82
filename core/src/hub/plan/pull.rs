//! Pulling back: from whom, and how much. `funding` decides how much, never who waits.

use crate::account::algebra::Side;
use crate::config::hub::{Funding, HubConfig};
use crate::error::Error;
use crate::hub::guard;
use crate::hub::limits::{TokenLimits, Tokens};
use crate::hub::memory::Asked;
use crate::hub::plan::accounts::Accounts;
use crate::hub::plan::offer::{Offer, Part};
use crate::hub::plan::{reserve, walk::Used};
use crate::hub::state::{Account, SettlementOp};
use crate::sorting;
use crate::table::Table;
use crate::units::{EntityId, Millis, TokenAmount, TokenId, Wide};

/// What the hub may ask back from `account` in this tick, whatever it needs. Never while a
/// settlement or frame is pending, never for a token that the peer requests collateral in.
pub fn offers(
    config: &HubConfig,
    tokens: &Tokens,
    account: &Account,
    side: Side,
) -> Result<Vec<Offer>, Error> {
    if account.workspace.is_some() || account.is_pending() || !account.is_active() {
        return Ok(Vec::new());
    }
    let mut offers = Vec::new();
    for delta in &account.deltas {
        if account.request(delta.token_id).is_some() {
            continue;
        }
        let limits = tokens.get(delta.token_id)?;
        if !limits.are_set() {
            continue;
        }
        let all = guard::recoverable(config, account, delta, side)?;
        let by_settlement = match config.funding {
            Funding::Sweep if all.by_withdrawal <= limits.sweep_above => continue,
            Funding::Sweep => TokenAmount::ZERO,
            Funding::MatchFirst | Funding::ReserveFirst => all.by_settlement,
        };
        let offer = Offer {
            token_id: delta.token_id,
            by_withdrawal: all.by_withdrawal.less(limits.keep_buffer),
            by_settlement,
            least: limits.min_deposit,
        };
        if offer.most() >= limits.min_deposit {
            offers.push(offer);
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
            from_reserve.plus(positive(used.short().wide().minus(open)?))
        }
        Funding::ReserveFirst => {
            let after = account.net.plus(inflow)?.minus(granted)?;
            let lacking = positive(limits.min_reserve.wide().minus(after)?);
            Ok(positive(used.short().wide().plus(lacking)?.minus(open)?))
        }
    }
}

/// A settlement to propose.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The peer.
    pub account_id: EntityId,
    /// What it brings, per token.
    pub amounts: Table<TokenId, TokenAmount>,
    /// Whether the peer pays a debt, which is of one token; else the hub withdraws its shares.
    pub is_debt: bool,
}

impl Proposal {
    /// What the settlement does, tokens ascending.
    pub fn ops(&self, side: Side) -> Result<Vec<SettlementOp>, Error> {
        let op = |(token_id, amount): (&TokenId, &TokenAmount)| match self.is_debt {
            true => SettlementOp::debt_payment(side, *token_id, *amount),
            false => Ok(SettlementOp::withdrawal(*token_id, *amount)),
        };
        self.amounts.iter().map(op).collect()
    }
}

/// Those who are asked, in the order in which they were chosen.
struct Chosen {
    most: usize,
    proposals: Vec<Proposal>,
    places: Table<EntityId, usize>,
}

impl Chosen {
    /// Adds a part to the proposal of an account, if there is room for it.
    fn add(&mut self, account_id: &EntityId, token_id: TokenId, part: Part) -> bool {
        let Part { amount, is_debt } = part;
        if let Some(place) = self.places.get(account_id) {
            let known = self.proposals.get_mut(*place);
            let known = known.filter(|known| !is_debt && !known.is_debt);
            let fits = known.map(|known| known.amounts.insert(token_id, amount));
            return fits.is_some();
        }
        if self.proposals.len() >= self.most {
            return false;
        }
        self.places.insert(account_id.clone(), self.proposals.len());
        self.proposals.push(Proposal {
            account_id: account_id.clone(),
            amounts: Table::from_iter([(token_id, amount)]),
            is_debt,
        });
        true
    }
}

/// One token's line of accounts that offer something.
struct Line<'a> {
    token_id: TokenId,
    left: Wide,
    offering: Box<dyn Iterator<Item = EntityId> + 'a>,
}

/// The settlements to propose: per token the largest offers that cover the need, the last one in
/// part; tokens interleave by rank, so that units of different tokens are never compared. Whoever
/// did not answer stands behind all others for a while.
pub fn proposals(
    config: &HubConfig,
    accounts: &dyn Accounts,
    needs: &Table<TokenId, Wide>,
    asked: &Table<EntityId, Asked>,
    now: Millis,
) -> Result<Vec<Proposal>, Error> {
    let most = usize::try_from(config.max_proposals.get()).unwrap_or(usize::MAX);
    let mut chosen = Chosen {
        most,
        proposals: Vec::new(),
        places: Table::new(),
    };
    let is_behind = |id: &EntityId| asked.get(id).is_some_and(|one| one.is_behind(now));
    let needed = needs.iter().filter(|(_, need)| **need > Wide::ZERO);
    let mut lines: Vec<Line<'_>> = needed
        .map(|(token_id, need)| Line {
            token_id: *token_id,
            left: *need,
            // Nobody behind these could matter: no more are ever asked.
            offering: Box::new(
                accounts
                    .offering(*token_id)
                    .filter(|id| !is_behind(id))
                    .take(most),
            ),
        })
        .collect();
    fill(accounts, &mut lines, &mut chosen)?;
    let behind: Vec<&EntityId> = asked.keys().filter(|id| is_behind(id)).collect();
    if !behind.is_empty() {
        for line in &mut lines {
            let mut list = Vec::new();
            for id in behind.iter().filter(|_| line.left > Wide::ZERO) {
                if let Some(offer) = accounts.offer(id, line.token_id)? {
                    list.push((std::cmp::Reverse(offer.most()), (*id).clone()));
                }
            }
            sorting::by(&mut list, Ord::cmp);
            line.offering = Box::new(list.into_iter().map(|(_, id)| id));
        }
        fill(accounts, &mut lines, &mut chosen)?;
    }
    if config.funding == Funding::Sweep {
        complete(accounts, needs, &mut chosen.proposals)?;
    }
    Ok(chosen.proposals)
}

/// Asks the first of each token, then the second of each, until nothing is needed or nobody left.
fn fill(accounts: &dyn Accounts, lines: &mut [Line<'_>], chosen: &mut Chosen) -> Result<(), Error> {
    let mut is_over = false;
    while !is_over {
        is_over = true;
        for line in &mut *lines {
            while line.left > Wide::ZERO {
                let Some(account_id) = line.offering.next() else {
                    break;
                };
                let Some(offer) = accounts.offer(&account_id, line.token_id)? else {
                    continue;
                };
                let part = offer.part(guard::reported(line.left));
                if chosen.add(&account_id, line.token_id, part) {
                    line.left = line.left.minus(part.amount.wide())?;
                    is_over = false;
                    break;
                }
            }
        }
    }
    Ok(())
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
                proposal.amounts.insert(*token_id, offer.by_withdrawal);
            }
        }
    }
    Ok(())
}
