// The stories of the rebalance plan, end to end: the real module, a runtime of accounts and batches,
// real HTTP.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deps, id, numbered, plain, xln } from "./xln/support.mjs";
import { Chain, TestHub, derive } from "./xln/runtime.mjs";
import { faucets, treasury } from "./xln/servers.mjs";

const HUB = id(0x77);
const ALICE = id(0x11);
const BOB = id(0xbb);
const USDC = 1_000_000n;
const T0 = 1_800_000_000_000;

function setUp(shape, { policy = {}, options = {}, chain = new Chain(), reserve = 1500n * USDC } = {}) {
  if (chain.reserve(HUB, 1) === 0n) chain.add(HUB, 1, reserve);
  const ticks = [];
  const log = (tick) => ticks.push(tick);
  const intents = [];
  const all = { log, intents: (asked) => intents.push(...asked), ...options };
  const hub =
    shape === "head"
      ? new TestHub(shape, { hubId: HUB, chain, now: T0, handler: xln.createHubRebalanceHandler(policy, deps, all) })
      : new TestHub(shape, { hubId: HUB, chain, now: T0, tasks: xln.hubTasks(policy, all) });
  return { chain, hub, ticks, intents };
}

const clean = ({ hub, ticks }) => {
  assert.deepEqual(hub.rejected, []);
  for (const tick of ticks) assert.equal(tick.refused, undefined);
};

