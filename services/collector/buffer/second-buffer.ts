import type { SealedSecond } from './sealed-second.js';

/** Sealed seconds that the hub has not acknowledged, oldest first; bounded. */
export class SecondBuffer {
  private readonly seconds: SealedSecond[] = [];
  private dropped = 0;

  /** @param capacity How many seconds are kept; on overflow the oldest goes. */
  constructor(private readonly capacity = 60) {}

  /** Adds a second that is later than all before it. */
  push(second: SealedSecond): void {
    this.seconds.push(second);
    while (this.seconds.length > this.capacity) {
      this.seconds.shift();
      this.dropped++;
    }
  }

  /** Seconds after `second`, oldest first. */
  after(second: number): SealedSecond[] {
    return this.seconds.filter((candidate) => candidate.second > second);
  }

  /** Forgets all seconds up to and including this one. */
  releaseThrough(second: number): void {
    const keep = this.seconds.findIndex((candidate) => candidate.second > second);
    this.seconds.splice(0, keep < 0 ? this.seconds.length : keep);
  }

  /** Seconds kept now. */
  get depth(): number {
    return this.seconds.length;
  }

  /** Seconds that went unacknowledged because of overflow, since the start: gaps. */
  get overflowed(): number {
    return this.dropped;
  }

  /** All that is kept. */
  all(): readonly SealedSecond[] {
    return this.seconds;
  }
}
