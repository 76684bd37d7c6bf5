import { parseArgs } from 'node:util';
import { proveRefreshCrashSafety } from './refresh-crash-proof.js';

/** The long proof: `node dist/js/test/faults/refresh-crash.js [--kills 50] [--seed 1]`. Exits 1 where something is wrong. */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
const proof = await proveRefreshCrashSafety(
  { kills: Number(values.kills), seed: Number(values.seed) },
  (line) => process.stderr.write(`${line}\n`),
);
process.stdout.write(`${JSON.stringify({ proof: 'refresh-crash', ...proof })}\n`);
process.exitCode = proof.faults.length === 0 && proof.died > proof.kills / 3 ? 0 : 1;
