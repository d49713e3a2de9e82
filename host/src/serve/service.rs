//! The policy, its token and its counters; the change of policy without a gap.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

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
        let metrics = Metrics::new(VERSION, maker.module().unwrap_or("native"));
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

    /// One call: decides and counts. Every decision passes here, and only here: what writes it down
    /// belongs between the two.
    pub(super) fn call(
        &self,
        in_force: &InForce,
        operation: &str,
        mode: Mode,
        input: &[u8],
    ) -> Result<Vec<u8>, HostError> {
        let begun = Instant::now();
        let answer = in_force.desk.call(operation, input);
        self.metrics
            .called(operation, mode, &answer, begun.elapsed());
        let mut envelope = answer?;
        if mode == Mode::Audit {
            // The mark comes first: the fields of an envelope are sorted.
            let mark = br#""audit":true,"#;
            envelope.splice(1..1, mark.iter().copied());
        }
        Ok(envelope)
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
            "log": null,
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
