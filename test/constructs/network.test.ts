import { describe, expect, it } from '@jest/globals';
import { objectsOf, podTemplatesOf, synthesize } from '../support/manifests/examples.js';
import { type Endpoint, reachability } from '../support/manifests/network.js';

const objects = objectsOf(synthesize('reference'));

/** Pods that operators and others run: no manifest of ours has them, their labels are their makers' own. */
const others: Endpoint[] = [
  {
    name: 'postgres',
    namespace: 'cnpg-system',
    labels: { 'cnpg.io/cluster': 'kubehero-postgres', 'cnpg.io/podRole': 'instance' },
  },
  { name: 'cnpg-operator', namespace: 'cnpg-system', labels: { 'app.kubernetes.io/name': 'cloudnative-pg' } },
  { name: 'barman-plugin', namespace: 'cnpg-system', labels: { app: 'barman-cloud' } },
  { name: 'clickhouse-operator', namespace: 'clickhouse-system', labels: { app: 'clickhouse-operator' } },
  { name: 'prometheus', namespace: 'monitoring', labels: { app: 'prometheus' } },
  { name: 'ingress', namespace: 'ingress-nginx', labels: { app: 'ingress-nginx' } },
  { name: 'stranger', namespace: 'default', labels: { app: 'web' } },
  { name: 'intruder', namespace: 'kubehero-system', labels: { app: 'intruder' } },
  { name: 'intruder-pg', namespace: 'cnpg-system', labels: { app: 'intruder' } },
  { name: 'api-server', address: '10.0.0.1' },
  { name: 'internet', address: '203.0.113.7' },
];

const short: Record<string, string> = {
  'kubehero-control-plane': 'control-plane',
  'kubehero-db-migrate': 'migrate',
  'kubehero-valkey': 'valkey',
  'kubehero-valkey-sentinel': 'sentinel',
};

function endpoints(): Endpoint[] {
  const own = new Map<string, Endpoint>();
  for (const template of podTemplatesOf(objects)) {
    const label = template.labels['app.kubernetes.io/name'] ?? 'clickhouse';
    const name = short[label] ?? label.replace(/^kubehero-/, '');
    own.set(name, { name, namespace: template.namespace, labels: template.labels });
  }
  return [...own.values(), ...others];
}

/** Ports of the API server before and after translation; 443 is S3, price lists and identity providers elsewhere. */
const api = '443, 6443';

/** The flow table of the installation: what is not here is denied. */
const expected = [
  // Programs and the stores that they need.
  'control-plane -> postgres: 5432',
  'control-plane -> clickhouse: 8123',
  'control-plane -> valkey: 6379',
  'control-plane -> sentinel: 26379',
  `control-plane -> api-server: ${api}`,
  'migrate -> postgres: 5432',
  'operator -> control-plane: 9443',
  `operator -> api-server: ${api}`,
  'collector -> control-plane: 9443',
  `collector -> api-server: ${api}`,
  'dashboard -> control-plane: 9400',
  'dex -> postgres: 5432',
  'dex -> api-server: 443, 636',
  'dex -> internet: 443, 636',
  'pricing-engine -> postgres: 5432',
  'pricing-engine -> api-server: 443',
  'pricing-engine -> internet: 443',
  'clickhouse-backup -> clickhouse: 8123',
  // PostgreSQL: replication, isolation check, archive, its operator and the plugin.
  'postgres -> postgres: 5432, 8000',
  `postgres -> api-server: ${api}`,
  'postgres -> internet: 443',
  'cnpg-operator -> postgres: 5432, 8000',
  'cnpg-operator -> barman-plugin: 9090',
  `cnpg-operator -> api-server: ${api}`,
  `barman-plugin -> api-server: ${api}`,
  'api-server -> cnpg-operator: 9443',
  // ClickHouse: queries between servers, replication, keeper, cold disk and backups.
  'clickhouse -> clickhouse: 8123, 9000, 9009',
  'clickhouse -> keeper: 2181',
  'clickhouse -> api-server: 443',
  'clickhouse -> internet: 443',
  'keeper -> keeper: 2181, 9444',
  'clickhouse-operator -> clickhouse: 8123, 9000',
  `clickhouse-operator -> api-server: ${api}`,
  // Valkey and its sentinels.
  'valkey -> valkey: 6379',
  'valkey -> sentinel: 26379',
  'sentinel -> valkey: 6379',
  'sentinel -> sentinel: 26379',
  // People, through the ingress controller.
  'ingress -> control-plane: 9400, 9443',
  'ingress -> dashboard: 9480',
  'ingress -> dex: 5556',
  // Scrapes.
  'prometheus -> control-plane: 9400',
  'prometheus -> operator: 9420',
  'prometheus -> collector: 9410',
  'prometheus -> dashboard: 9480',
  'prometheus -> pricing-engine: 9430',
  'prometheus -> dex: 5558',
  'prometheus -> postgres: 9187',
  'prometheus -> cnpg-operator: 8080',
  'prometheus -> clickhouse: 9363',
  'prometheus -> clickhouse-operator: 8888, 9999',
  'prometheus -> keeper: 7000',
  'prometheus -> valkey: 9121',
].sort();

describe('the network policies of the reference installation', () => {
  it('let through exactly the flows of the table, nothing missing and nothing more', () => {
    expect(reachability(objects, endpoints())).toEqual(expected);
  });

  it('isolate every pod of every namespace in both directions', () => {
    const denied = objects.filter((o) => o.kind === 'NetworkPolicy' && o.metadata.name === 'default-deny');
    expect(denied.map((o) => o.metadata.namespace).sort()).toEqual([
      'clickhouse-system',
      'cnpg-system',
      'kubehero-collector',
      'kubehero-system',
      'valkey',
    ]);
    for (const policy of denied) {
      expect(policy['spec']).toMatchObject({ podSelector: {}, policyTypes: ['Egress', 'Ingress'] });
    }
  });
});
