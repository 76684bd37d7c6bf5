import {
  ClickHouseKeeperInstallation,
  ClickHouseKeeperInstallationSpecDefaultsStorageManagementReclaimPolicy as ReclaimPolicy,
} from '../../imports/clickhouse-keeper.altinity.com.js';
import { IntOrString, Quantity } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { keepForever, waves } from '../core/manifest.js';
import type { ComponentProps } from '../core/component.js';
import {
  restrictedContainer,
  toEnv,
  toMounts,
  toPodTemplate,
  toRequirements,
  toVolumes,
} from '../core/pods.js';
import type { Site } from '../core/site.js';
import { policyWaiver } from '../core/waivers.js';
import { statefulSetManifest, Workload } from '../core/workload.js';
import { pods } from '../policy/flows.js';
import { keeperPort, keeperXml } from './clickhouse-config.js';
import { tlsMount } from './tls.js';

const name = 'kubehero-keeper';

/** User of the images of ClickHouse. */
export const clickhouseUser = 101;

/** Who runs the keepers, and the Secret of their certificate where they are encrypted. */
export interface KeeperInput {
  readonly kind: 'statefulset' | 'operator';
  readonly tlsSecret: string | undefined;
}

/**
 * ClickHouse Keeper, three members. By default a StatefulSet of our own: the operator's controller for keepers loses the
 * quorum on some edits (all members restarted or recreated at once), and a fixed ensemble of three needs no controller.
 */
export class ClickHouseKeeper extends Workload {
  /** Host names of the members, for the servers' configuration. */
  readonly hosts: readonly string[];
  /** Port for clients. */
  readonly port: number;
  /** Labels by which its pods are found. */
  readonly podLabels: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, site: Site, input: KeeperInput) {
    super(scope, id, {
      site,
      name,
      namespace: site.namespaces.clickhouse,
      component: site.component('keeper'),
    });
    const { kind, tlsSecret } = input;
    this.port = keeperPort(tlsSecret !== undefined);
    const size = site.sizing.components.keeper;
    const domain = `${this.namespace}.svc.${site.clusterDomain}`;
    const replicas = this.component.replicas ?? size.replicas;
    this.emitServiceAccount();
    const ordinals = [...Array(replicas).keys()];
    if (kind === 'operator') {
      this.hosts = ordinals.map((i) => `chk-${name}-keeper-0-${i}.${domain}`);
      this.#emitInstallation(replicas);
    } else {
      this.hosts = ordinals.map((i) => `${name}-${i}.${name}.${domain}`);
      this.#emitStatefulSet(replicas, tlsSecret);
    }
    this.podLabels =
      kind === 'operator' ? { 'clickhouse-keeper.altinity.com/chk': name } : { ...this.selector };
    const peer = kind === 'operator' ? pods(this.namespace, this.podLabels, name) : this.peer;
    site.flows.add(peer, peer, this.port, 9444);
    site.flows.add(
      pods(this.namespace, { 'clickhouse.altinity.com/chi': 'kubehero' }, 'clickhouse'),
      peer,
      this.port,
    );
    site.flows.add(site.prometheus, peer, 7000);
  }

  #emitStatefulSet(replicas: number, tlsSecret: string | undefined): void {
    const { site, component } = this;
    const size = site.sizing.components.keeper;
    this.emitService({ client: this.port, raft: 9444 }, { headless: true });
    const configuration = keeperXml(this.hosts, tlsSecret !== undefined);
    const checksum = this.emitConfigMap('', { 'keeper.xml': configuration });
    if (replicas > 1) this.emitDisruptionBudget();
    this.emitPods(
      'StatefulSet',
      statefulSetManifest({
        metadata: this.metadata(),
        spec: {
          serviceName: name,
          replicas,
          podManagementPolicy: 'Parallel',
          revisionHistoryLimit: 3,
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
          minReadySeconds: 10,
          selector: { matchLabels: { ...this.selector } },
          template: toPodTemplate({
            name,
            selector: this.selector,
            image: site.image('clickhouseKeeper'),
            command: ['/bin/sh', '-c'],
            args: [
              'export KEEPER_ID=$((${HOSTNAME##*-} + 1)); exec clickhouse-keeper --config-file=/etc/clickhouse-keeper/keeper.xml',
            ],
            env: {},
            mounts: [
              { path: '/etc/clickhouse-keeper', configMap: name },
              { path: '/var/lib/clickhouse-keeper', claim: 'data' },
              { path: '/tmp', scratch: '64Mi' },
              ...(tlsSecret ? [tlsMount(tlsSecret)] : []),
            ],
            resources: size.resources,
            component,
            features: site.features,
            ports: { client: this.port, raft: 9444, control: 9182, metrics: 7000 },
            probes: {
              liveness: {
                tcpSocket: { port: IntOrString.fromNumber(this.port) },
                periodSeconds: 10,
                timeoutSeconds: 5,
                failureThreshold: 6,
              },
              readiness: {
                httpGet: { path: '/ready', port: IntOrString.fromNumber(9182) },
                periodSeconds: 5,
                timeoutSeconds: 3,
              },
              startup: {
                tcpSocket: { port: IntOrString.fromNumber(this.port) },
                periodSeconds: 3,
                failureThreshold: 60,
              },
            },
            serviceAccount: this.account,
            podAnnotations: { 'checksum/config': checksum },
            gracePeriodSeconds: 60,
            priorityClassName: 'kubehero-critical',
            pullSecrets: site.pullSecrets,
            spread: 'required',
          }),
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                ...(site.storageClassName ? { storageClassName: site.storageClassName } : {}),
                resources: { requests: { storage: Quantity.fromString('10Gi') } },
              },
            },
          ],
        },
      }),
      { wave: waves.storeInputs, keep: true, waivers: policyWaiver },
    );
  }

  #emitInstallation(replicas: number): void {
    const { site } = this;
    const resources = { ...site.sizing.components.keeper.resources, ...this.component.resources };
    this.emit(
      'ClickHouseKeeperInstallation',
      ClickHouseKeeperInstallation.manifest({
        metadata: { name, namespace: this.namespace, annotations: { ...keepForever } },
        spec: {
          defaults: {
            templates: { podTemplate: 'keeper', dataVolumeClaimTemplate: 'data' },
            storageManagement: { reclaimPolicy: ReclaimPolicy.RETAIN },
          },
          configuration: {
            clusters: [{ name: 'keeper', layout: { replicasCount: replicas } }],
            settings: {
              'prometheus/endpoint': '/metrics',
              'prometheus/port': '7000',
              'prometheus/metrics': 'true',
              'prometheus/asynchronous_metrics': 'true',
            },
          },
          templates: {
            podTemplates: [
              {
                name: 'keeper',
                spec: clickhousePodSpec(site, {
                  name: 'clickhouse-keeper',
                  image: site.image('clickhouseKeeper'),
                  resources: toRequirements(resources),
                  serviceAccountName: this.account,
                  volume: { name: 'data', mountPath: '/var/lib/clickhouse-keeper' },
                  component: this.component,
                  selector: { 'clickhouse-keeper.altinity.com/chk': name },
                }),
              },
            ],
            volumeClaimTemplates: [
              {
                name: 'data',
                spec: {
                  accessModes: ['ReadWriteOnce'],
                  ...(site.storageClassName ? { storageClassName: site.storageClassName } : {}),
                  resources: { requests: { storage: '10Gi' } },
                },
              },
            ],
          },
        },
      }),
      { wave: waves.storeInputs, keep: true },
    );
  }
}

