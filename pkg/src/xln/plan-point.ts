// The plan's own names, for the runtime that the plan was written against: accounts in a `Map`,
// tasks that are registered with their handler.

import type { NetReceiver, NetSpender, Plan } from "../generated.js";
import { Policy } from "../policy.js";
import { HubBookSync } from "./book.js";
import { fault } from "./fault.js";
import { normalId } from "./ids.js";
import { carriedSettlements, marked, onTheirWay, released, remembered, standing, takenFrom, written } from "./memory.js";
import type { Kept } from "./memory.js";
import { policyOf, rhythm } from "./policy.js";
import type { Expected, HubPolicy } from "./policy.js";
import { differences } from "./shadow.js";
import type { ShadowTick } from "./shadow.js";
import type { EntityInput, EntityTx, PlanAccount, PlanReplica, PlanTx } from "./shapes.js";
import { hubState, mustBeReplica } from "./state.js";
import type { HubStateOptions } from "./state.js";
import { controlOf, decideTick } from "./tick.js";
import type { HubOptions, HubTick, ReplenishIntent } from "./tick.js";
import { entityTxs } from "./transactions.js";

/** A handler of the runtime. */
export type HubHandler<Env = unknown> = (env: Env, replica: PlanReplica) => Promise<EntityInput<PlanTx>[]>;

/** A task as the runtime registers it. */
export interface HubTask<Env = unknown> {
  name: string;
  intervalMs: number;
  lastRun: number;
  handler: HubHandler<Env>;
}

/** Where the memory of an entity is kept besides the process. */
export interface MemoryStore {
  load(entityId: string): string | undefined;
  save(entityId: string, text: string): void;
}

/** What tasks may be told. */
export interface HubTasksOptions<Env = unknown> extends HubOptions, Expected {
  /** Where the memory is kept; absent for the process alone. */
  readonly memory?: MemoryStore;
  /** Ours is only computed, beside this handler of the runtime; what differs is given to `log`. */
  readonly shadow?: (env: Env, replica: PlanReplica) => Promise<Array<{ entityId: string; signerId?: string; entityTxs?: Array<{ type: string; data: unknown }> }>>;
  /** Takes the replenishments that a tick asks for: the monitor performs them. */
  readonly intents?: (intents: ReadonlyArray<ReplenishIntent>, entityId: string) => void;
  /** Keeps the accounts inside the module; says which of them have changed, or nothing to compare. */
  readonly book?: { readonly changed?: (replica: PlanReplica) => Iterable<string> | undefined };
  /** How long the balance of an account may lag behind a batch that the chain has taken; absent for five minutes. */
  readonly settlementLagMs?: number;
  /** When a request was made, where the host knows it. */
  readonly requestedAt?: (accountId: string, tokenId: number) => number | undefined;
}

/** A request that the hub can serve now, and who covers it. */
export interface RebalanceOpportunity {
  readonly tokenId: number;
  /** Who waits for collateral. */
  readonly receiver: string;
  /** How much: the smaller of request and claim. */
  readonly amount: bigint;
  /** Whether the claim is above the hard limit. */
  readonly severe: boolean;
  /** The peers whose debt or free collateral covers it. */
  readonly matches: ReadonlyArray<{ readonly spender: string; readonly amount: bigint }>;
  /** The first of them. */
  readonly matchedSpender?: string;
}

/** One pair of a peer that owes and a peer that waits. */
export interface RebalanceMatch {
  readonly tokenId: number;
  readonly spender: string;
  readonly receiver: string;
  readonly amount: bigint;
}

/** What detection may be told. */
export interface DetectOptions extends HubStateOptions {
  readonly policy?: Policy | HubPolicy;
}

let standard: Policy | undefined;

function chosen(policy: Policy | HubPolicy | undefined): Policy {
  return policy === undefined ? (standard ??= policyOf({})) : policyOf(policy);
}

