import { annotationKeys, budgetPolicyCrd, budgetPolicyNames } from '@kubehero/contract';
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

const flagIn = (object: string, name: string): string =>
  `(has(${object}.spec.${name}) && ${object}.spec.${name})`;
const isSame = (name: string): string =>
  `(has(object.spec.${name}) ? has(oldObject.spec.${name}) && object.spec.${name} == oldObject.spec.${name} : !has(oldObject.spec.${name}))`;
const amountIn = (object: string): string => `double(${object}.spec.ceiling.find('[0-9]+([.][0-9]+)?'))`;
/** What of a ceiling is not its amount: the currency and the period. */
const unitIn = (object: string): string =>
  `${object}.spec.ceiling.replace(${object}.spec.ceiling.find('[0-9]+([.][0-9]+)?'), '')`;

const [{ schema }] = budgetPolicyCrd.spec.versions;
const fields = Object.keys(schema.openAPIV3Schema.properties.spec.properties);
/** Fields that may change, in one direction or in any. */
const told = ['ceiling', 'hardStop', 'dryRun', 'includeIdle', 'armed', 'thresholds'];

/**
 * CEL: a policy that stays armed could stop no more than it did. Each field of the spec is as it was, or on the safe
 * side of that; thresholds only warn. What cannot be told to be safe, such as any other scope, counts as more.
 */
const stopsNoMore = [
  `(object.spec.ceiling == oldObject.spec.ceiling || ${unitIn('object')} == ${unitIn('oldObject')} && ${amountIn('object')} >= ${amountIn('oldObject')})`,
  `(!${flagIn('object', 'hardStop')} || ${flagIn('oldObject', 'hardStop')})`,
  `(${flagIn('object', 'dryRun')} || !${flagIn('oldObject', 'dryRun')})`,
  `(!${flagIn('object', 'includeIdle')} || ${flagIn('oldObject', 'includeIdle')})`,
  ...fields.filter((name) => !told.includes(name)).map(isSame),
].join(' && ');

/**
 * Makes arming a right of its own. RBAC has none for single fields: whoever changes `spec.armed`, or changes an armed
 * policy so that it could stop more, needs the verb `arm`. Nobody names another one as the person who armed without the
 * verb `attest`, which the operator has for those who arm by the hub's command or dashboard. Runs in the API server, so
 * that no outage of ours lets an arming through.
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
            { name: 'stopsNoMore', expression: `oldObject != null && ${stopsNoMore}` },
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
              expression: `!(variables.armed && variables.wasArmed) || variables.stopsNoMore || ${may(armingVerbs.arm)}`,
              messageExpression: `'user ' + request.userInfo.username + ' may not change the armed budget policy ' + object.metadata.name + ' so that it could stop more: ask for the verb "${armingVerbs.arm}" on ${plural}.${group}, which the ClusterRole ${armerRole} has, or have the policy disarmed first'`,
              message: `what an armed policy could stop grows only with the verb "${armingVerbs.arm}" on ${plural}.${group}`,
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
