/**
 * What a hub of the runtime installs. The plan's own names for the runtime that the plan was written
 * against, a drop-in for the body of the handler of the later one, and below both the reading of
 * their objects and the writing of their transactions. Load the module first: `initSync()` of
 * `trimtab` (or of `trimtab/inline`), before the first frame.
 *
 * @module
 */

export * from "./shapes.js";
export { hubState } from "./state.js";
export type { Decimals, HubState, HubStateOptions } from "./state.js";
export { entityTxs } from "./transactions.js";
export type { EntityTxsOptions } from "./transactions.js";
export { policyIdentity } from "./policy.js";
export type { Expected, HubPolicy, PolicyIdentity } from "./policy.js";
export type { Control, HeldBack, HoldReason, Selector } from "./control.js";
export type { HubOptions, HubTick, ReplenishIntent, SetAside } from "./tick.js";
export type { Difference, ShadowTick } from "./shadow.js";
export { HubBookSync } from "./book.js";
export type { Synced, SyncOptions } from "./book.js";
export { checkHubReservesHandler, detectRebalanceOpportunities, executeRebalanceHandler, findRebalanceMatches, hubTasks } from "./plan-point.js";
export type { DetectOptions, HubHandler, HubTask, HubTasksOptions, MemoryStore, RebalanceMatch, RebalanceOpportunity } from "./plan-point.js";
export { PARAMS, createHubRebalanceHandler, taskParams } from "./head.js";
export type { HeadDeps, HeadEnv, HeadExecution, HeadHandler, HeadOptions, HeadTask } from "./head.js";
export { ReserveMonitor } from "./monitor.js";
export type { MonitorEvent, MonitorOptions, MonitorStatus, Patience, Reading, TokenStatus } from "./monitor.js";
export { httpSource, presets, treasury } from "./source.js";
export type { Credentials, HttpTemplate, ReplenishAsk, ReplenishSource, Secret, SourceReply } from "./source.js";
export { memoryStore } from "./journal.js";
export type { Intent, IntentStore, Part } from "./journal.js";
