// The entry for browsers, Deno and bundlers: `await init()` fetches the bytes.

import { locate } from "./load.js";

locate({ soon: () => new URL("../trimtab.wasm", import.meta.url) });

export * from "./index.js";
