//! One thread that numbers, chains and writes the lines; who appends waits until its own line is
//! written. Lines that wait together are written together.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use trimtab_core::config::Config;
use trimtab_core::log::line::{self, LogHandle, LogLineInput, LogPolicy};
use trimtab_core::log::read::Line;
use trimtab_core::log::{LogBegan, LogKind};
use trimtab_core::operations::COLUMNS;
use trimtab_core::policy::{Policy, parse};
use trimtab_core::reason::Why;
use trimtab_core::units::{Millis, Serial};
use trimtab_core::value::Value;
use trimtab_core::{canonical, error::Error};

use super::error::LogError;
use super::held::Restorable;
use super::options::{Fsync, LogOptions, Overload};
use super::sink::{FileSink, Sink, Tail};

/// How long the thread waits before it tries a refused write again.
const RETRY: Duration = Duration::from_millis(20);

/// So many lines are written at once.
const BATCH: usize = 256;

/// A policy as lines name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyNote {
    config: Arc<str>,
    profile: Arc<str>,
    overrides: Option<Arc<str>>,
}

impl PolicyNote {
    /// The policy of a profile and the config (JSON) that changes it.
    pub fn of(profile: &str, overrides: Option<&[u8]>) -> Result<Self, Error> {
        let parsed = overrides.map(parse).transpose();
        let parsed = parsed.map_err(|error| error.inside("config"))?;
        let parsed = parsed.filter(|config| *config != Value::Null);
        let policy = Policy::new(profile, parsed.as_ref())?;
        let text = parsed.as_ref().map(canonical::text).transpose()?;
        Ok(Self {
            config: policy.digest().into(),
            profile: profile.into(),
            overrides: text.map(Into::into),
        })
    }

    /// sha256 of the canonical config.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.config
    }
}

/// What a host saw of one call.
#[derive(Clone, Debug)]
pub struct Observed<'o> {
    /// The operation.
    pub op: &'o str,
    /// The policy that was asked.
    pub policy: &'o PolicyNote,
    /// The bytes of the input.
    pub input: &'o [u8],
    /// The bytes of the answer: an envelope or `{"error": …}`.
    pub output: &'o [u8],
    /// When, in milliseconds since 1970; the time of the append when absent.
    pub at_ms: Option<u64>,
    /// How long the call took.
    pub duration: Option<Duration>,
    /// What the host calls this decision.
    pub decision_id: Option<&'o str>,
    /// Who asked.
    pub caller: Option<&'o str>,
    /// What else the host wants to know later.
    pub labels: &'o [(&'o str, &'o str)],
}

impl<'o> Observed<'o> {
    /// What must be known of a call.
    #[must_use]
    pub const fn new(
        op: &'o str,
        policy: &'o PolicyNote,
        input: &'o [u8],
        output: &'o [u8],
    ) -> Self {
        Self {
            op,
            policy,
            input,
            output,
            at_ms: None,
            duration: None,
            decision_id: None,
            caller: None,
            labels: &[],
        }
    }

    fn entry(&self) -> Result<LogLineInput, LogError> {
        let own = |text: &str| Some(text.to_owned());
        let columns = self.op.ends_with(COLUMNS);
        let (input, input_hex) = text_or_hex(self.input, columns);
        let (output, output_hex) =
            text_or_hex(self.output, columns && self.output.first() != Some(&b'{'));
        let labels = self.labels.iter();
        let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(LogLineInput {
            at: Millis::named("at", self.at_ms.unwrap_or_else(now_ms))?,
            kind: LogKind::Decision,
            op: own(self.op),
            input,
            input_hex,
            output,
            output_hex,
            config: own(&self.policy.config),
            decision_id: self.decision_id.and_then(own),
            caller: self.caller.and_then(own),
            labels: (!self.labels.is_empty()).then(|| labels.collect()),
            duration_us: self.duration.map(micros),
            ..LogLineInput::default()
        })
    }
}

