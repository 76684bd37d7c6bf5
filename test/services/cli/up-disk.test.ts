import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connectPostgres, sql } from '@kubehero/store-postgres';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJson, start, startUp, type CostJson } from '../../support/product.js';
import { describeWith, root } from '../../support/requirements.js';
import { waitUntil } from '../../support/wait-until.js';

const FEW = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--dashboard', 'off'];

/** Has PostgreSQL write until the full disk ends it. */
async function endPostgres(folder: string): Promise<void> {
  const pidFile = join(folder, 'data/postmaster.pid');
  const port = (await readFile(pidFile, 'utf8')).split('\n')[3] ?? '';
  const password = await readFile(join(folder, 'password'), 'utf8');
  const url = `postgres://kubehero:${password}@127.0.0.1:${port}/kubehero`;
  const db = connectPostgres({ url, onIdleError: () => undefined });
  const write = (): Promise<boolean> =>
    sql`select pg_logical_emit_message(true, 'full', repeat('x', 4000000)), pg_switch_wal()`.execute(db).then(
      () => false,
      () => true,
    );
  await waitUntil('no log file can be made any more', write);
  await waitUntil('postgresql ended', () => !existsSync(pidFile), 20_000);
  await db.destroy();
}

describeWith([root], 'kubehero up on a disk that takes no more', () => {
  let folder = '';
  const mounted: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-disk-'));
  });
  afterAll(async () => {
    for (const at of mounted) execFileSync('umount', [at]);
    await rm(folder, { recursive: true, force: true });
  });

  function mount(name: string, options: string): string {
    const at = join(folder, name);
    execFileSync('mkdir', [at]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at]);
    mounted.push(at);
    return at;
  }

  async function refusal(dataDir: string): Promise<string> {
    const up = start(['up', '--data-dir', dataDir, ...FEW, '--collector', 'off']);
    expect(await up.ended).toBe(1);
    expect(up.errors().trim().split('\n')).toHaveLength(1);
    return up.errors();
  }

  it.each(['4k', '1m', '20m'])(
    'says in one sentence that %s are not enough, and the way out',
    async (size) => {
      const data = join(mount(`full-${size}`, `size=${size}`), 'data');
      expect(await refusal(data)).toContain(
        `no space is left on the disk of ${data}: free some, or give another folder with --data-dir`,
      );
    },
  );

  it('says in one sentence that a file system is read-only, or that a file is in the way', async () => {
    const data = mount('read-only', 'size=1m,ro');
    expect(await refusal(data)).toContain(`the file system of ${data} is read-only`);
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(await refusal(join(file, 'data'))).toContain(`${file}/data cannot be a folder`);
  });

  it('says once that the disk is full, and stores every second when there is space again, whatever ended meanwhile', async () => {
    const disk = mount('filling', 'size=200m');
    const up = await startUp(join(disk, 'data'), [...FEW, '--collector', 'cgroup']);
    const cost = (): Promise<CostJson> =>
      runJson<CostJson>(['cost', '--client', up.client, '--output', 'json']);
    await waitUntil(
      'seconds are stored',
      async () => (await cost()).coverage.observedNodeSeconds > 3,
      60_000,
    );
    const { coverage: seen } = await cost();
    const filler = join(disk, 'filler');
    execFileSync('bash', ['-c', `dd if=/dev/zero of=${filler} bs=64k 2>/dev/null || true`]);
    expect((await statfs(disk)).bavail).toBeLessThan(64);
    await waitUntil('it says so', () => up.errors().includes('no space is left for the stores'), 30_000);
    await endPostgres(join(disk, 'data/postgres'));
    const { observedNodeSeconds: before } = seen;
    await new Promise((resolve) => setTimeout(resolve, 8000));
    expect(up.child.exitCode).toBe(null);
    await rm(filler);
    await waitUntil(
      'what was kept is stored',
      async () => {
        const now = await cost().catch(() => undefined); // it follows until it leads again
        const { expectedNodeSeconds = 0, observedNodeSeconds = 0 } = now?.coverage ?? {};
        return observedNodeSeconds >= before + 10 && observedNodeSeconds === expectedNodeSeconds;
      },
      40_000,
    );
    expect(up.errors().split('no space is left for the stores')).toHaveLength(2);
    expect(up.errors()).toContain('the stores have space again');
    expect(up.errors()).not.toContain('a program ended');
    up.child.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect(existsSync(up.client)).toBe(false);
  }, 180_000);
});
