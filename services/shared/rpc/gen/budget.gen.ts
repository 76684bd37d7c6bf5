// Generated from the .proto files by `npm run generate:rpc`. Do not edit.
import type { ServiceDescriptor } from '../definitions/service-shape.js';

/** Methods of {@link BudgetService}, for the compiler. */
export type BudgetServiceShape = {
  /** One stream per cluster: its active operator opens it. The first request MUST be a Hello. */
  Follow: { kind: 'bidiStream'; request: FollowRequest; requestInput: FollowRequestInput; response: FollowResponse; responseInput: FollowResponseInput };
};

/** Carries budget policies from the clusters in which they are written to the hub, and verdicts back. */
export const BudgetService: ServiceDescriptor<BudgetServiceShape> = {
  typeName: 'kubehero.budget.v1.BudgetService',
  methods: {
    Follow: { kind: 'bidiStream' },
  },
};

/** What an operator sends. */
export interface FollowRequest {
  readonly hello?: Hello;
  readonly authored?: AuthoredPolicies;
  readonly enforcement?: Enforcement;
  readonly action?: ActionRecord;
  /** Which of the alternatives is there. */
  readonly message?: 'hello' | 'authored' | 'enforcement' | 'action';
}

/** {@link FollowRequest} as it is given to be sent: what is left out has its default. */
export interface FollowRequestInput {
  readonly hello?: HelloInput | undefined;
  readonly authored?: AuthoredPoliciesInput | undefined;
  readonly enforcement?: EnforcementInput | undefined;
  readonly action?: ActionRecordInput | undefined;
}

/** Introduces the operator; what it holds already is not sent again. */
export interface Hello {
  /** Program and version, for example "kubehero-operator/0.1.0". */
  readonly operator: string;
  readonly held: readonly (HeldVerdict)[];
  /**
   * Public key of the operator's chain of actions (Ed25519, SPKI). The hub pins it to the cluster; its SHA-256 is the
   * key_id of the records, so that no other key ever speaks for this chain.
   */
  readonly chainKey: Buffer;
}

/** {@link Hello} as it is given to be sent: what is left out has its default. */
export interface HelloInput {
  /** Program and version, for example "kubehero-operator/0.1.0". */
  readonly operator?: string | undefined;
  readonly held?: readonly (HeldVerdictInput)[] | undefined;
  /**
   * Public key of the operator's chain of actions (Ed25519, SPKI). The hub pins it to the cluster; its SHA-256 is the
   * key_id of the records, so that no other key ever speaks for this chain.
   */
  readonly chainKey?: Uint8Array | undefined;
}

/** A verdict that the operator has, by its place in the order. */
export interface HeldVerdict {
  readonly policyUid: string;
  readonly epoch: string;
  readonly version: string;
}

/** {@link HeldVerdict} as it is given to be sent: what is left out has its default. */
export interface HeldVerdictInput {
  readonly policyUid?: string | undefined;
  readonly epoch?: string | number | undefined;
  readonly version?: string | number | undefined;
}

/** Every policy that is written in this cluster (replicas are not), replacing what was said before. */
export interface AuthoredPolicies {
  readonly policies: readonly (AuthoredPolicy)[];
}

/** {@link AuthoredPolicies} as it is given to be sent: what is left out has its default. */
export interface AuthoredPoliciesInput {
  readonly policies?: readonly (AuthoredPolicyInput)[] | undefined;
}

/** A BudgetPolicy as its cluster's API server holds it. */
export interface AuthoredPolicy {
  /** metadata.uid: the identity of the policy everywhere. */
  readonly uid: string;
  readonly name: string;
  readonly generation: string;
  /** spec as JSON. */
  readonly specJson: string;
  /** Who armed it, empty where it is not armed or that is not known. */
  readonly armedBy: string;
}

/** {@link AuthoredPolicy} as it is given to be sent: what is left out has its default. */
export interface AuthoredPolicyInput {
  /** metadata.uid: the identity of the policy everywhere. */
  readonly uid?: string | undefined;
  readonly name?: string | undefined;
  readonly generation?: string | number | undefined;
  /** spec as JSON. */
  readonly specJson?: string | undefined;
  /** Who armed it, empty where it is not armed or that is not known. */
  readonly armedBy?: string | undefined;
}

