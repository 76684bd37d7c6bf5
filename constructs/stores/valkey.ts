import { environmentNames, mountPaths, secretCatalogue } from '@kubehero/contract';
import { IntOrString, type KubeStatefulSet, Quantity } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { type PodSpecInput, toPodTemplate } from '../core/pods.js';
import { tryParseBytes } from '../core/quantities.js';
import { policyWaiver } from '../core/waivers.js';
import type { Site } from '../core/site.js';
import { statefulSetManifest, Workload } from '../core/workload.js';
import type { ExternalServer, StoreAccess } from './connection.js';
import {
  certificateWave,
  dnsNamesOf,
  type StoreTls,
  tlsFolder,
  tlsMount,
  tlsSecrets,
  type TlsSecretNames,
  toCertificates,
} from './tls.js';
import {
  pingCommand,
  sentinelStart,
  serverStart,
  serverStop,
  type ValkeyScriptInput,
} from './valkey-scripts.js';

const exporterReason = 'the exporter reads its password from its environment alone';

/** Where Valkey comes from. */
export type ValkeyProps =
  | ({
      readonly mode: 'external';
      readonly sentinels?: readonly string[];
      readonly primaryName?: string;
    } & ExternalServer)
  | DeployedValkeyProps;

/** Valkey servers of our own. */
export interface DeployedValkeyProps {
  readonly mode?: 'deploy';
  /** @default 3, or 1 without high availability */
  readonly replicas?: number;
  /** @default 3 */
  readonly sentinels?: number;
  /** Sentinels that must agree that the primary is gone. @default - the majority */
  readonly quorum?: number;
  /** Encrypts what goes to servers and sentinels, and between them. @default - network policies alone protect it */
  readonly tls?: StoreTls;
}

const primaryName = 'kubehero';
const serverName = 'kubehero-valkey';
const sentinelName = 'kubehero-valkey-sentinel';

/** Settings that servers and sentinels share. */
interface Ensemble {
  readonly replicas: number;
  readonly sentinels: number;
  readonly input: ValkeyScriptInput;
  readonly sentinelDomain: string;
  /** Secrets of the encryption; absent without it. */
  readonly tls: TlsSecretNames | undefined;
}

/** Valkey servers that elect their primary by sentinels. */
export class Valkey extends Workload {
  /** How programs of ours reach it. */
  readonly access: StoreAccess;
  /** The sentinels; absent with one server. */
  readonly sentinel: ValkeySentinel | undefined;

