import { randomUUID } from 'node:crypto';
import type { ApiServer } from '@kubehero/kubernetes';
import type { HubConnection } from '@kubehero/rpc';
import { HttpServer, Metrics, waitForAbort, type HostPort, type Logger } from '@kubehero/runtime';
import { AuditChain, Enforcer, World } from './enforcement/index.js';
import { ActiveTerm } from './active-term.js';
import { fencedServer, LeaseElector } from './lease/lease-elector.js';
import { EventRecorder } from './policies/event-recorder.js';
import { PolicyMetrics } from './policies/policy-metrics.js';
import { PolicyStore } from './policies/policy-store.js';
import { restoreVerdict } from './policies/verdict.js';

/** Where and how the active replica is elected. */
export interface Election {
  readonly namespace: string;
  readonly name: string;
  /** @default 10000 */
  readonly durationMs?: number;
}

/** What an {@link Operator} works with. */
export interface OperatorOptions {
  readonly server: ApiServer;
  readonly hub: HubConnection;
  /** This cluster's identity, from its certificate. */
  readonly clusterId: string;
  /** Name of this cluster; empty where it is not known. */
  readonly cluster: string;
  /** Undefined where this is the only replica. */
  readonly election: Election | undefined;
  /** Name of this replica. */
  readonly instance: string;
  /** Namespaces that are never touched besides those that never are. */
  readonly neverTouch: readonly string[];
  readonly dataDir: string;
  readonly http: HostPort;
  readonly logger: Logger;
}

/**
 * The operator of one cluster. Every replica watches; the active one decides, enforces, releases and talks to the hub.
 */
export class Operator {
  readonly metrics = new Metrics();
  readonly #options: OperatorOptions;
  readonly #world: World;
  readonly #store: PolicyStore;
  readonly #http: HttpServer;
  readonly #elector: LeaseElector | undefined;
  readonly #policyMetrics: PolicyMetrics;
  readonly #stopping = new AbortController();
  #audit: AuditChain | undefined;
  #term: ActiveTerm | undefined;
  #synced: Promise<boolean> = Promise.resolve(false);
  #isSynced = false;
  #leading: Promise<void> | undefined;

  constructor(options: OperatorOptions) {
    const { server, logger, election } = options;
    const onFailure = (error: Error, retryInMs: number): void => {
      logger.warn('the api server does not answer as it should', { error, retryInMs: Math.round(retryInMs) });
    };
    this.#options = options;
    this.#world = new World({ server, onFailure });
    this.#store = new PolicyStore({
      server,
      writer: fencedServer(server, () => this.isActive),
      onFailure,
      onChange: (name, isAuthored) => this.#term?.policyChanged(name, isAuthored),
    });
    this.#elector =
      election === undefined
        ? undefined
        : new LeaseElector({
            ...election,
            server,
            logger,
            holder: `${options.instance}_${randomUUID()}`,
            lead: (signal) => this.#lead(signal),
          });
    this.#policyMetrics = new PolicyMetrics(this.metrics, {
      policies: () => this.#store.all(),
      verdictOf: (policy) => restoreVerdict(policy.status),
      isActive: () => this.#term !== undefined,
      isHubConnected: () => this.#term?.isHubConnected ?? false,
      queueDepth: () => this.#term?.queueDepth ?? 0,
    });
    this.#http = new HttpServer({
      listen: options.http,
      logger,
      metrics: this.metrics,
      readiness: () =>
        this.#isSynced ? { ready: true } : { ready: false, detail: 'the cluster is being listed' },
    });
  }

  /** True while this replica may write. */
  get isActive(): boolean {
    return this.#elector === undefined ? !this.#stopping.signal.aborted : this.#elector.isActive();
  }

  /** True while the stream to the hub is open. */
  get isHubConnected(): boolean {
    return this.#term?.isHubConnected ?? false;
  }

  /** Base URL of health and metrics. */
  get url(): string {
    return this.#http.url;
  }

  /** Begins to serve health, to watch and to campaign; returns before the cluster is listed. */
  async start(): Promise<void> {
    this.metrics.collectProcess();
    this.#audit = await AuditChain.open({ dir: this.#options.dataDir });
    await this.#http.start();
    this.#synced = this.#sync();
    if (this.#elector === undefined) this.#leading = this.#lead(this.#stopping.signal);
    else this.#elector.start();
  }

  /** Resolves when the cluster is listed; false where the operator is stopped before. */
  async synced(): Promise<boolean> {
    return this.#synced;
  }

  /** Ends what is under way, gives the lease up and closes everything; what is in force stays so. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#elector?.stop();
    await this.#leading;
    await Promise.all([this.#world.stop(), this.#store.stop()]);
    await this.#synced;
    await this.#audit?.close();
    await this.#http.stop(AbortSignal.timeout(1000));
    this.metrics.stop();
  }

  async #sync(): Promise<boolean> {
    try {
      await Promise.all([this.#world.start(), this.#store.start()]);
      await this.#settleRecords();
    } catch (error) {
      if (this.#stopping.signal.aborted) return false;
      throw error;
    }
    this.#isSynced = true;
    return true;
  }

  /** What a killed process was doing is recorded at once, also where this one waits for its turn: later it cannot be told. */
  async #settleRecords(): Promise<void> {
    const { server, logger } = this.#options;
    if (this.#audit === undefined) return;
    const enforcer = new Enforcer({ api: server, world: this.#world, audit: this.#audit, now: Date.now });
    try {
      await enforcer.settleRecords(this.#stopping.signal);
    } catch (error) {
      logger.warn('what was being done when the operator ended is recorded later', { error });
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#synced, waitForAbort(signal)]);
    if (signal.aborted || this.#audit === undefined) return;
    const { hub, clusterId, cluster, logger, neverTouch, instance } = this.#options;
    const { server } = this.#options;
    const api = fencedServer(server, () => this.isActive);
    this.#term = new ActiveTerm({
      store: this.#store,
      world: this.#world,
      audit: this.#audit,
      enforcer: new Enforcer({ api, world: this.#world, audit: this.#audit, now: Date.now, neverTouch }),
      events: new EventRecorder({ server, instance, logger, now: Date.now }),
      hub,
      clusterId,
      cluster,
      logger,
      metrics: this.#policyMetrics,
    });
    try {
      await this.#term.run(signal);
    } finally {
      this.#term = undefined;
    }
  }
}
