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

/** What is kept between two ticks. */
export interface Kept {
  readonly policy: HubMemoryInput;
  readonly marks: Readonly<Record<string, Readonly<Record<string, Mark>>>>;
  /** The alerts that stood in the last plan: one is told when it begins. */
  readonly alerts: ReadonlyArray<string>;
}

const NOTHING: Kept = { policy: {}, marks: {}, alerts: [] };

/** Reads what {@link written} wrote. */
export function remembered(text: string): Kept {
  const given = parsed("memory", text);
  return { ...NOTHING, ...given } as Kept;
}

/** The canonical text of what is kept. */
export function written(kept: Kept): string {
  const { policy, marks, alerts } = kept;
  return canonicalText({
    policy,
    ...(Object.keys(marks).length > 0 ? { marks } : {}),
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
