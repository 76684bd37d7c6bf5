import { connectValkey } from '@kubehero/store-valkey';
import { Testing } from 'cdk8s';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestObject } from './cluster/apply.js';
import { makeHub } from './manifests/hub.js';
import { makeTestAuthority } from './test-authority.js';
import { killGroup, writeValkeyNames } from './valkey-scripts.js';
import { waitUntil } from './wait-until.js';

/**
 * Three encrypted Valkey servers and three sentinels, started by the scripts of the manifests under the names and ports of the
 * cluster; the first primary is killed and started again. Prints what the product's bus saw of it, as one line of JSON.
 * To be run in network and mount namespaces of its own, in which it gives each pod an address and a name.
 *
 * `unshare -m -n -p --fork --kill-child node dist/js/test/support/valkey-ensemble-main.js FOLDER`
 */
const [, , dir = ''] = process.argv;
const password = 'a-password-of-tests';
const objects = makeHub({ valkey: { tls: { issuerRef: { name: 'ca' } } } }).app.charts.flatMap(
  (chart) => Testing.synth(chart) as ManifestObject[],
);
const statefulSets = ['kubehero-valkey', 'kubehero-valkey-sentinel'];
const pods = statefulSets.flatMap((set, i) =>
  [0, 1, 2].map((n) => ({
    set,
    name: `${set}-${n}`,
    host: `${set}-${n}.${set}.valkey.svc.cluster.local`,
    address: `127.0.${i + 1}.${n + 1}`,
  })),
);
type Pod = (typeof pods)[number];
const env = { PATH: `${dir}:${process.env['PATH'] ?? ''}` };
const running = new Map<string, ChildProcess>();

function startPod(pod: Pod): void {
  const data = join(dir, pod.name);
  mkdirSync(data, { recursive: true });
  const config = objects.find((o) => o.kind === 'ConfigMap' && o.metadata.name === pod.set);
  const script = (config as unknown as { data: Record<string, string> }).data['start.sh'] ?? '';
  const file = join(dir, `${pod.name}.sh`);
  // Folders of this machine, and of all its addresses the pod's own; everything else is as the manifest has it
  writeFileSync(
    file,
    script
      .replaceAll('/etc/kubehero', dir)
      .replaceAll('/data', data)
      .replaceAll('bind * -::*', `bind ${pod.address}`),
  );
  const child = spawn('/bin/sh', [file], {
    env: { ...env, POD_NAME: pod.name },
    stdio: 'ignore',
    detached: true,
  });
  running.set(pod.host, child);
}

/** What a server or sentinel answers, line by line; nothing where it does not. */
function ask(host: string, port: number, ...command: string[]): string[] {
  const args = ['--tls', '--cacert', join(dir, 'tls/ca.crt'), '-h', host, '-p', String(port), ...command];
  try {
    const options = { env: { ...env, REDISCLI_AUTH: password }, encoding: 'utf8', timeout: 5000 } as const;
    return execFileSync(join(dir, 'valkey-cli'), args, {
      ...options,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split(/\r?\n/);
  } catch {
    return [];
  }
}

async function prepare(): Promise<string> {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  writeFileSync(
    join(dir, 'hosts'),
    ['127.0.0.1 localhost', ...pods.map(({ address, host }) => `${address} ${host}`), ''].join('\n'),
  );
  execFileSync('mount', ['--bind', join(dir, 'hosts'), '/etc/hosts']);
  writeValkeyNames(dir);
  const certificate = objects.find((o) => o.kind === 'Certificate' && o.metadata.namespace === 'valkey');
  const { dnsNames } = certificate?.['spec'] as { dnsNames: string[] };
  const { authority } = await makeTestAuthority();
  const issued = await authority.issueServer(dnsNames);
  for (const folder of ['tls', 'valkey']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'valkey/password'), password);
  writeFileSync(join(dir, 'tls/tls.key'), issued.privateKeyPem);
  writeFileSync(join(dir, 'tls/tls.crt'), issued.certificateChainPem);
  writeFileSync(join(dir, 'tls/ca.crt'), authority.caBundlePem);
  return authority.caBundlePem;
}

/** Sentinels look for replicas every ten seconds, and elect none that they do not know or that never had the data. */
function isComplete(): boolean {
  const replicas = servers.slice(1).map(({ host }) => ask(host, 6379, 'INFO', 'replication'));
  const known = sentinels.map(({ host }) => {
    const quorum = ask(host, 26379, 'SENTINEL', 'CKQUORUM', 'kubehero')[0] ?? '';
    const facts = ask(host, 26379, 'SENTINEL', 'MASTER', 'kubehero');
    return quorum.startsWith('OK 3 ') && facts[facts.indexOf('num-slaves') + 1] === '2';
  });
  return known.every(Boolean) && replicas.every((lines) => lines.includes('master_link_status:up'));
}

const servers = pods.filter(({ set }) => set === 'kubehero-valkey');
const sentinels = pods.filter(({ set }) => set !== 'kubehero-valkey');
const caPem = await prepare();
for (const pod of pods) startPod(pod);
const seen: string[] = [];
const bus = connectValkey({
  sentinels: sentinels.map(({ host }) => ({ host, port: 26379 })),
  primaryName: 'kubehero',
  password,
  tls: { caPem },
  onFault: () => undefined,
  onConnected: (primary) => seen.push(primary),
});
/** Sentinels that all vote for themselves, which happens on a busy machine, try again after twice their failover-timeout. */
const PATIENCE_MS = 100_000;
const got = new Set<string>();
const arrives = (message: string): Promise<void> =>
  waitUntil(
    `'${message}' arrived`,
    () => {
      bus.publish('ticks', message);
      return got.has(message);
    },
    PATIENCE_MS,
  );
try {
  await waitUntil(
    'every sentinel knows the others and both replicas, which are up to date',
    isComplete,
    60_000,
  );
  await bus.subscribe('ticks', (message) => got.add(Buffer.from(message).toString()));
  await arrives('before');
  const [first] = servers as [Pod];
  const child = running.get(first.host);
  const killedAt = performance.now();
  if (child) killGroup(child);
  await arrives('after');
  const outageMs = Math.round(performance.now() - killedAt);
  let cached: string | undefined;
  // A primary without a replica takes no writes, so the cache is back only when one has joined it
  await waitUntil(
    'the cache is back',
    async () => {
      await bus.cacheSet('key', 'value', 60_000);
      cached = await bus.cacheGet('key');
      return cached !== undefined;
    },
    PATIENCE_MS,
  );
  startPod(first);
  const primary = bus.health().primary ?? '';
  await waitUntil(
    'the first server is a replica of the new primary',
    () => {
      const role = ask(first.host, 6379, 'ROLE');
      return role[0] === 'slave' && role[1] === primary.replace(/:\d+$/, '') && role[3] === 'connected';
    },
    60_000,
  );
  const masters = servers
    .filter(({ host }) => ask(host, 6379, 'ROLE')[0] === 'master')
    .map(({ host }) => host);
  process.stdout.write(`${JSON.stringify({ seen, outageMs, cached, masters })}\n`);
} finally {
  await bus.close();
  for (const each of running.values()) killGroup(each);
}
