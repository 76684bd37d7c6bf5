import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { deployment, pod } from '../support/enforcement/workload-factory.js';
import { OperatorRig, type StartedOperator } from '../support/operator-rig.js';
import { waitUntil } from '../support/wait-until.js';
import { cpuSeconds, quantile, report, residentMib, rounded } from './support/figures.js';

/**
 * The operator's program on a real API server with many pods and policies: memory, time from a verdict above the
 * ceiling until workloads are scaled down and pods refused, and reconciliations while pods come and go. The verdicts
 * come from a hub of the test, so that what is measured is the operator and the API server alone.
 *
 * `node dist/js/test/bench/enforcement.js [--pods 30000] [--policies 1000] [--crossings 40] [--churn 5000]`
 */
const { values: flags } = parseArgs({
  options: {
    pods: { type: 'string', default: '30000' },
    policies: { type: 'string', default: '1000' },
    crossings: { type: 'string', default: '40' },
    churn: { type: 'string', default: '5000' },
  },
});

const NAMESPACES = 100;
const WORKLOADS = 3;
const AT_ONCE = 24;
const CHURN_AT_ONCE = 4;
/** A crossing that takes longer shows what the operator logged. */
const SLOW_MS = 5000;
const PATIENCE_MS = 300_000;
const SETTLE_MS = 15_000;
const PODS_PER_OWNER = 10;

/** Does so many things, some of them at the same time. */
async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function create(rig: OperatorRig, path: string, body: unknown): Promise<void> {
  const answer = await rig.cluster.call({ method: 'POST', path, body });
  if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
}

function podBody(index: number, generation = 0): { path: string; name: string; body: unknown } {
  const namespace = `ns-${index % NAMESPACES}`;
  const owner = Math.floor(index / PODS_PER_OWNER);
  const name = `web-${owner}-${index}-${generation}`;
  const made = pod({ namespace, name, podLabels: { team: `team-${owner % 50}` } });
  const ownerReferences = [
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: `web-${owner}`,
      uid: `owner-${owner}`,
      controller: true,
    },
  ];
  const body = { ...made, metadata: { ...made.metadata, labels: { app: `web-${owner}` }, ownerReferences } };
  return { path: `/api/v1/namespaces/${namespace}/pods`, name, body };
}

/** Everything that is there before the operator is. */
async function fill(rig: OperatorRig, pods: number, policies: number, crossings: number): Promise<void> {
  await each(NAMESPACES, (index) =>
    create(rig, '/api/v1/namespaces', {
      metadata: { name: `ns-${index}`, labels: { team: `team-${index % 10}` } },
    }),
  );
  for (let index = 0; index < NAMESPACES; index += 1) await account(rig, `ns-${index}`);
  await each(pods / PODS_PER_OWNER, (index) => {
    const namespace = `ns-${index % NAMESPACES}`;
    return create(
      rig,
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      deployment({ namespace, name: `web-${index}`, replicas: PODS_PER_OWNER }),
    );
  });
  await each(pods, (index) => {
    const { path, body } = podBody(index);
    return create(rig, path, body);
  });
  await each(policies, (index) =>
    rig.policy(`budget-${index}`, {
      scope: {
        namespaces: [`ns-${index % NAMESPACES}`],
        workloadSelector: { matchLabels: { app: `web-${index}` } },
      },
      ceiling: '$100/mo',
      armed: true,
    }),
  );
  await each(crossings, (index) => crossing(rig, `cross-${index}`));
}

