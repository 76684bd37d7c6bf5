import { checkComponent } from '../core/component.js';
import { type Fault, Faults } from '../core/faults.js';
import { ImageLock, type ImageRole } from '../core/images.js';
import { tryParseBytes } from '../core/quantities.js';
import {
  cloudNativePgMismatch,
  defaultKubernetesVersion,
  kubernetesVersions,
  minorOf,
  resolveOperatorVersions,
} from '../core/versions.js';
import { resolveNamespaces } from '../core/build-site.js';
import type { ExternalServer } from '../stores/connection.js';
import { checkS3 } from '../stores/s3.js';
import type { InstallationProps, KubeHeroHubProps } from './hub-props.js';
import { publicSources } from './pricing-engine.js';

/** Every fault of the props that hub and edge share. */
export function checkInstallation(
  faults: Faults,
  props: InstallationProps,
  roles: readonly ImageRole[],
): void {
  faults.integer('nodes', props.nodes, [1, 20_000]);
  const known = props.kubernetesVersion === undefined || kubernetesVersions.includes(props.kubernetesVersion);
  faults.check(known, 'kubernetesVersion', `'${props.kubernetesVersion}' is not supported: use 1.28 to 1.37`);
  if (
    faults.check(
      props.images instanceof ImageLock,
      'images',
      'must be an ImageLock: ImageLock.fromFile("images.lock.json")',
    )
  ) {
    const missing = roles.filter((role) => props.images.tryFind(role) === undefined);
    faults.check(
      missing.length === 0,
      'images',
      `the lock holds no ${missing.join(', ')}: run 'kubehero images lock'`,
    );
  }
  const names = Object.entries<string>({ ...resolveNamespaces(props.namespaces) });
  for (const [key, value] of names) faults.dnsLabel(`namespaces.${key}`, value);
  const collector = resolveNamespaces(props.namespaces).collector;
  faults.check(
    names.filter(([, value]) => value === collector).length === 1,
    'namespaces.collector',
    `'${collector}' must hold nothing but the collector, because it cannot be restricted: give it a namespace of its own`,
  );
  faults.dnsName('clusterDomain', props.clusterDomain);
  for (const secret of props.imagePullSecrets ?? []) faults.dnsName('imagePullSecrets', secret);
  for (const cidr of props.apiServerCidrs ?? []) faults.cidr('apiServerCidrs', cidr);
  faults.check(
    props.apiServerCidrs?.length !== 0,
    'apiServerCidrs',
    'must not be empty: programs could not reach the API server',
  );
  checkComponent(faults, 'defaults', props.defaults);
  faults.dnsLabel('monitoring.namespace', props.monitoring?.namespace);
  const key = props.imageVerification?.publicKey;
  if (key !== undefined)
    faults.check(
      /^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n?$/.test(key),
      'imageVerification.publicKey',
      'must be a public key in PEM',
    );
}

/** A bundle of certificates in PEM, and nothing else. */
export function checkCaBundle(faults: Faults, prop: string, bundle: string): void {
  faults.check(
    !bundle.includes('PRIVATE KEY'),
    prop,
    'holds a private key: give the certificates alone, keys never pass through synthesis',
  );
  faults.check(
    /^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n*)+$/.test(bundle),
    prop,
    'must be one or more certificates in PEM',
  );
}

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
  if (
    faults.check(
      typeof props.domain === 'string' && props.domain !== '',
      'domain',
      'must be given, such as kubehero.example.com',
    )
  ) {
    faults.dnsName('domain', props.domain);
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
  for (const [name, component] of Object.entries(props.components ?? {}))
    checkComponent(faults, `components.${name}`, component);
  if (props.caBundle !== undefined) checkCaBundle(faults, 'caBundle', props.caBundle);
  checkExposure(faults, props);
  checkPostgres(faults, props);
  checkClickHouse(faults, props);
  checkValkey(faults, props);
  checkDex(faults, props);
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
  faults.dnsLabel('exposure.controllerNamespace', exposure.controllerNamespace);
  for (const cidr of exposure.edgeCidrs ?? []) faults.cidr('exposure.edgeCidrs', cidr);
  if (exposure.kind === 'ingress') {
    faults.dnsName('exposure.className', exposure.className);
    faults.dnsName('exposure.tlsSecret', exposure.tlsSecret);
  } else {
    faults.dnsName('exposure.name', exposure.name);
    faults.dnsLabel('exposure.namespace', exposure.namespace);
  }
}

