//! The files that are derived from core's description.

use anyhow::{Result, ensure};
use std::fs;
use std::path::Path;

use crate::{docs, python, say, typescript};

/// One derived file.
pub struct Derived {
    /// Where it lies, from the workspace.
    pub path: &'static str,
    /// What stands in it.
    pub text: String,
}

/// Writes every derived file, or, to check, fails if one is stale.
pub fn generate(root: &Path, check: bool) -> Result<()> {
    let description = trimtab_core::operations::description()?;
    let mut files = vec![Derived {
        path: "core/src/operations/describe.json",
        text: trimtab_core::operations::embedded()?,
    }];
    files.extend(typescript::files(&description)?);
    files.extend(python::files(&description)?);
    files.extend(docs::files(&description)?);
    let readme = fs::read_to_string(root.join("README.md"))?;
    files.push(docs::readme(&description, &readme)?);
    let mut stale = Vec::new();
    for file in &files {
        let path = root.join(file.path);
        if fs::read_to_string(&path).is_ok_and(|present| present == file.text) {
            continue;
        }
        stale.push(file.path);
        if !check {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, &file.text)?;
        }
    }
    ensure!(
        !check || stale.is_empty(),
        "stale, run `make generate`: {}",
        stale.join(", ")
    );
    say(format_args!(
        "{} derived files, {} {}",
        files.len(),
        stale.len(),
        if check { "stale" } else { "written" }
    ))
}
