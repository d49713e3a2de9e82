// Reads a replica of either shape into the state that the policies decide from. Nothing is decided
// here: every field is carried over, in its own unit, or refused with its path.

import type {
  AccountInput,
  BatchInput,
  DeltaInput,
  HubMemoryInput,
  HubStateInput,
  ReplenishAnswerInput,
  RequestInput,
  SettlementOpInput,
  WorkspaceInput,
} from "../generated.js";
import type { Balances, Columns } from "./columns.js";
import { heldBack, switches } from "./control.js";
import type { Control, HeldBack, HoldReason, Switches } from "./control.js";
import { amount, amountOr0, fault, list, listOrNone, map, mapOrNone, object, outer, text, whole, within, wrong } from "./fault.js";
import { isFullId, normalId } from "./ids.js";
import type { HeadReplica, PlanReplica, Replica, RuntimeDelta, Shape } from "./shapes.js";

/** The state that the policies decide from. */
export type HubState = HubStateInput;

/** Says how many decimals a token has; nothing for a token that is unknown. */
export type Decimals = ((tokenId: number) => number | undefined) | ReadonlyMap<number, number> | Readonly<Record<number, number>>;

/** What a replica does not say by itself. */
export interface HubStateOptions {
  /** The time of the decision; absent for the time of the entity. */
  readonly now?: number;
  /** The decimals of the tokens; absent for those of the config. */
  readonly decimals?: Decimals;
  /** The shape; absent to see for itself. */
  readonly shape?: Shape;
  /** What the last plan wanted to be remembered. */
  readonly memory?: HubMemoryInput;
  /** The clock that the age of a sent batch is measured on; absent for `now`. */
  readonly submitClock?: number;
  /** Whether somebody else broadcasts in this input. */
  readonly broadcastInInput?: boolean;
  /** Answers of replenishment sources since the last tick. */
  readonly answers?: ReadonlyArray<ReplenishAnswerInput>;
  /** The reserve of a peer, where the caller knows it from a source that every validator shares. */
  readonly peerReserve?: (accountId: string, tokenId: number) => bigint | undefined;
  /** When a request of the plan's point was made, where the caller knows it; absent for 0: all alike. */
  readonly requestedAt?: (accountId: string, tokenId: number) => number | undefined;
  /** When a deposit of a token was put into a batch, at the plan's point, where no account says so. */
  readonly submitted?: (accountId: string, tokenId: number) => number | undefined;
  /** Whether a settlement of an account is on its way where no account says so: the plan's point forgets it. */
  readonly settling?: (accountId: string) => boolean;
  /** The version of the fee terms that requests of the plan's point count as made under. */
  readonly policyVersion?: number;
  /** The operator's switches. */
  readonly control?: Control;
  /** Takes an account that cannot be read, and why; without it the error is thrown. */
  readonly setAside?: (accountId: string, error: unknown) => void;
  /** Takes a request or settlement that the switches hold back. */
  readonly heldBack?: (held: HeldBack) => void;
}

/** What the state does not carry and the transactions need. */
export interface Context {
  readonly shape: Shape;
  /** The runtime's own key of each account whose normal form differs. */
  readonly keys: ReadonlyMap<string, string>;
  /** The accounts with a signature, hash or proof on their settlement. */
  readonly sealed: ReadonlySet<string>;
  /** The accounts whose settlement lacks only the hub's own signature. */
  readonly unsigned: ReadonlySet<string>;
  /** Whether the one batch of the plan's point is on its way. */
  readonly locked: boolean;
}

const contexts = new WeakMap<object, Context>();

/** What was read beside a state. */
export function contextOf(state: HubState): Context | undefined {
  return contexts.get(state);
}

/** Reads a replica; the same replica and options give the same state on every validator. */
export function hubState(replica: Replica, options: HubStateOptions = {}): HubState {
  const reader = new Reader(replica, options);
  const accounts: AccountInput[] = [];
  for (const [key, value] of reader.accounts()) {
    const account = reader.account(key, value);
    if (account !== undefined) accounts.push(account);
  }
  return reader.hub(accounts);
}

