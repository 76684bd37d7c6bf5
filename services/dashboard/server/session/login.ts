import type { IncomingMessage, ServerResponse } from 'node:http';
import { ControlPlaneError, type ControlPlaneClient } from '../control-plane-client.js';
import { readJsonBody, replyFault, replyJson, type Fault } from '../http/reply.js';
import { FOREIGN, isSameOrigin } from '../http/same-origin.js';
import { clearedCookieHeader, sessionCookieHeader, type Session } from './session-cookie.js';

const REDEEM = 'kubehero.admin.v1.SessionService/Redeem';
const MAX_BODY_BYTES = 4096;
const MAX_TOKEN_CHARACTERS = 512;
const MAX_ATTEMPTS_PER_MINUTE = 30;

/** What logging in asks of its surroundings. */
export interface LoginOptions {
  readonly client: Pick<ControlPlaneClient, 'call'>;
  readonly secret: string;
  readonly secure: boolean;
}

/** Trades the one-time token of a login link for a session cookie. The control plane decides; the token works once. */
export class Login {
  private attempts = 0;
  private minute = 0;

  constructor(private readonly options: LoginOptions) {}

  /** POST: `{"token": …}`. Sets the cookie and answers with the session's end, or with a fault. */
  async open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.admit(request) ?? (await this.redeem(request, response));
    if (fault !== undefined) await replyFault(request, response, fault);
  }

  /** DELETE: forgets the cookie. */
  async close(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isSameOrigin(request)) return replyFault(request, response, FOREIGN);
    response.setHeader('Set-Cookie', clearedCookieHeader(this.options.secure));
    await replyJson(request, response, {});
  }

  private admit(request: IncomingMessage): Fault | undefined {
    if (!isSameOrigin(request)) return FOREIGN;
    const minute = Math.floor(Date.now() / 60_000);
    this.attempts = minute === this.minute ? this.attempts + 1 : 1;
    this.minute = minute;
    if (this.attempts <= MAX_ATTEMPTS_PER_MINUTE) return undefined;
    return { status: 429, code: 'TOO_MANY', message: 'too many attempts: wait a minute' };
  }

  private async redeem(request: IncomingMessage, response: ServerResponse): Promise<Fault | undefined> {
    const body = (await readJsonBody(request, MAX_BODY_BYTES)) as { token?: unknown } | undefined;
    const token = body?.token;
    if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN_CHARACTERS) return UNUSABLE;
    try {
      const session = toSession(await this.options.client.call(REDEEM, { token }));
      const { secret, secure } = this.options;
      response.setHeader(
        'Set-Cookie',
        sessionCookieHeader(session, { secret, secure, nowS: Date.now() / 1000 }),
      );
      await replyJson(request, response, { expiresAtS: session.expiresAtS });
      return undefined;
    } catch (error) {
      return toLoginFault(error);
    }
  }
}

const UNUSABLE: Fault = {
  status: 401,
  code: 'UNAUTHENTICATED',
  message: 'this login link was used already or is too old: ask for a new one',
};

function toLoginFault(error: unknown): Fault {
  if (!(error instanceof ControlPlaneError)) throw error;
  if (error.code === 'REFUSED' || error.code === 'UNAUTHENTICATED') return UNUSABLE;
  return { status: 502, code: 'CONTROL_PLANE_UNAVAILABLE', message: error.message };
}

function toSession(answer: unknown): Session {
  const { subject, expiresAtS } = answer as { subject?: unknown; expiresAtS?: unknown };
  const end = Number(expiresAtS);
  if (typeof subject === 'string' && Number.isSafeInteger(end)) return { subject, expiresAtS: end };
  throw new ControlPlaneError('MALFORMED', "control plane's answer has no session");
}
