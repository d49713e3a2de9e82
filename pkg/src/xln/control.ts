// What an operator switches: everything off for a while, or single accounts and tokens.

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

/** Why the operator's switches hold something back. */
export type HoldReason = "paused" | "denied" | "not_allowed";

/** A request that the operator's switches hold back. */
export interface HeldBack {
  readonly account_id: string;
  readonly token_id?: number;
  readonly reason: HoldReason;
}

/** Why the switches hold back a token of an account; nothing where they do not. */
export function heldBack(control: Control, account: string, token: number): HoldReason | undefined {
  const names = (rule: Selector): boolean =>
    (rule.account === undefined || rule.account === account) && (rule.token === undefined || rule.token === token);
  if (control.deny?.some(names) === true) return "denied";
  if (control.allow !== undefined && !control.allow.some(names)) return "not_allowed";
  return undefined;
}

/** Whether the switches say anything about single accounts or tokens. */
export function selects(control: Control | undefined): boolean {
  return control !== undefined && (control.allow !== undefined || (control.deny?.length ?? 0) > 0);
}
