import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { App } from 'cdk8s';
import { KubeHeroHub } from '@kubehero/constructs';
import { Applier, type ManifestObject } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { hubProps } from '../support/manifests/hub.js';
import { describeWith } from '../support/requirements.js';
import { waitUntil } from '../support/wait-until.js';

const namespace = 'kubehero-system';

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
}

/** A hub of the reference size; its pods are counted, and started nowhere. */
function hubObjects(): ManifestObject[] {
  const app = new App();
  new KubeHeroHub(app, 'kubehero', hubProps({ quotas: true, backup: { url: 's3://acme-backups' } }));
  return app.charts.flatMap((chart) => chart.toJson() as ManifestObject[]);
}

describeWith(
  [clusterBinaries('etcd', 'kube-apiserver', 'kube-controller-manager')],
  'a quota of the computed size, on a real API server with controllers',
  () => {
    const objects = hubObjects();
    const quotas = objects.filter(({ kind }) => kind === 'ResourceQuota');
    const deployments = objects.filter((o) => o.kind === 'Deployment' && o.metadata.namespace === namespace);
    let cluster: Cluster;
    let applier: Applier;
    const apply = async (...all: readonly ManifestObject[]): Promise<void> => {
      for (const object of all) expect(await applier.apply(object, { dryRun: false })).toEqual([]);
    };
    const podsIn = async (where: string): Promise<number> => {
      const { body } = await cluster.call({ path: `/api/v1/namespaces/${where}/pods` });
      return (body['items'] as unknown[]).length;
    };
    const refusals = async (): Promise<string[]> => {
      const { body } = await cluster.call({ path: '/api/v1/events' });
      const events = body['items'] as { reason?: string; message?: string }[];
      return events
        .filter(({ message }) => message?.includes('exceeded quota'))
        .map(({ message }) => message ?? '');
    };
    /** Runs every pod on a node without a kubelet: it is Ready at once, and stays where it is when it is to end. */
    const startPods = async (): Promise<void> => {
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const { body } = await cluster.call({ path });
      for (const pod of body['items'] as Pod[]) {
        if (pod.spec.nodeName !== undefined) continue;
        const { name } = pod.metadata;
        const target = { apiVersion: 'v1', kind: 'Node', name: 'nowhere' };
        await cluster.call({
          method: 'POST',
          path: `${path}/${name}/binding`,
          body: { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target },
        });
        const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
        await cluster.call({
          method: 'PATCH',
          path: `${path}/${name}/status`,
          contentType: 'application/merge-patch+json',
          body: { status: { phase: 'Running', conditions: [ready] } },
        });
      }
    };
    const replicasOf = (object: ManifestObject): number => (object['spec'] as { replicas: number }).replicas;
    const surges = deployments.filter(
      (object) => (object['spec'] as { strategy: { type: string } }).strategy.type === 'RollingUpdate',
    );

    beforeAll(async () => {
      const binaries = clusterBinariesDir('etcd', 'kube-apiserver', 'kube-controller-manager');
      cluster = await Cluster.start({ binaries, controllers: true });
      applier = new Applier(cluster);
      const first = ['Namespace', 'PriorityClass', 'ServiceAccount', 'ConfigMap', 'ResourceQuota'];
      for (const kind of first)
        await apply(
          ...objects.filter((object) => object.kind === kind && object.metadata.namespace !== 'monitoring'),
        );
      await waitUntil('the quotas are in force', async () => {
        const { body } = await cluster.call({ path: '/api/v1/resourcequotas' });
        const items = body['items'] as { status?: { hard?: object } }[];
        return items.length === quotas.length && items.every(({ status }) => status?.hard !== undefined);
      });
    }, 120_000);
    afterAll(() => cluster.stop());

    it('lets every pod be, every job run, and every Deployment be updated, all at once', async () => {
      const workloads = objects.filter(
        ({ kind, metadata }) =>
          ['Deployment', 'StatefulSet'].includes(kind) &&
          quotas.some((quota) => quota.metadata.namespace === metadata.namespace),
      );
      await apply(...workloads);
      const jobs = objects.filter(
        (o) => o.metadata.namespace === namespace && (o.kind === 'Job' || o.kind === 'CronJob'),
      );
      for (const { kind, metadata, ...rest } of jobs) {
        const spec = rest['spec'] as { jobTemplate?: { spec: object } };
        await apply({
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: `${metadata.name}-now`, namespace },
          spec: kind === 'CronJob' ? spec.jobTemplate?.spec : spec,
        });
      }
      const steady = deployments.reduce((sum, each) => sum + replicasOf(each), 0) + jobs.length;
      await waitUntil('every pod is made', async () => (await podsIn(namespace)) === steady, 60_000);
      for (const { metadata } of surges) {
        await cluster.call({
          method: 'PATCH',
          path: `/apis/apps/v1/namespaces/${namespace}/deployments/${metadata.name}`,
          contentType: 'application/merge-patch+json',
          body: { spec: { template: { metadata: { annotations: { update: '1' } } } } },
        });
      }
      await waitUntil(
        'every update has begun',
        async () => (await podsIn(namespace)) === steady + surges.length,
        60_000,
      );
      expect(await refusals()).toEqual([]);
    }, 180_000);

    it('is exactly enough where no replaced pod has ended yet, and one less refuses the last one', async () => {
      const quota = `/api/v1/namespaces/${namespace}/resourcequotas/kubehero`;
      const setPods = (pods: string): Promise<unknown> =>
        cluster.call({
          method: 'PATCH',
          path: quota,
          contentType: 'application/merge-patch+json',
          body: { spec: { hard: { pods } } },
        });
      const status = async (): Promise<{ hard: Record<string, string>; used: Record<string, string> }> =>
        (await cluster.call({ path: quota })).body['status'] as never;
      const { hard } = await status();
      await cluster.call({
        method: 'POST',
        path: '/api/v1/nodes',
        body: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'nowhere' } },
      });
      await setPods(String(Number(hard['pods']) - 1));
      await waitUntil(
        'the last pod is refused',
        async () => {
          await startPods();
          return (
            (await refusals()).length > 0 &&
            (await status()).used['pods'] === String(Number(hard['pods']) - 1)
          );
        },
        60_000,
      );
      await setPods(hard['pods'] ?? '');
      await waitUntil(
        'everything that may be asked for is',
        async () => {
          await startPods();
          return JSON.stringify((await status()).used) === JSON.stringify(hard);
        },
        60_000,
      );
    }, 150_000);

    it('leaves room for one pod more of each replica that is being replaced, and for no other', () => {
      const hard = (
        quotas.find(({ metadata }) => metadata.namespace === namespace)?.['spec'] as {
          hard: Record<string, string>;
        }
      ).hard;
      const jobs = objects.filter(
        (o) => o.metadata.namespace === namespace && (o.kind === 'Job' || o.kind === 'CronJob'),
      ).length;
      const ending = surges.reduce((sum, each) => sum + replicasOf(each), 0);
      const standing = deployments.reduce((sum, each) => sum + replicasOf(each), 0);
      expect(hard['pods']).toBe(String(standing + ending + jobs));
    });

    it('refuses a pod that nobody counted', async () => {
      const { body } = await cluster.call({
        path: `/api/v1/namespaces/${namespace}/resourcequotas/kubehero`,
      });
      const { hard, used } = body['status'] as { hard: Record<string, string>; used: Record<string, string> };
      const replicas = Number(hard['pods']) - Number(used['pods']) + 1;
      const before = (await refusals()).length;
      const big = deployments.find(({ metadata }) => metadata.name === 'kubehero-control-plane');
      await cluster.call({
        method: 'PATCH',
        path: `/apis/apps/v1/namespaces/${namespace}/deployments/${big?.metadata.name ?? ''}`,
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas: replicas + 4 } },
      });
      await waitUntil('the quota says no', async () => (await refusals()).length > before, 30_000);
    }, 60_000);
  },
);
