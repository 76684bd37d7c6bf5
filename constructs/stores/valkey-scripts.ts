import { tlsFolder } from './tls.js';

/** Settings of the scripts; every name is a DNS name, so nothing needs quoting. */
export interface ValkeyScriptInput {
  /** Name under which the sentinels watch the primary. */
  readonly primaryName: string;
  /** Headless domain of the servers, and of the sentinels (absent: one server alone). */
  readonly serverDomain: string;
  readonly sentinelHosts: readonly string[];
  readonly firstServer: string;
  readonly quorum: number;
  readonly maxMemoryMib: number;
  /** Servers and sentinels speak TLS alone. */
  readonly encrypted: boolean;
}

const password = '/etc/kubehero/valkey/password';

/** The client, with the authority that servers are checked against. */
function client(encrypted: boolean): string {
  return encrypted ? `valkey-cli --tls --cacert ${tlsFolder}/ca.crt` : 'valkey-cli';
}

/** Where a server or sentinel listens. Peers show the same certificate; clients prove themselves by the password. */
function listener(port: number, encrypted: boolean): string {
  if (!encrypted) return `port ${port}`;
  return `port 0
tls-port ${port}
tls-cert-file ${tlsFolder}/tls.crt
tls-key-file ${tlsFolder}/tls.key
tls-ca-cert-file ${tlsFolder}/ca.crt
tls-auth-clients no
tls-replication yes
tls-protocols "TLSv1.2 TLSv1.3"`;
}

/** Neither servers nor sentinels notice a renewed certificate: a watcher beside them does, and runs `renewed`. */
function watcher(encrypted: boolean, renewed: string): string {
  if (!encrypted) return '';
  return `(
  seen=$(cksum < ${tlsFolder}/tls.crt)
  while sleep 60; do
    now=$(cksum < ${tlsFolder}/tls.crt)
    [ "$now" = "$seen" ] && continue
    ${renewed}
    seen="$now"
  done
) &
`;
}

/** Asks every sentinel who the primary is; the answer that most of them give, or nothing. */
function whoIsPrimary(input: ValkeyScriptInput): string {
  if (input.sentinelHosts.length === 0) return 'primary=""';
  return `primary=""
for sentinel in ${input.sentinelHosts.join(' ')}; do
  answer=$(timeout 3 ${client(input.encrypted)} -h "$sentinel" -p 26379 SENTINEL GET-MASTER-ADDR-BY-NAME ${input.primaryName} 2>/dev/null | head -n 1 || true)
  case "$answer" in
    *.${input.serverDomain}) primary="$answer"; break ;;
  esac
done`;
}

/** Starts one server: as a replica of whom the sentinels name; without an answer the first pod is the primary. */
export function serverStart(input: ValkeyScriptInput): string {
  const alone = input.sentinelHosts.length === 0;
  return `#!/bin/sh
set -eu
REDISCLI_AUTH=$(cat ${password})
export REDISCLI_AUTH
self="$POD_NAME.${input.serverDomain}"
${whoIsPrimary(input)}
[ -n "$primary" ] || primary="${input.firstServer}"
umask 077
cat > /data/valkey.conf <<CONFIG
${listener(6379, input.encrypted)}
bind * -::*
dir /data
appendonly yes
maxmemory ${input.maxMemoryMib}mb
maxmemory-policy allkeys-lru
requirepass $REDISCLI_AUTH
primaryauth $REDISCLI_AUTH
replica-announce-ip $self
replica-announce-port 6379
${alone ? '' : 'min-replicas-to-write 1\nmin-replicas-max-lag 10\n'}CONFIG
if [ "$primary" != "$self" ]; then
  echo "replicaof $primary 6379" >> /data/valkey.conf
fi
${watcher(input.encrypted, `REDISCLI_AUTH=$(cat ${password}) ${client(true)} -e -p 6379 CONFIG SET tls-cert-file ${tlsFolder}/tls.crt tls-key-file ${tlsFolder}/tls.key tls-ca-cert-file ${tlsFolder}/ca.crt || continue`)}unset REDISCLI_AUTH
exec valkey-server /data/valkey.conf
`;
}

/** Before a primary stops, the sentinels hand its role to a replica; gives up after ten seconds. */
export function serverStop(input: ValkeyScriptInput): string {
  return `#!/bin/sh
REDISCLI_AUTH=$(cat ${password})
export REDISCLI_AUTH
tries=0
while [ "$tries" -lt 10 ]; do
  role=$(timeout 2 ${client(input.encrypted)} ROLE 2>/dev/null | head -n 1)
  [ "$role" = master ] || exit 0
  if [ "$tries" -eq 0 ]; then
    for sentinel in ${input.sentinelHosts.join(' ')}; do
      timeout 3 ${client(input.encrypted)} -h "$sentinel" -p 26379 SENTINEL FAILOVER ${input.primaryName} && break
    done
  fi
  tries=$((tries + 1))
  sleep 1
done
exit 0
`;
}

/** Starts one sentinel: watches whom its peers watch; without an answer the first server. */
export function sentinelStart(input: ValkeyScriptInput, sentinelDomain: string): string {
  return `#!/bin/sh
set -eu
REDISCLI_AUTH=$(cat ${password})
export REDISCLI_AUTH
self="$POD_NAME.${sentinelDomain}"
${whoIsPrimary(input)}
[ -n "$primary" ] || primary="${input.firstServer}"
umask 077
cat > /data/sentinel.conf <<CONFIG
${listener(26379, input.encrypted)}
bind * -::*
dir /data
requirepass $REDISCLI_AUTH
sentinel sentinel-pass $REDISCLI_AUTH
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $self
sentinel monitor ${input.primaryName} $primary 6379 ${input.quorum}
sentinel auth-pass ${input.primaryName} $REDISCLI_AUTH
sentinel down-after-milliseconds ${input.primaryName} 5000
sentinel failover-timeout ${input.primaryName} 15000
sentinel parallel-syncs ${input.primaryName} 1
CONFIG
${watcher(input.encrypted, 'sleep $((${POD_NAME##*-} * 120)); kill -TERM $$')}unset REDISCLI_AUTH
exec valkey-sentinel /data/sentinel.conf
`;
}

/** Readiness: answers PING with the right password. */
export function pingCommand(port: number, encrypted: boolean): string[] {
  const ping = `timeout 2 ${client(encrypted)} -p ${port} PING`;
  return ['sh', '-c', `REDISCLI_AUTH=$(cat ${password}) ${ping} | grep -q PONG`];
}
