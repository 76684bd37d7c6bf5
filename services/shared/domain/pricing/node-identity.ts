import { tryParseDecimal } from './decimal.js';
import { capacityMemoryGib, capacityVcpus, firstLabel, type NodeFacts } from './node-facts.js';
import type { PricedOs, Provider } from './price-row.js';

/** How a node is paid for, and what said so. */
export interface NodeCapacityType {
  readonly model: 'on-demand' | 'spot' | 'capacity-block';
  readonly words: readonly string[];
}

/** A node in the terms of a price list. */
export interface NodeIdentity {
  readonly provider: Provider;
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  readonly os: PricedOs;
  readonly architecture: string;
  readonly capacityType: NodeCapacityType;
  readonly tenancy?: 'dedicated';
  readonly vcpus?: string;
  readonly memoryGib?: string;
  readonly gpus: Readonly<Record<string, number>>;
  /** Set when the node as such has no price (its pods are billed one by one). */
  readonly notAMachine?: string;
  /** What was concluded from what. */
  readonly words: readonly string[];
}

const REGION = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'];
const ZONE = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];
const TYPE = ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'];
const OS = ['kubernetes.io/os', 'beta.kubernetes.io/os'];
const ARCH = ['kubernetes.io/arch', 'beta.kubernetes.io/arch'];

function hasLabelPrefix(facts: NodeFacts, prefix: string): boolean {
  return Object.keys(facts.labels).some((key) => key.startsWith(prefix));
}

const LABEL_PREFIXES: readonly (readonly [string, Provider])[] = [
  ['eks.amazonaws.com/', 'aws'],
  ['karpenter.k8s.aws/', 'aws'],
  ['cloud.google.com/gke', 'gcp'],
  ['kubernetes.azure.com/', 'azure'],
  ['karpenter.azure.com/', 'azure'],
];

function detectProvider(facts: NodeFacts): { provider: Provider; words: string } {
  const scheme = /^([a-z0-9-]+):\/\//i.exec(facts.providerId)?.[1]?.toLowerCase() ?? '';
  const known: Readonly<Record<string, Provider>> = { aws: 'aws', gce: 'gcp', azure: 'azure' };
  const byId = Object.hasOwn(known, scheme) ? known[scheme] : undefined;
  if (byId !== undefined) return { provider: byId, words: `provider ${byId} from providerID` };
  if (scheme !== '') return { provider: 'custom', words: `providerID ${scheme}:// is no cloud with a list` };
  for (const [prefix, provider] of LABEL_PREFIXES) {
    if (hasLabelPrefix(facts, prefix))
      return { provider, words: `provider ${provider} from labels ${prefix}*` };
  }
  if (facts.kubeletVersion.includes('-eks-'))
    return { provider: 'aws', words: 'provider aws from kubelet version' };
  if (facts.kubeletVersion.includes('-gke.'))
    return { provider: 'gcp', words: 'provider gcp from kubelet version' };
  return { provider: 'custom', words: 'no cloud is recognisable from providerID, labels or kubelet version' };
}

function zoneFromProviderId(provider: Provider, providerId: string): string {
  if (provider === 'aws') return /^aws:\/\/\/([a-z0-9-]+)\//.exec(providerId)?.[1] ?? '';
  if (provider === 'gcp') return /^gce:\/\/[^/]+\/([a-z0-9-]+)\//.exec(providerId)?.[1] ?? '';
  return '';
}

/** Region that a zone belongs to; empty when the zone's name does not tell. */
export function regionOfZone(provider: Provider, zone: string): string {
  if (provider === 'aws') return /^([a-z]{2}(?:-[a-z]+)+-\d)(?:[a-z]$|-)/.exec(zone)?.[1] ?? '';
  if (provider === 'gcp') return /^([a-z]+-[a-z]+\d+)-[a-z]$/.exec(zone)?.[1] ?? '';
  if (provider === 'azure') return /^([a-z][a-z0-9]+)-\d$/.exec(zone)?.[1] ?? '';
  return '';
}

/** Karpenter's word comes first, then the platform's, then older tools'; the first that speaks wins. */
const SPOT_SIGNS: readonly { readonly key: string; readonly spot: RegExp; readonly other: RegExp }[] = [
  { key: 'karpenter.sh/capacity-type', spot: /^spot$/i, other: /^(on-demand|reserved)$/i },
  { key: 'eks.amazonaws.com/capacityType', spot: /^spot$/i, other: /^on_demand$/i },
  { key: 'cloud.google.com/gke-provisioning', spot: /^(spot|preemptible)$/i, other: /^standard$/i },
  { key: 'cloud.google.com/gke-spot', spot: /^true$/i, other: /^false$/i },
  { key: 'cloud.google.com/gke-preemptible', spot: /^true$/i, other: /^false$/i },
  { key: 'kubernetes.azure.com/scalesetpriority', spot: /^spot$/i, other: /^regular$/i },
  { key: 'spotinst.io/node-lifecycle', spot: /^spot$/i, other: /^od$/i },
  { key: 'lifecycle', spot: /^(ec2)?spot$/i, other: /^(od|on-?demand|normal)$/i },
  { key: 'node-lifecycle', spot: /^spot$/i, other: /^on-?demand$/i },
  { key: 'node.kubernetes.io/lifecycle', spot: /^spot$/i, other: /^(normal|on-?demand)$/i },
];

