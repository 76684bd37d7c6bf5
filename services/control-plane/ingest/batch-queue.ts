import type { PendingBatch, Session } from './session.js';
import { takeWave } from './wave.js';

const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** Batches that arrived and wait to be stored; whoever brings more than fits waits. */
export class BatchQueue {
  #batches: PendingBatch[] = [];
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /** Batches that wait. */
  get length(): number {
    return this.#batches.length;
  }

  /** Adds a batch at the end. */
  push(pending: PendingBatch): void {
    this.#batches.push(pending);
    this.#bytes += pending.bytes;
  }

  /** Takes batches off that can be resolved together, see {@link takeWave}. */
  takeWave(): readonly PendingBatch[] {
    const wave = takeWave(this.#batches);
    this.#bytes -= wave.reduce((sum, { bytes }) => sum + bytes, 0);
    return wave;
  }

  /** Drops what a stream sent. */
  drop(session: Session): void {
    this.#batches = this.#batches.filter((pending) => pending.session !== session);
    this.#bytes = this.#batches.reduce((sum, { bytes }) => sum + bytes, 0);
    this.release();
  }

  /** Drops everything. */
  clear(): void {
    this.#batches = [];
    this.#bytes = 0;
    this.release();
  }

  /** Resolves when there is room for another batch, or when `isOver`, looked at whenever something was taken. */
  async room(isOver: () => boolean): Promise<void> {
    while (this.#bytes > MAX_QUEUED_BYTES && !isOver()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Has everybody who waits for room look again. */
  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
