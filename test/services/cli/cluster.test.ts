import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { enrolment, fixedTls, makeCertificateRequest, RpcChannel } from '@kubehero/rpc';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../../support/product.js';
import { startPlane, startStores, type Plane, type Stores } from '../../support/stack.js';

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

describe('kubehero cluster', () => {
  let stores: Stores;
  let plane: Plane;
  let folder: string;

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    folder = await mkdtemp(join(tmpdir(), 'kubehero-cluster-command-'));
  }, 60_000);
  afterAll(async () => {
    await plane.stop();
    await stores.close();
    await rm(folder, { recursive: true, force: true });
  });

  const run = async (...args: string[]): Promise<Ended> => {
    const started = start(['cluster', ...args, '--client', plane.clientFile]);
    const code = await started.ended;
    return { code, output: started.output(), errors: started.errors() };
  };
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, output, errors } = await run(...args, '--output', 'json');
    if (code !== 0) throw new Error(`ended with ${code}: ${errors}`);
    return JSON.parse(output) as T;
  };
  const at = (...parts: string[]): string => join(folder, ...parts);
  /** Enrols with the certificate in a folder, as a collector does. */
  const enrol = async (name: string): Promise<void> => {
    const read = async (file: string): Promise<string> => await readFile(at(name, file), 'utf8');
    const channel = new RpcChannel({
      target: `127.0.0.1:${plane.plane.grpcPort}`,
      tls: fixedTls({
        certificateChainPem: await read('tls.crt'),
        privateKeyPem: await read('tls.key'),
        caBundlePem: await read('ca.crt'),
      }),
    });
    const { csr } = makeCertificateRequest();
    try {
      await channel.client(enrolment.EnrolmentService).Enrol({ csr, role: 'collector', name: 'n1' });
    } finally {
      channel.close();
    }
  };

  it('adds a cluster, writes what its programs enrol with, and says what to do next', async () => {
    const { code, output } = await run(
      ...['add', 'east', '--cloud', 'aws', '--region', 'eu-1', '--out', at('east')],
      ...['--label', 'env=prod', '--label', 'kubehero.io/policy-source=true'],
    );

    expect(code).toBe(0);
    expect(output).toContain('create secret tls kubehero-cluster-certificate');
    const modes = await Promise.all(
      ['.', 'tls.crt', 'tls.key', 'ca.crt'].map(async (file) => (await stat(at('east', file))).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600, 0o600, 0o600]);
    await enrol('east');
  });

  it('lists clusters with labels and the end of their certificates', async () => {
    const { clusters } = await json<{ clusters: Record<string, unknown>[] }>('list');
    const { output } = await run('list');

    expect(clusters.find(({ name }) => name === 'east')).toMatchObject({
      cloud: 'aws',
      region: 'eu-1',
      labels: { env: 'prod', 'kubehero.io/policy-source': 'true' },
      certificateExpiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      registeredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(output).toMatch(/^NAME +IDENTITY/);
    expect(output).toContain('env=prod,kubehero.io/policy-source=true');
  });

  it('rotates: the new certificate works, the old one for the time of grace', async () => {
    await json('add', 'west', '--out', at('west'));
    const added = await readFile(at('west', 'tls.crt'), 'utf8');

    await json('rotate', 'west', '--grace', '1h', '--out', at('west-2'));
    expect(await readFile(at('west-2', 'tls.crt'), 'utf8')).not.toBe(added);
    await enrol('west');
    await enrol('west-2');
    await json('rotate', 'west', '--grace', '0s', '--out', at('west-3'));

    await expect(enrol('west')).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(enrol('west-2')).rejects.toMatchObject({ code: 'unauthenticated' });
    await enrol('west-3');
  });

  it('removes a cluster, whose certificate ends with it', async () => {
    await json('add', 'north', '--out', at('north'));

    const removed = await json<{ clusterId: string }>('remove', 'north');

    expect(removed.clusterId).toMatch(/^[0-9a-f-]{36}$/);
    await expect(enrol('north')).rejects.toMatchObject({ code: 'permission_denied' });
  });

  it('never overwrites a key when it adds, and asks the hub for none then', async () => {
    const key = await readFile(at('east', 'tls.key'), 'utf8');

    const { code, errors } = await run('add', 'south', '--out', at('east'));

    expect(code).toBe(1);
    expect(errors).toContain('--out');
    expect(await readFile(at('east', 'tls.key'), 'utf8')).toBe(key);
    expect((await run('list')).output).not.toContain('south');
  });

  it.each([
    [['add'], 2],
    [['add', 'x', '--label', 'novalue'], 2],
    [['add', 'x', '--cloud', 'moon'], 2],
    [['rotate', 'east', '--grace', 'soon'], 2],
    [['list', '--output', 'yaml'], 2],
    [['add', 'bad name'], 1],
    [['remove', 'nobody'], 1],
  ])('%j ends with %i and one reason', async (args, code) => {
    const out = args[0] === 'add' || args[0] === 'rotate' ? ['--out', at(`unused-${args.join('-')}`)] : [];

    const ended = await run(...args, ...out);

    expect(ended.code).toBe(code);
    expect(ended.output).toBe('');
    expect(ended.errors).not.toMatch(/\n\s+at /);
  });
});
