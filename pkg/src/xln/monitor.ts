// Watches a hub's reserves outside consensus and performs the replenishments that the policy asks
// for. It decides nothing: whether to ask, whom, how much, under which id and when to try again all
// come from `hub.reserves`. What it adds is that nothing is paid twice, whatever stops when.

import { TrimtabError } from "../error.js";
import type { HubMemoryInput, ReplenishAnswerInput, Watched } from "../generated.js";
import type { Policy } from "../policy.js";
import { fault, shown } from "./fault.js";
import { Journal, memoryStore } from "./journal.js";
import type { Intent, IntentStore, Part } from "./journal.js";
import { remembered } from "./memory.js";
import { policyOf } from "./policy.js";
import type { Expected, HubPolicy } from "./policy.js";
import type { Replica } from "./shapes.js";
import type { ReplenishAsk, ReplenishSource, SourceReply } from "./source.js";
import { hubState, shapeOf } from "./state.js";
import type { Decimals, HubState } from "./state.js";
import type { ReplenishIntent } from "./tick.js";

/** What the monitor reads at each look. */
export interface Reading {
  readonly replica: Replica;
  /** The memory that is kept beside the task, where there is one. */
  readonly memory?: string | undefined;
}

/** How often a source is asked again within one try of the policy. */
export interface Patience {
  /** Requests in all. */
  readonly tries: number;
  /** The wait after the first, in milliseconds; it doubles each time. */
  readonly backoffMs: number;
  readonly mostMs: number;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a monitor is made from. */
export interface MonitorOptions extends Expected {
  readonly policy?: Policy | HubPolicy;
  /** The state of now. */
  readonly read: () => Promise<Reading> | Reading;
  /** Who can pay, under the names that the config uses. */
  readonly sources: Partial<Record<ReplenishIntent["source"], ReplenishSource>>;
  readonly decimals?: Decimals;
  /** Where intents are kept; absent for the process alone, which is not safe against a crash. */
  readonly store?: IntentStore;
  readonly patience?: Partial<Patience>;
  /** Takes what happens, as codes and numbers; never a secret, a header or a body. */
  readonly log?: (event: MonitorEvent) => void;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
  /** Waits; for tests. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** Something that happened. */
export interface MonitorEvent {
  readonly event: "look" | "asked" | "answered" | "refused" | "seen" | "alert" | "error";
  readonly at: number;
  readonly id?: string;
  readonly tokenId?: number;
  readonly amount?: bigint;
  readonly source?: string;
  readonly outcome?: string;
  readonly detail?: string;
}

/** What the monitor knows of one token. */
export interface TokenStatus {
  readonly tokenId: number;
  readonly reserve: bigint;
  readonly available: bigint;
  readonly low: boolean;
  readonly timeToEmptyMs?: number;
}

/** What the monitor knows. */
export interface MonitorStatus {
  readonly running: boolean;
  readonly lastLookAt: number | undefined;
  readonly nextLookAt: number | undefined;
  readonly lastError: string | undefined;
  readonly tokens: ReadonlyArray<TokenStatus>;
  readonly intents: ReadonlyArray<Intent>;
  /** Counts since the start, by name. */
  readonly counts: Readonly<Record<string, number>>;
}

const PATIENCE: Patience = { tries: 4, backoffMs: 500, mostMs: 10_000, timeoutMs: 15_000 };

/** Performs replenishments and reports back. */
export class ReserveMonitor {
  readonly #options: MonitorOptions;
  readonly #policy: Policy;
  readonly #journal: Journal;
  readonly #patience: Patience;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #answers = new Map<number, ReplenishAnswerInput>();
  readonly #counts = new Map<string, number>();
  #opened: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #lastLookAt: number | undefined;
  #nextLookAt: number | undefined;
  #lastError: string | undefined;
  #tokens: TokenStatus[] = [];

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#policy = policyOf(options.policy ?? {}, options);
    this.#journal = new Journal(options.store ?? memoryStore());
    this.#patience = { ...PATIENCE, ...options.patience };
    this.#now = options.now ?? Date.now;
    this.#sleep = options.sleep ?? ((ms) => new Promise((done) => setTimeout(done, ms)));
  }

  /** Looks now, and then whenever the policy wants to look again. */
  async start(): Promise<void> {
    this.#running = true;
    await this.look();
  }

