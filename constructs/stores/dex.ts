import { secretCatalogue } from '@kubehero/contract';
import type { Construct } from 'constructs';
import { waves } from '../core/manifest.js';
import { httpProbe, toPodTemplate } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { Workload } from '../core/workload.js';
import { cidrs, type Peer } from '../policy/flows.js';

/** One upstream identity provider, in Dex's own words. Secrets are written `$NAME` and come from `secretEnv`. */
export interface DexConnector {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Sign-in: our own Dex, or an OpenID Connect issuer that exists. */
export type DexProps =
  | {
      readonly mode: 'external';
      readonly issuer: string;
      readonly clientId?: string;
      readonly cidrs: readonly string[];
    }
  | DeployedDexProps;

/** Dex of our own. */
export interface DeployedDexProps {
  readonly mode?: 'deploy';
  readonly connectors: readonly DexConnector[];
  /** Variables that connectors name, each from a key of an existing Secret in the system namespace. */
  readonly secretEnv?: Readonly<Record<string, { readonly name: string; readonly key: string }>>;
  /** Addresses of the identity providers for the network policies, ports 443 and 636. @default ['0.0.0.0/0'] */
  readonly cidrs?: readonly string[];
}

const name = 'dex';
const secretReason = 'Dex takes the secrets of connectors and storage from its environment alone';

/** Dex, two replicas over PostgreSQL, so that it needs no rights in the cluster. */
export class Dex extends Workload {
  /** OpenID Connect issuer as browsers see it. */
  readonly issuer: string;
  /** Where its keys are fetched from inside of the cluster. */
  readonly internalUrl: string;

  constructor(
    scope: Construct,
    id: string,
    site: Site,
    input: {
      readonly props: DeployedDexProps;
      readonly host: string;
      readonly dashboardUrl: string;
      readonly postgres: {
        readonly host: string;
        readonly port: number;
        readonly peer: Peer;
        readonly user?: string;
        readonly database?: string;
        readonly secret?: { readonly name: string; readonly passwordKey?: string };
        readonly caSecret?: string | undefined;
        readonly tls?: 'verify' | 'disable';
      };
    },
  ) {
    super(scope, id, { site, name, namespace: site.namespaces.system, component: site.component('dex') });
    this.issuer = `https://${input.host}`;
    this.internalUrl = `http://${name}.${this.namespace}.svc.${site.clusterDomain}:5556`;
    const { postgres } = input;
    const tls = (postgres.tls ?? 'verify') === 'verify';
    const caSecret = 'caSecret' in postgres ? postgres.caSecret : secretCatalogue.postgresCa.name;
    const config = {
      issuer: this.issuer,
      storage: {
        type: 'postgres',
        config: {
          host: postgres.host,
          port: postgres.port,
          database: postgres.database ?? 'dex',
          user: postgres.user ?? 'dex',
          password: '$DEX_POSTGRES_PASSWORD',
          ssl: tls
            ? { mode: 'verify-full', ...(caSecret ? { caFile: '/etc/dex/postgres-ca/ca.crt' } : {}) }
            : { mode: 'disable' },
        },
      },
      web: { http: '0.0.0.0:5556' },
      telemetry: { http: '0.0.0.0:5558' },
      oauth2: { skipApprovalScreen: true, responseTypes: ['code'] },
      expiry: {
        idTokens: '1h',
        refreshTokens: { reuseInterval: '3s', validIfNotUsedFor: '168h', absoluteLifetime: '720h' },
      },
      enablePasswordDB: false,
      connectors: input.props.connectors,
      staticClients: [
        {
          id: 'kubehero',
          name: 'KubeHero',
          redirectURIs: [`${input.dashboardUrl}/auth/callback`],
          secretEnv: 'KUBEHERO_CLIENT_SECRET',
        },
      ],
    };
    const replicas = this.component.replicas ?? site.sizing.components.dex.replicas;
    this.emitServiceAccount();
    this.emitService({ http: 5556 });
    if (replicas > 1) this.emitDisruptionBudget();
    // JSON is YAML, and needs no writer whose line breaks could change between versions.
    const checksum = this.emitConfigMap('', { 'config.yaml': `${JSON.stringify(config, null, 2)}\n` });
    const template = toPodTemplate({
      name,
      selector: this.selector,
      image: site.image('dex'),
      args: ['dex', 'serve', '/etc/dex/config/config.yaml'],
      env: {},
      mounts: [
        { path: '/etc/dex/config', configMap: name },
        ...(tls && caSecret
          ? [{ path: '/etc/dex/postgres-ca', secret: caSecret, items: { 'ca.crt': 'ca.crt' } }]
          : []),
        { path: '/tmp', scratch: '16Mi' },
      ],
      resources: site.sizing.components.dex.resources,
      component: this.component,
      features: site.features,
      ports: { http: 5556, telemetry: 5558 },
      probePort: 5558,
      probes: {
        startup: httpProbe('/healthz/live', 5558, { periodSeconds: 2, failureThreshold: 60 }),
        liveness: httpProbe('/healthz/live', 5558, { failureThreshold: 6 }),
        readiness: httpProbe('/healthz/ready', 5558, { periodSeconds: 5 }),
      },
      serviceAccount: this.account,
      podAnnotations: { 'checksum/config': checksum },
      gracePeriodSeconds: 30,
      priorityClassName: 'kubehero-standard',
      pullSecrets: site.pullSecrets,
    });
    addSecretEnvironment(template, {
      DEX_POSTGRES_PASSWORD: {
        name: postgres.secret?.name ?? secretCatalogue.postgresDex.name,
        key: postgres.secret?.passwordKey ?? 'password',
      },
      KUBEHERO_CLIENT_SECRET: { name: secretCatalogue.dashboard.name, key: 'oidc-client-secret' },
      ...input.props.secretEnv,
    });
    this.emitDeployment(template, {
      replicas,
      wave: waves.core,
      waivers: { CKV_K8S_35: secretReason, 'kube-linter/read-secret-from-env-var': secretReason },
    });
    site.flows.add(this.peer, postgres.peer, postgres.port);
    site.flows.add(this.peer, cidrs(...(input.props.cidrs ?? ['0.0.0.0/0'])), 443, 636);
    this.scraped(5558);
  }
}

/** Dex takes secrets from its environment alone. */
function addSecretEnvironment(
  template: ReturnType<typeof toPodTemplate>,
  secrets: Readonly<Record<string, { readonly name: string; readonly key: string }>>,
): void {
  const container = template.spec?.containers[0] as { env?: unknown[] } | undefined;
  if (!container) return;
  container.env = [
    ...(container.env ?? []),
    ...Object.entries(secrets)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([variable, { name: secret, key }]) => ({
        name: variable,
        valueFrom: { secretKeyRef: { name: secret, key } },
      })),
  ];
}
