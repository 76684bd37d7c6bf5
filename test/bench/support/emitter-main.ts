import { Fleet, TelemetryGenerator } from '@kubehero/cli';
import { fixedTls, RpcChannel, telemetry, type TlsMaterial } from '@kubehero/rpc';
import { readFile } from 'node:fs/promises';

/**
 * Sends a fleet's seconds as fast as they are acknowledged, from a process of its own. Columns are made before, and
 * moved on in time. Argument: file with an {@link EmitterTask}; prints `begins`, then the result as JSON.
 */
interface EmitterTask {
  readonly target: string;
  readonly tls: TlsMaterial;
  readonly nodes: number;
  readonly pods: number;
  readonly startS: number;
  /** How long to send. */
  readonly seconds: number;
}

const SECONDS_PER_MESSAGE = 10;
const NODES_PER_MESSAGE = 10;
const SETS = 2;
const MESSAGES_IN_FLIGHT = 200;

const task = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as EmitterTask;
const fleet = new Fleet({
  nodes: task.nodes,
  podsPerNode: task.pods,
  seed: 1,
  cluster: 'bench',
  nodePricePerHour: '0.4',
  startS: task.startS,
});
const generator = new TelemetryGenerator(fleet);
type Columns = ReturnType<typeof generator.columns>;
const span = (first: number): number[] => Array.from({ length: SECONDS_PER_MESSAGE }, (_, i) => first + i);
const sets: Columns[][] = Array.from({ length: SETS }, (_, set) =>
  Array.from({ length: task.nodes }, (_unused, node) =>
    generator.columns(node, span(task.startS + set * SECONDS_PER_MESSAGE)),
  ),
);

const channel = new RpcChannel({ target: task.target, tls: fixedTls(task.tls) });
const stream = channel.client(telemetry.TelemetryService).Report();
let acknowledged = 0;
let onAnswer = (): void => undefined;
const reading = read();

async function read(): Promise<void> {
  for await (const response of stream.responses) {
    if (response.rejection !== undefined) throw new Error(response.rejection.message);
    if (response.acknowledgement !== undefined)
      acknowledged = Number(response.acknowledgement.throughSequence);
    onAnswer();
  }
}

async function until(sequence: number): Promise<void> {
  while (acknowledged < sequence) await new Promise<void>((resolve) => (onAnswer = resolve));
}

let sequence = 0;
let bytes = 0;

/** One span of seconds of the whole fleet. */
async function sendSpan(set: readonly Columns[], first: number, introduce: boolean): Promise<void> {
  const second = new Uint8Array(Uint32Array.from(span(first)).buffer);
  for (let from = 0; from < set.length; from += NODES_PER_MESSAGE) {
    const nodes = set.slice(from, from + NODES_PER_MESSAGE).map((columns): telemetry.NodeBatchInput => {
      const { node, rowCount, identity, cpuUs, memoryBytes } = columns;
      bytes += second.length + rowCount.length + identity.length + cpuUs.length + memoryBytes.length + 32;
      return {
        node,
        second,
        rowCount,
        identity,
        cpuUs,
        memoryBytes,
        source: 'SOURCE_SIMULATED',
        ...(introduce
          ? { spec: fleet.nodeSpec(node), resetDictionary: true, identities: fleet.identities(node) }
          : {}),
      };
    });
    sequence += 1;
    await stream.send({ batch: { sequence, nodes } });
    await until(sequence - MESSAGES_IN_FLIGHT);
  }
}

await stream.send({ hello: { emitter: 'bench/1', nodes: fleet.introductions() } });
await sendSpan(sets[0] ?? [], task.startS, true);
await until(sequence);

process.stdout.write('begins\n');
bytes = 0;
const cpu = process.cpuUsage();
const started = performance.now();
let spans = 0;
while (performance.now() - started < task.seconds * 1000) {
  spans += 1;
  await sendSpan(sets[spans % SETS] ?? [], task.startS + spans * SECONDS_PER_MESSAGE, false);
}
await until(sequence);
const used = process.cpuUsage(cpu);
const seconds = (performance.now() - started) / 1000;
stream.end();
await reading;
channel.close();
const podSeconds = spans * task.nodes * task.pods * SECONDS_PER_MESSAGE;
process.stdout.write(
  `${JSON.stringify({ podSeconds, seconds, bytes, cpuSeconds: (used.user + used.system) / 1e6 })}\n`,
);
