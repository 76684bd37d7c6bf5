/** The protocol's messages as protobufjs decodes them: bytes stay bytes, 64-bit integers are digits or numbers. */

/** See `NodeSpec` in telemetry.proto. */
export interface WireNodeSpec {
  readonly name: string;
  readonly providerId: string;
  readonly bootId: string;
  readonly bootedAtS: string | number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cpuCapacityMillicores: string | number;
  readonly memoryCapacityBytes: string | number;
  readonly gpuCapacity: number;
  readonly gpuModel: string;
}

/** See `ContainerIdentity` in telemetry.proto. */
export interface WireIdentity {
  readonly kind: string | number;
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly workloadKind: string;
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuRequestMillicores: number;
  readonly memoryRequestBytes: string | number;
  readonly gpuRequest: number;
}

/** See `NodeBatch` in telemetry.proto. */
export interface WireNodeBatch {
  readonly node: number;
  readonly spec?: WireNodeSpec | null;
  readonly resetDictionary: boolean;
  readonly identities: readonly WireIdentity[];
  readonly second: Uint8Array;
  readonly rowCount: Uint8Array;
  readonly identity: Uint8Array;
  readonly cpuUs: Uint8Array;
  readonly memoryBytes: Uint8Array;
  readonly netRow: Uint8Array;
  readonly netClass: Uint8Array;
  readonly netTxBytes: Uint8Array;
  readonly netRxBytes: Uint8Array;
  readonly source: string | number;
}

/** See `Batch` in telemetry.proto. */
export interface WireBatch {
  readonly sequence: string | number;
  readonly nodes: readonly WireNodeBatch[];
}

/** See `NodeIntroduction` in telemetry.proto. */
export interface WireIntroduction {
  readonly nodeUid: string;
  readonly incarnation: string | number;
}
