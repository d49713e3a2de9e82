//! What the raw interface says: a status byte, then JSON (or, for columns, their bytes).
//!
//! ```
//! let answer = trimtab_wasm::protocol::call(b"health.score", b"{}");
//! assert_eq!(answer.first(), Some(&trimtab_wasm::protocol::FAILED));
//! assert!(answer[1..].starts_with(br#"{"error":{"code":"missing_field""#));
//! ```

use std::fmt;

use trimtab_core::error::{Error, ErrorCode};
use trimtab_core::operations::opened::{self, Opened};
use trimtab_core::policy::{self, Policy};
use trimtab_core::table::Table;
use trimtab_core::value;

/// The first byte of an answer: a decision follows.
pub const DECIDED: u8 = 0;

/// The first byte of an answer: an error follows.
pub const FAILED: u8 = 1;

/// Calls an operation under the profile `plan`.
#[must_use]
pub fn call(operation: &[u8], input: &[u8]) -> Vec<u8> {
    answer(name("op", operation).and_then(|operation| Policy::plan().call(operation, input)))
}

/// The handles of one instance. A number is never given twice, so a stale one finds nothing.
#[derive(Default)]
pub struct Session {
    last: u32,
    open: Table<u32, Opened>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("open", &self.open.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// No handle yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            last: 0,
            open: Table::new(),
        }
    }

    /// Opens a handle: `{"handle":n}` or an error.
    pub fn open(&mut self, kind: &[u8], input: &[u8]) -> Vec<u8> {
        answer(
            self.opened(kind, input)
                .map(|number| format!("{{\"handle\":{number}}}").into_bytes()),
        )
    }

    /// Calls an operation on a handle.
    pub fn call_on(&mut self, handle: u32, operation: &[u8], input: &[u8]) -> Vec<u8> {
        answer(self.called(handle, operation, input))
    }

    /// Lets a handle go; an unknown number is let go already.
    pub fn close(&mut self, handle: u32) {
        self.open.remove(&handle);
    }

    fn opened(&mut self, kind: &[u8], input: &[u8]) -> Result<u32, Error> {
        let handle = opened::open(name("kind", kind)?, &policy::parse(input)?);
        let handle = handle.map_err(|error| value::with_offset(input, error))?;
        let number = self
            .last
            .checked_add(1)
            .ok_or_else(|| Error::too_large("handle", "one more", u32::MAX))?;
        self.open.insert(number, handle);
        self.last = number;
        Ok(number)
    }

    fn called(&mut self, handle: u32, operation: &[u8], input: &[u8]) -> Result<Vec<u8>, Error> {
        let operation = name("op", operation)?;
        self.open
            .get_mut(&handle)
            .ok_or_else(|| Error::out_of_range("handle", handle, "the number of an open handle"))?
            .call_bytes(operation, input)
    }
}

fn name<'n>(field: &str, bytes: &'n [u8]) -> Result<&'n str, Error> {
    std::str::from_utf8(bytes).map_err(|_| {
        Error::new(
            ErrorCode::Malformed,
            field,
            "bytes that are not UTF-8",
            "a name",
        )
    })
}

fn answer(result: Result<Vec<u8>, Error>) -> Vec<u8> {
    let (status, body) = match result {
        Ok(body) => (DECIDED, body),
        Err(error) => (FAILED, policy::error_text(&error)),
    };
    let mut bytes = Vec::with_capacity(body.len() + 1);
    bytes.push(status);
    bytes.extend_from_slice(&body);
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const INPUT: &[u8] =
        br#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;

    fn text(answer: &[u8]) -> &str {
        std::str::from_utf8(&answer[1..]).unwrap()
    }

    #[test]
    fn a_decision_begins_with_zero_and_an_error_with_one() {
        let decided = call(b"health.score", INPUT);
        assert_eq!(decided[0], DECIDED);
        assert!(text(&decided).starts_with(r#"{"decision":"#));
        let failed = call(b"no.such", INPUT);
        assert_eq!(failed[0], FAILED);
        assert!(text(&failed).starts_with(r#"{"error":{"code":"unknown_operation""#));
        assert_eq!(call(b"\xff", INPUT)[0], FAILED);
    }

    #[test]
    fn columns_answer_in_their_own_bytes_and_fail_in_json() {
        let mut empty = b"TTC1".to_vec();
        empty.extend([0; 12]);
        let decided = call(b"hub.match_columns", &empty);
        assert_eq!((decided[0], &decided[1..5]), (DECIDED, b"TTC1".as_slice()));
        let mut session = Session::new();
        session.open(b"policy", b"{}");
        assert_eq!(session.call_on(1, b"hub.match_columns", &empty), decided);
        let failed = call(b"hub.match_columns", b"TTC");
        assert_eq!(failed[0], FAILED);
        assert!(text(&failed).starts_with(r#"{"error":{"code":"malformed""#));
    }

    #[test]
    fn a_handle_answers_until_it_is_closed_and_its_number_is_never_given_again() {
        let mut session = Session::new();
        assert_eq!(text(&session.open(b"policy", b"{}")), r#"{"handle":1}"#);
        assert_eq!(
            session.call_on(1, b"health.score", INPUT),
            call(b"health.score", INPUT)
        );
        session.close(1);
        session.close(1);
        let gone = session.call_on(1, b"health.score", INPUT);
        assert!(text(&gone).contains(r#""field":"handle""#));
        assert_eq!(text(&session.open(b"policy", b"{}")), r#"{"handle":2}"#);
    }

    #[test]
    fn a_mistake_on_a_handle_has_the_byte_offset_it_has_without_one() {
        let mut session = Session::new();
        session.open(b"policy", b"{}");
        let bad: &[u8] = br#"{"profitable_pct":true}"#;
        assert_eq!(
            session.call_on(1, b"health.score", bad),
            call(b"health.score", bad)
        );
    }
}
