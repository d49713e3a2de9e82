// The packed package in fresh projects: every runtime and bundler makes the same decision; the
// examples of the docs compile and run; the API has its docs.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fromCase, id, recorded, replica, root } from "./xln/support.mjs";

const stranger = mkdtempSync(join(tmpdir(), "trimtab-hub-"));
const tool = (name) => join(root, "node_modules", ".bin", name);
const missing = (name) => (existsSync(tool(name)) ? false : `${name} is not installed here`);
let expected;

before(() => {
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", stranger], { cwd: root, encoding: "utf8" });
  const answer = JSON.parse(packed);
  const [{ filename }] = Array.isArray(answer) ? answer : Object.values(answer);
  writeFileSync(join(stranger, "package.json"), '{ "private": true, "type": "module" }\n');
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", join(stranger, filename)], { cwd: stranger, stdio: "pipe" });
  cpSync(join(root, "test", "xln", "decide.mjs"), join(stranger, "decide.mjs"));
  put("esm.mjs", 'import * as trimtab from "trimtab";\nimport * as xln from "trimtab/xln";\nimport { decide } from "./decide.mjs";\ntrimtab.initSync();\nconsole.log(await decide(trimtab, xln));\n');
  expected = run(process.execPath, "esm.mjs");
  assert.match(expected, /^[0-9a-f]{64} [0-9a-f]{64} .*deposit_collateral.*j_broadcast.*reserveToCollateral/);
});

after(() => rmSync(stranger, { recursive: true, force: true }));

function put(name, text) {
  mkdirSync(join(stranger, name, ".."), { recursive: true });
  writeFileSync(join(stranger, name), text);
}

function run(program, ...args) {
  return execFileSync(program, args, { cwd: stranger, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } }).trim();
}

const required = 'const trimtab = require("trimtab");\nconst xln = require("trimtab/xln");\ntrimtab.initSync();\nimport("./decide.mjs").then(async ({ decide }) => console.log(await decide(trimtab, xln)));\n';

test("Node, CommonJS", () => {
  put("cjs.cjs", required);
  assert.equal(run(process.execPath, "cjs.cjs"), expected);
});

test("Node, bytes inlined", () => {
  put("inline.mjs", readFileSync(join(stranger, "esm.mjs"), "utf8").replace('"trimtab"', '"trimtab/inline"'));
  assert.equal(run(process.execPath, "inline.mjs"), expected);
});

test("Bun, ES module and CommonJS", { skip: missing("bun") }, () => {
  put("cjs.cjs", required);
  assert.equal(run(tool("bun"), "esm.mjs"), expected);
  assert.equal(run(tool("bun"), "cjs.cjs"), expected);
});

test("Deno", { skip: missing("deno") }, () => {
  assert.equal(run(tool("deno"), "run", "--quiet", "--allow-read", "--allow-env", "--node-modules-dir=manual", "esm.mjs"), expected);
});

const bundled = 'import * as trimtab from "trimtab/inline";\nimport * as xln from "trimtab/xln";\nimport { decide } from "./decide.mjs";\ntrimtab.initSync();\ndecide(trimtab, xln).then((text) => console.log(text));\n';

test("a bundle of esbuild", { skip: missing("esbuild") }, () => {
  put("bundled.mjs", bundled);
  run(tool("esbuild"), "bundled.mjs", "--bundle", "--format=esm", "--platform=browser", "--log-level=error", "--outfile=out.mjs");
  assert.equal(run(process.execPath, "out.mjs"), expected);
});

test("what is not used is not bundled: the package has no side effects", { skip: missing("esbuild") }, () => {
  put("unused.mjs", 'import { hubState } from "trimtab/xln";\nconsole.log(typeof globalThis);\n');
  run(tool("esbuild"), "unused.mjs", "--bundle", "--format=esm", "--platform=browser", "--log-level=error", "--outfile=unused-out.mjs");
  assert.ok(readFileSync(join(stranger, "unused-out.mjs")).length < 2_000);
});

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** A Chromium of this machine, or the one that is installed with the tools. */
async function browser() {
  const { chromium: driver } = await import("playwright-core");
  let executablePath = chromium;
  if (executablePath === undefined) {
    const brought = await import("@sparticuz/chromium").catch(() => undefined);
    executablePath = await brought?.default.executablePath();
  }
  if (executablePath === undefined) return undefined;
  const profile = mkdtempSync(join(tmpdir(), "trimtab-profile-"));
  const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const context = await driver.launchPersistentContext(profile, { executablePath, headless: true, args: quiet });
  return { context, close: async () => (await context.close(), rmSync(profile, { recursive: true, force: true })) };
}

