import type { ErrorCode } from "./generated.js";

/** Bad input, or (code `internal`) a defect of ours; never a policy outcome. */
export class TrimtabError extends Error {
  override readonly name = "TrimtabError";
  /** What kind of mistake it is. */
  readonly code: ErrorCode;
  /** Path of the field, such as `channels[3].local_pct`; empty for the input as a whole. */
  readonly field: string;
  /** What was found there. */
  readonly got: string;
  /** What is allowed there. */
  readonly expected: string;
  /** Byte offset of the mistake, when the input came as bytes. */
  declare readonly offset?: number;

  constructor(record: ErrorRecord, options?: ErrorOptions) {
    const { code, field, got, expected, offset } = record;
    super(sentence(code, field, got, expected, offset), options);
    this.code = code;
    this.field = field;
    this.got = got;
    this.expected = expected;
    if (offset !== undefined) this.offset = offset;
  }
}

/** An error in one sentence. */
type Sentence = (code: string, field: string, got: string, expected: string, offset?: number) => string;

// Before the module is there, only its loading can fail.
let sentence: Sentence = (_code, _field, got, expected) => `found ${got} where ${expected} is needed`;

/** Lets the module word every error; called once it is loaded. */
export function wordedBy(module: Sentence): void {
  sentence = module;
}

/** An error as the module gives it, also as JSON under the key `error`. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly field: string;
  readonly got: string;
  readonly expected: string;
  readonly offset?: number;
}

/** Runs a call of the module; what it throws becomes what the caller should see. */
export function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw asThrown(thrown);
  }
}

/** What the module threw, as what the caller should see. */
export function asThrown(thrown: unknown): unknown {
  if (isRecord(thrown)) return new TrimtabError(thrown);
  if (thrown instanceof WebAssembly.RuntimeError) {
    return internal(`the module stopped: ${thrown.message}`, thrown);
  }
  return thrown;
}

/** A state that only a defect can reach. */
export function internal(got: string, cause?: unknown): TrimtabError {
  const expected = "a report to the maintainers";
  return new TrimtabError({ code: "internal", field: "", got, expected }, { cause });
}

function isRecord(thrown: unknown): thrown is ErrorRecord {
  return typeof thrown === "object" && thrown !== null && !(thrown instanceof Error) && "code" in thrown && "expected" in thrown;
}
