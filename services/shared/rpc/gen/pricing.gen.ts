// Generated from the .proto files by `npm run generate:rpc`. Do not edit.
import type { ServiceDescriptor } from '../definitions/service-shape.js';

/** Methods of {@link PricingService}, for the compiler. */
export type PricingServiceShape = {
  /** The catalogue in force: its version, the age of its parts, what waits for a person. */
  GetCatalogue: { kind: 'unary'; request: GetCatalogueRequest; requestInput: GetCatalogueRequestInput; response: GetCatalogueResponse; responseInput: GetCatalogueResponseInput };
  /** Prices in force by name. */
  SearchPrices: { kind: 'unary'; request: SearchPricesRequest; requestInput: SearchPricesRequestInput; response: SearchPricesResponse; responseInput: SearchPricesResponseInput };
  /** Why a node, or a machine of some type, costs what it does. */
  ExplainPrice: { kind: 'unary'; request: ExplainPriceRequest; requestInput: ExplainPriceRequestInput; response: ExplainPriceResponse; responseInput: ExplainPriceResponseInput };
  /** What a version changed. */
  ListChanges: { kind: 'unary'; request: ListChangesRequest; requestInput: ListChangesRequestInput; response: ListChangesResponse; responseInput: ListChangesResponseInput };
};

/**
 * What things cost by the price catalogue, and why: reads only. Served over gRPC with a client certificate, and as the
 * Connect protocol (JSON) on the HTTP port with a bearer token.
 */
export const PricingService: ServiceDescriptor<PricingServiceShape> = {
  typeName: 'kubehero.pricing.v1.PricingService',
  methods: {
    GetCatalogue: { kind: 'unary' },
    SearchPrices: { kind: 'unary' },
    ExplainPrice: { kind: 'unary' },
    ListChanges: { kind: 'unary' },
  },
};

/** The message GetCatalogueRequest, as received. */
export interface GetCatalogueRequest {
}

/** {@link GetCatalogueRequest} as it is given to be sent: what is left out has its default. */
export interface GetCatalogueRequestInput {
}

/** The message GetCatalogueResponse, as received. */
export interface GetCatalogueResponse {
  /** 0 before the first refresh: the list that ships with the product answers alone. */
  readonly version: number;
  /** RFC 3339; empty where version is 0. */
  readonly createdAt: string;
  /** Reporting currency of the hub. */
  readonly currency: string;
  readonly parts: readonly (CataloguePart)[];
  readonly quarantined: readonly (QuarantinedPart)[];
  /** Version of the list that ships with the product. */
  readonly builtInVersion: string;
}

/** {@link GetCatalogueResponse} as it is given to be sent: what is left out has its default. */
export interface GetCatalogueResponseInput {
  /** 0 before the first refresh: the list that ships with the product answers alone. */
  readonly version?: number | undefined;
  /** RFC 3339; empty where version is 0. */
  readonly createdAt?: string | undefined;
  /** Reporting currency of the hub. */
  readonly currency?: string | undefined;
  readonly parts?: readonly (CataloguePartInput)[] | undefined;
  readonly quarantined?: readonly (QuarantinedPartInput)[] | undefined;
  /** Version of the list that ships with the product. */
  readonly builtInVersion?: string | undefined;
}

/** What one source says about one region. */
export interface CataloguePart {
  /** `<source>/<region>`, `<source>/all` where the source is not cut by region. */
  readonly name: string;
  readonly source: string;
  /** Instant that it was refreshed for, RFC 3339. */
  readonly asOf: string;
  /** As the source states it. */
  readonly sourceVersion: string;
  /** Version of the catalogue that it came with. */
  readonly version: number;
  readonly rows: number;
}

/** {@link CataloguePart} as it is given to be sent: what is left out has its default. */
export interface CataloguePartInput {
  /** `<source>/<region>`, `<source>/all` where the source is not cut by region. */
  readonly name?: string | undefined;
  readonly source?: string | undefined;
  /** Instant that it was refreshed for, RFC 3339. */
  readonly asOf?: string | undefined;
  /** As the source states it. */
  readonly sourceVersion?: string | undefined;
  /** Version of the catalogue that it came with. */
  readonly version?: number | undefined;
  readonly rows?: number | undefined;
}

/** New prices that the plausibility gate holds back; the last good ones stay in force. */
export interface QuarantinedPart {
  readonly source: string;
  readonly region: string;
  readonly family: string;
  readonly purchaseModel: string;
  /** RFC 3339. */
  readonly since: string;
  readonly reasons: readonly string[];
  /** The command that lets it through. */
  readonly acceptCommand: string;
}

