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
 * What things cost by the price catalogue, and why: reads only. Served as the Connect protocol (JSON) on the HTTP port with a
 * bearer token, and over gRPC with a client certificate and the same token.
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

/** Methods of {@link RepriceService}, for the compiler. */
export type RepriceServiceShape = {
  /** Asks for it. It is recorded when this answers, and goes on whoever is restarted. */
  StartReprice: { kind: 'unary'; request: StartRepriceRequest; requestInput: StartRepriceRequestInput; response: StartRepriceResponse; responseInput: StartRepriceResponseInput };
  /** How far it is, and what it changed. */
  GetReprice: { kind: 'unary'; request: GetRepriceRequest; requestInput: GetRepriceRequestInput; response: GetRepriceResponse; responseInput: GetRepriceResponseInput };
  /** Who corrected what and why, newest first; without sums. */
  ListReprices: { kind: 'unary'; request: ListRepricesRequest; requestInput: ListRepricesRequestInput; response: ListRepricesResponse; responseInput: ListRepricesResponseInput };
};

/**
 * Corrects what the past cost: prices stored seconds again. Served as the Connect protocol (JSON) on the HTTP port, with a
 * bearer token of an administrator. Any replica takes it; the one that leads carries it out, one after the other.
 */
export const RepriceService: ServiceDescriptor<RepriceServiceShape> = {
  typeName: 'kubehero.pricing.v1.RepriceService',
  methods: {
    StartReprice: { kind: 'unary' },
    GetReprice: { kind: 'unary' },
    ListReprices: { kind: 'unary' },
  },
};

/** The message StartRepriceRequest, as received. */
export interface StartRepriceRequest {
  /** Name or id; empty: all that are registered. */
  readonly cluster: string;
  /** RFC 3339; the first second, and the one after the last. */
  readonly from: string;
  readonly to: string;
  /** Names or UIDs; none: all nodes. */
  readonly nodes: readonly string[];
  /** Plain decimal in the reporting currency; empty: what the catalogue says now for that time. */
  readonly pricePerHour: string;
  /** Why, at most 500 characters. */
  readonly reason: string;
  /** Who asks, at most 200 characters. */
  readonly by: string;
  /** Tells what would change, and changes no cost. */
  readonly dryRun: boolean;
}

/** {@link StartRepriceRequest} as it is given to be sent: what is left out has its default. */
export interface StartRepriceRequestInput {
  /** Name or id; empty: all that are registered. */
  readonly cluster?: string | undefined;
  /** RFC 3339; the first second, and the one after the last. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Names or UIDs; none: all nodes. */
  readonly nodes?: readonly (string)[] | undefined;
  /** Plain decimal in the reporting currency; empty: what the catalogue says now for that time. */
  readonly pricePerHour?: string | undefined;
  /** Why, at most 500 characters. */
  readonly reason?: string | undefined;
  /** Who asks, at most 200 characters. */
  readonly by?: string | undefined;
  /** Tells what would change, and changes no cost. */
  readonly dryRun?: boolean | undefined;
}

/** The message StartRepriceResponse, as received. */
export interface StartRepriceResponse {
  readonly reprice: Reprice | null;
}

/** {@link StartRepriceResponse} as it is given to be sent: what is left out has its default. */
export interface StartRepriceResponseInput {
  readonly reprice?: RepriceInput | undefined;
}

/** The message GetRepriceRequest, as received. */
export interface GetRepriceRequest {
  readonly id: number;
}

/** {@link GetRepriceRequest} as it is given to be sent: what is left out has its default. */
export interface GetRepriceRequestInput {
  readonly id?: number | undefined;
}

/** The message GetRepriceResponse, as received. */
export interface GetRepriceResponse {
  readonly reprice: Reprice | null;
}

/** {@link GetRepriceResponse} as it is given to be sent: what is left out has its default. */
export interface GetRepriceResponseInput {
  readonly reprice?: RepriceInput | undefined;
}

/** The message ListRepricesRequest, as received. */
export interface ListRepricesRequest {
  /** 1 to 500, 0 for 100. */
  readonly limit: number;
}

