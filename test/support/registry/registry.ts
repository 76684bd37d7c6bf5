import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from '../tools/find-tool.js';
import { mediaTypes, type StandInImage } from './stand-in-images.js';

/** A real OCI registry (distribution) on a free port of the loopback address. */
export class Registry {
  private constructor(
    /** `host:port`. */
    readonly host: string,
    private readonly dir: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Starts a registry; with `htpasswd` lines it asks for basic credentials.
   * @throws Error when it does not answer in time
   */
  static async start(options: { readonly htpasswd?: string } = {}): Promise<Registry> {
    const dir = mkdtempSync(join(tmpdir(), 'kubehero-registry-'));
    const port = await freePort();
    if (options.htpasswd) writeFileSync(join(dir, 'htpasswd'), options.htpasswd);
    const config = {
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(dir, 'data') } },
      http: { addr: `127.0.0.1:${port}` },
      ...(options.htpasswd ? { auth: { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } } } : {}),
    };
    writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
    const child = spawn(findTool('docker-registry'), ['serve', join(dir, 'config.json')], {
      stdio: 'ignore',
    });
    const registry = new Registry(`127.0.0.1:${port}`, dir, child);
    for (const until = Date.now() + 20_000; Date.now() < until; await sleep(50)) {
      const answer = await fetch(`http://${registry.host}/v2/`).catch(() => undefined);
      if (answer) return registry;
    }
    await registry.stop();
    throw new Error('the registry does not answer after 20 s');
  }

  /** Uploads an image under a path, every blob first. */
  async push(image: StandInImage, path: string): Promise<void> {
    for (const blob of image.blobs) {
      const opened = await this.#send('POST', `/v2/${path}/blobs/uploads/`);
      const location = new URL(opened.headers.get('location') ?? '', `http://${this.host}`);
      location.searchParams.set('digest', blob.digest);
      await this.#send('PUT', location.href, blob.content, 'application/octet-stream');
    }
    for (const { digest, manifest } of Object.values(image.platforms)) {
      await this.#send('PUT', `/v2/${path}/manifests/${digest}`, manifest, mediaTypes.manifest);
    }
    await this.#send('PUT', `/v2/${path}/manifests/${image.tag}`, image.manifest, mediaTypes.index);
  }

  async #send(method: string, path: string, body?: Buffer, type?: string): Promise<Response> {
    const answer = await fetch(new URL(path, `http://${this.host}`), {
      method,
      ...(body ? { body: new Uint8Array(body) } : {}),
      ...(type ? { headers: { 'content-type': type } } : {}),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** Ends the registry and removes what it held. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
      this.child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
