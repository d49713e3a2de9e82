// The reserve monitor: it pays once whatever stops when, hears only what it asked about, and tells
// no secret.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHmac } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { numbered, replica, root, xln, xlnNode } from "./xln/support.mjs";

const HUB = numbered(7);
const folder = mkdtempSync(join(tmpdir(), "trimtab-monitor-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const MOST = 1_000_000n;

/** A server whose reserve rises by what it pays. */
async function bank(answer) {
  const world = { reserve: 0n, payments: [], requests: [], keys: new Map() };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const text = Buffer.concat(parts).toString();
    const reply = (status, body) => (response.writeHead(status, { "content-type": "application/json" }), response.end(JSON.stringify(body)));
    if (request.url === "/state") return reply(200, { reserve: String(world.reserve) });
    const key = request.headers["idempotency-key"];
    if (request.method === "GET") return world.keys.has(key) ? reply(200, world.keys.get(key)) : reply(404, {});
    const fields = JSON.parse(text);
    world.requests.push({ key, fields, text, url: request.url, headers: request.headers });
    const pay = () => {
      world.payments.push({ key, amount: BigInt(fields.amount) });
      world.reserve += BigInt(fields.amount);
      world.keys.set(key, { key, tokenId: fields.tokenId, amount: fields.amount });
      return world.keys.get(key);
    };
    await answer({ world, key, fields, reply, pay, response });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  // A test that fails must not keep the process.
  server.unref();
  return { ...world, world, base: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((end) => (server.closeAllConnections(), server.close(end))) };
}

const once = ({ world, key, reply, pay }) => reply(200, world.keys.get(key) ?? pay());

function monitorOf(bank, options = {}) {
  const events = [];
  let now = 1_800_000_000_000;
  const sleeps = [];
  const monitor = new xln.ReserveMonitor({
    read: () => ({ replica: replica("head", { hubId: HUB, now: 1_000, reserves: [[1, bank.world.reserve]] }) }),
    sources: { treasury: xln.httpSource({ ...xln.presets.treasury(bank.base), ...options.template }) },
    now: () => now,
    sleep: async (ms) => void sleeps.push(ms),
    log: (event) => events.push(event),
    ...options.monitor,
  });
  return { monitor, events, sleeps, later: (ms) => (now += ms) };
}

const KILLS = Number(process.env.TRIMTAB_KILLS ?? 10);

test(`killed between request and answer ${KILLS} times: never paid twice`, { timeout: 120_000 + KILLS * 60_000 }, async () => {
  let arrived;
  let when = "after";
  let silent = true;
  const server = await bank((call) => {
    const { world, key, reply, pay } = call;
    const paysOnce = call.fields.amount !== undefined && mode === "once";
    if (silent) {
      if (when === "after" && !(paysOnce && world.keys.has(key))) pay();
      return arrived();
    }
    reply(200, paysOnce && world.keys.has(key) ? world.keys.get(key) : pay());
  });
  let mode = "once";
  const run = (path, clock, kind) => {
    const child = spawn(process.execPath, [join(root, "test", "xln", "monitor-child.mjs"), path, server.base, String(clock), kind], { stdio: ["ignore", "pipe", "inherit"] });
    const printed = new Promise((done) => {
      let text = "";
      child.stdout.on("data", (part) => (text += part)).on("end", () => done(text));
    });
    return { child, printed };
  };
  try {
    for (let round = 0; round < KILLS; round += 1) {
      mode = round % 2 === 0 ? "once" : "dumb";
      when = round % 4 < 2 ? "after" : "before";
      Object.assign(server.world, { reserve: 0n, keys: new Map() });
      server.world.payments.length = 0;
      const path = join(folder, `intents-${round}`);
      silent = true;
      const paid = new Promise((done) => (arrived = done));
      const first = run(path, 1_800_000_000_000, mode);
      await paid;
      first.child.kill("SIGKILL");
      await first.printed;
      silent = false;
      const second = JSON.parse(await run(path, 1_800_000_001_000, mode).printed);
      const due = mode === "once" || when === "after" ? 1 : 0;
      assert.equal(server.world.payments.length, due, `${mode} ${when}: after the restart`);
      // A source that pays twice per key and cannot be asked is left alone until the policy gives up. On
      // a machine that starves a request may fail before it leaves: it is left alone as well.
      const looks = [second];
      for (let clock = 1_800_000_400_000; looks.length < 6 && looks.at(-1).intents[0]?.seen !== true; clock += 400_000) {
        looks.push(JSON.parse(await run(path, clock, mode).printed));
      }
      const last = JSON.parse(await run(path, 1_800_009_000_000, mode).printed);
      assert.equal(server.world.payments.length, 1, `${mode} ${when}: in the end ${JSON.stringify(looks)}`);
      assert.equal(last.intents.length, 1);
      assert.ok(last.intents[0].seen);
      for (const answer of [...looks, last]) assert.equal(answer.lastError, undefined);
    }
  } finally {
    await server.close();
  }
});

test("400, 404 and 413 are final; 409, 503 and 504 are tried again after a growing wait", async () => {
  for (const [status, tries, outcome] of [[400, 1, "answer_failed"], [404, 1, "answer_failed"], [413, 1, "answer_failed"], [409, 4, "answer_failed"], [503, 4, "answer_failed"], [504, 4, "answer_unknown"]]) {
    const server = await bank(({ reply }) => reply(status, {}));
    const { monitor, sleeps } = monitorOf(server);
    await monitor.look();
    assert.equal(server.world.requests.length, tries, `${status}`);
    assert.deepEqual(sleeps, [500, 1000, 2000].slice(0, tries - 1), `${status}`);
    assert.equal(monitor.status().counts[outcome], 1, `${status}`);
    assert.equal(new Set(server.world.requests.map(({ key }) => key)).size, 1);
    await server.close();
  }
});

test("503 twice, then paid: one payment", async () => {
  let calls = 0;
  const server = await bank((call) => ((calls += 1) < 3 ? call.reply(503, {}) : once(call)));
  const { monitor } = monitorOf(server);
  await monitor.look();
  assert.equal(server.world.payments.length, 1);
  assert.ok(monitor.status().intents[0].seen);
  await server.close();
});

test("a source that is silent is left after the time-out, and nothing is assumed", async () => {
  const server = await bank(() => {});
  const { monitor } = monitorOf(server, { monitor: { patience: { timeoutMs: 20, tries: 1 } } });
  await monitor.look();
  assert.equal(monitor.status().counts["answer_unknown"], 1);
  assert.equal(monitor.status().intents[0].seen, false);
  await server.close();
});

test("an answer for another id, token or amount is refused", async () => {
  for (const wrong of [{ key: "other" }, { tokenId: 2 }, { amount: "1" }]) {
    const server = await bank(({ reply, key, fields }) => reply(200, { key, tokenId: fields.tokenId, amount: fields.amount, ...wrong }));
    const { monitor } = monitorOf(server, { template: { queryUrl: undefined }, monitor: { patience: { tries: 1 } } });
    await monitor.look();
    const { counts, intents } = monitor.status();
    assert.deepEqual([counts["refused"], counts["answer_done"], intents[0].parts[0].state], [1, undefined, "unknown"]);
    await server.close();
  }
});

test("success counts only when the reserve shows it", async () => {
  const server = await bank(({ reply, key, fields }) => reply(200, { key, tokenId: fields.tokenId, amount: fields.amount }));
  const { monitor, later } = monitorOf(server);
  await monitor.look();
  assert.equal(monitor.status().intents[0].seen, false);
  later(60_000);
  await monitor.look();
  // It said that it sent: asking again before it shows would pay twice.
  assert.equal(server.world.requests.length, 1);
  server.world.reserve += 2_000n * MOST;
  later(60_000);
  await monitor.look();
  assert.equal(monitor.status().intents[0].seen, true);
  assert.equal(monitor.status().counts["seen"], 1);
  await server.close();
});

test("more than the source's cap is asked for in parts, each under its own key", async () => {
  const server = await bank(once);
  const { monitor } = monitorOf(server, { template: { most: 600n * MOST } });
  await monitor.look();
  assert.deepEqual(server.world.payments.map(({ amount }) => amount / MOST), [600n, 600n, 600n, 200n]);
  assert.equal(new Set(server.world.payments.map(({ key }) => key)).size, 4);
  assert.equal(server.world.reserve, 2000n * MOST);
  await server.close();
});

test("parts that were paid stay paid when a later part fails and is asked again", async () => {
  let calls = 0;
  const server = await bank((call) => ((calls += 1) === 3 ? call.reply(404, {}) : once(call)));
  const { monitor, later } = monitorOf(server, { template: { most: 600n * MOST } });
  await monitor.look();
  assert.equal(server.world.reserve, 1200n * MOST);
  later(31_000);
  await monitor.look();
  later(31_000);
  await monitor.look();
  assert.equal(server.world.reserve, 2000n * MOST);
  assert.equal(server.world.payments.length, 4);
  await server.close();
});

test("a callback of the host is a source; it gets hub, token, amount and key", async () => {
  const asks = [];
  let reserve = 0n;
  const monitor = new xln.ReserveMonitor({
    read: () => ({ replica: replica("plan", { hubId: HUB, now: 1_000, reserves: [[1, reserve]] }) }),
    sources: { treasury: xln.treasury((ask) => (asks.push(ask), (reserve += ask.amount), { outcome: "done", id: ask.key, tokenId: ask.tokenId, amount: ask.amount })) },
    now: () => 1_800_000_000_000,
  });
  await monitor.look();
  assert.equal(asks.length, 1);
  assert.deepEqual([asks[0].entityId, asks[0].tokenId, asks[0].amount, asks[0].key], [HUB, 1, 2000n * MOST, asks[0].id]);
  assert.ok(monitor.status().intents[0].seen);
});

test("the plan's body gets 400 from the runtime's faucet and is final; the faucet for reserves is asked in whole tokens", async () => {
  const server = await bank(({ reply, fields }) => (/^0x/.test(fields.userAddress ?? "") ? reply(200, {}) : reply(fields.userEntityId ? 200 : 400, {})));
  const base = server.base;
  const source = xln.httpSource(xln.presets.planFaucet(base));
  const ask = { id: "a", key: "a", entityId: HUB, tokenId: 1, amount: 1_500_000n, decimals: 6 };
  const signal = new AbortController().signal;
  assert.deepEqual(await source.perform(ask, signal), { outcome: "failed", detail: "HTTP 400" });
  assert.deepEqual(server.world.requests[0].fields, { entityId: HUB, tokenId: 1 });
  assert.equal((await xln.httpSource(xln.presets.reserveFaucet(base)).perform(ask, signal)).outcome, "done");
  assert.deepEqual(server.world.requests[1].fields, { userEntityId: HUB, tokenId: 1, amount: "1.5" });
  await server.close();
});

test("bearer and HMAC come from a file or the environment and are in no log, status, journal or error", async () => {
  const token = "s3cret-bearer-token";
  const path = join(folder, "token");
  writeFileSync(path, `${token}\n`);
  process.env.TRIMTAB_TEST_SECRET = "s3cret-hmac";
  const server = await bank(once);
  const store = join(folder, "secret-journal");
  const lines = xlnNode.fileStore(store);
  const { monitor, events } = monitorOf(server, { template: { credentials: { type: "bearer", token: xlnNode.secretFromFile(path) } }, monitor: { store: lines } });
  await monitor.look();
  assert.equal(server.world.requests[0].headers.authorization, `Bearer ${token}`);
  const signed = xln.httpSource({ ...xln.presets.treasury(server.base), credentials: { type: "hmac", secret: xlnNode.secretFromEnvironment("TRIMTAB_TEST_SECRET") } });
  await signed.perform({ id: "x", key: "x", entityId: HUB, tokenId: 1, amount: 1n, decimals: 6 }, new AbortController().signal);
  const { headers, text, url } = server.world.requests[1];
  assert.equal(headers["x-signature"], createHmac("sha256", "s3cret-hmac").update(`POST\n${url}\nx\n${text}`).digest("hex"));
  lines.close();
  const told = JSON.stringify([events, monitor.status(), monitor.metrics(), readFileSync(store, "utf8")], (_, value) => (typeof value === "bigint" ? String(value) : value));
  assert.ok(!told.includes("s3cret"));
  const broken = xln.httpSource({ ...xln.presets.treasury(server.base), credentials: { type: "bearer", token: () => { throw new Error(`cannot read ${token}`); } } });
  await assert.rejects(async () => broken.perform({ id: "x", key: "x", entityId: HUB, tokenId: 1, amount: 1n, decimals: 6 }, new AbortController().signal), (error) => error.code === "missing_field" && !String(error.stack).includes("s3cret"));
  await server.close();
});

test("it wakes by itself when the policy wants to look again, and no more after stop", async () => {
  const server = await bank(once);
  let looks = 0;
  const monitor = new xln.ReserveMonitor({
    policy: { config: { hub: { monitor_ms: 5 } } },
    read: () => ((looks += 1), { replica: replica("head", { hubId: HUB, now: 1_000, reserves: [[1, 10_000n * MOST]] }) }),
    sources: {},
  });
  await monitor.start();
  while (looks < 4) await new Promise((done) => setTimeout(done, 2));
  await monitor.stop();
  const seen = looks;
  await new Promise((done) => setTimeout(done, 40));
  assert.equal(looks, seen);
  await server.close();
});

test("status in the words of Prometheus", async () => {
  const server = await bank(once);
  const { monitor } = monitorOf(server);
  await monitor.look();
  const text = monitor.metrics();
  assert.match(text, /^trimtab_reserve\{token="1"\} 2000000000$/m);
  for (const line of text.trimEnd().split("\n")) assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"\})? -?\d+)$/);
  await server.close();
});

test("a line that a crash cut off is dropped, and two monitors cannot share a file", async () => {
  const path = join(folder, "cut");
  writeFileSync(path, '{"kind":"memory","memory":{}}\n{"kind":"int');
  const store = xlnNode.fileStore(path);
  store.append('{"kind":"seen","id":"x"}');
  assert.deepEqual(store.read(), ['{"kind":"memory","memory":{}}', '{"kind":"seen","id":"x"}']);
  writeFileSync(`${path}.lock`, String(process.ppid));
  assert.throws(() => xlnNode.fileStore(path), { code: "duplicate", field: "store" });
  store.close();
});

test("a journal that has grown is written anew and says the same", async () => {
  const lines = [];
  const server = await bank(once);
  const store = xln.memoryStore(lines);
  const { monitor, later } = monitorOf(server, { monitor: { store } });
  for (let turn = 0; turn < 4200; turn += 1) lines.push('{"id":"none","kind":"seen"}');
  await monitor.look();
  server.world.reserve = 0n;
  for (let turn = 0; turn < 30; turn += 1) {
    later(700_000);
    server.world.reserve = 0n;
    await monitor.look();
  }
  assert.ok(lines.length < 1000, "written anew");
  const again = monitorOf(server, { monitor: { store } });
  await again.monitor.look();
  assert.ok(again.monitor.status().intents.length >= 30);
  assert.equal(new Set(server.world.payments.map(({ key }) => key)).size, server.world.payments.length);
  await server.close();
});
