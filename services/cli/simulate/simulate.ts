import { UserError, type Logger } from '@kubehero/runtime';
import { ClusterFleet } from './cluster/cluster-fleet.js';
import { makeClusterMessages } from './cluster/cluster-messages.js';
import { openClusterMirror } from './cluster/cluster-mirror.js';
import { Fleet } from './fleet.js';
import { TelemetryGenerator } from './generator.js';
import { openHubAccess, type HubAccess } from './hub-access.js';
import { makeMessages } from './messages.js';
import { resolveStart, type SimulateSettings } from './options.js';
import { costOfNode, toPicodollars } from './price.js';
import type { PendingMessage } from './send-queue.js';
import type { TelemetrySource } from './telemetry-source.js';
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

interface Run {
  readonly settings: SimulateSettings;
  readonly context: SimulateContext;
  readonly access: HubAccess;
  readonly startS: number;
}

interface Emitted {
  readonly nodes: number;
  readonly nodeSeconds: bigint;
  readonly podSeconds: bigint;
  readonly costPicodollars: bigint;
}

/**
 * Sends the telemetry of an invented fleet, or of a real cluster's nodes and pods, through the collectors' own
 * protocol and waits until it is durable.
 *
 * @throws UserError `NOT_ACKNOWLEDGED` or `REFUSED`, and what finding the hub or the cluster throws
 */
export async function simulate(settings: SimulateSettings, context: SimulateContext): Promise<Simulation> {
  const access = context.access ?? (await openHubAccess(settings, context));
  try {
    return settings.kubeconfig === undefined
      ? await simulateInvented({ settings, context, access, startS: resolveStart(settings, context.now()) })
      : await simulateCluster({ settings, context, access }, settings.kubeconfig);
  } finally {
    await access.close();
  }
}

async function simulateInvented(run: Run): Promise<Simulation> {
  const { settings, context, access, startS } = run;
  const fleet = new Fleet({
    nodes: settings.nodes,
    podsPerNode: settings.podsPerNode,
    seed: settings.seed,
    cluster: access.cluster,
    nodePricePerHour: settings.nodePrice,
    startS,
  });
  const { realtime } = settings;
  const plan = { ...settings, startS, secondsPerMessage: realtime ? 1 : SECONDS_PER_MESSAGE };
  const pace = { realtime, signal: context.signal, now: context.now };
  const generator = new TelemetryGenerator(fleet, { network: settings.network });
  const sent = await send(run, fleet, makeMessages(generator, plan, pace));
  const nodes = BigInt(settings.nodes);
  const nodeSeconds = nodes * BigInt(settings.seconds);
  const price = toPicodollars(settings.nodePrice);
  const costPicodollars = nodes * costOfNode(price, startS, startS + settings.seconds);
  const podSeconds = nodeSeconds * BigInt(settings.podsPerNode);
  return toSimulation(run, sent, { nodes: settings.nodes, nodeSeconds, podSeconds, costPicodollars });
}

async function simulateCluster(parts: Omit<Run, 'startS'>, file: string): Promise<Simulation> {
  const { settings, context } = parts;
  const mirror = await openClusterMirror({ file, context: settings.context }, context);
  try {
    const run: Run = { ...parts, startS: Math.floor(context.now() / 1000) };
    const fleet = new ClusterFleet({ startS: run.startS, pricePerHour: settings.nodePrice });
    const totals = { nodeSeconds: 0, podSeconds: 0, costPicodollars: 0n };
    const span = { startS: run.startS, seconds: settings.seconds, signal: context.signal, now: context.now };
    const sent = await send(run, fleet, makeClusterMessages({ fleet, mirror }, span, totals));
    return toSimulation(run, sent, {
      nodes: fleet.nodeCount,
      nodeSeconds: BigInt(totals.nodeSeconds),
      podSeconds: BigInt(totals.podSeconds),
      costPicodollars: totals.costPicodollars,
    });
  } finally {
    await mirror.stop();
  }
}

function send(
  run: Run,
  nodes: TelemetrySource,
  messages: AsyncIterator<PendingMessage>,
): Promise<SendResult> {
  const sender = new TelemetrySender({
    nodes,
    connect: run.access.connect,
    logger: run.context.logger,
    emitter: EMITTER,
    giveUpAfterMs: run.settings.giveUpAfterS * 1000,
  });
  return sender.sendAll(messages, run.context.signal);
}

function toSimulation(run: Run, sent: SendResult, emitted: Emitted): Simulation {
  return {
    sent,
    result: {
      cluster: run.access.cluster,
      from: toInstant(run.startS),
      to: toInstant(run.startS + run.settings.seconds),
      nodes: emitted.nodes,
      nodeSeconds: toJsonInteger(emitted.nodeSeconds),
      podSeconds: toJsonInteger(emitted.podSeconds),
      costPicodollars: toJsonInteger(emitted.costPicodollars),
      acknowledgedSeconds: toJsonInteger(BigInt(sent.acknowledgedSeconds)),
    },
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
