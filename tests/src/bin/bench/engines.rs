//! One small decision, `rebalance.accept` on JSON: natively and through the sandbox, against engines
//! of general policies. Those are built apart (`tests/engines`), so that they are no part of trimtab.
//! Before anything is timed, all of them must give the same answers.

use anyhow::{Context as _, Result, ensure};
use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use trimtab_core::policy::Policy;
use trimtab_host::{Limits, Sandbox};

use super::{Row, times, told};

const OPERATION: &str = "rebalance.accept";
const TIERS: [&str; 4] = ["struggling", "vulnerable", "stable", "thriving"];
/// Below, at and above the threshold of each tier.
const VALUES: [u64; 6] = [5, 6, 7, 10, 13, 14];
/// Rounds are short, one pass through the inputs: on a busy machine a long one is interrupted more
/// often than a short one.
const ROUNDS: usize = 501;

pub fn rows() -> Result<Vec<Row>> {
    let inputs: Vec<String> = TIERS.iter().flat_map(of_tier).collect();
    let mut rows = engines(&inputs)?;
    let regorus = rows.iter().find(|row| row.name.contains("against regorus"));
    let regorus = regorus.and_then(|row| row.peer);
    let regorus = regorus.context("no row of regorus")?;
    rows.extend(sandboxed(&inputs, regorus)?);
    Ok(rows)
}

fn of_tier(tier: &&str) -> [String; 6] {
    VALUES.map(|ev| format!(r#"{{"ev":{ev},"min_ev":10,"tier":"{tier}"}}"#))
}

/// Native against the engines, all in one process.
fn engines(inputs: &[String]) -> Result<Vec<Row>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let lines = told(
        Command::new(cargo)
            .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
            .arg(folder.join("engines/Cargo.toml"))
            .arg("--target-dir")
            .arg(folder.join("../target/engines"))
            .arg("--")
            .args(inputs),
    )?;
    let rows = lines.lines().map(serde_json::from_str);
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A way to decide: JSON in, the canonical JSON of the envelope out.
type Way<'w> = &'w dyn Fn(&[u8]) -> Result<Vec<u8>>;

/// The ways into the sandbox, each against regorus and against native.
fn sandboxed(inputs: &[String], regorus: f64) -> Result<Vec<Row>> {
    let on_demand = Sandbox::new()?;
    let limits = Limits {
        memory_bytes: 64 << 20,
        ..Limits::default()
    };
    let pooled = Sandbox::builder().limits(limits).pooled(4).build()?;
    let pinned = RefCell::new(on_demand.open("policy", b"{}")?);
    let policy = Policy::plan();
    let ways: [Way<'_>; 4] = [
        &|input| Ok(policy.call(OPERATION, input)?),
        &|input| Ok(pinned.borrow_mut().call_on(OPERATION, input)?),
        &|input| Ok(pooled.call(OPERATION, input)?),
        &|input| Ok(on_demand.call(OPERATION, input)?),
    ];
    let [native, boxed @ ..] = ways;
    for input in inputs {
        let answer = native(input.as_bytes())?;
        for way in boxed {
            let same = way(input.as_bytes())? == answer;
            ensure!(same, "the sandbox decides {input} otherwise");
        }
    }
    let round = |way: Way<'_>| -> Result<()> {
        for input in inputs {
            std::hint::black_box(way(input.as_bytes())?);
        }
        Ok(())
    };
    let [one, two, three, four] = ways;
    let runs: [&mut dyn FnMut() -> Result<()>; 4] = [
        &mut || round(one),
        &mut || round(two),
        &mut || round(three),
        &mut || round(four),
    ];
    let calls = inputs.len() as f64;
    let [native, staying, pool, demand] =
        times(ROUNDS, runs)?.map(|milliseconds| milliseconds * 1e3 / calls);
    let ways = [
        ("instance that stays", staying),
        ("new instance from a pool", pool),
        ("new instance on demand", demand),
    ];
    let rows = ways.into_iter().flat_map(|(how, time)| {
        let row = |whom: &str, peer| {
            let name = format!("{OPERATION}, {how}, against {whom}");
            Row::new(name, time, peer, "us")
        };
        [row("regorus on JSON", regorus), row("native", native)]
    });
    Ok(rows.collect())
}
