/**
 * Encoder of ClickHouse's Native format: per block the number of columns and rows, then for each column its
 * name, its type and its values as packed little-endian bytes. Encoding is handing over memory, not copying.
 * Source: ClickHouse documentation, Interfaces / Formats / Native.
 */

/** A packed little-endian column. */
export interface NativeColumn {
  readonly name: string;
  /** ClickHouse type whose values are fixed-width, for example `UInt32`, `Int64`, `DateTime`. */
  readonly type: string;
  /** Exactly rows × width bytes; used until written, so MUST NOT change before. */
  readonly bytes: Uint8Array;
}

/**
 * One block as a list of buffers for `writev`.
 *
 * @param columns - all of the same number of rows
 * @param rows - at least 1
 */
export function encodeNativeBlock(columns: readonly NativeColumn[], rows: number): Uint8Array[] {
  const parts: Uint8Array[] = [Buffer.from([...varint(columns.length), ...varint(rows)])];
  for (const { name, type, bytes } of columns) {
    parts.push(Buffer.concat([text(name), text(type)]), bytes);
  }
  return parts;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from(varint(bytes.length)), bytes]);
}

/** LEB128. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}
