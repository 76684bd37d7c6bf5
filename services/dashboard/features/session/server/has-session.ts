import { cookies } from 'next/headers.js';
import { processEnvironment, readSessionSecret } from '../../../server/config.js';
import { SESSION_COOKIE, verifySession } from '../../../server/session/session-cookie.js';

/**
 * True where the request being rendered carries a session. The server's gate has looked already; each page looks
 * again, so that it shows nothing either where something else than our server serves the build.
 */
export async function hasSession(): Promise<boolean> {
  const cookie = (await cookies()).get(SESSION_COOKIE)?.value;
  if (cookie === undefined) return false;
  return verifySession(cookie, readSessionSecret(processEnvironment()), Date.now() / 1000) !== undefined;
}
