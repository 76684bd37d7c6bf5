import { annotationKeys, budgetPolicyNames } from '@kubehero/contract';
import { ApiError, ListWatch, writeJson, type ApiObject, type ApiServer } from '@kubehero/kubernetes';
import {
  armedByOf,
  identityOf,
  isReplica,
  policiesPath,
  policyApiVersion,
  toBudgetPolicy,
  type BudgetPolicyObject,
  type PolicyStatus,
} from './budget-policy.js';

/** What a {@link PolicyStore} works with. */
export interface PolicyStoreOptions {
  /** Reads. */
  readonly server: ApiServer;
  /** Writes; refuses once this replica is not the active one. */
  readonly writer: ApiServer;
  /** The policy of that name changed or is gone; `isAuthored`: not its status alone. */
  readonly onChange: (name: string, isAuthored: boolean) => void;
  readonly onFailure: (error: ApiError, retryInMs: number) => void;
}

const WRITE_TIMEOUT_MS = 5000;

/** The BudgetPolicy objects of this cluster: kept by a watch, changed with optimistic locks. */
export class PolicyStore {
  readonly #options: PolicyStoreOptions;
  readonly #watch: ListWatch<BudgetPolicyObject>;
  readonly #byName = new Map<string, BudgetPolicyObject>();
  readonly #nameByIdentity = new Map<string, string>();
  #isListed = false;

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
    this.#watch = new ListWatch<BudgetPolicyObject>({
      server: options.server,
      path: policiesPath,
      project: toBudgetPolicy,
      onFailure: options.onFailure,
      onList: (policies) => {
        this.#replace(policies);
      },
      onApply: (policy) => {
        this.#put(policy);
      },
      onDelete: (policy) => {
        this.#remove(policy);
      },
    });
  }

  /** Begins to watch; resolves when all policies are known. */
  async start(): Promise<void> {
    await this.#watch.start();
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    await this.#watch.stop();
  }

  /** True once every policy was listed. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** Policies of this cluster. */
  all(): Iterable<BudgetPolicyObject> {
    return this.#byName.values();
  }

  /** The policy of a name. */
  tryFind(name: string): BudgetPolicyObject | undefined {
    return this.#byName.get(name);
  }

  /** The policy of an identity, whether it is written here or a replica. */
  tryFindByIdentity(uid: string): BudgetPolicyObject | undefined {
    const name = this.#nameByIdentity.get(uid);
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /** Merges into the object. @throws {ApiError} CONFLICT where it changed meanwhile */
  async patch(policy: BudgetPolicyObject, change: object, signal: AbortSignal): Promise<BudgetPolicyObject> {
    return this.#write(policy, '', change, signal);
  }

  /** Replaces fields of the status. @throws {ApiError} as {@link patch} */
  async patchStatus(
    policy: BudgetPolicyObject,
    status: PolicyStatus,
    signal: AbortSignal,
  ): Promise<BudgetPolicyObject> {
    // What is not there any more must be said to be gone: a merge leaves what it does not name.
    const gone = Object.keys(policy.status).filter((name) => !(name in status));
    const change = { ...Object.fromEntries(gone.map((name) => [name, null])), ...status };
    return this.#write(policy, '/status', { status: change }, signal);
  }

  /** Makes a replica of a policy that is written elsewhere. @throws {ApiError} CONFLICT where the name is taken */
  async createReplica(
    replica: {
      readonly uid: string;
      readonly name: string;
      readonly spec: unknown;
      readonly armedBy: string;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const created = await writeJson({
      server: this.#options.writer,
      method: 'POST',
      path: policiesPath,
      what: `create the replica ${replica.name}`,
      signal,
      timeoutMs: WRITE_TIMEOUT_MS,
      body: {
        apiVersion: policyApiVersion,
        kind: budgetPolicyNames.kind,
        metadata: {
          name: replica.name,
          labels: { [annotationKeys.replicaOf]: replica.uid },
          ...(replica.armedBy === '' ? {} : { annotations: { [annotationKeys.armedBy]: replica.armedBy } }),
        },
        spec: replica.spec,
      },
    });
    this.#put(toBudgetPolicy(created as ApiObject));
  }

  /** Replaces the spec of a replica. @throws {ApiError} as {@link patch} */
  async replaceSpec(
    policy: BudgetPolicyObject,
    input: { readonly spec: unknown; readonly armedBy: string },
    signal: AbortSignal,
  ): Promise<BudgetPolicyObject> {
    const { name, resourceVersion, labels, finalizers } = policy.metadata;
    const annotations = { ...policy.metadata.annotations, [annotationKeys.armedBy]: input.armedBy };
    if (input.armedBy === '') Reflect.deleteProperty(annotations, annotationKeys.armedBy);
    const written = await writeJson({
      server: this.#options.writer,
      method: 'PUT',
      path: `${policiesPath}/${name}`,
      what: `change the replica ${name}`,
      signal,
      timeoutMs: WRITE_TIMEOUT_MS,
      body: {
        apiVersion: policyApiVersion,
        kind: budgetPolicyNames.kind,
        metadata: { name, resourceVersion, labels, annotations, finalizers },
        spec: input.spec,
      },
    });
    return this.#keep(written);
  }

  /** Deletes a replica; one that is gone is no failure. @throws {ApiError} */
  async delete(policy: BudgetPolicyObject, signal: AbortSignal): Promise<void> {
    const { name, uid } = policy.metadata;
    try {
      await writeJson({
        server: this.#options.writer,
        method: 'DELETE',
        path: `${policiesPath}/${name}`,
        what: `delete the replica ${name}`,
        signal,
        timeoutMs: WRITE_TIMEOUT_MS,
        body: { preconditions: { uid } },
      });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'NOT_FOUND') throw error;
    }
  }

  async #write(
    policy: BudgetPolicyObject,
    subresource: '' | '/status',
    change: object,
    signal: AbortSignal,
  ): Promise<BudgetPolicyObject> {
    const { name, uid, resourceVersion } = policy.metadata;
    const { metadata } = change as { metadata?: object };
    const written = await writeJson({
      server: this.#options.writer,
      method: 'PATCH',
      path: `${policiesPath}/${name}${subresource}`,
      contentType: 'application/merge-patch+json',
      what: `change the policy ${name}`,
      signal,
      timeoutMs: WRITE_TIMEOUT_MS,
      body: { ...change, metadata: { ...metadata, uid, resourceVersion } },
    });
    return this.#keep(written);
  }

  #keep(written: unknown): BudgetPolicyObject {
    const policy = toBudgetPolicy(written as ApiObject);
    const known = this.#byName.get(policy.metadata.name);
    if (known === undefined) return policy;
    this.#remember(policy);
    // The watch will bring the same object and find nothing rewritten: what this write changed is told now.
    if (isRewritten(known, policy)) this.#options.onChange(policy.metadata.name, true);
    return policy;
  }

  #replace(policies: readonly BudgetPolicyObject[]): void {
    const before = [...this.#byName.keys()];
    this.#byName.clear();
    this.#nameByIdentity.clear();
    for (const policy of policies) this.#remember(policy);
    this.#isListed = true;
    for (const name of new Set([...before, ...this.#byName.keys()])) this.#options.onChange(name, true);
  }

  #put(policy: BudgetPolicyObject): void {
    const known = this.#byName.get(policy.metadata.name);
    this.#remember(policy);
    this.#options.onChange(policy.metadata.name, known === undefined || isRewritten(known, policy));
  }

  /** The watch may bring a state that is older than the answer to our own write; the newer one stays. */
  #remember(policy: BudgetPolicyObject): void {
    const { name, uid } = policy.metadata;
    const known = this.#byName.get(name);
    if (known?.metadata.uid === uid && isOlder(policy, known)) return;
    this.#byName.set(name, policy);
    const identity = identityOf(policy);
    // A replica never hides the policy that it is a copy of.
    if (!isReplica(policy) || !this.#nameByIdentity.has(identity)) this.#nameByIdentity.set(identity, name);
  }

  #remove(policy: BudgetPolicyObject): void {
    const { name } = policy.metadata;
    if (this.#byName.get(name)?.metadata.uid !== policy.metadata.uid) return;
    this.#byName.delete(name);
    if (this.#nameByIdentity.get(identityOf(policy)) === name)
      this.#nameByIdentity.delete(identityOf(policy));
    this.#options.onChange(name, true);
  }
}

/** True where more than the status differs. */
function isRewritten(before: BudgetPolicyObject, after: BudgetPolicyObject): boolean {
  const [a, b] = [before.metadata, after.metadata];
  const isSame =
    a.uid === b.uid && a.generation === b.generation && a.deletionTimestamp === b.deletionTimestamp;
  return !isSame || armedByOf(before) !== armedByOf(after);
}

function isOlder(left: BudgetPolicyObject, right: BudgetPolicyObject): boolean {
  const [a, b] = [left.metadata.resourceVersion, right.metadata.resourceVersion];
  return /^\d+$/.test(a) && /^\d+$/.test(b) && BigInt(a) < BigInt(b);
}
