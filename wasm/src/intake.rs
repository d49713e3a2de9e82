//! JavaScript values to plain values.
//!
//! Plain objects and instances of classes become records, `Map`s become records too, arrays and
//! typed arrays become lists, a `bigint` of any size keeps every digit. Keys whose value is
//! `undefined` are absent. What has no meaning (a function, a symbol, a `Date`) is a `malformed`
//! error with the path of the field. A getter that throws is one too.

use js_sys::{Array, BigInt, JsString, Map, Reflect};
use std::borrow::Cow;
use std::collections::BTreeSet;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_core::value::{MAX_DEPTH, ONE_VALUE, TOO_DEEP, Value};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    // js_sys binds these without `catch`; a revoked proxy or a hostile iterator throws.
    #[wasm_bindgen(catch, js_namespace = Object, js_name = keys)]
    fn own_keys(object: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Array, js_name = from)]
    fn array_from(iterable: &JsValue) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch, js_namespace = Array, js_name = isArray)]
    fn is_array(value: &JsValue) -> Result<bool, JsValue>;
}

const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// The plain value of a JavaScript value.
pub fn value(js: &JsValue) -> Result<Value<'static>, Error> {
    at_depth(js, 0).map_err(|mut error| {
        // The path to the bottom of a cycle would say nothing.
        if error.got == TOO_DEEP {
            error.field.clear();
        }
        error
    })
}

fn at_depth(js: &JsValue, depth: usize) -> Result<Value<'static>, Error> {
    if let Some(x) = js.as_f64() {
        return Ok(number(x));
    }
    if js.is_string() {
        return text(js).map(|text| Value::Text(Cow::Owned(text)));
    }
    if js.is_undefined() || js.is_null() {
        return Ok(Value::Null);
    }
    if let Some(b) = js.as_bool() {
        return Ok(Value::Bool(b));
    }
    if js.is_bigint() {
        return integer(js);
    }
    if !js.is_object() {
        return Err(unreadable(js));
    }
    // Also the end of every cycle.
    let inner = depth + 1;
    if inner >= MAX_DEPTH {
        return Err(malformed(TOO_DEEP, ONE_VALUE));
    }
    container(js, inner)
}

fn container(js: &JsValue, depth: usize) -> Result<Value<'static>, Error> {
    if is_array(js).map_err(|thrown| refused(&thrown))? {
        return list(js.unchecked_ref(), depth);
    }
    if js.is_instance_of::<Map>() {
        return map(js, depth);
    }
    if js_sys::ArrayBuffer::is_view(js) && !js.is_instance_of::<js_sys::DataView>() {
        return list(&array_from(js).map_err(|thrown| refused(&thrown))?, depth);
    }
    record(js, depth)
}

fn list(array: &Array, depth: usize) -> Result<Value<'static>, Error> {
    let mut entries = Vec::new();
    for index in 0..array.length() {
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let entry = Reflect::get_u32(array, index)
            .map_err(|thrown| refused(&thrown))
            .and_then(|entry| at_depth(&entry, depth));
        entries.push(entry.map_err(|error| error.at(place))?);
    }
    Ok(Value::List(entries))
}

fn record(js: &JsValue, depth: usize) -> Result<Value<'static>, Error> {
    let keys = own_keys(js).map_err(|thrown| refused(&thrown))?;
    if keys.length() == 0 && !is_plain(js) {
        return Err(unreadable(js));
    }
    let mut entries = Vec::with_capacity(usize::try_from(keys.length()).unwrap_or(0));
    for key in keys.iter() {
        let name = text(&key)?;
        let entry = Reflect::get(js, &key).map_err(|thrown| refused(&thrown).inside(&name))?;
        if !entry.is_undefined() {
            let entry = at_depth(&entry, depth).map_err(|error| error.inside(&name))?;
            entries.push((Cow::Owned(name), entry));
        }
    }
    Ok(Value::Map(entries))
}

