'use client';

import {
  createParser,
  createSerializer,
  parseAsNativeArrayOf,
  parseAsString,
  parseAsStringLiteral,
  useQueryStates,
  type Options,
} from 'nuqs';
import { useMemo } from 'react';
import {
  formatWhere,
  groupings,
  tableLevels,
  tryParseWhere,
  type Grouping,
  type TableLevel,
  type Where,
} from '../../live/model/grouping.js';
import { sortKeys, type SortKey } from '../../live/model/table-messages.js';

/** Spans that the chart can show, by name, in seconds. */
export const ranges = { '1m': 60, '5m': 300, '15m': 900 } as const;

/** One of {@link ranges}. */
export type Range = keyof typeof ranges;

const whereParser = createParser<Where>({
  parse: (text) => tryParseWhere(text) ?? null,
  serialize: formatWhere,
  eq: (a, b) => a.key === b.key && a.value === b.value,
});

const parsers = {
  by: parseAsStringLiteral(groupings),
  range: parseAsStringLiteral(Object.keys(ranges) as Range[]).withDefault('15m'),
  rows: parseAsStringLiteral(tableLevels),
  where: parseAsNativeArrayOf(whereParser).withDefault([]),
  q: parseAsString.withDefault(''),
  sort: parseAsStringLiteral(sortKeys).withDefault('cost'),
  dir: parseAsStringLiteral(['asc', 'desc'] as const).withDefault('desc'),
  tz: parseAsStringLiteral(['local', 'utc'] as const).withDefault('local'),
};

/** All that can be seen, as the address says it. */
export interface View {
  /** Null: whichever grouping tells most. */
  readonly by: Grouping | null;
  readonly range: Range;
  /** What the table lists. */
  readonly rows: TableLevel;
  readonly where: readonly Where[];
  readonly q: string;
  readonly sort: SortKey;
  readonly dir: 'asc' | 'desc';
  readonly tz: 'local' | 'utc';
}

/** Changes of a view; null goes back to the default. */
export type ViewChange = {
  readonly [K in keyof View]?: (K extends 'where' ? Where[] : View[K]) | null;
};

/** Changes the view and with it the address. */
export type SetView = (change: ViewChange, options?: Options) => void;

/** The view that the address describes, and the way to change it; each change can be taken back by the Back button. */
export function useView(): readonly [View, SetView] {
  const [state, setState] = useQueryStates(parsers, { history: 'push', scroll: false });
  const view = useMemo(
    () => ({
      ...state,
      rows: state.rows ?? defaultRows(state.where),
    }),
    [state],
  );
  const setView: SetView = (change, options) => void setState(change, options);
  return [view, setView];
}

/** What one sees next when looking into something: workloads, then pods, then containers. */
export function defaultRows(where: readonly Where[]): TableLevel {
  if (where.some((filter) => filter.key === 'pod')) return 'container';
  return where.some((filter) => filter.key === 'workload') ? 'pod' : 'workload';
}

/** Changes that look into something: everything about the table starts anew. */
export function lookInto(where: Where[], rows: TableLevel | null = null): ViewChange {
  const deepest = where.at(-1)?.key;
  const by = deepest === 'namespace' ? { by: 'workload' as const } : {};
  return { where, rows, q: null, ...by };
}

const serialize = createSerializer(parsers);

/** The address of a view changed in some parts. */
export function viewHref(view: View, change: ViewChange): string {
  const { rows, ...rest } = view;
  const keepsRows = rows === defaultRows(view.where) ? null : rows;
  return serialize('/', { ...rest, where: [...rest.where], rows: keepsRows, ...change });
}

/** The address of what filters single out, looked into. */
export function whereHref(where: readonly Where[]): string {
  return serialize('/', lookInto([...where]));
}
