import { formatBytes, formatMilliCpu, type Resources } from './quantities.js';

/** What the size of an installation follows from. */
export interface SizingInput {
  /** Nodes that report to this hub, over all clusters. */
  readonly nodes: number;
  /** @default 30 */
  readonly podsPerNode?: number | undefined;
  /** Days that rows stay on local disks before they move to the cold one. @default 90 */
  readonly hotDays?: number | undefined;
  /** False: one of everything, for a small cluster that may be down while a node restarts. */
  readonly highAvailability?: boolean | undefined;
}

/** Replicas and resources of one component. */
export interface ComponentSize {
  readonly replicas: number;
  readonly resources: Resources;
  /** Size of each replica's volume. */
  readonly disk?: string;
  /** Why this figure, one sentence. */
  readonly reason: string;
}

/** Components that {@link sizeFor} sizes. */
export type SizedComponent =
  | 'controlPlane'
  | 'operator'
  | 'pricing'
  | 'pricingExec'
  | 'dashboard'
  | 'dex'
  | 'postgres'
  | 'clickhouse'
  | 'keeper'
  | 'valkey'
  | 'sentinel'
  | 'collector';

/** Size of every component; `clickhouse.replicas` are the replicas of each of `shards`. */
export interface Sizing {
  readonly shards: number;
  readonly components: Readonly<Record<SizedComponent, ComponentSize>>;
}

/** Bytes on disk for one pod-second: 3 measured for a raw row, four times that with rollups, merges under way and skew. */
const bytesPerPodSecond = 12;
/** A disk is full enough at half: merges and a lost replica's backlog need the rest. */
const diskHeadroom = 2;
/** The reference table is written for this many nodes. */
const referenceNodes = 1000;
const referenceShards = 3;

interface Step {
  readonly upTo: number;
  readonly cpu: number;
  readonly mebibytes: number;
  readonly gibibytesDisk?: number;
}

/** Steps by number of nodes; the last one is the reference table, beyond it CPU and memory grow with the square root. */
const steps: Readonly<
  Record<
    'controlPlane' | 'operator' | 'dashboard' | 'dex' | 'postgres' | 'clickhouse' | 'valkey',
    readonly Step[]
  >
> = {
  controlPlane: [
    { upTo: 50, cpu: 500, mebibytes: 512 },
    { upTo: 250, cpu: 1000, mebibytes: 1024 },
    { upTo: 1000, cpu: 2000, mebibytes: 2048 },
  ],
  operator: [
    { upTo: 50, cpu: 100, mebibytes: 256 },
    { upTo: 1000, cpu: 500, mebibytes: 512 },
  ],
  dashboard: [
    { upTo: 50, cpu: 200, mebibytes: 512 },
    { upTo: 1000, cpu: 500, mebibytes: 1024 },
  ],
  dex: [
    { upTo: 50, cpu: 50, mebibytes: 128 },
    { upTo: 1000, cpu: 200, mebibytes: 256 },
  ],
  postgres: [
    { upTo: 50, cpu: 500, mebibytes: 2048, gibibytesDisk: 20 },
    { upTo: 250, cpu: 2000, mebibytes: 8192, gibibytesDisk: 100 },
    { upTo: 1000, cpu: 4000, mebibytes: 16384, gibibytesDisk: 200 },
  ],
  clickhouse: [
    { upTo: 50, cpu: 1000, mebibytes: 4096 },
    { upTo: 250, cpu: 4000, mebibytes: 16384 },
    { upTo: 1000, cpu: 8000, mebibytes: 32768 },
  ],
  valkey: [
    { upTo: 50, cpu: 100, mebibytes: 256 },
    { upTo: 1000, cpu: 500, mebibytes: 1024 },
  ],
};

