import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { policyOf, EnforcementRig, enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import {
  autoscaler,
  cronJob,
  daemonSet,
  deployment,
  job,
  looseDefinition,
  pod,
  replicaSet,
  rollout,
  scaledObject,
  statefulSet,
} from '../support/enforcement/workload-factory.js';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { describeWith } from '../support/requirements.js';

const collections = {
  Deployment: 'apis/apps/v1/deployments',
  StatefulSet: 'apis/apps/v1/statefulsets',
  ReplicaSet: 'apis/apps/v1/replicasets',
  DaemonSet: 'apis/apps/v1/daemonsets',
  Job: 'apis/batch/v1/jobs',
  CronJob: 'apis/batch/v1/cronjobs',
  HorizontalPodAutoscaler: 'apis/autoscaling/v2/horizontalpodautoscalers',
  ScaledObject: 'apis/keda.sh/v1alpha1/scaledobjects',
  Rollout: 'apis/argoproj.io/v1alpha1/rollouts',
} as const;

interface Stored {
  readonly metadata: {
    namespace: string;
    name: string;
    annotations?: Record<string, string>;
    labels?: object;
  };
  readonly spec: Record<string, unknown>;
}

describeWith([clusterBinaries(...enforcementBinaries)], 'enforcement on a real cluster', () => {
  let rig: EnforcementRig;

  beforeAll(async () => {
    rig = await EnforcementRig.start();
    // The operator runs already when somebody installs KEDA and Argo Rollouts.
    const definitions = [
      looseDefinition(['keda.sh', 'v1alpha1', 'scaledobjects', 'ScaledObject']),
      looseDefinition(['argoproj.io', 'v1alpha1', 'rollouts', 'Rollout']),
    ];
    for (const body of definitions) {
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      expect((await rig.cluster.call({ method: 'POST', path, body })).status).toBe(201);
    }
    await rig.until('the definitions are served', () => {
      const { scaledObjects, rollouts } = rig.world.abilities();
      return scaledObjects && rollouts;
    });
  }, 120_000);
  afterAll(async () => {
    await rig.stop();
    await rig.cluster.stop();
  });

  /** Everything that enforcement could touch in a namespace: specs, labels and annotations. */
  async function snapshot(namespace: string): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {};
    for (const [kind, path] of Object.entries(collections)) {
      const { items = [] } = (await rig.get(`/${path}`)) as { items?: Stored[] };
      for (const { metadata, spec } of items.filter((each) => each.metadata.namespace === namespace)) {
        found[`${kind} ${metadata.name}`] = {
          spec,
          labels: metadata.labels,
          annotations: metadata.annotations,
        };
      }
    }
    return found;
  }

  async function specOf(
    kind: keyof typeof collections,
    namespace: string,
    name: string,
  ): Promise<Stored['spec']> {
    const [root, resource] = [
      collections[kind].replace(/\/[^/]*$/, ''),
      collections[kind].replace(/^.*\//, ''),
    ];
    return (await rig.get(`/${root}/namespaces/${namespace}/${resource}/${name}`))['spec'] as Stored['spec'];
  }

  it('stops every kind, refuses new pods with the message, and puts all back exactly', async () => {
    const namespace = 'all-kinds';
    await rig.namespaces(namespace);
    const at = (name: string): { namespace: string; name: string } => ({ namespace, name });
    await rig.apply(
      deployment({ ...at('web'), replicas: 3 }),
      statefulSet(at('db')),
      replicaSet(at('loose')),
      job(at('batch')),
      cronJob(at('nightly')),
      deployment(at('scaled')),
      autoscaler({ ...at('scaled'), minReplicas: 0 }),
      deployment(at('steady')),
      autoscaler({ ...at('steady'), minReplicas: 2 }),
      deployment(at('queue')),
      scaledObject(at('queue')),
      rollout({ ...at('canary'), replicas: 4 }),
      daemonSet(at('agent')),
      pod(at('bare')),
    );
    await rig.untilPods(namespace, 3 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 1);
    const before = await snapshot(namespace);
    const policy = policyOf('all-kinds', { scope: { namespaces: [namespace] } });

    const enforced = await rig.reconcile(policy, 'enforce', 'enforced');

    await rig.untilPods(namespace, 2);
    expect((await rig.pods(namespace)).every((name) => name.startsWith('agent-'))).toBe(true);
    expect(enforced.objects.map(({ kind, name, action }) => `${action} ${kind} ${name}`).sort()).toEqual([
      'Held HorizontalPodAutoscaler scaled',
      'Paused ScaledObject queue',
      'Scaled Deployment queue',
      'Scaled Deployment scaled',
      'Scaled Deployment steady',
      'Scaled Deployment web',
      'Scaled ReplicaSet loose',
      'Scaled Rollout canary',
      'Scaled StatefulSet db',
      'Suspended CronJob nightly',
      'Suspended Job batch',
    ]);
    const refused = await rig.cluster.call({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      body: pod(at('late')),
    });
    expect(refused.status).toBe(403);
    expect(refused.body['message']).toMatch(
      /budget policy 'all-kinds' refuses new pods: 512\.5 USD were spent, over the ceiling of 500 USD.*armed by alice@example\.com/,
    );

    await rig.reconcile(policy, 'release', 'released');

    await rig.untilPods(namespace, 3 + 2 + 2 + 2 + 2 + 2 + 2 + 2);
    expect(await snapshot(namespace)).toEqual(before);
    expect(rig.enforcer.heldPolicies().size).toBe(0);
    expect([...rig.world.guards()]).toEqual([]);
  }, 120_000);

  it('keeps its hands off what it must not touch', async () => {
    await rig.namespaces('kept', {
      name: 'kept-protected',
      labels: { 'kubehero.io/protected': 'true' },
    } as never);
    const mark = { 'kubehero.io/protected': 'true' };
    await rig.apply(
      deployment({ namespace: 'kept', name: 'normal' }),
      deployment({ namespace: 'kept', name: 'vital', annotations: mark }),
      statefulSet({ namespace: 'kept', name: 'vital-db', podLabels: mark }),
      deployment({ namespace: 'kept', name: 'excluded', podLabels: { tier: 'front' } }),
      deployment({ namespace: 'kept-protected', name: 'safe' }),
    );
    await rig.untilPods('kept', 8);
    const policy = policyOf('kept', {
      scope: { namespaces: ['kept', 'kept-protected', 'kube-system'] },
      enforcement: { exclude: { matchLabels: { tier: 'front' } } },
    });

    const { objects, findings } = await rig.reconcile(policy, 'enforce', 'enforced');

    expect(objects.map(({ name }) => name)).toEqual(['normal']);
    expect(findings.map(({ type }) => type)).toContain('PartlyUntouched');
    // Pods of what is spared may come back at any time.
    for (const name of await rig.pods('kept'))
      await rig.cluster.call({ method: 'DELETE', path: `/api/v1/namespaces/kept/pods/${name}` });
    await rig.untilPods('kept', 6);
    await rig.patch('/apis/apps/v1/namespaces/kept-protected/deployments/safe', { spec: { replicas: 3 } });
    await rig.untilPods('kept-protected', 3);
    await rig.reconcile(policy, 'release', 'released');
    await rig.untilPods('kept', 8);
  }, 90_000);

  it('refuses a scope that is nothing but what is never touched', async () => {
    const policy = policyOf('untouchable', { scope: { namespaces: ['kube-system', 'kubehero-system'] } });

    const { state, findings } = await rig.reconcile(policy, 'enforce', 'refused');

    expect(state).toBe('refused');
    expect(findings.map(({ reason }) => reason)).toContain('ScopeProtected');
    expect([...rig.world.guards()]).toEqual([]);
  });

  it('deletes the pods of what Argo CD keeps, and leaves its spec alone', async () => {
    const namespace = 'from-git';
    await rig.namespaces(namespace);
    const tracked = { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:from-git/shop' };
    await rig.apply(
      deployment({ namespace, name: 'shop', annotations: tracked }),
      statefulSet({ namespace, name: 'own' }),
    );
    await rig.untilPods(namespace, 4);
    const before = await snapshot(namespace);
    const policy = policyOf('from-git', { scope: { namespaces: [namespace] } });

    const { findings } = await rig.reconcile(policy, 'enforce', 'enforced');

    await rig.untilPods(namespace, 0);
    expect(findings.map(({ reason }) => reason)).toContain('OwnedByGitOps');
    expect(await specOf('Deployment', namespace, 'shop')).toMatchObject({ replicas: 2 });
    await rig.reconcile(policy, 'release', 'released');
    // Its ReplicaSet was in back-off, and was woken up.
    await rig.untilPods(namespace, 4);
    await rig.until(
      'no mark is left',
      async () => JSON.stringify(await snapshot(namespace)) === JSON.stringify(before),
    );
  }, 120_000);

  it('reports what it cannot judge, and leaves it alone', async () => {
    const namespace = 'odd';
    await rig.namespaces(namespace);
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const body = { metadata: { name: 'maker' } };
    const { metadata } = (await rig.cluster.call({ method: 'POST', path, body })).body as {
      metadata: { uid: string };
    };
    const owned = deployment({ namespace, name: 'made' });
    const maker = { apiVersion: 'v1', kind: 'ConfigMap', name: 'maker', uid: metadata.uid, controller: true };
    const controller = {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { namespace, name: 'ancient' },
      spec: { replicas: 2, selector: { app: 'ancient' } },
    };
    await rig.apply(
      { ...owned, metadata: { ...owned.metadata, ownerReferences: [maker] } as typeof owned.metadata },
      job({ namespace, name: 'queued', labels: { 'kueue.x-k8s.io/queue-name': 'team' } }),
      {
        ...controller,
        spec: {
          ...controller.spec,
          template: {
            metadata: { labels: { app: 'ancient' } },
            spec: pod({ namespace, name: 'ancient' })['spec'],
          },
        },
      },
    );
    await rig.untilPods(namespace, 6);
    const policy = policyOf('odd', { scope: { namespaces: [namespace] } });

    const { objects, findings } = await rig.reconcile(policy, 'enforce', 'enforced');

    expect(objects).toEqual([]);
    expect(findings.map(({ type, message }) => `${type}: ${message}`).join()).toMatch(
      /LeftAlone: 3 objects .*Deployment odd\/made.*which is not known/,
    );
    expect(await rig.pods(namespace)).toHaveLength(6);
    await rig.reconcile(policy, 'release', 'released');
  }, 60_000);

  it('releases overlapping policies in any order', async () => {
    const namespace = 'shared-by-two';
    await rig.namespaces(namespace);
    await rig.apply(deployment({ namespace, name: 'web', replicas: 3 }));
    await rig.untilPods(namespace, 3);
    const one = policyOf('one', { scope: { namespaces: [namespace] } });
    const two = policyOf('two', {
      scope: { workloadSelector: { matchLabels: { app: 'web' } }, namespaces: [namespace] },
    });
    for (const [first, second] of [
      [one, two],
      [two, one],
    ] as const) {
      await rig.reconcile(one, 'enforce', 'enforced');
      await rig.reconcile(two, 'enforce', 'enforced');
      const { findings } = await rig.enforcer.reconcile(first, 'release', AbortSignal.timeout(10_000));
      expect(findings.map(({ type }) => type)).toEqual(['StillHeld']);
      await rig.reconcile(first, 'release', 'released');
      expect(await specOf('Deployment', namespace, 'web')).toMatchObject({ replicas: 0 });
      expect([...rig.enforcer.heldPolicies().keys()]).toEqual([second.uid]);
      await rig.reconcile(second, 'release', 'released');
      expect(await specOf('Deployment', namespace, 'web')).toMatchObject({ replicas: 3 });
      await rig.untilPods(namespace, 3);
    }
  }, 120_000);

  it('lets an edit by hand win, and says so', async () => {
    const namespace = 'edited';
    await rig.namespaces(namespace);
    await rig.apply(deployment({ namespace, name: 'again' }), deployment({ namespace, name: 'taken' }));
    const policy = policyOf('edited', { scope: { namespaces: [namespace] } });
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await rig.reconcile(policy, 'enforce', 'enforced');
    // While it is enforced, an edit is stopped again and becomes what is restored.
    await rig.patch(`${path}/again`, { spec: { replicas: 5 } });
    await rig.until('it is seen', () =>
      [...rig.world.workloads(namespace)].some((each) => each.replicas === 5),
    );
    await rig.reconcile(policy, 'enforce', 'enforced');
    expect(await specOf('Deployment', namespace, 'again')).toMatchObject({ replicas: 0 });
    // An edit that enforcement has not seen when it releases stays.
    await rig.patch(`${path}/taken`, { spec: { replicas: 7 } });

    const first = await rig.enforcer.reconcile(policy, 'release', AbortSignal.timeout(10_000));
    await rig.reconcile(policy, 'release', 'released');

    expect(first.findings.map(({ type }) => type)).toEqual(['EditedMeanwhile']);
    expect(await specOf('Deployment', namespace, 'again')).toMatchObject({ replicas: 5 });
    expect(await specOf('Deployment', namespace, 'taken')).toMatchObject({ replicas: 7 });
    expect(JSON.stringify(await snapshot(namespace))).not.toContain('kubehero.io');
  }, 60_000);

  it('gives its work to a policy that was recreated from Git', async () => {
    const namespace = 'recreated';
    await rig.namespaces(namespace);
    await rig.apply(deployment({ namespace, name: 'web' }));
    const old = policyOf('recreated', { scope: { namespaces: [namespace] } }, { uid: 'old-uid' });
    const recreated = { ...old, uid: 'new-uid' };
    await rig.reconcile(old, 'enforce', 'enforced');

    await rig.reconcile(recreated, 'enforce', 'enforced');

    expect([...rig.enforcer.heldPolicies()]).toEqual([['new-uid', 'recreated']]);
    await rig.reconcile(recreated, 'release', 'released');
    expect(await specOf('Deployment', namespace, 'web')).toMatchObject({ replicas: 2 });
    // One that is gone for good is released by its UID.
    await rig.reconcile(old, 'enforce', 'enforced');
    expect((await rig.release('old-uid')).objectCount).toBe(0);
    expect(await specOf('Deployment', namespace, 'web')).toMatchObject({ replicas: 2 });
    expect(rig.enforcer.heldPolicies().size).toBe(0);
  }, 60_000);

  it('only lists in a dry run and waits for the grace period', async () => {
    const namespace = 'looked-at';
    await rig.namespaces(namespace);
    await rig.apply(deployment({ namespace, name: 'web' }), job({ namespace, name: 'work' }));
    await rig.untilPods(namespace, 4);
    const before = await snapshot(namespace);
    const dry = policyOf('dry', { scope: { namespaces: [namespace] }, dryRun: true });
    const patient = policyOf('patient', {
      scope: { namespaces: [namespace] },
      enforcement: { gracePeriodSeconds: 3600 },
    });

    const listed = await rig.reconcile(dry, 'enforce', 'dry-run');
    const waiting = await rig.enforcer.reconcile(patient, 'enforce', AbortSignal.timeout(10_000));

    expect(listed.objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Deployment web', 'Job work']);
    expect(listed.findings.map(({ type }) => type)).toEqual(['Irreversible']);
    expect(waiting.findings.map(({ type }) => type)).toContain('GracePeriod');
    expect(waiting.retryAfterMs).toBeGreaterThan(3_400_000);
    expect(await snapshot(namespace)).toEqual(before);
  }, 60_000);

  it('writes nothing outside of the scopes', () => {
    const namespaces = ['all-kinds', 'kept', 'from-git', 'odd', 'shared-by-two', 'edited', 'recreated'];
    const writes = rig.cluster
      .writes()
      .filter(({ user }) => user.username === 'system:serviceaccount:kubehero-system:kubehero-operator')
      .map(({ objectRef = {} }) => objectRef);

    expect(writes.length).toBeGreaterThan(50);
    expect(
      writes.filter(({ namespace, resource = '' }) =>
        namespace === undefined
          ? !resource.startsWith('validatingadmissionpolic')
          : !namespaces.includes(namespace),
      ),
    ).toEqual([]);
  });
});
