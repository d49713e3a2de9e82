//! The surface for JavaScript: functions and classes that the npm package `trimtab` wraps.
//!
//! An error is thrown as a plain record `{code, field, got, expected, offset?}`; the package makes
//! a `TrimtabError` of it.

use std::cell::RefCell;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_core::operations;
use trimtab_core::operations::opened::{self, Opened};
use trimtab_core::policy;
use trimtab_core::value::{self, Value};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::{intake, outlet};

/// Calls an operation once, under a profile and config.
#[wasm_bindgen]
pub fn call(
    operation: &str,
    input: &JsValue,
    profile: Option<String>,
    config: &JsValue,
) -> Result<JsValue, JsValue> {
    Policy::new(profile, config)?.call(operation, input)
}

/// Calls an operation that takes and gives columns of bytes.
#[wasm_bindgen(js_name = callColumns)]
pub fn call_columns(operation: &str, input: &[u8]) -> Result<Vec<u8>, JsValue> {
    operations::call_columns(operation, input).map_err(|error| thrown(&error))
}

/// The version of the policy.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    policy::VERSION.to_owned()
}

/// A config, parsed and checked once.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Policy(policy::Policy);

#[wasm_bindgen]
impl Policy {
    /// The policy of a profile (`plan` if absent) with some fields of the config changed.
    #[wasm_bindgen(constructor)]
    pub fn new(profile: Option<String>, config: &JsValue) -> Result<Self, JsValue> {
        let profile = profile.as_deref().unwrap_or("plan");
        let config = if config.is_undefined() || config.is_null() {
            None
        } else {
            Some(intake::value(config).map_err(|error| thrown(&error.inside("config")))?)
        };
        policy::Policy::new(profile, config.as_ref())
            .map(Self)
            .map_err(|error| thrown(&error))
    }

    /// Calls an operation with objects.
    pub fn call(&self, operation: &str, input: &JsValue) -> Result<JsValue, JsValue> {
        intake::value(input)
            .and_then(|input| self.0.call_value(operation, &input))
            .and_then(|answer| outlet::value(&answer))
            .map_err(|error| thrown(&error))
    }

    /// Calls an operation with objects that crossed as the bytes of one text; nothing where [`Self::call`] will
    /// name the mistake.
    #[wasm_bindgen(js_name = callText)]
    #[must_use]
    pub fn call_text(&self, operation: &str, input: &[u8]) -> Option<String> {
        self.0.call_script(operation, input).ok()
    }

    /// Calls an operation with JSON bytes: canonical JSON of the decision or of the error.
    #[wasm_bindgen(js_name = callBytes)]
    #[must_use]
    pub fn call_bytes(&self, operation: &str, input: &[u8]) -> Vec<u8> {
        self.0
            .call(operation, input)
            .unwrap_or_else(|error| policy::error_text(&error))
    }

    /// sha256 of the canonical config.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn digest(&self) -> String {
        self.0.digest().to_owned()
    }

    /// What the policy was made from.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn profile(&self) -> String {
        self.0.profile().as_str().to_owned()
    }

    /// The config in force.
    #[wasm_bindgen(getter)]
    pub fn config(&self) -> Result<JsValue, JsValue> {
        value::encode(self.0.config())
            .and_then(|config| outlet::value(&config))
            .map_err(|error| thrown(&error))
    }
}

/// A handle: state that stays inside the module between calls.
#[wasm_bindgen]
pub struct Book(RefCell<Opened>);

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Book")
    }
}

#[wasm_bindgen]
impl Book {
    /// Opens a handle of a kind: `policy`, `fleet_book` or `hub_book`.
    #[wasm_bindgen(constructor)]
    pub fn open(kind: &str, input: &JsValue) -> Result<Self, JsValue> {
        intake::value(input)
            .and_then(|input| opened::open(kind, &input))
            .map(|handle| Self(RefCell::new(handle)))
            .map_err(|error| thrown(&error))
    }

    /// Calls an operation on it; a failed call changes nothing.
    pub fn call(&self, operation: &str, input: &JsValue) -> Result<JsValue, JsValue> {
        // The input is read before the book is borrowed: a getter of it may call the book.
        intake::value(input)
            .and_then(|input| self.with(|handle| handle.call_on(operation, &input)))
            .and_then(|answer| outlet::value(&answer))
            .map_err(|error| thrown(&error))
    }

    /// Calls an operation with objects that crossed as the bytes of one text; nothing where [`Self::call`] will
    /// name the mistake.
    #[wasm_bindgen(js_name = callText)]
    #[must_use]
    pub fn call_text(&self, operation: &str, input: &[u8]) -> Option<String> {
        let answer = self.with(|handle| handle.call_script(operation, input));
        answer.ok()
    }

    /// Calls an operation with JSON bytes: canonical JSON of the answer or of the error.
    #[wasm_bindgen(js_name = callBytes)]
    #[must_use]
    pub fn call_bytes(&self, operation: &str, input: &[u8]) -> Vec<u8> {
        self.with(|handle| handle.call_bytes(operation, input))
            .unwrap_or_else(|error| policy::error_text(&error))
    }

    fn with<T>(&self, run: impl FnOnce(&mut Opened) -> Result<T, Error>) -> Result<T, Error> {
        let mut handle = self.0.try_borrow_mut().map_err(|_| {
            Error::new(
                ErrorCode::Internal,
                "",
                "a call inside a call",
                "one at a time",
            )
        })?;
        run(&mut handle)
    }
}

/// An error as the record that the package knows.
fn thrown(error: &Error) -> JsValue {
    value::encode(error)
        .and_then(|record: Value<'_>| outlet::value(&record))
        .unwrap_or(JsValue::NULL)
}

/// An error in one sentence.
#[wasm_bindgen]
#[must_use]
pub fn sentence(code: &str, field: &str, got: &str, expected: &str, offset: Option<f64>) -> String {
    let offset = offset.map(|offset| offset as u64);
    trimtab_core::error::sentence(code, field, got, expected, offset)
}
