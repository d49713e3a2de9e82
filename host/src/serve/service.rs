//! The policy, its token and its counters; the change of policy without a gap.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use serde_json::{Value as Json, json};
use tokio::sync::Semaphore;
use trimtab_core::policy::{ABI, VERSION};

use super::Stopped;
use super::desk::{Desk, Maker};
use super::metrics::Metrics;
use super::openapi;
use super::settings::Settings;
use super::token::Token;
use crate::error::HostError;
use crate::log::{LogError, LogOptions, Observed, Receipt, Writer};

/// Whether the caller acts on the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Call,
    /// Evaluated and counted; nothing is done with the answer.
    Audit,
}

impl Mode {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Audit => "audit",
        }
    }
}

/// What SIGHUP replaces, all at once or not at all.
pub(super) struct InForce {
    pub(super) desk: Desk,
    pub(super) token: Option<Token>,
    /// The description of the service, as JSON.
    pub(super) openapi: Bytes,
    /// What /v1/ops says.
    pub(super) operations: Bytes,
    /// What the policy says of itself.
    pub(super) description: Json,
}

/// What became of the newest attempt to take a new config.
#[derive(Default)]
struct Reloads {
    taken: u64,
    refused: u64,
    last_error: Option<String>,
}

/// A service that runs.
pub(super) struct Service {
    pub(super) settings: Settings,
    maker: Maker,
    in_force: RwLock<Arc<InForce>>,
    reloads: Mutex<Reloads>,
    pub(super) metrics: Metrics,
    /// Room for requests.
    pub(super) requests: Arc<Semaphore>,
    /// Room for connections.
    pub(super) connections: Arc<Semaphore>,
    pub(super) stopping: AtomicBool,
    log: Option<Writer>,
    begun: Instant,
    begun_at: u64,
    tell: Box<dyn Fn(&str) + Send + Sync>,
}

