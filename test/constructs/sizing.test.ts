import { describe, expect, it } from '@jest/globals';
import { describeSizing, type SizedComponent, sizeFor } from '@kubehero/constructs';
import fc from 'fast-check';

const gibibytes = (text: string | undefined): number => {
  const match = /^(\d+)(Mi|Gi|Ti)$/.exec(text ?? '');
  return Number(match?.[1]) * { Mi: 1 / 1024, Gi: 1, Ti: 1024 }[(match?.[2] ?? 'Gi') as 'Mi' | 'Gi' | 'Ti'];
};

describe('the size of an installation', () => {
  it('equals the reference table at 1,000 nodes', () => {
    const { shards, components } = sizeFor({ nodes: 1000 });
    const row = (key: SizedComponent): string => {
      const { replicas, resources, disk } = components[key];
      return `${replicas}× ${resources.cpu} / ${resources.memory}${disk ? ` / ${disk}` : ''}`;
    };
    expect({
      shards,
      ...Object.fromEntries((Object.keys(components) as SizedComponent[]).map((key) => [key, row(key)])),
    }).toMatchObject({
      shards: 3,
      controlPlane: '2× 2 / 2Gi',
      collector: '1000× 100m / 50Mi',
      pricing: '1× 500m / 1Gi',
      dashboard: '2× 500m / 1Gi',
      postgres: '3× 4 / 16Gi / 200Gi',
      clickhouse: '2× 8 / 32Gi / 2Ti',
      valkey: '3× 500m / 1Gi',
      dex: '2× 200m / 256Mi',
    });
    expect(components.operator.resources).toMatchObject({ cpu: '500m', memory: '512Mi' });
  });

  it('never shrinks when nodes are added, and shards keep each server at the reference load', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 19_999 }), (nodes) => {
        const [less, more] = [sizeFor({ nodes }), sizeFor({ nodes: nodes + 1 })];
        expect(more.shards).toBeGreaterThanOrEqual(less.shards);
        expect(nodes / less.shards).toBeLessThanOrEqual(1000 / 3 + 1e-9);
        for (const key of ['controlPlane', 'postgres', 'valkey', 'operator', 'dashboard', 'dex'] as const) {
          expect(gibibytes(more.components[key].resources.memory)).toBeGreaterThanOrEqual(
            gibibytes(less.components[key].resources.memory),
          );
        }
      }),
    );
  });

  it('gives ClickHouse room for every row of the hot days, twice over', () => {
    for (const [nodes, hotDays] of [
      [50, 90],
      [1000, 30],
      [5000, 90],
      [1000, 365],
    ] as const) {
      const { shards, components } = sizeFor({ nodes, hotDays });
      const bytes = (nodes / shards) * 30 * 86_400 * hotDays * 12 * 2;
      expect(gibibytes(components.clickhouse.disk) * 2 ** 30).toBeGreaterThanOrEqual(bytes);
    }
  });

  it('is one of everything for a small cluster without high availability', () => {
    const { shards, components } = sizeFor({ nodes: 10, highAvailability: false });
    expect(shards).toBe(1);
    for (const [key, size] of Object.entries(components))
      if (key !== 'collector') expect({ key, replicas: size.replicas }).toEqual({ key, replicas: 1 });
  });

  it('says why, a line a component', () => {
    const lines = describeSizing(sizeFor({ nodes: 1000 })).split('\n');
    expect(lines).toHaveLength(12);
    expect(lines.find((line) => line.startsWith('clickhouse'))).toContain(
      '3 shards keep each at or below 334 nodes',
    );
  });
});
