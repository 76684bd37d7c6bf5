import { Fleet } from '../../../../services/cli/simulate/fleet.js';
import {
  encodeReport,
  TelemetryGenerator,
  toNodeBatch,
} from '../../../../services/cli/simulate/generator.js';

// Prints how many pod-seconds are made and encoded in a second of CPU time; run by generator.test.ts.
const NODES = 100;
const START_S = 1_800_000_000;
const MEASURED_MS = 1_000;

const fleet = new Fleet({
  nodes: NODES,
  podsPerNode: 30,
  seed: 7,
  cluster: 'local',
  nodePricePerHour: '0.40',
  startS: START_S,
});
const generator = new TelemetryGenerator(fleet);
const seconds = Array.from({ length: 10 }, (_, index) => START_S + index);

function makeMessage(): number {
  const columns = Array.from({ length: NODES }, (_, node) => generator.columns(node, seconds));
  encodeReport({ batch: { sequence: 1, nodes: columns.map((part) => toNodeBatch(fleet, part, false)) } });
  return columns.reduce((sum, part) => sum + part.rows, 0);
}

for (let warmUp = 0; warmUp < 5; warmUp += 1) makeMessage();
const startedAt = performance.now();
const cpu = process.cpuUsage();
let rows = 0;
while (performance.now() - startedAt < MEASURED_MS) rows += makeMessage();
const used = process.cpuUsage(cpu);
process.stdout.write(String(Math.round(rows / ((used.user + used.system) / 1e6))));
