// The adapter: what it refuses, what it never does, and that nothing but its input decides.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OrderedMap, delta, deps, emptyBatch, fromCase, headAccount, id, numbered, plain, planAccount, random, recorded, replica, trimtab, xln } from "./xln/support.mjs";
import { Chain, TestHub, derive } from "./xln/runtime.mjs";

const HUB = id(0x77);
const PEER = id(0x22);
const USDC = 1_000_000n;
const execution = () => ({ manualBroadcastInInput: false, accountChanges: new Set(), candidateEffects: [] });

function small(shape, { rows = { offdelta: -900n * USDC }, requests = [{ tokenId: 1, amount: 500n * USDC }], workspace, account = {}, ...more } = {}) {
  const make = shape === "head" ? headAccount : planAccount;
  const hubId = id(0x11);
  return replica(shape, { hubId, now: 1_000_000, accounts: [[PEER, make(hubId, PEER, { deltas: [[1, delta(shape, rows)]], requests, workspace, ...account })]], reserves: [[1, 5000n * USDC]], ...more });
}

const spoiled = (shape, change) => {
  const given = small(shape);
  change(given, given.state.accounts.get(PEER));
  return given;
};

test("bad input is a typed error that names its path, and nothing has changed", async () => {
  const in22 = (rest) => `state.accounts["${PEER}"].${rest}`;
  const table = [
    ["head", (given) => delete given.state.accounts, "state.accounts", "missing_field"],
    ["plan", (given) => (given.state.accounts = []), "state.accounts", "malformed"],
    ["plan", (given) => (given.state.accounts = 7), "state.accounts", "malformed"],
    ["head", (given) => (given.state.timestamp = NaN), "state.timestamp", "out_of_range"],
    ["head", (given) => (given.state.timestamp = -1), "state.timestamp", "out_of_range"],
    ["plan", (given) => (given.state.timestamp = 1.5), "state.timestamp", "out_of_range"],
    ["plan", (given) => (given.state.timestamp = "1"), "state.timestamp", "malformed"],
    ["plan", (given) => delete given.state.reserves, "state.reserves", "missing_field"],
    ["plan", (given) => given.state.reserves.set("1", 5), 'state.reserves["1"]', "malformed"],
    ["plan", (given) => given.state.reserves.set("x", 5n), 'state.reserves["x"]', "malformed"],
    ["head", (given) => (given.state = undefined), "replica.state", "missing_field"],
    ["head", (given) => (given.entityId = 5), "entityId", "malformed"],
    ["head", (_, account) => delete account.state.deltas, in22("state.deltas"), "missing_field"],
    ["plan", (_, account) => (account.deltas = {}), in22("deltas"), "malformed"],
    ["head", (_, account) => (account.state.deltas.get(1).collateral = 5), in22("state.deltas.get(1).collateral"), "malformed"],
    ["plan", (_, account) => delete account.deltas.get(1).ondelta, in22("deltas.get(1).ondelta"), "missing_field"],
    ["plan", (_, account) => account.deltas.set(777, delta("plan")), in22("deltas.get(777)"), "out_of_range"],
    ["plan", (_, account) => account.requestedRebalance.set(1, "5"), in22("requestedRebalance.get(1)"), "malformed"],
    ["head", (_, account) => (account.state.requestedRebalanceFeeState.get(1).requestedAt = NaN), in22("state.requestedRebalanceFeeState.get(1).requestedAt"), "out_of_range"],
    ["head", (_, account) => (account.status = "asleep"), in22("status"), "malformed"],
    ["head", (_, account) => (account.mempool = "none"), in22("mempool"), "malformed"],
    ["head", (_, account) => (account.state.settlementWorkspace = { ops: 5 }), in22("state.settlementWorkspace.ops"), "malformed"],
    ["plan", (_, account) => (account.settlementWorkspace = { diffs: [], initiatedBy: "me", status: "draft" }), in22("settlementWorkspace.initiatedBy"), "malformed"],
    ["head", (given) => (given.state.jBatchState = { status: "empty", batch: { ...emptyBatch(), reserveToCollateral: [{ tokenId: 1, receivingEntity: HUB, pairs: [{ entity: PEER, amount: 5 }] }] } }), "state.jBatchState.batch.reserveToCollateral[0].pairs[0].amount", "malformed"],
    ["head", (given) => (given.state.jBatchState = {}), "state.jBatchState.batch", "missing_field"],
    ["plan", (given) => (given.state.debts = [{ tokenId: 1, amount: -1.5 }]), "state.debts[0].amount", "malformed"],
  ];
  for (const [shape, change, field, code] of table) {
    const given = spoiled(shape, change);
    const before = JSON.stringify(plain(given));
    const error = assertThrows(() => xln.hubState(given, { decimals: { 1: 6 }, shape }));
    assert.deepEqual([error.field, error.code], [field, code]);
    assert.equal(JSON.stringify(plain(given)), before);
  }
});

