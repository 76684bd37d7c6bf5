import type { Catalogue, CatalogueRow } from './catalogue.js';
import { compare, toDecimal, tryParseDecimal, type Decimal } from './decimal.js';
import type { PriceRow, PriceTier, Provider } from './price-row.js';
import type { MachineQuery } from './query.js';

/** A licence fee: the row at the price of the step that fits, and how much of its unit a machine needs. */
export interface FoundLicense {
  readonly row: PriceRow;
  readonly quantity: Decimal;
}

function fits(step: PriceTier, vcpus: Decimal): boolean {
  if (compare(toDecimal(step.from), vcpus) > 0) return false;
  return step.to === undefined || compare(vcpus, toDecimal(step.to)) <= 0;
}

// By the vCPU, or for the whole machine: a list may hold both forms, from different years.
const FORMS = ['', '-vm'];
const ONE = toDecimal('1');

/** Sizes may have been priced at different times: what one row does not hold an older one may. */
function newestInForce(rows: readonly CatalogueRow[], atMs: number | undefined): readonly PriceRow[] {
  return rows
    .filter(({ fromMs, toMs, asOfMs }) => fromMs <= (atMs ?? asOfMs) && (atMs ?? asOfMs) <= toMs)
    .sort((a, b) => (a.fromMs === b.fromMs ? b.asOfMs - a.asOfMs : b.fromMs > a.fromMs ? 1 : -1))
    .map(({ row }) => row);
}

/**
 * The fee for an operating system on a machine of so many vCPUs: from a row whose steps go by vCPUs, `<os>` per vCPU
 * and hour or `<os>-vm` per machine and hour.
 */
export function findLicense(
  catalogue: Catalogue,
  machine: { readonly provider: Provider; readonly os: string; readonly vcpus: Decimal },
  atMs: number | undefined,
): FoundLicense | { readonly reason: string } {
  const { provider, os, vcpus } = machine;
  for (const form of FORMS) {
    const rows = catalogue.rows(provider, 'global', 'license', `${os}${form}`);
    for (const row of newestInForce(rows, atMs)) {
      const step = row.tiers?.find((one) => fits(one, vcpus));
      if (step === undefined && row.tiers !== undefined) continue;
      if (row.conflict !== undefined) return { reason: `licence ${os}: not usable, ${row.conflict}` };
      const quantity = row.unit === 'vcpu-hour' ? vcpus : ONE;
      return { row: { ...row, price: step?.price ?? row.price }, quantity };
    }
  }
  return { reason: `licence ${os}: no rate for a machine of this size` };
}

// From the third version on a size's number is its vCPUs; what follows a hyphen are those that are switched on.
const AZURE_SIZE = /^(?:standard_)?[a-z]+(\d+)(?:-(\d+))?[a-z]*(?:_[a-z0-9]+)*_v(?:[3-9]|\d\d)$/i;

/** vCPUs of an Azure machine: as given, else as its size's name says; undefined where neither tells. */
export function azureVcpus(query: Pick<MachineQuery, 'vcpus' | 'instanceType'>): Decimal | undefined {
  const given = tryParseDecimal(query.vcpus ?? '');
  if (given !== undefined && given.digits > 0n) return given;
  const size = AZURE_SIZE.exec(query.instanceType);
  const text = size?.[2] ?? size?.[1];
  return text === undefined ? undefined : toDecimal(text);
}
