// book.d.ts
import type { Decision } from "./generated.js";
export declare class Book {
    #private;
    readonly kind: string;
    constructor(kind: string, input?: unknown);
    call(operation: string, input?: unknown): Decision<unknown>;
    callBytes(operation: string, input: Uint8Array): Uint8Array;
    opensAgain(): string;
    close(): void;
}

// browser.d.ts
export * from "./index.js";

// crossing.d.ts
export interface Callable {
    call(operation: string, input: unknown): unknown;
    callText(operation: string, input: Uint8Array): string | undefined;
}
export declare function crossed(callee: Callable, operation: string, input: unknown): unknown;

// error.d.ts
import type { ErrorCode } from "./generated.js";
export declare class TrimtabError extends Error {
    readonly name = "TrimtabError";
    readonly code: ErrorCode;
    readonly field: string;
    readonly got: string;
    readonly expected: string;
    readonly offset?: number;
    constructor(record: ErrorRecord, options?: ErrorOptions);
}
type Sentence = (code: string, field: string, got: string, expected: string, offset?: number) => string;
export declare function wordedBy(module: Sentence): void;
export interface ErrorRecord {
    readonly code: ErrorCode;
    readonly field: string;
    readonly got: string;
    readonly expected: string;
    readonly offset?: number;
}
export declare function guarded<T>(run: () => T): T;
export declare function asThrown(thrown: unknown): unknown;
export declare function internal(got: string, cause?: unknown): TrimtabError;
export {};

// index.d.ts
export { TrimtabError } from "./error.js";
export type { ErrorRecord } from "./error.js";
export * from "./generated.js";
export { FleetBook, HubBook, PolicyMethods } from "./methods.js";
export { init, initSync, moduleDigest } from "./load.js";
export type { ModuleSource } from "./load.js";
export { Book } from "./book.js";
export { Policy, call, callBytes, callColumns } from "./policy.js";

// inline.d.ts
export * from "./index.js";

// load.d.ts
import * as glue from "./glue.js";
export type ModuleSource = Bytes | WebAssembly.Module | Promise<Response>;
type Bytes = BufferSource | URL | string | Response;
export interface Locator {
    readonly now?: () => Uint8Array;
    readonly soon: () => ModuleSource | Promise<ModuleSource>;
    readonly read?: (url: URL) => Promise<Uint8Array> | undefined;
    readonly sha256?: (bytes: Uint8Array) => string;
}
export declare function locate(by: Locator): void;
export declare const moduleDigest: string;
export declare function init(source?: ModuleSource): Promise<void>;
export declare function initSync(source?: BufferSource | WebAssembly.Module): void;
export declare function loadedGlue(): typeof glue;
export {};

// log.d.ts
export interface LoggedPolicy {
    readonly profile: string;
    readonly digest: string;
    readonly config: unknown;
    callBytes(operation: string, input: Uint8Array): Uint8Array;
}
export interface HoldableBook {
    readonly kind: string;
    callBytes(operation: string, input: Uint8Array): Uint8Array;
    opensAgain(): string;
}
export interface LogOptions {
    readonly fsync?: "always" | "interval" | "never";
    readonly maxBytes?: number;
    readonly maxAge?: number;
    readonly keep?: number;
    readonly overload?: "refuse" | "drop";
    readonly mask?: readonly string[];
}
export interface LogNotes {
    readonly caller?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly decisionId?: string;
    readonly durationUs?: number;
}
export interface Receipt {
    readonly seq: number;
    readonly hash: string;
}
export interface Logged {
    readonly answer: Uint8Array;
    readonly receipt: Receipt | undefined;
}
export interface LogOpening {
    readonly resumed: boolean;
    readonly ended: boolean;
    readonly cutBytes: number;
    readonly seq: number;
}
export interface LogCounters {
    readonly written: number;
    readonly dropped: number;
    readonly bytes: number;
    readonly rotations: number;
    readonly refused: number;
}
export type LogErrorCode = "log_sink" | "log_sync" | "log_file" | "log_in_use" | "log_broken" | "log_closed";
export declare class LogError extends Error {
    readonly name = "LogError";
    readonly code: LogErrorCode;
    constructor(code: LogErrorCode, told: string, options?: ErrorOptions);
}
export interface LoggedBook {
    readonly number: number;
    call(operation: string, input?: Uint8Array | string, notes?: LogNotes): Logged;
    close(): void;
}
export declare class DecisionLog {
    #private;
    readonly path: string;
    readonly opening: LogOpening;
    constructor(path: string, policy: LoggedPolicy, options?: LogOptions);
    get counters(): LogCounters;
    get nextSeq(): number;
    call(policy: LoggedPolicy, operation: string, input: Uint8Array | string, notes?: LogNotes): Logged;
    append(operation: string, input: Uint8Array | string, output: Uint8Array | string, notes?: LogNotes, policy?: LoggedPolicy): Receipt | undefined;
    hold(book: HoldableBook): LoggedBook;
    close(): void;
}

