import {
  compareDecimals,
  judgeRefresh,
  priceKey,
  toDecimal,
  type GateResult,
  type GateVerdict,
  type PriceRow,
} from '@kubehero/domain';
import {
  acceptancesOf,
  type AcceptanceEntry,
  type CatalogueItem,
  type CatalogueStore,
  type NewPart,
  type PartFacts,
  type QuarantineEntry,
  type StoredPart,
} from './catalogue-store.js';
import type { SourceName } from './sources/index.js';
import { rateKey, type ParsedSource } from './sources/collector.js';

/** How what a source said enters the catalogue. */
export interface RefreshOptions {
  readonly source: SourceName;
  /** Instant that validity is judged at, epoch ms. */
  readonly asOfMs: number;
  /** `add`: the files say something about some rows. `replace`: they say all there is about their regions. */
  readonly mode: 'add' | 'replace';
  readonly accept: readonly string[];
  /** Name of the person who lets them through. */
  readonly acceptedBy?: string | undefined;
  /** Time of writing, epoch ms. */
  readonly nowMs: number;
}

/** What a refresh did. */
export interface RefreshReport {
  readonly source: string;
  readonly sourceVersion: string;
  /** Version of the catalogue that is now in force; 0 when nothing was written. */
  readonly catalogueVersion: number;
  readonly rows: number;
  readonly added: number;
  readonly changed: number;
  readonly lost: number;
  readonly quarantinedRows: number;
  readonly quarantined: readonly GateVerdict[];
  /** What a person let through although the gate had something against it. */
  readonly accepted: readonly AcceptanceEntry[];
  readonly skipped: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

// A year of a list that is published every month: files are added one after the other, and the past is asked for.
const SUPERSEDED_KEPT = 12;
const SPOT_INSTANTS_KEPT = 1000;

/** Rows of one key that matter from now on: those to come, and the newest few that have started. */
function pruned(rows: Iterable<PriceRow>, options: RefreshOptions): PriceRow[] {
  const byKey = new Map<string, PriceRow[]>();
  for (const row of rows) {
    const known = byKey.get(priceKey(row));
    if (known === undefined) byKey.set(priceKey(row), [row]);
    else known.push(row);
  }
  const limit = options.source === 'aws-spot-history' ? SPOT_INSTANTS_KEPT : SUPERSEDED_KEPT;
  return [...byKey.values()].flatMap((group) => {
    if (group.length <= limit) return group;
    group.sort((a, b) => (b.effectiveFrom ?? '').localeCompare(a.effectiveFrom ?? ''));
    const to = group.findIndex((row) => Date.parse(row.effectiveFrom ?? '1970-01-01') <= options.asOfMs);
    return group.slice(0, (to < 0 ? group.length : to) + limit);
  });
}

function itemKey(item: CatalogueItem): string {
  // Instants by their value: a store may give them back in another form than the source wrote
  const at = (instant: string | undefined): string =>
    instant === undefined ? '' : String(Date.parse(instant));
  if (item.kind === 'price') return `${priceKey(item)}|${at(item.effectiveFrom)}|${at(item.effectiveTo)}`;
  return item.kind === 'shape' ? `shape|${item.provider}|${item.name}` : `sheet|${item.name}`;
}

/** A file may speak of one term only: the other ways to commit that are known stay. */
function withOlderRates(before: CatalogueItem | undefined, after: CatalogueItem): CatalogueItem {
  if (before?.kind !== 'price' || after.kind !== 'price' || after.commitments === undefined) return after;
  const fresh = new Set(after.commitments.map(rateKey));
  const older = (before.commitments ?? []).filter((rate) => !fresh.has(rateKey(rate)));
  if (older.length === 0) return after;
  const commitments = [...after.commitments, ...older];
  const [lowest = after] = [...commitments].sort((a, b) =>
    compareDecimals(toDecimal(a.price), toDecimal(b.price)),
  );
  return { ...after, price: lowest.price, commitments };
}

function merged(before: readonly CatalogueItem[], after: readonly CatalogueItem[]): CatalogueItem[] {
  const result = new Map<string, CatalogueItem>();
  for (const item of [...before, ...after]) {
    const key = itemKey(item);
    result.set(key, withOlderRates(result.get(key), item));
  }
  return [...result.values()];
}

function partKey(source: SourceName, item: CatalogueItem): string {
  const byRegion =
    item.kind === 'price' && source !== 'gcp-skus' && source !== 'custom' && source !== 'aws-spot-feed';
  return `${source}/${byRegion ? item.region : 'all'}`;
}

function byPart(source: SourceName, items: readonly CatalogueItem[]): Map<string, CatalogueItem[]> {
  const parts = new Map<string, CatalogueItem[]>();
  for (const item of items) {
    const key = partKey(source, item);
    const known = parts.get(key);
    if (known === undefined) parts.set(key, [item]);
    else known.push(item);
  }
  return parts;
}

function backwards(
  parsed: ParsedSource,
  stored: StoredPart | undefined,
  options: RefreshOptions,
): string | undefined {
  if (stored === undefined || Date.parse(stored.facts.asOf) > options.asOfMs) return undefined;
  for (const [document, published] of Object.entries(parsed.publications ?? {})) {
    const before = stored.facts.publications[document];
    if (before !== undefined && Date.parse(published) < Date.parse(before)) {
      return `${document} was published ${published}, before the ${before} that is in force`;
    }
  }
  return undefined;
}

function prices(items: readonly CatalogueItem[]): PriceRow[] {
  return items.filter((item): item is PriceRow => item.kind === 'price');
}

interface JudgedPart {
  readonly part: NewPart;
  readonly result: GateResult;
}

function judgePart(
  parsed: ParsedSource,
  items: readonly CatalogueItem[],
  stored: { readonly key: string; readonly part: StoredPart | undefined },
  options: RefreshOptions,
): JudgedPart {
  const before = stored.part?.items ?? [];
  const against = backwards(parsed, stored.part, options);
  const result = judgeRefresh(prices(before), prices(items), {
    mode: options.mode,
    accept: options.accept,
    against,
  });
  const others = items.filter((item) => item.kind !== 'price');
  const oldOthers = options.mode === 'add' ? before.filter((item) => item.kind !== 'price') : [];
  const all = merged([...result.kept, ...oldOthers], [...result.passed, ...others]);
  const rows = pruned(prices(all), options);
  const facts: PartFacts = {
    key: stored.key,
    source: options.source,
    asOf: new Date(options.asOfMs).toISOString(),
    sourceVersion: parsed.version,
    publications: {
      ...stored.part?.facts.publications,
      ...(against === undefined ? parsed.publications : {}),
    },
  };
  return { part: { facts, items: [...rows, ...all.filter((item) => item.kind !== 'price')] }, result };
}

function quarantineOf(judged: readonly JudgedPart[], options: RefreshOptions): QuarantineEntry[] {
  const since = new Date(options.nowMs).toISOString();
  return judged.flatMap(({ result }) =>
    result.verdicts
      .filter(({ quarantined }) => quarantined)
      .map((verdict) => ({ ...verdict, source: options.source, since })),
  );
}

/**
 * Takes what a source said through the gate and writes one new version of the catalogue: all of it becomes visible
 * at once, or nothing does.
 */
export async function applyRefresh(
  store: CatalogueStore,
  parsed: ParsedSource,
  options: RefreshOptions,
): Promise<RefreshReport> {
  const judged: JudgedPart[] = [];
  for (const [key, items] of byPart(options.source, parsed.items)) {
    judged.push(judgePart(parsed, items, { key, part: await store.readPart(key) }, options));
  }
  const quarantine = quarantineOf(judged, options);
  const accepted = acceptancesOf(
    judged.flatMap(({ result }) => result.verdicts),
    {
      source: options.source,
      acceptedBy: options.acceptedBy,
      acceptedAt: new Date(options.nowMs).toISOString(),
    },
  );
  const catalogueVersion = await store.commit({
    parts: judged.map(({ part }) => part),
    quarantine,
    acceptances: accepted,
    createdAt: new Date(options.nowMs).toISOString(),
  });
  const sum = (of: (result: GateResult) => number): number =>
    judged.reduce((total, { result }) => total + of(result), 0);
  return {
    source: options.source,
    sourceVersion: parsed.version,
    catalogueVersion,
    rows: parsed.items.length,
    added: sum((result) => result.added),
    changed: sum((result) => result.changed),
    lost: sum((result) => result.lost),
    quarantinedRows: sum((result) => result.quarantinedRows),
    quarantined: quarantine,
    accepted,
    skipped: Object.fromEntries(parsed.skipped),
    warnings: parsed.warnings,
  };
}
