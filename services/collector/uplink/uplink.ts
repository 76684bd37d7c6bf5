import type { SecondBuffer } from '../buffer/second-buffer.js';
import type { SealedSecond } from '../buffer/sealed-second.js';
import type { NodeIntroduction, NodeSpec, OpenReport, ReportResponse, ReportStream } from './messages.js';
import { StreamEncoder } from './stream-encoder.js';

/** What the uplink reports to its owner. */
export interface UplinkEvents {
  /** The hub has this second and all before it. */
  readonly onSealedThrough: (second: number) => void;
  /** One sentence for the log. */
  readonly onNotice: (sentence: string) => void;
}

/** What an uplink is made of. */
export interface UplinkOptions extends UplinkEvents {
  readonly emitter: string;
  readonly node: NodeIntroduction;
  readonly buffer: SecondBuffer;
  /** The node as it is now; another object when something changed. */
  readonly spec: () => NodeSpec;
  readonly openReport: OpenReport;
  /** Waits between attempts: from the first to the longest, with up to as much again at random. */
  readonly firstBackoffMs?: number;
  readonly longestBackoffMs?: number;
  /** An answer that does not come within this time ends the stream. */
  readonly answerTimeoutMs?: number;
  readonly random?: () => number;
}

/** Counters since the start. */
export interface UplinkStatistics {
  connected: boolean;
  streams: number;
  batchesSent: number;
  secondsSent: number;
  secondsAcknowledged: number;
  bytesSent: number;
  /** Rejections by reason. */
  readonly rejections: Record<string, number>;
}

/** Limits of one batch and of what may be on its way. */
const limits = { secondsPerBatch: 15, rowsPerBatch: 20_000, batchesInFlight: 4 } as const;
/** A hub that comes back is found before 60 seconds of buffer are full. */
const defaults = { firstBackoffMs: 200, longestBackoffMs: 1000, answerTimeoutMs: 20_000 } as const;

/**
 * Delivers sealed seconds: at least once, in order, over a stream that it opens again until it is stopped. What was
 * not acknowledged is sent again on the next stream.
 */
export class Uplink {
  readonly statistics: UplinkStatistics = {
    connected: false,
    streams: 0,
    batchesSent: 0,
    secondsSent: 0,
    secondsAcknowledged: 0,
    bytesSent: 0,
    rejections: {},
  };
  private stream: ReportStream | undefined;
  private encoder = new StreamEncoder(0);
  private sequence = 0;
  private sentThrough = 0;
  private readonly inFlight: { sequence: number; through: number; seconds: number }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private answerTimer: NodeJS.Timeout | undefined;
  private attempts = 0;
  private running = false;
  private welcomed = false;
  private drained: (() => void) | undefined;

  constructor(private readonly options: UplinkOptions) {}

  /** Starts to connect. */
  start(): void {
    this.running = true;
    this.connect();
  }

  /** Tells that the buffer has another second. */
  notify(): void {
    if (this.welcomed) this.sendWaiting();
  }

