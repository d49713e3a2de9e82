// Signatures of real nodes in the npm package:
//   node verify.mjs FILE      prints the microseconds of one
import { readFileSync } from "node:fs";
import { median, trimtab } from "./package.mjs";

const policy = new trimtab.Policy();
const encode = ({ pubkey, message, zbase }) =>
  new TextEncoder().encode(JSON.stringify({ pubkey, signature: zbase, text: message }));
const inputs = JSON.parse(readFileSync(process.argv[2], "utf8")).map(encode);
const times = [];
for (let round = 0; round <= 15; round += 1) {
  const begin = performance.now();
  for (const input of inputs) {
    const answer = new TextDecoder().decode(policy.callBytes("gossip.verify", input));
    if (!answer.includes('"valid":true')) throw new Error(answer);
  }
  if (round > 0) times.push(((performance.now() - begin) * 1e3) / inputs.length);
}
console.log(median(times));
