// Writes a plan as the transactions of the runtime, in the order of the plan, and looks at each
// once more: the runtime throws at some of them and then drops the whole frame.

import type { Action, Plan, Reason, SettlementOp } from "../generated.js";
import { call } from "../policy.js";
import { fault } from "./fault.js";
import type { EntityTx, HeadTx, PlanTx, RuntimeSettlementOp, SettlementDiff, Shape } from "./shapes.js";
import { contextOf, withdrawalDiff } from "./state.js";
import type { Context, HubState } from "./state.js";

/** Why a sent batch is taken back, in the runtime's own words. */
export const ABORT_REASON = "stale-hub-rebalance-latch";

/** What the transactions need besides the plan. */
export interface EntityTxsOptions {
  /** The state that the plan was made from: each transaction is held against it. */
  readonly state?: HubState;
  /** The reasons of the decision: the sentences of alerts are made from them. */
  readonly reasons?: ReadonlyArray<Reason>;
}

/** The plan without the steps that the runtime does not do by transactions. */
export type Transacted = Exclude<Action, { readonly type: "replenish" }>;

/** The transactions of a plan; a plan with one that the runtime would throw at is refused whole. */
export function entityTxs(plan: Pick<Plan, "actions"> & Partial<Plan>, shape: "plan", options?: EntityTxsOptions): PlanTx[];
export function entityTxs(plan: Pick<Plan, "actions"> & Partial<Plan>, shape: "head", options?: EntityTxsOptions): HeadTx[];
export function entityTxs(plan: Pick<Plan, "actions"> & Partial<Plan>, shape: Shape, options?: EntityTxsOptions): EntityTx[];
export function entityTxs(plan: Pick<Plan, "actions"> & Partial<Plan>, shape: Shape, options: EntityTxsOptions = {}): EntityTx[] {
  return new Writer(plan, shape, options).write();
}

class Writer {
  readonly #context: Context | undefined;
  readonly #accounts: ReadonlyMap<string, NonNullable<HubState["accounts"]>[number]> | undefined;
  readonly #moved = new Set<string>();
  #batchWork: boolean;

  constructor(
    readonly plan: Pick<Plan, "actions"> & Partial<Plan>,
    readonly shape: Shape,
    readonly options: EntityTxsOptions,
  ) {
    const { state } = options;
    this.#context = state === undefined ? undefined : contextOf(state);
    this.#accounts = state === undefined ? undefined : named(state, plan.actions);
    const draft = state?.draft;
    const recovery = state?.recovery ?? [];
    this.#batchWork = state === undefined || [draft ?? {}, ...recovery].some((batch) => Object.keys(batch).some((name) => name !== "id"));
  }

