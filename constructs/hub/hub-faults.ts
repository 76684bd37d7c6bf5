import { checkComponent } from '../core/component.js';
import { type Fault, Faults } from '../core/faults.js';
import type { ImageRole } from '../core/images.js';
import { tryParseBytes } from '../core/quantities.js';
import { checkSecretMaterial } from '../core/secret-material.js';
import {
  cloudNativePgMismatch,
  defaultKubernetesVersion,
  minorOf,
  resolveOperatorVersions,
} from '../core/versions.js';
import type { ExternalServer } from '../stores/connection.js';
import { checkS3 } from '../stores/s3.js';
import { checkTls } from '../stores/tls.js';
import { hubComponents, type KubeHeroHubProps } from './hub-props.js';
import { checkCaBundle, checkInstallation } from './installation-faults.js';
import { checkDex } from './dex-faults.js';
import { checkPricing } from './pricing-faults.js';

/** Image roles that a hub with these props needs. */
export function hubRoles(props: KubeHeroHubProps): ImageRole[] {
  return [
    'kubehero',
    'dashboard',
    ...(isDeployed(props.dex?.mode) ? (['dex'] as const) : []),
    ...(isDeployed(props.valkey?.mode) ? (['valkey', 'valkeyExporter'] as const) : []),
    ...postgresRoles(props),
    ...clickhouseRoles(props),
  ];
}

function isDeployed(mode: string | undefined): boolean {
  return (mode ?? 'deploy') === 'deploy';
}

function postgresRoles(props: KubeHeroHubProps): ImageRole[] {
  if (!isDeployed(props.postgres?.mode)) return [];
  const plugin = props.backup && (props.backup.postgresMethod ?? 'plugin') === 'plugin';
  return ['postgres', 'cloudNativePg', ...(plugin ? (['barmanPlugin', 'barmanSidecar'] as const) : [])];
}

function clickhouseRoles(props: KubeHeroHubProps): ImageRole[] {
  if (!isDeployed(props.clickhouse?.mode)) return [];
  const replicated =
    (props.highAvailability ?? true) &&
    !(props.clickhouse && 'replicas' in props.clickhouse && props.clickhouse.replicas === 1);
  const operator = ['clickhouse', 'clickhouseOperator', 'clickhouseOperatorMetrics'] as const;
  return [...operator, ...(replicated ? (['clickhouseKeeper'] as const) : [])];
}

/** Every fault of a hub's props, none thrown. */
export function hubFaults(props: KubeHeroHubProps): readonly Fault[] {
  const faults = new Faults();
  checkInstallation(faults, props, hubRoles(props));
  checkSecretMaterial(faults, props, ['images', 'caBundle']);
  if (
    faults.check(
      typeof props.domain === 'string' && props.domain !== '',
      'domain',
      'must be given, such as kubehero.example.com',
    )
  ) {
    faults.hostName('domain', props.domain);
    faults.check(props.domain.length <= 240, 'domain', 'is too long: host names are at most 253 characters');
  }
  faults.integer('podsPerNode', props.podsPerNode, [1, 500]);
  faults.integer('rawRetentionDays', props.rawRetentionDays, [1, 3650]);
  faults.check(
    /^[A-Z]{3}$/.test(props.currency ?? 'USD'),
    'currency',
    `'${props.currency}' is no ISO 4217 code such as USD`,
  );
  faults.dnsName('storageClassName', props.storageClassName);
  for (const [name, component] of Object.entries(props.components ?? {})) {
    if (
      faults.check(
        hubComponents.includes(name),
        'components',
        `'${name}' is none: use ${hubComponents.join(', ')}`,
      )
    )
      checkComponent(faults, `components.${name}`, component);
  }
  faults.check(
    props.components?.postgres?.serviceAccountName === undefined,
    'components.postgres.serviceAccountName',
    'CloudNativePG makes the account of its instances: annotate that one by serviceAccountAnnotations',
  );
  if (props.caBundle !== undefined) checkCaBundle(faults, 'caBundle', props.caBundle);
  checkExposure(faults, props);
  checkPostgres(faults, props);
  checkClickHouse(faults, props);
  checkValkey(faults, props);
  checkDex(faults, props.dex);
  checkPricing(faults, props);
  checkBuckets(faults, props);
  return faults.all;
}

