import type { GcpVerdict } from './candidate.js';
import { judgeCommitment } from './judge-commitment.js';
import { judgeMachine } from './judge-machine.js';
import { judgeOther } from './judge-other.js';
import type { GcpSku } from './sku.js';

const COMMIT_TERMS: Readonly<Record<string, string>> = { Commit1Yr: '1yr', Commit3Yr: '3yr' };

/** Decides what a SKU prices. Regions are never read from its description, only from its list of regions. */
export function judgeGcpSku(sku: GcpSku): GcpVerdict {
  if (sku.regions.length === 0) return { skip: 'no region' };
  const term = Object.hasOwn(COMMIT_TERMS, sku.usageType) ? COMMIT_TERMS[sku.usageType] : undefined;
  return term === undefined ? usage(sku) : judgeCommitment(sku, term);
}

function usage(sku: GcpSku): GcpVerdict {
  if (sku.usageType !== 'OnDemand' && sku.usageType !== 'Preemptible')
    return { skip: 'commitment or another usage type' };
  const machine = sku.family === 'Compute' || sku.group === 'LocalSSD';
  const verdict: GcpVerdict = machine ? judgeMachine(sku) : { skip: 'other SKU' };
  if (!('skip' in verdict) || sku.usageType !== 'OnDemand') return verdict;
  const second = judgeOther(sku);
  return 'skip' in second ? verdict : second;
}
