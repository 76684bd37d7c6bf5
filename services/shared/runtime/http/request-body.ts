import type { IncomingMessage } from 'node:http';
import { HttpError } from './router.js';

/**
 * Reads a request's whole body.
 *
 * @param maxBytes - more than that is refused, before it is read where the client declares it
 * @throws HttpError 413, or 400 where the client went away
 */
export async function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = new HttpError(413, `the request's body is larger than ${maxBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) throw tooLarge;
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    if (error === tooLarge) throw error;
    throw new HttpError(400, 'the request ended before its body did', { cause: error });
  }
  return Buffer.concat(chunks, bytes);
}
