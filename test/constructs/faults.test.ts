import { describe, expect, it } from '@jest/globals';
import { App } from 'cdk8s';
import {
  BudgetPolicy,
  ConstructsError,
  ImageLock,
  KubeHeroEdge,
  KubeHeroHub,
  type KubeHeroHubProps,
} from '@kubehero/constructs';
import { fullLock, hubProps, makeHub } from '../support/manifests/hub.js';

/** What `synth` says of a hub with these props. */
function said(overrides: Record<string, unknown>): string {
  const { app } = makeHub(overrides as Partial<KubeHeroHubProps>);
  try {
    app.synthYaml();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

const external = {
  mode: 'external',
  host: 'db.acme.internal',
  port: 5432,
  existingSecret: { name: 'db' },
  cidrs: ['10.0.0.0/24'],
};

describe('a hub', () => {
  it('is synthesized with what it must have and nothing more', () => {
    expect(said({})).toBe('');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no domain', { domain: '' }, 'domain: must be given'],
    ['a domain that is none', { domain: 'Acme_Internal' }, "domain: 'Acme_Internal' is no DNS name"],
    ['no nodes', { nodes: 0 }, 'nodes: must be a whole number from 1 to 20000, not 0'],
    ['half a node', { nodes: 1.5 }, 'nodes: must be a whole number'],
    ['too many pods a node', { podsPerNode: 501 }, 'podsPerNode: must be a whole number from 1 to 500'],
    [
      'an old Kubernetes',
      { kubernetesVersion: '1.27' },
      "kubernetesVersion: '1.27' is not supported: use 1.28 to 1.37",
    ],
    [
      'an empty lock',
      { images: ImageLock.fromJson('{"version":1,"images":{}}') },
      'images: the lock holds no kubehero, dashboard, dex',
    ],
    ['no lock', { images: undefined }, 'images: must be an ImageLock'],
    [
      'a namespace that is no label',
      { namespaces: { system: 'KubeHero' } },
      "namespaces.system: 'KubeHero' is no DNS label",
    ],
    [
      'a collector among restricted pods',
      { namespaces: { collector: 'kubehero-system' } },
      'namespaces.collector: ',
    ],
    ['an API server that nobody reaches', { apiServerCidrs: [] }, 'apiServerCidrs: must not be empty'],
    [
      'a range that is none',
      { apiServerCidrs: ['10.0.0.300/8'] },
      "apiServerCidrs: '10.0.0.300/8' is no address range",
    ],
    ['a currency that is none', { currency: 'dollars' }, "currency: 'dollars' is no ISO 4217 code"],
    [
      'a private key among certificates',
      { caBundle: '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n' },
      'caBundle: holds a private key',
    ],
    [
      'more quorum than sentinels',
      { valkey: { sentinels: 3, quorum: 4 } },
      'valkey.quorum: 4 can never be reached by 3 sentinels: use 2',
    ],
    [
      'sentinels that can split evenly',
      { valkey: { sentinels: 4 } },
      'valkey.sentinels: 4 sentinels can split evenly',
    ],
    ['a backup without a bucket', { backup: { url: '' } }, 'backup.url: a backup needs a bucket'],
    [
      'a bucket by another scheme',
      { backup: { url: 'https://acme/backups' } },
      "backup.url: 'https://acme/backups' is no bucket",
    ],
    [
      'an external store without a Secret',
      { postgres: { ...external, existingSecret: undefined, dex: { existingSecret: { name: 'd' } } } },
      'postgres.existingSecret: an external store needs an existing Secret',
    ],
    [
      'an external store without addresses',
      { clickhouse: { ...external, cidrs: [] } },
      'clickhouse.cidrs: an external store needs its addresses',
    ],
    ['Dex without a database', { postgres: external }, 'postgres.dex: Dex needs a database of its own'],
    [
      'rows that have nowhere to go',
      { clickhouse: { coldAfterDays: 30 } },
      'clickhouse.coldAfterDays: rows have nowhere to move to',
    ],
    ['a disk without a unit', { clickhouse: { storage: '200' } }, "clickhouse.storage: '200' is no size"],
    ['nobody who could sign in', { dex: { connectors: [] } }, 'dex.connectors: nobody could sign in'],
    [
      'a secret in plain text',
      { dex: { connectors: [{ type: 'oidc', id: 'o', name: 'O', config: { clientSecret: 'hunter2' } }] } },
      'dex.connectors[0].config.clientSecret: is a secret in plain text',
    ],
    [
      'a variable that comes from nowhere',
      { dex: { connectors: [{ type: 'oidc', id: 'o', name: 'O', config: { clientSecret: '$S' } }] } },
      'dex.secretEnv.S: connector',
    ],
    [
      'an issuer without TLS',
      { dex: { mode: 'external', issuer: 'http://login', cidrs: [] } },
      "dex.issuer: 'http://login' is no issuer",
    ],
    ['an unknown price source', { pricing: { sources: ['oracle'] } }, "pricing.sources: 'oracle' is unknown"],
    [
      'a custom source without its sheet',
      { pricing: { sources: ['custom'] } },
      'pricing.customSheetConfigMap: ',
    ],
    [
      'a schedule with six fields',
      { pricing: { schedule: '0 0 * * * *' } },
      'is no schedule: it needs 5 fields',
    ],
    [
      'in-tree backups where they are gone',
      { backup: { url: 's3://b1c/x', postgresMethod: 'in-tree' }, operators: { cloudNativePg: '1.31.0' } },
      'backup.postgresMethod: CloudNativePG 1.31.0 has no in-tree backups any more',
    ],
    [
      'the plugin with an operator that is too old',
      { kubernetesVersion: '1.28', backup: { url: 's3://b1c/x' } },
      'backup.postgresMethod: the Barman Cloud plugin needs CloudNativePG 1.26, not 1.24.4',
    ],
    [
      'an operator that does not support the cluster',
      { kubernetesVersion: '1.28', operators: { cloudNativePg: '1.30.0' } },
      'operators.cloudNativePg: CloudNativePG 1.30.0 supports Kubernetes 1.34 to 1.36, not 1.28',
    ],
    [
      'two sides of a pair with one name',
      { postgres: { replicaOf: { name: 'kubehero-postgres', backup: { url: 's3://bucket/x' } } } },
      'postgres.replicaOf.name: the two sides',
    ],
    [
      'a variable of ours',
      { components: { dex: { env: { KUBEHERO_HTTP_LISTEN: 'x' } } } },
      "components.dex.env: 'KUBEHERO_HTTP_LISTEN' is set by the construct",
    ],
    [
      'a limit below its request',
      { defaults: { resources: { cpu: '2', cpuLimit: '1' } } },
      "defaults.resources.cpuLimit: '1' is below the request '2'",
    ],
    [
      'a label value with a blank',
      { defaults: { labels: { team: 'a b' } } },
      "defaults.labels: 'a b' of 'team' is no label value",
    ],
    [
      'a public key that is none',
      { imageVerification: { with: 'kyverno', publicKey: 'abc' } },
      'imageVerification.publicKey: must be a public key in PEM',
    ],
    [
      'a currency in which nobody says what traffic costs',
      { currency: 'EUR' },
      'networkRates: must be given, or USD in exchangeRates',
    ],
    [
      'a unit price that is none',
      { unitPrices: { cpu: '0,03', ram: '0.004', gpu: '1' } },
      "unitPrices.cpu: '0,03' must be a plain decimal below 1000000",
    ],
    [
      'weights of nothing',
      { resourceWeights: { cpu: '0', ram: '0', gpu: '0' } },
      'resourceWeights: one of them must be above zero',
    ],
    [
      'a rate of traffic that no price can hold',
      { networkRates: { crossZone: '0.01', internet: '1000' } },
      "networkRates.internet: '1000' must be a plain decimal below 1000",
    ],
    ['a rate that is none', { exchangeRates: { EUR: '1,08' } }, "exchangeRates: '1,08' of EUR is no rate"],
    [
      'a proxy with a password',
      { pricing: { proxy: 'http://user:secret@proxy.acme.internal:3128' } },
      "pricing.proxy: 'http://…@proxy.acme.internal:3128' is no origin",
    ],
    [
      'a region that would stand in XML',
      { clickhouse: { coldStorage: { url: 's3://acme-cold', region: 'x</region><a/>' } } },
      'clickhouse.coldStorage.region',
    ],
    [
      'a component that does not exist',
      { components: { controlplane: { replicas: 2 } } },
      "components: 'controlplane' is none: use controlPlane, operator",
    ],
    [
      'one account for everything',
      { defaults: { serviceAccountName: 'all' } },
      'defaults.serviceAccountName: one account for all would have the rights of all',
    ],
  ])('is refused with %s', (_what, overrides, message) => {
    expect(said(overrides)).toContain(message);
  });

  it('reports all faults at once, each with the path of its construct, beside those of other constructs', () => {
    const app = new App();
    new KubeHeroHub(app, 'hub', hubProps({ domain: '', nodes: -1, valkey: { quorum: 9 } }));
    new KubeHeroEdge(app, 'edge', { images: fullLock(), hubEndpoint: 'not an endpoint', caBundle: '' });
    new BudgetPolicy(app, 'budget', { name: 'Budget', scope: {}, ceiling: '500/year' });
    const attempt = (): string => app.synthYaml();
    expect(attempt).toThrow('[hub] domain: must be given');
    expect(attempt).toThrow('[hub] nodes: must be a whole number');
    expect(attempt).toThrow('[hub] valkey.quorum: 9 can never be reached');
    expect(attempt).toThrow("[edge] hubEndpoint: 'not an endpoint' is no endpoint");
    expect(attempt).toThrow('[edge] caBundle: must be given');
    expect(attempt).toThrow("[budget] name: 'Budget' is no DNS name");
    expect(attempt).toThrow("[budget] ceiling: '500/year' does not parse: write $500000/mo");
    expect(attempt).toThrow('[budget] scope: is empty and covers nothing');
  });

  it('has no parts when its props are wrong, and says why', () => {
    const { hub } = makeHub({ domain: '' });
    expect(() => hub.parts).toThrow(ConstructsError);
    expect(() => hub.parts).toThrow(/kubehero has no parts: domain: must be given/);
  });
});

describe('the ways out', () => {
  it('sets, replaces and removes single fields under the names of the manifest', () => {
    const { app, hub } = makeHub();
    hub.parts.dashboard.addOverride({ kind: 'Deployment' }, 'spec.template.spec.dnsPolicy', 'Default');
    hub.parts.dashboard.addOverride({ kind: 'Service' }, 'spec.clusterIP', '10.96.0.77');
    hub.parts.dashboard.addOverride(
      { kind: 'Deployment' },
      'metadata.annotations.example\\.com/owner',
      'web',
    );
    hub.parts.dashboard.addOverride({ kind: 'Deployment' }, 'spec.revisionHistoryLimit', undefined);
    const text = app.synthYaml();
    expect(text).toContain('dnsPolicy: Default');
    expect(text).toContain('clusterIP: 10.96.0.77');
    expect(text).toContain('example.com/owner: web');
    const deployment = hub.parts.dashboard.findObject('Deployment').toJson()['spec'];
    expect(deployment).not.toHaveProperty('revisionHistoryLimit');
  });

  it('name the objects that a part has when the asked one is not there', () => {
    const { hub } = makeHub();
    expect(() => hub.parts.dashboard.findObject('StatefulSet')).toThrow(
      /0 objects match 'StatefulSet': this part has ServiceAccount\/kubehero-dashboard/,
    );
  });
});

describe('an image lock', () => {
  it.each([
    ['no JSON', 'images:', 'is no JSON'],
    ['another version', '{"version":2,"images":{}}', 'version must be 1, not 2'],
    [
      'a digest that is too short',
      '{"version":1,"images":{"dex":{"repository":"a/b","tag":"1","digest":"sha256:abc"}}}',
      'images.dex.digest must be sha256: and 64 hex digits',
    ],
    [
      'an image without a tag',
      '{"version":1,"images":{"dex":{"repository":"a/b","digest":"x"}}}',
      'images.dex must have a repository and a tag',
    ],
  ])('is refused with %s', (_what, text, message) => {
    expect(() => ImageLock.fromJson(text, 'lock')).toThrow(message);
  });

  it('says how to make one when the file is missing', () => {
    expect(() => ImageLock.fromFile('/nowhere/images.lock.json')).toThrow(
      "run 'kubehero images lock --output /nowhere/images.lock.json'",
    );
  });
});
