import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { environmentNames, objectNames } from '@kubehero/contract';
import { tryFindLeader } from '@kubehero/store-postgres';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Applier } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { findFreePort } from '../support/free-port.js';
import { objectsOf, synthesize } from '../support/manifests/examples.js';
import { start, type Started } from '../support/product.js';
import { describeWith } from '../support/requirements.js';
import { startStores, stopChild, type Stores } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';

const namespace = 'kubehero-system';
const account = 'kubehero-control-plane';
const slicePath = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/${objectNames.leaderEndpointSlice}`;
/** How long another replica may take to lead. */
const takeoverMs = 15_000;
const applyPatch = 'application/apply-patch+yaml';

interface Slice {
  readonly metadata: { readonly labels: Record<string, string>; readonly resourceVersion: string };
  readonly endpoints: readonly { readonly addresses: readonly string[] }[] | null;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

interface Replica {
  readonly ip: string;
  readonly process: Started;
}

describeWith(
  [clusterBinaries('etcd', 'kube-apiserver')],
  "the leader's endpoint, on a real API server, with the synthesized Role",
  () => {
    let cluster: Cluster;
    let stores: Stores;
    const replicas: Replica[] = [];

    beforeAll(async () => {
      cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
      await install();
      const kubeconfig = cluster.writeKubeconfig('control-plane.kubeconfig', await tokenOfAccount());
      stores = await startStores();
      await writeFile(join(stores.folder, 'token'), randomBytes(16).toString('hex'));
      await writeFile(join(stores.folder, 'ca-key'), Buffer.alloc(32, 5).toString('base64'));
      for (const ip of ['10.20.0.1', '10.20.0.2'])
        replicas.push({ ip, process: await launch(ip, kubeconfig) });
    }, 120_000);

    afterAll(async () => {
      for (const { process } of replicas) {
        process.child.kill('SIGCONT');
        await stopChild(process.child);
      }
      await stores.close();
      await cluster.stop();
    }, 60_000);

    /** The control plane's own objects of the reference installation, and nothing that would give further rights. */
    async function install(): Promise<void> {
      const applier = new Applier(cluster);
      const objects = objectsOf(synthesize('reference'));
      for (const kind of ['Namespace', 'ServiceAccount', 'Role', 'RoleBinding', 'Service']) {
        for (const object of objects.filter((candidate) => candidate.kind === kind)) {
          const { name } = object.metadata;
          if (name !== account && name !== namespace) continue;
          expect(await applier.apply(object, { dryRun: false })).toEqual([]);
        }
      }
    }

    async function tokenOfAccount(): Promise<string> {
      const answer = await cluster.call({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: 3600 },
        },
      });
      return (answer.body['status'] as { token: string }).token;
    }

    async function launch(ip: string, kubeconfig: string): Promise<Started> {
      const url = new URL(stores.postgres.url);
      return start(['control-plane', '--kubeconfig', kubeconfig], {
        [environmentNames.postgresUrl]: `postgres://${url.username}@${url.host}${url.pathname}`,
        [environmentNames.postgresPasswordFile]: join(stores.folder, 'postgres/password'),
        [environmentNames.clickhouseUrl]: stores.clickhouseUrl,
        [environmentNames.apiTokenFile]: join(stores.folder, 'token'),
        [environmentNames.caKeyFile]: join(stores.folder, 'ca-key'),
        [environmentNames.httpListen]: `127.0.0.1:${await findFreePort()}`,
        [environmentNames.grpcListen]: `127.0.0.1:${await findFreePort()}`,
        [environmentNames.grpcServerNames]: '127.0.0.1',
        [environmentNames.podIp]: ip,
        [environmentNames.podName]: `control-plane-${ip.replaceAll('.', '-')}`,
        [environmentNames.podNamespace]: namespace,
        [environmentNames.leaderService]: objectNames.controlPlaneService,
      });
    }

    const slice = async (): Promise<Slice | undefined> => {
      const answer = await cluster.call({ path: slicePath });
      return answer.status === 200 ? (answer.body as unknown as Slice) : undefined;
    };
    const addresses = async (): Promise<readonly string[]> =>
      ((await slice())?.endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
    const leader = async (): Promise<Replica> => {
      const term = await tryFindLeader(stores.db);
      const found = replicas.find(({ ip }) => term?.address.startsWith(`${ip}:`));
      if (found === undefined) throw new Error('nobody leads');
      return found;
    };
    const pointsAt = async (ip: string, timeoutMs: number): Promise<void> => {
      await waitUntil(`the slice points at ${ip}`, async () => (await addresses()).join() === ip, timeoutMs);
    };
    const edit = async (change: object): Promise<void> => {
      const { status } = await cluster.call({
        method: 'PATCH',
        path: `${slicePath}?fieldManager=a-person&force=true`,
        contentType: applyPatch,
        body: {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: objectNames.leaderEndpointSlice },
          addressType: 'IPv4',
          endpoints: [],
          ...change,
        },
      });
      expect(status).toBe(200);
    };

    it("is written as leadership begins, for the Service's ports", async () => {
      await waitUntil('a slice is there', async () => (await addresses()).length > 0, 40_000);

      const written = await slice();
      const service = await cluster.call({
        path: `/api/v1/namespaces/${namespace}/services/${objectNames.controlPlaneService}`,
      });
      const spec = service.body['spec'] as { selector?: object; ports: { name: string }[] };
      expect(await addresses()).toEqual([(await leader()).ip]);
      expect(written?.metadata.labels['kubernetes.io/service-name']).toBe(objectNames.controlPlaneService);
      expect(spec.selector).toBeUndefined();
      expect(written?.ports.map(({ name }) => name).sort()).toEqual(
        spec.ports.map(({ name }) => name).sort(),
      );
    }, 60_000);

    it('is not written again while it is right', async () => {
      const before = (await slice())?.metadata.resourceVersion;

      await sleep(5000);

      expect((await slice())?.metadata.resourceVersion).toBe(before);
    }, 20_000);

    it('is put right when a person changed it', async () => {
      const { ip } = await leader();
      await edit({ endpoints: [{ addresses: ['10.20.9.9'] }] });
      expect(await addresses()).toEqual(['10.20.9.9']);

      await pointsAt(ip, 10_000);
    }, 20_000);

    it('is written anew when a person deleted it', async () => {
      const { ip } = await leader();
      expect((await cluster.call({ method: 'DELETE', path: slicePath })).status).toBe(200);

      await pointsAt(ip, 10_000);
    }, 20_000);

    it('moves when the leader is stopped, and the old one does not take it back when it wakes up', async () => {
      const old = await leader();
      const next = replicas.find(({ ip }) => ip !== old.ip);
      const stoppedAt = performance.now();
      old.process.child.kill('SIGSTOP');

      await pointsAt(next?.ip ?? '', takeoverMs + 5000);

      const tookMs = performance.now() - stoppedAt;
      process.stderr.write(`endpoint of a stopped leader: taken over in ${(tookMs / 1000).toFixed(1)} s\n`);
      expect(tookMs).toBeLessThanOrEqual(takeoverMs);
      old.process.child.kill('SIGCONT');
      const seen = new Set<string>();
      for (const until = performance.now() + 8000; performance.now() < until; await sleep(50))
        seen.add((await addresses()).join());
      expect([...seen]).toEqual([next?.ip]);
      expect(old.process.child.exitCode).toBeNull();
    }, 60_000);

    it('is taken over too when the leader is killed', async () => {
      const old = await leader();
      const next = replicas.find(({ ip }) => ip !== old.ip);

      await stopChild(old.process.child, 'SIGKILL');

      await pointsAt(next?.ip ?? '', takeoverMs);
    }, 30_000);
  },
);
