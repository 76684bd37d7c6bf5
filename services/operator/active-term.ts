import { Reconciler, type Result } from '@kubehero/kubernetes';
import { budget, inventory, type HubConnection } from '@kubehero/rpc';
import { waitForAbort, type Logger } from '@kubehero/runtime';
import type { AuditChain, Enforcer, World, WorldKind } from './enforcement/index.js';
import { Arming } from './hub/arming.js';
import { HubLink } from './hub/hub-link.js';
import { Replicas } from './hub/replicas.js';
import { InventoryLink } from './inventory/inventory-link.js';
import { identityOf, isReplica, policyFinalizer, type BudgetPolicyObject } from './policies/budget-policy.js';
import type { EventRecorder } from './policies/event-recorder.js';
import { PolicyController } from './policies/policy-controller.js';
import type { PolicyMetrics } from './policies/policy-metrics.js';
import type { PolicyStore } from './policies/policy-store.js';
import { VerdictBook } from './policies/verdict-book.js';

/** Name and version that the hub sees. */
const PROGRAM = 'kubehero-operator/0.1.0';
const CONCURRENCY = 4;
const ORPHANS_EVERY_MS = 30_000;
const WORLD_GATHER_MS = 200;
const AUTHORED_GATHER_MS = 50;
const CONNECTION_SPREAD_MS = 5000;
const MS_PER_SECOND = 1000;
/** Longer, and a replica that takes over would wait while nobody enforces. */
const HAND_OVER_MS = 5000;
const MOST_COUNTED = 100_000;
const ORPHANS = 'orphans';

/** What an {@link ActiveTerm} works with. */
export interface ActiveTermOptions {
  readonly store: PolicyStore;
  readonly world: World;
  readonly audit: AuditChain;
  readonly enforcer: Enforcer;
  readonly events: EventRecorder;
  readonly hub: HubConnection;
  readonly clusterId: string;
  readonly cluster: string;
  readonly logger: Logger;
  readonly metrics: PolicyMetrics;
  /** How long the end of the term waits for the hub to store what was done. @default 5000 */
  readonly handOverMs?: number;
}

