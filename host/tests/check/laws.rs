//! What a check holds a module to, law by law.

use super::{Hand, checked, codes};
use trimtab_core::operations::OPERATIONS;
use trimtab_host::check::{self, CheckOptions, Law};
use trimtab_host::{HostError, Limits, Sandbox};

/// The laws that a verdict names as broken.
fn broken(found: &check::ModuleCheck) -> Vec<Law> {
    let broken = found.laws.iter().filter(|law| law.kept == Some(false));
    broken.map(|law| law.law).collect()
}

#[test]
fn every_operation_has_a_sample_and_every_sample_is_a_vector() {
    let samples: serde_json::Value =
        serde_json::from_str(include_str!("../../src/check/samples.json")).unwrap();
    let samples = samples.as_array().unwrap();
    for operation in OPERATIONS {
        let asked = samples
            .iter()
            .filter(|sample| sample["operation"] == operation.name);
        assert!(asked.count() > 0, "{} has no sample", operation.name);
    }
    for sample in samples {
        let operation = sample["operation"].as_str().unwrap();
        let file = super::root().join(format!("tests/vectors/{operation}.json"));
        let cases: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let same = |case: &&serde_json::Value| case["name"] == sample["name"];
        let case = cases.as_array().unwrap().iter().find(same);
        let case = case.unwrap_or_else(|| panic!("{operation}: {}", sample["name"]));
        assert_eq!(
            case["input"], sample["input"],
            "{operation}: {}",
            sample["name"]
        );
    }
}

#[test]
fn an_import_is_listed_and_refused() {
    let module = Hand {
        head: r#"(import "env" "print" (func (param i32 i64)))"#,
        ..Hand::default()
    };
    let found = checked(&module.binary());
    assert_eq!(broken(&found), [Law::ImportsNothing]);
    let import = &found.wants.as_ref().unwrap().imports[0];
    assert_eq!(
        (
            import.module.as_str(),
            import.name.as_str(),
            import.kind.as_str()
        ),
        ("env", "print", "function (i32, i64) -> ()")
    );
}

#[test]
fn all_that_is_wrong_with_a_module_is_told_at_once() {
    let text = r#"(module (import "env" "f" (func)) (memory (export "memory") 60000))"#;
    let found = checked(&wat::parse_str(text).unwrap());
    assert_eq!(
        broken(&found),
        [Law::ImportsNothing, Law::Interface, Law::WithinLimits]
    );
    assert_eq!(codes(&found), ["bad_module", "bad_module", "memory_limit"]);
}

#[test]
fn a_module_that_looks_for_chance_finds_none() {
    // The bits of a NaN, memory that nobody wrote, and the size of the memory: written as digits.
    let call = r#"(local $bits i32)
      (local.set $bits (i32.xor
        (i32.reinterpret_f32 (f32.div (f32.const 0) (global.get $zero)))
        (i32.xor (i32.load (i32.const 200000)) (memory.size))))
      (i32.store8 (i32.const 78) (i32.add (i32.const 48) (i32.and (local.get $bits) (i32.const 7))))
      (i32.store8 (i32.const 79) (i32.add (i32.const 49)
        (i32.and (i32.shr_u (local.get $bits) (i32.const 20)) (i32.const 7))))
      (i32.store8 (i32.const 80) (i32.add (i32.const 49) (i32.shr_u (local.get $bits) (i32.const 31))))
      (i64.or (i64.shl (i64.const 64) (i64.const 32)) (i64.const LENGTH))"#;
    let module = Hand {
        head: "(global $zero (mut f32) (f32.const -0))",
        answer: b"\0{\"decision\":\"000\"}",
        call,
        ..Hand::default()
    }
    .binary();
    let answers = [Sandbox::builder(), Sandbox::builder().pooled(2)].map(|builder| {
        let limits = Limits {
            memory_bytes: 1 << 20,
            ..Limits::default()
        };
        let sandbox = builder.module(&module).limits(limits).build().unwrap();
        [0; 3].map(|_| sandbox.call("any.thing", b"{}").unwrap())
    });
    // Four pages, and the positive quiet NaN without payload.
    let expected = br#"{"decision":"451"}"#;
    for answer in answers.iter().flatten() {
        assert_eq!(answer, expected, "{}", String::from_utf8_lossy(answer));
    }
}

