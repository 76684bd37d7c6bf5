import { isIPv6 } from 'node:net';
import { objectNames } from '@kubehero/contract';

/** What the slice says: where the leader is. */
export interface LeaderPlace {
  readonly namespace: string;
  /** The Service without selector that the slice belongs to. */
  readonly service: string;
  readonly podIp: string;
  readonly podName: string;
  /** By the names of the Service's ports. */
  readonly ports: Readonly<Record<string, number>>;
}

/** The parts of an EndpointSlice (discovery.k8s.io/v1) that are written and compared. */
export interface EndpointSlice {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly addressType?: string;
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
    readonly targetRef?: Readonly<Record<string, string>>;
  }[];
  readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port?: number }[];
}

/**
 * The slice as it must be. Its label names another manager than Kubernetes' own controller, which therefore leaves it
 * alone (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#management).
 */
export function toEndpointSlice(place: LeaderPlace): EndpointSlice {
  const { namespace, service, podIp, podName, ports } = place;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: objectNames.leaderEndpointSlice,
      namespace,
      labels: {
        'kubernetes.io/service-name': service,
        'endpointslice.kubernetes.io/managed-by': 'kubehero-control-plane',
      },
    },
    addressType: isIPv6(podIp) ? 'IPv6' : 'IPv4',
    endpoints: [
      {
        addresses: [podIp],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', namespace, name: podName },
      },
    ],
    ports: Object.entries(ports).map(([name, port]) => ({ name, protocol: 'TCP', port })),
  };
}

/** True where a slice says what it must; what others added to its labels and metadata does not matter. */
export function isRight(found: EndpointSlice, wanted: EndpointSlice): boolean {
  const labels = found.metadata?.labels ?? {};
  const labelled = Object.entries(wanted.metadata?.labels ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  return labelled && textOf(found) === textOf(wanted);
}

function textOf({ addressType, endpoints = [], ports = [] }: EndpointSlice): string {
  return JSON.stringify([
    addressType,
    endpoints.map(({ addresses, conditions, targetRef }) => [
      addresses,
      conditions?.ready,
      targetRef?.['kind'],
      targetRef?.['namespace'],
      targetRef?.['name'],
    ]),
    ports.map(({ name, protocol, port }) => [name, protocol, port]),
  ]);
}
