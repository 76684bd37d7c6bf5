import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  answer,
  exportFolder,
  importFolder,
  openLookup,
  parseLookupLine,
  refreshFolder,
} from '@kubehero/pricing';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { AZURE_D4S, azurePage, M5_LARGE, offer } from '../../support/pricing/samples.js';

const NOW = Date.parse('2026-11-22T00:00:00Z');

/** A zstd frame of raw blocks: what any zstd reader must take, made without a compressor. See RFC 8878, section 3.1. */
function zstdOf(content: Buffer): Buffer {
  const pieces: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  const size = 64 * 1024;
  for (let at = 0; at < content.length; at += size) {
    const piece = content.subarray(at, at + size);
    const last = at + size >= content.length ? 1 : 0;
    const header = Buffer.alloc(3);
    header.writeUIntLE((piece.length << 3) | last, 0, 3);
    pieces.push(header, piece);
  }
  return Buffer.concat(pieces);
}

describe('a signed snapshot', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-snapshot-'));
    for (const name of ['own', 'foreign']) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      await writeFile(path(`${name}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await writeFile(path(`${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
    }
    await writeFile(
      path('offer.json'),
      JSON.stringify(offer([{ sku: 'LINUX', attributes: M5_LARGE, price: '0.107' }])),
    );
    await writeFile(path('azure.json'), JSON.stringify(azurePage([AZURE_D4S])));
    const common = { asOfMs: NOW, nowMs: NOW, catalogue: path('origin'), accept: [], replace: false };
    await refreshFolder({ ...common, source: 'aws-offer', files: [path('offer.json')] });
    await refreshFolder({ ...common, source: 'azure-retail', files: [path('azure.json')] });
    await exportFolder({ catalogue: path('origin'), to: path('snapshot.json'), signingKey: path('own.key') });
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  function take(
    from: string,
    catalogue: string,
    more: { verifyingKey?: string; maxAgeDays?: number; stdin?: Buffer } = {},
  ): Promise<unknown> {
    return importFolder(
      {
        catalogue: path(catalogue),
        from,
        verifyingKey: path(more.verifyingKey ?? 'own.pub'),
        nowMs: NOW,
        maxAgeDays: more.maxAgeDays ?? 180,
        accept: [],
      },
      Readable.from(more.stdin === undefined ? [] : [more.stdin]),
    );
  }

  async function answers(catalogue: string): Promise<readonly unknown[]> {
    const lookup = await openLookup({ catalogue: path(catalogue), builtIn: false });
    const queries = [
      { provider: 'aws', region: 'eu-west-1', instanceType: 'm5.large' },
      { provider: 'azure', region: 'westeurope', instanceType: 'Standard_D4s_v5' },
      { provider: 'gcp', region: 'us-central1', instanceType: 'e2-medium' },
    ];
    return Promise.all(
      queries.map((query) => answer(lookup, parseLookupLine(JSON.stringify(query), 'test'))),
    );
  }

  it('moved and imported gives an equal catalogue, answers and bytes', async () => {
    await take(path('snapshot.json'), 'moved');
    expect(await answers('moved')).toEqual(await answers('origin'));
    await exportFolder({ catalogue: path('moved'), to: path('again.json'), signingKey: path('own.key') });
    expect(await readFile(path('again.json'))).toEqual(await readFile(path('snapshot.json')));
  });

  it('is read as gzip, as zstd and from standard input', async () => {
    const bytes = await readFile(path('snapshot.json'));
    await exportFolder({
      catalogue: path('origin'),
      to: path('snapshot.json.gz'),
      signingKey: path('own.key'),
    });
    await writeFile(path('snapshot.json.zst'), zstdOf(bytes));
    await take(path('snapshot.json.gz'), 'from-gzip');
    await take(path('snapshot.json.zst'), 'from-zstd');
    await take('-', 'from-stdin', { stdin: bytes });
    for (const catalogue of ['from-gzip', 'from-zstd', 'from-stdin'])
      expect(await answers(catalogue)).toEqual(await answers('origin'));
  });

  it('with any one byte changed is refused', async () => {
    const bytes = await readFile(path('snapshot.json'));
    const step = Math.max(1, Math.floor(bytes.length / 200));
    for (let at = 0; at < bytes.length - 1; at += step) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await writeFile(path('changed.json'), changed);
      await expect(take(path('changed.json'), 'refused')).rejects.toMatchObject({ code: 'SIGNATURE' });
    }
    await expect(openLookup({ catalogue: path('refused'), builtIn: false })).rejects.toMatchObject({
      code: 'CATALOGUE',
    });
  });

  it('signed by another key than the pinned one is refused', async () => {
    await expect(
      take(path('snapshot.json'), 'refused', { verifyingKey: 'foreign.pub' }),
    ).rejects.toMatchObject({ code: 'SIGNATURE' });
  });

  it('that is too old is refused', async () => {
    const old = {
      asOfMs: NOW - 100 * 86_400_000,
      nowMs: NOW,
      catalogue: path('old'),
      accept: [],
      replace: false,
    };
    await refreshFolder({ ...old, source: 'azure-retail', files: [path('azure.json')] });
    await exportFolder({ catalogue: path('old'), to: path('old.json'), signingKey: path('own.key') });
    await expect(take(path('old.json'), 'refused', { maxAgeDays: 30 })).rejects.toMatchObject({
      code: 'STALE_SNAPSHOT',
    });
    await take(path('old.json'), 'taken', { maxAgeDays: 200 });
  });

  it('that is truncated is refused', async () => {
    const bytes = await readFile(path('snapshot.json'));
    await writeFile(path('half.json'), bytes.subarray(0, bytes.length / 2));
    await expect(take(path('half.json'), 'refused')).rejects.toMatchObject({ code: 'SIGNATURE' });
  });
});
