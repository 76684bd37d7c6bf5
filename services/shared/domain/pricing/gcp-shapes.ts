import { tryParseDecimal, type Decimal } from './decimal.js';

/** Shape of a Google machine type by name alone. */
export interface GcpShape {
  readonly vcpus: Decimal;
  readonly memoryGib: Decimal;
  readonly gpus: Readonly<Record<string, number>>;
  readonly localSsds: number;
}

/** GiB per vCPU of the regular classes; `whole` families round the product down to whole GiB. */
interface FamilyRatios {
  readonly standard?: number;
  readonly highmem?: number;
  readonly highcpu?: number;
  readonly whole?: boolean;
  readonly maxVcpus: number;
}

// Published machine type tables of Compute Engine (general-purpose, compute-, memory-optimized), ratios in GiB.
const FAMILIES: Readonly<Record<string, FamilyRatios>> = {
  e2: { standard: 4, highmem: 8, highcpu: 1, maxVcpus: 32 },
  n1: { standard: 3.75, highmem: 6.5, highcpu: 0.9, maxVcpus: 96 },
  n2: { standard: 4, highmem: 8, highcpu: 1, maxVcpus: 128 },
  n2d: { standard: 4, highmem: 8, highcpu: 1, maxVcpus: 224 },
  n4: { standard: 4, highmem: 8, highcpu: 2, maxVcpus: 80 },
  n4a: { standard: 4, highmem: 8, highcpu: 2, maxVcpus: 64 },
  n4d: { standard: 4, highmem: 8, highcpu: 2, maxVcpus: 96 },
  t2a: { standard: 4, maxVcpus: 48 },
  t2d: { standard: 4, maxVcpus: 60 },
  c2: { standard: 4, maxVcpus: 60 },
  c2d: { standard: 4, highmem: 8, highcpu: 2, maxVcpus: 112 },
  c3: { standard: 4, highmem: 8, highcpu: 2, maxVcpus: 192 },
  c3d: { standard: 4, highmem: 8, highcpu: 2, maxVcpus: 360 },
  c4: { standard: 3.75, highmem: 7.75, highcpu: 2, whole: true, maxVcpus: 288 },
  c4a: { standard: 4, highmem: 8, highcpu: 2, maxVcpus: 96 },
  c4d: { standard: 3.875, highmem: 7.875, highcpu: 1.875, whole: true, maxVcpus: 384 },
  c4n: { standard: 3.75, highmem: 7.75, highcpu: 2, whole: true, maxVcpus: 192 },
  g2: { standard: 4, maxVcpus: 96 },
  h3: { standard: 4, maxVcpus: 88 },
  h4d: { standard: 3.75, highmem: 7.75, maxVcpus: 192 },
  z3: { highmem: 8, maxVcpus: 192 },
};

