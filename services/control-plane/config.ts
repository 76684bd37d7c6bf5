import { readFile } from 'node:fs/promises';
import { environmentNames, ports } from '@kubehero/contract';
import type { ColdStorage } from '@kubehero/store-clickhouse';
import { connectValkey, inProcessBus, type LiveBus } from '@kubehero/store-valkey';
import {
  choiceSetting,
  decimalSetting,
  hostPortSetting,
  integerSetting,
  listSetting,
  logLevels,
  optionalSetting,
  pathSetting,
  textSetting,
  urlSetting,
  type SettingsOf,
} from '@kubehero/runtime';
import { priceSettings } from './prices/price-settings.js';

/** Where PostgreSQL is. */
export const postgresSettings = {
  postgresUrl: urlSetting({
    env: environmentNames.postgresUrl,
    reason: 'address of PostgreSQL, with the user and the database, without a password',
    schemes: ['postgres', 'postgresql'],
  }),
  postgresPasswordFile: optionalSetting(
    pathSetting({ env: environmentNames.postgresPasswordFile, reason: "file with the user's password" }),
  ),
  postgresCaFile: optionalSetting(
    pathSetting({
      env: environmentNames.postgresCaFile,
      reason: 'CA bundle (PEM); given means that TLS is required',
    }),
  ),
};

/** Where ClickHouse is. */
export const clickhouseSettings = {
  clickhouseUrl: urlSetting({
    env: environmentNames.clickhouseUrl,
    reason: 'address of ClickHouse, without a password',
    schemes: ['http', 'https'],
  }),
  clickhouseUser: textSetting({
    env: environmentNames.clickhouseUser,
    reason: 'user of ClickHouse',
    unit: 'name',
    fallback: 'default',
  }),
  clickhouseDatabase: textSetting({
    env: environmentNames.clickhouseDatabase,
    reason: 'database of the cost tables',
    unit: 'name',
    fallback: 'kubehero',
    pattern: /^[a-z_][a-z0-9_]{0,62}$/,
    allowed: 'give a lower-case name of letters, digits and underscores',
  }),
  clickhousePasswordFile: optionalSetting(
    pathSetting({ env: environmentNames.clickhousePasswordFile, reason: "file with the user's password" }),
  ),
  clickhouseCaFile: optionalSetting(
    pathSetting({ env: environmentNames.clickhouseCaFile, reason: 'CA bundle (PEM) for https' }),
  ),
  clickhouseCluster: optionalSetting(
    textSetting({
      env: environmentNames.clickhouseCluster,
      reason: 'name of the ClickHouse cluster, absent on a single server',
      unit: 'name',
      pattern: /^[A-Za-z0-9_-]{1,64}$/,
    }),
  ),
};

