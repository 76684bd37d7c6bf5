import {
  implement,
  requirePeer,
  RpcError,
  telemetry,
  type Implementation,
  type ServerStream,
} from '@kubehero/rpc';
import type { Ingest } from './ingest.js';
import { NodeDictionary } from './node-dictionary.js';
import type { NodeRegistry } from './node-registry.js';
import type { Session, SessionOutput } from './session.js';

/** What the service works with. */
export interface TelemetryServiceOptions {
  readonly ingest: Ingest;
  readonly registry: NodeRegistry;
  /** Key of a registered cluster, undefined where it is unknown or was removed. */
  readonly clusterKeyOf: (clusterId: string) => Promise<number | undefined>;
}

type Output = telemetry.ReportResponseInput;
type Stream = ServerStream<telemetry.ReportRequest, Output>;

const MAX_NODES_PER_STREAM = 20_000;
const MAX_UNSENT = 1024;

/** Receives sealed seconds from emitters; the cluster is the certificate's, whatever the messages say. */
export function telemetryService(options: TelemetryServiceOptions): Implementation {
  return implement(telemetry.TelemetryService, {
    Report: async (stream, context) => {
      const peer = requirePeer(context);
      const clusterKey = await options.clusterKeyOf(peer.clusterId);
      if (clusterKey === undefined) {
        throw new RpcError(
          'permission_denied',
          `cluster ${peer.clusterId} is not registered: add it with 'kubehero cluster add'`,
        );
      }
      if (!options.ingest.isOpen) {
        throw new RpcError('unavailable', 'this replica does not lead, or not yet again: connect again');
      }
      await serve(options, clusterKey, stream, context.signal);
    },
  });
}

async function serve(
  options: TelemetryServiceOptions,
  clusterKey: number,
  stream: Stream,
  signal: AbortSignal,
): Promise<void> {
  const outbox = new Outbox(stream);
  const session: Session = { clusterKey, nodes: [], output: outbox };
  options.ingest.open(session);
  const reading = read(options, session, stream, outbox);
  try {
    await Promise.race([reading, outbox.failed, aborted(signal)]);
    await outbox.flushed();
  } finally {
    options.ingest.close(session);
  }
}

async function read(
  options: TelemetryServiceOptions,
  session: Session,
  stream: Stream,
  outbox: Outbox,
): Promise<void> {
  for await (const request of stream.requests) {
    if (request.hello !== undefined)
      outbox.push({ welcome: { nodes: greet(options, session, request.hello) } });
    else if (request.batch !== undefined) await take(options, session, request.batch);
    else if (request.farewell !== undefined) await sayFarewell(options, session, outbox, request.farewell);
    else throw new RpcError('invalid_argument', 'a request must hold a hello, a batch or a farewell');
  }
  await outbox.settled();
}

function greet(
  { registry }: TelemetryServiceOptions,
  session: Session,
  hello: telemetry.Hello,
): telemetry.NodeProgressInput[] {
  if (session.nodes.length + hello.nodes.length > MAX_NODES_PER_STREAM) {
    throw new RpcError('resource_exhausted', `one stream speaks for at most ${MAX_NODES_PER_STREAM} nodes`);
  }
  return hello.nodes.map(({ nodeUid, incarnation }) => {
    session.nodes.push({ uid: nodeUid, incarnation, dictionary: new NodeDictionary(), state: undefined });
    return {
      nodeUid,
      sealedThrough: registry.tryFind(session.clusterKey, nodeUid)?.storedThrough ?? 0,
    };
  });
}

async function take(
  { ingest }: TelemetryServiceOptions,
  session: Session,
  batch: telemetry.Batch,
): Promise<void> {
  if (session.nodes.length === 0)
    throw new RpcError('failed_precondition', 'the first request must be a hello');
  (session.output as Outbox).expect(batch.sequence);
  const bytes = batch.nodes.reduce(
    (sum, node) => sum + node.identity.length * 5 + node.second.length * 2,
    1024,
  );
  await ingest.enqueue({ session, batch, bytes });
}

async function sayFarewell(
  options: TelemetryServiceOptions,
  session: Session,
  outbox: Outbox,
  farewell: telemetry.Farewell,
): Promise<void> {
  await outbox.settled();
  await options.registry.markGone(farewell.nodes.flatMap((index) => session.nodes[index]?.state ?? []));
}

/** What the control plane says on a stream, in order, without ever waiting for a slow reader. */
class Outbox implements SessionOutput {
  readonly failed: Promise<never>;
  #fail: (error: RpcError) => void = () => undefined;
  #sending = Promise.resolve();
  #unsent = 0;
  #expected = '0';
  #acknowledged = '0';
  #onAcknowledged: () => void = () => undefined;

  constructor(private readonly stream: Stream) {
    this.failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined); // whoever serves the stream races on it; it may have ended before
  }

  expect(sequence: string): void {
    this.#expected = sequence;
  }

  acknowledge(throughSequence: string): void {
    this.#acknowledged = throughSequence;
    this.push({ acknowledgement: { throughSequence } });
    this.#onAcknowledged();
  }

  reject({ sequence, node, code, message }: Parameters<SessionOutput['reject']>[0]): void {
    this.push({ rejection: { sequence, node, reason: `REJECTION_REASON_${code}`, message } });
  }

  fail(reason: string): void {
    this.#fail(new RpcError('unavailable', reason));
  }

  push(response: Output): void {
    this.#unsent += 1;
    if (this.#unsent > MAX_UNSENT) {
      this.#fail(new RpcError('resource_exhausted', 'the emitter does not read its answers: connect again'));
      return;
    }
    this.#sending = this.#sending
      .then(() => this.stream.send(response))
      .then(
        () => void (this.#unsent -= 1),
        (error: unknown) => {
          this.#fail(new RpcError('unavailable', 'the stream ended', { cause: error }));
        },
      );
  }

  /** Resolves when the last batch was acknowledged. */
  async settled(): Promise<void> {
    while (this.#acknowledged !== this.#expected) {
      await new Promise<void>((resolve) => {
        this.#onAcknowledged = resolve;
      });
    }
  }

  /** Resolves when everything was handed to the transport. */
  async flushed(): Promise<void> {
    await this.#sending;
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
