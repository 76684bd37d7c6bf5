import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { startPlane, startStores, type Plane, type Stores } from '../support/stack.js';

const START = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 1_200_000).toISOString();

interface Installation {
  readonly stores: Stores;
  readonly plane: Plane;
}

/** A fingerprint of every row by whom it is of, whatever keys the store gave them. */
async function fingerprint({ stores }: Installation): Promise<{ rows: string; hash: string }> {
  const [found] = await stores.clickhouse.query<{ rows: string; hash: string }>(
    `SELECT count() AS rows, groupBitXor(cityHash64(i.pod_uid, i.container, i.kind, toUnixTimestamp(c.ts), c.state,
       c.cpu_cost, c.ram_cost, c.gpu_cost, c.network_cost, c.cpu_us, c.ram_bytes, c.cpu_request, c.ram_request,
       c.net_unknown, c.net_node, c.net_zone, c.net_cross_tx, c.net_cross_rx, c.net_internet_tx, c.net_internet_rx)) AS hash
     FROM (SELECT *, cpu_cost, ram_cost FROM kubehero.pod_cost_1s FINAL) AS c
     ANY LEFT JOIN (SELECT * FROM kubehero.identity FINAL) AS i ON i.key = c.id`,
  );
  return { rows: found?.rows ?? '', hash: found?.hash ?? '' };
}

describe('rows are a pure function of sealed seconds and prices', () => {
  const installations: Installation[] = [];

  beforeAll(async () => {
    for (let i = 0; i < 2; i += 1) {
      const stores = await startStores();
      installations.push({ stores, plane: await startPlane(stores, { cluster: 'same' }) });
    }
  }, 120_000);
  afterAll(async () => {
    for (const { stores, plane } of installations) {
      await plane.stop();
      await stores.close();
    }
  });

  it('so another installation that gets them in another order, twice, stores the same digits', async () => {
    const orders = [{}, { shuffle: true, repeat: '2', late: '0.2' }];
    for (const [i, { plane }] of installations.entries()) {
      const flags = {
        nodes: '9',
        podsPerNode: '23',
        seconds: '180',
        start: START,
        network: true,
        client: plane.clientFile,
        ...orders[i],
      };
      const context = { logger: silentLogger, signal: AbortSignal.timeout(60_000), now: Date.now };
      await simulate(readSettings(simulateSettings, { flags }), context);
    }

    const [first, second] = await Promise.all(installations.map(fingerprint));

    expect(first?.rows).toBe(String(9 * 180 * (23 + 1)));
    expect(second).toEqual(first);
  }, 120_000);
});
