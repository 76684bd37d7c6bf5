import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import { actionKeyId, hashOfAction } from '@kubehero/domain';
import { budget, createConnectClient, type UnaryOf } from '@kubehero/rpc';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { generateKeyPairSync, sign } from 'node:crypto';
import { BudgetOperator } from '../../../support/budget-operator.js';
import { openClusterChannel } from '../../../support/cluster-channel.js';
import { start } from '../../../support/product.js';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';
import { waitUntil } from '../../../support/wait-until.js';

const spec = { scope: { namespaceSelector: {} }, ceiling: '$1000/d', hardStop: true };

type ActionInput = Parameters<typeof hashOfAction>[0];

interface Proof {
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  readonly keyId: string;
}

const chain = generateKeyPairSync('ed25519');

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
    const chainKey = chain.publicKey.export({ type: 'spki', format: 'der' });
    await operator.connect(plane, 'test', [], chainKey);
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

  it('stores actions before it receives them, and refuses what does not verify', async () => {
    const keyId = actionKeyId(chain.publicKey);
    const other = generateKeyPairSync('ed25519');
    const make = (sequence: string, previousHash: Uint8Array, reason = 'a test'): ActionInput => ({
      at: '2026-01-01T00:00:00.000Z',
      ...{ policyUid: 'u1', policyName: 'everything', action: 'Scale', object: null },
      ...{ sequence, previousHash, reason, beforeJson: '', afterJson: '' },
    });
    const send = async (action: ActionInput, proof: Partial<Proof> = {}): Promise<void> => {
      const hash = proof.hash ?? hashOfAction(action);
      const signature = sign(null, hash, chain.privateKey);
      await operator.send({ action: { ...action, object: undefined, hash, signature, keyId, ...proof } });
    };
    const first = make('1', new Uint8Array(32));
    const second = make('2', hashOfAction(first));
    const third = make('3', hashOfAction(second));
    await send(first);
    await send(second, { signature: sign(null, hashOfAction(second), other.privateKey) });
    await send(second);
    await send(third, { hash: hashOfAction(make('3', hashOfAction(second), 'as it was')) });
    await send(third);
    await send(make('1', new Uint8Array(32)), { keyId: actionKeyId(other.publicKey) });
    await send(make('4', hashOfAction(second)));
    await send(make('9', hashOfAction(third)));
    await send(second);
    await waitUntil('all are received', () => operator.receivedThrough >= 2);
    const fork = make('2', hashOfAction(first), 'another past');
    await waitUntil('all are stored', async () => (await storedActions()).length === 8);
    await send(fork);
    await waitUntil('the fork is stored', async () => (await storedActions()).length === 9);
    expect(await storedActions()).toEqual([
      ['1', null],
      ['2', 'WRONG_SIGNATURE'],
      ['2', null],
      ['3', 'WRONG_HASH'],
      ['3', null],
      ['1', 'UNKNOWN_KEY'],
      ['4', 'WRONG_PREVIOUS'],
      ['9', 'GAP'],
      ['2', 'FORK'],
    ]);
    const shown = (await client.GetPolicy({ policy: 'u1' })).actions;
    expect(shown.map(({ fault }) => fault).filter((fault) => fault === '')).toHaveLength(3);
    expect(shown[0]).toMatchObject({ sequence: '2', reason: 'another past', fault: 'FORK' });
    const metrics = await (await fetch(`${plane.plane.url}/metrics`)).text();
    expect(metrics).toMatch(/kubehero_policy_refused_actions_total\{fault="WRONG_SIGNATURE"\} 1/);
  });

  it('pins the first key of a chain, and takes no stream of another role or with a key that is none', async () => {
    const keys = await stores.db
      .selectFrom('budget_action_key')
      .select(['key_id', 'registered_by'])
      .execute();
    expect(keys).toEqual([{ key_id: actionKeyId(chain.publicKey), registered_by: 'operator' }]);

    const wrong = new BudgetOperator();
    await wrong.connect(plane, 'test', [], new Uint8Array([1, 2, 3]));
    await waitUntil('it is refused', () => wrong.failure !== undefined);
    expect(wrong.failure).toMatchObject({ code: 'invalid_argument' });
    wrong.close();
    const channel = await openClusterChannel(plane, {
      ...{ clusterId: 'test', role: 'collector', name: 'node-1' },
    });
    const stream = channel.client(budget.BudgetService).Follow();
    await expect(stream.responses[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'permission_denied',
    });
    channel.close();
  });

  async function storedActions(): Promise<[string, string | null][]> {
    const rows = await stores.db
      .selectFrom('budget_action')
      .select(['sequence', 'fault'])
      .orderBy('key')
      .execute();
    return rows.map(({ sequence, fault }) => [sequence, fault]);
  }

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
