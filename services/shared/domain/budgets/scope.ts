import { matchesLabels, type LabelSelector } from './label-selector.js';
import type { BudgetScope } from './policy-spec.js';

type Labels = Readonly<Record<string, string>>;

/** A registered cluster as scopes see it. */
export interface ScopeCluster {
  readonly key: number;
  readonly labels: Labels;
}

/** Clusters that a policy covers, and those that it selects and may not reach. */
export interface Reach {
  readonly covered: readonly number[];
  readonly refused: readonly number[];
}

/**
 * Clusters that a policy covers. It reaches beyond the cluster in which it is written only where that cluster is a
 * source of policies; else whoever may write a policy in one cluster could stop all others.
 *
 * @param origin - key of the cluster in which it is written
 */
export function reachOf(
  scope: BudgetScope,
  origin: { readonly key: number; readonly isSource: boolean },
  clusters: readonly ScopeCluster[],
): Reach {
  const selected = clusters.filter(({ labels }) => matchesLabels(scope.clusterSelector, labels));
  const isReached = ({ key }: ScopeCluster): boolean => origin.isSource || key === origin.key;
  return {
    covered: selected.filter(isReached).map(({ key }) => key),
    // Without a selector nobody asked for the others
    refused:
      scope.clusterSelector === undefined ? [] : selected.filter((c) => !isReached(c)).map((c) => c.key),
  };
}

/** True where a scope covers a namespace; `kubernetes.io/metadata.name` is there even if nobody reported its labels. */
export function coversNamespace(scope: BudgetScope, name: string, labels: Labels): boolean {
  const { namespaces, namespaceSelector } = scope;
  if (namespaces !== undefined && namespaces.length > 0 && !namespaces.includes(name)) return false;
  return (
    namespaceSelector === undefined ||
    matchesLabels(namespaceSelector, { 'kubernetes.io/metadata.name': name, ...labels })
  );
}

/** True where a scope says nothing at all. */
export function isEmptyScope(scope: BudgetScope): boolean {
  const { clusterSelector, namespaceSelector, namespaces, workloadSelector } = scope;
  const named = (namespaces ?? []).length > 0;
  return [clusterSelector, namespaceSelector, workloadSelector].every((one) => one === undefined) && !named;
}

/** Keys of labels that a selector looks at. */
export function keysOfSelector(selector: LabelSelector): string[] {
  return [
    ...Object.keys(selector.matchLabels ?? {}),
    ...(selector.matchExpressions ?? []).map(({ key }) => key),
  ];
}
