import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answer, openLookup, parseLookupLine, refreshFolder, type RefreshReport } from '@kubehero/pricing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { M5_LARGE, offer, type OfferProduct } from '../../support/pricing/samples.js';

const FAMILIES = ['m5', 'c5', 'r5', 't3', 'g4'];
const SIZES = ['large', 'xlarge', '2xlarge', '4xlarge'];
const TYPES = FAMILIES.flatMap((family) => SIZES.map((size) => `${family}.${size}`));

function products(priceOf: (type: string, index: number) => string | undefined): OfferProduct[] {
  return TYPES.flatMap((type, index) => {
    const price = priceOf(type, index);
    if (price === undefined) return [];
    return [
      {
        sku: `SKU${String(index)}`,
        attributes: { ...M5_LARGE, instanceType: type, usagetype: `EU-BoxUsage:${type}` },
        price,
      },
    ];
  });
}

const GOOD = (_type: string, index: number): string => `0.${String(100 + index)}`;

describe('the plausibility gate', () => {
  let folder = '';
  let catalogue = '';
  let day = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-gate-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function refresh(
    list: readonly OfferProduct[],
    more: { accept?: readonly string[]; currency?: string; published?: string } = {},
  ): Promise<RefreshReport> {
    day += 1;
    const asOfMs = Date.parse('2026-11-01T00:00:00Z') + day * 86_400_000;
    const file = join(folder, 'offer.json');
    const publicationDate = more.published ?? new Date(asOfMs).toISOString();
    const priced = list.map((product) =>
      more.currency === undefined ? product : { ...product, currency: more.currency },
    );
    await writeFile(file, JSON.stringify(offer(priced, { publicationDate })));
    return refreshFolder({
      source: 'aws-offer',
      files: [file],
      asOfMs,
      nowMs: asOfMs,
      catalogue,
      accept: more.accept ?? [],
      replace: true,
    });
  }

  async function prices(): Promise<readonly (string | null)[]> {
    const lookup = await openLookup({ catalogue, builtIn: false });
    const found = [];
    for (const instanceType of TYPES) {
      const query = JSON.stringify({ provider: 'aws', region: 'eu-west-1', instanceType });
      found.push((await answer(lookup, parseLookupLine(query, 'test'))).price);
    }
    return found;
  }

  const good = TYPES.map((_, index) => GOOD('', index).replace(/0+$/, ''));

  async function start(name: string): Promise<void> {
    catalogue = join(folder, name);
    await refresh(products(GOOD));
    expect(await prices()).toEqual(good);
  }

  it.each<[string, (type: string, index: number) => string | undefined]>([
    ['all prices times ten', (_type, index) => `${String((100 + index) / 100)}`],
    ['all prices divided by a thousand', (_type, index) => `0.000${String(100 + index)}`],
    ['half the rows gone', (_type, index) => (index % 2 === 0 ? GOOD('', index) : undefined)],
    ['one family at zero', (type, index) => (type.startsWith('c5') ? '0.0000000000' : GOOD('', index))],
    ['one family gone', (type, index) => (type.startsWith('c5') ? undefined : GOOD('', index))],
    [
      'one machine at a fiftieth of its price',
      (type, index) => (type === 'm5.xlarge' ? '0.002' : GOOD('', index)),
    ],
  ])('%s: quarantined, every price stays', async (name, feed) => {
    await start(name);
    const report = await refresh(products(feed));
    expect(report.quarantined.length).toBeGreaterThan(0);
    expect(await prices()).toEqual(good);
  });

  it('another currency: quarantined, every price stays', async () => {
    await start('currency');
    const report = await refresh(products(GOOD), { currency: 'EUR' });
    expect(report.quarantined).toHaveLength(FAMILIES.length);
    expect(await prices()).toEqual(good);
  });

  it('a publication that goes backwards: quarantined, every price stays', async () => {
    await start('backwards');
    const report = await refresh(
      products((_type, index) => `0.${String(101 + index)}`),
      { published: '2026-10-01T00:00:00Z' },
    );
    expect(report.quarantined).toHaveLength(FAMILIES.length);
    expect(await prices()).toEqual(good);
  });

  it('a true cut of 30 % of one family passes', async () => {
    await start('cut');
    const cut = (type: string, index: number): string =>
      type.startsWith('m5') ? `0.0${String((100 + index) * 7)}` : GOOD('', index);
    const report = await refresh(products(cut));
    expect(report.quarantined).toEqual([]);
    expect((await prices()).slice(0, 2)).toEqual(['0.07', '0.0707']);
  });

  it('a family that went bad does not hold back the others', async () => {
    await start('mixed');
    const report = await refresh(
      products((type, index) => (type.startsWith('c5') ? '9' : `0.${String(101 + index)}`)),
    );
    expect(report.quarantined.map(({ family }) => family)).toEqual(['c5']);
    const now = await prices();
    expect(now.slice(0, 4)).toEqual(['0.101', '0.102', '0.103', '0.104']);
    expect(now.slice(4, 8)).toEqual(good.slice(4, 8));
  });

  it('a person lets one family through by name, and only that one', async () => {
    await start('accepted');
    const tenfold = (_type: string, index: number): string => String((100 + index) / 100);
    const report = await refresh(products(tenfold), { accept: ['eu-west-1/c5'] });
    expect(report.quarantined.map(({ family }) => family)).not.toContain('c5');
    const now = await prices();
    expect(now.slice(0, 4)).toEqual(good.slice(0, 4));
    expect(now.slice(4, 8)).toEqual(['1.04', '1.05', '1.06', '1.07']);
  });
});
