import type { PricedOs, PricedResource, Provider, PurchaseModel } from './price-row.js';

/** A question for the price of a machine. Names match without regard to case. */
export interface MachineQuery {
  readonly provider: Provider;
  readonly region: string;
  readonly zone?: string;
  readonly instanceType: string;
  readonly os: PricedOs;
  readonly purchaseModel: PurchaseModel;
  readonly tenancy?: 'dedicated';
  /** Decimal text. */
  readonly vcpus?: string;
  /** Decimal text, GiB. */
  readonly memoryGib?: string;
  readonly gpus?: Readonly<Record<string, number>>;
}

/** A question for the price of anything that is not a machine. */
export interface ResourceQuery {
  readonly provider: Provider;
  readonly region: string;
  readonly resource: PricedResource;
  readonly name: string;
}

/** A price, or the reason why there is none. */
export interface PriceAnswer {
  readonly provider: string;
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  readonly os: string;
  readonly purchaseModel: string;
  readonly currency: string;
  readonly unit: string;
  /** Decimal text after discounts; null: unpriced. */
  readonly price: string | null;
  /** Decimal text before discounts; null: unpriced. */
  readonly listPrice: string | null;
  readonly source: string;
  /** Version of the source that made the price. */
  readonly sourceVersion: string;
  readonly sku: string;
  /** What was tried, in order, and what came of it. */
  readonly explanation: readonly string[];
}
