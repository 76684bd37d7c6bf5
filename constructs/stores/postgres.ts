import { secretCatalogue } from '@kubehero/contract';
import { ObjectStore } from '../../imports/barmancloud.cnpg.io.js';
import {
  Cluster,
  type ClusterSpec,
  ClusterSpecPostgresqlSynchronousDataDurability,
  ClusterSpecPostgresqlSynchronousMethod,
  ClusterSpecPrimaryUpdateMethod,
  ClusterSpecPrimaryUpdateStrategy,
  ClusterSpecResourcesLimits,
  ClusterSpecResourcesRequests,
  Database,
  DatabaseSpecDatabaseReclaimPolicy,
  ScheduledBackup,
  ScheduledBackupSpecBackupOwnerReference,
  ScheduledBackupSpecMethod,
} from '../../imports/postgresql.cnpg.io.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { apiServerPorts, partOptions, type Site } from '../core/site.js';
import { minorOf } from '../core/versions.js';
import { cidrs, type Peer, pods } from '../policy/flows.js';
import { type ExternalServer, postgresAccess, type StoreAccess } from './connection.js';
import type { S3Location } from './s3.js';

/** Where PostgreSQL comes from. */
export type PostgresProps =
  | ({
      readonly mode: 'external';
      readonly database?: string;
      readonly user?: string;
      readonly dex?: {
        readonly database?: string;
        readonly user?: string;
        readonly existingSecret: { readonly name: string; readonly passwordKey?: string };
      };
    } & ExternalServer)
  | DeployedPostgresProps;

/** A CloudNativePG cluster of our own. */
export interface DeployedPostgresProps {
  readonly mode?: 'deploy';
  /** @default 3, or 1 without high availability */
  readonly instances?: number;
  /** @default - by `nodes` */
  readonly storage?: string;
  /** @default '10Gi' */
  readonly walStorage?: string;
  readonly backup?: PostgresBackupProps;
  /** Follows a primary in another region; this side only reads until it is promoted. */
  readonly replicaOf?: ReplicaOf;
}

/** Base backups and WAL archive. */
export interface PostgresBackupProps extends S3Location {
  /** `plugin`: Barman Cloud plugin. `in-tree`: `barmanObjectStore` of the Cluster, gone with CloudNativePG 1.31. @default 'plugin' */
  readonly method?: 'plugin' | 'in-tree';
  /** Days that any moment can be restored. @default 30 */
  readonly retentionDays?: number;
  /** Six fields, seconds first. @default '0 0 2 * * *' */
  readonly schedule?: string;
}

/** The other side of a cross-region pair. */
export interface ReplicaOf {
  /** Name of the primary cluster, also its folder in the bucket. */
  readonly name: string;
  /** Where the primary archives to. */
  readonly backup: S3Location;
}

const name = 'kubehero-postgres';
const pluginName = 'barman-cloud.cloudnative-pg.io';

/** PostgreSQL as a CloudNativePG cluster: synchronous, archived, drained one instance at a time. */
export class Postgres extends Part {
  /** How programs of ours reach it. */
  readonly access: StoreAccess;
  /** Host, port and Secret of Dex's own database. */
  readonly dex: { readonly host: string; readonly port: number; readonly peer: Peer };
  readonly #site: Site;
  readonly #props: DeployedPostgresProps;

