import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import { hashOfAction } from '@kubehero/domain';
import { budget, createConnectClient, type UnaryOf } from '@kubehero/rpc';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { BudgetOperator } from '../../../support/budget-operator.js';
import { start } from '../../../support/product.js';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';
import { waitUntil } from '../../../support/wait-until.js';

const spec = { scope: { namespaceSelector: {} }, ceiling: '$1000/d', hardStop: true };

describe('policies for people and programs', () => {
  let stores: Stores;
  let plane: Plane;
  let operator: BudgetOperator;
  let client: UnaryOf<budget.PolicyServiceShape>;

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    const settings = readSettings(simulateSettings, {
      flags: { nodes: '2', podsPerNode: '10', seconds: '90', client: plane.clientFile },
    });
    await simulate(settings, { logger: silentLogger, signal: AbortSignal.timeout(30_000), now: Date.now });
    operator = new BudgetOperator();
    await operator.connect(plane, 'test');
    await operator.author([{ uid: 'u1', name: 'everything', spec }]);
    await operator.verdict('u1');
    client = createConnectClient({ server: plane.plane.url, token: plane.token }).client(
      budget.PolicyService,
    );
  }, 60_000);
  afterAll(async () => {
    operator.close();
    await plane.stop();
    await stores.close();
  });

  it('lists and shows what was judged, with its burn-down', async () => {
    await waitUntil('the spend is listed', async () => (await client.ListPolicies({})).policies.length === 1);
    const [listed] = (await client.ListPolicies({})).policies;
    expect(listed).toMatchObject({ originCluster: 'test', armed: false, hardStop: true, dryRun: false });
    const shown = await client.GetPolicy({ policy: 'everything' });
    const spend = shown.status?.verdict?.spendPicounits ?? '';
    expect(BigInt(spend)).toBeGreaterThan(0n);
    expect(shown.points[0]?.spendPicounits).toBe('0');
    expect(shown.points.at(-1)?.spendPicounits).toBe(spend);
    await expect(client.GetPolicy({ policy: 'nothing' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('arms by the operator of the cluster in which it is written, after its name was confirmed', async () => {
    const unconfirmed = client.SetArmed({
      policy: 'everything',
      armed: true,
      confirmName: 'everythin',
      by: 'ann',
    });
    await expect(unconfirmed).rejects.toMatchObject({ code: 'invalid_argument' });
    const arming = client.SetArmed({
      policy: 'everything',
      armed: true,
      confirmName: 'everything',
      by: 'ann',
    });
    await waitUntil('the operator is asked', () => operator.armings.length > 0);
    expect(operator.armings[0]).toMatchObject({ policyUid: 'u1', armed: true, by: 'ann' });
    await operator.author([
      { uid: 'u1', name: 'everything', generation: 2, spec: { ...spec, armed: true }, armedBy: 'ann' },
    ]);
    expect((await arming).status).toMatchObject({ armed: true });
  });

  it('stores actions before it receives them, and a broken chain with its fault', async () => {
    const base = {
      at: '2026-01-01T00:00:00.000Z',
      policyUid: 'u1',
      policyName: 'everything',
      action: 'Arm',
      object: null,
      reason: 'a test',
      beforeJson: '',
      afterJson: '',
    };
    const first = { ...base, sequence: '1', previousHash: new Uint8Array(32) };
    const firstHash = hashOfAction(first);
    const second = { ...base, sequence: '2', previousHash: firstHash };
    const forged = { ...base, sequence: '3', reason: 'forged', previousHash: hashOfAction(second) };
    const proof = { signature: new Uint8Array(64), keyId: 'k1' };
    const send = async (action: Parameters<typeof hashOfAction>[0], hash: Uint8Array): Promise<void> =>
      operator.send({ action: { ...action, object: undefined, hash, ...proof } });
    await send(first, firstHash);
    await send(second, hashOfAction(second));
    await send(forged, hashOfAction({ ...forged, reason: 'as it was' }));
    await send(second, hashOfAction(second));
    await waitUntil('all are received', () => operator.receivedThrough >= 2);
    await waitUntil(
      'all are stored',
      async () => (await client.GetPolicy({ policy: 'u1' })).actions.length === 3,
    );
    const rows = await stores.db
      .selectFrom('budget_action')
      .select(['sequence', 'fault'])
      .orderBy('key')
      .execute();
    expect(rows).toEqual([
      { sequence: '1', fault: null },
      { sequence: '2', fault: null },
      { sequence: '3', fault: 'WRONG_HASH' },
    ]);
  });

  it('simulates what a policy would have done, also one that does not exist', async () => {
    const all = await client.SimulatePolicy({ policy: 'everything', days: 2 });
    const total = all.periods.reduce((sum, { spendPicounits }) => sum + BigInt(spendPicounits), 0n);
    const verdict = await operator.verdict('u1');
    expect(total).toBe(BigInt(verdict.spendPicounits));
    expect(all.periods.every(({ exceededAtS }) => exceededAtS === '0')).toBe(true);
    const half = Number(total / 2n) / 1e12;
    const policyJson = JSON.stringify({
      metadata: { name: 'new' },
      spec: { ...spec, ceiling: `$${half.toFixed(6)}/d` },
    });
    const crossed = (await client.SimulatePolicy({ policyJson, cluster: 'test', days: 2 })).periods.filter(
      ({ exceededAtS }) => exceededAtS !== '0',
    );
    expect(crossed.length).toBeGreaterThanOrEqual(1);
  });

  it('is there on the command line', async () => {
    const run = async (
      ...args: string[]
    ): Promise<{ code: number | null; output: string; errors: string }> => {
      const command = start(['policy', ...args, '--client', plane.clientFile]);
      const code = await command.ended;
      return { code, output: command.output(), errors: command.errors() };
    };
    const list = await run('list', '--output', 'json');
    expect(list.code).toBe(0);
    expect(JSON.parse(list.output)).toMatchObject({ policies: [{ armed: true, originCluster: 'test' }] });
    expect((await run('show', 'everything')).output).toContain('CONDITION');
    const unasked = await run('arm', 'everything');
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.errors).toContain('--confirm everything');
    expect((await run('simulate', 'everything', '--days', '1')).output).toContain(
      'nothing would be stopped now',
    );
  }, 60_000);
});
