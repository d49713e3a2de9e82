// A hub runtime for tests: the algebra of accounts exactly as the runtime has it, frames that are
// applied wholly or not at all, the due rule of its crontab, batches that settle later, and its
// refusals. One object stands for both sides of an account, since both hold the same state.

import { OrderedMap, delta, deps, emptyBatch, headAccount, planAccount, replica } from "./support.mjs";

const max0 = (value) => (value > 0n ? value : 0n);
const min = (a, b) => (a < b ? a : b);

/** A delta as one side sees it. */
export function derive(row, isLeft) {
  const total = row.ondelta + row.offdelta;
  const c = row.collateral;
  const holdOf = (side) => ["Hold", "HtlcHold", "SwapHold", "SettleHold"].reduce((sum, name) => sum + (row[`${side}${name}`] ?? 0n), 0n);
  const left = {
    outCollateral: total > 0n ? min(total, c) : 0n,
    inCollateral: total > 0n ? max0(c - total) : c,
    inOwnCredit: max0(-total),
    outPeerCredit: max0(total - c),
    own: row.leftCreditLimit,
    peer: row.rightCreditLimit,
  };
  const view = isLeft
    ? left
    : { outCollateral: left.inCollateral, inCollateral: left.outCollateral, inOwnCredit: left.outPeerCredit, outPeerCredit: left.inOwnCredit, own: left.peer, peer: left.own };
  const side = isLeft ? "left" : "right";
  const outOwnCredit = max0(view.own - view.inOwnCredit);
  return { ...view, hold: holdOf(side), outCapacity: max0(view.outPeerCredit + view.outCollateral + outOwnCredit - row[`${side}Allowance`] - holdOf(side)) };
}

/** What lies on the chain: reserves and accounts; a batch that lacks reserve changes nothing. */
export class Chain {
  reserves = new Map();
  accounts = new Map();
  nonces = new Map();

  reserve(entity, token) {
    return this.reserves.get(`${entity} ${token}`) ?? 0n;
  }

  add(entity, token, amount) {
    const next = this.reserve(entity, token) + amount;
    if (next < 0n) throw new Error("E3: reserve too small");
    this.reserves.set(`${entity} ${token}`, next);
  }

  account(a, b, token) {
    const [left, right] = a < b ? [a, b] : [b, a];
    const key = `${left} ${right} ${token}`;
    if (!this.accounts.has(key)) this.accounts.set(key, { collateral: 0n, ondelta: 0n });
    return this.accounts.get(key);
  }

  /** What an account has settled so far: each settlement counts once, a deposit not at all. */
  nonce(a, b) {
    return this.nonces.get(a < b ? `${a} ${b}` : `${b} ${a}`) ?? 0;
  }

  #count(a, b, nonce) {
    if (nonce <= this.nonce(a, b)) throw new Error("E2: this settlement is over");
    this.nonces.set(a < b ? `${a} ${b}` : `${b} ${a}`, nonce);
  }

  total(token) {
    let sum = 0n;
    for (const [key, amount] of this.reserves) if (key.endsWith(` ${token}`)) sum += amount;
    for (const [key, { collateral }] of this.accounts) if (key.endsWith(` ${token}`)) sum += collateral;
    return sum;
  }

  /** Withdrawals, then settlements, then deposits, as the contract does; all or nothing. */
  process(entity, batch) {
    const before = [new Map(this.reserves), new Map([...this.accounts].map(([key, value]) => [key, { ...value }])), new Map(this.nonces)];
    try {
      for (const { tokenId, amount } of batch.reserveToReserve) this.add(entity, tokenId, -amount);
      const signed = new Map();
      for (const { counterparty, tokenId, amount, nonce } of batch.collateralToReserve) {
        // The withdrawals of one settlement share its number.
        if (signed.get(counterparty) !== nonce) this.#count(entity, counterparty, nonce);
        signed.set(counterparty, nonce);
        this.withdraw(entity, counterparty, tokenId, amount);
      }
      for (const { leftEntity, rightEntity, diffs, nonce } of batch.settlements) {
        this.#count(leftEntity, rightEntity, nonce);
        for (const { tokenId, leftDiff, rightDiff, collateralDiff, ondeltaDiff } of diffs) {
          if (leftDiff + rightDiff + collateralDiff !== 0n) throw new Error("conservation");
          this.add(leftEntity, tokenId, leftDiff);
          this.add(rightEntity, tokenId, rightDiff);
          const account = this.account(leftEntity, rightEntity, tokenId);
          account.collateral += collateralDiff;
          account.ondelta += ondeltaDiff;
          if (account.collateral < 0n) throw new Error("collateral below nothing");
        }
      }
      for (const { tokenId, receivingEntity, pairs } of batch.reserveToCollateral) {
        for (const { entity: peer, amount } of pairs) {
          this.add(receivingEntity, tokenId, -amount);
          const account = this.account(receivingEntity, peer, tokenId);
          account.collateral += amount;
          if (receivingEntity < peer) account.ondelta += amount;
        }
      }
    } catch (error) {
      [this.reserves, this.accounts, this.nonces] = before;
      throw error;
    }
  }

  withdraw(entity, peer, token, amount) {
    const account = this.account(entity, peer, token);
    if (account.collateral < amount) throw new Error("collateral too small");
    account.collateral -= amount;
    if (entity < peer) account.ondelta -= amount;
    this.add(entity, token, amount);
  }
}

