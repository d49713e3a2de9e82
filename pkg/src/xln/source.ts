// Who pays a replenishment: a callback of the host, or a request over HTTP made from a template.
// A source performs what it is asked and nothing else; who is asked is the policy's business.

import { TrimtabError } from "../error.js";
import { fault } from "./fault.js";

/** One request to a source. */
export interface ReplenishAsk {
  /** The id of the replenishment, the same for every try. */
  readonly id: string;
  /** The key of this part of it: asking twice under one key must pay once. */
  readonly key: string;
  /** The hub. */
  readonly entityId: string;
  readonly tokenId: number;
  /** How much, in raw units. */
  readonly amount: bigint;
  /** The decimals of the token, where they are known. */
  readonly decimals: number | undefined;
}

/** What a source says. */
export interface SourceReply {
  /** `done`: sent. `failed`: refused for good. `busy`: not now, nothing was sent. `unknown`: nobody can say. */
  readonly outcome: "done" | "failed" | "busy" | "unknown";
  /** What the answer says it is about, where it does. */
  readonly id?: string;
  readonly tokenId?: number;
  readonly amount?: bigint;
  /** A word for the log: a status, never a body or a header. */
  readonly detail?: string;
}

/** Somebody who can raise the hub's reserve. */
export interface ReplenishSource {
  /** Pays; a throw counts as `unknown`. */
  perform(ask: ReplenishAsk, signal: AbortSignal): Promise<SourceReply> | SourceReply;
  /** Says what became of an earlier request. */
  query?(ask: ReplenishAsk, signal: AbortSignal): Promise<SourceReply> | SourceReply;
  /** Whether asking twice under one key pays once. */
  readonly idempotent: boolean;
  /** The most that one request may ask for; more is asked for in parts. */
  readonly most?: bigint | ((tokenId: number) => bigint | undefined);
}

/** A source that is a callback of the host; it must pay once per key. */
export function treasury(perform: ReplenishSource["perform"], query?: ReplenishSource["query"]): ReplenishSource {
  return { perform, idempotent: true, ...(query === undefined ? {} : { query }) };
}

/** A secret, read when it is needed and never kept in a message. */
export type Secret = () => string | Promise<string>;

/** How a request says who asks. */
export type Credentials =
  | { readonly type: "bearer"; readonly token: Secret }
  /** A header with the hex HMAC-SHA256 of method, path, key and body, one a line. */
  | { readonly type: "hmac"; readonly secret: Secret; readonly header?: string };

/** A template of a request. `{id} {key} {entityId} {tokenId} {amount} {tokens}` are filled in; `{tokens}` is the amount in whole tokens. A body field that is exactly `{tokenId}` becomes a number. */
export interface HttpTemplate {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Where to ask what became of a request; absent if nobody can say. */
  readonly queryUrl?: string;
  readonly credentials?: Credentials;
  readonly idempotent?: boolean;
  readonly most?: ReplenishSource["most"];
  /** Reads an answer; absent for `id` or `key`, `tokenId` and `amount` in raw units. */
  readonly answer?: (json: Readonly<Record<string, unknown>>, ask: ReplenishAsk) => Partial<SourceReply>;
  /** Stands in for `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A source over HTTP. */
export function httpSource(template: HttpTemplate): ReplenishSource {
  const idempotent = template.idempotent ?? false;
  const { queryUrl, most } = template;
  return {
    idempotent,
    perform: (ask, signal) => request(template, template.url, template.method ?? "POST", ask, signal),
    ...(queryUrl === undefined ? {} : { query: (ask: ReplenishAsk, signal: AbortSignal) => request({ ...template, body: {} }, queryUrl, "GET", ask, signal) }),
    ...(most === undefined ? {} : { most }),
  };
}

/** Templates for what is known to exist; each takes the address of the server. */
export const presets = {
  /** A treasury that pays once per key and can be asked what became of one. */
  treasury: (base: string): HttpTemplate => ({
    url: `${base}/replenish`,
    body: { id: "{id}", key: "{key}", entityId: "{entityId}", tokenId: "{tokenId}", amount: "{amount}" },
    queryUrl: `${base}/replenish/{key}`,
    idempotent: true,
  }),
  /** The body of the rebalance plan. The runtime answers 400 to it: it funds wallets, not entities. */
  planFaucet: (base: string): HttpTemplate => ({
    url: `${base}/api/faucet/erc20`,
    body: { entityId: "{entityId}", tokenId: "{tokenId}" },
  }),
  /** The runtime's faucet for wallets; it never raises a reserve. */
  walletFaucet: (base: string, userAddress: string, tokenSymbol: string): HttpTemplate => ({
    url: `${base}/api/faucet/erc20`,
    body: { userAddress, tokenSymbol, amount: "{tokens}" },
  }),
  /** The runtime's faucet for reserves: another hub's reserve pays this one's. */
  reserveFaucet: (base: string): HttpTemplate => ({
    url: `${base}/api/faucet/reserve`,
    body: { userEntityId: "{entityId}", tokenId: "{tokenId}", amount: "{tokens}" },
  }),
} as const;

const FINAL: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 410, 413, 415, 422]);
const BUSY: ReadonlySet<number> = new Set([409, 425, 429, 503]);