  write(): EntityTx[] {
    const txs: EntityTx[] = [];
    for (const [index, action] of this.plan.actions.entries()) {
      const at = `plan.actions[${index}]`;
      if (action.type === "broadcast" && index !== this.plan.actions.length - 1) throw fault("out_of_range", at, action.type, "one broadcast, at the end");
      txs.push(...this.#step(action, at));
    }
    return txs;
  }

  #step(action: Action, at: string): EntityTx[] {
    switch (action.type) {
      case "abort_sent_batch":
        return [this.#abort(action.requeue, at)];
      case "settle_reject":
        return [this.#reject(action.account_id, at)];
      case "settle_propose":
        return [this.#propose(action, at)];
      case "settle_execute":
        return this.#execute(action.account_id, at);
      case "deposit":
        return this.#deposit(action, at);
      case "alert":
        return [this.#alert(action)];
      case "broadcast":
        return this.#broadcast(at);
      case "replenish":
        return [];
    }
  }

  #abort(requeue: boolean, at: string): EntityTx {
    const { state } = this.options;
    if (state !== undefined && (state.sent === undefined || state.sent === null)) throw fault("out_of_range", at, "no sent batch", "a batch that was sent");
    if (this.shape === "plan") return { type: "j_clear_batch", data: { reason: ABORT_REASON } };
    return { type: "j_abort_sent_batch", data: { reason: ABORT_REASON, requeueToCurrent: requeue } };
  }

  #reject(id: string, at: string): EntityTx {
    const account = this.#settling(id, at);
    if (account !== undefined && !account.workspace) throw fault("out_of_range", at, "no settlement", "a settlement under way");
    if (this.#context?.sealed.has(id) === true) throw fault("out_of_range", at, "a signed settlement", "one without any signature: the runtime rejects no other");
    return { type: "settle_reject", data: { counterpartyEntityId: this.#key(id), reason: this.#why(id) } };
  }

  #propose(action: Extract<Action, { type: "settle_propose" }>, at: string): EntityTx {
    const id = action.account_id;
    const account = this.#settling(id, at);
    if (account?.workspace) throw fault("out_of_range", at, "a settlement under way", "an account without one");
    if (action.ops.length === 0) throw fault("out_of_range", `${at}.ops`, "none", "at least one operation");
    const counterpartyEntityId = this.#key(id);
    if (this.shape === "head") {
      const ops = action.ops.map((op, index) => writeOp(op, `${at}.ops[${index}]`));
      return { type: "settle_propose", data: { counterpartyEntityId, ops, executorIsLeft: action.executor_is_left, memo: action.memo } };
    }
    const diffs = action.ops.map((op, index) => writeDiff(op, action.executor_is_left, `${at}.ops[${index}]`));
    return { type: "settle_propose", data: { counterpartyEntityId, diffs, memo: action.memo } };
  }

  #execute(id: string, at: string): EntityTx[] {
    const account = this.#settling(id, at);
    const status = account?.workspace?.status;
    if (account !== undefined && status !== "ready_to_submit") throw fault("out_of_range", at, status ?? "no settlement", "a settlement that the peer has signed");
    this.#batchWork = true;
    const counterpartyEntityId = this.#key(id);
    const execute: EntityTx = { type: "settle_execute", data: { counterpartyEntityId } };
    const unsigned = this.shape === "plan" && this.#context?.unsigned.has(id) === true;
    return unsigned ? [{ type: "settle_approve", data: { counterpartyEntityId } }, execute] : [execute];
  }

  #deposit(action: Extract<Action, { type: "deposit" }>, at: string): EntityTx[] {
    const { account_id: id, token_id: tokenId, amount } = action;
    this.#account(id, at);
    if (this.#context?.locked === true) throw fault("out_of_range", at, "a batch on its way", "a batch that is open");
    if (amount <= 0n) throw fault("out_of_range", `${at}.amount`, amount, "more than nothing");
    if (tokenId <= 0) throw fault("out_of_range", `${at}.token_id`, tokenId, "a token of the chain");
    if (this.shape === "plan" && this.#lacks(tokenId, amount)) return [];
    this.#batchWork = true;
    return [{ type: this.shape === "plan" ? "deposit_collateral" : "r2c", data: { counterpartyId: this.#key(id), tokenId, amount } }];
  }

  /** The plan's point looks at the reserve alone and forgets a deposit that is larger. */
  #lacks(tokenId: number, amount: bigint): boolean {
    const reserves = this.options.state?.reserves;
    if (!(reserves instanceof Map)) return false;
    return ((reserves as ReadonlyMap<number, bigint>).get(tokenId) ?? 0n) < amount;
  }

  #alert(action: Extract<Action, { type: "alert" }>): EntityTx {
    const { type, ...fields } = action;
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    const metadata = given.map(([name, value]): [string, string | number] => [name, typeof value === "bigint" ? String(value) : (value as string | number)]);
    return {
      type: "chatMessage",
      data: { message: this.#sentence(action), timestamp: Number(this.options.state?.now ?? 0), metadata: { ...Object.fromEntries(metadata), type: `TRIMTAB_${type.toUpperCase()}` } },
    };
  }

  /** What the registry says about it: the reason of that code for the same token or account. */
  #sentence(action: Extract<Action, { type: "alert" }>): string {
    const { code, account_id, token_id } = action as { code?: string; account_id?: string; token_id?: number };
    const about = account_id ?? String(token_id ?? "");
    const own = (this.plan.outcomes ?? []).filter((outcome) => account_id !== undefined && outcome.account_id === account_id).flatMap((outcome) => outcome.reasons);
    const fits = (reason: Reason): boolean => (code === undefined ? reason.effect === "warn" : reason.code === code) && (reason.subject === undefined || reason.subject === about);
    const reasons = [...(this.options.reasons ?? []), ...own].filter(fits).slice(0, 1);
    if (reasons.length === 0) return code ?? action.type;
    return call("policy.explain", { reasons }).decision.sentences.join(" ");
  }

  #broadcast(at: string): EntityTx[] {
    const { state } = this.options;
    if (state?.sent !== undefined && state.sent !== null) throw fault("out_of_range", at, "a batch on its way", "none: the runtime sends one at a time");
    if (state?.broadcast_in_input === true) throw fault("out_of_range", at, "a broadcast in the same input", "none");
    // The plan's point throws at an empty batch.
    return this.#batchWork ? [{ type: "j_broadcast", data: {} }] : [];
  }

  #account(id: string, at: string): NonNullable<HubState["accounts"]>[number] | undefined {
    if (this.#accounts === undefined) return undefined;
    const account = this.#accounts.get(id);
    if (account === undefined) throw fault("out_of_range", `${at}.account_id`, id, "an account of the state");
    return account;
  }

  /** An account with no other step of a settlement queued, in the state or in this plan. */
  #settling(id: string, at: string): NonNullable<HubState["accounts"]>[number] | undefined {
    const account = this.#account(id, at);
    if (account?.pending_settlement === true || this.#moved.has(id)) throw fault("out_of_range", at, "a step of a settlement that is queued", "one at a time");
    this.#moved.add(id);
    return account;
  }

  #key(id: string): string {
    return this.#context?.keys.get(id) ?? id;
  }

  #why(id: string): string {
    const outcome = this.plan.outcomes?.find((each) => each.account_id === id && each.outcome === "reject");
    return outcome?.reasons[0]?.code ?? "settle_reject";
  }
}

/** Only the accounts that the plan names: a large hub has many more. */
function named(state: HubState, actions: ReadonlyArray<Action>): Map<string, NonNullable<HubState["accounts"]>[number]> {
  const ids = new Set<string>();
  for (const action of actions) if ("account_id" in action && typeof action.account_id === "string") ids.add(action.account_id);
  const found = new Map<string, NonNullable<HubState["accounts"]>[number]>();
  if (ids.size > 0) for (const account of state.accounts ?? []) if (ids.has(account.account_id)) found.set(account.account_id, account);
  return found;
}

function writeOp(op: SettlementOp, at: string): RuntimeSettlementOp {
  switch (op.type) {
    case "c2r":
    case "r2c":
    case "r2r":
      return { type: op.type, tokenId: op.token_id, amount: positive(op.amount ?? 0n, at) };
    case "forgive":
      return { type: "forgive", tokenId: op.token_id };
    case "raw_diff":
      return { type: "rawDiff", ...conserving(op, at) };
  }
}

function writeDiff(op: SettlementOp, byLeft: boolean, at: string): SettlementDiff {
  if (op.type === "c2r") return withdrawalDiff(op.token_id, positive(op.amount ?? 0n, at), byLeft);
  if (op.type === "raw_diff") return conserving(op, at);
  throw fault("out_of_range", `${at}.type`, op.type, "c2r | raw_diff");
}

function conserving(op: SettlementOp, at: string): SettlementDiff {
  const { left_diff: leftDiff = 0n, right_diff: rightDiff = 0n, collateral_diff: collateralDiff = 0n, ondelta_diff: ondeltaDiff = 0n } = op;
  const sum = leftDiff + rightDiff + collateralDiff;
  if (sum !== 0n) throw fault("out_of_range", at, sum, "differences whose sum is 0");
  return { tokenId: op.token_id, leftDiff, rightDiff, collateralDiff, ondeltaDiff };
}

function positive(amount: bigint, at: string): bigint {
  if (amount <= 0n) throw fault("out_of_range", `${at}.amount`, amount, "more than nothing");
  return amount;
}
