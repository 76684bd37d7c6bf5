import type { PricedOs, PricedResource } from '@kubehero/domain';
import { azureSnapshotName } from '../../resource-names.js';
import type { AzureItem } from './item.js';

/** What an item prices. */
export interface AzureCandidate {
  readonly resource: PricedResource;
  readonly name: string;
  readonly os?: PricedOs;
  readonly purchaseModel: 'on-demand' | 'spot';
  readonly unit: string;
  readonly family: string;
  /** Several items of one meter make one tiered price. */
  readonly tiered: boolean;
}

/** A candidate, or why the item is passed over. */
export type AzureVerdict = AzureCandidate | { readonly skip: string };

const HOUR = /^1(\/| )hour$/i;

// Rules for every item, then for machines. Each names why a row of the pages is not a running machine's price.
const COMMON_RULES: readonly (readonly [string, (item: AzureItem) => boolean])[] = [
  ['reservation', (i) => i.reservationTerm !== ''],
  ['DevTest or another price type', (i) => i.type !== 'Consumption'],
  ['free tier', (i) => / - Free$/i.test(i.meterName) || / - Free$/i.test(i.skuName)],
  ['no region', (i) => i.region === ''],
];

const MACHINE_RULES: readonly (readonly [string, (item: AzureItem) => boolean])[] = [
  ['low priority', (i) => / Low Priority$/i.test(i.skuName) || / Low Priority$/i.test(i.meterName)],
  ['not a virtual machine', (i) => !/^Virtual Machines\b/.test(i.productName)],
  ['dedicated host', (i) => /Dedicated Host/i.test(i.productName)],
  ['cloud services', (i) => /Cloud ?Services/i.test(i.productName)],
  ['no machine size', (i) => i.armSkuName === ''],
  ['basic machine', (i) => /^Basic_/i.test(i.armSkuName) || / Basic\b/.test(i.productName)],
  ['expired', (i) => / Expired$/i.test(i.meterName)],
  ['other unit', (i) => !HOUR.test(i.unit)],
  ['usage tier', (i) => i.tierFrom !== '0'],
];

function firstBroken(
  rules: readonly (readonly [string, (item: AzureItem) => boolean])[],
  item: AzureItem,
): string | undefined {
  return rules.find(([, broken]) => broken(item))?.[0];
}

function machine(item: AzureItem): AzureVerdict {
  const broken = firstBroken(MACHINE_RULES, item);
  if (broken !== undefined) return { skip: broken };
  const spot = / Spot$/i.test(item.skuName) || / Spot$/i.test(item.meterName);
  return {
    resource: 'instance',
    name: item.armSkuName,
    os: item.productName.endsWith(' Windows') ? 'windows' : 'linux',
    purchaseModel: spot ? 'spot' : 'on-demand',
    unit: 'hour',
    family: item.productName,
    tiered: false,
  };
}

interface MeterRule {
  readonly service: string;
  readonly product: RegExp;
  readonly meter: RegExp;
  readonly unit: RegExp;
  readonly resource: PricedResource;
  readonly name: (item: AzureItem) => string;
  readonly as: string;
}

const sku = (item: AzureItem): string => item.skuName.toLowerCase();
// Older rows leave out the redundancy, which was local then.
const disk = (item: AzureItem): string =>
  / (LRS|ZRS)$/i.test(item.skuName) ? sku(item) : `${sku(item)} lrs`;
const snapshot = (item: AzureItem): string => azureSnapshotName(`${item.productName} ${item.skuName}`);
const named = (name: string) => (): string => name;
const PER_GB = /^1 gb$/i;

