import { secretCatalogue } from '@kubehero/contract';
import { Construct } from 'constructs';
import { buildSite } from '../core/build-site.js';
import { chartFor } from '../core/charts.js';
import type { ComponentProps } from '../core/component.js';
import { checkComponent } from '../core/component.js';
import { ConstructsError, type Fault, Faults, refuseAtSynth } from '../core/faults.js';
import { refuseNeighbours } from '../core/neighbours.js';
import { labelsOf } from '../core/pods.js';
import { checkSecretMaterial } from '../core/secret-material.js';
import type { Site } from '../core/site.js';
import { describeSizing } from '../core/sizing.js';
import { Collector } from '../hub/collector.js';
import { checkCaBundle, checkInstallation } from '../hub/installation-faults.js';
import type { InstallationProps } from '../hub/hub-props.js';
import { type HubLink, Operator } from '../hub/operator.js';
import { Definitions } from '../hub/definitions.js';
import { ArmingAdmission } from '../policy/arming-admission.js';
import { CollectorAdmission } from '../policy/collector-admission.js';
import { cidrs } from '../policy/flows.js';
import { Foundation } from '../policy/foundation.js';
import { ImageVerification } from '../policy/image-verification.js';
import { ResourceQuotas } from '../policy/resource-quotas.js';
import { NetworkPolicies } from '../policy/network-policies.js';

/** Input of {@link KubeHeroEdge}. */
export interface KubeHeroEdgeProps extends InstallationProps {
  /** The hub's mutual-TLS listener as `https://host[:port]` or `host[:port]`. */
  readonly hubEndpoint: string;
  /** PEM certificates that the hub's certificate chains to, as `kubehero cluster add` prints them. */
  readonly caBundle: string;
  /** Existing Secret of type `kubernetes.io/tls` with the cluster's certificate, in both namespaces. @default 'kubehero-cluster-certificate' */
  readonly certificateSecret?: string;
  /** Addresses of the hub, for the network policies. @default ['0.0.0.0/0'] */
  readonly hubCidrs?: readonly string[];
  readonly components?: Partial<Record<'operator' | 'collector', ComponentProps>>;
}

/** The parts of an edge, for overrides and references. */
export interface EdgeParts {
  readonly collector: Collector;
  readonly operator: Operator;
  readonly definitions: Definitions;
  readonly networkPolicies?: NetworkPolicies;
}

/** Collector and operator of one cluster, which dial a hub elsewhere. Nothing listens for the hub. */
export class KubeHeroEdge extends Construct {
  /** What is wrong with the props; empty for an edge that can be synthesized. */
  readonly faults: readonly Fault[];
  readonly #parts: EdgeParts | undefined;
  readonly #site: Site | undefined;

  constructor(
    scope: Construct,
    id: string,
    readonly props: KubeHeroEdgeProps,
  ) {
    super(scope, id);
    this.faults = edgeFaults(props);
    refuseAtSynth(this, this.faults);
    refuseNeighbours(this);
    if (this.faults.length > 0) return;
    const site = buildSite({
      props,
      sizing: { nodes: props.nodes ?? 100 },
      components: props.components ?? {},
    });
    this.#site = site;
    this.#parts = this.#build(site);
  }

