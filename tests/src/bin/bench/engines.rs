//! One small decision, `rebalance.accept` on JSON: natively and through the sandbox, against engines of
//! general policies. Those are built apart (`tests/engines`), so that they are no part of trimtab.

use anyhow::{Context as _, Result};
use std::path::Path;
use std::process::Command;
use trimtab_core::policy::Policy;
use trimtab_host::{Limits, Sandbox};

use super::{Row, times, told};

const OPERATION: &str = "rebalance.accept";
const INPUT: &[u8] = br#"{"ev":13,"min_ev":10,"tier":"vulnerable"}"#;
const CALLS: u32 = 500;

pub fn rows() -> Result<Vec<Row>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines/Cargo.toml");
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/engines");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let lines = told(
        Command::new(cargo)
            .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
            .arg(manifest)
            .arg("--target-dir")
            .arg(target),
    )?;
    let engines = lines.lines().map(serde_json::from_str);
    let mut rows: Vec<Row> = engines.collect::<Result<_, _>>()?;
    let regorus = rows.iter().find(|row| row.name.contains("regorus"));
    let regorus = regorus
        .and_then(|row| row.peer)
        .context("no row of regorus")?;
    rows.extend(sandboxed(regorus)?);
    Ok(rows)
}

/// The ways into the sandbox, each against regorus and against native.
fn sandboxed(regorus: f64) -> Result<Vec<Row>> {
    let on_demand = Sandbox::new()?;
    let limits = Limits {
        memory_bytes: 64 << 20,
        ..Limits::default()
    };
    let pooled = Sandbox::builder().limits(limits).pooled(4).build()?;
    let mut pinned = on_demand.open("policy", b"{}")?;
    let policy = Policy::plan();
    let many = |call: &mut dyn FnMut() -> Result<()>| (0..CALLS).try_for_each(|_| call());
    let [native, staying, pool, demand] = times(
        31,
        [
            &mut || many(&mut || policy.call(OPERATION, INPUT).map(drop).map_err(Into::into)),
            &mut || {
                many(&mut || {
                    pinned
                        .call_on(OPERATION, INPUT)
                        .map(drop)
                        .map_err(Into::into)
                })
            },
            &mut || many(&mut || pooled.call(OPERATION, INPUT).map(drop).map_err(Into::into)),
            &mut || {
                many(&mut || {
                    on_demand
                        .call(OPERATION, INPUT)
                        .map(drop)
                        .map_err(Into::into)
                })
            },
        ],
    )?
    .map(|milliseconds| milliseconds * 1e3 / f64::from(CALLS));
    let ways = [
        ("instance that stays", staying),
        ("new instance from a pool", pool),
        ("new instance on demand", demand),
    ];
    let rows = ways.into_iter().flat_map(|(how, time)| {
        let row = |whom: &str, peer| {
            Row::new(
                format!("{OPERATION}, {how}, against {whom}"),
                time,
                peer,
                "us",
            )
        };
        [row("regorus on JSON", regorus), row("native", native)]
    });
    Ok(rows.collect())
}
