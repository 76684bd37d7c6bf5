import { environmentNames, mountPaths, secretCatalogue } from '@kubehero/contract';
import {
  ClickHouseInstallation,
  type ClickHouseInstallationSpec,
  ClickHouseInstallationSpecConfigurationClustersSchemaPolicyReplica as SchemaReplica,
  ClickHouseInstallationSpecConfigurationClustersSchemaPolicyShard as SchemaShard,
  ClickHouseInstallationSpecDefaultsStorageManagementProvisioner as Provisioner,
  ClickHouseInstallationSpecDefaultsStorageManagementReclaimPolicy as ReclaimPolicy,
  ClickHouseInstallationSpecTemplatesPodTemplatesPodDistributionType as Distribution,
} from '../../imports/clickhouse.altinity.com.js';
import { KubeServiceAccount } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { toRequirements } from '../core/pods.js';
import { apiServerPorts, partOptions, type Site } from '../core/site.js';
import { cidrs, type Peer, pods } from '../policy/flows.js';
import { backupXml, s3Environment, storagePolicy, storageXml } from './clickhouse-config.js';
import { ClickHouseKeeper, clickhousePodSpec } from './clickhouse-keeper.js';
import type { ExternalServer, StoreAccess } from './connection.js';
import type { S3Location } from './s3.js';

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

  constructor(scope: Construct, id: string, site: Site, props: DeployedClickHouseProps) {
    super(scope, id, partOptions('clickhouse', site.component('clickhouse')));
    this.#site = site;
    this.#props = props;
    this.#shards = props.shards ?? site.sizing.shards;
    this.#replicas = props.replicas ?? site.sizing.components.clickhouse.replicas;
    const namespace = site.namespaces.clickhouse;
    this.peer = pods(namespace, { 'clickhouse.altinity.com/chi': clickhouseName }, 'clickhouse');
    this.keeper =
      this.#replicas > 1
        ? new ClickHouseKeeper(scope, 'keeper', site, props.keeper ?? 'statefulset')
        : undefined;
    this.emit(
      'ServiceAccount',
      KubeServiceAccount.manifest({
        metadata: {
          name: 'clickhouse',
          namespace,
          annotations: { ...site.component('clickhouse').serviceAccountAnnotations },
        },
        automountServiceAccountToken: false,
      }),
      { wave: waves.policies },
    );
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
      .map((replicas) => replicas.map((host) => `http://${host}:8123`).join(','))
      .join(';');
  }

  #hosts(): string[][] {
    const domain = `${this.#site.namespaces.clickhouse}.svc.${this.#site.clusterDomain}`;
    return [...Array(this.#shards).keys()].map((shard) =>
      [...Array(this.#replicas).keys()].map(
        (replica) => `chi-${clickhouseName}-${clickhouseName}-${shard}-${replica}.${domain}`,
      ),
    );
  }

  #toAccess(): StoreAccess {
    const url = `http://clickhouse-${clickhouseName}.${this.#site.namespaces.clickhouse}.svc.${this.#site.clusterDomain}:8123`;
    return {
      env: {
        [environmentNames.clickhouseUrl]: url,
        [environmentNames.clickhouseUser]: 'kubehero',
        [environmentNames.clickhouseDatabase]: 'kubehero',
        [environmentNames.clickhousePasswordFile]: `${mountPaths.clickhouse}/password`,
        ...(this.#shards * this.#replicas > 1
          ? { [environmentNames.clickhouseCluster]: clickhouseName }
          : {}),
      },
      mounts: [
        {
          path: mountPaths.clickhouse,
          secret: secretCatalogue.clickhouse.name,
          items: { password: 'password' },
        },
      ],
      peers: [{ peer: this.peer, ports: [8123] }],
    };
  }

  #toSpec(): ClickHouseInstallationSpec {
    const site = this.#site;
    return {
      defaults: {
        templates: { podTemplate: 'server', dataVolumeClaimTemplate: 'data', serviceTemplate: 'service' },
        storageManagement: { provisioner: Provisioner.OPERATOR, reclaimPolicy: ReclaimPolicy.RETAIN },
      },
      configuration: {
        ...(this.keeper
          ? { zookeeper: { nodes: this.keeper.hosts.map((host) => ({ host, port: 2181 })) } }
          : {}),
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
          'prometheus/endpoint': '/metrics',
          'prometheus/port': '9363',
          'prometheus/metrics': 'true',
          'prometheus/events': 'true',
          'prometheus/asynchronous_metrics': 'true',
        },
        files: this.#files(),
        clusters: [
          {
            name: clickhouseName,
            layout: { shardsCount: this.#shards, replicasCount: this.#replicas },
            schemaPolicy: { replica: SchemaReplica.ALL, shard: SchemaShard.ALL },
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
                { name: 'http', port: 8123 },
                { name: 'tcp', port: 9000 },
              ],
            },
          },
        ],
      },
    };
  }

  #files(): Record<string, string> | undefined {
    const { coldStorage, backup } = this.#props;
    const files = {
      ...(coldStorage
        ? { 'config.d/storage.xml': storageXml(coldStorage, coldStorage.cacheSize ?? '20Gi') }
        : {}),
      ...(backup ? { 'config.d/backup.xml': backupXml(backup) } : {}),
    };
    return Object.keys(files).length > 0 ? files : undefined;
  }

  #podTemplate(): Record<string, unknown> {
    const site = this.#site;
    const component = site.component('clickhouse');
    const resources = { ...site.sizing.components.clickhouse.resources, ...component.resources };
    const ping = { httpGet: { path: '/ping', port: 8123 } };
    const spec = clickhousePodSpec(site, {
      name: 'clickhouse',
      image: site.image('clickhouse'),
      resources: toRequirements(resources),
      volume: { name: 'data', mountPath: '/var/lib/clickhouse' },
      serviceAccountName: 'clickhouse',
      env: this.#s3Environment(),
      probes: {
        startupProbe: { ...ping, periodSeconds: 10, failureThreshold: 180 },
        livenessProbe: { ...ping, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 12 },
        readinessProbe: {
          httpGet: { path: '/replicas_status', port: 8123 },
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
      metadata: { labels: { 'app.kubernetes.io/part-of': 'kubehero' } },
      spec: {
        ...spec,
        ...(component.nodeSelector ? { nodeSelector: component.nodeSelector } : {}),
        ...(component.tolerations ? { tolerations: component.tolerations } : {}),
      },
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
    if (this.#shards * this.#replicas > 1) flows.add(this.peer, this.peer, 8123, 9000, 9009);
    flows.add(operator, this.peer, 8123, 9000);
    flows.add(operator, apiServer, ...apiServerPorts);
    flows.add(prometheus, this.peer, 9363);
    flows.add(prometheus, operator, 8888, 9999);
    for (const location of [this.#props.coldStorage, this.#props.backup]) {
      if (location) flows.add(this.peer, cidrs(...(location.cidrs ?? ['0.0.0.0/0'])), location.port ?? 443);
    }
  }
}
