import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  LiveSnapshot,
  LiveState,
  LiveTick,
} from '../../../../services/dashboard/features/live/model/live-messages.js';
import type { NodeList, TopPage } from '../../../../services/dashboard/features/live/model/table-messages.js';
import {
  sessionCookie,
  startPlainDashboard,
  StreamReader,
  type PlainDashboard,
} from '../../../support/dashboard-http.js';
import { FakeControlPlane } from '../../../support/fake-control-plane.js';

let fake: FakeControlPlane;
let dashboard: PlainDashboard;
const streams: StreamReader[] = [];

beforeAll(async () => {
  fake = new FakeControlPlane({
    pods: 420,
    nodes: 100,
    gaps: [[300, 200]],
    silent: [[100, 80, 4]],
    unpricedNodes: 2,
  });
  dashboard = await startPlainDashboard(await fake.start(), fake.token);
});

afterAll(async () => {
  for (const stream of streams) stream.close();
  await dashboard.stop();
  await fake.stop();
});

const get = (
  path: string,
  headers: Record<string, string> = { cookie: sessionCookie() },
): Promise<Response> => fetch(dashboard.url + path, { headers, redirect: 'manual' });

async function getJson<T>(path: string, from = dashboard): Promise<T> {
  const response = await fetch(from.url + path, { headers: { cookie: sessionCookie() } });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function watch(path: string): Promise<StreamReader> {
  const stream = await StreamReader.open(dashboard.url + path);
  streams.push(stream);
  return stream;
}

describe('without a session', () => {
  it.each(['/api/live', '/api/top', '/api/nodes', '/api/anything'])('%s answers 401', async (path) => {
    const response = await get(path, {});
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'UNAUTHENTICATED' }),
    ]);
  });

  it.each(['/', '/?where=namespace:web', '/_next/data/x.json', '/index.txt'])(
    '%s leads to the login',
    async (path) => {
      const response = await get(path, {});
      expect([response.status, response.headers.get('location')]).toEqual([303, '/login']);
    },
  );

  it.each([
    ['forged', sessionCookie('x'.repeat(40))],
    ['over', sessionCookie(undefined, -1)],
  ])('that is real, but %s, nothing is shown', async (_name, cookie) => {
    expect((await get('/api/nodes', { cookie })).status).toBe(401);
  });

  it('there are the login page, scripts and the health check, no more', async () => {
    expect((await get('/login', {})).status).toBe(200);
    expect((await get('/healthz', {})).status).toBe(200);
    expect((await get('/_next/static/chunks/page.js', {})).headers.get('cache-control')).toMatch(/immutable/);
    expect((await get('/_next/static/../../package.json', {})).status).toBe(303);
    expect((await get('/_next/static/%2e%2e/required-server-files.json', {})).status).toBe(303);
  });
});

