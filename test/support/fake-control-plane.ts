import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeBudgets } from './fake-budgets.js';
import { createFleet, type FakeFleet, type FleetSize } from './fake-fleet.js';
import { FakeLiveStream, type FakeConditions } from './fake-live-stream.js';
import { fakePrices } from './fake-prices.js';
import { FakeTop } from './fake-top.js';

/** What a fake control plane starts with. */
export interface FakeControlPlaneOptions extends FleetSize {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly token?: string;
  /** Gaps before the start, in seconds before now: `[from, to)`. */
  readonly gaps?: readonly (readonly [from: number, to: number])[];
  /** Spans in which some nodes were silent, in seconds before now, and how many. */
  readonly silent?: readonly (readonly [from: number, to: number, nodes: number])[];
  readonly unpricedNodes?: number;
}

interface Listener {
  readonly response: ServerResponse;
  readonly stream: FakeLiveStream;
}

/**
 * A control plane as the dashboard sees it: queries by the Connect protocol, the live stream, one-time tokens.
 * It keeps the real one's contract over real HTTP; its fleet is a pure function of the time, so tests can expect
 * exact figures.
 */
export class FakeControlPlane {
  /** Bearer token that it takes. */
  readonly token: string;
  readonly fleet: FakeFleet;
  readonly budgets: FakeBudgets;
  /** While true no second is sent: a gap. */
  muted = false;
  /** While true it refuses everything, as a control plane that starts. */
  unavailable = false;
  /** Is told of each second before it is sent. */
  onEmit: (second: number) => void = () => undefined;
  /** How many live streams were ever opened. */
  openedStreams = 0;
  private readonly startedAt = Math.floor(Date.now() / 1000);
  private readonly mutedSeconds = new Set<number>();
  private readonly loginTokens = new Set<string>();
  private readonly listeners = new Set<Listener>();
  private readonly server: Server;
  private readonly top: FakeTop;
  private timer: NodeJS.Timeout | undefined;
  private emittedSecond = this.startedAt;

  constructor(private readonly options: FakeControlPlaneOptions) {
    this.token = options.token ?? 'fake-bearer-token';
    this.fleet = createFleet(options);
    this.top = new FakeTop(this.fleet);
    this.budgets = new FakeBudgets(this.startedAt, options.pods === 0);
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  /** Listens and begins to tick; gives its URL. */
  async start(): Promise<string> {
    this.server.listen(this.options.port ?? 0, '127.0.0.1');
    await once(this.server, 'listening');
    this.timer = setInterval(() => this.advance(), 100);
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Closes at once. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close').catch(() => undefined);
  }

  /** Makes a token that logs in once. */
  issueLoginToken(token: string): string {
    this.loginTokens.add(token);
    return token;
  }

  /** Breaks every live stream. */
  disconnect(): void {
    for (const { response } of this.listeners) response.destroy();
  }

  /** Open live streams. */
  get streams(): number {
    return this.listeners.size;
  }

  private advance(): void {
    const now = Math.floor(Date.now() / 1000);
    while (this.emittedSecond < now) {
      this.emittedSecond += 1;
      if (this.muted) this.mutedSeconds.add(this.emittedSecond);
      this.onEmit(this.emittedSecond);
      for (const listener of this.listeners) emit(listener, this.emittedSecond);
    }
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake.invalid');
    if (this.unavailable) return reply(response, 503, { code: 'unavailable', message: 'starting' });
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      return reply(response, 401, { code: 'unauthenticated', message: 'bearer token is not known' });
    }
    if (url.pathname === '/live') return this.live(response, url.searchParams.get('by') ?? 'namespace');
    const body = JSON.parse(await readText(request)) as Record<string, unknown>;
    if (url.pathname.endsWith('/ListTop'))
      return reply(response, 200, this.top.list(body, this.emittedSecond));
    if (url.pathname.endsWith('/ListNodes')) return reply(response, 200, { nodes: this.nodes() });
    const budgets = this.budgets.answer(url.pathname, body);
    if (budgets !== undefined) return reply(response, budgets.status, budgets.body);
    const prices = fakePrices(url.pathname, body);
    if (prices !== undefined) return reply(response, 200, prices);
    if (url.pathname.endsWith('/Redeem')) return this.redeem(response, body['token']);
    reply(response, 404, { code: 'unimplemented', message: 'no such method' });
  }

  private live(response: ServerResponse, by: string): void {
    this.openedStreams += 1;
    const listener = { response, stream: new FakeLiveStream(this.fleet, by, this.conditions()) };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: snapshot\ndata: ${listener.stream.snapshot(this.emittedSecond)}\n\n: ready\n\n`);
    this.listeners.add(listener);
    response.on('close', () => this.listeners.delete(listener));
  }

  private conditions(): FakeConditions {
    const { options, startedAt } = this;
    const within = (second: number, [from, to]: readonly [number, number, ...unknown[]]): boolean =>
      second >= startedAt - from && second < startedAt - to;
    return {
      isGap: (second) =>
        this.mutedSeconds.has(second) || (options.gaps ?? []).some((gap) => within(second, gap)),
      silentNodes: (second) => (options.silent ?? []).find((span) => within(second, span))?.[2] ?? 0,
      unpricedNodes: options.unpricedNodes ?? 0,
    };
  }

  private nodes(): unknown[] {
    const { startedAt, options } = this;
    const instant = (second: number): string => new Date(second * 1000).toISOString();
    return this.fleet.nodes.map((name, at) => ({
      cluster: this.fleet.cluster,
      nodeUid: `uid-${name}`,
      name,
      firstSecond: instant(startedAt - 86_400),
      lastSecond: instant(this.emittedSecond),
      ...(this.muted ? { silentS: Math.floor(Date.now() / 1000) - this.emittedSecond + 10 } : {}),
      source: 'SOURCE_BPF',
      priceSource: at < (options.unpricedNodes ?? 0) ? '' : 'annotation',
      ...(at < (options.unpricedNodes ?? 0) ? {} : { pricePerHourUsd: '0.384' }),
      gaps: (options.silent ?? [])
        .filter(([, , nodes]) => at < nodes)
        .map(([from, to]) => ({
          from: instant(startedAt - from),
          to: instant(startedAt - to),
          charged: true,
        })),
    }));
  }

  private redeem(response: ServerResponse, token: unknown): void {
    if (typeof token !== 'string' || !this.loginTokens.delete(token)) {
      return reply(response, 401, { code: 'unauthenticated', message: 'login token is not known' });
    }
    reply(response, 200, { subject: 'operator', expiresAtS: String(Math.floor(Date.now() / 1000) + 43_200) });
  }
}

function emit({ response, stream }: Listener, second: number): void {
  const tick = stream.tick(second);
  if (tick === undefined) return void response.write(': keep-alive\n\n');
  response.write(`event: tick\nid: ${second}\ndata: ${JSON.stringify(tick)}\n\n`);
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString() || '{}';
}
