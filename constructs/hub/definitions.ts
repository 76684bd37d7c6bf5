import { budgetPolicyCrd, objectNames } from '@kubehero/contract';
import { KubeConfigMap } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { type ImageRole, imageRoles } from '../core/images.js';
import { type Manifest, Part, waves } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';
import type { Site } from '../core/site.js';

/** Objects that the whole cluster shares: the CRD, the trust of the hub, and which images operators are to start. */
export class Definitions extends Part {
  constructor(
    scope: Construct,
    id: string,
    input: {
      readonly site: Site;
      readonly caBundle: string | undefined;
      readonly endpoint: string;
      readonly roles: readonly ImageRole[];
    },
  ) {
    super(scope, id, { labels: labelsOf('kubehero') });
    const { site } = input;
    this.emit('BudgetPolicy', JSON.parse(JSON.stringify(budgetPolicyCrd)), {
      wave: waves.definitions,
      keep: true,
      annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false,ServerSideApply=true' },
    });
    for (const namespace of input.caBundle === undefined
      ? []
      : [site.namespaces.system, site.namespaces.collector]) {
      this.emit(
        `ClusterCert-${namespace}`,
        KubeConfigMap.manifest({
          metadata: { name: objectNames.clusterCertConfigMap, namespace },
          data: { 'ca.crt': input.caBundle ?? '', endpoint: input.endpoint },
        }),
        { wave: waves.storeInputs },
      );
    }
    const operatorRoles = input.roles.filter((role) => operatorImages.includes(role));
    if (operatorRoles.length > 0) this.#emitOperatorImages(site, operatorRoles);
  }

  /** The images that operators start by themselves, for their own installation and for mirrors. */
  #emitOperatorImages(site: Site, roles: readonly ImageRole[]): Manifest {
    return this.emit(
      'OperatorImages',
      KubeConfigMap.manifest({
        metadata: { name: 'kubehero-operator-images', namespace: site.namespaces.system },
        data: Object.fromEntries(roles.map((role) => [role, site.image(role)])),
      }),
      { wave: waves.definitions },
    );
  }
}

const operatorImages = Object.keys(imageRoles).filter((role) =>
  [
    'cloudNativePg',
    'barmanPlugin',
    'barmanSidecar',
    'clickhouseOperator',
    'clickhouseOperatorMetrics',
  ].includes(role),
) as ImageRole[];
