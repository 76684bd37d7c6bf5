import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { start } from '../../support/product.js';
import { startPlane, startStores, type Plane, type Stores } from '../../support/stack.js';

interface Row {
  readonly namespace: string;
  readonly start?: string;
  readonly costPicodollars: string;
  readonly costUsd: string;
  readonly byResource: Readonly<Record<string, string>>;
}

interface Answer {
  readonly window: { readonly from: string; readonly to: string };
  readonly rows: readonly Row[];
  readonly idle: { readonly costPicodollars: string };
  readonly unobserved: { readonly costPicodollars: string; readonly nodeSeconds: number };
  readonly total: { readonly costPicodollars: string; readonly costUsd: string };
}

async function run(
  args: readonly string[],
): Promise<{ code: number | null; output: string; errors: string }> {
  const command = start(args);
  const code = await command.ended;
  return { code, output: command.output(), errors: command.errors() };
}

const picodollars = ({ costPicodollars }: { costPicodollars: string }): bigint => BigInt(costPicodollars);

describe('flags of kubehero cost', () => {
  it('that are wrong are told all at once, with exit 2, before any server is asked', async () => {
    const wrong = [
      '--by',
      'pod,planet',
      '--where',
      'web',
      '--step',
      '5x',
      '--output',
      'xml',
      '--window',
      '15',
    ];
    const { code, output, errors } = await run(['cost', ...wrong]);
    expect([code, output]).toEqual([2, '']);
    const lines = errors.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).toMatch(/^kubehero: \S/);
    expect(errors).toContain("--by: 'planet' is no key: give some of cluster, node, namespace, workload");
    expect(errors).toContain("--where: 'web' is not allowed: give key=value");
    expect(errors).toContain("--output: 'xml' is not allowed: give table or json");
  });

  it.each([
    [
      ['--window', '1h', '--from', '2026-01-01T00:00:00Z'],
      '--window: give either a window or --from and --to',
    ],
    [['--to', '2026-01-01T00:00:00Z'], '--from: is needed where --to is given'],
    [['--from', '2026-01-02T00:00:00Z', '--to', '2026-01-01T00:00:00Z'], 'does not lie after --from'],
    [['--from', 'yesterday'], "'yesterday'"],
    [['--planet'], "unknown option '--planet'"],
  ])('%j are refused', async (flags, sentence) => {
    const { code, errors } = await run(['cost', ...flags]);
    expect(code).toBe(2);
    expect(errors).toContain(sentence);
  });

  it('without a server say how one is named, with exit 1', async () => {
    const { code, errors } = await run(['cost', '--client', '/nowhere/client.json']);
    expect(code).toBe(1);
    expect(errors).toMatch(/^kubehero: .*\/nowhere\/client\.json/);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('what kubehero cost prints', () => {
  let stores: Stores;
  let plane: Plane;
  const from = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 600_000).toISOString();
  const to = new Date(Date.parse(from) + 120_000).toISOString();
  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    const fleet = ['--nodes', '3', '--pods-per-node', '5', '--seconds', '60', '--start', from];
    const { code, errors } = await run(['simulate', '--client', plane.clientFile, ...fleet]);
    expect([code, errors]).toEqual([0, '']);
  }, 120_000);
  afterAll(async () => {
    await plane.stop();
    await stores.close();
    await rm(plane.clientFile, { force: true });
  });

  const ask = (...flags: string[]): ReturnType<typeof run> =>
    run(['cost', '--client', plane.clientFile, '--from', from, '--to', to, ...flags]);

  it('as JSON has the documented shape, and its parts make the total exactly', async () => {
    const { code, output } = await ask('--output', 'json');
    expect(code).toBe(0);
    const answer = JSON.parse(output) as Answer;
    expect(Object.keys(answer).sort()).toEqual(
      ['coverage', 'currency', 'idle', 'rows', 'total', 'unobserved', 'unpriced', 'window'].sort(),
    );
    expect(answer).toMatchObject({
      window: { from: from.replace('.000', ''), to: to.replace('.000', '') },
      currency: 'USD',
      coverage: { observedNodeSeconds: 180 },
      unpriced: { nodeSeconds: 0 },
    });
    expect(answer.rows.length).toBeGreaterThan(0);
    for (const row of answer.rows) {
      expect(Object.keys(row).sort()).toEqual(
        [
          'namespace',
          'costPicodollars',
          'costUsd',
          'cpuCoreSeconds',
          'memoryByteSeconds',
          'networkBytes',
          'byResource',
        ].sort(),
      );
      expect(Object.keys(row.byResource).sort()).toEqual(
        ['cpu', 'gpu', 'loadBalancer', 'network', 'ram', 'volume'].sort(),
      );
      expect(row.costPicodollars).toMatch(/^\d+$/);
    }
    const sum = [...answer.rows, answer.idle, answer.unobserved].reduce(
      (all, part) => all + picodollars(part),
      0n,
    );
    expect(sum).toBe(picodollars(answer.total));
    expect(BigInt(Math.round(Number(answer.total.costUsd) * 1e12))).toBe(sum);
  });

  it('splits rows by time where it is asked to', async () => {
    const { output } = await ask('--output', 'json', '--step', '1m', '--by', 'cluster');
    const { rows } = JSON.parse(output) as Answer;
    expect(rows.map(({ start: begins }) => begins)).toEqual([from.replace('.000', '')]);
  });

  it('as a table has a line for each row, what is idle or unobserved, and the total', async () => {
    const { code, output } = await ask('--by', 'namespace,workload');
    expect(code).toBe(0);
    const [head = '', empty, columns = '', ...rows] = output.trimEnd().split('\n');
    expect(head).toContain('USD, 180 of 180 node-seconds observed');
    expect(empty).toBe('');
    expect(columns.split(/ {2,}/)).toEqual([
      'NAMESPACE',
      'WORKLOAD',
      'COST',
      'CPU CORE-S',
      'MEMORY GIB-H',
      'NETWORK MB',
    ]);
    expect(rows.slice(-3).map((row) => row.split(/ {2,}/)[0])).toEqual(['(idle)', '(unobserved)', 'total']);
    expect(rows.length).toBeGreaterThan(3);
  });
});
