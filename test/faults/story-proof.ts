import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../support/cluster/cluster.js';
import {
  autoscaler,
  cronJob,
  daemonSet,
  deployment,
  job,
  statefulSet,
} from '../support/enforcement/workload-factory.js';
import { ProductOnCluster, type Picture } from '../support/product-on-cluster.js';
import { waitUntil } from '../support/wait-until.js';

/** What the story came to. */
export interface StoryReport {
  /** What was there before `kubehero up`, and was not there after it, in words. */
  readonly installed: readonly string[];
  readonly unarmed: { readonly phase: string; readonly changed: readonly string[]; readonly warned: boolean };
  readonly dryRun: { readonly listed: readonly string[]; readonly changed: readonly string[] };
  readonly enforced: {
    /** Who armed it, as its status says. */
    readonly armedBy: string;
    readonly stopped: readonly string[];
    /** What `policy simulate` said just before that it would stop. */
    readonly simulated: readonly string[];
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

interface SimulatedObject {
  readonly kind: string;
  readonly name: string;
}

const scope = 'shop';
const bystander = 'other';
const policy = 'shop';
const nodes = 3;
const patienceMs = 60_000;
const hugeCeiling = '$900000000/mo';

const admission = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

/** Keys whose values differ, or that only one of two pictures has. */
function differences(before: Picture, after: Picture): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

async function furnish(story: ProductOnCluster): Promise<number> {
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
async function warnAndList(story: ProductOnCluster): Promise<Pick<StoryReport, 'unarmed' | 'dryRun'>> {
  const before = await story.picture();
  await story.change(policy, { ceiling: low });
  const warned = await story.until(policy, 'the ceiling is exceeded', ({ phase }) => phase === 'Exceeded');
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
  await story.change(policy, { dryRun: true });
  await story.command('policy', 'arm', policy, '--confirm', policy);
  const { stopped = [] } = await story.until(
    policy,
    'the list is there',
    ({ stoppedCount = 0 }) => stoppedCount > 0,
  );
  await delay(3000);
  const listed = stopped.map(({ kind, name }) => `${kind ?? ''} ${name ?? ''}`).sort();
  return { unarmed, dryRun: { listed, changed: differences(before, await story.picture()) } };
}

/** Spend passes the ceiling of an armed policy. */
async function enforce(story: ProductOnCluster): Promise<StoryReport['enforced']> {
  await story.change(policy, { ceiling: hugeCeiling });
  await story.until(policy, 'it is within its ceiling', ({ phase }) => phase !== 'Exceeded');
  await story.change(policy, { dryRun: false });
  const { spend = '0' } = await story.until(
    policy,
    'its spend grows',
    ({ spend: now = '0' }) => Number(now) > 0,
  );
  await delay(6000);
  const { spend: later = '0' } = await story.until(
    policy,
    'its spend is told',
    ({ spend: now = '0' }) => now !== spend,
  );
  const { wouldStop } = await story.command<{ readonly wouldStop: readonly SimulatedObject[] }>(
    ...['policy', 'simulate', policy],
  );
  // What it spends in some seconds more, so that the ceiling is passed by spend and not by the change of the ceiling.
  const ceiling = Number(later) + (Number(later) - Number(spend));
  await story.change(policy, { ceiling: `$${ceiling.toFixed(6)}/mo` });
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
        message = (await story.refusal(scope)) ?? '';
        deniedAt = Date.now();
        return message !== '';
      },
      patienceMs,
    ),
  ]);
  await waitUntil('the pods are gone', async () => (await story.pods(scope)) === nodes, patienceMs);
  const goneAt = Date.now();
  const status = await story.until(policy, 'it is enforced', ({ phase }) => phase === 'Enforced');
  const crossedAt = Date.parse(status.verdict?.exceededAt ?? '');
  return {
    armedBy: status.armedBy ?? '',
    stopped: (status.stopped ?? []).map(({ kind, name }) => `${kind ?? ''} ${name ?? ''}`).sort(),
    simulated: wouldStop.map(({ kind, name }) => `${kind} ${name}`).sort(),
    pods: await story.pods(scope),
    message,
    scaledDownMs: scaledAt - crossedAt,
    deniedMs: deniedAt - crossedAt,
    podsGoneMs: goneAt - crossedAt,
  };
}

async function release(
  story: ProductOnCluster,
  before: Picture,
  wanted: number,
): Promise<StoryReport['released']> {
  await story.change(policy, { ceiling: hugeCeiling });
  await story.until(policy, 'it is released', ({ phase }) => phase === 'Released');
  await waitUntil('the pods are back', async () => (await story.pods(scope)) === wanted, patienceMs);
  await story.remove(policy);
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
  const story = await ProductOnCluster.start(nodes);
  try {
    const wanted = await furnish(story);
    const before = await story.picture();
    await story.until(policy, 'spend is counted', ({ spend = '0' }) => Number(spend) > 0);
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
    await story.stop();
  }
}
