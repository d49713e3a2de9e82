//! Which accounts of a hub can be decided: what is out of range, unknown or without its fee state
//! is set aside, account by account.

use crate::config::hub::HubConfig;
use crate::error::Error;
use crate::hub::limits::Tokens;
use crate::hub::state::{Account, HubState};
use crate::reason::Why;
use crate::sorting;
use crate::units::{EntityId, TokenId};

/// The runtime stores no more tokens in one account.
pub const MAX_TOKENS_PER_ACCOUNT: usize = 128;

impl Account {
    /// What makes this account unfit to be decided.
    pub fn validate(&self, hub_id: &EntityId, tokens: &Tokens) -> Result<(), Error> {
        if self.account_id == *hub_id {
            let expected = "the id of a peer, not of the hub";
            return Err(Error::out_of_range(
                "account_id",
                &self.account_id,
                expected,
            ));
        }
        if self.deltas.len() > MAX_TOKENS_PER_ACCOUNT {
            let count = self.deltas.len();
            return Err(Error::too_large("deltas", count, MAX_TOKENS_PER_ACCOUNT));
        }
        if self.requests.len() > MAX_TOKENS_PER_ACCOUNT {
            let count = self.requests.len();
            return Err(Error::too_large("requests", count, MAX_TOKENS_PER_ACCOUNT));
        }
        each_token_once(self.deltas.iter().map(|delta| delta.token_id), "deltas")?;
        each_token_once(
            self.requests.iter().map(|request| request.token_id),
            "requests",
        )?;
        for (index, delta) in self.deltas.iter().enumerate() {
            let inside = |error: Error| error.at(index).inside("deltas");
            delta.validate().map_err(inside)?;
            tokens.get(delta.token_id).map_err(inside)?;
        }
        for (index, request) in self.requests.iter().enumerate() {
            let inside = |error: Error| error.at(index).inside("requests");
            tokens.get(request.token_id).map_err(inside)?;
            if request.fee.is_none() && !request.amount.is_zero() {
                return Err(inside(Error::missing("fee")));
            }
        }
        Ok(())
    }
}

fn each_token_once(
    tokens: impl ExactSizeIterator<Item = TokenId>,
    list: &str,
) -> Result<(), Error> {
    if tokens.len() < 2 {
        return Ok(());
    }
    let mut tokens: Vec<TokenId> = tokens.collect();
    sorting::by(&mut tokens, Ord::cmp);
    match tokens
        .iter()
        .zip(tokens.iter().skip(1))
        .find(|(a, b)| a == b)
    {
        Some((token, _)) => Err(Error::duplicate("token_id", token).inside(list)),
        None => Ok(()),
    }
}

impl HubState {
    /// The accounts to decide, by id; all others go to the quarantine of `why`.
    pub fn usable(&self, config: &HubConfig, why: &mut Why) -> Result<Vec<&Account>, Error> {
        let mut accounts = self.accounts.usable(why);
        let tokens = Tokens::of(self, config);
        accounts.retain(|account| match account.validate(&self.hub_id, &tokens) {
            Ok(()) => true,
            Err(error) => {
                why.quarantine(&account.account_id, error);
                false
            }
        });
        Ok(accounts)
    }
}
