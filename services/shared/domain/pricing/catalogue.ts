import type { CustomSheet } from './custom-sheet.js';
import type { MachineShape, PricedResource, PriceRow, Provider } from './price-row.js';

/** Region name under which the built-in list answers for regions that it does not hold; no other source uses it. */
export const REFERENCE_REGION = 'reference';

/** Rows that came together, and the instant that their validity is judged at unless a question names another. */
export interface CataloguePart {
  readonly asOfMs: number;
  readonly rows: Iterable<PriceRow | MachineShape | CustomSheet>;
}

/** A row with its validity worked out. */
export interface CatalogueRow {
  readonly row: PriceRow;
  readonly fromMs: number;
  readonly toMs: number;
  readonly asOfMs: number;
}

/** Prices held for lookups; immutable once built. */
export interface Catalogue {
  /** All rows of a name, valid or not. */
  rows(provider: Provider, region: string, resource: PricedResource, name: string): readonly CatalogueRow[];
  /** True when any row of this provider and region is known. */
  knowsRegion(provider: Provider, region: string): boolean;
  shape(provider: Provider, name: string): MachineShape | undefined;
  /** Custom sheets, the newest first. */
  readonly sheets: readonly CustomSheet[];
  /** The latest instant that a part was refreshed for, epoch ms; 0 when there is no part. */
  readonly asOfMs: number;
  readonly size: number;
  /** Instants in (from, to) at which something that it holds begins or ceases to be valid, epoch ms. */
  changesWithin(fromMs: number, toMs: number): ReadonlySet<number>;
}

const NONE: readonly CatalogueRow[] = [];

function toMs(instant: string | undefined, otherwise: number): number {
  if (instant === undefined) return otherwise;
  const value = Date.parse(instant);
  return Number.isNaN(value) ? otherwise : value;
}

/** First and last instant of a validity; what has no bound has none. */
function spanOf(from: string | undefined, to: string | undefined): readonly [number, number] {
  return [toMs(from, -Infinity), toMs(to, Infinity)];
}

function keyOf(provider: string, region: string, resource: string, name: string): string {
  return `${provider}|${region}|${resource}|${name}`.toLowerCase();
}

class IndexedCatalogue implements Catalogue {
  readonly #rows = new Map<string, CatalogueRow[]>();
  readonly #shapes = new Map<string, MachineShape>();
  readonly #regions = new Set<string>();
  readonly sheets: CustomSheet[] = [];
  asOfMs = 0;
  size = 0;
  #changes: readonly number[] | undefined;

  add(part: CataloguePart): void {
    this.#changes = undefined;
    this.asOfMs = Math.max(this.asOfMs, part.asOfMs);
    for (const item of part.rows) {
      if (item.kind === 'price') this.#addRow(item, part.asOfMs);
      else if (item.kind === 'shape') this.#shapes.set(`${item.provider}|${item.name.toLowerCase()}`, item);
      else this.sheets.unshift(item);
    }
  }

  #addRow(row: PriceRow, asOfMs: number): void {
    const key = keyOf(row.provider, row.region, row.resource, row.name);
    const entry: CatalogueRow = {
      row,
      fromMs: toMs(row.effectiveFrom, -Infinity),
      toMs: toMs(row.effectiveTo, Infinity),
      asOfMs,
    };
    const known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, [entry]);
    else known.push(entry);
    this.#regions.add(`${row.provider}|${row.region}`.toLowerCase());
    this.size += 1;
  }

  rows(provider: Provider, region: string, resource: PricedResource, name: string): readonly CatalogueRow[] {
    return this.#rows.get(keyOf(provider, region, resource, name)) ?? NONE;
  }

  knowsRegion(provider: Provider, region: string): boolean {
    return this.#regions.has(`${provider}|${region}`.toLowerCase());
  }

  changesWithin(fromMs: number, toMs: number): ReadonlySet<number> {
    this.#changes ??= this.#listChanges();
    return new Set(this.#changes.filter((at) => at > fromMs && at < toMs));
  }

  #listChanges(): readonly number[] {
    const rows = [...this.#rows.values()].flat();
    const stated = this.sheets.flatMap(({ nodes, units, discounts }) => [...nodes, ...units, ...discounts]);
    const committed = rows.flatMap(({ row }) => row.commitments ?? []);
    const instants = [
      ...rows.map((entry) => [entry.fromMs, entry.toMs] as const),
      ...stated.map((entry) => spanOf(entry.validFrom, entry.validTo)),
      ...committed.map((rate) => spanOf(rate.effectiveFrom, rate.effectiveTo)),
    ].flatMap(([firstMs, lastMs]) => [firstMs, lastMs + 1]);
    return [...new Set(instants)];
  }

  shape(provider: Provider, name: string): MachineShape | undefined {
    return this.#shapes.get(`${provider}|${name.toLowerCase()}`);
  }
}