// methods.d.ts
import { Book } from "./book.js";
import type { AcceptInput, Accepted, AccountAdvice, AccountColumns, AccountInput, AdjustInput, Adjusted, AdviceInput, AdviseInput, ApplyPlan, AskAdvice, AskConflict, AskFee, AskFirst, AskMember, AskNow, AskPeer, Assessed, BackoffInput, BookDigest, Budget, BudgetInput, BuildInput, Built, ChannelHistoryInput, ChannelInput, CheckInput, Checked, Classified, ClassifyInput, ClnInput, Competition, Conflict, ConflictInput, CooldownInput, Cycles, CyclesInput, Decision, DescribeInput, Description, Detected, EvaluateInput, Evaluated, Excesses, ExplainInput, Explained, FleetBookOpening, FleetBookSize, FleetHealth, FleetHealthInput, FleetInput, FleetMemberInput, FleetPeerInput, FleetSnapshot, FleetState, GossipAcceptInput, GossipScaleInput, GossipScaled, Headroom, HeadroomInput, HubBookOpening, HubBookSize, HubExplainInput, HubExplained, HubState, HubStateInput, HubVerified, HubVerifyInput, LegacyFee, LegacyFeeInput, LegacyText, LegacyTextInput, LegacyVerified, LegacyVerifyInput, LimitInput, Limited, LintInput, Linted, LiquidityScoreInput, LiquidityScored, LogCheckInput, LogChecked, LogLine, LogLineInput, MatchInput, Matched, MemberInput, MessageOutcome, Needs, NodeAdvice, NodeAdviceInput, NodeExplainInput, NodeExplained, NodeObservationInput, Nothing, OpenFleetBook, OpenHubBook, Operations, Pause, Plan, PlanAt, PrioritizeInput, PrioritizedNeeds, Profit, Received, Relevance, RelevanceInput, RemoveAccount, RemoveFromFleet, ReportInput, ReportVerdict, Reports, RestoreBook, RestoreFleet, ScoreInput, Scored, SetHub, SetUs, SignatureInput, SignatureVerdict, SizeInput, Sized, Snapshot, SourceChannelInput, Sources, SourcesInput, TakeMessage, Threshold, ThresholdInput, TopologyAdvice, TrendInput, Trended, VerifyInput, Watched } from "./generated.js";
export declare abstract class PolicyMethods {
    abstract call<Name extends keyof Operations>(operation: Name, input: Operations[Name]["input"]): Decision<Operations[Name]["decision"]>;
    policyDescribe(input?: DescribeInput): Decision<Description>;
    policyExplain(input: ExplainInput): Decision<Explained>;
    configLint(input?: LintInput): Decision<Linted>;
    logLine(input: LogLineInput): Decision<LogLine>;
    logCheck(input: LogCheckInput): Decision<LogChecked>;
    hubPlan(input: HubStateInput): Decision<Plan>;
    hubExplain(input: HubExplainInput): Decision<HubExplained>;
    hubReserves(input: HubStateInput): Decision<Watched>;
    hubVerifyPlan(input: HubVerifyInput): Decision<HubVerified>;
    healthScore(input: ScoreInput): Decision<Scored>;
    healthProfit(input: ChannelHistoryInput): Decision<Profit>;
    healthLiquidityScore(input: LiquidityScoreInput): Decision<LiquidityScored>;
    healthTrend(input: TrendInput): Decision<Trended>;
    healthAssess(input: NodeObservationInput): Decision<Assessed>;
    snapshotCln(input: ClnInput): Decision<Snapshot>;
    liquidityClassify(input: ClassifyInput): Decision<Classified>;
    accountRequestAdvice(input: AdviceInput): Decision<AccountAdvice>;
    hubDetect(input: HubStateInput): Decision<Detected>;
    healthFleet(input: FleetHealthInput): Decision<FleetHealth>;
    healthVerify(input: VerifyInput): Decision<ReportVerdict>;
    healthGossipScale(input: GossipScaleInput): Decision<GossipScaled>;
    liquidityState(input: FleetInput): Decision<FleetState>;
    liquidityNeeds(input: FleetInput): Decision<Needs>;
    liquidityExcess(input: FleetInput): Decision<Excesses>;
    liquidityRelevance(input: RelevanceInput): Decision<Relevance>;
    liquidityPrioritize(input: PrioritizeInput): Decision<PrioritizedNeeds>;
    liquidityCompetition(input: FleetInput): Decision<Competition>;
    feesAdjust(input: AdjustInput): Decision<Adjusted>;
    legacyFee(input: LegacyFeeInput): Decision<LegacyFee>;
    rebalanceConflict(input: ConflictInput): Decision<Conflict>;
    topologyAdvise(input: AdviseInput): Decision<TopologyAdvice>;
    limitsCheck(input: LimitInput): Decision<Limited>;
    hubMatch(input?: MatchInput): Decision<Matched>;
    hubMatchCycles(input?: CyclesInput): Decision<Cycles>;
    rebalanceThreshold(input: ThresholdInput): Decision<Threshold>;
    rebalanceAccept(input: AcceptInput): Decision<Accepted>;
    rebalanceEvaluate(input: EvaluateInput): Decision<Evaluated>;
    rebalanceSize(input: SizeInput): Decision<Sized>;
    rebalanceSources(input: SourcesInput): Decision<Sources>;
    rebalanceBudget(input?: BudgetInput): Decision<Budget>;
    rebalanceBackoff(input: BackoffInput): Decision<Pause>;
    rebalanceCooldown(input: CooldownInput): Decision<Pause>;
    gossipBuild(input: BuildInput): Decision<Built>;
    gossipReport(input: ReportInput): Decision<Reports>;
    gossipAccept(input: GossipAcceptInput): Decision<Received>;
    gossipVerify(input: SignatureInput): Decision<SignatureVerdict>;
    gossipLegacyText(input: LegacyTextInput): Decision<LegacyText>;
    gossipLegacyVerify(input: LegacyVerifyInput): Decision<LegacyVerified>;
    spliceCheck(input: CheckInput): Decision<Checked>;
    spliceHeadroom(input: HeadroomInput): Decision<Headroom>;
    fleetAdvise(input: NodeAdviceInput): Decision<NodeAdvice>;
    fleetExplain(input: NodeExplainInput): Decision<NodeExplained>;
}
export declare class FleetBook extends Book {
    constructor(input: OpenFleetBook);
    setMember(input: FleetMemberInput): Decision<FleetBookSize>;
    setReport(input: MemberInput): Decision<FleetBookSize>;
    setChannel(input: ChannelInput): Decision<FleetBookSize>;
    setPeer(input: FleetPeerInput): Decision<FleetBookSize>;
    setSource(input: SourceChannelInput): Decision<FleetBookSize>;
    setUs(input?: SetUs): Decision<FleetBookSize>;
    remove(input?: RemoveFromFleet): Decision<FleetBookSize>;
    take(input: TakeMessage): Decision<MessageOutcome>;
    needs(input: AskFirst): Decision<Needs>;
    excess(input: AskFirst): Decision<Excesses>;
    state(input: AskNow): Decision<FleetState>;
    competition(input: AskFirst): Decision<Competition>;
    relevance(input: AskPeer): Decision<Relevance>;
    health(input: AskFirst): Decision<FleetHealth>;
    verify(input: AskMember): Decision<ReportVerdict>;
    conflict(input: AskConflict): Decision<Conflict>;
    fees(input: AskFee): Decision<Adjusted>;
    evaluate(input: EvaluateInput): Decision<Evaluated>;
    splice(input: CheckInput): Decision<Checked>;
    headroom(input: HeadroomInput): Decision<Headroom>;
    advise(input: AskAdvice): Decision<TopologyAdvice>;
    snapshot(input?: Nothing): Decision<FleetSnapshot>;
    opening(input?: Nothing): Decision<FleetBookOpening>;
    restore(input: RestoreFleet): Decision<FleetBookSize>;
    digest(input?: Nothing): Decision<BookDigest>;
}
export declare class HubBook extends Book {
    constructor(input: OpenHubBook);
    setAccount(input: AccountInput): Decision<HubBookSize>;
    load(input: AccountColumns): Decision<HubBookSize>;
    remove(input: RemoveAccount): Decision<HubBookSize>;
    setHub(input?: SetHub): Decision<HubBookSize>;
    plan(input?: PlanAt): Decision<Plan>;
    apply(input: ApplyPlan): Decision<HubBookSize>;
    snapshot(input?: Nothing): Decision<HubState>;
    opening(input?: Nothing): Decision<HubBookOpening>;
    restore(input: RestoreBook): Decision<HubBookSize>;
    digest(input?: Nothing): Decision<BookDigest>;
}

