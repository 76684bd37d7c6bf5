import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addCluster,
  connectPostgres,
  migratePostgres,
  readCoverage,
  sql,
  startEmbeddedPostgres,
  type Database,
  type EmbeddedPostgresServer,
  type Kysely,
} from '@kubehero/store-postgres';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../../support/free-port.js';

const FORGET_S = 20;
const ON_THE_WAY_S = 2;

interface Told {
  readonly first: number;
  readonly length: number;
  readonly gone: boolean;
  /** Seconds within the node's span that never came. */
  readonly missed: readonly number[];
}

describe('coverage in PostgreSQL', () => {
  let folder = '';
  let server: EmbeddedPostgresServer;
  let db: Kysely<Database>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-coverage-'));
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

  it('counts what a count second by second does', async () => {
    const one = await addCluster(db, { id: 'one', name: 'one', cloud: '', region: '' });
    const two = await addCluster(db, { id: 'two', name: 'two', cloud: '', region: '' });
    const node = fc.record({
      first: fc.integer({ min: 1000, max: 1080 }),
      length: fc.integer({ min: 1, max: 60 }),
      gone: fc.boolean(),
      missed: fc.uniqueArray(fc.integer({ min: 1, max: 58 }), { maxLength: 12 }),
    });
    const property = fc.asyncProperty(
      fc.array(node, { maxLength: 5 }),
      fc.integer({ min: 990, max: 1100 }),
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 1080, max: 1180 }),
      async (nodes, from, length, nowS) => {
        await store(nodes, [one.key, two.key]);
        const window = { from, to: from + length };
        const ask = { window, nowS, forgetAfterS: FORGET_S };
        const even = nodes.filter((_, at) => at % 2 === 0);
        expect(await readCoverage(db, { ...ask, nodeNames: [] })).toEqual(count(nodes, window, nowS));
        expect(await readCoverage(db, { ...ask, clusterKeys: [one.key], nodeNames: [] })).toEqual(
          count(even, window, nowS),
        );
        expect(await readCoverage(db, { ...ask, nodeNames: ['n1'] })).toEqual(
          count(nodes.slice(1, 2), window, nowS),
        );
        expect(await readCoverage(db, { ...ask, nodeNames: ['n1', 'n2'] })).toEqual(NOTHING);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  }, 60_000);

  /** Nodes take turns among the clusters. */
  async function store(nodes: readonly Told[], clusterKeys: readonly number[]): Promise<void> {
    await sql`truncate node cascade`.execute(db);
    for (const [at, { first, length, gone, missed }] of nodes.entries()) {
      const { rows } = await sql<{ key: number }>`
        insert into node (cluster_key, uid, name, spec, gone_at)
        values (${clusterKeys[at % 2]}, ${`u${at}`}, ${`n${at}`}, '{}', ${gone ? 1 : null}) returning key`.execute(
        db,
      );
      const key = rows[0]?.key;
      await sql`insert into node_progress (node_key, incarnation, boot_id, booted_at, source, first_second, last_second)
        values (${key}, 1, '', 0, 'SOURCE_SIMULATED', ${first}, ${first + length - 1})`.execute(db);
      for (const second of missed.filter((one) => one < length - 1)) {
        await sql`insert into node_gap (node_key, from_second, to_second, ran) values (${key}, ${first + second}, ${first + second + 1}, true)`.execute(
          db,
        );
      }
    }
  }
});

const NOTHING = { expected: 0, missing: 0 };

function count(
  nodes: readonly Told[],
  window: { from: number; to: number },
  nowS: number,
): { expected: number; missing: number } {
  let { expected, missing } = NOTHING;
  for (const node of nodes) {
    for (let second = window.from; second < window.to; second += 1) {
      if (!isExpected(node, second, nowS)) continue;
      expected += 1;
      if (!isStored(node, second)) missing += 1;
    }
  }
  return { expected, missing };
}

function isExpected(node: Told, second: number, nowS: number): boolean {
  if (second < node.first) return false;
  const last = lastOf(node);
  if (second <= last) return true;
  return !node.gone && nowS - last <= FORGET_S && second < nowS - ON_THE_WAY_S;
}

function isStored(node: Told, second: number): boolean {
  const last = lastOf(node);
  return second === last || (second < last && !node.missed.includes(second - node.first));
}

function lastOf({ first, length }: Told): number {
  return first + length - 1;
}
