/** Where a policy stands. */
export const phases = ['Tracking', 'Warning', 'Exceeded', 'Enforced', 'Released', 'Stale'] as const;

/** One of {@link phases}; `Unknown` for one of a newer control plane. */
export type Phase = (typeof phases)[number] | 'Unknown';

/** What the hub or an operator says of a policy. */
export interface ConditionMessage {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  /** What it is and the way out. */
  readonly message: string;
}

/** An object of a cluster that enforcement concerns. */
export interface AffectedObjectMessage {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Scaled, Suspended, Paused, PodsDeleted, Denied, Held, Reported. */
  readonly action: string;
}

/** Enforcement in one cluster. */
export interface ClusterMessage {
  readonly cluster: string;
  readonly connected: boolean;
  /** Idle, Enforcing, Enforced, Releasing, Released, DryRun, Refused; empty where nothing was reported. */
  readonly state: string;
  /** The first hundred of `objectCount`. */
  readonly objects: readonly AffectedObjectMessage[];
  readonly objectCount: number;
  /** What could not be done and the way out; empty where all is well. */
  readonly message: string;
}

/** What spend will be at the end of the period, in picounits as digits. */
export interface ForecastMessage {
  readonly expectedPico: string;
  /** Four of five cases lie between `lowPico` and `highPico`. */
  readonly lowPico: string;
  readonly highPico: string;
  readonly method: string;
}

/** A policy as the page shows it; money in picounits as digits, instants in unix seconds, 0 for never. */
export interface PolicyMessage {
  readonly uid: string;
  readonly name: string;
  /** Where it is written. */
  readonly cluster: string;
  readonly phase: Phase;
  readonly armed: boolean;
  readonly armedBy: string;
  readonly hardStop: boolean;
  readonly dryRun: boolean;
  /** The ceiling as it is written, such as `$500000/mo`. */
  readonly ceiling: string;
  readonly perCluster: boolean;
  /** IANA zone in which its period begins. */
  readonly timeZone: string;
  readonly thresholds: readonly { readonly percent: number; readonly on: string }[];
  readonly crossed: readonly { readonly percent: number; readonly on: string }[];
  /** Empty while nothing was judged: the figures below mean nothing then. */
  readonly currency: string;
  readonly ceilingPico: string;
  readonly spendPico: string;
  readonly burnPerHourPico: string;
  readonly forecast: ForecastMessage | null;
  readonly stillPaidPerHourPico: string | null;
  readonly periodStartsAtS: number;
  readonly periodEndsAtS: number;
  readonly spentThroughS: number;
  readonly exceeded: boolean;
  readonly exceededAtS: number;
  readonly conditions: readonly ConditionMessage[];
  readonly clusters: readonly ClusterMessage[];
}

/** Every policy, in the order in which they need a person. */
export interface PolicyListMessage {
  readonly policies: readonly PolicyMessage[];
}

/** One thing that an operator did. */
export interface ActionMessage {
  readonly sequence: number;
  readonly atS: number;
  readonly action: string;
  readonly object: AffectedObjectMessage | null;
  readonly reason: string;
  /** JSON, or empty where nothing changed. */
  readonly before: string;
  readonly after: string;
}

/** A policy with its burn-down and its history. */
export interface PolicyDetailMessage {
  readonly policy: PolicyMessage;
  readonly points: readonly { readonly atS: number; readonly spendPico: string }[];
  /** Newest first, at most 200. */
  readonly actions: readonly ActionMessage[];
}

/** What a policy would have done in the last 30 days, and what it would stop now. */
export interface SimulationMessage {
  readonly currency: string;
  readonly periods: readonly {
    readonly startsAtS: number;
    readonly endsAtS: number;
    readonly spendPico: string;
    readonly exceededAtS: number;
    readonly spendAfterPico: string;
  }[];
  readonly wouldStop: readonly AffectedObjectMessage[];
  readonly conditions: readonly ConditionMessage[];
}

/** What is asked of `/api/budgets/armed`. */
export interface ArmRequest {
  readonly policy: string;
  readonly cluster: string;
  readonly armed: boolean;
  /** The policy's name, typed out, when arming. */
  readonly confirmName: string;
}
