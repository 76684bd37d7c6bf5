import type { Subject } from './subject.js';

const classes = 5;

/** What one subject used and was not yet sealed. */
export class Meter {
  /** CPU time of the last reading and what is left of earlier ones, in nanoseconds; may be below zero for a moment. */
  tickNs = 0;
  pendingNs = 0;
  /** Working set at the last reading in bytes, -1 where it is unknown. */
  memoryBytes = -1;
  /** Bytes by network class since the last seal; absent until there is traffic. */
  txBytes: Float64Array | undefined;
  rxBytes: Float64Array | undefined;
  /** Living cgroups that charge this meter; at 0 it is sealed once more and forgotten. */
  references = 0;

  constructor(
    readonly subject: Subject,
    /** Takes the remainder below a microsecond when this meter ends. */
    readonly heir: Meter | undefined,
  ) {}

  /** Forgets what the last reading added and returns its CPU time; remainders of sealed seconds stay. */
  discard(): number {
    const droppedNs = this.tickNs;
    this.tickNs = 0;
    this.txBytes = this.rxBytes = undefined;
    return droppedNs;
  }

  /** Adds traffic of a class. */
  addTraffic(networkClass: number, txBytes: number, rxBytes: number): void {
    this.txBytes ??= new Float64Array(classes);
    this.rxBytes ??= new Float64Array(classes);
    if (networkClass >= classes) return;
    this.txBytes[networkClass] = (this.txBytes[networkClass] ?? 0) + txBytes;
    this.rxBytes[networkClass] = (this.rxBytes[networkClass] ?? 0) + rxBytes;
  }

  /** Adds memory of one cgroup of the subject; unknown amounts change nothing. */
  addMemory(bytes: number): void {
    if (bytes >= 0) this.memoryBytes = Math.max(0, this.memoryBytes) + bytes;
  }
}
