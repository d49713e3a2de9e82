//! The clock behind deadlines: one thread per engine that counts milliseconds while calls run,
//! sleeps when none did for a while, and stops when its owner is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::Engine;

/// The length of one tick.
const TICK: Duration = Duration::from_millis(1);

/// So many ticks without a call, and the thread sleeps until the next one.
const IDLE_TICKS: u32 = 1000;

#[derive(Debug, Default)]
struct State {
    stop: AtomicBool,
    asleep: AtomicBool,
    begun: AtomicU64,
    running: AtomicU64,
}

/// Owns the thread.
#[derive(Debug)]
pub(crate) struct Ticker {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// A call that runs; the thread ticks at least as long as one exists.
pub(crate) struct Running<'t>(&'t State);

impl Ticker {
    pub(crate) fn start(engine: Engine) -> std::io::Result<Self> {
        let state = Arc::new(State::default());
        let seen = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("trimtab-deadline".to_owned())
            .spawn(move || tick(&engine, &seen))?;
        Ok(Self {
            state,
            thread: Some(thread),
        })
    }

    /// How many ticks are at least `limit` long, also when the first one is nearly over.
    pub(crate) fn ticks(limit: Duration) -> u64 {
        let whole = limit.as_nanos().div_ceil(TICK.as_nanos());
        u64::try_from(whole)
            .unwrap_or(u64::MAX >> 1)
            .saturating_add(1)
    }

    /// Announces a call. Only the first one after a pause pays for waking the thread.
    pub(crate) fn running(&self) -> Running<'_> {
        self.state.running.fetch_add(1, SeqCst);
        self.state.begun.fetch_add(1, SeqCst);
        if self.state.asleep.swap(false, SeqCst) {
            self.wake();
        }
        Running(&self.state)
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.stop.store(true, SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has nothing left to spoil.
            let _ = thread.join();
        }
    }
}

fn tick(engine: &Engine, state: &State) {
    let (mut seen, mut idle) = (0, 0);
    while !state.stop.load(SeqCst) {
        std::thread::park_timeout(TICK);
        engine.increment_epoch();
        let begun = state.begun.load(SeqCst);
        idle = if begun != seen || state.running.load(SeqCst) > 0 {
            0
        } else {
            idle + 1
        };
        seen = begun;
        if idle > IDLE_TICKS {
            sleep(state, seen);
            idle = 0;
        }
    }
}

/// The flag goes up before the last look: a call that begins in between sees it and wakes us.
fn sleep(state: &State, seen: u64) {
    state.asleep.store(true, SeqCst);
    while state.asleep.load(SeqCst) && state.begun.load(SeqCst) == seen && !state.stop.load(SeqCst)
    {
        std::thread::park();
    }
    state.asleep.store(false, SeqCst);
}
