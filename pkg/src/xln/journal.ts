// What the monitor has asked for and what came of it, as lines that are only appended: after any
// crash it is known what may already be paid.

import type { HubMemoryInput } from "../generated.js";
import { canonicalText } from "./canonical.js";

/** Where lines are kept. An appended line must be there after a crash before `append` is done. */
export interface IntentStore {
  /** All lines, oldest first. */
  read(): Promise<string[]> | string[];
  append(line: string): Promise<void> | void;
  /** Puts these lines in place of all others, wholly or not at all. */
  replace?(lines: string[]): Promise<void> | void;
}

/** A store that lasts as long as the process: for tests, and for hosts that keep the lines elsewhere. */
export function memoryStore(lines: string[] = []): IntentStore {
  return {
    read: () => [...lines],
    append: (line) => {
      lines.push(line);
    },
    replace: (all) => {
      lines.splice(0, lines.length, ...all);
    },
  };
}

/** One part of a replenishment. */
export interface Part {
  readonly key: string;
  readonly amount: bigint;
  /** `asked` until an answer is known. */
  readonly state: "asked" | "done" | "failed" | "busy" | "unknown";
  readonly tries: number;
}

/** One replenishment. */
export interface Intent {
  readonly id: string;
  readonly tokenId: number;
  readonly amount: bigint;
  readonly source: string;
  readonly at: number;
  /** The reserve when it was first asked for. */
  readonly reserve: bigint;
  readonly parts: ReadonlyArray<Part>;
  /** Whether the reserve was seen to have risen by the amount. */
  readonly seen: boolean;
}

interface Line {
  readonly kind: "intent" | "part" | "seen" | "memory";
  readonly id?: string;
  readonly token?: number;
  readonly amount?: string;
  readonly source?: string;
  readonly at?: number;
  readonly reserve?: string;
  readonly key?: string;
  readonly state?: Part["state"];
  readonly memory?: HubMemoryInput;
}

const KEPT_INTENTS = 256;
const COMPACT_AFTER = 4096;

/** The journal of one monitor. */
export class Journal {
  readonly #store: IntentStore;
  readonly #intents = new Map<string, Intent>();
  #memory: HubMemoryInput | undefined;
  #lines = 0;

  constructor(store: IntentStore) {
    this.#store = store;
  }

  /** What the policy wanted to be remembered at the last look. */
  get memory(): HubMemoryInput | undefined {
    return this.#memory;
  }

  /** All that is known of replenishments, oldest first. */
  get intents(): Intent[] {
    return [...this.#intents.values()];
  }

  get(id: string): Intent | undefined {
    return this.#intents.get(id);
  }

  /** Reads the store. A line that a crash cut off says nothing: what it was about was not done yet. */
  async open(): Promise<void> {
    const lines = await this.#store.read();
    for (const [index, text] of lines.entries()) {
      if (text === "") continue;
      let line: Line;
      try {
        line = JSON.parse(text) as Line;
      } catch (error) {
        if (index === lines.length - 1) break;
        throw error;
      }
      this.#take(line);
      this.#lines += 1;
    }
  }

  async begin(intent: Omit<Intent, "parts" | "seen">): Promise<void> {
    const { id, tokenId, amount, source, at, reserve } = intent;
    await this.#write({ kind: "intent", id, token: tokenId, amount: String(amount), source, at, reserve: String(reserve) });
  }

  async part(id: string, key: string, amount: bigint, state: Part["state"]): Promise<void> {
    await this.#write({ kind: "part", id, key, amount: String(amount), state });
  }

  async seen(id: string): Promise<void> {
    await this.#write({ kind: "seen", id });
  }

  async remember(memory: HubMemoryInput): Promise<void> {
    if (this.#memory !== undefined && canonicalText(memory) === canonicalText(this.#memory)) return;
    await this.#write({ kind: "memory", memory });
  }

  async #write(line: Line): Promise<void> {
    await this.#store.append(canonicalText(line));
    this.#take(line);
    this.#lines += 1;
    if (this.#lines > COMPACT_AFTER && this.#store.replace !== undefined) await this.#compact();
  }

  #take(line: Line): void {
    const id = line.id ?? "";
    const known = this.#intents.get(id);
    switch (line.kind) {
      case "intent":
        if (known === undefined) {
          const intent: Intent = {
            id,
            tokenId: line.token ?? 0,
            amount: BigInt(line.amount ?? 0),
            source: line.source ?? "",
            at: line.at ?? 0,
            reserve: BigInt(line.reserve ?? 0),
            parts: [],
            seen: false,
          };
          this.#intents.set(id, intent);
        } else if (line.source !== undefined) this.#intents.set(id, { ...known, source: line.source });
        break;
      case "part":
        if (known !== undefined) this.#intents.set(id, { ...known, parts: withPart(known.parts, line) });
        break;
      case "seen":
        if (known !== undefined) this.#intents.set(id, { ...known, seen: true });
        break;
      case "memory":
        this.#memory = line.memory;
    }
  }

  /** Keeps what may still matter: the newest replenishments and the last memory. */
  async #compact(): Promise<void> {
    const kept = this.intents.slice(-KEPT_INTENTS);
    const lines: string[] = [];
    for (const intent of kept) {
      const { id, tokenId, amount, source, at, reserve, parts, seen } = intent;
      lines.push(canonicalText({ kind: "intent", id, token: tokenId, amount, source, at, reserve }));
      for (const part of parts) lines.push(canonicalText({ kind: "part", id, key: part.key, amount: part.amount, state: part.state }));
      if (seen) lines.push(canonicalText({ kind: "seen", id }));
    }
    if (this.#memory !== undefined) lines.push(canonicalText({ kind: "memory", memory: this.#memory }));
    await this.#store.replace?.(lines);
    this.#lines = lines.length;
    for (const id of [...this.#intents.keys()].slice(0, -KEPT_INTENTS)) this.#intents.delete(id);
  }
}

function withPart(parts: ReadonlyArray<Part>, line: Line): Part[] {
  const key = line.key ?? "";
  const state = line.state ?? "asked";
  const old = parts.find((part) => part.key === key);
  const tries = (old?.tries ?? 0) + (state === "asked" ? 1 : 0);
  const part: Part = { key, amount: BigInt(line.amount ?? 0), state, tries };
  return old === undefined ? [...parts, part] : parts.map((each) => (each === old ? part : each));
}