/** Works out the size of everything from the number of nodes; at 1,000 it equals the reference table. */
export function sizeFor(input: SizingInput): Sizing {
  const { nodes } = input;
  const high = input.highAvailability ?? true;
  const shards = high ? Math.max(1, Math.ceil((nodes * referenceShards) / referenceNodes)) : 1;
  const many = (replicas: number): number => (high ? replicas : 1);
  const flat = (replicas: number, cpu: string, memory: string, reason: string): ComponentSize => ({
    replicas,
    resources: { cpu, memory },
    reason,
  });
  const stepped = (key: keyof typeof steps, replicas: number): ComponentSize =>
    bySteps(key, nodes, many(replicas));
  const clickhouse = clickhouseSize(input, shards, many(2));
  return {
    shards,
    components: {
      controlPlane: stepped('controlPlane', 2),
      operator: stepped('operator', 2),
      pricing: flat(
        1,
        '500m',
        '1Gi',
        'flat: the size of a price catalogue does not follow the number of nodes',
      ),
      pricingExec: flat(1, '10m', '64Mi', 'flat: it waits'),
      dashboard: stepped('dashboard', 2),
      dex: stepped('dex', 2),
      postgres: stepped('postgres', 3),
      clickhouse,
      keeper: flat(
        many(3),
        nodes > 250 ? '500m' : '100m',
        nodes > 250 ? '1Gi' : '512Mi',
        'coordinates inserts and merges, holds no rows',
      ),
      valkey: stepped('valkey', 3),
      sentinel: flat(many(3), '50m', '64Mi', 'flat: three sentinels agree whatever the load'),
      collector: {
        replicas: nodes,
        resources: {
          cpu: '100m',
          memory: '50Mi',
          cpuLimit: '500m',
          memoryLimit: '128Mi',
          ephemeralStorage: '64Mi',
        },
        reason:
          'one a node; the request is the overhead budget, the limit covers a node with thousands of cgroups',
      },
    },
  };
}

function bySteps(key: keyof typeof steps, nodes: number, replicas: number): ComponentSize {
  const table = steps[key];
  const step = table.find((s) => nodes <= s.upTo) ?? (table[table.length - 1] as Step);
  const growth = nodes > step.upTo ? Math.sqrt(nodes / step.upTo) : 1;
  const cpu = Math.ceil((step.cpu * growth) / 100) * 100;
  const mebibytes = Math.ceil((step.mebibytes * growth) / 256) * 256;
  return {
    replicas,
    resources: {
      cpu: formatMilliCpu(growth === 1 ? step.cpu : cpu),
      memory: formatBytes((growth === 1 ? step.mebibytes : mebibytes) * 2 ** 20),
    },
    ...(step.gibibytesDisk
      ? { disk: formatBytes(Math.ceil((step.gibibytesDisk * growth) / 10) * 10 * 2 ** 30) }
      : {}),
    reason:
      growth === 1
        ? `the step up to ${step.upTo} nodes`
        : `comparatively flat: the figure of ${step.upTo} nodes times the square root of ${nodes}/${step.upTo}`,
  };
}

/** Shards grow with the nodes, so that each stays at the reference figure; disks follow rows times retention. */
function clickhouseSize(input: SizingInput, shards: number, replicas: number): ComponentSize {
  const nodesPerShard = input.nodes / shards;
  const reference = referenceNodes / referenceShards;
  const step =
    steps.clickhouse.find((s) => input.nodes <= s.upTo) ??
    (steps.clickhouse[steps.clickhouse.length - 1] as Step);
  const podSeconds = nodesPerShard * (input.podsPerNode ?? 30) * 86_400 * (input.hotDays ?? 90);
  const bytes = podSeconds * bytesPerPodSecond * diskHeadroom;
  let gibibytes = 32;
  while (gibibytes * 2 ** 30 < bytes) gibibytes *= 2;
  return {
    replicas,
    resources: {
      cpu: formatMilliCpu(step.cpu),
      memory: formatBytes(step.mebibytes * 2 ** 20),
      ephemeralStorage: '1Gi',
    },
    disk: formatBytes(gibibytes * 2 ** 30),
    reason:
      `${shards} shards keep each at or below ${Math.ceil(reference)} nodes; ` +
      `${Math.round(podSeconds / 1e9)} G pod-seconds in ${input.hotDays ?? 90} days × ${bytesPerPodSecond} B × ${diskHeadroom} for headroom, rounded up to a power of two`,
  };
}

/** The table of what an installation asks for, as aligned text, one component a line. */
export function describeSizing(sizing: Sizing): string {
  const rows = Object.entries(sizing.components).map(([name, size]) => [
    name,
    name === 'clickhouse' ? `${sizing.shards}×${size.replicas}` : `${size.replicas}×`,
    `${size.resources.cpu} / ${size.resources.memory}${size.disk ? ` / ${size.disk}` : ''}`,
    size.reason,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) => row.map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell)).join('  '))
    .join('\n');
}
