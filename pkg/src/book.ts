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
  readonly #profile: unknown;
  #config: unknown;

  /** Opens a handle of a kind: `policy`, `fleet_book` or `hub_book`. */
  constructor(kind: string, input: unknown = {}) {
    const glue = loadedGlue();
    this.#raw = guarded(() => new glue.Book(kind, input));
    this.kind = kind;
    const { profile, config } = (input ?? {}) as { readonly profile?: unknown; readonly config?: unknown };
    this.#profile = profile;
    this.#config = plain(config);
  }

  /** Calls an operation on it; a failed call changes nothing. */
  call(operation: string, input: unknown = {}): Decision<unknown> {
    const answer = guarded(() => crossed(this.#raw, operation, input) as Decision<unknown>);
    if (operation === "set_hub") this.#note(plain((input as { readonly config?: unknown }).config));
    return answer;
  }

  /** Calls an operation with JSON bytes: canonical JSON of the answer or of the error. */
  callBytes(operation: string, input: Uint8Array): Uint8Array {
    const answer = guarded(() => this.#raw.callBytes(operation, input));
    if (operation === "set_hub" && !decode(answer).startsWith(FAILED)) this.#note((JSON.parse(decode(input)) as { config?: unknown }).config);
    return answer;
  }

  /** The JSON that opens it again in its present state; a decision log tells a book so. */
  opensAgain(): string {
    const fields = [this.#profile, this.#config].map((field, index) => (field === undefined || field === null ? [] : [`"${index === 0 ? "profile" : "config"}":${JSON.stringify(field)}`])).flat();
    if (this.kind !== "policy") fields.push(`"state":${decided(decode(this.callBytes("snapshot", new TextEncoder().encode("{}"))))}`);
    return `{${fields.join(",")}}`;
  }

  /** Lets the state go at once; without it, the garbage collector does in time. */
  close(): void {
    this.#raw.free();
  }

  #note(change: unknown): void {
    if (change !== undefined && change !== null) this.#config = overlaid(this.#config, change);
  }
}

const FAILED = '{"error"';
const DECIDED = '{"decision":';
const decode = (data: Uint8Array): string => new TextDecoder().decode(data);

/** A copy as JSON has it: amounts are texts, maps are records. No JSON of the host, which handlers of a runtime must not call. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const entries: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  return Object.fromEntries(Array.from(entries, ([name, each]) => [String(name), plain(each)]));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields of `over` in place of those of `base`, however deep. */
function overlaid(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over;
  const laid: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) laid[name] = Object.hasOwn(base, name) ? overlaid(base[name], value) : value;
  return laid;
}

/** The text of the decision, as it stands in an envelope: read as objects, its large numbers would be rounded. */
function decided(envelope: string): string {
  if (envelope.startsWith(FAILED)) throw new TrimtabError((JSON.parse(envelope) as { error: ErrorRecord }).error);
  let depth = 0;
  for (let at = DECIDED.length; at < envelope.length; at += 1) {
    const sign = envelope[at];
    if (sign === '"') {
      for (at += 1; envelope[at] !== '"'; at += 1) if (envelope[at] === "\\") at += 1;
    } else if (sign === "{" || sign === "[") depth += 1;
    else if (sign === "}" || sign === "]") depth -= 1;
    if (depth === 0) return envelope.slice(DECIDED.length, at + 1);
  }
  return "null";
}
