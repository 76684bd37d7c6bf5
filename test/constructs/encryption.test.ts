import { describe, expect, it } from '@jest/globals';
import { Testing } from 'cdk8s';
import type { KubeHeroHubProps } from '@kubehero/constructs';
import { secretCatalogue } from '@kubehero/contract';
import type { ManifestObject } from '../support/cluster/apply.js';
import { podTemplatesOf } from '../support/manifests/examples.js';
import { makeHub } from '../support/manifests/hub.js';
import { reachability } from '../support/manifests/network.js';

const issuerRef = { name: 'internal-ca' };

function objectsWith(overrides: Partial<KubeHeroHubProps>): ManifestObject[] {
  const { app } = makeHub(overrides);
  return app.charts.flatMap((chart) => Testing.synth(chart) as ManifestObject[]);
}

const plain = objectsWith({});
const encrypted = objectsWith({ clickhouse: { tls: { issuerRef } }, valkey: { tls: { issuerRef } } });

/** Who reaches whom among the pods of the manifests. */
function flows(objects: readonly ManifestObject[]): string[] {
  const endpoints = podTemplatesOf(objects).map(({ owner, namespace, labels }) => ({
    name: `${owner.split('/')[0]}/${labels['app.kubernetes.io/name'] ?? 'clickhouse'}`,
    namespace,
    labels,
  }));
  return reachability(objects, endpoints);
}

describe('encrypted stores', () => {
  it('let through the encrypted ports in the place of the others, and nothing else changes', () => {
    const moved = (line: string): string =>
      line
        .replace(/(clickhouse: )8123, 9000, 9009$/, '$18443, 9009, 9440')
        .replace(/(clickhouse: )8123$/, '$18443')
        .replace(/keeper: 2181$/, 'keeper: 9281')
        .replace(/keeper: 2181, 9444$/, 'keeper: 9281, 9444');
    expect(flows(encrypted)).toEqual(flows(plain).map(moved).sort());
    expect(flows(encrypted)).not.toEqual(flows(plain));
  });

  it('leave no listener without TLS, neither in servers nor in probes', () => {
    const text = JSON.stringify(encrypted.filter((o) => /ClickHouse|StatefulSet|ConfigMap/.test(o.kind)));
    expect(text).not.toMatch(/"port":8123|"port":9000|<tcp_port>|\\nport 6379|\\nport 26379/);
    expect(text.match(/\\ntls-replication yes/g)).toHaveLength(2);
    expect(text).toContain('<secure>true</secure>');
    const [installation] = encrypted.filter((o) => o.kind === 'ClickHouseInstallation');
    expect(installation?.['spec']).toMatchObject({
      configuration: {
        settings: { http_port: '_removed_', tcp_port: '_removed_', interserver_http_port: '_removed_' },
        clusters: [{ secure: 'Yes', insecure: 'No' }],
      },
    });
  });

  it('have certificates for every name that is dialled', () => {
    const certificates = encrypted.filter((o) => o.kind === 'Certificate');
    const names = (secret: string): string[] =>
      certificates
        .map((o) => o['spec'] as { secretName: string; dnsNames: string[] })
        .filter((spec) => spec.secretName === secret)
        .flatMap((spec) => spec.dnsNames);
    const clickhouse = names(secretCatalogue.clickhouseServer.name);
    const valkey = names(secretCatalogue.valkeyServer.name);
    const text = JSON.stringify(encrypted);
    const dialled = text.match(/[a-z0-9.-]+\.svc\.cluster\.local(?=:(8443|26379))/g) ?? [];
    expect(dialled.length).toBeGreaterThan(3);
    expect(dialled.filter((host) => ![...clickhouse, ...valkey].includes(host))).toEqual([]);
    const keepers = text.match(/kubehero-keeper-\d\.[a-z0-9.-]+/g) ?? [];
    expect(keepers.filter((host) => !clickhouse.includes(host))).toEqual([]);
  });

  it('give their clients the authority, from a Secret that exists or that cert-manager makes', () => {
    const mounted = (objects: readonly ManifestObject[]): string[] => {
      const pod = podTemplatesOf(objects).find((t) => t.owner === 'Deployment/kubehero-control-plane');
      const volumes = pod?.spec['volumes'] as { secret?: { secretName: string } }[];
      return volumes.flatMap(({ secret }) => (secret ? [secret.secretName] : []));
    };
    expect(mounted(encrypted)).toEqual(
      expect.arrayContaining(['kubehero-clickhouse-server-client', 'kubehero-valkey-server-client']),
    );
    const made = objectsWith({ clickhouse: { tls: {} }, valkey: { tls: { caSecret: 'site-ca' } } });
    expect(mounted(made)).toEqual(expect.arrayContaining([secretCatalogue.clickhouseCa.name, 'site-ca']));
    expect(made.filter((o) => o.kind === 'Certificate')).toEqual([]);
  });

  it("refuse the operator's keepers, and an Issuer whose authority nobody carries to the clients", () => {
    const { hub } = makeHub({
      clickhouse: { keeper: 'operator', tls: {} },
      valkey: { tls: { issuerRef: { name: 'ca', kind: 'Issuer' } } },
    });
    expect(hub.faults.map(({ prop }) => prop)).toEqual(['clickhouse.keeper', 'valkey.tls.caSecret']);
  });

  it('of others: sentinels without an authority would be called in plain text, and are refused', () => {
    const valkey = {
      mode: 'external',
      host: 'valkey.acme.internal',
      port: 6379,
      existingSecret: { name: 'valkey' },
      cidrs: ['10.3.0.0/24'],
      sentinels: ['s1.acme.internal:26379'],
    } as const;
    expect(makeHub({ valkey }).hub.faults.map(({ prop }) => prop)).toEqual(['valkey.caSecret']);
    expect(makeHub({ valkey: { ...valkey, tls: 'disable' } }).hub.faults).toEqual([]);
  });
});