/// The bytes as text, or in hexadecimal where they are columns or no text.
pub(super) fn text_or_hex(bytes: &[u8], columns: bool) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !columns => (Some(text.to_owned()), None),
        _ => (None, Some(canonical::hex(bytes))),
    }
}

pub(super) fn micros(time: Duration) -> Serial {
    Serial::constant(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is on the log.
    Written {
        /// Its number.
        seq: u64,
        /// Its sha256.
        hash: String,
    },
    /// It is not on the log, and the options let the call go on.
    Dropped,
}

/// What was found when the log was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Whether there was a log.
    pub resumed: bool,
    /// Whether it had ended in order; false after a kill or a power failure.
    pub ended: bool,
    /// How many bytes of a cut line were removed. The line counts as dropped.
    pub cut_bytes: u64,
    /// The number of the snapshot that was written now.
    pub seq: u64,
}

/// What the log did since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Lines written, those of the log itself included.
    pub written: u64,
    /// Lines dropped: each leaves a gap in `seq`.
    pub dropped: u64,
    /// Lines that were written after whoever appended them had given up.
    pub late: u64,
    /// Bytes written.
    pub bytes: u64,
    /// New files begun.
    pub rotations: u64,
    /// The number of the next line.
    pub next_seq: u64,
    /// How often the sink refused a write.
    pub refused: u64,
}

#[derive(Debug, Default)]
struct Numbers {
    written: AtomicU64,
    dropped: AtomicU64,
    late: AtomicU64,
    bytes: AtomicU64,
    rotations: AtomicU64,
    next_seq: AtomicU64,
    refused: AtomicU64,
}

fn add(number: &AtomicU64, n: u64) {
    number.fetch_add(n, Ordering::Relaxed);
}

/// What is known of a line that waits.
#[derive(Debug)]
enum State {
    Queued,
    Given,
    Writing,
    Done(Result<Receipt, LogError>),
}

#[derive(Debug)]
struct Ticket {
    state: Mutex<State>,
    done: Condvar,
}

