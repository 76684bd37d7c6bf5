import { createHmac, timingSafeEqual } from 'node:crypto';

/** Who is logged in, and until when. */
export interface Session {
  readonly subject: string;
  /** Unix second. */
  readonly expiresAtS: number;
}

/** Name of the cookie. */
export const SESSION_COOKIE = 'kubehero_session';

const VERSION = 'v1';

/** Signs a session: `v1.<payload>.<HMAC-SHA256>` in base64url (RFC 2104, RFC 4648 section 5). */
export function signSession(session: Session, secret: string): string {
  const payload = Buffer.from(JSON.stringify([session.subject, session.expiresAtS])).toString('base64url');
  const body = `${VERSION}.${payload}`;
  return `${body}.${mac(body, secret).toString('base64url')}`;
}

/** The session of a cookie's value; undefined where it is forged, malformed or over. */
export function verifySession(value: string, secret: string, nowS: number): Session | undefined {
  const [version, payload, signature, ...rest] = value.split('.');
  if (version !== VERSION || payload === undefined || signature === undefined || rest.length > 0)
    return undefined;
  const given = Buffer.from(signature, 'base64url');
  const expected = mac(`${version}.${payload}`, secret);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const [subject, expiresAtS] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, number];
  return expiresAtS > nowS ? { subject, expiresAtS } : undefined;
}

/** The value of the session cookie in a `Cookie` header (RFC 6265 section 4.2). */
export function findSessionCookie(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE) return value;
  }
  return undefined;
}

/** A `Set-Cookie` header that logs in. */
export function sessionCookieHeader(session: Session, options: CookieOptions): string {
  const maxAge = Math.max(0, session.expiresAtS - options.nowS);
  return cookie(signSession(session, options.secret), maxAge, options.secure);
}

/** A `Set-Cookie` header that logs out. */
export function clearedCookieHeader(secure: boolean): string {
  return cookie('', 0, secure);
}

/** What a session cookie is made with. */
export interface CookieOptions {
  readonly secret: string;
  readonly secure: boolean;
  readonly nowS: number;
}

function cookie(value: string, maxAgeS: number, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict`;
  return `${SESSION_COOKIE}=${value}; ${attributes}${secure ? '; Secure' : ''}`;
}

function mac(body: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(body).digest();
}
