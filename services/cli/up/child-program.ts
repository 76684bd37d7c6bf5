import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { logLevels, type LogFields, type Logger, type LogLevel } from '@kubehero/runtime';

/** A program that runs beside the control plane. */
export interface ChildProgramOptions {
  readonly name: string;
  /** JavaScript file and its arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** Called with each line that the program writes to standard output. */
  readonly onLine?: (line: string) => void;
  /**
   * Called when the program ended by itself.
   *
   * @param sentence - the last one that it wrote for a person; empty: none
   * @returns whether it is started again
   */
  readonly onEnd?: (sentence: string) => boolean;
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
      const { code, sentence } = await this.#once();
      if (this.#stopping.signal.aborted || this.options.onEnd?.(sentence) === false) return;
      pause =
        performance.now() - started > STEADY_MS ? FIRST_PAUSE_MS : Math.min(2 * pause, LONGEST_PAUSE_MS);
      this.options.logger.warn('a program ended and is started again', {
        program: this.options.name,
        code,
        pauseMs: pause,
        ...(sentence === '' ? {} : { said: sentence }),
      });
      await delay(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // aborted: the loop ends
    }
  }

  async #once(): Promise<{ readonly code: number | null; readonly sentence: string }> {
    const { args, env, logger, name, onLine } = this.options;
    const child = spawn(process.execPath, [...args], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let sentence = '';
    createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line));
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!passOn(line, name, logger) && line.trim() !== '') sentence = line.replace(/^kubehero: /, '');
    });
    return await new Promise((resolve) => {
      child.once('error', (error) => {
        logger.error('a program could not be started', { program: name, error });
        resolve({ code: null, sentence: error.message });
      });
      // Its last words may come after its exit
      child.once('close', (code) => {
        resolve({ code, sentence });
      });
    });
  }
}

/** A line of the program's log goes into ours at its own level; anything else is kept for those who look closely. */
function passOn(line: string, program: string, logger: Logger): boolean {
  const found = tryReadLogLine(line);
  if (found === undefined) logger.debug(line, { program });
  else logger[found.level](found.message, { program, ...found.fields });
  return found !== undefined;
}

function tryReadLogLine(
  line: string,
): { readonly level: LogLevel; readonly message: string; readonly fields: LogFields } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { time: _, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    const known = logLevels.find((one) => one === level);
    return known === undefined || typeof message !== 'string' ? undefined : { level: known, message, fields };
  } catch {
    return undefined; // it only looks like one
  }
}