test("a handler refuses what is no replica by a typed error, also when it remembers an earlier tick", async () => {
  const settings = [{}, { book: {} }, { book: { changed: () => [PEER] } }, { shadow: true }];
  for (const shape of ["plan", "head"]) {
    for (const setting of settings) {
      const own = async () => [];
      const options = setting.shadow && shape === "plan" ? { shadow: own } : setting;
      const handler = shape === "plan" ? xln.hubTasks({}, options)[0].handler : xln.createHubRebalanceHandler({}, { ...deps, hubRebalanceHandler: own }, options);
      const task = { params: {} };
      const tick = (given) => (shape === "plan" ? handler({}, given) : handler({ state: { timestamp: 1 } }, given, task, execution()));
      await tick(small(shape, { batch: shape === "head" ? deps.initJBatch() : undefined }));
      const table = [
        [undefined, "replica"],
        [null, "replica"],
        [{ entityId: HUB }, "replica.state"],
        [{ entityId: HUB, state: 7 }, "replica.state"],
        [{ entityId: HUB, state: {} }, "state.accounts"],
        [{ entityId: HUB, state: { accounts: [] } }, "state.accounts"],
        [{ entityId: HUB, state: { accounts: new Set() } }, "state.accounts"],
        [spoiled(shape, (given) => (given.state.timestamp = NaN)), "state.timestamp"],
      ];
      for (const [given, field] of table) {
        await assert.rejects(async () => tick(given), (error) => error instanceof trimtab.TrimtabError && error.field === field, `${shape} ${JSON.stringify(setting)} ${field}`);
      }
      const bad = small(shape);
      if (shape === "head") await assert.rejects(async () => handler({ state: { timestamp: 1 } }, bad, {}, execution()), { code: "missing_field", field: "task.params" });
    }
  }
});

function assertThrows(run) {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof trimtab.TrimtabError, `${error?.stack}`);
    return error;
  }
  assert.fail("nothing was thrown");
}

test("one bad account is set aside with its path, and the others are served", async () => {
  for (const shape of ["plan", "head"]) {
    const given = small(shape);
    const make = shape === "head" ? headAccount : planAccount;
    const bad = make(given.entityId, id(0x33), { deltas: [[1, { collateral: 1 }]] });
    if (shape === "head") given.state.accounts = given.state.accounts.updated(id(0x33), bad);
    else given.state.accounts.set(id(0x33), bad);
    const ticks = [];
    await run(shape, given, { log: (tick) => ticks.push(tick) });
    assert.equal(ticks[0].setAside.length, 1);
    assert.match(ticks[0].setAside[0].error.field, /0x33.*collateral$/);
    assert.ok(ticks[0].decision.decision.actions.some(({ type, account_id }) => type === "deposit" && account_id === PEER));
  }
});

function run(shape, given, options = {}, policy = {}, task = { params: {} }) {
  if (shape === "plan") return xln.hubTasks(policy, options)[0].handler({}, given);
  return xln.createHubRebalanceHandler(policy, deps, options)({ state: { timestamp: given.state.timestamp } }, given, task, execution());
}

test("a helper of the runtime that throws leaves no trace", async () => {
  const given = small("head");
  const before = JSON.stringify(plain(given));
  const task = { params: {} };
  const broken = { ...deps, batchAddReserveToCollateral: () => { throw new Error("J_BATCH_LIMIT_EXCEEDED"); } };
  const handler = xln.createHubRebalanceHandler({}, { ...broken, initJBatch: deps.initJBatch });
  given.state.jBatchState = deps.initJBatch();
  const ready = JSON.stringify(plain(given));
  await assert.rejects(() => handler({ state: { timestamp: 1 } }, given, task, execution()), /J_BATCH_LIMIT_EXCEEDED/);
  assert.equal(JSON.stringify(plain(given)), ready);
  assert.deepEqual(task.params, {});
  assert.notEqual(before, undefined);
});

test("handlers read no clock, no random number, no network, and write no JSON by the host", async () => {
  const stubs = [[Date, "now"], [Math, "random"], [globalThis, "fetch"], [JSON, "stringify"], [performance, "now"], [globalThis, "setTimeout"], [globalThis, "setInterval"], [globalThis, "queueMicrotask"], [globalThis.crypto, "getRandomValues"], [globalThis.crypto, "randomUUID"]];
  const cases = recorded.filter(({ runtime }) => runtime.outputs !== undefined).map(({ case: given }) => given);
  const made = cases.flatMap((given) => [["head", fromCase("head", given), given], ["plan", fromCase("plan", given), given]]);
  const handlers = { plan: xln.hubTasks({}), head: xln.createHubRebalanceHandler({}, deps), book: xln.createHubRebalanceHandler({}, deps, { book: {} }) };
  const real = stubs.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name) ?? { value: owner[name], configurable: true, writable: true });
  const RealDate = globalThis.Date;
  let acted = 0;
  try {
    for (const [owner, name] of stubs) {
      Object.defineProperty(owner, name, { configurable: true, writable: true, value: () => { throw new Error(`${name} in consensus`); } });
    }
    globalThis.Date = class { constructor() { throw new Error("Date in consensus"); } };
    for (const [shape, given] of made) {
      if (shape === "plan") {
        for (const task of handlers.plan) acted += (await task.handler({}, given)).length;
        xln.detectRebalanceOpportunities(given);
        xln.findRebalanceMatches(given.state.accounts, 1);
      } else {
        const env = { state: { timestamp: given.state.timestamp } };
        acted += (await handlers.book(env, given, { params: {} }, execution())).length;
        acted += (await handlers.head(env, given, { params: {} }, execution())).length;
      }
    }
  } finally {
    globalThis.Date = RealDate;
    stubs.forEach(([owner, name], index) => Object.defineProperty(owner, name, real[index]));
  }
  assert.ok(acted > 20);
});

