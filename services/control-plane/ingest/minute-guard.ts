/** A write of ingest, from the moment at which it may look prices up. */
export interface GuardedWrite {
  /**
   * Waits until nobody else claims any of these minutes.
   *
   * @param minutes - keys of clusters and minutes, see {@link minuteKey}
   */
  enter(minutes: readonly string[]): Promise<void>;
  /** Its rows and ledger are durable, or it was given up; can be repeated. */
  close(): void;
}

/** Names a minute of a cluster. */
export function minuteKey(clusterKey: number, minute: number): string {
  return `${clusterKey}/${minute}`;
}

interface OpenWrite {
  /** Undefined until it entered. */
  minutes: readonly string[] | undefined;
  readonly closed: Promise<void>;
}

interface Claim {
  readonly minutes: ReadonlySet<string>;
  readonly released: Promise<void>;
}

/**
 * Keeps those apart who write rows and ledger of one minute: ingest, and reprice, which replaces what is there. Ingest
 * waits only for the minutes that it touches itself; reprice never claims the newest ones.
 */
export class MinuteGuard {
  readonly #writes = new Set<OpenWrite>();
  readonly #claims = new Set<Claim>();

  /** Begins a write; it MUST be closed. */
  open(): GuardedWrite {
    let close = (): void => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    const write: OpenWrite = { minutes: undefined, closed };
    this.#writes.add(write);
    return {
      enter: async (minutes) => {
        for (let claim = this.#claimOf(minutes); claim !== undefined; claim = this.#claimOf(minutes)) {
          await claim.released;
        }
        write.minutes = minutes;
      },
      close: () => {
        this.#writes.delete(write);
        close();
      },
    };
  }

  /** Resolves when every write that is open now is closed: what is written later looked its prices up later. */
  async settle(): Promise<void> {
    await Promise.all([...this.#writes].map(({ closed }) => closed));
  }

  /**
   * Keeps ingest from minutes; resolves when it is out of them.
   *
   * @returns releases them; MUST be called
   */
  async claim(minutes: readonly string[]): Promise<() => void> {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const claim: Claim = { minutes: new Set(minutes), released };
    this.#claims.add(claim);
    const inside = [...this.#writes].filter((write) => write.minutes?.some((key) => claim.minutes.has(key)));
    await Promise.all(inside.map(({ closed }) => closed));
    return () => {
      this.#claims.delete(claim);
      release();
    };
  }

  #claimOf(minutes: readonly string[]): Claim | undefined {
    return [...this.#claims].find((claim) => minutes.some((key) => claim.minutes.has(key)));
  }
}