  /**
   * The parts of the edge.
   * @throws ConstructsError INVALID_PROPS with every fault, when the props are wrong
   */
  get parts(): EdgeParts {
    if (this.#parts) return this.#parts;
    const list = this.faults.map((fault) => `${fault.prop}: ${fault.message}`).join('; ');
    throw new ConstructsError('INVALID_PROPS', `${this.node.path} has no parts: ${list}`);
  }

  /** What the edge asks for, component by component, and why. */
  describe(): string {
    if (!this.#site) return '';
    const { collector, operator } = this.#site.sizing.components;
    return describeSizing({ shards: 0, components: { collector, operator } as never });
  }

  #build(site: Site): EdgeParts {
    const { props } = this;
    const base = chartFor(this, 'base');
    const main = chartFor(this, 'programs');
    const endpoint = parseEndpoint(props.hubEndpoint) ?? { host: '', port: 443 };
    const link: HubLink = {
      endpoint: `${endpoint.host}:${endpoint.port}`,
      certificateSecret: props.certificateSecret ?? secretCatalogue.clusterCertificate.name,
      peer: cidrs(...(props.hubCidrs ?? ['0.0.0.0/0'])),
      port: endpoint.port,
    };
    const { system, collector: collectorNamespace } = site.namespaces;
    const verifyImages = props.imageVerification?.with === 'sigstore';
    if (props.foundation ?? true) {
      new Foundation(base, 'foundation', {
        labels: labelsOf('kubehero'),
        priorityClasses: true,
        namespaces: [
          { name: system, podSecurity: 'restricted', verifyImages },
          { name: collectorNamespace, podSecurity: 'privileged', verifyImages },
        ],
      });
    }
    if (site.features.admissionPolicy) {
      new CollectorAdmission(base, 'collector-admission', site);
      new ArmingAdmission(base, 'arming-admission');
    }
    if (props.imageVerification) {
      new ImageVerification(base, 'image-verification', {
        props: props.imageVerification,
        repositories: [props.images.tryFind('kubehero')?.repository ?? ''],
        namespaces: [collectorNamespace, system].sort(),
      });
    }
    const parts = {
      definitions: new Definitions(base, 'definitions', {
        site,
        caBundle: props.caBundle,
        endpoint: link.endpoint,
        roles: [],
      }),
      operator: new Operator(main, 'operator', { site, link }),
      collector: new Collector(main, 'collector', { site, link, mode: props.collectorMode ?? 'auto' }),
    };
    if (props.quotas)
      new ResourceQuotas(base, 'quotas', { labels: labelsOf('kubehero'), of: main, namespaces: [system] });
    if (!(props.networkPolicies ?? true)) return parts;
    const networkPolicies = new NetworkPolicies(base, 'network-policies', {
      labels: labelsOf('kubehero'),
      flows: site.flows.all,
      namespaces: [system, collectorNamespace],
      dns: props.dns ?? {},
    });
    return { ...parts, networkPolicies };
  }
}

/** Host and port of a hub endpoint; undefined when it is none. */
export function parseEndpoint(text: string): { host: string; port: number } | undefined {
  const match = /^(?:https:\/\/)?([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(?::(\d{1,5}))?\/?$/.exec(text);
  if (!match?.[1]) return undefined;
  const port = match[3] === undefined ? 443 : Number(match[3]);
  return port >= 1 && port <= 65_535 ? { host: match[1].toLowerCase(), port } : undefined;
}

function edgeFaults(props: KubeHeroEdgeProps): readonly Fault[] {
  const faults = new Faults();
  checkInstallation(faults, props, ['kubehero']);
  checkSecretMaterial(faults, props, ['images', 'caBundle']);
  if (typeof props.hubEndpoint === 'string')
    faults.hostName('hubEndpoint', parseEndpoint(props.hubEndpoint)?.host);
  faults.check(
    typeof props.hubEndpoint === 'string' && parseEndpoint(props.hubEndpoint) !== undefined,
    'hubEndpoint',
    `'${props.hubEndpoint}' is no endpoint: write https://ingress.example.com or host:port`,
  );
  if (
    faults.check(
      typeof props.caBundle === 'string' && props.caBundle !== '',
      'caBundle',
      "must be given: 'kubehero cluster add' prints it",
    )
  )
    checkCaBundle(faults, 'caBundle', props.caBundle);
  faults.dnsName('certificateSecret', props.certificateSecret);
  faults.cidrs('hubCidrs', props.hubCidrs);
  for (const [name, component] of Object.entries(props.components ?? {})) {
    const known = ['operator', 'collector'].includes(name);
    if (faults.check(known, 'components', `'${name}' is none: use operator, collector`))
      checkComponent(faults, `components.${name}`, component);
  }
  return faults.all;
}