async function request(template: HttpTemplate, address: string, method: string, ask: ReplenishAsk, signal: AbortSignal): Promise<SourceReply> {
  const url = new URL(filled(address, ask, encodeURIComponent));
  const fields = method === "GET" ? undefined : body(template.body ?? {}, ask);
  const text = fields === undefined ? "" : JSON.stringify(fields);
  const headers = new Headers(template.headers);
  headers.set("accept", "application/json");
  headers.set("idempotency-key", ask.key);
  if (text !== "") headers.set("content-type", "application/json");
  await sign(template.credentials, headers, `${method}\n${url.pathname}\n${ask.key}\n${text}`);
  const response = await (template.fetch ?? fetch)(url, { method, headers, signal, redirect: "error", ...(text === "" ? {} : { body: text }) });
  const detail = `HTTP ${response.status}`;
  const said = await response.text();
  if (response.ok) return { ...read(template, said, ask), detail };
  if (method === "GET" && response.status === 404) return { outcome: "failed", detail };
  if (FINAL.has(response.status)) return { outcome: "failed", detail };
  return { outcome: BUSY.has(response.status) ? "busy" : "unknown", detail };
}

function read(template: HttpTemplate, said: string, ask: ReplenishAsk): SourceReply {
  let json: unknown;
  try {
    json = JSON.parse(said);
  } catch {
    return { outcome: "done" };
  }
  if (typeof json !== "object" || json === null) return { outcome: "done" };
  const fields = json as Record<string, unknown>;
  const own = template.answer?.(fields, ask);
  if (own !== undefined) return { outcome: "done", ...own };
  const id = fields["key"] ?? fields["id"];
  const token = fields["tokenId"];
  const amount = fields["amount"];
  const outcome = fields["outcome"];
  return {
    outcome: outcome === "failed" || outcome === "unknown" || outcome === "busy" ? outcome : "done",
    ...(typeof id === "string" ? { id } : {}),
    ...(typeof token === "number" ? { tokenId: token } : {}),
    ...(typeof amount === "string" && /^\d{1,78}$/.test(amount) ? { amount: BigInt(amount) } : {}),
  };
}

function body(template: Readonly<Record<string, unknown>>, ask: ReplenishAsk): Record<string, unknown> {
  const fill = (value: unknown): unknown => {
    if (value === "{tokenId}") return ask.tokenId;
    if (typeof value === "string") return filled(value, ask, (text) => text);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fill(each)]));
    return value;
  };
  return fill(template) as Record<string, unknown>;
}

function filled(template: string, ask: ReplenishAsk, escape: (text: string) => string): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    switch (name) {
      case "id":
      case "key":
      case "entityId":
        return escape(ask[name]);
      case "tokenId":
      case "amount":
        return String(ask[name]);
      case "tokens":
        return wholeTokens(ask);
    }
    return whole;
  });
}

/** An amount in whole tokens, exact. */
function wholeTokens({ amount, decimals, tokenId }: ReplenishAsk): string {
  if (decimals === undefined) throw fault("out_of_range", "decimals", tokenId, "a token whose decimals are known");
  const digits = String(amount).padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  const part = digits.slice(point).replace(/0+$/, "");
  return part === "" ? digits.slice(0, point) : `${digits.slice(0, point)}.${part}`;
}

async function sign(credentials: Credentials | undefined, headers: Headers, text: string): Promise<void> {
  if (credentials === undefined) return;
  if (credentials.type === "bearer") {
    headers.set("authorization", `Bearer ${await secret(credentials.token)}`);
    return;
  }
  const encode = new TextEncoder();
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey("raw", encode.encode(await secret(credentials.secret)), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = new Uint8Array(await subtle.sign("HMAC", key, encode.encode(text)));
  headers.set(credentials.header ?? "x-signature", Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(""));
}

/** What a secret says; an error of its reader may hold it, so it goes no further. */
async function secret(from: Secret): Promise<string> {
  let text: string;
  try {
    text = (await from()).trim();
  } catch {
    throw new TrimtabError({ code: "missing_field", field: "credentials", got: "a secret that cannot be read", expected: "a secret" });
  }
  if (text === "") throw new TrimtabError({ code: "missing_field", field: "credentials", got: "nothing", expected: "a secret" });
  return text;
}
