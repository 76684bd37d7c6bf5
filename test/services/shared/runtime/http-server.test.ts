import { afterEach, describe, expect, it } from '@jest/globals';
import {
  bearerTokenGuard,
  equalSecrets,
  HttpServer,
  Metrics,
  readRequestBody,
  silentLogger,
  sleep,
  type HttpRoute,
  type HttpServerOptions,
} from '@kubehero/runtime';
import { connect } from 'node:net';

const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(AbortSignal.abort());
});

async function serve(
  routes: readonly HttpRoute[],
  options: Partial<HttpServerOptions> = {},
): Promise<HttpServer> {
  const server = new HttpServer({ listen: { host: '127.0.0.1', port: 0 }, logger: silentLogger, ...options });
  for (const route of routes) server.route(route);
  await server.start();
  servers.push(server);
  return server;
}

async function get(server: HttpServer, path: string, init: RequestInit = {}): Promise<[number, string]> {
  const response = await fetch(`${server.url}${path}`, init);
  return [response.status, await response.text()];
}

describe('http server', () => {
  it('answers health, readiness with its reason, and metrics', async () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'kubehero_test_total', help: 'a test' }).inc(3);
    let ready = false;
    const readiness = (): { ready: boolean; detail: string } => ({
      ready,
      detail: ready ? 'ok' : 'no leader',
    });
    const server = await serve([], { metrics, readiness });
    expect(await get(server, '/healthz')).toEqual([200, 'ok\n']);
    expect(await get(server, '/readyz')).toEqual([503, 'no leader\n']);
    ready = true;
    expect(await get(server, '/readyz')).toEqual([200, 'ok\n']);
    const [status, page] = await get(server, '/metrics');
    expect(status).toBe(200);
    expect(page).toContain('kubehero_test_total 3');
  });

  it('routes by method and path, exact before prefix, and tells 404 from 405', async () => {
    const text = (body: string): HttpRoute['handler'] => {
      return (_, response) => void response.end(body);
    };
    const server = await serve([
      { method: 'GET', path: '/a', handler: text('exact') },
      { method: 'GET', path: '/*', handler: text('prefix') },
      { method: 'GET', path: '/a/b/*', handler: text('longest') },
      { method: 'POST', path: '/only', handler: text('post') },
    ]);
    expect(await get(server, '/a?x=1')).toEqual([200, 'exact']);
    expect(await get(server, '/z')).toEqual([200, 'prefix']);
    expect(await get(server, '/a/b/c')).toEqual([200, 'longest']);
    expect((await get(server, '/a', { method: 'DELETE' }))[0]).toBe(405);
    expect((await get(server, '/nothing', { method: 'POST' }))[0]).toBe(404);
    expect(() => {
      server.route({ method: 'GET', path: '/a', handler: text('again') });
    }).toThrow('twice');
  });

  it('lets in whoever shows the token, and nobody else', async () => {
    const guard = bearerTokenGuard('first', 'second');
    const server = await serve([
      { method: 'GET', path: '/secret', guard, handler: (_, response) => void response.end('in') },
    ]);
    const status = async (authorization?: string): Promise<number> =>
      (await get(server, '/secret', authorization === undefined ? {} : { headers: { authorization } }))[0];
    expect(await status('Bearer first')).toBe(200);
    expect(await status('bearer second')).toBe(200);
    for (const bad of [
      undefined,
      'Bearer',
      'Bearer firs',
      'Bearer first second',
      'Basic first',
      'Bearer third',
    ]) {
      expect(await status(bad)).toBe(401);
    }
    expect(() => bearerTokenGuard('')).toThrow('empty');
    expect([equalSecrets('a', 'a'), equalSecrets('a', 'ab'), equalSecrets('', '')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('bounds request bodies, declared or not', async () => {
    const server = await serve([
      {
        method: 'POST',
        path: '/echo',
        handler: async (request, response) => {
          response.end(await readRequestBody(request, 100));
        },
      },
    ]);
    expect(await get(server, '/echo', { method: 'POST', body: 'x'.repeat(100) })).toEqual([
      200,
      'x'.repeat(100),
    ]);
    expect((await get(server, '/echo', { method: 'POST', body: 'x'.repeat(101) }))[0]).toBe(413);
    const stream = new ReadableStream({
      start(controller): void {
        for (let chunk = 0; chunk < 3; chunk += 1) controller.enqueue(Buffer.alloc(50));
        controller.close();
      },
    });
    const chunked = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    expect((await get(server, '/echo', chunked))[0]).toBe(413);
  });

  it('hides what went wrong inside, and answers malformed requests', async () => {
    const server = await serve([
      {
        method: 'GET',
        path: '/broken',
        handler: () => {
          throw new Error('secret path /etc/x');
        },
      },
    ]);
    expect(await get(server, '/broken')).toEqual([500, '{"message":"internal error"}\n']);
    const raw = await new Promise<string>((resolve) => {
      const socket = connect(server.address.port, '127.0.0.1', () =>
        socket.write('GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n'),
      );
      socket.once('data', (data) => {
        resolve(data.toString());
        socket.destroy();
      });
    });
    expect(raw).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('says in one sentence what to do when the port is taken', async () => {
    const first = await serve([]);
    const second = new HttpServer({ listen: first.address, logger: silentLogger });
    await expect(second.start()).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      exitCode: 1,
      message: `cannot listen on 127.0.0.1:${first.address.port}: another program uses the port: stop it, or give another address with --http`,
    });
  });

  it('drains: what is under way is answered, long responses end, new connections are refused', async () => {
    let finish: () => void = () => undefined;
    const server = await serve([
      {
        method: 'GET',
        path: '/slow',
        handler: async (_, response) => {
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
          response.end('done');
        },
      },
      {
        method: 'GET',
        path: '/live',
        handler: (_, response, { signal }) => {
          response.writeHead(200).write('first');
          signal.addEventListener('abort', () => response.end('last'));
        },
      },
    ]);
    const { url } = server;
    const slow = get(server, '/slow');
    const live = get(server, '/live');
    await sleep(100);
    const stopped = server.stop();
    expect(await live).toEqual([200, 'firstlast']);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    finish();
    expect(await slow).toEqual([200, 'done']);
    await stopped;
  });

  it('cuts what is left at the deadline', async () => {
    const server = await serve([
      { method: 'GET', path: '/hang', handler: () => new Promise(() => undefined) },
    ]);
    const hanging = get(server, '/hang');
    hanging.catch(() => undefined);
    await sleep(50);
    const deadline = new AbortController();
    setTimeout(() => {
      deadline.abort();
    }, 100);
    await server.stop(deadline.signal);
    await expect(hanging).rejects.toThrow();
  });
});
