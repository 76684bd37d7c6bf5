import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectClickHouse,
  renderTables,
  storedTables,
  type ClickHouseEngine,
} from '@kubehero/store-clickhouse';
import { repository } from '../../support/manifests/examples.js';
import { ObjectStore } from '../../support/object-store.js';
import { startFront, stopChild } from '../../support/stack.js';

const database = 'kubehero';

/** A row of the identity table, which has the fewest columns. */
const identity = (key: number): Record<string, unknown> => ({ key, pod: `pod-${key}`, labels: {} });

describe('kubehero backup clickhouse, by the real engine into an object store', () => {
  let folder: string;
  let front: { child: ChildProcess; url: string };
  let engine: ClickHouseEngine;
  let store: ObjectStore;
  const backup = (shards: string): Promise<{ status: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const args = ['backup', 'clickhouse', '--output', 'json'];
      const env = {
        ...process.env,
        KUBEHERO_CLICKHOUSE_URL: front.url,
        KUBEHERO_CLICKHOUSE_SHARDS: shards,
      };
      const command = join(repository, 'services/cli/bin/kubehero.js');
      execFile(process.execPath, [command, ...args], { env }, (error, stdout, stderr) => {
        resolve({ status: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      });
    });
  const rows = async (): Promise<number> => {
    const [row] = await engine.query<{ n: number }>(
      `SELECT toUInt32(count()) AS n FROM ${database}.identity`,
    );
    return row?.n ?? -1;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-backup-'));
    front = await startFront(folder);
    store = await ObjectStore.start();
    engine = connectClickHouse({ url: front.url });
    for (const statement of renderTables({ database, rawRetentionDays: 30, minuteRetentionDays: 90 }))
      await engine.command(statement);
    await engine.command(
      `CREATE NAMED COLLECTION kubehero_backup AS url = '${store.urlOf('acme-backups')}clickhouse/', access_key_id = 'key', secret_access_key = 'secret'`,
    );
    await engine.insertObjects(`${database}.identity`, [identity(1), identity(2)]);
  }, 60_000);
  afterAll(async () => {
    await engine.close();
    await stopChild(front.child);
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('writes everything the first time, then what is new, and a restore of the newest gives every row', async () => {
    const first = await backup(front.url);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const [full] = (
      JSON.parse(first.stdout) as { backups: { kind: string; folder: string; files: number }[] }
    ).backups;
    expect(full).toMatchObject({
      kind: 'full',
      folder: expect.stringMatching(/^\d{4}-\d\d-\d\d\/full\/shard-0$/) as unknown,
    });
    await engine.insertObjects(`${database}.identity`, [identity(3)]);
    const second = await backup(front.url);
    const [incremental] = (JSON.parse(second.stdout) as { backups: { kind: string; folder: string }[] })
      .backups;
    expect(incremental).toMatchObject({
      kind: 'incremental',
      folder: expect.stringMatching(
        /^\d{4}-\d\d-\d\d\/incremental-\d{4}-\d\d-\d\dT\d{6}\/shard-0$/,
      ) as unknown,
    });
    for (const table of storedTables({ database })) await engine.command(`DROP TABLE ${table} SYNC`);
    await engine.command(`RESTORE ALL FROM S3(kubehero_backup, '${incremental?.folder ?? ''}')`);
    expect(await rows()).toBe(3);
  }, 90_000);

  it('asks the next replica where the first does not answer', async () => {
    const result = await backup(`http://127.0.0.1:1,${front.url}`);
    expect(result.status).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({
      backups: [{ shard: 0, kind: 'incremental', replica: new URL(front.url).host }],
    });
  }, 60_000);

  it('fails, and says which shard, where a shard has no replica that answers; the other one is backed up', async () => {
    const result = await backup(`${front.url};http://127.0.0.1:1`);
    expect(result.status).toBe(1);
    expect(JSON.parse(result.stdout)).toMatchObject({
      backups: [
        { shard: 0, kind: 'incremental' },
        {
          shard: 1,
          kind: 'failed',
          error: expect.stringContaining('no replica of shard 1 answers') as unknown,
        },
      ],
    });
  }, 60_000);

  it('takes a folder of its own where a server that died has left its lock', async () => {
    for (const key of store.keys.filter((k) => k.endsWith('/full/shard-0/.backup'))) {
      await fetch(`${store.urlOf('')}${key}`.replace('//acme', '/acme'), { method: 'DELETE' });
      store.put(key.replace('.backup', '.lock'), 'other');
    }
    const result = await backup(front.url);
    expect(JSON.parse(result.stdout)).toMatchObject({
      backups: [{ kind: 'full', folder: expect.stringMatching(/\/full-\d{4}-.*\/shard-0$/) as unknown }],
    });
  }, 60_000);
});