for (const shape of ["plan", "head"]) {
  test(`${shape}: faucet calls drain the hub, the faucet answers 409, the reserve is replenished, the faucet pays again`, async () => {
    const world = setUp(shape);
    const { chain, hub } = world;
    const faucet = await faucets(chain, HUB);
    const bank = await treasury((fields) => chain.add(HUB, fields.tokenId, BigInt(fields.amount)));
    let now = T0;
    const memory = () => (shape === "head" ? String(hub.task.params[xln.PARAMS.memory] ?? "") : undefined);
    const monitor = new xln.ReserveMonitor({ read: () => (hub.observe(), { replica: hub.replica, memory: memory() || undefined }), sources: { treasury: xln.httpSource(xln.presets.treasury(bank.base)) }, now: () => now });
    try {
      const ask = async () => (await fetch(`${faucet.base}/api/faucet/reserve`, { method: "POST", body: JSON.stringify({ userEntityId: ALICE, tokenId: 1, amount: "100" }) })).status;
      let drained = 0;
      while ((await ask()) === 200) drained += 1;
      assert.equal(drained, 15);
      assert.equal(await ask(), 409);
      hub.observe();
      now += 60_000;
      await hub.frame(now);
      // Nobody asks for collateral: the later runtime does not wake its task, and the plan's tells the operator.
      assert.equal(hub.messages.length > 0, shape === "plan");
      await monitor.look();
      assert.deepEqual(bank.payments.map(({ amount }) => amount), [2000n * USDC]);
      if (shape === "plan") assert.equal(world.intents[0].id, bank.payments[0].key, "task and monitor ask under one id");
      assert.equal(await ask(), 200);
      now += 60_000;
      await monitor.look();
      assert.equal(bank.payments.length, 1);
      const [intent] = monitor.status().intents;
      assert.ok(intent.seen);
      clean(world);
    } finally {
      await Promise.all([faucet.close(), bank.close()]);
    }
  });

  test(`${shape}: Alice owes, Bob requests: Alice signs, her debt is gone, Bob is secured, the reserve is what it was`, async () => {
    for (const funds of ["collateral", "credit"]) {
      const world = setUp(shape, { options: { peerReserve: (peer) => (peer === ALICE ? 500n * USDC : undefined) } });
      const { chain, hub } = world;
      chain.add(ALICE, 1, 500n * USDC);
      // Alice is left of the hub, so that what she owes is a negative balance; collateral of hers that
      // is by now the hub's counts as well.
      const limits = { leftCreditLimit: 1000n * USDC, rightCreditLimit: 1000n * USDC };
      const row = funds === "credit" ? { offdelta: -100n * USDC, ...limits } : { collateral: 100n * USDC, ondelta: 100n * USDC, offdelta: -100n * USDC, ...limits };
      hub.open(ALICE, { deltas: { 1: row } });
      hub.open(BOB, { deltas: { 1: { offdelta: -100n * USDC, ...limits } } });
      chain.add(HUB, 0, 0n);
      const before = chain.reserve(HUB, 1);
      const all = chain.total(1);
      hub.request(BOB, 1, 100n * USDC);
      let now = T0;
      let byHand = 0;
      for (let turn = 0; turn < 40; turn += 1) {
        now += 6_000;
        await hub.frame(now);
        for (const peer of [ALICE, BOB]) hub.sync(peer);
        const open = hub.bilateral(ALICE).settlementWorkspace;
        const signed = open && open.leftHanko;
        if (funds === "credit" && open && !signed && hub.account(ALICE).mempool.length === 0) {
          byHand += 1;
          hub.sign(ALICE);
        }
        hub.settle();
      }
      clean(world);
      const alice = derive(hub.row(ALICE), false);
      assert.equal(alice.outPeerCredit + alice.outCollateral, 0n, `${funds}: Alice owes nothing any longer`);
      const bob = derive(hub.row(BOB), false);
      assert.equal(bob.outPeerCredit, 0n, `${funds}: the hub owes Bob nothing unsecured`);
      assert.equal(hub.row(BOB).collateral, 100n * USDC);
      assert.equal(chain.reserve(HUB, 1), before, `${funds}: the reserve is what it was`);
      assert.equal(chain.total(1), all);
      assert.equal(byHand, funds === "credit" ? 1 : 0, "a person signs for a debt payment, and for nothing else");
    }
  });

  test(`${shape}: validators that replay every frame get the same bytes, also one that joins later`, async () => {
    const chain = new Chain();
    chain.add(HUB, 1, 5000n * USDC);
    const bytes = (hub) => JSON.stringify(plain([hub.replica.state, hub.task.params]));
    const make = () => setUp(shape, { chain });
    const [first, second] = [make(), make()];
    const hubs = [first.hub, second.hub];
    const each = (change) => hubs.forEach(change);
    for (let n = 0; n < 12; n += 1) {
      each((hub) => hub.open(numbered(0x100 + n), { deltas: { 1: { offdelta: BigInt(60 * n - 300) * USDC, leftCreditLimit: 1000n * USDC, rightCreditLimit: 1000n * USDC } } }));
    }
    let now = T0;
    let compared = 0;
    for (let turn = 0; turn < 60; turn += 1) {
      now += 3_000;
      if (turn % 5 === 0) each((hub) => hub.request(numbered(0x100 + ((turn / 5) % 12)), 1, 50n * USDC));
      const outputs = [];
      for (const hub of hubs) outputs.push(JSON.stringify(plain(await hub.frame(now))));
      assert.equal(outputs[0], outputs[1]);
      each((hub) => [...hub.state.accounts].forEach(([peer]) => hub.sync(peer)));
      const { jBatchState } = hubs[0].state;
      const batch = shape === "head" ? jBatchState.sentBatch?.batch : jBatchState.pendingBroadcast ? jBatchState.batch : undefined;
      if (batch !== undefined && turn % 3 === 0) {
        chain.process(HUB, batch);
        each((hub) => hub.settled(batch));
      }
      assert.equal(bytes(hubs[0]), bytes(hubs[1]));
      compared += 1;
      if (turn === 30 && shape === "head") {
        // A new process: what it needs is in the state and beside the task.
        hubs[1].handler = xln.createHubRebalanceHandler({}, deps);
      }
    }
    assert.equal(compared, 60);
    assert.ok(first.ticks.some((tick) => tick.transactions.length > 0));
    clean(first);
  });
}

test("head: a task that wakes and a monitor that looks ask the treasury once, under one id", async () => {
  const { chain, hub } = setUp("head", { reserve: 900n * USDC });
  const bank = await treasury((fields) => chain.add(HUB, fields.tokenId, BigInt(fields.amount)));
  let now = T0;
  const monitor = new xln.ReserveMonitor({ read: () => (hub.observe(), { replica: hub.replica, memory: String(hub.task.params[xln.PARAMS.memory] ?? "") }), sources: { treasury: xln.httpSource(xln.presets.treasury(bank.base)) }, now: () => now });
  try {
    hub.open(BOB, { deltas: { 1: { offdelta: -100n * USDC, leftCreditLimit: 1000n * USDC, rightCreditLimit: 1000n * USDC } } });
    hub.request(BOB, 1, 100n * USDC);
    now += 1_000;
    await hub.frame(now);
    const asked = JSON.parse(hub.task.params[xln.PARAMS.memory]).policy.tokens["1"].in_flight;
    await monitor.look();
    assert.deepEqual(bank.payments.map(({ key, amount }) => [key, amount]), [[asked.id, BigInt(asked.amount)]]);
    hub.settle();
    hub.observe();
    now += 6_000;
    await hub.frame(now);
    now += 60_000;
    await monitor.look();
    // What the deposit took meanwhile is asked for under an id of its own; nothing is paid twice.
    const keys = bank.payments.map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(chain.reserve(HUB, 1), 2000n * USDC);
  } finally {
    await bank.close();
  }
});

