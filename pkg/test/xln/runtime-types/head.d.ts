// What the runtime of August 2026 declares, in our own words: only so that the example in the docs
// can be compiled without the runtime.

export interface Collection<K, V> extends ReadonlyMap<K, V> {
  updated(key: K, value: V): Collection<K, V>;
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
  leftHold: bigint;
  rightHold: bigint;
}

export type SettlementOp =
  | { type: "r2c"; tokenId: number; amount: bigint }
  | { type: "c2r"; tokenId: number; amount: bigint }
  | { type: "r2r"; tokenId: number; amount: bigint }
  | { type: "forgive"; tokenId: number }
  | { type: "rawDiff"; tokenId: number; leftDiff: bigint; rightDiff: bigint; collateralDiff: bigint; ondeltaDiff: bigint };

export interface AccountReplica {
  state: {
    leftEntity: string;
    rightEntity: string;
    deltas: Collection<number, Delta>;
    settlementWorkspace?: {
      workspaceHash: string;
      ops: SettlementOp[];
      leftHanko?: string;
      rightHanko?: string;
      settlementHash?: string;
      lastModifiedByLeft: boolean;
      status: "draft" | "awaiting_counterparty" | "ready_to_submit" | "submitted";
      revision: number;
      createdAt: number;
      lastUpdatedAt: number;
      executorIsLeft: boolean;
      postSettlementDisputeProof?: { disputeHash: string };
    };
    requestedRebalance: Collection<number, bigint>;
    requestedRebalanceFeeState: Collection<
      number,
      {
        requestId: string;
        feeTokenId: number;
        feePaidUpfront: bigint;
        requestedAmount: bigint;
        policyVersion: number;
        requestedAt: number;
        requestedByLeft: boolean;
        refund?: { reason: "policy_mismatch" | "timeout" | "fee_too_low" | "manual"; refundedAmount: bigint };
      }
    >;
  };
  status: "active" | "dispute_preparing" | "disputed";
  mempool: Array<{ type: "settle_transition"; data: { kind: string } } | { type: "direct_payment"; data: { amount: bigint } }>;
  pendingFrame?: { height: number; accountTxs: Array<{ type: "settle_transition" } | { type: "direct_payment" }> };
  shadow: { rebalance: { policy: Collection<number, unknown>; submittedAtByToken: Collection<number, number> } };
}

export interface JBatch {
  reserveToExternalToken: Array<{ receivingEntity: string; tokenId: number; amount: bigint }>;
  externalTokenToReserve: Array<{ entity: string; internalTokenId: number; amount: bigint }>;
  reserveToReserve: Array<{ receivingEntity: string; tokenId: number; amount: bigint }>;
  reserveToCollateral: Array<{ tokenId: number; receivingEntity: string; pairs: Array<{ entity: string; amount: bigint }> }>;
  collateralToReserve: Array<{ counterparty: string; tokenId: number; amount: bigint; nonce: number; sig: string }>;
  settlements: Array<{
    leftEntity: string;
    rightEntity: string;
    diffs: Array<{ tokenId: number; leftDiff: bigint; rightDiff: bigint; collateralDiff: bigint; ondeltaDiff: bigint }>;
    forgiveDebtsInTokenIds: number[];
    sig: string;
    nonce: number;
  }>;
  disputeStarts: Array<{ counterentity: string }>;
  counterDisputes: Array<{ counterentity: string }>;
  disputeFinalizations: Array<{ counterentity: string }>;
  flashloans: Array<{ tokenId: number; amount: bigint }>;
  revealSecrets: Array<{ transformer: string; secret: string }>;
  hashLadderRegistrations: Array<{ counterpartyEntity: string }>;
}

export interface JBatchState {
  batch: JBatch;
  jurisdiction: { name: string } | null;
  lastBroadcast: number;
  broadcastCount: number;
  failedAttempts: number;
  status: "empty" | "accumulating" | "sent" | "failed";
  sentBatch?: { batch: JBatch; batchHash: string; encodedBatch: string; entityNonce: number; firstSubmittedAt: number; lastSubmittedAt: number; submitAttempts: number };
  recoveryBatches?: JBatch[];
}

export interface EntityAccountMap extends ReadonlyMap<string, AccountReplica> {
  workCount(flag: number): number;
}

export interface EntityState {
  timestamp: number;
  reserves: Map<number, bigint>;
  accounts: EntityAccountMap;
  jBatchState?: JBatchState;
  hubRebalanceConfig?: { hubName?: string; matchingStrategy: "amount" | "time" | "fee"; policyVersion: number; routingFeePPM: number; baseFee: bigint; rebalanceLiquidityFeeBps: bigint };
  outDebtsByToken?: Map<number, Map<string, { status: "open" | "paid"; remainingAmount: bigint }>>;
}

export interface EntityTransitionContext {
  entityId: string;
  state: EntityState;
}

export interface EntityRuntimeContext {
  state: { timestamp: number };
}

export interface CrontabTaskState {
  method: "hubRebalance";
  intervalMs: number;
  lastRun: number;
  enabled: boolean;
  params: Record<string, string | number | boolean>;
}

export type EntityCandidateEffect = { kind: "debug"; payload: Record<string, unknown> } | { kind: "profile"; entityId: string };

export interface CrontabExecutionContext {
  manualBroadcastInInput: boolean;
  hashesToSign?: Array<{ hash: string }>;
  accountChanges: Set<string>;
  candidateEffects?: EntityCandidateEffect[];
}

export type EntityTx =
  | { type: "r2c"; data: { counterpartyId: string; tokenId: number; amount: bigint; receivingEntityId?: string } }
  | { type: "settle_propose"; data: { counterpartyEntityId: string; ops: SettlementOp[]; executorIsLeft?: boolean; memo?: string } }
  | { type: "settle_execute"; data: { counterpartyEntityId: string; disableC2RShortcut?: boolean } }
  | { type: "settle_reject"; data: { counterpartyEntityId: string; reason?: string } }
  | { type: "j_abort_sent_batch"; data: { reason?: string; requeueToCurrent?: boolean } }
  | { type: "j_broadcast"; data: { hankoSignature?: string } }
  | { type: "chatMessage"; data: { message: string; timestamp: number; metadata?: { type: string; [key: string]: unknown } } };

export interface EntityInput {
  entityId: string;
  signerId: string;
  entityTxs?: EntityTx[];
}

export function batchAddReserveToCollateral(state: JBatchState, entityId: string, counterpartyId: string, tokenId: number, amount: bigint): void;
export function cloneJBatch(batch: JBatch): JBatch;
export function initJBatch(): JBatchState;
export function getEntityAccountForWrite(accounts: EntityAccountMap, entityId: string): AccountReplica | undefined;
export function requirePersistentAccountStateMap<K extends number | string, V>(map: Collection<K, V> | undefined, namespace: "rebalanceShadowSubmitted" | "deltas"): Collection<K, V>;
export function getEntityLeaderState(state: EntityState): { activeValidatorId: string };
