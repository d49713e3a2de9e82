//! What a part of our own saves in the module: it is built as it is, then with what would take the
//! part's place. Each patch in `weigh/` is one such choice.

use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::inspect::{self, Report};
use crate::reproducible::copy_tracked;
use crate::{build, say};

/// Builds the module once for each patch, in a copy of the sources, and prints its bytes.
pub fn weigh(root: &Path) -> Result<()> {
    let copy = std::env::temp_dir().join(format!("trimtab-weigh-{}", std::process::id()));
    let outcome = rows(root, &copy);
    fs::remove_dir_all(&copy).ok();
    outcome
}

fn rows(root: &Path, copy: &Path) -> Result<()> {
    copy_tracked(root, copy)?;
    let whole = measured(copy)?;
    row("as it is", &whole, &whole)?;
    for patch in patches(&root.join("wasm/pack/weigh"))? {
        apply(copy, &patch, &[])?;
        let other = measured(copy)?;
        apply(copy, &patch, &["--reverse"])?;
        let name = patch.file_stem().unwrap_or_default().to_string_lossy();
        row(&name, &other, &whole)?;
    }
    Ok(())
}

fn measured(root: &Path) -> Result<Report> {
    inspect::check(&build::bind(&build::compile(root)?)?.wasm)
}

fn row(name: &str, report: &Report, whole: &Report) -> Result<()> {
    let more = report.brotli as f64 / whole.brotli as f64 * 100.0 - 100.0;
    say(format_args!(
        "{name:12} {:>9} bytes, {:>7} with brotli {more:+.1} %",
        report.raw, report.brotli
    ))
}

fn patches(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        found.push(entry?.path());
    }
    found.sort();
    Ok(found)
}

fn apply(copy: &Path, patch: &Path, way: &[&str]) -> Result<()> {
    let status = Command::new("git")
        .current_dir(copy)
        .arg("apply")
        .args(way)
        .arg(patch)
        .status()
        .context("git did not start")?;
    ensure!(status.success(), "{} no longer fits", patch.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_patch_fits_the_sources() {
        let root = crate::workspace();
        let all = patches(&root.join("wasm/pack/weigh")).unwrap();
        assert!(all.len() > 3, "{all:?}");
        for patch in all {
            apply(&root, &patch, &["--check"]).unwrap();
        }
    }
}
