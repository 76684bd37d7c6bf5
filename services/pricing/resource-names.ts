import type { PricedResource, Provider } from '@kubehero/domain';

// What people call a thing, and the catalogue's name of it: `[provider/]resource/name`.
const ALIASES: Readonly<Record<string, string>> = {
  'loadbalancer/application': 'alb',
  'loadbalancer/network': 'nlb',
  'loadbalancer/gateway': 'gwlb',
  'loadbalancer/clb': 'classic',
  'loadbalancer/elb': 'classic',
  'gcp/loadbalancer/forwarding-rule': 'standard',
  'network/cross-az': 'cross-zone',
  'network/inter-az': 'cross-zone',
  'network/inter-zone': 'cross-zone',
  'network/zone': 'cross-zone',
  'network/cross-region': 'inter-region',
  'network/region': 'inter-region',
  'network/egress': 'internet',
  'network/internet-egress': 'internet',
  'network/internet-out': 'internet',
  'cluster-fee/': 'standard',
  'cluster-fee/eks': 'standard',
  'cluster-fee/aks': 'standard',
  'cluster-fee/gke': 'standard',
  'cluster-fee/extended-support': 'extended',
  'volume/magnetic': 'standard',
  'gcp/volume/standard': 'pd-standard',
  'gcp/volume/ssd': 'pd-ssd',
  'gcp/volume/balanced': 'pd-balanced',
  'gcp/volume/extreme': 'pd-extreme',
  'snapshot/': 'standard',
  'aws/snapshot/ebs': 'standard',
  'gcp/snapshot/pd': 'standard',
};

const AZURE_DISK =
  /^(?:(?:premium|standard)(?:[ _-]?(?:ssd|hdd))?[ _-])?([pes]\d{1,2})(?:[ _-](lrs|zrs))?(?:[ _-]disks?)?$/;
const AZURE_PREMIUM_V2 = /^(?:azure )?premium(?:[ _-]?ssd)?[ _-]?v2(?:[ _-]lrs)?$/;
const AZURE_ULTRA = /^ultra(?:[ _-]?ssd|[ _-]disks?)?(?:[ _-]lrs)?$/;
const AZURE_SNAPSHOT = /^(?:(?:snapshots?|managed|disks?|standard|premium|hdd|ssd|lrs|zrs)[ _-]?)*$/;

/** Azure's snapshots are listed by the class of disk that holds them; without one that is the standard hard disk. */
export function azureSnapshotName(text: string): string {
  const words = text.toLowerCase();
  const disk = words.includes('premium')
    ? 'premium-ssd'
    : words.includes('ssd')
      ? 'standard-ssd'
      : 'standard-hdd';
  return `${disk} ${words.includes('zrs') ? 'zrs' : 'lrs'}`;
}

function azureName(resource: PricedResource, name: string): string | undefined {
  if (resource === 'snapshot') return AZURE_SNAPSHOT.test(name) ? azureSnapshotName(name) : undefined;
  if (AZURE_PREMIUM_V2.test(name)) return 'premium lrs';
  if (AZURE_ULTRA.test(name)) return 'ultra lrs';
  const [, tier, redundancy = 'lrs'] = (resource === 'volume' ? AZURE_DISK.exec(name) : undefined) ?? [];
  return tier === undefined ? undefined : `${tier} ${redundancy}`;
}

/** The catalogue's name of what a question calls by any of its usual names; an unknown name stays as it is. */
export function resourceName(provider: Provider, resource: PricedResource, asked: string): string {
  const name = asked.trim().toLowerCase();
  const own = provider === 'azure' ? azureName(resource, name) : undefined;
  return own ?? ALIASES[`${provider}/${resource}/${name}`] ?? ALIASES[`${resource}/${name}`] ?? name;
}
