//! A hub's accounts, kept between ticks: the time of a tick depends on what has
//! changed, not on how many accounts there are.
//!
//! ```
//! use trimtab_core::{operations::opened, value::Value};
//! let mut book = opened::open("hub_book", &Value::from_json(br#"{"state":{"hub_id":"0x11","now":1}}"#)?)?;
//! book.call_bytes("set_hub", br#"{"reserves":{"1":"5000000000"}}"#)?;
//! book.call_bytes("set_account", br#"{"account_id":"0x22","deltas":[{"token_id":1,"offdelta":"-9000000"}],
//!     "requests":[{"token_id":1,"amount":"5000000","fee":{"requested_at":1}}]}"#)?;
//! let plan = book.call_bytes("plan", br#"{"now":1000}"#)?;
//! assert!(String::from_utf8_lossy(&plan).contains(r#""type":"deposit""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! `plan` gives the same bytes as `hub.plan` on the snapshot. Source: spec of the hub, section 7.

mod columns;
mod methods;
mod packed;
#[cfg(test)]
mod tests;

pub use columns::LOAD_COLUMNS;
pub use methods::*;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::canonical;
use crate::error::Error;
use crate::hub::apply;
use crate::hub::limits::Tokens;
use crate::hub::plan::accounts::Accounts;
use crate::hub::plan::offer::Offer;
use crate::hub::plan::outcome::Report;
use crate::hub::plan::pull;
use crate::hub::plan::{self, Plan};
use crate::hub::state::{Account, HubState};
use crate::policy::Policy;
use crate::reason::Why;
use crate::sorting;
use crate::table::Table;
use crate::units::{EntityId, Millis, TokenAmount, TokenId};
use packed::Key;

/// An account that a tick need not look at, as the book keeps it.
#[derive(Clone, Debug)]
enum Stored {
    /// As it is.
    Full(Box<Account>),
    /// As few bytes as it takes.
    Packed(Box<[u8]>),
    /// As it is, and why it is set aside.
    Aside(Box<(Account, Error)>),
}

impl Stored {
    fn of(account: Account) -> Self {
        match packed::pack(&account) {
            Some(packed) => Self::Packed(packed),
            None => Self::Full(Box::new(account)),
        }
    }

    fn account(&self, key: &Key) -> Result<Account, Error> {
        match self {
            Self::Full(account) => Ok(account.as_ref().clone()),
            Self::Packed(packed) => packed::unpack(key.id()?, packed),
            Self::Aside(aside) => Ok(aside.0.clone()),
        }
    }
}

/// The accounts of a hub, kept between ticks.
#[derive(Debug)]
pub struct HubBook {
    policy: Policy,
    hub: HubState,
    tokens: Tokens,
    /// Accounts with an open request or a settlement, as they are: what every tick reads, in its
    /// order.
    work: BTreeMap<Key, Stored>,
    /// Accounts that are set aside.
    aside: BTreeMap<Key, Stored>,
    /// All others.
    rest: BTreeMap<Key, Stored>,
    /// What can be asked back, largest first.
    offers: Table<TokenId, BTreeSet<(Reverse<TokenAmount>, Key)>>,
}

impl HubBook {
    /// A book of the accounts in `state`. A list with unreadable or repeated accounts is refused,
    /// with the account in the field: a book never holds what it could not give back.
    pub fn new(policy: Policy, mut state: HubState) -> Result<Self, Error> {
        let accounts = std::mem::take(&mut state.accounts);
        let mut why = Why::off();
        let usable: Vec<Account> = accounts.usable(&mut why).into_iter().cloned().collect();
        if let Some(aside) = why.finish().1.into_iter().next() {
            let account = format!("accounts.{}", aside.subject);
            return Err(aside.error.inside(&account));
        }
        let tokens = Tokens::of(&state, &policy.config().hub);
        let mut book = Self {
            policy,
            hub: state,
            tokens,
            work: BTreeMap::new(),
            aside: BTreeMap::new(),
            rest: BTreeMap::new(),
            offers: Table::new(),
        };
        book.add_all(usable.into_iter().map(Ok))?;
        Ok(book)
    }

