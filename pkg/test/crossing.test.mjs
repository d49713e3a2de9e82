// Objects cross as one text: what comes back is what reading the objects one by one would give, and
// what the module itself writes for the same JSON.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { random, root, trimtab } from "./xln/support.mjs";

const { crossed } = await import(join(root, "dist", "esm", "crossing.js"));
const glue = await import(join(root, "dist", "esm", "glue.js"));

const folder = join(root, "..", "tests", "vectors");
const cases = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => read(readFileSync(join(folder, name), "utf8")).map((each) => ({ operation: name.slice(0, -".json".length), ...each })));

/** JSON with its long integers as bigints, and the floats that JSON lacks as the vectors write them. */
function read(text) {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (/^-?\d{16,}$/.test(token) ? `{"$int":"${token}"}` : token));
  return JSON.parse(marked, (_, value) => (typeof value?.$f64 === "string" ? Number(value.$f64) : typeof value?.$int === "string" ? BigInt(value.$int) : value));
}

/** JSON with bigints as integers. */
function written(value) {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return Array.isArray(value) ? `[${value.map(written).join(",")}]` : `{${Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}:${written(each)}`).join(",")}}`;
}

/** Whether JSON can say it. */
const sayable = (value) => (typeof value === "number" ? Number.isFinite(value) : typeof value !== "object" || value === null || Object.values(value).every(sayable));

/** What a call gives: the answer, or the record that is thrown. */
function outcome(run) {
  try {
    return { answer: run() };
  } catch (thrown) {
    return { thrown };
  }
}

/** A callee that says which way was taken. */
function watched(raw) {
  const ways = [];
  return {
    ways,
    call: (operation, input) => (ways.push("objects"), raw.call(operation, input)),
    callText: (operation, text) => {
      const answer = raw.callText(operation, text);
      ways.push(answer === undefined ? "refused text" : "text");
      return answer;
    },
  };
}

/** JSON as the module writes it: names in order, amounts as texts of digits, floats with a point. */
function canonical(value) {
  if (typeof value === "bigint") return `"${value}"`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** Numbers alike: a float and the whole number it is, a long integer and its digits as a text differ only on paper. */
const alike = (text) => canonical(JSON.parse(text.replace(/"(-?\d{16,})"/g, "$1")));

test("every vector: as one text, as objects and as bytes, the answer is the same, and what the vector expects", () => {
  const ways = { text: 0, objects: 0, "refused text": 0 };
  for (const { operation, name, input, profile, config, expect } of cases) {
    const made = outcome(() => new glue.Policy(profile, config));
    if (made.thrown) continue;
    const raw = made.answer;
    const callee = watched(raw);
    const [given, read] = [structuredClone(input), structuredClone(input)];
    const byText = outcome(() => crossed(callee, operation, given));
    const byObjects = outcome(() => raw.call(operation, read));
    assert.deepStrictEqual(byText, byObjects, `${operation}: ${name}`);
    assert.deepStrictEqual(given, input, "the input is as it was");
    if (!sayable(input)) {
      if (expect?.error !== undefined) assert.deepEqual([byText.thrown?.code, byText.thrown?.field], [expect.error.code, expect.error.field], `${operation}: ${name}`);
      raw.free();
      continue;
    }
    const bytes = new TextDecoder().decode(raw.callBytes(operation, new TextEncoder().encode(written(input))));
    if (byText.answer !== undefined) assert.equal(alike(canonical(byText.answer)), alike(bytes), `${operation}: ${name}`);
    else assert.equal(JSON.parse(bytes).error?.code, byText.thrown.code, `${operation}: ${name}`);
    if (expect?.decision !== undefined) {
      // A vector says nothing of the policy that answers.
      const { policy: _, ...answer } = byText.answer;
      assert.equal(alike(canonical(answer)), alike(written(expect)), `${operation}: ${name}`);
    }
    for (const way of callee.ways) ways[way] += 1;
    raw.free();
  }
  assert.ok(ways.text > cases.length / 2, JSON.stringify(ways));
  assert.ok(ways["refused text"] > 0, JSON.stringify(ways));
});

test("amounts of any size arrive with every digit, and come back as bigints", () => {
  const most = 2n ** 256n - 1n;
  for (const collateral of [0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 128n + 1n, most]) {
    for (const ondelta of [0n, -1n, -(2n ** 63n), -(2n ** 63n) - 1n, -(2n ** 255n), 2n ** 255n - 1n]) {
      const account = { account_id: "0x22", deltas: [{ token_id: 1, collateral, ondelta }] };
      const raw = new glue.Book("hub_book", { state: { hub_id: "0x11", now: 1 } });
      const callee = watched(raw);
      crossed(callee, "set_account", account);
      const state = crossed(callee, "snapshot", {}).decision;
      assert.deepEqual(callee.ways, ["text", "text"]);
      const [delta] = state.accounts[0].deltas;
      assert.deepEqual([typeof delta.collateral, delta.collateral, delta.ondelta], ["bigint", collateral, ondelta]);
      assert.deepStrictEqual(state, raw.call("snapshot", {}).decision);
      raw.free();
    }
  }
});

test("a mistake is a typed error with its field, whichever way the input crosses", () => {
  const policy = new trimtab.Policy("plan");
  const state = (account, more = {}) => ({ hub_id: "0x11", now: 1, ...more, accounts: [{ account_id: "0x22", ...account }] });
  const cyclic = { hub_id: "0x11", now: 1 };
  cyclic.self = cyclic;
  let deep = {};
  for (let level = 0; level < 300; level += 1) deep = { deep };
  const table = [
    [state({}, { now: -1 }), "out_of_range", "now"],
    [state({}, { now: 1.5 }), "out_of_range", "now"],
    [state({}, { now: "soon" }), "malformed", "now"],
    [state({}, { now: 2n ** 80n }), "out_of_range", "now"],
    [{ now: 1 }, "missing_field", "hub_id"],
    [state({}, { reserves: { 1: 2n ** 256n } }), "out_of_range", 'reserves.1'],
    [state({}, { reserves: { 1: -1n } }), "out_of_range", 'reserves.1'],
    [state({}, { surprise: 1 }), "unknown_field", "surprise"],
    [7n, "malformed", ""],
    ["text", "malformed", ""],
    [cyclic, undefined, undefined],
    [deep, undefined, undefined],
  ];
  for (const [input, code, field] of table) {
    const { thrown } = outcome(() => policy.call("hub.plan", input));
    assert.ok(thrown instanceof trimtab.TrimtabError, String(thrown?.stack));
    const raw = new glue.Policy("plan", undefined);
    const { thrown: record } = outcome(() => raw.call("hub.plan", input));
    const { code: own, field: path, got, expected } = thrown;
    assert.deepEqual({ code: own, field: path, got, expected }, { code: record.code, field: record.field, got: record.got, expected: record.expected });
    if (code !== undefined) assert.deepEqual([own, path], [code, field]);
    raw.free();
  }
});

test("a Map is a record: its keys are texts or whole numbers, and no two of them one name", () => {
  class Ordered extends Map {}
  const table = [
    [new Map([[1, 5n]]), "text"],
    [new Map([["1", 5n], [3, 7n]]), "text"],
    [new Map([[1, undefined]]), "text"],
    [new Map(), "text"],
    [new Map([[1, 5n], ["1", 6n]]), "objects"],
    [new Map([[1n, 5n]]), "objects"],
    [new Map([[1.5, 5n]]), "objects"],
    [new Map([[-0, 5n]]), "text"],
    [new Map([["$amount", "5"]]), "objects"],
    [new Map([[{}, 5n]]), "objects"],
    [new Ordered([[1, 5n]]), "objects"],
    [Object.assign(new Map([[1, 5n]]), { [Symbol.iterator]: () => [][Symbol.iterator]() }), "objects"],
  ];
  for (const [reserves, way] of table) {
    const input = { hub_id: "0x11", now: 1, reserves };
    const raw = new glue.Policy("plan", undefined);
    const callee = watched(raw);
    assert.deepStrictEqual(outcome(() => crossed(callee, "hub.plan", input)), outcome(() => raw.call("hub.plan", input)));
    assert.equal(callee.ways[0], way);
    raw.free();
  }
});

test("what is not plain is read by the module: instances, getters, half a surrogate pair, names with a dollar", () => {
  class Hub {
    hub_id = "0x11";
    now = 1;
  }
  const odd = [
    new Hub(),
    Object.assign(Object.create({ now: 1 }), { hub_id: "0x11" }),
    { hub_id: "0x11", now: 1, get memory() { throw new Error("not today"); } },
    { hub_id: "0x1\ud800", now: 1 },
    { hub_id: "0x11", now: 1, reserves: { $amount: "5" } },
    { hub_id: "0x11", now: NaN },
    { hub_id: "0x11", now: -0 },
    { hub_id: "0x11", now: () => 1 },
    { hub_id: Symbol("hub"), now: 1 },
  ];
  for (const [index, input] of odd.entries()) {
    const raw = new glue.Policy("plan", undefined);
    const callee = watched(raw);
    assert.deepStrictEqual(outcome(() => crossed(callee, "hub.plan", input)), outcome(() => raw.call("hub.plan", input)), `odd ${index}`);
    assert.deepEqual(callee.ways, ["objects"], `odd ${index}`);
    raw.free();
  }
  const plainEnough = { hub_id: "0x11", now: 1, memory: undefined, is_hub: true, recovery: [], sent: null };
  const raw = new glue.Policy("plan", undefined);
  const callee = watched(raw);
  crossed(callee, "hub.plan", plainEnough);
  assert.deepEqual(callee.ways, ["text"]);
  raw.free();
});

test("any plain value is written as JSON that says the same", () => {
  const dice = random(14);
  const texts = ["", "a", 'say "no"', "back\\slash", "line\nend", "\u0000\u001f\u007f", "\u2028", "héllo", "😀", "</script>"];
  const numbers = [0, 1, -1, 1.5, 1e21, 1e-7, 2 ** 53, 2 ** 60, -(2 ** 53) + 1, 0.1, 123456789.125];
  const bigs = [0n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, 2n ** 64n, -(2n ** 63n) - 1n, 10n ** 70n];
  const some = (depth) => {
    const kind = dice.below(depth > 4 ? 5 : 7);
    if (kind === 0) return dice.pick(texts);
    if (kind === 1) return dice.pick(numbers);
    if (kind === 2) return dice.pick(bigs);
    if (kind === 3) return dice.chance(0.5);
    if (kind === 4) return null;
    if (kind === 5) return Array.from({ length: dice.below(4) }, () => some(depth + 1));
    return Object.fromEntries(Array.from({ length: dice.below(4) }, (_, n) => [`${dice.pick(texts)}${n}`, some(depth + 1)]));
  };
  for (let round = 0; round < 5_000; round += 1) {
    const input = some(0);
    let text;
    const callee = { call: () => assert.fail("it is plain"), callText: (_, given) => ((text = Buffer.from(given).toString()), '"$NaN"') };
    assert.ok(Number.isNaN(crossed(callee, "any", input)));
    // What JSON reads in the text is the input, its bigints as numbers of any length or marked texts.
    const expected = JSON.stringify(input, (_, each) => (typeof each === "bigint" ? (each >= -(2n ** 63n) && each < 2n ** 64n ? Number(each) : { $amount: String(each) }) : each));
    assert.equal(canonical(JSON.parse(text)), canonical(JSON.parse(expected)));
    const digits = JSON.stringify(input, (_, each) => (typeof each === "bigint" ? `#${each}#` : each)).match(/#-?\d+#/g) ?? [];
    for (const each of digits) assert.ok(text.includes(each.slice(1, -1)), "no digit is lost");
  }
});

test("an answer's marked texts become bigints and floats, at any depth, and others stay texts", () => {
  const answer = '{"a":"$115792089237316195423570985008687907853269984665640564039457584007913129639935","b":["$-Infinity",["$-1"]],"c":{"d":null,"e":"$$5","f":"5$","g":""}}';
  const got = crossed({ call: () => undefined, callText: () => answer }, "any", {});
  assert.deepEqual(got, { a: 2n ** 256n - 1n, b: [-Infinity, [-1n]], c: { d: null, e: "$5", f: "5$", g: "" } });
});
