import { matchesLabels, type LabelSelector } from '@kubehero/domain';

/** A stored row of a pod, or with `isIdle` of a node. */
export interface ModelRow {
  readonly clusterKey: number;
  readonly namespaceKey: number;
  readonly id: number;
  readonly isIdle: boolean;
  /** As it was when it was stored. */
  readonly cost: bigint;
}

/** A second of a node with its rows. */
export interface ModelSecond {
  readonly node: number;
  readonly second: number;
  readonly rows: readonly ModelRow[];
}

/** What is asked. */
export interface ModelScope {
  readonly clusterKeys: readonly number[];
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly workloadSelector?: LabelSelector;
  readonly includeIdle: boolean;
}

/** What namespaces and pods are. */
export interface ModelWorld {
  readonly namespaceOf: (key: number) => { readonly name: string; readonly labels: Record<string, string> };
  readonly labelsOf: (id: number) => Record<string, string>;
}

const HOUR_S = 3600;

/**
 * Spend by the definition: every stored second from the period's start is looked at, and of each row is asked whether it
 * is in scope. Slow, and plainly right.
 */
export function modelSpend(
  seconds: Iterable<ModelSecond>,
  scope: ModelScope,
  world: ModelWorld,
  period: { readonly from: number; readonly to: number },
): bigint {
  const inPeriod = [...seconds].filter(({ second }) => second >= period.from && second < period.to);
  let spend = 0n;
  for (const clusterKey of scope.clusterKeys) {
    const hours = new Set(inPeriod.map(({ second }) => second - ((second - period.from) % HOUR_S)));
    for (const hour of hours) {
      const rows = inPeriod
        .filter(({ second }) => second >= hour && second < hour + HOUR_S)
        .flatMap((one) => one.rows)
        .filter((row) => row.clusterKey === clusterKey);
      const pods = rows.filter(({ isIdle }) => !isIdle);
      const own = sum(pods.filter((row) => isInScope(row, scope, world)));
      spend += own;
      if (scope.includeIdle && sum(pods) > 0n)
        spend += (sum(rows.filter((row) => row.isIdle)) * own) / sum(pods);
    }
  }
  return spend;
}

function isInScope(row: ModelRow, scope: ModelScope, world: ModelWorld): boolean {
  const { name, labels } = world.namespaceOf(row.namespaceKey);
  if (scope.namespaces !== undefined && !scope.namespaces.includes(name)) return false;
  if (!matchesLabels(scope.namespaceSelector, labels)) return false;
  return matchesLabels(scope.workloadSelector, world.labelsOf(row.id));
}

function sum(rows: readonly ModelRow[]): bigint {
  return rows.reduce((total, { cost }) => total + cost, 0n);
}
