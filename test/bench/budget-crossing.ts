import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { deployment } from '../support/enforcement/workload-factory.js';
import { ProductOnCluster } from '../support/product-on-cluster.js';
import { waitUntil } from '../support/wait-until.js';
import { quantile, report, rounded } from './support/figures.js';

/**
 * The whole way of a crossing, on a real cluster with the whole product beside it: telemetry, prices, rollups, verdict,
 * stream, operator, API server. From the end of the second in which spend passed a ceiling until every workload in scope
 * is scaled down, and until a pod is refused.
 *
 * `node dist/js/test/bench/budget-crossing.js [--policies 20]`
 */
const { values: flags } = parseArgs({ options: { policies: { type: 'string', default: '20' } } });

const NODES = 5;
const HUGE = '$900000000/mo';
const PATIENCE_MS = 120_000;
const OBSERVED_MS = 8000;
/** The first ceiling is passed so long after all are set, the others one after another. */
const FIRST_S = 10;
const APART_S = 1.5;

interface Crossing {
  readonly scaledDownMs: number;
  readonly deniedMs: number;
}

async function furnish(product: ProductOnCluster, name: string): Promise<void> {
  await product.namespace(name);
  await product.apply(
    deployment({ namespace: name, name: 'web', replicas: 2 }),
    deployment({ namespace: name, name: 'api', replicas: 2 }),
    {
      apiVersion: 'kubehero.kubehero.io/v1',
      kind: 'BudgetPolicy',
      metadata: { name },
      spec: { scope: { namespaces: [name] }, ceiling: HUGE, hardStop: true, armed: true },
    },
  );
}

/** Spend of a policy, in the hub's currency. */
async function spendOf(product: ProductOnCluster, name: string): Promise<number> {
  const { spend = '0' } = await product.until(
    name,
    `${name} spends`,
    ({ spend: now = '0' }) => Number(now) > 0,
  );
  return Number(spend);
}

async function watch(product: ProductOnCluster, name: string): Promise<Crossing> {
  const scaled = waitUntil(
    `${name} is scaled down`,
    async () => {
      const found = await product.list(`/apis/apps/v1/namespaces/${name}/deployments`);
      return found.every(({ spec }) => (spec as { replicas: number }).replicas === 0);
    },
    PATIENCE_MS,
  ).then(Date.now);
  const denied = waitUntil(
    `${name} refuses pods`,
    async () => (await product.refusal(name)) !== undefined,
    PATIENCE_MS,
  ).then(Date.now);
  const [scaledAt, deniedAt] = await Promise.all([scaled, denied]);
  const { verdict } = await product.until(name, `${name} is enforced`, ({ phase }) => phase === 'Enforced');
  const crossedAt = Date.parse(verdict?.exceededAt ?? '');
  return { scaledDownMs: scaledAt - crossedAt, deniedMs: deniedAt - crossedAt };
}

const product = await ProductOnCluster.start(NODES);
try {
  const names = Array.from({ length: Number(flags.policies) }, (_, index) => `budget-${index}`);
  for (const name of names) await furnish(product, name);
  const first = await Promise.all(
    names.map(async (name) => ({ spend: await spendOf(product, name), at: Date.now() })),
  );
  await delay(OBSERVED_MS);
  const watched: Promise<Crossing>[] = [];
  for (const [index, name] of names.entries()) {
    const before = first[index] ?? { spend: 0, at: 0 };
    const later = await product.until(
      name,
      `${name} spends more`,
      ({ spend = '0' }) => Number(spend) > before.spend,
    );
    const now = Number(later.spend);
    const perSecond = ((now - before.spend) * 1000) / (Date.now() - before.at);
    const ceiling = now + perSecond * (FIRST_S + index * APART_S);
    await product.change(name, { ceiling: `$${ceiling.toFixed(6)}/mo` });
    watched.push(watch(product, name));
  }
  const crossings = await Promise.all(watched);
  const figures = (read: (crossing: Crossing) => number): object => ({
    p50Ms: rounded(quantile(crossings.map(read), 0.5)),
    p99Ms: rounded(quantile(crossings.map(read), 0.99)),
  });
  report('budget-crossing', {
    crossings: crossings.length,
    scaledDown: figures(({ scaledDownMs }) => scaledDownMs),
    denied: figures(({ deniedMs }) => deniedMs),
  });
} finally {
  await product.stop();
}
