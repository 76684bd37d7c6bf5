import { environmentNames, httpPaths, labelKeys, mountPaths, runAsUser } from '@kubehero/contract';
import {
  type Container,
  type EnvVar,
  IntOrString,
  type PodTemplateSpec,
  type Probe,
  Quantity,
  type ResourceRequirements,
  type SecurityContext,
  type Volume,
  type VolumeMount,
} from '../../imports/k8s.js';
import type { ComponentProps } from './component.js';
import type { Resources } from './quantities.js';
import type { Features } from './versions.js';

/** A Secret or ConfigMap mounted whole as a folder, or a writable scratch folder. */
export type Mount =
  | {
      readonly path: string;
      readonly secret: string;
      readonly items?: Readonly<Record<string, string>>;
      readonly optional?: boolean;
    }
  | { readonly path: string; readonly configMap: string; readonly optional?: boolean }
  | { readonly path: string; readonly hostPath: string }
  | { readonly path: string; readonly scratch: string; readonly memory?: boolean }
  | { readonly path: string; readonly claim: string };

/** What one of our pods is made of; everything else about it is the same everywhere. */
export interface PodSpecInput {
  readonly name: string;
  /** Labels by which the pod's owner and the network policies select it. */
  readonly selector: Readonly<Record<string, string>>;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | { readonly field: string }>>;
  readonly mounts: readonly Mount[];
  readonly resources: Resources;
  readonly component: ComponentProps;
  readonly features: Features;
  readonly ports?: Readonly<Record<string, number>>;
  /** Port of `/healthz` and `/readyz`; absent for Jobs. */
  readonly probePort?: number;
  readonly probes?: { readonly liveness: Probe; readonly readiness: Probe; readonly startup?: Probe };
  readonly serviceAccount: string;
  /** True for the few programs that call the API server. */
  readonly apiAccess?: boolean;
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly gracePeriodSeconds: number;
  readonly priorityClassName: string;
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  readonly pullSecrets: readonly string[];
  readonly securityContext?: SecurityContext;
  readonly user?: number;
  readonly initContainers?: readonly Container[];
  readonly sidecars?: readonly Container[];
  /** `required` keeps replicas on different nodes at all costs: for members of a quorum. */
  readonly spread?: 'preferred' | 'required' | 'none';
}

/** Seconds that a stopping pod waits for load balancers to notice, before it is told to end. */
export const preStopSeconds = 8;

/** What the `restricted` Pod Security Standard asks of a container, and a read-only root on top. */
export const restrictedContainer: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** Requests and limits; CPU and memory are guaranteed unless a limit says otherwise. */
export function toRequirements(resources: Resources): ResourceRequirements {
  const scratch = Quantity.fromString(resources.ephemeralStorage ?? '64Mi');
  return {
    requests: {
      cpu: Quantity.fromString(resources.cpu),
      memory: Quantity.fromString(resources.memory),
      'ephemeral-storage': scratch,
    },
    limits: {
      cpu: Quantity.fromString(resources.cpuLimit ?? resources.cpu),
      memory: Quantity.fromString(resources.memoryLimit ?? resources.memory),
      'ephemeral-storage': scratch,
    },
  };
}

/** An HTTP probe on a named path. */
export function httpProbe(path: string, port: number, timing: Partial<Probe> = {}): Probe {
  return {
    httpGet: { path, port: IntOrString.fromNumber(port) },
    periodSeconds: 10,
    timeoutSeconds: 3,
    failureThreshold: 3,
    ...timing,
  };
}

