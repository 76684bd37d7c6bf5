import { metricNames } from '@kubehero/contract';
import type { Metrics } from '@kubehero/runtime';
import { listClusterRegistrations, type Database, type Kysely } from '@kubehero/store-postgres';

/** Exposes when each cluster's newest certificate ends; read on every scrape. A removed cluster is a missing series. */
export function exportCertificateExpiry(metrics: Metrics, db: Kysely<Database>): void {
  metrics.gauge(
    {
      name: metricNames.clusterCertificateExpiry,
      help: "Epoch seconds at which the cluster's certificate ends",
      labels: ['cluster'],
    },
    async (gauge) => {
      const clusters = await listClusterRegistrations(db);
      gauge.reset();
      for (const { name, certificateExpiresAt } of clusters)
        if (certificateExpiresAt !== undefined)
          gauge.set({ cluster: name }, Math.floor(certificateExpiresAt.getTime() / 1000));
    },
  );
}