test("the text of the memory is canonical: what the module itself would write", () => {
  const given = small("head");
  const state = xln.hubState(given);
  const { memory } = trimtab.call("hub.plan", state).decision;
  const bytes = trimtab.callBytes("hub.plan", new TextEncoder().encode(JSON.stringify(plain(state))));
  const whole = new TextDecoder().decode(bytes);
  const task = { params: {} };
  return run("head", given, {}, {}, task).then(() => {
    assert.ok(Object.keys(memory).length > 0);
    const text = task.params[xln.PARAMS.memory];
    const own = /^\{"policy":(.*)\}$/.exec(text.replace(/"alerts":\[[^\]]*\],?/, ""))[1];
    assert.ok(whole.includes(`"memory":${own}`), `${own}\n${whole}`);
  });
});

test("other bytes, another config, or another committed policy are refused", async () => {
  const identity = xln.policyIdentity({});
  assert.equal(identity.module, trimtab.moduleDigest);
  xln.hubTasks({}, { expectDigest: identity.module, expectConfig: identity.config });
  const zero = "0".repeat(64);
  for (const [options, field] of [[{ expectDigest: zero }, "expectDigest"], [{ expectConfig: zero }, "expectConfig"]]) {
    for (const make of [() => xln.hubTasks({}, options), () => xln.createHubRebalanceHandler({}, deps, options), () => new xln.ReserveMonitor({ ...options, read: () => undefined, sources: {} })]) {
      const error = assertThrows(make);
      assert.deepEqual([error.code, error.field], ["incompatible_version", field]);
    }
  }
  const params = xln.taskParams({});
  await run("head", small("head"), {}, {}, { params: { ...params } });
  for (const name of Object.keys(params)) {
    await assert.rejects(async () => run("head", small("head"), {}, {}, { params: { ...params, [name]: zero } }), { code: "incompatible_version", field: `task.params.${name}` });
  }
});

test("switches that were committed bind every validator, those of a function too", async () => {
  const control = { deny: [{ account: PEER, token: 1 }], paused: false };
  const params = xln.taskParams({}, control);
  assert.deepEqual(Object.keys(params), Object.values(xln.PARAMS).filter((name) => name !== xln.PARAMS.memory));
  const reordered = { paused: false, deny: [{ token: 1, account: PEER }] };
  for (const same of [control, reordered, () => control]) await run("head", small("head"), { control: same }, {}, { params: { ...params } });
  for (const other of [{}, undefined, { deny: [{ account: PEER }] }, { ...control, paused: true }, () => ({ allow: [] })]) {
    await assert.rejects(async () => run("head", small("head"), { control: other }, {}, { params: { ...params } }), { code: "incompatible_version", field: `task.params.${xln.PARAMS.control}` });
  }
  let asked = 0;
  await run("head", small("head"), { control: () => ((asked += 1), control) }, {}, { params: { ...params } });
  assert.equal(asked, 1, "switches that change within a tick would be two of them");
});

const heldBack = (reason, outcome, effect) => ({ account_id: PEER, token_id: 1, outcome, reason, reasons: [{ binding: true, code: "set_by_operator", effect, observed: reason, subject: PEER }] });
const sentences = (outcomes) => trimtab.call("policy.explain", { reasons: outcomes.flatMap(({ reasons }) => reasons) }).decision.sentences;

test("paused: everything is planned and reported, nothing is done or remembered", async () => {
  for (const shape of ["plan", "head"]) {
    const given = small(shape, { batch: shape === "head" ? deps.initJBatch() : undefined });
    const before = JSON.stringify(plain(given));
    const ticks = [];
    const task = { params: {} };
    const outputs = await run(shape, given, { control: { paused: true }, log: (tick) => ticks.push(tick) }, {}, task);
    assert.deepEqual(outputs, []);
    assert.equal(JSON.stringify(plain(given)), before);
    assert.deepEqual(task.params, {});
    assert.deepEqual(ticks[0].heldBack, [heldBack("paused", "deferred", "defer")]);
    const own = ticks[0].outcomes.filter(({ account_id }) => account_id === PEER);
    assert.deepEqual(own, ticks[0].heldBack, "what became of it is that it was held back");
    assert.deepEqual(sentences(own), ["0x" + "22".repeat(32) + ": the operator set this to paused"]);
  }
});

