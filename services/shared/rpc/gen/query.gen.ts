// Generated from the .proto files by `npm run generate:rpc`. Do not edit.
import type { ServiceDescriptor } from '../definitions/service-shape.js';

/** Methods of {@link CostService}, for the compiler. */
export type CostServiceShape = {
  /** Cost over a window, grouped. rows + idle + unobserved = total, exactly. */
  GetCost: { kind: 'unary'; request: GetCostRequest; requestInput: GetCostRequestInput; response: GetCostResponse; responseInput: GetCostResponseInput };
  /** Who reports and who does not. */
  ListNodes: { kind: 'unary'; request: ListNodesRequest; requestInput: ListNodesRequestInput; response: ListNodesResponse; responseInput: ListNodesResponseInput };
};

/**
 * What things cost: reads only. Served as the Connect protocol (JSON) on the HTTP port with a bearer token, and over
 * gRPC with a client certificate and the same token.
 */
export const CostService: ServiceDescriptor<CostServiceShape> = {
  typeName: 'kubehero.query.v1.CostService',
  methods: {
    GetCost: { kind: 'unary' },
    ListNodes: { kind: 'unary' },
  },
};

/** Methods of {@link LiveService}, for the compiler. */
export type LiveServiceShape = {
  /** The most expensive things right now. */
  ListTop: { kind: 'unary'; request: ListTopRequest; requestInput: ListTopRequestInput; response: ListTopResponse; responseInput: ListTopResponseInput };
};

/** The second that has just passed. */
export const LiveService: ServiceDescriptor<LiveServiceShape> = {
  typeName: 'kubehero.query.v1.LiveService',
  methods: {
    ListTop: { kind: 'unary' },
  },
};

/** Equality on a dimension. */
export interface Filter {
  /** cluster, node, namespace, workload, pod or container. */
  readonly key: string;
  readonly value: string;
}