interface Sides {
  readonly spenders: ReadonlyArray<NetSpender>;
  readonly receivers: ReadonlyArray<NetReceiver>;
}

function pairs(policy: Policy, tokenId: number, { spenders, receivers }: Sides): RebalanceMatch[] {
  const matched = policy.hubMatch({
    spenders: spenders.map(({ account_id, amount }) => ({ id: account_id, token_id: tokenId, amount })),
    receivers: receivers.map(({ account_id, amount, fee, requested_at }) => ({ id: account_id, token_id: tokenId, amount, fee, requested_at })),
  });
  return matched.decision.tokens.flatMap((token) =>
    token.matches.map(({ spender, receiver, amount }) => ({ tokenId: token.token_id, spender, receiver, amount })),
  );
}

/** Who waits for collateral, and who can cover it. */
export function detectRebalanceOpportunities(replica: PlanReplica, options: DetectOptions = {}): RebalanceOpportunity[] {
  const policy = chosen(options.policy);
  const { tokens } = policy.hubDetect(hubState(replica, options)).decision;
  return tokens.flatMap((token) => {
    const matches = pairs(policy, token.token_id, token);
    return token.receivers.map((receiver) => {
      const own = matches.filter((match) => match.receiver === receiver.account_id);
      const first = own[0]?.spender;
      return {
        tokenId: token.token_id,
        receiver: receiver.account_id,
        amount: receiver.amount,
        severe: receiver.severe,
        matches: own.map(({ spender, amount }) => ({ spender, amount })),
        ...(first === undefined ? {} : { matchedSpender: first }),
      };
    });
  });
}

/** Matches peers that owe with peers that wait, for one token of a hub's accounts. */
export function findRebalanceMatches(accounts: ReadonlyMap<string, PlanAccount>, tokenId: number, options: DetectOptions = {}): RebalanceMatch[] {
  if (!(accounts instanceof Map)) throw fault("malformed", "accounts", accounts, "a Map");
  const [first] = accounts as Map<string, PlanAccount>;
  if (first === undefined) return [];
  const [peer, { leftEntity, rightEntity }] = first;
  if (leftEntity === undefined || rightEntity === undefined) throw fault("missing_field", `accounts["${peer}"].leftEntity`, undefined, "the ids of both sides");
  const entityId = normalId(leftEntity) === normalId(peer) ? rightEntity : leftEntity;
  const replica: PlanReplica = { entityId, state: { timestamp: options.now ?? 0, reserves: new Map(), accounts } };
  const policy = chosen(options.policy);
  const { tokens } = policy.hubDetect(hubState(replica, { ...options, shape: "plan" })).decision;
  const token = tokens.find((each) => each.token_id === tokenId);
  return token === undefined ? [] : pairs(policy, tokenId, token);
}

/** The tasks of a hub, ready for `tasks.set(task.name, task)`. */
export function hubTasks<Env = unknown>(policy: Policy | HubPolicy, options: HubTasksOptions<Env> = {}): HubTask<Env>[] {
  const hub = new PlanPointHub<Env>(policy, options);
  const { tickMs, monitorMs } = rhythm(hub.policy);
  const tasks: HubTask<Env>[] = [{ name: "hubRebalance", intervalMs: tickMs, lastRun: 0, handler: hub.rebalance }];
  if (monitorMs !== undefined) tasks.push({ name: "checkHubReserves", intervalMs: monitorMs, lastRun: 0, handler: hub.reserves });
  return tasks;
}

let usual: PlanPointHub<unknown> | undefined;

/** One tick with the policy of the plan: what is served, pulled back and sent. */
export function executeRebalanceHandler(env: unknown, replica: PlanReplica): Promise<EntityInput<PlanTx>[]> {
  return (usual ??= new PlanPointHub({}, {})).rebalance(env, replica);
}

/** One look at the reserves with the policy of the plan: only what the operator must hear is returned. */
export function checkHubReservesHandler(env: unknown, replica: PlanReplica): Promise<EntityInput<PlanTx>[]> {
  return (usual ??= new PlanPointHub({}, {})).reserves(env, replica);
}

