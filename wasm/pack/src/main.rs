//! `trimtab-pack`: builds, binds, checks and copies the one module, and writes every file that is
//! derived from core's description.
//!
//! ```text
//! trimtab-pack build                 target/module/ and the copies in pkg/, python/ and host/
//! trimtab-pack check-reproducible    the digest is the same from two directories
//! trimtab-pack weigh                 what our own parts save against the library for each
//! trimtab-pack generate [--check]    describe.json, TypeScript, Python stubs, docs/reference.md
//! ```

mod build;
mod docs;
mod generate;
mod help;
mod inspect;
mod model;
mod names;
mod python;
mod reproducible;
mod stub;
mod typescript;
mod weigh;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;

/// Builds, binds, checks and copies the one module; generates the types of every surface.
#[derive(Debug, Parser)]
#[command(name = "trimtab-pack", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Builds the module, checks it and copies it to the rooms that ship it.
    Build,
    /// Builds the module in two directories and compares the digests.
    CheckReproducible,
    /// Builds the module with what would take the place of our own parts, and compares the bytes.
    Weigh,
    /// Writes the files that are derived from core.
    Generate {
        /// Write nothing; fail if a file is stale.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    let root = workspace();
    match Arguments::parse().task {
        Task::Build => build::build(&root),
        Task::CheckReproducible => reproducible::check(&root),
        Task::Weigh => weigh::weigh(&root),
        Task::Generate { check } => generate::generate(&root, check),
    }
}

/// The workspace this tool was compiled in.
fn workspace() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or(here.clone(), PathBuf::from)
}

/// A line for the person who runs the tool.
fn say(line: impl std::fmt::Display) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
