import { environmentNames, httpPaths, mountPaths, ports, programs } from '@kubehero/contract';
import { KubeCronJob } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { httpProbe, type Mount, type PodSpecInput, tmpMount, toPodTemplate } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { Workload } from '../core/workload.js';
import { cidrs } from '../policy/flows.js';
import type { StoreAccess } from '../stores/connection.js';

/** Where prices come from. */
export type PriceSource = 'aws' | 'azure' | 'gcp' | 'custom' | 'snapshot';

/** Origins, such as `https://prices.example.com`, where price lists are fetched instead of from the clouds. */
export interface PriceMirrors {
  readonly aws?: string;
  readonly awsChina?: string;
  readonly awsSpot?: string;
  /** Interface endpoint of the EC2 API, for spot prices by zone. */
  readonly awsEc2?: string;
  readonly azure?: string;
  readonly gcp?: string;
  readonly gcpCompute?: string;
}

/** The pricing engine. */
export interface PricingProps {
  /** @default ['aws', 'azure', 'gcp'] */
  readonly sources?: readonly PriceSource[];
  /** Five fields. @default '17 0,6,12,18 * * *', every six hours */
  readonly schedule?: string;
  /** Keeps a small Deployment for `kubectl exec … kubehero pricing import`. @default true */
  readonly execDeployment?: boolean;
  /** ConfigMap in the system namespace with `custom.yaml`, the own price sheet. */
  readonly customSheetConfigMap?: string;
  /** PersistentVolumeClaim in the system namespace that holds `pricing-snapshot.json`. */
  readonly snapshotClaim?: string;
  /** ConfigMap with `key.pem`, the Ed25519 key that a snapshot must be signed by. */
  readonly snapshotKeyConfigMap?: string;
  /** Secret in the system namespace with `api-key`, the key for Google's catalogue. @default - Google is not asked */
  readonly gcpKeySecret?: string;
  /** Secret in the system namespace with `account.json`, a key that may list Google's machine types. @default - none */
  readonly gcpAccountSecret?: string;
  /** Secret in the system namespace with `credentials`, in the form of `~/.aws/credentials`. @default - the pod's own identity */
  readonly awsCredentialsSecret?: string;
  /** `auto`: by zone from the EC2 API where credentials are found; `feed`: the public feed alone. @default 'auto' */
  readonly awsSpot?: 'auto' | 'feed';
  /** Keeps list rates of reservations and savings plans, too. @default true */
  readonly commitments?: boolean;
  /** Regions whose prices are fetched. @default - those that nodes of the fleet are in */
  readonly awsRegions?: readonly string[];
  /** Regions whose prices are fetched. @default - those that nodes of the fleet are in */
  readonly azureRegions?: readonly string[];
  /** URL of an HTTP proxy that price lists are fetched through. @default - none */
  readonly proxy?: string;
  /** ConfigMap in the system namespace with `ca.crt`, trusted beside the usual authorities. @default - none */
  readonly caConfigMap?: string;
  /** Origins of mirrors of the price lists. @default - the clouds' own */
  readonly mirrors?: PriceMirrors;
  /** Addresses of the price lists (or of an egress proxy) for the network policies. @default ['0.0.0.0/0'], port 443 */
  readonly egressCidrs?: readonly string[];
  /** Ports of the price lists or of the proxy. @default [443] */
  readonly egressPorts?: readonly number[];
}

/** Sources that are outside of the site. */
export const publicSources: readonly PriceSource[] = ['aws', 'azure', 'gcp'];

const recreateReason = 'imports are one at a time, a second pod beside the first is not wanted';

/** Refreshes prices every six hours; a small Deployment beside it takes imports by `kubectl exec`. */
export class PricingEngine extends Workload {
  constructor(
    scope: Construct,
    id: string,
    input: {
      readonly site: Site;
      readonly props: PricingProps;
      readonly access: StoreAccess;
      readonly currency: string;
    },
  ) {
    const { site, props, access } = input;
    super(scope, id, {
      site,
      name: programs.pricing.name,
      namespace: site.namespaces.system,
      component: site.component('pricing'),
    });
    const sources = props.sources ?? publicSources;
    this.emitServiceAccount();
    const pod: PodSpecInput = {
      name: 'pricing-engine',
      selector: this.selector,
      image: site.image('kubehero'),
      args: programs.pricing.args,
      env: {
        ...access.env,
        [environmentNames.pricingSources]: [...sources].sort().join(','),
        [environmentNames.currency]: input.currency,
        [environmentNames.dataDir]: mountPaths.data,
        ...priceEnvironment(props),
      },
      mounts: [...access.mounts, ...priceMounts(props), { path: mountPaths.data, scratch: '2Gi' }, tmpMount],
      resources: { ...site.sizing.components.pricing.resources, ephemeralStorage: '3Gi' },
      component: this.component,
      features: site.features,
      serviceAccount: this.account,
      gracePeriodSeconds: 60,
      priorityClassName: 'kubehero-standard',
      pullSecrets: site.pullSecrets,
      restartPolicy: 'OnFailure',
      spread: 'none',
    };
    this.#emitCronJob(pod, props);
    if (props.execDeployment ?? true) this.#emitExecDeployment(pod);
    for (const { peer, ports: storePorts } of access.peers) site.flows.add(this.peer, peer, ...storePorts);
    if (sources.some((source) => publicSources.includes(source))) {
      site.flows.add(
        this.peer,
        cidrs(...(props.egressCidrs ?? ['0.0.0.0/0'])),
        ...(props.egressPorts ?? [443]),
      );
    }
  }

