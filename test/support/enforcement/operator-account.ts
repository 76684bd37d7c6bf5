import type { ManifestObject } from '../cluster/apply.js';
import { Applier } from '../cluster/apply.js';
import type { Cluster } from '../cluster/cluster.js';
import { objectsOf, synthesize } from '../manifests/examples.js';

const account = 'kubehero-operator';
const kinds = ['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];

/** Applies the operator's synthesized account and rights, and returns a token of it: what the operator is in production. */
export async function operatorToken(cluster: Cluster): Promise<string> {
  const applier = new Applier(cluster);
  const objects = objectsOf(synthesize('reference'));
  const isWanted = ({ kind, metadata }: ManifestObject): boolean =>
    metadata.name === account || (kind === 'Namespace' && metadata.name === 'kubehero-system');
  for (const kind of kinds) {
    for (const object of objects.filter((each) => each.kind === kind && isWanted(each))) {
      const refusals = await applier.apply(object, { dryRun: false });
      if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
    }
  }
  const answer = await cluster.call({
    method: 'POST',
    path: `/api/v1/namespaces/kubehero-system/serviceaccounts/${account}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 86_400 },
    },
  });
  const { token } = (answer.body['status'] ?? {}) as { token?: string };
  if (token === undefined) throw new Error(`no token: ${JSON.stringify(answer.body)}`);
  return token;
}
