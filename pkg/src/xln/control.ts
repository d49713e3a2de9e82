// What an operator switches: everything off for a while, or single accounts and tokens.

import type { Effect, Outcome } from "../generated.js";
import { list, object, text, whole, within } from "./fault.js";
import { normalId } from "./ids.js";

/** An account, a token, or one token of one account; what is absent is any. */
export interface Selector {
  readonly account?: string;
  readonly token?: number;
}

/** The operator's switches. */
export interface Control {
  /** Plans are made and reported, and nothing is done. */
  readonly paused?: boolean;
  /** Only these are served and asked; absent for all. */
  readonly allow?: ReadonlyArray<Selector>;
  /** These are neither served nor asked, also if they are allowed. */
  readonly deny?: ReadonlyArray<Selector>;
}

/** Why the operator's switches hold something back: the `observed` of the reason `set_by_operator`. */
export type HoldReason = "paused" | "denied" | "not_allowed";

/** A request or settlement that the operator's switches hold back, as the policy would tell it. */
export interface HeldBack extends Outcome {
  readonly reason: HoldReason;
}

/** Says why the switches hold back a token of an account; nothing where they do not. */
export type Switches = (account: string, token: number) => HoldReason | undefined;

/** The outcome of what is held back. */
export function heldBack(account_id: string, token_id: number | undefined, reason: HoldReason): HeldBack {
  // A pause ends by itself; a list stands until somebody changes it.
  const effect: Effect = reason === "paused" ? "defer" : "refuse";
  return {
    account_id,
    ...(token_id === undefined ? {} : { token_id }),
    outcome: effect === "defer" ? "deferred" : "refused",
    reason,
    reasons: [{ binding: true, code: "set_by_operator", effect, observed: reason, subject: account_id }],
  };
}

/** The lists, ready to be asked; nothing where they say nothing about single accounts or tokens. */
export function switches(control: Control | undefined): Switches | undefined {
  if (control === undefined || (control.allow === undefined && (control.deny?.length ?? 0) === 0)) return undefined;
  return within("control", () => {
    const allowed = control.allow === undefined ? undefined : new Selected("allow", control.allow);
    const denied = new Selected("deny", control.deny ?? []);
    return (account, token) => {
      if (denied.has(account, token)) return "denied";
      return allowed === undefined || allowed.has(account, token) ? undefined : "not_allowed";
    };
  });
}

/** The selectors of one list: a list may name as many accounts as a hub has. */
class Selected {
  #all = false;
  readonly #tokens = new Set<number>();
  readonly #accounts = new Set<string>();
  readonly #pairs = new Set<string>();

  constructor(name: string, rules: ReadonlyArray<Selector>) {
    for (const [index, rule] of list(name, rules).entries()) within(`${name}[${index}]`, () => this.#add(object("", rule)));
  }

  #add({ account, token }: Record<string, unknown>): void {
    const id = account === undefined ? undefined : normalId(text("account", account));
    const number = token === undefined ? undefined : whole("token", token);
    if (id === undefined && number === undefined) this.#all = true;
    else if (id === undefined) this.#tokens.add(number as number);
    else if (number === undefined) this.#accounts.add(id);
    else this.#pairs.add(`${id} ${number}`);
  }

  has(account: string, token: number): boolean {
    return this.#all || this.#tokens.has(token) || this.#accounts.has(account) || this.#pairs.has(`${account} ${token}`);
  }
}
