import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  connectPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgresServer,
} from '@kubehero/store-postgres';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../support/free-port.js';
import { start } from '../../support/product.js';

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const command = start(args, env);
  const code = await command.ended;
  return { code, output: command.output(), errors: command.errors() };
}

it.each([[['doctor', '--output', 'xml']], [['db', 'migrate', '--output', 'xml']]])(
  '%j is wrong usage: exit 2, and what is allowed',
  async (args) => {
    const { code, output, errors } = await run(args);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toContain('text, json');
  },
);

describe('kubehero doctor', () => {
  it('says of each part what was found, and fails where one is missing', async () => {
    const { code, output } = await run(['doctor', '--output', 'json']);
    const { findings } = JSON.parse(output) as {
      findings: readonly { state: string; subject: string; detail: string }[];
    };
    expect(findings.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'Node.js',
        'memory',
        'embedded PostgreSQL',
        'embedded ClickHouse',
        'shared memory',
        'dashboard',
        'kernel for BPF',
        'libbpf',
        'cgroups',
        'collector',
      ]),
    );
    for (const { state, detail } of findings) {
      expect(['ok', 'limited', 'missing']).toContain(state);
      expect(detail).not.toBe('');
    }
    expect(code).toBe(findings.some(({ state }) => state === 'missing') ? 1 : 0);
  }, 30_000);

  it('prints a line for each part', async () => {
    const { output } = await run(['doctor']);
    const lines = output.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(10);
    for (const line of lines) expect(line).toMatch(/^(ok {5}|limited|missing) {2}\S.*: \S/);
  }, 30_000);
});

describe('kubehero db migrate', () => {
  let folder = '';
  let server: EmbeddedPostgresServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-migrate-'));
    const port = await findFreePort();
    server = await startEmbeddedPostgres({ directory: join(folder, 'pg'), port, log: () => undefined });
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('makes the schema, and finds it up to date the second time', async () => {
    const url = new URL(server.url);
    const password = join(folder, 'password');
    await writeFile(password, `${url.password}\n`);
    url.password = '';
    const env = { KUBEHERO_POSTGRES_URL: url.href, KUBEHERO_POSTGRES_PASSWORD_FILE: password };
    const first = await run(['db', 'migrate', '--output', 'json'], env);
    expect(first.code).toBe(0);
    expect((JSON.parse(first.output) as { applied: string[] }).applied.length).toBeGreaterThan(5);
    expect(await run(['db', 'migrate'], env)).toEqual({
      code: 0,
      output: 'the schema is up to date\n',
      errors: '',
    });
    const db = connectPostgres({ url: server.url, onIdleError: () => undefined });
    expect(await db.selectFrom('node').selectAll().execute()).toEqual([]);
    await db.destroy();
  }, 60_000);

  it('refuses to start without an address, and with one that holds a password', async () => {
    const without = await run(['db', 'migrate']);
    expect([without.code, without.errors]).toEqual([
      2,
      expect.stringContaining('KUBEHERO_POSTGRES_URL: is required') as unknown,
    ]);
    const open = await run(['db', 'migrate'], { KUBEHERO_POSTGRES_URL: 'postgres://u:hush@h/d' });
    expect(open.code).toBe(2);
    expect(open.errors).not.toContain('hush');
  }, 30_000);
});
