//! The methods of the book on every surface.

use crate::account::algebra::Delta;
use crate::books::{BookDigest, Nothing, book_method, book_methods};
use crate::config::hub::Token;
use crate::config::{Config, Profile};
use crate::error::Error;
use crate::hub::book::HubBook;
use crate::hub::memory::HubMemory;
use crate::hub::plan::Plan;
use crate::hub::state::{Account, Batch, HubState, ReplenishAnswer, SentBatch};
use crate::lint::Overrides;
use crate::policy::Policy;
use crate::table::Table;
use crate::units::{Count, EntityId, Millis, SignedTokenAmount, TokenAmount, TokenId};
use crate::value::{self, Value};

/// What a book is opened with.
#[record]
pub struct OpenHubBook {
    /// The profile to start from; `plan` when absent.
    pub profile: Option<String>,
    /// Fields of the config to change.
    pub config: Option<Overrides>,
    /// The hub, with or without its accounts.
    pub state: HubState,
}

/// What opens the same book again, config and state as they are now.
#[record(open)]
pub struct HubBookOpening {
    /// The profile it was made from.
    pub profile: Profile,
    /// The config in force.
    pub config: Config,
    /// Everything the book knows.
    pub state: HubState,
}

/// Opens a book.
pub fn open(input: &Value<'_>) -> Result<HubBook, Error> {
    let input: OpenHubBook = value::decode(input)?;
    let profile = input.profile.as_deref().unwrap_or("plan");
    let policy = Policy::new(profile, input.config.as_ref().map(Overrides::value))?;
    HubBook::new(policy, input.state).map_err(|error| error.inside("state"))
}

/// Fields of the hub to change; what is absent stays.
#[record(Default)]
pub struct SetHub {
    /// The time of the entity.
    pub now: Option<Millis>,
    /// The clock that the age of a sent batch is measured on; null for `now`.
    pub submit_clock: Option<Option<Millis>>,
    /// Whether this entity is a hub at all.
    pub is_hub: Option<bool>,
    /// The reserves per token.
    pub reserves: Option<Table<TokenId, TokenAmount>>,
    /// What the hub owes on chain per token.
    pub open_debts: Option<Table<TokenId, TokenAmount>>,
    /// Tokens besides those of the config.
    pub tokens: Option<Table<TokenId, Token>>,
    /// The batch being filled.
    pub draft: Option<Batch>,
    /// The batch that was sent; null for none.
    pub sent: Option<Option<SentBatch>>,
    /// Batches that wait for their next try.
    pub recovery: Option<Vec<Batch>>,
    /// Whether somebody else broadcasts in this input.
    pub broadcast_in_input: Option<bool>,
    /// Answers of replenishment sources.
    pub replenish_answers: Option<Vec<ReplenishAnswer>>,
    /// What the last plan wanted to be remembered.
    pub memory: Option<HubMemory>,
    /// Fields of the config to change.
    pub config: Option<Overrides>,
}

impl SetHub {
    fn onto(self, mut hub: HubState) -> HubState {
        fn put<T>(slot: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *slot = value;
            }
        }
        put(&mut hub.now, self.now);
        put(&mut hub.submit_clock, self.submit_clock);
        put(&mut hub.is_hub, self.is_hub);
        put(&mut hub.reserves, self.reserves);
        put(&mut hub.open_debts, self.open_debts);
        put(&mut hub.tokens, self.tokens);
        put(&mut hub.draft, self.draft);
        put(&mut hub.sent, self.sent);
        put(&mut hub.recovery, self.recovery);
        put(&mut hub.broadcast_in_input, self.broadcast_in_input);
        put(&mut hub.replenish_answers, self.replenish_answers);
        put(&mut hub.memory, self.memory);
        hub
    }
}

/// Accounts as columns, one row per account and token. A column that is absent is all zeros.
#[record(Default)]
pub struct AccountColumns {
    /// The peer of each row; the rows of one account stand together.
    pub account_id: Vec<EntityId>,
    /// The token of each row.
    pub token_id: Vec<TokenId>,
    /// The collateral of each row.
    #[serde(default)]
    pub collateral: Vec<TokenAmount>,
    /// The settled balance of each row.
    #[serde(default)]
    pub ondelta: Vec<SignedTokenAmount>,
    /// The unsettled balance of each row.
    #[serde(default)]
    pub offdelta: Vec<SignedTokenAmount>,
    /// LEFT's credit limit of each row.
    #[serde(default)]
    pub left_credit_limit: Vec<TokenAmount>,
    /// RIGHT's credit limit of each row.
    #[serde(default)]
    pub right_credit_limit: Vec<TokenAmount>,
    /// LEFT's hold of each row.
    #[serde(default)]
    pub left_hold: Vec<TokenAmount>,
    /// RIGHT's hold of each row.
    #[serde(default)]
    pub right_hold: Vec<TokenAmount>,
}

impl AccountColumns {
    /// The rows, one after another.
    pub(super) fn rows(&self) -> Result<impl Iterator<Item = Result<Row, Error>> + '_, Error> {
        let rows = self.account_id.len();
        for (name, length) in [
            ("token_id", Some(self.token_id.len())),
            ("collateral", filled(&self.collateral)),
            ("ondelta", filled(&self.ondelta)),
            ("offdelta", filled(&self.offdelta)),
            ("left_credit_limit", filled(&self.left_credit_limit)),
            ("right_credit_limit", filled(&self.right_credit_limit)),
            ("left_hold", filled(&self.left_hold)),
            ("right_hold", filled(&self.right_hold)),
        ] {
            if let Some(length) = length.filter(|length| *length != rows) {
                let got = format_args!("{length} entries").to_string();
                let expected = format!("{rows} entries, as in account_id");
                return Err(Error::out_of_range(name, got, expected));
            }
        }
        let ids = self.account_id.iter().zip(&self.token_id).enumerate();
        Ok(ids.map(|(row, (account_id, token_id))| {
            let delta = Delta {
                collateral: cell(&self.collateral, row),
                ondelta: cell(&self.ondelta, row),
                offdelta: cell(&self.offdelta, row),
                left_credit_limit: cell(&self.left_credit_limit, row),
                right_credit_limit: cell(&self.right_credit_limit, row),
                left_hold: cell(&self.left_hold, row),
                right_hold: cell(&self.right_hold, row),
                ..Delta::empty(*token_id)
            };
            Ok((account_id.clone(), delta))
        }))
    }
}

