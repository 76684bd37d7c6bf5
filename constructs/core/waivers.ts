/**
 * Findings of scanners that stay, each with its reason: ids of checkov (`CKV_…`), of kube-linter (`kube-linter/…`), of
 * polaris (`polaris/…`), and without a prefix those of kube-score.
 */
export type Waivers = Readonly<Record<string, string>>;

/** Why a program that calls the API server has a token. */
const tokenReason = 'calls the API server with the rights of its Role alone';

/** For pods that no other policy of their namespace shares a label with: polaris looks for exactly one label in common. */
export const policyWaiver: Waivers = {
  'polaris/missingNetworkPolicy': 'a policy selects it by two labels, polaris looks for exactly one',
};

/** Annotations by which the scanners find the waivers, and people the reasons, next to the resource. */
export function waiverAnnotations(waivers: Waivers): Record<string, string> {
  const ids = Object.keys(waivers).sort();
  const of = (prefix: string): string[] => ids.filter((id) => id.startsWith(prefix));
  const kubeScore = ids.filter((id) => !id.startsWith('CKV_') && !id.includes('/'));
  const reasons = [...kubeScore, ...of('polaris/')];
  return {
    ...Object.fromEntries(of('CKV_').map((id, i) => [`checkov.io/skip${i + 1}`, `${id}=${waivers[id]}`])),
    ...Object.fromEntries(
      of('kube-linter/').map((id) => [
        id.replace('kube-linter/', 'ignore-check.kube-linter.io/'),
        waivers[id] ?? '',
      ]),
    ),
    ...Object.fromEntries(
      of('polaris/').map((id) => [`${id.replace('polaris/', 'polaris.fairwinds.com/')}-exempt`, 'true']),
    ),
    ...(kubeScore.length > 0 ? { 'kube-score/ignore': kubeScore.join(',') } : {}),
    ...Object.fromEntries(
      reasons.map((id) => [`waiver.kubehero.io/${id.replace('/', '-')}`, waivers[id] ?? '']),
    ),
  };
}

interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly serviceAccountName?: string;
  readonly topologySpreadConstraints?: unknown;
  readonly containers: readonly {
    readonly livenessProbe?: unknown;
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
  }[];
}

/** The spec of the pods that a controller makes, of a CronJob too. */
function podSpecOf(manifest: unknown): PodSpec | undefined {
  interface Controller {
    readonly template?: { readonly spec: PodSpec };
  }
  const { spec } = manifest as {
    spec: Controller & { readonly jobTemplate?: { readonly spec: Controller } };
  };
  return (spec.jobTemplate?.spec ?? spec).template?.spec;
}

/**
 * What follows from the pods of any workload.
 * @param manifest of a controller of pods
 * @param ownAccount name of the ServiceAccount that is in the manifests
 */
export function podWaivers(manifest: unknown, ownAccount: string): Waivers {
  const spec = podSpecOf(manifest);
  const names = (spec?.containers ?? [])
    .flatMap((container) => container.env ?? [])
    .filter((env) => env.value);
  const sensitive = names.filter((env) => /password|token|bearer|secret/i.test(env.name));
  return {
    ...(spec?.automountServiceAccountToken
      ? { CKV_K8S_38: tokenReason, 'polaris/automountServiceAccountToken': tokenReason }
      : {}),
    ...(sensitive.length > 0 && sensitive.every((env) => env.name.endsWith('_FILE'))
      ? { 'polaris/sensitiveContainerEnvVar': 'names the file of the mounted Secret, and holds no secret' }
      : {}),
    ...(spec?.topologySpreadConstraints
      ? {}
      : { 'polaris/topologySpreadConstraint': 'there is one pod, or one on each node' }),
    ...(spec?.serviceAccountName === ownAccount
      ? {}
      : { 'kube-linter/non-existent-service-account': 'the account exists already: the props name it' }),
  };
}
