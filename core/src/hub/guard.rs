//! What a hub may take and give in one account without touching the peer's security.

use crate::account::algebra::{Delta, Side};
use crate::error::Error;
use crate::hub::config::HubConfig;
use crate::hub::state::Account;
use crate::units::{SignedTokenAmount, TokenAmount, Wide};

/// What a hub can take back from a peer in one token. Both ways need the peer's signature.
#[record(open, Copy, Default, Eq)]
pub struct Recoverable {
    /// Its own share of the collateral, less its own hold.
    pub by_withdrawal: TokenAmount,
    /// What the peer owes unsecured and can pay out of its reserve.
    pub by_settlement: TokenAmount,
}

impl Recoverable {
    /// Both ways together; no larger than an amount can be.
    #[must_use]
    pub fn total(self) -> TokenAmount {
        self.by_withdrawal
            .plus(self.by_settlement)
            .unwrap_or(TokenAmount::MAX)
    }

    /// At most `amount` of it, the collateral first.
    #[must_use]
    pub fn part(self, amount: TokenAmount) -> Self {
        let by_withdrawal = self.by_withdrawal.min(amount);
        let by_settlement = self.by_settlement.min(amount.less(by_withdrawal));
        Self {
            by_withdrawal,
            by_settlement,
        }
    }
}

/// What the hub on `side` can take back in one token of `account`.
pub fn recoverable(
    config: &HubConfig,
    account: &Account,
    delta: &Delta,
    side: Side,
) -> Result<Recoverable, Error> {
    let position = delta.seen_from(side)?;
    // A left hub's withdrawals and settlements both lower ondelta, which has an end.
    let room = delta.room(!side.is_left())?;
    let by_withdrawal = match side {
        Side::Left => position.free_share.min(room),
        Side::Right => position.free_share,
    };
    if !config.pull_unsecured || position.peer_debt.is_zero() {
        return Ok(Recoverable {
            by_withdrawal,
            by_settlement: TokenAmount::ZERO,
        });
    }
    let left = match side {
        Side::Left => room.less(by_withdrawal),
        Side::Right => room,
    };
    let reserve = account.peer_reserves.get(&delta.token_id);
    let by_settlement = position
        .peer_debt
        .min(reserve.copied().unwrap_or_default())
        .min(left)
        .min(largest_transfer());
    Ok(Recoverable {
        by_withdrawal,
        by_settlement,
    })
}

/// The largest amount the contract moves at once: 2^255 - 1.
#[must_use]
pub fn largest_transfer() -> TokenAmount {
    TokenAmount::from_u256(ruint::aliases::U256::MAX >> 1)
}

/// What the peer may claim from the hub on `side` unsecured, and how much of it a deposit can
/// secure before a stored field leaves its range.
pub fn securable(delta: &Delta, side: Side) -> Result<TokenAmount, Error> {
    securable_of(delta.seen_from(side)?.own_debt, delta, side)
}

/// The same where the claim is known already.
pub fn securable_of(claim: TokenAmount, delta: &Delta, side: Side) -> Result<TokenAmount, Error> {
    let collateral_room = TokenAmount::MAX.less(delta.collateral);
    let balance_room = match side {
        Side::Left => delta.room(true)?,
        Side::Right => TokenAmount::MAX,
    };
    Ok(claim
        .min(largest_transfer())
        .min(collateral_room)
        .min(balance_room))
}

/// The `offdelta` nearest to the present one with which the peer has a claim to secure.
#[must_use]
pub fn smallest_claim(delta: &Delta, side: Side) -> Option<SignedTokenAmount> {
    let one = TokenAmount::new(1).wide();
    let total = match side {
        Side::Left => one.negated(),
        Side::Right => delta.collateral.wide().plus(one).ok()?,
    };
    let offdelta = SignedTokenAmount::new(total.minus(delta.ondelta.wide()).ok()?).ok()?;
    let claimed = Delta { offdelta, ..*delta };
    let secured = securable(&claimed, side).ok()?;
    (delta.offdelta != offdelta && !secured.is_zero()).then_some(offdelta)
}

/// `wide` as an amount for a report: below zero is zero, above the largest is the largest.
#[must_use]
pub fn reported(wide: Wide) -> TokenAmount {
    wide.positive_part().unwrap_or(TokenAmount::MAX)
}
