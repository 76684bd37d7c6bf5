import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  admin,
  implement,
  isClusterId,
  RpcError,
  type CertificateAuthority,
  type Implementation,
  type IssuedIdentity,
} from '@kubehero/rpc';
import {
  addCluster,
  addLoginToken,
  listClusters,
  redeemLoginToken,
  tryFindClusterByName,
  type ClusterRow,
  type Database,
  type Kysely,
} from '@kubehero/store-postgres';

/** What the services work with. */
export interface AdminServicesOptions {
  readonly db: Kysely<Database>;
  readonly authority: CertificateAuthority;
}

const SESSION_S = 12 * 3600;

/** Registration of clusters and login of people. */
export function adminServices({ db, authority }: AdminServicesOptions): readonly Implementation[] {
  return [
    implement(admin.ClusterService, {
      AddCluster: async (request) => {
        const cluster = await registerCluster(db, request);
        return toAnswer(cluster, await authority.issueCluster(cluster.id), authority);
      },
      ListClusters: async () => ({
        clusters: (await listClusters(db))
          .filter(({ removed }) => !removed)
          .map(({ id, name, cloud, region }) => ({ clusterId: id, name, cloud, region })),
      }),
      RemoveCluster: async ({ cluster }) => {
        const row = await findCluster(db, cluster);
        await db.updateTable('cluster').set({ removed_at: new Date() }).where('key', '=', row.key).execute();
        return { clusterId: row.id };
      },
      RotateCluster: async ({ cluster }) => {
        const row = await findCluster(db, cluster);
        return toAnswer(row, await authority.issueCluster(row.id), authority);
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

async function registerCluster(
  db: Kysely<Database>,
  request: { name: string; cloud: string; region: string; labels: Readonly<Record<string, string>> },
): Promise<ClusterRow> {
  if (!isClusterId(request.name)) {
    throw new RpcError(
      'invalid_argument',
      `'${request.name}' is no name of a cluster: give letters, digits, '.', '_' and '-'`,
    );
  }
  if ((await tryFindClusterByName(db, request.name)) !== undefined) {
    throw new RpcError(
      'already_exists',
      `a cluster '${request.name}' is registered: rotate its certificate or choose another name`,
    );
  }
  return await addCluster(db, { id: randomUUID(), ...request });
}

async function findCluster(db: Kysely<Database>, idOrName: string): Promise<ClusterRow> {
  const clusters = await listClusters(db);
  const found = clusters.find(({ id, name, removed }) => !removed && (id === idOrName || name === idOrName));
  if (found === undefined)
    throw new RpcError('not_found', `no cluster '${idOrName}' is registered: see 'kubehero cluster list'`);
  return found;
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
  db: Kysely<Database>,
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
