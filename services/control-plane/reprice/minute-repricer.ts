import type { ExactSum } from '@kubehero/domain';
import { PodCostColumns, RowState } from '@kubehero/store-clickhouse';
import { SecondWriter } from '../ingest/second-writer.js';
import type { NodeMinutes, StoredSecond } from './node-minutes.js';
import type { RepricePlan } from './reprice-plan.js';
import { RepriceSums } from './reprice-sums.js';
import type { StoredRows } from './stored-rows.js';
import { Turns } from './turns.js';

/** What a minute holds when its rows are written. */
export interface MinuteTotal {
  rows: number;
  nodeSeconds: number;
  readonly cost: ExactSum;
}

/** Rows to write, and what changes by them. */
export interface RepricedRows {
  readonly chunks: readonly PodCostColumns[];
  readonly rows: number;
  readonly before: RepriceSums;
  readonly after: RepriceSums;
}

const CHUNK_ROWS = 32_768;

/**
 * Prices stored seconds by the arithmetic of ingest itself, so that the rows are digit for digit what a fresh ingest at
 * that price stores.
 */
export class MinuteRepricer {
  readonly #writer = new SecondWriter();
  readonly #pool: PodCostColumns[] = [];
  #chunks: PodCostColumns[] = [];
  #rows = 0;
  #before = new RepriceSums();
  #after = new RepriceSums();

  constructor(private readonly plan: RepricePlan) {}

  /** Takes a minute's rows; those without a price of the reprice stay as they are. Adds what the minute then holds. */
  async take(
    stored: { readonly clusterKey: number; readonly rows: StoredRows; readonly minutes: NodeMinutes },
    total: MinuteTotal,
  ): Promise<void> {
    const turns = new Turns();
    for (const second of stored.minutes.seconds()) {
      this.#takeSecond(stored, second, total);
      if (turns.isOver) await turns.pass();
    }
  }

  /** Rows that wait to be written. */
  get rows(): number {
    return this.#rows;
  }

  /** Hands over what was taken since the last time; give the chunks back by {@link recycle}. */
  drain(): RepricedRows {
    const drained = { chunks: this.#chunks, rows: this.#rows, before: this.#before, after: this.#after };
    this.#chunks = [];
    this.#rows = 0;
    this.#before = new RepriceSums();
    this.#after = new RepriceSums();
    return drained;
  }

  /** Takes chunks back whose rows are written. */
  recycle(chunks: readonly PodCostColumns[]): void {
    for (const chunk of chunks) {
      chunk.reset();
      this.#pool.push(chunk);
    }
  }

  #takeSecond(
    { clusterKey, rows, minutes }: Parameters<MinuteRepricer['take']>[0],
    second: StoredSecond,
    total: MinuteTotal,
  ): void {
    const { slice, nodeKey, own } = second;
    const price = this.plan.priceOf(nodeKey, slice.second);
    const sums = price === undefined ? undefined : this.#before;
    const add = (source: number): void => {
      const cost = rows.wide('cost', source);
      if (sums === undefined) total.cost.add(cost);
      else sums.add({ clusterKey, nodeKey, namespaceKey: rows.words('ns')[source] as number, cost });
    };
    for (let row = slice.firstRow; row < slice.firstRow + slice.rows; row += 1) add(minutes.sourceOf(row));
    if (own >= 0) add(own);
    if (price === undefined) {
      total.rows += slice.rows + (own < 0 ? 0 : 1);
      total.nodeSeconds += own >= 0 && isObserved(rows.state[own] as number) ? 1 : 0;
      return;
    }
    const into = this.#room(slice.rows + 1);
    const first = into.rows;
    const context = {
      clusterKey,
      nodeIdentityKey: this.plan.identityOf(nodeKey),
      dictionary: second.dictionary,
    };
    const sum = second.isObserved
      ? this.#writer.writeObserved(context, minutes, { slice, price }, into)
      : this.#writer.writeUnobserved(context, slice.second, price, into);
    this.#rows += sum.rows;
    total.rows += sum.rows;
    total.nodeSeconds += second.isObserved ? 1 : 0;
    total.cost.add(sum.cost);
    this.#addAfter({ clusterKey, nodeKey, into, first });
  }

  #addAfter(written: { clusterKey: number; nodeKey: number; into: PodCostColumns; first: number }): void {
    const { clusterKey, nodeKey, into, first } = written;
    for (let row = first; row < into.rows; row += 1) {
      this.#after.add({ clusterKey, nodeKey, namespaceKey: into.ns[row] as number, cost: costOf(into, row) });
    }
  }

  #room(rows: number): PodCostColumns {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.rows + rows <= last.capacity) return last;
    last?.settleRests();
    const chunk = this.#pool.pop() ?? new PodCostColumns(CHUNK_ROWS);
    this.#chunks.push(chunk);
    return chunk;
  }
}

function isObserved(state: number): boolean {
  return state === RowState.idle || state === RowState.unpriced;
}

function costOf(columns: PodCostColumns, row: number): number {
  return (
    (columns.cpuCost[row] as number) +
    (columns.ramCost[row] as number) +
    (columns.hasGpu ? columns.getWide('gpu_cost', row) : 0) +
    (columns.hasNetwork ? columns.getWide('network_cost', row) : 0)
  );
}
