// A hub of the later runtime through `trimtab/xln`, against the same detection and matching in plain
// JavaScript, as one would write it by hand:
//   node hub.mjs [ACCOUNTS] [CHANGED]      prints JSON rows; the same under bun
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { spawnSync } from "node:child_process";
import { median, trimtab } from "./package.mjs";

const folder = join(import.meta.dirname, "../../pkg");
const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const xln = await import(pathToFileURL(join(folder, exports["./xln"].import.default)).href);

const accounts = Number(process.argv[2] ?? 100_000);
const changed = Number(process.argv[3] ?? 10);
const runtime = typeof Bun === "undefined" ? `node ${process.versions.node}` : `bun ${Bun.version}`;
const USDC = 1_000_000n;
const HUB = `0x${"77".repeat(32)}`;
const id = (n) => `0x${(n * 2654435761 % 4294967296).toString(16).padStart(8, "0")}${n.toString(16).padStart(56, "0")}`;
const none = new Map();

/** An account with a balance; `n` decides everything. */
function account(n, asks) {
  const row = {
    collateral: BigInt(n % 7) * 100n * USDC,
    ondelta: BigInt(n % 5) * 50n * USDC,
    offdelta: (BigInt(n % 2000) - 1000n) * USDC,
    leftCreditLimit: 10_000n * USDC,
    rightCreditLimit: 10_000n * USDC,
    leftAllowance: 0n,
    rightAllowance: 0n,
    leftHold: 0n,
    rightHold: 0n,
  };
  const fee = { requestId: "r", feeTokenId: 1, feePaidUpfront: 10n * USDC, requestedAmount: 100n * USDC, policyVersion: 1, requestedAt: 1_000 + n, requestedByLeft: false };
  return {
    state: { deltas: new Map([[1, row]]), requestedRebalance: asks ? new Map([[1, 100n * USDC]]) : none, requestedRebalanceFeeState: asks ? new Map([[1, fee]]) : none },
    status: "active",
    mempool: [],
    shadow: { rebalance: { submittedAtByToken: none } },
  };
}

function hub(count, asks) {
  const all = new Map();
  for (let n = 0; n < count; n += 1) all.set(id(n), account(n, asks(n)));
  return { entityId: HUB, state: { timestamp: 1_800_000_000_000, reserves: new Map([[1, 50_000n * USDC]]), accounts: all, hubRebalanceConfig: {} } };
}

/** What one would write by hand: one pass, two sorts, two pointers. */
function plain({ entityId, state }) {
  const tokens = new Map();
  const of = (token) => {
    let sides = tokens.get(token);
    if (sides === undefined) tokens.set(token, (sides = { spenders: [], receivers: [] }));
    return sides;
  };
  for (const [peer, { state: part, status }] of state.accounts) {
    if (status !== "active") continue;
    const left = entityId < peer;
    for (const [token, { collateral, ondelta, offdelta, leftHold, rightHold }] of part.deltas) {
      const total = ondelta + offdelta;
      const share = total <= 0n ? 0n : total > collateral ? collateral : total;
      const own = left ? share : collateral - share;
      const claim = left ? (total < 0n ? -total : 0n) : total > collateral ? total - collateral : 0n;
      const asked = part.requestedRebalance.get(token) ?? 0n;
      if (asked > 0n) {
        const amount = asked < claim ? asked : claim;
        if (amount > 0n) of(token).receivers.push({ peer, amount, at: part.requestedRebalanceFeeState.get(token).requestedAt });
        continue;
      }
      const free = own - (left ? leftHold : rightHold);
      if (free > 0n) of(token).spenders.push({ peer, amount: free });
    }
  }
  const matches = [];
  for (const [token, { spenders, receivers }] of tokens) {
    spenders.sort((a, b) => (a.amount > b.amount ? -1 : a.amount < b.amount ? 1 : a.peer < b.peer ? -1 : 1));
    receivers.sort((a, b) => (a.amount > b.amount ? -1 : a.amount < b.amount ? 1 : a.at - b.at || (a.peer < b.peer ? -1 : 1)));
    let [i, j] = [0, 0];
    let have = spenders[0]?.amount ?? 0n;
    let want = receivers[0]?.amount ?? 0n;
    while (i < spenders.length && j < receivers.length) {
      const amount = have < want ? have : want;
      matches.push({ token, spender: spenders[i].peer, receiver: receivers[j].peer, amount });
      have -= amount;
      want -= amount;
      if (have === 0n && ++i < spenders.length) have = spenders[i].amount;
      if (want === 0n && ++j < receivers.length) want = receivers[j].amount;
    }
  }
  return matches;
}

