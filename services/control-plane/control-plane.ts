import { randomUUID } from 'node:crypto';
import type { HostPort, Logger } from '@kubehero/runtime';
import { bearerTokenGuard, formatHostPort, HttpServer, Metrics } from '@kubehero/runtime';
import {
  askForToken,
  CertificateAuthority,
  connectRoutes,
  enrolmentService,
  RpcServer,
  ServerIdentity,
  type Implementation,
} from '@kubehero/rpc';
import { renderTables, type ClickHouseEngine, type ColdStorage } from '@kubehero/store-clickhouse';
import {
  listClusters,
  listIdentities,
  migratePostgres,
  type Database,
  type Kysely,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import type { LiveBus } from '@kubehero/store-valkey';
import { budgetsCapability, type BudgetsCapability } from './budgets/budgets-capability.js';
import type { Capability, Route } from './capability.js';
import { adminServices } from './clusters/admin-services.js';
import { exportCertificateExpiry } from './clusters/certificate-metrics.js';
import { ClusterAccess } from './clusters/cluster-access.js';
import { databaseCaStore } from './clusters/database-ca-store.js';
import { renderCostMetrics } from './http/cost-metrics.js';
import { exportFleetMetrics } from './http/fleet-metrics.js';
import { DEFAULT_LIMITS } from './ingest/columns.js';
import { IdentityMirror } from './ingest/identity-mirror.js';
import { Ingest } from './ingest/ingest.js';
import { IngestMetrics } from './ingest/ingest-metrics.js';
import { MinuteGuard } from './ingest/minute-guard.js';
import { NodeRegistry } from './ingest/node-registry.js';
import { PriceSource, type PriceSourceOptions } from './ingest/price-source.js';
import { telemetryService } from './ingest/telemetry-service.js';
import { inventoryCapability } from './inventory/inventory-capability.js';
import { leaderEndpointCapability, type LeaderEndpointOptions } from './leader-endpoint/leader-endpoint.js';
import { Elector } from './lease/elector.js';
import { LiveModel } from './live/live-model.js';
import { LivePublisher, localBus } from './live/live-publisher.js';
import { liveRoute } from './live/live-route.js';
import { AnswerCache } from './query/answer-cache.js';
import { CostQuery } from './query/cost-query.js';
import { PriceBook } from './prices/price-book.js';
import { pricesCapability } from './prices/prices-capability.js';
import { NameDirectory } from './query/names.js';
import { queryServices } from './query/query-services.js';
import { repriceCapability } from './reprice/reprice-capability.js';
import { Rollup } from './rollup/rollup.js';

/** What a control plane works with; stores are opened and closed by the caller. */
export interface ControlPlaneOptions {
  readonly db: Kysely<Database>;
  readonly clickhouse: ClickHouseEngine;
  readonly database: string;
  readonly clickhouseCluster?: string | undefined;
  readonly http: HostPort;
  readonly grpc: HostPort;
  /** DNS names and addresses in the server's certificate. */
  readonly serverNames: readonly string[];
  /** Where clients reach this replica. */
  readonly advertisedAddress: string;
  /** Tokens that the HTTP port accepts. */
  readonly tokens: readonly string[];
  /** 32 bytes that seal the CA's key. */
  readonly sealingKey: Uint8Array;
  readonly prices: PriceSourceOptions;
  /** The Service that follows the leader. @default - none: this runs outside of a cluster */
  readonly leaderEndpoint?: Omit<LeaderEndpointOptions, 'db' | 'logger'> | undefined;
  readonly rawRetentionDays: number;
  readonly minuteRetentionDays: number;
  readonly maxAheadS: number;
  /** Where rollups go that are seldom read. @default - they stay on the disk that they are written to */
  readonly cold?: ColdStorage | undefined;
  readonly logger: Logger;
  /** Longest time that open calls, and then open requests, get to end in {@link ControlPlane.stop}. @default 5000 */
  readonly drainMs?: number;
  /** Fan-out to other replicas; closed by the caller. @default - within this process */
  readonly bus?: LiveBus;
  /** @default - the system's clock */
  readonly nowS?: () => number;
}

const ACTIVATION_DELAY_S = 120;
const DRAIN_MS = 5000;
const FORGET_AFTER_S = 3600;
const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_HOUR = 3600;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * One replica of the control plane: ingest, rollups, queries and the live stream. All replicas serve queries; the
 * one that holds the lease stores.
 */
export class ControlPlane {
  readonly metrics = new Metrics();
  readonly #options: ControlPlaneOptions;
  readonly #nowS: () => number;
  readonly #registry: NodeRegistry;
  readonly #book: PriceBook;
  readonly #guard = new MinuteGuard();
  readonly #ingest: Ingest;
  readonly #rollup: Rollup;
  readonly #live: LiveModel;
  readonly #bus: LiveBus;
  readonly #publisher: LivePublisher;
  readonly #names: NameDirectory;
  readonly #mirror: IdentityMirror;
  readonly #elector: Elector;
  readonly #access: ClusterAccess;
  readonly #http: HttpServer;
  #rpc: RpcServer | undefined;
  #identity: ServerIdentity | undefined;
  #authority: CertificateAuthority | undefined;
  readonly #capabilities: readonly Capability[];
  #budgets: BudgetsCapability | undefined;
  #clusters = new Map<string, number>();

  constructor(options: ControlPlaneOptions) {
    const { db, clickhouse, database, logger } = options;
    const nowS = options.nowS ?? ((): number => Math.floor(Date.now() / 1000));
    this.#options = options;
    this.#nowS = nowS;
    this.#names = new NameDirectory(db);
    this.#mirror = new IdentityMirror(clickhouse, database);
    this.#live = new LiveModel({ db, clickhouse, database, nowS, logger });
    this.#book = new PriceBook({ db, nowS });
    this.#registry = new NodeRegistry({
      ...{ db, nowS, horizonS: () => this.#horizonS() },
      prices: new PriceSource(options.prices, this.#book),
      activationDelayS: ACTIVATION_DELAY_S,
      onIdentities: (rows) => {
        this.#live.addIdentities(rows);
        this.#mirror.add(rows);
        this.#budgets?.addIdentities(rows);
      },
    });
    this.#ingest = new Ingest({
      db,
      clickhouse,
      database,
      logger,
      registry: this.#registry,
      guard: this.#guard,
      metrics: new IngestMetrics(this.metrics),
      limits: { ...DEFAULT_LIMITS, maxAheadS: options.maxAheadS, nowS, horizonS: () => this.#horizonS() },
      beforeRows: () => this.#mirror.flush(),
      onDurable: async (chunks) => {
        await this.#live.observe(chunks);
        await this.#budgets?.observe(chunks);
      },
    });
    const onMended = (clusterKey: number): void => this.#budgets?.outdate(clusterKey);
    this.#rollup = new Rollup({ db, clickhouse, database, nowS, logger, metrics: this.metrics, onMended });
    this.#bus = options.bus ?? localBus(logger);
    this.#publisher = this.#makePublisher();
    this.#capabilities = this.#makeCapabilities();
    this.#access = new ClusterAccess({ db, logger, onRefused: () => this.#rpc?.endRefused() });
    exportCertificateExpiry({ metrics: this.metrics, db, logger });
    exportFleetMetrics({
      ...{ metrics: this.metrics, registry: this.#registry, names: this.#names, db, clickhouse, nowS },
      isLeading: () => this.isLeading,
    });
    this.#elector = new Elector({
      db,
      holder: randomUUID(),
      address: options.advertisedAddress,
      listener: this,
      logger,
    });
    this.#http = new HttpServer({
      listen: options.http,
      logger,
      readiness: () => (this.#rpc === undefined ? { ready: false, detail: 'starting' } : { ready: true }),
    });
  }

  /** Migrates the stores, listens, and campaigns for the lease. */
  async start(): Promise<void> {
    await this.#migrate();
    await this.#access.start();
    this.#authority = await CertificateAuthority.open({
      store: databaseCaStore(this.#options.db),
      sealingKey: this.#options.sealingKey,
    });
    for (const capability of this.#capabilities) await capability.start?.();
    await this.#listen(this.#authority);
    this.metrics.watchEventLoop();
    await this.#live.load();
    await this.#publisher.start();
    this.#elector.start();
  }

  /** Stops taking, stores what was taken, gives the lease up and closes its ports. */
  async stop(): Promise<void> {
    await this.#rpc?.stop(AbortSignal.timeout(this.#options.drainMs ?? DRAIN_MS));
    await this.#ingest.drain();
    await this.#elector.stop();
    await this.#access.stop();
    await this.#publisher.stop();
    await this.#identity?.stop();
    await this.#http.stop(AbortSignal.timeout(this.#options.drainMs ?? DRAIN_MS));
    for (const capability of this.#capabilities) await capability.stop?.();
  }

  /** The CA that issues clusters' certificates. @throws Error before {@link start} */
  get authority(): CertificateAuthority {
    if (this.#authority === undefined) throw new Error('the control plane has not started');
    return this.#authority;
  }

  /** True while this replica stores. */
  get isLeading(): boolean {
    return this.#ingest.isLeading;
  }

  /** Base URL of the HTTP port. */
  get url(): string {
    return this.#http.url;
  }

  /** Port of gRPC. */
  get grpcPort(): number {
    return this.#rpc?.port ?? 0;
  }

  /** Begins a term. */
  async lead(term: LeaseTerm): Promise<void> {
    await this.#mirrorIdentities();
    await this.#live.load();
    for (const { leadership } of this.#capabilities) await leadership?.prepare?.(term);
    await this.#ingest.lead(term);
    this.#rollup.lead(term);
    for (const { leadership } of this.#capabilities) await leadership?.lead(term);
  }

  /** Ends a term. */
  async follow(reason: string): Promise<void> {
    await Promise.all([
      ...this.#capabilities.map(({ leadership }) => leadership?.follow(reason)),
      this.#ingest.follow(reason),
      this.#rollup.follow(),
    ]);
  }

  /** Parts that stand on ingest, rollup and queries; each in a folder of its own. */
  #makeCapabilities(): readonly Capability[] {
    const { db, logger, leaderEndpoint, clickhouse, database, prices: pricing } = this.#options;
    const clusterKeyOf = (id: string): Promise<number | undefined> => this.#clusterKeyOf(id);
    const { currency } = pricing;
    const shared = {
      ...{ db, logger, clickhouse, database, currency, clusterKeyOf },
      ...{ nowS: this.#nowS, metrics: this.metrics, registry: this.#registry },
    };
    const inventory = inventoryCapability(shared);
    const prices = pricesCapability({ ...shared, book: this.#book });
    const reprice = repriceCapability({
      ...{ ...shared, guard: this.#guard, names: this.#names, horizonS: () => this.#horizonS() },
      prices: () => new PriceSource(pricing, new PriceBook({ db, nowS: this.#nowS })),
    });
    this.#budgets = budgetsCapability({ ...shared, inventory: inventory.directory });
    return [
      inventory,
      prices,
      reprice,
      this.#budgets,
      ...(leaderEndpoint === undefined ? [] : [leaderEndpointCapability({ ...leaderEndpoint, db, logger })]),
    ];
  }

  #makePublisher(): LivePublisher {
    return new LivePublisher({
      model: this.#live,
      names: this.#names,
      registry: this.#registry,
      bus: this.#bus,
      isLeading: () => this.isLeading,
      currency: this.#options.prices.currency,
      nowS: this.#nowS,
      logger: this.#options.logger,
    });
  }

  #horizonS(): number {
    return this.#nowS() - this.#options.rawRetentionDays * SECONDS_PER_DAY + SECONDS_PER_HOUR;
  }

  async #migrate(): Promise<void> {
    const { db, clickhouse, database, clickhouseCluster, rawRetentionDays, minuteRetentionDays, cold } =
      this.#options;
    await migratePostgres(db);
    const tables = renderTables({
      database,
      cluster: clickhouseCluster,
      rawRetentionDays,
      minuteRetentionDays,
      cold,
    });
    for (const statement of tables) await clickhouse.command(statement);
  }

  /** Identities whose copy was lost with a crashed leader. */
  async #mirrorIdentities(): Promise<void> {
    for (;;) {
      const after = await this.#mirror.highestKey();
      const rows = await listIdentities(this.#options.db, Math.max(0, after), 50_000);
      await this.#mirror.write(rows);
      if (rows.length < 50_000) return;
    }
  }

  async #listen(authority: CertificateAuthority): Promise<void> {
    const { logger, tokens, grpc, serverNames, db } = this.#options;
    const identity = new ServerIdentity({ authority, names: serverNames });
    await identity.start();
    this.#identity = identity;
    const queries = queryServices({ ...this.#queryOptions(), db });
    const guard = bearerTokenGuard(...tokens);
    const of = <K extends 'unary' | 'administration' | 'streams'>(kind: K): readonly Implementation[] =>
      this.#capabilities.flatMap((capability) => capability[kind] ?? []);
    const connect = [
      ...queries,
      ...adminServices({ db, authority, access: this.#access }),
      ...of('unary'),
      ...of('administration'),
    ];
    for (const route of connectRoutes(connect, { authorize: guard, logger })) this.#http.route(route);
    for (const route of this.#capabilities.flatMap(({ routes }) => routes ?? [])) this.#http.route(route);
    this.#http.route(liveRoute(this.#publisher, guard));
    this.#http.route(this.#metricsRoute());
    await this.#http.start();
    const rpc = new RpcServer({
      listen: grpc,
      tls: identity,
      logger,
      maxRequestBytes: MAX_MESSAGE_BYTES,
      refuse: (peer) => this.#access.refuse(peer),
      services: [
        telemetryService({
          ingest: this.#ingest,
          registry: this.#registry,
          clusterKeyOf: (id) => this.#clusterKeyOf(id),
        }),
        enrolmentService({
          authority,
          isAllowed: async (peer) => (await this.#clusterKeyOf(peer.clusterId)) !== undefined,
        }),
        ...[...queries, ...of('unary')].map((service) => askForToken(service, guard)),
        ...of('streams'),
      ],
    });
    await rpc.start();
    this.#rpc = rpc;
    logger.info('listening', {
      http: this.#http.url,
      grpc: formatHostPort({ host: grpc.host, port: rpc.port }),
    });
  }

  #queryOptions(): Omit<Parameters<typeof queryServices>[0], 'db'> {
    const { db, clickhouse, database, prices, rawRetentionDays, minuteRetentionDays } = this.#options;
    const shared = { names: this.#names, nowS: this.#nowS };
    return {
      ...shared,
      cost: new CostQuery({ ...shared, db, clickhouse, database, forgetAfterS: FORGET_AFTER_S }),
      cache: new AnswerCache(this.#bus, this.#nowS),
      live: this.#live,
      currency: prices.currency,
      retention: { rawS: rawRetentionDays * SECONDS_PER_DAY, minuteS: minuteRetentionDays * SECONDS_PER_DAY },
      isLeading: () => this.isLeading,
    };
  }

  /** Own metrics and what each pod costs; the latter on the leader alone, which is where the seconds arrive. */
  #metricsRoute(): Route {
    return {
      method: 'GET',
      path: '/metrics',
      handler: async (_request, response) => {
        const own = await this.metrics.registry.metrics();
        const costs = this.isLeading
          ? await renderCostMetrics({ live: this.#live, names: this.#names, nowS: this.#nowS })
          : '';
        response.writeHead(200, { 'content-type': this.metrics.registry.contentType }).end(own + costs);
      },
    };
  }

  /** Registered clusters by id; read again when an id is unknown, or once a minute for removals. */
  async #clusterKeyOf(id: string): Promise<number | undefined> {
    const clusters = await listClusters(this.#options.db);
    this.#clusters = new Map(
      clusters.filter(({ removed }) => !removed).map((cluster) => [cluster.id, cluster.key]),
    );
    return this.#clusters.get(id);
  }
}
