import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectPostgres, pingPostgres, startEmbeddedPostgres } from '@kubehero/store-postgres';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../../../support/free-port.js';
import { waitUntil } from '../../../../support/wait-until.js';

describe('embedded PostgreSQL', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-postgres-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (): ReturnType<typeof startEmbeddedPostgres> =>
    startEmbeddedPostgres({ directory: folder, port: await findFreePort(), log: () => undefined });

  it('comes back at the same address when it ended by itself, and ends when it is told to', async () => {
    const server = await open();
    const db = connectPostgres({ url: server.url, onIdleError: () => undefined });
    await pingPostgres(db);
    process.kill(server.pid, 'SIGKILL');
    const answers = (): Promise<boolean> =>
      pingPostgres(db).then(
        () => true,
        () => false,
      );
    await waitUntil('it is gone', async () => !(await answers()));
    await waitUntil('it answers again', answers, 30_000);
    await db.destroy();
    await server.stop();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await expect(readFile(join(folder, 'data/postmaster.pid'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await stat(join(folder, 'password'))).mode & 0o777).toBe(0o600);
  }, 120_000);

  it('refuses the folder of another major version, and leaves it as it is', async () => {
    const file = join(folder, 'data/PG_VERSION');
    const own = await readFile(file, 'utf8');
    await writeFile(file, '12\n');
    await expect(open()).rejects.toMatchObject({
      code: 'OTHER_VERSION',
      message: expect.stringContaining('belongs to postgresql 12') as unknown,
    });
    expect(await readFile(file, 'utf8')).toBe('12\n');
    await writeFile(file, own);
    const server = await open();
    await server.stop();
  }, 120_000);
});
