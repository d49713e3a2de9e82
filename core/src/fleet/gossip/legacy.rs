//! The texts that the deployed plugin signs, and what it does not check about them.
//!
//! Source: the deployed plugin. Codes: `legacy_text_built`, `legacy_message_valid`,
//! `legacy_no_key`, `legacy_bad_field`, `legacy_not_fresh`, `legacy_not_rising`, and those of
//! [`super::signature`].

use std::borrow::Cow;

use super::plain::Plain;
use super::signature;
use crate::canonical::{digest, float_text};
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::Seconds;
use crate::value::Value;

/// A message of the deployed plugin.
#[choice]
pub enum LegacyKind {
    /// HEALTH_REPORT.
    HealthReport,
    /// LIQUIDITY_NEED.
    LiquidityNeed,
    /// LIQUIDITY_SNAPSHOT.
    LiquiditySnapshot,
    /// GOSSIP.
    Gossip,
}

/// A message whose text is wanted.
#[record]
pub struct LegacyTextInput {
    /// What it is.
    pub kind: LegacyKind,
    /// Its payload, with or without what is not signed.
    pub payload: Plain,
}

/// The text that is signed.
#[record(open)]
pub struct LegacyText {
    /// The text that is signed.
    pub text: String,
}

/// A message that should be checked.
#[record]
pub struct LegacyVerifyInput {
    /// What it is.
    pub kind: LegacyKind,
    /// The time of the last message of this kind from this sender.
    pub last_timestamp: Option<Seconds>,
    /// The time.
    pub now: Seconds,
    /// Its payload, the signature included.
    pub payload: Plain,
}

/// Whether a message may be taken.
#[record(open)]
pub struct LegacyVerified {
    /// The text that is signed.
    pub text: Option<String>,
    /// Whether it may be taken.
    pub valid: bool,
}

/// Builds the text that the deployed plugin signs.
pub fn legacy_text(
    _: &Config,
    input: &LegacyTextInput,
    why: &mut Why,
) -> Result<LegacyText, Error> {
    let text =
        text_of(input.kind, input.payload.value()).map_err(|error| error.inside("payload"))?;
    why.add(|| Reason::new(Code::LegacyTextBuilt, Effect::Allow));
    Ok(LegacyText { text })
}

/// Checks a message of the deployed plugin, also for what the plugin does not look at.
pub fn legacy_verify(
    config: &Config,
    input: &LegacyVerifyInput,
    why: &mut Why,
) -> Result<LegacyVerified, Error> {
    let payload = input.payload.value();
    let mut faults = Vec::new();
    let key = payload
        .get(sender_field(input.kind))
        .and_then(Value::as_text);
    let key = key.filter(|key| super::is_public_key(key));
    if key.is_none() {
        faults.push(Reason::new(Code::LegacyNoKey, Effect::Refuse));
    }
    faults.extend(bad_fields(input.kind, payload));
    faults.extend(bad_time(config, input));
    let text = text_of(input.kind, payload).ok();
    let signature = payload.get("signature").and_then(Value::as_text);
    let fault = match (&text, signature, key) {
        (Some(text), Some(signature), Some(key)) => signature::check(text, signature, key).err(),
        _ => Some(signature::Fault::Malformed),
    };
    faults.extend(fault.map(|fault| Reason::new(fault.code(), Effect::Refuse)));
    let valid = faults.is_empty();
    if valid {
        why.add(|| Reason::new(Code::LegacyMessageValid, Effect::Allow));
    }
    faults.into_iter().for_each(|fault| why.add(|| fault));
    Ok(LegacyVerified { text, valid })
}

const fn sender_field(kind: LegacyKind) -> &'static str {
    match kind {
        LegacyKind::Gossip => "sender_id",
        _ => "reporter_id",
    }
}

/// The fields that must be whole numbers; the plugin takes `true` for 1 and NaN for a share.
const fn whole_fields(kind: LegacyKind) -> &'static [&'static str] {
    match kind {
        LegacyKind::HealthReport => &[
            "timestamp",
            "overall_health",
            "capacity_score",
            "revenue_score",
            "connectivity_score",
        ],
        LegacyKind::LiquidityNeed => &["timestamp", "amount_sats", "max_fee_ppm"],
        LegacyKind::LiquiditySnapshot => &["timestamp"],
        LegacyKind::Gossip => &["timestamp", "version", "capacity_sats", "available_sats"],
    }
}

