// What every entry exports; the entry files add where the module's bytes are.

export { TrimtabError } from "./error.js";
export type { ErrorRecord } from "./error.js";
export * from "./generated.js";
export { FleetBook, HubBook, PolicyMethods } from "./methods.js";
export { init, initSync, moduleDigest } from "./load.js";
export type { ModuleSource } from "./load.js";
export { Book } from "./book.js";
export { Policy, call, callBytes, callColumns } from "./policy.js";
