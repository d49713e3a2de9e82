//! Asks a log again: every decision and every call on a handle, in order.

use std::borrow::Cow;
use std::collections::BTreeMap;

use trimtab_core::canonical;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_core::log::LogKind;
use trimtab_core::log::read::{self, Line};
use trimtab_core::operations::opened::{self, Opened};
use trimtab_core::policy::{Policy, error_text, parse};
use trimtab_core::value::Value;

use super::compare::{Compared, compare};
use super::held::Callee;
use crate::error::HostError;
use crate::handle::Handle;
use crate::native;
use crate::sandbox::Sandbox;

/// Who decides again.
pub trait Decider {
    /// What stays open.
    type Open: Callee;
    /// Opens a handle; a policy is one.
    fn open(&mut self, kind: &str, input: &[u8]) -> Result<Self::Open, HostError>;
}

/// The core of this program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Decider for Native {
    type Open = Opened;
    fn open(&mut self, kind: &str, input: &[u8]) -> Result<Opened, HostError> {
        let input = parse(input)?;
        Ok(native::guarded(|| opened::open(kind, &input))?)
    }
}

/// A module, one staying instance for each policy and handle.
#[derive(Clone, Debug)]
pub struct Sandboxed(pub Sandbox);

impl Decider for Sandboxed {
    type Open = Handle;
    fn open(&mut self, kind: &str, input: &[u8]) -> Result<Handle, HostError> {
        self.0.open(kind, input)
    }
}

/// Why a line was not asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// Something was left out of it.
    Masked,
    /// A limit of the host had ended the call: another machine has another limit.
    Limit,
    /// The policy or handle that it names is not in this log, or was masked.
    Unknown,
}

/// What became of a line.
#[derive(Debug)]
pub enum Replayed {
    /// It asks nothing: a snapshot, a policy, the end, a handle opened or closed.
    Nothing,
    /// It was not asked again.
    Skipped(Skip),
    /// It was asked again.
    Asked {
        /// Where the answers part.
        compared: Compared,
        /// The answer now.
        answer: Vec<u8>,
    },
}

/// A config that stands in for those of the log.
#[derive(Clone, Debug)]
struct Instead {
    profile: Option<String>,
    config: Option<Value<'static>>,
}

/// Asks a log again, line by line.
pub struct Replayer<D: Decider> {
    decider: D,
    /// By the digest that lines name.
    policies: BTreeMap<String, (D::Open, Vec<u8>)>,
    handles: BTreeMap<u64, D::Open>,
    instead: Option<Instead>,
}

impl<D: Decider> std::fmt::Debug for Replayer<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replayer")
            .field("policies", &self.policies.keys())
            .field("handles", &self.handles.keys())
            .finish_non_exhaustive()
    }
}

impl<D: Decider> Replayer<D> {
    /// Asks `decider`, under the configs of the log.
    pub fn new(decider: D) -> Self {
        Self {
            decider,
            policies: BTreeMap::new(),
            handles: BTreeMap::new(),
            instead: None,
        }
    }

    /// Under this profile and config (JSON) instead, wherever the log names another.
    pub fn under(mut self, profile: Option<&str>, config: Option<&[u8]>) -> Result<Self, Error> {
        let config = config.map(parse).transpose()?.map(Value::into_owned);
        // A mistake in it is told now, and not at every line.
        Policy::new(profile.unwrap_or("plan"), config.as_ref())?;
        self.instead = Some(Instead {
            profile: profile.map(str::to_owned),
            config,
        });
        Ok(self)
    }

    /// Asks one line again.
    pub fn replay(&mut self, line: &Line<'_>) -> Result<Replayed, HostError> {
        match line.kind() {
            LogKind::Snapshot => {
                self.note(line)?;
                self.handles.clear();
                for handle in line.handles.iter().flatten() {
                    self.reopen(handle.handle, &handle.opens, handle.input.get())?;
                }
                Ok(Replayed::Nothing)
            }
            LogKind::Policy => {
                self.note(line)?;
                Ok(Replayed::Nothing)
            }
            LogKind::Decision => self.decision(line),
            LogKind::Handle => self.handle(line),
            LogKind::End => Ok(Replayed::Nothing),
        }
    }

    /// Opens the policies that a line tells.
    fn note(&mut self, line: &Line<'_>) -> Result<(), HostError> {
        for policy in line.policies.iter().flatten() {
            if self.policies.contains_key(policy.config.as_ref()) {
                continue;
            }
            let Some(setting) = self.setting(policy)? else {
                continue;
            };
            let opened = self.decider.open("policy", &setting)?;
            self.policies
                .insert(policy.config.clone().into_owned(), (opened, setting));
        }
        Ok(())
    }

    /// What a policy is opened with; nothing where it was masked.
    fn setting(&self, policy: &read::Policy<'_>) -> Result<Option<Vec<u8>>, HostError> {
        let mut profile = policy.profile.clone().into_owned();
        let mut config = match policy.overrides {
            Some(overrides) => Some(Value::from_json(overrides.get().as_bytes())?),
            None => None,
        };
        if matches!(config, Some(Value::Text(_))) && self.instead.is_none() {
            return Ok(None);
        }
        if let Some(instead) = &self.instead {
            profile = instead.profile.clone().unwrap_or(profile);
            config.clone_from(&instead.config);
        }
        let mut setting = vec![("profile".into(), Value::Text(Cow::Owned(profile)))];
        setting.extend(config.map(|config| ("config".into(), config)));
        Ok(Some(canonical::text(&Value::Map(setting))?.into_bytes()))
    }

