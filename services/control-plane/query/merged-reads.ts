import { SingleFlight } from './single-flight.js';

/** A read that differs from others of its shape in its keys alone. */
export interface MergeableRead<Row> {
  /** Equal for reads that can be one. */
  readonly shape: string;
  readonly keys: readonly number[];
  /** Reads the rows of some keys. */
  readonly read: (keys: readonly number[], signal: AbortSignal) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => number;
}

interface Batch {
  readonly id: number;
  readonly keys: Set<number>;
}

interface Lane {
  /** Settles when the batch before has been read. */
  tail: Promise<unknown>;
  /** Takes more keys until it begins. */
  open: Batch | undefined;
  batches: number;
}

/** Keys of one read: its rows are parsed in one piece, and that must not hold the event loop. */
const KEYS_AT_ONCE = 16;

/**
 * Reads of one shape run one after another, and what is wanted meanwhile is read together: fifty viewers of fifty
 * namespaces cost a few statements.
 */
export class MergedReads<Row> {
  readonly #flights = new SingleFlight<readonly Row[]>();
  readonly #lanes = new Map<string, Lane>();
  #batches = 0;

  /**
   * The rows of these keys.
   *
   * @param signal - leaves; the promise rejects with its reason
   */
  async run(wanted: MergeableRead<Row>, signal?: AbortSignal): Promise<Row[]> {
    signal?.throwIfAborted();
    const lane = this.#lanes.get(wanted.shape) ?? { tail: Promise.resolve(), open: undefined, batches: 0 };
    this.#lanes.set(wanted.shape, lane);
    const batch = this.#join(lane, wanted.keys);
    const rows = await this.#flights.run(
      String(batch.id),
      (stop) => this.#begin(lane, batch, wanted, stop),
      signal,
    );
    const own = new Set(wanted.keys);
    return rows.filter((row) => own.has(wanted.keyOf(row)));
  }

  #join(lane: Lane, keys: readonly number[]): Batch {
    if (lane.open === undefined || lane.open.keys.size + keys.length > KEYS_AT_ONCE) {
      lane.open = { id: (this.#batches += 1), keys: new Set() };
    }
    for (const key of keys) lane.open.keys.add(key);
    return lane.open;
  }

  async #begin(
    lane: Lane,
    batch: Batch,
    { shape, read }: MergeableRead<Row>,
    stop: AbortSignal,
  ): Promise<readonly Row[]> {
    const before = lane.tail;
    const reading = (async (): Promise<readonly Row[]> => {
      await before;
      if (lane.open === batch) lane.open = undefined;
      stop.throwIfAborted();
      return await read([...batch.keys], stop);
    })();
    lane.tail = reading.catch(() => undefined); // whoever waits sees the failure
    lane.batches += 1;
    try {
      return await reading;
    } finally {
      lane.batches -= 1;
      if (lane.batches === 0) this.#lanes.delete(shape);
    }
  }
}
