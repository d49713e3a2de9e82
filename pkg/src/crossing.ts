// How objects cross into the module and decisions come back: as one text each way. Field by field
// costs a call for every name and number.
//
// What callers nearly always have is written here: plain objects, Maps, arrays, texts, numbers,
// bigints. At anything else (an instance of a class, a getter that throws, half of a surrogate
// pair, two keys of a Map that are one name) it gives up, and the module reads the object itself and
// names the mistake, if it is one.

/** What of the module can be called with objects. */
export interface Callable {
  call(operation: string, input: unknown): unknown;
  callText(operation: string, input: Uint8Array): string | undefined;
}

/** Calls an operation with objects. */
export function crossed(callee: Callable, operation: string, input: unknown): unknown {
  const text = encode(input);
  const answer = text === undefined ? undefined : callee.callText(operation, ENCODER.encode(text));
  return answer === undefined ? callee.call(operation, input) : decode(answer);
}

const ENCODER = new TextEncoder();

/** Deeper objects are the module's to read. */
const DEEPEST = 100;

/** The text of an input, if it is plain. */
function encode(input: unknown): string | undefined {
  try {
    return write(input, 0);
  } catch {
    return undefined;
  }
}

/** The objects of an answer. */
function decode(answer: string): unknown {
  return revive(JSON.parse(answer));
}

function write(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      return integer(value);
    case "number":
      return number(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (depth >= DEEPEST) return undefined;
      return Array.isArray(value) ? list(value, depth + 1) : record(value, depth + 1);
    default:
      return undefined;
  }
}

function list(entries: readonly unknown[], depth: number): string | undefined {
  let out = "[";
  for (let index = 0; index < entries.length; index += 1) {
    const entry = write(entries[index], depth);
    if (entry === undefined) return undefined;
    out += index === 0 ? entry : `,${entry}`;
  }
  return `${out}]`;
}

function record(object: object, depth: number): string | undefined {
  const above: unknown = Object.getPrototypeOf(object);
  if (above === Map.prototype) return map(object as Map<unknown, unknown>, depth);
  if (above !== Object.prototype && above !== null) return undefined;
  let out = "{";
  for (const key of Object.keys(object)) {
    const entry = (object as Record<string, unknown>)[key];
    if (entry === undefined) continue;
    const name = NAMES.get(key) ?? named(key);
    const written = write(entry, depth);
    if (name === undefined || written === undefined) return undefined;
    out += out.length === 1 ? name : `,${name}`;
    out += written;
  }
  return `${out}}`;
}

/** The names of fields that were met, as they are written: most records have the same few. */
const NAMES = new Map<string, string>();

const MOST_NAMES = 1_000;

function named(key: string): string | undefined {
  const name = quoted(key);
  // A name with a dollar is a mark between the two sides.
  if (name === undefined || key.startsWith("$")) return undefined;
  const written = `${name}:`;
  if (NAMES.size < MOST_NAMES) NAMES.set(key, written);
  return written;
}

/** A map is a record whose keys are texts or whole numbers. */
function map(entries: ReadonlyMap<unknown, unknown>, depth: number): string | undefined {
  if (entries[Symbol.iterator] !== Map.prototype.entries) return undefined;
  const seen = new Set<string>();
  let out = "{";
  for (const [key, entry] of entries) {
    const name = typeof key === "string" ? key : Number.isSafeInteger(key) && !Object.is(key, -0) ? `${key as number}` : undefined;
    if (name === undefined || name.startsWith("$") || seen.has(name)) return undefined;
    seen.add(name);
    if (entry === undefined) continue;
    const quotedName = quoted(name);
    const written = write(entry, depth);
    if (quotedName === undefined || written === undefined) return undefined;
    out += out.length === 1 ? `${quotedName}:${written}` : `,${quotedName}:${written}`;
  }
  return `${out}}`;
}

/** Nothing in it wants an escape. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Half of a surrogate pair. */
const BROKEN = /\p{Surrogate}/u;

function quoted(text: string): string | undefined {
  if (PLAIN.test(text)) return `"${text}"`;
  return BROKEN.test(text) ? undefined : JSON.stringify(text);
}

function integer(value: bigint): string {
  const small = value >= -9223372036854775808n && value <= 18446744073709551615n;
  return small ? `${value}` : `{"$amount":"${value}"}`;
}

function number(value: number): string | undefined {
  if (!Number.isFinite(value) || Object.is(value, -0)) return undefined;
  const text = `${value}`;
  // Beyond 2^53 a whole number is no longer one integer, and stays a float.
  return Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes("e") ? `${text}.0` : text;
}

const DOLLAR = 36;

/** What a text of an answer stands for: an amount, a number that JSON has no text for, or itself. */
function plain(text: string): unknown {
  if (text.charCodeAt(0) !== DOLLAR) return text;
  const told = text.slice(1);
  if (told.startsWith("$")) return told;
  return /\d$/.test(told) ? BigInt(told) : Number(told);
}

/** Puts amounts in the place of their texts, in the objects that were just parsed. */
function revive(value: unknown): unknown {
  if (typeof value === "string") return plain(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const entry: unknown = value[index];
      if (typeof entry === "object") revive(entry);
      else if (typeof entry === "string" && entry.charCodeAt(0) === DOLLAR) value[index] = plain(entry);
    }
    return value;
  }
  const fields = value as Record<string, unknown>;
  for (const key in fields) {
    const entry = fields[key];
    if (typeof entry === "object") revive(entry);
    else if (typeof entry === "string" && entry.charCodeAt(0) === DOLLAR) fields[key] = plain(entry);
  }
  return fields;
}
