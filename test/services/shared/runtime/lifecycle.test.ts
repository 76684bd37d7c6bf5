import { describe, expect, it } from '@jest/globals';
import {
  DeadlineError,
  Lifecycle,
  runProgram,
  SettingsError,
  silentLogger,
  sleep,
  UserError,
  waitForAbort,
  withDeadline,
  type Component,
} from '@kubehero/runtime';
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';

function component(name: string, log: string[], parts: Partial<Component> = {}): Component {
  return {
    name,
    start: () => Promise.resolve(void log.push(`start ${name}`)),
    stop: () => Promise.resolve(void log.push(`stop ${name}`)),
    ...parts,
  };
}

const never = new AbortController().signal;

describe('lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const log: string[] = [];
    const lifecycle = new Lifecycle({
      logger: silentLogger,
      components: ['a', 'b', 'c'].map((name) => component(name, log)),
    });
    await lifecycle.start(never);
    await lifecycle.stop();
    await lifecycle.stop();
    expect(log).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  it('stops what runs when a start fails, the failed one included, and tells the failure', async () => {
    const log: string[] = [];
    const start = (): Promise<void> => Promise.reject(new UserError('BROKEN', 'no luck'));
    const lifecycle = new Lifecycle({
      logger: silentLogger,
      components: [component('a', log), component('b', log, { start }), component('c', log)],
    });
    await expect(lifecycle.start(never)).rejects.toMatchObject({ code: 'BROKEN' });
    expect(log).toEqual(['start a', 'stop b', 'stop a']);
  });

  it('stops the others when one does not stop, and tells every failure', async () => {
    const log: string[] = [];
    const lifecycle = new Lifecycle({
      logger: silentLogger,
      components: [
        component('a', log),
        component('b', log, { stop: () => new Promise(() => undefined), stopTimeoutMs: 50 }),
        component('c', log, { stop: () => Promise.reject(new Error('stuck')) }),
      ],
    });
    await lifecycle.start(never);
    const failure = await lifecycle.stop().catch((error: unknown) => error);
    expect((failure as AggregateError).errors).toMatchObject([
      { message: 'stuck' },
      { code: 'DEADLINE_EXCEEDED' },
    ]);
    expect(log).toContain('stop a');
  });

  it('ends a start that takes too long, and gives its signal the reason', async () => {
    let reason: unknown;
    const start = async (signal: AbortSignal): Promise<void> => {
      await waitForAbort(signal);
      reason = signal.reason;
    };
    const lifecycle = new Lifecycle({
      logger: silentLogger,
      components: [component('slow', [], { start, startTimeoutMs: 30 })],
    });
    await expect(lifecycle.start(never)).rejects.toThrow('start of slow took longer than 30 ms');
    expect(reason).toBeInstanceOf(DeadlineError);
  });

  it('ends work at its deadline or with the signal of its caller, whichever comes first', async () => {
    const hang = (): Promise<never> => new Promise(() => undefined);
    await expect(withDeadline('it', { timeoutMs: 20 }, hang)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort(new Error('enough'));
    }, 20);
    await expect(withDeadline('it', { timeoutMs: 5_000, signal: stop.signal }, hang)).rejects.toThrow(
      'enough',
    );
    await expect(withDeadline('it', { timeoutMs: 50 }, () => Promise.resolve(4))).resolves.toBe(4);
    const startedAt = Date.now();
    await sleep(5_000, AbortSignal.timeout(20));
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('program', () => {
  async function run(
    main: (signal: AbortSignal) => Promise<number>,
    source = new EventEmitter(),
  ): Promise<{ code: number; errors: string; exits: number[] }> {
    let errors = '';
    const exits: number[] = [];
    const code = await runProgram({
      main,
      process: source,
      writeError: (text) => void (errors += text),
      exitNow: (exit) => void exits.push(exit),
    });
    expect(source.listenerCount('SIGTERM')).toBe(0);
    return { code, errors, exits };
  }

  it.each([
    [
      'a user error',
      new UserError('NO_DISK', 'the disk is full: free some space'),
      1,
      'kubehero: the disk is full: free some space\n',
    ],
    ['wrong usage', new UserError('WRONG', 'give --nodes', { exitCode: 2 }), 2, 'kubehero: give --nodes\n'],
    [
      'settings',
      new SettingsError([
        { source: '--a', message: 'is required' },
        { source: 'B', message: 'is bad' },
      ]),
      2,
      'kubehero: --a: is required\nkubehero: B: is bad\n',
    ],
    ['several failures', new AggregateError([new Error('one'), new Error('two')]), 1, 'kubehero: one; two\n'],
    ['something else', new TypeError('oops'), 1, 'kubehero: oops\n'],
  ])('turns %s into sentences on stderr and an exit code', async (_, error, code, text) => {
    const outcome = await run(() => Promise.reject(error));
    expect(outcome).toMatchObject({ code, errors: text });
  });

  it('drains on a signal and exits 0; the second signal ends it at once', async () => {
    const source = new EventEmitter();
    const outcome = await run(async (signal) => {
      setTimeout(() => source.emit('SIGTERM'), 10);
      await waitForAbort(signal);
      source.emit('SIGINT');
      return 0;
    }, source);
    expect(outcome).toEqual({ code: 0, errors: '', exits: [130] });
  });

  it('exits 0 where the stop itself ends the work', async () => {
    const source = new EventEmitter();
    const outcome = await run((signal) => {
      setTimeout(() => source.emit('SIGINT'), 10);
      return waitForAbort(signal).then(() => {
        signal.throwIfAborted();
        return 1;
      });
    }, source);
    expect(outcome).toMatchObject({ code: 0, errors: '' });
  });

  it('stops a real process by SIGTERM', async () => {
    const child = spawn(process.execPath, [
      fileURLToPath(new URL('./stoppable-program.js', import.meta.url)),
    ]);
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      if (output === 'started\n') child.kill('SIGTERM');
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect([code, output]).toEqual([0, 'started\ndrained\n']);
  });
});
