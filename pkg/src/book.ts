import { crossed } from "./crossing.js";
import { TrimtabError, guarded } from "./error.js";
import type { ErrorRecord } from "./error.js";
import type { Decision } from "./generated.js";
import type { Book as RawBook } from "./glue.js";
import { loadedGlue } from "./load.js";

/** State that stays inside the module between calls: the members of a fleet, the accounts of a hub. */
export class Book {
  /** What was opened: `policy`, `fleet_book` or `hub_book`. */
  readonly kind: string;
  readonly #raw: RawBook;

  /** Opens a handle of a kind: `policy`, `fleet_book` or `hub_book`. */
  constructor(kind: string, input: unknown = {}) {
    const glue = loadedGlue();
    this.#raw = guarded(() => new glue.Book(kind, input));
    this.kind = kind;
  }

  /** Calls an operation on it; a failed call changes nothing. */
  call(operation: string, input: unknown = {}): Decision<unknown> {
    return guarded(() => crossed(this.#raw, operation, input) as Decision<unknown>);
  }

  /** Calls an operation with JSON bytes: canonical JSON of the answer or of the error. */
  callBytes(operation: string, input: Uint8Array): Uint8Array {
    return guarded(() => this.#raw.callBytes(operation, input));
  }

  /** The JSON that opens a book again as it is now; a decision log tells a book so. */
  opensAgain(): string {
    const envelope = new TextDecoder().decode(this.callBytes("opening", new TextEncoder().encode("{}")));
    if (!envelope.startsWith(DECIDED)) throw new TrimtabError((JSON.parse(envelope) as { error: ErrorRecord }).error);
    // As it stands there: read as objects, its large numbers would be rounded.
    return envelope.slice(DECIDED.length, envelope.lastIndexOf(DECIDED_BY));
  }

  /** Lets the state go at once; without it, the garbage collector does in time. */
  close(): void {
    this.#raw.free();
  }
}

/** What stands around the decision in an envelope, whose fields are sorted. */
const DECIDED = '{"decision":';
const DECIDED_BY = ',"policy":{"config":"';