function checkExternal(faults: Faults, prop: string, server: ExternalServer): void {
  faults.dnsName(`${prop}.host`, server.host);
  faults.integer(`${prop}.port`, server.port, [1, 65_535]);
  if (
    faults.check(
      Boolean(server.existingSecret?.name),
      `${prop}.existingSecret`,
      'an external store needs an existing Secret: { name, passwordKey }',
    )
  )
    faults.dnsName(`${prop}.existingSecret.name`, server.existingSecret.name);
  faults.check(
    (server.cidrs ?? []).length > 0,
    `${prop}.cidrs`,
    'an external store needs its addresses: everything else is denied',
  );
  for (const cidr of server.cidrs ?? []) faults.cidr(`${prop}.cidrs`, cidr);
  if (server.caSecret !== undefined) faults.dnsName(`${prop}.caSecret`, server.caSecret);
}

function checkPostgres(faults: Faults, props: KubeHeroHubProps): void {
  const { postgres } = props;
  if (postgres?.mode === 'external') {
    checkExternal(faults, 'postgres', postgres);
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
  if (clickhouse?.coldStorage) checkS3(faults, 'clickhouse.coldStorage', clickhouse.coldStorage);
  else
    faults.check(
      clickhouse?.coldAfterDays === undefined,
      'clickhouse.coldAfterDays',
      'rows have nowhere to move to: give coldStorage',
    );
}

function checkValkey(faults: Faults, props: KubeHeroHubProps): void {
  const { valkey } = props;
  if (valkey?.mode === 'external') {
    checkExternal(faults, 'valkey', valkey);
    return;
  }
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

function checkDex(faults: Faults, props: KubeHeroHubProps): void {
  const { dex } = props;
  if (
    !faults.check(
      dex !== undefined,
      'dex',
      "must be given: { connectors: […] }, or { mode: 'external', issuer }",
    )
  )
    return;
  for (const cidr of dex.cidrs ?? []) faults.cidr('dex.cidrs', cidr);
  if (dex.mode === 'external') {
    faults.check(
      /^https:\/\/[^\s/]+(\/\S*)?$/.test(dex.issuer),
      'dex.issuer',
      `'${dex.issuer}' is no issuer: it must begin with https://`,
    );
    return;
  }
  faults.check(
    dex.connectors.length > 0,
    'dex.connectors',
    'nobody could sign in: give at least one connector',
  );
  for (const [i, connector] of dex.connectors.entries()) {
    for (const [key, value] of Object.entries(connector.config)) {
      const secret = /secret|password|bindPW|token$/i.test(key) && typeof value === 'string';
      faults.check(
        !secret || /^\$[A-Z_][A-Z0-9_]*$/.test(value),
        `dex.connectors[${i}].config.${key}`,
        'is a secret in plain text: write $NAME and give secretEnv.NAME',
      );
      const name = typeof value === 'string' ? /^\$([A-Z_][A-Z0-9_]*)$/.exec(value)?.[1] : undefined;
      faults.check(
        name === undefined || dex.secretEnv?.[name] !== undefined,
        `dex.secretEnv.${name}`,
        `connector '${connector.id}' names it: give the Secret and key that it comes from`,
      );
    }
  }
}

function checkPricing(faults: Faults, props: KubeHeroHubProps): void {
  const sources = props.pricing?.sources;
  const known = [...publicSources, 'custom', 'snapshot'];
  for (const source of sources ?? [])
    faults.check(
      known.includes(source),
      'pricing.sources',
      `'${source}' is unknown: use ${known.join(', ')}`,
    );
  faults.check(sources?.length !== 0, 'pricing.sources', 'must not be empty: nothing would have a price');
  if (sources?.includes('custom'))
    faults.check(
      props.pricing?.customSheetConfigMap !== undefined,
      'pricing.customSheetConfigMap',
      "the source 'custom' needs its price sheet",
    );
  if (props.pricing?.schedule !== undefined) checkCron(faults, 'pricing.schedule', props.pricing.schedule, 5);
  for (const cidr of props.pricing?.egressCidrs ?? []) faults.cidr('pricing.egressCidrs', cidr);
  for (const port of props.pricing?.egressPorts ?? [])
    faults.integer('pricing.egressPorts', port, [1, 65_535]);
}

/** A cron expression with a number of fields. */
export function checkCron(faults: Faults, prop: string, schedule: string, fields: number): void {
  const parts = schedule.trim().split(/\s+/);
  faults.check(
    parts.length === fields && parts.every((part) => /^[\d*/,A-Za-z-]+$/.test(part)),
    prop,
    `'${schedule}' is no schedule: it needs ${fields} fields`,
  );
}

function checkBuckets(faults: Faults, props: KubeHeroHubProps): void {
  if (props.backup) {
    if (faults.check(Boolean(props.backup.url), 'backup.url', 'a backup needs a bucket: s3://bucket/prefix'))
      checkS3(faults, 'backup', props.backup);
    faults.integer('backup.retentionDays', props.backup.retentionDays, [1, 3650]);
  }
}
