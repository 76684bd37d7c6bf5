import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answer, openLookup, parseLookupLine, refreshFolder } from '@kubehero/pricing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN } from '../../support/product.js';
import { M5_LARGE, offer } from '../../support/pricing/samples.js';

const AS_OF = Date.parse('2026-11-10T00:00:00Z');

function edition(price: string, types: number): string {
  const products = Array.from({ length: types }, (_, index) => ({
    sku: `SKU${String(index)}`,
    attributes: {
      ...M5_LARGE,
      instanceType: `m${String(index)}.large`,
      usagetype: `EU-BoxUsage:m${String(index)}.large`,
    },
    price,
  }));
  return JSON.stringify(offer(products));
}

describe('a refresh onto a disk that is full', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-full-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('says so in one sentence and leaves the version before', async () => {
    const catalogue = join(folder, 'catalogue');
    const first = join(folder, 'first.json');
    const next = join(folder, 'next.json');
    await writeFile(first, edition('1.1', 3));
    await writeFile(next, edition('1.2', 4000));
    const common = { source: 'aws-offer', asOfMs: AS_OF, nowMs: AS_OF, catalogue, accept: [] } as const;
    await refreshFolder({ ...common, files: [first], replace: false });
    // No file may grow beyond 16 KiB: the write of the part fails half way, as on a full disk
    const command = `trap '' XFSZ; ulimit -f 16; exec "$0" "$@"`;
    const flags = ['--source', 'aws-offer', '--from-file', next, '--catalogue', catalogue, '--accept'];
    const child = spawn('bash', ['-c', command, process.execPath, MAIN, 'pricing', 'refresh', ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(1);
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(said).toMatch(/^kubehero: cannot .*catalogue.*: /);
    const lookup = await openLookup({ catalogue, builtIn: false });
    const query = JSON.stringify({ provider: 'aws', region: 'eu-west-1', instanceType: 'm0.large' });
    expect((await answer(lookup, parseLookupLine(query, 'test'))).price).toBe('1.1');
  }, 60_000);
});