test("allow and deny, per account and token, each a reason in the outcome", async () => {
  const table = [
    [{ deny: [{ account: PEER }] }, "denied"],
    [{ deny: [{ token: 1 }] }, "denied"],
    [{ deny: [{ account: PEER, token: 1 }] }, "denied"],
    [{ allow: [{ account: id(0x99) }] }, "not_allowed"],
    [{ allow: [] }, "not_allowed"],
    [{ allow: [{ account: PEER }], deny: [{ token: 1 }] }, "denied"],
    [{ deny: [{ account: PEER, token: 2 }] }, undefined],
    [{ allow: [{ account: PEER, token: 1 }] }, undefined],
  ];
  for (const shape of ["plan", "head"]) {
    for (const [control, reason] of table) {
      const ticks = [];
      await run(shape, small(shape), { control, log: (tick) => ticks.push(tick) });
      const told = reason === undefined ? [] : [heldBack(reason, "refused", "refuse")];
      assert.deepEqual(ticks[0].heldBack, told);
      const own = ticks[0].outcomes.filter(({ account_id }) => account_id === PEER);
      if (reason === undefined) assert.ok(own.every(({ reasons }) => reasons.every(({ code }) => code !== "set_by_operator")));
      else assert.deepEqual(own, told);
      assert.equal(ticks[0].decision.decision.actions.some(({ type }) => type === "deposit"), reason === undefined);
    }
  }
});

test("switches that are not switches are refused with their path, and a list knows an account in any form of its id", async () => {
  for (const shape of ["plan", "head"]) {
    for (const [control, field] of [[{ paused: "yes" }, "control.paused"], [{ deny: PEER }, "control.deny"], [{ deny: [{ token: "1" }] }, "control.deny[0].token"], [{ allow: [{}, { account: 5 }] }, "control.allow[1].account"]]) {
      await assert.rejects(async () => run(shape, small(shape), { control }), { code: "malformed", field });
    }
    const ticks = [];
    await run(shape, small(shape), { control: { deny: [{ account: PEER.toUpperCase().replace("0X", "0x") }] }, log: (tick) => ticks.push(tick) });
    assert.equal(ticks[0].heldBack.length, 1);
  }
});

test("a settlement of an account that is held back is left alone, and the outcome says so", async () => {
  const workspace = { ops: [{ type: "c2r", tokenId: 1, amount: 5n * USDC }], lastModifiedByLeft: true, executorIsLeft: true, status: "ready_to_submit", rightHanko: "0x1", revision: 1 };
  const given = () => small("head", { rows: { collateral: 100n * USDC, ondelta: 100n * USDC }, requests: [], workspace, batch: deps.initJBatch() });
  const [free] = await run("head", given());
  assert.deepEqual(free.entityTxs.map(({ type }) => type), ["settle_execute", "j_broadcast"]);
  const ticks = [];
  assert.deepEqual(await run("head", given(), { control: { deny: [{ account: PEER }] }, log: (tick) => ticks.push(tick) }), []);
  const { token_id, ...settlement } = heldBack("denied", "refused", "refuse");
  assert.deepEqual(ticks[0].outcomes, [settlement]);
});

test("with a book, other switches are followed at once, and what is held back or set aside is told in every tick", async () => {
  let control = {};
  const ticks = [];
  const options = { book: { changed: () => [] }, control: () => control, log: (tick) => ticks.push(tick) };
  const given = small("head", { batch: deps.initJBatch() });
  given.state.accounts = given.state.accounts.updated(id(0x33), headAccount(given.entityId, id(0x33), { deltas: [[1, { collateral: 1 }]] }));
  const handler = xln.createHubRebalanceHandler({}, deps, options);
  const tick = async () => {
    given.state.timestamp += 6_000;
    given.state.jBatchState = deps.initJBatch();
    given.state.accounts.get(PEER).shadow.rebalance.submittedAtByToken = new OrderedMap();
    await handler({ state: { timestamp: given.state.timestamp } }, given, { params: {} }, execution());
    const { decision, heldBack: held, setAside } = ticks.at(-1);
    assert.deepEqual(setAside.map(({ account_id }) => account_id), [id(0x33)]);
    return [decision.decision.actions.some(({ type }) => type === "deposit"), held.map(({ reason }) => reason)];
  };
  assert.deepEqual(await tick(), [true, []]);
  control = { deny: [{ account: PEER }] };
  assert.deepEqual(await tick(), [false, ["denied"]]);
  assert.deepEqual(await tick(), [false, ["denied"]]);
  control = { allow: [{ account: PEER }, { account: id(0x33) }] };
  assert.deepEqual(await tick(), [true, []]);
});