impl Ticket {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::Queued),
            done: Condvar::new(),
        })
    }

    /// Whether the line is still wanted; from now on it cannot be taken back.
    fn begin(&self) -> bool {
        let mut state = held(&self.state);
        match *state {
            State::Queued => {
                *state = State::Writing;
                true
            }
            _ => false,
        }
    }

    /// Tells whoever waits; whether somebody did.
    fn end(&self, outcome: Result<Receipt, LogError>) -> bool {
        let mut state = held(&self.state);
        let waits = !matches!(*state, State::Given);
        *state = State::Done(outcome);
        self.done.notify_all();
        waits
    }

    /// Waits until the line is written, or for so long.
    fn wait(&self, until: Instant) -> Option<Result<Receipt, LogError>> {
        let mut state = held(&self.state);
        loop {
            if let State::Done(outcome) = &mut *state {
                return Some(std::mem::replace(outcome, Err(LogError::Closed)));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                *state = State::Given;
                return None;
            }
            let waited = self.done.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A line that waits to be written.
struct Job {
    entry: LogLineInput,
    policy: Option<PolicyNote>,
    ticket: Arc<Ticket>,
    until: Instant,
    /// Begin a new file with these handles first.
    rotate: bool,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Lines that found no room.
    missed: u64,
    is_closed: bool,
}

struct Shared {
    options: LogOptions,
    queue: Mutex<Queue>,
    /// Something to write.
    filled: Condvar,
    /// Room in the queue.
    emptied: Condvar,
    numbers: Numbers,
    /// Open handles: while there are any, only they can begin a new file.
    handles: Registry,
    next_handle: AtomicU64,
    rotation_due: AtomicBool,
}

/// The handles that are open, by their numbers.
pub(super) type Registry = Mutex<BTreeMap<u64, Arc<Mutex<dyn Restorable>>>>;

/// A lock whose holder panicked is as good as before: every change under it is whole.
pub(super) fn held<T: ?Sized>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a log. Clones write the same one.
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    opening: Arc<Opening>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("path", &self.shared.options.path)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Opens the log at `options.path`, or goes on with the one that is there.
    pub fn open(options: LogOptions) -> Result<Self, LogError> {
        let (sink, tail) = FileSink::open(&options)?;
        Self::start(options, Box::new(sink), &tail)
    }

    /// A new log into a store of the caller's.
    pub fn into_sink(options: LogOptions, sink: Box<dyn Sink>) -> Result<Self, LogError> {
        Self::start(options, sink, &Tail::default())
    }

    fn start(options: LogOptions, sink: Box<dyn Sink>, tail: &Tail) -> Result<Self, LogError> {
        let mut opening = Opening {
            resumed: false,
            ended: true,
            cut_bytes: tail.cut_bytes,
            seq: 0,
        };
        let mut chain = Chain {
            seq: 0,
            prev: None,
            policies: BTreeMap::new(),
        };
        let lost = u64::from(tail.cut_bytes > 0);
        if let Some(last) = &tail.line {
            let read = Line::read(last);
            let read =
                read.map_err(|error| LogError::Broken(options.path.clone(), error.to_string()))?;
            opening.resumed = true;
            opening.ended = read.kind() == LogKind::End && tail.cut_bytes == 0;
            chain.seq = read.seq.saturating_add(1);
            chain.prev = Some(canonical::digest(last));
        }
        chain.seq = chain.seq.saturating_add(lost);
        opening.resumed |= lost > 0;
        opening.ended &= lost == 0;
        opening.seq = chain.seq;
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::default()),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            numbers: Numbers::default(),
            handles: Registry::default(),
            next_handle: AtomicU64::new(1),
            rotation_due: AtomicBool::new(false),
            options,
        });
        add(&shared.numbers.dropped, lost);
        let mut worker = Worker {
            shared: Arc::clone(&shared),
            sink,
            chain,
            file_first: opening.seq,
            file_begun: Instant::now(),
            is_unsynced: false,
            synced_at: Instant::now(),
        };
        // Whoever may not write must hear it now, not at the first decision.
        worker.open_log(&opening)?;
        let thread = thread::Builder::new().name("trimtab-log".to_owned());
        let thread = thread.spawn(move || worker.run());
        let thread = thread.map_err(|error| LogError::File(PathBuf::from("a thread"), error))?;
        Ok(Self {
            shared,
            thread: Arc::new(Mutex::new(Some(thread))),
            opening: Arc::new(opening),
        })
    }

    /// What was found when the log was opened.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// How the log is kept.
    #[must_use]
    pub fn options(&self) -> &LogOptions {
        &self.shared.options
    }

    /// Writes what was observed, and waits for it. An error means that the call must be refused.
    pub fn append(&self, observed: &Observed<'_>) -> Result<Receipt, LogError> {
        self.submit(observed.entry()?, Some(observed.policy.clone()), false)
    }

    /// What the log did since it was opened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let numbers = &self.shared.numbers;
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let missed = held(&self.shared.queue).missed;
        Counters {
            written: get(&numbers.written),
            dropped: get(&numbers.dropped) + missed,
            late: get(&numbers.late),
            bytes: get(&numbers.bytes),
            rotations: get(&numbers.rotations),
            next_seq: get(&numbers.next_seq) + missed,
            refused: get(&numbers.refused),
        }
    }

    /// Writes the last line, forces all to the disk and closes the log, for all clones.
    pub fn close(&self) -> Result<(), LogError> {
        let entry = LogLineInput {
            at: Millis::named("at", now_ms())?,
            kind: LogKind::End,
            ..LogLineInput::default()
        };
        let outcome = self.submit(entry, None, false);
        self.stop();
        outcome.map(drop)
    }

    fn stop(&self) {
        held(&self.shared.queue).is_closed = true;
        self.shared.filled.notify_all();
        self.shared.emptied.notify_all();
        if let Some(thread) = held(&self.thread).take() {
            // The thread does not panic; if it did, there is nothing left to wait for.
            let _ = thread.join();
        }
    }

    /// The handles that are open.
    pub(super) fn handles(&self) -> &Registry {
        &self.shared.handles
    }

    /// The number of the next handle.
    pub(super) fn next_handle(&self) -> u64 {
        self.shared.next_handle.fetch_add(1, Ordering::SeqCst)
    }

    /// Whether a new file waits for the snapshots of the open handles.
    pub(super) fn is_rotation_due(&self) -> bool {
        self.shared.rotation_due.load(Ordering::SeqCst)
    }

    /// Begins a new file with these handles open.
    pub(super) fn rotate(&self, handles: Vec<LogHandle>) -> Result<Receipt, LogError> {
        let entry = LogLineInput {
            handles: Some(handles),
            ..LogLineInput::default()
        };
        self.submit(entry, None, true)
    }

    pub(super) fn submit(
        &self,
        entry: LogLineInput,
        policy: Option<PolicyNote>,
        rotate: bool,
    ) -> Result<Receipt, LogError> {
        let options = &self.shared.options;
        let until = Instant::now() + options.deadline;
        let ticket = Ticket::new();
        {
            let mut queue = held(&self.shared.queue);
            while queue.jobs.len() >= options.queue.max(1) && !queue.is_closed {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    queue.missed += 1;
                    return self.gave_up();
                }
                let waited = self.shared.emptied.wait_timeout(queue, left);
                queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            if queue.is_closed {
                return Err(LogError::Closed);
            }
            queue.jobs.push_back(Job {
                entry,
                policy,
                ticket: Arc::clone(&ticket),
                until,
                rotate,
            });
        }
        self.shared.filled.notify_one();
        match ticket.wait(until) {
            Some(Err(LogError::Sink(_) | LogError::Sync(_)))
                if options.overload == Overload::Drop =>
            {
                Ok(Receipt::Dropped)
            }
            Some(outcome) => outcome,
            None => self.gave_up(),
        }
    }

    fn gave_up(&self) -> Result<Receipt, LogError> {
        let options = &self.shared.options;
        match options.overload {
            Overload::Drop => Ok(Receipt::Dropped),
            Overload::Refuse => Err(LogError::Deadline {
                limit: options.deadline,
            }),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if Arc::strong_count(&self.thread) == 1 {
            // Without an `end` line: who wanted one calls `close`.
            self.stop();
        }
    }
}

