import { ClickHouseError } from '../engines/engine.js';

/**
 * Decoder of ClickHouse's Native format, see `encodeNativeBlock`. Decoding is handing out views, not copying.
 */

/** Columns of one block of an answer: views on its bytes, of `rows` values each. */
export interface NativeBlock {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Uint8Array>;
}

const WIDTH_OF: Readonly<Record<string, number>> = {
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8,
  Int64: 8,
  Float64: 8,
};

/**
 * Takes an answer of fixed-width columns apart.
 *
 * @throws ClickHouseError `UNAVAILABLE` where it ends within a block, which is how a server breaks off
 */
export function decodeNativeBlocks(bytes: Uint8Array): NativeBlock[] {
  const reader = new NativeReader(bytes);
  const blocks: NativeBlock[] = [];
  while (!reader.isAtEnd) {
    const count = reader.varint();
    const rows = reader.varint();
    const columns = new Map<string, Uint8Array>();
    for (let i = 0; i < count; i += 1) {
      const name = reader.text();
      columns.set(name, reader.take(rows * widthOf(name, reader.text())));
    }
    blocks.push({ rows, columns });
  }
  return blocks;
}

function widthOf(name: string, type: string): number {
  const width = WIDTH_OF[type];
  if (width === undefined) {
    throw new ClickHouseError('REJECTED', `column ${name} has the type ${type}, which is of no fixed width`);
  }
  return width;
}

class NativeReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.bytes.length) {
      throw new ClickHouseError(
        'UNAVAILABLE',
        `an answer ended at byte ${this.bytes.length}, before its end`,
      );
    }
    const taken = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const [byte = 0] = this.take(1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    return Buffer.from(this.take(this.varint())).toString('utf8');
  }
}