#[test]
fn an_answer_must_be_canonical() {
    for answer in [
        &b"\0{\"decision\": {\"actions\":[]}}"[..],
        b"\0{\"reasons\":[],\"decision\":{\"actions\":[]}}",
        b"\0{\"decision\":{\"actions\":[]},\"x\":1.0e3}",
        b"\0{\"decision\":{\"actions\":[]},\"x\":\"\\u0041\"}",
    ] {
        let module = Hand {
            answer,
            ..Hand::default()
        }
        .binary();
        let sandbox = Sandbox::builder().module(&module).build().unwrap();
        let refused = sandbox.call("any.thing", b"{}").unwrap_err();
        assert!(
            matches!(&refused, HostError::BadModule(what) if what.contains("canonical")),
            "{refused}"
        );
        assert_eq!(broken(&checked(&module)), [Law::Shape]);
    }
}

#[test]
fn a_decision_must_have_the_shape_of_its_operation() {
    let module = Hand {
        answer: b"\0{\"decision\":{\"score\":\"high\"}}",
        ..Hand::default()
    }
    .binary();
    let sandbox = Sandbox::builder().module(&module).build().unwrap();
    let input =
        br#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;
    let refused = sandbox.call("health.score", input).unwrap_err();
    assert!(
        matches!(&refused, HostError::BadModule(what) if what.contains("decision.")),
        "{refused}"
    );
    // Nobody knows the shape of an operation that is not ours.
    assert!(sandbox.call("my.own", input).is_ok());
}

#[test]
fn a_module_has_a_largest_size() {
    let module = Hand::default().binary();
    let limits = Limits {
        module_bytes: module.len() as u64 - 1,
        ..Limits::default()
    };
    let refused = Sandbox::builder().module(&module).limits(limits).build();
    assert!(
        matches!(&refused, Err(HostError::BadModule(what)) if what.contains("bytes")),
        "{refused:?}"
    );
}

#[test]
fn more_tables_than_allowed_are_the_fault_of_the_module() {
    let head = "(table 1 funcref)".repeat(5);
    let module = Hand {
        head: &head,
        ..Hand::default()
    }
    .binary();
    let refused = Sandbox::builder().module(&module).build().unwrap_err();
    assert!(
        matches!(&refused, HostError::BadModule(what) if what.contains("5 tables")),
        "{refused}"
    );
}

#[test]
fn time_that_is_over_is_a_typed_refusal() {
    let options = CheckOptions {
        time: std::time::Duration::ZERO,
        ..CheckOptions::default()
    };
    let found = check::module(trimtab_host::MODULE, &options);
    assert_eq!(codes(&found), ["deadline"]);
    assert_eq!(broken(&found), [Law::Compiles]);
}

#[test]
fn another_version_of_the_interface_is_refused() {
    let text = wat::parse_str(
        r#"(module (memory (export "memory") 1)
          (func (export "tt_abi") (result i32) (i32.const 2))
          (func (export "tt_alloc") (param i32) (result i32) (i32.const 0))
          (func (export "tt_free") (param i32 i32))
          (func (export "tt_call") (param i32 i32 i32 i32) (result i64) (unreachable))
          (func (export "tt_open") (param i32 i32 i32 i32) (result i64) (unreachable))
          (func (export "tt_call_on") (param i32 i32 i32 i32 i32) (result i64) (unreachable))
          (func (export "tt_close") (param i32)))"#,
    );
    let found = checked(&text.unwrap());
    assert_eq!(broken(&found), [Law::Interface]);
    assert_eq!(found.module.abi, None);
}

#[test]
fn a_module_made_to_keep_the_compiler_busy_is_refused_before_it_is_compiled() {
    // Sixty kilobytes: at each loop the compiler would ask for each of 40,000 locals.
    let locals = "i32 ".repeat(40_000);
    let loops = "(loop (br_if 0 (local.get 0)))".repeat(8_000);
    let uses: String = (0..40_000)
        .step_by(40)
        .map(|n| format!("(drop (local.get {n}))"))
        .collect();
    let busy = format!("(func (local {locals}) {loops} {uses})");
    // A table of jumps is as many edges as it has targets.
    let targets = "0 ".repeat(60_000);
    let table = format!("(func (local {locals}) (block (br_table {targets} (local.get 0))))");
    let long = format!("(func {})", "(drop (i32.const 1000000))".repeat(120_000));
    for (head, what) in [
        (busy, "locals times jumps"),
        (table, "locals times jumps"),
        (long, "a function"),
    ] {
        let module = Hand {
            head: &head,
            ..Hand::default()
        }
        .binary();
        let refused = Sandbox::builder().module(&module).build().unwrap_err();
        assert!(
            matches!(&refused, HostError::BadModule(text) if text.contains(what)),
            "{refused}"
        );
        assert_eq!(broken(&checked(&module)), [Law::Compiles]);
    }
}
