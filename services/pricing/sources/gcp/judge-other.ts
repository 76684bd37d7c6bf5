import type { PricedResource } from '@kubehero/domain';
import {
  CORE_HOURS,
  HOURS,
  STORAGE_TIME,
  TRAFFIC,
  type GcpCandidate,
  type GcpVerdict,
  type UnitMeaning,
} from './candidate.js';
import type { GcpSku } from './sku.js';

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

/** Decides what a SKU prices that is no running machine: a disk, a fee, a licence, traffic, an address. */
export function judgeOther(sku: GcpSku): GcpVerdict {
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