/** Where enforcement of a policy stands in this cluster. */
export interface Enforcement {
  readonly policyUid: string;
  /** The verdict that this speaks of. */
  readonly epoch: string;
  readonly version: string;
  readonly state: EnforcementState;
  /** Objects that are held stopped or, in a dry run, would be; the first hundred of them. */
  readonly objects: readonly (AffectedObject)[];
  readonly objectCount: number;
  /** One sentence: what could not be done and the way out. Empty where all is well. */
  readonly message: string;
}

/** {@link Enforcement} as it is given to be sent: what is left out has its default. */
export interface EnforcementInput {
  readonly policyUid?: string | undefined;
  /** The verdict that this speaks of. */
  readonly epoch?: string | number | undefined;
  readonly version?: string | number | undefined;
  readonly state?: EnforcementState | undefined;
  /** Objects that are held stopped or, in a dry run, would be; the first hundred of them. */
  readonly objects?: readonly (AffectedObjectInput)[] | undefined;
  readonly objectCount?: number | undefined;
  /** One sentence: what could not be done and the way out. Empty where all is well. */
  readonly message?: string | undefined;
}

/** Numbers of {@link EnforcementState} on the wire. */
export const enforcementStateNumbers = {
  ENFORCEMENT_STATE_UNSPECIFIED: 0,
  /** Nothing is stopped and nothing should be. */
  ENFORCEMENT_STATE_IDLE: 1,
  /** Something should be stopped and is not yet. */
  ENFORCEMENT_STATE_ENFORCING: 2,
  ENFORCEMENT_STATE_ENFORCED: 3,
  /** Something should be released and is not yet. */
  ENFORCEMENT_STATE_RELEASING: 4,
  ENFORCEMENT_STATE_RELEASED: 5,
  /** Above the ceiling, and only reported. */
  ENFORCEMENT_STATE_DRY_RUN: 6,
  /** The cluster refuses the policy or cannot carry it out; the message says why. */
  ENFORCEMENT_STATE_REFUSED: 7,
} as const;

/** What a cluster did about a policy. */
export type EnforcementState = keyof typeof enforcementStateNumbers;

/** An object of the cluster that enforcement concerns. */
export interface AffectedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Scaled, Suspended, Paused, PodsDeleted, Denied, Held, Reported. */
  readonly action: string;
}

/** {@link AffectedObject} as it is given to be sent: what is left out has its default. */
export interface AffectedObjectInput {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  /** Scaled, Suspended, Paused, PodsDeleted, Denied, Held, Reported. */
  readonly action?: string | undefined;
}

/** One thing that the operator did. Kept by the operator until it is received; hash-chained per cluster. */
export interface ActionRecord {
  /** Number in this cluster's chain: 1, 2, 3 ... */
  readonly sequence: string;
  /** RFC 3339 with milliseconds. */
  readonly at: string;
  readonly policyUid: string;
  readonly policyName: string;
  /** Deny, Undeny, Scale, Restore, Suspend, Resume, Pause, Unpause, DeletePods, Arm, Disarm, Refuse. */
  readonly action: string;
  readonly object: AffectedObject | null;
  /** Why, as a sentence with figures. */
  readonly reason: string;
  /** What was there before and after, JSON; empty where nothing changed. */
  readonly beforeJson: string;
  readonly afterJson: string;
  /** SHA-256 of the record before (32 zero bytes for the first), and of this one over its canonical JSON. */
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  /** Ed25519 over `hash` by the operator's chain key, and that key's identity (SHA-256 of its SPKI, hex). */
  readonly signature: Buffer;
  readonly keyId: string;
  /**
   * What the hub found wrong: WRONG_HASH, UNKNOWN_KEY, WRONG_SIGNATURE, WRONG_PREVIOUS, GAP, FORK. Empty for a record
   * that verifies, and in what operators send.
   */
  readonly fault: string;
}

