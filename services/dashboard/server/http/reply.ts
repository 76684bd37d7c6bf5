import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const gzipAsync = promisify(gzip);
const MIN_COMPRESSED_BYTES = 1024;

/** What an API answers when it cannot do what was asked. */
export interface Fault {
  readonly status: number;
  /** Closed set, for the page to branch on. */
  readonly code: FaultCode;
  /** For a person. */
  readonly message: string;
}

/** Codes of API faults. */
export type FaultCode =
  | 'UNAUTHENTICATED'
  | 'INVALID_REQUEST'
  | 'NOT_FOUND'
  | 'FORBIDDEN_ORIGIN'
  | 'TOO_MANY'
  | 'CONTROL_PLANE_UNAVAILABLE'
  | 'CONTROL_PLANE_REFUSED'
  | 'INTERNAL';

/** Answers with JSON, compressed where the client takes it and it is worth it. */
export async function replyJson(
  request: IncomingMessage,
  response: ServerResponse,
  body: unknown,
): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(body));
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Accept-Encoding');
  const compress = bytes.length >= MIN_COMPRESSED_BYTES && acceptsEncoding(request, 'gzip');
  if (compress) response.setHeader('Content-Encoding', 'gzip');
  response.end(compress ? await gzipAsync(bytes, { level: 4 }) : bytes);
}

/** Answers with a fault. */
export async function replyFault(
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault,
): Promise<void> {
  response.statusCode = fault.status;
  await replyJson(request, response, { code: fault.code, message: fault.message });
}

/** True where the client's `Accept-Encoding` names the coding. */
export function acceptsEncoding(request: IncomingMessage, coding: 'br' | 'gzip'): boolean {
  const header = request.headers['accept-encoding'] ?? '';
  return header.split(',').some((part) => part.trim().split(';')[0] === coding);
}

/**
 * Reads a small JSON body.
 * @returns undefined where it is larger than the limit or not JSON.
 */
export async function readJsonBody(request: IncomingMessage, limitBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}
