import { Application, type ApplicationSpec } from '../../imports/argoproj.io.js';
import { Construct } from 'constructs';
import { homeFor } from '../core/charts.js';
import { type Fault, Faults, refuseAtSynth } from '../core/faults.js';
import { checkSecretMaterial } from '../core/secret-material.js';
import { Part } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';
import type { KubeHeroHub } from '../hub/kubehero-hub.js';

/** A Helm chart of an operator, pinned. */
export interface OperatorChart {
  /** Repository of charts, `https://…`, or `oci://…` in an air-gapped site. */
  readonly repoUrl: string;
  readonly chart: string;
  /** Exact version. */
  readonly version: string;
  /** Values on top of the ones that pin images and security contexts. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** Input of {@link ArgoApplications}. */
export interface ArgoApplicationsProps {
  /** The hub whose charts the Applications sync. */
  readonly hub: KubeHeroHub;
  /** Git repository with the synthesized manifests. */
  readonly repoUrl: string;
  /** @default 'HEAD' */
  readonly targetRevision?: string;
  /** Folder of the manifests in the repository. @default 'dist/manifests' */
  readonly path?: string;
  /** Argo CD's own namespace. @default 'argocd' */
  readonly namespace?: string;
  /** @default 'default' */
  readonly project?: string;
  /** API server of the target cluster. @default 'https://kubernetes.default.svc' */
  readonly server?: string;
  /** Operators to install, each as an Application of its own. @default - they are there */
  readonly operators?: {
    readonly cloudNativePg?: OperatorChart;
    readonly barmanPlugin?: OperatorChart;
    readonly clickhouse?: OperatorChart;
  };
}

/** An Application a chart of the hub, so that a store that fails over never holds up a rollout of the programs. */
export class ArgoApplications extends Construct {
  /** What is wrong with the props. */
  readonly faults: readonly Fault[];

  constructor(scope: Construct, id: string, props: ArgoApplicationsProps) {
    super(scope, id);
    this.faults = applicationFaults(props);
    refuseAtSynth(this, [...this.faults]);
    if (this.faults.length > 0 || props.hub.faults.length > 0) return;
    new Applications(homeFor(this, 'applications'), 'Resource', props);
  }
}

class Applications extends Part {
  readonly #props: ArgoApplicationsProps;

  constructor(scope: Construct, id: string, props: ArgoApplicationsProps) {
    super(scope, id, { labels: labelsOf('kubehero-gitops') });
    this.#props = props;
    const hub = props.hub.node.id;
    const { site } = props.hub;
    this.#emitManifests(`${hub}-base`, -20);
    const { operators } = props;
    const security = { containerSecurityContext: restricted };
    if (operators?.cloudNativePg) {
      this.#emitChart('cloudnative-pg', operators.cloudNativePg, site.namespaces.postgres, {
        image: imageValues(site.image('cloudNativePg')),
        ...security,
      });
    }
    if (operators?.barmanPlugin) {
      this.#emitChart('plugin-barman-cloud', operators.barmanPlugin, site.namespaces.postgres, {
        replicaCount: 1,
        image: imageValues(site.image('barmanPlugin')),
        sidecarImage: imageValues(site.image('barmanSidecar')),
        ...security,
      });
    }
    if (operators?.clickhouse) {
      this.#emitChart('clickhouse-operator', operators.clickhouse, site.namespaces.clickhouse, {
        crdHook: { enabled: false },
        operator: { image: imageValues(site.image('clickhouseOperator')), ...security },
        metrics: { image: imageValues(site.image('clickhouseOperatorMetrics')), ...security },
        secret: { create: false },
      });
    }
    if (props.hub.hasStores) this.#emitManifests(`${hub}-stores`, 0);
    this.#emitManifests(`${hub}-programs`, 5);
    if (props.hub.props.monitoring?.enabled ?? true) this.#emitManifests(`${hub}-monitoring`, 10);
  }

  #emitManifests(name: string, wave: number): void {
    const { repoUrl, targetRevision, path } = this.#props;
    this.#emitApplication(name, wave, {
      repoUrl,
      targetRevision: targetRevision ?? 'HEAD',
      path: path ?? 'dist/manifests',
      directory: { include: `${name}.k8s.yaml` },
    });
  }

  #emitChart(
    name: string,
    chart: OperatorChart,
    namespace: string,
    values: Readonly<Record<string, unknown>>,
  ): void {
    this.#emitApplication(
      name,
      -10,
      {
        repoUrl: chart.repoUrl.replace(/^oci:\/\//, ''),
        chart: chart.chart,
        targetRevision: chart.version,
        helm: { releaseName: name, valuesObject: { ...values, ...chart.values } },
      },
      namespace,
    );
  }

  #emitApplication(
    name: string,
    wave: number,
    source: NonNullable<ApplicationSpec['source']>,
    namespace?: string,
  ): void {
    const { props } = { props: this.#props };
    this.emit(
      `Application-${name}`,
      Application.manifest({
        metadata: { name, namespace: props.namespace ?? 'argocd' },
        spec: {
          project: props.project ?? 'default',
          destination: {
            server: props.server ?? 'https://kubernetes.default.svc',
            namespace: namespace ?? props.hub.site.namespaces.system,
          },
          source,
          syncPolicy: {
            automated: { prune: true, selfHeal: true },
            retry: { limit: 10, backoff: { duration: '10s', factor: 2, maxDuration: '5m' } },
            syncOptions: [
              'ServerSideApply=true',
              'RespectIgnoreDifferences=true',
              'SkipDryRunOnMissingResource=true',
              'CreateNamespace=false',
            ],
          },
          // Arming is done by people, not by Git.
          ignoreDifferences: [
            { group: 'kubehero.kubehero.io', kind: 'BudgetPolicy', jsonPointers: ['/spec/armed'] },
          ],
        },
      }),
      { wave },
    );
  }
}

const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The two halves of a reference as charts want them; the tag carries the digest. */
function imageValues(reference: string): { repository: string; tag: string } {
  const at = reference.search(/:[^:/@]+@sha256:/);
  return { repository: reference.slice(0, at), tag: reference.slice(at + 1) };
}

function applicationFaults(props: ArgoApplicationsProps): readonly Fault[] {
  const faults = new Faults();
  faults.check(
    /^(https:\/\/|ssh:\/\/|git@)\S+$/.test(props.repoUrl),
    'repoUrl',
    `'${props.repoUrl}' is no Git repository: write https://… or git@…`,
  );
  checkSecretMaterial(faults, { repoUrl: props.repoUrl, operators: props.operators ?? {} }, []);
  faults.check(
    props.path === undefined || /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/.test(props.path),
    'path',
    `'${props.path}' is no folder of the repository: write clusters/hub`,
  );
  faults.dnsLabel('namespace', props.namespace);
  for (const [name, chart] of Object.entries(props.operators ?? {})) {
    faults.check(
      /^v?\d+\.\d+\.\d+([-+][\w.-]+)?$/.test(chart.version),
      `operators.${name}.version`,
      `'${chart.version}' is no exact version: pin it`,
    );
    faults.check(
      /^(https|oci):\/\//.test(chart.repoUrl),
      `operators.${name}.repoUrl`,
      `'${chart.repoUrl}' is no repository of charts: write https:// or oci://`,
    );
  }
  return faults.all;
}
