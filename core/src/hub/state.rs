//! What a hub knows when it decides: its accounts, reserves, batches, debts, memory and the time.
//!
//! ```
//! use trimtab_core::{config::Config, hub::state::HubState, reason::Why, value::{self, Value}};
//! let state = Value::from_json(br#"{
//!     "hub_id": "0x11", "now": 1000,
//!     "accounts": [
//!         {"account_id": "0x22", "deltas": [{"token_id": 1, "offdelta": "-900"}],
//!          "requests": [{"token_id": 1, "amount": "500", "fee": {"requested_at": 1}}]},
//!         {"account_id": "0x33", "deltas": [{"token_id": 777}]}
//!     ]
//! }"#)?;
//! let state: HubState = value::decode(&state)?;
//! let mut why = Why::new();
//! assert_eq!(state.usable(&Config::default().hub, &mut why)?.len(), 1);
//! assert_eq!(why.finish().1[0].error.field, "deltas[0].token_id");
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Absent amounts are zero, absent lists empty, an absent memory is a fresh one. An account with a
//! stored field out of its range, with an unknown token or without the fee state of a request is
//! set aside; the others are decided.

use crate::account::algebra::{Delta, Side};
use crate::config::hub::Token;
use crate::entries::{Entries, Entry};
use crate::error::Error;
use crate::hub::memory::HubMemory;
use crate::table::Table;
use crate::units::{Count, EntityId, Millis, Serial, SignedTokenAmount, TokenAmount, TokenId};

/// Whether an account takes part.
#[choice(Default)]
pub enum AccountStatus {
    /// It does.
    #[default]
    Active,
    /// One side prepares a dispute.
    DisputePreparing,
    /// A dispute is open.
    Disputed,
}

/// Why a refund was begun.
#[choice]
pub enum RefundReason {
    /// The fee terms changed.
    PolicyMismatch,
    /// It took too long.
    Timeout,
    /// The fee was too low.
    FeeTooLow,
    /// By hand.
    Manual,
}

/// A refund of a prepaid fee that is under way: the request is frozen.
#[record(Eq)]
pub struct Refund {
    /// Why.
    pub reason: Option<RefundReason>,
    /// How much was given back.
    #[serde(default)]
    pub refunded_amount: TokenAmount,
}

/// What was agreed when a request was made.
#[record(Eq)]
pub struct FeeState {
    /// The id of the request.
    pub request_id: Option<String>,
    /// The token the fee was paid in; absent for the token of the request.
    pub fee_token_id: Option<TokenId>,
    /// What was paid in advance.
    #[serde(default)]
    pub fee_paid_upfront: TokenAmount,
    /// The version of the fee terms it was paid under.
    #[serde(default = "first_version")]
    pub policy_version: Serial,
    /// When the request was committed.
    #[serde(default)]
    pub requested_at: Millis,
    /// Whether LEFT asked; absent where it is the peer of the hub.
    pub requested_by_left: Option<bool>,
    /// A refund under way.
    pub refund: Option<Refund>,
}

fn first_version() -> Serial {
    const { Serial::constant(1) }
}

/// An open request for collateral.
#[record(Eq)]
pub struct Request {
    /// The token.
    pub token_id: TokenId,
    /// How much is asked for.
    pub amount: TokenAmount,
    /// What was agreed; a request without it sets its account aside.
    pub fee: Option<FeeState>,
}

/// What one operation of a settlement does.
#[choice]
pub enum OpKind {
    /// Collateral to the reserve of the side that wrote the workspace.
    C2r,
    /// Reserve of the side that wrote the workspace to collateral.
    R2c,
    /// Reserve to reserve.
    R2r,
    /// A debt is forgiven.
    Forgive,
    /// Differences in full.
    RawDiff,
}

