// Bad input as the rest of the package reports it: with a code and the path of what is wrong.

import { TrimtabError } from "../error.js";
import type { ErrorCode } from "../generated.js";

/** What stands in a field, in few words. */
export function shown(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "object") return Array.isArray(value) ? "a list" : value instanceof Map ? "a Map" : "an object";
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "string" ? `"${value.slice(0, 80)}"` : String(value);
}

/** An error about one field. */
export function fault(code: ErrorCode, field: string, value: unknown, expected: string): TrimtabError {
  return new TrimtabError({ code, field, got: shown(value), expected });
}

/** A value of the wrong type, or none where one is due. */
export function wrong(field: string, value: unknown, expected: string): TrimtabError {
  return fault(value === undefined ? "missing_field" : "malformed", field, value === undefined ? "nothing" : value, expected);
}

/** Runs `run`; an error that leaves it names the path from one level further up. */
export function within<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw outer(path, thrown);
  }
}

/** The error with its path from one level further up. */
export function outer(path: string, thrown: unknown): unknown {
  if (!(thrown instanceof TrimtabError)) return thrown;
  const { code, field, got, expected } = thrown;
  const joint = field === "" || field.startsWith("[") ? "" : ".";
  return new TrimtabError({ code, field: `${path}${joint}${field}`, got, expected });
}

/** An object; its fields are still unknown. */
export function object(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw wrong(field, value, "an object");
  return value as Record<string, unknown>;
}

/** A whole, safe number that is not negative. */
export function whole(field: string, value: unknown): number {
  if (typeof value !== "number") throw wrong(field, value, "a whole number");
  if (!Number.isSafeInteger(value) || value < 0) throw fault("out_of_range", field, value, "a whole number in 0..=9007199254740991");
  return value;
}

/** A text. */
export function text(field: string, value: unknown): string {
  if (typeof value !== "string") throw wrong(field, value, "a text");
  return value;
}

/** An amount in raw units. */
export function amount(field: string, value: unknown): bigint {
  if (typeof value !== "bigint") throw wrong(field, value, "a bigint");
  return value;
}

/** An amount in raw units; absent is zero. */
export function amountOr0(field: string, value: unknown): bigint {
  return value === undefined ? 0n : amount(field, value);
}

/** A map; also an ordered persistent one, which is no `Map`. */
export function map(field: string, value: unknown): Iterable<readonly [unknown, unknown]> {
  const iterable = typeof value === "object" && value !== null && typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === "function";
  if (!iterable || Array.isArray(value)) throw wrong(field, value, "a map");
  return value as Iterable<readonly [unknown, unknown]>;
}

/** A map, or nothing. */
export function mapOrNone(field: string, value: unknown): Iterable<readonly [unknown, unknown]> {
  return value === undefined ? [] : map(field, value);
}

/** A list. */
export function list(field: string, value: unknown): ReadonlyArray<unknown> {
  if (!Array.isArray(value)) throw wrong(field, value, "a list");
  return value as ReadonlyArray<unknown>;
}

/** A list; absent is empty. */
export function listOrNone(field: string, value: unknown): ReadonlyArray<unknown> {
  return value === undefined ? [] : list(field, value);
}
