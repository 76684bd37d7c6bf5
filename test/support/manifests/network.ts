import type { ManifestObject } from '../cluster/apply.js';

/** One kind of pod, or an address outside of the cluster. */
export interface Endpoint {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** IPv4 address of an end that is no pod. */
  readonly address?: string;
}

interface PolicyPeer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly unknown[];
}

interface Rule {
  readonly from?: readonly PolicyPeer[];
  readonly to?: readonly PolicyPeer[];
  readonly ports?: readonly { readonly port?: number; readonly protocol?: string }[];
}

interface Policy {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

/** Who reaches whom over TCP, by the semantics of NetworkPolicy: `from -> to: ports`, sorted; name resolution left out. */
export function reachability(objects: readonly ManifestObject[], endpoints: readonly Endpoint[]): string[] {
  const policies = objects.filter((object) => object.kind === 'NetworkPolicy') as unknown as Policy[];
  const ports = [...new Set(policies.flatMap(portsOf))].filter((port) => port !== 53).sort((a, b) => a - b);
  const lines: string[] = [];
  for (const from of endpoints) {
    for (const to of endpoints) {
      if (from.address !== undefined && to.address !== undefined) continue;
      const open = ports.filter(
        (port) =>
          allows(policies, 'Egress', from, { other: to, port }) &&
          allows(policies, 'Ingress', to, { other: from, port }),
      );
      if (
        open.length === ports.length &&
        !isolated(policies, 'Egress', from) &&
        !isolated(policies, 'Ingress', to)
      )
        continue;
      if (open.length > 0) lines.push(`${from.name} -> ${to.name}: ${open.join(', ')}`);
    }
  }
  return lines.sort();
}

function portsOf(policy: Policy): number[] {
  const rules = [...(policy.spec.ingress ?? []), ...(policy.spec.egress ?? [])];
  return rules.flatMap((rule) => (rule.ports ?? []).map((port) => port.port ?? 0));
}

function selecting(policies: readonly Policy[], type: string, end: Endpoint): Policy[] {
  if (end.namespace === undefined) return [];
  return policies.filter(
    (policy) =>
      policy.metadata.namespace === end.namespace &&
      policy.spec.policyTypes.includes(type) &&
      selects(policy.spec.podSelector, end.labels ?? {}),
  );
}

function isolated(policies: readonly Policy[], type: string, end: Endpoint): boolean {
  return selecting(policies, type, end).length > 0;
}

function allows(
  policies: readonly Policy[],
  type: 'Ingress' | 'Egress',
  end: Endpoint,
  call: { other: Endpoint; port: number },
): boolean {
  const selected = selecting(policies, type, end);
  if (selected.length === 0) return true;
  return selected
    .flatMap((policy) => (type === 'Ingress' ? (policy.spec.ingress ?? []) : (policy.spec.egress ?? [])))
    .some((rule) => {
      const peers = (type === 'Ingress' ? rule.from : rule.to) ?? [];
      const portOpen =
        (rule.ports ?? []).length === 0 ||
        (rule.ports ?? []).some((p) => p.port === call.port && (p.protocol ?? 'TCP') === 'TCP');
      return (
        portOpen &&
        (peers.length === 0 || peers.some((peer) => covers(peer, call.other, end.namespace ?? '')))
      );
    });
}

function covers(peer: PolicyPeer, other: Endpoint, own: string): boolean {
  if (peer.ipBlock) return other.address !== undefined && inRange(other.address, peer.ipBlock.cidr);
  if (other.namespace === undefined) return false;
  const namespaceFits = peer.namespaceSelector
    ? selects(peer.namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace })
    : other.namespace === own;
  return namespaceFits && (!peer.podSelector || selects(peer.podSelector, other.labels ?? {}));
}

function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  if (selector.matchExpressions) throw new Error('the matrix knows no matchExpressions');
  return Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function inRange(address: string, cidr: string): boolean {
  const [range = '', bits = '32'] = cidr.split('/');
  const size = Number(bits);
  const number = (text: string): bigint =>
    text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const shift = BigInt(32 - size);
  return number(address) >> shift === number(range) >> shift;
}
