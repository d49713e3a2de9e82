// Ids of entities as the runtime compares them: 64 lower-case digits; what is no hex is only lower-cased.

const FULL = /^0x[0-9a-f]{64}$/;
const HEX = /^0x[0-9a-f]{0,63}$/;

/** The form of an id that decides which side an entity is on. */
export function normalId(id: string): string {
  if (FULL.test(id)) return id;
  const lower = id.toLowerCase();
  return HEX.test(lower) ? `0x${lower.slice(2).padStart(64, "0")}` : lower;
}
