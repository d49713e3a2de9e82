//! Ten ways to cheat; each is caught, measured and named.

use super::{ANSWERS, Hand, checked, codes, root};
use std::time::Duration;
use trimtab_core::canonical;
use trimtab_core::value::Value;
use trimtab_host::{HostError, Limits, Report, Sandbox, check};

const ANY: &str = "any.thing";
const LOOP: &str = "(loop $l (br $l)) (unreachable)";

struct Cheat {
    /// What it does.
    name: &'static str,
    operation: &'static str,
    input: Vec<u8>,
    answer: Vec<u8>,
    call: &'static str,
    fuel: Option<u64>,
    /// The code of the error.
    code: &'static str,
    /// What the error tells besides.
    tells: &'static str,
    /// What the report must show; `true` where any report will do.
    measured: fn(&Report) -> bool,
}

impl Cheat {
    fn new(name: &'static str, code: &'static str, tells: &'static str) -> Self {
        Self {
            name,
            operation: ANY,
            input: b"{}".to_vec(),
            answer: b"\0{\"decision\":1}".to_vec(),
            call: ANSWERS,
            fuel: FUEL,
            code,
            tells,
            measured: |_| true,
        }
    }

    /// A plan and its state from the vectors of the checker.
    fn planning(name: &'static str, case: &str, law: &'static str) -> Self {
        let file = root().join("tests/vectors/hub.verify_plan.json");
        let cases: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let found = cases
            .as_array()
            .unwrap()
            .iter()
            .find(|found| found["name"] == case);
        let input = &found.unwrap_or_else(|| panic!("no vector \"{case}\""))["input"];
        let envelope = serde_json::json!({ "decision": input["plan"] }).to_string();
        let envelope = canonical::text(&Value::from_json(envelope.as_bytes()).unwrap()).unwrap();
        Self {
            operation: "hub.plan",
            input: input["state"].to_string().into_bytes(),
            answer: format!("\0{envelope}").into_bytes(),
            // The whole plan was read.
            measured: |report| report.bytes_out > 100 && report.bytes_in > 100,
            ..Self::new(name, "broken_law", law)
        }
    }

    fn module(&self) -> Vec<u8> {
        Hand {
            answer: &self.answer,
            call: self.call,
            ..Hand::default()
        }
        .binary()
    }
}

const FUEL: Option<u64> = Some(5_000_000);
const MEMORY: u64 = 16 << 20;
const DEADLINE: Duration = Duration::from_millis(200);
const RESULT: u64 = 1 << 20;

fn cheats() -> Vec<Cheat> {
    vec![
        Cheat::planning("overspends", "above the claim", "plan_above_claim"),
        Cheat::planning(
            "skips the floor",
            "above the usable reserve and below the floor",
            "plan_crosses_floor",
        ),
        Cheat::planning("lies about sums", "above the share", "plan_above_share"),
        Cheat {
            call: LOOP,
            measured: |report| report.fuel >= FUEL,
            ..Cheat::new("loops", "out_of_fuel", "5000000")
        },
        Cheat {
            call: "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) (unreachable)",
            measured: |report| (MEMORY / 2..=MEMORY).contains(&report.peak_memory_bytes),
            ..Cheat::new("grows memory", "memory_limit", "16777216")
        },
        Cheat {
            call: "(unreachable)",
            measured: |report| report.fuel.is_some_and(|fuel| fuel < 100),
            ..Cheat::new("traps", "trap", "unreachable")
        },
        Cheat {
            answer: b"\0\xff\xfe{\"decision\"".to_vec(),
            measured: |report| report.bytes_out == 14,
            ..Cheat::new("returns junk", "bad_module", "not JSON")
        },
        Cheat {
            operation: "hub.match",
            input: b"{}".to_vec(),
            answer: b"\0{\"decision\":{\"score\":72,\"tier\":\"thriving\"}}".to_vec(),
            ..Cheat::new("answers for another operation", "bad_module", "hub.match")
        },
        Cheat {
            call: "(i64.const 0x0000_0040_7fff_ffff)",
            measured: |report| report.peak_memory_bytes < MEMORY,
            ..Cheat::new("exceeds the output", "result_limit", "2147483647")
        },
        Cheat {
            call: LOOP,
            fuel: None,
            measured: |report| report.microseconds >= DEADLINE.as_micros() as u64,
            ..Cheat::new("is slow", "deadline", "200 ms")
        },
    ]
}

