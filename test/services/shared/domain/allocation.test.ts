import {
  chargeNetwork,
  divide,
  multiplyDivide,
  NodeSecondAllocator,
  ShareScratch,
  splitByResource,
  toPriceCurve,
} from '@kubehero/domain';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

interface Division {
  readonly amount: number;
  readonly capacity: number;
  readonly weights: number[];
}

const divisions: fc.Arbitrary<Division> = fc.record({
  amount: fc.integer({ min: 0, max: 4e13 }),
  capacity: fc.oneof(
    fc.integer({ min: 0, max: 100 }),
    fc.maxSafeInteger().map((n) => Math.abs(n) % 4e15),
  ),
  weights: fc.array(
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1e13 })),
    { maxLength: 120 },
  ),
});

/** Largest remainder in arbitrary precision: slow and obviously right. */
function oracle({ amount, capacity, weights }: Division): bigint[] {
  const sum = weights.reduce((total, weight) => total + BigInt(weight), 0n);
  const divisor = sum > BigInt(capacity) ? sum : BigInt(capacity);
  if (divisor === 0n) return [...weights.map(() => 0n), BigInt(amount)];
  const all = [...weights.map(BigInt), divisor - sum];
  const shares = all.map((weight) => (BigInt(amount) * weight) / divisor);
  const order = all
    .map((weight, index) => ({ remainder: (BigInt(amount) * weight) % divisor, index }))
    .sort((a, b) => (b.remainder > a.remainder ? 1 : b.remainder < a.remainder ? -1 : a.index - b.index));
  const left = Number(BigInt(amount) - shares.reduce((total, share) => total + share, 0n));
  for (const { index } of order.slice(0, left)) shares[index] = (shares[index] ?? 0n) + 1n;
  return shares;
}

describe('the division of an amount', () => {
  it('equals largest remainder in arbitrary precision, share by share', () => {
    const scratch = new ShareScratch();
    fc.assert(
      fc.property(divisions, (division) => {
        const shares = new Float64Array(division.weights.length);
        const idle = divide(
          { ...division, weights: Float64Array.from(division.weights), count: shares.length },
          shares,
          scratch,
        );
        expect([...shares, idle].map(BigInt)).toEqual(oracle(division));
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact for products far beyond 2^53', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.maxSafeInteger(),
        fc.integer({ min: 1, max: 2 ** 31 }),
        (a, b, d) => {
          const [x, y] = [Math.abs(a) % 4e13, Math.abs(b) % 4e12];
          fc.pre((BigInt(x) * BigInt(y)) / BigInt(d * 1000) < 2n ** 53n);
          expect(BigInt(multiplyDivide(x, y, d * 1000))).toBe((BigInt(x) * BigInt(y)) / BigInt(d * 1000));
        },
      ),
    );
  });
});

describe('a node-second', () => {
  it('is worth what its containers and idle are worth', () => {
    const allocator = new NodeSecondAllocator();
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 100_000n * 10n ** 12n }),
        fc.record({
          cpuMillicores: fc.integer({ min: 0, max: 512_000 }),
          memoryBytes: fc.integer({ min: 0, max: 2 ** 43 }),
          gpus: fc.integer({ min: 0, max: 16 }),
        }),
        fc.array(fc.tuple(fc.nat(4_000_000), fc.nat(64_000), fc.nat(2 ** 38), fc.nat(2 ** 38), fc.nat(8)), {
          maxLength: 200,
        }),
        (perHour, capacity, rows) => {
          const curve = toPriceCurve(perHour);
          const parts = splitByResource(curve, capacity, {
            perCoreHour: 31_611,
            perGibHour: 4237,
            perGpuHour: 950_000,
          });
          const column = (index: number): Float64Array => Float64Array.from(rows, (row) => row[index] ?? 0);
          allocator.allocate(
            { curve, parts, capacity },
            {
              count: rows.length,
              cpuUs: column(0),
              cpuRequestMillicores: column(1),
              memoryBytes: column(2),
              memoryRequestBytes: column(3),
              gpuRequest: column(4),
            },
          );
          let sum = allocator.idleCpu + allocator.idleRam + allocator.idleGpu;
          for (let i = 0; i < rows.length; i += 1) {
            sum += (allocator.cpuCost[i] ?? 0) + (allocator.ramCost[i] ?? 0) + (allocator.gpuCost[i] ?? 0);
          }
          expect(sum).toBe(curve.base);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('costs a container the greater of its request and its usage', () => {
    const curve = toPriceCurve(3600n * 1000n);
    const capacity = { cpuMillicores: 1000, memoryBytes: 0, gpus: 0 };
    const parts = splitByResource(curve, capacity, { perCoreHour: 1, perGibHour: 1, perGpuHour: 1 });
    const allocator = new NodeSecondAllocator();
    const none = Float64Array.of(0, 0);

    allocator.allocate(
      { curve, parts, capacity },
      {
        count: 2,
        cpuUs: Float64Array.of(100_000, 300_000),
        cpuRequestMillicores: Float64Array.of(200, 100),
        memoryBytes: none,
        memoryRequestBytes: none,
        gpuRequest: none,
      },
    );

    expect([allocator.cpuCost[0], allocator.cpuCost[1], allocator.idleCpu]).toEqual([200, 300, 500]);
  });
});

describe('network', () => {
  it('is charged by class and GiB, floored class by class', () => {
    const rates = {
      crossZoneSent: 10_000_000_000,
      crossZoneReceived: 10_000_000_000,
      internetSent: 90_000_000_000,
    };

    expect(
      chargeNetwork({ crossZoneSent: 2 ** 30, crossZoneReceived: 2 ** 29, internetSent: 2 ** 31 }, rates),
    ).toBe(195_000_000_000);
    expect(chargeNetwork({ crossZoneSent: 0, crossZoneReceived: 0, internetSent: 1 }, rates)).toBe(83);
  });
});
