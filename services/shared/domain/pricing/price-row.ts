/** Who sells the resource. */
export type Provider = 'aws' | 'azure' | 'gcp' | 'custom';

/** What is priced. `license` is an operating system's fee on top of a composed machine. */
export type PricedResource =
  | 'instance'
  | 'vcpu'
  | 'memory'
  | 'gpu'
  | 'local-ssd'
  | 'license'
  | 'volume'
  | 'iops'
  | 'throughput'
  | 'snapshot'
  | 'loadbalancer'
  | 'ip'
  | 'cluster-fee'
  | 'network';

/** Operating system as far as it changes a price. */
export type PricedOs = 'linux' | 'windows' | 'rhel' | 'suse';

/** How the resource is bought. `reserved` and `savings-plan` are list rates, never chosen for a node by themselves. */
export type PurchaseModel = 'on-demand' | 'spot' | 'reserved' | 'savings-plan';

/** Where a row came from; also the unit in which catalogues are replaced, judged and shown. */
export type PriceSource =
  | 'aws-offer'
  | 'aws-getproducts'
  | 'aws-spot-history'
  | 'aws-spot-feed'
  | 'aws-savings-plan'
  | 'azure-retail'
  | 'gcp-skus'
  | 'gcp-machine-types'
  | 'custom'
  | 'built-in';

/** A step of a tiered price: from this usage on, this price per unit. */
export interface PriceTier {
  /** Decimal text, in units of the row; a licence's steps go by the machine's vCPUs instead. */
  readonly from: string;
  /** Inclusive; absent: until the next step. Only steps of licences have gaps. */
  readonly to?: string;
  /** Decimal text. */
  readonly price: string;
}

/** What a commitment costs per unit when its upfront payment is spread over all hours of its term. */
export interface CommitmentRate {
  /** `1yr` or `3yr`. */
  readonly term: string;
  /** `no-upfront`, `partial-upfront` or `all-upfront`; absent where it makes no difference. */
  readonly payment?: string;
  /** `standard`, `convertible`, `compute`, `ec2-instance`; absent where the cloud has one kind only. */
  readonly offering?: string;
  /** Decimal text per unit of the row: upfront ÷ (8760 × years) + what is paid by the hour. */
  readonly price: string;
  /** Decimal text: what is paid in advance for the whole term. */
  readonly upfront?: string;
  /** Absent: always was. */
  readonly effectiveFrom?: string;
  /** Inclusive. */
  readonly effectiveTo?: string;
}

/**
 * One list price. All amounts are decimal text in `currency` per `unit`; instants are RFC 3339 in UTC.
 * A row MUST NOT hold a price of zero that means "unknown": what is not known has no row.
 */
export interface PriceRow {
  readonly kind: 'price';
  readonly provider: Provider;
  /** Region, price region of a Local Zone, or `global`. */
  readonly region: string;
  /** Only where a price differs by zone (AWS spot). */
  readonly zone?: string;
  readonly resource: PricedResource;
  /** Instance type, machine family, volume type, GPU model, network class ... in lower case where the source is not. */
  readonly name: string;
  /** Absent: the price does not depend on the operating system. */
  readonly os?: PricedOs;
  /** Absent: shared. */
  readonly tenancy?: 'dedicated';
  readonly purchaseModel: PurchaseModel;
  /** `hour`, `vcpu-hour`, `GiB-hour`, `GiB-month`, `GB-month`, `IOPS-month`, `MiBps-month`, `GB`, `month`. */
  readonly unit: string;
  readonly currency: string;
  readonly price: string;
  readonly tiers?: readonly PriceTier[];
  /** Of rows `reserved` and `savings-plan`: every way to commit; `price` is then the lowest of them. */
  readonly commitments?: readonly CommitmentRate[];
  /** Absent: always was. */
  readonly effectiveFrom?: string;
  /** Inclusive; absent: until a newer row of the same key starts. */
  readonly effectiveTo?: string;
  readonly source: PriceSource;
  /** Version or publication date as the source states it. */
  readonly sourceVersion: string;
  readonly sku: string;
  /** Instance family or product family, for comparing whole families with the version before. */
  readonly family: string;
  /** Set when several SKUs claim this key at different prices: the key counts as unpriced, and this says why. */
  readonly conflict?: string;
}

/** Shape of a machine type, for prices that are composed from vCPUs, memory, GPUs and local disks. */
export interface MachineShape {
  readonly kind: 'shape';
  readonly provider: Provider;
  readonly name: string;
  /** Decimal text; what is billed is worked out elsewhere (shared-core types show 2 vCPUs and bill a part of one). */
  readonly vcpus: string;
  /** Decimal text, GiB. */
  readonly memoryGib: string;
  /** Accelerators that belong to the type, by model. */
  readonly gpus: Readonly<Record<string, number>>;
  /** Local disks of 375 GiB that belong to the type. */
  readonly localSsds: number;
  readonly source: PriceSource;
}

/** Identity of what a row prices, whatever its currency, source or validity. */
export function priceKey(row: PriceRow): string {
  return [
    row.provider,
    row.region,
    row.zone ?? '',
    row.resource,
    row.name.toLowerCase(),
    row.os ?? '',
    row.tenancy ?? '',
    row.purchaseModel,
  ].join('|');
}
