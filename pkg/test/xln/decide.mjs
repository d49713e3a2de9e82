// One decision of each shape and what it is known by; the same text in every runtime.

const HUB = `0x${"11".repeat(32)}`;
const PEER = `0x${"22".repeat(32)}`;

class Ordered extends Map {
  updated(key, value) {
    return new Ordered([...this, [key, value]]);
  }
}

export async function decide(trimtab, xln) {
  const usdc = 1_000_000n;
  const row = { collateral: 0n, ondelta: 0n, offdelta: -900n * usdc, leftCreditLimit: 0n, rightCreditLimit: 0n, leftAllowance: 0n, rightAllowance: 0n };
  const plan = {
    entityId: HUB,
    signerId: "s",
    state: { timestamp: 1_000_000, config: { validators: ["s"] }, reserves: new Map([["1", 5000n * usdc]]), accounts: new Map([[PEER, { mempool: [], deltas: new Map([[1, row]]), requestedRebalance: new Map([[1, 500n * usdc]]) }]]) },
  };
  const [task] = xln.hubTasks({ profile: "plan" });
  const first = await task.handler({}, plan);
  const fee = { requestId: "r", feeTokenId: 1, feePaidUpfront: 10n * usdc, policyVersion: 1, requestedAt: 1, requestedByLeft: false };
  const account = {
    state: { deltas: new Ordered([[1, { ...row, leftHold: 0n, rightHold: 0n }]]), requestedRebalance: new Ordered([[1, 500n * usdc]]), requestedRebalanceFeeState: new Ordered([[1, fee]]) },
    status: "active",
    mempool: [],
    shadow: { rebalance: { submittedAtByToken: new Ordered() } },
  };
  const batch = { reserveToCollateral: [] };
  const head = { entityId: HUB, state: { timestamp: 1_000_000, reserves: new Map([[1, 5000n * usdc]]), accounts: new Ordered([[PEER, account]]), hubRebalanceConfig: {}, jBatchState: { batch, status: "empty" } } };
  const handler = xln.createHubRebalanceHandler(
    { profile: "xln" },
    {
      initJBatch: () => ({ batch: { reserveToCollateral: [] }, status: "empty" }),
      cloneJBatch: (given) => ({ reserveToCollateral: [...given.reserveToCollateral] }),
      batchAddReserveToCollateral: (state, receivingEntity, entity, tokenId, amount) => void state.batch.reserveToCollateral.push({ tokenId, receivingEntity, pairs: [{ entity, amount }] }),
      getEntityAccountForWrite: (accounts, id) => accounts.get(id),
      requirePersistentAccountStateMap: (map) => map,
      getEntityLeaderState: () => ({ activeValidatorId: "s" }),
    },
  );
  const params = {};
  const second = await handler({ state: { timestamp: 1_000_000 } }, head, { params }, { manualBroadcastInInput: false, accountChanges: new Set() });
  const book = new xln.HubBookSync({ profile: "plan" });
  book.sync(plan);
  const digest = book.digest();
  book.close();
  const text = JSON.stringify([first, second, head.state.jBatchState.batch, Object.values(params)], (_, value) => (typeof value === "bigint" ? String(value) : value));
  return `${trimtab.moduleDigest} ${digest} ${text}`;
}
