import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Applier } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { prepare } from '../support/cluster/installation.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { objectsOf, synthesize } from '../support/manifests/examples.js';
import { describeWith } from '../support/requirements.js';

/** One question of the kind "may I": `verb resource[.group][/subresource][:name][@namespace]`, a namespace of `-` means the whole cluster. */
type Question = string;

const system = 'kubehero-system';

/** What each program calls, as its Role must allow. */
const needed: Record<string, readonly Question[]> = {
  'kubehero-system/kubehero-control-plane': [
    'create endpointslices.discovery.k8s.io@kubehero-system',
    'get endpointslices.discovery.k8s.io:kubehero-control-plane-leader@kubehero-system',
    'update endpointslices.discovery.k8s.io:kubehero-control-plane-leader@kubehero-system',
    'patch endpointslices.discovery.k8s.io:kubehero-control-plane-leader@kubehero-system',
  ],
  'kubehero-collector/kubehero-collector': ['get', 'list', 'watch'].flatMap((verb) => [
    `${verb} pods@-`,
    `${verb} nodes@-`,
    `${verb} replicasets.apps@-`,
  ]),
  'kubehero-system/kubehero-operator': [
    ...['get', 'list', 'watch'].flatMap((verb) =>
      [
        'namespaces',
        'nodes',
        'persistentvolumes',
        'pods',
        'services',
        'endpointslices.discovery.k8s.io',
        'daemonsets.apps',
      ].map((resource) => `${verb} ${resource}@-`),
    ),
    ...['get', 'list', 'watch', 'patch'].flatMap((verb) =>
      [
        'deployments.apps',
        'statefulsets.apps',
        'replicasets.apps',
        'jobs.batch',
        'cronjobs.batch',
        'horizontalpodautoscalers.autoscaling',
        'scaledobjects.keda.sh',
        'rollouts.argoproj.io',
      ].map((resource) => `${verb} ${resource}@web`),
    ),
    'delete pods@web',
    ...['get', 'create', 'patch', 'delete', 'list', 'watch'].flatMap((verb) => [
      `${verb} validatingadmissionpolicies.admissionregistration.k8s.io@-`,
      `${verb} validatingadmissionpolicybindings.admissionregistration.k8s.io@-`,
      `${verb} budgetpolicies.kubehero.kubehero.io@-`,
      `${verb} resourcequotas@web`,
    ]),
    'arm budgetpolicies.kubehero.kubehero.io@-',
    'attest budgetpolicies.kubehero.kubehero.io@-',
    'patch budgetpolicies.kubehero.kubehero.io/status@-',
    'update budgetpolicies.kubehero.kubehero.io/finalizers@-',
    'create leases.coordination.k8s.io@kubehero-system',
    'update leases.coordination.k8s.io:kubehero-operator@kubehero-system',
    'get leases.coordination.k8s.io:kubehero-operator@kubehero-system',
    'create events.events.k8s.io@web',
  ],
  ...Object.fromEntries(
    [
      'kubehero-dashboard',
      'dex',
      'kubehero-pricing-engine',
      'kubehero-db-migrate',
      'kubehero-clickhouse-backup',
    ].map((name) => [`${system}/${name}`, []]),
  ),
  'valkey/kubehero-valkey': [],
  'valkey/kubehero-valkey-sentinel': [],
  'clickhouse-system/kubehero-keeper': [],
};

