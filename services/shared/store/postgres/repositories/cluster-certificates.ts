import { sql, type Kysely } from 'kysely';
import type { Database } from '../schema.js';

/** A cluster's own certificate. */
export interface ClusterCertificateRecord {
  /** Hexadecimal, upper case. */
  readonly serial: string;
  readonly clusterKey: number;
  readonly expiresAt: Date;
}

/** A registered cluster as people see it. */
export interface ClusterRegistration {
  readonly id: string;
  readonly name: string;
  readonly cloud: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly registeredAt: Date;
  /** End of the newest certificate; undefined where none is known. */
  readonly certificateExpiresAt: Date | undefined;
}

/** What is not served any more. */
export interface EndedAccess {
  /** Serial numbers of certificates that were ended before their time. */
  readonly serials: readonly string[];
  /** Identities of clusters that were removed. */
  readonly clusterIds: readonly string[];
}

/** Notes a certificate that was issued. */
export async function addClusterCertificate(
  db: Kysely<Database>,
  certificate: ClusterCertificateRecord,
): Promise<void> {
  await db
    .insertInto('cluster_certificate')
    .values({
      serial: certificate.serial,
      cluster_key: certificate.clusterKey,
      expires_at: certificate.expiresAt,
      revoked_at: null,
    })
    .execute();
}

/**
 * Notes a certificate that takes the place of the cluster's others: they end after the time of grace, those that end
 * sooner already stay so.
 */
export async function replaceClusterCertificates(
  db: Kysely<Database>,
  certificate: ClusterCertificateRecord,
  graceS: number,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`update cluster_certificate
      set revoked_at = least(revoked_at, now() + make_interval(secs => ${graceS}))
      where cluster_key = ${certificate.clusterKey}`.execute(transaction);
    await addClusterCertificate(transaction, certificate);
  });
}

/** Ends a registration. */
export async function removeCluster(db: Kysely<Database>, clusterKey: number): Promise<void> {
  await sql`update cluster set removed_at = now() where key = ${clusterKey} and removed_at is null`.execute(
    db,
  );
}

/** What is refused now, on the database's clock. */
export async function listEndedAccess(db: Kysely<Database>): Promise<EndedAccess> {
  const [serials, clusters] = await Promise.all([
    sql<{ serial: string }>`select serial from cluster_certificate
      where revoked_at <= now() and expires_at > now()`.execute(db),
    sql<{ id: string }>`select id from cluster where removed_at is not null`.execute(db),
  ]);
  return {
    serials: serials.rows.map(({ serial }) => serial),
    clusterIds: clusters.rows.map(({ id }) => id),
  };
}

/** Clusters that were not removed, in the order of their registration. */
export async function listClusterRegistrations(
  db: Kysely<Database>,
): Promise<readonly ClusterRegistration[]> {
  const { rows } = await sql<{
    id: string;
    name: string;
    cloud: string;
    region: string;
    labels: Record<string, string>;
    created_at: Date;
    expires_at: Date | null;
  }>`select c.id, c.name, c.cloud, c.region, c.labels, c.created_at,
      (select max(expires_at) from cluster_certificate where cluster_key = c.key and revoked_at is null) as expires_at
    from cluster c where c.removed_at is null order by c.key`.execute(db);
  return rows.map(({ created_at: registeredAt, expires_at: expiresAt, ...cluster }) => ({
    ...cluster,
    registeredAt,
    certificateExpiresAt: expiresAt ?? undefined,
  }));
}