// node.d.ts
export * from "./index.js";

// policy.d.ts
import type { Config, ConfigOverrides, Decision, Operations, Profile } from "./generated.js";
import { PolicyMethods } from "./methods.js";
export declare function call<Name extends keyof Operations>(operation: Name, input: Operations[Name]["input"], profile?: Profile, config?: ConfigOverrides): Decision<Operations[Name]["decision"]>;
export declare function call(operation: string, input: unknown, profile?: string, config?: unknown): Decision<unknown>;
export declare function callBytes(operation: string, input: Uint8Array, profile?: string, config?: unknown): Uint8Array;
export declare function callColumns(operation: string, input: Uint8Array): Uint8Array;
export declare class Policy extends PolicyMethods {
    #private;
    constructor(profile?: Profile, config?: ConfigOverrides);
    get profile(): Profile;
    get digest(): string;
    get config(): Config;
    call<Name extends keyof Operations>(operation: Name, input: Operations[Name]["input"]): Decision<Operations[Name]["decision"]>;
    call(operation: string, input: unknown): Decision<unknown>;
    callBytes(operation: string, input: Uint8Array): Uint8Array;
    close(): void;
}

// xln/book.d.ts
import type { Decision, Plan } from "../generated.js";
import type { HubPolicy } from "./policy.js";
import type { Replica } from "./shapes.js";
import type { HubState, HubStateOptions } from "./state.js";
export interface SyncOptions extends HubStateOptions {
    readonly changed?: Iterable<string>;
}
export interface Synced {
    readonly set: number;
    readonly removed: number;
}
export declare class HubBookSync {
    #private;
    constructor(policy?: HubPolicy);
    get size(): number;
    sync(replica: Replica, options?: SyncOptions): Synced;
    plan(): Decision<Plan>;
    stateFor(replica: Replica, plan: Pick<Plan, "actions">, options?: HubStateOptions): HubState;
    digest(): string;
    verify(replica: Replica, options?: HubStateOptions): boolean;
    close(): void;
}

// xln/canonical.d.ts
export declare function canonicalText(value: unknown): string;
export declare function plainText(value: unknown): string;
export declare function parsed(field: string, text: string): Record<string, unknown>;

// xln/columns.d.ts
export interface Balances {
    readonly collateral: unknown;
    readonly ondelta: unknown;
    readonly offdelta: unknown;
    readonly leftCreditLimit: unknown;
    readonly rightCreditLimit: unknown;
    readonly leftHold: unknown;
    readonly rightHold: unknown;
}
export declare class Columns {
    #private;
    constructor(rows?: number);
    get size(): number;
    add(id: string, token: unknown, row: Balances): boolean;
    keep(): void;
    drop(): void;
    bytes(): Uint8Array;
}

