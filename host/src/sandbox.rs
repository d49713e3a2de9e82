//! The sandbox: a compiled module, its limits, and the ways to call it.

use std::fmt;
use std::sync::Arc;

use trimtab_core::error::Error;
use trimtab_core::policy::{Decided, Op};
use trimtab_core::reason::{Quarantined, Reason};
use trimtab_core::value::{self, FromValue, Value};
use trimtab_core::{canonical, policy};
use wasmtime::{
    Cache, Config, Enabled, Engine, InstanceAllocationStrategy, Module, OptLevel,
    PoolingAllocationConfig,
};

use crate::error::HostError;
use crate::handle::Handle;
use crate::instance::{Ask, Instance, handle_number};
use crate::limits::{Limits, MOST_TABLES};
use crate::module::{MODULE, Source, check_abi};
use crate::shared::{Report, Shared};
use crate::ticker::Ticker;

/// How much of a pooled instance's memory the next one may find already mapped.
const KEPT_BYTES: usize = 1 << 20;

/// How a sandbox is made.
#[derive(Clone, Debug, Default)]
pub struct Builder<'b> {
    module: Option<&'b [u8]>,
    digest: Option<&'b str>,
    limits: Limits,
    pool: Option<u32>,
    cached: bool,
}

impl<'b> Builder<'b> {
    /// Runs these bytes instead of trimtab's own module. They may import nothing.
    #[must_use]
    pub fn module(self, bytes: &'b [u8]) -> Self {
        Self {
            module: Some(bytes),
            ..self
        }
    }

    /// Demands that the bytes have this sha256 (hex).
    #[must_use]
    pub fn digest(self, sha256: &'b str) -> Self {
        Self {
            digest: Some(sha256),
            ..self
        }
    }

    /// What each call may use.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Keeps room for `instances` at once, so that a call starts faster; one more is refused with
    /// [`HostError::Unavailable`]. Without a pool every instance gets its memory on demand.
    #[must_use]
    pub fn pooled(self, instances: u32) -> Self {
        Self {
            pool: Some(instances),
            ..self
        }
    }

    /// Keeps the compiled module in the cache directory of the user, as the command `wasmtime` does:
    /// compiling takes seconds, reading it again does not. Whoever may write there decides what runs
    /// here. Where there is no such directory the module is compiled as without this.
    #[must_use]
    pub fn cached(self) -> Self {
        Self {
            cached: true,
            ..self
        }
    }

    /// Compiles the module, a few seconds of work; a clone of the sandbox costs nothing.
    pub fn build(self) -> Result<Sandbox, HostError> {
        self.built(|_, _| ())
    }

    /// As [`Builder::build`]; `seen` looks at what was compiled before anything of it runs.
    pub(crate) fn built(
        self,
        seen: impl FnOnce(&Source<'_>, &Module),
    ) -> Result<Sandbox, HostError> {
        let source = Source::checked(self.module.unwrap_or(MODULE), self.digest)?;
        let engine = Engine::new(&self.config(source.foreign)).map_err(unavailable)?;
        let module = source.compiled(&engine, &self.limits)?;
        seen(&source, &module);
        let (ready, exports) = source.linked(&module, &self.limits)?;
        let ticker = match self.limits.deadline {
            Some(_) => Some(Ticker::start(engine.clone()).map_err(unavailable)?),
            None => None,
        };
        let shared = Shared {
            ready,
            exports,
            limits: self.limits,
            digest: source.digest,
            foreign: source.foreign,
            engine,
            ticker,
        };
        {
            let _running = shared.running();
            check_abi(Instance::fresh(&shared)?.abi(&shared)?)?;
        }
        Ok(Sandbox {
            plan: Policy {
                shared: Arc::new(shared),
                setting: None,
            },
        })
    }

    fn config(&self, foreign: bool) -> Config {
        let mut config = Config::new();
        config
            .consume_fuel(self.limits.fuel.is_some())
            .epoch_interruption(self.limits.deadline.is_some())
            // See the front page: our own module lets no NaN out.
            .cranelift_nan_canonicalization(foreign)
            .cranelift_opt_level(OptLevel::Speed)
            // The only instructions whose result the processor may choose.
            .wasm_relaxed_simd(false)
            .wasm_memory64(false)
            .wasm_multi_memory(false)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false)
            .native_unwind_info(false);
        if self.cached {
            config.cache(Cache::from_file(None).ok());
        }
        if let Some(instances) = self.pool {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(self.pool(instances)));
        }
        config
    }

    fn pool(&self, instances: u32) -> PoolingAllocationConfig {
        let mut pool = PoolingAllocationConfig::new();
        let bytes = usize::try_from(self.limits.memory_bytes).unwrap_or(usize::MAX);
        let entries = usize::try_from(self.limits.table_entries).unwrap_or(usize::MAX);
        pool.total_core_instances(instances)
            .total_memories(instances)
            .total_tables(instances.saturating_mul(MOST_TABLES))
            .max_tables_per_module(MOST_TABLES)
            .max_memory_size(bytes)
            .table_elements(entries);
        // A call dirties a few pages: writing those back is cheaper than mapping them anew. Where the
        // kernel cannot name them, everything kept would have to be written back.
        if PoolingAllocationConfig::is_pagemap_scan_available() {
            pool.pagemap_scan(Enabled::Yes)
                .linear_memory_keep_resident(KEPT_BYTES)
                .table_keep_resident(KEPT_BYTES);
        }
        pool
    }
}

fn unavailable(error: impl fmt::Display) -> HostError {
    HostError::Unavailable(format!("{error:#}"))
}

/// A compiled module under limits. Clones share the compiled code.
#[derive(Clone, Debug)]
pub struct Sandbox {
    plan: Policy,
}

