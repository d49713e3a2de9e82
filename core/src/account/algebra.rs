//! What each side of an account holds and owes, per token, and what a deposit, a withdrawal or a
//! settlement does to it.
//!
//! ```
//! use trimtab_core::{account::algebra::{Delta, Side}, units::{SignedTokenAmount, TokenAmount, TokenId}};
//! // LEFT is owed 150, of which 100 lie in collateral.
//! let delta = Delta {
//!     collateral: TokenAmount::new(100),
//!     offdelta: SignedTokenAmount::new(TokenAmount::new(150).wide())?,
//!     ..Delta::empty(TokenId::new(1)?)
//! };
//! let left = delta.seen_from(Side::Left)?;
//! assert_eq!((left.own_share, left.peer_debt), (TokenAmount::new(100), TokenAmount::new(50)));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: runtime. T = ondelta + offdelta is the balance seen from LEFT; collateral lies to the
//! right of zero. `-Ll <= T <= C + Lr` bounds *new* exposure; drawn debt may lie outside after a
//! limit was lowered and is still reported.

use ruint::aliases::U256;

use crate::error::Error;
use crate::units::{EntityId, SignedTokenAmount, TokenAmount, TokenId, Wide};

/// A side of an account. LEFT is the smaller id in byte order.
#[choice]
pub enum Side {
    /// The entity with the smaller id.
    Left,
    /// The entity with the larger id.
    Right,
}

impl Side {
    /// The side of `own` in its account with `peer`.
    #[must_use]
    pub fn of(own: &EntityId, peer: &EntityId) -> Self {
        if own < peer { Self::Left } else { Self::Right }
    }

    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// Whether it is LEFT.
    #[must_use]
    pub const fn is_left(self) -> bool {
        matches!(self, Self::Left)
    }
}

/// The stored state of one token in an account. Absent amounts are zero.
#[record(Eq)]
pub struct Delta {
    /// The token.
    pub token_id: TokenId,
    /// What lies in escrow for both sides together.
    #[serde(default)]
    pub collateral: TokenAmount,
    /// The settled part of the balance, seen from LEFT.
    #[serde(default)]
    pub ondelta: SignedTokenAmount,
    /// The unsettled part of the balance, seen from LEFT.
    #[serde(default)]
    pub offdelta: SignedTokenAmount,
    /// How much LEFT may owe RIGHT unsecured.
    #[serde(default)]
    pub left_credit_limit: TokenAmount,
    /// How much RIGHT may owe LEFT unsecured.
    #[serde(default)]
    pub right_credit_limit: TokenAmount,
    /// What LEFT has promised to payments and settlements under way.
    #[serde(default)]
    pub left_hold: TokenAmount,
    /// What RIGHT has promised to payments and settlements under way.
    #[serde(default)]
    pub right_hold: TokenAmount,
    /// What LEFT keeps out of its capacity.
    #[serde(default)]
    pub left_allowance: TokenAmount,
    /// What RIGHT keeps out of its capacity.
    #[serde(default)]
    pub right_allowance: TokenAmount,
}

/// What one side holds and owes in one token.
#[record(open, Copy, Eq)]
pub struct Position {
    /// Own share of the collateral.
    pub own_share: TokenAmount,
    /// The own share that no hold has promised away: what may be withdrawn.
    pub free_share: TokenAmount,
    /// The peer's share of the collateral.
    pub peer_share: TokenAmount,
    /// What the peer owes this side unsecured.
    pub peer_debt: TokenAmount,
    /// What this side owes the peer unsecured: the peer's claim.
    pub own_debt: TokenAmount,
}

impl Delta {
    /// A token without any amount.
    #[must_use]
    pub fn empty(token_id: TokenId) -> Self {
        Self {
            token_id,
            collateral: TokenAmount::ZERO,
            ondelta: SignedTokenAmount::default(),
            offdelta: SignedTokenAmount::default(),
            left_credit_limit: TokenAmount::ZERO,
            right_credit_limit: TokenAmount::ZERO,
            left_hold: TokenAmount::ZERO,
            right_hold: TokenAmount::ZERO,
            left_allowance: TokenAmount::ZERO,
            right_allowance: TokenAmount::ZERO,
        }
    }

    /// The largest credit limit the runtime stores: a thousand times the largest payment.
    #[must_use]
    pub fn max_credit_limit() -> TokenAmount {
        let largest_payment = U256::from(u128::MAX);
        TokenAmount::from_u256(largest_payment.saturating_mul(U256::from(1000u16)))
    }

