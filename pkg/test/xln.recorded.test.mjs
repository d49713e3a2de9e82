// The runtime's own recorded decisions, from its objects to its transactions, in both shapes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LEADER, deps, fromCase, plain, recorded, xln } from "./xln/support.mjs";

// Each of these differs on purpose; docs/runtime.md says why, and the core has a test for it.
const DIFFERENT = new Set(["scarcity_time", "capped_targets_consumed_eff", "over_limit_batch_throws_atomically", "c2r_unknown_token_throws", "r2c_and_c2r_and_exec_same_tick_order"]);
// The plan's point knows neither fees, refunds, marks, hubs nor the strategy of a hub.
const NOT_IN_PLAN = new Set(["not_a_hub", "refund_in_progress", "fee_one_below_min", "submitted_stale_retry_at_300000"]);

const same = recorded.filter(({ case: { name } }) => !DIFFERENT.has(name));

test("18 recorded decisions come out of the handler at head, to the last transaction and mark", async () => {
  assert.equal(same.length, 18);
  for (const { case: given, runtime } of same) {
    const replica = fromCase("head", given);
    const changes = new Set();
    const execution = { manualBroadcastInInput: false, accountChanges: changes };
    const handler = xln.createHubRebalanceHandler({ profile: "xln" }, deps, { log: (tick) => assert.equal(tick.refused, undefined, given.name) });
    const outputs = await handler({ state: { timestamp: given.submitClockNow ?? given.now } }, replica, { params: {} }, execution);
    assert.deepEqual(plain(outputs), runtime.outputs, given.name);
    assert.deepEqual([...changes].sort(), runtime.accountChanges, given.name);
    if (runtime.draftR2C.length > 0) assert.deepEqual(plain(replica.state.jBatchState.batch.reserveToCollateral), runtime.draftR2C, given.name);
    const submitted = [...replica.state.accounts].map(([peer, account]) => [peer, Object.fromEntries(account.shadow.rebalance.submittedAtByToken)]).filter(([, marks]) => Object.keys(marks).length > 0);
    assert.deepEqual(Object.fromEntries(submitted), runtime.submitted, given.name);
    const ours = (execution.candidateEffects ?? []).map(({ payload }) => `${payload.event} ${payload.counterpartyId}`).sort();
    const named = new Set(["batch_add", "c2r_settle_propose_queued", "c2r_settle_execute_queued", "hub_reserve_zero", "policy_mismatch_manual", "prepaid_fee_too_low_manual", "request_refund_in_progress", "request_missing_delta", "request_waiting_bilateral_resolution"]);
    const theirs = runtime.events.filter(({ event }) => named.has(event)).map((event) => `${event.event} ${event.counterpartyId}`).sort();
    assert.deepEqual(ours, theirs, given.name);
  }
});

test("the recorded decisions that the plan's point can express come out of its task", async () => {
  let compared = 0;
  for (const { case: given, runtime } of same) {
    if (NOT_IN_PLAN.has(given.name)) continue;
    const replica = fromCase("plan", given);
    const strategy = given.config?.matchingStrategy ?? "amount";
    const policy = { profile: "xln", config: { hub: { require_prepaid_fee: false, strategy } } };
    const at = new Map(given.accounts.flatMap(({ cp, requests = [] }) => requests.map(({ tokenId, requestedAt }) => [`${cp} ${tokenId}`, requestedAt])));
    const [task] = xln.hubTasks(policy, { requestedAt: (account, token) => at.get(`${account} ${token}`), log: (tick) => assert.equal(tick.refused, undefined, given.name) });
    const clock = given.submitClockNow ?? given.now;
    replica.state.timestamp = clock;
    const outputs = await task.handler({}, replica);
    const txs = plain(outputs.flatMap(({ entityTxs }) => entityTxs));
    assert.deepEqual(txs, expected(given, runtime), given.name);
    compared += 1;
  }
  assert.equal(compared, 14);
});

/** The recorded outcome in the words of the plan's point. */
function expected(given, runtime) {
  const txs = runtime.outputs.flatMap(({ entityTxs }) => entityTxs);
  const deposits = runtime.draftR2C.flatMap(({ tokenId, pairs }) => pairs.map(({ entity, amount }) => ({ type: "deposit_collateral", data: { counterpartyId: entity, tokenId, amount } })));
  const turned = txs.map(({ type, data }) => {
    if (type === "j_abort_sent_batch") return { type: "j_clear_batch", data: { reason: data.reason } };
    if (type !== "settle_propose") return { type, data };
    const diffs = data.ops.map(({ tokenId, amount }) => {
      const [taken, lost] = [amount, `-${amount}`];
      const left = data.executorIsLeft;
      return { tokenId, leftDiff: left ? taken : "0", rightDiff: left ? "0" : taken, collateralDiff: lost, ondeltaDiff: left ? lost : "0" };
    });
    return { type, data: { counterpartyEntityId: data.counterpartyEntityId, diffs, memo: data.memo } };
  });
  const before = turned.filter(({ type }) => type !== "j_broadcast");
  const broadcast = turned.filter(({ type }) => type === "j_broadcast");
  return [...before, ...deposits, ...broadcast];
}

test("the leader of the entity signs what the handler returns", async () => {
  const { case: given } = recorded.find(({ case: { name } }) => name === "r2c_hub_right");
  const handler = xln.createHubRebalanceHandler({ profile: "xln" }, deps);
  const [output] = await handler({ state: { timestamp: given.now } }, fromCase("head", given), { params: {} }, { manualBroadcastInInput: false, accountChanges: new Set() });
  assert.equal(output.signerId, LEADER);
});
