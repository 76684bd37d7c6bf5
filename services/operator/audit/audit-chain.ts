import { actionKeyId, hashOfAction } from '@kubehero/domain';
import { createPublicKey, randomUUID, sign, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Action, Intent, KeptRecord, Witness } from './action-record.js';
import { AuditError } from './audit-error.js';
import { AuditFile } from './audit-file.js';
import { openChainKey } from './chain-key.js';
import { ChainState, type ChainLine } from './chain-state.js';

/** Settings of an {@link AuditChain}. */
export interface AuditChainOptions {
  /** Folder of the chain: its key, its records that nobody acknowledged, and where it stands. */
  readonly dir: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** So many records may wait for their acknowledgement; at a kilobyte each they fit in memory and in the folder. */
const mostPending = 20_000;
/** The file is written anew after so many acknowledged records. */
const compactAfter = 1000n;
/** Ends the reason of an action of which nobody can say whether it was done. */
export const unknownOutcome = 'whether it was done is not known: the object was gone before anybody looked';

/**
 * What the operator did, as a hash chain on disk: each record holds the hash of the one before and is signed by the
 * chain's key. A record stays until it is acknowledged. An action that changes the cluster is announced first
 * ({@link intend}), so that a process that is killed between doing and recording it knows what to look at. One process
 * at a time uses a folder; a chain is named by its key, and a new folder begins a new chain.
 */
export class AuditChain {
  readonly #state = new ChainState();
  readonly #listeners = new Set<() => void>();
  /** Announced actions that whoever announced them will end. */
  readonly #underWay = new Set<string>();
  /** Last record that is on disk: nothing later may leave the process. */
  #durable = 0n;
  #compactedAt = 0n;

  private constructor(
    private readonly file: AuditFile,
    private readonly key: KeyObject,
    /** SHA-256 of the key's SPKI, hex: which chain this is. */
    readonly keyId: string,
    private readonly now: () => number,
  ) {}

