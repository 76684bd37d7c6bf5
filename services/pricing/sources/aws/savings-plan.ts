import {
  formatDecimal,
  isPositiveDecimal,
  tryParseDecimal,
  type CommitmentRate,
  type PricedOs,
} from '@kubehero/domain';
import { PricingError } from '../../errors.js';
import { asRecord, asText, parseJson } from '../../stream/exact-json.js';
import type { InputFile } from '../../stream/input.js';
import { JsonRecordReader, type PathDecision } from '../../stream/json-records.js';
import { RowCollector, type ParsedSource } from '../collector.js';
import type { SourceOptions } from './offer.js';
import { machineOfUsage } from './product.js';
import { commitmentRow } from './reserved.js';
import { entryOf } from '../table.js';

interface Plan {
  readonly payment: string;
  readonly offering: string;
}

interface Machine {
  readonly sku: string;
  readonly name: string;
  readonly os: PricedOs;
  readonly tenancy?: 'dedicated';
}

interface GatheredRate {
  readonly machine: Machine;
  readonly price: string;
  readonly currency: string;
  readonly place: string;
}

interface PlanTerm {
  sku: string;
  term: string;
  since: string;
  readonly rates: GatheredRate[];
}

const PAYMENTS: Readonly<Record<string, string>> = {
  'no upfront': 'no-upfront',
  'partial upfront': 'partial-upfront',
  'all upfront': 'all-upfront',
};
const HEADER = new Set(['version', 'publicationDate', 'regionCode']);
const TERM_FIELDS = new Set(['sku', 'leaseContractLength', 'effectiveDate']);

// {products: [...], terms: {savingsPlan: [{sku, leaseContractLength, rates: [...]}]}}
function decide(path: readonly string[]): PathDecision {
  const [top = '', second = ''] = path;
  if (path.length === 0) return 'enter';
  if (path.length === 1) return topLevel(top);
  if (top === 'products') return 'capture';
  return second === 'savingsPlan' ? termLevel(path) : 'skip';
}

function topLevel(key: string): PathDecision {
  if (key === 'products' || key === 'terms') return 'enter';
  return HEADER.has(key) ? 'capture' : 'skip';
}

function termLevel({ length, 3: field = '' }: readonly string[]): PathDecision {
  if (length <= 3 || (length === 4 && field === 'rates')) return 'enter';
  return length > 4 || TERM_FIELDS.has(field) ? 'capture' : 'skip';
}

function planOf(value: unknown): Plan | undefined {
  const record = asRecord(value);
  const attributes = asRecord(record['attributes']);
  const payment = entryOf(PAYMENTS, asText(attributes['purchaseOption']).toLowerCase());
  const family = asText(record['productFamily']);
  if (payment === undefined || !/^(EC2 ?Instance|Compute) ?Savings ?Plans?$/i.test(family)) return undefined;
  return { payment, offering: /^EC2/i.test(family) ? 'ec2-instance' : 'compute' };
}

function termOf(value: unknown): string {
  const length = asRecord(value);
  const duration = asText(length['duration']);
  return /^year/i.test(asText(length['unit'])) && /^[13]$/.test(duration) ? `${duration}yr` : '';
}

class SavingsPlanReader {
  readonly header = new Map<string, string>();
  readonly plans = new Map<string, Plan>();
  readonly terms: PlanTerm[] = [];
  #open: PlanTerm | undefined;
  #ratesSeen = false;

  constructor(
    private readonly file: InputFile,
    private readonly rows: RowCollector,
    private readonly options: SourceOptions,
  ) {}

  async read(): Promise<void> {
    const reader = new JsonRecordReader({
      name: this.file.name,
      decide,
      onRecord: (path, bytes, offset) => {
        const value = parseJson(bytes.toString('utf8'), { name: this.file.name, offset });
        this.#record(path, value, `${this.file.name} byte ${String(offset)}`);
      },
    });
    for await (const chunk of this.file.open()) reader.write(chunk);
    reader.end();
  }

