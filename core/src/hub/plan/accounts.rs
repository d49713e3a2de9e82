//! Where a tick finds the accounts it must look at.

use super::offer::Offer;
use super::settle::Leaving;
use crate::error::Error;
use crate::hub::state::Account;
use crate::units::{EntityId, TokenAmount, TokenId};

/// Where a tick finds the accounts it must look at; all by id. Through a table of functions: the
/// tick is large, and a copy of it for each kind of source is not worth its bytes.
pub trait Accounts {
    /// The accounts with an open request or a settlement, and, for a hub that acts unasked, those
    /// with a claim above the soft limit.
    fn working(&self) -> Box<dyn Iterator<Item = &Account> + '_>;
    /// The tokens that something could be asked back in.
    fn offered_tokens(&self) -> Box<dyn Iterator<Item = TokenId> + '_>;
    /// The accounts that something can be asked back from, the largest offer first, then by id.
    fn offering(&self, token_id: TokenId) -> Box<dyn Iterator<Item = EntityId> + '_>;
    /// What can be asked back from one account.
    fn offer(&self, account_id: &EntityId, token_id: TokenId) -> Result<Option<Offer>, Error>;
    /// One account, unless it is set aside.
    fn account(&self, account_id: &EntityId) -> Result<Option<Account>, Error>;
}

/// The same accounts, but nothing is asked back from those that some batch settles with already:
/// the runtime knows one settlement of an account at a time.
pub(crate) struct Settled<'a> {
    pub(crate) all: &'a dyn Accounts,
    pub(crate) leaving: &'a Leaving,
}

impl Accounts for Settled<'_> {
    fn working(&self) -> Box<dyn Iterator<Item = &Account> + '_> {
        self.all.working()
    }

    fn offered_tokens(&self) -> Box<dyn Iterator<Item = TokenId> + '_> {
        let all = self.all.offered_tokens();
        Box::new(all.filter(|token_id| self.offering(*token_id).next().is_some()))
    }

    fn offering(&self, token_id: TokenId) -> Box<dyn Iterator<Item = EntityId> + '_> {
        let all = self.all.offering(token_id);
        Box::new(all.filter(|account_id| !self.leaving.has(account_id)))
    }

    fn offer(&self, account_id: &EntityId, token_id: TokenId) -> Result<Option<Offer>, Error> {
        match self.leaving.has(account_id) {
            true => Ok(None),
            false => self.all.offer(account_id, token_id),
        }
    }

    fn account(&self, account_id: &EntityId) -> Result<Option<Account>, Error> {
        self.all.account(account_id)
    }
}

/// The collateral of an account in one token, where the account is known.
pub(crate) fn collateral_of(account: Option<&Account>, token_id: TokenId) -> Option<TokenAmount> {
    let delta = account?.delta(token_id);
    Some(delta.map_or(TokenAmount::ZERO, |delta| delta.collateral))
}
