// The parts of the runtime's objects that a hub policy reads, in our own words. Two shapes: the
// point that the rebalance plan was written against (`plan`) and the runtime of August 2026 (`head`).
// Every field that is not named here may be there too.

/** Which of the two shapes an object has. */
export type Shape = "plan" | "head";

/** A map of either shape: a `Map`, or an ordered persistent one. */
export interface MapLike<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  [Symbol.iterator](): Iterator<[K, V] | readonly [K, V]>;
}

/** One token of an account; the holds are six fields at the plan's point and two later. */
export interface RuntimeDelta {
  readonly tokenId?: number;
  readonly collateral: bigint;
  readonly ondelta: bigint;
  readonly offdelta: bigint;
  readonly leftCreditLimit?: bigint;
  readonly rightCreditLimit?: bigint;
  readonly leftAllowance?: bigint;
  readonly rightAllowance?: bigint;
  readonly leftHold?: bigint;
  readonly rightHold?: bigint;
  readonly leftHtlcHold?: bigint;
  readonly rightHtlcHold?: bigint;
  readonly leftSwapHold?: bigint;
  readonly rightSwapHold?: bigint;
  readonly leftSettleHold?: bigint;
  readonly rightSettleHold?: bigint;
}

/** A transaction between the two sides of an account. */
export interface RuntimeAccountTx {
  readonly type: string;
}

/** A frame that waits for the other side. */
export interface RuntimeFrame {
  readonly accountTxs?: ReadonlyArray<RuntimeAccountTx>;
}

/** What a settlement changes. */
export interface SettlementDiff {
  readonly tokenId: number;
  readonly leftDiff: bigint;
  readonly rightDiff: bigint;
  readonly collateralDiff: bigint;
  readonly ondeltaDiff: bigint;
}

/** One operation of a settlement at `head`, seen from its proposer. */
export type RuntimeSettlementOp =
  | { readonly type: "r2c" | "c2r" | "r2r"; readonly tokenId: number; readonly amount: bigint }
  | { readonly type: "forgive"; readonly tokenId: number }
  | ({ readonly type: "rawDiff" } & SettlementDiff);

/** A settlement under way at the plan's point. */
export interface PlanWorkspace {
  readonly diffs: ReadonlyArray<SettlementDiff>;
  readonly initiatedBy: "left" | "right";
  readonly status: "draft" | "awaiting_counterparty" | "ready_to_submit";
  readonly leftHanko?: unknown;
  readonly rightHanko?: unknown;
  readonly createdAt?: number;
  readonly lastUpdatedAt?: number;
}

/** A settlement under way at `head`. */
export interface HeadWorkspace {
  readonly ops: ReadonlyArray<RuntimeSettlementOp>;
  readonly lastModifiedByLeft: boolean;
  readonly executorIsLeft: boolean;
  readonly status: "draft" | "awaiting_counterparty" | "ready_to_submit" | "submitted";
  readonly leftHanko?: unknown;
  readonly rightHanko?: unknown;
  readonly settlementHash?: unknown;
  readonly postSettlementDisputeProof?: unknown;
  readonly createdAt?: number;
  readonly lastUpdatedAt?: number;
}

/** An account at the plan's point. */
export interface PlanAccount {
  readonly leftEntity?: string;
  readonly rightEntity?: string;
  readonly deltas: MapLike<number, RuntimeDelta>;
  readonly requestedRebalance?: MapLike<number, bigint> | undefined;
  readonly mempool?: ReadonlyArray<RuntimeAccountTx> | undefined;
  readonly pendingFrame?: RuntimeFrame | undefined;
  readonly settlementWorkspace?: PlanWorkspace | undefined;
  readonly activeDispute?: unknown;
}

/** What was agreed when a request was made. */
export interface RuntimeFeeState {
  readonly requestId?: string;
  readonly feeTokenId?: number;
  readonly feePaidUpfront: bigint;
  readonly requestedAmount?: bigint;
  readonly policyVersion: number;
  readonly requestedAt: number;
  readonly requestedByLeft?: boolean;
  readonly refund?: { readonly reason?: string; readonly refundedAmount: bigint } | undefined;
}

/** An account at `head`. */
export interface HeadAccount {
  readonly state: {
    readonly leftEntity?: string;
    readonly rightEntity?: string;
    readonly deltas: MapLike<number, RuntimeDelta>;
    readonly requestedRebalance?: MapLike<number, bigint> | undefined;
    readonly requestedRebalanceFeeState?: MapLike<number, RuntimeFeeState> | undefined;
    readonly settlementWorkspace?: HeadWorkspace | undefined;
  };
  readonly status?: "active" | "dispute_preparing" | "disputed";
  readonly mempool?: ReadonlyArray<RuntimeAccountTx> | undefined;
  readonly pendingFrame?: RuntimeFrame | undefined;
  readonly shadow?: {
    readonly rebalance?: { readonly submittedAtByToken?: MapLike<number, number> | undefined } | undefined;
  };
}

