/**
 * Writes a decision log: what was asked and what was answered, one line of JSON each. How a line
 * looks is decided by the operation `log.line`; this file numbers the lines and keeps the files.
 * A book is logged with every change of it: `log.hold(book)`. Node and Bun only.
 *
 * @module
 */

import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, readdirSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { DIGEST } from "./digest.js";
import { TrimtabError } from "./error.js";
import type { ErrorRecord } from "./error.js";
import { BOOK_QUESTIONS } from "./generated.js";
import type { LogBegan, LogChecked, LogHandle, LogLine, LogLineInput, LogPolicy } from "./generated.js";

/** What a log needs of a policy; `Policy` is one, of whichever entry it comes. */
export interface LoggedPolicy {
  readonly profile: string;
  readonly digest: string;
  /** The config in force. */
  readonly config: unknown;
  callBytes(operation: string, input: Uint8Array): Uint8Array;
}

/** What a log needs of a book; `HubBook` and `FleetBook` are such. */
export interface HoldableBook {
  readonly kind: string;
  callBytes(operation: string, input: Uint8Array): Uint8Array;
  opensAgain(): string;
}

/** How a log is kept. */
export interface LogOptions {
  /** When lines are forced to the disk; with `interval`, by the first line after a second. */
  readonly fsync?: "always" | "interval" | "never";
  /** A file that would become longer is followed by a new one. */
  readonly maxBytes?: number;
  /** A file that is older (milliseconds) is followed by a new one. */
  readonly maxAge?: number;
  /** So many older files are kept; all when absent. */
  readonly keep?: number;
  /** What happens when a line cannot be written: the call throws, or the line is let go. */
  readonly overload?: "refuse" | "drop";
  /** JSON pointers to what must not be told, `*` for every entry. */
  readonly mask?: readonly string[];
}

/** What else the host wants to know later. */
export interface LogNotes {
  /** Who asked. */
  readonly caller?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What the host calls this decision. */
  readonly decisionId?: string;
  /** How long the call took, in microseconds. */
  readonly durationUs?: number;
}

/** The line is on the log. */
export interface Receipt {
  readonly seq: number;
  /** sha256 of the line. */
  readonly hash: string;
}

/** An answer, and what became of its line. */
export interface Logged {
  /** The envelope or the error, canonical JSON. */
  readonly answer: Uint8Array;
  /** Nothing where the line was dropped, or where a book was asked about itself. */
  readonly receipt: Receipt | undefined;
}

/** What was found when the log was opened. */
export interface LogOpening {
  /** Whether there was a log. */
  readonly resumed: boolean;
  /** Whether it had ended in order. */
  readonly ended: boolean;
  /** How many bytes of a cut line were removed; the line counts as dropped. */
  readonly cutBytes: number;
  /** The number of the snapshot that was written now. */
  readonly seq: number;
}

/** What the log did since it was opened. */
export interface LogCounters {
  /** Lines written, those of the log itself included. */
  readonly written: number;
  /** Lines dropped: each leaves a gap in `seq`. */
  readonly dropped: number;
  /** Bytes written. */
  readonly bytes: number;
  /** New files begun. */
  readonly rotations: number;
  /** How often the disk refused a write or a sync. */
  readonly refused: number;
}

/** The stable name of what went wrong with a log. */
export type LogErrorCode = "log_sink" | "log_sync" | "log_file" | "log_in_use" | "log_broken" | "log_closed";

/** A log could not be opened or written. */
export class LogError extends Error {
  override readonly name = "LogError";
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, told: string, options?: ErrorOptions) {
    super(`${code}: ${told}`, options);
    this.code = code;
  }
}

const SYNC_MS = 1000;
const COLUMNS = "_columns";

/** What the next line must name. */
interface Chain {
  seq: number;
  prev: string | undefined;
  policies: Map<string, LogPolicy>;
}

type Entry = Omit<LogLineInput, "seq" | "prev" | "mask">;

/** An open book. */
interface Held {
  readonly number: number;
  readonly book: HoldableBook;
  /** A change is not on the log: before the next call the whole state is written. */
  isBehind: boolean;
}

/** A book whose calls are logged. A change that is made past it is not on the log. */
export interface LoggedBook {
  /** The number of the book, within this log. */
  readonly number: number;
  /**
   * Calls an operation with JSON and logs it; an answer that is an error is logged too. A change
   * whose line cannot be written has happened all the same; the next line of the book is then its
   * whole state, so that a replay goes on rightly.
   */
  call(operation: string, input?: Uint8Array | string, notes?: LogNotes): Logged;
  /** Logs that it is closed; the book itself stays what it is. */
  close(): void;
}

