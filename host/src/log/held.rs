//! A handle whose calls are logged: every file of the log begins with what opens it again.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use trimtab_core::log::LogKind;
use trimtab_core::log::line::{LogHandle, LogLineInput};
use trimtab_core::operations::opened::Opened;
use trimtab_core::policy::{error_text, parse};
use trimtab_core::units::{Millis, Serial};
use trimtab_core::value::Value;
use trimtab_core::{books, canonical};

use super::error::LogError;
use super::options::Overload;
use super::writer::{Receipt, Writer, held, micros, now_ms, text_or_hex};
use crate::error::HostError;
use crate::handle::Handle;
use crate::native;

/// What stays open between calls: in a sandbox, or in the core of this program.
pub trait Callee: Send {
    /// Calls an operation on it.
    fn call_on(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError>;
}

impl Callee for Handle {
    fn call_on(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError> {
        Self::call_on(self, operation, input)
    }
}

impl Callee for Opened {
    fn call_on(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError> {
        Ok(native::guarded(|| self.call_bytes(operation, input))?)
    }
}

/// Something open that can say what opens it again.
pub(super) trait Restorable: Send {
    fn opens_again(&mut self) -> Result<LogHandle, HostError>;
}

struct Inner<C> {
    callee: C,
    number: u64,
    kind: String,
    /// What it was opened with, the state aside; changes of the config are laid on top.
    profile: Option<String>,
    config: Option<Value<'static>>,
    /// A change is not on the log: before the next call the whole state is written.
    is_behind: bool,
}

/// A handle whose calls are logged.
///
/// A call whose line cannot be written has changed the handle all the same. Its caller gets the
/// error, and the next line of the handle holds its whole state, so that a replay goes on rightly.
#[derive(Clone)]
pub struct Held<C> {
    writer: Writer,
    inner: Arc<Mutex<Inner<C>>>,
    number: u64,
}

impl<C> std::fmt::Debug for Held<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Why a call on a logged handle gave no answer.
type Outcome = Result<Result<Vec<u8>, HostError>, LogError>;

impl<C: Callee + 'static> Held<C> {
    /// Logs that `callee` was opened with `input`.
    pub fn open(writer: &Writer, kind: &str, input: &[u8], callee: C) -> Result<Self, LogError> {
        let setting = parse(input)?;
        let text = |name: &str| setting.get(name).and_then(Value::as_text);
        let number = writer.next_handle();
        let inner = Arc::new(Mutex::new(Inner {
            callee,
            number,
            kind: kind.to_owned(),
            profile: text("profile").map(str::to_owned),
            config: setting.get("config").cloned().map(Value::into_owned),
            is_behind: false,
        }));
        let one = Self {
            writer: writer.clone(),
            inner: Arc::clone(&inner),
            number,
        };
        let opened = format!("{{\"handle\":{number}}}");
        let entry = one.entry("open", Some(kind), Some(input), Some(opened.as_bytes()))?;
        // No new file begins between this line and the place in the list.
        let mut handles = held(writer.handles());
        writer.submit(entry, None, false)?;
        handles.insert(number, inner);
        Ok(one)
    }

    /// Calls an operation and logs it. The outer error is the log's: then the call is refused.
    pub fn call_on(&self, operation: &str, input: &[u8]) -> Outcome {
        let outcome = self.called(operation, input);
        self.rotate_if_due()?;
        outcome
    }

    fn called(&self, operation: &str, input: &[u8]) -> Outcome {
        let mut inner = held(&self.inner);
        if inner.is_behind {
            self.catch_up(&mut inner)?;
        }
        let begun = Instant::now();
        let answer = inner.callee.call_on(operation, input);
        let output = match &answer {
            Ok(answer) => answer.clone(),
            Err(HostError::BadInput(error)) => error_text(error),
            Err(error) => error.text(),
        };
        // Questions about the book itself are no decisions.
        if books::QUESTIONS.contains(&operation) {
            return Ok(answer);
        }
        if answer.is_ok() && operation == "set_hub" {
            inner.note_config(input)?;
        }
        let mut entry = self.entry(operation, None, Some(input), Some(&output))?;
        entry.duration_us = Some(micros(begun.elapsed()));
        let receipt = self.writer.submit(entry, None, false);
        inner.is_behind = !matches!(receipt, Ok(Receipt::Written { .. }));
        receipt.map(|_| answer)
    }