    fn decision(&mut self, line: &Line<'_>) -> Result<Replayed, HostError> {
        if let Some(skip) = skipped(line) {
            return Ok(Replayed::Skipped(skip));
        }
        let config = line.config.as_deref().unwrap_or_default();
        let (Some((policy, setting)), Some(input)) = (
            self.policies.get_mut(config),
            bytes(line.input, &line.input_text, &line.input_hex),
        ) else {
            return Ok(Replayed::Skipped(Skip::Unknown));
        };
        let operation = line.op.as_deref().unwrap_or_default();
        let answer = policy.call_on(operation, &input);
        if matches!(&answer, Err(error) if ends_a_handle(error)) {
            *policy = self.decider.open("policy", setting)?;
        }
        Ok(asked(line, answer))
    }

    fn handle(&mut self, line: &Line<'_>) -> Result<Replayed, HostError> {
        let number = line.handle.unwrap_or_default();
        let operation = line.op.as_deref().unwrap_or_default();
        let input = bytes(line.input, &line.input_text, &line.input_hex);
        match (operation, &line.opens) {
            ("close", _) => {
                self.handles.remove(&number);
                return Ok(Replayed::Nothing);
            }
            ("open", Some(kind)) => {
                self.handles.remove(&number);
                let Some(input) = input.filter(|_| skipped(line).is_none()) else {
                    return Ok(Replayed::Skipped(Skip::Masked));
                };
                let text = String::from_utf8_lossy(&input);
                self.reopen(number, kind, &text)?;
                return Ok(Replayed::Nothing);
            }
            _ => {}
        }
        if let Some(skip) = skipped(line) {
            // What the handle holds from here on is not known.
            let changes_nothing = skip == Skip::Masked && is_only_output_masked(line);
            if !changes_nothing {
                self.handles.remove(&number);
                return Ok(Replayed::Skipped(skip));
            }
        }
        let (Some(open), Some(input)) = (self.handles.get_mut(&number), input) else {
            return Ok(Replayed::Skipped(match skipped(line) {
                Some(skip) => skip,
                None => Skip::Unknown,
            }));
        };
        let answer = open.call_on(operation, &input);
        if matches!(&answer, Err(error) if ends_a_handle(error)) {
            self.handles.remove(&number);
        }
        Ok(match skipped(line) {
            Some(skip) => Replayed::Skipped(skip),
            None => asked(line, answer),
        })
    }

    /// Opens a handle as the log says; one that was masked stays unknown.
    fn reopen(&mut self, number: u64, kind: &str, input: &str) -> Result<(), HostError> {
        let mut setting = Value::from_json(input.as_bytes())?;
        let is_masked = |name: &str| {
            let value = setting.get(name);
            value.is_some_and(|value| !matches!(value, Value::Map(_)))
        };
        if !matches!(setting, Value::Map(_)) || is_masked("state") || is_masked("config") {
            return Ok(());
        }
        if let (Some(instead), Value::Map(fields)) = (&self.instead, &mut setting) {
            if let Some(profile) = &instead.profile {
                fields.retain(|(name, _)| name != "profile");
                fields.push(("profile".into(), Value::Text(profile.clone().into())));
            }
            fields.retain(|(name, _)| name != "config");
            let config = instead.config.clone();
            fields.extend(config.map(|config| ("config".into(), config)));
        }
        let setting = canonical::text(&setting)?;
        // A handle whose parts were masked, or that another module cannot open, stays unknown.
        if let Ok(open) = self.decider.open(kind, setting.as_bytes()) {
            self.handles.insert(number, open);
        }
        Ok(())
    }
}

/// Why a line cannot be asked again, if so.
fn skipped(line: &Line<'_>) -> Option<Skip> {
    // Who asked may be left out: that decides nothing.
    let decides = |path: &String| path.starts_with("/input") || path.starts_with("/output");
    if line.masked.iter().flatten().any(decides) {
        return Some(Skip::Masked);
    }
    let output = line.output?;
    let text = output.get();
    // A look at the first bytes: nearly every answer is a decision.
    let error = text
        .starts_with("{\"error\":")
        .then(|| Value::from_json(text.as_bytes()));
    let code = error?
        .ok()?
        .get("error")?
        .get("code")?
        .as_text()?
        .to_owned();
    let known = ErrorCode::ALL.iter().any(|one| one.as_str() == code);
    (!known).then_some(Skip::Limit)
}

fn is_only_output_masked(line: &Line<'_>) -> bool {
    let mut masked = line.masked.iter().flatten();
    !masked.any(|path| path.starts_with("/input"))
}

/// Whether nobody knows any more what the memory of the instance holds.
fn ends_a_handle(error: &HostError) -> bool {
    !matches!(error, HostError::BadInput(_))
}

fn asked(line: &Line<'_>, answer: Result<Vec<u8>, HostError>) -> Replayed {
    let answer = match answer {
        Ok(answer) => answer,
        Err(HostError::BadInput(error)) => error_text(&error),
        Err(error) => error.text(),
    };
    let logged = bytes(line.output, &line.output_text, &line.output_hex);
    let logged = logged.unwrap_or(Cow::Borrowed(b""));
    Replayed::Asked {
        compared: compare(&logged, &answer, line.input_text.is_some()),
        answer,
    }
}

/// The bytes that crossed.
fn bytes<'l>(
    plain: Option<&'l serde_json::value::RawValue>,
    text: &'l Option<Cow<'l, str>>,
    hex: &Option<Cow<'l, str>>,
) -> Option<Cow<'l, [u8]>> {
    match (plain, text, hex) {
        (Some(plain), _, _) => Some(Cow::Borrowed(plain.get().as_bytes())),
        (None, Some(text), _) => Some(Cow::Borrowed(text.as_bytes())),
        (None, None, Some(hex)) => unhex(hex).map(Cow::Owned),
        (None, None, None) => None,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    pairs.iter().map(byte).collect()
}
