import { readFile } from 'node:fs/promises';
import { formatHostPort, waitForAbort, type Logger } from '@kubehero/runtime';
import { connectClickHouse } from '@kubehero/store-clickhouse';
import { connectPostgres } from '@kubehero/store-postgres';
import { openBus, toClickHouseUrl, toPostgresUrl, type ControlPlaneSettings } from './config.js';
import { ControlPlane } from './control-plane.js';
import { standardPrices } from './ingest/standard-prices.js';

const MINUTE_RETENTION_FACTOR = 3;

/** Runs one replica until the signal aborts, then drains. */
export async function runControlPlane(
  settings: ControlPlaneSettings,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const db = connectPostgres({
    ...(await toPostgresUrl(settings)),
    onIdleError: (error) => {
      logger.warn('a connection to postgresql broke', { error });
    },
  });
  const clickhouse = connectClickHouse(await toClickHouseUrl(settings));
  const bus = await openBus(settings, (error) => {
    logger.warn('valkey: live figures do not reach other replicas', { error });
  });
  const plane = new ControlPlane({
    db,
    bus,
    clickhouse,
    logger,
    database: settings.clickhouseDatabase,
    clickhouseCluster: settings.clickhouseCluster,
    http: settings.http,
    grpc: settings.grpc,
    serverNames: settings.serverNames,
    advertisedAddress: formatHostPort({ host: settings.podIp, port: settings.http.port }),
    tokens: [(await readFile(settings.apiTokenFile, 'utf8')).trim()],
    sealingKey: Buffer.from((await readFile(settings.caKeyFile, 'utf8')).trim(), 'base64'),
    prices: standardPrices(settings.currency),
    // Two ports are drained one after the other
    drainMs: (settings.drainSeconds * 1000) / 2,
    rawRetentionDays: settings.rawRetentionDays,
    minuteRetentionDays: Math.min(3650, settings.rawRetentionDays * MINUTE_RETENTION_FACTOR),
  });
  try {
    await plane.start();
    await waitForAbort(signal);
  } finally {
    await plane.stop();
    await bus.close();
    await clickhouse.close();
    await db.destroy();
  }
}
