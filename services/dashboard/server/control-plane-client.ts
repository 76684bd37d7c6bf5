import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Why the control plane did not answer as asked. */
export type ControlPlaneErrorCode = 'UNAVAILABLE' | 'REFUSED' | 'UNAUTHENTICATED' | 'MALFORMED';

/** The control plane could not be reached, or refused; `code` says which. */
export class ControlPlaneError extends Error {
  constructor(
    readonly code: ControlPlaneErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Address of a control plane. */
export interface ControlPlaneAddress {
  readonly controlPlaneUrl: URL;
  readonly token: string;
}

const CALL_TIMEOUT_MS = 10_000;
/** The stream sends a comment every 10 s at least. */
const SILENCE_TIMEOUT_MS = 25_000;

/** Calls the control plane: Connect protocol (JSON over POST), and its live stream. Keeps no state. */
export class ControlPlaneClient {
  constructor(private readonly address: ControlPlaneAddress) {}

  /**
   * Calls a method, e.g. `kubehero.query.v1.LiveService/ListTop`.
   * @param timeoutMs - the deadline. @default 10 s
   * @throws ControlPlaneError
   */
  async call(method: string, body: unknown, timeoutMs = CALL_TIMEOUT_MS): Promise<unknown> {
    const response = await this.post(method, body, AbortSignal.timeout(timeoutMs));
    const answer: unknown = await response.json().catch((cause: unknown) => {
      throw new ControlPlaneError('MALFORMED', `control plane's answer to ${method} is not JSON`, { cause });
    });
    if (!response.ok) throw refusal(response.status, answer);
    return answer;
  }

  /**
   * Opens the live stream of a grouping; gives its response when the headers are there.
   * @throws ControlPlaneError
   */
  openLive(by: string, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(`live?by=${encodeURIComponent(by)}`, withSlash(this.address.controlPlaneUrl));
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { authorization: `Bearer ${this.address.token}`, accept: 'text/event-stream' };
    return new Promise((resolve, reject) => {
      const call = request(url, { headers, signal, agent: false }, (response) => {
        call.setTimeout(SILENCE_TIMEOUT_MS);
        if (response.statusCode === 200) return resolve(response);
        response.resume();
        reject(refusal(response.statusCode ?? 0, undefined));
      });
      call.setTimeout(CALL_TIMEOUT_MS, () => call.destroy(new Error('silent for too long')));
      call.on('error', (cause) => reject(unreachable(this.address.controlPlaneUrl, cause)));
      call.end();
    });
  }

  private async post(method: string, body: unknown, signal: AbortSignal): Promise<Response> {
    const headers = { authorization: `Bearer ${this.address.token}`, 'content-type': 'application/json' };
    const url = new URL(method, withSlash(this.address.controlPlaneUrl));
    try {
      return await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
    } catch (cause) {
      throw unreachable(this.address.controlPlaneUrl, cause);
    }
  }
}

function withSlash(url: URL): URL {
  return url.href.endsWith('/') ? url : new URL(`${url.href}/`);
}

function unreachable(url: URL, cause: unknown): ControlPlaneError {
  return new ControlPlaneError('UNAVAILABLE', `control plane at ${url.host} cannot be reached`, { cause });
}

function refusal(status: number, answer: unknown): ControlPlaneError {
  const message = (answer as { message?: unknown } | undefined)?.message;
  const text = typeof message === 'string' ? message : `control plane answered with status ${status}`;
  if (status === 401) return new ControlPlaneError('UNAUTHENTICATED', text);
  return new ControlPlaneError(status >= 500 ? 'UNAVAILABLE' : 'REFUSED', text);
}
