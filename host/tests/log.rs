//! The laws of the decision log: nothing is lost silently, nothing is changed unseen, and what was
//! decided is decided again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trimtab_core::canonical;
use trimtab_core::log::read::Line;
use trimtab_core::operations::opened;
use trimtab_core::policy::{Policy, error_text};
use trimtab_core::value::Value;
use trimtab_host::Sandbox;
use trimtab_host::log::{
    Compared, Decider, Fsync, Held, LogError, LogOptions, Native, Observed, Overload, PolicyNote,
    Reader, Receipt, Replayed, Replayer, Sandboxed, Sink, Skip, Stage, Verified, Writer, verify,
};

/// Few in `make test`; as many as the soak wants there.
fn count(name: &str, few: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(few)
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn options(path: &Path) -> LogOptions {
    LogOptions {
        fsync: Fsync::Never,
        ..LogOptions::new(path, "native")
    }
}

const STRUGGLING: &str =
    r#"{"liquidity_score":0,"profitable_pct":0.0,"trend":"declining","underwater_pct":1.0}"#;

/// A small decision, other for each `n`.
fn small(n: usize) -> (&'static str, String) {
    match n % 4 {
        0 => ("rebalance.accept", format!(r#"{{"ev":{n}.5,"min_ev":10}}"#)),
        1 => (
            "health.score",
            format!(
                r#"{{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":{},"trend":"stable"}}"#,
                n % 100
            ),
        ),
        2 => (
            "limits.check",
            format!(r#"{{"history":[{n}],"now":{}}}"#, n + 30),
        ),
        // A mistake is an answer too.
        _ => ("rebalance.accept", format!(r#"{{"ev":"{n}"}}"#)),
    }
}

fn answer(policy: &Policy, op: &str, input: &[u8]) -> Vec<u8> {
    let answer = policy.call(op, input);
    answer.unwrap_or_else(|error| error_text(&error))
}

fn append(writer: &Writer, note: &PolicyNote, op: &str, input: &str) -> Result<Receipt, LogError> {
    let output = answer(&Policy::plan(), op, input.as_bytes());
    writer.append(&Observed::new(op, note, input.as_bytes(), &output))
}

fn plan() -> PolicyNote {
    PolicyNote::of("plan", None).unwrap()
}

fn written(path: &Path, decisions: usize) {
    let writer = Writer::open(options(path)).unwrap();
    for n in 0..decisions {
        let (op, input) = small(n);
        append(&writer, &plan(), op, &input).unwrap();
    }
    writer.close().unwrap();
}

fn verified(path: &Path) -> Verified {
    verify(&mut Reader::open(path).unwrap(), |_| {}).unwrap()
}

fn codes(found: &Verified) -> Vec<Vec<&'static str>> {
    found
        .faults
        .iter()
        .map(|fault| fault.codes.clone())
        .collect()
}

/// How many lines were asked again, and those that differ.
fn replayed<D: Decider>(path: &Path, mut replayer: Replayer<D>) -> (usize, Vec<(u64, Stage)>) {
    let (mut asked, mut differ) = (0, Vec::new());
    for entry in Reader::open(path).unwrap() {
        let entry = entry.unwrap();
        let line = Line::read(&entry.bytes).unwrap();
        match replayer.replay(&line).unwrap() {
            Replayed::Asked { compared, .. } => {
                asked += 1;
                if let Compared::Differs(difference) = compared {
                    differ.push((line.seq, difference.stage));
                }
            }
            Replayed::Skipped(skip) => panic!("line {} was skipped: {skip:?}", line.seq),
            Replayed::Nothing => {}
        }
    }
    (asked, differ)
}

#[test]
fn a_log_is_decided_again_alike_natively_and_in_the_sandbox() {
    let path = folder("alike").join("decisions.jsonl");
    let decisions = count("TRIMTAB_SOAK_LOG", 400);
    written(&path, decisions);
    assert!(verified(&path).sound);
    assert_eq!(replayed(&path, Replayer::new(Native)), (decisions, vec![]));
    let sandbox = Sandbox::builder().cached().build().unwrap();
    assert_eq!(
        replayed(&path, Replayer::new(Sandboxed(sandbox))),
        (decisions, vec![])
    );
}

#[test]
fn another_config_changes_exactly_the_decisions_that_it_should() {
    let path = folder("planted").join("decisions.jsonl");
    let decisions = count("TRIMTAB_SOAK_LOG", 400);
    let writer = Writer::open(options(&path)).unwrap();
    let mut planted = Vec::new();
    for n in 0..decisions {
        // Only a struggling node is held by the bound that is lowered below.
        let (op, input) = match n % 41 {
            7 => ("health.score", STRUGGLING.to_owned()),
            _ => small(n),
        };
        let receipt = append(&writer, &plan(), op, &input).unwrap();
        let Receipt::Written { seq, .. } = receipt else {
            panic!("dropped");
        };
        if n % 41 == 7 {
            planted.push((seq, Stage::Numbers));
        }
    }
    writer.close().unwrap();
    assert!(planted.len() > 5);
    let config = br#"{"health":{"max_multiplier":1.25}}"#;
    let under = Replayer::new(Native).under(None, Some(config)).unwrap();
    assert_eq!(replayed(&path, under), (decisions, planted));
    let wrong = Replayer::new(Native).under(None, Some(b"{\"healt\":1}"));
    assert_eq!(wrong.unwrap_err().field, "config.healt");
}

#[test]
fn every_vector_that_was_decided_is_decided_again_out_of_a_log() {
    let path = folder("vectors").join("decisions.jsonl");
    let writer = Writer::open(options(&path)).unwrap();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut decisions = 0;
    for file in fs::read_dir(vectors).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|kind| kind != "json") {
            continue;
        }
        let op = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).unwrap();
        let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        for case in cases {
            let profile = case.get("profile").and_then(|one| one.as_str());
            let profile = profile.unwrap_or("plan");
            let config = case.get("config").map(ToString::to_string);
            let config = config.as_deref().map(str::as_bytes);
            let Ok(note) = PolicyNote::of(profile, config) else {
                continue;
            };
            let overrides = config.map(|config| Value::from_json(config).unwrap());
            let policy = Policy::new(profile, overrides.as_ref()).unwrap();
            let input = match case.get("text").and_then(|text| text.as_str()) {
                Some(text) => text.to_owned(),
                None => case
                    .get("input")
                    .map_or("null".to_owned(), ToString::to_string),
            };
            let output = answer(&policy, &op, input.as_bytes());
            let observed = Observed::new(&op, &note, input.as_bytes(), &output);
            writer.append(&observed).unwrap();
            decisions += 1;
        }
    }
    writer.close().unwrap();
    assert!(decisions > 1000, "only {decisions} vectors");
    let found = verified(&path);
    assert!(found.sound, "{:?}", found.faults);
    assert_eq!(replayed(&path, Replayer::new(Native)), (decisions, vec![]));
}

#[test]
fn columns_and_bytes_that_are_no_text_are_logged_and_decided_again() {
    let path = folder("columns").join("decisions.jsonl");
    let writer = Writer::open(options(&path)).unwrap();
    let inputs: [(&str, &[u8]); 4] = [
        ("hub.match_columns", b"\x00\x01\xff"),
        ("hub.match_columns", b"12"),
        ("health.score", b"\xff\xfe"),
        ("health.score", b"{\"trend\":1} "),
    ];
    for (op, input) in inputs {
        let output = answer(&Policy::plan(), op, input);
        writer
            .append(&Observed::new(op, &plan(), input, &output))
            .unwrap();
    }
    writer.close().unwrap();
    assert!(verified(&path).sound);
    assert_eq!(replayed(&path, Replayer::new(Native)), (4, vec![]));
}

#[test]
fn a_flipped_byte_is_found_and_named_wherever_it_is() {
    let path = folder("flip").join("decisions.jsonl");
    written(&path, 6);
    let whole = fs::read(&path).unwrap();
    let lines = whole.split_inclusive(|byte| *byte == b'\n').count();
    let last = whole.len()
        - whole
            .split_inclusive(|byte| *byte == b'\n')
            .next_back()
            .unwrap()
            .len();
    // Of the last line only what is no canonical line can be found without its digest.
    for at in (0..last).step_by(count("TRIMTAB_FLIP_STEP", 13)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let hit = whole[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        let found = verified(&path);
        assert!(!found.sound, "byte {at} of {lines} lines");
        let named = found.faults.iter().any(|fault| {
            fault.changed == Some(hit) || fault.line == hit + 1 || fault.line == hit + 2
        });
        assert!(named, "byte {at} in line {hit}: {:?}", found.faults);
    }
    // The digest of the last line, kept elsewhere, finds the rest.
    fs::write(&path, &whole).unwrap();
    let head = verified(&path).head.unwrap();
    let digits = whole.iter().rposition(|byte| *byte == b'0').unwrap();
    let mut bytes = whole.clone();
    bytes[digits] = b'1';
    fs::write(&path, &bytes).unwrap();
    assert_ne!(verified(&path).head.unwrap(), head);
}

#[test]
fn a_line_whose_number_was_changed_is_named_itself() {
    let path = folder("named").join("decisions.jsonl");
    written(&path, 6);
    let text = fs::read_to_string(&path).unwrap();
    // Line 3 is the second decision: a snapshot and a policy stand before.
    let changed = text.replacen("\"liquidity_score\":1,", "\"liquidity_score\":2,", 1);
    assert_ne!(changed, text);
    fs::write(&path, changed).unwrap();
    let found = verified(&path);
    assert_eq!(codes(&found), [["log_prev_differs"]]);
    assert_eq!(found.faults[0].changed, Some(3));
}

#[test]
fn a_line_that_was_taken_out_and_lines_that_changed_places_are_found() {
    let path = folder("order").join("decisions.jsonl");
    written(&path, 8);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let put = |lines: &[&str]| fs::write(&path, lines.join("\n") + "\n").unwrap();

    let without = [&lines[..4], &lines[5..]].concat();
    put(&without);
    let found = verified(&path);
    assert_eq!(codes(&found), [["log_lines_missing"]]);
    assert_eq!((found.faults[0].line, found.faults[0].seq), (5, Some(5)));

    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    put(&swapped);
    let found = verified(&path);
    assert_eq!(codes(&found), [["log_lines_missing"], ["log_out_of_order"]]);
    assert_eq!((found.faults[1].line, found.faults[1].seq), (6, Some(4)));

    // The end that is cut off is found by the digest that was kept.
    put(&lines);
    let head = verified(&path).head;
    put(&lines[..7]);
    let found = verified(&path);
    assert!(found.sound && !found.ended && found.head != head);
}

#[test]
fn a_cut_last_line_is_removed_told_and_leaves_a_gap() {
    let path = folder("cut").join("decisions.jsonl");
    written(&path, 3);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let found = verified(&path);
    assert_eq!(codes(&found), [["log_line_cut"]]);

    let writer = Writer::open(options(&path)).unwrap();
    let opening = writer.opening().clone();
    assert!(opening.resumed && !opening.ended && opening.cut_bytes > 9);
    assert_eq!(writer.counters().dropped, 1);
    append(
        &writer,
        &plan(),
        "rebalance.accept",
        r#"{"ev":1,"min_ev":2}"#,
    )
    .unwrap();
    writer.close().unwrap();
    let found = verified(&path);
    assert!(found.sound && found.ended, "{:?}", found.faults);
    assert_eq!(found.dropped, 1);
    assert_eq!(replayed(&path, Replayer::new(Native)).1, vec![]);

    // Once more in order: nothing is lost, and that is told too.
    let writer = Writer::open(options(&path)).unwrap();
    assert!(writer.opening().resumed && writer.opening().ended);
    assert_eq!(writer.counters().dropped, 0);
}

#[test]
fn a_log_whose_end_is_no_line_is_not_touched() {
    let path = folder("foreign").join("decisions.jsonl");
    fs::write(&path, "no log\n").unwrap();
    assert!(matches!(
        Writer::open(options(&path)),
        Err(LogError::Broken(..))
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "no log\n");
}

#[test]
fn only_one_process_writes_a_log_and_only_its_owner_reads_it() {
    let path = folder("owner").join("decisions.jsonl");
    let writer = Writer::open(options(&path)).unwrap();
    assert!(matches!(
        Writer::open(options(&path)),
        Err(LogError::InUse(_))
    ));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    writer.close().unwrap();
    assert!(matches!(
        append(&writer, &plan(), "rebalance.accept", "{}"),
        Err(LogError::Closed)
    ));
    drop(writer);
    Writer::open(options(&path)).unwrap();
}

#[test]
fn files_follow_each_other_in_one_chain_and_each_is_replayed_alone() {
    let path = folder("rotate").join("decisions.jsonl");
    let rotating = LogOptions {
        max_bytes: Some(4000),
        ..options(&path)
    };
    let writer = Writer::open(rotating.clone()).unwrap();
    let changed =
        PolicyNote::of("cl-hive", Some(br#"{"health":{"max_multiplier":1.25}}"#)).unwrap();
    let overrides = Value::from_json(br#"{"health":{"max_multiplier":1.25}}"#).unwrap();
    let other = Policy::new("cl-hive", Some(&overrides)).unwrap();
    for n in 0..60 {
        let (op, input) = small(n);
        if n % 3 == 0 {
            let output = answer(&other, op, input.as_bytes());
            let observed = Observed::new(op, &changed, input.as_bytes(), &output);
            writer.append(&observed).unwrap();
        } else {
            append(&writer, &plan(), op, &input).unwrap();
        }
    }
    writer.close().unwrap();
    let rotations = writer.counters().rotations;
    assert!(rotations > 4, "{rotations}");
    let found = verified(&path);
    assert!(found.sound, "{:?}", found.faults);
    assert_eq!((found.files, found.dropped), (rotations + 1, 0));
    assert_eq!(replayed(&path, Replayer::new(Native)), (60, vec![]));

    let mut alone = 0;
    let files = Reader::open(&path).unwrap().files().to_vec();
    for file in &files {
        let length = fs::metadata(file).unwrap().len();
        assert!(length <= 6000, "{}: {length}", file.display());
        let only = folder("alone").join("one.jsonl");
        fs::copy(file, &only).unwrap();
        let (asked, differ) = replayed(&only, Replayer::new(Native));
        assert_eq!(differ, vec![]);
        alone += asked;
    }
    assert_eq!(alone, 60);

    // A file in the middle that is taken away is missed.
    fs::remove_file(&files[2]).unwrap();
    let found = verified(&path);
    assert_eq!(codes(&found), [["log_lines_missing"]]);
}

#[test]
fn old_files_are_removed_as_configured_and_the_rest_says_that_it_begins_late() {
    let path = folder("retain").join("decisions.jsonl");
    let keeping = LogOptions {
        max_bytes: Some(3000),
        keep_files: Some(2),
        ..options(&path)
    };
    let writer = Writer::open(keeping).unwrap();
    for n in 0..60 {
        let (op, input) = small(n);
        append(&writer, &plan(), op, &input).unwrap();
    }
    writer.close().unwrap();
    assert_eq!(Reader::open(&path).unwrap().files().len(), 3);
    let found = verified(&path);
    assert!(found.sound && found.first_seq > Some(1), "{found:?}");
    let aged = LogOptions {
        max_age: Some(Duration::ZERO),
        keep_age: Some(Duration::ZERO),
        ..options(&path)
    };
    let writer = Writer::open(aged).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    for n in 0..3 {
        let (op, input) = small(n);
        append(&writer, &plan(), op, &input).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(writer.counters().rotations >= 2);
    assert!(Reader::open(&path).unwrap().files().len() <= 2);
}

#[test]
fn a_process_that_ends_between_two_files_goes_on_with_the_chain() {
    let path = folder("between").join("decisions.jsonl");
    written(&path, 3);
    // What a rename without the new file leaves behind.
    fs::rename(
        &path,
        path.with_file_name("decisions.0000000000000000.jsonl"),
    )
    .unwrap();
    let writer = Writer::open(options(&path)).unwrap();
    assert!(writer.opening().resumed);
    writer.close().unwrap();
    assert!(verified(&path).sound);
}

/// A sink that a test can fill up or slow down.
#[derive(Clone, Default)]
struct Bucket {
    lines: Arc<Mutex<Vec<u8>>>,
    full: Arc<AtomicBool>,
    slow: Arc<AtomicBool>,
}

impl Sink for Bucket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.slow.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(300));
        }
        if self.full.load(Ordering::SeqCst) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.lines.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Bucket {
    fn verified(&self, name: &str) -> Verified {
        let path = folder(name).join("bucket.jsonl");
        fs::write(&path, &*self.lines.lock().unwrap()).unwrap();
        verified(&path)
    }
}

fn into_bucket(overload: Overload, deadline: u64) -> (Bucket, Writer) {
    let bucket = Bucket::default();
    let options = LogOptions {
        overload,
        deadline: Duration::from_millis(deadline),
        queue: 4,
        ..options(Path::new("nowhere"))
    };
    let writer = Writer::into_sink(options, Box::new(bucket.clone())).unwrap();
    (bucket, writer)
}

#[test]
fn a_full_disk_refuses_the_call_or_drops_the_line_and_counts_it() {
    for overload in [Overload::Refuse, Overload::Drop] {
        let (bucket, writer) = into_bucket(overload, 200);
        let one = || {
            append(
                &writer,
                &plan(),
                "rebalance.accept",
                r#"{"ev":1,"min_ev":2}"#,
            )
        };
        one().unwrap();
        bucket.full.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            match (overload, one()) {
                (Overload::Refuse, Err(LogError::Sink(error))) => {
                    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
                }
                (Overload::Drop, Ok(Receipt::Dropped)) => {}
                (_, other) => panic!("{other:?}"),
            }
        }
        bucket.full.store(false, Ordering::SeqCst);
        assert!(matches!(one(), Ok(Receipt::Written { .. })));
        let counters = writer.counters();
        assert_eq!((counters.dropped, counters.written), (3, 4));
        writer.close().unwrap();
        let found = bucket.verified("full");
        assert!(found.sound && found.ended, "{:?}", found.faults);
        assert_eq!(found.dropped, 3);
    }
}

#[test]
fn a_disk_that_has_room_again_before_the_deadline_loses_nothing() {
    let (bucket, writer) = into_bucket(Overload::Refuse, 5000);
    bucket.full.store(true, Ordering::SeqCst);
    let full = Arc::clone(&bucket.full);
    let freed = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        full.store(false, Ordering::SeqCst);
    });
    append(
        &writer,
        &plan(),
        "rebalance.accept",
        r#"{"ev":1,"min_ev":2}"#,
    )
    .unwrap();
    freed.join().unwrap();
    assert_eq!(writer.counters().dropped, 0);
    assert!(writer.counters().refused > 0);
    assert_eq!(bucket.verified("again").dropped, 0);
}

#[test]
fn a_slow_sink_holds_no_call_longer_than_the_deadline() {
    for overload in [Overload::Refuse, Overload::Drop] {
        let (bucket, writer) = into_bucket(overload, 60);
        bucket.slow.store(true, Ordering::SeqCst);
        let calls: Vec<_> = (0..12)
            .map(|n| {
                let writer = writer.clone();
                std::thread::spawn(move || {
                    let (op, input) = small(n);
                    append(&writer, &plan(), op, &input)
                })
            })
            .collect();
        let outcomes: Vec<_> = calls.into_iter().map(|call| call.join().unwrap()).collect();
        let gave_up = |outcome: &&Result<Receipt, LogError>| {
            matches!(
                outcome,
                Err(LogError::Deadline { .. }) | Ok(Receipt::Dropped)
            )
        };
        assert_eq!(outcomes.iter().filter(gave_up).count(), 12, "{outcomes:?}");
        bucket.slow.store(false, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(400));
        writer.close().unwrap();
        let (counters, found) = (writer.counters(), bucket.verified("slow"));
        assert!(found.sound, "{:?}", found.faults);
        // Each call is on the log, late, or a gap in the numbers: none is forgotten.
        assert_eq!(found.dropped, counters.dropped);
        let decisions = found.kinds.get("decision").copied().unwrap_or(0);
        assert_eq!(decisions + found.dropped, 12);
        assert_eq!(counters.late, decisions);
    }
}

#[test]
fn many_who_write_at_once_lose_nothing() {
    let path = folder("many").join("decisions.jsonl");
    let writer = Writer::open(options(&path)).unwrap();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let writer = writer.clone();
            std::thread::spawn(move || {
                for n in 0..50 {
                    let (op, input) = small(thread * 50 + n);
                    append(&writer, &plan(), op, &input).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    writer.close().unwrap();
    let found = verified(&path);
    assert!(found.sound, "{:?}", found.faults);
    assert_eq!(found.kinds.get("decision"), Some(&400));
    assert_eq!(replayed(&path, Replayer::new(Native)), (400, vec![]));
}

#[test]
fn what_is_masked_is_not_in_the_file_and_its_lines_are_counted_apart() {
    let path = folder("mask").join("decisions.jsonl");
    let masking = LogOptions {
        mask: vec![
            "/input/ev".to_owned(),
            "/output/reasons/*/observed".to_owned(),
        ],
        ..options(&path)
    };
    let writer = Writer::open(masking).unwrap();
    let secret = r#"{"ev":7654321.5,"min_ev":10}"#;
    append(&writer, &plan(), "rebalance.accept", secret).unwrap();
    append(&writer, &plan(), "rebalance.accept", r#"{"ev":7654321.5"#).unwrap();
    append(
        &writer,
        &plan(),
        "limits.check",
        r#"{"history":[],"now":5}"#,
    )
    .unwrap();
    append(&writer, &plan(), "health.score", "{}").unwrap();
    writer.close().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("7654321"), "{text}");
    let found = verified(&path);
    assert!(found.sound, "{:?}", found.faults);
    assert_eq!(found.masked, 3);
    let mut replayer = Replayer::new(Native);
    let mut skipped = 0;
    for entry in Reader::open(&path).unwrap() {
        let entry = entry.unwrap();
        let line = Line::read(&entry.bytes).unwrap();
        match replayer.replay(&line).unwrap() {
            Replayed::Skipped(skip) => {
                assert_eq!(skip, Skip::Masked);
                skipped += 1;
            }
            Replayed::Asked { compared, .. } => assert_eq!(compared, Compared::Same),
            Replayed::Nothing => {}
        }
    }
    assert_eq!(skipped, 3);
    let wrong = LogOptions {
        mask: vec!["/prev".to_owned()],
        ..options(&path)
    };
    assert!(matches!(Writer::open(wrong), Err(LogError::Observed(_))));
}

const HUB: &str = r#"{"state":{"hub_id":"0x11","now":1,"reserves":{"1":"5000000000"}}}"#;

fn account(n: usize) -> String {
    format!(
        r#"{{"account_id":"0x{n:x}","deltas":[{{"token_id":1,"offdelta":"-9000000"}}],"requests":[{{"token_id":1,"amount":"5000000","fee":{{"requested_at":1}}}}]}}"#
    )
}

#[test]
fn a_hub_book_is_replayed_from_every_file_alone() {
    let path = folder("book").join("decisions.jsonl");
    let rotating = LogOptions {
        max_bytes: Some(9000),
        ..options(&path)
    };
    let writer = Writer::open(rotating).unwrap();
    let core = opened::open("hub_book", &Value::from_json(HUB.as_bytes()).unwrap()).unwrap();
    let book = Held::open(&writer, "hub_book", HUB.as_bytes(), core).unwrap();
    for n in 0..24 {
        book.call_on("set_account", account(0x100 + n).as_bytes())
            .unwrap()
            .unwrap();
        let at = format!(r#"{{"now":{}}}"#, 1000 + n);
        book.call_on("plan", at.as_bytes()).unwrap().unwrap();
        // A mistake changes nothing, and is on the log.
        book.call_on("plan", b"{\"now\":-1}").unwrap().unwrap_err();
    }
    let change = br#"{"config":{"hub":{"per_request_cap":1500}},"now":1100}"#;
    book.call_on("set_hub", change).unwrap().unwrap();
    book.call_on("plan", b"{}").unwrap().unwrap();
    for n in 0..24 {
        append(&writer, &plan(), small(n).0, &small(n).1).unwrap();
        book.call_on("plan", b"{}").unwrap().unwrap();
    }
    book.close().unwrap();
    writer.close().unwrap();
    assert!(writer.counters().rotations >= 3);
    let found = verified(&path);
    assert!(found.sound, "{:?}", found.faults);
    let calls = 24 * 3 + 2 + 24 * 2;
    assert_eq!(replayed(&path, Replayer::new(Native)), (calls, vec![]));
    let mut alone = 0;
    for file in Reader::open(&path).unwrap().files() {
        let only = folder("book-alone").join("one.jsonl");
        fs::copy(file, &only).unwrap();
        let (asked, differ) = replayed(&only, Replayer::new(Native));
        assert_eq!(differ, vec![], "{}", file.display());
        alone += asked;
    }
    assert_eq!(alone, calls);
    let sandbox = Sandbox::builder().cached().build().unwrap();
    assert_eq!(
        replayed(&path, Replayer::new(Sandboxed(sandbox))),
        (calls, vec![])
    );
}

#[test]
fn a_change_of_a_book_that_was_not_logged_is_made_up_for() {
    let (bucket, writer) = into_bucket(Overload::Refuse, 100);
    let core = opened::open("hub_book", &Value::from_json(HUB.as_bytes()).unwrap()).unwrap();
    let book = Held::open(&writer, "hub_book", HUB.as_bytes(), core).unwrap();
    bucket.full.store(true, Ordering::SeqCst);
    let refused = book.call_on("set_account", account(0x200).as_bytes());
    assert!(matches!(refused, Err(LogError::Sink(_))));
    bucket.full.store(false, Ordering::SeqCst);
    let planned = book.call_on("plan", b"{\"now\":2000}").unwrap().unwrap();
    assert!(String::from_utf8_lossy(&planned).contains("\"deposit\""));
    book.close().unwrap();
    writer.close().unwrap();
    let path = folder("made-up").join("bucket.jsonl");
    fs::write(&path, &*bucket.lines.lock().unwrap()).unwrap();
    let found = verified(&path);
    assert!(found.sound && found.dropped == 1, "{found:?}");
    assert_eq!(replayed(&path, Replayer::new(Native)), (1, vec![]));
}

/// The command, writing a log of what it is asked, until it is killed.
fn killed(path: &Path, after: usize) -> usize {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .args(["call", "--lines", "--native", "--log"])
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let writing = std::thread::spawn(move || {
        for n in 0..100_000 {
            let (op, text) = small(n);
            // Broken as soon as the child is gone.
            if writeln!(input, r#"{{"op":"{op}","input":{text}}}"#).is_err() {
                return;
            }
        }
    });
    let mut read = 0;
    while read < after && answers.next().is_some_and(|line| line.is_ok()) {
        read += 1;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    read += answers.map_while(Result::ok).count();
    writing.join().unwrap();
    read
}

#[test]
fn after_kill_9_the_chain_is_whole_up_to_the_cut_and_no_answer_is_without_its_line() {
    let path = folder("kill").join("decisions.jsonl");
    let mut answered = 0;
    let kills = count("TRIMTAB_SOAK_KILLS", 10);
    for round in 0..kills {
        answered += killed(&path, 1 + round * 7 % 50);
        let mut resumed = Writer::open(options(&path));
        // The lock goes with the process, which may take a moment.
        for _ in 0..50 {
            if !matches!(resumed, Err(LogError::InUse(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
            resumed = Writer::open(options(&path));
        }
        let resumed = resumed.unwrap();
        assert!(resumed.opening().resumed && !resumed.opening().ended);
        resumed.close().unwrap();
    }
    let found = verified(&path);
    assert!(found.sound && found.ended, "{:?}", found.faults);
    let decisions = found.kinds["decision"] as usize;
    assert!(
        decisions >= answered,
        "{decisions} lines, {answered} answers"
    );
    assert!(found.dropped <= kills as u64);
    let (asked, differ) = replayed(&path, Replayer::new(Native));
    assert_eq!((asked, differ), (decisions, vec![]));
}

fn trimtab(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_file_that_may_not_grow_stops_the_run_and_keeps_its_chain() {
    let path = folder("limit").join("decisions.jsonl");
    let lines: String = (0..40)
        .map(small)
        .map(|(op, input)| format!("{{\"op\":\"{op}\",\"input\":{input}}}\n"))
        .collect();
    // 8 blocks of 1,024 bytes; without the signal a write beyond them is an error.
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} call --lines --native --log {}",
        env!("CARGO_BIN_EXE_trimtab"),
        path.display()
    );
    let mut child = Command::new("bash")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let few: String = lines
        .lines()
        .take(18)
        .map(|line| format!("{line}\n"))
        .collect();
    let _ = input.write_all(few.as_bytes());
    drop(input);
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let refused = out
        .lines()
        .filter(|line| line.contains("unavailable"))
        .count();
    assert!(refused > 0, "{out}");
    assert!(fs::metadata(&path).unwrap().len() <= 8 * 1024);
    let found = verified(&path);
    assert!(found.sound, "{:?}", found.faults);
    let answered = out.lines().count() - refused;
    assert!(found.kinds["decision"] as usize >= answered);
}

#[test]
fn the_command_writes_verifies_shows_and_replays_a_log() {
    let folder = folder("command");
    let path = folder.join("decisions.jsonl");
    let log = path.to_str().unwrap();
    let input = r#"{"ev":8.0,"min_ev":10}"#;
    for flags in [&["--native"][..], &[]] {
        let call = [&["call", "rebalance.accept", "--log", log][..], flags].concat();
        let (code, out, err) = trimtab(&call, input);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("ev_below_threshold"));
    }
    let (code, _, _) = trimtab(&["call", "health.score", "--log", log], STRUGGLING);
    assert_eq!(code, 0);
    let (code, out, _) = trimtab(&["log", "verify", log], "");
    assert_eq!(code, 0, "{out}");
    assert!(
        out.starts_with("sound: 12 lines in 1 file, numbers 0 to 11"),
        "{out}"
    );
    let (_, json, _) = trimtab(&["log", "verify", log, "--json"], "");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["sound"], &json["lines"]), (&true.into(), &12.into()));
    let head = json["head"].as_str().unwrap();
    assert_eq!(trimtab(&["log", "verify", log, "--head", head], "").0, 0);
    assert_eq!(trimtab(&["log", "verify", log, "--head", "00"], "").0, 1);
    let (_, tail, _) = trimtab(&["log", "tail", log, "-n", "2"], "");
    assert_eq!(tail.lines().count(), 2);
    let (_, shown, _) = trimtab(&["log", "show", log, "2", "--json"], "");
    let bytes = fs::read(&path).unwrap();
    let third = bytes.split(|byte| *byte == b'\n').nth(2).unwrap();
    assert_eq!(shown.trim_end().as_bytes(), third);
    assert_eq!(trimtab(&["log", "show", log, "99"], "").0, 2);
    let (_, stats, _) = trimtab(&["log", "stats", log, "--json"], "");
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(stats["operations"]["rebalance.accept"]["refused"], 2);

    for flags in [&["--native"][..], &["--sandbox"], &[]] {
        let (code, out, err) = trimtab(&[&["replay", log][..], flags].concat(), "");
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert!(
            out.contains("3 decisions") && out.contains("no difference"),
            "{out}"
        );
    }
    let config = folder.join("config.json");
    fs::write(&config, r#"{"health":{"max_multiplier":1.25}}"#).unwrap();
    let config = config.to_str().unwrap();
    let (code, out, _) = trimtab(
        &["replay", log, "--native", "--config", config, "--json"],
        "",
    );
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    assert_eq!((&out["changed"], &out["same"]), (&1.into(), &2.into()));
    assert_eq!(out["differences"][0]["difference"]["stage"], "numbers");
    assert_eq!(out["differences"][0]["op"], "health.score");

    // A log that says another thing than is decided now.
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("\"accepted\":false", "\"accepted\":true", 1),
    )
    .unwrap();
    let (code, out, _) = trimtab(&["replay", log, "--native", "--json"], "");
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 1);
    assert_eq!(out["differences"][0]["difference"]["stage"], "outcome");
    assert_eq!(
        out["differences"][0]["difference"]["path"],
        "/decision/accepted"
    );
    assert!(out["broken_at"].is_string());
    assert_eq!(trimtab(&["replay", "/no/such/log"], "").0, 2);
}

#[test]
fn what_was_moved_and_which_codes_came_is_told_under_another_config() {
    let folder = folder("moved");
    let path = folder.join("decisions.jsonl");
    let log = path.to_str().unwrap();
    let state = format!(
        r#"{{"hub_id":"0x11","now":1000,"reserves":{{"1":"5000000000"}},"accounts":[{}]}}"#,
        account(0x300)
    );
    let (code, out, _) = trimtab(&["call", "hub.plan", "--native", "--log", log], &state);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("\"deposit\""), "{out}");
    let config = folder.join("config.json");
    fs::write(&config, r#"{"hub":{"per_request_cap":1}}"#).unwrap();
    let config = config.to_str().unwrap();
    let (code, out, _) = trimtab(
        &["replay", log, "--native", "--config", config, "--json"],
        "",
    );
    assert_eq!(code, 0, "{out}");
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    let moved = &out["moved"]["deposit, token 1"];
    assert_eq!(out["changed"], 1, "{out}");
    assert_ne!(moved["before"], moved["after"], "{out}");
    assert!(!out["codes"].as_object().unwrap().is_empty(), "{out}");
}

#[test]
fn a_sweep_finds_the_value_at_which_the_outcome_turns() {
    let folder = folder("sweep");
    let file = folder.join("input.json");
    fs::write(&file, r#"{"ev":8.0,"min_ev":10}"#).unwrap();
    let input = file.to_str().unwrap();
    let flags = ["what-if", "rebalance.accept", input, "--native"];
    let swept = [&flags[..], &["--sweep", "ev=0..20/4", "--json"]].concat();
    let (code, out, err) = trimtab(&swept, "");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(out["points"].as_array().unwrap().len(), 5);
    let turns = out["turns"].as_array().unwrap();
    assert_eq!(turns.len(), 1, "{out}");
    // The threshold of the core is the last word.
    let threshold = answer(
        &Policy::plan(),
        "rebalance.accept",
        br#"{"ev":8.0,"min_ev":10}"#,
    );
    let threshold: serde_json::Value = serde_json::from_slice(&threshold).unwrap();
    let threshold = threshold["decision"]["threshold"].as_f64().unwrap();
    let (below, above) = (&turns[0]["below"], &turns[0]["above"]);
    let (below, above) = (below.as_f64().unwrap(), above.as_f64().unwrap());
    assert!(below < threshold && threshold <= above && above - below <= 1.0);

    let (_, csv, _) = trimtab(
        &[&flags[..], &["--sweep", "ev=0..20/4", "--csv"]].concat(),
        "",
    );
    assert_eq!(csv.lines().count(), 6);
    assert!(csv.starts_with("ev,outcome,"), "{csv}");
    let (_, page, _) = trimtab(&[&flags[..], &["--sweep", "ev=0..20/4"]].concat(), "");
    assert!(page.contains("turns:"), "{page}");
    let (_, two, _) = trimtab(&[&flags[..], &["--set", "ev=30"]].concat(), "");
    assert!(two.contains("the outcome turns"), "{two}");
    for wrong in ["ev=0..20", "ev=a..b/3", "ev=0..1/0", "no.such=0..1/2"] {
        let (code, _, err) = trimtab(&[&flags[..], &["--sweep", wrong]].concat(), "");
        assert_eq!(code, 2, "{wrong}: {err}");
    }
}

#[test]
fn the_digest_of_a_line_is_sha256_of_its_bytes() {
    let path = folder("digest").join("decisions.jsonl");
    written(&path, 2);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        let line = Line::read(pair[1].as_bytes()).unwrap();
        assert_eq!(line.prev.unwrap(), canonical::digest(pair[0].as_bytes()));
    }
}
