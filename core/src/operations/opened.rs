//! Handles: what stays open between calls.

use std::sync::Arc;

use crate::canonical;
use crate::config::Profile;
use crate::error::{Error, ErrorCode};
use crate::fleet::book::{self as fleet_book, FleetBook};
use crate::hub::book::{self as hub_book, HubBook, LOAD_COLUMNS};
use crate::policy::Policy;
use crate::value::{self, Value};

/// Something that stays open between calls.
#[derive(Debug)]
pub enum Opened {
    /// A parsed config.
    Policy(Arc<Policy>),
    /// The members of a fleet.
    FleetBook(Box<FleetBook>),
    /// The accounts of a hub.
    HubBook(Box<HubBook>),
}

impl Opened {
    /// Calls `operation` on it; a failed call changes nothing.
    pub fn call_on(&mut self, operation: &str, input: &Value<'_>) -> Result<Value<'static>, Error> {
        match self {
            Self::Policy(policy) => policy.call_value(operation, input),
            Self::FleetBook(book) => book.call_on(operation, input),
            Self::HubBook(book) => book.call_on(operation, input),
        }
    }

    /// Calls `operation` with JSON in which large integers are marked; so are those of the answer.
    pub fn call_script(&mut self, operation: &str, input: &[u8]) -> Result<String, Error> {
        match self {
            Self::Policy(policy) => policy.call_script(operation, input),
            Self::FleetBook(book) => book.call_script(operation, input),
            Self::HubBook(book) => book.call_script(operation, input),
        }
    }

    /// Calls `operation` with JSON bytes; the answer is canonical JSON. `load_columns` of a book of a
    /// hub takes columns of bytes.
    pub fn call_bytes(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Policy(policy) => policy.call(operation, input),
            Self::FleetBook(book) => book.call_bytes(operation, input),
            Self::HubBook(book) if operation == LOAD_COLUMNS => book.load_columns(input),
            Self::HubBook(book) => book.call_bytes(operation, input),
        }
    }
}

/// Opens a handle of `kind` (`policy`, `fleet_book`, `hub_book`) from `{"profile"?, "config"?, …}`.
pub fn open(kind: &str, input: &Value<'_>) -> Result<Opened, Error> {
    match kind {
        "policy" => Ok(Opened::Policy(Arc::new(opened_policy(input)?))),
        "fleet_book" => Ok(Opened::FleetBook(Box::new(fleet_book::open(input)?))),
        "hub_book" => Ok(Opened::HubBook(Box::new(hub_book::open(input)?))),
        _ => Err(Error::new(
            ErrorCode::UnknownOperation,
            "kind",
            format_args!("\"{kind}\""),
            "policy | fleet_book | hub_book",
        )),
    }
}

fn opened_policy(input: &Value<'_>) -> Result<Policy, Error> {
    let Value::Map(fields) = input else {
        return Err(Error::new(
            ErrorCode::Malformed,
            "",
            canonical::text(input)?,
            "an object",
        ));
    };
    if let Some((key, _)) = fields
        .iter()
        .find(|(key, _)| key != "profile" && key != "config")
    {
        return Err(Error::new(
            ErrorCode::UnknownField,
            key.as_ref(),
            "an unknown field",
            "profile | config",
        ));
    }
    let profile: Option<String> = match input.get("profile") {
        Some(profile) => value::decode(profile).map_err(|error| error.inside("profile"))?,
        None => None,
    };
    let config = input.get("config").filter(|config| **config != Value::Null);
    Policy::new(profile.as_deref().unwrap_or(Profile::Plan.as_str()), config)
}
