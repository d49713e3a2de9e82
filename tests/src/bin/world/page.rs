//! `docs/world.json` and the page that is made from it.

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::path::Path;

use crate::metrics::{Prices, Row};
use crate::params::SCENARIOS;
use crate::policies::Kind;
use crate::promises;

/// What one run of the world found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// The commit it was made at.
    pub commit: String,
    pub prices: Prices,
    pub rows: Vec<Row>,
}

const PAGE: &str = include_str!("../../../world/page.md");

/// The commit of this checkout, with a mark where files differ from it.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").args(arguments).output();
        let output = output.ok().filter(|output| output.status.success());
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "core",
        "tests/src",
        // The parameters; the words of the page change no number.
        "tests/world/*.json",
    ]);
    let mark = if changed.is_none_or(|changed| changed.is_empty()) {
        ""
    } else {
        " and changes"
    };
    match git(&["rev-parse", "--short", "HEAD"]) {
        Some(commit) => format!("{commit}{mark}"),
        None => "unknown".to_owned(),
    }
}

/// Writes a report, and the page from it, into `folder`. Rows that lie there already stay where they
/// were made at the same commit, at the same prices, and this run has none of that scenario and policy.
pub fn write(folder: &Path, mut report: Report) -> Result<()> {
    let path = folder.join("world.json");
    let before = std::fs::read_to_string(&path).ok();
    let before: Option<Report> = before.and_then(|text| serde_json::from_str(&text).ok());
    let same =
        before.filter(|before| before.commit == report.commit && before.prices == report.prices);
    for row in same.into_iter().flat_map(|before| before.rows) {
        let is_new = |new: &Row| (&new.scenario, &new.policy) == (&row.scenario, &row.policy);
        if !report.rows.iter().any(is_new) {
            report.rows.push(row);
        }
    }
    report.rows.sort_by_key(|row| {
        let scenario = SCENARIOS.iter().position(|(name, _)| *name == row.scenario);
        let policy = Kind::ALL.iter().position(|kind| kind.name() == row.policy);
        let last = usize::MAX;
        (scenario.unwrap_or(last), policy.unwrap_or(last))
    });
    std::fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")
        .with_context(|| path.display().to_string())?;
    write_page(folder)
}

/// Writes the page from the report that lies in `folder`.
pub fn write_page(folder: &Path) -> Result<()> {
    Ok(std::fs::write(folder.join("world.md"), page(folder)?)?)
}

/// Whether the page in `folder` is the one that its report makes.
pub fn check_page(folder: &Path) -> Result<()> {
    let path = folder.join("world.md");
    let found = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    ensure!(
        found == page(folder)?,
        "{} is not what world.json and tests/world/page.md make: run `world --write-docs {}`",
        path.display(),
        folder.display()
    );
    Ok(())
}

fn page(folder: &Path) -> Result<String> {
    let path = folder.join("world.json");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let report: Report = serde_json::from_str(&text)?;
    Ok(PAGE
        .replace("{commit}", &report.commit)
        .replace("{results}", &results(&report.rows)?)
        .replace("{reserves}", &reserves(&report.rows)?)
        .replace("{costs}", &costs(&report.rows)?)
        .replace("{promises}", &kept(&report.rows)?))
}

fn results(rows: &[Row]) -> Result<String> {
    let mut out = String::from(
        "| scenario | policy | seeds | faucet % | uptime % | p50 s | p95 s | p99 s | open at the end | reserve per unit | operations per 1,000 | starved | loss | laws broken |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        writeln!(
            out,
            "| {} | {} | {} | {:.2} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.3} | {:.2} | {} | {:.0} | {} |",
            row.scenario,
            row.policy,
            row.seeds,
            row.faucet_success * 100.0,
            row.reserve_uptime * 100.0,
            row.latency_p50_s,
            row.latency_p95_s,
            row.latency_p99_s,
            row.open_at_end,
            row.reserve_per_unit,
            row.operations_per_1000,
            row.starved,
            row.adversary_loss,
            row.violations
        )?;
    }
    Ok(out)
}

fn reserves(rows: &[Row]) -> Result<String> {
    let mut out = String::from(
        "| scenario | policy | collateral a day | asked of the treasury a day | most in an hour | refusals a day | capital in use | proposals a day | withdrawn a day |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        writeln!(
            out,
            "| {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} | {:.0} | {:.0} |",
            row.scenario,
            row.policy,
            row.collateralised,
            row.treasury_asked,
            row.treasury_peak,
            row.treasury_refused,
            row.capital_in_use,
            row.proposals,
            row.rejects
        )?;
    }
    Ok(out)
}

fn costs(rows: &[Row]) -> Result<String> {
    let mixes = rows.iter().find(|row| !row.costs.is_empty());
    let mut out = String::from("| scenario | policy |");
    let mut line = String::from("|---|---|");
    for cost in mixes.iter().flat_map(|row| &row.costs) {
        write!(out, " gas {}, {} % |", cost.gas, cost.rate * 100.0)?;
        line.push_str("---|");
    }
    writeln!(out, "\n{line}")?;
    for row in rows.iter().filter(|row| !row.costs.is_empty()) {
        write!(out, "| {} | {} |", row.scenario, row.policy)?;
        for cost in &row.costs {
            write!(out, " {:.2} |", cost.total())?;
        }
        writeln!(out)?;
    }
    Ok(out)
}

fn kept(rows: &[Row]) -> Result<String> {
    let mut out = String::from("| what | found | |\n|---|---|---|\n");
    for promise in promises::all(rows) {
        let verdict = match (promise.holds, promise.must) {
            (true, _) => "holds",
            (false, true) => "**broken**",
            (false, false) => "**lost**",
        };
        writeln!(out, "| {} | {} | {verdict} |", promise.what, promise.found)?;
    }
    Ok(out)
}