#[test]
fn ten_ways_to_cheat_are_caught_measured_and_named() {
    let cheats = cheats();
    assert_eq!(cheats.len(), 10);
    for cheat in &cheats {
        let module = cheat.module();
        let limits = Limits {
            fuel: cheat.fuel,
            deadline: Some(DEADLINE.max(Duration::from_secs(u64::from(cheat.fuel.is_some()) * 30))),
            memory_bytes: MEMORY,
            result_bytes: RESULT,
            ..Limits::default()
        };
        let builder = Sandbox::builder().module(&module).limits(limits);
        let sandbox = builder.build().unwrap();
        let (answer, report) = sandbox.call_reported(cheat.operation, &cheat.input);
        let error = answer.expect_err(cheat.name);
        assert_eq!(error.code(), cheat.code, "{}: {error}", cheat.name);
        assert!(
            error.to_string().contains(cheat.tells),
            "{}: {error}",
            cheat.name
        );
        let report = report.expect(cheat.name);
        assert!((cheat.measured)(&report), "{}: {report:?}", cheat.name);
        // The next call is not hurt by the last one.
        let again = sandbox.call(cheat.operation, &cheat.input).unwrap_err();
        assert_eq!(again.code(), cheat.code, "{}", cheat.name);
    }
}

#[test]
fn a_check_says_no_to_each_of_the_ten() {
    let slow = |cheat: &Cheat| cheat.fuel.is_none();
    for cheat in &cheats() {
        let module = cheat.module();
        let mut options = trimtab_host::check::CheckOptions::default();
        options.limits.fuel = cheat.fuel;
        options.limits.deadline = slow(cheat).then_some(Duration::from_millis(20));
        let found = trimtab_host::check::module(&module, &options);
        assert!(!found.verdict.would_run, "{}", cheat.name);
        // What cheats only once its operation and state are asked may break a law earlier.
        let codes = codes(&found);
        assert!(
            codes
                .iter()
                .all(|code| ["broken_law", "bad_module"].contains(code))
                || codes.contains(&cheat.code),
            "{}: {codes:?}",
            cheat.name
        );
        for reason in found.verdict.reasons {
            assert!(reason.operation.is_some() && !reason.text.is_empty());
        }
    }
}

#[test]
fn a_cheat_that_waits_for_its_hour_is_still_caught_by_the_host() {
    // Good while it is checked: it grows bad only for an input of a length that no sample has.
    let honest = "\0{\"decision\":{\"actions\":[]}}";
    let bad = "\0{\"decision\":{\"actions\":[{\"type\":\"broadcast\"}]}}";
    let call = format!(
        "(if (i32.gt_u (local.get 3) (i32.const 100000))
           (then (return (i64.or (i64.shl (i64.const {}) (i64.const 32)) (i64.const {})))))
         (i64.or (i64.shl (i64.const 64) (i64.const 32)) (i64.const {}))",
        64 + honest.len(),
        bad.len(),
        honest.len()
    );
    let answer = format!("{honest}{bad}");
    let module = Hand {
        answer: answer.as_bytes(),
        call: &call,
        ..Hand::default()
    }
    .binary();
    let found = checked(&module);
    let seen = |reason: &check::Refusal| reason.text.contains("plan_broadcast_misplaced");
    assert!(!found.verdict.reasons.iter().any(seen));
    let sandbox = Sandbox::builder().module(&module).build().unwrap();
    let state = r#"{"hub_id":"0x11","now":1}"#;
    assert!(sandbox.call("hub.plan", state.as_bytes()).is_ok());
    let long = format!("{state}{}", " ".repeat(100_001));
    let refused = sandbox.call("hub.plan", long.as_bytes()).unwrap_err();
    assert_eq!(
        refused,
        HostError::BrokenLaw {
            laws: vec!["plan_broadcast_misplaced".to_owned()]
        }
    );
}
