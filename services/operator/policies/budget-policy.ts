import { annotationKeys, budgetPolicyNames } from '@kubehero/contract';
import type { BudgetPolicySpec } from '@kubehero/domain';
import type { ApiObject } from '@kubehero/kubernetes';

/** Where a policy stands, as people read it. */
export type Phase = 'Tracking' | 'Warning' | 'Exceeded' | 'Enforced' | 'Released' | 'Stale';

/** As `metav1.Condition`. */
export interface PolicyCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** The verdict as it is kept in the object: amounts in picounits, instants as RFC 3339. */
export interface StoredVerdict {
  readonly epoch?: string;
  readonly version?: string;
  readonly generation?: number;
  readonly originClusterId?: string;
  readonly question?: string;
  readonly ceiling?: string;
  readonly spend?: string;
  readonly spentThrough?: string;
  readonly exceeded?: boolean;
  readonly exceededAt?: string;
  readonly crossed?: readonly { readonly percent?: number; readonly on?: string }[];
}

/** Why and when something was released. */
export interface StoredRelease {
  readonly at?: string;
  readonly reason?: string;
  readonly periodStartsAt?: string;
}

/** `status` of a BudgetPolicy. */
export interface PolicyStatus {
  readonly observedGeneration?: number;
  readonly phase?: Phase;
  readonly period?: { readonly startsAt?: string; readonly endsAt?: string };
  readonly spend?: string;
  readonly forecast?: string;
  readonly remaining?: string;
  readonly burnRatePerHour?: string;
  readonly currency?: string;
  readonly stillPaidPerHour?: string;
  readonly armedBy?: string;
  readonly stoppedCount?: number;
  readonly stopped?: readonly {
    readonly cluster?: string;
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
  }[];
  readonly verdict?: StoredVerdict;
  readonly release?: StoredRelease;
  readonly conditions?: readonly PolicyCondition[];
}

/** A BudgetPolicy as the operator keeps it in memory. */
export interface BudgetPolicyObject extends ApiObject {
  readonly metadata: {
    readonly uid: string;
    readonly name: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly finalizers: readonly string[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: BudgetPolicySpec;
  readonly status: PolicyStatus;
  /** Program that wrote `spec.armed`, as the API server notes it; empty where it does not. */
  readonly armedWith: string;
}

/** Keeps a deleted policy until everything that it holds is released. */
export const policyFinalizer = 'kubehero.io/release';

/** Path of the collection. */
export const policiesPath = `/apis/${budgetPolicyNames.group}/${budgetPolicyNames.version}/${budgetPolicyNames.plural}`;

/** `apiVersion` of the kind. */
export const policyApiVersion = `${budgetPolicyNames.group}/${budgetPolicyNames.version}`;

/** Identity of a policy everywhere: its UID in the cluster where it is written. */
export function identityOf(policy: BudgetPolicyObject): string {
  return policy.metadata.labels[annotationKeys.replicaOf] ?? policy.metadata.uid;
}

/** True where the policy is written in another cluster. */
export function isReplica(policy: BudgetPolicyObject): boolean {
  return policy.metadata.labels[annotationKeys.replicaOf] !== undefined;
}

/** Who armed a policy: as the annotation says, else the program that wrote the field; empty where it is not armed. */
export function armedByOf(policy: BudgetPolicyObject): string {
  if (policy.spec.armed !== true) return '';
  const named = policy.metadata.annotations[annotationKeys.armedBy];
  if (named !== undefined && named !== '') return named;
  // A client that does not say what it is goes by `unknown`.
  return ['', 'unknown'].includes(policy.armedWith) ? '' : `whoever used ${policy.armedWith}`;
}

interface RawMetadata {
  readonly uid?: string;
  readonly name?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
  readonly managedFields?: readonly {
    readonly manager?: string;
    readonly subresource?: string;
    readonly fieldsV1?: { readonly 'f:spec'?: { readonly 'f:armed'?: unknown } };
  }[];
}

/** The parts of an object of the API that the operator keeps. */
export function toBudgetPolicy(object: ApiObject): BudgetPolicyObject {
  const raw = object as { metadata?: RawMetadata; spec?: BudgetPolicySpec; status?: PolicyStatus };
  const { metadata = {} } = raw;
  const writers = (metadata.managedFields ?? []).filter(
    (entry) => entry.fieldsV1?.['f:spec']?.['f:armed'] !== undefined,
  );
  return {
    metadata: {
      uid: metadata.uid ?? '',
      name: metadata.name ?? '',
      resourceVersion: metadata.resourceVersion ?? '',
      generation: metadata.generation ?? 0,
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      finalizers: metadata.finalizers ?? [],
      ...(metadata.deletionTimestamp === undefined ? {} : { deletionTimestamp: metadata.deletionTimestamp }),
    },
    spec: raw.spec ?? { scope: {}, ceiling: '' },
    status: raw.status ?? {},
    armedWith: writers.at(-1)?.manager ?? '',
  };
}
