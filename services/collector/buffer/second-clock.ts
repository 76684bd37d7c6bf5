/** What a tick means for the seconds of the node. */
export type TickVerdict =
  /** No second was completed: read nothing, wait. */
  | { readonly kind: 'early' }
  /** These seconds are complete and measured. */
  | { readonly kind: 'seal'; readonly seconds: readonly number[]; readonly carriedPart: number }
  /**
   * What was read belongs to no second that may be sealed: the first reading, the part of a second before it, a step
   * of the clock, a pause longer than can be told apart. The usage is dropped and counted; `missing` seconds stay
   * unobserved.
   */
  | { readonly kind: 'drop'; readonly missing: number };

/** Where time comes from. */
export interface ClockSource {
  /** Wall clock in milliseconds since the epoch. */
  readonly wallMs: () => number;
  /** A clock that never steps and stands still while the machine is suspended, in milliseconds. */
  readonly steadyMs: () => number;
}

/** A tick that comes later than this after the end of its second gives the excess to the next second. */
const latenessMs = 20;
/** A stall of up to so many seconds is sealed as their mean; beyond that nothing is said about them. */
const longestStallS = 5;
/** Wall clock and steady clock may differ by so much between two ticks (slewing) before it counts as a step. */
const stepMs = 250;

/**
 * Decides at each tick which seconds are complete. Seconds are strictly rising: a clock set back repeats none (until
 * it has caught up, usage is dropped), a clock set forward or a suspended machine leaves a hole. A late tick spreads
 * nothing falsely: up to 20 ms late belongs to the second that ended; more is divided by time; after a stall of up to
 * 5 s each of its seconds gets the mean, so that sums stay exact; beyond that the seconds stay unobserved.
 */
export class SecondClock {
  /** The last second that was sealed or given up; no second up to it is ever sealed. 0: none yet. */
  private sealedThrough: number;
  /** The first second that the next reading covers from its beginning. */
  private openFrom = 0;
  private lastWallMs: number | undefined;
  private lastSteadyMs = 0;

  /** `sealedThrough`: the last second that an earlier run may have sealed, 0 if none. */
  constructor(
    private readonly source: ClockSource,
    sealedThrough = 0,
  ) {
    this.sealedThrough = sealedThrough;
  }

  /** Milliseconds until the next tick is due: shortly after the end of the running second. */
  untilNextTickMs(): number {
    return 1001 - (this.source.wallMs() % 1000);
  }

  /** Raises the last sealed second, for example to what the hub says that it has. */
  raiseSealedThrough(second: number): void {
    this.sealedThrough = Math.max(this.sealedThrough, second);
  }

  /** Makes the next tick a first one: what it reads belongs to no second. */
  restart(): void {
    this.lastWallMs = undefined;
  }

  /** Is called right before usage is read; `early` means that it need not be. */
  tick(): TickVerdict {
    const wallMs = this.source.wallMs();
    const steadyMs = this.source.steadyMs();
    const previousMs = this.lastWallMs;
    const end = Math.floor(wallMs / 1000);
    if (previousMs !== undefined && wallMs >= previousMs && end === Math.floor(previousMs / 1000)) {
      return { kind: 'early' };
    }
    const stepped = Math.abs(wallMs - (previousMs ?? wallMs) - (steadyMs - this.lastSteadyMs)) > stepMs;
    this.lastWallMs = wallMs;
    this.lastSteadyMs = steadyMs;
    const begin = Math.max(this.openFrom, this.sealedThrough + 1);
    const isMeasured = previousMs !== undefined && !stepped && begin === this.openFrom && begin < end;
    return isMeasured && end - begin <= longestStallS
      ? this.seal({ begin, end, wallMs, previousMs })
      : this.drop(end, wallMs);
  }

  private seal(at: { begin: number; end: number; wallMs: number; previousMs: number }): TickVerdict {
    const { begin, end, wallMs, previousMs } = at;
    const lateMs = wallMs - end * 1000;
    this.sealedThrough = end - 1;
    this.openFrom = end;
    return {
      kind: 'seal',
      seconds: Array.from({ length: end - begin }, (_, index) => begin + index),
      carriedPart: lateMs <= latenessMs ? 0 : lateMs / (wallMs - previousMs),
    };
  }

  private drop(end: number, wallMs: number): TickVerdict {
    const missing = this.sealedThrough === 0 ? 0 : Math.max(0, end - 1 - this.sealedThrough);
    this.raiseSealedThrough(end - 1);
    this.openFrom = Math.floor((wallMs + 1000 - latenessMs) / 1000);
    return { kind: 'drop', missing };
  }
}
