/** Findings of scanners that stay, each with its reason: ids of checkov (`CKV_…`) and of kube-score. */
export type Waivers = Readonly<Record<string, string>>;

/** Why a program that calls the API server has a token. */
export const tokenWaiver: Waivers = { CKV_K8S_38: 'calls the API server with the rights of its Role alone' };

/** Annotations by which the scanners find the waivers, and people the reasons, next to the resource. */
export function waiverAnnotations(waivers: Waivers): Record<string, string> {
  const ids = Object.keys(waivers).sort();
  const checkov = ids.filter((id) => id.startsWith('CKV_'));
  const kubeScore = ids.filter((id) => !id.startsWith('CKV_'));
  return {
    ...Object.fromEntries(checkov.map((id, i) => [`checkov.io/skip${i + 1}`, `${id}=${waivers[id]}`])),
    ...(kubeScore.length > 0 ? { 'kube-score/ignore': kubeScore.join(',') } : {}),
    ...Object.fromEntries(kubeScore.map((id) => [`waiver.kubehero.io/${id}`, waivers[id] ?? ''])),
  };
}
