import {
  budgetPolicyNames,
  environmentNames,
  mountPaths,
  objectNames,
  ports,
  programs,
} from '@kubehero/contract';
import {
  KubeClusterRole,
  KubeClusterRoleBinding,
  KubeRole,
  KubeRoleBinding,
  type PolicyRule,
} from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { podFields, tmpMount, toPodTemplate } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { policyWaiver } from '../core/waivers.js';
import { Workload } from '../core/workload.js';
import { armingVerbs } from '../policy/arming-admission.js';
import type { Peer } from '../policy/flows.js';

/** How a program of an edge (or of the hub's own cluster) reaches the hub. */
export interface HubLink {
  /** `host:port`. */
  readonly endpoint: string;
  /** Secret with `tls.crt` and `tls.key`, in every namespace that needs it. */
  readonly certificateSecret: string;
  /** Addresses or pods behind the endpoint, and the port that policies see. */
  readonly peer: Peer;
  readonly port: number;
}

/** Environment and files of a {@link HubLink}. */
export function hubLinkAccess(link: HubLink): Pick<import('../core/pods.js').PodSpecInput, 'env' | 'mounts'> {
  return {
    env: {
      [environmentNames.hubEndpoint]: link.endpoint,
      [environmentNames.hubEndpointFile]: `${mountPaths.clusterTrust}/endpoint`,
      [environmentNames.hubCaFile]: `${mountPaths.clusterTrust}/ca.crt`,
      [environmentNames.clusterCertFile]: `${mountPaths.clusterCert}/tls.crt`,
      [environmentNames.clusterKeyFile]: `${mountPaths.clusterCert}/tls.key`,
    },
    mounts: [
      { path: mountPaths.clusterTrust, configMap: objectNames.clusterCertConfigMap },
      { path: mountPaths.clusterCert, secret: link.certificateSecret },
    ],
  };
}

const read = ['get', 'list', 'watch'];

/** How an object is held and let go: read, and one patch that carries the record of what was there. */
const hold = [...read, 'patch'];
/** How what denies pods is made and removed: server-side apply makes and mends. */
const own = [...read, 'create', 'delete', 'patch'];

/** What the operator reads for the inventory, and what it changes to enforce and release a budget. Nothing else. */
const clusterRules: PolicyRule[] = [
  { apiGroups: [''], resources: ['namespaces', 'nodes', 'persistentvolumes', 'services'], verbs: read },
  { apiGroups: [''], resources: ['pods'], verbs: [...read, 'delete'] },
  { apiGroups: [''], resources: ['resourcequotas'], verbs: own },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
  { apiGroups: ['apps'], resources: ['daemonsets'], verbs: read },
  { apiGroups: ['apps'], resources: ['deployments', 'replicasets', 'statefulsets'], verbs: hold },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: hold },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: hold },
  { apiGroups: ['keda.sh'], resources: ['scaledobjects'], verbs: hold },
  { apiGroups: ['argoproj.io'], resources: ['rollouts'], verbs: hold },
  {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
    verbs: own,
  },
  {
    apiGroups: [budgetPolicyNames.group],
    resources: [budgetPolicyNames.plural],
    verbs: [...read, 'create', 'delete', 'patch', 'update', armingVerbs.arm, armingVerbs.attest],
  },
  {
    apiGroups: [budgetPolicyNames.group],
    resources: [`${budgetPolicyNames.plural}/finalizers`, `${budgetPolicyNames.plural}/status`],
    verbs: ['get', 'patch', 'update'],
  },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];

/** The operator: two replicas, one active and one warm by a Lease of Kubernetes. */
export class Operator extends Workload {
  constructor(scope: Construct, id: string, input: { readonly site: Site; readonly link: HubLink }) {
    const { site, link } = input;
    super(scope, id, {
      site,
      name: programs.operator.name,
      namespace: site.namespaces.system,
      component: site.component('operator'),
    });
    const replicas = this.component.replicas ?? site.sizing.components.operator.replicas;
    const access = hubLinkAccess(link);
    this.emitServiceAccount();
    if (replicas > 1) this.emitDisruptionBudget();
    this.#emitRoles();
    const template = toPodTemplate({
      name: 'operator',
      selector: this.selector,
      image: site.image('kubehero'),
      args: programs.operator.args,
      env: {
        ...access.env,
        ...podFields.name,
        ...podFields.namespace,
        [environmentNames.httpListen]: `0.0.0.0:${ports.operatorHttp}`,
        [environmentNames.dataDir]: mountPaths.data,
        [environmentNames.operatorLeaderElection]: replicas > 1 ? 'lease' : 'off',
        [environmentNames.operatorLeaseName]: objectNames.operatorLease,
      },
      // The records of what was done wait here until the hub has stored them.
      mounts: [...access.mounts, { path: mountPaths.data, scratch: '128Mi' }, tmpMount],
      resources: { ...site.sizing.components.operator.resources, ephemeralStorage: '256Mi' },
      component: this.component,
      features: site.features,
      ports: { http: ports.operatorHttp },
      probePort: ports.operatorHttp,
      serviceAccount: this.account,
      apiAccess: true,
      gracePeriodSeconds: 45,
      priorityClassName: 'kubehero-critical',
      pullSecrets: site.pullSecrets,
    });
    this.emitDeployment(template, { replicas, wave: waves.core, waivers: policyWaiver });
    this.reachApiServer();
    this.scraped(ports.operatorHttp);
    site.flows.add(this.peer, link.peer, link.port);
  }

  #emitRoles(): void {
    const subjects = [{ kind: 'ServiceAccount', name: this.account, namespace: this.namespace }];
    this.emit(
      'ClusterRole',
      KubeClusterRole.manifest({ metadata: { name: this.name }, rules: clusterRules }),
      { wave: waves.policies },
    );
    this.emit(
      'ClusterRoleBinding',
      KubeClusterRoleBinding.manifest({
        metadata: { name: this.name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: this.name },
        subjects,
      }),
      { wave: waves.policies },
    );
    this.emit(
      'Role',
      KubeRole.manifest({
        metadata: this.metadata(),
        rules: [
          { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
          {
            apiGroups: ['coordination.k8s.io'],
            resources: ['leases'],
            resourceNames: [objectNames.operatorLease],
            verbs: ['get', 'patch', 'update'],
          },
        ],
      }),
      { wave: waves.policies },
    );
    this.emit(
      'RoleBinding',
      KubeRoleBinding.manifest({
        metadata: this.metadata(),
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: this.name },
        subjects,
      }),
      { wave: waves.policies },
    );
  }
}