// Types that leave their family's ratio: vCPUs, GiB, GPU model and count, local disks of 375 GiB.
type Exception = readonly [number, string, string?, number?, number?];
const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'e2-micro': [2, '1'],
  'e2-small': [2, '2'],
  'e2-medium': [2, '4'],
  'f1-micro': [1, '0.6'],
  'g1-small': [1, '1.7'],
  'n2-highmem-128': [128, '864'],
  'c3-highcpu-192-metal': [192, '512'],
  'c3d-highcpu-30': [30, '59'],
  'c3d-highcpu-60': [60, '118'],
  'c3d-highcpu-90': [90, '177'],
  'c3d-highcpu-180': [180, '354'],
  'c3d-highcpu-360': [360, '708'],
  'c4d-standard-384-metal': [384, '1536'],
  'c4d-highmem-384-metal': [384, '3072'],
  'c4d-highcpu-384-metal': [384, '768'],
  'm1-megamem-96': [96, '1433.6'],
  'm1-ultramem-40': [40, '961'],
  'm1-ultramem-80': [80, '1922'],
  'm1-ultramem-160': [160, '3844'],
  'm2-ultramem-208': [208, '5888'],
  'm2-ultramem-416': [416, '11776'],
  'm2-megamem-416': [416, '5888'],
  'm2-hypermem-416': [416, '8832'],
  'm3-megamem-64': [64, '976'],
  'm3-megamem-128': [128, '1952'],
  'm3-ultramem-32': [32, '976'],
  'm3-ultramem-64': [64, '1952'],
  'm3-ultramem-128': [128, '3904'],
  'm4-hypermem-16': [16, '248'],
  'm4-hypermem-32': [32, '496'],
  'm4-hypermem-64': [64, '992'],
  'm4-megamem-28': [28, '372'],
  'm4-megamem-56': [56, '744'],
  'm4-megamem-112': [112, '1488'],
  'm4-megamem-224': [224, '2976'],
  'm4-ultramem-56': [56, '1488'],
  'm4-ultramem-112': [112, '2976'],
  'm4-ultramem-224': [224, '5952'],
  'a2-highgpu-1g': [12, '85', 'nvidia-tesla-a100', 1],
  'a2-highgpu-2g': [24, '170', 'nvidia-tesla-a100', 2],
  'a2-highgpu-4g': [48, '340', 'nvidia-tesla-a100', 4],
  'a2-highgpu-8g': [96, '680', 'nvidia-tesla-a100', 8],
  'a2-megagpu-16g': [96, '1360', 'nvidia-tesla-a100', 16],
  'a2-ultragpu-1g': [12, '170', 'nvidia-a100-80gb', 1, 1],
  'a2-ultragpu-2g': [24, '340', 'nvidia-a100-80gb', 2, 2],
  'a2-ultragpu-4g': [48, '680', 'nvidia-a100-80gb', 4, 4],
  'a2-ultragpu-8g': [96, '1360', 'nvidia-a100-80gb', 8, 8],
  'a3-highgpu-1g': [26, '234', 'nvidia-h100-80gb', 1, 2],
  'a3-highgpu-2g': [52, '468', 'nvidia-h100-80gb', 2, 4],
  'a3-highgpu-4g': [104, '936', 'nvidia-h100-80gb', 4, 8],
  'a3-highgpu-8g': [208, '1872', 'nvidia-h100-80gb', 8, 16],
  'a3-megagpu-8g': [208, '1872', 'nvidia-h100-mega-80gb', 8, 16],
};

const G2_GPUS: Readonly<Record<number, number>> = { 4: 1, 8: 1, 12: 1, 16: 1, 24: 2, 32: 1, 48: 4, 96: 8 };

// Bundled local disks by vCPUs (375 GiB each), for names with -lssd, -standardlssd and -highlssd.
const LSSD: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  c3: { 4: 1, 8: 2, 22: 4, 44: 8, 88: 16, 176: 32 },
  c3d: { 8: 1, 16: 1, 30: 2, 60: 4, 90: 8, 180: 16, 360: 32 },
  c4: { 4: 1, 8: 1, 16: 2, 24: 4, 32: 5, 48: 8, 96: 16, 144: 24, 192: 32, 288: 48 },
  c4a: { 4: 1, 8: 2, 16: 4, 32: 6, 48: 10, 64: 14, 72: 16 },
  c4d: { 8: 1, 16: 1, 32: 2, 48: 4, 64: 6, 96: 8, 192: 16, 384: 32 },
  'z3-standard': { 14: 8, 22: 16, 44: 24, 88: 48, 176: 96 },
  'z3-high': { 8: 8, 16: 16, 22: 24, 32: 32, 44: 48, 88: 96, 192: 192 },
};

const REGULAR =
  /^([a-z][0-9][a-z]?)-(standard|highmem|highcpu)-(\d{1,3})(?:-(lssd|standardlssd|highlssd))?(-metal)?$/;

function number(value: number | string): Decimal {
  return tryParseDecimal(String(value)) ?? { digits: 0n, scale: 0 };
}

function exception(type: string): GcpShape | undefined {
  const entry = Object.hasOwn(EXCEPTIONS, type) ? EXCEPTIONS[type] : undefined;
  if (entry === undefined) return undefined;
  const [vcpus, memory, gpu, gpuCount, localSsds] = entry;
  const gpus = gpu === undefined ? {} : { [gpu]: gpuCount ?? 0 };
  return { vcpus: number(vcpus), memoryGib: number(memory), gpus, localSsds: localSsds ?? 0 };
}

function bundledDisks(family: string, vcpus: number, suffix: string | undefined): number | undefined {
  if (suffix === undefined) return 0;
  const table = suffix === 'lssd' ? family : `${family}-${suffix.replace('lssd', '')}`;
  return LSSD[table]?.[vcpus];
}

function memoryOf(ratio: number, vcpus: number, whole: boolean): Decimal {
  const gib = number((ratio * vcpus).toFixed(4));
  return whole ? number(Math.floor(ratio * vcpus)) : gib;
}

/**
 * Shape of a predefined type from the published tables.
 * @returns undefined for a name that the tables do not hold; nothing is guessed
 */
