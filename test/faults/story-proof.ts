import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { policiesPath, type PolicyStatus } from '@kubehero/operator';
import { Applier, type ManifestObject } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { clusterBinariesDir } from '../support/cluster/requirement.js';
import { enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import {
  autoscaler,
  cronJob,
  daemonSet,
  deployment,
  job,
  pod,
  statefulSet,
} from '../support/enforcement/workload-factory.js';
import { start, startUp, type Started } from '../support/product.js';
import { stopChild } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';

/** What the story came to. */
export interface StoryReport {
  /** What was there before `kubehero up`, and was not there after it, in words. */
  readonly installed: readonly string[];
  readonly unarmed: { readonly phase: string; readonly changed: readonly string[]; readonly warned: boolean };
  readonly dryRun: { readonly listed: readonly string[]; readonly changed: readonly string[] };
  readonly enforced: {
    readonly stopped: readonly string[];
    readonly pods: number;
    readonly message: string;
    /** From the end of the second in which spend passed the ceiling, ms. */
    readonly scaledDownMs: number;
    readonly deniedMs: number;
    readonly podsGoneMs: number;
  };
  readonly released: {
    readonly changed: readonly string[];
    readonly pods: number;
    readonly leftovers: readonly string[];
  };
  /** Objects outside of the scope that the operator wrote. */
  readonly outside: readonly string[];
}

const scope = 'shop';
const bystander = 'other';
const policy = 'shop';
const nodes = 3;
const pricePerHour = '360';
const patienceMs = 60_000;
const hugeCeiling = '$900000000/mo';
const local = '127.0.0.1:0';

const collections = [
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/statefulsets',
  '/apis/apps/v1/daemonsets',
  '/apis/batch/v1/jobs',
  '/apis/batch/v1/cronjobs',
  '/apis/autoscaling/v2/horizontalpodautoscalers',
];
const admission = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

type Picture = ReadonlyMap<string, string>;
interface Listed {
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
class Story {
  readonly #applier: Applier;

  private constructor(
    readonly cluster: Cluster,
    private readonly folder: string,
    private readonly programs: { readonly up: Started; readonly telemetry: Started },
  ) {
    this.#applier = new Applier(cluster);
  }

  /** What `kubehero up` said about the definition. */
  get installed(): string[] {
    const lines = this.programs.up.output().split('\n');
    return lines.filter((line) => line.includes('definition')).map((line) => line.trim());
  }

  static async begin(): Promise<Story> {
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
    return new Story(cluster, folder, { up, telemetry });
  }

  async end(): Promise<void> {
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

  async status(): Promise<PolicyStatus> {
    return ((await this.cluster.call({ path: `${policiesPath}/${policy}` })).body['status'] ??
      {}) as PolicyStatus;
  }

  async change(spec: object): Promise<void> {
    const answer = await this.cluster.call({
      method: 'PATCH',
      path: `${policiesPath}/${policy}`,
      contentType: 'application/merge-patch+json',
      body: { spec },
    });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }

  async until(what: string, holds: (status: PolicyStatus) => boolean): Promise<PolicyStatus> {
    let last: PolicyStatus = {};
    try {
      await waitUntil(what, async () => holds((last = await this.status())), patienceMs);
    } catch (error) {
      const logs = `${this.programs.up.errors().slice(-3000)}\n${this.programs.telemetry.errors().slice(-1000)}`;
      throw new Error(`${String(error)}: ${JSON.stringify(last)}\n${logs}`, { cause: error });
    }
    return last;
  }

  /** What is refused when somebody makes a pod in the scope; undefined where it is not. */
  async refusal(): Promise<string | undefined> {
    const path = `/api/v1/namespaces/${scope}/pods?dryRun=All`;
    const body = pod({ namespace: scope, name: 'late' });
    const answer = await this.cluster.call({ method: 'POST', path, body });
    return answer.status === 403 ? String(answer.body['message']) : undefined;
  }

  async remove(): Promise<void> {
    await this.cluster.call({ method: 'DELETE', path: `${policiesPath}/${policy}` });
    await waitUntil(
      'the policy is gone',
      async () => (await this.cluster.call({ path: `${policiesPath}/${policy}` })).status === 404,
      patienceMs,
    );
  }
}

/** Keys whose values differ, or that only one of two pictures has. */
function differences(before: Picture, after: Picture): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

async function furnish(story: Story): Promise<number> {
  await story.namespace(scope);
  await story.namespace(bystander);
  const at = (name: string, replicas = 2): { namespace: string; name: string; replicas: number } => ({
    namespace: scope,
    name,
    replicas,
  });
  await story.apply(
    deployment(at('web', 3)),
    statefulSet(at('db')),
    job(at('batch')),
    cronJob(at('nightly')),
    deployment(at('scaled')),
    autoscaler({ ...at('scaled'), minReplicas: 2 }),
    daemonSet(at('agent')),
    deployment({ namespace: bystander, name: 'web', replicas: 2 }),
    {
      apiVersion: 'kubehero.kubehero.io/v1',
      kind: 'BudgetPolicy',
      metadata: { name: policy },
      spec: { scope: { namespaces: [scope] }, ceiling: hugeCeiling, hardStop: true },
    },
  );
  const wanted = 3 + 2 + 2 + 2 + nodes;
  await waitUntil('every pod runs', async () => (await story.pods(scope)) === wanted, patienceMs);
  return wanted;
}

/** A ceiling that is passed already. */
const low = '$0.000001/mo';

/** Above the ceiling and not armed: only a warning; then a dry run: only a list. */
async function warnAndList(story: Story): Promise<Pick<StoryReport, 'unarmed' | 'dryRun'>> {
  const before = await story.picture();
  await story.change({ ceiling: low });
  const warned = await story.until('the ceiling is exceeded', ({ phase }) => phase === 'Exceeded');
  await delay(3000);
  const events = (await story.list('/apis/events.k8s.io/v1/namespaces/default/events')) as unknown as {
    readonly reason: string;
    readonly regarding: { readonly name: string };
  }[];
  const unarmed = {
    phase: warned.phase ?? '',
    changed: differences(before, await story.picture()),
    warned: events.some(({ reason, regarding }) => regarding.name === policy && reason === 'CeilingExceeded'),
  };
  await story.change({ dryRun: true, armed: true });
  const { stopped = [] } = await story.until('the list is there', ({ stoppedCount = 0 }) => stoppedCount > 0);
  await delay(3000);
  const listed = stopped.map(({ kind, name }) => `${kind ?? ''} ${name ?? ''}`).sort();
  return { unarmed, dryRun: { listed, changed: differences(before, await story.picture()) } };
}

/** Spend passes the ceiling of an armed policy. */
async function enforce(story: Story): Promise<StoryReport['enforced']> {
  await story.change({ ceiling: hugeCeiling });
  await story.until('it is within its ceiling', ({ phase }) => phase !== 'Exceeded');
  await story.change({ dryRun: false });
  const { spend = '0' } = await story.until('its spend grows', ({ spend: now = '0' }) => Number(now) > 0);
  await delay(6000);
  const { spend: later = '0' } = await story.until(
    'its spend is told',
    ({ spend: now = '0' }) => now !== spend,
  );
  // What it spends in some seconds more, so that the ceiling is passed by spend and not by the change of the ceiling.
  const ceiling = Number(later) + (Number(later) - Number(spend));
  await story.change({ ceiling: `$${ceiling.toFixed(6)}/mo` });
  let scaledAt = 0;
  let deniedAt = 0;
  let message = '';
  await Promise.all([
    waitUntil(
      'all is scaled down',
      async () => {
        const found = await story.list(`/apis/apps/v1/namespaces/${scope}/deployments`);
        const sets = await story.list(`/apis/apps/v1/namespaces/${scope}/statefulsets`);
        scaledAt = Date.now();
        return [...found, ...sets].every(({ spec }) => (spec as { replicas: number }).replicas === 0);
      },
      patienceMs,
    ),
    waitUntil(
      'pods are refused',
      async () => {
        message = (await story.refusal()) ?? '';
        deniedAt = Date.now();
        return message !== '';
      },
      patienceMs,
    ),
  ]);
  await waitUntil('the pods are gone', async () => (await story.pods(scope)) === nodes, patienceMs);
  const goneAt = Date.now();
  const status = await story.until('it is enforced', ({ phase }) => phase === 'Enforced');
  const crossedAt = Date.parse(status.verdict?.exceededAt ?? '');
  return {
    stopped: (status.stopped ?? []).map(({ kind, name }) => `${kind ?? ''} ${name ?? ''}`).sort(),
    pods: await story.pods(scope),
    message,
    scaledDownMs: scaledAt - crossedAt,
    deniedMs: deniedAt - crossedAt,
    podsGoneMs: goneAt - crossedAt,
  };
}

async function release(story: Story, before: Picture, wanted: number): Promise<StoryReport['released']> {
  await story.change({ ceiling: hugeCeiling });
  await story.until('it is released', ({ phase }) => phase === 'Released');
  await waitUntil('the pods are back', async () => (await story.pods(scope)) === wanted, patienceMs);
  await story.remove();
  const kept = (await story.list(admission)).map(({ metadata }) => `admission policy ${metadata.name}`);
  return {
    changed: differences(before, await story.picture()),
    pods: await story.pods(scope),
    leftovers: kept,
  };
}

/** What the operator wrote outside of the scope, apart from policies, admission and events. */
function writtenOutside(cluster: Cluster): string[] {
  const found = cluster
    .writes()
    .filter(({ userAgent, objectRef, responseStatus }) => {
      const isController = /^(kube-|kwok|curl)/.test(userAgent ?? '');
      const kinds = [
        'deployments',
        'statefulsets',
        'daemonsets',
        'jobs',
        'cronjobs',
        'horizontalpodautoscalers',
        'pods',
      ];
      const isWorkload = kinds.includes(objectRef?.resource ?? '') && objectRef?.subresource === undefined;
      return (
        !isController && isWorkload && objectRef?.namespace !== scope && (responseStatus?.code ?? 500) < 300
      );
    })
    // Who made the bystander was the test itself, by server-side apply.
    .filter(
      ({ verb, objectRef }) =>
        !(verb === 'patch' && objectRef?.namespace === bystander && objectRef.name === 'web'),
    );
  return found.map(
    ({ verb, objectRef }) =>
      `${verb} ${objectRef?.resource ?? ''} ${objectRef?.namespace ?? ''}/${objectRef?.name ?? ''}`,
  );
}

/**
 * The whole story of a budget on a real cluster: spend passes a ceiling that is not armed, one that only lists, and one
 * that is armed; the ceiling is raised and all is as before.
 */
export async function tellStory(): Promise<StoryReport> {
  const story = await Story.begin();
  try {
    const wanted = await furnish(story);
    const before = await story.picture();
    await story.until('spend is counted', ({ spend = '0' }) => Number(spend) > 0);
    const { unarmed, dryRun } = await warnAndList(story);
    const enforced = await enforce(story);
    const released = await release(story, before, wanted);
    return {
      installed: story.installed,
      unarmed,
      dryRun,
      enforced,
      released,
      outside: writtenOutside(story.cluster),
    };
  } finally {
    await story.end();
  }
}
