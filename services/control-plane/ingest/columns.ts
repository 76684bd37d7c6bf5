import { RejectedError } from './rejection.js';
import type { WireNodeBatch } from './wire.js';

/** Bounds of a node's part of a batch. */
export interface BatchLimits {
  readonly maxSeconds: number;
  readonly maxRows: number;
}

/** 2 hours of seconds, 1 M rows. */
export const DEFAULT_LIMITS: BatchLimits = { maxSeconds: 7200, maxRows: 1_000_000 };

const NETWORK_CLASSES = 5;
/** Of 2^46 bytes, 70 TB: below that a second's charge stays below 2^53 picounits. */
const MAX_HIGH_WORD = 0x3fff;

/**
 * A node's columns as aligned typed arrays. One object serves all batches, one after another: the bytes of a
 * message are copied into long-lived buffers, because slices of a message are unaligned and a view per column
 * and message costs more than the copy.
 */
export class BatchColumns {
  seconds = 0;
  rows = 0;
  networkEntries = 0;
  readonly #second = new WordColumn();
  readonly #rowCount = new WordColumn();
  readonly #identity = new WordColumn();
  readonly #cpuUs = new WordColumn();
  readonly #memory = new WordColumn();
  readonly #netRow = new WordColumn();
  readonly #netTx = new WordColumn();
  readonly #netRx = new WordColumn();
  netClass: Uint8Array = new Uint8Array();

  /** Epoch second of each second. */
  get second(): Uint32Array {
    return this.#second.words;
  }
  /** Rows of each second. */
  get rowCount(): Uint32Array {
    return this.#rowCount.words;
  }
  /** Dictionary index of each row. */
  get identity(): Uint32Array {
    return this.#identity.words;
  }
  /** CPU microseconds of each row. */
  get cpuUs(): Uint32Array {
    return this.#cpuUs.words;
  }
  /** Row of each network entry. */
  get netRow(): Uint32Array {
    return this.#netRow.words;
  }

  /** Memory of a row, bytes. */
  memoryBytes(row: number): number {
    return this.#memory.wide(row);
  }
  /** Bytes sent of a network entry. */
  netTx(entry: number): number {
    return this.#netTx.wide(entry);
  }
  /** Bytes received of a network entry. */
  netRx(entry: number): number {
    return this.#netRx.wide(entry);
  }

  /**
   * Takes a node's columns over and checks their shape.
   *
   * @throws RejectedError `MALFORMED` or `OVERSIZED`
   */
  load(batch: WireNodeBatch, limits: BatchLimits): void {
    this.seconds = countOf('second', batch.second, 4);
    this.rows = countOf('identity', batch.identity, 4);
    this.networkEntries = batch.netClass.length;
    if (this.seconds > limits.maxSeconds || this.rows > limits.maxRows) {
      throw new RejectedError(
        'OVERSIZED',
        `${this.seconds} seconds with ${this.rows} rows: at most ${limits.maxSeconds} and ${limits.maxRows} are taken at once`,
      );
    }
    this.#second.load(batch.second);
    this.#rowCount.loadExactly('row_count', batch.rowCount, this.seconds * 4);
    this.#identity.load(batch.identity);
    this.#cpuUs.loadExactly('cpu_us', batch.cpuUs, this.rows * 4);
    this.#memory.loadExactly('memory_bytes', batch.memoryBytes, this.rows * 8);
    this.#netRow.loadExactly('net_row', batch.netRow, this.networkEntries * 4);
    this.#netTx.loadExactly('net_tx_bytes', batch.netTxBytes, this.networkEntries * 8);
    this.#netRx.loadExactly('net_rx_bytes', batch.netRxBytes, this.networkEntries * 8);
    this.netClass = batch.netClass;
    this.#checkOrder();
    this.#checkNetwork();
  }

  #checkOrder(): void {
    let rows = 0;
    let previous = -1;
    for (let i = 0; i < this.seconds; i += 1) {
      const second = this.second[i] as number;
      if (second <= previous)
        throw new RejectedError('MALFORMED', `second ${second} comes after ${previous}: seconds must rise`);
      previous = second;
      rows += this.rowCount[i] as number;
    }
    if (rows !== this.rows) {
      throw new RejectedError('MALFORMED', `row_count adds up to ${rows}, but there are ${this.rows} rows`);
    }
  }

  #checkNetwork(): void {
    let previous = 0;
    for (let i = 0; i < this.networkEntries; i += 1) {
      const row = this.netRow[i] as number;
      if (row < previous || row >= this.rows) {
        throw new RejectedError(
          'MALFORMED',
          `net_row ${row} at entry ${i}: rows must not fall and lie below ${this.rows}`,
        );
      }
      if ((this.netClass[i] as number) >= NETWORK_CLASSES) {
        throw new RejectedError('MALFORMED', `net_class ${this.netClass[i]} at entry ${i} is unknown`);
      }
      if (this.#netTx.isTooWide(i) || this.#netRx.isTooWide(i)) {
        throw new RejectedError('IMPLAUSIBLE', `network entry ${i} holds 2^46 bytes or more in one second`);
      }
      previous = row;
    }
  }
}

/** A little-endian column in an aligned buffer of its own. Hosts are little-endian: checked at start. */
class WordColumn {
  words = new Uint32Array(1024);
  #bytes = new Uint8Array(this.words.buffer);

  load(bytes: Uint8Array): void {
    if (bytes.length > this.#bytes.length) {
      this.words = new Uint32Array(2 ** Math.ceil(Math.log2(bytes.length / 4)));
      this.#bytes = new Uint8Array(this.words.buffer);
    }
    this.#bytes.set(bytes);
  }

  loadExactly(name: string, bytes: Uint8Array, length: number): void {
    if (bytes.length !== length) {
      throw new RejectedError('MALFORMED', `${name} has ${bytes.length} bytes where ${length} belong`);
    }
    this.load(bytes);
  }

  wide(index: number): number {
    return (this.words[2 * index + 1] as number) * 4_294_967_296 + (this.words[2 * index] as number);
  }

  isTooWide(index: number): boolean {
    return (this.words[2 * index + 1] as number) > MAX_HIGH_WORD;
  }
}

function countOf(name: string, bytes: Uint8Array, width: number): number {
  if (bytes.length % width !== 0) {
    throw new RejectedError(
      'MALFORMED',
      `${name} has ${bytes.length} bytes, which is no multiple of ${width}`,
    );
  }
  return bytes.length / width;
}