/// One operation of a settlement.
#[record(Eq)]
pub struct SettlementOp {
    /// What it does.
    #[serde(rename = "type")]
    pub kind: OpKind,
    /// The token.
    pub token_id: TokenId,
    /// How much, for `c2r`, `r2c` and `r2r`.
    #[serde(default, skip_serializing_if = "TokenAmount::is_zero_ref")]
    pub amount: TokenAmount,
    /// Change of LEFT's reserve, for `raw_diff`.
    #[serde(default, skip_serializing_if = "SignedTokenAmount::is_zero_ref")]
    pub left_diff: SignedTokenAmount,
    /// Change of RIGHT's reserve, for `raw_diff`.
    #[serde(default, skip_serializing_if = "SignedTokenAmount::is_zero_ref")]
    pub right_diff: SignedTokenAmount,
    /// Change of the collateral, for `raw_diff`.
    #[serde(default, skip_serializing_if = "SignedTokenAmount::is_zero_ref")]
    pub collateral_diff: SignedTokenAmount,
    /// Change of the settled balance, for `raw_diff`.
    #[serde(default, skip_serializing_if = "SignedTokenAmount::is_zero_ref")]
    pub ondelta_diff: SignedTokenAmount,
}

impl SettlementOp {
    /// The writer takes `amount` of its own share out of the collateral.
    #[must_use]
    pub fn withdrawal(token_id: TokenId, amount: TokenAmount) -> Self {
        let none = SignedTokenAmount::default();
        Self {
            kind: OpKind::C2r,
            token_id,
            amount,
            left_diff: none,
            right_diff: none,
            collateral_diff: none,
            ondelta_diff: none,
        }
    }

    /// The peer of `side` pays `amount` of what it owes unsecured out of its reserve.
    pub fn debt_payment(side: Side, token_id: TokenId, amount: TokenAmount) -> Result<Self, Error> {
        let plus = SignedTokenAmount::new(amount.wide())?;
        let minus = SignedTokenAmount::new(amount.wide().negated())?;
        let (left_diff, right_diff, ondelta_diff) = match side {
            Side::Left => (plus, minus, minus),
            Side::Right => (minus, plus, plus),
        };
        Ok(Self {
            kind: OpKind::RawDiff,
            left_diff,
            right_diff,
            ondelta_diff,
            ..Self::withdrawal(token_id, TokenAmount::ZERO)
        })
    }

    /// The amount that the peer of `side` pays, if the operation is exactly such a payment.
    #[must_use]
    pub fn paid_to(&self, side: Side) -> Option<TokenAmount> {
        if self.kind != OpKind::RawDiff {
            return None;
        }
        let own = if side.is_left() {
            self.left_diff
        } else {
            self.right_diff
        };
        let amount = own.wide().positive_part().ok().filter(|a| !a.is_zero())?;
        let same = Self::debt_payment(side, self.token_id, amount).ok()? == *self;
        same.then_some(amount)
    }
}

/// How far a settlement workspace is.
#[choice(Default)]
pub enum WorkspaceStatus {
    /// Being written.
    #[default]
    Draft,
    /// Signed by one side.
    AwaitingCounterparty,
    /// Signed by both.
    ReadyToSubmit,
    /// In a batch.
    Submitted,
}

/// A settlement that the two sides negotiate.
#[record(Eq)]
pub struct Workspace {
    /// What it does.
    #[serde(default)]
    pub ops: Vec<SettlementOp>,
    /// Whether LEFT wrote the last version.
    #[serde(default)]
    pub last_modified_by_left: bool,
    /// Whether LEFT executes it.
    #[serde(default)]
    pub executor_is_left: bool,
    /// How far it is.
    #[serde(default)]
    pub status: WorkspaceStatus,
    /// Whether LEFT signed.
    #[serde(default)]
    pub left_signed: bool,
    /// Whether RIGHT signed.
    #[serde(default)]
    pub right_signed: bool,
    /// Whether any signature, hash or proof is on it: the runtime refuses to reject such a one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sealed: bool,
    /// When it was last changed.
    pub updated_at: Option<Millis>,
}

impl Workspace {
    /// Whether `side` wrote it and executes it.
    #[must_use]
    pub fn is_of(&self, side: Side) -> bool {
        self.last_modified_by_left == side.is_left() && self.executor_is_left == side.is_left()
    }

