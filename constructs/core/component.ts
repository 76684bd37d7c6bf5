import type { Affinity, Toleration, TopologySpreadConstraint } from '../../imports/k8s.js';
import type { Faults } from './faults.js';
import { checkEnvironment } from './secret-material.js';
import { type Resources, tryParseBytes, tryParseMilliCpu } from './quantities.js';

/** What users set on one component, or on all of them by `defaults`. A component's own value wins; maps are merged. */
export interface ComponentProps {
  /** Labels of the component's objects and pods. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations of the component's pods. */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /** Annotations of its ServiceAccount: IRSA, GKE and Azure workload identity. */
  readonly serviceAccountAnnotations?: Readonly<Record<string, string>>;
  /** A ServiceAccount that exists in the component's namespace, to which its rights are bound. @default - one is made */
  readonly serviceAccountName?: string;
  /** Environment on top of what the manifest sets; names that the manifest sets itself are refused. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  /** @default - replicas prefer different nodes */
  readonly affinity?: Affinity;
  /** @default - evenly over zones where there are any */
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[];
  /** @default 'kubehero-critical' for what must run, 'kubehero-standard' for the rest */
  readonly priorityClassName?: string;
  /** @default - by `nodes`, see the sizing table */
  readonly resources?: Partial<Resources>;
  /** @default - by the reference topology */
  readonly replicas?: number;
  /** Seconds between SIGTERM and SIGKILL, 5 to 3600. */
  readonly terminationGracePeriodSeconds?: number;
}

/** A component's settings over the defaults of all. */
export function mergeComponent(
  defaults: ComponentProps | undefined,
  own: ComponentProps | undefined,
): ComponentProps {
  const base = defaults ?? {};
  const over = own ?? {};
  return {
    ...base,
    ...over,
    labels: { ...base.labels, ...over.labels },
    podAnnotations: { ...base.podAnnotations, ...over.podAnnotations },
    serviceAccountAnnotations: { ...base.serviceAccountAnnotations, ...over.serviceAccountAnnotations },
    env: { ...base.env, ...over.env },
    resources: { ...base.resources, ...over.resources },
  };
}

/** Bounds of the settings of one component. */
export function checkComponent(faults: Faults, prop: string, component: ComponentProps | undefined): void {
  if (!component) return;
  faults.integer(`${prop}.replicas`, component.replicas, [1, 20]);
  faults.integer(`${prop}.terminationGracePeriodSeconds`, component.terminationGracePeriodSeconds, [5, 3600]);
  faults.dnsName(`${prop}.serviceAccountName`, component.serviceAccountName);
  faults.check(
    component.serviceAccountName === undefined ||
      Object.keys(component.serviceAccountAnnotations ?? {}).length === 0,
    `${prop}.serviceAccountAnnotations`,
    `'${component.serviceAccountName}' exists: annotate it where it is made`,
  );
  faults.dnsName(`${prop}.priorityClassName`, component.priorityClassName);
  checkResources(faults, `${prop}.resources`, component.resources);
  for (const name of Object.keys(component.env ?? {})) {
    faults.check(/^[A-Za-z_][A-Za-z0-9_]*$/.test(name), `${prop}.env`, `'${name}' is no name of a variable`);
    faults.check(
      !name.startsWith('KUBEHERO_') || name === 'KUBEHERO_LOG_LEVEL',
      `${prop}.env`,
      `'${name}' is set by the construct: use the prop that stands for it`,
    );
  }
  checkEnvironment(faults, `${prop}.env`, component.env ?? {});
  for (const [name, map] of Object.entries({
    labels: component.labels,
    nodeSelector: component.nodeSelector,
    podAnnotations: component.podAnnotations,
    serviceAccountAnnotations: component.serviceAccountAnnotations,
  })) {
    for (const key of Object.keys(map ?? {})) checkKey(faults, `${prop}.${name}`, key);
  }
  for (const [key, value] of Object.entries(component.labels ?? {})) {
    faults.check(
      /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/.test(value),
      `${prop}.labels`,
      `'${value}' of '${key}' is no label value: use at most 63 letters, digits, '-', '_' and '.'`,
    );
  }
}

/** A key of labels and annotations, with a DNS name before the slash where there is one. */
function checkKey(faults: Faults, prop: string, key: string): void {
  const [, prefix, name = ''] = /^(?:([^/]*)\/)?([^/]*)$/.exec(key) ?? [];
  if (prefix !== undefined) faults.dnsName(prop, prefix);
  faults.check(
    /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(name),
    prop,
    `'${key}' is no key: use at most 63 letters, digits, '-', '_' and '.', after a DNS name and '/' where one is needed`,
  );
}

/** CPU and memory quantities that parse, limits not below requests. */
export function checkResources(
  faults: Faults,
  prop: string,
  resources: Partial<Resources> | undefined,
): void {
  if (!resources) return;
  for (const key of ['cpu', 'cpuLimit'] as const) {
    const value = resources[key];
    if (value !== undefined)
      faults.check(
        tryParseMilliCpu(value) !== undefined,
        `${prop}.${key}`,
        `'${value}' is no CPU quantity: write 500m or 2`,
      );
  }
  for (const key of ['memory', 'memoryLimit', 'ephemeralStorage'] as const) {
    const value = resources[key];
    if (value !== undefined)
      faults.check(
        tryParseBytes(value) !== undefined,
        `${prop}.${key}`,
        `'${value}' is no size: write 512Mi or 16Gi`,
      );
  }
  const cpu = tryParseMilliCpu(resources.cpu ?? '');
  const cpuLimit = tryParseMilliCpu(resources.cpuLimit ?? '');
  if (cpu && cpuLimit)
    faults.check(
      cpuLimit >= cpu,
      `${prop}.cpuLimit`,
      `'${resources.cpuLimit}' is below the request '${resources.cpu}'`,
    );
  const memory = tryParseBytes(resources.memory ?? '');
  const memoryLimit = tryParseBytes(resources.memoryLimit ?? '');
  if (memory && memoryLimit)
    faults.check(
      memoryLimit >= memory,
      `${prop}.memoryLimit`,
      `'${resources.memoryLimit}' is below the request '${resources.memory}'`,
    );
}
