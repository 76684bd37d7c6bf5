import type { IdentityRow } from '@kubehero/store-postgres';
import { describe, expect, it } from '@jest/globals';
import { IdentityCache } from '../../../../services/control-plane/live/identity-cache.js';
import { waitUntil } from '../../../support/wait-until.js';

function identity(key: number): IdentityRow {
  return {
    ...{ key, clusterKey: 1, nodeKey: 1, namespaceKey: 1, kind: 'container', container: 'main', labels: {} },
    ...{ podUid: `uid-${key}`, pod: `pod-${key}`, workloadKind: 'Deployment', workload: 'web' },
  };
}

describe('names of pods in memory', () => {
  it('keep what was just told when the bound is passed', () => {
    const cache = new IdentityCache({
      read: () => Promise.resolve([]),
      onFailure: () => undefined,
      capacity: 8,
    });
    for (let key = 1; key <= 9; key += 1) cache.add([identity(key)]);
    expect(cache.get(9)?.pod).toBe('pod-9');
    expect(cache.get(1)).toBeUndefined();
  });

  it('read again what was forgotten, many keys at once', async () => {
    const reads: (readonly number[])[] = [];
    const read = (keys: readonly number[]): Promise<IdentityRow[]> => {
      reads.push(keys);
      return Promise.resolve(keys.map(identity));
    };
    const cache = new IdentityCache({ read, onFailure: () => undefined });
    expect([1, 2, 3].map((key) => cache.get(key))).toEqual([undefined, undefined, undefined]);
    await waitUntil('the name is read', () => cache.get(3)?.pod === 'pod-3');
    expect(cache.get(1)?.pod).toBe('pod-1');
    expect(reads[0]).toEqual([1, 2, 3]);
  });

  it('try again after a failed read, which is told', async () => {
    const failures: unknown[] = [];
    let attempts = 0;
    const read = (keys: readonly number[]): Promise<IdentityRow[]> => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error('away')) : Promise.resolve(keys.map(identity));
    };
    const cache = new IdentityCache({ read, onFailure: (error) => failures.push(error) });
    await waitUntil('the name is read', () => cache.get(7) !== undefined);
    expect(failures).toHaveLength(1);
  });
});
