import { gpuModelKey } from '@kubehero/domain';
import { CORE_HOURS, HOURS, MEMORY_HOURS, STORAGE_TIME, type GcpVerdict } from './candidate.js';
import type { GcpSku } from './sku.js';

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
export function judgeCommitment(sku: GcpSku, term: string): GcpVerdict {
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