/** {@link QuarantinedPart} as it is given to be sent: what is left out has its default. */
export interface QuarantinedPartInput {
  readonly source?: string | undefined;
  readonly region?: string | undefined;
  readonly family?: string | undefined;
  readonly purchaseModel?: string | undefined;
  /** RFC 3339. */
  readonly since?: string | undefined;
  readonly reasons?: readonly (string)[] | undefined;
  /** The command that lets it through. */
  readonly acceptCommand?: string | undefined;
}

/** Empty fields match all. */
export interface SearchPricesRequest {
  /** Part of the name or of the SKU, at most 100 characters. */
  readonly text: string;
  /** aws, azure, gcp or custom. */
  readonly provider: string;
  readonly region: string;
  /** instance, vcpu, memory, gpu, volume, network and the like. */
  readonly resource: string;
  /** on-demand, spot, reserved or savings-plan. */
  readonly purchaseModel: string;
  /** 1 to 500, 0 for 100. */
  readonly limit: number;
}

/** {@link SearchPricesRequest} as it is given to be sent: what is left out has its default. */
export interface SearchPricesRequestInput {
  /** Part of the name or of the SKU, at most 100 characters. */
  readonly text?: string | undefined;
  /** aws, azure, gcp or custom. */
  readonly provider?: string | undefined;
  readonly region?: string | undefined;
  /** instance, vcpu, memory, gpu, volume, network and the like. */
  readonly resource?: string | undefined;
  /** on-demand, spot, reserved or savings-plan. */
  readonly purchaseModel?: string | undefined;
  /** 1 to 500, 0 for 100. */
  readonly limit?: number | undefined;
}

/** The message SearchPricesResponse, as received. */
export interface SearchPricesResponse {
  readonly prices: readonly (Price)[];
  /** There are more than were given. */
  readonly truncated: boolean;
}

/** {@link SearchPricesResponse} as it is given to be sent: what is left out has its default. */
export interface SearchPricesResponseInput {
  readonly prices?: readonly (PriceInput)[] | undefined;
  /** There are more than were given. */
  readonly truncated?: boolean | undefined;
}

/** A list price. Amounts are plain decimal text in `currency` per `unit`. */
export interface Price {
  readonly provider: string;
  readonly region: string;
  readonly zone: string;
  readonly resource: string;
  readonly name: string;
  readonly os: string;
  readonly purchaseModel: string;
  readonly unit: string;
  readonly currency: string;
  readonly price: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly sku: string;
  /** RFC 3339; empty: always was. */
  readonly effectiveFrom: string;
  /** Why the price is not used, where several SKUs contradict each other. */
  readonly conflict: string;
}

/** {@link Price} as it is given to be sent: what is left out has its default. */
export interface PriceInput {
  readonly provider?: string | undefined;
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
  readonly resource?: string | undefined;
  readonly name?: string | undefined;
  readonly os?: string | undefined;
  readonly purchaseModel?: string | undefined;
  readonly unit?: string | undefined;
  readonly currency?: string | undefined;
  readonly price?: string | undefined;
  readonly source?: string | undefined;
  readonly sourceVersion?: string | undefined;
  readonly sku?: string | undefined;
  /** RFC 3339; empty: always was. */
  readonly effectiveFrom?: string | undefined;
  /** Why the price is not used, where several SKUs contradict each other. */
  readonly conflict?: string | undefined;
}

/** Either `cluster` and `node`, or a machine. */
export interface ExplainPriceRequest {
  /** Name or id of a cluster. */
  readonly cluster: string;
  /** Name or UID of a node. */
  readonly node: string;
  readonly provider: string;
  readonly region: string;
  readonly zone: string;
  readonly instanceType: string;
  /** linux (also where empty), windows, rhel or suse. */
  readonly os: string;
  /** on-demand (also where empty) or spot. */
  readonly purchaseModel: string;
}

/** {@link ExplainPriceRequest} as it is given to be sent: what is left out has its default. */
export interface ExplainPriceRequestInput {
  /** Name or id of a cluster. */
  readonly cluster?: string | undefined;
  /** Name or UID of a node. */
  readonly node?: string | undefined;
  readonly provider?: string | undefined;
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
  readonly instanceType?: string | undefined;
  /** linux (also where empty), windows, rhel or suse. */
  readonly os?: string | undefined;
  /** on-demand (also where empty) or spot. */
  readonly purchaseModel?: string | undefined;
}

