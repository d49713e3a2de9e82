// Canonical text of what a policy remembers: keys in order, amounts as decimal texts. The runtime
// keeps it as one string beside its task and forbids JSON.stringify there.

import { fault } from "./fault.js";

const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** The canonical text of a value made of objects, lists, texts, numbers, bigints and booleans. */
export function canonicalText(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      return `"${value}"`;
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (Number.isFinite(value)) return String(value);
      break;
    case "object":
      if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
      return `{${entries(value as object)
        .map(([key, each]) => `${quoted(key)}:${canonicalText(each)}`)
        .join(",")}}`;
  }
  throw fault("malformed", "", value, "a value that JSON has");
}

/** A text that the module reads as the same value; its keys stand as they were written, so this is no digest. */
export function plainText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quoted(value);
    case "bigint":
      return `"${value}"`;
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? listText(value) : recordText(value);
    default:
      return canonicalText(value);
  }
}

function listText(values: ReadonlyArray<unknown>): string {
  let out = "";
  for (const each of values) out += out === "" ? plainText(each) : `,${plainText(each)}`;
  return `[${out}]`;
}

function recordText(value: object): string {
  let out = "";
  const add = (name: string, each: unknown): void => {
    if (each !== undefined) out += out === "" ? `${quoted(name)}:${plainText(each)}` : `,${quoted(name)}:${plainText(each)}`;
  };
  if (value instanceof Map) for (const [key, each] of value) add(String(key), each);
  else for (const name in value) add(name, (value as Record<string, unknown>)[name]);
  return `{${out}}`;
}

function entries(value: object): Array<[string, unknown]> {
  const pairs = value instanceof Map ? Array.from(value, ([key, each]): [string, unknown] => [String(key), each]) : Object.entries(value);
  return pairs.filter(([, each]) => each !== undefined).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function quoted(text: string): string {
  if (!ESCAPED.test(text)) return `"${text}"`;
  let quotedText = '"';
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    const letter = text.charAt(at);
    if (letter === '"' || letter === "\\") quotedText += `\\${letter}`;
    else if (unit < 0x20) quotedText += `\\u${unit.toString(16).padStart(4, "0")}`;
    else quotedText += letter;
  }
  return `${quotedText}"`;
}

/** What a canonical text says; an empty text says nothing. */
export function parsed(field: string, text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The error below says it.
  }
  throw fault("malformed", field, text, "the canonical text of an object");
}
