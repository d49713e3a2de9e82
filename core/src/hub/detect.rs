//! Who has something that the hub can take back, and who waits for collateral, token by token.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"hub_id":"0x11","now":1000,"accounts":[
//!     {"account_id":"0x22","deltas":[{"token_id":1,"collateral":"70","offdelta":"40"}]},
//!     {"account_id":"0x33","deltas":[{"token_id":1,"offdelta":"-90"}],
//!      "requests":[{"token_id":1,"amount":"50","fee":{"requested_at":1}}]}]}"#;
//! let answer = String::from_utf8(Policy::plan().call("hub.detect", input)?).unwrap_or_default();
//! assert!(answer.contains(r#""by_settlement":"0","by_withdrawal":"40""#));
//! assert!(answer.contains(r#""amount":"50","claim":"90""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan. A peer can be both for different tokens, never for the same: nobody owes and is
//! owed in one balance, and who asks for collateral is not asked for it back. Codes:
//! `account_takes_no_part`, `request_without_claim`, `peers_detected`.

use crate::account::algebra::Delta;
use crate::config::Config;
use crate::error::Error;
use crate::hub::guard;
use crate::hub::limits::Tokens;
use crate::hub::plan::eligibility::counted_fee;
use crate::hub::plan::settle::Leaving;
use crate::hub::state::{Account, HubState};
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::Table;
use crate::units::{EntityId, Millis, TokenAmount, TokenId};

/// No more accounts than these get a reason of their own.
pub const MAX_ACCOUNT_REASONS: usize = 256;

/// A peer with something to take back.
#[record(open, Eq)]
pub struct NetSpender {
    /// The peer.
    pub account_id: EntityId,
    /// How much in all.
    pub amount: TokenAmount,
    /// What it would pay of its unsecured debt out of its reserve.
    pub by_settlement: TokenAmount,
    /// What the hub withdraws of its own share of the collateral.
    pub by_withdrawal: TokenAmount,
}

/// A peer that waits for collateral.
#[record(open, Eq)]
pub struct NetReceiver {
    /// The peer.
    pub account_id: EntityId,
    /// How much: the smaller of request and claim.
    pub amount: TokenAmount,
    /// What the hub owes it unsecured.
    pub claim: TokenAmount,
    /// What it paid in advance, in this token.
    pub fee: TokenAmount,
    /// When it asked; the present where it did not.
    pub requested_at: Millis,
    /// Whether the claim is above the hard limit.
    pub severe: bool,
}

/// Both sides of one token.
#[record(open, Default, Eq)]
pub struct TokenDetected {
    /// Who waits, by id.
    pub receivers: Vec<NetReceiver>,
    /// Who has something to take back, by id.
    pub spenders: Vec<NetSpender>,
    /// The token.
    pub token_id: TokenId,
}

/// Both sides of every token, by token.
#[record(open, Eq)]
pub struct Detected {
    /// One entry per token with a spender or a receiver.
    pub tokens: Vec<TokenDetected>,
}

/// Detects net spenders and net receivers.
pub fn detect(config: &Config, hub: &HubState, why: &mut Why) -> Result<Detected, Error> {
    let look = Look {
        config,
        hub,
        leaving: Leaving::of(hub)?,
        tokens: Tokens::of(hub, &config.hub),
    };
    let mut found: Table<TokenId, TokenDetected> = Table::new();
    let mut reasons_left = MAX_ACCOUNT_REASONS;
    let mut say = |why: &mut Why, reason: &dyn Fn() -> Reason| {
        if reasons_left > 0 {
            reasons_left -= 1;
            why.add(reason);
        }
    };
    for account in hub.usable(&config.hub, why)? {
        let id = &account.account_id;
        if !account.is_active() {
            let reason = || {
                Reason::new(Code::AccountTakesNoPart, Effect::Refuse)
                    .about(id)
                    .flip("status", "active")
            };
            say(why, &reason);
            continue;
        }
        for delta in &account.deltas {
            let token_id = delta.token_id;
            if let Some(receiver) = look.receiver(account, delta)? {
                if receiver.amount.is_zero() {
                    let reason = || {
                        Reason::new(Code::RequestWithoutClaim, Effect::Defer)
                            .about(format_args!("{id} {token_id}"))
                    };
                    say(why, &reason);
                    continue;
                }
                let token = found.slot(token_id);
                token.token_id = token_id;
                token.receivers.push(receiver);
            } else if let Some(spender) = look.spender(account, delta)? {
                let token = found.slot(token_id);
                token.token_id = token_id;
                token.spenders.push(spender);
            }
        }
    }
    let tokens: Vec<TokenDetected> = found.into_values().collect();
    why.add(|| {
        let count = |token: &TokenDetected| token.spenders.len() + token.receivers.len();
        let all: usize = tokens.iter().map(count).sum();
        Reason::new(Code::PeersDetected, Effect::Allow)
            .observed(u64::try_from(all).unwrap_or(u64::MAX))
    });
    Ok(Detected { tokens })
}

struct Look<'a> {
    config: &'a Config,
    hub: &'a HubState,
    /// What batches take out of the accounts already.
    leaving: Leaving,
    tokens: Tokens,
}

impl Look<'_> {
    /// A peer with an open request, whatever its claim; without one, a peer whose claim is above
    /// the soft limit of a hub that acts unasked.
    fn receiver(&self, account: &Account, delta: &Delta) -> Result<Option<NetReceiver>, Error> {
        let side = self.hub.side(&account.account_id);
        let claim = delta.seen_from(side)?.own_debt;
        let limits = self.tokens.get(delta.token_id)?;
        let unasked = || self.config.hub.proactive && claim > limits.soft_limit;
        let (amount, fee, requested_at) = match account.request(delta.token_id) {
            Some(request) => {
                let terms = request.fee.as_ref();
                let fee = terms.map_or(TokenAmount::ZERO, |terms| {
                    counted_fee(&self.config.hub, delta.token_id, terms)
                });
                let since = terms.map_or(self.hub.now, |terms| terms.requested_at);
                (request.amount.min(claim), fee, since)
            }
            None if unasked() => (claim, TokenAmount::ZERO, self.hub.now),
            None => return Ok(None),
        };
        Ok(Some(NetReceiver {
            account_id: account.account_id.clone(),
            amount,
            claim,
            fee,
            requested_at,
            severe: claim > limits.hard_limit,
        }))
    }

    fn spender(&self, account: &Account, delta: &Delta) -> Result<Option<NetSpender>, Error> {
        let side = self.hub.side(&account.account_id);
        let all = guard::recoverable(&self.config.hub, account, delta, side)?;
        let id = &account.account_id;
        let all = self.leaving.rest(id, delta.token_id, all)?;
        let amount = all.total();
        Ok((!amount.is_zero()).then(|| NetSpender {
            account_id: account.account_id.clone(),
            amount,
            by_settlement: all.by_settlement,
            by_withdrawal: all.by_withdrawal,
        }))
    }
}

#[cfg(test)]
#[path = "detect_laws.rs"]
mod laws;