/** Settings of `kubehero control-plane`, from the environment that its manifest gives it. */
export const controlPlaneSettings = {
  ...postgresSettings,
  http: hostPortSetting({
    flag: 'http',
    env: environmentNames.httpListen,
    reason: 'address of the HTTP API',
    fallback: { host: '0.0.0.0', port: ports.controlPlaneHttp },
  }),
  grpc: hostPortSetting({
    flag: 'grpc',
    env: environmentNames.grpcListen,
    reason: 'address of gRPC',
    fallback: { host: '0.0.0.0', port: ports.controlPlaneGrpc },
  }),
  serverNames: listSetting({
    env: environmentNames.grpcServerNames,
    reason: "DNS names and addresses in the server's certificate",
    of: textSetting({ reason: 'name or address', unit: 'name' }),
    fallback: ['localhost', '127.0.0.1'],
  }),
  podName: textSetting({
    env: environmentNames.podName,
    reason: 'name of this replica',
    unit: 'name',
    fallback: 'control-plane',
  }),
  podIp: textSetting({
    env: environmentNames.podIp,
    reason: 'address of this replica',
    unit: 'address',
    fallback: '127.0.0.1',
  }),
  podNamespace: optionalSetting(
    textSetting({
      env: environmentNames.podNamespace,
      reason: 'namespace of this replica',
      unit: 'name',
      pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      allowed: 'give the name of a namespace',
    }),
  ),
  leaderService: optionalSetting(
    textSetting({
      env: environmentNames.leaderService,
      reason:
        'service without selector that points at the leader; without it nothing is written into a cluster',
      unit: 'name',
      pattern: /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
      allowed: 'give the name of a service',
    }),
  ),
  kubeconfig: optionalSetting(
    pathSetting({
      flag: 'kubeconfig',
      reason: "file with access to the API of that cluster; without it the pod's service account is used",
    }),
  ),
  kubernetesHost: optionalSetting(
    textSetting({
      env: 'KUBERNETES_SERVICE_HOST',
      reason: 'address of the API, set by Kubernetes',
      unit: 'address',
    }),
  ),
  kubernetesPort: textSetting({
    env: 'KUBERNETES_SERVICE_PORT',
    reason: 'port of the API, set by Kubernetes',
    unit: 'port',
    pattern: /^\d{1,5}$/,
    fallback: '443',
  }),
  ...clickhouseSettings,
  valkeyUrl: optionalSetting(
    urlSetting({
      env: environmentNames.valkeyUrl,
      reason: 'address of one Valkey server, without a password',
      schemes: ['valkey', 'valkeys'],
    }),
  ),
  valkeySentinels: optionalSetting(
    listSetting({
      env: environmentNames.valkeySentinels,
      reason: 'addresses of the sentinels, in place of one server',
      of: hostPortSetting({ reason: 'a sentinel' }),
    }),
  ),
  valkeyPrimaryName: textSetting({
    env: environmentNames.valkeyPrimaryName,
    reason: 'name under which the sentinels watch the primary',
    unit: 'name',
    fallback: 'kubehero',
  }),
  valkeyPasswordFile: optionalSetting(
    pathSetting({ env: environmentNames.valkeyPasswordFile, reason: 'file with the password of Valkey' }),
  ),
  valkeyCaFile: optionalSetting(
    pathSetting({ env: environmentNames.valkeyCaFile, reason: 'CA bundle (PEM) for Valkey over TLS' }),
  ),
  caKeyFile: pathSetting({
    env: environmentNames.caKeyFile,
    reason: "file with 32 random bytes (base64) that seal the certificate authority's key",
  }),
  apiTokenFile: pathSetting({
    env: environmentNames.apiTokenFile,
    reason: 'file with the bearer token of the HTTP API',
  }),
  rawRetentionDays: integerSetting({
    env: environmentNames.rawRetentionDays,
    reason: 'days that single seconds are kept',
    unit: 'days',
    min: 1,
    max: 3650,
    fallback: 30,
  }),
  maxAheadSeconds: integerSetting({
    env: environmentNames.maxAheadSeconds,
    reason: "how far a node's clock may be ahead; seconds beyond it are refused as from the future",
    unit: 's',
    min: 0,
    max: 300,
    fallback: 10,
  }),
  currency: textSetting({
    env: environmentNames.currency,
    reason: 'reporting currency (ISO 4217)',
    unit: 'code',
    fallback: 'USD',
    pattern: /^[A-Z]{3}$/,
    allowed: 'give three capital letters',
  }),
  exchangeRates: listSetting({
    env: environmentNames.exchangeRates,
    reason: 'rates into the reporting currency, for prices in another one',
    of: textSetting({
      reason: 'rate',
      unit: 'CODE=RATE',
      pattern: /^[A-Z]{3}=(?!0+(?:\.0+)?$)\d{1,12}(?:\.\d{1,12})?$/,
      allowed: 'give units of the reporting currency for one unit, such as EUR=1.08',
    }),
    fallback: [],
  }),
  ...priceSettings,
  clickhouseStoragePolicy: optionalSetting(
    textSetting({
      env: environmentNames.clickhouseStoragePolicy,
      reason: "storage policy of the cost tables, with a volume 'cold'",
      unit: 'name',
      pattern: /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
      allowed: 'give a name of letters, digits and underscores',
    }),
  ),
  coldAfterDays: integerSetting({
    env: environmentNames.coldAfterDays,
    reason: 'days after which rows move to the cold volume, where there is a storage policy',
    unit: 'days',
    min: 1,
    max: 3650,
    fallback: 90,
  }),
  drainSeconds: decimalSetting({
    env: environmentNames.drainSeconds,
    reason: 'longest time that a stop may take',
    unit: 'seconds',
    min: 1,
    max: 3600,
    fallback: 20,
  }),
  logLevel: choiceSetting({
    env: environmentNames.logLevel,
    reason: 'which lines are logged',
    choices: logLevels,
    fallback: 'info',
  }),
};