fn bad_fields(kind: LegacyKind, payload: &Value<'_>) -> Vec<Reason> {
    let mut bad = Vec::new();
    let mut report = |field: String| {
        bad.push(Reason::new(Code::LegacyBadField, Effect::Refuse).about(field));
    };
    let whole = |value: Option<&Value<'_>>| matches!(value, Some(Value::Unsigned(_)));
    for field in whole_fields(kind) {
        if !whole(payload.get(field)) {
            report((*field).to_owned());
        }
    }
    let share = |value: Option<&Value<'_>>| match value {
        None | Some(Value::Unsigned(0 | 1)) => true,
        Some(Value::Float(x)) => (0.0..=1.0).contains(x),
        _ => false,
    };
    if kind == LegacyKind::LiquidityNeed && !share(payload.get("current_balance_pct")) {
        report("current_balance_pct".to_owned());
    }
    if let (LegacyKind::LiquiditySnapshot, Some(Value::List(needs))) = (kind, payload.get("needs"))
    {
        for (index, need) in needs.iter().enumerate() {
            for field in ["amount_sats", "max_fee_ppm"] {
                if !whole(need.get(field)) {
                    report(format!("needs[{index}].{field}"));
                }
            }
            if !share(need.get("current_balance_pct")) {
                report(format!("needs[{index}].current_balance_pct"));
            }
        }
    }
    bad
}

fn bad_time(config: &Config, input: &LegacyVerifyInput) -> Vec<Reason> {
    let Some(Value::Unsigned(at)) = input.payload.value().get("timestamp") else {
        return Vec::new();
    };
    let Ok(at) = Seconds::new(*at) else {
        return vec![Reason::new(Code::LegacyBadField, Effect::Refuse).about("timestamp")];
    };
    let mut bad = Vec::new();
    let limit = config.gossip.legacy_max_age_s;
    let apart = at.less(input.now).max(input.now.less(at));
    if apart > limit {
        bad.push(
            Reason::new(Code::LegacyNotFresh, Effect::Refuse)
                .observed(apart)
                .limit(limit),
        );
    }
    if let Some(last) = input.last_timestamp.filter(|last| at <= *last) {
        bad.push(
            Reason::new(Code::LegacyNotRising, Effect::Refuse)
                .observed(at)
                .limit(last),
        );
    }
    bad
}

fn text_of(kind: LegacyKind, payload: &Value<'_>) -> Result<String, Error> {
    let Value::Map(_) = payload else {
        return Err(malformed("", payload, "an object"));
    };
    let word = |key: &'static str| printed(payload, key, "");
    let number = |key: &'static str| printed(payload, key, "0");
    let sender = word(sender_field(kind))?;
    let at = number("timestamp")?;
    match kind {
        LegacyKind::HealthReport => Ok(format!(
            "HEALTH_REPORT:{sender}:{at}:{}:{}:{}:{}",
            number("overall_health")?,
            number("capacity_score")?,
            number("revenue_score")?,
            number("connectivity_score")?,
        )),
        LegacyKind::LiquidityNeed => Ok(format!(
            "LIQUIDITY_NEED:{sender}:{at}:{}:{}:{}:{}:{}",
            word("need_type")?,
            word("target_peer_id")?,
            number("amount_sats")?,
            word("urgency")?,
            number("max_fee_ppm")?,
        )),
        LegacyKind::LiquiditySnapshot => {
            let (count, hash) = needs_hash(payload)?;
            Ok(format!("LIQUIDITY_SNAPSHOT:{sender}:{at}:{count}:{hash}"))
        }
        LegacyKind::Gossip => gossip_text(payload),
    }
}

