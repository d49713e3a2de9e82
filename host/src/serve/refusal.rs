//! Every error of the service: its code, its status in HTTP and its number in JSON-RPC.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use trimtab_core::error::{Error, ErrorCode};

use super::metrics::Limit;
use crate::error::HostError;

/// What the service itself refuses, before or beside a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Unauthorized,
    OriginRefused,
    NotFound,
    MethodNotAllowed,
    BodyTooLarge,
    BrokenBody,
    SlowBody,
    RequestTime,
    Overloaded,
    TooManyConnections,
    InvalidRequest,
    BatchTooLarge,
}

/// What there is to know of one refusal.
pub(super) struct Row {
    pub(super) code: &'static str,
    pub(super) status: StatusCode,
    /// The number in JSON-RPC, where it can happen there.
    pub(super) rpc: i32,
    /// What was seen, and what is allowed.
    pub(super) got: &'static str,
    pub(super) expected: &'static str,
    pub(super) limit: Option<Limit>,
}

impl Refusal {
    pub(super) const ALL: [Self; 12] = [
        Self::Unauthorized,
        Self::OriginRefused,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::BrokenBody,
        Self::SlowBody,
        Self::RequestTime,
        Self::Overloaded,
        Self::TooManyConnections,
        Self::InvalidRequest,
        Self::BatchTooLarge,
    ];

    pub(super) fn row(self) -> Row {
        let row = |code, status, rpc, got, expected, limit| Row {
            code,
            status,
            rpc,
            got,
            expected,
            limit,
        };
        match self {
            Self::Unauthorized => row(
                "unauthorized",
                StatusCode::UNAUTHORIZED,
                -32005,
                "no token or a wrong one",
                "the header `Authorization: Bearer` with the token of the service",
                None,
            ),
            Self::OriginRefused => row(
                "origin_refused",
                StatusCode::FORBIDDEN,
                -32005,
                "a request of a web page",
                "a request without the header `Origin`",
                None,
            ),
            Self::NotFound => row(
                "not_found",
                StatusCode::NOT_FOUND,
                -32601,
                "an unknown path",
                "a path that /v1/openapi.json lists",
                None,
            ),
            Self::MethodNotAllowed => row(
                "method_not_allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                -32600,
                "another method",
                "the method that the header `Allow` names",
                None,
            ),
            Self::BodyTooLarge => row(
                "body_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                -32003,
                "more bytes",
                "a body within the limit of the service",
                Some(Limit::Body),
            ),
            Self::BrokenBody => row(
                "broken_body",
                StatusCode::BAD_REQUEST,
                -32600,
                "a body that ends too early or breaks HTTP",
                "a whole body",
                None,
            ),
            Self::SlowBody => row(
                "read_timeout",
                StatusCode::REQUEST_TIMEOUT,
                -32002,
                "a body that arrives too slowly",
                "a body within the time of the service",
                Some(Limit::ReadTime),
            ),
            Self::RequestTime => row(
                "request_timeout",
                StatusCode::GATEWAY_TIMEOUT,
                -32002,
                "more time",
                "an answer within the time of the service",
                Some(Limit::RequestTime),
            ),
            Self::Overloaded => row(
                "overloaded",
                StatusCode::SERVICE_UNAVAILABLE,
                -32004,
                "one more request",
                "fewer requests at once",
                Some(Limit::Requests),
            ),
            Self::TooManyConnections => row(
                "too_many_connections",
                StatusCode::SERVICE_UNAVAILABLE,
                -32004,
                "one more connection",
                "fewer connections at once",
                Some(Limit::Connections),
            ),
            Self::InvalidRequest => row(
                "invalid_request",
                StatusCode::BAD_REQUEST,
                -32600,
                "another shape",
                "a JSON-RPC 2.0 request with named parameters",
                None,
            ),
            Self::BatchTooLarge => row(
                "batch_too_large",
                StatusCode::PAYLOAD_TOO_LARGE,
                -32003,
                "more calls",
                "a batch within the limit of the service",
                Some(Limit::Batch),
            ),
        }
    }