/// An account and one of its tokens.
pub(super) type Row = (EntityId, Delta);

/// The length of a column that is there.
fn filled<T>(column: &[T]) -> Option<usize> {
    (!column.is_empty()).then_some(column.len())
}

fn cell<T: Copy + Default>(column: &[T], row: usize) -> T {
    column.get(row).copied().unwrap_or_default()
}

/// The accounts of rows that stand together.
pub(super) fn accounts(
    rows: impl Iterator<Item = Result<Row, Error>>,
) -> impl Iterator<Item = Result<Account, Error>> {
    let mut rows = rows.peekable();
    std::iter::from_fn(move || {
        let (account_id, delta) = match rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        let mut account = Account {
            deltas: vec![delta],
            ..Account::empty(account_id)
        };
        let same = |row: &Result<Row, Error>| matches!(row, Ok((account_id, _)) if *account_id == account.account_id);
        while let Some(Ok((_, delta))) = rows.next_if(same) {
            account.deltas.push(delta);
        }
        Some(Ok(account))
    })
}

/// Which account to remove.
#[record]
pub struct RemoveAccount {
    /// The peer.
    pub account_id: EntityId,
}

/// When to plan.
#[record(Default)]
pub struct PlanAt {
    /// The time of the entity; absent for the time of the book.
    pub now: Option<Millis>,
}

/// Which plan to apply.
#[record]
pub struct ApplyPlan {
    /// The plan, as `plan` gave it.
    pub plan: Plan,
}

/// What to go back to.
#[record]
pub struct RestoreBook {
    /// A snapshot.
    pub state: HubState,
}

/// How many accounts the book holds now.
#[record(open)]
#[schemars(rename = "HubBookSize")]
pub struct Held {
    /// Their number.
    pub accounts: Count,
    /// Whether the call changed anything.
    pub changed: bool,
}

pub(super) fn held(book: &HubBook, changed: bool) -> Result<Held, Error> {
    Ok(Held {
        accounts: Count::new(u32::try_from(book.len()).unwrap_or(u32::MAX))?,
        changed,
    })
}

macro_rules! method {
    ($($rest:tt)*) => { book_method!(HubBook, $($rest)*); };
}

method!(BookSetAccount, "set_account", Account => Held,
"Adds an account, or replaces it.",
|book, account, _| {
    book.set_account(account.clone())?;
    held(book, true)
});
method!(BookLoad, "load", AccountColumns => Held,
"Adds many accounts at once from columns: the first fill.",
|book, columns, _| {
    book.add_all(accounts(columns.rows()?))?;
    held(book, true)
});
method!(BookRemove, "remove", RemoveAccount => Held,
"Removes an account.",
|book, input, _| {
    let changed = book.remove(&input.account_id)?;
    held(book, changed)
});
method!(BookSetHub, "set_hub", SetHub => Held,
"Changes reserves, batches, debts, memory or config; what is absent stays.",
|book, input, _| {
    let policy = match &input.config {
        Some(overrides) => Some(book.policy().with(overrides.value())?),
        None => None,
    };
    let hub = input.clone().onto(book.hub().clone());
    book.set_hub(hub, policy)?;
    held(book, true)
});
method!(BookPlan, "plan", PlanAt => Plan,
"The plan of a tick; the same as `hub.plan` on the snapshot.",
|book, input, why| {
    let now = input.now.unwrap_or(book.hub().now);
    book.plan(now, why)
});
method!(BookApply, "apply", ApplyPlan => Held,
"Changes the book as the runtime changes its state when it accepts a plan.",
|book, input, _| {
    book.apply(&input.plan)?;
    held(book, true)
});
method!(BookSnapshot, "snapshot", Nothing => HubState,
    "Everything the book knows.",
    |book, _, _| book.snapshot());
method!(BookOpening, "opening", Nothing => HubBookOpening,
"What opens the same book again: its profile, config and state as they are now.",
|book, _, _| Ok(HubBookOpening {
    profile: book.policy().profile(),
    config: book.policy().config().clone(),
    state: book.snapshot()?,
}));
method!(BookRestore, "restore", RestoreBook => Held,
"Goes back to a snapshot.",
|book, input, _| {
    *book = HubBook::new(book.policy().clone(), input.state.clone())?;
    held(book, true)
});
method!(BookTakeDigest, "digest", Nothing => BookDigest,
    "sha256 of the canonical snapshot.",
    |book, _, _| Ok(BookDigest { digest: book.digest()? }));

/// Every method of the book: `$then!` is called with its type and theirs.
#[macro_export]
macro_rules! for_each_hub_method {
    ($then:ident) => {
        $then! {
            $crate::hub::book::HubBook,
            BookSetAccount, BookLoad, BookRemove, BookSetHub, BookPlan, BookApply, BookSnapshot,
            BookOpening, BookRestore, BookTakeDigest,
        }
    };
}

for_each_hub_method!(book_methods);
