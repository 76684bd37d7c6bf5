import { podName, podNode, workloadPico, type FakeFleet } from './fake-fleet.js';

/** A `ListTop` request, proto3 JSON. */
export interface FakeTopRequest {
  readonly by?: readonly string[];
  readonly where?: readonly { readonly key: string; readonly value: string }[];
  readonly search?: string;
  readonly limit?: number;
  readonly offset?: number;
}

interface Leaf {
  readonly keys: Record<string, string>;
  readonly pico: bigint;
}

/** Seconds for which one ranking is good, so that its pages fit together. */
const RANKING_S = 3;
const MAX_RANKINGS = 32;

/** Answers `ListTop` from a fleet: rates of one second, largest first. */
export class FakeTop {
  private readonly rankings = new Map<string, readonly Leaf[]>();

  constructor(private readonly fleet: FakeFleet) {}

  /** The answer in a second. */
  list(request: FakeTopRequest, now: number): unknown {
    const second = now - (now % RANKING_S);
    const found = this.ranking(request, second);
    const offset = request.offset ?? 0;
    return {
      window: { from: instant(second - 4), to: instant(second + 1) },
      currency: 'USD',
      totalRows: found.length,
      rows: found.slice(offset, offset + (request.limit ?? 50)).map(toRow),
    };
  }

  private ranking(request: FakeTopRequest, second: number): readonly Leaf[] {
    const key = JSON.stringify([second, request.by, request.where, request.search]);
    let ranking = this.rankings.get(key);
    if (ranking === undefined) {
      if (this.rankings.size >= MAX_RANKINGS) this.rankings.clear();
      ranking = rank(this.fleet, request, second);
      this.rankings.set(key, ranking);
    }
    return ranking;
  }
}

function rank(fleet: FakeFleet, request: FakeTopRequest, second: number): readonly Leaf[] {
  const by = request.by ?? [];
  const groups = new Map<string, Leaf>();
  for (const leaf of leaves(fleet, second, by.includes('container'))) {
    if (!(request.where ?? []).every((filter) => leaf.keys[filter.key] === filter.value)) continue;
    const keys = Object.fromEntries(by.map((key) => [key, leaf.keys[key] ?? '']));
    const name = Object.values(keys).join('/');
    groups.set(name, { keys, pico: (groups.get(name)?.pico ?? 0n) + leaf.pico });
  }
  const search = (request.search ?? '').toLowerCase();
  return [...groups.values()]
    .filter(
      ({ keys }) => search === '' || Object.values(keys).some((name) => name.toLowerCase().includes(search)),
    )
    .sort((a, b) => Number(b.pico - a.pico));
}

function* leaves(fleet: FakeFleet, second: number, byContainer: boolean): Generator<Leaf> {
  for (const workload of fleet.workloads) {
    const share = BigInt(workloadPico(workload, second)) / BigInt(workload.pods);
    for (let at = 0; at < workload.pods; at += 1) {
      const keys = {
        cluster: fleet.cluster,
        namespace: workload.namespace,
        workload: workload.name,
        pod: podName(workload, at),
        node: podNode(fleet, workload, at),
      };
      const pico = share + (share * BigInt(at % 13)) / 100n;
      if (!byContainer) yield { keys, pico };
      else {
        yield { keys: { ...keys, container: 'app' }, pico: (pico * 9n) / 10n };
        yield { keys: { ...keys, container: 'sidecar' }, pico: pico - (pico * 9n) / 10n };
      }
    }
  }
}

function toRow({ keys, pico }: Leaf): unknown {
  const cores = Number(pico) / 9e6;
  return {
    keys,
    costPicodollarsPerSecond: String(pico),
    cpuCores: Math.round(cores) / 1000,
    memoryBytes: String(Math.round(cores * 2.7e6)),
    networkBytesPerSecond: String(Math.round(cores * 900)),
  };
}

function instant(second: number): string {
  return new Date(second * 1000).toISOString();
}
