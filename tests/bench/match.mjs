// The matcher of the npm package against plain JavaScript on objects with bigint:
//   node match.mjs FILE…      prints one JSON row a file
import { readFileSync } from "node:fs";
import { median, trimtab } from "./package.mjs";

const policy = new trimtab.Policy();

const bySize = (a, b) => (a.amount > b.amount ? -1 : a.amount < b.amount ? 1 : a.id < b.id ? -1 : 1);

/** What one would write by hand: two sorts and two pointers, largest first. */
const plain = ({ spenders, receivers }) => {
  const from = spenders.toSorted(bySize);
  const to = receivers.toSorted((a, b) =>
    a.amount !== b.amount ? (a.amount > b.amount ? -1 : 1) : a.requested_at - b.requested_at || (a.id < b.id ? -1 : 1));
  const matches = [];
  let [i, j] = [0, 0];
  let left = from[0]?.amount ?? 0n;
  let want = to[0]?.amount ?? 0n;
  while (i < from.length && j < to.length) {
    const amount = left < want ? left : want;
    matches.push({ spender: from[i].id, receiver: to[j].id, amount });
    left -= amount;
    want -= amount;
    if (left === 0n && ++i < from.length) left = from[i].amount;
    if (want === 0n && ++j < to.length) want = to[j].amount;
  }
  return { matches, unmatched_spenders: from.slice(i), unmatched_receivers: to.slice(j) };
};

const columns = ({ spenders, receivers }) => {
  const bytes = new Uint8Array(16 + 32 * spenders.length + 72 * receivers.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x54, 0x54, 0x43, 0x31]);
  view.setUint32(8, spenders.length, true);
  view.setUint32(12, receivers.length, true);
  let at = 16;
  for (const { amount } of [...spenders, ...receivers]) {
    view.setBigUint64(at, amount & 0xffffffffffffffffn, true);
    view.setBigUint64(at + 8, amount >> 64n, true);
    at += 32;
  }
  for (const { requested_at } of receivers) {
    view.setBigUint64(at, BigInt(requested_at), true);
    at += 8;
  }
  return bytes;
};

for (const file of process.argv.slice(2)) {
  const text = readFileSync(file);
  const parsed = JSON.parse(text.toString());
  const native = (entries) => entries.map((entry) => ({ ...entry, amount: BigInt(entry.amount) }));
  const input = { ...parsed, spenders: native(parsed.spenders), receivers: native(parsed.receivers) };
  const packed = columns(input);
  const count = input.spenders.length;
  const ways = { plain: () => plain(input) };
  if (trimtab.callColumns) ways.columns = () => trimtab.callColumns("hub.match_columns", packed);
  ways.bytes = () => policy.callBytes("hub.match", text);
  if (count <= 10_000) ways.objects = () => policy.hubMatch(input);
  const times = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  // Interleaved, so that a busy moment of the machine hits both.
  const rounds = count >= 100_000 ? 7 : 15;
  for (let round = 0; round <= rounds; round += 1) {
    for (const [way, run] of Object.entries(ways)) {
      const begin = performance.now();
      run();
      if (round > 0) times[way].push(performance.now() - begin);
    }
  }
  const row = Object.fromEntries(Object.entries(times).map(([way, list]) => [way, median(list)]));
  console.log(JSON.stringify({ count, ...row }));
}
