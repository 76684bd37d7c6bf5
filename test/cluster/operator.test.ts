import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import { deployment, pod } from '../support/enforcement/workload-factory.js';
import { OperatorRig, type StartedOperator } from '../support/operator-rig.js';
import { describeWith } from '../support/requirements.js';
import { waitUntil } from '../support/wait-until.js';

describeWith([clusterBinaries(...enforcementBinaries)], 'the operator and its hub', () => {
  let rig: OperatorRig;
  let operator: StartedOperator;
  let count = 0;
  let name = '';

  beforeAll(async () => {
    rig = await OperatorRig.start();
    operator = rig.operator('operator-0');
    await waitUntil('the operator follows', () => rig.hub.isFollowed, 30_000);
  }, 120_000);
  beforeEach(async () => {
    name = `story-${++count}`;
    await rig.namespace(name);
    await rig.apply(deployment({ namespace: name, name: 'web', replicas: 3 }));
  });
  afterAll(() => rig.stop());

  const pods = async (): Promise<number> => {
    const { items } = (await rig.cluster.call({ path: `/api/v1/namespaces/${name}/pods` })).body as {
      items: unknown[];
    };
    return items.length;
  };
  const condition = async (type: string): Promise<string> => {
    const { status } = await rig.read(name);
    const found = status?.conditions?.find((each) => each.type === type);
    return `${found?.status} ${found?.reason}`;
  };

  it('tells the hub what is written here', async () => {
    const policy = await rig.policy(name, { scope: { namespaces: [name] } });
    await waitUntil('the hub knows it', () =>
      rig.hub.authored.some(({ uid }) => uid === policy.metadata.uid),
    );
    const told = rig.hub.authored.find(({ uid }) => uid === policy.metadata.uid);
    expect([told?.name, JSON.parse(told?.specJson ?? '{}')]).toEqual([name, policy.spec]);
    expect(await condition('Tracked')).toBe('False AwaitingVerdict');
  });

  it('stops an armed scope once its ceiling is crossed, and puts it back once the ceiling is raised', async () => {
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
    await rig.exceed(name);
    const enforced = await rig.untilPhase(name, 'Enforced');
    expect(enforced.status?.stopped).toEqual([
      { cluster: 'east', kind: 'Deployment', namespace: name, name: 'web' },
    ]);
    expect([enforced.status?.spend, enforced.status?.remaining, enforced.status?.currency]).toEqual([
      '10.5',
      '0',
      'USD',
    ]);
    expect(await rig.replicas(name, 'web')).toBe(0);
    const late = pod({ namespace: name, name: 'late' });
    const path = `/api/v1/namespaces/${name}/pods`;
    const refused = await rig.cluster.call({ method: 'POST', path, body: late });
    expect([refused.status, String(refused.body['message'])]).toEqual([403, expect.stringContaining(name)]);
    const { uid } = enforced.metadata;
    await waitUntil('the hub knows that it is enforced', () => {
      return rig.hub.enforcement.get(uid)?.state === 'ENFORCEMENT_STATE_ENFORCED';
    });

    await rig.change(name, { spec: { ceiling: '$20/d' } });
    const released = await rig.untilPhase(name, 'Released');
    await waitUntil('the pods are back', async () => (await pods()) === 3);
    expect([await rig.replicas(name, 'web'), released.status?.stoppedCount]).toEqual([3, 0]);
    await waitUntil(
      'nothing is left behind',
      async () => ((await rig.read(name)).metadata.finalizers ?? []).length === 0,
    );
    expect((await rig.cluster.call({ method: 'POST', path, body: late })).status).toBe(201);
  }, 60_000);

  it('only warns while a policy is not armed, and acts as soon as it is', async () => {
    await rig.policy(name, { scope: { namespaces: [name] } });
    await rig.exceed(name);
    await rig.untilPhase(name, 'Exceeded');
    expect([await rig.replicas(name, 'web'), await condition('Enforced')]).toEqual([3, 'False NotArmed']);
    await rig.change(name, { spec: { armed: true } });
    await rig.untilPhase(name, 'Enforced');
    await rig.change(name, { spec: { armed: false } });
    await rig.untilPhase(name, 'Exceeded');
    expect(await rig.replicas(name, 'web')).toBe(3);
  }, 60_000);

  it('lists in a dry run what it would stop, and changes nothing', async () => {
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true, dryRun: true });
    await rig.exceed(name);
    const policy = await rig.untilPhase(name, 'Exceeded');
    await waitUntil('the list is there', async () => (await rig.read(name)).status?.stoppedCount === 1);
    expect([await rig.replicas(name, 'web'), policy.metadata.finalizers]).toEqual([3, undefined]);
  }, 60_000);

  it('goes on with what it has while the hub is away, also after a restart, and by itself at the end of the period', async () => {
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
    const periodEndsAtS = Math.floor(Date.now() / 1000) + 12;
    await rig.exceed(name, { periodEndsAtS });
    await rig.untilPhase(name, 'Enforced');
    await rig.hub.goAway();
    operator.child.kill('SIGKILL');
    await operator.ended;
    operator = rig.operator('operator-0');
    await waitUntil('the operator is ready', () => operator.url() !== undefined, 30_000);
    expect([await rig.replicas(name, 'web'), (await rig.read(name)).status?.phase]).toEqual([0, 'Enforced']);
    await waitUntil('the period is over', () => Date.now() / 1000 > periodEndsAtS, 20_000);
    await rig.untilPhase(name, 'Released');
    expect(await rig.replicas(name, 'web')).toBe(3);
    await rig.hub.comeBack();
    await waitUntil('the operator follows again', () => rig.hub.isFollowed, 30_000);
  }, 90_000);

  it('waits for the hub before it stops anything new, and needs no hub to release', async () => {
    await rig.hub.goAway();
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
    await waitUntil(
      'it says that the hub is away',
      async () => (await condition('Tracked')) === 'False HubAway',
    );
    expect(await rig.replicas(name, 'web')).toBe(3);
    await rig.hub.comeBack();
    await waitUntil('the operator follows again', () => rig.hub.isFollowed, 30_000);
    await rig.exceed(name);
    await rig.untilPhase(name, 'Enforced');
    await rig.hub.goAway();
    await rig.change(name, { spec: { ceiling: '$20/d' } });
    await rig.untilPhase(name, 'Released');
    expect(await rig.replicas(name, 'web')).toBe(3);
    await rig.judge(name, { spendPicounits: '10600000000000', ceilingPicounits: '20000000000000' });
    await rig.hub.comeBack();
    await waitUntil('the operator follows again', () => rig.hub.isFollowed, 30_000);
    await waitUntil(
      'the newer figures are there',
      async () => (await rig.read(name)).status?.spend === '10.6',
      15_000,
    );
    expect([await rig.replicas(name, 'web'), (await rig.read(name)).status?.phase]).toEqual([3, 'Released']);
  }, 90_000);

  it('ignores a verdict of an older term', async () => {
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
    rig.hub.epoch = 5;
    await rig.judge(name, { spendPicounits: '1000000000000' });
    await rig.untilPhase(name, 'Tracking');
    await rig.exceed(name, { epoch: 4 });
    await rig.judge(name, { spendPicounits: '2000000000000' });
    await waitUntil(
      'the newer one is there',
      async () => (await rig.read(name)).status?.spend === '2',
      15_000,
    );
    expect([await rig.replicas(name, 'web'), (await rig.read(name)).status?.phase]).toEqual([3, 'Tracking']);
  }, 60_000);

  it('releases a deleted policy before it goes', async () => {
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
    await rig.exceed(name);
    await rig.untilPhase(name, 'Enforced');
    await rig.remove(name);
    await waitUntil('it is gone', async () => !(await rig.exists(name)), 20_000);
    expect(await rig.replicas(name, 'web')).toBe(3);
  }, 60_000);

  it('keeps a replica of a policy that is written elsewhere, and removes it when it is withdrawn', async () => {
    const policyUid = `far-${name}`;
    const nowS = Math.floor(Date.now() / 1000);
    const spec = {
      scope: { namespaces: [name] },
      ceiling: '$10/d',
      hardStop: true,
      armed: true,
      ceilingPer: 'All',
      timeZone: 'UTC',
      dryRun: false,
      includeIdle: false,
    };
    await rig.hub.judge({
      policyUid,
      policyName: name,
      originClusterId: 'another-cluster',
      generation: 3,
      specJson: JSON.stringify(spec),
      armedBy: 'alice@example.com',
      periodStartsAtS: nowS - 100,
      periodEndsAtS: nowS + 3600,
      spendPicounits: '11000000000000',
      exceeded: true,
      exceededAtS: nowS,
    });
    await waitUntil('the replica is there', () => rig.exists(name));
    const replica = await rig.untilPhase(name, 'Enforced');
    expect([replica.metadata.labels, replica.status?.armedBy]).toEqual([
      { 'kubehero.io/replica-of': policyUid },
      'alice@example.com',
    ]);
    expect(rig.hub.authored.map((policy) => policy.name)).not.toContain(name);
    rig.hub.verdicts.delete(policyUid);
    await rig.hub.send({ withdrawal: { policyUid, epoch: rig.hub.epoch, version: 1_000_000 } });
    await waitUntil('the replica is gone', async () => !(await rig.exists(name)), 20_000);
    expect(await rig.replicas(name, 'web')).toBe(3);
  }, 60_000);

  it('arms for a person, says so on the object and in the record', async () => {
    const policy = await rig.policy(name, { scope: { namespaces: [name] } });
    await rig.untilPhase(name, 'Tracking');
    const { uid } = policy.metadata;
    await rig.hub.send({
      setArmed: { requestId: 'request-1', policyUid: uid, armed: true, by: 'bob@example.com' },
    });
    await waitUntil('it is armed', async () => (await rig.read(name)).spec.armed === true);
    await waitUntil('the record is there', () =>
      [...rig.hub.actions.values()].some((each) => each.policyUid === uid),
    );
    const record = [...rig.hub.actions.values()].find((each) => each.policyUid === uid);
    expect([record?.action, JSON.parse(record?.afterJson ?? '{}')]).toEqual([
      'Arm',
      { armed: true, by: 'bob@example.com', requestId: 'request-1' },
    ]);
    expect((await rig.read(name)).metadata.annotations?.['kubehero.io/armed-by']).toBe('bob@example.com');
    await waitUntil(
      'its status names the person',
      async () => (await rig.read(name)).status?.armedBy === 'bob@example.com',
    );
    await rig.change(name, { spec: { armed: false } });
    await waitUntil('nobody is named any more', async () => {
      const { metadata, status } = await rig.read(name);
      return metadata.annotations?.['kubehero.io/armed-by'] === undefined && status?.armedBy === '';
    });
    const actions = (): readonly string[] =>
      [...rig.hub.actions.values()].filter((each) => each.policyUid === uid).map(({ action }) => action);
    await waitUntil('both are recorded', () => actions().length === 2);
    expect(actions()).toEqual(['Arm', 'Disarm']);
  }, 60_000);

  it('tells the hub what the cluster holds', async () => {
    const named = (kind: string, wanted: string): boolean =>
      [...rig.hub.inventory.values()].some((each) => each.kind === kind && each.name === wanted);
    await waitUntil(
      'the inventory is there',
      () => named('namespaces', name) && named('owners', 'web'),
      15_000,
    );
    expect([named('nodes', 'kwok-0'), named('nodes', 'kwok-1'), named('services', 'kubernetes')]).toEqual([
      true,
      true,
      true,
    ]);
    await rig.cluster.call({ method: 'DELETE', path: `/apis/apps/v1/namespaces/${name}/deployments/web` });
    const gone = (): boolean =>
      ![...rig.hub.inventory.values()].some(
        ({ kind, record }) => kind === 'owners' && 'namespace' in record && record.namespace === name,
      );
    await waitUntil('the workload is gone', gone, 15_000);
  }, 60_000);

  it('says in conditions and events what is wrong and what to do', async () => {
    await rig.policy(name, { scope: { namespaces: ['kube-system'] }, armed: true });
    await rig.exceed(name);
    await waitUntil(
      'the policy is refused',
      async () => (await condition('Valid')).startsWith('False'),
      15_000,
    );
    await waitUntil('an event says so', async () => {
      const { items } = (await rig.cluster.call({ path: '/apis/events.k8s.io/v1/namespaces/default/events' }))
        .body as {
        items: { regarding: { name: string }; type: string }[];
      };
      return items.some((event) => event.regarding.name === name && event.type === 'Warning');
    });
  }, 60_000);

  it('exposes its metrics and health', async () => {
    const url = operator.url() ?? '';
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const page = await (await fetch(`${url}/metrics`)).text();
    for (const metric of [
      'kubehero_operator_reconcile_duration_seconds_bucket',
      'kubehero_policy_phase',
      '\nkubehero_operator_hub_connected 1\n',
    ]) {
      expect(page).toContain(metric);
    }
  });

  it('stops on SIGTERM, after the hub has what was done, and leaves it in force until it is uninstalled', async () => {
    rig.hub.storingMs = 300;
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
    await rig.exceed(name);
    await rig.untilPhase(name, 'Enforced');
    operator.child.kill('SIGTERM');
    expect(await operator.ended).toBe(0);
    const told = [...rig.hub.actions.values()].filter(({ policyName }) => policyName === name);
    expect(told.slice(-2).map(({ action }) => action)).toEqual(['Deny', 'Scale']);
    expect(await rig.replicas(name, 'web')).toBe(0);

    const uninstalled = rig.uninstall();
    expect([await uninstalled.ended, JSON.parse(uninstalled.output())]).toEqual([0, { released: [name] }]);
    expect([await rig.replicas(name, 'web'), (await rig.read(name)).metadata.finalizers]).toEqual([
      3,
      undefined,
    ]);
  }, 60_000);
});
