import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { RpcError } from '../errors.js';
import type { JsonValue } from './json-scalars.js';

const inflate = promisify(gunzip);
const deflate = promisify(gzip);
/** Compressing less than this costs more than it saves. */
const MIN_COMPRESSED_BYTES = 1_024;

async function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, bytes);
}

function tooLarge(maxBytes: number): RpcError {
  return new RpcError('resource_exhausted', `the request is larger than ${maxBytes} bytes`);
}

async function decompress(request: IncomingMessage, body: Buffer, maxBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip') {
    throw new RpcError('unimplemented', `content encoding '${encoding}' is not known: use gzip or identity`);
  }
  try {
    return await inflate(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new RpcError('invalid_argument', 'the request is not valid gzip', { cause: error });
  }
}

/** Reads the JSON of a request. @throws RpcError `resource_exhausted`, `unimplemented` or `invalid_argument` */
export async function readConnectBody(request: IncomingMessage, maxBytes: number): Promise<JsonValue> {
  const body = await decompress(request, await collect(request, maxBytes), maxBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as JsonValue;
  } catch (error) {
    throw new RpcError('invalid_argument', 'the request is not JSON in UTF-8', { cause: error });
  }
}

/** A response's bytes and the headers that describe them. */
export interface EncodedBody {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Encodes JSON, compressed where the caller takes gzip and it pays. */
export async function encodeConnectBody(request: IncomingMessage, value: JsonValue): Promise<EncodedBody> {
  const bytes = Buffer.from(JSON.stringify(value));
  const headers = { 'content-type': 'application/json', vary: 'accept-encoding' };
  const accepts = String(request.headers['accept-encoding'] ?? '').split(/[,;\s]+/);
  if (bytes.length < MIN_COMPRESSED_BYTES || !accepts.includes('gzip')) return { bytes, headers };
  return { bytes: await deflate(bytes), headers: { ...headers, 'content-encoding': 'gzip' } };
}
