//! What the module may be: imports only of the binder's own names, exports of the raw interface,
//! small enough.

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// What the module should weigh, compressed with brotli. It weighs more: see "Known gaps" in the
/// README.
pub const BROTLI_GOAL: usize = 400_000;

/// The module may not grow beyond this. The rules of a hub grew it beyond 500,000.
pub const BROTLI_LIMIT: usize = 520_000;

/// The exports of the raw interface; the memory comes with them.
const RAW: [&str; 8] = [
    "memory",
    "tt_abi",
    "tt_alloc",
    "tt_call",
    "tt_call_on",
    "tt_close",
    "tt_free",
    "tt_open",
];

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// Bytes as shipped.
    pub raw: usize,
    /// Bytes compressed with brotli, quality 11.
    pub brotli: usize,
    /// Imported functions, all of the binder.
    pub imports: usize,
    /// sha256 in lower-case hex.
    pub digest: String,
}

/// Refuses a module that could call something or lacks an export; measures it.
pub fn check(wasm: &[u8]) -> Result<Report> {
    let mut imports = 0;
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    allowed(import.name, import.ty)?;
                    imports += 1;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if matches!(export.kind, ExternalKind::Func | ExternalKind::Memory) {
                        exports.push(export.name.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    for name in RAW {
        ensure!(
            exports.iter().any(|export| export == name),
            "no export {name}"
        );
    }
    let brotli = compressed(wasm)?;
    let digest = trimtab_core::canonical::hex(&Sha256::digest(wasm));
    Ok(Report {
        raw: wasm.len(),
        brotli,
        imports,
        digest,
    })
}

/// The binder's names carry hashes, so only their beginnings are known.
fn allowed(name: &str, kind: TypeRef) -> Result<()> {
    if !matches!(kind, TypeRef::Func(_)) {
        bail!("the import {name} is no plain function: {kind:?}");
    }
    if !name.starts_with("__wbg_") && !name.starts_with("__wbindgen_") {
        bail!("the import {name} is not one of the binder's");
    }
    Ok(())
}

fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 22);
    writer.write_all(bytes)?;
    writer.flush()?;
    Ok(writer.into_inner().len())
}

/// The precompiled standard library marks features that our flags turn off; with the mark, the
/// binder would use them.
pub fn without_target_features(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut kept = wasm.get(..8).context("no wasm header")?.to_vec();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == "target_features")
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let body = wasm
                .get(range.start..range.end)
                .context("a section outside the file")?;
            kept.push(id);
            push_leb128(body.len(), &mut kept);
            kept.extend_from_slice(body);
        }
    }
    Ok(kept)
}

fn push_leb128(mut n: usize, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn module(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    /// The module that `docs/abi.md` shows to strangers.
    fn stranger() -> &'static str {
        let page = include_str!("../../../docs/abi.md");
        let (_, after) = page.split_once("```wat\n").unwrap();
        after.split_once("```").unwrap().0
    }

    #[test]
    fn the_module_in_the_documentation_passes_our_own_gate() {
        assert_eq!(check(&module(stranger())).unwrap().imports, 0);
    }

    #[test]
    fn an_import_that_is_not_the_binders_is_refused() {
        for import in [
            r#"(import "env" "clock" (func))"#,
            r#"(import "__wbindgen_placeholder__" "fetch" (func))"#,
            r#"(import "env" "__wbg_memory" (memory 1))"#,
            r#"(import "env" "__wbg_table" (table 1 funcref))"#,
        ] {
            let hostile = stranger().replacen("(module", &format!("(module {import}"), 1);
            let refusal = check(&module(&hostile)).unwrap_err().to_string();
            assert!(refusal.starts_with("the import "), "{import}: {refusal}");
        }
    }

    #[test]
    fn a_missing_export_is_refused() {
        let lacking = stranger().replacen("tt_free", "tt_forget", 1);
        assert!(
            check(&module(&lacking))
                .unwrap_err()
                .to_string()
                .contains("tt_free")
        );
    }

    #[test]
    fn only_the_mark_of_the_features_is_dropped() {
        let kept = module(r#"(module (@custom "other" "x") (memory (export "memory") 1))"#);
        assert_eq!(without_target_features(&kept).unwrap(), kept);
        let marked = module(
            r#"(module (@custom "other" "x") (memory (export "memory") 1) (@custom "target_features" "y"))"#,
        );
        assert_eq!(without_target_features(&marked).unwrap(), kept);
    }
}
