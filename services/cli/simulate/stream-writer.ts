import type { ClientStream, telemetry } from '@kubehero/rpc';
import type { NodeColumns } from './generator.js';
import type { PendingMessage } from './send-queue.js';
import type { TelemetrySource } from './telemetry-source.js';

/** What the other side of a stream knows of a node. */
interface KnownNode {
  dictionarySize: number;
  specVersion: number;
}

/**
 * Writes one stream: introduces nodes before their first batch, sends the spec of a node when it is new or changed,
 * and of its dictionary what the stream has not carried yet.
 */
export class StreamWriter {
  readonly #known = new Map<number, KnownNode>();
  #introduced = 0;
  #sequence = 0;

  constructor(
    private readonly source: TelemetrySource,
    private readonly stream: ClientStream<telemetry.ReportRequestInput, telemetry.ReportResponse>,
    private readonly emitter: string,
  ) {}

  /** Introduces the nodes that are new; the first call also opens the conversation. */
  async introduce(): Promise<void> {
    const all = this.source.introductions();
    if (this.#introduced === all.length && all.length > 0) return;
    const nodes = all.slice(this.#introduced);
    this.#introduced = all.length;
    await this.stream.send({ hello: { emitter: this.emitter, nodes } });
  }

  /** Sends a message and notes its number on it. */
  async send(message: PendingMessage): Promise<void> {
    if (message.columns.some((columns) => columns.node >= this.#introduced)) await this.introduce();
    this.#sequence += 1;
    message.sequence = this.#sequence;
    const nodes = message.columns.map((columns) => this.#toNodeBatch(columns));
    await this.stream.send({ batch: { sequence: this.#sequence, nodes } });
  }

  /** Says that all nodes are gone, so that their silence is no gap, and ends the stream. */
  async sayFarewell(): Promise<void> {
    const nodes = Array.from({ length: this.#introduced }, (_, node) => node);
    await this.stream.send({ farewell: { nodes } });
    this.stream.end();
  }

  #toNodeBatch(columns: NodeColumns): telemetry.NodeBatchInput {
    const { node, dictionarySize, specVersion, seconds: _, rows: __, ...packed } = columns;
    const known = this.#known.get(node);
    this.#known.set(node, {
      dictionarySize: Math.max(dictionarySize, known?.dictionarySize ?? 0),
      specVersion,
    });
    const added = dictionarySize - (known?.dictionarySize ?? 0);
    return {
      ...packed,
      node,
      source: 'SOURCE_SIMULATED',
      ...(known === undefined ? { resetDictionary: true } : {}),
      ...(known?.specVersion === specVersion ? {} : { spec: this.source.nodeSpec(node) }),
      ...(added > 0
        ? { identities: this.source.identities(node).slice(known?.dictionarySize ?? 0, dictionarySize) }
        : {}),
    };
  }
}