    /// Refuses a stored field that its type allows and the runtime does not.
    pub fn validate(&self) -> Result<(), Error> {
        let limits = [
            ("left_credit_limit", self.left_credit_limit),
            ("right_credit_limit", self.right_credit_limit),
        ];
        for (field, limit) in limits {
            if limit > Self::max_credit_limit() {
                return Err(Error::out_of_range(field, limit, "0..=(2^128-1)*1000"));
            }
        }
        self.seen_from(Side::Left).map(|_| ())
    }

    /// T: the balance seen from LEFT, exact.
    pub fn total(&self) -> Result<Wide, Error> {
        self.ondelta.wide().plus(self.offdelta.wide())
    }

    /// What `side` holds and owes. `overflow` where a debt does not fit 256 bits.
    pub fn seen_from(&self, side: Side) -> Result<Position, Error> {
        let about = |error: Error| error.inside("offdelta");
        let total = self.total()?;
        let left_debt = total.negated().positive_part().map_err(about)?;
        let right_debt = total
            .minus(self.collateral.wide())?
            .positive_part()
            .map_err(about)?;
        // Between zero and C the total is LEFT's share.
        let left_share = total.positive_part().map_err(about)?.min(self.collateral);
        let right_share = self.collateral.less(left_share);
        Ok(match side {
            Side::Left => Position {
                own_share: left_share,
                free_share: left_share.less(self.left_hold),
                peer_share: right_share,
                peer_debt: right_debt,
                own_debt: left_debt,
            },
            Side::Right => Position {
                own_share: right_share,
                free_share: right_share.less(self.right_hold),
                peer_share: left_share,
                peer_debt: left_debt,
                own_debt: right_debt,
            },
        })
    }

    /// What `side` can still promise away: its share, what it is owed, the credit it has not drawn,
    /// less its allowance and its hold. The runtime holds every settlement against it.
    pub fn out_capacity(&self, side: Side) -> Result<TokenAmount, Error> {
        let seen = self.seen_from(side)?;
        let (limit, allowance, hold) = match side {
            Side::Left => (self.left_credit_limit, self.left_allowance, self.left_hold),
            Side::Right => (
                self.right_credit_limit,
                self.right_allowance,
                self.right_hold,
            ),
        };
        let own = seen.peer_debt.wide().plus(seen.own_share.wide())?;
        let all = own.plus(limit.less(seen.own_debt).wide())?;
        let free = all.minus(allowance.wide())?.minus(hold.wide())?;
        Ok(free
            .max(Wide::ZERO)
            .positive_part()
            .unwrap_or(TokenAmount::MAX))
    }

    /// The same without anything on hold.
    pub fn out_capacity_before_holds(&self, side: Side) -> Result<TokenAmount, Error> {
        let none = TokenAmount::ZERO;
        let free = Self {
            left_hold: none,
            right_hold: none,
            ..self.clone()
        };
        free.out_capacity(side)
    }

    /// How far the total lies outside `-Ll <= T <= C + Lr`; zero inside.
    pub fn excess(&self) -> Result<Wide, Error> {
        let total = self.total()?;
        let below = self.left_credit_limit.wide().plus(total)?.negated();
        let top = self
            .collateral
            .wide()
            .plus(self.right_credit_limit.wide())?;
        let above = total.minus(top)?;
        Ok(below.max(above).max(Wide::ZERO))
    }

    /// After `side` moved `amount` of its reserve into the collateral (R2C).
    pub fn deposited(&self, side: Side, amount: TokenAmount) -> Result<Self, Error> {
        let moved = if side.is_left() {
            amount.wide()
        } else {
            Wide::ZERO
        };
        Ok(Self {
            collateral: self
                .collateral
                .plus(amount)
                .map_err(|error| error.inside("collateral"))?,
            ondelta: self.shifted(moved)?,
            ..self.clone()
        })
    }

    /// After `side` moved `amount` of the collateral into its reserve (C2R). More than its own
    /// share would eat the peer's security and is refused.
    pub fn withdrawn(&self, side: Side, amount: TokenAmount) -> Result<Self, Error> {
        let own = self.seen_from(side)?.own_share;
        if amount > own {
            return Err(Error::out_of_range(
                "amount",
                amount,
                format_args!("at most the own share, {own}"),
            ));
        }
        let moved = if side.is_left() {
            amount.wide().negated()
        } else {
            Wide::ZERO
        };
        Ok(Self {
            collateral: self.collateral.less(amount),
            ondelta: self.shifted(moved)?,
            ..self.clone()
        })
    }

    /// After the peer of `side` paid `amount` of its unsecured debt out of its reserve. More than
    /// it owes is refused.
    pub fn settled(&self, side: Side, amount: TokenAmount) -> Result<Self, Error> {
        let owed = self.seen_from(side)?.peer_debt;
        if amount > owed {
            return Err(Error::out_of_range(
                "amount",
                amount,
                format_args!("at most the debt, {owed}"),
            ));
        }
        let moved = match side {
            Side::Left => amount.wide().negated(),
            Side::Right => amount.wide(),
        };
        Ok(Self {
            ondelta: self.shifted(moved)?,
            ..self.clone()
        })
    }