  constructor(scope: Construct, id: string, site: Site, props: DeployedPostgresProps) {
    super(scope, id, partOptions(name, site.component('postgres')));
    this.#site = site;
    this.#props = props;
    const namespace = site.namespaces.postgres;
    const peer = pods(namespace, { 'cnpg.io/cluster': name }, name);
    const host = `${name}-rw.${namespace}.svc.${site.clusterDomain}`;
    this.access = postgresAccess({
      host,
      port: 5432,
      user: 'kubehero',
      database: 'kubehero',
      secret: { name: secretCatalogue.postgresApp.name },
      caSecret: secretCatalogue.postgresCa.name,
      tls: 'verify',
      peer,
    });
    this.dex = { host, port: 5432, peer };
    this.#emitObjectStores();
    this.emit('Cluster', Cluster.manifest({ metadata: { name, namespace }, spec: this.#toSpec() }), {
      wave: waves.stores,
      keep: true,
    });
    this.#emitDexDatabase();
    this.#emitScheduledBackup();
    this.#declareFlows(peer);
  }

  #atLeast(minor: number): boolean {
    return minorOf(this.#site.operators.cloudNativePg) >= minor;
  }

  #toSpec(): ClusterSpec {
    const size = this.#site.sizing.components.postgres;
    const component = this.#site.component('postgres');
    const resources = { ...size.resources, ...component.resources };
    const instances = this.#props.instances ?? size.replicas;
    const storageClass = this.#site.storageClassName;
    return {
      instances,
      imageName: this.#site.image('postgres'),
      imagePullPolicy: 'Always',
      ...(this.#site.pullSecrets.length > 0
        ? { imagePullSecrets: this.#site.pullSecrets.map((n) => ({ name: n })) }
        : {}),
      ...(component.priorityClassName
        ? { priorityClassName: component.priorityClassName }
        : { priorityClassName: 'kubehero-critical' }),
      enableSuperuserAccess: false,
      enablePdb: instances > 1,
      primaryUpdateStrategy: ClusterSpecPrimaryUpdateStrategy.UNSUPERVISED,
      primaryUpdateMethod:
        instances > 1 ? ClusterSpecPrimaryUpdateMethod.SWITCHOVER : ClusterSpecPrimaryUpdateMethod.RESTART,
      switchoverDelay: 60,
      stopDelay: 180,
      smartShutdownTimeout: 30,
      storage: { size: this.#props.storage ?? size.disk, storageClass },
      walStorage: { size: this.#props.walStorage ?? '10Gi', storageClass },
      resources: {
        requests: {
          cpu: ClusterSpecResourcesRequests.fromString(resources.cpu),
          memory: ClusterSpecResourcesRequests.fromString(resources.memory),
        },
        limits: {
          cpu: ClusterSpecResourcesLimits.fromString(resources.cpuLimit ?? resources.cpu),
          memory: ClusterSpecResourcesLimits.fromString(resources.memoryLimit ?? resources.memory),
        },
      },
      affinity: {
        enablePodAntiAffinity: true,
        podAntiAffinityType: instances > 1 ? 'required' : 'preferred',
        topologyKey: 'kubernetes.io/hostname',
        ...(component.nodeSelector ? { nodeSelector: { ...component.nodeSelector } } : {}),
        ...(component.tolerations ? { tolerations: [...component.tolerations] } : {}),
      },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { 'cnpg.io/cluster': name } },
        },
      ],
      ...(Object.keys(component.serviceAccountAnnotations ?? {}).length > 0
        ? {
            serviceAccountTemplate: { metadata: { annotations: { ...component.serviceAccountAnnotations } } },
          }
        : {}),
      certificates: {
        serverCaSecret: secretCatalogue.postgresCa.name,
        serverTlsSecret: secretCatalogue.postgresServer.name,
      },
      postgresql: {
        ...(instances > 1 ? { synchronous: this.#synchronous() } : {}),
        parameters: {
          log_min_duration_statement: '1000',
          max_connections: '200',
          tcp_keepalives_idle: '30',
          tcp_user_timeout: '5000',
        },
      },
      managed: {
        roles: [
          {
            name: 'dex',
            login: true,
            passwordSecret: { name: secretCatalogue.postgresDex.name },
          },
        ],
      },
      ...this.#bootstrap(),
      ...this.#archive(),
    };
  }

  #synchronous(): NonNullable<NonNullable<ClusterSpec['postgresql']>['synchronous']> {
    return {
      method: ClusterSpecPostgresqlSynchronousMethod.ANY,
      number: 1,
      ...(this.#atLeast(25)
        ? { dataDurability: ClusterSpecPostgresqlSynchronousDataDurability.REQUIRED }
        : {}),
      ...(this.#atLeast(28) ? { failoverQuorum: true } : {}),
    };
  }

  #bootstrap(): Partial<ClusterSpec> {
    const { replicaOf } = this.#props;
    if (!replicaOf) {
      return {
        bootstrap: {
          initdb: {
            database: 'kubehero',
            owner: 'kubehero',
            dataChecksums: true,
            secret: { name: secretCatalogue.postgresApp.name },
          },
        },
      };
    }
    return {
      bootstrap: { recovery: { source: replicaOf.name } },
      replica: { self: name, primary: replicaOf.name, source: replicaOf.name },
      externalClusters: [
        {
          name: replicaOf.name,
          plugin: {
            name: pluginName,
            parameters: { barmanObjectName: `${name}-source`, serverName: replicaOf.name },
          },
        },
      ],
    };
  }

  #archive(): Partial<ClusterSpec> {
    const { backup } = this.#props;
    if (!backup) return {};
    if ((backup.method ?? 'plugin') === 'plugin') {
      return { plugins: [{ name: pluginName, isWalArchiver: true, parameters: { barmanObjectName: name } }] };
    }
    return {
      backup: {
        barmanObjectStore: barmanConfiguration(backup) as never,
        retentionPolicy: `${backup.retentionDays ?? 30}d`,
      },
    };
  }

