import { buildCatalogue, judgeRefresh, resolveNodePrice, toNodeFacts, type PriceRow } from '@kubehero/domain';
import { parseSource } from '@kubehero/pricing';
import { keepHeapSmall } from '@kubehero/runtime';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { report as reportFigures } from './support/figures.js';
import { measureLoading } from './support/price-loading.js';
import { writeOfferFile } from '../support/pricing/offer-generator.js';

// A child reads the file, so that its peak memory is the reading's alone.
interface ChildResult {
  readonly seconds: number;
  readonly peakRssMib: number;
  readonly rows: number;
}

const REGION = { region: 'us-east-1', location: 'US East (N. Virginia)' };

async function parseInChild(path: string): Promise<void> {
  keepHeapSmall(); // as a refresh does
  const startedAt = performance.now();
  const file = {
    name: basename(path),
    open: (): AsyncIterable<Buffer> => createReadStream(path, { highWaterMark: 256 * 1024 }),
  };
  const parsed = await parseSource('aws-offer', [file], {});
  report({
    seconds: (performance.now() - startedAt) / 1000,
    peakRssMib: process.resourceUsage().maxRSS / 1024,
    rows: parsed.items.length,
  });
}

/** Every token of the document is visited and nothing is done with it: what any parser has to pay at least. */
async function tokensInChild(path: string): Promise<void> {
  const { JsonRecordReader } = (await import('../../services/pricing/stream/json-records.js' as string)) as {
    JsonRecordReader: new (options: object) => { write(chunk: Buffer): void; end(): void };
  };
  const startedAt = performance.now();
  let tokens = 0;
  const reader = new JsonRecordReader({
    name: basename(path),
    decide: () => {
      tokens += 1;
      return 'enter';
    },
    onRecord: () => undefined,
  });
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }))
    reader.write(chunk as Buffer);
  reader.end();
  report({
    seconds: (performance.now() - startedAt) / 1000,
    peakRssMib: process.resourceUsage().maxRSS / 1024,
    rows: tokens,
  });
}

function report(result: ChildResult): void {
  process.send?.(result);
}

async function inChild(mode: string, path: string): Promise<ChildResult> {
  const child = fork(fileURLToPath(import.meta.url), [mode, path], { execArgv: [] });
  const [result] = (await once(child, 'message')) as [ChildResult];
  if (child.exitCode === null) await once(child, 'exit');
  return result;
}

function rows(types: number): PriceRow[] {
  return Array.from({ length: types }, (_, index) => ({
    kind: 'price',
    provider: 'aws',
    region: 'us-east-1',
    resource: 'instance',
    name: `g${String(index)}.large`,
    os: 'linux',
    purchaseModel: 'on-demand',
    unit: 'hour',
    currency: 'USD',
    price: `0.${String(1000 + (index % 9000))}`,
    source: 'aws-offer',
    sourceVersion: '1',
    sku: `SKU${String(index)}`,
    family: `g${String(Math.floor(index / 10))}`,
  }));
}

function lookups(): { nodes: number; milliseconds: number } {
  const catalogue = buildCatalogue([{ asOfMs: 0, rows: rows(5000) }]);
  const nodes = Array.from({ length: 10_000 }, (_, index) =>
    toNodeFacts({
      metadata: {
        name: `node-${String(index)}`,
        labels: {
          'node.kubernetes.io/instance-type': `g${String(index % 5000)}.large`,
          'topology.kubernetes.io/region': 'us-east-1',
          'topology.kubernetes.io/zone': 'us-east-1a',
          'kubernetes.io/os': 'linux',
        },
      },
      spec: { providerID: `aws:///us-east-1a/i-${String(index)}` },
      status: { capacity: { cpu: '2', memory: '7910468Ki' } },
    }),
  );
  const startedAt = performance.now();
  const priced = nodes.filter((node) => resolveNodePrice(node, catalogue).price !== null).length;
  return { nodes: priced, milliseconds: performance.now() - startedAt };
}

function gate(): number {
  const before = rows(200_000);
  const after = rows(200_000);
  const startedAt = performance.now();
  judgeRefresh(before, after, { mode: 'replace', accept: [] });
  return performance.now() - startedAt;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-bench-'));
  try {
    const path = join(folder, 'offer.json');
    const products = 100_000;
    const bytes = await writeOfferFile(path, { ...REGION, products, reservedTerms: 4 });
    const parse = await inChild('parse', path);
    const tokens = await inChild('tokens', path);
    const { nodes, milliseconds } = lookups();
    const loading = await measureLoading(folder);
    const result = {
      loading,
      offerMegabytes: Math.round(bytes / 1e6),
      parse,
      parseMegabytesPerSecond: Math.round(bytes / 1e6 / parse.seconds),
      tokenStream: tokens,
      speedAgainstTokenStream: Number((tokens.seconds / parse.seconds).toFixed(2)),
      lookups: { nodes, milliseconds: Math.round(milliseconds) },
      gateOf200000RowsMilliseconds: Math.round(gate()),
    };
    reportFigures('pricing', result);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [mode, path] = process.argv.slice(2);
if (mode === 'parse' && path !== undefined) await parseInChild(path);
else if (mode === 'tokens' && path !== undefined) await tokensInChild(path);
else await main();
