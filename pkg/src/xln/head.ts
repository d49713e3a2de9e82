// The body of the runtime's own handler at `head`: tasks are data there and handlers a private
// table, so what is exported stands in for one function. The runtime's helpers come in as `deps`.

import type { Strategy } from "../generated.js";
import type { ConfigOverrides } from "../generated.js";
import { Policy } from "../policy.js";
import { HubBookSync } from "./book.js";
import { canonicalText } from "./canonical.js";
import type { Control } from "./control.js";
import { fault, object, within } from "./fault.js";
import { remembered, written } from "./memory.js";
import type { Kept } from "./memory.js";
import { alertKey, alertsOf } from "./plan-point.js";
import { mustBe, policyOf } from "./policy.js";
import type { Expected, HubPolicy } from "./policy.js";
import { differences, gained } from "./shadow.js";
import type { ShadowTick } from "./shadow.js";
import type { EntityInput, HeadBatchState, HeadHubConfig, HeadReplica, HeadState, HeadTx } from "./shapes.js";
import { mustBeReplica } from "./state.js";
import { controlOf, decideTick } from "./tick.js";
import type { HubOptions, HubTick, ReplenishIntent } from "./tick.js";
import { moduleDigest } from "../load.js";

/** The runtime's task: data that every validator commits to. */
export interface HeadTask {
  readonly method?: string;
  params: Record<string, string | number | boolean>;
}

/** Where the handler writes what it changed. */
export interface HeadExecution {
  readonly manualBroadcastInInput: boolean;
  readonly accountChanges: { add(accountId: string): unknown };
  candidateEffects?: unknown[] | undefined;
}

/** The runtime's own part of the environment that is read. */
export interface HeadEnv {
  readonly state: { readonly timestamp: number };
}

/** A map that makes a changed copy of itself. */
interface Updatable {
  updated(key: number, value: number): unknown;
}

/** An account that may be written. */
interface Writable {
  readonly shadow: { readonly rebalance: { submittedAtByToken?: unknown } };
}

/** The runtime's helpers, under their own names. */
export interface HeadDeps<Env = HeadEnv, Output = EntityInput<HeadTx>> {
  batchAddReserveToCollateral(state: never, entityId: string, counterpartyId: string, tokenId: number, amount: bigint): void;
  cloneJBatch(batch: never): unknown;
  initJBatch(): unknown;
  getEntityAccountForWrite(accounts: never, entityId: string): unknown;
  requirePersistentAccountStateMap(map: never, namespace: never): unknown;
  getEntityLeaderState(state: never): { readonly activeValidatorId: string };
  /** The runtime's own handler, for running ours beside it. */
  hubRebalanceHandler?(env: Env, replica: never, task: never, execution: never): Promise<Output[]>;
}

/** What the handler may be told. */
export interface HeadOptions extends HubOptions, Expected {
  /** The runtime's own handler acts; ours is computed beside it and given to `log`. */
  readonly shadow?: boolean;
  /** Whether strategy, version and fee of the hub's own settings are followed; true where the policy is a profile. */
  readonly followRuntimeConfig?: boolean;
  /** Takes the replenishments that a tick asks for; the monitor finds them in the memory as well. */
  readonly intents?: (intents: ReadonlyArray<ReplenishIntent>, entityId: string) => void;
  /** Keeps the accounts inside the module; says which of them have changed, or nothing to compare. */
  readonly book?: { readonly changed?: (replica: HeadReplica) => Iterable<string> | undefined };
}

/** The handler in the runtime's own form. */
export type HeadHandler<Env extends HeadEnv = HeadEnv, Output = EntityInput<HeadTx>> = (
  env: Env,
  replica: HeadReplica,
  task: HeadTask,
  execution: HeadExecution,
) => Promise<Array<Output | EntityInput<HeadTx>>>;

/** The names in `task.params` under which policy, switches and memory are committed. */
export const PARAMS = { module: "trimtabModule", config: "trimtabConfig", control: "trimtabControl", memory: "trimtabMemory" } as const;

/**
 * What to commit in `task.params` so that every validator refuses another policy; with `control`,
 * also so that none decides under other switches.
 */
export function taskParams(policy: Policy | HubPolicy, control?: Control): Record<string, string> {
  const switched = control === undefined ? {} : { [PARAMS.control]: canonicalText(control) };
  return { [PARAMS.module]: moduleDigest, [PARAMS.config]: policyOf(policy).digest, ...switched };
}

/** The handler: reads the candidate state, lets the policy decide, applies it through the runtime's helpers. */
export function createHubRebalanceHandler<Env extends HeadEnv = HeadEnv, Output = EntityInput<HeadTx>>(
  policy: Policy | HubPolicy,
  deps: HeadDeps<Env, Output>,
  options: HeadOptions = {},
): HeadHandler<Env, Output> {
  const hub = new HeadHub<Env, Output>(policy, deps, options);
  return (env, replica, task, execution) => hub.handle(env, replica, task, execution);
}