function capacityTypeOf(facts: NodeFacts): NodeCapacityType {
  const votes: { key: string; model: 'on-demand' | 'spot' }[] = [];
  for (const { key, spot, other } of SPOT_SIGNS) {
    const value = facts.labels[key];
    if (value === undefined) continue;
    if (spot.test(value)) votes.push({ key, model: 'spot' });
    else if (other.test(value)) votes.push({ key, model: 'on-demand' });
  }
  if (/^capacity_block$/i.test(facts.labels['eks.amazonaws.com/capacityType'] ?? '')) {
    return { model: 'capacity-block', words: ['eks.amazonaws.com/capacityType says capacity block'] };
  }
  return decideVotes(votes);
}

function decideVotes(votes: readonly { key: string; model: 'on-demand' | 'spot' }[]): NodeCapacityType {
  const first = votes[0];
  if (first === undefined) return { model: 'on-demand', words: ['no label says spot: taken as on-demand'] };
  // GKE says gke-spot=false on preemptible nodes and the reverse: of one platform, any yes counts.
  const google = votes.find((vote) => vote.key.startsWith('cloud.google.com/') && vote.model === 'spot');
  const winner = first.key.startsWith('cloud.google.com/') ? (google ?? first) : first;
  const words = [`${winner.model} from label ${winner.key}`];
  const against = votes.find((vote) => vote.model !== winner.model);
  if (against !== undefined)
    words.push(`label ${against.key} says ${against.model}: ${winner.key} goes first`);
  return { model: winner.model, words };
}

function osOf(facts: NodeFacts, provider: Provider): { os: PricedOs; words: string[] } {
  if (firstLabel(facts, OS).toLowerCase() === 'windows') return { os: 'windows', words: [] };
  const image = facts.osImage;
  const rhel = /^Red Hat Enterprise Linux/i.test(image) && !/CoreOS/i.test(image);
  const suse = /^SUSE Linux Enterprise Server/i.test(image);
  if (!rhel && !suse) return { os: 'linux', words: [] };
  if (provider === 'custom') return { os: 'linux', words: [] };
  const os = rhel ? 'rhel' : 'suse';
  return { os, words: [`${os} licence from osImage '${image}'`] };
}

function count(quantity: string | undefined): number {
  const value = tryParseDecimal(quantity ?? '');
  return value?.scale === 0 && value.digits <= 1024n ? Number(value.digits) : 0;
}

function gpusOf(facts: NodeFacts): Readonly<Record<string, number>> {
  const model =
    firstLabel(facts, [
      'cloud.google.com/gke-accelerator',
      'karpenter.k8s.aws/instance-gpu-name',
      'nvidia.com/gpu.product',
      'kubernetes.azure.com/accelerator',
    ]) || '';
  const stated = count(facts.labels['cloud.google.com/gke-accelerator-count']);
  // With time-sharing a node shows each GPU as many.
  const sharers = Math.max(1, count(facts.labels['cloud.google.com/gke-max-shared-clients-per-gpu']));
  const shown = Math.ceil(count(facts.capacity['nvidia.com/gpu']) / sharers);
  const number = stated > 0 ? stated : shown;
  return number === 0 ? {} : { [model === '' ? 'gpu' : model]: number };
}

function notAMachine(facts: NodeFacts, provider: Provider): string | undefined {
  if (provider === 'aws' && facts.providerId.includes('/fargate-')) {
    return 'a Fargate node is no machine: its pod is billed by vCPU and GB';
  }
  if (provider === 'aws' && facts.labels['eks.amazonaws.com/compute-type'] === 'fargate') {
    return 'a Fargate node is no machine: its pod is billed by vCPU and GB';
  }
  if (facts.name.startsWith('virtual-node-aci') || facts.labels['type'] === 'virtual-kubelet') {
    return 'a virtual node is no machine: its pods are billed by the container service';
  }
  return undefined;
}

/** GPUs are attached to N1 machines in any number, which a node tells from when its device plugin runs. */
function withUntoldGpus(
  facts: NodeFacts,
  provider: Provider,
  gpus: NodeIdentity['gpus'],
): string | undefined {
  const model = facts.labels['cloud.google.com/gke-accelerator'];
  if (provider !== 'gcp' || model === undefined || Object.keys(gpus).length > 0) return undefined;
  if (!/^(?:n1-|custom-)/.test(firstLabel(facts, TYPE))) return undefined;
  return `it carries ${model} and does not say how many yet: neither its capacity nor a label does`;
}

/** Says what a node is in a price list's terms. Nothing is guessed: what is not told stays empty. */
export function identifyNode(facts: NodeFacts): NodeIdentity {
  const { provider, words } = detectProvider(facts);
  const zone = firstLabel(facts, ZONE) || zoneFromProviderId(provider, facts.providerId);
  const region = (firstLabel(facts, REGION) || regionOfZone(provider, zone)).toLowerCase();
  const os = osOf(facts, provider);
  const vcpus = capacityVcpus(facts);
  const memoryGib = capacityMemoryGib(facts);
  const gpus = gpusOf(facts);
  const none = notAMachine(facts, provider) ?? withUntoldGpus(facts, provider, gpus);
  const dedicated = facts.labels['karpenter.k8s.aws/instance-tenancy'] === 'dedicated';
  return {
    provider,
    region,
    zone,
    instanceType: firstLabel(facts, TYPE),
    os: os.os,
    architecture: firstLabel(facts, ARCH),
    capacityType: capacityTypeOf(facts),
    ...(dedicated ? { tenancy: 'dedicated' as const } : {}),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memoryGib === undefined ? {} : { memoryGib }),
    gpus,
    ...(none === undefined ? {} : { notAMachine: none }),
    words: [words, ...os.words],
  };
}
