//! `world`: plays a hub, its users, the chain and a treasury in virtual time, and measures what a
//! policy makes of it.
//!
//! ```text
//! world --scenario calm --seeds 20                 ours and the baselines
//! world --scenario all --policy trimtab --json x   a table, and the numbers as JSON
//! world --scenario all --docs docs                 the same, written to docs/world.json and docs/world.md
//! world --write-docs docs                          docs/world.md again from docs/world.json
//! world --check-docs docs                          whether docs/world.md is what docs/world.json makes
//! world --sweep --scenario calm                    which interval between ticks costs what
//! world --scenario adversary --seed 7 --seeds 1 --policy trimtab --log decisions.jsonl
//! ```
#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a simulator that loses its place should stop, and a table is what it is for"
)]

mod ledger;
mod log;
mod metrics;
mod page;
mod params;
mod policies;
mod promises;
mod sim;

use anyhow::{Context as _, Result};
use clap::Parser;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Metrics, Row};
use params::{Params, SCENARIOS};
use policies::{Decider, Kind, Sandbox};
use sim::{Options, World};

/// Plays hub policies in a simulated world.
#[derive(Debug, Parser)]
struct Arguments {
    /// The scenario, a file with parameters, or `all`.
    #[arg(long, default_value = "calm")]
    scenario: Vec<String>,
    /// Whose decisions: `trimtab`, `xln`, `reserves-only`, `no-policy`; all by default.
    #[arg(long)]
    policy: Vec<Kind>,
    /// How many seeds.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// How many seeds for the baselines; as many as for ours by default.
    #[arg(long)]
    baseline_seeds: Option<u64>,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Change a parameter, as `name=value`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The time between two ticks, in milliseconds.
    #[arg(long)]
    tick_ms: Option<u64>,
    /// Ticks only on the clock, not at once when a request comes.
    #[arg(long)]
    no_kick: bool,
    /// Ticks only when something happens, never on the clock.
    #[arg(long)]
    only_kick: bool,
    /// Compare intervals between ticks.
    #[arg(long)]
    sweep: bool,
    /// Decide in the sandboxed module instead of natively.
    #[arg(long)]
    sandbox: bool,
    /// Write each decision of the first seed here.
    #[arg(long)]
    log: Option<std::path::PathBuf>,
    /// Write the table as JSON here.
    #[arg(long)]
    json: Option<std::path::PathBuf>,
    /// Write world.json and world.md into this folder; rows of the same commit stay there.
    #[arg(long, value_name = "FOLDER")]
    docs: Option<std::path::PathBuf>,
    /// Play nothing: write world.md anew from the world.json of this folder.
    #[arg(long, value_name = "FOLDER")]
    write_docs: Option<std::path::PathBuf>,
    /// Play nothing: fail if the world.md of this folder is not what its world.json makes.
    #[arg(long, value_name = "FOLDER")]
    check_docs: Option<std::path::PathBuf>,
    /// The price of an operation on chain, in dollars.
    #[arg(long, value_delimiter = ',', default_value = "0.05,0.5,5")]
    gas: Vec<f64>,
    /// The price of capital, as a part of it a year.
    #[arg(long, value_delimiter = ',', default_value = "0.05,0.2")]
    rate: Vec<f64>,
    /// How many seeds are played at once.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(folder) = &arguments.write_docs {
        page::write_page(folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = &arguments.check_docs {
        page::check_page(folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let commit = page::commit();
    let started = std::time::Instant::now();
    let sandbox = arguments.sandbox.then(policies::sandbox).transpose()?;
    let names: Vec<&str> = match arguments.scenario.iter().any(|name| name == "all") {
        true => SCENARIOS.iter().map(|(name, _)| *name).collect(),
        false => arguments.scenario.iter().map(String::as_str).collect(),
    };
    let policies = if arguments.policy.is_empty() {
        Kind::ALL.to_vec()
    } else {
        arguments.policy.clone()
    };
    let mut rows = Vec::new();
    header();
    for name in names {
        let params = Params::load(name)?.with(&arguments.set)?;
        if arguments.sweep {
            for tick_ms in [1_000, 5_000, 10_000, 30_000, 60_000, 300_000] {
                let options = Options {
                    no_kick: true,
                    ..Options::default()
                };
                rows.push(row(
                    &arguments,
                    &params,
                    Kind::Ours,
                    Some(tick_ms),
                    options,
                    sandbox.as_ref(),
                    "clock",
                )?);
            }
            let options = Options {
                only_kick: true,
                ..Options::default()
            };
            rows.push(row(
                &arguments,
                &params,
                Kind::Ours,
                None,
                options,
                sandbox.as_ref(),
                "events",
            )?);
            continue;
        }
        for kind in &policies {
            let options = Options {
                no_kick: arguments.no_kick,
                only_kick: arguments.only_kick,
                honest: false,
            };
            rows.push(row(
                &arguments,
                &params,
                *kind,
                arguments.tick_ms,
                options,
                sandbox.as_ref(),
                "",
            )?);
        }
    }
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    }
    if let Some(folder) = &arguments.docs {
        let report = page::Report {
            commit,
            prices: prices(&arguments),
            rows: rows.clone(),
        };
        page::write(folder, report)?;
    }
    let (mut kept, mut lost, mut broken) = (0, 0, 0);
    for promise in promises::all(&rows) {
        let (verdict, count) = match (promise.holds, promise.must) {
            (true, _) => ("holds", &mut kept),
            (false, false) => ("LOST", &mut lost),
            (false, true) => ("BROKEN", &mut broken),
        };
        *count += 1;
        println!("{verdict:<7}{}: {}", promise.what, promise.found);
    }
    let busy: Option<f64> = rows.iter().map(|row| row.processor_seconds).sum();
    println!(
        "played in {:.0} s, of the processors' time {}",
        started.elapsed().as_secs_f64(),
        busy.map_or("unknown".to_owned(), |busy| format!("{busy:.0} s"))
    );
    println!(
        "promises: {kept} hold, {lost} lost, {broken} broken (only broken ones fail this run)"
    );
    Ok(if broken > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn prices(arguments: &Arguments) -> metrics::Prices {
    metrics::Prices {
        gas: arguments.gas.clone(),
        rates: arguments.rate.clone(),
    }
}

fn row(
    arguments: &Arguments,
    params: &Params,
    kind: Kind,
    tick_ms: Option<u64>,
    options: Options,
    sandbox: Option<&Sandbox>,
    note: &str,
) -> Result<Row> {
    let decider = Decider::new(kind, params, tick_ms, sandbox)?;
    let asked = if kind == Kind::Ours {
        arguments.seeds
    } else {
        arguments.baseline_seeds.unwrap_or(arguments.seeds)
    };
    let next = AtomicU64::new(arguments.seed);
    let end = arguments.seed + asked;
    let done: Mutex<Vec<(u64, Metrics, Option<i128>)>> = Mutex::new(Vec::new());
    let failure: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let busy: Mutex<Option<f64>> = Mutex::new(Some(0.0));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    match play(arguments, params, &decider, seed, options) {
                        Ok((metrics, honest)) => {
                            if let Ok(mut done) = done.lock() {
                                done.push((seed, metrics, honest));
                            }
                        }
                        Err(error) => {
                            if let Ok(mut failure) = failure.lock() {
                                *failure = Some(error.context(format!("seed {seed}")));
                            }
                        }
                    }
                }
                if let Ok(mut busy) = busy.lock() {
                    *busy = busy.zip(processor_seconds()).map(|(all, own)| all + own);
                }
            });
        }
    });
    if let Ok(Some(error)) = failure.into_inner() {
        return Err(error);
    }
    let mut runs = done.into_inner().ok().context("a thread panicked")?;
    runs.sort_by_key(|(seed, _, _)| *seed);
    let name = if note.is_empty() {
        kind.name().to_owned()
    } else {
        format!("{} {note}", kind.name())
    };
    let row = Row::of(
        &params.name,
        &name,
        decider.tick_ms,
        &runs,
        &changed(arguments, &decider, options),
        &prices(arguments),
    );
    let row = Row {
        processor_seconds: busy.into_inner().ok().flatten(),
        ..row
    };
    print(&row);
    Ok(row)
}

