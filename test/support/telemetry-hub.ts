import { implement, RpcError, telemetry, type Implementation, type ServerStream } from '@kubehero/rpc';
import { createHash } from 'node:crypto';

type Stream = ServerStream<telemetry.ReportRequest, telemetry.ReportResponseInput>;

/** How a {@link TelemetryHub} treats what it receives. */
export interface TelemetryHubOptions {
  /** Called before each acknowledgement; may wait, or throw to break the stream. */
  readonly beforeAcknowledge?: (batch: telemetry.Batch) => Promise<void>;
  /** A reason for the parts that are refused. */
  readonly reject?: (node: telemetry.NodeBatch) => telemetry.RejectionReason | undefined;
}

/** One stream's view: nodes by index, and the length of each node's dictionary. */
interface StreamState {
  readonly nodeUids: string[];
  readonly dictionaries: Map<number, number>;
  expectedSequence: number;
}

/** The columns of a part, decoded the plain way. */
export interface DecodedPart {
  readonly seconds: readonly number[];
  readonly rowCounts: readonly number[];
  readonly identities: readonly number[];
  readonly cpuUs: readonly number[];
  readonly memoryBytes: readonly bigint[];
}

function readWords(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}

/** Decodes the columns of a node's part. */
export function decodePart(part: telemetry.NodeBatch): DecodedPart {
  return {
    seconds: readWords(part.second),
    rowCounts: readWords(part.rowCount),
    identities: readWords(part.identity),
    cpuUs: readWords(part.cpuUs),
    memoryBytes: Array.from({ length: part.memoryBytes.length / 8 }, (_, index) =>
      part.memoryBytes.readBigUInt64LE(index * 8),
    ),
  };
}

/**
 * The control plane's side of the telemetry protocol without stores: checks what the protocol demands, keeps a
 * digest of every node-second, acknowledges by watermark.
 */
export class TelemetryHub {
  /** Digest of each node-second by `uid/second`. */
  readonly seconds = new Map<string, string>();
  /** Node-seconds that came again with another content: must stay 0. */
  conflicts = 0;
  /** Violations of the protocol, in words. */
  readonly violations: string[] = [];
  podSeconds = 0;
  received = 0;
  streams = 0;
  readonly specs = new Map<string, telemetry.NodeSpec>();
  readonly #options: TelemetryHubOptions;

  constructor(options: TelemetryHubOptions = {}) {
    this.#options = options;
  }

  /** The service that a server of the test serves. */
  get service(): Implementation {
    return implement(telemetry.TelemetryService, { Report: (stream) => this.#report(stream) });
  }

  async #report(stream: Stream): Promise<void> {
    this.streams += 1;
    const state: StreamState = { nodeUids: [], dictionaries: new Map(), expectedSequence: 1 };
    for await (const request of stream.requests) {
      if (request.hello !== undefined) await this.#welcome(stream, state, request.hello);
      if (request.batch !== undefined) await this.#take(stream, state, request.batch);
    }
  }

  async #welcome(stream: Stream, state: StreamState, hello: telemetry.Hello): Promise<void> {
    state.nodeUids.push(...hello.nodes.map((node) => node.nodeUid));
    const nodes = hello.nodes.map(({ nodeUid }) => ({ nodeUid, sealedThrough: 0 }));
    await stream.send({ welcome: { nodes } });
  }

  async #take(stream: Stream, state: StreamState, batch: telemetry.Batch): Promise<void> {
    const sequence = Number(batch.sequence);
    if (sequence !== state.expectedSequence) this.violations.push(`sequence ${sequence}`);
    state.expectedSequence = sequence + 1;
    for (const part of batch.nodes) {
      const reason = this.#options.reject?.(part);
      if (reason === undefined) this.#store(state, part);
      else
        await stream.send({
          rejection: { sequence, node: part.node, reason, message: 'refused by the test' },
        });
    }
    await this.#options.beforeAcknowledge?.(batch);
    await stream.send({ acknowledgement: { throughSequence: sequence } });
  }

  #store(state: StreamState, part: telemetry.NodeBatch): void {
    const uid = state.nodeUids[part.node];
    if (uid === undefined) throw new RpcError('invalid_argument', `node ${part.node} was not introduced`);
    if (part.resetDictionary) state.dictionaries.set(part.node, 0);
    const size = state.dictionaries.get(part.node);
    if (size === undefined) this.violations.push(`node ${part.node} has no dictionary`);
    if (size === undefined && part.spec === null) this.violations.push(`node ${part.node} has no spec`);
    state.dictionaries.set(part.node, (size ?? 0) + part.identities.length);
    if (part.spec !== null) this.specs.set(uid, part.spec);
    this.received += 1;
    this.#storeSeconds(uid, part, state.dictionaries.get(part.node) ?? 0);
  }

  #storeSeconds(uid: string, part: telemetry.NodeBatch, dictionarySize: number): void {
    const decoded = decodePart(part);
    let row = 0;
    decoded.seconds.forEach((second, index) => {
      if (index > 0 && second <= (decoded.seconds[index - 1] ?? 0))
        this.violations.push(`second ${second} not rising`);
      const count = decoded.rowCounts[index] ?? 0;
      const rows = decoded.identities.slice(row, row + count);
      if (rows.some((identity) => identity >= dictionarySize)) this.violations.push('identity out of range');
      const digest = createHash('sha256')
        .update(part.identity.subarray(row * 4, (row + count) * 4))
        .update(part.cpuUs.subarray(row * 4, (row + count) * 4))
        .update(part.memoryBytes.subarray(row * 8, (row + count) * 8))
        .digest('hex');
      this.#keep(`${uid}/${second}`, digest, count);
      row += count;
    });
    if (row !== decoded.cpuUs.length) this.violations.push('columns of unequal length');
  }

  #keep(key: string, digest: string, rows: number): void {
    const known = this.seconds.get(key);
    if (known === undefined) this.podSeconds += rows;
    else if (known !== digest) this.conflicts += 1;
    this.seconds.set(key, digest);
  }
}
