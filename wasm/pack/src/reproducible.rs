//! The same sources give the same bytes, wherever they lie.

use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::Path;
use std::process::Command;
use trimtab_core::canonical;

use crate::{build, say};

/// Builds here and in a copy of the tracked sources elsewhere, and compares the digests.
pub fn check(root: &Path) -> Result<()> {
    let elsewhere = std::env::temp_dir().join(format!("trimtab-elsewhere-{}", std::process::id()));
    let outcome = compare(root, &elsewhere);
    fs::remove_dir_all(&elsewhere).ok();
    outcome
}

fn compare(root: &Path, elsewhere: &Path) -> Result<()> {
    copy_tracked(root, elsewhere)?;
    let digest = |root: &Path| -> Result<String> {
        Ok(canonical::digest(
            &build::bind(&build::compile(root)?)?.wasm,
        ))
    };
    let (here, there) = (digest(root)?, digest(elsewhere)?);
    ensure!(
        here == there,
        "the digest depends on the directory: {here} and {there}"
    );
    say(format_args!(
        "reproducible from two directories: sha256 {here}"
    ))
}

/// The working copy of every tracked file, so that a change not yet committed is checked too.
pub fn copy_tracked(root: &Path, elsewhere: &Path) -> Result<()> {
    let listed = Command::new("git")
        .current_dir(root)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .context("git did not start")?;
    ensure!(listed.status.success(), "git ls-files: {}", listed.status);
    for name in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let (from, to) = (root.join(name), elsewhere.join(name));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        if from.is_file() {
            fs::copy(&from, &to).with_context(|| from.display().to_string())?;
        }
    }
    Ok(())
}
