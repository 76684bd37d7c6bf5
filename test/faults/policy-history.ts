import { policiesPath } from '@kubehero/operator';
import type { Cluster } from '../support/cluster/cluster.js';
import { waitUntil } from '../support/wait-until.js';
import { inside } from './operator-history.js';

/** A ceiling that anything running passes at once, and one that nothing passes. */
const ceilings = { passed: '$0.000001/mo', huge: '$900000000/mo' } as const;

const scopes: Readonly<Record<string, object>> = {
  'policy-0': { namespaces: [inside] },
  'policy-1': { namespaces: [inside], workloadSelector: { matchLabels: { app: 'web' } } },
};

/** As long as the proofs wait for anything else: both programs may have to start first. */
const DELETED_WITHIN_MS = 180_000;

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly generation: number;
    readonly deletionTimestamp?: string;
  };
  readonly status?: { readonly phase?: string };
}

/** People's changes to BudgetPolicies at random: written, recreated, armed or not, above their ceiling or not, deleted. */
export class PolicyHistory {
  constructor(
    private readonly cluster: Cluster,
    private readonly random: () => number,
  ) {}

  /** Changes every policy at random. */
  async changeAnything(): Promise<void> {
    for (const name of Object.keys(scopes)) {
      const dice = this.random();
      const armed = this.random() < 0.85;
      const ceiling = this.random() < 0.6 ? ceilings.passed : ceilings.huge;
      if (dice < 0.2) await this.#delete(name);
      else if (dice < 0.9) await this.#write(name, { ceiling, armed });
    }
  }

  /** One policy is armed and above its ceiling, and there is no other one. The operator must be running. */
  async enforceAll(): Promise<void> {
    await this.#delete('policy-1');
    // What is written to a policy that is being deleted goes with it
    await waitUntil('policies that were deleted are gone', () => this.#areGone(), DELETED_WITHIN_MS);
    await this.#write('policy-0', { ceiling: ceilings.passed, armed: true });
  }

  /** Nothing is to be stopped: by a raised ceiling, by disarming, or because no policy is left. */
  async releaseAll(): Promise<void> {
    const way = this.random();
    await this.#delete('policy-1');
    if (way < 0.4) await this.#write('policy-0', { ceiling: ceilings.huge, armed: true });
    else if (way < 0.7) await this.#write('policy-0', { ceiling: ceilings.passed, armed: false });
    else await this.#delete('policy-0');
  }

  /** Policies with their phases; one that waits for its finalizer is `Deleting`. */
  async phases(): Promise<Readonly<Record<string, string>>> {
    const { body } = await this.cluster.call({ path: policiesPath });
    return Object.fromEntries(
      (body['items'] as Stored[]).map(({ metadata, status }) => [
        metadata.name,
        metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Deleting',
      ]),
    );
  }

  async #areGone(): Promise<boolean> {
    const { status, body } = await this.cluster.call({ path: policiesPath });
    // A new definition is served a moment later
    return status === 200 && (body['items'] as Stored[]).every(({ metadata }) => !metadata.deletionTimestamp);
  }

  async #write(name: string, change: { readonly ceiling: string; readonly armed: boolean }): Promise<void> {
    const path = `${policiesPath}/${name}`;
    const contentType = 'application/merge-patch+json';
    const patched = await this.cluster.call({ method: 'PATCH', path, contentType, body: { spec: change } });
    if (patched.status === 200) return;
    if (patched.status !== 404) throw new Error(`${name}: ${JSON.stringify(patched.body)}`);
    const body = {
      apiVersion: 'kubehero.kubehero.io/v1',
      kind: 'BudgetPolicy',
      metadata: { name },
      spec: { scope: scopes[name], hardStop: true, ...change },
    };
    const made = await this.cluster.call({ method: 'POST', path: policiesPath, body });
    if (made.status !== 201) throw new Error(`${name}: ${JSON.stringify(made.body)}`);
  }

  async #delete(name: string): Promise<void> {
    const { status, body } = await this.cluster.call({ method: 'DELETE', path: `${policiesPath}/${name}` });
    if (![200, 202, 404].includes(status)) throw new Error(`${name}: ${JSON.stringify(body)}`);
  }
}