/// What the next line must name.
#[derive(Clone)]
struct Chain {
    seq: u64,
    prev: Option<String>,
    /// The policies that this file tells.
    policies: BTreeMap<Arc<str>, PolicyNote>,
}

struct Worker {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    chain: Chain,
    /// The number of the first line of the present file.
    file_first: u64,
    file_begun: Instant,
    is_unsynced: bool,
    synced_at: Instant,
}

impl Worker {
    fn open_log(&mut self, opening: &Opening) -> Result<(), LogError> {
        let snapshot = LogLineInput {
            began: Some(match opening.resumed {
                true => LogBegan::Resume,
                false => LogBegan::Start,
            }),
            ended: opening.resumed.then_some(opening.ended),
            cut_bytes: (opening.cut_bytes > 0).then(|| Serial::constant(opening.cut_bytes)),
            ..self.snapshot(None)
        };
        let mut text = String::new();
        let mut chain = self.chain.clone();
        self.put(&mut chain, snapshot, &mut text)?;
        self.sink.write(text.as_bytes()).map_err(LogError::Sink)?;
        self.sink.sync().map_err(LogError::Sync)?;
        self.wrote(chain, 1, text.len());
        Ok(())
    }

    fn snapshot(&self, handles: Option<Vec<LogHandle>>) -> LogLineInput {
        let policies = self.chain.policies.values().map(noted).collect();
        LogLineInput {
            at: Millis::constant(now_ms()),
            kind: LogKind::Snapshot,
            handles,
            policies: Some(policies),
            ..LogLineInput::default()
        }
    }

