import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import { deployment } from '../support/enforcement/workload-factory.js';
import { OperatorRig, type StartedOperator } from '../support/operator-rig.js';
import { describeWith } from '../support/requirements.js';
import { waitUntil } from '../support/wait-until.js';

const takeoverMs = 15_000;
const workloads = 12;

describeWith([clusterBinaries(...enforcementBinaries)], 'two replicas of the operator', () => {
  let rig: OperatorRig;

  beforeAll(async () => {
    rig = await OperatorRig.start();
    const [first, second] = [
      rig.operator('operator-0', { elects: true }),
      rig.operator('operator-1', { elects: true }),
    ];
    await waitUntil('both are ready', () => first.url() !== undefined && second.url() !== undefined, 30_000);
    await waitUntil('one of them follows the hub', () => rig.hub.isFollowed, 30_000);
  }, 120_000);
  afterAll(() => rig.stop());

  /** A replica that is dead or stopped does not answer. */
  async function isActive(operator: StartedOperator): Promise<boolean> {
    try {
      const answer = await fetch(`${operator.url() ?? ''}/metrics`, { signal: AbortSignal.timeout(1000) });
      return (await answer.text()).includes('\nkubehero_operator_active 1\n');
    } catch {
      return false;
    }
  }

  async function actives(): Promise<StartedOperator[]> {
    const states = await Promise.all(rig.operators.map(isActive));
    return rig.operators.filter((_, index) => states[index]);
  }

  async function active(): Promise<StartedOperator> {
    const [leader] = await actives();
    if (leader === undefined) throw new Error('no replica is active');
    return leader;
  }

  async function scope(name: string): Promise<void> {
    await rig.namespace(name);
    for (let index = 0; index < workloads; index += 1) {
      await rig.apply(deployment({ namespace: name, name: `web-${index}`, replicas: 2 }));
    }
    await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
  }

  /** Successful writes of the operator on Deployments of a namespace, by name. */
  function writesOn(namespace: string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { user, objectRef, responseStatus, verb } of rig.cluster.writes()) {
      const isOurs = user.username.endsWith(':kubehero-operator') && (responseStatus?.code ?? 500) < 300;
      const isScale = objectRef?.resource === 'deployments' && objectRef.namespace === namespace;
      if (!isOurs || !isScale || !['patch', 'update'].includes(verb)) continue;
      counts.set(objectRef.name ?? '', (counts.get(objectRef.name ?? '') ?? 0) + 1);
    }
    return counts;
  }

  it('has one active replica', async () => {
    expect(await actives()).toHaveLength(1);
  });

  it('goes on within 15 s after the active one is killed in the midst of its work, and does nothing twice', async () => {
    await scope('killed');
    const leader = await active();
    await rig.exceed('killed');
    await waitUntil('it has begun', () => writesOn('killed').size > 0);
    leader.child.kill('SIGKILL');
    const killedAt = performance.now();
    await waitUntil('the other one is active', async () => (await actives()).length === 1, 2 * takeoverMs);
    expect(performance.now() - killedAt).toBeLessThan(takeoverMs);
    await rig.untilPhase('killed', 'Enforced', 30_000);
    // A write whose caller died before the answer is in the log without a status: what counts is that none came twice
    expect([...writesOn('killed').values()].filter((count) => count !== 1)).toEqual([]);
    for (let index = 0; index < workloads; index += 1)
      expect(await rig.replicas('killed', `web-${index}`)).toBe(0);

    await rig.change('killed', { spec: { armed: false } });
    await rig.untilPhase('killed', 'Exceeded', 30_000);
    for (let index = 0; index < workloads; index += 1)
      expect(await rig.replicas('killed', `web-${index}`)).toBe(2);
  }, 120_000);

  it('lets a replica that was stopped and wakes up write nothing', async () => {
    const next = rig.operator('operator-2', { elects: true });
    await waitUntil('a second one is ready again', () => next.url() !== undefined, 30_000);
    const leader = await active();
    leader.child.kill('SIGSTOP');
    await waitUntil('the other one is active', () => isActive(next), 2 * takeoverMs);
    await scope('stopped');
    await rig.exceed('stopped');
    await rig.untilPhase('stopped', 'Enforced', 30_000);
    const before = writesOn('stopped');
    leader.child.kill('SIGCONT');
    await waitUntil('the one that woke up is warm', async () => !(await isActive(leader)), 10_000);
    await rig.change('stopped', { spec: { ceiling: '$30/d' } });
    await rig.untilPhase('stopped', 'Released', 30_000);
    expect([...before.values()].every((count) => count === 1)).toBe(true);
    expect([...writesOn('stopped').values()].every((count) => count === 2)).toBe(true);
  }, 120_000);
});