const rows = [];
const row = (name, value) => {
  rows.push({ name, runtime, ...value });
  console.log(JSON.stringify(rows.at(-1)));
};
const timed = (run) => {
  const begin = performance.now();
  run();
  return performance.now() - begin;
};
const rounded = (value) => Number(value.toPrecision(3));

{
  // Ten accounts ask, the others have balances only.
  const big = hub(accounts, (n) => n % Math.ceil(accounts / 10) === 0);
  const passes = [];
  for (let round = 0; round < 7; round += 1) passes.push(timed(() => plain(big)));
  const pass = median(passes);
  const fills = [];
  for (let round = 0; round < 5; round += 1) {
    const fresh = new xln.HubBookSync({ profile: "xln" });
    fills.push(timed(() => fresh.sync(big, { changed: [], shape: "head" })));
    fresh.close();
  }
  const book = new xln.HubBookSync({ profile: "xln" });
  book.sync(big, { changed: [], shape: "head" });
  row("first load", { accounts, plain_ms: rounded(pass), trimtab_ms: rounded(median(fills)), times_plain: rounded(median(fills) / pass) });
  const ticks = [];
  for (let round = 0; round < 400; round += 1) {
    const ids = [];
    for (let n = 0; n < changed; n += 1) {
      const which = (round * 7919 + n * 104_729) % accounts;
      big.state.accounts.set(id(which), account(which + round, false));
      ids.push(id(which));
    }
    big.state.timestamp += 1_000;
    ticks.push(timed(() => {
      book.sync(big, { changed: ids, shape: "head" });
      book.plan();
    }));
  }
  const tick = median(ticks.slice(100));
  row("tick", { accounts, changed, plain_ms: rounded(pass), trimtab_ms: rounded(tick), times_faster: rounded(pass / tick) });
  book.close();
}
{
  const open = hub(accounts, () => true);
  const pass = median([1, 2, 3].map(() => timed(() => plain(open))));
  const book = new xln.HubBookSync({ profile: "xln" });
  const fill = timed(() => book.sync(open, { changed: [], shape: "head" }));
  const first = timed(() => book.plan());
  row("all open, first tick", { accounts, plain_ms: rounded(pass), fill_ms: rounded(fill), trimtab_ms: rounded(first) });
  book.close();
}
{
  const small = hub(1_000, (n) => n % 10 === 0);
  const policy = new trimtab.Policy("xln");
  const passes = [];
  const plans = [];
  for (let round = 0; round < 60; round += 1) {
    passes.push(timed(() => plain(small)));
    plans.push(timed(() => policy.hubPlan(xln.hubState(small, { shape: "head" }))));
  }
  row("state and plan as objects", { accounts: 1_000, plain_ms: rounded(median(passes.slice(20))), trimtab_ms: rounded(median(plans.slice(20))) });
}
{
  const code = `const { initSync } = await import(${JSON.stringify(pathToFileURL(join(folder, exports["."].node.import.default)).href)}); const t = performance.now(); initSync(); console.log(performance.now() - t);`;
  const times = [];
  for (let round = 0; round < 7; round += 1) {
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code].slice(typeof Bun === "undefined" ? 0 : 1), { encoding: "utf8" });
    times.push(Number(stdout));
  }
  row("cold initSync", { trimtab_ms: rounded(median(times)) });
}