/** Refuses what is no replica, before anything of it is looked up. */
export function mustBeReplica(replica: Replica): void {
  const state = object("replica.state", object("replica", replica)["state"]);
  const accounts = within("state", () => map("accounts", state["accounts"]));
  if (typeof (accounts as { get?: unknown }).get !== "function") throw wrong("state.accounts", accounts, "a map");
}

/** The shape of a replica, seen by what only one of them has. */
export function shapeOf(replica: Replica): Shape {
  const state = object("replica.state", object("replica", replica)["state"]);
  for (const [, account] of map("accounts", state["accounts"])) {
    return typeof account === "object" && account !== null && "state" in account ? "head" : "plan";
  }
  const batches = state["jBatchState"];
  const later = typeof batches === "object" && batches !== null && "status" in batches;
  return later || "hubRebalanceConfig" in state ? "head" : "plan";
}

/** Reads the parts of one replica. */
export class Reader {
  readonly shape: Shape;
  readonly hubId: string;
  readonly now: number;
  readonly #state: Record<string, unknown>;
  readonly #options: HubStateOptions;
  readonly #decimals: ((tokenId: number) => number | undefined) | undefined;
  readonly #switches: Switches | undefined;
  readonly #tokens = new Map<number, { readonly decimals: number }>();
  readonly #keys = new Map<string, string>();
  readonly #sealed = new Set<string>();
  readonly #unsigned = new Set<string>();
  readonly #carried: ReadonlySet<string>;
  /** Whether an account may be read as balances alone: no option looks at it, and its shape is the later one. */
  readonly #balancesOnly: boolean;