/** {@link ListRepricesRequest} as it is given to be sent: what is left out has its default. */
export interface ListRepricesRequestInput {
  /** 1 to 500, 0 for 100. */
  readonly limit?: number | undefined;
}

/** The message ListRepricesResponse, as received. */
export interface ListRepricesResponse {
  readonly reprices: readonly (Reprice)[];
}

/** {@link ListRepricesResponse} as it is given to be sent: what is left out has its default. */
export interface ListRepricesResponseInput {
  readonly reprices?: readonly (RepriceInput)[] | undefined;
}

/** A correction of the past. Costs are integers of 10^-12 of the currency, as digits. */
export interface Reprice {
  /** Also the generation of the rows that it writes. */
  readonly id: number;
  readonly clusters: readonly string[];
  /** None: all nodes. */
  readonly nodes: readonly string[];
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
  /** Empty: as the catalogue says. */
  readonly pricePerHour: string;
  readonly dryRun: boolean;
  readonly reason: string;
  readonly requestedBy: string;
  /** RFC 3339. */
  readonly requestedAt: string;
  /** waiting, running, rolling-up or done. */
  readonly status: string;
  /** What it waits for; empty where it gets on. */
  readonly detail: string;
  /** RFC 3339, empty until it is done. */
  readonly endedAt: string;
  /** Stored rows that were priced again; of a dry run, that would be. */
  readonly rows: string;
  /** Minutes of clusters in the window, and those that are done. */
  readonly minutes: number;
  readonly minutesDone: number;
  /** Nodes that have no price now for all or a part of the window: there they keep what they had. */
  readonly keptNodes: readonly string[];
  readonly currency: string;
  readonly beforePicodollars: string;
  readonly afterPicodollars: string;
  readonly byNode: readonly (RepriceSum)[];
  /** `(nodes)` stands for what no pod asked for: idle and unobserved. */
  readonly byNamespace: readonly (RepriceSum)[];
}

/** {@link Reprice} as it is given to be sent: what is left out has its default. */
export interface RepriceInput {
  /** Also the generation of the rows that it writes. */
  readonly id?: number | undefined;
  readonly clusters?: readonly (string)[] | undefined;
  /** None: all nodes. */
  readonly nodes?: readonly (string)[] | undefined;
  /** RFC 3339. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Empty: as the catalogue says. */
  readonly pricePerHour?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly requestedBy?: string | undefined;
  /** RFC 3339. */
  readonly requestedAt?: string | undefined;
  /** waiting, running, rolling-up or done. */
  readonly status?: string | undefined;
  /** What it waits for; empty where it gets on. */
  readonly detail?: string | undefined;
  /** RFC 3339, empty until it is done. */
  readonly endedAt?: string | undefined;
  /** Stored rows that were priced again; of a dry run, that would be. */
  readonly rows?: string | number | undefined;
  /** Minutes of clusters in the window, and those that are done. */
  readonly minutes?: number | undefined;
  readonly minutesDone?: number | undefined;
  /** Nodes that have no price now for all or a part of the window: there they keep what they had. */
  readonly keptNodes?: readonly (string)[] | undefined;
  readonly currency?: string | undefined;
  readonly beforePicodollars?: string | undefined;
  readonly afterPicodollars?: string | undefined;
  readonly byNode?: readonly (RepriceSumInput)[] | undefined;
  /** `(nodes)` stands for what no pod asked for: idle and unobserved. */
  readonly byNamespace?: readonly (RepriceSumInput)[] | undefined;
}

/** What was priced again of a node or of a namespace. */
export interface RepriceSum {
  readonly cluster: string;
  readonly name: string;
  readonly rows: string;
  readonly beforePicodollars: string;
  readonly afterPicodollars: string;
}

/** {@link RepriceSum} as it is given to be sent: what is left out has its default. */
export interface RepriceSumInput {
  readonly cluster?: string | undefined;
  readonly name?: string | undefined;
  readonly rows?: string | number | undefined;
  readonly beforePicodollars?: string | undefined;
  readonly afterPicodollars?: string | undefined;
}
