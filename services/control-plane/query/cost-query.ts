import { formatPicounits, GapList, type Window } from '@kubehero/domain';
import {
  MEASURES,
  SECONDS_OF,
  TABLE_OF,
  type ClickHouseEngine,
  type Level,
} from '@kubehero/store-clickhouse';
import {
  listDirtyStarts,
  listGaps,
  listNodes,
  listProgress,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';
import type { NameDirectory, Names } from './names.js';
import { planSegments, type Segment } from './segments.js';
import { SingleFlight } from './single-flight.js';

/** Keys that cost can be grouped and filtered by. */
export const GROUP_KEYS = ['cluster', 'node', 'namespace', 'workload', 'pod', 'container'] as const;
export type GroupKey = (typeof GROUP_KEYS)[number];

/** What is asked for. */
export interface CostQuestion {
  readonly by: readonly GroupKey[];
  readonly window: Window;
  readonly where: readonly { readonly key: GroupKey; readonly value: string }[];
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

/** What queries work with. */
export interface CostQueryOptions {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  readonly names: NameDirectory;
  readonly nowS: () => number;
  /** Seconds of silence after which a node no longer counts as expected. */
  readonly forgetAfterS: number;
}

type Row = Record<string, string | number>;
type Parameters = Record<string, string | number | (string | number)[]>;

const NETWORK =
  'net_unknown + net_node + net_zone + net_cross_tx + net_cross_rx + net_internet_tx + net_internet_rx';
const SUMS = [
  'sum(toInt128(cpu_cost)) AS cpu_cost',
  'sum(toInt128(ram_cost)) AS ram_cost',
  'sum(toInt128(gpu_cost)) AS gpu_cost',
  'sum(toInt128(network_cost)) AS network_cost',
  'sum(toUInt64(seconds)) AS seconds',
  'sum(toUInt128(cpu_us)) AS cpu_us',
  'sum(toUInt128(ram_byte_seconds)) AS ram_byte_seconds',
  'sum(toUInt128(network)) AS network',
].join(', ');
const RESUM = [
  'cpu_cost',
  'ram_cost',
  'gpu_cost',
  'network_cost',
  'seconds',
  'cpu_us',
  'ram_byte_seconds',
  'network',
]
  .map((name) => `sum(${name}) AS ${name}`)
  .join(', ');
const NEEDS_IDENTITY: readonly GroupKey[] = ['node', 'workload', 'pod', 'container'];
const ATTRIBUTED: readonly GroupKey[] = ['namespace', 'workload', 'pod', 'container'];

/** Answers what things cost, from the coarsest clean tables that cover the window. */
export class CostQuery {
  readonly #flights = new SingleFlight<CostAnswer>();

  constructor(private readonly options: CostQueryOptions) {}

  /**
   * Costs a few statements; time grows with the number of identities times periods in the window. Who asks the same
   * while it is being answered gets the same answer.
   */
  async ask(question: CostQuestion, signal?: AbortSignal): Promise<CostAnswer> {
    return await this.#flights.run(JSON.stringify(question), (stop) => this.#answer(question, stop), signal);
  }

  async #answer(question: CostQuestion, signal: AbortSignal): Promise<CostAnswer> {
    const [names, dirty] = await Promise.all([this.options.names.read(), this.#dirtyStarts(question.window)]);
    const segments = planSegments(question.window, dirty);
    const [rows, coverage] = await Promise.all([
      this.#rows(question, segments, names, signal),
      this.#coverage(question, names),
    ]);
    return toAnswer(question, rows, names, coverage);
  }

  async #dirtyStarts(window: Window): Promise<Record<Exclude<Level, 'second'>, ReadonlySet<number>>> {
    const { db } = this.options;
    const [minute, hour, day] = await Promise.all(
      (['minute', 'hour', 'day'] as const).map((level) =>
        listDirtyStarts(db, level, SECONDS_OF[level], window),
      ),
    );
    const empty = new Set<number>();
    return { minute: minute ?? empty, hour: hour ?? empty, day: day ?? empty };
  }

  async #rows(
    question: CostQuestion,
    segments: readonly Segment[],
    names: Names,
    signal: AbortSignal,
  ): Promise<Row[]> {
    const parameters: Parameters = {};
    const filter = this.#filter(question, names, parameters);
    const byIdentity = question.by.some((key) => NEEDS_IDENTITY.includes(key));
    const grouping = byIdentity ? 'cluster, ns, id' : 'cluster, ns';
    const parts = segments.map((segment, at) => this.#segment(segment, at, filter, parameters));
    const inner = `SELECT ${grouping}, state, ${SUMS} FROM (${parts.join(' UNION ALL ')}) GROUP BY ${grouping}, state`;
    const sql = byIdentity ? this.#named(question.by, inner) : inner;
    return await this.options.clickhouse.query<Row>(sql, parameters, signal);
  }

  /** Groups of identities become groups of names only after the sums: the join sees each identity once. */
  #named(by: readonly GroupKey[], inner: string): string {
    const columns: Readonly<Record<GroupKey, string>> = {
      cluster: 'c.cluster AS cluster',
      namespace: 'c.ns AS ns',
      node: 'i.node AS node',
      workload: 'i.workload AS workload',
      pod: 'i.pod AS pod, i.pod_uid AS pod_uid',
      container: 'i.container AS container',
    };
    const grouping: Readonly<Record<GroupKey, string>> = {
      cluster: 'cluster',
      namespace: 'ns',
      node: 'node',
      workload: 'workload',
      pod: 'pod, pod_uid',
      container: 'container',
    };
    const chosen = [...new Set(by)];
    return `SELECT ${chosen.map((key) => columns[key]).join(', ')}, c.state AS state, ${RESUM}
      FROM (${inner}) AS c
      LEFT ANY JOIN (SELECT key, node, workload, pod, pod_uid, container FROM ${this.options.database}.identity FINAL) AS i ON i.key = c.id
      GROUP BY ${chosen.map((key) => grouping[key]).join(', ')}, state`;
  }

  #segment(segment: Segment, at: number, filter: string, parameters: Parameters): string {
    const raw = segment.level === 'second';
    parameters[`from${at}`] = segment.from;
    parameters[`to${at}`] = segment.to;
    const from = `toDateTime({from${at}:UInt32}, 'UTC')`;
    const to = `toDateTime({to${at}:UInt32}, 'UTC')`;
    const wanted = new Set([
      'seconds',
      'cpu_cost',
      'ram_cost',
      'gpu_cost',
      'network_cost',
      'cpu_us',
      'ram_byte_seconds',
    ]);
    const columns = MEASURES.filter(([name]) => wanted.has(name)).map(
      ([name, source]) => `${raw ? source : name} AS ${name}`,
    );
    const bucket =
      segment.level === 'day' ? '' : `AND bucket >= ${bucketOf(segment.level, from)} AND bucket < ${to}`;
    return `SELECT cluster, ns, id, state, ${columns.join(', ')}, ${NETWORK} AS network
      FROM ${this.options.database}.${TABLE_OF[segment.level]} FINAL
      WHERE ts >= ${from} AND ts < ${to} ${bucket} ${filter}`;
  }

  #filter(question: CostQuestion, names: Names, parameters: Parameters): string {
    const clauses = question.where.map(({ key, value }, at) => {
      if (key === 'cluster' || key === 'namespace') {
        parameters[`keys${at}`] = keysOf(key === 'cluster' ? names.clusters : names.namespaces, value);
        return `AND ${key === 'cluster' ? 'cluster' : 'ns'} IN ({keys${at}:Array(UInt32)})`;
      }
      if (key === 'node') {
        parameters[`keys${at}`] = keysOf(names.nodes, value);
        return `AND id IN (SELECT key FROM ${this.options.database}.identity FINAL WHERE node IN ({keys${at}:Array(UInt32)}))`;
      }
      parameters[`value${at}`] = value;
      return `AND id IN (SELECT key FROM ${this.options.database}.identity FINAL WHERE ${key} = {value${at}:String} AND kind != 'node')`;
    });
    return clauses.join(' ');
  }

  /** Node-seconds that should have been: from a node's first stored second until it fell silent for long. */
  async #coverage(question: CostQuestion, names: Names): Promise<{ expected: number; missing: number }> {
    const { db, nowS, forgetAfterS } = this.options;
    const [nodes, progress, gaps] = await Promise.all([listNodes(db), listProgress(db), listGaps(db)]);
    const nodeOf = new Map(nodes.map((node) => [node.key, node]));
    const { window } = question;
    let expected = 0;
    let missing = 0;
    for (const record of progress) {
      const node = nodeOf.get(record.nodeKey);
      if (node === undefined || !matches(question, names, node)) continue;
      const now = nowS();
      const silent = node.gone || now - record.lastSecond > forgetAfterS;
      const end = Math.min(
        window.to,
        silent ? record.lastSecond + 1 : Math.max(now - 2, record.lastSecond + 1),
      );
      expected += Math.max(0, end - Math.max(window.from, record.firstSecond));
      const own = new GapList(gaps.filter((gap) => gap.nodeKey === record.nodeKey));
      missing += own.countWithin(window) + Math.max(0, end - Math.max(window.from, record.lastSecond + 1));
    }
    return { expected, missing };
  }
}