  constructor(replica: Replica, options: HubStateOptions) {
    this.#options = options;
    this.#state = object("replica.state", object("replica", replica)["state"]);
    this.hubId = normalId(text("entityId", replica.entityId));
    const stamp = within("state", () => whole("timestamp", this.#state["timestamp"]));
    this.now = options.now === undefined ? stamp : within("options", () => whole("now", options.now));
    within("state", () => map("accounts", this.#state["accounts"]));
    this.shape = options.shape ?? shapeOf(replica);
    this.#decimals = options.decimals === undefined ? undefined : asFunction(options.decimals);
    this.#switches = switches(options.control);
    const { peerReserve, submitted, settling } = options;
    this.#balancesOnly = this.shape === "head" && [this.#switches, peerReserve, submitted, settling].every((option) => option === undefined);
    this.#carried = this.shape === "plan" ? within("state", () => this.#carriedByBatch()) : new Set();
  }

  /** The accounts with the runtime's own keys. */
  accounts(): Iterable<readonly [unknown, unknown]> {
    return this.#state["accounts"] as Iterable<readonly [unknown, unknown]>;
  }

  /** How many accounts there are, where the runtime's map says so. */
  get size(): number | undefined {
    const { size } = this.#state["accounts"] as { size?: unknown };
    return typeof size === "number" && Number.isSafeInteger(size) && size >= 0 && size <= MOST_ROOM ? size : undefined;
  }

  /** One account; nothing if it cannot be read and the caller takes such accounts. */
  account(key: unknown, value: unknown): AccountInput | undefined {
    try {
      const given = text("", key);
      const id = normalId(given);
      if (id !== given) this.#keys.set(id, given);
      return this.#account(id, object("", value));
    } catch (thrown) {
      const error = outer(`state.accounts["${String(key)}"]`, thrown);
      if (this.#options.setAside === undefined) throw error;
      this.#options.setAside(String(key), error);
      return undefined;
    }
  }

  /**
   * Puts an account into columns, if it has balances and nothing else; whether it was such a one.
   * Any other account, and one that cannot be read, is for `account`.
   */
  balances(key: unknown, value: unknown, columns: Columns): boolean {
    if (!this.#balancesOnly || typeof key !== "string" || !isFullId(key) || key.includes("\n")) return false;
    const given = value as Record<string, unknown> | null | undefined;
    const part = given?.["state"] as Record<string, unknown> | null | undefined;
    if (given === undefined || given === null || part === undefined || part === null) return false;
    const status = given["status"];
    const shadow = given["shadow"] as { rebalance?: { submittedAtByToken?: unknown } } | null | undefined;
    const rests =
      (status === undefined || status === "active") &&
      isNothing(given["mempool"]) &&
      (given["pendingFrame"] ?? undefined) === undefined &&
      (part["settlementWorkspace"] ?? undefined) === undefined &&
      isNothing(part["requestedRebalance"]) &&
      isNothing(shadow?.rebalance?.submittedAtByToken);
    const deltas = part["deltas"];
    if (!rests || !isMap(deltas) || deltas.size === 0) return false;
    for (const [token, delta] of deltas as Iterable<readonly [unknown, Partial<RuntimeDelta> | null | undefined]>) {
      const known = this.#decimals === undefined || this.#tokens.has(token as number);
      const allowed = isZero(delta?.leftAllowance) && isZero(delta?.rightAllowance);
      const there = typeof delta?.collateral === "bigint" && typeof delta.ondelta === "bigint" && typeof delta.offdelta === "bigint";
      if (!known || !allowed || !there || !columns.add(key, token, delta as Balances)) {
        columns.drop();
        return false;
      }
    }
    columns.keep();
    return true;
  }

  /** The state of the hub with these accounts. */
  hub(accounts: ReadonlyArray<AccountInput>): HubState {
    return within("state", () => this.#hub(accounts));
  }

  #hub(accounts: ReadonlyArray<AccountInput>): HubState {
    const { memory, answers, broadcastInInput, submitClock } = this.#options;
    const batches = this.#batches();
    const reserves = new Map<number, bigint>();
    for (const [key, value] of map("reserves", this.#state["reserves"])) {
      within(`reserves["${String(key)}"]`, () => {
        const token = this.#tokenKey(key);
        this.#describe(token, false);
        reserves.set(token, amount("", value));
      });
    }
    const state: HubState = {
      hub_id: this.hubId,
      now: this.now,
      accounts,
      reserves,
      open_debts: this.#debts(),
      ...(this.#tokens.size > 0 ? { tokens: this.#tokens } : {}),
      ...batches,
      ...(this.shape === "head" ? { is_hub: this.#state["hubRebalanceConfig"] !== undefined && this.#state["hubRebalanceConfig"] !== null } : {}),
      ...(submitClock === undefined ? {} : { submit_clock: submitClock }),
      ...(broadcastInInput === undefined ? {} : { broadcast_in_input: broadcastInInput }),
      ...(answers === undefined || answers.length === 0 ? {} : { replenish_answers: answers }),
      ...(memory === undefined ? {} : { memory }),
    };
    contexts.set(state, {
      shape: this.shape,
      keys: this.#keys,
      sealed: this.#sealed,
      unsigned: this.#unsigned,
      locked: this.shape === "plan" && batches.sent !== undefined,
    });
    return state;
  }

  #account(id: string, value: Record<string, unknown>): AccountInput {
    const head = this.shape === "head";
    const part = head ? within("state", () => object("", value["state"])) : value;
    const prefix = head ? "state." : "";
    const left = this.hubId < id;
    const dropped = this.#switches === undefined ? undefined : new Map<number, HoldReason>();
    const deltas: DeltaInput[] = [];
    for (const [key, delta] of map(`${prefix}deltas`, part["deltas"])) {
      const token = this.#token(`${prefix}deltas`, key);
      const held = this.#switches?.(id, token);
      if (held !== undefined) dropped?.set(token, held);
      else deltas.push(within(`${prefix}deltas.get(${token})`, () => readDelta(token, object("", delta), head)));
    }
    const requests = this.#requests(id, part, prefix, dropped);
    const peer = this.#peerReserves(id, deltas);
    const submitted = this.#submitted(id, value, requests);
    const steps = [...listOrNone("mempool", value["mempool"]), ...frameTxs(value["pendingFrame"])];
    let pending = steps.some(isSettlementStep) || this.#carried.has(id) || this.#options.settling?.(id) === true;
    let workspace = this.#workspace(id, part[`settlementWorkspace`], prefix, left);
    const stopped = dropped === undefined ? undefined : workspace?.ops?.find((op) => dropped.has(Number(op.token_id)));
    if (stopped !== undefined) {
      // Half of a settlement cannot be judged: while a token of it is held back, nothing is done with it.
      const reason = dropped?.get(Number(stopped.token_id));
      if (reason !== undefined) this.#options.heldBack?.(heldBack(id, undefined, reason));
      workspace = undefined;
      pending = true;
    }
    return {
      account_id: id,
      ...(deltas.length > 0 ? { deltas } : {}),
      ...(requests.length > 0 ? { requests } : {}),
      ...(peer === undefined ? {} : { peer_reserves: peer }),
      ...(submitted === undefined ? {} : { submitted }),
      ...this.#status(value),
      ...(value["pendingFrame"] === undefined || value["pendingFrame"] === null ? {} : { pending_frame: true }),
      ...(pending ? { pending_settlement: true } : {}),
      ...(workspace === undefined ? {} : { workspace }),
    };
  }

  #status(value: Record<string, unknown>): { status?: "active" | "dispute_preparing" | "disputed" } {
    if (this.shape === "plan") return value["activeDispute"] ? { status: "disputed" } : {};
    const status = value["status"];
    switch (status) {
      case undefined:
      case "active":
        return {};
      case "dispute_preparing":
      case "disputed":
        return { status };
    }
    throw wrong("status", status, "active | dispute_preparing | disputed");
  }

  #requests(id: string, part: Record<string, unknown>, prefix: string, dropped: Map<number, HoldReason> | undefined): RequestInput[] {
    const requests: RequestInput[] = [];
    const fees = part["requestedRebalanceFeeState"] as { get?: (token: number) => unknown } | undefined;
    for (const [key, value] of mapOrNone(`${prefix}requestedRebalance`, part["requestedRebalance"])) {
      const token = this.#token(`${prefix}requestedRebalance`, key);
      const asked = amount(`${prefix}requestedRebalance.get(${token})`, value);
      const reason = this.#switches?.(id, token);
      if (reason !== undefined) {
        dropped?.set(token, reason);
        if (asked > 0n) this.#options.heldBack?.(heldBack(id, token, reason));
        continue;
      }
      if (this.shape === "head") {
        const fee = fees?.get?.(token);
        const read = fee === undefined ? {} : { fee: within(`${prefix}requestedRebalanceFeeState.get(${token})`, () => readFee(object("", fee))) };
        requests.push({ token_id: token, amount: asked, ...read });
      } else {
        const { policyVersion, requestedAt } = this.#options;
        const since = requestedAt?.(id, token) ?? 0;
        const version = policyVersion === undefined ? {} : { policy_version: policyVersion };
        requests.push({ token_id: token, amount: asked, fee: { requested_at: since, ...version } });
      }
    }
    return requests;
  }

  #submitted(id: string, value: Record<string, unknown>, requests: ReadonlyArray<RequestInput>): Map<number, number> | undefined {
    const marks = new Map<number, number>();
    const shadow = value["shadow"] as { rebalance?: { submittedAtByToken?: unknown } } | undefined;
    for (const [key, at] of mapOrNone("shadow.rebalance.submittedAtByToken", shadow?.rebalance?.submittedAtByToken)) {
      const token = this.#token("shadow.rebalance.submittedAtByToken", key);
      marks.set(token, whole(`shadow.rebalance.submittedAtByToken.get(${token})`, at));
    }
    if (this.#options.submitted !== undefined) {
      for (const { token_id } of requests) {
        const at = this.#options.submitted(id, Number(token_id));
        if (at !== undefined) marks.set(Number(token_id), at);
      }
    }
    return marks.size > 0 ? marks : undefined;
  }

  #peerReserves(id: string, deltas: ReadonlyArray<DeltaInput>): Map<number, bigint> | undefined {
    const ask = this.#options.peerReserve;
    if (ask === undefined) return undefined;
    const known = new Map<number, bigint>();
    for (const { token_id } of deltas) {
      const reserve = ask(id, Number(token_id));
      if (reserve !== undefined) known.set(Number(token_id), reserve);
    }
    return known.size > 0 ? known : undefined;
  }

  #workspace(id: string, value: unknown, prefix: string, hubIsLeft: boolean): WorkspaceInput | undefined {
    if (value === undefined || value === null) return undefined;
    const name = `${prefix}settlementWorkspace`;
    return within(name, () => {
      const given = object("", value);
      const signed = { left_signed: Boolean(given["leftHanko"]), right_signed: Boolean(given["rightHanko"]) };
      const sealed = signed.left_signed || signed.right_signed || Boolean(given["settlementHash"]) || Boolean(given["postSettlementDisputeProof"]);
      if (sealed) this.#sealed.add(id);
      const changed = given["lastUpdatedAt"] ?? given["createdAt"];
      const more = {
        ...(sealed ? { sealed } : {}),
        ...(changed === undefined ? {} : { updated_at: whole("lastUpdatedAt", changed) }),
      };
      if (this.shape === "head") {
        return {
          ops: list("ops", given["ops"]).map((op, index) => within(`ops[${index}]`, () => readOp(object("", op)))),
          last_modified_by_left: flag("lastModifiedByLeft", given["lastModifiedByLeft"]),
          executor_is_left: flag("executorIsLeft", given["executorIsLeft"]),
          status: status(given["status"]),
          ...signed,
          ...more,
        };
      }
      const byLeft = side(given["initiatedBy"]);
      // Whoever began it may execute it; what the peer has signed lacks only the hub's own signature,
      // which it gives in the moment it executes.
      const ownSigned = hubIsLeft ? signed.left_signed : signed.right_signed;
      const peerSigned = hubIsLeft ? signed.right_signed : signed.left_signed;
      if (peerSigned && !ownSigned) this.#unsigned.add(id);
      return {
        ops: list("diffs", given["diffs"]).map((diff, index) => within(`diffs[${index}]`, () => readDiff(object("", diff), byLeft))),
        last_modified_by_left: byLeft,
        executor_is_left: byLeft,
        status: peerSigned ? "ready_to_submit" : status(given["status"]),
        ...signed,
        ...more,
      };
    });
  }

  #batches(): Pick<HubState, "draft" | "sent" | "recovery"> & { sent?: HubState["sent"] } {
    const value = this.#state["jBatchState"];
    if (value === undefined || value === null) return {};
    return within("jBatchState", () => {
      const given = object("", value);
      const open = within("batch", () => this.#batch(object("", given["batch"])));
      const last = given["lastBroadcast"] === undefined ? 0 : whole("lastBroadcast", given["lastBroadcast"]);
      if (this.shape === "plan") return given["pendingBroadcast"] ? { sent: { sent_at: last, batch: open } } : { draft: open };
      const sent = given["sentBatch"];
      const recovery = listOrNone("recoveryBatches", given["recoveryBatches"]);
      return {
        draft: open,
        ...(sent === undefined || sent === null ? {} : { sent: within("sentBatch", () => this.#sent(object("", sent), last)) }),
        ...(recovery.length === 0
          ? {}
          : { recovery: recovery.map((batch, index) => within(`recoveryBatches[${index}]`, () => this.#batch(object("", batch)))) }),
      };
    });
  }

  /** The accounts whose settlement the one batch of the plan's point carries: it has left the account. */
  #carriedByBatch(): Set<string> {
    const { draft, sent } = this.#batches();
    const ids = new Set<string>();
    for (const batch of [draft, sent?.batch]) {
      for (const { account_id } of [...(batch?.settlements ?? []), ...(batch?.c2r ?? [])]) ids.add(account_id);
    }
    return ids;
  }

  #sent(given: Record<string, unknown>, last: number): NonNullable<HubState["sent"]> {
    const at = given["lastSubmittedAt"] === undefined ? 0 : whole("lastSubmittedAt", given["lastSubmittedAt"]);
    const id = given["batchHash"];
    const batch = within("batch", () => this.#batch(object("", given["batch"])));
    return { sent_at: at === 0 ? last : at, batch: typeof id === "string" && id !== "" ? { ...batch, id } : batch };
  }

  #batch(given: Record<string, unknown>): BatchInput {
    const rows = <T>(name: string, read: (row: Record<string, unknown>) => T): T[] =>
      listOrNone(name, given[name]).map((row, index) => within(`${name}[${index}]`, () => read(object("", row))));
    const transfer = (row: Record<string, unknown>): { token_id: number; amount: bigint } => ({
      token_id: this.#batchToken("tokenId", row["tokenId"]),
      amount: amount("amount", row["amount"]),
    });
    const settlements = rows("settlements", (row) => {
      const left = normalId(text("leftEntity", row["leftEntity"]));
      const right = normalId(text("rightEntity", row["rightEntity"]));
      const isLeft = left === this.hubId;
      return list("diffs", row["diffs"]).map((value, index) =>
        within(`diffs[${index}]`, () => {
          const diff = object("", value);
          const name = isLeft ? "leftDiff" : "rightDiff";
          return { account_id: isLeft ? right : left, token_id: this.#batchToken("tokenId", diff["tokenId"]), reserve_diff: amount(name, diff[name]) };
        }),
      );
    }).flat();
    const others = ["disputeStarts", "counterDisputes", "disputeFinalizations", "flashloans", "revealSecrets", "hashLadderRegistrations"];
    const count = others.reduce((sum, name) => sum + listOrNone(name, given[name]).length, 0);
    const parts: Array<[keyof BatchInput, ReadonlyArray<unknown>]> = [
      [
        "r2c",
        rows("reserveToCollateral", (row) => ({
          token_id: this.#batchToken("tokenId", row["tokenId"]),
          receiving_entity: normalId(text("receivingEntity", row["receivingEntity"])),
          pairs: list("pairs", row["pairs"]).map((value, index) =>
            within(`pairs[${index}]`, () => {
              const pair = object("", value);
              return { account_id: normalId(text("entity", pair["entity"])), amount: amount("amount", pair["amount"]) };
            }),
          ),
        })),
      ],
      [
        "c2r",
        rows("collateralToReserve", (row) => ({
          account_id: normalId(text("counterparty", row["counterparty"])),
          ...transfer(row),
        })),
      ],
      ["r2r", rows("reserveToReserve", transfer)],
      ["r2e", rows("reserveToExternalToken", transfer)],
      ["e2r", rows("externalTokenToReserve", (row) => ({ token_id: this.#batchToken("internalTokenId", row["internalTokenId"]), amount: amount("amount", row["amount"]) }))],
      ["settlements", settlements],
    ];
    const filled = parts.filter(([, rowsOf]) => rowsOf.length > 0);
    return { ...Object.fromEntries(filled), ...(count > 0 ? { other_operations: count } : {}) } as BatchInput;
  }

  #debts(): Map<number, bigint> {
    const debts = new Map<number, bigint>();
    const add = (token: number, owed: bigint): void => {
      debts.set(token, (debts.get(token) ?? 0n) + owed);
    };
    if (this.shape === "plan") {
      for (const [index, value] of listOrNone("debts", this.#state["debts"]).entries()) {
        within(`debts[${index}]`, () => {
          const debt = object("", value);
          add(this.#batchToken("tokenId", debt["tokenId"]), amount("amount", debt["amount"]));
        });
      }
      return debts;
    }
    for (const [key, owed] of mapOrNone("outDebtsByToken", this.#state["outDebtsByToken"])) {
      const token = this.#batchToken("outDebtsByToken", key);
      for (const [id, value] of map(`outDebtsByToken.get(${token})`, owed)) {
        within(`outDebtsByToken.get(${token}).get("${String(id)}")`, () => {
          const debt = object("", value);
          if (debt["status"] === "open") add(token, amount("remainingAmount", debt["remainingAmount"]));
        });
      }
    }
    return debts;
  }

  /** The key of a map of tokens: a number, or at the plan's point its text. */
  #tokenKey(key: unknown): number {
    return typeof key === "string" && /^\d{1,16}$/.test(key) ? whole("", Number(key)) : whole("", key);
  }

  /** A token of an account: one that nobody described sets the account aside. */
  #token(field: string, key: unknown): number {
    const token = whole(field, key);
    this.#describe(token, true, field);
    return token;
  }

  /** A token of a batch or debt: what is not described is counted all the same. */
  #batchToken(field: string, value: unknown): number {
    const token = whole(field, value);
    this.#describe(token, false);
    return token;
  }

  #describe(token: number, due: boolean, field = ""): void {
    if (this.#decimals === undefined || this.#tokens.has(token)) return;
    let decimals: number | undefined;
    try {
      decimals = this.#decimals(token);
    } catch {
      // A runtime that throws at an unknown token does not know it.
    }
    if (decimals !== undefined) this.#tokens.set(token, { decimals: whole(`decimals of token ${token}`, decimals) });
    else if (due) throw fault("out_of_range", `${field}.get(${token})`, token, "a token whose decimals are known");
  }
}

/** Beyond this a map's word on its size is not taken for a reason to take memory. */
const MOST_ROOM = 1_000_000;

/** Absent, or a list or map without entries. */
function isNothing(value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && value.size === 0;
}

/** A map of the language or of the runtime. */
function isMap(value: unknown): value is { readonly size: number } & Iterable<readonly [unknown, unknown]> {
  return typeof value === "object" && value !== null && typeof (value as { size?: unknown }).size === "number" && Symbol.iterator in value;
}

function isZero(amount: unknown): boolean {
  return amount === undefined || amount === 0n;
}

function asFunction(decimals: Decimals): (tokenId: number) => number | undefined {
  if (typeof decimals === "function") return decimals;
  if (decimals instanceof Map) return (token) => decimals.get(token) as number | undefined;
  const table = decimals as Readonly<Record<number, number>>;
  return (token) => (Object.hasOwn(table, token) ? table[token] : undefined);
}

function readDelta(token: number, delta: Record<string, unknown>, head: boolean): DeltaInput {
  const hold = (side: "left" | "right"): bigint =>
    head
      ? amountOr0(`${side}Hold`, delta[`${side}Hold`])
      : amountOr0(`${side}Hold`, delta[`${side}Hold`]) +
        amountOr0(`${side}HtlcHold`, delta[`${side}HtlcHold`]) +
        amountOr0(`${side}SwapHold`, delta[`${side}SwapHold`]) +
        amountOr0(`${side}SettleHold`, delta[`${side}SettleHold`]);
  return {
    token_id: token,
    collateral: amount("collateral", delta["collateral"]),
    ondelta: amount("ondelta", delta["ondelta"]),
    offdelta: amount("offdelta", delta["offdelta"]),
    left_credit_limit: amountOr0("leftCreditLimit", delta["leftCreditLimit"]),
    right_credit_limit: amountOr0("rightCreditLimit", delta["rightCreditLimit"]),
    left_allowance: amountOr0("leftAllowance", delta["leftAllowance"]),
    right_allowance: amountOr0("rightAllowance", delta["rightAllowance"]),
    left_hold: hold("left"),
    right_hold: hold("right"),
  };
}

function readFee(given: Record<string, unknown>): NonNullable<RequestInput["fee"]> {
  const refund = given["refund"];
  return {
    fee_paid_upfront: amount("feePaidUpfront", given["feePaidUpfront"]),
    policy_version: whole("policyVersion", given["policyVersion"]),
    requested_at: whole("requestedAt", given["requestedAt"]),
    ...(given["requestId"] === undefined ? {} : { request_id: text("requestId", given["requestId"]) }),
    ...(given["feeTokenId"] === undefined ? {} : { fee_token_id: whole("feeTokenId", given["feeTokenId"]) }),
    ...(given["requestedByLeft"] === undefined ? {} : { requested_by_left: flag("requestedByLeft", given["requestedByLeft"]) }),
    ...(refund === undefined || refund === null ? {} : { refund: within("refund", () => readRefund(object("", refund))) }),
  };
}

function readRefund(given: Record<string, unknown>): NonNullable<NonNullable<RequestInput["fee"]>["refund"]> {
  const refunded_amount = amountOr0("refundedAmount", given["refundedAmount"]);
  const reason = given["reason"];
  switch (reason) {
    case undefined:
      return { refunded_amount };
    case "policy_mismatch":
    case "timeout":
    case "fee_too_low":
    case "manual":
      return { refunded_amount, reason };
  }
  throw wrong("reason", reason, "policy_mismatch | timeout | fee_too_low | manual");
}

function readOp(op: Record<string, unknown>): SettlementOpInput {
  const token_id = whole("tokenId", op["tokenId"]);
  const type = op["type"];
  switch (type) {
    case "c2r":
    case "r2c":
    case "r2r":
      return { type, token_id, amount: amount("amount", op["amount"]) };
    case "forgive":
      return { type, token_id };
    case "rawDiff":
      return rawDiff(op, token_id);
  }
  throw wrong("type", type, "c2r | r2c | r2r | forgive | rawDiff");
}

function rawDiff(diff: Record<string, unknown>, token_id: number): SettlementOpInput {
  return {
    type: "raw_diff",
    token_id,
    left_diff: amount("leftDiff", diff["leftDiff"]),
    right_diff: amount("rightDiff", diff["rightDiff"]),
    collateral_diff: amount("collateralDiff", diff["collateralDiff"]),
    ondelta_diff: amount("ondeltaDiff", diff["ondeltaDiff"]),
  };
}

/** The plan's point writes differences only; one that is exactly a withdrawal of its writer is one. */
function readDiff(diff: Record<string, unknown>, byLeft: boolean): SettlementOpInput {
  const token_id = whole("tokenId", diff["tokenId"]);
  const raw = rawDiff(diff, token_id);
  const taken = (byLeft ? raw.left_diff : raw.right_diff) as bigint;
  const written = withdrawalDiff(token_id, taken, byLeft);
  const same = written.leftDiff === raw.left_diff && written.rightDiff === raw.right_diff && written.collateralDiff === raw.collateral_diff && written.ondeltaDiff === raw.ondelta_diff;
  return taken > 0n && same ? { type: "c2r", token_id, amount: taken } : raw;
}

/** What the runtime makes of a withdrawal: the writer's reserve rises by what the collateral loses. */
export function withdrawalDiff(tokenId: number, taken: bigint, byLeft: boolean): { tokenId: number; leftDiff: bigint; rightDiff: bigint; collateralDiff: bigint; ondeltaDiff: bigint } {
  return { tokenId, leftDiff: byLeft ? taken : 0n, rightDiff: byLeft ? 0n : taken, collateralDiff: -taken, ondeltaDiff: byLeft ? -taken : 0n };
}

function flag(field: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw wrong(field, value, "true or false");
  return value;
}

function side(value: unknown): boolean {
  if (value !== "left" && value !== "right") throw wrong("initiatedBy", value, "left | right");
  return value === "left";
}

function status(value: unknown): "draft" | "awaiting_counterparty" | "ready_to_submit" | "submitted" {
  switch (value) {
    case "draft":
    case "awaiting_counterparty":
    case "ready_to_submit":
    case "submitted":
      return value;
  }
  throw wrong("status", value, "draft | awaiting_counterparty | ready_to_submit | submitted");
}

function frameTxs(frame: unknown): ReadonlyArray<unknown> {
  if (frame === undefined || frame === null) return [];
  return listOrNone("pendingFrame.accountTxs", object("pendingFrame", frame)["accountTxs"]);
}

const STEPS: ReadonlySet<unknown> = new Set(["settle_transition", "settle_hold", "settle_release"]);

function isSettlementStep(step: unknown): boolean {
  return typeof step === "object" && step !== null && STEPS.has((step as { type?: unknown }).type);
}

/** A replica of the plan's point. */
export type { HeadReplica, PlanReplica };
