//! What several hubs owe each other in circles, taken out of the circle: every net position stays,
//! every claim shrinks or stays, and no smaller total exists.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"claims":[
//!     {"debtor":"a","creditor":"b","token_id":1,"amount":"10"},
//!     {"debtor":"b","creditor":"c","token_id":1,"amount":"7"},
//!     {"debtor":"c","creditor":"a","token_id":1,"amount":"5"}]}"#;
//! let answer = String::from_utf8(Policy::plan().call("hub.match_cycles", input)?).unwrap_or_default();
//! assert!(answer.contains(r#""gross_after":"7","gross_before":"22""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan ("triangular"). Per token a circulation of least cost, claims in the order of
//! their ids. Codes: `claims_netted`, `nothing_to_net`.

use ruint::aliases::{U256, U512};

use crate::config::Config;
use crate::error::Error;
use crate::hub::netting;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Count, EntityId, TokenAmount, TokenId, TokenTotal};

/// No call carries more claims.
pub const MAX_CLAIMS: usize = 20_000;

/// What one hub owes another.
#[record(Eq)]
pub struct Claim {
    /// Who owes.
    pub debtor: EntityId,
    /// Who is owed.
    pub creditor: EntityId,
    /// The token.
    pub token_id: TokenId,
    /// How much.
    pub amount: TokenAmount,
}

/// The claims between several hubs; each debtor, creditor and token together once.
#[record(Default, Eq)]
pub struct CyclesInput {
    /// The claims.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

/// What becomes of one claim.
#[record(written, Eq)]
pub struct Netted {
    /// What remains of it.
    pub amount: TokenAmount,
    /// What was taken out of it.
    pub cleared: TokenAmount,
    /// Who is owed.
    pub creditor: EntityId,
    /// Who owes.
    pub debtor: EntityId,
}

/// The claims of one token.
#[record(written, Eq)]
pub struct TokenCycles {
    /// Every claim, by debtor and creditor.
    pub claims: Vec<Netted>,
    /// How many claims shrink.
    pub changed: Count,
    /// The sum of all claims after.
    pub gross_after: TokenTotal,
    /// The sum of all claims before.
    pub gross_before: TokenTotal,
    /// The token.
    pub token_id: TokenId,
}

/// The claims of every token, by token.
#[record(written, Eq)]
pub struct Cycles {
    /// One entry per token with a claim.
    pub tokens: Vec<TokenCycles>,
}

/// Shrinks the claims between hubs to the smallest with the same net positions.
pub fn match_cycles(_: &Config, input: &CyclesInput, why: &mut Why) -> Result<Cycles, Error> {
    if input.claims.len() > MAX_CLAIMS {
        return Err(Error::too_large("claims", input.claims.len(), MAX_CLAIMS));
    }
    let mut claims: Vec<&Claim> = input.claims.iter().collect();
    sorting::by_key(&mut claims, key);
    check(&claims)?;
    let mut tokens = Vec::new();
    for claims in claims.chunk_by(|a, b| a.token_id == b.token_id) {
        let token = netted(claims)?;
        why.add(|| {
            let code = if token.changed == Count::MIN {
                Code::NothingToNet
            } else {
                Code::ClaimsNetted
            };
            Reason::new(code, Effect::Allow)
                .about(token.token_id)
                .observed(token.gross_after)
                .limit(token.gross_before)
        });
        tokens.push(token);
    }
    if tokens.is_empty() {
        let none = || Reason::new(Code::NothingToNet, Effect::Allow);
        why.add(|| none().observed(TokenTotal::ZERO).limit(TokenTotal::ZERO));
    }
    Ok(Cycles { tokens })
}

fn key(claim: &Claim) -> (TokenId, &EntityId, &EntityId) {
    (claim.token_id, &claim.debtor, &claim.creditor)
}

fn check(claims: &[&Claim]) -> Result<(), Error> {
    if let Some(own) = claims.iter().find(|claim| claim.debtor == claim.creditor) {
        let expected = "a creditor other than the debtor";
        return Err(Error::out_of_range(
            "claims.creditor",
            &own.creditor,
            expected,
        ));
    }
    let mut pairs = claims.iter().zip(claims.iter().skip(1));
    match pairs.find(|(a, b)| key(a) == key(b)) {
        Some((_, twice)) => {
            let id = format!("{} -> {}", twice.debtor, twice.creditor);
            Err(Error::duplicate("claims", id))
        }
        None => Ok(()),
    }
}

/// `claims` of one token, sorted, none twice.
fn netted(claims: &[&Claim]) -> Result<TokenCycles, Error> {
    let ends = claims
        .iter()
        .flat_map(|claim| [&claim.debtor, &claim.creditor]);
    let mut parties: Vec<&EntityId> = ends.collect();
    sorting::by(&mut parties, Ord::cmp);
    parties.dedup();
    let place = |id: &EntityId| {
        let found = parties.binary_search(&id);
        found.map_err(|_| Error::internal("a claim names nobody"))
    };
    let plain = |claim: &&Claim| {
        Ok(netting::Claim {
            debtor: place(&claim.debtor)?,
            creditor: place(&claim.creditor)?,
            amount: U512::from(claim.amount.get()),
        })
    };
    let plain: Vec<netting::Claim> = claims.iter().map(plain).collect::<Result<_, Error>>()?;
    let kept = netting::smallest(parties.len(), &plain)?;
    let mut told = Vec::with_capacity(claims.len());
    let (mut before, mut after, mut changed) = (TokenTotal::ZERO, TokenTotal::ZERO, 0u32);
    for (claim, kept) in claims.iter().zip(kept) {
        let amount = TokenAmount::from_u256(kept.saturating_to::<U256>());
        let cleared = claim.amount.less(amount);
        before = before.plus(claim.amount.into())?;
        after = after.plus(amount.into())?;
        changed = changed.saturating_add((!cleared.is_zero()).into());
        told.push(Netted {
            amount,
            cleared,
            creditor: claim.creditor.clone(),
            debtor: claim.debtor.clone(),
        });
    }
    Ok(TokenCycles {
        claims: told,
        changed: Count::new(changed)?,
        gross_after: after,
        gross_before: before,
        token_id: claims.first().map_or(TokenId::MIN, |claim| claim.token_id),
    })
}

#[cfg(test)]
#[path = "cycles_laws.rs"]
mod laws;