test("head: a withdrawal that is on its way is asked for once, whatever its account hears of meanwhile", async () => {
  const policy = { config: { hub: { funding: "sweep" } } };
  const { chain, hub, ticks } = setUp("head", { policy, reserve: 5000n * USDC });
  hub.tokens = [1, 3];
  const limits = { leftCreditLimit: 1000n * USDC, rightCreditLimit: 1000n * USDC };
  // Of one token the hub owes Bob, of another it can take back.
  hub.open(BOB, { deltas: { 1: { offdelta: -100n * USDC, ...limits }, 3: { collateral: 900n * USDC, ondelta: 900n * USDC, ...limits } } });
  chain.add(HUB, 3, 5000n * USDC);
  hub.observe();
  hub.request(BOB, 1, 100n * USDC);
  let now = T0;
  const turn = async (wait = 6_000) => {
    const outputs = await hub.frame((now += wait));
    hub.sync(BOB);
    return outputs.flatMap(({ entityTxs }) => entityTxs.map(({ type }) => type));
  };
  assert.deepEqual(await turn(), ["settle_propose", "j_broadcast"]);
  assert.equal(hub.bilateral(BOB).settlementWorkspace.status, "ready_to_submit");
  // The chain has taken the deposit; the account hears of it after the withdrawal has left.
  hub.settle(true);
  assert.deepEqual(await turn(), ["settle_execute", "j_broadcast"]);
  assert.equal(hub.bilateral(BOB).settlementWorkspace.status, "submitted");
  assert.ok(hub.settle(true));
  assert.equal(hub.row(BOB, 1).collateral, 100n * USDC, "the deposit is heard of, the withdrawal is not");
  assert.equal(hub.row(BOB, 3).collateral, 900n * USDC);
  assert.deepEqual(await turn(), []);
  assert.deepEqual(await turn(130_000), []);
  hub.catchUp();
  assert.equal(hub.bilateral(BOB).settlementWorkspace, undefined);
  assert.equal(hub.row(BOB, 3).collateral, 0n);
  assert.equal(chain.reserve(HUB, 3), 5900n * USDC);
  assert.deepEqual(await turn(), []);
  clean({ hub, ticks });
});

test("head: a deposit ends a settlement that nobody has signed, and its holds; a signed one waits for its own number", () => {
  const { chain, hub } = setUp("head");
  const ops = [{ type: "rawDiff", tokenId: 1, leftDiff: 50n * USDC, rightDiff: -50n * USDC, collateralDiff: 0n, ondeltaDiff: -50n * USDC }];
  hub.open(BOB, { deltas: { 1: { collateral: 100n * USDC, ondelta: 100n * USDC, leftCreditLimit: 100n * USDC, rightCreditLimit: 100n * USDC } } });
  const deposit = { ...deps.initJBatch().batch, reserveToCollateral: [{ tokenId: 1, receivingEntity: HUB, pairs: [{ entity: BOB, amount: 10n * USDC }] }] };
  const open = (signed) => Object.assign(hub.bilateral(BOB), { settlementWorkspace: { ops, lastModifiedByLeft: true, executorIsLeft: true, status: "awaiting_counterparty", ...signed } });
  open({});
  hub.row(BOB).rightHold = 50n * USDC;
  chain.process(HUB, deposit);
  hub.settled(deposit);
  assert.equal(hub.bilateral(BOB).settlementWorkspace, undefined);
  assert.equal(hub.row(BOB).rightHold, 0n);
  open({ rightHanko: "0x1", nonceAtSign: 1, status: "submitted" });
  chain.process(HUB, deposit);
  hub.settled(deposit);
  assert.equal(hub.bilateral(BOB).settlementWorkspace.status, "submitted");
  const withdrawal = { ...deps.initJBatch().batch, collateralToReserve: [{ counterparty: BOB, tokenId: 1, amount: 50n * USDC, nonce: 1, sig: "0x" }] };
  chain.process(HUB, withdrawal);
  hub.settled(withdrawal);
  assert.equal(hub.bilateral(BOB).settlementWorkspace, undefined);
  assert.equal(hub.row(BOB).collateral, 70n * USDC);
  assert.throws(() => chain.process(HUB, withdrawal), /is over/, "a withdrawal counts once");
});
