import { environmentNames, objectNames, ports, programs, secretCatalogue } from '@kubehero/contract';
import type { Construct } from 'constructs';
import { chartFor } from '../core/charts.js';
import type { ImageRole } from '../core/images.js';
import { labelsOf } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { Monitoring } from '../monitoring/monitoring.js';
import { ArmingAdmission } from '../policy/arming-admission.js';
import { CollectorAdmission } from '../policy/collector-admission.js';
import { cidrs } from '../policy/flows.js';
import { Foundation } from '../policy/foundation.js';
import { ImageVerification } from '../policy/image-verification.js';
import { NetworkPolicies } from '../policy/network-policies.js';
import { ResourceQuotas } from '../policy/resource-quotas.js';
import { ClickHouse } from '../stores/clickhouse.js';
import { joinAccess, type StoreAccess } from '../stores/connection.js';
import { Dex } from '../stores/dex.js';
import { externalClickHouse, externalPostgres, externalValkey } from '../stores/external.js';
import { Postgres } from '../stores/postgres.js';
import type { S3Location } from '../stores/s3.js';
import { Valkey } from '../stores/valkey.js';
import { Collector } from './collector.js';
import { ControlPlane } from './control-plane.js';
import { Dashboard } from './dashboard.js';
import { Definitions } from './definitions.js';
import { Exposure } from './exposure.js';
import { hubRoles } from './hub-faults.js';
import { hostsOf, type KubeHeroHubProps } from './hub-props.js';
import { type HubLink, Operator } from './operator.js';
import { PricingEngine } from './pricing-engine.js';
import { ScheduledTask } from './scheduled-task.js';

/** The parts of a hub, for overrides and references. Optional ones are absent where the props say so. */
export interface HubParts {
  readonly controlPlane: ControlPlane;
  readonly operator: Operator;
  readonly collector: Collector;
  readonly dashboard: Dashboard;
  readonly pricing: PricingEngine;
  readonly exposure: Exposure;
  readonly definitions: Definitions;
  readonly dex?: Dex;
  readonly postgres?: Postgres;
  readonly clickhouse?: ClickHouse;
  readonly valkey?: Valkey;
  readonly networkPolicies?: NetworkPolicies;
  readonly monitoring?: Monitoring;
}

/** Puts the parts of a hub together. */
export class HubBuilder {
  #storesChart: Construct | undefined;
  readonly #main: Construct;
  readonly #base: Construct;

  constructor(
    private readonly hub: Construct,
    private readonly site: Site,
    private readonly props: KubeHeroHubProps,
  ) {
    this.#base = chartFor(hub, 'base');
    this.#main = chartFor(hub, 'programs');
  }

