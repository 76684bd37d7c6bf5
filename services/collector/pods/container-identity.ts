/** Values of kubehero.telemetry.v1.IdentityKind. */
export const identityKinds = { container: 0, podOverhead: 1, host: 2 } as const;

/** Whose usage a row is; the message kubehero.telemetry.v1.ContainerIdentity. Immutable and compared by reference. */
export interface ContainerIdentity {
  readonly kind: number;
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
