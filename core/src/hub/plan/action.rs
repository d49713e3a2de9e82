//! What a plan asks the runtime to do, in order.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::hub::config::Source;
use crate::hub::state::SettlementOp;
use crate::reason::Code;
use crate::units::{EntityId, TokenAmount, TokenId};
use crate::value::{Fault, FromValue, Value};

/// The memo of every settlement that a plan proposes.
pub const MEMO: &str = "auto-c2r-rebalance";

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
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
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<EntityId>,
        /// What it is: a code of the registry. `reserve_at_floor` comes at every look while it
        /// holds, any other code once an episode.
        code: Code,
        /// The floor, of a reserve that is at it.
        #[serde(skip_serializing_if = "Option::is_none")]
        floor: Option<TokenAmount>,
        /// What is left of that reserve after debts and batches.
        #[serde(skip_serializing_if = "Option::is_none")]
        net: Option<TokenAmount>,
        /// The token, where it is about one.
        #[serde(skip_serializing_if = "Option::is_none")]
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

/// An action as it is read: one record, so that amounts keep their native form on every host.
#[derive(Deserialize, FromValue)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(rename = "type")]
    kind: Kind,
    requeue: Option<bool>,
    account_id: Option<EntityId>,
    code: Option<Code>,
    executor_is_left: Option<bool>,
    memo: Option<String>,
    ops: Option<Vec<SettlementOp>>,
    amount: Option<TokenAmount>,
    token_id: Option<TokenId>,
    id: Option<String>,
    source: Option<Source>,
    floor: Option<TokenAmount>,
    net: Option<TokenAmount>,
}

#[derive(Clone, Copy, Deserialize, FromValue)]
#[serde(rename_all = "snake_case")]
enum Kind {
    AbortSentBatch,
    SettleReject,
    SettlePropose,
    SettleExecute,
    Deposit,
    Replenish,
    Alert,
    Broadcast,
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(Fields::deserialize(deserializer)?)
    }
}

impl FromValue for Action {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        Self::of(Fields::from_value(value)?)
    }
}

impl Action {
    fn of<E: de::Error>(fields: Fields) -> Result<Self, E> {
        fn due<T, E: de::Error>(field: &'static str, value: Option<T>) -> Result<T, E> {
            value.ok_or_else(|| E::missing_field(field))
        }
        Ok(match fields.kind {
            Kind::AbortSentBatch => Self::AbortSentBatch {
                requeue: due("requeue", fields.requeue)?,
            },
            Kind::SettleReject => Self::SettleReject {
                account_id: due("account_id", fields.account_id)?,
            },
            Kind::SettlePropose => Self::SettlePropose {
                account_id: due("account_id", fields.account_id)?,
                executor_is_left: due("executor_is_left", fields.executor_is_left)?,
                memo: fields.memo.unwrap_or_default(),
                ops: due("ops", fields.ops)?,
            },
            Kind::SettleExecute => Self::SettleExecute {
                account_id: due("account_id", fields.account_id)?,
            },
            Kind::Deposit => Self::Deposit {
                account_id: due("account_id", fields.account_id)?,
                amount: due("amount", fields.amount)?,
                token_id: due("token_id", fields.token_id)?,
            },
            Kind::Replenish => Self::Replenish {
                amount: due("amount", fields.amount)?,
                id: due("id", fields.id)?,
                source: due("source", fields.source)?,
                token_id: due("token_id", fields.token_id)?,
            },
            Kind::Alert => Self::Alert {
                account_id: fields.account_id,
                code: due("code", fields.code)?,
                floor: fields.floor,
                net: fields.net,
                token_id: fields.token_id,
            },
            Kind::Broadcast => Self::Broadcast {},
        })
    }
}
