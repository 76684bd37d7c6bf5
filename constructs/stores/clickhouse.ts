import { environmentNames, mountPaths, secretCatalogue } from '@kubehero/contract';
import {
  ClickHouseInstallation,
  type ClickHouseInstallationSpec,
  ClickHouseInstallationSpecConfigurationClustersInsecure as Insecure,
  ClickHouseInstallationSpecConfigurationClustersSchemaPolicyReplica as SchemaReplica,
  ClickHouseInstallationSpecConfigurationClustersSchemaPolicyShard as SchemaShard,
  ClickHouseInstallationSpecConfigurationClustersSecure as Secure,
  ClickHouseInstallationSpecConfigurationZookeeperNodesSecure as SecureKeeper,
  ClickHouseInstallationSpecDefaultsStorageManagementProvisioner as Provisioner,
  ClickHouseInstallationSpecDefaultsStorageManagementReclaimPolicy as ReclaimPolicy,
  ClickHouseInstallationSpecReconcileCleanupUnknownObjectsPvc as UnknownClaims,
  ClickHouseInstallationSpecTemplatesPodTemplatesPodDistributionType as Distribution,
} from '../../imports/clickhouse.altinity.com.js';
import { KubeServiceAccount } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { toRequirements } from '../core/pods.js';
import { apiServerPorts, partOptions, type Site } from '../core/site.js';
import { cidrs, type Peer, pods } from '../policy/flows.js';
import {
  backupXml,
  clickhousePorts,
  s3Environment,
  storagePolicy,
  storageXml,
  tlsSettings,
  tlsXml,
} from './clickhouse-config.js';
import { ClickHouseKeeper, clickhousePodSpec } from './clickhouse-keeper.js';
import type { ExternalServer, StoreAccess } from './connection.js';
import type { S3Location } from './s3.js';
import {
  certificateWave,
  dnsNamesOf,
  type StoreTls,
  tlsSecrets,
  type TlsSecretNames,
  toCertificates,
} from './tls.js';

/** Where ClickHouse comes from. */
export type ClickHouseProps =
  | ({ readonly mode: 'external'; readonly user?: string; readonly cluster?: string } & ExternalServer)
  | DeployedClickHouseProps;

/** A ClickHouseInstallation of our own. */
export interface DeployedClickHouseProps {
  readonly mode?: 'deploy';
  /** @default - by `nodes`, 3 at 1,000 */
  readonly shards?: number;
  /** Replicas of each shard. @default 2, or 1 without high availability */
  readonly replicas?: number;
  /** @default - by `nodes` and `coldAfterDays` */
  readonly storage?: string;
  /** Who runs ClickHouse Keeper. @default 'statefulset' */
  readonly keeper?: 'statefulset' | 'operator';
  /** Where rows go after `coldAfterDays`; absent: they stay on local disks. */
  readonly coldStorage?: S3Location & { readonly cacheSize?: string };
  /** @default 90 */
  readonly coldAfterDays?: number;
  /** Daily `BACKUP`. @default - the hub's `backup` */
  readonly backup?: S3Location;
  /** Encrypts what goes to the servers, between them and to the keepers. @default - network policies alone protect it */
  readonly tls?: StoreTls;
}

/** Name of the installation, and of the cluster in it. */
export const clickhouseName = 'kubehero';

/** ClickHouse as shards × replicas, run by Altinity's operator. */
export class ClickHouse extends Part {
  /** How programs of ours reach it. */
  readonly access: StoreAccess;
  /** Its pods. */
  readonly peer: Peer;
  /** Keeper; absent with one replica a shard. */
  readonly keeper: ClickHouseKeeper | undefined;
  readonly #site: Site;
  readonly #props: DeployedClickHouseProps;
  readonly #shards: number;
  readonly #replicas: number;
  /** Secrets of the encryption; absent without it. */
  readonly #tls: TlsSecretNames | undefined;
  readonly #ports: { readonly http: number; readonly native: number };

