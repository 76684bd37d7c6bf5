import { podNode, workloadPico, type FakeFleet } from './fake-fleet.js';

/** Idle cost of the fleet, in per cent of what its pods cost. */
const IDLE_PERCENT = 38n;

/** What can be said of some seconds besides what the fleet costs. */
export interface FakeConditions {
  /** Seconds that nobody reported. */
  isGap(second: number): boolean;
  /** Nodes that did not report in a second. */
  silentNodes(second: number): number;
  readonly unpricedNodes: number;
}

/** A tick as the control plane's stream carries it. */
export interface FakeTick {
  readonly second: number;
  readonly groups: readonly { readonly index: number; readonly keys: Record<string, string> }[];
  readonly values: readonly (readonly [number, string])[];
  readonly idle: string;
  readonly unobserved: string;
  readonly observedNodes: number;
  readonly expectedNodes: number;
  readonly unpricedNodes: number;
}

/** The live stream's messages for a fleet and a grouping, computed on demand. */
export class FakeLiveStream {
  private readonly indexes = new Map<string, number>();
  private readonly keys: Record<string, string>[] = [];

  constructor(
    private readonly fleet: FakeFleet,
    private readonly by: string,
    private readonly conditions: FakeConditions,
  ) {}

  /** The data of the `snapshot` event: the 900 seconds up to one. */
  snapshot(newest: number): string {
    const ticks: FakeTick[] = [];
    for (let second = newest - 899; second <= newest; second += 1) {
      const tick = this.tick(second);
      if (tick !== undefined) ticks.push({ ...tick, groups: [] });
    }
    const groups = this.keys.map((keys, index) => ({ index, keys }));
    return JSON.stringify({ currency: 'USD', by: this.by, groups, ticks });
  }

  /** A second; undefined in a gap. Names the groups that this stream has not named before. */
  tick(second: number): FakeTick | undefined {
    if (this.conditions.isGap(second)) return undefined;
    const expectedNodes = this.fleet.nodes.length;
    const observedNodes = expectedNodes - this.conditions.silentNodes(second);
    const known = this.keys.length;
    const costs = new Map<number, bigint>();
    let whole = 0n;
    for (const [keys, pico] of this.costs(second)) {
      whole += pico;
      const index = this.index(keys);
      const observed = (pico * BigInt(observedNodes)) / BigInt(Math.max(1, expectedNodes));
      costs.set(index, (costs.get(index) ?? 0n) + observed);
    }
    const seen = [...costs.values()].reduce((sum, pico) => sum + pico, 0n);
    return {
      second,
      groups: this.keys.slice(known).map((group, at) => ({ index: known + at, keys: group })),
      values: [...costs].map(([index, pico]) => [index, String(pico)] as const),
      idle: String((seen * IDLE_PERCENT) / 100n),
      unobserved: String(((whole - seen) * (100n + IDLE_PERCENT)) / 100n),
      observedNodes,
      expectedNodes,
      unpricedNodes: this.conditions.unpricedNodes,
    };
  }

  private *costs(second: number): Generator<readonly [Record<string, string>, bigint]> {
    const { cluster, workloads } = this.fleet;
    for (const workload of workloads) {
      const pico = workloadPico(workload, second);
      const { namespace } = workload;
      if (this.by === 'node') yield [{ cluster, node: podNode(this.fleet, workload, 0) }, pico];
      if (this.by === 'cluster') yield [{ cluster }, pico];
      if (this.by === 'namespace') yield [{ cluster, namespace }, pico];
      if (this.by === 'workload') yield [{ cluster, namespace, workload: workload.name }, pico];
    }
  }

  private index(keys: Record<string, string>): number {
    const name = Object.values(keys).join('/');
    let index = this.indexes.get(name);
    if (index === undefined) {
      index = this.keys.length;
      this.indexes.set(name, index);
      this.keys.push(keys);
    }
    return index;
  }
}
