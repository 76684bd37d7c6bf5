import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  connectPostgres,
  sql,
  startEmbeddedPostgres,
  type EmbeddedPostgresServer,
} from '@kubehero/store-postgres';
import { execFileSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Applier } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { established } from '../support/cluster/installation.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { findFreePort } from '../support/free-port.js';
import {
  objectsOf,
  type PodTemplate,
  podTemplatesOf,
  synthesize,
  repository,
} from '../support/manifests/examples.js';
import { builtDashboard, describeWith, root, valkeyServer } from '../support/requirements.js';
import { environmentOf, specOf } from '../support/sandbox/pod.js';
import {
  checkoutPath,
  type Contents,
  kernelNamespaces,
  podAddress,
  type RunningContainer,
  Sandbox,
} from '../support/sandbox/sandbox.js';
import { startFront, stopChild } from '../support/stack.js';
import { TestValkey } from '../support/valkey-server.js';
import { waitUntil } from '../support/wait-until.js';

const system = 'kubehero-system';
const kubehero = [process.execPath, join(checkoutPath, 'services/cli/bin/kubehero.js')];
const entrypoints: Readonly<Record<string, readonly string[]>> = {
  'Deployment/kubehero-dashboard': [
    process.execPath,
    join(checkoutPath, 'dist/js/services/dashboard/server/main.js'),
  ],
};
const objects = objectsOf(synthesize('small-cluster'));
const templates = podTemplatesOf(objects);
/** Every DNS name in the manifests that ends inside of the cluster. */
const hosts = [...new Set(JSON.stringify(objects).match(/[a-z0-9.-]+\.svc\.cluster\.local/g))];
/** What the API server needs to know before anything is started. */
const kinds = [
  'Namespace',
  'CustomResourceDefinition',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'Service',
  'ConfigMap',
];

