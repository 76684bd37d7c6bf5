import {
  MEASURES,
  NAMESPACE_TABLE_OF,
  SECONDS_OF,
  TABLE_OF,
  type ClickHouseEngine,
  type Level,
} from '@kubehero/store-clickhouse';
import {
  listDirtyStarts,
  readCoverage,
  type Coverage,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';
import { toAnswer, type CostAnswer, type CostQuestion, type CostRow, type GroupKey } from './cost-answer.js';
import { MergedReads } from './merged-reads.js';
import type { NameDirectory, Names } from './names.js';
import { planSegments, type Segment } from './segments.js';
import { SharedLoad } from './shared-load.js';
import { SingleFlight } from './single-flight.js';

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

/** What names stand for. */
interface KnownKeys {
  readonly names: Names;
  readonly namespaces: (name: string) => readonly number[];
}

type Parameters = Record<string, string | number | (string | number)[]>;

const NETWORK =
  'net_unknown + net_node + net_zone + net_cross_tx + net_cross_rx + net_internet_tx + net_internet_rx';
/** What is summed, in integers that hold the sum of any fleet over any window. */
const WIDE: Readonly<Record<string, string>> = {
  cpu_cost: 'toInt128',
  ram_cost: 'toInt128',
  gpu_cost: 'toInt128',
  network_cost: 'toInt128',
  seconds: 'toUInt64',
  cpu_us: 'toUInt128',
  ram_byte_seconds: 'toUInt128',
  network: 'toUInt128',
};
const SUMS = Object.entries(WIDE)
  .map(([name, wide]) => `sum(${wide}(${name})) AS ${name}`)
  .join(', ');
const RESUM = Object.keys(WIDE)
  .map((name) => `sum(${name}) AS ${name}`)
  .join(', ');
const NEEDS_IDENTITY: readonly GroupKey[] = ['node', 'workload', 'pod', 'container'];

/** Answers what things cost, from the coarsest clean tables that cover the window. */
export class CostQuery {
  readonly #flights = new SingleFlight<CostAnswer>();
  readonly #merged = new MergedReads<CostRow>();
  readonly #counts = new SingleFlight<Coverage>();
  readonly #dirty: SharedLoad<Record<Exclude<Level, 'second'>, ReadonlySet<number>>>;

  constructor(private readonly options: CostQueryOptions) {
    this.#dirty = new SharedLoad(() => this.#loadDirty());
  }

  /**
   * Costs a few statements; time grows with the number of identities times periods in the window. Who asks the same
   * while it is being answered gets the same answer.
   */
  async ask(question: CostQuestion, signal?: AbortSignal): Promise<CostAnswer> {
    return await this.#flights.run(JSON.stringify(question), (stop) => this.#answer(question, stop), signal);
  }

  async #answer(question: CostQuestion, signal: AbortSignal): Promise<CostAnswer> {
    const [names, dirty] = await Promise.all([this.options.names.read(), this.#dirty.read()]);
    const byNamespace = isByNamespace(question);
    const segments = planSegments(question.window, dirty, coarsestFor(question.stepS, byNamespace));
    const [rows, coverage] = await Promise.all([
      this.#rows(question, segments, names, signal),
      this.#coverage(question, names, signal),
    ]);
    return toAnswer(question, rows, names, coverage);
  }

  async #loadDirty(): Promise<Record<Exclude<Level, 'second'>, ReadonlySet<number>>> {
    const levels = ['minute', 'hour', 'day'] as const;
    const starts = await Promise.all(
      levels.map((level) => listDirtyStarts(this.options.db, level, SECONDS_OF[level])),
    );
    const empty = new Set<number>();
    return { minute: starts[0] ?? empty, hour: starts[1] ?? empty, day: starts[2] ?? empty };
  }

  /** Charts of several namespaces over the same window are read together. */
  async #rows(
    question: CostQuestion,
    segments: readonly Segment[],
    names: Names,
    signal: AbortSignal,
  ): Promise<readonly CostRow[]> {
    const byName = (value: string): readonly number[] => keysOf(names.namespaces, value);
    const [only, ...others] = question.where.filter(({ key }) => key === 'namespace');
    if (only === undefined || others.length > 0 || !isByNamespace(question)) {
      return await this.#read(question, { segments, names, namespaces: byName }, signal);
    }
    const where = question.where.filter((one) => one !== only);
    return await this.#merged.run(
      {
        shape: JSON.stringify([{ ...question, where }, segments]),
        keys: byName(only.value),
        keyOf: (row) => Number(row['ns']),
        read: async (merged, stop) =>
          this.#read(question, { segments, names, namespaces: () => merged }, stop),
      },
      signal,
    );
  }

  async #read(
    question: CostQuestion,
    { segments, ...known }: KnownKeys & { readonly segments: readonly Segment[] },
    signal: AbortSignal,
  ): Promise<readonly CostRow[]> {
    const parameters: Parameters = {};
    const filter = this.#filter(question, known, parameters);
    const byIdentity = question.by.some((key) => NEEDS_IDENTITY.includes(key));
    const byNamespace = isByNamespace(question);
    const start = question.stepS === undefined ? '' : ', start';
    const grouping = `${byIdentity ? 'cluster, ns, id' : 'cluster, ns'}${start}`;
    const parts = segments.map((segment, at) =>
      this.#segment(
        { ...segment, at, table: tableOf(segment, byNamespace, question.stepS) },
        { filter, columns: grouping, stepS: question.stepS, summed: !byIdentity },
        parameters,
      ),
    );
    const rows = parts.join(' UNION ALL ');
    // Few groups come out of each part, and the answer adds them up: planning another sum would cost more
    const sql = byIdentity
      ? this.#named(question, `SELECT ${grouping}, state, ${SUMS} FROM (${rows}) GROUP BY ${grouping}, state`)
      : rows;
    return await this.options.clickhouse.query<CostRow>(sql, parameters, signal);
  }

  /** Groups of identities become groups of names only after the sums: the join sees each identity once. */
  #named({ by, stepS }: CostQuestion, inner: string): string {
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
    const start = stepS === undefined ? [] : ['start'];
    return `SELECT ${[...chosen.map((key) => columns[key]), ...start.map((name) => `c.${name} AS ${name}`)].join(', ')}, c.state AS state, ${RESUM}
      FROM (${inner}) AS c
      LEFT ANY JOIN (SELECT key, node, workload, pod, pod_uid, container FROM ${this.options.database}.identity FINAL) AS i ON i.key = c.id
      GROUP BY ${[...chosen.map((key) => grouping[key]), ...start].join(', ')}, state`;
  }

  #segment(
    segment: Segment & { readonly at: number; readonly table: string },
    wanted: {
      readonly filter: string;
      readonly columns: string;
      readonly stepS: number | undefined;
      readonly summed: boolean;
    },
    parameters: Parameters,
  ): string {
    const { at, table, level } = segment;
    parameters[`from${at}`] = segment.from;
    parameters[`to${at}`] = segment.to;
    const from = `toDateTime({from${at}:UInt32}, 'UTC')`;
    const to = `toDateTime({to${at}:UInt32}, 'UTC')`;
    const measures = Object.entries(WIDE).map(([name, wide]) => {
      const source = sourceOf(name, level);
      return `${wanted.summed ? `sum(${wide}(${source}))` : source} AS ${name}`;
    });
    const keys = wanted.columns.replace('start', `${startOf(wanted.stepS ?? 1)} AS start`);
    const hasBucket = table === TABLE_OF[level] && level !== 'day';
    const bucket = hasBucket ? `AND bucket >= ${bucketOf(level, from)} AND bucket < ${to}` : '';
    return `SELECT ${keys}, state, ${measures.join(', ')}
      FROM ${this.options.database}.${table} AS t FINAL
      WHERE ts >= ${from} AND ts < ${to} ${bucket} ${wanted.filter}
      ${wanted.summed ? `GROUP BY ${wanted.columns}, state` : ''}`;
  }

  #filter(question: CostQuestion, { names, namespaces }: KnownKeys, parameters: Parameters): string {
    const clauses = question.where.map(({ key, value }, at) => {
      if (key === 'cluster') {
        parameters[`keys${at}`] = keysOf(names.clusters, value);
        return `AND cluster IN ({keys${at}:Array(UInt32)})`;
      }
      if (key === 'namespace') {
        const keys = namespaces(value);
        parameters[`keys${at}`] = [...keys];
        // Keys begin with the cluster: named, only its granules are read
        parameters[`clusters${at}`] = [...new Set(keys.map((ns) => names.clusterOfNamespace.get(ns) ?? 0))];
        return `AND cluster IN ({clusters${at}:Array(UInt32)}) AND ns IN ({keys${at}:Array(UInt32)})`;
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

  /** Who asks for other namespaces of the same window is answered by the same count. */
  async #coverage({ window, where }: CostQuestion, names: Names, signal: AbortSignal): Promise<Coverage> {
    const clusters = where.filter(({ key }) => key === 'cluster').map(({ value }) => value);
    const kept = [...names.clusters].filter(([, name]) => clusters.every((one) => one === name));
    const question = {
      window,
      nowS: this.options.nowS(),
      forgetAfterS: this.options.forgetAfterS,
      clusterKeys: clusters.length === 0 ? undefined : kept.map(([key]) => key),
      nodeNames: where.filter(({ key }) => key === 'node').map(({ value }) => value),
    };
    return await this.#counts.run(
      JSON.stringify(question),
      () => readCoverage(this.options.db, question),
      signal,
    );
  }
}

