import { annotationKeys, budgetPolicyNames } from '@kubehero/contract';
import {
  KubeClusterRole,
  KubeValidatingAdmissionPolicy,
  KubeValidatingAdmissionPolicyBinding,
} from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';

const admissionName = 'kubehero-arming';

/** ClusterRole of people who may arm and disarm budgets; bound to nobody by itself. */
export const armerRole = 'kubehero-budget-armer';

/** Verbs beyond those of Kubernetes: to arm or disarm, and to say who did it on behalf of someone else. */
export const armingVerbs = { arm: 'arm', attest: 'attest' } as const;

const { group, plural } = budgetPolicyNames;
const may = (verb: string): string =>
  `authorizer.group('${group}').resource('${plural}').name(object.metadata.name).check('${verb}').allowed()`;
const armedIn = (object: string): string => `has(${object}.spec.armed) && ${object}.spec.armed`;
const signerIn = (object: string): string =>
  `(has(${object}.metadata.annotations) && '${annotationKeys.armedBy}' in ${object}.metadata.annotations) ? ${object}.metadata.annotations['${annotationKeys.armedBy}'] : ''`;

/**
 * Makes arming a right of its own. RBAC has none for single fields: whoever changes `spec.armed` needs the verb `arm`,
 * and nobody names another one as the person who armed without the verb `attest`, which the operator has for those who
 * arm by the hub's command or dashboard. Runs in the API server, so that no outage of ours lets an arming through.
 */
export class ArmingAdmission extends Part {
  constructor(scope: Construct, id: string) {
    super(scope, id, { labels: labelsOf('kubehero') });
    this.emit(
      'Policy',
      KubeValidatingAdmissionPolicy.manifest({
        metadata: { name: admissionName },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: [
              {
                apiGroups: [group],
                apiVersions: ['*'],
                operations: ['CREATE', 'UPDATE'],
                resources: [plural],
              },
            ],
          },
          variables: [
            { name: 'armed', expression: armedIn('object') },
            {
              name: 'wasArmed',
              expression: `oldObject != null && ${armedIn('oldObject')}`,
            },
            { name: 'signer', expression: signerIn('object') },
            { name: 'oldSigner', expression: `oldObject == null ? '' : (${signerIn('oldObject')})` },
          ],
          validations: [
            {
              expression: `variables.armed == variables.wasArmed || ${may(armingVerbs.arm)}`,
              messageExpression: `'user ' + request.userInfo.username + ' may not arm or disarm the budget policy ' + object.metadata.name + ': ask for the verb "${armingVerbs.arm}" on ${plural}.${group}, which the ClusterRole ${armerRole} has'`,
              message: `arming or disarming needs the verb "${armingVerbs.arm}" on ${plural}.${group}`,
              reason: 'Forbidden',
            },
            {
              expression: `variables.signer == variables.oldSigner || variables.signer in ['', request.userInfo.username] || ${may(armingVerbs.attest)}`,
              message: `the annotation ${annotationKeys.armedBy} must be your own user name: it says who armed the policy`,
              reason: 'Forbidden',
            },
          ],
        },
      }),
      { wave: waves.policies },
    );
    this.emit(
      'Binding',
      KubeValidatingAdmissionPolicyBinding.manifest({
        metadata: { name: admissionName },
        spec: { policyName: admissionName, validationActions: ['Audit', 'Deny'] },
      }),
      { wave: waves.policies },
    );
    this.emit(
      'ArmerRole',
      KubeClusterRole.manifest({
        metadata: { name: armerRole },
        rules: [
          {
            apiGroups: [group],
            resources: [plural],
            verbs: ['get', 'list', 'watch', 'patch', 'update', armingVerbs.arm],
          },
        ],
      }),
      { wave: waves.policies },
    );
  }
}
