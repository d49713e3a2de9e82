//! What a hub may take and give in one account without touching the peer's security.

use crate::account::algebra::{Delta, Side};
use crate::config::hub::HubConfig;
use crate::error::Error;
use crate::hub::state::Account;
use crate::units::{SignedTokenAmount, TokenAmount, Wide};

/// What a hub can take back from a peer in one token. Both ways need the peer's signature: the
/// runtime gives it for a withdrawal by itself, a debt payment waits for a person.
#[record(open, Copy, Default, Eq)]
pub struct Recoverable {
    /// Its own share of the collateral, less its own hold.
    pub by_withdrawal: TokenAmount,
    /// What the peer owes unsecured and can pay: out of the reserve that it shows, and within what
    /// the runtime lets it promise.
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
}

/// What the hub on `side` can take back in one token of `account`.
pub fn recoverable(
    config: &HubConfig,
    account: &Account,
    delta: &Delta,
    side: Side,
) -> Result<Recoverable, Error> {
    let position = delta.seen_from(side)?;
    let by_withdrawal = position
        .free_share
        .min(delta.out_capacity(side)?)
        .min(ondelta_room(delta, side)?)
        .min(largest_transfer());
    let by_settlement = match config.pull_unsecured {
        true => payable(account, delta, side, delta.out_capacity(side.other())?)?,
        false => TokenAmount::ZERO,
    };
    Ok(Recoverable {
        by_withdrawal,
        by_settlement,
    })
}

/// What the same settlement could take if it were proposed now, before what is on hold for it.
pub fn still_recoverable(
    account: &Account,
    delta: &Delta,
    side: Side,
) -> Result<Recoverable, Error> {
    let share = delta.seen_from(side)?.own_share;
    let capacity = delta.out_capacity_before_holds(side.other())?;
    Ok(Recoverable {
        by_withdrawal: share.min(ondelta_room(delta, side)?),
        by_settlement: payable(account, delta, side, capacity)?,
    })
}

/// A left hub's withdrawal lowers ondelta, which has an end.
fn ondelta_room(delta: &Delta, side: Side) -> Result<TokenAmount, Error> {
    match side {
        Side::Left => delta.room(false),
        Side::Right => Ok(TokenAmount::MAX),
    }
}

/// What the peer owes unsecured and can pay.
fn payable(
    account: &Account,
    delta: &Delta,
    side: Side,
    capacity: TokenAmount,
) -> Result<TokenAmount, Error> {
    let debt = delta.seen_from(side)?.peer_debt;
    if debt.is_zero() {
        return Ok(debt);
    }
    let reserve = account.peer_reserves.get(&delta.token_id);
    Ok(debt
        .min(reserve.copied().unwrap_or_default())
        .min(capacity)
        .min(delta.room(!side.is_left())?)
        .min(largest_transfer()))
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
