import {
  SpendBook,
  StoredSeconds,
  type PartSpec,
  type ScopeNamespace,
  type SpendLoad,
  type SpendPart,
} from '@kubehero/domain';
import { sleep, type Logger } from '@kubehero/runtime';
import { RowState, type PodCostColumns } from '@kubehero/store-clickhouse';
import {
  listBudgetSpend,
  listIdentityLabels,
  listNamespaces,
  type BudgetSpendRow,
  type IdentityRow,
} from '@kubehero/store-postgres';
import type { InventoryDirectory } from '../inventory/inventory-directory.js';
import { findStoredSeconds, readRecent, type Stores } from './find-stored.js';
import { groupBy } from './group-by.js';
import { SpendReader, type StoredSum } from './spend-reader.js';

/** What tracking works with. */
export interface SpendTrackerOptions extends Stores {
  readonly inventory: Pick<InventoryDirectory, 'namespaces'>;
  readonly nowS: () => number;
  readonly logger: Logger;
}

/** Newest minutes that are read when a term begins. */
const RECENT_S = 300;
const MINUTE_S = 60;
const RETRY_MS = 500;
const ROWS_PER_SLICE = 2000;
const NO_LABELS = {};

/** Keeps the spend of all scopes of a term, from what is stored and what becomes so. */
export class SpendTracker {
  readonly #options: SpendTrackerOptions;
  readonly #reader: SpendReader;
  #book: SpendBook;
  #stored = new StoredSeconds();
  #specs: readonly PartSpec[] = [];
  #isEnded = false;

  constructor(options: SpendTrackerOptions) {
    this.#options = options;
    this.#reader = new SpendReader(options);
    this.#book = new SpendBook(firstMinute(options.nowS()));
  }

  /** The figures. */
  get book(): SpendBook {
    return this.#book;
  }