    /// Adds the line of `entry` to `text`.
    fn put(
        &self,
        chain: &mut Chain,
        mut entry: LogLineInput,
        text: &mut String,
    ) -> Result<Receipt, LogError> {
        let options = &self.shared.options;
        entry.seq = Serial::named("seq", chain.seq)?;
        entry.prev.clone_from(&chain.prev);
        entry.mask.clone_from(&options.mask);
        match entry.kind {
            LogKind::Decision | LogKind::Handle | LogKind::Snapshot => {
                entry.module = Some(options.module.clone());
            }
            LogKind::End => {
                let dropped = self.shared.numbers.dropped.load(Ordering::Relaxed);
                entry.dropped = Some(Serial::constant(dropped));
            }
            LogKind::Policy => {}
        }
        let written = line::line(&PLAIN, &entry, &mut Why::off())?;
        text.push_str(&written.line);
        text.push('\n');
        chain.seq = written.next_seq.get();
        chain.prev = Some(written.hash.clone());
        Ok(Receipt::Written {
            seq: entry.seq.get(),
            hash: written.hash,
        })
    }

    /// Adds the line of a job, and before it the policy that it names.
    fn put_job(
        &self,
        chain: &mut Chain,
        job: &Job,
        text: &mut String,
    ) -> Result<(Receipt, u64), LogError> {
        let (length, before) = (text.len(), chain.clone());
        let mut lines = 1;
        let outcome = (|| {
            if let Some(policy) = &job.policy
                && !chain.policies.contains_key(&policy.config)
            {
                let entry = LogLineInput {
                    at: job.entry.at,
                    kind: LogKind::Policy,
                    policies: Some(vec![noted(policy)]),
                    ..LogLineInput::default()
                };
                self.put(chain, entry, text)?;
                chain
                    .policies
                    .insert(Arc::clone(&policy.config), policy.clone());
                lines += 1;
            }
            self.put(chain, job.entry.clone(), text)
        })();
        if outcome.is_err() {
            text.truncate(length);
            *chain = before;
        }
        outcome.map(|receipt| (receipt, lines))
    }

    fn wrote(&mut self, chain: Chain, lines: u64, bytes: usize) {
        self.chain = chain;
        self.is_unsynced = true;
        let numbers = &self.shared.numbers;
        add(&numbers.written, lines);
        add(&numbers.bytes, bytes as u64);
        numbers.next_seq.store(self.chain.seq, Ordering::Relaxed);
    }

    /// A number that no line will have.
    fn drop_line(&mut self, lines: u64) {
        self.chain.seq = self.chain.seq.saturating_add(lines);
        add(&self.shared.numbers.dropped, lines);
        let next = self.chain.seq;
        self.shared.numbers.next_seq.store(next, Ordering::Relaxed);
    }

    fn run(mut self) {
        while let Some(jobs) = self.next_jobs() {
            self.write_all(jobs);
            self.sync_if_due(false);
        }
        self.sync_if_due(true);
    }

