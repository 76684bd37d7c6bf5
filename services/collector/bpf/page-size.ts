import { readFileSync } from 'node:fs';

/** AT_PAGESZ of <linux/auxvec.h>. */
const pageSizeEntry = 6n;

/** Size of a memory page of this machine in bytes, from the auxiliary vector of this process. */
export function readPageBytes(): number {
  const vector = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === pageSizeEntry) return Number(vector.readBigUInt64LE(at + 8));
  }
  return 4096;
}