/** A copy of anything a state is made of. */
function copy(value) {
  if (value instanceof OrderedMap) return new OrderedMap([...value].map(([key, each]) => [key, copy(each)]));
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, copy(each)]));
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
  return value;
}

/** One validator's replica of a hub, on a chain that it may share. */
export class TestHub {
  constructor(shape, { hubId, chain, now, tokens = [1], config, tasks = [], handler }) {
    this.shape = shape;
    this.hubId = hubId;
    this.chain = chain;
    this.replica = replica(shape, { hubId, now, batch: shape === "head" ? deps.initJBatch() : { batch: emptyBatch(), lastBroadcast: 0, pendingBroadcast: false, broadcastCount: 0, failedAttempts: 0 }, config });
    this.tokens = tokens;
    this.tasks = new Map(tasks.map((task) => [task.name, task]));
    this.handler = handler;
    this.task = { method: "hubRebalance", intervalMs: 1000, lastRun: 0, enabled: true, params: {} };
    this.messages = [];
    this.unheld = [];
    this.rejected = [];
    this.observe();
  }

  get state() {
    return this.replica.state;
  }

  open(peer, fields) {
    const make = this.shape === "head" ? headAccount : planAccount;
    const deltas = Object.entries(fields.deltas ?? {}).map(([token, row]) => [Number(token), delta(this.shape, row)]);
    this.#put(peer, make(this.hubId, peer, { ...fields, deltas }));
    for (const [token, row] of deltas) Object.assign(this.chain.account(this.hubId, peer, token), { collateral: row.collateral, ondelta: row.ondelta });
  }

  account(peer) {
    return this.state.accounts.get(peer);
  }

  bilateral(peer) {
    const account = this.account(peer);
    return this.shape === "head" ? account.state : account;
  }

  row(peer, token = 1) {
    return this.bilateral(peer).deltas.get(token);
  }

  request(peer, token, amount, fee = {}) {
    const part = this.bilateral(peer);
    if (this.shape === "plan") part.requestedRebalance.set(token, amount);
    else {
      part.requestedRebalance = part.requestedRebalance.updated(token, amount);
      part.requestedRebalanceFeeState = part.requestedRebalanceFeeState.updated(token, { requestId: "r", feeTokenId: token, feePaidUpfront: 0n, requestedAmount: amount, policyVersion: 1, requestedAt: this.state.timestamp, requestedByLeft: peer < this.hubId, ...fee });
    }
    this.#kick();
  }