impl Service {
    pub(super) fn new(
        settings: Settings,
        tell: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Arc<Self>, Stopped> {
        let maker = Maker::new(&settings.choice)?;
        let in_force = InForce::of(&maker, &settings)?;
        let module = maker.module().unwrap_or("native");
        let metrics = Metrics::new(VERSION, module);
        let log = settings.log.clone().map(|log| {
            let module = module.to_owned();
            Writer::open(LogOptions { module, ..log })
        });
        let log = log.transpose();
        let log = log.map_err(|error| Stopped::Setting(error.to_string()))?;
        if let Some(log) = log
            .as_ref()
            .filter(|log| log.opening().resumed && !log.opening().ended)
        {
            let cut = log.opening().cut_bytes;
            tell(&format!(
                "the log was not closed in order; {cut} bytes of a cut line were removed"
            ));
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Arc::new(Self {
            requests: Arc::new(Semaphore::new(settings.bounds.requests)),
            connections: Arc::new(Semaphore::new(settings.bounds.connections)),
            settings,
            maker,
            in_force: RwLock::new(Arc::new(in_force)),
            reloads: Mutex::default(),
            metrics,
            stopping: AtomicBool::new(false),
            log,
            begun: Instant::now(),
            begun_at: since.map_or(0, |since| since.as_secs()),
            tell,
        }))
    }

    /// The policy of this moment; a request keeps the one that it began with.
    pub(super) fn in_force(&self) -> Arc<InForce> {
        let in_force = self.in_force.read();
        Arc::clone(&in_force.unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads config and token again. What cannot be used changes nothing.
    pub(super) fn reload(&self) {
        let made = InForce::of(&self.maker, &self.settings);
        let mut reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        self.metrics.reloaded(made.is_ok());
        match made {
            Ok(made) => {
                let config = made.desk.stamp.get("config").cloned().unwrap_or_default();
                let place = self.in_force.write();
                *place.unwrap_or_else(PoisonError::into_inner) = Arc::new(made);
                reloads.taken += 1;
                reloads.last_error = None;
                self.tell(&format!("new config in force: {config}"));
            }
            Err(error) => {
                reloads.refused += 1;
                reloads.last_error = Some(error.to_string());
                self.tell(&format!("new config refused, the old one stays: {error}"));
            }
        }
    }

    /// One call: decides, counts and writes it down. Every decision passes here, and only here.
    pub(super) fn call(
        &self,
        in_force: &InForce,
        operation: &str,
        mode: Mode,
        input: &[u8],
    ) -> Result<Vec<u8>, HostError> {
        let begun = Instant::now();
        let answer = in_force.desk.call(operation, input);
        let took = begun.elapsed();
        let answer = match self.write_down(in_force, operation, mode, input, &answer, took) {
            Ok(()) => answer,
            // Nothing is decided that is not on the log.
            Err(error) => Err(HostError::Unavailable(error.to_string())),
        };
        self.metrics.called(operation, mode, &answer, took);
        let mut envelope = answer?;
        if mode == Mode::Audit {
            // The mark comes first: the fields of an envelope are sorted.
            let mark = br#""audit":true,"#;
            envelope.splice(1..1, mark.iter().copied());
        }
        Ok(envelope)
    }

    fn write_down(
        &self,
        in_force: &InForce,
        operation: &str,
        mode: Mode,
        input: &[u8],
        answer: &Result<Vec<u8>, HostError>,
        took: Duration,
    ) -> Result<(), LogError> {
        let Some(log) = &self.log else {
            return Ok(());
        };
        let error = answer.as_ref().err().map(HostError::text);
        let output = answer.as_deref().ok().or(error.as_deref());
        let labels = [("mode", mode.as_str())];
        let observed = Observed {
            duration: Some(took),
            labels: &labels,
            ..Observed::new(
                operation,
                &in_force.desk.note,
                input,
                output.unwrap_or_default(),
            )
        };
        let written = log.append(&observed);
        if !matches!(written, Ok(Receipt::Written { .. })) {
            self.metrics.log_drops.inc();
        }
        written.map(drop)
    }

    /// Whether decisions are written down, which may wait for a disk.
    pub(super) const fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// Ends the log in order.
    pub(super) fn close(&self) {
        if let Some(Err(error)) = self.log.as_ref().map(Writer::close) {
            self.tell(&format!("the log was not closed in order: {error}"));
        }
    }

    /// A line for the operator.
    pub(super) fn tell(&self, line: &str) {
        (self.tell)(line);
    }

    /// What /v1/status says.
    pub(super) fn status(&self) -> Json {
        let in_force = self.in_force();
        let stamp = |key: &str| in_force.desk.stamp.get(key).cloned().unwrap_or_default();
        let reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "abi": ABI,
            "config": stamp("config"),
            "log": self.log.as_ref().map(|log| {
                let counters = log.counters();
                json!({
                    "bytes": counters.bytes,
                    "dropped": counters.dropped,
                    "file": self.settings.log.as_ref().map(|log| log.path.display().to_string()),
                    "next_seq": counters.next_seq,
                    "written": counters.written,
                })
            }),
            "module": self.maker.module(),
            "profile": stamp("profile"),
            "ready": self.ready(),
            "reloads": {
                "last_error": reloads.last_error,
                "refused": reloads.refused,
                "taken": reloads.taken,
            },
            "started_at": self.begun_at,
            "uptime_s": self.begun.elapsed().as_secs(),
            "version": stamp("version"),
        })
    }

    pub(super) fn ready(&self) -> bool {
        !self.stopping.load(Ordering::Relaxed)
    }
}

impl InForce {
    fn of(maker: &Maker, settings: &Settings) -> Result<Self, Stopped> {
        let desk = maker.desk()?;
        let token = settings.token.as_deref().map(Token::read).transpose()?;
        let envelope = desk.ask("policy.describe", "{}")?;
        let description = envelope.get("decision").cloned().unwrap_or_default();
        let openapi = openapi::document(&description, token.is_some());
        Ok(Self {
            openapi: Bytes::from(openapi.to_string()),
            operations: Bytes::from(openapi::operations(&description).to_string()),
            desk,
            token,
            description,
        })
    }
}
