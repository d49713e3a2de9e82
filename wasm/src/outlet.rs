//! Plain values to JavaScript values: records become plain objects, amounts and integers above
//! 2^53 - 1 become `bigint`.

use js_sys::{Array, BigInt, Object, Reflect};
use std::collections::BTreeMap;
use trimtab_core::error::Error;
use trimtab_core::value::Value;
use wasm_bindgen::JsValue;

const LARGEST_EXACT: u64 = (1 << 53) - 1;

/// The JavaScript value of a plain value.
pub fn value(value: &Value<'_>) -> Result<JsValue, Error> {
    Outlet::default().put(value)
}

/// The names of one answer, each turned into a JavaScript string once: lists repeat them.
#[derive(Default)]
struct Outlet<'v> {
    names: BTreeMap<&'v str, JsValue>,
}

impl<'v> Outlet<'v> {
    fn put(&mut self, value: &'v Value<'_>) -> Result<JsValue, Error> {
        Ok(match value {
            Value::Null => JsValue::NULL,
            Value::Bool(b) => JsValue::from_bool(*b),
            Value::Unsigned(n) if *n <= LARGEST_EXACT => JsValue::from_f64(*n as f64),
            Value::Unsigned(n) => JsValue::from(BigInt::from(*n)),
            Value::Signed(n) if n.unsigned_abs() <= LARGEST_EXACT => JsValue::from_f64(*n as f64),
            Value::Signed(n) => JsValue::from(BigInt::from(*n)),
            Value::Integer(digits) => BigInt::new(&JsValue::from_str(digits))
                .map_err(|_| Error::internal("an amount that is no integer"))?
                .into(),
            Value::Float(x) => JsValue::from_f64(*x),
            Value::Text(text) => JsValue::from_str(text),
            Value::List(entries) => {
                let list = Array::new();
                for entry in entries {
                    list.push(&self.put(entry)?);
                }
                list.into()
            }
            Value::Map(entries) => {
                let record = Object::new();
                for (key, entry) in entries {
                    let entry = self.put(entry)?;
                    let name = self
                        .names
                        .entry(key)
                        .or_insert_with(|| JsValue::from_str(key));
                    Reflect::set(&record, name, &entry)
                        .map_err(|_| Error::internal("an object that takes no field"))?;
                }
                record.into()
            }
        })
    }
}
