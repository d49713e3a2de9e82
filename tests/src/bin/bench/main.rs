//! `bench`: how long things take, ours and a peer of the same run; written to `target/bench.json`.
//!
//! Nothing here is asserted: times belong to a machine and a moment.

mod books;
mod engines;
mod log;
mod program;
mod signatures;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use trimtab_core::hub::columns;
use trimtab_core::hub::matching::MatchInput;
use trimtab_core::operations;
use trimtab_core::policy::Policy;
use trimtab_core::value::{self, Value};
use trimtab_host::{Limits, Sandbox};

/// Times ours against peers.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program of Node.
    #[arg(long, default_value = "node")]
    node: String,
    /// The Python that has the wheel installed.
    #[arg(long, default_value = "python3")]
    python: String,
    /// The command whose weight, start and service are measured.
    #[arg(long, default_value = "target/release/trimtab")]
    program: PathBuf,
    /// Where the rows are written.
    #[arg(long, default_value = "target/bench.json")]
    out: PathBuf,
}

/// One row: smaller is better, a ratio above 1 says that ours is better.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    name: String,
    ours: f64,
    peer: Option<f64>,
    #[serde(default)]
    ratio: Option<f64>,
    unit: String,
}

impl Row {
    fn new(name: impl Into<String>, ours: f64, peer: impl Into<Option<f64>>, unit: &str) -> Self {
        Self {
            name: name.into(),
            ours,
            peer: peer.into(),
            ratio: None,
            unit: unit.to_owned(),
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut rows = sizes()?;
    rows.extend(sandbox()?);
    rows.extend(engines::rows()?);
    rows.extend(python(&arguments)?);
    rows.extend(matching(&arguments)?);
    rows.extend(hub_book()?);
    rows.extend(books::rows()?);
    rows.extend(log::rows()?);
    rows.extend(program::rows(&arguments.program)?);
    rows.extend(signatures::rows(&arguments.node)?);
    for row in &mut rows {
        row.ratio = row.peer.map(|peer| peer / row.ours);
    }
    table(&rows)?;
    std::fs::write(&arguments.out, serde_json::to_string_pretty(&rows)? + "\n")?;
    Ok(())
}

fn table(rows: &[Row]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:72} {:>10} {:>10} {:>7}",
        "", "ours", "peer", "ratio"
    )?;
    for Row {
        name,
        ours,
        peer,
        ratio,
        unit,
    } in rows
    {
        let number =
            |x: &Option<f64>, digits| x.map_or_else(String::new, |x| format!("{x:.digits$}"));
        writeln!(
            out,
            "{name:72} {ours:10.2} {:>10} {:>7} {unit}",
            number(peer, 2),
            number(ratio, 2)
        )?;
    }
    Ok(())
}

