import type { PodTemplate } from '../manifests/examples.js';

/** A probe that a kubelet calls by HTTP. */
export interface HttpProbe {
  readonly httpGet?: { readonly path: string; readonly port: number };
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

interface Items {
  readonly items?: readonly { readonly key: string; readonly path: string }[];
  readonly defaultMode?: number;
}

/** A volume of a pod. */
export interface Volume {
  readonly name: string;
  readonly secret?: Items & { readonly secretName: string };
  readonly configMap?: Items & { readonly name: string };
  readonly emptyDir?: { readonly sizeLimit?: string };
  readonly hostPath?: { readonly path: string };
}

/** The part of a container that a kubelet and a runtime act on. */
export interface Container {
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: {
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly add?: readonly string[] };
  };
  readonly startupProbe?: HttpProbe;
  readonly livenessProbe?: HttpProbe;
  readonly readinessProbe?: HttpProbe;
}

/** The part of a pod's spec that a kubelet acts on. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName: string;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
}

/** Spec of a template. */
export function specOf(template: PodTemplate): PodSpec {
  return template.spec as unknown as PodSpec;
}

/** The environment as a kubelet makes it. */
export function environmentOf(
  container: Container,
  fields: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    (container.env ?? []).map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ''] ?? '',
    ]),
  );
}

/** Files of a volume, of what the Secret or ConfigMap holds. */
export function projected(data: Readonly<Record<string, string>>, { items }: Items): Record<string, string> {
  if (!items) return { ...data };
  return Object.fromEntries(
    items.map(({ key, path }) => {
      const value = data[key];
      if (value === undefined) throw new Error(`there is no key '${key}' to mount`);
      return [path, value];
    }),
  );
}
