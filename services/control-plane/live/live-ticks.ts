import type { Names } from '../query/names.js';
import type { LiveModel } from './live-model.js';
import type { SecondBucket } from './second-bucket.js';

/** Groupings of the live stream. */
export const LIVE_GROUPINGS = ['namespace', 'cluster', 'workload', 'node'] as const;
export type LiveGrouping = (typeof LIVE_GROUPINGS)[number];

/** A group of the stream, numbered on it. */
export interface LiveGroup {
  readonly index: number;
  readonly keys: Readonly<Record<string, string>>;
}

/** A second as viewers see it; money as digits of picounits. */
export interface LiveTick {
  readonly second: number;
  /** Groups that no tick before had. */
  readonly groups?: readonly LiveGroup[];
  readonly values: readonly (readonly [index: number, cost: string])[];
  readonly idle: string;
  readonly unobserved: string;
  readonly observedNodes: number;
  readonly expectedNodes: number;
  readonly unpricedNodes: number;
}

/** Numbers the groups of one grouping and turns seconds into ticks. */
export class TickMaker {
  readonly #groups: LiveGroup[] = [];
  readonly #indexOf = new Map<string, number>();

  constructor(
    readonly by: LiveGrouping,
    private readonly model: LiveModel,
  ) {}

  /** Every group so far. */
  get groups(): readonly LiveGroup[] {
    return this.#groups;
  }

  /** A second's tick; groups that are new are named in it. */
  make(bucket: SecondBucket, names: Names, expectedNodes: number): LiveTick {
    const known = this.#groups.length;
    const sums = this.#sums(bucket, names);
    return {
      second: bucket.second,
      groups: this.#groups.slice(known),
      values: [...sums].map(([index, cost]) => [index, cost.toFixed(0)] as const),
      idle: bucket.idle.toFixed(0),
      unobserved: bucket.unobserved.toFixed(0),
      observedNodes: bucket.observedNodes,
      expectedNodes: Math.max(expectedNodes, bucket.observedNodes),
      unpricedNodes: bucket.unpricedNodes,
    };
  }

  #sums(bucket: SecondBucket, names: Names): Map<number, number> {
    const sums = new Map<number, number>();
    const add = (index: number, cost: number): void => void sums.set(index, (sums.get(index) ?? 0) + cost);
    if (this.by === 'namespace' || this.by === 'cluster') {
      for (const [ns, cost] of bucket.byNamespace) add(this.#namespaceIndex(ns, names), cost);
      return sums;
    }
    for (let row = 0; row < bucket.rows; row += 1) {
      add(this.#identityIndex(bucket.id[row] as number, names), bucket.cost[row] as number);
    }
    return sums;
  }

  #namespaceIndex(ns: number, names: Names): number {
    const cluster = names.clusters.get(names.clusterOfNamespace.get(ns) ?? 0) ?? '';
    if (this.by === 'cluster') return this.#index({ cluster });
    return this.#index({ cluster, namespace: names.namespaces.get(ns) ?? '' });
  }

  #identityIndex(id: number, names: Names): number {
    const identity = this.model.identity(id);
    const cluster = names.clusters.get(identity?.clusterKey ?? 0) ?? '';
    if (this.by === 'node')
      return this.#index({ cluster, node: names.nodes.get(identity?.nodeKey ?? 0) ?? '' });
    const namespace = names.namespaces.get(identity?.namespaceKey ?? 0) ?? '';
    return this.#index({ cluster, namespace, workload: identity?.workload ?? '' });
  }

  #index(keys: Readonly<Record<string, string>>): number {
    const id = Object.values(keys).join('\u0000');
    const known = this.#indexOf.get(id);
    if (known !== undefined) return known;
    const index = this.#groups.length;
    this.#groups.push({ index, keys });
    this.#indexOf.set(id, index);
    return index;
  }
}
