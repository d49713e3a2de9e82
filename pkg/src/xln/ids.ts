// Ids of entities as the runtime compares them: 64 lower-case digits; what is no hex is only lower-cased.

const FULL = /^0x[0-9a-f]{64}$/;
const HEX = /^0x[0-9a-f]{0,63}$/;

/** Whether an id is as long as a normal one and as it is compared; cheaper than making sure that it is hexadecimal. */
export function isFullId(id: string): boolean {
  return id.length === 66 && id.startsWith("0x") && id === id.toLowerCase();
}

/** The form of an id that decides which side an entity is on. */
export function normalId(id: string): string {
  if (FULL.test(id)) return id;
  const lower = id.toLowerCase();
  return HEX.test(lower) ? `0x${lower.slice(2).padStart(64, "0")}` : lower;
}
