import { gpuModelKey, type PricedOs, type PricedResource } from '@kubehero/domain';
import type { GcpSku } from './sku.js';

/** What a SKU prices. */
export interface GcpCandidate {
  readonly resource: PricedResource;
  readonly name: string;
  readonly os?: PricedOs;
  readonly purchaseModel: 'on-demand' | 'spot' | 'reserved';
  /** Term of a commitment, `1yr` or `3yr`. */
  readonly term?: string;
  /** Sizes of machines that a licence fee is for, by vCPUs, both ends inclusive. */
  readonly sizes?: { readonly from: string; readonly to?: string };
  /** The usage unit that the SKU must have, and what one of it is. */
  readonly units: Readonly<Record<string, UnitMeaning>>;
  readonly family: string;
}

/** Unit of the row, and by how much the SKU's price is multiplied (decimal text). */
export interface UnitMeaning {
  readonly unit: string;
  readonly factor?: string;
}

/** A candidate, or why the SKU is passed over. */
export type GcpVerdict = GcpCandidate | { readonly skip: string };

const HOURS: Readonly<Record<string, UnitMeaning>> = { h: { unit: 'hour' } };
const CORE_HOURS: Readonly<Record<string, UnitMeaning>> = { h: { unit: 'vcpu-hour' } };
// A GiB is 1.073741824 decimal GB: a rate per GB is that much dearer per GiB.
const MEMORY_HOURS: Readonly<Record<string, UnitMeaning>> = {
  'GiBy.h': { unit: 'GiB-hour' },
  'GBy.h': { unit: 'GiB-hour', factor: '1.073741824' },
};
const STORAGE_TIME: Readonly<Record<string, UnitMeaning>> = {
  'GiBy.mo': { unit: 'GiB-month' },
  'GBy.mo': { unit: 'GiB-month', factor: '1.073741824' },
  ...MEMORY_HOURS,
};
const TRAFFIC: Readonly<Record<string, UnitMeaning>> = {
  GiBy: { unit: 'GiB' },
  GBy: { unit: 'GB' },
};

const SPOT_PREFIX = /^(?:Spot Preemptible|Preemptible|Spot) /;
// Anchored: a family token (N2D; also A3Plus and M4Ultramem224, whose sizes have rates of their own), at most one known qualifier, optional Custom, then Core or Ram. Sole tenancy,
// reservations, premiums, commitments and DWS have words in between or in front and do not match.
const RATE =
  /^([A-Z]\d[A-Z]*\d*) (?:(?:AMD|Arm|Intel|Predefined|Memory-optimized) )?(Custom )?(Extended )?Instance (Core|Ram)(?: (?:running )?in .+)?$/i;
const OLD_CUSTOM = /^Custom (Extended )?Instance (Core|Ram)(?: (?:running )?in .+)?$/i;
const WORDED: readonly (readonly [RegExp, string])[] = [
  [/^Compute optimized (?:Instance )?(Core|Ram)(?: (?:running )?in .+)?$/i, 'c2'],
  [/^Memory-optimized Instance (Core|Ram)(?: (?:running )?in .+)?$/i, 'm1'],
  [
    /^Memory Optimized Upgrade Premium for Memory-optimized Instance (Core|Ram)(?: (?:running )?in .+)?$/i,
    'm2-premium',
  ],
];

interface Rate {
  readonly name: string;
  readonly part: string;
}

function rateName(description: string): Rate | undefined {
  const regular = RATE.exec(description);
  if (regular !== null) {
    const [, family = '', custom, extended, part = ''] = regular;
    return { name: family.toLowerCase() + customSuffix(custom, extended), part };
  }
  const old = OLD_CUSTOM.exec(description);
  if (old !== null) return { name: `n1${customSuffix('Custom', old[1])}`, part: old[2] ?? '' };
  for (const [pattern, name] of WORDED) {
    const part = pattern.exec(description)?.[1];
    if (part !== undefined) return { name, part };
  }
  return undefined;
}

function customSuffix(custom: string | undefined, extended: string | undefined): string {
  if (custom === undefined && extended === undefined) return '';
  return extended === undefined ? '-custom' : '-custom-extended';
}

function computeRate(text: string, spot: boolean): GcpVerdict | undefined {
  const rate = rateName(text);
  if (rate === undefined) return undefined;
  const core = rate.part.toLowerCase() === 'core';
  return {
    resource: core ? 'vcpu' : 'memory',
    name: rate.name,
    purchaseModel: spot ? 'spot' : 'on-demand',
    units: core ? CORE_HOURS : MEMORY_HOURS,
    family: rate.name,
  };
}

