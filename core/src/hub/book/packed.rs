//! An account that nothing is to be done with, as few bytes as its amounts need.
//!
//! A hub has many accounts and works on few; those at rest are kept in this form.

use crate::account::algebra::Delta;
use crate::error::Error;
use crate::hub::state::{Account, AccountStatus};
use crate::table::Table;
use crate::units::{EntityId, SignedTokenAmount, TokenAmount, TokenId, Wide};
use ruint::aliases::{U256, U512};

/// Hexadecimal ids of 32 bytes take those bytes; others their text. The order is that of the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// `0x` and 64 digits.
    Hash([u8; 32]),
    /// Anything else.
    Text(Box<str>),
}

impl Key {
    /// The key of an id.
    #[must_use]
    pub fn of(id: &EntityId) -> Self {
        Self::hash(id.as_str()).unwrap_or_else(|| Self::Text(id.as_str().into()))
    }

    fn hash(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix("0x")
            .filter(|digits| digits.len() == 64)?;
        let nibble = |digit: &u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0u8; 32];
        let mut digits = digits.as_bytes().iter();
        for byte in &mut bytes {
            let (high, low) = (nibble(digits.next()?)?, nibble(digits.next()?)?);
            *byte = high << 4 | low;
        }
        Some(Self::Hash(bytes))
    }

    /// The id of this key.
    pub fn id(&self) -> Result<EntityId, Error> {
        match self {
            Self::Hash(bytes) => Ok(EntityId::of_bytes(bytes)),
            Self::Text(text) => EntityId::new(text),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let text = |bytes: &[u8; 32]| format!("0x{}", crate::canonical::hex(bytes));
        match (self, other) {
            (Self::Hash(a), Self::Hash(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Hash(a), Self::Text(b)) => text(a).as_str().cmp(b),
            (Self::Text(a), Self::Hash(b)) => a.as_ref().cmp(text(b).as_str()),
        }
    }
}

/// The packed form of an account without requests, marks and settlement; else nothing.
#[must_use]
pub fn pack(account: &Account) -> Option<Box<[u8]>> {
    let rests =
        account.requests.is_empty() && account.submitted.is_empty() && account.workspace.is_none();
    let few = u8::try_from(account.deltas.len()).ok();
    let shown = u8::try_from(account.peer_reserves.len()).ok();
    let (deltas, reserves) = (few.filter(|_| rests)?, shown?);
    let status = match account.status {
        AccountStatus::Active => 0u8,
        AccountStatus::DisputePreparing => 1,
        AccountStatus::Disputed => 2,
    };
    let flags = status
        | (u8::from(account.pending_frame) << 2)
        | (u8::from(account.pending_settlement) << 3);
    let mut out = Vec::with_capacity(128);
    out.extend([flags, deltas, reserves]);
    for delta in &account.deltas {
        put_token(&mut out, delta.token_id);
        put_amount(&mut out, delta.collateral);
        put(&mut out, delta.ondelta.wide());
        put(&mut out, delta.offdelta.wide());
        for amount in [
            delta.left_credit_limit,
            delta.right_credit_limit,
            delta.left_hold,
            delta.right_hold,
            delta.left_allowance,
            delta.right_allowance,
        ] {
            put_amount(&mut out, amount);
        }
    }
    for (token_id, amount) in &account.peer_reserves {
        put_token(&mut out, *token_id);
        put_amount(&mut out, *amount);
    }
    Some(out.into_boxed_slice())
}

fn put_token(out: &mut Vec<u8>, token_id: TokenId) {
    out.extend(token_id.get().to_le_bytes().iter().take(2));
}

/// As [`put`], without a sign.
fn put_amount(out: &mut Vec<u8>, amount: TokenAmount) {
    let used = amount.get().byte_len();
    out.push(u8::try_from(used).unwrap_or(u8::MAX));
    out.extend(amount.get().to_le_bytes::<32>().iter().take(used));
}

/// One byte for sign and length, then the bytes that are not zero.
fn put(out: &mut Vec<u8>, amount: Wide) {
    let bytes: [u8; 64] = amount.magnitude().to_le_bytes();
    let used = amount.magnitude().byte_len();
    let length = u8::try_from(used).unwrap_or(u8::MAX);
    out.push(length | (u8::from(amount.is_negative()) << 7));
    out.extend(bytes.iter().take(used));
}

/// The account of a packed form.
pub fn unpack(account_id: EntityId, packed: &[u8]) -> Result<Account, Error> {
    let mut reader = Reader(packed);
    let flags = reader.byte()?;
    let (deltas, reserves) = (reader.byte()?, reader.byte()?);
    let mut account = Account::empty(account_id);
    account.status = match flags & 3 {
        0 => AccountStatus::Active,
        1 => AccountStatus::DisputePreparing,
        _ => AccountStatus::Disputed,
    };
    account.pending_frame = flags & 4 != 0;
    account.pending_settlement = flags & 8 != 0;
    for _ in 0..deltas {
        account.deltas.push(Delta {
            token_id: reader.token()?,
            collateral: reader.amount()?,
            ondelta: SignedTokenAmount::new(reader.wide()?)?,
            offdelta: SignedTokenAmount::new(reader.wide()?)?,
            left_credit_limit: reader.amount()?,
            right_credit_limit: reader.amount()?,
            left_hold: reader.amount()?,
            right_hold: reader.amount()?,
            left_allowance: reader.amount()?,
            right_allowance: reader.amount()?,
        });
    }
    let mut shown = Table::new();
    for _ in 0..reserves {
        shown.insert(reader.token()?, reader.amount()?);
    }
    account.peer_reserves = shown;
    Ok(account)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Result<&[u8], Error> {
        let (head, rest) = self
            .0
            .split_at_checked(count)
            .ok_or_else(|| Error::internal("a packed account ends too early"))?;
        self.0 = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    fn token(&mut self) -> Result<TokenId, Error> {
        let (low, high) = (self.byte()?, self.byte()?);
        TokenId::new(u32::from(u16::from_le_bytes([low, high])))
    }

    fn wide(&mut self) -> Result<Wide, Error> {
        let head = self.byte()?;
        let bytes = self.take(usize::from(head & 0x7f))?;
        let magnitude = U512::try_from_le_slice(bytes)
            .ok_or_else(|| Error::internal("a packed amount is too long"))?;
        Ok(Wide::from_parts(head & 0x80 != 0, magnitude))
    }

    fn amount(&mut self) -> Result<TokenAmount, Error> {
        let head = self.byte()?;
        let bytes = self.take(usize::from(head & 0x7f))?;
        let units = U256::try_from_le_slice(bytes)
            .ok_or_else(|| Error::internal("a packed amount is too long"))?;
        Ok(TokenAmount::from_u256(units))
    }
}