/** {@link ActionRecord} as it is given to be sent: what is left out has its default. */
export interface ActionRecordInput {
  /** Number in this cluster's chain: 1, 2, 3 ... */
  readonly sequence?: string | number | undefined;
  /** RFC 3339 with milliseconds. */
  readonly at?: string | undefined;
  readonly policyUid?: string | undefined;
  readonly policyName?: string | undefined;
  /** Deny, Undeny, Scale, Restore, Suspend, Resume, Pause, Unpause, DeletePods, Arm, Disarm, Refuse. */
  readonly action?: string | undefined;
  readonly object?: AffectedObjectInput | undefined;
  /** Why, as a sentence with figures. */
  readonly reason?: string | undefined;
  /** What was there before and after, JSON; empty where nothing changed. */
  readonly beforeJson?: string | undefined;
  readonly afterJson?: string | undefined;
  /** SHA-256 of the record before (32 zero bytes for the first), and of this one over its canonical JSON. */
  readonly previousHash?: Uint8Array | undefined;
  readonly hash?: Uint8Array | undefined;
  /** Ed25519 over `hash` by the operator's chain key, and that key's identity (SHA-256 of its SPKI, hex). */
  readonly signature?: Uint8Array | undefined;
  readonly keyId?: string | undefined;
  /**
   * What the hub found wrong: WRONG_HASH, UNKNOWN_KEY, WRONG_SIGNATURE, WRONG_PREVIOUS, GAP, FORK. Empty for a record
   * that verifies, and in what operators send.
   */
  readonly fault?: string | undefined;
}

/** What the hub sends. */
export interface FollowResponse {
  readonly verdict?: Verdict;
  readonly withdrawal?: Withdrawal;
  readonly synced?: Synced;
  readonly receipt?: ActionReceipt;
  readonly setArmed?: SetArmed;
  /** Which of the alternatives is there. */
  readonly message?: 'verdict' | 'withdrawal' | 'synced' | 'receipt' | 'setArmed';
}

/** {@link FollowResponse} as it is given to be sent: what is left out has its default. */
export interface FollowResponseInput {
  readonly verdict?: VerdictInput | undefined;
  readonly withdrawal?: WithdrawalInput | undefined;
  readonly synced?: SyncedInput | undefined;
  readonly receipt?: ActionReceiptInput | undefined;
  readonly setArmed?: SetArmedInput | undefined;
}

/**
 * What the hub knows of a policy's spend, with the policy itself, so that a cluster in which it was not written can
 * keep a replica. Verdicts of one policy order by (epoch, version): an older one MUST be ignored.
 */
export interface Verdict {
  readonly policyUid: string;
  readonly policyName: string;
  /** Cluster in which the policy is written. */
  readonly originClusterId: string;
  readonly generation: string;
  readonly specJson: string;
  readonly armedBy: string;
  readonly epoch: string;
  readonly version: string;
  /** The period, epoch seconds, half open. A hard stop ends by itself at its end. */
  readonly periodStartsAtS: string;
  readonly periodEndsAtS: string;
  /** Up to when spend is counted, epoch seconds. */
  readonly spentThroughS: string;
  readonly currency: string;
  /** Integer picounits of the currency as digits. */
  readonly ceilingPicounits: string;
  readonly spendPicounits: string;
  readonly burnPerHourPicounits: string;
  /** Absent while it cannot be told; `conditions` say why. */
  readonly forecast: Forecast | null;
  /** Spend passed the ceiling in this period; it stays so until the period ends or the policy changes. */
  readonly exceeded: boolean;
  readonly exceededAtS: string;
  /** Shares of the ceiling that spend or forecast passed. */
  readonly crossed: readonly (CrossedThreshold)[];
  /** What the hub has to say: staleness, another currency, a scope that matches nothing or everything, overlaps. */
  readonly conditions: readonly (Condition)[];
  /** What the stopped pods' share of still running nodes costs an hour, picounits as digits; empty while nothing is stopped. */
  readonly stillPaidPerHourPicounits: string;
}