test("paused: no reserve is asked for, and nothing is remembered", async () => {
  const low = () => replica("plan", { hubId: HUB, now: 1_000_000, reserves: [[1, 1n]] });
  for (const paused of [false, true]) {
    const [intents, saved] = [[], []];
    const [, reserves] = xln.hubTasks({}, { control: { paused }, intents: (asked) => intents.push(...asked), memory: { load: () => undefined, save: (_, text) => saved.push(text) } });
    const outputs = await reserves.handler({}, low());
    assert.deepEqual([outputs.length > 0, intents.length > 0, saved.length > 0], [!paused, !paused, !paused]);
  }
});

test("shadow: the runtime's own handler acts, ours is computed beside it, what differs is told with codes", async () => {
  const theirs = async (_env, given) => {
    deps.batchAddReserveToCollateral(given.state.jBatchState, given.entityId, PEER, 1, 7n);
    return [{ entityId: given.entityId, signerId: "x", entityTxs: [{ type: "j_broadcast", data: {} }] }];
  };
  const given = small("head", { batch: deps.initJBatch() });
  const ticks = [];
  const handler = xln.createHubRebalanceHandler({}, { ...deps, hubRebalanceHandler: theirs }, { shadow: true, log: (tick) => ticks.push(tick) });
  const task = { params: {} };
  const outputs = await handler({ state: { timestamp: 1 } }, given, task, execution());
  assert.deepEqual(outputs[0].entityTxs, [{ type: "j_broadcast", data: {} }]);
  assert.equal(given.state.jBatchState.batch.reserveToCollateral[0].pairs[0].amount, 7n);
  assert.deepEqual(task.params, {});
  const told = ticks[0].differences.map(({ by, step, codes }) => [by, step.type, step.data.amount, codes.includes("deposit_granted")]);
  assert.deepEqual(told, [["trimtab", "r2c", 500n * USDC, true], ["runtime", "r2c", 7n, true]]);
  const original = async () => [{ entityId: HUB, signerId: "system", entityTxs: [{ type: "chatMessage", data: { message: "found" } }] }];
  const seen = [];
  const [task2] = xln.hubTasks({}, { shadow: original, log: (tick) => seen.push(tick) });
  const out = await task2.handler({}, small("plan"));
  assert.equal(out[0].entityTxs[0].data.message, "found");
  assert.deepEqual(seen[0].differences.map(({ by, step }) => [by, step.type]), [["trimtab", "deposit_collateral"], ["trimtab", "j_broadcast"]]);
  assertThrows(() => xln.createHubRebalanceHandler({}, deps, { shadow: true }));
});

test("what the runtime throws at is never returned", () => {
  const workspace = { ops: [{ type: "c2r", tokenId: 1, amount: 5n }], lastModifiedByLeft: true, executorIsLeft: true, status: "awaiting_counterparty", revision: 1 };
  const at = (shape, more) => xln.hubState(small(shape, more));
  const refused = (actions, shape, state) => assertThrows(() => xln.entityTxs({ actions, outcomes: [] }, shape, { state })).field;
  const reject = [{ type: "settle_reject", account_id: PEER }];
  const propose = [{ type: "settle_propose", account_id: PEER, executor_is_left: true, memo: "", ops: [{ type: "c2r", token_id: 1, amount: 5n }] }];
  const execute = [{ type: "settle_execute", account_id: PEER }];
  const broadcast = { type: "broadcast" };
  const deposit = { type: "deposit", account_id: PEER, token_id: 1, amount: 5n };
  const first = "plan.actions[0]";
  for (const signed of [{ leftHanko: "0x1" }, { rightHanko: "0x1" }, { settlementHash: "0x1" }, { postSettlementDisputeProof: {} }]) {
    assert.equal(refused(reject, "head", at("head", { workspace: { ...workspace, ...signed } })), first);
  }
  assert.equal(refused(reject, "head", at("head")), first);
  assert.equal(xln.entityTxs({ actions: reject }, "head", { state: at("head", { workspace }) })[0].type, "settle_reject");
  const queued = { account: { mempool: [{ type: "settle_transition" }] } };
  const framed = { account: { pendingFrame: { accountTxs: [{ type: "settle_transition" }] } } };
  for (const more of [queued, framed]) {
    assert.equal(refused(propose, "head", at("head", more)), first);
    assert.equal(refused(reject, "head", at("head", { workspace, ...more })), first);
    assert.equal(refused(execute, "head", at("head", { workspace: { ...workspace, status: "ready_to_submit", rightHanko: "0x1" }, ...more })), first);
  }
  assert.equal(refused(propose, "head", at("head", { workspace })), first);
  assert.equal(refused(execute, "head", at("head", { workspace })), first);
  assert.equal(refused([...propose, ...propose], "head", at("head")), "plan.actions[1]");
  assert.equal(refused([broadcast, deposit], "head", at("head")), first);
  assert.equal(refused([{ ...deposit, amount: 0n }], "head", at("head")), `${first}.amount`);
  assert.equal(refused([{ ...deposit, account_id: id(0x55) }], "head", at("head")), `${first}.account_id`);
  const sent = { ...deps.initJBatch(), sentBatch: { batch: emptyBatch(), batchHash: "0x1", lastSubmittedAt: 5 } };
  assert.equal(refused([broadcast], "head", at("head", { batch: sent })), first);
  assert.equal(refused([{ type: "abort_sent_batch", requeue: true }], "head", at("head")), first);
  const locked = { batch: { batch: emptyBatch(), pendingBroadcast: true, lastBroadcast: 5 } };
  assert.equal(refused([deposit], "plan", at("plan", locked)), first);
  // The plan's point throws at an empty batch, and forgets a deposit that the reserve does not cover.
  assert.deepEqual(xln.entityTxs({ actions: [broadcast] }, "plan", { state: at("plan") }), []);
  assert.deepEqual(xln.entityTxs({ actions: [{ ...deposit, amount: 6000n * USDC }, broadcast] }, "plan", { state: at("plan") }), []);
});

