import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { matchesLabels, type BudgetPolicySpec } from '@kubehero/domain';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { enforcementBinaries, EnforcementRig, policyOf } from '../support/enforcement/enforcement-rig.js';
import { deployment, pod } from '../support/enforcement/workload-factory.js';
import { describeWith } from '../support/requirements.js';

const shapes: readonly Readonly<Record<string, string>>[] = [
  {},
  { tier: 'front' },
  { tier: 'back' },
  { tier: 'back', 'team.example/name': 'shop' },
  { 'team.example/name': 'bank' },
];

type Scope = Pick<BudgetPolicySpec, 'enforcement'> & {
  readonly workloadSelector?: BudgetPolicySpec['scope']['workloadSelector'];
};

const cases: readonly (readonly [string, Scope])[] = [
  ['no-selector', {}],
  ['equal', { workloadSelector: { matchLabels: { tier: 'front' } } }],
  [
    'in',
    { workloadSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front', 'back'] }] } },
  ],
  [
    'not-in',
    { workloadSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] } },
  ],
  ['exists', { workloadSelector: { matchExpressions: [{ key: 'team.example/name', operator: 'Exists' }] } }],
  [
    'exclude-equal',
    { enforcement: { exclude: { matchLabels: { tier: 'back', 'team.example/name': 'shop' } } } },
  ],
  [
    'exclude-not-in',
    {
      enforcement: { exclude: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['back'] }] } },
    },
  ],
  [
    'exclude-absent',
    { enforcement: { exclude: { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] } } },
  ],
  [
    'both',
    {
      workloadSelector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
      enforcement: {
        exclude: { matchExpressions: [{ key: 'team.example/name', operator: 'In', values: ['shop'] }] },
      },
    },
  ],
];

