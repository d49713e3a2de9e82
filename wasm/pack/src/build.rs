//! From sources to the one module: compile, bind, check, measure, copy.

use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

use crate::{inspect, say};

/// The rooms that ship the module.
const ROOMS: [&str; 3] = ["pkg/module", "python/trimtab/module", "host/module"];

/// The module with what JavaScript needs around it.
pub struct Bound {
    /// The bytes that every surface loads.
    pub wasm: Vec<u8>,
    glue: String,
    types: String,
}

/// Builds, checks and copies.
pub fn build(root: &Path) -> Result<()> {
    let bound = bind(&compile(root)?)?;
    let report = inspect::check(&bound.wasm)?;
    for room in ROOMS {
        copy(&bound, &report.digest, &root.join(room))?;
    }
    say(format_args!(
        "trimtab.wasm: {} bytes, {} with brotli (goal {}), {} imports, sha256 {}",
        report.raw,
        report.brotli,
        inspect::BROTLI_GOAL,
        report.imports,
        report.digest
    ))?;
    // Last, so that the other rooms can be tried while the module is too large.
    ensure!(
        report.brotli <= inspect::BROTLI_LIMIT,
        "the module is too large: {} bytes with brotli, at most {} are allowed",
        report.brotli,
        inspect::BROTLI_LIMIT
    );
    Ok(())
}

/// Compiles the crate for `wasm32-unknown-unknown`.
pub fn compile(root: &Path) -> Result<Vec<u8>> {
    let status = Command::new(cargo())
        .current_dir(root)
        .args(["build", "--locked", "--package", "trimtab-wasm"])
        .args(["--target", "wasm32-unknown-unknown", "--profile", "module"])
        .arg("--target-dir")
        .arg(root.join("target"))
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root)?.join("\u{1f}"))
        .status()
        .context("cargo did not start")?;
    ensure!(status.success(), "cargo build of trimtab-wasm: {status}");
    let built = root.join("target/wasm32-unknown-unknown/module/trimtab_wasm.wasm");
    fs::read(&built).with_context(|| built.display().to_string())
}

/// Gives the compiled module its JavaScript surface.
pub fn bind(compiled: &[u8]) -> Result<Bound> {
    let mut output = Bindgen::new()
        .input_bytes("trimtab", inspect::without_target_features(compiled)?)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()?;
    ensure!(
        output.snippets().values().all(Vec::is_empty) && output.local_modules().is_empty(),
        "the glue must be one file"
    );
    let wasm = output.wasm_mut().emit_wasm();
    let (glue, types) = (output.js().to_owned(), output.ts());
    let types = types.context("the binder gave no types")?.to_owned();
    Ok(Bound { wasm, glue, types })
}

/// What makes the module one: no reference types (every import is then a plain function, which
/// every engine links), 32-bit limbs for the curve (three times faster in wasm), only small
/// functions inlined (a quarter of the bytes for a few percent of the speed), and no path of the
/// machine that built it.
fn flags(root: &Path) -> Result<Vec<String>> {
    let mut flags = vec![
        "-Ctarget-feature=-reference-types,-multivalue".to_owned(),
        "--cfg=cpubits=\"32\"".to_owned(),
        "-Cllvm-args=-inline-threshold=10".to_owned(),
    ];
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    flags.push(remap(&sysroot()?, "/toolchain"));
    // A registry's directory is named after the mirror it came through.
    for registry in directories(&cargo_home()?.join("registry/src"))? {
        flags.push(remap(&registry, "/registry"));
    }
    flags.push(remap(root, "/trimtab"));
    Ok(flags)
}

fn directories(parent: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).with_context(|| parent.display().to_string())? {
        found.push(entry?.path());
    }
    found.sort();
    Ok(found)
}

fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
    Ok(PathBuf::from(home.context("no home directory")?).join(".cargo"))
}

fn sysroot() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "sysroot"]).output()?;
    if !output.status.success() {
        bail!("rustc --print sysroot: {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

fn copy(bound: &Bound, digest: &str, room: &Path) -> Result<()> {
    fs::create_dir_all(room).with_context(|| room.display().to_string())?;
    let digest_line = format!("{digest}  trimtab.wasm\n");
    let files: [(&str, &[u8]); 4] = [
        ("trimtab.wasm", &bound.wasm),
        ("trimtab.wasm.sha256", digest_line.as_bytes()),
        ("trimtab.js", bound.glue.as_bytes()),
        ("trimtab.d.ts", bound.types.as_bytes()),
    ];
    for (name, bytes) in files {
        let path = room.join(name);
        // The same bytes keep their time, so that nothing downstream is rebuilt for them.
        if fs::read(&path).is_ok_and(|present| present == bytes) {
            continue;
        }
        fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
