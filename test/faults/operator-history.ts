import { policyOf } from '../support/enforcement/enforcement-rig.js';
import type { EnforcementRig } from '../support/enforcement/enforcement-rig.js';
import {
  autoscaler,
  cronJob,
  deployment,
  job,
  pod,
  statefulSet,
} from '../support/enforcement/workload-factory.js';
import type { Orders } from '../support/enforcement/enforcer-main.js';

/** Where policies may act, and where nobody may. */
export const inside = 'inside';
export const outside = 'outside';

const apps = `/apis/apps/v1/namespaces/${inside}`;
const scaled = ['web', 'api', 'worker'] as const;
const protectedKey = 'kubehero.io/protected';

/** What people want of the workloads, whatever enforcement does: what must be there when nothing is held. */
export interface Wishes {
  readonly replicas: Map<string, number>;
  readonly isProtected: Map<string, boolean>;
}

/** A random history of policies and of edits by people; the same seed gives the same history. */
export class OperatorHistory {
  readonly wishes: Wishes = { replicas: new Map(), isProtected: new Map() };
  #orders: Orders = { version: 0, policies: [] };
  #incarnation = 0;
  #deleted = 0;

  constructor(
    private readonly rig: EnforcementRig,
    private readonly random: () => number,
  ) {}

  get orders(): Orders {
    return this.#orders;
  }

  /** How many workloads people deleted: what was done to them may be known to nobody. */
  get deleted(): number {
    return this.#deleted;
  }

  /** Makes the two namespaces with one workload of each kind. */
  async begin(): Promise<void> {
    const { rig } = this;
    await rig.namespaces(inside, outside);
    for (const name of scaled) await this.#make(name, 2);
    const at = (name: string): { namespace: string; name: string } => ({ namespace: inside, name });
    await rig.apply(
      statefulSet(at('db')),
      job(at('batch')),
      cronJob(at('nightly')),
      autoscaler({ ...at('worker'), minReplicas: 0 }),
      deployment({ ...at('shop'), annotations: { 'argocd.argoproj.io/tracking-id': 'shop' } }),
      deployment({ namespace: outside, name: 'neighbour' }),
      pod({ namespace: outside, name: 'bare' }),
    );
    this.wishes.replicas.set('db', 2);
    this.wishes.replicas.set('shop', 2);
  }

  /** Changes what policies want, at random: one may be gone, or recreated with another UID. */
  orderAnything(): Orders {
    const scopes = [
      { namespaces: [inside] },
      { namespaces: [inside], workloadSelector: { matchLabels: { app: 'web' } } },
    ];
    const policies = scopes.flatMap((scope, index) => {
      if (this.random() < 0.15) return [];
      if (this.random() < 0.15) this.#incarnation += 1;
      const policy = policyOf(`policy-${index}`, { scope }, { uid: `uid-${index}-${this.#incarnation}` });
      return [{ policy, wanted: this.random() < 0.6 ? ('enforce' as const) : ('release' as const) }];
    });
    return this.#order(policies);
  }

  /** Everything is to be enforced, or everything is to be released. */
  orderAll(wanted: 'enforce' | 'release'): Orders {
    const policy = policyOf(
      'policy-0',
      { scope: { namespaces: [inside] } },
      { uid: `uid-0-${this.#incarnation}` },
    );
    return this.#order([{ policy, wanted }]);
  }

  /** Somebody else does something to one of the workloads. */
  async edit(): Promise<void> {
    const name = scaled[Math.floor(this.random() * scaled.length)] ?? 'web';
    const dice = this.random();
    if (dice < 0.5) await this.#scale(name);
    else if (dice < 0.7) await this.#protect(name);
    else if (dice < 0.85) await this.#rollOut(name);
    else await this.#recreate(name);
  }

  #order(policies: Orders['policies']): Orders {
    this.#orders = { version: this.#orders.version + 1, policies };
    return this.#orders;
  }

  async #scale(name: string): Promise<void> {
    const replicas = 1 + Math.floor(this.random() * 4);
    await this.rig.patch(`${apps}/deployments/${name}`, { spec: { replicas } });
    this.wishes.replicas.set(name, replicas);
  }

  async #protect(name: string): Promise<void> {
    const next = !(this.wishes.isProtected.get(name) ?? false);
    const labels = { [protectedKey]: next ? 'true' : null };
    await this.rig.patch(`${apps}/deployments/${name}`, { metadata: { labels } });
    this.wishes.isProtected.set(name, next);
  }

  async #rollOut(name: string): Promise<void> {
    const annotations = { revision: String(this.random()) };
    await this.rig.patch(`${apps}/deployments/${name}`, {
      spec: { template: { metadata: { annotations } } },
    });
  }

  async #recreate(name: string): Promise<void> {
    const path = `${apps}/deployments/${name}?propagationPolicy=Background`;
    await this.rig.cluster.call({ method: 'DELETE', path });
    await this.rig.until(`${name} is gone`, async () => {
      return (await this.rig.cluster.call({ path: `${apps}/deployments/${name}` })).status === 404;
    });
    this.#deleted += 1;
    await this.#make(name, 1 + Math.floor(this.random() * 4));
    this.wishes.isProtected.delete(name);
  }

  async #make(name: string, replicas: number): Promise<void> {
    await this.rig.apply(deployment({ namespace: inside, name, replicas }));
    this.wishes.replicas.set(name, replicas);
  }
}
