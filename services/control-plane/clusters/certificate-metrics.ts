import { metricNames } from '@kubehero/contract';
import { withDeadline, type Logger, type Metrics } from '@kubehero/runtime';
import { listClusterRegistrations, type Database, type Kysely } from '@kubehero/store-postgres';

/** What the metric is read from. */
export interface CertificateExpiryOptions {
  readonly metrics: Metrics;
  readonly db: Kysely<Database>;
  readonly logger: Logger;
}

/** A scrape waits no longer for PostgreSQL. */
const TIMEOUT_MS = 2000;

/**
 * Exposes when each cluster's newest certificate ends; read on every scrape. A removed cluster is a missing series; while
 * PostgreSQL does not answer the series stay as they were, so that the rest of the metrics is still told.
 */
export function exportCertificateExpiry({ metrics, db, logger }: CertificateExpiryOptions): void {
  metrics.gauge(
    {
      name: metricNames.clusterCertificateExpiry,
      help: "Epoch seconds at which the cluster's certificate ends",
      labels: ['cluster'],
    },
    async (gauge) => {
      try {
        const clusters = await withDeadline(
          'reading the ends of certificates',
          { timeoutMs: TIMEOUT_MS },
          () => listClusterRegistrations(db),
        );
        gauge.reset();
        for (const { name, certificateExpiresAt } of clusters)
          if (certificateExpiresAt !== undefined)
            gauge.set({ cluster: name }, Math.floor(certificateExpiresAt.getTime() / 1000));
      } catch (error) {
        logger.warn('the ends of certificates could not be read', { error });
      }
    },
  );
}