describeWith(
  [root, kernelNamespaces, clusterBinaries('etcd', 'kube-apiserver'), valkeyServer, builtDashboard],
  'the programs, each under the conditions of its manifest',
  () => {
    let dir: string;
    let cluster: Cluster;
    let postgres: EmbeddedPostgresServer;
    let clickhouse: { child: ChildProcess; url: string };
    let valkey: TestValkey;
    let sandbox: Sandbox;
    let contents: Record<string, Record<string, string>>;
    const running = new Map<string, RunningContainer>();

    const templateOf = (owner: string): PodTemplate => {
      const template = templates.find((each) => each.owner === owner);
      if (!template) throw new Error(`no ${owner}`);
      return template;
    };
    const secretsOf = async (namespace: string): Promise<Contents> => {
      const { body } = await cluster.call({ path: `/api/v1/namespaces/${namespace}/secrets` });
      const items = body['items'] as { metadata: { name: string }; data?: Record<string, string> }[];
      return Object.fromEntries(
        items.map(({ metadata, data = {} }) => [
          metadata.name,
          Object.fromEntries(
            Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
          ),
        ]),
      );
    };
    const accountOf = async (namespace: string, name: string): Promise<Record<string, string>> => {
      const { body } = await cluster.call({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: 3600 },
        },
      });
      return { token: (body['status'] as { token: string }).token, 'ca.crt': cluster.ca, namespace };
    };
    const start = async (owner: string): Promise<RunningContainer> => {
      const template = templateOf(owner);
      const spec = specOf(template);
      const [container] = spec.containers;
      if (!container) throw new Error(`${owner} has no container`);
      const name = owner.split('/')[1] ?? '';
      const fields = {
        'metadata.name': `${name}-0`,
        'metadata.namespace': template.namespace,
        'status.podIP': podAddress,
        'spec.nodeName': 'node-1',
      };
      const api = new URL(cluster.url);
      const env = {
        ...environmentOf(container, fields),
        HOSTNAME: `${name}-0`,
        KUBERNETES_SERVICE_HOST: api.hostname,
        KUBERNETES_SERVICE_PORT: '6443',
      };
      const account = spec.automountServiceAccountToken
        ? { account: await accountOf(template.namespace, spec.serviceAccountName) }
        : {};
      const started = sandbox.run({
        spec,
        entrypoint: entrypoints[owner] ?? kubehero,
        env,
        contents,
        ...account,
      });
      running.set(owner, started);
      return started;
    };
    const untilProbed = async (owner: string): Promise<void> => {
      const started = await start(owner);
      const [container] = specOf(templateOf(owner)).containers;
      try {
        for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const)
          await sandbox.untilProbe(`${owner} ${probe}`, container?.[probe]);
      } catch (cause) {
        throw new Error(`${String(cause)}: ${started.log().slice(-2000)}`, { cause });
      }
    };

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'kubehero-programs-'));
      cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
      const applier = new Applier(cluster);
      for (const kind of kinds) {
        for (const object of objects.filter((each) => each.kind === kind))
          await applier.apply(object, { dryRun: false });
        if (kind === 'CustomResourceDefinition') await established(cluster);
      }
      await cluster.call({
        method: 'POST',
        path: '/api/v1/nodes',
        body: {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: 'node-1' },
          spec: { providerID: 'kind://node-1' },
        },
      });
      const kubeconfig = cluster.writeKubeconfig('programs.kubeconfig', cluster.adminToken);
      execFileSync(process.execPath, [
        join(repository, 'services/cli/bin/kubehero.js'),
        ...['secrets', 'create', '--kubeconfig', kubeconfig],
      ]);
      contents = { ...(await secretsOf(system)) } as typeof contents;
      postgres = await startPostgres(dir, await secretsOf('cnpg-system'));
      clickhouse = await startFront(join(dir, 'clickhouse'));
      valkey = await TestValkey.start({ password: contents['kubehero-valkey']?.['password'] ?? '' });
      const portOf = (url: string): number => Number(new URL(url).port);
      sandbox = await Sandbox.start({
        hosts,
        services: {
          5432: portOf(postgres.url),
          8123: portOf(clickhouse.url),
          6379: valkey.port,
          6443: portOf(cluster.url),
        },
        called: [9400, 9410, 9420, 9430, 9480],
      });
    }, 180_000);
    afterAll(async () => {
      await sandbox.stop();
      await valkey.stop();
      await stopChild(clickhouse.child);
      await postgres.stop();
      await cluster.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    it('the conditions are what they are meant to be: the user, no way to write, no capability', async () => {
      const { spec } = templateOf('Job/kubehero-db-migrate');
      const [container] = specOf(templateOf('Job/kubehero-db-migrate')).containers;
      const script =
        'id -u; id -g; touch /x 2>&1; touch /etc/kubehero/postgres/x 2>&1; touch /tmp/x && echo wrote; ls -ln /etc/kubehero/postgres | tail -1; grep CapEff /proc/self/status; ls /var/run/secrets 2>&1';
      const probe = sandbox.run({
        spec: {
          ...specOf({ ...templateOf('Job/kubehero-db-migrate'), spec }),
          containers: [{ ...container, args: ['-c', script] } as never],
        },
        entrypoint: ['/bin/sh'],
        env: {},
        contents,
      });
      await probe.exited;
      const lines = probe.log().trim().split('\n');
      expect(lines.slice(0, 2)).toEqual(['65532', '65532']);
      expect(probe.log().match(/Read-only file system/g)).toHaveLength(2);
      expect(lines).toContain('wrote');
      expect(probe.log()).toMatch(/-r--r----- 1 0 65532 43 .* password/);
      expect(probe.log()).toMatch(/CapEff:\s+0000000000000000/);
      expect(probe.log()).toContain("cannot access '/var/run/secrets'");
    });

    it('the migration brings the schema up to date and ends', async () => {
      const job = await start('Job/kubehero-db-migrate');
      expect({ status: await job.exited, log: job.log() }).toMatchObject({ status: 0 });
      expect(job.log()).toContain('applied');
    }, 60_000);

    it('the control plane passes its probes, leads, and writes the endpoint of its Service', async () => {
      await untilProbed('Deployment/kubehero-control-plane');
      const path = `/apis/discovery.k8s.io/v1/namespaces/${system}/endpointslices/kubehero-control-plane-leader`;
      await waitUntil(
        'the leader writes its endpoint',
        async () => (await cluster.call({ path })).status === 200,
      );
    }, 120_000);

    it('registers a cluster by the token that the Secret holds', async () => {
      const answer = await sandbox.call(9400, '/kubehero.admin.v1.ClusterService/AddCluster', {
        token: contents['kubehero-api']?.['token'] ?? '',
        json: { name: 'hub' },
      });
      expect(answer?.status).toBe(200);
      const {
        certificatePem = '',
        privateKeyPem = '',
        caBundlePem = '',
      } = JSON.parse(answer?.text ?? '{}') as Record<string, string>;
      contents['kubehero-cluster-certificate'] = { 'tls.crt': certificatePem, 'tls.key': privateKeyPem };
      contents['kubehero-cluster-cert'] = {
        'ca.crt': caBundlePem,
        endpoint: `kubehero-control-plane.${system}.svc.cluster.local:9443\n`,
      };
    });

    it.each([
      'Deployment/kubehero-operator',
      'DaemonSet/kubehero-collector',
      'Deployment/kubehero-pricing-engine',
      'Deployment/kubehero-dashboard',
    ])(
      '%s passes its probes',
      async (owner) => {
        await untilProbed(owner);
      },
      180_000,
    );

    it('the refresh of prices runs to its end', async () => {
      const job = await start('CronJob/kubehero-pricing-engine');
      expect({ status: await job.exited, log: job.log() }).toMatchObject({ status: 0 });
    }, 120_000);

    it.each([
      'Deployment/kubehero-dashboard',
      'Deployment/kubehero-pricing-engine',
      'DaemonSet/kubehero-collector',
      'Deployment/kubehero-operator',
      'Deployment/kubehero-control-plane',
    ])(
      '%s ends with 0 within its grace period',
      async (owner) => {
        const started = running.get(owner);
        const graceMs = specOf(templateOf(owner)).terminationGracePeriodSeconds * 1000;
        const startedAt = performance.now();
        started?.terminate();
        expect({ status: await started?.exited, log: started?.log().slice(-1500) }).toMatchObject({
          status: 0,
        });
        // A container without a shell has no preStop command: the kubelet waits 8 s of the grace period before SIGTERM
        expect(performance.now() - startedAt).toBeLessThan(graceMs - 8000);
      },
      120_000,
    );
  },
);

/** A server with the user, the password and the certificate that the Secrets of an installation say. */
async function startPostgres(dir: string, secrets: Contents): Promise<EmbeddedPostgresServer> {
  const directory = join(dir, 'postgres');
  const server = await startEmbeddedPostgres({ directory, port: await findFreePort(), log: () => undefined });
  const owner = statSync(join(directory, 'data'));
  for (const [key, file] of [
    ['tls.crt', 'server.crt'],
    ['tls.key', 'server.key'],
  ] as const) {
    const path = join(directory, 'data', file);
    writeFileSync(path, secrets['kubehero-postgres-server']?.[key] ?? '', { mode: 0o600 });
    chownSync(path, owner.uid, owner.gid);
  }
  const db = connectPostgres({ url: server.url, onIdleError: () => undefined });
  await sql`ALTER SYSTEM SET ssl = on`.execute(db);
  await sql`SELECT pg_reload_conf()`.execute(db);
  await sql
    .raw(`ALTER USER kubehero PASSWORD '${secrets['kubehero-postgres-app']?.['password'] ?? ''}'`)
    .execute(db);
  await db.destroy();
  return server;
}
