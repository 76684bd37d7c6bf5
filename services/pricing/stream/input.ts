import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { PricingError } from '../errors.js';

/** A file to read; `name` is what messages call it. */
export interface InputFile {
  readonly name: string;
  /** Chunks of the content; each is valid only until the next one is asked for. */
  open(): AsyncIterable<Buffer>;
}

const CHUNK_BYTES = 64 * 1024;
const GUNZIP_CHUNK_BYTES = 16 * 1024;
// A gzip member of zeros expands a thousandfold; no offer file comes near this size.
const MAX_EXPANDED_BYTES = 4 * 1024 * 1024 * 1024;

/** One buffer for the whole file: a reader MUST be done with a chunk before it asks for the next. */
async function* plain(path: string): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (cause) {
    if (cause instanceof PricingError) throw cause;
    throw new PricingError('NOT_READABLE', `cannot read ${path}: check that the file is there and readable`, {
      cause,
    });
  } finally {
    await file?.close();
  }
}

async function* gunzipped(path: string, name: string): AsyncGenerator<Buffer> {
  const source = createReadStream(path, { highWaterMark: GUNZIP_CHUNK_BYTES });
  const gunzip = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  let total = 0;
  try {
    for await (const chunk of gunzip) {
      total += (chunk as Buffer).length;
      if (total > MAX_EXPANDED_BYTES) {
        throw new PricingError('TOO_LARGE', `${name} expands beyond 4 GiB: this is no price list`);
      }
      yield chunk as Buffer;
    }
  } catch (cause) {
    if (cause instanceof PricingError) throw cause;
    const at = String(total);
    throw new PricingError(
      'COMPRESSION',
      `${name} is broken gzip after ${at} bytes of content: fetch it again`,
      { cause },
    );
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 1 })) {
    const bytes = chunk as Buffer;
    return bytes[0] === 0x1f && bytes[1] === 0x8b;
  }
  return false;
}

async function* fileChunks(path: string, name: string): AsyncGenerator<Buffer> {
  let gzip: boolean;
  try {
    gzip = await isGzip(path);
  } catch (cause) {
    throw new PricingError('NOT_READABLE', `cannot read ${path}: check that the file is there and readable`, {
      cause,
    });
  }
  yield* gzip ? gunzipped(path, name) : plain(path);
}

/** A file on disk, plain or gzip (told by its first bytes, not by its name). */
export function inputFile(path: string): InputFile {
  const name = basename(path);
  return { name, open: () => fileChunks(path, name) };
}

/** Text in memory as an input, for answers that are already here. */
export function inputText(name: string, text: string | Buffer): InputFile {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return {
    name,
    open: async function* () {
      yield bytes;
    },
  };
}

/** Reads an input whole. @throws PricingError TOO_LARGE above `maxBytes` */
export async function readAll(file: InputFile, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of file.open()) {
    total += chunk.length;
    if (total > maxBytes) {
      throw new PricingError(
        'TOO_LARGE',
        `${file.name} is larger than ${String(maxBytes)} bytes: this is not the format that it claims`,
      );
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}
