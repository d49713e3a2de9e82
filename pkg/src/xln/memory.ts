// What an adapter keeps between two ticks, as one canonical string: what the policy wants to be
// remembered and, at the plan's point, the marks that the later runtime keeps in its accounts.

import type { HubMemoryInput } from "../generated.js";
import { canonicalText, parsed } from "./canonical.js";
import { normalId } from "./ids.js";
import type { PlanState } from "./shapes.js";

/** A deposit that was put into a batch: when, and the collateral that it has yet to raise. */
interface Mark {
  readonly at: number;
  readonly collateral: string;
}

/** A settlement that was put into a batch: when, and the balance that it has yet to change. */
interface Taken {
  readonly at: number;
  readonly collateral: string;
  readonly ondelta: string;
}

/** What is kept between two ticks. */
export interface Kept {
  readonly policy: HubMemoryInput;
  readonly marks: Readonly<Record<string, Readonly<Record<string, Mark>>>>;
  /** The plan's point forgets a settlement when it executes it; until the balance shows it, nothing more is asked. */
  readonly taken: Readonly<Record<string, Readonly<Record<string, Taken>>>>;
  /** The alerts that stood in the last plan: one is told when it begins. */
  readonly alerts: ReadonlyArray<string>;
}

const NOTHING: Kept = { policy: {}, marks: {}, taken: {}, alerts: [] };

/** Reads what {@link written} wrote. */
export function remembered(text: string): Kept {
  const given = parsed("memory", text);
  return { ...NOTHING, ...given } as Kept;
}

/** The canonical text of what is kept. */
export function written(kept: Kept): string {
  const { policy, marks, taken, alerts } = kept;
  return canonicalText({
    policy,
    ...(Object.keys(marks).length > 0 ? { marks } : {}),
    ...(Object.keys(taken).length > 0 ? { taken } : {}),
    ...(alerts.length > 0 ? { alerts } : {}),
  });
}

/** The marks that still stand: the request is open, and its collateral has not risen since. */
export function standing(marks: Kept["marks"], state: PlanState): Kept["marks"] {
  const stand: Record<string, Record<string, Mark>> = {};
  for (const [account, tokens] of Object.entries(marks)) {
    const held = state.accounts.get(account);
    for (const [token, mark] of Object.entries(tokens)) {
      const request = held?.requestedRebalance?.get(Number(token)) ?? 0n;
      const collateral = held?.deltas.get(Number(token))?.collateral ?? 0n;
      if (request > 0n && collateral <= BigInt(mark.collateral)) (stand[account] ??= {})[token] = mark;
    }
  }
  return stand;
}

/** The settlements that are still on their way: the balance is what it was, and not for too long. */
export function onTheirWay(taken: Kept["taken"], state: PlanState, patienceMs: number): Kept["taken"] {
  const carried = carriedSettlements(state);
  const stand: Record<string, Record<string, Taken>> = {};
  for (const [account, tokens] of Object.entries(taken)) {
    for (const [token, one] of Object.entries(tokens)) {
      const row = state.accounts.get(account)?.deltas.get(Number(token));
      const same = row !== undefined && row.collateral === BigInt(one.collateral) && row.ondelta === BigInt(one.ondelta);
      if (same && (carried.has(normalId(account)) || state.timestamp - one.at < patienceMs)) (stand[account] ??= {})[token] = one;
    }
  }
  return stand;
}

/** The accounts whose settlement the one batch carries. */
export function carriedSettlements(state: PlanState): Set<string> {
  const batch = state.jBatchState?.batch;
  const ids = new Set<string>();
  for (const { leftEntity, rightEntity } of batch?.settlements ?? []) ids.add(normalId(leftEntity)).add(normalId(rightEntity));
  for (const { counterparty } of batch?.collateralToReserve ?? []) ids.add(normalId(counterparty));
  return ids;
}

/** What is on its way with the settlement of one more account. */
export function takenFrom(taken: Kept["taken"], account: string, tokens: Iterable<number>, state: PlanState): Kept["taken"] {
  const own: Record<string, Taken> = { ...taken[account] };
  for (const token of tokens) {
    const row = state.accounts.get(account)?.deltas.get(token);
    if (row !== undefined) own[String(token)] = { at: state.timestamp, collateral: String(row.collateral), ondelta: String(row.ondelta) };
  }
  return { ...taken, [account]: own };
}

/** The marks without those of the batch that is taken back. */
export function released(marks: Kept["marks"], state: PlanState): Kept["marks"] {
  const dropped = new Set<string>();
  for (const entry of state.jBatchState?.batch.reserveToCollateral ?? []) {
    for (const pair of entry.pairs) dropped.add(`${normalId(pair.entity)} ${entry.tokenId}`);
  }
  const kept: Record<string, Record<string, Mark>> = {};
  for (const [account, tokens] of Object.entries(marks)) {
    for (const [token, mark] of Object.entries(tokens)) {
      if (!dropped.has(`${normalId(account)} ${token}`)) (kept[account] ??= {})[token] = mark;
    }
  }
  return kept;
}

/** The marks with one more. */
export function marked(marks: Kept["marks"], account: string, token: number, mark: Mark): Kept["marks"] {
  return { ...marks, [account]: { ...marks[account], [String(token)]: mark } };
}
