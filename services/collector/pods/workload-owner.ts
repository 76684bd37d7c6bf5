import type { OwnerReference } from './pod-object.js';

/** The owner that a person would name. */
export interface WorkloadOwner {
  /** Empty for a bare pod. */
  readonly kind: string;
  readonly name: string;
}

/** A CronJob's Job is named "<CronJob>-<scheduled minute since the epoch>" (kubernetes/pkg/controller/cronjob). */
const cronJobPattern = /^(.+)-\d{8,10}$/;
const bare: WorkloadOwner = { kind: '', name: '' };

/**
 * Owner of a pod by its references and labels alone, so that no other object has to be read: a ReplicaSet whose name
 * ends in the pod's template hash belongs to the Deployment before it, a Job with a minute at its end to a CronJob.
 * A static pod belongs to its node, which owns nothing: it is bare.
 */
export function findWorkloadOwner(
  owners: readonly OwnerReference[],
  labels: Readonly<Record<string, string>>,
): WorkloadOwner {
  const owner = owners.find((candidate) => candidate.controller === true) ?? owners[0];
  const { kind = '', name = '' } = owner ?? {};
  if (kind === '' || kind === 'Node') return bare;
  const hash = labels['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
  }
  const cronJob = kind === 'Job' ? cronJobPattern.exec(name)?.[1] : undefined;
  return cronJob === undefined ? { kind, name } : { kind: 'CronJob', name: cronJob };
}
