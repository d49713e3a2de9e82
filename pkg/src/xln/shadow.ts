// What two handlers did in one tick, side by side: for running ours beside the runtime's own.

import { canonicalText } from "./canonical.js";
import type { EntityTx, RuntimeBatch } from "./shapes.js";
import type { HubTick } from "./tick.js";

/** One step that only one of the two took. */
export interface Difference {
  /** Who took it. */
  readonly by: "runtime" | "trimtab";
  /** The step, as the runtime's transaction. */
  readonly step: { readonly type: string; readonly data: unknown };
  /** What trimtab says about the account of the step, if it says something. */
  readonly codes: ReadonlyArray<string>;
}

/** A tick that was computed beside the runtime's own. */
export interface ShadowTick extends HubTick {
  /** The steps that only one of the two took. */
  readonly differences: ReadonlyArray<Difference>;
}

/** The deposits that a batch gained. */
export function gained(before: RuntimeBatch | undefined, after: RuntimeBatch | undefined): EntityTx[] {
  const sums = new Map<string, bigint>();
  const add = (batch: RuntimeBatch | undefined, sign: bigint): void => {
    for (const entry of batch?.reserveToCollateral ?? []) {
      for (const pair of entry.pairs) {
        const key = `${entry.tokenId} ${pair.entity}`;
        sums.set(key, (sums.get(key) ?? 0n) + sign * pair.amount);
      }
    }
  };
  add(after, 1n);
  add(before, -1n);
  const deposits: EntityTx[] = [];
  for (const [key, amount] of sums) {
    const [token = "", counterpartyId = ""] = key.split(" ");
    if (amount > 0n) deposits.push({ type: "r2c", data: { counterpartyId, tokenId: Number(token), amount } });
  }
  return deposits;
}

/** What only one of the two did; the order of the steps does not count. */
export function differences(tick: HubTick, theirs: ReadonlyArray<{ readonly type: string; readonly data: unknown }>): Difference[] {
  const key = (step: { type: string; data: unknown }): string => `${step.type === "deposit_collateral" ? "r2c" : step.type} ${canonicalText(step.data)}`;
  const left = new Map<string, number>();
  for (const step of theirs) left.set(key(step), (left.get(key(step)) ?? 0) + 1);
  const found: Difference[] = [];
  for (const step of tick.transactions) {
    const count = left.get(key(step)) ?? 0;
    if (count > 0) left.set(key(step), count - 1);
    else found.push({ by: "trimtab", step, codes: codesOf(tick, step.data) });
  }
  for (const step of theirs) {
    const count = left.get(key(step)) ?? 0;
    if (count === 0) continue;
    left.set(key(step), count - 1);
    found.push({ by: "runtime", step, codes: codesOf(tick, step.data) });
  }
  return found;
}

function codesOf(tick: HubTick, data: unknown): string[] {
  const fields = data as { counterpartyId?: string; counterpartyEntityId?: string; tokenId?: number };
  const account = fields.counterpartyId ?? fields.counterpartyEntityId;
  const outcomes = tick.decision.decision.outcomes.filter((outcome) => outcome.account_id === account && (fields.tokenId === undefined || outcome.token_id === undefined || outcome.token_id === fields.tokenId));
  const reasons = account === undefined ? tick.decision.reasons : outcomes.flatMap((outcome) => outcome.reasons);
  return reasons.map((reason) => reason.code);
}
