import type { PricedOs, PricedResource } from '@kubehero/domain';

/** What a SKU prices. */
export interface GcpCandidate {
  readonly resource: PricedResource;
  readonly name: string;
  readonly os?: PricedOs;
  readonly purchaseModel: 'on-demand' | 'spot' | 'reserved';
  /** Term of a commitment, `1yr` or `3yr`. */
  readonly term?: string;
  /** Sizes of machines that a licence fee is for, by vCPUs, both ends inclusive. */
  readonly sizes?: { readonly from: string; readonly to?: string };
  /** The usage unit that the SKU must have, and what one of it is. */
  readonly units: Readonly<Record<string, UnitMeaning>>;
  readonly family: string;
}

/** Unit of the row, and by how much the SKU's price is multiplied (decimal text). */
export interface UnitMeaning {
  readonly unit: string;
  readonly factor?: string;
}

/** A candidate, or why the SKU is passed over. */
export type GcpVerdict = GcpCandidate | { readonly skip: string };

/** By the hour. */
export const HOURS: Readonly<Record<string, UnitMeaning>> = { h: { unit: 'hour' } };
/** Cores by the hour. */
export const CORE_HOURS: Readonly<Record<string, UnitMeaning>> = { h: { unit: 'vcpu-hour' } };
/** Memory by the hour. A GiB is 1.073741824 decimal GB: a rate per GB is that much dearer per GiB. */
export const MEMORY_HOURS: Readonly<Record<string, UnitMeaning>> = {
  'GiBy.h': { unit: 'GiB-hour' },
  'GBy.h': { unit: 'GiB-hour', factor: '1.073741824' },
};
/** Storage by the month, or by the hour. */
export const STORAGE_TIME: Readonly<Record<string, UnitMeaning>> = {
  'GiBy.mo': { unit: 'GiB-month' },
  'GBy.mo': { unit: 'GiB-month', factor: '1.073741824' },
  ...MEMORY_HOURS,
};
/** Traffic by its amount. */
export const TRAFFIC: Readonly<Record<string, UnitMeaning>> = {
  GiBy: { unit: 'GiB' },
  GBy: { unit: 'GB' },
};
