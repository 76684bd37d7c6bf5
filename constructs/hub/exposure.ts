import { objectNames, ports, programs, publicApiPaths } from '@kubehero/contract';
import {
  HttpRoute,
  HttpRouteSpecRulesMatchesPathType,
  TlsRoute,
} from '../../imports/gateway.networking.k8s.io.js';
import { KubeIngress, KubeService } from '../../imports/k8s.js';
import type { Construct } from 'constructs';
import { Part, waves } from '../core/manifest.js';
import { labelsOf } from '../core/pods.js';
import type { Site } from '../core/site.js';
import { toServicePorts } from '../core/workload.js';
import { cidrs, namespace, type Peer } from '../policy/flows.js';

/** How the hub is reached from outside. */
export type ExposureProps = IngressProps | GatewayProps;

interface ExposureBase {
  /** Namespace of the controller's pods, for the network policies. */
  readonly controllerNamespace: string;
  /** `route`: through the ingress or gateway, TLS passed through. `loadBalancer`: a Service of its own. @default 'route' */
  readonly grpc?: 'route' | 'loadBalancer';
  /** Annotations of the load balancer's Service. */
  readonly loadBalancerAnnotations?: Readonly<Record<string, string>>;
  /** Addresses of the edges, for a load balancer. @default ['0.0.0.0/0'] */
  readonly edgeCidrs?: readonly string[];
}

/** Ingress objects. */
export interface IngressProps extends ExposureBase {
  readonly kind: 'ingress';
  readonly className: string;
  /** Secret in the system namespace with the certificate of dashboard, API and Dex. */
  readonly tlsSecret: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Annotations that make the controller pass TLS through. @default - those of ingress-nginx */
  readonly passthroughAnnotations?: Readonly<Record<string, string>>;
}

/** Routes of the Gateway API. */
export interface GatewayProps extends ExposureBase {
  readonly kind: 'gateway';
  readonly name: string;
  readonly namespace: string;
  /** Listener that terminates TLS. @default 'https' */
  readonly httpsListener?: string;
  /** Listener that passes TLS through. @default 'tls-passthrough' */
  readonly passthroughListener?: string;
}

/** Host names of the hub. */
export interface HubHosts {
  readonly dashboard: string;
  readonly api: string;
  readonly dex: string | undefined;
  /** Of the mutual-TLS listener. */
  readonly grpc: string;
}

/** Input of {@link Exposure}. */
export interface ExposureInput {
  readonly site: Site;
  readonly props: ExposureProps;
  readonly hosts: HubHosts;
  readonly peers: { readonly controlPlane: Peer; readonly dashboard: Peer; readonly dex: Peer | undefined };
}

interface Backend {
  readonly id: string;
  readonly host: string;
  readonly service: string;
  readonly port: number;
  /** Paths that are reached from outside, with what is under them. @default - all */
  readonly paths?: readonly string[];
}

/** Ingress or Gateway routes of dashboard, API and Dex, and the mutual-TLS listener with TLS passed through. */
export class Exposure extends Part {
  readonly #site: Site;

  constructor(scope: Construct, id: string, input: ExposureInput) {
    super(scope, id, { labels: labelsOf('kubehero-exposure') });
    const { site, props, hosts, peers } = input;
    this.#site = site;
    const web: Backend[] = [
      {
        id: 'api',
        host: hosts.api,
        service: objectNames.controlPlaneService,
        port: ports.controlPlaneHttp,
        paths: publicApiPaths,
      },
      { id: 'dashboard', host: hosts.dashboard, service: programs.dashboard.name, port: ports.dashboard },
      ...(hosts.dex ? [{ id: 'dex', host: hosts.dex, service: 'dex', port: 5556 }] : []),
    ];
    if (props.kind === 'ingress') this.#emitIngresses(props, web, hosts);
    else this.#emitRoutes(props, web, hosts);
    const routed = (props.grpc ?? 'route') === 'route';
    if (!routed) this.#emitLoadBalancer(props);
    const controller = namespace(props.controllerNamespace);
    site.flows.add(controller, peers.dashboard, ports.dashboard);
    site.flows.add(
      controller,
      peers.controlPlane,
      ...(routed ? [ports.controlPlaneHttp, ports.controlPlaneGrpc] : [ports.controlPlaneHttp]),
    );
    if (peers.dex) site.flows.add(controller, peers.dex, 5556);
    if (!routed)
      site.flows.add(
        cidrs(...(props.edgeCidrs ?? ['0.0.0.0/0'])),
        peers.controlPlane,
        ports.controlPlaneGrpc,
      );
  }