  /** Waits up to `deadlineMs` until everything is acknowledged, then closes the stream. */
  async stop(deadlineMs: number): Promise<void> {
    if (this.options.buffer.depth > 0 && this.running) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs);
        this.drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.running = false;
    clearTimeout(this.timer);
    this.stream?.end();
    this.closeStream();
  }

  private connect(): void {
    this.attempts++;
    this.statistics.streams++;
    const stream = this.options.openReport();
    this.stream = stream;
    this.encoder = new StreamEncoder(0);
    this.sequence = 0;
    this.sentThrough = 0;
    this.inFlight.length = 0;
    stream.on('data', (response) => {
      if (this.stream === stream) this.take(response);
    });
    stream.on('error', (error) => {
      this.lose(stream, error.message);
    });
    stream.on('end', () => {
      this.lose(stream, 'the hub ended the stream');
    });
    stream.write({ hello: { emitter: this.options.emitter, nodes: [this.options.node] } });
    this.expectAnswer();
  }

  private lose(stream: ReportStream, why: string): void {
    if (this.stream !== stream) return;
    if (this.statistics.connected || this.attempts === 1) {
      this.options.onNotice(`no stream to the hub, trying again: ${why}`);
    }
    this.closeStream();
    if (!this.running) return;
    const { firstBackoffMs, longestBackoffMs } = { ...defaults, ...this.options };
    const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(this.attempts - 1, 16));
    const jitterMs = backoffMs * (this.options.random ?? Math.random)();
    this.timer = setTimeout(() => {
      this.connect();
    }, backoffMs + jitterMs);
  }

  private closeStream(): void {
    const stream = this.stream;
    this.stream = undefined;
    this.welcomed = false;
    this.statistics.connected = false;
    clearTimeout(this.answerTimer);
    stream?.cancel();
  }

  private expectAnswer(): void {
    clearTimeout(this.answerTimer);
    const stream = this.stream;
    const timeoutMs = this.options.answerTimeoutMs ?? defaults.answerTimeoutMs;
    this.answerTimer = setTimeout(() => {
      if (stream !== undefined) this.lose(stream, `no answer within ${timeoutMs / 1000} s`);
    }, timeoutMs);
  }

  private take(response: ReportResponse): void {
    if (response.welcome != null) this.takeWelcome(response.welcome.nodes?.[0]?.sealedThrough ?? 0);
    else if (response.acknowledgement != null) {
      this.takeAcknowledgement(Number(response.acknowledgement.throughSequence ?? 0));
    } else if (response.rejection != null) this.takeRejection(response.rejection);
  }

  private takeWelcome(sealedThrough: number): void {
    if (this.attempts > 1) this.options.onNotice('connected to the hub again');
    this.attempts = 0;
    this.welcomed = true;
    this.statistics.connected = true;
    this.options.buffer.releaseThrough(sealedThrough);
    this.options.onSealedThrough(sealedThrough);
    clearTimeout(this.answerTimer);
    this.sendWaiting();
    this.checkDrained();
  }

  private takeAcknowledgement(throughSequence: number): void {
    while ((this.inFlight[0]?.sequence ?? Infinity) <= throughSequence) {
      const batch = this.inFlight.shift();
      if (batch === undefined) break;
      this.statistics.secondsAcknowledged += batch.seconds;
      this.options.buffer.releaseThrough(batch.through);
    }
    if (this.inFlight.length === 0) clearTimeout(this.answerTimer);
    else this.expectAnswer();
    this.sendWaiting();
    this.checkDrained();
  }

  private takeRejection(rejection: NonNullable<ReportResponse['rejection']>): void {
    const reason = String(rejection.reason ?? 'REJECTION_REASON_UNSPECIFIED');
    this.statistics.rejections[reason] = (this.statistics.rejections[reason] ?? 0) + 1;
    this.options.onNotice(
      `the hub refused batch ${String(rejection.sequence)}: ${rejection.message ?? reason}`,
    );
  }

  private checkDrained(): void {
    if (this.options.buffer.depth === 0) this.drained?.();
  }

  private sendWaiting(): void {
    while (this.stream !== undefined && this.inFlight.length < limits.batchesInFlight) {
      const seconds = takeBatch(this.options.buffer.after(this.sentThrough));
      const last = seconds.at(-1);
      if (last === undefined) return;
      const batch = this.encoder.encode(seconds, this.options.spec());
      this.sequence++;
      this.sentThrough = last.second;
      if (this.inFlight.length === 0) this.expectAnswer();
      this.inFlight.push({ sequence: this.sequence, through: last.second, seconds: seconds.length });
      this.statistics.batchesSent++;
      this.statistics.secondsSent += seconds.length;
      this.statistics.bytesSent += columnBytes(batch);
      this.stream.write({ batch: { sequence: this.sequence, nodes: [batch] } });
    }
  }
}

/** As many waiting seconds as fit into one batch; all of the same source. */
function takeBatch(waiting: readonly SealedSecond[]): SealedSecond[] {
  const taken: SealedSecond[] = [];
  let rows = 0;
  for (const second of waiting) {
    rows += second.identities.length;
    const isOther = second.source !== (waiting[0]?.source ?? second.source);
    const isFull = taken.length >= limits.secondsPerBatch || (taken.length > 0 && rows > limits.rowsPerBatch);
    if (isOther || isFull) break;
    taken.push(second);
  }
  return taken;
}

function columnBytes(batch: object): number {
  return Object.values(batch).reduce<number>(
    (sum, value) => sum + (Buffer.isBuffer(value) ? value.length : 0),
    0,
  );
}