/// The plugin keeps 64 of the 256 bits.
fn needs_hash(payload: &Value<'_>) -> Result<(usize, String), Error> {
    let needs = match payload.get("needs") {
        None => &[][..],
        Some(Value::List(needs)) => needs,
        Some(other) => return Err(malformed("needs", other, "a list")),
    };
    let mut keyed = Vec::with_capacity(needs.len());
    for (index, need) in needs.iter().enumerate() {
        let key = |field: &'static str| match need.get(field) {
            None => Ok(""),
            Some(value) => value
                .as_text()
                .ok_or_else(|| malformed(field, value, "a text").at(index).inside("needs")),
        };
        keyed.push(((key("target_peer_id")?, key("need_type")?), need));
    }
    sorting::by(&mut keyed, |a, b| a.0.cmp(&b.0));
    let sorted = keyed.into_iter().map(|(_, need)| need.clone()).collect();
    let hash = digest(python_json(&Value::List(sorted)).as_bytes());
    Ok((needs.len(), hash.chars().take(16).collect()))
}

fn gossip_text(payload: &Value<'_>) -> Result<String, Error> {
    let field = |key: &'static str, default: Value<'static>| {
        (
            Cow::Borrowed(key),
            payload.get(key).cloned().unwrap_or(default),
        )
    };
    let mut topology = match payload.get("topology") {
        None => Vec::new(),
        Some(Value::List(peers)) => peers.clone(),
        Some(other) => return Err(malformed("topology", other, "a list")),
    };
    if let Some(other) = topology.iter().find(|peer| peer.as_text().is_none()) {
        return Err(malformed("topology", other, "texts"));
    }
    sorting::by(&mut topology, |a, b| a.as_text().cmp(&b.as_text()));
    let data = Value::Map(vec![
        field("capacity_sats", Value::Unsigned(0)),
        field("available_sats", Value::Unsigned(0)),
        field("fee_policy", Value::Map(Vec::new())),
        (Cow::Borrowed("topology"), Value::List(topology)),
    ]);
    let hash = digest(python_json(&data).as_bytes());
    Ok(python_json(&Value::Map(vec![
        field("sender_id", Value::Text("".into())),
        field("timestamp", Value::Unsigned(0)),
        field("version", Value::Unsigned(0)),
        field("fleet_hash", Value::Text("".into())),
        (Cow::Borrowed("data_hash"), Value::Text(hash.into())),
    ])))
}

fn malformed(field: &str, got: &Value<'_>, expected: &str) -> Error {
    Error::new(ErrorCode::Malformed, field, python_json(got), expected)
}

/// A field as Python prints it into a text.
fn printed(payload: &Value<'_>, key: &'static str, default: &str) -> Result<String, Error> {
    Ok(match payload.get(key) {
        None => default.to_owned(),
        Some(Value::Null) => "None".to_owned(),
        Some(Value::Bool(true)) => "True".to_owned(),
        Some(Value::Bool(false)) => "False".to_owned(),
        Some(Value::Unsigned(n)) => n.to_string(),
        Some(Value::Signed(n)) => n.to_string(),
        Some(Value::Integer(digits)) => digits.to_string(),
        Some(Value::Float(x)) if x.is_nan() => "nan".to_owned(),
        Some(Value::Float(x)) if x.is_infinite() => {
            if *x > 0.0 { "inf" } else { "-inf" }.to_owned()
        }
        Some(Value::Float(x)) => float_text(*x),
        Some(Value::Text(text)) => text.to_string(),
        Some(other) => return Err(malformed(key, other, "a text or number")),
    })
}

/// `json.dumps(…, sort_keys=True, separators=(",", ":"))` of CPython.
fn python_json(value: &Value<'_>) -> String {
    let mut out = String::new();
    push_json(value, &mut out);
    out
}

fn push_json(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Unsigned(n) => out.push_str(&n.to_string()),
        Value::Signed(n) => out.push_str(&n.to_string()),
        Value::Integer(digits) => out.push_str(digits),
        Value::Float(x) => out.push_str(&float_text(*x)),
        Value::Text(text) => push_text(text, out),
        Value::List(entries) => {
            out.push('[');
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_json(entry, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorting::by(&mut sorted, |a, b| a.0.cmp(&b.0));
            out.push('{');
            for (index, (key, entry)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_text(key, out);
                out.push(':');
                push_json(entry, out);
            }
            out.push('}');
        }
    }
}

/// Everything but printable ASCII is escaped, in UTF-16 units.
fn push_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}
