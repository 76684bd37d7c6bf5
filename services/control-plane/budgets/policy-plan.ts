import {
  BudgetError,
  checkPolicy,
  coversNamespace,
  DEFAULT_THRESHOLDS,
  parsePolicySpec,
  periodAt,
  reachOf,
  type BudgetPolicySpec,
  type BudgetThreshold,
  type Ceiling,
  type PartSpec,
  type Window,
} from '@kubehero/domain';
import { annotationKeys } from '@kubehero/contract';
import type { BudgetPolicyRow, LabelledCluster } from '@kubehero/store-postgres';

/** Something that the hub has to say about a policy. */
export interface Statement {
  readonly type: 'Accepted' | 'Scope' | 'Reach' | 'Overlaps' | 'Stale';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** What is judged by one ceiling: a policy in all its clusters together, or in one of them. */
export interface Subject {
  /** Of the policy and the cluster. */
  readonly key: string;
  readonly policy: BudgetPolicyRow;
  /** Zero for all clusters together. */
  readonly clusterKey: number;
  readonly clusterKeys: readonly number[];
  readonly spec: BudgetPolicySpec;
  readonly ceiling: Ceiling;
  readonly period: Window;
  readonly thresholds: readonly BudgetThreshold[];
  readonly parts: readonly PartSpec[];
  readonly statements: readonly Statement[];
}

/** A policy that cannot be judged. */
export interface Fault {
  readonly policy: BudgetPolicyRow;
  readonly statement: Statement;
}

/** Everything that is to be judged. */
export interface Plan {
  readonly subjects: readonly Subject[];
  readonly faults: readonly Fault[];
}

/** What plans are made from. */
export interface PlanInput {
  readonly policies: readonly BudgetPolicyRow[];
  readonly clusters: readonly LabelledCluster[];
  /** What the hub reckons in. */
  readonly currency: string;
  readonly nowS: number;
}

/** Works out what is to be judged now: a pure function of policies, registrations and the clock. */
export function planPolicies(input: PlanInput): Plan {
  const subjects: Subject[] = [];
  const faults: Fault[] = [];
  for (const policy of input.policies) {
    try {
      subjects.push(...subjectsOf(policy, input));
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      faults.push({ policy, statement: faultStatement(error) });
    }
  }
  return { subjects, faults };
}

function subjectsOf(policy: BudgetPolicyRow, { clusters, currency, nowS }: PlanInput): Subject[] {
  const spec = parsePolicySpec(policy.specJson);
  const { ceiling, timeZone } = checkPolicy(spec, currency);
  const period = periodAt(ceiling.period, timeZone, nowS);
  const origin = clusters.find(({ key }) => key === policy.clusterKey);
  const isSource = origin?.labels[annotationKeys.policySource] === 'true';
  const reach = reachOf(spec.scope, { key: policy.clusterKey, isSource }, clusters);
  const statements: Statement[] = [
    { type: 'Accepted', status: 'True', reason: 'Judged', message: 'the hub judges the policy' },
    ...(reach.refused.length === 0 ? [] : [refusedStatement(reach.refused, clusters)]),
  ];
  const shared = {
    policy,
    spec,
    ceiling,
    period,
    statements,
    thresholds: spec.thresholds ?? DEFAULT_THRESHOLDS,
  };
  const part = (clusterKey: number): PartSpec =>
    toPart(policy, spec, { clusterKey, period, timeZone, ceiling });
  if (spec.ceilingPer === 'Cluster') {
    return reach.covered.map((clusterKey) => ({
      ...shared,
      key: `${policy.uid}/${clusterKey}`,
      clusterKey,
      clusterKeys: [clusterKey],
      parts: [part(clusterKey)],
    }));
  }
  const parts = reach.covered.map(part);
  return [{ ...shared, key: `${policy.uid}/0`, clusterKey: 0, clusterKeys: reach.covered, parts }];
}

function toPart(
  policy: BudgetPolicyRow,
  spec: BudgetPolicySpec,
  asked: { clusterKey: number; period: Window; timeZone: string; ceiling: Ceiling },
): PartSpec {
  const { scope } = spec;
  const { namespaces, namespaceSelector, workloadSelector } = scope;
  const isNamed = namespaces !== undefined && namespaces.length > 0;
  const labels = namespaceSelector?.matchLabels;
  const includeIdle = spec.includeIdle === true;
  return {
    key: `${policy.uid}/${asked.clusterKey}`,
    clusterKey: asked.clusterKey,
    question: JSON.stringify([
      namespaces ?? null,
      namespaceSelector ?? null,
      workloadSelector ?? null,
      includeIdle,
      asked.ceiling.period,
      asked.timeZone,
    ]),
    period: asked.period,
    includeIdle,
    coversNamespace: (name, own) => coversNamespace(scope, name, own),
    ...(isNamed ? { namespaceNames: namespaces } : {}),
    ...(labels === undefined ? {} : { namespaceLabels: labels }),
    ...(workloadSelector === undefined ? {} : { workloadSelector }),
  };
}

function refusedStatement(refused: readonly number[], clusters: readonly LabelledCluster[]): Statement {
  const names = clusters.filter(({ key }) => refused.includes(key)).map(({ name }) => name);
  return {
    type: 'Reach',
    status: 'False',
    reason: 'NotAPolicySource',
    message: `the policy covers its own cluster alone and not ${some(names)}: register the cluster in which it is written with the label ${annotationKeys.policySource}=true to let its policies reach others`,
  };
}

const REASONS: Readonly<Record<BudgetError['code'], string>> = {
  BAD_CEILING: 'InvalidCeiling',
  NOT_POSITIVE: 'InvalidCeiling',
  ABSURD_CEILING: 'AbsurdCeiling',
  OTHER_CURRENCY: 'OtherCurrency',
  BAD_TIME_ZONE: 'UnknownTimeZone',
  EMPTY_SCOPE: 'EmptyScope',
  BAD_SPEC: 'InvalidSpec',
};

/** A fault of a policy as a condition. */
export function faultStatement(error: BudgetError): Statement {
  return { type: 'Accepted', status: 'False', reason: REASONS[error.code], message: error.message };
}

/** The first names of a list, for a sentence. */
export function some(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