  /** Opens the chain of a folder, or begins one. @throws {AuditError} UNREADABLE, UNWRITABLE, BROKEN */
  static async open({ dir, now = Date.now }: AuditChainOptions): Promise<AuditChain> {
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new AuditError('UNWRITABLE', `could not make ${dir}: give the operator a writable data folder`, {
        cause,
      });
    }
    const key = await openChainKey(join(dir, 'actions.key'));
    const { file, lines } = await AuditFile.open(join(dir, 'actions.jsonl'));
    const chain = new AuditChain(file, key, actionKeyId(createPublicKey(key)), now);
    try {
      chain.#read(lines);
      await file.replace(chain.#state.toLines());
      return chain;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The key that verifies the chain. */
  get publicKey(): KeyObject {
    return createPublicKey(this.key);
  }

  /** Sequence of the last record, 0 before the first. */
  get sequence(): bigint {
    return this.#state.sequence;
  }

  /** Adds a record; resolves when it is on disk. @throws {AuditError} FULL, UNWRITABLE, CLOSED */
  async append(action: Action): Promise<KeptRecord> {
    return this.#record(action, undefined);
  }

  /**
   * Announces an action, to be ended by {@link done}, {@link drop} or {@link leave}; resolves when that is on disk.
   *
   * @throws {AuditError} FULL, UNWRITABLE, CLOSED
   */
  async intend(action: Action, witness: Witness): Promise<Intent> {
    this.#checkRoom();
    const intent: Intent = { id: randomUUID(), action, witness };
    // Before it is in the chain's state: somebody else may look at what is doubtful while it is written
    this.#underWay.add(intent.id);
    try {
      await this.#write({ intent });
    } catch (error) {
      this.leave(intent);
      throw error;
    }
    return intent;
  }

  /** An announced action was done; `afterJson` replaces what was announced. Resolves when the record is on disk. */
  async done(intent: Intent, afterJson = intent.action.afterJson): Promise<KeptRecord> {
    this.#underWay.delete(intent.id);
    return this.#record({ ...intent.action, afterJson }, intent);
  }

  /** An announced action was not done. */
  async drop(intent: Intent): Promise<void> {
    this.#underWay.delete(intent.id);
    await this.#write({ dropped: intent.id });
  }

  /** Nobody can find out any more whether an announced action was done: its record says so. */
  async doneOrNot(intent: Intent): Promise<KeptRecord> {
    this.#underWay.delete(intent.id);
    return this.#record({ ...intent.action, reason: `${intent.action.reason}; ${unknownOutcome}` }, intent);
  }

  /** It is not known whether an announced action was done: it becomes one of the {@link doubtful}. */
  leave(intent: Intent): void {
    this.#underWay.delete(intent.id);
  }

  /** Announced actions without an end. */
  intents(): readonly Intent[] {
    return [...this.#state.intents.values()];
  }

  /** Announced actions that nobody will end who knows whether they were done: one has to look. */
  doubtful(): readonly Intent[] {
    return this.intents().filter(({ id }) => !this.#underWay.has(id));
  }

  /** Records after a sequence that are not acknowledged, oldest first. @param limit most of them */
  async pending(afterSequence: bigint, limit: number): Promise<readonly KeptRecord[]> {
    const records: KeptRecord[] = [];
    for (const [sequence, json] of this.#state.pending) {
      if (sequence > this.#durable || records.length >= limit) break;
      if (sequence > afterSequence) records.push(fromJson(json));
    }
    return records;
  }

  /** Records up to here are stored elsewhere. @throws {AuditError} UNWRITABLE, CLOSED */
  async ack(throughSequence: bigint): Promise<void> {
    if (throughSequence <= this.#state.acknowledged) return;
    const through = throughSequence > this.#durable ? this.#durable : throughSequence;
    await this.#write({ acknowledged: through.toString() });
    if (through - this.#compactedAt < compactAfter) return;
    this.#compactedAt = through;
    await this.file.replace(this.#state.toLines());
  }

  /** Is called when there is something new in {@link pending}. The function that is returned removes it. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.file.close();
  }

  #read(lines: readonly string[]): void {
    for (const [index, line] of lines.entries()) {
      try {
        this.#state.take(JSON.parse(line) as ChainLine);
      } catch (cause) {
        if (cause instanceof AuditError) throw cause;
        throw new AuditError(
          'BROKEN',
          `line ${index + 1} of the chain of actions is none: move the folder away, then a new chain begins`,
          { cause },
        );
      }
    }
    this.#durable = this.#state.sequence;
    this.#compactedAt = this.#state.acknowledged;
  }

  async #record(action: Action, intent: Intent | undefined): Promise<KeptRecord> {
    if (intent === undefined) this.#checkRoom();
    const sequence = this.#state.sequence + 1n;
    const body = {
      sequence: sequence.toString(),
      at: new Date(this.now()).toISOString(),
      ...action,
      previousHash: Buffer.from(this.#state.hash, 'hex'),
    };
    const hash = hashOfAction(body);
    const record = { ...body, hash, signature: sign(null, hash, this.key), keyId: this.keyId };
    await this.#write({ record: toStored(record), ...(intent && { of: intent.id }) });
    if (sequence > this.#durable) this.#durable = sequence;
    for (const listener of this.#listeners) listener();
    return record;
  }

  /** Takes a line into the state at once, for the next record follows it, and resolves when it is on disk. */
  async #write(line: ChainLine): Promise<void> {
    this.#state.take(line);
    await this.file.append([JSON.stringify(line)]);
  }

  #checkRoom(): void {
    if (this.#state.pending.size < mostPending) return;
    throw new AuditError(
      'FULL',
      `${this.#state.pending.size} actions wait for the hub to store them: nothing more is done until it is back`,
    );
  }
}

function toStored(record: KeptRecord): Extract<ChainLine, { record: unknown }>['record'] {
  return {
    ...record,
    previousHash: record.previousHash.toString('hex'),
    hash: record.hash.toString('hex'),
    signature: record.signature.toString('hex'),
  };
}

function fromJson(json: string): KeptRecord {
  const stored = JSON.parse(json) as Omit<KeptRecord, 'previousHash' | 'hash' | 'signature'> &
    Record<'previousHash' | 'hash' | 'signature', string>;
  return {
    ...stored,
    previousHash: Buffer.from(stored.previousHash, 'hex'),
    hash: Buffer.from(stored.hash, 'hex'),
    signature: Buffer.from(stored.signature, 'hex'),
  };
}
