import {
  IntOrString,
  KubeNetworkPolicy,
  type NetworkPolicyEgressRule,
  type NetworkPolicyIngressRule,
  type NetworkPolicyPeer,
} from '../../imports/k8s.js';
import { labelKeys } from '@kubehero/contract';
import type { Construct } from 'constructs';
import { Part, type PartOptions, waves } from '../core/manifest.js';
import { waiverAnnotations } from '../core/waivers.js';
import type { Flow, Peer } from './flows.js';

/** Where name resolution happens in the cluster. */
export interface DnsProps {
  /** @default 'kube-system' */
  readonly namespace?: string;
  /** @default { 'k8s-app': 'kube-dns' } */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Ports of the DNS pods. @default [53] (OpenShift: 5353) */
  readonly ports?: readonly number[];
  /** Addresses of a node-local cache. @default ['169.254.20.10/32'] */
  readonly nodeLocalCidrs?: readonly string[];
}

/** Input of {@link NetworkPolicies}. */
export interface NetworkPoliciesProps extends PartOptions {
  readonly flows: readonly Flow[];
  /** Namespaces that deny by default. */
  readonly namespaces: readonly string[];
  readonly dns: DnsProps;
}

/** The pods of stores are made by their operators: a scanner of manifests cannot see them. */
const unmatchedReason = 'the pods may be made by an operator, and are in no manifest';
const unmatched = {
  'networkpolicy-targets-pod': unmatchedReason,
  'kube-linter/dangling-networkpolicy': unmatchedReason,
  'kube-linter/dangling-networkpolicypeer-podselector': unmatchedReason,
};

interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Default-deny in every namespace of the installation, name resolution, and one policy a component with exactly its flows. */
export class NetworkPolicies extends Part {
  constructor(scope: Construct, id: string, props: NetworkPoliciesProps) {
    super(scope, id, props);
    for (const namespace of props.namespaces) this.#denyByDefault(namespace, props.dns);
    const targets = new Map<string, Target>();
    for (const flow of props.flows) {
      for (const peer of [flow.from, flow.to]) {
        const target = toTarget(peer);
        if (target && props.namespaces.includes(target.namespace))
          targets.set(`${target.namespace}/${target.name}`, target);
      }
    }
    for (const [key, target] of [...targets].sort(([a], [b]) => (a < b ? -1 : 1)))
      this.#allow(key, target, props.flows);
  }

  #denyByDefault(namespace: string, dns: DnsProps): void {
    const ports = dns.ports ?? [53];
    const dnsPods: NetworkPolicyPeer = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': dns.namespace ?? 'kube-system' } },
      podSelector: { matchLabels: { ...(dns.podLabels ?? { 'k8s-app': 'kube-dns' }) } },
    };
    const local = (dns.nodeLocalCidrs ?? ['169.254.20.10/32']).map((cidr) => ({ ipBlock: { cidr } }));
    this.emit(
      `${namespace}-default-deny`,
      KubeNetworkPolicy.manifest({
        metadata: { name: 'default-deny', namespace },
        spec: {
          podSelector: {},
          policyTypes: ['Egress', 'Ingress'],
          egress: [
            {
              to: [dnsPods, ...local],
              ports: ports.flatMap((port) =>
                ['TCP', 'UDP'].map((protocol) => ({ port: IntOrString.fromNumber(port), protocol })),
              ),
            },
          ],
        },
      }),
      { wave: waves.policies, annotations: waiverAnnotations(unmatched) },
    );
  }

  #allow(key: string, target: Target, flows: readonly Flow[]): void {
    const ingress = flows
      .filter(
        (flow) =>
          toTarget(flow.to)?.name === target.name &&
          flow.to.kind === 'pods' &&
          flow.to.namespace === target.namespace,
      )
      .map((flow): NetworkPolicyIngressRule => ({
        from: toPeers(flow.from, target.namespace),
        ports: toPorts(flow.ports),
      }));
    const egress = flows
      .filter(
        (flow) =>
          toTarget(flow.from)?.name === target.name &&
          flow.from.kind === 'pods' &&
          flow.from.namespace === target.namespace,
      )
      .map((flow): NetworkPolicyEgressRule => ({
        to: toPeers(flow.to, target.namespace),
        ports: toPorts(flow.ports),
      }));
    this.emit(
      key.replace('/', '-'),
      KubeNetworkPolicy.manifest({
        metadata: { name: target.name, namespace: target.namespace },
        spec: {
          podSelector: { matchLabels: { ...target.labels } },
          policyTypes: [...(egress.length > 0 ? ['Egress'] : []), ...(ingress.length > 0 ? ['Ingress'] : [])],
          ...(egress.length > 0 ? { egress: sortRules(egress) } : {}),
          ...(ingress.length > 0 ? { ingress: sortRules(ingress) } : {}),
        },
      }),
      { wave: waves.policies, annotations: waiverAnnotations(unmatched) },
    );
  }
}

function toTarget(peer: Peer): Target | undefined {
  if (peer.kind !== 'pods') return undefined;
  const name = peer.policy ?? peer.labels[labelKeys.name] ?? Object.values(peer.labels)[0] ?? 'pods';
  return { namespace: peer.namespace, name, labels: peer.labels };
}

function toPeers(peer: Peer, own: string): NetworkPolicyPeer[] {
  if (peer.kind === 'cidrs') return peer.cidrs.map((cidr) => ({ ipBlock: { cidr } }));
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': peer.namespace } };
  if (peer.kind === 'namespace') return [{ namespaceSelector }];
  const podSelector = { matchLabels: { ...peer.labels } };
  return [peer.namespace === own ? { podSelector } : { namespaceSelector, podSelector }];
}

function toPorts(ports: readonly number[]): { port: IntOrString; protocol: string }[] {
  return [...ports]
    .sort((a, b) => a - b)
    .map((port) => ({ port: IntOrString.fromNumber(port), protocol: 'TCP' }));
}

/** A stable order, so that adding a flow changes one place in the output; equal rules stand once. */
function sortRules<T>(rules: readonly T[]): T[] {
  const byText = new Map(rules.map((rule) => [JSON.stringify(rule), rule]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}
