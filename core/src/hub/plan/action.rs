//! What a plan asks the runtime to do, in order.

use crate::config::hub::Source;
use crate::hub::state::SettlementOp;
use crate::reason::Code;
use crate::units::{EntityId, TokenAmount, TokenId};

/// The memo of every settlement that a plan proposes.
pub const MEMO: &str = "auto-c2r-rebalance";

/// One step of a plan.
#[choice(Eq)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum Action {
    /// The sent batch is too old: take it back.
    AbortSentBatch {
        /// Whether its entries are kept for another try.
        requeue: bool,
    },
    /// Nobody signed a settlement of ours for too long: withdraw it.
    SettleReject {
        /// The peer.
        account_id: EntityId,
    },
    /// Ask the peer to sign a settlement that brings back what is the hub's.
    SettlePropose {
        /// The peer.
        account_id: EntityId,
        /// Whether LEFT executes it: always the hub.
        executor_is_left: bool,
        /// What the settlement is for.
        memo: String,
        /// What it does.
        ops: Vec<SettlementOp>,
    },
    /// Put a settlement that both signed into the draft.
    SettleExecute {
        /// The peer.
        account_id: EntityId,
    },
    /// Put a deposit from the hub's reserve into the draft and mark the request.
    Deposit {
        /// The peer.
        account_id: EntityId,
        /// How much.
        amount: TokenAmount,
        /// The token.
        token_id: TokenId,
    },
    /// Ask a configured source to replenish a reserve.
    Replenish {
        /// How much.
        amount: TokenAmount,
        /// The same for every try of an episode: asking twice gives once.
        id: String,
        /// Who is asked.
        source: Source,
        /// The token.
        token_id: TokenId,
    },
    /// Tell the operator what a person has to look at.
    Alert {
        /// The peer, where it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_id: Option<EntityId>,
        /// What it is: a code of the registry. `reserve_at_floor` comes at every look while it
        /// holds, any other code once an episode.
        code: Code,
        /// The floor, of a reserve that is at it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        floor: Option<TokenAmount>,
        /// What is left of that reserve after debts and batches.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        net: Option<TokenAmount>,
        /// The token, where it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_id: Option<TokenId>,
    },
    /// Send the draft.
    Broadcast {},
}

impl Action {
    /// An alert about one account.
    #[must_use]
    pub const fn alert_of(account_id: EntityId, code: Code) -> Self {
        Self::Alert {
            account_id: Some(account_id),
            code,
            floor: None,
            net: None,
            token_id: None,
        }
    }

    /// An alert about one token.
    #[must_use]
    pub const fn alert_in(token_id: TokenId, code: Code) -> Self {
        Self::Alert {
            account_id: None,
            code,
            floor: None,
            net: None,
            token_id: Some(token_id),
        }
    }

    /// Its place in a plan: a smaller one comes first.
    #[must_use]
    pub const fn stage(&self) -> u8 {
        match self {
            Self::AbortSentBatch { .. } => 0,
            Self::SettleReject { .. } => 1,
            Self::SettlePropose { .. } => 2,
            Self::SettleExecute { .. } => 3,
            Self::Deposit { .. } => 4,
            Self::Replenish { .. } | Self::Alert { .. } => 5,
            Self::Broadcast {} => 6,
        }
    }
}