  #emitCronJob(pod: PodSpecInput, props: PricingProps): void {
    this.emitPods(
      'CronJob',
      KubeCronJob.manifest({
        metadata: this.metadata(),
        spec: {
          schedule: props.schedule ?? '17 0,6,12,18 * * *',
          timeZone: 'Etc/UTC',
          concurrencyPolicy: 'Forbid',
          startingDeadlineSeconds: 3600,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            spec: {
              backoffLimit: 3,
              activeDeadlineSeconds: 5400,
              template: withVolumes(toPodTemplate(pod), props),
            },
          },
        },
      }),
      { wave: waves.clients },
    );
  }

  /** Holds a container open in which `kubehero pricing import` runs; it serves the age of prices meanwhile. */
  #emitExecDeployment(pod: PodSpecInput): void {
    const { restartPolicy: _never, ...rest } = pod;
    const template = toPodTemplate({
      ...rest,
      args: programs.pricingExec.args,
      env: { ...pod.env, [environmentNames.httpListen]: `0.0.0.0:${ports.pricingHttp}` },
      mounts: pod.mounts.filter((mount) => !('claim' in mount)),
      ports: { http: ports.pricingHttp },
      probes: {
        startup: httpProbe(httpPaths.live, ports.pricingHttp, { periodSeconds: 2, failureThreshold: 60 }),
        liveness: httpProbe(httpPaths.live, ports.pricingHttp, { failureThreshold: 6 }),
        readiness: httpProbe(httpPaths.ready, ports.pricingHttp, { periodSeconds: 10 }),
      },
      resources: {
        ...this.site.sizing.components.pricingExec.resources,
        memoryLimit: '512Mi',
        cpuLimit: '500m',
        ephemeralStorage: '3Gi',
      },
      component: { ...this.component, resources: {} },
    });
    this.emitDeployment(template, {
      replicas: 1,
      wave: waves.clients,
      recreate: true,
      waivers: {
        'deployment-strategy': recreateReason,
        'kube-linter/no-rolling-update-strategy': recreateReason,
      },
    });
    this.scraped(ports.pricingHttp);
  }
}

/** What the props say about where prices come from, under the names that the program reads. */
function priceEnvironment(props: PricingProps): Record<string, string> {
  const { mirrors = {} } = props;
  const values: Readonly<Record<string, string | undefined>> = {
    [environmentNames.pricingCustomFile]:
      props.customSheetConfigMap && `${mountPaths.pricing}-custom/custom.yaml`,
    [environmentNames.pricingSnapshotFile]:
      props.snapshotClaim && `${mountPaths.pricing}/pricing-snapshot.json`,
    [environmentNames.pricingSnapshotKeyFile]:
      props.snapshotKeyConfigMap && `${mountPaths.pricingKey}/key.pem`,
    [environmentNames.pricingGcpKeyFile]: props.gcpKeySecret && `${mountPaths.pricing}-gcp/api-key`,
    [environmentNames.pricingGcpAccountFile]:
      props.gcpAccountSecret && `${mountPaths.pricing}-gcp-account/account.json`,
    [environmentNames.pricingAwsCredentialsFile]:
      props.awsCredentialsSecret && `${mountPaths.pricing}-aws/credentials`,
    [environmentNames.pricingAwsSpot]: props.awsSpot,
    [environmentNames.pricingCommitments]: props.commitments === false ? 'off' : undefined,
    [environmentNames.pricingCaFile]: props.caConfigMap && `${mountPaths.pricing}-ca/ca.crt`,
    [environmentNames.pricingAwsRegions]: props.awsRegions?.join(','),
    [environmentNames.pricingAzureRegions]: props.azureRegions?.join(','),
    [environmentNames.pricingProxy]: props.proxy,
    [environmentNames.pricingAwsUrl]: mirrors.aws,
    [environmentNames.pricingAwsChinaUrl]: mirrors.awsChina,
    [environmentNames.pricingAwsSpotUrl]: mirrors.awsSpot,
    [environmentNames.pricingAwsEc2Url]: mirrors.awsEc2,
    [environmentNames.pricingGcpComputeUrl]: mirrors.gcpCompute,
    [environmentNames.pricingAzureUrl]: mirrors.azure,
    [environmentNames.pricingGcpUrl]: mirrors.gcp,
  };
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

function priceMounts(props: PricingProps): Mount[] {
  return [
    ...(props.customSheetConfigMap
      ? [{ path: `${mountPaths.pricing}-custom`, configMap: props.customSheetConfigMap }]
      : []),
    ...(props.snapshotKeyConfigMap
      ? [{ path: mountPaths.pricingKey, configMap: props.snapshotKeyConfigMap }]
      : []),
    ...(props.gcpKeySecret ? [{ path: `${mountPaths.pricing}-gcp`, secret: props.gcpKeySecret }] : []),
    ...(props.gcpAccountSecret
      ? [{ path: `${mountPaths.pricing}-gcp-account`, secret: props.gcpAccountSecret }]
      : []),
    ...(props.awsCredentialsSecret
      ? [{ path: `${mountPaths.pricing}-aws`, secret: props.awsCredentialsSecret }]
      : []),
    ...(props.caConfigMap ? [{ path: `${mountPaths.pricing}-ca`, configMap: props.caConfigMap }] : []),
    ...(props.snapshotClaim ? [{ path: mountPaths.pricing, claim: 'snapshot' }] : []),
  ];
}

function withVolumes(
  template: ReturnType<typeof toPodTemplate>,
  props: PricingProps,
): ReturnType<typeof toPodTemplate> {
  if (!props.snapshotClaim || !template.spec) return template;
  const volume = {
    name: 'snapshot',
    persistentVolumeClaim: { claimName: props.snapshotClaim, readOnly: true },
  };
  return { ...template, spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), volume] } };
}
