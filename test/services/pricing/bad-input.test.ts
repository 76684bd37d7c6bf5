import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  answer,
  openLookup,
  parseLookupLine,
  PricingError,
  refreshFolder,
  SOURCE_NAMES,
  type SourceName,
} from '@kubehero/pricing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { M5_LARGE, offer, reservedTerm } from '../../support/pricing/samples.js';

const GOOD = JSON.stringify(offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }]));

describe('input that is not what it says', () => {
  let folder = '';
  let catalogue = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-bad-'));
    catalogue = join(folder, 'catalogue');
    await refresh(GOOD);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function refresh(
    content: string | Buffer,
    source: SourceName = 'aws-offer',
    name = 'input.json',
  ): Promise<void> {
    const file = join(folder, name);
    await writeFile(file, content);
    const asOfMs = Date.parse('2026-11-22T00:00:00Z');
    await refreshFolder({
      source,
      files: [file],
      asOfMs,
      nowMs: asOfMs,
      catalogue,
      accept: [],
      replace: false,
    });
  }

  async function price(): Promise<string | null> {
    const query = { provider: 'aws', region: 'eu-west-1', instanceType: 'm5.large' };
    return (
      await answer(
        await openLookup({ catalogue, builtIn: false }),
        parseLookupLine(JSON.stringify(query), 'test'),
      )
    ).price;
  }

  const gzip = gzipSync(GOOD);
  const flipped = Buffer.from(gzip);
  flipped.writeUInt8(flipped.readUInt8(gzip.length - 6) ^ 0xff, gzip.length - 6);

  it.each<[string, string | Buffer, string]>([
    ['a truncated document', GOOD.slice(0, -20), 'TRUNCATED'],
    ['an empty file', '', 'TRUNCATED'],
    ['HTML', '<!DOCTYPE html><html><body>503</body></html>', 'NOT_JSON'],
    ['truncated gzip', gzip.subarray(0, gzip.length - 10), 'COMPRESSION'],
    ['gzip with a broken checksum', flipped, 'COMPRESSION'],
    ['another document', '{"hello": "world"}', 'WRONG_SHAPE'],
    ['text behind the document', `${GOOD} {}`, 'NOT_JSON'],
    ['one SKU at two prices', twice(), 'DUPLICATE_SKU'],
    ['a record that never ends', `{"products":{"A":{"x":"${'y'.repeat(5 * 1024 * 1024)}`, 'TOO_LARGE'],
  ])(
    "%s: one sentence with the source's and the file's name, and the last good price stays",
    async (_name, content, code) => {
      const failure = await refresh(content).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(PricingError);
      expect(failure).toMatchObject({ code });
      expect(String((failure as Error).message)).toMatch(/^aws-offer: .*input\.json/);
      expect(String((failure as Error).message)).not.toContain('\n');
      expect(await price()).toBe('0.107');
    },
  );

  it.each([
    ['a length of a reserved term', 'LeaseContractLength', '"1yr"'],
    ['a way to pay', 'PurchaseOption', '"No Upfront"'],
    ['a tenancy', 'tenancy', '"Shared"'],
    ['an operating system', 'operatingSystem', '"Linux"'],
  ])('%s that is named like what every object has is no entry of a table', async (_name, field, value) => {
    const text = JSON.stringify({
      ...offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }]),
      terms: {
        ...(offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }]) as { terms: object }).terms,
        Reserved: { LINUX: reservedTerm('LINUX', { term: '1yr', payment: 'No Upfront', hourly: '0.06' }) },
      },
    });
    expect(text).toContain(`"${field}":${value}`);
    await refresh(text.replace(`"${field}":${value}`, `"${field}":"constructor"`));
    expect(await price()).toBe('0.107');
  });

  it.each(SOURCE_NAMES)('%s refuses a file that is not there, naming it', async (source) => {
    const missing = join(folder, 'missing.json');
    const asOfMs = 0;
    await expect(
      refreshFolder({ source, files: [missing], asOfMs, nowMs: 0, catalogue, accept: [], replace: false }),
    ).rejects.toMatchObject({ code: 'NOT_READABLE' });
  });

  it.each(SOURCE_NAMES)('%s refuses HTML', async (source) => {
    const refused = refresh('<html></html>', source);
    await expect(refused).rejects.toBeInstanceOf(PricingError);
    await expect(refused).rejects.toThrow(new RegExp(`^${source}: `));
    expect(await price()).toBe('0.107');
  });

  it('a plain and a gzip file say the same, whatever their names', async () => {
    await refresh(gzip, 'aws-offer', 'named-json.json');
    expect(await price()).toBe('0.107');
  });

  function twice(): string {
    const term = /"OnDemand":\{("LINUX":\{.*?\}\}\})/.exec(GOOD)?.[1] ?? '';
    const other = term
      .replace('0.107', '0.207')
      .replaceAll('LINUX.JRTCKXETXF', 'LINUX.OTHER')
      .replace('"LINUX":{', '');
    return GOOD.replace(term, `${term.slice(0, -1)},${other}`);
  }
});
