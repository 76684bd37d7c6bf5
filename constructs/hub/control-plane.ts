import {
  environmentNames,
  mountPaths,
  objectNames,
  ports,
  programs,
  secretCatalogue,
} from '@kubehero/contract';
import { KubeJob, KubeRole, KubeRoleBinding, KubeService } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { podFields, tmpMount, toPodTemplate, type PodSpecInput } from '../core/pods.js';
import { waiverAnnotations } from '../core/waivers.js';
import type { Site } from '../core/site.js';
import { toServicePorts, Workload } from '../core/workload.js';
import type { StoreAccess } from '../stores/connection.js';
import type { KubeHeroHubProps, ResourceAmounts } from './hub-props.js';

/** Input of {@link ControlPlane}. */
export interface ControlPlaneInput {
  readonly site: Site;
  readonly access: StoreAccess;
  /** The store whose schema `kubehero db migrate` brings up to date; the leader does that of ClickHouse. */
  readonly migrationAccess: StoreAccess;
  /** How the tables of ClickHouse are made. */
  readonly tableEnv: Readonly<Record<string, string>>;
  readonly rawRetentionDays: number;
  readonly currency: string;
  readonly exchangeRates: Readonly<Record<string, string>>;
  readonly amounts: Pick<KubeHeroHubProps, 'unitPrices' | 'resourceWeights' | 'networkRates'>;
  /** Names under which edges dial the gRPC listener. */
  readonly serverNames: readonly string[];
}

/** The control plane: two replicas, one of which leads; the Service without selector points at the leader alone. */
export class ControlPlane extends Workload {
  constructor(scope: Construct, id: string, input: ControlPlaneInput) {
    const { site } = input;
    super(scope, id, {
      site,
      name: programs.controlPlane.name,
      namespace: site.namespaces.system,
      component: site.component('controlPlane'),
    });
    const replicas = this.component.replicas ?? site.sizing.components.controlPlane.replicas;
    this.emitServiceAccount();
    this.#emitLeaderService();
    this.emitService(
      { http: ports.controlPlaneHttp, grpc: ports.controlPlaneGrpc },
      { suffix: '-pods', headless: true },
    );
    if (replicas > 1) this.emitDisruptionBudget();
    this.#emitRole();
    const pod = this.#toPod(input);
    this.#emitMigration(pod, input.migrationAccess);
    this.emitDeployment(toPodTemplate(pod), { replicas, wave: waves.core });
    this.reachApiServer();
    this.scraped(ports.controlPlaneHttp);
    for (const { peer, ports: storePorts } of input.access.peers)
      site.flows.add(this.peer, peer, ...storePorts);
  }

