//! One instance of a module: carries bytes in and out, and believes nothing the module says.

use std::time::Instant;

use trimtab_core::error::Error;
use trimtab_core::policy::MAX_INPUT_BYTES;
use trimtab_core::value::{self, FromValue, Value};
use wasmtime::{Extern, Func, Instance as Linked, Memory, ModuleExport, Store, Trap, TypedFunc};
use wasmtime::{WasmParams, WasmResults};

use crate::error::HostError;
use crate::limits::{Exceeded, Limits, Watch};
use crate::shared::{Report, Shared};
use crate::ticker::Ticker;

/// The first byte of an answer.
const DECIDED: u8 = 0;
const FAILED: u8 = 1;

/// A range of the module's memory.
#[derive(Clone, Copy)]
struct Range {
    pointer: u32,
    length: u32,
}

/// What a host can ask.
#[derive(Clone, Copy)]
pub(crate) enum Ask<'n> {
    /// `tt_call`: an operation.
    Call(&'n str),
    /// `tt_open`: a kind of handle.
    Open(&'n str),
    /// `tt_call_on`: an operation on a handle.
    On(u32, &'n str),
}

/// What the policy answered, and the memory that it still holds for it.
pub(crate) struct Answer {
    pub(crate) body: Result<Vec<u8>, Error>,
    held: [Range; 2],
}

/// An error as it crosses the interface.
#[derive(FromValue)]
struct Failed {
    error: Error,
}

pub(crate) struct Instance {
    store: Store<Watch>,
    linked: Linked,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    begun: Instant,
    bytes_in: u64,
    bytes_out: u64,
}

impl Instance {
    /// A fresh instance, its fuel and time running.
    pub(crate) fn fresh(shared: &Shared) -> Result<Self, HostError> {
        let begun = Instant::now();
        let limits = &shared.limits;
        let mut store = Store::new(&shared.engine, Watch::new(limits));
        store.limiter(|watch| watch);
        // A start function runs now, under the same limits.
        grant(&mut store, limits)?;
        let linked = shared.ready.instantiate(&mut store);
        let linked = linked.map_err(|error| match told(&error, limits) {
            HostError::Trap(what) if error.downcast_ref::<Trap>().is_none() => {
                HostError::Unavailable(what)
            }
            told => told,
        })?;
        let memory = match linked.get_module_export(&mut store, &shared.exports.memory) {
            Some(Extern::Memory(memory)) => memory,
            _ => return Err(HostError::BadModule("it has no memory".to_owned())),
        };
        let alloc = typed(&mut store, &linked, &shared.exports.alloc)?;
        let mut instance = Self {
            store,
            linked,
            memory,
            alloc,
            begun,
            bytes_in: 0,
            bytes_out: 0,
        };
        instance.renew(limits)?;
        Ok(instance)
    }

    /// Fuel and time for one more call.
    pub(crate) fn renew(&mut self, limits: &Limits) -> Result<(), HostError> {
        grant(&mut self.store, limits)
    }

    /// Starts the clock of the report anew.
    pub(crate) fn begin(&mut self) {
        self.begun = Instant::now();
        (self.bytes_in, self.bytes_out) = (0, 0);
    }

    pub(crate) fn abi(&mut self, shared: &Shared) -> Result<u32, HostError> {
        let abi: TypedFunc<(), u32> = typed(&mut self.store, &self.linked, &shared.exports.abi)?;
        self.run(&abi, (), &shared.limits)
    }

    pub(crate) fn ask(
        &mut self,
        shared: &Shared,
        ask: Ask<'_>,
        input: &[u8],
    ) -> Result<Answer, HostError> {
        let (Ask::Call(name) | Ask::Open(name) | Ask::On(_, name)) = ask;
        let held = self.put(name, input, &shared.limits)?;
        let packed = self.asked(shared, ask, name, held)?;
        let answer = Range {
            pointer: (packed >> 32) as u32,
            length: packed as u32,
        };
        Ok(Answer {
            body: self.take(answer, &shared.limits)?,
            held: [held, answer],
        })
    }

    fn asked(
        &mut self,
        shared: &Shared,
        ask: Ask<'_>,
        name: &str,
        held: Range,
    ) -> Result<u64, HostError> {
        type Plain = (u32, u32, u32, u32);
        type OnHandle = (u32, u32, u32, u32, u32);
        let (exports, limits) = (&shared.exports, &shared.limits);
        let name_length = name.len() as u32;
        let input = held.pointer.wrapping_add(name_length);
        let input_length = held.length.saturating_sub(name_length);
        let plain = (held.pointer, name_length, input, input_length);
        let export = match ask {
            Ask::Call(_) => &exports.call,
            Ask::Open(_) => &exports.open,
            Ask::On(handle, _) => {
                let on_handle = (handle, plain.0, plain.1, plain.2, plain.3);
                let function =
                    typed::<OnHandle, u64>(&mut self.store, &self.linked, &exports.call_on)?;
                return self.run(&function, on_handle, limits);
            }
        };
        let function = typed::<Plain, u64>(&mut self.store, &self.linked, export)?;
        self.run(&function, plain, limits)
    }

    /// Gives the memory of an answer back; a fresh instance goes as a whole instead.
    pub(crate) fn release(&mut self, shared: &Shared, answer: &Answer) -> Result<(), HostError> {
        let free = typed::<(u32, u32), ()>(&mut self.store, &self.linked, &shared.exports.free)?;
        for range in answer.held {
            self.run(&free, (range.pointer, range.length), &shared.limits)?;
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, shared: &Shared, handle: u32) -> Result<(), HostError> {
        let close = typed::<u32, ()>(&mut self.store, &self.linked, &shared.exports.close)?;
        self.run(&close, handle, &shared.limits)
    }

    /// What the call cost since it began.
    pub(crate) fn report(&self, limits: &Limits) -> Report {
        let left = self.store.get_fuel().ok();
        Report {
            fuel: limits
                .fuel
                .zip(left)
                .map(|(given, left)| given.saturating_sub(left)),
            peak_memory_bytes: self.store.data().peak,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            microseconds: u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }

    /// Writes name and input side by side: one allocation instead of two.
    fn put(&mut self, name: &str, input: &[u8], limits: &Limits) -> Result<Range, HostError> {
        let most = MAX_INPUT_BYTES;
        if input.len() > most {
            let got = format!("{} bytes", input.len());
            return Err(Error::too_large("", got, format_args!("{most} bytes")).into());
        }
        let length = u32::try_from(name.len() + input.len())
            .map_err(|_| Error::too_large("op", format_args!("{} bytes", name.len()), "4 GiB"))?;
        let alloc = self.alloc.clone();
        let pointer = self.run(&alloc, length, limits)?;
        if pointer == 0 && length > 0 {
            return Err(HostError::MemoryLimit {
                limit: limits.memory_bytes,
                wanted: u64::from(length),
            });
        }
        let range = Range { pointer, length };
        let memory = self.memory.data_mut(&mut self.store);
        let slot = memory
            .get_mut(range.bounds())
            .ok_or_else(|| outside(range))?;
        let (first, rest) = slot
            .split_at_mut_checked(name.len())
            .ok_or_else(|| outside(range))?;
        first.copy_from_slice(name.as_bytes());
        rest.copy_from_slice(input);
        self.bytes_in = input.len() as u64;
        Ok(range)
    }

    /// Reads an answer; the limit holds before a byte is copied.
    fn take(&mut self, range: Range, limits: &Limits) -> Result<Result<Vec<u8>, Error>, HostError> {
        if u64::from(range.length) > limits.result_bytes {
            return Err(HostError::ResultLimit {
                limit: limits.result_bytes,
                length: u64::from(range.length),
            });
        }
        let memory = self.memory.data(&self.store);
        let bytes = memory.get(range.bounds()).ok_or_else(|| outside(range))?;
        self.bytes_out = bytes.len() as u64;
        match bytes.split_first() {
            Some((&DECIDED, body)) => Ok(Ok(body.to_vec())),
            Some((&FAILED, body)) => Value::from_json(body)
                .and_then(|failed| value::decode(&failed))
                .map(|failed: Failed| Err(failed.error))
                .map_err(|error| HostError::BadModule(format!("its error is none: {error}"))),
            Some((status, _)) => Err(HostError::BadModule(format!(
                "its answer has the status {status}"
            ))),
            None => Err(HostError::BadModule("its answer is empty".to_owned())),
        }
    }

    fn run<P: WasmParams, R: WasmResults>(
        &mut self,
        function: &TypedFunc<P, R>,
        parameters: P,
        limits: &Limits,
    ) -> Result<R, HostError> {
        function
            .call(&mut self.store, parameters)
            .map_err(|error| told(&error, limits))
    }
}

impl Range {
    /// In 64 bits, where a sum of two 32-bit numbers cannot wrap.
    fn bounds(self) -> std::ops::Range<usize> {
        let start = self.pointer as usize;
        start..start.saturating_add(self.length as usize)
    }
}

fn outside(range: Range) -> HostError {
    HostError::BadModule(format!(
        "it names {} bytes at {}, outside its memory",
        range.length, range.pointer
    ))
}

fn grant(store: &mut Store<Watch>, limits: &Limits) -> Result<(), HostError> {
    if let Some(fuel) = limits.fuel {
        store
            .set_fuel(fuel)
            .map_err(|error| HostError::Unavailable(error.to_string()))?;
    }
    if let Some(deadline) = limits.deadline {
        store.set_epoch_deadline(Ticker::ticks(deadline));
    }
    Ok(())
}

/// The types were checked once for the module; this is the cheap part.
fn typed<P: WasmParams, R: WasmResults>(
    store: &mut Store<Watch>,
    linked: &Linked,
    export: &ModuleExport,
) -> Result<TypedFunc<P, R>, HostError> {
    let function: Option<Func> = linked
        .get_module_export(&mut *store, export)
        .and_then(Extern::into_func);
    function
        .and_then(|function| function.typed(&*store).ok())
        .ok_or_else(|| HostError::BadModule("an export changed its type".to_owned()))
}

/// What ended the module.
fn told(error: &wasmtime::Error, limits: &Limits) -> HostError {
    if let Some(exceeded) = error.downcast_ref::<Exceeded>() {
        return HostError::MemoryLimit {
            limit: exceeded.limit,
            wanted: exceeded.wanted,
        };
    }
    match (error.downcast_ref::<Trap>(), limits.fuel, limits.deadline) {
        (Some(Trap::OutOfFuel), Some(fuel), _) => HostError::OutOfFuel { fuel },
        (Some(Trap::Interrupt), _, Some(limit)) => HostError::Deadline { limit },
        (Some(trap), _, _) => HostError::Trap(trap.to_string()),
        (None, _, _) => HostError::Trap(format!("{error:#}")),
    }
}

/// The number in `{"handle":n}`.
pub(crate) fn handle_number(opened: &[u8]) -> Result<u32, HostError> {
    let number = match Value::from_json(opened)
        .as_ref()
        .map(|value| value.get("handle"))
    {
        Ok(Some(Value::Unsigned(number))) => u32::try_from(*number).ok(),
        _ => None,
    };
    number.ok_or_else(|| HostError::BadModule("it opened no handle".to_owned()))
}
