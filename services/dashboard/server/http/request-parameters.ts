import {
  isGrouping,
  isTableLevel,
  tryParseWhere,
  type Grouping,
  type Where,
} from '../../features/live/model/grouping.js';
import { sortKeys, type SortKey } from '../../features/live/model/table-messages.js';
import type { TopQuery } from '../queries/top-query.js';

const MAX_WHERE = 6;
const MAX_SEARCH_CHARACTERS = 200;
const MAX_ROWS = 500;

/** The parameters of a live stream; undefined where they make no sense. */
export function tryParseLiveQuery(
  query: URLSearchParams,
): { readonly by: Grouping; readonly where: readonly Where[] } | undefined {
  const by = query.get('by') ?? 'namespace';
  const where = tryParseFilters(query);
  return isGrouping(by) && where !== undefined ? { by, where } : undefined;
}

/** The parameters of a table's page; undefined where they make no sense. */
export function tryParseTopQuery(query: URLSearchParams): TopQuery | undefined {
  const level = query.get('level') ?? 'workload';
  const sort = query.get('sort') ?? 'cost';
  const where = tryParseFilters(query);
  const offset = toCount(query.get('offset') ?? '0', 10_000_000);
  const limit = toCount(query.get('limit') ?? '100', MAX_ROWS);
  const search = query.get('q') ?? '';
  if (!isTableLevel(level) || !isSortKey(sort) || where === undefined) return undefined;
  if (offset === undefined || !limit || search.length > MAX_SEARCH_CHARACTERS) return undefined;
  return { level, sort, where, offset, limit, search, descending: query.get('dir') !== 'asc' };
}

function tryParseFilters(query: URLSearchParams): readonly Where[] | undefined {
  const texts = query.getAll('where');
  const where = texts.map(tryParseWhere).filter((filter) => filter !== undefined);
  return where.length === texts.length && texts.length <= MAX_WHERE ? where : undefined;
}

function isSortKey(text: string): text is SortKey {
  return (sortKeys as readonly string[]).includes(text);
}

function toCount(text: string, max: number): number | undefined {
  const count = Number(text);
  return /^\d{1,9}$/.test(text) && count <= max ? count : undefined;
}
