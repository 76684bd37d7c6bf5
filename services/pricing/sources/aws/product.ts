import {
  divideDecimals,
  formatDecimal,
  toDecimal,
  type PricedOs,
  type PricedResource,
} from '@kubehero/domain';
import { asRecord, asText } from '../../stream/exact-json.js';
import { regionOfLocation } from './regions.js';
import { entryOf } from '../table.js';

/** A product of a price file, as far as it is read. */
export interface AwsProduct {
  readonly sku: string;
  readonly family: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a product prices, and which of its price dimensions counts. */
export interface AwsCandidate {
  readonly sku: string;
  readonly region: string;
  readonly resource: PricedResource;
  readonly name: string;
  readonly os?: PricedOs;
  readonly tenancy?: 'dedicated';
  readonly family: string;
  /** The unit that the price dimension must have. */
  readonly unitPattern: RegExp;
  readonly unit: string;
  /** Turns the list's price into the price per `unit`. */
  readonly convert?: (price: string) => string;
}

/** A candidate, or why the product is passed over. */
export type AwsVerdict = AwsCandidate | { readonly skip: string };

const HOUR = /^(hrs?|hours?)$/i;
const GB_MONTH = /^gb-?mo(nth)?$/i;
const GIGABYTE = /^gb$/i;

/** Reads a product record; attributes that are not text are dropped. */
export function toAwsProduct(value: unknown, key: string): AwsProduct {
  const record = asRecord(value);
  const attributes: Record<string, string> = {};
  for (const [name, text] of Object.entries(asRecord(record['attributes']))) {
    if (typeof text === 'string') attributes[name] = text;
  }
  const sku = asText(record['sku']);
  return { sku: sku === '' ? key : sku, family: asText(record['productFamily']), attributes };
}

interface Terms {
  readonly os: PricedOs;
  readonly operation: string;
}

// operatingSystem, and the operation code that goes with it without any software on top.
const SYSTEMS: Readonly<Record<string, Terms>> = {
  Linux: { os: 'linux', operation: 'RunInstances' },
  Windows: { os: 'windows', operation: 'RunInstances:0002' },
  RHEL: { os: 'rhel', operation: 'RunInstances:0010' },
  SUSE: { os: 'suse', operation: 'RunInstances:000g' },
};

const TENANCIES: Readonly<Record<string, { readonly tenancy?: 'dedicated'; readonly usage: RegExp }>> = {
  Shared: { usage: /(^|-)BoxUsage(:|$)/ },
  Dedicated: { tenancy: 'dedicated', usage: /(^|-)DedicatedUsage(:|$)/ },
};

// Each rule says why an instance product is not the plain price of a running machine.
const INSTANCE_RULES: readonly (readonly [string, (attributes: AwsProduct['attributes']) => boolean])[] = [
  ['other operating system', (a) => !Object.hasOwn(SYSTEMS, a['operatingSystem'] ?? '')],
  ['software on top', (a) => (a['preInstalledSw'] ?? 'NA') !== 'NA'],
  ['capacity reservation', (a) => (a['capacitystatus'] ?? 'Used') !== 'Used'],
  ['own licence', (a) => (a['licenseModel'] ?? 'No License required') !== 'No License required'],
  ['capacity block', (a) => (a['marketoption'] ?? 'OnDemand') !== 'OnDemand'],
  ['Outposts', (a) => (a['usagetype'] ?? '').includes('Outposts')],
  [
    'other tenancy or usage',
    (a) => !entryOf(TENANCIES, a['tenancy'] ?? '')?.usage.test(a['usagetype'] ?? ''),
  ],
  ['other operation', (a) => wrongOperation(a)],
  ['no instance type', (a) => (a['instanceType'] ?? '') === ''],
];

function wrongOperation(attributes: AwsProduct['attributes']): boolean {
  const operation = attributes['operation'] ?? '';
  return operation !== '' && operation !== SYSTEMS[attributes['operatingSystem'] ?? '']?.operation;
}

function instance(product: AwsProduct, region: string): AwsVerdict {
  const { attributes } = product;
  for (const [reason, broken] of INSTANCE_RULES) if (broken(attributes)) return { skip: reason };
  const name = attributes['instanceType'] ?? '';
  const { os } = SYSTEMS[attributes['operatingSystem'] ?? ''] ?? {};
  const { tenancy } = TENANCIES[attributes['tenancy'] ?? ''] ?? {};
  return {
    sku: product.sku,
    region,
    resource: 'instance',
    name,
    ...(os === undefined ? {} : { os }),
    ...(tenancy === undefined ? {} : { tenancy }),
    family: name.split('.')[0] ?? name,
    unitPattern: HOUR,
    unit: 'hour',
  };
}

/** The plain machine that a usage type and operation stand for; undefined for anything else. */
export function machineOfUsage(
  usage: string,
  operation: string,
): { readonly name: string; readonly os: PricedOs; readonly tenancy?: 'dedicated' } | undefined {
  const name = /:([a-z0-9-]+\.[a-z0-9-]+)$/.exec(usage)?.[1];
  const system = Object.values(SYSTEMS).find((one) => one.operation === operation);
  const tenancy = Object.values(TENANCIES).find((one) => one.usage.test(usage));
  if (name === undefined || system === undefined || tenancy === undefined) return undefined;
  return { name, os: system.os, ...(tenancy.tenancy === undefined ? {} : { tenancy: tenancy.tenancy }) };
}

type Shape = Pick<AwsCandidate, 'resource' | 'name' | 'unitPattern' | 'unit' | 'convert'>;

interface UsageRule {
  readonly family: RegExp;
  readonly usage: RegExp;
  readonly shape: (attributes: AwsProduct['attributes'], match: RegExpExecArray) => Shape | undefined;
}

function hourly(resource: PricedResource, name: string): Shape {
  return { resource, name, unitPattern: HOUR, unit: 'hour' };
}

const VOLUME_CODES: Readonly<Record<string, string>> = { '': 'standard', piops: 'io1' };

function volumeName(code: string): string {
  return entryOf(VOLUME_CODES, code) ?? code;
}

function throughput(code: string): Shape {
  return {
    resource: 'throughput',
    name: volumeName(code),
    unitPattern: /^[gm]ibps-?mo(nth)?$/i,
    unit: 'MiBps-month',
  };
}

const BALANCERS: Readonly<Record<string, string>> = {
  '': 'classic',
  Application: 'alb',
  Network: 'nlb',
  Gateway: 'gwlb',
};

function balancer(product: AwsProduct['attributes'], family: string, usage: string): Shape | undefined {
  const kind = /-(Application|Network|Gateway)$/.exec(family)?.[1] ?? '';
  const byOperation = /^LoadBalancing:(Application|Network|Gateway)$/.exec(product['operation'] ?? '')?.[1];
  const name = BALANCERS[kind === '' ? (byOperation ?? '') : kind];
  if (name === undefined) return undefined;
  if (usage === 'LoadBalancerUsage') return hourly('loadbalancer', name);
  if (usage === 'LCUUsage') {
    return { resource: 'loadbalancer', name: `${name}-lcu`, unitPattern: /^lcu-hrs$/i, unit: 'LCU-hour' };
  }
  return { resource: 'loadbalancer', name: `${name}-data`, unitPattern: GIGABYTE, unit: 'GB' };
}

function perGigabyte(name: string): Shape {
  return { resource: 'network', name, unitPattern: GIGABYTE, unit: 'GB' };
}

// Product family and usage type (behind its region prefix) of everything that is not a machine.
const USAGE_RULES: readonly UsageRule[] = [
  {
    family: /^Storage$/,
    usage: /(?:^|-)EBS:VolumeUsage(?:\.([a-z0-9]+))?$/,
    shape: (a, m) => ({
      resource: 'volume',
      name: (a['volumeApiName'] ?? '') === '' ? volumeName(m[1] ?? '') : (a['volumeApiName'] ?? ''),
      unitPattern: GB_MONTH,
      unit: 'GB-month',
    }),
  },
  {
    family: /^System Operation$/,
    usage: /(?:^|-)EBS:VolumeP-IOPS\.([a-z0-9]+(?:\.tier\d)?)$/,
    shape: (_a, m) => ({
      resource: 'iops',
      name: volumeName((m[1] ?? '').replace('.', '-')),
      unitPattern: /^iops-?mo(nth)?$/i,
      unit: 'IOPS-month',
    }),
  },
  {
    family: /^Provisioned Throughput$/,
    usage: /(?:^|-)EBS:VolumeP-Throughput\.([a-z0-9]+)$/,
    shape: (_a, m) => throughput(m[1] ?? ''),
  },
  {
    family: /^Storage Snapshot$/,
    usage: /(?:^|-)EBS:Snapshot(Usage|ArchiveStorage)$/,
    shape: (_a, m) => ({
      resource: 'snapshot',
      name: m[1] === 'Usage' ? 'standard' : 'archive',
      unitPattern: GB_MONTH,
      unit: 'GB-month',
    }),
  },
  {
    family: /^Load ?Balancer/,
    // A prefix names a region or a Local Zone; TS- is a trust store, which is billed beside its balancer
    usage: /^(?:(?!TS-)[A-Z]{2,4}\d{0,2}-)*(LoadBalancerUsage|LCUUsage|DataProcessing-Bytes)$/,
    shape: (a, m) => balancer(a, a['__family'] ?? '', m[1] ?? ''),
  },
  {
    family: /^NAT Gateway$/,
    usage: /(?:^|-)NatGateway-Hours$/,
    shape: () => hourly('network', 'nat-gateway'),
  },
  { family: /^NAT Gateway$/, usage: /(?:^|-)NatGateway-Bytes$/, shape: () => perGigabyte('nat') },
  { family: /./, usage: /(?:^|-)PublicIPv4:InUseAddress$/, shape: () => hourly('ip', 'public-ipv4') },
  { family: /./, usage: /(?:^|-)PublicIPv4:IdleAddress$/, shape: () => hourly('ip', 'public-ipv4-idle') },
  {
    family: /./,
    usage: /(?:^|-)AmazonEKS-Hours:perCluster$/,
    shape: () => hourly('cluster-fee', 'standard'),
  },
  {
    family: /./,
    usage: /(?:^|-)AmazonEKS-Hours:extendedSupport$/i,
    shape: () => hourly('cluster-fee', 'extended-surcharge'),
  },
  {
    family: /^Data Transfer$/,
    usage: /(?:^|-)DataTransfer-Regional-Bytes$/,
    shape: (a) =>
      (a['transferType'] ?? 'IntraRegion') === 'IntraRegion' ? perGigabyte('cross-zone') : undefined,
  },
  {
    family: /^Data Transfer$/,
    usage: /(?:^|-)DataTransfer-Out-Bytes$/,
    shape: (a) => (a['transferType'] === 'AWS Outbound' ? perGigabyte('internet') : undefined),
  },
  {
    family: /^Data Transfer$/,
    usage: /-AWS-Out-Bytes$/,
    shape: (a) => interRegion(a),
  },
];

function interRegion(attributes: AwsProduct['attributes']): Shape | undefined {
  if (attributes['transferType'] !== 'InterRegion Outbound') return undefined;
  const to = attributes['toRegionCode'] ?? regionOfLocation(attributes['toLocation'] ?? '');
  return to === undefined || to === '' ? undefined : perGigabyte(`inter-region:${to}`);
}

function regionOf(product: AwsProduct, fallback: string | undefined): string {
  const a = product.attributes;
  const code = a['fromRegionCode'] ?? a['regionCode'] ?? '';
  if (code !== '') return code;
  const location = a['fromLocation'] ?? a['location'] ?? '';
  return regionOfLocation(location) ?? (location === '' ? (fallback ?? '') : '');
}

/** Decides what a product prices. Every rule that drops a product names its reason, so that drops can be counted. */
export function judgeAwsProduct(product: AwsProduct, fallbackRegion: string | undefined): AwsVerdict {
  const region = regionOf(product, fallbackRegion);
  if (region === '') return { skip: 'no known region' };
  if (product.family.startsWith('Compute Instance')) return instance(product, region);
  const usage = product.attributes['usagetype'] ?? '';
  if (usage.includes('Outposts')) return { skip: 'Outposts' };
  for (const rule of USAGE_RULES) {
    const match = rule.family.test(product.family) ? rule.usage.exec(usage) : null;
    if (match === null) continue;
    const shape = rule.shape({ ...product.attributes, __family: product.family }, match);
    if (shape === undefined) return { skip: 'other transfer or balancer' };
    return { sku: product.sku, region, family: product.family, ...shape };
  }
  return { skip: 'other product' };
}

/** EBS throughput is listed per GiB/s; nodes buy it per MiB/s. */
export function perMebibyte(price: string): string {
  return formatDecimal(divideDecimals(toDecimal(price), toDecimal('1024'), 24));
}
