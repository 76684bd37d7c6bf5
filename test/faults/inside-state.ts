import type { EnforcementRig } from '../support/enforcement/enforcement-rig.js';
import { inside } from './operator-history.js';

/** What of the namespace in which policies act tells whether something is stopped, restored or left behind. */
export interface InsideState {
  /** `spec.replicas` of Deployments and StatefulSets by name, in the order of names. */
  readonly replicas: Readonly<Record<string, unknown>>;
  /** Names of suspended Jobs and CronJobs. */
  readonly suspended: readonly string[];
  /** `spec.minReplicas` of autoscalers. */
  readonly minReplicas: readonly number[];
  /** Names of objects that carry an annotation of ours. */
  readonly marks: readonly string[];
  /** Names of our admission policies and their bindings. */
  readonly guards: readonly string[];
}

interface Item {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly replicas?: number; readonly suspend?: boolean; readonly minReplicas?: number };
}

const kinds = [
  'apps/v1:deployments',
  'apps/v1:statefulsets',
  'apps/v1:replicasets',
  'batch/v1:jobs',
  'batch/v1:cronjobs',
  'autoscaling/v2:horizontalpodautoscalers',
];
const admission = '/apis/admissionregistration.k8s.io/v1';

/** Reads it from the API server. */
export async function readInside(rig: EnforcementRig): Promise<InsideState> {
  const lists = await Promise.all(
    kinds.map(async (each) => {
      const [group = '', plural = ''] = each.split(':');
      return (await rig.get(`/apis/${group}/namespaces/${inside}/${plural}`))['items'] as Item[];
    }),
  );
  const [deployments = [], sets = [], , jobs = [], cronJobs = [], scalers = []] = lists;
  const marks = lists
    .flat()
    .filter(({ metadata }) =>
      Object.keys(metadata.annotations ?? {}).some((key) => key.startsWith('kubehero.io/')),
    );
  const replicas = [...deployments, ...sets].map(({ metadata, spec }): [string, unknown] => [
    metadata.name,
    spec.replicas,
  ]);
  return {
    replicas: Object.fromEntries(replicas.sort(([a], [b]) => (a < b ? -1 : 1))),
    suspended: [...jobs, ...cronJobs]
      .filter(({ spec }) => spec.suspend === true)
      .map(({ metadata }) => metadata.name),
    minReplicas: scalers.map(({ spec }) => spec.minReplicas ?? 1),
    marks: marks.map(({ metadata }) => metadata.name),
    guards: await readGuards(rig),
  };
}

async function readGuards(rig: EnforcementRig): Promise<string[]> {
  const lists = await Promise.all(
    ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'].map(
      async (plural) => (await rig.get(`${admission}/${plural}`))['items'] as Item[],
    ),
  );
  const names = lists.flat().map(({ metadata }) => metadata.name);
  return names.filter((name) => name.startsWith('kubehero-budget-'));
}
