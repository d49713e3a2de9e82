// What the runtime of the plan's point declares, in our own words: only so that the example in the
// docs can be compiled without the runtime.

export interface Env {
  timestamp: number;
}

export interface Delta {
  tokenId: number;
  collateral: bigint;
  ondelta: bigint;
  offdelta: bigint;
  leftCreditLimit: bigint;
  rightCreditLimit: bigint;
  leftAllowance: bigint;
  rightAllowance: bigint;
  leftSettleHold?: bigint;
  rightSettleHold?: bigint;
}

export interface SettlementDiff {
  tokenId: number;
  leftDiff: bigint;
  rightDiff: bigint;
  collateralDiff: bigint;
  ondeltaDiff: bigint;
}

export interface AccountMachine {
  leftEntity: string;
  rightEntity: string;
  mempool: Array<{ type: "settle_hold"; data: { workspaceVersion: number } } | { type: "request_rebalance"; data: { tokenId: number } }>;
  deltas: Map<number, Delta>;
  pendingFrame?: { height: number; accountTxs: Array<{ type: "settle_hold" } | { type: "payment" }> };
  settlementWorkspace?: {
    diffs: SettlementDiff[];
    forgiveTokenIds: number[];
    leftHanko?: string;
    rightHanko?: string;
    initiatedBy: "left" | "right";
    status: "draft" | "awaiting_counterparty" | "ready_to_submit";
    version: number;
    createdAt: number;
    lastUpdatedAt: number;
    broadcastByLeft: boolean;
  };
  activeDispute?: { disputeTimeout: number };
  requestedRebalance: Map<number, bigint>;
}

export interface EntityReplica {
  entityId: string;
  signerId: string;
  state: {
    entityId: string;
    height: number;
    timestamp: number;
    config: { validators: string[]; threshold: bigint };
    reserves: Map<string, bigint>;
    accounts: Map<string, AccountMachine>;
    // biome-ignore lint: the runtime leaves it open
    jBatchState?: any;
    debts?: Array<{ creditor: string; tokenId: number; amount: bigint; index: number }>;
  };
}

export type EntityTx =
  | { type: "deposit_collateral"; data: { counterpartyId: string; tokenId: number; amount: bigint } }
  | { type: "settle_propose"; data: { counterpartyEntityId: string; diffs: SettlementDiff[]; forgiveTokenIds?: number[]; memo?: string } }
  | { type: "settle_approve"; data: { counterpartyEntityId: string } }
  | { type: "settle_execute"; data: { counterpartyEntityId: string } }
  | { type: "settle_reject"; data: { counterpartyEntityId: string; reason?: string } }
  | { type: "j_broadcast"; data: { hankoSignature?: string } }
  | { type: "j_clear_batch"; data: { reason?: string } }
  | { type: "chatMessage"; data: { message: string; timestamp: number; metadata?: { type: string; tokenId?: number; [key: string]: any } } };

export interface EntityInput {
  entityId: string;
  entityTxs?: EntityTx[];
}

export interface CrontabTask {
  name: string;
  intervalMs: number;
  lastRun: number;
  handler: (env: Env, replica: EntityReplica) => Promise<EntityInput[]>;
}
