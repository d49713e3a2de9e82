// The entry for Node and Bun: the bytes lie beside this file, and a first call loads them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { locate } from "./load.js";

const here = new URL("../trimtab.wasm", import.meta.url);

locate({
  now: () => readFileSync(here),
  soon: () => here,
  read: (url) => (url.protocol === "file:" ? readFile(fileURLToPath(url)) : undefined),
  sha256: (bytes) => createHash("sha256").update(bytes).digest("hex"),
});

export * from "./index.js";
