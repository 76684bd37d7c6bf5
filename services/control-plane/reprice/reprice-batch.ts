import { ExactSum } from '@kubehero/domain';
import {
  encodePodCosts,
  RowState,
  TABLE_OF,
  type ClickHouseEngine,
  type PodCostColumns,
} from '@kubehero/store-clickhouse';
import type { ClusterMinute, RepriceBatch, RepriceRow, RepriceSum } from '@kubehero/store-postgres';
import type { IdentityOrder } from './identity-order.js';
import { MinuteRepricer, type MinuteTotal } from './minute-repricer.js';
import { NodeMinutes } from './node-minutes.js';
import type { RepricePlan } from './reprice-plan.js';
import { addUp } from './reprice-sums.js';
import { identitiesOf, readStoredRows, type StoredRows } from './stored-rows.js';

/** What a batch works with. */
export interface BatchTools {
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  readonly identities: IdentityOrder;
  readonly plan: RepricePlan;
  readonly signal: AbortSignal;
  /** Makes what minutes cost before durable; called before their rows are written. */
  readonly save: (batch: RepriceBatch) => Promise<void>;
}

/** Minutes of one batch. */
export interface BatchMinutes {
  readonly minutes: readonly ClusterMinute[];
  /** Nodes that are read at once; one read of all that the reprice is about where undefined. */
  readonly nodeGroups: readonly (readonly number[])[] | undefined;
  /** What was saved by whoever began it before. */
  readonly begun: RepriceBatch | undefined;
}

/** What a batch changed. */
export interface BatchResult {
  readonly before: readonly RepriceSum[];
  readonly after: readonly RepriceSum[];
  /** Rows that were written. */
  readonly rows: number;
  /** What its minutes hold now, in their order. */
  readonly totals: readonly (ClusterMinute & {
    readonly rows: number;
    readonly nodeSeconds: number;
    readonly cost: bigint;
  })[];
}

const ROWS_PER_INSERT = 300_000;
const COST = 'cpu_cost + ram_cost + gpu_cost + network_cost';

/**
 * Prices the rows of some minutes again and writes them. Repeating it changes nothing: the rows are a pure function of
 * what was measured, and what they cost before is taken from who began it.
 *
 * @param reprice - a dry run writes nothing
 */
export async function runBatch(
  tools: BatchTools,
  reprice: RepriceRow,
  work: BatchMinutes,
): Promise<BatchResult> {
  return await new Batch(tools, reprice, work).run();
}

/** Rows that are read at once. */
interface Read {
  readonly total: ClusterMinute & MinuteTotal;
  readonly nodeKeys: readonly number[] | undefined;
}

class Batch {
  readonly #repricer: MinuteRepricer;
  readonly #totals: (ClusterMinute & MinuteTotal)[];
  readonly #after: RepriceSum[][] = [];
  #before: readonly RepriceSum[];
  /** Reads whose costs from before are in the sums. */
  #counted: number;
  #reads = 0;
  #storing: Promise<void> = Promise.resolve();
  #rows = 0;

