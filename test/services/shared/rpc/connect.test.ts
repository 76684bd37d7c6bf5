import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  admin,
  connectRoutes,
  createConnectClient,
  implement,
  query,
  RpcError,
  type CallContext,
} from '@kubehero/rpc';
import { bearerTokenGuard, HttpServer, silentLogger } from '@kubehero/runtime';
import { request as httpRequest } from 'node:http';
import { gunzipSync, gzipSync } from 'node:zlib';

const TOKEN = 'correct-horse';
let server: HttpServer;
let lastCall: CallContext | undefined;

beforeAll(async () => {
  const services = [
    implement(query.CostService, {
      GetCost: async (request, context) => {
        lastCall = context;
        if (request.from === 'slow') await new Promise(() => undefined);
        if (request.from === 'broken') throw new TypeError('secret detail');
        if (request.from === 'none') throw new RpcError('not_found', 'nothing was measured then');
        return {
          window: { from: request.from, to: request.to },
          coverage: { expectedNodeSeconds: '18446744073709551615', observedNodeSeconds: 3 },
          rows: request.by.map((key) => ({ keys: { [key]: 'x'.repeat(2000) }, cpuCoreSeconds: 1.5 })),
        };
      },
      ListNodes: () => Promise.resolve({ nodes: [{ cluster: 'c' }, { pricePerHourUsd: '0' }] }),
    }),
    implement(admin.ClusterService, {
      AddCluster: (request) => Promise.resolve({ clusterId: request.labels['id'] }),
      ListClusters: () => Promise.resolve({}),
      RemoveCluster: () => Promise.resolve({}),
      RotateCluster: () => Promise.resolve({}),
    }),
  ];
  server = new HttpServer({ listen: { host: '127.0.0.1', port: 0 }, logger: silentLogger });
  const authorize = bearerTokenGuard(TOKEN);
  const options = { authorize, logger: silentLogger, maxRequestBytes: 10_000 };
  for (const route of connectRoutes(services, options)) server.route(route);
  await server.start();
});

afterAll(() => server.stop());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

