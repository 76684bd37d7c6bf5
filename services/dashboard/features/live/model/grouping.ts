/** What the live stream can be grouped by. */
export const groupings = ['namespace', 'workload', 'node', 'cluster'] as const;

/** One of {@link groupings}. */
export type Grouping = (typeof groupings)[number];

/** What the table can list. */
export const tableLevels = ['cluster', 'node', 'namespace', 'workload', 'pod', 'container'] as const;

/** One of {@link tableLevels}. */
export type TableLevel = (typeof tableLevels)[number];

/** Names of a thing by dimension, e.g. `{ cluster: 'local', namespace: 'web' }`. */
export type Keys = Readonly<Record<string, string>>;

/** Equality on a dimension; several are joined by "and". */
export interface Where {
  readonly key: TableLevel;
  readonly value: string;
}

const KEYS_OF: Readonly<Record<TableLevel, readonly TableLevel[]>> = {
  cluster: ['cluster'],
  node: ['cluster', 'node'],
  namespace: ['cluster', 'namespace'],
  workload: ['cluster', 'namespace', 'workload'],
  pod: ['cluster', 'namespace', 'workload', 'pod'],
  container: ['cluster', 'namespace', 'workload', 'pod', 'container'],
};

/** The dimensions that name one row of a level, outermost first. */
export function keysOf(level: TableLevel): readonly TableLevel[] {
  return KEYS_OF[level];
}

/** True for a text that is a grouping of the live stream. */
export function isGrouping(text: string): text is Grouping {
  return (groupings as readonly string[]).includes(text);
}

/** True for a text that is a level of the table. */
export function isTableLevel(text: string): text is TableLevel {
  return (tableLevels as readonly string[]).includes(text);
}

/** `namespace:web` as a filter; undefined for anything else. The value may hold any characters, colons too. */
export function tryParseWhere(text: string): Where | undefined {
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  const key = text.slice(0, colon);
  const value = text.slice(colon + 1);
  return isTableLevel(key) && value.length > 0 && value.length <= 512 ? { key, value } : undefined;
}

/** The text that {@link tryParseWhere} reads. */
export function formatWhere(where: Where): string {
  return `${where.key}:${where.value}`;
}

/** True where the keys meet every filter. */
export function matches(keys: Keys, where: readonly Where[]): boolean {
  return where.every((filter) => keys[filter.key] === filter.value);
}

/** What a thing is called: the innermost of its names that the level asks for. */
export function labelOf(keys: Keys, level: TableLevel): string {
  const own = keys[level];
  if (own !== undefined && own !== '') return own;
  return Object.values(keys).filter(Boolean).at(-1) ?? '(unnamed)';
}

/** What the live stream can show of a view. */
export interface LiveScope {
  readonly by: Grouping;
  readonly where: readonly Where[];
  /** Filters that the stream does not know: it knows no pods, and no workloads of one node. */
  readonly dropped: readonly Where[];
}

/** The grouping nearest to the wanted one that can be filtered as asked, and the filters that it takes. */
export function toLiveScope(wanted: Grouping, where: readonly Where[]): LiveScope {
  const by = groupingFor(wanted, new Set(where.map((filter) => filter.key)));
  const known = keysOf(by);
  return {
    by,
    where: where.filter((filter) => known.includes(filter.key)),
    dropped: where.filter((filter) => !known.includes(filter.key)),
  };
}

/**
 * The grouping that tells most of what a stream shows where nobody chose one: by namespace, but by workload where
 * there is one namespace alone, as on a plain host. Undefined where the stream does not tell.
 */
export function tellingGrouping(shown: {
  readonly by: Grouping;
  readonly series: readonly { readonly keys: Keys }[];
  readonly otherGroups: number;
}): Grouping | undefined {
  if (shown.series.length === 0) return undefined;
  if (shown.by === 'namespace') return shown.series.length + shown.otherGroups > 1 ? 'namespace' : 'workload';
  const namespaces = new Set(shown.series.map(({ keys }) => keys['namespace'] ?? ''));
  return shown.by === 'workload' && namespaces.size > 1 ? 'namespace' : undefined;
}

/** The filters that single out a row of a level, outermost first. */
export function whereOf(keys: Keys, level: TableLevel): Where[] {
  return keysOf(level).flatMap((key) => {
    const value = keys[key];
    return value === undefined || value === '' ? [] : [{ key, value }];
  });
}

/** Filters joined with those that a row adds; a filter on the same dimension is replaced. */
export function narrow(where: readonly Where[], added: readonly Where[]): Where[] {
  const kept = where.filter((filter) => !added.some((other) => other.key === filter.key));
  return [...kept, ...added].sort((a, b) => tableLevels.indexOf(a.key) - tableLevels.indexOf(b.key));
}

function groupingFor(wanted: Grouping, filtered: ReadonlySet<TableLevel>): Grouping {
  if (filtered.has('workload') || filtered.has('pod') || filtered.has('container')) return 'workload';
  if (filtered.has('node')) return 'node';
  if (!filtered.has('namespace')) return wanted;
  return wanted === 'workload' ? 'workload' : 'namespace';
}
