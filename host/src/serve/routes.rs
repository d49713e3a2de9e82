//! The paths, and what every request passes before it is answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use trimtab_core::error::Error;
use trimtab_core::operations;

use super::refusal::{self, Refusal};
use super::service::{InForce, Mode, Service};
use super::{openapi, rpc};
use crate::error::HostError;

type Shared = State<Arc<Service>>;
type Name = Result<Path<String>, PathRejection>;

/// What a request got on its way in.
#[derive(Clone)]
struct Admitted {
    in_force: Arc<InForce>,
    /// Held until the answer is made, by whoever makes it.
    room: Arc<OwnedSemaphorePermit>,
    until: Instant,
}

pub(super) fn router(service: Arc<Service>) -> Router {
    let admitted = Router::new()
        .route("/v1/call/{op}", post(call))
        .route("/v1/audit/{op}", post(audit))
        .route("/v1/ops", get(ops))
        .route("/v1/schema/{op}", get(schema))
        .route("/v1/openapi.json", get(document))
        .route("/v1/status", get(status))
        .route("/metrics", get(metrics))
        .route("/rpc", post(remote))
        .layer(middleware::from_fn_with_state(Arc::clone(&service), admit));
    // Whoever watches the service asks without a token, also when there is no room.
    let watched = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready));
    admitted
        .merge(watched)
        .fallback(|| async { Refusal::NotFound.response() })
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed.response() })
        .layer(middleware::from_fn_with_state(Arc::clone(&service), count))
        .with_state(service)
}

async fn count(State(service): Shared, request: Request, next: Next) -> Response<Body> {
    let response = next.run(request).await;
    service.metrics.responded(response.status().as_u16());
    response
}

/// Origin, token, room: in this order, so that a stranger takes no room.
async fn admit(State(service): Shared, mut request: Request, next: Next) -> Response<Body> {
    let in_force = service.in_force();
    let headers = request.headers();
    if headers.contains_key(header::ORIGIN) {
        return Refusal::OriginRefused.response();
    }
    let shown = headers.get(header::AUTHORIZATION);
    let shown = shown.map(HeaderValue::as_bytes);
    if in_force
        .token
        .as_ref()
        .is_some_and(|token| !token.shown_in(shown))
    {
        return Refusal::Unauthorized.response();
    }
    let Ok(room) = Arc::clone(&service.requests).try_acquire_owned() else {
        return refused(&service, Refusal::Overloaded);
    };
    service.metrics.requests.inc();
    let until = Instant::now() + service.settings.bounds.request_time;
    let room = Arc::new(room);
    request.extensions_mut().insert(Admitted {
        in_force,
        room,
        until,
    });
    let left = Counted(&service);
    let response = next.run(request).await;
    drop(left);
    response
}

/// Counts a request out, also when its client hangs up in the middle.
struct Counted<'s>(&'s Service);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.metrics.requests.dec();
    }
}

fn refused(service: &Service, refusal: Refusal) -> Response<Body> {
    if let Some(limit) = refusal.row().limit {
        service.metrics.hit(limit);
    }
    refusal.response()
}

async fn call(service: Shared, name: Name, request: Request) -> Response<Body> {
    decide(service, name, request, Mode::Call).await
}

async fn audit(service: Shared, name: Name, request: Request) -> Response<Body> {
    decide(service, name, request, Mode::Audit).await
}

async fn decide(
    State(service): Shared,
    name: Name,
    request: Request,
    mode: Mode,
) -> Response<Body> {
    let Ok(Path(name)) = name else {
        return Refusal::NotFound.response();
    };
    let outcome = worked(&service, request, move |service, admitted, body| {
        service.call(&admitted.in_force, &name, mode, &body)
    });
    match outcome.await {
        Ok(Ok(envelope)) => refusal::json(StatusCode::OK, envelope),
        Ok(Err(error)) => refusal::json(refusal::status_of(&error), error.text()),
        Err(refusal) => refused(&service, refusal),
    }
}

async fn remote(State(service): Shared, request: Request) -> Response<Body> {
    let outcome = worked(&service, request, |service, admitted, body| {
        let in_force = &admitted.in_force;
        Ok(rpc::answer(service, in_force, &body, admitted.until))
    });
    match outcome.await {
        Ok(Ok(Some(answer))) => refusal::json(StatusCode::OK, answer),
        Ok(Ok(None)) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Ok(Err(error)) => refusal::json(refusal::status_of(&error), error.text()),
        Err(refusal) => refused(&service, refusal),
    }
}