/** A batch of on-chain operations; the lists that move no reserve are only counted. */
export interface RuntimeBatch {
  readonly reserveToExternalToken?: ReadonlyArray<{ readonly tokenId: number; readonly amount: bigint }>;
  readonly externalTokenToReserve?: ReadonlyArray<{ readonly internalTokenId: number; readonly amount: bigint }>;
  readonly reserveToReserve?: ReadonlyArray<{ readonly tokenId: number; readonly amount: bigint }>;
  readonly reserveToCollateral: ReadonlyArray<{
    readonly tokenId: number;
    readonly receivingEntity: string;
    readonly pairs: ReadonlyArray<{ readonly entity: string; readonly amount: bigint }>;
  }>;
  readonly collateralToReserve?: ReadonlyArray<{ readonly counterparty: string; readonly tokenId: number; readonly amount: bigint }>;
  readonly settlements?: ReadonlyArray<{
    readonly leftEntity: string;
    readonly rightEntity: string;
    readonly diffs: ReadonlyArray<SettlementDiff>;
  }>;
  readonly disputeStarts?: ReadonlyArray<unknown>;
  readonly counterDisputes?: ReadonlyArray<unknown>;
  readonly disputeFinalizations?: ReadonlyArray<unknown>;
  readonly flashloans?: ReadonlyArray<unknown>;
  readonly revealSecrets?: ReadonlyArray<unknown>;
  readonly hashLadderRegistrations?: ReadonlyArray<unknown>;
}

/** The batches of an entity at the plan's point: one, which is locked while it is on its way. */
export interface PlanBatchState {
  batch: RuntimeBatch;
  lastBroadcast?: number;
  pendingBroadcast?: boolean;
}

/** The batches of an entity at `head`. */
export interface HeadBatchState {
  batch: RuntimeBatch;
  status: "empty" | "accumulating" | "sent" | "failed";
  lastBroadcast?: number;
  readonly sentBatch?: { readonly batch: RuntimeBatch; readonly batchHash?: string; readonly lastSubmittedAt?: number } | undefined;
  readonly recoveryBatches?: ReadonlyArray<RuntimeBatch> | undefined;
}

/** The state of an entity at the plan's point. */
export interface PlanState {
  readonly timestamp: number;
  readonly reserves: MapLike<string, bigint>;
  readonly accounts: MapLike<string, PlanAccount>;
  readonly config?: { readonly validators?: ReadonlyArray<string> };
  readonly jBatchState?: PlanBatchState | undefined;
  readonly debts?: ReadonlyArray<{ readonly tokenId: number; readonly amount: bigint }> | undefined;
}

/** The state of an entity at `head`. */
export interface HeadState {
  readonly timestamp: number;
  readonly reserves: MapLike<number, bigint>;
  readonly accounts: MapLike<string, HeadAccount>;
  readonly hubRebalanceConfig?: HeadHubConfig | undefined;
  jBatchState?: HeadBatchState | undefined;
  readonly outDebtsByToken?:
    | MapLike<number, MapLike<string, { readonly status: string; readonly remainingAmount: bigint }>>
    | undefined;
}

/** The part of a hub's own settings at `head` that its policy follows. */
export interface HeadHubConfig {
  readonly matchingStrategy?: string;
  readonly policyVersion?: number;
  readonly rebalanceLiquidityFeeBps?: bigint | number;
}

/** A replica at the plan's point. */
export interface PlanReplica {
  readonly entityId: string;
  readonly signerId?: string;
  readonly state: PlanState;
}

/** A replica at `head`. */
export interface HeadReplica {
  readonly entityId: string;
  readonly state: HeadState;
}

/** A replica of either shape. */
export type Replica = PlanReplica | HeadReplica;

/** A transaction of an entity that both shapes have. */
export type CommonTx =
  | { readonly type: "settle_execute"; readonly data: { readonly counterpartyEntityId: string } }
  | { readonly type: "settle_reject"; readonly data: { readonly counterpartyEntityId: string; readonly reason: string } }
  | { readonly type: "j_broadcast"; readonly data: Record<string, never> }
  | {
      readonly type: "chatMessage";
      readonly data: { message: string; timestamp: number; metadata: { type: string; [field: string]: string | number } };
    };

/** A deposit from the reserve. */
export interface DepositData {
  readonly counterpartyId: string;
  readonly tokenId: number;
  readonly amount: bigint;
}

/** A transaction of an entity at the plan's point. */
export type PlanTx =
  | CommonTx
  | { readonly type: "deposit_collateral"; readonly data: DepositData }
  | { readonly type: "settle_propose"; readonly data: { readonly counterpartyEntityId: string; diffs: SettlementDiff[]; readonly memo: string } }
  | { readonly type: "settle_approve"; readonly data: { readonly counterpartyEntityId: string } }
  | { readonly type: "j_clear_batch"; readonly data: { readonly reason: string } };

/** A transaction of an entity at `head`. */
export type HeadTx =
  | CommonTx
  | { readonly type: "r2c"; readonly data: DepositData }
  | {
      readonly type: "settle_propose";
      readonly data: { readonly counterpartyEntityId: string; ops: RuntimeSettlementOp[]; readonly executorIsLeft: boolean; readonly memo: string };
    }
  | { readonly type: "j_abort_sent_batch"; readonly data: { readonly reason: string; readonly requeueToCurrent: boolean } };

/** A transaction of an entity. */
export type EntityTx = PlanTx | HeadTx;

/** What a task hands back to the runtime. */
export interface EntityInput<Tx = EntityTx> {
  entityId: string;
  signerId: string;
  entityTxs: Tx[];
}
