// Keeps a `HubBook` in step with a replica: only accounts that changed are read again.

import { TrimtabError } from "../error.js";
import type { ErrorRecord } from "../error.js";
import type { AccountInput, Action, Decision, Plan } from "../generated.js";
import { HubBook } from "../methods.js";
import type { ConfigOverrides } from "../generated.js";
import { Policy } from "../policy.js";
import { canonicalText, plainText } from "./canonical.js";
import { Columns } from "./columns.js";
import type { HeldBack } from "./control.js";
import { fault } from "./fault.js";
import { normalId } from "./ids.js";
import type { HubPolicy } from "./policy.js";
import type { Replica } from "./shapes.js";
import { Reader, hubState, shapeOf } from "./state.js";
import type { HubState, HubStateOptions } from "./state.js";

/** What one step is made from. */
export interface SyncOptions extends HubStateOptions {
  /** The accounts that changed since the last step; absent to compare all of them. */
  readonly changed?: Iterable<string>;
}

/** What one step did. */
export interface Synced {
  /** How many accounts were read again into the book. */
  readonly set: number;
  /** How many were removed from it. */
  readonly removed: number;
}

type Named = Extract<Action, { readonly account_id?: unknown }>;

/** A book of the accounts of one hub, in step with its replica. */
export class HubBookSync {
  readonly #policy: HubPolicy;
  #book: HubBook | undefined;
  /** The text of each account in the book, where the last step compared; its key otherwise. */
  #held = new Map<string, string | undefined>();
  #hub = "";
  /** The time of the entity, where the book has not heard of it: the next call takes it along. */
  #now: HubState["now"] | undefined;
  #control = "";
  /** What the switches hold back, and what could not be read, of each account: told in every step. */
  readonly #heldBack = new Map<string, HeldBack[]>();
  readonly #setAside = new Map<string, unknown>();

  constructor(policy: HubPolicy = {}) {
    if (policy instanceof Policy) throw fault("malformed", "policy", "a Policy", "a profile and config: a book opens its own policy");
    this.#policy = policy;
  }

  /** How many accounts the book holds. */
  get size(): number {
    return this.#held.size;
  }

