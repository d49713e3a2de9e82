//! The service as its clients see it: the bytes of core over every way to ask, typed refusals, and
//! every limit hit once.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod service;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use service::{Answer, Client, Service, place, program, request};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use trimtab_core::canonical;
use trimtab_core::operations::OPERATIONS;
use trimtab_core::policy::{Policy, VERSION, error_text};
use trimtab_core::value::Value;
use trimtab_host::MODULE;
use trimtab_host::serve::Bounds;

const INPUT: &str =
    r#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;
const SCORE: &str = "/v1/call/health.score";
const TOKEN: &str = "not-a-token-of-anybody";

fn envelope() -> String {
    String::from_utf8(
        Policy::plan()
            .call("health.score", INPUT.as_bytes())
            .unwrap(),
    )
    .unwrap()
}

fn written(name: &str, text: &str) -> PathBuf {
    let file = place(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < service::PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn alive(service: &Service) {
    let answer = service.post(SCORE, INPUT.as_bytes());
    assert_eq!((answer.status, answer.text()), (200, envelope()));
}

// --- the same bytes ---

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    profile: Option<String>,
    #[serde(default)]
    config: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    input: Option<Box<RawValue>>,
    #[serde(default)]
    text: Option<String>,
}

/// Here `null` is an input, not the lack of one.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

/// A case with what core answers: the operation, its name, the input, whether it decides, the text.
struct Asked {
    operation: String,
    name: String,
    input: Vec<u8>,
    decided: bool,
    expected: String,
}

type Settings = BTreeMap<(String, String), Vec<Asked>>;

/// Every vector, by profile and config.
fn vectors() -> Settings {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut found = Settings::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let operation = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
        for case in cases {
            let profile = case.profile.unwrap_or_else(|| "plan".to_owned());
            let config = case
                .config
                .map_or("{}".to_owned(), |config| config.get().to_owned());
            let overrides = Value::from_json(config.as_bytes()).unwrap().into_owned();
            // A config that no policy takes is a config that no service starts with.
            let Ok(policy) = Policy::new(&profile, Some(&overrides)) else {
                continue;
            };
            let input = match (case.text, case.input) {
                (Some(text), _) => text,
                (None, input) => input.map_or(String::new(), |input| input.get().to_owned()),
            };
            let answer = policy.call(&operation, input.as_bytes());
            let decided = answer.is_ok();
            let expected = answer.unwrap_or_else(|error| error_text(&error));
            found.entry((profile, config)).or_default().push(Asked {
                operation: operation.clone(),
                name: case.name,
                input: input.into_bytes(),
                decided,
                expected: String::from_utf8(expected).unwrap(),
            });
        }
    }
    found
}

#[derive(Deserialize)]
struct Answered<'a> {
    id: usize,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<Failed<'a>>,
}

#[derive(Deserialize)]
struct Failed<'a> {
    code: i32,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// As many calls as one batch may have.
const BATCH: usize = 100;

fn compare<S: std::io::Read + std::io::Write + service::Patient>(
    client: &mut service::Client<S>,
    cases: &[Asked],
) {
    for case in cases {
        let path = format!("/v1/call/{}", case.operation);
        let answer = client.ask("POST", &path, "", &case.input);
        assert_eq!(answer.text(), case.expected, "{}: {}", path, case.name);
        assert_eq!(
            answer.status == 200,
            case.decided,
            "{}: {}",
            path,
            case.name
        );
    }
    // Not every input of a vector is JSON; such a one breaks the whole batch.
    let json: Vec<&Asked> = cases
        .iter()
        .filter(|case| serde_json::from_slice::<&RawValue>(&case.input).is_ok())
        .collect();
    for batch in json.chunks(BATCH) {
        let calls: Vec<String> = batch
            .iter()
            .enumerate()
            .map(|(id, case)| {
                let input = String::from_utf8_lossy(&case.input);
                let method = &case.operation;
                format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{input}}}"#)
            })
            .collect();
        let body = format!("[{}]", calls.join(","));
        let answer = client.ask("POST", "/rpc", "", body.as_bytes());
        assert_eq!(answer.status, 200);
        let text = answer.text();
        let answers: Vec<Answered<'_>> = serde_json::from_str(&text).unwrap();
        assert_eq!(answers.len(), batch.len());
        for (id, (answer, case)) in answers.iter().zip(batch).enumerate() {
            assert_eq!(answer.id, id);
            let told = match (&answer.result, &answer.error) {
                (Some(result), None) => result.get(),
                (None, Some(error)) => {
                    assert_eq!(error.code, -32602);
                    error.data.get()
                }
                _ => panic!("both or none: {text}"),
            };
            assert_eq!(told, case.expected, "rpc {}: {}", case.operation, case.name);
            assert_eq!(answer.result.is_some(), case.decided);
        }
    }
}

/// Every vector over HTTP and JSON-RPC, on the socket and perhaps on the port; the config of the
/// next ones comes with SIGHUP.
fn every_vector(flags: &[&str], port: bool) {
    let vectors = vectors();
    let profiles: std::collections::BTreeSet<&String> =
        vectors.keys().map(|(profile, _)| profile).collect();
    let mut asked = 0;
    for profile in profiles {
        let file = written("config.json", "{}");
        let mut all = vec!["--profile", profile, "--config", file.to_str().unwrap()];
        all.extend_from_slice(flags);
        let service = Service::start(&all);
        let settings = vectors.iter().filter(|((of, _), _)| of == profile);
        for (reloads, ((_, config), cases)) in settings.enumerate() {
            std::fs::write(&file, config).unwrap();
            service.signal("HUP");
            until("the new config comes in force", || {
                service.status()["reloads"]["taken"] == json!(reloads + 1)
            });
            compare(&mut service.unix(), cases);
            if port {
                compare(&mut service.tcp(), cases);
            }
            asked += cases.len();
        }
    }
    assert!(asked > 1500, "only {asked} vectors");
}

