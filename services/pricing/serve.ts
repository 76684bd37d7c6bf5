import { metricNames } from '@kubehero/contract';
import { HttpServer, Metrics, sleep, type HostPort, type Logger } from '@kubehero/runtime';
import {
  countPriceChanges,
  listPricePartStates,
  listPriceQuarantine,
  tryFindPriceVersion,
  type Database,
  type Kysely,
  type PriceChangeCount,
  type PricePartState,
} from '@kubehero/store-postgres';
import type { PricingSettings } from './config.js';
import { openPriceDatabase } from './database/open-database.js';

/** What is known of the catalogue in PostgreSQL. */
interface CatalogueStatus {
  readonly version: number;
  readonly parts: readonly PricePartState[];
  readonly changes: PriceChangeCount;
  readonly quarantined: number;
}

/** What {@link servePricing} works with. */
export interface ServeOptions {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Called once, when the port is open, with the base URL. */
  readonly onReady?: (url: string) => void;
  /** How often the catalogue is looked at. @default 15000 */
  readonly everyMs?: number;
}

const EVERY_MS = 15_000;

/**
 * Serves health and the age of prices until the signal aborts: the program of the pod that stays, in which
 * `kubehero pricing import` is run by `kubectl exec`.
 *
 * @throws PricingError USAGE where no database is named
 */
export async function servePricing(
  settings: PricingSettings & { readonly http: HostPort },
  options: ServeOptions,
): Promise<void> {
  const { logger, signal } = options;
  const db = await openPriceDatabase(settings);
  const watch = new StatusWatch(db, logger);
  const server = new HttpServer({
    listen: settings.http,
    logger,
    metrics: watch.metrics,
    readiness: () => watch.readiness(),
  });
  try {
    await server.start();
    logger.info('pricing serves', { http: server.url });
    options.onReady?.(server.url);
    while (!signal.aborted) {
      await watch.look();
      await sleep(options.everyMs ?? EVERY_MS, signal);
    }
  } finally {
    await server.stop(AbortSignal.timeout(1000));
    await db.destroy();
  }
}

/** The catalogue's status as metrics; while the database is away the last status stays and the pod is not ready. */
class StatusWatch {
  readonly metrics = new Metrics();
  #fault: string | undefined = 'starting';
  readonly #lastSuccess;
  readonly #rows;
  readonly #changes;
  readonly #version;
  readonly #quarantined;

  constructor(
    private readonly db: Kysely<Database>,
    private readonly logger: Logger,
  ) {
    const { metrics } = this;
    this.#lastSuccess = metrics.gauge({
      name: metricNames.pricingLastSuccess,
      help: 'Instant that the prices in force were refreshed for, by source',
      labels: ['source'],
    });
    this.#rows = metrics.gauge({
      name: metricNames.pricingRows,
      help: 'Prices in force, by source',
      labels: ['source'],
    });
    this.#changes = metrics.gauge({
      name: metricNames.pricingChanges,
      help: 'Prices that the version in force added, changed or removed',
      labels: ['kind'],
    });
    this.#version = metrics.gauge({
      name: metricNames.pricingVersion,
      help: 'Number of the version in force',
    });
    this.#quarantined = metrics.gauge({
      name: metricNames.pricingQuarantined,
      help: 'Parts of the catalogue that wait for a person',
    });
  }

  readiness(): { ready: boolean; detail?: string } {
    return this.#fault === undefined ? { ready: true } : { ready: false, detail: this.#fault };
  }

  async look(): Promise<void> {
    try {
      this.#show(await readStatus(this.db));
      this.#fault = undefined;
    } catch (error) {
      if (this.#fault !== 'postgresql does not answer')
        this.logger.warn('the catalogue was not read', { error });
      this.#fault = 'postgresql does not answer';
    }
  }

  #show({ version, parts, changes, quarantined }: CatalogueStatus): void {
    this.#version.set(version);
    this.#quarantined.set(quarantined);
    for (const kind of ['added', 'changed', 'removed'] as const) this.#changes.set({ kind }, changes[kind]);
    this.#lastSuccess.reset();
    this.#rows.reset();
    for (const source of new Set(parts.map((part) => part.source))) {
      const own = parts.filter((part) => part.source === source);
      // A source is as old as its oldest part
      const oldestMs = Math.min(...own.map(({ asOf }) => Date.parse(asOf)));
      this.#lastSuccess.set({ source }, oldestMs / 1000);
      this.#rows.set(
        { source },
        own.reduce((sum, { rows }) => sum + rows, 0),
      );
    }
  }
}

async function readStatus(db: Kysely<Database>): Promise<CatalogueStatus> {
  const version = (await tryFindPriceVersion(db))?.version ?? 0;
  return {
    version,
    parts: await listPricePartStates(db),
    changes: await countPriceChanges(db, version),
    quarantined: (await listPriceQuarantine(db)).length,
  };
}