  /** A committed frame of an account wakes the task of the later runtime once, whatever there is to do. */
  #kick() {
    this.task.lastRun = 0;
    this.kicked = true;
  }

  /** The reserves as the chain shows them. */
  observe() {
    const rows = this.tokens.map((token) => [token, this.chain.reserve(this.hubId, token)]);
    this.state.reserves = this.shape === "head" ? new OrderedMap(rows) : new Map(rows.map(([token, amount]) => [String(token), amount]));
  }

  /** Whether the later runtime wakes its task: only for a sent batch, a request or free collateral. */
  hasWork() {
    if (this.state.hubRebalanceConfig === undefined) return false;
    if (this.state.jBatchState.sentBatch) return true;
    for (const [peer, account] of this.state.accounts) {
      const part = account.state;
      if ([...part.requestedRebalance].some(([, amount]) => amount > 0n)) return true;
      if (account.pendingFrame || account.mempool.some(({ type }) => type === "settle_transition")) continue;
      const isLeft = this.hubId < peer;
      const workspace = part.settlementWorkspace;
      if (workspace) {
        const signed = isLeft ? workspace.rightHanko : workspace.leftHanko;
        if (workspace.status === "ready_to_submit" && signed && workspace.executorIsLeft === isLeft && workspace.ops.every(({ type }) => type === "c2r")) return true;
        continue;
      }
      for (const [, row] of part.deltas) if (derive(row, isLeft).outCollateral - derive(row, isLeft).hold > 500_000_000n) return true;
    }
    return false;
  }

  /** One frame at `now`: the due tasks, then their transactions. A throw rejects all of it. */
  async frame(now) {
    const before = [copy(this.replica.state), copy(this.task)];
    this.state.timestamp = now;
    try {
      const outputs = this.shape === "head" ? await this.#headTask(now) : await this.#planTasks(now);
      for (const { entityTxs } of outputs) for (const [index, tx] of entityTxs.entries()) this.#apply(tx, index === entityTxs.length - 1);
      return outputs;
    } catch (error) {
      [this.replica.state, this.task] = before;
      this.rejected.push(error);
      return [];
    }
  }

  async #headTask(now) {
    const { task } = this;
    if (!task.enabled || now - task.lastRun < task.intervalMs || !(this.kicked || this.hasWork())) return [];
    this.kicked = false;
    const outputs = await this.handler({ state: { timestamp: now } }, this.replica, task, { manualBroadcastInInput: false, accountChanges: new Set(), candidateEffects: [] });
    task.lastRun = now;
    return outputs;
  }

  async #planTasks(now) {
    const all = [];
    for (const task of this.tasks.values()) {
      if (now - task.lastRun < task.intervalMs) continue;
      all.push(...(await task.handler({}, this.replica)));
      task.lastRun = now;
    }
    return all;
  }

  #apply({ type, data }, isLast) {
    const batches = this.state.jBatchState;
    switch (type) {
      case "chatMessage":
        this.messages.push(data.message);
        return;
      case "deposit_collateral": {
        if (batches.pendingBroadcast) throw new Error("R2C: batch has a pending broadcast");
        if ((this.state.reserves.get(String(data.tokenId)) ?? 0n) < data.amount) return;
        deps.batchAddReserveToCollateral(batches, this.hubId, data.counterpartyId, data.tokenId, data.amount);
        return;
      }
      case "settle_propose":
        return this.#propose(data);
      case "settle_approve":
        return this.#approve(data.counterpartyEntityId);
      case "settle_execute":
        return this.#execute(data.counterpartyEntityId);
      case "settle_reject":
        return this.#reject(data.counterpartyEntityId);
      case "j_abort_sent_batch":
        batches.recoveryBatches = [this.#requeued(batches.sentBatch.batch), ...(batches.recoveryBatches ?? [])];
        delete batches.sentBatch;
        return;
      case "j_clear_batch":
        batches.batch = emptyBatch();
        batches.pendingBroadcast = false;
        return;
      case "j_broadcast":
        return this.#broadcast(isLast);
    }
    throw new Error(`unknown transaction ${type}`);
  }

  /** A batch that is taken back, without the withdrawals that are over. */
  #requeued(batch) {
    return { ...batch, collateralToReserve: batch.collateralToReserve.filter(({ counterparty, nonce }) => nonce > (this.account(counterparty)?.state.jNonce ?? 0)) };
  }

  #broadcast(isLast) {
    const batches = this.state.jBatchState;
    if (!isLast) throw new Error("ENTITY_J_BROADCAST_MUST_BE_LAST");
    const isEmpty = (batch) => Object.values(batch).every((rows) => rows.length === 0);
    if (this.shape === "plan") {
      if (isEmpty(batches.batch)) throw new Error("jBatch is empty");
      Object.assign(batches, { pendingBroadcast: true, lastBroadcast: this.state.timestamp });
      return;
    }
    if (batches.sentBatch) throw new Error("ENTITY_J_BROADCAST_PENDING");
    const [recovered, ...others] = batches.recoveryBatches ?? [];
    const batch = recovered ?? batches.batch;
    if (recovered) batches.recoveryBatches = others;
    else batches.batch = emptyBatch();
    if (isEmpty(batch)) return;
    this.sent = (this.sent ?? 0) + 1;
    Object.assign(batches, { sentBatch: { batch, batchHash: `0x${this.sent}`, entityNonce: this.sent, firstSubmittedAt: 0, lastSubmittedAt: 0, submitAttempts: 0 }, lastBroadcast: this.state.timestamp, status: "sent" });
  }

  #known(peer) {
    const account = this.account(peer);
    if (account === undefined) throw new Error(`No account with ${peer}`);
    return account;
  }

  #idle(account) {
    if (account.mempool.some(({ type }) => type === "settle_transition")) throw new Error("SETTLEMENT_TRANSITION_ALREADY_PENDING");
  }

  #propose({ counterpartyEntityId: peer, ops, diffs, executorIsLeft, memo }) {
    const account = this.#known(peer);
    const isLeft = this.hubId < peer;
    if (this.shape === "plan") {
      if (account.settlementWorkspace) throw new Error("Settlement workspace already exists");
      for (const diff of diffs) if (diff.leftDiff + diff.rightDiff + diff.collateralDiff !== 0n) throw new Error("Conservation law violated");
      account.settlementWorkspace = { diffs, forgiveTokenIds: [], initiatedBy: isLeft ? "left" : "right", status: "awaiting_counterparty", memo, version: 1, createdAt: this.state.timestamp, lastUpdatedAt: this.state.timestamp, broadcastByLeft: !isLeft };
      if (diffs.some(({ leftDiff, rightDiff }) => leftDiff < 0n || rightDiff < 0n)) account.mempool.push({ type: "settle_hold", diffs });
      return;
    }
    if (account.state.settlementWorkspace) return;
    this.#idle(account);
    compile(ops, isLeft);
    account.mempool.push({ type: "settle_transition", kind: "upsert", ops, executorIsLeft, memo, byLeft: isLeft });
  }

  #approve(peer) {
    const account = this.#known(peer);
    const workspace = account.settlementWorkspace;
    const own = this.hubId < peer ? "leftHanko" : "rightHanko";
    if (!workspace) throw new Error("No settlement workspace to approve.");
    if (workspace[own]) throw new Error("Already signed this workspace.");
    workspace[own] = "0xhub";
    if (workspace.leftHanko && workspace.rightHanko) workspace.status = "ready_to_submit";
  }

  #execute(peer) {
    const account = this.#known(peer);
    const [leftEntity, rightEntity] = this.hubId < peer ? [this.hubId, peer] : [peer, this.hubId];
    if (this.shape === "plan") {
      const workspace = account.settlementWorkspace;
      if (!workspace) throw new Error("No settlement workspace to execute.");
      if (!workspace.leftHanko || !workspace.rightHanko) throw new Error("Settlement not fully signed.");
      if (this.state.jBatchState.pendingBroadcast) throw new Error("batch has a pending broadcast");
      this.state.jBatchState.batch.settlements.push({ leftEntity, rightEntity, diffs: workspace.diffs, forgiveDebtsInTokenIds: [], sig: "0x", nonce: (account.jNonce ?? 0) + 1 });
      this.#holds(account, workspace.diffs, -1n);
      delete account.settlementWorkspace;
      return;
    }
    this.#idle(account);
    const workspace = account.state.settlementWorkspace;
    if (!workspace || workspace.status === "submitted") return;
    const isLeft = this.hubId < peer;
    if (workspace.executorIsLeft !== isLeft) throw new Error("SETTLEMENT_EXECUTOR_MISMATCH");
    if (!(isLeft ? workspace.rightHanko : workspace.leftHanko)) return;
    const { batch } = this.state.jBatchState;
    for (const op of workspace.ops) if (op.type === "c2r") batch.collateralToReserve.push({ counterparty: peer, tokenId: op.tokenId, amount: op.amount, nonce: workspace.nonceAtSign, sig: "0x" });
    const raw = workspace.ops.filter(({ type }) => type === "rawDiff").map(({ type, ...diff }) => diff);
    if (raw.length > 0) batch.settlements.push({ leftEntity, rightEntity, diffs: raw, forgiveDebtsInTokenIds: [], sig: "0x", nonce: workspace.nonceAtSign });
    account.mempool.push({ type: "settle_transition", kind: "submit" });
  }

  #reject(peer) {
    const account = this.#known(peer);
    if (this.shape === "plan") {
      if (account.settlementWorkspace) this.#holds(account, account.settlementWorkspace.diffs, -1n);
      delete account.settlementWorkspace;
      return;
    }
    const workspace = account.state.settlementWorkspace;
    if (!workspace) return;
    this.#idle(account);
    if (workspace.leftHanko || workspace.rightHanko || workspace.settlementHash || workspace.postSettlementDisputeProof) throw new Error("SETTLEMENT_REJECT_SIGNED_FORBIDDEN");
    account.mempool.push({ type: "settle_transition", kind: "clear" });
  }

  /** Adds (or releases) what each side gives up; more than its capacity is refused. */
  #holds(account, diffs, sign) {
    const part = account.state ?? account;
    const sides = (diff) => [["left", diff.leftDiff], ["right", diff.rightDiff]];
    if (sign > 0n) for (const each of diffs) for (const [side, diff] of sides(each)) {
      if (diff < 0n && each.collateralDiff <= 0n && -diff > derive(part.deltas.get(each.tokenId), side === "left").outCapacity) throw new Error(`SETTLEMENT_HOLD_CAPACITY:${side}:token=${each.tokenId}`);
    }
    for (const { tokenId, leftDiff, rightDiff, collateralDiff } of diffs) {
      const row = part.deltas.get(tokenId);
      for (const [side, diff] of [["left", leftDiff], ["right", rightDiff]]) {
        if (diff >= 0n || collateralDiff > 0n) continue;
        const name = this.shape === "head" ? `${side}Hold` : `${side}SettleHold`;
        row[name] = (row[name] ?? 0n) - sign * diff;
        if (row[name] < 0n) row[name] = 0n;
      }
    }
  }

  /** The frames between the hub and a peer that answers: what is queued becomes state. */
  sync(peer) {
    const account = this.account(peer);
    const isLeft = this.hubId < peer;
    const queued = account.mempool.splice(0);
    if (queued.length > 0) this.#kick();
    for (const step of queued) {
      if (step.type === "settle_hold" || step.kind === "upsert") {
        // A side that cannot hold what it gives up refuses the step.
        try {
          this.#holds(account, step.diffs ?? compile(step.ops, step.byLeft), 1n);
        } catch (error) {
          this.unheld.push(error);
          continue;
        }
      }
      if (step.kind === "upsert") {
        account.state.settlementWorkspace = { workspaceHash: "0x1", ops: step.ops, lastModifiedByLeft: step.byLeft, executorIsLeft: step.executorIsLeft, status: "awaiting_counterparty", memo: step.memo, revision: 1, createdAt: this.state.timestamp, lastUpdatedAt: this.state.timestamp };
        // The peer signs a withdrawal of the hub's own share by itself, a debt payment never.
        if (step.ops.every(({ type }) => type === "c2r")) this.sign(peer);
      } else if (step.kind === "submit" && account.state.settlementWorkspace) {
        const workspace = account.state.settlementWorkspace;
        this.#holds(account, compile(workspace.ops, workspace.lastModifiedByLeft), -1n);
        workspace.status = "submitted";
      } else if (step.kind === "clear") this.#clear(account);
    }
    if (this.shape === "plan" && account.settlementWorkspace && queued.length === 0 && autoApproves(account.settlementWorkspace, !isLeft)) this.sign(peer);
  }

  /** A settlement at `head` is over; what it still holds is free again. */
  #clear(account) {
    const workspace = account.state.settlementWorkspace;
    if (!workspace) return;
    if (workspace.status !== "submitted") this.#holds(account, compile(workspace.ops, workspace.lastModifiedByLeft), -1n);
    delete account.state.settlementWorkspace;
  }

  /** The peer signs what is proposed. */
  sign(peer) {
    const workspace = this.bilateral(peer).settlementWorkspace;
    if (!workspace) throw new Error("nothing to sign");
    this.#kick();
    workspace[this.hubId < peer ? "rightHanko" : "leftHanko"] = "0xpeer";
    if (this.shape === "head") Object.assign(workspace, { status: "ready_to_submit", settlementHash: "0x2", nonceAtSign: (this.account(peer).state.jNonce ?? 0) + 1 });
    else if (workspace.leftHanko && workspace.rightHanko) workspace.status = "ready_to_submit";
  }

  /** The chain takes the batch that is on its way; both sides learn what is there now. */
  settle(late = false) {
    this.catchUp();
    const batches = this.state.jBatchState;
    const batch = this.shape === "head" ? batches.sentBatch?.batch : batches.pendingBroadcast ? batches.batch : undefined;
    if (batch === undefined) return false;
    this.chain.process(this.hubId, batch);
    this.settled(batch, late);
    return true;
  }

  /** The accounts learn what the chain has taken; both sides must agree, so this may come later. */
  catchUp() {
    const batch = this.unheard;
    this.unheard = undefined;
    if (batch !== undefined) this.#heard(batch);
  }

  /** What this validator learns of a batch that the chain has taken. */
  settled(batch, late = false) {
    const batches = this.state.jBatchState;
    if (this.shape === "head") {
      delete batches.sentBatch;
      batches.status = "empty";
    } else Object.assign(batches, { batch: emptyBatch(), pendingBroadcast: false });
    this.observe();
    if (late) this.unheard = batch;
    else this.#heard(batch);
  }

  #heard(batch) {
    const moved = new Set([
      ...batch.reserveToCollateral.flatMap(({ pairs }) => pairs.map(({ entity }) => entity)),
      ...batch.collateralToReserve.map(({ counterparty }) => counterparty),
      ...batch.settlements.map(({ leftEntity, rightEntity }) => (leftEntity === this.hubId ? rightEntity : leftEntity)),
    ]);
    for (const peer of moved) {
      const part = this.bilateral(peer);
      const counted = [...batch.collateralToReserve.filter(({ counterparty }) => counterparty === peer), ...batch.settlements.filter(({ leftEntity, rightEntity }) => leftEntity === peer || rightEntity === peer)];
      part.jNonce = Math.max(part.jNonce ?? 0, ...counted.map(({ nonce }) => nonce));
      for (const [token, row] of part.deltas) {
        const { collateral, ondelta } = this.chain.account(this.hubId, peer, token);
        const rise = collateral - row.collateral;
        Object.assign(row, { collateral, ondelta });
        if (rise > 0n && this.shape === "head") this.#served(peer, token, rise);
      }
      if (this.shape === "head") this.#finalized(this.account(peer));
    }
    if (moved.size > 0) this.#kick();
  }

  /**
   * What becomes of a settlement at `head` when the chain has touched its account: one that nobody
   * has signed ends, since what it holds was counted on the balance before. A signed one ends when
   * the chain has counted it or a later one; a deposit does not count.
   */
  #finalized(account) {
    const { settlementWorkspace: workspace, jNonce } = account.state;
    if (!workspace) return;
    const signed = workspace.leftHanko || workspace.rightHanko || workspace.settlementHash;
    if (!signed || jNonce >= workspace.nonceAtSign) this.#clear(account);
  }

  #served(peer, token, rise) {
    const account = this.account(peer);
    const part = account.state;
    const asked = part.requestedRebalance.get(token) ?? 0n;
    const left = max0(asked - rise);
    part.requestedRebalance = left > 0n ? part.requestedRebalance.updated(token, left) : part.requestedRebalance.removed(token);
    if (left === 0n) part.requestedRebalanceFeeState = part.requestedRebalanceFeeState.removed(token);
    account.shadow.rebalance.submittedAtByToken = account.shadow.rebalance.submittedAtByToken.removed(token);
  }

  #put(peer, account) {
    if (this.shape === "head") this.state.accounts = this.state.accounts.updated(peer, account);
    else this.state.accounts.set(peer, account);
  }
}

function compile(ops, byLeft) {
  return ops.map((op) => {
    const { type, tokenId, amount } = op;
    if (type === "rawDiff") {
      if (op.leftDiff + op.rightDiff + op.collateralDiff !== 0n) throw new Error("SETTLEMENT_CONSERVATION");
      return op;
    }
    if (type !== "c2r" || typeof amount !== "bigint" || amount <= 0n) throw new Error("SETTLEMENT_WORKSPACE_AMOUNT_INVALID");
    return { tokenId, leftDiff: byLeft ? amount : 0n, rightDiff: byLeft ? 0n : amount, collateralDiff: -amount, ondeltaDiff: byLeft ? -amount : 0n };
  });
}

/** The plan's point signs by itself what takes nothing from the signer. */
function autoApproves({ diffs }, signerIsLeft) {
  return diffs.every(({ leftDiff, rightDiff, ondeltaDiff }) => {
    const own = signerIsLeft ? leftDiff : rightDiff;
    if (own !== 0n) return own > 0n;
    return signerIsLeft ? ondeltaDiff >= 0n : ondeltaDiff <= 0n;
  });
}