test("at the plan's point a settlement in the batch is one under way, though its account has forgotten it", () => {
  const hubId = id(0x11);
  const diffs = [{ tokenId: 1, leftDiff: 5n, rightDiff: 0n, collateralDiff: -5n, ondeltaDiff: -5n }];
  const batch = { ...emptyBatch(), settlements: [{ leftEntity: hubId, rightEntity: PEER, diffs }] };
  for (const pendingBroadcast of [false, true]) {
    const [account] = xln.hubState(small("plan", { batch: { batch, pendingBroadcast, lastBroadcast: 5 } })).accounts;
    assert.equal(account.pending_settlement, true);
  }
});

test("ids are compared as the runtime compares them, and given back as they came", async () => {
  const hubId = "0x0B";
  const given = replica("plan", { hubId, now: 1_000_000, accounts: [["0xA", planAccount(hubId, "0xA", { deltas: [[1, delta("plan", { offdelta: 900n * USDC })]], requests: [{ tokenId: 1, amount: 500n * USDC }] })]], reserves: [[1, 5000n * USDC]] });
  const [{ entityTxs }] = await run("plan", given);
  assert.deepEqual(entityTxs[0], { type: "deposit_collateral", data: { counterpartyId: "0xA", tokenId: 1, amount: 500n * USDC } });
});

test("detection and matching under the plan's names", () => {
  const hubId = id(0x11);
  const accounts = [
    [id(0x21), planAccount(hubId, id(0x21), { deltas: [[1, delta("plan", { collateral: 80n * USDC, ondelta: 80n * USDC })]] })],
    [id(0x31), planAccount(hubId, id(0x31), { deltas: [[1, delta("plan", { offdelta: -100n * USDC })]], requests: [{ tokenId: 1, amount: 100n * USDC }] })],
  ];
  const given = replica("plan", { hubId, now: 1, accounts, reserves: [[1, 0n]] });
  const found = xln.detectRebalanceOpportunities(given);
  assert.deepEqual(found, [{ tokenId: 1, receiver: id(0x31), amount: 100n * USDC, severe: false, matches: [{ spender: id(0x21), amount: 80n * USDC }], matchedSpender: id(0x21) }]);
  assert.deepEqual(xln.findRebalanceMatches(given.state.accounts, 1), [{ tokenId: 1, spender: id(0x21), receiver: id(0x31), amount: 80n * USDC }]);
  assert.deepEqual(xln.findRebalanceMatches(given.state.accounts, 2), []);
  assert.deepEqual(xln.findRebalanceMatches(new Map(), 1), []);
});

test("a first fill reads balances straight from the replica, as whole accounts are read", () => {
  const edges = [0n, 1n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n, 2n ** 127n - 1n, 2n ** 127n, -(2n ** 127n), -(2n ** 127n) - 1n, 2n ** 200n];
  const dice = random(77);
  const unsigned = () => { const one = dice.pick(edges); return one < 0n ? -one : one; };
  const odd = [
    (account) => { account.mempool = [{ type: "settle_transition" }]; },
    (account) => { account.status = "disputed"; },
    (account) => { account.pendingFrame = { accountTxs: [] }; },
    (account) => { account.state.deltas.get(1).leftAllowance = 5n; },
    (account) => { account.state.requestedRebalance = new Map([[1, 5n]]); },
    (account) => { account.shadow = { rebalance: { submittedAtByToken: new Map([[1, 7]]) } }; },
  ];
  for (let round = 0; round < 40; round += 1) {
    const some = (peer) => {
      const tokens = dice.chance(0.3) ? [1, 2] : [1];
      const deltas = tokens.map((token) => [token, delta("head", { collateral: unsigned(), ondelta: dice.pick(edges), offdelta: dice.pick(edges), leftCreditLimit: unsigned(), rightHold: unsigned() })]);
      const account = headAccount(HUB, peer, { deltas });
      if (dice.chance(0.3)) dice.pick(odd)(account);
      return account;
    };
    const ids = Array.from({ length: 30 }, (_, n) => (n % 7 === 3 ? `0x${(n + 10).toString(16).toUpperCase()}` : numbered(n + 200)));
    const given = replica("head", { hubId: HUB, now: 1_000_000, accounts: ids.map((peer) => [peer, some(peer)]), reserves: [[1, 5n]] });
    const [straight, whole] = [new xln.HubBookSync({}), new xln.HubBookSync({})];
    assert.deepEqual(straight.sync(given, { changed: [] }), whole.sync(given));
    assert.equal(straight.digest(), whole.digest());
    assert.ok(straight.verify(given));
    straight.close();
    whole.close();
  }
});