  #emitObjectStores(): void {
    const { backup, replicaOf } = this.#props;
    if (backup && (backup.method ?? 'plugin') === 'plugin')
      this.#emitObjectStore('ObjectStore', name, backup, backup.retentionDays ?? 30);
    if (replicaOf) this.#emitObjectStore('SourceObjectStore', `${name}-source`, replicaOf.backup);
  }

  #emitObjectStore(id: string, objectName: string, location: S3Location, retentionDays?: number): void {
    this.emit(
      id,
      {
        ...ObjectStore.manifest({
          metadata: { name: objectName, namespace: this.#site.namespaces.postgres },
          spec: {
            configuration: barmanConfiguration(location) as never,
            ...(retentionDays ? { retentionPolicy: `${retentionDays}d` } : {}),
            instanceSidecarConfiguration: { resources: sidecarResources as never },
          },
        }),
      },
      { wave: waves.storeInputs, keep: true },
    );
  }

  #emitDexDatabase(): void {
    if (this.#props.replicaOf || !this.#atLeast(25)) return;
    this.emit(
      'DexDatabase',
      Database.manifest({
        metadata: { name: 'dex', namespace: this.#site.namespaces.postgres },
        spec: {
          name: 'dex',
          owner: 'dex',
          cluster: { name },
          databaseReclaimPolicy: DatabaseSpecDatabaseReclaimPolicy.RETAIN,
        },
      }),
      { wave: waves.stores + 1, keep: true },
    );
  }

  #emitScheduledBackup(): void {
    const { backup } = this.#props;
    if (!backup) return;
    const plugin = (backup.method ?? 'plugin') === 'plugin';
    this.emit(
      'ScheduledBackup',
      ScheduledBackup.manifest({
        metadata: { name, namespace: this.#site.namespaces.postgres },
        spec: {
          cluster: { name },
          schedule: backup.schedule ?? '0 0 2 * * *',
          backupOwnerReference: ScheduledBackupSpecBackupOwnerReference.SELF,
          immediate: true,
          ...(plugin
            ? { method: ScheduledBackupSpecMethod.PLUGIN, pluginConfiguration: { name: pluginName } }
            : { method: ScheduledBackupSpecMethod.BARMAN_OBJECT_STORE }),
        },
      }),
      { wave: waves.monitoring },
    );
  }

  #declareFlows(peer: Peer): void {
    const { flows, apiServer, prometheus, namespaces } = this.#site;
    const operator = pods(namespaces.postgres, { 'app.kubernetes.io/name': 'cloudnative-pg' });
    const plugin = pods(namespaces.postgres, { app: 'barman-cloud' }, 'barman-cloud');
    flows.add(peer, peer, 5432, 8000);
    flows.add(operator, peer, 5432, 8000);
    flows.add(prometheus, peer, 9187);
    flows.add(prometheus, operator, 8080);
    flows.add(apiServer, operator, 9443);
    for (const caller of [peer, operator]) flows.add(caller, apiServer, ...apiServerPorts);
    const locations = [this.#props.backup, this.#props.replicaOf?.backup].filter((l) => l !== undefined);
    for (const location of locations)
      flows.add(peer, cidrs(...(location.cidrs ?? ['0.0.0.0/0'])), location.port ?? 443);
    if (locations.length > 0 && this.#props.backup?.method !== 'in-tree') {
      flows.add(operator, plugin, 9090);
      flows.add(plugin, apiServer, ...apiServerPorts);
    }
  }
}

const sidecarResources = {
  requests: { cpu: { value: '100m' }, memory: { value: '128Mi' } },
  limits: { cpu: { value: '500m' }, memory: { value: '512Mi' } },
};

/** The one schema that the plugin's ObjectStore and the in-tree `barmanObjectStore` share. */
export function barmanConfiguration(location: S3Location): Record<string, unknown> {
  const { credentials } = location;
  return {
    destinationPath: location.url,
    ...(location.endpoint ? { endpointUrl: location.endpoint } : {}),
    s3Credentials: credentials
      ? {
          accessKeyId: { name: credentials.name, key: credentials.accessKeyIdKey ?? 'access_key' },
          secretAccessKey: { name: credentials.name, key: credentials.secretAccessKeyKey ?? 'secret_key' },
        }
      : { inheritFromIamRole: true },
    wal: { compression: 'gzip', maxParallel: 4 },
    data: { compression: 'gzip', jobs: 2 },
  };
}
