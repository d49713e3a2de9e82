// Builds dist/: ES modules by the compiler, CommonJS from them, the module's bytes once.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { deflateRawSync } from "node:zlib";
import { buildSync } from "esbuild";
import ts from "typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (...parts) => join(root, ...parts);

if (!existsSync(at("module", "trimtab.wasm"))) {
  console.error("no module: run `cargo run -p trimtab-pack -- build` first");
  process.exit(1);
}
const wasm = readFileSync(at("module", "trimtab.wasm"));
const digest = createHash("sha256").update(wasm).digest("hex");
const recorded = readFileSync(at("module", "trimtab.wasm.sha256"), "utf8").split(" ")[0];
if (digest !== recorded) {
  console.error(`module/trimtab.wasm has sha256 ${digest}, recorded is ${recorded}`);
  process.exit(1);
}

// These come from the module, so they are not in the sources.
const made = {
  "digest.ts": `/** sha256 of the module's bytes. */\nexport const DIGEST = "${digest}";\n`,
  // Without the annotation the declaration would repeat every byte as a literal type.
  "bytes.ts": `/** The module's bytes, deflated, base64. */\nexport const BYTES: string =\n  "${deflateRawSync(wasm, { level: 9 }).toString("base64")}";\n`,
  "inflate.d.ts": "/** What was deflated. */\nexport declare function inflateSync(deflated: Uint8Array): Uint8Array<ArrayBuffer>;\n",
};
for (const [name, text] of Object.entries(made)) writeFileSync(at("src", name), text);
const glue = readFileSync(at("module", "trimtab.js"), "utf8");
// `Symbol.dispose` is in no library that our users must have.
const glueTypes = readFileSync(at("module", "trimtab.d.ts"), "utf8").replace(/^ *\[Symbol\.dispose\]\(\): void;\n/gm, "");
writeFileSync(at("src", "glue.d.ts"), glueTypes);

rmSync(at("dist"), { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const compiled = spawnSync(process.execPath, [compiler, "-p", at("tsconfig.json")], { stdio: "inherit" });
if (compiled.status !== 0) process.exit(1);
writeFileSync(at("dist", "trimtab.wasm"), wasm);
writeFileSync(at("dist", "esm", "glue.js"), glue);
cpSync(at("src", "glue.d.ts"), at("dist", "esm", "glue.d.ts"));
// No browser inflates at once, so the one function of a library that does is carried along.
const licence = readFileSync(at("node_modules", "fflate", "LICENSE"), "utf8");
buildSync({
  stdin: { contents: 'export { inflateSync } from "fflate/browser";', resolveDir: root },
  banner: { js: `/*! fflate\n${licence.trim()}\n*/` },
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2020",
  outfile: at("dist", "esm", "inflate.js"),
});
cpSync(at("src", "inflate.d.ts"), at("dist", "esm", "inflate.d.ts"));

// CommonJS has its own copy of the code, which is small, and shares the bytes, which are not: every
// Node that we support requires an ES module that awaits nothing.
const shared = /^bytes\./;
const names = readdirSync(at("dist", "esm"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(at("dist", "esm"), join(entry.parentPath, entry.name)));
mkdirSync(at("dist", "cjs"));
writeFileSync(at("dist", "cjs", "package.json"), '{ "type": "commonjs" }\n');
for (const name of names) {
  if (name.startsWith("browser.") || shared.test(name)) continue;
  mkdirSync(dirname(at("dist", "cjs", name)), { recursive: true });
  if (name.endsWith(".d.ts")) {
    cpSync(at("dist", "esm", name), at("dist", "cjs", name));
    // The declarations are larger than all code: they lie in one place, where both kinds may read.
    if (name === "generated.d.ts") writeFileSync(at("dist", "esm", name), 'export * from "../cjs/generated.js";\n');
    continue;
  }
  const source = readFileSync(at("dist", "esm", name), "utf8");
  const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(source, { compilerOptions: options });
  const here = 'const { pathToFileURL: __toUrl } = require("node:url");\n';
  const sharing = outputText.replaceAll('require("./bytes.js")', 'require("../esm/bytes.js")');
  const text = sharing.includes("import.meta.url")
    ? sharing.replace('"use strict";\n', `"use strict";\n${here}`).replaceAll("import.meta.url", "__toUrl(__filename)")
    : sharing;
  writeFileSync(at("dist", "cjs", name), text);
}