    /// The policy it plans under.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How many accounts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.work.len() + self.aside.len() + self.rest.len()
    }

    /// Whether it holds no account.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Everything but the accounts.
    #[must_use]
    pub const fn hub(&self) -> &HubState {
        &self.hub
    }

    /// One account.
    pub fn account(&self, account_id: &EntityId) -> Result<Option<Account>, Error> {
        self.kept(&Key::of(account_id))
    }

    fn kept(&self, key: &Key) -> Result<Option<Account>, Error> {
        let mut maps = [&self.work, &self.aside, &self.rest].into_iter();
        let stored = maps.find_map(|map| map.get(key));
        stored.map(|stored| stored.account(key)).transpose()
    }

    /// Adds an account, or replaces it.
    pub fn set_account(&mut self, account: Account) -> Result<(), Error> {
        let key = Key::of(&account.account_id);
        let listing = self.entry(&account)?;
        self.take(&key)?;
        match listing {
            Listing::Fault(error) => {
                let stored = Stored::Aside(Box::new((account, error)));
                self.aside.insert(key, stored);
            }
            Listing::Fit { works, offers } => {
                for (token_id, amount) in offers {
                    let list = self.offers.slot(token_id);
                    list.insert((Reverse(amount), key.clone()));
                }
                match works {
                    true => self.work.insert(key, Stored::Full(Box::new(account))),
                    false => self.rest.insert(key, Stored::of(account)),
                };
            }
        }
        Ok(())
    }

    /// Adds many accounts at once, wholly or not at all: the first fill.
    pub fn add_all(
        &mut self,
        accounts: impl Iterator<Item = Result<Account, Error>>,
    ) -> Result<(), Error> {
        if !self.is_empty() {
            let accounts = accounts.collect::<Result<Vec<Account>, Error>>()?;
            let keys = accounts.iter().map(|account| Key::of(&account.account_id));
            once_each(keys.map(|key| (key, ())).collect())?;
            return accounts
                .into_iter()
                .try_for_each(|account| self.set_account(account));
        }
        let mut offers: Table<TokenId, Vec<(Reverse<TokenAmount>, Key)>> = Table::new();
        let mut all = Vec::with_capacity(accounts.size_hint().0);
        for account in accounts {
            let account = account?;
            let key = Key::of(&account.account_id);
            let (place, stored) = match self.entry(&account)? {
                Listing::Fault(error) => (Place::Aside, Stored::Aside(Box::new((account, error)))),
                Listing::Fit {
                    works,
                    offers: more,
                } => {
                    for (token_id, amount) in more {
                        let list = offers.slot(token_id);
                        list.push((Reverse(amount), key.clone()));
                    }
                    match works {
                        true => (Place::Work, Stored::Full(Box::new(account))),
                        false => (Place::Rest, Stored::of(account)),
                    }
                }
            };
            all.push((key, (place, stored)));
        }
        let all = once_each(all)?;
        // Built at once and in order, a tree has no half-empty nodes.
        let sets = offers.into_iter();
        self.offers = sets
            .map(|(id, list)| (id, list.into_iter().collect()))
            .collect();
        let (mut work, mut aside, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for (key, (place, stored)) in all {
            match place {
                Place::Work => work.push((key, stored)),
                Place::Aside => aside.push((key, stored)),
                Place::Rest => rest.push((key, stored)),
            }
        }
        self.work = work.into_iter().collect();
        self.aside = aside.into_iter().collect();
        self.rest = rest.into_iter().collect();
        Ok(())
    }

    /// Removes an account; whether it was there.
    pub fn remove(&mut self, account_id: &EntityId) -> Result<bool, Error> {
        self.take(&Key::of(account_id))
    }

    /// Replaces everything but the accounts. Only another hub, config or list of tokens makes the
    /// book look at every account again.
    pub fn set_hub(&mut self, hub: HubState, policy: Option<Policy>) -> Result<(), Error> {
        let same = hub.hub_id == self.hub.hub_id && hub.tokens == self.hub.tokens;
        if same && policy.as_ref().is_none_or(|policy| *policy == self.policy) {
            self.hub = hub;
            return Ok(());
        }
        let state = HubState {
            accounts: self.snapshot()?.accounts,
            ..hub
        };
        *self = Self::new(policy.unwrap_or_else(|| self.policy.clone()), state)?;
        Ok(())
    }

    /// The plan of a tick: the same as `hub.plan` on the snapshot.
    pub fn plan(&mut self, now: Millis, why: &mut Why) -> Result<Plan, Error> {
        self.hub.now = now;
        for (key, stored) in &self.aside {
            if let Stored::Aside(aside) = stored {
                why.quarantine(key.id()?, aside.1.clone());
            }
        }
        let config = &self.policy.config().hub;
        let report = Report::new(config.runtime_events);
        plan::tick(config, &self.hub, &self.tokens, self, report, why)
    }

    /// Changes the state as the runtime does when it accepts a plan: wholly or not at all. What the
    /// runtime stops at is an error about `plan.actions`.
    pub fn apply(&mut self, plan: &Plan) -> Result<(), Error> {
        apply::broadcasts_last(plan)?;
        let mut hub = self.hub.clone();
        let named = plan.actions.iter().filter_map(apply::account_of);
        let mut changed: Table<&EntityId, Option<Account>> = Table::slots(named);
        for action in &plan.actions {
            let mut account = None;
            if let Some(account_id) = apply::account_of(action) {
                let known = match changed.get(account_id) {
                    Some(Some(account)) => Some(account.clone()),
                    _ => self.account(account_id)?,
                };
                account = Some(known.ok_or_else(|| {
                    Error::out_of_range("account_id", account_id, "an account of this book")
                })?);
            }
            let after = match &account {
                Some(account) => apply::changed(&hub, account, action)?,
                None => None,
            };
            apply::apply_to_hub(&mut hub, account.as_ref(), action)?;
            if let (Some(after), Some(account_id)) = (after, apply::account_of(action)) {
                *changed.slot(account_id) = Some(after);
            }
        }
        apply::finish(&mut hub, plan);
        for account in changed.into_values().flatten() {
            self.set_account(account)?;
        }
        self.hub = hub;
        Ok(())
    }

    /// Everything the book knows, accounts by id.
    pub fn snapshot(&self) -> Result<HubState, Error> {
        let mut accounts = Vec::with_capacity(self.len());
        for map in [&self.work, &self.aside, &self.rest] {
            for (key, stored) in map {
                accounts.push((key, stored.account(key)?));
            }
        }
        sorting::by(&mut accounts, |a, b| a.0.cmp(b.0));
        let accounts: Vec<Account> = accounts.into_iter().map(|(_, account)| account).collect();
        Ok(HubState {
            accounts: accounts.into(),
            ..self.hub.clone()
        })
    }

    /// sha256 of the canonical snapshot: two validators with the same digest plan alike.
    pub fn digest(&self) -> Result<String, Error> {
        canonical::digest_of(&self.snapshot()?)
    }

    fn entry(&self, account: &Account) -> Result<Listing, Error> {
        let config = &self.policy.config().hub;
        if let Err(error) = account.validate(&self.hub.hub_id, &self.tokens) {
            return Ok(Listing::Fault(error));
        }
        let side = self.hub.side(&account.account_id);
        let offers = pull::offers(config, &self.tokens, account, side)?;
        Ok(Listing::Fit {
            works: plan::has_work(config, account),
            offers: offers
                .into_iter()
                .map(|offer| (offer.token_id, offer.most()))
                .collect(),
        })
    }

    /// Takes an account out of the book; whether it was there.
    fn take(&mut self, key: &Key) -> Result<bool, Error> {
        let maps = [&mut self.work, &mut self.aside, &mut self.rest];
        let stored = maps.into_iter().find_map(|map| map.remove(key));
        let Some(stored) = stored else {
            return Ok(false);
        };
        if let Stored::Aside(_) = stored {
            return Ok(true);
        }
        if let Listing::Fit { offers, .. } = self.entry(&stored.account(key)?)? {
            for (token_id, amount) in offers {
                if let Some(list) = self.offers.get_mut(&token_id) {
                    list.remove(&(Reverse(amount), key.clone()));
                    if list.is_empty() {
                        self.offers.remove(&token_id);
                    }
                }
            }
        }
        Ok(true)
    }
}