// The words between model and place tell on-demand from spot and keep reservations and DWS out.
const GPU =
  /^(?:Nvidia )?(.+?)(?: GPU)? (running in|attached to Spot Preemptible VMs running in|attached to Spot Preemptible VMs in|attached to Preemptible VMs running in) .+$/i;

function gpu(description: string, spot: boolean): GcpVerdict | undefined {
  const match = GPU.exec(description.replace(SPOT_PREFIX, ''));
  const model = match?.[1] ?? '';
  if (match === null || /\b(Reserved|DWS|Commitment|Sole Tenancy)\b/i.test(description)) return undefined;
  const attached = /^attached/i.test(match[2] ?? '');
  if (attached && !spot) return { skip: 'spot words on an on-demand SKU' };
  return {
    resource: 'gpu',
    name: gpuModelKey(model),
    purchaseModel: spot ? 'spot' : 'on-demand',
    units: HOURS,
    family: 'gpu',
  };
}

function localSsd(description: string, spot: boolean): GcpVerdict | undefined {
  const text = description.replace(SPOT_PREFIX, '');
  const own = /^([A-Z]\d[A-Z]?) (?:Arm )?Instance Local SSD(?: (?:running )?in .+)?$/i.exec(text);
  const any =
    /^SSD backed Local Storage(?: attached to Spot Preemptible VMs)?(?: (?:running )?in .+)?$/i.test(text);
  if (own === null && !any) return undefined;
  return {
    resource: 'local-ssd',
    name: own?.[1]?.toLowerCase() ?? 'any',
    purchaseModel: spot ? 'spot' : 'on-demand',
    units: STORAGE_TIME,
    family: 'local-ssd',
  };
}

const WHOLE_MACHINES: readonly (readonly [string, RegExp, string])[] = [
  ['F1Micro', /^Micro Instance with burstable CPU/i, 'f1-micro'],
  ['G1Small', /^Small Instance with 1 VCPU/i, 'g1-small'],
];

function wholeMachine(sku: GcpSku, text: string, spot: boolean): GcpVerdict | undefined {
  for (const [group, pattern, name] of WHOLE_MACHINES) {
    if (sku.group !== group || !pattern.test(text)) continue;
    const purchaseModel = spot ? 'spot' : 'on-demand';
    return { resource: 'instance', name, os: 'linux', purchaseModel, units: HOURS, family: 'shared-core' };
  }
  return undefined;
}

function compute(sku: GcpSku): GcpVerdict {
  const spot = sku.usageType === 'Preemptible';
  const named = SPOT_PREFIX.test(sku.description) || /attached to (Spot )?Preemptible/i.test(sku.description);
  if (named !== spot) return { skip: 'description and usage type disagree' };
  const text = sku.description.replace(SPOT_PREFIX, '');
  return (
    localSsd(sku.description, spot) ??
    wholeMachine(sku, text, spot) ??
    (sku.group === 'GPU' ? gpu(sku.description, spot) : undefined) ??
    computeRate(text, spot) ?? { skip: 'other compute SKU' }
  );
}

