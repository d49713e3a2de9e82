//! What is counted. Every label comes from a closed set: operations, codes, limits.

use std::fmt::Write as _;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use serde::Deserialize;
use std::borrow::Cow;
use trimtab_core::operations;
use trimtab_core::reason::Code;

use super::service::Mode;
use crate::error::HostError;

/// The limits that can be hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Limit {
    Body,
    Batch,
    Connections,
    Requests,
    RequestTime,
    ReadTime,
    /// A head that did not arrive in time, or a connection that was idle so long.
    HeadOrIdleTime,
    HeadSize,
    WriteTime,
    Fuel,
    Deadline,
    Memory,
    Result,
}

impl Limit {
    pub(super) const ALL: [Self; 13] = [
        Self::Body,
        Self::Batch,
        Self::Connections,
        Self::Requests,
        Self::RequestTime,
        Self::ReadTime,
        Self::HeadOrIdleTime,
        Self::HeadSize,
        Self::WriteTime,
        Self::Fuel,
        Self::Deadline,
        Self::Memory,
        Self::Result,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Batch => "batch",
            Self::Connections => "connections",
            Self::Requests => "requests",
            Self::RequestTime => "request_time",
            Self::ReadTime => "read_time",
            Self::HeadOrIdleTime => "head_or_idle_time",
            Self::HeadSize => "head_size",
            Self::WriteTime => "write_time",
            Self::Fuel => "fuel",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Result => "result",
        }
    }

    const fn of(error: &HostError) -> Option<Self> {
        Some(match error {
            HostError::OutOfFuel { .. } => Self::Fuel,
            HostError::Deadline { .. } => Self::Deadline,
            HostError::MemoryLimit { .. } => Self::Memory,
            HostError::ResultLimit { .. } => Self::Result,
            _ => return None,
        })
    }
}

impl EncodeLabelValue for Limit {
    fn encode(
        &self,
        encoder: &mut prometheus_client::encoding::LabelValueEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        encoder.write_str(self.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByMode {
    op: &'static str,
    mode: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByCode {
    op: &'static str,
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOp {
    op: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByLimit {
    limit: Limit,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByStatus {
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

type Times = Family<ByOp, Histogram, fn() -> Histogram>;

/// From 20 µs to 20 s, four times as long each.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(0.000_02, 4.0, 11))
}

/// The counters of a service.
pub(super) struct Metrics {
    registry: Registry,
    calls: Family<ByMode, Counter>,
    refusals: Family<ByCode, Counter>,
    errors: Family<ByCode, Counter>,
    seconds: Times,
    limits: Family<ByLimit, Counter>,
    responses: Family<ByStatus, Counter>,
    reloads: Family<ByOutcome, Counter>,
    pub(super) log_drops: Counter,
    pub(super) connections: Gauge,
    pub(super) requests: Gauge,
}

impl Metrics {
    pub(super) fn new(version: &str, module: &str) -> Self {
        let mut registry = Registry::with_prefix("trimtab");
        let metrics = Self {
            calls: Family::default(),
            refusals: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(times),
            limits: Family::default(),
            responses: Family::default(),
            reloads: Family::default(),
            log_drops: Counter::default(),
            connections: Gauge::default(),
            requests: Gauge::default(),
            registry: Registry::default(),
        };
        let build = Info::new(vec![
            ("version".to_owned(), version.to_owned()),
            ("module".to_owned(), module.to_owned()),
        ]);
        registry.register("build", "Version and digest of the module", build);
        let calls = metrics.calls.clone();
        registry.register("calls", "Calls that were decided or refused", calls);
        registry.register(
            "refusals",
            "Decisions that refuse or defer, by the code that decides",
            metrics.refusals.clone(),
        );
        registry.register(
            "errors",
            "Calls without a decision, by the code of the error",
            metrics.errors.clone(),
        );
        let seconds = metrics.seconds.clone();
        registry.register("call_seconds", "Time of a call on its thread", seconds);
        registry.register(
            "limit_hits",
            "Requests, calls and connections that a limit ended",
            metrics.limits.clone(),
        );
        let responses = metrics.responses.clone();
        registry.register("http_responses", "Responses by status", responses);
        registry.register(
            "config_reloads",
            "New configs that were taken or refused",
            metrics.reloads.clone(),
        );
        registry.register(
            "log_drops",
            "Decisions that are missing in the decision log",
            metrics.log_drops.clone(),
        );
        let connections = metrics.connections.clone();
        registry.register("connections", "Connections that are open", connections);
        let requests = metrics.requests.clone();
        registry.register("requests_in_flight", "Requests that run", requests);
        // What was never hit is told as zero, so that a rule for alarms finds it.
        for limit in Limit::ALL {
            drop(metrics.limits.get_or_create(&ByLimit { limit }));
        }
        for outcome in ["taken", "refused"] {
            drop(metrics.reloads.get_or_create(&ByOutcome { outcome }));
        }
        Self {
            registry,
            ..metrics
        }
    }

    /// A call with its outcome.
    pub(super) fn called(
        &self,
        operation: &str,
        mode: Mode,
        answer: &Result<Vec<u8>, HostError>,
        took: Duration,
    ) {
        // The names of the table live as long as the program; all others share one label.
        let op = operations::operation(operation).map_or("unknown", |operation| operation.name);
        let mode = mode.as_str();
        self.calls.get_or_create(&ByMode { op, mode }).inc();
        self.seconds
            .get_or_create(&ByOp { op })
            .observe(took.as_secs_f64());
        match answer {
            Ok(envelope) => {
                if let Some(code) = deciding(envelope) {
                    self.refusals.get_or_create(&ByCode { op, code }).inc();
                }
            }
            Err(error) => {
                let code = error.code();
                self.errors.get_or_create(&ByCode { op, code }).inc();
                if let Some(limit) = Limit::of(error) {
                    self.hit(limit);
                }
            }
        }
    }

    pub(super) fn hit(&self, limit: Limit) {
        self.limits.get_or_create(&ByLimit { limit }).inc();
    }

    pub(super) fn responded(&self, status: u16) {
        self.responses.get_or_create(&ByStatus { status }).inc();
    }

    pub(super) fn reloaded(&self, taken: bool) {
        let outcome = if taken { "taken" } else { "refused" };
        self.reloads.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// The page for Prometheus, in OpenMetrics text.
    pub(super) fn page(&self) -> String {
        let mut page = String::new();
        if encode(&mut page, &self.registry).is_err() {
            // Writing to a text cannot fail; half a page would be read as counters that fell.
            page.clear();
            let _ = page.write_str("# EOF\n");
        }
        page
    }
}

/// What the counters read of an envelope.
#[derive(Deserialize)]
struct Seen<'e> {
    #[serde(borrow)]
    reasons: Vec<SeenReason<'e>>,
}

#[derive(Deserialize)]
struct SeenReason<'e> {
    #[serde(borrow)]
    code: Cow<'e, str>,
    #[serde(default)]
    binding: bool,
}

/// The code of the refusal or deferral that decides, where there is one.
fn deciding(envelope: &[u8]) -> Option<&'static str> {
    let seen: Seen<'_> = serde_json::from_slice(envelope).ok()?;
    let binding = seen.reasons.iter().find(|reason| reason.binding)?;
    let mut known = Code::ALL.iter().map(|code| code.entry().name);
    Some(known.find(|name| *name == binding.code).unwrap_or("other"))
}
