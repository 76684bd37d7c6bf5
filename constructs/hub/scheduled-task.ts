import { KubeCronJob } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { tmpMount, toPodTemplate } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { Workload } from '../core/workload.js';
import type { StoreAccess } from '../stores/connection.js';

/** Input of {@link ScheduledTask}. */
export interface ScheduledTaskInput {
  readonly site: Site;
  readonly name: string;
  /** Key of the component's settings. */
  readonly componentKey: string;
  readonly args: readonly string[];
  /** Five fields, UTC. */
  readonly schedule: string;
  readonly env: Readonly<Record<string, string>>;
  readonly access: StoreAccess;
}

/** A `kubehero` command on a schedule: one run at a time, missed runs caught up within the hour. */
export class ScheduledTask extends Workload {
  constructor(scope: Construct, id: string, input: ScheduledTaskInput) {
    const { site } = input;
    super(scope, id, {
      site,
      name: input.name,
      namespace: site.namespaces.system,
      component: site.component(input.componentKey),
    });
    this.emitServiceAccount();
    const template = toPodTemplate({
      name: 'task',
      selector: this.selector,
      image: site.image('kubehero'),
      args: input.args,
      env: { ...input.access.env, ...input.env },
      mounts: [...input.access.mounts, tmpMount],
      resources: { cpu: '100m', memory: '256Mi', cpuLimit: '500m' },
      component: this.component,
      features: site.features,
      serviceAccount: this.account,
      gracePeriodSeconds: 60,
      priorityClassName: 'kubehero-standard',
      pullSecrets: site.pullSecrets,
      restartPolicy: 'OnFailure',
      spread: 'none',
    });
    this.emitPods(
      'CronJob',
      KubeCronJob.manifest({
        metadata: this.metadata(),
        spec: {
          schedule: input.schedule,
          timeZone: 'Etc/UTC',
          concurrencyPolicy: 'Forbid',
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            spec: {
              backoffLimit: 3,
              activeDeadlineSeconds: 21_600,
              template,
            },
          },
        },
      }),
      { wave: waves.monitoring },
    );
    for (const { peer, ports } of input.access.peers) site.flows.add(this.peer, peer, ...ports);
  }
}
