import {
  effectiveCommitmentPrice,
  isPositiveDecimal,
  toDecimal,
  type CommitmentRate,
  type PriceRow,
  type PriceTier,
} from '@kubehero/domain';
import { PricingError } from '../../errors.js';
import { asText, parseExactJson, parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import { RowCollector, type ParsedSource } from '../collector.js';
import type { SourceOptions } from '../aws/offer.js';
import { azureTerm, toAzureItem, type AzureItem } from './item.js';
import { judgeAzureItem, judgeAzureReservation, type AzureCandidate } from './judge.js';
import { tryReadAzureLicense, type AzureLicense } from './licenses.js';

interface Gathered {
  readonly rows: RowCollector;
  /** Steps of tiered prices by meter, start and region. */
  readonly tiers: Map<
    string,
    { item: AzureItem; candidate: AzureCandidate; steps: PriceTier[]; place: string }
  >;
  readonly primary: Map<string, boolean>;
  readonly commitments: boolean;
  newest: string;
  sawItems: boolean;
}

function decide(path: readonly string[], gathered: Gathered): PathDecision {
  if (path.length === 0) return 'enter';
  if (path.length === 1) {
    if (path[0] === 'Items' || path[0] === 'items') {
      gathered.sawItems = true;
      return 'enter';
    }
    if (path[0] === '*') return 'capture';
    return path[0] === 'BillingCurrency' || path[0] === 'NextPageLink' ? 'capture' : 'skip';
  }
  return path[0] === 'Items' || path[0] === 'items' ? 'capture' : 'skip';
}

function instant(text: string): string | undefined {
  const at = Date.parse(text);
  return text === '' || Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

function toRow(
  item: AzureItem,
  candidate: AzureCandidate,
  steps: readonly PriceTier[],
): PriceRow | undefined {
  const paid = steps.find(({ price }) => isPositiveDecimal(toDecimal(price)));
  if (paid === undefined) return undefined;
  const from = instant(item.start);
  const to = instant(item.end);
  return {
    kind: 'price',
    provider: 'azure',
    region: item.region,
    resource: candidate.resource,
    name: candidate.name,
    ...(candidate.os === undefined ? {} : { os: candidate.os }),
    purchaseModel: candidate.purchaseModel,
    unit: candidate.unit,
    currency: item.currency,
    price: paid.price,
    ...(steps.length < 2 && candidate.resource !== 'license' ? {} : { tiers: steps }),
    ...(from === undefined ? {} : { effectiveFrom: from }),
    ...(to === undefined ? {} : { effectiveTo: to }),
    source: 'azure-retail',
    sourceVersion: from ?? '',
    sku: `${item.skuId === '' ? item.meterId : item.skuId}/${item.meterId}`,
    family: candidate.family,
  };
}

function addRow(row: PriceRow | undefined, item: AzureItem, place: string, gathered: Gathered): void {
  if (row === undefined) return gathered.rows.skip('price is zero');
  const known = gathered.rows.known(row);
  if (!gathered.primary.has(row.sku)) gathered.primary.set(row.sku, item.primary);
  const differs = known !== undefined && known.sku !== row.sku && known.price !== row.price;
  const knownPrimary = gathered.primary.get(known?.sku ?? '') ?? true;
  // Two meters may price one size: the region's own meter goes before one that belongs to another region.
  if (!differs || knownPrimary === item.primary) gathered.rows.row(row, place);
  else if (item.primary) gathered.rows.replace(row);
  else gathered.rows.skip('meter of another region');
}

const YEARS: Readonly<Record<string, number>> = { '1yr': 1, '3yr': 3 };

function addCommitment(
  item: AzureItem,
  candidate: AzureCandidate,
  rate: Pick<CommitmentRate, 'term' | 'price' | 'upfront'>,
  to: { readonly gathered: Gathered; readonly place: string },
): void {
  const purchaseModel = rate.upfront === undefined ? 'savings-plan' : 'reserved';
  const row = toRow({ ...item, start: '', end: '' }, candidate, [{ from: '0', price: rate.price }]);
  const from = instant(item.start);
  const until = instant(item.end);
  const validity = {
    ...(from === undefined ? {} : { effectiveFrom: from }),
    ...(until === undefined ? {} : { effectiveTo: until }),
  };
  if (row === undefined) return to.gathered.rows.skip('price is zero');
  const facts = { purchaseModel, sourceVersion: from ?? '' } as const;
  to.gathered.rows.commitment({ ...row, ...facts }, { ...rate, ...validity }, to.place);
}

/** A reservation's price is the whole term's, whatever its unit says. */
function takeReservation(item: AzureItem, place: string, gathered: Gathered): void {
  const verdict = gathered.commitments ? judgeAzureReservation(item) : { skip: 'reservation' };
  if ('skip' in verdict) return gathered.rows.skip(verdict.skip);
  const term = azureTerm(item.reservationTerm);
  const years = YEARS[term];
  if (years === undefined || !item.primary) return gathered.rows.skip('reservation');
  const price = effectiveCommitmentPrice({ upfront: item.price, hourly: '0', years });
  addCommitment(item, verdict, { term, price, upfront: item.price }, { gathered, place });
}

function takeSavingsPlans(
  item: AzureItem,
  candidate: AzureCandidate,
  place: string,
  gathered: Gathered,
): void {
  if (!gathered.commitments || candidate.resource !== 'instance' || candidate.purchaseModel === 'spot')
    return;
  if (!item.primary) return;
  for (const rate of item.savingsPlans) addCommitment(item, candidate, rate, { gathered, place });
}

/** Steps of a licence by the size of the machine make one price. */
function takeLicense(item: AzureItem, license: AzureLicense, place: string, gathered: Gathered): void {
  const key = `license|${license.name}|${item.start}|${item.end}|${item.currency}`;
  const known = gathered.tiers.get(key);
  if (known !== undefined) return addStep(known.steps, license.step, place);
  const candidate: AzureCandidate = {
    resource: 'license',
    name: license.name,
    purchaseModel: 'on-demand',
    unit: 'hour',
    family: 'license',
    tiered: true,
  };
  const everywhere = { ...item, region: 'global' };
  gathered.tiers.set(key, { item: everywhere, candidate, steps: [license.step], place });
}

function take(item: AzureItem, place: string, gathered: Gathered): void {
  if (item.reservationTerm !== '') return takeReservation(item, place, gathered);
  const license = tryReadAzureLicense(item);
  const verdict = license === undefined ? judgeAzureItem(item) : undefined;
  if (verdict !== undefined && 'skip' in verdict) return gathered.rows.skip(verdict.skip);
  if (!/^[A-Z]{3}$/.test(item.currency)) return gathered.rows.skip('no currency');
  if (item.start > gathered.newest) gathered.newest = item.start;
  if (license !== undefined) takeLicense(item, license, place, gathered);
  else if (verdict !== undefined) takePrice(item, verdict, place, gathered);
}

function takePrice(item: AzureItem, verdict: AzureCandidate, place: string, gathered: Gathered): void {
  takeSavingsPlans(item, verdict, place, gathered);
  const step = { from: item.tierFrom, price: item.price };
  if (!verdict.tiered) return addRow(toRow(item, verdict, [step]), item, place, gathered);
  const key = `${item.meterId}|${item.skuId}|${item.region}|${item.start}|${item.end}|${item.currency}`;
  const known = gathered.tiers.get(key);
  if (known === undefined) gathered.tiers.set(key, { item, candidate: verdict, steps: [step], place });
  else addStep(known.steps, step, place);
}

function addStep(steps: PriceTier[], step: PriceTier, place: string): void {
  const same = steps.find(({ from }) => from === step.from);
  if (same === undefined) {
    steps.push(step);
    steps.sort((a, b) => Number(a.from) - Number(b.from));
  } else if (same.price !== step.price) {
    throw new PricingError(
      'DUPLICATE_SKU',
      `azure-retail: ${place}: the tier from ${step.from} is there twice, at ${same.price} and ${step.price}: fetch the pages again`,
    );
  }
}

async function readPage(file: InputFile, gathered: Gathered): Promise<{ next: string }> {
  let billing = '';
  let next = '';
  const reader = new JsonRecordReader({
    name: file.name,
    decide: (path) => decide(path, gathered),
    onRecord: (path, bytes, offset) => {
      const place = { name: file.name, offset };
      if (path[0] === 'BillingCurrency')
        billing = asText(parseJson(bytes.toString('utf8'), place)).toUpperCase();
      else if (path[0] === 'NextPageLink') next = asText(parseJson(bytes.toString('utf8'), place));
      else onItem(parseExactJson(bytes.toString('utf8'), place), `${file.name} byte ${String(offset)}`);
    },
  });
  const onItem = (value: unknown, place: string): void => {
    gathered.sawItems = true;
    const item = toAzureItem(value);
    if (item === undefined) return gathered.rows.skip('no price');
    if (billing !== '' && item.currency !== billing) {
      throw new PricingError(
        'WRONG_CURRENCY',
        `azure-retail: ${place}: an item in ${item.currency} stands on a page in ${billing}: fetch the page again`,
      );
    }
    take(item, place, gathered);
  };
  for await (const chunk of file.open()) reader.write(chunk);
  reader.end();
  return { next };
}

/**
 * Reads pages of the Azure retail prices API. Rows that start later or ended earlier are kept with their validity;
 * a page that is given twice adds nothing.
 */
export async function parseAzureRetail(
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  const gathered: Gathered = {
    rows: new RowCollector('azure-retail'),
    tiers: new Map(),
    primary: new Map(),
    commitments: options.commitments !== false,
    newest: '',
    sawItems: false,
  };
  let open = 0;
  for (const file of files) if ((await readPage(file, gathered)).next !== '') open += 1;
  const names = files.map(({ name }) => name).join(', ');
  if (!gathered.sawItems) {
    throw new PricingError(
      'WRONG_SHAPE',
      `azure-retail: ${names} has no Items: name pages of the retail prices API`,
    );
  }
  // A service may sell nothing in a region: an empty list is an answer.
  if (gathered.rows.size === 0 && gathered.rows.skipped.size === 0) gathered.rows.skip('empty list');
  if (open === files.length) {
    gathered.rows.warn(
      `${names}: every page names a next page, so the last one is missing: what is here is added`,
    );
  }
  for (const { item, candidate, steps, place } of gathered.tiers.values()) {
    addRow(toRow(item, candidate, steps), item, place, gathered);
  }
  // The pages carry no version of their own; the newest start date tells two downloads apart.
  return gathered.rows.finish(names, { version: instant(gathered.newest) ?? '' });
}