// xln/control.d.ts
import type { Outcome } from "../generated.js";
export interface Selector {
    readonly account?: string;
    readonly token?: number;
}
export interface Control {
    readonly paused?: boolean;
    readonly allow?: ReadonlyArray<Selector>;
    readonly deny?: ReadonlyArray<Selector>;
}
export type HoldReason = "paused" | "denied" | "not_allowed";
export interface HeldBack extends Outcome {
    readonly reason: HoldReason;
}
export type Switches = (account: string, token: number) => HoldReason | undefined;
export declare function heldBack(account_id: string, token_id: number | undefined, reason: HoldReason): HeldBack;
export declare function switches(control: Control | undefined): Switches | undefined;

// xln/fault.d.ts
import { TrimtabError } from "../error.js";
import type { ErrorCode } from "../generated.js";
export declare function shown(value: unknown): string;
export declare function fault(code: ErrorCode, field: string, value: unknown, expected: string): TrimtabError;
export declare function wrong(field: string, value: unknown, expected: string): TrimtabError;
export declare function within<T>(path: string, run: () => T): T;
export declare function outer(path: string, thrown: unknown): unknown;
export declare function object(field: string, value: unknown): Record<string, unknown>;
export declare function whole(field: string, value: unknown): number;
export declare function text(field: string, value: unknown): string;
export declare function amount(field: string, value: unknown): bigint;
export declare function amountOr0(field: string, value: unknown): bigint;
export declare function map(field: string, value: unknown): Iterable<readonly [unknown, unknown]>;
export declare function mapOrNone(field: string, value: unknown): Iterable<readonly [unknown, unknown]>;
export declare function list(field: string, value: unknown): ReadonlyArray<unknown>;
export declare function listOrNone(field: string, value: unknown): ReadonlyArray<unknown>;

// xln/head.d.ts
import { Policy } from "../policy.js";
import type { Control } from "./control.js";
import type { Expected, HubPolicy } from "./policy.js";
import type { EntityInput, HeadReplica, HeadTx } from "./shapes.js";
import type { HubOptions, ReplenishIntent } from "./tick.js";
export interface HeadTask {
    readonly method?: string;
    params: Record<string, string | number | boolean>;
}
export interface HeadExecution {
    readonly manualBroadcastInInput: boolean;
    readonly accountChanges: {
        add(accountId: string): unknown;
    };
    candidateEffects?: unknown[] | undefined;
}
export interface HeadEnv {
    readonly state: {
        readonly timestamp: number;
    };
}
export interface HeadDeps<Env = HeadEnv, Output = EntityInput<HeadTx>> {
    batchAddReserveToCollateral(state: never, entityId: string, counterpartyId: string, tokenId: number, amount: bigint): void;
    cloneJBatch(batch: never): unknown;
    initJBatch(): unknown;
    getEntityAccountForWrite(accounts: never, entityId: string): unknown;
    requirePersistentAccountStateMap(map: never, namespace: never): unknown;
    getEntityLeaderState(state: never): {
        readonly activeValidatorId: string;
    };
    hubRebalanceHandler?(env: Env, replica: never, task: never, execution: never): Promise<Output[]>;
}
export interface HeadOptions extends HubOptions, Expected {
    readonly shadow?: boolean;
    readonly followRuntimeConfig?: boolean;
    readonly intents?: (intents: ReadonlyArray<ReplenishIntent>, entityId: string) => void;
    readonly book?: {
        readonly changed?: (replica: HeadReplica) => Iterable<string> | undefined;
    };
}
export type HeadHandler<Env extends HeadEnv = HeadEnv, Output = EntityInput<HeadTx>> = (env: Env, replica: HeadReplica, task: HeadTask, execution: HeadExecution) => Promise<Array<Output | EntityInput<HeadTx>>>;
export declare const PARAMS: {
    readonly module: "trimtabModule";
    readonly config: "trimtabConfig";
    readonly control: "trimtabControl";
    readonly memory: "trimtabMemory";
};
export declare function taskParams(policy: Policy | HubPolicy, control?: Control): Record<string, string>;
export declare function createHubRebalanceHandler<Env extends HeadEnv = HeadEnv, Output = EntityInput<HeadTx>>(policy: Policy | HubPolicy, deps: HeadDeps<Env, Output>, options?: HeadOptions): HeadHandler<Env, Output>;

// xln/ids.d.ts
export declare function isFullId(id: string): boolean;
export declare function normalId(id: string): string;

// xln/index.d.ts
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

// xln/journal.d.ts
import type { HubMemoryInput } from "../generated.js";
export interface IntentStore {
    read(): Promise<string[]> | string[];
    append(line: string): Promise<void> | void;
    replace?(lines: string[]): Promise<void> | void;
}
export declare function memoryStore(lines?: string[]): IntentStore;
export interface Part {
    readonly key: string;
    readonly amount: bigint;
    readonly state: "asked" | "done" | "failed" | "busy" | "unknown";
    readonly tries: number;
}
export interface Intent {
    readonly id: string;
    readonly tokenId: number;
    readonly amount: bigint;
    readonly source: string;
    readonly at: number;
    readonly reserve: bigint;
    readonly parts: ReadonlyArray<Part>;
    readonly seen: boolean;
}
export declare class Journal {
    #private;
    constructor(store: IntentStore);
    get memory(): HubMemoryInput | undefined;
    get intents(): Intent[];
    get(id: string): Intent | undefined;
    open(): Promise<void>;
    begin(intent: Omit<Intent, "parts" | "seen">): Promise<void>;
    part(id: string, key: string, amount: bigint, state: Part["state"]): Promise<void>;
    seen(id: string): Promise<void>;
    remember(memory: HubMemoryInput): Promise<void>;
}

