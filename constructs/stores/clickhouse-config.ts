import { httpUrlOf, type S3Location } from './s3.js';
import { tlsFolder } from './tls.js';

/** Environment that the servers' S3 configuration reads; filled from a Secret by the pod template. */
export const s3Environment = {
  coldKey: 'KUBEHERO_COLD_ACCESS_KEY_ID',
  coldSecret: 'KUBEHERO_COLD_SECRET_ACCESS_KEY',
  backupKey: 'KUBEHERO_BACKUP_ACCESS_KEY_ID',
  backupSecret: 'KUBEHERO_BACKUP_SECRET_ACCESS_KEY',
} as const;

/** Name of the storage policy of tables that move to S3. */
export const storagePolicy = 'hot_cold';

/** Name of the collection that `BACKUP … TO S3(kubehero_backup, …)` names, so that no key stands in SQL. */
export const backupCollection = 'kubehero_backup';

function credentials(location: S3Location, key: string, secret: string): string {
  if (!location.credentials) return '<use_environment_credentials>1</use_environment_credentials>';
  return `<access_key_id from_env="${key}"/><secret_access_key from_env="${secret}"/>`;
}

/** Disks and policy: everything on the local disk until it moves to S3 behind a cache; each replica has its own folder.
 * The first volume is called as in the policy that tables have by themselves, else an existing table could not take this one. */
export function storageXml(location: S3Location, cacheSize: string): string {
  return `<clickhouse>
  <storage_configuration>
    <disks>
      <s3>
        <type>s3</type>
        <endpoint>${httpUrlOf(location)}{installation}/{shard}/{replica}/</endpoint>
        <region>${location.region ?? 'us-east-1'}</region>
        ${credentials(location, s3Environment.coldKey, s3Environment.coldSecret)}
      </s3>
      <cold>
        <type>cache</type>
        <disk>s3</disk>
        <path>/var/lib/clickhouse/caches/s3/</path>
        <max_size>${cacheSize}</max_size>
      </cold>
    </disks>
    <policies>
      <${storagePolicy}>
        <volumes>
          <default><disk>default</disk></default>
          <cold><disk>cold</disk><perform_ttl_move_on_insert>0</perform_ttl_move_on_insert></cold>
        </volumes>
      </${storagePolicy}>
    </policies>
  </storage_configuration>
</clickhouse>
`;
}

/** The backup bucket as a named collection. */
export function backupXml(location: S3Location): string {
  return `<clickhouse>
  <named_collections>
    <${backupCollection}>
      <url>${httpUrlOf(location)}</url>
      ${credentials(location, s3Environment.backupKey, s3Environment.backupSecret)}
    </${backupCollection}>
  </named_collections>
</clickhouse>
`;
}

/** Ports of the servers, by whether they are encrypted: queries over HTTP, the native protocol between servers. */
export function clickhousePorts(encrypted: boolean): { readonly http: number; readonly native: number } {
  return encrypted ? { http: 8443, native: 9440 } : { http: 8123, native: 9000 };
}

/** Port of the keepers for clients. */
export function keeperPort(encrypted: boolean): number {
  return encrypted ? 9281 : 2181;
}

/** Listeners with TLS in the place of those without; `_removed_` is the operator's word for a setting that is to go. */
export const tlsSettings: Readonly<Record<string, string>> = {
  https_port: '8443',
  http_port: '_removed_',
  tcp_port_secure: '9440',
  tcp_port: '_removed_',
  interserver_https_port: '9009',
  interserver_http_port: '_removed_',
};

/**
 * Certificate of the server, and what it trusts when it calls others of its kind: its own authority beside the public ones,
 * because S3 is called by the same client. Files that change are read again while the server runs.
 */
const openSsl = `<openSSL>
    <server>
      <certificateFile>${tlsFolder}/tls.crt</certificateFile>
      <privateKeyFile>${tlsFolder}/tls.key</privateKeyFile>
      <caConfig>${tlsFolder}/ca.crt</caConfig>
      <verificationMode>none</verificationMode>
      <disableProtocols>sslv2,sslv3,tlsv1,tlsv1_1</disableProtocols>
      <preferServerCiphers>true</preferServerCiphers>
    </server>
    <client>
      <caConfig>${tlsFolder}/ca.crt</caConfig>
      <loadDefaultCAFile>true</loadDefaultCAFile>
      <verificationMode>strict</verificationMode>
      <disableProtocols>sslv2,sslv3,tlsv1,tlsv1_1</disableProtocols>
      <invalidCertificateHandler><name>RejectCertificateHandler</name></invalidCertificateHandler>
    </client>
  </openSSL>`;

/** {@link openSsl} as a file of the servers. */
export const tlsXml = `<clickhouse>
  ${openSsl}
</clickhouse>
`;

/** Configuration of one keeper of an ensemble; the id comes from the pod's ordinal. */
export function keeperXml(hosts: readonly string[], encrypted: boolean): string {
  const servers = hosts
    .map(
      (host, i) => `        <server><id>${i + 1}</id><hostname>${host}</hostname><port>9444</port></server>`,
    )
    .join('\n');
  return `<clickhouse>
  <logger><level>information</level><console>1</console></logger>
  <listen_host>0.0.0.0</listen_host>
  <max_connections>4096</max_connections>
  <keeper_server>
    ${encrypted ? `<tcp_port_secure>${keeperPort(true)}</tcp_port_secure>` : `<tcp_port>${keeperPort(false)}</tcp_port>`}
    <server_id from_env="KEEPER_ID"/>
    <log_storage_path>/var/lib/clickhouse-keeper/log</log_storage_path>
    <snapshot_storage_path>/var/lib/clickhouse-keeper/snapshots</snapshot_storage_path>
    <enable_reconfiguration>false</enable_reconfiguration>
    <coordination_settings>
      <operation_timeout_ms>10000</operation_timeout_ms>
      <session_timeout_ms>30000</session_timeout_ms>
      <raft_logs_level>warning</raft_logs_level>
    </coordination_settings>
    <http_control><port>9182</port><readiness><endpoint>/ready</endpoint></readiness></http_control>
    <raft_configuration>
${encrypted ? '        <secure>true</secure>\n' : ''}${servers}
    </raft_configuration>
  </keeper_server>
${encrypted ? `  ${openSsl}\n` : ''}  <prometheus><endpoint>/metrics</endpoint><port>7000</port><metrics>true</metrics><events>true</events><asynchronous_metrics>true</asynchronous_metrics></prometheus>
</clickhouse>
`;
}
