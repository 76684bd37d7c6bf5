import { isPositiveDecimal, toDecimal, type PriceTier } from '@kubehero/domain';
import type { AzureItem } from './item.js';

// The support level that the clouds' images without further name have.
const PRODUCTS: Readonly<Record<string, string>> = {
  'Red Hat Enterprise Linux': 'rhel',
  'SUSE Linux Enterprise Server Standard': 'suse',
};
const METER = /^(\d+)(?:-(\d+)|(\+))?[ -]vCPU VM (?:License|Support)$/;

/** A licence fee per hour for machines of some sizes. */
export interface AzureLicense {
  readonly name: string;
  /** By vCPUs of the machine, both ends inclusive. */
  readonly step: PriceTier;
}

/** Reads Red Hat's and SUSE's fee from a meter; undefined for any other licence (SQL Server, SAP, own subscription). */
export function tryReadAzureLicense(item: AzureItem): AzureLicense | undefined {
  if (item.serviceName !== 'Virtual Machines Licenses' || item.type !== 'Consumption') return undefined;
  const name = Object.hasOwn(PRODUCTS, item.productName) ? PRODUCTS[item.productName] : undefined;
  const size = METER.exec(item.meterName);
  if (name === undefined || size === null || !/^1(\/| )hour$/i.test(item.unit)) return undefined;
  if (item.tierFrom !== '0' || !isPositiveDecimal(toDecimal(item.price))) return undefined;
  const [, from = '', to, open] = size;
  const end = open === undefined ? { to: to ?? from } : {};
  return { name, step: { from, ...end, price: item.price } };
}
