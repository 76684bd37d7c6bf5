import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DashboardServer } from '@kubehero/dashboard';
import { signSession } from '../../services/dashboard/server/session/session-cookie.js';

/** Key of the sessions of dashboards in tests. */
export const SESSION_SECRET = 'a session secret of tests, 32+ characters';

/** A dashboard's server without Next.js: pages are one word, everything else is real. */
export interface PlainDashboard {
  readonly url: string;
  readonly logs: readonly string[];
  stop(): Promise<void>;
}

/** Starts one against a control plane. */
export async function startPlainDashboard(controlPlane: string, token: string): Promise<PlainDashboard> {
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-dashboard-'));
  await mkdir(join(folder, '.next/static/chunks'), { recursive: true });
  await writeFile(join(folder, '.next/static/chunks/page.js'), 'export {};\n'.repeat(1000));
  const logs: string[] = [];
  const server = new DashboardServer({
    config: {
      controlPlaneUrl: new URL(controlPlane),
      token,
      sessionSecret: SESSION_SECRET,
      host: '127.0.0.1',
      port: 0,
      secureCookies: false,
    },
    folder,
    log: (message) => logs.push(message),
    createPages: async () => async (_request, response) => void response.end('page'),
  });
  const url = await server.start();
  return { url, logs, stop: () => server.stop().then(() => rm(folder, { recursive: true })) };
}

/** A `Cookie` header of somebody who is logged in. */
export function sessionCookie(secret = SESSION_SECRET, forSeconds = 3600): string {
  const expiresAtS = Math.floor(Date.now() / 1000) + forSeconds;
  return `kubehero_session=${signSession({ subject: 'tester', expiresAtS }, secret)}`;
}

/** An event of a dashboard's stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Opens a stream and hands over its events until it is closed. */
export class StreamReader {
  readonly events: StreamEvent[] = [];
  closed = false;
  /** Takes each event instead of `events`, where set: for streams that are read for long. */
  onEvent: ((event: StreamEvent) => void) | undefined;
  private readonly waiting = new Set<() => void>();
  private rest = '';

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.on('close', () => {
      this.closed = true;
      this.wake();
    });
    response.on('error', () => (this.closed = true));
  }

  /** Opens the stream at a URL as somebody who is logged in. */
  static open(url: string, cookie = sessionCookie()): Promise<StreamReader> {
    return new Promise((resolve, reject) => {
      const call = request(url, { headers: { cookie }, agent: false }, (response) =>
        resolve(new StreamReader(response)),
      );
      call.on('error', reject);
      call.end();
    });
  }

  /** The first event, past ones too, that meets the condition; fails after a time. */
  async find(matches: (event: StreamEvent) => boolean, timeoutMs = 20_000): Promise<StreamEvent> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = this.events.find(matches);
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0 || this.closed)
        throw new Error(`no such event; got ${this.events.map(({ event }) => event).join()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.add(() => (clearTimeout(timer), resolve()));
      });
    }
  }

  /** Closes the stream. */
  close(): void {
    this.response.destroy();
  }

  private take(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined)
        this.deliver({ event, data: JSON.parse(data) as unknown });
    }
    this.wake();
  }

  private deliver(event: StreamEvent): void {
    if (this.onEvent === undefined) this.events.push(event);
    else this.onEvent(event);
  }

  private wake(): void {
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }
}