  constructor(scope: Construct, id: string, site: Site, props: DeployedClickHouseProps) {
    super(scope, id, partOptions('clickhouse', site.component('clickhouse')));
    this.#site = site;
    this.#props = props;
    this.#shards = props.shards ?? site.sizing.shards;
    this.#replicas = props.replicas ?? site.sizing.components.clickhouse.replicas;
    this.#tls =
      props.tls &&
      tlsSecrets(props.tls, {
        server: secretCatalogue.clickhouseServer.name,
        ca: secretCatalogue.clickhouseCa.name,
      });
    this.#ports = clickhousePorts(props.tls !== undefined);
    const namespace = site.namespaces.clickhouse;
    this.peer = pods(namespace, { 'clickhouse.altinity.com/chi': clickhouseName }, 'clickhouse');
    this.keeper =
      this.#replicas > 1
        ? new ClickHouseKeeper(scope, 'keeper', site, {
            kind: props.keeper ?? 'statefulset',
            tlsSecret: this.#tls?.server,
          })
        : undefined;
    this.#emitCertificates();
    this.#emitServiceAccount();
    this.emit(
      'ClickHouseInstallation',
      ClickHouseInstallation.manifest({
        metadata: { name: clickhouseName, namespace },
        spec: this.#toSpec(),
      }),
      { wave: waves.stores, keep: true },
    );
    this.access = this.#toAccess();
    this.#declareFlows();
  }