/// How long this thread has kept a processor busy, in whole milliseconds; Linux tells it.
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some((nanoseconds / 1_000_000) as f64 / 1_000.0)
}

/// The options that a replay needs besides scenario, policy and seed.
fn changed(arguments: &Arguments, decider: &Decider, options: Options) -> String {
    let set = arguments.set.iter().map(|set| format!(" --set {set}"));
    let mut text: String = set.collect();
    text.push_str(&format!(" --tick-ms {}", decider.tick_ms));
    for (is_on, flag) in [
        (options.no_kick, " --no-kick"),
        (options.only_kick, " --only-kick"),
        (arguments.sandbox, " --sandbox"),
    ] {
        text.push_str(if is_on { flag } else { "" });
    }
    text
}

fn play(
    arguments: &Arguments,
    params: &Params,
    decider: &Decider,
    seed: u64,
    options: Options,
) -> Result<(Metrics, Option<i128>)> {
    let mut world = World::new(params, decider, seed, options)?;
    if let Some(path) = arguments.log.as_ref().filter(|_| seed == arguments.seed) {
        let file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
        world = world.logged(Box::new(std::io::BufWriter::new(file)))?;
    }
    let metrics = world.run()?;
    let honest = match params.attackers > 0.0 {
        true => Some(
            World::new(
                params,
                decider,
                seed,
                Options {
                    honest: true,
                    ..options
                },
            )?
            .run()?
            .equity,
        ),
        false => None,
    };
    Ok((metrics, honest))
}

