//! The trimtab command as a script sees it: piped output, exit codes, lines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod field;
/// Nodes that could be, as the core's own tests make them.
#[path = "../../core/tests/nodes/mod.rs"]
#[allow(
    dead_code,
    clippy::unreachable,
    reason = "this test needs only some of it"
)]
mod nodes;

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use trimtab_core::canonical;
use trimtab_core::operations::OPERATIONS;
use trimtab_core::policy::{Policy, VERSION};
use trimtab_core::words;
use trimtab_host::MODULE;

const INPUT: &str =
    r#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments reads nothing.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn envelope(operation: &str, input: &str) -> String {
    String::from_utf8(Policy::plan().call(operation, input.as_bytes()).unwrap()).unwrap()
}

fn written(name: &str, text: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/cln")
}

#[test]
fn call_prints_the_envelope_of_the_sandbox_and_of_the_core() {
    let expected = envelope("health.score", INPUT) + "\n";
    let piped = run(&["call", "health.score"], INPUT);
    assert_eq!(
        (code(&piped), out(&piped), err(&piped)),
        (0, expected.as_str(), "")
    );
    let dashed = run(&["call", "health.score", "-"], INPUT);
    assert_eq!(out(&dashed), expected);
    let file = written("input.json", INPUT);
    let read = run(&["call", "health.score", file.to_str().unwrap()], "");
    assert_eq!(out(&read), expected);
    let native = run(&["call", "health.score", "--native"], INPUT);
    assert_eq!(out(&native), expected);
}

