import { AuditError } from './audit-error.js';
import type { Intent } from './action-record.js';

/** A record as a line holds it: bytes in hex. */
export interface StoredRecord {
  readonly sequence: string;
  readonly [field: string]: unknown;
}

/** One line of the file. */
export type ChainLine =
  | { readonly head: { readonly sequence: string; readonly hash: string } }
  | { readonly intent: Intent }
  /** An intent that came to nothing. */
  | { readonly dropped: string }
  /** What was done; `of` names its intent. */
  | { readonly record: StoredRecord & { readonly hash: string }; readonly of?: string }
  /** Records up to here are stored elsewhere. */
  | { readonly acknowledged: string };

/** Where a chain stands: what its lines come to. */
export class ChainState {
  /** Sequence of the last record, and its hash in hex; the zeroes before the first. */
  sequence = 0n;
  hash = '0'.repeat(64);
  acknowledged = 0n;
  /** Records that wait for their acknowledgement, as JSON, by sequence. Oldest first. */
  readonly pending = new Map<bigint, string>();
  readonly intents = new Map<string, Intent>();

  /** Takes a line. */
  take(line: ChainLine): void {
    if ('head' in line) {
      this.sequence = this.acknowledged = BigInt(line.head.sequence);
      this.hash = line.head.hash;
    } else if ('intent' in line) this.intents.set(line.intent.id, line.intent);
    else if ('dropped' in line) this.intents.delete(line.dropped);
    else if ('record' in line) this.#takeRecord(line);
    else this.#acknowledge(BigInt(line.acknowledged));
  }

  /** The fewest lines that come to the same. */
  toLines(): string[] {
    const first = this.pending.values().next().value;
    const { sequence, previousHash } =
      first === undefined ? {} : (JSON.parse(first) as Record<string, string>);
    const head =
      sequence === undefined || previousHash === undefined
        ? { sequence: this.sequence.toString(), hash: this.hash }
        : { sequence: (BigInt(sequence) - 1n).toString(), hash: previousHash };
    return [
      JSON.stringify({ head }),
      ...[...this.pending.values()].map((record) => `{"record":${record}}`),
      ...[...this.intents.values()].map((intent) => JSON.stringify({ intent })),
    ];
  }

  #takeRecord(line: Extract<ChainLine, { record: unknown }>): void {
    const sequence = BigInt(line.record.sequence);
    if (sequence !== this.sequence + 1n) {
      throw new AuditError(
        'BROKEN',
        `the chain of actions goes from ${this.sequence} to ${sequence}: move the folder away, then a new chain begins`,
      );
    }
    this.sequence = sequence;
    this.hash = line.record.hash;
    this.pending.set(sequence, JSON.stringify(line.record));
    if (line.of !== undefined) this.intents.delete(line.of);
  }

  #acknowledge(through: bigint): void {
    this.acknowledged = through > this.acknowledged ? through : this.acknowledged;
    for (const sequence of this.pending.keys()) {
      if (sequence > through) break;
      this.pending.delete(sequence);
    }
  }
}