  /** Looks no more; a request on its way is finished and its answer is kept. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#nextLookAt = undefined;
    await this.#looking;
  }

  /** Looks now; a look that is under way is waited for, and one more follows. */
  async look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#looks();
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
  }

  /** What sources answered, as input of the next state; the same until the policy has heard it. */
  answers(): ReplenishAnswerInput[] {
    return [...this.#answers.values()];
  }

  /** What is known now. */
  status(): MonitorStatus {
    return {
      running: this.#running,
      lastLookAt: this.#lastLookAt,
      nextLookAt: this.#nextLookAt,
      lastError: this.#lastError,
      tokens: this.#tokens,
      intents: this.#journal.intents,
      counts: Object.fromEntries(this.#counts),
    };
  }

  /** The same as Prometheus reads it. */
  metrics(): string {
    const lines: string[] = [];
    const family = (name: string, kind: "gauge" | "counter", help: string, samples: Array<[string, bigint | number]>): void => {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
      for (const [labels, value] of samples) lines.push(`${name}${labels === "" ? "" : `{${labels}}`} ${value}`);
    };
    const each = (value: (token: TokenStatus) => bigint | number): Array<[string, bigint | number]> => this.#tokens.map((token) => [`token="${token.tokenId}"`, value(token)]);
    family("trimtab_reserve", "gauge", "Reserve of the hub in raw units.", each((token) => token.reserve));
    family("trimtab_reserve_available", "gauge", "Reserve after debts and batches, with what is being replenished, in raw units.", each((token) => token.available));
    family("trimtab_reserve_low", "gauge", "Whether an episode of replenishment is open.", each((token) => (token.low ? 1 : 0)));
    const open = this.#journal.intents.filter((intent) => !intent.seen).length;
    family("trimtab_replenish_open", "gauge", "Replenishments that the reserve does not show yet.", [["", open]]);
    family("trimtab_monitor_last_look_ms", "gauge", "Time of the last look.", [["", this.#lastLookAt ?? 0]]);
    family("trimtab_monitor_events_total", "counter", "What the monitor did, by event.", [...this.#counts].map(([name, count]): [string, number] => [`event="${name}"`, count]));
    return `${lines.join("\n")}\n`;
  }

  async #looks(): Promise<void> {
    do {
      this.#again = false;
      clearTimeout(this.#timer);
      this.#nextLookAt = undefined;
      let wake: number | undefined;
      try {
        await (this.#opened ??= this.#journal.open());
        wake = await this.#lookOnce();
        this.#lastError = undefined;
      } catch (error) {
        this.#lastError = error instanceof Error ? `${error.name}: ${error instanceof TrimtabError ? error.message : "see the host's log"}` : shown(error);
        this.#tell({ event: "error", detail: this.#lastError });
        wake = this.#now() + this.#patience.mostMs;
      }
      this.#wakeAt(wake);
    } while (this.#again && this.#running);
  }

  #wakeAt(at: number | undefined): void {
    if (!this.#running || at === undefined) return;
    this.#nextLookAt = at;
    this.#timer = setTimeout(() => void this.look(), Math.max(0, at - this.#now()));
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** One look: hear, decide, ask, look whether it came. The time of the next look, as the policy wants it. */
  async #lookOnce(): Promise<number | undefined> {
    const first = await this.#read();
    await this.#notice(first.state);
    const watched = this.#decide(first.state, first.memory);
    await this.#journal.remember(watched.memory);
    this.#forget(first.committed);
    const intents = this.#due(first.state, watched);
    await Promise.all(intents.map((intent) => this.#perform(first.state, intent)));
    this.#lastLookAt = this.#now();
    this.#tell({ event: "look" });
    if (intents.length === 0) return watched.next_wake;
    // Success is what the reserve shows: read again, and let the policy hear the answers at once.
    const second = await this.#read();
    await this.#notice(second.state);
    const heard = this.#decide(second.state, second.memory);
    await this.#journal.remember(heard.memory);
    this.#forget(second.committed);
    return heard.next_wake;
  }

  async #read(): Promise<{ state: HubState; memory: HubMemoryInput; committed: HubMemoryInput | undefined }> {
    const { replica, memory } = await this.#options.read();
    const { decimals } = this.#options;
    const shape = shapeOf(replica);
    const bare = { ...replica, state: { ...replica.state, accounts: new Map() } } as Replica;
    const state = hubState(bare, { shape, now: Math.max(this.#now(), replica.state.timestamp), ...(decimals === undefined ? {} : { decimals }) });
    const committed = memory === undefined ? undefined : remembered(memory).policy;
    return { state, memory: newest(this.#journal.memory, committed), committed };
  }

  #decide(state: HubState, memory: HubMemoryInput): Watched {
    const given = { ...state, memory, replenish_answers: this.answers() };
    const decision = this.#policy.hubReserves(given);
    const watched = decision.decision;
    const reserves = state.reserves as ReadonlyMap<number, bigint>;
    this.#tokens = watched.reserves.map((token) => ({
      tokenId: token.token_id,
      reserve: reserves.get(token.token_id) ?? 0n,
      available: token.available,
      low: token.low,
      ...(token.time_to_empty_ms === undefined ? {} : { timeToEmptyMs: token.time_to_empty_ms }),
    }));
    for (const action of watched.actions) {
      if (action.type !== "alert") continue;
      const { code, token_id } = action as { code?: string; token_id?: number };
      this.#tell({ event: "alert", ...(token_id === undefined ? {} : { tokenId: token_id }), ...(code === undefined ? {} : { detail: code }) });
    }
    return watched;
  }

  /** What is to be performed now: what this look asks for, and what the task asked for that nobody performed. */
  #due(state: HubState, watched: Watched): ReplenishIntent[] {
    const due = watched.actions.filter((action): action is ReplenishIntent => action.type === "replenish");
    const tokens = (watched.memory.tokens ?? {}) as Readonly<Record<string, TokenMemoryLike>>;
    for (const [token, { in_flight }] of entriesOf(tokens)) {
      if (in_flight === undefined || in_flight === null || due.some((intent) => intent.id === in_flight.id)) continue;
      const known = this.#journal.get(in_flight.id);
      if (known !== undefined && known.parts.length > 0) {
        // A crash came before the answer. Who can say what became of it, or pays once per key, is
        // asked now; any other only when the policy gives up waiting.
        const open = known.parts.some((part) => part.state === "asked" || part.state === "unknown");
        const missing = sum(known.parts) < known.amount && known.parts.every((part) => part.state === "done");
        const name = known.source as ReplenishIntent["source"];
        const source = this.#options.sources[name];
        if (missing || (open && (source?.query !== undefined || source?.idempotent === true))) {
          due.push({ type: "replenish", id: known.id, amount: known.amount, token_id: known.tokenId, source: name });
        }
        continue;
      }
      const again = this.#askedAgain(state, watched.memory, token);
      if (again?.id === in_flight.id) due.push(again);
    }
    return due;
  }

  /** What the policy would ask for had it not asked yet: so it names the source of what the task asked for. */
  #askedAgain(state: HubState, memory: HubMemoryInput, token: string): ReplenishIntent | undefined {
    const tokens = { ...(memory.tokens as Readonly<Record<string, TokenMemoryLike>>) };
    const { in_flight, next_at, ...rest } = tokens[token] ?? {};
    const unasked = { ...memory, tokens: { ...tokens, [token]: { ...rest, retry_amount: in_flight?.amount } } } as HubMemoryInput;
    const { actions } = this.#policy.hubReserves({ ...state, memory: unasked }).decision;
    return actions.find((action): action is ReplenishIntent => action.type === "replenish" && String(action.token_id) === token);
  }

  async #perform(state: HubState, intent: ReplenishIntent): Promise<void> {
    const { id, token_id: tokenId, amount } = intent;
    const source = this.#options.sources[intent.source];
    const reserve = (state.reserves as ReadonlyMap<number, bigint>).get(tokenId) ?? 0n;
    const answer = (outcome: "done" | "failed" | "unknown", sent?: bigint): void => {
      this.#answers.set(tokenId, { token_id: tokenId, id, outcome, ...(sent === undefined ? {} : { amount: sent }) });
      this.#count(`answer_${outcome}`);
    };
    if (source === undefined) {
      this.#tell({ event: "answered", id, tokenId, source: intent.source, outcome: "failed", detail: "no such source" });
      return answer("failed");
    }
    await this.#journal.begin({ id, tokenId, amount, source: intent.source, at: Number(state.now), reserve });
    let confirmed = true;
    for (;;) {
      const parts = this.#journal.get(id)?.parts ?? [];
      const done = sum(parts.filter((part) => part.state === "done"));
      if (done >= amount) break;
      const part = parts.find((each) => each.state !== "done") ?? this.#nextPart(id, tokenId, amount - done, parts.length, source);
      const reply = await this.#part(state, intent, part, source);
      confirmed &&= reply.amount !== undefined;
      if (reply.outcome !== "done") return answer(reply.outcome === "unknown" ? "unknown" : "failed");
    }
    answer("done", confirmed ? amount : undefined);
  }

  #nextPart(id: string, tokenId: number, left: bigint, index: number, source: ReplenishSource): Part {
    const most = typeof source.most === "function" ? source.most(tokenId) : source.most;
    if (most !== undefined && most <= 0n) throw fault("out_of_range", "most", most, "more than nothing");
    const whole = index === 0 && (most === undefined || left <= most);
    return { key: whole ? id : `${id}/${index + 1}`, amount: most === undefined || left < most ? left : most, state: "asked", tries: 0 };
  }

  /** One part: asked until it is answered, refused, or nobody can say. */
  async #part(state: HubState, intent: ReplenishIntent, part: Part, source: ReplenishSource): Promise<SourceReply> {
    const { id, token_id: tokenId } = intent;
    const { key, amount } = part;
    const ask: ReplenishAsk = { id, key, entityId: state.hub_id, tokenId, amount, decimals: this.#decimalsOf(state, tokenId) };
    let ambiguous = part.tries > 0 && (part.state === "asked" || part.state === "unknown");
    let reply: SourceReply = { outcome: "unknown" };
    for (let turn = 0; turn < this.#patience.tries; turn += 1) {
      if (turn > 0) await this.#sleep(Math.min(this.#patience.backoffMs * 2 ** (turn - 1), this.#patience.mostMs));
      if (ambiguous) {
        // Somebody may have paid. Who can say is asked; else only one that pays once per key is asked again.
        const said = await this.#query(ask, source);
        if (said?.outcome === "done" || said?.outcome === "unknown") {
          await this.#journal.part(id, key, amount, said.outcome);
          return this.#told(intent, said);
        }
        if (said === undefined && !source.idempotent && (await this.#rose(intent, part))) {
          reply = { outcome: "done", detail: "the reserve rose" };
          await this.#journal.part(id, key, amount, "done");
          return this.#told(intent, reply);
        }
      }
      // The line must be on disk before the request leaves.
      await this.#journal.part(id, key, amount, "asked");
      this.#tell({ event: "asked", id, tokenId, amount, source: intent.source });
      reply = this.#checked(intent, ask, await this.#attempt((signal) => source.perform(ask, signal)));
      await this.#journal.part(id, key, amount, reply.outcome);
      this.#told(intent, reply);
      if (reply.outcome === "done" || reply.outcome === "failed") return reply;
      ambiguous = reply.outcome === "unknown";
      if (ambiguous && !source.idempotent && source.query === undefined && !/504/.test(reply.detail ?? "")) return reply;
    }
    return reply.outcome === "busy" ? { ...reply, outcome: "failed" } : reply;
  }

  async #query(ask: ReplenishAsk, source: ReplenishSource): Promise<SourceReply | undefined> {
    const { query } = source;
    if (query === undefined) return undefined;
    const reply = await this.#attempt((signal) => query.call(source, ask, signal));
    return matches(ask, reply) ? reply : { outcome: "unknown", detail: "another answer" };
  }

  async #attempt(run: (signal: AbortSignal) => Promise<SourceReply> | SourceReply): Promise<SourceReply> {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<SourceReply>((done) => {
      timer = setTimeout(() => {
        abort.abort();
        done({ outcome: "unknown", detail: "timed out" });
      }, this.#patience.timeoutMs);
    });
    try {
      return await Promise.race([Promise.resolve(run(abort.signal)), late]);
    } catch (error) {
      if (error instanceof TrimtabError) return { outcome: "failed", detail: error.code };
      return { outcome: "unknown", detail: "no answer" };
    } finally {
      clearTimeout(timer);
    }
  }

  /** An answer about something else is none. */
  #checked(intent: ReplenishIntent, ask: ReplenishAsk, reply: SourceReply): SourceReply {
    if (matches(ask, reply)) return reply;
    this.#tell({ event: "refused", id: intent.id, tokenId: intent.token_id, source: intent.source });
    return { outcome: "unknown", detail: "an answer about another request" };
  }

  #told(intent: ReplenishIntent, reply: SourceReply): SourceReply {
    const detail = reply.detail === undefined ? {} : { detail: reply.detail };
    this.#tell({ event: "answered", id: intent.id, tokenId: intent.token_id, source: intent.source, outcome: reply.outcome, ...detail });
    return reply;
  }

  /** Whether the reserve of now shows the parts that are done and this one. */
  async #rose(intent: ReplenishIntent, part: Part): Promise<boolean> {
    const { state } = await this.#read();
    const known = this.#journal.get(intent.id);
    if (known === undefined) return false;
    const done = sum(known.parts.filter((each) => each.state === "done"));
    return ((state.reserves as ReadonlyMap<number, bigint>).get(intent.token_id) ?? 0n) >= known.reserve + done + part.amount;
  }

  /** Replenishments that the reserve shows by now. */
  async #notice(state: HubState): Promise<void> {
    const reserves = state.reserves as ReadonlyMap<number, bigint>;
    for (const intent of this.#journal.intents) {
      if (intent.seen || intent.parts.length === 0) continue;
      if ((reserves.get(intent.tokenId) ?? 0n) < intent.reserve + intent.amount) continue;
      await this.#journal.seen(intent.id);
      this.#tell({ event: "seen", id: intent.id, tokenId: intent.tokenId, amount: intent.amount });
    }
  }

  /** Answers that policy and task have heard are told no more. */
  #forget(committed: HubMemoryInput | undefined): void {
    const waiting = (memory: HubMemoryInput | undefined, token: number, id: string): boolean => {
      const tokens = memory?.tokens as Readonly<Record<string, TokenMemoryLike>> | undefined;
      return tokens !== undefined && entriesOf(tokens).some(([name, each]) => Number(name) === token && each.in_flight?.id === id);
    };
    for (const [token, { id }] of this.#answers) {
      if (!waiting(this.#journal.memory, token, id) && !waiting(committed, token, id)) this.#answers.delete(token);
    }
  }

  #decimalsOf(state: HubState, tokenId: number): number | undefined {
    const { decimals } = this.#options;
    if (decimals === undefined) return undefined;
    const described = (state.tokens as ReadonlyMap<number, { readonly decimals: number }> | undefined)?.get(tokenId);
    return described?.decimals;
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  #tell(event: Omit<MonitorEvent, "at">): void {
    this.#count(event.event);
    this.#options.log?.({ ...event, at: this.#now() });
  }
}

interface TokenMemoryLike {
  readonly episode?: number | bigint;
  readonly in_flight?: { readonly id: string; readonly amount: unknown } | null;
  readonly next_at?: unknown;
}

function entriesOf(tokens: Readonly<Record<string, TokenMemoryLike>>): Array<[string, TokenMemoryLike]> {
  return tokens instanceof Map ? [...(tokens as unknown as Map<unknown, TokenMemoryLike>)].map(([key, value]) => [String(key), value]) : Object.entries(tokens);
}

/** Of each token what knows the later episode: the task may have looked since, or the monitor. */
function newest(own: HubMemoryInput | undefined, committed: HubMemoryInput | undefined): HubMemoryInput {
  if (own === undefined) return committed ?? {};
  if (committed === undefined) return own;
  const tokens = new Map(entriesOf((own.tokens ?? {}) as Readonly<Record<string, TokenMemoryLike>>));
  for (const [token, theirs] of entriesOf((committed.tokens ?? {}) as Readonly<Record<string, TokenMemoryLike>>)) {
    const ours = tokens.get(token);
    if (ours === undefined || Number(theirs.episode ?? 0) > Number(ours.episode ?? 0)) tokens.set(token, theirs);
  }
  return { ...own, tokens: Object.fromEntries(tokens) } as HubMemoryInput;
}

function sum(parts: ReadonlyArray<Part>): bigint {
  return parts.reduce((total, part) => total + part.amount, 0n);
}

function matches(ask: ReplenishAsk, reply: SourceReply): boolean {
  const id = reply.id === undefined || reply.id === ask.key || reply.id === ask.id;
  const token = reply.tokenId === undefined || reply.tokenId === ask.tokenId;
  return id && token && (reply.amount === undefined || reply.amount === ask.amount);
}