#[test]
fn bad_input_is_json_with_exit_code_2() {
    for flags in [
        &["call", "health.score"][..],
        &["call", "health.score", "--native"],
    ] {
        let output = run(flags, r#"{"profitable_pct":1.5}"#);
        assert_eq!(code(&output), 2);
        assert_eq!(
            out(&output),
            "{\"error\":{\"code\":\"out_of_range\",\"expected\":\"a number in 0..=1\",\"field\":\"profitable_pct\",\"got\":\"1.5\"}}\n"
        );
    }
    let unknown = run(&["call", "no.such"], "{}");
    assert_eq!(code(&unknown), 2);
    assert!(out(&unknown).contains("unknown_operation"));
    let profile = run(&["call", "health.score", "--profile", "x"], INPUT);
    assert_eq!(code(&profile), 2);
    assert!(out(&profile).contains("\"field\":\"profile\""));
    let absent = run(&["call", "health.score", "/no/such/file"], "");
    assert_eq!((code(&absent), out(&absent)), (2, ""));
    assert!(err(&absent).contains("/no/such/file"));
    assert_eq!(code(&run(&["call"], "")), 2);
}

#[test]
fn a_limit_that_is_hit_has_exit_code_3() {
    let fuel = run(&["call", "health.score", "--fuel", "1000"], INPUT);
    assert_eq!(code(&fuel), 3);
    assert_eq!(
        out(&fuel),
        "{\"error\":{\"code\":\"out_of_fuel\",\"expected\":\"at most 1000 fuel\",\"field\":\"\",\"got\":\"more fuel\"}}\n"
    );
    let memory = run(&["call", "health.score", "--memory-mb", "1"], INPUT);
    assert_eq!(code(&memory), 3);
    assert!(out(&memory).contains("memory_limit"));
}

#[test]
fn a_config_file_changes_the_decision() {
    let config = written("config.json", r#"{"health":{"max_multiplier":1.25}}"#);
    let input =
        r#"{"profitable_pct":0,"underwater_pct":1,"liquidity_score":0,"trend":"declining"}"#;
    let flags = ["call", "health.score", "--config", config.to_str().unwrap()];
    let sandboxed = run(&flags, input);
    assert!(out(&sandboxed).contains("\"budget_multiplier\":1.25"));
    let native = run(&[&flags[..], &["--native"]].concat(), input);
    assert_eq!(out(&sandboxed), out(&native));
}

#[test]
fn lines_answer_in_order_and_never_stop() {
    let lines = [
        format!(r#"{{"op":"health.score","input":{INPUT}}}"#),
        "{\"op\":\"health.score\",".to_owned(),
        String::new(),
        r#"{"op":"health.score"}"#.to_owned(),
        format!(r#"{{"input":{INPUT}}}"#),
        format!(r#"{{"op":"health.score","input":{INPUT},"else":1}}"#),
        format!(r#"{{"op":"no.such","input":{INPUT}}}"#),
        format!(
            r#"{{"op":"health.score","input":{INPUT},"profile":"cl-hive","config":{{"health":{{"max_multiplier":1.25}}}}}}"#
        ),
        format!(r#"{{"op":"health.score","input":{INPUT}}}"#),
    ];
    let sandboxed = run(&["call", "--lines"], &lines.join("\n"));
    let answers: Vec<&str> = out(&sandboxed).lines().collect();
    assert_eq!(answers.len(), lines.len());
    let expected = envelope("health.score", INPUT);
    assert_eq!(
        (answers[0], answers[8]),
        (expected.as_str(), expected.as_str())
    );
    for (place, part) in [
        (1, r#""code":"malformed""#),
        (2, r#""code":"malformed""#),
        (
            3,
            r#""code":"missing_field","expected":"a value","field":"input""#,
        ),
        (4, r#""field":"op""#),
        (5, r#""code":"unknown_field""#),
        (6, r#""code":"unknown_operation""#),
        (7, r#""profile":"cl-hive""#),
    ] {
        assert!(answers[place].contains(part), "{place}: {}", answers[place]);
    }
    assert_eq!(code(&sandboxed), 2);
    let native = run(&["call", "--lines", "--native"], &lines.join("\n"));
    assert_eq!(out(&native), out(&sandboxed));
}

#[test]
fn an_offset_counts_from_the_line_whatever_is_wrong_in_it() {
    for (line, wrong) in [
        (
            r#"{"op":"health.score","input":{"profitable_pct":true}}"#,
            "true",
        ),
        (
            r#"{"op":"health.score","input":{"profitable_pct":NaN}}"#,
            "NaN",
        ),
        (r#"{"op":true,"input":{}}"#, "true"),
    ] {
        let offset = format!("\"offset\":{}", line.find(wrong).unwrap());
        for flags in [&["call", "--lines"][..], &["call", "--lines", "--native"]] {
            let answer = run(flags, line);
            assert!(out(&answer).contains(&offset), "{line}: {}", out(&answer));
        }
    }
}

#[test]
fn lines_take_an_operation_for_all_and_a_file() {
    let lines = format!("{{\"input\":{INPUT}}}\n{{\"input\":{INPUT}}}\n");
    let file = written("lines.jsonl", &lines);
    let expected = format!("{0}\n{0}\n", envelope("health.score", INPUT));
    let all = run(&["call", "health.score", "--lines"], &lines);
    assert_eq!((code(&all), out(&all)), (0, expected.as_str()));
    let all = run(
        &["call", "health.score", file.to_str().unwrap(), "--lines"],
        "",
    );
    assert_eq!(out(&all), expected);
    let limited = run(
        &["call", "health.score", "--lines", "--fuel", "1000"],
        &lines,
    );
    assert_eq!((code(&limited), out(&limited).lines().count()), (3, 2));
}

#[test]
fn explain_prints_sentences() {
    let input =
        r#"{"profitable_pct":0.36,"underwater_pct":0.4,"liquidity_score":50,"trend":"stable"}"#;
    let output = run(&["call", "health.score", "--explain"], input);
    assert_eq!(code(&output), 0);
    let text = out(&output);
    assert!(
        text.starts_with(
            "budget_multiplier  1.5\nscore              47\ntier               vulnerable\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("adjust below_stable: the health score is 47; the tier stable begins above 50; this would change with profitable_pct = about 0.45"),
        "{text}"
    );
    let refused = run(&["call", "health.score", "--explain"], "{}");
    assert_eq!((code(&refused), out(&refused)), (2, ""));
    assert!(err(&refused).contains("missing field"));
}

#[test]
fn a_report_goes_to_standard_error() {
    let output = run(&["call", "health.score", "--report"], INPUT);
    assert!(err(&output).contains("\"peak_memory_bytes\":"));
    assert!(out(&output).starts_with("{\"decision\":"));
}

#[test]
fn ops_lists_the_whole_table() {
    let output = run(&["ops"], "");
    let expected: String = OPERATIONS
        .iter()
        .map(|operation| format!("{}\t{}\n", operation.name, operation.summary))
        .collect();
    assert_eq!(out(&output), expected);
}

#[test]
fn digest_names_what_decides() {
    let output = run(&["digest"], "");
    let expected = format!(
        "module   {}\nconfig   {}\nprofile  plan\nversion  {VERSION}\nabi      1\n",
        canonical::digest(MODULE),
        Policy::plan().digest(),
    );
    assert_eq!(out(&output), expected);
    let other = run(&["digest", "--profile", "cl-hive"], "");
    assert!(out(&other).contains("profile  cl-hive"));
}

#[test]
fn completions_and_the_manual_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell], "");
        assert_eq!(code(&output), 0, "{}", err(&output));
        for command in ["call", "fleet", "serve"] {
            assert!(out(&output).contains(command), "{shell}: {command}");
        }
    }
    assert_eq!(code(&run(&["completions", "no-shell"], "")), 2);
    let output = run(&["man"], "");
    assert_eq!(code(&output), 0);
    let page = out(&output);
    assert!(page.contains(".TH trimtab 1"), "{page}");
    for part in [
        ".SH TRIMTAB SERVE",
        ".SH TRIMTAB CALL",
        "token\\-file",
        "SIGHUP",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn a_fleet_is_judged_from_raw_answers() {
    let nodes = fixtures();
    let dir = nodes.to_str().unwrap();
    let output = run(&["fleet", dir], "");
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    assert!(
        text.starts_with("fleet of 3 nodes, 2 external peers, as of 2026-11-20 10:48:47 UTC\n"),
        "{text}"
    );
    for part in [
        "\nl1   038101a0f8…  ",
        "\nl5   026fbcf5e1…  ",
        "     depleted   124x1x0 to l4: 565,000 of 8,000,000 sat ours\n",
        "       3,435,000 sat outbound to one half (high); ",
        "     refused    1 of 1 depleted channels is not filled:\n     - 1 x channel_too_young, closest: 124x1x0: ",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let native = run(&["fleet", dir, "--native"], "");
    // The last line repeats what was typed.
    let told = |page: &str| page.split("\nnext: ").next().unwrap().to_owned();
    assert_eq!(told(out(&native)), told(text));
    let two = run(
        &["fleet", dir, "--members", "l1,l2", "--now", "1795171800"],
        "",
    );
    assert!(
        out(&two)
            .starts_with("fleet of 2 nodes, 3 external peers, as of 2026-11-20 10:50:00 UTC\n")
    );
    let absent = run(&["fleet", dir, "--members", "l9"], "");
    assert_eq!(code(&absent), 2);
    assert!(err(&absent).contains("l9"));
    assert_eq!(code(&run(&["fleet", "/no/such/dir"], "")), 2);
}

#[test]
fn the_page_is_also_told_as_json_and_one_channel_is_explained() {
    let nodes = fixtures();
    let dir = nodes.to_str().unwrap();
    let json = run(&["fleet", dir, "--json"], "");
    let told: serde_json::Value = serde_json::from_str(out(&json)).unwrap();
    let first = &told["members"][0];
    assert_eq!(
        (&first["name"], &told["now"]),
        (&"l1".into(), &1_795_171_727.into())
    );
    assert_eq!(
        first["advice"]["decision"]["refusals"][0]["code"],
        "channel_too_young"
    );
    let why = run(&["fleet", dir, "--why", "124x1x0"], "");
    assert!(
        out(&why).starts_with("l1 124x1x0 to l4: 565,000 of 8,000,000 sat ours\n"),
        "{}",
        out(&why)
    );
    assert!(out(&why).contains("channel_too_young"), "{}", out(&why));
    let unknown = run(&["fleet", dir, "--why", "1x1x1"], "");
    assert_eq!((code(&unknown), out(&unknown)), (2, ""));
    let both = run(&["fleet", dir, "--why", "124x1x0", "--json"], "");
    let told: serde_json::Value = serde_json::from_str(out(&both)).unwrap();
    assert_eq!(told[0]["name"], "l1");
    let channel = &told[0]["explained"]["decision"]["channels"][0];
    assert_eq!(channel["local_sats"], 565_000);
}

#[test]
fn a_page_ends_with_the_command_that_a_reader_may_want_next_and_that_command_works() {
    let nodes = fixtures();
    let dir = nodes.to_str().unwrap();
    for arguments in [
        ["fleet", dir],
        ["hub", concat!(env!("CARGO_MANIFEST_DIR"), "/demo/hub.json")],
    ] {
        let page = run(&arguments, "");
        let last = out(&page).lines().last().unwrap();
        let next = last.strip_prefix("next: trimtab ").expect(last);
        let next: Vec<&str> = next.split(' ').collect();
        assert_eq!(next[..2], arguments);
        let asked = run(&next, "");
        assert_eq!(code(&asked), 0, "{last}: {}", err(&asked));
        assert!(!out(&asked).is_empty());
    }
}

#[test]
fn every_page_is_also_told_as_json() {
    let hub = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/hub.json");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = run(&[arguments, &["--json"]].concat(), "");
        assert_eq!(code(&output), 0, "{arguments:?}: {}", err(&output));
        serde_json::from_str(out(&output)).unwrap()
    };
    assert_eq!(json(&["ops"]).as_array().unwrap().len(), OPERATIONS.len());
    assert_eq!(json(&["digest"])["module"], canonical::digest(MODULE));
    let judged = json(&["hub", hub]);
    let actions = judged["plan"]["decision"]["actions"].as_array().unwrap();
    assert!(!actions.is_empty());
    let why = json(&["hub", hub, "--why", "gina"]);
    let reason = &why[0]["decision"]["outcomes"][0]["reasons"][0];
    assert_eq!(reason["code"], "account_not_active");
    let demo = json(&["demo"]);
    assert_eq!(demo["fleet"]["members"].as_array().unwrap().len(), 3);
    assert!(demo["hub"]["plan"]["decision"].is_object());
}

#[test]
fn the_next_command_that_a_page_names_asks_what_was_asked_with_why() {
    let nodes = fixtures();
    let config = written("own config.json", r#"{"health": {"max_multiplier": 2.0}}"#);
    let (dir, config) = (nodes.to_str().unwrap(), config.to_str().unwrap());
    let hub = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/drained-hub.json");
    for typed in [
        vec!["fleet", dir],
        vec![
            "fleet",
            "--members",
            "l1",
            dir,
            "--profile",
            "cl-hive",
            "--native",
        ],
        vec!["fleet", dir, "--now", "1795171727", "--config", config],
        vec!["hub", hub],
        vec!["hub", "--profile", "xln", hub],
    ] {
        let page = run(&typed, "");
        let next = out(&page).lines().last().unwrap().to_owned();
        let next = next.strip_prefix("next: ").unwrap();
        let words = shlex::split(next).unwrap();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (same, why) = words.split_at(typed.len() + 1);
        assert_eq!((same[0], &same[1..]), ("trimtab", &*typed), "{next}");
        assert_eq!(why[0], "--why");
        let explained = run(&words[1..], "");
        assert_eq!(code(&explained), 0, "{next}: {}", err(&explained));
    }
}

#[test]
fn one_account_of_a_hub_is_explained_with_every_reason_in_whole_tokens() {
    let hub = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/hub.json");
    let bob = run(&["hub", hub, "--why", "bob"], "");
    assert_eq!(code(&bob), 0, "{}", err(&bob));
    let text = out(&bob);
    assert!(
        text.starts_with("bob token 1: deferred, want 3,000\n"),
        "{text}"
    );
    assert!(text.contains(" tokens"), "{text}");
    assert!(!text.contains("raw units"), "{text}");
    let nobody = run(&["hub", hub, "--why", "nobody"], "");
    assert_eq!((code(&nobody), out(&nobody)), (2, ""));
    assert!(err(&nobody).contains("nobody"));
}

#[test]
fn amounts_on_the_page_of_a_hub_are_grouped_and_in_whole_tokens() {
    let hub = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/hub.json");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/hub-config.json");
    let page = run(&["hub", hub, "--config", config], "");
    assert_eq!(code(&page), 0, "{}", err(&page));
    let long = out(&page).split(|letter: char| !letter.is_ascii_digit());
    let long: Vec<&str> = long.filter(|digits| digits.len() > 4).collect();
    assert_eq!(long, Vec::<&str>::new(), "{}", out(&page));
    assert!(!out(&page).contains("token_limits"), "{}", out(&page));
}

#[test]
fn a_folder_with_any_answer_is_a_node_and_what_it_lacks_is_named() {
    let (from, to) = (
        fixtures(),
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("lacking"),
    );
    let _ = std::fs::remove_dir_all(&to);
    let copied = |node: &str, file: &str| {
        std::fs::create_dir_all(to.join(node)).unwrap();
        std::fs::copy(from.join(node).join(file), to.join(node).join(file)).unwrap();
    };
    copied("l1", "getinfo.json");
    copied("l1", "listpeerchannels.json");
    copied("l2", "listpeerchannels.json");
    let dir = to.to_str().unwrap();
    let without = run(&["fleet", dir], "");
    assert_eq!((code(&without), out(&without)), (2, ""));
    assert!(
        err(&without).contains("l2/getinfo.json is missing"),
        "{}",
        err(&without)
    );
    copied("l2", "getinfo.json");
    std::fs::remove_file(to.join("l2/listpeerchannels.json")).unwrap();
    let without = run(&["fleet", dir], "");
    assert!(
        err(&without).contains("l2/listpeerchannels.json is missing"),
        "{}",
        err(&without)
    );
    // Before 23.02 the channels stood inside the peers.
    let told = std::fs::read_to_string(from.join("l2/listpeerchannels.json")).unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let peers = told["channels"].as_array().unwrap().iter().map(|channel| {
        serde_json::json!({ "id": channel["peer_id"], "connected": true, "channels": [channel] })
    });
    let peers = serde_json::json!({ "peers": peers.collect::<Vec<_>>() }).to_string();
    std::fs::write(to.join("l2/listpeers.json"), peers).unwrap();
    let old = run(&["fleet", dir], "");
    assert_eq!(code(&old), 0, "{}", err(&old));
    copied("l2", "listpeerchannels.json");
    std::fs::remove_file(to.join("l2/listpeers.json")).unwrap();
    assert_eq!(out(&run(&["fleet", dir], "")), out(&old));
}

#[test]
fn no_color_keeps_every_page_plain() {
    let page = Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .args(["demo", "--native"])
        .env("NO_COLOR", "1")
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(!out(&page).contains('\u{1b}'));
    let forced = Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .args(["demo", "--native"])
        .env_remove("NO_COLOR")
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    // A tier is coloured where colours are wanted.
    assert!(out(&forced).contains("\u{1b}[33mvulnerable"));
}

/// The answers of one node in a folder, as an operator would save them.
fn stored(name: &str, answers: &Value, now: u64) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(dir.join("me")).unwrap();
    for (call, answer) in answers.as_object().unwrap() {
        let file = format!("{}.json", call.replace('_', "-"));
        let file = match call.as_str() {
            "now" => continue,
            "listchannels" => dir.join(file),
            _ => dir.join("me").join(file),
        };
        std::fs::write(file, answer.to_string()).unwrap();
    }
    let about = json!({ "now": now }).to_string();
    std::fs::write(dir.join("fleet.json"), about).unwrap();
    dir
}

/// A real node: the first one of the recorded network.
fn recorded() -> (Value, u64) {
    let mut answers = json!({});
    let read = |file: PathBuf| -> Value {
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    for call in ["getinfo", "listpeerchannels", "listforwards"] {
        answers[call] = read(fixtures().join(format!("l1/{call}.json")));
    }
    answers["listchannels"] = read(fixtures().join("listchannels.json"));
    let now = read(fixtures().join("fleet.json"))["now"].as_u64().unwrap();
    (answers, now)
}

/// A page with every run of spaces and breaks as one space.
fn in_one_line(page: &Output) -> String {
    let words: Vec<&str> = out(page).split_whitespace().collect();
    words.join(" ")
}

/// Nodes of 87 channels that could be: what they list, the page and its JSON. Made once: tests run
/// side by side, and the folders are the same.
fn pages() -> &'static [(nodes::Node, Output, Value)] {
    static PAGES: OnceLock<Vec<(nodes::Node, Output, Value)>> = OnceLock::new();
    PAGES.get_or_init(|| {
        let nodes = (0..16).map(|seed| nodes::node(seed, Some(87)));
        // The oldest versions answer another call.
        let nodes = nodes.filter(|node| node.answers.get("listpeerchannels").is_some());
        let pages = nodes.enumerate().map(|(n, node)| {
            let dir = stored(&format!("node-of-87-{n}"), &node.answers, nodes::NOW);
            let dir = dir.to_str().unwrap();
            let page = run(&["fleet", dir, "--native"], "");
            assert_eq!(code(&page), 0, "{}", err(&page));
            let told = run(&["fleet", dir, "--json", "--native"], "");
            let told: Value = serde_json::from_str(out(&told)).unwrap();
            (node, page, told["members"][0]["advice"]["decision"].clone())
        });
        pages.collect()
    })
}

#[test]
fn a_node_of_87_channels_fits_on_two_screens() {
    for (_, page, _) in pages() {
        let text = out(page);
        assert!(text.lines().count() <= 100, "{text}");
        // The last line is a command to be copied: it is not broken.
        let mut lines = text.lines().filter(|line| !line.starts_with("next: "));
        assert!(lines.all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn every_listed_channel_is_in_the_count_of_the_health_or_left_out_by_name() {
    // What the health counts has not these words.
    let apart = [
        "closing",
        "opening",
        "proposed",
        "in an unknown state",
        "not active in the graph",
        "under an id that another has",
        "set aside",
    ];
    for (node, page, advice) in pages() {
        let text = in_one_line(page);
        let count = |before: &str| -> u64 { before.rsplit(' ').next().unwrap().parse().unwrap() };
        let (head, _) = text.split_once(" channels, ").unwrap();
        let (_, block) = text.split_once("left out ").unwrap();
        // Each group is "<count> <why>" with its first names in brackets.
        let told = apart.iter().filter_map(|why| {
            let (before, _) = block.split_once(&format!(" {why}"))?;
            Some(count(before))
        });
        let told: u64 = told.sum();
        assert_eq!(count(head) + told, node.links.len() as u64, "{}", out(page));
        let left_out = &advice["left_out"];
        let channels = left_out["channels"].as_array().unwrap();
        for standing in [
            "opening",
            "closing",
            "unknown",
            "offline",
            "closed_to_forwards",
        ] {
            let same = channels.iter().filter(|one| one["standing"] == standing);
            for one in same.take(5) {
                let Some(name) = one["short_channel_id"].as_str() else {
                    continue;
                };
                assert!(block.contains(name), "{name} in {}", out(page));
            }
        }
    }
}

#[test]
fn without_a_graph_one_line_says_what_is_unknown() {
    let (mut answers, now) = recorded();
    answers.as_object_mut().unwrap().remove("listchannels");
    let dir = stored("alone", &answers, now);
    let page = run(&["fleet", dir.to_str().unwrap(), "--native"], "");
    assert_eq!(code(&page), 0, "{}", err(&page));
    let about = ["listchannels", "graph", "public", "splice-out"];
    let about = |line: &&str| about.iter().any(|word| line.contains(word));
    let lines: Vec<&str> = out(&page).lines().filter(about).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("no listchannels.json"), "{}", lines[0]);
}

#[test]
fn what_can_move_is_unknown_where_no_channel_tells_it() {
    let (mut answers, now) = recorded();
    let dir = stored("told", &answers, now);
    let told = run(&["fleet", dir.to_str().unwrap(), "--native"], "");
    assert!(
        in_one_line(&told).contains(" sat, in 9,640,926 sat"),
        "{}",
        out(&told)
    );
    for channel in answers["listpeerchannels"]["channels"]
        .as_array_mut()
        .unwrap()
    {
        channel.as_object_mut().unwrap().remove("receivable_msat");
    }
    let dir = stored("untold", &answers, now);
    let page = run(&["fleet", dir.to_str().unwrap(), "--native"], "");
    assert!(
        in_one_line(&page).contains(" sat, in unknown "),
        "{}",
        out(&page)
    );
}

#[test]
fn the_base_fee_of_the_last_hop_is_on_the_page_and_in_what_explains_it() {
    let (mut answers, now) = recorded();
    let channels = answers["listpeerchannels"]["channels"]
        .as_array_mut()
        .unwrap();
    let depleted = channels
        .iter_mut()
        .find(|one| one["short_channel_id"] == "124x1x0");
    depleted.unwrap()["updates"]["remote"] =
        json!({ "fee_base_msat": 5000, "fee_proportional_millionths": 50 });
    let dir = stored("dear-last-hop", &answers, now);
    let dir = dir.to_str().unwrap();
    for typed in [
        vec!["fleet", dir, "--native"],
        vec!["fleet", dir, "--why", "124x1x0", "--native"],
    ] {
        let page = run(&typed, "");
        let text = in_one_line(&page);
        assert!(
            text.contains("last hop 5,000 msat + 50 ppm"),
            "{}",
            out(&page)
        );
    }
    let mut moves = 0;
    for (_, page, advice) in pages() {
        let shown = advice["rebalances"].as_array().unwrap().iter();
        let shown = shown.filter(|one| one["outcome"] != "refused").take(10);
        for one in shown.filter(|one| one["last_hop"].is_object()) {
            let grouped = |key: &str| words::exact(&one["last_hop"][key].to_string());
            let hop = format!(
                "last hop {} msat + {} ppm",
                grouped("base_msat"),
                grouped("ppm")
            );
            assert!(in_one_line(page).contains(&hop), "{hop} in {}", out(page));
            moves += 1;
        }
    }
    assert!(moves > 0);
}

#[test]
fn one_is_told_in_the_singular() {
    let (answers, now) = recorded();
    let dir = stored("singular", &answers, now);
    let page = run(&["fleet", dir.to_str().unwrap(), "--native"], "");
    let text = in_one_line(&page);
    assert!(
        text.starts_with("fleet of 1 node, 3 external peers, "),
        "{text}"
    );
    assert!(
        text.contains("refused 1 of 1 depleted channels is not filled: "),
        "{text}"
    );
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("singular.log");
    let _ = std::fs::remove_file(&log);
    let log = log.to_str().unwrap();
    let asked = run(&["call", "health.score", "--log", log], INPUT);
    assert_eq!(code(&asked), 0, "{}", err(&asked));
    let again = run(&["replay", log], "");
    let said = "1 decision and 0 calls on handles asked again, 1 file: no difference";
    assert!(out(&again).starts_with(said), "{}", out(&again));
    let checked = run(&["log", "verify", log], "");
    assert!(
        out(&checked).contains(" lines in 1 file, "),
        "{}",
        out(&checked)
    );
}

#[test]
fn the_settings_that_are_printed_are_those_that_decide() {
    let changed = written("changed.json", r#"{"health":{"max_multiplier":1.25}}"#);
    for profile in ["plan", "cl-hive", "xln"] {
        let typed = ["--profile", profile, "--config", changed.to_str().unwrap()];
        let printed = run(&[&["config"][..], &typed].concat(), "");
        assert_eq!(code(&printed), 0, "{}", err(&printed));
        let settings: Value = serde_json::from_str(out(&printed)).unwrap();
        assert_eq!(settings["health"]["max_multiplier"], 1.25);
        let native = run(&[&["config", "--native"][..], &typed].concat(), "");
        assert_eq!(out(&native), out(&printed));
        let given_back = written(&format!("settings-{profile}.json"), out(&printed));
        let given_back = [
            "--profile",
            profile,
            "--config",
            given_back.to_str().unwrap(),
        ];
        let digest = |typed: &[&str]| {
            let printed = run(&[&["digest", "--json"][..], typed].concat(), "");
            let told: Value = serde_json::from_str(out(&printed)).unwrap();
            told["config"].as_str().unwrap().to_owned()
        };
        assert_eq!(digest(&typed), digest(&given_back), "{profile}");
        assert_ne!(digest(&typed), digest(&["--profile", profile]));
    }
    let unknown = written("unknown.json", r#"{"no_such":1}"#);
    let refused = run(&["config", "--config", unknown.to_str().unwrap()], "");
    assert_eq!(code(&refused), 2);
}

#[test]
fn what_the_operator_decided_is_read_beside_the_answers() {
    let nodes = fixtures();
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("operator");
    for node in ["l1", "l2"] {
        std::fs::create_dir_all(dir.join(node)).unwrap();
        for file in ["getinfo.json", "listpeerchannels.json", "listforwards.json"] {
            std::fs::copy(nodes.join(node).join(file), dir.join(node).join(file)).unwrap();
        }
    }
    let about = dir.join("l1/operator.json");
    let dir = dir.to_str().unwrap();
    std::fs::write(&about, "[]").unwrap();
    let none = run(&["fleet", dir, "--native"], "");
    assert_eq!(code(&none), 0, "{}", err(&none));
    std::fs::write(&about, r#"[{"subject": "124x1x0", "rebalance": "off"}]"#).unwrap();
    let ruled = run(&["fleet", dir, "--native"], "");
    assert_eq!(code(&ruled), 0, "{}", err(&ruled));
    assert_ne!(out(&ruled), out(&none));
    assert!(out(&ruled).contains("set_by_operator"), "{}", out(&ruled));
    std::fs::write(&about, "{").unwrap();
    let broken = run(&["fleet", dir, "--native"], "");
    assert_eq!(code(&broken), 2);
    assert!(
        err(&broken).contains("l1/operator.json"),
        "{}",
        err(&broken)
    );
}

#[test]
fn the_demo_shows_fleet_and_hub_in_plain_text_when_piped() {
    let output = run(&["demo"], "");
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    assert!(!text.contains('\u{1b}'));
    assert!(text.contains(&canonical::digest(MODULE)));
    assert!(text.contains("fleet of 3 nodes, 2 external peers"));
    assert!(text.contains("fleet of 1 node, 6 external peers"));
    assert!(text.contains("hub \"hub\", 12 accounts"));
    for row in [
        "need       l1 (vulnerable) lacks outbound at l4",
        "fee        126x1x0 to l4 one step below the fee you intend",
        "excess     l2 (vulnerable) has 2,080,679 sat to spare at l4",
        "bottleneck l4",
        "can move   out 6,026,155 sat, in 9,640,926 sat",
        "this would change with",
        "next: trimtab fleet DIR",
        "can give   alice",
        "should get bob",
        "match      alice",
        "in 6,700 = out 6,700",
    ] {
        assert!(text.contains(row), "{row}: {text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    for part in [
        "a month sells 0 sat; last hop 1,000 msat + 8,000 ppm",
        "left out 4 closing (159x1x0, 158x1x0, 128x1x0, 160x1x0); 1 closed to forwards (128x2x0)",
    ] {
        assert!(in_one_line(&output).contains(part), "{part}: {text}");
    }
    assert_eq!(out(&run(&["demo"], "")), text, "the same every time");
}

#[test]
fn limits_of_a_sandbox_are_refused_where_there_is_none() {
    for limit in [
        &["--fuel", "1"][..],
        &["--deadline-ms", "1"],
        &["--memory-mb", "1"],
    ] {
        let flags = [&["call", "health.score", "--native"][..], limit].concat();
        let output = run(&flags, INPUT);
        assert_eq!((code(&output), out(&output)), (2, ""), "{limit:?}");
        assert!(err(&output).contains(limit[0]), "{}", err(&output));
    }
}
