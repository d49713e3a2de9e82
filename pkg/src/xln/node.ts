/**
 * What the monitor needs of a machine: a file that survives a crash, and secrets from a file or the
 * environment.
 *
 * @module
 */

import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { readFile } from "node:fs/promises";
import { TrimtabError } from "../error.js";
import type { IntentStore } from "./journal.js";
import type { Secret } from "./source.js";

/** An append-only file of lines, each on disk before the next step; one process at a time. */
export function fileStore(path: string): IntentStore & { close(): void } {
  const lock = `${path}.lock`;
  hold(lock);
  let file = openSync(path, "a+");
  trim(file, path);
  const line = (text: string): Buffer => Buffer.from(`${text}\n`, "utf8");
  return {
    read: () => readFileSync(path, "utf8").split("\n").filter((text) => text !== ""),
    append: (text) => {
      writeAll(file, line(text));
      fsyncSync(file);
    },
    replace: (lines) => {
      const next = `${path}.next`;
      const fresh = openSync(next, "w");
      for (const text of lines) writeAll(fresh, line(text));
      fsyncSync(fresh);
      closeSync(fresh);
      renameSync(next, path);
      syncFolder(path);
      closeSync(file);
      file = openSync(path, "a+");
    },
    close: () => {
      closeSync(file);
      rmSync(lock, { force: true });
    },
  };
}

/** A secret that stands in a file of its own. */
export function secretFromFile(path: string): Secret {
  return () => readFile(path, "utf8");
}

/** A secret that stands in the environment. */
export function secretFromEnvironment(name: string): Secret {
  return () => process.env[name] ?? "";
}

/** A crash may have cut off the last line: nothing was done for it yet, and it must not join the next. */
function trim(file: number, path: string): void {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(10) + 1;
  if (end < bytes.length) ftruncateSync(file, end);
}

function hold(lock: string): void {
  if (existsSync(lock)) {
    const owner = Number(readFileSync(lock, "utf8"));
    if (owner !== process.pid && isAlive(owner)) {
      throw new TrimtabError({ code: "duplicate", field: "store", got: `process ${owner}`, expected: "one monitor for one file" });
    }
    rmSync(lock, { force: true });
  }
  writeFileSync(lock, String(process.pid), { flag: "wx" });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function writeAll(file: number, bytes: Buffer): void {
  let from = 0;
  while (from < bytes.length) from += writeSync(file, bytes, from);
}

function syncFolder(path: string): void {
  try {
    const folder = openSync(dirname(path), "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch {
    // Not every system lets a folder be synced.
  }
}
