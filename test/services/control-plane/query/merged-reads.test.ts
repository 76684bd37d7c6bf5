import { describe, expect, it } from '@jest/globals';
import { MergedReads } from '../../../../services/control-plane/query/merged-reads.js';

interface Row {
  readonly key: number;
  readonly shape: string;
}

describe('merged reads', () => {
  it('reads together what is wanted while an earlier read runs, and gives each its own rows', async () => {
    const { reads, want } = recorder();
    const answers = await Promise.all([want('a', [1]), want('a', [2, 3]), want('a', [3])]);
    expect(reads).toEqual([{ shape: 'a', keys: [1, 2, 3] }]);
    expect(answers.map((rows) => rows.map(({ key }) => key))).toEqual([[1], [2, 3], [3]]);
  });

  it('never mixes shapes, and reads few keys at once', async () => {
    const { reads, want } = recorder();
    const keys = Array.from({ length: 40 }, (_, key) => key);
    await Promise.all([...keys.map((key) => want('a', [key])), want('b', [7])]);
    const ofA = reads.filter(({ shape }) => shape === 'a');
    expect(ofA.map((read) => read.keys.length)).toEqual([16, 16, 8]);
    expect(ofA.flatMap((read) => read.keys)).toEqual(keys);
    expect(reads.filter(({ shape }) => shape === 'b')).toEqual([{ shape: 'b', keys: [7] }]);
  });

  it('shows whoever asks later what was stored later', async () => {
    const { reads, want, hold } = recorder();
    const release = hold();
    const first = want('a', [1]);
    await Promise.resolve();
    await Promise.resolve();
    const second = want('a', [1]);
    release();
    await Promise.all([first, second]);
    expect(reads).toHaveLength(2);
  });

  it('goes on after a failure and after somebody left', async () => {
    const merged = new MergedReads<Row>();
    const keyOf = (row: Row): number => row.key;
    const failing = merged.run({
      shape: 'a',
      keys: [1],
      keyOf,
      read: () => Promise.reject(new Error('the store is away')),
    });
    await expect(failing).rejects.toThrow('the store is away');
    const leaver = new AbortController();
    const never = new Promise<never>((_resolve, reject) => {
      leaver.signal.addEventListener('abort', () => {
        reject(new Error('stopped'));
      });
    });
    const left = merged.run({ shape: 'a', keys: [2], keyOf, read: () => never }, leaver.signal);
    const read = (keys: readonly number[]): Promise<Row[]> =>
      Promise.resolve(keys.map((key) => ({ key, shape: 'a' })));
    await new Promise(setImmediate);
    const patient = merged.run({ shape: 'a', keys: [3], keyOf, read });
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(await patient).toEqual([{ key: 3, shape: 'a' }]);
  });
});

/** Reads that are written down; each can be held until it is released. */
function recorder(): {
  readonly reads: { shape: string; keys: number[] }[];
  readonly want: (shape: string, keys: number[]) => Promise<Row[]>;
  readonly hold: () => () => void;
} {
  const merged = new MergedReads<Row>();
  const reads: { shape: string; keys: number[] }[] = [];
  let held: Promise<void> = Promise.resolve();
  return {
    reads,
    want: (shape, keys) =>
      merged.run({
        shape,
        keys,
        keyOf: (row) => row.key,
        read: async (some) => {
          reads.push({ shape, keys: [...some] });
          await held;
          return some.map((key) => ({ key, shape }));
        },
      }),
    hold: () => {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
  };
}
