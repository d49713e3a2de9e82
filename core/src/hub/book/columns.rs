//! Accounts as columns of bytes, for a first fill where a text per amount costs more than the
//! account. `docs/columns.md` has the layout; the rules are those of `load`.

use ruint::aliases::{U256, U512};

use super::HubBook;
use super::methods::{Row, accounts, held};
use crate::account::algebra::Delta;
use crate::canonical;
use crate::error::Error;
use crate::hub::columns::{header, length, malformed, take};
use crate::policy::short_enough;
use crate::reason::Why;
use crate::units::{EntityId, SignedTokenAmount, TokenAmount, TokenId, Wide};

/// The name of the method.
pub const LOAD_COLUMNS: &str = "load_columns";

const AMOUNT: usize = 16;

impl HubBook {
    /// Adds many accounts at once from columns of bytes; answers as `load` does.
    pub fn load_columns(&mut self, input: &[u8]) -> Result<Vec<u8>, Error> {
        short_enough(input)?;
        self.add_all(accounts(Columns::read(input)?.rows()?))?;
        let answer = canonical::text(&held(self, true)?)?;
        let answer = self.policy().envelope_text(&answer, Why::new())?;
        Ok(answer.into_bytes())
    }
}

/// The columns where they lie. One that is not there has no cells, and all of them are zero.
struct Columns<'b> {
    amounts: [&'b [[u8; AMOUNT]]; 7],
    tokens: &'b [[u8; 4]],
    ids: &'b str,
}

impl<'b> Columns<'b> {
    fn read(input: &'b [u8]) -> Result<Self, Error> {
        let mut rest = input;
        let [rows, present, ids] = header(&mut rest)?;
        let (rows, ids) = (length(rows), length(ids));
        let mut amounts: [&[[u8; AMOUNT]]; 7] = [&[]; 7];
        if present >> amounts.len() != 0 {
            return Err(Error::out_of_range("columns", present, "bits 0 to 6"));
        }
        for (place, column) in amounts.iter_mut().enumerate() {
            if present >> place & 1 == 1 {
                *column = take(&mut rest, rows.saturating_mul(AMOUNT))?.as_chunks().0;
            }
        }
        let tokens = take(&mut rest, rows.saturating_mul(4))?.as_chunks().0;
        let ids = std::str::from_utf8(take(&mut rest, ids)?)
            .map_err(|_| malformed("account_id", "bytes that are not UTF-8", "texts"))?;
        if !rest.is_empty() {
            let got = format_args!("{} bytes more", rest.len());
            return Err(malformed("", got, "columns of the announced lengths"));
        }
        Ok(Self {
            amounts,
            tokens,
            ids,
        })
    }

    fn rows(self) -> Result<impl Iterator<Item = Result<Row, Error>> + use<'b>, Error> {
        let rows = self.tokens.len();
        let lines = match self.ids {
            "" => 0,
            text => text.bytes().filter(|byte| *byte == b'\n').count() + 1,
        };
        if lines != rows {
            let got = format_args!("{lines} entries").to_string();
            return Err(Error::out_of_range(
                "account_id",
                got,
                format!("{rows} entries"),
            ));
        }
        let ids = self.ids.split('\n').zip(self.tokens).enumerate();
        let amounts = self.amounts;
        Ok(ids.map(move |(row, (id, token))| {
            let cell = |column: &[[u8; AMOUNT]]| column.get(row).copied().unwrap_or_default();
            let [
                collateral,
                ondelta,
                offdelta,
                left_limit,
                right_limit,
                left_hold,
                right_hold,
            ] = amounts.map(cell);
            let at = |name: &'static str| move |error: Error| error.at(row).inside(name);
            let unsigned = |name, bytes| unsigned(bytes).map_err(at(name));
            let token_id = TokenId::new(u32::from_le_bytes(*token)).map_err(at("token_id"))?;
            let delta = Delta {
                collateral: unsigned("collateral", collateral)?,
                ondelta: signed(ondelta).map_err(at("ondelta"))?,
                offdelta: signed(offdelta).map_err(at("offdelta"))?,
                left_credit_limit: unsigned("left_credit_limit", left_limit)?,
                right_credit_limit: unsigned("right_credit_limit", right_limit)?,
                left_hold: unsigned("left_hold", left_hold)?,
                right_hold: unsigned("right_hold", right_hold)?,
                ..Delta::empty(token_id)
            };
            Ok((EntityId::new(id).map_err(at("account_id"))?, delta))
        }))
    }
}

fn unsigned(bytes: [u8; AMOUNT]) -> Result<TokenAmount, Error> {
    let amount = i128::from_le_bytes(bytes);
    u128::try_from(amount)
        .map(|amount| TokenAmount::from_u256(U256::from(amount)))
        .map_err(|_| Error::out_of_range("", amount, "0 or more"))
}

fn signed(bytes: [u8; AMOUNT]) -> Result<SignedTokenAmount, Error> {
    let amount = i128::from_le_bytes(bytes);
    let magnitude = U512::from(amount.unsigned_abs());
    SignedTokenAmount::new(Wide::from_parts(amount < 0, magnitude))
}