  constructor(
    private readonly tools: BatchTools,
    private readonly reprice: RepriceRow,
    private readonly work: BatchMinutes,
  ) {
    this.#repricer = new MinuteRepricer(tools.plan);
    this.#totals = work.minutes.map((minute) => ({
      ...minute,
      rows: 0,
      nodeSeconds: 0,
      cost: new ExactSum(),
    }));
    this.#before = work.begun?.before ?? [];
    this.#counted = work.begun?.reads ?? 0;
  }

  async run(): Promise<BatchResult> {
    const groups = this.work.nodeGroups ?? [this.reprice.nodeKeys];
    const reads = this.#totals.flatMap((total) => groups.map((nodeKeys) => ({ total, nodeKeys })));
    try {
      await this.#runAll(reads);
    } finally {
      await this.#storing.catch(() => undefined); // whoever claims these minutes next must not meet it
    }
    if (this.reprice.nodeKeys !== undefined) await this.#addOthers(this.reprice.nodeKeys);
    return {
      before: this.#before,
      after: addUp(this.#after),
      rows: this.#rows,
      totals: this.#totals.map(({ clusterKey, minute, rows, nodeSeconds, cost }) => ({
        ...{ clusterKey, minute, rows, nodeSeconds },
        cost: cost.value,
      })),
    };
  }

  /** The next rows are read while these are priced, and written while the next ones are. */
  async #runAll(reads: readonly Read[]): Promise<void> {
    let next = this.#fetch(reads[0]);
    for (const [at, read] of reads.entries()) {
      const rows = await next;
      next = this.#fetch(reads[at + 1]);
      next.catch(() => undefined); // awaited by the next round, if there is one
      if (rows !== undefined) await this.#take(read, rows);
    }
    await this.#write();
    await this.#storing;
  }

  async #fetch(read: Read | undefined): Promise<StoredRows | undefined> {
    if (read === undefined) return undefined;
    const { clusterKey, minute } = read.total;
    const question = { clusterKey, minute, nodeKeys: read.nodeKeys };
    return await readStoredRows(this.tools, question, this.tools.signal);
  }

  async #take({ total }: Read, rows: StoredRows): Promise<void> {
    const { identities } = this.tools;
    await identities.learn(new Set(rows.words('id')));
    const minutes = await NodeMinutes.of(rows, total.minute, identities);
    await this.#repricer.take({ clusterKey: total.clusterKey, rows, minutes }, total);
    this.#reads += 1;
    if (this.#repricer.rows >= ROWS_PER_INSERT) await this.#write();
  }

  /** Begins to write what was priced, after the write before. */
  async #write(): Promise<void> {
    const { chunks, rows, before, after } = this.#repricer.drain();
    this.#after.push(after.list());
    this.#rows += rows;
    if (this.#reads > this.#counted) {
      this.#before = addUp([this.#before, before.list()]);
      this.#counted = this.#reads;
    }
    const { minutes, nodeGroups } = this.work;
    const batch = { minutes, nodeGroups, before: this.#before, reads: this.#counted };
    await this.#storing;
    this.#storing = this.#store(batch, chunks);
    this.#storing.catch(() => undefined); // awaited by the next write, or at the end
  }

  /** What rows cost before is durable before they are replaced. */
  async #store(batch: RepriceBatch, chunks: readonly PodCostColumns[]): Promise<void> {
    if (!this.reprice.dryRun) {
      await this.tools.save(batch);
      await this.#insert(chunks);
    }
    this.#repricer.recycle(chunks);
  }

  async #insert(chunks: readonly PodCostColumns[]): Promise<void> {
    if (chunks.every((chunk) => chunk.rows === 0)) return;
    const { clickhouse, database } = this.tools;
    await clickhouse.insertNative(`${database}.${TABLE_OF.second}`, encodePodCosts(chunks));
  }

  /** The rows of nodes that the reprice is not about are in the minute too. */
  async #addOthers(nodeKeys: readonly number[]): Promise<void> {
    const { clickhouse, database } = this.tools;
    for (const total of this.#totals) {
      const [found] = await clickhouse.query<{ rows: string; seconds: string; cost: string }>(
        `SELECT count() AS rows, countIf(state IN (${RowState.idle}, ${RowState.unpriced})) AS seconds, sum(toInt128(${COST})) AS cost
         FROM ${database}.${TABLE_OF.second} FINAL
         WHERE cluster = {cluster:UInt32} AND bucket = toDateTime({minute:UInt32}, 'UTC')
           AND id GLOBAL NOT IN (${identitiesOf(database)})`,
        { cluster: total.clusterKey, minute: total.minute, nodes: [...nodeKeys] },
        this.tools.signal,
      );
      total.rows += Number(found?.rows ?? 0);
      total.nodeSeconds += Number(found?.seconds ?? 0);
      total.cost.addWide(BigInt(found?.cost ?? 0));
    }
  }
}
