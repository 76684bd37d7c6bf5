import { podNode, workloadPico, type FakeFleet, type FakeWorkload } from './fake-fleet.js';

/** Idle cost of the fleet, in per cent of what its pods cost. */
const IDLE_PERCENT = 38;

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
  private readonly keys: Record<string, string>[] = [];
  private readonly indexOfWorkload: readonly number[];
  private named = 0;

  constructor(
    private readonly fleet: FakeFleet,
    private readonly by: string,
    private readonly conditions: FakeConditions,
  ) {
    const indexes = new Map<string, number>();
    this.indexOfWorkload = fleet.workloads.map((workload) => {
      const keys = this.keysOf(workload);
      const name = Object.values(keys).join('/');
      const index = indexes.get(name) ?? this.keys.push(keys) - 1;
      indexes.set(name, index);
      return index;
    });
  }

  /** The data of the `snapshot` event: the 900 seconds up to one. */
  snapshot(newest: number): string {
    this.named = this.keys.length;
    const ticks: FakeTick[] = [];
    for (let second = newest - 899; second <= newest; second += 1) {
      const tick = this.tick(second);
      if (tick !== undefined) ticks.push(tick);
    }
    const groups = this.keys.map((keys, index) => ({ index, keys }));
    return JSON.stringify({ currency: 'USD', by: this.by, groups, ticks });
  }

  /** A second; undefined in a gap. Names the groups that this stream has not named before. */
  tick(second: number): FakeTick | undefined {
    if (this.conditions.isGap(second)) return undefined;
    const expectedNodes = this.fleet.nodes.length;
    const observedNodes = expectedNodes - this.conditions.silentNodes(second);
    const costs = this.costs(second);
    const whole = costs.reduce((sum, pico) => sum + pico, 0);
    const observed = costs.map((pico) => Math.floor((pico * observedNodes) / Math.max(1, expectedNodes)));
    const seen = observed.reduce((sum, pico) => sum + pico, 0);
    const first = this.named;
    this.named = this.keys.length;
    return {
      second,
      groups: this.keys.slice(first).map((keys, at) => ({ index: first + at, keys })),
      values: observed.map((pico, index) => [index, String(pico)] as const),
      idle: String(Math.floor((seen * IDLE_PERCENT) / 100)),
      unobserved: String(Math.floor(((whole - seen) * (100 + IDLE_PERCENT)) / 100)),
      observedNodes,
      expectedNodes,
      unpricedNodes: this.conditions.unpricedNodes,
    };
  }

  private costs(second: number): number[] {
    const costs = this.keys.map(() => 0);
    this.fleet.workloads.forEach((workload, at) => {
      const index = this.indexOfWorkload[at] ?? 0;
      costs[index] = (costs[index] ?? 0) + workloadPico(workload, second);
    });
    return costs;
  }

  private keysOf(workload: FakeWorkload): Record<string, string> {
    const { cluster } = this.fleet;
    const { namespace, name } = workload;
    if (this.by === 'node') return { cluster, node: podNode(this.fleet, workload, 0) };
    if (this.by === 'cluster') return { cluster };
    return this.by === 'namespace' ? { cluster, namespace } : { cluster, namespace, workload: name };
  }
}
