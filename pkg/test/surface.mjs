// What the surface promises, as laws; run by every runtime on its own entry of the package.

export const INPUT = { profitable_pct: 0.6, underwater_pct: 0.1, liquidity_score: 80, trend: "stable" };

const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
const text = (answer) => new TextDecoder().decode(answer);

/** Name and body of each law; a body throws where the law is broken. */
export function laws(trimtab) {
  const { Book, ERROR_CODES, HubBook, METHODS, Policy, TrimtabError, call, callBytes, callColumns, moduleDigest } = trimtab;
  const same = (a, b) => {
    const [left, right] = [a, b].map((value) => JSON.stringify(value, ordered));
    if (left !== right) throw new Error(`${left} is not ${right}`);
  };
  const thrown = (run) => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof TrimtabError)) throw error;
      return error;
    }
    throw new Error("nothing was thrown");
  };
  const refused = (input, operation = "health.score") => thrown(() => call(operation, input));
  const decided = () => call("health.score", INPUT);
  return {
    "objects, Maps, bigints and typed methods decide alike": () => {
      same(decided().decision, { budget_multiplier: 0.75, score: 72, tier: "thriving" });
      same(call("health.score", new Map(Object.entries(INPUT))), decided());
      same(call("health.score", { ...INPUT, liquidity_score: 80n }), decided());
      same(new Policy().healthScore(INPUT), decided());
      same(new Book("policy").call("health.score", INPUT), decided());
    },
    "bytes decide as objects do, and the bytes are canonical": () => {
      const answer = text(callBytes("health.score", bytes(INPUT)));
      same(JSON.parse(answer), decided());
      if (answer !== JSON.stringify(JSON.parse(answer), ordered).replace(/(?<=[:,[])(\d+)(?=\.0\b)/g, "$1")) {
        throw new Error(`keys are not sorted: ${answer}`);
      }
      same(text(new Policy().callBytes("health.score", bytes(INPUT))), answer);
      same(text(new Book("policy").callBytes("health.score", bytes(INPUT))), answer);
    },
    "a book of a hub plans like the operation, with bigints": () => {
      const fee = { requested_at: 1795171487000, fee_paid_upfront: 10n ** 18n, policy_version: 1 };
      const bob = {
        account_id: "bob",
        deltas: [{ token_id: 1, offdelta: 2n ** 70n, left_credit_limit: 2n ** 72n }],
        requests: [{ token_id: 1, amount: 2n ** 70n, fee }],
      };
      const state = { hub_id: "hub", now: 1795171727000, tokens: { 1: { decimals: 18 } }, reserves: { 1: 2n ** 72n } };
      const whole = new Policy().hubPlan({ ...state, accounts: [bob] });
      const book = new HubBook({ state });
      same(book.setAccount(bob).decision, { accounts: 1, changed: true });
      const planned = book.plan({ now: state.now });
      if (planned.decision.actions[0]?.amount !== 2n ** 70n) throw new Error("no deposit of every digit");
      const plain = (value) => JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each));
      same(plain(planned.decision), plain(whole.decision));
      const digest = book.digest().decision.digest;
      same(book.apply({ plan: planned.decision }).decision.changed, true);
      if (book.digest().decision.digest === digest) throw new Error("nothing changed");
      book.close();
    },
    "bad bytes come back as an error, never as an exception": () => {
      for (const [operation, input] of [["health.score", bytes({})], ["no.such", bytes({})], ["health.score", new Uint8Array([255])]]) {
        same(Object.keys(JSON.parse(text(callBytes(operation, input)))), ["error"]);
      }
    },
    "a thrown error has code, field, got and expected": () => {
      const error = refused({ ...INPUT, profitable_pct: 1.5 });
      same([error.name, error.code, error.field, error.got, error.expected], ["TrimtabError", "out_of_range", "profitable_pct", "1.5", "a number in 0..=1"]);
      if (!(error instanceof Error) || !error.stack || "offset" in error) throw new Error("no plain Error");
      if (!ERROR_CODES.includes(error.code)) throw new Error("an unlisted code");
      same(refused({}, "no.such").code, "unknown_operation");
    },
    "what is no value is malformed, with its path": () => {
      for (const trend of [() => 1, Symbol("x"), new Date(0), new Set([1]), "\ud800"]) {
        const error = refused({ ...INPUT, trend });
        same([error.code, error.field], ["malformed", "trend"]);
      }
      same(refused({ reasons: [{}, () => 1] }, "policy.explain").field, "reasons[0].code".replace("[0].code", "[1]"));
      const hostile = { get trend() { throw new Error("mine"); } };
      same([refused(hostile).code, refused(hostile).field], ["malformed", "trend"]);
      const revoked = Proxy.revocable({}, {});
      revoked.revoke();
      same(refused(revoked.proxy).code, "malformed");
    },
    "NaN, infinities, booleans and huge bigints are refused where a share is due": () => {
      for (const profitable_pct of [NaN, Infinity, -Infinity, 2n ** 300n, -1n]) {
        same(refused({ ...INPUT, profitable_pct }).code, "out_of_range");
      }
      same(refused({ ...INPUT, profitable_pct: true }).code, "malformed");
    },
    "an undefined field is an absent field": () => {
      same(call("health.score", { ...INPUT, colour: undefined }), decided());
      same(refused({ ...INPUT, trend: undefined }).code, "missing_field");
      same(refused({ ...INPUT, colour: 1 }).code, "unknown_field");
    },
    "a cycle ends with the words that deep bytes end with": () => {
      const cycle = {};
      cycle.next = cycle;
      const error = refused(cycle);
      const deep = JSON.parse(text(callBytes("health.score", new TextEncoder().encode('{"next":'.repeat(500))))).error;
      same([error.code, error.field, error.got, error.expected], [deep.code, deep.field, deep.got, deep.expected]);
    },
    "objects may nest as deep as bytes may": () => {
      for (const depth of [126, 127, 128, 129]) {
        const json = "[".repeat(depth) + "]".repeat(depth);
        const { got, expected } = JSON.parse(text(callBytes("health.score", new TextEncoder().encode(json)))).error;
        const error = refused(JSON.parse(json));
        same([error.got, error.expected], [got, expected]);
      }
    },
    "one key given twice in a Map is a duplicate": () => {
      same(refused(new Map([[1, 1], ["1", 1]])).code, "duplicate");
    },
    "a policy has a digest that its config decides": () => {
      const plan = new Policy();
      same([plan.profile, plan.digest], ["plan", decided().policy.config]);
      const changed = new Policy("plan", { health: { max_multiplier: 1.5 } });
      if (changed.digest === plan.digest) throw new Error("one digest for two configs");
      same(thrown(() => new Policy("nobody")).field, "profile");
      same(thrown(() => new Policy("plan", { health: { max_multiplier: "x" } })).code, "malformed");
    },
    "every operation has its method": () => {
      const { operations } = call("policy.describe", {}).decision;
      same(operations.map((operation) => operation.name).sort(), Object.keys(METHODS).sort());
      for (const method of Object.values(METHODS)) {
        if (typeof Policy.prototype[method] !== "function") throw new Error(`no method ${method}`);
      }
    },
    "columns answer in bytes and throw on bad ones": () => {
      const empty = new Uint8Array(16);
      empty.set(new TextEncoder().encode("TTC1"));
      same(text(callColumns("hub.match_columns", empty).subarray(0, 4)), "TTC1");
      same(thrown(() => callColumns("hub.match_columns", new Uint8Array(3))).code, "malformed");
    },
    "amounts of 256 bits keep every digit both ways": () => {
      const most = 2n ** 256n - 1n;
      const spenders = [{ id: "s", token_id: 1, amount: most }];
      const receivers = [{ id: "r", token_id: 1, amount: most.toString() }];
      const [{ amount }] = call("hub.match", { spenders, receivers }).decision.tokens[0].matches;
      if (amount !== most) throw new Error(`${amount}`);
    },
    "the module's digest is known": () => {
      if (!/^[0-9a-f]{64}$/.test(moduleDigest)) throw new Error(moduleDigest);
    },
  };
}

function ordered(_key, value) {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Runs every law; the names of the broken ones. */
export function run(trimtab) {
  const broken = [];
  const all = Object.entries(laws(trimtab));
  for (const [name, law] of all) {
    try {
      law();
    } catch (error) {
      broken.push(`${name}: ${error.stack ?? error}`);
    }
  }
  return { count: all.length, broken };
}