/** A log of one process. A line is written in the call that appends it. */
export class DecisionLog {
  /** The file that is written. */
  readonly path: string;
  /** What was found when the log was opened. */
  readonly opening: LogOpening;
  readonly #policy: LoggedPolicy;
  readonly #options: LogOptions;
  readonly #maxBytes: number;
  readonly #notes = new WeakMap<LoggedPolicy, LogPolicy>();
  readonly #counters = { written: 0, dropped: 0, bytes: 0, rotations: 0, refused: 0 };
  readonly #handles = new Map<number, Held>();
  #nextHandle = 1;
  #chain: Chain = { seq: 0, prev: undefined, policies: new Map() };
  #file: number | undefined;
  #length = 0;
  #first = 0;
  #torn = false;
  #unsynced = false;
  #syncedAt = performance.now();
  #begunAt = performance.now();

  /** Opens the log at `path`, or goes on with the one that is there. */
  constructor(path: string, policy: LoggedPolicy, options: LogOptions = {}) {
    oneOf("fsync", options.fsync, ["always", "interval", "never"]);
    oneOf("overload", options.overload, ["refuse", "drop"]);
    this.path = path;
    this.#policy = policy;
    this.#options = { ...options };
    this.#maxBytes = options.maxBytes ?? 64 * 2 ** 20;
    const file = asFile(() => hold(path));
    try {
      this.#file = asFile(() => openSync(path, "a+", 0o600));
      this.opening = this.#resume();
    } catch (error) {
      this.#letGo(file);
      throw error;
    }
  }

  /** What the log did since it was opened. */
  get counters(): LogCounters {
    return { ...this.#counters };
  }

  /** The number of the next line. */
  get nextSeq(): number {
    return this.#chain.seq;
  }

  /** Calls an operation with JSON and logs it; an answer that is an error is logged too. */
  call(policy: LoggedPolicy, operation: string, input: Uint8Array | string, notes: LogNotes = {}): Logged {
    const given = bytes(input);
    const begun = performance.now();
    const answer = policy.callBytes(operation, given);
    const durationUs = Math.round((performance.now() - begun) * 1000);
    return { answer, receipt: this.append(operation, given, answer, { durationUs, ...notes }, policy) };
  }

  /** Writes what was observed. What it throws means that the call must be refused. */
  append(operation: string, input: Uint8Array | string, output: Uint8Array | string, notes: LogNotes = {}, policy: LoggedPolicy = this.#policy): Receipt | undefined {
    this.#open();
    const [given, told] = [bytes(input), bytes(output)];
    const columns = operation.endsWith(COLUMNS);
    const [inputText, inputHex] = piece(given, columns);
    const [outputText, outputHex] = piece(told, columns && told[0] !== 0x7b);
    const note = this.#note(policy);
    const entry: Entry = {
      kind: "decision",
      at: Date.now(),
      op: operation,
      input: inputText,
      input_hex: inputHex,
      output: outputText,
      output_hex: outputHex,
      module: DIGEST,
      config: note.config,
      ...noted(notes),
    };
    return this.#write(entry, note, given.length + told.length);
  }

  /** Logs a book from now on: its present state, and every call that is made on it through the answer. */
  hold(book: HoldableBook): LoggedBook {
    this.#open();
    const held: Held = { number: this.#nextHandle, book, isBehind: true };
    const again = book.opensAgain();
    this.#tellOpen(held, again, this.#before(again.length, true));
    this.#nextHandle += 1;
    this.#handles.set(held.number, held);
    return {
      number: held.number,
      call: (operation, input = "{}", notes = {}) => this.#callOn(held, operation, bytes(input), notes),
      close: () => this.#letBookGo(held),
    };
  }

  /** Writes the last line, forces all to the disk and closes the log. */
  close(): void {
    if (this.#file === undefined) return;
    try {
      this.#write({ kind: "end", at: Date.now(), dropped: this.#counters.dropped }, undefined, 0);
      try {
        this.#sync();
      } catch (error) {
        this.#counters.refused += 1;
        this.#failed("log_sync", error);
      }
    } finally {
      this.#letGo(lockOf(this.path));
    }
  }

  #callOn(held: Held, operation: string, input: Uint8Array, notes: LogNotes): Logged {
    this.#open();
    if (this.#handles.get(held.number) !== held) throw new LogError("log_closed", "the book is closed");
    if (BOOK_QUESTIONS.includes(operation)) return { answer: held.book.callBytes(operation, input), receipt: undefined };
    // The state that a new file begins with is the one before this call.
    let before = this.#before(input.length, true);
    if (held.isBehind) {
      this.#tellOpen(held, held.book.opensAgain(), before);
      before = [];
    }
    const wasBehind = held.isBehind;
    held.isBehind = true;
    const begun = performance.now();
    const answer = held.book.callBytes(operation, input);
    const durationUs = Math.round((performance.now() - begun) * 1000);
    if (wasBehind) {
      // Without its state the call could not be asked again.
      this.#counters.dropped += 1;
      this.#chain.seq += 1;
      return { answer, receipt: undefined };
    }
    const [inputText, inputHex] = piece(input, false);
    const [outputText, outputHex] = piece(answer, false);
    const entry: Entry = { ...on(held, operation), input: inputText, input_hex: inputHex, output: outputText, output_hex: outputHex, ...noted({ durationUs, ...notes }) };
    const receipt = this.#putLines(before, entry, undefined);
    held.isBehind = receipt === undefined;
    return { answer, receipt };
  }

  /** The whole state of a book, as the line that opens it. */
  #tellOpen(held: Held, input: string, before: readonly Entry[]): void {
    held.isBehind = true;
    const entry: Entry = { ...on(held, "open"), opens: held.book.kind, input, output: `{"handle":${held.number}}` };
    held.isBehind = this.#putLines(before, entry, undefined) === undefined;
  }

  #letBookGo(held: Held): void {
    if (this.#file === undefined || this.#handles.get(held.number) !== held) return;
    this.#handles.delete(held.number);
    this.#write(on(held, "close"), undefined, 0);
  }

  #note(policy: LoggedPolicy): LogPolicy {
    let note = this.#notes.get(policy);
    if (note === undefined) {
      // The whole config, which makes the policy again also where the profile's defaults move.
      const overrides = JSON.stringify(policy.config, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each instanceof Map ? Object.fromEntries(each) : each));
      note = { config: policy.digest, profile: policy.profile, overrides };
      this.#notes.set(policy, note);
    }
    return note;
  }