    /// Whether anything on it forbids to reject it.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        let signed = self.left_signed || self.right_signed;
        let agreed = matches!(
            self.status,
            WorkspaceStatus::ReadyToSubmit | WorkspaceStatus::Submitted
        );
        self.sealed || signed || agreed
    }

    /// Whether the peer of `side` signed.
    #[must_use]
    pub fn peer_signed(&self, side: Side) -> bool {
        match side {
            Side::Left => self.right_signed,
            Side::Right => self.left_signed,
        }
    }
}

/// One account of the hub.
#[record(Eq)]
pub struct Account {
    /// The id of the peer.
    pub account_id: EntityId,
    /// Whether it takes part.
    #[serde(default, skip_serializing_if = "is_default")]
    pub status: AccountStatus,
    /// Its tokens, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deltas: Vec<Delta>,
    /// Its open requests, one per token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
    /// When a deposit of a token was put into a batch.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub submitted: Table<TokenId, Millis>,
    /// A settlement under way.
    pub workspace: Option<Workspace>,
    /// Whether a frame waits for the peer's signature.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pending_frame: bool,
    /// Whether a step of a settlement is queued or under way.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pending_settlement: bool,
    /// The reserve of the peer, where it is known.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub peer_reserves: Table<TokenId, TokenAmount>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Entry for Account {
    const ID: &'static str = "account_id";
    fn id(&self) -> &str {
        self.account_id.as_str()
    }
}

impl Account {
    /// An account with nothing in it.
    #[must_use]
    pub fn empty(account_id: EntityId) -> Self {
        Self {
            account_id,
            status: AccountStatus::Active,
            deltas: Vec::new(),
            requests: Vec::new(),
            submitted: Table::new(),
            workspace: None,
            pending_frame: false,
            pending_settlement: false,
            peer_reserves: Table::new(),
        }
    }

    /// Whether it takes part.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == AccountStatus::Active
    }

    /// Whether a frame or a step of a settlement waits: the runtime takes no other step meanwhile.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        self.pending_frame || self.pending_settlement
    }

    /// The stored state of a token.
    #[must_use]
    pub fn delta(&self, token_id: TokenId) -> Option<&Delta> {
        self.deltas.iter().find(|delta| delta.token_id == token_id)
    }

    /// The open request for a token; a request for nothing is none.
    #[must_use]
    pub fn request(&self, token_id: TokenId) -> Option<&Request> {
        self.requests
            .iter()
            .find(|request| request.token_id == token_id && !request.amount.is_zero())
    }

    /// When a deposit of a token was put into a batch; 0 counts as never.
    #[must_use]
    pub fn submitted_at(&self, token_id: TokenId) -> Option<Millis> {
        let at = self.submitted.get(&token_id).copied();
        at.filter(|at| at.get() > 0)
    }
}

/// One account of a deposit entry.
#[record(Eq)]
pub struct DepositPair {
    /// The peer.
    pub account_id: EntityId,
    /// How much.
    pub amount: TokenAmount,
}

/// Reserve to collateral: one entry per depositing side and token.
#[record(Eq)]
pub struct DepositEntry {
    /// The token.
    pub token_id: TokenId,
    /// The depositing side; absent for the hub.
    pub receiving_entity: Option<EntityId>,
    /// The accounts.
    #[serde(default)]
    pub pairs: Vec<DepositPair>,
}

/// Collateral to reserve.
#[record(Eq)]
pub struct WithdrawalEntry {
    /// The peer.
    pub account_id: EntityId,
    /// The token.
    pub token_id: TokenId,
    /// How much.
    pub amount: TokenAmount,
}

/// Reserve to somewhere else, or from there.
#[record(Eq)]
pub struct TransferEntry {
    /// The token.
    pub token_id: TokenId,
    /// How much.
    pub amount: TokenAmount,
}

/// What a settlement changes in the hub's reserve.
#[record(Eq)]
pub struct SettlementEntry {
    /// The peer.
    pub account_id: EntityId,
    /// The token.
    pub token_id: TokenId,
    /// Change of the hub's reserve.
    #[serde(default)]
    pub reserve_diff: SignedTokenAmount,
}

