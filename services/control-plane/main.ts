import { readFile } from 'node:fs/promises';
import { environmentNames } from '@kubehero/contract';
import { inClusterServer, kubeconfigServer, type ApiServer } from '@kubehero/kubernetes';
import { formatHostPort, UserError, waitForAbort, type Logger } from '@kubehero/runtime';
import { connectClickHouse } from '@kubehero/store-clickhouse';
import { connectPostgres } from '@kubehero/store-postgres';
import {
  openBus,
  toClickHouseUrl,
  toColdStorage,
  toExchangeRates,
  toPostgresUrl,
  type ControlPlaneSettings,
} from './config.js';
import { ControlPlane } from './control-plane.js';
import type { LeaderEndpointOptions } from './leader-endpoint/leader-endpoint.js';
import { standardPrices } from './ingest/standard-prices.js';

const MINUTE_RETENTION_FACTOR = 3;

/** Runs one replica until the signal aborts, then drains. */
export async function runControlPlane(
  settings: ControlPlaneSettings,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const prices = standardPrices({ ...settings, exchangeRates: toExchangeRates(settings.exchangeRates) });
  const leaderEndpoint = await toLeaderEndpoint(settings);
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
    leaderEndpoint,
    serverNames: settings.serverNames,
    advertisedAddress: formatHostPort({ host: settings.podIp, port: settings.http.port }),
    tokens: [(await readFile(settings.apiTokenFile, 'utf8')).trim()],
    sealingKey: Buffer.from((await readFile(settings.caKeyFile, 'utf8')).trim(), 'base64'),
    prices,
    // Two ports are drained one after the other
    drainMs: (settings.drainSeconds * 1000) / 2,
    rawRetentionDays: settings.rawRetentionDays,
    maxAheadS: settings.maxAheadSeconds,
    cold: toColdStorage(settings),
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

/** The Service that follows the leader, where this replica runs in a cluster. @throws UserError `NO_KUBERNETES` */
async function toLeaderEndpoint(
  settings: ControlPlaneSettings,
): Promise<Omit<LeaderEndpointOptions, 'db' | 'logger'> | undefined> {
  const { leaderService: service, podNamespace: namespace, podIp, podName, http, grpc } = settings;
  if (service === undefined) return undefined;
  if (namespace === undefined) {
    throw new UserError(
      'NO_KUBERNETES',
      `a leader's service '${service}' is given but no namespace: set ${environmentNames.podNamespace}`,
    );
  }
  const server = await findApiServer(settings);
  return { server, service, namespace, podIp, podName, ports: { http: http.port, grpc: grpc.port } };
}

async function findApiServer(settings: ControlPlaneSettings): Promise<ApiServer> {
  const { kubeconfig, kubernetesHost, kubernetesPort } = settings;
  if (kubeconfig !== undefined) return kubeconfigServer(kubeconfig);
  if (kubernetesHost !== undefined) return inClusterServer(kubernetesHost, kubernetesPort);
  throw new UserError(
    'NO_KUBERNETES',
    "a leader's service is given but no API to write its endpoint to: run in a pod, or give --kubeconfig FILE",
  );
}
