//! The matcher on columns of bytes, for batches where building an object per entry costs more than
//! deciding. One token; ids are the places in the columns. `docs/columns.md` has the layout.
//!
//! ```
//! use trimtab_core::hub::columns;
//! // One spender of 7, one receiver of 9.
//! let amount = |n: u8| { let mut bytes = [0; 32]; bytes[0] = n; bytes };
//! let mut input = Vec::from(*b"TTC1");
//! for word in [0u32, 1, 1] { input.extend(word.to_le_bytes()); }
//! input.extend(amount(7));
//! input.extend(amount(9));
//! input.extend([0; 8]);
//! input.extend([0; 32]);
//! let answer = columns::match_columns(&input)?;
//! assert_eq!(answer[4..8], 1u32.to_le_bytes());
//! assert_eq!(answer[16..48], amount(7));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! The same decisions as `hub.match`: both stand on [`crate::hub::pairing`].

use ruint::aliases::U256;

use crate::config::hub::Strategy;
use crate::error::{Error, ErrorCode};
use crate::hub::pairing::{self, Need, Pairing};
use crate::units::{Millis, TokenAmount, TokenTotal};

/// The first four bytes of every batch of columns; the digit is the version of the layout.
pub const MAGIC: &[u8; 4] = b"TTC1";

const HEADER: usize = 16;
const AMOUNT: usize = 32;
const TOTAL: usize = 64;

/// Matches one token given as columns; see `docs/columns.md`.
pub fn match_columns(input: &[u8]) -> Result<Vec<u8>, Error> {
    let (strategy, spenders, receivers) = read(input)?;
    write(&pairing::pair(strategy, &spenders, &receivers)?)
}

/// The three numbers behind the first four bytes of columns.
pub(crate) fn header(rest: &mut &[u8]) -> Result<[u32; 3], Error> {
    let (words, _) = take(rest, HEADER)?.as_chunks::<4>();
    let [magic, first, second, third] = words else {
        return Err(malformed("", "a short header", "16 bytes"));
    };
    if magic != MAGIC {
        return Err(malformed("magic", format_args!("{magic:?}"), "TTC1"));
    }
    Ok([first, second, third].map(|word| u32::from_le_bytes(*word)))
}

/// A number of the header as a length in memory.
pub(crate) fn length(word: u32) -> usize {
    usize::try_from(word).unwrap_or(usize::MAX)
}

pub(crate) fn malformed(field: &str, got: impl std::fmt::Display, expected: &str) -> Error {
    Error::new(ErrorCode::Malformed, field, got, expected)
}

fn read(input: &[u8]) -> Result<(Strategy, Vec<TokenAmount>, Vec<Need>), Error> {
    let mut rest = input;
    let [strategy, spenders, receivers] = header(&mut rest)?;
    let strategy = match strategy {
        0 => Strategy::Amount,
        1 => Strategy::Time,
        2 => Strategy::Fee,
        other => {
            let expected = "0 amount | 1 time | 2 fee";
            return Err(Error::out_of_range("strategy", other, expected));
        }
    };
    let (n, m) = (length(spenders), length(receivers));
    let from = amounts(take(&mut rest, n.saturating_mul(AMOUNT))?);
    let to = amounts(take(&mut rest, m.saturating_mul(AMOUNT))?);
    let since = take(&mut rest, m.saturating_mul(8))?;
    let fees = amounts(take(&mut rest, m.saturating_mul(AMOUNT))?);
    if !rest.is_empty() {
        let got = format_args!("{} bytes more", rest.len());
        return Err(malformed("", got, "columns of the announced lengths"));
    }
    let mut receivers = Vec::with_capacity(m);
    for (index, ((amount, since), fee)) in to.zip(since.as_chunks::<8>().0).zip(fees).enumerate() {
        let requested_at = Millis::new(u64::from_le_bytes(*since))
            .map_err(|error| error.at(index).inside("receiver_requested_at"))?;
        receivers.push(Need {
            amount,
            requested_at,
            fee,
        });
    }
    Ok((strategy, from.collect(), receivers))
}

/// The next bytes of a column.
pub(crate) fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], Error> {
    let Some((taken, left)) = rest.split_at_checked(length) else {
        let got = format_args!("{} bytes where {length} are due", rest.len());
        return Err(malformed("", got, "columns of the announced lengths"));
    };
    *rest = left;
    Ok(taken)
}

fn amounts(column: &[u8]) -> impl Iterator<Item = TokenAmount> {
    let (chunks, _) = column.as_chunks::<AMOUNT>();
    chunks
        .iter()
        .map(|bytes| TokenAmount::from_u256(U256::from_le_bytes(*bytes)))
}

fn write(pairing: &Pairing) -> Result<Vec<u8>, Error> {
    let word = |count: usize| {
        u32::try_from(count)
            .map(u32::to_le_bytes)
            .map_err(|_| Error::too_large("", count, u32::MAX))
    };
    let pairs = &pairing.pairs;
    let mut bytes = Vec::with_capacity(pairs.len().saturating_mul(40).saturating_add(280));
    bytes.extend(MAGIC);
    bytes.extend(word(pairs.len())?);
    for pair in pairs {
        bytes.extend_from_slice(&pair.spender.to_le_bytes());
    }
    for pair in pairs {
        bytes.extend_from_slice(&pair.receiver.to_le_bytes());
    }
    for pair in pairs {
        bytes.extend_from_slice(&pair.amount.get().to_le_bytes::<AMOUNT>());
    }
    bytes.extend(word(pairing.pulled.len())?);
    bytes.extend(word(pairing.served.len())?);
    let totals: [TokenTotal; 4] = [
        pairing.matched(),
        pairing.demand,
        pairing.recoverable,
        pairing.reserve_used(),
    ];
    for total in totals {
        bytes.extend(total.get().to_le_bytes::<TOTAL>());
    }
    Ok(bytes)
}

#[cfg(test)]
#[path = "columns_laws.rs"]
mod laws;
