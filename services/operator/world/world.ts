import { ApiError, ListWatch, type ApiServer } from '@kubehero/kubernetes';
import { sleep } from '@kubehero/runtime';
import { discover, type Abilities } from './discovery.js';
import { Interner } from './interner.js';
import { ObjectStore } from './object-store.js';
import type { RawObject } from './raw-object.js';
import { toWorkload } from './workload-projection.js';
import { apiVersionOf, collectionPath, type WatchedKind, watchedKinds } from './watched-kinds.js';
import {
  workloadKinds,
  type AnyObject,
  type EndpointSlice,
  type Guard,
  type Namespace,
  type Node,
  type Pod,
  type Service,
  type Volume,
  type Workload,
  type WorkloadKind,
  type WorldKind,
} from './world-objects.js';

/** Settings of a {@link World}. */
export interface WorldOptions {
  readonly server: ApiServer;
  /** A watch or a discovery failed and is tried again after the pause. */
  readonly onFailure?: (error: ApiError, retryInMs: number) => void;
  /** How often to look for what is served now, such as a definition that was installed. @default 30000 */
  readonly discoveryMs?: number;
}

/** Something that changed. */
export interface WorldChange {
  /** `listed`: a whole kind was read again; uid, namespace and name are empty. */
  readonly type: 'applied' | 'deleted' | 'listed';
  readonly kind: WorldKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Is called after the caches hold the change; must return at once. */
export type WorldListener = (change: WorldChange) => void;

const guardKinds = [
  'ResourceQuota',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
] as const satisfies readonly WorldKind[];

const optional: Readonly<Partial<Record<WorldKind, keyof Abilities>>> = {
  ScaledObject: 'scaledObjects',
  Rollout: 'rollouts',
  ValidatingAdmissionPolicy: 'admissionPolicies',
  ValidatingAdmissionPolicyBinding: 'admissionPolicies',
};

const firstDiscoveryPauseMs = 500;

/** What the operator knows of its cluster: slim projections, kept by watches. Reading costs no call. */
export class World {
  readonly #interner = new Interner();
  readonly #stores = new Map<WorldKind, ObjectStore<AnyObject>>();
  readonly #watches = new Map<WorldKind, ListWatch<AnyObject>>();
  readonly #held = new Map<string, Workload>();
  readonly #listeners = new Set<WorldListener>();
  readonly #stopping = new AbortController();
  #discovering: Promise<void> | undefined;
  #abilities: Abilities = { admissionPolicies: false, argoCd: false, rollouts: false, scaledObjects: false };

  constructor(private readonly options: WorldOptions) {
    for (const { kind } of watchedKinds) this.#stores.set(kind, new ObjectStore());
  }

