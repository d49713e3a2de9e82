// One tick of either shape: read the state, let the policy decide, write the transactions. Nothing
// here reads a clock or does I/O, so that every validator gets the same bytes.

import { TrimtabError } from "../error.js";
import type { Action, Decision, HubMemoryInput, Outcome, Plan, ReplenishAnswerInput } from "../generated.js";
import type { Policy } from "../policy.js";
import type { HubBookSync } from "./book.js";
import { heldBack } from "./control.js";
import type { Control, HeldBack } from "./control.js";
import { wrong } from "./fault.js";
import type { EntityTx, Replica, Shape } from "./shapes.js";
import { hubState } from "./state.js";
import type { Decimals, HubState, HubStateOptions } from "./state.js";
import { entityTxs } from "./transactions.js";

/** A replenishment that the plan asks a configured source for; the host performs it. */
export type ReplenishIntent = Extract<Action, { readonly type: "replenish" }>;

/** An account that could not be read, and why. */
export interface SetAside {
  readonly account_id: string;
  readonly error: unknown;
}

/** Everything about one tick. */
export interface HubTick {
  /** The entity. */
  readonly entityId: string;
  /** The time of the decision. */
  readonly now: number;
  /** What the policy decided, with its reasons. */
  readonly decision: Decision<Plan>;
  /** The transactions of the plan. */
  readonly transactions: ReadonlyArray<EntityTx>;
  /** The replenishments that the plan asks for. */
  readonly intents: ReadonlyArray<ReplenishIntent>;
  /** What became of each request and settlement: the module's outcomes, and what the operator's switches held back. */
  readonly outcomes: ReadonlyArray<Outcome>;
  /** What the operator's switches held back. */
  readonly heldBack: ReadonlyArray<HeldBack>;
  /** The accounts that could not be read. */
  readonly setAside: ReadonlyArray<SetAside>;
  /** Whether the operator has switched everything off: the plan is made, and nothing of it is done. */
  readonly paused: boolean;
  /** Why the plan was refused whole; nothing where it was not. */
  readonly refused?: unknown;
}

/** What both shapes may be told. */
export interface HubOptions {
  /** The decimals of the tokens; absent for those of the config. */
  readonly decimals?: Decimals;
  /** The operator's switches. */
  readonly control?: Control | (() => Control);
  /** The reserve of a peer, where the host knows it from a source that every validator shares. */
  readonly peerReserve?: (accountId: string, tokenId: number) => bigint | undefined;
  /** Answers of replenishment sources since the last tick, from committed input. */
  readonly answers?: (entityId: string) => ReadonlyArray<ReplenishAnswerInput>;
  /** Takes what a tick did and why; it must not change anything. */
  readonly log?: (tick: HubTick) => void;
  /** Whether each plan is checked once more by `hub.verify_plan`; true unless a book is used. */
  readonly verify?: boolean;
}

/** What one tick is made from. */
export interface TickInput {
  readonly policy: Policy;
  readonly replica: Replica;
  readonly shape: Shape;
  readonly memory: HubMemoryInput;
  readonly options: HubOptions;
  readonly read: HubStateOptions;
  /** Where the accounts are kept between ticks, and which of them have changed. */
  readonly book?: { readonly sync: HubBookSync; readonly changed?: Iterable<string> | undefined };
}

const MOST_HELD_BACK = 256;

/** Decides one tick; a plan that cannot be carried out whole is not carried out at all. */
export function decideTick(input: TickInput): HubTick {
  const { policy, replica, shape, options } = input;
  const held: HeldBack[] = [];
  const aside: SetAside[] = [];
  const control = controlOf(options);
  const answers = options.answers?.(replica.entityId);
  const read: HubStateOptions = {
    ...input.read,
    shape,
    memory: input.memory,
    setAside: (account_id, error) => aside.push({ account_id, error }),
    heldBack: (one) => {
      if (held.length < MOST_HELD_BACK) held.push(one);
    },
    ...(options.decimals === undefined ? {} : { decimals: options.decimals }),
    ...(options.peerReserve === undefined ? {} : { peerReserve: options.peerReserve }),
    ...(control === undefined ? {} : { control }),
    ...(answers === undefined ? {} : { answers }),
  };
  let state: HubState;
  let decision: Decision<Plan>;
  if (input.book === undefined) {
    state = hubState(replica, read);
    decision = policy.hubPlan(state);
  } else {
    const { sync, changed } = input.book;
    sync.sync(replica, { ...read, ...(changed === undefined ? {} : { changed }) });
    decision = sync.plan();
    // What is set aside or held back was told when the book was brought in step.
    state = sync.stateFor(replica, decision.decision, { ...read, setAside: () => undefined, heldBack: () => undefined });
  }
  const plan = decision.decision;
  const paused = control?.paused === true;
  if (paused) for (const one of pausedBy(plan)) if (held.length < MOST_HELD_BACK) held.push(one);
  const tick = { entityId: replica.entityId, now: Number(state.now), decision, outcomes: withHeldBack(plan, held), paused, heldBack: held, setAside: aside, intents: [], transactions: [] };
  if (paused) return tick;
  try {
    if (options.verify ?? input.book === undefined) check(policy, state, plan);
    const transactions = entityTxs(plan, shape, { state, reasons: decision.reasons });
    const intents = plan.actions.filter((action): action is ReplenishIntent => action.type === "replenish");
    return { ...tick, transactions, intents };
  } catch (refused) {
    return { ...tick, refused };
  }
}

/** The operator's switches of now. */
export function controlOf({ control }: HubOptions): Control | undefined {
  const given = typeof control === "function" ? control() : control;
  const paused: unknown = given?.paused;
  // What is neither yes nor no must not be taken for no.
  if (paused !== undefined && typeof paused !== "boolean") throw wrong("control.paused", paused, "true or false");
  return given;
}

/** What a pause holds back: every step of the plan that is about an account. */
function pausedBy(plan: Plan): HeldBack[] {
  return plan.actions.flatMap((action) => {
    if (action.type === "alert" || !("account_id" in action) || action.account_id === undefined) return [];
    return [heldBack(action.account_id, "token_id" in action ? action.token_id : undefined, "paused")];
  });
}

/** The outcomes, with those that the switches hold back in the place of the module's own. */
function withHeldBack(plan: Plan, held: ReadonlyArray<HeldBack>): ReadonlyArray<Outcome> {
  if (held.length === 0) return plan.outcomes;
  const key = ({ account_id, token_id }: Outcome): string => `${account_id} ${token_id ?? ""}`;
  const taken = new Set(held.map(key));
  return [...plan.outcomes.filter((outcome) => !taken.has(key(outcome))), ...held];
}

/** The module's own checker looks at the plan before anything of it is done. */
function check(policy: Policy, state: HubState, plan: Plan): void {
  if (plan.actions.length === 0) return;
  const verified = policy.hubVerifyPlan({ state, plan });
  if (verified.decision.valid) return;
  const codes = verified.reasons.filter((reason) => reason.effect === "refuse").map((reason) => reason.code);
  throw new TrimtabError({ code: "internal", field: "plan", got: codes.join(", "), expected: "a plan that keeps every law" });
}
