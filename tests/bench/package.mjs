// The npm package as it was built, and what the scripts here share.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = join(import.meta.dirname, "../../pkg");
const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
export const trimtab = await import(pathToFileURL(join(folder, exports["."].node.import.default)).href);
trimtab.initSync(readFileSync(join(folder, "module/trimtab.wasm")));

export const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
