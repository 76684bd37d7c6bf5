import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { clusterBinaries } from '../support/cluster/requirement.js';
import { enforcementBinaries, EnforcementRig, policyOf } from '../support/enforcement/enforcement-rig.js';
import { deployment, pod } from '../support/enforcement/workload-factory.js';
import { describeWith } from '../support/requirements.js';

const withoutPolicies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings']
  .map((plural) => `admissionregistration.k8s.io/v1/${plural}=false`)
  .join(',');

describeWith(
  [clusterBinaries(...enforcementBinaries)],
  'enforcement on an API server without admission policies',
  () => {
    let rig: EnforcementRig;
    const namespace = 'old-cluster';

    beforeAll(async () => {
      rig = await EnforcementRig.start({
        kwokNodes: 1,
        apiServerFlags: [
          `--runtime-config=${withoutPolicies}`,
          '--disable-admission-plugins=ValidatingAdmissionPolicy,MutatingAdmissionPolicy',
        ],
      });
      expect(rig.world.abilities().admissionPolicies).toBe(false);
      await rig.namespaces(namespace);
      await rig.apply(deployment({ namespace, name: 'web', replicas: 3 }));
      await rig.untilPods(namespace, 3);
    }, 120_000);
    afterAll(async () => {
      await rig.stop();
      await rig.cluster.stop();
    });

    async function tryToMakePod(): Promise<number> {
      const body = pod({ namespace, name: 'late' });
      return (await rig.cluster.call({ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, body }))
        .status;
    }

    it('denies whole namespaces by a quota, and takes it away again', async () => {
      const policy = policyOf('whole', { scope: { namespaces: [namespace] } });

      await rig.reconcile(policy, 'enforce', 'enforced');

      await rig.untilPods(namespace, 0);
      expect(await tryToMakePod()).toBe(403);
      expect([...rig.enforcer.heldPolicies().keys()]).toEqual([policy.uid]);
      await rig.reconcile(policy, 'release', 'released');
      await rig.untilPods(namespace, 3);
      expect((await rig.get(`/api/v1/namespaces/${namespace}/resourcequotas`))['items']).toEqual([]);
    }, 60_000);

    it('refuses what a quota cannot say, with the reason and the remedy', async () => {
      const scope = { namespaces: [namespace], workloadSelector: { matchLabels: { app: 'web' } } };

      const { findings, message } = await rig.reconcile(policyOf('part', { scope }), 'enforce', 'refused');

      expect(findings.map(({ reason }) => reason)).toContain('DenyNeedsAdmissionPolicies');
      expect(message).toContain('Kubernetes 1.30');
      expect(await rig.pods(namespace)).toHaveLength(3);
    });
  },
);
