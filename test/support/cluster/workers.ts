import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterBinary } from './binaries.js';

/** What runs beside an API server. */
export interface Worker {
  readonly binary: ClusterBinary;
  readonly args: readonly string[];
}

/** The controllers' and the scheduler's own limit of 20 calls a second is for clusters that people wait for. */
const fast = ['--kube-api-qps=500', '--kube-api-burst=1000'];

/** The controllers that make pods of workloads and account tokens of namespaces. */
export function controllerManager(dir: string, kubeconfig: string): Worker {
  return {
    binary: 'kube-controller-manager',
    args: [
      '--kubeconfig',
      kubeconfig,
      '--service-account-private-key-file',
      join(dir, 'sa.key'),
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--secure-port=0',
      '--horizontal-pod-autoscaler-sync-period=2s',
      ...fast,
    ],
  };
}

/** What binds pods to nodes. */
export function scheduler(kubeconfig: string): Worker {
  return {
    binary: 'kube-scheduler',
    args: ['--kubeconfig', kubeconfig, '--leader-elect=false', '--secure-port=0', ...fast],
  };
}

/** The kubelets of nodes that are none. Pods run until they are deleted; Jobs do not complete by themselves. */
export function kubelets(dir: string, kubeconfig: string, stages: string): Worker {
  const path = join(dir, 'stages.yaml');
  writeFileSync(path, stages);
  return { binary: 'kwok', args: ['--kubeconfig', kubeconfig, '--manage-all-nodes', '--config', path] };
}

/** A node for {@link kubelets}. */
export function kwokNode(index: number): Record<string, unknown> {
  const name = `kwok-${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': 'm6i.large',
        'topology.kubernetes.io/region': 'eu-central-1',
        'topology.kubernetes.io/zone': `eu-central-1${'abc'[index % 3]}`,
      },
    },
    spec: { providerID: `aws:///eu-central-1a/i-${index.toString(16).padStart(17, '0')}` },
  };
}

const stageFiles = [
  'node/fast/node-initialize.yaml',
  'node/heartbeat/node-heartbeat.yaml',
  'pod/fast/pod-ready.yaml',
  'pod/fast/pod-delete.yaml',
];

const keptStages = 'kwok-stages.yaml';

/**
 * What the kubelets do, as kwok's own module says it.
 * @throws Error where neither {@link keepStages} nor Go was there
 */
export function findStages(repository: string, binaries: string): string {
  const kept = join(binaries, keptStages);
  if (existsSync(kept)) return readFileSync(kept, 'utf8');
  const module = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok'], {
    cwd: join(repository, 'test/cluster'),
    encoding: 'utf8',
  }).trim();
  return stageFiles
    .map((file) => readFileSync(join(module, 'kustomize/stage', file), 'utf8'))
    .join('\n---\n');
}

/** Keeps the stages beside the binaries, so that Go is needed once. */
export function keepStages(repository: string, binaries: string): void {
  writeFileSync(join(binaries, keptStages), findStages(repository, binaries));
}

/** Records who changed what, and what the operator said; reading is not recorded. */
export const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    verbs: [get, list, watch]
  - level: Request
    users: ['system:serviceaccount:kubehero-system:kubehero-operator']
  - level: Metadata
`;

/** A line of the API server's audit log. */
export interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  /** Of the operator alone. */
  readonly requestObject?: {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, unknown>> };
  };
}

/** Reads the API server's audit log. */
export function readAuditLog(dir: string): AuditEvent[] {
  return readFileSync(join(dir, 'audit.log'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditEvent);
}
