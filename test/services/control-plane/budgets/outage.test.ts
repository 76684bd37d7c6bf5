import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import { createConnectClient, query } from '@kubehero/rpc';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { setTimeout as delay } from 'node:timers/promises';
import { BudgetOperator } from '../../../support/budget-operator.js';
import { waitForRollups } from '../../../support/ledger.js';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';
import { waitUntil } from '../../../support/wait-until.js';

describe('budgets whose stores go away', () => {
  let stores: Stores;
  let plane: Plane;

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
  }, 60_000);
  afterAll(async () => {
    await plane.stop();
    await stores.close();
  });

  async function play(seconds: number): Promise<void> {
    const settings = readSettings(simulateSettings, {
      flags: {
        ...{ nodes: '5', podsPerNode: '20', realtime: true },
        ...{ seconds: String(seconds), client: plane.clientFile },
      },
    });
    await simulate(settings, { logger: silentLogger, signal: AbortSignal.timeout(120_000), now: Date.now });
  }

  async function costOfToday(): Promise<string> {
    const client = createConnectClient({ server: plane.plane.url, token: plane.token });
    const from = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;
    const to = new Date(Date.parse(from) + 86_400_000).toISOString();
    const { rows } = await client.client(query.CostService).GetCost({ by: ['namespace'], from, to });
    return rows.reduce((sum, row) => sum + BigInt(row.costPicodollars), 0n).toString();
  }

  async function spendOfToday(): Promise<string> {
    const operator = new BudgetOperator();
    try {
      await operator.connect(plane, 'test');
      await operator.author([{ uid: 'all', spec: { scope: { namespaceSelector: {} }, ceiling: '$1000/d' } }]);
      return (await operator.verdict('all')).spendPicounits;
    } finally {
      operator.close();
    }
  }

  it('count every second once, however PostgreSQL and ClickHouse come and go meanwhile', async () => {
    expect(await spendOfToday()).toBe('0');
    const playing = play(30);
    await delay(4000);
    await stores.restartPostgres(2500);
    await delay(5000);
    await stores.killClickHouse(2500);
    await playing;
    await waitForRollups(stores.db);

    await waitUntil('spend equals the cost', async () => (await spendOfToday()) === (await costOfToday()));
    expect(BigInt(await spendOfToday())).toBeGreaterThan(0n);
  }, 180_000);
});