  /** The text of a line; the chain goes on behind it. */
  #line(chain: Chain, entry: Entry): [string, Receipt] {
    const asked: LogLineInput = { ...entry, seq: chain.seq, prev: chain.prev, mask: this.#options.mask ?? [] };
    const line = decided<LogLine>(this.#policy, "log.line", asked);
    const receipt = { seq: chain.seq, hash: line.hash };
    chain.seq = line.next_seq;
    chain.prev = line.hash;
    return [`${line.line}\n`, receipt];
  }

  #snapshot(began: LogBegan): Entry {
    const policies = [...this.#chain.policies.values()].sort((a, b) => (a.config < b.config ? -1 : 1));
    const told: Entry = { kind: "snapshot", at: Date.now(), module: DIGEST, began, policies };
    if (this.#handles.size === 0) return told;
    return { ...told, handles: [...this.#handles.values()].flatMap((held) => this.#state(held)) };
  }

  /** What opens a book again; one that is lost opens no more, and its next call says so. */
  #state({ number, book }: Held): LogHandle[] {
    try {
      return [{ handle: number, opens: book.kind, input: book.opensAgain() }];
    } catch {
      this.#handles.delete(number);
      return [];
    }
  }

  /** What must stand before the next line: a file begins with a snapshot. */
  #before(size: number, mayRotate: boolean): Entry[] {
    if (mayRotate && this.#isFull(size)) this.#rotate();
    // Also where the snapshot of a new file found no room before.
    return this.#length === 0 ? [this.#snapshot("rotation")] : [];
  }

  #write(entry: Entry, note: LogPolicy | undefined, size: number): Receipt | undefined {
    return this.#putLines(this.#before(size, entry.kind !== "end"), entry, note);
  }

  #putLines(first: readonly Entry[], entry: Entry, note: LogPolicy | undefined): Receipt | undefined {
    const chain = { ...this.#chain, policies: new Map(this.#chain.policies) };
    const before = [...first];
    if (note !== undefined && !chain.policies.has(note.config)) {
      before.push({ kind: "policy", at: entry.at, policies: [note] });
      chain.policies.set(note.config, note);
    }
    // What makes no line is a mistake of the caller, and no loss of the log.
    const texts = before.map((each) => this.#line(chain, each)[0]);
    const [text, receipt] = this.#line(chain, entry);
    try {
      this.#put(texts.join("") + text, chain, texts.length + 1);
    } catch (error) {
      this.#counters.refused += 1;
      this.#counters.dropped += 1;
      this.#chain.seq += 1;
      return this.#failed("log_sink", error);
    }
    if (before.some(({ kind }) => kind === "snapshot")) for (const held of this.#handles.values()) held.isBehind = false;
    try {
      this.#syncIfDue();
    } catch (error) {
      this.#counters.refused += 1;
      return this.#failed("log_sync", error);
    }
    return receipt;
  }

  #failed(code: LogErrorCode, error: unknown): undefined {
    if (this.#options.overload !== "drop") throw new LogError(code, String(error), { cause: error });
    return undefined;
  }

  #open(): number {
    if (this.#file === undefined) throw new LogError("log_closed", "the log is closed");
    return this.#file;
  }

  #letGo(lock: string): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
    rmSync(lock, { force: true });
  }

  #resume(): LogOpening {
    const { last, cut } = asFile(() => {
      const file = this.#open();
      const { line, cut, length } = lastLine(file);
      this.#length = length - cut;
      if (cut > 0) {
        ftruncateSync(file, this.#length);
        fsyncSync(file);
      }
      const older = this.#older().at(-1);
      // The process may have ended between the end of one file and the next one.
      return { last: line ?? (older === undefined ? undefined : lastLineOf(older)), cut };
    });
    const lost = cut > 0 ? 1 : 0;
    let ended = lost === 0;
    if (last !== undefined) {
      const { kind, next_seq, hash } = this.#check(last);
      ended &&= kind === "end";
      this.#chain.seq = next_seq;
      this.#chain.prev = hash;
    }
    this.#chain.seq += lost;
    this.#counters.dropped += lost;
    this.#first = this.#chain.seq;
    const resumed = last !== undefined || lost > 0;
    const found: Entry = { ...this.#snapshot(resumed ? "resume" : "start"), ended: resumed ? ended : undefined, cut_bytes: cut > 0 ? cut : undefined };
    const chain = { ...this.#chain };
    const [text] = this.#line(chain, found);
    // Whoever may not write must hear it now, not at the first decision.
    asFile(() => this.#put(text, chain, 1), "log_sink");
    asFile(() => this.#sync(), "log_sync");
    return { resumed, ended, cutBytes: cut, seq: this.#first };
  }

  /** What the last line says; one that is not sound is not touched. */
  #check(last: Uint8Array): LogChecked & { next_seq: number } {
    const line = text(last);
    const checked = line === undefined ? undefined : decided<LogChecked>(this.#policy, "log.check", { line });
    const next = checked?.next_seq;
    if (checked?.sound && next !== undefined) return { ...checked, next_seq: next };
    throw new LogError("log_broken", `${this.path}: the end of this log cannot be read; move the file away to begin a new log`);
  }

  /** Writes all of it, or nothing of it that stays. */
  #put(lines: string, chain: Chain, count: number): void {
    if (this.#torn) this.#mend();
    const data = bytes(lines);
    try {
      for (let from = 0; from < data.length; ) from += writeSync(this.#open(), data, from);
    } catch (error) {
      // A disk that is full takes the first bytes of a line and not the rest.
      this.#torn = true;
      try {
        this.#mend();
      } catch {
        // It is tried again before the next line.
      }
      throw error;
    }
    this.#length += data.length;
    this.#unsynced = true;
    this.#chain = chain;
    this.#counters.written += count;
    this.#counters.bytes += data.length;
  }

  #mend(): void {
    ftruncateSync(this.#open(), this.#length);
    this.#torn = false;
  }

  #sync(): void {
    if (!this.#unsynced) return;
    fsyncSync(this.#open());
    this.#unsynced = false;
    this.#syncedAt = performance.now();
  }

  #syncIfDue(): void {
    const due = performance.now() - this.#syncedAt >= SYNC_MS;
    const when = this.#options.fsync ?? "interval";
    if (when === "always" || (when === "interval" && due)) this.#sync();
  }

  #isFull(size: number): boolean {
    const tooLong = this.#length + size > this.#maxBytes;
    const { maxAge } = this.#options;
    const tooOld = maxAge !== undefined && performance.now() - this.#begunAt > maxAge;
    // A file that holds nothing but its snapshot is not followed by another one.
    return this.#length > 0 && (tooLong || tooOld) && this.#chain.seq > this.#first + 1;
  }

  /** Begins a new file; where that fails, the present one goes on. */
  #rotate(): void {
    this.#begunAt = performance.now();
    const present = this.#open();
    const [stem, end] = this.#parts();
    const older = join(dirname(this.path), `${stem}.${String(this.#first).padStart(16, "0")}${end}`);
    try {
      this.#sync();
      renameSync(this.path, older);
    } catch {
      this.#counters.refused += 1;
      return;
    }
    try {
      this.#file = openSync(this.path, "a+", 0o600);
    } catch {
      this.#counters.refused += 1;
      // Better one file that is too long than none.
      attempt(() => renameSync(older, this.path));
      return;
    }
    closeSync(present);
    this.#length = 0;
    this.#first = this.#chain.seq;
    this.#counters.rotations += 1;
    attempt(() => syncFolder(dirname(this.path)));
    const { keep } = this.#options;
    // A file that cannot be removed is tried again next time.
    attempt(() => {
      const files = this.#older();
      for (const file of keep === undefined ? [] : files.slice(0, Math.max(0, files.length - keep))) rmSync(file);
    });
  }

  #parts(): [string, string] {
    const end = extname(this.path);
    return [basename(this.path, end), end];
  }

  /** The files before the present one, oldest first. */
  #older(): string[] {
    const [stem, end] = this.#parts();
    const folder = dirname(this.path);
    const is = (name: string): boolean => name.startsWith(`${stem}.`) && name.endsWith(end) && /^\d{16}$/.test(name.slice(stem.length + 1, name.length - end.length));
    return readdirSync(folder).filter(is).sort().map((name) => join(folder, name));
  }
}

/** A line about a book, of the module of this package. */
const on = ({ number }: Held, op: string): Entry => ({ kind: "handle", at: Date.now(), op, module: DIGEST, handle: number });

const noted = ({ caller, labels, decisionId, durationUs }: LogNotes): Partial<Entry> => ({ caller, labels, decision_id: decisionId, duration_us: durationUs });

function decided<Decided>(policy: LoggedPolicy, operation: string, input: unknown): Decided {
  const answer = JSON.parse(new TextDecoder().decode(policy.callBytes(operation, bytes(JSON.stringify(input))))) as { decision: Decided } | { error: ErrorRecord };
  if ("error" in answer) throw new TrimtabError(answer.error);
  return answer.decision;
}

function bytes(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

function text(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

/** The bytes as text, or in hexadecimal where they are columns or no text. */
function piece(data: Uint8Array, columns: boolean): [string | undefined, string | undefined] {
  const read = columns ? undefined : text(data);
  return read === undefined ? [undefined, Buffer.from(data).toString("hex")] : [read, undefined];
}

function oneOf(field: string, got: string | undefined, allowed: readonly string[]): void {
  if (got === undefined || allowed.includes(got)) return;
  throw new TrimtabError({ code: "out_of_range", field, got: JSON.stringify(got), expected: allowed.join(" | ") });
}

function asFile<T>(run: () => T, code: LogErrorCode = "log_file"): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof LogError ? error : new LogError(code, String(error), { cause: error });
  }
}

function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // What follows does not depend on it.
  }
}

const lockOf = (path: string): string => `${path}.lock`;

/** Node locks no files: one beside the log holds the number of the process that writes it. */
function hold(path: string): string {
  const lock = lockOf(path);
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx", mode: 0o600 });
    return lock;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const owner = Number(readFileSync(lock, "utf8"));
  if (owner === process.pid || isAlive(owner)) throw new LogError("log_in_use", `${path}: process ${owner} writes this log`);
  rmSync(lock, { force: true });
  writeFileSync(lock, String(process.pid), { flag: "wx", mode: 0o600 });
  return lock;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process lives too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The last whole line, and how many bytes stand behind it. */
function lastLine(file: number): { line: Uint8Array | undefined; cut: number; length: number } {
  const length = fstatSync(file).size;
  // Read from the end, in growing steps: a log may be large.
  for (let size = Math.min(65_536, length); ; size = Math.min(size * 4, length)) {
    const data = Buffer.alloc(size);
    for (let from = 0; from < size; ) {
      const count = readSync(file, data, from, size - from, length - size + from);
      if (count === 0) throw new Error("the file became shorter");
      from += count;
    }
    const whole = size === length;
    const end = data.lastIndexOf(10);
    if (end < 0 && whole) return { line: undefined, cut: length, length };
    const begin = end > 0 ? data.lastIndexOf(10, end - 1) : -1;
    if (end >= 0 && (begin >= 0 || whole)) return { line: data.subarray(begin + 1, end), cut: size - end - 1, length };
  }
}

function lastLineOf(path: string): Uint8Array | undefined {
  const file = openSync(path, "r");
  try {
    return lastLine(file).line;
  } finally {
    closeSync(file);
  }
}

/** So that a power failure does not take a new name away again. */
function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
