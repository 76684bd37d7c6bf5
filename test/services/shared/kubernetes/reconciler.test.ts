import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiError, Reconciler, TerminalError, type ReconcilerOptions } from '@kubehero/kubernetes';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../../support/wait-until.js';

describe('a reconciler', () => {
  let reconciler: Reconciler | undefined;
  afterEach(async () => {
    await reconciler?.stop();
  });

  function start(
    reconcile: ReconcilerOptions['reconcile'],
    options: Partial<ReconcilerOptions> = {},
  ): Reconciler {
    reconciler = new Reconciler({ reconcile, ...options });
    reconciler.start();
    return reconciler;
  }

  it('works once on a key that was added several times before its turn', async () => {
    const seen: string[] = [];
    reconciler = new Reconciler({
      reconcile: (key) => {
        seen.push(key);
        return Promise.resolve({});
      },
    });
    for (const key of ['a', 'b', 'a']) reconciler.add(key);
    reconciler.start();
    await waitUntil('both are done', () => seen.length === 2);
    await sleep(20);
    expect(seen).toEqual(['a', 'b']);
  });

  it('works first on what is urgent', async () => {
    const seen: string[] = [];
    reconciler = new Reconciler({
      reconcile: (key) => {
        seen.push(key);
        return Promise.resolve({});
      },
    });
    for (const key of ['a', 'b', 'c']) reconciler.add(key);
    reconciler.addUrgent('c');
    reconciler.add('c');
    reconciler.start();
    await waitUntil('all are done', () => seen.length === 3);
    expect(seen).toEqual(['c', 'a', 'b']);
  });

  it('works again on a key that was added while it was at work, and never twice at the same time', async () => {
    let atWork = 0;
    let most = 0;
    let count = 0;
    const queue = start(
      async () => {
        atWork += 1;
        count += 1;
        most = Math.max(most, atWork);
        await sleep(20);
        atWork -= 1;
        return {};
      },
      { concurrency: 4 },
    );
    queue.add('a');
    await sleep(5);
    queue.add('a');
    queue.add('a');
    await waitUntil('it was worked on again', () => count === 2);
    await sleep(60);
    expect([count, most]).toEqual([2, 1]);
  });

  it('works on as many keys at a time as it may', async () => {
    let atWork = 0;
    let most = 0;
    const queue = start(
      async () => {
        most = Math.max(most, ++atWork);
        await sleep(20);
        atWork -= 1;
        return {};
      },
      { concurrency: 2 },
    );
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    await waitUntil('all are done', () => queue.depth === 0 && atWork === 0);
    expect(most).toBe(2);
  });

  it('tries a failed key again with growing pauses, until it works', async () => {
    const pauses: (number | undefined)[] = [];
    let count = 0;
    start(() => (++count < 4 ? Promise.reject(new Error('not yet')) : Promise.resolve({})), {
      onFailure: (_key, _error, retryInMs) => pauses.push(retryInMs),
    }).add('a');
    await waitUntil('it works', () => count === 4);
    expect(pauses).toHaveLength(3);
    const [first = 0, , third = 0] = pauses;
    expect(third).toBeGreaterThan(first);
  });

  it('waits as long as the API server asks for', async () => {
    const pauses: (number | undefined)[] = [];
    const refuse = (): Promise<never> =>
      Promise.reject(new ApiError('THROTTLED', 'too many', { retryAfterMs: 3000 }));
    start(refuse, { onFailure: (_key, _error, retryInMs) => pauses.push(retryInMs) }).add('a');
    await waitUntil('it failed', () => pauses.length === 1);
    expect(pauses[0]).toBeGreaterThanOrEqual(3000);
  });

  it('does not try a terminal failure again', async () => {
    let count = 0;
    const pauses: (number | undefined)[] = [];
    start(
      () => {
        count += 1;
        return Promise.reject(new TerminalError('never'));
      },
      { onFailure: (_key, _error, retryInMs) => pauses.push(retryInMs) },
    ).add('a');
    await sleep(150);
    expect([count, pauses]).toEqual([1, [undefined]]);
  });

  it('comes back when a reconciliation asks for it, the earliest of several times', async () => {
    const times: number[] = [];
    const queue = start(() => {
      times.push(performance.now());
      return Promise.resolve(times.length === 1 ? { requeueAfterMs: 40 } : {});
    });
    queue.add('a', 60_000);
    queue.add('a');
    await waitUntil('it came back', () => times.length === 2);
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(35);
  });

  it('aborts what is at work when it stops, and works on nothing after that', async () => {
    let aborted = false;
    let count = 0;
    const queue = start(async (_key, signal) => {
      count += 1;
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve();
        });
      });
      return { requeueAfterMs: 1 };
    });
    queue.add('a');
    await waitUntil('it is at work', () => count === 1);
    queue.add('a');
    await queue.stop();
    await sleep(30);
    expect([aborted, count]).toEqual([true, 1]);
  });
});
