//! The sandbox against hostile, broken and honest modules, written by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::time::{Duration, Instant};
use trimtab_core::error::ErrorCode;
use trimtab_core::fleet::health::{ScoreInput, Tier, Trend};
use trimtab_core::operations::HealthScore;
use trimtab_core::policy::{Policy, error_text};
use trimtab_core::units::{Score, Share};
use trimtab_host::{HostError, Limits, MODULE, Sandbox};

const INPUT: &[u8] =
    br#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;

/// A module that speaks the interface, with parts to replace.
struct Hand {
    head: &'static str,
    memory: &'static str,
    abi: &'static str,
    alloc: &'static str,
    call: &'static str,
}

impl Default for Hand {
    fn default() -> Self {
        Self {
            head: "",
            memory: r#"(memory (export "memory") 2)"#,
            abi: "(i32.const 1)",
            alloc: "(i32.const 1024)",
            // `0` and {"decision":1}
            call: "(i64.const 0x0000_0010_0000_000f)",
        }
    }
}

impl Hand {
    fn binary(&self) -> Vec<u8> {
        let Self {
            head,
            memory,
            abi,
            alloc,
            call,
        } = self;
        wat::parse_str(format!(
            r#"(module {head} {memory}
              (data (i32.const 16) "\00{{\"decision\":1}}")
              (data (i32.const 64) "\01{{\"error\":{{\"code\":\"missing_field\",\"expected\":\"a value\",\"field\":\"x\",\"got\":\"nothing\"}}}}")
              (data (i32.const 256) "\00{{\"handle\":7}}")
              (data (i32.const 300) "\02{{}}")
              (func (export "tt_abi") (result i32) {abi})
              (func (export "tt_alloc") (param i32) (result i32) {alloc})
              (func (export "tt_free") (param i32 i32))
              (func (export "tt_call") (param i32 i32 i32 i32) (result i64) {call})
              (func (export "tt_open") (param i32 i32 i32 i32) (result i64) (i64.const 0x0000_0100_0000_000d))
              (func (export "tt_call_on") (param i32 i32 i32 i32 i32) (result i64) {call})
              (func (export "tt_close") (param i32)))"#
        ))
        .unwrap()
    }

    fn built(&self) -> Result<Sandbox, HostError> {
        self.limited(small())
    }

    fn limited(&self, limits: Limits) -> Result<Sandbox, HostError> {
        Sandbox::builder()
            .module(&self.binary())
            .limits(limits)
            .build()
    }

    fn called(&self) -> Result<Vec<u8>, HostError> {
        self.built()?.call("any.thing", b"{}")
    }
}

fn small() -> Limits {
    Limits {
        fuel: Some(10_000_000),
        deadline: Some(Duration::from_secs(10)),
        memory_bytes: 64 << 20,
        ..Limits::default()
    }
}

fn says(error: &HostError, part: &str) -> bool {
    matches!(error, HostError::BadModule(what) if what.contains(part))
}

#[test]
fn the_module_by_hand_of_the_documents_speaks_the_interface() {
    let text = include_str!("../../docs/abi.md");
    let (_, rest) = text.split_once("```wat\n").unwrap();
    let (module, _) = rest.split_once("```").unwrap();
    let module = wat::parse_str(module).unwrap();
    let sandbox = Sandbox::builder().module(&module).limits(small()).build();
    let error = sandbox.unwrap().call("any.thing", b"{}").unwrap_err();
    assert!(
        matches!(&error, HostError::BadInput(error) if error.code == ErrorCode::UnknownOperation),
        "{error:?}"
    );
}

#[test]
fn our_module_answers_as_core_does() {
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(
        sandbox.call("health.score", INPUT).unwrap(),
        Policy::plan().call("health.score", INPUT).unwrap()
    );
    for (operation, input) in [
        ("health.score", &b"{}"[..]),
        ("health.score", b"{\"profitable_pct\": tru"),
        ("health.score", b""),
        ("no.such", b"{}"),
        ("", b"{}"),
    ] {
        let native = Policy::plan().call(operation, input).unwrap_err();
        let sandboxed = sandbox.call(operation, input).unwrap_err();
        assert_eq!(sandboxed.text(), error_text(&native));
    }
}