/** Kinds that change what a policy in force has to stop, or tell that it has stopped. */
const enforcedKinds: ReadonlySet<WorldKind> = new Set<WorldKind>([
  'Namespace',
  'Pod',
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Rollout',
  'HorizontalPodAutoscaler',
  'ScaledObject',
  'ResourceQuota',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** One term of the active replica. It begins with nothing in memory but what the cluster's own objects say. */
export class ActiveTerm {
  readonly #options: ActiveTermOptions;
  readonly #book = new VerdictBook();
  readonly #controller: PolicyController;
  readonly #replicas: Replicas;
  readonly #arming: Arming;
  readonly #link: HubLink;
  readonly #inventory: InventoryLink;
  readonly #queue: Reconciler;
  /** Identity by name, to know what a policy was once it is gone. */
  readonly #identities = new Map<string, string>();
  readonly #requests = new Set<Promise<void>>();
  #signal: AbortSignal = new AbortController().signal;
  #enrolled: Promise<void> = Promise.resolve();
  #worldTimer: NodeJS.Timeout | undefined;
  #authoredTimer: NodeJS.Timeout | undefined;

  constructor(options: ActiveTermOptions) {
    const { store, audit, logger, world, hub, clusterId } = options;
    this.#options = options;
    this.#arming = new Arming({ store, audit, logger });
    this.#replicas = new Replicas({ store, book: this.#book, clusterId, logger });
    this.#link = new HubLink({
      operator: PROGRAM,
      store,
      book: this.#book,
      audit,
      logger,
      open: async (signal) => {
        await this.#enrolled;
        return hub.client(budget.BudgetService).Follow({ signal });
      },
      onVerdict: (uid) => {
        this.#verdictChanged(uid);
      },
      onSetArmed: (request) => {
        this.#track(this.#arming.set(request, this.#signal));
      },
      onConnection: () => {
        for (const { metadata } of store.all()) this.#queue.add(`policy/${metadata.name}`, spread());
      },
    });
    this.#inventory = new InventoryLink({
      world,
      logger,
      open: async (signal) => {
        await this.#enrolled;
        return hub.client(inventory.InventoryService).Report({ signal });
      },
    });
    this.#controller = this.#makeController();
    this.#queue = new Reconciler({
      concurrency: CONCURRENCY,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      onFailure: (key, error, retryInMs) => {
        logger.warn('a reconciliation failed', { work: key, error, retryInMs });
      },
      onDone: (_key, durationMs) => {
        options.metrics.reconcileDuration.observe(durationMs / MS_PER_SECOND);
      },
    });
  }

  /** True while the stream to the hub is open. */
  get isHubConnected(): boolean {
    return this.#link.isConnected;
  }

  /** Policies that wait for a worker. */
  get queueDepth(): number {
    return this.#queue.depth;
  }

  /** Works until the signal aborts; resolves when nothing is written any more. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, world, hub, events } = this.#options;
    this.#signal = signal;
    this.#enrolled = hub.start(signal);
    // Who waits for it gets the failure; nobody waits where the term ends first.
    this.#enrolled.catch(() => undefined);
    const unlisten = world.onChange(({ kind }) => {
      if (enforcedKinds.has(kind)) this.#worldChanged();
    });
    this.#queue.start();
    for (const { metadata } of store.all()) this.policyChanged(metadata.name, false);
    this.#link.authoredChanged();
    this.#queue.add(ORPHANS);
    this.#link.start();
    this.#inventory.start();
    await waitForAbort(signal);
    unlisten();
    clearTimeout(this.#worldTimer);
    clearTimeout(this.#authoredTimer);
    await Promise.all([this.#queue.stop(), this.#inventory.stop(), ...this.#requests]);
    await this.#handOver();
    await this.#link.stop();
    await events.flush();
    await hub.stop();
  }

  /** A pod that ends may take its data folder with it: what it did last is the hub's before it goes, if the hub is there. */
  async #handOver(): Promise<void> {
    const { audit, logger, handOverMs = HAND_OVER_MS } = this.#options;
    if (await this.#link.handOver(handOverMs)) return;
    const left = (await audit.pending(0n, MOST_COUNTED)).length;
    logger.warn('the hub did not store the last actions: they wait in the data folder', { records: left });
  }

  /** A policy of this cluster changed or is gone. */
  policyChanged(name: string, isAuthored: boolean): void {
    const policy = this.#options.store.tryFind(name);
    if (policy === undefined) this.#forget(name);
    else this.#identities.set(name, identityOf(policy));
    if (!isAuthored) {
      this.#queue.add(`policy/${name}`);
      return;
    }
    // Somebody changed the policy: raised its ceiling, disarmed it, deleted it.
    this.#queue.addUrgent(`policy/${name}`);
    this.#authoredTimer ??= setTimeout(() => {
      this.#authoredTimer = undefined;
      this.#link.authoredChanged();
    }, AUTHORED_GATHER_MS);
  }

  /** A replica that somebody deleted comes back as long as the hub wants it; what was written here is forgotten. */
  #forget(name: string): void {
    const uid = this.#identities.get(name);
    this.#identities.delete(name);
    if (uid === undefined || this.#options.store.tryFindByIdentity(uid) !== undefined) return;
    this.#link.forget(uid);
    const isForeign = this.#book.tryFind(uid)?.originClusterId !== this.#options.clusterId;
    if (isForeign) this.#queue.add(`replica/${uid}`);
    else this.#book.forget(uid);
  }

  #makeController(): PolicyController {
    const { store, enforcer, events, logger, cluster, metrics } = this.#options;
    return new PolicyController({
      store,
      book: this.#book,
      enforcer,
      events,
      logger,
      now: Date.now,
      cluster,
      isHubConnected: () => this.#link.isConnected,
      noteArming: (policy, signal) => this.#arming.note(policy, signal),
      onReport: (report) => {
        this.#link.report(report);
      },
      onEnforced: (durationMs) => {
        metrics.enforcementDuration.observe(durationMs / MS_PER_SECOND);
      },
      onGone: (uid) => {
        this.#link.forget(uid);
      },
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<Result> {
    if (key === ORPHANS) {
      const { requeueAfterMs = ORPHANS_EVERY_MS } = await this.#controller.releaseOrphans(signal);
      return { requeueAfterMs };
    }
    const [kind, name] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    return kind === 'replica'
      ? this.#replicas.reconcile(name, signal)
      : this.#controller.reconcile(name, signal);
  }

  #verdictChanged(uid: string): void {
    const policy = this.#options.store.tryFindByIdentity(uid);
    if (policy !== undefined) this.#enqueue(policy, this.#book.tryFind(uid)?.exceeded === true);
    if (policy === undefined || isReplica(policy)) this.#queue.add(`replica/${uid}`);
  }

  /** A ceiling that was just passed goes before the figures of all others. */
  #enqueue({ metadata, status }: BudgetPolicyObject, isExceeded: boolean): void {
    const key = `policy/${metadata.name}`;
    if (isExceeded && status.phase !== 'Enforced') this.#queue.addUrgent(key);
    else this.#queue.add(key);
  }

  #worldChanged(): void {
    this.#worldTimer ??= setTimeout(() => {
      this.#worldTimer = undefined;
      for (const policy of this.#options.store.all()) {
        if (concernsWorld(policy)) this.#queue.add(`policy/${policy.metadata.name}`);
      }
    }, WORLD_GATHER_MS);
  }

  #track(work: Promise<void>): void {
    const { logger } = this.#options;
    const tracked = work.catch((error: unknown) => {
      logger.error('a request of the hub could not be recorded', { error });
    });
    this.#requests.add(tracked);
    void tracked.finally(() => this.#requests.delete(tracked));
  }
}

/** True where a change of the cluster may change what the policy holds, or would hold. */
function concernsWorld({ metadata, spec, status }: BudgetPolicyObject): boolean {
  return (
    metadata.finalizers.includes(policyFinalizer) || (spec.dryRun === true && status.phase === 'Exceeded')
  );
}

/** Policies are not all written at once when the hub comes or goes. */
function spread(): number {
  return 1 + Math.random() * CONNECTION_SPREAD_MS;
}
