# A hub engineer: which spenders cover which receivers? Types are checked by the compiler.
npm i trimtab typescript@5
cat >ask.mts <<'END'
import { init, Policy } from "trimtab";
await init();
const one = (id: string) => [{ id, token_id: 1, amount: 9n }];
const plan = new Policy().hubMatch({ spenders: one("alice"), receivers: one("bob") });
console.log(plan.decision.tokens[0].matches);
END
npx tsc -m nodenext ask.mts
node ask.mjs