test("what a first fill cannot read is refused with the path that a whole account gives", () => {
  const spoil = [
    (account) => { account.state.deltas.get(1).collateral = 5; },
    (account) => { account.state.deltas.get(1).collateral = -5n; },
    (account) => { account.state.deltas.get(1).offdelta = undefined; },
    (account) => { account.state.deltas.get(1).leftHold = "7"; },
    (account) => { account.state.deltas = new Map([["1", account.state.deltas.get(1)]]); },
    (account) => { account.state.deltas = new Map([[1.5, account.state.deltas.get(1)]]); },
    (account) => { account.state.deltas = 7; },
    (account) => { account.state = null; },
    (account) => { account.status = "gone"; },
    (account) => { account.mempool = 7; },
  ];
  for (const change of spoil) {
    const account = headAccount(HUB, PEER, { deltas: [[1, delta("head", { collateral: 5n })]] });
    change(account);
    const given = replica("head", { hubId: HUB, now: 1_000_000, accounts: [[numbered(200), headAccount(HUB, numbered(200), { deltas: [[1, delta("head", {})]] })], [PEER, account]], reserves: [] });
    const refusal = (options) => {
      const book = new xln.HubBookSync({});
      try {
        book.sync(given, options);
      } catch ({ code, field, got }) {
        return { code, field, got };
      } finally {
        book.close();
      }
      return undefined;
    };
    const [straight, whole] = [refusal({ changed: [] }), refusal({})];
    assert.ok(whole !== undefined, String(change));
    assert.deepEqual(straight, whole, String(change));
  }
});

test("a book in step by ids and one by comparison equal a full rebuild after any changes", () => {
  for (const shape of ["plan", "head"]) {
    const dice = random(shape.length);
    const make = shape === "head" ? headAccount : planAccount;
    const some = (peer) => make(HUB, peer, { deltas: [[1, delta(shape, { collateral: BigInt(dice.below(900)) * USDC, offdelta: BigInt(dice.below(2000) - 1000) * USDC })]], requests: dice.chance(0.3) ? [{ tokenId: 1, amount: BigInt(1 + dice.below(500)) * USDC }] : [] });
    const accounts = new Map(Array.from({ length: 60 }, (_, n) => [numbered(n + 200), some(numbered(n + 200))]));
    const now = () => replica(shape, { hubId: HUB, now: (clock += 1000), accounts: [...accounts], reserves: [[1, BigInt(dice.below(9000)) * USDC]] });
    let clock = 1_000_000;
    const [byIds, byLooking] = [new xln.HubBookSync({}), new xln.HubBookSync({})];
    const first = now();
    byIds.sync(first, { changed: [] });
    byLooking.sync(first);
    for (let turn = 0; turn < 40; turn += 1) {
      const changed = new Set();
      for (let step = dice.below(5); step >= 0; step -= 1) {
        const peer = numbered(200 + dice.below(70));
        changed.add(peer);
        if (dice.chance(0.25)) accounts.delete(peer);
        else accounts.set(peer, some(peer));
      }
      const given = now();
      byIds.sync(given, { changed });
      const { set } = byLooking.sync(given);
      assert.ok(set <= changed.size);
      assert.equal(byIds.digest(), byLooking.digest());
      assert.ok(byIds.verify(given));
      const whole = trimtab.call("hub.plan", xln.hubState(given)).decision;
      assert.deepEqual(plain(byIds.plan().decision), plain(whole));
    }
    const other = now();
    accounts.set(numbered(201), some(numbered(201)));
    assert.equal(byIds.verify(now()), false, "a change that nobody told is seen");
    assert.ok(other);
    byIds.close();
    byLooking.close();
  }
});

// Each state has a number of its own, so that one that fails can be looked at alone, and many can be
// tried side by side: TRIMTAB_FROM=4971 TRIMTAB_STATES=1.
const STATES = Number(process.env.TRIMTAB_STATES ?? 2_000);
const FROM = Number(process.env.TRIMTAB_FROM ?? 0);

