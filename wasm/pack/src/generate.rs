//! The files that are derived from core's description.

use anyhow::{Result, ensure};
use std::fs;
use std::path::Path;

use crate::model::Model;
use crate::{docs, help, python, say, typescript};

/// One derived file.
pub struct Derived {
    /// Where it lies, from the workspace.
    pub path: &'static str,
    /// What stands in it.
    pub text: String,
}

/// The licences, in every room that is packed by a tool that takes no file from above it.
fn licences(root: &Path) -> Result<Vec<Derived>> {
    let mut files = Vec::new();
    for (name, copies) in [
        (
            "LICENSE-APACHE",
            ["pkg/LICENSE-APACHE", "python/LICENSE-APACHE"],
        ),
        ("LICENSE-MIT", ["pkg/LICENSE-MIT", "python/LICENSE-MIT"]),
    ] {
        let text = fs::read_to_string(root.join(name))?;
        files.extend(copies.map(|path| Derived {
            path,
            text: text.clone(),
        }));
    }
    Ok(files)
}

/// Writes every derived file, or, to check, fails if one is stale.
pub fn generate(root: &Path, check: bool) -> Result<()> {
    let description = trimtab_core::operations::description()?;
    let model = Model::new(&description)?;
    let mut files = vec![Derived {
        path: "core/src/operations/describe.json",
        text: trimtab_core::operations::embedded()?,
    }];
    files.extend(typescript::files(&model)?);
    files.extend(python::files(&model, root)?);
    files.extend(help::files(&model)?);
    files.extend(docs::files(&model)?);
    files.extend(licences(root)?);
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