/** Pods are refused without the account that the controllers make in a real cluster. */
async function account(rig: OperatorRig, namespace: string): Promise<void> {
  await create(rig, `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
}

async function crossing(rig: OperatorRig, name: string): Promise<void> {
  await create(rig, '/api/v1/namespaces', { metadata: { name } });
  await account(rig, name);
  for (let index = 0; index < WORKLOADS; index += 1) {
    await rig.apply(deployment({ namespace: name, name: `web-${index}`, replicas: 2 }));
  }
  await rig.policy(name, { scope: { namespaces: [name] }, armed: true });
}

interface Latency {
  readonly writtenMs: number;
  readonly deniedMs: number;
}

/** Time until all workloads are scaled down, and until a pod is refused. */
async function cross(rig: OperatorRig, name: string): Promise<Latency> {
  const startedAt = performance.now();
  await rig.exceed(name);
  const since = (): number => performance.now() - startedAt;
  const written = waitUntil(
    `${name} is scaled down`,
    async () => {
      const replicas = await Promise.all(
        Array.from({ length: WORKLOADS }, (_, index) => rig.replicas(name, `web-${index}`)),
      );
      return replicas.every((count) => count === 0);
    },
    PATIENCE_MS,
  ).then(since);
  const denied = waitUntil(
    `${name} refuses pods`,
    async () => {
      const path = `/api/v1/namespaces/${name}/pods?dryRun=All`;
      const answer = await rig.cluster.call({
        method: 'POST',
        path,
        body: pod({ namespace: name, name: 'late' }),
      });
      return answer.status === 403;
    },
    PATIENCE_MS,
  ).then(since);
  return { writtenMs: await written, deniedMs: await denied };
}

/** Deletes and makes pods until so many were replaced. @returns replacements a second */
async function churn(rig: OperatorRig, pods: number, count: number): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const before = podBody(index % pods, Math.floor(index / pods));
      const after = podBody(index % pods, Math.floor(index / pods) + 1);
      await rig.cluster.call({
        method: 'DELETE',
        path: `${before.path}/${before.name}?gracePeriodSeconds=0`,
      });
      await create(rig, after.path, after.body);
    }
  };
  await Promise.all(Array.from({ length: CHURN_AT_ONCE }, worker));
  return (count * 1000) / (performance.now() - startedAt);
}

/** Resident memory now and at its highest, MiB. */
function memory({ child }: StartedOperator): { residentMib: number; peakMib: number } {
  const pid = child.pid ?? 0;
  const peakKib = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { residentMib: residentMib(pid), peakMib: Math.round(Number(peakKib) / 1024) };
}

/** Upper bound of the bucket in which a quantile of the reconciliations lies, seconds. */
async function reconcileTime(
  operator: StartedOperator,
  share: number,
): Promise<{ s: number; count: number }> {
  const page = await (await fetch(`${operator.url() ?? ''}/metrics`)).text();
  const lines = [
    ...page.matchAll(/^kubehero_operator_reconcile_duration_seconds_bucket\{le="([^"]+)"[^}]*\} (\d+)$/gm),
  ];
  const buckets = lines.map(([, bound, count]) => ({
    bound: Number(bound === '+Inf' ? Infinity : bound),
    count: Number(count),
  }));
  const total = Math.max(...buckets.map(({ count }) => count));
  return { s: buckets.find(({ count }) => count >= total * share)?.bound ?? Number.NaN, count: total };
}

async function main(): Promise<void> {
  const [pods, policies, crossings] = [Number(flags.pods), Number(flags.policies), Number(flags.crossings)];
  const rig = await OperatorRig.start({ kwokNodes: 0, auditLog: false });
  try {
    await fill(rig, pods, policies, crossings);
    const startedAt = performance.now();
    const operator = rig.operator('operator-0');
    await waitUntil('the operator is ready', () => operator.url() !== undefined, PATIENCE_MS);
    const listedS = (performance.now() - startedAt) / 1000;
    await waitUntil(
      'the hub knows every policy',
      () => rig.hub.authored.length === policies + crossings,
      PATIENCE_MS,
    );
    await each(policies, (index) => rig.judge(`budget-${index}`, { ceilingPicounits: '100000000000000' }));
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const idle = memory(operator);
    const cpuBefore = cpuSeconds(operator.child.pid ?? 0);
    const loopStartedAt = performance.now();
    const churning = churn(rig, pods, Number(flags.churn));
    const latencies: Latency[] = [];
    for (let index = 0; index < crossings; index += 1) latencies.push(await cross(rig, `cross-${index}`));
    const churnedPerSecond = await churning;
    const cpuS = cpuSeconds(operator.child.pid ?? 0) - cpuBefore;
    const cores = (cpuS * 1000) / (performance.now() - loopStartedAt);
    const slowest = Math.max(...latencies.map(({ deniedMs }) => deniedMs));
    if (slowest > SLOW_MS) process.stderr.write(operator.errors());
    const { s, count } = await reconcileTime(operator, 0.99);
    const quantiles = (values: readonly number[]): object => ({
      p50Ms: rounded(quantile(values, 0.5)),
      p99Ms: rounded(quantile(values, 0.99)),
    });
    report('enforcement', {
      pods,
      policies,
      crossings,
      listedS: rounded(listedS),
      memory: idle,
      memoryAfter: memory(operator),
      written: quantiles(latencies.map(({ writtenMs }) => writtenMs)),
      denied: quantiles(latencies.map(({ deniedMs }) => deniedMs)),
      churned: Number(flags.churn),
      churnedPerSecond: rounded(churnedPerSecond),
      reconcileP99AtMostS: s,
      reconciliations: count,
      cores: rounded(cores),
    });
  } finally {
    await rig.stop();
  }
}

await main();
