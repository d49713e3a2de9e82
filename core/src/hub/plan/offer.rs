//! What may be asked back from one account in one token.

use crate::units::{TokenAmount, TokenId};

/// What the hub may ask back in one token of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// The token.
    pub token_id: TokenId,
    /// What it may withdraw of its share.
    pub by_withdrawal: TokenAmount,
    /// What the peer may be asked to pay of its debt, where the share does not suffice.
    pub by_settlement: TokenAmount,
    /// The smallest amount that is worth a settlement.
    pub least: TokenAmount,
}

/// What is asked of one account in one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// How much.
    pub amount: TokenAmount,
    /// Whether the peer pays a debt; else the hub withdraws its share.
    pub is_debt: bool,
}

impl Offer {
    /// The largest amount that one proposal brings.
    #[must_use]
    pub fn most(&self) -> TokenAmount {
        self.part(TokenAmount::MAX).amount
    }

    /// What to ask for where `wanted` is wanted, and never less than is worth a settlement. The
    /// runtime signs a withdrawal by itself and a debt payment never: so the share comes first, and
    /// the two are never mixed.
    #[must_use]
    pub fn part(&self, wanted: TokenAmount) -> Part {
        let is_debt = self.by_withdrawal < self.least;
        let most = match is_debt {
            true => self.by_settlement,
            false => self.by_withdrawal,
        };
        Part {
            amount: most.min(wanted.max(self.least)),
            is_debt,
        }
    }
}
