import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  encodePodCosts,
  openEmbeddedClickHouse,
  PodCostColumns,
  renderTables,
  type ClickHouseEngine,
  type WideColumn,
} from '@kubehero/store-clickhouse';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TABLE = 'kubehero.pod_cost_1s';
const TS = 1_790_000_000;
/** What one second may cost at most, and a bit: the dearest price allowed is 40 units a second. */
const MOST = 50 * 10 ** 12;
const BYTES = [
  'net_unknown',
  'net_node',
  'net_zone',
  'net_cross_tx',
  'net_cross_rx',
  'net_internet_tx',
  'net_internet_rx',
] as const satisfies readonly WideColumn[];

const below = (max: number): fc.Arbitrary<number> =>
  fc.maxSafeInteger().map((value) => Math.abs(value) % max);
/** Edges as often as anything between. */
const upTo = (max: number): fc.Arbitrary<number> => fc.oneof(fc.constantFrom(0, 1, max - 1), below(max));

const ROW = fc
  .record({
    cpuUs: upTo(2 ** 32),
    cpuRequest: upTo(2 ** 22),
    ramBytes: upTo(2 ** 45),
    ramRequest: upTo(2 ** 45),
    cpuCost: upTo(MOST),
    ramCost: upTo(MOST),
    gpuCost: upTo(MOST),
    networkCost: upTo(2 ** 53),
    gpuRequest: upTo(2 ** 16),
    traffic: fc.array(upTo(2 ** 53), { minLength: BYTES.length, maxLength: BYTES.length }),
    // Half picounits: what the greatest usage costs at it stays below 2^53
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ share, ...row }) => {
    const cpu = Math.max(row.cpuUs, row.cpuRequest * 1000, 1);
    const ram = Math.max(row.ramBytes, row.ramRequest, 1);
    return { ...row, cpuRate: (share * MOST) / cpu, ramRate: (share * MOST) / ram };
  });
type Row = typeof ROW extends fc.Arbitrary<infer T> ? T : never;

function fill(columns: PodCostColumns, row: Row, at: number): void {
  columns.id[at] = at;
  columns.ts[at] = TS;
  columns.cpuUs[at] = row.cpuUs;
  columns.cpuRequest[at] = row.cpuRequest;
  columns.cpuCost[at] = row.cpuCost;
  columns.ramCost[at] = row.ramCost;
  columns.cpuRate[at] = row.cpuRate;
  columns.ramRate[at] = row.ramRate;
  columns.gpuRequest[at] = row.gpuRequest;
  columns.setWide('ram_bytes', at, row.ramBytes);
  columns.setWide('ram_request', at, row.ramRequest);
  columns.setWide('gpu_cost', at, row.gpuCost);
  columns.setWide('network_cost', at, row.networkCost);
  BYTES.forEach((name, index) => {
    columns.setWide(name, at, row.traffic[index] ?? 0);
  });
  columns.rows = at + 1;
}

/** What must come back, as ClickHouse writes integers of 64 bits. */
function toStored(row: Row, id: number): Record<string, string | number> {
  return {
    ...{ id, cpu_cost: `${row.cpuCost}`, ram_cost: `${row.ramCost}`, gpu_cost: `${row.gpuCost}` },
    ...{ network_cost: `${row.networkCost}`, cpu_us: row.cpuUs, cpu_request: row.cpuRequest },
    ...{ ram_bytes: `${row.ramBytes}`, ram_request: `${row.ramRequest}`, gpu_request: row.gpuRequest },
    ...Object.fromEntries(BYTES.map((name, index) => [name, `${row.traffic[index] ?? 0}`])),
  };
}

describe('columns of costs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kubehero-columns-'));
  let engine: ClickHouseEngine;

  beforeAll(async () => {
    engine = await openEmbeddedClickHouse({ directory });
    const tables = renderTables({ database: 'kubehero', rawRetentionDays: 3650, minuteRetentionDays: 3650 });
    for (const statement of tables) await engine.command(statement);
  }, 60_000);
  afterAll(async () => {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('give back every cost exactly, whatever its product of usage and rate rounds to', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ROW, { minLength: 1, maxLength: 400 }), async (rows) => {
        const columns = new PodCostColumns(rows.length);
        columns.hasGpu = true;
        columns.hasNetwork = true;
        rows.forEach((row, at) => {
          fill(columns, row, at);
        });
        await engine.command(`TRUNCATE TABLE ${TABLE}`);
        await engine.insertNative(TABLE, encodePodCosts([columns]));
        const stored = await engine.query(
          `SELECT id, cpu_cost, ram_cost, gpu_cost, network_cost, cpu_us, cpu_request, ram_bytes, ram_request,
             gpu_request, ${BYTES.join(', ')} FROM ${TABLE} ORDER BY id`,
        );
        expect(stored).toEqual(rows.map(toStored));
      }),
      { numRuns: 25, seed: 20261123 },
    );
  }, 60_000);

  it('are as good as new after some rows were taken back', () => {
    fc.assert(
      fc.property(fc.array(ROW, { minLength: 2, maxLength: 40 }), fc.nat(), (rows, cut) => {
        const kept = 1 + (cut % (rows.length - 1));
        const used = new PodCostColumns(rows.length);
        used.hasGpu = true;
        used.hasNetwork = true;
        rows.forEach((row, at) => {
          fill(used, row, at);
        });
        used.settleRests();
        used.truncate(kept);
        const fresh = new PodCostColumns(rows.length);
        fresh.hasGpu = true;
        fresh.hasNetwork = true;
        rows.slice(0, kept).forEach((row, at) => {
          fill(fresh, row, at);
        });
        const bytesOf = (columns: PodCostColumns): string =>
          Buffer.concat(encodePodCosts([columns]).parts).toString('base64');
        expect(bytesOf(used)).toBe(bytesOf(fresh));
      }),
    );
  });
});