/// `1`, `1n` and `"1"` are three keys of a `Map` and one of a record.
fn map(js: &JsValue, depth: usize) -> Result<Value<'static>, Error> {
    let pairs = array_from(js).map_err(|thrown| refused(&thrown))?;
    let mut seen = BTreeSet::new();
    let mut entries = Vec::with_capacity(usize::try_from(pairs.length()).unwrap_or(0));
    for pair in pairs.iter() {
        let pair: Array = pair.unchecked_into();
        let name = key(&pair.get(0))?;
        if !seen.insert(name.clone()) {
            return Err(Error::duplicate(name.as_str(), &name));
        }
        let entry = pair.get(1);
        if !entry.is_undefined() {
            let entry = at_depth(&entry, depth).map_err(|error| error.inside(&name))?;
            entries.push((Cow::Owned(name), entry));
        }
    }
    Ok(Value::Map(entries))
}

fn key(js: &JsValue) -> Result<String, Error> {
    if js.is_string() {
        return text(js);
    }
    let value = match js.as_f64() {
        Some(x) => number(x),
        None if js.is_bigint() => integer(js)?,
        None => Value::Null,
    };
    match value {
        Value::Unsigned(n) => Ok(n.to_string()),
        Value::Signed(n) => Ok(n.to_string()),
        Value::Integer(digits) => Ok(digits.into_owned()),
        _ => Err(malformed(&kind(js), "a text or an integer as key of a Map")),
    }
}

/// A whole number within 2^53 is an integer, as JSON writes it; all else stays a float.
fn number(x: f64) -> Value<'static> {
    let whole = x.trunc() == x && x.abs() <= LARGEST_EXACT;
    if !whole || (x == 0.0 && x.is_sign_negative()) {
        Value::Float(x)
    } else if x < 0.0 {
        Value::Signed(x as i64)
    } else {
        Value::Unsigned(x as u64)
    }
}

fn integer(js: &JsValue) -> Result<Value<'static>, Error> {
    let digits = js
        .unchecked_ref::<BigInt>()
        .to_string(10)
        .map(String::from)
        .map_err(|_| malformed("a bigint", "a bigint that can be written"))?;
    Ok(match (digits.parse(), digits.parse()) {
        (Ok(n), _) => Value::Unsigned(n),
        (_, Ok(n)) => Value::Signed(n),
        _ => Value::Integer(Cow::Owned(digits)),
    })
}

/// Half of a surrogate pair would become U+FFFD on the way, and two ids could become one.
fn text(js: &JsValue) -> Result<String, Error> {
    let text = js.as_string().unwrap_or_default();
    if text.contains('\u{fffd}') && !js.unchecked_ref::<JsString>().is_valid_utf16() {
        return Err(malformed("half of a surrogate pair", "a well-formed text"));
    }
    Ok(text)
}

/// A record of any realm: nothing above it, or only the root of all objects.
fn is_plain(js: &JsValue) -> bool {
    let above = |js: &JsValue| Reflect::get_prototype_of(js).map(JsValue::from).ok();
    match above(js) {
        Some(parent) if parent.is_object() => above(&parent).is_some_and(|root| root.is_null()),
        Some(parent) => parent.is_null(),
        None => false,
    }
}

fn kind(js: &JsValue) -> String {
    if js.is_object() {
        let read = |js: &JsValue, name: &str| Reflect::get(js, &JsValue::from_str(name)).ok();
        let class = read(js, "constructor").and_then(|class| read(&class, "name"));
        let name = class.and_then(|name| name.as_string()).unwrap_or_default();
        return format!("an instance of {name}");
    }
    js.js_typeof().as_string().unwrap_or_default()
}

fn malformed(got: &str, expected: &str) -> Error {
    Error::new(ErrorCode::Malformed, "", got, expected)
}

fn unreadable(js: &JsValue) -> Error {
    malformed(
        &kind(js),
        "null, boolean, number, bigint, string, array, plain object or Map",
    )
}

fn refused(thrown: &JsValue) -> Error {
    let why = thrown
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .unwrap_or_default();
    malformed(
        &format!("an object that throws: {why}"),
        "a readable object",
    )
}