const DISKS: readonly (readonly [RegExp, PricedResource, string])[] = [
  [/^Storage PD Capacity(?: in .+)?$/i, 'volume', 'pd-standard'],
  [/^SSD backed PD Capacity(?: in .+)?$/i, 'volume', 'pd-ssd'],
  [/^Balanced PD Capacity(?: in .+)?$/i, 'volume', 'pd-balanced'],
  [/^Extreme PD Capacity(?: in .+)?$/i, 'volume', 'pd-extreme'],
  [/^Regional Storage PD Capacity(?: in .+)?$/i, 'volume', 'regional-pd-standard'],
  [/^Regional SSD backed PD Capacity(?: in .+)?$/i, 'volume', 'regional-pd-ssd'],
  [/^Regional Balanced PD Capacity(?: in .+)?$/i, 'volume', 'regional-pd-balanced'],
  [/^Hyperdisk Balanced Capacity(?: in .+)?$/i, 'volume', 'hyperdisk-balanced'],
  [/^Hyperdisk Extreme Capacity(?: in .+)?$/i, 'volume', 'hyperdisk-extreme'],
  [/^Hyperdisk Throughput Capacity(?: in .+)?$/i, 'volume', 'hyperdisk-throughput'],
  [/^Hyperdisk ML Capacity(?: in .+)?$/i, 'volume', 'hyperdisk-ml'],
  [
    /^Hyperdisk Balanced High Availability Capacity(?: in .+)?$/i,
    'volume',
    'hyperdisk-balanced-high-availability',
  ],
  [/^Hyperdisk Balanced IOPS(?: in .+)?$/i, 'iops', 'hyperdisk-balanced'],
  [/^Hyperdisk Extreme IOPS(?: in .+)?$/i, 'iops', 'hyperdisk-extreme'],
  [/^Extreme PD IOPS(?: in .+)?$/i, 'iops', 'pd-extreme'],
  [/^Hyperdisk Balanced Throughput(?: in .+)?$/i, 'throughput', 'hyperdisk-balanced'],
  [/^Hyperdisk Throughput Throughput(?: in .+)?$/i, 'throughput', 'hyperdisk-throughput'],
  [/^Hyperdisk ML Throughput(?: in .+)?$/i, 'throughput', 'hyperdisk-ml'],
  [/^Storage PD Snapshot(?: in .+)?$/i, 'snapshot', 'standard'],
];
const DISK_UNITS: Readonly<Record<string, Readonly<Record<string, UnitMeaning>>>> = {
  volume: STORAGE_TIME,
  snapshot: STORAGE_TIME,
  iops: { mo: { unit: 'IOPS-month' }, 'count.mo': { unit: 'IOPS-month' }, h: { unit: 'IOPS-hour' } },
  throughput: { mo: { unit: 'MiBps-month' }, 'MiBy.mo': { unit: 'MiBps-month' }, h: { unit: 'MiBps-hour' } },
};

const FEES: readonly (readonly [RegExp, string])[] = [
  [/^Regional Kubernetes Clusters?$/, 'regional'],
  [/^Zonal Kubernetes Clusters?$/, 'zonal'],
  [/^Autopilot Kubernetes Clusters?$/, 'autopilot'],
  [/^Extended Period Kubernetes Clusters?$/, 'extended-surcharge'],
];

const TRAFFIC_SKUS: readonly (readonly [RegExp, string])[] = [
  [
    /^Network (?:Data Transfer|Egress) (?:GCP )?Inter Zone|^Network Inter Zone (?:Data Transfer Out|Egress)/,
    'cross-zone',
  ],
  [/^Network (?:Data Transfer|Egress) GCP Inter Region within /, 'inter-region'],
  [
    /^Network Internet (?:Data Transfer Out|Egress) from .+ to (?:Americas|EMEA|Western Europe|Worldwide)/,
    'internet',
  ],
];

const LICENSES: readonly (readonly [RegExp, string])[] = [
  [/^Licensing Fee for Windows Server (?!.*BYOL).*(?:\(CPU cost\)|on VM)$/i, 'windows-core'],
];

// Called a cost of CPU, but paid once by the machine, whatever its size.
const SUSE_LICENSE = /^Licensing Fee for (?:SLES|SUSE Linux Enterprise Server) \d+ \(CPU cost\)$/i;

// By the vCPU since 2024, by the machine before; fees for SAP, high availability and extended support are others.
const LINUX_LICENSE =
  /^Licensing Fee for (Red Hat Enterprise Linux|SLES|SUSE Linux Enterprise Server)(?: \d+)? on VM with (?:(up to|from)? ?)(\d+)(?: to (\d+))? VCPU( or more)?$/i;

function linuxLicense(text: string): GcpCandidate | undefined {
  const match = LINUX_LICENSE.exec(text);
  if (match === null) return undefined;
  const [, product = '', word, first = '', last, open] = match;
  const name = /^Red/i.test(product) ? 'rhel' : 'suse';
  const upTo = word?.toLowerCase() === 'up to';
  const from = upTo ? '1' : first;
  const to = upTo ? first : (last ?? first);
  // "up to 8", "9 to 127", "128 or more" are the sizes of the prices by vCPU.
  const byVcpu = name === 'rhel' && (upTo || from === '9' || from === '128');
  const sizes = open === undefined ? { from, to } : { from };
  const form = byVcpu ? { name, units: CORE_HOURS } : { name: `${name}-vm`, units: HOURS };
  return { resource: 'license', purchaseModel: 'on-demand', family: 'license', sizes, ...form };
}

function plain(
  resource: PricedResource,
  name: string,
  units: GcpCandidate['units'],
  family: string,
): GcpCandidate {
  return { resource, name, purchaseModel: 'on-demand', units, family };
}

function license(text: string): GcpCandidate | undefined {
  if (SUSE_LICENSE.test(text))
    return { ...plain('license', 'suse-vm', HOURS, 'license'), sizes: { from: '1' } };
  const named = LICENSES.find(([pattern]) => pattern.test(text));
  return named === undefined ? linuxLicense(text) : plain('license', named[1], HOURS, 'license');
}

