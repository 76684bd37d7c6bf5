import { RpcError, telemetry, type ClientStream, type RpcChannel } from '@kubehero/rpc';
import { sleep, UserError, type Logger } from '@kubehero/runtime';
import { SendQueue, type PendingMessage } from './send-queue.js';
import { StreamWriter } from './stream-writer.js';
import type { TelemetrySource } from './telemetry-source.js';

/** What a {@link TelemetrySender} needs. */
export interface SenderOptions {
  /** The nodes that the messages are about. */
  readonly nodes: TelemetrySource;
  /** Opens a channel to whoever is the hub now; called for every stream. */
  readonly connect: () => Promise<RpcChannel>;
  readonly logger: Logger;
  /** Program and version. */
  readonly emitter: string;
  /** Longest time without any progress while something waits for an acknowledgement. */
  readonly giveUpAfterMs: number;
  /** Rows that may wait for an acknowledgement. @default 300000 */
  readonly maxRowsInFlight?: number;
}

/** What became of the telemetry. */
export interface SendResult {
  /** Node-seconds of the first pass that are durable. */
  readonly acknowledgedSeconds: number;
  /** Node parts of messages that the hub refused, by reason. */
  readonly rejected: ReadonlyMap<string, number>;
  /** One of the hub's own sentences. */
  readonly rejectionExample: string | undefined;
  /** How often a stream had to be opened again. */
  readonly reconnects: number;
}

type Stream = ClientStream<telemetry.ReportRequestInput, telemetry.ReportResponse>;

const MAX_ROWS_IN_FLIGHT = 300_000;
const WELCOME_TIMEOUT_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const WATCH_EVERY_MS = 500;
/** Trying again cannot change these. */
const FATAL = new Set(['permission_denied', 'unimplemented', 'invalid_argument']);

/**
 * Sends messages until each one is acknowledged: bounded in flight, as fast as they are acknowledged. After a lost
 * connection what was not acknowledged goes again, on a new stream, to whoever is the hub by then.
 */
export class TelemetrySender {
  readonly #options: SenderOptions;
  readonly #queue = new SendQueue();
  readonly #rejected = new Map<string, number>();
  #rejectionExample: string | undefined;
  #acknowledgedSeconds = 0;
  #reconnects = 0;
  #lastProgressAt = 0;
  #sourceDone = false;
  #farewellSaid = false;
  #wake: () => void = () => undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /**
   * Sends everything that the source gives.
   *
   * @throws UserError `NOT_ACKNOWLEDGED` after the time without progress, `REFUSED` where the hub never will accept
   */
  async sendAll(source: AsyncIterator<PendingMessage>, signal: AbortSignal): Promise<SendResult> {
    this.#noteProgress();
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#farewellSaid) {
      signal.throwIfAborted();
      const before = this.#acknowledgedSeconds;
      try {
        await this.#runStream(source, signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#checkFailure(error);
        if (this.#acknowledgedSeconds > before) pauseMs = FIRST_PAUSE_MS;
        this.#options.logger.info('connection lost, trying again', { error: String(error), pauseMs });
        await sleep(pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
        this.#reconnects += 1;
      }
    }
    return {
      acknowledgedSeconds: this.#acknowledgedSeconds,
      rejected: this.#rejected,
      rejectionExample: this.#rejectionExample,
      reconnects: this.#reconnects,
    };
  }

  #noteProgress(): void {
    this.#lastProgressAt = Date.now();
  }

