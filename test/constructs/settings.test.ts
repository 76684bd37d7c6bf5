import { describe, expect, it } from '@jest/globals';
import { collectorSettings } from '@kubehero/collector';
import { ports } from '@kubehero/contract';
import { controlPlaneSettings, postgresSettings } from '@kubehero/control-plane';
import { readSettings } from '@kubehero/runtime';
import { objectsOf, podTemplatesOf, synthesize } from '../support/manifests/examples.js';

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
  const template = podTemplatesOf(objectsOf(synthesize(example))).find((t) => t.owner === owner);
  const [container] = (template?.spec['containers'] ?? []) as { readonly env: readonly Variable[] }[];
  if (!container) throw new Error(`no ${owner} in ${example}`);
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
