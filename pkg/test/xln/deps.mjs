// The runtime's helpers as a module, for the example of the docs.
import { deps } from "./support.mjs";

export const { batchAddReserveToCollateral, cloneJBatch, initJBatch, getEntityAccountForWrite, getEntityLeaderState, requirePersistentAccountStateMap } = deps;
