import { beforeEach, describe, expect, it } from '@jest/globals';
import { AirGapOverlay, BudgetPolicy, KubeHeroEdge } from '@kubehero/constructs';
import { ApiObject, App, Chart, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { fullLock } from '../support/manifests/hub.js';

const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const images = fullLock();
let app: App;

/** Edges, and a construct that counts how often the app is validated. */
function edgesIn(count: number): { validations: () => number } {
  let validations = 0;
  const counter = new Construct(app, 'counter');
  counter.node.addValidation({
    validate: (): string[] => {
      validations += 1;
      return [];
    },
  });
  for (let i = 0; i < count; i += 1) {
    new KubeHeroEdge(app, `edge-${i}`, { images, hubEndpoint: 'hub.acme.internal', caBundle: certificate });
  }
  return { validations: () => validations };
}

const chartsOf = (): Chart[] => app.node.children.filter((node): node is Chart => Chart.isChart(node));

beforeEach(() => {
  app = new App({ outdir: mkdtempSync(join(tmpdir(), 'kubehero-charts-')) });
});

describe('an app of many edges', () => {
  it('is validated once, however many charts it has, under an air gap too', () => {
    const { validations } = edgesIn(20);
    new AirGapOverlay(app, 'gap', { registry: 'registry.acme.internal/mirror' });
    app.synth();
    expect(chartsOf()).toHaveLength(40);
    expect(validations()).toBe(1);
    app.synth();
    expect(validations()).toBe(2);
  });

  it('writes for each chart what the chart renders by itself', () => {
    edgesIn(2);
    app.synth();
    for (const chart of chartsOf()) {
      const written = parseAllDocuments(readFileSync(join(app.outdir, `${chart.node.id}.k8s.yaml`), 'utf8'));
      expect(written.map((document) => document.toJS() as unknown)).toEqual(Testing.synth(chart));
    }
    expect(readdirSync(app.outdir)).toHaveLength(4);
  });
});

describe('a chart that is rendered by itself', () => {
  it('is refused for what is wrong anywhere in the app, each time', () => {
    edgesIn(1);
    const [first, second] = chartsOf() as [Chart, Chart];
    expect(Testing.synth(first).length).toBeGreaterThan(5);
    new BudgetPolicy(app, 'wrong', { name: 'wrong', scope: {}, ceiling: 'much' });
    for (const chart of [first, second, first])
      expect(() => void Testing.synth(chart)).toThrow(/\[wrong\] ceiling/);
  });

  it('keeps to the order of dependencies, and to its own objects', () => {
    edgesIn(1);
    const chart = chartsOf()[0] as Chart;
    const inner = new Chart(chart, 'inner');
    new ApiObject(inner, 'object', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inner' } });
    const last = new ApiObject(chart, 'last', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'last' },
    });
    const first = chart.node.findAll().find((node) => ApiObject.isApiObject(node)) as ApiObject;
    first.addDependency(last);
    app.synth();
    const file = readdirSync(app.outdir).find((name) => name.endsWith(`${chart.node.id}.k8s.yaml`)) ?? '';
    const names = parseAllDocuments(readFileSync(join(app.outdir, file), 'utf8')).map(
      (document) => (document.toJS() as { metadata: { name: string } }).metadata.name,
    );
    expect(names.indexOf('last')).toBe(names.indexOf(first.name) - 1);
    expect(names).not.toContain('inner');
  });
});
