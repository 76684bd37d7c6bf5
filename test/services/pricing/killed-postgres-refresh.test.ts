import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  asOnlyPriceWriter,
  connectPostgres,
  migratePostgres,
  sql,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../support/free-port.js';
import { M5_LARGE, offer, type OfferProduct } from '../../support/pricing/samples.js';
import { waitUntil } from '../../support/wait-until.js';

const TYPES = 500;
const ROUNDS = 50;
const SEED = 20_261_123;
const MAIN = fileURLToPath(new URL('../../support/pricing/refresh-main.js', import.meta.url));

/** Every price of an edition is the edition's, so a mixture of two editions shows. */
function edition(number: number): string {
  const products: OfferProduct[] = Array.from({ length: TYPES }, (_, index) => ({
    sku: `SKU${String(index)}`,
    attributes: {
      ...M5_LARGE,
      instanceType: `m${String(index)}.large`,
      usagetype: `EU-BoxUsage:m${String(index)}.large`,
    },
    price: `1.${String(number).padStart(4, '0')}`,
  }));
  const publicationDate = new Date(Date.parse('2026-11-01T00:00:00Z') + number * 60_000).toISOString();
  return JSON.stringify(offer(products, { publicationDate }));
}

/** Numbers from 0 to 1 that a seed fixes: a multiplicative congruential generator (Lewis, Goodman and Miller). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('a refresh of PostgreSQL that is killed', () => {
  let folder = '';
  let server: EmbeddedPostgresServer;
  let db: Kysely<Database>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-killed-pg-'));
    server = await startEmbeddedPostgres({
      directory: join(folder, 'pg'),
      port: await findFreePort(),
      log: () => undefined,
    });
    db = connectPostgres({ url: server.url, onIdleError: () => undefined });
    await migratePostgres(db);
  }, 60_000);
  afterAll(async () => {
    await db.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a refresh; kills it so long after it began. @returns whether it was killed, and how long it took */
  async function refresh(
    number: number,
    killAfterMs?: number,
  ): Promise<{ readonly killed: boolean; readonly ms: number }> {
    const file = join(folder, 'next.json');
    await writeFile(file, edition(number));
    const asOf = new Date(Date.parse('2026-11-10T00:00:00Z') + number * 60_000).toISOString();
    const child = spawn(process.execPath, [MAIN, file, server.url, asOf], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    const startedAt = performance.now();
    if (killAfterMs !== undefined) {
      await sleep(killAfterMs);
      child.kill('SIGKILL');
    }
    const [code] = (await exited) as [number | null];
    return { killed: code === null, ms: performance.now() - startedAt };
  }

  async function pricesInForce(): Promise<readonly string[]> {
    const { rows } = await sql<{ price: string; count: string }>`
      select price::text, count(*) as count from price_row where to_version is null group by 1`.execute(db);
    expect(rows.map(({ count }) => Number(count))).toEqual([TYPES]);
    return rows.map(({ price }) => price);
  }

  it(`leaves the old or the new version whole, ${String(ROUNDS)} times out of ${String(ROUNDS)}, and no lock`, async () => {
    await refresh(0); // caches are cold
    const { ms: spanMs } = await refresh(1);
    const random = seeded(SEED);
    let before = '1.0001';
    let killed = 0;
    for (let round = 2; round < ROUNDS + 2; round += 1) {
      if ((await refresh(round, random() * spanMs)).killed) killed += 1;
      // The server ends the session of a dead client as soon as it notices
      await waitUntil('the lock is free', async () => {
        return (await asOnlyPriceWriter(db, () => Promise.resolve(true)))?.value === true;
      });
      const [price = ''] = await pricesInForce();
      expect([Number(before), Number(`1.${String(round).padStart(4, '0')}`)]).toContain(Number(price));
      before = price;
    }
    expect(killed).toBeGreaterThan(ROUNDS / 3);
    await refresh(999);
    expect((await pricesInForce()).map(Number)).toEqual([1.0999]);
    const { rows } = await sql`
      select 1 from price_version v where not exists (select 1 from price_part_state s where s.version = v.version)`.execute(
      db,
    );
    expect(rows).toEqual([]);
  }, 600_000);
});
