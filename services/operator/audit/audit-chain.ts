import type { budget } from '@kubehero/rpc';
import type { Action } from './action-record.js';

/** Settings of an {@link AuditChain}. */
export interface AuditChainOptions {
  /** Folder of the chain: its key, its records that nobody acknowledged, and where it stands. */
  readonly dir: string;
  /** @default Date.now */
  readonly now?: () => number;
}

/**
 * What the operator did, as a hash chain on disk: each record holds the hash of the one before and is signed by the
 * chain's key. Records stay until they are acknowledged. One process at a time uses a folder.
 */
export class AuditChain {
  private constructor(readonly options: AuditChainOptions) {}

  /** Opens the chain of a folder, or begins one. @throws {AuditError} UNREADABLE, UNWRITABLE, LOCKED, BROKEN */
  static async open(_options: AuditChainOptions): Promise<AuditChain> {
    throw new Error('not yet');
  }

  /** SHA-256 of the key's SPKI, hex: which chain this is. */
  get keyId(): string {
    throw new Error('not yet');
  }

  /** Adds a record; resolves when it is on disk. */
  async append(_action: Action): Promise<budget.ActionRecord> {
    throw new Error('not yet');
  }

  /** Records after a sequence that are not acknowledged, oldest first. @param limit most of them */
  async pending(_afterSequence: bigint, _limit: number): Promise<readonly budget.ActionRecord[]> {
    throw new Error('not yet');
  }

  /** Records up to here are stored elsewhere. */
  async ack(_throughSequence: bigint): Promise<void> {
    throw new Error('not yet');
  }

  /** Is called when there is something new in {@link pending}. The function that is returned removes it. */
  onAppend(_listener: () => void): () => void {
    throw new Error('not yet');
  }

  async close(): Promise<void> {
    throw new Error('not yet');
  }
}