// xln/memory.d.ts
import type { HubMemoryInput } from "../generated.js";
import type { PlanState } from "./shapes.js";
interface Mark {
    readonly at: number;
    readonly collateral: string;
}
interface Taken {
    readonly at: number;
    readonly collateral: string;
    readonly ondelta: string;
}
export interface Kept {
    readonly policy: HubMemoryInput;
    readonly marks: Readonly<Record<string, Readonly<Record<string, Mark>>>>;
    readonly taken: Readonly<Record<string, Readonly<Record<string, Taken>>>>;
    readonly alerts: ReadonlyArray<string>;
}
export declare function remembered(text: string): Kept;
export declare function written(kept: Kept): string;
export declare function standing(marks: Kept["marks"], state: PlanState): Kept["marks"];
export declare function onTheirWay(taken: Kept["taken"], state: PlanState, patienceMs: number): Kept["taken"];
export declare function carriedSettlements(state: PlanState): Set<string>;
export declare function takenFrom(taken: Kept["taken"], account: string, tokens: Iterable<number>, state: PlanState): Kept["taken"];
export declare function released(marks: Kept["marks"], state: PlanState): Kept["marks"];
export declare function marked(marks: Kept["marks"], account: string, token: number, mark: Mark): Kept["marks"];
export {};

// xln/monitor.d.ts
import type { ReplenishAnswerInput } from "../generated.js";
import type { Policy } from "../policy.js";
import type { Intent, IntentStore } from "./journal.js";
import type { Expected, HubPolicy } from "./policy.js";
import type { Replica } from "./shapes.js";
import type { ReplenishSource } from "./source.js";
import type { Decimals } from "./state.js";
import type { ReplenishIntent } from "./tick.js";
export interface Reading {
    readonly replica: Replica;
    readonly memory?: string | undefined;
}
export interface Patience {
    readonly tries: number;
    readonly backoffMs: number;
    readonly mostMs: number;
    readonly timeoutMs: number;
}
export interface MonitorOptions extends Expected {
    readonly policy?: Policy | HubPolicy;
    readonly read: () => Promise<Reading> | Reading;
    readonly sources: Partial<Record<ReplenishIntent["source"], ReplenishSource>>;
    readonly decimals?: Decimals;
    readonly store?: IntentStore;
    readonly patience?: Partial<Patience>;
    readonly log?: (event: MonitorEvent) => void;
    readonly now?: () => number;
    readonly sleep?: (ms: number) => Promise<void>;
}
export interface MonitorEvent {
    readonly event: "look" | "asked" | "answered" | "refused" | "seen" | "alert" | "error";
    readonly at: number;
    readonly id?: string;
    readonly tokenId?: number;
    readonly amount?: bigint;
    readonly source?: string;
    readonly outcome?: string;
    readonly detail?: string;
}
export interface TokenStatus {
    readonly tokenId: number;
    readonly reserve: bigint;
    readonly available: bigint;
    readonly low: boolean;
    readonly timeToEmptyMs?: number;
}
export interface MonitorStatus {
    readonly running: boolean;
    readonly lastLookAt: number | undefined;
    readonly nextLookAt: number | undefined;
    readonly lastError: string | undefined;
    readonly tokens: ReadonlyArray<TokenStatus>;
    readonly intents: ReadonlyArray<Intent>;
    readonly counts: Readonly<Record<string, number>>;
}
export declare class ReserveMonitor {
    #private;
    constructor(options: MonitorOptions);
    start(): Promise<void>;
    stop(): Promise<void>;
    look(): Promise<void>;
    answers(): ReplenishAnswerInput[];
    status(): MonitorStatus;
    metrics(): string;
}

// xln/node.d.ts
import type { IntentStore } from "./journal.js";
import type { Secret } from "./source.js";
export declare function fileStore(path: string): IntentStore & {
    close(): void;
};
export declare function secretFromFile(path: string): Secret;
export declare function secretFromEnvironment(name: string): Secret;

// xln/plan-point.d.ts
import { Policy } from "../policy.js";
import type { Expected, HubPolicy } from "./policy.js";
import type { EntityInput, EntityTx, PlanAccount, PlanReplica, PlanTx } from "./shapes.js";
import type { HubStateOptions } from "./state.js";
import type { HubOptions, ReplenishIntent } from "./tick.js";
export type HubHandler<Env = unknown> = (env: Env, replica: PlanReplica) => Promise<EntityInput<PlanTx>[]>;
export interface HubTask<Env = unknown> {
    name: string;
    intervalMs: number;
    lastRun: number;
    handler: HubHandler<Env>;
}
export interface MemoryStore {
    load(entityId: string): string | undefined;
    save(entityId: string, text: string): void;
}
export interface HubTasksOptions<Env = unknown> extends HubOptions, Expected {
    readonly memory?: MemoryStore;
    readonly shadow?: (env: Env, replica: PlanReplica) => Promise<Array<{
        entityId: string;
        signerId?: string;
        entityTxs?: Array<{
            type: string;
            data: unknown;
        }>;
    }>>;
    readonly intents?: (intents: ReadonlyArray<ReplenishIntent>, entityId: string) => void;
    readonly book?: {
        readonly changed?: (replica: PlanReplica) => Iterable<string> | undefined;
    };
    readonly settlementLagMs?: number;
    readonly requestedAt?: (accountId: string, tokenId: number) => number | undefined;
}
export interface RebalanceOpportunity {
    readonly tokenId: number;
    readonly receiver: string;
    readonly amount: bigint;
    readonly severe: boolean;
    readonly matches: ReadonlyArray<{
        readonly spender: string;
        readonly amount: bigint;
    }>;
    readonly matchedSpender?: string;
}
export interface RebalanceMatch {
    readonly tokenId: number;
    readonly spender: string;
    readonly receiver: string;
    readonly amount: bigint;
}
export interface DetectOptions extends HubStateOptions {
    readonly policy?: Policy | HubPolicy;
}
export declare function detectRebalanceOpportunities(replica: PlanReplica, options?: DetectOptions): RebalanceOpportunity[];
export declare function findRebalanceMatches(accounts: ReadonlyMap<string, PlanAccount>, tokenId: number, options?: DetectOptions): RebalanceMatch[];
export declare function hubTasks<Env = unknown>(policy: Policy | HubPolicy, options?: HubTasksOptions<Env>): HubTask<Env>[];
export declare function executeRebalanceHandler(env: unknown, replica: PlanReplica): Promise<EntityInput<PlanTx>[]>;
export declare function checkHubReservesHandler(env: unknown, replica: PlanReplica): Promise<EntityInput<PlanTx>[]>;
export declare function alertKey(tx: Extract<EntityTx, {
    type: "chatMessage";
}>): string;
export declare function alertsOf(txs: ReadonlyArray<EntityTx>): string[];

