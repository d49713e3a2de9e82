//! `vectors`: runs the cases of `tests/vectors` on core, or fills in what they expect.
//!
//! ```text
//! vectors                    every case against core, and which reasons no case shows
//! vectors --bless OP…        writes what core answers now into the file, for a person to review
//! ```

use anyhow::Result;
use clap::Parser;
use std::io::Write as _;
use std::process::ExitCode;
use trimtab_tests::vectors;

/// Runs the vectors on core, or fills in what they expect.
#[derive(Debug, Parser)]
struct Arguments {
    /// Fill in `expect` of these operations (`all` for every one); review the difference.
    #[arg(long, num_args = 1.., value_name = "OP")]
    bless: Vec<String>,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if !arguments.bless.is_empty() {
        return bless(&arguments.bless);
    }
    let suites = vectors::load()?;
    let mut found = vectors::malformed(&suites);
    found.extend(vectors::wrong(&suites)?);
    let (occurring, registered) = (vectors::occurring(&suites), vectors::registered());
    let line = |text: &str, pair: &(String, String)| format!("{}: {} {text}", pair.1, pair.0);
    let mut allowed = registered.clone();
    allowed.extend(vectors::composed());
    found.extend(
        occurring
            .difference(&allowed)
            .map(|pair| line("is not registered for it", pair)),
    );
    found.extend(
        registered
            .difference(&occurring)
            .map(|pair| line("occurs in no vector", pair)),
    );
    let mut out = std::io::stdout().lock();
    for finding in &found {
        writeln!(out, "{finding}")?;
    }
    let cases: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    writeln!(
        out,
        "{cases} cases of {} operations, {} findings",
        suites.len(),
        found.len()
    )?;
    Ok(if found.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn bless(operations: &[String]) -> Result<ExitCode> {
    for suite in vectors::load()? {
        if operations
            .iter()
            .any(|name| *name == suite.operation || name == "all")
        {
            let path = vectors::folder().join(format!("{}.json", suite.operation));
            std::fs::write(path, vectors::blessed(&suite)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
