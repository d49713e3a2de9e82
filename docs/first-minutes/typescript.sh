# A hub engineer: which spenders cover which receivers? Types are checked by the compiler.
npm install --silent trimtab typescript@5
cat >match.mts <<'END'
import { init, Policy } from "trimtab";
await init();
const one = (id: string) => [{ id, token_id: 1, amount: 9n }];
console.log(new Policy("plan").hubMatch({ spenders: one("alice"), receivers: one("bob") }).decision.tokens);
END
npx tsc -t es2022 -m nodenext match.mts
node match.mjs