// xln/policy.d.ts
import type { Profile } from "../generated.js";
import { Policy } from "../policy.js";
import type { ConfigOverrides } from "../generated.js";
export interface HubPolicy {
    readonly profile?: Profile;
    readonly config?: ConfigOverrides;
}
export interface PolicyIdentity {
    readonly module: string;
    readonly config: string;
}
export interface Expected {
    readonly expectDigest?: string;
    readonly expectConfig?: string;
}
export declare function policyOf(policy: Policy | HubPolicy, expected?: Expected): Policy;
export declare function policyIdentity(policy: Policy | HubPolicy): PolicyIdentity;
export declare function mustBe(field: string, got: string, expected: string | undefined): void;
export declare function rhythm(policy: Policy): {
    readonly tickMs: number;
    readonly monitorMs: number | undefined;
};

// xln/shadow.d.ts
import type { EntityTx, RuntimeBatch } from "./shapes.js";
import type { HubTick } from "./tick.js";
export interface Difference {
    readonly by: "runtime" | "trimtab";
    readonly step: {
        readonly type: string;
        readonly data: unknown;
    };
    readonly codes: ReadonlyArray<string>;
}
export interface ShadowTick extends HubTick {
    readonly differences: ReadonlyArray<Difference>;
}
export declare function gained(before: RuntimeBatch | undefined, after: RuntimeBatch | undefined): EntityTx[];
export declare function differences(tick: HubTick, theirs: ReadonlyArray<{
    readonly type: string;
    readonly data: unknown;
}>): Difference[];