// Meters of everything that is not a machine: service, product, meter and unit must all fit.
const METER_RULES: readonly MeterRule[] = [
  {
    service: 'Storage',
    product: /^(Premium SSD|Standard SSD|Standard HDD) Managed Disks$/,
    meter: /^[PES]\d+ ((LRS|ZRS) )?Disks?$/,
    unit: /^1\/month$/i,
    resource: 'volume',
    name: disk,
    as: 'month',
  },
  {
    service: 'Storage',
    product: /^(Premium SSD|Standard SSD|Standard HDD) Managed Disks$/,
    meter: /Snapshots?$/,
    unit: /^1 gi?b\/month$/i,
    resource: 'snapshot',
    name: snapshot,
    as: 'GB-month',
  },
  {
    service: 'Storage',
    product: /^(Azure )?(Premium SSD v2|Ultra Disks?)$/,
    meter: /Provisioned Capacity$/,
    unit: /^1 gi?b\/hour$/i,
    resource: 'volume',
    name: sku,
    as: 'GiB-hour',
  },
  {
    service: 'Storage',
    product: /^(Azure )?(Premium SSD v2|Ultra Disks?)$/,
    meter: /Provisioned IOPS$/,
    unit: HOUR,
    resource: 'iops',
    name: sku,
    as: 'IOPS-hour',
  },
  {
    service: 'Storage',
    product: /^(Azure )?(Premium SSD v2|Ultra Disks?)$/,
    meter: /Provisioned Throughput \(MBps\)$/,
    unit: HOUR,
    resource: 'throughput',
    name: sku,
    as: 'MBps-hour',
  },
  {
    service: 'Load Balancer',
    product: /^Load Balancer$/,
    meter: /^Standard Included LB Rules/,
    unit: HOUR,
    resource: 'loadbalancer',
    name: named('standard'),
    as: 'hour',
  },
  {
    service: 'Load Balancer',
    product: /^Load Balancer$/,
    meter: /^Standard Overage LB Rules/,
    unit: HOUR,
    resource: 'loadbalancer',
    name: named('standard-rule'),
    as: 'hour',
  },
  {
    service: 'Load Balancer',
    product: /^Load Balancer$/,
    meter: /^Standard Data Processed$/,
    unit: PER_GB,
    resource: 'loadbalancer',
    name: named('standard-data'),
    as: 'GB',
  },
  {
    service: 'Azure Kubernetes Service',
    product: /^Azure Kubernetes Service$/,
    meter: /^Standard Uptime SLA$/,
    unit: HOUR,
    resource: 'cluster-fee',
    name: named('standard'),
    as: 'hour',
  },
  {
    service: 'Azure Kubernetes Service',
    product: /^Azure Kubernetes Service$/,
    meter: /^Standard Long Term Support$/,
    unit: HOUR,
    resource: 'cluster-fee',
    name: named('premium'),
    as: 'hour',
  },
  {
    service: 'Azure Kubernetes Service',
    product: /^Azure Kubernetes Service$/,
    meter: /^Free ?Tier ?Infrastructure ?Cost/i,
    unit: HOUR,
    resource: 'cluster-fee',
    name: named('free'),
    as: 'hour',
  },
  {
    service: 'Azure Kubernetes Service',
    product: /Automatic$/,
    meter: /Hosted Control Plane$/,
    unit: HOUR,
    resource: 'cluster-fee',
    name: named('automatic'),
    as: 'hour',
  },
  {
    service: 'Bandwidth',
    product: /^(Rtn Preference: MGN|Bandwidth)$/,
    meter: /^Standard Data Transfer Out$/,
    unit: PER_GB,
    resource: 'network',
    name: named('internet'),
    as: 'GB',
  },
  {
    service: 'Bandwidth',
    product: /Inter-Region$/,
    meter: /Intra Continent Data Transfer Out$/,
    unit: PER_GB,
    resource: 'network',
    name: named('inter-region'),
    as: 'GB',
  },
  {
    service: 'Bandwidth',
    product: /Inter-Region$/,
    meter: /Inter Continent Data Transfer Out/,
    unit: PER_GB,
    resource: 'network',
    name: named('inter-continent'),
    as: 'GB',
  },
  {
    service: 'Bandwidth',
    product: /./,
    meter: /Inter-Availability Zone Data Transfer Out$/,
    unit: PER_GB,
    resource: 'network',
    name: named('cross-zone'),
    as: 'GB',
  },
  {
    service: 'Virtual Network',
    product: /^IP Addresses$/,
    meter: /^Standard IPv4 Static Public IP$/,
    unit: HOUR,
    resource: 'ip',
    name: named('public-ipv4'),
    as: 'hour',
  },
];

function meter(item: AzureItem): AzureVerdict {
  const rule = METER_RULES.find(
    (r) =>
      r.service === item.serviceName &&
      r.product.test(item.productName) &&
      r.meter.test(item.meterName) &&
      r.unit.test(item.unit),
  );
  if (rule === undefined) return { skip: 'other meter' };
  const name = rule.name(item);
  const { resource, as } = rule;
  return { resource, name, purchaseModel: 'on-demand', unit: as, family: item.serviceName, tiered: true };
}

/**
 * The machine whose reservation an item prices, or why it is passed over. A reservation pays for the machine without
 * an operating system's licence, so it compares with the Linux price.
 */
export function judgeAzureReservation(item: AzureItem): AzureVerdict {
  if (item.type !== 'Reservation' || item.serviceName !== 'Virtual Machines') return { skip: 'reservation' };
  const verdict = item.region === '' ? { skip: 'no region' } : machine(item);
  if ('skip' in verdict || (verdict.os === 'linux' && verdict.purchaseModel === 'on-demand')) return verdict;
  return { skip: 'reservation' };
}

/** Decides what an item prices. Every rule that drops an item names its reason, so that drops can be counted. */
export function judgeAzureItem(item: AzureItem): AzureVerdict {
  const broken = firstBroken(COMMON_RULES, item);
  if (broken !== undefined) return { skip: broken };
  return item.serviceName === 'Virtual Machines' ? machine(item) : meter(item);
}
