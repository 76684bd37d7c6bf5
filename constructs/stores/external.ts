import { environmentNames, mountPaths } from '@kubehero/contract';
import { cidrs } from '../policy/flows.js';
import type { ClickHouseProps } from './clickhouse.js';
import { type ExternalServer, postgresAccess, type StoreAccess } from './connection.js';
import type { PostgresProps } from './postgres.js';
import type { ValkeyProps } from './valkey.js';

type External<T> = Extract<T, { readonly mode: 'external' }>;

/** Access to a PostgreSQL that exists. */
export function externalPostgres(props: External<PostgresProps>): StoreAccess {
  return postgresAccess({
    host: props.host,
    port: props.port,
    user: props.user ?? 'kubehero',
    database: props.database ?? 'kubehero',
    secret: props.existingSecret,
    caSecret: props.caSecret,
    tls: props.tls ?? 'verify',
    peer: cidrs(...props.cidrs),
  });
}

/** Access to a ClickHouse that exists. */
export function externalClickHouse(props: External<ClickHouseProps>): StoreAccess {
  const tls = (props.tls ?? 'verify') === 'verify';
  const ca = caOf(props, mountPaths.clickhouse);
  return {
    env: {
      [environmentNames.clickhouseUrl]: `${tls ? 'https' : 'http'}://${props.host}:${props.port}`,
      [environmentNames.clickhouseUser]: props.user ?? 'kubehero',
      [environmentNames.clickhouseDatabase]: 'kubehero',
      [environmentNames.clickhousePasswordFile]: `${mountPaths.clickhouse}/password`,
      ...(props.cluster ? { [environmentNames.clickhouseCluster]: props.cluster } : {}),
      ...(ca.file ? { [environmentNames.clickhouseCaFile]: ca.file } : {}),
    },
    mounts: [passwordMount(props, mountPaths.clickhouse), ...ca.mounts],
    peers: [{ peer: cidrs(...props.cidrs), ports: [props.port] }],
  };
}

/** Access to a Valkey that exists, by its sentinels or as one server. */
export function externalValkey(props: External<ValkeyProps>): StoreAccess {
  const tls = (props.tls ?? 'verify') === 'verify';
  const ca = caOf(props, mountPaths.valkey);
  const sentinels = props.sentinels ?? [];
  const sentinelPorts = sentinels
    .map((address) => Number(address.split(':').pop()))
    .filter((port) => Number.isInteger(port));
  return {
    env: {
      ...(sentinels.length > 0
        ? {
            [environmentNames.valkeySentinels]: sentinels.join(','),
            [environmentNames.valkeyPrimaryName]: props.primaryName ?? 'kubehero',
          }
        : { [environmentNames.valkeyUrl]: `${tls ? 'valkeys' : 'valkey'}://${props.host}:${props.port}` }),
      [environmentNames.valkeyPasswordFile]: `${mountPaths.valkey}/password`,
      ...(ca.file ? { [environmentNames.valkeyCaFile]: ca.file } : {}),
    },
    mounts: [passwordMount(props, mountPaths.valkey), ...ca.mounts],
    peers: [{ peer: cidrs(...props.cidrs), ports: [...new Set([props.port, ...sentinelPorts])] }],
  };
}

function passwordMount(server: ExternalServer, path: string): StoreAccess['mounts'][number] {
  return {
    path,
    secret: server.existingSecret.name,
    items: { password: server.existingSecret.passwordKey ?? 'password' },
  };
}

function caOf(
  server: ExternalServer,
  path: string,
): { file: string | undefined; mounts: StoreAccess['mounts'] } {
  if (!server.caSecret || server.tls === 'disable') return { file: undefined, mounts: [] };
  return {
    file: `${path}-ca/ca.crt`,
    mounts: [{ path: `${path}-ca`, secret: server.caSecret, items: { 'ca.crt': 'ca.crt' } }],
  };
}