/// Which of the three maps an account goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Work,
    Aside,
    Rest,
}

/// The entries by their keys, none of them twice.
fn once_each<T>(mut entries: Vec<(Key, T)>) -> Result<Vec<(Key, T)>, Error> {
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let mut next = entries.iter().skip(1);
    match entries
        .iter()
        .find(|entry| next.next().is_some_and(|next| next.0 == entry.0))
    {
        Some((key, _)) => Err(Error::duplicate("account_id", key.id()?)),
        None => Ok(entries),
    }
}

/// Where an account belongs in the index.
enum Listing {
    Fault(Error),
    Fit {
        works: bool,
        offers: Vec<(TokenId, TokenAmount)>,
    },
}

impl Accounts for HubBook {
    fn working(&self) -> Box<dyn Iterator<Item = &Account> + '_> {
        Box::new(self.work.values().filter_map(|stored| match stored {
            Stored::Full(account) => Some(account.as_ref()),
            _ => None,
        }))
    }

    fn offered_tokens(&self) -> Box<dyn Iterator<Item = TokenId> + '_> {
        Box::new(self.offers.keys().copied())
    }

    fn offering(&self, token_id: TokenId) -> Box<dyn Iterator<Item = EntityId> + '_> {
        let list = self.offers.get(&token_id).into_iter().flatten();
        Box::new(list.filter_map(|(_, key)| key.id().ok()))
    }

    fn offer(&self, account_id: &EntityId, token_id: TokenId) -> Result<Option<Offer>, Error> {
        let key = Key::of(account_id);
        if self.aside.contains_key(&key) {
            return Ok(None);
        }
        let Some(account) = self.kept(&key)? else {
            return Ok(None);
        };
        let (config, side) = (&self.policy.config().hub, self.hub.side(account_id));
        let offers = pull::offers(config, &self.tokens, &account, side)?;
        Ok(offers.into_iter().find(|offer| offer.token_id == token_id))
    }

    fn account(&self, account_id: &EntityId) -> Result<Option<Account>, Error> {
        let key = Key::of(account_id);
        match self.aside.contains_key(&key) {
            true => Ok(None),
            false => self.kept(&key),
        }
    }
}
