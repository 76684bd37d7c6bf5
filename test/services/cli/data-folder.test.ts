import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataFolder } from '@kubehero/cli';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, startUp } from '../../support/product.js';

describe('the data folder of kubehero up', () => {
  let path = '';
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'kubehero-folder-')), 'data');
  });
  afterEach(async () => {
    await rm(join(path, '..'), { recursive: true, force: true });
  });

  const modeOf = async (name: string): Promise<number> => (await stat(join(path, name))).mode & 0o777;

  it('is used by one process at a time, which the refusal names', async () => {
    const folder = await DataFolder.open(path);
    await expect(DataFolder.open(path)).rejects.toMatchObject({
      code: 'IN_USE',
      exitCode: 1,
      message: `the data folder ${path} is in use by process ${process.pid}: stop it, or give another --data-dir`,
    });
    await folder.close();
    await (await DataFolder.open(path)).close();
  });

  it('is taken over from a process that was killed', async () => {
    await (await DataFolder.open(path)).close();
    await writeFile(join(path, 'lock'), `${process.pid} 1\n`); // the same id, started at another time
    await (await DataFolder.open(path)).close();
    await writeFile(join(path, 'lock'), '');
    await (await DataFolder.open(path)).close();
    expect(existsSync(join(path, 'lock'))).toBe(false);
  });

  it('of another version is refused, left as it is, and not held', async () => {
    await (await DataFolder.open(path)).close();
    await writeFile(join(path, 'format'), '1\n');
    for (let time = 0; time < 2; time += 1) {
      await expect(DataFolder.open(path)).rejects.toMatchObject({
        code: 'OTHER_VERSION',
        message: expect.stringContaining(`${path} has format 1, this version reads 2`) as unknown,
      });
    }
    expect(await readFile(join(path, 'format'), 'utf8')).toBe('1\n');
  });

  it('keeps a secret, and shows none to others', async () => {
    const folder = await DataFolder.open(path);
    const secret = await folder.secret('api-token');
    expect(secret).toHaveLength(32);
    expect(await folder.secret('api-token')).toEqual(secret);
    expect(await modeOf('api-token')).toBe(0o600);
    await folder.close();
  });

  it('holds client.json, for its owner alone, while the product runs; a second one is refused', async () => {
    const flags = [
      '--http',
      '127.0.0.1:0',
      '--grpc',
      '127.0.0.1:0',
      '--dashboard',
      'off',
      '--collector',
      'off',
    ];
    const up = await startUp(path, flags);
    expect(await modeOf('client.json')).toBe(0o600);
    expect(await modeOf('cluster-key.pem')).toBe(0o600);
    expect(await modeOf('ca-key')).toBe(0o600);
    expect(JSON.parse(await readFile(up.client, 'utf8'))).toMatchObject({
      server: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as unknown,
      token: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    });
    const second = start(['up', '--data-dir', path, ...flags]);
    expect(await second.ended).toBe(1);
    expect(second.errors()).toBe(
      `kubehero: the data folder ${path} is in use by process ${up.child.pid ?? 0}: stop it, or give another --data-dir\n`,
    );
    expect(existsSync(up.client)).toBe(true);
    up.child.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect(existsSync(up.client)).toBe(false);
  }, 90_000);
});
