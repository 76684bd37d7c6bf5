import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DashboardConfigError, readConfig } from '@kubehero/dashboard';
import { QueryCache } from '../../../../services/dashboard/server/queries/query-cache.js';
import { SseParser } from '../../../../services/dashboard/server/live/sse-parser.js';
import {
  clearedCookieHeader,
  findSessionCookie,
  sessionCookieHeader,
  signSession,
  verifySession,
} from '../../../../services/dashboard/server/session/session-cookie.js';

const SECRET = 's'.repeat(32);

describe('a session cookie', () => {
  const session = { subject: 'operator', expiresAtS: 2000 };

  it('is good until its end, and not after', () => {
    const value = signSession(session, SECRET);
    expect(verifySession(value, SECRET, 1999)).toEqual(session);
    expect(verifySession(value, SECRET, 2000)).toBeUndefined();
  });

  it('is worth nothing under another key', () => {
    expect(verifySession(signSession(session, SECRET), 't'.repeat(32), 1)).toBeUndefined();
  });

  it('is worth nothing with any character changed', () => {
    const value = signSession(session, SECRET);
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.constantFrom('A', 'z', '0', '.'), (at, other) => {
        const forged = value.slice(0, at) + other + value.slice(at + 1);
        // The last character of base64url carries unused bits: the same signature can be written in more than one way.
        if (forged === value || at === value.length - 1) return;
        expect(verifySession(forged, SECRET, 1)).toBeUndefined();
      }),
    );
  });

  it('is nothing that a browser can make up', () => {
    fc.assert(fc.property(fc.string(), (value) => verifySession(value, SECRET, 0) === undefined));
  });

  it('is hidden from scripts and other sites, and from plain connections where there are others', () => {
    const header = sessionCookieHeader(session, { secret: SECRET, secure: true, nowS: 1000 });
    expect(header).toMatch(
      /^kubehero_session=v1\.\S+; Path=\/; Max-Age=1000; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(clearedCookieHeader(false)).toBe(
      'kubehero_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    );
  });

  it('is found among others', () => {
    expect(findSessionCookie('theme=dark; kubehero_session=v1.a.b; x=y')).toBe('v1.a.b');
    expect(findSessionCookie(undefined)).toBeUndefined();
  });
});

describe('settings', () => {
  const good = { KUBEHERO_SERVER: 'http://hub:9400', KUBEHERO_TOKEN: 't', KUBEHERO_SESSION_SECRET: SECRET };

  it('have defaults', () => {
    expect(readConfig(good)).toMatchObject({ host: '127.0.0.1', port: 9480, secureCookies: false });
  });

  it('name all faults at once', () => {
    const bad = {
      KUBEHERO_SERVER: 'ftp://hub',
      KUBEHERO_SESSION_SECRET: 'short',
      KUBEHERO_HTTP_LISTEN: 'nowhere',
    };
    try {
      readConfig(bad);
      throw new Error('it was taken');
    } catch (error) {
      expect(error).toBeInstanceOf(DashboardConfigError);
      expect((error as DashboardConfigError).faults).toHaveLength(4);
    }
  });

  it('come from mounted files in a cluster', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubehero-dashboard-'));
    writeFileSync(join(folder, 'token'), 'from-file\n');
    writeFileSync(join(folder, 'key'), SECRET);
    const config = readConfig({
      KUBEHERO_CONTROL_PLANE_URL: 'https://hub',
      KUBEHERO_API_TOKEN_FILE: join(folder, 'token'),
      KUBEHERO_SESSION_KEY_FILE: join(folder, 'key'),
      KUBEHERO_HTTP_LISTEN: '[::]:0',
      KUBEHERO_PUBLIC_URL: 'https://cost.example.com',
    });
    expect(config).toMatchObject({
      token: 'from-file',
      sessionSecret: SECRET,
      host: '::',
      port: 0,
      secureCookies: true,
    });
  });

  it('say which file cannot be read', () => {
    const { KUBEHERO_TOKEN: _, ...rest } = good;
    expect(() => readConfig({ ...rest, KUBEHERO_API_TOKEN_FILE: '/nowhere' })).toThrow(/'\/nowhere'.*ENOENT/);
  });
});

describe('a text/event-stream', () => {
  const stream =
    'retry: 1\n\n: comment\nevent: tick\r\nid: 7\r\ndata: {"a":\r\ndata: "ü€"}\r\n\r\ndata:x\n\nevent: none\n\n';
  const events = [
    { event: 'tick', data: '{"a":\n"ü€"}', id: '7' },
    { event: 'message', data: 'x', id: '7' },
  ];

  it('gives the same events wherever it is cut', () => {
    const bytes = Buffer.from(stream);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const parser = new SseParser();
        const borders = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const got = borders.slice(1).flatMap((to, at) => parser.push(bytes.subarray(borders[at], to)));
        expect(got).toEqual(events);
      }),
    );
  });

  it('is refused where an event has no end', () => {
    const parser = new SseParser();
    const chunk = Buffer.alloc(8 * 1024 * 1024, 'x');
    expect(() => {
      for (let at = 0; at < 9; at += 1) parser.push(chunk);
    }).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }));
  });
});

describe('kept answers', () => {
  function counted(): { cache: QueryCache; load: () => Promise<number>; clock: { ms: number } } {
    const clock = { ms: 0 };
    let count = 0;
    return { cache: new QueryCache(2, () => clock.ms), load: async () => (count += 1), clock };
  }

  it('are shared while fresh, and made anew after', async () => {
    const { cache, load, clock } = counted();
    expect(await Promise.all([cache.get('a', 10, load), cache.get('a', 10, load)])).toEqual([1, 1]);
    clock.ms = 10;
    expect(await cache.get('a', 10, load)).toBe(2);
  });

  it('of failures are none', async () => {
    const { cache, load } = counted();
    await expect(cache.get('a', 10, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('a', 10, load)).toBe(1);
  });

  it('are given once more while a slow one is on its way', async () => {
    const { cache, load, clock } = counted();
    expect(await cache.getSoon('a', 10, load)).toBe(1);
    clock.ms = 5;
    expect(await cache.getSoon('a', 10, load)).toBe(1);
    clock.ms = 15;
    expect(await cache.getSoon('a', 10, load)).toBe(1);
    expect(await cache.getSoon('a', 10, load)).toBe(2);
    clock.ms = 60;
    expect(await cache.getSoon('a', 10, load)).toBe(3);
  });

  it('are never more than the limit', async () => {
    const { cache, load } = counted();
    for (const key of ['a', 'b', 'c']) await cache.get(key, 10, load);
    expect(await cache.get('c', 10, load)).toBe(3);
    expect(await cache.get('a', 10, load)).toBe(4);
  });
});
