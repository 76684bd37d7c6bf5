import { parseArgs } from 'node:util';
import { proveBudgetCrashSafety } from './budget-crash-proof.js';

/** The long proof: `node dist/js/test/faults/budget-crash.js [--kills 300] [--seed 1]`. Exits 1 where something is wrong. */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '300' }, seed: { type: 'string', default: '1' } },
});
const proof = await proveBudgetCrashSafety(
  { kills: Number(values.kills), seed: Number(values.seed), killsPerCheck: 20 },
  (line) => process.stderr.write(`${line}\n`),
);
process.stdout.write(`${JSON.stringify(proof, null, 2)}\n`);
process.exitCode = proof.faults.length === 0 && proof.records <= proof.writes ? 0 : 1;
