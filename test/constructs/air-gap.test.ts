import { describe, expect, it } from '@jest/globals';
import { AirGapOverlay, KubeHeroHub } from '@kubehero/constructs';
import { ApiObject, App, Chart } from 'cdk8s';
import { objectsOf, podTemplatesOf, synthesize } from '../support/manifests/examples.js';
import { hubProps } from '../support/manifests/hub.js';

const output = synthesize('air-gapped');
const objects = objectsOf(output);
const text = [...output]
  .filter(([file]) => file.endsWith('.yaml'))
  .map(([, content]) => content)
  .join('\n');

describe('an air-gapped installation', () => {
  it('lists exactly the images that its manifests name, those that operators start included', () => {
    const named = [
      ...new Set(text.match(/[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._-]+)+:[\w.-]+@sha256:[0-9a-f]{64}/g)),
    ].sort();
    expect(output.get('images.txt')?.trim().split('\n')).toEqual(named);
    for (const spawned of [
      'cloudnative-pg/cloudnative-pg',
      'plugin-barman-cloud-sidecar',
      'altinity/clickhouse-operator',
      'altinity/metrics-exporter',
    ]) {
      expect(named.some((image) => image.includes(spawned))).toBe(true);
    }
  });

  it('gives one command an image, that copies from where the lock has it to where the manifests look', () => {
    const lines = output.get('mirror-images.txt')?.trim().split('\n') ?? [];
    const images = output.get('images.txt')?.trim().split('\n') ?? [];
    expect(lines).toHaveLength(images.length);
    for (const [i, line] of lines.entries()) {
      expect(line).toMatch(
        /^skopeo copy --all --preserve-digests docker:\/\/(ghcr|docker)\.io\/\S+@sha256:[0-9a-f]{64} docker:\/\/registry\.internal\.acme\.com\/mirror\/\S+$/,
      );
      expect(line.endsWith(` docker://${images[i]?.replace(/@.*/, '')}`)).toBe(true);
    }
  });

  it('names no host but the registry, the hub and what the site declares', () => {
    const allowed =
      /^(registry\.internal\.acme\.com|([a-z0-9-]+\.)*acme\.internal|[a-z0-9.-]+\.svc\.cluster\.local|0\.0\.0\.0|127\.0\.0\.1)$/;
    const hosts = [...text.matchAll(/\b[a-z]+:\/\/([a-z0-9.-]+)/gi)]
      .filter(([all]) => !all.startsWith('s3:'))
      .map(([, host]) => host ?? '');
    expect([...new Set(hosts)].filter((host) => host.includes('.') && !allowed.test(host))).toEqual([]);
    expect(text).not.toMatch(/\b(ghcr|docker|quay|gcr)\.io\/[a-z]/);
    expect(text).not.toMatch(/github\.com|amazonaws|azure\.com|googleapis/);
  });

  it('pulls with the secret of the site in every pod', () => {
    const without = podTemplatesOf(objects).filter(
      (t) => JSON.stringify(t.spec['imagePullSecrets']) !== '[{"name":"acme-regcred"}]',
    );
    expect(without.map((t) => t.owner)).toEqual([]);
    expect(objects.find((o) => o.kind === 'Cluster')).toMatchObject({
      spec: { imagePullSecrets: [{ name: 'acme-regcred' }] },
    });
  });

  it('lets nothing out but to the cluster and the declared ranges', () => {
    const ranges = objects
      .filter((o) => o.kind === 'NetworkPolicy')
      .flatMap((o) => (o['spec'] as { egress?: { to?: { ipBlock?: { cidr: string } }[] }[] }).egress ?? [])
      .flatMap((rule) => {
        expect(rule.to?.length).toBeGreaterThan(0);
        return (rule.to ?? []).flatMap((peer) => peer.ipBlock?.cidr ?? []);
      });
    expect(
      [...new Set(ranges)].filter((cidr) => !/^(10\.|172\.16\.|192\.168\.|100\.64\.|169\.254\.)/.test(cidr)),
    ).toEqual([]);
  });

  it('keeps the text of every runbook, and no link to one outside', () => {
    const rules = objects.find((o) => o.kind === 'PrometheusRule')?.['spec'] as {
      groups: { rules: { annotations: Record<string, string> }[] }[];
    };
    for (const { annotations } of rules.groups.flatMap((group) => group.rules)) {
      expect(annotations).not.toHaveProperty('runbook_url');
      expect((annotations['description'] ?? '').length).toBeGreaterThan(40);
    }
  });
});

describe('the overlay', () => {
  it('changes the objects of others in its scope, too', () => {
    const app = new App();
    const chart = new Chart(app, 'mine');
    const digest = `sha256:${'b'.repeat(64)}`;
    new ApiObject(chart, 'pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { containers: [{ name: 'a', image: `quay.io/team/tool:1@${digest}` }] },
    });
    new AirGapOverlay(app, 'air-gap', {
      registry: 'registry.site:5000/all',
      imagePullSecrets: ['pull'],
      keepHost: true,
      writeImageList: false,
    });
    expect(app.synthYaml()).toContain(`image: registry.site:5000/all/quay.io/team/tool:1@${digest}`);
    expect(app.synthYaml()).toContain('- name: pull');
  });

  it('can stand before what it changes', () => {
    const app = new App();
    new AirGapOverlay(app, 'air-gap', { registry: 'registry.site', writeImageList: false });
    new KubeHeroHub(app, 'kubehero', hubProps({ pricing: { sources: ['snapshot'] } }));
    expect(app.synthYaml()).not.toContain('ghcr.io');
  });

  it('refuses prices from outside, an image without a digest and a host that nobody declared, in one error', () => {
    const app = new App();
    const chart = new Chart(app, 'mine');
    new ApiObject(chart, 'pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'tool' },
      spec: {
        containers: [
          { name: 'a', image: 'quay.io/team/tool:1', args: ['--report=https://stats.example.com/x'] },
        ],
      },
    });
    new KubeHeroHub(app, 'kubehero', hubProps());
    new AirGapOverlay(app, 'air-gap', { registry: 'registry.site', writeImageList: false });
    const attempt = (): string => app.synthYaml();
    expect(attempt).toThrow(/pricing\.sources has aws, azure, gcp, which are outside/);
    expect(attempt).toThrow(/Pod\/tool uses 'quay\.io\/team\/tool:1' without a digest/);
    expect(attempt).toThrow(/Pod\/tool names the outside host 'stats\.example\.com'/);
  });

  it('refuses a registry with a scheme and an egress to everywhere', () => {
    const app = new App();
    new AirGapOverlay(app, 'air-gap', { registry: 'https://registry.site/', egressCidrs: ['0.0.0.0/0'] });
    expect(() => app.synthYaml()).toThrow(
      /'https:\/\/registry\.site\/' is no registry[\s\S]*'0\.0\.0\.0\/0' is the whole internet/,
    );
  });
});
