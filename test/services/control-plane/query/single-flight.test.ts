import { describe, expect, it } from '@jest/globals';
import { SingleFlight } from '../../../../services/control-plane/query/single-flight.js';

/** Work that ends when it is told to. */
function heldWork(): {
  runs: () => number;
  stopped: () => boolean;
  finish: (value: string) => void;
  work: (signal: AbortSignal) => Promise<string>;
} {
  let runs = 0;
  let stopped = false;
  let finish: (value: string) => void = () => undefined;
  const work = (signal: AbortSignal): Promise<string> => {
    runs += 1;
    signal.addEventListener('abort', () => (stopped = true));
    return new Promise((resolve) => (finish = resolve));
  };
  return {
    runs: () => runs,
    stopped: () => stopped,
    finish: (value) => {
      finish(value);
    },
    work,
  };
}

describe('work that is shared while it runs', () => {
  it('runs once for all who ask meanwhile, and again for who asks later', async () => {
    const flights = new SingleFlight<string>();
    const held = heldWork();
    const answers = Promise.all([flights.run('a', held.work), flights.run('a', held.work)]);
    held.finish('first');
    expect(await answers).toEqual(['first', 'first']);
    expect(held.runs()).toBe(1);
    const later = flights.run('a', held.work);
    held.finish('second');
    expect(await later).toBe('second');
    expect(held.runs()).toBe(2);
  });

  it('goes on for the others when one leaves, and stops with the last', async () => {
    const flights = new SingleFlight<string>();
    const held = heldWork();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = flights.run('a', held.work, one.signal);
    const second = flights.run('a', held.work, two.signal);
    one.abort();
    await expect(first).rejects.toThrow('aborted');
    expect(held.stopped()).toBe(false);
    two.abort();
    await expect(second).rejects.toThrow('aborted');
    expect(held.stopped()).toBe(true);
  });

  it('does not share work of another key, nor a failure with who asks after it', async () => {
    const flights = new SingleFlight<string>();
    const failing = (): Promise<string> => Promise.reject(new Error('broken'));
    const succeeding = (): Promise<string> => Promise.resolve('whole');
    const [broken, whole] = await Promise.allSettled([
      flights.run('a', failing),
      flights.run('b', succeeding),
    ]);
    expect(broken).toMatchObject({ status: 'rejected' });
    expect(whole).toEqual({ status: 'fulfilled', value: 'whole' });
    expect(await flights.run('a', succeeding)).toBe('whole');
  });
});