impl Sandbox {
    /// trimtab's own module under the default limits.
    pub fn new() -> Result<Self, HostError> {
        Self::builder().build()
    }

    /// Another module, other limits, a pool.
    #[must_use]
    pub fn builder<'b>() -> Builder<'b> {
        Builder::default()
    }

    /// The sha256 of the module, in hex: the identity of the policy.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.plan.shared.digest
    }

    /// What each call may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.plan.shared.limits
    }

    /// The profile `plan` without changes.
    #[must_use]
    pub fn plan(&self) -> &Policy {
        &self.plan
    }

    /// Calls an operation under the profile `plan` in a fresh instance: the input as JSON, the
    /// answer as canonical JSON.
    pub fn call(&self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError> {
        self.plan.call(operation, input)
    }

    /// As [`Sandbox::call`], with what the call cost.
    pub fn call_reported(&self, operation: &str, input: &[u8]) -> Reported {
        self.plan.call_reported(operation, input)
    }

    /// Calls an operation with typed input and output.
    pub fn decide<O: Op>(&self, input: &O::Input) -> Result<Decided<O::Output>, HostError>
    where
        O::Output: FromValue,
    {
        self.plan.decide::<O>(input)
    }

    /// The same module under a profile and a config (JSON), which are checked here once.
    pub fn policy(&self, profile: &str, config: Option<&[u8]>) -> Result<Policy, HostError> {
        let mut setting = vec![("profile".into(), Value::Text(profile.into()))];
        if let Some(config) = config {
            let config = policy::parse(config).map_err(|error| error.inside("config"))?;
            setting.push(("config".into(), config));
        }
        let setting = canonical::text(&Value::Map(setting))?.into_bytes();
        let policy = Policy {
            shared: Arc::clone(&self.plan.shared),
            setting: Some(Arc::from(setting)),
        };
        policy.open()?.close()?;
        Ok(policy)
    }

    /// Opens a handle of a kind (`policy`, `fleet_book`, `hub_book`) in an instance of its own.
    pub fn open(&self, kind: &str, input: &[u8]) -> Result<Handle, HostError> {
        Handle::open(Arc::clone(&self.plan.shared), kind, input)
    }
}

/// How a policy without a setting is opened.
const PLAIN_SETTING: &[u8] = b"{}";

/// The outcome of a call and, where an instance ran, what it cost.
pub type Reported = (Result<Vec<u8>, HostError>, Option<Report>);

/// A module under a profile and a config.
#[derive(Clone)]
pub struct Policy {
    shared: Arc<Shared>,
    setting: Option<Arc<[u8]>>,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("module", &self.shared.digest)
            .field("limits", &self.shared.limits)
            .field(
                "setting",
                &self.setting.as_deref().map(String::from_utf8_lossy),
            )
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// As [`Sandbox::call`], under this policy.
    pub fn call(&self, operation: &str, input: &[u8]) -> Result<Vec<u8>, HostError> {
        let _running = self.shared.running();
        let mut instance = Instance::fresh(&self.shared)?;
        self.ask(&mut instance, operation, input)
    }

    /// As [`Sandbox::call_reported`], under this policy.
    pub fn call_reported(&self, operation: &str, input: &[u8]) -> Reported {
        let _running = self.shared.running();
        let mut instance = match Instance::fresh(&self.shared) {
            Ok(instance) => instance,
            Err(error) => return (Err(error), None),
        };
        let answer = self.ask(&mut instance, operation, input);
        (answer, Some(instance.report(&self.shared.limits)))
    }

    /// As [`Sandbox::decide`], under this policy.
    pub fn decide<O: Op>(&self, input: &O::Input) -> Result<Decided<O::Output>, HostError>
    where
        O::Output: FromValue,
    {
        let input = canonical::text(input)?;
        let envelope = self.call(O::NAME, input.as_bytes())?;
        typed_envelope(&envelope).map_err(|error| {
            HostError::BadModule(format!("its decision has another shape: {error}"))
        })
    }

    /// Pins an instance with this policy: the fastest way to ask often.
    pub fn open(&self) -> Result<Handle, HostError> {
        let setting = self.setting.as_deref().unwrap_or(PLAIN_SETTING);
        Handle::open(Arc::clone(&self.shared), "policy", setting)
    }

    fn ask(
        &self,
        instance: &mut Instance,
        operation: &str,
        input: &[u8],
    ) -> Result<Vec<u8>, HostError> {
        let shared = &self.shared;
        let ask = match self.setting.as_deref() {
            None => Ask::Call(operation),
            Some(setting) => {
                let opened = instance.ask(shared, Ask::Open("policy"), setting)?.body?;
                Ask::On(handle_number(&opened)?, operation)
            }
        };
        let answer = instance.ask(shared, ask, input)?.body?;
        let setting = self.setting.as_deref().unwrap_or(PLAIN_SETTING);
        shared.vouch(setting, operation, input, &answer)?;
        Ok(answer)
    }
}

fn typed_envelope<T: FromValue>(envelope: &[u8]) -> Result<Decided<T>, Error> {
    let envelope = Value::from_json(envelope)?;
    let part = |name: &str| envelope.get(name);
    let reasons: Option<Vec<Reason>> = part("reasons").map(value::decode).transpose()?;
    let quarantined: Option<Vec<Quarantined>> =
        part("quarantined").map(value::decode).transpose()?;
    Ok(Decided {
        decision: value::decode(part("decision").ok_or_else(|| Error::missing("decision"))?)?,
        reasons: reasons.unwrap_or_default(),
        quarantined: quarantined.unwrap_or_default(),
    })
}
