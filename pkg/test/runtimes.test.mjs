// The laws of the surface in every runtime, from the *packed* package in a directory of its own.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { browser } from "./browser.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stranger = mkdtempSync(join(tmpdir(), "trimtab-stranger-"));
const installed = join(stranger, "node_modules", "trimtab");

before(() => {
  // The build has run; packing must not run it again while other tests read dist/.
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", stranger], { cwd: root, encoding: "utf8" });
  const answer = JSON.parse(packed);
  const [{ filename }] = Array.isArray(answer) ? answer : Object.values(answer);
  writeFileSync(join(stranger, "package.json"), '{ "private": true, "type": "module" }\n');
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", join(stranger, filename)], { cwd: stranger, stdio: "pipe" });
  cpSync(join(root, "test", "surface.mjs"), join(stranger, "surface.mjs"));
});

after(() => rmSync(stranger, { recursive: true, force: true }));

function check(program, name, source) {
  writeFileSync(join(stranger, name), source);
  const printed = execFileSync(program, [name], { cwd: stranger, encoding: "utf8" });
  const { count, broken } = JSON.parse(printed);
  assert.deepEqual(broken, []);
  assert.ok(count >= 10);
}

const esm = (entry, prepare = "") => `
import * as trimtab from ${JSON.stringify(entry)};
import { run } from "./surface.mjs";
${prepare}
console.log(JSON.stringify(run(trimtab)));
`;
const cjs = (entry) => `
const trimtab = require(${JSON.stringify(entry)});
import("./surface.mjs").then(({ run }) => console.log(JSON.stringify(run(trimtab))));
`;
const bun = join(root, "node_modules", ".bin", "bun");

test("Node, ES module", () => check(process.execPath, "esm.mjs", esm("trimtab")));
test("Node, ES module, after init()", () => check(process.execPath, "init.mjs", esm("trimtab", "await Promise.all([trimtab.init(), trimtab.init()]);")));
test("Node, CommonJS", () => check(process.execPath, "cjs.cjs", cjs("trimtab")));
test("Node, bytes inlined", () => check(process.execPath, "inline.mjs", esm("trimtab/inline")));
test("Node, CommonJS, bytes inlined", () => check(process.execPath, "inline.cjs", cjs("trimtab/inline")));
test("Bun, ES module", () => check(bun, "bun.mjs", esm("trimtab")));
test("Bun, CommonJS", () => check(bun, "bun.cjs", cjs("trimtab")));

test("other bytes than the package's are refused", () => {
  writeFileSync(join(stranger, "other.mjs"), `
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { init, initSync } from "trimtab";
const bytes = readFileSync(createRequire(import.meta.url).resolve("trimtab/trimtab.wasm"));
bytes[bytes.length - 1] ^= 1;
const codes = [];
try { initSync(bytes); } catch (error) { codes.push(error.code, error.field); }
await init(bytes).catch((error) => codes.push(error.code, error.field));
await init();
console.log(JSON.stringify(codes));
`);
  const printed = execFileSync(process.execPath, ["other.mjs"], { cwd: stranger, encoding: "utf8" });
  assert.deepEqual(JSON.parse(printed), ["incompatible_version", "module", "incompatible_version", "module"]);
});

test("the package carries the module once, its types, and no sources", () => {
  const wasm = readFileSync(join(installed, "dist", "trimtab.wasm"));
  assert.deepEqual(wasm, readFileSync(join(root, "module", "trimtab.wasm")));
  assert.ok(existsSync(join(installed, "dist", "esm", "node.d.ts")));
  assert.ok(!existsSync(join(installed, "src")));
});

test("the types accept what is right and refuse what is wrong", () => {
  mkdirSync(join(stranger, "types"), { recursive: true });
  cpSync(join(root, "test", "types.ts"), join(stranger, "types", "types.ts"));
  cpSync(join(root, "test", "types.ts"), join(stranger, "types", "types.cts"));
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const options = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...options, "types/types.ts", "types/types.cts"], { cwd: stranger, encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("a browser, the module fetched and inlined", async () => {
  const server = await serve();
  const { context, close } = await browser();
  try {
    const page = await context.newPage();
    for (const entry of ["browser", "inline"]) {
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      const { count, broken } = await page.evaluate(async (entry) => {
        const trimtab = await import(`/dist/esm/${entry}.js`);
        const { run } = await import("/surface.mjs");
        await trimtab.init();
        return run(trimtab);
      }, entry);
      assert.deepEqual(broken, [], entry);
      assert.ok(count >= 10);
    }
  } finally {
    await close();
    server.close();
  }
});

function serve() {
  const types = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = pathname === "/surface.mjs" ? join(stranger, "surface.mjs") : join(installed, pathname);
    if (pathname !== "/" && !existsSync(path)) return response.writeHead(404).end();
    response.setHeader("content-type", types[pathname.split(".").pop()] ?? "text/html");
    response.end(pathname === "/" ? "<!doctype html><title>trimtab</title>" : readFileSync(path));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