  #record(path: readonly string[], value: unknown, place: string): void {
    if (path.length === 1) this.header.set(path[0] ?? '', asText(value));
    else if (path[0] === 'products') this.#product(value);
    else if (path.length === 4) this.#termField(path[3] ?? '', value);
    else this.#rate(value, place);
  }

  #product(value: unknown): void {
    const plan = planOf(value);
    if (plan === undefined) this.rows.skip('other savings plan');
    else this.plans.set(asText(asRecord(value)['sku']), plan);
  }

  /** A field after rates, or one that is known already, begins the next plan. */
  #termField(field: string, value: unknown): void {
    const text = field === 'leaseContractLength' ? termOf(value) : asText(value);
    if (this.#open === undefined || this.#ratesSeen) this.#begin();
    const open = this.#open;
    if (open === undefined) return;
    if (field === 'sku') open.sku = text;
    else if (field === 'effectiveDate') open.since = text;
    else open.term = text;
  }

  #begin(): void {
    this.#open = { sku: '', term: '', since: '', rates: [] };
    this.#ratesSeen = false;
    this.terms.push(this.#open);
  }

  #rate(value: unknown, place: string): void {
    this.#ratesSeen = true;
    if (this.#open === undefined || this.#open.sku === '') {
      const message = `aws-savings-plan: ${place}: rates come before the plan's sku: the list has changed its form`;
      throw new PricingError('WRONG_SHAPE', message);
    }
    const record = asRecord(value);
    const machine = this.#machine(record);
    if (machine === undefined) return this.rows.skip('rate of something else than a plain machine');
    const rate = asRecord(record['discountedRate']);
    const price = tryParseDecimal(asText(rate['price']));
    const currency = asText(rate['currency']);
    if (price === undefined || !isPositiveDecimal(price) || !/^[A-Z]{3}$/.test(currency)) {
      return this.rows.skip('price is no positive amount of money');
    }
    this.#open.rates.push({ machine, price: formatDecimal(price), currency, place });
  }

  /** What a rate is for: the on-demand list knows its SKU, else its own usage type and operation say so. */
  #machine(rate: Readonly<Record<string, unknown>>): Machine | undefined {
    const sku = asText(rate['discountedSku']);
    const product = this.options.products?.get(sku);
    if (product?.os !== undefined) {
      const { name, os, tenancy } = product;
      return { sku, name, os, ...(tenancy === undefined ? {} : { tenancy }) };
    }
    const usage = asText(rate['discountedUsageType']);
    const machine = machineOfUsage(usage, asText(rate['discountedOperation']));
    return machine === undefined ? undefined : { sku, ...machine };
  }
}

function rateOf(term: PlanTerm, plan: Plan, price: string): CommitmentRate {
  const at = Date.parse(term.since);
  return {
    term: term.term,
    payment: plan.payment,
    offering: plan.offering,
    price,
    ...(Number.isNaN(at) ? {} : { effectiveFrom: new Date(at).toISOString() }),
  };
}

function addPlans(reader: SavingsPlanReader, region: string, rows: RowCollector): void {
  const version = reader.header.get('version') ?? '';
  for (const term of reader.terms) {
    const plan = reader.plans.get(term.sku);
    if (plan === undefined || term.term === '') {
      rows.skip('plan without payment option or term');
      continue;
    }
    for (const { machine, price, currency, place } of term.rates) {
      const family = machine.name.split('.')[0] ?? machine.name;
      const facts = { purchaseModel: 'savings-plan', currency, source: 'aws-savings-plan' } as const;
      const row = commitmentRow({ ...machine, region, family }, { ...facts, sourceVersion: version });
      rows.commitment(row, rateOf(term, plan, price), place);
    }
  }
}

/**
 * Reads Savings Plan price lists of regions. Rates are joined to machines by the SKU of the on-demand list where it
 * is known, else by usage type and operation. The published rate has no upfront part: it holds for all of the term.
 */
export async function parseAwsSavingsPlan(
  files: readonly InputFile[],
  options: SourceOptions,
): Promise<ParsedSource> {
  const rows = new RowCollector('aws-savings-plan');
  const versions: string[] = [];
  const publications: Record<string, string> = {};
  for (const file of files) {
    const reader = new SavingsPlanReader(file, rows, options);
    await reader.read();
    const region = reader.header.get('regionCode') ?? options.region ?? '';
    if (reader.terms.length === 0 || region === '') {
      const what =
        region === '' ? 'names no region: give --region' : 'has no terms of savings plans: check --source';
      throw new PricingError('WRONG_SHAPE', `aws-savings-plan: ${file.name} ${what}`);
    }
    addPlans(reader, region, rows);
    versions.push(reader.header.get('version') ?? '');
    const published = reader.header.get('publicationDate');
    if (published !== undefined) publications[region] = published;
  }
  const names = files.map(({ name }) => name).join(', ');
  return rows.finish(names, { version: versions.join(','), publications });
}
