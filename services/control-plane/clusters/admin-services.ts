import { createHash, randomBytes } from 'node:crypto';
import {
  admin,
  implement,
  RpcError,
  type CertificateAuthority,
  type Implementation,
  type IssuedIdentity,
} from '@kubehero/rpc';
import {
  addLoginToken,
  listClusterRegistrations,
  redeemLoginToken,
  removeCluster,
  type ClusterRegistration,
  type ClusterRow,
} from '@kubehero/store-postgres';
import type { ClusterAccess } from './cluster-access.js';
import {
  findCluster,
  issueClusterCertificate,
  registerCluster,
  rotateClusterCertificate,
  type ClusterRegistryOptions,
} from './cluster-registry.js';

/** What the services work with. */
export interface AdminServicesOptions extends ClusterRegistryOptions {
  /** Told when somebody's access has ended. */
  readonly access: Pick<ClusterAccess, 'refresh'>;
}

const SESSION_S = 12 * 3600;

/** Registration of clusters and login of people. */
export function adminServices(options: AdminServicesOptions): readonly Implementation[] {
  const { db, authority, access } = options;
  return [
    implement(admin.ClusterService, {
      AddCluster: async (request) => {
        const cluster = await registerCluster(db, request);
        return toAnswer(cluster, await issueClusterCertificate(options, cluster), authority);
      },
      ListClusters: async () => ({ clusters: (await listClusterRegistrations(db)).map(toCluster) }),
      RemoveCluster: async ({ cluster }) => {
        const row = await findCluster(db, cluster);
        await removeCluster(db, row.key);
        await access.refresh();
        return { clusterId: row.id };
      },
      RotateCluster: async ({ cluster, graceS }) => {
        const row = await findCluster(db, cluster);
        const issued = await rotateClusterCertificate(options, row, graceS);
        await access.refresh();
        return toAnswer(row, issued, authority);
      },
    }),
    implement(admin.SessionService, {
      Redeem: async ({ token }) => {
        const subject = await redeemLoginToken(db, hashOf(token));
        if (subject === undefined) {
          throw new RpcError(
            'unauthenticated',
            "this login link was used or has expired: start 'kubehero up' again, it prints a new one",
          );
        }
        return { subject, expiresAtS: Math.floor(Date.now() / 1000) + SESSION_S };
      },
    }),
  ];
}

function toCluster(cluster: ClusterRegistration): admin.ClusterInput {
  const { id, name, cloud, region, labels, registeredAt, certificateExpiresAt } = cluster;
  return {
    clusterId: id,
    name,
    cloud,
    region,
    labels,
    registeredAt: registeredAt.toISOString(),
    certificateExpiresAt: certificateExpiresAt?.toISOString() ?? '',
  };
}

function toAnswer(
  cluster: ClusterRow,
  identity: IssuedIdentity,
  authority: CertificateAuthority,
): admin.AddClusterResponseInput {
  return {
    clusterId: cluster.id,
    certificatePem: identity.certificateChainPem,
    privateKeyPem: identity.privateKeyPem,
    caBundlePem: authority.caBundlePem,
  };
}

/**
 * Makes a one-time login token; only its hash is stored.
 *
 * @param lifetimeMs - how long it can be used
 */
export async function makeLoginToken(
  db: ClusterRegistryOptions['db'],
  subject: string,
  lifetimeMs: number,
): Promise<string> {
  const token = randomBytes(24).toString('base64url');
  await addLoginToken(db, { hash: hashOf(token), subject, expiresAt: new Date(Date.now() + lifetimeMs) });
  return token;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
