import { describe, expect, it } from '@jest/globals';
import { backupSettings } from '@kubehero/cli';
import { collectorSettings } from '@kubehero/collector';
import { environmentNames, ports } from '@kubehero/contract';
import { controlPlaneSettings, postgresSettings } from '@kubehero/control-plane';
import { operatorSettings } from '@kubehero/operator';
import { pricingServeSettings, pricingSettings } from '@kubehero/pricing';
import { readSettings } from '@kubehero/runtime';
import type { ManifestObject } from '../support/cluster/apply.js';
import { exampleNames, objectsOf, podTemplatesOf, synthesize } from '../support/manifests/examples.js';
import { makeHub } from '../support/manifests/hub.js';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

/** What a kubelet puts in the place of a field of the pod. */
const fields: Readonly<Record<string, string>> = {
  'metadata.name': 'pod-1',
  'metadata.namespace': 'kubehero-system',
  'status.podIP': '10.1.2.3',
  'spec.nodeName': 'node-1',
};

/** The environment of the first container of a workload, as a kubelet makes it. */
function environmentOf(
  example: 'reference' | 'external-stores' | 'small-cluster',
  owner: string,
): NodeJS.ProcessEnv {
  return variablesOf(objectsOf(synthesize(example)), owner);
}

function variablesOf(objects: readonly ManifestObject[], owner: string): NodeJS.ProcessEnv {
  const template = podTemplatesOf(objects).find((t) => t.owner === owner);
  const [container] = (template?.spec['containers'] ?? []) as { readonly env: readonly Variable[] }[];
  if (!container) throw new Error(`no ${owner}`);
  return Object.fromEntries(
    container.env.map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ''],
    ]),
  );
}

const examples = ['reference', 'external-stores', 'small-cluster'] as const;

describe.each(examples)('the environment that the manifests of %s give', (example) => {
  it('is what the control plane reads', () => {
    const env = environmentOf(example, 'Deployment/kubehero-control-plane');
    const settings = readSettings(controlPlaneSettings, { env });
    expect(settings.http).toEqual({ host: '0.0.0.0', port: ports.controlPlaneHttp });
    expect(settings.grpc).toEqual({ host: '0.0.0.0', port: ports.controlPlaneGrpc });
    expect(settings).toMatchObject({ podName: 'pod-1', podIp: '10.1.2.3', clickhouseDatabase: 'kubehero' });
    expect(settings.postgresPasswordFile).toBe('/etc/kubehero/postgres/password');
  });

  it('is what the collector reads', () => {
    const env = environmentOf(example, 'DaemonSet/kubehero-collector');
    const settings = readSettings(collectorSettings, { env });
    expect(settings).toMatchObject({ mode: 'auto', nodeName: 'node-1' });
  });

  it('is what the migration reads', () => {
    const env = environmentOf(example, 'Job/kubehero-db-migrate');
    expect(readSettings(postgresSettings, { env }).postgresCaFile).toBe('/etc/kubehero/postgres-ca/ca.crt');
  });
});

it('the prices that a hub is given are what its control plane reads', () => {
  const amounts = {
    unitPrices: { cpu: '0.05', ram: '0.01', gpu: '2' },
    resourceWeights: { cpu: '7', ram: '1', gpu: '200' },
    networkRates: { crossZone: '0', internet: '0.02' },
  };
  const { app } = makeHub({ currency: 'EUR', ...amounts });
  const objects = app.charts.flatMap((chart) => chart.toJson() as ManifestObject[]);
  const env = variablesOf(objects, 'Deployment/kubehero-control-plane');
  expect(readSettings(controlPlaneSettings, { env })).toMatchObject({
    currency: 'EUR',
    unitPrices: { perCoreHour: '0.05', perGibHour: '0.01', perGpuHour: '2' },
    resourceWeights: { perCoreHour: '7', perGibHour: '1', perGpuHour: '200' },
    networkRates: { crossZone: '0', internet: '0.02' },
  });
});

/** Settings of each program, by the workload that runs it; the dashboard reads its own by name. */
const tables: Readonly<Record<string, Readonly<Record<string, { readonly env?: string | undefined }>>>> = {
  'Deployment/kubehero-control-plane': controlPlaneSettings,
  'Deployment/kubehero-operator': operatorSettings,
  'Deployment/kubehero-pricing-engine': pricingServeSettings,
  'Deployment/kubehero-dashboard': Object.fromEntries(
    (['httpListen', 'controlPlaneUrl', 'publicUrl', 'apiTokenFile', 'sessionKeyFile'] as const).map((key) => [
      key,
      { env: environmentNames[key] },
    ]),
  ),
  'DaemonSet/kubehero-collector': collectorSettings,
  'CronJob/kubehero-pricing-engine': pricingSettings,
  'CronJob/kubehero-clickhouse-backup': backupSettings,
  'Job/kubehero-db-migrate': postgresSettings,
};

it.each(exampleNames)(
  'every variable that the manifests of %s set is a setting of the program that gets it',
  (example) => {
    for (const { owner, spec } of podTemplatesOf(objectsOf(synthesize(example)))) {
      const containers = spec['containers'] as { readonly env?: readonly Variable[] }[];
      const given = containers.flatMap(({ env }) => (env ?? []).map(({ name }) => name));
      // The configuration that ClickHouse and Dex get from us names variables of ours
      const others = owner.startsWith('ClickHouse') || owner === 'Deployment/dex';
      const ours = others ? [] : given.filter((name) => name.startsWith('KUBEHERO_'));
      const known = Object.values(tables[owner] ?? {}).map(({ env }) => env);
      expect({ owner, unread: ours.filter((name) => !known.includes(name)) }).toEqual({ owner, unread: [] });
    }
  },
);