/// A single question of at most so many bytes is answered where it was read: a decision takes time
/// by the size of its input, and to change threads takes longer than a small one. The one exception,
/// `policy.describe`, has a long answer and holds its thread for some hundredths of a second.
const SMALL_BYTES: usize = 4 << 10;

/// Whether the work takes so little time that other connections may wait for it. A log may wait
/// for its disk, and a batch asks many questions.
fn is_short(service: &Service, body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    body.len() <= SMALL_BYTES && !service.has_log() && first != Some(&b'[')
}

/// Reads the body and does the work: on a thread that may take its time, if it is not short.
/// Nobody waits longer than the request may take; its room is free when the work has ended, not
/// before.
async fn worked<T: Send + 'static>(
    service: &Arc<Service>,
    request: Request,
    work: impl FnOnce(&Service, &Admitted, Bytes) -> Result<T, HostError> + Send + 'static,
) -> Result<Result<T, HostError>, Refusal> {
    let (mut parts, body) = request.into_parts();
    let Some(admitted) = parts.extensions.remove::<Admitted>() else {
        return Ok(Err(Error::internal("a request that nobody admitted").into()));
    };
    let until = admitted.until;
    let left = |until: Instant| until.saturating_duration_since(Instant::now());
    let body = timeout(left(until), read(service, body)).await;
    let body = body.map_err(|_| Refusal::RequestTime)??;
    if is_short(service, &body) {
        return Ok(work(service, &admitted, body));
    }
    let service = Arc::clone(service);
    let working = tokio::task::spawn_blocking(move || {
        // It waited too long for a thread; nobody waits for it any more.
        if left(admitted.until) == Duration::ZERO {
            return Err(HostError::Deadline {
                limit: service.settings.bounds.request_time,
            });
        }
        let outcome = work(&service, &admitted, body);
        drop(admitted.room);
        outcome
    });
    match timeout(left(until), working).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(_)) => Ok(Err(Error::internal("a thread of the service ended").into())),
        Err(_) => Err(Refusal::RequestTime),
    }
}

/// The body within the limits; each part of it has to arrive in time.
async fn read(service: &Service, mut body: Body) -> Result<Bytes, Refusal> {
    use http_body::Body as _;
    let bounds = &service.settings.bounds;
    if body.size_hint().lower() > bounds.body_bytes as u64 {
        return Err(Refusal::BodyTooLarge);
    }
    let mut whole: Vec<u8> = Vec::new();
    loop {
        let next = timeout(bounds.io_time, body.frame()).await;
        let frame = match next.map_err(|_| Refusal::SlowBody)? {
            None => return Ok(whole.into()),
            Some(frame) => frame.map_err(|_| Refusal::BrokenBody)?,
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + data.len() > bounds.body_bytes {
            return Err(Refusal::BodyTooLarge);
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
}

async fn ops(request: Request) -> Response<Body> {
    page(&request, |in_force| Some(in_force.operations.clone()))
}

async fn document(request: Request) -> Response<Body> {
    page(&request, |in_force| Some(in_force.openapi.clone()))
}

async fn schema(name: Name, request: Request) -> Response<Body> {
    let Ok(Path(name)) = name else {
        return Refusal::NotFound.response();
    };
    if let Err(error) = operations::operation(&name) {
        let error = HostError::from(error);
        return refusal::json(refusal::status_of(&error), error.text());
    }
    page(&request, |in_force| {
        let schema = openapi::schema(&in_force.description, &name)?;
        Some(schema.to_string().into())
    })
}

fn page(request: &Request, body: impl FnOnce(&InForce) -> Option<Bytes>) -> Response<Body> {
    let admitted = request.extensions().get::<Admitted>();
    match admitted.and_then(|admitted| body(&admitted.in_force)) {
        Some(body) => refusal::json(StatusCode::OK, body),
        None => Refusal::NotFound.response(),
    }
}

async fn status(State(service): Shared) -> Response<Body> {
    refusal::json(StatusCode::OK, service.status().to_string())
}

async fn metrics(State(service): Shared) -> Response<Body> {
    let mut response = Response::new(Body::from(service.metrics.page()));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
    );
    response
}

async fn live() -> Response<Body> {
    refusal::json(StatusCode::OK, json!({ "live": true }).to_string())
}

async fn ready(State(service): Shared) -> Response<Body> {
    let ready = !service.stopping.load(Ordering::Relaxed);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    refusal::json(status, json!({ "ready": ready }).to_string())
}
