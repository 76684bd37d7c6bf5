import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { SESSION_SECRET } from './dashboard-http.js';

/** The dashboard as it ships: its own process, pages by Next.js from the build. */
export class DashboardProcess {
  private constructor(
    private readonly child: ChildProcessByStdio<null, Readable, null>,
    readonly url: string,
  ) {}

  /** Starts it against a control plane on a free port; ready when it says so. */
  static async start(controlPlane: string, token: string): Promise<DashboardProcess> {
    const main = join(import.meta.dirname, '../../services/dashboard/server/main.js');
    const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        KUBEHERO_SERVER: controlPlane,
        KUBEHERO_TOKEN: token,
        KUBEHERO_SESSION_SECRET: SESSION_SECRET,
        KUBEHERO_HTTP_LISTEN: '127.0.0.1:0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{')) continue;
      const { event, url } = JSON.parse(line) as { event: string; url: string };
      if (event !== 'ready') continue;
      child.stdout.resume();
      return new DashboardProcess(child, url);
    }
    throw new Error(`the dashboard ended with ${String(child.exitCode)} before it was ready`);
  }

  /** Process id. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Stops it as `kubehero up` does; gives its exit code and how long that took. */
  async stop(): Promise<{ readonly code: number | null; readonly ms: number }> {
    const from = performance.now();
    const ended = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill('SIGTERM');
    const [code] = await ended;
    return { code, ms: performance.now() - from };
  }
}