export function gcpShapeByName(type: string): GcpShape | undefined {
  const known = exception(type);
  if (known !== undefined) return known;
  const match = REGULAR.exec(type);
  if (match === null) return undefined;
  const [, family = '', size = '', count = '', suffix] = match;
  const ratios = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  const ratio = ratios?.[size as 'standard' | 'highmem' | 'highcpu'];
  const vcpus = Number(count);
  if (ratios === undefined || ratio === undefined || vcpus < 1 || vcpus > ratios.maxVcpus) return undefined;
  const disks = bundledDisks(family, vcpus, suffix);
  const gpus = bundledGpus(family, vcpus);
  if (disks === undefined || gpus === undefined) return undefined;
  const memoryGib = memoryOf(ratio, vcpus, ratios.whole ?? false);
  return { vcpus: number(vcpus), memoryGib, gpus, localSsds: disks };
}

/** GPUs that a size of a family brings; undefined for a size that the family does not have. */
function bundledGpus(family: string, vcpus: number): GcpShape['gpus'] | undefined {
  if (family !== 'g2') return {};
  const count = G2_GPUS[vcpus];
  if (count === undefined) return undefined;
  return count === 0 ? {} : { 'nvidia-l4': count };
}

/** A custom machine type read from its name. */
export interface GcpCustomShape {
  readonly family: string;
  /** Billed vCPUs. */
  readonly vcpus: Decimal;
  readonly memoryGib: Decimal;
  readonly extended: boolean;
}

const CUSTOM = /^(?:([a-z][0-9][a-z]?)-)?custom-(\d{1,3}|micro|small|medium)-(\d{1,8})(-ext)?$/;
const SHARED_CORES: Readonly<Record<string, string>> = { micro: '0.25', small: '0.5', medium: '1' };

/** Reads `n2-custom-4-8192`, `custom-4-8192` (N1), `e2-custom-small-2048` and `-ext` (extended memory). MiB to GiB. */
export function parseGcpCustomType(type: string): GcpCustomShape | undefined {
  const match = CUSTOM.exec(type);
  if (match === null) return undefined;
  const [, family = 'n1', cores = '', mebibytes = '', extended] = match;
  const shared = SHARED_CORES[cores];
  if (shared !== undefined && family !== 'e2') return undefined;
  // A MiB is 2^-10 GiB, which is 0.0009765625 exactly.
  const memory = { digits: BigInt(mebibytes) * 9765625n, scale: 10 };
  return {
    family,
    vcpus: number(shared ?? cores),
    memoryGib: memory,
    extended: extended !== undefined,
  };
}

// Sizes whose cores and memory have rates of their own, not those of the family that their name begins with.
const OWN_RATES: readonly (readonly [string, string])[] = [
  ['a3-megagpu-', 'a3plus'],
  ['a3-ultragpu-', 'a3ultra'],
  ['m4-ultramem-224', 'm4ultramem224'],
];

/** Name of the core and memory rates that a predefined type is billed by. */
export function gcpRateName(type: string): string {
  const own = OWN_RATES.find(([prefix]) => type.startsWith(prefix));
  return own === undefined ? type.slice(0, Math.max(0, type.indexOf('-'))) : own[1];
}

/** vCPUs that a shared-core type is billed for, whatever the machine shows; undefined for all other types. */
export function gcpSharedCoreVcpus(type: string): Decimal | undefined {
  const match = /^e2-(micro|small|medium)$/.exec(type);
  return match === null ? undefined : number(SHARED_CORES[match[1] ?? ''] ?? '1');
}

/**
 * Name of a GPU model that both the Compute API (`nvidia-h100-mega-80gb`) and SKU texts (`Nvidia H100 80GB Mega`)
 * lead to: vendor words dropped, the rest in order.
 */
export function gpuModelKey(text: string): string {
  const words = text.toLowerCase().split(/[^a-z0-9]+/);
  const key = words
    .filter((word) => word !== '' && !['nvidia', 'tesla', 'gpu', 'gpus'].includes(word))
    .sort()
    .join('-');
  return Object.hasOwn(GPU_ALIASES, key) ? (GPU_ALIASES[key] ?? key) : key;
}

// The price list's name of a model where it is not the Compute API's.
const GPU_ALIASES: Readonly<Record<string, string>> = {
  '80gb-h100-plus': '80gb-h100-mega',
  '6000-96gb-rtx': '6000-pro-rtx',
};
