// Builds dist/: ES modules by the compiler, CommonJS from them, the module's bytes once.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
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
  "bytes.ts": `/** The module's bytes, base64. */\nexport const BYTES =\n  "${wasm.toString("base64")}";\n`,
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

mkdirSync(at("dist", "cjs"));
writeFileSync(at("dist", "cjs", "package.json"), '{ "type": "commonjs" }\n');
for (const entry of readdirSync(at("dist", "esm"), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.startsWith("browser.")) continue;
  const name = relative(at("dist", "esm"), join(entry.parentPath, entry.name));
  mkdirSync(dirname(at("dist", "cjs", name)), { recursive: true });
  if (name.endsWith(".d.ts")) {
    cpSync(at("dist", "esm", name), at("dist", "cjs", name));
    continue;
  }
  const source = readFileSync(at("dist", "esm", name), "utf8");
  const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(source, { compilerOptions: options });
  const here = 'const { pathToFileURL: __toUrl } = require("node:url");\n';
  const text = outputText.includes("import.meta.url")
    ? outputText.replace('"use strict";\n', `"use strict";\n${here}`).replaceAll("import.meta.url", "__toUrl(__filename)")
    : outputText;
  writeFileSync(at("dist", "cjs", name), text);
}