test("a bundle of Vite in a browser and in its worker", { skip: missing("vite") }, async (t) => {
  const chrome = await browser();
  if (chrome === undefined) return t.skip("no Chromium is installed here");
  const body = 'import { decide } from "./decide.mjs";\n';
  put("site/index.html", '<!doctype html><title>trimtab</title><script type="module" src="./main.mjs"></script>');
  cpSync(join(stranger, "decide.mjs"), join(stranger, "site", "decide.mjs"));
  put("site/main.mjs", `import * as trimtab from "trimtab";\nimport * as xln from "trimtab/xln";\n${body}await trimtab.init();\nwindow.page = await decide(trimtab, xln);\nconst worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });\nworker.onmessage = ({ data }) => (window.worker = data);\n`);
  put("site/worker.mjs", `import * as trimtab from "trimtab/inline";\nimport * as xln from "trimtab/xln";\n${body}trimtab.initSync();\ndecide(trimtab, xln).then((text) => postMessage(text));\n`);
  put("site/vite.config.mjs", 'export default { logLevel: "error", build: { target: "es2022", assetsInlineLimit: 0 }, worker: { format: "es" } };\n');
  execFileSync(tool("vite"), ["build"], { cwd: join(stranger, "site"), stdio: "pipe" });
  const types = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
  const server = createServer((request, response) => {
    const path = join(stranger, "site", "dist", new URL(request.url, "http://localhost").pathname.replace(/\/$/, "/index.html"));
    if (!existsSync(path)) return response.writeHead(404).end();
    response.setHeader("content-type", types[path.split(".").pop()] ?? "text/plain");
    response.end(readFileSync(path));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    const page = await chrome.context.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => window.page && window.worker, undefined, { timeout: 60_000 });
    assert.deepEqual(await page.evaluate(() => [window.page, window.worker]), [expected, expected]);
  } finally {
    await chrome.close();
    server.close();
  }
});

/** The examples of the docs, by their name. */
function examples() {
  const text = readFileSync(join(root, "..", "docs", "hub-engineers.md"), "utf8");
  return Object.fromEntries([...text.matchAll(/```ts (\w+)\n([\s\S]*?)```/g)].map(([, name, code]) => [name, code]));
}

test("the examples of the docs compile against both runtimes, strictly, and run", async () => {
  const { plan, head, monitor } = examples();
  // Ten lines in the runtime's own file, imports and types aside.
  for (const code of [plan, head]) assert.ok(code.split("\n").filter((line) => line !== "" && !line.startsWith("import")).length <= 10);
  put("docs/plan.ts", plan.replace('"./types"', '"./types.js"'));
  put("docs/head.ts", head.replaceAll('"./runtime"', '"./runtime.js"'));
  put("docs/monitor.ts", monitor);
  cpSync(join(root, "test", "xln", "runtime-types", "plan.d.ts"), join(stranger, "docs", "types.d.ts"));
  cpSync(join(root, "test", "xln", "runtime-types", "head.d.ts"), join(stranger, "docs", "runtime.d.ts"));
  const names = ["docs/plan.ts", "docs/head.ts", "docs/monitor.ts"];
  const options = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"];
  const { status, stdout } = spawnSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), ...options, ...names], { cwd: stranger, encoding: "utf8" });
  assert.equal(status, 0, stdout);
  put("docs/types.js", "");
  put("docs/runtime.js", `export * from ${JSON.stringify(pathToFileURL(fileURLToPath(new URL("./xln/deps.mjs", import.meta.url))).href)};\n`);
  const at = (name) => import(pathToFileURL(join(stranger, "docs", name)).href);
  const tasks = new Map();
  (await at("plan.js")).addHubTasks(tasks);
  assert.deepEqual([...tasks.keys()], ["hubRebalance", "checkHubReserves"]);
  const low = replica("plan", { hubId: id(0x11), now: 1_000_000, reserves: [[1, 1n]] });
  const [{ entityTxs }] = await tasks.get("checkHubReserves").handler({ timestamp: 1 }, low);
  assert.match(entityTxs[0].data.message, /reserve/i);
  const { case: given, runtime } = recorded.find(({ case: { name } }) => name === "r2c_hub_right");
  const outputs = await (await at("head.js")).hubRebalanceHandler({ state: { timestamp: given.now } }, fromCase("head", given), { params: {} }, { manualBroadcastInInput: false, accountChanges: new Set() });
  assert.deepEqual(outputs.map(({ entityTxs: txs }) => txs), runtime.outputs.map(({ entityTxs: txs }) => txs));
  const watched = (await at("monitor.js")).watch(async () => ({ replica: replica("plan", { hubId: id(0x11), now: 1, reserves: [[1, 10n ** 12n]] }) }), "http://127.0.0.1:9", join(stranger, "intents"));
  await watched.look();
  assert.equal(watched.status().lastError, undefined);
});

test("the API has its docs, without a warning", { skip: missing("typedoc") }, () => {
  const { status, stdout, stderr } = spawnSync(tool("typedoc"), [], { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
});
