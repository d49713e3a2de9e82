// Answers every case through the npm package, in Node and in Bun:
//   node run.mjs SURFACE CASES ANSWERS
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , , cases, answers] = process.argv;
const folder = join(import.meta.dirname, "../../pkg");
// As another package would find it, by its own list of exports.
const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const entry = exports["."].node.import.default;
const { Book, Policy, TrimtabError, initSync, moduleDigest } = await import(pathToFileURL(join(folder, entry)).href);
const bytes = readFileSync(join(folder, "module/trimtab.wasm"));
initSync(bytes);
const promised = readFileSync(join(folder, "module/trimtab.wasm.sha256"), "utf8").split(" ")[0];
if (moduleDigest !== promised) throw new Error(`the module is ${moduleDigest}, not ${promised}`);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

const native = (json) => {
  if (Array.isArray(json)) return json.map(native);
  if (json === null || typeof json !== "object") return json;
  const entries = Object.entries(json);
  if (entries.length === 1 && typeof entries[0][1] === "string") {
    if ("$f64" in json && ["NaN", "Infinity", "-Infinity"].includes(json.$f64)) return Number(json.$f64);
    if ("$int" in json) return BigInt(json.$int);
  }
  return Object.fromEntries(entries.map(([key, entry]) => [key, native(entry)]));
};

const plain = (_, value) => {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) return { $f64: String(value) };
  return value;
};

const record = (error) => {
  if (!(error instanceof TrimtabError)) throw error;
  const { code, expected, field, got, offset } = error;
  return { error: { code, expected, field, got, ...(offset === undefined ? {} : { offset }) } };
};

const attempt = (run) => {
  try {
    return run();
  } catch (error) {
    return record(error);
  }
};

const policyOf = (job) => new Policy(job.profile, job.config === null ? undefined : native(job.config));
const camel = (method) => method.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

const byBytes = (job) => {
  const answer = attempt(() => decoder.decode(policyOf(job).callBytes(job.op, encoder.encode(job.text))));
  return typeof answer === "string" ? answer : JSON.stringify(answer);
};

const byMethod = (job) => attempt(() => policyOf(job)[camel(job.method)](native(job.typed)));

const session = (job) => {
  const opened = () => new Book(job.op, native(job.typed));
  const answer = attempt(() => {
    const book = opened();
    const ask = ({ method, input }) => decoder.decode(book.callBytes(method, encoder.encode(JSON.stringify(input))));
    return job.steps.map(ask).join("\n");
  });
  const typed = attempt(() => {
    const book = opened();
    return { decision: job.steps.map(({ method, input }) => attempt(() => book.call(method, native(input)))) };
  });
  return { bytes: typeof answer === "string" ? answer : JSON.stringify(answer), typed };
};

const lines = readFileSync(cases, "utf8").split("\n").filter((line) => line !== "");
const answered = lines.map((line) => {
  const job = JSON.parse(line);
  if (job.steps.length > 0) return JSON.stringify(session(job), plain);
  const typed = job.typed === null ? null : byMethod(job);
  return JSON.stringify({ bytes: byBytes(job), typed }, plain);
});
writeFileSync(answers, answered.map((line) => `${line}\n`).join(""));