  /** Starts the watches; resolves when everything was listed once, rejects when it is stopped before. */
  async start(): Promise<void> {
    this.#abilities = await this.#discoverAtLast();
    await Promise.all(watchedKinds.filter((each) => this.#isServed(each)).map((each) => this.#watch(each)));
    this.#discovering = this.#keepDiscovering();
  }

  /** Ends the watches; what is known stays readable. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
    await this.#discovering;
  }

  /** Adds a listener; the function that is returned removes it. */
  onChange(listener: WorldListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the API server served when it was last asked. */
  abilities(): Abilities {
    return this.#abilities;
  }

  namespaces(): Iterable<Namespace> {
    return this.#values<Namespace>('Namespace');
  }

  nodes(): Iterable<Node> {
    return this.#values<Node>('Node');
  }

  /** Pods of a namespace, or all. */
  pods(namespace?: string): Iterable<Pod> {
    return this.#values<Pod>('Pod', namespace);
  }

  /** Workloads and autoscalers of a namespace, or all. */
  *workloads(namespace?: string): Iterable<Workload> {
    for (const kind of workloadKinds) yield* this.#values<Workload>(kind, namespace);
  }

  /** Workloads that carry the record of a stop. */
  heldWorkloads(): Iterable<Workload> {
    return this.#held.values();
  }

  volumes(): Iterable<Volume> {
    return this.#values<Volume>('PersistentVolume');
  }

  services(): Iterable<Service> {
    return this.#values<Service>('Service');
  }

  endpointSlices(): Iterable<EndpointSlice> {
    return this.#values<EndpointSlice>('EndpointSlice');
  }

  /** Admission policies, bindings and quotas of budget policies. */
  *guards(): Iterable<Guard> {
    for (const kind of guardKinds) yield* this.#values<Guard>(kind);
  }

  /** An object by its UID. */
  tryFind(kind: WorldKind, uid: string): AnyObject | undefined {
    return this.#stores.get(kind)?.get(uid);
  }

  /** Takes an object as a write returned it, so that nobody has to wait for its watch. */
  take(kind: WorldKind, raw: unknown): void {
    const watched = watchedKinds.find((each) => each.kind === kind);
    if (watched) this.#apply(kind, this.#project(watched, raw as RawObject));
  }

  /** Forgets an object that was just deleted. */
  forget(object: AnyObject): void {
    this.#delete(object.kind, object);
  }

  /** Projects a workload that was read outside of the watches. */
  projectWorkload(kind: WorkloadKind, raw: unknown): Workload {
    const watched = watchedKinds.find((each) => each.kind === kind);
    const { apiVersion } = raw as RawObject;
    const context = {
      kind,
      apiVersion: watched ? apiVersionOf(watched) : (apiVersion ?? ''),
      interner: this.#interner,
    };
    return toWorkload(raw as RawObject, context);
  }

  #values<T extends AnyObject>(kind: WorldKind, namespace?: string): Iterable<T> {
    return (this.#stores.get(kind) as ObjectStore<T> | undefined)?.values(namespace) ?? [];
  }

  #isServed({ kind }: WatchedKind): boolean {
    const ability = optional[kind];
    return ability === undefined || this.#abilities[ability];
  }

  #project(watched: WatchedKind, raw: RawObject): AnyObject {
    const context = { kind: watched.kind, apiVersion: apiVersionOf(watched), interner: this.#interner };
    // Custom resources may say null where others leave a field out.
    return watched.project({ ...raw, spec: raw.spec ?? {}, status: raw.status ?? {} }, context);
  }

  async #watch(watched: WatchedKind): Promise<void> {
    const { kind, labelSelector } = watched;
    const watch = new ListWatch<AnyObject>({
      server: this.options.server,
      path: collectionPath(watched),
      ...(labelSelector !== undefined && { labelSelector }),
      project: (raw) => this.#project(watched, raw as RawObject),
      onList: (objects) => {
        this.#replace(kind, objects);
      },
      onApply: (object) => {
        this.#apply(kind, object);
      },
      onDelete: (object) => {
        this.#delete(kind, object);
      },
      ...(this.options.onFailure && { onFailure: this.options.onFailure }),
    });
    this.#watches.set(kind, watch);
    await watch.start();
  }

  #replace(kind: WorldKind, objects: readonly AnyObject[]): void {
    for (const { uid } of this.#values(kind)) this.#held.delete(uid);
    this.#stores.get(kind)?.replace(objects);
    for (const object of objects) this.#index(object);
    this.#tell({ type: 'listed', kind, namespace: '', name: '', uid: '' });
  }

  #apply(kind: WorldKind, object: AnyObject): void {
    if (this.#stores.get(kind)?.apply(object) !== true) return;
    this.#index(object);
    this.#tell({ type: 'applied', kind, ...nameOf(object) });
  }

  #delete(kind: WorldKind, object: AnyObject): void {
    this.#stores.get(kind)?.delete(object);
    this.#held.delete(object.uid);
    this.#tell({ type: 'deleted', kind, ...nameOf(object) });
  }

  #index(object: AnyObject): void {
    if ('held' in object && object.held !== undefined) this.#held.set(object.uid, object);
    else this.#held.delete(object.uid);
  }

  #tell(change: WorldChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  async #discoverAtLast(): Promise<Abilities> {
    let pauseMs = firstDiscoveryPauseMs;
    for (;;) {
      this.#stopping.signal.throwIfAborted();
      try {
        return await discover(this.options.server, this.#stopping.signal);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.options.onFailure?.(error, pauseMs);
        await sleep(pauseMs, this.#stopping.signal);
        pauseMs = Math.min(pauseMs * 2, this.options.discoveryMs ?? 30_000);
      }
    }
  }

  async #keepDiscovering(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(this.options.discoveryMs ?? 30_000, signal);
      if (signal.aborted) return;
      try {
        await this.#adopt(await discover(this.options.server, signal));
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        this.options.onFailure?.(error, this.options.discoveryMs ?? 30_000);
      }
    }
  }

  /** Begins to watch what is served now and forgets what is served no more. */
  async #adopt(abilities: Abilities): Promise<void> {
    this.#abilities = abilities;
    for (const watched of watchedKinds) {
      const watch = this.#watches.get(watched.kind);
      if (watch && !this.#isServed(watched)) {
        await watch.stop();
        this.#watches.delete(watched.kind);
        this.#replace(watched.kind, []);
      } else if (!watch && this.#isServed(watched)) {
        // Its first list may take for ever (no right to it); it rejects when the world stops, and nobody waits then.
        this.#watch(watched).catch(() => undefined);
      }
    }
  }
}

function nameOf({ namespace, name, uid }: AnyObject): Pick<WorldChange, 'namespace' | 'name' | 'uid'> {
  return { namespace, name, uid };
}