class HeadHub<Env extends HeadEnv, Output> {
  readonly #base: Policy;
  readonly #spec: HubPolicy | undefined;
  readonly #deps: HeadDeps<Env, Output>;
  readonly #options: HeadOptions;
  readonly #policies = new Map<string, Policy>();
  readonly #wrote = new Map<string, ReadonlyArray<string>>();
  readonly #books = new Map<string, { readonly policy: Policy; readonly sync: HubBookSync }>();

  constructor(policy: Policy | HubPolicy, deps: HeadDeps<Env, Output>, options: HeadOptions) {
    this.#base = policyOf(policy, options);
    this.#spec = policy instanceof Policy ? undefined : policy;
    this.#deps = deps;
    this.#options = options;
    if (options.shadow === true && deps.hubRebalanceHandler === undefined) throw fault("missing_field", "deps.hubRebalanceHandler", undefined, "the runtime's own handler, where ours is a shadow");
    if (options.book !== undefined && this.#spec === undefined) throw fault("malformed", "policy", "a Policy", "a profile and config, where a book is used");
  }

  async handle(env: Env, replica: HeadReplica, task: HeadTask, execution: HeadExecution): Promise<Array<Output | EntityInput<HeadTx>>> {
    mustBeReplica(replica);
    const committed = this.#agreed(task);
    const own = this.#deps.hubRebalanceHandler;
    const control = controlOf(this.#options);
    if (committed !== undefined) mustBe(`task.params.${PARAMS.control}`, canonicalText(control ?? {}), committed);
    const decided = (): { tick: HubTick; kept: Kept } => this.#decide(env, replica, task, execution, control);
    if (this.#options.shadow !== true || own === undefined) return this.#act(decided(), replica, task, execution);
    const { tick } = decided();
    const before = replica.state.jBatchState?.batch;
    const kept = before === undefined ? undefined : ({ reserveToCollateral: before.reserveToCollateral.map((entry) => ({ ...entry, pairs: entry.pairs.map((pair) => ({ ...pair })) })) });
    const outputs = await own.call(this.#deps, env, replica as never, task as never, execution as never);
    const theirs = outputs.flatMap((output) => (output as Partial<EntityInput<HeadTx>>).entityTxs ?? []);
    const all = [...gained(kept, replica.state.jBatchState?.batch), ...theirs];
    const beside: ShadowTick = { ...tick, differences: differences(tick, all) };
    this.#options.log?.(beside);
    return outputs;
  }

  /** What was committed beside the task binds: another policy must not decide. The switches that were committed. */
  #agreed(task: HeadTask): string | undefined {
    within("task", () => object("params", object("", task)["params"]));
    const text = (name: string): string | undefined => {
      const value = task.params[name];
      return value === undefined ? undefined : String(value);
    };
    mustBe(`task.params.${PARAMS.module}`, moduleDigest, text(PARAMS.module));
    mustBe(`task.params.${PARAMS.config}`, this.#base.digest, text(PARAMS.config));
    return text(PARAMS.control);
  }

  #decide(env: Env, replica: HeadReplica, task: HeadTask, execution: HeadExecution, control: Control | undefined): { tick: HubTick; kept: Kept } {
    const { book } = this.#options;
    const kept = remembered(String(task.params[PARAMS.memory] ?? ""));
    const { policy, overrides } = this.#policy(replica.state.hubRebalanceConfig);
    const tick = decideTick({
      policy,
      replica,
      shape: "head",
      memory: kept.policy,
      options: { ...this.#options, control: control ?? {} },
      read: { submitClock: env.state.timestamp, broadcastInInput: execution.manualBroadcastInInput },
      ...(book === undefined ? {} : { book: { sync: this.#book(replica.entityId, policy, overrides), changed: this.#changed(replica, book.changed?.(replica)) } }),
    });
    return { tick, kept };
  }

  /** What the host says has changed, and the accounts that the last tick marked. */
  #changed(replica: HeadReplica, told: Iterable<string> | undefined): Iterable<string> | undefined {
    if (told === undefined) return undefined;
    const before = this.#wrote.get(replica.entityId) ?? [];
    this.#wrote.delete(replica.entityId);
    return new Set([...told, ...before]);
  }

  async #act({ tick, kept }: { tick: HubTick; kept: Kept }, replica: HeadReplica, task: HeadTask, execution: HeadExecution): Promise<EntityInput<HeadTx>[]> {
    const { log, intents } = this.#options;
    const stays = tick.refused !== undefined || tick.paused;
    const txs: HeadTx[] = stays ? [] : this.#apply(replica, tick, execution);
    log?.(tick);
    if (stays) return [];
    const told = txs.filter((tx) => tx.type !== "chatMessage" || !kept.alerts.includes(alertKey(tx)));
    const text = written({ policy: tick.decision.decision.memory, marks: {}, taken: {}, alerts: alertsOf(txs) });
    if (text !== String(task.params[PARAMS.memory] ?? '{"policy":{}}')) task.params = { ...task.params, [PARAMS.memory]: text };
    if (tick.intents.length > 0) intents?.(tick.intents, replica.entityId);
    if (told.length === 0) return [];
    const { activeValidatorId } = this.#deps.getEntityLeaderState(replica.state as never);
    return [{ entityId: replica.entityId, signerId: activeValidatorId, entityTxs: told }];
  }

  /** Deposits are a change of the draft at `head`: all of them on a copy, then the copy takes its place. */
  #apply(replica: HeadReplica, tick: HubTick, execution: HeadExecution): HeadTx[] {
    const deps = this.#deps;
    const deposits = tick.transactions.flatMap((tx) => (tx.type === "r2c" ? [tx.data] : []));
    const state = replica.state as HeadState;
    if (state.hubRebalanceConfig !== undefined && state.jBatchState === undefined) state.jBatchState = deps.initJBatch() as HeadBatchState;
    if (deposits.length > 0 && state.jBatchState !== undefined) {
      const current = state.jBatchState;
      const copy = { ...current, batch: deps.cloneJBatch(current.batch as never) as HeadBatchState["batch"] };
      for (const { counterpartyId, tokenId, amount } of deposits) deps.batchAddReserveToCollateral(copy as never, replica.entityId, counterpartyId, tokenId, amount);
      const marks = deposits.map(({ counterpartyId, tokenId }) => ({ counterpartyId, tokenId, account: this.#writable(state, counterpartyId) }));
      current.batch = copy.batch;
      current.status = copy.status;
      for (const { account, counterpartyId, tokenId } of marks) {
        const { rebalance } = account.shadow;
        const map = deps.requirePersistentAccountStateMap(rebalance.submittedAtByToken as never, "rebalanceShadowSubmitted" as never) as Updatable;
        rebalance.submittedAtByToken = map.updated(tokenId, tick.now);
        execution.accountChanges.add(counterpartyId);
      }
      this.#wrote.set(replica.entityId, marks.map(({ counterpartyId }) => counterpartyId));
    }
    this.#events(tick, execution);
    return (tick.transactions as ReadonlyArray<HeadTx>).filter((tx) => tx.type !== "r2c");
  }

  #writable(state: HeadState, counterpartyId: string): Writable {
    const account = this.#deps.getEntityAccountForWrite(state.accounts as never, counterpartyId);
    if (account === undefined) throw fault("out_of_range", `state.accounts["${counterpartyId}"]`, undefined, "an account that may be written");
    return account as Writable;
  }

  /** The runtime's own event codes, where the profile gives them. */
  #events(tick: HubTick, execution: HeadExecution): void {
    for (const outcome of tick.decision.decision.outcomes) {
      if (outcome.event === undefined) continue;
      const about = {
        counterpartyId: outcome.account_id,
        ...(outcome.token_id === undefined ? {} : { tokenId: outcome.token_id }),
        ...(outcome.amount === undefined ? {} : { amount: String(outcome.amount) }),
      };
      (execution.candidateEffects ??= []).push({ kind: "debug", payload: { level: "info", code: "REB_STEP", hubId: tick.entityId, step: 2, event: outcome.event, ...about } });
    }
  }

  /** The policy with the hub's own settings of now; the same settings give the same object. */
  #policy(settings: HeadHubConfig | undefined): { policy: Policy; overrides: ConfigOverrides | undefined } {
    const spec = this.#spec;
    if (settings === undefined || spec === undefined || this.#options.followRuntimeConfig === false) return { policy: this.#base, overrides: spec?.config };
    const { matchingStrategy, policyVersion, rebalanceLiquidityFeeBps } = settings;
    const strategy: Strategy = matchingStrategy === "time" || matchingStrategy === "fee" ? matchingStrategy : "amount";
    const version = policyVersion !== undefined && Number.isSafeInteger(policyVersion) && policyVersion > 0 ? policyVersion : 0;
    const hub = {
      ...(matchingStrategy === undefined ? {} : { strategy }),
      ...(policyVersion === undefined ? {} : { policy_version: version }),
      ...(rebalanceLiquidityFeeBps === undefined ? {} : { fee_bps: Number(rebalanceLiquidityFeeBps) }),
    };
    const overrides: ConfigOverrides = { ...spec.config, hub: { ...spec.config?.hub, ...hub } };
    const key = `${strategy} ${version} ${rebalanceLiquidityFeeBps ?? ""} ${matchingStrategy === undefined} ${policyVersion === undefined}`;
    let policy = this.#policies.get(key);
    if (policy === undefined) this.#policies.set(key, (policy = policyOf({ ...spec, config: overrides })));
    return { policy, overrides };
  }

  #book(entityId: string, policy: Policy, overrides: ConfigOverrides | undefined): HubBookSync {
    const known = this.#books.get(entityId);
    if (known?.policy === policy) return known.sync;
    known?.sync.close();
    const sync = new HubBookSync({ ...this.#spec, ...(overrides === undefined ? {} : { config: overrides }) });
    this.#books.set(entityId, { policy, sync });
    return sync;
  }
}