function other(sku: GcpSku): GcpVerdict {
  for (const [pattern, resource, name] of DISKS) {
    if (pattern.test(sku.description)) return plain(resource, name, DISK_UNITS[resource] ?? {}, 'disk');
  }
  const text = sku.description;
  const fee = FEES.find(([pattern]) => pattern.test(text));
  if (fee !== undefined) return plain('cluster-fee', fee[1], HOURS, 'cluster-fee');
  const fees = license(text);
  if (fees !== undefined) return fees;
  const traffic = TRAFFIC_SKUS.find(([pattern]) => pattern.test(text));
  if (traffic !== undefined) return plain('network', traffic[1], TRAFFIC, 'network');
  if (/Load Balanc(?:er|ing):? .*Forwarding Rule Minimum/i.test(text))
    return plain('loadbalancer', 'standard', HOURS, 'loadbalancer');
  if (text.startsWith('External IP Charge on a Standard VM')) return plain('ip', 'public-ipv4', HOURS, 'ip');
  return { skip: 'other SKU' };
}

const COMMIT_TERMS: Readonly<Record<string, string>> = { Commit1Yr: '1yr', Commit3Yr: '3yr' };
const COMMITMENT = /^Commitment v\d+: (?:(.+) )?(Cpu|Core|Ram)(?: (?:running )?in .+?)?(?: for \d Years?)?$/i;
const COMMITTED_GPU = /^Commitment v\d+: (?:Nvidia )?(.+?) GPU(?: (?:running )?in .+?)?(?: for \d Years?)?$/i;
const COMMITTED_DISK = /^Commitment v\d+: Local SSD(?: (?:running )?in .+?)?(?: for \d Years?)?$/i;
const COMMITTED_FAMILY = /^([A-Z]\d[A-Z]?)(?: (?:AMD|Arm|Intel|Memory-optimized))?$/i;
const COMMITTED_WORDS: Readonly<Record<string, string>> = {
  '': 'n1',
  'compute optimized': 'c2',
  'memory-optimized': 'm1',
};

function committedFamily(words: string): string | undefined {
  const known = words.toLowerCase();
  if (Object.hasOwn(COMMITTED_WORDS, known)) return COMMITTED_WORDS[known];
  return COMMITTED_FAMILY.exec(words)?.[1]?.toLowerCase();
}

/** Commitments to cores, memory, GPUs and local disks; those to an amount of money are no price of anything. */
function commitment(sku: GcpSku, term: string): GcpVerdict {
  const text = sku.description;
  const reserved = { purchaseModel: 'reserved', term } as const;
  const rate = COMMITMENT.exec(text);
  if (rate !== null) {
    const name = committedFamily(rate[1] ?? '');
    if (name === undefined) return { skip: 'commitment of an unknown family' };
    const core = !/ram/i.test(rate[2] ?? '');
    const units = core ? CORE_HOURS : MEMORY_HOURS;
    return { resource: core ? 'vcpu' : 'memory', name, units, family: name, ...reserved };
  }
  const model = COMMITTED_GPU.exec(text)?.[1];
  if (model !== undefined)
    return { resource: 'gpu', name: gpuModelKey(model), units: HOURS, family: 'gpu', ...reserved };
  if (COMMITTED_DISK.test(text)) {
    return { resource: 'local-ssd', name: 'any', units: STORAGE_TIME, family: 'local-ssd', ...reserved };
  }
  return { skip: 'other commitment' };
}

/** Decides what a SKU prices. Regions are never read from its description, only from its list of regions. */
export function judgeGcpSku(sku: GcpSku): GcpVerdict {
  if (sku.regions.length === 0) return { skip: 'no region' };
  const term = Object.hasOwn(COMMIT_TERMS, sku.usageType) ? COMMIT_TERMS[sku.usageType] : undefined;
  return term === undefined ? usage(sku) : commitment(sku, term);
}

function usage(sku: GcpSku): GcpVerdict {
  if (sku.usageType !== 'OnDemand' && sku.usageType !== 'Preemptible')
    return { skip: 'commitment or another usage type' };
  const machine = sku.family === 'Compute' || sku.group === 'LocalSSD';
  const verdict: GcpVerdict = machine ? compute(sku) : { skip: 'other SKU' };
  if (!('skip' in verdict) || sku.usageType !== 'OnDemand') return verdict;
  const second = other(sku);
  return 'skip' in second ? verdict : second;
}