#[test]
fn a_typed_call_gives_typed_reasons() {
    let decided = Sandbox::new()
        .unwrap()
        .decide::<HealthScore>(&ScoreInput {
            profitable_pct: Share::new(0.36).unwrap(),
            underwater_pct: Share::new(0.40).unwrap(),
            liquidity_score: Score::new(50.0).unwrap(),
            trend: Trend::Stable,
        })
        .unwrap();
    assert_eq!(decided.decision.tier, Tier::Vulnerable);
    assert!(decided.reasons[0].sentence().contains("health score is 47"));
}

#[test]
fn a_profile_and_a_config_reach_the_module() {
    let sandbox = Sandbox::new().unwrap();
    let config = br#"{"health":{"max_multiplier":1.25}}"#;
    let policy = sandbox.policy("cl-hive", Some(config)).unwrap();
    let input =
        br#"{"profitable_pct":0,"underwater_pct":1,"liquidity_score":0,"trend":"declining"}"#;
    let answer = String::from_utf8(policy.call("health.score", input).unwrap()).unwrap();
    assert!(answer.contains(r#""budget_multiplier":1.25"#), "{answer}");
    assert!(answer.contains(r#""profile":"cl-hive""#));
    let refused = sandbox.policy("no-such", None).unwrap_err();
    assert!(matches!(refused, HostError::BadInput(error) if error.field == "profile"));
    let refused = sandbox.policy("plan", Some(b"{\"x\":1}")).unwrap_err();
    assert!(matches!(refused, HostError::BadInput(error) if error.code == ErrorCode::UnknownField));
}

#[test]
fn a_handle_answers_many_times_and_survives_bad_input() {
    let mut handle = Sandbox::new().unwrap().open("policy", b"{}").unwrap();
    let first = handle.call_on("health.score", INPUT).unwrap();
    assert!(matches!(
        handle.call_on("health.score", b"{}"),
        Err(HostError::BadInput(_))
    ));
    let before = handle.report().unwrap().peak_memory_bytes;
    for _ in 0..2000 {
        assert_eq!(handle.call_on("health.score", INPUT).unwrap(), first);
    }
    let report = handle.report().unwrap();
    assert_eq!(report.peak_memory_bytes, before, "answers are given back");
    assert_eq!(report.bytes_in, INPUT.len() as u64);
    handle.close().unwrap();
}

#[test]
fn an_unknown_kind_of_handle_is_bad_input() {
    let refused = Sandbox::new().unwrap().open("no_such", b"{}").unwrap_err();
    assert!(
        matches!(refused, HostError::BadInput(error) if error.code == ErrorCode::UnknownOperation)
    );
}

#[test]
fn a_report_counts_what_the_call_used() {
    let sandbox = Sandbox::new().unwrap();
    let (answer, report) = sandbox.call_reported("health.score", INPUT);
    let report = report.unwrap();
    assert_eq!(report.bytes_in, INPUT.len() as u64);
    assert_eq!(report.bytes_out, answer.unwrap().len() as u64 + 1);
    assert!(report.fuel.unwrap() > 1000);
    assert!(report.peak_memory_bytes > 1 << 16);
    let again = sandbox.call_reported("health.score", INPUT).1.unwrap();
    assert_eq!(again.fuel, report.fuel, "the same call costs the same fuel");
}

#[test]
fn a_pool_answers_alike_and_is_finite() {
    let pooled = Sandbox::builder()
        .limits(small())
        .pooled(1)
        .build()
        .unwrap();
    let plain = Sandbox::new().unwrap();
    assert_eq!(
        pooled.call("health.score", INPUT).unwrap(),
        plain.call("health.score", INPUT).unwrap()
    );
    let held = pooled.open("policy", b"{}").unwrap();
    assert!(matches!(
        pooled.call("health.score", INPUT),
        Err(HostError::Unavailable(_))
    ));
    held.close().unwrap();
    assert!(pooled.call("health.score", INPUT).is_ok());
}

#[test]
fn nothing_of_a_call_is_left_in_the_pool() {
    // Counts in the data that it answers with, and in memory that began as zeros.
    let counting = Hand {
        call: r"(i32.store8 (i32.const 29)
              (i32.add (i32.load8_u (i32.const 29)) (i32.add (i32.load8_u (i32.const 100000)) (i32.const 1))))
            (i32.store8 (i32.const 100000) (i32.const 1))
            (i64.const 0x0000_0010_0000_000f)",
        ..Hand::default()
    };
    let builder = Sandbox::builder().limits(small());
    let pooled = builder
        .pooled(1)
        .module(&counting.binary())
        .build()
        .unwrap();
    for _ in 0..3 {
        let answer = pooled.call("any.thing", b"{}").unwrap();
        assert_eq!(answer, br#"{"decision":2}"#);
    }
    let mut held = pooled.open("policy", b"{}").unwrap();
    for expected in ["{\"decision\":2}", "{\"decision\":4}"] {
        let answer = held.call_on("any.thing", b"").unwrap();
        assert_eq!(answer, expected.as_bytes());
    }
    held.close().unwrap();
    let answer = pooled.call("any.thing", b"{}").unwrap();
    assert_eq!(answer, br#"{"decision":2}"#);
}

#[test]
fn our_own_module_runs_out_of_fuel() {
    let limits = Limits {
        fuel: Some(1000),
        ..small()
    };
    let sandbox = Sandbox::builder().limits(limits).build().unwrap();
    assert_eq!(
        sandbox.call("health.score", INPUT),
        Err(HostError::OutOfFuel { fuel: 1000 })
    );
}

#[test]
fn an_input_too_large_for_the_memory_is_a_memory_limit() {
    let limits = Limits {
        memory_bytes: 4 << 20,
        ..small()
    };
    let sandbox = Sandbox::builder().limits(limits).build().unwrap();
    let input = vec![b' '; 8 << 20];
    assert!(matches!(
        sandbox.call("health.score", &input),
        Err(HostError::MemoryLimit { .. })
    ));
}

#[test]
fn the_digest_is_checked_before_anything_runs() {
    let digest = Sandbox::new().unwrap().digest().to_owned();
    assert_eq!(digest, trimtab_core::canonical::digest(MODULE));
    assert!(Sandbox::builder().digest(&digest).build().is_ok());
    assert!(
        Sandbox::builder()
            .digest(&digest.to_uppercase())
            .build()
            .is_ok()
    );
    let mut bytes = MODULE.to_vec();
    bytes.push(0);
    let refused = Sandbox::builder()
        .module(&bytes)
        .digest(&digest)
        .build()
        .unwrap_err();
    assert!(matches!(refused, HostError::DigestMismatch { expected, .. } if expected == digest));
}

#[test]
fn a_good_foreign_module_is_heard() {
    let sandbox = Hand::default().built().unwrap();
    assert_eq!(
        sandbox.call("any.thing", b"{}").unwrap(),
        br#"{"decision":1}"#
    );
    let mut handle = sandbox.open("policy", b"{}").unwrap();
    assert_eq!(
        handle.call_on("any.thing", b"").unwrap(),
        br#"{"decision":1}"#
    );
    handle.close().unwrap();
    let refusing = Hand {
        call: "(i64.const 0x0000_0040_0000_0054)",
        ..Hand::default()
    };
    assert!(matches!(refusing.called(), Err(HostError::BadInput(error)) if error.field == "x"));
}

#[test]
fn an_infinite_loop_runs_out_of_fuel() {
    let module = Hand {
        call: "(loop $l (br $l)) (unreachable)",
        ..Hand::default()
    };
    assert_eq!(
        module.called(),
        Err(HostError::OutOfFuel { fuel: 10_000_000 })
    );
}

#[test]
fn an_infinite_loop_meets_its_deadline() {
    let limits = Limits {
        fuel: None,
        deadline: Some(Duration::from_millis(30)),
        ..small()
    };
    let module = Hand {
        call: "(loop $l (br $l)) (unreachable)",
        ..Hand::default()
    };
    let sandbox = module.limited(limits).unwrap();
    for _ in 0..3 {
        let begun = Instant::now();
        let outcome = sandbox.call("any.thing", b"{}");
        assert_eq!(
            outcome,
            Err(HostError::Deadline {
                limit: Duration::from_millis(30)
            })
        );
        assert!(begun.elapsed() >= Duration::from_millis(30));
    }
    // The clock went to sleep meanwhile; a call wakes it.
    std::thread::sleep(Duration::from_millis(2500));
    assert!(matches!(
        sandbox.call("any.thing", b"{}"),
        Err(HostError::Deadline { .. })
    ));
}

#[test]
fn a_start_function_is_under_the_same_limits() {
    let module = Hand {
        head: "(func $s (loop $l (br $l))) (start $s)",
        ..Hand::default()
    };
    assert!(matches!(module.built(), Err(HostError::OutOfFuel { .. })));
}

#[test]
fn memory_may_grow_to_its_limit_and_no_further() {
    let module = Hand {
        call: "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) (unreachable)",
        ..Hand::default()
    };
    let outcome = module.called();
    assert!(matches!(outcome, Err(HostError::MemoryLimit { limit, .. }) if limit == 64 << 20));
    let module = Hand {
        memory: r#"(memory (export "memory") 65000)"#,
        ..Hand::default()
    };
    assert!(matches!(module.built(), Err(HostError::MemoryLimit { .. })));
}

#[test]
fn a_table_has_a_limit() {
    let module = Hand {
        head: "(table 1000000 funcref)",
        ..Hand::default()
    };
    assert!(matches!(module.built(), Err(HostError::MemoryLimit { .. })));
}

#[test]
fn an_input_that_finds_no_room_is_a_memory_limit() {
    let module = Hand {
        alloc: "(i32.const 0)",
        ..Hand::default()
    };
    assert!(matches!(
        module.called(),
        Err(HostError::MemoryLimit { .. })
    ));
}

#[test]
fn wild_pointers_hurt_nobody() {
    for alloc in [
        "(i32.const -1)",
        "(i32.const 0x20000)",
        "(i32.const 0x1fffe)",
    ] {
        let outcome = Hand {
            alloc,
            ..Hand::default()
        }
        .called();
        assert!(says(&outcome.unwrap_err(), "outside its memory"), "{alloc}");
    }
    for call in [
        "(i64.const 0xffff_ffff_0000_0010)",
        "(i64.const 0x0001_ffff_0000_0002)",
        "(i64.const 0x0002_0000_0000_0001)",
        "(i64.const 0x0000_0010_0100_0000)",
    ] {
        let outcome = Hand {
            call,
            ..Hand::default()
        }
        .called();
        assert!(says(&outcome.unwrap_err(), "outside its memory"), "{call}");
    }
}

#[test]
fn a_huge_answer_is_refused_before_it_is_copied() {
    let module = Hand {
        call: "(i64.const 0x0000_0010_ffff_ffff)",
        ..Hand::default()
    };
    let outcome = module.called();
    assert!(matches!(
        outcome,
        Err(HostError::ResultLimit {
            length: 0xffff_ffff,
            ..
        })
    ));
}

#[test]
fn an_answer_that_is_none_is_the_fault_of_the_module() {
    for (call, what) in [
        ("(i64.const 0x0000_0010_0000_0000)", "empty"),
        ("(i64.const 0x0000_012c_0000_0003)", "status 2"),
        ("(i64.const 0x0000_0010_0000_0008)", "not JSON"),
        ("(i64.const 0x0000_0100_0000_000d)", "no decision"),
        ("(i64.const 0x0000_0040_0000_0010)", "its error is none"),
    ] {
        let outcome = Hand {
            call,
            ..Hand::default()
        }
        .called();
        assert!(says(&outcome.clone().unwrap_err(), what), "{outcome:?}");
    }
}

#[test]
fn a_foreign_plan_never_passes_unchecked() {
    let sandbox = Hand::default().built().unwrap();
    let state = br#"{"hub_id":"hub","now":1}"#;
    let refused = sandbox.call("hub.plan", state).unwrap_err();
    assert!(says(&refused, "its plan"), "{refused}");
    let mut handle = sandbox.open("policy", b"{}").unwrap();
    let refused = handle.call_on("hub.plan", state).unwrap_err();
    assert!(says(&refused, "its plan"), "{refused}");
    let mut book = sandbox.open("hub_book", b"{}").unwrap();
    let refused = book.call_on("plan", b"{}").unwrap_err();
    assert!(says(&refused, "cannot be checked"), "{refused}");
}

#[test]
fn a_trap_is_a_trap() {
    for call in [
        "(unreachable)",
        "(i64.load (i32.const -8))",
        "(call $deep) (i64.const 0)",
        "(i64.div_u (i64.const 1) (i64.const 0))",
    ] {
        let module = Hand {
            head: "(func $deep (call $deep))",
            call,
            ..Hand::default()
        };
        assert!(matches!(module.called(), Err(HostError::Trap(_))), "{call}");
    }
}

#[test]
fn a_handle_whose_call_was_ended_is_lost() {
    let module = Hand {
        call: "(unreachable)",
        ..Hand::default()
    };
    let mut handle = module.built().unwrap().open("policy", b"{}").unwrap();
    assert!(matches!(
        handle.call_on("x", b"{}"),
        Err(HostError::Trap(_))
    ));
    assert_eq!(handle.call_on("x", b"{}"), Err(HostError::HandleLost));
    assert_eq!(handle.close(), Err(HostError::HandleLost));
}

#[test]
fn a_foreign_module_may_import_nothing() {
    for head in [
        r#"(import "env" "print" (func))"#,
        r#"(import "wbg" "__wbg_new_123" (func (result i32)))"#,
        r#"(import "env" "g" (global i32))"#,
        r#"(import "env" "t" (table 1 funcref))"#,
    ] {
        let refused = Hand {
            head,
            ..Hand::default()
        }
        .built()
        .unwrap_err();
        assert!(says(&refused, "may call nothing"), "{head}: {refused}");
    }
}

#[test]
fn every_export_is_needed_with_its_type() {
    let whole = Hand::default().binary();
    for name in [
        "tt_abi",
        "tt_alloc",
        "tt_free",
        "tt_call",
        "tt_open",
        "tt_call_on",
        "tt_close",
        "memory",
    ] {
        let refused = Sandbox::builder()
            .module(&without(&whole, name))
            .build()
            .unwrap_err();
        assert!(says(&refused, name), "{name}: {refused}");
    }
    let head = r#"(func (export "tt_clos_") (param i64))"#;
    let doubled = Hand {
        head,
        ..Hand::default()
    }
    .binary();
    let swapped = replace(&doubled, b"\x08tt_close", b"\x08tt_other");
    let swapped = replace(&swapped, b"\x08tt_clos_", b"\x08tt_close");
    let refused = Sandbox::builder().module(&swapped).build().unwrap_err();
    assert!(says(&refused, "another type"), "{refused}");
    let other = Hand {
        abi: "(i32.const 2)",
        ..Hand::default()
    };
    assert!(says(&other.built().unwrap_err(), "version 2"));
}

fn without(binary: &[u8], name: &str) -> Vec<u8> {
    // The length byte before the name keeps "tt_call" apart from "tt_call_on".
    let mut exported = vec![name.len() as u8];
    exported.extend_from_slice(name.as_bytes());
    let mut hidden = exported.clone();
    hidden[1] = b'X';
    replace(binary, &exported, &hidden)
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(from.len())
        .position(|part| part == from)
        .unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    for bytes in [&b""[..], b"\0asm", b"(module)", &MODULE[..1000]] {
        assert!(matches!(
            Sandbox::builder().module(bytes).build(),
            Err(HostError::BadModule(_))
        ));
    }
}

#[test]
fn a_panic_of_the_native_core_is_an_internal_error() {
    let error = trimtab_host::native::guarded::<()>(|| panic!("a defect")).unwrap_err();
    assert_eq!(
        (error.code, error.got.as_str()),
        (ErrorCode::Internal, "a defect")
    );
}

#[test]
fn calls_from_many_threads_do_not_meet() {
    let sandbox = Sandbox::new().unwrap();
    let expected = sandbox.call("health.score", INPUT).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(sandbox.call("health.score", INPUT).unwrap(), expected);
                }
            });
        }
    });
}
