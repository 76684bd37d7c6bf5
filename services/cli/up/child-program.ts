import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Logger } from '@kubehero/runtime';

/** A program that runs beside the control plane. */
export interface ChildProgramOptions {
  readonly name: string;
  /** JavaScript file and its arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** Called with each line that the program writes to standard output. */
  readonly onLine?: (line: string) => void;
}

const STOP_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const STEADY_MS = 60_000;

/** Keeps a program running: starts it again with growing pauses, and ends it with SIGTERM, then SIGKILL. */
export class ChildProgram {
  #child: ChildProcess | undefined;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly options: ChildProgramOptions) {}

  /** Starts the program. */
  start(): void {
    this.#running = this.#run();
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const ended = await Promise.race([
      this.#running?.then(() => true),
      delay(STOP_TIMEOUT_MS, false, { ref: false }),
    ]);
    if (ended === false) {
      this.options.logger.warn('a program did not end in time and is killed', { program: this.options.name });
      this.#child?.kill('SIGKILL');
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!this.#stopping.signal.aborted) {
      const started = performance.now();
      const code = await this.#once();
      if (this.#stopping.signal.aborted) return;
      pause =
        performance.now() - started > STEADY_MS ? FIRST_PAUSE_MS : Math.min(2 * pause, LONGEST_PAUSE_MS);
      this.options.logger.warn('a program ended and is started again', {
        program: this.options.name,
        code,
        pauseMs: pause,
      });
      await delay(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // aborted: the loop ends
    }
  }

  async #once(): Promise<number | null> {
    const { args, env, logger, name, onLine } = this.options;
    const child = spawn(process.execPath, [...args], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line));
    createInterface({ input: child.stderr }).on('line', (line) => {
      logger.debug(line, { program: name });
    });
    return await new Promise((resolve) => {
      child.once('error', (error) => {
        logger.error('a program could not be started', { program: name, error });
        resolve(null);
      });
      child.once('exit', (code) => {
        resolve(code);
      });
    });
  }
}
