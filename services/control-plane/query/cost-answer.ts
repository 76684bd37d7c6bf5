import type { Window } from '@kubehero/domain';
import type { Names } from './names.js';

/** Keys that cost can be grouped and filtered by. */
export const GROUP_KEYS = ['cluster', 'node', 'namespace', 'workload', 'pod', 'container'] as const;
export type GroupKey = (typeof GROUP_KEYS)[number];

/** What is asked for. */
export interface CostQuestion {
  readonly by: readonly GroupKey[];
  readonly window: Window;
  readonly where: readonly { readonly key: GroupKey; readonly value: string }[];
  /** Splits groups by time: each starts at a multiple of so many seconds since the epoch. @default - one group */
  readonly stepS?: number;
}

/** Sums of a group. Money in picounits. */
export interface CostSums {
  readonly cpuCost: bigint;
  readonly ramCost: bigint;
  readonly gpuCost: bigint;
  readonly networkCost: bigint;
  readonly seconds: number;
  readonly cpuUs: bigint;
  readonly ramByteSeconds: bigint;
  readonly networkBytes: bigint;
}

/** A group with its names. */
export interface CostGroup extends CostSums {
  readonly keys: Readonly<Record<string, string>>;
  /** Epoch second at which the group's step begins, where steps were asked for. */
  readonly start?: number;
}

/** The answer; Σ groups + idle + unobserved is the whole cost. */
export interface CostAnswer {
  readonly groups: readonly CostGroup[];
  readonly idle: CostSums;
  readonly unobserved: CostSums;
  readonly unpricedNodeSeconds: number;
  readonly expectedNodeSeconds: number;
  readonly observedNodeSeconds: number;
}

/** A row as ClickHouse gives it; 64-bit integers are digits. */
export type CostRow = Record<string, string | number>;

const ATTRIBUTED: readonly GroupKey[] = ['namespace', 'workload', 'pod', 'container'];

/** Turns rows into groups with names, and sets the nodes' own rows apart by their state. */
export function toAnswer(
  question: CostQuestion,
  rows: readonly CostRow[],
  names: Names,
  coverage: { expected: number; missing: number },
): CostAnswer {
  const groups = new Map<string, CostGroup>();
  let idle = NOTHING;
  let unobserved = NOTHING;
  let unpricedNodeSeconds = 0;
  const attributed = question.where.some(({ key }) => ATTRIBUTED.includes(key));
  for (const row of rows) {
    const state = Number(row['state']);
    const sums = toSums(row);
    if (state === 1) idle = add(idle, sums);
    else if (state === 2) unobserved = add(unobserved, sums);
    else if (state === 3 || state === 4) unpricedNodeSeconds += sums.seconds;
    else {
      const keys = toKeys(question.by, row, names);
      const id = JSON.stringify([keys, row['pod_uid'], row['start']]);
      groups.set(id, { keys, ...startOf(row), ...add(groups.get(id) ?? NOTHING, sums) });
    }
  }
  return {
    groups: [...groups.values()].filter(isSomething).sort(byStartAndCost),
    idle: attributed ? NOTHING : idle,
    unobserved: attributed ? NOTHING : unobserved,
    unpricedNodeSeconds: attributed ? 0 : unpricedNodeSeconds,
    expectedNodeSeconds: coverage.expected,
    observedNodeSeconds: coverage.expected - coverage.missing,
  };
}

function startOf(row: CostRow): { start?: number } {
  return row['start'] === undefined ? {} : { start: Number(row['start']) };
}

function toKeys(by: readonly GroupKey[], row: CostRow, names: Names): Record<string, string> {
  const textOf: Readonly<Record<GroupKey, () => string>> = {
    cluster: () => names.clusters.get(Number(row['cluster'])) ?? '',
    namespace: () => names.namespaces.get(Number(row['ns'])) ?? '',
    node: () => names.nodes.get(Number(row['node'])) ?? '',
    workload: () => String(row['workload'] ?? ''),
    pod: () => String(row['pod'] ?? ''),
    container: () => String(row['container'] ?? ''),
  };
  return Object.fromEntries(by.map((key) => [key, textOf[key]()]));
}

const NOTHING: CostSums = {
  cpuCost: 0n,
  ramCost: 0n,
  gpuCost: 0n,
  networkCost: 0n,
  seconds: 0,
  cpuUs: 0n,
  ramByteSeconds: 0n,
  networkBytes: 0n,
};

function toSums(row: CostRow): CostSums {
  return {
    cpuCost: BigInt(row['cpu_cost'] ?? 0),
    ramCost: BigInt(row['ram_cost'] ?? 0),
    gpuCost: BigInt(row['gpu_cost'] ?? 0),
    networkCost: BigInt(row['network_cost'] ?? 0),
    seconds: Number(row['seconds'] ?? 0),
    cpuUs: BigInt(row['cpu_us'] ?? 0),
    ramByteSeconds: BigInt(row['ram_byte_seconds'] ?? 0),
    networkBytes: BigInt(row['network'] ?? 0),
  };
}

function add(a: CostSums, b: CostSums): CostSums {
  return {
    cpuCost: a.cpuCost + b.cpuCost,
    ramCost: a.ramCost + b.ramCost,
    gpuCost: a.gpuCost + b.gpuCost,
    networkCost: a.networkCost + b.networkCost,
    seconds: a.seconds + b.seconds,
    cpuUs: a.cpuUs + b.cpuUs,
    ramByteSeconds: a.ramByteSeconds + b.ramByteSeconds,
    networkBytes: a.networkBytes + b.networkBytes,
  };
}

/** Whole cost of a group in picounits. */
export function totalCost(sums: CostSums): bigint {
  return sums.cpuCost + sums.ramCost + sums.gpuCost + sums.networkCost;
}

/** Rollups keep zeros in place of groups that vanished. */
function isSomething(sums: CostSums): boolean {
  return sums.seconds > 0;
}

function byStartAndCost(a: CostGroup, b: CostGroup): number {
  if (a.start !== b.start) return (a.start ?? 0) - (b.start ?? 0);
  const difference = totalCost(b) - totalCost(a);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
