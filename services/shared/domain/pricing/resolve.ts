import { discountSubject, toAnswer, type AnswerSubject } from './answer.js';
import { selectRow, type Catalogue } from './catalogue.js';
import { isPositive, toDecimal } from './decimal.js';
import type { MatchSubject } from './custom-sheet.js';
import { fromRow, report, type FoundPrice } from './found-price.js';
import { findMachine, priceRegionOf } from './machine-price.js';
import type { PriceRow } from './price-row.js';
import type { MachineQuery, PriceAnswer, ResourceQuery } from './query.js';
import { fromSheets, fromUnitPrices } from './sheet-price.js';

/** Options of a lookup. */
export interface LookupOptions {
  /** Instant that validity is judged at, epoch ms; @default - the instant that each part was refreshed for */
  readonly atMs?: number | undefined;
}

/** A machine as an entry of a sheet sees it: without a node there are no name and no labels. */
function sheetSubject(query: MachineQuery): MatchSubject {
  const { instanceType, region, provider, purchaseModel, os } = query;
  return { name: '', labels: {}, instanceType, region, provider, purchaseModel, os };
}

function sheetPrice(
  catalogue: Catalogue,
  query: MachineQuery,
  options: LookupOptions,
  words: string[],
): FoundPrice | undefined {
  if (catalogue.sheets.every(({ nodes }) => nodes.length === 0)) return undefined;
  const atMs = options.atMs ?? catalogue.asOfMs;
  return fromSheets(catalogue.sheets, sheetSubject(query), atMs, words);
}

function unitPrice(
  catalogue: Catalogue,
  query: MachineQuery,
  options: LookupOptions,
  words: string[],
): FoundPrice | undefined {
  if (catalogue.sheets.every(({ units }) => units.length === 0)) return undefined;
  const { vcpus, memoryGib, gpus = {} } = query;
  const machine = {
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memoryGib === undefined ? {} : { memoryGib }),
    gpus,
    capacityType: {
      model: query.purchaseModel === 'spot' ? ('spot' as const) : ('on-demand' as const),
      words,
    },
  };
  const atMs = options.atMs ?? catalogue.asOfMs;
  return fromUnitPrices(catalogue, sheetSubject(query), machine, { atMs, words });
}

/**
 * Answers a question for a machine: an own sheet that speaks of its type goes before the lists, unit prices come last,
 * as for a node. Never throws for what is merely unknown: then the price is null.
 */
export function lookupMachine(
  catalogue: Catalogue,
  query: MachineQuery,
  options: LookupOptions = {},
): PriceAnswer {
  const words: string[] = [];
  const own = sheetPrice(catalogue, query, options, words);
  const listed =
    own === undefined
      ? findMachine(catalogue, query, { atMs: options.atMs, preferGiven: true }, words)
      : undefined;
  const found = own ?? listed ?? unitPrice(catalogue, query, options, words);
  const region = priceRegionOf(query.provider, query.region, query.zone ?? '');
  if (found === undefined && !catalogue.knowsRegion(query.provider, region)) {
    words.push(
      `the catalogue holds nothing for ${query.provider} ${region}: run 'kubehero pricing refresh' for it`,
    );
  }
  const subject: AnswerSubject = {
    provider: query.provider,
    region: query.region,
    zone: query.zone ?? '',
    instanceType: query.instanceType,
    os: query.os,
    purchaseModel: query.purchaseModel,
  };
  return toAnswer(subject, found, words, {
    catalogue,
    atMs: options.atMs,
    ...(listed === undefined ? {} : { subject: discountSubject(query, region, listed), machine: query }),
  });
}

/** Answers a question for a volume, load balancer, network class ... A tiered price gives its first paid step. */
export function lookupResource(
  catalogue: Catalogue,
  query: ResourceQuery,
  options: LookupOptions = {},
): PriceAnswer {
  const words: string[] = [];
  const region = priceRegionOf(query.provider, query.region, '');
  let row: PriceRow | undefined;
  for (const place of [region, 'global']) {
    const rows = catalogue.rows(query.provider, place, query.resource, query.name);
    const selection = selectRow(rows, { purchaseModel: 'on-demand' }, options.atMs);
    report(selection, `${query.resource} ${query.name} in ${place}`, words);
    if (selection.outcome === 'row') row = selection.row;
    if (selection.outcome !== 'none') break;
  }
  if (row?.provider === 'aws' && row.name === 'inter-region')
    words.push('the rate of most destinations: one destination is inter-region:<region>');
  for (const tier of row?.tiers ?? []) words.push(`from ${tier.from} ${row?.unit ?? ''}: ${tier.price}`);
  const found = row === undefined || !isPositive(toDecimal(row.price)) ? undefined : fromRow(row);
  const subject = {
    provider: query.provider,
    region: query.region,
    zone: '',
    instanceType: '',
    os: '',
    purchaseModel: 'on-demand',
  };
  const discountable = row === undefined ? {} : { subject: row };
  return toAnswer(subject, found, words, { catalogue, atMs: options.atMs, ...discountable });
}
