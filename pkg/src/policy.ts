import { crossed } from "./crossing.js";
import { guarded } from "./error.js";
import type { Config, ConfigOverrides, Decision, Operations, Profile } from "./generated.js";
import type { Policy as RawPolicy } from "./glue.js";
import { loadedGlue } from "./load.js";
import { PolicyMethods } from "./methods.js";

/** Calls an operation once: objects, `Map`s and `bigint`s in, a decision with its reasons out. */
export function call<Name extends keyof Operations>(
  operation: Name,
  input: Operations[Name]["input"],
  profile?: Profile,
  config?: ConfigOverrides,
): Decision<Operations[Name]["decision"]>;
export function call(operation: string, input: unknown, profile?: string, config?: unknown): Decision<unknown>;
export function call(operation: string, input: unknown, profile?: string, config?: unknown): Decision<unknown> {
  const glue = loadedGlue();
  const policy = guarded(() => new glue.Policy(profile, config));
  try {
    return guarded(() => crossed(policy, operation, input) as Decision<unknown>);
  } finally {
    policy.free();
  }
}

/** Calls an operation once with JSON bytes: canonical JSON of the decision or of the error. */
export function callBytes(operation: string, input: Uint8Array, profile?: string, config?: unknown): Uint8Array {
  const glue = loadedGlue();
  const policy = guarded(() => new glue.Policy(profile, config));
  try {
    return guarded(() => policy.callBytes(operation, input));
  } finally {
    policy.free();
  }
}

/**
 * Calls an operation that takes and gives columns of bytes, such as `hub.match_columns`; the
 * layouts are in `docs/columns.md`. Bad columns throw.
 */
export function callColumns(operation: string, input: Uint8Array): Uint8Array {
  const glue = loadedGlue();
  return guarded(() => glue.callColumns(operation, input));
}

/** A config, parsed and checked once, with one typed method per operation. */
export class Policy extends PolicyMethods {
  readonly #raw: RawPolicy;

  constructor(profile?: Profile, config?: ConfigOverrides) {
    super();
    const glue = loadedGlue();
    this.#raw = guarded(() => new glue.Policy(profile, config));
  }

  /** What the policy was made from. */
  get profile(): Profile {
    return this.#raw.profile as Profile;
  }

  /** sha256 of the canonical config. */
  get digest(): string {
    return this.#raw.digest;
  }

  /** The config in force. */
  get config(): Config {
    return guarded(() => this.#raw.config as Config);
  }

  override call<Name extends keyof Operations>(operation: Name, input: Operations[Name]["input"]): Decision<Operations[Name]["decision"]>;
  override call(operation: string, input: unknown): Decision<unknown>;
  override call(operation: string, input: unknown): Decision<unknown> {
    return guarded(() => crossed(this.#raw, operation, input) as Decision<unknown>);
  }

  /** Calls an operation with JSON bytes: canonical JSON of the decision or of the error. */
  callBytes(operation: string, input: Uint8Array): Uint8Array {
    return guarded(() => this.#raw.callBytes(operation, input));
  }

  /** Lets the config go at once; without it, the garbage collector does in time. */
  close(): void {
    this.#raw.free();
  }
}
