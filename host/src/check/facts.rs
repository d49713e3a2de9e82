//! What a module is and wants, read from what was compiled; nothing of it runs.

use serde::Serialize;
use wasmtime::{ExternType, Module};

use crate::error::HostError;
use crate::limits::Limits;
use crate::module::Source;

/// What it is.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Identity {
    /// The sha256 of the bytes, in hex.
    pub sha256: String,
    /// How many bytes.
    pub bytes: u64,
    /// Whether it is another module than trimtab's own.
    pub foreign: bool,
    /// The version of the raw interface that it says it speaks.
    pub abi: Option<u32>,
    /// What it calls itself, if it answers `policy.describe`.
    pub name: Option<String>,
    /// Its version, if it answers `policy.describe`.
    pub version: Option<String>,
}

impl Identity {
    pub(crate) fn of(bytes: &[u8], sha256: String, foreign: bool) -> Self {
        Self {
            sha256,
            bytes: bytes.len() as u64,
            foreign,
            abi: None,
            name: None,
            version: None,
        }
    }
}

/// What it asks for.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Wants {
    /// What it wants to be given; a foreign module may import nothing.
    pub imports: Vec<Import>,
    /// What it offers.
    pub exports: Vec<Export>,
    /// Its exported memory.
    pub memory: Option<MemoryWanted>,
    /// How many tables it has.
    pub tables: u32,
    /// How many entries the largest table begins with.
    pub table_entries: u64,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Import {
    /// The namespace.
    pub module: String,
    /// The name.
    pub name: String,
    /// What kind of thing, with its type.
    pub kind: String,
}

/// One export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Export {
    /// The name.
    pub name: String,
    /// What kind of thing, with its type.
    pub kind: String,
}

/// A memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MemoryWanted {
    /// What an instance begins with.
    pub declared_bytes: u64,
    /// How far it may grow by its own word; `None` is as far as the host lets it.
    pub maximum_bytes: Option<u64>,
}

/// What a look at the compiled module shows.
pub(crate) struct Seen {
    pub(crate) wants: Wants,
    /// What is wrong with imports, exports, size.
    pub(crate) faults: [Option<HostError>; 3],
}

impl Seen {
    pub(crate) fn of(source: &Source<'_>, module: &Module, limits: &Limits) -> Self {
        let required = module.resources_required();
        let imports = module.imports().map(|import| Import {
            module: import.module().to_owned(),
            name: import.name().to_owned(),
            kind: kind(&import.ty()),
        });
        let exports = module.exports().map(|export| Export {
            name: export.name().to_owned(),
            kind: kind(&export.ty()),
        });
        let memory = match module.get_export("memory") {
            Some(ExternType::Memory(memory)) => Some(MemoryWanted {
                declared_bytes: memory.minimum().saturating_mul(memory.page_size()),
                maximum_bytes: memory
                    .maximum()
                    .map(|pages| pages.saturating_mul(memory.page_size())),
            }),
            _ => None,
        };
        Self {
            wants: Wants {
                imports: imports.collect(),
                exports: exports.collect(),
                memory,
                tables: required.num_tables,
                table_entries: required.max_initial_table_size.unwrap_or(0),
            },
            faults: source.faults(module, limits),
        }
    }
}

fn kind(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(shape) => {
            let list = |types: &mut dyn Iterator<Item = wasmtime::ValType>| {
                let names: Vec<String> = types.map(|ty| ty.to_string()).collect();
                names.join(", ")
            };
            let takes = list(&mut shape.params());
            let gives = list(&mut shape.results());
            format!("function ({takes}) -> ({gives})")
        }
        ExternType::Global(_) => "global".to_owned(),
        ExternType::Table(_) => "table".to_owned(),
        ExternType::Memory(_) => "memory".to_owned(),
        ExternType::Tag(_) => "tag".to_owned(),
    }
}