/**
 * Clean periods by namespace are read from the rollups by namespace, a step of less than a minute from the seconds that
 * came with the minute; what is not rolled up is read from the rows of pods.
 */
function tableOf({ level }: Segment, byNamespace: boolean, stepS: number | undefined): string {
  if (!byNamespace || level === 'second') return TABLE_OF[level];
  return NAMESPACE_TABLE_OF[isFine(stepS) ? 'second' : level];
}

/** What a measure is in the rows of a table; named with its table, for sums take the name of what they sum. */
function sourceOf(name: string, level: Level): string {
  if (name === 'network') return NETWORK;
  const raw = level === 'second' ? MEASURES.find(([rolled]) => rolled === name)?.[1] : undefined;
  const source = raw ?? name;
  return source.includes('(') ? source : `t.${source}`;
}

function isFine(stepS: number | undefined): boolean {
  return stepS !== undefined && stepS % SECONDS_OF.minute !== 0;
}

function startOf(stepS: number): string {
  return `intDiv(toUnixTimestamp(ts), ${stepS}) * ${stepS}`;
}

/** True where neither groups nor filters tell pods apart. */
function isByNamespace({ by, where }: CostQuestion): boolean {
  return [...by, ...where.map(({ key }) => key)].every((key) => !NEEDS_IDENTITY.includes(key));
}

/** The coarsest table whose periods do not reach over a step. */
function coarsestFor(stepS: number | undefined, byNamespace: boolean): Level {
  if (stepS === undefined) return 'day';
  if (isFine(stepS)) return byNamespace ? 'minute' : 'second';
  return (['day', 'hour', 'minute'] as const).find((level) => stepS % SECONDS_OF[level] === 0) ?? 'second';
}

function bucketOf(level: Exclude<Level, 'day'>, from: string): string {
  const functions = { second: 'toStartOfMinute', minute: 'toStartOfHour', hour: 'toStartOfDay' } as const;
  return `${functions[level]}(${from})`;
}

function keysOf(names: ReadonlyMap<number, string>, value: string): number[] {
  const keys = [...names].filter(([, name]) => name === value).map(([key]) => key);
  return keys.length === 0 ? [4_294_967_295] : keys;
}
