import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { secretCatalogue, type SecretSpec } from '@kubehero/contract';
import { spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { Applier } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { objectsOf, repository, synthesize } from '../support/manifests/examples.js';
import { describeWith } from '../support/requirements.js';

interface Outcome {
  readonly name: string;
  readonly namespace: string;
  readonly action: string;
}

describeWith(
  [clusterBinaries('etcd', 'kube-apiserver')],
  'kubehero secrets create, on a real API server',
  () => {
    let cluster: Cluster;
    let kubeconfig: string;
    const create = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(
        process.execPath,
        [
          join(repository, 'services/cli/bin/kubehero.js'),
          'secrets',
          'create',
          '--kubeconfig',
          kubeconfig,
          ...args,
        ],
        { encoding: 'utf8', timeout: 60_000 },
      );
    const outcomes = (...args: string[]): Outcome[] =>
      (JSON.parse(create('--output', 'json', ...args).stdout) as { secrets: Outcome[] }).secrets;
    const read = async (namespace: string, name: string): Promise<Record<string, string>> => {
      const { body } = await cluster.call({ path: `/api/v1/namespaces/${namespace}/secrets/${name}` });
      return Object.fromEntries(
        Object.entries((body['data'] ?? {}) as Record<string, string>).map(([key, value]) => [
          key,
          Buffer.from(value, 'base64').toString('utf8'),
        ]),
      );
    };

    beforeAll(async () => {
      cluster = await Cluster.start({ binaries: clusterBinariesDir('etcd', 'kube-apiserver') });
      kubeconfig = cluster.writeKubeconfig('secrets.kubeconfig', cluster.adminToken);
    }, 90_000);
    afterAll(() => cluster.stop());

    it('names every namespace that is missing, and makes nothing', () => {
      const result = create();
      expect(result.status).toBe(1);
      expect(result.stderr).toContain(
        'clickhouse-system, cnpg-system, kubehero-collector, kubehero-system, valkey',
      );
    });

    it('makes nothing in a dry run', async () => {
      const applier = new Applier(cluster);
      for (const object of objectsOf(synthesize('reference')).filter(({ kind }) => kind === 'Namespace'))
        expect(await applier.apply(object, { dryRun: false })).toEqual([]);
      expect(new Set(outcomes('--dry-run').map(({ action }) => action))).toEqual(
        new Set(['created', 'waiting']),
      );
      expect(await read('kubehero-system', 'kubehero-api')).toEqual({});
    });

    it('makes each Secret that manifests name, in each namespace, and a second run changes nothing', async () => {
      const waiting = secretCatalogue.clusterCertificate.name;
      for (const { name, action } of outcomes())
        expect([name, action]).toEqual([name, name === waiting ? 'waiting' : 'created']);
      const { password = '', 'password-sha256-hex': hash } = await read(
        'clickhouse-system',
        'kubehero-clickhouse',
      );
      expect(password).toMatch(/^[A-Za-z0-9]{43}$/);
      expect(hash).toBe(createHash('sha256').update(password).digest('hex'));
      expect(await read('kubehero-system', 'kubehero-clickhouse')).toMatchObject({ password });
      const keys = await read('kubehero-system', 'kubehero-control-plane-keys');
      expect(Buffer.from(keys['ca-key'] ?? '', 'base64')).toHaveLength(32);
      expect(new Set(outcomes().map(({ action }) => action))).toEqual(new Set(['unchanged', 'waiting']));
      expect(await read('clickhouse-system', 'kubehero-clickhouse')).toMatchObject({ password });
    });

    it('issues a certificate for PostgreSQL under the authority that its clients get', async () => {
      const { 'ca.crt': authority = '' } = await read('kubehero-system', 'kubehero-postgres-ca');
      const { 'tls.crt': leaf = '' } = await read('cnpg-system', 'kubehero-postgres-server');
      const certificate = new X509Certificate(leaf);
      expect(certificate.verify(new X509Certificate(authority).publicKey)).toBe(true);
      expect(certificate.checkHost('kubehero-postgres-rw.cnpg-system.svc.cluster.local')).toBeDefined();
      expect(certificate.checkHost('kubehero-postgres-rw')).toBeDefined();
    });

    it('issues certificates for the servers of ClickHouse and Valkey by the names of their pods', async () => {
      const names = {
        'clickhouse-system/kubehero-clickhouse': [
          'clickhouse-kubehero.clickhouse-system.svc.cluster.local',
          'chi-kubehero-kubehero-2-1.clickhouse-system.svc.cluster.local',
          'kubehero-keeper-2.kubehero-keeper.clickhouse-system.svc.cluster.local',
        ],
        'valkey/kubehero-valkey': [
          'kubehero-valkey-0.kubehero-valkey.valkey.svc.cluster.local',
          'kubehero-valkey-sentinel-2.kubehero-valkey-sentinel.valkey.svc.cluster.local',
        ],
      };
      for (const [place, hosts] of Object.entries(names)) {
        const [namespace = '', name = ''] = place.split('/');
        const { 'ca.crt': authority = '' } = await read('kubehero-system', `${name}-ca`);
        const { 'ca.crt': beside, 'tls.crt': leaf = '' } = await read(namespace, `${name}-server`);
        expect(beside).toBe(authority);
        const certificate = new X509Certificate(leaf);
        expect(certificate.verify(new X509Certificate(authority).publicKey)).toBe(true);
        for (const host of hosts) expect(certificate.checkHost(host)).toBeDefined();
        expect(certificate.checkHost('example.com')).toBeUndefined();
      }
    });

    it('gives a namespace that lost its Secret the same values again, and completes one that lacks a key', async () => {
      const before = await read('valkey', 'kubehero-valkey');
      await cluster.call({ method: 'DELETE', path: '/api/v1/namespaces/valkey/secrets/kubehero-valkey' });
      await cluster.call({
        method: 'PATCH',
        path: '/api/v1/namespaces/kubehero-system/secrets/kubehero-dashboard',
        contentType: 'application/merge-patch+json',
        body: { data: { 'oidc-client-secret': null } },
      });
      const session = (await read('kubehero-system', 'kubehero-dashboard'))['session-key'];
      const changed = outcomes().filter(({ action }) => action !== 'unchanged' && action !== 'waiting');
      expect(changed).toEqual([
        { name: 'kubehero-valkey', namespace: 'valkey', action: 'created' },
        { name: 'kubehero-dashboard', namespace: 'kubehero-system', action: 'completed' },
      ]);
      expect(await read('valkey', 'kubehero-valkey')).toEqual(before);
      expect((await read('kubehero-system', 'kubehero-dashboard'))['session-key']).toBe(session);
    });

    it('leaves values alone that differ between namespaces, and asks for a decision', async () => {
      await cluster.call({
        method: 'PATCH',
        path: '/api/v1/namespaces/valkey/secrets/kubehero-valkey',
        contentType: 'application/merge-patch+json',
        body: { data: { password: Buffer.from('chosen-by-hand').toString('base64') } },
      });
      const result = create();
      expect(result).toMatchObject({ status: 1, stdout: '' });
      expect(result.stderr).toContain(
        "'password' of the Secret kubehero-valkey differs between valkey and kubehero-system",
      );
      expect(result.stderr).not.toContain('chosen-by-hand');
      await cluster.call({ method: 'DELETE', path: '/api/v1/namespaces/valkey/secrets/kubehero-valkey' });
    });

    it('issues nothing under an authority whose key it did not keep', async () => {
      await cluster.call({
        method: 'DELETE',
        path: '/api/v1/namespaces/cnpg-system/secrets/kubehero-postgres-server',
      });
      const result = create();
      expect(result.status).toBe(1);
      expect(result.stderr).toContain(
        'the Secret kubehero-postgres-ca exists and the key of its authority was not kept',
      );
    });

    it('is wrong usage to name a namespace for a role that there is not', () => {
      expect(create('--namespace', 'nothing=x').status).toBe(2);
    });

    it('makes every Secret of the catalogue that the manifests of a hub name, with and without encrypted stores', () => {
      const manifests = (['reference', 'air-gapped'] as const).flatMap((name) => objectsOf(synthesize(name)));
      const named = new Set(JSON.stringify(manifests).match(/"kubehero-[a-z-]+"/g));
      for (const spec of Object.values<SecretSpec>(secretCatalogue))
        expect(named).toContain(`"${spec.name}"`);
    });
  },
);
