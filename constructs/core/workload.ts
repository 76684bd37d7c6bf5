import { labelKeys } from '@kubehero/contract';
import { createHash } from 'node:crypto';
import {
  IntOrString,
  KubeConfigMap,
  KubeDeployment,
  KubePodDisruptionBudget,
  KubeService,
  KubeServiceAccount,
  KubeStatefulSet,
  type PodTemplateSpec,
} from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { apiServerPorts, partOptions, type Site } from './site.js';
import type { ComponentProps } from './component.js';
import { type EmitOptions, type Manifest, Part, waves } from './manifest.js';
import { selectorOf } from './pods.js';
import { podWaivers, waiverAnnotations, type Waivers } from './waivers.js';
import { type Peer, pods } from '../policy/flows.js';

/** Which program a workload runs, where. */
export interface WorkloadInput {
  readonly site: Site;
  /** Name of the workload's objects and the value of `app.kubernetes.io/name`. */
  readonly name: string;
  readonly namespace: string;
  readonly component: ComponentProps;
}

const soleReason = 'one replica is what this installation asked for';
const soleReplica: Waivers = {
  'deployment-replicas': soleReason,
  'polaris/deploymentMissingReplicas': soleReason,
  'polaris/missingPodDisruptionBudget': soleReason,
};

/** One program or store of ours: its account, controller, Service and disruption budget. */
export class Workload extends Part {
  /** Name of the workload's objects. */
  readonly name: string;
  /** Namespace that it runs in. */
  readonly namespace: string;
  /** Its pods, as an end of a flow. */
  readonly peer: Peer;
  protected readonly site: Site;
  protected readonly component: ComponentProps;
  protected readonly selector: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, input: WorkloadInput) {
    super(scope, id, partOptions(input.name, input.component));
    this.name = input.name;
    this.namespace = input.namespace;
    this.site = input.site;
    this.component = input.component;
    this.selector = selectorOf(input.name);
    this.peer = pods(input.namespace, this.selector);
  }

  /** Metadata of an object that is named after the workload. */
  protected metadata(suffix = ''): { name: string; namespace: string } {
    return { name: `${this.name}${suffix}`, namespace: this.namespace };
  }

  /** The ServiceAccount that the pods run as: the one that exists, or one named after the workload. */
  protected get account(): string {
    return this.component.serviceAccountName ?? this.name;
  }

  /** A ServiceAccount whose token is mounted nowhere by itself; none where the component brings its own. */
  protected emitServiceAccount(): void {
    if (this.component.serviceAccountName !== undefined) return;
    this.emit(
      'ServiceAccount',
      KubeServiceAccount.manifest({
        metadata: { ...this.metadata(), annotations: { ...this.component.serviceAccountAnnotations } },
        automountServiceAccountToken: false,
      }),
      { wave: waves.policies },
    );
  }

  /** A ConfigMap; returns a hash of its content for `checksum/config`. */
  protected emitConfigMap(suffix: string, data: Readonly<Record<string, string>>): string {
    this.emit(
      `ConfigMap${suffix}`,
      KubeConfigMap.manifest({ metadata: this.metadata(suffix), data: { ...data } }),
      { wave: waves.storeInputs },
    );
    return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
  }

  /** A Deployment that never has fewer pods than it should while it rolls. */
  protected emitDeployment(
    template: PodTemplateSpec,
    options: { replicas: number; wave: number; recreate?: boolean; waivers?: Waivers },
  ): void {
    this.emitPods(
      'Deployment',
      KubeDeployment.manifest({
        metadata: this.metadata(),
        spec: {
          replicas: options.replicas,
          revisionHistoryLimit: 3,
          progressDeadlineSeconds: 600,
          minReadySeconds: 5,
          selector: { matchLabels: { ...this.selector } },
          strategy: options.recreate
            ? { type: 'Recreate' }
            : {
                type: 'RollingUpdate',
                rollingUpdate: {
                  maxSurge: IntOrString.fromNumber(1),
                  maxUnavailable: IntOrString.fromNumber(0),
                },
              },
          template,
        },
      }),
      {
        wave: options.wave,
        waivers: { ...options.waivers, ...(options.replicas > 1 ? {} : soleReplica) },
      },
    );
  }

  /** A controller of pods: under its own name as the instance, and with the waivers that follow from its pods. */
  protected emitPods(
    id: string,
    manifest: unknown,
    options: EmitOptions & { readonly waivers?: Waivers },
  ): Manifest {
    const { waivers, ...rest } = options;
    const object = this.emit(id, manifest, {
      ...rest,
      annotations: {
        ...waiverAnnotations({ ...podWaivers(manifest, this.name), ...waivers }),
        ...options.annotations,
      },
    });
    object.metadata.addLabel(labelKeys.instance, object.name);
    return object;
  }

  /** A ClusterIP Service over the workload's pods. */
  protected emitService(
    ports: Readonly<Record<string, number>>,
    options: { suffix?: string; headless?: boolean } = {},
  ): void {
    this.emit(
      `Service${options.suffix ?? ''}`,
      KubeService.manifest({
        metadata: this.metadata(options.suffix),
        spec: {
          ...(options.headless
            ? { clusterIp: 'None', publishNotReadyAddresses: true }
            : { type: 'ClusterIP' }),
          selector: { ...this.selector },
          ports: toServicePorts(ports),
        },
      }),
      { wave: waves.storeInputs },
    );
  }

  /** At most one pod is drained at a time; a pod that is broken anyway never blocks a drain. */
  protected emitDisruptionBudget(): void {
    this.emit(
      'PodDisruptionBudget',
      KubePodDisruptionBudget.manifest({
        metadata: this.metadata(),
        spec: {
          maxUnavailable: IntOrString.fromNumber(1),
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
          selector: { matchLabels: { ...this.selector } },
        },
      }),
      { wave: waves.policies },
    );
  }

  /** Lets the pods call the API server. */
  protected reachApiServer(): void {
    this.site.flows.add(this.peer, this.site.apiServer, ...apiServerPorts);
  }

  /** Lets Prometheus scrape the pods. */
  protected scraped(...ports: readonly number[]): void {
    this.site.flows.add(this.site.prometheus, this.peer, ...ports);
  }
}

/** Ports of a Service, each under its own name and number. */
export function toServicePorts(
  ports: Readonly<Record<string, number>>,
): { name: string; port: number; targetPort: IntOrString; protocol: string }[] {
  return Object.entries(ports).map(([name, port]) => ({
    name,
    port,
    targetPort: IntOrString.fromNumber(port),
    protocol: 'TCP',
  }));
}

/** A StatefulSet whose claim templates say what they are, as the API server writes them back. */
export function statefulSetManifest(props: Parameters<typeof KubeStatefulSet.manifest>[0]): unknown {
  const json = KubeStatefulSet.manifest(props) as { spec: { volumeClaimTemplates?: object[] } };
  const claims = json.spec.volumeClaimTemplates;
  if (!claims) return json;
  const typed = claims.map((claim) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim }));
  return { ...json, spec: { ...json.spec, volumeClaimTemplates: typed } };
}
