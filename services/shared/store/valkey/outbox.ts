/** A message under way. */
export interface Outgoing {
  readonly channel: string;
  readonly message: string | Buffer;
}

/**
 * Sends messages in the order they came: one batch is under way, what arrives meanwhile is the next one. GLIDE alone
 * would reorder calls that are under way together.
 */
export class Outbox {
  #waiting: Outgoing[] = [];
  #sending = false;

  /**
   * @param send - sends a batch; MUST NOT reject
   * @param maxWaiting - messages that wait at most
   */
  constructor(
    private readonly send: (batch: readonly Outgoing[]) => Promise<void>,
    private readonly maxWaiting: number,
  ) {}

  /** @returns false where too many wait already: the message is dropped */
  offer(outgoing: Outgoing): boolean {
    if (this.#waiting.length >= this.maxWaiting) return false;
    this.#waiting.push(outgoing);
    if (!this.#sending) void this.#drain();
    return true;
  }

  async #drain(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.send(batch);
    }
    this.#sending = false;
  }
}
