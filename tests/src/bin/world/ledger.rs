//! The money of the world: its own arithmetic, independent of the policy that it judges.
//!
//! One token an account, in millionths of a dollar. `value` is the hub's position in an account (its share of the collateral, plus what
//! the peer owes it unsecured, less what it owes); the peer's position is `collateral - value`.

/// A request for collateral.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub number: u64,
    pub amount: i128,
    pub fee: i128,
    pub at: u64,
    /// Whether a deposit has settled for it.
    pub served: bool,
    pub starved: bool,
    pub eligible_since: Option<u64>,
}

/// A settlement under way: what the hub withdraws and what the peer pays.
#[derive(Clone, Debug, PartialEq)]
pub struct Workspace {
    pub number: u64,
    pub withdraw: i128,
    pub pay: i128,
    pub signed: bool,
    pub submitted: bool,
    /// When it was proposed.
    pub at: u64,
    /// The transition that proposes it is not committed yet.
    pub pending: bool,
    /// The transition that rejects it is not committed yet.
    pub rejected: bool,
}

impl Workspace {
    pub fn total(&self) -> i128 {
        self.withdraw + self.pay
    }
}

/// The account of one user with its hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    pub hub_left: bool,
    pub collateral: i128,
    pub value: i128,
    /// The settled part of the balance, seen from LEFT.
    pub ondelta: i128,
    /// How much the hub may owe the user unsecured.
    pub hub_credit: i128,
    /// How much the user may owe the hub unsecured.
    pub user_credit: i128,
    /// What the hub has promised to a submitted settlement.
    pub hub_hold: i128,
    pub request: Option<Request>,
    pub submitted_at: u64,
    pub workspace: Option<Workspace>,
}

impl Account {
    /// The balance seen from LEFT.
    pub fn total(&self) -> i128 {
        if self.hub_left {
            self.value
        } else {
            self.collateral - self.value
        }
    }

    pub fn offdelta(&self) -> i128 {
        self.total() - self.ondelta
    }

    pub fn hub_share(&self) -> i128 {
        self.value.clamp(0, self.collateral)
    }

    pub fn user_share(&self) -> i128 {
        self.collateral - self.hub_share()
    }

    pub fn user_debt(&self) -> i128 {
        (self.value - self.collateral).max(0)
    }

    pub fn hub_debt(&self) -> i128 {
        (-self.value).max(0)
    }

    /// What a user can still pay.
    pub fn user_capacity(&self) -> i128 {
        (self.collateral + self.user_credit - self.value).max(0)
    }

    /// What the hub can still pay without touching what it promised.
    pub fn hub_capacity(&self) -> i128 {
        let submitted = self.workspace.as_ref().filter(|open| open.submitted);
        let end = if let Some(open) = submitted.filter(|open| open.pay > 0) {
            // Else the peer would pay a debt that is gone.
            self.collateral + open.pay
        } else if self.hub_hold > 0 {
            self.hub_hold
        } else {
            -self.hub_credit
        };
        (self.value - end).max(0)
    }

    /// How far the position lies outside its credit limits.
    pub fn excess(&self) -> i128 {
        let above = self.value - self.collateral - self.user_credit;
        (-self.hub_credit - self.value).max(above).max(0)
    }

    pub fn user_pays(&mut self, amount: i128) {
        self.value += amount;
    }

    pub fn hub_pays(&mut self, amount: i128) {
        self.value -= amount;
    }

    pub fn hub_deposits(&mut self, amount: i128) {
        self.collateral += amount;
        self.value += amount;
        if self.hub_left {
            self.ondelta += amount;
        }
    }

    pub fn user_deposits(&mut self, amount: i128) {
        self.collateral += amount;
        if !self.hub_left {
            self.ondelta += amount;
        }
    }

    pub fn hub_withdraws(&mut self, amount: i128) {
        self.collateral -= amount;
        self.value -= amount;
        if self.hub_left {
            self.ondelta -= amount;
        }
    }

    pub fn user_withdraws(&mut self, amount: i128) {
        self.collateral -= amount;
        if !self.hub_left {
            self.ondelta -= amount;
        }
    }

    /// The user pays its unsecured debt out of its reserve.
    pub fn user_settles(&mut self, amount: i128) {
        self.value -= amount;
        self.ondelta += if self.hub_left { -amount } else { amount };
    }
}
