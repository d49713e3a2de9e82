// What is packed, and how the sources hang together.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = mkdtempSync(join(tmpdir(), "trimtab-packed-"));
const MOST_BYTES = 4_000_000;
let tarball;
let packed;

before(() => {
  const printed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" });
  const answer = JSON.parse(printed);
  [packed] = Array.isArray(answer) ? answer : Object.values(answer);
  tarball = join(folder, packed.filename);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("the package is small, and has its page and both licences", () => {
  assert.ok(packed.unpackedSize <= MOST_BYTES, `${packed.unpackedSize} bytes unpacked`);
  const names = packed.files.map((file) => file.path);
  for (const name of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "package.json"]) assert.ok(names.includes(name), name);
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) assert.equal(readFileSync(join(root, name), "utf8"), readFileSync(join(root, "..", name), "utf8"));
});

test("the bytes are packed once as they are and once as a text", () => {
  const large = packed.files.filter((file) => file.size > 300_000).map((file) => file.path);
  assert.deepEqual(large.sort(), ["dist/esm/bytes.js", "dist/trimtab.wasm"]);
  assert.match(readFileSync(join(root, "dist", "esm", "bytes.d.ts"), "utf8"), /BYTES: string;/);
});

test("publint finds nothing to say", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin("publint"), "run", tarball, "--strict"], { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});

// The module itself is an asset: what an import of it gives is up to the bundler.
test("every way to resolve the types finds them", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin("attw"), tarball, "--profile", "node16", "--no-emoji", "--exclude-entrypoints", "./trimtab.wasm"], { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});

test("no source stands in a circle of imports", () => {
  const graph = imports();
  assert.ok(graph.size > 8);
  const circle = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    for (const next of graph.get(name) ?? []) {
      const found = circle(next, [...path, name]);
      if (found) return found;
    }
    return undefined;
  };
  for (const name of graph.keys()) assert.equal(circle(name, [])?.join(" -> "), undefined);
});

test("no name of an entry hides another", () => {
  const index = parse("index.ts");
  const owners = new Map();
  for (const statement of index.statements.filter(ts.isExportDeclaration)) {
    const from = statement.moduleSpecifier.text;
    const names = statement.exportClause ? statement.exportClause.elements.map((each) => each.name.text) : declared(from);
    for (const name of names) {
      assert.equal(owners.get(name), undefined, `${name} comes from ${owners.get(name)} and ${from}`);
      owners.set(name, from);
    }
  }
  assert.ok(owners.size > 100);
});

function bin(name) {
  const manifest = name === "attw" ? "@arethetypeswrong/cli" : name;
  const { bin } = JSON.parse(readFileSync(join(root, "node_modules", manifest, "package.json"), "utf8"));
  return join(root, "node_modules", manifest, typeof bin === "string" ? bin : bin[name]);
}

function parse(name) {
  return ts.createSourceFile(name, readFileSync(join(root, "src", name), "utf8"), ts.ScriptTarget.ES2022, true);
}

/** The names that a source exports. */
function declared(from) {
  const exported = (node) => ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((each) => each.kind === ts.SyntaxKind.ExportKeyword);
  return parse(from.replace(/\.js$/, ".ts"))
    .statements.filter(exported)
    .flatMap((node) => (ts.isVariableStatement(node) ? node.declarationList.declarations.map((each) => each.name.text) : [node.name.text]));
}

/** Which source imports which, types too. */
function imports() {
  const graph = new Map();
  const names = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  for (const name of names) {
    const targets = parse(name)
      .statements.filter((node) => (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      .map((node) => node.moduleSpecifier.text)
      .filter((text) => text.startsWith("."))
      .map((text) => relative(join(root, "src"), join(root, "src", dirname(name), text.replace(/\.js$/, ".ts"))))
      .filter((target) => existsSync(join(root, "src", target)));
    graph.set(name, targets);
  }
  return graph;
}
