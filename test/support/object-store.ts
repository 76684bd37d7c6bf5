import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of an S3-compatible store that ClickHouse's backups use, in memory, without authentication. */
export class ObjectStore {
  readonly #objects = new Map<string, Buffer>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Listens on a free port of the loopback address. */
  static async start(): Promise<ObjectStore> {
    const store = new ObjectStore();
    await new Promise<void>((resolve) => store.#server.listen(0, '127.0.0.1', resolve));
    return store;
  }

  /** URL of a bucket; any name will do. */
  urlOf(bucket: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${bucket}/`;
  }

  /** Keys with their bucket, sorted. */
  get keys(): string[] {
    return [...this.#objects.keys()].sort();
  }

  /** Puts an object as another client would. */
  put(key: string, content: string): void {
    this.#objects.set(key, Buffer.from(content));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const key = decodeURIComponent(url.pathname.slice(1));
    if (request.method === 'PUT') {
      this.#objects.set(key, Buffer.concat(body));
      response.writeHead(200, { etag: '"0"' }).end();
    } else if (request.method === 'DELETE') {
      this.#objects.delete(key);
      response.writeHead(204).end();
    } else if (url.searchParams.has('list-type')) {
      response.end(this.#list(key.replace(/\/$/, ''), url.searchParams.get('prefix') ?? ''));
    } else this.#read(request, response, this.#objects.get(key));
  }

  #list(bucket: string, prefix: string): string {
    const found = this.keys.filter((key) => key.startsWith(`${bucket}/${prefix}`));
    const contents = found.map(
      (key) => `<Contents><Key>${key.slice(bucket.length + 1)}</Key><Size>1</Size></Contents>`,
    );
    return `<?xml version="1.0"?><ListBucketResult><Name>${bucket}</Name><KeyCount>${found.length}</KeyCount><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
  }

  #read({ method, headers }: IncomingMessage, response: ServerResponse, object: Buffer | undefined): void {
    const head = method === 'HEAD';
    if (object === undefined) {
      const error =
        '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>';
      response.writeHead(404, { 'content-type': 'application/xml' }).end(head ? undefined : error);
      return;
    }
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const part = object.subarray(start, to ? Number(to) + 1 : object.length);
    response
      .writeHead(from === undefined ? 200 : 206, {
        'content-length': part.length,
        'content-range': `bytes ${start}-${start + part.length - 1}/${object.length}`,
        etag: '"0"',
      })
      .end(head ? undefined : part);
  }
}
