//! Where a tick finds the accounts it must look at.

use super::offer::Offer;
use crate::error::Error;
use crate::hub::state::Account;
use crate::units::{EntityId, TokenId};

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