/** The pod template of one of our programs: restricted, read-only, without a token unless it calls the API server. */
export function toPodTemplate(input: PodSpecInput): PodTemplateSpec {
  const { component } = input;
  const user = input.user ?? runAsUser;
  return {
    metadata: {
      labels: { ...component.labels, ...input.selector },
      annotations: {
        'kubectl.kubernetes.io/default-container': input.name,
        ...component.podAnnotations,
        ...input.podAnnotations,
      },
    },
    spec: {
      serviceAccountName: input.serviceAccount,
      automountServiceAccountToken: input.apiAccess ?? false,
      enableServiceLinks: false,
      ...(input.pullSecrets.length > 0
        ? { imagePullSecrets: input.pullSecrets.map((name) => ({ name })) }
        : {}),
      ...(input.restartPolicy ? { restartPolicy: input.restartPolicy } : {}),
      priorityClassName: component.priorityClassName ?? input.priorityClassName,
      terminationGracePeriodSeconds: component.terminationGracePeriodSeconds ?? input.gracePeriodSeconds,
      securityContext: {
        runAsNonRoot: user !== 0,
        runAsUser: user,
        runAsGroup: user,
        ...(user === 0 ? {} : { fsGroup: user, fsGroupChangePolicy: 'OnRootMismatch' }),
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...scheduling(input),
      ...(input.initContainers ? { initContainers: [...input.initContainers] } : {}),
      containers: [mainContainer(input), ...(input.sidecars ?? [])],
      ...(input.mounts.length > 0 ? { volumes: toVolumes(input.mounts) } : {}),
    },
  };
}

function mainContainer(input: PodSpecInput): Container {
  const { component } = input;
  const env = toEnv({ ...input.env, ...component.env });
  return {
    name: input.name,
    image: input.image,
    imagePullPolicy: 'Always',
    ...(input.command ? { command: [...input.command] } : {}),
    ...(input.args.length > 0 ? { args: [...input.args] } : {}),
    ...(env.length > 0 ? { env } : {}),
    ...(input.ports
      ? {
          ports: Object.entries(input.ports).map(([name, containerPort]) => ({
            name,
            containerPort,
            protocol: 'TCP',
          })),
        }
      : {}),
    resources: toRequirements({ ...input.resources, ...component.resources }),
    securityContext: { ...restrictedContainer, ...input.securityContext },
    ...(input.mounts.length > 0 ? { volumeMounts: toMounts(input.mounts) } : {}),
    ...probesOf(input),
    ...(input.probePort && input.features.preStopSleep
      ? { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }
      : {}),
  };
}

function probesOf(input: PodSpecInput): Partial<Container> {
  if (input.probes) {
    return {
      livenessProbe: input.probes.liveness,
      readinessProbe: input.probes.readiness,
      ...(input.probes.startup ? { startupProbe: input.probes.startup } : {}),
    };
  }
  if (input.probePort === undefined) return {};
  return {
    startupProbe: httpProbe(httpPaths.live, input.probePort, { periodSeconds: 2, failureThreshold: 60 }),
    livenessProbe: httpProbe(httpPaths.live, input.probePort, { failureThreshold: 6, timeoutSeconds: 5 }),
    readinessProbe: httpProbe(httpPaths.ready, input.probePort, { periodSeconds: 5, failureThreshold: 2 }),
  };
}

function scheduling(input: PodSpecInput): Partial<NonNullable<PodTemplateSpec['spec']>> {
  const { component } = input;
  const labelSelector = { matchLabels: { ...input.selector } };
  const onHosts = { labelSelector, topologyKey: 'kubernetes.io/hostname' };
  const antiAffinity =
    input.spread === 'required'
      ? { requiredDuringSchedulingIgnoredDuringExecution: [onHosts] }
      : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: onHosts }] };
  const spread = {
    maxSkew: 1,
    topologyKey: 'topology.kubernetes.io/zone',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector,
  };
  const none = input.spread === 'none';
  return {
    ...(component.nodeSelector ? { nodeSelector: { ...component.nodeSelector } } : {}),
    ...(component.tolerations ? { tolerations: [...component.tolerations] } : {}),
    ...(component.affinity
      ? { affinity: component.affinity }
      : none
        ? {}
        : { affinity: { podAntiAffinity: antiAffinity } }),
    ...(component.topologySpreadConstraints
      ? { topologySpreadConstraints: [...component.topologySpreadConstraints] }
      : none
        ? {}
        : { topologySpreadConstraints: [spread] }),
  };
}

/** Environment sorted by name; `{ field }` takes a field of the pod. */
export function toEnv(env: PodSpecInput['env']): EnvVar[] {
  return Object.entries(env)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) =>
      typeof value === 'string'
        ? { name, value }
        : { name, valueFrom: { fieldRef: { fieldPath: value.field } } },
    );
}

/** Fields of its pod that a program reads from its environment. */
export const podFields = {
  name: { [environmentNames.podName]: { field: 'metadata.name' } },
  namespace: { [environmentNames.podNamespace]: { field: 'metadata.namespace' } },
  ip: { [environmentNames.podIp]: { field: 'status.podIP' } },
  node: { [environmentNames.nodeName]: { field: 'spec.nodeName' } },
} as const;

function volumeName(path: string): string {
  return path.replace(/^\/+/, '').replace(/[^a-z0-9]+/g, '-');
}

/** Mounts in the order of their paths; everything but scratch folders and claims is read only. */
export function toMounts(mounts: readonly Mount[]): VolumeMount[] {
  return sorted(mounts).map((mount) => ({
    name: 'claim' in mount ? mount.claim : volumeName(mount.path),
    mountPath: mount.path,
    ...('scratch' in mount || 'claim' in mount ? {} : { readOnly: true }),
  }));
}

/** Volumes of {@link toMounts}. Files of Secrets can be read by the pod's own user alone. */
export function toVolumes(mounts: readonly Mount[]): Volume[] {
  return sorted(mounts)
    .filter((mount) => !('claim' in mount))
    .map((mount) => ({ name: volumeName(mount.path), ...volumeSource(mount) }));
}

function volumeSource(mount: Mount): Omit<Volume, 'name'> {
  if ('secret' in mount) {
    const items = mount.items
      ? { items: Object.entries(mount.items).map(([path, key]) => ({ key, path })) }
      : {};
    return {
      secret: {
        secretName: mount.secret,
        defaultMode: 0o440,
        ...items,
        ...(mount.optional ? { optional: true } : {}),
      },
    };
  }
  if ('configMap' in mount) {
    return {
      configMap: { name: mount.configMap, defaultMode: 0o444, ...(mount.optional ? { optional: true } : {}) },
    };
  }
  if ('hostPath' in mount) return { hostPath: { path: mount.hostPath, type: 'Directory' } };
  const size = 'scratch' in mount ? mount.scratch : '16Mi';
  const memory = 'scratch' in mount && mount.memory ? { medium: 'Memory' } : {};
  return { emptyDir: { sizeLimit: Quantity.fromString(size), ...memory } };
}

function sorted(mounts: readonly Mount[]): Mount[] {
  return [...mounts].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Scratch space that every program with a read-only root gets. */
export const tmpMount: Mount = { path: mountPaths.tmp, scratch: '32Mi' };

/** Labels that an object or pod of a component carries; the first two select its pods. */
export function labelsOf(component: string): Record<string, string> {
  return { [labelKeys.name]: component, [labelKeys.partOf]: 'kubehero', [labelKeys.managedBy]: 'cdk8s' };
}

/** The labels by which a component's pods are selected; they never change. */
export function selectorOf(component: string): Record<string, string> {
  return { [labelKeys.name]: component, [labelKeys.partOf]: 'kubehero' };
}
