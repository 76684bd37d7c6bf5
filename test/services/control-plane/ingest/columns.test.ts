import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SealedSecond } from '../../../../services/collector/buffer/sealed-second.js';
import type { ContainerIdentity } from '../../../../services/collector/pods/container-identity.js';
import { StreamEncoder } from '../../../../services/collector/uplink/stream-encoder.js';
import { BatchColumns, DEFAULT_LIMITS } from '../../../../services/control-plane/ingest/columns.js';
import { RejectedError } from '../../../../services/control-plane/ingest/rejection.js';
import type { WireNodeBatch } from '../../../../services/control-plane/ingest/wire.js';

const POOL = Array.from({ length: 12 }, (_, at): ContainerIdentity => {
  const name = `p${at}`;
  return {
    ...{ kind: 'container', podUid: name, namespace: 'ns', pod: name, container: 'c', labels: {} },
    ...{ workloadKind: 'Deployment', workload: 'web', cpuRequestMillicores: 0, memoryRequestBytes: 0 },
    ...{ gpuRequest: 0, cpuLimitMillicores: 0, memoryLimitBytes: 0 },
  } as unknown as ContainerIdentity;
});
const SPEC = {} as Parameters<StreamEncoder['encode']>[1];

interface Row {
  readonly identity: number;
  readonly cpuUs: number;
  readonly memoryBytes: number;
  readonly traffic: readonly { readonly networkClass: number; readonly tx: number; readonly rx: number }[];
}

const below = (max: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(0, 1, max - 1),
    fc.maxSafeInteger().map((value) => Math.abs(value) % max),
  );
const ROW: fc.Arbitrary<Row> = fc.record({
  identity: fc.integer({ min: 0, max: POOL.length - 1 }),
  cpuUs: below(2 ** 32),
  memoryBytes: below(2 ** 53),
  traffic: fc.uniqueArray(
    fc.record({ networkClass: fc.integer({ min: 0, max: 4 }), tx: below(2 ** 46), rx: below(2 ** 46) }),
    { selector: ({ networkClass }) => networkClass, maxLength: 5 },
  ),
});
const ROWS = fc.uniqueArray(ROW, { selector: ({ identity }) => identity, maxLength: POOL.length });
/** Batches of rising seconds, as one stream sends them. */
const STREAM = fc.array(fc.array(ROWS, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });

function toSecond(rows: readonly Row[], second: number): SealedSecond {
  return {
    second,
    source: 'BPF',
    identities: rows.map(({ identity }) => POOL[identity] as ContainerIdentity),
    cpuUs: Uint32Array.from(rows, ({ cpuUs }) => cpuUs),
    memoryBytes: Float64Array.from(rows, ({ memoryBytes }) => memoryBytes),
    network: rows.flatMap(({ traffic }, row) =>
      traffic.map(({ networkClass, tx, rx }) => ({ row, networkClass, txBytes: tx, rxBytes: rx })),
    ),
  };
}

/** Rows of each second as the control plane reads them, by the identity's name. */
function read(columns: BatchColumns, names: readonly string[]): Record<string, unknown>[] {
  let row = 0;
  let entry = 0;
  return Array.from({ length: columns.seconds }, (_, at) => {
    const rows: Record<string, unknown> = {};
    for (const end = row + (columns.rowCount[at] ?? 0); row < end; row += 1) {
      const traffic: unknown[] = [];
      for (; entry < columns.networkEntries && columns.netRow[entry] === row; entry += 1) {
        traffic.push([columns.netClass[entry], columns.netTx(entry), columns.netRx(entry)]);
      }
      const name = names[columns.identity[row] ?? 0] ?? 'unknown';
      rows[name] = [columns.cpuUs[row], columns.memoryBytes(row), traffic];
    }
    return { second: columns.second[at], rows };
  });
}

function expected(rows: readonly Row[], second: number): Record<string, unknown> {
  const entries = rows.map(({ identity, cpuUs, memoryBytes, traffic }) => {
    const byClass = [...traffic].sort((a, b) => a.networkClass - b.networkClass);
    const network = byClass.map(({ networkClass, tx, rx }) => [networkClass, tx, rx]);
    return [POOL[identity]?.pod, [cpuUs, memoryBytes, network]] as const;
  });
  return { second, rows: Object.fromEntries(entries) };
}

function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (error instanceof RejectedError) return error.code;
    throw error;
  }
  return undefined;
}

describe('the columns of telemetry', () => {
  it('say to the control plane what the collector sealed, batch after batch of a stream', () => {
    const columns = new BatchColumns();
    fc.assert(
      fc.property(STREAM, (batches) => {
        const encoder = new StreamEncoder(0);
        const dictionary: string[] = [];
        let second = 1_790_000_000;
        for (const batch of batches) {
          const first = second;
          const sealed = batch.map((rows) => toSecond(rows, second++));
          const message = encoder.encode(sealed, SPEC);
          if (message.resetDictionary) dictionary.length = 0;
          dictionary.push(...message.identities.map(({ pod }) => pod));
          columns.load(message as unknown as WireNodeBatch, DEFAULT_LIMITS);
          const wanted = batch.map((rows, at) => expected(rows, first + at));
          expect(read(columns, dictionary)).toEqual(wanted);
        }
      }),
    );
  });

  it('of any other shape are refused with a reason, and nothing else happens', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    const names = [
      'second',
      'rowCount',
      'identity',
      'cpuUs',
      'memoryBytes',
      'netRow',
      'netClass',
      'netTxBytes',
      'netRxBytes',
    ];
    const message = fc.record(Object.fromEntries(names.map((name) => [name, bytes])));
    const columns = new BatchColumns();
    fc.assert(
      fc.property(message, (batch) => {
        try {
          columns.load(batch as unknown as WireNodeBatch, DEFAULT_LIMITS);
        } catch (error) {
          expect(error).toBeInstanceOf(RejectedError);
          return;
        }
        const { seconds, rowCount, rows } = columns;
        expect(rowCount.subarray(0, seconds).reduce((sum, count) => sum + count, 0)).toBe(rows);
      }),
      { numRuns: 2000 },
    );
  });

  it('of more seconds or rows than are taken at once are refused as oversized', () => {
    const columns = new BatchColumns();
    const rows = (count: number): SealedSecond =>
      toSecond(
        Array.from({ length: count }, (_, identity) => ({ identity, cpuUs: 1, memoryBytes: 1, traffic: [] })),
        9,
      );
    const batch = new StreamEncoder(0).encode([rows(3)], SPEC) as unknown as WireNodeBatch;
    for (const limits of [
      { maxSeconds: 0, maxRows: 3 },
      { maxSeconds: 1, maxRows: 2 },
    ]) {
      expect(codeOf(() => columns.load(batch, limits))).toBe('OVERSIZED');
    }
    columns.load(batch, { maxSeconds: 1, maxRows: 3 });
    expect(columns.rows).toBe(3);
  });
});
