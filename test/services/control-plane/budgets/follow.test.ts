import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import type { BudgetPolicySpec } from '@kubehero/domain';
import { createConnectClient, query, type budget } from '@kubehero/rpc';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { addCluster, sql } from '@kubehero/store-postgres';
import { BudgetOperator } from '../../../support/budget-operator.js';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';
import { waitUntil } from '../../../support/wait-until.js';

describe('budgets on real stores', () => {
  let stores: Stores;
  let plane: Plane;
  let operator: BudgetOperator;
  const home = 'test';

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    await play(60, { start: isoAt(Math.floor(Date.now() / 1000) - 300) });
    operator = new BudgetOperator();
    await operator.connect(plane, home);
  }, 60_000);
  afterAll(async () => {
    operator.close();
    await plane.stop();
    await stores.close();
  });

  async function play(seconds: number, flags: Record<string, unknown> = {}): Promise<void> {
    const settings = readSettings(simulateSettings, {
      flags: { nodes: '3', podsPerNode: '20', seconds: String(seconds), client: plane.clientFile, ...flags },
    });
    await simulate(settings, { logger: silentLogger, signal: AbortSignal.timeout(60_000), now: Date.now });
  }

  /** What `kubehero cost` says of the same window and scope. */
  async function costOf(
    verdict: budget.Verdict,
    where: readonly query.FilterInput[],
    kept: (keys: Readonly<Record<string, string>>) => boolean = () => true,
  ): Promise<string> {
    const client = createConnectClient({ server: plane.plane.url, token: plane.token });
    const answer = await client.client(query.CostService).GetCost({
      by: ['namespace', 'workload'],
      where: [...where],
      from: isoAt(Number(verdict.periodStartsAtS)),
      to: isoAt(Number(verdict.periodEndsAtS)),
    });
    return answer.rows
      .filter(({ keys }) => kept(keys))
      .reduce((sum, row) => sum + BigInt(row.costPicodollars), 0n)
      .toString();
  }

  const daily = (
    scope: BudgetPolicySpec['scope'],
    more: Partial<BudgetPolicySpec> = {},
  ): BudgetPolicySpec => ({
    scope,
    ceiling: '$1000/d',
    ...more,
  });

  it('counts exactly what the store holds for a scope of namespaces, workloads or clusters', async () => {
    const [workload] = await anyWorkload();
    await operator.author([
      { uid: 'ns', spec: daily({ namespaces: ['web'] }) },
      { uid: 'team', spec: daily({ workloadSelector: { matchLabels: { team: 'web' } } }) },
      { uid: 'app', spec: daily({ workloadSelector: { matchLabels: { app: workload } } }) },
      { uid: 'all', spec: daily({ namespaceSelector: {} }) },
      { uid: 'idle', spec: daily({ namespaceSelector: {} }, { includeIdle: true }) },
    ]);
    const ns = await operator.verdict('ns');
    expect(ns.spendPicounits).toBe(await costOf(ns, [{ key: 'namespace', value: 'web' }]));
    expect((await operator.verdict('team')).spendPicounits).toBe(ns.spendPicounits);
    const app = await operator.verdict('app');
    expect(app.spendPicounits).toBe(await costOf(app, [{ key: 'workload', value: workload }]));
    const all = await operator.verdict('all');
    expect(all.spendPicounits).toBe(await costOf(all, []));
    expect(BigInt(all.spendPicounits)).toBeGreaterThan(BigInt(ns.spendPicounits));
    // All pods together share all idle: the whole nodes, but for what is rounded down
    const idle = await operator.verdict('idle');
    expect(BigInt(idle.spendPicounits)).toBeGreaterThan(BigInt(all.spendPicounits));
    expect(conditionOf(all, 'Scope')?.reason).toBe('MatchesEverything');
    expect(conditionOf(ns, 'Overlaps')?.reason).toBe('StrictestWins');
    await waitUntil('all of them are named', () => operator.synced.at(-1)?.policyUids.length === 5);
    expect(operator.synced.at(-1)?.policyUids).toEqual(
      expect.arrayContaining(['ns', 'team', 'app', 'all', 'idle']),
    );
  });

  it('tells of a crossing within seconds of the second that crossed, and counts on exactly', async () => {
    const before = await operator.verdict('all');
    const microdollars = Number(BigInt(before.spendPicounits) / 1_000_000n) + 500;
    const ceiling = `$${(microdollars / 1e6).toFixed(6)}/d`;
    await operator.author([
      { uid: 'cross', spec: { scope: { namespaceSelector: {} }, ceiling, armed: true, hardStop: true } },
    ]);
    await operator.verdict('cross');
    const playing = play(20, { realtime: true, start: undefined });
    const crossed = await operator.verdict('cross', ({ exceeded }) => exceeded);
    await playing;
    const seenAt = (operator.exceededSeenAt.get('cross') ?? 0) / 1000;
    expect(seenAt - Number(crossed.spentThroughS)).toBeLessThan(4);
    expect(BigInt(crossed.spendPicounits)).toBeGreaterThanOrEqual(BigInt(crossed.ceilingPicounits));
    expect(crossed.crossed.map(({ percent }) => percent)).toEqual(expect.arrayContaining([50, 80, 95]));
    await waitUntil('spend equals the cost', async () => {
      const verdict = await operator.verdict('cross');
      return verdict.spendPicounits === (await costOf(verdict, []));
    });
    expect(operator.withdrawn.map(({ policyUid }) => policyUid)).toEqual(
      expect.arrayContaining(['ns', 'team', 'app', 'all', 'idle']),
    );
  }, 60_000);

  it('is the same after another leader took over, and sends nothing that is held', async () => {
    const before = await operator.verdict('cross');
    operator.close();
    await plane.stop();
    const ca = plane.clientFile;
    plane = await startPlane(stores, { cluster: 'test' });
    expect(plane.clientFile).toBe(ca);
    operator = new BudgetOperator();
    await operator.connect(plane, home);
    await operator.author([{ uid: 'cross', spec: JSON.stringify(JSON.parse(before.specJson)) }]);
    const after = await operator.verdict('cross');
    expect(after.spendPicounits).toBe(await costOf(after, []));
    expect({
      ...after,
      epoch: '',
      version: '',
      spentThroughS: '',
      burnPerHourPicounits: '',
      forecast: null,
      spendPicounits: '',
      conditions: [],
    }).toEqual({
      ...before,
      epoch: '',
      version: '',
      spentThroughS: '',
      burnPerHourPicounits: '',
      forecast: null,
      spendPicounits: '',
      conditions: [],
    });
    expect(BigInt(after.epoch)).toBeGreaterThan(BigInt(before.epoch));
    const again = new BudgetOperator();
    await again.connect(plane, home, [{ policyUid: 'cross', epoch: after.epoch, version: after.version }]);
    await again.author([{ uid: 'cross', spec: JSON.stringify(JSON.parse(before.specJson)) }]);
    await waitUntil('synced', () => again.synced.length > 0);
    expect(again.verdicts.has('cross')).toBe(false);
    again.close();
  }, 60_000);

  it('stays exceeded until the ceiling is above the spend, and says so under the new generation', async () => {
    const before = await operator.verdict('cross');
    const spec = JSON.parse(before.specJson) as BudgetPolicySpec;
    await operator.author([{ uid: 'cross', generation: 2, spec: { ...spec, ceiling: '$0.000001/d' } }]);
    const lower = await operator.verdict('cross', ({ generation }) => generation === '2');
    expect(lower).toMatchObject({ exceeded: true, exceededAtS: before.exceededAtS });
    await operator.author([{ uid: 'cross', generation: 3, spec: { ...spec, ceiling: '$5000/d' } }]);
    const raised = await operator.verdict('cross', ({ generation }) => generation === '3');
    expect(raised).toMatchObject({ exceeded: false, exceededAtS: '0' });
  });

  it.each([
    [
      'a ceiling in another currency',
      { scope: { namespaces: ['web'] }, ceiling: 'EUR 5/h' },
      'OtherCurrency',
    ],
    [
      'no such time zone',
      { scope: { namespaces: ['web'] }, ceiling: '$5/h', timeZone: 'Mars/Olympus' },
      'UnknownTimeZone',
    ],
    ['an empty scope', { scope: {}, ceiling: '$5/h' }, 'EmptyScope'],
    ['zero', { scope: { namespaces: ['web'] }, ceiling: '$0/h' }, 'InvalidCeiling'],
    ['no JSON', 'nonsense', 'InvalidSpec'],
  ])('answers %s with a condition', async (_what, spec, reason) => {
    const uid = `bad-${reason}`;
    await operator.author([{ uid, spec }]);
    const verdict = await operator.verdict(uid);
    expect(conditionOf(verdict, 'Accepted')).toMatchObject({ status: 'False', reason });
    expect(verdict.exceeded).toBe(false);
  });

  it('keeps a policy to its own cluster unless that cluster is a source of policies', async () => {
    const other = await addCluster(stores.db, { id: 'other', name: 'other', cloud: '', region: '' });
    await sql`update cluster set labels = '{"env":"prod"}'`.execute(stores.db);
    const second = new BudgetOperator();
    await second.connect(plane, 'other');
    await second.author([]);
    const spec = daily({ clusterSelector: { matchLabels: { env: 'prod' } } });
    await operator.author([{ uid: 'wide', spec }]);
    const own = await operator.verdict('wide', (one) => conditionOf(one, 'Reach') !== undefined);
    expect(conditionOf(own, 'Reach')).toMatchObject({ status: 'False', reason: 'NotAPolicySource' });
    expect(second.verdicts.has('wide')).toBe(false);
    await sql`update cluster set labels = '{"env":"prod","kubehero.io/policy-source":"true"}' where id = ${home}`.execute(
      stores.db,
    );
    const replica = await second.verdict('wide');
    expect(replica).toMatchObject({ originClusterId: home, specJson: JSON.stringify(spec) });
    await sql`update cluster set labels = '{}' where key = ${other.key}`.execute(stores.db);
    await waitUntil('withdrawn', () => second.withdrawn.some(({ policyUid }) => policyUid === 'wide'));
    second.close();
  }, 60_000);

  it('knows a cluster that was registered a moment ago when it says what concerns it', async () => {
    for (const id of ['new-1', 'new-2', 'new-3']) {
      await addCluster(stores.db, { id, name: id, cloud: '', region: '' });
      const newcomer = new BudgetOperator();
      await newcomer.connect(plane, id);
      await newcomer.author([{ uid: id, spec: daily({ namespaces: ['web'] }) }]);
      await waitUntil('synchronised', () => newcomer.synced.length > 0);
      expect(newcomer.synced[0]?.policyUids).toEqual([id]);
      newcomer.close();
    }
  });

  async function anyWorkload(): Promise<[string]> {
    const row = await stores.db
      .selectFrom('identity')
      .select('workload')
      .where('kind', '=', 'container')
      .executeTakeFirstOrThrow();
    return [row.workload];
  }
});

function conditionOf(verdict: budget.Verdict, type: string): budget.Condition | undefined {
  return verdict.conditions.find((one) => one.type === type);
}

function isoAt(second: number): string {
  return `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
}
