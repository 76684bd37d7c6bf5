import {
  annotationKeys,
  labelKeys,
  programs,
  neverTouchedNamespaces,
  ownNamespacePrefix,
} from '@kubehero/contract';
import type { LabelRequirement } from '@kubehero/domain';
import type { Workload } from '../world/world-objects.js';
import type { PolicyInForce } from './enforcement-types.js';
import { hashOfRules, type GuardRecord } from './guard-record.js';
import type { ScopeSpec } from './scope.js';
import { celText, selectorToCel, toRequirements } from './selector-rules.js';

/** Label that the API server puts on every namespace. */
const namespaceName = 'kubernetes.io/metadata.name';
/** So many workloads may be protected one by one in a scope; their names stand in the rule. */
export const mostSpared = 500;

/** What an admission policy is made of. */
export interface AdmissionInput {
  readonly policy: PolicyInForce;
  readonly spec: ScopeSpec;
  /** Protected by a mark that their pods do not carry. */
  readonly spared: readonly Workload[];
  readonly neverTouch: readonly string[];
}

/** Name of the admission policy, of its binding and of quotas of a budget policy. */
export function guardName(policyUid: string): string {
  return `kubehero-budget-${policyUid}`;
}

/** What a user reads whose pod is refused; one line. */
export function refusalOf(policy: PolicyInForce): string {
  const { name, spend, ceiling, currency } = policy;
  const armedBy = printable(policy.armedBy);
  const since = new Date(policy.exceededAtS * 1000).toISOString();
  const until = new Date(policy.periodEndsAtS * 1000).toISOString();
  return (
    `budget policy '${name}' refuses new pods: ${spend} ${currency} were spent, over the ceiling of ${ceiling} ${currency}, ` +
    `since ${since}${armedBy === '' ? '' : `; armed by ${armedBy}`}; ` +
    `it ends at ${until}, or when the ceiling is raised or the policy disarmed`
  );
}

/** The ValidatingAdmissionPolicy of a budget policy, for server-side apply. */
export function toAdmissionPolicy(input: AdmissionInput): Record<string, unknown> {
  const rules = toRules(input);
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: toMetadata(input, hashOfRules(rules)),
    spec: {
      ...rules,
      validations: [
        {
          expression: marked('namespaceObject.metadata'),
          message: refusalOf(input.policy),
          reason: 'Forbidden',
        },
      ],
    },
  };
}

/** SHA-256 of the rules that {@link toAdmissionPolicy} would write. */
export function rulesOf(input: AdmissionInput): string {
  return hashOfRules(toRules(input));
}

/** What makes the admission policy act. */
export function toBinding(input: AdmissionInput): Record<string, unknown> {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: toMetadata(input, rulesOf(input)),
    spec: { policyName: guardName(input.policy.uid), validationActions: ['Deny'] },
  };
}

/** Metadata of every guard: who made it, for which policy, and what it covers. */
export function toMetadata(
  { policy, spec }: Pick<AdmissionInput, 'policy' | 'spec'>,
  rules: string,
): Record<string, unknown> {
  const record: GuardRecord = { version: 1, uid: policy.uid, name: policy.name, spec, rules };
  return {
    name: guardName(policy.uid),
    labels: { [annotationKeys.budgetPolicy]: policy.uid, [labelKeys.managedBy]: programs.operator.name },
    annotations: { [annotationKeys.guard]: JSON.stringify(record) },
  };
}

/**
 * Selectors do what they can, for the API server knows them by heart; the rest is CEL that cannot fail, each key asked
 * for before it is read. Should one fail nevertheless, the pod is let in: whatever is wrong, nothing outside the scope
 * is ever refused.
 */
function toRules({ spec, spared, neverTouch }: AdmissionInput): Record<string, unknown> {
  const { scope, exclude } = spec;
  const notProtected: LabelRequirement = {
    key: annotationKeys.protected,
    operator: 'NotIn',
    values: ['true'],
  };
  const names = scope.namespaces ?? [];
  const untouched = [...new Set([...neverTouchedNamespaces, ...neverTouch])].sort();
  return {
    failurePolicy: 'Ignore',
    matchConstraints: {
      matchPolicy: 'Equivalent',
      namespaceSelector: {
        matchExpressions: [
          ...toRequirements(scope.namespaceSelector),
          ...(names.length === 0 ? [] : [{ key: namespaceName, operator: 'In', values: names }]),
          { key: namespaceName, operator: 'NotIn', values: untouched },
          notProtected,
        ],
      },
      objectSelector: { matchExpressions: [...toRequirements(scope.workloadSelector), notProtected] },
      resourceRules: [
        {
          apiGroups: [''],
          apiVersions: ['v1'],
          operations: ['CREATE'],
          resources: ['pods'],
          scope: 'Namespaced',
        },
      ],
    },
    matchConditions: [
      {
        name: 'not-of-kubehero',
        expression: `!request.namespace.startsWith(${celText(ownNamespacePrefix)})`,
      },
      { name: 'pod-not-protected', expression: `!${marked('object.metadata')}` },
      { name: 'not-of-a-node', expression: notOwnedBy(`o.kind in ['DaemonSet', 'Node']`) },
      ...(exclude === undefined
        ? []
        : [{ name: 'not-excluded', expression: `!(${selectorToCel(exclude)})` }]),
      ...(spared.length === 0 ? [] : [{ name: 'owner-not-protected', expression: notSpared(spared) }]),
    ],
  };
}

/** Of the namespace only validations may ask: match conditions do not know it (Kubernetes 1.37). */
function marked(metadata: string): string {
  const annotations = `${metadata}.annotations`;
  const key = celText(annotationKeys.protected);
  return `(has(${annotations}) && ${key} in ${annotations} && ${annotations}[${key}] == 'true')`;
}

function notOwnedBy(condition: string): string {
  const owners = 'object.metadata.ownerReferences';
  return `!(has(${owners}) && ${owners}.exists(o, ${condition}))`;
}

/**
 * A pod names its direct owner alone: the ReplicaSet of a Deployment and the Job of a CronJob, whose names are the
 * owner's, a dash and a hash or a number.
 */
function notSpared(spared: readonly Workload[]): string {
  const makers = { Deployment: 'ReplicaSet', Rollout: 'ReplicaSet', CronJob: 'Job' } as const;
  const made = spared.flatMap(({ kind, namespace, name }) =>
    kind in makers ? [`${namespace}/${makers[kind as keyof typeof makers]}/${name}`] : [],
  );
  const direct = spared
    .filter(({ kind }) => !(kind in makers))
    .map(({ kind, namespace, name }) => `${namespace}/${kind}/${name}`);
  const listOf = (names: readonly string[]): string =>
    `[${[...new Set(names)].sort().map(celText).join(', ')}]`;
  const path = `request.namespace + '/' + o.kind + '/'`;
  return notOwnedBy(
    `(${path} + o.name) in ${listOf(direct)} || ` +
      `(o.name.lastIndexOf('-') > 0 && (${path} + o.name.substring(0, o.name.lastIndexOf('-'))) in ${listOf(made)})`,
  );
}

function printable(text: string): string {
  return [...text]
    .filter((letter) => letter >= ' ' && letter !== '\u007f')
    .slice(0, 256)
    .join('');
}
