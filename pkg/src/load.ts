// Loads the module's bytes. Every environment has its own entry file, which says where the bytes
// are; what they must be (the digest) is the same for all.

import * as glue from "./glue.js";
import { TrimtabError, wordedBy } from "./error.js";
import { DIGEST } from "./digest.js";

/** The module's bytes, or where they are. */
export type Source = Bytes | WebAssembly.Module | Promise<Response>;

type Bytes = BufferSource | URL | string | Response;

/** How an environment finds the bytes when the caller names none. */
export interface Locator {
  /** The bytes, at once; where that is impossible, the caller must `await init()`. */
  readonly now?: () => Uint8Array;
  /** The bytes or their address, in time. */
  readonly soon: () => Source | Promise<Source>;
  /** Reads an address that `fetch` cannot. */
  readonly read?: (url: URL) => Promise<Uint8Array> | undefined;
  /** sha256 in lower-case hex, at once. */
  readonly sha256?: (bytes: Uint8Array) => string;
}

let locator: Locator | undefined;
let loaded: Promise<void> | undefined;
let ready = false;

/** Says how this environment finds the module; called once, by the entry file. */
export function locate(by: Locator): void {
  locator ??= by;
}

/** sha256 of the module's bytes: the identity of the policy. */
export const moduleDigest: string = DIGEST;

/** Loads the module once; later calls wait for the first. */
export function init(source?: Source): Promise<void> {
  loaded ??= start(source).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

/** Loads the module at once, from bytes or, where the environment can, from the package. */
export function initSync(source?: BufferSource | WebAssembly.Module): void {
  if (ready) return;
  const module = source ?? locator?.now?.();
  if (module === undefined) throw notLoaded();
  if (isCompiled(module)) return run(module as WebAssembly.Module);
  const bytes = view(module as BufferSource);
  const digest = locator?.sha256?.(bytes);
  if (digest !== undefined) check(digest);
  run(new WebAssembly.Module(exact(bytes)));
}

/** The loaded module; loads it where that is possible at once. */
export function loadedGlue(): typeof glue {
  if (!ready) initSync();
  return glue;
}

async function start(source: Source | undefined): Promise<void> {
  if (ready) return;
  const from = await (source ?? locator?.soon());
  if (from === undefined) throw notLoaded();
  if (isCompiled(from)) return run(from as WebAssembly.Module);
  const bytes = await read(from as Bytes);
  check(locator?.sha256?.(bytes) ?? (await subtleSha256(bytes)));
  const module = await WebAssembly.compile(exact(bytes));
  if (!ready) run(module);
}

function run(module: WebAssembly.Module): void {
  glue.initSync({ module });
  wordedBy(glue.sentence);
  ready = true;
}

// `WebAssembly.Module` has no member of its own, so the compiler cannot tell it from other objects.
function isCompiled(source: unknown): boolean {
  return source instanceof WebAssembly.Module;
}

async function read(from: Bytes): Promise<Uint8Array> {
  if (typeof from === "string") from = new URL(from, globalThis.location?.href);
  if (from instanceof URL) {
    const bytes = await locator?.read?.(from);
    if (bytes) return bytes;
    from = await fetch(from);
  }
  if (typeof Response !== "undefined" && from instanceof Response) {
    if (!from.ok) throw unusable(`HTTP status ${from.status}`, "the bytes of the module");
    return new Uint8Array(await from.arrayBuffer());
  }
  return view(from as BufferSource);
}

function view(bytes: BufferSource): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  return ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
}

/** The compiler wants bytes that no other thread can change. */
function exact(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** Outside a secure context a browser cannot digest; the page's own origin then vouches. */
async function subtleSha256(bytes: Uint8Array): Promise<string | undefined> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest("SHA-256", exact(bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function check(digest: string | undefined): void {
  if (digest !== undefined && digest !== DIGEST) throw unusable(`sha256 ${digest}`, `sha256 ${DIGEST}`);
}

function unusable(got: string, expected: string): TrimtabError {
  return new TrimtabError({ code: "incompatible_version", field: "module", got, expected });
}

function notLoaded(): TrimtabError {
  return unusable("no module", "`await init()` before the first call");
}