function checkExposure(faults: Faults, props: KubeHeroHubProps): void {
  const { exposure } = props;
  if (
    !faults.check(
      exposure !== undefined,
      'exposure',
      "must be given: { kind: 'ingress', … } or { kind: 'gateway', … }",
    )
  )
    return;
  faults.requiredName('exposure.controllerNamespace', exposure.controllerNamespace);
  faults.dnsLabel('exposure.controllerNamespace', exposure.controllerNamespace);
  faults.cidrs('exposure.edgeCidrs', exposure.edgeCidrs);
  const { kind } = exposure as { kind: string };
  if (exposure.kind === 'ingress') {
    faults.requiredName('exposure.className', exposure.className);
    faults.requiredName('exposure.tlsSecret', exposure.tlsSecret);
  } else if (
    faults.check(kind === 'gateway', 'exposure.kind', `'${kind}' is unknown: use ingress or gateway`)
  ) {
    faults.requiredName('exposure.name', exposure.name);
    faults.requiredName('exposure.namespace', exposure.namespace);
  }
}

function checkExternal(faults: Faults, prop: string, server: ExternalServer): void {
  faults.requiredName(`${prop}.host`, server.host);
  if (faults.check(server.port !== undefined, `${prop}.port`, 'must be given'))
    faults.integer(`${prop}.port`, server.port, [1, 65_535]);
  if (
    faults.check(
      Boolean(server.existingSecret?.name),
      `${prop}.existingSecret`,
      'an external store needs an existing Secret: { name, passwordKey }',
    )
  )
    faults.dnsName(`${prop}.existingSecret.name`, server.existingSecret.name);
  if (
    faults.check(
      (server.cidrs ?? []).length > 0,
      `${prop}.cidrs`,
      'an external store needs its addresses: everything else is denied',
    )
  )
    faults.cidrs(`${prop}.cidrs`, server.cidrs);
  if (server.caSecret !== undefined) faults.dnsName(`${prop}.caSecret`, server.caSecret);
}

/** A name that stands in a URL, in XML or in SQL as it is. */
function checkName(faults: Faults, prop: string, value: string | undefined): void {
  if (value === undefined) return;
  faults.check(
    /^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/.test(value),
    prop,
    `'${value}' is no name: use letters, digits, '_', '-' and '.', at most 63, beginning with a letter`,
  );
}

function checkPostgres(faults: Faults, props: KubeHeroHubProps): void {
  const { postgres } = props;
  if (postgres?.mode === 'external') {
    checkExternal(faults, 'postgres', postgres);
    checkName(faults, 'postgres.user', postgres.user);
    checkName(faults, 'postgres.database', postgres.database);
    checkName(faults, 'postgres.dex.user', postgres.dex?.user);
    checkName(faults, 'postgres.dex.database', postgres.dex?.database);
    const needsDex = (props.dex?.mode ?? 'deploy') === 'deploy';
    faults.check(
      !needsDex || postgres.dex !== undefined,
      'postgres.dex',
      'Dex needs a database of its own there: { existingSecret }, or dex.mode external',
    );
    return;
  }
  const version = props.kubernetesVersion ?? defaultKubernetesVersion;
  const operators = resolveOperatorVersions(props.operators ?? {}, version);
  const mismatch = cloudNativePgMismatch(operators.cloudNativePg, version);
  faults.check(mismatch === undefined, 'operators.cloudNativePg', mismatch ?? '');
  faults.integer('postgres.instances', postgres?.instances, [1, 9]);
  for (const key of ['storage', 'walStorage'] as const) {
    const value = postgres?.[key];
    if (value !== undefined)
      faults.check(
        tryParseBytes(value) !== undefined,
        `postgres.${key}`,
        `'${value}' is no size: write 200Gi`,
      );
  }
  const minor = minorOf(operators.cloudNativePg);
  const method = props.backup?.postgresMethod ?? 'plugin';
  if (props.backup && method === 'plugin')
    faults.check(
      minor >= 26,
      'backup.postgresMethod',
      `the Barman Cloud plugin needs CloudNativePG 1.26, not ${operators.cloudNativePg}: use 'in-tree'`,
    );
  if (props.backup && method === 'in-tree')
    faults.check(
      minor <= 30,
      'backup.postgresMethod',
      `CloudNativePG ${operators.cloudNativePg} has no in-tree backups any more: use 'plugin'`,
    );
  const { replicaOf } = postgres ?? {};
  if (replicaOf) {
    faults.dnsLabel('postgres.replicaOf.name', replicaOf.name);
    faults.check(
      replicaOf.name !== 'kubehero-postgres',
      'postgres.replicaOf.name',
      "the two sides of a pair need different names: 'kubehero-postgres' is this one's",
    );
    checkS3(faults, 'postgres.replicaOf.backup', replicaOf.backup);
  }
}

