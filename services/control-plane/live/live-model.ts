import { RowState, type ClickHouseEngine, type PodCostColumns } from '@kubehero/store-clickhouse';
import {
  findIdentities,
  listIdentities,
  type Database,
  type IdentityRow,
  type Kysely,
} from '@kubehero/store-postgres';
import type { Logger } from '@kubehero/runtime';
import { IdentityCache } from './identity-cache.js';
import { SecondBucket, type SecondSummary } from './second-bucket.js';

/** What the model works with. */
export interface LiveModelOptions {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  readonly nowS: () => number;
  readonly logger: Logger;
}

/** Seconds that a chart shows. */
export const LIVE_WINDOW_S = 900;
/** Seconds whose rows are kept, for rates. */
const ROWS_WINDOW_S = 20;
const IDENTITIES_AT_START = 100_000;
const NETWORK = [
  'net_unknown',
  'net_node',
  'net_zone',
  'net_cross_tx',
  'net_cross_rx',
  'net_internet_tx',
  'net_internet_rx',
] as const;

/** The last 15 minutes in memory, as the leader stores them. */
export class LiveModel {
  readonly #seconds = new Map<number, SecondBucket>();
  readonly #identities: IdentityCache;
  readonly #options: LiveModelOptions;

  constructor(options: LiveModelOptions) {
    this.#options = options;
    this.#identities = new IdentityCache({
      read: (keys) => findIdentities(options.db, keys),
      onFailure: (error) => {
        options.logger.warn('names of pods could not be read, trying again', { error });
      },
    });
  }

  /** Reads what is stored of the last minutes; called when a term begins. */
  async load(): Promise<void> {
    this.#seconds.clear();
    const { db, clickhouse, database, nowS } = this.#options;
    const [newest] = await listNewestKey(db);
    const above = Math.max(0, (newest?.key ?? 0) - IDENTITIES_AT_START);
    this.#identities.add(await listIdentities(db, above, IDENTITIES_AT_START));
    const rows = await clickhouse.query<{
      second: number;
      ns: number;
      state: number;
      cost: string;
      n: string;
    }>(
      `SELECT toUnixTimestamp(ts) AS second, ns, state, sum(cpu_cost + ram_cost + gpu_cost + network_cost) AS cost, count() AS n
       FROM ${database}.pod_cost_1s FINAL WHERE ts >= toDateTime({from:UInt32}, 'UTC')
         AND bucket >= toStartOfMinute(toDateTime({from:UInt32}, 'UTC'))
       GROUP BY second, ns, state`,
      { from: nowS() - LIVE_WINDOW_S },
    );
    for (const row of rows) this.#addSum(row);
  }

  /** Remembers names before rows refer to them. */
  addIdentities(rows: readonly IdentityRow[]): void {
    this.#identities.add(rows);
  }

  /** Takes stored rows over; rows older than the window are passed by. Yields between chunks: an outage brings many. */
  async observe(chunks: readonly PodCostColumns[]): Promise<void> {
    const from = this.#options.nowS() - LIVE_WINDOW_S;
    for (const chunk of chunks) {
      for (let row = 0; row < chunk.rows; row += 1) {
        if ((chunk.ts[row] as number) >= from) this.#observeRow(chunk, row);
      }
      if (chunks.length > 1) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#expire();
  }

  /** Takes a second over as the leader told it. */
  follow(summary: SecondSummary): void {
    this.#bucket(summary.second).replaceBy(summary);
    this.#expire();
  }

  /** Seconds in rising order. */
  seconds(): SecondBucket[] {
    return [...this.#seconds.values()].sort((a, b) => a.second - b.second);
  }

  /** A second, undefined where nothing of it was stored. */
  tryFind(second: number): SecondBucket | undefined {
    return this.#seconds.get(second);
  }

  /** Whose a row is; undefined where that is not in memory: it is read then, and there a moment later. */
  identity(key: number): IdentityRow | undefined {
    return this.#identities.get(key);
  }

  #observeRow(chunk: PodCostColumns, row: number): void {
    const bucket = this.#bucket(chunk.ts[row] as number);
    const cost =
      (chunk.cpuCost[row] as number) +
      (chunk.ramCost[row] as number) +
      (chunk.hasGpu ? chunk.getWide('gpu_cost', row) : 0) +
      (chunk.hasNetwork ? chunk.getWide('network_cost', row) : 0);
    const state = chunk.state[row] as number;
    if (state === RowState.allocated) {
      bucket.add({
        id: chunk.id[row] as number,
        ns: chunk.ns[row] as number,
        cost,
        cpuUs: chunk.cpuUs[row] as number,
        ramBytes: chunk.getWide('ram_bytes', row),
        networkBytes: chunk.hasNetwork ? NETWORK.reduce((sum, name) => sum + chunk.getWide(name, row), 0) : 0,
      });
      return;
    }
    addNodeRow(bucket, state, cost, 1);
  }

  #addSum(row: { second: number; ns: number; state: number; cost: string; n: string }): void {
    const bucket = this.#bucket(Number(row.second));
    if (row.state !== RowState.allocated) addNodeRow(bucket, row.state, Number(row.cost), Number(row.n));
    else bucket.byNamespace.set(row.ns, (bucket.byNamespace.get(row.ns) ?? 0) + Number(row.cost));
  }

  #bucket(second: number): SecondBucket {
    const known = this.#seconds.get(second);
    if (known !== undefined) return known;
    const bucket = new SecondBucket(second);
    this.#seconds.set(second, bucket);
    return bucket;
  }

  #expire(): void {
    const now = this.#options.nowS();
    for (const [second, bucket] of this.#seconds) {
      if (second < now - LIVE_WINDOW_S) this.#seconds.delete(second);
      else if (second < now - ROWS_WINDOW_S && bucket.rows > 0) bucket.forgetRows();
    }
  }
}

function addNodeRow(bucket: SecondBucket, state: number, cost: number, nodes: number): void {
  bucket.changed = true;
  if (state === RowState.idle || state === RowState.unpriced) {
    bucket.idle += cost;
    bucket.observedNodes += nodes;
    if (state === RowState.unpriced) bucket.unpricedNodes += nodes;
    return;
  }
  bucket.unobserved += cost;
}

async function listNewestKey(db: Kysely<Database>): Promise<{ key: number }[]> {
  return await db.selectFrom('identity').select('key').orderBy('key', 'desc').limit(1).execute();
}