    /// The whole state, after a line that was not written.
    fn catch_up(&self, inner: &mut Inner<C>) -> Result<(), LogError> {
        let Ok(again) = inner.opens_again() else {
            // It is lost: there is no state any more.
            return Ok(());
        };
        let input = again.input.as_bytes();
        let opened = format!("{{\"handle\":{}}}", self.number);
        let entry = self.entry(
            "open",
            Some(&again.opens),
            Some(input),
            Some(opened.as_bytes()),
        )?;
        let receipt = self.writer.submit(entry, None, false)?;
        inner.is_behind = receipt == Receipt::Dropped;
        Ok(())
    }

    /// Logs that it is closed, and lets it go.
    pub fn close(self) -> Result<(), LogError> {
        let entry = self.entry("close", None, None, None)?;
        let mut handles = held(self.writer.handles());
        handles.remove(&self.number);
        self.writer.submit(entry, None, false).map(drop)
    }

    fn entry(
        &self,
        operation: &str,
        opens: Option<&str>,
        input: Option<&[u8]>,
        output: Option<&[u8]>,
    ) -> Result<LogLineInput, LogError> {
        let (input, input_hex) = input.map_or((None, None), |bytes| text_or_hex(bytes, false));
        let (output, output_hex) = output.map_or((None, None), |bytes| text_or_hex(bytes, false));
        Ok(LogLineInput {
            at: Millis::named("at", now_ms())?,
            kind: LogKind::Handle,
            op: Some(operation.to_owned()),
            opens: opens.map(str::to_owned),
            handle: Some(Serial::named("handle", self.number)?),
            input,
            input_hex,
            output,
            output_hex,
            ..LogLineInput::default()
        })
    }

    /// Begins a new file with the states of all handles. Nobody calls one of them meanwhile.
    fn rotate_if_due(&self) -> Result<(), LogError> {
        if !self.writer.is_rotation_due() {
            return Ok(());
        }
        let handles = held(self.writer.handles());
        if !self.writer.is_rotation_due() {
            return Ok(());
        }
        let mut guards: Vec<_> = handles.values().map(|one| held(one)).collect();
        let states = guards.iter_mut().map(|one| one.opens_again());
        // A handle that is lost opens no more.
        let states = states.filter_map(Result::ok).collect();
        let rotated = self.writer.rotate(states);
        match (rotated, self.writer.options().overload) {
            (Err(error), Overload::Refuse) => Err(error),
            _ => Ok(()),
        }
    }
}

impl<C> Inner<C> {
    fn note_config(&mut self, input: &[u8]) -> Result<(), LogError> {
        let Some(change) = parse(input)?.get("config").cloned().map(Value::into_owned) else {
            return Ok(());
        };
        self.config = Some(match self.config.take() {
            Some(config) => config.overlaid(change),
            None => change,
        });
        Ok(())
    }
}

impl<C: Callee> Restorable for Inner<C> {
    fn opens_again(&mut self) -> Result<LogHandle, HostError> {
        let mut setting = Vec::new();
        if let Some(profile) = &self.profile {
            setting.push(("profile".into(), Value::Text(profile.clone().into())));
        }
        if let Some(config) = &self.config {
            setting.push(("config".into(), config.clone()));
        }
        if self.kind != "policy" {
            let envelope = self.callee.call_on("snapshot", b"{}")?;
            let state = parse(&envelope)?.get("decision").cloned();
            let state = state.map(Value::into_owned).unwrap_or(Value::Null);
            setting.push(("state".into(), state));
        }
        Ok(LogHandle {
            handle: Serial::named("handle", self.number)?,
            opens: self.kind.clone(),
            input: canonical::text(&Value::Map(setting))?,
        })
    }
}