fn header() {
    println!(
        "{:<13} {:<15} {:>6} {:>5} {:>7} {:>7} {:>6} {:>6} {:>6} {:>5} {:>6} {:>7} {:>7} {:>6} {:>7} {:>7} {:>5} {:>5} {:>5}",
        "scenario",
        "policy",
        "tick",
        "seeds",
        "faucet",
        "uptime",
        "p50 s",
        "p95 s",
        "p99 s",
        "open",
        "reqs",
        "coll k",
        "res/u",
        "op/k",
        "batches",
        "ticks",
        "starv",
        "loss",
        "laws"
    );
}

fn print(row: &Row) {
    println!(
        "{:<13} {:<15} {:>6} {:>5} {:>6.2}% {:>6.2}% {:>6.1} {:>6.1} {:>6.1} {:>5.1} {:>6.0} {:>7.1} {:>7.3} {:>6.2} {:>7.0} {:>7.0} {:>5} {:>5.0} {:>5}",
        row.scenario,
        row.policy,
        row.tick_ms,
        row.seeds,
        row.faucet_success * 100.0,
        row.reserve_uptime * 100.0,
        row.latency_p50_s,
        row.latency_p95_s,
        row.latency_p99_s,
        row.open_at_end,
        row.requests,
        row.collateralised / 1_000.0,
        row.reserve_per_unit,
        row.operations_per_1000,
        row.batches,
        row.ticks,
        row.starved,
        row.adversary_loss,
        row.violations
    );
    if let Some(seconds) = row.processor_seconds {
        let one = seconds / row.seeds.max(1) as f64;
        println!("    {one:.2} s of a processor a seed");
    }
    if !row.missed.is_empty() {
        println!("    missed: {}", row.missed.join(", "));
    }
    if row.late > 0.0 && row.policy.starts_with("trimtab") {
        let shares = row.late_because.iter();
        let shares: Vec<_> = shares
            .map(|(what, share)| format!("{what} {:.2} %", share * 100.0))
            .collect();
        println!(
            "    30 s and more: {:.2} % of requests, most of it waiting for: {}",
            row.late * 100.0,
            shares.join(", ")
        );
    }
    if let Some(replay) = &row.replay {
        for what in row.first_violation.iter().chain(&row.first_starvation) {
            println!("    {what}");
        }
        println!("    {replay}");
    }
}
