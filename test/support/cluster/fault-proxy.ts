import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';

/** A call on its way to the API server. */
export interface ProxiedCall {
  readonly method: string;
  readonly path: string;
}

/** What becomes of a call. */
export type Fate =
  | 'pass'
  /** Cut before the server hears of it. */
  | 'cut-before'
  /** Cut after the server did it, before the caller hears of it. */
  | 'cut-after'
  /** Never answered. */
  | 'hang'
  /** Answered by the proxy. */
  | { readonly status: number; readonly retryAfterS?: number };

/** A way to an API server on which things go wrong. */
export class FaultProxy {
  readonly #server: Server;
  readonly #agent: Agent;
  /** Decides about each call; may take its time. */
  decide: (call: ProxiedCall) => Fate | Promise<Fate> = () => 'pass';

  private constructor(
    private readonly target: URL,
    ca: string,
  ) {
    this.#agent = new Agent({ keepAlive: true, ca });
    this.#server = createServer((incoming, answer) => {
      this.#handle(incoming, answer).catch(() => answer.destroy());
    });
  }

  /** Starts a proxy on a free port of the loopback address. */
  static async start(target: string, ca: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(target), ca);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Closes every connection, as a restart of the API server does to watches. */
  cutAll(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const fate = await this.decide({ method: incoming.method ?? '', path: incoming.url ?? '' });
    if (fate === 'hang') return;
    if (fate === 'cut-before') answer.destroy();
    else if (typeof fate === 'object') this.#refuse(fate, answer);
    else await this.#forward({ incoming, answer, body: Buffer.concat(chunks), isCut: fate === 'cut-after' });
  }

  #refuse({ status, retryAfterS }: Exclude<Fate, string>, answer: ServerResponse): void {
    answer.writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }),
    });
    answer.end(JSON.stringify({ kind: 'Status', status: 'Failure', message: 'injected', code: status }));
  }

  #forward(call: {
    readonly incoming: IncomingMessage;
    readonly answer: ServerResponse;
    readonly body: Buffer;
    readonly isCut: boolean;
  }): Promise<void> {
    const { incoming, answer, body, isCut } = call;
    return new Promise((resolve, reject) => {
      const { host: _host, connection: _connection, ...headers } = incoming.headers;
      const outgoing = request(new URL(incoming.url ?? '/', this.target), {
        method: incoming.method ?? 'GET',
        headers,
        agent: this.#agent,
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        response.on('error', reject);
        response.on('end', resolve);
        if (isCut) {
          response.resume();
          response.on('end', () => answer.destroy());
          return;
        }
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
        answer.on('close', () => {
          if (!response.complete) outgoing.destroy();
        });
      });
      outgoing.end(body);
    });
  }
}