    /// The lines that wait; nothing once the log is closed and all are written.
    fn next_jobs(&mut self) -> Option<Vec<Job>> {
        let shared = Arc::clone(&self.shared);
        let mut queue = held(&shared.queue);
        loop {
            let missed = std::mem::take(&mut queue.missed);
            self.drop_line(missed);
            if !queue.jobs.is_empty() {
                let count = queue.jobs.len().min(BATCH);
                let jobs = queue.jobs.drain(..count).collect();
                shared.emptied.notify_all();
                return Some(jobs);
            }
            if queue.is_closed {
                return None;
            }
            let wait = match (shared.options.fsync, self.is_unsynced) {
                (Fsync::Interval(every), true) => every.saturating_sub(self.synced_at.elapsed()),
                _ => Duration::from_secs(3600),
            };
            if wait.is_zero() {
                return Some(Vec::new());
            }
            let waited = shared.filled.wait_timeout(queue, wait);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn write_all(&mut self, jobs: Vec<Job>) {
        let (mut wanted, mut text) = (Vec::with_capacity(jobs.len()), String::new());
        let mut chain = self.chain.clone();
        let (mut receipts, mut lines) = (Vec::with_capacity(jobs.len()), 0);
        for job in jobs {
            if !job.ticket.begin() {
                // Who gave up took the line back: those before it go first.
                self.flush(&mut wanted, &mut receipts, &mut text, &mut lines, &chain);
                self.drop_line(1);
                chain = self.chain.clone();
                continue;
            }
            if job.rotate || self.is_file_full(text.len(), &job) {
                self.flush(&mut wanted, &mut receipts, &mut text, &mut lines, &chain);
                self.begin_file(&job);
                chain = self.chain.clone();
                if job.rotate {
                    let seq = self.file_first;
                    let hash = chain.prev.clone().unwrap_or_default();
                    job.ticket.end(Ok(Receipt::Written { seq, hash }));
                    continue;
                }
            }
            match self.put_job(&mut chain, &job, &mut text) {
                Ok((receipt, count)) => {
                    lines += count;
                    receipts.push(receipt);
                    wanted.push(job);
                }
                // What makes no line is a mistake of the host, and no loss of the log.
                Err(error) => {
                    job.ticket.end(Err(error));
                }
            }
        }
        self.flush(&mut wanted, &mut receipts, &mut text, &mut lines, &chain);
    }

    /// Writes what has been put together, and tells whoever waits.
    fn flush(
        &mut self,
        jobs: &mut Vec<Job>,
        receipts: &mut Vec<Receipt>,
        text: &mut String,
        lines: &mut u64,
        chain: &Chain,
    ) {
        let (jobs, receipts) = (std::mem::take(jobs), std::mem::take(receipts));
        let (text, lines) = (std::mem::take(text), std::mem::take(lines));
        if jobs.is_empty() {
            return;
        }
        match self.sink.write(text.as_bytes()) {
            Ok(()) => {
                self.wrote(chain.clone(), lines, text.len());
                let synced = self.sync_always();
                for (job, receipt) in jobs.into_iter().zip(receipts) {
                    self.tell(&job, synced_or(&synced, receipt));
                }
            }
            Err(_) => {
                add(&self.shared.numbers.refused, 1);
                // What does not fit as a whole may fit line by line.
                jobs.into_iter().for_each(|job| self.write_alone(&job));
            }
        }
    }

    /// Writes one line, again and again until its deadline.
    fn write_alone(&mut self, job: &Job) {
        loop {
            let (mut chain, mut text) = (self.chain.clone(), String::new());
            let (receipt, lines) = match self.put_job(&mut chain, job, &mut text) {
                Ok(put) => put,
                Err(error) => {
                    job.ticket.end(Err(error));
                    return;
                }
            };
            match self.sink.write(text.as_bytes()) {
                Ok(()) => {
                    self.wrote(chain, lines, text.len());
                    let synced = self.sync_always();
                    return self.tell(job, synced_or(&synced, receipt));
                }
                Err(error) => {
                    add(&self.shared.numbers.refused, 1);
                    let left = job.until.saturating_duration_since(Instant::now());
                    // The last part of the time is for the answer to arrive.
                    if left <= RETRY * 2 {
                        self.drop_line(1);
                        job.ticket.end(Err(LogError::Sink(error)));
                        return;
                    }
                    thread::sleep(RETRY);
                }
            }
        }
    }

    fn tell(&self, job: &Job, outcome: Result<Receipt, LogError>) {
        if !job.ticket.end(outcome) {
            add(&self.shared.numbers.late, 1);
        }
    }

    fn sync_always(&mut self) -> std::io::Result<()> {
        match self.shared.options.fsync {
            Fsync::Always => {
                self.is_unsynced = false;
                self.sink.sync()
            }
            _ => Ok(()),
        }
    }

    fn sync_if_due(&mut self, at_end: bool) {
        let due = match self.shared.options.fsync {
            Fsync::Interval(every) => at_end || self.synced_at.elapsed() >= every,
            Fsync::Never | Fsync::Always => at_end,
        };
        if due && self.is_unsynced {
            // A disk that fails here fails again at the next line, where somebody can hear it.
            let _ = self.sink.sync();
            self.is_unsynced = false;
            self.synced_at = Instant::now();
        }
    }

    /// Whether a new file must begin, and may: with open handles only they can begin it.
    fn is_file_full(&mut self, pending: usize, job: &Job) -> bool {
        let options = &self.shared.options;
        let size = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let more = size(&job.entry.input) + size(&job.entry.output) + pending;
        let length = self.sink.length().saturating_add(more as u64);
        let empty = self.chain.seq <= self.file_first.saturating_add(1) && pending == 0;
        let full = options.max_bytes.is_some_and(|most| length > most)
            || options
                .max_age
                .is_some_and(|most| self.file_begun.elapsed() > most);
        if !full || empty || job.entry.kind == LogKind::End {
            return false;
        }
        // Whoever holds this lock writes about a handle just now: the new file can wait for that.
        let none = self.shared.handles.try_lock();
        let none = none.is_ok_and(|handles| handles.is_empty());
        if !none {
            self.shared.rotation_due.store(true, Ordering::SeqCst);
        }
        none
    }

    /// Begins a new file; where that fails, the present one goes on.
    fn begin_file(&mut self, job: &Job) {
        let began = self.sink.rotate(self.file_first);
        self.shared.rotation_due.store(false, Ordering::SeqCst);
        if !matches!(began, Ok(true)) {
            self.file_begun = Instant::now();
            return;
        }
        let handles = job.entry.handles.clone().filter(|_| job.rotate);
        let snapshot = LogLineInput {
            began: Some(LogBegan::Rotation),
            ..self.snapshot(handles)
        };
        add(&self.shared.numbers.rotations, 1);
        self.file_begun = Instant::now();
        loop {
            let (mut chain, mut text) = (self.chain.clone(), String::new());
            let put = self.put(&mut chain, snapshot.clone(), &mut text);
            self.file_first = self.chain.seq;
            if put.is_ok() && self.sink.write(text.as_bytes()).is_ok() {
                return self.wrote(chain, 1, text.len());
            }
            add(&self.shared.numbers.refused, 1);
            if job.until.saturating_duration_since(Instant::now()) <= RETRY * 2 {
                // A file without its snapshot is a file all the same; the policies are told again.
                self.chain.policies.clear();
                return self.drop_line(1);
            }
            thread::sleep(RETRY);
        }
    }
}

fn synced_or(synced: &std::io::Result<()>, receipt: Receipt) -> Result<Receipt, LogError> {
    match synced {
        Ok(()) => Ok(receipt),
        Err(error) => Err(LogError::Sync(std::io::Error::new(
            error.kind(),
            error.to_string(),
        ))),
    }
}

fn noted(policy: &PolicyNote) -> LogPolicy {
    LogPolicy {
        config: policy.config.to_string(),
        profile: policy.profile.to_string(),
        overrides: policy.overrides.as_deref().map(str::to_owned),
    }
}

/// How a line looks depends on no setting.
static PLAIN: std::sync::LazyLock<Config> = std::sync::LazyLock::new(Config::default);
