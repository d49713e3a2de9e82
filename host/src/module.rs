//! Which bytes may become a module: the right digest, no import that could reach out, the exports
//! of the raw interface with the right types.

use trimtab_core::canonical;
use trimtab_core::policy::ABI;
use wasmtime::{Engine, ExternType, FuncType, InstancePre, Linker, Module, ModuleExport, ValType};

use crate::error::HostError;
use crate::limits::{Limits, MOST_TABLES, Watch};
use crate::screen;

/// The bytes of trimtab's own module.
pub static MODULE: &[u8] = include_bytes!("../module/trimtab.wasm");

/// Its digest, as the build of the module wrote it down: to compute it takes longer than a start
/// and a decision together.
static MODULE_DIGEST: &str = include_str!("../module/trimtab.wasm.sha256");

/// Our own module carries imports for its JavaScript surface; the raw interface never calls them.
const OWN_IMPORTS: [&str; 2] = ["__wbg_", "__wbindgen_"];

/// The line of `sha256sum` without the name.
fn built_in_digest() -> &'static str {
    MODULE_DIGEST.split(' ').next().unwrap_or_default()
}

/// Bytes with their digest.
pub(crate) struct Source<'b> {
    bytes: &'b [u8],
    pub(crate) digest: String,
    pub(crate) foreign: bool,
}

/// Where the exports are, so that no call searches names.
pub(crate) struct Exports {
    pub(crate) memory: ModuleExport,
    pub(crate) alloc: ModuleExport,
    pub(crate) free: ModuleExport,
    pub(crate) call: ModuleExport,
    pub(crate) open: ModuleExport,
    pub(crate) call_on: ModuleExport,
    pub(crate) close: ModuleExport,
    pub(crate) abi: ModuleExport,
}

impl<'b> Source<'b> {
    /// Refuses bytes with another digest than the expected one.
    pub(crate) fn checked(bytes: &'b [u8], expected: Option<&str>) -> Result<Self, HostError> {
        let is_built_in = std::ptr::eq(bytes, MODULE);
        let digest = if is_built_in {
            built_in_digest().to_owned()
        } else {
            canonical::digest(bytes)
        };
        if let Some(expected) = expected.filter(|expected| !expected.eq_ignore_ascii_case(&digest))
        {
            return Err(HostError::DigestMismatch {
                expected: expected.to_owned(),
                found: digest,
            });
        }
        let foreign = !is_built_in && bytes != MODULE;
        Ok(Self {
            bytes,
            digest,
            foreign,
        })
    }

    /// Compiles the module. Whoever compiles it has to bound the time.
    pub(crate) fn compiled(&self, engine: &Engine, limits: &Limits) -> Result<Module, HostError> {
        let length = self.bytes.len() as u64;
        if self.foreign && length > limits.module_bytes {
            let limit = limits.module_bytes;
            return Err(HostError::BadModule(format!(
                "it has {length} bytes, {limit} are allowed"
            )));
        }
        if self.foreign {
            screen::check(self.bytes)?;
        }
        // Text is not accepted: `Module::new` would, were the feature on.
        Module::from_binary(engine, self.bytes).map_err(bad)
    }

    /// Links a compiled module.
    pub(crate) fn linked(
        &self,
        module: &Module,
        limits: &Limits,
    ) -> Result<(InstancePre<Watch>, Exports), HostError> {
        let linker = self.linker(module)?;
        let exports = Exports::of(module)?;
        check_size(module, limits)?;
        let ready = linker.instantiate_pre(module).map_err(bad)?;
        Ok((ready, exports))
    }

    /// Everything that [`Source::linked`] refuses, by what it is about.
    pub(crate) fn faults(&self, module: &Module, limits: &Limits) -> [Option<HostError>; 3] {
        [
            self.linker(module).err(),
            Exports::of(module).err(),
            check_size(module, limits).err(),
        ]
    }

    fn linker(&self, module: &Module) -> Result<Linker<Watch>, HostError> {
        let mut linker = Linker::new(module.engine());
        for import in module.imports() {
            let name = import.name();
            let ours = OWN_IMPORTS.iter().any(|prefix| name.starts_with(prefix));
            let (false, true, ExternType::Func(shape)) = (self.foreign, ours, import.ty()) else {
                let from = import.module();
                return Err(HostError::BadModule(format!(
                    "it imports {name:?} from {from:?}, and a module may call nothing"
                )));
            };
            let text = format!("it called the import \"{name}\"");
            linker
                .func_new(import.module(), name, shape, move |_, _, _| {
                    Err(wasmtime::Error::msg(text.clone()))
                })
                .map_err(bad)?;
        }
        Ok(linker)
    }
}

impl Exports {
    fn of(module: &Module) -> Result<Self, HostError> {
        use ValType::{I32, I64};
        let place = |name: &str| {
            let missing = || HostError::BadModule(format!("it has no export \"{name}\""));
            module.get_export_index(name).ok_or_else(missing)
        };
        let function = |name: &str, takes: &[ValType], gives: &[ValType]| {
            let shape = FuncType::new(module.engine(), takes.to_vec(), gives.to_vec());
            match module.get_export(name) {
                Some(ExternType::Func(found)) if FuncType::eq(&found, &shape) => place(name),
                Some(_) => Err(HostError::BadModule(format!(
                    "its export \"{name}\" has another type"
                ))),
                None => place(name),
            }
        };
        Ok(Self {
            memory: place("memory")?,
            abi: function("tt_abi", &[], &[I32])?,
            alloc: function("tt_alloc", &[I32], &[I32])?,
            free: function("tt_free", &[I32, I32], &[])?,
            call: function("tt_call", &[I32, I32, I32, I32], &[I64])?,
            open: function("tt_open", &[I32, I32, I32, I32], &[I64])?,
            call_on: function("tt_call_on", &[I32, I32, I32, I32, I32], &[I64])?,
            close: function("tt_close", &[I32], &[])?,
        })
    }
}

/// The pool would refuse such a module with words of its own, and so would the store.
fn check_size(module: &Module, limits: &Limits) -> Result<(), HostError> {
    let wants = module.resources_required();
    if wants.num_tables > MOST_TABLES || wants.num_memories > 1 {
        return Err(HostError::BadModule(format!(
            "it has {} tables and {} memories, {MOST_TABLES} and 1 are allowed",
            wants.num_tables, wants.num_memories
        )));
    }
    let Some(ExternType::Memory(memory)) = module.get_export("memory") else {
        return Err(HostError::BadModule(
            "its export \"memory\" is no memory".to_owned(),
        ));
    };
    let wanted = memory.minimum().saturating_mul(memory.page_size());
    if wanted > limits.memory_bytes {
        return Err(HostError::MemoryLimit {
            limit: limits.memory_bytes,
            wanted,
        });
    }
    Ok(())
}

pub(crate) fn check_abi(found: u32) -> Result<(), HostError> {
    if found == ABI {
        return Ok(());
    }
    Err(HostError::BadModule(format!(
        "it speaks version {found} of the interface, this host version {ABI}"
    )))
}

fn bad(error: wasmtime::Error) -> HostError {
    HostError::BadModule(format!("{error:#}"))
}