async function post(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${server.url}/kubehero.query.v1.CostService/GetCost`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
    body,
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

describe('Connect protocol', () => {
  it('answers a unary call in JSON with every field present and 64-bit integers as strings', async () => {
    const { status, headers, json } = await post('{"from":"a","to":"b"}');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(json).toEqual({
      window: { from: 'a', to: 'b' },
      currency: '',
      coverage: { expectedNodeSeconds: '18446744073709551615', observedNodeSeconds: '3' },
      rows: [],
      idle: null,
      unobserved: null,
      unpriced: null,
      total: null,
    });
    expect(lastCall?.caller).toEqual({ kind: 'token' });
  });

  it('leaves out optional fields that are absent, and keeps those that hold their default', async () => {
    const client = createConnectClient({ server: server.url, token: TOKEN }).client(query.CostService);
    const { nodes } = await client.ListNodes({});
    expect(nodes.map((node) => node.pricePerHourUsd)).toEqual([undefined, '0']);
    expect(nodes[0]?.gaps).toEqual([]);
  });

  it.each([
    [
      'a mistyped field',
      '{"form":"a"}',
      400,
      'invalid_argument',
      /form is no field: known fields are by, from, to, where/,
    ],
    ['a value of the wrong type', '{"by":"pod"}', 400, 'invalid_argument', /by is "pod": give an array/],
    [
      'a wrong nested value',
      '{"where":[{"key":"a"},{"key":7}]}',
      400,
      'invalid_argument',
      /where\[1\]\.key is 7/,
    ],
    ['no JSON', '{', 400, 'invalid_argument', /not JSON/],
    ['an array', '[]', 400, 'invalid_argument', /give an object/],
    ['a field given twice by both of its names', '{"from":"a","from":"b"}', 200, undefined, /.*/],
    ['an error of the handler', '{"from":"none"}', 404, 'not_found', /nothing was measured then/],
    ['an unexpected error', '{"from":"broken"}', 500, 'internal', /^internal error$/],
    ['too much', `{"from":"${'x'.repeat(10_000)}"}`, 429, 'resource_exhausted', /larger than 10000 bytes/],
  ])('answers %s with its status and code', async (...row) => {
    const [, body, status, code, message] = row;
    const answer = await post(body);
    expect(answer.status).toBe(status);
    if (code === undefined) return;
    expect(answer.json).toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });

  it('refuses callers without the token before it reads what they say', async () => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
      const answer = await post('{', { authorization });
      expect(answer.status).toBe(401);
      expect(answer.json).toMatchObject({ code: 'unauthenticated' });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('refuses other content types, versions and encodings', async () => {
    const type = await post('{}', { 'content-type': 'text/plain' });
    expect([type.status, type.headers.get('accept-post')]).toEqual([415, 'application/json']);
    const version = await post('{}', { 'connect-protocol-version': '2' });
    expect([version.status, version.json]).toMatchObject([400, { code: 'invalid_argument' }]);
    const encoding = await post('{}', { 'content-encoding': 'br' });
    expect([encoding.status, encoding.json]).toMatchObject([501, { code: 'unimplemented' }]);
    const charset = await post('{}', { 'content-type': 'application/json; charset=utf-8' });
    expect(charset.status).toBe(200);
  });

  it('ends a call at the time that its caller gives', async () => {
    const answer = await post('{"from":"slow"}', { 'connect-timeout-ms': '100' });
    expect([answer.status, answer.json]).toMatchObject([504, { code: 'deadline_exceeded' }]);
    const bad = await post('{}', { 'connect-timeout-ms': '1e3' });
    expect(bad.status).toBe(400);
    expect(lastCall?.signal.aborted).toBe(true);
  });

  it('reads gzip, refuses what grows beyond the limit, and writes gzip where it is accepted', async () => {
    const good = await post(gzipSync('{"from":"a"}'), { 'content-encoding': 'gzip' });
    expect(good.status).toBe(200);
    const bomb = await post(gzipSync(`{"from":"${'x'.repeat(1_000_000)}"}`), { 'content-encoding': 'gzip' });
    expect(bomb.json).toMatchObject({ code: 'resource_exhausted' });
    const garbage = await post('xx', { 'content-encoding': 'gzip' });
    expect(garbage.json).toMatchObject({ code: 'invalid_argument' });
    const raw = await new Promise<{ encoding: unknown; body: Buffer }>((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${TOKEN}`,
        'accept-encoding': 'gzip',
      };
      const call = httpRequest(
        `${server.url}/kubehero.query.v1.CostService/GetCost`,
        { method: 'POST', headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(chunks) });
          });
        },
      );
      call.on('error', reject);
      call.end('{"by":["pod"]}');
    });
    expect(raw.encoding).toBe('gzip');
    expect(raw.body.length).toBeLessThan(1_000);
    expect(JSON.parse(gunzipSync(raw.body).toString())).toMatchObject({ rows: [{ cpuCoreSeconds: 1.5 }] });
  });

  it('does not confuse keys of maps with the machinery of objects', async () => {
    const client = createConnectClient({ server: server.url, token: TOKEN }).client(admin.ClusterService);
    const body = '{"labels":{"__proto__":"a","constructor":"b","id":"c"}}';
    const response = await fetch(`${server.url}/kubehero.admin.v1.ClusterService/AddCluster`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body,
    });
    expect(await response.json()).toMatchObject({ clusterId: 'c' });
    await expect(client.ListClusters({})).resolves.toEqual({ clusters: [] });
    const unknown = await post('{"constructor":"x"}');
    expect(unknown.json).toMatchObject({ code: 'invalid_argument' });
  });
});

describe('Connect client', () => {
  it('rejects with the code and message of the server', async () => {
    const client = createConnectClient({ server: `${server.url}/`, token: TOKEN }).client(query.CostService);
    await expect(client.GetCost({ from: 'none' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'nothing was measured then',
    });
    const stranger = createConnectClient({ server: server.url }).client(query.CostService);
    await expect(stranger.GetCost({})).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('says what to look at when nobody answers', async () => {
    const client = createConnectClient({ server: 'http://127.0.0.1:1', token: TOKEN }).client(
      query.CostService,
    );
    await expect(client.GetCost({})).rejects.toMatchObject({
      code: 'unavailable',
      message: 'cannot reach http://127.0.0.1:1: is it running, and is the address right?',
    });
  });

  it('gives up at its time and when its caller cancels', async () => {
    const client = createConnectClient({ server: server.url, token: TOKEN }).client(query.CostService);
    const slow = client.GetCost({ from: 'slow' }, { timeoutMs: 200 });
    await expect(slow).rejects.toMatchObject({ code: 'deadline_exceeded' });
    const stop = new AbortController();
    stop.abort();
    const canceled = client.GetCost({ from: 'slow' }, { signal: stop.signal });
    await expect(canceled).rejects.toMatchObject({ code: 'canceled' });
  });
});
