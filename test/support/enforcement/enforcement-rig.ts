import { kubeconfigServer, type ApiServer } from '@kubehero/kubernetes';
import {
  AuditChain,
  Enforcer,
  World,
  type EnforcementResult,
  type PolicyInForce,
  type Wanted,
} from '@kubehero/operator';
import type { BudgetPolicySpec } from '@kubehero/domain';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Applier, type ManifestObject } from '../cluster/apply.js';
import { Cluster, type ClusterOptions } from '../cluster/cluster.js';
import { clusterBinariesDir } from '../cluster/requirement.js';
import { operatorToken } from './operator-account.js';

/** Every binary that enforcement on a real cluster takes. */
export const enforcementBinaries = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
] as const;

/** A policy above its ceiling, with what a test says differently. */
export function policyOf(
  name: string,
  spec: Partial<BudgetPolicySpec> & Pick<BudgetPolicySpec, 'scope'>,
  more: Partial<PolicyInForce> = {},
): PolicyInForce {
  const nowS = Math.floor(Date.now() / 1000);
  return {
    uid: `uid-of-${name}`,
    name,
    spec: { ceiling: '$500/mo', hardStop: true, armed: true, ...spec },
    ceiling: '500',
    spend: '512.5',
    currency: 'USD',
    armedBy: 'alice@example.com',
    exceededAtS: nowS - 60,
    periodEndsAtS: nowS + 86_400,
    ...more,
  };
}

/** A cluster's API server as the operator is allowed to use it. */
export async function operatorServer(cluster: Cluster): Promise<ApiServer> {
  return kubeconfigServer(cluster.writeKubeconfig('operator.kubeconfig', await operatorToken(cluster)));
}

/** An enforcer with the operator's own rights on a cluster. */
export class EnforcementRig {
  readonly #applier: Applier;
  readonly #signal = new AbortController();

  readonly world: World;
  readonly audit: AuditChain;
  readonly enforcer: Enforcer;
  /** How far the enforcer's clock is ahead of the machine's. */
  readonly clock: { aheadMs: number };

  private constructor(
    readonly cluster: Cluster,
    parts: Pick<EnforcementRig, 'world' | 'audit' | 'enforcer' | 'clock'>,
    private readonly dir: string,
  ) {
    this.#applier = new Applier(cluster);
    this.world = parts.world;
    this.audit = parts.audit;
    this.enforcer = parts.enforcer;
    this.clock = parts.clock;
  }

  /** Starts a cluster with nodes and an enforcer on it. */
  static async start(
    options: Partial<ClusterOptions> & { readonly before?: (cluster: Cluster) => Promise<void> } = {},
  ): Promise<EnforcementRig> {
    const cluster = await Cluster.start({
      binaries: clusterBinariesDir(...enforcementBinaries),
      kwokNodes: 2,
      auditLog: true,
      ...options,
    });
    await options.before?.(cluster);
    return EnforcementRig.on(cluster, await operatorServer(cluster));
  }

  /** An enforcer on a cluster that runs, by whatever way to it. */
  static async on(cluster: Cluster, server: ApiServer, timeoutMs = 15_000): Promise<EnforcementRig> {
    const dir = await mkdtemp(join(tmpdir(), 'kubehero-rig-'));
    const audit = await AuditChain.open({ dir });
    const world = new World({ server, discoveryMs: 1000 });
    await world.start();
    const clock = { aheadMs: 0 };
    const now = (): number => Date.now() + clock.aheadMs;
    const enforcer = new Enforcer({ api: server, world, audit, now, timeoutMs });
    return new EnforcementRig(cluster, { world, audit, enforcer, clock }, dir);
  }

  async stop(): Promise<void> {
    this.#signal.abort();
    await this.world.stop();
    await this.audit.close();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Makes namespaces, each with its default account, so that pods can be made in it. */
  async namespaces(
    ...names: readonly (
      string | { readonly name: string; readonly labels?: object; readonly annotations?: object }
    )[]
  ): Promise<void> {
    for (const each of names) {
      const metadata = typeof each === 'string' ? { name: each } : each;
      await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata });
      await this.until(`the account of ${metadata.name}`, async () => {
        const path = `/api/v1/namespaces/${metadata.name}/serviceaccounts/default`;
        return (await this.cluster.call({ path })).status === 200;
      });
    }
  }

  /** Applies objects. @throws Error when the API server refuses one or warns */
  async apply(...objects: readonly ManifestObject[]): Promise<void> {
    for (const object of objects) {
      const refusals = await this.#applier.apply(object, { dryRun: false });
      if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
    }
  }

  /** Body of a GET. */
  async get(path: string): Promise<Record<string, unknown>> {
    return (await this.cluster.call({ path })).body;
  }

  async patch(path: string, body: unknown): Promise<void> {
    const contentType = 'application/merge-patch+json';
    const answer = await this.cluster.call({ method: 'PATCH', path, body, contentType });
    if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  }

  /** Names of the pods of a namespace that are neither going nor finished. */
  async pods(namespace: string): Promise<string[]> {
    const { items } = (await this.get(`/api/v1/namespaces/${namespace}/pods`)) as {
      items: { metadata: { name: string; deletionTimestamp?: string }; status: { phase: string } }[];
    };
    const live = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return live.map(({ metadata }) => metadata.name).sort();
  }

  /** Waits until a namespace has so many running pods. */
  async untilPods(namespace: string, count: number): Promise<void> {
    await this.until(
      `${count} pods in ${namespace}`,
      async () => (await this.pods(namespace)).length === count,
      60_000,
    );
  }

  /** Reconciles, again and again as a controller does, until a state is reached. */
  async reconcile(
    policy: PolicyInForce,
    wanted: Wanted,
    ...states: readonly EnforcementResult['state'][]
  ): Promise<EnforcementResult> {
    return this.#loop(() => this.enforcer.reconcile(policy, wanted, this.#signal.signal), states);
  }

  /** Releases until nothing is held. */
  async release(policyUid: string): Promise<EnforcementResult> {
    return this.#loop(() => this.enforcer.release(policyUid, this.#signal.signal), ['released', 'idle']);
  }

  async until(what: string, condition: () => Promise<boolean> | boolean, timeoutMs = 30_000): Promise<void> {
    for (const end = Date.now() + timeoutMs; !(await condition()); await sleep(50)) {
      if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    }
  }

  async #loop(
    pass: () => Promise<EnforcementResult>,
    states: readonly EnforcementResult['state'][],
  ): Promise<EnforcementResult> {
    for (const end = Date.now() + 60_000; ;) {
      const result = await pass();
      if (states.includes(result.state)) return result;
      if (Date.now() > end) throw new Error(`not ${states.join(' or ')}: ${JSON.stringify(result)}`);
      await sleep(Math.min(result.retryAfterMs ?? 200, 500));
    }
  }
}
