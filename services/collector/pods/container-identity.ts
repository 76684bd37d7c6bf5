/** Values of kubehero.telemetry.v1.IdentityKind. */
export const identityKinds = {
  container: 'IDENTITY_KIND_CONTAINER',
  podOverhead: 'IDENTITY_KIND_POD_OVERHEAD',
  host: 'IDENTITY_KIND_HOST',
} as const;

/** One of {@link identityKinds}. */
export type IdentityKind = (typeof identityKinds)[keyof typeof identityKinds];

/** Whose usage a row is; the message kubehero.telemetry.v1.ContainerIdentity. Immutable and compared by reference. */
export interface ContainerIdentity {
  readonly kind: IdentityKind;
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly workloadKind: string;
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuRequestMillicores: number;
  readonly memoryRequestBytes: number;
  readonly gpuRequest: number;
  readonly cpuLimitMillicores: number;
  readonly memoryLimitBytes: number;
}

/** What an identity asks for when nothing is known of it. */
export const noResources = {
  cpuRequestMillicores: 0,
  memoryRequestBytes: 0,
  gpuRequest: 0,
  cpuLimitMillicores: 0,
  memoryLimitBytes: 0,
} as const;
