// One look of a monitor in a process of its own, which the test kills: STORE BASE CLOCK SOURCE
import { xln, xlnNode, numbered, replica } from "./support.mjs";

const [, , path, base, clock, kind] = process.argv;
const store = xlnNode.fileStore(path);
const read = async () => {
  const { reserve } = await (await fetch(`${base}/state`)).json();
  return { replica: replica("head", { hubId: numbered(7), now: 1_000, reserves: [[1, BigInt(reserve)]] }) };
};
const template = xln.presets.treasury(base);
const { queryUrl, ...dumb } = template;
const source = xln.httpSource(kind === "dumb" ? { ...dumb, idempotent: false } : template);
const monitor = new xln.ReserveMonitor({ read, sources: { treasury: source }, store, now: () => Number(clock), patience: { tries: 2, backoffMs: 1, timeoutMs: 60_000 } });
await monitor.look();
const { intents, lastError } = monitor.status();
console.log(JSON.stringify({ lastError, intents: intents.map(({ id, seen, parts }) => ({ id, seen, states: parts.map(({ state }) => state) })) }));
store.close();
