import { environmentNames, mountPaths, ports, programs } from '@kubehero/contract';
import {
  KubeClusterRole,
  KubeClusterRoleBinding,
  KubeDaemonSet,
  IntOrString,
  type PodTemplateSpec,
} from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { podFields, tmpMount, toPodTemplate } from '../core/pods.js';
import { policyWaiver } from '../core/waivers.js';
import type { Site } from '../core/site.js';
import { Workload } from '../core/workload.js';
import { type HubLink, hubLinkAccess } from './operator.js';

/** How the collector measures. */
export type CollectorMode = 'auto' | 'bpf' | 'cgroup';

/** Capabilities of the collector: programs, maps and cgroup iterators; attaching to cgroups for network bytes. */
export const collectorCapabilities = ['BPF', 'NET_ADMIN', 'PERFMON'] as const;

/** Host folders that the collector reads, and where they stand in its container. */
export const collectorHostPaths = {
  '/sys/fs/cgroup': mountPaths.hostCgroup,
  '/proc': mountPaths.hostProc,
} as const;

const userReason =
  'a container runtime makes added capabilities effective for user 0 alone; all others are dropped';
const capabilityReason =
  'BPF, PERFMON and NET_ADMIN load and attach the programs that measure; an admission policy allows no other';
const hostPathReason =
  'reads the cgroups and processes that it measures; an admission policy allows no other';

/**
 * The collector on every node. It cannot be `restricted`: it loads programs into the kernel and reads host folders. Every
 * other privilege is dropped, and an admission policy lets nothing but it into its namespace.
 */
export class Collector extends Workload {
  constructor(
    scope: Construct,
    id: string,
    input: { readonly site: Site; readonly link: HubLink; readonly mode: CollectorMode },
  ) {
    const { site, link } = input;
    super(scope, id, {
      site,
      name: programs.collector.name,
      namespace: site.namespaces.collector,
      component: site.component('collector'),
    });
    this.emitServiceAccount();
    this.#emitRole();
    this.emitPods(
      'DaemonSet',
      KubeDaemonSet.manifest({
        metadata: this.metadata(),
        spec: {
          revisionHistoryLimit: 3,
          minReadySeconds: 5,
          selector: { matchLabels: { ...this.selector } },
          updateStrategy: {
            type: 'RollingUpdate',
            rollingUpdate: { maxUnavailable: IntOrString.fromString('10%') },
          },
          template: this.#toTemplate(link, input.mode),
        },
      }),
      {
        wave: waves.clients,
        waivers: {
          ...policyWaiver,
          CKV_K8S_23: userReason,
          CKV_K8S_25: capabilityReason,
          CKV_K8S_40: userReason,
          'container-security-context-user-group-id': userReason,
          'kube-linter/run-as-non-root': userReason,
          'kube-linter/sensitive-host-mounts': hostPathReason,
          'polaris/dangerousCapabilities': capabilityReason,
          'polaris/hostPathSet': hostPathReason,
          'polaris/runAsRootAllowed': userReason,
        },
      },
    );
    this.reachApiServer();
    this.scraped(ports.collectorHttp);
    site.flows.add(this.peer, link.peer, link.port);
  }

  /** Watches the pods of its node (by a field selector) and reads nodes; the API knows no right that is limited to one node. */
  #emitRole(): void {
    this.emit(
      'ClusterRole',
      KubeClusterRole.manifest({
        metadata: { name: this.name },
        rules: [
          { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['get', 'list', 'watch'] },
          { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list', 'watch'] },
        ],
      }),
      { wave: waves.policies },
    );
    this.emit(
      'ClusterRoleBinding',
      KubeClusterRoleBinding.manifest({
        metadata: { name: this.name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: this.name },
        subjects: [{ kind: 'ServiceAccount', name: this.account, namespace: this.namespace }],
      }),
      { wave: waves.policies },
    );
  }

  #toTemplate(link: HubLink, mode: CollectorMode): PodTemplateSpec {
    const { site } = this;
    const access = hubLinkAccess(link);
    const bpf = mode !== 'cgroup';
    return toPodTemplate({
      name: 'collector',
      selector: this.selector,
      image: site.image('kubehero'),
      args: programs.collector.args,
      env: {
        ...access.env,
        ...podFields.node,
        [environmentNames.httpListen]: `0.0.0.0:${ports.collectorHttp}`,
        [environmentNames.collectorMode]: mode,
        [environmentNames.collectorBufferSeconds]: '60',
        [environmentNames.hostCgroupRoot]: mountPaths.hostCgroup,
        [environmentNames.hostProcRoot]: mountPaths.hostProc,
      },
      mounts: [
        ...access.mounts,
        ...Object.entries(collectorHostPaths).map(([hostPath, path]) => ({ path, hostPath })),
        tmpMount,
      ],
      resources: site.sizing.components.collector.resources,
      component: { ...this.component, tolerations: this.component.tolerations ?? [{ operator: 'Exists' }] },
      features: site.features,
      ports: { http: ports.collectorHttp },
      probePort: ports.collectorHttp,
      serviceAccount: this.account,
      apiAccess: true,
      gracePeriodSeconds: 30,
      priorityClassName: 'system-node-critical',
      pullSecrets: site.pullSecrets,
      user: 0,
      securityContext: {
        runAsNonRoot: false,
        ...(bpf ? { capabilities: { drop: ['ALL'], add: [...collectorCapabilities] } } : {}),
      },
      spread: 'none',
    });
  }
}