function bucketOf(level: Exclude<Level, 'day'>, from: string): string {
  const functions = { second: 'toStartOfMinute', minute: 'toStartOfHour', hour: 'toStartOfDay' } as const;
  return `${functions[level]}(${from})`;
}

function keysOf(names: ReadonlyMap<number, string>, value: string): number[] {
  const keys = [...names].filter(([, name]) => name === value).map(([key]) => key);
  return keys.length === 0 ? [4_294_967_295] : keys;
}

function matches(question: CostQuestion, names: Names, node: { clusterKey: number; name: string }): boolean {
  return question.where.every(({ key, value }) => {
    if (key === 'cluster') return names.clusters.get(node.clusterKey) === value;
    return key === 'node' ? node.name === value : true;
  });
}

function toAnswer(
  question: CostQuestion,
  rows: readonly Row[],
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
      const id = JSON.stringify([keys, row['pod_uid'] ?? '']);
      groups.set(id, { keys, ...add(groups.get(id) ?? NOTHING, sums) });
    }
  }
  return {
    groups: [...groups.values()].filter(isSomething).sort(byCost),
    idle: attributed ? NOTHING : idle,
    unobserved: attributed ? NOTHING : unobserved,
    unpricedNodeSeconds: attributed ? 0 : unpricedNodeSeconds,
    expectedNodeSeconds: coverage.expected,
    observedNodeSeconds: coverage.expected - coverage.missing,
  };
}

function toKeys(by: readonly GroupKey[], row: Row, names: Names): Record<string, string> {
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

function toSums(row: Row): CostSums {
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

/** The same as a plain decimal. */
export function totalCostText(sums: CostSums): string {
  return formatPicounits(totalCost(sums));
}

/** Rollups keep zeros in place of groups that vanished. */
function isSomething(sums: CostSums): boolean {
  return sums.seconds > 0;
}

function byCost(a: CostSums, b: CostSums): number {
  const difference = totalCost(b) - totalCost(a);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