describeWith([clusterBinaries(...enforcementBinaries)], 'the denial of new pods', () => {
  let rig: EnforcementRig;

  beforeAll(async () => {
    rig = await EnforcementRig.start({ kwokNodes: 1 });
  }, 120_000);
  afterAll(async () => {
    await rig.stop();
    await rig.cluster.stop();
  });

  async function tryToMake(
    namespace: string,
    podLabels: Readonly<Record<string, string>>,
    more = {},
  ): Promise<boolean> {
    const made = pod({ namespace, name: 'probe', podLabels });
    const answer = await rig.cluster.call({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
      body: { ...made, metadata: { ...made.metadata, labels: podLabels, ...more } },
    });
    // Other rules may refuse a pod too; what counts is whether a budget does.
    expect([201, 403]).toContain(answer.status);
    return !String(answer.body['message']).includes('refuses new pods');
  }

  it('is for exactly the pods that the selectors mean', async () => {
    await rig.namespaces(...cases.map(([name]) => `deny-${name}`));
    await Promise.all(
      cases.map(([name, { workloadSelector, enforcement }]) => {
        const scope = { namespaces: [`deny-${name}`], ...(workloadSelector && { workloadSelector }) };
        const spec = { scope, enforcement: { ...enforcement, actions: ['Deny' as const] } };
        return rig.reconcile(policyOf(name, spec), 'enforce', 'enforced');
      }),
    );
    const found: string[] = [];
    const meant: string[] = [];
    for (const [name, { workloadSelector, enforcement }] of cases) {
      for (const labels of shapes) {
        const row = `${name} ${JSON.stringify(labels)}`;
        if (!(await tryToMake(`deny-${name}`, labels))) found.push(row);
        const isExcluded = enforcement?.exclude !== undefined && matchesLabels(enforcement.exclude, labels);
        if (matchesLabels(workloadSelector, labels) && !isExcluded) meant.push(row);
      }
    }
    expect(found).toEqual(meant);
  }, 90_000);

  it('is not for system namespaces, whatever a scope selects', async () => {
    const anywhere = policyOf('anywhere', {
      scope: { workloadSelector: { matchLabels: { tier: 'anything' } } },
    });
    await rig.namespaces('deny-anywhere', 'kubehero-other');
    await rig.reconcile(anywhere, 'enforce', 'enforced');

    expect(await tryToMake('deny-anywhere', { tier: 'anything' })).toBe(false);
    for (const namespace of ['kube-system', 'kubehero-system', 'kubehero-other'])
      expect(await tryToMake(namespace, { tier: 'anything' })).toBe(true);
    await rig.reconcile(anywhere, 'release', 'released');
  }, 60_000);

  it('says the spend of today, without writing at every cent', async () => {
    await rig.namespaces('deny-words');
    const policy = policyOf('words', { scope: { namespaces: ['deny-words'] } });
    const path =
      '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/kubehero-budget-uid-of-words';
    await rig.reconcile(policy, 'enforce', 'enforced');
    const { generation: first } = (await rig.get(path))['metadata'] as { generation: number };
    for (let cent = 0; cent < 20; cent += 1)
      await rig.reconcile({ ...policy, spend: `512.${51 + cent}` }, 'enforce', 'enforced');
    expect(((await rig.get(path))['metadata'] as { generation: number }).generation).toBe(first);

    rig.clock.aheadMs = 61_000;
    await rig.reconcile({ ...policy, spend: '600' }, 'enforce', 'enforced');

    expect(JSON.stringify((await rig.get(path))['spec'])).toContain('600 USD were spent');
    await rig.reconcile(policy, 'release', 'released');
    rig.clock.aheadMs = 0;
  }, 60_000);

  it('ends by itself when the period ends, though nobody says so', async () => {
    await rig.namespaces('deny-ended');
    const policy = policyOf('ended', { scope: { namespaces: ['deny-ended'] } });
    await rig.reconcile(policy, 'enforce', 'enforced');

    rig.clock.aheadMs = 25 * 3_600_000;
    await rig.reconcile(policy, 'enforce', 'released');

    expect([...rig.enforcer.heldPolicies().keys()]).not.toContain(policy.uid);
    rig.clock.aheadMs = 0;
  }, 60_000);

  it('is put back when somebody changes or removes it', async () => {
    await rig.namespaces('deny-tampered');
    const policy = policyOf('tampered', { scope: { namespaces: ['deny-tampered'] } });
    const root = '/apis/admissionregistration.k8s.io/v1';
    const name = 'kubehero-budget-uid-of-tampered';
    await rig.reconcile(policy, 'enforce', 'enforced');
    const { spec } = await rig.get(`${root}/validatingadmissionpolicies/${name}`);
    await rig.patch(`${root}/validatingadmissionpolicies/${name}`, {
      spec: { matchConditions: [{ name: 'never', expression: 'false' }] },
    });
    await rig.cluster.call({ method: 'DELETE', path: `${root}/validatingadmissionpolicybindings/${name}` });
    await rig.until('both are seen', () => {
      const guards = [...rig.world.guards()].filter((guard) => guard.name === name);
      return guards.length === 1 && guards[0]?.generation !== '1';
    });

    await rig.reconcile(policy, 'enforce', 'enforced');

    expect((await rig.get(`${root}/validatingadmissionpolicies/${name}`))['spec']).toEqual(spec);
    expect(await tryToMake('deny-tampered', {})).toBe(false);
    await rig.reconcile(policy, 'release', 'released');
  }, 60_000);

  it('refuses selectors that no label can satisfy, and an exclusion of everything', async () => {
    await rig.namespaces('deny-refused');
    const scope = { namespaces: ['deny-refused'] };
    const invalid = policyOf('invalid', {
      scope: { ...scope, workloadSelector: { matchLabels: { 'a b': 'c' } } },
    });
    const everything = policyOf('everything', { scope, enforcement: { exclude: {} } });

    const reasons = [
      await rig.reconcile(invalid, 'enforce', 'refused'),
      await rig.reconcile(everything, 'enforce', 'refused'),
    ].map(({ findings }) => findings.find(({ type }) => type === 'Refused')?.reason);

    expect(reasons).toEqual(['SelectorInvalid', 'ExcludesEverything']);
  });

  it('leaves what runs alone where only Deny is wanted, and goes without a trace when it is uninstalled', async () => {
    await rig.namespaces('deny-only');
    await rig.apply(deployment({ namespace: 'deny-only', name: 'web' }));
    await rig.untilPods('deny-only', 2);
    const spec = { scope: { namespaces: ['deny-only'] } };
    await rig.reconcile(
      policyOf('deny-only', { ...spec, enforcement: { actions: ['Deny'] } }),
      'enforce',
      'enforced',
    );
    expect(await rig.pods('deny-only')).toHaveLength(2);
    await rig.reconcile(policyOf('both-actions', spec), 'enforce', 'enforced');
    await rig.untilPods('deny-only', 0);

    await rig.enforcer.uninstall(AbortSignal.timeout(60_000));

    expect([...rig.world.guards()]).toEqual([]);
    await rig.untilPods('deny-only', 2);
    expect(JSON.stringify(await rig.get('/apis/apps/v1/deployments'))).not.toContain('kubehero.io');
  }, 120_000);
});
