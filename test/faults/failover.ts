import { parseArgs } from 'node:util';
import { proveFailover } from './failover-proof.js';

/** The long proof: `node dist/js/test/faults/failover.js [--kill 20] [--stop 20] [--postgres 20] [--clickhouse 20]`. */
const { values } = parseArgs({
  options: {
    kill: { type: 'string', default: '20' },
    stop: { type: 'string', default: '20' },
    postgres: { type: 'string', default: '20' },
    clickhouse: { type: 'string', default: '20' },
    'stop-seconds': { type: 'string', default: '60' },
  },
});
const rounds = await proveFailover(
  {
    rounds: {
      kill: Number(values.kill),
      stop: Number(values.stop),
      postgres: Number(values.postgres),
      clickhouse: Number(values.clickhouse),
    },
    stopMs: Number(values['stop-seconds']) * 1000,
    nodes: 50,
    podsPerNode: 30,
    seconds: 600,
  },
  (line) => process.stderr.write(`${line}\n`),
);
const equal = rounds.every((round) => round.equal);
const longest = Math.max(...rounds.map(({ takeoverMs }) => takeoverMs));
process.stdout.write(
  `${JSON.stringify({ proof: 'failover', equal, rounds: rounds.length, longestTakeoverMs: longest })}\n`,
);
process.exitCode = equal && longest <= 15_000 ? 0 : 1;