    /// The canonical JSON of the error, in the shape of every other error.
    pub(super) fn text(self) -> String {
        let row = self.row();
        error_text(row.code, row.got, row.expected)
    }

    pub(super) fn response(self) -> Response<Body> {
        let row = self.row();
        let mut response = json(row.status, self.text());
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Overloaded | Self::TooManyConnections => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // What is left of the body will not be read.
            Self::BodyTooLarge | Self::BrokenBody | Self::SlowBody => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// The texts of our own tables need no escapes but those of JSON.
fn error_text(code: &str, got: &str, expected: &str) -> String {
    serde_json::json!({
        "error": { "code": code, "expected": expected, "field": "", "got": got }
    })
    .to_string()
}

/// A JSON response.
pub(super) fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// How the error of a call is answered in HTTP.
pub(super) fn status_of(error: &HostError) -> StatusCode {
    match error {
        HostError::BadInput(error) if names_within(error) => StatusCode::UNPROCESSABLE_ENTITY,
        HostError::BadInput(error) => status_of_code(error.code),
        HostError::Deadline { .. } => StatusCode::GATEWAY_TIMEOUT,
        HostError::OutOfFuel { .. }
        | HostError::MemoryLimit { .. }
        | HostError::ResultLimit { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        HostError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// How a bad input is answered in HTTP.
pub(super) const fn status_of_code(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Malformed => StatusCode::BAD_REQUEST,
        ErrorCode::UnknownOperation => StatusCode::NOT_FOUND,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Whether an unknown name stands inside the input: the operation that was called is known.
fn names_within(error: &Error) -> bool {
    matches!(error.code, ErrorCode::UnknownOperation) && error.field != "op"
}

/// The number of the error of a call in JSON-RPC.
pub(super) fn rpc_of(error: &HostError) -> i32 {
    match error {
        HostError::BadInput(error) => match error.code {
            ErrorCode::UnknownOperation if !names_within(error) => -32601,
            ErrorCode::Internal => -32603,
            _ => -32602,
        },
        HostError::OutOfFuel { .. }
        | HostError::MemoryLimit { .. }
        | HostError::ResultLimit { .. } => -32001,
        HostError::Deadline { .. } => -32002,
        HostError::Unavailable(_) => -32004,
        _ => -32603,
    }
}

/// The errors that a host adds to those of the policy, with their status.
pub(super) const HOST_CODES: [(&str, StatusCode); 8] = [
    ("out_of_fuel", StatusCode::UNPROCESSABLE_ENTITY),
    ("deadline", StatusCode::GATEWAY_TIMEOUT),
    ("memory_limit", StatusCode::UNPROCESSABLE_ENTITY),
    ("result_limit", StatusCode::UNPROCESSABLE_ENTITY),
    ("trap", StatusCode::INTERNAL_SERVER_ERROR),
    ("bad_module", StatusCode::INTERNAL_SERVER_ERROR),
    ("handle_lost", StatusCode::INTERNAL_SERVER_ERROR),
    ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_codes_of_the_host_are_described_with_the_status_they_are_answered_with() {
        let text = || "words".to_owned();
        let limit = Duration::from_secs(1);
        let errors = [
            HostError::OutOfFuel { fuel: 1 },
            HostError::Deadline { limit },
            HostError::MemoryLimit {
                limit: 1,
                wanted: 2,
            },
            HostError::ResultLimit {
                limit: 1,
                length: 2,
            },
            HostError::Trap(text()),
            HostError::BadModule(text()),
            HostError::HandleLost,
            HostError::Unavailable(text()),
        ];
        let answered = errors.map(|error| (error.code(), status_of(&error)));
        assert_eq!(answered, HOST_CODES);
    }

    #[test]
    fn a_refusal_has_a_code_of_its_own() {
        let mut codes: Vec<&str> = Refusal::ALL.into_iter().map(|one| one.row().code).collect();
        codes.extend(HOST_CODES.map(|(code, _)| code));
        codes.extend(ErrorCode::ALL.map(ErrorCode::as_str));
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
