import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policiesPath, type PolicyStatus } from '@kubehero/operator';
import { Applier, type ManifestObject } from './cluster/apply.js';
import { Cluster } from './cluster/cluster.js';
import { clusterBinariesDir } from './cluster/requirement.js';
import { enforcementBinaries } from './enforcement/enforcement-rig.js';
import { pod } from './enforcement/workload-factory.js';
import { runJson, start, startUp, type Started } from './product.js';
import { stopChild } from './stack.js';
import { waitUntil } from './wait-until.js';

const pricePerHour = '360';
const patienceMs = 60_000;
const local = '127.0.0.1:0';

const collections = [
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/statefulsets',
  '/apis/apps/v1/daemonsets',
  '/apis/batch/v1/jobs',
  '/apis/batch/v1/cronjobs',
  '/apis/autoscaling/v2/horizontalpodautoscalers',
];

/** Every object that a budget could touch, as JSON by kind and name. */
export type Picture = ReadonlyMap<string, string>;
/** An object of a list. */
export interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
  };
  readonly spec?: object;
}

/** A cluster, `kubehero up --kubeconfig` beside it, and telemetry of what the cluster shows. */
export class ProductOnCluster {
  readonly #applier: Applier;

  private constructor(
    readonly cluster: Cluster,
    private readonly folder: string,
    private readonly programs: {
      readonly up: Started;
      readonly telemetry: Started;
      /** Path of `client.json`. */
      readonly client: string;
    },
  ) {
    this.#applier = new Applier(cluster);
  }

  /** What `kubehero up` said about the definition. */
  get installed(): string[] {
    const lines = this.programs.up.output().split('\n');
    return lines.filter((line) => line.includes('definition')).map((line) => line.trim());
  }

  static async start(nodes: number): Promise<ProductOnCluster> {
    const cluster = await Cluster.start({
      binaries: clusterBinariesDir(...enforcementBinaries),
      kwokNodes: nodes,
      auditLog: true,
    });
    const folder = await mkdtemp(join(tmpdir(), 'kubehero-story-'));
    const kubeconfig = cluster.writeKubeconfig('people.kubeconfig', cluster.adminToken);
    const listeners = ['--http', local, '--grpc', local, '--dashboard', 'off'];
    const up = await startUp(
      folder,
      ['--kubeconfig', kubeconfig, '--log-level', 'info', ...listeners],
      patienceMs,
    );
    await waitUntil('up says so', () => up.output().includes('Ctrl-C'));
    const telemetry = start([
      'simulate',
      ...['--client', up.client, '--kubeconfig', kubeconfig],
      ...['--seconds', '3600', '--node-price', pricePerHour],
    ]);
    return new ProductOnCluster(cluster, folder, { up, telemetry, client: up.client });
  }

  async stop(): Promise<void> {
    this.programs.telemetry.child.kill('SIGKILL');
    await stopChild(this.programs.up.child);
    await this.cluster.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async apply(...objects: readonly ManifestObject[]): Promise<void> {
    for (const object of objects) {
      const refusals = await this.#applier.apply(object, { dryRun: false });
      if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
    }
  }

  async namespace(name: string): Promise<void> {
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const path = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    await waitUntil(`the account of ${name}`, async () => (await this.cluster.call({ path })).status === 200);
  }

  async list(path: string): Promise<readonly Listed[]> {
    return ((await this.cluster.call({ path })).body['items'] ?? []) as Listed[];
  }

  /** Spec, labels and annotations of everything that a budget could touch, but for what controllers count there. */
  async picture(): Promise<Picture> {
    const picture = new Map<string, string>();
    for (const path of collections) {
      for (const { metadata, spec } of await this.list(path)) {
        const { labels, annotations = {} } = metadata;
        const kept = Object.entries(annotations).filter(
          ([key]) => !key.startsWith('deployment.kubernetes.io/'),
        );
        const key = `${path.slice(path.lastIndexOf('/') + 1)} ${metadata.namespace ?? ''}/${metadata.name}`;
        picture.set(key, JSON.stringify({ labels, annotations: Object.fromEntries(kept), spec }));
      }
    }
    return picture;
  }

  async pods(namespace: string): Promise<number> {
    const found = await this.list(`/api/v1/namespaces/${namespace}/pods`);
    return found.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
  }

  async status(policy: string): Promise<PolicyStatus> {
    return ((await this.cluster.call({ path: `${policiesPath}/${policy}` })).body['status'] ??
      {}) as PolicyStatus;
  }

  async change(policy: string, spec: object): Promise<void> {
    const answer = await this.cluster.call({
      method: 'PATCH',
      path: `${policiesPath}/${policy}`,
      contentType: 'application/merge-patch+json',
      body: { spec },
    });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }

  /** Waits until a policy's status is as wanted. */
  async until(policy: string, what: string, holds: (status: PolicyStatus) => boolean): Promise<PolicyStatus> {
    let last: PolicyStatus = {};
    try {
      await waitUntil(what, async () => holds((last = await this.status(policy))), patienceMs);
    } catch (error) {
      const logs = `${this.programs.up.errors().slice(-3000)}\n${this.programs.telemetry.errors().slice(-1000)}`;
      throw new Error(`${String(error)}: ${JSON.stringify(last)}\n${logs}`, { cause: error });
    }
    return last;
  }

  /** What is refused when somebody makes a pod in a namespace; undefined where it is not. */
  async refusal(scope: string): Promise<string | undefined> {
    const path = `/api/v1/namespaces/${scope}/pods?dryRun=All`;
    const body = pod({ namespace: scope, name: 'late' });
    const answer = await this.cluster.call({ method: 'POST', path, body });
    return answer.status === 403 ? String(answer.body['message']) : undefined;
  }

  /** Runs a remote command against this product and reads its JSON. */
  async command<T>(...args: readonly string[]): Promise<T> {
    return runJson<T>([...args, '--client', this.programs.client, '--output', 'json']);
  }

  /** Deletes a policy and waits until it is gone. */
  async remove(policy: string): Promise<void> {
    await this.cluster.call({ method: 'DELETE', path: `${policiesPath}/${policy}` });
    await waitUntil(
      'the policy is gone',
      async () => (await this.cluster.call({ path: `${policiesPath}/${policy}` })).status === 404,
      patienceMs,
    );
  }
}
