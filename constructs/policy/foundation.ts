import { KubeNamespace, KubePriorityClass } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { Part, type PartOptions, waves } from '../core/manifest.js';

/** A namespace and the Pod Security Standard that it enforces. */
export interface NamespaceSpec {
  readonly name: string;
  readonly podSecurity: 'restricted' | 'privileged';
  /** Adds the label by which sigstore's policy-controller checks the namespace. */
  readonly verifyImages?: boolean | undefined;
}

/** Input of {@link Foundation}. */
export interface FoundationProps extends PartOptions {
  readonly namespaces: readonly NamespaceSpec[];
  /** False where another app owns the priority classes. */
  readonly priorityClasses: boolean;
}

/** Names of the priority classes, from what runs first. */
export const priorityClasses = { critical: 'kubehero-critical', standard: 'kubehero-standard' } as const;

/** Namespaces with their Pod Security labels, and priority classes. */
export class Foundation extends Part {
  constructor(scope: Construct, id: string, props: FoundationProps) {
    super(scope, id, props);
    for (const { name, podSecurity, verifyImages } of props.namespaces) {
      this.emit(
        `Namespace-${name}`,
        KubeNamespace.manifest({
          metadata: {
            name,
            labels: {
              'kubehero.io/protected': 'true',
              ...Object.fromEntries(
                ['enforce', 'audit', 'warn'].map((mode) => [
                  `pod-security.kubernetes.io/${mode}`,
                  podSecurity,
                ]),
              ),
              'pod-security.kubernetes.io/enforce-version': 'latest',
              ...(verifyImages ? { 'policy.sigstore.dev/include': 'true' } : {}),
            },
            annotations: { 'kubehero.io/protected': 'true' },
          },
        }),
        { wave: waves.namespaces, keep: true },
      );
    }
    if (!props.priorityClasses) return;
    for (const [key, value] of [
      ['critical', 1_000_000],
      ['standard', 100_000],
    ] as const) {
      this.emit(
        `PriorityClass-${key}`,
        KubePriorityClass.manifest({
          metadata: { name: priorityClasses[key] },
          value,
          globalDefault: false,
          description:
            key === 'critical'
              ? 'KubeHero: what measures and stores cost; preempts ordinary workloads'
              : 'KubeHero: what shows cost; waits for room before the critical class does',
        }),
        { wave: waves.namespaces },
      );
    }
  }
}
