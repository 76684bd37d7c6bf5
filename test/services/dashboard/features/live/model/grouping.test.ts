import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  formatWhere,
  narrow,
  tableLevels,
  toLiveScope,
  tryParseWhere,
  whereOf,
  type Where,
} from '../../../../../../services/dashboard/features/live/model/grouping.js';

const where = (text: string): Where[] =>
  text
    .split(' ')
    .map((part) => tryParseWhere(part))
    .filter((filter) => filter !== undefined);

describe('a filter in the address', () => {
  it('comes back whole, whatever characters the name has', () => {
    const filters = fc.record({
      key: fc.constantFrom(...tableLevels),
      value: fc.string({ minLength: 1, maxLength: 512 }),
    });
    fc.assert(fc.property(filters, (filter) => expect(tryParseWhere(formatWhere(filter))).toEqual(filter)));
  });

  it.each(['namespace', 'namespace:', ':web', 'colour:red', `pod:${'x'.repeat(513)}`])(
    '%s is none',
    (text) => {
      expect(tryParseWhere(text)).toBeUndefined();
    },
  );

  it('replaces one on the same dimension, and stands in the order of the hierarchy', () => {
    const row = whereOf({ cluster: 'a', namespace: 'web', workload: 'api' }, 'workload');
    expect(narrow(where('namespace:old pod:p'), row)).toEqual(
      where('cluster:a namespace:web workload:api pod:p'),
    );
  });
});

describe('what the live stream can show', () => {
  it.each([
    ['namespace', '', 'namespace', ''],
    ['node', '', 'node', ''],
    ['node', 'namespace:web', 'namespace', 'namespace:web'],
    ['workload', 'namespace:web', 'workload', 'namespace:web'],
    ['namespace', 'workload:api', 'workload', 'workload:api'],
    ['namespace', 'workload:api pod:p', 'workload', 'workload:api'],
    ['namespace', 'cluster:a node:n', 'node', 'cluster:a node:n'],
    ['namespace', 'node:n workload:api', 'workload', 'workload:api'],
  ] as const)('by %s where %j is by %s where %j', (by, asked, shown, taken) => {
    const scope = toLiveScope(by, where(asked));
    expect([scope.by, scope.where]).toEqual([shown, where(taken)]);
    expect(scope.where.length + scope.dropped.length).toBe(where(asked).length);
  });
});
