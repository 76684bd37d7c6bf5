import type { GroupKey } from '../query/cost-answer.js';
import type { Names } from '../query/names.js';
import type { LiveModel } from './live-model.js';

/** What is asked for. */
export interface TopQuestion {
  readonly by: readonly GroupKey[];
  readonly where: readonly { readonly key: GroupKey; readonly value: string }[];
  readonly search: string;
  readonly limit: number;
  readonly offset: number;
}

/** A group's rates. */
export interface TopRow {
  readonly keys: Readonly<Record<string, string>>;
  cost: number;
  cpuUs: number;
  ramBytes: number;
  networkBytes: number;
}

/** The most expensive groups over the newest whole seconds. */
export interface TopAnswer {
  readonly from: number;
  readonly to: number;
  readonly totalRows: number;
  /** Sums over the window; divide by its seconds for rates. */
  readonly rows: readonly TopRow[];
}

const WINDOW_S = 10;
const SETTLED_S = 2;

/** Ranks groups over the last ten whole seconds, from memory. */
export function rankTop(model: LiveModel, names: Names, nowS: number, question: TopQuestion): TopAnswer {
  const to = nowS - SETTLED_S;
  const from = to - WINDOW_S;
  const byId = sumByIdentity(model, from, to);
  const groups = new Map<string, TopRow>();
  const search = question.search.toLowerCase();
  for (const [id, sums] of byId) {
    const all = namesOf(model, names, id);
    if (!question.where.every(({ key, value }) => all[key] === value)) continue;
    const keys = Object.fromEntries(question.by.map((key) => [key, all[key]]));
    if (search !== '' && !Object.values(keys).some((text) => text.toLowerCase().includes(search))) continue;
    merge(
      groups,
      question.by.includes('pod') ? `${all.podUid}/${JSON.stringify(keys)}` : JSON.stringify(keys),
      keys,
      sums,
    );
  }
  const rows = [...groups.values()].sort((a, b) => b.cost - a.cost || compareKeys(a, b));
  return {
    from,
    to,
    totalRows: rows.length,
    rows: rows.slice(question.offset, question.offset + question.limit),
  };
}

type Sums = Omit<TopRow, 'keys'>;

function sumByIdentity(model: LiveModel, from: number, to: number): Map<number, Sums> {
  const byId = new Map<number, Sums>();
  for (let second = from; second < to; second += 1) {
    const bucket = model.tryFind(second);
    for (let row = 0; row < (bucket?.rows ?? 0); row += 1) {
      const id = bucket?.id[row] ?? 0;
      const sums = byId.get(id) ?? { cost: 0, cpuUs: 0, ramBytes: 0, networkBytes: 0 };
      sums.cost += bucket?.cost[row] ?? 0;
      sums.cpuUs += bucket?.cpuUs[row] ?? 0;
      sums.ramBytes += bucket?.ramBytes[row] ?? 0;
      sums.networkBytes += bucket?.networkBytes[row] ?? 0;
      byId.set(id, sums);
    }
  }
  return byId;
}

function namesOf(model: LiveModel, names: Names, id: number): Record<GroupKey | 'podUid', string> {
  const identity = model.identity(id);
  return {
    cluster: names.clusters.get(identity?.clusterKey ?? 0) ?? '',
    node: names.nodes.get(identity?.nodeKey ?? 0) ?? '',
    namespace: names.namespaces.get(identity?.namespaceKey ?? 0) ?? '',
    workload: identity?.workload ?? '',
    pod: identity?.pod ?? '',
    container: identity?.container ?? '',
    podUid: identity?.podUid ?? '',
  };
}

function merge(groups: Map<string, TopRow>, id: string, keys: TopRow['keys'], sums: Sums): void {
  const row = groups.get(id);
  if (row === undefined) {
    groups.set(id, { keys, ...sums });
    return;
  }
  row.cost += sums.cost;
  row.cpuUs += sums.cpuUs;
  row.ramBytes += sums.ramBytes;
  row.networkBytes += sums.networkBytes;
}

function compareKeys(a: TopRow, b: TopRow): number {
  return JSON.stringify(a.keys).localeCompare(JSON.stringify(b.keys));
}