/** {@link Verdict} as it is given to be sent: what is left out has its default. */
export interface VerdictInput {
  readonly policyUid?: string | undefined;
  readonly policyName?: string | undefined;
  /** Cluster in which the policy is written. */
  readonly originClusterId?: string | undefined;
  readonly generation?: string | number | undefined;
  readonly specJson?: string | undefined;
  readonly armedBy?: string | undefined;
  readonly epoch?: string | number | undefined;
  readonly version?: string | number | undefined;
  /** The period, epoch seconds, half open. A hard stop ends by itself at its end. */
  readonly periodStartsAtS?: string | number | undefined;
  readonly periodEndsAtS?: string | number | undefined;
  /** Up to when spend is counted, epoch seconds. */
  readonly spentThroughS?: string | number | undefined;
  readonly currency?: string | undefined;
  /** Integer picounits of the currency as digits. */
  readonly ceilingPicounits?: string | undefined;
  readonly spendPicounits?: string | undefined;
  readonly burnPerHourPicounits?: string | undefined;
  /** Absent while it cannot be told; `conditions` say why. */
  readonly forecast?: ForecastInput | undefined;
  /** Spend passed the ceiling in this period; it stays so until the period ends or the policy changes. */
  readonly exceeded?: boolean | undefined;
  readonly exceededAtS?: string | number | undefined;
  /** Shares of the ceiling that spend or forecast passed. */
  readonly crossed?: readonly (CrossedThresholdInput)[] | undefined;
  /** What the hub has to say: staleness, another currency, a scope that matches nothing or everything, overlaps. */
  readonly conditions?: readonly (ConditionInput)[] | undefined;
  /** What the stopped pods' share of still running nodes costs an hour, picounits as digits; empty while nothing is stopped. */
  readonly stillPaidPerHourPicounits?: string | undefined;
}

/** What the spend will be at the end of the period, picounits as digits. */
export interface Forecast {
  readonly expectedPicounits: string;
  /** Interval in which it lies in four of five cases. */
  readonly lowPicounits: string;
  readonly highPicounits: string;
  /** Name of the method. */
  readonly method: string;
}

/** {@link Forecast} as it is given to be sent: what is left out has its default. */
export interface ForecastInput {
  readonly expectedPicounits?: string | undefined;
  /** Interval in which it lies in four of five cases. */
  readonly lowPicounits?: string | undefined;
  readonly highPicounits?: string | undefined;
  /** Name of the method. */
  readonly method?: string | undefined;
}

/** The message CrossedThreshold, as received. */
export interface CrossedThreshold {
  readonly percent: number;
  /** "Spend" or "Forecast". */
  readonly on: string;
}

/** {@link CrossedThreshold} as it is given to be sent: what is left out has its default. */
export interface CrossedThresholdInput {
  readonly percent?: number | undefined;
  /** "Spend" or "Forecast". */
  readonly on?: string | undefined;
}

