/** What a search asks; empty fields match all. */
export interface PriceSearch {
  readonly text: string;
  readonly provider: string;
}

/** A node, or a machine, whose price is to be explained; what does not belong to it is empty. */
export interface PriceQuestion {
  readonly cluster: string;
  readonly node: string;
  readonly provider: string;
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  readonly os: string;
  readonly purchaseModel: string;
}

/** A part of the catalogue: one source, one region. */
export interface CataloguePart {
  readonly name: string;
  readonly source: string;
  /** Unix second. */
  readonly asOfS: number;
  readonly sourceVersion: string;
  readonly rows: number;
}

/** New prices that wait for a person. */
export interface QuarantinedPart {
  readonly source: string;
  readonly region: string;
  readonly family: string;
  readonly purchaseModel: string;
  readonly sinceS: number;
  readonly reasons: readonly string[];
  readonly acceptCommand: string;
}

/** The catalogue in force. */
export interface Catalogue {
  /** 0 before the first refresh. */
  readonly version: number;
  readonly createdAtS: number;
  readonly parts: readonly CataloguePart[];
  readonly quarantined: readonly QuarantinedPart[];
  readonly builtInVersion: string;
}

/** What a price is of. */
export interface PriceSubject {
  readonly provider: string;
  readonly region: string;
  readonly zone: string;
  readonly resource: string;
  readonly name: string;
  readonly os: string;
  readonly purchaseModel: string;
  readonly unit: string;
  readonly currency: string;
  readonly source: string;
  readonly sku: string;
}

/** A list price; decimal text. */
export interface ListPrice extends PriceSubject {
  readonly price: string;
  readonly sourceVersion: string;
  /** Why it is not used; empty where it is. */
  readonly conflict: string;
}

/** Prices that a search found. */
export interface FoundPrices {
  readonly prices: readonly ListPrice[];
  readonly truncated: boolean;
}

/** A price before and after; empty where there is none. */
export interface PriceChange extends PriceSubject {
  readonly before: string;
  readonly after: string;
}

/** What the newest version changed. */
export interface PriceChanges {
  readonly version: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly changes: readonly PriceChange[];
}

/** A price and the way to it. */
export interface ExplainedPrice {
  /** Unix second from which on; 0: always. */
  readonly effectiveFromS: number;
  /** Decimal text per hour; empty: unpriced. */
  readonly price: string;
  readonly listPrice: string;
  readonly currency: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly sku: string;
  readonly catalogueVersion: number;
  readonly explanation: readonly string[];
}

/** Prices of what was asked for, newest first. */
export interface Explanation {
  readonly prices: readonly ExplainedPrice[];
}
