import { CELL_S, type StoredSpend, type Window } from '@kubehero/domain';
import {
  MEASURES,
  NAMESPACE_TABLE_OF,
  RowState,
  SECONDS_OF,
  TABLE_OF,
  type ClickHouseEngine,
  type Level,
} from '@kubehero/store-clickhouse';
import { listDirtyStarts, type Database, type Kysely } from '@kubehero/store-postgres';
import { planSegments, type DirtyStarts, type Segment } from '../query/segments.js';

/** What reading works with. */
export interface SpendReaderOptions {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
}

/** What is to be read. */
export interface SpendQuestion {
  readonly window: Window;
  readonly clusterKeys: readonly number[];
  /** Labels to group by; none: whole namespaces. */
  readonly labelKeys: readonly string[];
  /** Length of a step, and an instant at which one begins. */
  readonly stepS?: number;
  readonly originS: number;
}

/** What was stored: of pods, or of a cluster's idle nodes. */
export type StoredSum =
  | ({ readonly kind: 'pods' } & StoredSpend)
  | {
      readonly kind: 'idle';
      readonly at: number;
      readonly clusterKey: number;
      readonly cost: bigint;
      readonly rows: number;
    };

interface SumRow {
  readonly at: number;
  readonly cluster: number;
  readonly ns: number;
  readonly state: number;
  readonly labels?: readonly (string | null)[];
  readonly cost: string;
  readonly seconds: string;
}

/** One statement answers a day: what it gives back is parsed in one go, which must not hold the event loop. */
const CHUNK_S = 86_400;
const COST = 'cpu_cost + ram_cost + gpu_cost + network_cost';

/** Reads spend from the coarsest clean tables, by the rules of cost queries. */
export class SpendReader {
  constructor(private readonly options: SpendReaderOptions) {}

  /** Sums by step, cluster, namespace and labels, in chunks of a day. */
  async *read(question: SpendQuestion): AsyncIterable<StoredSum> {
    const { window } = question;
    const dirty = await this.#dirtyStarts();
    for (let from = window.from; from < window.to; from += CHUNK_S) {
      const chunk = { from, to: Math.min(window.to, from + CHUNK_S) };
      for (const row of await this.#chunk(question, chunk, dirty)) {
        yield toSum(row, question.labelKeys);
      }
    }
  }

  async #dirtyStarts(): Promise<DirtyStarts> {
    const [minute, hour] = await Promise.all([
      listDirtyStarts(this.options.db, 'minute', SECONDS_OF.minute),
      listDirtyStarts(this.options.db, 'hour', SECONDS_OF.hour),
    ]);
    return { minute, hour, day: new Set() };
  }

  async #chunk(question: SpendQuestion, window: Window, dirty: DirtyStarts): Promise<SumRow[]> {
    const { labelKeys, clusterKeys, originS, stepS = CELL_S } = question;
    // An hour of the table must not reach over the border of a step
    const isWhole = originS % SECONDS_OF.hour === 0 && stepS % SECONDS_OF.hour === 0;
    const segments = planSegments(window, dirty, isWhole ? 'hour' : 'minute');
    const byLabels = labelKeys.length > 0;
    const parts = segments.map((segment) => this.#segment(segment, byLabels));
    const keys = `at, cluster, ns, ${byLabels ? 'id, ' : ''}state`;
    const inner = `SELECT ${keys}, sum(cost) AS cost, sum(seconds) AS seconds FROM (${parts.join(' UNION ALL ')}) GROUP BY ${keys}`;
    return await this.options.clickhouse.query<SumRow>(byLabels ? this.#labelled(inner) : inner, {
      clusters: [...clusterKeys],
      step: stepS,
      shift: originS % stepS,
      ...(byLabels ? { labels: [...labelKeys] } : {}),
    });
  }

  #segment({ level, from, to }: Segment, byLabels: boolean): string {
    const table = byLabels ? TABLE_OF[level] : tableOf(level);
    const hasBucket = table === TABLE_OF[level] && level !== 'day';
    const bucket = hasBucket ? `AND bucket >= ${bucketOf(level, from)} AND bucket < ${instant(to)}` : '';
    const [, seconds] = MEASURES.find(([name]) => name === 'seconds') ?? [];
    return `SELECT intDiv(toUnixTimestamp(ts) - {shift:UInt32}, {step:UInt32}) * {step:UInt32} + {shift:UInt32} AS at,
        cluster, ns, ${byLabels ? 'id, ' : ''}state, toInt128(${COST}) AS cost, ${level === 'second' ? seconds : 'seconds'} AS seconds
      FROM ${this.options.database}.${table} FINAL
      WHERE cluster IN ({clusters:Array(UInt32)}) AND state IN (${RowState.allocated}, ${RowState.idle})
        AND ts >= ${instant(from)} AND ts < ${instant(to)} ${bucket}`;
  }

  /** The labels that are looked at; null where a pod has none of that key. */
  #labelled(inner: string): string {
    return `SELECT at, cluster, ns, state, labels, sum(cost) AS cost, sum(seconds) AS seconds
      FROM (${inner}) AS c LEFT ANY JOIN (
        SELECT key, arrayMap(k -> if(mapContains(labels, k), labels[k], NULL), {labels:Array(String)}) AS labels
        FROM ${this.options.database}.identity FINAL) AS i ON i.key = c.id
      GROUP BY at, cluster, ns, state, labels`;
  }
}

function toSum(row: SumRow, labelKeys: readonly string[]): StoredSum {
  const sum = {
    at: Number(row.at),
    clusterKey: row.cluster,
    cost: BigInt(row.cost),
    rows: Number(row.seconds),
  };
  if (row.state === RowState.idle) return { kind: 'idle', ...sum };
  const labels =
    row.labels === undefined
      ? undefined
      : Object.fromEntries(
          labelKeys.flatMap((key, at) => {
            const value = row.labels?.[at];
            return value === null || value === undefined ? [] : [[key, value]];
          }),
        );
  return { kind: 'pods', ...sum, namespaceKey: row.ns, labels };
}

function tableOf(level: Level): string {
  return level === 'second' ? TABLE_OF.second : NAMESPACE_TABLE_OF[level];
}

function instant(second: number): string {
  return `toDateTime(${second}, 'UTC')`;
}

function bucketOf(level: Level, from: number): string {
  const functions = {
    second: 'toStartOfMinute',
    minute: 'toStartOfHour',
    hour: 'toStartOfDay',
    day: 'toStartOfDay',
  } as const;
  return `${functions[level]}(${instant(from)})`;
}
