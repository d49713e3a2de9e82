//! Says what to do when the module is not built yet; computes nothing.

const MODULE: &str = "module/trimtab.wasm";

fn main() {
    let directory = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let module = std::path::Path::new(&directory).join(MODULE);
    let mut out = std::io::stdout();
    let line = if module.is_file() {
        format!("cargo::rerun-if-changed={MODULE}")
    } else {
        format!("cargo::error=host/{MODULE} is missing: run `make module` first")
    };
    // Cargo reads our standard output; if it is gone, so is cargo.
    let _ = std::io::Write::write_all(&mut out, format!("{line}\n").as_bytes());
}
