import type { ContainerIdentity } from '../pods/container-identity.js';

/** The message kubehero.telemetry.v1.NodeSpec. */
export interface NodeSpec {
  readonly name: string;
  readonly providerId: string;
  readonly bootId: string;
  readonly bootedAtS: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cpuCapacityMillicores: number;
  readonly memoryCapacityBytes: number;
  readonly gpuCapacity: number;
  readonly gpuModel: string;
}

/** The message kubehero.telemetry.v1.NodeBatch. */
export interface NodeBatch {
  readonly node: number;
  readonly spec?: NodeSpec;
  readonly resetDictionary: boolean;
  readonly identities: readonly ContainerIdentity[];
  readonly second: Buffer;
  readonly rowCount: Buffer;
  readonly identity: Buffer;
  readonly cpuUs: Buffer;
  readonly memoryBytes: Buffer;
  readonly netRow: Buffer;
  readonly netClass: Buffer;
  readonly netTxBytes: Buffer;
  readonly netRxBytes: Buffer;
  readonly source: 'SOURCE_BPF' | 'SOURCE_CGROUP_V2' | 'SOURCE_CGROUP_V1';
}

/** The message kubehero.telemetry.v1.ReportRequest. */
export interface ReportRequest {
  readonly hello?: { readonly emitter: string; readonly nodes: readonly NodeIntroduction[] };
  readonly batch?: { readonly sequence: number; readonly nodes: readonly NodeBatch[] };
}

/** The message kubehero.telemetry.v1.NodeIntroduction. */
export interface NodeIntroduction {
  readonly nodeUid: string;
  readonly incarnation: number;
}

/** A 64-bit number as protobuf decoders give it, by their options. */
export type WireNumber = number | string | bigint | { toString(): string };

/** The message kubehero.telemetry.v1.ReportResponse; one member is set. */
export interface ReportResponse {
  readonly welcome?: { readonly nodes?: readonly { readonly sealedThrough?: number }[] } | null;
  readonly acknowledgement?: { readonly throughSequence?: WireNumber } | null;
  readonly rejection?: {
    readonly sequence?: WireNumber;
    readonly reason?: string | number;
    readonly message?: string;
  } | null;
}

/** A Report call; what the uplink needs of a gRPC duplex stream. */
export interface ReportStream {
  write(request: ReportRequest): boolean;
  end(): void;
  cancel(): void;
  on(event: 'data', listener: (response: ReportResponse) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

/** Opens a Report call on a connected channel. */
export type OpenReport = () => ReportStream;