test(`${STATES} random states of the runtime: its own transactions keep the laws of the hub`, async (t) => {
  let current = FROM;
  t.after(() => t.diagnostic(`the last state was ${current}`));
  let acted = 0;
  for (let state = FROM; state < FROM + STATES; state += 1) {
    current = state;
    const dice = random(14 + state);
    const shape = dice.pick(["plan", "head"]);
    const chain = new Chain();
    const hubId = dice.chance(0.5) ? id(0x11) : id(0xee);
    const tokens = dice.chance(0.3) ? [1, 3] : [1];
    const units = (most) => BigInt(dice.below(most)) * (dice.chance(0.9) ? USDC : 1n);
    const policy = dice.chance(0.25) ? { profile: "xln", config: { hub: { require_prepaid_fee: false } } } : { config: { hub: { funding: dice.pick(["match_first", "reserve_first", "sweep"]), proactive: dice.chance(0.2) } } };
    const ticks = [];
    const reserves = new Map();
    const options = { log: (tick) => ticks.push(tick), peerReserve: (peer, token) => chain.reserve(peer, token) };
    for (const token of tokens) chain.add(hubId, token, units(6000));
    const hub =
      shape === "head"
        ? new TestHub(shape, { hubId, chain, now: 1_000_000, tokens, handler: xln.createHubRebalanceHandler(policy, deps, options) })
        : new TestHub(shape, { hubId, chain, now: 1_000_000, tokens, tasks: xln.hubTasks(policy, options) });
    const peers = Array.from({ length: 1 + dice.below(8) }, (_, n) => numbered(0x500 + n * 7).replace("0x00", dice.chance(0.5) ? "0x00" : "0xff"));
    for (const peer of peers) {
      const deltas = Object.fromEntries(tokens.map((token) => {
        const collateral = units(3000);
        chain.add(peer, token, units(2000));
        return [token, { collateral, ondelta: collateral / 2n, offdelta: units(3000) - units(3000), leftCreditLimit: units(3000), rightCreditLimit: units(3000), leftHold: dice.chance(0.2) ? units(50) : 0n, rightHold: dice.chance(0.2) ? units(50) : 0n }];
      }));
      hub.open(peer, { deltas, ...(shape === "head" && dice.chance(0.1) ? { status: dice.pick(["disputed", "dispute_preparing"]) } : {}) });
      if (dice.chance(0.5)) hub.request(peer, dice.pick(tokens), 1n + units(1500));
    }
    for (const token of tokens) reserves.set(token, chain.total(token));
    let now = 1_000_000;
    let claims;
    for (let turn = 0; turn < 6; turn += 1) {
      now += dice.pick([1_000, 6_000, 31_000, 130_000]);
      if (hub.unheard === undefined) claims = peers.map((peer) => tokens.map((token) => claim(hub, peer, token)));
      const before = tokens.map((token) => chain.reserve(hubId, token));
      const outputs = await hub.frame(now);
      if (outputs.length > 0) acted += 1;
      for (const peer of peers) if (dice.chance(0.8)) hub.sync(peer);
      if (dice.chance(0.5)) for (const peer of peers) {
        const open = hub.bilateral(peer).settlementWorkspace;
        if (open && !open[hubId < peer ? "rightHanko" : "leftHanko"] && open.status !== "submitted") hub.sign(peer);
      }
      if (dice.chance(0.7)) hub.settle(dice.chance(0.4));
      if (turn === 5) hub.catchUp();
      peers.forEach((peer, p) => tokens.forEach((token, t) => {
        // While an account has not heard of the chain yet, its balance says nothing.
        if (hub.unheard !== undefined) return;
        const after = claim(hub, peer, token);
        assert.equal(after.share + after.owed, claims[p][t].share + claims[p][t].owed, "what a peer has is what it had");
        assert.ok(after.share >= claims[p][t].share, "no peer loses security");
        assert.ok(after.excess <= claims[p][t].excess, "nobody is pushed out of its limits");
      }));
      tokens.forEach((token, t) => {
        assert.equal(chain.total(token), reserves.get(token), "each token is conserved");
        const floor = policy.profile === "xln" ? 0n : 500n * USDC;
        const lowest = before[t] < floor ? before[t] : floor;
        assert.ok(chain.reserve(hubId, token) >= lowest, "the floor holds");
      });
    }
    assert.deepEqual(hub.rejected.map(String), [], "no frame is dropped");
    assert.deepEqual(hub.unheld.map(String), [], "nobody is asked for more than it can hold");
    for (const tick of ticks) assert.equal(tick.refused, undefined);
  }
  assert.ok(acted >= STATES / 2);
});

function claim(hub, peer, token) {
  const row = hub.row(peer, token);
  const view = derive(row, peer < hub.hubId);
  const total = row.ondelta + row.offdelta;
  const over = [-row.leftCreditLimit - total, total - row.collateral - row.rightCreditLimit].reduce((most, each) => (each > most ? each : most), 0n);
  return { share: view.outCollateral, owed: view.outPeerCredit, excess: over };
}
