import { ExactSum } from './exact-sum.js';

/** What all pods and nodes of a cluster cost within a minute. */
export interface ClusterSum {
  readonly idle: ExactSum;
  readonly pods: ExactSum;
  rows: number;
}

/** What clusters cost by minutes, until it is taken. */
export class ClusterSums {
  readonly #clusters = new Map<number, Map<number, ClusterSum>>();

  /** Adds a row. */
  add(clusterKey: number, minute: number, kind: 'idle' | 'pods', cost: number): void {
    const sum = this.#sumOf(clusterKey, minute);
    sum[kind].add(cost);
    sum.rows += 1;
  }

  /** What was added since the last time, by cluster and minute. */
  take(): readonly (readonly [clusterKey: number, minutes: ReadonlyMap<number, ClusterSum>])[] {
    const taken = [...this.#clusters];
    this.#clusters.clear();
    return taken;
  }

  #sumOf(clusterKey: number, minute: number): ClusterSum {
    let minutes = this.#clusters.get(clusterKey);
    if (minutes === undefined) {
      minutes = new Map();
      this.#clusters.set(clusterKey, minutes);
    }
    let sum = minutes.get(minute);
    if (sum === undefined) {
      sum = { idle: new ExactSum(), pods: new ExactSum(), rows: 0 };
      minutes.set(minute, sum);
    }
    return sum;
  }
}