/// On-chain operations that go out together.
#[record(Default, Eq)]
pub struct Batch {
    /// The id of the batch, where it has one: a batch that is listed twice counts once.
    pub id: Option<String>,
    /// Reserve to collateral.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub r2c: Vec<DepositEntry>,
    /// Collateral to reserve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub c2r: Vec<WithdrawalEntry>,
    /// The hub's reserve to another entity's; settles before `c2r`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub r2r: Vec<TransferEntry>,
    /// The hub's reserve to an address outside; settles last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub r2e: Vec<TransferEntry>,
    /// From an address outside into the hub's reserve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub e2r: Vec<TransferEntry>,
    /// Settlements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settlements: Vec<SettlementEntry>,
    /// How many operations of other kinds it holds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub other_operations: Count,
}

impl Batch {
    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = Self {
            id: self.id.clone(),
            ..Self::default()
        };
        *self == nothing
    }
}

/// A batch that was sent and has not settled.
#[record(Eq)]
pub struct SentBatch {
    /// When it was sent.
    pub sent_at: Millis,
    /// What is in it.
    #[serde(default)]
    pub batch: Batch,
}

/// An answer of a source that was asked to replenish a reserve.
#[record(Eq)]
pub struct ReplenishAnswer {
    /// The token it is about.
    pub token_id: TokenId,
    /// The id of the request it answers.
    pub id: String,
    /// What came of it.
    pub outcome: ReplenishOutcome,
    /// How much was sent, where the answer says so.
    pub amount: Option<TokenAmount>,
}

/// What came of a replenishment.
#[choice]
pub enum ReplenishOutcome {
    /// The amount was sent.
    Done,
    /// It was refused or failed.
    Failed,
    /// Not known yet.
    Unknown,
}

/// Everything a hub policy reads.
#[record]
pub struct HubState {
    /// The hub.
    pub hub_id: EntityId,
    /// The time of the entity.
    pub now: Millis,
    /// The clock that the age of a sent batch is measured on; absent for `now`.
    pub submit_clock: Option<Millis>,
    /// Whether this entity is a hub at all; one that is not plans nothing.
    #[serde(default = "yes")]
    pub is_hub: bool,
    /// The accounts, each peer once.
    #[serde(default)]
    pub accounts: Entries<Account>,
    /// The reserves per token.
    #[serde(default)]
    pub reserves: Table<TokenId, TokenAmount>,
    /// What the hub owes on chain per token; it is swept before any reserve is spent.
    #[serde(default)]
    pub open_debts: Table<TokenId, TokenAmount>,
    /// Tokens besides those of the config.
    #[serde(default)]
    pub tokens: Table<TokenId, Token>,
    /// The batch being filled.
    #[serde(default)]
    pub draft: Batch,
    /// The batch that was sent and has not settled.
    pub sent: Option<SentBatch>,
    /// Batches that were taken back and wait for their next try.
    #[serde(default)]
    pub recovery: Vec<Batch>,
    /// Whether somebody else broadcasts in this input.
    #[serde(default)]
    pub broadcast_in_input: bool,
    /// Answers of replenishment sources since the last tick.
    #[serde(default)]
    pub replenish_answers: Vec<ReplenishAnswer>,
    /// What the last plan wanted to be remembered.
    #[serde(default)]
    pub memory: HubMemory,
}

fn yes() -> bool {
    true
}

impl HubState {
    /// A hub without accounts.
    #[must_use]
    pub fn empty(hub_id: EntityId, now: Millis) -> Self {
        Self {
            hub_id,
            now,
            submit_clock: None,
            is_hub: true,
            accounts: Entries::default(),
            reserves: Table::new(),
            open_debts: Table::new(),
            tokens: Table::new(),
            draft: Batch::default(),
            sent: None,
            recovery: Vec::new(),
            broadcast_in_input: false,
            replenish_answers: Vec::new(),
            memory: HubMemory::default(),
        }
    }

    /// The hub's side in its account with `peer`.
    #[must_use]
    pub fn side(&self, peer: &EntityId) -> Side {
        Side::of(&self.hub_id, peer)
    }
}