describe('the login', () => {
  const post = (token: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${dashboard.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ token }),
    });

  it('takes a token once, and gives a session that works', async () => {
    const token = fake.issueLoginToken('once');
    const first = await post(token);
    const cookie = first.headers.get('set-cookie') ?? '';
    expect(first.status).toBe(200);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect((await get('/api/nodes', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
    const second = await post(token);
    expect([second.status, second.headers.get('set-cookie')]).toEqual([401, null]);
  });

  it.each([undefined, '', 7, 'x'.repeat(600)])('refuses %p', async (token) => {
    expect((await post(token)).status).toBe(401);
  });

  it('refuses what another site sends', async () => {
    fake.issueLoginToken('stolen');
    expect((await post('stolen', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post('stolen', { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('stolen')).status).toBe(200);
  });

  it('is forgotten on request', async () => {
    const response = await fetch(`${dashboard.url}/api/session`, { method: 'DELETE' });
    expect(response.headers.get('set-cookie')).toMatch(/Max-Age=0/);
  });
});

describe('every answer', () => {
  it('allows this host alone, and a new nonce for scripts', async () => {
    const policies = await Promise.all(
      [get('/'), get('/')].map(async (call) => (await call).headers.get('content-security-policy')),
    );
    expect(policies[0]).toMatch(
      /default-src 'none'; script-src 'self' 'nonce-[^']+' 'strict-dynamic'; style-src 'self' 'nonce-/,
    );
    expect(policies[0]).not.toMatch(/https?:|unsafe|\*/);
    expect(policies[0]).not.toBe(policies[1]);
  });
});

describe('the table', () => {
  let large: FakeControlPlane;
  let tables: PlainDashboard;

  beforeAll(async () => {
    large = new FakeControlPlane({ pods: 30_000, nodes: 100 });
    tables = await startPlainDashboard(await large.start(), large.token);
  });

  afterAll(async () => {
    await tables.stop();
    await large.stop();
  });

  it('comes page by page in the order of cost', async () => {
    const page = await getJson<TopPage>('/api/top?level=pod&offset=200&limit=100', tables);
    expect([page.totalRows, page.offset, page.rows.length]).toEqual([30_000, 200, 100]);
    const costs = page.rows.map((row) => BigInt(row.cost));
    expect(costs.every((cost, at) => at === 0 || cost <= (costs[at - 1] ?? 0n))).toBe(true);
  });

  it('is sorted by name over all 30,000 rows', async () => {
    const path = '/api/top?level=pod&sort=name&dir=asc&limit=50';
    const first = await getJson<TopPage>(path, tables);
    // Ranks change while the thirty pages are read, so a few rows may be on none of them.
    expect(first.totalRows).toBeGreaterThan(29_900);
    const last = await getJson<TopPage>(`${path}&offset=${first.totalRows - 50}`, tables);
    const names = [...first.rows, ...last.rows].map((row) => row.keys['pod'] ?? '');
    expect(names).toHaveLength(100);
    expect(names).toEqual(names.toSorted(new Intl.Collator('en', { numeric: true }).compare));
  });

  it('is filtered and searched', async () => {
    const page = await getJson<TopPage>('/api/top?level=workload&where=namespace:checkout&q=cart', tables);
    expect(page.totalRows).toBeGreaterThan(0);
    for (const { keys } of page.rows)
      expect([keys['namespace'], (keys['workload'] ?? '').includes('cart')]).toEqual(['checkout', true]);
  });

  it.each([
    'level=planet',
    'sort=colour',
    'limit=0',
    'limit=501',
    'offset=-1',
    'where=nothing',
    `q=${'x'.repeat(201)}`,
  ])('refuses %s', async (query) => {
    expect((await get(`/api/top?${query}`)).status).toBe(400);
  });

  it('shows unpriced nodes first, with their gaps', async () => {
    const { nodes } = await getJson<NodeList>('/api/nodes');
    expect(nodes.slice(0, 3).map((node) => node.pricePerHour)).toEqual([null, null, '0.384']);
    expect(nodes.flatMap((node) => node.gaps)).toHaveLength(4);
  });
});

describe('the live stream', () => {
  it('begins with the window, gaps left out, and goes on with seconds', async () => {
    const stream = await watch('/api/live?by=namespace');
    const snapshot = (await stream.find(({ event }) => event === 'snapshot')).data as LiveSnapshot;
    expect(snapshot.series).toHaveLength(8);
    expect(snapshot.ticks.length).toBeGreaterThanOrEqual(790);
    expect(snapshot.ticks.length).toBeLessThanOrEqual(810);
    const newest = snapshot.ticks.at(-1)?.second ?? 0;
    const tick = (await stream.find(({ event }) => event === 'tick')).data as LiveTick;
    expect(tick.second).toBe(newest + 1);
  });

  it('is one stream of the control plane for all who look at a grouping', async () => {
    const before = fake.openedStreams;
    const viewers = await Promise.all(Array.from({ length: 40 }, () => watch('/api/live?by=cluster')));
    await Promise.all(viewers.map((viewer) => viewer.find(({ event }) => event === 'tick')));
    const filtered = await watch('/api/live?by=cluster&where=cluster:eu-central');
    await filtered.find(({ event }) => event === 'tick');
    expect(fake.openedStreams - before).toBe(1);
  });

  it('says when the control plane is lost, and comes whole again by itself', async () => {
    const stream = await watch('/api/live?by=workload&where=namespace:web');
    await stream.find(({ event }) => event === 'tick');
    fake.unavailable = true;
    fake.disconnect();
    const isLost = (data: unknown): boolean => !(data as LiveState).connected;
    await stream.find(({ event, data }) => event === 'state' && isLost(data) && stream.events.length > 3);
    fake.unavailable = false;
    const lost = stream.events.length;
    await stream.find((event) => event.event === 'snapshot' && stream.events.indexOf(event) >= lost);
    expect(stream.closed).toBe(false);
  });

  it.each(['by=planet', 'where=x'])('refuses %s', async (query) => {
    expect((await get(`/api/live?${query}`)).status).toBe(400);
  });
});

describe('a control plane that is away', () => {
  it('is said as such, and nothing is made up', async () => {
    fake.unavailable = true;
    const response = await get('/api/top?level=namespace&q=away');
    fake.unavailable = false;
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({ code: 'CONTROL_PLANE_UNAVAILABLE' }),
    ]);
  });
});