  /** Answered by whoever leads: the leader writes the EndpointSlice, so that a stopped leader is left behind at once. */
  #emitLeaderService(): void {
    this.emit(
      'Service',
      KubeService.manifest({
        metadata: { name: objectNames.controlPlaneService, namespace: this.namespace },
        spec: {
          type: 'ClusterIP',
          ports: toServicePorts({ http: ports.controlPlaneHttp, grpc: ports.controlPlaneGrpc }),
        },
      }),
      {
        wave: waves.storeInputs,
        annotations: waiverAnnotations({
          'kube-linter/dangling-service': 'the leader among the pods writes its endpoints',
        }),
      },
    );
  }

  /** Rights over one EndpointSlice; `create` cannot be limited to a name. */
  #emitRole(): void {
    this.emit(
      'Role',
      KubeRole.manifest({
        metadata: this.metadata(),
        rules: [
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['create'] },
          {
            apiGroups: ['discovery.k8s.io'],
            resources: ['endpointslices'],
            resourceNames: [objectNames.leaderEndpointSlice],
            verbs: ['get', 'update', 'patch'],
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
        subjects: [{ kind: 'ServiceAccount', name: this.account, namespace: this.namespace }],
      }),
      { wave: waves.policies },
    );
  }

  #toPod(input: ControlPlaneInput): PodSpecInput {
    const { site } = this;
    return {
      name: 'control-plane',
      selector: this.selector,
      image: site.image('kubehero'),
      args: programs.controlPlane.args,
      env: {
        ...input.access.env,
        ...input.tableEnv,
        ...podFields.name,
        ...podFields.namespace,
        ...podFields.ip,
        [environmentNames.httpListen]: `0.0.0.0:${ports.controlPlaneHttp}`,
        [environmentNames.grpcListen]: `0.0.0.0:${ports.controlPlaneGrpc}`,
        [environmentNames.grpcServerNames]: input.serverNames.join(','),
        [environmentNames.leaderService]: objectNames.controlPlaneService,
        [environmentNames.drainSeconds]: '30',
        [environmentNames.rawRetentionDays]: String(input.rawRetentionDays),
        [environmentNames.currency]: input.currency,
        ...exchangeRates(input.exchangeRates),
        ...amounts(input.amounts),
        [environmentNames.caKeyFile]: `${mountPaths.keys}/ca-key`,
        [environmentNames.apiTokenFile]: `${mountPaths.api}/token`,
      },
      mounts: [
        ...input.access.mounts,
        {
          path: mountPaths.keys,
          secret: secretCatalogue.controlPlaneKeys.name,
          items: { 'ca-key': 'ca-key' },
        },
        { path: mountPaths.api, secret: secretCatalogue.api.name },
        tmpMount,
      ],
      resources: { ...site.sizing.components.controlPlane.resources, ephemeralStorage: '128Mi' },
      component: this.component,
      features: site.features,
      ports: { http: ports.controlPlaneHttp, grpc: ports.controlPlaneGrpc },
      probePort: ports.controlPlaneHttp,
      serviceAccount: this.account,
      apiAccess: true,
      gracePeriodSeconds: 60,
      priorityClassName: 'kubehero-critical',
      pullSecrets: site.pullSecrets,
    };
  }

  /** Migrations run once a sync, before anything that needs their result; pods check the schema by themselves. */
  #emitMigration(pod: PodSpecInput, access: StoreAccess): void {
    const { site } = this;
    const name = programs.migrate.name;
    // An account that exists is the control plane's own; the migration calls neither the cluster nor a cloud
    const { serviceAccountName: _account, ...component } = this.component;
    const job = new MigrationJob(
      this.node.scope ?? this,
      'migration',
      { site, name, namespace: this.namespace, component },
      {
        ...pod,
        env: access.env,
        mounts: [...access.mounts, tmpMount],
      },
    );
    for (const { peer, ports: storePorts } of access.peers) site.flows.add(job.peer, peer, ...storePorts);
  }
}

/**
 * `kubehero db migrate`, as a Job that Argo CD runs again on each sync. Nobody may change a Job, so that its name follows its
 * content: `kubectl apply` of a new image makes another one, and the server removes the old one a day after it finished.
 */
class MigrationJob extends Workload {
  constructor(
    scope: Construct,
    id: string,
    input: ConstructorParameters<typeof Workload>[2],
    pod: PodSpecInput,
  ) {
    super(scope, id, input);
    const { probePort: _probes, ports: _ports, podAnnotations: _annotations, ...rest } = pod;
    this.emitServiceAccount();
    const job = this.emitPods(
      'Job',
      KubeJob.manifest({
        metadata: {
          ...this.metadata(),
          annotations: {
            'argocd.argoproj.io/hook': 'Sync',
            'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
          },
        },
        spec: {
          backoffLimit: 6,
          activeDeadlineSeconds: 1800,
          ttlSecondsAfterFinished: 86_400,
          template: toPodTemplate({
            ...rest,
            name: 'migrate',
            selector: this.selector,
            args: programs.migrate.args,
            apiAccess: false,
            serviceAccount: this.account,
            restartPolicy: 'OnFailure',
            resources: { cpu: '200m', memory: '256Mi', ephemeralStorage: '128Mi' },
            component: { ...this.component, resources: {} },
            spread: 'none',
          }),
        },
      }),
      { wave: waves.migration },
    );
    job.nameByContent();
  }
}

/** Rates in the form that the program reads, in a steady order; nothing where there are none. */
function exchangeRates(rates: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(rates).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return {};
  return { [environmentNames.exchangeRates]: entries.map(([code, rate]) => `${code}=${rate}`).join(',') };
}

/** Configured prices in the form that the program reads; nothing where its defaults hold. */
function amounts({
  unitPrices,
  resourceWeights,
  networkRates,
}: ControlPlaneInput['amounts']): Record<string, string> {
  const resources = (of: ResourceAmounts): string => `cpu=${of.cpu},ram=${of.ram},gpu=${of.gpu}`;
  return {
    ...(unitPrices && { [environmentNames.unitPrices]: resources(unitPrices) }),
    ...(resourceWeights && { [environmentNames.resourceWeights]: resources(resourceWeights) }),
    ...(networkRates && {
      [environmentNames.networkRates]: `crossZone=${networkRates.crossZone},internet=${networkRates.internet}`,
    }),
  };
}
