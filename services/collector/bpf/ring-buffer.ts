import type { BpfObject } from './bpf-object.js';
import { readPageBytes } from './page-size.js';

const headerBytes = 8;
const busyBit = 0x80000000;
const discardBit = 0x40000000;

/**
 * Consumer of a BPF ring buffer by its mapped pages: one page with our position, one with the producer's, then the
 * data twice in a row, so that no record is ever cut (kernel: kernel/bpf/ringbuf.c).
 */
export class RingBuffer {
  private readonly consumer: BigUint64Array;
  private readonly producer: BigUint64Array;
  private readonly data: DataView;
  private readonly bytes: Buffer;
  private readonly mask: number;

  /** `byteLength` is the size of the map: a power of two of at least a page. */
  constructor(object: BpfObject, map: string, byteLength: number) {
    const pageBytes = readPageBytes();
    this.consumer = new BigUint64Array(object.mapMemory(map, pageBytes, { writable: true }), 0, 1);
    const shared = object.mapMemory(map, pageBytes + 2 * byteLength, { offset: pageBytes });
    this.producer = new BigUint64Array(shared, 0, 1);
    this.data = new DataView(shared, pageBytes);
    this.bytes = Buffer.from(shared, pageBytes);
    this.mask = byteLength - 1;
  }

  /** Calls `take` with every waiting record (valid only during the call) and returns how many there were. */
  drain(take: (record: Buffer) => void): number {
    let position = Number(this.consumer[0]);
    let taken = 0;
    while (position < Number(Atomics.load(this.producer, 0))) {
      const at = position & this.mask;
      const length = this.data.getUint32(at, true);
      if (length >= busyBit) break;
      const size = length & ~discardBit;
      if (length < discardBit) {
        take(this.bytes.subarray(at + headerBytes, at + headerBytes + size));
        taken++;
      }
      position += (headerBytes + size + 7) & ~7;
      Atomics.store(this.consumer, 0, BigInt(position));
    }
    return taken;
  }
}
