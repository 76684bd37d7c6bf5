import { gpuModelKey } from '@kubehero/domain';
import { CORE_HOURS, HOURS, MEMORY_HOURS, STORAGE_TIME, type GcpVerdict } from './candidate.js';
import type { GcpSku } from './sku.js';

const SPOT_PREFIX = /^(?:Spot Preemptible|Preemptible|Spot) /;
// Anchored: a family token (N2D; also A3Plus and M4Ultramem224, whose sizes have rates of their own), at most one
// known qualifier, optional Custom, then Core or Ram. Sole tenancy, reservations, premiums, commitments and DWS have
// words in between or in front and do not match.
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

/** Decides what a SKU of running machines prices: a core, memory, a GPU, a local disk, or a whole machine. */
export function judgeMachine(sku: GcpSku): GcpVerdict {
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
