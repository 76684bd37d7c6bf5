import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { fixedTls, RpcChannel, RpcServer, type telemetry } from '@kubehero/rpc';
import { silentLogger } from '@kubehero/runtime';
import { join } from 'node:path';
import { readSimulateSettings } from '../../../../services/cli/simulate/options.js';
import { simulate, type Simulation } from '../../../../services/cli/simulate/simulate.js';
import { Cluster } from '../../../support/cluster/cluster.js';
import { clusterBinaries, clusterBinariesDir } from '../../../support/cluster/requirement.js';
import { describeWith } from '../../../support/requirements.js';
import { decodePart, TelemetryHub } from '../../../support/telemetry-hub.js';
import { makeTestAuthority } from '../../../support/test-authority.js';
import { waitUntil } from '../../../support/wait-until.js';

const PRICE = 'kubehero.io/price-per-hour';

describeWith([clusterBinaries('etcd', 'kube-apiserver')], 'kubehero simulate --kubeconfig', () => {
  let cluster: Cluster;
  let kubeconfig: string;

  beforeAll(async () => {
    cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
    kubeconfig = cluster.writeKubeconfig('test.kubeconfig', cluster.adminToken);
    await create('/api/v1/namespaces', { metadata: { name: 'web' } });
    await create('/api/v1/namespaces/web/serviceaccounts', { metadata: { name: 'default' } });
    await createNode('priced', { annotations: { [PRICE]: '3.6', 'other.io/x': 'y' }, ready: 'True' });
    await createNode('plain', { annotations: {}, ready: 'True' });
    await createNode('broken', { annotations: {}, ready: 'False' });
  }, 90_000);
  afterAll(() => cluster.stop());

  async function create(path: string, body: object): Promise<void> {
    const answer = await cluster.call({ method: 'POST', path, body });
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  }

  async function patchStatus(path: string, status: object): Promise<void> {
    const call = { method: 'PATCH', path: `${path}/status`, body: { status } };
    const answer = await cluster.call({ ...call, contentType: 'application/merge-patch+json' });
    if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  }

  async function createNode(name: string, node: { annotations: object; ready: string }): Promise<void> {
    const { annotations, ready } = node;
    await create('/api/v1/nodes', { metadata: { name, annotations, labels: { zone: 'a' } } });
    await patchStatus(`/api/v1/nodes/${name}`, {
      capacity: { cpu: '4', memory: '8Gi', 'nvidia.com/gpu': '2' },
      conditions: [{ type: 'Ready', status: ready, reason: 'Test', message: '' }],
    });
  }

  async function createPod(name: string, nodeName: string, phase: string): Promise<void> {
    const requests = { cpu: '250m', memory: '64Mi' };
    const container = { image: 'x', resources: { requests } };
    await create('/api/v1/namespaces/web/pods', {
      metadata: {
        name,
        labels: { app: 'shop', 'pod-template-hash': 'abc12' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop-abc12', uid: name, controller: true },
        ],
      },
      spec: {
        nodeName,
        containers: [
          { name: 'one', ...container },
          { name: 'two', ...container },
        ],
      },
    });
    await patchStatus(`/api/v1/namespaces/web/pods/${name}`, { phase });
  }

  async function run(parts: telemetry.NodeBatch[], seconds: number): Promise<Simulation> {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub({
      beforeAcknowledge: (batch) => Promise.resolve(void parts.push(...batch.nodes)),
    });
    const server = new RpcServer({
      listen: { host: '127.0.0.1', port: 0 },
      tls: fixedTls(test.serverTls),
      services: [hub.service],
      logger: silentLogger,
    });
    await server.start();
    const tls = fixedTls(await test.clusterTls('c1'));
    const flags = { kubeconfig, seconds: String(seconds), nodePrice: '0.36' };
    try {
      return await simulate(readSimulateSettings({ flags, env: {} }), {
        logger: silentLogger,
        signal: new AbortController().signal,
        now: Date.now,
        access: {
          cluster: 'local',
          connect: () => Promise.resolve(new RpcChannel({ target: `127.0.0.1:${server.port}`, tls })),
          close: () => Promise.resolve(),
        },
      });
    } finally {
      expect(hub.violations).toEqual([]);
      expect(hub.conflicts).toBe(0);
      await server.stop();
    }
  }

  it('speaks for ready nodes and running pods, second by second, with usage as requested', async () => {
    await createPod('first', 'priced', 'Running');
    await createPod('waiting', 'priced', 'Pending');
    await createPod('done', 'plain', 'Succeeded');
    const parts: telemetry.NodeBatch[] = [];
    const running = run(parts, 6);
    await waitForSeconds(parts, 2);
    await createPod('second', 'priced', 'Running');
    const { result } = await running;
    expect(result).toMatchObject({ nodes: 2, nodeSeconds: 12, acknowledgedSeconds: 12 });
    // 3.6 and 0.36 an hour are 1e9 and 1e8 picodollars in each of the 6 seconds.
    expect(result.costPicodollars).toBe(6 * 1_100_000_000);
    expect(result.podSeconds).toBeGreaterThan(6);
    expect(result.podSeconds).toBeLessThan(12);
    const priced = parts.filter((part) => part.node === priceIndex(parts));
    const decoded = priced.map(decodePart);
    expect(decoded[0]?.cpuUs).toEqual([250_000, 250_000]);
    expect(decoded[0]?.memoryBytes).toEqual([67_108_864n, 67_108_864n]);
    expect(decoded.at(-1)?.cpuUs).toHaveLength(4);
    expect(priced[0]?.spec).toMatchObject({
      name: 'priced',
      cpuCapacityMillicores: '4000',
      memoryCapacityBytes: '8589934592',
      gpuCapacity: 2,
      annotations: { [PRICE]: '3.6' },
    });
    expect(priced.flatMap((part) => part.identities)).toMatchObject([
      { pod: 'first', container: 'one', namespace: 'web', workloadKind: 'Deployment', workload: 'shop' },
      { pod: 'first', container: 'two' },
      { pod: 'second', container: 'one' },
      { pod: 'second', container: 'two' },
    ]);
    expect(priced.filter((part) => part.spec !== null)).toHaveLength(1);
  }, 30_000);

  it('follows a node whose price changes', async () => {
    const parts: telemetry.NodeBatch[] = [];
    const running = run(parts, 5);
    await waitForSeconds(parts, 2);
    await cluster.call({
      method: 'PATCH',
      path: '/api/v1/nodes/priced',
      body: { metadata: { annotations: { [PRICE]: '7.2' } } },
      contentType: 'application/merge-patch+json',
    });
    const { result } = await running;
    const prices = parts.flatMap((part) => part.spec?.annotations[PRICE] ?? []);
    expect(prices.toSorted()).toEqual(['0.36', '3.6', '7.2']);
    expect(result.costPicodollars).toBeGreaterThan(5 * 1_100_000_000);
    expect(result.costPicodollars).toBeLessThan(5 * 2_100_000_000);
  }, 30_000);

  it('says what is wrong with the kubeconfig, and with flags that it replaces', async () => {
    const missing = readSimulateSettings({
      flags: { kubeconfig: join(cluster.dir, 'none'), seconds: '1' },
      env: {},
    });
    const access = {
      cluster: 'local',
      connect: () => Promise.reject(new Error('never called')),
      close: () => Promise.resolve(),
    };
    const context = { logger: silentLogger, signal: new AbortController().signal, now: Date.now, access };
    await expect(simulate(missing, context)).rejects.toThrow('could not read kubeconfig');
    const flags = { kubeconfig, nodes: '5', shuffle: true };
    expect(() => readSimulateSettings({ flags, env: {} })).toThrow(
      /--nodes: is of an invented fleet.*\n--shuffle: .*\n--seconds: is required/,
    );
  });
});

/** Waits until the first node has sent so many seconds. */
function waitForSeconds(parts: readonly telemetry.NodeBatch[], seconds: number): Promise<void> {
  const sent = (): number => parts.filter((part) => part.node === 0).length;
  return waitUntil(`${seconds} seconds of the first node`, () => sent() >= seconds);
}

function priceIndex(parts: readonly telemetry.NodeBatch[]): number | undefined {
  return parts.find((part) => part.spec?.name === 'priced')?.node;
}
