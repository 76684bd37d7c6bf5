import { UserError, type Logger } from '@kubehero/runtime';
import { Fleet } from './fleet.js';
import { TelemetryGenerator } from './generator.js';
import { openHubAccess, type HubAccess } from './hub-access.js';
import { makeMessages } from './messages.js';
import { resolveStart, type SimulateSettings } from './options.js';
import { costOfNode, toPicodollars } from './price.js';
import { TelemetrySender, type SendResult } from './telemetry-sender.js';

/** What a simulation emitted and what of it is durable; the JSON of `kubehero simulate`. */
export interface SimulationResult {
  readonly cluster: string;
  /** RFC 3339; from is in, to is not. */
  readonly from: string;
  readonly to: string;
  readonly nodes: number;
  readonly nodeSeconds: number | string;
  readonly podSeconds: number | string;
  /** What the nodes cost, worked out by the simulator alone. */
  readonly costPicodollars: number | string;
  /** Node-seconds that the control plane acknowledged and did not refuse. */
  readonly acknowledgedSeconds: number | string;
}

/** A finished simulation. */
export interface Simulation {
  readonly result: SimulationResult;
  readonly sent: SendResult;
}

/** What {@link simulate} needs of its surroundings. */
export interface SimulateContext {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** @default - by the settings */
  readonly access?: HubAccess;
}

const EMITTER = 'kubehero-simulate/0.1.0';
const SECONDS_PER_MESSAGE = 10;

/** An integer as JSON can hold it exactly: digits above 2^53. */
function toJsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

function toInstant(second: number): string {
  return new Date(second * 1000).toISOString().replace('.000Z', 'Z');
}

/**
 * Sends the telemetry of an invented fleet through the collectors' own protocol and waits until it is durable.
 *
 * @throws UserError `NOT_ACKNOWLEDGED` or `REFUSED`, and what finding the hub throws
 */
export async function simulate(settings: SimulateSettings, context: SimulateContext): Promise<Simulation> {
  const startS = resolveStart(settings, context.now());
  const access = context.access ?? (await openHubAccess(settings, context));
  try {
    const fleet = new Fleet({
      nodes: settings.nodes,
      podsPerNode: settings.podsPerNode,
      seed: settings.seed,
      cluster: access.cluster,
      nodePricePerHour: settings.nodePrice,
      startS,
    });
    const sender = new TelemetrySender({
      fleet,
      connect: access.connect,
      logger: context.logger,
      emitter: EMITTER,
      giveUpAfterMs: settings.giveUpAfterS * 1000,
    });
    const { realtime } = settings;
    const plan = { ...settings, startS, secondsPerMessage: realtime ? 1 : SECONDS_PER_MESSAGE };
    const pace = { realtime, signal: context.signal, now: context.now };
    const generator = new TelemetryGenerator(fleet, { network: settings.network });
    const sent = await sender.sendAll(makeMessages(generator, plan, pace), context.signal);
    return { result: toResult(settings, { startS, cluster: access.cluster, sent }), sent };
  } finally {
    await access.close();
  }
}

function toResult(
  settings: SimulateSettings,
  run: { readonly startS: number; readonly cluster: string; readonly sent: SendResult },
): SimulationResult {
  const endS = run.startS + settings.seconds;
  const nodes = BigInt(settings.nodes);
  const nodeSeconds = nodes * BigInt(settings.seconds);
  const cost = nodes * costOfNode(toPicodollars(settings.nodePrice), run.startS, endS);
  return {
    cluster: run.cluster,
    from: toInstant(run.startS),
    to: toInstant(endS),
    nodes: settings.nodes,
    nodeSeconds: toJsonInteger(nodeSeconds),
    podSeconds: toJsonInteger(nodeSeconds * BigInt(settings.podsPerNode)),
    costPicodollars: toJsonInteger(cost),
    acknowledgedSeconds: toJsonInteger(BigInt(run.sent.acknowledgedSeconds)),
  };
}

/** Tells in one sentence what the control plane refused. @throws UserError `REJECTED` where it refused anything */
export function checkRejections(sent: SendResult): void {
  if (sent.rejected.size === 0) return;
  const counts = [...sent.rejected].map(([reason, count]) => `${count} × ${reason}`).join(', ');
  throw new UserError(
    'REJECTED',
    `the control plane refused parts of the telemetry (${counts}), for example: ${sent.rejectionExample ?? ''}`,
  );
}