    /// How much the settled balance can still move up (`true`) or down before it leaves its type.
    pub fn room(&self, up: bool) -> Result<TokenAmount, Error> {
        let reach = Wide::from_parts(false, ruint::aliases::U512::ONE << 255);
        if up {
            let top = reach.minus(TokenAmount::new(1).wide())?;
            top.minus(self.ondelta.wide())?.positive_part()
        } else {
            reach.plus(self.ondelta.wide())?.positive_part()
        }
    }

    fn shifted(&self, by: Wide) -> Result<SignedTokenAmount, Error> {
        SignedTokenAmount::new(self.ondelta.wide().plus(by)?)
            .map_err(|error| error.inside("ondelta"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::proofs;
    use proptest::prelude::*;
    use ruint::aliases::U512;

    #[test]
    fn the_excess_is_how_far_the_total_lies_outside_its_bounds() {
        let excess = |total: i64| {
            let moved = TokenAmount::new(total.unsigned_abs().into()).wide();
            let signed = if total < 0 { moved.negated() } else { moved };
            let delta = Delta {
                collateral: TokenAmount::new(3),
                left_credit_limit: TokenAmount::new(10),
                right_credit_limit: TokenAmount::new(4),
                offdelta: SignedTokenAmount::new(signed).unwrap(),
                ..Delta::empty(TokenId::constant(1))
            };
            delta.excess().unwrap()
        };
        let units = |units| TokenAmount::new(units).wide();
        for inside in [-10, 0, 7] {
            assert_eq!(excess(inside), units(0), "{inside}");
        }
        assert_eq!(excess(8), units(1));
        assert_eq!(excess(-12), units(2));
    }

    /// Amounts of every size, the extremes included.
    pub(crate) fn amounts() -> impl Strategy<Value = TokenAmount> {
        prop_oneof![
            4 => (0u128..2_000).prop_map(TokenAmount::new),
            2 => any::<u128>().prop_map(TokenAmount::new),
            1 => any::<[u64; 4]>().prop_map(|limbs| TokenAmount::from_u256(U256::from_limbs(limbs))),
            1 => Just(TokenAmount::MAX),
        ]
    }

    pub(crate) fn signed() -> impl Strategy<Value = SignedTokenAmount> {
        (any::<bool>(), amounts()).prop_map(|(negative, amount)| {
            let most = (U512::ONE << 255) - U512::ONE;
            let magnitude = amount.wide().magnitude().min(most);
            SignedTokenAmount::new(Wide::from_parts(negative, magnitude)).unwrap()
        })
    }

    pub(crate) fn deltas() -> impl Strategy<Value = Delta> {
        let credit = || amounts().prop_map(|limit| limit.min(Delta::max_credit_limit()));
        (
            amounts(),
            signed(),
            signed(),
            credit(),
            credit(),
            amounts(),
            amounts(),
        )
            .prop_map(
                |(
                    collateral,
                    ondelta,
                    offdelta,
                    left_credit_limit,
                    right_credit_limit,
                    left_hold,
                    right_hold,
                )| Delta {
                    collateral,
                    ondelta,
                    offdelta,
                    left_credit_limit,
                    right_credit_limit,
                    left_hold,
                    right_hold,
                    ..Delta::empty(TokenId::MIN)
                },
            )
    }

    fn sides() -> impl Strategy<Value = Side> {
        prop_oneof![Just(Side::Left), Just(Side::Right)]
    }

    fn sum(a: TokenAmount, b: TokenAmount) -> Wide {
        a.wide().plus(b.wide()).unwrap()
    }

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn the_shares_are_the_collateral_and_at_most_one_side_owes(delta in deltas(), side in sides()) {
            let own = delta.seen_from(side).unwrap();
            let peer = delta.seen_from(side.other()).unwrap();
            prop_assert_eq!(sum(own.own_share, own.peer_share), delta.collateral.wide());
            prop_assert_eq!((own.own_share, own.peer_debt), (peer.peer_share, peer.own_debt));
            prop_assert!(own.peer_debt.is_zero() || own.own_debt.is_zero());
            prop_assert!(own.own_share.is_zero() || own.own_debt.is_zero());
        }

        #[test]
        fn a_deposit_by_either_side_lowers_the_peers_claim_by_what_is_owed(delta in deltas(), side in sides(), amount in amounts()) {
            let before = delta.seen_from(side).unwrap();
            if let Ok(after) = delta.deposited(side, amount) {
                let seen = after.seen_from(side).unwrap();
                let secured = amount.min(before.own_debt);
                prop_assert_eq!(seen.own_debt, before.own_debt.less(secured));
                prop_assert_eq!(sum(seen.peer_share, seen.own_debt), sum(before.peer_share, before.own_debt));
                prop_assert_eq!(seen.own_share, before.own_share.plus(amount.less(secured)).unwrap());
                prop_assert!(after.excess().unwrap() <= delta.excess().unwrap());
            }
        }

        #[test]
        fn a_withdrawal_within_the_own_share_never_touches_the_peer(delta in deltas(), side in sides(), part in 0u64..=1000) {
            let before = delta.seen_from(side).unwrap();
            let amount = TokenAmount::from_u256(before.own_share.get() / U256::from(1000u64) * U256::from(part));
            if let Ok(after) = delta.withdrawn(side, amount) {
                let seen = after.seen_from(side).unwrap();
                prop_assert_eq!((seen.peer_share, seen.own_debt), (before.peer_share, before.own_debt));
                prop_assert_eq!(seen.peer_debt, before.peer_debt);
                prop_assert_eq!(sum(seen.own_share, amount), before.own_share.wide());
                prop_assert!(after.excess().unwrap() <= delta.excess().unwrap());
            }
            if let Ok(more) = before.own_share.plus(TokenAmount::new(1)) {
                prop_assert!(delta.withdrawn(side, more).is_err());
            }
        }

        #[test]
        fn a_settlement_lowers_the_peers_debt_by_exactly_what_it_pays(delta in deltas(), side in sides(), part in 0u64..=1000) {
            let before = delta.seen_from(side).unwrap();
            let amount = TokenAmount::from_u256(before.peer_debt.get() / U256::from(1000u64) * U256::from(part));
            if let Ok(after) = delta.settled(side, amount) {
                let seen = after.seen_from(side).unwrap();
                prop_assert_eq!(sum(seen.peer_debt, amount), before.peer_debt.wide());
                prop_assert_eq!((seen.own_debt, seen.peer_share), (before.own_debt, before.peer_share));
                prop_assert!(after.excess().unwrap() <= delta.excess().unwrap());
            }
        }
    }

    #[test]
    fn what_a_side_can_promise_is_its_share_its_claim_and_its_unused_credit() {
        let amount = TokenAmount::new;
        let plus = |n: u128| SignedTokenAmount::new(amount(n).wide()).unwrap();
        // RIGHT owes 50 unsecured of 80 that it may owe; all of the collateral is LEFT's.
        let delta = Delta {
            collateral: amount(100),
            offdelta: plus(150),
            left_credit_limit: amount(7),
            right_credit_limit: amount(80),
            right_hold: amount(10),
            left_allowance: amount(3),
            ..Delta::empty(TokenId::MIN)
        };
        assert_eq!(
            delta.out_capacity(Side::Left).unwrap(),
            amount(50 + 100 + 7 - 3)
        );
        assert_eq!(
            delta.out_capacity(Side::Right).unwrap(),
            amount(80 - 50 - 10)
        );
        assert_eq!(
            delta.out_capacity_before_holds(Side::Right).unwrap(),
            amount(30)
        );
        // Drawn beyond a limit that was lowered: nothing, never less.
        let lowered = Delta {
            right_credit_limit: amount(20),
            ..delta
        };
        assert_eq!(
            lowered.out_capacity(Side::Right).unwrap(),
            TokenAmount::ZERO
        );
    }

    #[test]
    fn two_lowest_balances_do_not_fit_and_say_so() {
        let lowest = SignedTokenAmount::new(Wide::from_parts(true, U512::ONE << 255)).unwrap();
        let delta = Delta {
            ondelta: lowest,
            offdelta: lowest,
            ..Delta::empty(TokenId::MIN)
        };
        assert_eq!(
            delta.validate().unwrap_err(),
            Error::overflow("").inside("offdelta")
        );
    }

    #[test]
    fn the_runtimes_own_examples_hold() {
        let amount = |n: i64| {
            SignedTokenAmount::new(Wide::from_parts(n < 0, U512::from(n.unsigned_abs()))).unwrap()
        };
        let delta = |offdelta: i64| Delta {
            collateral: TokenAmount::new(100),
            offdelta: amount(offdelta),
            ..Delta::empty(TokenId::MIN)
        };
        // A left hub's debt is not netted against the collateral, a right hub's is.
        let left = delta(-300).seen_from(Side::Left).unwrap();
        let right = delta(300).seen_from(Side::Right).unwrap();
        assert_eq!(left.own_debt, TokenAmount::new(300));
        assert_eq!(right.own_debt, TokenAmount::new(200));
    }
}
