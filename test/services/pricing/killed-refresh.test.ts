import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answer, openLookup, parseLookupLine, refreshFolder } from '@kubehero/pricing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { M5_LARGE, offer, type OfferProduct } from '../../support/pricing/samples.js';

const TYPES = 1500;
const ROUNDS = 20;
const MAIN = fileURLToPath(new URL('../../support/pricing/refresh-main.js', import.meta.url));

/** Every price of an edition ends in the edition's digits, so a mixture of two editions shows. */
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

async function pricesIn(catalogue: string): Promise<ReadonlySet<string | null>> {
  const lookup = await openLookup({ catalogue, builtIn: false });
  const prices = new Set<string | null>();
  for (let index = 0; index < TYPES; index += 1) {
    const query = { provider: 'aws', region: 'eu-west-1', instanceType: `m${String(index)}.large` };
    prices.add((await answer(lookup, parseLookupLine(JSON.stringify(query), 'test'))).price);
  }
  return prices;
}

async function refreshAndKill(
  file: string,
  catalogue: string,
  asOf: string,
  afterMs: number,
): Promise<boolean> {
  const child = spawn(process.execPath, [MAIN, file, catalogue, asOf], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  await sleep(afterMs);
  child.kill('SIGKILL');
  const [code] = (await exited) as [number | null];
  return code === null;
}

describe('a refresh that is killed', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-killed-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it(`leaves the old or the new version whole, ${String(ROUNDS)} times out of ${String(ROUNDS)}`, async () => {
    const catalogue = join(folder, 'catalogue');
    const first = join(folder, 'first.json');
    await writeFile(first, edition(0));
    const startedAt = performance.now();
    await refreshFolder({
      source: 'aws-offer',
      files: [first],
      asOfMs: Date.parse('2026-11-10T00:00:00Z'),
      nowMs: 0,
      catalogue,
      accept: [],
      replace: true,
    });
    let spanMs = performance.now() - startedAt + 60;
    let before = '1';
    let killed = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const file = join(folder, 'next.json');
      await writeFile(file, edition(round));
      const asOf = new Date(Date.parse('2026-11-10T00:00:00Z') + round * 60_000).toISOString();
      if (await refreshAndKill(file, catalogue, asOf, Math.random() * spanMs)) killed += 1;
      // It ended by itself: the machine is faster by now than it was
      else spanMs *= 0.9;
      const prices = await pricesIn(catalogue);
      expect(prices.size).toBe(1);
      const [price] = prices;
      expect([before, `1.${String(round).padStart(4, '0').replace(/0+$/, '')}`]).toContain(price);
      before = price ?? '';
    }
    expect(killed).toBeGreaterThan(ROUNDS / 3);
    const file = join(folder, 'last.json');
    await writeFile(file, edition(999));
    await refreshFolder({
      source: 'aws-offer',
      files: [file],
      asOfMs: Date.parse('2026-11-12T00:00:00Z'),
      nowMs: 0,
      catalogue,
      accept: [],
      replace: true,
    });
    expect([...(await pricesIn(catalogue))]).toEqual(['1.0999']);
    const left = (await readdir(join(catalogue, 'parts'))).filter((name) => name.endsWith('.tmp'));
    expect(left).toEqual([]);
  }, 600_000);
});