// xln/shapes.d.ts
export type Shape = "plan" | "head";
export interface MapLike<K, V> {
    readonly size: number;
    get(key: K): V | undefined;
    [Symbol.iterator](): Iterator<[K, V] | readonly [K, V]>;
}
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
export interface RuntimeAccountTx {
    readonly type: string;
}
export interface RuntimeFrame {
    readonly accountTxs?: ReadonlyArray<RuntimeAccountTx>;
}
export interface SettlementDiff {
    readonly tokenId: number;
    readonly leftDiff: bigint;
    readonly rightDiff: bigint;
    readonly collateralDiff: bigint;
    readonly ondeltaDiff: bigint;
}
export type RuntimeSettlementOp = {
    readonly type: "r2c" | "c2r" | "r2r";
    readonly tokenId: number;
    readonly amount: bigint;
} | {
    readonly type: "forgive";
    readonly tokenId: number;
} | ({
    readonly type: "rawDiff";
} & SettlementDiff);
export interface PlanWorkspace {
    readonly diffs: ReadonlyArray<SettlementDiff>;
    readonly initiatedBy: "left" | "right";
    readonly status: "draft" | "awaiting_counterparty" | "ready_to_submit";
    readonly leftHanko?: unknown;
    readonly rightHanko?: unknown;
    readonly createdAt?: number;
    readonly lastUpdatedAt?: number;
}
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
export interface RuntimeFeeState {
    readonly requestId?: string;
    readonly feeTokenId?: number;
    readonly feePaidUpfront: bigint;
    readonly requestedAmount?: bigint;
    readonly policyVersion: number;
    readonly requestedAt: number;
    readonly requestedByLeft?: boolean;
    readonly refund?: {
        readonly reason?: string;
        readonly refundedAmount: bigint;
    } | undefined;
}
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
        readonly rebalance?: {
            readonly submittedAtByToken?: MapLike<number, number> | undefined;
        } | undefined;
    };
}
export interface RuntimeBatch {
    readonly reserveToExternalToken?: ReadonlyArray<{
        readonly tokenId: number;
        readonly amount: bigint;
    }>;
    readonly externalTokenToReserve?: ReadonlyArray<{
        readonly internalTokenId: number;
        readonly amount: bigint;
    }>;
    readonly reserveToReserve?: ReadonlyArray<{
        readonly tokenId: number;
        readonly amount: bigint;
    }>;
    readonly reserveToCollateral: ReadonlyArray<{
        readonly tokenId: number;
        readonly receivingEntity: string;
        readonly pairs: ReadonlyArray<{
            readonly entity: string;
            readonly amount: bigint;
        }>;
    }>;
    readonly collateralToReserve?: ReadonlyArray<{
        readonly counterparty: string;
        readonly tokenId: number;
        readonly amount: bigint;
    }>;
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
export interface PlanBatchState {
    batch: RuntimeBatch;
    lastBroadcast?: number;
    pendingBroadcast?: boolean;
}
export interface HeadBatchState {
    batch: RuntimeBatch;
    status: "empty" | "accumulating" | "sent" | "failed";
    lastBroadcast?: number;
    readonly sentBatch?: {
        readonly batch: RuntimeBatch;
        readonly batchHash?: string;
        readonly lastSubmittedAt?: number;
    } | undefined;
    readonly recoveryBatches?: ReadonlyArray<RuntimeBatch> | undefined;
}
export interface PlanState {
    readonly timestamp: number;
    readonly reserves: MapLike<string, bigint>;
    readonly accounts: MapLike<string, PlanAccount>;
    readonly config?: {
        readonly validators?: ReadonlyArray<string>;
    };
    readonly jBatchState?: PlanBatchState | undefined;
    readonly debts?: ReadonlyArray<{
        readonly tokenId: number;
        readonly amount: bigint;
    }> | undefined;
}
export interface HeadState {
    readonly timestamp: number;
    readonly reserves: MapLike<number, bigint>;
    readonly accounts: MapLike<string, HeadAccount>;
    readonly hubRebalanceConfig?: HeadHubConfig | undefined;
    jBatchState?: HeadBatchState | undefined;
    readonly outDebtsByToken?: MapLike<number, MapLike<string, {
        readonly status: string;
        readonly remainingAmount: bigint;
    }>> | undefined;
}
export interface HeadHubConfig {
    readonly matchingStrategy?: string;
    readonly policyVersion?: number;
    readonly rebalanceLiquidityFeeBps?: bigint | number;
}
export interface PlanReplica {
    readonly entityId: string;
    readonly signerId?: string;
    readonly state: PlanState;
}
export interface HeadReplica {
    readonly entityId: string;
    readonly state: HeadState;
}
export type Replica = PlanReplica | HeadReplica;
export type CommonTx = {
    readonly type: "settle_execute";
    readonly data: {
        readonly counterpartyEntityId: string;
    };
} | {
    readonly type: "settle_reject";
    readonly data: {
        readonly counterpartyEntityId: string;
        readonly reason: string;
    };
} | {
    readonly type: "j_broadcast";
    readonly data: Record<string, never>;
} | {
    readonly type: "chatMessage";
    readonly data: {
        message: string;
        timestamp: number;
        metadata: {
            type: string;
            [field: string]: string | number;
        };
    };
};
export interface DepositData {
    readonly counterpartyId: string;
    readonly tokenId: number;
    readonly amount: bigint;
}
export type PlanTx = CommonTx | {
    readonly type: "deposit_collateral";
    readonly data: DepositData;
} | {
    readonly type: "settle_propose";
    readonly data: {
        readonly counterpartyEntityId: string;
        diffs: SettlementDiff[];
        readonly memo: string;
    };
} | {
    readonly type: "settle_approve";
    readonly data: {
        readonly counterpartyEntityId: string;
    };
} | {
    readonly type: "j_clear_batch";
    readonly data: {
        readonly reason: string;
    };
};
export type HeadTx = CommonTx | {
    readonly type: "r2c";
    readonly data: DepositData;
} | {
    readonly type: "settle_propose";
    readonly data: {
        readonly counterpartyEntityId: string;
        ops: RuntimeSettlementOp[];
        readonly executorIsLeft: boolean;
        readonly memo: string;
    };
} | {
    readonly type: "j_abort_sent_batch";
    readonly data: {
        readonly reason: string;
        readonly requeueToCurrent: boolean;
    };
};
export type EntityTx = PlanTx | HeadTx;
export interface EntityInput<Tx = EntityTx> {
    entityId: string;
    signerId: string;
    entityTxs: Tx[];
}

// xln/source.d.ts
export interface ReplenishAsk {
    readonly id: string;
    readonly key: string;
    readonly entityId: string;
    readonly tokenId: number;
    readonly amount: bigint;
    readonly decimals: number | undefined;
}
export interface SourceReply {
    readonly outcome: "done" | "failed" | "busy" | "unknown";
    readonly id?: string;
    readonly tokenId?: number;
    readonly amount?: bigint;
    readonly detail?: string;
}
export interface ReplenishSource {
    perform(ask: ReplenishAsk, signal: AbortSignal): Promise<SourceReply> | SourceReply;
    query?(ask: ReplenishAsk, signal: AbortSignal): Promise<SourceReply> | SourceReply;
    readonly idempotent: boolean;
    readonly most?: bigint | ((tokenId: number) => bigint | undefined);
}
export declare function treasury(perform: ReplenishSource["perform"], query?: ReplenishSource["query"]): ReplenishSource;
export type Secret = () => string | Promise<string>;
export type Credentials = {
    readonly type: "bearer";
    readonly token: Secret;
}
 | {
    readonly type: "hmac";
    readonly secret: Secret;
    readonly header?: string;
};
export interface HttpTemplate {
    readonly url: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Readonly<Record<string, unknown>>;
    readonly queryUrl?: string;
    readonly credentials?: Credentials;
    readonly idempotent?: boolean;
    readonly most?: ReplenishSource["most"];
    readonly answer?: (json: Readonly<Record<string, unknown>>, ask: ReplenishAsk) => Partial<SourceReply>;
    readonly fetch?: typeof fetch;
}
export declare function httpSource(template: HttpTemplate): ReplenishSource;
export declare const presets: {
    readonly treasury: (base: string) => HttpTemplate;
    readonly planFaucet: (base: string) => HttpTemplate;
    readonly walletFaucet: (base: string, userAddress: string, tokenSymbol: string) => HttpTemplate;
    readonly reserveFaucet: (base: string) => HttpTemplate;
};

// xln/state.d.ts
import type { AccountInput, HubMemoryInput, HubStateInput, ReplenishAnswerInput } from "../generated.js";
import type { Columns } from "./columns.js";
import type { Control, HeldBack } from "./control.js";
import type { HeadReplica, PlanReplica, Replica, Shape } from "./shapes.js";
export type HubState = HubStateInput;
export type Decimals = ((tokenId: number) => number | undefined) | ReadonlyMap<number, number> | Readonly<Record<number, number>>;
export interface HubStateOptions {
    readonly now?: number;
    readonly decimals?: Decimals;
    readonly shape?: Shape;
    readonly memory?: HubMemoryInput;
    readonly submitClock?: number;
    readonly broadcastInInput?: boolean;
    readonly answers?: ReadonlyArray<ReplenishAnswerInput>;
    readonly peerReserve?: (accountId: string, tokenId: number) => bigint | undefined;
    readonly requestedAt?: (accountId: string, tokenId: number) => number | undefined;
    readonly submitted?: (accountId: string, tokenId: number) => number | undefined;
    readonly settling?: (accountId: string) => boolean;
    readonly policyVersion?: number;
    readonly control?: Control;
    readonly setAside?: (accountId: string, error: unknown) => void;
    readonly heldBack?: (held: HeldBack) => void;
}
export interface Context {
    readonly shape: Shape;
    readonly keys: ReadonlyMap<string, string>;
    readonly sealed: ReadonlySet<string>;
    readonly unsigned: ReadonlySet<string>;
    readonly locked: boolean;
}
export declare function contextOf(state: HubState): Context | undefined;
export declare function hubState(replica: Replica, options?: HubStateOptions): HubState;
export declare function mustBeReplica(replica: Replica): void;
export declare function shapeOf(replica: Replica): Shape;
export declare class Reader {
    #private;
    readonly shape: Shape;
    readonly hubId: string;
    readonly now: number;
    constructor(replica: Replica, options: HubStateOptions);
    accounts(): Iterable<readonly [unknown, unknown]>;
    get size(): number | undefined;
    account(key: unknown, value: unknown): AccountInput | undefined;
    balances(key: unknown, value: unknown, columns: Columns): boolean;
    hub(accounts: ReadonlyArray<AccountInput>): HubState;
}
export declare function withdrawalDiff(tokenId: number, taken: bigint, byLeft: boolean): {
    tokenId: number;
    leftDiff: bigint;
    rightDiff: bigint;
    collateralDiff: bigint;
    ondeltaDiff: bigint;
};
export type { HeadReplica, PlanReplica };

// xln/tick.d.ts
import type { Action, Decision, HubMemoryInput, Outcome, Plan, ReplenishAnswerInput } from "../generated.js";
import type { Policy } from "../policy.js";
import type { HubBookSync } from "./book.js";
import type { Control, HeldBack } from "./control.js";
import type { EntityTx, Replica, Shape } from "./shapes.js";
import type { Decimals, HubStateOptions } from "./state.js";
export type ReplenishIntent = Extract<Action, {
    readonly type: "replenish";
}>;
export interface SetAside {
    readonly account_id: string;
    readonly error: unknown;
}
export interface HubTick {
    readonly entityId: string;
    readonly now: number;
    readonly decision: Decision<Plan>;
    readonly transactions: ReadonlyArray<EntityTx>;
    readonly intents: ReadonlyArray<ReplenishIntent>;
    readonly outcomes: ReadonlyArray<Outcome>;
    readonly heldBack: ReadonlyArray<HeldBack>;
    readonly setAside: ReadonlyArray<SetAside>;
    readonly paused: boolean;
    readonly refused?: unknown;
}
export interface HubOptions {
    readonly decimals?: Decimals;
    readonly control?: Control | (() => Control);
    readonly peerReserve?: (accountId: string, tokenId: number) => bigint | undefined;
    readonly answers?: (entityId: string) => ReadonlyArray<ReplenishAnswerInput>;
    readonly log?: (tick: HubTick) => void;
    readonly verify?: boolean;
}
export interface TickInput {
    readonly policy: Policy;
    readonly replica: Replica;
    readonly shape: Shape;
    readonly memory: HubMemoryInput;
    readonly options: HubOptions;
    readonly read: HubStateOptions;
    readonly book?: {
        readonly sync: HubBookSync;
        readonly changed?: Iterable<string> | undefined;
    };
}
export declare function decideTick(input: TickInput): HubTick;
export declare function controlOf({ control }: HubOptions): Control | undefined;

// xln/transactions.d.ts
import type { Action, Plan, Reason } from "../generated.js";
import type { EntityTx, HeadTx, PlanTx, Shape } from "./shapes.js";
import type { HubState } from "./state.js";
export declare const ABORT_REASON = "stale-hub-rebalance-latch";
export interface EntityTxsOptions {
    readonly state?: HubState;
    readonly reasons?: ReadonlyArray<Reason>;
}
export type Transacted = Exclude<Action, {
    readonly type: "replenish";
}>;
export declare function entityTxs(plan: Pick<Plan, "actions"> & Partial<Plan>, shape: "plan", options?: EntityTxsOptions): PlanTx[];
export declare function entityTxs(plan: Pick<Plan, "actions"> & Partial<Plan>, shape: "head", options?: EntityTxsOptions): HeadTx[];
export declare function entityTxs(plan: Pick<Plan, "actions"> & Partial<Plan>, shape: Shape, options?: EntityTxsOptions): EntityTx[];
