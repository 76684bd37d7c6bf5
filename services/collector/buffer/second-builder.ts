import type { Meter } from '../cgroups/meter.js';
import type { UsageSourceName } from '../cgroups/sample.js';
import { identityKinds, type ContainerIdentity } from '../pods/container-identity.js';
import type { NetworkEntry, SealedSecond } from './sealed-second.js';

/** Which seconds a reading closes and how much of it belongs to them. */
export interface SealPlan {
  /** Seconds to seal, rising, without a hole. More than one only after a stall: each gets the same part. */
  readonly seconds: readonly number[];
  /** Part of the last reading (0 to 1) that was used after the last of those seconds. */
  readonly carriedPart: number;
}

/** Where usage comes from and whose it is. */
export interface SealInput {
  readonly source: UsageSourceName;
  readonly meters: Iterable<Meter>;
  readonly identify: (meter: Meter) => ContainerIdentity | undefined;
}

interface Row {
  readonly identity: ContainerIdentity;
  cpuUs: number;
  memoryBytes: number;
  tx: Float64Array | undefined;
  rx: Float64Array | undefined;
}

const nanosecondsPerMicrosecond = 1000;
const largestCpuUs = 0xffffffff;

/**
 * Takes what the meters hold and makes sealed seconds of it. CPU time goes out in whole microseconds; what is left
 * stays in the meter, so that the sum over seconds is exact. Meters of the same identity (a container that was
 * restarted within the second) share a row.
 */
export function sealSeconds({ source, meters, identify }: SealInput, plan: SealPlan): SealedSecond[] {
  const rows = new Map<ContainerIdentity, Row>();
  for (const meter of meters) {
    const identity = identify(meter);
    const cpuUs = takeCpuUs(meter, plan.carriedPart);
    if (identity === undefined) {
      meter.txBytes = meter.rxBytes = undefined;
      continue;
    }
    addTo(rows, { identity, cpuUs, meter });
  }
  const kept = [...rows.values()].filter(isWorthARow);
  return plan.seconds.map((second, index) =>
    buildSecond(kept, { source, second, index, of: plan.seconds.length }),
  );
}

function takeCpuUs(meter: Meter, carriedPart: number): number {
  const carriedNs = carriedPart === 0 ? 0 : Math.trunc(meter.tickNs * carriedPart);
  const availableNs = meter.pendingNs + meter.tickNs - carriedNs;
  const cpuUs = Math.max(0, Math.floor(availableNs / nanosecondsPerMicrosecond));
  meter.pendingNs = availableNs - cpuUs * nanosecondsPerMicrosecond + carriedNs;
  meter.tickNs = 0;
  return cpuUs;
}

function addTo(
  rows: Map<ContainerIdentity, Row>,
  from: { identity: ContainerIdentity; cpuUs: number; meter: Meter },
): void {
  const { identity, cpuUs, meter } = from;
  let row = rows.get(identity);
  if (row === undefined) {
    row = { identity, cpuUs: 0, memoryBytes: 0, tx: undefined, rx: undefined };
    rows.set(identity, row);
  }
  row.cpuUs += cpuUs;
  row.memoryBytes += Math.max(0, meter.memoryBytes);
  row.tx = addColumns(row.tx, meter.txBytes);
  row.rx = addColumns(row.rx, meter.rxBytes);
  meter.txBytes = meter.rxBytes = undefined;
}

function addColumns(sum: Float64Array | undefined, more: Float64Array | undefined): Float64Array | undefined {
  if (sum === undefined || more === undefined) return sum ?? more;
  return sum.map((value, index) => value + (more[index] ?? 0));
}

/** A container costs its requests even when it does nothing; nothing else does. */
function isWorthARow(row: Row): boolean {
  return (
    row.identity.kind === identityKinds.container ||
    row.cpuUs > 0 ||
    row.memoryBytes > 0 ||
    row.tx !== undefined
  );
}

function buildSecond(
  rows: readonly Row[],
  at: { source: UsageSourceName; second: number; index: number; of: number },
): SealedSecond {
  const part = (total: number): number => partOf(total, at.index, at.of);
  return {
    second: at.second,
    source: at.source,
    identities: rows.map((row) => row.identity),
    cpuUs: Uint32Array.from(rows, (row) => Math.min(largestCpuUs, part(row.cpuUs))),
    memoryBytes: Float64Array.from(rows, (row) => row.memoryBytes),
    network: rows.flatMap((row, index) => networkEntries(row, index, part)),
  };
}

/** The index-th of n parts of a whole number; the parts differ by 1 at most and sum to it. */
function partOf(total: number, index: number, n: number): number {
  if (n === 1) return total;
  return Math.floor((total * (index + 1)) / n) - Math.floor((total * index) / n);
}

function networkEntries(row: Row, index: number, part: (total: number) => number): NetworkEntry[] {
  const entries: NetworkEntry[] = [];
  if (row.tx === undefined || row.rx === undefined) return entries;
  for (let networkClass = 0; networkClass < row.tx.length; networkClass++) {
    const txBytes = part(row.tx[networkClass] ?? 0);
    const rxBytes = part(row.rx[networkClass] ?? 0);
    if (txBytes > 0 || rxBytes > 0) entries.push({ row: index, networkClass, txBytes, rxBytes });
  }
  return entries;
}
