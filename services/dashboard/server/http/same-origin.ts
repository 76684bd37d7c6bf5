import type { IncomingMessage } from 'node:http';
import type { Fault } from './reply.js';

/** What a request from another page is answered with. */
export const FOREIGN: Fault = {
  status: 403,
  code: 'FORBIDDEN_ORIGIN',
  message: 'request comes from another site',
};

/** Browsers say where a request comes from; one that comes from another page is refused. */
export function isSameOrigin(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = request.headers.origin;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === request.headers.host);
}
