import type { NodeColumns } from './generator.js';

/** A message that was made and is kept until it is acknowledged. */
export interface PendingMessage {
  readonly pass: number;
  readonly columns: readonly NodeColumns[];
  readonly nodeSeconds: number;
  readonly rows: number;
  /** Number on the current stream; 0 where it has not been sent on it. */
  sequence: number;
}

/** Messages that are not acknowledged yet, oldest first. */
export class SendQueue {
  readonly #pending: PendingMessage[] = [];
  #rows = 0;

  /** Rows that wait for an acknowledgement. */
  get rows(): number {
    return this.#rows;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** Messages that the current stream has not carried, oldest first. */
  unsent(): readonly PendingMessage[] {
    return this.#pending.filter((message) => message.sequence === 0);
  }

  /** Everything that waits, oldest first. */
  all(): readonly PendingMessage[] {
    return this.#pending;
  }

  add(message: PendingMessage): void {
    this.#pending.push(message);
    this.#rows += message.rows;
  }

  /** A new stream has carried nothing yet. */
  startStream(): void {
    for (const message of this.#pending) message.sequence = 0;
  }

  /** Forgets what an acknowledgement covers. @returns the messages, oldest first */
  acknowledge(throughSequence: number): readonly PendingMessage[] {
    const done: PendingMessage[] = [];
    for (;;) {
      const [oldest] = this.#pending;
      if (oldest === undefined || oldest.sequence === 0 || oldest.sequence > throughSequence) return done;
      this.#pending.shift();
      this.#rows -= oldest.rows;
      done.push(oldest);
    }
  }
}