  /** What tells the control plane, which makes the tables, where their old rows go. */
  get tableEnv(): Readonly<Record<string, string>> {
    if (!this.#props.coldStorage) return {};
    return {
      [environmentNames.clickhouseStoragePolicy]: storagePolicy,
      [environmentNames.coldAfterDays]: String(this.#props.coldAfterDays ?? 90),
    };
  }

  /** URLs of the replicas: a comma between replicas of a shard, a semicolon between shards. */
  get shardUrls(): string {
    return this.#hosts()
      .map((replicas) => replicas.map((host) => this.#urlOf(host)).join(','))
      .join(';');
  }

  #emitServiceAccount(): void {
    const component = this.#site.component('clickhouse');
    if (component.serviceAccountName !== undefined) return;
    this.emit(
      'ServiceAccount',
      KubeServiceAccount.manifest({
        metadata: {
          name: 'clickhouse',
          namespace: this.#site.namespaces.clickhouse,
          annotations: { ...component.serviceAccountAnnotations },
        },
        automountServiceAccountToken: false,
      }),
      { wave: waves.policies },
    );
  }

  #urlOf(host: string): string {
    const domain = `${this.#site.namespaces.clickhouse}.svc.${this.#site.clusterDomain}`;
    return `${this.#tls ? 'https' : 'http'}://${host}.${domain}:${this.#ports.http}`;
  }

  /** Names of the replicas' Services, by shard. */
  #hosts(): string[][] {
    return [...Array(this.#shards).keys()].map((shard) =>
      [...Array(this.#replicas).keys()].map(
        (replica) => `chi-${clickhouseName}-${clickhouseName}-${shard}-${replica}`,
      ),
    );
  }

  #emitCertificates(): void {
    const { tls } = this.#props;
    if (!tls || !this.#tls) return;
    const { namespaces, clusterDomain } = this.#site;
    const hosts = [`clickhouse-${clickhouseName}`, ...this.#hosts().flat()];
    const certificates = toCertificates({
      tls,
      secrets: this.#tls,
      namespace: namespaces.clickhouse,
      systemNamespace: namespaces.system,
      dnsNames: [
        ...hosts.flatMap((host) => dnsNamesOf(host, namespaces.clickhouse, clusterDomain)),
        ...(this.keeper?.hosts ?? []),
      ],
    });
    for (const { id, manifest } of certificates) this.emit(id, manifest, { wave: certificateWave });
  }

  #toAccess(): StoreAccess {
    const caFolder = `${mountPaths.clickhouse}-ca`;
    return {
      env: {
        [environmentNames.clickhouseUrl]: this.#urlOf(`clickhouse-${clickhouseName}`),
        [environmentNames.clickhouseUser]: 'kubehero',
        [environmentNames.clickhouseDatabase]: 'kubehero',
        [environmentNames.clickhousePasswordFile]: `${mountPaths.clickhouse}/password`,
        ...(this.#shards * this.#replicas > 1
          ? { [environmentNames.clickhouseCluster]: clickhouseName }
          : {}),
        ...(this.#tls ? { [environmentNames.clickhouseCaFile]: `${caFolder}/ca.crt` } : {}),
      },
      mounts: [
        {
          path: mountPaths.clickhouse,
          secret: secretCatalogue.clickhouse.name,
          items: { password: 'password' },
        },
        ...(this.#tls ? [{ path: caFolder, secret: this.#tls.ca, items: { 'ca.crt': 'ca.crt' } }] : []),
      ],
      peers: [{ peer: this.peer, ports: [this.#ports.http] }],
    };
  }

  #toSpec(): ClickHouseInstallationSpec {
    const site = this.#site;
    return {
      // A claim that the operator does not know any more holds data all the same
      reconcile: { cleanup: { unknownObjects: { pvc: UnknownClaims.RETAIN } } },
      defaults: {
        templates: { podTemplate: 'server', dataVolumeClaimTemplate: 'data', serviceTemplate: 'service' },
        storageManagement: { provisioner: Provisioner.OPERATOR, reclaimPolicy: ReclaimPolicy.RETAIN },
      },
      configuration: {
        ...(this.keeper ? { zookeeper: { nodes: this.#keeperNodes(this.keeper) } } : {}),
        users: {
          'kubehero/password_sha256_hex': {
            valueFrom: {
              secretKeyRef: { name: secretCatalogue.clickhouse.name, key: 'password-sha256-hex' },
            },
          },
          'kubehero/networks/ip': ['0.0.0.0/0', '::/0'],
          'kubehero/named_collection_control': '1',
          'kubehero/profile': 'default',
          'kubehero/quota': 'default',
        },
        profiles: {
          'default/distributed_ddl_output_mode': 'null_status_on_timeout',
          'default/load_balancing': 'nearest_hostname',
          'default/prefer_localhost_replica': '1',
        },
        settings: {
          ...(this.#tls ? tlsSettings : {}),
          'prometheus/endpoint': '/metrics',
          'prometheus/port': '9363',
          'prometheus/metrics': 'true',
          'prometheus/events': 'true',
          'prometheus/asynchronous_metrics': 'true',
          // The log stands on the console too; its files must stay within their scratch volume, or the pod is evicted
          'logger/level': 'information',
          'logger/size': '50M',
          'logger/count': '3',
        },
        files: this.#files(),
        clusters: [
          {
            name: clickhouseName,
            layout: { shardsCount: this.#shards, replicasCount: this.#replicas },
            schemaPolicy: { replica: SchemaReplica.ALL, shard: SchemaShard.ALL },
            ...(this.#tls ? { secure: Secure.YES, insecure: Insecure.NO } : {}),
            ...(this.#shards * this.#replicas > 1
              ? {
                  secret: {
                    valueFrom: {
                      secretKeyRef: { name: secretCatalogue.clickhouse.name, key: 'interserver-secret' },
                    },
                  },
                }
              : {}),
          },
        ],
      },
      templates: {
        podTemplates: [this.#podTemplate()],
        volumeClaimTemplates: [
          {
            name: 'data',
            spec: {
              accessModes: ['ReadWriteOnce'],
              ...(site.storageClassName ? { storageClassName: site.storageClassName } : {}),
              resources: {
                requests: { storage: this.#props.storage ?? site.sizing.components.clickhouse.disk },
              },
            },
          },
        ],
        serviceTemplates: [
          {
            name: 'service',
            generateName: 'clickhouse-{chi}',
            spec: {
              type: 'ClusterIP',
              ports: [
                { name: this.#tls ? 'https' : 'http', port: this.#ports.http },
                { name: this.#tls ? 'tcp-secure' : 'tcp', port: this.#ports.native },
              ],
            },
          },
        ],
      },
    };
  }

  #keeperNodes({ hosts, port }: ClickHouseKeeper): { host: string; port: number; secure?: SecureKeeper }[] {
    return hosts.map((host) => ({ host, port, ...(this.#tls ? { secure: SecureKeeper.YES } : {}) }));
  }

  #files(): Record<string, string> | undefined {
    const { coldStorage, backup } = this.#props;
    const files = {
      ...(coldStorage
        ? { 'config.d/storage.xml': storageXml(coldStorage, coldStorage.cacheSize ?? '20Gi') }
        : {}),
      ...(backup ? { 'config.d/backup.xml': backupXml(backup) } : {}),
      ...(this.#tls ? { 'config.d/tls.xml': tlsXml } : {}),
    };
    return Object.keys(files).length > 0 ? files : undefined;
  }

  #podTemplate(): Record<string, unknown> {
    const site = this.#site;
    const component = site.component('clickhouse');
    const resources = { ...site.sizing.components.clickhouse.resources, ...component.resources };
    const get = (path: string): object => ({
      httpGet: { path, port: this.#ports.http, ...(this.#tls ? { scheme: 'HTTPS' } : {}) },
    });
    const spec = clickhousePodSpec(site, {
      name: 'clickhouse',
      image: site.image('clickhouse'),
      resources: toRequirements(resources),
      volume: { name: 'data', mountPath: '/var/lib/clickhouse' },
      serviceAccountName: component.serviceAccountName ?? 'clickhouse',
      env: this.#s3Environment(),
      tlsSecret: this.#tls?.server,
      component,
      selector: { 'clickhouse.altinity.com/chi': clickhouseName },
      probes: {
        startupProbe: { ...get('/ping'), periodSeconds: 10, failureThreshold: 180 },
        livenessProbe: { ...get('/ping'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 12 },
        readinessProbe: {
          ...get('/replicas_status'),
          periodSeconds: 5,
          timeoutSeconds: 3,
          failureThreshold: 3,
        },
      },
    });
    return {
      name: 'server',
      ...(this.#replicas > 1
        ? {
            podDistribution: [
              { type: Distribution.SHARD_ANTI_AFFINITY, topologyKey: 'kubernetes.io/hostname' },
            ],
          }
        : {}),
      metadata: {
        labels: { ...component.labels, 'app.kubernetes.io/part-of': 'kubehero' },
        ...(Object.keys(component.podAnnotations ?? {}).length > 0
          ? { annotations: { ...component.podAnnotations } }
          : {}),
      },
      spec,
    };
  }

  #s3Environment(): unknown[] {
    const from = (envName: string, secret: string, key: string): unknown => ({
      name: envName,
      valueFrom: { secretKeyRef: { name: secret, key } },
    });
    const pair = (location: S3Location | undefined, key: string, secret: string): unknown[] => {
      const given = location?.credentials;
      if (!given) return [];
      return [
        from(key, given.name, given.accessKeyIdKey ?? 'access_key'),
        from(secret, given.name, given.secretAccessKeyKey ?? 'secret_key'),
      ];
    };
    return [
      ...pair(this.#props.coldStorage, s3Environment.coldKey, s3Environment.coldSecret),
      ...pair(this.#props.backup, s3Environment.backupKey, s3Environment.backupSecret),
    ];
  }

  #declareFlows(): void {
    const { flows, prometheus, apiServer, namespaces } = this.#site;
    const operator = pods(namespaces.clickhouse, { app: 'clickhouse-operator' }, 'clickhouse-operator');
    const { http, native } = this.#ports;
    if (this.#shards * this.#replicas > 1) flows.add(this.peer, this.peer, http, native, 9009);
    flows.add(operator, this.peer, http, native);
    flows.add(operator, apiServer, ...apiServerPorts);
    flows.add(prometheus, this.peer, 9363);
    flows.add(prometheus, operator, 8888, 9999);
    for (const location of [this.#props.coldStorage, this.#props.backup]) {
      if (location) flows.add(this.peer, cidrs(...(location.cidrs ?? ['0.0.0.0/0'])), location.port ?? 443);
    }
  }
}