  /** Brings the book in step with the replica; the first step fills it. */
  sync(replica: Replica, options: SyncOptions = {}): Synced {
    const shape = options.shape ?? shapeOf(replica);
    const reader = new Reader(replica, { ...options, shape, ...this.#noting(options) });
    // Other switches may change any account, whoever says that none has changed.
    const control = canonicalText(options.control ?? {});
    const changed = control === this.#control ? options.changed : undefined;
    const synced = this.#step(replica, reader, changed, options);
    this.#control = control;
    for (const held of this.#heldBack.values()) for (const one of held) options.heldBack?.(one);
    for (const [account, error] of this.#setAside) options.setAside?.(account, error);
    return synced;
  }

  #step(replica: Replica, reader: Reader, changed: Iterable<string> | undefined, options: SyncOptions): Synced {
    if (this.#book === undefined) return this.#fill(reader, options);
    const synced = changed === undefined ? this.#compare(reader) : this.#follow(replica, reader, changed);
    this.#setHub(reader);
    return synced;
  }

  /** Takes notes of what is held back and set aside; without a taker, an account that cannot be read is an error. */
  #noting({ setAside }: SyncOptions): Pick<HubStateOptions, "heldBack" | "setAside"> {
    const heldBack = (one: HeldBack): void => {
      const before = this.#heldBack.get(one.account_id);
      if (before === undefined) this.#heldBack.set(one.account_id, [one]);
      else before.push(one);
    };
    if (setAside === undefined) return { heldBack };
    return { heldBack, setAside: (account, error) => this.#setAside.set(account, error) };
  }

  #forget(): void {
    this.#heldBack.clear();
    this.#setAside.clear();
  }

  /** The plan of a tick on what the book holds. */
  plan(): Decision<Plan> {
    const now = this.#now;
    this.#now = undefined;
    return this.#open().plan(now === undefined ? {} : { now });
  }

  /** The state of the accounts that a plan names, read from the replica. */
  stateFor(replica: Replica, plan: Pick<Plan, "actions">, options: HubStateOptions = {}): HubState {
    const reader = new Reader(replica, { ...options, shape: options.shape ?? shapeOf(replica) });
    const names = new Set(plan.actions.map((action) => (action as Partial<Named>).account_id).filter((id): id is string => typeof id === "string"));
    const accounts: AccountInput[] = [];
    for (const id of names) {
      const found = find(replica, id);
      const account = found === undefined ? undefined : reader.account(found[0], found[1]);
      if (account !== undefined) accounts.push(account);
    }
    return reader.hub(accounts);
  }

  /** sha256 of what the book holds: the same on every validator. */
  digest(): string {
    const book = this.#open();
    if (this.#now !== undefined) book.setHub({ now: this.#now });
    this.#now = undefined;
    return book.digest().decision.digest;
  }

  /** Whether the book holds what a book filled anew from the replica would hold. */
  verify(replica: Replica, options: HubStateOptions = {}): boolean {
    const fresh = new HubBook({ ...this.#config(), state: hubState(replica, options) });
    try {
      return fresh.digest().decision.digest === this.digest();
    } finally {
      fresh.close();
    }
  }

  /** Lets the book go; the next step fills a new one. */
  close(): void {
    this.#book?.close();
    this.#book = undefined;
    this.#held = new Map();
    this.#hub = "";
    this.#now = undefined;
    this.#control = "";
    this.#forget();
  }

  #fill(reader: Reader, options: SyncOptions): Synced {
    const compares = options.changed === undefined;
    this.#forget();
    const accounts: AccountInput[] = [];
    const columns = new Columns(compares ? undefined : reader.size);
    const held = new Map<string, string | undefined>();
    for (const [key, value] of reader.accounts()) {
      if (!compares && reader.balances(key, value, columns)) {
        held.set(String(key), undefined);
        continue;
      }
      const account = reader.account(key, value);
      if (account === undefined) continue;
      accounts.push(account);
      held.set(account.account_id, compares ? accountText(account) : undefined);
    }
    const state = reader.hub([]);
    const book = new HubBook({ ...this.#config(), state });
    try {
      put(book, accounts, columns);
    } catch (thrown) {
      book.close();
      throw thrown;
    }
    this.#book = book;
    this.#held = held;
    this.#hub = hubText(state);
    this.#now = undefined;
    return { set: held.size, removed: 0 };
  }

  #follow(replica: Replica, reader: Reader, changed: Iterable<string>): Synced {
    const book = this.#open();
    const read: AccountInput[] = [];
    const gone: string[] = [];
    for (const id of new Set(changed)) {
      const found = find(replica, id);
      this.#heldBack.delete(normalId(id));
      this.#setAside.delete(found?.[0] ?? id);
      const account = found === undefined ? undefined : reader.account(found[0], found[1]);
      if (account === undefined) gone.push(normalId(id));
      else read.push(account);
    }
    // All of them could be read: only now the book changes.
    put(book, read);
    for (const { account_id } of read) this.#held.set(account_id, undefined);
    let removed = 0;
    for (const id of gone) {
      if (!this.#held.delete(id)) continue;
      book.remove({ account_id: id });
      removed += 1;
    }
    return { set: read.length, removed };
  }

  #compare(reader: Reader): Synced {
    const book = this.#open();
    const now = new Map<string, string | undefined>();
    const changed: AccountInput[] = [];
    this.#forget();
    for (const [key, value] of reader.accounts()) {
      const account = reader.account(key, value);
      if (account === undefined) continue;
      const text = accountText(account);
      if (this.#held.get(account.account_id) !== text) changed.push(account);
      now.set(account.account_id, text);
    }
    put(book, changed);
    let removed = 0;
    for (const id of this.#held.keys()) {
      if (now.has(id)) continue;
      book.remove({ account_id: id });
      removed += 1;
    }
    this.#held = now;
    return { set: changed.length, removed };
  }

  #setHub(reader: Reader): void {
    const hub = withoutAccounts(reader.hub([]));
    const text = hubText(hub);
    this.#now = hub.now;
    if (text === this.#hub) return;
    const book = this.#open();
    const { hub_id, ...rest } = hub;
    const absent = { submit_clock: null, is_hub: true, draft: {}, sent: null, recovery: [], broadcast_in_input: false, replenish_answers: [], memory: {}, reserves: {}, open_debts: {} };
    book.setHub({ ...absent, ...rest });
    this.#now = undefined;
    this.#hub = text;
  }

  #open(): HubBook {
    if (this.#book === undefined) throw fault("out_of_range", "book", "an empty book", "`sync(replica)` before the first plan");
    return this.#book;
  }

  #config(): { profile?: string; config?: ConfigOverrides } {
    const { profile, config } = this.#policy;
    return { ...(profile === undefined ? {} : { profile }), ...(config === undefined ? {} : { config }) };
  }
}

/** Everything but the accounts and the time, to see whether it has changed. */
function hubText(hub: Omit<HubState, "accounts">): string {
  return plainText({ ...hub, accounts: undefined, now: 0 });
}

function withoutAccounts(state: HubState): Omit<HubState, "accounts"> {
  const { accounts, ...rest } = state;
  return rest;
}

/** The account of an id in whatever form the replica keys it. */
function find(replica: Replica, id: string): readonly [string, unknown] | undefined {
  const { accounts } = replica.state;
  const direct = accounts.get(id);
  if (direct !== undefined) return [id, direct];
  const normal = normalId(id);
  const other = accounts.get(normal);
  if (other !== undefined) return [normal, other];
  if (accounts.size > 0 && id.length === 66) {
    for (const [key, account] of accounts) if (key.length !== 66 && normalId(key) === normal) return [key, account];
  }
  return undefined;
}

/** Puts accounts into the book: those of balances only together, as columns. */
function put(book: HubBook, accounts: ReadonlyArray<AccountInput>, columns = new Columns()): void {
  const others = accounts.filter((account) => !take(columns, account));
  if (columns.size > 0) call(book, "load_columns", columns.bytes());
  for (const account of others) call(book, "set_account", ENCODER.encode(accountText(account)));
}

/** Takes an account, if columns can hold all of it. */
function take(columns: Columns, { account_id, deltas, ...others }: AccountInput): boolean {
  if (deltas === undefined || deltas.length === 0) return false;
  for (const _ in others) return false;
  for (const delta of deltas) {
    const { left_allowance, right_allowance, collateral, ondelta, offdelta } = delta;
    const more = left_allowance !== 0n || right_allowance !== 0n;
    const row = {
      collateral,
      ondelta,
      offdelta,
      leftCreditLimit: delta.left_credit_limit,
      rightCreditLimit: delta.right_credit_limit,
      leftHold: delta.left_hold,
      rightHold: delta.right_hold,
    };
    if (more || !columns.add(account_id, delta.token_id, row)) {
      columns.drop();
      return false;
    }
  }
  columns.keep();
  return true;
}

/** An account as the module reads it. Deltas are most of it, and are written by hand for that; zeros may be left out. */
function accountText({ account_id, deltas, ...others }: AccountInput): string {
  let out = `{"account_id":${plainText(account_id)}`;
  if (deltas !== undefined) {
    let rows = "";
    for (const delta of deltas) {
      rows += `${rows === "" ? "" : ","}{"token_id":${delta.token_id}`;
      for (const name of AMOUNTS) {
        const amount = delta[name];
        if (amount !== 0n && amount !== undefined) rows += `,"${name}":"${String(amount)}"`;
      }
      rows += "}";
    }
    out += `,"deltas":[${rows}]`;
  }
  const rest = plainText(others);
  return rest === "{}" ? `${out}}` : `${out},${rest.slice(1)}`;
}

const AMOUNTS = ["collateral", "ondelta", "offdelta", "left_credit_limit", "right_credit_limit", "left_allowance", "right_allowance", "left_hold", "right_hold"] as const;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Calls the book with bytes: for many amounts that is faster than with an object for each. */
function call(book: HubBook, operation: string, bytes: Uint8Array): void {
  const answer = DECODER.decode(book.callBytes(operation, bytes));
  if (!answer.startsWith('{"error":')) return;
  const { error } = JSON.parse(answer) as { error: ErrorRecord };
  throw new TrimtabError(error);
}
