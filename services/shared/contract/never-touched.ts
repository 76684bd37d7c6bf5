import { namespaces } from './programs.js';

/**
 * Namespaces that enforcement never touches: those of Kubernetes, of KubeHero and its stores, and of the programs that
 * stopping and restoring themselves rely on (autoscalers, GitOps, queues, certificates of webhooks).
 */
export const neverTouchedNamespaces: readonly string[] = [
  'kube-system',
  'kube-public',
  'kube-node-lease',
  ...Object.values(namespaces),
  'keda',
  'argocd',
  'argo-rollouts',
  'flux-system',
  'kueue-system',
  'cert-manager',
];

/** Namespaces that begin so are KubeHero's own. */
export const ownNamespacePrefix = 'kubehero-';

/** True for a namespace that is never touched whatever a policy says. */
export function isNeverTouched(namespace: string, more: readonly string[] = []): boolean {
  return (
    namespace.startsWith(ownNamespacePrefix) ||
    neverTouchedNamespaces.includes(namespace) ||
    more.includes(namespace)
  );
}