/** The message ExplainPriceResponse, as received. */
export interface ExplainPriceResponse {
  /** Of a node: its price at each time, newest first. Of a machine: one, without a time. */
  readonly prices: readonly (ExplainedPrice)[];
}

/** {@link ExplainPriceResponse} as it is given to be sent: what is left out has its default. */
export interface ExplainPriceResponseInput {
  /** Of a node: its price at each time, newest first. Of a machine: one, without a time. */
  readonly prices?: readonly (ExplainedPriceInput)[] | undefined;
}

/** A price and the way to it. Amounts are plain decimal text per hour. */
export interface ExplainedPrice {
  /** Epoch second from which on a node has this price; 0: from its first second, or not of a node. */
  readonly effectiveFromS: string;
  /** Empty: unpriced. */
  readonly price: string;
  /** Before discounts; empty: unpriced. */
  readonly listPrice: string;
  readonly currency: string;
  /** Set where the source prices in another currency. */
  readonly conversion: CurrencyConversion | null;
  readonly source: string;
  readonly sourceVersion: string;
  readonly sku: string;
  /** Version of the catalogue that was asked, 0 for none. */
  readonly catalogueVersion: number;
  /** What was tried, in order, and what came of it. */
  readonly explanation: readonly string[];
}

/** {@link ExplainedPrice} as it is given to be sent: what is left out has its default. */
export interface ExplainedPriceInput {
  /** Epoch second from which on a node has this price; 0: from its first second, or not of a node. */
  readonly effectiveFromS?: string | number | undefined;
  /** Empty: unpriced. */
  readonly price?: string | undefined;
  /** Before discounts; empty: unpriced. */
  readonly listPrice?: string | undefined;
  readonly currency?: string | undefined;
  /** Set where the source prices in another currency. */
  readonly conversion?: CurrencyConversionInput | undefined;
  readonly source?: string | undefined;
  readonly sourceVersion?: string | undefined;
  readonly sku?: string | undefined;
  /** Version of the catalogue that was asked, 0 for none. */
  readonly catalogueVersion?: number | undefined;
  /** What was tried, in order, and what came of it. */
  readonly explanation?: readonly (string)[] | undefined;
}

/** How a price came into the reporting currency. */
export interface CurrencyConversion {
  readonly from: string;
  readonly to: string;
  /** Units of `to` for one unit of `from`. */
  readonly rate: string;
  /** Per hour, in `from`. */
  readonly price: string;
}

/** {@link CurrencyConversion} as it is given to be sent: what is left out has its default. */
export interface CurrencyConversionInput {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Units of `to` for one unit of `from`. */
  readonly rate?: string | undefined;
  /** Per hour, in `from`. */
  readonly price?: string | undefined;
}

/** The message ListChangesRequest, as received. */
export interface ListChangesRequest {
  /** 0: the version in force. */
  readonly version: number;
  /** 1 to 500, 0 for 100. */
  readonly limit: number;
}

/** {@link ListChangesRequest} as it is given to be sent: what is left out has its default. */
export interface ListChangesRequestInput {
  /** 0: the version in force. */
  readonly version?: number | undefined;
  /** 1 to 500, 0 for 100. */
  readonly limit?: number | undefined;
}

/** The message ListChangesResponse, as received. */
export interface ListChangesResponse {
  readonly version: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly changes: readonly (PriceChange)[];
}

/** {@link ListChangesResponse} as it is given to be sent: what is left out has its default. */
export interface ListChangesResponseInput {
  readonly version?: number | undefined;
  readonly added?: number | undefined;
  readonly changed?: number | undefined;
  readonly removed?: number | undefined;
  readonly changes?: readonly (PriceChangeInput)[] | undefined;
}

/** A price before and after; empty where there is none. */
export interface PriceChange {
  readonly provider: string;
  readonly region: string;
  readonly zone: string;
  readonly resource: string;
  readonly name: string;
  readonly os: string;
  readonly purchaseModel: string;
  readonly unit: string;
  readonly currency: string;
  readonly before: string;
  readonly after: string;
  readonly source: string;
  readonly sku: string;
}

/** {@link PriceChange} as it is given to be sent: what is left out has its default. */
export interface PriceChangeInput {
  readonly provider?: string | undefined;
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
  readonly resource?: string | undefined;
  readonly name?: string | undefined;
  readonly os?: string | undefined;
  readonly purchaseModel?: string | undefined;
  readonly unit?: string | undefined;
  readonly currency?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly source?: string | undefined;
  readonly sku?: string | undefined;
}
