import { Decompress } from 'fzstd';
import * as zlib from 'node:zlib';
import { PricingError } from '../errors.js';

const MAX_BYTES = 1024 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function isZstd(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfd2fb528;
}

function unzstd(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let total = 0;
  const stream = new Decompress((piece) => {
    total += piece.length;
    if (total > MAX_BYTES) throw new RangeError('larger than 1 GiB');
    pieces.push(Buffer.from(piece));
  });
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    stream.push(bytes.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= bytes.length);
  }
  return Buffer.concat(pieces);
}

/** The content of a file that is plain, gzip or zstd, told by its first bytes. @throws PricingError COMPRESSION */
export function decompress(bytes: Buffer, name: string): Buffer {
  try {
    if (isGzip(bytes)) return zlib.gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
    return isZstd(bytes) ? unzstd(bytes) : bytes;
  } catch (cause) {
    throw new PricingError('COMPRESSION', `${name} cannot be decompressed: get the file again`, { cause });
  }
}

/** Compresses by the ending of the name: `.gz`, `.zst`, else not at all. @throws PricingError USAGE */
export function compressFor(name: string, bytes: Buffer): Buffer {
  if (name.endsWith('.gz')) return zlib.gzipSync(bytes, { level: 9 });
  if (!name.endsWith('.zst')) return bytes;
  // zstd came to Node's zlib in 22.15; the oldest release that is supported lacks it.
  const compressor = (zlib as { zstdCompressSync?: (input: Buffer) => Buffer }).zstdCompressSync;
  if (compressor !== undefined) return compressor(bytes);
  throw new PricingError(
    'USAGE',
    `this Node.js ${process.version} cannot write zstd: write ${name.replace(/zst$/, 'gz')}, or use Node.js 22.15 or newer`,
  );
}