/** As metav1.Condition, without its times. */
export interface Condition {
  readonly type: string;
  /** "True", "False" or "Unknown". */
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** {@link Condition} as it is given to be sent: what is left out has its default. */
export interface ConditionInput {
  readonly type?: string | undefined;
  /** "True", "False" or "Unknown". */
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** The policy concerns this cluster no more: release what it holds and remove the replica. */
export interface Withdrawal {
  readonly policyUid: string;
  readonly epoch: string;
  readonly version: string;
}

/** {@link Withdrawal} as it is given to be sent: what is left out has its default. */
export interface WithdrawalInput {
  readonly policyUid?: string | undefined;
  readonly epoch?: string | number | undefined;
  readonly version?: string | number | undefined;
}

/** Everything that concerns this cluster was sent: what the operator holds beyond it is withdrawn. */
export interface Synced {
  readonly epoch: string;
  readonly policyUids: readonly string[];
}

/** {@link Synced} as it is given to be sent: what is left out has its default. */
export interface SyncedInput {
  readonly epoch?: string | number | undefined;
  readonly policyUids?: readonly (string)[] | undefined;
}

/** Records up to here are stored. */
export interface ActionReceipt {
  readonly throughSequence: string;
}

/** {@link ActionReceipt} as it is given to be sent: what is left out has its default. */
export interface ActionReceiptInput {
  readonly throughSequence?: string | number | undefined;
}

/** A person armed or disarmed a policy that is written in this cluster, by the hub's command or dashboard. */
export interface SetArmed {
  /** Names the request in the ActionRecord that answers it. */
  readonly requestId: string;
  readonly policyUid: string;
  readonly armed: boolean;
  readonly by: string;
}

/** {@link SetArmed} as it is given to be sent: what is left out has its default. */
export interface SetArmedInput {
  /** Names the request in the ActionRecord that answers it. */
  readonly requestId?: string | undefined;
  readonly policyUid?: string | undefined;
  readonly armed?: boolean | undefined;
  readonly by?: string | undefined;
}

/** Methods of {@link PolicyService}, for the compiler. */
export type PolicyServiceShape = {
  /** Every policy with its verdict and where its enforcement stands. */
  ListPolicies: { kind: 'unary'; request: ListPoliciesRequest; requestInput: ListPoliciesRequestInput; response: ListPoliciesResponse; responseInput: ListPoliciesResponseInput };
  /** One policy with its burn-down, its objects and its history. */
  GetPolicy: { kind: 'unary'; request: GetPolicyRequest; requestInput: GetPolicyRequestInput; response: GetPolicyResponse; responseInput: GetPolicyResponseInput };
  /** Arms or disarms; answers when the cluster's operator has written it, `unavailable` where none is connected. */
  SetArmed: { kind: 'unary'; request: SetPolicyArmedRequest; requestInput: SetPolicyArmedRequestInput; response: SetPolicyArmedResponse; responseInput: SetPolicyArmedResponseInput };
  /** What a policy would have done in the past and which objects it would stop now. Changes nothing. */
  SimulatePolicy: { kind: 'unary'; request: SimulatePolicyRequest; requestInput: SimulatePolicyRequestInput; response: SimulatePolicyResponse; responseInput: SimulatePolicyResponseInput };
};

/** Budgets for people and programs. Served as the Connect protocol on the HTTP port. */
export const PolicyService: ServiceDescriptor<PolicyServiceShape> = {
  typeName: 'kubehero.budget.v1.PolicyService',
  methods: {
    ListPolicies: { kind: 'unary' },
    GetPolicy: { kind: 'unary' },
    SetArmed: { kind: 'unary' },
    SimulatePolicy: { kind: 'unary' },
  },
};

/** The message ListPoliciesRequest, as received. */
export interface ListPoliciesRequest {
}

/** {@link ListPoliciesRequest} as it is given to be sent: what is left out has its default. */
export interface ListPoliciesRequestInput {
}

/** The message ListPoliciesResponse, as received. */
export interface ListPoliciesResponse {
  readonly policies: readonly (PolicyStatus)[];
}

/** {@link ListPoliciesResponse} as it is given to be sent: what is left out has its default. */
export interface ListPoliciesResponseInput {
  readonly policies?: readonly (PolicyStatusInput)[] | undefined;
}

/** A policy as the hub knows it; the verdict of `ceilingPer: Cluster` is that of the cluster that spent most of its ceiling. */
export interface PolicyStatus {
  readonly verdict: Verdict | null;
  readonly originCluster: string;
  readonly armed: boolean;
  readonly hardStop: boolean;
  readonly dryRun: boolean;
  /** Tracking, Warning, Exceeded, Enforced, Released, Stale. */
  readonly phase: string;
  readonly clusters: readonly (ClusterEnforcement)[];
}

/** {@link PolicyStatus} as it is given to be sent: what is left out has its default. */
export interface PolicyStatusInput {
  readonly verdict?: VerdictInput | undefined;
  readonly originCluster?: string | undefined;
  readonly armed?: boolean | undefined;
  readonly hardStop?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** Tracking, Warning, Exceeded, Enforced, Released, Stale. */
  readonly phase?: string | undefined;
  readonly clusters?: readonly (ClusterEnforcementInput)[] | undefined;
}

/** Enforcement in one cluster. */
export interface ClusterEnforcement {
  readonly cluster: string;
  /** False while no operator of the cluster is connected. */
  readonly connected: boolean;
  readonly enforcement: Enforcement | null;
}

/** {@link ClusterEnforcement} as it is given to be sent: what is left out has its default. */
export interface ClusterEnforcementInput {
  readonly cluster?: string | undefined;
  /** False while no operator of the cluster is connected. */
  readonly connected?: boolean | undefined;
  readonly enforcement?: EnforcementInput | undefined;
}

/** The message GetPolicyRequest, as received. */
export interface GetPolicyRequest {
  /** Name or UID; a name that several clusters use needs `cluster`. */
  readonly policy: string;
  readonly cluster: string;
}

/** {@link GetPolicyRequest} as it is given to be sent: what is left out has its default. */
export interface GetPolicyRequestInput {
  /** Name or UID; a name that several clusters use needs `cluster`. */
  readonly policy?: string | undefined;
  readonly cluster?: string | undefined;
}

/** The message GetPolicyResponse, as received. */
export interface GetPolicyResponse {
  readonly status: PolicyStatus | null;
  /** Spend from the period's start in steps, rising. */
  readonly points: readonly (SpendPoint)[];
  /** Newest first, at most 200. */
  readonly actions: readonly (ActionRecord)[];
}

/** {@link GetPolicyResponse} as it is given to be sent: what is left out has its default. */
export interface GetPolicyResponseInput {
  readonly status?: PolicyStatusInput | undefined;
  /** Spend from the period's start in steps, rising. */
  readonly points?: readonly (SpendPointInput)[] | undefined;
  /** Newest first, at most 200. */
  readonly actions?: readonly (ActionRecordInput)[] | undefined;
}

/** The message SpendPoint, as received. */
export interface SpendPoint {
  readonly atS: string;
  readonly spendPicounits: string;
}

/** {@link SpendPoint} as it is given to be sent: what is left out has its default. */
export interface SpendPointInput {
  readonly atS?: string | number | undefined;
  readonly spendPicounits?: string | undefined;
}

/** The message SetPolicyArmedRequest, as received. */
export interface SetPolicyArmedRequest {
  readonly policy: string;
  readonly cluster: string;
  readonly armed: boolean;
  /** MUST equal the policy's name when arming. */
  readonly confirmName: string;
  /** Who asks. */
  readonly by: string;
}

/** {@link SetPolicyArmedRequest} as it is given to be sent: what is left out has its default. */
export interface SetPolicyArmedRequestInput {
  readonly policy?: string | undefined;
  readonly cluster?: string | undefined;
  readonly armed?: boolean | undefined;
  /** MUST equal the policy's name when arming. */
  readonly confirmName?: string | undefined;
  /** Who asks. */
  readonly by?: string | undefined;
}

/** The message SetPolicyArmedResponse, as received. */
export interface SetPolicyArmedResponse {
  readonly status: PolicyStatus | null;
}

/** {@link SetPolicyArmedResponse} as it is given to be sent: what is left out has its default. */
export interface SetPolicyArmedResponseInput {
  readonly status?: PolicyStatusInput | undefined;
}

/** The message SimulatePolicyRequest, as received. */
export interface SimulatePolicyRequest {
  /** A policy that exists, or a whole BudgetPolicy as JSON that does not. */
  readonly policy: string;
  readonly cluster: string;
  readonly policyJson: string;
  /** Days to look back. @default 30 */
  readonly days: number;
}

/** {@link SimulatePolicyRequest} as it is given to be sent: what is left out has its default. */
export interface SimulatePolicyRequestInput {
  /** A policy that exists, or a whole BudgetPolicy as JSON that does not. */
  readonly policy?: string | undefined;
  readonly cluster?: string | undefined;
  readonly policyJson?: string | undefined;
  /** Days to look back. @default 30 */
  readonly days?: number | undefined;
}

/** The message SimulatePolicyResponse, as received. */
export interface SimulatePolicyResponse {
  /** Periods in the window, oldest first. */
  readonly periods: readonly (SimulatedPeriod)[];
  readonly wouldStop: readonly (AffectedObject)[];
  readonly conditions: readonly (Condition)[];
  readonly currency: string;
}

/** {@link SimulatePolicyResponse} as it is given to be sent: what is left out has its default. */
export interface SimulatePolicyResponseInput {
  /** Periods in the window, oldest first. */
  readonly periods?: readonly (SimulatedPeriodInput)[] | undefined;
  readonly wouldStop?: readonly (AffectedObjectInput)[] | undefined;
  readonly conditions?: readonly (ConditionInput)[] | undefined;
  readonly currency?: string | undefined;
}

/** The message SimulatedPeriod, as received. */
export interface SimulatedPeriod {
  readonly startsAtS: string;
  readonly endsAtS: string;
  readonly spendPicounits: string;
  /** When the ceiling would have been crossed, 0 where never. */
  readonly exceededAtS: string;
  /** What was spent after that: the most that enforcement would have saved. */
  readonly spendAfterPicounits: string;
}

/** {@link SimulatedPeriod} as it is given to be sent: what is left out has its default. */
export interface SimulatedPeriodInput {
  readonly startsAtS?: string | number | undefined;
  readonly endsAtS?: string | number | undefined;
  readonly spendPicounits?: string | undefined;
  /** When the ceiling would have been crossed, 0 where never. */
  readonly exceededAtS?: string | number | undefined;
  /** What was spent after that: the most that enforcement would have saved. */
  readonly spendAfterPicounits?: string | undefined;
}
