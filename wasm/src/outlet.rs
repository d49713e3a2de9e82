//! Plain values to JavaScript values: records become plain objects, amounts and integers above
//! 2^53 - 1 become `bigint`.

use js_sys::BigInt;
use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_wasm_bindgen::preserve;
use trimtab_core::error::Error;
use trimtab_core::value::Value;
use wasm_bindgen::JsValue;

const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// The JavaScript value of a plain value.
pub fn value(value: &Value<'_>) -> Result<JsValue, Error> {
    let records_are_objects = serde_wasm_bindgen::Serializer::new()
        .serialize_maps_as_objects(true)
        .serialize_missing_as_null(true);
    Native(value)
        .serialize(&records_are_objects)
        .map_err(Error::internal)
}

/// A value as JavaScript holds it.
struct Native<'v>(&'v Value<'v>);

impl Serialize for Native<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(b) => serializer.serialize_bool(*b),
            Value::Unsigned(n) if *n <= LARGEST_EXACT => serializer.serialize_u64(*n),
            Value::Unsigned(n) => preserve::serialize(&BigInt::from(*n), serializer),
            Value::Signed(n) if n.unsigned_abs() <= LARGEST_EXACT => serializer.serialize_i64(*n),
            Value::Signed(n) => preserve::serialize(&BigInt::from(*n), serializer),
            Value::Integer(digits) => {
                let amount = BigInt::new(&JsValue::from_str(digits))
                    .map_err(|_| S::Error::custom("an amount that is no integer"))?;
                preserve::serialize(&amount, serializer)
            }
            Value::Float(x) => serializer.serialize_f64(*x),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(entries) => {
                let mut list = serializer.serialize_seq(Some(entries.len()))?;
                for entry in entries {
                    list.serialize_element(&Native(entry))?;
                }
                list.end()
            }
            Value::Map(entries) => {
                let mut record = serializer.serialize_map(Some(entries.len()))?;
                for (key, entry) in entries {
                    record.serialize_entry(key.as_ref(), &Native(entry))?;
                }
                record.end()
            }
        }
    }
}