/** {@link Filter} as it is given to be sent: what is left out has its default. */
export interface FilterInput {
  /** cluster, node, namespace, workload, pod or container. */
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

/** A window is half open: from is in, to is not. */
export interface GetCostRequest {
  /** Grouping keys in order: cluster, node, namespace, workload, pod, container. Empty: one row. */
  readonly by: readonly string[];
  /** RFC 3339, whole seconds. */
  readonly from: string;
  readonly to: string;
  readonly where: readonly (Filter)[];
  /**
   * Splits the rows by time: each covers so many seconds from a multiple of them since the epoch. 0: no split. At most
   * 3600 steps fit into a window.
   */
  readonly stepS: number;
}

/** {@link GetCostRequest} as it is given to be sent: what is left out has its default. */
export interface GetCostRequestInput {
  /** Grouping keys in order: cluster, node, namespace, workload, pod, container. Empty: one row. */
  readonly by?: readonly (string)[] | undefined;
  /** RFC 3339, whole seconds. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly where?: readonly (FilterInput)[] | undefined;
  /**
   * Splits the rows by time: each covers so many seconds from a multiple of them since the epoch. 0: no split. At most
   * 3600 steps fit into a window.
   */
  readonly stepS?: number | undefined;
}

/** The message GetCostResponse, as received. */
export interface GetCostResponse {
  readonly window: Window | null;
  readonly currency: string;
  readonly coverage: Coverage | null;
  readonly rows: readonly (CostRow)[];
  readonly idle: IdleCost | null;
  readonly unobserved: UnobservedCost | null;
  readonly unpriced: UnpricedTime | null;
  readonly total: Money | null;
}

/** {@link GetCostResponse} as it is given to be sent: what is left out has its default. */
export interface GetCostResponseInput {
  readonly window?: WindowInput | undefined;
  readonly currency?: string | undefined;
  readonly coverage?: CoverageInput | undefined;
  readonly rows?: readonly (CostRowInput)[] | undefined;
  readonly idle?: IdleCostInput | undefined;
  readonly unobserved?: UnobservedCostInput | undefined;
  readonly unpriced?: UnpricedTimeInput | undefined;
  readonly total?: MoneyInput | undefined;
}

/** The message Window, as received. */
export interface Window {
  readonly from: string;
  readonly to: string;
}

/** {@link Window} as it is given to be sent: what is left out has its default. */
export interface WindowInput {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Node-seconds that should have been and that were measured. */
export interface Coverage {
  readonly expectedNodeSeconds: string;
  readonly observedNodeSeconds: string;
}

/** {@link Coverage} as it is given to be sent: what is left out has its default. */
export interface CoverageInput {
  readonly expectedNodeSeconds?: string | number | undefined;
  readonly observedNodeSeconds?: string | number | undefined;
}

/** Exact money: integer picounits as digits, and the same as a plain decimal. */
export interface Money {
  readonly costPicodollars: string;
  readonly costUsd: string;
}

/** {@link Money} as it is given to be sent: what is left out has its default. */
export interface MoneyInput {
  readonly costPicodollars?: string | undefined;
  readonly costUsd?: string | undefined;
}

/** Effective cost by resource, picounits as digits. */
export interface CostByResource {
  readonly cpu: string;
  readonly ram: string;
  readonly gpu: string;
  readonly network: string;
  readonly volume: string;
  readonly loadBalancer: string;
}

/** {@link CostByResource} as it is given to be sent: what is left out has its default. */
export interface CostByResourceInput {
  readonly cpu?: string | undefined;
  readonly ram?: string | undefined;
  readonly gpu?: string | undefined;
  readonly network?: string | undefined;
  readonly volume?: string | undefined;
  readonly loadBalancer?: string | undefined;
}

/** The message CostRow, as received. */
export interface CostRow {
  /** The --by keys and their values. */
  readonly keys: Readonly<Record<string, string>>;
  readonly costPicodollars: string;
  readonly costUsd: string;
  /** Decimal digits: CPU core-seconds with up to 6 places, memory byte-seconds, network bytes (both directions). */
  readonly cpuCoreSeconds: number;
  readonly memoryByteSeconds: string;
  readonly networkBytes: string;
  readonly byResource: CostByResource | null;
  /** First second of the row's step, RFC 3339; empty where no steps were asked for. */
  readonly start: string;
}

/** {@link CostRow} as it is given to be sent: what is left out has its default. */
export interface CostRowInput {
  /** The --by keys and their values. */
  readonly keys?: Readonly<Record<string, string>> | undefined;
  readonly costPicodollars?: string | undefined;
  readonly costUsd?: string | undefined;
  /** Decimal digits: CPU core-seconds with up to 6 places, memory byte-seconds, network bytes (both directions). */
  readonly cpuCoreSeconds?: number | undefined;
  readonly memoryByteSeconds?: string | undefined;
  readonly networkBytes?: string | undefined;
  readonly byResource?: CostByResourceInput | undefined;
  /** First second of the row's step, RFC 3339; empty where no steps were asked for. */
  readonly start?: string | undefined;
}

/** The message IdleCost, as received. */
export interface IdleCost {
  readonly costPicodollars: string;
  readonly costUsd: string;
  readonly byResource: CostByResource | null;
}

/** {@link IdleCost} as it is given to be sent: what is left out has its default. */
export interface IdleCostInput {
  readonly costPicodollars?: string | undefined;
  readonly costUsd?: string | undefined;
  readonly byResource?: CostByResourceInput | undefined;
}

/** Nodes demonstrably ran but nothing was measured. */
export interface UnobservedCost {
  readonly costPicodollars: string;
  readonly costUsd: string;
  readonly nodeSeconds: string;
}

/** {@link UnobservedCost} as it is given to be sent: what is left out has its default. */
export interface UnobservedCostInput {
  readonly costPicodollars?: string | undefined;
  readonly costUsd?: string | undefined;
  readonly nodeSeconds?: string | number | undefined;
}

/** Nodes ran but have no price. */
export interface UnpricedTime {
  readonly nodeSeconds: string;
}

/** {@link UnpricedTime} as it is given to be sent: what is left out has its default. */
export interface UnpricedTimeInput {
  readonly nodeSeconds?: string | number | undefined;
}

/** The message ListNodesRequest, as received. */
export interface ListNodesRequest {
  /** Empty: all clusters. */
  readonly cluster: string;
}

/** {@link ListNodesRequest} as it is given to be sent: what is left out has its default. */
export interface ListNodesRequestInput {
  /** Empty: all clusters. */
  readonly cluster?: string | undefined;
}

/** The message ListNodesResponse, as received. */
export interface ListNodesResponse {
  readonly nodes: readonly (NodeStatus)[];
}

/** {@link ListNodesResponse} as it is given to be sent: what is left out has its default. */
export interface ListNodesResponseInput {
  readonly nodes?: readonly (NodeStatusInput)[] | undefined;
}

/** A node as the control plane knows it. */
export interface NodeStatus {
  readonly cluster: string;
  readonly nodeUid: string;
  readonly name: string;
  /** First and latest sealed second that is stored. */
  readonly firstSecond: string;
  readonly lastSecond: string;
  /** Seconds since the latest one. */
  readonly silentS: number;
  /** Name of a kubehero.telemetry.v1.Source value. */
  readonly source: string;
  /** Price per hour as a plain decimal, absent where the node is unpriced, and where it comes from. */
  readonly pricePerHourUsd?: string;
  readonly priceSource: string;
  /** Recorded gaps, newest first, at most 100. */
  readonly gaps: readonly (Gap)[];
  /** Which of the alternatives is there. */
  readonly _pricePerHourUsd?: 'pricePerHourUsd';
}

/** {@link NodeStatus} as it is given to be sent: what is left out has its default. */
export interface NodeStatusInput {
  readonly cluster?: string | undefined;
  readonly nodeUid?: string | undefined;
  readonly name?: string | undefined;
  /** First and latest sealed second that is stored. */
  readonly firstSecond?: string | undefined;
  readonly lastSecond?: string | undefined;
  /** Seconds since the latest one. */
  readonly silentS?: number | undefined;
  /** Name of a kubehero.telemetry.v1.Source value. */
  readonly source?: string | undefined;
  /** Price per hour as a plain decimal, absent where the node is unpriced, and where it comes from. */
  readonly pricePerHourUsd?: string | undefined;
  readonly priceSource?: string | undefined;
  /** Recorded gaps, newest first, at most 100. */
  readonly gaps?: readonly (GapInput)[] | undefined;
}

/** Seconds of a node that were never received. */
export interface Gap {
  readonly from: string;
  readonly to: string;
  /** True where the node demonstrably ran, so that the gap is charged as unobserved. */
  readonly charged: boolean;
}

/** {@link Gap} as it is given to be sent: what is left out has its default. */
export interface GapInput {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** True where the node demonstrably ran, so that the gap is charged as unobserved. */
  readonly charged?: boolean | undefined;
}

/** The message ListTopRequest, as received. */
export interface ListTopRequest {
  /** cluster, node, namespace, workload, pod, container in order. */
  readonly by: readonly string[];
  readonly where: readonly (Filter)[];
  /** Case-insensitive part of any of the keys. */
  readonly search: string;
  /** 1 to 1000, default 50. */
  readonly limit: number;
  readonly offset: number;
}

/** {@link ListTopRequest} as it is given to be sent: what is left out has its default. */
export interface ListTopRequestInput {
  /** cluster, node, namespace, workload, pod, container in order. */
  readonly by?: readonly (string)[] | undefined;
  readonly where?: readonly (FilterInput)[] | undefined;
  /** Case-insensitive part of any of the keys. */
  readonly search?: string | undefined;
  /** 1 to 1000, default 50. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** The message ListTopResponse, as received. */
export interface ListTopResponse {
  /** The seconds that the rates are averaged over: [from, to). */
  readonly window: Window | null;
  readonly currency: string;
  /** Groups in all, before limit and offset. */
  readonly totalRows: number;
  readonly rows: readonly (TopRow)[];
}

/** {@link ListTopResponse} as it is given to be sent: what is left out has its default. */
export interface ListTopResponseInput {
  /** The seconds that the rates are averaged over: [from, to). */
  readonly window?: WindowInput | undefined;
  readonly currency?: string | undefined;
  /** Groups in all, before limit and offset. */
  readonly totalRows?: number | undefined;
  readonly rows?: readonly (TopRowInput)[] | undefined;
}

/** The message TopRow, as received. */
export interface TopRow {
  readonly keys: Readonly<Record<string, string>>;
  /** Picounits per second as digits. */
  readonly costPicodollarsPerSecond: string;
  readonly cpuCores: number;
  readonly memoryBytes: string;
  readonly networkBytesPerSecond: string;
}

/** {@link TopRow} as it is given to be sent: what is left out has its default. */
export interface TopRowInput {
  readonly keys?: Readonly<Record<string, string>> | undefined;
  /** Picounits per second as digits. */
  readonly costPicodollarsPerSecond?: string | undefined;
  readonly cpuCores?: number | undefined;
  readonly memoryBytes?: string | undefined;
  readonly networkBytesPerSecond?: string | undefined;
}
