//! The bearer token: read from a file, compared in constant time, shown to nobody.

use std::fmt;
use std::path::Path;

use subtle::ConstantTimeEq as _;
use trimtab_core::canonical;

use super::Stopped;

/// No token may be shorter: it could be guessed.
const SHORTEST: usize = 16;

/// The digest of the token: what is compared has one length, and the text itself is not kept.
pub(super) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

impl Token {
    /// The text of the file without the white space around it.
    pub(super) fn read(file: &Path) -> Result<Self, Stopped> {
        let refuse = |what: &str| Stopped::Setting(format!("{}: {what}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| refuse(&error.to_string()))?;
        let text = text.trim();
        if text.len() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refuse(
                "a token has at least 16 visible ASCII characters and no spaces",
            ));
        }
        Ok(Self(canonical::digest(text.as_bytes())))
    }

    /// Whether the header `Authorization` shows it.
    pub(super) fn shown_in(&self, header: Option<&[u8]>) -> bool {
        let shown = header.and_then(|header| {
            let (scheme, token) = header.split_at_checked("bearer ".len())?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
        });
        let digest = canonical::digest(shown.unwrap_or_default().trim_ascii());
        digest.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}
