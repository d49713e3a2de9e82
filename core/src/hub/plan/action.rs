//! What a plan asks the runtime to do, in order.

use crate::hub::config::Source;
use crate::hub::state::SettlementOp;
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
    /// A settlement of ours takes more than is ours now: withdraw it.
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
    /// Tell the operator that a reserve is at its floor.
    Alert {
        /// The floor.
        floor: TokenAmount,
        /// What is left of the reserve after debts and batches.
        net: TokenAmount,
        /// The token.
        token_id: TokenId,
    },
    /// Send the draft.
    Broadcast {},
}

impl Action {
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
