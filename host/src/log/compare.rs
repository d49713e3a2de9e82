//! Where two answers to the same input part.

use serde::Serialize;

use trimtab_core::canonical;
use trimtab_core::value::Value;

/// The first of these that differs is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Decision or error, and the words and truth values of the decision.
    Outcome,
    /// The codes of the reasons or of the error, their effects and subjects.
    Codes,
    /// Numbers, and all else.
    Numbers,
}

/// One place where two answers differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// What kind of difference it is.
    pub stage: Stage,
    /// A JSON pointer to the place in the answer.
    pub path: String,
    /// What the log holds there.
    pub logged: String,
    /// What was answered now.
    pub replayed: String,
}

/// How two answers compare.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    /// They are the same.
    Same,
    /// They differ, here first.
    Differs(Difference),
}

/// Compares two answers. Who decided (`policy`) is no part of what was decided; the offset of a
/// mistake counts only where `offsets` says that the same bytes were read.
#[must_use]
pub fn compare(logged: &[u8], replayed: &[u8], offsets: bool) -> Compared {
    if logged == replayed {
        return Compared::Same;
    }
    let read = |bytes| Value::from_json(bytes).ok();
    let (Some(logged), Some(replayed)) = (read(logged), read(replayed)) else {
        let text = |bytes: &[u8]| canonical::digest(bytes);
        return Compared::Differs(Difference {
            stage: Stage::Outcome,
            path: String::new(),
            logged: text(logged),
            replayed: text(replayed),
        });
    };
    let mut walk = Walk {
        first: None,
        offsets,
    };
    walk.envelopes(&logged, &replayed);
    walk.first.map_or(Compared::Same, Compared::Differs)
}

struct Walk {
    first: Option<Difference>,
    offsets: bool,
}

impl Walk {
    fn note(
        &mut self,
        stage: Stage,
        path: &str,
        logged: Option<&Value<'_>>,
        new: Option<&Value<'_>>,
    ) {
        if self
            .first
            .as_ref()
            .is_some_and(|first| first.stage <= stage)
        {
            return;
        }
        self.first = Some(Difference {
            stage,
            path: path.to_owned(),
            logged: shown(logged),
            replayed: shown(new),
        });
    }

    fn envelopes(&mut self, logged: &Value<'_>, new: &Value<'_>) {
        match (logged.get("error"), new.get("error")) {
            (Some(logged), Some(new)) => return self.errors(logged, new),
            (None, None) => {}
            (logged_error, new_error) => {
                let logged = logged_error.or_else(|| logged.get("decision"));
                let new = new_error.or_else(|| new.get("decision"));
                return self.note(Stage::Outcome, "", logged, new);
            }
        }
        for part in ["decision", "reasons", "quarantined"] {
            let path = format!("/{part}");
            self.parts(&path, logged.get(part), new.get(part), part == "reasons");
        }
    }

    fn errors(&mut self, logged: &Value<'_>, new: &Value<'_>) {
        for (name, stage) in [
            ("code", Stage::Codes),
            ("field", Stage::Codes),
            ("got", Stage::Numbers),
            ("expected", Stage::Numbers),
            ("offset", Stage::Numbers),
        ] {
            let (logged, new) = (logged.get(name), new.get(name));
            if logged != new && (name != "offset" || self.offsets) {
                self.note(stage, &format!("/error/{name}"), logged, new);
            }
        }
    }

    fn parts(
        &mut self,
        path: &str,
        logged: Option<&Value<'_>>,
        new: Option<&Value<'_>>,
        is_reason: bool,
    ) {
        match (logged, new) {
            (Some(Value::Map(fields)), Some(both @ Value::Map(others))) => {
                for (key, logged) in fields {
                    let path = format!("{path}/{key}");
                    self.parts(&path, Some(logged), both.get(key), is_reason);
                }
                for (key, new) in others {
                    if !fields.iter().any(|(name, _)| name == key) {
                        self.parts(&format!("{path}/{key}"), None, Some(new), is_reason);
                    }
                }
            }
            (Some(Value::List(logged)), Some(Value::List(new))) => {
                for index in 0..logged.len().max(new.len()) {
                    let path = format!("{path}/{index}");
                    self.parts(&path, logged.get(index), new.get(index), is_reason);
                }
            }
            (logged, new) if logged == new => {}
            (logged, new) => {
                let stage = stage_of(path, is_reason, logged, new);
                self.note(stage, path, logged, new);
            }
        }
    }
}

fn stage_of(
    path: &str,
    is_reason: bool,
    logged: Option<&Value<'_>>,
    new: Option<&Value<'_>>,
) -> Stage {
    let last = path.rsplit('/').next().unwrap_or_default();
    let names_the_reason = matches!(last, "code" | "effect" | "subject" | "binding");
    if is_reason {
        // A reason that came or went has no counterpart; one whose numbers moved has.
        let whole = logged.is_none_or(is_record) && new.is_none_or(is_record);
        return match names_the_reason || whole {
            true => Stage::Codes,
            false => Stage::Numbers,
        };
    }
    match logged.is_none_or(is_number) && new.is_none_or(is_number) {
        true => Stage::Numbers,
        false => Stage::Outcome,
    }
}

fn is_record(value: &Value<'_>) -> bool {
    matches!(value, Value::Map(_))
}

/// Amounts of tokens are texts of digits.
fn is_number(value: &Value<'_>) -> bool {
    match value {
        Value::Unsigned(_) | Value::Signed(_) | Value::Float(_) | Value::Integer(_) => true,
        Value::Text(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// A value for a reader: never an attacker's megabyte.
fn shown(value: Option<&Value<'_>>) -> String {
    const MOST: usize = 120;
    let text = value.map_or(Ok("nothing".to_owned()), canonical::text);
    let text = text.unwrap_or_default();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
