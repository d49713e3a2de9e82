// Objects in the two shapes of the runtime, and the helpers that the later runtime hands to a handler.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const entry = createRequire(import.meta.url)(join(root, "package.json")).exports;
const at = (path) => import(join(root, path));
export const trimtab = await at(entry["."].node.import.default);
export const xln = await at(entry["./xln"].import.default);
export const xlnNode = await at(entry["./xln/node"].import.default);
trimtab.initSync();

export const recorded = JSON.parse(readFileSync(join(root, "..", "tests", "fixtures", "recorded", "xln-hub.json"), "utf8"));

/** A full id whose digits repeat `n`. */
export const id = (n) => `0x${n.toString(16).padStart(2, "0").repeat(32)}`;
/** A full id that ends in `n`. */
export const numbered = (n) => `0x${n.toString(16).padStart(64, "0")}`;
export const LEADER = id(0x35).slice(0, 42);

/** An ordered persistent map: iterates by key, and changes only by making a copy. */
export class OrderedMap {
  #map;
  constructor(entries = []) {
    this.#map = new Map([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }
  get size() {
    return this.#map.size;
  }
  get(key) {
    return this.#map.get(key);
  }
  has(key) {
    return this.#map.has(key);
  }
  updated(key, value) {
    return new OrderedMap([...this.#map, [key, value]]);
  }
  removed(key) {
    return new OrderedMap([...this.#map].filter(([each]) => each !== key));
  }
  [Symbol.iterator]() {
    return this.#map[Symbol.iterator]();
  }
}

const DELTA = { collateral: 0n, ondelta: 0n, offdelta: 0n, leftCreditLimit: 0n, rightCreditLimit: 0n, leftAllowance: 0n, rightAllowance: 0n };
const big = (value) => BigInt(value ?? 0);

/** A delta of either shape. */
export function delta(shape, fields = {}) {
  const { leftHold = 0n, rightHold = 0n, ...rest } = fields;
  const holds = shape === "head" ? { leftHold, rightHold } : { leftSettleHold: leftHold, rightSettleHold: rightHold };
  return { ...DELTA, ...rest, ...holds };
}

export const emptyBatch = () => ({
  reserveToExternalToken: [],
  externalTokenToReserve: [],
  reserveToReserve: [],
  reserveToCollateral: [],
  collateralToReserve: [],
  settlements: [],
  disputeStarts: [],
  disputeFinalizations: [],
  flashloans: [],
  revealSecrets: [],
});

/** The runtime's helpers, written for tests. */
export const deps = {
  initJBatch: () => ({ batch: emptyBatch(), jurisdiction: null, lastBroadcast: 0, broadcastCount: 0, failedAttempts: 0, status: "empty" }),
  cloneJBatch: (batch) => structuredClone(batch),
  batchAddReserveToCollateral(state, entityId, counterpartyId, tokenId, amount) {
    if (amount <= 0n) throw new Error("R2C_AMOUNT_MUST_BE_POSITIVE");
    if (!Number.isSafeInteger(tokenId) || tokenId <= 0) throw new Error("R2C_TOKEN_ID_INVALID");
    if (entityId === counterpartyId) throw new Error("R2C_ACCOUNT_PARTIES_INVALID");
    const rows = state.batch.reserveToCollateral;
    let row = rows.find((each) => each.receivingEntity === entityId && each.tokenId === tokenId);
    if (row === undefined) {
      const operations = Object.values(state.batch).reduce((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
      if (operations >= 50) throw new Error("J_BATCH_LIMIT_EXCEEDED");
      rows.push((row = { tokenId, receivingEntity: entityId, pairs: [] }));
    }
    const pair = row.pairs.find((each) => each.entity === counterpartyId);
    if (pair) pair.amount += amount;
    else if (row.pairs.length >= 64) throw new Error("J_BATCH_LIMIT_EXCEEDED");
    else row.pairs.push({ entity: counterpartyId, amount });
    if (state.status === "empty") state.status = "accumulating";
  },
  getEntityAccountForWrite: (accounts, entityId) => accounts.get(entityId),
  requirePersistentAccountStateMap: (map) => map,
  getEntityLeaderState: () => ({ activeValidatorId: LEADER }),
};

/** An account at `head`. */
export function headAccount(hubId, peer, fields = {}) {
  const { deltas = [], requests = [], workspace, ...rest } = fields;
  const [leftEntity, rightEntity] = hubId < peer ? [hubId, peer] : [peer, hubId];
  return {
    state: {
      leftEntity,
      rightEntity,
      deltas: new OrderedMap(deltas),
      requestedRebalance: new OrderedMap(requests.map(({ tokenId, amount }) => [tokenId, amount])),
      requestedRebalanceFeeState: new OrderedMap(
        requests.map(({ tokenId, amount, fee = {} }) => [
          tokenId,
          { requestId: `req:${tokenId}`, feeTokenId: tokenId, feePaidUpfront: 0n, requestedAmount: amount, policyVersion: 1, requestedAt: 1, requestedByLeft: peer < hubId, ...fee },
        ]),
      ),
      ...(workspace === undefined ? {} : { settlementWorkspace: workspace }),
    },
    status: "active",
    mempool: [],
    shadow: { rebalance: { policy: new Map(), submittedAtByToken: new OrderedMap() } },
    ...rest,
  };
}

/** An account at the plan's point. */
export function planAccount(hubId, peer, fields = {}) {
  const { deltas = [], requests = [], workspace, ...rest } = fields;
  const [leftEntity, rightEntity] = hubId < peer ? [hubId, peer] : [peer, hubId];
  return {
    leftEntity,
    rightEntity,
    mempool: [],
    deltas: new Map(deltas),
    requestedRebalance: new Map(requests.map(({ tokenId, amount }) => [tokenId, amount])),
    proofHeader: { fromEntity: hubId, toEntity: peer },
    ...(workspace === undefined ? {} : { settlementWorkspace: workspace }),
    ...rest,
  };
}

/** A replica of either shape; reserves and accounts as pairs. */
export function replica(shape, { hubId, now, accounts = [], reserves = [], batch, config, debts, ...state }) {
  if (shape === "head") {
    return {
      entityId: hubId,
      state: {
        timestamp: now,
        reserves: new OrderedMap(reserves),
        accounts: new OrderedMap(accounts),
        ...(config === null ? {} : { hubRebalanceConfig: { matchingStrategy: "amount", policyVersion: 1, routingFeePPM: 0, baseFee: 0n, rebalanceLiquidityFeeBps: 1n, ...config } }),
        ...(batch === undefined ? {} : { jBatchState: batch }),
        ...state,
      },
    };
  }
  return {
    entityId: hubId,
    signerId: "s1",
    state: {
      entityId: hubId,
      height: 1,
      timestamp: now,
      config: { validators: ["s1"] },
      reserves: new Map(reserves.map(([token, amount]) => [String(token), amount])),
      accounts: new Map(accounts),
      ...(batch === undefined ? {} : { jBatchState: batch }),
      ...(debts === undefined ? {} : { debts }),
      ...state,
    },
  };
}

/** The replica of a recorded case, with everything that the case leaves out. */
export function fromCase(shape, given) {
  const { hubId, now, accounts: rows, reserves, config, jBatch } = given;
  const accounts = rows.map((row) => {
    const deltas = row.deltas.map(({ tokenId, ...fields }) => [tokenId, delta(shape, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, big(value)])))]);
    const requests = (row.requests ?? []).map(({ tokenId, amount, submittedAt, refund, feePaidUpfront, policyVersion, requestedAt }) => ({
      tokenId,
      amount: big(amount),
      fee: {
        feePaidUpfront: big(feePaidUpfront),
        policyVersion: policyVersion ?? 1,
        requestedAt: requestedAt ?? 0,
        ...(refund === undefined ? {} : { refund: { ...refund, refundedAmount: big(refund.refundedAmount) } }),
      },
    }));
    const workspace = row.workspace === undefined ? undefined : (shape === "head" ? headWorkspace : planWorkspace)(row.workspace);
    const account = (shape === "head" ? headAccount : planAccount)(hubId, row.cp, { deltas, requests, workspace });
    if (shape === "head") {
      const marks = (row.requests ?? []).filter((request) => request.submittedAt).map((request) => [request.tokenId, request.submittedAt]);
      account.shadow.rebalance.submittedAtByToken = new OrderedMap(marks);
    }
    return [row.cp, account];
  });
  return replica(shape, {
    hubId,
    now,
    accounts,
    reserves: Object.entries(reserves).map(([token, amount]) => [Number(token), big(amount)]),
    config,
    ...(jBatch === undefined ? {} : { batch: batchState(shape, hubId, jBatch) }),
  });
}

const headWorkspace = ({ ops, ...rest }) => ({
  workspaceHash: "0x0",
  revision: 1,
  createdAt: 1,
  lastUpdatedAt: 1,
  ...rest,
  ops: ops.map(({ amount, ...op }) => (amount === undefined ? op : { ...op, amount: big(amount) })),
});

const planWorkspace = ({ ops, lastModifiedByLeft, executorIsLeft, status, ...rest }) => ({
  initiatedBy: lastModifiedByLeft ? "left" : "right",
  broadcastByLeft: executorIsLeft,
  status,
  version: 1,
  forgiveTokenIds: [],
  createdAt: 1,
  lastUpdatedAt: 1,
  ...rest,
  diffs: ops.map(({ type, tokenId, amount }) => {
    const taken = big(amount) * (type === "c2r" ? 1n : -1n);
    return { tokenId, leftDiff: lastModifiedByLeft ? taken : 0n, rightDiff: lastModifiedByLeft ? 0n : taken, collateralDiff: -taken, ondeltaDiff: lastModifiedByLeft ? -taken : 0n };
  }),
});

function batchState(shape, hubId, { draftR2C = [], sentBatch, lastBroadcast = 0 }) {
  const rows = draftR2C.map(({ tokenId, receivingEntity = hubId, pairs }) => ({ tokenId, receivingEntity, pairs: pairs.map(({ entity, amount }) => ({ entity, amount: big(amount) })) }));
  const batch = { ...emptyBatch(), reserveToCollateral: rows };
  if (shape === "plan") return { batch, lastBroadcast, pendingBroadcast: sentBatch !== undefined, broadcastCount: 0, failedAttempts: 0 };
  return {
    batch,
    lastBroadcast,
    broadcastCount: 0,
    failedAttempts: 0,
    status: rows.length > 0 ? "accumulating" : "empty",
    ...(sentBatch === undefined ? {} : { sentBatch: { batch: emptyBatch(), batchHash: "0xb", entityNonce: 1, firstSubmittedAt: 0, lastSubmittedAt: 0, submitAttempts: 0, ...sentBatch } }),
  };
}

/** A value as JSON, with bigints as their digits. */
export const plain = (value) => JSON.parse(JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each instanceof OrderedMap || each instanceof Map ? Object.fromEntries(each) : each)));

/** A generator of random numbers whose seed is known. */
export function random(seed) {
  let state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
  const next = () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n) / 2 ** 31;
  };
  const below = (n) => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)], chance: (p) => next() < p };
}
