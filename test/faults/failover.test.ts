import { describe, expect, it } from '@jest/globals';
import { proveFailover } from './failover-proof.js';

describe('two control planes over one PostgreSQL and one ClickHouse', () => {
  it('take over within 15 s of kill, stop or a restart of a store, and store every second once', async () => {
    const rounds = await proveFailover(
      {
        ...{ rounds: { kill: 1, postgres: 1, clickhouse: 1, stop: 1 }, stopMs: 15_000 },
        ...{ nodes: 20, podsPerNode: 20, seconds: 300 },
      },
      () => undefined,
    );

    expect(rounds.map(({ fault, stored }) => [fault, stored])).toEqual(
      rounds.map(({ emitted }, at) => [
        ['kill', 'postgres', 'clickhouse', 'stop'][at],
        `${emitted} ${emitted}`,
      ]),
    );
    expect(rounds).toHaveLength(4);
    expect(Math.max(...rounds.map(({ takeoverMs }) => takeoverMs))).toBeLessThanOrEqual(15_000);
  }, 240_000);
});
