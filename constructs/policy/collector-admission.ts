import { programs } from '@kubehero/contract';
import { KubeValidatingAdmissionPolicy, KubeValidatingAdmissionPolicyBinding } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { collectorCapabilities, collectorHostPaths } from '../hub/collector.js';

const name = 'kubehero-collector-only';

/**
 * Narrows what the namespace's `privileged` label opens: no pod is admitted there but our collector, by its image's
 * digest, its capabilities and its host folders, all of them read only.
 */
export class CollectorAdmission extends Part {
  constructor(scope: Construct, id: string, site: Site) {
    super(scope, id, { labels: labelsOf(programs.collector.name) });
    const image = site.image('kubehero');
    const digest = image.slice(image.lastIndexOf('@') + 1);
    this.emit(
      'Policy',
      KubeValidatingAdmissionPolicy.manifest({
        metadata: { name },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': site.namespaces.collector } },
            resourceRules: [
              {
                apiGroups: [''],
                apiVersions: ['v1'],
                operations: ['CREATE', 'UPDATE'],
                resources: ['pods', 'pods/ephemeralcontainers'],
              },
            ],
          },
          variables: [
            { name: 'containers', expression: 'object.spec.containers' },
            {
              name: 'hostPaths',
              expression:
                'has(object.spec.volumes) ? object.spec.volumes.filter(v, has(v.hostPath)).map(v, v.hostPath.path) : []',
            },
            {
              name: 'hostVolumes',
              expression:
                'has(object.spec.volumes) ? object.spec.volumes.filter(v, has(v.hostPath)).map(v, v.name) : []',
            },
          ],
          validations: collectorRules(digest, site).map(([expression, message]) => ({
            expression,
            message,
            reason: 'Forbidden',
          })),
        },
      }),
      { wave: waves.policies },
    );
    this.emit(
      'Binding',
      KubeValidatingAdmissionPolicyBinding.manifest({
        metadata: { name },
        spec: { policyName: name, validationActions: ['Audit', 'Deny'] },
      }),
      { wave: waves.policies },
    );
  }
}

/** Variables that the collector's container may have; one such as NODE_OPTIONS would make another program of the same image. */
function variableRule(site: Site): [string, string] {
  const own = Object.keys(site.component('collector').env ?? {}).sort();
  const listed = own.map((variable) => ` || e.name == '${variable}'`).join('');
  return [
    `variables.containers.all(c, !has(c.envFrom) && (!has(c.env) || c.env.all(e, e.name.startsWith('KUBEHERO_')${listed})))`,
    'the collector takes no variable but those that the installation was synthesized with',
  ];
}

/** Rules and their messages; each is about one thing, so that a refusal says what to mend. */
function collectorRules(digest: string, site: Site): [string, string][] {
  const account = site.component('collector').serviceAccountName ?? programs.collector.name;
  const args = programs.collector.args.map((arg) => `'${arg}'`).join(', ');
  const capabilities = collectorCapabilities.map((capability) => `'${capability}'`).join(', ');
  const paths = Object.keys(collectorHostPaths)
    .map((path) => `'${path}'`)
    .join(', ');
  return [
    [
      `size(variables.containers) == 1 && !has(object.spec.initContainers) && (!has(object.spec.ephemeralContainers) || size(object.spec.ephemeralContainers) == 0)`,
      'only the collector may run here: exactly one container, no init or ephemeral containers',
    ],
    [
      `variables.containers.all(c, c.image.endsWith('@${digest}'))`,
      'only the collector may run here: its image must carry the digest that the installation was synthesized with',
    ],
    [
      `variables.containers.all(c, !has(c.command) && has(c.args) && c.args == [${args}])`,
      `the collector runs its image's own command with '${programs.collector.args.join(' ')}', and no other`,
    ],
    variableRule(site),
    [
      `variables.containers.all(c, (!has(c.lifecycle) || ((!has(c.lifecycle.postStart) || !has(c.lifecycle.postStart.exec)) && (!has(c.lifecycle.preStop) || !has(c.lifecycle.preStop.exec)))) && (!has(c.livenessProbe) || !has(c.livenessProbe.exec)) && (!has(c.readinessProbe) || !has(c.readinessProbe.exec)) && (!has(c.startupProbe) || !has(c.startupProbe.exec)))`,
      'probes and hooks of the collector run no command in its container',
    ],
    [
      `variables.containers.all(c, has(c.securityContext) && (!has(c.securityContext.privileged) || !c.securityContext.privileged) && has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation && has(c.securityContext.readOnlyRootFilesystem) && c.securityContext.readOnlyRootFilesystem)`,
      'the collector must not be privileged, must not gain privileges and must have a read-only root',
    ],
    [
      `variables.containers.all(c, has(c.securityContext) && has(c.securityContext.capabilities) && has(c.securityContext.capabilities.drop) && 'ALL' in c.securityContext.capabilities.drop && (!has(c.securityContext.capabilities.add) || c.securityContext.capabilities.add.all(a, a in [${capabilities}])))`,
      `the collector must drop ALL capabilities and may add only ${collectorCapabilities.join(', ')}`,
    ],
    [
      `variables.hostPaths.all(p, p in [${paths}]) && variables.containers.all(c, !has(c.volumeMounts) || c.volumeMounts.all(m, !(m.name in variables.hostVolumes) || (has(m.readOnly) && m.readOnly)))`,
      `the collector may mount only ${Object.keys(collectorHostPaths).join(' and ')} of the host, read only`,
    ],
    [
      `(!has(object.spec.hostNetwork) || !object.spec.hostNetwork) && (!has(object.spec.hostPID) || !object.spec.hostPID) && (!has(object.spec.hostIPC) || !object.spec.hostIPC)`,
      'the collector needs no namespace of the host',
    ],
    [`object.spec.serviceAccountName == '${account}'`, `the collector runs as the ServiceAccount ${account}`],
  ];
}
