import { parseArgs } from 'node:util';
import { proveCrashSafety } from './crash-proof.js';

/** The long proof: `node dist/js/test/faults/crash.js [--kills 20] [--seed 1]`. */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const proof = await proveCrashSafety(
  { kills: Number(values.kills), seed: Number(values.seed), nodes: 100, podsPerNode: 30, seconds: 600 },
  (line) => process.stderr.write(`${line}\n`),
);
const equal = Object.values(proof.stored).every((cost) => cost === proof.emitted);
process.stdout.write(`${JSON.stringify({ proof: 'crash', equal, ...proof }, undefined, 2)}\n`);
process.exitCode = equal ? 0 : 1;
