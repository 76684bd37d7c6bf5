import {
  formatWhere,
  keysOf,
  labelOf,
  type TableLevel,
  type Where,
} from '../../features/live/model/grouping.js';
import type { SortKey, TopPage, TopRow } from '../../features/live/model/table-messages.js';
import type { ControlPlaneClient } from '../control-plane-client.js';
import {
  readInstant,
  readList,
  readMessage,
  readNumber,
  readPico,
  readString,
  readStringMap,
} from './connect-json.js';
import type { QueryCache } from './query-cache.js';

/** What the table asks for. */
export interface TopQuery {
  readonly level: TableLevel;
  readonly where: readonly Where[];
  readonly search: string;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly offset: number;
  /** 1 to 1000. */
  readonly limit: number;
}

const METHOD = 'kubehero.query.v1.LiveService/ListTop';
const PAGE_ROWS = 1000;
const MAX_SORTED_ROWS = 60_000;
const CALLS_AT_ONCE = 4;
const PAGE_LIFETIME_MS = 1500;
const SORTED_LIFETIME_MS = 5000;

/**
 * Rows of the table. The control plane orders by cost, so that order costs one call for a page; any other order
 * reads all rows (a call for each thousand) at most every 5 s, for all viewers together.
 * @throws ControlPlaneError
 */
export class TopReader {
  constructor(
    private readonly client: Pick<ControlPlaneClient, 'call'>,
    private readonly cache: QueryCache,
  ) {}

  /** A page of rows. */
  async read(query: TopQuery): Promise<TopPage> {
    if (query.sort === 'cost' && query.descending) return this.page(query, query.offset, query.limit);
    const key = `all ${query.sort} ${query.descending} ${scopeKey(query)}`;
    const all = await this.cache.getSoon(key, SORTED_LIFETIME_MS, () => this.readAll(query));
    return { ...all, offset: query.offset, rows: all.rows.slice(query.offset, query.offset + query.limit) };
  }

  private async readAll(query: TopQuery): Promise<TopPage> {
    const first = await this.fetch(query, 0, PAGE_ROWS);
    const wanted = Math.min(first.totalRows, MAX_SORTED_ROWS);
    const offsets = Array.from({ length: Math.max(0, Math.ceil(wanted / PAGE_ROWS) - 1) }, (_, at) => at + 1);
    const pages = [
      first,
      ...(await inParallel(offsets, (at) => this.fetch(query, at * PAGE_ROWS, PAGE_ROWS))),
    ];
    const rows = unique(pages.flatMap((page) => page.rows));
    return { ...first, totalRows: rows.length, rows: rows.sort(comparison(query)) };
  }

  private page(query: TopQuery, offset: number, limit: number): Promise<TopPage> {
    const key = `page ${offset} ${limit} ${scopeKey(query)}`;
    return this.cache.get(key, PAGE_LIFETIME_MS, () => this.fetch(query, offset, limit));
  }

  private async fetch(query: TopQuery, offset: number, limit: number): Promise<TopPage> {
    const { level, where, search } = query;
    const answer = await this.client.call(METHOD, { by: keysOf(level), where, search, limit, offset });
    return toPage(answer, offset);
  }
}

/** A few calls at a time, so that one sorted table does not keep everybody else waiting. */
async function inParallel<T>(items: readonly number[], call: (item: number) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (let at = 0; at < items.length; at += CALLS_AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(at, at + CALLS_AT_ONCE).map(call))));
  }
  return answers;
}

/** Ranks change while the pages are read, so a row may be on two of them. */
function unique(rows: readonly TopRow[]): TopRow[] {
  return [...new Map(rows.map((row) => [Object.values(row.keys).join('\u0000'), row])).values()];
}

function toPage(answer: unknown, offset: number): TopPage {
  const raw = readMessage(answer, 'answer');
  const window = readMessage(raw['window'], 'window');
  return {
    currency: readString(raw['currency'], 'currency') || 'USD',
    fromS: readInstant(window['from'], 'window'),
    toS: readInstant(window['to'], 'window'),
    totalRows: readNumber(raw['totalRows'], 'totalRows'),
    offset,
    rows: readList(raw['rows'], 'rows').map(toRow),
  };
}

function toRow(value: unknown): TopRow {
  const raw = readMessage(value, 'row');
  return {
    keys: readStringMap(raw['keys'], 'keys'),
    cost: readPico(raw['costPicodollarsPerSecond'], 'cost'),
    cpuCores: readNumber(raw['cpuCores'], 'cpuCores'),
    memoryBytes: readNumber(raw['memoryBytes'], 'memoryBytes'),
    networkBytesPerSecond: readNumber(raw['networkBytesPerSecond'], 'networkBytesPerSecond'),
  };
}

function comparison(query: TopQuery): (a: TopRow, b: TopRow) => number {
  const sign = query.descending ? -1 : 1;
  const names = new Intl.Collator('en', { numeric: true });
  const orders: Record<SortKey, (a: TopRow, b: TopRow) => number> = {
    name: (a, b) => names.compare(labelOf(a.keys, query.level), labelOf(b.keys, query.level)),
    cost: (a, b) => a.cost.length - b.cost.length || (a.cost < b.cost ? -1 : Number(a.cost > b.cost)),
    cpu: (a, b) => a.cpuCores - b.cpuCores,
    memory: (a, b) => a.memoryBytes - b.memoryBytes,
    network: (a, b) => a.networkBytesPerSecond - b.networkBytesPerSecond,
  };
  const order = orders[query.sort];
  return (a, b) => sign * order(a, b);
}

function scopeKey(query: TopQuery): string {
  return JSON.stringify([query.level, query.where.map(formatWhere), query.search]);
}