  constructor(scope: Construct, id: string, site: Site, props: DeployedValkeyProps) {
    super(scope, id, {
      site,
      name: serverName,
      namespace: site.namespaces.valkey,
      component: site.component('valkey'),
    });
    const ensemble = this.#toEnsemble(props);
    const { replicas, input } = ensemble;
    this.emitServiceAccount();
    this.#emitCertificates(props.tls, ensemble);
    this.emitService({ valkey: 6379 }, { headless: true });
    if (replicas > 1) this.emitDisruptionBudget();
    const checksum = this.emitConfigMap('', { 'start.sh': serverStart(input), 'stop.sh': serverStop(input) });
    this.emitPods(
      'StatefulSet',
      statefulSetManifest({
        metadata: this.metadata(),
        spec: statefulSetSpec(this.#toPod(ensemble, checksum), {
          name: serverName,
          replicas,
          site,
          storage: '4Gi',
        }),
      }),
      {
        wave: waves.stores,
        keep: true,
        waivers: {
          ...policyWaiver,
          CKV_K8S_35: exporterReason,
          'kube-linter/read-secret-from-env-var': exporterReason,
        },
      },
    );
    this.sentinel =
      ensemble.sentinels > 0 ? new ValkeySentinel(scope, 'sentinel', site, ensemble) : undefined;
    this.access = this.#toAccess(ensemble);
    if (replicas > 1 || ensemble.tls) site.flows.add(this.peer, this.peer, 6379);
    if (this.sentinel) {
      site.flows.add(this.sentinel.peer, this.peer, 6379);
      site.flows.add(this.peer, this.sentinel.peer, 26379);
    }
    this.scraped(9121);
  }

  #toEnsemble(props: DeployedValkeyProps): Ensemble {
    const { site } = this;
    const replicas = props.replicas ?? this.component.replicas ?? site.sizing.components.valkey.replicas;
    const sentinels = replicas > 1 ? (props.sentinels ?? 3) : 0;
    const domain = `${this.namespace}.svc.${site.clusterDomain}`;
    const sentinelDomain = `${sentinelName}.${domain}`;
    const memory = { ...site.sizing.components.valkey.resources, ...this.component.resources }.memory;
    return {
      replicas,
      sentinels,
      sentinelDomain,
      tls:
        props.tls &&
        tlsSecrets(props.tls, {
          server: secretCatalogue.valkeyServer.name,
          ca: secretCatalogue.valkeyCa.name,
        }),
      input: {
        encrypted: props.tls !== undefined,
        primaryName,
        serverDomain: `${serverName}.${domain}`,
        sentinelHosts: [...Array(sentinels).keys()].map((i) => `${sentinelName}-${i}.${sentinelDomain}`),
        firstServer: `${serverName}-0.${serverName}.${domain}`,
        quorum: props.quorum ?? Math.floor(sentinels / 2) + 1,
        maxMemoryMib: Math.floor(((tryParseBytes(memory) ?? 2 ** 28) / 2 ** 20) * 0.7),
      },
    };
  }

  #emitCertificates(tls: StoreTls | undefined, ensemble: Ensemble): void {
    if (!tls || !ensemble.tls) return;
    const { namespaces, clusterDomain } = this.site;
    const names = (set: string, count: number): string[] =>
      [...Array(count).keys()].flatMap((i) =>
        dnsNamesOf(`${set}-${i}.${set}`, this.namespace, clusterDomain),
      );
    const certificates = toCertificates({
      tls,
      secrets: ensemble.tls,
      namespace: this.namespace,
      systemNamespace: namespaces.system,
      dnsNames: [...names(serverName, ensemble.replicas), ...names(sentinelName, ensemble.sentinels)],
    });
    for (const { id, manifest } of certificates) this.emit(id, manifest, { wave: certificateWave });
  }

  #toPod({ replicas, tls, input }: Ensemble, checksum: string): PodSpecInput {
    const { site, component } = this;
    return {
      name: 'valkey',
      selector: this.selector,
      image: site.image('valkey'),
      command: ['/bin/sh', '/scripts/start.sh'],
      args: [],
      env: { POD_NAME: { field: 'metadata.name' } },
      mounts: [
        { path: '/scripts', configMap: serverName },
        { path: mountPaths.valkey, secret: secretCatalogue.valkey.name, items: { password: 'password' } },
        { path: '/data', claim: 'data' },
        { path: '/tmp', scratch: '16Mi' },
        ...(tls ? [tlsMount(tls.server)] : []),
      ],
      resources: site.sizing.components.valkey.resources,
      component,
      features: site.features,
      ports: { valkey: 6379 },
      probes: valkeyProbes(6379, tls !== undefined),
      serviceAccount: this.account,
      podAnnotations: { 'checksum/config': checksum },
      gracePeriodSeconds: 45,
      priorityClassName: 'kubehero-standard',
      pullSecrets: site.pullSecrets,
      spread: replicas > 1 ? 'required' : 'none',
      sidecars: [exporter(site, tls && input.serverDomain)],
    };
  }

  #toAccess(ensemble: Ensemble): StoreAccess {
    const { sentinel } = this;
    const { tls, input } = ensemble;
    const caFolder = `${mountPaths.valkey}-ca`;
    return {
      env: {
        ...(sentinel
          ? {
              [environmentNames.valkeySentinels]: input.sentinelHosts
                .map((host) => `${host}:26379`)
                .join(','),
              [environmentNames.valkeyPrimaryName]: primaryName,
            }
          : { [environmentNames.valkeyUrl]: `${tls ? 'valkeys' : 'valkey'}://${input.firstServer}:6379` }),
        [environmentNames.valkeyPasswordFile]: `${mountPaths.valkey}/password`,
        ...(tls ? { [environmentNames.valkeyCaFile]: `${caFolder}/ca.crt` } : {}),
      },
      mounts: [
        { path: mountPaths.valkey, secret: secretCatalogue.valkey.name, items: { password: 'password' } },
        ...(tls ? [{ path: caFolder, secret: tls.ca, items: { 'ca.crt': 'ca.crt' } }] : []),
      ],
      peers: [
        { peer: this.peer, ports: [6379] },
        ...(sentinel ? [{ peer: sentinel.peer, ports: [26379] }] : []),
      ],
    };
  }
}

