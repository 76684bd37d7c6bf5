import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEmbeddedClickHouse, type ClickHouseEngine } from '@kubehero/store-clickhouse';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Nice value of each thread of this process. */
function niceOfThreads(): Map<number, number> {
  const folder = '/proc/self/task';
  const threads = readdirSync(folder).map((thread) => {
    const stat = readFileSync(join(folder, thread, 'stat'), 'utf8');
    // Behind the name, which may hold anything, the 19th field of all is the 17th
    const nice = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16];
    return [Number(thread), Number(nice)] as const;
  });
  return new Map(threads);
}

describe('the embedded engine beside the event loop', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kubehero-priority-'));
  let engine: ClickHouseEngine;

  beforeAll(async () => {
    engine = await openEmbeddedClickHouse({ directory });
  }, 60_000);
  afterAll(async () => {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('lets it go first, with the threads that it starts later too', async () => {
    const before = niceOfThreads();
    await engine.query(
      'SELECT sum(sipHash64(number)) AS n FROM numbers_mt(30000000) SETTINGS max_threads = 8',
    );
    const after = niceOfThreads();

    expect(after.get(process.pid)).toBe(before.get(process.pid));
    const own = after.get(process.pid) ?? 0;
    expect([...after].filter(([thread, nice]) => thread !== process.pid && nice <= own)).toEqual([]);
    expect(after.size).toBeGreaterThan(10);
  }, 60_000);
});