/** Over 200 calls that nobody of ours makes. */
const forbidden: readonly Question[] = [
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'].flatMap((verb) => [
    ...['kube-system', 'kubehero-system', 'kubehero-collector', 'cnpg-system', 'web', '-'].map(
      (namespace) => `${verb} secrets@${namespace}`,
    ),
    ...['kube-system', 'web', '-'].map((namespace) => `${verb} configmaps@${namespace}`),
    `${verb} serviceaccounts@web`,
    `${verb} roles.rbac.authorization.k8s.io@web`,
    `${verb} clusterroles.rbac.authorization.k8s.io@-`,
    `${verb} clusterrolebindings.rbac.authorization.k8s.io@-`,
    `${verb} rolebindings.rbac.authorization.k8s.io@kubehero-system`,
    `${verb} mutatingwebhookconfigurations.admissionregistration.k8s.io@-`,
    `${verb} validatingwebhookconfigurations.admissionregistration.k8s.io@-`,
    `${verb} certificatesigningrequests.certificates.k8s.io@-`,
    `${verb} customresourcedefinitions.apiextensions.k8s.io@-`,
    `${verb} networkpolicies.networking.k8s.io@kubehero-system`,
    `${verb} apiservices.apiregistration.k8s.io@-`,
  ]),
  ...['get', 'create'].flatMap((verb) =>
    ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy', 'nodes/proxy'].map(
      (resource) => `${verb} ${resource}@${resource.startsWith('nodes') ? '-' : 'web'}`,
    ),
  ),
  'get pods/log@web',
  'create pods@web',
  'create pods@kube-system',
  'update pods@web',
  'patch pods/ephemeralcontainers@web',
  'create pods/eviction@web',
  'create pods/binding@web',
  'create deployments.apps@web',
  'update deployments.apps@web',
  'patch deployments.apps/scale@web',
  'update jobs.batch@web',
  'patch pods@web',
  'deletecollection pods@web',
  'delete deployments.apps@web',
  'create daemonsets.apps@kube-system',
  'patch daemonsets.apps@web',
  'delete daemonsets.apps@web',
  'delete nodes@-',
  'patch nodes@-',
  'update nodes/status@-',
  'delete namespaces@-',
  'patch namespaces@-',
  'create namespaces@-',
  'create serviceaccounts/token@kubehero-system',
  'escalate clusterroles.rbac.authorization.k8s.io@-',
  'bind clusterroles.rbac.authorization.k8s.io@-',
  'escalate roles.rbac.authorization.k8s.io@kubehero-system',
  'bind roles.rbac.authorization.k8s.io@kubehero-system',
  'impersonate users@-',
  'impersonate groups@-',
  'impersonate serviceaccounts@kube-system',
  'create tokenreviews.authentication.k8s.io@-',
  'create subjectaccessreviews.authorization.k8s.io@-',
  'approve certificatesigningrequests.certificates.k8s.io@-',
  'update endpointslices.discovery.k8s.io:kubernetes@default',
  'update endpointslices.discovery.k8s.io:other@kubehero-system',
  'create endpointslices.discovery.k8s.io@kube-system',
  'delete endpointslices.discovery.k8s.io:kubehero-control-plane-leader@kubehero-system',
  'update leases.coordination.k8s.io:kube-controller-manager@kube-system',
  'update leases.coordination.k8s.io:other@kubehero-system',
  'arm budgetpolicies.kubehero.kubehero.io@-',
  'attest budgetpolicies.kubehero.kubehero.io@-',
  'delete persistentvolumeclaims@clickhouse-system',
  'delete persistentvolumes@-',
  'get clusters.postgresql.cnpg.io@cnpg-system',
  'patch clusters.postgresql.cnpg.io@cnpg-system',
  'use podsecuritypolicies.policy@-',
  '* *@-',
];

describeWith(
  [clusterBinaries('etcd', 'kube-apiserver')],
  'the rights of the programs, on a real API server',
  () => {
    let cluster: Cluster;

    beforeAll(async () => {
      cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
      const applier = new Applier(cluster);
      expect(await prepare(cluster, applier)).toEqual([]);
      const kinds = [
        'Namespace',
        'ServiceAccount',
        'ClusterRole',
        'ClusterRoleBinding',
        'Role',
        'RoleBinding',
      ];
      const objects = objectsOf(synthesize('reference'));
      for (const kind of kinds) {
        for (const object of objects.filter((o) => o.kind === kind))
          expect(await applier.apply(object, { dryRun: false })).toEqual([]);
      }
    }, 90_000);
    afterAll(() => cluster.stop());

    async function tokenOf(account: string): Promise<string> {
      const [namespace, name] = account.split('/');
      const answer = await cluster.call({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: 3600 },
        },
      });
      return (answer.body['status'] as { token: string }).token;
    }

    /** The questions that the server answers with yes. */
    async function allowed(token: string, questions: readonly Question[]): Promise<Question[]> {
      const answers = await Promise.all(
        questions.map(async (question) => ({ question, yes: await may(token, question) })),
      );
      return answers.filter(({ yes }) => yes).map(({ question }) => question);
    }

    async function may(token: string, question: Question): Promise<boolean> {
      const match = /^(\S+) ([^./:@]+)(?:\.([^/:@]+))?(?:\/([^:@]+))?(?::([^@]+))?@(\S+)$/.exec(question);
      if (!match) throw new Error(`'${question}' is no question`);
      const [, verb, resource, group, subresource, name, namespace] = match;
      const answer = await cluster.call({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        token,
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: {
            resourceAttributes: {
              verb,
              resource,
              group: group ?? '',
              ...(subresource ? { subresource } : {}),
              ...(name ? { name } : {}),
              ...(namespace === '-' ? {} : { namespace }),
            },
          },
        },
      });
      expect(answer.status).toBe(201);
      return (answer.body['status'] as { allowed: boolean }).allowed;
    }

    it('asks about more than 200 calls that must be refused', () => {
      expect(new Set(forbidden).size).toBeGreaterThanOrEqual(200);
    });

    it('are asked of every ServiceAccount of ours that pods run as', () => {
      const accounts = objectsOf(synthesize('reference'))
        .filter((o) => o.kind === 'ServiceAccount')
        .map((o) => `${o.metadata.namespace}/${o.metadata.name}`);
      expect(accounts.filter((account) => account !== 'clickhouse-system/clickhouse').sort()).toEqual(
        Object.keys(needed).sort(),
      );
    });

    it.each(Object.entries(needed))(
      '%s may do each call that it makes, and none of the others',
      async (account, calls) => {
        const token = await tokenOf(account);
        expect(await allowed(token, calls)).toEqual(calls);
        const others = forbidden.filter((question) => !calls.includes(question));
        expect(await allowed(token, others)).toEqual([]);
      },
    );
  },
);
