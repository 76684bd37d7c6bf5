import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { environmentNames } from '@kubehero/contract';
import { toListenError } from '@kubehero/runtime';
import { prepareNext, type DashboardConfig } from './config.js';
import { ControlPlaneClient } from './control-plane-client.js';
import { Router } from './http/router.js';
import { StaticFiles } from './http/static-files.js';
import { LiveHub } from './live/live-hub.js';
import { QueryCache } from './queries/query-cache.js';
import { TopReader } from './queries/top-query.js';
import { Login } from './session/login.js';

const CACHED_QUERIES = 64;
const DRAIN_MS = 1000;
/** How a person gives the address: to the whole product, and to this program alone. */
const LISTEN_FLAGS = `--dashboard of 'kubehero up', or ${environmentNames.httpListen}`;

/** What the server asks of its surroundings. */
export interface DashboardServerOptions {
  readonly config: DashboardConfig;
  /** The dashboard's folder, with the build in `.next`. */
  readonly folder: string;
  readonly log: (message: string) => void;
  /** Makes what renders pages. @default - Next.js on the folder's build */
  readonly createPages?: (folder: string) => Promise<PageHandler>;
}

/** Renders a page for a request that may see it. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The dashboard: pages by Next.js, live streams and queries by our own handlers, all behind one gate. */
export class DashboardServer {
  private readonly hub: LiveHub;
  private readonly client: ControlPlaneClient;
  private server: Server | undefined;

  constructor(private readonly options: DashboardServerOptions) {
    this.client = new ControlPlaneClient(options.config);
    this.hub = new LiveHub({ client: this.client, log: options.log });
  }

  /**
   * Listens; gives the URL with the port that was taken.
   *
   * @throws UserError with the codes of ListenErrorCode
   */
  async start(): Promise<string> {
    const { config, folder } = this.options;
    const page = await (this.options.createPages ?? createNextPages)(folder);
    const files = await StaticFiles.open(path.join(folder, '.next'));
    const router = this.createRouter(files, page);
    this.server = createServer((request, response) => void router.handle(request, response));
    this.server.listen(config.port, config.host);
    await once(this.server, 'listening').catch((error: unknown) => {
      throw toListenError(error as Error, config, LISTEN_FLAGS);
    });
    this.hub.start();
    files.warm().catch((error: unknown) => this.options.log(`cannot read the build: ${String(error)}`));
    const { port } = this.server.address() as AddressInfo;
    return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  }

  /** Ends the streams, lets running requests finish for a second, closes. */
  async stop(): Promise<void> {
    await this.hub.stop();
    const { server } = this;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearTimeout(force);
  }

  private createRouter(files: StaticFiles, page: PageHandler): Router {
    const { config, log } = this.options;
    const { client, hub } = this;
    const cache = new QueryCache(CACHED_QUERIES);
    const { sessionSecret } = config;
    const login = new Login({ client, secret: sessionSecret, secure: config.secureCookies });
    const top = new TopReader(client, cache);
    return new Router({ client, hub, top, cache, login, files, sessionSecret, page, log });
  }
}

/**
 * Next.js is loaded here, not at the top, so that the environment is prepared before it looks. It gets the settings
 * that the build recorded: nothing but the build is read, in a checkout and in an image alike.
 */
async function createNextPages(folder: string): Promise<PageHandler> {
  const record = await readFile(path.join(folder, '.next/required-server-files.json'), 'utf8');
  prepareNext((JSON.parse(record) as { config: unknown }).config);
  const { default: next } = await import('next');
  const app = (next as unknown as typeof next.default)({ dev: false, dir: folder, quiet: true });
  await app.prepare();
  return app.getRequestHandler();
}
