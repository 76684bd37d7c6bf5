/** A deployment of the fake fleet. */
export interface FakeWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly pods: number;
  /** Picodollars per second around which its cost swings. */
  readonly basePico: number;
  readonly seed: number;
}

/** A fleet whose cost in any second is a pure function of its size and of the second. */
export interface FakeFleet {
  readonly cluster: string;
  readonly nodes: readonly string[];
  readonly workloads: readonly FakeWorkload[];
}

/** Size of a fleet. */
export interface FleetSize {
  readonly nodes: number;
  readonly pods: number;
}

const NAMESPACES = [
  ['checkout', ['cart', 'payments', 'orders', 'tax']],
  ['search', ['indexer', 'query', 'ranking']],
  ['ml-inference', ['embeddings', 'reranker', 'vision']],
  ['data-platform', ['spark-driver', 'spark-executor', 'airflow']],
  ['streaming', ['kafka', 'connect', 'schema-registry']],
  ['identity', ['auth', 'sessions', 'directory']],
  ['observability', ['prometheus', 'loki', 'tempo', 'grafana']],
  ['web', ['storefront', 'edge-cache', 'image-resizer']],
  ['batch', ['reports', 'exports', 'thumbnails']],
  ['mobile-bff', ['gateway', 'push']],
  ['recommendations', ['features', 'trainer', 'serving']],
  ['kube-system', ['coredns', 'cilium', 'metrics-server']],
  ['ci', ['runners', 'cache', 'registry']],
  ['sandbox', ['notebooks']],
] as const;

/** Makes a fleet of a size: fourteen namespaces, a workload for about every 40 pods. */
export function createFleet(size: FleetSize): FakeFleet {
  const nodes = Array.from({ length: size.nodes }, (_, at) => `node-${String(at + 1).padStart(3, '0')}`);
  const copies = Math.max(1, Math.ceil(size.pods / 1600));
  const names = NAMESPACES.flatMap(([namespace, workloads]) =>
    workloads.flatMap((name) =>
      Array.from({ length: copies }, (_, copy) => ({
        namespace,
        name: copies === 1 ? name : `${name}-${copy + 1}`,
      })),
    ),
  );
  const podsEach = Math.max(1, Math.floor(size.pods / names.length));
  let left = size.pods;
  const workloads = names.map(({ namespace, name }, at) => {
    const pods = at === names.length - 1 ? left : Math.min(left, podsEach);
    left -= pods;
    const seed = hash(`${namespace}/${name}`);
    return {
      namespace,
      name,
      pods,
      seed,
      basePico: pods * 10 ** (7.4 + 2 * unit(seed) + namespaceWeight(namespace)),
    };
  });
  return { cluster: 'eu-central', nodes, workloads: workloads.filter((workload) => workload.pods > 0) };
}

/** What a workload costs in a second, whole picodollars: slow swing, a step now and then, a little noise. */
export function workloadPico(workload: FakeWorkload, second: number): number {
  const { seed, basePico } = workload;
  const swing = 0.16 * Math.sin((second / (240 + (seed % 400))) * Math.PI + seed);
  const step = unit(mix(seed, Math.floor((second + seed) / 300))) > 0.82 ? 0.35 : 0;
  const noise = 0.02 * (unit(mix(seed, second)) - 0.5);
  return Math.round(basePico * (1 + swing + step + noise));
}

/** The pod's name by its number; unique within the workload. */
export function podName(workload: FakeWorkload, at: number): string {
  const tail = hash(`${workload.seed}${at}`).toString(36).slice(0, 3) + at.toString(36).padStart(2, '0');
  return `${workload.name}-${(workload.seed % 0xfffff).toString(36)}-${tail}`;
}

/** A pod's node. */
export function podNode(fleet: FakeFleet, workload: FakeWorkload, at: number): string {
  return fleet.nodes[(workload.seed + at * 7) % fleet.nodes.length] ?? 'node-001';
}

function namespaceWeight(namespace: string): number {
  const weights: Record<string, number> = {
    'ml-inference': 0.9,
    'data-platform': 0.7,
    search: 0.4,
    'kube-system': -0.7,
  };
  return weights[namespace] ?? 0;
}

/** A number from 0 up to 1 out of a hash. */
function unit(value: number): number {
  return (value % 10_007) / 10_007;
}

/** Two numbers into one of 32 bits. */
function mix(a: number, b: number): number {
  const value = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  return (value ^ (value >>> 15)) >>> 0;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value ^ (value >>> 13)) >>> 0;
}