  #isStuck(): boolean {
    return Date.now() - this.#lastProgressAt > this.#options.giveUpAfterMs;
  }

  #checkFailure(error: unknown): void {
    if (error instanceof UserError) throw error;
    if (error instanceof RpcError && FATAL.has(error.code)) {
      throw new UserError('REFUSED', `the control plane refuses the telemetry: ${error.message}`, {
        cause: error,
      });
    }
    if (!this.#isStuck()) return;
    if (!this.#sourceDone || !this.#queue.isEmpty) throw this.#giveUp(error);
    // All is stored; only the farewell did not get through, and the nodes will look silent.
    this.#options.logger.warn('the control plane does not answer the farewell', { error: String(error) });
    this.#farewellSaid = true;
  }

  #giveUp(cause: unknown): UserError<'NOT_ACKNOWLEDGED'> {
    const waiting = this.#queue.all();
    const seconds = waiting.flatMap((message) => message.columns.flatMap((columns) => columns.seconds));
    const nodes = new Set(waiting.flatMap((message) => message.columns.map((columns) => columns.node)));
    const span =
      seconds.length === 0
        ? 'the introduction of the nodes was'
        : `${seconds.length} node-seconds of ${nodes.size} nodes from ${toInstant(Math.min(...seconds))} to ${toInstant(Math.max(...seconds))} were`;
    return new UserError(
      'NOT_ACKNOWLEDGED',
      `${span} not acknowledged within ${this.#options.giveUpAfterMs / 1000} s: is the control plane running? then give more time with --give-up-after`,
      { cause },
    );
  }

  async #runStream(source: AsyncIterator<PendingMessage>, signal: AbortSignal): Promise<void> {
    const channel = await this.#options.connect();
    const stream = channel.client(telemetry.TelemetryService).Report({ signal });
    let timer: NodeJS.Timeout | undefined;
    try {
      timer = this.#watch(stream);
      const welcomed = this.#receive(stream);
      const writer = new StreamWriter(this.#options.nodes, stream, this.#options.emitter);
      const introduced = this.#introduce(writer, welcomed.first);
      const sending = introduced.then(() => this.#pump({ writer, stream, source }));
      // Whatever ends first with an error ends the stream; both are waited for, so that nothing runs on.
      const outcomes = await Promise.allSettled([cancelOnFailure(stream, sending), welcomed.all]);
      const failure = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
      this.#farewellSaid = true;
    } finally {
      clearInterval(timer);
      channel.close();
    }
  }

  #watch(stream: Stream): NodeJS.Timeout {
    return setInterval(() => {
      if ((this.#sourceDone || !this.#queue.isEmpty) && this.#isStuck()) stream.cancel();
    }, WATCH_EVERY_MS);
  }

  async #introduce(writer: StreamWriter, welcome: Promise<void>): Promise<void> {
    this.#queue.startStream();
    await writer.introduce();
    await withinTime(welcome, WELCOME_TIMEOUT_MS, 'the control plane did not answer the introduction');
  }

  /** Reads the answers; `first` resolves with the welcome, `all` with the end of the stream. */
  #receive(stream: Stream): { readonly first: Promise<void>; readonly all: Promise<void> } {
    const first = deferred();
    const read = async (): Promise<void> => {
      try {
        for await (const response of stream.responses) {
          if (response.message === 'welcome') first.resolve();
          if (response.rejection !== undefined) this.#noteRejection(response.rejection);
          if (response.acknowledgement !== undefined) this.#noteAcknowledgement(response.acknowledgement);
        }
        first.reject(new RpcError('unavailable', 'the server ended the stream'));
      } catch (error) {
        first.reject(error);
        throw error;
      } finally {
        this.#wake();
      }
    };
    return { first: first.promise, all: read() };
  }

  #noteRejection(rejection: telemetry.Rejection): void {
    this.#rejected.set(rejection.reason, (this.#rejected.get(rejection.reason) ?? 0) + 1);
    this.#rejectionExample ??= rejection.message;
    const message = this.#queue.all().find((pending) => pending.sequence === Number(rejection.sequence));
    if (message?.pass !== 0) return;
    const part = message.columns.find((columns) => columns.node === rejection.node);
    // The acknowledgement that follows covers the whole message.
    this.#acknowledgedSeconds -= part?.seconds.length ?? 0;
  }

  #noteAcknowledgement(acknowledgement: telemetry.Acknowledgement): void {
    for (const message of this.#queue.acknowledge(Number(acknowledgement.throughSequence))) {
      if (message.pass === 0) this.#acknowledgedSeconds += message.nodeSeconds;
      this.#noteProgress();
    }
    this.#wake();
  }

  /** Sends what waits, then what the source gives, until both are used up and acknowledged. */
  async #pump(parts: {
    readonly writer: StreamWriter;
    readonly stream: Stream;
    readonly source: AsyncIterator<PendingMessage>;
  }): Promise<void> {
    const { writer, stream, source } = parts;
    for (const message of this.#queue.unsent()) await writer.send(message);
    const limit = this.#options.maxRowsInFlight ?? MAX_ROWS_IN_FLIGHT;
    while (!this.#sourceDone) {
      while (this.#queue.rows >= limit) await this.#nextEvent(stream);
      const next = await source.next();
      if (next.done === true) {
        this.#sourceDone = true;
        break;
      }
      if (this.#queue.isEmpty) this.#noteProgress();
      this.#queue.add(next.value);
      await writer.send(next.value);
    }
    while (!this.#queue.isEmpty) await this.#nextEvent(stream);
    this.#noteProgress();
    await writer.sayFarewell();
  }

  /** Resolves at the next answer; rejects where none can come any more. */
  async #nextEvent(stream: Stream): Promise<void> {
    if (stream.isOver()) throw new RpcError('unavailable', 'the server ended the stream');
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (stream.isOver()) throw new RpcError('unavailable', 'the server ended the stream');
  }
}

function toInstant(second: number): string {
  return new Date(second * 1000).toISOString().replace('.000Z', 'Z');
}

async function cancelOnFailure(stream: Stream, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    stream.cancel();
    throw error;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Whoever waits sees the failure; where nobody waits yet it must not end the process.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

async function withinTime(work: Promise<void>, timeoutMs: number, message: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new RpcError('deadline_exceeded', message));
    }, timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