class PlanPointHub<Env> {
  readonly policy: Policy;
  readonly #options: HubTasksOptions<Env>;
  readonly #texts = new Map<string, string>();
  readonly #books = new Map<string, HubBookSync>();
  readonly #noted = new Map<string, ReadonlySet<string>>();
  readonly #spec: HubPolicy | undefined;

  constructor(policy: Policy | HubPolicy, options: HubTasksOptions<Env>) {
    this.policy = policyOf(policy, options);
    this.#spec = policy instanceof Policy ? undefined : policy;
    this.#options = options;
    if (options.book !== undefined && this.#spec === undefined) throw fault("malformed", "policy", "a Policy", "a profile and config, where a book is used");
  }

  readonly rebalance = async (env: Env, replica: PlanReplica): Promise<EntityInput<PlanTx>[]> => {
    const { shadow, log, intents } = this.#options;
    mustBeReplica(replica);
    const kept = this.#kept(replica);
    const tick = this.#decide(replica, kept);
    if (shadow !== undefined) {
      const outputs = await shadow(env, replica);
      const theirs = outputs.flatMap((output) => output.entityTxs ?? []);
      const beside: ShadowTick = { ...tick, differences: differences(tick, theirs.filter((tx) => tx.type !== "chatMessage")) };
      // Nothing of ours was done, so nothing is remembered.
      log?.(beside);
      return outputs as EntityInput<PlanTx>[];
    }
    log?.(tick);
    if (tick.refused !== undefined || tick.paused) return [];
    const txs = this.#told(tick.transactions, kept);
    this.#save(replica, this.#after(replica, kept, tick, tick.transactions));
    if (tick.intents.length > 0) intents?.(tick.intents, replica.entityId);
    return inputs(replica, txs);
  };

  readonly reserves = async (_env: Env, replica: PlanReplica): Promise<EntityInput<PlanTx>[]> => {
    mustBeReplica(replica);
    const kept = this.#kept(replica);
    const { decimals, answers, intents } = this.#options;
    const given = answers?.(replica.entityId);
    const state = hubState(
      { ...replica, state: { ...replica.state, accounts: new Map() } },
      { shape: "plan", memory: kept.policy, ...(decimals === undefined ? {} : { decimals }), ...(given === undefined ? {} : { answers: given }) },
    );
    const decision = this.policy.hubReserves(state);
    if (controlOf(this.#options)?.paused === true) return [];
    const { actions, memory } = decision.decision;
    const txs = entityTxs({ actions }, "plan", { state, reasons: decision.reasons });
    const asked = actions.filter((action): action is ReplenishIntent => action.type === "replenish");
    if (asked.length > 0) intents?.(asked, replica.entityId);
    const told = this.#told(txs, kept);
    this.#save(replica, { ...kept, policy: memory, alerts: alertsOf(txs) });
    return inputs(replica, told);
  };

  #decide(replica: PlanReplica, kept: Kept): HubTick {
    const { book, requestedAt } = this.#options;
    const marks = standing(kept.marks, replica.state);
    const taken = onTheirWay(kept.taken, replica.state, this.#lag);
    const [marksOf, takenOf] = [byNormalId(marks), byNormalId(taken)];
    const read: HubStateOptions = {
      settling: (account) => takenOf.has(account),
      submitted: (account, token) => marksOf.get(account)?.[String(token)]?.at,
      ...(requestedAt === undefined ? {} : { requestedAt }),
    };
    return decideTick({
      policy: this.policy,
      replica,
      shape: "plan",
      memory: kept.policy,
      options: this.#options,
      read,
      ...(book === undefined ? {} : { book: { sync: this.#book(replica.entityId), changed: this.#changed(replica, book.changed?.(replica), [marks, taken]) } }),
    });
  }

  /** What the host says has changed, and what our own notes say about accounts now or did in the last tick. */
  #changed(replica: PlanReplica, told: Iterable<string> | undefined, notes: ReadonlyArray<object>): Iterable<string> | undefined {
    if (told === undefined) return undefined;
    const noted = new Set([...notes.flatMap((note) => Object.keys(note)), ...carriedSettlements(replica.state)].map(normalId));
    noted.delete(normalId(replica.entityId));
    const before = this.#noted.get(replica.entityId) ?? [];
    this.#noted.set(replica.entityId, noted);
    return new Set([...told, ...before, ...noted]);
  }

  get #lag(): number {
    return this.#options.settlementLagMs ?? 300_000;
  }

  #book(entityId: string): HubBookSync {
    let book = this.#books.get(entityId);
    if (book === undefined) this.#books.set(entityId, (book = new HubBookSync(this.#spec ?? {})));
    return book;
  }

  #kept(replica: PlanReplica): Kept {
    const text = this.#texts.get(replica.entityId) ?? this.#options.memory?.load(replica.entityId) ?? "";
    return remembered(text);
  }

  #save(replica: PlanReplica, kept: Kept): void {
    const text = written(kept);
    this.#texts.set(replica.entityId, text);
    this.#options.memory?.save(replica.entityId, text);
  }

  /** What is kept after a tick. */
  #after(replica: PlanReplica, kept: Kept, tick: HubTick, done: ReadonlyArray<EntityTx>): Kept {
    const plan: Plan = tick.decision.decision;
    let marks = standing(kept.marks, replica.state);
    let taken = onTheirWay(kept.taken, replica.state, this.#lag);
    if (done.some((tx) => tx.type === "j_clear_batch")) {
      marks = released(marks, replica.state);
      taken = {};
    }
    for (const tx of done) {
      if (tx.type === "settle_execute") {
        const { counterpartyEntityId: account } = tx.data;
        const diffs = replica.state.accounts.get(account)?.settlementWorkspace?.diffs ?? [];
        taken = takenFrom(taken, account, diffs.map((diff) => diff.tokenId), replica.state);
      }
      if (tx.type !== "deposit_collateral") continue;
      const { counterpartyId, tokenId } = tx.data;
      const collateral = replica.state.accounts.get(counterpartyId)?.deltas.get(tokenId)?.collateral ?? 0n;
      marks = marked(marks, counterpartyId, tokenId, { at: tick.now, collateral: String(collateral) });
    }
    return { policy: plan.memory, marks, taken, alerts: alertsOf(tick.transactions) };
  }

  /** The transactions without the alerts that stood in the last tick already. */
  #told(txs: ReadonlyArray<EntityTx>, kept: Kept): PlanTx[] {
    return (txs as ReadonlyArray<PlanTx>).filter((tx) => tx.type !== "chatMessage" || !kept.alerts.includes(alertKey(tx)));
  }
}

/** An alert without its amounts, which change while it stands. */
export function alertKey(tx: Extract<EntityTx, { type: "chatMessage" }>): string {
  const { metadata } = tx.data;
  return [metadata.type, metadata["code"] ?? "", metadata["account_id"] ?? "", metadata["token_id"] ?? ""].join(" ");
}

/** The alerts of a tick, as keys. */
export function alertsOf(txs: ReadonlyArray<EntityTx>): string[] {
  return txs.flatMap((tx) => (tx.type === "chatMessage" ? [alertKey(tx)] : []));
}

function byNormalId<T>(notes: Readonly<Record<string, T>>): Map<string, T> {
  return new Map(Object.entries(notes).map(([account, note]) => [normalId(account), note]));
}

function inputs(replica: PlanReplica, entityTxs: PlanTx[]): EntityInput<PlanTx>[] {
  if (entityTxs.length === 0) return [];
  const signerId = replica.state.config?.validators?.[0] ?? replica.signerId ?? "system";
  return [{ entityId: replica.entityId, signerId, entityTxs }];
}