/** Settings of `kubehero control-plane`. */
export type ControlPlaneSettings = SettingsOf<typeof controlPlaneSettings>;

/** Rates by currency code. */
export function toExchangeRates(rates: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(rates.map((rate) => rate.split('=', 2) as [string, string]));
}

/** URL with its password, and the CA, read from the mounted files. */
export async function toPostgresUrl(
  settings: SettingsOf<typeof postgresSettings>,
): Promise<{ url: string; caPem?: string }> {
  const url = await withPassword(settings.postgresUrl, settings.postgresPasswordFile);
  url.searchParams.delete('sslmode'); // TLS is decided by the CA file; the driver would read the mode its own way
  return { url: url.href, ...(await readPem(settings.postgresCaFile)) };
}

/** URL with user and password, and the CA, read from the mounted files. */
export async function toClickHouseUrl(
  settings: SettingsOf<typeof clickhouseSettings>,
): Promise<{ url: string; caPem?: string }> {
  const url = await withPassword(settings.clickhouseUrl, settings.clickhousePasswordFile);
  if (url.username === '') url.username = settings.clickhouseUser;
  return { url: url.href, ...(await readPem(settings.clickhouseCaFile)) };
}

/** Where rollups go that are seldom read; undefined where the server has no policy for it. */
export function toColdStorage(settings: ControlPlaneSettings): ColdStorage | undefined {
  const { clickhouseStoragePolicy: policy, coldAfterDays: afterDays } = settings;
  return policy === undefined ? undefined : { policy, afterDays };
}

async function withPassword(text: string, file: string | undefined): Promise<URL> {
  const url = new URL(text);
  if (file !== undefined) url.password = encodeURIComponent((await readFile(file, 'utf8')).trim());
  return url;
}

async function readPem(file: string | undefined): Promise<{ caPem?: string }> {
  return file === undefined ? {} : { caPem: await readFile(file, 'utf8') };
}

/** The bus that carries live seconds between replicas; within this process where no Valkey is named. */
export async function openBus(
  settings: ControlPlaneSettings,
  onFault: (error: Error) => void,
): Promise<LiveBus> {
  const { valkeyUrl, valkeySentinels, valkeyPrimaryName, valkeyPasswordFile } = settings;
  if (valkeyUrl === undefined && valkeySentinels === undefined) return inProcessBus({ onFault });
  const ca = await readPem(settings.valkeyCaFile);
  return connectValkey({
    onFault,
    ...(valkeySentinels === undefined ? {} : { sentinels: valkeySentinels, primaryName: valkeyPrimaryName }),
    ...(valkeyUrl === undefined ? {} : { url: valkeyUrl }),
    ...(valkeyPasswordFile === undefined
      ? {}
      : { password: (await readFile(valkeyPasswordFile, 'utf8')).trim() }),
    ...(ca.caPem === undefined ? {} : { tls: { caPem: ca.caPem } }),
  });
}
