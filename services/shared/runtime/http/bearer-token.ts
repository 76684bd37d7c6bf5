import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares two secrets in a time that tells nothing about either, not even their lengths. */
export function equalSecrets(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

/** What of a request says who it is from. */
interface Authorized {
  readonly headers: Pick<IncomingMessage['headers'], 'authorization'>;
}

/** The token of an `Authorization: Bearer …` header (RFC 6750), undefined where there is none. */
export function readBearerToken(request: Authorized): string | undefined {
  return /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Makes a guard that lets in whoever shows one of the tokens. @throws Error where no token is given */
export function bearerTokenGuard(...tokens: readonly string[]): (request: Authorized) => boolean {
  if (tokens.length === 0 || tokens.includes('')) throw new Error('a bearer token must not be empty');
  return (request) => {
    const given = readBearerToken(request);
    if (given === undefined) return false;
    // Every token is compared, so that the time does not tell which one nearly matched.
    return tokens.filter((token) => equalSecrets(token, given)).length > 0;
  };
}
