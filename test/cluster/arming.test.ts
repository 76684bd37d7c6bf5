import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Applier } from '../support/cluster/apply.js';
import { Cluster, type ApiAnswer } from '../support/cluster/cluster.js';
import { prepare } from '../support/cluster/installation.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { objectsOf, synthesize } from '../support/manifests/examples.js';
import { describeWith } from '../support/requirements.js';
import { waitUntil } from '../support/wait-until.js';

const policies = '/apis/kubehero.kubehero.io/v1/budgetpolicies';
const kinds = ['Namespace', 'CustomResourceDefinition', 'ClusterRole', 'ValidatingAdmissionPolicy'];
const wanted = ['kubehero-arming', 'kubehero-budget-armer', 'kubehero-operator'];

describeWith([clusterBinaries('etcd', 'kube-apiserver')], 'arming is a right of its own', () => {
  let cluster: Cluster;
  const tokens = { editor: '', armer: '', operator: '' };

  beforeAll(async () => {
    cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
    const applier = new Applier(cluster);
    expect(await prepare(cluster, applier)).toEqual([]);
    const objects = objectsOf(synthesize('reference'));
    for (const kind of [...kinds, 'ValidatingAdmissionPolicyBinding']) {
      const some = objects.filter(
        (o) =>
          o.kind === kind &&
          (wanted.includes(o.metadata.name) || ['Namespace', 'CustomResourceDefinition'].includes(kind)),
      );
      expect([kind, some.length > 0]).toEqual([kind, true]);
      for (const object of some) expect(await applier.apply(object, { dryRun: false })).toEqual([]);
    }
    await create('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
      metadata: { name: 'editor' },
      rules: [
        {
          apiGroups: ['kubehero.kubehero.io'],
          resources: ['budgetpolicies'],
          verbs: ['create', 'patch', 'update', 'get'],
        },
      ],
    });
    tokens.editor = await account('editor', 'editor');
    tokens.armer = await account('armer', 'kubehero-budget-armer');
    tokens.operator = await account('operator', 'kubehero-operator');
    await create(policies, policyNamed('served'));
    // An admission policy begins to hold some time after it was written; until then the change goes through.
    let armed = false;
    await waitUntil('the admission policy is in force', async () => {
      armed = !armed;
      return (await arm(tokens.editor, armed)).status === 403;
    });
    expect((await arm(tokens.armer, false)).status).toBe(200);
  }, 90_000);
  afterAll(() => cluster.stop());

  async function create(path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await cluster.call({ method: 'POST', path, body });
    expect([path, answer.status, answer.body['message']]).toEqual([path, 201, undefined]);
    return answer.body;
  }

  /** A service account with a role, and its token. */
  async function account(name: string, role: string): Promise<string> {
    const path = '/api/v1/namespaces/default/serviceaccounts';
    await waitUntil('the namespace is there', async () => (await cluster.call({ path })).status === 200);
    await create(path, { metadata: { name } });
    await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
    });
    const body = await create(`${path}/${name}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    });
    return (body['status'] as { token: string }).token;
  }

  function policyNamed(name: string, spec: object = {}): object {
    return {
      apiVersion: 'kubehero.kubehero.io/v1',
      kind: 'BudgetPolicy',
      metadata: { name },
      spec: { scope: { namespaces: ['web'] }, ceiling: '$10/d', ...spec },
    };
  }

  function patch(token: string, body: object): Promise<ApiAnswer> {
    const contentType = 'application/merge-patch+json';
    return cluster.call({ method: 'PATCH', path: `${policies}/served`, token, body, contentType });
  }

  function arm(token: string, armed: boolean, by?: string): Promise<ApiAnswer> {
    const metadata = by === undefined ? {} : { metadata: { annotations: { 'kubehero.io/armed-by': by } } };
    return patch(token, { ...metadata, spec: { armed } });
  }

  it('who may change a policy but not arm it is refused with one sentence that says what to ask for', async () => {
    const answer = await arm(tokens.editor, true);
    expect(answer.status).toBe(403);
    expect(answer.body['reason']).toBe('Forbidden');
    expect(String(answer.body['message'])).toContain(
      'user system:serviceaccount:default:editor may not arm or disarm the budget policy served: ask for the verb "arm" on budgetpolicies.kubehero.kubehero.io',
    );
  });

  it('who may not arm still changes the rest of the policy', async () => {
    expect((await patch(tokens.editor, { spec: { ceiling: '$11/d' } })).status).toBe(200);
  });

  it('a policy is not created armed without the right', async () => {
    const call = { method: 'POST', path: policies, token: tokens.editor };
    const refused = await cluster.call({ ...call, body: policyNamed('armed', { armed: true }) });
    expect([refused.status >= 400, String(refused.body['message']).includes('may not arm')]).toEqual([
      true,
      true,
    ]);
    expect((await cluster.call({ ...call, body: policyNamed('unarmed') })).status).toBe(201);
  });

  it('who has the role of an armer arms and disarms; disarming needs the right too', async () => {
    expect((await arm(tokens.armer, true)).status).toBe(200);
    expect((await arm(tokens.editor, false)).status).not.toBe(200);
    expect((await arm(tokens.armer, false)).status).toBe(200);
  });

  describe('an armed policy', () => {
    const base = {
      ...{ ceiling: '$100/d', armed: true, hardStop: true, dryRun: null, includeIdle: null, timeZone: 'UTC' },
      ...{ scope: { namespaces: ['web'] }, thresholds: null, enforcement: null, ceilingPer: 'All' },
    };
    const set = async (spec: object): Promise<void> => {
      expect((await patch(tokens.armer, { spec: { ...base, armed: false } })).status).toBe(200);
      expect((await patch(tokens.armer, { spec: { ...base, ...spec, armed: true } })).status).toBe(200);
    };

    it.each<[string, object, object]>([
      ['a lower ceiling', {}, { ceiling: '$99.999999/d' }],
      ['a shorter amount of more digits', {}, { ceiling: '$99/d' }],
      ['another period', {}, { ceiling: '$100/mo' }],
      ['another currency', {}, { ceiling: 'EUR 100/d' }],
      ['one more namespace', {}, { scope: { namespaces: ['web', 'shop'] } }],
      [
        'a selector beside the namespaces that is dropped',
        { scope: { workloadSelector: { matchLabels: { app: 'a' } } } },
        { scope: { workloadSelector: null } },
      ],
      ['a hard stop', { hardStop: false }, { hardStop: true }],
      ['the end of a dry run', { dryRun: true }, { dryRun: false }],
      ['no word of a dry run any more', { dryRun: true }, { dryRun: null }],
      ['idle cost on top', {}, { includeIdle: true }],
      ['a ceiling for each cluster', {}, { ceilingPer: 'Cluster' }],
      ['another time zone', {}, { timeZone: 'Asia/Tokyo' }],
      ['less grace', { enforcement: { gracePeriodSeconds: 60 } }, { enforcement: { gracePeriodSeconds: 0 } }],
      [
        'fewer exclusions',
        { enforcement: { exclude: { matchLabels: { tier: 'core' } } } },
        { enforcement: null },
      ],
    ])('is not changed to stop more without the right: %s', async (_what, before, change) => {
      await set(before);

      const refused = await patch(tokens.editor, { spec: change });
      expect([refused.status, refused.body['reason']]).toEqual([403, 'Forbidden']);
      expect(String(refused.body['message'])).toContain(
        'may not change the armed budget policy served so that it could stop more: ask for the verb "arm"',
      );
      expect((await patch(tokens.armer, { spec: change })).status).toBe(200);
    });

    it.each<[string, object, object]>([
      ['a higher ceiling', {}, { ceiling: '$100.5/d' }],
      ['a higher ceiling of more digits', {}, { ceiling: '$1000/d' }],
      ['no hard stop', {}, { hardStop: false }],
      ['a dry run', {}, { dryRun: true }],
      ['no idle cost any more', { includeIdle: true }, { includeIdle: false }],
      ['warnings', {}, { thresholds: [{ percent: 80 }] }],
      ['nothing', {}, { armed: true }],
    ])('is changed to stop less without the right: %s', async (_what, before, change) => {
      await set(before);

      const answer = await patch(tokens.editor, { spec: change });
      expect([answer.status, answer.body['message']]).toEqual([200, undefined]);
    });

    it('is not replaced by one that could stop more either', async () => {
      await set({});
      const path = `${policies}/served`;
      const { body } = await cluster.call({ path });
      const replaced = { ...body, spec: { ...(body['spec'] as object), scope: { clusterSelector: {} } } };
      expect((await cluster.call({ method: 'PUT', path, token: tokens.editor, body: replaced })).status).toBe(
        403,
      );
    });
  });

  it('nobody but the operator says that somebody else armed', async () => {
    expect((await arm(tokens.armer, true, 'alice@example.com')).status).not.toBe(200);
    expect((await arm(tokens.armer, true, 'system:serviceaccount:default:armer')).status).toBe(200);
    expect((await arm(tokens.operator, false, 'alice@example.com')).status).toBe(200);
  });
});
