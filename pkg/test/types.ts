// Compiled against the packed package: what must fit fits, what must not fit is an error.

import { Book, HubBook, Policy, TrimtabError, call, init } from "trimtab";
import type { ConfigOverrides, Decision, ErrorCode, HubConfig, HubState, ModuleSource, Operations, ReasonCode, ReserveSource, ScoreInput, Served, SetHub, Tier, Token, TokenId } from "trimtab";
import { call as inlined } from "trimtab/inline";

const input: ScoreInput = { profitable_pct: 0.6, underwater_pct: 0.1, liquidity_score: 80, trend: "stable" };

const decided = call("health.score", input);
export const tier: Tier = decided.decision.tier;
export const codes: ReasonCode[] = decided.reasons.map((reason) => reason.code);
export const one: Decision<Operations["health.score"]["decision"]> = inlined("health.score", input);

const policy = new Policy("cl-hive", { health: { max_multiplier: 1.5 } });
export const score: number = policy.healthScore(input).decision.score;
export const description: unknown = policy.policyDescribe().decision;
export const answer: unknown = new Book("policy").call("health.score", input).decision;
const hub = new HubBook({ state: { hub_id: "hub", now: 0, reserves: { 1: 2n ** 70n } } });
export const actions: number = hub.plan({ now: 1 }).decision.actions.length;
export const ready: Promise<void> = init();

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const maps: readonly true[] = [
  true satisfies Same<HubState["reserves"], Readonly<Record<string, bigint>>>,
  true satisfies Same<HubState["open_debts"], Readonly<Record<string, bigint>>>,
  true satisfies Same<HubState["tokens"], Readonly<Record<string, Token>>>,
  true satisfies Same<HubConfig["token_sources"], Readonly<Record<string, ReadonlyArray<ReserveSource>>>>,
  true satisfies Same<NonNullable<HubState["memory"]>["served"], Readonly<Record<string, Readonly<Record<string, Served>>>> | undefined>,
];
for (const action of hub.plan({ now: 1 }).decision.actions) {
  if (action.type === "deposit") {
    const amount: bigint = action.amount;
    const token: TokenId = action.token_id;
    console.log(amount, token);
  }
  // @ts-expect-error a broadcast has no amount
  if (action.type === "broadcast") console.log(action.amount);
  // @ts-expect-error no such action
  if (action.type === "steal") throw new Error();
}
const bytes: ModuleSource = new Uint8Array();
export const loading: Promise<void> = init(bytes);
const overrides: ConfigOverrides = { hub: { token_sources: { 1: ["treasury"] } } };
export const set: SetHub["config"] = overrides;

try {
  call("health.score", input);
} catch (error) {
  if (error instanceof TrimtabError) {
    const code: ErrorCode = error.code;
    console.error(code, error.field, error.got, error.expected, error.offset);
  }
}

// @ts-expect-error a trend is one of three words
policy.healthScore({ ...input, trend: "sideways" });
// @ts-expect-error a field is missing
policy.healthScore({ profitable_pct: 0.6 });
// @ts-expect-error no such profile
new Policy("nobody");
// @ts-expect-error an answer is read-only
decided.decision.score = 1;
// @ts-expect-error a config field has a type
new Policy("plan", { health: { max_multiplier: "x" } });
// @ts-expect-error a config field has a type in a book too
hub.setHub({ config: { health: { max_multiplier: "x" } } });
// @ts-expect-error a reserve is an amount
new HubBook({ state: { hub_id: "hub", now: 0, reserves: { 1: {} } } });
// @ts-expect-error a book has a state
new HubBook({});
// @ts-expect-error no such method
hub.plans({ now: 1 });
