import { Client, credentials, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { OpenReport, ReportStream } from '@kubehero/collector';
import { defaultProtocol, type telemetry } from '@kubehero/rpc';

/** A row as a hub reads it from the columns. */
export interface HubRow {
  readonly second: number;
  readonly identity: telemetry.ContainerIdentity;
  readonly cpuUs: number;
  readonly memoryBytes: number;
  readonly network: Record<number, { tx: number; rx: number }>;
}

type Call = ServerDuplexStream<telemetry.ReportRequest, telemetry.ReportResponseInput>;

/** How the hub behaves; may be changed while it runs. */
export interface HubBehaviour {
  /** Answers batches. */
  acknowledges: boolean;
  /** What a welcome says. */
  sealedThrough: number;
  /** Refuses the next batch for this reason, then forgets it. */
  rejectNext?: telemetry.RejectionReason | undefined;
}

/** The telemetry service over plain gRPC on loopback: decodes, remembers, acknowledges. */
export class ReportHub {
  readonly behaviour: HubBehaviour = { acknowledges: true, sealedThrough: 0 };
  readonly hellos: telemetry.Hello[] = [];
  readonly batches: telemetry.NodeBatch[] = [];
  readonly rows: HubRow[] = [];
  specs: telemetry.NodeSpec[] = [];
  port = 0;
  private server: Server | undefined;
  private client: Client | undefined;

  /** Listens on the port of before, or on a free one. */
  async start(): Promise<void> {
    const service = defaultProtocol().service('kubehero.telemetry.v1.TelemetryService');
    const server = new Server({ 'grpc.max_receive_message_length': -1 });
    server.addService(service, { Report: (call: Call) => this.report(call) });
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    this.server = server;
  }

  /** Cuts all streams and stops listening. */
  stop(): void {
    this.server?.forceShutdown();
    this.server = undefined;
  }

  /** Stops and closes the client side. */
  close(): void {
    this.stop();
    this.client?.close();
  }

  /** Opens calls to this hub. */
  get openReport(): OpenReport {
    return () => {
      this.client ??= new Client(`127.0.0.1:${this.port}`, credentials.createInsecure(), {
        'grpc.max_reconnect_backoff_ms': 200,
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.min_reconnect_backoff_ms': 100,
      });
      const { Report } = defaultProtocol().service('kubehero.telemetry.v1.TelemetryService');
      if (Report === undefined) throw new Error('the protocol has no method Report');
      return this.client.makeBidiStreamRequest(
        Report.path,
        Report.requestSerialize,
        Report.responseDeserialize,
      ) as ReportStream;
    };
  }

  /** Seconds that were delivered, in the order of their arrival. */
  get seconds(): number[] {
    return this.batches.flatMap((batch) => [...readUInt32s(batch.second)]);
  }

  /** Rows of a workload. */
  rowsOf(workload: string): HubRow[] {
    return this.rows.filter((row) => row.identity.workload === workload);
  }

  private report(call: Call): void {
    const dictionary: telemetry.ContainerIdentity[] = [];
    call.on('error', () => call.end());
    call.on('end', () => call.end());
    call.on('data', ({ hello, batch }: telemetry.ReportRequest) => {
      if (hello != null) {
        this.hellos.push(hello);
        const { sealedThrough } = this.behaviour;
        call.write({ welcome: { nodes: hello.nodes.map(({ nodeUid }) => ({ nodeUid, sealedThrough })) } });
      }
      if (batch != null) this.takeBatch(call, batch, dictionary);
    });
  }

  private takeBatch(call: Call, batch: telemetry.Batch, dictionary: telemetry.ContainerIdentity[]): void {
    const reason = this.behaviour.rejectNext;
    this.behaviour.rejectNext = undefined;
    for (const node of batch.nodes) {
      if (node.resetDictionary) dictionary.length = 0;
      dictionary.push(...node.identities);
      if (node.spec != null) this.specs.push(node.spec);
      if (reason !== undefined) {
        call.write({ rejection: { sequence: batch.sequence, node: node.node, reason, message: 'as asked' } });
        continue;
      }
      this.batches.push(node);
      this.rows.push(...decodeRows(node, dictionary));
    }
    if (this.behaviour.acknowledges) {
      call.write({ acknowledgement: { throughSequence: batch.sequence } });
    }
  }
}

function decodeRows(
  batch: telemetry.NodeBatch,
  dictionary: readonly telemetry.ContainerIdentity[],
): HubRow[] {
  const seconds = readUInt32s(batch.second);
  const counts = readUInt32s(batch.rowCount);
  const rows: HubRow[] = [];
  counts.forEach((count, index) => {
    for (let row = 0; row < count; row++) {
      const at = rows.length;
      const identity = dictionary[batch.identity.readUInt32LE(4 * at)];
      if (identity === undefined) throw new Error(`row ${at} has no identity`);
      rows.push({
        second: seconds[index] ?? 0,
        identity,
        cpuUs: batch.cpuUs.readUInt32LE(4 * at),
        memoryBytes: Number(batch.memoryBytes.readBigUInt64LE(8 * at)),
        network: {},
      });
    }
  });
  readUInt32s(batch.netRow).forEach((row, entry) => {
    const target = rows[row];
    if (target === undefined) throw new Error(`network entry ${entry} has no row`);
    target.network[batch.netClass[entry] ?? 0] = {
      tx: Number(batch.netTxBytes.readBigUInt64LE(8 * entry)),
      rx: Number(batch.netRxBytes.readBigUInt64LE(8 * entry)),
    };
  });
  return rows;
}

function readUInt32s(column: Buffer): number[] {
  return Array.from({ length: column.length / 4 }, (_, index) => column.readUInt32LE(4 * index));
}