/** Builds a catalogue in memory; cost is one pass over the rows. */
export function buildCatalogue(parts: Iterable<CataloguePart>): Catalogue {
  const catalogue = new IndexedCatalogue();
  for (const part of parts) catalogue.add(part);
  return catalogue;
}

/**
 * Two catalogues that answer as one: rows of both, shapes of the first that knows one.
 *
 * @param asOfMs - instant that sheets are judged at
 */
export function layerCatalogues(upper: Catalogue, lower: Catalogue, asOfMs: number): Catalogue {
  return {
    rows: (...name) => [...upper.rows(...name), ...lower.rows(...name)],
    knowsRegion: (...region) => upper.knowsRegion(...region) || lower.knowsRegion(...region),
    shape: (...name) => upper.shape(...name) ?? lower.shape(...name),
    sheets: [...upper.sheets, ...lower.sheets],
    asOfMs,
    size: upper.size + lower.size,
    changesWithin: (...span) => new Set([...upper.changesWithin(...span), ...lower.changesWithin(...span)]),
  };
}

const EMPTY = buildCatalogue([]);

/** The same catalogue with its sheets judged at another instant. */
export function judgedAt(catalogue: Catalogue, asOfMs: number): Catalogue {
  return layerCatalogues(catalogue, EMPTY, asOfMs);
}

/** Which rows of a name are meant. */
export interface RowFilter {
  readonly zone?: string;
  readonly os?: string;
  readonly tenancy?: 'dedicated';
  readonly purchaseModel: string;
}

function matches(row: PriceRow, filter: RowFilter): boolean {
  return (
    row.purchaseModel === filter.purchaseModel &&
    row.tenancy === filter.tenancy &&
    (row.os === undefined || row.os === filter.os) &&
    (row.zone ?? '') === (filter.zone ?? '')
  );
}

/** What became of a selection: a row, several rows that contradict each other, or none (and why). */
export type Selection =
  | { readonly outcome: 'row'; readonly row: PriceRow }
  | { readonly outcome: 'conflict'; readonly reason: string }
  | { readonly outcome: 'none'; readonly reason: string };

/**
 * The row in force: valid at `atMs` (the part's own instant when undefined), the newest start first. A row of the
 * built-in snapshot counts only where no other does. Two rows of one start with different prices are a conflict.
 */
export function selectRow(
  rows: readonly CatalogueRow[],
  filter: RowFilter,
  atMs: number | undefined,
): Selection {
  const candidates = rows.filter(({ row }) => matches(row, filter));
  if (candidates.length === 0) return { outcome: 'none', reason: 'no row' };
  const valid = candidates.filter((entry) => {
    const at = atMs ?? entry.asOfMs;
    return entry.fromMs <= at && at <= entry.toMs;
  });
  if (valid.length === 0) return { outcome: 'none', reason: 'a row exists but is not valid at that time' };
  valid.sort(byPreference);
  return decide(valid);
}

const SOURCE_RANK: Readonly<Record<string, number>> = {
  custom: 0,
  'aws-spot-history': 1,
  'aws-offer': 2,
  'aws-getproducts': 2,
  'azure-retail': 2,
  'gcp-skus': 2,
  'aws-savings-plan': 2,
  'aws-spot-feed': 3,
  'built-in': 9,
};

function byPreference(a: CatalogueRow, b: CatalogueRow): number {
  const rank = (SOURCE_RANK[a.row.source] ?? 5) - (SOURCE_RANK[b.row.source] ?? 5);
  if (rank !== 0) return rank;
  if (a.fromMs !== b.fromMs) return b.fromMs > a.fromMs ? 1 : -1;
  return b.asOfMs - a.asOfMs;
}

function decide(sorted: readonly CatalogueRow[]): Selection {
  const best = sorted[0];
  if (best === undefined) return { outcome: 'none', reason: 'no row' };
  if (best.row.conflict !== undefined) return { outcome: 'conflict', reason: best.row.conflict };
  const rival = sorted.find(
    (entry) =>
      byPreference(entry, best) === 0 &&
      (entry.row.price !== best.row.price || entry.row.currency !== best.row.currency),
  );
  if (rival === undefined) return { outcome: 'row', row: best.row };
  const reason = `SKUs ${best.row.sku} (${best.row.price}) and ${rival.row.sku} (${rival.row.price}) claim the same thing`;
  return { outcome: 'conflict', reason };
}