/** A restricted pod spec for pods that the ClickHouse operator creates, as plain JSON. */
export function clickhousePodSpec(
  site: Site,
  input: {
    readonly name: string;
    readonly image: string;
    readonly resources: ReturnType<typeof toRequirements>;
    readonly volume: { readonly name: string; readonly mountPath: string };
    readonly env?: readonly unknown[];
    readonly serviceAccountName?: string;
    readonly probes?: Record<string, unknown>;
    readonly tlsSecret?: string | undefined;
    readonly component: ComponentProps;
    /** Labels by which the pods are spread over zones. */
    readonly selector: Readonly<Record<string, string>>;
  },
): Record<string, unknown> {
  const { component } = input;
  const tls = input.tlsSecret ? [tlsMount(input.tlsSecret)] : [];
  const plain = (quantities: Readonly<Record<string, Quantity>> | undefined): Record<string, unknown> =>
    Object.fromEntries(Object.entries(quantities ?? {}).map(([key, quantity]) => [key, quantity.value]));
  return {
    ...(site.pullSecrets.length > 0 ? { imagePullSecrets: site.pullSecrets.map((n) => ({ name: n })) } : {}),
    ...(input.serviceAccountName ? { serviceAccountName: input.serviceAccountName } : {}),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    priorityClassName: component.priorityClassName ?? 'kubehero-critical',
    terminationGracePeriodSeconds: component.terminationGracePeriodSeconds ?? 180,
    ...(component.nodeSelector ? { nodeSelector: component.nodeSelector } : {}),
    ...(component.tolerations ? { tolerations: component.tolerations } : {}),
    ...(component.affinity ? { affinity: component.affinity } : {}),
    topologySpreadConstraints: component.topologySpreadConstraints ?? [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: input.selector },
      },
    ],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: clickhouseUser,
      runAsGroup: clickhouseUser,
      fsGroup: clickhouseUser,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: input.name,
        image: input.image,
        imagePullPolicy: 'Always',
        env: [
          { name: 'CLICKHOUSE_DO_NOT_CHOWN', value: '1' },
          ...(input.env ?? []),
          ...toEnv(component.env ?? {}),
        ],
        resources: { requests: plain(input.resources.requests), limits: plain(input.resources.limits) },
        securityContext: restrictedContainer,
        volumeMounts: [
          input.volume,
          { name: 'tmp', mountPath: '/tmp' },
          { name: 'logs', mountPath: '/var/log/clickhouse-server' },
          ...toMounts(tls),
        ],
        ...input.probes,
      },
    ],
    volumes: [
      { name: 'tmp', emptyDir: { sizeLimit: '256Mi' } },
      { name: 'logs', emptyDir: { sizeLimit: '512Mi' } },
      ...toVolumes(tls),
    ],
  };
}
