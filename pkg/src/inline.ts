// The entry that carries the bytes as text, for bundles without a loader for wasm.

import { BYTES } from "./bytes.js";
import { inflateSync } from "./inflate.js";
import { locate } from "./load.js";

const decode = (): Uint8Array<ArrayBuffer> => inflateSync(Uint8Array.from(atob(BYTES), (letter) => letter.charCodeAt(0)));

locate({ now: decode, soon: decode });

export * from "./index.js";