  #emitIngresses(props: IngressProps, web: readonly Backend[], hosts: HubHosts): void {
    const ingress = (backend: Backend, tls: object, annotations: Readonly<Record<string, string>>): void => {
      this.emit(
        `Ingress-${backend.id}`,
        KubeIngress.manifest({
          metadata: {
            name: `kubehero-${backend.id}`,
            namespace: this.#site.namespaces.system,
            annotations: { ...annotations },
          },
          spec: {
            ingressClassName: props.className,
            ...tls,
            rules: [
              {
                host: backend.host,
                http: {
                  paths: (backend.paths ?? ['/']).map((path) => ({
                    path,
                    pathType: 'Prefix',
                    backend: { service: { name: backend.service, port: { number: backend.port } } },
                  })),
                },
              },
            ],
          },
        }),
        { wave: waves.clients },
      );
    };
    for (const backend of web)
      ingress(
        backend,
        { tls: [{ hosts: [backend.host], secretName: props.tlsSecret }] },
        { ...props.annotations },
      );
    if ((props.grpc ?? 'route') !== 'route') return;
    ingress(
      {
        id: 'grpc',
        host: hosts.grpc,
        service: objectNames.controlPlaneService,
        port: ports.controlPlaneGrpc,
      },
      { tls: [{ hosts: [hosts.grpc] }] },
      {
        ...(props.passthroughAnnotations ?? {
          'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS',
          'nginx.ingress.kubernetes.io/ssl-passthrough': 'true',
        }),
      },
    );
  }

  #emitRoutes(props: GatewayProps, web: readonly Backend[], hosts: HubHosts): void {
    const parent = (sectionName: string): { name: string; namespace: string; sectionName: string }[] => [
      { name: props.name, namespace: props.namespace, sectionName },
    ];
    for (const backend of web) {
      this.emit(
        `HTTPRoute-${backend.id}`,
        HttpRoute.manifest({
          metadata: { name: `kubehero-${backend.id}`, namespace: this.#site.namespaces.system },
          spec: {
            parentRefs: parent(props.httpsListener ?? 'https'),
            hostnames: [backend.host],
            rules: [
              {
                ...(backend.paths && { matches: backend.paths.map(toPathMatch) }),
                backendRefs: [{ name: backend.service, port: backend.port }],
              },
            ],
          },
        }),
        { wave: waves.clients },
      );
    }
    if ((props.grpc ?? 'route') !== 'route') return;
    this.emit(
      'TLSRoute-grpc',
      TlsRoute.manifest({
        metadata: { name: 'kubehero-grpc', namespace: this.#site.namespaces.system },
        spec: {
          parentRefs: parent(props.passthroughListener ?? 'tls-passthrough'),
          hostnames: [hosts.grpc],
          rules: [{ backendRefs: [{ name: objectNames.controlPlaneService, port: ports.controlPlaneGrpc }] }],
        },
      }),
      { wave: waves.clients },
    );
  }

  /** Selects both replicas: a follower answers a stream with the leader's address, so that no edge waits for a takeover. */
  #emitLoadBalancer(props: ExposureProps): void {
    this.emit(
      'Service-grpc',
      KubeService.manifest({
        metadata: {
          name: 'kubehero-grpc',
          namespace: this.#site.namespaces.system,
          annotations: { ...props.loadBalancerAnnotations },
        },
        spec: {
          type: 'LoadBalancer',
          loadBalancerSourceRanges: [...(props.edgeCidrs ?? ['0.0.0.0/0'])],
          selector: {
            'app.kubernetes.io/name': programs.controlPlane.name,
            'app.kubernetes.io/part-of': 'kubehero',
          },
          ports: toServicePorts({ grpc: ports.controlPlaneGrpc }),
        },
      }),
      { wave: waves.clients },
    );
  }
}

function toPathMatch(value: string): { path: { type: HttpRouteSpecRulesMatchesPathType; value: string } } {
  return { path: { type: HttpRouteSpecRulesMatchesPathType.PATH_PREFIX, value } };
}
