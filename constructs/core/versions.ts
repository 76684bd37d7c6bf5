/** Minor versions of Kubernetes that the constructs write manifests for. */
export const kubernetesVersions = [
  '1.28',
  '1.29',
  '1.30',
  '1.31',
  '1.32',
  '1.33',
  '1.34',
  '1.35',
  '1.36',
  '1.37',
] as const;

/** A minor version of Kubernetes. */
export type KubernetesVersion = (typeof kubernetesVersions)[number];

/** What `kubernetesVersion` is when nobody says. */
export const defaultKubernetesVersion: KubernetesVersion = '1.36';

/** Which optional APIs and fields a version of Kubernetes has. */
export interface Features {
  /** `lifecycle.preStop.sleep`, on by default since 1.30. */
  readonly preStopSleep: boolean;
  /** ValidatingAdmissionPolicy in `admissionregistration.k8s.io/v1`, since 1.30. */
  readonly admissionPolicy: boolean;
  /** Init containers with `restartPolicy: Always`, on by default since 1.29. */
  readonly nativeSidecars: boolean;
  /** `appArmorProfile` in security contexts, since 1.30 on by default. */
  readonly appArmorField: boolean;
}

/** Features of a version; see the release notes of 1.29 and 1.30. */
export function featuresOf(version: KubernetesVersion): Features {
  const minor = minorOf(version);
  return {
    preStopSleep: minor >= 30,
    admissionPolicy: minor >= 30,
    nativeSidecars: minor >= 29,
    appArmorField: minor >= 30,
  };
}

/** The number after the dot. */
export function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/** Versions of the operators that the manifests are written for. */
export interface OperatorVersions {
  /** @default - the newest that supports `kubernetesVersion` */
  readonly cloudNativePg?: string | undefined;
  /** Barman Cloud plugin. @default '0.14.0' */
  readonly barmanPlugin?: string | undefined;
  /** Altinity operator for ClickHouse. @default '0.27.3' */
  readonly clickhouse?: string | undefined;
}

/** Operator versions after defaults. */
export type ResolvedOperatorVersions = { readonly [K in keyof OperatorVersions]-?: string };

/** Kubernetes minors that each minor of CloudNativePG supports; from its table of supported releases. */
const cloudNativePgSupport: Readonly<Record<string, readonly [number, number]>> = {
  '1.24': [28, 31],
  '1.25': [29, 32],
  '1.26': [30, 33],
  '1.27': [31, 34],
  '1.28': [32, 35],
  '1.29': [33, 35],
  '1.30': [34, 36],
};

const defaultCloudNativePg: Readonly<Record<number, string>> = {
  28: '1.24.4',
  29: '1.25.4',
  30: '1.26.3',
  31: '1.27.4',
  32: '1.28.3',
  33: '1.29.2',
};

/** Fills in the operator versions that fit a version of Kubernetes. */
export function resolveOperatorVersions(
  given: OperatorVersions,
  version: KubernetesVersion,
): ResolvedOperatorVersions {
  return {
    cloudNativePg: given.cloudNativePg ?? defaultCloudNativePg[minorOf(version)] ?? '1.30.0',
    barmanPlugin: given.barmanPlugin ?? '0.14.0',
    clickhouse: given.clickhouse ?? '0.27.3',
  };
}

/** Says why an operator does not fit; undefined when it does. One minor above the tested range is let through. */
export function cloudNativePgMismatch(operator: string, version: KubernetesVersion): string | undefined {
  const range = cloudNativePgSupport[operator.split('.').slice(0, 2).join('.')];
  if (!range)
    return `'${operator}' is not known here: use one of ${Object.keys(cloudNativePgSupport).join(', ')}`;
  const minor = minorOf(version);
  if (minor >= range[0] && minor <= range[1] + 1) return undefined;
  return `CloudNativePG ${operator} supports Kubernetes 1.${range[0]} to 1.${range[1]}, not ${version}: choose another of the two`;
}