/// The hub's book, against what it may take.
fn hub_book() -> Result<Vec<Row>> {
    let bound = |bound: f64| (!bound.is_nan()).then_some(bound);
    let rows = trimtab_tests::hub_rows::rows("")?;
    let row = |row: trimtab_tests::hub_rows::HubRow| {
        Row::new(row.name, row.ours, bound(row.bound), row.unit)
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The median of a few numbers.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Milliseconds of each run, interleaved so that a busy moment hits all; the first round warms up.
fn times<const N: usize>(
    rounds: usize,
    mut runs: [&mut dyn FnMut() -> Result<()>; N],
) -> Result<[f64; N]> {
    let mut kept = [const { Vec::new() }; N];
    for round in 0..=rounds {
        for (kept, run) in kept.iter_mut().zip(&mut runs) {
            let begin = Instant::now();
            run()?;
            if round > 0 {
                kept.push(begin.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    Ok(kept.map(median))
}

fn sizes() -> Result<Vec<Row>> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*trimtab_host::MODULE, &mut packed, &parameters)?;
    let kilobytes = |bytes: usize| bytes as f64 / 1e3;
    Ok(vec![
        Row::new(
            "module, raw",
            kilobytes(trimtab_host::MODULE.len()),
            None,
            "kB",
        ),
        Row::new(
            "module with brotli, against the goal",
            kilobytes(packed.len()),
            400.0,
            "kB",
        ),
    ])
}

fn sandbox() -> Result<Vec<Row>> {
    const CALLS: u32 = 200;
    let input = sized_input()?;
    let on_demand = Sandbox::new()?;
    // Sixty-four megabytes are plenty for a call of a kilobyte, and a pool reserves them.
    let limits = Limits {
        memory_bytes: 64 << 20,
        ..Limits::default()
    };
    let pooled = Sandbox::builder().limits(limits).pooled(4).build()?;
    let mut pinned = on_demand.open("policy", b"{}")?;
    let policy = Policy::plan();
    let (operation, bytes) = (input.0, input.1.as_bytes());
    let many = |call: &mut dyn FnMut() -> Result<()>| (0..CALLS).try_for_each(|_| call());
    let [native, demand, pool, pin] = times(
        31,
        [
            &mut || many(&mut || policy.call(operation, bytes).map(drop).map_err(Into::into)),
            &mut || {
                many(&mut || {
                    on_demand
                        .call(operation, bytes)
                        .map(drop)
                        .map_err(Into::into)
                })
            },
            &mut || many(&mut || pooled.call(operation, bytes).map(drop).map_err(Into::into)),
            &mut || {
                many(&mut || {
                    pinned
                        .call_on(operation, bytes)
                        .map(drop)
                        .map_err(Into::into)
                })
            },
        ],
    )?
    .map(|milliseconds| milliseconds * 1e3 / f64::from(CALLS));
    let name = |how: &str| format!("{} B of {operation}, {how}, against native", bytes.len());
    Ok(vec![
        Row::new(name("new instance on demand"), demand, native, "us"),
        Row::new(name("new instance from a pool"), pool, native, "us"),
        Row::new(name("instance that stays"), pin, native, "us"),
    ])
}

/// An operation with an input of about a kilobyte.
fn sized_input() -> Result<(&'static str, String)> {
    let channel = |n: usize| format!("{{\"local_pct\":{:.2}}}", (n * 37 % 100) as f64 / 100.0);
    let channels: Vec<String> = (0..50).map(channel).collect();
    let input = format!("{{\"channels\":[{}]}}", channels.join(","));
    Policy::plan().call("health.liquidity_score", input.as_bytes())?;
    Ok(("health.liquidity_score", input))
}

fn python(arguments: &Arguments) -> Result<Vec<Row>> {
    let lines = told(Command::new(&arguments.python).arg(script("run.py")))?;
    lines
        .lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("bench")
        .join(name)
}

fn told(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// What Node took for one size, in milliseconds.
#[derive(Debug, Deserialize)]
struct NodeTimes {
    count: usize,
    plain: f64,
    bytes: f64,
    #[serde(default)]
    columns: Option<f64>,
    #[serde(default)]
    objects: Option<f64>,
}

fn matching(arguments: &Arguments) -> Result<Vec<Row>> {
    const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
    let folder = Path::new("target/bench");
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for count in SIZES {
        let file = folder.join(format!("match-{count}.json"));
        std::fs::write(&file, batch(count))?;
        files.push(file);
    }
    let node = told(
        Command::new(&arguments.node)
            .arg(script("match.mjs"))
            .args(&files),
    )?;
    let mut rows = Vec::new();
    for line in node.lines() {
        rows.extend(matched(&serde_json::from_str(line)?)?);
    }
    rows.extend(scaling()?);
    Ok(rows)
}

fn matched(node: &NodeTimes) -> Result<Vec<Row>> {
    let text = batch(node.count);
    let input: MatchInput = value::decode(&Value::from_json(text.as_bytes())?)?;
    let packed = packed(&input);
    let (policy, sandbox) = (Policy::plan(), Sandbox::new()?);
    let rounds = if node.count >= 100_000 { 7 } else { 15 };
    let mut pinned = sandbox.open("policy", b"{}")?;
    let [typed, columns, sandboxed_columns, staying, bytes, sandboxed] = times(
        rounds,
        [
            &mut || {
                policy
                    .decide::<operations::HubMatch>(&input)
                    .map(drop)
                    .map_err(Into::into)
            },
            &mut || {
                columns::match_columns(&packed)
                    .map(drop)
                    .map_err(Into::into)
            },
            &mut || {
                sandbox
                    .call("hub.match_columns", &packed)
                    .map(drop)
                    .map_err(Into::into)
            },
            &mut || {
                pinned
                    .call_on("hub.match_columns", &packed)
                    .map(drop)
                    .map_err(Into::into)
            },
            &mut || {
                policy
                    .call("hub.match", text.as_bytes())
                    .map(drop)
                    .map_err(Into::into)
            },
            &mut || {
                sandbox
                    .call("hub.match", text.as_bytes())
                    .map(drop)
                    .map_err(Into::into)
            },
        ],
    )?;
    let name = |how: &str| {
        format!(
            "hub.match {0} x {0}, {how}, against plain JavaScript",
            node.count
        )
    };
    let mut rows = vec![
        Row::new(name("native, typed"), typed, node.plain, "ms"),
        Row::new(name("native, columns"), columns, node.plain, "ms"),
        Row::new(
            name("wasmtime, columns"),
            sandboxed_columns,
            node.plain,
            "ms",
        ),
        Row::new(
            name("wasmtime instance that stays, columns"),
            staying,
            node.plain,
            "ms",
        ),
        Row::new(
            format!(
                "hub.match {0} x {0}, columns, wasmtime instance that stays, against native",
                node.count
            ),
            staying,
            columns,
            "ms",
        ),
        Row::new(name("native, JSON"), bytes, node.plain, "ms"),
        Row::new(name("wasmtime, JSON"), sandboxed, node.plain, "ms"),
        Row::new(name("Node, JSON"), node.bytes, node.plain, "ms"),
    ];
    rows.extend(
        node.columns
            .map(|ours| Row::new(name("Node, columns"), ours, node.plain, "ms")),
    );
    rows.extend(
        node.objects
            .map(|ours| Row::new(name("Node, objects"), ours, node.plain, "ms")),
    );
    Ok(rows)
}

/// Time per entry at ten and a hundred times the size: n log n grows it by a little, n^2 by ten.
fn scaling() -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for count in [10_000, 100_000, 1_000_000] {
        let packed = packed(&value::decode(&Value::from_json(batch(count).as_bytes())?)?);
        let [time] = times(
            5,
            [&mut || {
                columns::match_columns(&packed)
                    .map(drop)
                    .map_err(Into::into)
            }],
        )?;
        let per_entry = time * 1e6 / count as f64;
        let first = rows.first().map(|row| row.ours);
        rows.push(Row::new(
            format!("matcher, time per entry at {count}, against 10000"),
            per_entry,
            first,
            "ns",
        ));
    }
    Ok(rows)
}

fn packed(input: &MatchInput) -> Vec<u8> {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = Vec::from(*columns::MAGIC);
    bytes.extend([0; 4]);
    bytes.extend(count(input.spenders.len()));
    bytes.extend(count(input.receivers.len()));
    for spender in &input.spenders {
        bytes.extend(spender.amount.get().to_le_bytes::<32>());
    }
    for receiver in &input.receivers {
        bytes.extend(receiver.amount.get().to_le_bytes::<32>());
    }
    for receiver in &input.receivers {
        bytes.extend(receiver.requested_at.get().to_le_bytes());
    }
    for receiver in &input.receivers {
        bytes.extend(receiver.fee.get().to_le_bytes::<32>());
    }
    bytes
}

/// Spenders and receivers of one token with 18 decimals, the same ones on every run.
fn batch(count: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut amount = || {
        format!(
            "{}{:012}",
            1 + next() % 500_000_000,
            next() % 1_000_000_000_000
        )
    };
    let spender = |n: usize, amount: String| {
        format!("{{\"id\":\"0x{n:064x}\",\"token_id\":1,\"amount\":\"{amount}\"}}")
    };
    let receiver = |n: usize, amount: String| {
        format!(
            "{{\"id\":\"0x{n:064x}\",\"token_id\":1,\"amount\":\"{amount}\",\"requested_at\":{}}}",
            1_700_000_000_000 + n % 977
        )
    };
    let spenders: Vec<String> = (0..count).map(|n| spender(n, amount())).collect();
    let receivers: Vec<String> = (0..count).map(|n| receiver(count + n, amount())).collect();
    format!(
        "{{\"strategy\":\"amount\",\"spenders\":[{}],\"receivers\":[{}]}}",
        spenders.join(","),
        receivers.join(",")
    )
}
