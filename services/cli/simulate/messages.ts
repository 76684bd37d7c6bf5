import { sleep } from '@kubehero/runtime';
import type { TelemetryGenerator } from './generator.js';
import { planMessages, type PlannedMessage, type PlanOptions } from './plan.js';
import type { PendingMessage } from './send-queue.js';

/** When messages may leave. */
export interface PaceOptions {
  /** Each second leaves when it has passed on the clock, not before. */
  readonly realtime: boolean;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. @default - the system's clock */
  readonly now?: () => number;
}

function generate(generator: TelemetryGenerator, planned: PlannedMessage): PendingMessage {
  const columns = planned.parts.map((part) => generator.columns(part.node, part.seconds));
  return {
    pass: planned.pass,
    columns,
    nodeSeconds: columns.reduce((sum, part) => sum + part.seconds.length, 0),
    rows: columns.reduce((sum, part) => sum + Math.max(part.rows, part.seconds.length), 0),
    sequence: 0,
  };
}

function lastSecondOf(planned: PlannedMessage): number {
  return planned.parts.reduce((latest, part) => Math.max(latest, part.seconds.at(-1) ?? 0), 0);
}

/** Makes the planned messages one after another, each when it is asked for and its seconds have passed. */
export async function* makeMessages(
  generator: TelemetryGenerator,
  plan: PlanOptions,
  pace: PaceOptions,
): AsyncGenerator<PendingMessage, undefined> {
  const now = pace.now ?? Date.now;
  for (const planned of planMessages(plan)) {
    if (pace.realtime) {
      const waitMs = (lastSecondOf(planned) + 1) * 1000 - now();
      if (waitMs > 0) await sleep(waitMs, pace.signal);
    }
    pace.signal.throwIfAborted();
    yield generate(generator, planned);
  }
  return undefined;
}