#[test]
fn every_vector_is_answered_in_the_bytes_of_core_by_the_sandbox() {
    every_vector(&[], true);
}

#[test]
fn every_vector_is_answered_in_the_bytes_of_core_without_a_sandbox() {
    every_vector(&["--native"], false);
}

#[test]
fn an_audit_is_the_same_decision_with_a_mark() {
    let service = Service::start(&["--native"]);
    let audit = service.post("/v1/audit/health.score", INPUT.as_bytes());
    let expected = envelope().replacen('{', r#"{"audit":true,"#, 1);
    assert_eq!((audit.status, audit.text()), (200, expected.clone()));
    let call =
        format!(r#"{{"jsonrpc":"2.0","id":"a","method":"audit:health.score","params":{INPUT}}}"#);
    let remote = service.post("/rpc", call.as_bytes());
    assert_eq!(
        remote.text(),
        format!(r#"{{"id":"a","jsonrpc":"2.0","result":{expected}}}"#)
    );
    let calls = "trimtab_calls_total{op=\"health.score\",mode=\"audit\"}";
    assert_eq!(service.counted(calls), 2.0);
    let bad = service.post("/v1/audit/health.score", b"{}");
    assert_eq!(bad.refusal(), (422, "missing_field".to_owned()));
}

// --- what it says of itself ---

#[test]
fn it_says_what_it_can_and_what_it_is() {
    let service = Service::start(&["--profile", "cl-hive"]);
    let names: Vec<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    let ops = service.get("/v1/ops").json();
    let listed: Vec<&str> = ops["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, names);

    let schema = service.get("/v1/schema/health.score").json();
    assert_eq!(schema["input"]["$ref"], "#/$defs/ScoreInput");
    assert!(schema["input"]["$defs"]["ScoreInput"]["properties"]["trend"].is_object());
    assert!(schema["input"]["$defs"]["Trend"].is_object(), "{schema}");
    let inside = service.post("/v1/call/policy.describe", br#"{"operation":"no.such"}"#);
    assert_eq!(inside.refusal(), (422, "unknown_operation".to_owned()));
    let unknown = service.get("/v1/schema/no.such");
    assert_eq!(unknown.refusal(), (404, "unknown_operation".to_owned()));

    let openapi = service.get("/v1/openapi.json").json();
    for name in &names {
        for mode in ["call", "audit"] {
            let path = &openapi["paths"][format!("/v1/{mode}/{name}")]["post"];
            for status in ["200", "400", "413", "422", "500", "503", "504"] {
                assert!(path["responses"][status].is_object(), "{status} of {name}");
            }
        }
    }
    assert_eq!(dangling(&openapi, &openapi), Vec::<String>::new());

    let status = service.status();
    let policy = Policy::new("cl-hive", None).unwrap();
    assert_eq!(status["module"], canonical::digest(MODULE));
    assert_eq!(status["config"], policy.digest());
    assert_eq!(status["profile"], "cl-hive");
    assert_eq!(status["version"], VERSION);
    assert_eq!(service.get("/livez").text(), r#"{"live":true}"#);
    assert_eq!(service.get("/readyz").text(), r#"{"ready":true}"#);
}

/// References of a document to what it does not have.
fn dangling(whole: &Json, part: &Json) -> Vec<String> {
    match part {
        Json::Object(fields) => {
            let reference = fields.get("$ref").and_then(Json::as_str);
            let missing = reference
                .filter(|reference| whole.pointer(&reference[1..]).is_none())
                .map(str::to_owned);
            let below = fields.values().flat_map(|field| dangling(whole, field));
            missing.into_iter().chain(below).collect()
        }
        Json::Array(entries) => entries
            .iter()
            .flat_map(|entry| dangling(whole, entry))
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_happened_is_counted_by_operation_and_code() {
    let service = Service::start(&["--native"]);
    let refused = r#"{"ev":8,"min_ev":10,"tier":"thriving"}"#;
    for body in [
        refused,
        refused,
        r#"{"ev":80,"min_ev":10,"tier":"thriving"}"#,
        "{}",
    ] {
        service.post("/v1/call/rebalance.accept", body.as_bytes());
    }
    service.post("/v1/call/no.such", b"{}");
    for (line, count) in [
        (
            "trimtab_calls_total{op=\"rebalance.accept\",mode=\"call\"}",
            4.0,
        ),
        (
            "trimtab_refusals_total{op=\"rebalance.accept\",code=\"ev_below_threshold\"}",
            2.0,
        ),
        (
            "trimtab_errors_total{op=\"rebalance.accept\",code=\"missing_field\"}",
            1.0,
        ),
        (
            "trimtab_errors_total{op=\"unknown\",code=\"unknown_operation\"}",
            1.0,
        ),
        ("trimtab_call_seconds_count{op=\"rebalance.accept\"}", 4.0),
        ("trimtab_http_responses_total{status=\"422\"}", 1.0),
        ("trimtab_log_drops_total", 0.0),
        ("trimtab_config_reloads_total{outcome=\"taken\"}", 0.0),
    ] {
        assert_eq!(service.counted(line), count, "{line}");
    }
}

// --- the rules of JSON-RPC ---

fn rpc(service: &Service, body: &str) -> (u16, String) {
    let answer = service.post("/rpc", body.as_bytes());
    (answer.status, answer.text())
}

fn rpc_error(service: &Service, body: &str) -> (i64, String) {
    let (status, text) = rpc(service, body);
    assert_eq!(status, 200, "{text}");
    let answer: Json = serde_json::from_str(&text).unwrap();
    let error = &answer["error"];
    let code = error["data"]["error"]["code"].as_str().unwrap().to_owned();
    (error["code"].as_i64().unwrap(), code)
}

#[test]
fn json_rpc_keeps_its_rules() {
    let service = Service::start(&["--native", "--max-batch", "3"]);
    let call =
        |id: &str| format!(r#"{{"jsonrpc":"2.0","method":"health.score","params":{INPUT}{id}}}"#);
    let answered = |id: &str| format!(r#"{{"id":{id},"jsonrpc":"2.0","result":{}}}"#, envelope());
    for id in [
        "1",
        "-7",
        "null",
        r#""a\"b""#,
        "123456789012345678901234567890",
    ] {
        let body = call(&format!(r#","id":{id}"#));
        assert_eq!(rpc(&service, &body), (200, answered(id)));
    }
    assert_eq!(
        rpc(&service, &call("")),
        (204, String::new()),
        "a notification"
    );
    let both = format!("[{},{}]", call(""), call(r#","id":2"#));
    assert_eq!(rpc(&service, &both), (200, format!("[{}]", answered("2"))));
    assert_eq!(
        rpc(&service, &format!("[{}]", call(""))),
        (204, String::new())
    );
    for (body, number, code) in [
        ("{", -32700, "broken_body"),
        ("[1,", -32700, "broken_body"),
        ("[]", -32600, "invalid_request"),
        ("1", -32600, "invalid_request"),
        (
            r#"{"jsonrpc":"1.0","method":"health.score","id":1}"#,
            -32600,
            "invalid_request",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"health.score","id":[]}"#,
            -32600,
            "invalid_request",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"health.score","id":1.5}"#,
            -32600,
            "invalid_request",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"a","method":"b","id":1}"#,
            -32600,
            "invalid_request",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"a","else":1,"id":1}"#,
            -32600,
            "invalid_request",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"no.such","id":1}"#,
            -32601,
            "unknown_operation",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"audit:","id":1}"#,
            -32601,
            "unknown_operation",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"health.score","id":1}"#,
            -32602,
            "missing_field",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"health.score","params":[],"id":1}"#,
            -32602,
            "malformed",
        ),
    ] {
        assert_eq!(
            rpc_error(&service, body),
            (number, code.to_owned()),
            "{body}"
        );
    }
    let four = vec![call(r#","id":1"#); 4].join(",");
    let refused = rpc_error(&service, &format!("[{four}]"));
    assert_eq!(refused, (-32003, "batch_too_large".to_owned()));
    assert_eq!(service.limit_hits("batch"), 1.0);
    let mixed = rpc(&service, &format!("[1,{}]", call(r#","id":2"#)));
    let answers: Json = serde_json::from_str(&mixed.1).unwrap();
    assert_eq!(answers[0]["error"]["code"], -32600);
    assert_eq!(answers[1]["id"], 2);
}

// --- strangers ---

#[test]
fn without_the_token_nothing_is_told() {
    let file = written("token", &format!("{TOKEN}\n"));
    let service = Service::start(&["--native", "--token-file", file.to_str().unwrap()]);
    let ask =
        |headers: &str, path: &str| service.tcp().ask("POST", path, headers, INPUT.as_bytes());
    let right = format!("authorization: Bearer {TOKEN}\r\n");
    for headers in [
        String::new(),
        "authorization: Bearer\r\n".to_owned(),
        "authorization: Bearer wrong-wrong-wrong-wrong\r\n".to_owned(),
        format!("authorization: Basic {TOKEN}\r\n"),
        format!("authorization: Bearer {TOKEN}x\r\n"),
        format!("authorization: Bearer {}\r\n", &TOKEN[1..]),
        "authorization: Bearer \u{e9}\r\n".to_owned(),
    ] {
        for path in [SCORE, "/v1/audit/health.score", "/rpc"] {
            let answer = ask(&headers, path);
            assert_eq!(answer.refusal(), (401, "unauthorized".to_owned()));
            assert!(answer.head.contains("www-authenticate: Bearer"));
        }
        for path in [
            "/v1/ops",
            "/v1/schema/hub.plan",
            "/v1/openapi.json",
            "/v1/status",
            "/metrics",
        ] {
            let answer = service.unix().ask("GET", path, &headers, b"");
            assert_eq!(answer.status, 401, "{path}");
        }
    }
    let answer = ask(&right, SCORE);
    assert_eq!((answer.status, answer.text()), (200, envelope()));
    let answer = ask(
        &right.to_lowercase().replace(&TOKEN.to_lowercase(), TOKEN),
        SCORE,
    );
    assert_eq!(answer.status, 200, "the scheme is written in any case");
    assert_eq!(service.get("/livez").status, 200);
    assert_eq!(service.get("/readyz").status, 200);
    let mut shown = service.told();
    for path in ["/v1/status", "/metrics", "/v1/openapi.json"] {
        shown += &service.unix().ask("GET", path, &right, b"").text();
    }
    assert!(shown.contains("trimtab_calls_total"));
    assert!(!shown.contains(TOKEN));
    assert!(!shown.contains(&canonical::digest(TOKEN.as_bytes())));

    // SIGHUP takes a new token, and keeps the old one where the new one is no good.
    let next = "another-token-of-nobody";
    std::fs::write(&file, next).unwrap();
    service.signal("HUP");
    service.line("new config in force");
    assert_eq!(ask(&right, SCORE).status, 401);
    let new = format!("authorization: Bearer {next}\r\n");
    assert_eq!(ask(&new, SCORE).status, 200);
    std::fs::write(&file, "short").unwrap();
    service.signal("HUP");
    service.line("new config refused");
    assert_eq!(ask(&new, SCORE).status, 200);
}

#[test]
fn a_request_of_a_web_page_is_refused() {
    let service = Service::start(&["--native"]);
    let answer = service.tcp().ask(
        "POST",
        SCORE,
        "origin: http://evil.example\r\n",
        INPUT.as_bytes(),
    );
    assert_eq!(answer.refusal(), (403, "origin_refused".to_owned()));
    alive(&service);
}

fn not_served(flags: &[&str]) -> (i32, String) {
    let output = Command::new(program())
        .arg("serve")
        .args(flags)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), told)
}

#[test]
fn what_would_be_served_to_the_wrong_people_is_refused() {
    let token = written("token", TOKEN);
    let token = token.to_str().unwrap();
    let short = written("short", "0123456789");
    for (flags, part) in [
        (&["--native"][..], "--socket PATH or --http"),
        (&["--native", "--http", "0.0.0.0:0"], "--allow-remote"),
        (
            &["--native", "--http", "[::]:0", "--token-file", token],
            "--allow-remote",
        ),
        (
            &["--native", "--http", "0.0.0.0:0", "--allow-remote"],
            "--token-file",
        ),
        (
            &[
                "--native",
                "--http",
                "127.0.0.1:0",
                "--token-file",
                short.to_str().unwrap(),
            ],
            "16",
        ),
        (
            &[
                "--native",
                "--http",
                "127.0.0.1:0",
                "--token-file",
                "/no/such",
            ],
            "/no/such",
        ),
        (
            &["--native", "--http", "127.0.0.1:0", "--config", "/no/such"],
            "/no/such",
        ),
        (
            &["--native", "--http", "127.0.0.1:0", "--profile", "x"],
            "profile",
        ),
        (
            &["--native", "--http", "127.0.0.1:0", "--max-requests", "0"],
            "zero",
        ),
        (
            &["--native", "--socket", "/no/such/folder/socket"],
            "/no/such/folder",
        ),
    ] {
        let (code, told) = not_served(flags);
        assert_eq!(code, 2, "{flags:?}: {told}");
        assert!(told.contains(part), "{flags:?}: {told}");
    }
    let mut open = Service::spawn(
        &place("socket"),
        false,
        &[
            "--native",
            "--http",
            "0.0.0.0:0",
            "--token-file",
            token,
            "--allow-remote",
        ],
    );
    open.line("listening on http://0.0.0.0:");
    open.signal("TERM");
    assert!(open.ended().success());
}

// --- the socket's file ---

#[test]
fn the_socket_is_for_this_user_and_goes_with_the_service() {
    let mut service = Service::start(&["--native"]);
    let mode = std::fs::metadata(&service.socket)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let folder = service.socket.parent().unwrap();
    let name = service.socket.file_name().unwrap().to_str().unwrap();
    let beside = std::fs::read_dir(folder).unwrap().filter(|entry| {
        let found = entry.as_ref().unwrap().file_name();
        found.to_str().unwrap().starts_with(name)
    });
    assert_eq!(beside.count(), 1, "nothing is left beside it");
    let (code, told) = not_served(&["--native", "--socket", service.socket.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(told.contains("somebody listens there already"), "{told}");
    alive(&service);
    service.signal("TERM");
    assert!(service.ended().success());
    assert!(!service.socket.exists());
}

#[test]
fn a_stale_socket_is_replaced_and_a_file_of_somebody_is_not() {
    let mut killed = Service::start(&["--native"]);
    killed.signal("KILL");
    assert!(!killed.ended().success());
    assert!(killed.socket.exists());
    let next = Service::spawn(&killed.socket, false, &["--native"]);
    next.line("listening on unix:");
    alive(&next);

    let file = written("precious", "of somebody");
    let (code, told) = not_served(&["--native", "--socket", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(told.contains("no socket"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "of somebody");
    // A socket that somebody else put in our place stays when we go.
    let mut first = Service::start(&["--native"]);
    std::fs::remove_file(&first.socket).unwrap();
    let second = Service::spawn(&first.socket, false, &["--native"]);
    second.line("listening on unix:");
    first.signal("TERM");
    assert!(first.ended().success());
    alive(&second);
}

// --- the decision log ---

#[test]
fn every_call_is_on_the_log_and_is_answered_alike_when_it_is_asked_again() {
    let log = place("decisions.jsonl");
    let log = log.to_str().unwrap();
    let mut service = Service::start(&["--native", "--log", log, "--log-sync"]);
    alive(&service);
    assert_eq!(service.post(SCORE, b"{}").status, 422);
    let audit = SCORE.replace("/v1/call/", "/v1/audit/");
    assert_eq!(service.post(&audit, INPUT.as_bytes()).status, 200);
    let status = service.status();
    assert_eq!(status["log"]["dropped"], 0);
    assert!(status["log"]["written"].as_u64().unwrap() >= 4, "{status}");
    service.signal("TERM");
    assert!(service.ended().success());
    let run = |arguments: &[&str]| {
        let output = Command::new(program()).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        text
    };
    run(&["log", "verify", log]);
    let replayed: serde_json::Value =
        serde_json::from_str(&run(&["replay", log, "--native", "--json"])).unwrap();
    assert_eq!(
        (&replayed["decisions"], &replayed["same"]),
        (&3.into(), &3.into())
    );
    let text = std::fs::read_to_string(log).unwrap();
    assert_eq!(text.matches(r#""mode":"audit""#).count(), 1, "{text}");
    let mode = std::fs::metadata(log).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_call_whose_line_cannot_be_written_is_refused_or_counted_as_the_operator_chose() {
    // Room for the first lines only; a process may not write a larger file.
    let limited = |flags: &[&str]| {
        let socket = place("socket");
        let log = place("decisions.jsonl");
        let mut command = Command::new("sh");
        let script = "ulimit -f 16; trap '' XFSZ; exec \"$@\"";
        command.args(["-c", script, "sh"]).arg(program());
        command.arg("serve").arg("--socket").arg(&socket);
        command.args(["--native", "--log"]).arg(&log).args(flags);
        // A pipe that it held would outlive a test that fails.
        command.stdout(std::process::Stdio::null());
        let child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        (child, socket)
    };
    let ask = |socket: &std::path::Path, path: &str, body: &[u8]| {
        until("it listens", || {
            std::os::unix::net::UnixStream::connect(socket).is_ok()
        });
        let stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
        let method = if body.is_empty() { "GET" } else { "POST" };
        Client::of(stream).ask(method, path, "", body)
    };
    let wide = format!("{{\"a\":\"{}\"}}", "x".repeat(7000));
    for (flags, last) in [(&[][..], 503), (&["--log-drop"][..], 422)] {
        let (mut child, socket) = limited(flags);
        let answers: Vec<_> = (0..3)
            .map(|_| ask(&socket, SCORE, wide.as_bytes()).status)
            .collect();
        assert_eq!(answers.first(), Some(&422));
        assert_eq!(answers.last(), Some(&last), "{answers:?}");
        let page = ask(&socket, "/metrics", b"").text();
        let drops = page
            .lines()
            .find_map(|line| line.strip_prefix("trimtab_log_drops_total "));
        assert!(
            drops.unwrap().trim().parse::<f64>().unwrap() >= 1.0,
            "{page}"
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

// --- every limit, hit ---

/// The head of a request whose body is still to come.
fn head(path: &str, length: usize) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: t\r\ncontent-length: {length}\r\n\r\n").into_bytes()
}

#[test]
fn a_body_has_at_most_so_many_bytes() {
    let service = Service::start(&["--native", "--max-body-kb", "1"]);
    let whole = vec![b' '; 1 << 10];
    assert_eq!(service.post(SCORE, &whole).refusal().1, "malformed");
    let told = service.post(SCORE, &vec![b' '; 1025]);
    assert_eq!(told.refusal(), (413, "body_too_large".to_owned()));
    // A body that does not say its length is counted as it comes.
    let mut client = service.tcp();
    client.send(b"POST /rpc HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..3 {
        client.send(format!("200\r\n{}\r\n", " ".repeat(0x200)).as_bytes());
    }
    let chunked = client.answer();
    assert_eq!(chunked.refusal(), (413, "body_too_large".to_owned()));
    assert_eq!(service.limit_hits("body"), 2.0);
    alive(&service);
}

#[test]
fn so_many_connections_are_open_at_once() {
    let service = Service::start(&["--native", "--max-connections", "2"]);
    let mut first = service.unix();
    let mut second = service.tcp();
    for _ in 0..2 {
        assert_eq!(first.ask("GET", "/livez", "", b"").status, 200);
        assert_eq!(second.ask("GET", "/livez", "", b"").status, 200);
    }
    for _ in 0..3 {
        let third = service.unix().answer();
        assert_eq!(third.refusal(), (503, "too_many_connections".to_owned()));
        let third = service.tcp().answer();
        assert_eq!(third.refusal(), (503, "too_many_connections".to_owned()));
    }
    drop(second);
    let mut one_more = None;
    until("room for one more", || {
        let mut client = service.unix();
        client.send(&request("GET", "/livez", "", b""));
        let has_room = client.answer().status == 200;
        one_more = Some(client).filter(|_| has_room);
        has_room
    });
    // Over the connection that is open: the service may not have seen yet that others are gone.
    let page = one_more.unwrap().ask("GET", "/metrics", "", b"").text();
    let count = page
        .lines()
        .find_map(|line| line.strip_prefix("trimtab_limit_hits_total{limit=\"connections\"}"));
    let count: f64 = count.unwrap().trim().parse().unwrap();
    assert!(count >= 6.0, "{page}");
}

#[test]
fn so_many_requests_run_at_once() {
    let service = Service::start(&["--native", "--max-requests", "1"]);
    // A question that holds the only room refuses the slow request: then it is sent again.
    let mut slow = service.unix();
    until("the slow request takes the room", || {
        slow = service.unix();
        slow.send(&head(SCORE, INPUT.len()));
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            let refused = service.post(SCORE, INPUT.as_bytes());
            refused.status == 503 && refused.refusal().1 == "overloaded"
        })
    });
    assert_eq!(service.get("/livez").status, 200, "health needs no room");
    assert_eq!(service.get("/readyz").status, 200);
    slow.send(INPUT.as_bytes());
    assert_eq!(slow.answer().text(), envelope());
    alive(&service);
    assert!(service.limit_hits("requests") >= 1.0);
}

#[test]
fn a_request_takes_at_most_so_long() {
    let service = Service::start(&["--native", "--request-ms", "300"]);
    let mut slow = service.tcp();
    slow.send(&head(SCORE, 100_000));
    // Each part is in time, the whole is not.
    for _ in 0..60 {
        slow.send(b" ");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(slow.answer().refusal(), (504, "request_timeout".to_owned()));
    assert_eq!(service.limit_hits("request_time"), 1.0);
    alive(&service);
}

#[test]
fn the_next_part_comes_within_so_long() {
    let service = Service::start(&["--native", "--io-ms", "200", "--max-connections", "50"]);
    let mut body = service.unix();
    body.send(&head(SCORE, INPUT.len()));
    body.send(&INPUT.as_bytes()[..10]);
    assert_eq!(body.answer().refusal(), (408, "read_timeout".to_owned()));
    assert_eq!(service.limit_hits("read_time"), 1.0);
    // A slow head is no request yet: the connection is closed, and others are served meanwhile.
    let mut heads: Vec<_> = (0..40).map(|_| service.tcp()).collect();
    for client in &mut heads {
        client.send(b"POST / HTTP/1.1\r\nhost: ");
    }
    alive(&service);
    for client in &mut heads {
        client.send(b"t");
        assert!(
            client
                .answer_or_end()
                .is_none_or(|answer| answer.status == 408)
        );
    }
    until("slow heads are counted", || {
        service.limit_hits("head_or_idle_time") >= 40.0
    });
}

#[test]
fn a_head_has_at_most_so_many_bytes() {
    let service = Service::start(&["--native"]);
    let long = format!("x: {}\r\n", "y".repeat(40 << 10));
    let answer = service.unix().ask("POST", SCORE, &long, INPUT.as_bytes());
    assert_eq!(answer.status, 431);
    until("it is counted", || service.limit_hits("head_size") == 1.0);
    alive(&service);
}

#[test]
fn an_answer_is_taken_within_so_long() {
    let service = Service::start(&["--native", "--io-ms", "200"]);
    let mut reader = service.unix();
    let many = request("GET", "/v1/openapi.json", "", b"").repeat(40);
    reader.send(&many);
    until("the reader who does not read is cut off", || {
        service.limit_hits("write_time") == 1.0
    });
    alive(&service);
}

/// An input whose decision takes a while.
fn long_input(entries: usize) -> String {
    let row = |kind: &str, index: usize| match kind {
        "spender" => format!(
            r#"{{"token_id":1,"id":"s{index}","amount":"{}"}}"#,
            index + 1
        ),
        _ => format!(
            r#"{{"token_id":1,"id":"r{index}","amount":"{}","requested_at":{index}}}"#,
            index + 1
        ),
    };
    let rows = |kind: &str| {
        let rows: Vec<String> = (0..entries).map(|index| row(kind, index)).collect();
        rows.join(",")
    };
    format!(
        r#"{{"spenders":[{}],"receivers":[{}]}}"#,
        rows("spender"),
        rows("receiver")
    )
}

/// What the policy uses to describe itself, which every service asks before it listens.
fn cost_of_the_description() -> Json {
    let mut child = Command::new(program())
        .args(["call", "policy.describe", "--report"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"{}").unwrap();
    let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    serde_json::from_str(&told[told.find('{').unwrap()..]).unwrap()
}

#[test]
fn a_call_in_the_sandbox_has_its_limits() {
    let input = long_input(100_000);
    // The long input needs some forty times as much. Of the time the least counts: a busy machine
    // makes any one longer.
    let costs: Vec<Json> = (0..5).map(|_| cost_of_the_description()).collect();
    let least = |of: &str| costs.iter().filter_map(|cost| cost[of].as_u64()).min();
    let fuel = (least("fuel").unwrap() * 8).to_string();
    let deadline = (least("microseconds").unwrap() * 8 / 1000 + 20).to_string();
    for (flags, status, code, limit) in [
        (["--fuel", &fuel], 422, "out_of_fuel", "fuel"),
        (["--deadline-ms", &deadline], 504, "deadline", "deadline"),
        (["--memory-mb", "64"], 422, "memory_limit", "memory"),
        (["--max-answer-kb", "1024"], 422, "result_limit", "result"),
    ] {
        let service = Service::start(&[&flags[..], &["--request-ms", "300000"]].concat());
        let answer = service.post("/v1/call/hub.match", input.as_bytes());
        assert_eq!(answer.refusal(), (status, code.to_owned()));
        assert_eq!(service.limit_hits(limit), 1.0);
        alive(&service);
    }
}

#[test]
fn a_long_decision_delays_nobody_else() {
    let patience = ["--request-ms", "300000", "--deadline-ms", "300000"];
    let service = Service::start(&[&["--workers", "1"][..], &patience].concat());
    let mut busy = service.unix();
    let input = long_input(60_000);
    busy.send(&request("POST", "/v1/call/hub.match", "", input.as_bytes()));
    until("the long decision runs", || {
        service.counted("trimtab_requests_in_flight") == 2.0
    });
    // The one thread that decides is taken; the one that moves bytes is not.
    let mut watched = 0;
    while service.counted("trimtab_requests_in_flight") == 2.0 {
        assert_eq!(service.get("/livez").status, 200);
        watched += 1;
    }
    assert!(watched > 3, "{watched}");
    assert_eq!(busy.answer().status, 200);
}

// --- what strangers send ---

fn hostile(service: &Service) {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_params = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"hub.plan","params":{deep}}}"#);
    let bodies: [(&str, &[u8], u16, &str); 9] = [
        (SCORE, b"", 400, "malformed"),
        (SCORE, b"{", 400, "malformed"),
        (SCORE, b"\xff\xfe\x00", 400, "malformed"),
        (SCORE, b"{\"profitable_pct\":NaN}", 400, "malformed"),
        (SCORE, deep.as_bytes(), 400, "malformed"),
        (SCORE, br#"{"profitable_pct":1.5}"#, 422, "out_of_range"),
        ("/v1/call/no.such", b"{}", 404, "unknown_operation"),
        ("/v1/call/hub.match_columns", b"", 404, "unknown_operation"),
        ("/no/such/path", b"", 404, "not_found"),
    ];
    for (path, body, status, code) in bodies {
        let answer = service.unix().ask("POST", path, "", body);
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{path}");
    }
    let answer = service.post("/v1/call/%ff%00", b"{}");
    assert_eq!(answer.status, 404);
    let (number, code) = rpc_error(service, &deep_params);
    assert_eq!((number, code.as_str()), (-32602, "malformed"));
    let (_, batch) = rpc(service, &deep);
    let batch: Json = serde_json::from_str(&batch).unwrap();
    assert_eq!(batch[0]["error"]["code"], -32600);
    for (method, path) in [
        ("GET", SCORE),
        ("PUT", SCORE),
        ("DELETE", "/rpc"),
        ("POST", "/v1/ops"),
        ("TRACE", "/livez"),
    ] {
        let answer = service.unix().ask(method, path, "", b"");
        assert_eq!(answer.refusal(), (405, "method_not_allowed".to_owned()));
        assert!(answer.head.contains("allow: "), "{}", answer.head);
    }
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n\r\n\r\n\r\nfoo\r\n\r\n",
        b"POST /rpc HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"POST /rpc HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ] {
        let mut client = service.tcp();
        client.send(garbage);
        let _ = client.stream.shutdown(std::net::Shutdown::Write);
        let answer = client.answer_or_end();
        assert!(answer.is_none_or(|answer| answer.status == 400));
    }
    // Half a body and gone.
    let mut gone = service.tcp();
    gone.send(&head(SCORE, 1_000_000));
    gone.send(&[b' '; 1000]);
    drop(gone);
    let mut chunk = service.unix();
    chunk.send(b"POST /rpc HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
    assert_eq!(chunk.answer().refusal(), (400, "broken_body".to_owned()));
}

#[test]
fn hostile_requests_get_typed_refusals_and_cost_no_memory() {
    let service = Service::start(&[]);
    let large = vec![b'['; 4 << 20];
    let round = || {
        hostile(&service);
        let refused = service.post(SCORE, &large);
        assert_eq!(refused.refusal(), (400, "malformed".to_owned()));
        let told = service.tcp().ask("POST", SCORE, "", &vec![b' '; 17 << 20]);
        assert_eq!(told.refusal(), (413, "body_too_large".to_owned()));
    };
    for _ in 0..5 {
        round();
    }
    let before = service.memory();
    for _ in 0..20 {
        round();
    }
    let after = service.memory();
    // Twenty rounds carried 80 MB of bodies; a leak of one part in five would be seen.
    assert!(after < before + (16 << 20), "{before} became {after}");
    alive(&service);
}

// --- changes and the end ---

#[test]
fn a_change_of_config_leaves_no_moment_without_a_policy() {
    let configs = [
        r#"{"health":{"max_multiplier":1.25}}"#,
        r#"{"health":{"max_multiplier":1.5}}"#,
    ];
    let digests = configs.map(|config| {
        let overrides = Value::from_json(config.as_bytes()).unwrap();
        Policy::new("plan", Some(&overrides))
            .unwrap()
            .digest()
            .to_owned()
    });
    let file = written("config.json", configs[0]);
    let service = Service::start(&["--config", file.to_str().unwrap()]);
    let ended = AtomicBool::new(false);
    let seen = Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = service.unix();
                while !ended.load(Ordering::Relaxed) {
                    let answer = client.ask("POST", SCORE, "", INPUT.as_bytes());
                    assert_eq!(answer.status, 200);
                    let config = answer.json()["policy"]["config"]
                        .as_str()
                        .unwrap()
                        .to_owned();
                    assert!(digests.contains(&config), "{config}");
                    seen.lock().unwrap().insert(config);
                }
            });
        }
        let count = |outcome: &str| service.status()["reloads"][outcome].as_u64().unwrap();
        for change in 1..=5 {
            std::fs::write(&file, configs[change % 2]).unwrap();
            service.signal("HUP");
            until("the new config comes in force", || {
                count("taken") == change as u64
            });
            assert_eq!(service.status()["config"], digests[change % 2].as_str());
            for bad in ["{", r#"{"health":{"max_multiplier":-1}}"#] {
                let refused = count("refused");
                std::fs::write(&file, bad).unwrap();
                service.signal("HUP");
                until("the bad config is refused", || {
                    count("refused") == refused + 1
                });
                let status = service.status();
                assert_eq!(
                    status["config"],
                    digests[change % 2].as_str(),
                    "the old one stays"
                );
                assert!(status["reloads"]["last_error"].is_string());
            }
        }
        std::fs::write(&file, configs[0]).unwrap();
        service.signal("HUP");
        until("the last config comes in force", || count("taken") == 6);
        assert_eq!(service.status()["reloads"]["last_error"], Json::Null);
        ended.store(true, Ordering::Relaxed);
    });
    assert_eq!(seen.lock().unwrap().len(), 2);
    assert_eq!(
        service.counted("trimtab_config_reloads_total{outcome=\"refused\"}"),
        10.0
    );
    service.line("new config refused, the old one stays");
}

#[test]
fn told_to_stop_it_finishes_what_runs_and_takes_nothing_new() {
    for signal in ["TERM", "INT"] {
        let mut service = Service::start(&["--native"]);
        let mut running = service.unix();
        running.send(&head(SCORE, INPUT.len()));
        until("the request runs", || {
            service.counted("trimtab_requests_in_flight") == 2.0
        });
        let idle = service.tcp();
        service.signal(signal);
        service.line("stopping");
        until("nobody can connect", || {
            std::os::unix::net::UnixStream::connect(&service.socket).is_err()
                && std::net::TcpStream::connect(&service.address).is_err()
        });
        running.send(INPUT.as_bytes());
        assert_eq!(running.answer().text(), envelope());
        assert_eq!(service.ended().code(), Some(0));
        drop(idle);
    }
}

#[test]
fn what_does_not_finish_in_time_is_cut_off_and_told() {
    let mut service = Service::start(&["--native", "--stop-ms", "200"]);
    let mut running = service.unix();
    running.send(&head(SCORE, INPUT.len()));
    until("the request runs", || {
        service.counted("trimtab_requests_in_flight") == 2.0
    });
    service.signal("TERM");
    assert_eq!(service.ended().code(), Some(1));
    service.line("not finished in time");
    assert!(!service.socket.exists());
}

// --- clients ---

fn ran(command: &mut Command) -> Option<String> {
    let output = match command.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{told}");
    Some(text.trim_end().to_owned())
}

#[test]
fn curl_python_and_node_make_a_decision() {
    let file = written("token", TOKEN);
    let service = Service::start(&["--native", "--token-file", file.to_str().unwrap()]);
    let url = format!("http://{}{SCORE}", service.address);
    let bearer = format!("authorization: Bearer {TOKEN}");
    let socket = service.socket.to_str().unwrap();
    let curl = |rest: &[&str]| {
        let usual = [
            "--silent",
            "--show-error",
            "--header",
            &bearer,
            "--data",
            INPUT,
        ];
        ran(Command::new("curl").args(usual).args(rest))
    };
    let python = "import http.client, json, sys
host, path, token, body = sys.argv[1:]
connection = http.client.HTTPConnection(host)
connection.request('POST', path, body, {'Authorization': 'Bearer ' + token})
answer = connection.getresponse()
assert answer.status == 200, answer.status
print(answer.read().decode())
";
    let node = "const [url, token, body] = process.argv.slice(1);
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const answer = await fetch(url, { method: 'POST', headers, body });
if (!answer.ok) throw new Error(String(answer.status));
console.log(await answer.text());
";
    let answers = [
        ("curl", curl(&[&url])),
        (
            "curl on the socket",
            curl(&["--unix-socket", socket, &format!("http://t{SCORE}")]),
        ),
        (
            "python",
            ran(Command::new("python3").args([
                "-c",
                python,
                &service.address,
                SCORE,
                TOKEN,
                INPUT,
            ])),
        ),
        (
            "node",
            ran(Command::new("node").args([
                "--input-type=module",
                "-e",
                node,
                "--",
                &url,
                TOKEN,
                INPUT,
            ])),
        ),
    ];
    for (client, answer) in answers {
        match answer {
            Some(answer) => assert_eq!(answer, envelope(), "{client}"),
            None => println!("skipped: {client} is not installed"),
        }
    }
}

// --- load ---

/// Requests per second and the 99th percentile, in microseconds, of `clients` connections that
/// each ask again as soon as they are answered.
fn load(service: &Service, clients: usize, time: Duration) -> (f64, f64) {
    let bytes = request(
        "POST",
        "/v1/call/rebalance.accept",
        "",
        br#"{"ev":8,"min_ev":10,"tier":"thriving"}"#,
    );
    let expected = service.post(
        "/v1/call/rebalance.accept",
        br#"{"ev":8,"min_ev":10,"tier":"thriving"}"#,
    );
    let begun = Instant::now();
    let mut took: Vec<u32> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| hammer(service, &bytes, &expected, begun, time)))
            .collect();
        let took = asked.into_iter().map(|thread| thread.join().unwrap());
        took.flatten().collect()
    });
    let seconds = begun.elapsed().as_secs_f64();
    took.sort_unstable();
    let worst = f64::from(took[took.len() * 99 / 100]);
    (took.len() as f64 / seconds, worst)
}

/// One connection; every answer must be the same, byte for byte.
fn hammer(
    service: &Service,
    bytes: &[u8],
    expected: &Answer,
    begun: Instant,
    time: Duration,
) -> Vec<u32> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::os::unix::net::UnixStream::connect(&service.socket).unwrap();
    stream.set_read_timeout(Some(service::PATIENCE)).unwrap();
    let length = expected.head.len() + expected.body.len();
    let mut answer = vec![0; length];
    let mut took = Vec::new();
    while begun.elapsed() < time {
        let asked = Instant::now();
        stream.write_all(bytes).unwrap();
        stream.read_exact(&mut answer).unwrap();
        took.push(u32::try_from(asked.elapsed().as_micros()).unwrap());
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert!(answer.ends_with(&expected.body));
    }
    took
}

/// `TRIMTAB_LOAD_SECONDS` makes it longer, `TRIMTAB_PROGRAM` takes another build.
#[test]
fn under_load_no_request_fails() {
    let seconds = std::env::var("TRIMTAB_LOAD_SECONDS").ok();
    let seconds: u64 = seconds.map_or(5, |seconds| seconds.parse().unwrap());
    let ways: [(&str, &[&str]); 2] = [("sandbox", &[]), ("native", &["--native"])];
    for (way, flags) in ways {
        let service = Service::start(flags);
        let time = Duration::from_millis(seconds * 1000 / ways.len() as u64);
        let (rate, worst) = load(&service, 8, time);
        println!("{way}: {rate:.0} requests/s, p99 {worst:.0} µs");
        let failed = service.get("/metrics").text();
        assert!(!failed.contains("trimtab_errors_total{"), "{failed}");
        let calls = "trimtab_calls_total{op=\"rebalance.accept\",mode=\"call\"}";
        assert!(service.counted(calls) > 1.0);
    }
}

// --- the page ---

#[test]
fn the_page_of_the_service_names_every_path_code_limit_and_metric() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/service.md");
    let page = std::fs::read_to_string(page).unwrap();
    let service = Service::start(&["--native"]);
    let openapi = service.get("/v1/openapi.json").json();
    let codes = &openapi["components"]["schemas"]["ServiceError"];
    let codes = &codes["properties"]["error"]["properties"]["code"]["enum"];
    let codes = codes
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap().to_owned());
    let metrics = service.get("/metrics").text();
    let families = metrics
        .lines()
        .filter_map(|line| Some(line.strip_prefix("# TYPE ")?.split(' ').next()?.to_owned()));
    let limits = metrics.lines().filter_map(|line| {
        let limit = line.strip_prefix("trimtab_limit_hits_total{limit=\"")?;
        Some(limit.split('"').next()?.to_owned())
    });
    let help = Command::new(program())
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let flags = help
        .split_whitespace()
        .filter(|word| word.starts_with("--max-") || word.ends_with("-ms"))
        .map(str::to_owned);
    let usual = Bounds::default();
    for (flag, number) in [
        ("--max-body-kb", usual.body_bytes >> 10),
        ("--max-batch", usual.batch),
        ("--max-connections", usual.connections),
        ("--max-requests", usual.requests),
        ("--request-ms", usual.request_time.as_millis() as usize),
        ("--io-ms", usual.io_time.as_millis() as usize),
        ("--stop-ms", usual.stop_time.as_millis() as usize),
    ] {
        assert!(page.contains(&format!("| `{flag}` | {number} |")), "{flag}");
        let (_, about) = help.split_once(&format!("{flag} <")).unwrap();
        let (_, about) = about.split_once('[').unwrap();
        assert!(about.starts_with(&format!("{number}]")), "{flag}: {help}");
    }
    let names: Vec<String> = codes.chain(families).chain(limits).chain(flags).collect();
    assert!(names.len() > 50, "{names:?}");
    for name in names {
        assert!(
            page.contains(&format!("`{name}")),
            "docs/service.md: {name}"
        );
    }
}