function checkClickHouse(faults: Faults, props: KubeHeroHubProps): void {
  const { clickhouse } = props;
  if (clickhouse?.mode === 'external') {
    checkExternal(faults, 'clickhouse', clickhouse);
    checkName(faults, 'clickhouse.user', clickhouse.user);
    checkName(faults, 'clickhouse.cluster', clickhouse.cluster);
    return;
  }
  faults.integer('clickhouse.shards', clickhouse?.shards, [1, 200]);
  faults.integer('clickhouse.replicas', clickhouse?.replicas, [1, 5]);
  faults.integer('clickhouse.coldAfterDays', clickhouse?.coldAfterDays, [1, 3650]);
  if (clickhouse?.storage !== undefined)
    faults.check(
      tryParseBytes(clickhouse.storage) !== undefined,
      'clickhouse.storage',
      `'${clickhouse.storage}' is no size: write 2Ti`,
    );
  checkTls(faults, 'clickhouse.tls', clickhouse?.tls);
  faults.check(
    !clickhouse?.tls || clickhouse.keeper !== 'operator',
    'clickhouse.keeper',
    "the operator cannot encrypt its keepers: leave it out, or say 'statefulset'",
  );
  const cache = clickhouse?.coldStorage?.cacheSize;
  if (cache !== undefined)
    faults.check(
      tryParseBytes(cache) !== undefined,
      'clickhouse.coldStorage.cacheSize',
      `'${cache}' is no size: write 20Gi`,
    );
  if (clickhouse?.coldStorage) checkS3(faults, 'clickhouse.coldStorage', clickhouse.coldStorage);
  else
    faults.check(
      clickhouse?.coldAfterDays === undefined,
      'clickhouse.coldAfterDays',
      'rows have nowhere to move to: give coldStorage',
    );
}

/** Sentinels of others: programs take TLS to them from the authority that they are given, there is no scheme to say it. */
function checkSentinels(faults: Faults, sentinels: readonly string[], server: ExternalServer): void {
  for (const address of sentinels) {
    const [, host, port] = /^([^\s:]+):(\d{1,5})$/.exec(address) ?? [];
    faults.check(host !== undefined, 'valkey.sentinels', `'${address}' is no address: write host:26379`);
    faults.dnsName('valkey.sentinels', host);
    if (port !== undefined) faults.integer('valkey.sentinels', Number(port), [1, 65_535]);
  }
  faults.check(
    sentinels.length === 0 || server.tls === 'disable' || server.caSecret !== undefined,
    'valkey.caSecret',
    "sentinels over TLS need the Secret with ca.crt of their authority; without TLS say tls: 'disable'",
  );
}

function checkValkey(faults: Faults, props: KubeHeroHubProps): void {
  const { valkey } = props;
  if (valkey?.mode === 'external') {
    checkExternal(faults, 'valkey', valkey);
    checkName(faults, 'valkey.primaryName', valkey.primaryName);
    checkSentinels(faults, valkey.sentinels ?? [], valkey);
    return;
  }
  checkTls(faults, 'valkey.tls', valkey?.tls);
  const sentinels = valkey?.sentinels ?? 3;
  faults.integer('valkey.replicas', valkey?.replicas, [1, 9]);
  faults.integer('valkey.sentinels', valkey?.sentinels, [3, 9]);
  faults.check(
    sentinels % 2 === 1,
    'valkey.sentinels',
    `${sentinels} sentinels can split evenly: use an odd number`,
  );
  if (valkey?.quorum === undefined) return;
  faults.integer('valkey.quorum', valkey.quorum, [1, 9]);
  faults.check(
    valkey.quorum <= sentinels,
    'valkey.quorum',
    `${valkey.quorum} can never be reached by ${sentinels} sentinels: use ${Math.floor(sentinels / 2) + 1}`,
  );
}

function checkBuckets(faults: Faults, props: KubeHeroHubProps): void {
  if (props.backup) {
    if (faults.check(Boolean(props.backup.url), 'backup.url', 'a backup needs a bucket: s3://bucket/prefix'))
      checkS3(faults, 'backup', props.backup);
    faults.integer('backup.retentionDays', props.backup.retentionDays, [1, 3650]);
  }
}