  /** Made when the first store is deployed. */
  get #stores(): Construct {
    this.#storesChart ??= chartFor(this.hub, 'stores');
    return this.#storesChart;
  }

  build(): HubParts {
    const { site, props } = this;
    const hosts = hostsOf(props.domain);
    const endpoint = `${objectNames.controlPlaneService}.${site.namespaces.system}.svc.${site.clusterDomain}:${ports.controlPlaneGrpc}`;
    const definitions = this.#buildBase(endpoint);
    const stores = this.#buildStores();
    const dex = this.#buildDex(hosts, stores);
    const access = joinAccess(stores.postgres.access, stores.clickhouse.access, stores.valkey.access);
    const controlPlane = new ControlPlane(this.#main, 'control-plane', {
      site,
      access,
      migrationAccess: stores.postgres.access,
      tableEnv: stores.parts.clickhouse?.tableEnv ?? {},
      rawRetentionDays: props.rawRetentionDays ?? 30,
      currency: props.currency ?? 'USD',
      exchangeRates: props.exchangeRates ?? {},
      amounts: props,
      serverNames: [hosts.grpc, ...serviceNames(site)],
    });
    const link: HubLink = {
      endpoint,
      certificateSecret: secretCatalogue.clusterCertificate.name,
      peer: controlPlane.peer,
      port: ports.controlPlaneGrpc,
    };
    const dashboard = new Dashboard(this.#main, 'dashboard', {
      site,
      publicUrl: `https://${hosts.dashboard}`,
      controlPlane: controlPlane.peer,
    });
    const parts = {
      definitions,
      controlPlane,
      dashboard,
      operator: new Operator(this.#main, 'operator', { site, link }),
      collector: new Collector(this.#main, 'collector', { site, link, mode: props.collectorMode ?? 'auto' }),
      pricing: new PricingEngine(this.#main, 'pricing', {
        site,
        props: props.pricing ?? {},
        access: stores.postgres.access,
        currency: props.currency ?? 'USD',
      }),
      exposure: new Exposure(this.#main, 'exposure', {
        site,
        props: props.exposure,
        hosts: { ...hosts, dex: dex ? hosts.dex : undefined },
        peers: { controlPlane: controlPlane.peer, dashboard: dashboard.peer, dex: dex?.peer },
      }),
      ...(dex ? { dex } : {}),
      ...stores.parts,
    };
    this.#buildTasks(stores);
    if (props.quotas) this.#buildQuotas(stores.parts);
    return { ...parts, ...this.#buildWatch(stores.parts, dex !== undefined) };
  }

  /** @param endpoint where programs of the hub's own cluster dial it: the Service, for policies let nothing out to the public name */
  #buildBase(endpoint: string): Definitions {
    const { site, props } = this;
    const { namespaces } = site;
    const external = (mode: string | undefined): boolean => mode === 'external';
    const verifyImages = props.imageVerification?.with === 'sigstore';
    const restricted = [
      namespaces.system,
      ...(external(props.postgres?.mode) ? [] : [namespaces.postgres]),
      ...(external(props.clickhouse?.mode) ? [] : [namespaces.clickhouse]),
      ...(external(props.valkey?.mode) ? [] : [namespaces.valkey]),
    ];
    if (props.foundation ?? true) {
      new Foundation(this.#base, 'foundation', {
        labels: labelsOf('kubehero'),
        priorityClasses: true,
        namespaces: [
          ...[...new Set(restricted)].map((name) => ({
            name,
            podSecurity: 'restricted' as const,
            verifyImages,
          })),
          { name: namespaces.collector, podSecurity: 'privileged' as const, verifyImages },
        ],
      });
    }
    if (site.features.admissionPolicy) {
      new CollectorAdmission(this.#base, 'collector-admission', site);
      new ArmingAdmission(this.#base, 'arming-admission');
    }
    if (props.imageVerification) {
      new ImageVerification(this.#base, 'image-verification', {
        props: props.imageVerification,
        repositories: ['kubehero', 'dashboard'].map(
          (role) => props.images.tryFind(role as ImageRole)?.repository ?? '',
        ),
        namespaces: [...new Set([...restricted, namespaces.collector])].sort(),
      });
    }
    return new Definitions(this.#base, 'definitions', {
      site,
      caBundle: props.caBundle,
      endpoint,
      roles: hubRoles(props),
    });
  }

  #buildStores(): HubStores {
    const { site, props } = this;
    const at = (folder: string): (S3Location & { retentionDays?: number }) | undefined =>
      props.backup && { ...props.backup, url: `${props.backup.url.replace(/\/$/, '')}/${folder}` };
    const postgresBackup = at('kubehero-postgres');
    const clickhouseBackup = at('kubehero-clickhouse');
    const postgres =
      props.postgres?.mode === 'external'
        ? undefined
        : new Postgres(this.#stores, 'postgres', site, {
            ...props.postgres,
            ...(postgresBackup
              ? { backup: { ...postgresBackup, method: props.backup?.postgresMethod ?? 'plugin' } }
              : {}),
          });
    const clickhouse =
      props.clickhouse?.mode === 'external'
        ? undefined
        : new ClickHouse(this.#stores, 'clickhouse', site, {
            ...props.clickhouse,
            ...(clickhouseBackup ? { backup: clickhouseBackup } : {}),
          });
    const valkey =
      props.valkey?.mode === 'external'
        ? undefined
        : new Valkey(this.#stores, 'valkey', site, { ...props.valkey });
    return {
      postgres: {
        access:
          postgres?.access ?? externalPostgres(props.postgres as Parameters<typeof externalPostgres>[0]),
      },
      clickhouse: {
        access:
          clickhouse?.access ??
          externalClickHouse(props.clickhouse as Parameters<typeof externalClickHouse>[0]),
      },
      valkey: {
        access: valkey?.access ?? externalValkey(props.valkey as Parameters<typeof externalValkey>[0]),
      },
      parts: {
        ...(postgres ? { postgres } : {}),
        ...(clickhouse ? { clickhouse } : {}),
        ...(valkey ? { valkey } : {}),
      },
    };
  }

  #buildDex(hosts: ReturnType<typeof hostsOf>, stores: HubStores): Dex | undefined {
    const { site, props } = this;
    if (props.dex.mode === 'external') return undefined;
    const external = props.postgres?.mode === 'external' ? props.postgres : undefined;
    const postgres = stores.parts.postgres?.dex ?? {
      host: external?.host ?? '',
      port: external?.port ?? 5432,
      peer: cidrs(...(external?.cidrs ?? [])),
      user: external?.dex?.user ?? 'dex',
      database: external?.dex?.database ?? 'dex',
      secret: external?.dex?.existingSecret ?? { name: '' },
      caSecret: external?.caSecret,
      tls: external?.tls ?? ('verify' as const),
    };
    return new Dex(this.#main, 'dex', site, {
      props: props.dex,
      host: hosts.dex,
      dashboardUrl: `https://${hosts.dashboard}`,
      postgres,
    });
  }

  #buildTasks(stores: HubStores): void {
    const { site, props } = this;
    const { clickhouse } = stores.parts;
    if (!clickhouse || !props.backup) return;
    new ScheduledTask(this.#main, 'clickhouse-backup', {
      site,
      name: programs.clickhouseBackup.name,
      componentKey: 'clickhouseBackup',
      args: programs.clickhouseBackup.args,
      schedule: '30 3 * * *',
      env: { [environmentNames.clickhouseShards]: clickhouse.shardUrls },
      access: clickhouse.access,
    });
  }

  /** Where operators of others run their own pods, nobody here can count them. */
  #buildQuotas({ valkey }: HubStores['parts']): void {
    const { system, valkey: valkeyNamespace } = this.site.namespaces;
    new ResourceQuotas(this.#base, 'quotas', {
      labels: labelsOf('kubehero'),
      of: this.hub.node.scope ?? this.hub,
      namespaces: [...new Set([system, ...(valkey ? [valkeyNamespace] : [])])],
    });
  }

  #buildWatch(stores: HubStores['parts'], hasDex: boolean): Pick<HubParts, 'networkPolicies' | 'monitoring'> {
    const { site, props } = this;
    const { namespaces } = site;
    const own = [
      namespaces.system,
      namespaces.collector,
      ...(stores.postgres ? [namespaces.postgres] : []),
      ...(stores.clickhouse ? [namespaces.clickhouse] : []),
      ...(stores.valkey ? [namespaces.valkey] : []),
    ];
    const networkPolicies =
      (props.networkPolicies ?? true)
        ? new NetworkPolicies(this.#base, 'network-policies', {
            labels: labelsOf('kubehero'),
            flows: site.flows.all,
            namespaces: [...new Set(own)],
            dns: props.dns ?? {},
          })
        : undefined;
    const monitoring =
      (props.monitoring?.enabled ?? true)
        ? new Monitoring(chartFor(this.hub, 'monitoring'), 'monitoring', {
            site,
            props: props.monitoring ?? {},
            alerts: {
              postgres: stores.postgres !== undefined,
              postgresBackup: stores.postgres !== undefined && props.backup !== undefined,
              clickhouse: stores.clickhouse !== undefined,
              clickhouseBackup: stores.clickhouse !== undefined && props.backup !== undefined,
              keeper: stores.clickhouse?.keeper?.podLabels,
              valkey: stores.valkey !== undefined,
              dex: hasDex,
              pricing: props.pricing?.execDeployment ?? true,
              postgresNamespace: namespaces.postgres,
              clickhouseNamespace: namespaces.clickhouse,
              valkeyNamespace: namespaces.valkey,
            },
          })
        : undefined;
    return { ...(networkPolicies ? { networkPolicies } : {}), ...(monitoring ? { monitoring } : {}) };
  }
}

interface HubStores {
  readonly postgres: { readonly access: StoreAccess };
  readonly clickhouse: { readonly access: StoreAccess };
  readonly valkey: { readonly access: StoreAccess };
  readonly parts: Pick<HubParts, 'postgres' | 'clickhouse' | 'valkey'>;
}

/** DNS names under which programs of the hub's own cluster dial the gRPC listener. */
function serviceNames(site: Site): string[] {
  const service = `${objectNames.controlPlaneService}.${site.namespaces.system}`;
  return [objectNames.controlPlaneService, service, `${service}.svc`, `${service}.svc.${site.clusterDomain}`];
}
