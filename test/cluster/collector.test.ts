import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Collector, openNodeWatch, type NodeWatch } from '@kubehero/collector';
import { inClusterServer, kubeconfigServer } from '@kubehero/kubernetes';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestCgroup } from '../support/cgroup-workload.js';
import { Cluster } from '../support/cluster/cluster.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { ReportHub, type HubRow } from '../support/report-hub.js';
import { bpf, describeWith } from '../support/requirements.js';

const nodeName = 'node-a';
const containerId = 'ab'.repeat(32);
const namespace = 'shop';

describeWith(
  [bpf, clusterBinaries('etcd', 'kube-apiserver')],
  'a collector on a node of a real API server',
  () => {
    const hub = new ReportHub();
    const cgroups: TestCgroup[] = [];
    let cluster: Cluster;
    let watch: NodeWatch;
    let collector: Collector;

    const create = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
      const answer = await cluster.call({ method: 'POST', path, body });
      expect([path, answer.status]).toEqual([path, 201]);
      return answer.body;
    };
    const patch = async (path: string, body: unknown): Promise<void> => {
      const answer = await cluster.call({
        method: 'PATCH',
        path,
        body,
        contentType: 'application/merge-patch+json',
      });
      expect([path, answer.status]).toEqual([path, 200]);
    };
    const createPod = async (): Promise<string> => {
      const body = await create(`/api/v1/namespaces/${namespace}/pods`, {
        metadata: {
          name: 'web-5d4-x',
          labels: { app: 'web', 'pod-template-hash': '5d4' },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4', uid: 'rs-uid', controller: true },
          ],
        },
        spec: {
          nodeName,
          automountServiceAccountToken: false,
          containers: [
            { name: 'nginx', image: 'nginx', resources: { requests: { cpu: '250m', memory: '64Mi' } } },
          ],
        },
      });
      return String((body['metadata'] as { uid: string }).uid);
    };
    const deletePod = async (): Promise<void> => {
      const path = `/api/v1/namespaces/${namespace}/pods/web-5d4-x?gracePeriodSeconds=0`;
      expect((await cluster.call({ method: 'DELETE', path })).status).toBe(200);
    };
    const makeCgroups = (podUid: string, ...containers: string[]): TestCgroup[] => {
      const pod = `kubepods.slice/kubepods-pod${podUid.replaceAll('-', '_')}.slice`;
      const made = [
        new TestCgroup(pod),
        ...containers.map((id) => new TestCgroup(`${pod}/cri-containerd-${id}.scope`)),
      ];
      cgroups.push(...made);
      return made;
    };
    const sumUs = (rows: readonly HubRow[]): number => rows.reduce((sum, row) => sum + row.cpuUs, 0);

    beforeAll(async () => {
      cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
      await create('/api/v1/nodes', {
        metadata: {
          name: nodeName,
          labels: { 'topology.kubernetes.io/zone': 'z1' },
          annotations: { 'kubehero.io/price-per-hour': '0.25', other: 'x' },
        },
        spec: { providerID: 'aws:///z1/i-1' },
      });
      await patch(`/api/v1/nodes/${nodeName}/status`, {
        status: { capacity: { cpu: '3920m', memory: '8Gi' } },
      });
      await create('/api/v1/namespaces', { metadata: { name: namespace } });
      await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
      // A service account as a pod finds it: a folder with a token and the authority.
      writeFileSync(join(cluster.dir, 'token'), cluster.adminToken);
      copyFileSync(join(cluster.dir, 'certs/apiserver.crt'), join(cluster.dir, 'ca.crt'));
      const { hostname, port } = new URL(cluster.url);
      const server = inClusterServer(hostname, port, cluster.dir);
      watch = await openNodeWatch({
        server,
        nodeName,
        onNotice: (sentence) => process.stderr.write(`${sentence}\n`),
      });
      await hub.start();
      collector = new Collector({
        mode: 'bpf',
        openReport: hub.openReport,
        emitter: 'test/1',
        onNotice: (sentence) => process.stderr.write(`${sentence}\n`),
        kubernetes: watch,
      });
      cgroups.push(new TestCgroup('kubepods.slice'));
      await collector.start();
      await sleep(1500);
    }, 90_000);

    afterAll(async () => {
      await collector.stop();
      watch.stop();
      hub.close();
      for (const cgroup of cgroups.reverse()) await cgroup.remove();
      await cluster.stop();
    });

    it('names what a container uses from its pod, and what the pod uses beside it as overhead', async () => {
      const podUid = await createPod();
      const [pod, container] = makeCgroups(podUid, containerId);
      await patch(`/api/v1/namespaces/${namespace}/pods/web-5d4-x/status`, {
        status: {
          containerStatuses: [
            {
              name: 'nginx',
              containerID: `containerd://${containerId}`,
              image: 'nginx',
              imageID: '',
              ready: true,
              restartCount: 0,
            },
          ],
        },
      });
      await sleep(300);
      await container?.burn({ cpuMs: 300, dutyPercent: 100 });
      await pod?.burn({ cpuMs: 100, dutyPercent: 100 });
      await sleep(2200);
      const containerUs = container?.readCpuUs() ?? 0;
      const podUs = pod?.readCpuUs() ?? 0;
      const rows = hub.rowsOf('web').filter((row) => row.identity.podUid === podUid);
      const ofContainer = rows.filter((row) => row.identity.kind === 'IDENTITY_KIND_CONTAINER');
      const overhead = rows.filter((row) => row.identity.kind === 'IDENTITY_KIND_POD_OVERHEAD');
      expect(Math.abs(sumUs(ofContainer) - containerUs)).toBeLessThanOrEqual(1);
      expect(Math.abs(sumUs(overhead) - (podUs - containerUs))).toBeLessThanOrEqual(1);
      expect(ofContainer.at(-1)?.identity).toMatchObject({
        namespace,
        pod: 'web-5d4-x',
        container: 'nginx',
        workloadKind: 'Deployment',
        labels: { app: 'web', 'pod-template-hash': '5d4' },
        cpuRequestMillicores: 250,
        memoryRequestBytes: String(64 * 2 ** 20),
      });
    });

    it('never mixes a pod with another of the same name that follows it', async () => {
      const [first] = new Set(hub.rowsOf('web').map((row) => row.identity.podUid));
      await deletePod();
      const second = await createPod();
      const [, container] = makeCgroups(second, 'cd'.repeat(32));
      await sleep(300);
      await container?.burn({ cpuMs: 100, dutyPercent: 100 });
      await sleep(2200);
      const rows = hub.rows.filter((row) => row.identity.pod === 'web-5d4-x');
      expect(new Set(rows.map((row) => row.identity.podUid))).toEqual(new Set([first, second]));
      const used = sumUs(rows.filter((row) => row.identity.podUid === second));
      expect(Math.abs(used - (container?.readCpuUs() ?? 0))).toBeLessThanOrEqual(2);
    });

    it('charges a pod that lived for a part of a second and was deleted', async () => {
      await deletePod();
      const podUid = await createPod();
      const [pod, container] = makeCgroups(podUid, 'ef'.repeat(32)).splice(0);
      await sleep(300);
      await container?.burn({ cpuMs: 150, dutyPercent: 100 });
      const truthUs = container?.readCpuUs() ?? 0;
      await container?.remove();
      await pod?.remove();
      cgroups.splice(-2);
      await deletePod();
      await sleep(3200);
      const rows = hub.rows.filter((row) => row.identity.podUid === podUid);
      expect(Math.abs(sumUs(rows) - truthUs)).toBeLessThanOrEqual(2);
      expect(new Set(rows.map((row) => row.identity.pod))).toEqual(new Set(['web-5d4-x']));
    });

    it('speaks for the node as the API knows it and shows nothing that belongs to no pod', async () => {
      expect(hub.hellos[0]?.nodes[0]?.nodeUid).toBe(watch.nodeUid);
      expect(hub.specs.at(0)).toMatchObject({
        name: nodeName,
        providerId: 'aws:///z1/i-1',
        labels: { 'topology.kubernetes.io/zone': 'z1' },
        annotations: { 'kubehero.io/price-per-hour': '0.25' },
        cpuCapacityMillicores: '3920',
        memoryCapacityBytes: String(8 * 2 ** 30),
      });
      expect(hub.rows.filter((row) => row.identity.kind === 'IDENTITY_KIND_HOST')).toEqual([]);
      const specsBefore = hub.specs.length;
      await patch(`/api/v1/nodes/${nodeName}`, {
        metadata: { annotations: { 'kubehero.io/price-per-hour': '0.5' } },
      });
      await sleep(2200);
      expect(hub.specs.length).toBe(specsBefore + 1);
      expect(hub.specs.at(-1)?.annotations).toEqual({ 'kubehero.io/price-per-hour': '0.5' });
    });

    it('reads the way to the API from a kubeconfig as well', async () => {
      const server = await kubeconfigServer(
        cluster.writeKubeconfig('collector.kubeconfig', cluster.adminToken),
      );
      const other = await openNodeWatch({ server, nodeName, onNotice: () => undefined });
      other.stop();
      expect(other.nodeUid).toBe(watch.nodeUid);
      await expect(
        openNodeWatch({ server, nodeName: 'node-b', onNotice: () => undefined }),
      ).rejects.toMatchObject({
        code: 'NODE_MISSING',
      });
    });
  },
);