/** The sentinels of {@link Valkey}, a set of their own so that losing a server costs no vote. */
export class ValkeySentinel extends Workload {
  constructor(scope: Construct, id: string, site: Site, ensemble: Ensemble) {
    super(scope, id, {
      site,
      name: sentinelName,
      namespace: site.namespaces.valkey,
      component: site.component('sentinel'),
    });
    this.emitServiceAccount();
    this.emitService({ sentinel: 26379 }, { headless: true });
    this.emitDisruptionBudget();
    const checksum = this.emitConfigMap('', {
      'start.sh': sentinelStart(ensemble.input, ensemble.sentinelDomain),
    });
    this.emitPods(
      'StatefulSet',
      statefulSetManifest({
        metadata: this.metadata(),
        spec: statefulSetSpec(
          {
            name: 'sentinel',
            selector: this.selector,
            image: site.image('valkey'),
            command: ['/bin/sh', '/scripts/start.sh'],
            args: [],
            env: { POD_NAME: { field: 'metadata.name' } },
            mounts: [
              { path: '/scripts', configMap: sentinelName },
              {
                path: mountPaths.valkey,
                secret: secretCatalogue.valkey.name,
                items: { password: 'password' },
              },
              { path: '/data', scratch: '16Mi' },
              { path: '/tmp', scratch: '16Mi' },
              ...(ensemble.tls ? [tlsMount(ensemble.tls.server)] : []),
            ],
            resources: site.sizing.components.sentinel.resources,
            component: this.component,
            features: site.features,
            ports: { sentinel: 26379 },
            probes: valkeyProbes(26379, ensemble.tls !== undefined),
            serviceAccount: this.account,
            podAnnotations: { 'checksum/config': checksum },
            gracePeriodSeconds: 30,
            priorityClassName: 'kubehero-standard',
            pullSecrets: site.pullSecrets,
            spread: 'required',
          },
          { name: sentinelName, replicas: ensemble.sentinels, site },
        ),
      }),
      { wave: waves.stores },
    );
    site.flows.add(this.peer, this.peer, 26379);
  }
}

function valkeyProbes(port: number, encrypted: boolean): NonNullable<PodSpecInput['probes']> {
  const tcp = { tcpSocket: { port: IntOrString.fromNumber(port) } };
  return {
    startup: { ...tcp, periodSeconds: 2, failureThreshold: 60 },
    liveness: { ...tcp, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    readiness: {
      exec: { command: pingCommand(port, encrypted) },
      periodSeconds: 5,
      timeoutSeconds: 4,
      failureThreshold: 2,
    },
  };
}

/** The exporter of one server; where that is encrypted, it calls its own pod by the name in the certificate. */
function exporter(
  site: Site,
  encryptedDomain: string | undefined,
): NonNullable<PodSpecInput['sidecars']>[number] {
  const base = toPodTemplate({
    name: 'exporter',
    selector: {},
    image: site.image('valkeyExporter'),
    args: [],
    env: encryptedDomain
      ? {
          POD_NAME: { field: 'metadata.name' },
          REDIS_ADDR: `rediss://$(POD_NAME).${encryptedDomain}:6379`,
          REDIS_EXPORTER_TLS_CA_CERT_FILE: `${tlsFolder}/ca.crt`,
        }
      : { REDIS_ADDR: 'redis://127.0.0.1:6379' },
    // The pod's own volume: the folder is named by its path alone
    mounts: encryptedDomain ? [{ path: tlsFolder, secret: '' }] : [],
    resources: { cpu: '10m', memory: '32Mi', cpuLimit: '100m' },
    component: {},
    features: site.features,
    ports: { metrics: 9121 },
    probes: {
      liveness: {
        httpGet: { path: '/health', port: IntOrString.fromNumber(9121) },
        periodSeconds: 30,
        timeoutSeconds: 3,
      },
      readiness: { tcpSocket: { port: IntOrString.fromNumber(9121) }, periodSeconds: 30, timeoutSeconds: 3 },
    },
    serviceAccount: serverName,
    gracePeriodSeconds: 30,
    priorityClassName: 'kubehero-standard',
    pullSecrets: [],
  }).spec?.containers[0];
  if (!base) throw new TypeError('a pod template without a container');
  // The exporter reads a password from its environment or from a map of servers, never from a plain file.
  const secret = {
    name: 'REDIS_PASSWORD',
    valueFrom: { secretKeyRef: { name: secretCatalogue.valkey.name, key: 'password' } },
  };
  return { ...base, env: [...(base.env ?? []), secret] };
}

function statefulSetSpec(
  pod: PodSpecInput,
  options: {
    readonly name: string;
    readonly replicas: number;
    readonly site: Site;
    readonly storage?: string;
  },
): NonNullable<Parameters<typeof KubeStatefulSet.manifest>[0]>['spec'] {
  const { site } = options;
  const template = toPodTemplate(pod);
  if (options.storage && options.replicas > 1) {
    const [main, ...rest] = template.spec?.containers ?? [];
    if (main && template.spec) {
      const lifecycle = { preStop: { exec: { command: ['/bin/sh', '/scripts/stop.sh'] } } };
      (template.spec as { containers: unknown[] }).containers = [{ ...main, lifecycle }, ...rest];
    }
  }
  return {
    serviceName: options.name,
    replicas: options.replicas,
    podManagementPolicy: 'Parallel',
    revisionHistoryLimit: 3,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    minReadySeconds: 10,
    selector: { matchLabels: { ...pod.selector } },
    template,
    ...(options.storage
      ? {
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                ...(site.storageClassName ? { storageClassName: site.storageClassName } : {}),
                resources: { requests: { storage: Quantity.fromString(options.storage) } },
              },
            },
          ],
        }
      : {}),
  };
}