  /** Reads the newest minutes. MUST end before this term stores anything, and be called once. */
  async prepare(): Promise<void> {
    const nowS = this.#options.nowS();
    const fromS = firstMinute(nowS);
    this.#book = new SpendBook(fromS);
    // What is stored first is found second: seconds that a dying leader stores in between are rather missed than counted twice
    await readRecent(this.#options, { fromS, nowS }, this.#book);
    this.#stored = await findStoredSeconds(this.#options, nowS);
  }

  /** Ends the term: whoever waits for a store gives up. */
  end(): void {
    this.#isEnded = true;
  }

  /** Remembers labels before rows refer to them. */
  addIdentities(rows: readonly IdentityRow[]): void {
    for (const { key, labels } of rows) this.#book.addLabels(key, labels);
  }

  /** Replaces what is asked. */
  async configure(specs: readonly PartSpec[]): Promise<void> {
    this.#specs = specs;
    const rows = await listNamespaces(this.#options.db);
    // Whoever reads last may have begun first: the newest specs count
    this.#book.configure(this.#specs, this.#toNamespaces(rows));
  }

  /** Takes rows that were stored and never before. Never throws: without its answer nothing is acknowledged. */
  async observe(chunks: readonly PodCostColumns[]): Promise<void> {
    for (const chunk of chunks) {
      await this.#learn(chunk);
      this.#take(chunk);
      if (chunks.length > 1) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.#book.settle();
    this.#book.advance(this.#options.nowS());
  }

  /** Reads what figures are missing. @returns false where something is to be read once more */
  async loadWaiting(): Promise<boolean> {
    const byStart = groupBy(this.#book.waiting(), ({ period }) => period.from);
    let all = true;
    for (const parts of byStart.values()) all = (await this.#load(parts)) && all;
    return all;
  }

  async #load(parts: readonly SpendPart[]): Promise<boolean> {
    const load = this.#book.beginLoad(parts);
    try {
      await this.#fill(load);
      await this.#fetchLabels(this.#book.missingLabels());
      return this.#book.finishLoad(load);
    } catch (error) {
      this.#book.dropLoad(load);
      throw error;
    }
  }

  async #fill(load: SpendLoad): Promise<void> {
    const [first] = load.parts;
    if (first === undefined) return;
    const startS = first.period.from;
    const uids = [...new Set(load.parts.map(({ key }) => policyOf(key)))];
    const byKey = new Map(load.parts.map((part) => [part.key, part]));
    for (const row of await listBudgetSpend(this.#options.db, uids, startS)) {
      const key = `${row.policyUid}/${row.clusterKey}`;
      if (byKey.get(key)?.question === row.question) load.restore(key, toCell(row));
    }
    let taken = 0;
    for await (const sum of this.#reader.read({
      window: { from: load.fromS, to: load.toS },
      clusterKeys: [...new Set(load.parts.map(({ clusterKey }) => clusterKey))],
      labelKeys: this.#book.labelKeys(),
      originS: startS,
    })) {
      take(load, sum);
      taken += 1;
      if (taken % ROWS_PER_SLICE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Namespaces and labels that rows refer to and that are not known yet. */
  async #learn(chunk: PodCostColumns): Promise<void> {
    let isNew = false;
    for (let row = 0; row < chunk.rows && !isNew; row += 1) {
      const isPod = chunk.state[row] === RowState.allocated;
      isNew = isPod && !this.#book.knowsNamespace(chunk.ns[row] as number);
    }
    if (isNew) await this.#patiently(() => this.configure(this.#specs));
    const missing = new Set<number>();
    for (let row = 0; row < chunk.rows; row += 1) {
      const id = chunk.id[row] as number;
      if (chunk.state[row] !== RowState.allocated) continue;
      if (this.#book.needsLabels(chunk.ns[row] as number, id)) missing.add(id);
    }
    if (missing.size > 0) await this.#patiently(() => this.#fetchLabels([...missing]));
  }

  /** Until it works: rows that were not counted would be missing for ever. */
  async #patiently(work: () => Promise<void>): Promise<void> {
    while (!this.#isEnded) {
      try {
        await work();
        return;
      } catch (error) {
        this.#options.logger.warn('what pods are could not be read, trying again', { error });
        await sleep(RETRY_MS);
      }
    }
  }

  async #fetchLabels(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    for (const { key, labels } of await listIdentityLabels(this.#options.db, ids)) {
      this.#book.addLabels(key, labels);
    }
    // An identity without a row stays without labels
    for (const id of ids) if (!this.#book.hasLabels(id)) this.#book.addLabels(id, NO_LABELS);
  }

  /** Rows of a second stand together, the node's own one last: read backwards it tells whose the others are. */
  #take(chunk: PodCostColumns): void {
    let isCounted = false;
    // One object for all rows: a book keeps none
    const taken = { clusterKey: 0, namespaceKey: 0, id: 0, second: 0, cost: 0 };
    for (let row = chunk.rows - 1; row >= 0; row -= 1) {
      const state = chunk.state[row] as number;
      const second = chunk.ts[row] as number;
      const id = chunk.id[row] as number;
      if (state !== RowState.allocated) {
        const isObserved = state === RowState.idle || state === RowState.unpriced;
        isCounted = isObserved && !this.#stored.isEmpty && this.#stored.take(id, second);
      }
      if (isCounted || (state !== RowState.allocated && state !== RowState.idle)) continue;
      taken.clusterKey = chunk.cluster[row] as number;
      taken.namespaceKey = chunk.ns[row] as number;
      taken.id = id;
      taken.second = second;
      taken.cost = costOf(chunk, row);
      if (state === RowState.idle) this.#book.addIdle(taken);
      else this.#book.add(taken);
    }
  }

  #toNamespaces(
    rows: readonly { key: number; clusterKey: number; name: string }[],
  ): ReadonlyMap<number, ScopeNamespace> {
    const { inventory } = this.#options;
    return new Map(
      rows.map((row) => [
        row.key,
        { ...row, labels: inventory.namespaces(row.clusterKey).get(row.name)?.labels ?? NO_LABELS },
      ]),
    );
  }
}

function costOf(chunk: PodCostColumns, row: number): number {
  return (
    (chunk.cpuCost[row] as number) +
    (chunk.ramCost[row] as number) +
    (chunk.hasGpu ? chunk.getWide('gpu_cost', row) : 0) +
    (chunk.hasNetwork ? chunk.getWide('network_cost', row) : 0)
  );
}

function firstMinute(nowS: number): number {
  return nowS - (nowS % MINUTE_S) - RECENT_S;
}

function policyOf(partKey: string): string {
  return partKey.slice(0, partKey.lastIndexOf('/'));
}

function toCell({ hour, cost, idle, stamp }: BudgetSpendRow): Parameters<SpendLoad['restore']>[1] {
  return { startsAtS: hour, cost, idle, stamp };
}

function take(load: SpendLoad, sum: StoredSum): void {
  if (sum.kind === 'pods') load.add(sum);
  else if (load.wantsIdle) load.addIdle(sum.at, sum.clusterKey, sum.cost, sum.rows);
}
