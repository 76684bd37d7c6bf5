import { randomUUID } from 'node:crypto';
import { RpcError, isClusterId, type CertificateAuthority, type IssuedIdentity } from '@kubehero/rpc';
import {
  addCluster,
  addClusterCertificate,
  listClusters,
  replaceClusterCertificates,
  tryFindClusterByName,
  type ClusterRow,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';

/** What clusters are registered with. */
export interface ClusterRegistryOptions {
  readonly db: Kysely<Database>;
  readonly authority: CertificateAuthority;
}

/** What a registration says of a cluster. */
export interface NewCluster {
  readonly name: string;
  readonly cloud: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
}

const MAX_LABELS = 64;
/** As Kubernetes has them: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
const LABEL_KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** Registers a cluster under a new identity. @throws RpcError `invalid_argument`, `already_exists` */
export async function registerCluster(db: Kysely<Database>, cluster: NewCluster): Promise<ClusterRow> {
  if (!isClusterId(cluster.name)) {
    throw new RpcError(
      'invalid_argument',
      `'${cluster.name}' is no name of a cluster: give letters, digits, '.', '_' and '-'`,
    );
  }
  checkLabels(cluster.labels);
  if ((await tryFindClusterByName(db, cluster.name)) !== undefined) {
    throw new RpcError(
      'already_exists',
      `a cluster '${cluster.name}' is registered: rotate its certificate or choose another name`,
    );
  }
  return await addCluster(db, { id: randomUUID(), ...cluster });
}

/** A registered cluster by identity or name. @throws RpcError `not_found` */
export async function findCluster(db: Kysely<Database>, idOrName: string): Promise<ClusterRow> {
  const clusters = await listClusters(db);
  const found = clusters.find(({ id, name, removed }) => !removed && (id === idOrName || name === idOrName));
  if (found === undefined)
    throw new RpcError('not_found', `no cluster '${idOrName}' is registered: see 'kubehero cluster list'`);
  return found;
}

/** Issues a certificate of a cluster beside those that it has. Its key is in the answer alone. */
export async function issueClusterCertificate(
  { db, authority }: ClusterRegistryOptions,
  cluster: Pick<ClusterRow, 'key' | 'id'>,
): Promise<IssuedIdentity> {
  const issued = await authority.issueCluster(cluster.id);
  await addClusterCertificate(db, toRecord(cluster, issued));
  return issued;
}

/** Issues a certificate of a cluster in place of those that it has, which end after the time of grace. */
export async function rotateClusterCertificate(
  { db, authority }: ClusterRegistryOptions,
  cluster: Pick<ClusterRow, 'key' | 'id'>,
  graceS: number,
): Promise<IssuedIdentity> {
  const issued = await authority.issueCluster(cluster.id);
  await replaceClusterCertificates(db, toRecord(cluster, issued), graceS);
  return issued;
}

function toRecord(
  { key }: Pick<ClusterRow, 'key'>,
  { serialNumber, expiresAt }: IssuedIdentity,
): Parameters<typeof addClusterCertificate>[1] {
  return { serial: serialNumber, clusterKey: key, expiresAt };
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS)
    throw new RpcError(
      'invalid_argument',
      `${entries.length} labels are too many: give at most ${MAX_LABELS}`,
    );
  const wrong = entries.find(([key, value]) => !LABEL_KEY.test(key) || !LABEL_VALUE.test(value));
  if (wrong === undefined) return;
  throw new RpcError(
    'invalid_argument',
    `'${wrong.join('=')}' is no label: give a key and a value as Kubernetes allows them`,
  );
}
